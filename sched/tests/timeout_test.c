// SPDX-License-Identifier: GPL-2.0
/*
 * Timeouts, their three verdicts, and resets.
 */

#include <linux/delay.h>
#include <linux/workqueue.h>

#include "mock.h"

#define HALF	(MOCK_TIMEOUT_MS / 2)
#define SLACK	(MOCK_TIMEOUT_MS / 10)

/* The job isn't touched before its time, and gets more of it. */
static void no_hang(struct kunit *test)
{
	struct mock_queue *mq;
	struct jobq_stats stats;

	mock_need_time_travel(test);
	mq = mock_queue(test, 0);
	mq->verdict = JOBQ_NO_HANG;
	mock_submit_many(mq, 1);
	msleep(MOCK_TIMEOUT_MS - SLACK);
	KUNIT_EXPECT_EQ(test, mq->timeouts, 0);
	msleep(2 * SLACK);
	KUNIT_EXPECT_EQ(test, mq->timeouts, 1);
	msleep(MOCK_TIMEOUT_MS);
	KUNIT_EXPECT_EQ(test, mq->timeouts, 2);
	KUNIT_EXPECT_EQ(test, jobq_state(&mq->q), JOBQ_RUNNING);

	KUNIT_EXPECT_EQ(test, jobq_complete(&mq->q, 1), 0);
	msleep(2 * MOCK_TIMEOUT_MS);
	KUNIT_EXPECT_EQ(test, mq->timeouts, 2);
	mock_expect_signalled(mq, 0, 1, 0);
	jobq_get_stats(&mq->q, &stats);
	KUNIT_EXPECT_EQ(test, stats.timeouts, 2);
	mock_queue_end(mq);
}

/* The clock runs for the oldest job and starts anew with each. */
static void restarts_with_the_head(struct kunit *test)
{
	struct mock_queue *mq;
	u64 i;

	mock_need_time_travel(test);
	mq = mock_queue(test, 0);
	mock_submit_many(mq, 4);
	for (i = 1; i <= 3; i++) {
		msleep(MOCK_TIMEOUT_MS - SLACK);
		jobq_complete(&mq->q, i);
	}
	KUNIT_EXPECT_EQ(test, mq->timeouts, 0);
	msleep(MOCK_TIMEOUT_MS + SLACK);
	KUNIT_EXPECT_EQ(test, mq->timeouts, 1);
	mock_queue_end(mq);
}

/* After a while without a job the clock starts again. */
static void idle_time_does_not_count(struct kunit *test)
{
	struct mock_queue *mq;

	mock_need_time_travel(test);
	mq = mock_queue(test, 0);
	mock_submit_many(mq, 1);
	jobq_complete(&mq->q, 1);
	msleep(MOCK_TIMEOUT_MS - SLACK);
	mock_submit_many(mq, 1);
	msleep(MOCK_TIMEOUT_MS - SLACK);
	KUNIT_EXPECT_EQ(test, mq->timeouts, 0);
	msleep(2 * SLACK);
	KUNIT_EXPECT_EQ(test, mq->timeouts, 1);
	mock_queue_end(mq);
}

static void check_stopped(struct mock_queue *mq, struct jobq_job *job)
{
	KUNIT_EXPECT_EQ(mq->test, jobq_state(&mq->q), JOBQ_STOPPED);
	/* Jobs are still accepted, and kept. */
	mock_commit_spare(mq, 1);
	KUNIT_EXPECT_EQ(mq->test, mq->num_ran, 3);
}

/* RESET: the oldest is guilty, the innocent run again, with the same fences. */
static void reset_replays_innocent(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, JOBQ_RUN_ATOMIC);
	struct mock_job *guilty = mock_submit(mq), *innocent = mock_submit(mq);
	struct dma_fence *fence = jobq_job_fence(&innocent->base);

	mock_submit_many(mq, 1);
	mock_prepare_spare(mq, 1);
	mq->verdict = JOBQ_RESET;
	mq->on_timedout = check_stopped;
	mock_wait_timeout(mq, 1);
	mock_expect_signalled(mq, 0, 1, -ETIME);
	KUNIT_EXPECT_EQ(test, mq->num_signalled, 1);
	KUNIT_EXPECT_EQ(test, jobq_job_state(&guilty->base), JOBQ_JOB_CANCELLED);
	KUNIT_EXPECT_EQ(test, guilty->runs, 1);

	KUNIT_EXPECT_EQ(test, innocent->runs, 2);
	KUNIT_EXPECT_EQ(test, jobq_job_state(&innocent->base), JOBQ_JOB_RUNNING);
	KUNIT_EXPECT_PTR_EQ(test, jobq_job_fence(&innocent->base), fence);
	/* 1 2 3, reset, 2 3 and the new one. */
	KUNIT_EXPECT_EQ(test, mq->num_ran, 6);
	KUNIT_EXPECT_EQ(test, mq->ran[3], 2);
	KUNIT_EXPECT_EQ(test, mq->ran[4], 3);
	KUNIT_EXPECT_EQ(test, mq->ran[5], 4);

	jobq_complete(&mq->q, 4);
	mock_expect_signalled(mq, 1, 3, 0);
	jobq_job_put(&guilty->base);
	jobq_job_put(&innocent->base);
	mock_queue_end(mq);
}

static void reset_cancels_innocent(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, JOBQ_CANCEL_INNOCENT);

	mock_submit_many(mq, 3);
	mq->verdict = JOBQ_RESET;
	mock_wait_timeout(mq, 1);
	mock_expect_signalled(mq, 0, 1, -ETIME);
	mock_expect_signalled(mq, 1, 2, -ECANCELED);
	KUNIT_EXPECT_EQ(test, mq->num_ran, 3);
	KUNIT_EXPECT_EQ(test, jobq_state(&mq->q), JOBQ_RUNNING);
	mock_submit_many(mq, 1);
	KUNIT_EXPECT_EQ(test, mq->num_ran, 4);
	mock_queue_end(mq);
}

static void complete_one(struct mock_queue *mq, struct jobq_job *job)
{
	KUNIT_EXPECT_EQ(mq->test, jobq_complete(&mq->q, 1), 0);
	KUNIT_EXPECT_EQ(mq->test, jobq_job_state(job), JOBQ_JOB_DONE);
}

/* The job completes while the driver is busy resetting: it isn't guilty. */
static void completes_during_timedout(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0);

	mock_submit_many(mq, 2);
	mq->verdict = JOBQ_RESET;
	mq->on_timedout = complete_one;
	mock_wait_timeout(mq, 1);
	KUNIT_EXPECT_EQ(test, mq->timeouts, 1);
	mock_expect_signalled(mq, 0, 1, 0);
	KUNIT_EXPECT_EQ(test, mq->num_signalled, 1);
	KUNIT_EXPECT_EQ(test, mq->num_ran, 3);
	KUNIT_EXPECT_EQ(test, mq->ran[2], 2);
	mock_queue_end(mq);
}

static void complete_and_retire(struct mock_queue *mq, struct jobq_job *job)
{
	int i;

	jobq_complete(&mq->q, 1);
	/* Then the only reference is the one that this call is covered by. */
	for (i = 0; i < 3000 && kref_read(&job->ref) > 1; i++)
		msleep(20);
	KUNIT_EXPECT_EQ(mq->test, kref_read(&job->ref), 1);
}

/* The job isn't freed where other queues wait for their timeouts to be handled. */
static void last_reference_of_timeout(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0);

	mock_submit_many(mq, 1);
	mq->verdict = JOBQ_NO_HANG;
	mq->on_timedout = complete_and_retire;
	mock_wait_timeout(mq, 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&mq->num_freed), 1);
	KUNIT_EXPECT_FALSE(test, mq->freed_by_timeout);
	mock_queue_end(mq);
}

static void kill_it(struct mock_queue *mq, struct jobq_job *job)
{
	jobq_kill(&mq->q, -EHWPOISON);
}

/* The queue is killed while the driver is busy resetting: nothing is replayed. */
static void killed_during_timedout(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0);

	mock_submit_many(mq, 2);
	mq->verdict = JOBQ_RESET;
	mq->on_timedout = kill_it;
	mock_wait_timeout(mq, 1);
	mock_expect_signalled(mq, 0, 1, -ETIME);
	mock_expect_signalled(mq, 1, 1, -EHWPOISON);
	KUNIT_EXPECT_EQ(test, mq->num_ran, 2);
	mock_queue_end(mq);
}

static void gone(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0);

	mock_submit_many(mq, MOCK_CREDITS + 1);
	mq->verdict = JOBQ_GONE;
	mock_wait_timeout(mq, 1);
	mock_expect_signalled(mq, 0, MOCK_CREDITS + 1, -ENODEV);
	KUNIT_EXPECT_EQ(test, jobq_state(&mq->q), JOBQ_KILLED);
	KUNIT_EXPECT_EQ(test, jobq_error(&mq->q), -ENODEV);
	KUNIT_EXPECT_EQ(test, mq->stops, 0);
	KUNIT_EXPECT_EQ(test, mq->force_stops, 0);
	mock_queue_end(mq);
}

/* Suspended time doesn't count; what passed before does. */
static void suspended(struct kunit *test)
{
	struct mock_queue *mq;

	mock_need_time_travel(test);
	mq = mock_queue(test, 0);
	mock_submit_many(mq, 1);
	msleep(HALF);
	jobq_timeout_suspend(&mq->q);
	jobq_timeout_suspend(&mq->q);
	msleep(3 * MOCK_TIMEOUT_MS);
	jobq_timeout_resume(&mq->q);
	msleep(MOCK_TIMEOUT_MS);
	jobq_timeout_resume(&mq->q);
	KUNIT_EXPECT_EQ(test, mq->timeouts, 0);
	msleep(HALF - SLACK);
	KUNIT_EXPECT_EQ(test, mq->timeouts, 0);
	msleep(2 * SLACK);
	KUNIT_EXPECT_EQ(test, mq->timeouts, 1);
	MOCK_EXPECT_WARNING(test, jobq_timeout_resume(&mq->q));
	mock_queue_end(mq);
}

/* A job that becomes the oldest while suspended gets its whole time. */
static void head_changes_while_suspended(struct kunit *test)
{
	struct mock_queue *mq;

	mock_need_time_travel(test);
	mq = mock_queue(test, 0);
	mock_submit_many(mq, 2);
	msleep(HALF);
	jobq_timeout_suspend(&mq->q);
	msleep(MOCK_TIMEOUT_MS);
	jobq_complete(&mq->q, 1);
	msleep(MOCK_TIMEOUT_MS);
	jobq_timeout_resume(&mq->q);
	msleep(MOCK_TIMEOUT_MS - SLACK);
	KUNIT_EXPECT_EQ(test, mq->timeouts, 0);
	msleep(2 * SLACK);
	KUNIT_EXPECT_EQ(test, mq->timeouts, 1);
	mock_queue_end(mq);
}

static void run_long_and_suspend(struct mock_queue *mq, struct mock_job *job)
{
	if (mq->tries != 2)
		return;
	msleep(MOCK_TIMEOUT_MS + SLACK);
	jobq_timeout_suspend(&mq->q);
}

/* Time is up, but before run_job has returned the clock is stopped. */
static void suspended_while_stopping(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0);

	mq->on_run = run_long_and_suspend;
	mock_submit_many(mq, 2);
	flush_work(&mq->q.timeout_work.work);
	KUNIT_EXPECT_EQ(test, mq->timeouts, 0);
	jobq_timeout_resume(&mq->q);
	mock_wait_timeout(mq, 1);
	mock_queue_end(mq);
}

/* A reset that another queue caused; no guilty job here. */
static void reset_of_bystander(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0);

	mock_submit_many(mq, 2);
	jobq_stop(&mq->q);
	mock_submit_many(mq, 1);
	jobq_complete(&mq->q, 1);
	jobq_reset(&mq->q, NULL);
	KUNIT_EXPECT_EQ(test, mq->q.num_running, 0);
	/* The device's memory of what it did before the reset isn't trusted. */
	KUNIT_EXPECT_EQ(test, jobq_complete(&mq->q, 2), -ERANGE);
	jobq_start(&mq->q);
	mock_flush(mq);
	KUNIT_EXPECT_EQ(test, mq->num_ran, 4);
	KUNIT_EXPECT_EQ(test, mq->ran[2], 2);
	KUNIT_EXPECT_EQ(test, mq->ran[3], 3);
	jobq_complete(&mq->q, 3);
	mock_expect_signalled(mq, 0, 3, 0);
	MOCK_EXPECT_WARNING(test, jobq_reset(&mq->q, NULL));
	mock_queue_end(mq);
}

/* Behind the innocent one stands a job that failed: it still comes after it. */
static void replay_keeps_order(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0);

	mock_submit_many(mq, 2);
	mq->run_ret = -EIO;
	mock_submit_many(mq, 1);
	mq->run_ret = 0;
	mock_submit_many(mq, 1);
	mq->verdict = JOBQ_RESET;
	mock_wait_timeout(mq, 1);
	KUNIT_EXPECT_EQ(test, mq->num_signalled, 1);
	mock_expect_signalled(mq, 0, 1, -ETIME);
	KUNIT_EXPECT_EQ(test, mq->num_ran, 5);
	jobq_complete(&mq->q, 2);
	mock_expect_signalled(mq, 1, 1, 0);
	mock_expect_signalled(mq, 2, 1, -EIO);
	KUNIT_EXPECT_EQ(test, mq->num_signalled, 3);
	jobq_complete(&mq->q, 4);
	mock_expect_signalled(mq, 3, 1, 0);
	mock_queue_end(mq);
}

static void slow_verdict(struct mock_queue *mq, struct jobq_job *job)
{
	msleep(MOCK_TIMEOUT_MS);
}

/* Teardown waits for a timedout that is under way. */
static void teardown_during_timedout(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0);

	mock_submit_many(mq, 2);
	mq->verdict = JOBQ_RESET;
	mq->on_timedout = slow_verdict;
	mock_wait_for(test, &mq->timeouts, 1);
	jobq_teardown(&mq->q);
	mock_expect_signalled(mq, 0, 1, -ETIME);
	mock_expect_signalled(mq, 1, 1, -ECANCELED);
	mock_queue_end(mq);
}

static struct kunit_case timeout_cases[] = {
	KUNIT_CASE_SLOW(no_hang),
	KUNIT_CASE_SLOW(restarts_with_the_head),
	KUNIT_CASE_SLOW(idle_time_does_not_count),
	KUNIT_CASE_SLOW(reset_replays_innocent),
	KUNIT_CASE_SLOW(reset_cancels_innocent),
	KUNIT_CASE_SLOW(completes_during_timedout),
	KUNIT_CASE_SLOW(last_reference_of_timeout),
	KUNIT_CASE_SLOW(killed_during_timedout),
	KUNIT_CASE_SLOW(gone),
	KUNIT_CASE_SLOW(suspended),
	KUNIT_CASE_SLOW(head_changes_while_suspended),
	KUNIT_CASE_SLOW(suspended_while_stopping),
	KUNIT_CASE(reset_of_bystander),
	KUNIT_CASE_SLOW(replay_keeps_order),
	KUNIT_CASE_SLOW(teardown_during_timedout),
	{}
};

static struct kunit_suite timeout_suite = {
	.name = "jobq-timeout",
	.test_cases = timeout_cases,
};

kunit_test_suite(timeout_suite);
