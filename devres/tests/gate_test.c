// SPDX-License-Identifier: GPL-2.0
/*
 * bound_gate_test: entering, leaving, closing; sleepers; reports about stuck readers.
 */

#include <bound/bound_gate.h>
#include <bound/bound_sleeper.h>
#include <kunit/device.h>
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/seq_buf.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "../bound_internal.h"
#include "test_gate.h"
#include "test_suites.h"
#include "test_thread.h"

/* more than bound_reader.c has slots */
#define MANY_READERS 70
#define REPORT_MS 20

struct gate_ctx {
	struct device *dev;
	/* a reference, so that a test may look at it when the device has gone */
	struct bound_gate *gate;
	/* for the sleepers */
	wait_queue_head_t wq;
	bool cond;
};

static int gate_init(struct kunit *test)
{
	struct gate_ctx *ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);
	struct bound_gate *gate;

	KUNIT_ASSERT_NOT_NULL(test, ctx);
	init_waitqueue_head(&ctx->wq);
	ctx->dev = kunit_device_register(test, "gate");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, ctx->dev);
	gate = bound_gate_create(ctx->dev, NULL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, gate);
	ctx->gate = bound_gate_get(gate);
	test->priv = ctx;
	return 0;
}

static void gate_exit(struct kunit *test)
{
	struct gate_ctx *ctx = test->priv;

	if (ctx)
		bound_gate_put(ctx->gate);
}

static int unbinder_fn(struct test_thread *thread)
{
	device_release_driver(thread->arg);
	return 0;
}

static void create_refuses_bad_parameters(struct kunit *test)
{
	struct gate_ctx *ctx = test->priv;
	struct device *other = kunit_device_register(test, "other");

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, other);
	KUNIT_EXPECT_PTR_EQ(test, bound_gate_create(NULL, NULL), ERR_PTR(-EINVAL));
	/* neither above the other */
	KUNIT_EXPECT_PTR_EQ(test, bound_gate_create(other, ctx->gate), ERR_PTR(-EINVAL));
	/* not above itself */
	KUNIT_EXPECT_PTR_EQ(test, bound_gate_create(ctx->dev, ctx->gate), ERR_PTR(-EINVAL));
}

static void enter_and_exit(struct kunit *test)
{
	struct gate_ctx *ctx = test->priv;
	struct bound_token tok;

	KUNIT_EXPECT_PTR_EQ(test, bound_gate_dev(ctx->gate), ctx->dev);
	KUNIT_EXPECT_FALSE(test, bound_gate_closed(ctx->gate));
	KUNIT_ASSERT_EQ(test, bound_enter(ctx->gate, &tok), 0);
	KUNIT_EXPECT_TRUE(test, bound_ok(&tok));
	KUNIT_EXPECT_FALSE(test, bound_closing(&tok));
	bound_exit(&tok);
	KUNIT_EXPECT_FALSE(test, bound_ok(&tok));
	/* a second exit does nothing: the gate still closes, and isn't unbalanced */
	bound_exit(&tok);
	bound_gate_close(ctx->gate);
}

static void sections_nest(struct kunit *test)
{
	struct gate_ctx *ctx = test->priv;
	struct test_thread *closer;
	struct bound_token a, b;

	KUNIT_ASSERT_EQ(test, bound_enter(ctx->gate, &a), 0);
	KUNIT_ASSERT_EQ(test, bound_enter(ctx->gate, &b), 0);
	bound_exit(&b);
	KUNIT_EXPECT_TRUE(test, bound_ok(&a));
	/* the outer one alone holds up the closing */
	closer = test_thread_start(test, "closer", test_gate_closer, ctx->gate);
	test_gate_wait_closed(test, ctx->gate);
	KUNIT_EXPECT_TRUE(test, test_thread_is_blocked(closer));
	KUNIT_EXPECT_TRUE(test, bound_closing(&a));
	bound_exit(&a);
	test_thread_join(test, closer);
}

static void closed_gate_refuses(struct kunit *test)
{
	struct gate_ctx *ctx = test->priv;
	struct bound_token tok;

	bound_gate_close(ctx->gate);
	KUNIT_EXPECT_TRUE(test, bound_gate_closed(ctx->gate));
	KUNIT_EXPECT_EQ(test, bound_enter(ctx->gate, &tok), -ENODEV);
	KUNIT_EXPECT_FALSE(test, bound_ok(&tok));
	bound_exit(&tok);
	/* again: waits for nothing */
	bound_gate_close(ctx->gate);
}

static int acquire(struct bound_gate *gate)
{
	int ret;

	ACQUIRE(bound, tok)(gate);
	ret = ACQUIRE_ERR(bound, &tok);
	if (ret)
		return ret;
	return bound_ok(&tok) ? 1 : -EIO;
}

static int scoped(struct bound_gate *gate)
{
	scoped_cond_guard(bound, return -ENODEV, gate) {
		if (!bound_ok(&scope))
			return -EIO;
		/* out of the middle of the scope */
		return 2;
	}
	return -EIO;
}

static int scoped_to_the_end(struct bound_gate *gate)
{
	int ran = 0;

	scoped_cond_guard(bound, return -ENODEV, gate)
		ran++;
	return ran;
}

static void scopes_enter_and_exit(struct kunit *test)
{
	struct gate_ctx *ctx = test->priv;

	KUNIT_EXPECT_EQ(test, acquire(ctx->gate), 1);
	KUNIT_EXPECT_EQ(test, scoped(ctx->gate), 2);
	KUNIT_EXPECT_EQ(test, scoped_to_the_end(ctx->gate), 1);
	/* would block for ever if a scope had not been left */
	bound_gate_close(ctx->gate);
	KUNIT_EXPECT_EQ(test, acquire(ctx->gate), -ENODEV);
	KUNIT_EXPECT_EQ(test, scoped(ctx->gate), -ENODEV);
	KUNIT_EXPECT_EQ(test, scoped_to_the_end(ctx->gate), -ENODEV);
}

static void closing_waits_for_readers(struct kunit *test)
{
	struct gate_ctx *ctx = test->priv;
	struct test_thread *reader = test_thread_start(test, "reader", test_gate_reader, ctx->gate);
	struct test_thread *closer, *second;

	test_thread_wait_arrived(test, reader);
	closer = test_thread_start(test, "closer", test_gate_closer, ctx->gate);
	test_gate_wait_closed(test, ctx->gate);
	second = test_thread_start(test, "second", test_gate_closer, ctx->gate);
	/* whoever closes waits, not just the first */
	KUNIT_EXPECT_TRUE(test, test_thread_is_blocked(closer));
	KUNIT_EXPECT_TRUE(test, test_thread_is_blocked(second));
	test_thread_let_go(reader);
	/* the nested section was refused while the outer one went on */
	KUNIT_EXPECT_EQ(test, test_thread_join(test, reader), -ENODEV);
	test_thread_join(test, closer);
	test_thread_join(test, second);
}

static void closing_ignores_other_gates(struct kunit *test)
{
	struct gate_ctx *ctx = test->priv;
	struct device *other = kunit_device_register(test, "other");
	struct test_thread *reader;
	struct bound_gate *gate;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, other);
	gate = bound_gate_create(other, NULL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, gate);
	reader = test_thread_start(test, "reader", test_gate_reader, gate);
	test_thread_wait_arrived(test, reader);
	/* returns, with the other gate's reader still inside */
	bound_gate_close(ctx->gate);
	KUNIT_EXPECT_TRUE(test, test_thread_is_blocked(reader));
	test_thread_let_go(reader);
	KUNIT_EXPECT_EQ(test, test_thread_join(test, reader), 0);
}

static void unbind_waits_and_rebind_opens(struct kunit *test)
{
	struct gate_ctx *ctx = test->priv;
	struct test_thread *reader = test_thread_start(test, "reader", test_gate_reader, ctx->gate);
	struct test_thread *unbinder;
	struct bound_token tok;
	struct bound_gate *gate;

	test_thread_wait_arrived(test, reader);
	unbinder = test_thread_start(test, "unbinder", unbinder_fn, ctx->dev);
	test_gate_wait_closed(test, ctx->gate);
	KUNIT_EXPECT_TRUE(test, test_thread_is_blocked(unbinder));
	test_thread_let_go(reader);
	test_thread_join(test, unbinder);
	KUNIT_EXPECT_NULL(test, ctx->dev->driver);

	KUNIT_ASSERT_EQ(test, device_attach(ctx->dev), 1);
	gate = bound_gate_create(ctx->dev, NULL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, gate);
	KUNIT_EXPECT_PTR_NE(test, gate, ctx->gate);
	KUNIT_EXPECT_EQ(test, bound_enter(gate, &tok), 0);
	bound_exit(&tok);
	KUNIT_EXPECT_EQ(test, bound_enter(ctx->gate, &tok), -ENODEV);
}

static void gate_outlives_its_device(struct kunit *test)
{
	struct gate_ctx *ctx = test->priv;
	struct bound_token tok;

	kunit_device_unregister(test, ctx->dev);
	KUNIT_EXPECT_EQ(test, bound_enter(ctx->gate, &tok), -ENODEV);
	/* held by the gate: KASAN would say if it were gone */
	KUNIT_EXPECT_PTR_EQ(test, bound_gate_dev(ctx->gate), ctx->dev);
	KUNIT_EXPECT_TRUE(test, strstr(dev_name(bound_gate_dev(ctx->gate)), "gate"));
	bound_gate_close(ctx->gate);
	bound_gate_put(bound_gate_get(ctx->gate));
	bound_gate_put(NULL);
}

static int sleeper_fn(struct test_thread *thread)
{
	struct gate_ctx *ctx = thread->arg;
	struct bound_token tok;
	long ret;

	if (bound_enter(ctx->gate, &tok))
		return -EIO;
	complete(&thread->arrived);
	ret = bound_wait_event_interruptible_timeout(&tok, ctx->wq, READ_ONCE(ctx->cond),
						     MAX_SCHEDULE_TIMEOUT);
	bound_exit(&tok);
	return ret > 0 ? 1 : ret;
}

static void closing_wakes_sleepers(struct kunit *test)
{
	struct gate_ctx *ctx = test->priv;
	struct test_thread *sleeper = test_thread_start(test, "sleeper", sleeper_fn, ctx);

	test_thread_wait_arrived(test, sleeper);
	KUNIT_EXPECT_TRUE(test, test_thread_is_blocked(sleeper));
	/* returns although nobody makes the condition true */
	bound_gate_close(ctx->gate);
	KUNIT_EXPECT_EQ(test, test_thread_join(test, sleeper), -ENODEV);
}

static void sleepers_see_their_event(struct kunit *test)
{
	struct gate_ctx *ctx = test->priv;
	struct test_thread *sleeper = test_thread_start(test, "sleeper", sleeper_fn, ctx);

	test_thread_wait_arrived(test, sleeper);
	WRITE_ONCE(ctx->cond, true);
	wake_up_all(&ctx->wq);
	KUNIT_EXPECT_EQ(test, test_thread_join(test, sleeper), 1);
	/* nothing is left on the gate's list */
	KUNIT_EXPECT_TRUE(test, list_empty(&ctx->gate->sleepers));
}

static void waits_end_by_themselves(struct kunit *test)
{
	struct gate_ctx *ctx = test->priv;
	struct test_thread *closer;
	struct bound_token tok;

	KUNIT_ASSERT_EQ(test, bound_enter(ctx->gate, &tok), 0);
	KUNIT_EXPECT_EQ(test, bound_wait_event_timeout(&tok, ctx->wq, false, 2), 0);
	KUNIT_EXPECT_EQ(test, bound_wait_event_interruptible_timeout(&tok, ctx->wq, false, 2), 0);
	KUNIT_EXPECT_GE(test, bound_wait_event_timeout(&tok, ctx->wq, true, 2), 1);

	closer = test_thread_start(test, "closer", test_gate_closer, ctx->gate);
	test_gate_wait_closed(test, ctx->gate);
	/* registered too late to be woken, and yet it ends; what has happened counts more */
	KUNIT_EXPECT_EQ(test, bound_wait_event_timeout(&tok, ctx->wq, false, HZ * 60), -ENODEV);
	KUNIT_EXPECT_GE(test, bound_wait_event_timeout(&tok, ctx->wq, true, HZ), 1);
	bound_exit(&tok);
	test_thread_join(test, closer);
}

struct completion_sleeper {
	struct bound_sleeper sleeper;
	struct completion event;
};

static void completion_sleeper_wake(struct bound_sleeper *sleeper)
{
	complete(&container_of(sleeper, struct completion_sleeper, sleeper)->event);
}

static int completion_sleeper_fn(struct test_thread *thread)
{
	struct gate_ctx *ctx = thread->arg;
	struct completion_sleeper s;
	struct bound_token tok;
	int ret;

	if (bound_enter(ctx->gate, &tok))
		return -EIO;
	init_completion(&s.event);
	bound_sleeper_add_fn(&tok, &s.sleeper, completion_sleeper_wake);
	complete(&thread->arrived);
	wait_for_completion(&s.event);
	ret = bound_closing(&tok) ? 1 : 0;
	bound_sleeper_del(&s.sleeper);
	bound_exit(&tok);
	return ret;
}

static void closing_calls_wake_functions(struct kunit *test)
{
	struct gate_ctx *ctx = test->priv;
	struct test_thread *sleeper;

	sleeper = test_thread_start(test, "sleeper", completion_sleeper_fn, ctx);
	test_thread_wait_arrived(test, sleeper);
	KUNIT_EXPECT_TRUE(test, test_thread_is_blocked(sleeper));
	bound_gate_close(ctx->gate);
	KUNIT_EXPECT_EQ(test, test_thread_join(test, sleeper), 1);
}

static const char *describe(struct kunit *test, struct bound_gate *gate)
{
	char *text = kunit_kzalloc(test, 4096, GFP_KERNEL);
	struct seq_buf out;

	KUNIT_ASSERT_NOT_NULL(test, text);
	seq_buf_init(&out, text, 4096);
	bound_reader_describe(gate, &out);
	return seq_buf_str(&out);
}

static void report_names_the_reader(struct kunit *test)
{
	struct gate_ctx *ctx = test->priv;
	struct test_thread *reader;
	char ip[64];

	if (!ctx->gate->readers) {
		KUNIT_EXPECT_NOT_NULL(test, strstr(describe(test, ctx->gate), "unknown"));
		kunit_skip(test, "readers aren't tracked on this kernel");
	}
	KUNIT_EXPECT_STREQ(test, describe(test, ctx->gate), "");
	reader = test_thread_start(test, "culprit", test_gate_reader, ctx->gate);
	test_thread_wait_arrived(test, reader);
	scnprintf(ip, sizeof(ip), "culprit:%d entered at test_gate_reader+",
		  task_pid_nr(reader->task));
	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(describe(test, ctx->gate), ip), "%s",
				  describe(test, ctx->gate));
	test_thread_let_go(reader);
	test_thread_join(test, reader);
	KUNIT_EXPECT_STREQ(test, describe(test, ctx->gate), "");
}

/* Not remembering them is the default where speed matters. */
static void readers_need_no_slots(struct kunit *test)
{
	struct gate_ctx *ctx = test->priv;
	struct bound_reader *readers = ctx->gate->readers;
	struct bound_token tok;

	ctx->gate->readers = NULL;
	KUNIT_EXPECT_EQ(test, bound_enter(ctx->gate, &tok), 0);
	KUNIT_EXPECT_NULL(test, tok.reader);
	KUNIT_EXPECT_NOT_NULL(test, strstr(describe(test, ctx->gate), "unknown"));
	bound_exit(&tok);
	bound_gate_close(ctx->gate);
	ctx->gate->readers = readers;
}

static void readers_without_slot_are_counted(struct kunit *test)
{
	struct gate_ctx *ctx = test->priv;
	struct bound_reader **readers;
	int i;

	if (!ctx->gate->readers)
		kunit_skip(test, "readers aren't tracked on this kernel");
	readers = kunit_kcalloc(test, MANY_READERS, sizeof(*readers), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, readers);
	/* not by bound_enter(): one task can't hold that many sections under lockdep */
	for (i = 0; i < MANY_READERS; i++)
		readers[i] = __bound_reader_add(ctx->gate, _THIS_IP_);
	KUNIT_EXPECT_NOT_NULL(test, readers[0]);
	KUNIT_EXPECT_NULL(test, readers[MANY_READERS - 1]);
	KUNIT_EXPECT_EQ(test, atomic_read(&ctx->gate->untracked), MANY_READERS - 64);
	KUNIT_EXPECT_NOT_NULL(test, strstr(describe(test, ctx->gate), "found no slot"));
	for (i = 0; i < MANY_READERS; i++)
		if (readers[i])
			__bound_reader_del(ctx->gate, readers[i]);
	/* all slots are free again */
	KUNIT_EXPECT_NULL(test, strstr(describe(test, ctx->gate), "entered at"));
}

static void closing_complains_and_waits_on(struct kunit *test)
{
	struct gate_ctx *ctx = test->priv;
	unsigned int report_ms = bound_report_ms;
	struct test_thread *reader, *closer;
	int tries;

	reader = test_thread_start(test, "culprit", test_gate_reader, ctx->gate);
	test_thread_wait_arrived(test, reader);
	WRITE_ONCE(bound_report_ms, REPORT_MS);
	closer = test_thread_start(test, "closer", test_gate_closer, ctx->gate);
	for (tries = 0; tries < 1000 && atomic_read(&ctx->gate->reports) < 2; tries++)
		msleep(REPORT_MS);
	WRITE_ONCE(bound_report_ms, report_ms);
	KUNIT_EXPECT_GE(test, atomic_read(&ctx->gate->reports), 2);
	KUNIT_EXPECT_TRUE(test, test_thread_is_blocked(closer));
	test_thread_let_go(reader);
	test_thread_join(test, closer);
}

static void quick_closing_does_not_complain(struct kunit *test)
{
	struct gate_ctx *ctx = test->priv;

	bound_gate_close(ctx->gate);
	KUNIT_EXPECT_EQ(test, atomic_read(&ctx->gate->reports), 0);
}

static struct kunit_case gate_cases[] = {
	KUNIT_CASE(create_refuses_bad_parameters),
	KUNIT_CASE(enter_and_exit),
	KUNIT_CASE(sections_nest),
	KUNIT_CASE(closed_gate_refuses),
	KUNIT_CASE(scopes_enter_and_exit),
	KUNIT_CASE(closing_waits_for_readers),
	KUNIT_CASE(closing_ignores_other_gates),
	KUNIT_CASE(unbind_waits_and_rebind_opens),
	KUNIT_CASE(gate_outlives_its_device),
	KUNIT_CASE(closing_wakes_sleepers),
	KUNIT_CASE(sleepers_see_their_event),
	KUNIT_CASE(waits_end_by_themselves),
	KUNIT_CASE(closing_calls_wake_functions),
	KUNIT_CASE(report_names_the_reader),
	KUNIT_CASE(readers_need_no_slots),
	KUNIT_CASE(readers_without_slot_are_counted),
	KUNIT_CASE(closing_complains_and_waits_on),
	KUNIT_CASE(quick_closing_does_not_complain),
	{ }
};

struct kunit_suite bound_gate_suite = {
	.name = "bound_gate",
	.init = gate_init,
	.exit = gate_exit,
	.test_cases = gate_cases,
};
