// SPDX-License-Identifier: GPL-2.0
/*
 * Races: two threads at the same fences, on two CPUs if there are. On one CPU they
 * still preempt each other.
 */

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/prandom.h>
#include <linux/slab.h>

#include "util.h"

#define ROUNDS 200

/* What the two threads of a test work on. */
struct race {
	struct kunit *test;
	/* Number of the round: in odd ones the second thread starts first. */
	unsigned int round;
	struct dfence_ctx *ctx;
	struct dfence *f;
	struct dfence_cb cb;
	struct completion done;
	atomic_t wins;
	atomic_t calls;
	int bad;
	int removed;
};

struct racer {
	struct race *race;
	void (*func)(struct race *race);
	struct completion *start;
	struct completion end;
	unsigned int delay_ns;
};

static int racer_thread(void *arg)
{
	struct racer *racer = arg;

	wait_for_completion(racer->start);
	ndelay(racer->delay_ns);
	racer->func(racer->race);
	/* After this the racer is gone, so it's not the thread's result. */
	kthread_complete_and_exit(&racer->end, 0);
}

static void start_racer(struct kunit *test, struct racer *racer, int cpu)
{
	struct task_struct *task = kthread_create(racer_thread, racer, "dfence-race");

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	kthread_bind(task, cpu);
	wake_up_process(task);
}

/* Let @a and @b loose on @race at the same time, give or take 3 µs. */
static void run_pair(struct race *race, void (*a)(struct race *), void (*b)(struct race *))
{
	unsigned int cpu = cpumask_first(cpu_online_mask);
	unsigned int other = cpumask_next(cpu, cpu_online_mask);
	DECLARE_COMPLETION_ONSTACK(start);
	bool swap = race->round & 1;
	struct racer racers[2];
	int i;

	if (other >= nr_cpu_ids)
		other = cpu;
	for (i = 0; i < 2; i++) {
		racers[i].race = race;
		racers[i].func = i == swap ? a : b;
		racers[i].start = &start;
		init_completion(&racers[i].end);
		racers[i].delay_ns = get_random_u32_below(3000);
		start_racer(race->test, &racers[i], i ? other : cpu);
	}
	complete_all(&start);
	for (i = 0; i < 2; i++)
		wait_for_completion(&racers[i].end);
}

static void race_init(struct race *race, struct kunit *test, unsigned int round)
{
	memset(race, 0, sizeof(*race));
	race->test = test;
	race->round = round;
	init_completion(&race->done);
}

static void try_signal_ok(struct race *race)
{
	if (dfence_try_signal(race->f, 0))
		atomic_inc(&race->wins);
}

static void try_signal_time(struct race *race)
{
	if (dfence_try_signal(race->f, -ETIME))
		atomic_inc(&race->wins);
}

/* Interrupt against time-out: one of them ends the fence, with its own error. */
static void try_signal_against_itself(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct race race;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		race_init(&race, test, i);
		race.f = dfence_get(dfence_test_armed(test, t->ctx, NULL));
		run_pair(&race, try_signal_ok, try_signal_time);
		KUNIT_ASSERT_EQ(test, atomic_read(&race.wins), 1);
		KUNIT_ASSERT_NE(test, dma_fence_get_status(&race.f->base), 0);
		KUNIT_ASSERT_EQ(test, kref_read(&race.f->base.refcount), 1);
		dfence_put(race.f);
	}
}

static void advance_all(struct race *race)
{
	dfence_ctx_advance(race->ctx, dfence_ctx_last_armed(race->ctx), 0);
}

/* A completion and an advance that covers the same fence. */
static void try_signal_against_advance(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct race race;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		race_init(&race, test, i);
		race.ctx = t->ctx;
		race.f = dfence_get(dfence_test_armed(test, t->ctx, NULL));
		run_pair(&race, try_signal_time, advance_all);
		KUNIT_ASSERT_EQ(test, dma_fence_get_status(&race.f->base),
				atomic_read(&race.wins) ? -ETIME : 1);
		dfence_put(race.f);
	}
}

static void close_ctx(struct race *race)
{
	dfence_ctx_declare_quiet(race->ctx);
	if (dfence_ctx_close(race->ctx, -ENODEV))
		race->bad++;
	/* Whoever had the fence, after closing it is signalled. */
	if (!dma_fence_test_signaled_flag(&race->f->base))
		race->bad++;
}

/* After close has returned everything is signalled, also what others had claimed. */
static void close_against_advance(struct kunit *test)
{
	struct race race;
	int i;

	for (i = 0; i < ROUNDS / 6; i++) {
		race_init(&race, test, i);
		race.ctx = dfence_test_ctx(test, 0);
		dfence_test_armed(test, race.ctx, NULL);
		race.f = dfence_get(dfence_test_armed(test, race.ctx, NULL));
		run_pair(&race, advance_all, close_ctx);
		KUNIT_ASSERT_EQ(test, race.bad, 0);
		dfence_put(race.f);
		dfence_ctx_put(race.ctx);
	}
}

struct ordered {
	struct dma_fence_cb base;
	struct race *race;
	u64 *last;
};

static void check_order(struct dma_fence *fence, struct dma_fence_cb *base)
{
	struct ordered *ordered = container_of(base, struct ordered, base);

	if (fence->seqno != READ_ONCE(*ordered->last) + 1)
		ordered->race->bad++;
	WRITE_ONCE(*ordered->last, fence->seqno);
	atomic_inc(&ordered->race->calls);
}

static void advance_in_steps(struct race *race)
{
	u64 last = dfence_ctx_last_armed(race->ctx);
	u64 seqno;

	for (seqno = last - 31; seqno <= last; seqno += 1 + get_random_u32_below(3))
		dfence_ctx_advance(race->ctx, seqno, 0);
	dfence_ctx_advance(race->ctx, last, 0);
}

/* Two CPUs that advance: no fence signals before an older one. */
static void advance_against_itself(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct ordered *ordered;
	struct race race;
	u64 last = 0;
	int i, n;

	ordered = kunit_kcalloc(test, 32, sizeof(*ordered), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ordered);
	for (i = 0; i < ROUNDS / 2; i++) {
		race_init(&race, test, i);
		race.ctx = t->ctx;
		for (n = 0; n < 32; n++) {
			struct dfence *f = dfence_test_armed(test, t->ctx, NULL);

			ordered[n].race = &race;
			ordered[n].last = &last;
			KUNIT_ASSERT_EQ(test, dma_fence_add_callback(&f->base, &ordered[n].base,
								     check_order), 0);
		}
		run_pair(&race, advance_in_steps, advance_in_steps);
		KUNIT_ASSERT_EQ(test, atomic_read(&race.calls), 32);
		KUNIT_ASSERT_EQ(test, race.bad, 0);
	}
}

static void signal_ok(struct race *race)
{
	dfence_signal(race->f, 0);
}

static void slow_callback(struct dfence_cb *cb, struct dma_fence *fence)
{
	struct race *race = container_of(cb, struct race, cb);

	atomic_inc(&race->calls);
	udelay(2);
	/* Removal has returned, or will find this callback gone: it must not see 1. */
	atomic_dec(&race->calls);
	race->removed |= 2;
}

static void remove_callback(struct race *race)
{
	bool removed = dfence_cb_remove(&race->cb);

	if (atomic_read(&race->calls))
		race->bad++;
	if (removed)
		race->removed |= 1;
}

/* Removal of a callback that is just running waits for it; else it never runs. */
static void remove_against_signal(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct race race;
	int ran = 0;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		race_init(&race, test, i);
		race.f = dfence_test_armed(test, t->ctx, NULL);
		dfence_cb_init_func(&race.cb, slow_callback);
		KUNIT_ASSERT_EQ(test, dfence_cb_add(&race.cb, &race.f->base), 0);
		run_pair(&race, signal_ok, remove_callback);
		KUNIT_ASSERT_EQ(test, race.bad, 0);
		KUNIT_ASSERT_TRUE(test, race.removed == 1 || race.removed == 2);
		ran += race.removed == 2;
	}
	kunit_info(test, "the callback ran in %d of %d rounds\n", ran, ROUNDS);
}

static void add_and_wait(struct race *race)
{
	struct dma_fence *fence = &race->f->base;

	dfence_cb_init_completion(&race->cb, &race->done);
	if (!dfence_cb_add(&race->cb, fence)) {
		wait_for_completion(&race->done);
		if (dfence_cb_remove(&race->cb))
			race->bad++;
	} else if (!dma_fence_test_signaled_flag(fence)) {
		race->bad++;
	}
	dma_fence_put(fence);
}

/* Adding either registers in time to be called, or says that it's too late. */
static void add_against_signal(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct race race;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		race_init(&race, test, i);
		race.f = dfence_get(dfence_test_armed(test, t->ctx, NULL));
		run_pair(&race, signal_ok, add_and_wait);
		KUNIT_ASSERT_EQ(test, race.bad, 0);
	}
}

static void read_names(struct race *race)
{
	struct dma_fence *fence = &race->f->base;
	const char *name;
	int i;

	for (i = 0; i < 20; i++) {
		scoped_guard(rcu) {
			name = (__force const char *)dma_fence_timeline_name(fence);
			ndelay(200);
			if (strcmp(name, "test-timeline") && strcmp(name, "signaled-timeline"))
				race->bad++;
		}
	}
	dma_fence_put(fence);
}

static void signal_and_put_ctx(struct race *race)
{
	dfence_ctx_put(race->ctx);
	dfence_signal(race->f, 0);
}

/* get_timeline_name() in flight while the last fence of a timeline goes. */
static void names_against_last_fence(struct kunit *test)
{
	struct race race;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		race_init(&race, test, i);
		race.ctx = dfence_test_ctx(test, 0);
		race.f = dfence_get(dfence_test_armed(test, race.ctx, NULL));
		run_pair(&race, read_names, signal_and_put_ctx);
		KUNIT_ASSERT_EQ(test, race.bad, 0);
	}
	kvfree_rcu_barrier();
}

static struct kunit_case race_cases[] = {
	KUNIT_CASE_SLOW(try_signal_against_itself),
	KUNIT_CASE_SLOW(try_signal_against_advance),
	KUNIT_CASE_SLOW(close_against_advance),
	KUNIT_CASE_SLOW(advance_against_itself),
	KUNIT_CASE_SLOW(remove_against_signal),
	KUNIT_CASE_SLOW(add_against_signal),
	KUNIT_CASE_SLOW(names_against_last_fence),
	{}
};

static struct kunit_suite race_suite = {
	.name = "dfence_race",
	.init = dfence_test_init,
	.exit = dfence_test_exit,
	.test_cases = race_cases,
};

kunit_test_suite(race_suite);
