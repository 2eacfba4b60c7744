// SPDX-License-Identifier: GPL-2.0
/*
 * The job object: its life and its states.
 */

#include <kunit/visibility.h>
#include <linux/bug.h>
#include <linux/compiler.h>
#include <linux/dma-fence.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/lockdep.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <dfence/dfence.h>

#include "jobq_internal.h"
#include "jobq_trace.h"

static const u8 jobq_job_moves[] = {
	[JOBQ_JOB_NEW] = BIT(JOBQ_JOB_PREPARED),
	[JOBQ_JOB_PREPARED] = BIT(JOBQ_JOB_PENDING),
	[JOBQ_JOB_PENDING] = BIT(JOBQ_JOB_RUNNING) | BIT(JOBQ_JOB_CANCELLED),
	[JOBQ_JOB_RUNNING] = BIT(JOBQ_JOB_DONE) | BIT(JOBQ_JOB_CANCELLED) |
			     BIT(JOBQ_JOB_PENDING),
	[JOBQ_JOB_DONE] = 0,
	[JOBQ_JOB_CANCELLED] = 0,
};

static void jobq_job_set_state(struct jobq_job *job, enum jobq_job_state state)
{
	if (WARN(!(jobq_job_moves[job->state] & BIT(state)),
		 "jobq %s: job %llu, state %d -> %d\n", job->q->name, job->seqno,
		 job->state, state))
		return;
	trace_jobq_job_state(job, state);
	job->state = state;
}

/**
 * jobq_job_set_state_locked() - the only way to change the state of a committed job
 * @job: job
 * @state: new state
 *
 * Context: &jobq.lock held. An illegal move is reported and not made.
 */
void jobq_job_set_state_locked(struct jobq_job *job, enum jobq_job_state state)
{
	lockdep_assert_held(&job->q->lock);
	jobq_job_set_state(job, state);
}
EXPORT_SYMBOL_IF_KUNIT(jobq_job_set_state_locked);

/**
 * jobq_job_init() - begin to put a job together
 * @job: memory of the caller, usually embedded in the driver's job object
 * @q: queue that it is for; @job takes a reference
 * @args: what it needs
 *
 * The caller gets the first reference, to be given back with jobq_job_put(). From
 * here on &jobq_ops.job_free frees the memory.
 *
 * Context: Process.
 * Return: 0; -EINVAL: unknown flag, or units though the queue has no limit; -E2BIG: it
 * needs more credits than the ring has, or more units than the limit; the queue's
 * error if it was killed. In error @job is the caller's to free.
 */
int jobq_job_init(struct jobq_job *job, struct jobq *q,
		  const struct jobq_job_args *args)
{
	/* A snapshot: it may be killed at any time, also after this. */
	int error = READ_ONCE(q->error);
	int ret;

	if (args->flags & ~JOBQ_JOB_DEP_ERRORS)
		return -EINVAL;
	if (args->credits > q->credit_limit)
		return -E2BIG;
	ret = args->limit_units ? jobq_limit_check(q, args->limit_units) : 0;
	if (ret)
		return ret;
	if (error)
		return error;

	memset(job, 0, sizeof(*job));
	kref_init(&job->ref);
	job->q = jobq_get(q);
	job->state = JOBQ_JOB_NEW;
	job->flags = args->flags;
	job->credits = args->credits;
	job->limit_units = args->limit_units;
	job->client_id = args->client_id;
	atomic_set(&job->deps_left, 1);
	INIT_LIST_HEAD(&job->publish);
	INIT_LIST_HEAD(&job->node);
	return 0;
}
EXPORT_SYMBOL_NS_GPL(jobq_job_init, "JOBQ");

/**
 * jobq_job_get() - take a reference to a job
 * @job: job to which the caller has, or is covered by, a reference
 *
 * Context: Any.
 * Return: @job.
 */
struct jobq_job *jobq_job_get(struct jobq_job *job)
{
	kref_get(&job->ref);
	return job;
}
EXPORT_SYMBOL_NS_GPL(jobq_job_get, "JOBQ");

/**
 * jobq_job_retire() - let go of everything that a job needed until it ended
 * @job: job whose fence has signalled, or which won't be committed
 * @dead: gets jobs whose last reference was the one of @job
 *
 * When it returns no dependency callback of @job runs or will run.
 *
 * Context: Process, may sleep. By one context at a time.
 */
void jobq_job_retire(struct jobq_job *job, struct list_head *dead)
{
	if (job->deps)
		jobq_deps_fini(job, dead);
	if (!list_empty(&job->publish))
		jobq_publish_fini(job);
}

/**
 * jobq_job_drop() - put a reference, but leave the freeing to the caller
 * @job: job or NULL
 * @dead: where it is added if that was its last reference
 *
 * Context: Any.
 */
void jobq_job_drop(struct jobq_job *job, struct list_head *dead)
{
	/* On no list of the queue any more: that would be a reference. */
	if (job && refcount_dec_and_test(&job->ref.refcount))
		list_add_tail(&job->node, dead);
}

/* Free a job without references, but leave the one to its queue to the caller. */
static void jobq_job_destroy(struct jobq_job *job, struct list_head *dead)
{
	/* Of most jobs that were committed nothing is left to retire. */
	jobq_job_retire(job, dead);
	if (job->fence)
		dfence_free(job->fence);
	dma_fence_put(job->base);
	job->q->ops->job_free(job);
}

/**
 * jobq_job_free_dead() - free jobs without references
 * @dead: filled by jobq_job_drop(); empty afterwards
 *
 * In a roll back each job of a group can have the last reference to the one before:
 * a loop, as recursion would go as deep as user space likes.
 *
 * Context: Process, may sleep; not in a dma_fence signalling critical section.
 */
void jobq_job_free_dead(struct list_head *dead)
{
	struct jobq_job *job;
	struct jobq *q;

	while ((job = list_first_entry_or_null(dead, struct jobq_job, node))) {
		list_del_init(&job->node);
		q = job->q;
		jobq_job_destroy(job, dead);
		jobq_put(q);
		/* They can be as many as user space likes. */
		cond_resched();
	}
}

/**
 * jobq_job_retire_all() - retire jobs of one queue, and put its references to them
 * @q: their queue, to which the caller has, or is covered by, a reference
 * @batch: jobs that have ended, on no list of @q; can't be used any more
 *
 * Context: Process, may sleep; not in a dma_fence signalling critical section.
 */
void jobq_job_retire_all(struct jobq *q, struct list_head *batch)
{
	struct jobq_job *job, *tmp;
	unsigned int freed = 0;
	LIST_HEAD(dead);

	list_for_each_entry_safe(job, tmp, batch, node) {
		/* Not removed one by one: nobody looks at the rest of the list. */
		INIT_LIST_HEAD(&job->node);
		jobq_job_retire(job, &dead);
		if (!refcount_dec_and_test(&job->ref.refcount))
			continue;
		jobq_job_destroy(job, &dead);
		freed++;
		cond_resched();
	}
	jobq_job_free_dead(&dead);
	jobq_put_many(q, freed);
}

static void jobq_job_release(struct kref *ref)
{
	LIST_HEAD(dead);

	list_add_tail(&container_of(ref, struct jobq_job, ref)->node, &dead);
	jobq_job_free_dead(&dead);
}

/**
 * jobq_job_put() - give a reference to a job back
 * @job: job or NULL
 *
 * The last one frees: after the job has ended, or, if it was never committed, by
 * rolling back what was prepared. Other jobs of the queue that have ended are freed here,
 * too.
 *
 * Context: Process, may sleep; not in a dma_fence signalling critical section, nor holding
 * a lock that job_free takes.
 */
void jobq_job_put(struct jobq_job *job)
{
	might_sleep();
	if (!job)
		return;
	/* Without the lock: what is missed is for the next one, or for free_work. */
	if (!list_empty(&job->q->done))
		jobq_retire_done(job->q);
	kref_put(&job->ref, jobq_job_release);
}
EXPORT_SYMBOL_NS_GPL(jobq_job_put, "JOBQ");

/**
 * jobq_job_put_later() - put a reference to a job, and free nothing here
 * @job: committed job or NULL; the caller has, or is covered by, a reference to its queue
 *
 * For callers that hold locks which job_free may take.
 *
 * Context: Any. On a dead queue, where nobody would free it later: that of job_free.
 */
void jobq_job_put_later(struct jobq_job *job)
{
	struct jobq *q;

	if (!job || refcount_dec_not_one(&job->ref.refcount))
		return;
	/* Nobody else has one, so it is retired and on no list. */
	q = job->q;
	scoped_guard(spinlock_irqsave, &q->lock) {
		if (q->state != JOBQ_DEAD) {
			list_add_tail(&job->node, &q->done);
			jobq_free_later_locked(q);
			return;
		}
	}
	kref_put(&job->ref, jobq_job_release);
}

/**
 * jobq_job_add_credits() - let a job take more room in the ring
 * @job: job in state %JOBQ_JOB_NEW
 * @credits: how much more
 *
 * Context: Any; nobody else uses the job.
 * Return: 0; -E2BIG: it would need more than the ring has; -EINVAL if it was prepared
 * already.
 */
int jobq_job_add_credits(struct jobq_job *job, u32 credits)
{
	if (job->state != JOBQ_JOB_NEW)
		return -EINVAL;
	if (credits > job->q->credit_limit - job->credits)
		return -E2BIG;
	job->credits += credits;
	return 0;
}
EXPORT_SYMBOL_NS_GPL(jobq_job_add_credits, "JOBQ");

static int jobq_job_prepare_hw_wait(struct jobq_job *job)
{
	int ret = jobq_hw_wait_prepare(job);

	if (ret)
		return ret;
	job->fence = jobq_hw_wait_fence(job);
	return job->fence ? 0 : -ENOMEM;
}

/**
 * jobq_job_prepare() - the last step that can fail
 * @job: job in state %JOBQ_JOB_NEW, dependencies and out-fences added
 *
 * Context: Process, may sleep.
 * Return: 0, and the job is %JOBQ_JOB_PREPARED; -ENOMEM; -EINVAL if it was
 * prepared before; what &jobq_ops.hw_wait_prepare returned. In error the job may be
 * prepared again.
 */
int jobq_job_prepare(struct jobq_job *job)
{
	int ret;

	if (job->state != JOBQ_JOB_NEW)
		return -EINVAL;

	if (job->q->ops->hw_wait) {
		ret = jobq_job_prepare_hw_wait(job);
		if (ret)
			return ret;
	} else {
		job->fence = dfence_alloc(job->q->fence_ctx, NULL, GFP_KERNEL);
		if (!job->fence)
			return -ENOMEM;
	}

	/* Without the lock: the job is the caller's alone until jobq_commit(). */
	jobq_job_set_state(job, JOBQ_JOB_PREPARED);
	return 0;
}
EXPORT_SYMBOL_NS_GPL(jobq_job_prepare, "JOBQ");

/**
 * jobq_job_fence() - the fence of a committed job
 * @job: job
 *
 * Context: Any.
 * Return: The fence, borrowed: valid as long as the caller's reference to @job.
 * NULL before jobq_commit().
 */
struct dma_fence *jobq_job_fence(struct jobq_job *job)
{
	return job->base;
}
EXPORT_SYMBOL_NS_GPL(jobq_job_fence, "JOBQ");

/**
 * jobq_job_seqno() - the number by which the hardware reports a job
 * @job: job
 *
 * It is the seqno of the fence, and grows by one from job to job of a queue.
 *
 * Context: Any.
 * Return: The number, 0 before jobq_commit().
 */
u64 jobq_job_seqno(const struct jobq_job *job)
{
	return job->seqno;
}
EXPORT_SYMBOL_NS_GPL(jobq_job_seqno, "JOBQ");

/**
 * jobq_job_queue() - the queue that a job is for
 * @job: job
 *
 * Context: Any.
 * Return: The queue, borrowed: valid as long as the caller's reference to @job.
 */
struct jobq *jobq_job_queue(const struct jobq_job *job)
{
	return job->q;
}
EXPORT_SYMBOL_NS_GPL(jobq_job_queue, "JOBQ");

/**
 * jobq_job_state() - the state of a job
 * @job: job
 *
 * Context: Any.
 * Return: A snapshot.
 */
enum jobq_job_state jobq_job_state(struct jobq_job *job)
{
	guard(spinlock_irqsave)(&job->q->lock);
	return job->state;
}
EXPORT_SYMBOL_NS_GPL(jobq_job_state, "JOBQ");
