/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The orchestrator: lends the few rings of a device to many queues.
 */
#ifndef _JOBQ_JOBQ_ORCH_H
#define _JOBQ_JOBQ_ORCH_H

#include <linux/compiler_attributes.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/rbtree_types.h>
#include <linux/types.h>

struct jobq;
struct jobq_orch;

/**
 * DOC: jobq orch overview
 *
 * A &struct jobq is for one ring, but hardware has few of them. An orchestrator has a
 * number of rings and lends them to its members, which are queues. A queue without a
 * ring is stopped (jobq_stop()): it takes jobs and keeps them.
 *
 * A queue keeps its ring for as long as nobody else wants one, also when it is idle. So
 * as long as there are no more queues than rings the orchestrator does nothing at all, and
 * a job goes straight from jobq_commit() to its ring. Otherwise, when a queue
 * without ring has a job that could run:
 *
 * - a free ring is bound to it, or that of an idle queue;
 * - else a queue that runs is preempted: it is stopped, and when its ring has run empty
 *   the ring is unbound from it and bound to the one that waits.
 *
 * A queue that others have stopped, too (jobq_stop(), jobq_suspend()), has no job that could
 * run: it doesn't wait for a ring, and one that it has is idle when it is empty.
 *
 * Who gets a ring, and who has to give one up:
 *
 * - Higher priority first: it preempts lower ones at once.
 * - Within a priority the one with the least runtime. Each has its ring for a slice
 *   (&jobq_orch_args.slice_ms) before a queue of its own priority can preempt it, and
 *   until it has run as long as that one. Runtime is the time with a job in the ring
 *   (&jobq_stats.busy_ns). It counts while rings are short: what was used while nobody had
 *   to wait isn't held against anybody, and who was idle has saved up nothing.
 * - Who has waited for &jobq_orch_args.age_ms comes before everybody else, in the order of
 *   waiting, and is then safe from all for a slice.
 *
 * The last rule bounds the waiting: a queue has its ring at latest
 *
 *	age_ms + DIV_ROUND_UP(W, R) * (slice_ms + D)
 *
 * after it has begun to want one. W is how many queues wait then, itself included; R
 * is the number of rings that aren't pinned, D the longest that a ring goes on for once its
 * queue is stopped: what is in it, each job limited by the queue's timeout. Priorities mean
 * something only if age_ms is more than what a turn of all takes, (W / R) * (slice_ms + D);
 * with less it is a round robin.
 *
 * A ring that hasn't run empty after &jobq_orch_args.grace_ms isn't counted on any more:
 * another queue is preempted for the one that waits. Its jobs aren't harmed, their
 * time is limited by the timeout of the queue, as ever. If the ring is reset then, those that
 * are to be run again go back into it first: jobs in other rings may be waiting for them
 * (&jobq_ops.hw_wait), and would never make way for them.
 */

/**
 * DOC: jobq orch lifetime
 *
 * ::
 *
 *	driver's device ---ref---> jobq_orch <---ref--- jobq_orch_member ---ref---> jobq
 *	                                                 in the driver's queue object
 *
 * jobq_orch_add() makes a queue a member, jobq_orch_remove() ends that. Between them the
 * member has a reference to the queue and one to the orchestrator. The pointer from the
 * queue to the member is weak; jobq_orch_remove() clears it under &jobq.lock.
 *
 * What happens when
 *
 * - a member is killed: its jobs end like those of any queue. If it waited it doesn't any
 *   more. If it has a ring, this is unbound once it is empty, somebody else wants it,
 *   or the member is removed, whichever is first.
 * - a member is torn down: the same. jobq_teardown() never waits for the orchestrator, but
 *   for an unbind of this very queue that has begun. So it may be called at any time, whether
 *   the queue waits, is being bound, or runs. jobq_orch_remove() comes after it and waits
 *   for an op that is being called.
 * - binding fails: with -EBUSY, -EAGAIN or -ENOMEM it is tried again, a little later
 *   and with another ring if there is one, while others get their turn, up to
 *   %JOBQ_ORCH_BIND_TRIES times in a row. Then, and with any other error, the queue
 *   is killed with this error: its fences signal.
 * - the device goes: jobq_orch_shutdown() kills all members, and binds nothing any more.
 *   Then the driver tears down and removes each of them as it does otherwise.
 * - the device is suspended: jobq_orch_suspend() leaves all rings as they are. It comes
 *   before a jobq_suspend() of the queues, which doesn't keep rings from being lent on.
 * - the driver puts its reference: nothing. The last member that is removed frees.
 */

/**
 * DOC: jobq orch locking
 *
 * One mutex for everything: it is held while rings are bound and unbound, by the
 * worker and by jobq_orch_add(), jobq_orch_remove(), jobq_orch_pin(). It is taken on the
 * way to signalling fences, so nothing that allocates is called inside. Under it come
 * &jobq.hw_lock (only tried, as a reset can take long), the driver's locks in the ops, and
 * &jobq.lock. It is never waited for in an op of a queue.
 *
 * The library tells the orchestrator that a queue wants a ring, or has run empty, under
 * &jobq.lock, in any context. There a member is put on a lockless list and
 * the worker is queued, no more. A member's state is written under both, the mutex and
 * &jobq.lock, so it can be read under either.
 *
 * A ring is unbound under &jobq.hw_lock, with the queue stopped or killed and nothing in
 * flight: from then on the queue has no reason to call any op that needs the ring, before it
 * is bound again. So &jobq_ops.run_job, doorbell, job_error, timedout, stop and force_stop
 * always find the ring that they have jobs in. (&jobq_ops.hw_ended may not, if a queue is killed
 * whose jobs were to be run again; it's about memory that others look at.) What the driver
 * does for other reasons, a reset of the whole device, say, it has to keep apart from bind and
 * unbind by a lock of its own.
 */

/* Higher ones come first: 0 is the highest. */
#define JOBQ_ORCH_PRIORITIES	4
/* How often in a row binding may fail, see &jobq_orch_ops.bind. */
#define JOBQ_ORCH_BIND_TRIES	100

/**
 * enum jobq_orch_state - what a member has
 * @JOBQ_ORCH_IDLE: no ring, and no need of one
 * @JOBQ_ORCH_WAITING: no ring, but a job that could run
 * @JOBQ_ORCH_BOUND: a ring
 * @JOBQ_ORCH_DRAINING: a ring that it has to give back when this is empty; stopped
 *
 * ::
 *
 *	       +-----------> BOUND ------+
 *	       |               ^   ^     |
 *	       |               |   |     v
 *	IDLE --+-> WAITING ----+  DRAINING
 *	 ^            |  ^             |
 *	 |            |  +-------------+
 *	 +------------+----------------+
 */
enum jobq_orch_state {
	JOBQ_ORCH_IDLE,
	JOBQ_ORCH_WAITING,
	JOBQ_ORCH_BOUND,
	JOBQ_ORCH_DRAINING,
};

/**
 * struct jobq_orch_ops - what a driver does for its orchestrator
 *
 * Called one at a time. In a dma_fence signalling critical section: jobs wait for what they
 * do, so no allocation that waits for reclaim, no dma_resv lock. They call no jobq_orch
 * function, and not jobq_stop() or jobq_teardown().
 */
struct jobq_orch_ops {
	/**
	 * @bind: Mandatory. Make ring number @ring the one of @q. The queue is stopped, or
	 * has been killed meanwhile; nothing of it is in flight. Its jobs are run when this
	 * has returned 0.
	 *
	 * The ring counts on from where the queue is: the next job has the seqno after
	 * the last one that ended.
	 *
	 * Context: process, may sleep.
	 *
	 * Return: 0; -EBUSY, -EAGAIN, -ENOMEM: @q is as it was, try again later; any other
	 * -errno: the queue is killed with it.
	 */
	int (*bind)(struct jobq *q, unsigned int ring);

	/**
	 * @unbind: Mandatory. Take the ring away from @q: it is empty, and all that it
	 * reported has been signalled. When this returns the driver doesn't call
	 * jobq_complete() or jobq_stopped() for what this ring reports any more. Can't
	 * fail. If &jobq_ops.stop was called its answer may still be under way.
	 *
	 * Context: process, may sleep.
	 */
	void (*unbind)(struct jobq *q, unsigned int ring);
};

/**
 * struct jobq_orch_args - arguments of jobq_orch_create()
 */
struct jobq_orch_args {
	/** @ops: Mandatory. Has to live as long as the orchestrator. */
	const struct jobq_orch_ops *ops;
	/** @name: Mandatory. Of the worker. */
	const char *name;
	/** @num_rings: Mandatory. How many there are to lend. */
	unsigned int num_rings;
	/** @slice_ms: How long a queue has its ring if others of its priority wait; 0: 10. */
	unsigned int slice_ms;
	/** @grace_ms: How long a ring may go on before another one is looked for; 0: 50. */
	unsigned int grace_ms;
	/** @age_ms: After how long a waiting queue comes first; 0: 1000. */
	unsigned int age_ms;
};

/**
 * struct jobq_orch_stats - counters of an orchestrator
 * @members: queues
 * @waiting: members that wait for a ring
 * @bound: members that have one
 * @binds: successful calls of &jobq_orch_ops.bind
 * @bind_errors: other calls
 * @preempted: queues that had to give their ring up while there were jobs in it
 * @overdue: times a ring hadn't run empty within the time of grace
 * @aged: rings given for the only reason of having waited long
 * @max_wait_ns: the longest that a member has waited for its ring
 */
struct jobq_orch_stats {
	unsigned int members;
	unsigned int waiting;
	unsigned int bound;
	u64 binds;
	u64 bind_errors;
	u64 preempted;
	u64 overdue;
	u64 aged;
	u64 max_wait_ns;
};

/**
 * struct jobq_orch_member - a queue that an orchestrator lends rings to
 *
 * Embedded in the driver's queue object, next to its jobq; zeroed before jobq_orch_add().
 * All members are private to the library. Legend: I: set by jobq_orch_add(), then read
 * only; O: the orchestrator's mutex; Q: &jobq.lock; OQ: written under both.
 */
struct jobq_orch_member {
	/** @q: I: counted reference; NULL: not a member. */
	struct jobq *q;
	/** @orch: I: counted reference. */
	struct jobq_orch *orch;
	/** @priority: I: 0 is the highest. */
	unsigned int priority;
	/** @state: OQ */
	enum jobq_orch_state state;
	/** @woken: Q: is on the list of those that want a ring since the last look. */
	bool woken;
	/** @woken_node: on that list, if @woken. */
	struct llist_node woken_node;
	/** @node: O: on the list of members. */
	struct list_head node;
	/** @wait_node: O: on the list of those that wait, or of those to be tried later. */
	struct list_head wait_node;
	/** @order_node: O: in the tree of those that wait. */
	struct rb_node order_node;
	/** @rank: O: order in the tree, and who may preempt it: 0: aged, else priority + 1. */
	unsigned int rank;
	/** @key: O: order in the tree among those of its rank. */
	u64 key;
	/** @vruntime: O: ns of runtime, comparable within a priority. */
	u64 vruntime;
	/** @busy_seen: O: &jobq_stats.busy_ns that @vruntime accounts for. */
	u64 busy_seen;
	/** @ring: O: number of its ring in states BOUND and DRAINING. */
	unsigned int ring;
	/** @pins: O: calls of jobq_orch_pin() not undone. */
	unsigned int pins;
	/** @tries: O: failed calls of bind in a row. */
	unsigned int tries;
	/** @overdue: O: draining, and noted as being late. */
	bool overdue;
	/** @since: O: waiting: since when; bound: begin of the slice; draining: since when. */
	ktime_t since;
	/** @retry_at: O: binding failed: when to try again. */
	ktime_t retry_at;
};

/*
 * The full contract of each function stands with its definition in sched/jobq_orch.c.
 * All may sleep. None may be called from an op, nor holding a lock that bind, unbind or run_job
 * takes.
 */

/* The caller gets the first reference. ERR_PTR: -EINVAL, -ENOMEM. */
struct jobq_orch * __must_check jobq_orch_create(const struct jobq_orch_args *args);
/* NULL is fine. */
void jobq_orch_put(struct jobq_orch *orch);

/*
 * Takes references to @orch and @q. -EINVAL: no such priority; -EBUSY: has an
 * orchestrator or jobs in flight; what the orchestrator was shut down with.
 */
int __must_check jobq_orch_add(struct jobq_orch *orch, struct jobq_orch_member *m,
			       struct jobq *q, unsigned int priority);
/* After jobq_teardown(). The ring is unbound, the references are put. Twice is fine. */
void jobq_orch_remove(struct jobq_orch_member *m);

/*
 * Have a ring, and keep it until jobq_orch_unpin(). Nests. -EBUSY: none is free, or no
 * other one would be left to lend, or suspended; the error of bind, of the queue or the shutdown.
 */
int __must_check jobq_orch_pin(struct jobq_orch_member *m);
void jobq_orch_unpin(struct jobq_orch_member *m);

/* Bind and unbind nothing until resume; nests. Queues with rings go on, if not preempted. */
void jobq_orch_suspend(struct jobq_orch *orch);
void jobq_orch_resume(struct jobq_orch *orch);
/* Kill all members with @error (-errno), now and from now on; bind nothing any more. */
void jobq_orch_shutdown(struct jobq_orch *orch, int error);
/* A consistent snapshot. */
void jobq_orch_get_stats(struct jobq_orch *orch, struct jobq_orch_stats *ret_stats);

#endif
