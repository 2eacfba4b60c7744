// SPDX-License-Identifier: MIT

#include "igt.h"
#include "igt_carillon_doorbell.h"
#include "sw_sync.h"

#define PAGE	4096
#define MARK	CARILLON_WS_MARK

int __carillon_doorbell_offset(int fd, struct drm_carillon_queue_mmap_offset *args)
{
	return __carillon_ioctl(fd, DRM_IOCTL_CARILLON_QUEUE_MMAP_OFFSET, args);
}

uint64_t carillon_doorbell_offset(int fd, uint32_t queue)
{
	struct drm_carillon_queue_mmap_offset args = { .id = queue };

	igt_assert_eq(__carillon_doorbell_offset(fd, &args), 0);
	igt_assert_eq_u64(args.size, PAGE);
	return args.offset;
}

int __carillon_map_at(int fd, uint64_t offset, size_t size, int prot, int flags)
{
	void *map = mmap(NULL, size, prot, flags, fd, offset);

	if (map == MAP_FAILED)
		return -errno;
	munmap(map, size);
	return 0;
}

volatile uint32_t *carillon_doorbell_map(int fd, uint32_t queue)
{
	void *map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			 carillon_doorbell_offset(fd, queue));

	igt_assert(map != MAP_FAILED);
	return map;
}

void carillon_doorbell_unmap(volatile uint32_t *doorbell)
{
	munmap((void *)doorbell, PAGE);
}

/* The device's page reads 0, whatever is written: what can be read back is memory. */
void carillon_doorbell_assert_memory(volatile uint32_t *doorbell)
{
	*doorbell = MARK;
	igt_assert_eq_u32(*doorbell, MARK);
	*doorbell = 0;
	igt_assert_eq_u32(*doorbell, 0);
}

void carillon_doorbell_assert_device(volatile uint32_t *doorbell)
{
	igt_assert_eq_u32(*doorbell, 0);
	*doorbell = 0;
	doorbell[1] = MARK;
	igt_assert_eq_u32(doorbell[1], 0);
}

uint32_t carillon_ws_queue_state(struct carillon_ws *ws, uint32_t queue)
{
	struct drm_carillon_queue_get_state state;

	carillon_queue_get_state(ws->fd, queue, &state);
	return state.state;
}

uint32_t carillon_ws_ring_tail(struct carillon_ws *ws, uint32_t queue)
{
	struct drm_carillon_queue_get_state state;

	carillon_queue_get_state(ws->fd, queue, &state);
	return state.ring_tail;
}

/* A job that stores to word 9. The workspace's commands are used again and again. */
struct drm_carillon_job carillon_ws_store_job(struct carillon_ws *ws, uint32_t queue)
{
	struct drm_carillon_job job;

	if (ws->cmd_used > 4096)
		ws->cmd_used = ws->cmd_start = 4096;
	*carillon_ws_word(ws, 9) = 0;
	carillon_ws_store(ws, carillon_ws_va(ws, 9), MARK);
	job = carillon_ws_job(ws);
	job.queue_id = queue;
	return job;
}

void carillon_ws_run_one(struct carillon_ws *ws, uint32_t queue)
{
	int fence = carillon_submit_fd(ws->fd, carillon_ws_store_job(ws, queue), -1);

	igt_assert_eq(carillon_fence_wait_close(fence), 1);
	igt_assert_eq_u64(*carillon_ws_word(ws, 9), MARK);
}

/* A job that waits for word 0 to become 1. */
struct drm_carillon_job carillon_ws_blocked_job(struct carillon_ws *ws, uint32_t queue)
{
	struct drm_carillon_job job;

	*carillon_ws_word(ws, 0) = 0;
	carillon_ws_sem_wait(ws, carillon_ws_va(ws, 0), 1);
	job = carillon_ws_job(ws);
	job.queue_id = queue;
	return job;
}

volatile struct carillon_children *carillon_children_page(void)
{
	void *map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	igt_assert(map != MAP_FAILED);
	return map;
}

void carillon_children_wait(volatile struct carillon_children *shared, uint32_t num)
{
	/* However long it takes. A child that has failed is found by the test's time limit. */
	while (shared->begun < num)
		usleep(1000);
}

void carillon_children_stop(volatile struct carillon_children *shared)
{
	shared->stop = 1;
	igt_waitchildren();
	munmap((void *)shared, PAGE);
}

volatile uint32_t *carillon_map_move(volatile uint32_t *from)
{
	void *to = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return mremap((void *)from, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to);
}
