// SPDX-License-Identifier: GPL-2.0
/*
 * Timeouts, their three verdicts, and resets.
 */

#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/string.h>
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

static void reset_for_nobody(struct mock_queue *mq, struct jobq_job *job)
{
	jobq_reset(&mq->q, NULL);
	KUNIT_EXPECT_EQ(mq->test, jobq_job_state(job), JOBQ_JOB_PENDING);
}

/* The ring hadn't begun with the job, says the driver: all are run again, nobody is guilty. */
static void reset_without_guilt(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, JOBQ_RUN_ATOMIC);
	static const u64 order[] = { 1, 2, 1, 2 };
	unsigned int i;

	mock_submit_many(mq, 2);
	mq->verdict = JOBQ_NO_HANG;
	mq->on_timedout = reset_for_nobody;
	mock_wait_timeout(mq, 1);
	KUNIT_EXPECT_EQ(test, mq->num_signalled, 0);
	KUNIT_ASSERT_EQ(test, mq->num_ran, ARRAY_SIZE(order));
	for (i = 0; i < ARRAY_SIZE(order); i++)
		KUNIT_EXPECT_EQ(test, mq->ran[i], order[i]);
	jobq_complete(&mq->q, 2);
	mock_expect_signalled(mq, 0, 2, 0);
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

/* When timedout was called, and what it was called for. */
struct age_log {
	ktime_t start;
	unsigned int num;
	s64 at_ms[4];
	u64 seqno[4];
};

static struct age_log age_log;

static void log_age(struct mock_queue *mq, struct jobq_job *job)
{
	struct age_log *log = &age_log;

	if (log->num < ARRAY_SIZE(log->at_ms)) {
		log->at_ms[log->num] = ktime_ms_delta(ktime_get(), log->start);
		log->seqno[log->num] = jobq_job_seqno(job);
	}
	log->num++;
}

static void complete_first(struct mock_queue *mq)
{
	jobq_complete(&mq->q, 1);
}

static void suspend(struct mock_queue *mq)
{
	jobq_timeout_suspend(&mq->q);
}

static void resume(struct mock_queue *mq)
{
	jobq_timeout_resume(&mq->q);
}

static void stop(struct mock_queue *mq)
{
	jobq_stop(&mq->q);
}

static void start(struct mock_queue *mq)
{
	jobq_start(&mq->q);
}

static void reset_no_one(struct mock_queue *mq)
{
	jobq_stop(&mq->q);
	jobq_reset(&mq->q, NULL);
	jobq_start(&mq->q);
}

/* msleep() has the granularity of the timer wheel. */
static void sleep_exactly(unsigned int ms)
{
	usleep_range(ms * USEC_PER_MSEC, ms * USEC_PER_MSEC + 1);
}

struct age_case {
	const char *what;
	unsigned int flags;
	enum jobq_verdict verdict;
	/* What happens, each so long after what is before it. */
	struct {
		unsigned int ms;
		void (*act)(struct mock_queue *mq);
	} steps[4];
	/* When timedout is to be called, since three jobs were run, and with which. */
	unsigned int num;
	struct {
		unsigned int ms;
		u64 seqno;
	} calls[3];
};

static const struct age_case age_cases[] = {
	{ "not touched", 0, JOBQ_NO_HANG, { }, 3, { { 10000, 1 }, { 20000, 1 }, { 30000, 1 } } },
	{ "another head", 0, JOBQ_NO_HANG, { { 4000, complete_first } },
	  2, { { 14000, 2 }, { 24000, 2 } } },
	{ "another head at the last moment", 0, JOBQ_NO_HANG, { { 9900, complete_first } },
	  2, { { 19900, 2 }, { 29900, 2 } } },
	{ "suspended", 0, JOBQ_NO_HANG, { { 4000, suspend }, { 5000, resume } },
	  2, { { 15000, 1 }, { 25000, 1 } } },
	{ "suspended twice", 0, JOBQ_NO_HANG,
	  { { 2000, suspend }, { 1000, resume }, { 2000, suspend }, { 1000, resume } },
	  2, { { 12000, 1 }, { 22000, 1 } } },
	{ "suspended, nesting", 0, JOBQ_NO_HANG,
	  { { 2000, suspend }, { 1000, suspend }, { 1000, resume }, { 1000, resume } },
	  2, { { 13000, 1 }, { 23000, 1 } } },
	{ "suspended beyond the end", 0, JOBQ_NO_HANG, { { 4000, suspend }, { 20000, resume } },
	  1, { { 30000, 1 } } },
	{ "suspended, another head", 0, JOBQ_NO_HANG,
	  { { 4000, suspend }, { 1000, complete_first }, { 1000, resume } },
	  2, { { 16000, 2 }, { 26000, 2 } } },
	{ "stopped: what is in the ring goes on", 0, JOBQ_NO_HANG,
	  { { 4000, stop }, { 2000, start } }, 2, { { 10000, 1 }, { 20000, 1 } } },
	{ "reset of a bystander", 0, JOBQ_NO_HANG, { { 4000, reset_no_one } },
	  2, { { 14000, 1 }, { 24000, 1 } } },
	{ "RESET, with replay", 0, JOBQ_RESET, { },
	  3, { { 10000, 1 }, { 20000, 2 }, { 30000, 3 } } },
	{ "RESET, innocent cancelled", JOBQ_CANCEL_INNOCENT, JOBQ_RESET, { },
	  1, { { 10000, 1 } } },
	{ "RESET, another head", 0, JOBQ_RESET, { { 4000, complete_first } },
	  2, { { 14000, 2 }, { 24000, 3 } } },
	{ "GONE", 0, JOBQ_GONE, { }, 1, { { 10000, 1 } } },
};

KUNIT_ARRAY_PARAM_DESC(ages, age_cases, what);

/*
 * With time travel all of it is exact, but for what the timer wheel adds: an eighth of
 * the time, at most.
 */
static void ages(struct kunit *test)
{
	const struct age_case *c = test->param_value;
	const unsigned int slack = MOCK_TIMEOUT_MS / 8 + jiffies_to_msecs(3);
	struct mock_queue *mq;
	unsigned int i;

	mock_need_time_travel(test);
	mq = mock_queue(test, c->flags);
	memset(&age_log, 0, sizeof(age_log));
	mq->on_timedout = log_age;
	mq->verdict = c->verdict;
	mock_submit_many(mq, 3);
	age_log.start = ktime_get();
	for (i = 0; i < ARRAY_SIZE(c->steps) && c->steps[i].act; i++) {
		sleep_exactly(c->steps[i].ms);
		c->steps[i].act(mq);
	}
	/* Nobody is called again before this has passed. */
	sleep_exactly(c->calls[c->num - 1].ms + MOCK_TIMEOUT_MS / 2 -
		      ktime_ms_delta(ktime_get(), age_log.start));

	KUNIT_EXPECT_EQ(test, age_log.num, c->num);
	for (i = 0; i < min(age_log.num, c->num); i++) {
		KUNIT_EXPECT_GE(test, age_log.at_ms[i], c->calls[i].ms);
		/* Each period begins when the one before was dealt with. */
		KUNIT_EXPECT_LE(test, age_log.at_ms[i], c->calls[i].ms + (i + 1) * slack);
		KUNIT_EXPECT_EQ(test, age_log.seqno[i], c->calls[i].seqno);
	}
	mock_queue_end(mq);
}

/* Two that hang, one after the other: the third is run three times, with one fence. */
static void reset_after_reset(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, JOBQ_RUN_ATOMIC);
	struct mock_job *innocent;
	struct jobq_stats stats;
	static const u64 order[] = { 1, 2, 3, 2, 3, 3 };
	unsigned int i;

	mock_submit_many(mq, 2);
	innocent = mock_submit(mq);
	mq->verdict = JOBQ_RESET;
	mock_wait_timeout(mq, 2);
	mock_expect_signalled(mq, 0, 2, -ETIME);
	KUNIT_EXPECT_EQ(test, innocent->runs, 3);
	KUNIT_ASSERT_EQ(test, mq->num_ran, ARRAY_SIZE(order));
	for (i = 0; i < ARRAY_SIZE(order); i++)
		KUNIT_EXPECT_EQ(test, mq->ran[i], order[i]);
	KUNIT_EXPECT_EQ(test, jobq_complete(&mq->q, 3), 0);
	mock_expect_signalled(mq, 2, 1, 0);
	jobq_get_stats(&mq->q, &stats);
	KUNIT_EXPECT_EQ(test, stats.timeouts, 2);
	KUNIT_EXPECT_EQ(test, stats.run, 6);
	KUNIT_EXPECT_EQ(test, stats.done, 1);
	KUNIT_EXPECT_EQ(test, stats.cancelled, 2);
	KUNIT_EXPECT_EQ(test, stats.errors, 2);
	jobq_job_put(&innocent->base);
	mock_queue_end(mq);
}

static struct kunit_case timeout_cases[] = {
	KUNIT_CASE_SLOW(no_hang),
	KUNIT_CASE_SLOW(restarts_with_the_head),
	KUNIT_CASE_SLOW(idle_time_does_not_count),
	KUNIT_CASE_SLOW(reset_replays_innocent),
	KUNIT_CASE_SLOW(reset_without_guilt),
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
	KUNIT_CASE_PARAM_ATTR(ages, ages_gen_params, { .speed = KUNIT_SPEED_SLOW }),
	KUNIT_CASE_SLOW(reset_after_reset),
	{}
};

static struct kunit_suite timeout_suite = {
	.name = "jobq-timeout",
	.test_cases = timeout_cases,
};

kunit_test_suite(timeout_suite);
