/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of dfence.ko share.
 */
#ifndef _DFENCE_INTERNAL_H
#define _DFENCE_INTERNAL_H

#include <linux/atomic.h>
#include <linux/compiler_attributes.h>
#include <linux/dma-fence.h>
#include <linux/err.h>
#include <linux/jump_label.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>

#include <dfence/dfence.h>
#include <dfence/dfence_cb.h>
#include <dfence/dfence_ctx.h>

/*
 * In &dma_fence.flags: the fence was, or may have been, signalled before its
 * issuer did, and legitimately so: its own functions said that it's done, or its
 * timeline was closed when it was armed.
 */
#define DFENCE_FLAG_EARLY	DMA_FENCE_FLAG_USER_BITS

/**
 * struct dfence_ctx - a timeline
 *
 * Locking codes: I set at creation, constant afterwards; C @lock; A atomic;
 * L the lock of the list of all timelines, readers under RCU.
 */
struct dfence_ctx {
	/** @ref: A: references of the issuer and of every fence that isn't retired. */
	struct kref ref;
	/** @lock: innermost lock, IRQ-safe; may be taken under a fence's lock. */
	spinlock_t lock;
	/** @id: I: the number that dma_fence_context_alloc() gave out. */
	u64 id;
	/** @next_seqno: C: what the next dfence_arm() takes. */
	u64 next_seqno;
	/** @live: C: armed fences, oldest first, which is by sequence number. */
	struct list_head live;
	/** @done: C: claimed by an advance or close, to be signalled in this order. */
	struct list_head done;
	/** @nr_live: C: how many fences are armed and not claimed. */
	unsigned int nr_live;
	/** @close_error: C: what late fences are signalled with, once @closed. */
	int close_error;
	/** @draining: C: some CPU is signalling the fences on @done. */
	bool draining;
	/** @quiet: C: nothing was armed since the hardware was declared quiet. */
	bool quiet;
	/** @closed: C: nothing can be armed any more. */
	bool closed;
	/** @hw_seqno: C: the highest that was given to an advance. */
	u64 hw_seqno;
	/** @hw_mark: C: what @hw_seqno was at @hw_mark_jiffies; with debugging only. */
	u64 hw_mark;
	/** @hw_settled: C: what @hw_mark was before that. */
	u64 hw_settled;
	/** @hw_mark_jiffies: C: see @hw_mark. */
	unsigned long hw_mark_jiffies;
	/** @overdue_seqno: C: no older fence need be reported as overdue. */
	u64 overdue_seqno;
	/** @nr_back: C: how often an advance was behind @hw_seqno. */
	unsigned int nr_back;
	/** @nr_overdue: C: how many fences were found overdue. */
	unsigned int nr_overdue;
	/** @finishing: A: fences whose finish function hasn't returned. */
	atomic_t finishing;
	/** @finish_wq: woken when @finishing gets 0. */
	wait_queue_head_t finish_wq;
	/** @all_node: L: on the list of all timelines. */
	struct list_head all_node;
	/** @rcu: frees the memory a grace period after the last put. */
	struct rcu_head rcu;
	/** @driver_name: I: points into @names. */
	const char *driver_name;
	/** @timeline_name: I: points into @names. */
	const char *timeline_name;
	/** @names: I: both strings. */
	char names[];
};

/* No more fences of one timeline are looked at in a row, to bound the time it's locked. */
#define DFENCE_SHOW_MAX		64

/* Room for the names of a driver and a timeline in a report. */
#define DFENCE_NAMES_SIZE	96

/**
 * struct dfence_waiter - a callback that waits for a fence, to be listed
 */
struct dfence_waiter {
	/** @kind: what it does, or "foreign" */
	const char *kind;
	/** @func: function that is called or queued, or NULL */
	void *func;
	/** @context: number of the timeline on whose behalf it waits, or 0 */
	u64 context;
	/** @pid: of the task that is woken, or 0 */
	pid_t pid;
	/** @comm: its name */
	char comm[TASK_COMM_LEN];
};

void dfence_cb_describe(struct dma_fence_cb *base, struct dfence_waiter *ret_waiter);

DECLARE_STATIC_KEY_FALSE(dfence_debug_key);

/* Whether the debug switch is on. Costs nothing while it isn't. */
static inline bool dfence_debug_on(void)
{
	return static_branch_unlikely(&dfence_debug_key);
}

int dfence_debug_set(bool on);
void __dfence_stack_save(struct dfence *f, gfp_t gfp);
void dfence_stack_show(struct seq_file *m, u32 stack);
void __dfence_check_context(struct dma_fence *fence, unsigned long ip);
bool dfence_is_ours(const struct dma_fence *fence);

static inline void dfence_stack_save(struct dfence *f, gfp_t gfp)
{
	if (dfence_debug_on())
		__dfence_stack_save(f, gfp);
}

static inline void dfence_check_context(struct dma_fence *fence, unsigned long ip)
{
	if (dfence_debug_on())
		__dfence_check_context(fence, ip);
}

bool dfence_is_overdue(struct dfence *f);
unsigned int dfence_watch_check(void);
void dfence_watch_init(void);
void dfence_watch_exit(void);
bool dfence_do_signal(struct dfence *f, int error, const char *what, unsigned long ip);
void dfence_signal_claimed(struct dfence *f, int error, unsigned long ip);

__printf(1, 2) __cold void dfence_report(const char *fmt, ...);
unsigned int dfence_report_get(char *buf, size_t size);
void dfence_report_show(struct seq_file *m);
void dfence_report_misuse(struct dfence *f, const char *what, unsigned long ip);

int dfence_show_all(struct seq_file *m);
void dfence_ctx_for_each(void (*func)(struct dfence_ctx *ctx, void *data), void *data);
void dfence_ctx_orphan(struct dfence_ctx *ctx);
bool dfence_ctx_find_names(u64 id, char *buf, size_t size);

int dfence_wrong_error(int error, unsigned long ip);

/* @error, or what comes nearest to it if it's neither 0 nor -errno: then that is reported. */
static inline int dfence_check_error(int error, unsigned long ip)
{
	if (likely(error <= 0 && error >= -MAX_ERRNO))
		return error;
	return dfence_wrong_error(error, ip);
}

void dfence_ctx_release(struct kref *ref);

/* dfence_ctx_put() where there is one. */
static inline void dfence_ctx_unref(struct dfence_ctx *ctx)
{
	kref_put(&ctx->ref, dfence_ctx_release);
}

void dfence_prime_locks(struct dfence_ctx *ctx, struct dma_fence *fence);
int dfence_finish_init(void);
void dfence_finish_exit(void);
int rcubox_init(void);
void rcubox_exit(void);
void dfence_debugfs_init(void);
void dfence_debugfs_exit(void);

#endif
