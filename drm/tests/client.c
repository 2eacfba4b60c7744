// SPDX-License-Identifier: GPL-2.0
/*
 * A DRM file with queues, whose jobs are small and give out sync_files.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "uapi/drm/carillon_drm.h"
#include "hw/carillon_hw.h"
#include "client.h"
#include "gpu.h"

#define BO_VA		0x100000
#define BO_SIZE		0x2000
#define DATA_OFFSET	0x1000
#define SLOTS		64
#define BATCH		64	/* jobs in a submit */

int client_open(struct client *c, const char *device)
{
	struct crln_cmd_fill fill = {
		.dst = BO_VA + DATA_OFFSET, .size_bytes = 64, .pattern = 0xc0ffee,
	};
	struct gpu_bo bo;
	int ret;

	c->fd = open(device, O_RDWR | O_CLOEXEC);
	if (c->fd < 0)
		return -errno;
	ret = gpu_make_bo(c->fd, BO_SIZE, &bo);
	if (!ret)
		ret = gpu_make_vm(c->fd, &c->vm);
	if (!ret)
		ret = gpu_bind(c->fd, c->vm, &bo, BO_VA);
	for (int i = 0; i < CLIENT_QUEUES && !ret; i++)
		ret = gpu_make_queue(c->fd, c->vm, SLOTS, &c->queues[i]);
	if (ret)
		return ret;
	c->cmd_size = put_cmd(bo.map, CRLN_CMD_FILL, &fill, sizeof(fill));
	/* A mapping would keep the file open. */
	return munmap(bo.map, bo.size) ? -errno : 0;
}

static int submit_batch(struct client *c, uint32_t queue, int wait_fd, int *ret_fds,
			unsigned int num)
{
	struct drm_carillon_sync syncs[BATCH][2] = { 0 };
	struct drm_carillon_job jobs[BATCH] = { 0 };
	struct drm_carillon_submit sub = {
		.jobs = { .stride = sizeof(jobs[0]), .count = num, .array = (uintptr_t)jobs },
	};
	int ret;

	for (unsigned int i = 0; i < num; i++) {
		syncs[i][0] = (struct drm_carillon_sync) {
			.type = DRM_CARILLON_SYNC_FILE, .flags = DRM_CARILLON_SYNC_SIGNAL,
			.handle = -1,
		};
		syncs[i][1] = (struct drm_carillon_sync) {
			.type = DRM_CARILLON_SYNC_FILE, .handle = wait_fd,
		};
		jobs[i] = (struct drm_carillon_job) {
			.queue_id = queue, .cmd_va = BO_VA, .cmd_size = c->cmd_size,
			.syncs = {
				.stride = sizeof(syncs[i][0]), .count = wait_fd < 0 ? 1 : 2,
				.array = (uintptr_t)syncs[i],
			},
		};
	}
	ret = xioctl(c->fd, DRM_IOCTL_CARILLON_SUBMIT, &sub);
	for (unsigned int i = 0; i < num && !ret; i++)
		ret_fds[i] = syncs[i][0].handle;
	return ret;
}

int client_submit(struct client *c, unsigned int queue, int wait_fd, int *ret_fds,
		  unsigned int num)
{
	int ret = 0;

	for (unsigned int done = 0; done < num && !ret; done += BATCH) {
		unsigned int n = num - done < BATCH ? num - done : BATCH;

		ret = submit_batch(c, c->queues[queue], wait_fd, ret_fds + done, n);
	}
	return ret;
}

void client_close(struct client *c)
{
	close(c->fd);
	c->fd = -1;
}
