/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two threads that meet in rounds, to do two things at the same time.
 */
#ifndef _TESTS_RACE_H
#define _TESTS_RACE_H

#include <kunit/test.h>
#include <linux/atomic.h>
#include <linux/stringify.h>
#include <linux/types.h>
#include <linux/wait.h>

struct task_struct;

/* So many rounds are run in a go. */
#define RACE_BATCH	8

/**
 * typedef race_func_t - what one side of a race does in a round
 * @arg: what the round is about
 * @side: 0 or 1
 *
 * Context: Process context, either thread. It can't use the assertions of KUnit,
 * but RACE_CHECK().
 */
typedef void (*race_func_t)(void *arg, int side);

/**
 * struct race_round - one round, and how it went
 */
struct race_round {
	/** @arg: for both sides */
	void *arg;
	/** @delay: of each side, in iterations of an empty loop */
	unsigned int delay[2];
	/** @line: how many have come to the starting line */
	atomic_t line;
	/** @begun: how many have begun */
	atomic_t begun;
	/** @inside: how many are in their functions */
	atomic_t inside;
	/** @first: the side that began first */
	int first;
	/** @overlap: the second began before the first had ended */
	bool overlap;
};

/**
 * struct race - the test's thread and a second one, for all rounds of a case
 *
 * With two CPUs each thread has one of its own and the two start within a random
 * delay of each other. Its range is tuned so that two rounds of three overlap,
 * whatever the speed of the machine. On one CPU it's random who goes first, and
 * they overlap only where one of them sleeps.
 */
struct race {
	/** @test: whose race it is */
	struct kunit *test;
	/** @peer: the second thread */
	struct task_struct *peer;
	/** @smp: there are two CPUs */
	bool smp;
	/** @batch: number of the current batch of rounds, from 1 */
	int batch;
	/** @go: the batch that the second thread may begin */
	int go;
	/** @done: the batch that the second thread has ended */
	int done;
	/** @wq: to wait for @go or @done */
	wait_queue_head_t wq;
	/** @round: the rounds of this batch */
	struct race_round round[RACE_BATCH];
	/** @nr: number of rounds in this batch */
	unsigned int nr;
	/** @func: what each side does */
	race_func_t func[2];
	/** @range: upper limit of the delays, in iterations of an empty loop */
	unsigned int range;
	/** @rounds: number of rounds that were run */
	unsigned int rounds;
	/** @overlaps: number of rounds in which the sides met */
	unsigned int overlaps;
	/** @firsts: number of rounds in which each side began first */
	unsigned int firsts[2];
	/** @broken: the first thing that RACE_CHECK() found wrong, or NULL */
	const char *broken;
	/** @quiet: takes the expected warnings of both threads out of the log */
	struct kunit_suppressed_warning *quiet[2];
	/** @expected: counts the warnings that were rightly given; NULL: none is */
	unsigned int (*expected)(void);
	/** @before: what it said at the start */
	unsigned int before;
};

struct race *race_start(struct kunit *test, unsigned int (*expected)(void));
void race_run(struct race *race, race_func_t func0, race_func_t func1,
	      void *args, size_t size, unsigned int n);
void race_check(struct race *race, bool ok, const char *what);
bool race_goes_on(const struct race *race, unsigned int rounds);
void race_end(struct race *race, const char *name0, const char *name1);

/* Note it, with its text, if an invariant doesn't hold. In either thread. */
#define RACE_CHECK(race, condition)	race_check(race, condition, __stringify(condition))

#endif
