// SPDX-License-Identifier: GPL-2.0
/*
 * Completing: batches, errors, order, wrong values, who frees.
 */

#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/hrtimer.h>
#include <linux/kthread.h>
#include <linux/limits.h>
#include <linux/sched.h>

#include "mock.h"

static void in_batches(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, JOBQ_RUN_ATOMIC);

	mock_submit_many(mq, 6);
	KUNIT_EXPECT_EQ(test, jobq_complete(&mq->q, 2), 0);
	KUNIT_EXPECT_EQ(test, mq->num_signalled, 2);
	KUNIT_EXPECT_EQ(test, jobq_complete(&mq->q, 2), 0);
	KUNIT_EXPECT_EQ(test, jobq_complete(&mq->q, 1), 0);
	KUNIT_EXPECT_EQ(test, mq->num_signalled, 2);
	KUNIT_EXPECT_EQ(test, jobq_complete(&mq->q, 6), 0);
	KUNIT_EXPECT_EQ(test, mq->num_signalled, 6);
	mock_expect_signalled(mq, 0, 6, 0);
	mock_flush(mq);
	KUNIT_EXPECT_EQ(test, atomic_read(&mq->num_freed), 6);
	mock_queue_end(mq);
}

/* A device that reports what was never run isn't believed. */
static void from_the_future(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0);

	KUNIT_EXPECT_EQ(test, jobq_complete(&mq->q, 0), 0);
	KUNIT_EXPECT_EQ(test, jobq_complete(&mq->q, 1), -ERANGE);
	mock_submit_many(mq, 2);
	KUNIT_EXPECT_EQ(test, jobq_complete(&mq->q, 3), -ERANGE);
	KUNIT_EXPECT_EQ(test, jobq_complete(&mq->q, U64_MAX), -ERANGE);
	KUNIT_EXPECT_EQ(test, jobq_complete32(&mq->q, 3), -ERANGE);
	KUNIT_EXPECT_EQ(test, jobq_complete32(&mq->q, U32_MAX), -ERANGE);
	KUNIT_EXPECT_EQ(test, mq->num_signalled, 0);
	mock_queue_end(mq);
}

/* 32-bit seqnos, before, at and after the wrap. */
static void wrapping(struct kunit *test)
{
	const u64 first = 5ULL << 32 | (U32_MAX - 1);
	const struct jobq_args args = {
		.ops = &mock_ops, .driver_name = "d", .name = "n",
		.credits = MOCK_CREDITS, .first_seqno = first,
	};
	struct mock_queue *mq = mock_queue_raw(test, &args);
	unsigned int i;

	mock_submit_many(mq, 4);
	KUNIT_EXPECT_EQ(test, mq->ran[0], first);
	for (i = 0; i < 4; i++) {
		KUNIT_EXPECT_EQ(test, jobq_complete32(&mq->q, (u32)(first + i)), 0);
		KUNIT_EXPECT_EQ(test, mq->num_signalled, i + 1);
		KUNIT_EXPECT_EQ(test, mq->signalled[i], first + i);
	}
	KUNIT_EXPECT_EQ(test, jobq_complete32(&mq->q, (u32)first), 0);
	KUNIT_EXPECT_EQ(test, jobq_complete32(&mq->q, (u32)(first + 4)), -ERANGE);
	mock_queue_end(mq);
}

/* Each job has its own error; it is what waiters see. */
static void job_errors(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0);
	struct mock_job *good = mock_submit(mq), *bad = mock_submit(mq);
	struct jobq_stats stats;

	bad->error = -EFAULT;
	jobq_complete(&mq->q, 2);
	mock_expect_signalled(mq, 0, 1, 0);
	mock_expect_signalled(mq, 1, 1, -EFAULT);
	KUNIT_EXPECT_EQ(test, dma_fence_get_status(jobq_job_fence(&good->base)), 1);
	KUNIT_EXPECT_EQ(test, dma_fence_get_status(jobq_job_fence(&bad->base)), -EFAULT);
	KUNIT_EXPECT_EQ(test, jobq_job_state(&bad->base), JOBQ_JOB_DONE);
	jobq_get_stats(&mq->q, &stats);
	KUNIT_EXPECT_EQ(test, stats.done, 2);
	KUNIT_EXPECT_EQ(test, stats.errors, 1);
	jobq_job_put(&good->base);
	jobq_job_put(&bad->base);
	mock_queue_end(mq);
}

static void positive_error_is_reported(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0);
	struct mock_job *job = mock_submit(mq);

	job->error = EIO;
	MOCK_EXPECT_WARNING(test, jobq_complete(&mq->q, 1));
	mock_expect_signalled(mq, 0, 1, -EIO);
	jobq_job_put(&job->base);
	mock_queue_end(mq);
}

static void complete_three(void *arg)
{
	struct mock_queue *mq = arg;

	jobq_complete(&mq->q, 3);
}

/* From a hard interrupt; with an atomic queue it also runs what was waiting. */
static void from_hardirq(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, JOBQ_RUN_ATOMIC);

	mock_submit_many(mq, MOCK_CREDITS + 2);
	KUNIT_EXPECT_EQ(test, mq->num_ran, MOCK_CREDITS);
	mock_hardirq(test, complete_three, mq);
	KUNIT_EXPECT_EQ(test, mq->num_ran, MOCK_CREDITS + 2);
	mock_expect_signalled(mq, 0, 3, 0);
	mock_queue_end(mq);
}

/* The same where run_job may sleep: the worker runs it. */
static void from_hardirq_with_worker(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0);

	mock_submit_many(mq, MOCK_CREDITS + 2);
	mock_hardirq(test, complete_three, mq);
	mock_expect_signalled(mq, 0, 3, 0);
	mock_flush(mq);
	KUNIT_EXPECT_EQ(test, mq->num_ran, MOCK_CREDITS + 2);
	KUNIT_EXPECT_FALSE(test, mq->run_atomic);
	KUNIT_EXPECT_PTR_NE(test, mq->run_task, current);
	mock_queue_end(mq);
}

static void complete_itself(struct mock_queue *mq, struct mock_job *job)
{
	KUNIT_EXPECT_EQ(mq->test, jobq_complete(&mq->q, jobq_job_seqno(&job->base)), 0);
	/* It isn't over before run_job has returned. */
	KUNIT_EXPECT_EQ(mq->test, mq->num_signalled, jobq_job_seqno(&job->base) - 1);
}

/* The hardware is faster than run_job. */
static void during_run_job(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, JOBQ_RUN_ATOMIC);

	mq->on_run = complete_itself;
	mock_submit_many(mq, 3);
	KUNIT_EXPECT_EQ(test, mq->num_ran, 3);
	mock_expect_signalled(mq, 0, 3, 0);
	mock_queue_end(mq);
}

static void complete_next(struct mock_queue *mq, struct mock_job *job)
{
	/* Leaves it to the one who is calling us. */
	KUNIT_EXPECT_EQ(mq->test, jobq_complete(&mq->q, jobq_job_seqno(&job->base) + 1),
			jobq_job_seqno(&job->base) == 4 ? -ERANGE : 0);
	KUNIT_EXPECT_EQ(mq->test, mq->num_signalled, jobq_job_seqno(&job->base));
}

/* A completion reported in the callback of a fence of the same queue. */
static void during_signalling(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, JOBQ_RUN_ATOMIC);

	mock_submit_many(mq, 4);
	mq->on_signal = complete_next;
	jobq_complete(&mq->q, 1);
	mock_expect_signalled(mq, 0, 4, 0);
	mock_queue_end(mq);
}

static void note_stats(struct mock_queue *mq, struct mock_job *job)
{
	struct jobq_stats stats;

	jobq_get_stats(&mq->q, &stats);
	mq->progress = stats.done * 100 + stats.cancelled * 10 + stats.errors;
}

/* Whoever is woken by a fence finds its job counted, and none whose turn hasn't come. */
static void counted_before_signalled(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, JOBQ_RUN_ATOMIC);
	struct mock_job *bad = mock_submit(mq);
	struct jobq_stats stats;

	mq->on_signal = note_stats;
	bad->error = -EFAULT;
	jobq_complete(&mq->q, 1);
	KUNIT_EXPECT_EQ(test, mq->progress, 101);

	/* The last one finds no room. */
	mock_submit_many(mq, MOCK_CREDITS + 1);
	jobq_kill(&mq->q, -ECANCELED);
	jobq_get_stats(&mq->q, &stats);
	KUNIT_EXPECT_EQ(test, stats.done + stats.cancelled, 1);
	jobq_complete(&mq->q, MOCK_CREDITS + 1);
	KUNIT_EXPECT_EQ(test, mq->num_signalled, MOCK_CREDITS + 2);
	KUNIT_EXPECT_EQ(test, mq->progress, (MOCK_CREDITS + 1) * 100 + 10 + 2);
	mq->on_signal = NULL;
	jobq_job_put(&bad->base);
	mock_queue_end(mq);
}

struct slow_signal {
	struct mock_queue *mq;
	struct completion done;
};

static void signal_slowly(struct mock_queue *mq, struct mock_job *job)
{
	/* Pairs with the acquire in waits_for_signalling(). */
	smp_store_release(&mq->progress, 1);
	mdelay(50);
	mq->progress = 2;
}

static int complete_slowly(void *arg)
{
	struct slow_signal *slow = arg;

	jobq_complete(&slow->mq->q, 1);
	kthread_complete_and_exit(&slow->done, 0);
}

/* What another CPU is signalling has signalled when the wait is over. */
static void waits_for_signalling(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0);
	struct slow_signal slow = { .mq = mq };
	struct task_struct *task;

	jobq_wait_signalled(&mq->q);
	mock_submit_many(mq, 2);
	jobq_wait_signalled(&mq->q);

	init_completion(&slow.done);
	mq->on_signal = signal_slowly;
	task = kthread_run(complete_slowly, &slow, "slow");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	/* Pairs with the release in signal_slowly(). */
	while (!smp_load_acquire(&mq->progress))
		usleep_range(10, 20);
	jobq_wait_signalled(&mq->q);
	KUNIT_EXPECT_EQ(test, READ_ONCE(mq->progress), 2);
	wait_for_completion(&slow.done);
	mq->on_signal = NULL;
	mock_queue_end(mq);
}

static void sum_seqnos(struct jobq_job *job, void *arg)
{
	*(u64 *)arg = *(u64 *)arg * 10 + jobq_job_seqno(job);
}

static void visit_running(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0);
	u64 seen = 0;

	jobq_visit_running(&mq->q, sum_seqnos, &seen);
	KUNIT_EXPECT_EQ(test, seen, 0);
	mock_submit_many(mq, 4);
	jobq_complete(&mq->q, 1);
	jobq_visit_running(&mq->q, sum_seqnos, &seen);
	KUNIT_EXPECT_EQ(test, seen, 234);
	mock_queue_end(mq);
}

/* By the clock of the statistics: an msleep() is shorter when jiffies catch up. */
static void let_100_ms_pass(void)
{
	ktime_t time = ms_to_ktime(100);

	set_current_state(TASK_UNINTERRUPTIBLE);
	schedule_hrtimeout(&time, HRTIMER_MODE_REL);
}

static void stats(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0);
	struct jobq_stats stats, later;
	ktime_t start = ktime_get();

	mock_submit_many(mq, 1);
	let_100_ms_pass();
	jobq_get_stats(&mq->q, &stats);
	KUNIT_EXPECT_EQ(test, stats.queued, 1);
	KUNIT_EXPECT_EQ(test, stats.run, 1);
	KUNIT_EXPECT_EQ(test, stats.done, 0);
	KUNIT_EXPECT_GE(test, stats.busy_ns, 100 * NSEC_PER_MSEC);

	jobq_complete(&mq->q, 1);
	jobq_get_stats(&mq->q, &stats);
	KUNIT_EXPECT_EQ(test, stats.done, 1);
	KUNIT_EXPECT_EQ(test, stats.cancelled, 0);
	KUNIT_EXPECT_GE(test, stats.running_ns, 100 * NSEC_PER_MSEC);
	KUNIT_EXPECT_EQ(test, stats.busy_ns, stats.running_ns);
	KUNIT_EXPECT_LE(test, stats.busy_ns, ktime_to_ns(ktime_sub(ktime_get(), start)));
	/* Idle time doesn't count. */
	let_100_ms_pass();
	jobq_get_stats(&mq->q, &later);
	KUNIT_EXPECT_EQ(test, later.busy_ns, stats.busy_ns);

	jobq_stop(&mq->q);
	mock_submit_many(mq, 1);
	let_100_ms_pass();
	jobq_start(&mq->q);
	mock_flush(mq);
	jobq_get_stats(&mq->q, &stats);
	KUNIT_EXPECT_GE(test, stats.pending_ns, 100 * NSEC_PER_MSEC);
	mock_queue_end(mq);
}

/* The first one ends while the second one is on its way to the ring. */
static void end_first_while_second_runs(struct mock_queue *mq, struct mock_job *job)
{
	ktime_t end = ktime_add_ms(ktime_get(), 20);

	if (jobq_job_seqno(&job->base) != 2)
		return;
	/* By the clock of the statistics: emulated, an mdelay() can be shorter. */
	do
		mdelay(1);
	while (ktime_before(ktime_get(), end));
	KUNIT_EXPECT_EQ(mq->test, jobq_complete(&mq->q, 1), 0);
}

static void busy_time_counts_once(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, JOBQ_RUN_ATOMIC);
	ktime_t start = ktime_get();
	struct jobq_stats stats;

	mq->on_run = end_first_while_second_runs;
	jobq_stop(&mq->q);
	mock_submit_many(mq, 2);
	jobq_start(&mq->q);
	jobq_complete(&mq->q, 2);
	jobq_get_stats(&mq->q, &stats);
	KUNIT_EXPECT_EQ(test, stats.done, 2);
	KUNIT_EXPECT_GE(test, stats.busy_ns, 20 * NSEC_PER_MSEC);
	KUNIT_EXPECT_LE(test, stats.busy_ns, ktime_to_ns(ktime_sub(ktime_get(), start)));
	mock_queue_end(mq);
}

static struct kunit_case complete_cases[] = {
	KUNIT_CASE(in_batches),
	KUNIT_CASE(from_the_future),
	KUNIT_CASE(wrapping),
	KUNIT_CASE(job_errors),
	KUNIT_CASE(counted_before_signalled),
	KUNIT_CASE(positive_error_is_reported),
	KUNIT_CASE(from_hardirq),
	KUNIT_CASE(from_hardirq_with_worker),
	KUNIT_CASE(during_run_job),
	KUNIT_CASE(during_signalling),
	KUNIT_CASE(waits_for_signalling),
	KUNIT_CASE(visit_running),
	KUNIT_CASE(stats),
	KUNIT_CASE(busy_time_counts_once),
	{}
};

static struct kunit_suite complete_suite = {
	.name = "jobq-complete",
	.test_cases = complete_cases,
};

kunit_test_suite(complete_suite);
