// SPDX-License-Identifier: GPL-2.0
/*
 * The mock device, and what the suites share.
 */

#include <linux/atomic.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/hrtimer.h>
#include <linux/irqflags.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include <dfence/dfence.h>
#include <dfence/dfence_ctx.h>

#include "mock.h"

static int mock_run_job(struct jobq *q, struct jobq_job *base)
{
	struct mock_queue *mq = to_mock_queue(q);
	struct mock_job *job = to_mock_job(base);

	mq->tries++;
	mq->run_atomic = irqs_disabled();
	mq->run_task = current;
	if (mq->on_run)
		mq->on_run(mq, job);
	if (mq->run_ret)
		return mq->run_ret;
	job->runs++;
	if (mq->num_ran < MOCK_LOG_MAX)
		mq->ran[mq->num_ran] = jobq_job_seqno(base);
	mq->num_ran++;
	return 0;
}

static void mock_doorbell(struct jobq *q)
{
	to_mock_queue(q)->doorbells++;
}

static int mock_job_error(struct jobq *q, struct jobq_job *job)
{
	return to_mock_job(job)->error;
}

static void mock_job_free(struct jobq_job *base)
{
	struct mock_queue *mq = to_mock_queue(base->q);

	if (current_work() == &mq->q.timeout_work.work)
		mq->freed_by_timeout = true;
	mq->freed_by = current;
	kfree(to_mock_job(base));
	atomic_inc(&mq->num_freed);
}

static enum jobq_verdict mock_timedout(struct jobq *q, struct jobq_job *job)
{
	struct mock_queue *mq = to_mock_queue(q);

	mq->timeouts++;
	if (mq->on_timedout)
		mq->on_timedout(mq, job);
	return mq->verdict;
}

static void mock_stop(struct jobq *q)
{
	struct mock_queue *mq = to_mock_queue(q);

	mq->stops++;
	if (mq->on_stop)
		mq->on_stop(mq);
}

static void mock_force_stop(struct jobq *q)
{
	might_sleep();
	to_mock_queue(q)->force_stops++;
}

static void mock_release(struct jobq *q)
{
	complete(&to_mock_queue(q)->released);
}

const struct jobq_ops mock_ops = {
	.run_job = mock_run_job,
	.doorbell = mock_doorbell,
	.job_error = mock_job_error,
	.job_free = mock_job_free,
	.timedout = mock_timedout,
	.stop = mock_stop,
	.force_stop = mock_force_stop,
	.release = mock_release,
};

/**
 * mock_queue_raw() - make a queue or end the test
 * @test: test; frees it when it ends
 * @args: for jobq_init()
 *
 * Context: Process.
 * Return: The queue.
 */
struct mock_queue *mock_queue_raw(struct kunit *test, const struct jobq_args *args)
{
	struct mock_queue *mq = kunit_kzalloc(test, sizeof(*mq), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, mq);
	mq->test = test;
	init_completion(&mq->released);
	KUNIT_ASSERT_EQ(test, jobq_init(&mq->q, args), 0);
	return mq;
}

/**
 * mock_queue() - make a usual queue or end the test
 * @test: test; frees it when it ends
 * @flags: for &jobq_args.flags
 *
 * Context: Process.
 * Return: The queue, with %MOCK_CREDITS credits and a timeout.
 */
struct mock_queue *mock_queue(struct kunit *test, unsigned int flags)
{
	const struct jobq_args args = {
		.ops = &mock_ops,
		.driver_name = "mock",
		.name = "mock-queue",
		.flags = flags,
		.credits = MOCK_CREDITS,
		.timeout_ms = MOCK_TIMEOUT_MS,
		.stop_timeout_ms = MOCK_STOP_MS,
	};

	return mock_queue_raw(test, &args);
}

static void mock_answer(struct mock_queue *mq)
{
	jobq_stopped(&mq->q);
}

/**
 * mock_need_time_travel() - skip a case that says what happens how soon
 * @test: test
 *
 * On a real machine other things may take their time in between.
 *
 * Context: Process.
 */
void mock_need_time_travel(struct kunit *test)
{
	if (!IS_ENABLED(CONFIG_UML))
		kunit_skip(test, "exact times need UML's time travel");
}

/**
 * mock_wait_for() - wait until something has happened at least this often
 * @test: test; fails if it doesn't within a minute
 * @count: what counts it
 * @num: how often
 *
 * Context: Process, sleeps.
 */
void mock_wait_for(struct kunit *test, const unsigned int *count, unsigned int num)
{
	int i;

	for (i = 0; i < 3000 && READ_ONCE(*count) < num; i++)
		msleep(20);
	KUNIT_EXPECT_GE(test, READ_ONCE(*count), num);
}

/**
 * mock_wait_timeout() - wait until a timeout has been dealt with
 * @mq: queue
 * @num: which, from 1
 *
 * Context: Process, sleeps.
 */
void mock_wait_timeout(struct mock_queue *mq, unsigned int num)
{
	mock_wait_for(mq->test, &mq->timeouts, num);
	flush_work(&mq->q.timeout_work.work);
	mock_flush(mq);
}

/**
 * mock_queue_end() - tear a queue down and check that nothing is left of it
 * @mq: queue to which the test has the last reference
 *
 * If the test has nothing to say about it, the hardware stops when it's asked.
 *
 * Context: Process.
 */
void mock_queue_end(struct mock_queue *mq)
{
	struct kunit *test = mq->test;
	struct jobq_stats stats;
	unsigned int i;

	for (i = 0; i < MOCK_SPARE; i++)
		jobq_job_put(mq->spare[i] ? &mq->spare[i]->base : NULL);
	if (!mq->on_stop)
		mq->on_stop = mock_answer;
	jobq_teardown(&mq->q);
	KUNIT_EXPECT_EQ(test, jobq_state(&mq->q), JOBQ_DEAD);
	jobq_get_stats(&mq->q, &stats);
	KUNIT_EXPECT_EQ(test, stats.queued, stats.done + stats.cancelled);
	KUNIT_EXPECT_EQ_MSG(test, mq->q.credits, mq->q.credit_limit, "credits lost");
	KUNIT_EXPECT_EQ(test, mq->q.num_running, 0);
	KUNIT_EXPECT_EQ(test, mq->q.num_pending, 0);
	KUNIT_EXPECT_EQ_MSG(test, kref_read(&mq->q.ref), 1, "references left");
	jobq_put(&mq->q);
	KUNIT_EXPECT_TRUE(test, try_wait_for_completion(&mq->released));
}

/**
 * mock_flush() - wait until what the queue has to do in works is done
 * @mq: queue
 *
 * Context: Process.
 */
void mock_flush(struct mock_queue *mq)
{
	irq_work_sync(&mq->q.unblock_work);
	flush_work(&mq->q.run_work);
	if (mq->q.run_worker)
		kthread_flush_work(&mq->q.run_kwork);
	flush_delayed_work(&mq->q.free_work);
}

static void mock_log_signal(struct mock_queue *mq, struct mock_job *job, int error)
{
	if (mq->num_signalled < MOCK_LOG_MAX) {
		mq->signalled[mq->num_signalled] = job->base.seqno;
		mq->errors[mq->num_signalled] = error;
	}
	mq->num_signalled++;
	if (mq->on_signal)
		mq->on_signal(mq, job);
}

static void mock_fence_fired(struct dma_fence *fence, struct dma_fence_cb *cb)
{
	struct mock_job *job = container_of(cb, struct mock_job, cb);

	mock_log_signal(to_mock_queue(job->base.q), job, fence->error);
}

static void mock_log_publish(struct jobq_publish *p, struct dma_fence *fence)
{
	struct mock_job *job = container_of(p, struct mock_job, log);

	if (dma_fence_add_callback(fence, &job->cb, mock_fence_fired))
		mock_log_signal(to_mock_queue(job->base.q), job,
				dma_fence_get_status(fence));
}

static void mock_log_free(struct jobq_publish *p)
{
	/* It is part of the job. */
}

static const struct jobq_publish_ops mock_log_ops = {
	.publish = mock_log_publish,
	.free = mock_log_free,
};

/**
 * mock_job_args() - make a job or end the test
 * @mq: queue
 * @args: for jobq_job_init()
 *
 * The queue notes when its fence signals.
 *
 * Context: Process.
 * Return: The job, not prepared, with one reference.
 */
struct mock_job *mock_job_args(struct mock_queue *mq, const struct jobq_job_args *args)
{
	struct mock_job *job = kzalloc_obj(*job);

	KUNIT_ASSERT_NOT_NULL(mq->test, job);
	KUNIT_ASSERT_EQ(mq->test, jobq_job_init(&job->base, &mq->q, args), 0);
	job->log.ops = &mock_log_ops;
	jobq_job_add_publish(&job->base, &job->log);
	return job;
}

/**
 * mock_job() - make a job with one credit or end the test
 * @mq: queue
 *
 * Context: Process.
 * Return: The job, not prepared, with one reference.
 */
struct mock_job *mock_job(struct mock_queue *mq)
{
	const struct jobq_job_args args = { .credits = 1 };

	return mock_job_args(mq, &args);
}

/**
 * mock_prepare() - prepare a job or end the test
 * @mq: its queue
 * @job: job
 *
 * Context: Process.
 */
void mock_prepare(struct mock_queue *mq, struct mock_job *job)
{
	KUNIT_ASSERT_EQ(mq->test, jobq_job_prepare(&job->base), 0);
}

/**
 * mock_commit() - prepare and commit one job
 * @mq: its queue
 * @job: job; the caller keeps his reference
 *
 * Context: Process.
 */
void mock_commit(struct mock_queue *mq, struct mock_job *job)
{
	struct jobq_job *base = &job->base;

	mock_prepare(mq, job);
	jobq_commit(&base, 1);
}

/**
 * mock_submit() - make and commit a job that depends on nothing
 * @mq: queue
 *
 * Context: Process.
 * Return: The job, with a reference of the caller's.
 */
struct mock_job *mock_submit(struct mock_queue *mq)
{
	struct mock_job *job = mock_job(mq);

	mock_commit(mq, job);
	return job;
}

/**
 * mock_submit_many() - make and commit some jobs that depend on nothing
 * @mq: queue
 * @num: how many
 *
 * Context: Process.
 */
void mock_submit_many(struct mock_queue *mq, unsigned int num)
{
	while (num--)
		jobq_job_put(&mock_submit(mq)->base);
}

/**
 * mock_prepare_spare() - prepare jobs where it may allocate
 * @mq: queue; puts them when it ends
 * @num: how many, %MOCK_SPARE at most
 *
 * Context: Process.
 */
void mock_prepare_spare(struct mock_queue *mq, unsigned int num)
{
	unsigned int i;

	KUNIT_ASSERT_LE(mq->test, num, MOCK_SPARE);
	mq->num_spare = num;
	for (i = 0; i < num; i++) {
		mq->spare[i] = mock_job(mq);
		mock_prepare(mq, mq->spare[i]);
	}
}

/**
 * mock_commit_spare() - commit some of the prepared jobs, as one group
 * @mq: queue
 * @num: how many
 *
 * Context: Process; doesn't allocate.
 */
void mock_commit_spare(struct mock_queue *mq, unsigned int num)
{
	struct jobq_job *jobs[MOCK_SPARE];
	unsigned int i;

	num = min(num, mq->num_spare);
	for (i = 0; i < num; i++)
		jobs[i] = &mq->spare[--mq->num_spare]->base;
	jobq_commit(jobs, num);
}

/**
 * mock_foreign_init() - make a fence of somebody else, or end the test
 * @test: test
 * @foreign: where to
 *
 * Context: Process.
 */
void mock_foreign_init(struct kunit *test, struct mock_foreign *foreign)
{
	const struct dfence_ctx_args args = {
		.driver_name = "foreign",
		.timeline_name = "foreign",
	};

	foreign->ctx = dfence_ctx_create(&args);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, foreign->ctx);
	foreign->fence = dfence_alloc(foreign->ctx, NULL, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, foreign->fence);
	foreign->base = dma_fence_get(dfence_arm(foreign->fence));
}

/**
 * mock_foreign_dep() - make a job depend on the fence
 * @test: test
 * @foreign: fence
 * @job: job
 *
 * Context: Process.
 */
void mock_foreign_dep(struct kunit *test, struct mock_foreign *foreign,
		      struct mock_job *job)
{
	KUNIT_ASSERT_EQ(test, jobq_job_add_dep(&job->base, dma_fence_get(foreign->base)), 0);
}

/**
 * mock_foreign_signal() - signal the fence
 * @foreign: fence
 * @error: 0 or -errno
 *
 * Context: Any.
 */
void mock_foreign_signal(struct mock_foreign *foreign, int error)
{
	dfence_signal(foreign->fence, error);
	foreign->fence = NULL;
}

/**
 * mock_foreign_end() - be done with the fence
 * @foreign: fence; signalled here if it wasn't before
 *
 * Context: Any.
 */
void mock_foreign_end(struct mock_foreign *foreign)
{
	if (foreign->fence)
		mock_foreign_signal(foreign, 0);
	dma_fence_put(foreign->base);
	dfence_ctx_put(foreign->ctx);
}

struct mock_irq {
	struct hrtimer timer;
	struct completion done;
	void (*fn)(void *arg);
	void *arg;
	bool in_hardirq;
};

static enum hrtimer_restart mock_irq_fire(struct hrtimer *timer)
{
	struct mock_irq *irq = container_of(timer, struct mock_irq, timer);

	irq->in_hardirq = in_hardirq();
	irq->fn(irq->arg);
	complete(&irq->done);
	return HRTIMER_NORESTART;
}

/* Returns whether @fn was called in a hard interrupt. */
static bool mock_irq(void (*fn)(void *arg), void *arg, enum hrtimer_mode mode)
{
	struct mock_irq irq = { .fn = fn, .arg = arg };

	init_completion(&irq.done);
	hrtimer_setup_on_stack(&irq.timer, mock_irq_fire, CLOCK_MONOTONIC, mode);
	hrtimer_start(&irq.timer, us_to_ktime(100), mode);
	wait_for_completion(&irq.done);
	hrtimer_cancel(&irq.timer);
	destroy_hrtimer_on_stack(&irq.timer);
	return irq.in_hardirq;
}

/**
 * mock_hardirq() - call a function in a hard interrupt
 * @test: test
 * @fn: function
 * @arg: its argument
 *
 * It is an interrupt of the kind that PREEMPT_RT makes a thread.
 *
 * Context: Process. When it returns @fn has.
 */
void mock_hardirq(struct kunit *test, void (*fn)(void *arg), void *arg)
{
	KUNIT_EXPECT_EQ(test, mock_irq(fn, arg, HRTIMER_MODE_REL),
			!IS_ENABLED(CONFIG_PREEMPT_RT));
}

/**
 * mock_softirq() - call a function in a softirq
 * @test: test
 * @fn: function
 * @arg: its argument
 *
 * Context: Process. When it returns @fn has.
 */
void mock_softirq(struct kunit *test, void (*fn)(void *arg), void *arg)
{
	KUNIT_EXPECT_FALSE(test, mock_irq(fn, arg, HRTIMER_MODE_REL_SOFT));
}

/**
 * mock_expect_signalled() - check that fences signalled, in order, with an error
 * @mq: queue whose seqnos begin with 1
 * @first: index of the first one in the order of signalling; its seqno is one more
 * @num: how many
 * @error: that each of them has
 *
 * Context: Process, may sleep.
 */
void mock_expect_signalled(struct mock_queue *mq, unsigned int first, unsigned int num,
			   int error)
{
	unsigned int i;

	/* Somebody else may be at it, the work that follows a kill for one. */
	jobq_wait_signalled(&mq->q);
	KUNIT_EXPECT_GE(mq->test, mq->num_signalled, first + num);
	for (i = first; i < first + num; i++) {
		KUNIT_EXPECT_EQ(mq->test, mq->signalled[i], i + 1);
		KUNIT_EXPECT_EQ(mq->test, mq->errors[i], error);
	}
}

MODULE_DESCRIPTION("KUnit tests of jobq");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("CARILLON_KUNIT");
MODULE_IMPORT_NS("DFENCE");
MODULE_IMPORT_NS("JOBQ");
MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING");
