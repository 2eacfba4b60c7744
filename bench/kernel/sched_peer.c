// SPDX-License-Identifier: GPL-2.0
/*
 * The peer: a driver of the null device that has a drm_gpu_scheduler with one entity for
 * each ring, as the drivers of hardware whose firmware does the scheduling have.
 *
 * The fence of the hardware is allocated with the job, so that run_job needn't. All of a
 * ring share a lock, and the interrupt signals them under it: one round trip, however
 * many there are. They aren't made more expensive than that: no names that could go, no
 * list of callbacks. Nobody but one task submits to an entity, so there's no lock around
 * drm_sched_job_arm() and drm_sched_entity_push_job(), which drivers need.
 */

#include <drm/gpu_scheduler.h>
#include <linux/dma-fence.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "sched.h"
#include "sched_null.h"

/* Of the hardware: signals when the device reports the job. */
struct peer_fence {
	struct dma_fence base;
	struct list_head node;
};

struct peer_job {
	struct drm_sched_job base;
	struct peer_fence *fence;
	struct peer_queue *q;
	u64 command;
};

static struct peer_queue {
	struct drm_gpu_scheduler sched;
	struct drm_sched_entity entity;
	struct null_ring ring;
	u64 context;
	u64 seqno;			/* run_job's */
	spinlock_t lock;		/* of the fences, too */
	struct list_head in_ring;	/* fences, under the lock */
} *peer_queues;

static struct peer_job *peer_jobs[SCHED_JOBS];

static const char *peer_get_name(struct dma_fence *fence)
{
	return "peer";
}

static const struct dma_fence_ops peer_fence_ops = {
	.get_driver_name = peer_get_name,
	.get_timeline_name = peer_get_name,
};

/* The reference that the job has goes to the list, drm_sched gets another one. */
static struct dma_fence *peer_run_job(struct drm_sched_job *base)
{
	struct peer_job *j = container_of(base, struct peer_job, base);
	struct peer_fence *fence = j->fence;
	struct peer_queue *q = j->q;

	j->fence = NULL;
	dma_fence_init64(&fence->base, &peer_fence_ops, &q->lock, q->context, ++q->seqno);
	dma_fence_get(&fence->base);
	scoped_guard(spinlock_irqsave, &q->lock)
		list_add_tail(&fence->node, &q->in_ring);
	null_ring_write(&q->ring, j->command);
	/* It has no other place for that. */
	null_ring_doorbell(&q->ring);
	return &fence->base;
}

static void peer_irq(struct null_ring *ring, u64 done)
{
	struct peer_queue *q = container_of(ring, struct peer_queue, ring);
	struct peer_fence *fence, *next;
	LIST_HEAD(signalled);

	scoped_guard(spinlock, &q->lock) {
		list_for_each_entry_safe(fence, next, &q->in_ring, node) {
			if (fence->base.seqno > done)
				break;
			dma_fence_signal_locked(&fence->base);
			list_move_tail(&fence->node, &signalled);
		}
	}
	list_for_each_entry_safe(fence, next, &signalled, node)
		dma_fence_put(&fence->base);
}

/* The null device never hangs. */
static enum drm_gpu_sched_stat peer_timedout_job(struct drm_sched_job *base)
{
	return DRM_GPU_SCHED_STAT_NO_HANG;
}

static void peer_free_job(struct drm_sched_job *base)
{
	drm_sched_job_cleanup(base);
	kfree(container_of(base, struct peer_job, base));
	sched_count_freed();
}

static const struct drm_sched_backend_ops peer_ops = {
	.run_job = peer_run_job,
	.timedout_job = peer_timedout_job,
	.free_job = peer_free_job,
};

static int peer_open_queue(struct peer_queue *q)
{
	const struct drm_sched_init_args args = {
		.ops = &peer_ops,
		.num_rqs = 1,
		.credit_limit = NULL_SLOTS,
		.timeout = msecs_to_jiffies(SCHED_TIMEOUT_MS),
		.name = "peer",
	};
	struct drm_gpu_scheduler *list = &q->sched;
	int ret;

	null_ring_init(&q->ring, peer_irq);
	spin_lock_init(&q->lock);
	INIT_LIST_HEAD(&q->in_ring);
	q->context = dma_fence_context_alloc(1);
	ret = drm_sched_init(&q->sched, &args);
	if (ret)
		return ret;
	ret = drm_sched_entity_init(&q->entity, DRM_SCHED_PRIORITY_KERNEL, &list, 1, NULL);
	if (ret)
		drm_sched_fini(&q->sched);
	return ret;
}

/* Close the first @count. */
static void peer_close_queues(unsigned int count)
{
	while (count--) {
		drm_sched_entity_destroy(&peer_queues[count].entity);
		drm_sched_fini(&peer_queues[count].sched);
	}
	kvfree(peer_queues);
}

static int peer_open(void)
{
	unsigned int i;
	int ret;

	peer_queues = kvcalloc(SCHED_QUEUES, sizeof(*peer_queues), GFP_KERNEL);
	if (!peer_queues)
		return -ENOMEM;
	for (i = 0; i < SCHED_QUEUES; i++) {
		ret = peer_open_queue(&peer_queues[i]);
		if (ret) {
			peer_close_queues(i);
			return ret;
		}
	}
	return 0;
}

static void peer_close(void)
{
	peer_close_queues(SCHED_QUEUES);
}

static struct null_ring *peer_ring(unsigned int queue)
{
	return &peer_queues[queue].ring;
}

static int peer_add_deps(struct drm_sched_job *base, struct dma_fence **deps,
			 unsigned int num_deps)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < num_deps && !ret; i++)
		ret = drm_sched_job_add_dependency(base, dma_fence_get(deps[i]));
	return ret;
}

static int peer_prepare(unsigned int job, unsigned int queue, struct dma_fence **deps,
			unsigned int num_deps)
{
	struct peer_queue *q = &peer_queues[queue];
	struct peer_job *j;
	int ret = -ENOMEM;

	j = kzalloc_obj(*j);
	if (!j)
		return -ENOMEM;
	j->fence = kzalloc_obj(*j->fence);
	if (!j->fence)
		goto err_free;
	ret = drm_sched_job_init(&j->base, &q->entity, 1, NULL, 0);
	if (ret)
		goto err_fence;
	ret = peer_add_deps(&j->base, deps, num_deps);
	if (ret)
		goto err_cleanup;
	j->q = q;
	j->command = job;
	peer_jobs[job] = j;
	return 0;

err_cleanup:
	drm_sched_job_cleanup(&j->base);
err_fence:
	kfree(j->fence);
err_free:
	kfree(j);
	return ret;
}

static void peer_commit(unsigned int first, unsigned int count, struct dma_fence **ret_last)
{
	unsigned int i;

	for (i = first; i < first + count; i++) {
		struct drm_sched_job *base = &peer_jobs[i]->base;

		drm_sched_job_arm(base);
		if (ret_last && i + 1 == first + count)
			*ret_last = dma_fence_get(&base->s_fence->finished);
		drm_sched_entity_push_job(base);
	}
}

const struct sched_impl sched_impl_peer = {
	.who = "drm_sched",
	.open = peer_open,
	.close = peer_close,
	.ring = peer_ring,
	.prepare = peer_prepare,
	.commit = peer_commit,
};
