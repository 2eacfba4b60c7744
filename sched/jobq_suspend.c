// SPDX-License-Identifier: GPL-2.0
/*
 * Emptying the ring without losing a job: suspend and resume.
 */

/**
 * DOC: jobq suspend
 *
 * For system sleep, and for whatever else needs a ring that is empty while its queue
 * lives on. jobq_suspend() stops the queue and waits, for a bounded time, until all
 * that is in the ring has ended and has signalled. Jobs that didn't reach the ring are
 * kept, new ones are accepted; they run after jobq_resume().
 *
 * A suspended queue is a stopped one, so the two nest in each other, in any order:
 *
 * ::
 *
 *	what happens           while jobq_suspend() waits     while suspended
 *	---------------------  -----------------------------  -----------------------------
 *	jobq_commit()          jobs are kept                  jobs are kept
 *	jobq_complete()        as usual                       -ERANGE or nothing, no job runs
 *	a job hangs            timedout(), as usual           no clock, as no job runs
 *	jobq_stop(), _start()  nest                           nest
 *	jobq_suspend()         nests, each waits              nests, returns at once
 *	jobq_reset()           ends the wait                  nothing to reset
 *	jobq_kill()            ends the wait when the         jobs are cancelled; no op but
 *	                       hardware has stopped           hw_ended, the ring is empty
 *	jobq_teardown()        like jobq_kill()               the same
 *	jobq_resume()          of an earlier suspend: nests   the last one runs what was kept
 *
 * The clock of the timeout runs on while jobq_suspend() waits, so that a job that
 * hangs is dealt with in the one way that there is. It ends with -ETIME, and those
 * behind it are run again after jobq_resume(). A driver that wants to go to sleep
 * waits for a little longer than the timeout and what a reset takes. If that wasn't
 * enough, or it has no timeouts, -ETIMEDOUT leaves the queue as it was. Then it may
 * give up, or take the ring away itself; with a jobq_stop() of its own around all of
 * it, nothing gets into the ring in between::
 *
 *	jobq_stop(q);
 *	if (jobq_suspend(q, ms)) {
 *		reset the ring
 *		jobq_reset(q, guilty);
 *		ret = jobq_suspend(q, 0);
 *	}
 *	...
 *	jobq_resume(q);
 *	jobq_start(q);
 *
 * To suspend all queues of a device, stop all of them first: then they empty their
 * rings at the same time.
 */

#include <linux/errno.h>
#include <linux/export.h>
#include <linux/jiffies.h>
#include <linux/mutex.h>
#include <linux/wait.h>

#include "jobq_internal.h"

/* With the queue stopped: all that was in the ring has ended, and has signalled. */
static bool jobq_is_empty(struct jobq *q)
{
	guard(spinlock_irqsave)(&q->lock);
	return !q->draining && jobq_is_empty_locked(q);
}

/**
 * jobq_suspend() - run no more jobs and wait until the ring is empty
 * @q: queue
 * @timeout_ms: how long to wait for jobs in the ring
 *
 * In success &jobq_ops.run_job, &jobq_ops.doorbell, &jobq_ops.job_error,
 * &jobq_ops.timedout, &jobq_ops.stop and &jobq_ops.force_stop aren't running, and
 * aren't called before jobq_resume(): the device may be switched off. Each
 * success needs its jobq_resume().
 *
 * Context: Process, sleeps. Not from an op, nor holding a lock that one takes, nor
 * from a work item on &jobq_args.timeout_wq.
 * Return: 0; -ETIMEDOUT: there are still jobs in the ring; the queue is as before.
 */
int jobq_suspend(struct jobq *q, unsigned int timeout_ms)
{
	jobq_stop(q);
	if (!wait_event_timeout(q->idle, jobq_is_empty(q), msecs_to_jiffies(timeout_ms))) {
		jobq_start(q);
		return -ETIMEDOUT;
	}
	/*
	 * The job may have ended while timedout or stop look at the hardware. They
	 * aren't called again: who gets the lock from now on finds no job.
	 */
	mutex_lock(&q->hw_lock);
	mutex_unlock(&q->hw_lock);
	return 0;
}
EXPORT_SYMBOL_NS_GPL(jobq_suspend, "JOBQ");

/**
 * jobq_resume() - end a jobq_suspend()
 * @q: queue
 *
 * The last one, with no jobq_stop() left either, lets jobs run again, unless the
 * queue was killed meanwhile. The ring has to be ready for them.
 *
 * Context: Any. With %JOBQ_RUN_ATOMIC calls run_job.
 */
void jobq_resume(struct jobq *q)
{
	jobq_start(q);
}
EXPORT_SYMBOL_NS_GPL(jobq_resume, "JOBQ");
