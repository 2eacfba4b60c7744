// SPDX-License-Identifier: GPL-2.0
/*
 * Storms: many fences at once, armed and ended in bulk by two threads, or handled at
 * random by several.
 */

#include <linux/atomic.h>
#include <linux/cleanup.h>
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include <compat.h>
#include <tests/race.h>

#include "util.h"

static unsigned int storm_threads = 4;
module_param(storm_threads, uint, 0444);
MODULE_PARM_DESC(storm_threads, "Threads of the random storm (default 4)");

static unsigned int storm_ops = 1000;
module_param(storm_ops, uint, 0444);
MODULE_PARM_DESC(storm_ops, "Operations of each thread of the random storm (default 1000)");

#define ORDERED 32

/* A timeline with fences that say in which order they are signalled. */
struct ordered {
	struct race *race;
	struct dfence_ctx *ctx;
	struct dfence *f[2][ORDERED / 2];
	u64 last;
	unsigned int calls;
};

struct ordered_cb {
	struct dma_fence_cb base;
	struct ordered *o;
};

static void ordered_called(struct dma_fence *fence, struct dma_fence_cb *base)
{
	struct ordered *o = container_of(base, struct ordered_cb, base)->o;

	RACE_CHECK(o->race, fence->seqno == READ_ONCE(o->last) + 1);
	WRITE_ONCE(o->last, fence->seqno);
	o->calls++;
}

static void advance_in_steps(void *arg, int side)
{
	struct ordered *o = arg;
	u64 seqno;

	for (seqno = 1; seqno < ORDERED; seqno += 1 + get_random_u32_below(3))
		dfence_ctx_advance(o->ctx, seqno, 0);
	dfence_ctx_advance(o->ctx, ORDERED, 0);
}

/* Two CPUs that advance: no fence is signalled before an older one. */
static void advances_keep_order(struct kunit *test)
{
	struct race *race = race_start(test, dfence_test_reports);
	struct ordered *o = kunit_kzalloc(test, sizeof(*o), GFP_KERNEL);
	struct ordered_cb *cbs;
	struct dfence *f;
	int i;

	cbs = kunit_kcalloc(test, ORDERED, sizeof(*cbs), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, o);
	KUNIT_ASSERT_NOT_NULL(test, cbs);
	while (race_goes_on(race, 50)) {
		o->race = race;
		o->last = 0;
		o->calls = 0;
		o->ctx = dfence_test_ctx(test, 0);
		for (i = 0; i < ORDERED; i++) {
			f = dfence_test_armed(test, o->ctx, NULL);
			cbs[i].o = o;
			KUNIT_ASSERT_EQ(test, dma_fence_add_callback(&f->base, &cbs[i].base,
								     ordered_called), 0);
		}
		race_run(race, advance_in_steps, advance_in_steps, o, sizeof(*o), 1);
		KUNIT_ASSERT_NULL_MSG(test, race->broken, "%s", race->broken);
		KUNIT_ASSERT_EQ(test, o->calls, ORDERED);
		dfence_ctx_put(o->ctx);
	}
	race_end(race, "advance", "advance");
}

static void arm_all(void *arg, int side)
{
	struct ordered *o = arg;
	int i;

	for (i = 0; i < ORDERED / 2; i++)
		dfence_arm(o->f[side][i]);
}

/* Two CPUs that arm: no number is given twice, or left out, or listed out of order. */
static void arms_keep_order(struct kunit *test)
{
	struct race *race = race_start(test, dfence_test_reports);
	struct ordered *o = kunit_kzalloc(test, sizeof(*o), GFP_KERNEL);
	struct dfence *f;
	u64 last;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, o);
	while (race_goes_on(race, 50)) {
		o->ctx = dfence_test_ctx(test, 0);
		for (i = 0; i < ORDERED; i++) {
			f = dfence_alloc(o->ctx, NULL, GFP_KERNEL);
			KUNIT_ASSERT_NOT_NULL(test, f);
			o->f[i & 1][i / 2] = f;
		}
		race_run(race, arm_all, arm_all, o, sizeof(*o), 1);
		last = 0;
		scoped_guard(spinlock_irqsave, &o->ctx->lock)
			list_for_each_entry(f, &o->ctx->live, node)
				last = f->base.seqno == last + 1 ? f->base.seqno : U64_MAX - 1;
		KUNIT_ASSERT_EQ(test, last, ORDERED);
		KUNIT_ASSERT_EQ(test, dfence_ctx_advance(o->ctx, ORDERED, 0), ORDERED);
		dfence_ctx_put(o->ctx);
	}
	race_end(race, "arm", "arm");
}

#define CONTESTED 64

/* Fences that both sides want to signal, in the same order. */
struct contested {
	struct dfence *f[CONTESTED];
	unsigned int wins[2];
};

static void try_signal_all(void *arg, int side)
{
	struct contested *c = arg;
	int i;

	for (i = 0; i < CONTESTED; i++)
		c->wins[side] += dfence_try_signal(c->f[i], side ? -ETIME : -EIO);
}

/* Two CPUs close on each other's heels: each fence has one who signals it. */
static void try_signals_are_exclusive(struct kunit *test)
{
	struct contested *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);
	struct race *race = race_start(test, dfence_test_reports);
	struct dfence_test *t = test->priv;
	unsigned int wins[2] = {};
	int i;

	KUNIT_ASSERT_NOT_NULL(test, c);
	while (race_goes_on(race, 50)) {
		memset(c->wins, 0, sizeof(c->wins));
		for (i = 0; i < CONTESTED; i++)
			c->f[i] = dfence_get(dfence_test_armed(test, t->ctx, NULL));
		race_run(race, try_signal_all, try_signal_all, c, sizeof(*c), 1);
		KUNIT_ASSERT_EQ(test, c->wins[0] + c->wins[1], CONTESTED);
		for (i = 0; i < 2; i++)
			wins[i] += c->wins[i];
		for (i = 0; i < CONTESTED; i++) {
			KUNIT_ASSERT_EQ(test, kref_read(&c->f[i]->base.refcount), 1);
			dfence_put(c->f[i]);
		}
	}
	kunit_info(test, "%u and %u won\n", wins[0], wins[1]);
	race_end(race, "signal", "signal");
}

#define STORM_CTXS	3
#define STORM_FENCES	16
#define STORM_CBS	4

struct storm;

/* A fence in the storm. It outlives it if it has to, but not the wait at its end. */
struct drop_of {
	struct dfence f;
	struct storm *storm;
	struct dma_fence_cb watch;
	atomic_t called;
	atomic_t claimed;
	bool done;
};

/* One thread's callback registration. */
struct storm_cb {
	struct dfence_cb cb;
	struct storm *storm;
	bool registered;
	bool gone;
	atomic_t called;
};

struct storm_thread {
	struct storm *storm;
	struct task_struct *task;
	struct completion done;
	struct kunit_suppressed_warning *quiet;
	struct storm_cb cbs[STORM_CBS];
};

struct storm {
	struct kunit *test;
	/* Protects who is in the slots; who takes something out gets a reference. */
	spinlock_t lock;
	struct dfence_ctx *ctx[STORM_CTXS];
	struct drop_of *fence[STORM_FENCES];
	struct completion start;
	atomic_t armed;
	atomic_t finished;
	wait_queue_head_t wq;
	const char *broken;
};

static void storm_check(struct storm *storm, bool ok, const char *what)
{
	if (!ok)
		cmpxchg(&storm->broken, NULL, what);
}

#define STORM_CHECK(storm, condition)	storm_check(storm, condition, __stringify(condition))

static struct drop_of *to_drop(struct dfence *f)
{
	return container_of(f, struct drop_of, f);
}

static int storm_enable(struct dfence *f)
{
	return READ_ONCE(to_drop(f)->done);
}

static bool storm_signaled(struct dfence *f)
{
	return READ_ONCE(to_drop(f)->done);
}

static void storm_deadline(struct dfence *f, ktime_t deadline)
{
	cpu_relax();
}

static void storm_finish(struct dfence *f)
{
	struct storm *storm = to_drop(f)->storm;

	STORM_CHECK(storm, dma_fence_test_signaled_flag(&f->base));
	STORM_CHECK(storm, atomic_read(&to_drop(f)->called) == 1);
	STORM_CHECK(storm, atomic_read(&to_drop(f)->claimed) <= 1);
	atomic_inc(&storm->finished);
	wake_up_all(&storm->wq);
}

static const struct dfence_ops storm_fence_ops = {
	.enable_signaling = storm_enable,
	.signaled = storm_signaled,
	.set_deadline = storm_deadline,
	.finish = storm_finish,
};

static void storm_watch(struct dma_fence *fence, struct dma_fence_cb *base)
{
	atomic_inc(&container_of(base, struct drop_of, watch)->called);
}

static void storm_called(struct dfence_cb *base, struct dma_fence *fence)
{
	struct storm_cb *cb = container_of(base, struct storm_cb, cb);

	STORM_CHECK(cb->storm, dma_fence_test_signaled_flag(fence));
	STORM_CHECK(cb->storm, atomic_inc_return(&cb->called) == 1);
	STORM_CHECK(cb->storm, !READ_ONCE(cb->gone));
}

static struct drop_of *storm_get(struct storm *storm)
{
	struct drop_of **slot = &storm->fence[get_random_u32_below(STORM_FENCES)];

	guard(spinlock_irqsave)(&storm->lock);
	if (*slot)
		dfence_get(&(*slot)->f);
	return *slot;
}

static struct dfence_ctx *storm_get_ctx(struct storm *storm)
{
	guard(spinlock_irqsave)(&storm->lock);
	return dfence_ctx_get(storm->ctx[get_random_u32_below(STORM_CTXS)]);
}

static void storm_try_signal(struct drop_of *drop)
{
	if (dfence_try_signal(&drop->f, -(int)get_random_u32_below(100)))
		atomic_inc(&drop->claimed);
}

static void storm_arm(struct storm *storm)
{
	struct drop_of **slot = &storm->fence[get_random_u32_below(STORM_FENCES)];
	struct dfence_ctx *ctx = storm_get_ctx(storm);
	struct drop_of *drop;

	drop = dfence_alloc_type(ctx, &storm_fence_ops, struct drop_of, f, GFP_KERNEL);
	dfence_ctx_put(ctx);
	if (!drop)
		return;
	drop->storm = storm;
	atomic_inc(&storm->armed);
	scoped_guard(rcu) {
		struct dma_fence *fence = dfence_arm(&drop->f);

		/* It may be gone already: shut or advanced by another thread. */
		if (!dma_fence_get_rcu(fence)) {
			atomic_inc(&drop->called);
			return;
		}
	}
	if (dma_fence_add_callback(&drop->f.base, &drop->watch, storm_watch))
		atomic_inc(&drop->called);

	scoped_guard(spinlock_irqsave, &storm->lock)
		swap(*slot, drop);
	if (drop) {
		storm_try_signal(drop);
		dfence_put(&drop->f);
	}
}

static void storm_advance(struct storm *storm)
{
	struct dfence_ctx *ctx = storm_get_ctx(storm);
	u64 last = dfence_ctx_last_armed(ctx);

	last -= get_random_u32_below(min(last, 8) + 1);
	if (get_random_u32_below(2))
		STORM_CHECK(storm, dfence_ctx_advance(ctx, last, 0) >= 0);
	else
		STORM_CHECK(storm, dfence_ctx_advance32(ctx, lower_32_bits(last), -EIO) >= 0);
	dfence_ctx_put(ctx);
}

/* End a timeline and put a new one in its place. */
static void storm_close(struct storm *storm)
{
	const struct dfence_ctx_args args = {
		.driver_name = "test-driver",
		.timeline_name = "test-timeline",
	};
	struct dfence_ctx **slot = &storm->ctx[get_random_u32_below(STORM_CTXS)];
	struct dfence_ctx *ctx = dfence_ctx_create(&args);
	int ret;

	if (IS_ERR(ctx))
		return;
	scoped_guard(spinlock_irqsave, &storm->lock)
		swap(*slot, ctx);
	/* Somebody may still be arming fences on it: then it's refused, and tried again. */
	do {
		dfence_ctx_declare_quiet(ctx);
		ret = dfence_ctx_close(ctx, -ENODEV);
	} while (ret == -EBUSY);
	STORM_CHECK(storm, ret == 0);
	dfence_ctx_put(ctx);
}

static void storm_cb_end(struct storm_cb *cb)
{
	bool removed = dfence_cb_remove(&cb->cb);

	WRITE_ONCE(cb->gone, true);
	STORM_CHECK(cb->storm, atomic_read(&cb->called) == !removed);
	cb->registered = false;
}

static void storm_cb(struct storm *storm, struct storm_cb *cb, struct drop_of *drop)
{
	if (cb->registered) {
		storm_cb_end(cb);
		return;
	}
	cb->storm = storm;
	cb->gone = false;
	atomic_set(&cb->called, 0);
	dfence_cb_init_func(&cb->cb, storm_called);
	cb->registered = !dfence_cb_add(&cb->cb, &drop->f.base);
}

static void storm_names(struct storm *storm, struct drop_of *drop)
{
	const char *name;

	guard(rcu)();
	name = (__force const char *)dma_fence_timeline_name(&drop->f.base);
	cpu_relax();
	STORM_CHECK(storm, !strcmp(name, "test-timeline") || !strcmp(name, "signaled-timeline"));
}

/* What can be done to a fence; 0 to 9. */
static void storm_on_fence(struct storm_thread *thread, struct drop_of *drop, unsigned int what)
{
	struct dma_fence *fence = &drop->f.base;

	switch (what) {
	case 0:
	case 1:
		storm_try_signal(drop);
		break;
	case 2:
		dma_fence_set_deadline(fence, 1);
		break;
	case 3:
		dma_fence_enable_signaling(fence);
		break;
	case 4:
		dma_fence_is_signaled(fence);
		break;
	case 5:
		dma_fence_wait_timeout(fence, false, 0);
		break;
	case 6:
		WRITE_ONCE(drop->done, true);
		break;
	case 7:
		storm_names(thread->storm, drop);
		break;
	default:
		storm_cb(thread->storm, &thread->cbs[get_random_u32_below(STORM_CBS)], drop);
	}
}

static void storm_step(struct storm_thread *thread)
{
	struct storm *storm = thread->storm;
	unsigned int what = get_random_u32_below(256);
	struct drop_of *drop;

	if (what < 2) {
		storm_close(storm);
	} else if (what < 80) {
		storm_arm(storm);
	} else if (what < 100) {
		storm_advance(storm);
	} else {
		drop = storm_get(storm);
		if (!drop)
			return;
		storm_on_fence(thread, drop, what % 10);
		dfence_put(&drop->f);
	}
}

static int storm_thread(void *arg)
{
	struct storm_thread *thread = arg;
	unsigned int i;

	thread->quiet = kunit_start_suppress_warning(thread->storm->test);
	wait_for_completion(&thread->storm->start);
	for (i = 0; i < storm_ops; i++) {
		storm_step(thread);
		/* On one CPU nothing else makes them take turns. */
		if (num_online_cpus() < 2 && get_random_u32_below(4) == 0)
			schedule_timeout_uninterruptible(1);
	}
	for (i = 0; i < STORM_CBS; i++)
		if (thread->cbs[i].registered)
			storm_cb_end(&thread->cbs[i]);
	kthread_complete_and_exit(&thread->done, 0);
}

static void storm_start(struct storm *storm, struct storm_thread *thread, unsigned int n)
{
	thread->storm = storm;
	init_completion(&thread->done);
	thread->task = kthread_create(storm_thread, thread, "dfence-storm/%u", n);
	KUNIT_ASSERT_FALSE(storm->test, IS_ERR(thread->task));
	kthread_bind(thread->task, cpumask_nth(n % num_online_cpus(), cpu_online_mask));
	wake_up_process(thread->task);
}

/* Signal and close what is left, and wait for all that is under way. */
static void storm_calm(struct storm *storm)
{
	struct kunit *test = storm->test;
	int i;

	for (i = 0; i < STORM_FENCES; i++) {
		if (!storm->fence[i])
			continue;
		storm_try_signal(storm->fence[i]);
		dfence_put(&storm->fence[i]->f);
	}
	wait_event(storm->wq, atomic_read(&storm->finished) >= atomic_read(&storm->armed));
	KUNIT_EXPECT_EQ(test, atomic_read(&storm->finished), atomic_read(&storm->armed));
	for (i = 0; i < STORM_CTXS; i++) {
		dfence_ctx_declare_quiet(storm->ctx[i]);
		KUNIT_EXPECT_EQ(test, dfence_ctx_close(storm->ctx[i], -ENODEV), 0);
		KUNIT_EXPECT_EQ(test, dfence_ctx_live(storm->ctx[i]), 0);
		dfence_test_last_put(test, storm->ctx[i]);
	}
}

/*
 * Several threads do what comes to their minds with a pool of fences on a few
 * timelines, which are closed and replaced now and then. Each fence is signalled and
 * finished once, no callback runs twice or after it was removed, and nothing is left.
 */
static void random_storm(struct kunit *test)
{
	struct storm *storm = kunit_kzalloc(test, sizeof(*storm), GFP_KERNEL);
	unsigned int reports = dfence_test_reports();
	struct storm_thread *threads;
	unsigned int warnings = 0;
	unsigned int i;

	threads = kunit_kcalloc(test, storm_threads, sizeof(*threads), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, storm);
	KUNIT_ASSERT_NOT_NULL(test, threads);
	storm->test = test;
	spin_lock_init(&storm->lock);
	init_completion(&storm->start);
	init_waitqueue_head(&storm->wq);
	for (i = 0; i < STORM_CTXS; i++)
		storm->ctx[i] = dfence_test_ctx(test, 0);

	for (i = 0; i < storm_threads; i++)
		storm_start(storm, &threads[i], i);
	complete_all(&storm->start);
	for (i = 0; i < storm_threads; i++) {
		wait_for_completion(&threads[i].done);
		warnings += kunit_suppressed_warning_count(threads[i].quiet);
		kunit_end_suppress_warning(test, threads[i].quiet);
	}
	storm_calm(storm);
	KUNIT_EXPECT_NULL_MSG(test, storm->broken, "%s", storm->broken);
	/* Late arming and early closing, which nobody prevents here, and nothing else. */
	KUNIT_EXPECT_EQ(test, warnings, dfence_test_reports() - reports);
	kunit_info(test, "%d fences, %u reports\n", atomic_read(&storm->armed), warnings);
}

static struct kunit_case storm_cases[] = {
	KUNIT_CASE_SLOW(advances_keep_order),
	KUNIT_CASE_SLOW(arms_keep_order),
	KUNIT_CASE_SLOW(try_signals_are_exclusive),
	KUNIT_CASE_SLOW(random_storm),
	{}
};

static struct kunit_suite storm_suite = {
	.name = "dfence_race_storm",
	.init = dfence_test_init,
	.exit = dfence_test_exit,
	.test_cases = storm_cases,
};

kunit_test_suite(storm_suite);
