// SPDX-License-Identifier: GPL-2.0
/*
 * bound_close_test: what comes first at unbind, the end of a gate or that of what devres has.
 */

#include <bound/bound_aux.h>
#include <bound/bound_gate.h>
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/platform_device.h>

#include "test_gate.h"
#include "test_suites.h"
#include "test_thread.h"

#define CLOSE_NAME "bound_test_close"

static DEFINE_BOUND_AUX_TYPE(close_type, int);

struct close_ctx {
	struct platform_device *pdev;
	/* a reference, of the last probe */
	struct bound_gate *gate;
	/* what probe returns in the end */
	int probe_ret;
	bool with_aux;
	int data;
	/* when the actions ran that probe added before and after the gate; the data's release */
	bool early_saw_revoked;
	bool late_ran, late_saw_closed, late_saw_drained, late_saw_revoked;
	bool release_ran, release_saw_closed;
};

static struct close_ctx *close_ctx;

static void early_action(void *data)
{
	struct close_ctx *ctx = data;

	ctx->early_saw_revoked = ctx->gate && ctx->gate->revoked;
}

static void late_action(void *data)
{
	struct close_ctx *ctx = data;

	ctx->late_ran = true;
	ctx->late_saw_closed = bound_gate_closed(ctx->gate);
	ctx->late_saw_drained = completion_done(&ctx->gate->drained);
	ctx->late_saw_revoked = ctx->gate->revoked;
}

static void release_data(void *data)
{
	struct close_ctx *ctx = container_of(data, struct close_ctx, data);

	ctx->release_ran = true;
	ctx->release_saw_closed = bound_gate_closed(ctx->gate);
}

static int close_probe(struct platform_device *pdev)
{
	struct close_ctx *ctx = close_ctx;
	struct bound_gate *gate;
	struct bound_aux *aux;
	int ret;

	ret = devm_add_action_or_reset(&pdev->dev, early_action, ctx);
	if (ret)
		return ret;
	gate = bound_gate_create(&pdev->dev, NULL);
	if (IS_ERR(gate))
		return PTR_ERR(gate);
	bound_gate_put(ctx->gate);
	ctx->gate = bound_gate_get(gate);
	if (ctx->with_aux) {
		aux = bound_aux_register(gate, &(const struct bound_aux_args){
			.name = "close",
			.type = &close_type,
			.data = &ctx->data,
			.release = release_data,
		});
		if (IS_ERR(aux))
			return PTR_ERR(aux);
	}
	ret = devm_add_action_or_reset(&pdev->dev, late_action, ctx);
	return ret ?: ctx->probe_ret;
}

static struct platform_driver close_driver = {
	.driver.name = CLOSE_NAME,
	.probe = close_probe,
};

static int close_init(struct kunit *test)
{
	struct close_ctx *ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);
	int ret;

	KUNIT_ASSERT_NOT_NULL(test, ctx);
	close_ctx = ctx;
	ret = platform_driver_register(&close_driver);
	KUNIT_ASSERT_EQ(test, ret, 0);
	test->priv = ctx;
	return 0;
}

static void close_exit(struct kunit *test)
{
	struct close_ctx *ctx = test->priv;

	if (!ctx)
		return;
	platform_device_unregister(ctx->pdev);
	platform_driver_unregister(&close_driver);
	bound_gate_put(ctx->gate);
}

static void add_device(struct kunit *test)
{
	struct close_ctx *ctx = test->priv;
	struct platform_device *pdev;

	pdev = platform_device_register_simple(CLOSE_NAME, PLATFORM_DEVID_NONE, NULL, 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, pdev);
	ctx->pdev = pdev;
	KUNIT_ASSERT_NOT_NULL(test, ctx->gate);
}

static void gate_closes_before_later_actions(struct kunit *test)
{
	struct close_ctx *ctx = test->priv;

	add_device(test);
	KUNIT_ASSERT_PTR_EQ(test, ctx->pdev->dev.driver, &close_driver.driver);
	device_release_driver(&ctx->pdev->dev);
	KUNIT_EXPECT_TRUE(test, ctx->late_saw_closed);
	KUNIT_EXPECT_TRUE(test, ctx->late_saw_drained);
	/* the mappings are for the gate's own place in devres */
	KUNIT_EXPECT_FALSE(test, ctx->late_saw_revoked);
	KUNIT_EXPECT_TRUE(test, ctx->early_saw_revoked);
}

static void failed_probe_closes_first(struct kunit *test)
{
	struct close_ctx *ctx = test->priv;

	ctx->probe_ret = -EIO;
	add_device(test);
	KUNIT_EXPECT_NULL(test, ctx->pdev->dev.driver);
	KUNIT_EXPECT_TRUE(test, ctx->late_saw_closed);
	KUNIT_EXPECT_TRUE(test, ctx->late_saw_drained);
	KUNIT_EXPECT_TRUE(test, ctx->early_saw_revoked);

	/* and again, with another gate, to a good end */
	ctx->probe_ret = 0;
	ctx->late_saw_closed = false;
	KUNIT_ASSERT_EQ(test, device_attach(&ctx->pdev->dev), 1);
	KUNIT_EXPECT_FALSE(test, bound_gate_closed(ctx->gate));
	device_release_driver(&ctx->pdev->dev);
	KUNIT_EXPECT_TRUE(test, ctx->late_saw_closed);
}

static int close_reader_fn(struct test_thread *thread)
{
	struct close_ctx *ctx = thread->arg;
	struct bound_token tok;
	int ret;

	if (bound_enter(ctx->gate, &tok))
		return -ENODEV;
	test_thread_arrive(thread);
	ret = READ_ONCE(ctx->late_ran) ? -EIO : 0;
	bound_exit(&tok);
	return ret;
}

static int close_unbinder_fn(struct test_thread *thread)
{
	device_release_driver(thread->arg);
	return 0;
}

static void readers_outlive_nothing(struct kunit *test)
{
	struct close_ctx *ctx = test->priv;
	struct test_thread *reader, *unbinder;

	add_device(test);
	reader = test_thread_start(test, "reader", close_reader_fn, ctx);
	test_thread_wait_arrived(test, reader);
	unbinder = test_thread_start(test, "unbinder", close_unbinder_fn, &ctx->pdev->dev);
	test_gate_wait_closed(test, ctx->gate);
	KUNIT_EXPECT_TRUE(test, test_thread_is_blocked(unbinder));
	test_thread_let_go(reader);
	/* what probe had made was all there until the end */
	KUNIT_EXPECT_EQ(test, test_thread_join(test, reader), 0);
	test_thread_join(test, unbinder);
	KUNIT_EXPECT_TRUE(test, ctx->late_ran);
}

static void auxiliary_devices_go_first(struct kunit *test)
{
	struct close_ctx *ctx = test->priv;

	ctx->with_aux = true;
	add_device(test);
	KUNIT_EXPECT_FALSE(test, list_empty(&ctx->gate->auxes));
	device_release_driver(&ctx->pdev->dev);
	KUNIT_EXPECT_TRUE(test, ctx->release_ran);
	KUNIT_EXPECT_FALSE(test, ctx->release_saw_closed);
	KUNIT_EXPECT_TRUE(test, ctx->late_saw_closed);
	KUNIT_EXPECT_TRUE(test, list_empty(&ctx->gate->auxes));
}

static void gate_of_a_bound_device(struct kunit *test)
{
	struct close_ctx *ctx = test->priv;
	struct bound_gate *late;

	add_device(test);
	scoped_guard(device, &ctx->pdev->dev)
		late = bound_gate_create(&ctx->pdev->dev, NULL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, late);
	bound_gate_get(late);
	device_release_driver(&ctx->pdev->dev);
	KUNIT_EXPECT_TRUE(test, late->revoked);
	KUNIT_EXPECT_TRUE(test, ctx->late_saw_closed);
	bound_gate_put(late);
}

static void device_without_bus(struct kunit *test)
{
	struct device *dev = root_device_register("bound_test_root");
	struct bound_gate *gate;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dev);
	KUNIT_ASSERT_NULL(test, dev->bus);
	gate = bound_gate_create(dev, NULL);
	if (!IS_ERR(gate))
		bound_gate_get(gate);
	root_device_unregister(dev);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, gate);
	KUNIT_EXPECT_TRUE(test, gate->revoked);
	bound_gate_put(gate);
}

static struct kunit_case close_cases[] = {
	KUNIT_CASE(gate_closes_before_later_actions),
	KUNIT_CASE(failed_probe_closes_first),
	KUNIT_CASE(readers_outlive_nothing),
	KUNIT_CASE(auxiliary_devices_go_first),
	KUNIT_CASE(gate_of_a_bound_device),
	KUNIT_CASE(device_without_bus),
	{ }
};

struct kunit_suite bound_close_suite = {
	.name = "bound_close",
	.init = close_init,
	.exit = close_exit,
	.test_cases = close_cases,
};
