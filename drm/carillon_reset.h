/* SPDX-License-Identifier: GPL-2.0 */
/*
 * When a job hangs, a ring breaks, or the device goes.
 */
#ifndef _CARILLON_RESET_H
#define _CARILLON_RESET_H

#include <linux/types.h>

#include "carillon_sched.h"

struct bound_token;
struct carillon_core_client_ops;
struct carillon_job;
struct carillon_queue;
struct carillon_ring;

extern const struct carillon_core_client_ops carillon_reset_client_ops;

int carillon_reset_quiesce(const struct bound_token *tok, struct carillon_queue *q);
int carillon_reset_revive_queue(const struct bound_token *tok, struct carillon_queue *q);

/* For the library. */
enum carillon_verdict carillon_reset_timedout(struct carillon_queue *q, struct carillon_job *job,
					      u64 seqno);
void carillon_reset_stop(struct carillon_queue *q);
void carillon_reset_force_stop(struct carillon_queue *q);

/* &struct carillon_ring_ops of queues. */
void carillon_reset_fault(struct carillon_ring *ring, void *data, u32 fault);

#endif
