/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Out-fences: where a job's fence becomes visible when it is committed.
 *
 * Everything is looked up, allocated and reserved when the item is added;
 * jobq_commit() only stores pointers. Freeing a job that wasn't committed gives
 * all of it back.
 */
#ifndef _JOBQ_JOBQ_PUBLISH_H
#define _JOBQ_JOBQ_PUBLISH_H

#include <linux/compiler_attributes.h>
#include <linux/list.h>
#include <linux/types.h>

struct dma_fence;
struct drm_file;
struct drm_syncobj;
struct jobq_job;
struct jobq_publish;

/**
 * struct jobq_publish_ops - a kind of out-fence
 */
struct jobq_publish_ops {
	/**
	 * @publish: Make @fence visible. Called once, by jobq_commit(); borrows
	 * @fence.
	 *
	 * Context: process, no lock of the queue held; dma_fence signalling
	 * critical section: can't fail, doesn't allocate.
	 */
	void (*publish)(struct jobq_publish *p, struct dma_fence *fence);
	/**
	 * @free: Free @p and whatever wasn't given away by @publish. Called
	 * once, whether or not @publish was.
	 *
	 * Context: process, may sleep.
	 */
	void (*free)(struct jobq_publish *p);
};

/**
 * struct jobq_publish - one out-fence of a job
 *
 * Embedded in the object of its kind. Drivers with other places for fences
 * than the ones offered here make their own kind.
 */
struct jobq_publish {
	/** @ops: The kind. */
	const struct jobq_publish_ops *ops;
	/** @node: On &jobq_job.publish. */
	struct list_head node;
};

/*
 * The kinds there are. A driver that has fences without jobs calls the ops itself.
 * NULL: no memory.
 */
struct jobq_publish * __must_check jobq_publish_syncobj_create(struct drm_syncobj *syncobj,
							       u64 point);
/* ERR_PTR: -EMFILE, -ENOMEM. */
struct jobq_publish * __must_check jobq_publish_sync_file_create(int *ret_fd);

/* Consumes @p, which has its ops set. */
void jobq_job_add_publish(struct jobq_job *job, struct jobq_publish *p);
/*
 * Replace a binary syncobj's fence (point 0), or add a timeline point. -ENOENT: no
 * such handle; -ENOMEM.
 */
int __must_check jobq_job_add_signal_syncobj(struct jobq_job *job,
					     struct drm_file *file,
					     u32 handle, u64 point);
/*
 * Reserve a sync_file fd (O_CLOEXEC). The number is known now, for copy_to_user();
 * the file appears there at commit. -EMFILE, -ENOMEM.
 */
int __must_check jobq_job_add_signal_sync_file(struct jobq_job *job,
					       int *ret_fd);

#endif
