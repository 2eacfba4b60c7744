// SPDX-License-Identifier: GPL-2.0
/*
 * Committing and running: order, dependencies, credits, who runs what.
 */

#include <linux/completion.h>
#include <linux/dma-fence-array.h>
#include <linux/dma-fence-chain.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "../jobq_internal.h"
#include "mock.h"
#include "mock_ring.h"

static const unsigned int both_flags[] = { 0, JOBQ_RUN_ATOMIC };

static void flags_desc(const unsigned int *flags, char *desc)
{
	strscpy(desc, *flags ? "atomic" : "may sleep", KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(flags, both_flags, flags_desc);

static unsigned int param_flags(struct kunit *test)
{
	return *(const unsigned int *)test->param_value;
}

static void expect_ran(struct mock_queue *mq, unsigned int num)
{
	unsigned int i;

	KUNIT_EXPECT_EQ(mq->test, mq->num_ran, num);
	for (i = 0; i < num; i++)
		KUNIT_EXPECT_EQ(mq->test, mq->ran[i], i + 1);
}

/* PREEMPT_RT runs such jobs with interrupts on, as the locks of fences sleep there. */
static bool runs_with_irqs_off(struct kunit *test)
{
	return param_flags(test) == JOBQ_RUN_ATOMIC && !IS_ENABLED(CONFIG_PREEMPT_RT);
}

/* Ready jobs are run by the submitter, before the commit returns. */
static void direct_submission(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, param_flags(test));

	mock_submit_many(mq, 3);
	expect_ran(mq, 3);
	KUNIT_EXPECT_PTR_EQ(test, mq->run_task, current);
	KUNIT_EXPECT_EQ(test, mq->run_atomic, runs_with_irqs_off(test));
	KUNIT_EXPECT_EQ(test, mq->doorbells, 3);
	KUNIT_EXPECT_EQ(test, jobq_complete(&mq->q, 3), 0);
	mock_expect_signalled(mq, 0, 3, 0);
	mock_queue_end(mq);
}

/* A batch rings the doorbell once. */
static void one_doorbell_for_a_batch(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, param_flags(test));
	struct jobq_job *jobs[4];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(jobs); i++) {
		jobs[i] = &mock_job(mq)->base;
		mock_prepare(mq, to_mock_job(jobs[i]));
	}
	jobq_commit(jobs, ARRAY_SIZE(jobs));
	expect_ran(mq, 4);
	KUNIT_EXPECT_EQ(test, mq->doorbells, 1);
	for (i = 0; i < ARRAY_SIZE(jobs); i++)
		jobq_job_put(jobs[i]);
	mock_queue_end(mq);
}

/* Dependencies signal last to first: nothing runs before the head can. */
static void order_is_kept(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, param_flags(test));
	struct mock_foreign foreign[3];
	struct mock_job *job;
	int i;

	for (i = 0; i < 3; i++) {
		mock_foreign_init(test, &foreign[i]);
		job = mock_job(mq);
		mock_foreign_dep(test, &foreign[i], job);
		mock_commit(mq, job);
		KUNIT_EXPECT_EQ(test, jobq_job_state(&job->base), JOBQ_JOB_PENDING);
		jobq_job_put(&job->base);
	}
	for (i = 2; i > 0; i--) {
		mock_foreign_signal(&foreign[i], 0);
		mock_flush(mq);
		expect_ran(mq, 0);
	}
	mock_foreign_signal(&foreign[0], 0);
	mock_flush(mq);
	expect_ran(mq, 3);
	KUNIT_EXPECT_EQ(test, mq->doorbells, 1);

	for (i = 0; i < 3; i++)
		mock_foreign_end(&foreign[i]);
	mock_queue_end(mq);
}

static void signal_in_irq(void *arg)
{
	mock_foreign_signal(arg, 0);
}

/* A dependency that signals in a hard interrupt. */
static void dep_signals_in_irq(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, param_flags(test));
	struct mock_foreign foreign;
	struct mock_job *job = mock_job(mq);

	mock_foreign_init(test, &foreign);
	mock_foreign_dep(test, &foreign, job);
	mock_commit(mq, job);
	mock_hardirq(test, signal_in_irq, &foreign);
	mock_flush(mq);
	expect_ran(mq, 1);
	KUNIT_EXPECT_EQ(test, mq->run_atomic, runs_with_irqs_off(test));
	jobq_job_put(&job->base);
	mock_foreign_end(&foreign);
	mock_queue_end(mq);
}

struct blocker {
	struct kthread_work work;
	struct completion go;
};

static void blocker_fn(struct kthread_work *work)
{
	wait_for_completion(&container_of(work, struct blocker, work)->go);
}

/* Of many dependencies only the last one wakes the worker. */
static void one_wakeup_for_many_deps(struct kunit *test)
{
	struct jobq_args args = {
		.ops = &mock_ops, .driver_name = "d", .name = "n", .credits = 1,
	};
	struct mock_foreign foreign[8];
	struct blocker blocker;
	struct mock_queue *mq;
	struct mock_job *job;
	unsigned int i;

	args.run_worker = kthread_run_worker(0, "mock");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, args.run_worker);
	mq = mock_queue_raw(test, &args);
	kthread_init_work(&blocker.work, blocker_fn);
	init_completion(&blocker.go);
	kthread_queue_work(args.run_worker, &blocker.work);

	job = mock_job(mq);
	for (i = 0; i < ARRAY_SIZE(foreign); i++) {
		mock_foreign_init(test, &foreign[i]);
		mock_foreign_dep(test, &foreign[i], job);
	}
	mock_commit(mq, job);
	for (i = 0; i < ARRAY_SIZE(foreign); i++) {
		KUNIT_EXPECT_TRUE(test, list_empty(&mq->q.run_kwork.node));
		mock_foreign_signal(&foreign[i], 0);
	}
	KUNIT_EXPECT_FALSE(test, list_empty(&mq->q.run_kwork.node));
	expect_ran(mq, 0);

	complete(&blocker.go);
	mock_flush(mq);
	expect_ran(mq, 1);
	KUNIT_EXPECT_PTR_EQ(test, mq->run_task, args.run_worker->task);

	jobq_job_put(&job->base);
	for (i = 0; i < ARRAY_SIZE(foreign); i++)
		mock_foreign_end(&foreign[i]);
	mock_queue_end(mq);
	kthread_destroy_worker(args.run_worker);
}

/* Signalled, duplicate, own and missing dependencies cost nothing. */
static void needless_deps_are_dropped(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0);
	struct mock_job *before = mock_submit(mq), *job = mock_job(mq);
	struct mock_foreign done, open;
	struct jobq_job *base = &job->base;

	mock_foreign_init(test, &done);
	mock_foreign_init(test, &open);
	mock_foreign_signal(&done, 0);

	KUNIT_EXPECT_EQ(test, jobq_job_add_dep(base, NULL), 0);
	mock_foreign_dep(test, &done, job);
	KUNIT_EXPECT_EQ(test, jobq_job_add_dep(base, dma_fence_get(before->base.base)), 0);
	KUNIT_EXPECT_EQ(test, jobq_job_add_dep_job(base, &before->base), 0);
	KUNIT_EXPECT_EQ(test, base->num_deps, 0);
	mock_foreign_dep(test, &open, job);
	mock_foreign_dep(test, &open, job);
	KUNIT_EXPECT_EQ(test, base->num_deps, 1);

	mock_foreign_signal(&open, 0);
	mock_commit(mq, job);
	expect_ran(mq, 2);
	jobq_job_put(&before->base);
	jobq_job_put(base);
	mock_foreign_end(&done);
	mock_foreign_end(&open);
	mock_queue_end(mq);
}

/* Of two fences of a context the later one counts, whatever the order. */
static void later_dep_of_a_context_wins(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0), *other = mock_queue(test, 0);
	struct mock_job *first = mock_submit(other), *second = mock_submit(other);
	struct mock_job *up = mock_job(mq), *down = mock_job(mq);

	KUNIT_EXPECT_EQ(test, jobq_job_add_dep(&up->base, dma_fence_get(first->base.base)), 0);
	KUNIT_EXPECT_EQ(test, jobq_job_add_dep(&up->base, dma_fence_get(second->base.base)), 0);
	KUNIT_EXPECT_EQ(test, jobq_job_add_dep(&down->base, dma_fence_get(second->base.base)), 0);
	KUNIT_EXPECT_EQ(test, jobq_job_add_dep(&down->base, dma_fence_get(first->base.base)), 0);
	KUNIT_EXPECT_EQ(test, up->base.num_deps, 1);
	KUNIT_EXPECT_EQ(test, down->base.num_deps, 1);
	mock_commit(mq, up);
	mock_commit(mq, down);

	jobq_complete(&other->q, 1);
	mock_flush(mq);
	expect_ran(mq, 0);
	jobq_complete(&other->q, 2);
	mock_flush(mq);
	expect_ran(mq, 2);

	jobq_job_put(&first->base);
	jobq_job_put(&second->base);
	jobq_job_put(&up->base);
	jobq_job_put(&down->base);
	mock_queue_end(mq);
	mock_queue_end(other);
}

/* A fence array is taken apart. */
static void containers_are_unwrapped(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0);
	struct mock_job *job = mock_job(mq);
	struct dma_fence_array *array;
	struct mock_foreign foreign[6];
	struct dma_fence **fences;
	unsigned int i;

	fences = kcalloc(ARRAY_SIZE(foreign), sizeof(*fences), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, fences);
	for (i = 0; i < ARRAY_SIZE(foreign); i++) {
		mock_foreign_init(test, &foreign[i]);
		fences[i] = dma_fence_get(foreign[i].base);
	}
	array = dma_fence_array_create(ARRAY_SIZE(foreign), fences,
				       dma_fence_context_alloc(1), 1);
	KUNIT_ASSERT_NOT_NULL(test, array);
	mock_foreign_signal(&foreign[0], 0);
	KUNIT_EXPECT_EQ(test, jobq_job_add_dep(&job->base, &array->base), 0);
	KUNIT_EXPECT_EQ(test, job->base.num_deps, ARRAY_SIZE(foreign) - 1);

	mock_commit(mq, job);
	for (i = 1; i < ARRAY_SIZE(foreign); i++) {
		mock_flush(mq);
		expect_ran(mq, 0);
		mock_foreign_signal(&foreign[i], 0);
	}
	mock_flush(mq);
	expect_ran(mq, 1);
	jobq_job_put(&job->base);
	for (i = 0; i < ARRAY_SIZE(foreign); i++)
		mock_foreign_end(&foreign[i]);
	mock_queue_end(mq);
}

/* A chain takes room for its contexts, not for its points. */
static void long_chain_takes_little_room(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0);
	struct mock_job *job = mock_job(mq);
	struct dma_fence *last = NULL;
	struct mock_foreign foreign[2];
	unsigned int i;

	mock_foreign_init(test, &foreign[0]);
	mock_foreign_init(test, &foreign[1]);
	for (i = 0; i < 1000; i++) {
		struct dma_fence_chain *chain = dma_fence_chain_alloc();

		KUNIT_ASSERT_NOT_NULL(test, chain);
		dma_fence_chain_init(chain, last, dma_fence_get(foreign[i % 2].base), i + 1);
		last = &chain->base;
	}
	KUNIT_EXPECT_EQ(test, jobq_job_add_dep(&job->base, last), 0);
	KUNIT_EXPECT_EQ(test, job->base.num_deps, 2);
	KUNIT_EXPECT_LE(test, job->base.max_deps, 4);

	mock_commit(mq, job);
	mock_foreign_signal(&foreign[0], 0);
	mock_flush(mq);
	expect_ran(mq, 0);
	mock_foreign_signal(&foreign[1], 0);
	mock_flush(mq);
	expect_ran(mq, 1);
	jobq_job_put(&job->base);
	mock_foreign_end(&foreign[0]);
	mock_foreign_end(&foreign[1]);
	mock_queue_end(mq);
}

struct dep_error_case {
	const char *what;
	unsigned int flags;
	/* When the dependency fails: before the job knows it, before commit, after. */
	int when;
};

static const struct dep_error_case dep_error_cases[] = {
	{ "ignored, known before", 0, 0 },
	{ "ignored, before commit", 0, 1 },
	{ "ignored, after commit", 0, 2 },
	{ "handed on, known before", JOBQ_JOB_DEP_ERRORS, 0 },
	{ "handed on, before commit", JOBQ_JOB_DEP_ERRORS, 1 },
	{ "handed on, after commit", JOBQ_JOB_DEP_ERRORS, 2 },
};

KUNIT_ARRAY_PARAM_DESC(dep_errors, dep_error_cases, what);

static void dep_errors(struct kunit *test)
{
	const struct dep_error_case *c = test->param_value;
	const struct jobq_job_args args = { .credits = 1, .flags = c->flags };
	struct mock_queue *mq = mock_queue(test, 0);
	struct mock_job *job = mock_job_args(mq, &args);
	struct mock_foreign foreign;

	mock_foreign_init(test, &foreign);
	if (c->when == 0)
		mock_foreign_signal(&foreign, -EIO);
	mock_foreign_dep(test, &foreign, job);
	if (c->when == 1)
		mock_foreign_signal(&foreign, -EIO);
	mock_commit(mq, job);
	if (c->when == 2)
		mock_foreign_signal(&foreign, -EIO);
	mock_flush(mq);

	if (c->flags) {
		KUNIT_EXPECT_EQ(test, mq->tries, 0);
		KUNIT_EXPECT_EQ(test, jobq_job_state(&job->base), JOBQ_JOB_CANCELLED);
		mock_expect_signalled(mq, 0, 1, -EIO);
	} else {
		expect_ran(mq, 1);
	}
	jobq_job_put(&job->base);
	mock_foreign_end(&foreign);
	mock_queue_end(mq);
}

/* With DEP_ERRORS the queue's own earlier jobs count, too: they hand errors on. */
static void own_dep_error_is_handed_on(struct kunit *test)
{
	const struct jobq_job_args args = { .credits = 1, .flags = JOBQ_JOB_DEP_ERRORS };
	struct mock_queue *mq = mock_queue(test, 0);
	struct mock_job *first = mock_job(mq), *second = mock_job_args(mq, &args);

	first->error = -EIO;
	KUNIT_EXPECT_EQ(test, jobq_job_add_dep_job(&second->base, &first->base), 0);
	mock_commit(mq, first);
	mock_commit(mq, second);
	expect_ran(mq, 1);
	jobq_complete(&mq->q, 1);
	mock_flush(mq);
	expect_ran(mq, 1);
	mock_expect_signalled(mq, 0, 2, -EIO);
	jobq_job_put(&first->base);
	jobq_job_put(&second->base);
	mock_queue_end(mq);
}

/* Two queues, the second job waits for the first one of the same commit. */
static void group_over_two_queues(struct kunit *test)
{
	struct mock_queue *a = mock_queue(test, param_flags(test));
	struct mock_queue *b = mock_queue(test, param_flags(test));
	struct mock_job *first = mock_job(a), *second = mock_job(b), *third = mock_job(a);
	struct jobq_job *group[] = { &first->base, &second->base, &third->base };

	KUNIT_EXPECT_EQ(test, jobq_job_add_dep_job(&second->base, &first->base), 0);
	KUNIT_EXPECT_EQ(test, jobq_job_add_dep_job(&third->base, &second->base), 0);
	mock_prepare(a, first);
	mock_prepare(b, second);
	mock_prepare(a, third);
	jobq_commit(group, ARRAY_SIZE(group));

	expect_ran(a, 1);
	expect_ran(b, 0);
	jobq_complete(&a->q, 1);
	mock_flush(b);
	expect_ran(b, 1);
	expect_ran(a, 1);
	jobq_complete(&b->q, 1);
	mock_flush(a);
	expect_ran(a, 2);
	jobq_complete(&a->q, 2);
	mock_flush(a);
	mock_flush(b);

	jobq_job_put(&first->base);
	jobq_job_put(&second->base);
	jobq_job_put(&third->base);
	mock_queue_end(b);
	mock_queue_end(a);
}

/* Jobs wait for credits, in order, and a small one doesn't overtake a big one. */
static void credits(struct kunit *test)
{
	const struct jobq_job_args big = { .credits = MOCK_CREDITS };
	const struct jobq_job_args none = { .credits = 0 };
	struct mock_queue *mq = mock_queue(test, param_flags(test));
	struct mock_job *job;

	mock_submit_many(mq, 3);
	job = mock_job_args(mq, &big);
	mock_commit(mq, job);
	jobq_job_put(&job->base);
	mock_submit_many(mq, 1);
	expect_ran(mq, 3);

	jobq_complete(&mq->q, 2);
	mock_flush(mq);
	expect_ran(mq, 3);
	jobq_complete(&mq->q, 3);
	mock_flush(mq);
	expect_ran(mq, 4);
	KUNIT_EXPECT_EQ(test, mq->q.credits, 0);
	jobq_complete(&mq->q, 4);
	mock_flush(mq);
	expect_ran(mq, 5);

	job = mock_job_args(mq, &none);
	mock_commit(mq, job);
	jobq_job_put(&job->base);
	expect_ran(mq, 6);
	KUNIT_EXPECT_EQ(test, mq->q.credits, MOCK_CREDITS - 1);
	jobq_complete(&mq->q, 6);
	KUNIT_EXPECT_EQ(test, mq->q.credits, MOCK_CREDITS);
	mock_queue_end(mq);
}

/* run_job fails: the job ends with the error, the next one runs. */
static void run_job_error(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, param_flags(test));
	struct mock_job *job = mock_job(mq);

	mq->run_ret = -EIO;
	mock_commit(mq, job);
	KUNIT_EXPECT_EQ(test, jobq_job_state(&job->base), JOBQ_JOB_CANCELLED);
	mock_expect_signalled(mq, 0, 1, -EIO);
	mq->run_ret = 0;
	mock_submit_many(mq, 1);
	KUNIT_EXPECT_EQ(test, mq->ran[0], 2);
	KUNIT_EXPECT_EQ(test, mq->q.credits, MOCK_CREDITS - 1);
	jobq_job_put(&job->base);
	mock_queue_end(mq);
}

/* The failed job stands behind a running one: its fence waits for its turn. */
static void run_job_error_keeps_order(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, param_flags(test));

	mock_submit_many(mq, 1);
	mq->run_ret = -EIO;
	mock_submit_many(mq, 1);
	KUNIT_EXPECT_EQ(test, mq->num_signalled, 0);
	jobq_complete(&mq->q, 1);
	mock_expect_signalled(mq, 0, 1, 0);
	mock_expect_signalled(mq, 1, 1, -EIO);
	mock_queue_end(mq);
}

/* No room: tried again at the next completion. */
static void no_room_then_completion(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, param_flags(test));

	mock_submit_many(mq, 1);
	mq->run_ret = -EBUSY;
	mock_submit_many(mq, 2);
	expect_ran(mq, 1);
	/* It isn't in the ring. */
	KUNIT_EXPECT_EQ(test, jobq_complete(&mq->q, 2), -ERANGE);
	KUNIT_EXPECT_EQ(test, mq->q.credits, MOCK_CREDITS - 1);
	mq->run_ret = 0;
	jobq_complete(&mq->q, 1);
	mock_flush(mq);
	expect_ran(mq, 3);
	mock_queue_end(mq);
}

static void no_room_then_kick(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, param_flags(test));

	mock_submit_many(mq, 1);
	mq->run_ret = -EBUSY;
	mock_submit_many(mq, 1);
	mq->run_ret = 0;
	jobq_kick(&mq->q);
	mock_flush(mq);
	expect_ran(mq, 2);
	mock_queue_end(mq);
}

/* A job that found no room can't be complete, now or when it runs later. */
static void no_room_and_wrong_completion(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, param_flags(test));

	mock_submit_many(mq, 1);
	mq->run_ret = -EBUSY;
	mock_submit_many(mq, 1);
	KUNIT_EXPECT_EQ(test, jobq_complete(&mq->q, 2), -ERANGE);
	mq->run_ret = 0;
	jobq_kick(&mq->q);
	mock_flush(mq);
	expect_ran(mq, 2);
	KUNIT_EXPECT_EQ(test, mq->num_signalled, 0);
	KUNIT_EXPECT_EQ(test, jobq_complete(&mq->q, 2), 0);
	mock_expect_signalled(mq, 0, 2, 0);
	mock_queue_end(mq);
}

/* No room and nothing running that could complete: a timer. */
static void no_room_then_timer(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, param_flags(test));

	mq->run_ret = -EBUSY;
	mock_submit_many(mq, 1);
	mock_wait_for(test, &mq->tries, 3);
	mq->run_ret = 0;
	mock_wait_for(test, &mq->num_ran, 1);
	expect_ran(mq, 1);
	mock_queue_end(mq);
}

static void make_room(struct mock_queue *mq, struct mock_job *job)
{
	/* Room comes while run_job is being told that there is none. */
	if (mq->tries == 2) {
		mq->run_ret = -EBUSY;
		jobq_complete(&mq->q, 1);
	} else {
		mq->run_ret = 0;
	}
}

/* The completion that makes room arrives during run_job: it isn't missed. */
static void no_room_races_with_completion(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, param_flags(test));

	mq->on_run = make_room;
	mock_submit_many(mq, 2);
	expect_ran(mq, 2);
	KUNIT_EXPECT_EQ(test, mq->tries, 3);
	mock_queue_end(mq);
}

/* jobq_stop() nests; jobs are kept meanwhile. */
static void stop_and_start(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, param_flags(test));

	jobq_stop(&mq->q);
	jobq_stop(&mq->q);
	KUNIT_EXPECT_EQ(test, jobq_state(&mq->q), JOBQ_STOPPED);
	mock_submit_many(mq, 2);
	jobq_start(&mq->q);
	mock_flush(mq);
	expect_ran(mq, 0);
	jobq_start(&mq->q);
	mock_flush(mq);
	KUNIT_EXPECT_EQ(test, jobq_state(&mq->q), JOBQ_RUNNING);
	expect_ran(mq, 2);
	MOCK_EXPECT_WARNING(test, jobq_start(&mq->q));
	mock_queue_end(mq);
}

static void submit_more(struct mock_queue *mq, struct mock_job *job)
{
	mock_commit_spare(mq, 1);
}

/* As a driver's ioctl does that was given an empty array. */
static void empty_commit(struct kunit *test)
{
	jobq_commit(NULL, 0);
}

/* Who commits while jobs are being run leaves his to the one who is at it. */
static void commit_during_run_job(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0);

	mock_prepare_spare(mq, MOCK_SPARE);
	mq->on_run = submit_more;
	mock_submit_many(mq, 1);
	expect_ran(mq, MOCK_SPARE + 1);
	mock_queue_end(mq);
}

static void start_in_irq(void *arg)
{
	struct mock_job *dep = arg;
	struct jobq *q = dep->base.q;

	jobq_start(q);
	guard(spinlock_irqsave)(&q->lock);
	to_mock_queue(q)->progress = hlist_count_nodes(&dep->base.waiters);
}

/*
 * An interrupt runs a job, for which many others wait that can be run as soon as it is in
 * its ring: it doesn't tell all of them.
 */
static void many_waiters_of_a_job_that_an_irq_runs(struct kunit *test)
{
	struct mock_ring *first = mock_ring(test, JOBQ_RUN_ATOMIC), *r = mock_ring(test, 0);
	struct mock_job *dep, *job;
	int i;

	jobq_stop(&first->mq->q);
	dep = mock_submit(first->mq);
	for (i = 0; i < 3 * JOBQ_BUDGET; i++) {
		job = mock_job(r->mq);
		KUNIT_EXPECT_EQ(test, jobq_job_add_dep_job(&job->base, &dep->base), 0);
		mock_commit(r->mq, job);
		jobq_job_put(&job->base);
	}
	mock_hardirq(test, start_in_irq, dep);
	/* Another CPU goes on at once. */
	if (num_online_cpus() == 1)
		KUNIT_EXPECT_GE(test, first->mq->progress, 2 * JOBQ_BUDGET);
	mock_flush(first->mq);
	KUNIT_EXPECT_TRUE(test, hlist_empty(&dep->base.waiters));
	KUNIT_EXPECT_TRUE(test, hlist_empty(&first->mq->q.in_ring));
	mock_flush(r->mq);
	KUNIT_EXPECT_EQ(test, r->mq->num_ran, MOCK_CREDITS);

	mock_queue_end(r->mq);
	jobq_job_put(&dep->base);
	mock_queue_end(first->mq);
}

static struct kunit_case run_cases[] = {
	KUNIT_CASE_PARAM(direct_submission, flags_gen_params),
	KUNIT_CASE_PARAM(one_doorbell_for_a_batch, flags_gen_params),
	KUNIT_CASE_PARAM(order_is_kept, flags_gen_params),
	KUNIT_CASE_PARAM(dep_signals_in_irq, flags_gen_params),
	KUNIT_CASE(one_wakeup_for_many_deps),
	KUNIT_CASE(needless_deps_are_dropped),
	KUNIT_CASE(later_dep_of_a_context_wins),
	KUNIT_CASE(containers_are_unwrapped),
	KUNIT_CASE(long_chain_takes_little_room),
	KUNIT_CASE_PARAM(dep_errors, dep_errors_gen_params),
	KUNIT_CASE(own_dep_error_is_handed_on),
	KUNIT_CASE_PARAM(group_over_two_queues, flags_gen_params),
	KUNIT_CASE_PARAM(credits, flags_gen_params),
	KUNIT_CASE_PARAM(run_job_error, flags_gen_params),
	KUNIT_CASE_PARAM(run_job_error_keeps_order, flags_gen_params),
	KUNIT_CASE_PARAM(no_room_then_completion, flags_gen_params),
	KUNIT_CASE_PARAM(no_room_then_kick, flags_gen_params),
	KUNIT_CASE_PARAM(no_room_and_wrong_completion, flags_gen_params),
	KUNIT_CASE_PARAM(no_room_then_timer, flags_gen_params),
	KUNIT_CASE_PARAM(no_room_races_with_completion, flags_gen_params),
	KUNIT_CASE_PARAM(stop_and_start, flags_gen_params),
	KUNIT_CASE(empty_commit),
	KUNIT_CASE(commit_during_run_job),
	KUNIT_CASE(many_waiters_of_a_job_that_an_irq_runs),
	{}
};

static struct kunit_suite run_suite = {
	.name = "jobq-run",
	.test_cases = run_cases,
};

kunit_test_suite(run_suite);
