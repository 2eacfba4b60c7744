// SPDX-License-Identifier: GPL-2.0
/*
 * Jobs, from the library to the ring and back.
 *
 * Everything here but creation is between publishing a fence and signalling it,
 * mostly with interrupts off.
 */

#include <linux/err.h>

#include <drm/drm_file.h>
#include <drm/drm_print.h>

#include <bound/bound_gate.h>
#include <hw/carillon_hw.h>
#include <uapi/drm/carillon_drm.h>

#include "carillon_device.h"
#include "carillon_file.h"
#include "carillon_job.h"
#include "carillon_queue.h"
#include "carillon_ring.h"
#include "carillon_sched.h"
#include "carillon_semaphore.h"

/**
 * carillon_job_create() - make a job
 * @cfile: the file that submits it
 * @q: queue that it is for
 * @args: what it is, checked
 *
 * Context: Process, may sleep.
 * Return: The job, to be given back with &carillon_sched_ops.job_put; or an ERR_PTR.
 */
struct carillon_job *carillon_job_create(struct carillon_file *cfile, struct carillon_queue *q,
					 const struct drm_carillon_job *args)
{
	const struct carillon_sched_ops *sched = cfile->cdev->sched;
	struct carillon_job *job;

	job = sched->job_create(q, args->flags, cfile->drm->client_id);
	/* Why the queue died isn't what submit says of it. */
	if (IS_ERR(job))
		return ERR_PTR(carillon_queue_submit_error(q) ?: PTR_ERR(job));
	job->sched = sched;
	job->cmd_addr = args->cmd_va;
	job->cmd_size = args->cmd_size;
	return job;
}

/**
 * carillon_job_push() - put a job on the ring
 * @q: the queue
 * @job: the job
 * @seqno: what the ring is to report when it has ended
 *
 * The ring has room, which is the library's to know.
 *
 * Context: Any, one caller at a time.
 */
void carillon_job_push(struct carillon_queue *q, struct carillon_job *job, u64 seqno)
{
	const struct carillon_ring_job ring_job = {
		.cmd_addr = job->cmd_addr,
		.cmd_size = job->cmd_size,
		.seqno = seqno,
	};

	if (job->num_waits)
		carillon_ring_push_waits(q->ring, carillon_semaphore_window(q), job->waits,
					 job->num_waits, seqno);
	job->num_waits = 0;
	job->pos = carillon_ring_push(q->ring, &ring_job);
}

/**
 * carillon_job_doorbell() - have the device look at the jobs that were pushed
 * @q: the queue
 *
 * Context: Any, one caller at a time.
 */
void carillon_job_doorbell(struct carillon_queue *q)
{
	/* Refused: no ring will run it, teardown cancels it. */
	scoped_cond_guard(bound, return, q->cdev->hw_gate)
		carillon_ring_doorbell(&scope, q->ring);
}

static int carillon_job_status_to_errno(u32 status)
{
	return status == CRLN_OK ? 0 : -EIO;
}

/**
 * carillon_job_result() - how a job has ended
 * @q: the queue
 * @job: a job that the ring has reported
 * @seqno: with this number
 *
 * Once per job, as it counts the time that it took.
 *
 * Context: Any, before there is another job in its slot.
 * Return: 0 or -EIO.
 */
int carillon_job_result(struct carillon_queue *q, struct carillon_job *job, u64 seqno)
{
	struct carillon_ring_result res;

	if (carillon_ring_result(q->ring, job->pos, seqno, &res)) {
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

	/* Of a dead queue's ring the number may be that of a job which wasn't run again. */
	if (q->cdev->sched->queue_complete(q, seqno) && !q->cdev->sched->queue_error(q))
		drm_err_ratelimited(&q->cdev->drm, "ring %u: impossible completion %llu\n",
				    carillon_ring_index(ring), seqno);
	carillon_ring_check_overrun(ring);
	if (stopped)
		q->cdev->sched->queue_stopped(q);
}
