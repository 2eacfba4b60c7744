// SPDX-License-Identifier: GPL-2.0
/*
 * The orchestrator object and its members. Who gets a ring is decided in
 * jobq_orch_pass.c.
 */

#include <linux/bug.h>
#include <linux/container_of.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/overflow.h>
#include <linux/rbtree.h>
#include <linux/slab.h>

#include <dfence/dfence.h>
#include <jobq/jobq_orch.h>

#include "jobq_internal.h"
#include "jobq_orch_internal.h"

#define JOBQ_ORCH_SLICE_MS	10
#define JOBQ_ORCH_GRACE_MS	50
#define JOBQ_ORCH_AGE_MS	1000
#define JOBQ_ORCH_RINGS_MAX	4096

static int jobq_orch_check_args(const struct jobq_orch_args *args)
{
	if (!args->ops || !args->ops->bind || !args->ops->unbind || !args->name)
		return -EINVAL;
	if (!args->num_rings || args->num_rings > JOBQ_ORCH_RINGS_MAX)
		return -EINVAL;
	return 0;
}

/**
 * jobq_orch_create() - make an orchestrator
 * @args: what it is for; not needed afterwards
 *
 * Context: Process, may sleep.
 * Return: The first reference to it, for jobq_orch_put(); ERR_PTR: -EINVAL: @args lacks
 * something mandatory, or there are more than 4096 rings; -ENOMEM.
 */
struct jobq_orch *jobq_orch_create(const struct jobq_orch_args *args)
{
	struct jobq_orch *orch;
	int ret;

	ret = jobq_orch_check_args(args);
	if (ret)
		return ERR_PTR(ret);
	orch = kzalloc_flex(*orch, holders, args->num_rings);
	if (!orch)
		return ERR_PTR(-ENOMEM);
	orch->num_rings = args->num_rings;
	orch->wq = alloc_ordered_workqueue("%s", WQ_MEM_RECLAIM | WQ_HIGHPRI, args->name);
	if (!orch->wq) {
		kfree(orch);
		return ERR_PTR(-ENOMEM);
	}
	kref_init(&orch->ref);
	orch->ops = args->ops;
	orch->slice_ns = (u64)(args->slice_ms ?: JOBQ_ORCH_SLICE_MS) * NSEC_PER_MSEC;
	orch->grace_ns = (u64)(args->grace_ms ?: JOBQ_ORCH_GRACE_MS) * NSEC_PER_MSEC;
	orch->age_ns = (u64)(args->age_ms ?: JOBQ_ORCH_AGE_MS) * NSEC_PER_MSEC;
	mutex_init(&orch->lock);
	INIT_WORK(&orch->work, jobq_orch_work_fn);
	hrtimer_setup(&orch->timer, jobq_orch_timer_fn, CLOCK_MONOTONIC, HRTIMER_MODE_ABS);
	init_llist_head(&orch->woken);
	INIT_LIST_HEAD(&orch->members);
	INIT_LIST_HEAD(&orch->young);
	INIT_LIST_HEAD(&orch->failed);
	orch->order = RB_ROOT_CACHED;
	return orch;
}
EXPORT_SYMBOL_NS_GPL(jobq_orch_create, "JOBQ");

/* It has no members: they have references. So nobody queues the work but the timer. */
static void jobq_orch_release(struct kref *ref)
{
	struct jobq_orch *orch = container_of(ref, struct jobq_orch, ref);

	/* The work can start the timer, which queues the work, but only for members. */
	cancel_work_sync(&orch->work);
	hrtimer_cancel(&orch->timer);
	destroy_workqueue(orch->wq);
	mutex_destroy(&orch->lock);
	kfree(orch);
}

/**
 * jobq_orch_put() - give a reference to an orchestrator back
 * @orch: orchestrator or NULL
 *
 * It goes on working for its members: the last one that is removed frees it.
 *
 * Context: Process, may sleep.
 */
void jobq_orch_put(struct jobq_orch *orch)
{
	might_sleep();
	if (orch)
		kref_put(&orch->ref, jobq_orch_release);
}
EXPORT_SYMBOL_NS_GPL(jobq_orch_put, "JOBQ");

/* @q is stopped. */
static int jobq_orch_attach(struct jobq_orch *orch, struct jobq_orch_member *m, struct jobq *q,
			    unsigned int priority)
{
	if (orch->error)
		return orch->error;

	guard(spinlock_irqsave)(&q->lock);
	if (q->orch || !jobq_is_empty_locked(q))
		return -EBUSY;
	m->q = jobq_get(q);
	kref_get(&orch->ref);
	m->orch = orch;
	m->priority = priority;
	m->rank = priority + 1;
	m->state = JOBQ_ORCH_IDLE;
	m->woken = false;
	m->pins = 0;
	m->tries = 0;
	m->vruntime = 0;
	INIT_LIST_HEAD(&m->wait_node);
	RB_CLEAR_NODE(&m->order_node);
	list_add_tail(&m->node, &orch->members);
	orch->stats.members++;
	q->orch = m;
	jobq_orch_notify_locked(m);
	return 0;
}

/*
 * If nobody is short of rings it has one before it has a job. If binding fails that is
 * tried again when it has.
 */
static void jobq_orch_bind_early(struct jobq_orch_member *m)
{
	struct jobq_orch *orch = m->orch;
	unsigned int ring = jobq_orch_free_ring(orch, 0);

	if (ring < orch->num_rings && !orch->num_waiting && !orch->suspended &&
	    llist_empty(&orch->woken))
		(void)jobq_orch_try_bind(m, ring);
}

/**
 * jobq_orch_add() - have an orchestrator lend rings to a queue
 * @orch: orchestrator; the member takes a reference
 * @m: memory of the caller, zeroed, next to @q
 * @q: queue, with nothing in flight; the member takes a reference
 * @priority: 0, the highest, to %JOBQ_ORCH_PRIORITIES - 1
 *
 * From here on the queue runs its jobs only while it has a ring. If one is free it
 * has it when this returns.
 *
 * Context: Process, may sleep. Not from an op.
 * Return: 0; -EINVAL: no such priority; -EBUSY: @q has an orchestrator or jobs in flight; the
 * error of jobq_orch_shutdown(). In error @q is as it was.
 */
int jobq_orch_add(struct jobq_orch *orch, struct jobq_orch_member *m, struct jobq *q,
		  unsigned int priority)
{
	int ret;

	if (priority >= JOBQ_ORCH_PRIORITIES)
		return -EINVAL;

	jobq_stop(q);
	scoped_guard(dfence_signalling) {
		guard(mutex)(&orch->lock);
		ret = jobq_orch_attach(orch, m, q, priority);
		if (!ret)
			jobq_orch_bind_early(m);
	}
	if (ret)
		jobq_start(q);
	return ret;
}
EXPORT_SYMBOL_NS_GPL(jobq_orch_add, "JOBQ");

/* Its queue is dead. */
static void jobq_orch_detach(struct jobq_orch_member *m)
{
	struct jobq_orch *orch = m->orch;
	struct jobq *q = m->q;

	guard(mutex)(&orch->lock);
	scoped_guard(spinlock_irqsave, &q->lock)
		q->orch = NULL;
	/* Nobody can put it on the list of the woken ones any more. */
	jobq_orch_collect(orch);
	if (m->state == JOBQ_ORCH_WAITING)
		jobq_orch_dequeue(m);
	if (m->state == JOBQ_ORCH_BOUND || m->state == JOBQ_ORCH_DRAINING) {
		guard(mutex)(&q->hw_lock);
		jobq_orch_unbind(m);
	}
	list_del_init(&m->node);
	orch->stats.members--;
	/* Somebody else may have its ring. */
	queue_work(orch->wq, &orch->work);
}

/**
 * jobq_orch_remove() - end a membership
 * @m: member; one that was never added, or is removed, is fine
 *
 * To be called after jobq_teardown() of the queue. If it has a ring this is unbound. When this
 * returns no op of the orchestrator runs or will run for the queue, and the member's
 * references are put, maybe the last ones.
 *
 * Context: Process, may sleep. Not from an op. Not at the same time as another call with @m.
 */
void jobq_orch_remove(struct jobq_orch_member *m)
{
	struct jobq_orch *orch = m->orch;
	struct jobq *q = m->q;

	if (!q)
		return;
	if (WARN(jobq_state(q) != JOBQ_DEAD, "jobq %s: removed without teardown\n", q->name))
		jobq_teardown(q);

	scoped_guard(dfence_signalling)
		jobq_orch_detach(m);
	m->q = NULL;
	m->orch = NULL;
	jobq_put(q);
	jobq_orch_put(orch);
}
EXPORT_SYMBOL_NS_GPL(jobq_orch_remove, "JOBQ");

/* Rings that others can still have, if @m gets one that it keeps. */
static unsigned int jobq_orch_num_left(struct jobq_orch *orch, struct jobq_orch_member *m)
{
	unsigned int i, num = orch->num_rings - 1;

	for (i = 0; i < orch->num_rings; i++)
		if (orch->holders[i] && orch->holders[i] != m && orch->holders[i]->pins)
			num--;
	return num;
}

static int jobq_orch_pin_locked(struct jobq_orch_member *m)
{
	struct jobq_orch *orch = m->orch;
	unsigned int ring;
	bool waits;
	int ret;

	if (orch->error)
		return orch->error;
	if (jobq_error(m->q))
		return jobq_error(m->q);
	/* All the others share the ones that are left: that takes one, at least. */
	if (!m->pins && !jobq_orch_num_left(orch, m))
		return -EBUSY;
	if (m->state == JOBQ_ORCH_DRAINING)
		jobq_orch_keep(m);
	if (m->state == JOBQ_ORCH_BOUND)
		return 0;

	ring = jobq_orch_free_ring(orch, 0);
	if (orch->suspended)
		return -EBUSY;
	if (ring == orch->num_rings && jobq_orch_reclaim_idle(orch))
		ring = jobq_orch_free_ring(orch, 0);
	if (ring == orch->num_rings)
		return -EBUSY;
	/* Who was at the head of the queue waits for the next one. */
	waits = m->state == JOBQ_ORCH_WAITING;
	ret = jobq_orch_try_bind(m, ring);
	if (!ret && waits)
		jobq_orch_dequeue(m);
	return ret;
}

/**
 * jobq_orch_pin() - give a queue a ring that it keeps
 * @m: member
 *
 * For queues whose ring something else depends on: user space has mapped its doorbell, say.
 * Doesn't wait for rings of queues that aren't idle. One ring always stays unpinned. Nests.
 *
 * Context: Process, may sleep. Not from an op.
 * Return: 0; -EBUSY: no ring is free, or it would be the last one, or the orchestrator is
 * suspended; what bind returned; the error with which the queue was killed, or the
 * orchestrator shut down.
 */
int jobq_orch_pin(struct jobq_orch_member *m)
{
	struct jobq_orch *orch = m->orch;
	int ret;

	guard(dfence_signalling)();
	guard(mutex)(&orch->lock);
	ret = jobq_orch_pin_locked(m);
	if (!ret)
		m->pins++;
	/* Who waits has to look elsewhere, and who didn't get it goes on waiting. */
	queue_work(orch->wq, &orch->work);
	return ret;
}
EXPORT_SYMBOL_NS_GPL(jobq_orch_pin, "JOBQ");

/**
 * jobq_orch_unpin() - end a jobq_orch_pin()
 * @m: member
 *
 * Context: Process, may sleep. Not from an op.
 */
void jobq_orch_unpin(struct jobq_orch_member *m)
{
	guard(mutex)(&m->orch->lock);
	if (WARN(!m->pins, "jobq %s: unpinned while not pinned\n", m->q->name))
		return;
	m->pins--;
	queue_work(m->orch->wq, &m->orch->work);
}
EXPORT_SYMBOL_NS_GPL(jobq_orch_unpin, "JOBQ");

/**
 * jobq_orch_suspend() - leave all rings as they are
 * @orch: orchestrator
 *
 * For times in which the device can't be talked to. When this returns no ring is being
 * bound or unbound, and none will be, except by jobq_orch_remove(), before
 * jobq_orch_resume(). It doesn't stop the queues that have a ring; one that is being
 * preempted stays stopped. Nests.
 *
 * Context: Process, may sleep. Not from an op.
 */
void jobq_orch_suspend(struct jobq_orch *orch)
{
	guard(mutex)(&orch->lock);
	orch->suspended++;
}
EXPORT_SYMBOL_NS_GPL(jobq_orch_suspend, "JOBQ");

/**
 * jobq_orch_resume() - end a jobq_orch_suspend()
 * @orch: orchestrator
 *
 * Context: Process, may sleep. Not from an op.
 */
void jobq_orch_resume(struct jobq_orch *orch)
{
	guard(mutex)(&orch->lock);
	if (WARN(!orch->suspended, "orchestrator resumed while not suspended\n"))
		return;
	orch->suspended--;
	queue_work(orch->wq, &orch->work);
}
EXPORT_SYMBOL_NS_GPL(jobq_orch_resume, "JOBQ");

/**
 * jobq_orch_shutdown() - the device is gone, or is about to go
 * @orch: orchestrator
 * @error: -errno for the fences
 *
 * Kills all members with @error. When this returns no ring is being bound, and none will be.
 * Those that are bound are unbound when their members are removed. Calls after the first
 * one do nothing.
 *
 * Context: Process, may sleep. Not from an op. Signals fences.
 */
void jobq_orch_shutdown(struct jobq_orch *orch, int error)
{
	struct jobq_orch_member *m;

	if (WARN(error >= 0 || error < -MAX_ERRNO, "orchestrator shut down with error %d\n", error))
		error = -ECANCELED;

	guard(dfence_signalling)();
	guard(mutex)(&orch->lock);
	if (orch->error)
		return;
	orch->error = error;
	list_for_each_entry(m, &orch->members, node)
		jobq_kill(m->q, error);
}
EXPORT_SYMBOL_NS_GPL(jobq_orch_shutdown, "JOBQ");

/**
 * jobq_orch_get_stats() - what an orchestrator has done
 * @orch: orchestrator
 * @ret_stats: a consistent snapshot
 *
 * Context: Process, may sleep. Not from an op.
 */
void jobq_orch_get_stats(struct jobq_orch *orch, struct jobq_orch_stats *ret_stats)
{
	struct jobq_orch_member *m;

	guard(mutex)(&orch->lock);
	*ret_stats = orch->stats;
	list_for_each_entry(m, &orch->members, node) {
		ret_stats->waiting += m->state == JOBQ_ORCH_WAITING;
		ret_stats->bound += m->state == JOBQ_ORCH_BOUND ||
				    m->state == JOBQ_ORCH_DRAINING;
	}
}
EXPORT_SYMBOL_NS_GPL(jobq_orch_get_stats, "JOBQ");
