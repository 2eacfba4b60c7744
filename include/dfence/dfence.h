/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Driver fences: the issuer's side of a dma_fence.
 */
#ifndef _DFENCE_DFENCE_H
#define _DFENCE_DFENCE_H

#include <linux/build_bug.h>
#include <linux/cleanup.h>
#include <linux/dma-fence.h>
#include <linux/list.h>
#include <linux/stddef.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include <compat.h>

struct dfence;
struct dfence_ctx;

/**
 * struct dfence_ops - what an issuer can add to its fences
 *
 * Every member is optional, and so is the table. The functions get the issuer's
 * own struct by container_of(). None of them is called any more once
 * dfence_ctx_close() has returned for the fence's timeline.
 */
struct dfence_ops {
	/**
	 * @enable_signaling: Somebody began to wait for @f: make sure that its
	 * completion is noticed (an interrupt that was off, say). Called at most
	 * once per fence.
	 *
	 * Context: Any, with the fence's lock held and IRQs off: it may neither
	 * sleep nor signal fences, be it by dfence_signal(), an advance or a
	 * closing. Inside an RCU read-side section.
	 *
	 * Return: 0 if dfence_signal() or an advance will follow, 1 if @f is done
	 * already and was successful, -errno if @f failed. In the last two cases
	 * the fence signals at once, with that result; the issuer still has to
	 * call dfence_signal() or the like to give its reference back, and the
	 * error passed there is ignored.
	 */
	int (*enable_signaling)(struct dfence *f);

	/**
	 * @signaled: Peek whether @f has completed successfully, before the
	 * interrupt that says so. Must not return true for failed work: only
	 * dfence_signal() can convey an error. Once true, always true.
	 *
	 * Context: Any, possibly with the fence's lock held. Inside an RCU
	 * read-side section. It may run while @f is being signalled elsewhere.
	 *
	 * Return: Whether @f is done.
	 */
	bool (*signaled)(struct dfence *f);

	/**
	 * @set_deadline: Somebody hopes that @f signals by @deadline
	 * (CLOCK_MONOTONIC).
	 *
	 * Context: Any. Inside an RCU read-side section.
	 */
	void (*set_deadline)(struct dfence *f, ktime_t deadline);

	/**
	 * @finish: Destructor of the issuer's data: called once for each armed
	 * fence, after it was signalled through this library and a grace period
	 * has passed, so that no other function of this table runs on @f. It
	 * doesn't free @f itself. Without it nothing is deferred.
	 *
	 * Context: Process context, a worker. May sleep and take locks.
	 */
	void (*finish)(struct dfence *f);
};

/**
 * enum dfence_state - where a driver fence is in its life
 * @DFENCE_PREPARED: initialised, no sequence number, nobody can see it
 * @DFENCE_ARMED: has a sequence number and must be signalled
 * @DFENCE_CLAIMED: somebody took the issuer's reference in order to signal it
 *
 * ::
 *
 *     dfence_init/alloc     dfence_arm        signal, drop, advance, close
 *     ---------------> PREPARED ------> ARMED ------> CLAIMED --> freed with its
 *                         |                                      last reference
 *                         +--> dfence_free/fini/drop
 */
enum dfence_state {
	DFENCE_PREPARED,
	DFENCE_ARMED,
	DFENCE_CLAIMED,
};

/**
 * struct dfence - a fence as its issuer holds it
 *
 * Either used alone or embedded as the first member of the issuer's own struct,
 * whose memory must come from kmalloc(): the last reference frees it with
 * kfree_rcu(). The members belong to the library; issuers use the functions and
 * may read @base.context and @base.seqno after dfence_arm().
 *
 * Locking codes: I set at initialisation or arming, constant afterwards;
 * C the lock of @ctx.
 */
struct dfence {
	/** @base: What consumers see. Not initialised before dfence_arm(). Must be first. */
	struct dma_fence base;
	/** @ctx: I: the timeline. A reference is held until signalled, or until after @finish. */
	struct dfence_ctx *ctx;
	/** @ops: I: the issuer's functions or NULL. */
	const struct dfence_ops *ops;
	/** @state: C: see &enum dfence_state. */
	enum dfence_state state;
	/** @error: C: what a timeline advance is going to signal @base with. */
	int error;
	/** @stack: I: who prepared it, with debugging on; else 0. */
	u32 stack;
	/** @armed_jiffies: I: when it was armed, for listings. */
	unsigned long armed_jiffies;
	union {
		/** @node: C: on a list of @ctx while armed and until signalled. */
		struct list_head node;
		/** @finish_work: after signalling, if there is a &dfence_ops.finish. */
		struct rcu_work finish_work;
	};
};

/**
 * to_dfence() - the driver fence of which a dma_fence is the base
 * @fence: base of a driver fence; the caller knows that it is one
 *
 * There is no check: an issued fence forgets what it was when it is signalled.
 *
 * Context: Any.
 * Return: The driver fence.
 */
static inline struct dfence *to_dfence(struct dma_fence *fence)
{
	return container_of(fence, struct dfence, base);
}

struct dfence *dfence_of(struct dma_fence *fence, const struct dfence_ops *ops);

void dfence_init(struct dfence *f, struct dfence_ctx *ctx, const struct dfence_ops *ops);
void dfence_fini(struct dfence *f);
struct dfence *dfence_alloc(struct dfence_ctx *ctx, const struct dfence_ops *ops,
			    gfp_t gfp) __must_check;
void *__dfence_alloc_size(struct dfence_ctx *ctx, const struct dfence_ops *ops,
			  size_t size, gfp_t gfp) __must_check;
void dfence_free(struct dfence *f);

/**
 * dfence_alloc_type() - allocate an issuer's struct with a fence in it
 * @ctx: timeline
 * @ops: issuer's functions, may be NULL
 * @type: the issuer's struct
 * @member: its &struct dfence, which has to be the first member
 * @gfp: allocation flags
 *
 * The rest of the struct is zeroed. See dfence_alloc().
 *
 * Context: As @gfp demands.
 * Return: A pointer to @type, prepared, or NULL.
 */
#define dfence_alloc_type(ctx, ops, type, member, gfp)				\
	((type *)__dfence_alloc_size(ctx, ops, sizeof(type) +			\
				     __dfence_must_be_first(type, member), gfp))

/* 0; doesn't compile unless the member is a struct dfence at offset 0. */
#define __dfence_must_be_first(type, member)					\
	BUILD_BUG_ON_ZERO(offsetof(type, member.finish_work) !=			\
			  offsetof(struct dfence, finish_work))

struct dma_fence *dfence_arm(struct dfence *f);
void dfence_signal(struct dfence *f, int error);
bool dfence_try_signal(struct dfence *f, int error);
void dfence_drop(struct dfence *f);

/**
 * dfence_get() - take a reference to an armed fence
 * @f: armed fence to which the caller has a reference
 *
 * Keeps @f's memory. It doesn't transfer the issuer's duty to signal.
 *
 * Context: Any.
 * Return: @f.
 */
static inline struct dfence *dfence_get(struct dfence *f)
{
	dma_fence_get(&f->base);
	return f;
}

/**
 * dfence_put() - give a reference from dfence_get() back
 * @f: armed or signalled fence, or NULL
 *
 * Context: Any.
 */
static inline void dfence_put(struct dfence *f)
{
	if (f)
		dma_fence_put(&f->base);
}

/*
 * A fence in a variable with __free(dfence) is dropped when the scope is left:
 * freed if it wasn't armed, else signalled with -ECANCELED, with a warning. Hand
 * it on with no_free_ptr().
 */
DEFINE_FREE(dfence, struct dfence *, dfence_drop(_T))

/*
 * guard(dfence_signalling)() tells lockdep that this scope has to make progress
 * for fences to be signalled: no GFP_KERNEL, no dma_resv lock, no dma_fence_wait.
 * Everything from dfence_arm() to dfence_signal() belongs into one.
 */
DEFINE_LOCK_GUARD_0(dfence_signalling,
		    _T->cookie = dma_fence_begin_signalling(),
		    dma_fence_end_signalling(_T->cookie),
		    bool cookie)

#endif
