// SPDX-License-Identifier: GPL-2.0
/*
 * Dependencies that user space names: syncobjs and sync_files.
 */

#include <linux/dma-fence.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/sync_file.h>

#include <drm/drm_file.h>
#include <drm/drm_syncobj.h>

#include <jobq/jobq_job.h>

/**
 * jobq_job_add_dep_syncobj() - don't run a job before a syncobj has signalled
 * @job: job in state %JOBQ_JOB_NEW
 * @file: whose handle it is
 * @handle: syncobj
 * @point: timeline point, or 0 for a binary syncobj
 *
 * The fence, or point, has to be there: this doesn't wait for a submission.
 *
 * Context: Process, may sleep.
 * Return: 0; -ENOENT: no such handle; -EINVAL: no fence in it, or the point isn't
 * there yet, or the job was prepared already; -ENOMEM.
 */
int jobq_job_add_dep_syncobj(struct jobq_job *job, struct drm_file *file,
			     u32 handle, u64 point)
{
	struct dma_fence *fence;
	int ret;

	ret = drm_syncobj_find_fence(file, handle, point, 0, &fence);
	if (ret)
		return ret;
	return jobq_job_add_dep(job, fence);
}
EXPORT_SYMBOL_NS_GPL(jobq_job_add_dep_syncobj, "JOBQ");

/**
 * jobq_job_add_dep_sync_file() - don't run a job before a sync_file has signalled
 * @job: job in state %JOBQ_JOB_NEW
 * @fd: file descriptor of the current process
 *
 * Context: Process, may sleep.
 * Return: 0; -EINVAL: @fd isn't a sync_file, or the job was prepared already;
 * -ENOMEM.
 */
int jobq_job_add_dep_sync_file(struct jobq_job *job, int fd)
{
	struct dma_fence *fence = sync_file_get_fence(fd);

	if (!fence)
		return -EINVAL;
	return jobq_job_add_dep(job, fence);
}
EXPORT_SYMBOL_NS_GPL(jobq_job_add_dep_sync_file, "JOBQ");
