// SPDX-License-Identifier: GPL-2.0
/*
 * Fences of a submit: what its jobs wait for, what they give out.
 */

/**
 * DOC: Syncs
 *
 * Syncobjs are changed when the whole submit is committed. A job that waits for a
 * syncobj which an earlier job of the same submit signals wouldn't find the
 * fence there, so the submit keeps a list of what is going to be signalled, and a
 * wait looks at the syncobj as it will be then:
 *
 * - A binary signal replaces whatever was there.
 * - A timeline signal appends: who waits for its point waits for everything before.
 *
 * A wait that the syncobj can satisfy as it is now takes the fence from there,
 * unless a binary signal is going to replace it.
 */

#include <linux/dma-fence.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/slab.h>
#include <linux/sync_file.h>

#include <drm/drm_file.h>
#include <drm/drm_syncobj.h>

#include <jobq/jobq_publish.h>
#include <uapi/drm/carillon_drm.h>

#include "carillon_job.h"
#include "carillon_sched.h"
#include "carillon_sync.h"

/**
 * struct carillon_signal - a syncobj that is going to be signalled
 * @node: in carillon_syncs.signals
 * @syncobj: a reference
 * @job: by whom; borrowed, lives as long as the submit
 * @point: timeline: point; 0: binary
 */
struct carillon_signal {
	struct list_head node;
	struct drm_syncobj *syncobj;
	struct carillon_job *job;
	u64 point;
};

/**
 * carillon_syncs_init() - begin a submit
 * @syncs: memory of the caller
 * @file: the file
 *
 * Context: Any.
 */
void carillon_syncs_init(struct carillon_syncs *syncs, struct drm_file *file)
{
	syncs->file = file;
	INIT_LIST_HEAD(&syncs->signals);
}

/**
 * carillon_syncs_fini() - end a submit, committed or not
 * @syncs: from carillon_syncs_init()
 *
 * Context: Process.
 */
void carillon_syncs_fini(struct carillon_syncs *syncs)
{
	struct carillon_signal *sig, *tmp;

	list_for_each_entry_safe(sig, tmp, &syncs->signals, node) {
		drm_syncobj_put(sig->syncobj);
		kfree(sig);
	}
}

/**
 * carillon_sync_check() - check what can be checked without looking anything up
 * @sync: from user space
 *
 * Context: Any.
 * Return: 0 or -EINVAL.
 */
int carillon_sync_check(const struct drm_carillon_sync *sync)
{
	const bool signal = sync->flags & DRM_CARILLON_SYNC_SIGNAL;

	if ((sync->flags & ~DRM_CARILLON_SYNC_SIGNAL) || sync->pad)
		return -EINVAL;

	switch (sync->type) {
	case DRM_CARILLON_SYNC_SYNCOBJ:
		return sync->point ? -EINVAL : 0;
	case DRM_CARILLON_SYNC_TIMELINE:
		return signal && !sync->point ? -EINVAL : 0;
	case DRM_CARILLON_SYNC_FILE:
		return sync->point || (signal && sync->handle != -1) ? -EINVAL : 0;
	default:
		return -EINVAL;
	}
}

/* The last signal that replaces what was in the syncobj, or NULL. */
static struct carillon_signal *carillon_syncs_last_binary(struct carillon_syncs *syncs,
							  struct drm_syncobj *syncobj)
{
	struct carillon_signal *sig;

	list_for_each_entry_reverse(sig, &syncs->signals, node)
		if (sig->syncobj == syncobj && !sig->point)
			return sig;
	return NULL;
}

/*
 * Waits for the signals of this submit, from @first on (or the first of all), up
 * to the one that has @point (0: up to the last). Returns how many there were, 0
 * if none of them has the point, or -errno.
 */
static int carillon_syncs_wait_signals(struct carillon_syncs *syncs, struct carillon_job *job,
				       struct drm_syncobj *syncobj,
				       struct carillon_signal *first, u64 point)
{
	struct carillon_signal *sig = first ?: list_first_entry(&syncs->signals,
								 struct carillon_signal, node);
	struct carillon_job *last = NULL;
	int ret, num = 0;

	list_for_each_entry_from(sig, &syncs->signals, node) {
		if (sig->syncobj != syncobj)
			continue;
		/* All signals of a job come in a row. */
		if (sig->job != last) {
			ret = job->sched->job_add_dep_job(job, sig->job);
			if (ret)
				return ret;
			last = sig->job;
		}
		num++;
		if (point && sig->point >= point)
			return num;
	}
	return point ? 0 : num;
}

/* The fence that is in the syncobj now; having none isn't an error. */
static int carillon_syncs_wait_current(struct carillon_job *job, struct drm_syncobj *syncobj)
{
	return job->sched->job_add_dep(job, drm_syncobj_fence_get(syncobj));
}

/* What drm_syncobj_find_fence() says: -EINVAL if there is no fence, or not that point. */
static int carillon_syncs_wait_handle(struct carillon_syncs *syncs, struct carillon_job *job,
				      u32 handle, u64 point)
{
	struct dma_fence *fence;
	int ret = drm_syncobj_find_fence(syncs->file, handle, point, 0, &fence);

	return ret ?: job->sched->job_add_dep(job, fence);
}

static int carillon_syncs_wait_syncobj(struct carillon_syncs *syncs, struct carillon_job *job,
				       struct drm_syncobj *syncobj, u32 handle, u64 point)
{
	struct carillon_signal *binary = carillon_syncs_last_binary(syncs, syncobj);
	int ret;

	/* It has the point now, and nothing replaces it. */
	if (!binary && point) {
		ret = carillon_syncs_wait_handle(syncs, job, handle, point);
		if (ret != -EINVAL)
			return ret;
	}

	ret = carillon_syncs_wait_signals(syncs, job, syncobj, binary, point);
	if (ret < 0)
		return ret;
	if (!ret)
		return point ? -EINVAL : carillon_syncs_wait_handle(syncs, job, handle, 0);
	/* Points are behind what is there already. */
	return binary ? 0 : carillon_syncs_wait_current(job, syncobj);
}

static int carillon_syncs_wait_file(struct carillon_job *job, int fd)
{
	struct dma_fence *fence;

	CLASS(fd, f)(fd);
	if (fd_empty(f))
		return -EBADF;
	fence = sync_file_get_fence(fd);
	return fence ? job->sched->job_add_dep(job, fence) : -EINVAL;
}

/**
 * carillon_syncs_wait() - make a job wait
 * @syncs: signals of the jobs before
 * @job: the job, not prepared yet
 * @sync: checked, a wait
 *
 * Context: Process, may sleep.
 * Return: 0, -ENOENT, -EBADF, -EINVAL (no fence there) or -ENOMEM.
 */
int carillon_syncs_wait(struct carillon_syncs *syncs, struct carillon_job *job,
			const struct drm_carillon_sync *sync)
{
	struct drm_syncobj *syncobj;
	int ret;

	if (sync->type == DRM_CARILLON_SYNC_FILE)
		return carillon_syncs_wait_file(job, sync->handle);

	syncobj = drm_syncobj_find(syncs->file, sync->handle);
	if (!syncobj)
		return -ENOENT;
	ret = carillon_syncs_wait_syncobj(syncs, job, syncobj, sync->handle, sync->point);
	drm_syncobj_put(syncobj);
	return ret;
}

static int carillon_syncs_signal_file(struct carillon_job *job, int *ret_fd)
{
	struct jobq_publish *p = jobq_publish_sync_file_create(ret_fd);

	if (IS_ERR(p))
		return PTR_ERR(p);
	job->sched->job_add_publish(job, p);
	return 0;
}

/**
 * carillon_syncs_signal() - make a job give its fence out
 * @syncs: signals of the jobs before; those of @job are added
 * @job: the job, not prepared yet, all its waits added
 * @sync: checked, a signal
 * @ret_fd: for a sync_file the new descriptor; reserved until the submit commits
 *
 * Context: Process, may sleep.
 * Return: 0, -ENOENT, -ENOMEM, or -EMFILE.
 */
int carillon_syncs_signal(struct carillon_syncs *syncs, struct carillon_job *job,
			  const struct drm_carillon_sync *sync, int *ret_fd)
{
	struct carillon_signal *sig;
	struct jobq_publish *p;
	int ret = -ENOENT;

	if (sync->type == DRM_CARILLON_SYNC_FILE)
		return carillon_syncs_signal_file(job, ret_fd);

	sig = kzalloc_obj(*sig);
	if (!sig)
		return -ENOMEM;
	sig->syncobj = drm_syncobj_find(syncs->file, sync->handle);
	if (!sig->syncobj)
		goto err_free;
	ret = -ENOMEM;
	p = jobq_publish_syncobj_create(sig->syncobj, sync->point);
	if (!p)
		goto err_put;
	job->sched->job_add_publish(job, p);
	sig->job = job;
	sig->point = sync->point;
	list_add_tail(&sig->node, &syncs->signals);
	return 0;

err_put:
	drm_syncobj_put(sig->syncobj);
err_free:
	kfree(sig);
	return ret;
}
