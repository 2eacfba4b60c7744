// SPDX-License-Identifier: GPL-2.0
/*
 * Several tasks that submit at the same time, each to a queue of its own, to a device
 * that works on its own.
 */

#include <linux/completion.h>
#include <linux/dma-fence.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/sched.h>

#include "sched.h"
#include "sched_null.h"

/* How far a submitter is ahead of the device. */
#define THROUGHPUT_AHEAD	64
#define THROUGHPUT_PERIOD_US	50
#define THROUGHPUT_FREED_MIN	(SCHED_SUBMITTERS * SCHED_SUBMITTER_JOBS * 3 / 4)

/**
 * struct throughput_task - a task that submits
 */
struct throughput_task {
	/** @impl: by which driver */
	const struct sched_impl *impl;
	/** @number: of its queue; its jobs are those from @number * THROUGHPUT_AHEAD on */
	unsigned int number;
	/** @task: it */
	struct task_struct *task;
	/** @ret: how it has ended */
	int ret;
	/** @done: it has ended */
	struct completion done;
};

static struct throughput_task throughput_tasks[SCHED_SUBMITTERS];
static struct dma_fence *throughput_fences[SCHED_SUBMITTERS][THROUGHPUT_AHEAD];

static void throughput_wait(struct dma_fence **fence)
{
	if (!*fence)
		return;
	dma_fence_wait(*fence, false);
	dma_fence_put(*fence);
	*fence = NULL;
}

static int throughput_work(void *data)
{
	struct throughput_task *t = data;
	struct dma_fence **fences = throughput_fences[t->number];
	unsigned int i, job;

	for (i = 0; i < SCHED_SUBMITTER_JOBS && !t->ret; i++) {
		job = i % THROUGHPUT_AHEAD;
		throughput_wait(&fences[job]);
		job += t->number * THROUGHPUT_AHEAD;
		t->ret = t->impl->prepare(job, t->number, NULL, 0);
		if (!t->ret)
			t->impl->commit(job, 1, &fences[i % THROUGHPUT_AHEAD]);
	}
	for (i = 0; i < THROUGHPUT_AHEAD; i++)
		throughput_wait(&fences[i]);
	kthread_complete_and_exit(&t->done, 0);
}

/* Starts all tasks or none. */
static int throughput_start(const struct sched_impl *impl)
{
	unsigned int i;

	for (i = 0; i < SCHED_SUBMITTERS; i++) {
		struct throughput_task *t = &throughput_tasks[i];

		*t = (struct throughput_task) { .impl = impl, .number = i };
		init_completion(&t->done);
		t->task = kthread_create(throughput_work, t, "bench/%u", i);
		if (IS_ERR(t->task))
			goto err_stop;
	}
	while (i--)
		wake_up_process(throughput_tasks[i].task);
	return 0;

err_stop:
	while (i--)
		kthread_stop(throughput_tasks[i].task);
	return -ENOMEM;
}

static int throughput_stop(void)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < SCHED_SUBMITTERS; i++) {
		wait_for_completion(&throughput_tasks[i].done);
		ret = ret ?: throughput_tasks[i].ret;
	}
	return ret;
}

/**
 * sched_throughput_run() - until the jobs of all tasks are complete, and most of them freed
 * @c: case
 *
 * Context: Process, sleeps.
 * Return: 0 or -errno.
 */
int sched_throughput_run(const struct bench_case *c)
{
	struct null_ring *rings[SCHED_SUBMITTERS];
	const struct sched_impl *impl = c->impl;
	unsigned long before = sched_freed();
	unsigned int i;
	int ret;

	for (i = 0; i < SCHED_SUBMITTERS; i++)
		rings[i] = impl->ring(i);
	null_busy_begin(rings, SCHED_SUBMITTERS, THROUGHPUT_PERIOD_US);
	ret = throughput_start(impl);
	if (!ret) {
		ret = throughput_stop();
		sched_add_submitted(SCHED_SUBMITTERS * SCHED_SUBMITTER_JOBS);
	}
	null_busy_end();
	/* Some are always left to be freed. */
	if (!ret && sched_freed() - before < THROUGHPUT_FREED_MIN)
		ret = -EIO;
	return ret;
}
