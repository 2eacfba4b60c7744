// SPDX-License-Identifier: GPL-2.0
/*
 * From commit to the ring: pushing jobs, and running what has become possible.
 */

/**
 * DOC: jobq running
 *
 * The head of the queue is run when its dependencies have signalled, its credits are
 * there, and the units that it takes of the queue's limit, if any. Who gets to do it:
 *
 * ::
 *
 *	what happens               %JOBQ_RUN_ATOMIC        run_job may sleep
 *	-------------------------  ----------------------  ---------------------
 *	jobq_commit()              right there             right there
 *	a dependency signals       irq_work                worker
 *	units of the limit         irq_work                worker
 *	jobq_complete()            right there             worker, if there's a job
 *	jobq_kick(), jobq_start()  right there             worker, if there's a job
 *
 * If somebody is at it already (&jobq.draining), he does it: he looks again under
 * the lock before he stops.
 */

#include <linux/atomic.h>
#include <linux/bug.h>
#include <linux/compiler.h>
#include <linux/dma-fence.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/jiffies.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>

#include <dfence/dfence.h>

#include "jobq_internal.h"
#include "jobq_trace.h"

#define JOBQ_RETRY_MS	10

/* Jobs of one queue that are committed together; @now: when they were pushed. */
struct jobq_group {
	struct jobq_job **jobs;
	unsigned int num;
	ktime_t now;
};

/* What is to be done with the head of a queue. */
enum jobq_fate {
	JOBQ_FATE_WAIT,
	JOBQ_FATE_HELD,		/* ready, but the queue is stopped */
	JOBQ_FATE_RUN,
	JOBQ_FATE_DROP,
};

static struct jobq_job *jobq_head_locked(struct jobq *q)
{
	return list_first_entry_or_null(&q->pending, struct jobq_job, node);
}

static enum jobq_fate jobq_fate_locked(struct jobq *q, struct jobq_job *job)
{
	lockdep_assert_held(&q->lock);
	if (!job || job->committing)
		return JOBQ_FATE_WAIT;
	if (q->state >= JOBQ_KILLED || job->state == JOBQ_JOB_CANCELLED)
		return JOBQ_FATE_DROP;
	/* Pairs with the decrement in jobq_dep_fired(): dep_error is valid. */
	if (atomic_read_acquire(&job->deps_left))
		return JOBQ_FATE_WAIT;
	if (job->dep_error && (job->flags & JOBQ_JOB_DEP_ERRORS))
		return JOBQ_FATE_DROP;
	if (q->state != JOBQ_RUNNING)
		return JOBQ_FATE_HELD;
	if (job->credits > q->credits)
		return JOBQ_FATE_WAIT;
	/* Whoever sets units aside for it takes it out of the line, then unblocks it. */
	if (job->limit_units && !list_empty(&q->limit_node))
		return JOBQ_FATE_WAIT;
	return JOBQ_FATE_RUN;
}

/* The head of @q is ready, but @q is stopped: perhaps for want of a ring. */
static void jobq_held_locked(struct jobq *q)
{
	if (q->orch)
		jobq_orch_notify_locked(q->orch);
}

/**
 * jobq_is_ready_locked() - does a queue need its ring?
 * @q: queue
 *
 * Context: &jobq.lock held.
 * Return: Whether its head waits for nothing, except perhaps for room or for the queue
 * to be started.
 */
bool jobq_is_ready_locked(struct jobq *q)
{
	struct jobq_job *job = jobq_head_locked(q);

	lockdep_assert_held(&q->lock);
	return job && !job->committing && q->state < JOBQ_KILLED &&
	       !atomic_read(&job->deps_left);
}

/**
 * jobq_is_replaying_locked() - are there jobs that were in the ring before a reset?
 * @q: queue
 *
 * Context: &jobq.lock held.
 * Return: Whether its head is to be run again.
 */
bool jobq_is_replaying_locked(struct jobq *q)
{
	struct jobq_job *job = jobq_head_locked(q);

	lockdep_assert_held(&q->lock);
	return job && job->left_ring && q->state < JOBQ_KILLED;
}

/**
 * jobq_cancel_locked() - decide that a job ends with an error
 * @job: committed job that hasn't ended
 * @error: -errno for its fence
 *
 * The fence signals when the job is the first one on &jobq.inflight. Its units of the
 * limit are returned here; its credits, if it has them, by the caller.
 *
 * Context: &jobq.lock held.
 */
void jobq_cancel_locked(struct jobq_job *job, int error)
{
	if (job->state == JOBQ_JOB_RUNNING)
		job->left_ring = true;
	jobq_job_set_state_locked(job, JOBQ_JOB_CANCELLED);
	job->error = error;
	if (job->has_units)
		jobq_limit_return_locked(job);
}

static void jobq_drop_head_locked(struct jobq *q, struct jobq_job *job)
{
	int error = q->state >= JOBQ_KILLED ? q->error : job->dep_error;

	/* It is cancelled already if it stood behind a job that is replayed. */
	if (job->state != JOBQ_JOB_CANCELLED)
		jobq_cancel_locked(job, error);
	list_move_tail(&job->node, &q->inflight);
	q->num_pending--;
}

/*
 * When is a job run that is run now? What may not sleep doesn't take so long that each job
 * needs a time of its own.
 */
static ktime_t jobq_run_time(struct jobq *q, ktime_t *now)
{
	ktime_t time = *now ?: ktime_get();

	*now = q->flags & JOBQ_RUN_ATOMIC ? time : 0;
	return time;
}

/*
 * Take the next job to run off the queue, with its credits; drop dead ones. Each costs
 * one of @budget. @now: the time, or 0.
 */
static struct jobq_job *jobq_take_locked(struct jobq *q, unsigned int *budget, ktime_t *now)
{
	struct jobq_job *job;

	for (; *budget; --*budget) {
		job = jobq_head_locked(q);
		switch (jobq_fate_locked(q, job)) {
		case JOBQ_FATE_WAIT:
			return NULL;
		case JOBQ_FATE_HELD:
			jobq_held_locked(q);
			return NULL;
		case JOBQ_FATE_DROP:
			jobq_drop_head_locked(q, job);
			continue;
		case JOBQ_FATE_RUN:
			if (job->limit_units && !jobq_limit_take_locked(job))
				return NULL;
			list_del_init(&job->node);
			q->num_pending--;
			q->credits -= job->credits;
			q->last_run = job->seqno;
			job->run_at = max(jobq_run_time(q, now), job->queued_at);
			--*budget;
			return job;
		}
	}
	return NULL;
}

/* Put @job where run_job's answer says. Returns false if it has to be retried. */
static bool jobq_ran_locked(struct jobq *q, struct jobq_job *job, int ret)
{
	if (!ret) {
		jobq_job_set_state_locked(job, JOBQ_JOB_RUNNING);
		list_add_tail(&job->node, &q->inflight);
		q->stats.run++;
		q->stats.pending_ns += ktime_to_ns(ktime_sub(job->run_at, job->queued_at));
		jobq_running_add_locked(job);
		trace_jobq_job_run(job);
		if (!hlist_empty(&job->waiters))
			jobq_hw_wait_in_ring_locked(job);
		return true;
	}

	q->credits += job->credits;
	if (ret == -EBUSY && q->state < JOBQ_KILLED) {
		/* Rings that wait for it in hardware may have what it would wait for. */
		if (job->has_units && !job->left_ring)
			jobq_limit_return_locked(job);
		list_add(&job->node, &q->pending);
		q->num_pending++;
		/* The hardware hasn't got it, so it can't report it. */
		q->last_run = job->seqno - 1;
		q->hw_done = min(q->hw_done, q->last_run);
		return false;
	}
	if (q->state >= JOBQ_KILLED)
		ret = q->error;
	jobq_cancel_locked(job, ret < 0 ? ret : -EIO);
	list_add_tail(&job->node, &q->inflight);
	return true;
}

static int jobq_run_one(struct jobq *q, struct jobq_job *job)
{
	if (job->num_lowered)
		jobq_hw_wait_emit(job);
	return q->ops->run_job(q, job);
}

/*
 * From here on jobs of one queue can run, be cancelled, end and be retired at any time.
 */
static void jobq_release_locked(struct jobq *q, const struct jobq_group *group)
{
	unsigned int i;

	for (i = 0; i < group->num; i++) {
		group->jobs[i]->committing = false;
		atomic_dec(&group->jobs[i]->deps_left);
	}
	q->committing -= group->num;
	if (!q->committing)
		jobq_wake_locked(q);
}

/*
 * Run all that can be run, within @budget, beginning with @group if that isn't NULL. The
 * queue's reference to the job that is in run_job is ours meanwhile: it is on no list.
 * Returns whether there are jobs that have ended, for whom nobody signals yet.
 */
static bool jobq_drain(struct jobq *q, const struct jobq_group *group, unsigned int *budget)
{
	ktime_t now = group ? group->now : 0;
	unsigned int kicks = 0, batch = 0;
	struct jobq_job *job;
	bool blocked = false, ended;
	unsigned long flags;
	int ret = 0;

	spin_lock_irqsave(&q->lock, flags);
	if (group)
		jobq_release_locked(q, group);
	if (q->draining)
		goto out;
	q->draining = true;

	for (;;) {
		/* No room on the hardware: only what has come since can help. */
		if (blocked && q->kicks == kicks)
			job = NULL;
		else
			job = jobq_take_locked(q, budget, &now);

		if (!job && !batch && (hlist_empty(&q->in_ring) || !*budget))
			break;
		kicks = job ? q->kicks : kicks;
		spin_unlock_irqrestore(&q->lock, flags);
		if (job)
			ret = jobq_run_one(q, job);
		else if (!batch)
			jobq_hw_wait_wake(q, budget);
		else if (q->ops->doorbell)
			q->ops->doorbell(q);
		spin_lock_irqsave(&q->lock, flags);

		if (!job) {
			batch = 0;
			continue;
		}
		blocked = !jobq_ran_locked(q, job, ret);
		batch += !blocked && !ret;
	}

	if (blocked && !q->num_running && q->state == JOBQ_RUNNING)
		mod_timer(&q->retry_timer, jiffies + msecs_to_jiffies(JOBQ_RETRY_MS));
	q->draining = false;
	jobq_wake_locked(q);
out:
	ended = jobq_can_signal_locked(q);
	spin_unlock_irqrestore(&q->lock, flags);
	return ended;
}

static void jobq_queue_worker(struct jobq *q)
{
	if (q->run_worker)
		kthread_queue_work(q->run_worker, &q->run_kwork);
	else
		queue_work(jobq_run_wq, &q->run_work);
}

/*
 * Whether somebody waits for the caller to be through: interrupts, or softirqs, of which
 * this may be one. PREEMPT_RT leaves interrupts enabled: there it's an interrupt's thread,
 * irq_work, or the holder of a lock that matters, too. All of them are in an RCU section, or
 * softirqs are off.
 */
static bool jobq_in_a_hurry(void)
{
	if (IS_ENABLED(CONFIG_PREEMPT_RT) && rcu_preempt_depth())
		return true;
	return softirq_count() || irqs_disabled();
}

/**
 * jobq_go_on() - what to do when the budget is used up
 * @q: queue; the caller neither runs jobs nor signals right now
 * @budget: refilled
 *
 * With interrupts or softirqs disabled, or what takes their place on PREEMPT_RT, the rest is
 * left to the worker. Not on a dead queue: there nobody else would do it, and committers are
 * waiting for it.
 *
 * Context: Any. Takes &jobq.lock.
 * Return: Whether the caller shall go on.
 */
bool jobq_go_on(struct jobq *q, unsigned int *budget)
{
	*budget = JOBQ_BUDGET;
	if (!jobq_in_a_hurry())
		return true;

	guard(spinlock_irqsave)(&q->lock);
	if (q->state == JOBQ_DEAD)
		return true;
	/* Before it dies, as then teardown waits for the worker. */
	jobq_queue_worker(q);
	return false;
}

/* jobq_run(), beginning with a group of jobs that are being committed, unless it's NULL. */
static void jobq_run_group(struct jobq *q, const struct jobq_group *group)
{
	bool atomic = q->flags & JOBQ_RUN_ATOMIC;
	unsigned int budget = JOBQ_BUDGET;
	unsigned long flags = 0;

	guard(dfence_signalling)();
	do {
		if (atomic)
			flags = jobq_irq_save();
		/* What has ended gives credits back, with which more may run. */
		while (jobq_drain(q, group, &budget) && jobq_signal(q, &budget) && budget)
			group = NULL;
		group = NULL;
		if (atomic)
			jobq_irq_restore(flags);
	} while (!budget && jobq_go_on(q, &budget));
}

/**
 * jobq_run() - run and signal all that can be run and signalled
 * @q: queue
 *
 * Context: Any if @q is %JOBQ_RUN_ATOMIC or has been killed; else process, as
 * run_job may sleep. Enters a dma_fence signalling critical section.
 */
void jobq_run(struct jobq *q)
{
	jobq_run_group(q, NULL);
}

/**
 * jobq_settled() - is no run_job running?
 * @q: queue; if it is stopped or killed the answer stays true
 *
 * Context: Any. Condition to wait for on &jobq.idle.
 * Return: Whether nobody is running jobs right now.
 */
bool jobq_settled(struct jobq *q)
{
	guard(spinlock_irqsave)(&q->lock);
	return !q->draining;
}

/**
 * jobq_run_later() - have somebody run a queue
 * @q: queue that hasn't been killed, or whose teardown waits for the caller
 *
 * Context: Any. Locks of queues and fences may be held.
 */
void jobq_run_later(struct jobq *q)
{
	if (q->flags & JOBQ_RUN_ATOMIC)
		irq_work_queue(&q->unblock_work);
	else
		jobq_queue_worker(q);
}

/**
 * jobq_unblocked() - the last dependency of a job has signalled
 * @q: queue
 *
 * A killed queue is left alone: its jobs are cancelled, whatever they waited for.
 * Teardown relies on that. Callbacks of jobs that a committer is retiring can
 * still come when teardown has waited for what earlier ones set off, so nothing
 * may be queued any more after the kill.
 *
 * Context: Any; locks of foreign fences may be held. Takes &jobq.lock.
 */
void jobq_unblocked(struct jobq *q)
{
	guard(spinlock_irqsave)(&q->lock);
	if (q->state < JOBQ_KILLED)
		jobq_run_later(q);
}

/**
 * jobq_kick_locked() - see whether a job can be run, and have it run
 * @q: queue
 *
 * Context: &jobq.lock held: teardown cancels the works that were queued before the kill.
 * Return: Whether the caller shall call jobq_run(), having released the lock.
 */
bool jobq_kick_locked(struct jobq *q)
{
	enum jobq_fate fate;

	lockdep_assert_held(&q->lock);
	q->kicks++;
	fate = jobq_fate_locked(q, jobq_head_locked(q));
	if (fate == JOBQ_FATE_HELD)
		jobq_held_locked(q);
	if (fate <= JOBQ_FATE_HELD)
		return false;
	if (q->state >= JOBQ_KILLED || (q->flags & JOBQ_RUN_ATOMIC))
		return true;
	jobq_queue_worker(q);
	return false;
}

/**
 * jobq_kick() - look again whether a job can be run
 * @q: queue
 *
 * For drivers whose run_job returned -EBUSY for want of something that isn't
 * returned by the completion of a job of this queue.
 *
 * Context: Any. With %JOBQ_RUN_ATOMIC calls run_job.
 */
void jobq_kick(struct jobq *q)
{
	bool run;

	scoped_guard(spinlock_irqsave, &q->lock)
		run = jobq_kick_locked(q);
	if (run)
		jobq_run(q);
}
EXPORT_SYMBOL_NS_GPL(jobq_kick, "JOBQ");

/* The work functions: see &struct jobq. */
void jobq_run_work_fn(struct work_struct *work)
{
	jobq_run(container_of(work, struct jobq, run_work));
}

void jobq_run_kwork_fn(struct kthread_work *work)
{
	jobq_run(container_of(work, struct jobq, run_kwork));
}

void jobq_unblock_fn(struct irq_work *work)
{
	jobq_run(container_of(work, struct jobq, unblock_work));
}

void jobq_retry_fn(struct timer_list *timer)
{
	struct jobq *q = timer_container_of(q, timer, retry_timer);

	jobq_kick(q);
}

/*
 * How many of @jobs, from the first one on, are of the same queue; no more than may be
 * done with interrupts disabled.
 */
static unsigned int jobq_same_queue(struct jobq_job **jobs, unsigned int num_jobs)
{
	unsigned int max = min(num_jobs, JOBQ_BUDGET), i;

	for (i = 1; i < max; i++)
		if (jobs[i]->q != jobs[0]->q)
			break;
	return i;
}

static void jobq_push_locked(struct jobq *q, struct jobq_job *job, ktime_t now)
{
	job->base = dma_fence_get(dfence_arm(job->fence));
	job->seqno = job->base->seqno;
	job->queued_at = now;
	jobq_job_set_state_locked(job, JOBQ_JOB_PENDING);
	list_add_tail(&jobq_job_get(job)->node, &q->pending);
	q->num_pending++;
	q->stats.queued++;
	trace_jobq_job_queue(job);
}

/*
 * Take the seqnos and the places in the queue, in one step, for jobs of one queue. They
 * can't run yet.
 */
static void jobq_push(struct jobq_job **jobs, unsigned int num_jobs)
{
	struct jobq *q = jobs[0]->q;
	unsigned int i;
	ktime_t now;

	guard(spinlock_irqsave)(&q->lock);
	now = ktime_get();
	q->committing += num_jobs;
	for (i = 0; i < num_jobs; i++)
		jobq_push_locked(q, jobs[i], now);
}

/*
 * Let go of jobs that have all been published, and run them. Others may have ended
 * meanwhile, but the caller's references keep them and their queues.
 */
static void jobq_release_and_run(struct jobq_job **jobs, unsigned int num_jobs)
{
	struct jobq_group group = { .now = jobs[0]->queued_at };
	unsigned int i;

	for (i = 0; i < num_jobs; i += group.num) {
		group.jobs = &jobs[i];
		group.num = jobq_same_queue(&jobs[i], num_jobs - i);
		jobq_run_group(jobs[i]->q, &group);
		/* If that has slept it's later now. */
		if (!(jobs[i]->q->flags & JOBQ_RUN_ATOMIC))
			group.now = 0;
	}
}

/* Wait for those jobs whose queue was dead before they were pushed. */
static void jobq_wait_if_dead(struct jobq_job **jobs, unsigned int num_jobs)
{
	unsigned int i;

	/* Without the lock: each was pushed under it since, so what we look for is seen. */
	for (i = 0; i < num_jobs; i++)
		if (READ_ONCE(jobs[i]->q->state) == JOBQ_DEAD)
			jobq_wait_late(jobs[i]->q);
}

/* Mark each of @jobs, unless one of them can't be committed. */
static bool jobq_check_group(struct jobq_job **jobs, unsigned int num_jobs)
{
	unsigned int i;

	for (i = 0; i < num_jobs; i++) {
		/* One that is marked stands there twice. */
		if (jobs[i]->state != JOBQ_JOB_PREPARED || jobs[i]->committing ||
		    (jobs[i]->num_deps && !jobq_deps_ordered(jobs[i])))
			break;
		jobs[i]->committing = true;
	}
	if (i == num_jobs)
		return true;
	WARN(1, "jobq %s: commit of a job that isn't prepared, or before what it depends on\n",
	     jobs[i]->q->name);
	while (i--)
		jobs[i]->committing = false;
	return false;
}

/**
 * jobq_commit() - submit a group of jobs, of one or several queues
 * @jobs: prepared jobs, each of them once; borrowed
 * @num_jobs: how many; 0 is fine
 *
 * Takes the seqnos in the order of @jobs, publishes the fences, queues the jobs
 * and runs what can be run. None of them runs before all are published. Jobs of a
 * queue that was killed meanwhile are cancelled: their fences signal with the
 * queue's error, those of other queues run.
 *
 * The queues take references of their own; the caller still has to put his. If one
 * of @jobs isn't prepared, is there twice, or depends (jobq_job_add_dep_job()) on a job
 * that neither was committed nor stands before it, this is reported, and none is
 * committed.
 *
 * Context: Process; run_job is called unless a job has to wait. A dma_fence
 * signalling critical section inside: doesn't allocate. No lock may be held that is
 * taken in run_job, or around signalling.
 */
void jobq_commit(struct jobq_job **jobs, unsigned int num_jobs)
{
	unsigned int i, n;

	if (!num_jobs || !jobq_check_group(jobs, num_jobs))
		return;

	scoped_guard(dfence_signalling) {
		for (i = 0; i < num_jobs; i += n) {
			n = jobq_same_queue(&jobs[i], num_jobs - i);
			jobq_push(&jobs[i], n);
		}
		for (i = 0; i < num_jobs; i++) {
			if (jobs[i]->num_deps)
				jobq_deps_register(jobs[i]);
			if (!list_empty(&jobs[i]->publish))
				jobq_publish_all(jobs[i]);
		}
		jobq_release_and_run(jobs, num_jobs);
	}
	jobq_wait_if_dead(jobs, num_jobs);
}
EXPORT_SYMBOL_NS_GPL(jobq_commit, "JOBQ");
