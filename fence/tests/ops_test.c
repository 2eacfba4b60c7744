// SPDX-License-Identifier: GPL-2.0
/*
 * The issuer's functions: enable_signaling, signaled, set_deadline, finish.
 */

#include <linux/completion.h>
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/workqueue.h>

#include <compat.h>

#include "util.h"

/* An issuer's struct, with what its functions were asked and answer. */
struct issued {
	struct dfence f;
	int enable_answer;
	int enable_calls;
	bool done;
	int signaled_calls;
	ktime_t deadline;
	struct finish_log *log;
};

/* Outlives the fences that write to it. */
struct finish_log {
	int calls;
	bool in_task;
	u64 seqno;
	struct completion *gate;
	/* RCU's state when the fence was signalled, and was a grace period over since? */
	unsigned long rcu_state;
	bool grace_period_over;
};

static int issued_enable(struct dfence *f)
{
	struct issued *issued = container_of(f, struct issued, f);

	issued->enable_calls++;
	return issued->enable_answer;
}

static bool issued_signaled(struct dfence *f)
{
	struct issued *issued = container_of(f, struct issued, f);

	issued->signaled_calls++;
	return issued->done;
}

static void issued_deadline(struct dfence *f, ktime_t deadline)
{
	container_of(f, struct issued, f)->deadline = deadline;
}

static void issued_finish(struct dfence *f)
{
	struct issued *issued = container_of(f, struct issued, f);
	struct finish_log *log = issued->log;

	if (log->gate)
		wait_for_completion(log->gate);
	might_sleep();
	log->in_task = in_task() && !irqs_disabled();
	log->seqno = f->base.seqno;
	log->grace_period_over = poll_state_synchronize_rcu(log->rcu_state);
	WRITE_ONCE(log->calls, log->calls + 1);
}

static const struct dfence_ops enable_ops = { .enable_signaling = issued_enable };
static const struct dfence_ops signaled_ops = { .signaled = issued_signaled };
static const struct dfence_ops deadline_ops = { .set_deadline = issued_deadline };
static const struct dfence_ops finish_ops = { .finish = issued_finish };
static const struct dfence_ops all_ops = {
	.enable_signaling = issued_enable,
	.signaled = issued_signaled,
	.set_deadline = issued_deadline,
	.finish = issued_finish,
};

static struct issued *issue(struct kunit *test, const struct dfence_ops *ops)
{
	struct dfence_test *t = test->priv;
	struct issued *issued;

	issued = dfence_alloc_type(t->ctx, ops, struct issued, f, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, issued);
	dfence_arm(&issued->f);
	return issued;
}

struct enable_case {
	const char *name;
	int answer;
	int status;
};

static const struct enable_case enable_cases[] = {
	{ "will be signalled", 0, 0 },
	{ "done already", 1, 1 },
	{ "failed already", -EIO, -EIO },
};

KUNIT_ARRAY_PARAM_DESC(enable, enable_cases, name);

/* Asked once; an answer that ends the fence is no foreign signal. */
static void enable_signaling(struct kunit *test)
{
	const struct enable_case *c = test->param_value;
	struct issued *issued = issue(test, &enable_ops);
	unsigned int before = dfence_test_reports();
	struct dma_fence *fence = dma_fence_get(&issued->f.base);

	issued->enable_answer = c->answer;
	KUNIT_EXPECT_EQ(test, dma_fence_get_status(fence), 0);
	KUNIT_EXPECT_EQ(test, issued->enable_calls, 0);
	dma_fence_enable_signaling(fence);
	dma_fence_enable_signaling(fence);
	KUNIT_EXPECT_EQ(test, issued->enable_calls, 1);
	KUNIT_EXPECT_EQ(test, dma_fence_get_status(fence), c->status);

	dfence_signal(&issued->f, -ETIME);
	KUNIT_EXPECT_EQ(test, dma_fence_get_status(fence), c->status ?: -ETIME);
	KUNIT_EXPECT_EQ(test, kref_read(&fence->refcount), 1);
	KUNIT_EXPECT_EQ(test, dfence_test_reports(), before);
	dma_fence_put(fence);
}

static void wild_answer_is_reported(struct kunit *test)
{
	struct issued *issued = issue(test, &enable_ops);
	struct dma_fence *fence = dma_fence_get(&issued->f.base);

	issued->enable_answer = -MAX_ERRNO - 1;
	DFENCE_EXPECT_REPORT(test, "is neither 0 nor a negative errno",
			     dma_fence_enable_signaling(fence));
	KUNIT_EXPECT_EQ(test, dma_fence_get_status(fence), -EINVAL);
	dfence_signal(&issued->f, 0);
	dma_fence_put(fence);
}

/* A consumer that peeks may find the fence done before the issuer says so. */
static void signaled(struct kunit *test)
{
	struct issued *issued = issue(test, &signaled_ops);
	unsigned int before = dfence_test_reports();
	struct dma_fence *fence = dma_fence_get(&issued->f.base);

	KUNIT_EXPECT_FALSE(test, dma_fence_is_signaled(fence));
	issued->done = true;
	KUNIT_EXPECT_TRUE(test, dma_fence_is_signaled(fence));
	KUNIT_EXPECT_EQ(test, issued->signaled_calls, 2);
	KUNIT_EXPECT_EQ(test, dma_fence_get_status(fence), 1);

	dfence_signal(&issued->f, 0);
	KUNIT_EXPECT_EQ(test, kref_read(&fence->refcount), 1);
	KUNIT_EXPECT_EQ(test, dfence_test_reports(), before);
	dma_fence_put(fence);
}

static void set_deadline(struct kunit *test)
{
	struct issued *issued = issue(test, &deadline_ops);
	struct dfence *f = dfence_get(&issued->f);

	dma_fence_set_deadline(&f->base, 1234);
	KUNIT_EXPECT_EQ(test, issued->deadline, 1234);
	dfence_signal(f, 0);
	dma_fence_set_deadline(&f->base, 5678);
	KUNIT_EXPECT_EQ(test, issued->deadline, 1234);
	dfence_put(f);
}

/* A table with one function answers for the missing ones like no table at all. */
static void missing_functions(struct kunit *test)
{
	struct issued *issued = issue(test, &deadline_ops);
	struct dma_fence *fence = dma_fence_get(&issued->f.base);

	dma_fence_enable_signaling(fence);
	KUNIT_EXPECT_FALSE(test, dma_fence_is_signaled(fence));
	dfence_signal(&issued->f, 0);
	dma_fence_put(fence);

	issued = issue(test, &enable_ops);
	fence = dma_fence_get(&issued->f.base);
	dma_fence_set_deadline(fence, 1);
	KUNIT_EXPECT_FALSE(test, dma_fence_is_signaled(fence));
	dfence_signal(&issued->f, 0);
	dma_fence_put(fence);
}

/* After the signal none of the functions is reached any more. */
static void functions_end_with_signal(struct kunit *test)
{
	struct finish_log log = {};
	struct dfence_test *t = test->priv;
	struct issued *issued = issue(test, &all_ops);
	struct dfence *f = dfence_get(&issued->f);

	issued->log = &log;
	dfence_signal(f, 0);
	dma_fence_enable_signaling(&f->base);
	dma_fence_set_deadline(&f->base, 1);
	KUNIT_EXPECT_TRUE(test, dma_fence_is_signaled(&f->base));
	KUNIT_EXPECT_EQ(test, issued->enable_calls, 0);
	KUNIT_EXPECT_EQ(test, issued->signaled_calls, 0);
	KUNIT_EXPECT_EQ(test, issued->deadline, 0);
	dfence_ctx_synchronize(t->ctx);
	KUNIT_EXPECT_EQ(test, log.calls, 1);
	dfence_put(f);
}

static void signal_ok(void *arg)
{
	dfence_signal(arg, 0);
}

/* finish: once, later, in process context, also if the signal came in a hard IRQ. */
static void finish_runs_in_process_context(struct kunit *test)
{
	struct finish_log log = {};
	struct dfence_test *t = test->priv;
	struct issued *issued = issue(test, &finish_ops);

	issued->log = &log;
	dfence_test_hardirq(test, signal_ok, &issued->f);
	dfence_ctx_synchronize(t->ctx);
	KUNIT_EXPECT_EQ(test, log.calls, 1);
	KUNIT_EXPECT_EQ(test, log.seqno, 1);
	KUNIT_EXPECT_TRUE(test, log.in_task);
}

/* The grace period: a reader that could see the issuer's data holds finish up. */
static void finish_waits_for_readers(struct kunit *test)
{
	struct finish_log log = {};
	struct dfence_test *t = test->priv;
	struct issued *issued = issue(test, &finish_ops);

	issued->log = &log;
	scoped_guard(rcu) {
		log.rcu_state = get_state_synchronize_rcu();
		dfence_signal(&issued->f, 0);
		KUNIT_EXPECT_EQ(test, READ_ONCE(log.calls), 0);
	}
	dfence_ctx_synchronize(t->ctx);
	KUNIT_EXPECT_EQ(test, log.calls, 1);
	KUNIT_EXPECT_TRUE(test, log.grace_period_over);
}

struct gate_opener {
	struct delayed_work work;
	struct completion gate;
};

static void open_gate(struct work_struct *work)
{
	struct gate_opener *opener;

	opener = container_of(to_delayed_work(work), struct gate_opener, work);
	complete_all(&opener->gate);
}

/* Closing a timeline waits until finish has returned, however long that takes. */
static void close_waits_for_finish(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct gate_opener opener;
	struct finish_log log = { .gate = &opener.gate };
	struct issued *issued = issue(test, &finish_ops);

	issued->log = &log;
	init_completion(&opener.gate);
	INIT_DELAYED_WORK_ONSTACK(&opener.work, open_gate);
	schedule_delayed_work(&opener.work, msecs_to_jiffies(300));
	dfence_ctx_declare_quiet(t->ctx);
	KUNIT_EXPECT_EQ(test, dfence_ctx_close(t->ctx, -ENODEV), 0);
	KUNIT_EXPECT_TRUE(test, completion_done(&opener.gate));
	KUNIT_EXPECT_EQ(test, log.calls, 1);
	flush_delayed_work(&opener.work);
	destroy_delayed_work_on_stack(&opener.work);
}

/* The data of a fence that was never armed is still its issuer's. */
static void finish_is_for_armed_fences(struct kunit *test)
{
	struct finish_log log = {};
	struct dfence_test *t = test->priv;
	struct issued *issued;

	issued = dfence_alloc_type(t->ctx, &finish_ops, struct issued, f, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, issued);
	issued->log = &log;
	dfence_free(&issued->f);
	dfence_ctx_synchronize(t->ctx);
	KUNIT_EXPECT_EQ(test, log.calls, 0);
}

/* It said that it's done, so what it signals with later on is too late to matter. */
static void early_answer_is_final(struct kunit *test)
{
	struct issued *issued = issue(test, &signaled_ops);
	struct dfence *f = dfence_get(&issued->f);

	issued->done = true;
	KUNIT_EXPECT_TRUE(test, dma_fence_is_signaled(&f->base));
	dfence_signal(f, -EIO);
	KUNIT_EXPECT_EQ(test, dma_fence_get_status(&f->base), 1);
	dfence_put(f);
}

/* A callback that comes when the issuer finds its work done has come too late. */
static void callback_on_finished_work(struct kunit *test)
{
	const struct enable_case *c = test->param_value;
	struct issued *issued = issue(test, &enable_ops);
	struct dfence *f = dfence_get(&issued->f);
	struct completion done;
	struct dfence_cb cb;

	init_completion(&done);
	dfence_cb_init_completion(&cb, &done);
	issued->enable_answer = c->answer;
	KUNIT_EXPECT_EQ(test, dfence_cb_add(&cb, &f->base), c->status ? -ENOENT : 0);
	KUNIT_EXPECT_EQ(test, issued->enable_calls, 1);
	KUNIT_EXPECT_EQ(test, dma_fence_get_status(&f->base), c->status);
	KUNIT_EXPECT_EQ(test, kref_read(&f->base.refcount), c->status ? 2 : 3);
	dfence_signal(f, 0);
	KUNIT_EXPECT_EQ(test, completion_done(&done), !c->status);
	KUNIT_EXPECT_FALSE(test, dfence_cb_remove(&cb));
	dfence_put(f);
}

enum way { WAY_SIGNAL, WAY_TRY, WAY_ADVANCE, WAY_SHUT, WAY_DROP, WAY_FREE };

struct finish_case {
	const char *name;
	enum way way;
	const char *report;
};

static const struct finish_case finish_cases[] = {
	{ "signal", WAY_SIGNAL },
	{ "try_signal", WAY_TRY },
	{ "advance", WAY_ADVANCE },
	{ "shut", WAY_SHUT },
	{ "drop", WAY_DROP, "was dropped unsignalled" },
	{ "free", WAY_FREE, "was freed while armed" },
};

KUNIT_ARRAY_PARAM_DESC(finish, finish_cases, name);

static void end_by(struct kunit *test, struct dfence *f, enum way way)
{
	struct dfence_test *t = test->priv;

	switch (way) {
	case WAY_SIGNAL:
		dfence_signal(f, -EIO);
		break;
	case WAY_TRY:
		KUNIT_EXPECT_TRUE(test, dfence_try_signal(f, -EIO));
		break;
	case WAY_ADVANCE:
		KUNIT_EXPECT_EQ(test, dfence_ctx_advance(t->ctx, 1, -EIO), 1);
		break;
	case WAY_SHUT:
		dfence_ctx_declare_quiet(t->ctx);
		KUNIT_EXPECT_EQ(test, dfence_ctx_shut(t->ctx, -EIO), 0);
		break;
	case WAY_DROP:
		dfence_drop(f);
		break;
	case WAY_FREE:
		dfence_free(f);
		break;
	}
}

/* However a fence ends, its issuer's data is destroyed once. */
static void finish_comes_every_way(struct kunit *test)
{
	const struct finish_case *c = test->param_value;
	struct finish_log log = {};
	struct dfence_test *t = test->priv;
	struct issued *issued = issue(test, &finish_ops);

	issued->log = &log;
	if (c->report)
		DFENCE_EXPECT_REPORT(test, c->report, end_by(test, &issued->f, c->way));
	else
		end_by(test, &issued->f, c->way);
	dfence_ctx_synchronize(t->ctx);
	KUNIT_EXPECT_EQ(test, log.calls, 1);
}

/* An issuer recognises his own fence, until it has signalled; and nobody else's. */
static void of_recognises_own(struct kunit *test)
{
	static const struct dfence_ops no_functions = {};
	const struct dfence_ops *const ops[] = { &enable_ops, &no_functions };
	struct dma_fence *stub = dma_fence_get_stub(), *base;
	struct issued *issued;
	int i;

	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		issued = issue(test, ops[i]);
		base = dma_fence_get(&issued->f.base);
		KUNIT_EXPECT_PTR_EQ(test, dfence_of(base, ops[i]), &issued->f);
		KUNIT_EXPECT_NULL(test, dfence_of(base, ops[!i]));
		dfence_signal(&issued->f, 0);
		KUNIT_EXPECT_NULL(test, dfence_of(base, ops[i]));
		dma_fence_put(base);
	}
	/* There is nothing around this one that could be looked at. */
	KUNIT_EXPECT_NULL(test, dfence_of(stub, &no_functions));
	dma_fence_put(stub);
}

static struct kunit_case ops_cases[] = {
	KUNIT_CASE_PARAM(enable_signaling, enable_gen_params),
	KUNIT_CASE(wild_answer_is_reported),
	KUNIT_CASE(signaled),
	KUNIT_CASE(early_answer_is_final),
	KUNIT_CASE_PARAM(callback_on_finished_work, enable_gen_params),
	KUNIT_CASE(set_deadline),
	KUNIT_CASE(missing_functions),
	KUNIT_CASE(functions_end_with_signal),
	KUNIT_CASE(finish_runs_in_process_context),
	KUNIT_CASE(finish_waits_for_readers),
	KUNIT_CASE(close_waits_for_finish),
	KUNIT_CASE_PARAM(finish_comes_every_way, finish_gen_params),
	KUNIT_CASE(finish_is_for_armed_fences),
	KUNIT_CASE(of_recognises_own),
	{}
};

static struct kunit_suite ops_suite = {
	.name = "dfence_ops",
	.init = dfence_test_init,
	.exit = dfence_test_exit,
	.test_cases = ops_cases,
};

kunit_test_suite(ops_suite);
