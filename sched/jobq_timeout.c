// SPDX-License-Identifier: GPL-2.0
/*
 * Jobs that take too long, and queues whose ring was reset.
 */

/**
 * DOC: jobq timeout
 *
 * The age of the oldest running job counts from when it became that, not from when
 * it was put into the ring. One delayed work looks at it: it isn't touched per job,
 * it queues itself for what is left.
 *
 * &jobq_ops.timedout is called with the queue stopped. If it answers %JOBQ_RESET,
 * the guilty job ends with -ETIME, and the others are taken out of the flight and
 * become the first pending ones again: same fence, same seqno, run_job once more, and
 * the same units of the queue's limit.
 * Jobs that completed while the driver was busy resetting have completed, the
 * supposedly guilty one included.
 */

#include <linux/bug.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/jiffies.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/wait.h>

#include <dfence/dfence.h>

#include "jobq_internal.h"

/* In jiffies. */
static unsigned long jobq_head_age_locked(struct jobq *q)
{
	s64 age_ns = ktime_to_ns(ktime_sub(ktime_get(), q->head_since));

	return age_ns > 0 ? nsecs_to_jiffies(age_ns) : 0;
}

/**
 * jobq_timeout_arm_locked() - make sure that somebody looks at the oldest job
 * @q: queue
 *
 * Context: &jobq.lock held.
 */
void jobq_timeout_arm_locked(struct jobq *q)
{
	unsigned long age;

	lockdep_assert_held(&q->lock);
	if (!q->timeout || q->timeout_armed || q->timeout_paused ||
	    !q->num_running || q->state >= JOBQ_KILLED)
		return;
	q->timeout_armed = true;
	age = jobq_head_age_locked(q);
	/* One more: the current jiffy has begun already. */
	queue_delayed_work(q->timeout_wq, &q->timeout_work,
			   age < q->timeout ? q->timeout - age + 1 : 1);
}

static struct jobq_job *jobq_oldest_running_locked(struct jobq *q)
{
	struct jobq_job *job;

	list_for_each_entry(job, &q->inflight, node)
		if (job->state == JOBQ_JOB_RUNNING && job->seqno > q->hw_done)
			return job;
	return NULL;
}

/* Returns the job that has timed out, with a reference, or looks again later. */
static struct jobq_job *jobq_get_timedout(struct jobq *q)
{
	struct jobq_job *job;

	guard(spinlock_irqsave)(&q->lock);
	q->timeout_armed = false;
	if (q->state >= JOBQ_KILLED || q->timeout_paused)
		return NULL;
	job = jobq_oldest_running_locked(q);
	/* It is somebody else's time that it waits for in hardware. */
	if (job)
		q->head_since = max(q->head_since, jobq_hw_waits_until(job));
	if (!job || jobq_head_age_locked(q) < q->timeout) {
		jobq_timeout_arm_locked(q);
		return NULL;
	}
	return jobq_job_get(job);
}

/*
 * With the queue stopped: is it still what it looked like? Meanwhile it may have
 * been run again after a reset, or the clock been stopped.
 */
static bool jobq_still_timedout(struct jobq *q, struct jobq_job *job)
{
	guard(spinlock_irqsave)(&q->lock);
	if (q->state >= JOBQ_KILLED || q->timeout_paused ||
	    jobq_oldest_running_locked(q) != job || jobq_head_age_locked(q) < q->timeout)
		return false;
	q->stats.timeouts++;
	return true;
}

static void jobq_handle_timeout(struct jobq *q, struct jobq_job *job)
{
	guard(mutex)(&q->hw_lock);
	if (!jobq_still_timedout(q, job))
		return;

	switch (q->ops->timedout(q, job)) {
	case JOBQ_NO_HANG:
		break;
	case JOBQ_RESET:
		jobq_reset(q, job);
		break;
	case JOBQ_GONE:
		jobq_kill(q, -ENODEV);
		jobq_stopped(q);
		break;
	}
	scoped_guard(spinlock_irqsave, &q->lock)
		q->head_since = ktime_get();
}

/* &jobq.timeout_work */
void jobq_timeout_fn(struct work_struct *work)
{
	struct jobq *q = container_of(work, struct jobq, timeout_work.work);
	struct jobq_job *job = jobq_get_timedout(q);

	if (!job)
		return;
	scoped_guard(dfence_signalling) {
		jobq_stop(q);
		jobq_handle_timeout(q, job);
		jobq_start(q);
		scoped_guard(spinlock_irqsave, &q->lock)
			jobq_timeout_arm_locked(q);
	}
	/*
	 * job_free may wait for locks that are held while waiting for fences of queues
	 * whose timeouts stand behind this one, if timeout_wq is ordered.
	 */
	jobq_job_put_later(job);
}

static void jobq_replay_locked(struct jobq_job *job)
{
	job->left_ring = true;
	/* Those who haven't been told that it was in the ring wait until it is again. */
	hlist_del_init(&job->in_ring);
	jobq_job_set_state_locked(job, JOBQ_JOB_PENDING);
}

/* What becomes of a job that is found in the ring after a reset. */
static void jobq_reset_job_locked(struct jobq *q, struct jobq_job *job,
				  struct jobq_job *guilty)
{
	jobq_running_del_locked(job, ktime_get());
	q->credits += job->credits;
	if (job == guilty)
		jobq_cancel_locked(job, -ETIME);
	else if (q->state >= JOBQ_KILLED)
		jobq_cancel_locked(job, q->error);
	else if (q->flags & JOBQ_CANCEL_INNOCENT)
		jobq_cancel_locked(job, -ECANCELED);
	else
		jobq_replay_locked(job);
}

static void jobq_reset_locked(struct jobq *q, struct jobq_job *guilty)
{
	struct jobq_job *job, *tmp;
	LIST_HEAD(replay);

	list_for_each_entry_safe(job, tmp, &q->inflight, node) {
		if (job->state == JOBQ_JOB_RUNNING && job->seqno > q->hw_done)
			jobq_reset_job_locked(q, job, guilty);
		/* What comes behind a replayed job has to wait for it again. */
		if (job->state == JOBQ_JOB_PENDING || !list_empty(&replay)) {
			list_move_tail(&job->node, &replay);
			q->num_pending++;
		}
	}
	job = list_first_entry_or_null(&replay, struct jobq_job, node);
	if (job)
		q->last_run = job->seqno - 1;
	list_splice(&replay, &q->pending);
}

/**
 * jobq_reset() - the ring was reset and is empty
 * @q: queue, stopped with jobq_stop()
 * @guilty: the job for which it was reset, or NULL
 *
 * For queues that a reset hit which weren't the cause; the library does this itself
 * for a queue whose &jobq_ops.timedout answered %JOBQ_RESET. The driver promises
 * that the hardware doesn't touch the memory of the queue's jobs any more. @guilty
 * ends with -ETIME, other jobs that were in the ring are run again by jobq_start(),
 * or end with -ECANCELED (%JOBQ_CANCEL_INNOCENT). Report what was complete before,
 * and clear the device's record of it: it would be taken for completions of the
 * jobs that are run again.
 *
 * Context: Process, may sleep: fences of jobs that have ended are signalled when it
 * returns. Enters a dma_fence signalling critical section.
 */
void jobq_reset(struct jobq *q, struct jobq_job *guilty)
{
	unsigned long flags;

	spin_lock_irqsave(&q->lock, flags);
	if (WARN(!q->stop_count, "jobq %s: reset while not stopped\n", q->name)) {
		spin_unlock_irqrestore(&q->lock, flags);
		return;
	}
	jobq_reset_locked(q, guilty);
	spin_unlock_irqrestore(&q->lock, flags);

	guard(dfence_signalling)();
	jobq_signal_all(q);
	/* Somebody else may be doing it: hw_ended of these isn't called beside new jobs. */
	jobq_wait_signalled(q);
}
EXPORT_SYMBOL_NS_GPL(jobq_reset, "JOBQ");

/**
 * jobq_stop() - run no more jobs
 * @q: queue
 *
 * Jobs in the ring go on, new ones are accepted and kept. Nests: each call needs
 * its jobq_start(). When this returns no &jobq_ops.run_job is running.
 *
 * Context: Process, may sleep. Not from run_job, nor holding a lock that run_job
 * takes.
 */
void jobq_stop(struct jobq *q)
{
	might_sleep();
	scoped_guard(spinlock_irqsave, &q->lock) {
		q->stop_count++;
		q->kicks++;
		if (q->state == JOBQ_RUNNING)
			jobq_set_state_locked(q, JOBQ_STOPPED);
	}
	wait_event(q->idle, jobq_settled(q));
}
EXPORT_SYMBOL_NS_GPL(jobq_stop, "JOBQ");

/**
 * jobq_start() - end a jobq_stop()
 * @q: queue
 *
 * The last one lets jobs run again, unless the queue was killed meanwhile.
 *
 * Context: Any. With %JOBQ_RUN_ATOMIC calls run_job.
 */
void jobq_start(struct jobq *q)
{
	scoped_guard(spinlock_irqsave, &q->lock) {
		if (WARN(!q->stop_count, "jobq %s: started while not stopped\n", q->name))
			return;
		if (!--q->stop_count && q->state == JOBQ_STOPPED)
			jobq_set_state_locked(q, JOBQ_RUNNING);
	}
	jobq_kick(q);
}
EXPORT_SYMBOL_NS_GPL(jobq_start, "JOBQ");

/**
 * jobq_timeout_suspend() - stop the clock of the timeout
 * @q: queue
 *
 * For times in which no job can make progress. Nests. A &jobq_ops.timedout that
 * has begun isn't stopped.
 *
 * Context: Any.
 */
void jobq_timeout_suspend(struct jobq *q)
{
	guard(spinlock_irqsave)(&q->lock);
	if (!q->timeout_paused++)
		q->paused_at = ktime_get();
}
EXPORT_SYMBOL_NS_GPL(jobq_timeout_suspend, "JOBQ");

/**
 * jobq_timeout_resume() - let the clock of the timeout go on
 * @q: queue
 *
 * Context: Any.
 */
void jobq_timeout_resume(struct jobq *q)
{
	ktime_t now = ktime_get();

	guard(spinlock_irqsave)(&q->lock);
	if (WARN(!q->timeout_paused, "jobq %s: timeout resumed while not suspended\n",
		 q->name))
		return;
	if (--q->timeout_paused)
		return;
	/* A job that became the oldest meanwhile has lost less. */
	if (ktime_after(q->head_since, q->paused_at))
		q->head_since = now;
	else
		q->head_since = ktime_add(q->head_since, ktime_sub(now, q->paused_at));
	jobq_timeout_arm_locked(q);
}
EXPORT_SYMBOL_NS_GPL(jobq_timeout_resume, "JOBQ");
