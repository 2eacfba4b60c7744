/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A limit on what the jobs of several queues use together: memory bandwidth, slots
 * of a firmware mailbox, contexts of an engine. It comes on top of the credits that
 * each queue has for its ring.
 *
 * Made before the queues, given to each in &jobq_args.limit; how much a job takes
 * is said in &jobq_job_args.limit_units.
 */
#ifndef _JOBQ_JOBQ_LIMIT_H
#define _JOBQ_JOBQ_LIMIT_H

#include <linux/compiler_attributes.h>
#include <linux/types.h>

struct jobq_limit;

/* P. The caller gets the first reference. ERR_PTR: -EINVAL: no units; -ENOMEM. */
struct jobq_limit * __must_check jobq_limit_create(u32 units);
/* A. Returns @limit. */
struct jobq_limit *jobq_limit_get(struct jobq_limit *limit);
/* A. NULL is fine. Queues have references of their own. */
void jobq_limit_put(struct jobq_limit *limit);
/* A. A snapshot of what no job has and no job was promised. */
u32 jobq_limit_available(struct jobq_limit *limit);

#endif
