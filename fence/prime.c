// SPDX-License-Identifier: GPL-2.0
/*
 * Shows lockdep the order of locks.
 */

/**
 * DOC: dfence lock order
 *
 * When the module is loaded it takes the locks once in the order in which they may be
 * taken. Thereafter lockdep finds the first driver that takes two of them in another
 * order, whether or not its test ever comes to the nesting that deadlocks::
 *
 *     dma_resv
 *       fs_reclaim                     what GFP_KERNEL may wait for
 *         signalling section           guard(dfence_signalling)
 *           lock of a dma_fence        callbacks run with it held
 *             lock of a timeline
 *             locks of a wake-up       work queue pool, task, run queue
 */

#include <linux/cleanup.h>
#include <linux/dma-resv.h>
#include <linux/init.h>
#include <linux/sched/mm.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "internal.h"

static void dfence_prime_fn(struct work_struct *work)
{
}

/* What callbacks may do, under a fence's lock. */
static void __init dfence_prime_callbacks(struct dfence_ctx *ctx, struct dma_fence *fence,
					  struct work_struct *work)
{
	unsigned long flags;

	guard(dfence_signalling)();
	dma_fence_lock_irqsave(fence, flags);
	dfence_ctx_last_armed(ctx);
	/* A worker is woken for it. */
	queue_work(system_dfl_wq, work);
	dma_fence_unlock_irqrestore(fence, flags);
}

/**
 * dfence_prime_locks() - take all locks in their order
 * @ctx: timeline
 * @fence: fence that isn't signalled
 *
 * Does nothing without lockdep.
 *
 * Context: Process context, module init.
 */
void __init dfence_prime_locks(struct dfence_ctx *ctx, struct dma_fence *fence)
{
	static DECLARE_WORK(work, dfence_prime_fn);
	struct dma_resv resv;

	if (!IS_ENABLED(CONFIG_LOCKDEP))
		return;

	dma_resv_init(&resv);
	/* Without a context this can't fail. */
	if (!dma_resv_lock(&resv, NULL)) {
		fs_reclaim_acquire(GFP_KERNEL);
		dfence_prime_callbacks(ctx, fence, &work);
		fs_reclaim_release(GFP_KERNEL);
		dma_resv_unlock(&resv);
	}
	dma_resv_fini(&resv);
	flush_work(&work);
}
