// SPDX-License-Identifier: GPL-2.0
/*
 * Races whose window is held open: one CPU stops inside a callback or a function of
 * the issuer until the other one has done, or is about to do, what could hurt it.
 * Most of them were found by the reviewers of the code that this library comes from;
 * each says what it was.
 *
 * Where something has to wait, the one that it waits for goes on only when the waiting
 * has begun, dawdles, and leaves a mark as the last thing it does.
 */

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kconfig.h>
#include <linux/kthread.h>
#include <linux/preempt.h>
#include <linux/processor.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include <compat.h>

#include "util.h"

/* An issuer's struct: stops where the window wants it to. */
struct stopping {
	struct dfence f;
	struct window *window;
};

struct window {
	struct kunit *test;
	struct dfence_ctx *ctx;
	/* With a reference of the test's own. */
	struct dfence *f;
	struct dfence_cb cb;
	/* How far the two have come. */
	atomic_t step;
	/* The one who is waited for has come to its end. */
	bool ended;
	/* What a function of the issuer answers. */
	int answer;
	/* Times that finish was called. */
	atomic_t finished;
	bool won;
	struct task_struct *other;
	void (*func)(struct window *w);
};

static void reach(struct window *w, int step)
{
	/* Pairs with the acquire in await(). */
	atomic_set_release(&w->step, step);
}

static void await(struct window *w, int step)
{
	/* Pairs with the release in reach(). */
	while (atomic_read_acquire(&w->step) < step)
		cpu_relax();
}

/* Stop here until the other one has come to where it will have to wait, or to go by. */
static void stop_in_window(struct window *w)
{
	/* Pairs with the acquire in await(). A second one to come here goes by. */
	atomic_cmpxchg_release(&w->step, 0, 1);
	await(w, 2);
	mdelay(1);
	WRITE_ONCE(w->ended, true);
}

static void stopping_callback(struct dfence_cb *cb, struct dma_fence *fence)
{
	stop_in_window(container_of(cb, struct window, cb));
}

static int other_thread(void *arg)
{
	struct window *w = arg;

	w->func(w);
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return 0;
}

/* Run @func on the other CPU. */
static void start_other(struct window *w, void (*func)(struct window *w))
{
	unsigned int cpu = cpumask_first(cpu_online_mask);
	unsigned int other = cpumask_next(cpu, cpu_online_mask);

	KUNIT_ASSERT_EQ(w->test, set_cpus_allowed_ptr(current, cpumask_of(cpu)), 0);
	w->func = func;
	w->other = kthread_create(other_thread, w, "dfence-window");
	KUNIT_ASSERT_FALSE(w->test, IS_ERR(w->other));
	kthread_bind(w->other, other);
	wake_up_process(w->other);
}

/* The function has been reached by then: its steps are what the test waits for. */
static void end_other(struct window *w)
{
	kthread_stop(w->other);
}

/* With one CPU the first parameter is skipped, and stands for all of them. */
#define ON_TWO_CPUS(gen)								\
static const void *smp_##gen##_gen_params(struct kunit *test, const void *prev, char *desc)	\
{											\
	if (prev && num_online_cpus() < 2)						\
		return NULL;								\
	return gen##_gen_params(test, prev, desc);					\
}

static void need_two_cpus(struct kunit *test)
{
	if (num_online_cpus() < 2)
		kunit_skip(test, "needs two CPUs");
}

/* A timeline and one fence on it, with a reference of the test's besides the issuer's. */
static struct window *open_window(struct kunit *test, const struct dfence_ops *ops)
{
	struct window *w = kunit_kzalloc(test, sizeof(*w), GFP_KERNEL);
	struct stopping *stopping;

	KUNIT_ASSERT_NOT_NULL(test, w);
	w->test = test;
	w->ctx = dfence_test_ctx(test, 0);
	stopping = dfence_alloc_type(w->ctx, ops, struct stopping, f, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, stopping);
	stopping->window = w;
	w->f = &stopping->f;
	dfence_arm(w->f);
	dfence_get(w->f);
	dfence_cb_init_func(&w->cb, stopping_callback);
	return w;
}

/* Nothing may be left but the test's own references. */
static void close_window(struct window *w)
{
	dfence_ctx_synchronize(w->ctx);
	KUNIT_EXPECT_EQ(w->test, dfence_ctx_live(w->ctx), 0);
	KUNIT_EXPECT_EQ(w->test, kref_read(&w->f->base.refcount), 1);
	dfence_put(w->f);
	dfence_test_last_put(w->test, w->ctx);
}

static struct window *to_window(struct dfence *f)
{
	return container_of(f, struct stopping, f)->window;
}

static int stopping_enable(struct dfence *f)
{
	stop_in_window(to_window(f));
	return to_window(f)->answer;
}

static bool stopping_signaled(struct dfence *f)
{
	stop_in_window(to_window(f));
	return to_window(f)->answer;
}

static void stopping_deadline(struct dfence *f, ktime_t deadline)
{
	stop_in_window(to_window(f));
	/* Nothing that we could touch has gone in the meantime. */
	KUNIT_EXPECT_EQ(to_window(f)->test, atomic_read(&to_window(f)->finished), 0);
	KUNIT_EXPECT_STREQ(to_window(f)->test, f->ctx->timeline_name, "test-timeline");
}

static void stopping_finish(struct dfence *f)
{
	struct window *w = to_window(f);

	KUNIT_EXPECT_TRUE(w->test, READ_ONCE(w->ended));
	atomic_inc(&w->finished);
}

static const struct dfence_ops enable_ops = { .enable_signaling = stopping_enable };
static const struct dfence_ops signaled_ops = {
	.signaled = stopping_signaled,
	.finish = stopping_finish,
};

static const struct dfence_ops deadline_ops = {
	.set_deadline = stopping_deadline,
	.finish = stopping_finish,
};

/* The ways to end a fence. */
struct ender {
	const char *name;
	void (*func)(struct window *w);
	int status;
	bool hardirq;
	bool report;
};

static void end_by_signal(struct window *w)
{
	dfence_signal(w->f, -EIO);
}

static void end_by_drop(struct window *w)
{
	dfence_drop(w->f);
}

static void end_by_advance(struct window *w)
{
	dfence_ctx_advance(w->ctx, w->f->base.seqno, -ETIME);
}

static void end_by_shut(struct window *w)
{
	dfence_ctx_declare_quiet(w->ctx);
	KUNIT_EXPECT_EQ(w->test, dfence_ctx_shut(w->ctx, -ENODEV), 0);
}

static const struct ender enders[] = {
	{ "signal", end_by_signal, -EIO },
	{ "signal in hard IRQ", end_by_signal, -EIO, .hardirq = true },
	{ "drop", end_by_drop, -ECANCELED, .report = true },
	{ "drop in hard IRQ", end_by_drop, -ECANCELED, .hardirq = true, .report = true },
	{ "advance", end_by_advance, -ETIME },
	{ "advance in hard IRQ", end_by_advance, -ETIME, .hardirq = true },
	{ "shut", end_by_shut, -ENODEV },
	{ "shut in hard IRQ", end_by_shut, -ENODEV, .hardirq = true },
};

KUNIT_ARRAY_PARAM_DESC(ender, enders, name);
ON_TWO_CPUS(ender)

static void end_in_irq(void *arg)
{
	struct window *w = arg;
	const struct ender *ender = w->test->param_value;

	ender->func(w);
}

/* On this CPU, with the expected report taken out of the log. */
static void end_fence(struct window *w)
{
	const struct ender *ender = w->test->param_value;
	unsigned int before = dfence_test_reports();

	kunit_warning_suppress(w->test) {
		/* Not irq_work: PREEMPT_RT waits for readers before it's through with one. */
		if (ender->hardirq)
			dfence_test_hardirq(w->test, end_in_irq, w);
		else
			ender->func(w);
	}
	KUNIT_EXPECT_EQ(w->test, dfence_test_reports() - before, ender->report);
	KUNIT_EXPECT_EQ(w->test, dma_fence_get_status(&w->f->base), ender->status);
}

/* In its section it reads for a while after the last fence was ended. */
static void reader_of_names(struct window *w)
{
	const char *driver;
	const char *timeline;
	int i;

	guard(rcu)();
	driver = (__force const char *)dma_fence_driver_name(&w->f->base);
	timeline = (__force const char *)dma_fence_timeline_name(&w->f->base);
	reach(w, 1);
	await(w, 2);
	for (i = 0; i < 100; i++) {
		KUNIT_EXPECT_STREQ(w->test, driver, "test-driver");
		KUNIT_EXPECT_STREQ(w->test, timeline, "test-timeline");
		udelay(5);
	}
}

/*
 * A reader has a name when the last fence of a timeline that nobody else has any more
 * is ended. In the original dropping the fence dropped the timeline, and that called
 * rcu_barrier(): it sleeps where it mustn't, and doesn't wait for readers if no
 * callback is queued. The reader, which isn't done here when rcu_barrier() is called,
 * must not lose the names.
 */
static void name_reader_and_last_fence(struct kunit *test)
{
	struct window *w;

	need_two_cpus(test);
	w = open_window(test, NULL);
	start_other(w, reader_of_names);
	await(w, 1);
	end_fence(w);
	dfence_ctx_put(w->ctx);
	reach(w, 2);
	rcu_barrier();
	end_other(w);
	dfence_put(w->f);
}

/*
 * The function is called, not only looked up, after the timeline has been given up:
 * "rcu_lock() ... fctx = drv_fence.fctx" on one CPU after the drop on another. Who
 * looked it up before the fence was signalled has a grace period for that.
 */
static void drop_and_call_name_function(struct window *w)
{
	struct dma_fence *fence = &w->f->base;
	const struct dma_fence_ops *ops;

	guard(rcu)();
	ops = rcu_dereference(fence->ops);
	dfence_drop(w->f);
	dfence_ctx_put(w->ctx);
	KUNIT_EXPECT_NULL(w->test, rcu_access_pointer(fence->ops));
	KUNIT_EXPECT_STREQ(w->test, ops->get_driver_name(fence), "test-driver");
	KUNIT_EXPECT_STREQ(w->test, ops->get_timeline_name(fence), "test-timeline");
}

static void name_function_in_flight(struct kunit *test)
{
	struct window *w = open_window(test, NULL);

	DFENCE_EXPECT_REPORT(test, "was dropped unsignalled", drop_and_call_name_function(w));
	dfence_put(w->f);
}

/* Dropping is implicit, so it happens under spinlocks: then nothing may sleep. */
static void drop_of_last_fence_under_spinlock(struct kunit *test)
{
	static DEFINE_SPINLOCK(lock);
	struct window *w = open_window(test, NULL);

	dfence_ctx_put(w->ctx);
	DFENCE_EXPECT_REPORT(test, "was dropped unsignalled", {
		scoped_guard(spinlock_irqsave, &lock)
			dfence_drop(w->f);
	});
	KUNIT_EXPECT_EQ(test, dma_fence_get_status(&w->f->base), -ECANCELED);
	dfence_put(w->f);
}

/*
 * Removing a callback that is just running waits for it: the caller is going to free
 * what the callback uses, or unload its code.
 */
static void removal_of_running_callback(struct kunit *test)
{
	struct window *w;

	need_two_cpus(test);
	w = open_window(test, NULL);
	KUNIT_ASSERT_EQ(test, dfence_cb_add(&w->cb, &w->f->base), 0);
	start_other(w, end_fence);
	await(w, 1);
	reach(w, 2);
	KUNIT_EXPECT_FALSE(test, dfence_cb_remove(&w->cb));
	KUNIT_EXPECT_TRUE_MSG(test, READ_ONCE(w->ended), "the callback was still running");
	end_other(w);
	close_window(w);
}

/* Closing a timeline waits for the callbacks of a fence that somebody else signals. */
static void close_while_callback_runs(struct kunit *test)
{
	struct window *w;

	need_two_cpus(test);
	w = open_window(test, NULL);
	KUNIT_ASSERT_EQ(test, dfence_cb_add(&w->cb, &w->f->base), 0);
	start_other(w, end_fence);
	await(w, 1);
	reach(w, 2);
	dfence_ctx_declare_quiet(w->ctx);
	KUNIT_EXPECT_EQ(test, dfence_ctx_close(w->ctx, -ENOLINK), 0);
	KUNIT_EXPECT_TRUE_MSG(test, READ_ONCE(w->ended), "the callback was still running");
	KUNIT_EXPECT_FALSE(test, dfence_cb_remove(&w->cb));
	end_other(w);
	close_window(w);
}

static void callback_uses_fence(struct dfence_cb *cb, struct dma_fence *fence)
{
	struct window *w = container_of(cb, struct window, cb);

	stop_in_window(w);
	KUNIT_EXPECT_GE(w->test, kref_read(&fence->refcount), 1);
	KUNIT_EXPECT_TRUE(w->test, dma_fence_test_signaled_flag(fence));
	dma_fence_put(dfence_cb_detach(cb));
}

static void end_without_reference(struct window *w)
{
	dfence_signal(w->f, -EIO);
	reach(w, 3);
}

/* All consumers let go while the fence is being signalled: the issuer's reference holds. */
static void last_consumer_leaves_in_callback(struct kunit *test)
{
	struct window *w;

	need_two_cpus(test);
	w = open_window(test, NULL);
	dfence_cb_init_func(&w->cb, callback_uses_fence);
	KUNIT_ASSERT_EQ(test, dfence_cb_add_consume(&w->cb, &w->f->base), 0);
	dfence_ctx_put(w->ctx);
	start_other(w, end_without_reference);
	await(w, 1);
	reach(w, 2);
	await(w, 3);
	end_other(w);
}

struct answer {
	const char *name;
	int answer;
	int status;
};

static const struct answer enable_answers[] = {
	{ "will be signalled", 0, -ETIME },
	{ "done already", 1, 1 },
	{ "failed already", -EIO, -EIO },
};

KUNIT_ARRAY_PARAM_DESC(enable_answer, enable_answers, name);
ON_TWO_CPUS(enable_answer)

static void signal_after_stop(struct window *w)
{
	await(w, 1);
	reach(w, 2);
	w->won = dfence_try_signal(w->f, -ETIME);
	/* The function runs under the fence's lock: it comes first, with its answer. */
	KUNIT_EXPECT_TRUE_MSG(w->test, READ_ONCE(w->ended), "signalled during enable_signaling");
	reach(w, 3);
}

/* enable_signaling runs when another CPU wants to signal: that waits, and knows why. */
static void signal_while_enabling(struct kunit *test)
{
	const struct answer *answer = test->param_value;
	unsigned int before = dfence_test_reports();
	struct window *w;

	need_two_cpus(test);
	w = open_window(test, &enable_ops);
	w->answer = answer->answer;
	start_other(w, signal_after_stop);
	dma_fence_enable_signaling(&w->f->base);
	await(w, 3);
	end_other(w);
	KUNIT_EXPECT_TRUE(test, w->won);
	KUNIT_EXPECT_EQ(test, dma_fence_get_status(&w->f->base), answer->status);
	KUNIT_EXPECT_EQ(test, dfence_test_reports(), before);
	close_window(w);
}

static void signal_in_window(struct window *w)
{
	await(w, 1);
	w->won = dfence_try_signal(w->f, -ETIME);
	KUNIT_EXPECT_FALSE(w->test, READ_ONCE(w->ended));
	reach(w, 2);
}

/*
 * "A driver could invalidate its private data after signalling while callbacks are
 * still in flight": set_deadline runs without a lock. The fence may be signalled and
 * given up meanwhile, but the issuer's destructor has to wait for it.
 */
static void signal_while_setting_deadline(struct kunit *test)
{
	struct window *w;

	need_two_cpus(test);
	w = open_window(test, &deadline_ops);
	start_other(w, signal_in_window);
	dma_fence_set_deadline(&w->f->base, 1);
	KUNIT_EXPECT_TRUE(test, w->won);
	end_other(w);
	dfence_ctx_synchronize(w->ctx);
	KUNIT_EXPECT_EQ(test, atomic_read(&w->finished), 1);
	close_window(w);
}

static const struct answer signaled_answers[] = {
	{ "no", false, -ETIME },
	{ "yes, too late", true, -ETIME },
};

KUNIT_ARRAY_PARAM_DESC(signaled_answer, signaled_answers, name);
ON_TWO_CPUS(signaled_answer)

/* The same with signaled, whose answer comes when the fence has its status already. */
static void signal_while_peeking(struct kunit *test)
{
	const struct answer *answer = test->param_value;
	unsigned int before = dfence_test_reports();
	struct window *w;

	need_two_cpus(test);
	w = open_window(test, &signaled_ops);
	w->answer = answer->answer;
	start_other(w, signal_in_window);
	KUNIT_EXPECT_EQ(test, dma_fence_is_signaled(&w->f->base), answer->answer);
	KUNIT_EXPECT_TRUE(test, w->won);
	KUNIT_EXPECT_EQ(test, dma_fence_get_status(&w->f->base), answer->status);
	end_other(w);
	dfence_ctx_synchronize(w->ctx);
	KUNIT_EXPECT_EQ(test, atomic_read(&w->finished), 1);
	KUNIT_EXPECT_EQ(test, dfence_test_reports(), before);
	close_window(w);
}

static void give_up_in_window(struct window *w)
{
	await(w, 1);
	dfence_signal(w->f, -ETIME);
	dfence_ctx_put(w->ctx);
	reach(w, 2);
}

/*
 * dma_fence_describe() looks whether the fence is signalled and then asks for its
 * names. "The fence might be signaled just after", and the timeline given up.
 */
static void describe_while_last_fence_goes(struct kunit *test)
{
	struct seq_file m = { .size = 200 };
	struct window *w;

	need_two_cpus(test);
	m.buf = kunit_kzalloc(test, m.size, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, m.buf);
	w = open_window(test, &signaled_ops);
	start_other(w, give_up_in_window);
	dma_fence_describe(&w->f->base, &m);
	KUNIT_EXPECT_NOT_NULL(test, strstr(m.buf, "signaled-timeline detached-driver"));
	end_other(w);
	rcu_barrier();
	dfence_put(w->f);
	/* finish uses the window: nobody has the timeline any more to wait with. */
	while (!atomic_read(&w->finished))
		schedule_timeout_uninterruptible(1);
}

static void set_deadline(struct window *w)
{
	dma_fence_set_deadline(&w->f->base, 1);
}

static void read_names_and_end(struct window *w)
{
	guard(rcu)();
	KUNIT_EXPECT_STREQ(w->test,
			   (__force const char *)dma_fence_driver_name(&w->f->base),
			   "test-driver");
	stop_in_window(w);
}

static void add_callback(struct window *w)
{
	KUNIT_EXPECT_EQ(w->test, dfence_cb_add(&w->cb, &w->f->base), 0);
}

struct reader {
	const char *name;
	void (*func)(struct window *w);
	const struct dfence_ops *ops;
};

static const struct reader readers[] = {
	{ "name", read_names_and_end, NULL },
	{ "set_deadline", set_deadline, &deadline_ops },
	{ "enable_signaling", add_callback, &enable_ops },
};

KUNIT_ARRAY_PARAM_DESC(reader, readers, name);
ON_TWO_CPUS(reader)

/* When close has returned nobody is in the driver's code any more, which may go then. */
static void close_while_reader_is_in(struct kunit *test)
{
	const struct reader *reader = test->param_value;
	struct window *w;

	need_two_cpus(test);
	w = open_window(test, reader->ops);
	start_other(w, reader->func);
	await(w, 1);
	reach(w, 2);
	dfence_ctx_declare_quiet(w->ctx);
	KUNIT_EXPECT_EQ(test, dfence_ctx_close(w->ctx, -ENODEV), 0);
	KUNIT_EXPECT_TRUE_MSG(test, READ_ONCE(w->ended), "somebody was still in there");
	end_other(w);
	dfence_cb_remove(&w->cb);
	close_window(w);
}

static void advance_first(struct window *w)
{
	KUNIT_EXPECT_EQ(w->test, dfence_ctx_advance(w->ctx, 1, 0), 1);
	reach(w, 3);
}

/*
 * The first of two advances stops in the callback of fence 1. The second takes fence
 * 2, can't signal it before 1 has come to its end, and doesn't wait. Closing does.
 */
static void second_advance_leaves_it_to_first(struct kunit *test)
{
	struct dma_fence *second;
	struct window *w;

	need_two_cpus(test);
	w = open_window(test, NULL);
	KUNIT_ASSERT_EQ(test, dfence_cb_add(&w->cb, &w->f->base), 0);
	second = dma_fence_get(&dfence_test_armed(test, w->ctx, NULL)->base);
	start_other(w, advance_first);
	await(w, 1);
	KUNIT_EXPECT_EQ(test, dfence_ctx_advance(w->ctx, 2, -EIO), 1);
	KUNIT_EXPECT_FALSE(test, READ_ONCE(w->ended));
	KUNIT_EXPECT_EQ(test, dma_fence_get_status(second), 0);
	dfence_ctx_declare_quiet(w->ctx);
	KUNIT_EXPECT_EQ(test, dfence_ctx_shut(w->ctx, -ENODEV), 0);
	KUNIT_EXPECT_EQ(test, dma_fence_get_status(second), 0);
	reach(w, 2);
	dfence_ctx_synchronize(w->ctx);
	KUNIT_EXPECT_EQ(test, dma_fence_get_status(second), -EIO);
	await(w, 3);
	end_other(w);
	KUNIT_EXPECT_FALSE(test, dfence_cb_remove(&w->cb));
	dma_fence_put(second);
	close_window(w);
}

/* A registration that its own work function ends and frees. */
struct worked {
	struct dfence_cb cb;
	struct work_struct work;
	atomic_t *left;
};

static void free_worked(struct work_struct *work)
{
	struct worked *worked = container_of(work, struct worked, work);
	atomic_t *left = worked->left;

	if (dfence_cb_remove(&worked->cb))
		WARN(1, "a callback that has run was removed before\n");
	kfree(worked);
	atomic_dec(left);
}

/*
 * The work runs on another CPU while the callback that queued it is on its way out:
 * freeing the registration there is right, as ending it waits for the callback.
 */
static void work_frees_registration(struct kunit *test)
{
	struct workqueue_struct *wq = alloc_workqueue("dfence-test", WQ_UNBOUND | WQ_HIGHPRI, 0);
	struct dfence_test *t = test->priv;
	struct worked *worked;
	struct dfence *f;
	atomic_t left;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, wq);
	atomic_set(&left, 100);
	for (i = 0; i < 100; i++) {
		worked = kmalloc_obj(*worked);
		KUNIT_ASSERT_NOT_NULL(test, worked);
		INIT_WORK(&worked->work, free_worked);
		worked->left = &left;
		dfence_cb_init_work(&worked->cb, wq, &worked->work);
		f = dfence_test_armed(test, t->ctx, NULL);
		KUNIT_ASSERT_EQ(test, dfence_cb_add(&worked->cb, &f->base), 0);
		dfence_signal(f, 0);
	}
	destroy_workqueue(wq);
	KUNIT_EXPECT_EQ(test, atomic_read(&left), 0);
}

static struct kunit_case window_cases[] = {
	KUNIT_CASE_PARAM(name_reader_and_last_fence, smp_ender_gen_params),
	KUNIT_CASE(name_function_in_flight),
	KUNIT_CASE(drop_of_last_fence_under_spinlock),
	KUNIT_CASE_PARAM(removal_of_running_callback, smp_ender_gen_params),
	KUNIT_CASE_PARAM(close_while_callback_runs, smp_ender_gen_params),
	KUNIT_CASE(last_consumer_leaves_in_callback),
	KUNIT_CASE_PARAM(signal_while_enabling, smp_enable_answer_gen_params),
	KUNIT_CASE(signal_while_setting_deadline),
	KUNIT_CASE_PARAM(signal_while_peeking, smp_signaled_answer_gen_params),
	KUNIT_CASE(describe_while_last_fence_goes),
	KUNIT_CASE_PARAM(close_while_reader_is_in, smp_reader_gen_params),
	KUNIT_CASE(second_advance_leaves_it_to_first),
	KUNIT_CASE(work_frees_registration),
	{}
};

static struct kunit_suite window_suite = {
	.name = "dfence_race_window",
	.init = dfence_test_init,
	.exit = dfence_test_exit,
	.test_cases = window_cases,
};

kunit_test_suite(window_suite);
