// SPDX-License-Identifier: GPL-2.0
/*
 * Dependencies that the hardware waits for.
 */

/**
 * DOC: jobq hardware waits
 *
 * A job that depends on a job of another queue of the same device needn't wait until
 * software has heard that the other one is complete, if the hardware can wait for a
 * word in memory. The dependency is then *lowered*: it holds the job back only until
 * the other job is in its ring, and right before run_job &jobq_ops.hw_wait is called, so
 * that the driver makes the ring wait. A chain of jobs over several rings runs from end
 * to end without an interrupt in its path.
 *
 * jobq_job_prepare() lowers a dependency if
 *
 * - it is on a job of another queue with the same &jobq_ops, given as that job or
 *   as its fence;
 * - the job doesn't want to know the error (%JOBQ_JOB_DEP_ERRORS): the hardware
 *   wouldn't tell it;
 * - &jobq_ops.hw_wait_prepare accepts it, which it should only if the ring that waits
 *   leaves the engines to others.
 *
 * Any other dependency is waited for in software, as ever. So is a lowered one, at the
 * same time: the callback on the fence is there, too, and whichever comes first counts.
 * A job that is cancelled before it reaches its ring is thus nothing special, its
 * fence signals. And one whose fence has signalled when the job is run isn't waited for.
 *
 * No ring can wait for ever:
 *
 * - The other job was in its ring before the job got into its own. It isn't waiting for
 *   anything but the hardware, and what that waits for was in its ring earlier still.
 * - A reset that takes it out again either replays it or ends it.
 * - If it ends in another way than by being complete &jobq_ops.hw_ended is called, which
 *   lets go of who waits.
 * - The timeout of a job begins when the last one has signalled that it waits for in
 *   hardware: its own queue looks after that one.
 *
 * ::
 *
 *	queue a             ring a        queue b             ring b
 *	  |-- run_job(1) ----->|            |                    |
 *	  |-- doorbell ------->|            |                    |
 *	  |-- "1 is in the ring" ---------->|                    |
 *	  |                    |            |-- hw_wait(2, 1) -->|
 *	  |                    |            |-- run_job(2) ----->|
 *	  |                    |-- semaphore: 1 is complete ---->|
 *
 * A consequence: the fence of the later job may signal before the one of the earlier
 * job, by as long as an interrupt takes to be handled.
 */

#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/dma-fence.h>
#include <linux/errno.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/wait.h>

#include <dfence/dfence.h>

#include "jobq_internal.h"
#include "jobq_trace.h"

/* The fence of a queue with hw_wait: it leads to its job until it has signalled. */
struct jobq_fence {
	struct dfence base;
	struct jobq_job *job;
};

/* Nothing to add; it tells our fences from those of others. */
static const struct dfence_ops jobq_fence_ops = {};

/**
 * jobq_hw_wait_fence() - allocate a fence that leads to its job
 * @job: job of a queue with &jobq_ops.hw_wait
 *
 * Context: Process, may sleep.
 * Return: The fence, prepared, or NULL.
 */
struct dfence *jobq_hw_wait_fence(struct jobq_job *job)
{
	struct jobq_fence *f;

	f = dfence_alloc_type(job->q->fence_ctx, &jobq_fence_ops, struct jobq_fence, base,
			      GFP_KERNEL);
	if (!f)
		return NULL;
	f->job = job;
	return &f->base;
}

/*
 * A new reference to the job that will signal @fence, or NULL. Its queue has a reference
 * until it has, for which it needs the fence's lock. Not of another driver's job: that
 * driver may be unloaded when its queues are torn down, and couldn't free it later.
 */
static struct jobq_job *jobq_job_of_fence(struct dma_fence *fence, const struct jobq_ops *ops)
{
	struct jobq_job *job = NULL;
	struct dfence *f;
	unsigned long flags;

	/* The lock of somebody else's fence may have gone with him, ours is inside. */
	if (!dfence_of(fence, &jobq_fence_ops))
		return NULL;
	dma_fence_lock_irqsave(fence, flags);
	f = dfence_of(fence, &jobq_fence_ops);
	if (f)
		job = container_of(f, struct jobq_fence, base)->job;
	job = job && job->q->ops == ops ? jobq_job_get(job) : NULL;
	dma_fence_unlock_irqrestore(fence, flags);
	return job;
}

/* 0, and perhaps @dep is lowered; or -errno. */
static int jobq_dep_lower(struct jobq_dep *dep)
{
	struct jobq_job *job = dep->job;
	int ret;

	if (!dep->earlier)
		dep->earlier = jobq_job_of_fence(dep->fence, job->q->ops);
	if (!dep->earlier || dep->earlier->q == job->q ||
	    dep->earlier->q->ops != job->q->ops)
		return 0;

	ret = job->q->ops->hw_wait_prepare(job, dep->earlier);
	if (ret == -EOPNOTSUPP)
		return 0;
	if (ret)
		return ret;
	dep->lowered = true;
	job->num_lowered++;
	return 0;
}

/**
 * jobq_hw_wait_prepare() - find the dependencies that the hardware can wait for
 * @job: job in state %JOBQ_JOB_NEW, of a queue with &jobq_ops.hw_wait
 *
 * Context: Process, may sleep.
 * Return: 0, or what &jobq_ops.hw_wait_prepare returned. May be called again then.
 */
int jobq_hw_wait_prepare(struct jobq_job *job)
{
	unsigned int i;
	int ret;

	if (job->flags & JOBQ_JOB_DEP_ERRORS)
		return 0;
	for (i = 0; i < job->num_deps; i++) {
		if (job->deps[i].lowered)
			continue;
		ret = jobq_dep_lower(&job->deps[i]);
		if (ret)
			return ret;
	}
	return 0;
}

/**
 * jobq_hw_wait_begin() - wait until the job that a dependency is on is in its ring
 * @dep: lowered dependency of a job that is being committed; its fence is waited for
 *
 * Context: Any. Takes the &jobq.lock of the earlier job's queue.
 */
void jobq_hw_wait_begin(struct jobq_dep *dep)
{
	struct jobq_job *earlier = dep->earlier;

	scoped_guard(spinlock_irqsave, &earlier->q->lock) {
		/* If it has ended, or is about to, its fence says when. */
		if (earlier->state == JOBQ_JOB_PENDING)
			hlist_add_head(&dep->waiter, &earlier->waiters);
		if (earlier->state != JOBQ_JOB_RUNNING)
			return;
	}
	jobq_dep_over(dep);
}

/**
 * jobq_hw_wait_in_ring_locked() - a job is in its ring now
 * @job: job with &jobq_job.waiters
 *
 * They are told after the doorbell, by jobq_hw_wait_wake(). They have references to @job.
 *
 * Context: &jobq.lock held.
 */
void jobq_hw_wait_in_ring_locked(struct jobq_job *job)
{
	lockdep_assert_held(&job->q->lock);
	hlist_add_head(&job->in_ring, &job->q->in_ring);
}

/* @dep doesn't wait for the ring, or not any more. */
static void jobq_unlist_waiter_locked(struct jobq_dep *dep)
{
	struct jobq_job *earlier = dep->earlier;

	hlist_del_init(&dep->waiter);
	if (hlist_empty(&earlier->waiters))
		hlist_del_init(&earlier->in_ring);
}

/* Returns the next one that is to be told, on no list any more, or NULL. */
static struct jobq_dep *jobq_next_waiter_locked(struct jobq *q)
{
	struct jobq_job *job = hlist_entry_safe(q->in_ring.first, struct jobq_job, in_ring);
	struct jobq_dep *dep;

	if (!job)
		return NULL;
	dep = hlist_entry(job->waiters.first, struct jobq_dep, waiter);
	jobq_unlist_waiter_locked(dep);
	return dep;
}

/**
 * jobq_hw_wait_wake() - let those go on that waited for jobs to be in the ring
 * @q: queue with such jobs on &jobq.in_ring
 * @budget: how many at most; what was used is subtracted
 *
 * Context: Any, by who runs jobs (&jobq.draining). Takes &jobq.lock, and in turn those of
 * the queues that waited.
 */
void jobq_hw_wait_wake(struct jobq *q, unsigned int *budget)
{
	struct jobq_dep *dep;

	for (;; --*budget) {
		scoped_guard(spinlock_irqsave, &q->lock) {
			dep = *budget ? jobq_next_waiter_locked(q) : NULL;
			if (q->waking)
				jobq_wake_locked(q);
			q->waking = dep;
		}
		if (!dep)
			return;
		/* It isn't retired meanwhile, see jobq_hw_wait_end(). */
		jobq_dep_over(dep);
	}
}

static bool jobq_is_waking(struct jobq *q, struct jobq_dep *dep)
{
	guard(spinlock_irqsave)(&q->lock);
	return q->waking == dep;
}

/**
 * jobq_hw_wait_end() - don't wait for the ring any more
 * @dep: lowered dependency of a job that is retired; nobody touches it afterwards
 *
 * Context: Process, may sleep. Takes the &jobq.lock of the earlier job's queue.
 */
void jobq_hw_wait_end(struct jobq_dep *dep)
{
	struct jobq *q = dep->earlier->q;

	scoped_guard(spinlock_irqsave, &q->lock)
		jobq_unlist_waiter_locked(dep);
	wait_event(q->idle, !jobq_is_waking(q, dep));
}

/* What @dep is on is in its ring as far as software knows. */
static bool jobq_dep_in_hw(struct jobq_dep *dep)
{
	return dep->lowered && !dma_fence_test_signaled_flag(dep->earlier->base);
}

/**
 * jobq_hw_wait_emit() - make the ring wait before a job
 * @job: job that is about to be run, with lowered dependencies
 *
 * Context: That of &jobq_ops.run_job.
 */
void jobq_hw_wait_emit(struct jobq_job *job)
{
	struct jobq *q = job->q;
	unsigned int i, num = 0;

	for (i = 0; i < job->num_deps; i++) {
		if (!jobq_dep_in_hw(&job->deps[i]))
			continue;
		trace_jobq_job_hw_wait(job, job->deps[i].earlier->base);
		q->ops->hw_wait(q, job, job->deps[i].earlier);
		num++;
	}
	guard(spinlock_irqsave)(&q->lock);
	q->stats.hw_waits += num;
}

/* Until when the hardware waited for @dep as far as software knows, or now; 0: not at all. */
static ktime_t jobq_dep_in_hw_until(struct jobq_dep *dep)
{
	struct dma_fence *fence;

	if (!dep->lowered)
		return 0;
	fence = dep->earlier->base;
	/* Not dma_fence_timestamp(): it spins, for somebody who may have been preempted. */
	if (!test_bit(DMA_FENCE_FLAG_TIMESTAMP_BIT, &fence->flags))
		return ktime_get();
	/* It was set before the flag. */
	smp_rmb();
	return fence->timestamp;
}

/**
 * jobq_hw_waits_until() - until when did a job wait in hardware?
 * @job: running job
 *
 * Context: Any. The caller keeps @job from being retired.
 * Return: When the last one that it waited for there signalled, now if one hasn't; 0 if
 * there is none.
 */
ktime_t jobq_hw_waits_until(struct jobq_job *job)
{
	ktime_t until = 0;
	unsigned int i;

	if (!job->num_lowered)
		return 0;
	for (i = 0; i < job->num_deps; i++)
		until = max(until, jobq_dep_in_hw_until(&job->deps[i]));
	return until;
}
