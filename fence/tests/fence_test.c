// SPDX-License-Identifier: GPL-2.0
/*
 * The life of a fence: prepare, arm, signal, drop, and what is done wrong with it.
 */

#include <linux/debug_locks.h>
#include <linux/file.h>
#include <linux/slab.h>
#include <linux/sync_file.h>

#include "util.h"

struct big_fence {
	struct dfence f;
	u32 payload[16];
};

/* A fence that was prepared in vain leaves nothing on the timeline. */
static void free_leaves_no_trace(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct dfence *f = dfence_alloc(t->ctx, NULL, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	KUNIT_EXPECT_EQ(test, f->state, DFENCE_PREPARED);
	KUNIT_EXPECT_EQ(test, kref_read(&t->ctx->ref), 2);
	KUNIT_EXPECT_EQ(test, dfence_ctx_live(t->ctx), 0);
	dfence_free(f);
	KUNIT_EXPECT_EQ(test, kref_read(&t->ctx->ref), 1);
	KUNIT_EXPECT_EQ(test, dfence_ctx_last_armed(t->ctx), 0);
}

static void null_is_accepted(struct kunit *test)
{
	unsigned int before = dfence_test_reports();

	dfence_free(NULL);
	dfence_drop(NULL);
	dfence_put(NULL);
	dfence_ctx_put(NULL);
	KUNIT_EXPECT_EQ(test, dfence_test_reports(), before);
}

/* The issuer's own struct is zeroed behind the fence, and is what gets freed. */
static void alloc_type_embeds(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct big_fence *big;

	big = dfence_alloc_type(t->ctx, NULL, struct big_fence, f, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, big);
	KUNIT_EXPECT_PTR_EQ(test, (void *)big, (void *)&big->f);
	KUNIT_EXPECT_NULL(test, memchr_inv(big->payload, 0, sizeof(big->payload)));
	KUNIT_EXPECT_PTR_EQ(test, to_dfence(dfence_arm(&big->f)), &big->f);
	dfence_signal(&big->f, 0);
}

static void alloc_refuses_small_size(struct kunit *test)
{
	struct dfence_test *t = test->priv;

	DFENCE_EXPECT_REPORT(test, "no fence fits", {
		void *f = __dfence_alloc_size(t->ctx, NULL, sizeof(struct dma_fence),
					      GFP_KERNEL);

		KUNIT_EXPECT_NULL(test, f);
	});
}

/* dfence_fini() hands the memory back, dfence_init() can use it again. */
static void init_fini(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct dfence *f = kmalloc(sizeof(*f), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	memset(f, 0xff, sizeof(*f));
	dfence_init(f, t->ctx, NULL);
	KUNIT_EXPECT_EQ(test, kref_read(&t->ctx->ref), 2);
	dfence_fini(f);
	KUNIT_EXPECT_EQ(test, kref_read(&t->ctx->ref), 1);

	dfence_init(f, t->ctx, NULL);
	dfence_arm(f);
	KUNIT_EXPECT_EQ(test, f->base.seqno, 1);
	dfence_signal(f, 0);
}

/* Its memory is the caller's again, who mixes it up with a fence. */
static void use_after_fini_is_reported(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct dfence *f = kmalloc_obj(*f, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	dfence_init(f, t->ctx, NULL);
	dfence_fini(f);
	DFENCE_EXPECT_REPORT(test, "was armed after it was taken back", dfence_arm(f));
	DFENCE_EXPECT_REPORT(test, "was freed after it was taken back", dfence_free(f));
	DFENCE_EXPECT_REPORT(test, "was freed after it was taken back", dfence_drop(f));
	kfree(f);
}

/* Numbers are taken at arm: neither allocation order nor a rollback shows in them. */
static void seqno_is_taken_at_arm(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct dfence *f[4];
	int i;

	for (i = 0; i < ARRAY_SIZE(f); i++) {
		f[i] = dfence_alloc(t->ctx, NULL, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, f[i]);
	}
	dfence_arm(f[2]);
	dfence_free(f[0]);
	dfence_arm(f[1]);
	dfence_arm(f[3]);
	KUNIT_EXPECT_EQ(test, f[2]->base.seqno, 1);
	KUNIT_EXPECT_EQ(test, f[1]->base.seqno, 2);
	KUNIT_EXPECT_EQ(test, f[3]->base.seqno, 3);
	KUNIT_EXPECT_EQ(test, dfence_ctx_last_armed(t->ctx), 3);
	KUNIT_EXPECT_EQ(test, dfence_ctx_advance(t->ctx, 3, 0), 3);
}

/* What consumers see of an armed fence. */
static void arm_publishes(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct dfence *f = dfence_alloc(t->ctx, NULL, GFP_KERNEL);
	struct dma_fence *fence;

	KUNIT_ASSERT_NOT_NULL(test, f);
	fence = dfence_arm(f);
	KUNIT_EXPECT_PTR_EQ(test, fence, &f->base);
	KUNIT_EXPECT_EQ(test, f->state, DFENCE_ARMED);
	KUNIT_EXPECT_EQ(test, fence->context, dfence_ctx_id(t->ctx));
	KUNIT_EXPECT_TRUE(test, test_bit(DMA_FENCE_FLAG_SEQNO64_BIT, &fence->flags));
	KUNIT_EXPECT_TRUE(test, test_bit(DMA_FENCE_FLAG_INLINE_LOCK_BIT, &fence->flags));
	KUNIT_EXPECT_EQ(test, dma_fence_get_status(fence), 0);
	KUNIT_EXPECT_EQ(test, dfence_ctx_live(t->ctx), 1);
	scoped_guard(rcu) {
		KUNIT_EXPECT_STREQ(test, (__force const char *)dma_fence_driver_name(fence),
				   "test-driver");
		KUNIT_EXPECT_STREQ(test, (__force const char *)dma_fence_timeline_name(fence),
				   "test-timeline");
	}
	dfence_signal(f, 0);
}

struct signal_case {
	const char *name;
	int error;
	int status;
};

static const struct signal_case signal_cases[] = {
	{ "success", 0, 1 },
	{ "failed", -EIO, -EIO },
	{ "smallest errno", -1, -1 },
	{ "largest errno", -MAX_ERRNO, -MAX_ERRNO },
};

KUNIT_ARRAY_PARAM_DESC(signal, signal_cases, name);

/* Status and error arrive, references go, and the fence lets go of its ops. */
static void signal_conveys(struct kunit *test)
{
	const struct signal_case *c = test->param_value;
	struct dfence_test *t = test->priv;
	struct dfence *f = dfence_get(dfence_test_armed(test, t->ctx, NULL));

	KUNIT_EXPECT_EQ(test, kref_read(&f->base.refcount), 2);
	dfence_signal(f, c->error);
	KUNIT_EXPECT_EQ(test, dma_fence_get_status(&f->base), c->status);
	KUNIT_EXPECT_EQ(test, f->state, DFENCE_CLAIMED);
	KUNIT_EXPECT_EQ(test, kref_read(&f->base.refcount), 1);
	KUNIT_EXPECT_EQ(test, kref_read(&t->ctx->ref), 1);
	KUNIT_EXPECT_EQ(test, dfence_ctx_live(t->ctx), 0);
	KUNIT_EXPECT_NULL(test, rcu_access_pointer(f->base.ops));
	dfence_put(f);
}

/* The mistake of the code that this library comes from: an errno without its sign. */
static void positive_errno_is_reported(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct dfence *f = dfence_get(dfence_test_armed(test, t->ctx, NULL));

	DFENCE_EXPECT_REPORT(test, "neither 0 nor a negative errno",
			     dfence_signal(f, ECANCELED));
	KUNIT_EXPECT_EQ(test, dma_fence_get_status(&f->base), -ECANCELED);
	dfence_put(f);
}

static void wild_errno_is_reported(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct dfence *f = dfence_get(dfence_test_armed(test, t->ctx, NULL));

	DFENCE_EXPECT_REPORT(test, "-5000 is neither", dfence_signal(f, -5000));
	KUNIT_EXPECT_EQ(test, dma_fence_get_status(&f->base), -EINVAL);
	dfence_put(f);
}

struct seen {
	struct dma_fence_cb cb;
	int calls;
	int error;
	bool signaled;
};

static void see(struct dma_fence *fence, struct dma_fence_cb *cb)
{
	struct seen *seen = container_of(cb, struct seen, cb);

	seen->calls++;
	seen->error = fence->error;
	seen->signaled = dma_fence_test_signaled_flag(fence);
}

/* The first who can know of the signal already sees the error. */
static void error_is_set_before_callbacks(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct dfence *f = dfence_test_armed(test, t->ctx, NULL);
	struct seen seen = {};

	KUNIT_ASSERT_EQ(test, dma_fence_add_callback(&f->base, &seen.cb, see), 0);
	dfence_signal(f, -EIO);
	KUNIT_EXPECT_EQ(test, seen.calls, 1);
	KUNIT_EXPECT_TRUE(test, seen.signaled);
	KUNIT_EXPECT_EQ(test, seen.error, -EIO);
}

static noinline void double_signal_is_reported(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct dfence *f = dfence_get(dfence_test_armed(test, t->ctx, NULL));
	char text[80];

	dfence_signal(f, 0);
	snprintf(text, sizeof(text), "was signalled twice at %s+", __func__);
	DFENCE_EXPECT_REPORT(test, text, dfence_signal(f, -EIO));
	KUNIT_EXPECT_TRUE(test, dfence_test_reported("fence 1 of test-driver test-timeline"));
	KUNIT_EXPECT_EQ(test, dma_fence_get_status(&f->base), 1);
	KUNIT_EXPECT_EQ(test, kref_read(&f->base.refcount), 1);
	dfence_put(f);
}

/* Once the timeline is gone its names are, too, but not its number. */
static void double_signal_without_timeline_is_reported(struct kunit *test)
{
	struct dfence_ctx *ctx = dfence_test_ctx(test, 0);
	struct dfence *f = dfence_get(dfence_test_armed(test, ctx, NULL));
	char text[80];

	snprintf(text, sizeof(text), "of a timeline that is gone (context %llu)",
		 dfence_ctx_id(ctx));
	dfence_ctx_put(ctx);
	dfence_signal(f, 0);
	DFENCE_EXPECT_REPORT(test, text, dfence_signal(f, -EIO));
	dfence_put(f);
}

static void early_signal_is_reported(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct dfence *f = dfence_alloc(t->ctx, NULL, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	DFENCE_EXPECT_REPORT(test, "before it was armed", dfence_signal(f, 0));
	DFENCE_EXPECT_REPORT(test, "before it was armed",
			     KUNIT_EXPECT_FALSE(test, dfence_try_signal(f, 0)));
	KUNIT_EXPECT_EQ(test, f->state, DFENCE_PREPARED);
	dfence_arm(f);
	dfence_signal(f, 0);
}

static void double_arm_is_reported(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct dfence *f = dfence_test_armed(test, t->ctx, NULL);

	DFENCE_EXPECT_REPORT(test, "was armed twice", dfence_arm(f));
	KUNIT_EXPECT_EQ(test, f->base.seqno, 1);
	KUNIT_EXPECT_EQ(test, dfence_ctx_last_armed(t->ctx), 1);
	dfence_signal(f, 0);
}

static void fini_of_armed_is_reported(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct dfence *f = dfence_test_armed(test, t->ctx, NULL);

	DFENCE_EXPECT_REPORT(test, "taken back after it was armed", dfence_fini(f));
	dfence_signal(f, 0);
}

/* A consumer that signals somebody else's fence is found out, once, and survived. */
static void foreign_signal_is_reported(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct dfence *f = dfence_get(dfence_test_armed(test, t->ctx, NULL));

	dma_fence_signal(&f->base);
	DFENCE_EXPECT_REPORT(test, "signalled by somebody else", dfence_signal(f, -EIO));
	KUNIT_EXPECT_EQ(test, dma_fence_get_status(&f->base), 1);
	KUNIT_EXPECT_EQ(test, kref_read(&f->base.refcount), 1);
	dfence_put(f);
}

/* Only the first of several ways to end a fence gets it. */
static void try_signal_says_who_was_first(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct dfence *f = dfence_get(dfence_test_armed(test, t->ctx, NULL));
	unsigned int before = dfence_test_reports();

	KUNIT_EXPECT_TRUE(test, dfence_try_signal(f, -ETIME));
	KUNIT_EXPECT_FALSE(test, dfence_try_signal(f, 0));
	KUNIT_EXPECT_EQ(test, dma_fence_get_status(&f->base), -ETIME);
	dfence_put(f);

	f = dfence_get(dfence_test_armed(test, t->ctx, NULL));
	KUNIT_EXPECT_EQ(test, dfence_ctx_advance(t->ctx, f->base.seqno, 0), 1);
	KUNIT_EXPECT_FALSE(test, dfence_try_signal(f, -ETIME));
	KUNIT_EXPECT_EQ(test, dma_fence_get_status(&f->base), 1);
	dfence_put(f);
	KUNIT_EXPECT_EQ(test, dfence_test_reports(), before);
}

/* try_signal after the timeline's last reference went: it must not be touched. */
static void late_try_signal_leaves_ctx_alone(struct kunit *test)
{
	struct dfence_ctx *ctx = dfence_test_ctx(test, 0);
	struct dfence *f = dfence_get(dfence_test_armed(test, ctx, NULL));

	dfence_signal(f, 0);
	dfence_ctx_put(ctx);
	kvfree_rcu_barrier();
	KUNIT_EXPECT_FALSE(test, dfence_try_signal(f, 0));
	dfence_put(f);
}

/* Dropped while armed: signalled, and one warning that names fence and place. */
static noinline void drop_of_armed_signals(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct dfence *f = dfence_get(dfence_test_armed(test, t->ctx, NULL));
	char text[160];

	snprintf(text, sizeof(text),
		 "fence 1 of test-driver test-timeline (context %llu) was dropped unsignalled at %s+",
		 dfence_ctx_id(t->ctx), __func__);
	DFENCE_EXPECT_REPORT(test, text, dfence_drop(f));
	KUNIT_EXPECT_EQ(test, dma_fence_get_status(&f->base), -ECANCELED);
	KUNIT_EXPECT_EQ(test, kref_read(&f->base.refcount), 1);
	dfence_put(f);
}

static void drop_of_prepared_is_silent(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	unsigned int before = dfence_test_reports();
	struct dfence *f = dfence_alloc(t->ctx, NULL, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	dfence_drop(f);
	KUNIT_EXPECT_EQ(test, dfence_test_reports(), before);
	KUNIT_EXPECT_EQ(test, kref_read(&t->ctx->ref), 1);
}

static void late_drop_and_free_are_reported(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct dfence *f = dfence_get(dfence_test_armed(test, t->ctx, NULL));

	dfence_signal(f, 0);
	DFENCE_EXPECT_REPORT(test, "dropped after it was signalled", dfence_drop(f));
	DFENCE_EXPECT_REPORT(test, "freed after it was signalled", dfence_free(f));
	KUNIT_EXPECT_EQ(test, kref_read(&f->base.refcount), 1);
	dfence_put(f);
}

static void free_of_armed_signals(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct dfence *f = dfence_get(dfence_test_armed(test, t->ctx, NULL));

	DFENCE_EXPECT_REPORT(test, "was freed while armed", dfence_free(f));
	KUNIT_EXPECT_EQ(test, dma_fence_get_status(&f->base), -ECANCELED);
	dfence_put(f);
}

enum leave_when {
	LEAVE_PREPARED,
	LEAVE_ARMED,
	LEAVE_HANDED_ON,
};

/* Makes a fence and leaves the scope that holds it at some point. */
static noinline struct dfence *leave_scope(struct kunit *test, enum leave_when when)
{
	struct dfence_test *t = test->priv;
	struct dfence *f __free(dfence) = dfence_alloc(t->ctx, NULL, GFP_KERNEL);

	if (!f || when == LEAVE_PREPARED)
		return NULL;
	dfence_arm(f);
	if (when == LEAVE_ARMED)
		return NULL;
	return no_free_ptr(f);
}

/* __free(dfence): freed if prepared, dropped if armed, kept if handed on. */
static void scope_drops(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct dfence *kept;

	KUNIT_EXPECT_NULL(test, leave_scope(test, LEAVE_PREPARED));
	KUNIT_EXPECT_EQ(test, dfence_ctx_last_armed(t->ctx), 0);
	KUNIT_EXPECT_EQ(test, kref_read(&t->ctx->ref), 1);

	DFENCE_EXPECT_REPORT(test, "dropped unsignalled at leave_scope",
			     leave_scope(test, LEAVE_ARMED));
	KUNIT_EXPECT_EQ(test, dfence_ctx_last_armed(t->ctx), 1);
	KUNIT_EXPECT_EQ(test, dfence_ctx_live(t->ctx), 0);

	kept = leave_scope(test, LEAVE_HANDED_ON);
	KUNIT_ASSERT_NOT_NULL(test, kept);
	KUNIT_EXPECT_EQ(test, kept->state, DFENCE_ARMED);
	dfence_signal(kept, 0);
}

static void signal_fence(void *arg)
{
	dfence_signal(arg, -EIO);
}

static void drop_fence(void *arg)
{
	dfence_drop(arg);
}

static void signal_in_hardirq(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct dfence *f = dfence_get(dfence_test_armed(test, t->ctx, NULL));

	dfence_test_hardirq(test, signal_fence, f);
	KUNIT_EXPECT_EQ(test, dma_fence_get_status(&f->base), -EIO);
	dfence_put(f);
}

/* The original slept here: its last fence took the timeline along with rcu_barrier(). */
static void drop_of_last_fence_in_hardirq(struct kunit *test)
{
	struct dfence_ctx *ctx = dfence_test_ctx(test, 0);
	struct dfence *f = dfence_get(dfence_test_armed(test, ctx, NULL));

	dfence_ctx_put(ctx);
	DFENCE_EXPECT_REPORT(test, "was dropped unsignalled",
			     dfence_test_hardirq(test, drop_fence, f));
	KUNIT_EXPECT_EQ(test, dma_fence_get_status(&f->base), -ECANCELED);
	dfence_put(f);
}

/*
 * A reader that got the name before the last fence of a timeline was signalled, and
 * the timeline put, reads on until it leaves its RCU section.
 */
static void name_reader_in_flight(struct kunit *test)
{
	struct dfence_ctx *ctx = dfence_test_ctx(test, 0);
	struct dfence *f = dfence_get(dfence_test_armed(test, ctx, NULL));
	const char *name;

	scoped_guard(rcu) {
		name = (__force const char *)dma_fence_timeline_name(&f->base);
		dfence_ctx_put(ctx);
		dfence_signal(f, 0);
		KUNIT_EXPECT_STREQ(test, name, "test-timeline");
	}
	dfence_put(f);
}

/* A sync_file lives on when fence, timeline and their owner are gone. */
static void sync_file_outlives_timeline(struct kunit *test)
{
	struct dfence_ctx *ctx = dfence_test_ctx(test, 0);
	struct dfence *f = dfence_test_armed(test, ctx, NULL);
	struct sync_file *sync = sync_file_create(&f->base);
	struct dma_fence *fence;

	KUNIT_ASSERT_NOT_NULL(test, sync);
	fence = dma_fence_get(&f->base);
	dfence_ctx_declare_quiet(ctx);
	KUNIT_EXPECT_EQ(test, dfence_ctx_close(ctx, -ENODEV), 0);
	dfence_ctx_put(ctx);
	kvfree_rcu_barrier();

	scoped_guard(rcu)
		KUNIT_EXPECT_STREQ(test, (__force const char *)dma_fence_driver_name(fence),
				   "detached-driver");
	KUNIT_EXPECT_EQ(test, dma_fence_get_status(fence), -ENODEV);
	dma_fence_put(fence);
	fput(sync->file);
}

#ifdef CONFIG_LOCKDEP
/* Inside the guard the annotation is held: a nested one is told so by its cookie. */
static void signalling_guard_annotates(struct kunit *test)
{
	bool cookie;

	if (!debug_locks)
		kunit_skip(test, "lockdep has switched itself off");

	scoped_guard(dfence_signalling) {
		cookie = dma_fence_begin_signalling();
		KUNIT_EXPECT_TRUE(test, cookie);
		dma_fence_end_signalling(cookie);
	}
	cookie = dma_fence_begin_signalling();
	KUNIT_EXPECT_FALSE(test, cookie);
	dma_fence_end_signalling(cookie);
}
#else
static void signalling_guard_annotates(struct kunit *test)
{
	kunit_skip(test, "the annotation needs CONFIG_LOCKDEP");
}
#endif

static struct kunit_case fence_cases[] = {
	KUNIT_CASE(free_leaves_no_trace),
	KUNIT_CASE(null_is_accepted),
	KUNIT_CASE(alloc_type_embeds),
	KUNIT_CASE(alloc_refuses_small_size),
	KUNIT_CASE(init_fini),
	KUNIT_CASE(use_after_fini_is_reported),
	KUNIT_CASE(seqno_is_taken_at_arm),
	KUNIT_CASE(arm_publishes),
	KUNIT_CASE_PARAM(signal_conveys, signal_gen_params),
	KUNIT_CASE(positive_errno_is_reported),
	KUNIT_CASE(wild_errno_is_reported),
	KUNIT_CASE(error_is_set_before_callbacks),
	KUNIT_CASE(double_signal_is_reported),
	KUNIT_CASE(double_signal_without_timeline_is_reported),
	KUNIT_CASE(early_signal_is_reported),
	KUNIT_CASE(double_arm_is_reported),
	KUNIT_CASE(fini_of_armed_is_reported),
	KUNIT_CASE(foreign_signal_is_reported),
	KUNIT_CASE(try_signal_says_who_was_first),
	KUNIT_CASE(late_try_signal_leaves_ctx_alone),
	KUNIT_CASE(drop_of_armed_signals),
	KUNIT_CASE(drop_of_prepared_is_silent),
	KUNIT_CASE(late_drop_and_free_are_reported),
	KUNIT_CASE(free_of_armed_signals),
	KUNIT_CASE(scope_drops),
	KUNIT_CASE(signal_in_hardirq),
	KUNIT_CASE(drop_of_last_fence_in_hardirq),
	KUNIT_CASE(name_reader_in_flight),
	KUNIT_CASE(sync_file_outlives_timeline),
	KUNIT_CASE(signalling_guard_annotates),
	{}
};

static struct kunit_suite fence_suite = {
	.name = "dfence_fence",
	.init = dfence_test_init,
	.exit = dfence_test_exit,
	.test_cases = fence_cases,
};

kunit_test_suite(fence_suite);
