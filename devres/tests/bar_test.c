// SPDX-License-Identifier: GPL-2.0
/*
 * bound_bar_test: BARs of a PCI device made of software.
 */

#include <bound/bound_bar.h>
#include <bound/bound_gate.h>
#include <kunit/device.h>
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/pci.h>
#include <linux/string.h>

#include "test_gate.h"
#include "test_pci.h"
#include "test_suites.h"
#include "test_thread.h"

struct bar_ctx {
	struct test_pci *pci;
	struct pci_dev *pdev;
	/* a reference */
	struct bound_gate *gate;
};

static int bar_init(struct kunit *test)
{
	struct bar_ctx *ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);
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

static void bar_exit(struct kunit *test)
{
	struct bar_ctx *ctx = test->priv;

	if (ctx)
		bound_gate_put(ctx->gate);
}

static void needs_answers(struct kunit *test)
{
	if (!test_window_answers())
		kunit_skip(test, "nothing answers behind the BARs here, only on UML");
}

static struct bound_bar *map_regs(struct kunit *test)
{
	struct bar_ctx *ctx = test->priv;
	struct bound_bar *bar;

	bar = bound_bar_map(ctx->gate, ctx->pdev, TEST_PCI_REGS, TEST_PCI_REGS_SIZE, "test");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, bar);
	return bar;
}

struct map_case {
	const char *desc;
	int index;
	u64 min_size;
	int error;
};

static const struct map_case map_cases[] = {
	{ "whole", TEST_PCI_REGS, TEST_PCI_REGS_SIZE, 0 },
	{ "part", TEST_PCI_REGS, 1, 0 },
	{ "memory", TEST_PCI_MEM, TEST_PCI_MEM_SIZE, 0 },
	{ "one byte too small", TEST_PCI_REGS, TEST_PCI_REGS_SIZE + 1, -ERANGE },
	{ "far too small", TEST_PCI_REGS, U64_MAX, -ERANGE },
	{ "ports", TEST_PCI_PORTS, 1, -ENXIO },
	{ "upper half of another", TEST_PCI_UPPER_HALF, 1, -ENXIO },
	{ "absent", TEST_PCI_ABSENT, 1, -ENXIO },
	{ "index too low", -1, 1, -EINVAL },
	{ "index too high", PCI_STD_NUM_BARS, 1, -EINVAL },
	{ "no minimum size", TEST_PCI_REGS, 0, -EINVAL },
};

KUNIT_ARRAY_PARAM_DESC(map, map_cases, desc);

static void map_checks_its_parameters(struct kunit *test)
{
	const struct map_case *c = test->param_value;
	struct bar_ctx *ctx = test->priv;
	struct bound_bar *bar;

	bar = bound_bar_map(ctx->gate, ctx->pdev, c->index, c->min_size, "test");
	KUNIT_ASSERT_EQ(test, PTR_ERR_OR_ZERO(bar), c->error);
	if (c->error) {
		/* nothing is left behind */
		KUNIT_EXPECT_TRUE(test, list_empty(&ctx->gate->maps));
		return;
	}
	KUNIT_EXPECT_EQ(test, bound_bar_size(bar), pci_resource_len(ctx->pdev, c->index));
	KUNIT_EXPECT_GE(test, bound_bar_size(bar), c->min_size);
}

/* The core hasn't found room for it, or firmware has switched it off. */
static void map_wants_an_address(struct kunit *test)
{
	struct bar_ctx *ctx = test->priv;
	struct resource *res = pci_resource_n(ctx->pdev, TEST_PCI_REGS);
	const struct resource was = *res;

	res->flags |= IORESOURCE_UNSET;
	KUNIT_EXPECT_PTR_EQ(test, bound_bar_map(ctx->gate, ctx->pdev, TEST_PCI_REGS, 1, "test"),
			    ERR_PTR(-ENXIO));
	res->flags = was.flags;
	res->end = res->start - 1;
	KUNIT_EXPECT_PTR_EQ(test, bound_bar_map(ctx->gate, ctx->pdev, TEST_PCI_REGS, 1, "test"),
			    ERR_PTR(-ENXIO));
	res->end = was.end;
}

/* Nothing is left of it: the region can be had by somebody else. */
static void mapping_may_fail(struct kunit *test)
{
	struct bar_ctx *ctx = test->priv;
	struct bound_bar *bar;

	if (!test_window_answers())
		kunit_skip(test, "mapping can be made to fail on UML only");
	ctx->pci->win.refuses = true;
	kunit_warning_suppress(test) {
		bar = bound_bar_map(ctx->gate, ctx->pdev, TEST_PCI_REGS, 1, "test");
		/* UML's, about what has no mapping */
		KUNIT_EXPECT_SUPPRESSED_WARNING_COUNT(test, 1);
	}
	ctx->pci->win.refuses = false;
	KUNIT_EXPECT_PTR_EQ(test, bar, ERR_PTR(-ENOMEM));
	KUNIT_EXPECT_TRUE(test, list_empty(&ctx->gate->maps));
	KUNIT_EXPECT_EQ(test, pci_request_region(ctx->pdev, TEST_PCI_REGS, "other"), 0);
	pci_release_region(ctx->pdev, TEST_PCI_REGS);
}

static void map_wants_the_devices_own_gate(struct kunit *test)
{
	struct bar_ctx *ctx = test->priv;
	struct device *other = kunit_device_register(test, "other");
	struct bound_gate *gate;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, other);
	gate = bound_gate_create(other, NULL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, gate);
	KUNIT_EXPECT_PTR_EQ(test, bound_bar_map(gate, ctx->pdev, TEST_PCI_REGS, 1, "test"),
			    ERR_PTR(-EINVAL));
}

static void map_is_exclusive(struct kunit *test)
{
	struct bar_ctx *ctx = test->priv;

	map_regs(test);
	KUNIT_EXPECT_PTR_EQ(test, bound_bar_map(ctx->gate, ctx->pdev, TEST_PCI_REGS, 1, "again"),
			    ERR_PTR(-EBUSY));
	KUNIT_EXPECT_EQ(test, pci_request_region(ctx->pdev, TEST_PCI_REGS, "other"), -EBUSY);

	/* somebody else was first */
	KUNIT_ASSERT_EQ(test, pci_request_region(ctx->pdev, TEST_PCI_MEM, "other"), 0);
	KUNIT_EXPECT_PTR_EQ(test, bound_bar_map(ctx->gate, ctx->pdev, TEST_PCI_MEM, 1, "test"),
			    ERR_PTR(-EBUSY));
	pci_release_region(ctx->pdev, TEST_PCI_MEM);
	KUNIT_EXPECT_NOT_ERR_OR_NULL(test, bound_bar_map(ctx->gate, ctx->pdev, TEST_PCI_MEM, 1,
							 "test"));
}

static void closed_gate_maps_nothing(struct kunit *test)
{
	struct bar_ctx *ctx = test->priv;

	bound_gate_close(ctx->gate);
	KUNIT_EXPECT_PTR_EQ(test, bound_bar_map(ctx->gate, ctx->pdev, TEST_PCI_REGS, 1, "test"),
			    ERR_PTR(-ENODEV));
	/* the region is free */
	KUNIT_EXPECT_EQ(test, pci_request_region(ctx->pdev, TEST_PCI_REGS, "other"), 0);
	pci_release_region(ctx->pdev, TEST_PCI_REGS);
}

static void expect_access(struct kunit *test, struct test_pci *pci, unsigned int off, int width)
{
	unsigned int start = test_pci_bar_mem(pci, TEST_PCI_REGS) - pci->win.mem;

	KUNIT_EXPECT_EQ(test, pci->win.last_off - start, off);
	KUNIT_EXPECT_EQ(test, pci->win.last_width, width);
}

/* What is behind a register, little endian as the bus is. */
static u64 behind(struct test_pci *pci, unsigned int off, int width)
{
	const u8 *mem = test_pci_bar_mem(pci, TEST_PCI_REGS) + off;
	u64 val = 0;

	while (width--)
		val = val << 8 | mem[width];
	return val;
}

/*
 * One register of each width, written and read in each of the three ways, and
 * looked at from behind.
 */

static void check8(struct kunit *test, struct bound_token *tok, struct bound_bar *bar,
		   u64 off, u8 a, u8 b)
{
	struct bar_ctx *ctx = test->priv;
	u8 val = 0;

	bound_bar_write8(tok, bar, off, a);
	expect_access(test, ctx->pci, off, 1);
	KUNIT_EXPECT_EQ(test, behind(ctx->pci, off, 1), a);
	KUNIT_EXPECT_EQ(test, bound_bar_read8(tok, bar, off), a);
	expect_access(test, ctx->pci, off, 1);
	bound_bar_write8_relaxed(tok, bar, off, b);
	KUNIT_EXPECT_EQ(test, behind(ctx->pci, off, 1), b);
	KUNIT_EXPECT_EQ(test, bound_bar_read8_relaxed(tok, bar, off), b);
	KUNIT_EXPECT_EQ(test, bound_bar_try_write8(tok, bar, off, a), 0);
	KUNIT_EXPECT_EQ(test, bound_bar_try_read8(tok, bar, off, &val), 0);
	KUNIT_EXPECT_EQ(test, val, a);
}

static void check16(struct kunit *test, struct bound_token *tok, struct bound_bar *bar,
		    u64 off, u16 a, u16 b)
{
	struct bar_ctx *ctx = test->priv;
	u16 val = 0;

	bound_bar_write16(tok, bar, off, a);
	expect_access(test, ctx->pci, off, 2);
	KUNIT_EXPECT_EQ(test, behind(ctx->pci, off, 2), a);
	KUNIT_EXPECT_EQ(test, bound_bar_read16(tok, bar, off), a);
	expect_access(test, ctx->pci, off, 2);
	bound_bar_write16_relaxed(tok, bar, off, b);
	KUNIT_EXPECT_EQ(test, behind(ctx->pci, off, 2), b);
	KUNIT_EXPECT_EQ(test, bound_bar_read16_relaxed(tok, bar, off), b);
	KUNIT_EXPECT_EQ(test, bound_bar_try_write16(tok, bar, off, a), 0);
	KUNIT_EXPECT_EQ(test, bound_bar_try_read16(tok, bar, off, &val), 0);
	KUNIT_EXPECT_EQ(test, val, a);
}

static void check32(struct kunit *test, struct bound_token *tok, struct bound_bar *bar,
		    u64 off, u32 a, u32 b)
{
	struct bar_ctx *ctx = test->priv;
	u32 val = 0;

	bound_bar_write32(tok, bar, off, a);
	expect_access(test, ctx->pci, off, 4);
	KUNIT_EXPECT_EQ(test, behind(ctx->pci, off, 4), a);
	KUNIT_EXPECT_EQ(test, bound_bar_read32(tok, bar, off), a);
	expect_access(test, ctx->pci, off, 4);
	bound_bar_write32_relaxed(tok, bar, off, b);
	KUNIT_EXPECT_EQ(test, behind(ctx->pci, off, 4), b);
	KUNIT_EXPECT_EQ(test, bound_bar_read32_relaxed(tok, bar, off), b);
	KUNIT_EXPECT_EQ(test, bound_bar_try_write32(tok, bar, off, a), 0);
	KUNIT_EXPECT_EQ(test, bound_bar_try_read32(tok, bar, off, &val), 0);
	KUNIT_EXPECT_EQ(test, val, a);
}

static void check64(struct kunit *test, struct bound_token *tok, struct bound_bar *bar,
		    u64 off, u64 a, u64 b)
{
	struct bar_ctx *ctx = test->priv;
	u64 val = 0;

	bound_bar_write64(tok, bar, off, a);
	expect_access(test, ctx->pci, off, 8);
	KUNIT_EXPECT_EQ(test, behind(ctx->pci, off, 8), a);
	KUNIT_EXPECT_EQ(test, bound_bar_read64(tok, bar, off), a);
	expect_access(test, ctx->pci, off, 8);
	bound_bar_write64_relaxed(tok, bar, off, b);
	KUNIT_EXPECT_EQ(test, behind(ctx->pci, off, 8), b);
	KUNIT_EXPECT_EQ(test, bound_bar_read64_relaxed(tok, bar, off), b);
	KUNIT_EXPECT_EQ(test, bound_bar_try_write64(tok, bar, off, a), 0);
	KUNIT_EXPECT_EQ(test, bound_bar_try_read64(tok, bar, off, &val), 0);
	KUNIT_EXPECT_EQ(test, val, a);
}

static void accessors_reach_the_device(struct kunit *test)
{
	struct bar_ctx *ctx = test->priv;
	struct bound_bar *bar = map_regs(test);
	struct bound_token tok;

	needs_answers(test);
	KUNIT_ASSERT_EQ(test, bound_enter(ctx->gate, &tok), 0);
	check8(test, &tok, bar, 0x3, 0x12, 0xfe);
	check16(test, &tok, bar, 0x12, 0x1234, 0xfedc);
	check32(test, &tok, bar, 0x24, 0x12345678, 0xfedcba98);
	check64(test, &tok, bar, 0x38, 0x123456789abcdef0ULL, 0xfedcba9876543210ULL);
	/* the last one of each width */
	check8(test, &tok, bar, TEST_PCI_REGS_SIZE - 1, 0x5a, 0xa5);
	check16(test, &tok, bar, TEST_PCI_REGS_SIZE - 2, 0x5a5a, 0xa5a5);
	check32(test, &tok, bar, TEST_PCI_REGS_SIZE - 4, 0x5a5a5a5a, 0xa5a5a5a5);
	check64(test, &tok, bar, TEST_PCI_REGS_SIZE - 8, ~0x5aULL, 0x5aULL);
	bound_exit(&tok);
}

struct limit_case {
	const char *desc;
	u64 off;
	int error8, error16, error32, error64;
};

static const struct limit_case limit_cases[] = {
	{ "first", 0, 0, 0, 0, 0 },
	{ "last of 64 bits", TEST_PCI_REGS_SIZE - 8, 0, 0, 0, 0 },
	{ "last of 32 bits", TEST_PCI_REGS_SIZE - 4, 0, 0, 0, -EINVAL },
	{ "last of 16 bits", TEST_PCI_REGS_SIZE - 2, 0, 0, -EINVAL, -EINVAL },
	{ "last byte", TEST_PCI_REGS_SIZE - 1, 0, -EINVAL, -EINVAL, -EINVAL },
	{ "end", TEST_PCI_REGS_SIZE, -ERANGE, -ERANGE, -ERANGE, -ERANGE },
	{ "high half", BIT_ULL(32), -ERANGE, -ERANGE, -ERANGE, -ERANGE },
	{ "wraps", -8ULL, -ERANGE, -ERANGE, -ERANGE, -ERANGE },
	{ "wraps, one byte", U64_MAX, -ERANGE, -EINVAL, -EINVAL, -EINVAL },
};

KUNIT_ARRAY_PARAM_DESC(limit, limit_cases, desc);

#define CHECK_LIMIT(bits)									\
do {												\
	unsigned int __before = ctx->pci->win.accesses;						\
	u##bits __val = 0x77;									\
												\
	KUNIT_EXPECT_EQ(test, bound_bar_try_write##bits(&tok, bar, c->off, 0x11),		\
			c->error##bits);							\
	KUNIT_EXPECT_EQ(test, bound_bar_try_read##bits(&tok, bar, c->off, &__val),		\
			c->error##bits);							\
	if (c->error##bits) {									\
		KUNIT_EXPECT_EQ(test, __val, 0x77);						\
		KUNIT_EXPECT_EQ(test, ctx->pci->win.accesses, __before);			\
	} else if (test_window_answers()) {							\
		KUNIT_EXPECT_EQ(test, __val, 0x11);						\
		KUNIT_EXPECT_EQ(test, ctx->pci->win.accesses, __before + 2);			\
	}											\
} while (0)

static void variable_offsets_are_checked(struct kunit *test)
{
	const struct limit_case *c = test->param_value;
	struct bar_ctx *ctx = test->priv;
	struct bound_bar *bar = map_regs(test);
	struct bound_token tok;

	KUNIT_ASSERT_EQ(test, bound_enter(ctx->gate, &tok), 0);
	CHECK_LIMIT(8);
	CHECK_LIMIT(16);
	CHECK_LIMIT(32);
	CHECK_LIMIT(64);
	bound_exit(&tok);
}

static void wrong_access_warns_and_does_nothing(struct kunit *test)
{
	struct bar_ctx *ctx = test->priv;
	struct bound_bar *bar = map_regs(test);
	/* not a constant: a misaligned one doesn't build */
	u64 misaligned = READ_ONCE(ctx->pci->win.accesses) + 2;
	struct bound_token tok;

	KUNIT_ASSERT_EQ(test, bound_enter(ctx->gate, &tok), 0);
	kunit_warning_suppress(test) {
		KUNIT_EXPECT_EQ(test, bound_bar_read32(&tok, bar, TEST_PCI_REGS_SIZE), U32_MAX);
		KUNIT_EXPECT_SUPPRESSED_WARNING_COUNT(test, 1);
		KUNIT_EXPECT_EQ(test, bound_bar_read8(&tok, bar, TEST_PCI_REGS_SIZE), U8_MAX);
		KUNIT_EXPECT_EQ(test, bound_bar_read16(&tok, bar, TEST_PCI_REGS_SIZE), U16_MAX);
		KUNIT_EXPECT_EQ(test, bound_bar_read64(&tok, bar, TEST_PCI_REGS_SIZE), U64_MAX);
		KUNIT_EXPECT_EQ(test, bound_bar_read64_relaxed(&tok, bar, -8ULL), U64_MAX);
		KUNIT_EXPECT_EQ(test, bound_bar_read32(&tok, bar, misaligned), U32_MAX);
		bound_bar_write8(&tok, bar, U64_MAX, 1);
		bound_bar_write16(&tok, bar, TEST_PCI_REGS_SIZE, 1);
		bound_bar_write32(&tok, bar, misaligned, 1);
		bound_bar_write64_relaxed(&tok, bar, TEST_PCI_REGS_SIZE, 1);
	}
	KUNIT_EXPECT_EQ(test, ctx->pci->win.accesses, 0);
	bound_exit(&tok);
}

static void copies_are_checked(struct kunit *test)
{
	struct bar_ctx *ctx = test->priv;
	struct bound_bar *bar = map_regs(test);
	u8 buf[16] = "fifteen letters", back[16] = "";
	struct bound_token tok;

	KUNIT_ASSERT_EQ(test, bound_enter(ctx->gate, &tok), 0);
	KUNIT_EXPECT_EQ(test, bound_bar_try_copy_to(&tok, bar, 0xff9, buf, 8), -ERANGE);
	KUNIT_EXPECT_EQ(test, bound_bar_try_copy_from(&tok, bar, 0x1000, back, 1), -ERANGE);
	KUNIT_EXPECT_EQ(test, bound_bar_try_copy_from(&tok, bar, 8, back, SIZE_MAX), -ERANGE);
	KUNIT_EXPECT_EQ(test, bound_bar_try_fill(&tok, bar, U64_MAX, 0, 2), -ERANGE);
	KUNIT_EXPECT_EQ(test, ctx->pci->win.accesses, 0);
	/* nothing, at the very end */
	KUNIT_EXPECT_EQ(test, bound_bar_try_copy_to(&tok, bar, 0x1000, buf, 0), 0);
	KUNIT_EXPECT_EQ(test, bound_bar_try_copy_from(&tok, bar, 0x1000, back, 0), 0);
	KUNIT_EXPECT_EQ(test, bound_bar_try_fill(&tok, bar, 0x1000, 0xff, 0), 0);
	KUNIT_EXPECT_EQ(test, ctx->pci->win.accesses, 0);
	/* up to the very end, at an odd place */
	KUNIT_EXPECT_EQ(test, bound_bar_try_copy_to(&tok, bar, 0xff1, buf, 15), 0);
	KUNIT_EXPECT_EQ(test, bound_bar_try_copy_from(&tok, bar, 0xff1, back, 15), 0);
	if (test_window_answers()) {
		u8 *mem = test_pci_bar_mem(ctx->pci, TEST_PCI_REGS);

		KUNIT_EXPECT_STREQ(test, back, "fifteen letters");
		KUNIT_EXPECT_EQ(test, memcmp(mem + 0xff1, buf, 15), 0);
		KUNIT_EXPECT_EQ(test, bound_bar_try_fill(&tok, bar, 0xff2, 0x2a, 3), 0);
		KUNIT_EXPECT_EQ(test, memcmp(mem + 0xff1, "f***een letters", 15), 0);
	}
	bound_exit(&tok);
}

/* Reads a register before it is held inside, and again after. */
static int bar_reader_fn(struct test_thread *thread)
{
	struct bound_bar *bar = thread->arg;
	struct bound_token tok;
	u32 a, b;

	if (bound_enter(bar->map.gate, &tok))
		return -ENODEV;
	a = bound_bar_read32(&tok, bar, 0x10);
	test_thread_arrive(thread);
	b = bound_bar_read32(&tok, bar, 0x10);
	bound_exit(&tok);
	return a == b ? 0 : -EIO;
}

static int unbinder_fn(struct test_thread *thread)
{
	device_release_driver(thread->arg);
	return 0;
}

static void unbind_unmaps_after_the_last_reader(struct kunit *test)
{
	struct bar_ctx *ctx = test->priv;
	struct bound_bar *bar = map_regs(test);
	struct test_thread *reader, *unbinder;

	if (test_window_answers())
		test_pci_bar_mem(ctx->pci, TEST_PCI_REGS)[0x10] = 0x99;
	reader = test_thread_start(test, "reader", bar_reader_fn, bar);
	test_thread_wait_arrived(test, reader);
	/* devres goes backwards: the BAR, made last, would be the first to go */
	unbinder = test_thread_start(test, "unbinder", unbinder_fn, &ctx->pdev->dev);
	test_gate_wait_closed(test, ctx->gate);
	KUNIT_EXPECT_TRUE(test, test_thread_is_blocked(unbinder));
	KUNIT_EXPECT_EQ(test, ctx->pci->win.unmaps, 0);
	KUNIT_EXPECT_EQ(test, bound_bar_size(bar), TEST_PCI_REGS_SIZE);
	test_thread_let_go(reader);
	KUNIT_EXPECT_EQ(test, test_thread_join(test, reader), 0);
	test_thread_join(test, unbinder);
	KUNIT_EXPECT_EQ(test, ctx->pci->win.unmaps, test_window_answers() ? 1 : 0);
	/* the region is free */
	KUNIT_EXPECT_EQ(test, pci_request_region(ctx->pdev, TEST_PCI_REGS, "other"), 0);
	pci_release_region(ctx->pdev, TEST_PCI_REGS);
}

static void stale_pointer_reaches_nothing(struct kunit *test)
{
	struct bar_ctx *ctx = test->priv;
	struct bound_bar *bar = map_regs(test);
	struct bound_token tok;
	u32 val;

	/* the struct is the gate's, and we hold a reference to that */
	device_release_driver(&ctx->pdev->dev);
	KUNIT_EXPECT_EQ(test, bound_bar_size(bar), 0);
	kunit_warning_suppress(test) {
		KUNIT_ASSERT_EQ(test, bound_assume(ctx->gate, &ctx->pdev->dev, &tok), 0);
		KUNIT_EXPECT_EQ(test, bound_bar_read32(&tok, bar, 0), U32_MAX);
		bound_bar_write32(&tok, bar, 0, 1);
		KUNIT_EXPECT_EQ(test, bound_bar_try_read32(&tok, bar, 0, &val), -ERANGE);
		KUNIT_EXPECT_EQ(test, bound_bar_try_fill(&tok, bar, 0, 0, 1), -ERANGE);
	}
	KUNIT_EXPECT_EQ(test, ctx->pci->win.accesses, 0);
}

static void closing_keeps_the_registers(struct kunit *test)
{
	struct bar_ctx *ctx = test->priv;
	struct bound_bar *bar = map_regs(test);
	struct bound_token tok;

	bound_gate_close(ctx->gate);
	/* what remove does to stop the hardware */
	scoped_guard(device, &ctx->pdev->dev) {
		KUNIT_ASSERT_EQ(test, bound_assume(ctx->gate, &ctx->pdev->dev, &tok), 0);
		bound_bar_write32(&tok, bar, 0x20, 0xabcd);
		if (test_window_answers())
			KUNIT_EXPECT_EQ(test, bound_bar_read32(&tok, bar, 0x20), 0xabcd);
	}
	KUNIT_EXPECT_EQ(test, ctx->pci->win.unmaps, 0);
	device_release_driver(&ctx->pdev->dev);
	KUNIT_EXPECT_EQ(test, bound_bar_size(bar), 0);
}

static void several_bars_and_rebinding(struct kunit *test)
{
	struct bar_ctx *ctx = test->priv;
	struct bound_bar *mem;
	struct bound_gate *gate;

	map_regs(test);
	mem = bound_bar_map_wc(ctx->gate, ctx->pdev, TEST_PCI_MEM, TEST_PCI_MEM_SIZE, "memory");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, mem);
	KUNIT_EXPECT_EQ(test, bound_bar_size(mem), TEST_PCI_MEM_SIZE);
	device_release_driver(&ctx->pdev->dev);
	KUNIT_EXPECT_EQ(test, ctx->pci->win.unmaps, test_window_answers() ? 2 : 0);

	KUNIT_ASSERT_EQ(test, device_attach(&ctx->pdev->dev), 1);
	gate = bound_gate_create(&ctx->pdev->dev, NULL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, gate);
	KUNIT_EXPECT_NOT_ERR_OR_NULL(test, bound_bar_map(gate, ctx->pdev, TEST_PCI_REGS, 1, "new"));
	KUNIT_EXPECT_NOT_ERR_OR_NULL(test, bound_bar_map(gate, ctx->pdev, TEST_PCI_MEM, 1, "new"));
}

static struct kunit_case bar_cases[] = {
	KUNIT_CASE_PARAM(map_checks_its_parameters, map_gen_params),
	KUNIT_CASE(map_wants_an_address),
	KUNIT_CASE(mapping_may_fail),
	KUNIT_CASE(map_wants_the_devices_own_gate),
	KUNIT_CASE(map_is_exclusive),
	KUNIT_CASE(closed_gate_maps_nothing),
	KUNIT_CASE(accessors_reach_the_device),
	KUNIT_CASE_PARAM(variable_offsets_are_checked, limit_gen_params),
	KUNIT_CASE(wrong_access_warns_and_does_nothing),
	KUNIT_CASE(copies_are_checked),
	KUNIT_CASE(unbind_unmaps_after_the_last_reader),
	KUNIT_CASE(stale_pointer_reaches_nothing),
	KUNIT_CASE(closing_keeps_the_registers),
	KUNIT_CASE(several_bars_and_rebinding),
	{ }
};

struct kunit_suite bound_bar_suite = {
	.name = "bound_bar",
	.init = bar_init,
	.exit = bar_exit,
	.test_cases = bar_cases,
};
