// SPDX-License-Identifier: GPL-2.0
/*
 * bound_fail_test: each allocation fails in turn, alone and with all after it.
 */

#include <bound/bound_aux.h>
#include <bound/bound_bar.h>
#include <bound/bound_gate.h>
#include <bound/bound_promise.h>
#include <bound/bound_sleeper.h>
#include <bound/bound_window.h>
#include <kunit/device.h>
#include <kunit/test.h>
#include <linux/anon_inodes.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/pci.h>

#include <tests/fault.h>

#include "../bound_internal.h"
#include "test_gate.h"
#include "test_pci.h"
#include "test_suites.h"
#include "test_thread.h"

struct fail_ctx {
	struct device *dev;
	/* a reference; NULL where a test makes its own */
	struct bound_gate *gate;
	struct test_pci *pci;
	int data;
	int released;
	struct file *file;
	int icount;
};

static DEFINE_BOUND_AUX_TYPE(int_type, int);

static int fail_gate(void *arg)
{
	struct fail_ctx *ctx = arg;
	struct bound_gate *gate = bound_gate_create(ctx->dev, NULL);
	struct bound_token tok;
	int ret;

	if (IS_ERR(gate))
		return PTR_ERR(gate);
	ret = bound_enter(gate, &tok);
	bound_exit(&tok);
	return ret;
}

static void gate_creation_fails(struct kunit *test)
{
	struct fail_ctx *ctx = test->priv;

	ctx->dev = kunit_device_register(test, "gate");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, ctx->dev);
	fault_sweep(test, &(struct fault_sweep){ .attempt = fail_gate, .arg = ctx });
}

static int fail_bar(void *arg)
{
	struct fail_ctx *ctx = arg;

	return PTR_ERR_OR_ZERO(bound_bar_map(ctx->gate, ctx->pci->pdev, TEST_PCI_REGS, 1, "test"));
}

/* Whatever failed, the region is free; what was mapped is unmapped by a new binding. */
static void check_bar(struct kunit *test, void *arg, int ret)
{
	struct fail_ctx *ctx = arg;
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
	fault_sweep(test, &(struct fault_sweep){
		.attempt = fail_bar,
		.check = check_bar,
		.arg = ctx,
		/* what requesting a region says when it has no memory for it */
		.other = -EBUSY,
	});
}

static void release_data(void *data)
{
	struct fail_ctx *ctx = container_of(data, struct fail_ctx, data);

	ctx->released++;
}

static int fail_aux(void *arg)
{
	struct fail_ctx *ctx = arg;
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
static void check_aux(struct kunit *test, void *arg, int ret)
{
	struct fail_ctx *ctx = arg;

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
	fault_sweep(test, &(struct fault_sweep){
		.attempt = fail_aux,
		.check = check_aux,
		.arg = ctx,
	});
}

static int read_data(void *data, void *arg)
{
	return data == arg ? 0 : -EIO;
}

/* Readers come from where no memory can be had, and closing must not fail. */
static void no_allocation_by_readers(struct kunit *test)
{
	struct fail_ctx *ctx = test->priv;
	DECLARE_WAIT_QUEUE_HEAD_ONSTACK(wq);
	struct bound_sleeper sleeper;
	struct bound_promise promise;
	struct bound_gate *gate;
	struct bound_token tok;

	ctx->dev = kunit_device_register(test, "gate");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, ctx->dev);
	gate = bound_gate_create(ctx->dev, NULL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, gate);
	ctx->gate = bound_gate_get(gate);
	FAULT_EXPECT_NO_ALLOCATION(test, KUNIT_EXPECT_EQ(test, bound_enter(gate, &tok), 0));
	FAULT_EXPECT_NO_ALLOCATION(test, bound_sleeper_add(&tok, &sleeper, &wq));
	FAULT_EXPECT_NO_ALLOCATION(test, bound_sleeper_del(&sleeper));
	FAULT_EXPECT_NO_ALLOCATION(test, bound_exit(&tok));
	FAULT_EXPECT_NO_ALLOCATION(test, bound_promise_task(&promise, gate, current));
	FAULT_EXPECT_NO_ALLOCATION(test, bound_promise_end(&promise));
	FAULT_EXPECT_NO_ALLOCATION(test, bound_gate_close(gate));
	FAULT_EXPECT_NO_ALLOCATION(test, KUNIT_EXPECT_EQ(test, bound_enter(gate, &tok), -ENODEV));
}

static void no_allocation_by_data(struct kunit *test)
{
	struct fail_ctx *ctx = test->priv;
	struct auxiliary_device *adev;
	struct bound_gate *gate;
	struct bound_aux *aux;
	int ret;

	ctx->dev = kunit_device_register(test, "parent");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, ctx->dev);
	gate = bound_gate_create(ctx->dev, NULL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, gate);
	aux = bound_aux_register(gate, &(struct bound_aux_args){
		.name = "failing",
		.type = &int_type,
		.data = &ctx->data,
	});
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, aux);
	adev = bound_aux_device(aux);
	FAULT_EXPECT_NO_ALLOCATION(test, ret = bound_aux_with(adev, &int_type, read_data,
							      &ctx->data));
	KUNIT_EXPECT_EQ(test, ret, 0);
}

static const struct file_operations fail_fops = {
	.owner = THIS_MODULE,
};

static int fail_window(void *arg)
{
	struct fail_ctx *ctx = arg;
	const struct bound_map map = { .gate = ctx->gate, .size = PAGE_SIZE };
	const struct bound_window_args args = {
		.mapping = ctx->file->f_mapping,
		.size_bytes = PAGE_SIZE,
	};
	struct bound_window *win;

	ACQUIRE(bound, tok)(ctx->gate);
	if (ACQUIRE_ERR(bound, &tok))
		return -ESTALE;
	win = bound_window_create(&tok, &map, &args);
	if (IS_ERR(win))
		return PTR_ERR(win);
	bound_window_revoke(win);
	bound_window_put(win);
	return 0;
}

/* Neither the gate nor the file has to do with it any more. */
static void check_window(struct kunit *test, void *arg, int ret)
{
	struct fail_ctx *ctx = arg;

	KUNIT_EXPECT_TRUE(test, list_empty(&ctx->gate->windows));
	KUNIT_EXPECT_EQ(test, icount_read_once(file_inode(ctx->file)), ctx->icount);
}

static void window_creation_fails(struct kunit *test)
{
	struct fail_ctx *ctx = test->priv;
	struct bound_gate *gate;

	ctx->dev = kunit_device_register(test, "window");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, ctx->dev);
	gate = bound_gate_create(ctx->dev, NULL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, gate);
	ctx->gate = bound_gate_get(gate);
	ctx->file = anon_inode_create_getfile("bound_fail", &fail_fops, NULL, O_RDWR, NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(ctx->file));
	ctx->icount = icount_read_once(file_inode(ctx->file));
	fault_sweep(test, &(struct fault_sweep){
		.attempt = fail_window,
		.check = check_window,
		.arg = ctx,
	});
	__fput_sync(ctx->file);
}

static int closer_without_memory(struct test_thread *thread)
{
	unsigned int left;

	fault_nth(1);
	bound_gate_close(thread->arg);
	left = fault_left();
	fault_nth(0);
	return left;
}

/* Closing waits on, and has more to say next time. */
static void report_without_memory(struct kunit *test)
{
	struct fail_ctx *ctx = test->priv;
	unsigned int report_ms = bound_report_ms;
	struct test_thread *reader, *closer;
	struct bound_gate *gate;
	int tries;

	ctx->dev = kunit_device_register(test, "gate");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, ctx->dev);
	gate = bound_gate_create(ctx->dev, NULL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, gate);
	ctx->gate = bound_gate_get(gate);
	reader = test_thread_start(test, "reader", test_gate_reader, gate);
	test_thread_wait_arrived(test, reader);
	WRITE_ONCE(bound_report_ms, 20);
	closer = test_thread_start(test, "closer", closer_without_memory, gate);
	for (tries = 0; tries < 1000 && atomic_read(&gate->reports) < 2; tries++)
		msleep(20);
	WRITE_ONCE(bound_report_ms, report_ms);
	KUNIT_EXPECT_GE(test, atomic_read(&gate->reports), 2);
	KUNIT_EXPECT_TRUE(test, test_thread_is_blocked(closer));
	test_thread_let_go(reader);
	/* an allocation has failed */
	KUNIT_EXPECT_EQ(test, test_thread_join(test, closer), 0);
}

static int fail_init(struct kunit *test)
{
	fault_need_injection(test);
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
	KUNIT_CASE(no_allocation_by_readers),
	KUNIT_CASE(no_allocation_by_data),
	KUNIT_CASE(report_without_memory),
	KUNIT_CASE(window_creation_fails),
	{ }
};

struct kunit_suite bound_fail_suite = {
	.name = "bound_fail",
	.init = fail_init,
	.exit = fail_exit,
	.test_cases = fail_cases,
};
