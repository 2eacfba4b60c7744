// SPDX-License-Identifier: GPL-2.0
/*
 * Queues and jobs over the jobq library.
 */

#include <linux/container_of.h>
#include <linux/err.h>
#include <linux/slab.h>

#include <drm/drm_device.h>

#include <jobq/jobq.h>
#include <jobq/jobq_job.h>
#include <jobq/jobq_publish.h>
#include <uapi/drm/carillon_drm.h>

#include "carillon_device.h"
#include "carillon_job.h"
#include "carillon_queue.h"
#include "carillon_reset.h"
#include "carillon_ring.h"
#include "carillon_sched.h"
#include "carillon_semaphore.h"

/**
 * struct carillon_jobq - a queue over jobq
 * @base: ours
 * @jobq: the library's; its references are the queue's
 */
struct carillon_jobq {
	struct carillon_queue base;
	struct jobq jobq;
};

/**
 * struct carillon_jobq_job - a job over jobq
 * @base: ours
 * @job: the library's; its references are the job's
 */
struct carillon_jobq_job {
	struct carillon_job base;
	struct jobq_job job;
};

static struct jobq *to_jobq(struct carillon_queue *q)
{
	return &container_of(q, struct carillon_jobq, base)->jobq;
}

static struct carillon_queue *from_jobq(struct jobq *jobq)
{
	return &container_of(jobq, struct carillon_jobq, jobq)->base;
}

static struct jobq_job *to_jobq_job(struct carillon_job *job)
{
	return &container_of(job, struct carillon_jobq_job, base)->job;
}

static struct carillon_job *from_jobq_job(struct jobq_job *job)
{
	return &container_of(job, struct carillon_jobq_job, job)->base;
}

/* What the library calls. */

static int carillon_jobq_run_job(struct jobq *jobq, struct jobq_job *job)
{
	/* Credits are slots: there is one, and one for each of the waits. */
	carillon_job_push(from_jobq(jobq), from_jobq_job(job), jobq_job_seqno(job));
	return 0;
}

static void carillon_jobq_doorbell(struct jobq *jobq)
{
	carillon_job_doorbell(from_jobq(jobq));
}

static int carillon_jobq_job_error(struct jobq *jobq, struct jobq_job *job)
{
	return carillon_job_result(from_jobq(jobq), from_jobq_job(job), jobq_job_seqno(job));
}

static void carillon_jobq_job_free(struct jobq_job *job)
{
	kfree(container_of(job, struct carillon_jobq_job, job));
}

static int carillon_jobq_hw_wait_prepare(struct jobq_job *job, struct jobq_job *earlier)
{
	struct carillon_job *cjob = from_jobq_job(job);
	int ret;

	if (cjob->num_lowered == CARILLON_RING_WAITS)
		return -EOPNOTSUPP;
	ret = carillon_semaphore_prepare(from_jobq(jobq_job_queue(job)),
					 from_jobq(jobq_job_queue(earlier)));
	if (!ret && jobq_job_add_credits(job, 1))
		ret = -EOPNOTSUPP;
	cjob->num_lowered += !ret;
	return ret;
}

static void carillon_jobq_hw_wait(struct jobq *jobq, struct jobq_job *job,
				  struct jobq_job *earlier)
{
	struct carillon_job *cjob = from_jobq_job(job);

	/* The ring of @earlier may be gone by now; then this address ends the wait. */
	cjob->waits[cjob->num_waits++] = (struct carillon_ring_wait){
		.addr = from_jobq(jobq_job_queue(earlier))->semaphore.addr,
		.seqno = jobq_job_seqno(earlier),
	};
}

static void carillon_jobq_hw_ended(struct jobq *jobq, struct jobq_job *job)
{
	carillon_ring_raise(from_jobq(jobq)->ring, jobq_job_seqno(job));
}

static enum jobq_verdict carillon_jobq_timedout(struct jobq *jobq, struct jobq_job *job)
{
	switch (carillon_reset_timedout(from_jobq(jobq), from_jobq_job(job),
					jobq_job_seqno(job))) {
	case CARILLON_NO_HANG:
		return JOBQ_NO_HANG;
	case CARILLON_RESET:
		return JOBQ_RESET;
	case CARILLON_GONE:
		break;
	}
	return JOBQ_GONE;
}

static void carillon_jobq_stop(struct jobq *jobq)
{
	carillon_reset_stop(from_jobq(jobq));
}

static void carillon_jobq_force_stop(struct jobq *jobq)
{
	carillon_reset_force_stop(from_jobq(jobq));
}

static void carillon_jobq_released(struct jobq *jobq)
{
	carillon_queue_fini(from_jobq(jobq));
	kfree(container_of(jobq, struct carillon_jobq, jobq));
}

static const struct jobq_ops carillon_jobq_ops = {
	.run_job = carillon_jobq_run_job,
	.doorbell = carillon_jobq_doorbell,
	.job_error = carillon_jobq_job_error,
	.job_free = carillon_jobq_job_free,
	.hw_wait_prepare = carillon_jobq_hw_wait_prepare,
	.hw_wait = carillon_jobq_hw_wait,
	.hw_ended = carillon_jobq_hw_ended,
	.timedout = carillon_jobq_timedout,
	.stop = carillon_jobq_stop,
	.force_stop = carillon_jobq_force_stop,
	.release = carillon_jobq_released,
};

/* &struct carillon_sched_ops */

static struct carillon_queue *carillon_jobq_create(struct carillon_device *cdev, const char *name,
						   u32 slots)
{
	const struct jobq_args args = {
		.ops = &carillon_jobq_ops,
		.dev = cdev->drm.dev,
		.driver_name = "carillon",
		.name = name,
		.flags = JOBQ_RUN_ATOMIC,
		.credits = slots,
		.timeout_ms = carillon_job_timeout_ms(),
		.stop_timeout_ms = CARILLON_STOP_TIMEOUT_MS,
		.timeout_wq = cdev->reset_wq,
	};
	struct carillon_jobq *q;
	int ret;

	q = kzalloc_obj(*q);
	if (!q)
		return ERR_PTR(-ENOMEM);
	ret = jobq_init(&q->jobq, &args);
	if (ret) {
		kfree(q);
		return ERR_PTR(ret);
	}
	return &q->base;
}

static void carillon_jobq_get(struct carillon_queue *q)
{
	jobq_get(to_jobq(q));
}

static void carillon_jobq_put(struct carillon_queue *q)
{
	jobq_put(to_jobq(q));
}

static void carillon_jobq_kill(struct carillon_queue *q, int error)
{
	jobq_kill(to_jobq(q), error);
}

static void carillon_jobq_teardown(struct carillon_queue *q)
{
	jobq_teardown(to_jobq(q));
}

static int carillon_jobq_error(struct carillon_queue *q)
{
	return jobq_error(to_jobq(q));
}

static void carillon_jobq_stats(struct carillon_queue *q, struct carillon_sched_stats *ret_stats)
{
	struct jobq_stats stats;

	jobq_get_stats(to_jobq(q), &stats);
	*ret_stats = (struct carillon_sched_stats){
		.queued = stats.queued,
		.run = stats.run,
		.done = stats.done,
		.cancelled = stats.cancelled,
		.errors = stats.errors,
		.timeouts = stats.timeouts,
		.hw_waits = stats.hw_waits,
	};
}

static int carillon_jobq_complete(struct carillon_queue *q, u64 seqno)
{
	return jobq_complete(to_jobq(q), seqno);
}

static void carillon_jobq_stopped(struct carillon_queue *q)
{
	jobq_stopped(to_jobq(q));
}

static void carillon_jobq_hold(struct carillon_queue *q)
{
	jobq_stop(to_jobq(q));
}

static void carillon_jobq_release(struct carillon_queue *q)
{
	jobq_start(to_jobq(q));
}

static void carillon_jobq_settle(struct carillon_queue *q)
{
	jobq_wait_signalled(to_jobq(q));
}

static int carillon_jobq_drain(struct carillon_queue *q, unsigned int timeout_ms)
{
	int ret = jobq_suspend(to_jobq(q), timeout_ms);

	/* It is held all the same. */
	if (!ret)
		jobq_resume(to_jobq(q));
	return ret;
}

/* The oldest job comes first. */
struct carillon_jobq_oldest {
	bool found;
	u32 pos;
};

static void carillon_jobq_note_job(struct jobq_job *job, void *arg)
{
	struct carillon_jobq_oldest *oldest = arg;

	if (!oldest->found)
		oldest->pos = from_jobq_job(job)->pos;
	oldest->found = true;
}

static bool carillon_jobq_oldest(struct carillon_queue *q, u32 *ret_pos)
{
	struct carillon_jobq_oldest oldest = { };

	jobq_visit_running(to_jobq(q), carillon_jobq_note_job, &oldest);
	if (oldest.found)
		*ret_pos = oldest.pos;
	return oldest.found;
}

static void carillon_jobq_replay(struct carillon_queue *q)
{
	jobq_reset(to_jobq(q), NULL);
}

static struct carillon_job *carillon_jobq_job_create(struct carillon_queue *q, u32 flags,
						     u64 client_id)
{
	const struct jobq_job_args args = {
		.credits = 1,
		.flags = flags & DRM_CARILLON_JOB_CANCEL_ON_ERROR ? JOBQ_JOB_DEP_ERRORS : 0,
		.client_id = client_id,
	};
	struct carillon_jobq_job *job;
	int ret;

	job = kzalloc_obj(*job);
	if (!job)
		return ERR_PTR(-ENOMEM);
	ret = jobq_job_init(&job->job, to_jobq(q), &args);
	if (ret) {
		kfree(job);
		return ERR_PTR(ret);
	}
	return &job->base;
}

static void carillon_jobq_job_put(struct carillon_job *job)
{
	if (job)
		jobq_job_put(to_jobq_job(job));
}

static int carillon_jobq_job_add_dep(struct carillon_job *job, struct dma_fence *fence)
{
	return jobq_job_add_dep(to_jobq_job(job), fence);
}

static int carillon_jobq_job_add_dep_job(struct carillon_job *job, struct carillon_job *earlier)
{
	return jobq_job_add_dep_job(to_jobq_job(job), to_jobq_job(earlier));
}

static void carillon_jobq_job_add_publish(struct carillon_job *job, struct jobq_publish *p)
{
	jobq_job_add_publish(to_jobq_job(job), p);
}

static int carillon_jobq_job_prepare(struct carillon_job *job, void **ret_ready)
{
	*ret_ready = to_jobq_job(job);
	return jobq_job_prepare(to_jobq_job(job));
}

static void carillon_jobq_commit(void **ready, unsigned int num)
{
	/* An array of what carillon_jobq_job_prepare() gave. */
	jobq_commit((struct jobq_job **)ready, num);
}

static bool carillon_jobq_job_has_ended(struct carillon_job *job)
{
	return jobq_job_state(to_jobq_job(job)) == JOBQ_JOB_DONE;
}

const struct carillon_sched_ops carillon_sched_jobq = {
	.name = "jobq",
	.queue_create = carillon_jobq_create,
	.queue_get = carillon_jobq_get,
	.queue_put = carillon_jobq_put,
	.queue_kill = carillon_jobq_kill,
	.queue_teardown = carillon_jobq_teardown,
	.queue_error = carillon_jobq_error,
	.queue_stats = carillon_jobq_stats,
	.queue_complete = carillon_jobq_complete,
	.queue_stopped = carillon_jobq_stopped,
	.queue_hold = carillon_jobq_hold,
	.queue_release = carillon_jobq_release,
	.queue_settle = carillon_jobq_settle,
	.queue_drain = carillon_jobq_drain,
	.queue_oldest = carillon_jobq_oldest,
	.queue_replay = carillon_jobq_replay,
	.job_create = carillon_jobq_job_create,
	.job_put = carillon_jobq_job_put,
	.job_add_dep = carillon_jobq_job_add_dep,
	.job_add_dep_job = carillon_jobq_job_add_dep_job,
	.job_add_publish = carillon_jobq_job_add_publish,
	.job_prepare = carillon_jobq_job_prepare,
	.commit = carillon_jobq_commit,
	.job_has_ended = carillon_jobq_job_has_ended,
};
