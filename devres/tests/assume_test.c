// SPDX-License-Identifier: GPL-2.0
/*
 * bound_assume_test: tokens for code that unbind waits for, and the checks of all tokens.
 *
 * What only kernels with CONFIG_PROVE_LOCKING check is skipped on others. A WARN_ONCE()
 * is counted the first time only, so each has one test here.
 */

#include <bound/bound_gate.h>
#include <bound/bound_promise.h>
#include <kunit/device.h>
#include <kunit/test.h>
#include <linux/debug_locks.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irq_work.h>
#include <linux/jiffies.h>
#include <linux/preempt.h>
#include <linux/processor.h>
#include <linux/sched/task.h>
#include <linux/workqueue.h>

#include "../bound_internal.h"
#include "test_suites.h"
#include "test_thread.h"

#define IRQ_WORK_TIMEOUT (60 * HZ)

struct assume_ctx {
	struct device *dev;
	/* a reference */
	struct bound_gate *gate;
	struct bound_promise promise;
	struct work_struct work;
	struct irq_work irq_work;
	struct tasklet_struct tasklet;
	struct completion ran;
	/* an interrupt without a controller, and what bound_assume() said in its handler */
	int irq;
	int handled;
	/* what bound_assume() said in the work */
	int ret;
};

static int assume_init(struct kunit *test)
{
	struct assume_ctx *ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);
	struct bound_gate *gate;

	KUNIT_ASSERT_NOT_NULL(test, ctx);
	init_completion(&ctx->ran);
	ctx->dev = kunit_device_register(test, "assume");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, ctx->dev);
	gate = bound_gate_create(ctx->dev, NULL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, gate);
	ctx->gate = bound_gate_get(gate);
	test->priv = ctx;
	return 0;
}

static void assume_exit(struct kunit *test)
{
	struct assume_ctx *ctx = test->priv;

	if (ctx)
		bound_gate_put(ctx->gate);
}

static void needs_checks(struct kunit *test)
{
	if (!IS_ENABLED(CONFIG_PROVE_LOCKING))
		kunit_skip(test, "only kernels with CONFIG_PROVE_LOCKING check this");
	/* then it takes any lock for held; the run fails for that reason */
	if (!debug_locks)
		kunit_skip(test, "lockdep has switched itself off");
}

/* bound_assume() and what follows from it, without a warning. */
static int assume(struct assume_ctx *ctx)
{
	struct bound_token tok;
	int ret = bound_assume(ctx->gate, ctx->dev, &tok);

	if (!ret && !bound_ok(&tok))
		ret = -EIO;
	bound_exit(&tok);
	return ret;
}

static void device_lock_is_a_proof(struct kunit *test)
{
	struct assume_ctx *ctx = test->priv;

	kunit_warning_suppress(test) {
		scoped_guard(device, ctx->dev)
			KUNIT_EXPECT_EQ(test, assume(ctx), 0);
		KUNIT_EXPECT_SUPPRESSED_WARNING_COUNT(test, 0);
	}
}

static void assumed_tokens_hold_nothing_up(struct kunit *test)
{
	struct assume_ctx *ctx = test->priv;
	struct bound_token tok;

	guard(device)(ctx->dev);
	KUNIT_ASSERT_EQ(test, bound_assume(ctx->gate, ctx->dev, &tok), 0);
	KUNIT_EXPECT_FALSE(test, bound_closing(&tok));
	/* remove does this, with a token of its own: it mustn't wait for itself */
	bound_gate_close(ctx->gate);
	KUNIT_EXPECT_TRUE(test, bound_ok(&tok));
	KUNIT_EXPECT_TRUE(test, bound_closing(&tok));
	bound_exit(&tok);
	KUNIT_EXPECT_FALSE(test, bound_ok(&tok));
	/* and gets at the hardware after closing, to stop it */
	KUNIT_EXPECT_EQ(test, assume(ctx), 0);
}

/* What it makes of that, a report, would be the last thing that it checks here. */
static void lockdep_sees_sections(struct kunit *test)
{
#ifdef CONFIG_PROVE_LOCKING
	struct assume_ctx *ctx = test->priv;
	struct bound_token tok, nested;

	needs_checks(test);
	KUNIT_ASSERT_EQ(test, bound_enter(ctx->gate, &tok), 0);
	KUNIT_EXPECT_EQ(test, lock_is_held(&ctx->gate->section_map), LOCK_STATE_HELD);
	KUNIT_EXPECT_EQ(test, bound_enter(ctx->gate, &nested), 0);
	bound_exit(&nested);
	KUNIT_EXPECT_EQ(test, lock_is_held(&ctx->gate->section_map), LOCK_STATE_HELD);
	bound_exit(&tok);
	KUNIT_EXPECT_EQ(test, lock_is_held(&ctx->gate->section_map), LOCK_STATE_NOT_HELD);

	/* no section, and nobody waits for it */
	scoped_guard(device, ctx->dev) {
		KUNIT_EXPECT_EQ(test, bound_assume(ctx->gate, ctx->dev, &tok), 0);
		KUNIT_EXPECT_EQ(test, lock_is_held(&ctx->gate->section_map), LOCK_STATE_NOT_HELD);
		bound_exit(&tok);
	}
#else
	needs_checks(test);
#endif
}

static void other_device_is_refused(struct kunit *test)
{
	struct assume_ctx *ctx = test->priv;
	struct device *other = kunit_device_register(test, "other");
	struct bound_token tok;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, other);
	guard(device)(other);
	kunit_warning_suppress(test) {
		KUNIT_EXPECT_EQ(test, bound_assume(ctx->gate, other, &tok), -EINVAL);
		KUNIT_EXPECT_FALSE(test, bound_ok(&tok));
		KUNIT_EXPECT_SUPPRESSED_WARNING_COUNT(test, 1);
		bound_exit(&tok);
		KUNIT_EXPECT_EQ(test, bound_assume(ctx->gate, NULL, &tok), -EINVAL);
	}
}

static int scoped_assume(struct assume_ctx *ctx, struct device *dev)
{
	int ret;

	ACQUIRE(bound_assumed, tok)(ctx->gate, dev);
	ret = ACQUIRE_ERR(bound_assumed, &tok);
	if (ret)
		return ret;
	return bound_ok(&tok) ? 1 : -EIO;
}

static void assumed_scopes(struct kunit *test)
{
	struct assume_ctx *ctx = test->priv;
	bool ran = false;

	guard(device)(ctx->dev);
	KUNIT_EXPECT_EQ(test, scoped_assume(ctx, ctx->dev), 1);
	kunit_warning_suppress(test)
		KUNIT_EXPECT_EQ(test, scoped_assume(ctx, NULL), -EINVAL);
	scoped_cond_guard(bound_assumed, ran = false, ctx->gate, ctx->dev)
		ran = bound_ok(&scope);
	KUNIT_EXPECT_TRUE(test, ran);
}

static void unproved_assumption_warns(struct kunit *test)
{
	struct assume_ctx *ctx = test->priv;
	struct bound_promise task;

	needs_checks(test);
	/* somebody else's */
	bound_promise_work(&ctx->promise, ctx->gate, &ctx->work);
	bound_promise_task(&task, ctx->gate, &init_task);
	kunit_warning_suppress(test) {
		/* allowed all the same: the check may not break what works */
		KUNIT_EXPECT_EQ(test, assume(ctx), 0);
		KUNIT_EXPECT_SUPPRESSED_WARNING_COUNT(test, 1);
	}
	bound_promise_end(&task);
	bound_promise_end(&ctx->promise);
}

static void task_promise_is_a_proof(struct kunit *test)
{
	struct assume_ctx *ctx = test->priv;

	bound_promise_task(&ctx->promise, ctx->gate, current);
	kunit_warning_suppress(test) {
		KUNIT_EXPECT_EQ(test, assume(ctx), 0);
		KUNIT_EXPECT_SUPPRESSED_WARNING_COUNT(test, 0);
	}
	bound_promise_end(&ctx->promise);
	KUNIT_EXPECT_TRUE(test, list_empty(&ctx->gate->promises));
}

static void work_fn(struct work_struct *work)
{
	struct assume_ctx *ctx = container_of(work, struct assume_ctx, work);

	/* a warning here isn't suppressed: it makes the run fail */
	ctx->ret = assume(ctx);
}

static void work_promise_is_a_proof(struct kunit *test)
{
	struct assume_ctx *ctx = test->priv;

	INIT_WORK(&ctx->work, work_fn);
	bound_promise_work(&ctx->promise, ctx->gate, &ctx->work);
	ctx->ret = -EIO;
	schedule_work(&ctx->work);
	flush_work(&ctx->work);
	KUNIT_EXPECT_EQ(test, ctx->ret, 0);
	bound_promise_end(&ctx->promise);
}

static void irq_work_fn(struct irq_work *work)
{
	struct assume_ctx *ctx = container_of(work, struct assume_ctx, irq_work);

	if (!in_hardirq())
		ctx->ret = -EIO;
	else
		ctx->ret = generic_handle_irq(ctx->irq);
	complete(&ctx->ran);
}

static irqreturn_t irq_handler(int irq, void *data)
{
	struct assume_ctx *ctx = data;

	/* a warning here isn't suppressed: it makes the run fail */
	ctx->handled = assume(ctx);
	return IRQ_HANDLED;
}

/* Has the interrupt handled, from hard interrupt context. */
static void run_in_irq(struct kunit *test)
{
	struct assume_ctx *ctx = test->priv;

	reinit_completion(&ctx->ran);
	ctx->irq_work = IRQ_WORK_INIT_HARD(irq_work_fn);
	irq_work_queue(&ctx->irq_work);
	KUNIT_ASSERT_NE(test, wait_for_completion_timeout(&ctx->ran, IRQ_WORK_TIMEOUT), 0);
	irq_work_sync(&ctx->irq_work);
	KUNIT_EXPECT_EQ(test, ctx->ret, 0);
}

static void drop_irq(void *data)
{
	struct assume_ctx *ctx = data;

	free_irq(ctx->irq, ctx);
	irq_free_descs(ctx->irq, 1);
}

/* An interrupt without a controller: it comes when it's called. */
static int make_irq(struct kunit *test)
{
	struct assume_ctx *ctx = test->priv;
	int irq = irq_alloc_descs(-1, 1, 1, NUMA_NO_NODE);

	if (irq < 0)
		kunit_skip(test, "no interrupt number is free");
	irq_set_chip_and_handler(irq, &dummy_irq_chip, handle_simple_irq);
	ctx->irq = irq;
	return irq;
}

static void irq_promise_is_a_proof(struct kunit *test)
{
	struct assume_ctx *ctx = test->priv;
	struct bound_promise other;
	int irq = make_irq(test);

	bound_promise_irq(&ctx->promise, ctx->gate, irq);
	/* nobody has heard of that one */
	bound_promise_irq(&other, ctx->gate, UINT_MAX);
	KUNIT_ASSERT_EQ(test, request_irq(irq, irq_handler, 0, "bound_test", ctx), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, drop_irq, ctx), 0);
	ctx->handled = -EIO;
	run_in_irq(test);
	/* with threadirqs, and on PREEMPT_RT, the handler is a thread */
	synchronize_irq(irq);
	KUNIT_EXPECT_EQ(test, ctx->handled, 0);
	bound_promise_end(&other);
	bound_promise_end(&ctx->promise);
	KUNIT_EXPECT_TRUE(test, list_empty(&ctx->gate->promises));
}

static irqreturn_t irq_wake_thread_handler(int irq, void *data)
{
	return IRQ_WAKE_THREAD;
}

static irqreturn_t irq_thread_handler(int irq, void *data)
{
	struct assume_ctx *ctx = data;

	ctx->handled = in_task() ? bound_promise_covers_current(ctx->gate) : -EIO;
	return IRQ_HANDLED;
}

static void irq_promise_covers_its_thread(struct kunit *test)
{
	struct assume_ctx *ctx = test->priv;
	struct bound_promise other;
	int irq = make_irq(test);

	bound_promise_irq(&ctx->promise, ctx->gate, irq);
	/* of another interrupt, whose number begins alike */
	bound_promise_irq(&other, ctx->gate, irq * 10);
	KUNIT_ASSERT_EQ(test, request_threaded_irq(irq, irq_wake_thread_handler,
						   irq_thread_handler, 0, "bound_test", ctx), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, drop_irq, ctx), 0);
	ctx->handled = -EIO;
	run_in_irq(test);
	synchronize_irq(irq);
	KUNIT_EXPECT_EQ(test, ctx->handled, true);
	/* not in any other task */
	KUNIT_EXPECT_FALSE(test, bound_promise_covers_current(ctx->gate));
	bound_promise_end(&ctx->promise);
	ctx->handled = -EIO;
	run_in_irq(test);
	synchronize_irq(irq);
	KUNIT_EXPECT_EQ(test, ctx->handled, false);
	bound_promise_end(&other);
}

static void softirq_fn(struct tasklet_struct *tasklet)
{
	struct assume_ctx *ctx = from_tasklet(ctx, tasklet, tasklet);

	ctx->ret = in_serving_softirq() ? bound_promise_covers_current(ctx->gate) : -EIO;
}

static void softirqs_have_no_promise(struct kunit *test)
{
	struct assume_ctx *ctx = test->priv;

	/* nor that of the task that they interrupt */
	bound_promise_task(&ctx->promise, ctx->gate, current);
	tasklet_setup(&ctx->tasklet, softirq_fn);
	ctx->ret = -EIO;
	/* runs in this task, when it allows softirqs again */
	local_bh_disable();
	tasklet_schedule(&ctx->tasklet);
	local_bh_enable();
	tasklet_kill(&ctx->tasklet);
	KUNIT_EXPECT_EQ(test, ctx->ret, false);
	KUNIT_EXPECT_TRUE(test, bound_promise_covers_current(ctx->gate));
	bound_promise_end(&ctx->promise);
}

static void look_fn(struct irq_work *work)
{
	struct assume_ctx *ctx = container_of(work, struct assume_ctx, irq_work);

	ctx->ret = in_hardirq() ? bound_promise_covers_current(ctx->gate) : -EIO;
	complete(&ctx->ran);
}

static void other_irqs_have_no_promise(struct kunit *test)
{
	struct assume_ctx *ctx = test->priv;
	struct bound_promise task, irq;

	/* neither that of what is interrupted is a proof, nor one of an interrupt that isn't on */
	bound_promise_task(&task, ctx->gate, current);
	bound_promise_irq(&irq, ctx->gate, UINT_MAX);
	ctx->irq_work = IRQ_WORK_INIT_HARD(look_fn);
	irq_work_queue(&ctx->irq_work);
	KUNIT_ASSERT_NE(test, wait_for_completion_timeout(&ctx->ran, IRQ_WORK_TIMEOUT), 0);
	irq_work_sync(&ctx->irq_work);
	KUNIT_EXPECT_EQ(test, ctx->ret, false);
	KUNIT_EXPECT_TRUE(test, bound_promise_covers_current(ctx->gate));
	bound_promise_end(&irq);
	bound_promise_end(&task);
}

static void assume_fn(struct irq_work *work)
{
	struct assume_ctx *ctx = container_of(work, struct assume_ctx, irq_work);

	ctx->ret = in_hardirq() ? assume(ctx) : -EIO;
	complete(&ctx->ran);
}

/* Runs on this CPU, on top of this task: the task's suppressed warnings are the handler's. */
static void run_on_top(struct kunit *test)
{
	struct assume_ctx *ctx = test->priv;
	unsigned long timeout = jiffies + IRQ_WORK_TIMEOUT;

	ctx->irq_work = IRQ_WORK_INIT_HARD(assume_fn);
	scoped_guard(preempt) {
		irq_work_queue(&ctx->irq_work);
		while (!completion_done(&ctx->ran) && time_before(jiffies, timeout))
			cpu_relax();
	}
	irq_work_sync(&ctx->irq_work);
}

static void assumption_in_an_unpromised_irq_warns(struct kunit *test)
{
	struct assume_ctx *ctx = test->priv;

	needs_checks(test);
	/* proofs for what is interrupted, not for the interrupt */
	bound_promise_task(&ctx->promise, ctx->gate, current);
	device_lock(ctx->dev);
	kunit_warning_suppress(test) {
		run_on_top(test);
		KUNIT_EXPECT_SUPPRESSED_WARNING_COUNT(test, 1);
	}
	device_unlock(ctx->dev);
	/* allowed all the same */
	KUNIT_EXPECT_EQ(test, ctx->ret, 0);
	bound_promise_end(&ctx->promise);
}

static void promises_cover_gates_above(struct kunit *test)
{
	struct assume_ctx *ctx = test->priv;
	struct bound_gate *child = bound_gate_alloc(ctx->dev, ctx->gate);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, child);
	bound_promise_task(&ctx->promise, child, current);
	KUNIT_EXPECT_TRUE(test, bound_promise_covers_current(child));
	KUNIT_EXPECT_TRUE(test, bound_promise_covers_current(ctx->gate));
	bound_promise_end(&ctx->promise);
	bound_promise_task(&ctx->promise, ctx->gate, current);
	KUNIT_EXPECT_FALSE(test, bound_promise_covers_current(child));
	bound_promise_end(&ctx->promise);
	bound_gate_revoke(child);
	bound_gate_put(child);
}

static void unbound_device_warns(struct kunit *test)
{
	struct assume_ctx *ctx = test->priv;

	needs_checks(test);
	device_release_driver(ctx->dev);
	guard(device)(ctx->dev);
	kunit_warning_suppress(test) {
		KUNIT_EXPECT_EQ(test, assume(ctx), 0);
		KUNIT_EXPECT_SUPPRESSED_WARNING_COUNT(test, 1);
	}
}

static void broken_promise_is_reported(struct kunit *test)
{
	struct assume_ctx *ctx = test->priv;
	struct bound_promise work, irq;

	INIT_WORK(&ctx->work, work_fn);
	bound_promise_task(&ctx->promise, ctx->gate, current);
	bound_promise_work(&work, ctx->gate, &ctx->work);
	bound_promise_irq(&irq, ctx->gate, UINT_MAX);
	kunit_warning_suppress(test) {
		device_release_driver(ctx->dev);
		/* each of them */
		KUNIT_EXPECT_SUPPRESSED_WARNING_COUNT(test, 3);
	}
	bound_promise_end(&irq);
	bound_promise_end(&work);
	bound_promise_end(&ctx->promise);
}

static void kept_promises_are_not_reported(struct kunit *test)
{
	struct assume_ctx *ctx = test->priv;
	struct bound_promise irq;

	bound_promise_irq(&irq, ctx->gate, UINT_MAX);
	bound_promise_end(&irq);
	kunit_warning_suppress(test) {
		device_release_driver(ctx->dev);
		KUNIT_EXPECT_SUPPRESSED_WARNING_COUNT(test, 0);
	}
}

static void dead_token_warns(struct kunit *test)
{
	struct assume_ctx *ctx = test->priv;
	struct bound_token tok;

	KUNIT_ASSERT_EQ(test, bound_enter(ctx->gate, &tok), 0);
	kunit_warning_suppress(test) {
		__bound_token_check(&tok, ctx->gate);
		KUNIT_EXPECT_SUPPRESSED_WARNING_COUNT(test, 0);
	}
	bound_exit(&tok);
	kunit_warning_suppress(test) {
		__bound_token_check(&tok, ctx->gate);
		KUNIT_EXPECT_SUPPRESSED_WARNING_COUNT(test, 1);
	}
}

static void foreign_token_warns(struct kunit *test)
{
	struct assume_ctx *ctx = test->priv;
	struct device *other = kunit_device_register(test, "other");
	struct bound_gate *gate;
	struct bound_token tok;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, other);
	gate = bound_gate_create(other, NULL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, gate);
	KUNIT_ASSERT_EQ(test, bound_enter(gate, &tok), 0);
	kunit_warning_suppress(test) {
		__bound_token_check(&tok, ctx->gate);
		KUNIT_EXPECT_SUPPRESSED_WARNING_COUNT(test, 1);
	}
	bound_exit(&tok);
}

struct shared_token {
	struct bound_gate *gate;
	struct bound_token tok;
};

static int sharer_fn(struct test_thread *thread)
{
	struct shared_token *shared = thread->arg;
	int ret = bound_enter(shared->gate, &shared->tok);

	test_thread_arrive(thread);
	bound_exit(&shared->tok);
	return ret;
}

static void shared_token_warns(struct kunit *test)
{
	struct assume_ctx *ctx = test->priv;
	struct shared_token *shared = kunit_kzalloc(test, sizeof(*shared), GFP_KERNEL);
	struct test_thread *thread;

	needs_checks(test);
	KUNIT_ASSERT_NOT_NULL(test, shared);
	shared->gate = ctx->gate;
	thread = test_thread_start(test, "sharer", sharer_fn, shared);
	test_thread_wait_arrived(test, thread);
	kunit_warning_suppress(test) {
		__bound_token_check(&shared->tok, ctx->gate);
		KUNIT_EXPECT_SUPPRESSED_WARNING_COUNT(test, 1);
	}
	test_thread_let_go(thread);
	KUNIT_EXPECT_EQ(test, test_thread_join(test, thread), 0);
}

static struct kunit_case assume_cases[] = {
	KUNIT_CASE(device_lock_is_a_proof),
	KUNIT_CASE(lockdep_sees_sections),
	KUNIT_CASE(assumed_tokens_hold_nothing_up),
	KUNIT_CASE(other_device_is_refused),
	KUNIT_CASE(assumed_scopes),
	KUNIT_CASE(unproved_assumption_warns),
	KUNIT_CASE(task_promise_is_a_proof),
	KUNIT_CASE(work_promise_is_a_proof),
	KUNIT_CASE(irq_promise_is_a_proof),
	KUNIT_CASE(irq_promise_covers_its_thread),
	KUNIT_CASE(softirqs_have_no_promise),
	KUNIT_CASE(other_irqs_have_no_promise),
	KUNIT_CASE(assumption_in_an_unpromised_irq_warns),
	KUNIT_CASE(promises_cover_gates_above),
	KUNIT_CASE(unbound_device_warns),
	KUNIT_CASE(broken_promise_is_reported),
	KUNIT_CASE(kept_promises_are_not_reported),
	KUNIT_CASE(dead_token_warns),
	KUNIT_CASE(foreign_token_warns),
	KUNIT_CASE(shared_token_warns),
	{ }
};

struct kunit_suite bound_assume_suite = {
	.name = "bound_assume",
	.init = assume_init,
	.exit = assume_exit,
	.test_cases = assume_cases,
};
