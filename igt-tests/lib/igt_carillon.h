/* SPDX-License-Identifier: MIT */
#ifndef IGT_CARILLON_H
#define IGT_CARILLON_H

#include <stddef.h>
#include <stdint.h>

#include "carillon_drm.h"
#include "carillon_hw.h"

/*
 * Wrappers of the ioctls: __carillon_foo() returns 0 or -errno, carillon_foo()
 * asserts that it worked.
 */
int __carillon_ioctl(int fd, unsigned long request, void *arg);
int __carillon_query(int fd, uint32_t type, void *answer, uint32_t *size);
int __carillon_vm_bind(int fd, uint32_t vm, struct drm_carillon_bind_op *ops,
		       uint32_t count);
int __carillon_submit(int fd, struct drm_carillon_job *jobs, uint32_t count);

void carillon_query_device(int fd, struct drm_carillon_device_info *info);
uint32_t carillon_bo_create(int fd, uint64_t size);
void *carillon_bo_map(int fd, uint32_t handle, uint64_t size);
uint32_t carillon_vm_create(int fd);
void carillon_vm_destroy(int fd, uint32_t vm);
void carillon_vm_map(int fd, uint32_t vm, uint32_t handle, uint64_t va,
		     uint64_t size, uint32_t flags);
void carillon_vm_unmap(int fd, uint32_t vm, uint64_t va, uint64_t size);
uint32_t carillon_queue_create(int fd, uint32_t vm);
void carillon_queue_destroy(int fd, uint32_t queue);
void carillon_queue_get_state(int fd, uint32_t queue,
			      struct drm_carillon_queue_get_state *state);
void carillon_submit(int fd, struct drm_carillon_job *jobs, uint32_t count);

/*
 * A workspace: a VM, a queue, and a buffer that is mapped on both sides. The
 * first half holds 64-bit words that jobs write, the other half commands.
 */
#define CARILLON_WS_SIZE	0x10000
#define CARILLON_WS_CMDS	0x8000

struct carillon_ws {
	int fd;
	uint32_t vm;
	uint32_t queue;
	uint32_t bo;
	uint8_t *map;
	uint64_t va;
	uint32_t cmd_used;	/* bytes of commands written */
	uint32_t cmd_start;	/* where those of the next job begin */
};

void carillon_ws_init(struct carillon_ws *ws, int fd);
void carillon_ws_fini(struct carillon_ws *ws);

/* Word @index of the workspace: for the CPU, and its address for jobs. */
volatile uint64_t *carillon_ws_word(struct carillon_ws *ws, unsigned int index);
uint64_t carillon_ws_va(const struct carillon_ws *ws, unsigned int index);

/* Commands are collected; carillon_ws_job() makes a job of them, without syncs. */
void carillon_ws_cmd(struct carillon_ws *ws, enum crln_opcode opcode, void *cmd,
		     size_t size);
void carillon_ws_store(struct carillon_ws *ws, uint64_t va, uint32_t value);
void carillon_ws_copy(struct carillon_ws *ws, uint64_t dst, uint64_t src,
		      uint64_t size);
void carillon_ws_timestamp(struct carillon_ws *ws, uint64_t va);
void carillon_ws_delay(struct carillon_ws *ws, uint64_t ns);
void carillon_ws_sem_wait(struct carillon_ws *ws, uint64_t va, uint64_t value);
void carillon_ws_sem_release(struct carillon_ws *ws, uint64_t va, uint64_t value);
struct drm_carillon_job carillon_ws_job(struct carillon_ws *ws);

/* Submit one job and get its sync_file, or -errno. */
int __carillon_submit_fd(int fd, struct drm_carillon_job job, int wait_fd);
int carillon_submit_fd(int fd, struct drm_carillon_job job, int wait_fd);

/* Wait for a sync_file, and close it: 1 or -errno of its fence. */
int carillon_fence_wait_close(int sync_file);

/* How long a job that ends by itself may take; much more than it does. */
#define CARILLON_WAIT_MS	20000

/*
 * A field of an ioctl's structure, what makes it bad, and the errno that
 * follows. carillon_poke() sets it in a copy of arguments that work.
 */
struct carillon_bad {
	const char *name;	/* of the subtest */
	const char *what;	/* for igt_describe() */
	size_t offset;
	size_t size;
	uint64_t value;
	int error;		/* positive */
};

#define CARILLON_BAD(type, member, val, err, subtest, description) {	\
	.name = (subtest),						\
	.what = (description),						\
	.offset = offsetof(type, member),				\
	.size = sizeof(((type *)0)->member),				\
	.value = (uint64_t)(val),					\
	.error = (err),							\
}

void carillon_poke(void *args, const struct carillon_bad *bad);

#endif /* IGT_CARILLON_H */
