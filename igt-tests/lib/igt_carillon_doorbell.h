/* SPDX-License-Identifier: MIT */
#ifndef IGT_CARILLON_DOORBELL_H
#define IGT_CARILLON_DOORBELL_H

#include "igt_carillon.h"

/* The ioctl; mmap() of anything, only to see whether it works: 0 or -errno. */
int __carillon_doorbell_offset(int fd, struct drm_carillon_queue_mmap_offset *args);
int __carillon_map_at(int fd, uint64_t offset, size_t size, int prot, int flags);

uint64_t carillon_doorbell_offset(int fd, uint32_t queue);
volatile uint32_t *carillon_doorbell_map(int fd, uint32_t queue);
void carillon_doorbell_unmap(volatile uint32_t *doorbell);

/* Have a mapping moved to where it isn't by itself, or MAP_FAILED. */
volatile uint32_t *carillon_map_move(volatile uint32_t *from);

/*
 * The device's page reads 0, whatever is written: what can be read back is
 * memory. Neither rings for a job. Both leave 0.
 */
void carillon_doorbell_assert_memory(volatile uint32_t *doorbell);
void carillon_doorbell_assert_device(volatile uint32_t *doorbell);

/* Of any queue of the workspace's VM. */
uint32_t carillon_ws_queue_state(struct carillon_ws *ws, uint32_t queue);
uint32_t carillon_ws_ring_tail(struct carillon_ws *ws, uint32_t queue);

/* The value that a job stores to word 9. Its commands are used again and again. */
#define CARILLON_WS_MARK	0x5eed0007
struct drm_carillon_job carillon_ws_store_job(struct carillon_ws *ws, uint32_t queue);
/* A job that waits for word 0 to become 1. */
struct drm_carillon_job carillon_ws_blocked_job(struct carillon_ws *ws, uint32_t queue);
void carillon_ws_run_one(struct carillon_ws *ws, uint32_t queue);

/* A page that children of igt_fork() have in common with their parent. */
struct carillon_children {
	uint32_t number;	/* for the test's own use */
	uint32_t begun;		/* how many are at it: each adds one */
	uint32_t stop;		/* they leave when it's set */
};

volatile struct carillon_children *carillon_children_page(void);
void carillon_children_wait(volatile struct carillon_children *shared, uint32_t num);
void carillon_children_stop(volatile struct carillon_children *shared);

#endif /* IGT_CARILLON_DOORBELL_H */
