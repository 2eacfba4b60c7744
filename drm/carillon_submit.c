// SPDX-License-Identifier: GPL-2.0
/*
 * Submitting jobs: all of an ioctl's, or none.
 */

/**
 * DOC: Submit
 *
 * Four steps, of which only the last has an effect. Those that use the device are
 * inside the gate, those that touch user memory outside:
 *
 * ======  ==========================================================================
 * where   what
 * ======  ==========================================================================
 * out     Copy and check everything, so that what is malformed is refused whatever
 *         else is wrong.
 * in      Look up queues, syncobjs, sync_files; make the jobs and prepare them.
 * out     Write the numbers of the new descriptors to user memory.
 * in      Commit. It can't fail, but the gate can be closed by now.
 * ======  ==========================================================================
 *
 * Until then putting the jobs rolls everything back: descriptors are only
 * reserved, syncobjs untouched. Jobs that are prepared belong to nobody else and keep
 * their queues, also those of a device that has gone; nothing waits for them.
 */

#include <linux/sched/signal.h>
#include <linux/slab.h>

#include <drm/drm_file.h>

#include <hw/carillon_hw.h>
#include <uapi/drm/carillon_drm.h>

#include "carillon_array.h"
#include "carillon_device.h"
#include "carillon_file.h"
#include "carillon_job.h"
#include "carillon_queue.h"
#include "carillon_sched.h"
#include "carillon_submit.h"
#include "carillon_sync.h"

#define CARILLON_JOB_FLAGS	DRM_CARILLON_JOB_CANCEL_ON_ERROR

/**
 * struct carillon_submit_job - a job on its way
 * @args: as user space gave it
 * @syncs: its syncs
 * @job: the job, a reference, once made
 */
struct carillon_submit_job {
	struct drm_carillon_job args;
	struct drm_carillon_sync *syncs;
	struct carillon_job *job;
};

/**
 * struct carillon_submit - an ioctl on its way
 * @cfile: whose
 * @num: jobs
 * @syncs: what they are going to signal
 * @jobs: of @num
 * @ready: of @num, for &carillon_sched_ops.commit
 */
struct carillon_submit {
	struct carillon_file *cfile;
	u32 num;
	struct carillon_syncs syncs;
	struct carillon_submit_job *jobs;
	void **ready;
};

static int carillon_submit_check_job(const struct drm_carillon_job *args)
{
	if ((args->flags & ~CARILLON_JOB_FLAGS) || args->pad)
		return -EINVAL;
	if (!IS_ALIGNED(args->cmd_va, 8) || !IS_ALIGNED(args->cmd_size, 8) ||
	    args->cmd_size > CRLN_CMD_SIZE_MAX)
		return -EINVAL;
	if (!args->cmd_size ? args->cmd_va :
	    args->cmd_va < CARILLON_VA_START || args->cmd_va > CARILLON_VA_END - args->cmd_size)
		return -EINVAL;
	return carillon_array_check(&args->syncs, sizeof(struct drm_carillon_sync),
				    CARILLON_JOB_SYNCS_MAX);
}

static int carillon_submit_copy_syncs(struct carillon_submit_job *sjob)
{
	const struct drm_carillon_obj_array *array = &sjob->args.syncs;
	u32 i;
	int ret;

	if (!array->count)
		return 0;
	sjob->syncs = kvzalloc_objs(*sjob->syncs, array->count);
	if (!sjob->syncs)
		return -ENOMEM;
	for (i = 0; i < array->count; i++) {
		ret = carillon_array_get(array, i, &sjob->syncs[i], sizeof(sjob->syncs[i]));
		if (!ret)
			ret = carillon_sync_check(&sjob->syncs[i]);
		if (ret)
			return ret;
	}
	return 0;
}

static int carillon_submit_copy(struct carillon_submit *sub,
				const struct drm_carillon_obj_array *array)
{
	u32 i;
	int ret;

	for (i = 0; i < sub->num; i++) {
		struct carillon_submit_job *sjob = &sub->jobs[i];

		ret = carillon_array_get(array, i, &sjob->args, sizeof(sjob->args));
		if (!ret)
			ret = carillon_submit_check_job(&sjob->args);
		if (!ret)
			ret = carillon_submit_copy_syncs(sjob);
		if (ret)
			return ret;
	}
	return 0;
}

static int carillon_submit_make_job(struct carillon_submit *sub, struct carillon_submit_job *sjob)
{
	struct carillon_queue *q;
	struct carillon_job *job;
	int ret;

	q = carillon_queue_lookup(sub->cfile, sjob->args.queue_id);
	if (!q)
		return -ENOENT;
	ret = carillon_queue_submit_error(q);
	if (ret)
		goto out_put;

	job = carillon_job_create(sub->cfile, q, &sjob->args);
	if (IS_ERR(job))
		ret = PTR_ERR(job);
	else
		sjob->job = job;
out_put:
	/* The job has a reference of its own. */
	carillon_queue_put(q);
	return ret;
}

static int carillon_submit_add_waits(const struct bound_token *tok, struct carillon_submit *sub,
				     struct carillon_submit_job *sjob)
{
	u32 i;

	for (i = 0; i < sjob->args.syncs.count; i++) {
		const struct drm_carillon_sync *sync = &sjob->syncs[i];
		int ret;

		if (sync->flags & DRM_CARILLON_SYNC_SIGNAL)
			continue;
		/* Each may have to look through all signals before: seconds, at worst. */
		cond_resched();
		if (bound_closing(tok))
			return -ENODEV;
		if (fatal_signal_pending(current))
			return -EINTR;
		ret = carillon_syncs_wait(&sub->syncs, sjob->job, sync);
		if (ret)
			return ret;
	}
	return 0;
}

static int carillon_submit_add_signals(struct carillon_submit *sub,
				       struct carillon_submit_job *sjob)
{
	u32 i;

	for (i = 0; i < sjob->args.syncs.count; i++) {
		struct drm_carillon_sync *sync = &sjob->syncs[i];
		int ret;

		if (!(sync->flags & DRM_CARILLON_SYNC_SIGNAL))
			continue;
		/* For a sync_file the handle becomes the new descriptor. */
		ret = carillon_syncs_signal(&sub->syncs, sjob->job, sync, &sync->handle);
		if (ret)
			return ret;
	}
	return 0;
}

static int carillon_submit_lookup(const struct bound_token *tok, struct carillon_submit *sub)
{
	u32 i;
	int ret;

	for (i = 0; i < sub->num; i++) {
		ret = carillon_submit_make_job(sub, &sub->jobs[i]);
		if (!ret)
			ret = carillon_submit_add_waits(tok, sub, &sub->jobs[i]);
		if (!ret)
			ret = carillon_submit_add_signals(sub, &sub->jobs[i]);
		if (ret)
			return ret;
	}
	return 0;
}

static int carillon_submit_write_job_fds(const struct carillon_submit_job *sjob)
{
	u32 i;

	for (i = 0; i < sjob->args.syncs.count; i++) {
		struct drm_carillon_sync __user *to =
			carillon_array_element(&sjob->args.syncs, i);
		const struct drm_carillon_sync *sync = &sjob->syncs[i];

		if (sync->type != DRM_CARILLON_SYNC_FILE ||
		    !(sync->flags & DRM_CARILLON_SYNC_SIGNAL))
			continue;
		if (put_user(sync->handle, &to->handle))
			return -EFAULT;
	}
	return 0;
}

static int carillon_submit_write_fds(const struct carillon_submit *sub)
{
	u32 i;

	for (i = 0; i < sub->num; i++) {
		int ret = carillon_submit_write_job_fds(&sub->jobs[i]);

		if (ret)
			return ret;
	}
	return 0;
}

static int carillon_submit_prepare(struct carillon_submit *sub)
{
	const struct carillon_sched_ops *sched = sub->cfile->cdev->sched;
	u32 i;
	int ret;

	ACQUIRE(carillon_entered, tok)(sub->cfile->cdev);
	ret = ACQUIRE_ERR(carillon_entered, &tok);
	if (ret)
		return ret;

	ret = carillon_submit_lookup(&tok, sub);
	for (i = 0; i < sub->num && !ret; i++)
		ret = sched->job_prepare(sub->jobs[i].job, &sub->ready[i]);
	return ret;
}

static int carillon_submit_commit(struct carillon_submit *sub)
{
	ACQUIRE(carillon_entered, tok)(sub->cfile->cdev);
	int ret = ACQUIRE_ERR(carillon_entered, &tok);

	if (!ret)
		sub->cfile->cdev->sched->commit(sub->ready, sub->num);
	return ret;
}

static void carillon_submit_fini(struct carillon_submit *sub)
{
	u32 i;

	carillon_syncs_fini(&sub->syncs);
	for (i = 0; i < sub->num && sub->jobs; i++) {
		sub->cfile->cdev->sched->job_put(sub->jobs[i].job);
		kvfree(sub->jobs[i].syncs);
	}
	kvfree(sub->jobs);
	kvfree(sub->ready);
}

static int carillon_submit_do(struct carillon_submit *sub,
			      const struct drm_carillon_obj_array *array)
{
	int ret;

	sub->jobs = kvzalloc_objs(*sub->jobs, sub->num);
	sub->ready = kvzalloc_objs(*sub->ready, sub->num);
	if (!sub->jobs || !sub->ready)
		return -ENOMEM;

	ret = carillon_submit_copy(sub, array);
	if (!ret)
		ret = carillon_submit_prepare(sub);
	if (!ret)
		ret = carillon_submit_write_fds(sub);
	if (!ret)
		ret = carillon_submit_commit(sub);
	return ret;
}

/**
 * carillon_submit_ioctl() - DRM_CARILLON_SUBMIT
 * @drm: the device
 * @data: &struct drm_carillon_submit
 * @file: the file
 *
 * Context: Process, may sleep, outside of the gate.
 * Return: 0 or -errno, see the uAPI header.
 */
int carillon_submit_ioctl(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct carillon_file *cfile = file->driver_priv;
	struct drm_carillon_submit *args = data;
	struct carillon_submit sub = { .cfile = cfile, .num = args->jobs.count };
	int ret;

	if (args->flags || args->pad || !args->jobs.count)
		return -EINVAL;
	ret = carillon_array_check(&args->jobs, sizeof(struct drm_carillon_job),
				   CARILLON_SUBMIT_JOBS_MAX);
	if (ret)
		return ret;

	carillon_syncs_init(&sub.syncs, cfile->drm);
	ret = carillon_submit_do(&sub, &args->jobs);
	carillon_submit_fini(&sub);
	return ret;
}
