// SPDX-License-Identifier: GPL-2.0
/*
 * Fences that are overdue.
 */

/**
 * DOC: dfence overdue
 *
 * A fence that nobody signals makes others hang, in other drivers and processes, far
 * from the cause. So every few seconds somebody looks at the oldest fences of each
 * timeline; there is no timer per fence, and an idle CPU isn't woken for it. What has
 * been armed for longer than the module parameter ``overdue_ms`` says (30 s; 0 is
 * never) is named in the kernel's log, once, and marked in debugfs/dfence/contexts.
 * It isn't reported as a misuse: work may take long.
 */

#define pr_fmt(fmt) "dfence: " fmt

#include <linux/jiffies.h>
#include <linux/limits.h>
#include <linux/moduleparam.h>
#include <linux/printk.h>
#include <linux/workqueue.h>
#include <kunit/visibility.h>

#include "internal.h"

#define DFENCE_WATCH_PERIOD_MS 5000

static unsigned int dfence_overdue_ms = 30000;
module_param_named(overdue_ms, dfence_overdue_ms, uint, 0644);
MODULE_PARM_DESC(overdue_ms, "Age at which a fence is overdue, in ms; 0: never (default: 30000)");

/**
 * dfence_is_overdue() - has a fence been armed for too long?
 * @f: armed fence
 *
 * Context: Any. The lock of the fence's timeline, or a reference.
 * Return: Whether it should have signalled.
 */
bool dfence_is_overdue(struct dfence *f)
{
	unsigned int limit_ms = READ_ONCE(dfence_overdue_ms);

	return limit_ms && !dma_fence_test_signaled_flag(&f->base) &&
	       time_after_eq(jiffies, f->armed_jiffies + msecs_to_jiffies(limit_ms));
}
EXPORT_SYMBOL_IF_KUNIT(dfence_is_overdue);

/* What is said about a timeline. */
struct dfence_overdue {
	u64 seqno;
	unsigned int age_ms;
	unsigned int n;
	u32 stack;
};

/* Look for fences that weren't overdue the last time. */
static void dfence_watch_look(struct dfence_ctx *ctx, struct dfence_overdue *found)
{
	unsigned int looked = 0;
	struct dfence *f;

	guard(spinlock_irqsave)(&ctx->lock);
	list_for_each_entry(f, &ctx->live, node) {
		if (looked++ == DFENCE_SHOW_MAX)
			break;
		if (f->base.seqno <= ctx->overdue_seqno || !dfence_is_overdue(f))
			continue;
		if (!found->n++) {
			found->seqno = f->base.seqno;
			found->age_ms = jiffies_to_msecs(jiffies - f->armed_jiffies);
			found->stack = f->stack;
		}
		ctx->overdue_seqno = f->base.seqno;
		ctx->nr_overdue++;
	}
}

static void dfence_watch_ctx(struct dfence_ctx *ctx, void *data)
{
	struct dfence_overdue found = {};
	unsigned int *total = data;

	dfence_watch_look(ctx, &found);
	if (!found.n)
		return;
	*total += found.n;
	pr_warn("fence %llu of %s %s (context %llu) is overdue: armed %u ms ago, %u more behind it\n",
		found.seqno, ctx->driver_name, ctx->timeline_name, ctx->id, found.age_ms,
		found.n - 1);
	dfence_stack_show(NULL, found.stack);
}

/**
 * dfence_watch_check() - look for fences that got overdue
 *
 * Context: Any. Takes each timeline's lock in turn.
 * Return: How many were found that weren't overdue before.
 */
unsigned int dfence_watch_check(void)
{
	unsigned int total = 0;

	dfence_ctx_for_each(dfence_watch_ctx, &total);
	return total;
}
EXPORT_SYMBOL_IF_KUNIT(dfence_watch_check);

static void dfence_watch_fn(struct work_struct *work);
static DECLARE_DEFERRABLE_WORK(dfence_watch_work, dfence_watch_fn);

static void dfence_watch_fn(struct work_struct *work)
{
	dfence_watch_check();
	schedule_delayed_work(&dfence_watch_work, msecs_to_jiffies(DFENCE_WATCH_PERIOD_MS));
}

/**
 * dfence_watch_init() - begin to look for overdue fences
 *
 * Context: Process context, module init.
 */
void __init dfence_watch_init(void)
{
	schedule_delayed_work(&dfence_watch_work, msecs_to_jiffies(DFENCE_WATCH_PERIOD_MS));
}

/**
 * dfence_watch_exit() - stop that
 *
 * Context: Process context, module exit: may sleep.
 */
void dfence_watch_exit(void)
{
	cancel_delayed_work_sync(&dfence_watch_work);
}
