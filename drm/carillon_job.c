// SPDX-License-Identifier: GPL-2.0
/*
 * Jobs, from the library to the ring and back.
 *
 * Everything here but creation is between publishing a fence and signalling it,
 * mostly with interrupts off.
 */

#include <linux/slab.h>

#include <drm/drm_file.h>
#include <drm/drm_print.h>

#include <bound/bound_gate.h>
#include <hw/carillon_hw.h>
#include <jobq/jobq.h>
#include <uapi/drm/carillon_drm.h>

#include "carillon_device.h"
#include "carillon_file.h"
#include "carillon_job.h"
#include "carillon_queue.h"
#include "carillon_ring.h"

static struct carillon_job *to_carillon_job(struct jobq_job *base)
{
	return container_of(base, struct carillon_job, base);
}

/**
 * carillon_job_create() - make a job
 * @cfile: the file that submits it
 * @q: queue that it is for
 * @args: what it is, checked
 *
 * Context: Process, may sleep.
 * Return: The job, to be given back with jobq_job_put(); or an ERR_PTR.
 */
struct carillon_job *carillon_job_create(struct carillon_file *cfile, struct carillon_queue *q,
					 const struct drm_carillon_job *args)
{
	const bool cancel = args->flags & DRM_CARILLON_JOB_CANCEL_ON_ERROR;
	const struct jobq_job_args job_args = {
		.credits = 1,
		.flags = cancel ? JOBQ_JOB_DEP_ERRORS : 0,
		.client_id = cfile->drm->client_id,
	};
	struct carillon_job *job;
	int ret;

	job = kzalloc_obj(*job);
	if (!job)
		return ERR_PTR(-ENOMEM);
	ret = jobq_job_init(&job->base, &q->jobq, &job_args);
	if (ret) {
		kfree(job);
		/* Why the queue died isn't what submit says of it. */
		return ERR_PTR(carillon_queue_submit_error(q) ?: ret);
	}
	job->cmd_addr = args->cmd_va;
	job->cmd_size = args->cmd_size;
	return job;
}

/**
 * carillon_job_free() - &jobq_ops.job_free
 * @base: the job
 *
 * Context: Process.
 */
void carillon_job_free(struct jobq_job *base)
{
	kfree(to_carillon_job(base));
}

/**
 * carillon_job_run() - &jobq_ops.run_job
 * @jobq: the queue
 * @base: the job
 *
 * Context: Any, interrupts disabled.
 * Return: 0.
 */
int carillon_job_run(struct jobq *jobq, struct jobq_job *base)
{
	struct carillon_job *job = to_carillon_job(base);
	const struct carillon_ring_job ring_job = {
		.cmd_addr = job->cmd_addr,
		.cmd_size = job->cmd_size,
		.seqno = jobq_job_seqno(base),
	};

	/* Credits are slots: there is one. */
	job->slot = carillon_ring_push(to_carillon_queue(jobq)->ring, &ring_job);
	return 0;
}

/**
 * carillon_job_doorbell() - &jobq_ops.doorbell
 * @jobq: the queue
 *
 * Context: Any, interrupts disabled.
 */
void carillon_job_doorbell(struct jobq *jobq)
{
	struct carillon_queue *q = to_carillon_queue(jobq);

	/* Refused: no ring will run it, teardown cancels it. */
	scoped_cond_guard(bound, return, q->cdev->hw_gate)
		carillon_ring_doorbell(&scope, q->ring);
}

static int carillon_job_status_to_errno(u32 status)
{
	return status == CRLN_OK ? 0 : -EIO;
}

/**
 * carillon_job_error() - &jobq_ops.job_error
 * @jobq: the queue
 * @base: a job that has ended
 *
 * Context: Any, interrupts disabled.
 * Return: 0 or -EIO.
 */
int carillon_job_error(struct jobq *jobq, struct jobq_job *base)
{
	struct carillon_queue *q = to_carillon_queue(jobq);
	struct carillon_job *job = to_carillon_job(base);
	struct carillon_ring_result res;
	u64 seqno = jobq_job_seqno(base);

	if (carillon_ring_result(q->ring, job->slot, seqno, &res)) {
		drm_err_ratelimited(&q->cdev->drm, "ring %u: no result of job %llu\n",
				    carillon_ring_index(q->ring), seqno);
		return -EIO;
	}
	atomic64_add(res.run_ns, &q->busy_ns);
	if (res.status != CRLN_OK)
		drm_dbg_driver(&q->cdev->drm, "ring %u: job %llu: status %u at %#x\n",
			       carillon_ring_index(q->ring), seqno, res.status, res.info);
	return carillon_job_status_to_errno(res.status);
}

/**
 * carillon_job_interrupt() - &carillon_ring_ops.interrupt
 * @ring: the ring
 * @data: the queue
 *
 * Context: Hard interrupt.
 */
void carillon_job_interrupt(struct carillon_ring *ring, void *data)
{
	struct carillon_queue *q = data;
	bool stopped = test_bit(CARILLON_QUEUE_STOPPING, &q->flags) &&
		       carillon_ring_has_stopped(ring);
	/* In this order, so that what has ended before isn't cancelled. */
	u64 seqno = carillon_ring_seqno(ring);

	if (jobq_complete(&q->jobq, seqno))
		drm_err_ratelimited(&q->cdev->drm, "ring %u: impossible completion %llu\n",
				    carillon_ring_index(ring), seqno);
	carillon_ring_check_overrun(ring);
	if (stopped)
		jobq_stopped(&q->jobq);
}
