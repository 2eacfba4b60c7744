// SPDX-License-Identifier: GPL-2.0
/*
 * How long it takes to the doorbell while others want the CPU, too: ordinary tasks, or a
 * real-time task that doesn't let go of it.
 */

#include <linux/completion.h>
#include <linux/dma-fence.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/hrtimer.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/processor.h>
#include <linux/sched.h>

#include "sched.h"
#include "sched_null.h"

#define LOAD_HOGS_MAX	4
/* A dependency signals that long after those who keep the CPU have begun. */
#define LOAD_DELAY_US	1000

/**
 * struct load_hog - a task that keeps a CPU busy
 */
struct load_hog {
	/** @task: it */
	struct task_struct *task;
	/** @ms: how long */
	unsigned int ms;
	/** @done: it has ended */
	struct completion done;
};

static struct load_hog load_hogs[LOAD_HOGS_MAX];

/* The interrupt in which a dependency signals. */
static struct {
	struct hrtimer timer;
	struct dma_fence *fence;
	u64 signalled_ns;
} load_signal;

static int load_hog_work(void *data)
{
	struct load_hog *hog = data;
	u64 end = ktime_get_ns() + (u64)hog->ms * NSEC_PER_MSEC;

	while (ktime_get_ns() < end)
		cpu_relax();
	kthread_complete_and_exit(&hog->done, 0);
}

static void load_stop(unsigned int count)
{
	while (count--)
		wait_for_completion(&load_hogs[count].done);
}

static int load_start(const struct sched_measure *m)
{
	unsigned int i;

	for (i = 0; i < m->hogs; i++) {
		struct load_hog *hog = &load_hogs[i];

		init_completion(&hog->done);
		hog->ms = m->hog_ms;
		hog->task = kthread_create_on_cpu(load_hog_work, hog, 0, "bench-hog/%u");
		if (IS_ERR(hog->task)) {
			load_stop(i);
			return PTR_ERR(hog->task);
		}
		if (m->fifo)
			sched_set_fifo_low(hog->task);
		wake_up_process(hog->task);
	}
	return 0;
}

/* Returns the time from @since to the doorbell, in ns, or -errno. */
static int load_answer(u64 since)
{
	u64 took_ns = null_probe.time_ns - since;

	if (null_probe.take_time)
		return -EIO;
	return took_ns > INT_MAX ? -EOVERFLOW : took_ns;
}

/**
 * sched_load_submit_run() - from the commit to the doorbell
 * @c: case
 *
 * If a real-time task wants the CPU, the submitter is one that comes before it; otherwise
 * it would be delayed itself.
 *
 * Context: Process, sleeps.
 * Return: The time in ns, or -errno.
 */
int sched_load_submit_run(const struct bench_case *c)
{
	const struct sched_measure *m = sched_measure_of(c);
	const struct sched_impl *impl = c->impl;
	u64 start;
	int ret;

	if (m->fifo)
		sched_set_fifo(current);
	ret = load_start(m);
	if (!ret) {
		null_probe.take_time = true;
		start = ktime_get_ns();
		impl->commit(0, 1, NULL);
		load_stop(m->hogs);
	}
	sched_set_normal(current, 0);
	if (ret)
		return ret;
	sched_let_run();
	return load_answer(start);
}

static enum hrtimer_restart load_interrupt(struct hrtimer *timer)
{
	load_signal.signalled_ns = ktime_get_ns();
	dma_fence_signal(load_signal.fence);
	return HRTIMER_NORESTART;
}

/**
 * sched_load_dep_run() - from the signal of a dependency, in an interrupt, to the doorbell
 * @c: case
 *
 * Context: Process, sleeps.
 * Return: The time in ns, or -errno.
 */
int sched_load_dep_run(const struct bench_case *c)
{
	const struct sched_measure *m = sched_measure_of(c);
	int ret;

	null_probe.take_time = true;
	load_signal.fence = sched_last_dep(c);
	hrtimer_setup(&load_signal.timer, load_interrupt, CLOCK_MONOTONIC,
		      HRTIMER_MODE_REL_HARD);
	hrtimer_start(&load_signal.timer, us_to_ktime(LOAD_DELAY_US), HRTIMER_MODE_REL_HARD);
	ret = load_start(m);
	if (!ret)
		load_stop(m->hogs);
	while (hrtimer_active(&load_signal.timer))
		schedule_timeout_uninterruptible(1);
	if (ret)
		return ret;
	sched_let_run();
	return load_answer(load_signal.signalled_ns);
}
