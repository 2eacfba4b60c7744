/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the two files of the orchestrator share: its members and API, and who gets a ring.
 */
#ifndef _JOBQ_ORCH_INTERNAL_H
#define _JOBQ_ORCH_INTERNAL_H

#include <linux/cleanup.h>
#include <linux/compiler_attributes.h>
#include <linux/hrtimer.h>
#include <linux/kref.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/mutex.h>
#include <linux/rbtree_types.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include <jobq/jobq_orch.h>

/**
 * struct jobq_orch - lends rings to queues
 *
 * Legend: I: set at creation, then read only; O: @lock.
 */
struct jobq_orch {
	/** @ref: the driver's, and one of each member. */
	struct kref ref;
	/** @ops: I */
	const struct jobq_orch_ops *ops;
	/** @slice_ns: I */
	u64 slice_ns;
	/** @grace_ns: I */
	u64 grace_ns;
	/** @age_ns: I */
	u64 age_ns;
	/** @wq: I: ordered, for @work. */
	struct workqueue_struct *wq;
	/** @work: Looks at everything; queued by whoever has changed something. */
	struct work_struct work;
	/** @timer: Queues @work when time changes something: a slice is over, say. */
	struct hrtimer timer;
	/** @woken: Members that want a ring; lockless, see &jobq_orch_member.woken. */
	struct llist_head woken;

	/** @lock: Protects what is marked O. */
	struct mutex lock;
	/** @error: O: what it was shut down with. */
	int error;
	/** @suspended: O: nesting of jobq_orch_suspend(). */
	unsigned int suspended;
	/** @members: O */
	struct list_head members;
	/** @order: O: those that wait, the first is the next. */
	struct rb_root_cached order;
	/** @young: O: those in @order that haven't aged, oldest first. */
	struct list_head young;
	/** @failed: O: those that wait, but not in @order yet, as binding failed. */
	struct list_head failed;
	/**
	 * @num_waiting: Members in @order. Written under @lock, read anywhere: a queue that
	 * runs empty says so only if there's somebody to hear it.
	 */
	unsigned int num_waiting;
	/** @base: O: vruntime of who begins to wait, at least; for each priority. */
	u64 base[JOBQ_ORCH_PRIORITIES];
	/** @look_again: O: something couldn't be looked at for another's lock. */
	bool look_again;
	/** @stats: O */
	struct jobq_orch_stats stats;
	/** @num_rings: I */
	unsigned int num_rings;
	/** @holders: O: who has which ring, or NULL. */
	struct jobq_orch_member *holders[] __counted_by(num_rings);
};

/* jobq_orch_pass.c; the callers hold the mutex */
ktime_t jobq_orch_now(void);
void jobq_orch_collect(struct jobq_orch *orch);
void jobq_orch_dequeue(struct jobq_orch_member *m);
unsigned int jobq_orch_free_ring(struct jobq_orch *orch, unsigned int first);
int jobq_orch_try_bind(struct jobq_orch_member *m, unsigned int ring);
void jobq_orch_unbind(struct jobq_orch_member *m);
void jobq_orch_keep(struct jobq_orch_member *m);
bool jobq_orch_reclaim_idle(struct jobq_orch *orch);
void jobq_orch_work_fn(struct work_struct *work);
enum hrtimer_restart jobq_orch_timer_fn(struct hrtimer *timer);

#endif
