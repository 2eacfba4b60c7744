// SPDX-License-Identifier: GPL-2.0
/*
 * From the ring to the fence: completing, signalling in order, retiring.
 */

/**
 * DOC: jobq signalling
 *
 * Jobs leave &jobq.inflight from its head only, and one context at a time
 * (&jobq.signalling) takes them off in batches and signals them, with no lock held.
 * So fences signal in order even if two CPUs report completions at once; the second
 * one leaves its jobs to the first. There is nothing to deadlock on, as nobody
 * waits, and a fence callback may report completions of this very queue (and of no
 * other: the locks of two fences mustn't nest).
 *
 * A consequence is that jobq_complete() can return a moment before the fences have
 * signalled. jobq_teardown() waits for that.
 */

#include <linux/bug.h>
#include <linux/dma-fence.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/limits.h>
#include <linux/lockdep.h>
#include <linux/wait.h>

#include <dfence/dfence.h>

#include "jobq_internal.h"
#include "jobq_trace.h"

/**
 * jobq_running_add_locked() - account for a job that is in the ring now
 * @job: job, just added to &jobq.inflight
 *
 * Context: &jobq.lock held.
 */
void jobq_running_add_locked(struct jobq_job *job)
{
	struct jobq *q = job->q;

	lockdep_assert_held(&q->lock);
	if (!q->num_running++) {
		q->busy_since = job->run_at;
		q->head_since = job->run_at;
	}
	jobq_timeout_arm_locked(q);
}

/**
 * jobq_running_del_locked() - account for a job that isn't in the ring any more
 * @job: job, the first running one or one that leaves together with those before
 *
 * Its credits are for the caller to return.
 *
 * Context: &jobq.lock held.
 * Return: The time.
 */
ktime_t jobq_running_del_locked(struct jobq_job *job)
{
	struct jobq *q = job->q;
	ktime_t now = ktime_get();

	lockdep_assert_held(&q->lock);
	q->head_since = now;
	if (!--q->num_running) {
		q->stats.busy_ns += ktime_to_ns(ktime_sub(now, q->busy_since));
		jobq_wake_locked(q);
	}
	return now;
}

/* Asked about the oldest job in flight: can it be taken off the list? */
static bool jobq_has_ended_locked(struct jobq *q, struct jobq_job *job)
{
	return job->state == JOBQ_JOB_CANCELLED || job->seqno <= q->hw_done ||
	       q->hw_stopped;
}

/* Take the oldest job in flight off the list if it has ended. */
static struct jobq_job *jobq_pop_ended_locked(struct jobq *q)
{
	struct jobq_job *job;
	ktime_t now;

	job = list_first_entry_or_null(&q->inflight, struct jobq_job, node);
	if (!job || !jobq_has_ended_locked(q, job))
		return NULL;

	if (job->state == JOBQ_JOB_RUNNING && job->seqno <= q->hw_done) {
		jobq_job_set_state_locked(job, JOBQ_JOB_DONE);
		now = jobq_running_del_locked(job);
		q->stats.running_ns += ktime_to_ns(ktime_sub(now, job->run_at));
	} else if (job->state == JOBQ_JOB_RUNNING) {
		jobq_cancel_locked(job, q->error);
		jobq_running_del_locked(job);
		q->credits += job->credits;
	}
	list_del_init(&job->node);
	return job;
}

/* @job is on no list that others see. */
static void jobq_find_error(struct jobq *q, struct jobq_job *job)
{
	if (job->state == JOBQ_JOB_DONE && q->ops->job_error)
		job->error = q->ops->job_error(q, job);
	if (job->left_ring && q->ops->hw_ended && job->state == JOBQ_JOB_CANCELLED)
		q->ops->hw_ended(q, job);
	if (WARN_ONCE(job->error > 0, "jobq %s: error %d of job %llu isn't negative\n",
		      q->name, job->error, job->seqno))
		job->error = -EIO;
}

/*
 * With the errors of @batch known, and its fences about to signal: who has waited for
 * one finds it counted.
 */
static void jobq_count_ended_locked(struct jobq *q, struct list_head *batch)
{
	struct jobq_job *job;

	list_for_each_entry(job, batch, node) {
		q->stats.errors += !!job->error;
		if (job->state == JOBQ_JOB_CANCELLED) {
			q->stats.cancelled++;
			continue;
		}
		q->stats.done++;
		/* Not before: job_error looks at what the room in the ring still holds. */
		q->credits += job->credits;
	}
}

static void jobq_signal_one(struct jobq_job *job)
{
	struct dfence *fence = job->fence;

	trace_jobq_job_done(job);
	job->fence = NULL;
	dfence_signal(fence, job->error);
}

/*
 * The queue's references to the jobs of @batch, which have signalled, go to
 * free_work. Not if the queue is dead: then the jobs were committed after the
 * teardown, wait for nothing, and their committers have references until we have
 * let go of the lock. They put the last ones where it suits them.
 */
static void jobq_give_up_locked(struct jobq *q, struct list_head *batch)
{
	struct jobq_job *job, *tmp;

	if (q->state != JOBQ_DEAD) {
		list_splice_tail_init(batch, &q->done);
		queue_work(jobq_free_wq, &q->free_work);
		return;
	}
	list_for_each_entry_safe(job, tmp, batch, node) {
		list_del_init(&job->node);
		refcount_dec(&job->ref.refcount);
	}
}

/* Get the duty to signal, and jobs to do it for; none if somebody else has it. */
static void jobq_take_ended(struct jobq *q, unsigned int *budget, struct list_head *batch)
{
	struct jobq_job *job;

	guard(spinlock_irqsave)(&q->lock);
	if (q->signalling)
		return;
	while (*budget && (job = jobq_pop_ended_locked(q))) {
		list_add_tail(&job->node, batch);
		--*budget;
	}
	q->signalling = !list_empty(batch);
}

static void jobq_signal_batch(struct jobq *q, struct list_head *batch)
{
	struct jobq_job *job;

	list_for_each_entry(job, batch, node)
		jobq_find_error(q, job);

	scoped_guard(spinlock_irqsave, &q->lock)
		jobq_count_ended_locked(q, batch);

	list_for_each_entry(job, batch, node)
		jobq_signal_one(job);

	guard(spinlock_irqsave)(&q->lock);
	jobq_give_up_locked(q, batch);
	q->signalling = false;
	jobq_wake_locked(q);
	if (q->orch && list_empty(&q->inflight))
		jobq_orch_notify_locked(q->orch);
}

/**
 * jobq_signal() - signal the fences of jobs that have ended
 * @q: queue
 * @budget: how many at most; what was used is subtracted
 *
 * Looks again after each batch, as others have left their jobs to it meanwhile.
 *
 * Context: Any, dma_fence signalling critical section. Takes &jobq.lock.
 * Return: Whether it signalled any: credits may have come back.
 */
bool jobq_signal(struct jobq *q, unsigned int *budget)
{
	unsigned long flags = jobq_irq_save();
	bool any = false;
	LIST_HEAD(batch);

	for (;;) {
		jobq_take_ended(q, budget, &batch);
		if (list_empty(&batch))
			break;
		jobq_signal_batch(q, &batch);
		any = true;
	}
	jobq_irq_restore(flags);
	return any;
}

/* Returns false if @hw_seqno was never given to the hardware. */
static bool jobq_note_done_locked(struct jobq *q, u64 hw_seqno)
{
	if (hw_seqno > q->last_run)
		return false;
	if (hw_seqno > q->hw_done)
		q->hw_done = hw_seqno;
	q->kicks++;
	return true;
}

/**
 * jobq_is_empty_locked() - is nothing of a queue in flight?
 * @q: queue, stopped or killed, or else not draining: a job in run_job isn't seen
 *
 * Context: &jobq.lock held.
 * Return: Whether the ring is empty, and what was in it has signalled.
 */
bool jobq_is_empty_locked(struct jobq *q)
{
	lockdep_assert_held(&q->lock);
	return list_empty(&q->inflight) && !q->signalling;
}

/* Also false if somebody has reported a completion and is about to signal it. */
static bool jobq_is_signalled(struct jobq *q)
{
	struct jobq_job *job;

	guard(spinlock_irqsave)(&q->lock);
	job = list_first_entry_or_null(&q->inflight, struct jobq_job, node);
	return !q->signalling && !(job && jobq_has_ended_locked(q, job));
}

/**
 * jobq_wait_signalled() - wait for what another CPU is signalling right now
 * @q: queue, stopped or in timedout; otherwise new completions can prolong it
 *
 * For drivers that are about to clear what job_error looks at, after a reset of the
 * ring, say: jobq_complete() may have returned before the fences have signalled.
 *
 * Context: Process, may sleep; not from an op other than timedout and force_stop.
 */
void jobq_wait_signalled(struct jobq *q)
{
	might_sleep();
	wait_event(q->idle, jobq_is_signalled(q));
}
EXPORT_SYMBOL_NS_GPL(jobq_wait_signalled, "JOBQ");

/**
 * jobq_signal_all() - signal the fences of all jobs that have ended
 * @q: queue
 *
 * Context: Any, dma_fence signalling critical section.
 */
void jobq_signal_all(struct jobq *q)
{
	unsigned int budget = JOBQ_BUDGET;

	do {
		jobq_signal(q, &budget);
	} while (!budget && jobq_go_on(q, &budget));
}

static void jobq_signal_and_kick(struct jobq *q)
{
	guard(dfence_signalling)();
	jobq_signal_all(q);
	jobq_kick(q);
}

/**
 * jobq_complete() - the hardware is through with some jobs
 * @q: queue
 * @hw_seqno: jobq_job_seqno() of the last job that is complete
 *
 * Signals the fences of all jobs up to @hw_seqno, in order, with the error that
 * &jobq_ops.job_error gives; returns their credits and runs what became possible.
 * A value that was reported before does nothing. Completions may be reported on
 * several CPUs at once, and while run_job is running.
 *
 * Context: Any, hard interrupts included. Calls job_error, fence callbacks and,
 * with %JOBQ_RUN_ATOMIC, run_job.
 * Return: 0; -ERANGE: no job with that seqno has been run, so this is an error of
 * the device: nothing was done.
 */
int jobq_complete(struct jobq *q, u64 hw_seqno)
{
	bool known;

	scoped_guard(spinlock_irqsave, &q->lock)
		known = jobq_note_done_locked(q, hw_seqno);
	if (!known)
		return -ERANGE;
	jobq_signal_and_kick(q);
	return 0;
}
EXPORT_SYMBOL_NS_GPL(jobq_complete, "JOBQ");

/**
 * jobq_complete32() - jobq_complete() for hardware that counts in 32 bits
 * @q: queue
 * @hw_seqno: low half of the seqno of the last job that is complete
 *
 * The high half is found from the last job that was run, which @hw_seqno is
 * supposed to be less than 2^31 behind.
 *
 * Context: Like jobq_complete().
 * Return: 0; -ERANGE like jobq_complete().
 */
int jobq_complete32(struct jobq *q, u32 hw_seqno)
{
	bool known = false;

	scoped_guard(spinlock_irqsave, &q->lock) {
		u32 behind = lower_32_bits(q->last_run) - hw_seqno;

		if (behind <= S32_MAX && behind <= q->last_run)
			known = jobq_note_done_locked(q, q->last_run - behind);
	}
	if (!known)
		return -ERANGE;
	jobq_signal_and_kick(q);
	return 0;
}
EXPORT_SYMBOL_NS_GPL(jobq_complete32, "JOBQ");

/**
 * jobq_retire_done() - put the queue's references to jobs that have ended
 * @q: queue
 *
 * Context: Process, may sleep; not in a dma_fence signalling critical section.
 */
void jobq_retire_done(struct jobq *q)
{
	struct jobq_job *job, *tmp;
	LIST_HEAD(batch);
	LIST_HEAD(dead);

	scoped_guard(spinlock_irqsave, &q->lock)
		list_splice_init(&q->done, &batch);

	list_for_each_entry_safe(job, tmp, &batch, node) {
		list_del_init(&job->node);
		jobq_job_retire(job, &dead);
		jobq_job_drop(job, &dead);
	}
	jobq_job_free_dead(&dead);
}

/* &jobq.free_work */
void jobq_free_fn(struct work_struct *work)
{
	jobq_retire_done(container_of(work, struct jobq, free_work));
}
