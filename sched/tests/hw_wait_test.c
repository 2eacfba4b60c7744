// SPDX-License-Identifier: GPL-2.0
/*
 * Dependencies that the hardware waits for.
 */

#include <linux/delay.h>

#include "../jobq_internal.h"
#include "mock.h"
#include "mock_ring.h"

/* Two rings, a job in each, the second one of which depends on the first. */
struct pair {
	struct mock_ring *a;
	struct mock_ring *b;
	struct mock_job *first;
	struct mock_job *second;
};

static void pair_init(struct kunit *test, struct pair *p, unsigned int flags,
		      unsigned int job_flags)
{
	const struct jobq_job_args args = { .credits = 1, .flags = job_flags };

	p->a = mock_ring(test, flags);
	p->b = mock_ring(test, flags);
	p->first = mock_job(p->a->mq);
	p->second = mock_job_args(p->b->mq, &args);
	KUNIT_ASSERT_EQ(test, jobq_job_add_dep_job(&p->second->base, &p->first->base), 0);
}

static void pair_commit(struct pair *p)
{
	mock_commit(p->a->mq, p->first);
	mock_commit(p->b->mq, p->second);
	mock_flush(p->b->mq);
}

/* @error: what the first one's fence has. The second one ran. */
static void pair_end(struct kunit *test, struct pair *p, int error)
{
	mock_ring_step(p->a);
	mock_ring_step(p->b);
	mock_ring_irq(p->b);
	mock_expect_signalled(p->b->mq, 0, 1, 0);
	jobq_complete(&p->a->mq->q, p->a->ended);
	mock_flush(p->a->mq);
	mock_expect_signalled(p->a->mq, 0, 1, error);
	jobq_job_put(&p->second->base);
	jobq_job_put(&p->first->base);
	mock_queue_end(p->b->mq);
	mock_queue_end(p->a->mq);
}

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

/* Both are in their rings at once, and the second one ends before software knows more. */
static void lowered(struct kunit *test)
{
	struct jobq_stats stats;
	struct pair p;

	pair_init(test, &p, param_flags(test), 0);
	pair_commit(&p);
	KUNIT_EXPECT_EQ(test, p.a->mq->num_ran, 1);
	KUNIT_EXPECT_EQ(test, p.b->mq->num_ran, 1);
	KUNIT_EXPECT_EQ(test, p.b->hw_waits, 1);
	jobq_get_stats(&p.b->mq->q, &stats);
	KUNIT_EXPECT_EQ(test, stats.hw_waits, 1);

	KUNIT_EXPECT_EQ(test, mock_ring_step(p.b), 0);
	KUNIT_EXPECT_EQ(test, mock_ring_step(p.a), 1);
	KUNIT_EXPECT_EQ(test, mock_ring_step(p.b), 1);
	mock_ring_irq(p.b);
	KUNIT_EXPECT_EQ(test, p.b->mq->num_signalled, 1);
	KUNIT_EXPECT_EQ(test, p.a->mq->num_signalled, 0);
	pair_end(test, &p, 0);
	KUNIT_EXPECT_EQ(test, p.a->hw_ended, 0);
}

/* The dependency is given as a fence, as it is when it comes out of a syncobj. */
static void lowered_by_fence(struct kunit *test)
{
	struct pair p = {
		.a = mock_ring(test, param_flags(test)), .b = mock_ring(test, param_flags(test)),
	};

	p.first = mock_submit(p.a->mq);
	p.second = mock_job(p.b->mq);
	KUNIT_EXPECT_EQ(test, jobq_job_add_dep(&p.second->base,
					       dma_fence_get(p.first->base.base)), 0);
	mock_commit(p.b->mq, p.second);
	KUNIT_EXPECT_EQ(test, p.b->mq->num_ran, 1);
	KUNIT_EXPECT_EQ(test, p.b->hw_waits, 1);
	KUNIT_EXPECT_EQ(test, mock_ring_step(p.b), 0);
	pair_end(test, &p, 0);
}

/* Not before the other job is in its ring, and it's not its fence that's waited for. */
static void held_until_in_ring(struct kunit *test)
{
	struct mock_foreign foreign;
	struct pair p;

	mock_foreign_init(test, &foreign);
	pair_init(test, &p, param_flags(test), 0);
	mock_foreign_dep(test, &foreign, p.first);
	pair_commit(&p);
	KUNIT_EXPECT_EQ(test, p.b->mq->num_ran, 0);
	KUNIT_EXPECT_EQ(test, p.b->hw_waits, 0);

	mock_foreign_signal(&foreign, 0);
	mock_flush(p.a->mq);
	mock_flush(p.b->mq);
	KUNIT_EXPECT_EQ(test, p.a->mq->num_ran, 1);
	KUNIT_EXPECT_EQ(test, p.b->mq->num_ran, 1);
	KUNIT_EXPECT_EQ(test, p.b->hw_waits, 1);
	KUNIT_EXPECT_EQ(test, p.a->mq->num_signalled, 0);
	mock_foreign_end(&foreign);
	pair_end(test, &p, 0);
}

/* In software: nothing of the second one is in a ring before the fence signals. */
static void expect_fence_wait(struct kunit *test, struct pair *p)
{
	KUNIT_EXPECT_EQ(test, p->b->mq->num_ran, 0);
	mock_ring_step(p->a);
	KUNIT_EXPECT_EQ(test, p->b->mq->num_ran, 0);
	mock_ring_irq(p->a);
	mock_flush(p->b->mq);
	KUNIT_EXPECT_EQ(test, p->b->mq->num_ran, 1);
	KUNIT_EXPECT_EQ(test, p->b->hw_waits, 0);
}

static void declined(struct kunit *test)
{
	struct pair p;

	pair_init(test, &p, 0, 0);
	p.b->prepare_ret = -EOPNOTSUPP;
	pair_commit(&p);
	KUNIT_EXPECT_EQ(test, p.b->prepares, 1);
	expect_fence_wait(test, &p);
	pair_end(test, &p, 0);
}

/* Preparing fails for want of something, and is tried again. */
static void prepare_fails_once(struct kunit *test)
{
	struct pair p;

	pair_init(test, &p, 0, 0);
	p.b->prepare_ret = -ENOMEM;
	KUNIT_EXPECT_EQ(test, jobq_job_prepare(&p.second->base), -ENOMEM);
	KUNIT_EXPECT_EQ(test, jobq_job_state(&p.second->base), JOBQ_JOB_NEW);
	p.b->prepare_ret = 0;
	pair_commit(&p);
	KUNIT_EXPECT_EQ(test, p.b->prepares, 2);
	KUNIT_EXPECT_EQ(test, p.b->hw_waits, 1);
	pair_end(test, &p, 0);
}

/* In between there comes a later fence of the same queue: it's that one that counts. */
static void later_dep_after_failed_prepare(struct kunit *test)
{
	struct mock_ring *a = mock_ring(test, 0), *b = mock_ring(test, 0);
	struct mock_ring *c = mock_ring(test, 0);
	struct mock_job *first = mock_submit(a->mq), *other = mock_submit(c->mq), *later;
	struct mock_job *job = mock_job(b->mq);
	struct jobq_job *base = &job->base;

	KUNIT_EXPECT_EQ(test, jobq_job_add_dep(base, dma_fence_get(first->base.base)), 0);
	KUNIT_EXPECT_EQ(test, jobq_job_add_dep(base, dma_fence_get(other->base.base)), 0);
	b->fail_prepare = 2;
	KUNIT_EXPECT_EQ(test, jobq_job_prepare(base), -ENOMEM);
	KUNIT_EXPECT_EQ(test, base->num_lowered, 1);
	jobq_stop(&a->mq->q);
	later = mock_submit(a->mq);
	KUNIT_EXPECT_EQ(test, jobq_job_add_dep(base, dma_fence_get(later->base.base)), 0);
	KUNIT_EXPECT_EQ(test, kref_read(&first->base.ref), 2);
	mock_commit(b->mq, job);
	KUNIT_EXPECT_EQ(test, base->num_lowered, 2);
	KUNIT_EXPECT_EQ(test, b->mq->num_ran, 0);
	jobq_start(&a->mq->q);
	mock_flush(a->mq);
	mock_flush(b->mq);
	KUNIT_EXPECT_EQ(test, b->mq->num_ran, 1);

	mock_ring_step(a);
	mock_ring_step(c);
	mock_ring_step(b);
	mock_ring_irq(a);
	mock_ring_irq(c);
	mock_ring_irq(b);
	jobq_job_put(&job->base);
	jobq_job_put(&first->base);
	jobq_job_put(&later->base);
	jobq_job_put(&other->base);
	mock_queue_end(b->mq);
	mock_queue_end(c->mq);
	mock_queue_end(a->mq);
}

/* Who wants the error has to wait for it. */
static void not_with_dep_errors(struct kunit *test)
{
	struct pair p;

	pair_init(test, &p, 0, JOBQ_JOB_DEP_ERRORS);
	pair_commit(&p);
	KUNIT_EXPECT_EQ(test, p.b->prepares, 0);
	expect_fence_wait(test, &p);
	pair_end(test, &p, 0);
}

/* Fences of others, of queues with other ops, and of the own queue. */
static void not_ours_to_lower(struct kunit *test)
{
	struct mock_ring *r = mock_ring(test, 0);
	struct mock_queue *other = mock_queue(test, 0);
	struct mock_job *theirs = mock_submit(other), *own = mock_submit(r->mq);
	struct mock_job *job = mock_job(r->mq);
	struct mock_foreign foreign;

	mock_foreign_init(test, &foreign);
	mock_foreign_dep(test, &foreign, job);
	KUNIT_EXPECT_EQ(test, jobq_job_add_dep_job(&job->base, &own->base), 0);
	KUNIT_EXPECT_EQ(test, jobq_job_add_dep_job(&job->base, &theirs->base), 0);
	KUNIT_EXPECT_EQ(test, jobq_job_add_dep(&job->base, dma_fence_get(theirs->base.base)), 0);
	mock_commit(r->mq, job);
	KUNIT_EXPECT_EQ(test, r->prepares, 0);
	mock_foreign_signal(&foreign, 0);
	mock_flush(r->mq);
	KUNIT_EXPECT_EQ(test, r->mq->num_ran, 1);
	jobq_complete(&other->q, 1);
	mock_flush(r->mq);
	KUNIT_EXPECT_EQ(test, r->mq->num_ran, 2);
	KUNIT_EXPECT_EQ(test, r->hw_waits, 0);

	jobq_job_put(&job->base);
	jobq_job_put(&own->base);
	jobq_job_put(&theirs->base);
	mock_foreign_end(&foreign);
	mock_queue_end(r->mq);
	mock_queue_end(other);
}

/* A queue with hw_wait knows its own fences from signalled ones and from foreign ones. */
static void signalled_before_prepare(struct kunit *test)
{
	struct pair p;

	pair_init(test, &p, 0, 0);
	mock_commit(p.a->mq, p.first);
	KUNIT_EXPECT_EQ(test, jobq_job_add_dep(&p.second->base,
					       dma_fence_get(p.first->base.base)), 0);
	mock_ring_step(p.a);
	mock_ring_irq(p.a);
	mock_commit(p.b->mq, p.second);
	/* Given as a job it's found, as a fence it isn't any more. */
	KUNIT_EXPECT_EQ(test, p.b->prepares, 1);
	KUNIT_EXPECT_EQ(test, p.b->mq->num_ran, 1);
	KUNIT_EXPECT_EQ(test, p.b->hw_waits, 0);
	pair_end(test, &p, 0);
}

/* By the time the second one gets room, there is nothing left to wait for. */
static void signalled_before_run(struct kunit *test)
{
	struct pair p;

	pair_init(test, &p, 0, 0);
	mock_commit(p.a->mq, p.first);
	jobq_stop(&p.b->mq->q);
	mock_commit(p.b->mq, p.second);
	mock_ring_step(p.a);
	mock_ring_irq(p.a);
	jobq_start(&p.b->mq->q);
	mock_flush(p.b->mq);
	KUNIT_EXPECT_EQ(test, p.b->mq->num_ran, 1);
	KUNIT_EXPECT_EQ(test, p.b->hw_waits, 0);
	pair_end(test, &p, 0);
}

/* run_job turns the first one down: it never gets into the ring, its fence says so. */
static void earlier_fails_to_run(struct kunit *test)
{
	struct pair p;

	pair_init(test, &p, param_flags(test), 0);
	p.a->mq->run_ret = -EIO;
	pair_commit(&p);
	KUNIT_EXPECT_EQ(test, p.b->mq->num_ran, 1);
	KUNIT_EXPECT_EQ(test, p.b->hw_waits, 0);
	KUNIT_EXPECT_EQ(test, p.a->hw_ended, 0);
	pair_end(test, &p, -EIO);
}

/* Cancelled while it is pending: the one that waits for the ring goes by the fence. */
static void earlier_killed_pending(struct kunit *test)
{
	struct pair p;

	pair_init(test, &p, param_flags(test), 0);
	jobq_stop(&p.a->mq->q);
	pair_commit(&p);
	KUNIT_EXPECT_EQ(test, p.b->mq->num_ran, 0);
	jobq_kill(&p.a->mq->q, -ENODEV);
	mock_flush(p.b->mq);
	KUNIT_EXPECT_EQ(test, p.b->mq->num_ran, 1);
	KUNIT_EXPECT_EQ(test, p.b->hw_waits, 0);
	jobq_start(&p.a->mq->q);
	pair_end(test, &p, -ENODEV);
}

/* Killed while the second one waits for it in hardware. */
static void earlier_killed_in_ring(struct kunit *test)
{
	struct pair p;

	pair_init(test, &p, param_flags(test), 0);
	pair_commit(&p);
	jobq_kill(&p.a->mq->q, -ENODEV);
	KUNIT_EXPECT_EQ(test, mock_ring_step(p.b), 0);
	mock_ring_clear(p.a);
	jobq_stopped(&p.a->mq->q);
	KUNIT_EXPECT_EQ(test, p.a->hw_ended, 1);
	KUNIT_EXPECT_EQ(test, mock_ring_step(p.b), 1);
	pair_end(test, &p, -ENODEV);
}

/* And the whole queue with it; what the second one looks at is still there. */
static void earlier_torn_down_in_ring(struct kunit *test)
{
	struct pair p;

	pair_init(test, &p, param_flags(test), 0);
	pair_commit(&p);
	jobq_teardown(&p.a->mq->q);
	mock_ring_clear(p.a);
	KUNIT_EXPECT_EQ(test, p.a->hw_ended, 1);
	KUNIT_EXPECT_EQ(test, mock_ring_step(p.b), 1);
	pair_end(test, &p, -ECANCELED);
}

/* The first ring is reset: the job in it is run again, and the second one waits on. */
static void earlier_is_replayed(struct kunit *test)
{
	struct pair p;

	pair_init(test, &p, param_flags(test), 0);
	pair_commit(&p);
	jobq_stop(&p.a->mq->q);
	mock_ring_clear(p.a);
	jobq_reset(&p.a->mq->q, NULL);
	KUNIT_EXPECT_EQ(test, mock_ring_step(p.b), 0);
	jobq_start(&p.a->mq->q);
	mock_flush(p.a->mq);
	KUNIT_EXPECT_EQ(test, p.first->runs, 2);
	KUNIT_EXPECT_EQ(test, mock_ring_step(p.b), 0);
	KUNIT_EXPECT_EQ(test, mock_ring_step(p.a), 1);
	KUNIT_EXPECT_EQ(test, mock_ring_step(p.b), 1);
	KUNIT_EXPECT_EQ(test, p.a->hw_ended, 0);
	pair_end(test, &p, 0);
}

/* The same, and it is the guilty one. */
static void earlier_is_guilty(struct kunit *test)
{
	struct pair p;

	pair_init(test, &p, param_flags(test), 0);
	pair_commit(&p);
	jobq_stop(&p.a->mq->q);
	mock_ring_clear(p.a);
	jobq_reset(&p.a->mq->q, &p.first->base);
	KUNIT_EXPECT_EQ(test, p.a->hw_ended, 1);
	KUNIT_EXPECT_EQ(test, mock_ring_step(p.b), 1);
	jobq_start(&p.a->mq->q);
	pair_end(test, &p, -ETIME);
}

/* The same, and it can't be run again. */
static void earlier_replay_fails(struct kunit *test)
{
	struct pair p;

	pair_init(test, &p, param_flags(test), 0);
	pair_commit(&p);
	jobq_stop(&p.a->mq->q);
	mock_ring_clear(p.a);
	jobq_reset(&p.a->mq->q, NULL);
	p.a->mq->run_ret = -EIO;
	KUNIT_EXPECT_EQ(test, p.a->hw_ended, 0);
	jobq_start(&p.a->mq->q);
	mock_flush(p.a->mq);
	KUNIT_EXPECT_EQ(test, p.a->hw_ended, 1);
	KUNIT_EXPECT_EQ(test, mock_ring_step(p.b), 1);
	pair_end(test, &p, -EIO);
}

/* The second ring is reset: it waits again. */
static void later_is_replayed(struct kunit *test)
{
	struct pair p;

	pair_init(test, &p, param_flags(test), 0);
	pair_commit(&p);
	jobq_stop(&p.b->mq->q);
	mock_ring_clear(p.b);
	jobq_reset(&p.b->mq->q, NULL);
	jobq_start(&p.b->mq->q);
	mock_flush(p.b->mq);
	KUNIT_EXPECT_EQ(test, p.second->runs, 2);
	KUNIT_EXPECT_EQ(test, p.b->hw_waits, 2);
	KUNIT_EXPECT_EQ(test, mock_ring_step(p.b), 0);
	pair_end(test, &p, 0);
}

/* Torn down while it waits for the other job to get into its ring. */
static void later_torn_down_waiting(struct kunit *test)
{
	struct pair p;

	pair_init(test, &p, param_flags(test), 0);
	jobq_stop(&p.a->mq->q);
	pair_commit(&p);
	KUNIT_EXPECT_FALSE(test, hlist_empty(&p.first->base.waiters));
	jobq_teardown(&p.b->mq->q);
	KUNIT_EXPECT_TRUE(test, hlist_empty(&p.first->base.waiters));
	mock_expect_signalled(p.b->mq, 0, 1, -ECANCELED);
	jobq_job_put(&p.second->base);
	mock_queue_end(p.b->mq);

	jobq_start(&p.a->mq->q);
	mock_flush(p.a->mq);
	mock_ring_step(p.a);
	mock_ring_irq(p.a);
	mock_expect_signalled(p.a->mq, 0, 1, 0);
	jobq_job_put(&p.first->base);
	mock_queue_end(p.a->mq);
}

/* Torn down while it waits in hardware. */
static void later_torn_down_in_ring(struct kunit *test)
{
	struct pair p;

	pair_init(test, &p, param_flags(test), 0);
	pair_commit(&p);
	jobq_job_put(&p.second->base);
	mock_queue_end(p.b->mq);
	mock_expect_signalled(p.b->mq, 0, 1, -ECANCELED);

	mock_ring_step(p.a);
	mock_ring_irq(p.a);
	mock_expect_signalled(p.a->mq, 0, 1, 0);
	jobq_job_put(&p.first->base);
	mock_queue_end(p.a->mq);
}

/* A commit to a queue that was killed waits for nothing. */
static void later_killed_before_commit(struct kunit *test)
{
	struct pair p;

	pair_init(test, &p, 0, 0);
	jobq_stop(&p.a->mq->q);
	mock_commit(p.a->mq, p.first);
	mock_prepare(p.b->mq, p.second);
	jobq_kill(&p.b->mq->q, -ENODEV);
	jobq_commit((struct jobq_job *[]){ &p.second->base }, 1);
	KUNIT_EXPECT_TRUE(test, hlist_empty(&p.first->base.waiters));
	mock_expect_signalled(p.b->mq, 0, 1, -ENODEV);
	jobq_start(&p.a->mq->q);
	jobq_job_put(&p.second->base);
	jobq_job_put(&p.first->base);
	mock_queue_end(p.b->mq);
	mock_queue_end(p.a->mq);
}

/* A lowered dependency that is never committed leaves no trace. */
static void roll_back_of_lowered(struct kunit *test)
{
	struct pair p;

	pair_init(test, &p, 0, 0);
	mock_commit(p.a->mq, p.first);
	mock_prepare(p.b->mq, p.second);
	KUNIT_EXPECT_EQ(test, p.b->prepares, 1);
	jobq_job_put(&p.second->base);
	KUNIT_EXPECT_EQ(test, kref_read(&p.first->base.ref), 2);
	mock_queue_end(p.b->mq);
	jobq_job_put(&p.first->base);
	mock_queue_end(p.a->mq);
}

/* Time spent waiting for another ring isn't the job's own. */
static void timeout_waits_for_the_other(struct kunit *test)
{
	struct pair p;

	mock_need_time_travel(test);
	pair_init(test, &p, param_flags(test), 0);
	p.b->mq->verdict = JOBQ_RESET;
	jobq_timeout_suspend(&p.a->mq->q);
	pair_commit(&p);
	msleep(5 * MOCK_TIMEOUT_MS);
	KUNIT_EXPECT_EQ(test, p.b->mq->timeouts, 0);

	/* From now on it is: the other one is complete, and the second one hangs. */
	mock_ring_step(p.a);
	mock_ring_irq(p.a);
	mock_ring_clear(p.b);
	mock_wait_timeout(p.b->mq, 1);
	mock_expect_signalled(p.b->mq, 0, 1, -ETIME);
	KUNIT_EXPECT_EQ(test, p.b->mq->timeouts, 1);

	jobq_timeout_resume(&p.a->mq->q);
	jobq_job_put(&p.second->base);
	jobq_job_put(&p.first->base);
	mock_queue_end(p.b->mq);
	mock_queue_end(p.a->mq);
}

/* Its time begins when the other one has signalled, however long that was before a look. */
static void timeout_begins_after_the_wait(struct kunit *test)
{
	struct pair p;
	ktime_t begin;

	mock_need_time_travel(test);
	pair_init(test, &p, param_flags(test), 0);
	p.b->mq->verdict = JOBQ_RESET;
	pair_commit(&p);
	msleep(MOCK_TIMEOUT_MS / 2);
	begin = ktime_get();
	mock_ring_step(p.a);
	mock_ring_irq(p.a);
	msleep(MOCK_TIMEOUT_MS * 3 / 4);
	KUNIT_EXPECT_EQ(test, p.b->mq->timeouts, 0);

	mock_ring_clear(p.b);
	mock_wait_timeout(p.b->mq, 1);
	KUNIT_EXPECT_LT(test, ktime_ms_delta(ktime_get(), begin), MOCK_TIMEOUT_MS * 5 / 4);
	mock_expect_signalled(p.b->mq, 0, 1, -ETIME);
	jobq_job_put(&p.second->base);
	jobq_job_put(&p.first->base);
	mock_queue_end(p.b->mq);
	mock_queue_end(p.a->mq);
}

#define CHAIN		3
#define CHAIN_ROUNDS	2

/*
 * Six jobs of one commit, round and round over three rings, each waits for the one
 * before. All get into the rings; the interrupt of the last one is the only one needed.
 */
static void chain_over_three_rings(struct kunit *test)
{
	struct jobq_job *group[CHAIN * CHAIN_ROUNDS];
	struct mock_ring *r[CHAIN];
	int i;

	for (i = 0; i < CHAIN; i++)
		r[i] = mock_ring(test, param_flags(test));
	for (i = 0; i < ARRAY_SIZE(group); i++) {
		group[i] = &mock_job(r[i % CHAIN]->mq)->base;
		if (i)
			KUNIT_EXPECT_EQ(test, jobq_job_add_dep_job(group[i], group[i - 1]), 0);
		mock_prepare(r[i % CHAIN]->mq, to_mock_job(group[i]));
	}
	jobq_commit(group, ARRAY_SIZE(group));
	for (i = 0; i < CHAIN; i++)
		mock_flush(r[i]->mq);
	for (i = 0; i < CHAIN; i++)
		mock_flush(r[i]->mq);
	for (i = 0; i < CHAIN; i++) {
		KUNIT_EXPECT_EQ(test, r[i]->mq->num_ran, CHAIN_ROUNDS);
		KUNIT_EXPECT_EQ(test, r[i]->hw_waits, CHAIN_ROUNDS - !i);
	}

	for (i = CHAIN - 1; i > 0; i--)
		KUNIT_EXPECT_EQ(test, mock_ring_step(r[i]), 0);
	for (i = 0; i < ARRAY_SIZE(group); i++)
		KUNIT_EXPECT_EQ(test, mock_ring_step(r[i % CHAIN]), 1);
	mock_ring_irq(r[CHAIN - 1]);
	mock_expect_signalled(r[CHAIN - 1]->mq, 0, CHAIN_ROUNDS, 0);
	KUNIT_EXPECT_EQ(test, r[0]->mq->num_signalled, 0);

	for (i = 0; i < CHAIN; i++)
		mock_ring_irq(r[i]);
	for (i = 0; i < ARRAY_SIZE(group); i++)
		jobq_job_put(group[i]);
	for (i = CHAIN - 1; i >= 0; i--)
		mock_queue_end(r[i]->mq);
}

#define MANY	16

/* One job on many rings: it runs when the last of them has its job, and waits for all. */
static void many_deps_of_one_job(struct kunit *test)
{
	struct mock_ring *r[MANY], *last = mock_ring(test, param_flags(test));
	struct mock_job *job = mock_job(last->mq), *dep[MANY];
	int i;

	for (i = 0; i < MANY; i++) {
		r[i] = mock_ring(test, param_flags(test));
		jobq_stop(&r[i]->mq->q);
		dep[i] = mock_submit(r[i]->mq);
		KUNIT_EXPECT_EQ(test, jobq_job_add_dep(&job->base,
						       dma_fence_get(dep[i]->base.base)), 0);
	}
	mock_commit(last->mq, job);
	for (i = 0; i < MANY; i++) {
		mock_flush(last->mq);
		KUNIT_EXPECT_EQ(test, last->mq->tries, 0);
		jobq_start(&r[i]->mq->q);
		mock_flush(r[i]->mq);
	}
	mock_flush(last->mq);
	KUNIT_EXPECT_EQ(test, last->mq->num_ran, 1);
	KUNIT_EXPECT_EQ(test, last->hw_waits, MANY);

	for (i = MANY - 1; i >= 0; i--) {
		KUNIT_EXPECT_EQ(test, mock_ring_step(last), 0);
		mock_ring_step(r[i]);
	}
	KUNIT_EXPECT_EQ(test, mock_ring_step(last), 1);
	mock_ring_irq(last);
	mock_expect_signalled(last->mq, 0, 1, 0);
	jobq_job_put(&job->base);
	mock_queue_end(last->mq);
	for (i = 0; i < MANY; i++) {
		mock_ring_irq(r[i]);
		jobq_job_put(&dep[i]->base);
		mock_queue_end(r[i]->mq);
	}
}

/* A dependency that is in its ring, and then signals, is one, not two. */
static void counts_once(struct kunit *test)
{
	struct mock_ring *a = mock_ring(test, param_flags(test));
	struct mock_ring *b = mock_ring(test, param_flags(test));
	struct mock_ring *c = mock_ring(test, param_flags(test));
	struct mock_job *early = mock_job(a->mq), *late = mock_job(b->mq);
	struct mock_job *job = mock_job(c->mq);

	jobq_stop(&a->mq->q);
	jobq_stop(&b->mq->q);
	KUNIT_EXPECT_EQ(test, jobq_job_add_dep_job(&job->base, &early->base), 0);
	KUNIT_EXPECT_EQ(test, jobq_job_add_dep_job(&job->base, &late->base), 0);
	mock_commit(a->mq, early);
	mock_commit(b->mq, late);
	mock_commit(c->mq, job);
	jobq_start(&a->mq->q);
	mock_flush(a->mq);
	mock_ring_step(a);
	mock_ring_irq(a);
	mock_flush(c->mq);
	KUNIT_EXPECT_EQ(test, c->mq->tries, 0);

	jobq_start(&b->mq->q);
	mock_flush(b->mq);
	mock_flush(c->mq);
	KUNIT_EXPECT_EQ(test, c->mq->num_ran, 1);
	/* The other one has signalled. */
	KUNIT_EXPECT_EQ(test, c->hw_waits, 1);
	mock_ring_step(b);
	KUNIT_EXPECT_EQ(test, mock_ring_step(c), 1);
	mock_ring_irq(c);
	mock_ring_irq(b);
	jobq_job_put(&job->base);
	jobq_job_put(&early->base);
	jobq_job_put(&late->base);
	mock_queue_end(c->mq);
	mock_queue_end(b->mq);
	mock_queue_end(a->mq);
}

/* Many jobs that wait for one are all let go when it gets into its ring. */
static void many_jobs_on_one_dep(struct kunit *test)
{
	struct mock_ring *first = mock_ring(test, param_flags(test)), *r[MANY];
	struct mock_job *dep, *job;
	int i;

	jobq_stop(&first->mq->q);
	dep = mock_submit(first->mq);
	for (i = 0; i < MANY; i++) {
		r[i] = mock_ring(test, param_flags(test));
		job = mock_job(r[i]->mq);
		KUNIT_EXPECT_EQ(test, jobq_job_add_dep_job(&job->base, &dep->base), 0);
		mock_commit(r[i]->mq, job);
		jobq_job_put(&job->base);
		KUNIT_EXPECT_EQ(test, r[i]->mq->num_ran, 0);
	}
	/* Two of them have gone by then. */
	mock_queue_end(r[0]->mq);
	mock_queue_end(r[MANY / 2]->mq);
	jobq_start(&first->mq->q);
	mock_flush(first->mq);
	mock_ring_step(first);
	for (i = 0; i < MANY; i++) {
		if (i == 0 || i == MANY / 2)
			continue;
		mock_flush(r[i]->mq);
		KUNIT_EXPECT_EQ(test, r[i]->mq->num_ran, 1);
		KUNIT_EXPECT_EQ(test, mock_ring_step(r[i]), 1);
		mock_ring_irq(r[i]);
		mock_queue_end(r[i]->mq);
	}
	mock_ring_irq(first);
	jobq_job_put(&dep->base);
	mock_queue_end(first->mq);
}

static void add_credits(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0);
	struct mock_job *job = mock_job(mq);

	KUNIT_EXPECT_EQ(test, jobq_job_add_credits(&job->base, MOCK_CREDITS), -E2BIG);
	KUNIT_EXPECT_EQ(test, jobq_job_add_credits(&job->base, U32_MAX), -E2BIG);
	KUNIT_EXPECT_EQ(test, jobq_job_add_credits(&job->base, MOCK_CREDITS - 1), 0);
	mock_commit(mq, job);
	KUNIT_EXPECT_EQ(test, mq->q.credits, 0);
	KUNIT_EXPECT_EQ(test, jobq_job_add_credits(&job->base, 0), -EINVAL);
	jobq_job_put(&job->base);
	mock_queue_end(mq);
}

static struct kunit_case hw_wait_cases[] = {
	KUNIT_CASE_PARAM(lowered, flags_gen_params),
	KUNIT_CASE_PARAM(lowered_by_fence, flags_gen_params),
	KUNIT_CASE_PARAM(held_until_in_ring, flags_gen_params),
	KUNIT_CASE(declined),
	KUNIT_CASE(prepare_fails_once),
	KUNIT_CASE(later_dep_after_failed_prepare),
	KUNIT_CASE(not_with_dep_errors),
	KUNIT_CASE(not_ours_to_lower),
	KUNIT_CASE(signalled_before_prepare),
	KUNIT_CASE(signalled_before_run),
	KUNIT_CASE_PARAM(earlier_fails_to_run, flags_gen_params),
	KUNIT_CASE_PARAM(earlier_killed_pending, flags_gen_params),
	KUNIT_CASE_PARAM(earlier_killed_in_ring, flags_gen_params),
	KUNIT_CASE_PARAM(earlier_torn_down_in_ring, flags_gen_params),
	KUNIT_CASE_PARAM(earlier_is_replayed, flags_gen_params),
	KUNIT_CASE_PARAM(earlier_is_guilty, flags_gen_params),
	KUNIT_CASE_PARAM(earlier_replay_fails, flags_gen_params),
	KUNIT_CASE_PARAM(later_is_replayed, flags_gen_params),
	KUNIT_CASE_PARAM(later_torn_down_waiting, flags_gen_params),
	KUNIT_CASE_PARAM(later_torn_down_in_ring, flags_gen_params),
	KUNIT_CASE(later_killed_before_commit),
	KUNIT_CASE(roll_back_of_lowered),
	KUNIT_CASE_PARAM(timeout_waits_for_the_other, flags_gen_params),
	KUNIT_CASE_PARAM(timeout_begins_after_the_wait, flags_gen_params),
	KUNIT_CASE_PARAM(chain_over_three_rings, flags_gen_params),
	KUNIT_CASE_PARAM(many_deps_of_one_job, flags_gen_params),
	KUNIT_CASE_PARAM(many_jobs_on_one_dep, flags_gen_params),
	KUNIT_CASE_PARAM(counts_once, flags_gen_params),
	KUNIT_CASE(add_credits),
	{}
};

static struct kunit_suite hw_wait_suite = {
	.name = "jobq-hw-wait",
	.test_cases = hw_wait_cases,
};

kunit_test_suite(hw_wait_suite);
