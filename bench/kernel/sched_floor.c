// SPDX-License-Identifier: GPL-2.0
/*
 * The floor: a fence in the job, dma_fence_init(), a ring write, a doorbell per batch,
 * dma_fence_signal() and the free. Whoever calls has to see to everything else: no lock,
 * no dependencies, no room in the ring, no timeout, no errors, no teardown.
 */

#include <linux/dma-fence.h>
#include <linux/slab.h>

#include "sched.h"
#include "sched_null.h"

struct floor_job {
	struct dma_fence fence;
	u64 command;
	unsigned int queue;
};

static struct floor_queue {
	struct null_ring ring;
	u64 context;
	u64 seqno;
	struct floor_job *in_ring[NULL_SLOTS];
	u64 done;
} *floor_queues;

static struct floor_job *floor_jobs[SCHED_JOBS];

static const char *floor_get_name(struct dma_fence *fence)
{
	return "floor";
}

static const struct dma_fence_ops floor_fence_ops = {
	.get_driver_name = floor_get_name,
	.get_timeline_name = floor_get_name,
};

static void floor_irq(struct null_ring *ring, u64 done)
{
	struct floor_queue *q = container_of(ring, struct floor_queue, ring);

	while (q->done < done) {
		struct dma_fence *fence = &q->in_ring[++q->done % NULL_SLOTS]->fence;

		dma_fence_signal(fence);
		dma_fence_put(fence);
		sched_count_freed();
	}
}

static int floor_open(void)
{
	unsigned int i;

	floor_queues = kvcalloc(SCHED_QUEUES, sizeof(*floor_queues), GFP_KERNEL);
	if (!floor_queues)
		return -ENOMEM;
	for (i = 0; i < SCHED_QUEUES; i++) {
		null_ring_init(&floor_queues[i].ring, floor_irq);
		floor_queues[i].context = dma_fence_context_alloc(1);
	}
	return 0;
}

static void floor_close(void)
{
	kvfree(floor_queues);
}

static struct null_ring *floor_ring(unsigned int queue)
{
	return &floor_queues[queue].ring;
}

static int floor_prepare(unsigned int job, unsigned int queue, struct dma_fence **deps,
			 unsigned int num_deps)
{
	struct floor_job *j = kzalloc_obj(*j);

	if (!j)
		return -ENOMEM;
	j->command = job;
	j->queue = queue;
	floor_jobs[job] = j;
	return 0;
}

static void floor_commit(unsigned int first, unsigned int count, struct dma_fence **ret_last)
{
	unsigned int i;

	for (i = first; i < first + count; i++) {
		struct floor_job *j = floor_jobs[i];
		struct floor_queue *q = &floor_queues[j->queue];

		dma_fence_init64(&j->fence, &floor_fence_ops, NULL, q->context, ++q->seqno);
		if (ret_last && i + 1 == first + count)
			*ret_last = dma_fence_get(&j->fence);
		q->in_ring[q->seqno % NULL_SLOTS] = j;
		null_ring_write(&q->ring, j->command);
		if (i + 1 == first + count || floor_jobs[i + 1]->queue != j->queue)
			null_ring_doorbell(&q->ring);
	}
}

const struct sched_impl sched_impl_floor = {
	.who = "floor",
	.floor = true,
	.open = floor_open,
	.close = floor_close,
	.ring = floor_ring,
	.prepare = floor_prepare,
	.commit = floor_commit,
};
