// SPDX-License-Identifier: GPL-2.0
/*
 * Timelines: creation, lifetime, advancing in order, closing.
 */

#include <linux/err.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "util.h"

#define MAX_FENCES 8

/* Notes in which order the fences of a test signal, and how. */
struct order_log {
	unsigned int n;
	u64 seqno[MAX_FENCES];
	int error[MAX_FENCES];
};

struct order_cb {
	struct dma_fence_cb base;
	struct order_log *log;
};

static void note_order(struct dma_fence *fence, struct dma_fence_cb *base)
{
	struct order_log *log = container_of(base, struct order_cb, base)->log;

	if (log->n < MAX_FENCES) {
		log->seqno[log->n] = fence->seqno;
		log->error[log->n] = fence->error;
	}
	log->n++;
}

/* Arm @n fences whose signalling goes to @log; fills @cbs. */
static void arm_logged(struct kunit *test, struct dfence_ctx *ctx, struct order_log *log,
		       struct order_cb *cbs, unsigned int n)
{
	struct dfence *f;
	unsigned int i;

	for (i = 0; i < n; i++) {
		f = dfence_test_armed(test, ctx, NULL);
		cbs[i].log = log;
		KUNIT_ASSERT_EQ(test, dma_fence_add_callback(&f->base, &cbs[i].base,
							     note_order), 0);
	}
}

struct create_case {
	const char *name;
	struct dfence_ctx_args args;
	int error;
};

static const struct create_case create_cases[] = {
	{ "no driver", { .timeline_name = "t" }, -EINVAL },
	{ "no timeline", { .driver_name = "d" }, -EINVAL },
	{ "seqno too large", { "d", "t", (u64)S64_MAX + 1 }, -EINVAL },
	{ "largest seqno", { "d", "t", S64_MAX }, 0 },
	{ "empty names", { "", "", 0 }, 0 },
};

KUNIT_ARRAY_PARAM_DESC(create, create_cases, name);

static void create(struct kunit *test)
{
	const struct create_case *c = test->param_value;
	struct dfence_ctx *ctx = dfence_ctx_create(&c->args);

	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(ctx), c->error);
	if (IS_ERR(ctx))
		return;
	KUNIT_EXPECT_EQ(test, dfence_ctx_last_armed(ctx),
			c->args.first_seqno ? c->args.first_seqno - 1 : 0);
	dfence_ctx_put(ctx);
}

static void create_without_args(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(dfence_ctx_create(NULL)), -EINVAL);
}

/* The caller's strings aren't needed after creation. */
static void names_are_copied(struct kunit *test)
{
	char driver[] = "driver-name";
	char timeline[] = "timeline-name";
	struct dfence_ctx_args args = { .driver_name = driver, .timeline_name = timeline };
	struct dfence_ctx *ctx = dfence_ctx_create(&args);
	struct dfence *f;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, ctx);
	memset(driver, 'x', sizeof(driver) - 1);
	memset(timeline, 'x', sizeof(timeline) - 1);
	f = dfence_test_armed(test, ctx, NULL);
	scoped_guard(rcu) {
		KUNIT_EXPECT_STREQ(test, (__force const char *)dma_fence_driver_name(&f->base),
				   "driver-name");
		KUNIT_EXPECT_STREQ(test, (__force const char *)dma_fence_timeline_name(&f->base),
				   "timeline-name");
	}
	dfence_signal(f, 0);
	dfence_ctx_put(ctx);
}

/* A timeline lives as long as it has fences that aren't signalled. */
static void fences_keep_ctx(struct kunit *test)
{
	struct dfence_ctx *ctx = dfence_test_ctx(test, 0);
	struct dfence *f = dfence_test_armed(test, ctx, NULL);

	KUNIT_EXPECT_PTR_EQ(test, dfence_ctx_get(ctx), ctx);
	dfence_ctx_put(ctx);
	dfence_ctx_put(ctx);
	kvfree_rcu_barrier();
	scoped_guard(rcu)
		KUNIT_EXPECT_STREQ(test, (__force const char *)dma_fence_timeline_name(&f->base),
				   "test-timeline");
	dfence_signal(f, 0);
}

static void put_ctx(void *arg)
{
	dfence_ctx_put(arg);
}

static void last_put_in_hardirq(struct kunit *test)
{
	dfence_test_hardirq(test, put_ctx, dfence_test_ctx(test, 0));
}

static void owns(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct dfence_ctx *other = dfence_test_ctx(test, 0);
	struct dfence *f = dfence_get(dfence_test_armed(test, t->ctx, NULL));

	KUNIT_EXPECT_NE(test, dfence_ctx_id(t->ctx), dfence_ctx_id(other));
	KUNIT_EXPECT_TRUE(test, dfence_ctx_owns(t->ctx, &f->base));
	KUNIT_EXPECT_FALSE(test, dfence_ctx_owns(other, &f->base));
	dfence_signal(f, 0);
	KUNIT_EXPECT_TRUE(test, dfence_ctx_owns(t->ctx, &f->base));
	dfence_put(f);
	dfence_ctx_put(other);
}

/* Up to the number and no further, in order; stale and duplicate numbers do nothing. */
static void advance_in_order(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct order_cb cbs[5];
	struct order_log log = {};
	int i;

	KUNIT_EXPECT_EQ(test, dfence_ctx_advance(t->ctx, 0, 0), 0);
	arm_logged(test, t->ctx, &log, cbs, 5);
	KUNIT_EXPECT_EQ(test, dfence_ctx_live(t->ctx), 5);
	KUNIT_EXPECT_EQ(test, dfence_ctx_advance(t->ctx, 0, 0), 0);
	KUNIT_EXPECT_EQ(test, dfence_ctx_advance(t->ctx, 3, 0), 3);
	KUNIT_EXPECT_EQ(test, log.n, 3);
	KUNIT_EXPECT_EQ(test, dfence_ctx_live(t->ctx), 2);
	KUNIT_EXPECT_EQ(test, dfence_ctx_advance(t->ctx, 3, 0), 0);
	KUNIT_EXPECT_EQ(test, dfence_ctx_advance(t->ctx, 1, -EIO), 0);
	KUNIT_EXPECT_EQ(test, log.n, 3);
	KUNIT_EXPECT_EQ(test, dfence_ctx_advance(t->ctx, 5, -EIO), 2);
	KUNIT_EXPECT_EQ(test, log.n, 5);
	for (i = 0; i < 5; i++) {
		KUNIT_EXPECT_EQ(test, log.seqno[i], i + 1);
		KUNIT_EXPECT_EQ(test, log.error[i], i < 3 ? 0 : -EIO);
	}
}

/* A number that was never armed comes from broken hardware: nothing may signal. */
static void advance_refuses_the_future(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct order_cb cbs[2];
	struct order_log log = {};

	KUNIT_EXPECT_EQ(test, dfence_ctx_advance(t->ctx, 1, 0), -ERANGE);
	arm_logged(test, t->ctx, &log, cbs, 2);
	KUNIT_EXPECT_EQ(test, dfence_ctx_advance(t->ctx, 3, 0), -ERANGE);
	KUNIT_EXPECT_EQ(test, dfence_ctx_advance(t->ctx, U64_MAX, 0), -ERANGE);
	KUNIT_EXPECT_EQ(test, log.n, 0);
	KUNIT_EXPECT_EQ(test, dfence_ctx_advance(t->ctx, 2, 0), 2);
}

static void advance_skips_what_is_signalled(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct dfence *f[3];
	int i;

	for (i = 0; i < 3; i++)
		f[i] = dfence_test_armed(test, t->ctx, NULL);
	dfence_signal(f[1], -EIO);
	KUNIT_EXPECT_EQ(test, dfence_ctx_live(t->ctx), 2);
	KUNIT_EXPECT_EQ(test, dfence_ctx_advance(t->ctx, 3, 0), 2);
}

static void advance_reports_wrong_error(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct order_cb cbs[1];
	struct order_log log = {};

	arm_logged(test, t->ctx, &log, cbs, 1);
	DFENCE_EXPECT_REPORT(test, "neither 0 nor a negative errno",
			     dfence_ctx_advance(t->ctx, 1, EIO));
	KUNIT_EXPECT_EQ(test, log.error[0], -EIO);
}

struct hardirq_advance {
	struct dfence_ctx *ctx;
	u64 seqno;
	int ret;
};

static void advance_hardirq(void *arg)
{
	struct hardirq_advance *a = arg;

	a->ret = dfence_ctx_advance(a->ctx, a->seqno, 0);
}

static void advance_in_hardirq(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct hardirq_advance a = { .ctx = t->ctx, .seqno = 4 };
	struct order_cb cbs[4];
	struct order_log log = {};
	int i;

	arm_logged(test, t->ctx, &log, cbs, 4);
	dfence_test_hardirq(test, advance_hardirq, &a);
	KUNIT_EXPECT_EQ(test, a.ret, 4);
	KUNIT_EXPECT_EQ(test, log.n, 4);
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ(test, log.seqno[i], i + 1);
}

struct nested_advance {
	struct dma_fence_cb base;
	struct dfence_ctx *ctx;
	struct order_log *log;
	int ret;
	unsigned int seen;
};

static void advance_again(struct dma_fence *fence, struct dma_fence_cb *base)
{
	struct nested_advance *nested = container_of(base, struct nested_advance, base);

	nested->ret = dfence_ctx_advance(nested->ctx, 4, 0);
	nested->seen = nested->log->n;
}

/*
 * A second advance while the first is signalling, as an interrupt or another CPU
 * would make it: it takes its fences, leaves the signalling to the first, and no
 * younger fence overtakes the two that the first has not come to yet.
 */
static void concurrent_advance_keeps_order(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct dfence *f = dfence_test_armed(test, t->ctx, NULL);
	struct order_log log = {};
	struct nested_advance nested = { .ctx = t->ctx, .log = &log };
	struct order_cb cbs[3];
	int i;

	KUNIT_ASSERT_EQ(test, dma_fence_add_callback(&f->base, &nested.base,
						     advance_again), 0);
	arm_logged(test, t->ctx, &log, cbs, 3);
	KUNIT_EXPECT_EQ(test, dfence_ctx_advance(t->ctx, 2, 0), 2);
	KUNIT_EXPECT_EQ(test, nested.ret, 2);
	KUNIT_EXPECT_EQ(test, nested.seen, 0);
	KUNIT_EXPECT_EQ(test, log.n, 3);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, log.seqno[i], i + 2);
}

struct advance32_case {
	const char *name;
	u64 first;
	u32 seqno;
	int ret;
};

/* Four fences each, from @first on. */
static const struct advance32_case advance32_cases[] = {
	{ "none", 1, 0, 0 },
	{ "some", 1, 3, 3 },
	{ "all", 1, 4, 4 },
	{ "ahead", 1, 5, -ERANGE },
	{ "before the beginning", 1, 0xffffffff, -ERANGE },
	{ "below the wrap", 0xfffffffe, 0xffffffff, 2 },
	{ "at the wrap", 0xfffffffe, 0, 3 },
	{ "beyond the wrap", 0xfffffffe, 1, 4 },
	{ "ahead of the wrap", 0xfffffffe, 2, -ERANGE },
	{ "stale across the wrap", 0xfffffffe, 0xfffffff0, 0 },
	{ "second round", 0x1fffffffe, 0, 3 },
	{ "half a round behind", 0x200000000, 0x80000004, 0 },
	{ "more than half a round behind", 0x200000000, 0x80000003, -ERANGE },
};

KUNIT_ARRAY_PARAM_DESC(advance32, advance32_cases, name);

static void advance32(struct kunit *test)
{
	const struct advance32_case *c = test->param_value;
	struct dfence_ctx *ctx = dfence_test_ctx(test, c->first);
	struct order_log log = {};
	struct order_cb cbs[4];

	arm_logged(test, ctx, &log, cbs, 4);
	KUNIT_EXPECT_EQ(test, dfence_ctx_advance32(ctx, c->seqno, 0), c->ret);
	KUNIT_EXPECT_EQ(test, log.n, max(c->ret, 0));
	dfence_ctx_advance(ctx, c->first + 3, 0);
	KUNIT_EXPECT_EQ(test, log.n, 4);
	dfence_ctx_put(ctx);
}

/* Nothing was armed yet, so the hardware can't be busy. */
static void new_ctx_is_quiet(struct kunit *test)
{
	struct dfence_test *t = test->priv;

	KUNIT_EXPECT_EQ(test, dfence_ctx_close(t->ctx, -ENODEV), 0);
}

/* Closing under running DMA is refused, and nothing has happened then. */
static void close_wants_quiet(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct order_cb cbs[3];
	struct order_log log = {};
	int i;

	arm_logged(test, t->ctx, &log, cbs, 2);
	DFENCE_EXPECT_REPORT(test, "closed while the hardware may be busy",
			     KUNIT_EXPECT_EQ(test, dfence_ctx_close(t->ctx, -ENODEV), -EBUSY));
	KUNIT_EXPECT_EQ(test, dfence_ctx_live(t->ctx), 2);
	KUNIT_EXPECT_EQ(test, log.n, 0);

	/* Arming takes the declaration back. */
	dfence_ctx_declare_quiet(t->ctx);
	arm_logged(test, t->ctx, &log, cbs + 2, 1);
	DFENCE_EXPECT_REPORT(test, "closed while the hardware may be busy",
			     KUNIT_EXPECT_EQ(test, dfence_ctx_shut(t->ctx, -ENODEV), -EBUSY));

	dfence_ctx_declare_quiet(t->ctx);
	KUNIT_EXPECT_EQ(test, dfence_ctx_close(t->ctx, -ENODEV), 0);
	KUNIT_EXPECT_EQ(test, dfence_ctx_live(t->ctx), 0);
	KUNIT_EXPECT_EQ(test, log.n, 3);
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_EQ(test, log.seqno[i], i + 1);
		KUNIT_EXPECT_EQ(test, log.error[i], -ENODEV);
	}
}

/* What is left can't be called a success, nor be failed with something odd. */
static void close_wants_an_errno(struct kunit *test)
{
	struct dfence_test *t = test->priv;

	KUNIT_EXPECT_EQ(test, dfence_ctx_close(t->ctx, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, dfence_ctx_close(t->ctx, ENODEV), -EINVAL);
	KUNIT_EXPECT_EQ(test, dfence_ctx_close(t->ctx, -MAX_ERRNO - 1), -EINVAL);
	KUNIT_EXPECT_FALSE(test, t->ctx->closed);
}

static void close_twice(struct kunit *test)
{
	struct dfence_test *t = test->priv;

	KUNIT_EXPECT_EQ(test, dfence_ctx_close(t->ctx, -ENODEV), 0);
	KUNIT_EXPECT_EQ(test, dfence_ctx_close(t->ctx, -EIO), 0);
	KUNIT_EXPECT_EQ(test, t->ctx->close_error, -ENODEV);
}

/* Too late to arm: reported, signalled on the spot, and the issuer goes on as ever. */
static void arm_after_close(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct dfence *f = dfence_alloc(t->ctx, NULL, GFP_KERNEL);
	unsigned int before;

	KUNIT_ASSERT_NOT_NULL(test, f);
	KUNIT_ASSERT_EQ(test, dfence_ctx_close(t->ctx, -ENODEV), 0);
	DFENCE_EXPECT_REPORT(test, "was armed after its timeline was closed",
			     dfence_arm(f));
	KUNIT_EXPECT_EQ(test, dma_fence_get_status(&f->base), -ENODEV);
	KUNIT_EXPECT_EQ(test, f->base.seqno, 1);

	before = dfence_test_reports();
	dfence_get(f);
	dfence_signal(f, 0);
	KUNIT_EXPECT_EQ(test, dfence_test_reports(), before);
	KUNIT_EXPECT_EQ(test, dma_fence_get_status(&f->base), -ENODEV);
	KUNIT_EXPECT_EQ(test, kref_read(&f->base.refcount), 1);
	dfence_put(f);
}

/* Who was in an RCU section when closing began isn't any more: no names, no functions. */
static void close_waits_for_readers(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	unsigned long rcu_state = get_state_synchronize_rcu();

	KUNIT_EXPECT_EQ(test, dfence_ctx_close(t->ctx, -ENODEV), 0);
	KUNIT_EXPECT_TRUE(test, poll_state_synchronize_rcu(rcu_state));
}

/*
 * The two halves of closing, the first one where sleeping is forbidden: under a spinlock.
 * PREEMPT_RT allows waiting for other spinlocks there, as everywhere else that is atomic
 * enough for a fence.
 */
static void shut_in_atomic_context(struct kunit *test)
{
	static DEFINE_SPINLOCK(lock);
	struct dfence_test *t = test->priv;
	struct order_cb cbs[2];
	struct order_log log = {};

	arm_logged(test, t->ctx, &log, cbs, 2);
	dfence_ctx_declare_quiet(t->ctx);
	scoped_guard(spinlock_irqsave, &lock)
		KUNIT_EXPECT_EQ(test, dfence_ctx_shut(t->ctx, -ECANCELED), 0);
	KUNIT_EXPECT_EQ(test, log.n, 2);
	KUNIT_EXPECT_EQ(test, dfence_ctx_advance(t->ctx, 2, 0), 0);
	dfence_ctx_synchronize(t->ctx);
}

/* Every bad error of an advance: a positive errno is taken for its negative. */
static void advance_reports_wild_error(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct order_cb cbs[2];
	struct order_log log = {};

	arm_logged(test, t->ctx, &log, cbs, 2);
	DFENCE_EXPECT_REPORT(test, "-5000 is neither", dfence_ctx_advance(t->ctx, 1, -5000));
	DFENCE_EXPECT_REPORT(test, "5000 is neither", dfence_ctx_advance32(t->ctx, 2, 5000));
	KUNIT_EXPECT_EQ(test, log.error[0], -EINVAL);
	KUNIT_EXPECT_EQ(test, log.error[1], -EINVAL);
}

/* Before anything was armed no number but the one before the first is right. */
static void advance32_of_new_timeline(struct kunit *test)
{
	struct dfence_test *t = test->priv;

	KUNIT_EXPECT_EQ(test, dfence_ctx_advance32(t->ctx, 0, 0), 0);
	KUNIT_EXPECT_EQ(test, dfence_ctx_advance32(t->ctx, 1, 0), -ERANGE);
	KUNIT_EXPECT_EQ(test, dfence_ctx_advance32(t->ctx, U32_MAX, 0), -ERANGE);
	KUNIT_EXPECT_EQ(test, dfence_ctx_advance32(t->ctx, S32_MAX, 0), -ERANGE);
}

/* Consumers compare fences across the wrap of the lower half, too. */
static void order_beyond_32_bits(struct kunit *test)
{
	struct dfence_ctx *ctx = dfence_test_ctx(test, U32_MAX);
	struct dfence *first = dfence_get(dfence_test_armed(test, ctx, NULL));
	struct dfence *second = dfence_get(dfence_test_armed(test, ctx, NULL));

	KUNIT_EXPECT_EQ(test, second->base.seqno, 1ULL << 32);
	KUNIT_EXPECT_TRUE(test, dma_fence_is_later(&second->base, &first->base));
	KUNIT_EXPECT_FALSE(test, dma_fence_is_later(&first->base, &second->base));
	KUNIT_EXPECT_EQ(test, dfence_ctx_advance(ctx, U32_MAX, 0), 1);
	KUNIT_EXPECT_EQ(test, dma_fence_get_status(&second->base), 0);
	KUNIT_EXPECT_EQ(test, dfence_ctx_advance(ctx, 1ULL << 32, 0), 1);
	dfence_put(first);
	dfence_put(second);
	dfence_ctx_put(ctx);
}

/* A prepared fence isn't the timeline's yet: closing leaves it, and it goes silently. */
static void close_leaves_prepared_fences(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct dfence *f = dfence_alloc(t->ctx, NULL, GFP_KERNEL);
	unsigned int before = dfence_test_reports();

	KUNIT_ASSERT_NOT_NULL(test, f);
	KUNIT_EXPECT_EQ(test, dfence_ctx_close(t->ctx, -ENODEV), 0);
	KUNIT_EXPECT_EQ(test, f->state, DFENCE_PREPARED);
	dfence_drop(f);
	KUNIT_EXPECT_EQ(test, dfence_test_reports(), before);
	KUNIT_EXPECT_EQ(test, dfence_ctx_last_armed(t->ctx), 0);
}

/* One reference too many was put: the timeline goes while it has a live fence. */
static void release_under_fence(struct dfence_ctx *ctx, struct dfence *f)
{
	guard(rcu)();
	dfence_ctx_put(ctx);
	dfence_ctx_put(ctx);
	/* Its memory lasts for this section. Mend it, and let the fence end. */
	refcount_set(&ctx->ref.refcount, 2);
	dfence_signal(f, 0);
}

static void release_with_live_fence_is_reported(struct kunit *test)
{
	struct dfence_ctx *ctx = dfence_test_ctx(test, 0);
	struct dfence *f = dfence_test_armed(test, ctx, NULL);

	DFENCE_EXPECT_REPORT(test, "released with 1 live fences", release_under_fence(ctx, f));
}

static noinline struct dfence_ctx *leave_scope(struct dfence_ctx *from, bool hand_on)
{
	struct dfence_ctx *ctx __free(dfence_ctx_put) = dfence_ctx_get(from);

	return hand_on ? no_free_ptr(ctx) : NULL;
}

/* __free(dfence_ctx_put): put at the end of the scope, kept if handed on. */
static void scope_puts(struct kunit *test)
{
	struct dfence_test *t = test->priv;

	KUNIT_EXPECT_NULL(test, leave_scope(t->ctx, false));
	KUNIT_EXPECT_EQ(test, kref_read(&t->ctx->ref), 1);
	KUNIT_EXPECT_PTR_EQ(test, leave_scope(t->ctx, true), t->ctx);
	KUNIT_EXPECT_EQ(test, kref_read(&t->ctx->ref), 2);
	dfence_ctx_put(t->ctx);
}

/* More than are cancelled in a row. */
static void close_cancels_many(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct dma_fence **fence;
	int n = 1000;
	int i;

	fence = kunit_kcalloc(test, n, sizeof(*fence), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, fence);
	for (i = 0; i < n; i++)
		fence[i] = dma_fence_get(&dfence_test_armed(test, t->ctx, NULL)->base);
	dfence_ctx_declare_quiet(t->ctx);
	KUNIT_EXPECT_EQ(test, dfence_ctx_shut(t->ctx, -ENODEV), 0);
	KUNIT_EXPECT_EQ(test, dfence_ctx_live(t->ctx), 0);
	for (i = 0; i < n; i++) {
		KUNIT_EXPECT_EQ(test, dma_fence_get_status(fence[i]), -ENODEV);
		dma_fence_put(fence[i]);
	}
}

static void finish_never(struct dfence *f)
{
	WARN_ON(1);
}

/* Here the driver still is there, but as with one that isn't nothing of it is called. */
static void left_behind_is_reported(struct kunit *test)
{
	static const struct dfence_ops ops = { .finish = finish_never };
	struct dfence_test *t = test->priv;
	struct dma_fence *fence[2];
	int i;

	for (i = 0; i < 2; i++)
		fence[i] = dma_fence_get(&dfence_test_armed(test, t->ctx, i ? &ops : NULL)->base);
	DFENCE_EXPECT_REPORT(test, "was left behind with 2 live fences",
			     scoped_guard(rcu) dfence_ctx_orphan(t->ctx));
	for (i = 0; i < 2; i++) {
		KUNIT_EXPECT_EQ(test, dma_fence_get_status(fence[i]), -ECANCELED);
		KUNIT_EXPECT_PTR_EQ(test, rcu_access_pointer(fence[i]->ops), NULL);
		KUNIT_EXPECT_EQ(test, kref_read(&fence[i]->refcount), 1);
		dma_fence_put(fence[i]);
	}
	dfence_ctx_synchronize(t->ctx);
	KUNIT_EXPECT_EQ(test, dfence_ctx_live(t->ctx), 0);
}

static struct kunit_case ctx_cases[] = {
	KUNIT_CASE_PARAM(create, create_gen_params),
	KUNIT_CASE(create_without_args),
	KUNIT_CASE(names_are_copied),
	KUNIT_CASE(fences_keep_ctx),
	KUNIT_CASE(last_put_in_hardirq),
	KUNIT_CASE(owns),
	KUNIT_CASE(advance_in_order),
	KUNIT_CASE(advance_refuses_the_future),
	KUNIT_CASE(advance_skips_what_is_signalled),
	KUNIT_CASE(advance_reports_wrong_error),
	KUNIT_CASE(advance_reports_wild_error),
	KUNIT_CASE(advance_in_hardirq),
	KUNIT_CASE(concurrent_advance_keeps_order),
	KUNIT_CASE_PARAM(advance32, advance32_gen_params),
	KUNIT_CASE(advance32_of_new_timeline),
	KUNIT_CASE(order_beyond_32_bits),
	KUNIT_CASE(new_ctx_is_quiet),
	KUNIT_CASE(close_wants_quiet),
	KUNIT_CASE(close_wants_an_errno),
	KUNIT_CASE(close_twice),
	KUNIT_CASE(close_waits_for_readers),
	KUNIT_CASE(arm_after_close),
	KUNIT_CASE(shut_in_atomic_context),
	KUNIT_CASE(close_cancels_many),
	KUNIT_CASE(left_behind_is_reported),
	KUNIT_CASE(close_leaves_prepared_fences),
	KUNIT_CASE(release_with_live_fence_is_reported),
	KUNIT_CASE(scope_puts),
	{}
};

static struct kunit_suite ctx_suite = {
	.name = "dfence_ctx",
	.init = dfence_test_init,
	.exit = dfence_test_exit,
	.test_cases = ctx_cases,
};

kunit_test_suite(ctx_suite);
