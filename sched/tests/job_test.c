// SPDX-License-Identifier: GPL-2.0
/*
 * The life of queues and jobs: arguments, states, roll back, references.
 */

#include <linux/slab.h>

#include <dfence/dfence_ctx.h>

#include "../jobq_internal.h"
#include "mock.h"

static const struct jobq_ops no_run = {
	.job_free = (void *)1, .force_stop = (void *)1, .release = (void *)1,
};

static const struct jobq_ops no_free = {
	.run_job = (void *)1, .force_stop = (void *)1, .release = (void *)1,
};

static const struct jobq_ops no_force_stop = {
	.run_job = (void *)1, .job_free = (void *)1, .release = (void *)1,
};

static const struct jobq_ops no_release = {
	.run_job = (void *)1, .job_free = (void *)1, .force_stop = (void *)1,
};

static const struct jobq_ops no_timedout = {
	.run_job = (void *)1, .job_free = (void *)1, .force_stop = (void *)1,
	.release = (void *)1,
};

static const struct jobq_ops no_hw_wait_prepare = {
	.run_job = (void *)1, .job_free = (void *)1, .force_stop = (void *)1,
	.release = (void *)1, .hw_wait = (void *)1, .hw_ended = (void *)1,
};

static const struct jobq_ops no_hw_ended = {
	.run_job = (void *)1, .job_free = (void *)1, .force_stop = (void *)1,
	.release = (void *)1, .hw_wait = (void *)1, .hw_wait_prepare = (void *)1,
};

static const struct jobq_ops no_hw_wait = {
	.run_job = (void *)1, .job_free = (void *)1, .force_stop = (void *)1,
	.release = (void *)1, .hw_ended = (void *)1, .hw_wait_prepare = (void *)1,
};

struct bad_args {
	const char *what;
	struct jobq_args args;
};

#define GOOD .driver_name = "d", .name = "n", .credits = 1

static const struct bad_args bad_args[] = {
	{ "no ops", { GOOD } },
	{ "no run_job", { GOOD, .ops = &no_run } },
	{ "no job_free", { GOOD, .ops = &no_free } },
	{ "no force_stop", { GOOD, .ops = &no_force_stop } },
	{ "no release", { GOOD, .ops = &no_release } },
	{ "timeout without timedout", { GOOD, .ops = &no_timedout, .timeout_ms = 1 } },
	{ "no hw_wait_prepare", { GOOD, .ops = &no_hw_wait_prepare } },
	{ "no hw_ended", { GOOD, .ops = &no_hw_ended } },
	{ "no hw_wait", { GOOD, .ops = &no_hw_wait } },
	{ "unknown flag", { GOOD, .ops = &mock_ops, .flags = BIT(31) } },
	{ "no driver name", { .name = "n", .credits = 1, .ops = &mock_ops } },
	{ "no name", { .driver_name = "d", .credits = 1, .ops = &mock_ops } },
	{ "no credits", { .driver_name = "d", .name = "n", .ops = &mock_ops } },
};

KUNIT_ARRAY_PARAM_DESC(bad_args, bad_args, what);

static void init_refuses_bad_args(struct kunit *test)
{
	const struct bad_args *bad = test->param_value;
	struct jobq *q = kunit_kzalloc(test, sizeof(*q), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, q);
	KUNIT_EXPECT_EQ(test, jobq_init(q, &bad->args), -EINVAL);
}

/* A queue that is made and torn down, with optional members left out. */
static void empty_queue(struct kunit *test)
{
	const struct jobq_args args = {
		.ops = &mock_ops, .driver_name = "d", .name = "n", .credits = 1,
	};
	struct mock_queue *mq = mock_queue_raw(test, &args);

	KUNIT_EXPECT_EQ(test, jobq_state(&mq->q), JOBQ_RUNNING);
	KUNIT_EXPECT_EQ(test, jobq_error(&mq->q), 0);
	KUNIT_EXPECT_PTR_EQ(test, jobq_get(&mq->q), &mq->q);
	jobq_put(&mq->q);
	jobq_put(NULL);
	jobq_job_put(NULL);
	mock_queue_end(mq);
	KUNIT_EXPECT_EQ(test, mq->stops, 0);
	KUNIT_EXPECT_EQ(test, mq->force_stops, 0);
}

static void put_without_teardown_is_reported(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0);

	mock_submit_many(mq, 1);
	jobq_complete(&mq->q, 1);
	mock_flush(mq);
	MOCK_EXPECT_WARNING(test, jobq_put(&mq->q));
	KUNIT_EXPECT_TRUE(test, try_wait_for_completion(&mq->released));
}

static void job_init_errors(struct kunit *test)
{
	const struct jobq_job_args too_big = { .credits = MOCK_CREDITS + 1 };
	const struct jobq_job_args bad_flag = { .flags = BIT(31) };
	const struct jobq_job_args good = { .credits = MOCK_CREDITS };
	struct mock_queue *mq = mock_queue(test, 0);
	struct mock_job *job = kunit_kzalloc(test, sizeof(*job), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, job);
	KUNIT_EXPECT_EQ(test, jobq_job_init(&job->base, &mq->q, &too_big), -E2BIG);
	KUNIT_EXPECT_EQ(test, jobq_job_init(&job->base, &mq->q, &bad_flag), -EINVAL);
	KUNIT_EXPECT_EQ(test, kref_read(&mq->q.ref), 1);

	jobq_job_put(&mock_job_args(mq, &good)->base);
	jobq_kill(&mq->q, -EHWPOISON);
	KUNIT_EXPECT_EQ(test, jobq_job_init(&job->base, &mq->q, &good), -EHWPOISON);
	mock_queue_end(mq);
}

/* NEW and PREPARED jobs are put: they are freed at once, and no seqno is missing. */
static void roll_back_leaves_no_trace(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0);
	struct mock_foreign foreign;
	struct mock_job *job;
	struct jobq_stats stats;

	mock_foreign_init(test, &foreign);
	job = mock_job(mq);
	mock_foreign_dep(test, &foreign, job);
	KUNIT_EXPECT_EQ(test, jobq_job_state(&job->base), JOBQ_JOB_NEW);
	jobq_job_put(&job->base);
	KUNIT_EXPECT_EQ(test, atomic_read(&mq->num_freed), 1);

	job = mock_job(mq);
	mock_foreign_dep(test, &foreign, job);
	mock_prepare(mq, job);
	KUNIT_EXPECT_EQ(test, jobq_job_state(&job->base), JOBQ_JOB_PREPARED);
	KUNIT_EXPECT_NULL(test, jobq_job_fence(&job->base));
	KUNIT_EXPECT_EQ(test, jobq_job_seqno(&job->base), 0);
	jobq_job_put(&job->base);
	KUNIT_EXPECT_EQ(test, atomic_read(&mq->num_freed), 2);
	KUNIT_EXPECT_EQ(test, kref_read(&foreign.base->refcount), 2);

	job = mock_submit(mq);
	KUNIT_EXPECT_EQ(test, jobq_job_seqno(&job->base), 1);
	jobq_job_put(&job->base);
	jobq_get_stats(&mq->q, &stats);
	KUNIT_EXPECT_EQ(test, stats.queued, 1);
	mock_foreign_end(&foreign);
	mock_queue_end(mq);
}

/* A long chain of jobs that depend on each other, put in the order of the chain. */
static void roll_back_of_a_long_chain(struct kunit *test)
{
	struct mock_queue *a = mock_queue(test, 0), *b = mock_queue(test, 0);
	struct mock_job *job, *before = mock_job(a);
	unsigned int i;

	for (i = 1; i < 2000; i++) {
		job = mock_job(i & 1 ? b : a);
		KUNIT_ASSERT_EQ(test, jobq_job_add_dep_job(&job->base, &before->base), 0);
		jobq_job_put(&before->base);
		before = job;
	}
	KUNIT_EXPECT_EQ(test, atomic_read(&a->num_freed), 0);
	jobq_job_put(&before->base);
	KUNIT_EXPECT_EQ(test, atomic_read(&a->num_freed) + atomic_read(&b->num_freed), 2000);
	mock_queue_end(a);
	mock_queue_end(b);
}

static void prepare_only_once(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0);
	struct mock_job *job = mock_job(mq), *other = mock_job(mq);
	struct mock_foreign foreign;

	mock_foreign_init(test, &foreign);
	KUNIT_EXPECT_EQ(test, jobq_job_add_dep_job(&job->base, &job->base), -EINVAL);
	mock_prepare(mq, job);
	KUNIT_EXPECT_EQ(test, jobq_job_prepare(&job->base), -EINVAL);
	KUNIT_EXPECT_EQ(test, jobq_job_add_dep_job(&job->base, &other->base), -EINVAL);
	/* The fence is consumed in error, too. */
	KUNIT_EXPECT_EQ(test, jobq_job_add_dep(&job->base, dma_fence_get(foreign.base)),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, kref_read(&foreign.base->refcount), 2);
	jobq_job_put(&job->base);
	jobq_job_put(&other->base);
	mock_foreign_end(&foreign);
	mock_queue_end(mq);
}

static void commit_of_unprepared_is_reported(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0);
	struct mock_job *job = mock_job(mq), *new = mock_job(mq);
	struct jobq_job *both[] = { &job->base, &new->base };

	mock_prepare(mq, job);
	MOCK_EXPECT_WARNING(test, jobq_commit(both, 2));
	KUNIT_EXPECT_EQ(test, jobq_job_state(&job->base), JOBQ_JOB_PREPARED);
	KUNIT_EXPECT_EQ(test, mq->tries, 0);
	jobq_job_put(&job->base);
	jobq_job_put(&new->base);
	mock_queue_end(mq);
}

/* A job goes through its states, and its memory is there as long as it is held. */
static void job_life(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, JOBQ_RUN_ATOMIC);
	struct mock_job *job = mock_job(mq);
	struct dma_fence *fence;

	mock_commit(mq, job);
	KUNIT_EXPECT_EQ(test, jobq_job_state(&job->base), JOBQ_JOB_RUNNING);
	fence = jobq_job_fence(&job->base);
	KUNIT_ASSERT_NOT_NULL(test, fence);
	KUNIT_EXPECT_EQ(test, fence->seqno, jobq_job_seqno(&job->base));
	KUNIT_EXPECT_FALSE(test, dma_fence_is_signaled(fence));

	KUNIT_EXPECT_EQ(test, jobq_complete(&mq->q, 1), 0);
	KUNIT_EXPECT_EQ(test, jobq_job_state(&job->base), JOBQ_JOB_DONE);
	KUNIT_EXPECT_EQ(test, dma_fence_get_status(fence), 1);
	mock_flush(mq);
	KUNIT_EXPECT_EQ(test, atomic_read(&mq->num_freed), 0);
	KUNIT_EXPECT_EQ(test, kref_read(&job->base.ref), 1);
	KUNIT_EXPECT_PTR_EQ(test, jobq_job_get(&job->base), &job->base);
	jobq_job_put(&job->base);
	jobq_job_put(&job->base);
	KUNIT_EXPECT_EQ(test, atomic_read(&mq->num_freed), 1);
	mock_queue_end(mq);
}

/* A driver can keep a job longer than its queue is alive. */
static void job_outlives_teardown(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0);
	struct mock_job *job = mock_submit(mq);

	jobq_teardown(&mq->q);
	jobq_put(&mq->q);
	KUNIT_EXPECT_FALSE(test, try_wait_for_completion(&mq->released));
	KUNIT_EXPECT_EQ(test, jobq_job_state(&job->base), JOBQ_JOB_CANCELLED);
	jobq_job_put(&job->base);
	KUNIT_EXPECT_TRUE(test, try_wait_for_completion(&mq->released));
	KUNIT_EXPECT_EQ(test, atomic_read(&mq->num_freed), 1);
}

/* The moves that the documentation draws, and no others. */
static void job_moves(struct kunit *test)
{
	static const u8 legal[] = {
		[JOBQ_JOB_NEW] = BIT(JOBQ_JOB_PREPARED),
		[JOBQ_JOB_PREPARED] = BIT(JOBQ_JOB_PENDING),
		[JOBQ_JOB_PENDING] = BIT(JOBQ_JOB_RUNNING) | BIT(JOBQ_JOB_CANCELLED),
		[JOBQ_JOB_RUNNING] = BIT(JOBQ_JOB_DONE) | BIT(JOBQ_JOB_CANCELLED) |
				     BIT(JOBQ_JOB_PENDING),
		[JOBQ_JOB_DONE] = 0,
		[JOBQ_JOB_CANCELLED] = 0,
	};
	struct mock_queue *mq = mock_queue(test, 0);
	struct mock_job *job = mock_job(mq);
	unsigned int from, to, ok;

	for (from = 0; from < ARRAY_SIZE(legal); from++) {
		for (to = 0; to < ARRAY_SIZE(legal); to++) {
			ok = !!(legal[from] & BIT(to));
			job->base.state = from;
			kunit_warning_suppress(test) {
				scoped_guard(spinlock_irqsave, &mq->q.lock)
					jobq_job_set_state_locked(&job->base, to);
				KUNIT_EXPECT_SUPPRESSED_WARNING_COUNT(test, !ok);
			}
			KUNIT_EXPECT_EQ(test, job->base.state, ok ? to : from);
		}
	}
	job->base.state = JOBQ_JOB_NEW;
	jobq_job_put(&job->base);
	mock_queue_end(mq);
}

static void queue_moves(struct kunit *test)
{
	static const u8 legal[] = {
		[JOBQ_RUNNING] = BIT(JOBQ_STOPPED) | BIT(JOBQ_KILLED),
		[JOBQ_STOPPED] = BIT(JOBQ_RUNNING) | BIT(JOBQ_KILLED),
		[JOBQ_KILLED] = BIT(JOBQ_DEAD),
		[JOBQ_DEAD] = 0,
	};
	struct mock_queue *mq = mock_queue(test, 0);
	unsigned int from, to, ok;

	for (from = 0; from < ARRAY_SIZE(legal); from++) {
		for (to = 0; to < ARRAY_SIZE(legal); to++) {
			ok = !!(legal[from] & BIT(to));
			mq->q.state = from;
			kunit_warning_suppress(test) {
				scoped_guard(spinlock_irqsave, &mq->q.lock)
					jobq_set_state_locked(&mq->q, to);
				KUNIT_EXPECT_SUPPRESSED_WARNING_COUNT(test, !ok);
			}
			KUNIT_EXPECT_EQ(test, mq->q.state, ok ? to : from);
		}
	}
	mq->q.state = JOBQ_RUNNING;
	mock_queue_end(mq);
}

static struct kunit_case job_cases[] = {
	KUNIT_CASE_PARAM(init_refuses_bad_args, bad_args_gen_params),
	KUNIT_CASE(empty_queue),
	KUNIT_CASE(put_without_teardown_is_reported),
	KUNIT_CASE(job_init_errors),
	KUNIT_CASE(roll_back_leaves_no_trace),
	KUNIT_CASE(roll_back_of_a_long_chain),
	KUNIT_CASE(prepare_only_once),
	KUNIT_CASE(commit_of_unprepared_is_reported),
	KUNIT_CASE(job_life),
	KUNIT_CASE(job_outlives_teardown),
	KUNIT_CASE(job_moves),
	KUNIT_CASE(queue_moves),
	{}
};

static struct kunit_suite job_suite = {
	.name = "jobq-job",
	.test_cases = job_cases,
};

kunit_test_suite(job_suite);
