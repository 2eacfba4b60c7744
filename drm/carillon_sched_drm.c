// SPDX-License-Identifier: GPL-2.0
/*
 * Queues over drm_gpu_scheduler.
 */

/**
 * DOC: scheduler=drm_sched
 *
 * The peer of jobq: the same driver over the kernel's own scheduler, in the way that other
 * drivers for firmware schedulers use it: one scheduler and one entity for each ring,
 * timeouts on an ordered workqueue of the device, one credit for each slot of the ring.
 *
 * ::
 *
 *	commit        scheduler's worker      ring           interrupt, kill, …
 *	------        ------------------      ----           ------------------
 *	QUEUED -----> prepare_job: waits
 *	   |          run_job: READY -------> RUNNING -----> DONE ------+
 *	   |                                     |                      v
 *	   +------------- kill, dependency ------+--------> CANCELLED  fence signals,
 *	                                                                free_job follows
 *
 * What differs from jobq: each job is run and freed by a worker, two hops at least between
 * the ioctl and the doorbell, and more when it has dependencies. A job that is added
 * starts the clock of the timeout anew, as long as there is room on the ring, so a hang can
 * be noticed later than after a timeout. Commits of all queues are done one after another,
 * as the scheduler wants a job armed and pushed under one lock. No ring is made to wait for
 * another one: dependencies are waited for in software, always. What happens to jobs is in
 * the scheduler's own tracepoints (gpu_scheduler). Errors, their order and what ioctls say
 * are the same.
 */

/**
 * DOC: drm_sched teardown
 *
 * The scheduler hasn't decided in all cases what becomes of its objects when things end.
 * What is known of that, and what is done here about it (Linux 7.2):
 *
 * - **Fences that outlive it.** Jobs' "finished" fences find their timeline's name in
 *   &drm_gpu_scheduler until they have signalled, and call into gpu-sched.ko when they are
 *   freed: a sync_file must not be open for longer than these are there. They aren't given
 *   out. What user space gets is the driver's own fence, which other drivers have only at
 *   run_job: here it is made before the commit (dfence_alloc()) and gets its number with
 *   it. The scheduler gets the very same fence from run_job.
 * - **Errors and order.** drm_sched_entity_kill() ends jobs with -ESRCH, and a run_job
 *   that returns an error ends its job before those that are still running. So no run_job
 *   returns one: a job that was cancelled has its place among those that run, and its
 *   fence signals when it's the oldest.
 * - **Killing waits for dependencies.** drm_sched_entity_kill() signals a job when all its
 *   dependencies have, so that a fence that never does keeps the job, its entity and its
 *   scheduler for ever. Here an entity waits for one fence of ours that stands for them
 *   (&drm_sched_backend_ops.prepare_job), and which the kill signals. The entity then runs
 *   empty, by run_job, in the ordinary way.
 * - **The entity's callback.** drm_sched_entity_fini() looks at what the entity waits for
 *   without a lock; should that signal right then it's put twice. As there are no jobs any
 *   more, and our fence has signalled, it finds nothing. Nor does it wait for the callback,
 *   which goes on to the scheduler when it has let the entity go on: somebody else can run
 *   the last job meanwhile. So who signals our fence is waited for.
 * - **Work on the system's workqueue.** Jobs that drm_sched_entity_kill() finds are freed
 *   by work items for which nobody can wait, be it before the scheduler goes or the
 *   module. It finds none.
 * - **drm_sched_fini() with jobs.** They leak, or, with &drm_sched_backend_ops.cancel_job,
 *   are freed while the hardware may still use their memory, and jobs of entities aren't
 *   looked at. We count the jobs that are the scheduler's, and wait until it has freed all
 *   of them, before its entity and itself are torn down. Those that come later are
 *   cancelled at the commit and never become its.
 * - **Entities after their scheduler.** drm_sched_entity_destroy() at the closing of a
 *   file, after drm_sched_fini() at unbind, uses freed memory. Both go together, in the
 *   queue's teardown, which is what close and unbind do. drm_sched_job_init() still works
 *   then, as jobs keep the memory of the queue.
 * - **Timeout and completion.** A job that timed out is off the scheduler's list while
 *   &drm_sched_backend_ops.timedout_job runs, and leaks unless it's put back: by
 *   drm_sched_stop(), or by the answer DRM_GPU_SCHED_STAT_NO_HANG. The latter is given
 *   always: what there is to say about the job is said by its fence. So nothing is
 *   stopped, no callback removed, and nobody needs to know whether the job was freed by
 *   drm_sched_stop() (it is if the fence was faster than the reset).
 * - **The name.** drm_sched_init() makes it the format string of a workqueue's name, so
 *   it's no place for what a process is called.
 * - **Pausing.** drm_sched_wqueue_stop() can be overtaken by somebody who has looked at
 *   the flag before and queues the work after, nor does it nest. While a ring is being
 *   reset run_job isn't stopped, it just doesn't put anything on the ring. drm_sched_fini()
 *   relies on it when it frees the run queues, right when the worker that has freed the
 *   last job, which is what we wait for, looks for the next one to run. So we stop it
 *   once before: by the second time that worker has ended, and what it queued is cancelled.
 */

#include <linux/err.h>
#include <linux/irqflags.h>
#include <linux/jiffies.h>
#include <linux/limits.h>
#include <linux/lockdep.h>
#include <linux/preempt.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <drm/drm_device.h>

#include <dfence/dfence.h>
#include <dfence/dfence_ctx.h>

#include "carillon_device.h"
#include "carillon_reset.h"
#include "carillon_sched_drm.h"

/* Fences that are signalled before other interrupts get a chance. */
#define CARILLON_DS_BUDGET	512

static void carillon_ds_wake_locked(struct carillon_ds_queue *q)
{
	lockdep_assert_held(&q->lock);
	/* The lock is the barrier: the sleeper's condition takes it, too. */
	if (waitqueue_active(&q->idle))
		wake_up_all(&q->idle);
}

/**
 * carillon_ds_cancel_locked() - decide that a job ends with an error
 * @job: committed job that hasn't ended
 * @error: for its fence
 *
 * Context: &carillon_ds_queue.lock held.
 */
void carillon_ds_cancel_locked(struct carillon_ds_job *job, int error)
{
	lockdep_assert_held(&job->q->lock);
	job->state = CARILLON_DS_CANCELLED;
	job->error = error;
}

/* Returns the next job for the ring, moved to those in flight; cancelled ones go there, too. */
static struct carillon_ds_job *carillon_ds_next_locked(struct carillon_ds_queue *q)
{
	struct carillon_ds_job *job;

	while ((job = list_first_entry_or_null(&q->pending, struct carillon_ds_job, node))) {
		if (job->state == CARILLON_DS_QUEUED)
			return NULL;
		if (job->state == CARILLON_DS_READY && q->hold)
			return NULL;
		list_move_tail(&job->node, &q->inflight);
		if (job->state == CARILLON_DS_READY)
			return job;
	}
	return NULL;
}

/* The scheduler's credits are slots: there is one. */
static void carillon_ds_push_locked(struct carillon_ds_queue *q, struct carillon_ds_job *job)
{
	job->state = CARILLON_DS_RUNNING;
	q->stats.run++;
	q->last_run = job->seqno;
	if (!q->num_running++)
		q->head_since = ktime_get();
	carillon_job_push(&q->base, &job->base, job->seqno);
}

/* Puts on the ring what can be put there. Who finds somebody at it leaves it to him. */
static void carillon_ds_feed(struct carillon_ds_queue *q)
{
	struct carillon_ds_job *job;
	unsigned long flags;

	spin_lock_irqsave(&q->lock, flags);
	if (q->feeding)
		goto out;
	q->feeding = true;
	while ((job = carillon_ds_next_locked(q))) {
		do {
			carillon_ds_push_locked(q, job);
		} while ((job = carillon_ds_next_locked(q)));
		spin_unlock_irqrestore(&q->lock, flags);
		carillon_job_doorbell(&q->base);
		spin_lock_irqsave(&q->lock, flags);
	}
	q->feeding = false;
	carillon_ds_wake_locked(q);
out:
	spin_unlock_irqrestore(&q->lock, flags);
}

static bool carillon_ds_has_ended_locked(struct carillon_ds_queue *q, struct carillon_ds_job *job)
{
	return job->state == CARILLON_DS_CANCELLED || job->seqno <= q->hw_done || q->hw_stopped;
}

static struct carillon_ds_job *carillon_ds_oldest_locked(struct carillon_ds_queue *q)
{
	return list_first_entry_or_null(&q->inflight, struct carillon_ds_job, node);
}

static struct carillon_ds_job *carillon_ds_take_ended_locked(struct carillon_ds_queue *q)
{
	struct carillon_ds_job *job = carillon_ds_oldest_locked(q);

	if (!job || !carillon_ds_has_ended_locked(q, job))
		return NULL;
	if (job->state == CARILLON_DS_RUNNING) {
		q->num_running--;
		q->head_since = ktime_get();
		if (job->seqno <= q->hw_done)
			job->state = CARILLON_DS_DONE;
		else
			carillon_ds_cancel_locked(job, q->error);
	}
	list_del_init(&job->node);
	return job;
}

/* Counted before: who has waited for the fence finds it there. Afterwards the job is gone. */
static void carillon_ds_signal_job(struct carillon_ds_queue *q, struct carillon_ds_job *job)
{
	struct dfence *fence = job->fence;
	int error = job->error;

	if (job->state == CARILLON_DS_DONE)
		error = carillon_job_result(&q->base, &job->base, job->seqno);
	scoped_guard(spinlock_irqsave, &q->lock) {
		if (job->state == CARILLON_DS_DONE)
			q->stats.done++;
		else
			q->stats.cancelled++;
		q->stats.errors += !!error;
		job->fence = NULL;
	}
	dfence_signal(fence, error);
}

/*
 * How many fences to signal at a time. Interrupts and softirqs aren't to wait for all of them,
 * nor is the thread that PREEMPT_RT makes of an interrupt, with softirqs off and before almost
 * everybody else, to have the CPU that long. There the irq_work that goes on is a thread of
 * the lowest real-time priority which can be preempted, so that one is no hurry for anybody.
 */
static unsigned int carillon_ds_budget(void)
{
	return irqs_disabled() || softirq_count() ? CARILLON_DS_BUDGET : UINT_MAX;
}

/*
 * Signals in order, as one context at a time does it, for all others. Jobs that were
 * cancelled are as many as user space likes: who has no time for them leaves the rest to
 * irq_work.
 */
static void carillon_ds_signal(struct carillon_ds_queue *q)
{
	unsigned int budget = carillon_ds_budget();
	struct carillon_ds_job *job;
	unsigned long flags;

	spin_lock_irqsave(&q->lock, flags);
	if (q->signalling)
		goto out;
	q->signalling = true;
	while (budget && (job = carillon_ds_take_ended_locked(q))) {
		spin_unlock_irqrestore(&q->lock, flags);
		carillon_ds_signal_job(q, job);
		spin_lock_irqsave(&q->lock, flags);
		budget--;
	}
	if (!budget)
		irq_work_queue(&q->irq_work);
	q->signalling = false;
	carillon_ds_wake_locked(q);
out:
	spin_unlock_irqrestore(&q->lock, flags);
}

/**
 * carillon_ds_run() - put on the ring what can be, signal what has ended
 * @q: the queue
 *
 * Context: Process. In a dma_fence signalling critical section.
 */
void carillon_ds_run(struct carillon_ds_queue *q)
{
	carillon_ds_feed(q);
	carillon_ds_signal(q);
}

/**
 * carillon_ds_unblock() - end the entity's wait if there is nothing to wait for any more
 * @q: the queue
 *
 * Context: Any; no fence's lock may be held.
 */
void carillon_ds_unblock(struct carillon_ds_queue *q)
{
	struct dfence *wait = NULL;

	scoped_guard(spinlock_irqsave, &q->lock) {
		struct carillon_ds_job *job = q->waiting;

		if (job && (q->error || !atomic_read(&job->deps_left))) {
			q->waiting = NULL;
			wait = job->wait;
			job->wait = NULL;
			q->unblocking++;
		}
	}
	if (!wait)
		return;
	dfence_signal(wait, 0);
	scoped_guard(spinlock_irqsave, &q->lock) {
		q->unblocking--;
		carillon_ds_wake_locked(q);
	}
}

static void carillon_ds_irq_work_fn(struct irq_work *work)
{
	struct carillon_ds_queue *q = container_of(work, struct carillon_ds_queue, irq_work);

	guard(dfence_signalling)();
	carillon_ds_unblock(q);
	carillon_ds_signal(q);
}

static int carillon_ds_complete(struct carillon_queue *base, u64 seqno)
{
	struct carillon_ds_queue *q = to_ds_queue(base);

	guard(dfence_signalling)();
	scoped_guard(spinlock_irqsave, &q->lock) {
		if (seqno > q->last_run)
			return -ERANGE;
		q->hw_done = max(q->hw_done, seqno);
	}
	carillon_ds_signal(q);
	return 0;
}

static void carillon_ds_kill(struct carillon_queue *base, int error)
{
	struct carillon_ds_queue *q = to_ds_queue(base);
	struct carillon_ds_job *job;

	guard(dfence_signalling)();
	scoped_guard(spinlock_irqsave, &q->lock) {
		if (q->error)
			return;
		WRITE_ONCE(q->error, error);
		list_for_each_entry(job, &q->pending, node)
			if (job->state != CARILLON_DS_CANCELLED)
				carillon_ds_cancel_locked(job, error);
		list_splice_tail_init(&q->pending, &q->inflight);
		/* Under the lock, so that teardown, which kills too, can cancel it. */
		queue_delayed_work(q->reset_wq, &q->stop_work, 0);
	}
	carillon_ds_unblock(q);
	carillon_ds_signal(q);
}

static void carillon_ds_stopped(struct carillon_queue *base)
{
	struct carillon_ds_queue *q = to_ds_queue(base);

	guard(dfence_signalling)();
	scoped_guard(spinlock_irqsave, &q->lock) {
		q->hw_stopped = true;
		carillon_ds_wake_locked(q);
	}
	carillon_ds_signal(q);
}

static bool carillon_ds_is_fed(struct carillon_ds_queue *q)
{
	guard(spinlock_irqsave)(&q->lock);
	return !q->feeding;
}

static bool carillon_ds_is_quiet(struct carillon_ds_queue *q)
{
	guard(spinlock_irqsave)(&q->lock);
	return q->hw_stopped || !q->num_running;
}

/* Once right after the kill, once more when the time for an answer is up. */
static void carillon_ds_stop_fn(struct work_struct *work)
{
	struct carillon_ds_queue *q = container_of(to_delayed_work(work),
						   struct carillon_ds_queue, stop_work);

	guard(dfence_signalling)();
	wait_event(q->idle, carillon_ds_is_fed(q));
	if (!carillon_ds_is_quiet(q) && !q->stop_sent) {
		q->stop_sent = true;
		carillon_reset_stop(&q->base);
		if (!carillon_ds_is_quiet(q)) {
			queue_delayed_work(q->reset_wq, &q->stop_work,
					   msecs_to_jiffies(CARILLON_STOP_TIMEOUT_MS));
			return;
		}
	}
	if (!carillon_ds_is_quiet(q))
		carillon_reset_force_stop(&q->base);
	carillon_ds_stopped(&q->base);
}

static void carillon_ds_hold(struct carillon_queue *base)
{
	struct carillon_ds_queue *q = to_ds_queue(base);

	scoped_guard(spinlock_irqsave, &q->lock)
		q->hold++;
	wait_event(q->idle, carillon_ds_is_fed(q));
}

static void carillon_ds_release(struct carillon_queue *base)
{
	struct carillon_ds_queue *q = to_ds_queue(base);

	guard(dfence_signalling)();
	scoped_guard(spinlock_irqsave, &q->lock)
		if (!WARN_ON_ONCE(!q->hold))
			q->hold--;
	/* The scheduler's clock has gone on for jobs that get to the ring only now. */
	drm_sched_resume_timeout(&q->sched, q->sched.timeout);
	carillon_ds_run(q);
}

static bool carillon_ds_is_settled(struct carillon_ds_queue *q)
{
	struct carillon_ds_job *job;

	guard(spinlock_irqsave)(&q->lock);
	job = carillon_ds_oldest_locked(q);
	return !q->signalling && !(job && carillon_ds_has_ended_locked(q, job));
}

static void carillon_ds_settle(struct carillon_queue *base)
{
	struct carillon_ds_queue *q = to_ds_queue(base);

	wait_event(q->idle, carillon_ds_is_settled(q));
}

static bool carillon_ds_is_empty(struct carillon_ds_queue *q)
{
	guard(spinlock_irqsave)(&q->lock);
	return !q->feeding && !q->signalling && list_empty(&q->inflight);
}

static int carillon_ds_drain(struct carillon_queue *base, unsigned int timeout_ms)
{
	struct carillon_ds_queue *q = to_ds_queue(base);

	if (!wait_event_timeout(q->idle, carillon_ds_is_empty(q), msecs_to_jiffies(timeout_ms)))
		return -ETIMEDOUT;
	/* The last job may have ended while it was looked at for taking too long. */
	flush_workqueue(q->reset_wq);
	return 0;
}

static bool carillon_ds_oldest(struct carillon_queue *base, u32 *ret_pos)
{
	struct carillon_ds_queue *q = to_ds_queue(base);
	struct carillon_ds_job *job;

	guard(spinlock_irqsave)(&q->lock);
	list_for_each_entry(job, &q->inflight, node) {
		if (job->state != CARILLON_DS_RUNNING)
			continue;
		*ret_pos = job->base.pos;
		return true;
	}
	return false;
}

/* The ring was reset: what becomes of a job that was on it. */
static void carillon_ds_reset_job_locked(struct carillon_ds_queue *q, struct carillon_ds_job *job,
					 struct carillon_ds_job *guilty)
{
	q->num_running--;
	if (job == guilty)
		carillon_ds_cancel_locked(job, -ETIME);
	else if (q->error)
		carillon_ds_cancel_locked(job, q->error);
	else
		job->state = CARILLON_DS_READY;
}

static void carillon_ds_reset(struct carillon_ds_queue *q, struct carillon_ds_job *guilty)
{
	struct carillon_ds_job *job, *tmp;
	LIST_HEAD(again);

	scoped_guard(spinlock_irqsave, &q->lock) {
		list_for_each_entry_safe(job, tmp, &q->inflight, node) {
			if (job->state == CARILLON_DS_RUNNING && job->seqno > q->hw_done)
				carillon_ds_reset_job_locked(q, job, guilty);
			/* What comes behind a job that is run again has to wait for it. */
			if (job->state == CARILLON_DS_READY || !list_empty(&again))
				list_move_tail(&job->node, &again);
		}
		job = list_first_entry_or_null(&again, struct carillon_ds_job, node);
		if (job)
			q->last_run = job->seqno - 1;
		list_splice(&again, &q->pending);
	}
	carillon_ds_signal(q);
}

static void carillon_ds_replay(struct carillon_queue *base)
{
	carillon_ds_reset(to_ds_queue(base), NULL);
}

/*
 * The scheduler's clock began with run_job, when the job before was freed, or when the queue
 * was released: that's about when the job became the oldest one on the ring.
 */
static bool carillon_ds_has_timed_out(struct carillon_ds_queue *q, struct carillon_ds_job *job)
{
	guard(spinlock_irqsave)(&q->lock);
	if (q->error || job->state != CARILLON_DS_RUNNING || job->seqno <= q->hw_done ||
	    ktime_ms_delta(ktime_get(), q->head_since) < q->timeout_ms / 2)
		return false;
	q->stats.timeouts++;
	return true;
}

static void carillon_ds_handle_timeout(struct carillon_ds_queue *q, struct carillon_ds_job *job)
{
	if (!carillon_ds_has_timed_out(q, job))
		return;

	switch (carillon_reset_timedout(&q->base, &job->base, job->seqno)) {
	case CARILLON_NO_HANG:
		break;
	case CARILLON_RESET:
		carillon_ds_reset(q, job);
		break;
	case CARILLON_GONE:
		carillon_ds_kill(&q->base, -ENODEV);
		carillon_ds_stopped(&q->base);
		break;
	}
	scoped_guard(spinlock_irqsave, &q->lock)
		q->head_since = ktime_get();
}

static enum drm_gpu_sched_stat carillon_ds_timedout(struct drm_sched_job *sched_job)
{
	struct carillon_ds_job *job = container_of(sched_job, struct carillon_ds_job, sched);
	struct carillon_ds_queue *q = job->q;

	guard(dfence_signalling)();
	carillon_ds_hold(&q->base);
	carillon_ds_handle_timeout(q, job);
	carillon_ds_release(&q->base);
	/* In any case: it is put back, and freed if its fence has signalled. */
	return DRM_GPU_SCHED_STAT_NO_HANG;
}

static const struct drm_sched_backend_ops carillon_ds_backend_ops = {
	.prepare_job = carillon_ds_job_wait_fence,
	.run_job = carillon_ds_job_run,
	.timedout_job = carillon_ds_timedout,
	.free_job = carillon_ds_job_free,
};

/*
 * With no job left, hence none on the ring, and nobody at work on any, or in a callback of the
 * entity, it is dead.
 */
static bool carillon_ds_try_die(struct carillon_ds_queue *q)
{
	guard(spinlock_irqsave)(&q->lock);
	if (q->num_jobs || q->feeding || q->signalling || q->unblocking)
		return false;
	q->dead = true;
	return true;
}

static void carillon_ds_teardown(struct carillon_queue *base)
{
	struct carillon_ds_queue *q = to_ds_queue(base);

	if (q->dead)
		return;
	carillon_ds_kill(base, -ECANCELED);
	wait_event(q->idle, carillon_ds_try_die(q));
	cancel_delayed_work_sync(&q->stop_work);
	/* Retired jobs have no callbacks that could queue it. */
	irq_work_sync(&q->irq_work);
	drm_sched_entity_fini(&q->entity);
	/* drm_sched_fini() does it again: then nobody overtakes it. */
	drm_sched_wqueue_stop(&q->sched);
	drm_sched_fini(&q->sched);
}

static int carillon_ds_error(struct carillon_queue *base)
{
	return READ_ONCE(to_ds_queue(base)->error);
}

static void carillon_ds_stats(struct carillon_queue *base, struct carillon_sched_stats *ret_stats)
{
	struct carillon_ds_queue *q = to_ds_queue(base);

	guard(spinlock_irqsave)(&q->lock);
	*ret_stats = q->stats;
}

/**
 * carillon_ds_queue_get() - &carillon_sched_ops.queue_get
 * @base: the queue
 *
 * Context: Any.
 */
void carillon_ds_queue_get(struct carillon_queue *base)
{
	kref_get(&to_ds_queue(base)->ref);
}

/* No fence is live: each job has a reference to its queue until its fences have signalled. */
static void carillon_ds_put_ctx(struct dfence_ctx *ctx)
{
	dfence_ctx_declare_quiet(ctx);
	WARN_ON_ONCE(dfence_ctx_live(ctx));
	WARN_ON_ONCE(dfence_ctx_shut(ctx, -ECANCELED));
	dfence_ctx_put(ctx);
}

static void carillon_ds_queue_free(struct kref *ref)
{
	struct carillon_ds_queue *q = container_of(ref, struct carillon_ds_queue, ref);

	WARN_ON_ONCE(!q->dead);
	carillon_queue_fini(&q->base);
	carillon_ds_put_ctx(q->wait_ctx);
	carillon_ds_put_ctx(q->ctx);
	kfree(q);
}

/**
 * carillon_ds_queue_put() - &carillon_sched_ops.queue_put
 * @base: the queue
 *
 * Context: Process, may sleep.
 */
void carillon_ds_queue_put(struct carillon_queue *base)
{
	kref_put(&to_ds_queue(base)->ref, carillon_ds_queue_free);
}

static struct dfence_ctx *carillon_ds_create_ctx(const char *name)
{
	const struct dfence_ctx_args args = {
		.driver_name = "carillon",
		.timeline_name = name,
	};

	return dfence_ctx_create(&args);
}

static int carillon_ds_init_sched(struct carillon_ds_queue *q, struct carillon_device *cdev,
				  u32 slots)
{
	const struct drm_sched_init_args args = {
		.ops = &carillon_ds_backend_ops,
		.num_rqs = 1,
		.credit_limit = slots,
		.timeout = msecs_to_jiffies(q->timeout_ms),
		.timeout_wq = cdev->reset_wq,
		.name = q->name,
		.dev = cdev->drm.dev,
	};
	struct drm_gpu_scheduler *list = &q->sched;
	int ret;

	ret = drm_sched_init(&q->sched, &args);
	if (ret)
		return ret;
	ret = drm_sched_entity_init(&q->entity, DRM_SCHED_PRIORITY_KERNEL, &list, 1, NULL);
	if (ret)
		drm_sched_fini(&q->sched);
	return ret;
}

static void carillon_ds_init_state(struct carillon_ds_queue *q, struct carillon_device *cdev,
				   const char *name)
{
	kref_init(&q->ref);
	strscpy(q->name, name);
	/* It becomes the format of a workqueue's name, and a process chooses its own. */
	strreplace(q->name, '%', '_');
	q->reset_wq = cdev->reset_wq;
	q->timeout_ms = carillon_job_timeout_ms();
	spin_lock_init(&q->lock);
	INIT_LIST_HEAD(&q->pending);
	INIT_LIST_HEAD(&q->inflight);
	init_waitqueue_head(&q->idle);
	init_irq_work(&q->irq_work, carillon_ds_irq_work_fn);
	INIT_DELAYED_WORK(&q->stop_work, carillon_ds_stop_fn);
}

static struct carillon_queue *carillon_ds_create(struct carillon_device *cdev, const char *name,
						 u32 slots)
{
	struct carillon_ds_queue *q;
	int ret;

	q = kzalloc_obj(*q);
	if (!q)
		return ERR_PTR(-ENOMEM);
	carillon_ds_init_state(q, cdev, name);
	q->ctx = carillon_ds_create_ctx(name);
	if (IS_ERR(q->ctx)) {
		ret = PTR_ERR(q->ctx);
		goto err_free;
	}
	q->wait_ctx = carillon_ds_create_ctx("dependencies");
	if (IS_ERR(q->wait_ctx)) {
		ret = PTR_ERR(q->wait_ctx);
		goto err_ctx;
	}
	ret = carillon_ds_init_sched(q, cdev, slots);
	if (ret)
		goto err_wait_ctx;
	return &q->base;

err_wait_ctx:
	carillon_ds_put_ctx(q->wait_ctx);
err_ctx:
	carillon_ds_put_ctx(q->ctx);
err_free:
	kfree(q);
	return ERR_PTR(ret);
}

const struct carillon_sched_ops carillon_sched_drm = {
	.name = "drm_sched",
	.queue_create = carillon_ds_create,
	.queue_get = carillon_ds_queue_get,
	.queue_put = carillon_ds_queue_put,
	.queue_kill = carillon_ds_kill,
	.queue_teardown = carillon_ds_teardown,
	.queue_error = carillon_ds_error,
	.queue_stats = carillon_ds_stats,
	.queue_complete = carillon_ds_complete,
	.queue_stopped = carillon_ds_stopped,
	.queue_hold = carillon_ds_hold,
	.queue_release = carillon_ds_release,
	.queue_settle = carillon_ds_settle,
	.queue_drain = carillon_ds_drain,
	.queue_oldest = carillon_ds_oldest,
	.queue_replay = carillon_ds_replay,
	.job_create = carillon_ds_job_create,
	.job_put = carillon_ds_job_put,
	.job_add_dep = carillon_ds_job_add_dep,
	.job_add_dep_job = carillon_ds_job_add_dep_job,
	.job_add_publish = carillon_ds_job_add_publish,
	.job_prepare = carillon_ds_job_prepare,
	.commit = carillon_ds_commit,
	.job_has_ended = carillon_ds_job_has_ended,
};
