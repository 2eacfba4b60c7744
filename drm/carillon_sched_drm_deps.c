// SPDX-License-Identifier: GPL-2.0
/*
 * What a job over drm_gpu_scheduler waits for.
 */

#include <linux/dma-fence.h>
#include <linux/dma-fence-unwrap.h>
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/overflow.h>
#include <linux/slab.h>

#include <dfence/dfence_cb.h>
#include <dfence/dfence_ctx.h>

#include "carillon_sched_drm.h"

/**
 * struct carillon_ds_dep - a dependency
 * @cb: the registration, with the reference, once @registered
 * @job: the job that waits
 * @fence: what for; a reference, or NULL
 * @earlier: the job whose fence is meant, until it has one. Borrowed: the submitter
 *	keeps all jobs of the group until they are committed
 * @registered: @cb has to be removed
 */
struct carillon_ds_dep {
	struct dfence_cb cb;
	struct carillon_ds_job *job;
	struct dma_fence *fence;
	struct carillon_ds_job *earlier;
	bool registered;
};

static void carillon_ds_dep_note_error(struct carillon_ds_job *job, int error)
{
	if (error < 0)
		cmpxchg(&job->dep_error, 0, error);
}

static void carillon_ds_dep_note_signalled(struct carillon_ds_job *job, struct dma_fence *fence)
{
	/* The error was set before the flag that the caller saw. */
	smp_rmb();
	carillon_ds_dep_note_error(job, READ_ONCE(fence->error));
}

/* Returns a new one, zeroed but for the job, or NULL. */
static struct carillon_ds_dep *carillon_ds_dep_new(struct carillon_ds_job *job)
{
	struct carillon_ds_dep *dep;
	unsigned int max;

	if (job->num_deps == job->max_deps) {
		max = max(2 * job->max_deps, 4u);
		dep = kvrealloc(job->deps, array_size(max, sizeof(*dep)),
				GFP_KERNEL | __GFP_NOWARN);
		if (!dep)
			return NULL;
		job->deps = dep;
		job->max_deps = max;
	}
	dep = &job->deps[job->num_deps++];
	memset(dep, 0, sizeof(*dep));
	dep->job = job;
	return dep;
}

/* Order is kept within a queue anyway; but errors count for those who ask for them. */
static bool carillon_ds_dep_is_order(struct carillon_ds_job *job, u64 context)
{
	return context == dfence_ctx_id(job->q->ctx) && !job->cancel_on_error;
}

/* Borrows @fence, which isn't a container. */
static int carillon_ds_dep_add_one(struct carillon_ds_job *job, struct dma_fence *fence)
{
	struct carillon_ds_dep *dep;
	unsigned int i;

	if (dma_fence_is_signaled(fence)) {
		carillon_ds_dep_note_signalled(job, fence);
		return 0;
	}
	if (carillon_ds_dep_is_order(job, fence->context))
		return 0;

	for (i = 0; i < job->num_deps; i++) {
		dep = &job->deps[i];
		if (!dep->fence || dep->fence->context != fence->context)
			continue;
		if (dma_fence_is_later(fence, dep->fence)) {
			dma_fence_put(dep->fence);
			dep->fence = dma_fence_get(fence);
		}
		return 0;
	}
	dep = carillon_ds_dep_new(job);
	if (!dep)
		return -ENOMEM;
	dep->fence = dma_fence_get(fence);
	return 0;
}

/**
 * carillon_ds_job_add_dep() - &carillon_sched_ops.job_add_dep
 * @base: job that isn't prepared yet
 * @fence: consumed
 *
 * Containers are taken apart: they don't hand on errors of what is in them.
 *
 * Context: Process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int carillon_ds_job_add_dep(struct carillon_job *base, struct dma_fence *fence)
{
	struct carillon_ds_job *job = to_ds_job(base);
	struct dma_fence_unwrap iter;
	struct dma_fence *f;
	int ret = 0;

	if (!fence)
		return 0;
	/* To the end also in error: the cursor has references. */
	dma_fence_unwrap_for_each(f, &iter, fence)
		if (!ret)
			ret = carillon_ds_dep_add_one(job, f);
	dma_fence_put(fence);
	return ret;
}

/**
 * carillon_ds_job_add_dep_job() - &carillon_sched_ops.job_add_dep_job
 * @base: job that isn't prepared yet
 * @earlier: job of the same group, before it
 *
 * Context: Process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int carillon_ds_job_add_dep_job(struct carillon_job *base, struct carillon_job *earlier)
{
	struct carillon_ds_job *job = to_ds_job(base);
	struct carillon_ds_job *of = to_ds_job(earlier);
	struct carillon_ds_dep *dep;
	unsigned int i;

	if (carillon_ds_dep_is_order(job, dfence_ctx_id(of->q->ctx)))
		return 0;
	for (i = 0; i < job->num_deps; i++)
		if (job->deps[i].earlier == of)
			return 0;
	dep = carillon_ds_dep_new(job);
	if (!dep)
		return -ENOMEM;
	dep->earlier = of;
	return 0;
}

/*
 * Called with the lock of a foreign fence held: nothing is signalled here, as that would
 * take another lock of its kind.
 */
static void carillon_ds_dep_fired(struct dfence_cb *cb, struct dma_fence *fence)
{
	struct carillon_ds_job *job = container_of(cb, struct carillon_ds_dep, cb)->job;

	carillon_ds_dep_note_error(job, fence->error);
	/* The full barrier orders dep_error; pairs with carillon_ds_must_wait_locked(). */
	if (atomic_dec_and_test(&job->deps_left))
		irq_work_queue(&job->q->irq_work);
}

/**
 * carillon_ds_deps_register() - begin to wait
 * @job: job that is being committed; those before it have their fences
 *
 * Context: Process, dma_fence signalling critical section. Doesn't allocate.
 */
void carillon_ds_deps_register(struct carillon_ds_job *job)
{
	unsigned int i;

	atomic_add(job->num_deps, &job->deps_left);
	for (i = 0; i < job->num_deps; i++) {
		struct carillon_ds_dep *dep = &job->deps[i];

		if (dep->earlier)
			dep->fence = dma_fence_get(dep->earlier->out);
		dfence_cb_init_func(&dep->cb, carillon_ds_dep_fired);
		dfence_cb_set_waiter(&dep->cb, job->q->ctx);
		if (!dfence_cb_add_consume(&dep->cb, dep->fence)) {
			dep->fence = NULL;
			dep->registered = true;
			continue;
		}
		carillon_ds_dep_note_signalled(job, dep->fence);
		atomic_dec(&job->deps_left);
	}
}

/**
 * carillon_ds_deps_fini() - stop waiting and forget the dependencies
 * @job: job that has ended, or was never committed
 *
 * Context: Process, may sleep. Takes the fences' locks: no callback runs afterwards.
 */
void carillon_ds_deps_fini(struct carillon_ds_job *job)
{
	unsigned int i;

	for (i = 0; i < job->num_deps; i++) {
		if (job->deps[i].registered)
			dfence_cb_remove(&job->deps[i].cb);
		dma_fence_put(job->deps[i].fence);
	}
	kvfree(job->deps);
	job->deps = NULL;
	job->num_deps = 0;
}
