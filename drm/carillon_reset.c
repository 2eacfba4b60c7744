// SPDX-License-Identifier: GPL-2.0
/*
 * When a job hangs, a ring breaks, or the device goes.
 */

/**
 * DOC: Hangs
 *
 * A job that takes too long is looked at in this order:
 *
 * 1. The completion record says that it has ended: the interrupt was lost. The
 *    job completes as if nothing had been.
 * 2. The device isn't there: the queue is killed with -ENODEV, and so will the
 *    others be.
 * 3. Its ring is asked to stop. When it has, the job gets -ETIME and the queue
 *    is guilty. The jobs behind it hadn't begun, since a ring runs one at a time:
 *    they are run again, in the same order, from the beginning.
 *    If the job ends while its ring is being stopped, the job behind it may be half
 *    done. Then the queue is killed, without guilt, as below.
 * 4. The ring doesn't answer: the device is reset, and all rings with it. What that
 *    costs is looked up when the device is back, and can't do anything any more. Other
 *    queues that had a job on their rings are killed, with the mark that they are
 *    innocent: the job in front may have been half done, and running it twice could be
 *    wrong. But if their rings only waited for others (DOC: Semaphores) none of their jobs
 *    had begun: these are run again. Queues with empty rings go on.
 *
 * Whether a job may have begun the device says: it counts the slots that it has consumed
 * in memory, those with waits, too, before it looks at the next one. A job that is run again
 * waits again for what hasn't ended; DOC: jobq hardware waits says why no ring does so for
 * ever.
 *
 * A function-level reset does to queues what 4. does.
 *
 * A queue whose process has rung its doorbell for jobs that there aren't is killed with
 * -EIO, and is guilty: see DOC: Doorbells.
 *
 * No fence signals before the device has said that the ring has stopped, has come
 * back from reset, or was cut off the bus.
 *
 * All of that runs on one ordered workqueue per device. What it can meet is the end of a
 * queue whose idle ring doesn't answer, and a function-level reset. queues_mutex is held
 * over a device reset, so that no queue comes or goes, and who comes second finds his ring
 * disabled: there is no other reset, which would cost more innocent jobs.
 */

#include <linux/cleanup.h>
#include <linux/lockdep.h>

#include <drm/drm_device.h>
#include <drm/drm_print.h>

#include <bound/bound_gate.h>
#include <dfence/dfence.h>

#include "carillon_core.h"
#include "carillon_device.h"
#include "carillon_queue.h"
#include "carillon_reset.h"
#include "carillon_ring.h"
#include "carillon_sched.h"

static void carillon_reset_kill_innocent(struct carillon_queue *q)
{
	/* One that is dead already has lost its jobs to something else. */
	if (q->cdev->sched->queue_error(q))
		return;
	set_bit(CARILLON_QUEUE_INNOCENT, &q->flags);
	carillon_queue_kill(q, -ECANCELED);
}

/* What has ended before its ring was quiet has ended. */
static void carillon_reset_complete(struct carillon_queue *q)
{
	(void)q->cdev->sched->queue_complete(q, carillon_ring_seqno(q->ring));
}

/*
 * With a ring that is quiet, and whose results are known: is there a job that may be half
 * done? A ring runs one at a time, so that can only be the oldest one.
 */
static bool carillon_reset_has_begun(struct carillon_queue *q)
{
	u32 pos;

	return q->cdev->sched->queue_oldest(q, &pos) &&
	       carillon_ring_may_have_begun(q->ring, pos);
}

/* The device was reset under a ring, whose queue is held: what becomes of its jobs? */
static void carillon_reset_see_to_jobs(struct carillon_queue *q)
{
	/* Those are cancelled, or will be. */
	if (q->cdev->sched->queue_error(q) || carillon_core_is_lost(q->cdev->core))
		return;
	/* The interrupt may be lost, or somebody be about to signal. */
	carillon_reset_complete(q);
	q->cdev->sched->queue_settle(q);
	if (carillon_reset_has_begun(q))
		carillon_reset_kill_innocent(q);
	else
		q->cdev->sched->queue_replay(q);
}

/*
 * No queue but @except, or NULL, puts anything on its ring then. All of them before anything
 * else: a job that is cancelled can make one of another queue ready to run.
 */
static void carillon_reset_hold_queues(struct carillon_device *cdev, struct carillon_queue *except)
{
	struct carillon_queue *q;

	lockdep_assert_held(&cdev->queues_mutex);

	list_for_each_entry(q, &cdev->queues, node)
		if (q != except && !test_and_set_bit(CARILLON_QUEUE_HELD, &q->flags))
			cdev->sched->queue_hold(q);
}

/**
 * carillon_reset_revive_queue() - make the ring of a queue usable after a device reset
 * @tok: token of a gate of the device
 * @q: the queue, stopped, its ring disabled; if that fails it is killed
 *
 * Context: Process; takes ring_mutex. May be called on the way to signalling a fence.
 * Return: 0, also if @q was killed before; -EAGAIN: a function-level reset is under
 * way, at whose end all queues are revived; -ENODEV or -EIO: @q was killed.
 */
int carillon_reset_revive_queue(const struct bound_token *tok, struct carillon_queue *q)
{
	int ret;

	if (q->cdev->sched->queue_error(q))
		return 0;
	/* Restarting clears the results of jobs whose fences are being signalled. */
	q->cdev->sched->queue_settle(q);
	ret = carillon_ring_restart(tok, q->ring);
	if (ret == -ENODEV)
		carillon_queue_kill(q, -ENODEV);
	else if (ret && ret != -EAGAIN)
		carillon_reset_kill_innocent(q);
	return ret;
}

static void carillon_reset_release_queue(const struct bound_token *tok, struct carillon_queue *q)
{
	/* One that came into being meanwhile has a ring that is enabled, with jobs, maybe. */
	if (!test_bit(CARILLON_QUEUE_HELD, &q->flags))
		return;
	carillon_reset_see_to_jobs(q);
	if (carillon_reset_revive_queue(tok, q) == -EAGAIN)
		return;
	clear_bit(CARILLON_QUEUE_HELD, &q->flags);
	q->cdev->sched->queue_release(q);
}

/* Resets the device because of @guilty, whose ring the caller sees to. */
static int carillon_reset_device(const struct bound_token *tok, struct carillon_queue *guilty)
{
	struct carillon_device *cdev = guilty->cdev;
	struct carillon_queue *q;
	int ret;

	guard(mutex)(&cdev->queues_mutex);

	/* Somebody else has reset it while we waited, or the ring has answered after all. */
	if (carillon_ring_has_stopped(guilty->ring))
		return carillon_core_is_lost(cdev->core) ? -ENODEV : 0;
	carillon_reset_hold_queues(cdev, guilty);
	ret = carillon_core_reset(tok, cdev->core);
	list_for_each_entry(q, &cdev->queues, node)
		if (q != guilty)
			carillon_reset_release_queue(tok, q);
	return ret;
}

/**
 * carillon_reset_quiesce() - make the device do nothing for a queue any more
 * @tok: token of a gate of the device
 * @q: the queue
 *
 * Context: Process, sleeps for a bounded time; takes ring_mutex, and queues_mutex
 * for a device reset. May be called on the way to signalling a fence.
 * Return: 0, or -ENODEV: the device is lost. It does nothing in both cases.
 */
int carillon_reset_quiesce(const struct bound_token *tok, struct carillon_queue *q)
{
	if (!carillon_ring_stop(tok, q->ring))
		return carillon_core_is_lost(q->cdev->core) ? -ENODEV : 0;
	return carillon_reset_device(tok, q);
}

/*
 * In the middle of a function-level reset the ring stays disabled until the end of that.
 * Should the queue put jobs there before it is held, they are lost like those of others.
 */
static int carillon_reset_restart(const struct bound_token *tok, struct carillon_queue *q)
{
	int ret = carillon_ring_restart(tok, q->ring);

	return ret == -EAGAIN ? 0 : ret;
}

static enum carillon_verdict carillon_reset_ring(const struct bound_token *tok,
						 struct carillon_queue *q,
						 struct carillon_job *job)
{
	bool begun;

	if (!carillon_core_check(tok, q->cdev->core))
		return CARILLON_GONE;
	if (carillon_reset_quiesce(tok, q))
		return CARILLON_GONE;

	carillon_reset_complete(q);
	q->cdev->sched->queue_settle(q);
	begun = carillon_reset_has_begun(q);
	if (begun && q->cdev->sched->job_has_ended(job)) {
		carillon_reset_kill_innocent(q);
		return CARILLON_NO_HANG;
	}
	/*
	 * It has ended after all, and the next one hasn't begun; or it hasn't begun itself. The
	 * ring forgets that when it's restarted, and somebody who resets the device may ask.
	 */
	if (!begun)
		q->cdev->sched->queue_replay(q);
	if (carillon_reset_restart(tok, q))
		return CARILLON_GONE;
	return begun ? CARILLON_RESET : CARILLON_NO_HANG;
}

/**
 * carillon_reset_timedout() - see to a job that takes too long
 * @q: its queue, which puts nothing on the ring meanwhile
 * @job: the oldest job on the ring
 * @seqno: its number there
 *
 * Context: Process, on the device's reset_wq.
 * Return: What was done about it.
 */
enum carillon_verdict carillon_reset_timedout(struct carillon_queue *q, struct carillon_job *job,
					      u64 seqno)
{
	u64 done = carillon_ring_seqno(q->ring);
	enum carillon_verdict verdict = CARILLON_GONE;

	/* A number that was never given out is no proof of anything. */
	if (done >= seqno && !q->cdev->sched->queue_complete(q, done)) {
		drm_info(&q->cdev->drm, "ring %u: interrupt of job %llu was lost\n",
			 carillon_ring_index(q->ring), done);
		return CARILLON_NO_HANG;
	}

	scoped_cond_guard(bound, return CARILLON_GONE, q->cdev->hw_gate)
		verdict = carillon_reset_ring(&scope, q, job);

	if (verdict == CARILLON_RESET) {
		drm_warn(&q->cdev->drm, "ring %u was reset, job %llu took too long\n",
			 carillon_ring_index(q->ring), seqno);
		set_bit(CARILLON_QUEUE_GUILTY, &q->flags);
		atomic_inc(&q->resets);
	}
	return verdict;
}

/**
 * carillon_reset_stop() - ask the ring to stop
 * @q: queue that was killed
 *
 * The answer is &carillon_sched_ops.queue_stopped.
 *
 * Context: Process, on the device's reset_wq. Doesn't wait.
 */
void carillon_reset_stop(struct carillon_queue *q)
{
	/* From here on the interrupt handler answers. */
	set_bit(CARILLON_QUEUE_STOPPING, &q->flags);
	if (!carillon_ring_has_stopped(q->ring)) {
		scoped_cond_guard(bound, {}, q->cdev->hw_gate)
			carillon_ring_request_stop(&scope, q->ring);
	}
	if (carillon_ring_has_stopped(q->ring)) {
		carillon_reset_complete(q);
		q->cdev->sched->queue_stopped(q);
	}
}

/**
 * carillon_reset_force_stop() - make the ring stop
 * @q: queue whose ring hasn't answered
 *
 * Context: Process, on the device's reset_wq; sleeps for a bounded time.
 */
void carillon_reset_force_stop(struct carillon_queue *q)
{
	/*
	 * Refused: the PCI driver has been unbound, which ends after all rings
	 * were destroyed.
	 */
	scoped_cond_guard(bound, return, q->cdev->hw_gate)
		(void)carillon_reset_quiesce(&scope, q);
	carillon_reset_complete(q);
}

/**
 * carillon_reset_fault() - &carillon_ring_ops.fault
 * @ring: the ring
 * @data: the queue
 * @fault: enum crln_ring_fault
 *
 * Context: Process, ring_mutex held.
 */
void carillon_reset_fault(struct carillon_ring *ring, void *data, u32 fault)
{
	struct carillon_queue *q = data;

	/* About a ring that is being stopped. */
	if (q->cdev->sched->queue_error(q))
		return;
	drm_err_ratelimited(&q->cdev->drm, "ring %u is broken: fault %u\n",
			    carillon_ring_index(ring), fault);
	set_bit(CARILLON_QUEUE_GUILTY, &q->flags);
	carillon_queue_kill(q, -EIO);
}

static void carillon_reset_lost(void *data)
{
	struct carillon_device *cdev = data;
	struct carillon_queue *q;

	guard(dfence_signalling)();
	guard(mutex)(&cdev->queues_mutex);
	WRITE_ONCE(cdev->lost, true);
	list_for_each_entry(q, &cdev->queues, node)
		carillon_queue_kill(q, -ENODEV);
}

/*
 * No ring can be enabled before the device is back, so no queue can be made. One that
 * is made right then, before carillon_reset_done() gets to it, isn't held.
 */
static void carillon_reset_prepare(void *data)
{
	struct carillon_device *cdev = data;

	guard(dfence_signalling)();
	guard(mutex)(&cdev->queues_mutex);
	carillon_reset_hold_queues(cdev, NULL);
}

static void carillon_reset_done(void *data)
{
	struct carillon_device *cdev = data;
	struct carillon_queue *q;

	guard(dfence_signalling)();
	guard(mutex)(&cdev->queues_mutex);
	scoped_cond_guard(bound, return, cdev->hw_gate)
		list_for_each_entry(q, &cdev->queues, node)
			carillon_reset_release_queue(&scope, q);
}

const struct carillon_core_client_ops carillon_reset_client_ops = {
	.lost = carillon_reset_lost,
	.reset_prepare = carillon_reset_prepare,
	.reset_done = carillon_reset_done,
};
