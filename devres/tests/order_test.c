// SPDX-License-Identifier: GPL-2.0
/*
 * bound_order_test: orders of events that would do harm if they went wrong, each held open
 * until the other side has done, or is about to do, what could hurt it.
 */

#include <kunit/test.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/processor.h>
#include <linux/srcu.h>

/* bound_enter() is inline: in this file it stops before and after its section begins. */
static struct srcu_ctr __percpu *stopping_lock(struct srcu_struct *srcu);
#define srcu_read_lock_fast(srcu) stopping_lock(srcu)
#include <bound/bound_gate.h>
#undef srcu_read_lock_fast

#include <bound/bound_promise.h>
#include <bound/bound_sleeper.h>

#include "../bound_internal.h"
#include "test_gate.h"
#include "test_suites.h"
#include "test_thread.h"

struct order_ctx {
	struct kunit *test;
	struct device *dev;
	struct bound_gate *parent;
	/* below @parent */
	struct bound_gate *gate;
	struct test_regs *regs;
	/* called once by the next bound_enter() */
	void (*before)(struct order_ctx *ctx);
	void (*after)(struct order_ctx *ctx);
	struct test_thread *closer;
	/* how far two CPUs have come */
	atomic_t step;
	bool woken;
};

/* of the case that runs */
static struct order_ctx *order_ctx;

static void stop(void (**where)(struct order_ctx *ctx))
{
	void (*func)(struct order_ctx *ctx) = *where;

	*where = NULL;
	if (func)
		func(order_ctx);
}

static struct srcu_ctr __percpu *stopping_lock(struct srcu_struct *srcu)
{
	struct srcu_ctr __percpu *scp;

	stop(&order_ctx->before);
	scp = srcu_read_lock_fast(srcu);
	stop(&order_ctx->after);
	return scp;
}

static void order_end_gate(void *data)
{
	struct bound_gate *gate = data;

	if (!gate->revoked)
		bound_gate_revoke(gate);
	bound_gate_put(gate);
}

/* Ended after the threads that are started later, also when the test fails. */
static struct bound_gate *order_gate(struct kunit *test, struct bound_gate *parent)
{
	struct order_ctx *ctx = order_ctx;
	struct bound_gate *gate = bound_gate_alloc(ctx->dev, parent);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, gate);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, order_end_gate, gate), 0);
	return gate;
}

static void order_end_device(void *data)
{
	root_device_unregister(data);
}

static int order_init(struct kunit *test)
{
	struct order_ctx *ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, ctx);
	ctx->test = test;
	order_ctx = ctx;
	ctx->dev = root_device_register("bound-order");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, ctx->dev);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, order_end_device, ctx->dev), 0);
	test->priv = ctx;
	ctx->parent = order_gate(test, NULL);
	ctx->gate = order_gate(test, ctx->parent);
	ctx->regs = test_regs_add(ctx->gate, NULL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, ctx->regs);
	return 0;
}

static void close_it(struct order_ctx *ctx)
{
	bound_gate_close(ctx->gate);
}

/* A reader that is late finds the gate closed, whatever it was when it set out. */
static void closed_just_before_the_section(struct kunit *test)
{
	struct order_ctx *ctx = test->priv;
	struct bound_token tok;

	ctx->before = close_it;
	KUNIT_EXPECT_EQ(test, bound_enter(ctx->gate, &tok), -ENODEV);
	KUNIT_EXPECT_FALSE(test, bound_ok(&tok));
	bound_exit(&tok);
}

static void close_beside(struct order_ctx *ctx)
{
	ctx->closer = test_thread_start(ctx->test, "closer", test_gate_closer, ctx->gate);
	test_gate_wait_closed(ctx->test, ctx->gate);
	KUNIT_EXPECT_TRUE(ctx->test, test_thread_is_blocked(ctx->closer));
}

/* One that just got in is refused as well, and waited for until it knows. */
static void closed_just_after_the_section_began(struct kunit *test)
{
	struct order_ctx *ctx = test->priv;
	struct bound_token tok;

	ctx->after = close_beside;
	KUNIT_EXPECT_EQ(test, bound_enter(ctx->gate, &tok), -ENODEV);
	test_thread_join(test, ctx->closer);
}

/* Nothing goes while a closing waits, whoever else closes, revokes or asks. */
static void revoked_while_closing_waits(struct kunit *test)
{
	struct order_ctx *ctx = test->priv;
	struct test_thread *reader, *closer, *above, *revoker;

	reader = test_thread_start(test, "reader", test_gate_reader, ctx->gate);
	test_thread_wait_arrived(test, reader);
	closer = test_thread_start(test, "closer", test_gate_closer, ctx->gate);
	test_gate_wait_closed(test, ctx->gate);
	above = test_thread_start(test, "above", test_gate_closer, ctx->parent);
	revoker = test_thread_start(test, "revoker", test_gate_revoker, ctx->gate);
	KUNIT_EXPECT_TRUE(test, test_thread_is_blocked(closer));
	KUNIT_EXPECT_TRUE(test, test_thread_is_blocked(above));
	KUNIT_EXPECT_TRUE(test, test_thread_is_blocked(revoker));
	KUNIT_EXPECT_TRUE(test, READ_ONCE(ctx->regs->mapped));
	test_thread_let_go(reader);
	test_thread_join(test, reader);
	test_thread_join(test, closer);
	test_thread_join(test, above);
	test_thread_join(test, revoker);
	KUNIT_EXPECT_FALSE(test, READ_ONCE(ctx->regs->mapped));
}

/* While the parent waits for readers nothing new comes below it; what is bound goes on. */
static void new_while_closing_waits(struct kunit *test)
{
	struct order_ctx *ctx = test->priv;
	struct test_thread *reader, *closer;
	struct bound_promise promise;
	struct bound_token tok;

	reader = test_thread_start(test, "reader", test_gate_reader, ctx->parent);
	test_thread_wait_arrived(test, reader);
	closer = test_thread_start(test, "closer", test_gate_closer, ctx->parent);
	/* the child's readers are refused, too, before the parent's have left */
	test_gate_wait_closed(test, ctx->gate);
	KUNIT_EXPECT_EQ(test, bound_enter(ctx->gate, &tok), -ENODEV);
	KUNIT_EXPECT_PTR_EQ(test, bound_gate_alloc(ctx->dev, ctx->parent), ERR_PTR(-ENODEV));
	KUNIT_EXPECT_PTR_EQ(test, test_regs_add(ctx->parent, NULL), ERR_PTR(-ENODEV));
	bound_promise_task(&promise, ctx->parent, current);
	KUNIT_EXPECT_EQ(test, bound_assume(ctx->parent, ctx->dev, &tok), 0);
	bound_promise_end(&promise);
	KUNIT_EXPECT_TRUE(test, test_thread_is_blocked(closer));
	test_thread_let_go(reader);
	test_thread_join(test, closer);
}

/* A child's reader that waits for another child's: both are told at once. */
static void readers_below_are_told_at_once(struct kunit *test)
{
	struct order_ctx *ctx = test->priv;
	struct bound_gate *second = order_gate(test, ctx->parent);
	struct test_thread *reader, *other, *closer;

	reader = test_thread_start(test, "reader", test_gate_reader, ctx->gate);
	other = test_thread_start(test, "other", test_gate_reader, second);
	test_thread_wait_arrived(test, reader);
	test_thread_wait_arrived(test, other);
	closer = test_thread_start(test, "closer", test_gate_closer, ctx->parent);
	test_gate_wait_closed(test, ctx->gate);
	test_gate_wait_closed(test, second);
	KUNIT_EXPECT_TRUE(test, test_thread_is_blocked(closer));
	test_thread_let_go(other);
	KUNIT_EXPECT_EQ(test, test_thread_join(test, other), -ENODEV);
	KUNIT_EXPECT_TRUE(test, test_thread_is_blocked(closer));
	test_thread_let_go(reader);
	KUNIT_EXPECT_EQ(test, test_thread_join(test, reader), -ENODEV);
	test_thread_join(test, closer);
}

/*
 * A gate without readers whose own closing waits for a gate below it isn't done: readers
 * two levels down reach the registers at the top.
 */
static void closing_waits_for_all_levels(struct kunit *test)
{
	struct order_ctx *ctx = test->priv;
	struct bound_gate *below = order_gate(test, ctx->gate);
	struct test_thread *reader, *closer, *above;

	reader = test_thread_start(test, "reader", test_gate_reader, below);
	test_thread_wait_arrived(test, reader);
	closer = test_thread_start(test, "closer", test_gate_closer, ctx->gate);
	KUNIT_EXPECT_TRUE(test, test_thread_is_blocked(closer));
	above = test_thread_start(test, "above", test_gate_closer, ctx->parent);
	KUNIT_EXPECT_TRUE(test, test_thread_is_blocked(above));
	test_thread_let_go(reader);
	test_thread_join(test, reader);
	test_thread_join(test, closer);
	test_thread_join(test, above);
}

static int mapper(struct test_thread *thread)
{
	struct order_ctx *ctx = thread->arg;
	struct test_regs *regs = test_regs_add(ctx->gate, thread);

	/* a reference to the gate keeps it */
	return IS_ERR(regs) ? PTR_ERR(regs) : regs->unmaps;
}

/* A mapping that is being made when the gate is revoked is taken away as well. */
static void revoked_while_mapping(struct kunit *test)
{
	struct order_ctx *ctx = test->priv;
	struct test_thread *thread = test_thread_start(test, "mapper", mapper, ctx);
	struct test_thread *revoker;
	struct bound_map *map;
	int maps = 0;

	test_thread_wait_arrived(test, thread);
	revoker = test_thread_start(test, "revoker", test_gate_revoker, ctx->gate);
	KUNIT_EXPECT_TRUE(test, test_thread_is_blocked(revoker));
	KUNIT_EXPECT_TRUE(test, READ_ONCE(ctx->regs->mapped));
	test_thread_let_go(thread);
	KUNIT_EXPECT_GE(test, test_thread_join(test, thread), 0);
	test_thread_join(test, revoker);
	list_for_each_entry(map, &ctx->gate->maps, node) {
		KUNIT_EXPECT_EQ(test, container_of(map, struct test_regs, map)->unmaps, 1);
		KUNIT_EXPECT_FALSE(test, bound_map_fits(map, 0, 1));
		maps++;
	}
	KUNIT_EXPECT_EQ(test, maps, 2);
}

struct stopping_sleeper {
	struct bound_sleeper sleeper;
	struct order_ctx *ctx;
};

static void await(struct order_ctx *ctx, int step)
{
	/* Pairs with atomic_set_release() of the other side. */
	while (atomic_read_acquire(&ctx->step) < step)
		cpu_relax();
}

static void stopping_wake(struct bound_sleeper *sleeper)
{
	struct order_ctx *ctx = container_of(sleeper, struct stopping_sleeper, sleeper)->ctx;

	atomic_set_release(&ctx->step, 1);
	await(ctx, 2);
	/* until the sleeper is, or is about to be, in bound_sleeper_del() */
	mdelay(1);
	WRITE_ONCE(ctx->woken, true);
}

/* A sleeper isn't taken from the list, and its stack not used again, while it's woken. */
static void sleeper_leaves_while_it_is_woken(struct kunit *test)
{
	struct order_ctx *ctx = test->priv;
	struct stopping_sleeper s = { .ctx = ctx };
	struct bound_token tok;

	if (num_online_cpus() < 2)
		kunit_skip(test, "needs two CPUs");
	KUNIT_ASSERT_EQ(test, bound_enter(ctx->gate, &tok), 0);
	bound_sleeper_add_fn(&tok, &s.sleeper, stopping_wake);
	ctx->closer = test_thread_start(test, "closer", test_gate_closer, ctx->gate);
	await(ctx, 1);
	atomic_set_release(&ctx->step, 2);
	bound_sleeper_del(&s.sleeper);
	KUNIT_EXPECT_TRUE(test, READ_ONCE(ctx->woken));
	bound_exit(&tok);
	test_thread_join(test, ctx->closer);
}

static struct kunit_case order_cases[] = {
	KUNIT_CASE(closed_just_before_the_section),
	KUNIT_CASE(closed_just_after_the_section_began),
	KUNIT_CASE(revoked_while_closing_waits),
	KUNIT_CASE(new_while_closing_waits),
	KUNIT_CASE(readers_below_are_told_at_once),
	KUNIT_CASE(closing_waits_for_all_levels),
	KUNIT_CASE(revoked_while_mapping),
	KUNIT_CASE(sleeper_leaves_while_it_is_woken),
	{ }
};

struct kunit_suite bound_order_suite = {
	.name = "bound_order",
	.init = order_init,
	.test_cases = order_cases,
};
