/* SPDX-License-Identifier: GPL-2.0 */
/*
 * When a job hangs, a ring breaks, or the device goes.
 */
#ifndef _CARILLON_RESET_H
#define _CARILLON_RESET_H

#include <linux/types.h>

#include <jobq/jobq.h>

struct bound_token;
struct carillon_core_client_ops;
struct carillon_queue;
struct carillon_ring;
struct jobq_job;

extern const struct carillon_core_client_ops carillon_reset_client_ops;

int carillon_reset_quiesce(const struct bound_token *tok, struct carillon_queue *q);

/* &struct jobq_ops and &struct carillon_ring_ops of queues. */
enum jobq_verdict carillon_reset_timedout(struct jobq *jobq, struct jobq_job *job);
void carillon_reset_stop(struct jobq *jobq);
void carillon_reset_force_stop(struct jobq *jobq);
void carillon_reset_fault(struct carillon_ring *ring, void *data, u32 fault);

#endif
