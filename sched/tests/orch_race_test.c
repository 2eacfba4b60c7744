// SPDX-License-Identifier: GPL-2.0
/*
 * 64 queues on 4 rings, with a limit on what their jobs use together: submitters, interrupts,
 * jobs that hang, stops, suspends, pins, kills, teardowns and queues that come late, all at
 * once. The device looks that no ring has two queues and no queue two rings (orch_rig.c);
 * here it is checked that all fences signal in order and that nothing is left.
 */

#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/mutex.h>
#include <linux/prandom.h>

#include <jobq/jobq_limit.h>

#include "mock.h"
#include "orch_rig.h"

#define QUEUES		64
#define RINGS		4
#define SUBMITTERS	4
#define COMMITS		150
#define GROUP_MAX	3
/* Less than what fits into the rings. */
#define UNITS		12
/* These die in the middle of it, and these come only then. */
#define MORTALS		16
#define LATE		8

struct rush {
	struct orch_rig *rig;
	struct orch_queue *queues[QUEUES];
	/* The newest fence, for dependencies. */
	struct mutex lock;
	struct dma_fence *newest;
	/* Queues that submitters may use. */
	atomic_t num_queues;
	bool end;
};

struct rush_thread {
	struct rush *rush;
	struct rnd_state rnd;
	struct completion done;
};

static u32 rush_random(struct rush_thread *t, u32 below)
{
	return prandom_u32_state(&t->rnd) % below;
}

static struct orch_queue *rush_any(struct rush_thread *t)
{
	return t->rush->queues[rush_random(t, atomic_read(&t->rush->num_queues))];
}

/* A job that may wait for any fence so far; some hang. */
static struct jobq_job *rush_job(struct rush_thread *t)
{
	struct rush *rush = t->rush;
	struct orch_job *job = rig_job(rush_any(t), rush_random(t, 400) ?
				       20 + rush_random(t, 200) : 0);
	struct dma_fence *fence = NULL;

	if (!job)
		return NULL; /* its queue was killed */
	if (rush_random(t, 2)) {
		guard(mutex)(&rush->lock);
		fence = dma_fence_get(rush->newest);
	}
	if (jobq_job_add_dep(&job->base, fence) || jobq_job_prepare(&job->base)) {
		jobq_job_put(&job->base);
		return NULL;
	}
	return &job->base;
}

static void rush_commit(struct rush_thread *t)
{
	unsigned int i, made = 0, num = 1 + rush_random(t, GROUP_MAX);
	struct jobq_job *jobs[GROUP_MAX];
	struct rush *rush = t->rush;
	struct dma_fence *old;

	for (i = 0; i < num; i++) {
		jobs[made] = rush_job(t);
		made += !!jobs[made];
	}
	if (!made)
		return;
	jobq_commit(jobs, made);
	scoped_guard(mutex, &rush->lock) {
		old = rush->newest;
		rush->newest = dma_fence_get(jobq_job_fence(jobs[made - 1]));
	}
	dma_fence_put(old);
	for (i = 0; i < made; i++)
		jobq_job_put(jobs[i]);
}

static int rush_submitter(void *arg)
{
	struct rush_thread *t = arg;
	int i;

	for (i = 0; i < COMMITS; i++) {
		rush_commit(t);
		if (!rush_random(t, 3))
			usleep_range(50, 500);
	}
	kthread_complete_and_exit(&t->done, 0);
}

/* What drivers do besides; only to queues that live until the end. */
static int rush_meddler(void *arg)
{
	struct rush_thread *t = arg;
	struct jobq_orch_stats stats;
	struct orch_queue *oq;

	while (!READ_ONCE(t->rush->end)) {
		oq = t->rush->queues[MORTALS + rush_random(t, QUEUES - LATE - MORTALS)];
		switch (rush_random(t, 5)) {
		case 0:
			jobq_stop(&oq->q);
			usleep_range(50, 200);
			jobq_start(&oq->q);
			break;
		case 1:
			if (jobq_orch_pin(&oq->m))
				break;
			usleep_range(500, 1000);
			jobq_orch_unpin(&oq->m);
			break;
		case 2:
			if (jobq_suspend(&oq->q, 1))
				break;
			usleep_range(50, 500);
			jobq_resume(&oq->q);
			break;
		case 3:
			jobq_orch_get_stats(t->rush->rig->orch, &stats);
			break;
		default:
			jobq_kick(&oq->q);
		}
		usleep_range(50, 500);
	}
	kthread_complete_and_exit(&t->done, 0);
}

static void rush_start(struct rush *rush, struct rush_thread *t, int (*fn)(void *arg), u64 seed)
{
	struct task_struct *task;

	t->rush = rush;
	prandom_seed_state(&t->rnd, seed);
	init_completion(&t->done);
	task = kthread_run(fn, t, "jobq-rush");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(rush->rig->test, task);
}

static void rush_add_queue(struct rush *rush, unsigned int i)
{
	struct orch_rig *rig = rush->rig;
	struct orch_queue *oq;

	oq = rig_queue_alone(rig, i % 3 ? JOBQ_RUN_ATOMIC : 0, 1 + i % RIG_CREDITS_MAX);
	KUNIT_ASSERT_EQ(rig->test, jobq_orch_add(rig->orch, &oq->m, &oq->q, i % 4), 0);
	rush->queues[i] = oq;
}

/* Some are killed, some torn down and removed, while others submit to them. */
static void rush_end_mortals(struct rush *rush)
{
	unsigned int i;

	for (i = 0; i < MORTALS; i++) {
		usleep_range(200, 2000);
		if (i % 2)
			jobq_kill(&rush->queues[i]->q, -EIO);
		if (i % 4 < 2)
			continue;
		jobq_teardown(&rush->queues[i]->q);
		jobq_orch_remove(&rush->queues[i]->m);
	}
}

static int rush_bind(struct orch_queue *oq, unsigned int ring)
{
	return oq->rig->binds % 5 || oq->m.tries ? 0 : -EBUSY;
}

static void rush_wait_all(struct rush *rush)
{
	struct orch_queue *oq;
	unsigned int i;

	for (i = 0; i < QUEUES; i++) {
		oq = rush->queues[i];
		rig_wait_signalled(oq, atomic_read(&oq->committed));
	}
}

static void rush(struct kunit *test)
{
	struct rush *rush = kunit_kzalloc(test, sizeof(*rush), GFP_KERNEL);
	struct rush_thread *threads;
	struct jobq_orch_stats stats;
	unsigned int i;

	threads = kunit_kcalloc(test, SUBMITTERS + 1, sizeof(*threads), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, rush);
	KUNIT_ASSERT_NOT_NULL(test, threads);
	rush->rig = rig_create(test, RINGS);
	rush->rig->on_bind = rush_bind;
	rush->rig->limit = jobq_limit_create(UNITS);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, rush->rig->limit);
	mutex_init(&rush->lock);
	for (i = 0; i < QUEUES - LATE; i++)
		rush_add_queue(rush, i);
	atomic_set(&rush->num_queues, QUEUES - LATE);
	for (i = 0; i < SUBMITTERS; i++)
		rush_start(rush, &threads[i], rush_submitter, i + 1);
	rush_start(rush, &threads[SUBMITTERS], rush_meddler, 77);

	rush_end_mortals(rush);
	for (i = QUEUES - LATE; i < QUEUES; i++) {
		rush_add_queue(rush, i);
		atomic_inc(&rush->num_queues);
	}
	for (i = 0; i < SUBMITTERS; i++)
		wait_for_completion(&threads[i].done);
	WRITE_ONCE(rush->end, true);
	wait_for_completion(&threads[SUBMITTERS].done);
	/* Without being torn down: each one gets a ring in the end. */
	rush_wait_all(rush);

	jobq_orch_get_stats(rush->rig->orch, &stats);
	KUNIT_EXPECT_GT(test, stats.binds, QUEUES);
	KUNIT_EXPECT_EQ(test, stats.waiting, 0);
	dma_fence_put(rush->newest);
	for (i = 0; i < QUEUES; i++)
		rig_queue_end(rush->queues[i]);
	KUNIT_EXPECT_EQ(test, jobq_limit_available(rush->rig->limit), UNITS);
	jobq_limit_put(rush->rig->limit);
	rig_end(rush->rig);
}

static struct kunit_case orch_race_cases[] = {
	KUNIT_CASE_SLOW(rush),
	{}
};

static struct kunit_suite orch_race_suite = {
	.name = "jobq-orch-race",
	.test_cases = orch_race_cases,
};

kunit_test_suite(orch_race_suite);
