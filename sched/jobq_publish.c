// SPDX-License-Identifier: GPL-2.0
/*
 * Out-fences: syncobjs, timeline points, sync_files.
 */

#include <linux/bug.h>
#include <linux/dma-fence.h>
#include <linux/dma-fence-chain.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/sync_file.h>

#include <drm/drm_file.h>
#include <drm/drm_syncobj.h>

#include <jobq/jobq_publish.h>

#include "jobq_internal.h"

/**
 * jobq_job_add_publish() - add an out-fence of any kind to a job
 * @job: job that isn't committed yet
 * @p: item with its ops set; consumed
 *
 * Items are published in the order in which they were added.
 *
 * Context: Process.
 */
void jobq_job_add_publish(struct jobq_job *job, struct jobq_publish *p)
{
	list_add_tail(&p->node, &job->publish);
}
EXPORT_SYMBOL_NS_GPL(jobq_job_add_publish, "JOBQ");

/**
 * jobq_publish_all() - make a job's fence visible
 * @job: job that has its fence
 *
 * Context: Process, dma_fence signalling critical section. Doesn't allocate.
 */
void jobq_publish_all(struct jobq_job *job)
{
	struct jobq_publish *p;

	list_for_each_entry(p, &job->publish, node)
		p->ops->publish(p, job->base);
}

/**
 * jobq_publish_fini() - free a job's out-fence items
 * @job: job; what it hasn't published is rolled back
 *
 * Context: Process, may sleep.
 */
void jobq_publish_fini(struct jobq_job *job)
{
	struct jobq_publish *p, *tmp;

	list_for_each_entry_safe(p, tmp, &job->publish, node) {
		list_del(&p->node);
		p->ops->free(p);
	}
}

/* A syncobj; with a chain node it gets a point, without one it is replaced. */
struct jobq_publish_syncobj {
	struct jobq_publish base;
	struct drm_syncobj *syncobj;
	struct dma_fence_chain *chain;
	u64 point;
};

static void jobq_publish_syncobj(struct jobq_publish *p, struct dma_fence *fence)
{
	struct jobq_publish_syncobj *s =
		container_of(p, struct jobq_publish_syncobj, base);

	if (!s->chain) {
		drm_syncobj_replace_fence(s->syncobj, fence);
		return;
	}
	drm_syncobj_add_point(s->syncobj, s->chain, fence, s->point);
	s->chain = NULL; /* it is the syncobj's now */
}

static void jobq_publish_syncobj_free(struct jobq_publish *p)
{
	struct jobq_publish_syncobj *s =
		container_of(p, struct jobq_publish_syncobj, base);

	dma_fence_chain_free(s->chain);
	drm_syncobj_put(s->syncobj);
	kfree(s);
}

static const struct jobq_publish_ops jobq_publish_syncobj_ops = {
	.publish = jobq_publish_syncobj,
	.free = jobq_publish_syncobj_free,
};

/**
 * jobq_publish_syncobj_create() - an out-fence that goes into a syncobj
 * @syncobj: where to; a reference is taken
 * @point: 0: replace the fence of a binary syncobj; else add this timeline point
 *
 * Context: Process, may sleep.
 * Return: The item, for jobq_job_add_publish(), or NULL if there is no memory.
 */
struct jobq_publish *jobq_publish_syncobj_create(struct drm_syncobj *syncobj, u64 point)
{
	struct jobq_publish_syncobj *s;

	s = kzalloc_obj(*s);
	if (!s)
		return NULL;
	if (point) {
		s->chain = dma_fence_chain_alloc();
		if (!s->chain) {
			kfree(s);
			return NULL;
		}
		s->point = point;
	}
	drm_syncobj_get(syncobj);
	s->syncobj = syncobj;
	s->base.ops = &jobq_publish_syncobj_ops;
	return &s->base;
}
EXPORT_SYMBOL_NS_GPL(jobq_publish_syncobj_create, "JOBQ");

/**
 * jobq_job_add_signal_syncobj() - put a job's fence into a syncobj
 * @job: job in state %JOBQ_JOB_NEW
 * @file: whose handle it is
 * @handle: syncobj
 * @point: 0: replace the fence of a binary syncobj; else add this timeline point
 *
 * Context: Process, may sleep.
 * Return: 0; -ENOENT: no such handle; -ENOMEM; -EINVAL if the job was prepared
 * already.
 */
int jobq_job_add_signal_syncobj(struct jobq_job *job, struct drm_file *file,
				u32 handle, u64 point)
{
	struct drm_syncobj *syncobj;
	struct jobq_publish *p;

	if (job->state != JOBQ_JOB_NEW)
		return -EINVAL;

	syncobj = drm_syncobj_find(file, handle);
	if (!syncobj)
		return -ENOENT;
	p = jobq_publish_syncobj_create(syncobj, point);
	drm_syncobj_put(syncobj);
	if (!p)
		return -ENOMEM;
	jobq_job_add_publish(job, p);
	return 0;
}
EXPORT_SYMBOL_NS_GPL(jobq_job_add_signal_syncobj, "JOBQ");

/*
 * A sync_file needs a fence when it is created, and the job's fence gets its seqno
 * later, at commit. So it is created with the stub fence, which is exchanged while
 * nobody but us has the file: its fd is reserved, but nothing is installed there.
 */
struct jobq_publish_sync_file {
	struct jobq_publish base;
	struct sync_file *sync_file;
	int fd;
};

static void jobq_publish_sync_file(struct jobq_publish *p, struct dma_fence *fence)
{
	struct jobq_publish_sync_file *s =
		container_of(p, struct jobq_publish_sync_file, base);
	struct sync_file *sync_file = s->sync_file;

	dma_fence_put(sync_file->fence);
	sync_file->fence = dma_fence_get(fence);
	s->sync_file = NULL; /* it is the file table's now */
	fd_install(s->fd, sync_file->file);
}

static void jobq_publish_sync_file_free(struct jobq_publish *p)
{
	struct jobq_publish_sync_file *s =
		container_of(p, struct jobq_publish_sync_file, base);

	if (s->sync_file) {
		fput(s->sync_file->file);
		put_unused_fd(s->fd);
	}
	kfree(s);
}

static const struct jobq_publish_ops jobq_publish_sync_file_ops = {
	.publish = jobq_publish_sync_file,
	.free = jobq_publish_sync_file_free,
};

static struct sync_file *jobq_sync_file_create(void)
{
	struct dma_fence *stub = dma_fence_get_stub();
	struct sync_file *sync_file;

	sync_file = sync_file_create(stub);
	dma_fence_put(stub);
	return sync_file;
}

/**
 * jobq_publish_sync_file_create() - an out-fence that goes into a new sync_file
 * @ret_fd: number of the file descriptor, reserved now and opened (O_CLOEXEC) when it
 *	is published
 *
 * It has to be published or freed in the process that it was created in.
 *
 * Context: Process, may sleep.
 * Return: The item, for jobq_job_add_publish(), or an ERR_PTR: -EMFILE: no descriptor
 * is free; -ENOMEM.
 */
struct jobq_publish *jobq_publish_sync_file_create(int *ret_fd)
{
	struct jobq_publish_sync_file *s;
	int ret;

	s = kzalloc_obj(*s);
	if (!s)
		return ERR_PTR(-ENOMEM);
	s->fd = get_unused_fd_flags(O_CLOEXEC);
	if (s->fd < 0) {
		ret = s->fd;
		goto err_free;
	}
	s->sync_file = jobq_sync_file_create();
	if (!s->sync_file) {
		ret = -ENOMEM;
		goto err_fd;
	}
	s->base.ops = &jobq_publish_sync_file_ops;
	*ret_fd = s->fd;
	return &s->base;

err_fd:
	put_unused_fd(s->fd);
err_free:
	kfree(s);
	return ERR_PTR(ret);
}
EXPORT_SYMBOL_NS_GPL(jobq_publish_sync_file_create, "JOBQ");

/**
 * jobq_job_add_signal_sync_file() - put a job's fence into a new sync_file
 * @job: job in state %JOBQ_JOB_NEW
 * @ret_fd: number of the file descriptor, reserved now and opened (O_CLOEXEC) by
 *	jobq_commit()
 *
 * Commit and roll back have to happen in the same process.
 *
 * Context: Process, may sleep.
 * Return: 0; -EMFILE: no descriptor is free; -ENOMEM; -EINVAL if the job was
 * prepared already.
 */
int jobq_job_add_signal_sync_file(struct jobq_job *job, int *ret_fd)
{
	struct jobq_publish *p;

	if (job->state != JOBQ_JOB_NEW)
		return -EINVAL;
	p = jobq_publish_sync_file_create(ret_fd);
	if (IS_ERR(p))
		return PTR_ERR(p);
	jobq_job_add_publish(job, p);
	return 0;
}
EXPORT_SYMBOL_NS_GPL(jobq_job_add_signal_sync_file, "JOBQ");
