// SPDX-License-Identifier: GPL-2.0
/*
 * Two threads that meet in rounds, to do two things at the same time.
 */

#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/kthread.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/processor.h>
#include <linux/random.h>
#include <linux/sched.h>

#include "race.h"

/* As long as the other side is that near, waiting is faster than sleeping. */
#define RACE_SPINS	2000
#define RACE_LINE_SPINS	20000
#define RACE_RANGE	64
#define RACE_RANGE_MAX	65536

static bool race_has_come(const int *where, int batch)
{
	/* Pairs with the release in race_release(). */
	return smp_load_acquire(where) == batch;
}

/* Wait for @where to be @batch; returns false if the thread is to end instead. */
static bool race_await(struct race *race, const int *where, int batch)
{
	bool peer = current == race->peer;
	int i;

	for (i = 0; race->smp && i < RACE_SPINS; i++) {
		if (race_has_come(where, batch))
			return true;
		cpu_relax();
	}
	wait_event(race->wq,
		   race_has_come(where, batch) || (peer && kthread_should_stop()));
	return race_has_come(where, batch);
}

static void race_release(struct race *race, int *where, int batch)
{
	/* Pairs with the acquire in race_has_come(). */
	smp_store_release(where, batch);
	if (wq_has_sleeper(&race->wq))
		wake_up(&race->wq);
}

/*
 * Both are on their CPUs: begin at the same time, but for the delay. These loops
 * don't call cpu_relax(): an emulated CPU leaves its loop for that, and is late. If
 * the other CPU isn't there soon, its host has taken it away, which can last; then
 * this round isn't one of those in which they meet.
 */
static void race_line_up(struct race_round *round, unsigned int delay)
{
	int i;

	atomic_inc(&round->line);
	for (i = 0; i < RACE_LINE_SPINS && atomic_read(&round->line) < 2; i++)
		barrier();
	while (delay--)
		barrier();
}

/* One side's part of a round. */
static void race_take_part(struct race *race, struct race_round *round, int side)
{
	/* Where there is one CPU, to sleep is to let the other go first. */
	if (race->smp)
		race_line_up(round, round->delay[side]);
	else if (round->delay[side])
		schedule_timeout_uninterruptible(1);

	if (atomic_inc_return(&round->begun) == 1)
		round->first = side;
	/* Fully ordered: of two that overlap at least the second to begin sees it. */
	if (atomic_inc_return(&round->inside) == 2)
		round->overlap = true;
	race->func[side](round->arg, side);
	atomic_dec_return(&round->inside);
}

/* The threads take turns in who is which side. */
static void race_take_parts(struct race *race, bool peer)
{
	unsigned int i;

	for (i = 0; i < race->nr; i++)
		race_take_part(race, &race->round[i], (race->batch + i + peer) & 1);
}

static int race_peer(void *arg)
{
	struct race *race = arg;
	int batch;

	race->quiet[1] = kunit_start_suppress_warning(race->test);
	for (batch = 1; race_await(race, &race->go, batch); batch++) {
		race_take_parts(race, true);
		race_release(race, &race->done, batch);
	}
	return 0;
}

static void race_stop(void *arg)
{
	struct race *race = arg;

	kthread_stop(race->peer);
}

/**
 * race_start() - make the second thread, or end the test
 * @test: test
 * @expected: counts the warnings that were rightly given, at any time; NULL: none is
 *
 * Until race_end() the warnings of both threads are kept out of the log: what
 * @expected counts is checked by the caller, and that there were no other warnings
 * by race_end().
 *
 * Context: Process context. Binds the caller to a CPU.
 * Return: The race, which goes with the test.
 */
struct race *race_start(struct kunit *test, unsigned int (*expected)(void))
{
	struct race *race = kunit_kzalloc(test, sizeof(*race), GFP_KERNEL);
	unsigned int cpu = cpumask_first(cpu_online_mask);
	unsigned int other = cpumask_next(cpu, cpu_online_mask);

	KUNIT_ASSERT_NOT_NULL(test, race);
	race->test = test;
	race->smp = other < nr_cpu_ids;
	race->range = RACE_RANGE;
	init_waitqueue_head(&race->wq);
	KUNIT_ASSERT_EQ(test, set_cpus_allowed_ptr(current, cpumask_of(cpu)), 0);

	race->peer = kthread_create(race_peer, race, "kunit-race");
	KUNIT_ASSERT_FALSE(test, IS_ERR(race->peer));
	kthread_bind(race->peer, race->smp ? other : cpu);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, race_stop, race), 0);
	race->expected = expected;
	race->before = expected ? expected() : 0;
	race->quiet[0] = kunit_start_suppress_warning(test);
	wake_up_process(race->peer);
	return race;
}
EXPORT_SYMBOL_NS_GPL(race_start, "CARILLON_KUNIT");

/* A range is too small if all rounds overlap, and too large if none does. */
static void race_tune(struct race *race, const struct race_round *round)
{
	if (round->overlap)
		race->range = min(race->range + race->range / 16 + 1, RACE_RANGE_MAX);
	else
		race->range -= race->range / 8;
}

static void race_run_batch(struct race *race, void *args, size_t size, unsigned int n)
{
	struct race_round *round;
	unsigned int i;

	race->batch++;
	race->nr = n;
	for (i = 0; i < n; i++) {
		round = &race->round[i];
		memset(round, 0, sizeof(*round));
		round->arg = args + i * size;
		if (race->smp) {
			round->delay[0] = get_random_u32_below(race->range);
			round->delay[1] = get_random_u32_below(race->range);
		} else {
			round->delay[get_random_u32_below(2)] = 1;
		}
	}

	race_release(race, &race->go, race->batch);
	race_take_parts(race, false);
	race_await(race, &race->done, race->batch);

	for (i = 0; i < n; i++) {
		round = &race->round[i];
		race->rounds++;
		race->overlaps += round->overlap;
		race->firsts[round->first]++;
		race_tune(race, round);
	}
}

/**
 * race_run() - run rounds
 * @race: race
 * @func0: what side 0 does
 * @func1: what side 1 does
 * @args: array with what each round is about
 * @size: size of its elements, in bytes
 * @n: number of its elements, at most %RACE_BATCH
 *
 * The threads take turns in who is which side. Several rounds in a go cost little
 * more than one, as it's the meeting of the threads that takes its time.
 *
 * Context: Process context, the test's thread.
 */
void race_run(struct race *race, race_func_t func0, race_func_t func1,
	      void *args, size_t size, unsigned int n)
{
	unsigned int i;

	race->func[0] = func0;
	race->func[1] = func1;
	if (race->smp) {
		race_run_batch(race, args, size, n);
		return;
	}
	/* On one CPU nothing but this keeps the sides together. */
	for (i = 0; i < n; i++)
		race_run_batch(race, args + i * size, size, 1);
}
EXPORT_SYMBOL_NS_GPL(race_run, "CARILLON_KUNIT");

/**
 * race_check() - note a broken invariant
 * @race: race
 * @ok: whether it holds
 * @what: what it says
 *
 * Use RACE_CHECK(). The caller of race_run() looks at &race.broken.
 *
 * Context: Any.
 */
void race_check(struct race *race, bool ok, const char *what)
{
	if (!ok)
		cmpxchg(&race->broken, NULL, what);
}
EXPORT_SYMBOL_NS_GPL(race_check, "CARILLON_KUNIT");

/**
 * race_goes_on() - are more rounds needed?
 * @race: race
 * @rounds: number that is enough
 *
 * If a side was never first yet, or the two never met, some more are worth it.
 *
 * Context: Any.
 * Return: Whether to go on.
 */
bool race_goes_on(const struct race *race, unsigned int rounds)
{
	if (race->rounds < rounds)
		return true;
	if (!race->firsts[0] || !race->firsts[1])
		return race->rounds < 100 * rounds;
	return race->smp && !race->overlaps && race->rounds < 16 * rounds;
}
EXPORT_SYMBOL_NS_GPL(race_goes_on, "CARILLON_KUNIT");

/**
 * race_end() - end the second thread and say what was seen
 * @race: race
 * @name0: what side 0 did
 * @name1: what side 1 did
 *
 * Fails the test if there were other warnings than the expected ones, or if one side
 * never went first. How often the two met depends on what else the machine has to
 * do, so that is said only.
 *
 * Context: Process context, the test's thread.
 */
void race_end(struct race *race, const char *name0, const char *name1)
{
	struct kunit *test = race->test;
	unsigned int expected = race->expected ? race->expected() - race->before : 0;
	unsigned int warnings;

	warnings = kunit_suppressed_warning_count(race->quiet[0]) +
		   kunit_suppressed_warning_count(race->quiet[1]);
	KUNIT_EXPECT_EQ(test, warnings, expected);
	KUNIT_EXPECT_NE_MSG(test, race->firsts[0], 0, "%s was never first", name0);
	KUNIT_EXPECT_NE_MSG(test, race->firsts[1], 0, "%s was never first", name1);
	kunit_info(test, "%u rounds, %u overlapped; first: %s %u, %s %u\n",
		   race->rounds, race->overlaps, name0, race->firsts[0], name1, race->firsts[1]);
	kunit_release_action(test, race_stop, race);
	kunit_end_suppress_warning(test, race->quiet[1]);
	kunit_end_suppress_warning(test, race->quiet[0]);
}
EXPORT_SYMBOL_NS_GPL(race_end, "CARILLON_KUNIT");
