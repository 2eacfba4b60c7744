// SPDX-License-Identifier: GPL-2.0
/*
 * Many threads at some queues at once: submitters, the hardware, interrupts, a
 * killer. On one CPU they still preempt each other. What is checked are the
 * promises: every fence signals once, in order, every job is freed, no credit and no
 * unit of the limit is lost.
 */

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/hrtimer.h>
#include <linux/kthread.h>
#include <linux/mutex.h>
#include <linux/prandom.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include <jobq/jobq.h>
#include <jobq/jobq_job.h>
#include <jobq/jobq_limit.h>
#include <jobq/jobq_publish.h>

#include "mock.h"

#define QUEUES		3
#define SUBMITTERS	3
#define COMMITS		200
#define GROUP_MAX	4
#define CREDITS		6
#define LIMIT		5

struct storm_queue {
	struct jobq q;
	struct storm *storm;
	/* The highest seqno in the ring, and the highest one that signalled. */
	atomic64_t ran;
	atomic64_t signalled;
	atomic_t freed;
	atomic_t bad;
	atomic_t tries;
	atomic_t hw_waits;
	struct hrtimer irq;
	struct completion released;
};

struct storm {
	struct kunit *test;
	unsigned int flags;
	const struct jobq_ops *ops;
	struct storm_queue *queues[QUEUES];
	struct jobq_limit *limit;
	/* The newest fence of each queue, for dependencies. */
	struct mutex lock;
	struct dma_fence *newest[QUEUES];
	atomic_t committed[QUEUES];
	bool end;
};

struct storm_job {
	struct jobq_job base;
	struct jobq_publish log;
	struct dma_fence_cb cb;
};

struct storm_thread {
	struct storm *storm;
	struct rnd_state rnd;
	struct completion done;
};

static struct storm_queue *to_storm_queue(struct jobq *q)
{
	return container_of(q, struct storm_queue, q);
}

static int storm_run_job(struct jobq *q, struct jobq_job *job)
{
	struct storm_queue *sq = to_storm_queue(q);
	u64 seqno = jobq_job_seqno(job);
	int tries = atomic_inc_return(&sq->tries);

	if (!(tries % 7))
		return -EBUSY;
	if (!(tries % 11))
		return -EIO;
	if (!(sq->storm->flags & JOBQ_RUN_ATOMIC) && !(tries % 5))
		usleep_range(10, 20);
	/* In order, one at a time. */
	if (atomic64_xchg(&sq->ran, seqno) >= seqno)
		atomic_inc(&sq->bad);
	return 0;
}

static void storm_job_free(struct jobq_job *job)
{
	struct storm_queue *sq = to_storm_queue(job->q);

	kfree(container_of(job, struct storm_job, base));
	atomic_inc(&sq->freed);
}

static void storm_force_stop(struct jobq *q)
{
}

static void storm_release(struct jobq *q)
{
	complete(&to_storm_queue(q)->released);
}

static const struct jobq_ops storm_ops = {
	.run_job = storm_run_job,
	.job_free = storm_job_free,
	.force_stop = storm_force_stop,
	.release = storm_release,
};

static int storm_hw_wait_prepare(struct jobq_job *job, struct jobq_job *earlier)
{
	/* Most of them, so that both ways are gone. */
	return atomic_read(&to_storm_queue(job->q)->tries) % 8 ? 0 : -EOPNOTSUPP;
}

/* A ring mustn't wait for a job that wasn't given to its own. */
static void storm_hw_wait(struct jobq *q, struct jobq_job *job, struct jobq_job *earlier)
{
	if (atomic64_read(&to_storm_queue(earlier->q)->ran) < jobq_job_seqno(earlier))
		atomic_inc(&to_storm_queue(q)->bad);
	atomic_inc(&to_storm_queue(q)->hw_waits);
}

static void storm_hw_ended(struct jobq *q, struct jobq_job *job)
{
	if (atomic64_read(&to_storm_queue(q)->ran) < jobq_job_seqno(job))
		atomic_inc(&to_storm_queue(q)->bad);
}

static const struct jobq_ops storm_hw_ops = {
	.run_job = storm_run_job,
	.job_free = storm_job_free,
	.hw_wait_prepare = storm_hw_wait_prepare,
	.hw_wait = storm_hw_wait,
	.hw_ended = storm_hw_ended,
	.force_stop = storm_force_stop,
	.release = storm_release,
};

static void storm_fired(struct dma_fence *fence, struct dma_fence_cb *cb)
{
	struct storm_job *job = container_of(cb, struct storm_job, cb);
	struct storm_queue *sq = to_storm_queue(job->base.q);

	if (atomic64_xchg(&sq->signalled, fence->seqno) != fence->seqno - 1)
		atomic_inc(&sq->bad);
}

static void storm_publish(struct jobq_publish *p, struct dma_fence *fence)
{
	struct storm_job *job = container_of(p, struct storm_job, log);

	/* None can have signalled before it was published. */
	if (dma_fence_add_callback(fence, &job->cb, storm_fired))
		atomic_inc(&to_storm_queue(job->base.q)->bad);
}

static void storm_publish_free(struct jobq_publish *p)
{
}

static const struct jobq_publish_ops storm_publish_ops = {
	.publish = storm_publish,
	.free = storm_publish_free,
};

/* The hardware: reports some of what is in the ring, from a hard interrupt. */
static enum hrtimer_restart storm_irq(struct hrtimer *timer)
{
	struct storm_queue *sq = container_of(timer, struct storm_queue, irq);

	jobq_complete(&sq->q, atomic64_read(&sq->ran));
	hrtimer_forward_now(timer, us_to_ktime(150));
	return HRTIMER_RESTART;
}

static struct jobq_job *storm_make_job(struct storm_thread *t, unsigned int queue)
{
	const struct jobq_job_args args = {
		.credits = prandom_u32_state(&t->rnd) % (CREDITS + 1),
		.limit_units = prandom_u32_state(&t->rnd) % (LIMIT + 1),
		.flags = prandom_u32_state(&t->rnd) % 4 ? 0 : JOBQ_JOB_DEP_ERRORS,
	};
	struct storm *storm = t->storm;
	struct dma_fence *fence;
	struct storm_job *job;

	job = kzalloc_obj(*job);
	if (!job)
		return NULL;
	if (jobq_job_init(&job->base, &storm->queues[queue]->q, &args)) {
		kfree(job);
		return NULL;
	}
	job->log.ops = &storm_publish_ops;
	jobq_job_add_publish(&job->base, &job->log);

	scoped_guard(mutex, &storm->lock)
		fence = dma_fence_get(storm->newest[prandom_u32_state(&t->rnd) % QUEUES]);
	if (jobq_job_add_dep(&job->base, fence))
		goto err_put;
	return &job->base;

err_put:
	jobq_job_put(&job->base);
	return NULL;
}

static void storm_remember(struct storm *storm, struct jobq_job *job, unsigned int queue)
{
	struct dma_fence *old;

	atomic_inc(&storm->committed[queue]);
	scoped_guard(mutex, &storm->lock) {
		old = storm->newest[queue];
		storm->newest[queue] = dma_fence_get(jobq_job_fence(job));
	}
	dma_fence_put(old);
}

/* A group of random jobs; each may wait for the one before. Now and then none of it. */
static void storm_commit(struct storm_thread *t)
{
	unsigned int num = 1 + prandom_u32_state(&t->rnd) % GROUP_MAX;
	unsigned int queues[GROUP_MAX], made = 0, i;
	struct jobq_job *jobs[GROUP_MAX];
	bool commit = prandom_u32_state(&t->rnd) % 8;

	for (i = 0; i < num; i++) {
		queues[made] = prandom_u32_state(&t->rnd) % QUEUES;
		jobs[made] = storm_make_job(t, queues[made]);
		if (!jobs[made])
			continue; /* its queue was killed */
		if (made && prandom_u32_state(&t->rnd) % 2 &&
		    jobq_job_add_dep_job(jobs[made], jobs[made - 1]))
			commit = false;
		if (jobq_job_prepare(jobs[made]))
			commit = false;
		made++;
	}
	if (commit) {
		jobq_commit(jobs, made);
		for (i = 0; i < made; i++)
			storm_remember(t->storm, jobs[i], queues[i]);
	}
	for (i = 0; i < made; i++)
		jobq_job_put(jobs[i]);
}

static int storm_submitter(void *arg)
{
	struct storm_thread *t = arg;
	unsigned int i;

	for (i = 0; i < COMMITS; i++) {
		storm_commit(t);
		if (!(prandom_u32_state(&t->rnd) % 4))
			usleep_range(50, 400);
	}
	kthread_complete_and_exit(&t->done, 0);
}

/* Interrupts or a kill empty the ring soon; what was in it has signalled then. */
static void storm_suspend(struct storm_queue *sq)
{
	s64 ran;

	if (jobq_suspend(&sq->q, 10000)) {
		atomic_inc(&sq->bad);
		return;
	}
	ran = atomic64_read(&sq->ran);
	usleep_range(20, 100);
	if (atomic64_read(&sq->ran) != ran || atomic64_read(&sq->signalled) < ran)
		atomic_inc(&sq->bad);
	jobq_resume(&sq->q);
}

/* Reports completions in process context, beside the interrupts. */
static int storm_completer(void *arg)
{
	struct storm_thread *t = arg;
	struct storm_queue *sq;

	while (!READ_ONCE(t->storm->end)) {
		sq = t->storm->queues[prandom_u32_state(&t->rnd) % QUEUES];
		jobq_complete(&sq->q, atomic64_read(&sq->ran));
		if (!(prandom_u32_state(&t->rnd) % 8)) {
			jobq_stop(&sq->q);
			jobq_start(&sq->q);
		}
		if (!(prandom_u32_state(&t->rnd) % 8))
			storm_suspend(sq);
		usleep_range(20, 200);
	}
	kthread_complete_and_exit(&t->done, 0);
}

static void storm_start_thread(struct storm *storm, struct storm_thread *t,
			       int (*fn)(void *arg), u64 seed)
{
	struct task_struct *task;

	t->storm = storm;
	prandom_seed_state(&t->rnd, seed);
	init_completion(&t->done);
	task = kthread_run(fn, t, "jobq-storm");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(storm->test, task);
}

static void storm_start_queue(struct storm *storm, unsigned int i)
{
	const struct jobq_args args = {
		.ops = storm->ops, .driver_name = "storm", .name = "storm",
		.flags = storm->flags, .credits = CREDITS, .limit = storm->limit,
		.stop_timeout_ms = 10,
	};
	struct storm_queue *sq = kunit_kzalloc(storm->test, sizeof(*sq), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(storm->test, sq);
	storm->queues[i] = sq;
	sq->storm = storm;
	init_completion(&sq->released);
	KUNIT_ASSERT_EQ(storm->test, jobq_init(&sq->q, &args), 0);
	hrtimer_setup(&sq->irq, storm_irq, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	hrtimer_start(&sq->irq, us_to_ktime(100 + 37 * i), HRTIMER_MODE_REL);
}

static void storm_end_queue(struct storm *storm, unsigned int i)
{
	struct storm_queue *sq = storm->queues[i];
	struct kunit *test = storm->test;
	struct jobq_stats stats;

	jobq_teardown(&sq->q);
	jobq_get_stats(&sq->q, &stats);
	KUNIT_EXPECT_EQ(test, atomic_read(&sq->bad), 0);
	KUNIT_EXPECT_EQ(test, stats.queued, atomic_read(&storm->committed[i]));
	KUNIT_EXPECT_EQ(test, stats.queued, stats.done + stats.cancelled);
	KUNIT_EXPECT_EQ(test, stats.queued, atomic64_read(&sq->signalled));
	KUNIT_EXPECT_EQ(test, sq->q.credits, CREDITS);
	KUNIT_EXPECT_EQ(test, atomic_read(&sq->hw_waits), stats.hw_waits);
	/* How many depends on the machine's speed: a slow one has nothing in its rings. */
	if (storm->ops == &storm_hw_ops)
		kunit_info(test, "%llu waits in hardware\n", stats.hw_waits);
}

/* With @kill a queue is killed, and another one torn down, in the middle of it. */
static void storm(struct kunit *test, const struct jobq_ops *ops, unsigned int flags,
		  unsigned int kill)
{
	struct storm *storm = kunit_kzalloc(test, sizeof(*storm), GFP_KERNEL);
	struct storm_thread *threads;
	unsigned int i;

	threads = kunit_kcalloc(test, SUBMITTERS + 1, sizeof(*threads), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, storm);
	KUNIT_ASSERT_NOT_NULL(test, threads);
	storm->test = test;
	storm->flags = flags;
	storm->ops = ops;
	mutex_init(&storm->lock);
	storm->limit = jobq_limit_create(LIMIT);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, storm->limit);
	for (i = 0; i < QUEUES; i++)
		storm_start_queue(storm, i);
	for (i = 0; i < SUBMITTERS; i++)
		storm_start_thread(storm, &threads[i], storm_submitter, i + 1);
	storm_start_thread(storm, &threads[SUBMITTERS], storm_completer, 99);

	if (kill) {
		usleep_range(5000, 6000);
		jobq_kill(&storm->queues[0]->q, -ENODEV);
		usleep_range(2000, 3000);
		jobq_teardown(&storm->queues[1]->q);
	}
	for (i = 0; i < SUBMITTERS; i++)
		wait_for_completion(&threads[i].done);
	/* Let the rest run, and stop the hardware, after the one who may wait for it. */
	msleep(20);
	WRITE_ONCE(storm->end, true);
	wait_for_completion(&threads[SUBMITTERS].done);
	for (i = 0; i < QUEUES; i++)
		hrtimer_cancel(&storm->queues[i]->irq);
	for (i = 0; i < QUEUES; i++)
		storm_end_queue(storm, i);
	KUNIT_EXPECT_EQ(test, jobq_limit_available(storm->limit), LIMIT);
	jobq_limit_put(storm->limit);
	for (i = 0; i < QUEUES; i++) {
		dma_fence_put(storm->newest[i]);
		jobq_put(&storm->queues[i]->q);
		KUNIT_EXPECT_TRUE(test, try_wait_for_completion(&storm->queues[i]->released));
		/* Rolled back ones are freed, too. */
		KUNIT_EXPECT_GE(test, atomic_read(&storm->queues[i]->freed),
				atomic_read(&storm->committed[i]));
	}
}

static void storm_sleeping(struct kunit *test)
{
	storm(test, &storm_ops, 0, 0);
}

static void storm_atomic(struct kunit *test)
{
	storm(test, &storm_ops, JOBQ_RUN_ATOMIC, 0);
}

static void storm_sleeping_killed(struct kunit *test)
{
	storm(test, &storm_ops, 0, 1);
}

static void storm_atomic_killed(struct kunit *test)
{
	storm(test, &storm_ops, JOBQ_RUN_ATOMIC, 1);
}

/* Jobs reach their rings while others that want to know it are committed or killed. */
static void storm_lowered(struct kunit *test)
{
	storm(test, &storm_hw_ops, JOBQ_RUN_ATOMIC, 0);
}

static void storm_lowered_killed(struct kunit *test)
{
	storm(test, &storm_hw_ops, JOBQ_RUN_ATOMIC, 1);
}

static void storm_lowered_sleeping_killed(struct kunit *test)
{
	storm(test, &storm_hw_ops, 0, 1);
}

static struct kunit_case race_cases[] = {
	KUNIT_CASE_SLOW(storm_sleeping),
	KUNIT_CASE_SLOW(storm_atomic),
	KUNIT_CASE_SLOW(storm_sleeping_killed),
	KUNIT_CASE_SLOW(storm_atomic_killed),
	KUNIT_CASE_SLOW(storm_lowered),
	KUNIT_CASE_SLOW(storm_lowered_killed),
	KUNIT_CASE_SLOW(storm_lowered_sleeping_killed),
	{}
};

static struct kunit_suite race_suite = {
	.name = "jobq-race",
	.test_cases = race_cases,
};

kunit_test_suite(race_suite);
