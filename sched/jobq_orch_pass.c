// SPDX-License-Identifier: GPL-2.0
/*
 * Who gets a ring: what the orchestrator does when it looks at its members.
 */

#include <linux/bug.h>
#include <linux/container_of.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/rbtree.h>

#include <dfence/dfence.h>

#include "jobq_internal.h"
#include "jobq_orch_internal.h"
#include "jobq_trace.h"

#define JOBQ_ORCH_RETRY_NS	(10 * NSEC_PER_MSEC)
#define JOBQ_ORCH_LOOK_AGAIN_NS	((u64)NSEC_PER_MSEC)
/* Of those that have waited too long; the others have priority + 1. */
#define JOBQ_ORCH_RANK_AGED	0

static const u8 jobq_orch_moves[] = {
	[JOBQ_ORCH_IDLE] = BIT(JOBQ_ORCH_WAITING) | BIT(JOBQ_ORCH_BOUND),
	[JOBQ_ORCH_WAITING] = BIT(JOBQ_ORCH_IDLE) | BIT(JOBQ_ORCH_BOUND),
	[JOBQ_ORCH_BOUND] = BIT(JOBQ_ORCH_DRAINING),
	[JOBQ_ORCH_DRAINING] = BIT(JOBQ_ORCH_IDLE) | BIT(JOBQ_ORCH_WAITING) |
			       BIT(JOBQ_ORCH_BOUND),
};

/**
 * jobq_orch_now() - the orchestrator's only clock
 *
 * Context: Any.
 * Return: The time.
 */
ktime_t jobq_orch_now(void)
{
	return ktime_get();
}

static bool jobq_orch_past(ktime_t since, u64 ns)
{
	return ktime_to_ns(ktime_sub(jobq_orch_now(), since)) >= (s64)ns;
}

/* The only way to change a member's state. */
static void jobq_orch_set_state_locked(struct jobq_orch_member *m, enum jobq_orch_state state)
{
	lockdep_assert_held(&m->orch->lock);
	lockdep_assert_held(&m->q->lock);
	if (WARN(!(jobq_orch_moves[m->state] & BIT(state)), "jobq %s: member state %d -> %d\n",
		 m->q->name, m->state, state))
		return;
	trace_jobq_orch_state(m, state);
	m->state = state;
}

static void jobq_orch_set_state(struct jobq_orch_member *m, enum jobq_orch_state state)
{
	guard(spinlock_irqsave)(&m->q->lock);
	jobq_orch_set_state_locked(m, state);
}

/* Could it run a job in a ring? If others have stopped it, jobq_start() asks again. */
static bool jobq_orch_wants_ring_locked(struct jobq_orch_member *m)
{
	unsigned int stopped_by_us = m->state != JOBQ_ORCH_BOUND;

	return m->q->stop_count == stopped_by_us && jobq_is_ready_locked(m->q);
}

/**
 * jobq_orch_notify_locked() - a queue wants a ring, or has nothing in flight any more
 * @m: the queue's member
 *
 * Context: Any; &jobq.lock held.
 */
void jobq_orch_notify_locked(struct jobq_orch_member *m)
{
	struct jobq_orch *orch = m->orch;

	lockdep_assert_held(&m->q->lock);
	switch (m->state) {
	case JOBQ_ORCH_IDLE:
		if (m->woken || !jobq_orch_wants_ring_locked(m))
			return;
		m->woken = true;
		llist_add(&m->woken_node, &orch->woken);
		break;
	case JOBQ_ORCH_WAITING:
		return;
	case JOBQ_ORCH_BOUND:
		/* Written before the worker looked whether the queue was idle. */
		if (!READ_ONCE(orch->num_waiting) || jobq_orch_wants_ring_locked(m))
			return;
		break;
	case JOBQ_ORCH_DRAINING:
		break;
	}
	queue_work(orch->wq, &orch->work);
}

static bool jobq_orch_less(struct rb_node *a, const struct rb_node *b)
{
	struct jobq_orch_member *ma = rb_entry(a, struct jobq_orch_member, order_node);
	struct jobq_orch_member *mb = rb_entry(b, struct jobq_orch_member, order_node);

	return ma->rank != mb->rank ? ma->rank < mb->rank : ma->key < mb->key;
}

/* Its since, when it has begun to wait, and its vruntime are set. */
static void jobq_orch_enqueue(struct jobq_orch_member *m)
{
	struct jobq_orch *orch = m->orch;
	struct jobq_orch_member *pos;

	m->rank = m->priority + 1;
	m->key = m->vruntime;
	rb_add_cached(&m->order_node, &orch->order, jobq_orch_less);
	/* At the end, but for those that are to be tried again. */
	list_for_each_entry_reverse(pos, &orch->young, wait_node)
		if (!ktime_after(pos->since, m->since))
			break;
	list_add(&m->wait_node, &pos->wait_node);
	WRITE_ONCE(orch->num_waiting, orch->num_waiting + 1);
}

/**
 * jobq_orch_dequeue() - end the waiting of a member
 * @m: member in state %JOBQ_ORCH_WAITING
 *
 * Context: Process, the orchestrator's mutex held.
 */
void jobq_orch_dequeue(struct jobq_orch_member *m)
{
	struct jobq_orch *orch = m->orch;

	list_del_init(&m->wait_node);
	if (RB_EMPTY_NODE(&m->order_node))
		return; /* binding it had failed */
	rb_erase_cached(&m->order_node, &orch->order);
	RB_CLEAR_NODE(&m->order_node);
	WRITE_ONCE(orch->num_waiting, orch->num_waiting - 1);
}

static struct jobq_orch_member *jobq_orch_first(struct jobq_orch *orch)
{
	return rb_entry_safe(rb_first_cached(&orch->order), struct jobq_orch_member, order_node);
}

static struct jobq_orch_member *jobq_orch_next(struct jobq_orch_member *m)
{
	return rb_entry_safe(rb_next(&m->order_node), struct jobq_orch_member, order_node);
}

/* Those that have waited too long come first, whatever their priority. */
static void jobq_orch_age(struct jobq_orch *orch)
{
	struct jobq_orch_member *m;

	while ((m = list_first_entry_or_null(&orch->young, struct jobq_orch_member, wait_node))) {
		if (!jobq_orch_past(m->since, orch->age_ns))
			return;
		list_del_init(&m->wait_node);
		rb_erase_cached(&m->order_node, &orch->order);
		m->rank = JOBQ_ORCH_RANK_AGED;
		m->key = ktime_to_ns(m->since);
		rb_add_cached(&m->order_node, &orch->order, jobq_orch_less);
	}
}

static void jobq_orch_retry_failed(struct jobq_orch *orch)
{
	struct jobq_orch_member *m;

	while ((m = list_first_entry_or_null(&orch->failed, struct jobq_orch_member, wait_node))) {
		if (ktime_after(m->retry_at, jobq_orch_now()))
			return;
		list_del_init(&m->wait_node);
		jobq_orch_enqueue(m);
	}
}

static u64 jobq_orch_busy_ns(struct jobq_orch_member *m)
{
	struct jobq_stats stats;

	jobq_get_stats(m->q, &stats);
	return stats.busy_ns;
}

static void jobq_orch_account(struct jobq_orch *orch)
{
	struct jobq_orch_member *m;
	unsigned int i;
	u64 busy_ns;

	for (i = 0; i < orch->num_rings; i++) {
		m = orch->holders[i];
		if (!m)
			continue;
		busy_ns = jobq_orch_busy_ns(m);
		m->vruntime += busy_ns - m->busy_seen;
		m->busy_seen = busy_ns;
	}
}

/* Nobody has waited so far: what those with a ring have run doesn't count. */
static void jobq_orch_level(struct jobq_orch *orch)
{
	struct jobq_orch_member *m;
	unsigned int i;

	for (i = 0; i < orch->num_rings; i++) {
		m = orch->holders[i];
		if (m)
			orch->base[m->priority] = max(orch->base[m->priority], m->vruntime);
	}
	for (i = 0; i < orch->num_rings; i++) {
		m = orch->holders[i];
		if (m)
			m->vruntime = orch->base[m->priority];
	}
}

/* Who wasn't there begins where the one with the least runtime is. */
static void jobq_orch_advance_base(struct jobq_orch *orch)
{
	u64 least[JOBQ_ORCH_PRIORITIES];
	struct jobq_orch_member *m;
	unsigned int i;

	for (i = 0; i < JOBQ_ORCH_PRIORITIES; i++)
		least[i] = U64_MAX;
	for (i = 0; i < orch->num_rings; i++) {
		m = orch->holders[i];
		if (m && !m->pins)
			least[m->priority] = min(least[m->priority], m->vruntime);
	}
	for (i = 0; i < JOBQ_ORCH_PRIORITIES; i++)
		if (least[i] != U64_MAX)
			orch->base[i] = max(orch->base[i], least[i]);
}

/* Returns whether it wants a ring and is waiting now. */
static bool jobq_orch_wake(struct jobq_orch_member *m)
{
	guard(spinlock_irqsave)(&m->q->lock);
	m->woken = false;
	if (m->state != JOBQ_ORCH_IDLE || !jobq_orch_wants_ring_locked(m))
		return false;
	jobq_orch_set_state_locked(m, JOBQ_ORCH_WAITING);
	return true;
}

/**
 * jobq_orch_collect() - see who has come to want a ring
 * @orch: orchestrator
 *
 * Context: Process, the orchestrator's mutex held.
 */
void jobq_orch_collect(struct jobq_orch *orch)
{
	struct llist_node *woken = llist_del_all(&orch->woken);
	struct jobq_orch_member *m, *tmp;

	if (!woken)
		return;
	jobq_orch_account(orch);
	if (orch->num_waiting)
		jobq_orch_advance_base(orch);
	else
		jobq_orch_level(orch);

	llist_for_each_entry_safe(m, tmp, llist_reverse_order(woken), woken_node) {
		if (!jobq_orch_wake(m))
			continue;
		m->since = jobq_orch_now();
		m->vruntime = max(m->vruntime, orch->base[m->priority]);
		jobq_orch_enqueue(m);
	}
}

/**
 * jobq_orch_free_ring() - find a ring that nobody has
 * @orch: orchestrator
 * @first: where to begin
 *
 * Context: Process, the orchestrator's mutex held.
 * Return: Its number, or &jobq_orch.num_rings.
 */
unsigned int jobq_orch_free_ring(struct jobq_orch *orch, unsigned int first)
{
	unsigned int i, ring;

	for (i = 0; i < orch->num_rings; i++) {
		ring = (first + i) % orch->num_rings;
		if (!orch->holders[ring])
			return ring;
	}
	return orch->num_rings;
}

/**
 * jobq_orch_try_bind() - give a member a ring
 * @m: member without a ring; not waiting any more in the orchestrator's lists
 * @ring: number of one that is free
 *
 * Context: Process, the orchestrator's mutex held. In success jobs are run.
 * Return: 0 or what &jobq_orch_ops.bind returned.
 */
int jobq_orch_try_bind(struct jobq_orch_member *m, unsigned int ring)
{
	struct jobq_orch *orch = m->orch;
	int ret;

	lockdep_assert_held(&orch->lock);
	ret = orch->ops->bind(m->q, ring);
	if (ret) {
		orch->stats.bind_errors++;
		return WARN_ONCE(ret > 0, "jobq %s: bind returned %d\n", m->q->name, ret) ?
		       -EIO : ret;
	}
	orch->stats.binds++;
	orch->holders[ring] = m;
	m->ring = ring;
	m->tries = 0;
	m->since = jobq_orch_now();
	m->busy_seen = jobq_orch_busy_ns(m);
	jobq_orch_set_state(m, JOBQ_ORCH_BOUND);
	jobq_start(m->q);
	return 0;
}

/* To the first of those that wait. */
static void jobq_orch_give(struct jobq_orch_member *m, unsigned int ring)
{
	struct jobq_orch *orch = m->orch;
	bool aged = m->rank == JOBQ_ORCH_RANK_AGED;
	u64 waited_ns = ktime_to_ns(ktime_sub(jobq_orch_now(), m->since));
	int ret;

	jobq_orch_dequeue(m);
	ret = jobq_orch_try_bind(m, ring);
	if (!ret) {
		orch->stats.aged += aged;
		orch->stats.max_wait_ns = max(orch->stats.max_wait_ns, waited_ns);
		return;
	}
	if ((ret == -EBUSY || ret == -EAGAIN || ret == -ENOMEM) &&
	    ++m->tries < JOBQ_ORCH_BIND_TRIES) {
		m->retry_at = ktime_add_ns(jobq_orch_now(), JOBQ_ORCH_RETRY_NS);
		list_add_tail(&m->wait_node, &orch->failed);
		return;
	}
	m->tries = 0;
	jobq_orch_set_state(m, JOBQ_ORCH_IDLE);
	jobq_kill(m->q, ret);
}

/**
 * jobq_orch_unbind() - take the ring away from a member
 * @m: member in state %JOBQ_ORCH_BOUND or %JOBQ_ORCH_DRAINING; its queue is stopped or dead,
 *	nothing of it is in flight
 *
 * If it has jobs that could run it waits.
 *
 * Context: Process, the orchestrator's mutex and &jobq.hw_lock held.
 */
void jobq_orch_unbind(struct jobq_orch_member *m)
{
	struct jobq_orch *orch = m->orch;
	bool waits;

	lockdep_assert_held(&orch->lock);
	lockdep_assert_held(&m->q->hw_lock);
	orch->ops->unbind(m->q, m->ring);
	orch->holders[m->ring] = NULL;
	m->since = jobq_orch_now();
	/* In one step, or a job that comes now would be missed. */
	scoped_guard(spinlock_irqsave, &m->q->lock) {
		waits = jobq_orch_wants_ring_locked(m);
		if (m->state == JOBQ_ORCH_BOUND)
			jobq_orch_set_state_locked(m, JOBQ_ORCH_DRAINING);
		jobq_orch_set_state_locked(m, waits ? JOBQ_ORCH_WAITING : JOBQ_ORCH_IDLE);
	}
	if (waits)
		jobq_orch_enqueue(m);
}

/**
 * jobq_orch_keep() - let a member keep its ring
 * @m: member in state %JOBQ_ORCH_DRAINING
 *
 * Context: Process, the orchestrator's mutex held.
 */
void jobq_orch_keep(struct jobq_orch_member *m)
{
	m->since = jobq_orch_now();
	jobq_orch_set_state(m, JOBQ_ORCH_BOUND);
	jobq_start(m->q);
}

/*
 * Returns whether there is a free ring now. Not if jobs were taken out of this one by a
 * reset: other rings may be waiting for them, which are taken, so they have to go back first.
 */
static bool jobq_orch_try_unbind(struct jobq_orch_member *m)
{
	struct jobq *q = m->q;
	bool empty, replaying;

	/* Its ring is being reset, or it is being killed: see when that's over. */
	if (!mutex_trylock(&q->hw_lock)) {
		m->orch->look_again = true;
		return false;
	}
	scoped_guard(spinlock_irqsave, &q->lock) {
		empty = jobq_is_empty_locked(q);
		replaying = jobq_is_replaying_locked(q);
	}
	if (empty && replaying)
		jobq_orch_keep(m);
	else if (empty)
		jobq_orch_unbind(m);
	mutex_unlock(&q->hw_lock);
	return empty && !replaying;
}

/* Returns whether there is a free ring now; if not, there is going to be. */
static bool jobq_orch_preempt(struct jobq_orch_member *m)
{
	m->since = jobq_orch_now();
	m->overdue = false;
	/* Before it's looked at, so that it says when it is empty. */
	jobq_orch_set_state(m, JOBQ_ORCH_DRAINING);
	jobq_stop(m->q);
	if (jobq_orch_try_unbind(m))
		return true;
	m->orch->stats.preempted++;
	return false;
}

static bool jobq_orch_is_idle(struct jobq_orch_member *m)
{
	struct jobq *q = m->q;

	guard(spinlock_irqsave)(&q->lock);
	/* A job may be on its way to the ring; if not, nobody would tell. */
	if (q->draining) {
		m->orch->look_again = true;
		return false;
	}
	return jobq_is_empty_locked(q) && !jobq_orch_wants_ring_locked(m);
}

/* Not while its jobs are to be run again, see jobq_orch_try_unbind(). */
static bool jobq_orch_is_stoppable(struct jobq_orch_member *m)
{
	if (m->state != JOBQ_ORCH_BOUND || m->pins)
		return false;
	guard(spinlock_irqsave)(&m->q->lock);
	return !jobq_is_replaying_locked(m->q);
}

/* May @w, which waits, have the ring of @h, which isn't idle? */
static bool jobq_orch_may_preempt(struct jobq_orch_member *w, struct jobq_orch_member *h)
{
	unsigned int rank = h->priority + 1;

	if (!jobq_orch_past(h->since, h->orch->slice_ns))
		return w->rank < h->rank;
	if (w->rank != rank)
		return w->rank < rank;
	return w->vruntime <= h->vruntime;
}

/*
 * Whose ring @w gets, if anybody's: that of the queue that has been idle in its ring for long,
 * else of the one with the lowest priority, and of those the one that has run most. NULL
 * for @w: idle ones only.
 */
static struct jobq_orch_member *jobq_orch_find_victim(struct jobq_orch *orch,
						      struct jobq_orch_member *w)
{
	struct jobq_orch_member *idle = NULL, *busy = NULL, *h;
	unsigned int i;

	for (i = 0; i < orch->num_rings; i++) {
		h = orch->holders[i];
		if (!h || !jobq_orch_is_stoppable(h))
			continue;
		if (jobq_orch_is_idle(h)) {
			if (!idle || ktime_before(h->since, idle->since))
				idle = h;
		} else if (w && jobq_orch_may_preempt(w, h)) {
			if (!busy || h->priority > busy->priority ||
			    (h->priority == busy->priority && h->vruntime > busy->vruntime))
				busy = h;
		}
	}
	return idle ?: busy;
}

/**
 * jobq_orch_reclaim_idle() - take a ring away from a queue that doesn't use it
 * @orch: orchestrator
 *
 * Context: Process, the orchestrator's mutex held.
 * Return: Whether there is a free ring now.
 */
bool jobq_orch_reclaim_idle(struct jobq_orch *orch)
{
	struct jobq_orch_member *idle = jobq_orch_find_victim(orch, NULL);

	return idle && jobq_orch_preempt(idle);
}

/* How many rings are about to become free. */
static unsigned int jobq_orch_coming(struct jobq_orch *orch)
{
	unsigned int i, num = 0;
	struct jobq_orch_member *m;

	for (i = 0; i < orch->num_rings; i++) {
		m = orch->holders[i];
		if (!m || m->state != JOBQ_ORCH_DRAINING)
			continue;
		if (!m->overdue && jobq_orch_past(m->since, orch->grace_ns)) {
			m->overdue = true;
			orch->stats.overdue++;
		}
		num += !m->overdue;
	}
	return num;
}

/* It may have been killed or stopped, or what it wanted to run be cancelled. */
static bool jobq_orch_still_waits(struct jobq_orch_member *m)
{
	scoped_guard(spinlock_irqsave, &m->q->lock) {
		if (jobq_orch_wants_ring_locked(m))
			return true;
		jobq_orch_set_state_locked(m, JOBQ_ORCH_IDLE);
	}
	jobq_orch_dequeue(m);
	return false;
}

/* Do one thing for the first one that something can be done for. Returns false if none. */
static bool jobq_orch_step(struct jobq_orch *orch)
{
	unsigned int ring, coming = jobq_orch_coming(orch);
	struct jobq_orch_member *w, *victim;

	for (w = jobq_orch_first(orch); w; w = jobq_orch_next(w)) {
		if (!jobq_orch_still_waits(w))
			return true;
		ring = jobq_orch_free_ring(orch, w->tries);
		if (ring < orch->num_rings) {
			jobq_orch_give(w, ring);
			return true;
		}
		if (coming) {
			coming--;
			continue;
		}
		victim = jobq_orch_find_victim(orch, w);
		if (!victim)
			return false; /* those behind @w have even less of a claim */
		jobq_orch_preempt(victim);
		return true;
	}
	return false;
}

/* Rings that have run empty are free. */
static void jobq_orch_reclaim(struct jobq_orch *orch)
{
	struct jobq_orch_member *m;
	unsigned int i;

	for (i = 0; i < orch->num_rings; i++) {
		m = orch->holders[i];
		if (m && m->state == JOBQ_ORCH_DRAINING)
			jobq_orch_try_unbind(m);
	}
}

/* Nobody wants their rings any more. */
static void jobq_orch_keep_all(struct jobq_orch *orch)
{
	struct jobq_orch_member *m;
	unsigned int i;

	for (i = 0; i < orch->num_rings; i++) {
		m = orch->holders[i];
		if (m && m->state == JOBQ_ORCH_DRAINING)
			jobq_orch_keep(m);
	}
}

static ktime_t jobq_orch_sooner(ktime_t time, ktime_t since, u64 ns)
{
	ktime_t other = ktime_add_ns(since, ns);

	return ktime_before(other, time) ? other : time;
}

/* When @h has had its slice, or, if it has, has run as much as the first that waits. */
static ktime_t jobq_orch_end_of_turn(struct jobq_orch *orch, struct jobq_orch_member *h,
				     ktime_t time)
{
	struct jobq_orch_member *w = jobq_orch_first(orch);
	u64 ns;

	if (!jobq_orch_past(h->since, orch->slice_ns))
		return jobq_orch_sooner(time, h->since, orch->slice_ns);
	if (w->rank != h->priority + 1 || w->vruntime <= h->vruntime)
		return time;
	ns = max(w->vruntime - h->vruntime, JOBQ_ORCH_LOOK_AGAIN_NS);
	return jobq_orch_sooner(time, jobq_orch_now(), ns);
}

/* When time changes something, if nothing else does before. */
static ktime_t jobq_orch_next_look(struct jobq_orch *orch)
{
	ktime_t now = jobq_orch_now(), next = KTIME_MAX;
	struct jobq_orch_member *m;
	unsigned int i;

	m = list_first_entry_or_null(&orch->failed, struct jobq_orch_member, wait_node);
	if (m)
		next = m->retry_at;
	if (!orch->num_waiting)
		return next;

	next = jobq_orch_sooner(next, now, orch->slice_ns);
	if (orch->look_again)
		next = jobq_orch_sooner(next, now, JOBQ_ORCH_LOOK_AGAIN_NS);
	m = list_first_entry_or_null(&orch->young, struct jobq_orch_member, wait_node);
	if (m)
		next = jobq_orch_sooner(next, m->since, orch->age_ns);
	for (i = 0; i < orch->num_rings; i++) {
		m = orch->holders[i];
		if (m && m->state == JOBQ_ORCH_BOUND && !m->pins)
			next = jobq_orch_end_of_turn(orch, m, next);
		else if (m && m->state == JOBQ_ORCH_DRAINING && !m->overdue)
			next = jobq_orch_sooner(next, m->since, orch->grace_ns);
	}
	return next;
}

static void jobq_orch_pass(struct jobq_orch *orch)
{
	ktime_t next;

	orch->look_again = false;
	jobq_orch_collect(orch);
	if (orch->error || orch->suspended)
		return;
	jobq_orch_account(orch);
	jobq_orch_retry_failed(orch);
	jobq_orch_age(orch);
	if (orch->num_waiting)
		jobq_orch_reclaim(orch);
	while (jobq_orch_step(orch))
		;
	if (!orch->num_waiting)
		jobq_orch_keep_all(orch);

	next = jobq_orch_next_look(orch);
	if (next != KTIME_MAX)
		hrtimer_start(&orch->timer, next, HRTIMER_MODE_ABS);
}

/**
 * jobq_orch_work_fn() - &jobq_orch.work
 * @work: that
 *
 * Context: Process.
 */
void jobq_orch_work_fn(struct work_struct *work)
{
	struct jobq_orch *orch = container_of(work, struct jobq_orch, work);

	guard(dfence_signalling)();
	guard(mutex)(&orch->lock);
	jobq_orch_pass(orch);
}

/**
 * jobq_orch_timer_fn() - &jobq_orch.timer
 * @timer: that
 *
 * Context: Interrupt.
 * Return: %HRTIMER_NORESTART.
 */
enum hrtimer_restart jobq_orch_timer_fn(struct hrtimer *timer)
{
	struct jobq_orch *orch = container_of(timer, struct jobq_orch, timer);

	queue_work(orch->wq, &orch->work);
	return HRTIMER_NORESTART;
}
