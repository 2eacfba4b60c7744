// SPDX-License-Identifier: GPL-2.0
/*
 * How much is executed from one event to the next: from a commit, or a dependency's
 * signal, to the doorbell; from the interrupt to the waiter.
 */

#include <linux/dma-fence.h>
#include <linux/errno.h>
#include <linux/hrtimer.h>
#include <linux/kernel.h>
#include <linux/ktime.h>

#include "sched.h"
#include "sched_null.h"

#define WAITER_DELAY_US	100

static struct dma_fence *latency_deps[SCHED_DEPS_MAX];

/**
 * sched_doorbell_setup() - prepare a job
 * @c: case
 *
 * Context: Process, sleeps.
 * Return: 0 or -errno.
 */
int sched_doorbell_setup(const struct bench_case *c)
{
	return sched_prepare(c, NULL);
}

/**
 * sched_doorbell_run() - from the commit to the doorbell
 * @c: case
 *
 * Context: Process, sleeps.
 * Return: 0; -EIO if the doorbell wasn't rung.
 */
int sched_doorbell_run(const struct bench_case *c)
{
	const struct sched_impl *impl = c->impl;

	null_probe.stop = true;
	bench_mark_start();
	impl->commit(0, 1, NULL);
	sched_let_run();
	return null_probe.stop ? -EIO : 0;
}

/**
 * sched_dep_setup() - submit a job that waits for the last one of its dependencies
 * @c: case
 *
 * If it has none it is only prepared.
 *
 * Context: Process, sleeps.
 * Return: 0 or -errno.
 */
int sched_dep_setup(const struct bench_case *c)
{
	const struct sched_measure *m = sched_measure_of(c);
	unsigned int i;
	int ret;

	if (!m->deps)
		return sched_prepare(c, NULL);
	ret = sched_deps_create(latency_deps, m->deps);
	if (ret)
		return ret;
	ret = sched_submit(c, latency_deps, NULL);
	if (ret) {
		sched_deps_put(latency_deps, m->deps);
		return ret;
	}
	sched_let_run();
	for (i = 0; i + 1 < m->deps; i++) {
		dma_fence_signal(latency_deps[i]);
		sched_let_run();
	}
	return 0;
}

/**
 * sched_last_dep() - the dependency that hasn't signalled yet
 * @c: case
 *
 * Context: Any.
 * Return: It, borrowed.
 */
struct dma_fence *sched_last_dep(const struct bench_case *c)
{
	return latency_deps[sched_measure_of(c)->deps - 1];
}

/**
 * sched_dep_run() - from the signal of the last dependency to the doorbell
 * @c: case
 *
 * Context: Process, sleeps.
 * Return: 0; -EIO if the doorbell wasn't rung.
 */
int sched_dep_run(const struct bench_case *c)
{
	struct dma_fence *dep = sched_last_dep(c);

	null_probe.stop = true;
	bench_mark_start();
	dma_fence_signal(dep);
	sched_let_run();
	return null_probe.stop ? -EIO : 0;
}

/**
 * sched_dep_teardown() - end sched_dep_setup()
 * @c: case
 *
 * Context: Process, sleeps.
 */
void sched_dep_teardown(const struct bench_case *c)
{
	sched_deps_put(latency_deps, sched_measure_of(c)->deps);
	sched_settle(c);
}

/* The interrupt of the device, whose handler takes its time. */
static struct {
	struct hrtimer timer;
	const struct bench_case *c;
} waiter;

static enum hrtimer_restart waiter_interrupt(struct hrtimer *timer)
{
	bench_mark_start();
	sched_interrupt(waiter.c);
	return HRTIMER_NORESTART;
}

/**
 * sched_waiter_run() - from the interrupt to the task that waits for a job
 * @c: case
 *
 * Context: Process, sleeps.
 * Return: 0 or -errno.
 */
int sched_waiter_run(const struct bench_case *c)
{
	struct dma_fence *fence;
	long ret;

	ret = sched_submit(c, NULL, &fence);
	if (ret)
		return ret;
	sched_let_run();
	waiter.c = c;
	hrtimer_setup(&waiter.timer, waiter_interrupt, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
	hrtimer_start(&waiter.timer, us_to_ktime(WAITER_DELAY_US), HRTIMER_MODE_REL_HARD);
	ret = dma_fence_wait(fence, false);
	bench_mark_stop();
	hrtimer_cancel(&waiter.timer);
	dma_fence_put(fence);
	return ret;
}
