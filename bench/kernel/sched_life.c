// SPDX-License-Identifier: GPL-2.0
/*
 * The whole life of jobs: allocated, submitted, run, complete, signalled, freed.
 *
 * A run begins and ends alike: jobs of the last batch have signalled, and who likes to free
 * them later may. So each run frees as many as it submits.
 */

#include <linux/dma-fence.h>
#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/processor.h>

#include "sched.h"

static struct dma_fence *life_deps[SCHED_DEPS_MAX];
static unsigned long life_freed;

static int life_batch(const struct bench_case *c)
{
	int ret;

	ret = sched_submit(c, NULL, NULL);
	if (ret)
		return ret;
	sched_let_run();
	sched_interrupt(c);
	sched_let_run();
	return 0;
}

/* Were as many freed as submitted, but for a batch that is still to be? */
static int life_check(const struct bench_case *c, unsigned int jobs)
{
	unsigned long freed = sched_freed() - life_freed;

	return freed + sched_measure_of(c)->batch < jobs ? -EIO : 0;
}

/* Begin right after a tick, so that there is time until the next one. */
static void life_await_tick(void)
{
	unsigned long now = jiffies;

	while (!time_after(jiffies, now))
		cpu_relax();
}

/**
 * sched_life_setup() - have a batch that has ended, as there would be in the long run
 * @c: case
 *
 * Context: Process, sleeps.
 * Return: 0 or -errno.
 */
int sched_life_setup(const struct bench_case *c)
{
	int ret = life_batch(c);

	life_freed = sched_freed();
	life_await_tick();
	return ret;
}

/**
 * sched_life_run() - the jobs of a run, a batch after the other
 * @c: case
 *
 * Context: Process, sleeps.
 * Return: 0 or -errno.
 */
int sched_life_run(const struct bench_case *c)
{
	const struct sched_measure *m = sched_measure_of(c);
	unsigned int i;
	int ret;

	for (i = 0; i < m->ops; i += m->batch) {
		ret = life_batch(c);
		if (ret)
			return ret;
	}
	return life_check(c, m->ops);
}

/**
 * sched_commit_setup() - have a batch that has ended, and prepare one
 * @c: case
 *
 * Context: Process, sleeps.
 * Return: 0 or -errno.
 */
int sched_commit_setup(const struct bench_case *c)
{
	int ret = sched_life_setup(c);

	return ret ?: sched_prepare(c, NULL);
}

/**
 * sched_commit_run() - what is left of the life of prepared jobs
 * @c: case
 *
 * Context: Process, sleeps.
 * Return: 0 or -errno.
 */
int sched_commit_run(const struct bench_case *c)
{
	const struct sched_impl *impl = c->impl;

	impl->commit(0, sched_measure_of(c)->batch, NULL);
	sched_let_run();
	sched_interrupt(c);
	sched_let_run();
	return life_check(c, sched_measure_of(c)->ops);
}

/**
 * sched_deps_setup() - as sched_life_setup(), and make what the jobs of a run depend on
 * @c: case
 *
 * Context: Process, sleeps.
 * Return: 0 or -errno.
 */
int sched_deps_setup(const struct bench_case *c)
{
	const struct sched_measure *m = sched_measure_of(c);
	int ret;

	ret = sched_deps_create(life_deps, m->ops * m->deps);
	if (ret)
		return ret;
	ret = sched_life_setup(c);
	if (ret)
		sched_deps_put(life_deps, m->ops * m->deps);
	return ret;
}

/**
 * sched_deps_run() - the jobs of a run, whose dependencies signal one after the other
 * @c: case
 *
 * Each signals when all have done what the one before has set off.
 *
 * Context: Process, sleeps.
 * Return: 0 or -errno.
 */
int sched_deps_run(const struct bench_case *c)
{
	const struct sched_measure *m = sched_measure_of(c);
	unsigned int i, d;
	int ret;

	for (i = 0; i < m->ops; i++) {
		struct dma_fence **deps = &life_deps[i * m->deps];

		ret = sched_submit(c, deps, NULL);
		if (ret)
			return ret;
		sched_let_run();
		for (d = 0; d < m->deps; d++) {
			dma_fence_signal(deps[d]);
			sched_let_run();
		}
		sched_interrupt(c);
		sched_let_run();
	}
	return life_check(c, m->ops);
}

/**
 * sched_deps_teardown() - end sched_deps_setup()
 * @c: case
 *
 * Context: Process, sleeps.
 */
void sched_deps_teardown(const struct bench_case *c)
{
	const struct sched_measure *m = sched_measure_of(c);

	sched_deps_put(life_deps, m->ops * m->deps);
	sched_settle(c);
}
