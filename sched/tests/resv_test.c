// SPDX-License-Identifier: GPL-2.0
/*
 * Implicit fences: jobs that wait for a dma_resv, and publish to one.
 */

#include <linux/dma-resv.h>

#include <jobq/jobq_resv.h>

#include "mock.h"

static struct dma_resv *make_resv(struct kunit *test)
{
	struct dma_resv *resv = kunit_kzalloc(test, sizeof(*resv), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, resv);
	dma_resv_init(resv);
	return resv;
}

/* Its fences of the last usage, which has all the others in it. */
static unsigned int count_fences(struct dma_resv *resv)
{
	struct dma_resv_iter iter;
	struct dma_fence *fence;
	unsigned int num = 0;

	dma_resv_lock(resv, NULL);
	dma_resv_for_each_fence(&iter, resv, DMA_RESV_USAGE_BOOKKEEP, fence)
		num++;
	dma_resv_unlock(resv);
	return num;
}

static void add_signal(struct kunit *test, struct mock_job *job, struct dma_resv *resv,
		       enum dma_resv_usage usage, unsigned int num)
{
	KUNIT_ASSERT_EQ(test, jobq_job_add_signal_resv(&job->base, resv, usage, num), 0);
}

static const enum dma_resv_usage usages[] = {
	DMA_RESV_USAGE_KERNEL, DMA_RESV_USAGE_WRITE, DMA_RESV_USAGE_READ,
	DMA_RESV_USAGE_BOOKKEEP,
};

static void usage_desc(const enum dma_resv_usage *usage, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "usage %d", *usage);
}

KUNIT_ARRAY_PARAM(usages, usages, usage_desc);

/* A job waits for the fences of its usage, and of those before, and for no others. */
static void waits_for_usage(struct kunit *test)
{
	enum dma_resv_usage usage = *(const enum dma_resv_usage *)test->param_value;
	struct mock_foreign foreign[ARRAY_SIZE(usages)];
	struct mock_queue *mq = mock_queue(test, 0);
	struct dma_resv *resv = make_resv(test);
	struct mock_job *job = mock_job(mq);
	int i;

	dma_resv_lock(resv, NULL);
	KUNIT_ASSERT_EQ(test, dma_resv_reserve_fences(resv, ARRAY_SIZE(usages)), 0);
	for (i = 0; i < ARRAY_SIZE(usages); i++) {
		mock_foreign_init(test, &foreign[i]);
		dma_resv_add_fence(resv, foreign[i].base, usages[i]);
	}
	KUNIT_EXPECT_EQ(test, jobq_job_add_dep_resv(&job->base, resv, usage), 0);
	mock_commit(mq, job);
	dma_resv_unlock(resv);

	for (i = 0; i <= usage; i++) {
		mock_flush(mq);
		KUNIT_EXPECT_EQ(test, mq->num_ran, 0);
		mock_foreign_signal(&foreign[i], 0);
	}
	mock_flush(mq);
	KUNIT_EXPECT_EQ(test, mq->num_ran, 1);

	jobq_job_put(&job->base);
	for (i = 0; i < ARRAY_SIZE(usages); i++)
		mock_foreign_end(&foreign[i]);
	dma_resv_fini(resv);
	mock_queue_end(mq);
}

/* A reader of one queue waits for the writer of another one, the next writer for it. */
static void writer_reader_writer(struct kunit *test)
{
	struct mock_queue *a = mock_queue(test, 0), *b = mock_queue(test, 0);
	struct mock_job *first = mock_job(a), *reader = mock_job(b), *second = mock_job(a);
	struct dma_resv *resv = make_resv(test);

	dma_resv_lock(resv, NULL);
	add_signal(test, first, resv, DMA_RESV_USAGE_WRITE, 1);
	mock_prepare(a, first);
	KUNIT_EXPECT_TRUE(test, dma_resv_test_signaled(resv, DMA_RESV_USAGE_BOOKKEEP));
	jobq_commit((struct jobq_job *[]){ &first->base }, 1);
	KUNIT_EXPECT_FALSE(test, dma_resv_test_signaled(resv, DMA_RESV_USAGE_WRITE));
	dma_resv_unlock(resv);

	dma_resv_lock(resv, NULL);
	KUNIT_EXPECT_EQ(test, jobq_job_add_dep_resv(&reader->base, resv,
						    dma_resv_usage_rw(false)), 0);
	add_signal(test, reader, resv, DMA_RESV_USAGE_READ, 1);
	mock_commit(b, reader);
	KUNIT_EXPECT_EQ(test, jobq_job_add_dep_resv(&second->base, resv,
						    dma_resv_usage_rw(true)), 0);
	/* That of its own queue is in order anyway. */
	KUNIT_EXPECT_EQ(test, second->base.num_deps, 1);
	add_signal(test, second, resv, DMA_RESV_USAGE_WRITE, 1);
	mock_commit(a, second);
	dma_resv_unlock(resv);

	/* The second writer's fence has replaced the first one's. */
	KUNIT_EXPECT_EQ(test, count_fences(resv), 2);
	KUNIT_EXPECT_EQ(test, b->num_ran, 0);
	jobq_complete(&a->q, 1);
	mock_flush(b);
	KUNIT_EXPECT_EQ(test, b->num_ran, 1);
	KUNIT_EXPECT_EQ(test, a->num_ran, 1);
	jobq_complete(&b->q, 1);
	mock_flush(a);
	KUNIT_EXPECT_EQ(test, a->num_ran, 2);

	jobq_job_put(&first->base);
	jobq_job_put(&reader->base);
	jobq_job_put(&second->base);
	mock_queue_end(b);
	mock_queue_end(a);
	KUNIT_EXPECT_TRUE(test, dma_resv_test_signaled(resv, DMA_RESV_USAGE_BOOKKEEP));
	dma_resv_fini(resv);
}

#define GROUP	6

/* Many fences of one commit: each call reserves for all, and there is room for all. */
static void group_on_one_object(struct kunit *test)
{
	struct dma_resv *resv = make_resv(test);
	struct mock_queue *mq[GROUP];
	struct jobq_job *group[GROUP];
	struct mock_job *job;
	int i;

	dma_resv_lock(resv, NULL);
	for (i = 0; i < GROUP; i++) {
		mq[i] = mock_queue(test, JOBQ_RUN_ATOMIC);
		job = mock_job(mq[i]);
		add_signal(test, job, resv, DMA_RESV_USAGE_BOOKKEEP, GROUP);
		mock_prepare(mq[i], job);
		group[i] = &job->base;
	}
	jobq_commit(group, GROUP);
	dma_resv_unlock(resv);
	KUNIT_EXPECT_EQ(test, count_fences(resv), GROUP);

	for (i = 0; i < GROUP; i++) {
		KUNIT_EXPECT_FALSE(test, dma_resv_test_signaled(resv, DMA_RESV_USAGE_BOOKKEEP));
		jobq_complete(&mq[i]->q, 1);
		jobq_job_put(group[i]);
		mock_queue_end(mq[i]);
	}
	KUNIT_EXPECT_TRUE(test, dma_resv_test_signaled(resv, DMA_RESV_USAGE_BOOKKEEP));
	dma_resv_fini(resv);
}

static void roll_back_publishes_nothing(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0);
	struct dma_resv *resv = make_resv(test);
	struct mock_job *job = mock_job(mq);

	dma_resv_lock(resv, NULL);
	add_signal(test, job, resv, DMA_RESV_USAGE_WRITE, 1);
	mock_prepare(mq, job);
	dma_resv_unlock(resv);
	jobq_job_put(&job->base);
	KUNIT_EXPECT_EQ(test, count_fences(resv), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&mq->num_freed), 1);
	dma_resv_fini(resv);
	mock_queue_end(mq);
}

/* The queue was torn down before the commit: who waits for the object gets the error. */
static void late_commit_publishes_the_error(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0);
	struct dma_resv *resv = make_resv(test);
	struct mock_job *job = mock_job(mq);
	struct dma_resv_iter iter;
	struct dma_fence *fence;

	dma_resv_lock(resv, NULL);
	add_signal(test, job, resv, DMA_RESV_USAGE_WRITE, 1);
	mock_prepare(mq, job);
	jobq_kill(&mq->q, -ENODEV);
	jobq_teardown(&mq->q);
	jobq_commit((struct jobq_job *[]){ &job->base }, 1);
	dma_resv_for_each_fence(&iter, resv, DMA_RESV_USAGE_WRITE, fence)
		KUNIT_EXPECT_EQ(test, dma_fence_get_status(fence), -ENODEV);
	dma_resv_unlock(resv);
	KUNIT_EXPECT_EQ(test, count_fences(resv), 1);
	jobq_job_put(&job->base);
	dma_resv_fini(resv);
	mock_queue_end(mq);
}

static void resv_errors(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0);
	struct dma_resv *resv = make_resv(test);
	struct mock_job *job = mock_job(mq);

	dma_resv_lock(resv, NULL);
	KUNIT_EXPECT_EQ(test, jobq_job_add_dep_resv(&job->base, resv,
						    DMA_RESV_USAGE_BOOKKEEP), 0);
	KUNIT_EXPECT_EQ(test, job->base.num_deps, 0);
	KUNIT_EXPECT_EQ(test, jobq_job_add_signal_resv(&job->base, resv,
						       DMA_RESV_USAGE_WRITE, 0), -EINVAL);
	mock_prepare(mq, job);
	KUNIT_EXPECT_EQ(test, jobq_job_add_dep_resv(&job->base, resv,
						    DMA_RESV_USAGE_BOOKKEEP), -EINVAL);
	KUNIT_EXPECT_EQ(test, jobq_job_add_signal_resv(&job->base, resv,
						       DMA_RESV_USAGE_WRITE, 1), -EINVAL);
	dma_resv_unlock(resv);
	jobq_job_put(&job->base);
	dma_resv_fini(resv);
	mock_queue_end(mq);
}

static struct kunit_case resv_cases[] = {
	KUNIT_CASE_PARAM(waits_for_usage, usages_gen_params),
	KUNIT_CASE(writer_reader_writer),
	KUNIT_CASE(group_on_one_object),
	KUNIT_CASE(roll_back_publishes_nothing),
	KUNIT_CASE(late_commit_publishes_the_error),
	KUNIT_CASE(resv_errors),
	{}
};

static struct kunit_suite resv_suite = {
	.name = "jobq-resv",
	.test_cases = resv_cases,
};

kunit_test_suite(resv_suite);
