// SPDX-License-Identifier: GPL-2.0
/*
 * A limit that several queues share: who gets units, in which order, and that all of
 * them come back.
 */

#include <linux/completion.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/workqueue.h>

#include <jobq/jobq_limit.h>

#include "mock.h"

#define UNITS	4
#define QUEUES	3

static const unsigned int both_flags[] = { 0, JOBQ_RUN_ATOMIC };

static void flags_desc(const unsigned int *flags, char *desc)
{
	strscpy(desc, *flags ? "atomic" : "may sleep", KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(flags, both_flags, flags_desc);

/* Three queues with a limit; for some cases with a worker that can be held up. */
struct shared {
	struct kunit *test;
	struct jobq_limit *limit;
	struct mock_queue *mq[QUEUES];
	struct kthread_worker *worker;
	struct kthread_work blocker;
	struct completion go;
};

static void shared_start_args(struct kunit *test, struct shared *s, unsigned int flags)
{
	const struct jobq_args args = {
		.ops = &mock_ops, .driver_name = "mock", .name = "limited",
		.flags = flags, .credits = MOCK_CREDITS, .limit = s->limit,
		.timeout_ms = MOCK_TIMEOUT_MS, .stop_timeout_ms = MOCK_STOP_MS,
		.run_worker = s->worker,
	};
	unsigned int i;

	for (i = 0; i < QUEUES; i++)
		s->mq[i] = mock_queue_raw(test, &args);
}

static void shared_start(struct kunit *test, struct shared *s)
{
	memset(s, 0, sizeof(*s));
	s->test = test;
	s->limit = jobq_limit_create(UNITS);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, s->limit);
	shared_start_args(test, s, *(const unsigned int *)test->param_value);
}

static void blocker_fn(struct kthread_work *work)
{
	wait_for_completion(&container_of(work, struct shared, blocker)->go);
}

/* Units that are set aside aren't used before shared_unblock(). */
static void shared_start_blocked(struct kunit *test, struct shared *s)
{
	memset(s, 0, sizeof(*s));
	s->test = test;
	s->limit = jobq_limit_create(UNITS);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, s->limit);
	s->worker = kthread_run_worker(0, "jobq-limit-test");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, s->worker);
	kthread_init_work(&s->blocker, blocker_fn);
	init_completion(&s->go);
	kthread_queue_work(s->worker, &s->blocker);
	shared_start_args(test, s, 0);
}

static void shared_unblock(struct shared *s)
{
	complete(&s->go);
	kthread_flush_worker(s->worker);
}

static void shared_flush(struct shared *s)
{
	unsigned int i;

	for (i = 0; i < QUEUES; i++)
		mock_flush(s->mq[i]);
}

static void shared_end(struct shared *s)
{
	unsigned int i;

	for (i = 0; i < QUEUES; i++)
		mock_queue_end(s->mq[i]);
	KUNIT_EXPECT_EQ(s->test, jobq_limit_available(s->limit), UNITS);
	jobq_limit_put(s->limit);
	if (s->worker)
		kthread_destroy_worker(s->worker);
}

static struct mock_job *make_units(struct mock_queue *mq, u32 units)
{
	const struct jobq_job_args args = { .credits = 1, .limit_units = units };

	return mock_job_args(mq, &args);
}

static void submit_units(struct mock_queue *mq, u32 units)
{
	struct mock_job *job = make_units(mq, units);

	mock_commit(mq, job);
	jobq_job_put(&job->base);
}

/* How many jobs of each queue have run. */
static void expect_ran(struct shared *s, unsigned int a, unsigned int b, unsigned int c)
{
	shared_flush(s);
	KUNIT_EXPECT_EQ(s->test, s->mq[0]->num_ran, a);
	KUNIT_EXPECT_EQ(s->test, s->mq[1]->num_ran, b);
	KUNIT_EXPECT_EQ(s->test, s->mq[2]->num_ran, c);
}

static void arguments(struct kunit *test)
{
	struct jobq_job_args args = { .limit_units = 1 };
	struct mock_queue *mq = mock_queue(test, 0);
	struct mock_job job;
	struct shared s;

	KUNIT_EXPECT_EQ(test, PTR_ERR(jobq_limit_create(0)), -EINVAL);
	jobq_limit_put(NULL);

	/* The queue has no limit. */
	KUNIT_EXPECT_EQ(test, jobq_job_init(&job.base, &mq->q, &args), -EINVAL);
	mock_queue_end(mq);

	shared_start(test, &s);
	args.limit_units = UNITS + 1;
	KUNIT_EXPECT_EQ(test, jobq_job_init(&job.base, &s.mq[0]->q, &args), -E2BIG);
	submit_units(s.mq[0], UNITS);
	expect_ran(&s, 1, 0, 0);
	shared_end(&s);
}

/* Queues keep the limit alive; only they and their jobs know it here. */
static void creator_may_put_it(struct kunit *test)
{
	struct shared s;

	shared_start(test, &s);
	KUNIT_EXPECT_PTR_EQ(test, jobq_limit_get(s.limit), s.limit);
	jobq_limit_put(s.limit);
	jobq_limit_put(s.limit);
	submit_units(s.mq[0], UNITS);
	submit_units(s.mq[1], 1);
	expect_ran(&s, 1, 0, 0);
	jobq_complete(&s.mq[0]->q, 1);
	expect_ran(&s, 1, 1, 0);
	mock_queue_end(s.mq[0]);
	mock_queue_end(s.mq[1]);
	mock_queue_end(s.mq[2]);
}

static void note_context(struct mock_queue *mq, struct mock_job *job)
{
	mq->progress = in_hardirq() || current != mq->test->priv;
}

/* What one queue returns another one gets, but doesn't run there and then. */
static void shared_by_queues(struct kunit *test)
{
	struct shared s;

	shared_start(test, &s);
	test->priv = current;
	submit_units(s.mq[0], 3);
	submit_units(s.mq[1], 1);
	submit_units(s.mq[1], 2);
	KUNIT_EXPECT_EQ(test, jobq_limit_available(s.limit), 0);
	expect_ran(&s, 1, 1, 0);

	s.mq[1]->on_run = note_context;
	jobq_complete(&s.mq[0]->q, 1);
	expect_ran(&s, 1, 2, 0);
	KUNIT_EXPECT_TRUE(test, s.mq[1]->progress);
	KUNIT_EXPECT_EQ(test, jobq_limit_available(s.limit), 1);
	shared_end(&s);
}

/* First come, first served: small jobs don't starve a large one. */
static void large_job_is_not_overtaken(struct kunit *test)
{
	struct shared s;

	shared_start(test, &s);
	submit_units(s.mq[0], 1);
	submit_units(s.mq[0], 2);
	submit_units(s.mq[1], UNITS);
	submit_units(s.mq[2], 1);
	expect_ran(&s, 2, 0, 0);
	KUNIT_EXPECT_EQ(test, jobq_limit_available(s.limit), 1);
	/* Nor by the queue that has just returned some. */
	submit_units(s.mq[0], 1);
	jobq_complete(&s.mq[0]->q, 1);
	expect_ran(&s, 2, 0, 0);

	jobq_complete(&s.mq[0]->q, 2);
	expect_ran(&s, 2, 1, 0);
	jobq_complete(&s.mq[1]->q, 1);
	expect_ran(&s, 3, 1, 1);
	KUNIT_EXPECT_EQ(test, jobq_limit_available(s.limit), 2);
	shared_end(&s);
}

/* Jobs that need none aren't held up, but by those before them in their queue. */
static void jobs_without_units(struct kunit *test)
{
	struct shared s;

	shared_start(test, &s);
	submit_units(s.mq[0], UNITS);
	submit_units(s.mq[0], 0);
	submit_units(s.mq[1], 0);
	submit_units(s.mq[2], 1);
	submit_units(s.mq[2], 0);
	expect_ran(&s, 2, 1, 0);
	jobq_complete(&s.mq[0]->q, 1);
	expect_ran(&s, 2, 1, 2);
	shared_end(&s);
}

/* A queue that gets its own units back goes on without being unblocked. */
static void own_units_are_used_at_once(struct kunit *test)
{
	struct shared s;

	shared_start(test, &s);
	submit_units(s.mq[0], 3);
	submit_units(s.mq[0], 2);
	submit_units(s.mq[0], 2);
	expect_ran(&s, 1, 0, 0);
	jobq_complete(&s.mq[0]->q, 1);
	if (s.mq[0]->q.flags & JOBQ_RUN_ATOMIC)
		KUNIT_EXPECT_EQ(test, s.mq[0]->num_ran, 3);
	expect_ran(&s, 3, 0, 0);
	shared_end(&s);
}

/* A job takes none before everything else that it needs is there. */
static void taken_last(struct kunit *test)
{
	struct mock_foreign foreign;
	struct mock_job *job;
	struct shared s;
	unsigned int i;

	shared_start(test, &s);
	mock_foreign_init(test, &foreign);
	job = make_units(s.mq[0], UNITS);
	mock_foreign_dep(test, &foreign, job);
	mock_commit(s.mq[0], job);
	jobq_job_put(&job->base);
	for (i = 0; i < MOCK_CREDITS; i++)
		submit_units(s.mq[1], 0);
	submit_units(s.mq[1], UNITS);
	expect_ran(&s, 0, MOCK_CREDITS, 0);
	KUNIT_EXPECT_EQ(test, jobq_limit_available(s.limit), UNITS);

	submit_units(s.mq[2], UNITS);
	mock_foreign_signal(&foreign, 0);
	expect_ran(&s, 0, MOCK_CREDITS, 1);
	jobq_complete(&s.mq[2]->q, 1);
	expect_ran(&s, 1, MOCK_CREDITS, 1);
	mock_foreign_end(&foreign);
	shared_end(&s);
}

/* An error of run_job returns the units; so does a dependency's, which takes none. */
static void failed_jobs_return_them(struct kunit *test)
{
	const struct jobq_job_args args = {
		.limit_units = UNITS, .flags = JOBQ_JOB_DEP_ERRORS,
	};
	struct mock_foreign foreign;
	struct mock_job *job;
	struct shared s;

	shared_start(test, &s);
	s.mq[0]->run_ret = -EIO;
	submit_units(s.mq[0], UNITS);
	mock_expect_signalled(s.mq[0], 0, 1, -EIO);
	KUNIT_EXPECT_EQ(test, jobq_limit_available(s.limit), UNITS);

	mock_foreign_init(test, &foreign);
	job = mock_job_args(s.mq[1], &args);
	mock_foreign_dep(test, &foreign, job);
	mock_commit(s.mq[1], job);
	jobq_job_put(&job->base);
	mock_foreign_signal(&foreign, -EDOM);
	shared_flush(&s);
	mock_expect_signalled(s.mq[1], 0, 1, -EDOM);
	KUNIT_EXPECT_EQ(test, jobq_limit_available(s.limit), UNITS);
	mock_foreign_end(&foreign);
	shared_end(&s);
}

/* No room on the hardware: others can have the units until it is tried again. */
static void no_room_returns_them(struct kunit *test)
{
	struct shared s;

	shared_start(test, &s);
	submit_units(s.mq[0], 1);
	s.mq[0]->run_ret = -EBUSY;
	submit_units(s.mq[0], 3);
	expect_ran(&s, 1, 0, 0);
	KUNIT_EXPECT_EQ(test, jobq_limit_available(s.limit), UNITS - 1);
	submit_units(s.mq[1], 3);
	expect_ran(&s, 1, 1, 0);

	/* There is room now, but no units. */
	s.mq[0]->run_ret = 0;
	jobq_complete(&s.mq[0]->q, 1);
	expect_ran(&s, 1, 1, 0);
	jobq_complete(&s.mq[1]->q, 1);
	expect_ran(&s, 2, 1, 0);
	shared_end(&s);
}

/* The same with nothing running: it is the timer that finds no units. */
static void no_room_then_no_units(struct kunit *test)
{
	struct shared s;

	shared_start(test, &s);
	s.mq[0]->run_ret = -EBUSY;
	submit_units(s.mq[0], UNITS);
	mock_wait_for(test, &s.mq[0]->tries, 2);
	submit_units(s.mq[1], 1);
	s.mq[0]->run_ret = 0;
	/* Now it is in line, and the timer, which may be pending, doesn't change that. */
	jobq_kick(&s.mq[0]->q);
	expect_ran(&s, 0, 1, 0);
	jobq_complete(&s.mq[1]->q, 1);
	expect_ran(&s, 1, 1, 0);
	shared_end(&s);
}

static void answer_stop(struct mock_queue *mq)
{
	mq->progress = jobq_limit_available(mq->q.limit);
	jobq_stopped(&mq->q);
}

/* A killed queue gets out of the line; its running job has the units until it ends. */
static void killed_queues(struct kunit *test)
{
	struct shared s;

	shared_start(test, &s);
	submit_units(s.mq[0], 3);
	submit_units(s.mq[1], UNITS);
	submit_units(s.mq[2], 1);
	expect_ran(&s, 1, 0, 0);
	jobq_kill(&s.mq[1]->q, -ENODEV);
	expect_ran(&s, 1, 0, 1);

	submit_units(s.mq[2], 2);
	s.mq[0]->progress = -1;
	s.mq[0]->on_stop = answer_stop;
	jobq_kill(&s.mq[0]->q, -ENODEV);
	flush_delayed_work(&s.mq[0]->q.kill_work);
	KUNIT_EXPECT_EQ(test, s.mq[0]->progress, 0);
	expect_ran(&s, 1, 0, 2);
	shared_end(&s);
}

/* Teardown of the first in line and of one that has units. */
static void torn_down_queues(struct kunit *test)
{
	struct shared s;

	shared_start(test, &s);
	submit_units(s.mq[0], 3);
	submit_units(s.mq[1], UNITS);
	submit_units(s.mq[2], 1);
	submit_units(s.mq[2], 3);
	jobq_teardown(&s.mq[1]->q);
	expect_ran(&s, 1, 0, 1);
	mock_expect_signalled(s.mq[1], 0, 1, -ECANCELED);
	s.mq[0]->on_stop = answer_stop;
	jobq_teardown(&s.mq[0]->q);
	expect_ran(&s, 1, 0, 2);
	shared_end(&s);
}

/* A stopped queue loses its place, and comes last when it is started again. */
static void stopped_queue_loses_its_place(struct kunit *test)
{
	struct shared s;

	shared_start(test, &s);
	submit_units(s.mq[0], 3);
	submit_units(s.mq[1], UNITS);
	submit_units(s.mq[2], 1);
	submit_units(s.mq[2], 3);
	expect_ran(&s, 1, 0, 0);
	jobq_stop(&s.mq[1]->q);
	expect_ran(&s, 1, 0, 1);
	jobq_start(&s.mq[1]->q);
	jobq_complete(&s.mq[0]->q, 1);
	expect_ran(&s, 1, 0, 2);
	jobq_complete(&s.mq[2]->q, 2);
	expect_ran(&s, 1, 1, 2);
	shared_end(&s);
}

/* Units that were set aside are handed on if their queue is stopped or killed. */
static void handed_on(struct kunit *test)
{
	struct shared s;

	shared_start_blocked(test, &s);
	submit_units(s.mq[0], UNITS);
	submit_units(s.mq[1], UNITS);
	submit_units(s.mq[2], 3);
	jobq_complete(&s.mq[0]->q, 1);
	KUNIT_EXPECT_EQ(test, jobq_limit_available(s.limit), 0);
	KUNIT_EXPECT_EQ(test, s.mq[1]->num_ran, 0);
	jobq_stop(&s.mq[1]->q);
	KUNIT_EXPECT_EQ(test, jobq_limit_available(s.limit), 1);
	jobq_kill(&s.mq[2]->q, -EIO);
	KUNIT_EXPECT_EQ(test, jobq_limit_available(s.limit), UNITS);

	/* They can be had, and set aside, again. */
	submit_units(s.mq[0], UNITS);
	jobq_start(&s.mq[1]->q);
	shared_unblock(&s);
	expect_ran(&s, 2, 0, 0);
	jobq_complete(&s.mq[0]->q, 2);
	expect_ran(&s, 2, 1, 0);
	mock_expect_signalled(s.mq[2], 0, 1, -EIO);
	shared_end(&s);
}

/* A queue is torn down with units set aside and the worker about to run. */
static void torn_down_with_grant(struct kunit *test)
{
	struct shared s;

	shared_start_blocked(test, &s);
	submit_units(s.mq[0], UNITS);
	submit_units(s.mq[1], 1);
	jobq_complete(&s.mq[0]->q, 1);
	KUNIT_EXPECT_EQ(test, jobq_limit_available(s.limit), UNITS - 1);
	jobq_teardown(&s.mq[1]->q);
	KUNIT_EXPECT_EQ(test, jobq_limit_available(s.limit), UNITS);
	mock_expect_signalled(s.mq[1], 0, 1, -ECANCELED);
	shared_unblock(&s);
	expect_ran(&s, 1, 0, 0);
	shared_end(&s);
}

static void find_oldest(struct jobq_job *job, void *arg)
{
	struct jobq_job **oldest = arg;

	if (!*oldest)
		*oldest = job;
}

/* After a reset the guilty job has none, and the innocent one still has its own. */
static void reset_keeps_those_of_innocents(struct kunit *test)
{
	struct jobq_job *guilty = NULL;
	struct shared s;

	shared_start(test, &s);
	submit_units(s.mq[0], 2);
	submit_units(s.mq[0], 2);
	submit_units(s.mq[1], 3);
	submit_units(s.mq[2], 1);
	expect_ran(&s, 2, 0, 0);

	jobq_stop(&s.mq[0]->q);
	jobq_visit_running(&s.mq[0]->q, find_oldest, &guilty);
	jobq_reset(&s.mq[0]->q, guilty);
	mock_expect_signalled(s.mq[0], 0, 1, -ETIME);
	KUNIT_EXPECT_EQ(test, jobq_limit_available(s.limit), 2);
	/* Others wait for it, but it doesn't have to wait for them. */
	s.mq[0]->run_ret = -EBUSY;
	jobq_start(&s.mq[0]->q);
	mock_wait_for(test, &s.mq[0]->tries, 4);
	expect_ran(&s, 2, 0, 0);
	KUNIT_EXPECT_EQ(test, jobq_limit_available(s.limit), 2);
	s.mq[0]->run_ret = 0;
	mock_wait_for(test, &s.mq[0]->num_ran, 3);
	expect_ran(&s, 3, 0, 0);
	jobq_complete(&s.mq[0]->q, 2);
	expect_ran(&s, 3, 1, 1);
	shared_end(&s);
}

static const unsigned int cancel_flags[] = { JOBQ_CANCEL_INNOCENT, 0 };

static void cancel_desc(const unsigned int *flags, char *desc)
{
	strscpy(desc, *flags ? "by policy" : "by a kill", KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(cancel, cancel_flags, cancel_desc);

/* Innocents that aren't run again return theirs. */
static void reset_without_replay(struct kunit *test)
{
	struct shared s;

	shared_start(test, &s);
	submit_units(s.mq[0], 2);
	submit_units(s.mq[0], 2);
	submit_units(s.mq[1], UNITS);
	jobq_stop(&s.mq[0]->q);
	jobq_reset(&s.mq[0]->q, NULL);
	if (!s.mq[0]->q.flags) {
		KUNIT_EXPECT_EQ(test, jobq_limit_available(s.limit), 0);
		jobq_kill(&s.mq[0]->q, -ECANCELED);
	}
	mock_expect_signalled(s.mq[0], 0, 2, -ECANCELED);
	expect_ran(&s, 2, 1, 0);
	jobq_start(&s.mq[0]->q);
	expect_ran(&s, 2, 1, 0);
	shared_end(&s);
}

static struct kunit_case limit_cases[] = {
	KUNIT_CASE_PARAM(arguments, flags_gen_params),
	KUNIT_CASE_PARAM(creator_may_put_it, flags_gen_params),
	KUNIT_CASE_PARAM(shared_by_queues, flags_gen_params),
	KUNIT_CASE_PARAM(large_job_is_not_overtaken, flags_gen_params),
	KUNIT_CASE_PARAM(jobs_without_units, flags_gen_params),
	KUNIT_CASE_PARAM(own_units_are_used_at_once, flags_gen_params),
	KUNIT_CASE_PARAM(taken_last, flags_gen_params),
	KUNIT_CASE_PARAM(failed_jobs_return_them, flags_gen_params),
	KUNIT_CASE_PARAM(no_room_returns_them, flags_gen_params),
	KUNIT_CASE_PARAM(no_room_then_no_units, flags_gen_params),
	KUNIT_CASE_PARAM(killed_queues, flags_gen_params),
	KUNIT_CASE_PARAM(torn_down_queues, flags_gen_params),
	KUNIT_CASE_PARAM(stopped_queue_loses_its_place, flags_gen_params),
	KUNIT_CASE(handed_on),
	KUNIT_CASE(torn_down_with_grant),
	KUNIT_CASE_PARAM(reset_keeps_those_of_innocents, flags_gen_params),
	KUNIT_CASE_PARAM(reset_without_replay, cancel_gen_params),
	{}
};

static struct kunit_suite limit_suite = {
	.name = "jobq-limit",
	.test_cases = limit_cases,
};

kunit_test_suite(limit_suite);
