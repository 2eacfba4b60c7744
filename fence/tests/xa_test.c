// SPDX-License-Identifier: GPL-2.0
/*
 * Arrays of issuer handles: who owes the signal, and what is safe to look at.
 */

#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/slab.h>

#include <dfence/dfence_xa.h>

#include "util.h"

#define ROUNDS 500

/* Where things are stored: in the root and in a node of the XArray. */
static const unsigned long indices[] = { 0, 1, 4711, ULONG_MAX };

static void index_desc(const unsigned long *index, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "index %lu", *index);
}

KUNIT_ARRAY_PARAM(index, indices, index_desc);

static unsigned long index_of(struct kunit *test)
{
	return *(const unsigned long *)test->param_value;
}

static void moves_in_and_out(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct dfence *f = dfence_test_armed(test, t->ctx, NULL);
	unsigned long index = index_of(test);
	struct dfence_xa xa;

	dfence_xa_init(&xa);
	KUNIT_EXPECT_EQ(test, dfence_xa_insert(&xa, index, f, GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, kref_read(&f->base.refcount), 2);
	KUNIT_EXPECT_PTR_EQ(test, dfence_xa_take(&xa, index), f);
	KUNIT_EXPECT_EQ(test, kref_read(&f->base.refcount), 1);
	KUNIT_EXPECT_NULL(test, dfence_xa_take(&xa, index));
	/* It can go back. */
	KUNIT_EXPECT_EQ(test, dfence_xa_insert(&xa, index, f, GFP_KERNEL), 0);
	KUNIT_EXPECT_TRUE(test, dfence_xa_signal(&xa, index, 0));
	KUNIT_EXPECT_FALSE(test, dfence_xa_signal(&xa, index, 0));
	KUNIT_EXPECT_EQ(test, dfence_xa_destroy(&xa), 0);
}

static void taken_index_is_refused(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct dfence *a = dfence_test_armed(test, t->ctx, NULL);
	struct dfence *b = dfence_test_armed(test, t->ctx, NULL);
	unsigned long index = index_of(test);
	struct dfence_xa xa;

	dfence_xa_init(&xa);
	KUNIT_EXPECT_EQ(test, dfence_xa_insert(&xa, index, a, GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, dfence_xa_insert(&xa, index, b, GFP_KERNEL), -EBUSY);
	KUNIT_EXPECT_EQ(test, dfence_xa_reserve(&xa, index, GFP_KERNEL), -EBUSY);
	/* b is still ours, and only ours. */
	KUNIT_EXPECT_EQ(test, kref_read(&b->base.refcount), 1);
	dfence_signal(b, 0);
	KUNIT_EXPECT_TRUE(test, dfence_xa_signal(&xa, index, 0));
	KUNIT_EXPECT_EQ(test, dfence_xa_destroy(&xa), 0);
}

static void reserved_index_is_filled(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct dfence *f = dfence_test_armed(test, t->ctx, NULL);
	unsigned long index = index_of(test);
	struct dfence_xa xa;

	dfence_xa_init(&xa);
	KUNIT_EXPECT_EQ(test, dfence_xa_reserve(&xa, index, GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, dfence_xa_reserve(&xa, index, GFP_KERNEL), -EBUSY);
	KUNIT_EXPECT_EQ(test, dfence_xa_insert(&xa, index, f, GFP_KERNEL), -EBUSY);
	KUNIT_EXPECT_NULL(test, dfence_xa_get(&xa, index));
	KUNIT_EXPECT_NULL(test, dfence_xa_take(&xa, index));

	KUNIT_EXPECT_EQ(test, dfence_xa_fill(&xa, index, f), 0);
	/* What is filled isn't reserved any more. */
	dfence_xa_unreserve(&xa, index);
	KUNIT_EXPECT_TRUE(test, dfence_xa_signal(&xa, index, 0));
	KUNIT_EXPECT_EQ(test, dfence_xa_destroy(&xa), 0);
}

static void reservation_is_given_back(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct dfence *f = dfence_test_armed(test, t->ctx, NULL);
	unsigned long index = index_of(test);
	struct dfence_xa xa;

	dfence_xa_init(&xa);
	KUNIT_EXPECT_EQ(test, dfence_xa_reserve(&xa, index, GFP_KERNEL), 0);
	dfence_xa_unreserve(&xa, index);
	DFENCE_EXPECT_REPORT(test, "was stored where nothing is reserved",
			     KUNIT_EXPECT_EQ(test, dfence_xa_fill(&xa, index, f), -EINVAL));
	KUNIT_EXPECT_EQ(test, kref_read(&f->base.refcount), 1);
	KUNIT_EXPECT_TRUE(test, xa_empty(&xa.xa));
	KUNIT_EXPECT_EQ(test, dfence_xa_insert(&xa, index, f, GFP_KERNEL), 0);
	/* What is stored isn't reserved. */
	dfence_xa_unreserve(&xa, index);
	KUNIT_EXPECT_TRUE(test, dfence_xa_signal(&xa, index, 0));
	KUNIT_EXPECT_EQ(test, dfence_xa_destroy(&xa), 0);
}

static void unarmed_is_refused(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct dfence *f = dfence_alloc(t->ctx, NULL, GFP_KERNEL);
	struct dfence_xa xa;

	KUNIT_ASSERT_NOT_NULL(test, f);
	dfence_xa_init(&xa);
	KUNIT_EXPECT_EQ(test, dfence_xa_insert(&xa, 1, NULL, GFP_KERNEL), -EINVAL);
	DFENCE_EXPECT_REPORT(test, "of test-driver test-timeline", {
		KUNIT_EXPECT_EQ(test, dfence_xa_insert(&xa, 1, f, GFP_KERNEL), -EINVAL);
	});
	KUNIT_EXPECT_TRUE(test, dfence_test_reported("was stored before it was armed at"));
	KUNIT_EXPECT_EQ(test, dfence_xa_reserve(&xa, 1, GFP_KERNEL), 0);
	DFENCE_EXPECT_REPORT(test, "was stored before it was armed", {
		KUNIT_EXPECT_EQ(test, dfence_xa_fill(&xa, 1, f), -EINVAL);
	});
	KUNIT_EXPECT_NULL(test, dfence_xa_get(&xa, 1));
	dfence_free(f);
	KUNIT_EXPECT_EQ(test, dfence_xa_destroy(&xa), 0);
}

/* The timeline was closed between arming and storing. */
static void signalled_is_refused(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct dfence *f = dfence_get(dfence_test_armed(test, t->ctx, NULL));
	struct dfence_xa xa;

	dfence_xa_init(&xa);
	dfence_signal(f, 0);
	KUNIT_EXPECT_EQ(test, dfence_xa_insert(&xa, 1, f, GFP_KERNEL), -ENOENT);
	KUNIT_EXPECT_EQ(test, dfence_xa_reserve(&xa, 1, GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, dfence_xa_fill(&xa, 1, f), -ENOENT);
	KUNIT_EXPECT_EQ(test, kref_read(&f->base.refcount), 1);
	dfence_put(f);
	KUNIT_EXPECT_EQ(test, dfence_xa_destroy(&xa), 0);
}

/* Whoever doesn't know about the array can signal what is in it. */
static void advance_leaves_no_dangling_entry(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct dfence *a = dfence_test_armed(test, t->ctx, NULL);
	struct dfence *b = dfence_test_armed(test, t->ctx, NULL);
	struct dfence_xa xa;

	dfence_xa_init(&xa);
	KUNIT_EXPECT_EQ(test, dfence_xa_insert(&xa, 1, a, GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, dfence_xa_insert(&xa, 2, b, GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, dfence_ctx_advance(t->ctx, 2, -EIO), 2);

	/* The array's own reference is the last one now. */
	KUNIT_EXPECT_EQ(test, kref_read(&a->base.refcount), 1);
	KUNIT_EXPECT_EQ(test, dma_fence_get_status(&a->base), -EIO);
	KUNIT_EXPECT_NULL(test, dfence_xa_take(&xa, 1));
	KUNIT_EXPECT_FALSE(test, dfence_xa_signal(&xa, 2, 0));
	KUNIT_EXPECT_TRUE(test, xa_empty(&xa.xa));
}

static noinline void destroy_drops_what_is_left(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct dfence *done = dfence_test_armed(test, t->ctx, NULL);
	struct dfence *left = dfence_get(dfence_test_armed(test, t->ctx, NULL));
	struct dfence_xa xa;
	char text[80];

	dfence_xa_init(&xa);
	KUNIT_EXPECT_EQ(test, dfence_xa_insert(&xa, 5, left, GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, dfence_xa_insert(&xa, 500, done, GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, dfence_xa_reserve(&xa, 50, GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, dfence_ctx_advance(t->ctx, 1, 0), 1);

	snprintf(text, sizeof(text), "was left in an array, destroyed at %s+", __func__);
	DFENCE_EXPECT_REPORT(test, text, {
		KUNIT_EXPECT_EQ(test, dfence_xa_destroy(&xa), 1);
	});
	KUNIT_EXPECT_TRUE(test, dfence_test_reported("fence 2 of test-driver test-timeline"));
	KUNIT_EXPECT_EQ(test, dma_fence_get_status(&left->base), -ECANCELED);
	KUNIT_EXPECT_EQ(test, kref_read(&left->base.refcount), 1);
	KUNIT_EXPECT_TRUE(test, xa_empty(&xa.xa));
	dfence_put(left);
}

/* What a fence's issuer keeps around it. */
struct cookie {
	struct dfence f;
	u64 value;
	bool *ret_finished;
};

static void cookie_finish(struct dfence *f)
{
	struct cookie *cookie = container_of(f, struct cookie, f);

	cookie->value = 0;
	WRITE_ONCE(*cookie->ret_finished, true);
}

static const struct dfence_ops cookie_ops = { .finish = cookie_finish };

static struct cookie *new_cookie(struct kunit *test, struct dfence_ctx *ctx,
				 const struct dfence_ops *ops)
{
	struct cookie *cookie;

	cookie = dfence_alloc_type(ctx, ops, struct cookie, f, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, cookie);
	dfence_arm(&cookie->f);
	return cookie;
}

/*
 * A reader is in the middle of an issuer's data when another CPU (here: the same
 * one, which comes to the same) takes the fence, signals it and lets go of it.
 */
static void borrowed_data_lasts(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct cookie *cookie = new_cookie(test, t->ctx, &cookie_ops);
	bool finished = false;
	struct dfence_xa xa;
	struct dfence *f;

	cookie->value = 42;
	cookie->ret_finished = &finished;
	dfence_xa_init(&xa);
	KUNIT_EXPECT_EQ(test, dfence_xa_insert(&xa, 9, &cookie->f, GFP_KERNEL), 0);

	scoped_guard(rcu) {
		f = dfence_xa_borrow(&xa, 9);
		KUNIT_EXPECT_PTR_EQ(test, f, &cookie->f);
		KUNIT_EXPECT_TRUE(test, dfence_xa_signal(&xa, 9, 0));
		KUNIT_EXPECT_NULL(test, dfence_xa_borrow(&xa, 9));
		KUNIT_EXPECT_EQ(test, container_of(f, struct cookie, f)->value, 42);
		KUNIT_EXPECT_FALSE(test, READ_ONCE(finished));
	}
	dfence_ctx_synchronize(t->ctx);
	KUNIT_EXPECT_TRUE(test, finished);
	KUNIT_EXPECT_EQ(test, dfence_xa_destroy(&xa), 0);
}

/* What an advance has signalled stays in the array, while its issuer's data goes. */
static void finished_is_not_borrowed(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct cookie *cookie = new_cookie(test, t->ctx, &cookie_ops);
	bool finished = false;
	struct dfence_xa xa;
	struct dfence *f;

	cookie->ret_finished = &finished;
	dfence_xa_init(&xa);
	KUNIT_EXPECT_EQ(test, dfence_xa_insert(&xa, 9, &cookie->f, GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, dfence_ctx_advance(t->ctx, 1, 0), 1);
	dfence_ctx_synchronize(t->ctx);
	KUNIT_EXPECT_TRUE(test, finished);

	scoped_guard(rcu)
		f = dfence_xa_borrow(&xa, 9);
	KUNIT_EXPECT_NULL(test, f);
	/* The fence itself is still there. */
	KUNIT_EXPECT_PTR_EQ(test, dfence_xa_get(&xa, 9), &cookie->f);
	dfence_put(&cookie->f);
	KUNIT_EXPECT_EQ(test, dfence_xa_destroy(&xa), 0);
}

static void reference_keeps_it(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct dfence *f = dfence_test_armed(test, t->ctx, NULL);
	struct dfence_xa xa;

	dfence_xa_init(&xa);
	KUNIT_EXPECT_NULL(test, dfence_xa_get(&xa, 3));
	KUNIT_EXPECT_EQ(test, dfence_xa_insert(&xa, 3, f, GFP_KERNEL), 0);
	KUNIT_EXPECT_PTR_EQ(test, dfence_xa_get(&xa, 3), f);
	/* The duty has stayed in the array. */
	KUNIT_EXPECT_EQ(test, dfence_ctx_live(t->ctx), 1);
	KUNIT_EXPECT_TRUE(test, dfence_xa_signal(&xa, 3, -EIO));
	KUNIT_EXPECT_EQ(test, kref_read(&f->base.refcount), 1);
	KUNIT_EXPECT_EQ(test, dma_fence_get_status(&f->base), -EIO);
	dfence_put(f);
	KUNIT_EXPECT_EQ(test, dfence_xa_destroy(&xa), 0);
}

struct irq_case {
	struct dfence_xa xa;
	struct dfence *f;
	int inserted;
	struct dfence *taken;
	bool signalled;
};

static void use_in_hardirq(void *arg)
{
	struct irq_case *c = arg;

	c->inserted = dfence_xa_insert(&c->xa, 70, c->f, GFP_ATOMIC);
	c->taken = dfence_xa_take(&c->xa, 70);
	if (!c->inserted)
		c->inserted = dfence_xa_insert(&c->xa, 70, c->f, GFP_ATOMIC);
	c->signalled = dfence_xa_signal(&c->xa, 70, 0);
}

static void all_of_it_in_hardirq(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct irq_case c = { .f = dfence_test_armed(test, t->ctx, NULL) };

	dfence_xa_init(&c.xa);
	/* The interrupted one has used the lock with IRQs on. */
	KUNIT_EXPECT_EQ(test, dfence_xa_reserve(&c.xa, 71, GFP_KERNEL), 0);
	dfence_test_hardirq(test, use_in_hardirq, &c);
	KUNIT_EXPECT_EQ(test, c.inserted, 0);
	KUNIT_EXPECT_PTR_EQ(test, c.taken, c.f);
	KUNIT_EXPECT_TRUE(test, c.signalled);
	KUNIT_EXPECT_EQ(test, dfence_xa_destroy(&c.xa), 0);
}

/* IRQs that were off stay off, also if memory has to be found. */
static void irqs_stay_off(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct dfence_xa xa;
	unsigned long flags;
	struct dfence *f;
	int ret;

	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		kunit_skip(test, "with IRQs off PREEMPT_RT allows no spinlock");
	f = dfence_test_armed(test, t->ctx, NULL);
	dfence_xa_init(&xa);
	local_irq_save(flags);
	ret = dfence_xa_insert(&xa, 1UL << 30, f, GFP_ATOMIC);
	KUNIT_EXPECT_TRUE(test, irqs_disabled());
	local_irq_restore(flags);
	KUNIT_EXPECT_EQ(test, ret, 0);
	KUNIT_EXPECT_TRUE(test, dfence_xa_signal(&xa, 1UL << 30, 0));
	KUNIT_EXPECT_EQ(test, dfence_xa_destroy(&xa), 0);
}

struct reader {
	struct dfence_xa xa;
	unsigned long found;
	unsigned long bad;
};

#define COOKIE_VALUE(f) ((f)->base.seqno ^ 0x5a5a)

static int read_index(void *arg)
{
	struct reader *r = arg;
	struct dfence *f;

	while (!kthread_should_stop()) {
		f = dfence_xa_get(&r->xa, 7);
		if (f) {
			r->found++;
			r->bad += container_of(f, struct cookie, f)->value != COOKIE_VALUE(f);
			dfence_put(f);
		}
		scoped_guard(rcu) {
			f = dfence_xa_borrow(&r->xa, 7);
			if (f)
				r->bad += container_of(f, struct cookie, f)->value !=
					  COOKIE_VALUE(f);
		}
		usleep_range(1, 3);
	}
	return 0;
}

/* One index is used again and again while somebody looks at it. */
static void readers_against_reuse(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct task_struct *task;
	struct cookie *cookie;
	struct reader r = {};
	unsigned int i;

	dfence_xa_init(&r.xa);
	task = kthread_run(read_index, &r, "dfence-xa");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	/* At least until the reader has run. */
	for (i = 0; i < ROUNDS || (!READ_ONCE(r.found) && i < 1000 * ROUNDS); i++) {
		cookie = new_cookie(test, t->ctx, NULL);
		cookie->value = COOKIE_VALUE(&cookie->f);
		KUNIT_ASSERT_EQ(test, dfence_xa_insert(&r.xa, 7, &cookie->f, GFP_KERNEL), 0);
		usleep_range(1, 5);
		KUNIT_ASSERT_TRUE(test, dfence_xa_signal(&r.xa, 7, 0));
	}
	kthread_stop(task);
	KUNIT_EXPECT_GT(test, r.found, 0);
	KUNIT_EXPECT_EQ(test, r.bad, 0);
	KUNIT_EXPECT_EQ(test, dfence_xa_destroy(&r.xa), 0);
}

static struct kunit_case xa_cases[] = {
	KUNIT_CASE_PARAM(moves_in_and_out, index_gen_params),
	KUNIT_CASE_PARAM(taken_index_is_refused, index_gen_params),
	KUNIT_CASE_PARAM(reserved_index_is_filled, index_gen_params),
	KUNIT_CASE_PARAM(reservation_is_given_back, index_gen_params),
	KUNIT_CASE(unarmed_is_refused),
	KUNIT_CASE(signalled_is_refused),
	KUNIT_CASE(advance_leaves_no_dangling_entry),
	KUNIT_CASE(destroy_drops_what_is_left),
	KUNIT_CASE(borrowed_data_lasts),
	KUNIT_CASE(finished_is_not_borrowed),
	KUNIT_CASE(reference_keeps_it),
	KUNIT_CASE(all_of_it_in_hardirq),
	KUNIT_CASE(irqs_stay_off),
	KUNIT_CASE(readers_against_reuse),
	{}
};

static struct kunit_suite xa_suite = {
	.name = "dfence_xa",
	.init = dfence_test_init,
	.exit = dfence_test_exit,
	.test_cases = xa_cases,
};

kunit_test_suite(xa_suite);
