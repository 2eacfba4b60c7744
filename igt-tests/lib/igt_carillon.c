// SPDX-License-Identifier: MIT

#include <endian.h>

#include "igt.h"
#include "igt_carillon.h"
#include "sw_sync.h"

/* Where the workspace's buffer is mapped. */
#define WS_VA		0x10000000ull

int __carillon_ioctl(int fd, unsigned long request, void *arg)
{
	return drmIoctl(fd, request, arg) ? -errno : 0;
}

int __carillon_query(int fd, uint32_t type, void *answer, uint32_t *size)
{
	struct drm_carillon_query query = {
		.type = type,
		.size = *size,
		.pointer = (uintptr_t)answer,
	};
	int err = __carillon_ioctl(fd, DRM_IOCTL_CARILLON_QUERY, &query);

	*size = query.size;
	return err;
}

void carillon_query_device(int fd, struct drm_carillon_device_info *info)
{
	uint32_t size = sizeof(*info);

	memset(info, 0, sizeof(*info));
	igt_assert_eq(__carillon_query(fd, DRM_CARILLON_QUERY_DEVICE, info, &size), 0);
}

uint32_t carillon_bo_create(int fd, uint64_t size)
{
	struct drm_carillon_bo_create args = { .size = size };

	igt_assert_eq(__carillon_ioctl(fd, DRM_IOCTL_CARILLON_BO_CREATE, &args), 0);
	igt_assert_neq_u32(args.handle, 0);
	return args.handle;
}

void *carillon_bo_map(int fd, uint32_t handle, uint64_t size)
{
	struct drm_carillon_bo_mmap_offset args = { .handle = handle };
	void *map;

	igt_assert_eq(__carillon_ioctl(fd, DRM_IOCTL_CARILLON_BO_MMAP_OFFSET, &args), 0);
	map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, args.offset);
	igt_assert(map != MAP_FAILED);
	return map;
}

uint32_t carillon_vm_create(int fd)
{
	struct drm_carillon_vm_create args = { 0 };

	igt_assert_eq(__carillon_ioctl(fd, DRM_IOCTL_CARILLON_VM_CREATE, &args), 0);
	igt_assert_neq_u32(args.id, 0);
	return args.id;
}

void carillon_vm_destroy(int fd, uint32_t vm)
{
	struct drm_carillon_vm_destroy args = { .id = vm };

	igt_assert_eq(__carillon_ioctl(fd, DRM_IOCTL_CARILLON_VM_DESTROY, &args), 0);
}

int __carillon_vm_bind(int fd, uint32_t vm, struct drm_carillon_bind_op *ops,
		       uint32_t count)
{
	struct drm_carillon_vm_bind args = {
		.vm_id = vm,
		.ops = DRM_CARILLON_OBJ_ARRAY(count, ops),
	};

	return __carillon_ioctl(fd, DRM_IOCTL_CARILLON_VM_BIND, &args);
}

void carillon_vm_map(int fd, uint32_t vm, uint32_t handle, uint64_t va,
		     uint64_t size, uint32_t flags)
{
	struct drm_carillon_bind_op op = {
		.type = DRM_CARILLON_BIND_MAP,
		.flags = flags,
		.handle = handle,
		.va = va,
		.size = size,
	};

	igt_assert_eq(__carillon_vm_bind(fd, vm, &op, 1), 0);
}

void carillon_vm_unmap(int fd, uint32_t vm, uint64_t va, uint64_t size)
{
	struct drm_carillon_bind_op op = {
		.type = DRM_CARILLON_BIND_UNMAP,
		.va = va,
		.size = size,
	};

	igt_assert_eq(__carillon_vm_bind(fd, vm, &op, 1), 0);
}

uint32_t carillon_queue_create(int fd, uint32_t vm)
{
	struct drm_carillon_queue_create args = { .vm_id = vm };

	igt_assert_eq(__carillon_ioctl(fd, DRM_IOCTL_CARILLON_QUEUE_CREATE, &args), 0);
	igt_assert_neq_u32(args.id, 0);
	return args.id;
}

void carillon_queue_destroy(int fd, uint32_t queue)
{
	struct drm_carillon_queue_destroy args = { .id = queue };

	igt_assert_eq(__carillon_ioctl(fd, DRM_IOCTL_CARILLON_QUEUE_DESTROY, &args), 0);
}

void carillon_queue_get_state(int fd, uint32_t queue,
			      struct drm_carillon_queue_get_state *state)
{
	memset(state, 0xff, sizeof(*state));
	state->id = queue;
	igt_assert_eq(__carillon_ioctl(fd, DRM_IOCTL_CARILLON_QUEUE_GET_STATE, state), 0);
	igt_assert_eq_u32(state->pad, 0);
	igt_assert_eq_u32(state->pad2, 0);
}

int __carillon_submit(int fd, struct drm_carillon_job *jobs, uint32_t count)
{
	struct drm_carillon_submit args = {
		.jobs = DRM_CARILLON_OBJ_ARRAY(count, jobs),
	};

	return __carillon_ioctl(fd, DRM_IOCTL_CARILLON_SUBMIT, &args);
}

void carillon_submit(int fd, struct drm_carillon_job *jobs, uint32_t count)
{
	igt_assert_eq(__carillon_submit(fd, jobs, count), 0);
}

void carillon_ws_init(struct carillon_ws *ws, int fd)
{
	memset(ws, 0, sizeof(*ws));
	ws->fd = fd;
	ws->vm = carillon_vm_create(fd);
	ws->queue = carillon_queue_create(fd, ws->vm);
	ws->bo = carillon_bo_create(fd, CARILLON_WS_SIZE);
	ws->map = carillon_bo_map(fd, ws->bo, CARILLON_WS_SIZE);
	ws->va = WS_VA;
	carillon_vm_map(fd, ws->vm, ws->bo, ws->va, CARILLON_WS_SIZE, 0);
}

void carillon_ws_fini(struct carillon_ws *ws)
{
	carillon_queue_destroy(ws->fd, ws->queue);
	carillon_vm_destroy(ws->fd, ws->vm);
	munmap(ws->map, CARILLON_WS_SIZE);
	gem_close(ws->fd, ws->bo);
}

volatile uint64_t *carillon_ws_word(struct carillon_ws *ws, unsigned int index)
{
	igt_assert_lt(8 * index, CARILLON_WS_CMDS);
	return (volatile uint64_t *)ws->map + index;
}

uint64_t carillon_ws_va(const struct carillon_ws *ws, unsigned int index)
{
	return ws->va + 8 * index;
}

void carillon_ws_cmd(struct carillon_ws *ws, enum crln_opcode opcode, void *cmd,
		     size_t size)
{
	struct crln_cmd *header = cmd;

	igt_assert_lte(CARILLON_WS_CMDS + ws->cmd_used + size, CARILLON_WS_SIZE);
	header->opcode = htole16(opcode);
	header->size = htole16(size);
	memcpy(ws->map + CARILLON_WS_CMDS + ws->cmd_used, cmd, size);
	ws->cmd_used += size;
}

void carillon_ws_store(struct carillon_ws *ws, uint64_t va, uint32_t value)
{
	struct crln_cmd_fill cmd = {
		.dst = htole64(va),
		.size_bytes = htole64(4),
		.pattern = htole32(value),
	};

	carillon_ws_cmd(ws, CRLN_CMD_FILL, &cmd, sizeof(cmd));
}

void carillon_ws_copy(struct carillon_ws *ws, uint64_t dst, uint64_t src,
		      uint64_t size)
{
	struct crln_cmd_copy cmd = {
		.dst = htole64(dst),
		.src = htole64(src),
		.size_bytes = htole64(size),
	};

	carillon_ws_cmd(ws, CRLN_CMD_COPY, &cmd, sizeof(cmd));
}

void carillon_ws_timestamp(struct carillon_ws *ws, uint64_t va)
{
	struct crln_cmd_timestamp cmd = { .dst = htole64(va) };

	carillon_ws_cmd(ws, CRLN_CMD_TIMESTAMP, &cmd, sizeof(cmd));
}

void carillon_ws_delay(struct carillon_ws *ws, uint64_t ns)
{
	struct crln_cmd_delay cmd = { .delay_ns = htole64(ns) };

	carillon_ws_cmd(ws, CRLN_CMD_DELAY, &cmd, sizeof(cmd));
}

static void ws_sem(struct carillon_ws *ws, enum crln_opcode opcode, uint64_t va,
		   uint64_t value)
{
	struct crln_cmd_sem cmd = { .addr = htole64(va), .value = htole64(value) };

	carillon_ws_cmd(ws, opcode, &cmd, sizeof(cmd));
}

void carillon_ws_sem_wait(struct carillon_ws *ws, uint64_t va, uint64_t value)
{
	ws_sem(ws, CRLN_CMD_SEM_WAIT, va, value);
}

void carillon_ws_sem_release(struct carillon_ws *ws, uint64_t va, uint64_t value)
{
	ws_sem(ws, CRLN_CMD_SEM_RELEASE, va, value);
}

struct drm_carillon_job carillon_ws_job(struct carillon_ws *ws)
{
	struct drm_carillon_job job = {
		.queue_id = ws->queue,
		.cmd_va = ws->va + CARILLON_WS_CMDS + ws->cmd_start,
		.cmd_size = ws->cmd_used - ws->cmd_start,
	};

	if (!job.cmd_size)
		job.cmd_va = 0;
	ws->cmd_start = ws->cmd_used;
	return job;
}

int __carillon_submit_fd(int fd, struct drm_carillon_job job, int wait_fd)
{
	struct drm_carillon_sync syncs[2] = {
		{
			.type = DRM_CARILLON_SYNC_FILE,
			.flags = DRM_CARILLON_SYNC_SIGNAL,
			.handle = -1,
		}, {
			.type = DRM_CARILLON_SYNC_FILE,
			.handle = wait_fd,
		},
	};
	int err;

	job.syncs = (struct drm_carillon_obj_array)
		DRM_CARILLON_OBJ_ARRAY(wait_fd >= 0 ? 2 : 1, syncs);
	err = __carillon_submit(fd, &job, 1);
	return err ? err : syncs[0].handle;
}

int carillon_submit_fd(int fd, struct drm_carillon_job job, int wait_fd)
{
	int sync_file = __carillon_submit_fd(fd, job, wait_fd);

	igt_assert_lte(0, sync_file);
	return sync_file;
}

int carillon_fence_wait_close(int sync_file)
{
	int status;

	igt_assert_eq(sync_fence_wait(sync_file, CARILLON_WAIT_MS), 0);
	status = sync_fence_status(sync_file);
	close(sync_file);
	return status;
}

void carillon_poke(void *args, const struct carillon_bad *bad)
{
	/* Little-endian or not, the value is of the field's own type. */
	uint32_t value32 = bad->value;

	igt_assert(bad->size == 4 || bad->size == 8);
	memcpy((char *)args + bad->offset,
	       bad->size == 4 ? (void *)&value32 : (void *)&bad->value, bad->size);
}
