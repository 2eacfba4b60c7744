/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Jobs, from the library to the ring and back.
 */
#ifndef _CARILLON_JOB_H
#define _CARILLON_JOB_H

#include <linux/compiler_attributes.h>
#include <linux/types.h>

#include <jobq/jobq_job.h>

struct carillon_file;
struct carillon_queue;
struct carillon_ring;
struct drm_carillon_job;
struct jobq;

/**
 * struct carillon_job - a job
 * @base: the library's
 * @cmd_addr: virtual address of the commands
 * @cmd_size: bytes of commands, 0: empty job
 * @slot: where it is on the ring, once it was run
 */
struct carillon_job {
	struct jobq_job base;
	u64 cmd_addr;
	u32 cmd_size;
	u32 slot;
};

struct carillon_job * __must_check carillon_job_create(struct carillon_file *cfile,
						       struct carillon_queue *q,
						       const struct drm_carillon_job *args);

/* &struct jobq_ops and &struct carillon_ring_ops of queues. */
int carillon_job_run(struct jobq *jobq, struct jobq_job *base);
void carillon_job_doorbell(struct jobq *jobq);
int carillon_job_error(struct jobq *jobq, struct jobq_job *base);
void carillon_job_free(struct jobq_job *base);
void carillon_job_interrupt(struct carillon_ring *ring, void *data);

#endif
