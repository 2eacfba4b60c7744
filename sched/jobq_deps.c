// SPDX-License-Identifier: GPL-2.0
/*
 * What a job waits for.
 */

/**
 * DOC: jobq dependencies
 *
 * Dependencies are collected in an array while the job is put together. Containers
 * (chains, arrays) are taken apart; of several fences of one context the latest is
 * kept; signalled ones are dropped, and so are those of the job's own queue, whose
 * order is kept anyway. jobq_commit() registers a callback on each that is left.
 * The last one that signals unblocks the queue: one wake-up, however many there
 * are.
 *
 * What an error of a dependency does is the job's choice, and the same for all kinds of
 * dependencies. Without %JOBQ_JOB_DEP_ERRORS it is as good as success: the job runs. With
 * it the job doesn't run, and its fence gets the error of the first dependency that
 * failed, once all have signalled, and in the queue's order as ever. Fences of the own
 * queue are dependencies then as well. So an error goes along a chain of such jobs, up to
 * the first one without the flag. Fences that had failed when they were added count. Not
 * seen is what's not there any more: the error of a fence that was dropped in favour of a
 * later one of its context (contexts that care hand errors on), and of links that
 * timelines and dma_resvs have dropped because they had signalled.
 *
 * There is no circular wait among jobs. A fence is there from commit on, so a fence, or a
 * syncobj's, can't be waited for before; jobs given as such are checked, see
 * jobq_job_add_dep_job(). A circle through other drivers is beyond us, as is a fence that
 * never signals. But neither jobq_kill() nor jobq_teardown() waits for dependencies.
 *
 * Callbacks are removed when the job is retired. This takes the lock of each
 * fence, so none of them is running afterwards: a callback may touch the job and
 * its queue.
 */

#include <linux/atomic.h>
#include <linux/bug.h>
#include <linux/dma-fence.h>
#include <linux/dma-fence-unwrap.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/minmax.h>
#include <linux/overflow.h>
#include <linux/slab.h>

#include <dfence/dfence_ctx.h>

#include "jobq_internal.h"
#include "jobq_trace.h"

static void jobq_dep_note_error(struct jobq_job *job, int error)
{
	if (error < 0)
		cmpxchg(&job->dep_error, 0, error);
}

/*
 * The same for a fence that has signalled. dma_fence_get_status() would take its
 * lock, which may be its issuer's and be gone by now.
 */
static void jobq_dep_note_signalled(struct jobq_job *job, struct dma_fence *fence)
{
	/* The error was set before the flag that the caller saw. */
	smp_rmb();
	jobq_dep_note_error(job, READ_ONCE(fence->error));
}

/**
 * jobq_deps_reserve() - make room for dependencies
 * @job: job in state %JOBQ_JOB_NEW
 * @num: how many can be added afterwards without failing
 *
 * Context: Process, may sleep.
 * Return: 0; -ENOMEM; -EINVAL if the job isn't new any more.
 */
int jobq_deps_reserve(struct jobq_job *job, unsigned int num)
{
	unsigned int need, max;
	struct jobq_dep *deps;

	if (job->state != JOBQ_JOB_NEW)
		return -EINVAL;
	if (check_add_overflow(job->num_deps, num, &need))
		return -ENOMEM;
	if (need <= job->max_deps)
		return 0;

	max = max3(need, 2 * job->max_deps, 4u);
	/* Unwrapped containers can have more contexts than kmalloc() has room for. */
	deps = kvrealloc(job->deps, array_size(max, sizeof(*deps)),
			 GFP_KERNEL | __GFP_NOWARN);
	if (!deps)
		return -ENOMEM;
	job->deps = deps;
	job->max_deps = max;
	return 0;
}

static struct jobq_dep *jobq_dep_new(struct jobq_job *job)
{
	struct jobq_dep *dep = &job->deps[job->num_deps++];

	memset(dep, 0, sizeof(*dep));
	dep->job = job;
	return dep;
}

static void jobq_dep_replace(struct jobq_dep *dep, struct dma_fence *fence)
{
	dma_fence_put(dep->fence);
	dep->fence = dma_fence_get(fence);
	/* A prepare that failed has found out whose the old one was. A dma_resv may be locked. */
	jobq_job_put_later(dep->earlier);
	dep->earlier = NULL;
	dep->job->num_lowered -= dep->lowered;
	dep->lowered = false;
}

/* Borrows @fence, which isn't a container. Returns 0 or -ENOMEM. */
static int jobq_dep_add_one(struct jobq_job *job, struct dma_fence *fence)
{
	bool own = fence->context == dfence_ctx_id(job->q->fence_ctx);
	struct jobq_dep *dep;
	unsigned int i;
	int ret;

	if (dma_fence_is_signaled(fence)) {
		jobq_dep_note_signalled(job, fence);
		return 0;
	}
	if (own && !(job->flags & JOBQ_JOB_DEP_ERRORS))
		return 0;

	for (i = 0; i < job->num_deps; i++) {
		dep = &job->deps[i];
		if (!dep->fence || dep->fence->context != fence->context)
			continue;
		if (dma_fence_is_later(fence, dep->fence))
			jobq_dep_replace(dep, fence);
		return 0;
	}
	ret = jobq_deps_reserve(job, 1);
	if (!ret)
		jobq_dep_new(job)->fence = dma_fence_get(fence);
	return ret;
}

/**
 * jobq_job_add_dep() - don't run a job before a fence has signalled
 * @job: job in state %JOBQ_JOB_NEW
 * @fence: any fence, or NULL for no dependency; consumed, in success and error
 *
 * A container costs as much memory as it has contexts with unsignalled fences,
 * however long it is: chains are as long as user space likes.
 *
 * Context: Process, may sleep.
 * Return: 0; -ENOMEM: of a container some fences were added; -EINVAL if the job was
 * prepared already.
 */
int jobq_job_add_dep(struct jobq_job *job, struct dma_fence *fence)
{
	struct dma_fence_unwrap iter;
	struct dma_fence *f;
	int ret;

	if (!fence)
		return 0;

	ret = jobq_deps_reserve(job, 0);
	/* To the end also in error: the cursor has references. */
	dma_fence_unwrap_for_each(f, &iter, fence)
		if (!ret)
			ret = jobq_dep_add_one(job, f);
	dma_fence_put(fence);
	return ret;
}
EXPORT_SYMBOL_NS_GPL(jobq_job_add_dep, "JOBQ");

/**
 * jobq_job_add_dep_job() - don't run a job before another one has ended
 * @job: job in state %JOBQ_JOB_NEW
 * @earlier: a job that needn't have a fence yet; @job takes a reference
 *
 * @earlier must be committed before @job, or stand before it in the array given to
 * the same jobq_commit(), which otherwise refuses. If it belongs to the same queue this
 * does nothing, except with %JOBQ_JOB_DEP_ERRORS.
 *
 * Jobs can't depend on each other in a circle: one on which another job depends gets no
 * more dependencies of this kind. So put jobs together in the order in which they are to
 * run.
 *
 * The reference, and with it that to the queue of @earlier, is put when @job is
 * retired, which may be after the teardown of that queue. So both have to be of the
 * same driver, and a driver that goes has to tear down both queues.
 *
 * Context: Process, may sleep.
 * Return: 0; -ENOMEM; -ELOOP if another job depends on @job; -EINVAL if the jobs are the
 * same, or @job was prepared already.
 */
int jobq_job_add_dep_job(struct jobq_job *job, struct jobq_job *earlier)
{
	unsigned int i;
	int ret;

	if (job == earlier)
		return -EINVAL;
	if (READ_ONCE(job->awaited))
		return -ELOOP;
	ret = jobq_deps_reserve(job, 1);
	if (ret)
		return ret;
	if (earlier->q == job->q && !(job->flags & JOBQ_JOB_DEP_ERRORS))
		return 0;
	for (i = 0; i < job->num_deps; i++)
		if (job->deps[i].earlier == earlier)
			return 0;
	jobq_dep_new(job)->earlier = jobq_job_get(earlier);
	WRITE_ONCE(earlier->awaited, true);
	return 0;
}
EXPORT_SYMBOL_NS_GPL(jobq_job_add_dep_job, "JOBQ");

/**
 * jobq_dep_over() - a dependency doesn't hold its job back any more
 * @dep: dependency
 *
 * The job can be run by somebody else as soon as the counter is 0, but it isn't
 * retired, and its queue isn't freed, before this has returned: the callers see to it.
 *
 * Context: Any; locks of foreign fences may be held, so little is touched here: the
 * counter, then the lock of the queue.
 */
void jobq_dep_over(struct jobq_dep *dep)
{
	struct jobq_job *job = dep->job;

	/* The ring and the fence say so, only the first one counts. */
	if (dep->lowered && atomic_xchg(&dep->over, 1))
		return;
	/* The full barrier orders dep_error; pairs with jobq_fate_locked(). */
	if (atomic_dec_and_test(&job->deps_left))
		jobq_unblocked(job->q);
}

static void jobq_dep_fired(struct dfence_cb *cb, struct dma_fence *fence)
{
	struct jobq_dep *dep = container_of(cb, struct jobq_dep, cb);

	jobq_dep_note_error(dep->job, fence->error);
	jobq_dep_over(dep);
}

/**
 * jobq_deps_ordered() - are the jobs that a job depends on committed before it?
 * @job: job that is about to be committed; those before it in its group are marked as
 *	&jobq_job.committing
 *
 * Context: Any.
 * Return: Whether they are.
 */
bool jobq_deps_ordered(struct jobq_job *job)
{
	struct jobq_job *earlier;
	unsigned int i;

	for (i = 0; i < job->num_deps; i++) {
		earlier = job->deps[i].earlier;
		if (earlier && !earlier->base && !earlier->committing)
			return false;
	}
	return true;
}

/* Returns whether @dep holds its job back. */
static bool jobq_dep_register(struct jobq_dep *dep)
{
	/* The job that was meant has its fence by now. */
	if (!dep->fence)
		dep->fence = dma_fence_get(dep->earlier->base);
	trace_jobq_job_add_dep(dep->job, dep->fence);
	dfence_cb_init_func(&dep->cb, jobq_dep_fired);
	dfence_cb_set_waiter(&dep->cb, dep->job->q->fence_ctx);
	if (dfence_cb_add_consume(&dep->cb, dep->fence)) {
		jobq_dep_note_signalled(dep->job, dep->fence);
		return false;
	}
	dep->fence = NULL;
	dep->registered = true;
	if (dep->lowered)
		jobq_hw_wait_begin(dep);
	return true;
}

/**
 * jobq_deps_register() - begin to wait for the dependencies
 * @job: job that is being committed, has its seqno, and can't run yet
 *
 * Nothing is waited for once the queue was killed: the job will be cancelled, and
 * after a teardown there is nobody to wait for what a callback sets off. The queue
 * can't die between this and the end of the commit.
 *
 * Context: Process, dma_fence signalling critical section. Doesn't allocate.
 */
void jobq_deps_register(struct jobq_job *job)
{
	unsigned int i;

	if (jobq_state(job->q) >= JOBQ_KILLED)
		return;

	/* The counter is above 0 throughout: the committer has one of its own. */
	atomic_add(job->num_deps, &job->deps_left);
	for (i = 0; i < job->num_deps; i++)
		if (!jobq_dep_register(&job->deps[i]))
			atomic_dec(&job->deps_left);
}

/**
 * jobq_deps_fini() - stop waiting and forget the dependencies
 * @job: job
 * @dead: gets jobs whose last reference was the one of @job
 *
 * Context: Process, may sleep. Takes the fences' locks.
 */
void jobq_deps_fini(struct jobq_job *job, struct list_head *dead)
{
	struct jobq_dep *dep;
	unsigned int i;

	for (i = 0; i < job->num_deps; i++) {
		dep = &job->deps[i];
		if (dep->registered)
			dfence_cb_remove(&dep->cb);
		if (dep->lowered)
			jobq_hw_wait_end(dep);
		dma_fence_put(dep->fence);
		jobq_job_drop(dep->earlier, dead);
	}
	kvfree(job->deps);
	job->deps = NULL;
	job->num_deps = 0;
	job->max_deps = 0;
}
