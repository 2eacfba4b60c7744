// SPDX-License-Identifier: GPL-2.0
/*
 * Implicit fences: those of a dma_resv, in and out.
 */

/**
 * DOC: jobq implicit fences
 *
 * Room for a fence in a &struct dma_resv is lost when the lock is let go of, so
 * whoever reserves it holds the lock until the fence is in. For a group of jobs this
 * means: lock all objects (drm_exec), add dependencies and out-fences, prepare,
 * commit, unlock. This is also what makes implicit fences atomic: nobody sees the
 * objects between two jobs of the group, and no fence is there before its seqno.
 *
 * jobq_commit() is thus called with the lock held, and allows it: what it does can be
 * done inside a dma_resv lock, as fences are waited for there. A run_job that is
 * called from it must not take that lock, which no run_job may, as it is in a dma_fence
 * signalling critical section. jobq_job_put() comes after the unlocking if job_free
 * takes the lock, or drops an object whose release does.
 *
 * A job that's put without having been committed leaves nothing behind but free room,
 * which is gone at the unlocking.
 */

#include <linux/bug.h>
#include <linux/dma-fence.h>
#include <linux/dma-resv.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/slab.h>

#include <jobq/jobq_job.h>
#include <jobq/jobq_publish.h>
#include <jobq/jobq_resv.h>

#include "jobq_internal.h"

/**
 * jobq_job_add_dep_resv() - don't run a job before fences of an object have signalled
 * @job: job in state %JOBQ_JOB_NEW
 * @resv: whose fences; locked
 * @usage: which of them: those of this usage and of the ones before it in &enum
 *	dma_resv_usage; what dma_resv_usage_rw() says for a job that reads or writes
 *
 * Fences that come later aren't waited for, they have to wait for the job.
 *
 * Context: Process, may sleep; the lock of @resv held.
 * Return: 0; -ENOMEM: some fences were added; -EINVAL if the job was prepared already.
 */
int jobq_job_add_dep_resv(struct jobq_job *job, struct dma_resv *resv,
			  enum dma_resv_usage usage)
{
	struct dma_resv_iter iter;
	struct dma_fence *fence;
	int ret;

	dma_resv_assert_held(resv);
	ret = jobq_deps_reserve(job, 0);
	if (ret)
		return ret;
	dma_resv_for_each_fence(&iter, resv, usage, fence) {
		ret = jobq_job_add_dep(job, dma_fence_get(fence));
		if (ret)
			break;
	}
	return ret;
}
EXPORT_SYMBOL_NS_GPL(jobq_job_add_dep_resv, "JOBQ");

struct jobq_publish_resv {
	struct jobq_publish base;
	/* Borrowed until commit, or until the job is put. */
	struct dma_resv *resv;
	enum dma_resv_usage usage;
};

static void jobq_publish_resv(struct jobq_publish *p, struct dma_fence *fence)
{
	struct jobq_publish_resv *s = container_of(p, struct jobq_publish_resv, base);

	dma_resv_add_fence(s->resv, fence, s->usage);
	s->resv = NULL; /* from here on it can go */
}

static void jobq_publish_resv_free(struct jobq_publish *p)
{
	kfree(container_of(p, struct jobq_publish_resv, base));
}

static const struct jobq_publish_ops jobq_publish_resv_ops = {
	.publish = jobq_publish_resv,
	.free = jobq_publish_resv_free,
};

/**
 * jobq_job_add_signal_resv() - put a job's fence into an object's fences
 * @job: job in state %JOBQ_JOB_NEW
 * @resv: object's; locked, and not unlocked before jobq_commit() has returned. It is
 *	borrowed until then, or until @job is put
 * @usage: how the job uses it; %DMA_RESV_USAGE_KERNEL is for moving memory alone
 * @num_fences: how many fences are published to @resv before it's unlocked, by all
 *	jobs together, with this one. Room for that many is there afterwards, so it can
 *	be the same number in all calls; too large a number costs memory only
 *
 * The fence replaces earlier ones of the queue with the same usage or a weaker one.
 *
 * Context: Process, may sleep; the lock of @resv held.
 * Return: 0; -ENOMEM; -EINVAL: @num_fences is 0, or the job was prepared already.
 */
int jobq_job_add_signal_resv(struct jobq_job *job, struct dma_resv *resv,
			     enum dma_resv_usage usage, unsigned int num_fences)
{
	struct jobq_publish_resv *s;
	int ret;

	dma_resv_assert_held(resv);
	if (job->state != JOBQ_JOB_NEW || !num_fences)
		return -EINVAL;

	s = kzalloc_obj(*s);
	if (!s)
		return -ENOMEM;
	ret = dma_resv_reserve_fences(resv, num_fences);
	if (ret) {
		kfree(s);
		return ret;
	}
	s->base.ops = &jobq_publish_resv_ops;
	s->resv = resv;
	s->usage = usage;
	jobq_job_add_publish(job, &s->base);
	return 0;
}
EXPORT_SYMBOL_NS_GPL(jobq_job_add_signal_resv, "JOBQ");
