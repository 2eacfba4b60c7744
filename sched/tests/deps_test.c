// SPDX-License-Identifier: GPL-2.0
/*
 * What is the same for dependencies of all kinds: their errors; what can't be waited for
 * in a circle; and what they keep.
 */

#include <linux/dma-fence-array.h>
#include <linux/dma-fence-chain.h>
#include <linux/dma-resv.h>
#include <linux/err.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/slab.h>
#include <linux/sync_file.h>
#include <linux/xarray.h>

#include <drm/drm_file.h>
#include <drm/drm_syncobj.h>

#include <jobq/jobq_resv.h>

#include "mock.h"
#include "mock_ring.h"

/* How a fence becomes a dependency. */
enum kind {
	KIND_FENCE,
	KIND_ARRAY,
	KIND_CHAIN,
	KIND_BINARY,
	KIND_TIMELINE,
	KIND_SYNC_FILE,
	KIND_RESV,
	NUM_KINDS,
};

static const char * const kind_names[] = {
	"fence", "array", "chain", "binary syncobj", "timeline syncobj", "sync_file", "resv",
};

/* When it fails. */
enum when {
	WHEN_KNOWN_BEFORE,
	WHEN_BEFORE_COMMIT,
	WHEN_AFTER_COMMIT,
	NUM_WHENS,
};

static struct dma_fence *in_array(struct kunit *test, struct dma_fence *fence)
{
	struct dma_fence **fences = kmalloc_array(2, sizeof(*fences), GFP_KERNEL);
	struct dma_fence_array *array;

	KUNIT_ASSERT_NOT_NULL(test, fences);
	fences[0] = dma_fence_get_stub();
	fences[1] = dma_fence_get(fence);
	array = dma_fence_array_create(2, fences, dma_fence_context_alloc(1), 1);
	KUNIT_ASSERT_NOT_NULL(test, array);
	return &array->base;
}

static struct dma_fence *in_chain(struct kunit *test, struct dma_fence *fence)
{
	struct dma_fence_chain *chain = dma_fence_chain_alloc();

	KUNIT_ASSERT_NOT_NULL(test, chain);
	dma_fence_chain_init(chain, NULL, dma_fence_get(fence), 1);
	return &chain->base;
}

static void add_syncobj(struct kunit *test, struct jobq_job *job, struct dma_fence *fence,
			u64 point)
{
	struct drm_file *file = kunit_kzalloc(test, sizeof(*file), GFP_KERNEL);
	struct dma_fence_chain *chain = dma_fence_chain_alloc();
	struct drm_syncobj *syncobj;
	u32 handle;

	KUNIT_ASSERT_NOT_NULL(test, file);
	KUNIT_ASSERT_NOT_NULL(test, chain);
	xa_init_flags(&file->syncobj_xa, XA_FLAGS_ALLOC1);
	KUNIT_ASSERT_EQ(test, drm_syncobj_create(&syncobj, 0, NULL), 0);
	KUNIT_ASSERT_EQ(test, drm_syncobj_get_handle(file, syncobj, &handle), 0);
	if (point) {
		drm_syncobj_add_point(syncobj, chain, fence, point);
	} else {
		drm_syncobj_replace_fence(syncobj, fence);
		dma_fence_chain_free(chain);
	}
	KUNIT_EXPECT_EQ(test, jobq_job_add_dep_syncobj(job, file, handle, point), 0);
	xa_erase(&file->syncobj_xa, handle);
	drm_syncobj_put(syncobj);
	drm_syncobj_put(syncobj);
	xa_destroy(&file->syncobj_xa);
}

static void add_sync_file(struct kunit *test, struct jobq_job *job, struct dma_fence *fence)
{
	struct sync_file *sync_file = sync_file_create(fence);
	int fd = get_unused_fd_flags(O_CLOEXEC);

	KUNIT_ASSERT_NOT_NULL(test, sync_file);
	KUNIT_ASSERT_GE(test, fd, 0);
	fd_install(fd, sync_file->file);
	KUNIT_EXPECT_EQ(test, jobq_job_add_dep_sync_file(job, fd), 0);
	KUNIT_EXPECT_EQ(test, close_fd(fd), 0);
}

static void add_resv(struct kunit *test, struct jobq_job *job, struct dma_fence *fence)
{
	struct dma_resv resv;

	dma_resv_init(&resv);
	dma_resv_lock(&resv, NULL);
	KUNIT_ASSERT_EQ(test, dma_resv_reserve_fences(&resv, 1), 0);
	dma_resv_add_fence(&resv, fence, DMA_RESV_USAGE_WRITE);
	KUNIT_EXPECT_EQ(test, jobq_job_add_dep_resv(job, &resv, DMA_RESV_USAGE_WRITE), 0);
	dma_resv_unlock(&resv);
	dma_resv_fini(&resv);
}

static void add_dep(struct kunit *test, enum kind kind, struct jobq_job *job,
		    struct dma_fence *fence)
{
	switch (kind) {
	case KIND_FENCE:
		KUNIT_EXPECT_EQ(test, jobq_job_add_dep(job, dma_fence_get(fence)), 0);
		break;
	case KIND_ARRAY:
		KUNIT_EXPECT_EQ(test, jobq_job_add_dep(job, in_array(test, fence)), 0);
		break;
	case KIND_CHAIN:
		KUNIT_EXPECT_EQ(test, jobq_job_add_dep(job, in_chain(test, fence)), 0);
		break;
	case KIND_BINARY:
		add_syncobj(test, job, fence, 0);
		break;
	case KIND_TIMELINE:
		add_syncobj(test, job, fence, 1ULL << 33);
		break;
	case KIND_SYNC_FILE:
		add_sync_file(test, job, fence);
		break;
	case KIND_RESV:
		add_resv(test, job, fence);
		break;
	case NUM_KINDS:
		break;
	}
}

/* One of all combinations. */
struct error_case {
	unsigned int flags;
	enum when when;
	enum kind kind;
};

static const void *error_gen_params(struct kunit *test, const void *prev, char *desc)
{
	static const char * const whens[] = { "known before", "before commit", "after commit" };
	static struct error_case c;

	if (!prev) {
		c = (struct error_case){};
	} else if (++c.kind == NUM_KINDS) {
		c.kind = 0;
		if (++c.when == NUM_WHENS) {
			c.when = 0;
			if (c.flags)
				return NULL;
			c.flags = JOBQ_JOB_DEP_ERRORS;
		}
	}
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s, %s, %s", kind_names[c.kind],
		 whens[c.when], c.flags ? "handed on" : "ignored");
	return &c;
}

/* The policy is the job's, whatever its dependency is and whenever it fails. */
static void errors_of_all_kinds(struct kunit *test)
{
	const struct error_case *c = test->param_value;
	const struct jobq_job_args args = { .credits = 1, .flags = c->flags };
	struct mock_queue *mq = mock_queue(test, 0);
	struct mock_job *job = mock_job_args(mq, &args);
	struct mock_foreign foreign;

	mock_foreign_init(test, &foreign);
	if (c->when == WHEN_KNOWN_BEFORE)
		mock_foreign_signal(&foreign, -EIO);
	add_dep(test, c->kind, &job->base, foreign.base);
	if (c->when == WHEN_BEFORE_COMMIT)
		mock_foreign_signal(&foreign, -EIO);
	mock_commit(mq, job);
	if (c->when == WHEN_AFTER_COMMIT) {
		KUNIT_EXPECT_EQ(test, mq->tries, 0);
		KUNIT_EXPECT_EQ(test, mq->num_signalled, 0);
		mock_foreign_signal(&foreign, -EIO);
	}
	mock_flush(mq);

	if (c->flags) {
		KUNIT_EXPECT_EQ(test, mq->tries, 0);
		mock_expect_signalled(mq, 0, 1, -EIO);
	} else {
		KUNIT_EXPECT_EQ(test, mq->num_ran, 1);
		jobq_complete(&mq->q, 1);
		mock_expect_signalled(mq, 0, 1, 0);
	}
	jobq_job_put(&job->base);
	mock_foreign_end(&foreign);
	mock_queue_end(mq);
}

/* The first error stays, and a job without the flag ends the handing on. */
static void errors_along_a_chain(struct kunit *test)
{
	const struct jobq_job_args hands_on = { .credits = 1, .flags = JOBQ_JOB_DEP_ERRORS };
	struct mock_queue *a = mock_queue(test, 0), *b = mock_queue(test, 0);
	struct mock_queue *c = mock_queue(test, 0);
	struct mock_job *first = mock_job_args(a, &hands_on), *third = mock_job(c);
	struct mock_job *second = mock_job_args(b, &hands_on);
	struct mock_foreign early, late;

	mock_foreign_init(test, &early);
	mock_foreign_init(test, &late);
	mock_foreign_dep(test, &late, first);
	mock_foreign_dep(test, &early, first);
	KUNIT_EXPECT_EQ(test, jobq_job_add_dep_job(&second->base, &first->base), 0);
	KUNIT_EXPECT_EQ(test, jobq_job_add_dep_job(&third->base, &second->base), 0);
	mock_commit(a, first);
	mock_commit(b, second);
	mock_commit(c, third);
	mock_foreign_signal(&early, -EREMOTEIO);
	mock_flush(a);
	KUNIT_EXPECT_EQ(test, a->num_signalled, 0);
	mock_foreign_signal(&late, -EIO);
	mock_flush(a);
	mock_flush(b);
	mock_flush(c);
	mock_expect_signalled(a, 0, 1, -EREMOTEIO);
	mock_expect_signalled(b, 0, 1, -EREMOTEIO);
	KUNIT_EXPECT_EQ(test, c->num_ran, 1);

	jobq_job_put(&first->base);
	jobq_job_put(&second->base);
	jobq_job_put(&third->base);
	mock_foreign_end(&early);
	mock_foreign_end(&late);
	mock_queue_end(c);
	mock_queue_end(b);
	mock_queue_end(a);
}

/* Committed in the wrong order, or not at all: nothing is committed, nothing waits. */
static void wrong_order_is_refused(struct kunit *test)
{
	struct mock_queue *a = mock_queue(test, 0), *b = mock_queue(test, 0);
	struct mock_job *first = mock_job(a), *second = mock_job(b);
	struct jobq_job *wrong[] = { &second->base, &first->base };
	struct jobq_job *right[] = { &first->base, &second->base };
	struct jobq_job *twice[] = { &first->base, &first->base };

	KUNIT_EXPECT_EQ(test, jobq_job_add_dep_job(&second->base, &first->base), 0);
	mock_prepare(a, first);
	mock_prepare(b, second);
	MOCK_EXPECT_WARNING(test, jobq_commit(wrong, 2));
	MOCK_EXPECT_WARNING(test, jobq_commit(wrong, 1));
	MOCK_EXPECT_WARNING(test, jobq_commit(twice, 2));
	KUNIT_EXPECT_EQ(test, jobq_job_state(&first->base), JOBQ_JOB_PREPARED);
	KUNIT_EXPECT_EQ(test, jobq_job_state(&second->base), JOBQ_JOB_PREPARED);
	KUNIT_EXPECT_EQ(test, a->tries + b->tries, 0);

	jobq_commit(right, 2);
	KUNIT_EXPECT_EQ(test, a->num_ran, 1);
	KUNIT_EXPECT_EQ(test, b->num_ran, 0);
	jobq_complete(&a->q, 1);
	mock_flush(b);
	KUNIT_EXPECT_EQ(test, b->num_ran, 1);
	jobq_job_put(&first->base);
	jobq_job_put(&second->base);
	mock_queue_end(b);
	mock_queue_end(a);
}

/* No circle can be made: whoever is depended on depends on no more jobs. */
static void circle_of_jobs_is_refused(struct kunit *test)
{
	struct mock_queue *a = mock_queue(test, 0), *b = mock_queue(test, 0);
	struct mock_job *one = mock_job(a), *two = mock_job(b), *three = mock_job(a);

	KUNIT_EXPECT_EQ(test, jobq_job_add_dep_job(&two->base, &one->base), 0);
	KUNIT_EXPECT_EQ(test, jobq_job_add_dep_job(&one->base, &two->base), -ELOOP);
	KUNIT_EXPECT_EQ(test, jobq_job_add_dep_job(&three->base, &two->base), 0);
	KUNIT_EXPECT_EQ(test, jobq_job_add_dep_job(&one->base, &three->base), -ELOOP);
	KUNIT_EXPECT_EQ(test, jobq_job_add_dep_job(&two->base, &three->base), -ELOOP);
	jobq_job_put(&one->base);
	jobq_job_put(&two->base);
	jobq_job_put(&three->base);
	/* All were freed: none of them holds another one in a circle. */
	mock_queue_end(b);
	mock_queue_end(a);
}

/* Two jobs that are to wait for each other's syncobj: there's nothing in them yet. */
static void circle_of_syncobjs_is_refused(struct kunit *test)
{
	struct mock_queue *mq[] = { mock_queue(test, 0), mock_queue(test, 0) };
	struct drm_file *file = kunit_kzalloc(test, sizeof(*file), GFP_KERNEL);
	struct mock_job *job[] = { mock_job(mq[0]), mock_job(mq[1]) };
	struct drm_syncobj *syncobj[2];
	u32 handle[2];
	u64 point;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, file);
	xa_init_flags(&file->syncobj_xa, XA_FLAGS_ALLOC1);
	for (i = 0; i < 2; i++) {
		KUNIT_ASSERT_EQ(test, drm_syncobj_create(&syncobj[i], 0, NULL), 0);
		KUNIT_ASSERT_EQ(test, drm_syncobj_get_handle(file, syncobj[i], &handle[i]), 0);
	}
	for (point = 0; point < 2; point++) {
		for (i = 0; i < 2; i++) {
			KUNIT_EXPECT_EQ(test, jobq_job_add_signal_syncobj(&job[i]->base, file,
									  handle[i], point), 0);
			/* A fence comes into being at commit, never before. */
			KUNIT_EXPECT_EQ(test, jobq_job_add_dep_syncobj(&job[i]->base, file,
								       handle[!i], point), -EINVAL);
		}
	}
	mock_commit(mq[0], job[0]);
	KUNIT_EXPECT_EQ(test, mq[0]->num_ran, 1);
	KUNIT_EXPECT_EQ(test, jobq_job_add_dep_syncobj(&job[1]->base, file, handle[0], 1), 0);
	mock_commit(mq[1], job[1]);
	KUNIT_EXPECT_EQ(test, mq[1]->num_ran, 0);

	for (i = 0; i < 2; i++) {
		jobq_job_put(&job[i]->base);
		xa_erase(&file->syncobj_xa, handle[i]);
		drm_syncobj_put(syncobj[i]);
		drm_syncobj_put(syncobj[i]);
	}
	xa_destroy(&file->syncobj_xa);
	mock_queue_end(mq[1]);
	mock_queue_end(mq[0]);
}

/*
 * A circle that's closed elsewhere: somebody else's fence, which will signal after ours,
 * is what we wait for. Two queues hang in it; each of them ends when it's told to.
 */
static void circle_through_others_ends(struct kunit *test)
{
	struct mock_queue *a = mock_queue(test, JOBQ_RUN_ATOMIC), *b = mock_queue(test, 0);
	struct mock_job *first = mock_job(a), *second = mock_job(b), *third = mock_job(a);
	struct jobq_job *group[] = { &first->base, &second->base, &third->base };
	struct mock_foreign foreign;
	int i;

	mock_foreign_init(test, &foreign);
	mock_foreign_dep(test, &foreign, first);
	KUNIT_EXPECT_EQ(test, jobq_job_add_dep_job(&second->base, &first->base), 0);
	KUNIT_EXPECT_EQ(test, jobq_job_add_dep_job(&third->base, &second->base), 0);
	mock_prepare(a, first);
	mock_prepare(b, second);
	mock_prepare(a, third);
	jobq_commit(group, 3);
	KUNIT_EXPECT_EQ(test, a->tries + b->tries, 0);

	jobq_teardown(&b->q);
	mock_expect_signalled(b, 0, 1, -ECANCELED);
	KUNIT_EXPECT_EQ(test, a->num_signalled, 0);
	jobq_kill(&a->q, -ENODEV);
	mock_expect_signalled(a, 0, 2, -ENODEV);
	for (i = 0; i < 3; i++)
		jobq_job_put(group[i]);
	mock_queue_end(a);
	mock_queue_end(b);
	KUNIT_EXPECT_EQ(test, a->tries + b->tries, 0);
	/* What closed the circle comes when nobody is there any more. */
	mock_foreign_end(&foreign);
}

/*
 * After a prepare that failed: the job that a later one replaces has ended, but isn't
 * freed under the caller's locks.
 */
static void later_dep_frees_nothing(struct kunit *test)
{
	struct mock_ring *a = mock_ring(test, 0), *b = mock_ring(test, 0);
	struct mock_job *first = mock_submit(a->mq), *later, *job = mock_job(b->mq);
	struct dma_fence *fence;

	KUNIT_EXPECT_EQ(test, jobq_job_add_dep(&job->base, dma_fence_get(first->base.base)), 0);
	b->fail_prepare = 1;
	KUNIT_EXPECT_EQ(test, jobq_job_prepare(&job->base), -ENOMEM);
	mock_ring_step(a);
	mock_ring_irq(a);
	jobq_job_put(&first->base);
	KUNIT_EXPECT_EQ(test, atomic_read(&a->mq->num_freed), 0);

	later = mock_submit(a->mq);
	fence = dma_fence_get(later->base.base);
	KUNIT_EXPECT_EQ(test, jobq_job_add_dep(&job->base, fence), 0);
	mock_flush(a->mq);
	KUNIT_EXPECT_EQ(test, atomic_read(&a->mq->num_freed), 1);
	KUNIT_EXPECT_PTR_NE(test, a->mq->freed_by, current);

	mock_ring_step(a);
	mock_ring_irq(a);
	jobq_job_put(&job->base);
	jobq_job_put(&later->base);
	mock_queue_end(b->mq);
	mock_queue_end(a->mq);
}

/* Another driver's job isn't: his queue ends, though a job waits that waited for it, too. */
static void others_are_not_kept(struct kunit *test)
{
	static struct jobq_ops other_ops;
	const struct jobq_args args = {
		.ops = &other_ops,
		.driver_name = "other",
		.name = "other-ring",
		.flags = JOBQ_RUN_ATOMIC,
		.credits = MOCK_CREDITS,
		.stop_timeout_ms = MOCK_STOP_MS,
	};
	struct mock_ring *r = mock_ring(test, 0);
	struct mock_job *theirs, *job = mock_job(r->mq);
	struct mock_foreign foreign;
	struct mock_queue *other;

	other_ops = *r->mq->q.ops;
	other = mock_queue_raw(test, &args);
	theirs = mock_submit(other);
	mock_foreign_init(test, &foreign);
	mock_foreign_dep(test, &foreign, job);
	KUNIT_EXPECT_EQ(test, jobq_job_add_dep(&job->base, dma_fence_get(theirs->base.base)), 0);
	mock_commit(r->mq, job);
	KUNIT_EXPECT_EQ(test, r->prepares, 0);

	jobq_complete(&other->q, 1);
	jobq_job_put(&theirs->base);
	mock_queue_end(other);
	KUNIT_EXPECT_EQ(test, r->mq->num_ran, 0);
	mock_foreign_signal(&foreign, 0);
	mock_flush(r->mq);
	KUNIT_EXPECT_EQ(test, r->mq->num_ran, 1);
	mock_ring_step(r);
	mock_ring_irq(r);
	jobq_job_put(&job->base);
	mock_foreign_end(&foreign);
	mock_queue_end(r->mq);
}

static struct kunit_case deps_cases[] = {
	KUNIT_CASE_PARAM(errors_of_all_kinds, error_gen_params),
	KUNIT_CASE(errors_along_a_chain),
	KUNIT_CASE(wrong_order_is_refused),
	KUNIT_CASE(circle_of_jobs_is_refused),
	KUNIT_CASE(circle_of_syncobjs_is_refused),
	KUNIT_CASE(circle_through_others_ends),
	KUNIT_CASE(later_dep_frees_nothing),
	KUNIT_CASE(others_are_not_kept),
	{}
};

static struct kunit_suite deps_suite = {
	.name = "jobq-deps",
	.test_cases = deps_cases,
};

kunit_test_suite(deps_suite);
