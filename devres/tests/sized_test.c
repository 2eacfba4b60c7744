// SPDX-License-Identifier: GPL-2.0
/*
 * bound_sized_test: BARs whose minimum size is in their type.
 *
 * What doesn't build is in nobuild.c.
 */

#include <bound/bound_bar.h>
#include <bound/bound_gate.h>
#include <kunit/test.h>
#include <linux/err.h>
#include <linux/pci.h>

#include "test_pci.h"
#include "test_suites.h"

/* half of what there is, all of it, and more */
#define HALF (TEST_PCI_REGS_SIZE / 2)
DECLARE_BOUND_BAR(half_bar, HALF);
DECLARE_BOUND_BAR(whole_bar, TEST_PCI_REGS_SIZE);
DECLARE_BOUND_BAR(huge_bar, TEST_PCI_REGS_SIZE + 1);

struct sized_ctx {
	struct test_pci *pci;
	struct pci_dev *pdev;
	/* a reference */
	struct bound_gate *gate;
};

static int sized_init(struct kunit *test)
{
	struct sized_ctx *ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);
	struct bound_gate *gate;

	KUNIT_ASSERT_NOT_NULL(test, ctx);
	ctx->pci = test_pci_create(test);
	ctx->pdev = ctx->pci->pdev;
	gate = bound_gate_create(&ctx->pdev->dev, NULL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, gate);
	ctx->gate = bound_gate_get(gate);
	test->priv = ctx;
	return 0;
}

static void sized_exit(struct kunit *test)
{
	struct sized_ctx *ctx = test->priv;

	if (ctx)
		bound_gate_put(ctx->gate);
}

static void handle_remembers_the_minimum(struct kunit *test)
{
	struct sized_ctx *ctx = test->priv;
	struct half_bar *bar = NULL;
	struct bound_bar *plain;

	KUNIT_ASSERT_EQ(test, bound_bar_map_sized(&bar, ctx->gate, ctx->pdev, TEST_PCI_REGS,
						  "half"), 0);
	KUNIT_ASSERT_NOT_NULL(test, bar);
	KUNIT_EXPECT_EQ(test, __bound_min(typeof(bar)), HALF);
	/* not the minimum: all that there is */
	KUNIT_EXPECT_EQ(test, bound_bar_size(bar), TEST_PCI_REGS_SIZE);
	plain = bound_bar_plain(bar);
	KUNIT_EXPECT_EQ(test, __bound_min(typeof(plain)), 0);
	KUNIT_EXPECT_PTR_EQ(test, plain->pdev, ctx->pdev);
	KUNIT_EXPECT_PTR_EQ(test, bound_bar_plain(plain), plain);
}

static void small_bar_gives_no_handle(struct kunit *test)
{
	struct sized_ctx *ctx = test->priv;
	struct huge_bar *huge = NULL;
	struct whole_bar *whole = NULL;
	struct bound_bar *plain = NULL;

	KUNIT_EXPECT_EQ(test, bound_bar_map_sized(&huge, ctx->gate, ctx->pdev, TEST_PCI_REGS,
						  "huge"), -ERANGE);
	KUNIT_EXPECT_NULL(test, huge);
	/* has no size to check */
	KUNIT_EXPECT_EQ(test, bound_bar_map_sized(&plain, ctx->gate, ctx->pdev, TEST_PCI_REGS,
						  "plain"), -EINVAL);
	KUNIT_EXPECT_NULL(test, plain);
	KUNIT_EXPECT_EQ(test, bound_bar_map_sized(&whole, ctx->gate, ctx->pdev, TEST_PCI_REGS,
						  "whole"), 0);
	KUNIT_EXPECT_NOT_NULL(test, whole);
}

static struct half_bar *map_half(struct kunit *test)
{
	struct sized_ctx *ctx = test->priv;
	struct half_bar *bar = NULL;

	KUNIT_ASSERT_EQ(test, bound_bar_map_sized(&bar, ctx->gate, ctx->pdev, TEST_PCI_REGS,
						  "half"), 0);
	return bar;
}

#define CHECK_WIDTH(bits, off, val)								\
do {												\
	const u64 __off = (off);								\
	const u##bits __val = (val);								\
												\
	bound_bar_write##bits(&tok, bar, __off, __val);						\
	KUNIT_EXPECT_EQ(test, ctx->pci->win.last_width, sizeof(__val));				\
	KUNIT_EXPECT_EQ(test, bound_bar_read##bits(&tok, bar, __off), __val);			\
	bound_bar_write##bits##_relaxed(&tok, bar, __off, (u##bits)~__val);			\
	KUNIT_EXPECT_EQ(test, bound_bar_read##bits##_relaxed(&tok, bar, __off), (u##bits)~__val); \
} while (0)

static void constant_offsets_reach_the_device(struct kunit *test)
{
	struct sized_ctx *ctx = test->priv;
	struct half_bar *bar = map_half(test);
	struct bound_token tok;

	if (!test_window_answers())
		kunit_skip(test, "nothing answers behind the BARs here, only on UML");
	KUNIT_ASSERT_EQ(test, bound_enter(ctx->gate, &tok), 0);
	/* the first and the last of each width */
	CHECK_WIDTH(8, 0, 0x12);
	CHECK_WIDTH(8, HALF - 1, 0x12);
	CHECK_WIDTH(16, 0, 0x1234);
	CHECK_WIDTH(16, HALF - 2, 0x1234);
	CHECK_WIDTH(32, 0, 0x12345678);
	CHECK_WIDTH(32, HALF - 4, 0x12345678);
	CHECK_WIDTH(64, 0, 0x123456789abcdef0ULL);
	CHECK_WIDTH(64, HALF - 8, 0x123456789abcdef0ULL);
	bound_exit(&tok);
}

static void variable_offsets_reach_all_of_it(struct kunit *test)
{
	struct sized_ctx *ctx = test->priv;
	struct half_bar *bar = map_half(test);
	/* not a constant, and beyond what the type says */
	u64 off = READ_ONCE(ctx->pci->win.accesses) + TEST_PCI_REGS_SIZE - 4;
	struct bound_token tok;
	u32 val = 0x77;

	KUNIT_ASSERT_EQ(test, bound_enter(ctx->gate, &tok), 0);
	bound_bar_write32(&tok, bar, off, 0x1234);
	if (test_window_answers())
		KUNIT_EXPECT_EQ(test, bound_bar_read32(&tok, bar, off), 0x1234);
	KUNIT_EXPECT_EQ(test, bound_bar_try_read32(&tok, bar, off + 4, &val), -ERANGE);
	KUNIT_EXPECT_EQ(test, bound_bar_try_write32(&tok, bar, off + 1, val), -EINVAL);
	KUNIT_EXPECT_EQ(test, bound_bar_try_fill(&tok, bar, off, 0, 5), -ERANGE);
	KUNIT_EXPECT_EQ(test, val, 0x77);
	kunit_warning_suppress(test)
		KUNIT_EXPECT_EQ(test, bound_bar_read32(&tok, bar, off + 4), U32_MAX);
	bound_exit(&tok);
}

static void arguments_are_evaluated_once(struct kunit *test)
{
	struct sized_ctx *ctx = test->priv;
	struct half_bar *bars[2] = { map_half(test) };
	struct half_bar **next = bars;
	struct bound_token tok;
	u32 off = 8;

	KUNIT_ASSERT_EQ(test, bound_enter(ctx->gate, &tok), 0);
	bound_bar_write32(&tok, *next++, off += 4, 1);
	KUNIT_EXPECT_PTR_EQ(test, next, bars + 1);
	KUNIT_EXPECT_EQ(test, off, 12);
	bound_exit(&tok);
}

static void stale_handle_is_caught(struct kunit *test)
{
	struct sized_ctx *ctx = test->priv;
	struct half_bar *bar = map_half(test);
	struct bound_token tok;

	if (!IS_ENABLED(CONFIG_PROVE_LOCKING))
		kunit_skip(test, "only kernels with CONFIG_PROVE_LOCKING check this");
	device_release_driver(&ctx->pdev->dev);
	KUNIT_EXPECT_EQ(test, bound_bar_size(bar), 0);
	KUNIT_EXPECT_EQ(test, bound_enter(ctx->gate, &tok), -ENODEV);
	kunit_warning_suppress(test) {
		KUNIT_EXPECT_EQ(test, bound_bar_read32(&tok, bar, 0), U32_MAX);
		bound_bar_write32(&tok, bar, 0, 1);
	}
	KUNIT_EXPECT_EQ(test, ctx->pci->win.accesses, 0);
}

static struct kunit_case sized_cases[] = {
	KUNIT_CASE(handle_remembers_the_minimum),
	KUNIT_CASE(small_bar_gives_no_handle),
	KUNIT_CASE(constant_offsets_reach_the_device),
	KUNIT_CASE(variable_offsets_reach_all_of_it),
	KUNIT_CASE(arguments_are_evaluated_once),
	KUNIT_CASE(stale_handle_is_caught),
	{ }
};

struct kunit_suite bound_sized_suite = {
	.name = "bound_sized",
	.init = sized_init,
	.exit = sized_exit,
	.test_cases = sized_cases,
};
