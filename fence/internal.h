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
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/rcupdate.h>
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

/* Room for the names of a driver and a timeline in a report. */
#define DFENCE_NAMES_SIZE	96

int dfence_wrong_error(int error, unsigned long ip);
bool dfence_do_signal(struct dfence *f, int error, const char *what, unsigned long ip);
void dfence_signal_claimed(struct dfence *f, int error, unsigned long ip);

__printf(1, 2) __cold void dfence_report(const char *fmt, ...);
unsigned int dfence_report_get(char *buf, size_t size);
void dfence_report_show(struct seq_file *m);
void dfence_report_misuse(struct dfence *f, const char *what, unsigned long ip);

void dfence_ctx_show_all(struct seq_file *m);
void dfence_ctx_find_names(u64 id, char *buf, size_t size);

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

int dfence_finish_init(void);
void dfence_finish_exit(void);
int rcubox_init(void);
void rcubox_exit(void);
void dfence_debugfs_init(void);
void dfence_debugfs_exit(void);

#endif
