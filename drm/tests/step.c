// SPDX-License-Identifier: GPL-2.0
/*
 * The steps of a submission, from probe to postclose, at which an event may come.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "uapi/drm/carillon_drm.h"
#include "event.h"
#include "device.h"
#include "gpu.h"
#include "step.h"
#include "victim.h"

#define SMALL		0x1000
#define OTHER_VA	0x800000ull
#define TIMEOUT_MS	"300"
#define TIMEOUT_FILE	"/sys/module/carillon/parameters/job_timeout_ms"
#define SCHEDULER_FILE	"/sys/module/carillon/parameters/scheduler"

static int run_probe(struct victim *v)
{
	(void)v;
	return device_bind_pci();
}

static int run_open(struct victim *v)
{
	v->extra = open(v->node, O_RDWR | O_CLOEXEC);
	return v->extra < 0 ? -errno : 0;
}

static int run_query(struct victim *v)
{
	struct drm_carillon_timestamp_info info;
	struct drm_carillon_query query = {
		.type = DRM_CARILLON_QUERY_TIMESTAMP, .size = sizeof(info),
		.pointer = (uintptr_t)&info,
	};

	return xioctl(v->client.fd, DRM_IOCTL_CARILLON_QUERY, &query);
}

static int run_bo_create(struct victim *v)
{
	struct drm_carillon_bo_create create = { .size = SMALL };
	int ret = xioctl(v->client.fd, DRM_IOCTL_CARILLON_BO_CREATE, &create);

	v->id = create.handle;
	return ret;
}

static int run_mmap_offset(struct victim *v)
{
	struct drm_carillon_bo_mmap_offset offset = { .handle = v->id };

	return xioctl(v->client.fd, DRM_IOCTL_CARILLON_BO_MMAP_OFFSET, &offset);
}

static int prepare_bo_fault(struct victim *v)
{
	munmap(v->bo.map, v->bo.size);
	return gpu_make_bo(v->client.fd, SMALL, &v->bo);
}

/* What's written to the buffer stays there, whatever becomes of the device. */
static int run_bo_fault(struct victim *v)
{
	memset(v->bo.map, 0x5a, v->bo.size);
	return v->bo.map[SMALL - 1] == 0x5a ? 0 : -EIO;
}

static int run_vm_create(struct victim *v)
{
	return gpu_make_vm(v->client.fd, &v->id);
}

static int run_vm_destroy(struct victim *v)
{
	struct drm_carillon_vm_destroy destroy = { .id = v->id };

	return xioctl(v->client.fd, DRM_IOCTL_CARILLON_VM_DESTROY, &destroy);
}

static int run_vm_bind(struct victim *v)
{
	struct gpu_bo bo = { .handle = v->id, .size = SMALL };

	return gpu_bind(v->client.fd, v->client.vm, &bo, OTHER_VA);
}

static int prepare_vm_unbind(struct victim *v)
{
	int ret = run_bo_create(v);

	return ret ? ret : run_vm_bind(v);
}

static int run_vm_unbind(struct victim *v)
{
	struct drm_carillon_bind_op op = {
		.type = DRM_CARILLON_BIND_UNMAP, .va = OTHER_VA, .size = SMALL,
	};
	struct drm_carillon_vm_bind bind = {
		.vm_id = v->client.vm,
		.ops = { .stride = sizeof(op), .count = 1, .array = (uintptr_t)&op },
	};

	return xioctl(v->client.fd, DRM_IOCTL_CARILLON_VM_BIND, &bind);
}

static int run_queue_create(struct victim *v)
{
	return gpu_make_queue(v->client.fd, v->client.vm, 16, &v->id);
}

static int run_queue_destroy(struct victim *v)
{
	struct drm_carillon_queue_destroy destroy = { .id = v->client.queues[VICTIM_SPARE] };

	return xioctl(v->client.fd, DRM_IOCTL_CARILLON_QUEUE_DESTROY, &destroy);
}

static int run_get_state(struct victim *v)
{
	struct drm_carillon_queue_get_state state = { .id = v->client.queues[VICTIM_QUEUE] };

	return xioctl(v->client.fd, DRM_IOCTL_CARILLON_QUEUE_GET_STATE, &state);
}

static int run_doorbell_offset(struct victim *v)
{
	struct drm_carillon_queue_mmap_offset offset = { .id = v->client.queues[VICTIM_QUEUE] };
	int ret = xioctl(v->client.fd, DRM_IOCTL_CARILLON_QUEUE_MMAP_OFFSET, &offset);

	v->offset = offset.offset;
	return ret;
}

static int prepare_doorbell_fault(struct victim *v)
{
	int ret = run_doorbell_offset(v);
	void *map;

	if (ret)
		return ret;
	map = mmap(NULL, SMALL, PROT_READ | PROT_WRITE, MAP_SHARED, v->client.fd,
		   (off_t)v->offset);
	v->doorbell = map;
	return map == MAP_FAILED ? -errno : 0;
}

/* No job was submitted, so that rings for nothing. */
static int run_doorbell_fault(struct victim *v)
{
	*v->doorbell = 0;
	return 0;
}

static int run_submit(struct victim *v)
{
	return client_submit(&v->client, VICTIM_QUEUE, -1, &v->fence, 1);
}

/* The emulator dies, or hangs, as the job begins. */
static int prepare_flight(struct victim *v)
{
	return emu_control(v->control, v->event->dies ? "die ring=* job=*" : "hang ring=* job=*");
}

static int write_timeout(const char *text)
{
	int fd = open(TIMEOUT_FILE, O_WRONLY | O_CLOEXEC);
	int ret = fd < 0 || write(fd, text, strlen(text)) < 0 ? -errno : 0;

	close(fd);
	return ret;
}

static int read_timeout(char *buf, size_t size)
{
	int fd = open(TIMEOUT_FILE, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, size - 1);

	close(fd);
	if (n < 0)
		return -errno;
	buf[n] = 0;
	return 0;
}

/* A queue of which jobs may take a moment only. */
static int prepare_timeout(struct victim *v)
{
	char before[16];
	int ret = read_timeout(before, sizeof(before));

	if (!ret)
		ret = write_timeout(TIMEOUT_MS);
	if (ret)
		return ret;
	ret = run_queue_create(v);
	if (!ret)
		v->client.queues[VICTIM_QUEUE] = v->id;
	if (!ret)
		ret = write_timeout(before);
	return ret ? ret : emu_control(v->control, "hang ring=* job=*");
}

/* A mapping would keep the file open. */
static int prepare_postclose(struct victim *v)
{
	int ret = munmap(v->bo.map, v->bo.size) ? -errno : 0;

	v->bo.map = NULL;
	return ret;
}

static int run_close(struct victim *v)
{
	int ret = close(v->client.fd) ? -errno : 0;

	v->client.fd = -1;
	return ret;
}

/*
 * The functions are those at which there's most to lose: between a check and what was
 * checked, before a register is touched, with the lock held.
 */
const struct step steps[] = {
	{ "probe-mmio", "carillon_core_start", true, false, NULL, run_probe },
	{ "probe-child", "carillon_probe", true, false, NULL, run_probe },
	{ "open", "carillon_file_open", false, false, NULL, run_open },
	{ "query", "carillon_core_time_ns", false, false, NULL, run_query },
	{ "bo_create", "carillon_bo_ioctl_create", false, false, NULL, run_bo_create },
	{ "mmap_offset", "carillon_bo_ioctl_mmap_offset", false, false, run_bo_create,
	  run_mmap_offset },
	{ "bo-fault", "drm_gem_shmem_fault", false, false, prepare_bo_fault, run_bo_fault },
	{ "vm_create", "carillon_vm_ioctl_create", false, false, NULL, run_vm_create },
	{ "vm_bind", "carillon_bo_map_dma", false, false, run_bo_create, run_vm_bind },
	{ "vm_unbind", "carillon_core_flush_tlb", false, false, prepare_vm_unbind,
	  run_vm_unbind },
	{ "vm_destroy", "carillon_vm_ioctl_destroy", false, false, run_vm_create,
	  run_vm_destroy },
	{ "queue_create", "carillon_irq_vector_of_ring", false, false, NULL, run_queue_create },
	{ "queue_destroy", "carillon_ring_stop", false, false, NULL, run_queue_destroy },
	{ "get_state", "carillon_queue_ioctl_get_state", false, false, NULL, run_get_state },
	{ "doorbell-map", "carillon_doorbell_ioctl_mmap_offset", false, false, NULL,
	  run_doorbell_offset },
	{ "doorbell-fault", "bound_window_fault", false, false, prepare_doorbell_fault,
	  run_doorbell_fault },
	{ "submit", "jobq_job_prepare", false, false, NULL, run_submit },
	{ "commit", "jobq_commit", false, false, NULL, run_submit },
	{ "doorbell", "carillon_job_doorbell", false, false, NULL, run_submit },
	{ "flight", NULL, false, false, prepare_flight, run_submit },
	{ "interrupt", "carillon_job_interrupt", false, true, NULL, run_submit },
	{ "timeout", "carillon_reset_timedout", false, true, prepare_timeout, run_submit },
	{ "postclose", "carillon_file_postclose", false, false, prepare_postclose, run_close },
};

const unsigned int num_steps = sizeof(steps) / sizeof(steps[0]);

static bool is_drm_sched(void)
{
	static int known = -1;
	char name[16] = "";
	FILE *file;

	if (known >= 0)
		return known;
	file = fopen(SCHEDULER_FILE, "re");
	if (file && fscanf(file, "%15s", name) != 1)
		name[0] = '\0';
	if (file)
		fclose(file);
	known = !strcmp(name, "drm_sched");
	return known;
}

/* What has a counterpart there is called alike. */
const char *step_function(const struct step *s)
{
	static char name[64];

	if (!s->function || strncmp(s->function, "jobq_", 5) || !is_drm_sched())
		return s->function;
	snprintf(name, sizeof(name), "carillon_ds_%s", s->function + 5);
	return name;
}

bool step_by_others(const struct step *s)
{
	/* There a worker rings. */
	return s->others || (is_drm_sched() && s->function &&
			     !strcmp(s->function, "carillon_job_doorbell"));
}
