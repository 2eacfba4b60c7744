// SPDX-License-Identifier: GPL-2.0
/*
 * What is noticed without being asked: sequence numbers that go back, overdue fences,
 * who prepared a fence, numbers that are somebody else's.
 */

#include <linux/jiffies.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/stacktrace.h>
#include <linux/string.h>

#include "util.h"

static void arm_two(struct kunit *test, struct dfence_ctx *ctx)
{
	dfence_test_armed(test, ctx, NULL);
	dfence_test_armed(test, ctx, NULL);
}

static void going_back_is_counted(struct kunit *test)
{
	struct dfence_test *t = test->priv;

	arm_two(test, t->ctx);
	KUNIT_EXPECT_NULL(test, strstr(dfence_test_listing(test), " back "));
	KUNIT_EXPECT_EQ(test, dfence_ctx_advance(t->ctx, 2, 0), 2);
	KUNIT_EXPECT_EQ(test, dfence_ctx_advance(t->ctx, 2, 0), 0);
	KUNIT_EXPECT_EQ(test, t->ctx->nr_back, 0);
	KUNIT_EXPECT_EQ(test, dfence_ctx_advance(t->ctx, 1, 0), 0);
	KUNIT_EXPECT_EQ(test, dfence_ctx_advance32(t->ctx, 0, 0), 0);
	KUNIT_EXPECT_EQ(test, t->ctx->nr_back, 2);
	KUNIT_EXPECT_NOT_NULL(test, strstr(dfence_test_listing(test), " hw 2 back 2"));
	/* What was never armed isn't counted: it's refused. */
	KUNIT_EXPECT_EQ(test, dfence_ctx_advance(t->ctx, 3, 0), -ERANGE);
	KUNIT_EXPECT_EQ(test, t->ctx->hw_seqno, 2);
}

/* Let what was advanced to be so for long. */
static void age_hw(struct dfence_ctx *ctx)
{
	guard(spinlock_irqsave)(&ctx->lock);
	ctx->hw_mark_jiffies = jiffies - 2 * HZ;
}

static noinline void going_back_late_is_reported(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	char text[64];

	KUNIT_ASSERT_EQ(test, dfence_debug_set(true), 0);
	arm_two(test, t->ctx);
	KUNIT_EXPECT_EQ(test, dfence_ctx_advance(t->ctx, 2, 0), 2);
	/* This may be an interrupt handler that was held up. */
	KUNIT_EXPECT_EQ(test, dfence_ctx_advance(t->ctx, 1, 0), 0);
	age_hw(t->ctx);
	KUNIT_EXPECT_EQ(test, dfence_ctx_advance(t->ctx, 1, 0), 0);
	age_hw(t->ctx);
	KUNIT_EXPECT_EQ(test, dfence_ctx_advance(t->ctx, 2, 0), 0);
	/* This not. */
	snprintf(text, sizeof(text), "advanced to 1, having been at 2 for long, at %s+", __func__);
	DFENCE_EXPECT_REPORT(test, text, {
		KUNIT_EXPECT_EQ(test, dfence_ctx_advance(t->ctx, 1, 0), 0);
	});
	KUNIT_EXPECT_TRUE(test, dfence_test_reported("test-driver test-timeline (context"));
	KUNIT_EXPECT_EQ(test, t->ctx->nr_back, 3);

	/* Without debugging it's counted only. */
	KUNIT_EXPECT_EQ(test, dfence_debug_set(false), 0);
	KUNIT_EXPECT_EQ(test, dfence_ctx_advance(t->ctx, 1, 0), 0);
	KUNIT_EXPECT_EQ(test, t->ctx->nr_back, 4);
}

static void overdue_is_found_once(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct dfence *old = dfence_test_armed(test, t->ctx, NULL);
	struct dfence *new = dfence_test_armed(test, t->ctx, NULL);

	KUNIT_EXPECT_EQ(test, dfence_watch_check(), 0);
	KUNIT_EXPECT_NULL(test, strstr(dfence_test_listing(test), "overdue"));

	old->armed_jiffies = jiffies - 31 * HZ;
	KUNIT_EXPECT_TRUE(test, dfence_is_overdue(old));
	/* Unless the periodic check has found it first. */
	dfence_watch_check();
	KUNIT_EXPECT_EQ(test, t->ctx->nr_overdue, 1);
	KUNIT_EXPECT_EQ(test, dfence_watch_check(), 0);
	KUNIT_EXPECT_EQ(test, t->ctx->nr_overdue, 1);
	KUNIT_EXPECT_NOT_NULL(test, strstr(dfence_test_listing(test), " overdue 1"));
	KUNIT_EXPECT_NOT_NULL(test, strstr(dfence_test_listing(test), "fence 1 age_ms 31"));
	KUNIT_EXPECT_NULL(test, strstr(dfence_test_listing(test), "  fence 2 age_ms 0 overdue"));

	new->armed_jiffies = jiffies - 31 * HZ;
	dfence_watch_check();
	KUNIT_EXPECT_EQ(test, t->ctx->nr_overdue, 2);
	dfence_signal(old, 0);
	dfence_signal(new, 0);
}

/* It's late, but not stuck: only its issuer hasn't said so yet. */
static void signalled_is_not_overdue(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct dfence *f = dfence_test_armed(test, t->ctx, NULL);

	f->armed_jiffies = jiffies - 31 * HZ;
	dma_fence_signal(&f->base);
	KUNIT_EXPECT_EQ(test, dfence_watch_check(), 0);
	KUNIT_EXPECT_NOT_NULL(test, strstr(dfence_test_listing(test), " signalled\n"));
	DFENCE_EXPECT_REPORT(test, "signalled by somebody else", dfence_signal(f, 0));
}

static noinline struct dfence *prepared_here(struct dfence_ctx *ctx)
{
	struct dfence *f = dfence_alloc(ctx, NULL, GFP_KERNEL);

	/* Not a tail call, which would take us out of the stack. */
	barrier();
	return f;
}

static void stack_of_issuer(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct dfence *without = prepared_here(t->ctx);
	unsigned long entries[8];
	struct dfence *with;

	KUNIT_ASSERT_NOT_NULL(test, without);
	dfence_arm(without);
	KUNIT_EXPECT_EQ(test, without->stack, 0);
	KUNIT_EXPECT_NULL(test, strstr(dfence_test_listing(test), "prepared_here"));
	dfence_signal(without, 0);
	if (!IS_ENABLED(CONFIG_STACKDEPOT))
		kunit_skip(test, "this kernel has no stack depot");
	/* UML without frame pointers */
	if (!stack_trace_save(entries, ARRAY_SIZE(entries), 0))
		kunit_skip(test, "this kernel's stack traces are empty");

	KUNIT_ASSERT_EQ(test, dfence_debug_set(true), 0);
	with = prepared_here(t->ctx);
	KUNIT_ASSERT_NOT_NULL(test, with);
	dfence_arm(with);
	KUNIT_EXPECT_NE(test, with->stack, 0);
	KUNIT_EXPECT_NOT_NULL(test, strstr(dfence_test_listing(test), "    by prepared_here+"));
	/* Also in the log; to be seen there. */
	with->armed_jiffies = jiffies - 31 * HZ;
	dfence_watch_check();
	KUNIT_EXPECT_EQ(test, t->ctx->nr_overdue, 1);
	dfence_signal(with, 0);
}

static const char *impostor_name(struct dma_fence *fence)
{
	return "impostor";
}

static const struct dma_fence_ops impostor_ops = {
	.get_driver_name = impostor_name,
	.get_timeline_name = impostor_name,
};

static void never(struct dfence_cb *cb, struct dma_fence *fence)
{
}

static void stolen_number_is_reported(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct dma_fence *fence = kzalloc_obj(*fence);
	struct dfence *ours = dfence_test_armed(test, t->ctx, NULL);
	struct dfence_cb cb;

	KUNIT_ASSERT_NOT_NULL(test, fence);
	dma_fence_init64(fence, &impostor_ops, NULL, dfence_ctx_id(t->ctx), 77);
	dfence_cb_init_func(&cb, never);

	/* Looked for with debugging only. */
	KUNIT_EXPECT_EQ(test, dfence_cb_add(&cb, fence), 0);
	KUNIT_EXPECT_TRUE(test, dfence_cb_remove(&cb));

	KUNIT_ASSERT_EQ(test, dfence_debug_set(true), 0);
	DFENCE_EXPECT_REPORT(test, "fence 77 of impostor has the context number of test-driver", {
		KUNIT_EXPECT_EQ(test, dfence_cb_add(&cb, fence), 0);
	});
	KUNIT_EXPECT_TRUE(test, dfence_cb_remove(&cb));
	dma_fence_signal(fence);
	dma_fence_put(fence);

	/* Our own may have it. */
	KUNIT_EXPECT_EQ(test, dfence_cb_add(&cb, &ours->base), 0);
	KUNIT_EXPECT_TRUE(test, dfence_cb_remove(&cb));
	dfence_signal(ours, 0);
}

static void watch_exit(struct kunit *test)
{
	dfence_debug_set(false);
	dfence_test_exit(test);
}

static struct kunit_case watch_cases[] = {
	KUNIT_CASE(going_back_is_counted),
	KUNIT_CASE(going_back_late_is_reported),
	KUNIT_CASE(overdue_is_found_once),
	KUNIT_CASE(signalled_is_not_overdue),
	KUNIT_CASE(stack_of_issuer),
	KUNIT_CASE(stolen_number_is_reported),
	{}
};

static struct kunit_suite watch_suite = {
	.name = "dfence_watch",
	.init = dfence_test_init,
	.exit = watch_exit,
	.test_cases = watch_cases,
};

kunit_test_suite(watch_suite);
