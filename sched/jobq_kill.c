// SPDX-License-Identifier: GPL-2.0
/*
 * The end of a queue: kill and teardown.
 */

/**
 * DOC: jobq kill
 *
 * ::
 *
 *	jobq_kill(): KILLED, pending jobs cancelled, kill_work queued
 *	    |
 *	kill_work: no run_job is running any more
 *	    |-- nothing in the ring ------------------------------+
 *	    |-- ops->stop(), then                                 |
 *	    |      jobq_stopped() ------------------------------->|
 *	    |      or all jobs complete ------------------------->|
 *	    |      or stop_timeout_ms pass: ops->force_stop() --->|
 *	    |                                                     v
 *	    +---------------------------------> running jobs signal with the error,
 *	                                        then the cancelled ones behind them
 *
 * jobq_teardown() kills, waits for all this, and goes on until there is no job
 * left: DEAD. It waits for commits that are under way, but for no dependency:
 * callbacks of jobs that ended are removed.
 */

#include <linux/bug.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/lockdep.h>
#include <linux/timer.h>
#include <linux/wait.h>

#include <dfence/dfence.h>

#include "jobq_internal.h"

/**
 * jobq_kill() - cancel everything, now and from now on
 * @q: queue
 * @error: -errno for the fences of cancelled jobs
 *
 * Jobs that haven't reached the hardware are cancelled. If there are any on the
 * hardware, it is asked to stop them, by a work item; they end when it has, see
 * jobq_stopped(). This doesn't wait. Calls after the first one do nothing.
 *
 * Context: Any. Signals fences.
 */
void jobq_kill(struct jobq *q, int error)
{
	if (WARN(error >= 0 || error < -MAX_ERRNO, "jobq %s: killed with error %d\n",
		 q->name, error))
		error = -ECANCELED;

	scoped_guard(spinlock_irqsave, &q->lock) {
		if (q->state >= JOBQ_KILLED)
			return;
		WRITE_ONCE(q->error, error);
		q->kicks++;
		jobq_set_state_locked(q, JOBQ_KILLED);
		/* Under the lock, so that teardown, which kills too, can cancel it. */
		queue_delayed_work(q->timeout_wq, &q->kill_work, 0);
	}
	jobq_run(q);
}
EXPORT_SYMBOL_NS_GPL(jobq_kill, "JOBQ");

/**
 * jobq_stopped() - the hardware is done with a queue that was killed
 * @q: queue
 *
 * The driver's answer to &jobq_ops.stop, or a statement of its own after
 * jobq_kill() when the device is gone: no DMA for jobs of this queue runs or can
 * start. Report jobs that were complete first. Running jobs end with the queue's
 * error. It may be called more than once.
 *
 * Context: Any. Signals fences.
 */
void jobq_stopped(struct jobq *q)
{
	scoped_guard(spinlock_irqsave, &q->lock) {
		if (WARN(q->state < JOBQ_KILLED, "jobq %s: stopped, but not killed\n",
			 q->name))
			return;
		q->hw_stopped = true;
		jobq_wake_locked(q);
	}
	jobq_run(q);
}
EXPORT_SYMBOL_NS_GPL(jobq_stopped, "JOBQ");

/* With the queue killed and settled: nothing of it is on the hardware. */
static bool jobq_quiet(struct jobq *q)
{
	guard(spinlock_irqsave)(&q->lock);
	return q->hw_stopped || !q->num_running;
}

/* Ask the hardware to stop. Returns false if there is no asking left to do. */
static bool jobq_ask_stop(struct jobq *q)
{
	if (!q->ops->stop || q->stop_sent)
		return false;
	q->stop_sent = true;
	q->ops->stop(q);
	return true;
}

/* &jobq.kill_work: once right after the kill, once more when time is up. */
void jobq_kill_fn(struct work_struct *work)
{
	struct jobq *q = container_of(work, struct jobq, kill_work.work);

	guard(dfence_signalling)();
	wait_event(q->idle, jobq_settled(q));
	guard(mutex)(&q->hw_lock);
	if (!jobq_quiet(q) && jobq_ask_stop(q)) {
		guard(spinlock_irqsave)(&q->lock);
		if (!q->hw_stopped)
			queue_delayed_work(q->timeout_wq, &q->kill_work,
					   q->stop_timeout);
		return;
	}
	if (!jobq_quiet(q))
		q->ops->force_stop(q);
	jobq_stopped(q);
}

/* What teardown waits for; kill_work sees to it. Once true it stays so. */
static bool jobq_settled_and_quiet(struct jobq *q)
{
	return jobq_settled(q) && jobq_quiet(q);
}

/* With no job left, and nobody about to add or end one, the queue is dead. */
static bool jobq_try_die(struct jobq *q)
{
	guard(spinlock_irqsave)(&q->lock);
	if (q->committing || q->draining || q->signalling ||
	    !list_empty(&q->pending) || !list_empty(&q->inflight))
		return false;
	if (q->state != JOBQ_DEAD)
		jobq_set_state_locked(q, JOBQ_DEAD);
	return true;
}

/**
 * jobq_wait_late() - wait for jobs that were committed after a teardown
 * @q: dead queue
 *
 * The fences may be signalled by somebody else right now, an interrupt handler that
 * came late, say. Nothing is freed here: the committer may hold locks that job_free
 * takes.
 *
 * Context: Process, may sleep.
 */
void jobq_wait_late(struct jobq *q)
{
	wait_event(q->idle, jobq_try_die(q));
}

static void jobq_cancel_works(struct jobq *q)
{
	/* Retiring removes the callbacks, which could queue the others. */
	cancel_delayed_work_sync(&q->free_work);
	jobq_retire_done(q);
	wait_event(q->idle, jobq_is_retired(q));
	irq_work_sync(&q->unblock_work);
	timer_shutdown_sync(&q->retry_timer);
	if (q->run_worker)
		kthread_cancel_work_sync(&q->run_kwork);
	else
		cancel_work_sync(&q->run_work);
}

/**
 * jobq_teardown() - end a queue for good
 * @q: queue
 *
 * Kills it (with -ECANCELED, if it wasn't killed before) and waits until the
 * hardware has stopped: for &jobq_args.stop_timeout_ms after &jobq_ops.stop, then
 * with &jobq_ops.force_stop, both on &jobq_args.timeout_wq. It waits for no
 * dependency.
 *
 * When it returns the state is %JOBQ_DEAD, the fences of all jobs ever committed
 * have signalled, none of the library's callbacks and work items runs or will run
 * for @q, and no op is called any more but job_free and release, when the driver
 * puts references of its own. A jobq_commit() that comes later cancels its jobs.
 * May be called more than once, also concurrently.
 *
 * Context: Process, sleeps. Not from an op, nor holding a lock that an op takes,
 * nor from a work item on &jobq_args.timeout_wq.
 */
void jobq_teardown(struct jobq *q)
{
	might_sleep();
	guard(mutex)(&q->teardown_lock);
	if (jobq_state(q) == JOBQ_DEAD)
		return;

	jobq_kill(q, -ECANCELED);
	cancel_delayed_work_sync(&q->timeout_work);
	wait_event(q->idle, jobq_settled_and_quiet(q));
	cancel_delayed_work_sync(&q->kill_work);
	jobq_stopped(q);
	wait_event(q->idle, jobq_try_die(q));
	jobq_cancel_works(q);
}
EXPORT_SYMBOL_NS_GPL(jobq_teardown, "JOBQ");
