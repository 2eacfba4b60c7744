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
#include <linux/minmax.h>
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
		/* The one before may have ended since: that time is counted already. */
		q->head_since = max(q->head_since, job->run_at);
		q->busy_since = q->head_since;
	}
	jobq_timeout_arm_locked(q);
}

/**
 * jobq_running_del_locked() - account for a job that isn't in the ring any more
 * @job: job, the first running one or one that leaves together with those before
 *
 * @now: the time
 *
 * Its credits are for the caller to return.
 *
 * Context: &jobq.lock held.
 */
void jobq_running_del_locked(struct jobq_job *job, ktime_t now)
{
	struct jobq *q = job->q;

	lockdep_assert_held(&q->lock);
	q->head_since = now;
	if (!--q->num_running) {
		q->stats.busy_ns += ktime_to_ns(ktime_sub(now, q->busy_since));
		jobq_wake_locked(q);
	}
}

/* Asked about the oldest job in flight: can it be taken off the list? */
static bool jobq_has_ended_locked(struct jobq *q, struct jobq_job *job)
{
	return job->state == JOBQ_JOB_CANCELLED || job->seqno <= q->hw_done ||
	       q->hw_stopped;
}

static struct jobq_job *jobq_first_ended_locked(struct jobq *q)
{
	struct jobq_job *job;

	job = list_first_entry_or_null(&q->inflight, struct jobq_job, node);
	return job && jobq_has_ended_locked(q, job) ? job : NULL;
}

/**
 * jobq_can_signal_locked() - are there jobs that have ended, and nobody who signals?
 * @q: queue
 *
 * Context: &jobq.lock held.
 * Return: Whether a call of jobq_signal() would find something.
 */
bool jobq_can_signal_locked(struct jobq *q)
{
	lockdep_assert_held(&q->lock);
	return !q->signalling && jobq_first_ended_locked(q);
}

/* An ended job leaves the ring, if it is there. */
static void jobq_end_locked(struct jobq *q, struct jobq_job *job, ktime_t now)
{
	if (job->state != JOBQ_JOB_RUNNING)
		return;
	jobq_running_del_locked(job, now);
	if (job->seqno <= q->hw_done) {
		jobq_job_set_state_locked(job, JOBQ_JOB_DONE);
		q->stats.running_ns += ktime_to_ns(ktime_sub(now, job->run_at));
	} else {
		jobq_cancel_locked(job, q->error);
		q->credits += job->credits;
	}
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
		if (job->has_units)
			jobq_limit_return_locked(job);
	}
}

static void jobq_signal_one(struct jobq_job *job)
{
	struct dfence *fence = job->fence;

	trace_jobq_job_done(job);
	job->fence = NULL;
	dfence_signal(fence, job->error);
}

/**
 * jobq_free_later_locked() - have what is on &jobq.done freed
 * @q: queue that isn't dead
 *
 * By whoever puts a job of @q next: he is in process context and prepared for job_free.
 * A busy queue so needs no worker, nor a wake-up for it. For others there is a work item,
 * a little later.
 *
 * Context: &jobq.lock held.
 */
void jobq_free_later_locked(struct jobq *q)
{
	lockdep_assert_held(&q->lock);
	/* Pending: it will take the lock, and find what we have added. */
	if (!delayed_work_pending(&q->free_work))
		queue_delayed_work(jobq_free_wq, &q->free_work,
				   msecs_to_jiffies(JOBQ_FREE_DELAY_MS));
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
		jobq_free_later_locked(q);
		return;
	}
	list_for_each_entry_safe(job, tmp, batch, node) {
		list_del_init(&job->node);
		refcount_dec(&job->ref.refcount);
	}
}

/*
 * Get the duty to signal, and jobs to do it for; none if somebody else has it. Returns
 * whether there are any.
 */
static bool jobq_take_ended_locked(struct jobq *q, unsigned int *budget,
				   struct list_head *batch)
{
	struct list_head *last = &q->inflight;
	struct jobq_job *job;
	ktime_t now;

	if (!*budget || !jobq_can_signal_locked(q))
		return false;
	q->signalling = true;
	now = ktime_get();
	list_for_each_entry(job, &q->inflight, node) {
		if (!*budget || !jobq_has_ended_locked(q, job))
			break;
		jobq_end_locked(q, job, now);
		last = &job->node;
		--*budget;
	}
	list_cut_position(batch, &q->inflight, last);
	return true;
}

/*
 * With the duty to signal: do it for @batch, then get the next one. Returns whether there
 * is one; otherwise the duty ends, and if @ret_run isn't NULL it gets what
 * jobq_kick_locked() says.
 */
static bool jobq_signal_batch(struct jobq *q, unsigned int *budget, struct list_head *batch,
			      bool *ret_run)
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
	if (jobq_take_ended_locked(q, budget, batch))
		return true;
	jobq_wake_locked(q);
	if (q->orch && list_empty(&q->inflight))
		jobq_orch_notify_locked(q->orch);
	if (ret_run)
		*ret_run = jobq_kick_locked(q);
	return false;
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
	LIST_HEAD(batch);
	bool any;

	scoped_guard(spinlock_irqsave, &q->lock)
		any = jobq_take_ended_locked(q, budget, &batch);
	if (any)
		while (jobq_signal_batch(q, budget, &batch, NULL))
			;
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
	bool known, taken = false, run = false;
	unsigned int budget = JOBQ_BUDGET;
	unsigned long flags;
	LIST_HEAD(batch);

	guard(dfence_signalling)();
	flags = jobq_irq_save();
	scoped_guard(spinlock_irqsave, &q->lock) {
		known = jobq_note_done_locked(q, hw_seqno);
		if (known)
			taken = jobq_take_ended_locked(q, &budget, &batch);
		if (known && !taken)
			run = jobq_kick_locked(q);
	}
	while (taken)
		taken = jobq_signal_batch(q, &budget, &batch, &run);
	jobq_irq_restore(flags);

	if (!budget && jobq_go_on(q, &budget)) {
		jobq_signal_all(q);
		jobq_kick(q);
	} else if (run) {
		jobq_run(q);
	}
	return known ? 0 : -ERANGE;
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
	u64 last_run;
	u32 behind;

	scoped_guard(spinlock_irqsave, &q->lock)
		last_run = q->last_run;
	/*
	 * What runs, or is turned down by run_job, from here on is behind what the hardware
	 * has reported: it doesn't change the high half. Whether a job with the whole number
	 * has been run is looked at again.
	 */
	behind = lower_32_bits(last_run) - hw_seqno;
	if (behind > S32_MAX || behind > last_run)
		return -ERANGE;
	return jobq_complete(q, last_run - behind);
}
EXPORT_SYMBOL_NS_GPL(jobq_complete32, "JOBQ");

/**
 * jobq_retire_done() - put the queue's references to jobs that have ended
 * @q: queue to which the caller has, or is covered by, a reference
 *
 * Context: Process, may sleep; not in a dma_fence signalling critical section.
 */
void jobq_retire_done(struct jobq *q)
{
	LIST_HEAD(batch);

	scoped_guard(spinlock_irqsave, &q->lock) {
		if (list_empty(&q->done))
			return;
		list_splice_init(&q->done, &batch);
		q->retiring++;
	}
	jobq_job_retire_all(q, &batch);

	guard(spinlock_irqsave)(&q->lock);
	q->retiring--;
	jobq_wake_locked(q);
}

/**
 * jobq_is_retired() - is nobody retiring jobs any more?
 * @q: dead queue
 *
 * Context: Any. Condition to wait for on &jobq.idle.
 * Return: Whether all jobs that the queue had references to are retired.
 */
bool jobq_is_retired(struct jobq *q)
{
	guard(spinlock_irqsave)(&q->lock);
	return !q->retiring && list_empty(&q->done);
}

/* &jobq.free_work */
void jobq_free_fn(struct work_struct *work)
{
	jobq_retire_done(container_of(work, struct jobq, free_work.work));
}
