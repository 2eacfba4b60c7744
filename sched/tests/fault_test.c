// SPDX-License-Identifier: GPL-2.0
/*
 * No memory: whichever allocation of a submission fails, it leaves no trace; and from
 * prepare on there is none that could.
 */

#include <linux/cleanup.h>
#include <linux/dma-fence-array.h>
#include <linux/dma-fence-chain.h>
#include <linux/dma-resv.h>
#include <linux/err.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/sync_file.h>
#include <linux/xarray.h>

#include <drm/drm_file.h>
#include <drm/drm_syncobj.h>

#include <dfence/dfence_ctx.h>
#include <jobq/jobq_resv.h>
#include <tests/fault.h>

#include "mock.h"

#define FOREIGN 7

/* Everything that a submission can depend on, and all that it can signal. */
struct world {
	struct kunit *test;
	struct mock_queue *queue[2];
	/* Fences of others: one, two in an array, in a syncobj, a point, a sync_file, a resv. */
	struct mock_foreign foreign[FOREIGN];
	struct dma_resv resv;
	struct dma_fence *array;
	struct drm_file *file;
	struct drm_syncobj *syncobj[4];
	u32 in_binary, in_timeline, out_binary, out_timeline;
	int in_fd;
	/* What an attempt began with, and has made. */
	u64 last[2];
	unsigned int queue_refs[2], foreign_refs[FOREIGN], syncobj_refs[4];
	unsigned int made, committed;
	u64 point;
};

/* The two jobs of an attempt, one of each queue. */
struct submission {
	struct jobq_job *job[2];
	unsigned int num;
	int fd;
};

static u32 make_handle(struct world *w, unsigned int i)
{
	u32 handle;

	KUNIT_ASSERT_EQ(w->test, drm_syncobj_create(&w->syncobj[i], 0, NULL), 0);
	KUNIT_ASSERT_EQ(w->test,
			drm_syncobj_get_handle(w->file, w->syncobj[i], &handle), 0);
	return handle;
}

static void make_containers(struct world *w)
{
	struct dma_fence_chain *chain = dma_fence_chain_alloc();
	struct dma_fence **fences = kcalloc(2, sizeof(*fences), GFP_KERNEL);
	struct dma_fence_array *array;

	KUNIT_ASSERT_NOT_NULL(w->test, chain);
	KUNIT_ASSERT_NOT_NULL(w->test, fences);
	fences[0] = dma_fence_get(w->foreign[1].base);
	fences[1] = dma_fence_get(w->foreign[2].base);
	array = dma_fence_array_create(2, fences, dma_fence_context_alloc(1), 1);
	KUNIT_ASSERT_NOT_NULL(w->test, array);
	w->array = &array->base;
	drm_syncobj_replace_fence(w->syncobj[0], w->foreign[3].base);
	drm_syncobj_add_point(w->syncobj[1], chain, w->foreign[4].base, 7);
}

static void make_in_fd(struct world *w)
{
	struct sync_file *sync_file = sync_file_create(w->foreign[5].base);

	KUNIT_ASSERT_NOT_NULL(w->test, sync_file);
	w->in_fd = get_unused_fd_flags(O_CLOEXEC);
	KUNIT_ASSERT_GE(w->test, w->in_fd, 0);
	fd_install(w->in_fd, sync_file->file);
}

static void make_resv(struct world *w)
{
	dma_resv_init(&w->resv);
	dma_resv_lock(&w->resv, NULL);
	KUNIT_EXPECT_EQ(w->test, dma_resv_reserve_fences(&w->resv, 1), 0);
	dma_resv_add_fence(&w->resv, w->foreign[6].base, DMA_RESV_USAGE_WRITE);
	dma_resv_unlock(&w->resv);
}

static struct world *make_world(struct kunit *test, unsigned int flags)
{
	struct world *w = kunit_kzalloc(test, sizeof(*w), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, w);
	w->test = test;
	w->queue[0] = mock_queue(test, flags);
	w->queue[1] = mock_queue(test, flags);
	for (i = 0; i < FOREIGN; i++)
		mock_foreign_init(test, &w->foreign[i]);
	w->file = kunit_kzalloc(test, sizeof(*w->file), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, w->file);
	xa_init_flags(&w->file->syncobj_xa, XA_FLAGS_ALLOC1);
	w->in_binary = make_handle(w, 0);
	w->in_timeline = make_handle(w, 1);
	w->out_binary = make_handle(w, 2);
	w->out_timeline = make_handle(w, 3);
	make_containers(w);
	make_in_fd(w);
	make_resv(w);
	return w;
}

static void end_world(struct world *w)
{
	unsigned int i;

	mock_queue_end(w->queue[1]);
	mock_queue_end(w->queue[0]);
	KUNIT_EXPECT_EQ(w->test, atomic_read(&w->queue[0]->num_freed) +
			atomic_read(&w->queue[1]->num_freed), w->made);
	KUNIT_EXPECT_EQ(w->test, close_fd(w->in_fd), 0);
	dma_fence_put(w->array);
	for (i = 0; i < ARRAY_SIZE(w->syncobj); i++) {
		drm_syncobj_put(w->syncobj[i]);
		drm_syncobj_put(w->syncobj[i]);
	}
	xa_destroy(&w->file->syncobj_xa);
	dma_resv_fini(&w->resv);
	for (i = 0; i < FOREIGN; i++)
		mock_foreign_end(&w->foreign[i]);
}

static int make_job(struct world *w, struct submission *s)
{
	const struct jobq_job_args args = { .credits = 1 };
	struct mock_job *job = kzalloc_obj(*job);

	if (!job)
		return -ENOMEM;
	KUNIT_EXPECT_EQ(w->test,
			jobq_job_init(&job->base, &w->queue[s->num]->q, &args), 0);
	s->job[s->num++] = &job->base;
	w->made++;
	return 0;
}

static int add_deps(struct world *w, struct jobq_job *job)
{
	return jobq_job_add_dep(job, dma_fence_get(w->foreign[0].base)) ?:
	       jobq_job_add_dep(job, dma_fence_get(w->array)) ?:
	       jobq_job_add_dep_syncobj(job, w->file, w->in_binary, 0) ?:
	       jobq_job_add_dep_syncobj(job, w->file, w->in_timeline, 7) ?:
	       jobq_job_add_dep_sync_file(job, w->in_fd) ?:
	       jobq_job_add_dep_resv(job, &w->resv, DMA_RESV_USAGE_READ);
}

static int add_signals(struct world *w, struct submission *s, struct jobq_job *job)
{
	return jobq_job_add_signal_syncobj(job, w->file, w->out_binary, 0) ?:
	       jobq_job_add_signal_syncobj(job, w->file, w->out_timeline, w->point + 1) ?:
	       jobq_job_add_signal_sync_file(job, &s->fd) ?:
	       jobq_job_add_signal_resv(job, &w->resv, DMA_RESV_USAGE_BOOKKEEP, 2);
}

static void put_jobs(struct submission *s)
{
	while (s->num)
		jobq_job_put(s->job[--s->num]);
}

/* Up to the point from which on nothing can fail. With the resv locked. */
static int prepare(struct world *w, struct submission *s)
{
	int ret;

	ret = make_job(w, s) ?: make_job(w, s) ?: add_deps(w, s->job[0]) ?:
	      jobq_job_add_dep_job(s->job[1], s->job[0]) ?:
	      add_signals(w, s, s->job[1]) ?:
	      jobq_job_prepare(s->job[0]) ?: jobq_job_prepare(s->job[1]);
	if (ret)
		put_jobs(s);
	return ret;
}

/* Two submissions; the resv stays locked until they are committed. */
static void prepare_two(struct world *w, struct submission *first,
			struct submission *second)
{
	dma_resv_lock(&w->resv, NULL);
	KUNIT_EXPECT_EQ(w->test, prepare(w, first), 0);
	w->point++;
	KUNIT_EXPECT_EQ(w->test, prepare(w, second), 0);
}

static void note_before(struct world *w)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		w->last[i] = dfence_ctx_last_armed(w->queue[i]->q.fence_ctx);
		w->queue_refs[i] = kref_read(&w->queue[i]->q.ref);
	}
	for (i = 0; i < FOREIGN; i++)
		w->foreign_refs[i] = kref_read(&w->foreign[i].base->refcount);
	for (i = 0; i < ARRAY_SIZE(w->syncobj); i++)
		w->syncobj_refs[i] = kref_read(&w->syncobj[i]->refcount);
}

static int attempt(void *arg)
{
	struct world *w = arg;
	struct submission s = { };
	int ret;

	note_before(w);
	dma_resv_lock(&w->resv, NULL);
	ret = prepare(w, &s);
	if (!ret)
		jobq_commit(s.job, 2);
	dma_resv_unlock(&w->resv);
	if (ret)
		return ret;
	w->point++;
	w->committed += 2;
	put_jobs(&s);
	close_fd(s.fd);
	return 0;
}

static void check_untouched(struct kunit *test, struct world *w)
{
	struct jobq_stats stats;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		KUNIT_EXPECT_EQ(test, dfence_ctx_last_armed(w->queue[i]->q.fence_ctx),
				w->last[i]);
		KUNIT_EXPECT_EQ(test, kref_read(&w->queue[i]->q.ref), w->queue_refs[i]);
		jobq_get_stats(&w->queue[i]->q, &stats);
		KUNIT_EXPECT_EQ(test, stats.queued, w->committed / 2);
	}
	for (i = 0; i < FOREIGN; i++)
		KUNIT_EXPECT_EQ(test, kref_read(&w->foreign[i].base->refcount),
				w->foreign_refs[i]);
	for (i = 0; i < ARRAY_SIZE(w->syncobj); i++)
		KUNIT_EXPECT_EQ(test, kref_read(&w->syncobj[i]->refcount),
				w->syncobj_refs[i]);
	KUNIT_EXPECT_EQ(test, atomic_read(&w->queue[0]->num_freed) +
			atomic_read(&w->queue[1]->num_freed), w->made - w->committed);
}

/* Only what was committed has a seqno; no descriptor stays reserved. */
static void check(struct kunit *test, void *arg, int ret)
{
	struct world *w = arg;
	unsigned int i;
	int fd;

	if (ret)
		check_untouched(test, w);
	for (i = 0; i < 2; i++)
		KUNIT_EXPECT_EQ(test, dfence_ctx_last_armed(w->queue[i]->q.fence_ctx),
				w->committed / 2);
	fd = get_unused_fd_flags(O_CLOEXEC);
	KUNIT_EXPECT_EQ(test, fd, w->in_fd + 1);
	put_unused_fd(fd);
}

/* A submission with each kind of dependency and out-fence, over two queues. */
static void submission_fails(struct kunit *test)
{
	struct world *w = make_world(test, 0);
	const struct fault_sweep sweep = {
		.attempt = attempt,
		.check = check,
		.arg = w,
	};

	fault_sweep(test, &sweep);
	KUNIT_EXPECT_GT(test, w->committed, 0);
	end_world(w);
}

static int attempt_init(void *arg)
{
	static const struct jobq_args args = {
		.ops = &mock_ops, .driver_name = "d", .name = "n", .credits = 1,
	};
	struct mock_queue *mq = arg;
	int ret = jobq_init(&mq->q, &args);

	if (ret)
		return ret;
	jobq_teardown(&mq->q);
	jobq_put(&mq->q);
	return 0;
}

static void init_fails(struct kunit *test)
{
	struct mock_queue *mq = kunit_kzalloc(test, sizeof(*mq), GFP_KERNEL);
	const struct fault_sweep sweep = { .attempt = attempt_init, .arg = mq };

	KUNIT_ASSERT_NOT_NULL(test, mq);
	init_completion(&mq->released);
	fault_sweep(test, &sweep);
}

static const unsigned int both_flags[] = { 0, JOBQ_RUN_ATOMIC };

static void flags_desc(const unsigned int *flags, char *desc)
{
	strscpy(desc, *flags ? "atomic" : "may sleep", KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(flags, both_flags, flags_desc);

static void signal_foreign(struct world *w)
{
	unsigned int i;

	for (i = 0; i < FOREIGN; i++)
		mock_foreign_signal(&w->foreign[i], 0);
}

/*
 * After prepare: no allocation, until the fences have signalled. The references to the
 * jobs are kept, as freeing is the kernel's debug objects' occasion to allocate.
 */
static void no_allocation_after_prepare(struct kunit *test)
{
	struct world *w = make_world(test, *(const unsigned int *)test->param_value);
	struct submission s = { }, other = { };
	struct jobq *a = &w->queue[0]->q, *b = &w->queue[1]->q;
	int ret = -1;

	prepare_two(w, &s, &other);
	FAULT_EXPECT_NO_ALLOCATION(test, jobq_commit(s.job, 2));
	FAULT_EXPECT_NO_ALLOCATION(test, jobq_commit(other.job, 2));
	dma_resv_unlock(&w->resv);
	FAULT_EXPECT_NO_ALLOCATION(test, signal_foreign(w));
	mock_flush(w->queue[0]);
	KUNIT_EXPECT_EQ(test, w->queue[0]->num_ran, 2);
	FAULT_EXPECT_NO_ALLOCATION(test, ret = jobq_complete(a, 1));
	KUNIT_EXPECT_EQ(test, ret, 0);
	mock_flush(w->queue[1]);
	KUNIT_EXPECT_EQ(test, w->queue[1]->num_ran, 1);

	FAULT_EXPECT_NO_ALLOCATION(test, jobq_stop(b));
	FAULT_EXPECT_NO_ALLOCATION(test, jobq_reset(b, NULL));
	FAULT_EXPECT_NO_ALLOCATION(test, jobq_start(b));
	mock_flush(w->queue[1]);
	FAULT_EXPECT_NO_ALLOCATION(test, jobq_kick(b));
	FAULT_EXPECT_NO_ALLOCATION(test, jobq_kill(a, -ENODEV));
	FAULT_EXPECT_NO_ALLOCATION(test, jobq_kill(b, -ENODEV));
	FAULT_EXPECT_NO_ALLOCATION(test, jobq_stopped(a));
	FAULT_EXPECT_NO_ALLOCATION(test, jobq_stopped(b));
	KUNIT_EXPECT_EQ(test, dma_fence_get_status(jobq_job_fence(other.job[1])), -ENODEV);

	put_jobs(&s);
	put_jobs(&other);
	KUNIT_EXPECT_EQ(test, close_fd(s.fd), 0);
	KUNIT_EXPECT_EQ(test, close_fd(other.fd), 0);
	end_world(w);
}

/*
 * The same for lockdep: who reclaims memory may have to wait for a fence, so nothing
 * between publishing and signalling may wait for memory, even if it could be had.
 */
static void commit_while_memory_is_reclaimed(struct kunit *test)
{
	struct submission s = { }, other = { };
	struct world *w;

	if (!IS_ENABLED(CONFIG_LOCKDEP))
		kunit_skip(test, "this kernel has no lockdep");
	w = make_world(test, *(const unsigned int *)test->param_value);
	prepare_two(w, &s, &other);
	fs_reclaim_acquire(GFP_KERNEL);
	jobq_commit(s.job, 2);
	jobq_commit(other.job, 2);
	fs_reclaim_release(GFP_KERNEL);
	dma_resv_unlock(&w->resv);
	fs_reclaim_acquire(GFP_KERNEL);
	signal_foreign(w);
	fs_reclaim_release(GFP_KERNEL);
	mock_flush(w->queue[0]);

	fs_reclaim_acquire(GFP_KERNEL);
	jobq_complete(&w->queue[0]->q, 1);
	jobq_kill(&w->queue[0]->q, -ENODEV);
	jobq_stopped(&w->queue[0]->q);
	jobq_kill(&w->queue[1]->q, -ENODEV);
	jobq_stopped(&w->queue[1]->q);
	fs_reclaim_release(GFP_KERNEL);

	put_jobs(&s);
	put_jobs(&other);
	KUNIT_EXPECT_EQ(test, close_fd(s.fd), 0);
	KUNIT_EXPECT_EQ(test, close_fd(other.fd), 0);
	end_world(w);
}

static struct kunit_case fault_cases[] = {
	KUNIT_CASE(submission_fails),
	KUNIT_CASE(init_fails),
	KUNIT_CASE_PARAM(no_allocation_after_prepare, flags_gen_params),
	KUNIT_CASE_PARAM(commit_while_memory_is_reclaimed, flags_gen_params),
	{}
};

static int fault_init(struct kunit *test)
{
	fault_need_injection(test);
	return 0;
}

static struct kunit_suite fault_suite = {
	.name = "jobq-fault",
	.init = fault_init,
	.test_cases = fault_cases,
};

kunit_test_suite(fault_suite);
