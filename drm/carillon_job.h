/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Jobs, from the library to the ring and back.
 */
#ifndef _CARILLON_JOB_H
#define _CARILLON_JOB_H

#include <linux/compiler_attributes.h>
#include <linux/types.h>

#include "carillon_ring.h"

struct carillon_file;
struct carillon_queue;
struct carillon_ring;
struct carillon_sched_ops;
struct drm_carillon_job;

/**
 * struct carillon_job - a job
 * @sched: the library it is a job of, which embeds this
 * @cmd_addr: virtual address of the commands
 * @cmd_size: bytes of commands, 0: empty job
 * @pos: where it is on the ring, once it was run
 * @num_lowered: what its ring may have to wait for; it has a slot for each
 * @num_waits: members of @waits
 * @waits: what the ring is to wait for when it's pushed next
 */
struct carillon_job {
	const struct carillon_sched_ops *sched;
	u64 cmd_addr;
	u32 cmd_size;
	u32 pos;
	unsigned int num_lowered;
	unsigned int num_waits;
	struct carillon_ring_wait waits[CARILLON_RING_WAITS];
};

struct carillon_job * __must_check carillon_job_create(struct carillon_file *cfile,
						       struct carillon_queue *q,
						       const struct drm_carillon_job *args);

/* For the library. */
void carillon_job_push(struct carillon_queue *q, struct carillon_job *job, u64 seqno);
void carillon_job_doorbell(struct carillon_queue *q);
int __must_check carillon_job_result(struct carillon_queue *q, struct carillon_job *job,
				     u64 seqno);

/* &struct carillon_ring_ops of queues. */
void carillon_job_interrupt(struct carillon_ring *ring, void *data);

#endif
