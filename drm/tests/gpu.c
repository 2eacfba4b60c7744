// SPDX-License-Identifier: GPL-2.0
/*
 * What the programs in here share.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <linux/sync_file.h>
#include <xf86drm.h>

#include "uapi/drm/carillon_drm.h"
#include "hw/carillon_hw.h"
#include "gpu.h"

uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

int fail(const char *what, int err)
{
	printf("# pid %d: %s: %s\n", getpid(), what, strerror(err));
	return 1;
}

int xioctl(int fd, unsigned long req, void *arg)
{
	return drmIoctl(fd, req, arg) ? -errno : 0;
}

int gpu_make_bo(int fd, uint32_t size, struct gpu_bo *ret_bo)
{
	struct drm_carillon_bo_create create = { .size = size };
	struct drm_carillon_bo_mmap_offset offset = { 0 };
	int ret;

	ret = xioctl(fd, DRM_IOCTL_CARILLON_BO_CREATE, &create);
	if (ret)
		return ret;
	offset.handle = create.handle;
	ret = xioctl(fd, DRM_IOCTL_CARILLON_BO_MMAP_OFFSET, &offset);
	if (ret)
		return ret;
	ret_bo->handle = create.handle;
	ret_bo->size = size;
	ret_bo->map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			   (off_t)offset.offset);
	return ret_bo->map == MAP_FAILED ? -errno : 0;
}

int gpu_bind(int fd, uint32_t vm, const struct gpu_bo *bo, uint64_t va)
{
	struct drm_carillon_bind_op op = {
		.type = DRM_CARILLON_BIND_MAP, .handle = bo->handle, .va = va, .size = bo->size,
	};
	struct drm_carillon_vm_bind bind = {
		.vm_id = vm, .ops = { .stride = sizeof(op), .count = 1, .array = (uintptr_t)&op },
	};

	return xioctl(fd, DRM_IOCTL_CARILLON_VM_BIND, &bind);
}

int gpu_make_vm(int fd, uint32_t *ret_vm)
{
	struct drm_carillon_vm_create create = { 0 };
	int ret = xioctl(fd, DRM_IOCTL_CARILLON_VM_CREATE, &create);

	*ret_vm = create.id;
	return ret;
}

int gpu_make_queue(int fd, uint32_t vm, uint32_t slots, uint32_t *ret_queue)
{
	struct drm_carillon_queue_create create = { .vm_id = vm, .slots = slots };
	int ret = xioctl(fd, DRM_IOCTL_CARILLON_QUEUE_CREATE, &create);

	*ret_queue = create.id;
	return ret;
}

uint32_t put_cmd(uint8_t *at, uint16_t opcode, void *cmd, uint16_t size)
{
	struct crln_cmd *head = cmd;

	head->opcode = opcode;
	head->size = size;
	memcpy(at, cmd, size);
	return size;
}

int wait_fence(int fd, unsigned int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct sync_file_info info = { 0 };
	int ret;

	do
		ret = poll(&p, 1, (int)timeout_ms);
	while (ret < 0 && errno == EINTR);
	if (ret <= 0)
		return ret ? -errno : -ETIMEDOUT;
	if (ioctl(fd, SYNC_IOC_FILE_INFO, &info))
		return -errno;
	return info.status;
}

int emu_ask(int control, const char *line, char *reply, size_t size)
{
	ssize_t n;

	if (write(control, line, strlen(line)) < 0 || write(control, "\n", 1) < 0)
		return -errno;
	n = read(control, reply, size - 1);
	if (n <= 0)
		return -EIO;
	reply[n] = 0;
	return 0;
}

int emu_control(int control, const char *line)
{
	char reply[512];
	int ret = emu_ask(control, line, reply, sizeof(reply));

	if (ret)
		return ret;
	if (!strstr(reply, "\"ok\":true")) {
		printf("# %s: %s", line, reply);
		return -EINVAL;
	}
	return 0;
}
