// SPDX-License-Identifier: MIT

#include "lib.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A sync of a job, with the place for the descriptor that comes out of it. */
struct submit_out {
	size_t sync;		/* index in carillon_submit.syncs */
	int *ret_fd;		/* borrowed */
};

struct carillon_submit {
	struct carillon_device *dev;
	struct drm_carillon_job *jobs;		/* owned */
	struct drm_carillon_sync *syncs;	/* owned; of all jobs in order */
	struct submit_out *outs;		/* owned */
	size_t num_jobs;
	size_t num_syncs;
	size_t num_outs;
	int error;				/* the first one; 0 or -errno */
};

int carillon_submit_create(struct carillon_device *dev,
			   struct carillon_submit **ret_submit)
{
	struct carillon_submit *submit = calloc(1, sizeof(*submit));

	if (!submit)
		return -ENOMEM;
	submit->dev = dev;
	*ret_submit = submit;
	return 0;
}

void carillon_submit_destroy(struct carillon_submit *submit)
{
	if (!submit)
		return;
	free(submit->jobs);
	free(submit->syncs);
	free(submit->outs);
	free(submit);
}

void carillon_submit_reset(struct carillon_submit *submit)
{
	submit->num_jobs = 0;
	submit->num_syncs = 0;
	submit->num_outs = 0;
	submit->error = 0;
}

static int set_error(struct carillon_submit *submit, int err)
{
	if (!submit->error)
		submit->error = err;
	return submit->error;
}

/* Room for one more in an array that doubles at powers of two. */
static int grow(void *array, size_t count, size_t size)
{
	void **p = array, *more;

	if (count & (count - 1) || count == 1)
		return 0;
	more = reallocarray(*p, count ? 2 * count : 2, size);
	if (!more)
		return -ENOMEM;
	*p = more;
	return 0;
}

int carillon_submit_job(struct carillon_submit *submit,
			const struct carillon_queue *queue,
			uint64_t cmd_va, uint32_t cmd_size, uint32_t flags)
{
	if (submit->error)
		return submit->error;
	if (cmd_va % 8 || cmd_size % 8 || queue->dev != submit->dev)
		return set_error(submit, -EINVAL);
	if (submit->num_jobs >= submit->dev->info.submit_jobs_max)
		return set_error(submit, -E2BIG);
	if (grow(&submit->jobs, submit->num_jobs, sizeof(submit->jobs[0])))
		return set_error(submit, -ENOMEM);
	submit->jobs[submit->num_jobs++] = (struct drm_carillon_job){
		.queue_id = queue->id,
		.flags = flags,
		.cmd_va = cmd_size ? cmd_va : 0,
		.cmd_size = cmd_size,
		.syncs.stride = sizeof(submit->syncs[0]),
	};
	return 0;
}

static int add_sync(struct carillon_submit *submit, struct drm_carillon_sync sync)
{
	struct drm_carillon_job *job;

	if (submit->error)
		return submit->error;
	if (!submit->num_jobs)
		return set_error(submit, -EINVAL);
	job = &submit->jobs[submit->num_jobs - 1];
	if (job->syncs.count >= submit->dev->info.job_syncs_max)
		return set_error(submit, -E2BIG);
	if (grow(&submit->syncs, submit->num_syncs, sizeof(submit->syncs[0])))
		return set_error(submit, -ENOMEM);
	submit->syncs[submit->num_syncs++] = sync;
	job->syncs.count++;
	return 0;
}

int carillon_submit_wait_syncobj(struct carillon_submit *submit, uint32_t handle)
{
	return add_sync(submit, (struct drm_carillon_sync){
		.type = DRM_CARILLON_SYNC_SYNCOBJ,
		.handle = handle,
	});
}

int carillon_submit_wait_point(struct carillon_submit *submit, uint32_t handle,
			       uint64_t point)
{
	return add_sync(submit, (struct drm_carillon_sync){
		.type = DRM_CARILLON_SYNC_TIMELINE,
		.handle = handle,
		.point = point,
	});
}

int carillon_submit_wait_fd(struct carillon_submit *submit, int fd)
{
	return add_sync(submit, (struct drm_carillon_sync){
		.type = DRM_CARILLON_SYNC_FILE,
		.handle = fd,
	});
}

int carillon_submit_signal_syncobj(struct carillon_submit *submit, uint32_t handle)
{
	return add_sync(submit, (struct drm_carillon_sync){
		.type = DRM_CARILLON_SYNC_SYNCOBJ,
		.flags = DRM_CARILLON_SYNC_SIGNAL,
		.handle = handle,
	});
}

int carillon_submit_signal_point(struct carillon_submit *submit, uint32_t handle,
				 uint64_t point)
{
	return add_sync(submit, (struct drm_carillon_sync){
		.type = DRM_CARILLON_SYNC_TIMELINE,
		.flags = DRM_CARILLON_SYNC_SIGNAL,
		.handle = handle,
		.point = point,
	});
}

int carillon_submit_signal_fd(struct carillon_submit *submit, int *ret_fd)
{
	int err;

	if (submit->error)
		return submit->error;
	if (grow(&submit->outs, submit->num_outs, sizeof(submit->outs[0])))
		return set_error(submit, -ENOMEM);
	err = add_sync(submit, (struct drm_carillon_sync){
		.type = DRM_CARILLON_SYNC_FILE,
		.flags = DRM_CARILLON_SYNC_SIGNAL,
		.handle = -1,
	});
	if (err)
		return err;
	submit->outs[submit->num_outs++] = (struct submit_out){
		.sync = submit->num_syncs - 1,
		.ret_fd = ret_fd,
	};
	return 0;
}

/* Only now the arrays stay where they are. */
static void link_syncs(struct carillon_submit *submit)
{
	struct drm_carillon_sync *sync = submit->syncs;

	for (size_t i = 0; i < submit->num_jobs; i++) {
		submit->jobs[i].syncs.array = (uintptr_t)sync;
		sync += submit->jobs[i].syncs.count;
	}
	/* A submit that failed has left undefined values here. */
	for (size_t i = 0; i < submit->num_outs; i++)
		submit->syncs[submit->outs[i].sync].handle = -1;
}

int carillon_submit_run(struct carillon_submit *submit)
{
	struct drm_carillon_submit args = { 0 };
	int err;

	if (submit->error)
		return submit->error;
	if (!submit->num_jobs)
		return -EINVAL;
	link_syncs(submit);
	args.jobs.stride = sizeof(submit->jobs[0]);
	args.jobs.count = submit->num_jobs;
	args.jobs.array = (uintptr_t)submit->jobs;
	err = lib_ioctl(submit->dev->fd, DRM_IOCTL_CARILLON_SUBMIT, &args);
	if (err)
		return err;
	for (size_t i = 0; i < submit->num_outs; i++)
		*submit->outs[i].ret_fd =
			submit->syncs[submit->outs[i].sync].handle;
	carillon_submit_reset(submit);
	return 0;
}
