// SPDX-License-Identifier: GPL-2.0
/*
 * bound_iomem_test: memory resources, with a platform driver as their user.
 *
 * The driver is what a small one looks like: probe makes a gate, maps the registers and
 * stops there if they don't answer as they should; remove closes the gate and stops the device.
 * Whoever uses the device from outside, here the tests, enters the gate.
 */

#include <bound/bound_gate.h>
#include <bound/bound_iomem.h>
#include <kunit/test.h>
#include <linux/err.h>
#include <linux/ioport.h>
#include <linux/platform_device.h>

#include "test_suites.h"
#include "test_thread.h"
#include "test_window.h"

#define IO_NAME "bound_test_io"
#define IO_SIZE 0x1000
/* registers: reads as it was written; running or not; and one that makes probe fail */
#define IO_SCRATCH 0x10
#define IO_RUN 0x20
#define IO_BROKEN 0xffc

DECLARE_BOUND_IOMEM(io_regs, IO_SIZE);

/* What a device is asked to be. */
struct io_params {
	/* its registers are other devices' too */
	bool shared;
};

struct io_device {
	/* borrowed: for as long as the device is bound */
	struct bound_gate *gate;
	struct io_regs *regs;
};

static int io_start(struct io_device *io, struct device *dev)
{
	ACQUIRE(bound_assumed, tok)(io->gate, dev);
	int ret = ACQUIRE_ERR(bound_assumed, &tok);

	if (ret)
		return ret;
	if (test_window_answers() && bound_iomem_read32(&tok, io->regs, IO_BROKEN))
		return -EIO;
	bound_iomem_write32(&tok, io->regs, IO_RUN, 1);
	return 0;
}

static int io_probe(struct platform_device *pdev)
{
	struct resource *res = platform_get_resource(pdev, IORESOURCE_MEM, 0);
	const struct io_params *params = dev_get_platdata(&pdev->dev);
	struct io_device *io;
	int ret;

	io = devm_kzalloc(&pdev->dev, sizeof(*io), GFP_KERNEL);
	if (!io)
		return -ENOMEM;
	io->gate = bound_gate_create(&pdev->dev, NULL);
	if (IS_ERR(io->gate))
		return PTR_ERR(io->gate);
	if (params->shared)
		ret = bound_iomem_map_shared_sized(&io->regs, io->gate, res);
	else
		ret = bound_iomem_map_sized(&io->regs, io->gate, res, IO_NAME);
	if (ret)
		return ret;
	platform_set_drvdata(pdev, io);
	return io_start(io, &pdev->dev);
}

static void io_remove(struct platform_device *pdev)
{
	struct io_device *io = platform_get_drvdata(pdev);

	bound_gate_close(io->gate);
	scoped_cond_guard(bound_assumed, return, io->gate, &pdev->dev)
		bound_iomem_write32(&scope, io->regs, IO_RUN, 0);
}

static struct platform_driver io_driver = {
	.driver.name = IO_NAME,
	.probe = io_probe,
	.remove = io_remove,
};

struct iomem_ctx {
	struct test_window win;
	/* the devices that a test has made */
	struct platform_device *pdevs[2];
	int num;
	bool registered;
};

static int iomem_init(struct kunit *test)
{
	struct iomem_ctx *ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);
	int ret;

	KUNIT_ASSERT_NOT_NULL(test, ctx);
	test->priv = ctx;
	test_window_init(test, &ctx->win);
	ret = platform_driver_register(&io_driver);
	KUNIT_ASSERT_EQ(test, ret, 0);
	ctx->registered = true;
	return 0;
}

static void iomem_exit(struct kunit *test)
{
	struct iomem_ctx *ctx = test->priv;

	if (!ctx)
		return;
	while (ctx->num--)
		platform_device_unregister(ctx->pdevs[ctx->num]);
	if (ctx->registered)
		platform_driver_unregister(&io_driver);
	test_window_fini(&ctx->win);
}

/* A device with so many bytes at the start of the window; it stays until the test ends. */
static struct platform_device *add_device(struct kunit *test, size_t size_bytes, bool shared)
{
	struct iomem_ctx *ctx = test->priv;
	struct resource *win = ctx->win.res;
	const struct resource res = DEFINE_RES_MEM(win->start, size_bytes);
	const struct io_params params = { .shared = shared };
	struct platform_device *pdev = platform_device_alloc(IO_NAME, ctx->num);

	KUNIT_ASSERT_NOT_NULL(test, pdev);
	KUNIT_ASSERT_EQ(test, platform_device_add_data(pdev, &params, sizeof(params)), 0);
	KUNIT_ASSERT_EQ(test, platform_device_add_resources(pdev, &res, size_bytes ? 1 : 0), 0);

	/*
	 * As devices of a device tree are added: platform_device_add() would insert the
	 * resource, and of two of the same range one would be a part of the other.
	 */
	pdev->dev.parent = &platform_bus;
	pdev->dev.bus = &platform_bus_type;
	KUNIT_ASSERT_EQ(test, dev_set_name(&pdev->dev, "%s.%d", pdev->name, pdev->id), 0);
	KUNIT_ASSERT_EQ(test, device_add(&pdev->dev), 0);
	ctx->pdevs[ctx->num++] = pdev;
	return pdev;
}

/* The driver's data; the device has to be bound. */
static struct io_device *bound_device(struct kunit *test, struct platform_device *pdev)
{
	KUNIT_ASSERT_PTR_EQ(test, pdev->dev.driver, &io_driver.driver);
	return platform_get_drvdata(pdev);
}

static u32 *behind(struct iomem_ctx *ctx, unsigned int off)
{
	return (u32 *)(ctx->win.mem + off);
}

static void registers_are_reached(struct kunit *test)
{
	struct iomem_ctx *ctx = test->priv;
	struct io_device *io = bound_device(test, add_device(test, IO_SIZE, false));
	/* not constants */
	u64 off = READ_ONCE(ctx->win.accesses) * 0 + IO_SCRATCH;
	u8 text[4] = "abc", back[4] = "";
	struct bound_token tok;
	u32 val = 0;

	KUNIT_EXPECT_EQ(test, bound_iomem_size(io->regs), IO_SIZE);
	KUNIT_EXPECT_EQ(test, bound_iomem_plain(io->regs)->start, ctx->win.res->start);
	KUNIT_ASSERT_EQ(test, bound_enter(io->gate, &tok), 0);
	bound_iomem_write32(&tok, io->regs, IO_SCRATCH, 0x12345678);
	KUNIT_EXPECT_EQ(test, bound_iomem_try_write16(&tok, io->regs, off, 0xabcd), 0);
	KUNIT_EXPECT_EQ(test, bound_iomem_try_read32(&tok, io->regs, off, &val), 0);
	KUNIT_EXPECT_EQ(test, bound_iomem_try_write64(&tok, io->regs, off + IO_SIZE, 1), -ERANGE);
	KUNIT_EXPECT_EQ(test, bound_iomem_try_copy_to(&tok, io->regs, off + 4, text, 4), 0);
	KUNIT_EXPECT_EQ(test, bound_iomem_try_copy_from(&tok, io->regs, off + 4, back, 4), 0);
	KUNIT_EXPECT_EQ(test, bound_iomem_try_fill(&tok, io->regs, IO_SIZE, 0, 1), -ERANGE);
	if (test_window_answers()) {
		KUNIT_EXPECT_EQ(test, val, 0x1234abcd);
		KUNIT_EXPECT_EQ(test, bound_iomem_read16_relaxed(&tok, io->regs, IO_SCRATCH + 2),
				0x1234);
		KUNIT_EXPECT_STREQ(test, back, "abc");
		KUNIT_EXPECT_EQ(test, *behind(ctx, IO_RUN), 1);
	}
	bound_exit(&tok);
}

static void exclusive_conflicts(struct kunit *test)
{
	struct iomem_ctx *ctx = test->priv;
	struct resource *win = ctx->win.res;
	struct platform_device *first = add_device(test, IO_SIZE, false);
	struct platform_device *second = add_device(test, IO_SIZE, false);

	bound_device(test, first);
	KUNIT_EXPECT_NULL(test, second->dev.driver);
	KUNIT_EXPECT_NULL(test, request_mem_region(win->start + 8, 8, "other"));

	/* once the first has let go the second gets it */
	device_release_driver(&first->dev);
	KUNIT_EXPECT_EQ(test, device_attach(&second->dev), 1);
	KUNIT_EXPECT_EQ(test, device_attach(&first->dev), 0);
	/* and nothing stays behind in the end */
	device_release_driver(&second->dev);
	KUNIT_EXPECT_NOT_NULL(test, request_mem_region(win->start, IO_SIZE, "other"));
	release_mem_region(win->start, IO_SIZE);
}

static void shared_is_shared(struct kunit *test)
{
	struct iomem_ctx *ctx = test->priv;
	struct platform_device *first = add_device(test, IO_SIZE, true);
	struct platform_device *second = add_device(test, IO_SIZE, true);
	struct io_device *a = bound_device(test, first), *b = bound_device(test, second);
	struct bound_token tok;

	KUNIT_ASSERT_EQ(test, bound_enter(a->gate, &tok), 0);
	bound_iomem_write32(&tok, a->regs, IO_SCRATCH, 0x77);
	bound_exit(&tok);
	device_release_driver(&first->dev);
	/* the other's mapping is its own */
	KUNIT_ASSERT_EQ(test, bound_enter(b->gate, &tok), 0);
	if (test_window_answers()) {
		KUNIT_EXPECT_EQ(test, ctx->win.unmaps, 1);
		KUNIT_EXPECT_EQ(test, bound_iomem_read32(&tok, b->regs, IO_SCRATCH), 0x77);
	}
	bound_exit(&tok);
	/* somebody may have it for himself, too */
	KUNIT_EXPECT_NOT_NULL(test, request_mem_region(ctx->win.res->start, IO_SIZE, "other"));
	release_mem_region(ctx->win.res->start, IO_SIZE);
}

static void bad_devices_stay_unbound(struct kunit *test)
{
	struct iomem_ctx *ctx = test->priv;

	/* too small, and without a resource */
	KUNIT_EXPECT_NULL(test, add_device(test, IO_SIZE / 2, false)->dev.driver);
	KUNIT_EXPECT_NULL(test, add_device(test, 0, false)->dev.driver);
	KUNIT_EXPECT_EQ(test, ctx->win.accesses, 0);
	KUNIT_EXPECT_NOT_NULL(test, request_mem_region(ctx->win.res->start, IO_SIZE / 2, "other"));
	release_mem_region(ctx->win.res->start, IO_SIZE / 2);
}

static void failed_probe_leaves_nothing(struct kunit *test)
{
	struct iomem_ctx *ctx = test->priv;
	struct platform_device *pdev;

	if (!test_window_answers())
		kunit_skip(test, "nothing answers in the window here, only on UML");
	*behind(ctx, IO_BROKEN) = 1;
	pdev = add_device(test, IO_SIZE, false);
	KUNIT_EXPECT_NULL(test, pdev->dev.driver);
	/* mapped, and unmapped again */
	KUNIT_EXPECT_EQ(test, ctx->win.accesses, 1);
	KUNIT_EXPECT_EQ(test, ctx->win.unmaps, 1);
	KUNIT_EXPECT_EQ(test, *behind(ctx, IO_RUN), 0);
	*behind(ctx, IO_BROKEN) = 0;
	KUNIT_EXPECT_EQ(test, device_attach(&pdev->dev), 1);
	KUNIT_EXPECT_EQ(test, *behind(ctx, IO_RUN), 1);
}

/* Is inside when the device is unbound. */
static int io_reader_fn(struct test_thread *thread)
{
	struct io_device *io = thread->arg;
	struct bound_token tok;
	u32 before, after;

	if (bound_enter(io->gate, &tok))
		return -ENODEV;
	before = bound_iomem_read32(&tok, io->regs, IO_SCRATCH);
	test_thread_arrive(thread);
	after = bound_iomem_read32(&tok, io->regs, IO_SCRATCH);
	bound_exit(&tok);
	return before == after ? 0 : -EIO;
}

static int io_unbinder_fn(struct test_thread *thread)
{
	device_release_driver(thread->arg);
	return 0;
}

static void registers_go_with_the_binding(struct kunit *test)
{
	struct iomem_ctx *ctx = test->priv;
	struct platform_device *pdev = add_device(test, IO_SIZE, false);
	struct io_device *io = bound_device(test, pdev);
	struct bound_gate *gate = bound_gate_get(io->gate);
	struct test_thread *reader, *unbinder;
	struct bound_iomem *plain = bound_iomem_plain(io->regs);
	struct bound_token tok;

	reader = test_thread_start(test, "reader", io_reader_fn, io);
	test_thread_wait_arrived(test, reader);
	unbinder = test_thread_start(test, "unbinder", io_unbinder_fn, &pdev->dev);
	KUNIT_EXPECT_TRUE(test, test_thread_is_blocked(unbinder));
	/* remove stops the device when nobody uses it any more */
	if (test_window_answers())
		KUNIT_EXPECT_EQ(test, *behind(ctx, IO_RUN), 1);
	test_thread_let_go(reader);
	KUNIT_EXPECT_EQ(test, test_thread_join(test, reader), 0);
	test_thread_join(test, unbinder);
	if (test_window_answers()) {
		KUNIT_EXPECT_EQ(test, *behind(ctx, IO_RUN), 0);
		KUNIT_EXPECT_EQ(test, ctx->win.unmaps, 1);
	}
	KUNIT_EXPECT_EQ(test, bound_enter(gate, &tok), -ENODEV);
	KUNIT_EXPECT_EQ(test, bound_iomem_size(plain), 0);
	bound_gate_put(gate);
}

static void parameters_are_checked(struct kunit *test)
{
	struct iomem_ctx *ctx = test->priv;
	struct io_device *io = bound_device(test, add_device(test, IO_SIZE, false));
	struct resource *win = ctx->win.res;
	struct resource res = DEFINE_RES_MEM(win->start + IO_SIZE, IO_SIZE);
	struct resource ports = DEFINE_RES_IO(0x100, 0x10);

	KUNIT_EXPECT_PTR_EQ(test, bound_iomem_map(io->gate, NULL, 1, "x"), ERR_PTR(-EINVAL));
	KUNIT_EXPECT_PTR_EQ(test, bound_iomem_map_shared(io->gate, NULL, 1), ERR_PTR(-EINVAL));
	KUNIT_EXPECT_PTR_EQ(test, bound_iomem_map(io->gate, &ports, 1, "x"), ERR_PTR(-EINVAL));
	KUNIT_EXPECT_PTR_EQ(test, bound_iomem_map(io->gate, &res, 0, "x"), ERR_PTR(-EINVAL));
	KUNIT_EXPECT_PTR_EQ(test, bound_iomem_map(io->gate, &res, 1, NULL), ERR_PTR(-EINVAL));
	KUNIT_EXPECT_PTR_EQ(test, bound_iomem_map(io->gate, &res, IO_SIZE + 1, "x"),
			    ERR_PTR(-ERANGE));
	KUNIT_EXPECT_PTR_EQ(test, bound_iomem_map_shared(io->gate, &res, U64_MAX),
			    ERR_PTR(-ERANGE));
	/* its own second resource, exclusive once and shared as often as one likes */
	KUNIT_EXPECT_NOT_ERR_OR_NULL(test, bound_iomem_map(io->gate, &res, IO_SIZE, "x"));
	KUNIT_EXPECT_PTR_EQ(test, bound_iomem_map(io->gate, &res, 1, "y"), ERR_PTR(-EBUSY));
	KUNIT_EXPECT_NOT_ERR_OR_NULL(test, bound_iomem_map_shared(io->gate, &res, 1));
	KUNIT_EXPECT_NOT_ERR_OR_NULL(test, bound_iomem_map_shared(io->gate, &res, 1));
	bound_gate_close(io->gate);
	KUNIT_EXPECT_PTR_EQ(test, bound_iomem_map_shared(io->gate, &res, 1), ERR_PTR(-ENODEV));
}

/* Nothing is left of it: the region can be had by somebody else. */
static void mapping_may_fail(struct kunit *test)
{
	struct iomem_ctx *ctx = test->priv;
	struct io_device *io = bound_device(test, add_device(test, IO_SIZE, false));
	struct resource res = DEFINE_RES_MEM(ctx->win.res->start + IO_SIZE, IO_SIZE);
	struct bound_iomem *failed;

	if (!test_window_answers())
		kunit_skip(test, "mapping can be made to fail on UML only");
	ctx->win.refuses = true;
	kunit_warning_suppress(test) {
		failed = bound_iomem_map(io->gate, &res, 1, "x");
		/* UML's, about what has no mapping */
		KUNIT_EXPECT_SUPPRESSED_WARNING_COUNT(test, 1);
	}
	ctx->win.refuses = false;
	KUNIT_EXPECT_PTR_EQ(test, failed, ERR_PTR(-ENOMEM));
	KUNIT_EXPECT_NOT_ERR_OR_NULL(test, bound_iomem_map(io->gate, &res, 1, "x"));
}

static struct kunit_case iomem_cases[] = {
	KUNIT_CASE(registers_are_reached),
	KUNIT_CASE(exclusive_conflicts),
	KUNIT_CASE(shared_is_shared),
	KUNIT_CASE(bad_devices_stay_unbound),
	KUNIT_CASE(failed_probe_leaves_nothing),
	KUNIT_CASE(registers_go_with_the_binding),
	KUNIT_CASE(parameters_are_checked),
	KUNIT_CASE(mapping_may_fail),
	{ }
};

struct kunit_suite bound_iomem_suite = {
	.name = "bound_iomem",
	.init = iomem_init,
	.exit = iomem_exit,
	.test_cases = iomem_cases,
};
