// SPDX-License-Identifier: GPL-2.0
/*
 * No memory: each allocation of each function that allocates fails once, in turn, and
 * those that promise not to allocate are watched.
 */

#include <linux/err.h>

#include <dfence/dfence_xa.h>
#include <dfence/rcubox.h>
#include <tests/fault.h>

#include "util.h"

/* In an array, index 0 needs no memory; this one does. */
#define FAULT_INDEX 4711

struct fault {
	/* What it's about; see struct fault_sweep. */
	int (*attempt)(struct fault *fault);
	struct dfence_ctx *ctx;
	/* The last fence that was armed before an attempt. */
	u64 last;
	gfp_t gfp;
	/* For tests of arrays: armed all the time. */
	struct dfence *armed;
	struct dfence_xa xa;
	/* For tests of boxes: how many were made, and destroyed. */
	unsigned int boxes;
	unsigned int destroyed;
};

/* What all that fails has to leave behind: the timeline as it was. */
static void expect_untouched(struct kunit *test, struct fault *fault)
{
	unsigned int armed = fault->armed ? 1 : 0;

	KUNIT_EXPECT_EQ(test, kref_read(&fault->ctx->ref), 1 + armed);
	KUNIT_EXPECT_EQ(test, dfence_ctx_live(fault->ctx), armed);
	if (armed) {
		KUNIT_EXPECT_EQ(test, fault->armed->state, DFENCE_ARMED);
		KUNIT_EXPECT_EQ(test, kref_read(&fault->armed->base.refcount), 1);
		KUNIT_EXPECT_NULL(test, dfence_xa_get(&fault->xa, FAULT_INDEX));
	}
	KUNIT_EXPECT_EQ(test, dfence_ctx_last_armed(fault->ctx), fault->last);
	KUNIT_EXPECT_TRUE(test, list_empty(&fault->ctx->done));
	KUNIT_EXPECT_FALSE(test, fault->ctx->closed);
}

static int attempt_fault(void *arg)
{
	struct fault *fault = arg;

	fault->last = dfence_ctx_last_armed(fault->ctx);
	return fault->attempt(fault);
}

static void check_fault(struct kunit *test, void *arg, int ret)
{
	if (ret)
		expect_untouched(test, arg);
}

static void sweep_fault(struct kunit *test, int (*attempt)(struct fault *fault),
			struct fault *fault)
{
	const struct fault_sweep sweep = {
		.attempt = attempt_fault,
		.check = check_fault,
		.arg = fault,
	};

	fault->attempt = attempt;
	fault_sweep(test, &sweep);
}

static void sweep(struct kunit *test, int (*attempt)(struct fault *fault), gfp_t gfp)
{
	struct dfence_test *t = test->priv;
	struct fault fault = { .ctx = t->ctx, .gfp = gfp };

	sweep_fault(test, attempt, &fault);
}

static int try_ctx_create(struct fault *fault)
{
	static const struct dfence_ctx_args args = {
		.driver_name = "d",
		.timeline_name = "t",
	};
	struct dfence_ctx *ctx = dfence_ctx_create(&args);

	if (IS_ERR(ctx))
		return PTR_ERR(ctx);
	dfence_ctx_put(ctx);
	return 0;
}

static void ctx_create(struct kunit *test)
{
	sweep(test, try_ctx_create, GFP_KERNEL);
}

struct fault_gfp {
	const char *name;
	gfp_t gfp;
};

static const struct fault_gfp fault_gfps[] = {
	{ "GFP_KERNEL", GFP_KERNEL },
	{ "GFP_NOWAIT", GFP_NOWAIT },
	{ "GFP_ATOMIC", GFP_ATOMIC },
};

KUNIT_ARRAY_PARAM_DESC(gfp, fault_gfps, name);

static int try_alloc(struct fault *fault)
{
	struct dfence *f = dfence_alloc(fault->ctx, NULL, fault->gfp);

	if (!f)
		return -ENOMEM;
	dfence_free(f);
	return 0;
}

static void alloc(struct kunit *test)
{
	const struct fault_gfp *param = test->param_value;

	sweep(test, try_alloc, param->gfp);
}

struct fault_issued {
	struct dfence f;
	u64 payload[100];
};

static int try_alloc_type(struct fault *fault)
{
	struct fault_issued *issued;

	issued = dfence_alloc_type(fault->ctx, NULL, struct fault_issued, f, fault->gfp);
	if (!issued)
		return -ENOMEM;
	dfence_free(&issued->f);
	return 0;
}

static void alloc_type(struct kunit *test)
{
	const struct fault_gfp *param = test->param_value;

	sweep(test, try_alloc_type, param->gfp);
}

/* A submission as a driver makes it: all that can fail first, rolled back by scope. */
static int try_submission(struct fault *fault)
{
	struct dfence *first __free(dfence) = dfence_alloc(fault->ctx, NULL, fault->gfp);
	struct dfence *second __free(dfence) = dfence_alloc(fault->ctx, NULL, fault->gfp);
	u64 last = dfence_ctx_last_armed(fault->ctx);

	if (!first || !second)
		return -ENOMEM;
	dfence_arm(first);
	dfence_arm(second);
	if (first->base.seqno != last + 1 || second->base.seqno != last + 2)
		return -EIO;
	dfence_signal(no_free_ptr(first), 0);
	dfence_signal(no_free_ptr(second), 0);
	return 0;
}

static void submission(struct kunit *test)
{
	sweep(test, try_submission, GFP_KERNEL);
}

/* The handle stays with the caller when storing it fails, and can be stored later on. */
static int try_xa_insert(struct fault *fault)
{
	struct dfence *f = fault->armed;
	int ret = dfence_xa_insert(&fault->xa, FAULT_INDEX, f, fault->gfp);

	if (ret)
		return ret;
	return dfence_xa_take(&fault->xa, FAULT_INDEX) == f ? 0 : -EIO;
}

static int try_xa_reserve(struct fault *fault)
{
	int ret = dfence_xa_reserve(&fault->xa, FAULT_INDEX, fault->gfp);

	if (ret)
		return ret;
	/* From here on nothing can fail, whatever is still to be injected. */
	ret = dfence_xa_fill(&fault->xa, FAULT_INDEX, fault->armed);
	if (ret)
		return -EIO;
	return dfence_xa_take(&fault->xa, FAULT_INDEX) == fault->armed ? 0 : -EIO;
}

static void sweep_xa(struct kunit *test, int (*attempt)(struct fault *fault))
{
	const struct fault_gfp *param = test->param_value;
	struct dfence_test *t = test->priv;
	struct fault fault = { .ctx = t->ctx, .gfp = param->gfp };

	fault.armed = dfence_test_armed(test, t->ctx, NULL);
	dfence_xa_init(&fault.xa);
	sweep_fault(test, attempt, &fault);
	KUNIT_EXPECT_TRUE(test, xa_empty(&fault.xa.xa));
	dfence_xa_destroy(&fault.xa);
	dfence_signal(fault.armed, 0);
}

static void xa_insert_fails(struct kunit *test)
{
	sweep_xa(test, try_xa_insert);
}

static void xa_reserve_fails(struct kunit *test)
{
	sweep_xa(test, try_xa_reserve);
}

struct fault_value {
	u64 payload[100];
	unsigned int *destroyed;
};

static void destroy_fault_value(struct fault_value *value)
{
	(*value->destroyed)++;
}

DEFINE_RCUBOX(fault, struct fault_value, destroy_fault_value)
DEFINE_RCUBOX_PLAIN(fault_plain, struct fault_value)

static int try_box(struct fault *fault)
{
	struct fault_box *box = fault_box_alloc(fault->gfp);

	if (!box)
		return -ENOMEM;
	box->value.destroyed = &fault->destroyed;
	fault->boxes++;
	fault_box_drop(box);
	return 0;
}

static int try_plain_box(struct fault *fault)
{
	struct fault_plain_box *box = fault_plain_box_alloc(fault->gfp);

	if (!box)
		return -ENOMEM;
	fault_plain_box_drop(box);
	return 0;
}

static void rcubox_alloc_fails(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct fault fault = { .ctx = t->ctx, .gfp = GFP_ATOMIC };

	sweep_fault(test, try_box, &fault);
	sweep_fault(test, try_plain_box, &fault);
	rcubox_drain();
	/* Each that was made is destroyed, and nothing else. */
	KUNIT_EXPECT_GT(test, fault.boxes, 0);
	KUNIT_EXPECT_EQ(test, fault.destroyed, fault.boxes);
}

/*
 * From arm to signal nothing allocates: that is what makes waiting for a fence safe
 * while memory is reclaimed. The tests keep references, as freeing is debug objects'
 * occasion to allocate.
 */
static void no_allocation_from_arm_to_signal(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct dfence *f[4];
	int i;

	for (i = 0; i < ARRAY_SIZE(f); i++) {
		f[i] = dfence_alloc(t->ctx, NULL, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, f[i]);
		FAULT_EXPECT_NO_ALLOCATION(test, dfence_arm(f[i]));
		dfence_get(f[i]);
	}
	FAULT_EXPECT_NO_ALLOCATION(test, dfence_signal(f[0], -EIO));
	FAULT_EXPECT_NO_ALLOCATION(test, dfence_try_signal(f[1], -EIO));
	FAULT_EXPECT_NO_ALLOCATION(test, dfence_ctx_advance(t->ctx, 3, -EIO));
	dfence_ctx_declare_quiet(t->ctx);
	FAULT_EXPECT_NO_ALLOCATION(test, KUNIT_EXPECT_EQ(test, dfence_ctx_shut(t->ctx, -EIO), 0));
	for (i = 0; i < ARRAY_SIZE(f); i++) {
		KUNIT_EXPECT_EQ(test, dma_fence_get_status(&f[i]->base), -EIO);
		dfence_put(f[i]);
	}
}

static void note_call(struct dfence_cb *cb, struct dma_fence *fence)
{
}

static void no_allocation_by_callbacks(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct dfence *f = dfence_get(dfence_test_armed(test, t->ctx, NULL));
	struct dfence_cb cb;

	dfence_cb_init_func(&cb, note_call);
	FAULT_EXPECT_NO_ALLOCATION(test, KUNIT_EXPECT_EQ(test, dfence_cb_add(&cb, &f->base), 0));
	FAULT_EXPECT_NO_ALLOCATION(test, KUNIT_EXPECT_TRUE(test, dfence_cb_remove(&cb)));
	KUNIT_EXPECT_EQ(test, dfence_cb_add(&cb, &f->base), 0);
	FAULT_EXPECT_NO_ALLOCATION(test, dfence_signal(f, 0));
	FAULT_EXPECT_NO_ALLOCATION(test, KUNIT_EXPECT_FALSE(test, dfence_cb_remove(&cb)));
	dfence_put(f);
}

static struct kunit_case fault_cases[] = {
	KUNIT_CASE(ctx_create),
	KUNIT_CASE_PARAM(alloc, gfp_gen_params),
	KUNIT_CASE_PARAM(alloc_type, gfp_gen_params),
	KUNIT_CASE(submission),
	KUNIT_CASE_PARAM(xa_insert_fails, gfp_gen_params),
	KUNIT_CASE_PARAM(xa_reserve_fails, gfp_gen_params),
	KUNIT_CASE(rcubox_alloc_fails),
	KUNIT_CASE(no_allocation_from_arm_to_signal),
	KUNIT_CASE(no_allocation_by_callbacks),
	{}
};

static int fault_init(struct kunit *test)
{
	fault_need_injection(test);
	return dfence_test_init(test);
}

static struct kunit_suite fault_suite = {
	.name = "dfence_fault",
	.init = fault_init,
	.exit = dfence_test_exit,
	.test_cases = fault_cases,
};

kunit_test_suite(fault_suite);
