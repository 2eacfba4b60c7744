// SPDX-License-Identifier: GPL-2.0
/*
 * bound_reader_test: what the log says of readers that hold up closing.
 */

#include <bound/bound_gate.h>
#include <bound/bound_sleeper.h>
#include <kunit/device.h>
#include <kunit/test.h>
#include <linux/atomic.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/kmsg_dump.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/wait.h>

#include "../bound_internal.h"
#include "test_gate.h"
#include "test_suites.h"
#include "test_thread.h"

#define REPORT_MS 20
/* so late that only closing that isn't going to end is reported */
#define LATE_REPORT_MS 30000
/* past the join of whoever closes: a test that fails still ends */
#define SLEEP_TIMEOUT (90 * HZ)
#define LINE_BYTES 1024

struct reader_ctx {
	struct device *dev;
	/* borrowed from @dev */
	struct bound_gate *gate;
	/* the kernel's log from here on is the test's */
	struct kmsg_dump_iter log;
	char line[LINE_BYTES];
	/* for the sleepers */
	wait_queue_head_t wq;
	/* the parameter, to be put back */
	unsigned int report_ms;
};

/* The next line of the log, which @iter goes past; NULL at the end. */
static const char *next_line(struct reader_ctx *ctx, struct kmsg_dump_iter *iter)
{
	size_t len;

	if (!kmsg_dump_get_line(iter, false, ctx->line, sizeof(ctx->line) - 1, &len))
		return NULL;
	ctx->line[len] = '\0';
	return ctx->line;
}

/* Whether the test has made a line with both texts. */
static bool log_has(struct reader_ctx *ctx, const char *text, const char *other)
{
	struct kmsg_dump_iter iter = ctx->log;
	const char *line;

	while ((line = next_line(ctx, &iter)))
		if (strstr(line, text) && strstr(line, other))
			return true;
	return false;
}

static void expect_log(struct kunit *test, const char *text, const char *other)
{
	struct reader_ctx *ctx = test->priv;

	KUNIT_EXPECT_TRUE_MSG(test, log_has(ctx, text, other), "not in the log: %s … %s",
			      text, other);
}

/* Until another report is complete, with its stacks: the one after it has begun. */
static void wait_for_report(struct kunit *test, struct bound_gate *gate)
{
	int tries, seen = atomic_read(&gate->reports) + 1;

	for (tries = 0; tries < 1000 && atomic_read(&gate->reports) <= seen; tries++)
		msleep(REPORT_MS);
	KUNIT_ASSERT_GT(test, atomic_read(&gate->reports), seen);
}

static int reader_init(struct kunit *test)
{
	struct reader_ctx *ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, ctx);
	init_waitqueue_head(&ctx->wq);
	ctx->dev = kunit_device_register(test, "stuck-parent");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, ctx->dev);
	ctx->gate = bound_gate_create(ctx->dev, NULL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, ctx->gate);
	kmsg_dump_rewind(&ctx->log);
	while (next_line(ctx, &ctx->log))
		;
	ctx->report_ms = bound_report_ms;
	WRITE_ONCE(bound_report_ms, REPORT_MS);
	test->priv = ctx;
	return 0;
}

static void reader_exit(struct kunit *test)
{
	struct reader_ctx *ctx = test->priv;

	if (ctx)
		WRITE_ONCE(bound_report_ms, ctx->report_ms);
}

static bool task_is_sleeping(struct task_struct *task)
{
	return READ_ONCE(task->__state) & TASK_UNINTERRUPTIBLE;
}

static struct test_thread *start_reader(struct kunit *test, const char *name,
					struct bound_gate *gate)
{
	struct test_thread *reader = test_thread_start(test, name, test_gate_reader, gate);
	int tries;

	test_thread_wait_arrived(test, reader);
	/* It has said so, and is about to sleep. */
	for (tries = 0; tries < 1000 && !task_is_sleeping(reader->task); tries++)
		msleep(20);
	return reader;
}

static void needs_tracking(struct kunit *test, struct bound_gate *gate)
{
	if (gate->readers)
		return;
	expect_log(test, "closing has waited", "readers unknown");
	kunit_skip(test, "readers aren't tracked on this kernel");
}

/* What the log has to say of a reader: who, where it entered, and what it does. */
static void expect_named(struct kunit *test, const struct test_thread *reader)
{
	char who[64], stack[64];

	scnprintf(who, sizeof(who), "%s:%d entered at test_gate_reader+", reader->task->comm,
		  task_pid_nr(reader->task));
	expect_log(test, "closing has waited", who);
	/* It sleeps where nobody wakes it. */
	scnprintf(stack, sizeof(stack), "task:%-15.15s state:D", reader->task->comm);
	expect_log(test, stack, "");
	expect_log(test, "test_thread_main+", "");
}

static void unregistered_sleeper_is_named(struct kunit *test)
{
	struct reader_ctx *ctx = test->priv;
	struct test_thread *reader = start_reader(test, "culprit", ctx->gate), *closer;

	closer = test_thread_start(test, "closer", test_gate_closer, ctx->gate);
	wait_for_report(test, ctx->gate);
	needs_tracking(test, ctx->gate);
	expect_named(test, reader);
	expect_log(test, ".stuck-parent:", "closing has waited");
	/* said, and waited on */
	KUNIT_EXPECT_TRUE(test, test_thread_is_blocked(closer));
	test_thread_let_go(reader);
	test_thread_join(test, closer);
}

static void drop_child(void *data)
{
	bound_gate_revoke(data);
	bound_gate_put(data);
}

static void reader_of_a_child_is_named_for_it(struct kunit *test)
{
	struct reader_ctx *ctx = test->priv;
	struct device *dev = kunit_device_register(test, "stuck-child");
	struct test_thread *reader, *closer;
	struct bound_gate *child;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dev);
	child = bound_gate_alloc(dev, ctx->gate);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, child);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, drop_child, child), 0);
	reader = start_reader(test, "below", child);
	closer = test_thread_start(test, "closer", test_gate_closer, ctx->gate);
	wait_for_report(test, child);
	needs_tracking(test, child);
	expect_named(test, reader);
	expect_log(test, ".stuck-child:", "closing has waited");
	KUNIT_EXPECT_GE(test, atomic_read(&child->reports), 1);
	/* which has no reader of its own */
	KUNIT_EXPECT_EQ(test, atomic_read(&ctx->gate->reports), 0);
	KUNIT_EXPECT_FALSE(test, log_has(ctx, ".stuck-parent:", "closing has waited"));
	test_thread_let_go(reader);
	test_thread_join(test, closer);
}

static void several_readers_are_named(struct kunit *test)
{
	static const char *const names[] = { "first", "second", "third" };
	struct reader_ctx *ctx = test->priv;
	struct test_thread *readers[ARRAY_SIZE(names)], *closer;
	int i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		readers[i] = start_reader(test, names[i], ctx->gate);
	closer = test_thread_start(test, "closer", test_gate_closer, ctx->gate);
	wait_for_report(test, ctx->gate);
	needs_tracking(test, ctx->gate);
	for (i = 0; i < ARRAY_SIZE(names); i++)
		expect_named(test, readers[i]);
	/* in one report */
	KUNIT_EXPECT_TRUE(test, log_has(ctx, "first:", "third:"));
	/* one that has left isn't blamed any more */
	test_thread_let_go(readers[0]);
	test_thread_join(test, readers[0]);
	wait_for_report(test, ctx->gate);
	while (next_line(ctx, &ctx->log))
		;
	wait_for_report(test, ctx->gate);
	expect_log(test, "closing has waited", "third:");
	KUNIT_EXPECT_FALSE(test, log_has(ctx, "closing has waited", "first:"));
	for (i = 1; i < ARRAY_SIZE(names); i++)
		test_thread_let_go(readers[i]);
	test_thread_join(test, closer);
}

static int sleeper_fn(struct test_thread *thread)
{
	struct reader_ctx *ctx = thread->arg;
	struct bound_token tok;
	long ret;

	if (bound_enter(ctx->gate, &tok))
		return -EIO;
	complete(&thread->arrived);
	ret = bound_wait_event_timeout(&tok, ctx->wq, false, SLEEP_TIMEOUT);
	bound_exit(&tok);
	return ret;
}

static void registered_sleepers_are_not_reported(struct kunit *test)
{
	struct reader_ctx *ctx = test->priv;
	struct test_thread *sleepers[3], *closer;
	int i;

	WRITE_ONCE(bound_report_ms, LATE_REPORT_MS);
	for (i = 0; i < ARRAY_SIZE(sleepers); i++) {
		sleepers[i] = test_thread_start(test, "sleeper", sleeper_fn, ctx);
		test_thread_wait_arrived(test, sleepers[i]);
	}
	KUNIT_EXPECT_TRUE(test, test_thread_is_blocked(sleepers[0]));
	closer = test_thread_start(test, "closer", test_gate_closer, ctx->gate);
	test_thread_join(test, closer);
	for (i = 0; i < ARRAY_SIZE(sleepers); i++)
		KUNIT_EXPECT_EQ(test, test_thread_join(test, sleepers[i]), -ENODEV);
	KUNIT_EXPECT_EQ(test, atomic_read(&ctx->gate->reports), 0);
	KUNIT_EXPECT_FALSE(test, log_has(ctx, ".stuck-parent:", "closing has waited"));
}

static struct kunit_case reader_cases[] = {
	KUNIT_CASE(unregistered_sleeper_is_named),
	KUNIT_CASE(reader_of_a_child_is_named_for_it),
	KUNIT_CASE(several_readers_are_named),
	KUNIT_CASE(registered_sleepers_are_not_reported),
	{ }
};

struct kunit_suite bound_reader_suite = {
	.name = "bound_reader",
	.init = reader_init,
	.exit = reader_exit,
	.test_cases = reader_cases,
};
