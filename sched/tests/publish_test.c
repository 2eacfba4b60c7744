// SPDX-License-Identifier: GPL-2.0
/*
 * In- and out-fences: syncobjs, timelines, sync_files; and what a roll back leaves.
 */

#include <linux/err.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/resource.h>
#include <linux/sched/signal.h>
#include <linux/sync_file.h>
#include <linux/xarray.h>

#include <drm/drm_file.h>
#include <drm/drm_syncobj.h>

#include "mock.h"

/* A file with nothing but its table of syncobjs. */
static struct drm_file *make_file(struct kunit *test)
{
	struct drm_file *file = kunit_kzalloc(test, sizeof(*file), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, file);
	xa_init_flags(&file->syncobj_xa, XA_FLAGS_ALLOC1);
	return file;
}

static struct drm_syncobj *make_syncobj(struct kunit *test, struct drm_file *file,
					u32 *ret_handle)
{
	struct drm_syncobj *syncobj;

	KUNIT_ASSERT_EQ(test, drm_syncobj_create(&syncobj, 0, NULL), 0);
	KUNIT_ASSERT_EQ(test, drm_syncobj_get_handle(file, syncobj, ret_handle), 0);
	return syncobj;
}

static void end_syncobj(struct drm_file *file, struct drm_syncobj *syncobj, u32 handle)
{
	xa_erase(&file->syncobj_xa, handle);
	drm_syncobj_put(syncobj);
	drm_syncobj_put(syncobj);
}

static void end_file(struct drm_file *file)
{
	xa_destroy(&file->syncobj_xa);
}

static void binary_syncobj(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0), *next = mock_queue(test, 0);
	struct drm_file *file = make_file(test);
	struct mock_job *job = mock_job(mq), *waiter = mock_job(next);
	struct drm_syncobj *syncobj;
	struct dma_fence *fence;
	u32 handle;

	syncobj = make_syncobj(test, file, &handle);
	KUNIT_EXPECT_EQ(test, jobq_job_add_dep_syncobj(&waiter->base, file, handle, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, jobq_job_add_signal_syncobj(&job->base, file, handle, 0), 0);
	KUNIT_EXPECT_NULL(test, drm_syncobj_fence_get(syncobj));
	mock_commit(mq, job);
	fence = drm_syncobj_fence_get(syncobj);
	KUNIT_EXPECT_PTR_EQ(test, fence, jobq_job_fence(&job->base));
	dma_fence_put(fence);

	KUNIT_EXPECT_EQ(test, jobq_job_add_dep_syncobj(&waiter->base, file, handle, 0), 0);
	mock_commit(next, waiter);
	KUNIT_EXPECT_EQ(test, next->num_ran, 0);
	jobq_complete(&mq->q, 1);
	mock_flush(next);
	KUNIT_EXPECT_EQ(test, next->num_ran, 1);

	jobq_job_put(&job->base);
	jobq_job_put(&waiter->base);
	mock_queue_end(next);
	mock_queue_end(mq);
	end_syncobj(file, syncobj, handle);
	end_file(file);
}

static void timeline_syncobj(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0), *next = mock_queue(test, 0);
	const u64 points[] = { 5, 1ULL << 40 };
	struct mock_job *job, *waiter = mock_job(next);
	struct drm_file *file = make_file(test);
	struct drm_syncobj *syncobj;
	u32 handle;
	int i;

	syncobj = make_syncobj(test, file, &handle);
	for (i = 0; i < 2; i++) {
		job = mock_job(mq);
		KUNIT_EXPECT_EQ(test, jobq_job_add_signal_syncobj(&job->base, file, handle,
								  points[i]), 0);
		mock_commit(mq, job);
		jobq_job_put(&job->base);
	}
	KUNIT_EXPECT_EQ(test, jobq_job_add_dep_syncobj(&waiter->base, file, handle,
						       points[1] + 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, jobq_job_add_dep_syncobj(&waiter->base, file, handle, 6), 0);
	/* The point's chain has been taken apart: two fences of one context are one. */
	KUNIT_EXPECT_EQ(test, waiter->base.num_deps, 1);
	mock_commit(next, waiter);
	jobq_complete(&mq->q, 1);
	mock_flush(next);
	KUNIT_EXPECT_EQ(test, next->num_ran, 0);
	jobq_complete(&mq->q, 2);
	mock_flush(next);
	KUNIT_EXPECT_EQ(test, next->num_ran, 1);

	jobq_job_put(&waiter->base);
	mock_queue_end(next);
	mock_queue_end(mq);
	end_syncobj(file, syncobj, handle);
	end_file(file);
}

/* One job with each kind; waiting for it and the error through the sync_file. */
static void all_kinds_at_once(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0), *next = mock_queue(test, 0);
	struct mock_job *job = mock_job(mq), *waiter = mock_job(next);
	struct drm_syncobj *binary, *timeline;
	struct drm_file *file = make_file(test);
	u32 binary_handle, timeline_handle;
	struct dma_fence *fence;
	int fd = -1;

	binary = make_syncobj(test, file, &binary_handle);
	timeline = make_syncobj(test, file, &timeline_handle);
	KUNIT_EXPECT_EQ(test, jobq_job_add_signal_syncobj(&job->base, file, binary_handle, 0), 0);
	KUNIT_EXPECT_EQ(test, jobq_job_add_signal_syncobj(&job->base, file, timeline_handle, 1), 0);
	KUNIT_EXPECT_EQ(test, jobq_job_add_signal_sync_file(&job->base, &fd), 0);
	KUNIT_ASSERT_GE(test, fd, 0);
	/* Reserved, but nobody can see it. */
	KUNIT_EXPECT_NULL(test, fget(fd));
	mock_commit(mq, job);

	fence = sync_file_get_fence(fd);
	KUNIT_EXPECT_PTR_EQ(test, fence, jobq_job_fence(&job->base));
	KUNIT_EXPECT_EQ(test, jobq_job_add_dep_sync_file(&waiter->base, fd), 0);
	mock_commit(next, waiter);
	KUNIT_EXPECT_EQ(test, next->num_ran, 0);
	job->error = -EFAULT;
	jobq_complete(&mq->q, 1);
	mock_flush(next);
	KUNIT_EXPECT_EQ(test, next->num_ran, 1);
	KUNIT_EXPECT_EQ(test, dma_fence_get_status(fence), -EFAULT);
	dma_fence_put(fence);

	jobq_job_put(&job->base);
	jobq_job_put(&waiter->base);
	mock_queue_end(next);
	mock_queue_end(mq);
	/* All of them outlive the queue. */
	fence = drm_syncobj_fence_get(timeline);
	KUNIT_EXPECT_TRUE(test, dma_fence_is_signaled(fence));
	dma_fence_put(fence);
	KUNIT_EXPECT_EQ(test, close_fd(fd), 0);
	end_syncobj(file, binary, binary_handle);
	end_syncobj(file, timeline, timeline_handle);
	end_file(file);
}

static void roll_back(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0);
	struct drm_file *file = make_file(test);
	struct mock_job *job = mock_job(mq);
	struct drm_syncobj *syncobj;
	int fd = -1, again = -1;
	u32 handle;

	syncobj = make_syncobj(test, file, &handle);
	KUNIT_EXPECT_EQ(test, jobq_job_add_signal_syncobj(&job->base, file, handle, 0), 0);
	KUNIT_EXPECT_EQ(test, jobq_job_add_signal_syncobj(&job->base, file, handle, 7), 0);
	KUNIT_EXPECT_EQ(test, jobq_job_add_signal_sync_file(&job->base, &fd), 0);
	KUNIT_EXPECT_EQ(test, kref_read(&syncobj->refcount), 4);
	mock_prepare(mq, job);
	jobq_job_put(&job->base);

	KUNIT_EXPECT_EQ(test, kref_read(&syncobj->refcount), 2);
	KUNIT_EXPECT_NULL(test, drm_syncobj_fence_get(syncobj));
	/* The number is free again. */
	job = mock_job(mq);
	KUNIT_EXPECT_EQ(test, jobq_job_add_signal_sync_file(&job->base, &again), 0);
	KUNIT_EXPECT_EQ(test, again, fd);
	jobq_job_put(&job->base);
	mock_queue_end(mq);
	end_syncobj(file, syncobj, handle);
	end_file(file);
}

static void errors(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0);
	struct drm_file *file = make_file(test);
	struct mock_job *job = mock_job(mq);
	int fd = -1;

	KUNIT_EXPECT_EQ(test, jobq_job_add_dep_syncobj(&job->base, file, 99, 0), -ENOENT);
	KUNIT_EXPECT_EQ(test, jobq_job_add_signal_syncobj(&job->base, file, 99, 0), -ENOENT);
	KUNIT_EXPECT_EQ(test, jobq_job_add_signal_syncobj(&job->base, file, 99, 1), -ENOENT);
	KUNIT_EXPECT_EQ(test, jobq_job_add_dep_sync_file(&job->base, -1), -EINVAL);
	mock_prepare(mq, job);
	KUNIT_EXPECT_EQ(test, jobq_job_add_signal_syncobj(&job->base, file, 99, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, jobq_job_add_signal_sync_file(&job->base, &fd), -EINVAL);
	KUNIT_EXPECT_EQ(test, fd, -1);
	jobq_job_put(&job->base);
	mock_queue_end(mq);
	end_file(file);
}

/* The process has as many files as it may. */
static void no_descriptor_left(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0);
	struct rlimit *limit = &current->signal->rlim[RLIMIT_NOFILE];
	const unsigned long before = limit->rlim_cur;
	struct mock_job *job = mock_job(mq);
	int fd = -1, ret;

	limit->rlim_cur = 0;
	ret = jobq_job_add_signal_sync_file(&job->base, &fd);
	limit->rlim_cur = before;
	KUNIT_EXPECT_EQ(test, ret, -EMFILE);
	KUNIT_EXPECT_EQ(test, fd, -1);
	/* Nothing of it is left: the job can go on without. */
	mock_commit(mq, job);
	KUNIT_EXPECT_EQ(test, mq->num_ran, 1);
	jobq_job_put(&job->base);
	mock_queue_end(mq);
}

/* A job of a killed queue publishes, too: whoever waits gets the error. */
static void killed_queue_publishes(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0);
	struct mock_job *job = mock_job(mq);
	struct dma_fence *fence;
	int fd = -1;

	KUNIT_EXPECT_EQ(test, jobq_job_add_signal_sync_file(&job->base, &fd), 0);
	mock_prepare(mq, job);
	jobq_kill(&mq->q, -ENODEV);
	jobq_commit((struct jobq_job *[]){ &job->base }, 1);
	fence = sync_file_get_fence(fd);
	KUNIT_ASSERT_NOT_NULL(test, fence);
	KUNIT_EXPECT_EQ(test, dma_fence_get_status(fence), -ENODEV);
	dma_fence_put(fence);
	jobq_job_put(&job->base);
	mock_queue_end(mq);
	KUNIT_EXPECT_EQ(test, close_fd(fd), 0);
}

static struct kunit_case publish_cases[] = {
	KUNIT_CASE(binary_syncobj),
	KUNIT_CASE(timeline_syncobj),
	KUNIT_CASE(all_kinds_at_once),
	KUNIT_CASE(roll_back),
	KUNIT_CASE(errors),
	KUNIT_CASE(no_descriptor_left),
	KUNIT_CASE(killed_queue_publishes),
	{}
};

static struct kunit_suite publish_suite = {
	.name = "jobq-publish",
	.test_cases = publish_cases,
};

kunit_test_suite(publish_suite);
