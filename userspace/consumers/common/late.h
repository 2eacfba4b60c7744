/* SPDX-License-Identifier: MIT */
/*
 * A buffer that our GPU writes late: when the test says so, not after a time.
 *
 * The job first waits for a memory semaphore, its gate, which late_release() opens by
 * a job on another queue. Then it copies fresh data over the old. Until then whoever
 * waits for its fence must not go on, and whoever doesn't wait sees the old data.
 */
#ifndef CONSUMERS_LATE_H
#define CONSUMERS_LATE_H

#include <stdbool.h>

#include "gpu.h"

/**
 * struct late - a late job
 * @gpu: GPU, borrowed
 * @buf: what the job writes; old data until then (LATE_OLD in all bytes at first)
 * @fresh: what it will write (a pattern of pixels at first); same size
 * @job: the job; @job.fence is what to wait for
 * @held: its gate is shut
 * @held_ns: when it was submitted
 */
struct late {
	struct gpu *gpu;
	struct gpu_buf buf;
	struct gpu_buf fresh;
	struct gpu_job job;
	bool held;
	uint64_t held_ns;
};

#define LATE_OLD	0x3c

/** late_create() - make buffers of @size bytes; nothing is submitted yet */
int late_create(struct gpu *gpu, uint64_t size, struct late *late);

/** late_hold() - submit the job, its gate shut */
int late_hold(struct late *late);

/** late_release() - open the gate; returns as soon as the GPU knows */
int late_release(struct late *late);

/** late_is_old() - whether @buf has the old data still, read by the CPU */
bool late_is_old(const struct late *late);

/** late_is_fresh() - whether @buf has the new data, read by the CPU */
bool late_is_fresh(const struct late *late);

/** late_destroy() - let the job end, if it is still held, and forget it */
void late_destroy(struct late *late);

#endif /* CONSUMERS_LATE_H */
