// SPDX-License-Identifier: GPL-2.0
/*
 * The peer: the pair of fences ("scheduled" and "finished") that drm_sched makes for
 * each job.
 *
 * Its functions for them aren't exported. drm_sched_job_init() allocates the pair and
 * drm_sched_job_arm() initialises it; both do little else, and the rest is left out: the
 * job is never pushed. Signalling is what drm_sched_fence_scheduled() and
 * drm_sched_fence_finished() do for a job without a parent fence and without an error,
 * a dma_fence_signal() each. drm_sched_job_cleanup() puts the pair. The driver's job has
 * its memory already, and the fence of the hardware, which drm_sched needs besides, isn't
 * counted.
 */

#include <linux/jiffies.h>
#include <linux/string.h>

#include <drm/gpu_scheduler.h>

#include "fence.h"

static struct drm_gpu_scheduler peer_sched;
static struct drm_sched_entity peer_entity;
static struct drm_sched_job peer_jobs[FENCES];

/* Never called: no job is pushed. */
static struct dma_fence *peer_run_job(struct drm_sched_job *job)
{
	return NULL;
}

static enum drm_gpu_sched_stat peer_timedout_job(struct drm_sched_job *job)
{
	return DRM_GPU_SCHED_STAT_ENODEV;
}

static void peer_free_job(struct drm_sched_job *job)
{
}

static const struct drm_sched_backend_ops peer_ops = {
	.run_job = peer_run_job,
	.timedout_job = peer_timedout_job,
	.free_job = peer_free_job,
};

static int peer_open(void)
{
	const struct drm_sched_init_args args = {
		.ops = &peer_ops,
		.num_rqs = DRM_SCHED_PRIORITY_COUNT,
		.credit_limit = FENCES,
		.timeout = MAX_SCHEDULE_TIMEOUT,
		.name = "bench",
	};
	struct drm_gpu_scheduler *list = &peer_sched;
	int ret;

	ret = drm_sched_init(&peer_sched, &args);
	if (ret)
		return ret;
	memset(&peer_entity, 0, sizeof(peer_entity));
	ret = drm_sched_entity_init(&peer_entity, DRM_SCHED_PRIORITY_NORMAL, &list, 1, NULL);
	if (ret)
		drm_sched_fini(&peer_sched);
	return ret;
}

static void peer_close(void)
{
	drm_sched_entity_destroy(&peer_entity);
	drm_sched_fini(&peer_sched);
}

static int peer_alloc(void)
{
	int i;

	for (i = 0; i < FENCES; i++) {
		if (drm_sched_job_init(&peer_jobs[i], &peer_entity, 1, NULL, 0))
			goto err_free;
	}
	return 0;

err_free:
	while (i--)
		drm_sched_job_cleanup(&peer_jobs[i]);
	return -ENOMEM;
}

static void peer_arm(void)
{
	int i;

	for (i = 0; i < FENCES; i++)
		drm_sched_job_arm(&peer_jobs[i]);
}

static void peer_signal(void)
{
	int i;

	for (i = 0; i < FENCES; i++) {
		dma_fence_signal(&peer_jobs[i].s_fence->scheduled);
		dma_fence_signal(&peer_jobs[i].s_fence->finished);
		drm_sched_job_cleanup(&peer_jobs[i]);
	}
}

const struct fence_impl fence_impl_drm_sched = {
	.who = "drm_sched",
	.open = peer_open,
	.close = peer_close,
	.alloc = peer_alloc,
	.arm = peer_arm,
	.signal = peer_signal,
};
