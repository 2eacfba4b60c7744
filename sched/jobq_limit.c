// SPDX-License-Identifier: GPL-2.0
/*
 * The limit object: units that the jobs of several queues share.
 */

/**
 * DOC: jobq limit
 *
 * A job that needs units of a &struct jobq_limit takes them when it is run, after its
 * dependencies have signalled and its ring has room: a job that waits for something
 * else has none. It has them until it ends, returned where the credits of the ring
 * are. One that the hardware had no room for (-EBUSY) gives them back and asks again.
 * One that a reset found in the ring keeps them, come what may, until it has been run
 * again and ends: jobs in other rings may be waiting for it in hardware, with units that
 * it would need.
 *
 * Queues whose head finds too few wait in line, first come, first served. Nobody gets
 * ahead of them, also not with a job that would fit, so large jobs aren't starved.
 * Units that come back are set aside for the first in line as soon as there are
 * enough, and it leaves the line and is unblocked like by a signalled dependency: by
 * irq_work or its worker, never in the context of the queue that returned them.
 *
 * Only queues in state %JOBQ_RUNNING stand in line. jobq_stop(), jobq_kill() and
 * jobq_teardown() take a queue out of it and hand on what was set aside; so whoever
 * is first runs its job, and the others can count on units in the end if all jobs
 * end. jobq_start() puts it at the end of the line, timeouts included: what a queue
 * waited before isn't counted. One whose ring is lent (jobq_orch.h) is stopped when it has
 * to give it up.
 *
 * A queue's head stays the same while it is in line: what would replace it happens to
 * stopped queues only, or is an end.
 *
 * &jobq_limit.lock is inside &jobq.lock.
 */

#include <linux/bug.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include <jobq/jobq_limit.h>

#include "jobq_internal.h"

/**
 * struct jobq_limit - units that the jobs of several queues share
 */
struct jobq_limit {
	/** @ref: References: the creator's, and one of each queue. */
	struct kref ref;
	/** @units: How many there are. */
	u32 units;
	/** @lock: Protects what follows, and the place in line of each queue. */
	spinlock_t lock;
	/** @available: Neither with a job nor set aside for one. */
	u32 available;
	/** @line: &jobq.limit_node of those who wait, first come first. */
	struct list_head line;
};

/**
 * jobq_limit_create() - make a limit
 * @units: how many units there are, in a measure of the driver's choice
 *
 * Context: Process, may sleep.
 * Return: The limit, with a reference for the caller; ERR_PTR(-EINVAL): @units is 0;
 * ERR_PTR(-ENOMEM).
 */
struct jobq_limit *jobq_limit_create(u32 units)
{
	struct jobq_limit *limit;

	if (!units)
		return ERR_PTR(-EINVAL);
	limit = kzalloc_obj(*limit);
	if (!limit)
		return ERR_PTR(-ENOMEM);
	kref_init(&limit->ref);
	limit->units = units;
	limit->available = units;
	spin_lock_init(&limit->lock);
	INIT_LIST_HEAD(&limit->line);
	return limit;
}
EXPORT_SYMBOL_NS_GPL(jobq_limit_create, "JOBQ");

/**
 * jobq_limit_get() - take a reference to a limit
 * @limit: limit to which the caller has, or is covered by, a reference
 *
 * Context: Any.
 * Return: @limit.
 */
struct jobq_limit *jobq_limit_get(struct jobq_limit *limit)
{
	kref_get(&limit->ref);
	return limit;
}
EXPORT_SYMBOL_NS_GPL(jobq_limit_get, "JOBQ");

static void jobq_limit_release(struct kref *ref)
{
	struct jobq_limit *limit = container_of(ref, struct jobq_limit, ref);

	/* All queues are gone, and no job outlives its queue. */
	WARN(limit->available != limit->units, "jobq: %u of %u units were never returned\n",
	     limit->units - limit->available, limit->units);
	WARN_ON_ONCE(!list_empty(&limit->line));
	kfree(limit);
}

/**
 * jobq_limit_put() - give a reference to a limit back
 * @limit: limit or NULL
 *
 * Context: Any.
 */
void jobq_limit_put(struct jobq_limit *limit)
{
	if (limit)
		kref_put(&limit->ref, jobq_limit_release);
}
EXPORT_SYMBOL_NS_GPL(jobq_limit_put, "JOBQ");

/**
 * jobq_limit_available() - how many units are free
 * @limit: limit
 *
 * Context: Any.
 * Return: A snapshot of what no job has, and what isn't set aside for one.
 */
u32 jobq_limit_available(struct jobq_limit *limit)
{
	guard(spinlock_irqsave)(&limit->lock);
	return limit->available;
}
EXPORT_SYMBOL_NS_GPL(jobq_limit_available, "JOBQ");

/**
 * jobq_limit_check() - can a job ever have that many units?
 * @q: its queue
 * @units: how many it is going to ask for, not 0
 *
 * Context: Any.
 * Return: 0; -EINVAL: @q has no limit; -E2BIG.
 */
int jobq_limit_check(struct jobq *q, u32 units)
{
	if (!q->limit)
		return -EINVAL;
	return units > q->limit->units ? -E2BIG : 0;
}

/* Set units aside for the first in line. @self is going to look by itself. */
static void jobq_limit_hand_on_locked(struct jobq_limit *limit, struct jobq *self)
{
	struct jobq *q;

	lockdep_assert_held(&limit->lock);
	for (;;) {
		q = list_first_entry_or_null(&limit->line, struct jobq, limit_node);
		if (!q || q->limit_need > limit->available)
			return;
		limit->available -= q->limit_need;
		q->limit_granted = true;
		list_del_init(&q->limit_node);
		/*
		 * Its lock can't be taken here to see if it was killed. But a queue
		 * that is killed gets out of the line, under our lock, before
		 * teardown waits for what is queued here.
		 */
		if (q != self)
			jobq_run_later(q);
	}
}

/**
 * jobq_limit_take_locked() - get the units of a job that is about to run
 * @job: head of its queue, which is running; it needs units
 *
 * Context: &jobq.lock held; takes &jobq_limit.lock.
 * Return: Whether it has them. If not its queue is in line now.
 */
bool jobq_limit_take_locked(struct jobq_job *job)
{
	struct jobq *q = job->q;
	struct jobq_limit *limit = q->limit;

	lockdep_assert_held(&q->lock);
	if (job->has_units)
		return true;

	guard(spinlock)(&limit->lock);
	if (q->limit_granted) {
		q->limit_granted = false;
	} else if (list_empty(&limit->line) && job->limit_units <= limit->available) {
		limit->available -= job->limit_units;
	} else {
		q->limit_need = job->limit_units;
		list_add_tail(&q->limit_node, &limit->line);
		return false;
	}
	job->has_units = true;
	return true;
}

/**
 * jobq_limit_return_locked() - give the units of a job back
 * @job: job that has some
 *
 * If its own queue is next in line, that isn't unblocked: like for credits of the
 * ring, the caller looks again whether a job can be run.
 *
 * Context: &jobq.lock held; takes &jobq_limit.lock.
 */
void jobq_limit_return_locked(struct jobq_job *job)
{
	struct jobq_limit *limit = job->q->limit;

	lockdep_assert_held(&job->q->lock);
	guard(spinlock)(&limit->lock);
	job->has_units = false;
	limit->available += job->limit_units;
	jobq_limit_hand_on_locked(limit, job->q);
}

/**
 * jobq_limit_leave_locked() - get out of the line
 * @q: queue with a limit, which isn't going to run a job soon
 *
 * When it returns, nobody who returns units unblocks @q any more.
 *
 * Context: &jobq.lock held; takes &jobq_limit.lock.
 */
void jobq_limit_leave_locked(struct jobq *q)
{
	struct jobq_limit *limit = q->limit;

	lockdep_assert_held(&q->lock);
	guard(spinlock)(&limit->lock);
	list_del_init(&q->limit_node);
	if (q->limit_granted)
		limit->available += q->limit_need;
	q->limit_granted = false;
	jobq_limit_hand_on_locked(limit, q);
}
