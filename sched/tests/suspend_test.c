// SPDX-License-Identifier: GPL-2.0
/*
 * Suspend and resume: what happens before, meanwhile and at the same time.
 */

#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kthread.h>

#include "mock.h"

/* For a wait that is going to end: no machine is that slow. */
#define LONG_MS		60000

/* Jobs that come are kept, and run in order afterwards. */
static void empty_queue(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0);

	KUNIT_EXPECT_EQ(test, jobq_suspend(&mq->q, 0), 0);
	KUNIT_EXPECT_EQ(test, jobq_state(&mq->q), JOBQ_STOPPED);
	mock_submit_many(mq, 3);
	jobq_kick(&mq->q);
	mock_flush(mq);
	KUNIT_EXPECT_EQ(test, mq->tries, 0);
	jobq_resume(&mq->q);
	mock_flush(mq);
	KUNIT_EXPECT_EQ(test, jobq_state(&mq->q), JOBQ_RUNNING);
	KUNIT_EXPECT_EQ(test, mq->num_ran, 3);
	jobq_complete(&mq->q, 3);
	mock_expect_signalled(mq, 0, 3, 0);
	MOCK_EXPECT_WARNING(test, jobq_resume(&mq->q));
	mock_queue_end(mq);
}

/* -ETIMEDOUT leaves the queue as it was: it runs, or is stopped by somebody else. */
static void times_out(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0);

	mock_submit_many(mq, 1);
	KUNIT_EXPECT_EQ(test, jobq_suspend(&mq->q, 0), -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, jobq_suspend(&mq->q, 10), -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, jobq_state(&mq->q), JOBQ_RUNNING);
	mock_submit_many(mq, 1);
	KUNIT_EXPECT_EQ(test, mq->num_ran, 2);

	jobq_stop(&mq->q);
	KUNIT_EXPECT_EQ(test, jobq_suspend(&mq->q, 0), -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, jobq_state(&mq->q), JOBQ_STOPPED);
	jobq_start(&mq->q);
	KUNIT_EXPECT_EQ(test, jobq_state(&mq->q), JOBQ_RUNNING);
	mock_queue_end(mq);
}

static void nests(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0);

	KUNIT_EXPECT_EQ(test, jobq_suspend(&mq->q, 0), 0);
	jobq_stop(&mq->q);
	KUNIT_EXPECT_EQ(test, jobq_suspend(&mq->q, 0), 0);
	mock_submit_many(mq, 1);
	jobq_resume(&mq->q);
	jobq_resume(&mq->q);
	KUNIT_EXPECT_EQ(test, jobq_state(&mq->q), JOBQ_STOPPED);
	mock_flush(mq);
	KUNIT_EXPECT_EQ(test, mq->num_ran, 0);
	jobq_start(&mq->q);
	mock_flush(mq);
	KUNIT_EXPECT_EQ(test, mq->num_ran, 1);
	mock_queue_end(mq);
}

static void find_oldest(struct jobq_job *job, void *arg)
{
	struct jobq_job **oldest = arg;

	if (!*oldest)
		*oldest = job;
}

/* What a driver does about a job that hangs, if it doesn't want to wait any longer. */
static void hung_job_is_reset_by_driver(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0);
	struct jobq_job *guilty = NULL;

	mock_submit_many(mq, 2);
	jobq_stop(&mq->q);
	KUNIT_EXPECT_EQ(test, jobq_suspend(&mq->q, 10), -ETIMEDOUT);
	jobq_visit_running(&mq->q, find_oldest, &guilty);
	jobq_reset(&mq->q, guilty);
	KUNIT_EXPECT_EQ(test, jobq_suspend(&mq->q, 0), 0);
	mock_expect_signalled(mq, 0, 1, -ETIME);
	KUNIT_EXPECT_EQ(test, mq->num_signalled, 1);

	jobq_resume(&mq->q);
	jobq_start(&mq->q);
	mock_flush(mq);
	KUNIT_EXPECT_EQ(test, mq->num_ran, 3);
	KUNIT_EXPECT_EQ(test, mq->ran[2], 2);
	jobq_complete(&mq->q, 2);
	mock_expect_signalled(mq, 1, 1, 0);
	mock_queue_end(mq);
}

/* The usual: the timeout resets the ring, which ends the wait. */
static void hung_job_times_out_meanwhile(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0);

	mq->verdict = JOBQ_RESET;
	mock_submit_many(mq, 2);
	KUNIT_EXPECT_EQ(test, jobq_suspend(&mq->q, LONG_MS), 0);
	KUNIT_EXPECT_EQ(test, mq->timeouts, 1);
	mock_expect_signalled(mq, 0, 1, -ETIME);
	KUNIT_EXPECT_EQ(test, mq->num_signalled, 1);
	KUNIT_EXPECT_EQ(test, mq->num_ran, 2);

	/* No clock runs for a job that isn't in the ring. */
	msleep(IS_ENABLED(CONFIG_UML) ? 2 * MOCK_TIMEOUT_MS : 1);
	KUNIT_EXPECT_EQ(test, mq->timeouts, 1);
	jobq_resume(&mq->q);
	mock_flush(mq);
	KUNIT_EXPECT_EQ(test, mq->num_ran, 3);
	KUNIT_EXPECT_EQ(test, mq->ran[2], 2);
	mock_queue_end(mq);
}

static void end_and_look_on(struct mock_queue *mq, struct jobq_job *job)
{
	jobq_complete(&mq->q, jobq_job_seqno(job));
	/* Time enough for somebody who doesn't wait for us. */
	msleep(50);
	WRITE_ONCE(mq->progress, 1);
}

/* timedout is still at the hardware when the job has ended. */
static void waits_for_timedout(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0);

	mq->verdict = JOBQ_NO_HANG;
	mq->on_timedout = end_and_look_on;
	mock_submit_many(mq, 1);
	KUNIT_EXPECT_EQ(test, jobq_suspend(&mq->q, LONG_MS), 0);
	KUNIT_EXPECT_EQ(test, READ_ONCE(mq->progress), 1);
	jobq_resume(&mq->q);
	mock_queue_end(mq);
}

struct suspender {
	struct mock_queue *mq;
	struct completion done;
	int ret;
};

static int suspender_fn(void *arg)
{
	struct suspender *s = arg;

	s->ret = jobq_suspend(&s->mq->q, LONG_MS);
	kthread_complete_and_exit(&s->done, 0);
}

/* Somebody is suspending a queue, and waits for the ring. */
static void suspender_start(struct suspender *s, struct mock_queue *mq)
{
	struct task_struct *task;
	int i;

	s->mq = mq;
	init_completion(&s->done);
	task = kthread_run(suspender_fn, s, "jobq-suspender");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(mq->test, task);
	for (i = 0; i < 3000 && jobq_state(&mq->q) == JOBQ_RUNNING; i++)
		msleep(20);
	KUNIT_EXPECT_EQ(mq->test, jobq_state(&mq->q), JOBQ_STOPPED);
}

/* It waits for what is in the ring, not for what isn't. */
static void waits_for_the_ring(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, JOBQ_RUN_ATOMIC);
	struct suspender s;

	mock_submit_many(mq, MOCK_CREDITS + 1);
	suspender_start(&s, mq);
	jobq_complete(&mq->q, MOCK_CREDITS);
	wait_for_completion(&s.done);
	KUNIT_EXPECT_EQ(test, s.ret, 0);
	mock_expect_signalled(mq, 0, MOCK_CREDITS, 0);
	KUNIT_EXPECT_EQ(test, mq->num_ran, MOCK_CREDITS);
	jobq_resume(&mq->q);
	KUNIT_EXPECT_EQ(test, mq->num_ran, MOCK_CREDITS + 1);
	mock_queue_end(mq);
}

static void answer_stop(struct mock_queue *mq)
{
	if (*(const bool *)mq->test->param_value)
		jobq_stopped(&mq->q);
}

/* A kill ends the wait: when the hardware has answered, or by force. */
static void killed_meanwhile(struct kunit *test)
{
	bool answers = *(const bool *)test->param_value;
	struct mock_queue *mq = mock_queue(test, 0);
	struct suspender s;

	mq->on_stop = answer_stop;
	mock_submit_many(mq, 2);
	suspender_start(&s, mq);
	mock_submit_many(mq, 1);
	jobq_kill(&mq->q, -ENODEV);
	wait_for_completion(&s.done);
	KUNIT_EXPECT_EQ(test, s.ret, 0);
	KUNIT_EXPECT_EQ(test, mq->stops, 1);
	KUNIT_EXPECT_EQ(test, mq->force_stops, !answers);
	mock_expect_signalled(mq, 0, 3, -ENODEV);
	jobq_resume(&mq->q);
	KUNIT_EXPECT_EQ(test, jobq_state(&mq->q), JOBQ_KILLED);
	mock_queue_end(mq);
}

static const bool answers_or_not[] = { true, false };

static void answers_desc(const bool *answers, char *desc)
{
	strscpy(desc, *answers ? "hardware answers" : "by force", KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(answers, answers_or_not, answers_desc);

/* Jobs are committed while somebody waits for the ring. */
static void committed_meanwhile(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, JOBQ_RUN_ATOMIC);
	struct suspender s;

	mock_submit_many(mq, 2);
	suspender_start(&s, mq);
	mock_submit_many(mq, 2);
	KUNIT_EXPECT_EQ(test, mq->num_ran, 2);
	jobq_complete(&mq->q, 2);
	wait_for_completion(&s.done);
	KUNIT_EXPECT_EQ(test, s.ret, 0);
	mock_submit_many(mq, 1);
	KUNIT_EXPECT_EQ(test, mq->num_ran, 2);
	jobq_resume(&mq->q);
	KUNIT_EXPECT_EQ(test, mq->num_ran, 5);
	jobq_complete(&mq->q, 5);
	mock_expect_signalled(mq, 0, 5, 0);
	mock_queue_end(mq);
}

/* Two suspend it at once: both wait, both have to resume. */
static void suspended_by_two(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, JOBQ_RUN_ATOMIC);
	struct suspender s;

	mock_submit_many(mq, 1);
	suspender_start(&s, mq);
	KUNIT_EXPECT_EQ(test, jobq_suspend(&mq->q, 10), -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, jobq_state(&mq->q), JOBQ_STOPPED);
	jobq_complete(&mq->q, 1);
	KUNIT_EXPECT_EQ(test, jobq_suspend(&mq->q, LONG_MS), 0);
	wait_for_completion(&s.done);
	KUNIT_EXPECT_EQ(test, s.ret, 0);
	mock_submit_many(mq, 1);
	jobq_resume(&mq->q);
	KUNIT_EXPECT_EQ(test, mq->num_ran, 1);
	jobq_resume(&mq->q);
	KUNIT_EXPECT_EQ(test, mq->num_ran, 2);
	mock_queue_end(mq);
}

/* The device may be off: what ends the queue doesn't ask it anything. */
static void killed_while_suspended(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0);

	KUNIT_EXPECT_EQ(test, jobq_suspend(&mq->q, 0), 0);
	mock_submit_many(mq, 2);
	jobq_kill(&mq->q, -ENODEV);
	mock_expect_signalled(mq, 0, 2, -ENODEV);
	flush_delayed_work(&mq->q.kill_work);
	jobq_resume(&mq->q);
	KUNIT_EXPECT_EQ(test, mq->tries, 0);
	mock_queue_end(mq);
	KUNIT_EXPECT_EQ(test, mq->stops, 0);
	KUNIT_EXPECT_EQ(test, mq->force_stops, 0);
}

static void torn_down_while_suspended(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0);

	KUNIT_EXPECT_EQ(test, jobq_suspend(&mq->q, 0), 0);
	mock_submit_many(mq, 2);
	jobq_teardown(&mq->q);
	KUNIT_EXPECT_EQ(test, jobq_state(&mq->q), JOBQ_DEAD);
	mock_expect_signalled(mq, 0, 2, -ECANCELED);
	KUNIT_EXPECT_EQ(test, mq->stops, 0);
	/* Both are harmless now. */
	KUNIT_EXPECT_EQ(test, jobq_suspend(&mq->q, 0), 0);
	jobq_resume(&mq->q);
	jobq_resume(&mq->q);
	KUNIT_EXPECT_EQ(test, jobq_state(&mq->q), JOBQ_DEAD);
	KUNIT_EXPECT_EQ(test, mq->tries, 0);
	mock_queue_end(mq);
}

static struct kunit_case suspend_cases[] = {
	KUNIT_CASE(empty_queue),
	KUNIT_CASE(waits_for_the_ring),
	KUNIT_CASE(times_out),
	KUNIT_CASE(nests),
	KUNIT_CASE(hung_job_is_reset_by_driver),
	KUNIT_CASE(hung_job_times_out_meanwhile),
	KUNIT_CASE(waits_for_timedout),
	KUNIT_CASE_PARAM(killed_meanwhile, answers_gen_params),
	KUNIT_CASE(committed_meanwhile),
	KUNIT_CASE(suspended_by_two),
	KUNIT_CASE(killed_while_suspended),
	KUNIT_CASE(torn_down_while_suspended),
	{}
};

static struct kunit_suite suspend_suite = {
	.name = "jobq-suspend",
	.test_cases = suspend_cases,
};

kunit_test_suite(suspend_suite);
