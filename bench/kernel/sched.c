// SPDX-License-Identifier: GPL-2.0
/*
 * Benchmark of job queues: the same jobs by three drivers of the null device, whose queues
 * are ours, drm_sched's, or none.
 *
 * One CPU. Who submits is always the same task; if others have to do something for it, it
 * lets them, until nobody else wants to run any more: so nothing depends on when a
 * scheduler feels like switching.
 */

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/sched/stat.h>

#include "sched.h"
#include "sched_null.h"

static const struct sched_impl *const sched_impls[] = {
	&sched_impl_ours, &sched_impl_peer, &sched_impl_floor,
};

#define SCHED_LIFE(name, jobs, at_once, on_queues) {			\
	.ops = (jobs), .batch = (at_once), .queues = (on_queues),	\
	.like = {							\
		.measure = (name), .everyone = true,			\
		.setup = sched_life_setup, .run = sched_life_run,	\
		.teardown = sched_settle,				\
	},								\
}

#define SCHED_COMMIT(name, jobs, at_once) {				\
	.ops = (jobs), .batch = (at_once), .queues = 1,			\
	.like = {							\
		.measure = (name), .everyone = true,			\
		.setup = sched_commit_setup, .run = sched_commit_run,	\
		.teardown = sched_settle,				\
	},								\
}

#define SCHED_DEPS(name, jobs, each) {					\
	.ops = (jobs), .batch = 1, .queues = 1, .deps = (each),		\
	.no_floor = true,						\
	.like = {							\
		.measure = (name), .everyone = true,			\
		.setup = sched_deps_setup, .run = sched_deps_run,	\
		.teardown = sched_deps_teardown,			\
	},								\
}

#define SCHED_DEP_DOORBELL(name, each) {				\
	.ops = 1, .batch = 1, .queues = 1, .deps = (each),		\
	.no_floor = true,						\
	.like = {							\
		.measure = (name), .marks = true,			\
		.setup = sched_dep_setup, .run = sched_dep_run,		\
		.teardown = sched_dep_teardown,				\
	},								\
}

#define SCHED_LOAD(name, ms, tasks, are_fifo, with_deps, fn) {		\
	.ops = 1, .batch = 1, .queues = 1, .deps = (with_deps),		\
	.hog_ms = (ms), .hogs = (tasks), .fifo = (are_fifo),		\
	.no_floor = true,						\
	.like = {							\
		.measure = (name), .timed = true, .runs = 5,		\
		.setup = sched_dep_setup, .run = (fn),			\
		.teardown = sched_dep_teardown,				\
	},								\
}

static const struct sched_measure sched_measures[] = {
	/* So many that the runs fit between two ticks. */
	SCHED_LIFE("life-1", 16, 1, 1),
	SCHED_LIFE("life-4", 32, 4, 1),
	SCHED_LIFE("life-16", 48, 16, 1),
	SCHED_LIFE("life-64", 64, 64, 1),
	SCHED_LIFE("queues-8", 64, 64, 8),
	SCHED_LIFE("queues-64", 64, 64, 64),
	SCHED_COMMIT("commit-1", 1, 1),
	SCHED_COMMIT("commit-64", 64, 64),
	SCHED_DEPS("deps-1", 8, 1),
	SCHED_DEPS("deps-8", 2, 8),
	SCHED_DEPS("deps-64", 1, SCHED_DEPS_MAX),
	{
		.ops = 1, .batch = 1, .queues = 1,
		.like = {
			.measure = "doorbell", .marks = true,
			.setup = sched_doorbell_setup, .run = sched_doorbell_run,
			.teardown = sched_settle,
		},
	},
	SCHED_DEP_DOORBELL("dep-doorbell-1", 1),
	SCHED_DEP_DOORBELL("dep-doorbell-8", 8),
	SCHED_DEP_DOORBELL("dep-doorbell-64", SCHED_DEPS_MAX),
	{
		.ops = 1, .batch = 1, .queues = 1,
		.like = {
			.measure = "waiter", .marks = true,
			.run = sched_waiter_run, .teardown = sched_settle,
		},
	},
	SCHED_LOAD("submit-idle", 0, 0, false, 0, sched_load_submit_run),
	SCHED_LOAD("submit-load", 40, 4, false, 0, sched_load_submit_run),
	SCHED_LOAD("submit-hog-10", 10, 1, true, 0, sched_load_submit_run),
	SCHED_LOAD("submit-hog-100", 100, 1, true, 0, sched_load_submit_run),
	SCHED_LOAD("dep-idle", 0, 0, false, 1, sched_load_dep_run),
	SCHED_LOAD("dep-load", 40, 4, false, 1, sched_load_dep_run),
	SCHED_LOAD("dep-hog-10", 10, 1, true, 1, sched_load_dep_run),
	SCHED_LOAD("dep-hog-100", 100, 1, true, 1, sched_load_dep_run),
	{
		.ops = SCHED_SUBMITTERS * SCHED_SUBMITTER_JOBS, .batch = 1,
		.queues = SCHED_SUBMITTERS, .no_floor = true,
		.like = {
			.measure = "throughput", .timed = true, .runs = 5,
			.run = sched_throughput_run, .teardown = sched_settle,
		},
	},
};

static struct bench_case sched_cases[ARRAY_SIZE(sched_impls) * ARRAY_SIZE(sched_measures)];

static struct bench_part sched_part = {
	.name = "sched",
	.cases = sched_cases,
};

static DEFINE_PER_CPU(unsigned long, sched_frees);
static unsigned long sched_submitted;

/**
 * sched_measure_of() - what a case is about
 * @c: case of this part
 *
 * Context: Any.
 * Return: The measure.
 */
const struct sched_measure *sched_measure_of(const struct bench_case *c)
{
	return &sched_measures[c->arg];
}

/**
 * sched_count_freed() - a driver has freed a job
 *
 * Context: Any.
 */
void sched_count_freed(void)
{
	this_cpu_inc(sched_frees);
}

/**
 * sched_freed() - how many jobs have been freed so far?
 *
 * Context: Any.
 * Return: That number.
 */
unsigned long sched_freed(void)
{
	unsigned long sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(*per_cpu_ptr(&sched_frees, cpu));
	return sum;
}

/**
 * sched_let_run() - let all others run who want to
 *
 * Stands for going to sleep, or back to user space, and costs less. They run before the
 * caller does, whatever it has left of its time slice: that is what yield() is for.
 *
 * Context: Process; one CPU.
 */
void sched_let_run(void)
{
	while (!single_task_running())
		yield();
}

/**
 * sched_prepare() - prepare a batch of jobs, the first ones
 * @c: case
 * @deps: what each of them depends on, or NULL
 *
 * Context: Process, sleeps.
 * Return: 0 or -errno.
 */
int sched_prepare(const struct bench_case *c, struct dma_fence **deps)
{
	const struct sched_measure *m = sched_measure_of(c);
	const struct sched_impl *impl = c->impl;
	unsigned int i;
	int ret;

	for (i = 0; i < m->batch; i++) {
		ret = impl->prepare(i, i * m->queues / m->batch, deps, deps ? m->deps : 0);
		if (ret)
			return ret;
	}
	sched_submitted += m->batch;
	return 0;
}

/**
 * sched_submit() - prepare and commit a batch of jobs
 * @c: case
 * @deps: what each of them depends on, or NULL
 * @ret_last: gets the fence of the last one, with a reference; or NULL
 *
 * Context: Process, sleeps.
 * Return: 0 or -errno.
 */
int sched_submit(const struct bench_case *c, struct dma_fence **deps,
		 struct dma_fence **ret_last)
{
	const struct sched_impl *impl = c->impl;
	int ret;

	ret = sched_prepare(c, deps);
	if (!ret)
		impl->commit(0, sched_measure_of(c)->batch, ret_last);
	return ret;
}

/**
 * sched_interrupt() - have the device complete what is in the case's rings
 * @c: case
 *
 * Context: Any.
 */
void sched_interrupt(const struct bench_case *c)
{
	const struct sched_impl *impl = c->impl;
	unsigned int i;

	for (i = 0; i < sched_measure_of(c)->queues; i++)
		null_ring_interrupt(impl->ring(i));
}

/**
 * sched_add_submitted() - jobs were submitted by other ways than sched_prepare()
 * @jobs: how many
 *
 * Context: Process; by one task.
 */
void sched_add_submitted(unsigned int jobs)
{
	sched_submitted += jobs;
}

/**
 * sched_settle() - wait until all jobs are complete and freed
 * @c: case
 *
 * Context: Process, sleeps.
 */
void sched_settle(const struct bench_case *c)
{
	unsigned int tries;

	for (tries = 0; sched_freed() != sched_submitted; tries++) {
		if (WARN(tries == 1000, "%s of %s: %lu jobs submitted, %lu freed\n", c->measure,
			 c->who, sched_submitted, sched_freed()))
			return;
		sched_let_run();
		sched_interrupt(c);
		schedule_timeout_uninterruptible(1);
	}
}

static void sched_add_case(const struct sched_impl *impl, unsigned int measure)
{
	const struct sched_measure *m = &sched_measures[measure];
	struct bench_case *c = &sched_cases[sched_part.count++];

	*c = m->like;
	c->who = impl->who;
	c->ops = m->ops;
	c->impl = impl;
	c->arg = measure;
	if (m->deps)
		c->interrupts = m->ops * impl->dep_interrupts;
	/* By the peer these take longer than from one tick to the next. */
	if (m->queues == SCHED_QUEUES || (m->deps == SCHED_DEPS_MAX && !c->marks))
		c->interrupts = BENCH_ANY_INTERRUPTS;
}

static void sched_fill_cases(void)
{
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(sched_measures); i++)
		for (j = 0; j < ARRAY_SIZE(sched_impls); j++)
			if (!sched_impls[j]->floor || !sched_measures[i].no_floor)
				sched_add_case(sched_impls[j], i);
}

/* Close the first @count implementations. */
static void sched_close(unsigned int count)
{
	while (count--)
		sched_impls[count]->close();
}

static int __init sched_init(void)
{
	unsigned int i;
	int ret;

	sched_fill_cases();
	for (i = 0; i < ARRAY_SIZE(sched_impls); i++) {
		ret = sched_impls[i]->open();
		if (ret)
			goto err_close;
	}
	ret = bench_part_run(&sched_part);
	if (ret)
		goto err_close;
	return 0;

err_close:
	sched_close(i);
	return ret;
}
module_init(sched_init);

static void __exit sched_exit(void)
{
	bench_part_remove(&sched_part);
	sched_close(ARRAY_SIZE(sched_impls));
}
module_exit(sched_exit);

MODULE_DESCRIPTION("Benchmark of job queues");
MODULE_AUTHOR("The Carillon maintainers");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("CARILLON_BENCH");
MODULE_IMPORT_NS("JOBQ");
