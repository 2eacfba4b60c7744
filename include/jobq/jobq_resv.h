/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Implicit fences: a job waits for, and is waited for through, a dma_resv.
 *
 * The caller holds the lock of the dma_resv from the first of these calls until
 * jobq_commit() has returned. In a driver's submit ioctl:
 *
 *	drm_exec_lock_obj()		all objects of all jobs
 *	jobq_job_add_dep_resv()		per job and object
 *	jobq_job_add_signal_resv()	per job and object
 *	jobq_job_prepare()
 *	jobq_commit()
 *	drm_exec_fini()			unlocks
 *	jobq_job_put()			job_free may want these locks
 */
#ifndef _JOBQ_JOBQ_RESV_H
#define _JOBQ_JOBQ_RESV_H

#include <linux/compiler_attributes.h>
#include <linux/dma-resv.h>

struct jobq_job;

/*
 * The full contract of each function stands with its definition in sched/.
 * Both may sleep.
 */

/* Waits for all fences that @usage is to wait for. -ENOMEM; -EINVAL. */
int __must_check jobq_job_add_dep_resv(struct jobq_job *job, struct dma_resv *resv,
				       enum dma_resv_usage usage);
/*
 * Reserves room for @num_fences, of all that are published to @resv under this
 * lock; the fence is added at commit. -ENOMEM; -EINVAL.
 */
int __must_check jobq_job_add_signal_resv(struct jobq_job *job, struct dma_resv *resv,
					  enum dma_resv_usage usage,
					  unsigned int num_fences);

#endif
