// SPDX-License-Identifier: GPL-2.0
/*
 * Tasks that do the same thing at the same time, each on a CPU of its own.
 */

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/processor.h>

#include "bench.h"

/**
 * struct bench_crew - what one run's tasks share
 */
struct bench_crew {
	/** @c: the case */
	const struct bench_case *c;
	/** @fn: what each does */
	bench_crew_fn fn;
	/** @turn: for @fn */
	int turn;
	/** @missing: those that haven't come to where all begin */
	atomic_t missing;
};

/**
 * struct bench_hand - one task of a crew
 */
struct bench_hand {
	/** @crew: whose */
	struct bench_crew *crew;
	/** @result: where its measurements go */
	struct bench_result *result;
	/** @ret: what @crew's function returned; good after @done */
	int ret;
	/** @done: the task ends */
	struct completion done;
};

static int bench_hand_work(void *data)
{
	struct bench_hand *hand = data;
	struct bench_crew *crew = hand->crew;

	atomic_dec(&crew->missing);
	while (atomic_read(&crew->missing))
		cpu_relax();
	hand->ret = crew->fn(crew->c, hand->result, crew->turn);
	kthread_complete_and_exit(&hand->done, 0);
}

/* Starts all tasks or none. */
static int bench_crew_start(struct bench_hand *hands, unsigned int count)
{
	struct task_struct *tasks[BENCH_CREW_MAX];
	unsigned int i;

	for (i = 0; i < count; i++) {
		init_completion(&hands[i].done);
		tasks[i] = kthread_create_on_cpu(bench_hand_work, &hands[i], i, "bench/%u");
		if (IS_ERR(tasks[i]))
			goto err_stop;
	}
	while (i--)
		wake_up_process(tasks[i]);
	return 0;

err_stop:
	while (i--)
		kthread_stop(tasks[i]);
	return -ENOMEM;
}

/**
 * bench_crew_run() - let the tasks of a case's crew do something at the same time
 * @c: case with a crew
 * @results: array, one for each task
 * @turn: for @fn
 * @fn: what each does
 *
 * Context: Process context, sleeps.
 * Return: 0, -ENOMEM, -ENXIO with fewer CPUs than tasks, or what a call of @fn returned.
 */
int bench_crew_run(const struct bench_case *c, struct bench_result *results, int turn,
		   bench_crew_fn fn)
{
	struct bench_crew crew = { .c = c, .fn = fn, .turn = turn };
	struct bench_hand hands[BENCH_CREW_MAX];
	unsigned int i;
	int ret;

	if (c->crew > min(num_online_cpus(), BENCH_CREW_MAX))
		return -ENXIO;
	atomic_set(&crew.missing, c->crew);
	for (i = 0; i < c->crew; i++) {
		hands[i].crew = &crew;
		hands[i].result = &results[i];
	}
	ret = bench_crew_start(hands, c->crew);
	if (ret)
		return ret;
	for (i = 0; i < c->crew; i++) {
		wait_for_completion(&hands[i].done);
		ret = ret ?: hands[i].ret;
	}
	return ret;
}
