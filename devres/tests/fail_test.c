// SPDX-License-Identifier: GPL-2.0
/*
 * bound_fail_test: each allocation fails once, in turn.
 */

#include <bound/bound_aux.h>
#include <bound/bound_bar.h>
#include <bound/bound_gate.h>
#include <kunit/device.h>
#include <kunit/test.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/pci.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "test_pci.h"
#include "test_suites.h"

/* more allocations than anything here makes */
#define FAIL_MAX 300

struct fail_ctx {
	struct device *dev;
	/* a reference; NULL where a test makes its own */
	struct bound_gate *gate;
	struct test_pci *pci;
	int data;
	int released;
};

static DEFINE_BOUND_AUX_TYPE(int_type, int);

#ifdef CONFIG_FAILSLAB
/* Allocations that may sleep have to fail, too: whoever loads this module sees to that. */
static void failslab_prepare(struct kunit *test)
{
	void *memory;

	WRITE_ONCE(current->fail_nth, 1);
	memory = kmalloc(32, GFP_KERNEL);
	WRITE_ONCE(current->fail_nth, 0);
	kfree(memory);
	if (memory)
		kunit_skip(test, "GFP_KERNEL can't fail, see failslab/ignore-gfp-wait");
}

/* Makes the @nth allocation of @fn fail. Returns false when it doesn't make that many. */
static bool fails_nth(struct kunit *test, unsigned int nth, int (*fn)(struct fail_ctx *ctx),
		      int *ret)
{
	unsigned int left;

	WRITE_ONCE(current->fail_nth, nth);
	*ret = fn(test->priv);
	left = READ_ONCE(current->fail_nth);
	WRITE_ONCE(current->fail_nth, 0);
	return !left;
}
#else
static void failslab_prepare(struct kunit *test)
{
	kunit_skip(test, "this kernel has no failslab");
}

static bool fails_nth(struct kunit *test, unsigned int nth, int (*fn)(struct fail_ctx *ctx),
		      int *ret)
{
	return false;
}
#endif

/*
 * @fn does something and undoes it. Each of its allocations fails in turn, until it makes
 * no more: it may say -ENOMEM or @other, or succeed when the allocation wasn't essential.
 */
static void sweep(struct kunit *test, int (*fn)(struct fail_ctx *ctx),
		  void (*check)(struct kunit *test, int ret), int other)
{
	unsigned int nth, failed = 0;
	int ret;

	failslab_prepare(test);
	for (nth = 1; nth < FAIL_MAX && fails_nth(test, nth, fn, &ret); nth++) {
		KUNIT_EXPECT_TRUE_MSG(test, !ret || ret == -ENOMEM || ret == other,
				      "allocation %u: %d", nth, ret);
		failed += ret == -ENOMEM;
		check(test, ret);
	}
	KUNIT_EXPECT_LT(test, nth, FAIL_MAX);
	/* the last time nothing failed */
	KUNIT_EXPECT_EQ(test, ret, 0);
	KUNIT_EXPECT_GT(test, failed, 0);
	check(test, ret);
}

static int fail_gate(struct fail_ctx *ctx)
{
	struct bound_gate *gate = bound_gate_create(ctx->dev, NULL);
	struct bound_token tok;
	int ret;

	if (IS_ERR(gate))
		return PTR_ERR(gate);
	ret = bound_enter(gate, &tok);
	bound_exit(&tok);
	return ret;
}

static void check_nothing(struct kunit *test, int ret)
{
}

static void gate_creation_fails(struct kunit *test)
{
	struct fail_ctx *ctx = test->priv;

	ctx->dev = kunit_device_register(test, "gate");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, ctx->dev);
	sweep(test, fail_gate, check_nothing, -ENOMEM);
}

static int fail_bar(struct fail_ctx *ctx)
{
	return PTR_ERR_OR_ZERO(bound_bar_map(ctx->gate, ctx->pci->pdev, TEST_PCI_REGS, 1, "test"));
}

/* Whatever failed, the region is free; what was mapped is unmapped by a new binding. */
static void check_bar(struct kunit *test, int ret)
{
	struct fail_ctx *ctx = test->priv;
	struct pci_dev *pdev = ctx->pci->pdev;
	struct bound_gate *gate;

	if (!ret) {
		device_release_driver(&pdev->dev);
		KUNIT_ASSERT_EQ(test, device_attach(&pdev->dev), 1);
		gate = bound_gate_create(&pdev->dev, NULL);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, gate);
		bound_gate_put(ctx->gate);
		ctx->gate = bound_gate_get(gate);
	}
	KUNIT_EXPECT_TRUE(test, list_empty(&ctx->gate->maps));
	KUNIT_ASSERT_EQ(test, pci_request_region(pdev, TEST_PCI_REGS, "other"), 0);
	pci_release_region(pdev, TEST_PCI_REGS);
}

static void bar_mapping_fails(struct kunit *test)
{
	struct fail_ctx *ctx = test->priv;
	struct bound_gate *gate;

	ctx->pci = test_pci_create(test);
	gate = bound_gate_create(&ctx->pci->pdev->dev, NULL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, gate);
	ctx->gate = bound_gate_get(gate);
	/* what requesting a region says when it has no memory for it */
	sweep(test, fail_bar, check_bar, -EBUSY);
}

static void release_data(void *data)
{
	struct fail_ctx *ctx = container_of(data, struct fail_ctx, data);

	ctx->released++;
}

static int fail_aux(struct fail_ctx *ctx)
{
	struct bound_aux *aux;

	ctx->released = 0;
	aux = bound_aux_register(ctx->gate, &(struct bound_aux_args){
		.name = "failing",
		.type = &int_type,
		.data = &ctx->data,
		.release = release_data,
	});
	if (IS_ERR(aux))
		return PTR_ERR(aux);
	bound_aux_unregister(aux);
	return 0;
}

/* The data is the caller's after an error; nothing of the registration is left. */
static void check_aux(struct kunit *test, int ret)
{
	struct fail_ctx *ctx = test->priv;

	KUNIT_EXPECT_EQ(test, ctx->released, ret ? 0 : 1);
	KUNIT_EXPECT_TRUE(test, list_empty(&ctx->gate->children));
}

static void aux_registration_fails(struct kunit *test)
{
	struct fail_ctx *ctx = test->priv;
	struct bound_gate *gate;

	ctx->dev = kunit_device_register(test, "parent");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, ctx->dev);
	gate = bound_gate_create(ctx->dev, NULL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, gate);
	ctx->gate = bound_gate_get(gate);
	sweep(test, fail_aux, check_aux, -ENOMEM);
}

static int fail_init(struct kunit *test)
{
	test->priv = kunit_kzalloc(test, sizeof(struct fail_ctx), GFP_KERNEL);
	return test->priv ? 0 : -ENOMEM;
}

static void fail_exit(struct kunit *test)
{
	struct fail_ctx *ctx = test->priv;

	if (ctx)
		bound_gate_put(ctx->gate);
}

static struct kunit_case fail_cases[] = {
	KUNIT_CASE(gate_creation_fails),
	KUNIT_CASE(bar_mapping_fails),
	KUNIT_CASE(aux_registration_fails),
	{ }
};

struct kunit_suite bound_fail_suite = {
	.name = "bound_fail",
	.init = fail_init,
	.exit = fail_exit,
	.test_cases = fail_cases,
};
