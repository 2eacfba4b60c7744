// SPDX-License-Identifier: GPL-2.0
/*
 * The orchestrator: few rings for many queues. Cases about how long something takes need
 * UML's time travel. There only looking at the clock takes time: some microseconds, which
 * are within CLOCK.
 */

#include <linux/err.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "mock.h"
#include "orch_rig.h"

#define MS		1000
#define SLICE		(RIG_SLICE_MS * MS)
#define GRACE		(RIG_GRACE_MS * MS)
#define AGE		(RIG_AGE_MS * MS)
#define CLOCK		(1 * MS)
#define MAX_QUEUES	12
/* Of the priorities; 0 is the highest. */
#define HIGH		1
#define NORMAL		2
#define LOW		3

static void expect_busy(struct orch_queue *oq, u64 us, u64 slack)
{
	u64 busy = rig_busy_us(oq);

	KUNIT_EXPECT_GE(oq->rig->test, busy + slack, us);
	KUNIT_EXPECT_LE(oq->rig->test, busy, us + slack);
}

static u64 max_wait_us(struct orch_rig *rig)
{
	struct jobq_orch_stats stats;

	jobq_orch_get_stats(rig->orch, &stats);
	return div_u64(stats.max_wait_ns, NSEC_PER_USEC);
}

static void bad_args(struct kunit *test)
{
	struct orch_rig *rig = rig_create(test, 1), *other = rig_create(test, 1);
	struct orch_queue *oq = rig_queue_alone(rig, JOBQ_RUN_ATOMIC, 1);
	static const struct jobq_orch_ops no_ops;
	struct jobq_orch_args args = {};
	struct jobq_orch_member m = {};

	KUNIT_EXPECT_EQ(test, PTR_ERR(jobq_orch_create(&args)), -EINVAL);
	args.name = "orch-test";
	args.num_rings = 1;
	args.ops = &no_ops;
	KUNIT_EXPECT_EQ(test, PTR_ERR(jobq_orch_create(&args)), -EINVAL);

	KUNIT_EXPECT_EQ(test, jobq_orch_add(rig->orch, &oq->m, &oq->q, JOBQ_ORCH_PRIORITIES),
			-EINVAL);
	/* It is as it was: runs without a ring of ours. */
	KUNIT_EXPECT_EQ(test, jobq_state(&oq->q), JOBQ_RUNNING);
	jobq_orch_remove(&oq->m);
	KUNIT_EXPECT_EQ(test, jobq_orch_add(rig->orch, &oq->m, &oq->q, 0), 0);
	KUNIT_EXPECT_EQ(test, jobq_orch_add(other->orch, &m, &oq->q, 0), -EBUSY);
	KUNIT_EXPECT_EQ(test, jobq_state(&oq->q), JOBQ_RUNNING);
	rig_queue_end(oq);
	jobq_orch_remove(&oq->m);
	rig_end(rig);
	rig_end(other);
}

/* A queue that has begun to work without an orchestrator doesn't get one. */
static void add_in_flight(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, JOBQ_RUN_ATOMIC);
	struct orch_rig *rig = rig_create(test, 1);
	struct jobq_orch_member m = {};

	mock_submit_many(mq, 1);
	KUNIT_EXPECT_EQ(test, jobq_orch_add(rig->orch, &m, &mq->q, 0), -EBUSY);
	jobq_complete(&mq->q, 1);
	mock_expect_signalled(mq, 0, 1, 0);
	mock_queue_end(mq);
	rig_end(rig);
}

/* As many rings as queues: each has its own before its first job, which runs right there. */
static void rings_suffice(struct kunit *test)
{
	struct orch_rig *rig = rig_create(test, 2);
	struct orch_queue *a = rig_queue(rig, NORMAL, 2), *b = rig_queue(rig, NORMAL, 2);
	int i;

	KUNIT_EXPECT_EQ(test, rig->binds, 2);
	for (i = 1; i <= 3; i++) {
		rig_submit(a, 1, 100);
		KUNIT_EXPECT_EQ(test, a->runs, i);
		KUNIT_EXPECT_PTR_EQ(test, a->run_task, current);
		rig_submit(b, 1, 100);
		KUNIT_EXPECT_EQ(test, b->runs, i);
		rig_wait_signalled(a, i);
		rig_wait_signalled(b, i);
	}
	KUNIT_EXPECT_EQ(test, rig->binds, 2);
	rig_queue_end(a);
	rig_queue_end(b);
	rig_end(rig);
}

/* An idle queue keeps its ring until somebody else wants it. */
static void returned_lazily(struct kunit *test)
{
	struct orch_rig *rig = rig_create(test, 1);
	struct orch_queue *a = rig_queue(rig, NORMAL, 2), *b = rig_queue(rig, NORMAL, 2);
	struct jobq_orch_stats stats;

	rig_submit(a, 1, 100);
	rig_wait_signalled(a, 1);
	KUNIT_EXPECT_EQ(test, a->ring, 0);
	rig_expect_state(b, JOBQ_ORCH_IDLE);
	KUNIT_EXPECT_EQ(test, jobq_state(&b->q), JOBQ_STOPPED);

	rig_submit(b, 1, 100);
	rig_wait_signalled(b, 1);
	KUNIT_EXPECT_EQ(test, a->ring, -1);
	KUNIT_EXPECT_EQ(test, b->ring, 0);
	rig_expect_state(a, JOBQ_ORCH_IDLE);

	/* To and fro, as often as they like. */
	rig_submit(a, 1, 100);
	rig_wait_signalled(a, 2);
	rig_submit(b, 1, 100);
	rig_wait_signalled(b, 2);
	KUNIT_EXPECT_EQ(test, rig->binds, 4);
	jobq_orch_get_stats(rig->orch, &stats);
	KUNIT_EXPECT_EQ(test, stats.preempted, 0);
	KUNIT_EXPECT_EQ(test, stats.members, 2);
	KUNIT_EXPECT_EQ(test, stats.bound, 1);
	rig_queue_end(a);
	rig_queue_end(b);
	rig_end(rig);
}

/* The queue whose turn was longest ago is the one that has to give its idle ring. */
static void idle_longest_first(struct kunit *test)
{
	struct orch_rig *rig = rig_create(test, 2);
	struct orch_queue *a = rig_queue(rig, NORMAL, 2), *b, *c;

	rig_sleep_us(1 * MS);
	b = rig_queue(rig, NORMAL, 2);
	c = rig_queue(rig, NORMAL, 2);
	rig_submit(c, 1, 100);
	rig_wait_signalled(c, 1);
	KUNIT_EXPECT_EQ(test, a->ring, -1);
	KUNIT_EXPECT_EQ(test, b->ring, 1);
	KUNIT_EXPECT_EQ(test, c->ring, 0);
	rig_submit(a, 1, 100);
	rig_wait_signalled(a, 1);
	KUNIT_EXPECT_EQ(test, a->ring, 1);
	rig_queue_end(a);
	rig_queue_end(b);
	rig_queue_end(c);
	rig_end(rig);
}

static void signal_foreign(void *arg)
{
	mock_foreign_signal(arg, 0);
}

/* A job that can't run yet needs no ring. When it can, an interrupt says so. */
static void needs_none_for_blocked_job(struct kunit *test)
{
	struct orch_rig *rig = rig_create(test, 1);
	struct orch_queue *a = rig_queue(rig, NORMAL, 2), *b = rig_queue(rig, NORMAL, 2);
	struct orch_job *job = rig_job(b, 100);
	struct jobq_job *base = &job->base;
	struct mock_foreign foreign;

	KUNIT_ASSERT_NOT_NULL(test, job);
	mock_foreign_init(test, &foreign);
	KUNIT_ASSERT_EQ(test, jobq_job_add_dep(base, dma_fence_get(foreign.base)), 0);
	KUNIT_ASSERT_EQ(test, jobq_job_prepare(base), 0);
	jobq_commit(&base, 1);
	jobq_job_put(base);
	rig_sleep_us(5 * MS);
	rig_expect_state(b, JOBQ_ORCH_IDLE);
	KUNIT_EXPECT_EQ(test, a->ring, 0);

	mock_hardirq(test, signal_foreign, &foreign);
	rig_wait_signalled(b, 1);
	KUNIT_EXPECT_EQ(test, b->ring, 0);
	mock_foreign_end(&foreign);
	rig_queue_end(a);
	rig_queue_end(b);
	rig_end(rig);
}

struct fair_param {
	const char *desc;
	unsigned int rings;
	unsigned int queues;
	/* How long the jobs of the first queue take, and those of the others. */
	unsigned int first_us;
	unsigned int others_us;
	u32 credits;
};

static const struct fair_param fair_params[] = {
	{ "1 ring, 2 queues", 1, 2, 1 * MS, 1 * MS, 1 },
	{ "1 ring, 3 queues, deep ring", 1, 3, 1 * MS, 1 * MS, 4 },
	{ "1 ring, long and short jobs", 1, 4, 15 * MS, 1 * MS, 1 },
	{ "2 rings, 5 queues", 2, 5, 1 * MS, 1 * MS, 2 },
	{ "4 rings, 12 queues, one with long jobs", 4, 12, 7 * MS, 2 * MS, 2 },
};

static void fair_desc(const struct fair_param *p, char *desc)
{
	strscpy(desc, p->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(fair, fair_params, fair_desc);

/*
 * Runtime is shared evenly, however long the jobs are, and no ring is idle for a moment.
 * Nobody is off by more than a turn: a slice, and what was in the ring.
 */
static void fair_by_runtime(struct kunit *test)
{
	const struct fair_param *p = test->param_value;
	const u64 turn = SLICE + p->credits * max(p->first_us, p->others_us);
	const u64 total = 24 * SLICE * p->queues;
	struct orch_queue *queues[MAX_QUEUES];
	struct orch_rig *rig;
	unsigned int i, us;
	u64 sum = 0;

	mock_need_time_travel(test);
	rig = rig_create(test, p->rings);
	for (i = 0; i < p->queues; i++)
		queues[i] = rig_queue(rig, NORMAL, p->credits);
	for (i = 0; i < p->queues; i++) {
		us = i ? p->others_us : p->first_us;
		rig_submit(queues[i], total / us, us);
	}
	rig_sleep_us(total);
	for (i = 0; i < p->queues; i++) {
		expect_busy(queues[i], total * p->rings / p->queues, turn + CLOCK);
		sum += rig_busy_us(queues[i]);
	}
	KUNIT_EXPECT_LE(test, sum, total * p->rings * 101 / 100);
	KUNIT_EXPECT_GE(test, sum, total * p->rings * 99 / 100);
	/* The others' turns are in between, and who is a turn ahead waits one more. */
	KUNIT_EXPECT_LE(test, max_wait_us(rig),
			(DIV_ROUND_UP(p->queues, p->rings) + 1) * turn + CLOCK);
	for (i = 0; i < p->queues; i++)
		rig_queue_end(queues[i]);
	rig_end(rig);
}

/* One that comes late gets its share from then on, not what it has missed. */
static void latecomer(struct kunit *test)
{
	struct orch_queue *a, *b, *c;
	struct orch_rig *rig;

	mock_need_time_travel(test);
	rig = rig_create(test, 1);
	a = rig_queue(rig, NORMAL, 1);
	b = rig_queue(rig, NORMAL, 1);
	c = rig_queue(rig, NORMAL, 1);
	rig_submit(a, 1000, 1 * MS);
	rig_submit(b, 1000, 1 * MS);
	rig_sleep_us(20 * SLICE);
	expect_busy(a, 10 * SLICE, SLICE + CLOCK);
	rig_submit(c, 1000, 1 * MS);
	rig_sleep_us(30 * SLICE);
	expect_busy(a, 20 * SLICE, SLICE + 1 * MS + CLOCK);
	expect_busy(b, 20 * SLICE, SLICE + 1 * MS + CLOCK);
	expect_busy(c, 10 * SLICE, SLICE + 1 * MS + CLOCK);
	rig_queue_end(a);
	rig_queue_end(b);
	rig_queue_end(c);
	rig_end(rig);
}

/* What a queue ran while nobody had to wait isn't held against it. */
static void alone_does_not_count(struct kunit *test)
{
	struct orch_queue *a, *b, *c;
	struct orch_rig *rig;

	mock_need_time_travel(test);
	rig = rig_create(test, 2);
	a = rig_queue(rig, NORMAL, 1);
	b = rig_queue(rig, NORMAL, 1);
	c = rig_queue(rig, NORMAL, 1);
	rig_submit(a, 1000, 1 * MS);
	rig_sleep_us(50 * SLICE);
	expect_busy(a, 50 * SLICE, CLOCK);
	rig_submit(b, 1000, 1 * MS);
	rig_submit(c, 1000, 1 * MS);
	rig_sleep_us(30 * SLICE);
	expect_busy(a, 70 * SLICE, SLICE + 1 * MS + CLOCK);
	expect_busy(b, 20 * SLICE, SLICE + 1 * MS + CLOCK);
	expect_busy(c, 20 * SLICE, SLICE + 1 * MS + CLOCK);
	rig_queue_end(a);
	rig_queue_end(b);
	rig_queue_end(c);
	rig_end(rig);
}

/* The higher priority has the ring as soon as the job that is in it has ended. */
static void higher_first(struct kunit *test)
{
	struct orch_queue *low, *high;
	struct orch_rig *rig;

	mock_need_time_travel(test);
	rig = rig_create(test, 1);
	low = rig_queue(rig, NORMAL, 1);
	high = rig_queue(rig, HIGH, 1);
	rig_submit(low, 1000, 1 * MS);
	rig_sleep_us(5 * SLICE);
	rig_submit(high, 30, 1 * MS);
	rig_sleep_us(1 * MS + CLOCK);
	KUNIT_EXPECT_EQ(test, high->ring, 0);
	KUNIT_EXPECT_EQ(test, low->ring, -1);
	rig_expect_state(low, JOBQ_ORCH_WAITING);
	KUNIT_EXPECT_LE(test, max_wait_us(rig), 1 * MS + CLOCK);
	/* Longer than a slice, up to its last job. */
	rig_sleep_us(27 * MS);
	KUNIT_EXPECT_EQ(test, high->ring, 0);
	KUNIT_EXPECT_EQ(test, low->binds, 1);
	rig_sleep_us(4 * MS);
	KUNIT_EXPECT_EQ(test, low->ring, 0);
	KUNIT_EXPECT_EQ(test, atomic64_read(&high->signalled), 30);
	rig_queue_end(low);
	rig_queue_end(high);
	rig_end(rig);
}

/* Of several that run the lowest one is preempted, though it has just begun. */
static void lowest_goes_first(struct kunit *test)
{
	struct orch_queue *low, *normal, *high;
	struct orch_rig *rig;

	mock_need_time_travel(test);
	rig = rig_create(test, 2);
	normal = rig_queue(rig, NORMAL, 1);
	low = rig_queue(rig, LOW, 1);
	high = rig_queue(rig, HIGH, 1);
	rig_submit(normal, 100, 1 * MS);
	rig_sleep_us(2 * SLICE);
	rig_submit(low, 100, 1 * MS);
	rig_submit(high, 100, 1 * MS);
	rig_sleep_us(1 * MS + CLOCK);
	KUNIT_EXPECT_EQ(test, high->ring, 1);
	KUNIT_EXPECT_EQ(test, normal->ring, 0);
	KUNIT_EXPECT_EQ(test, low->ring, -1);
	rig_queue_end(low);
	rig_queue_end(normal);
	rig_queue_end(high);
	rig_end(rig);
}

/* Who has waited for the whole time has its turn next, and a whole slice of it. */
static void aging(struct kunit *test)
{
	struct jobq_orch_stats stats;
	struct orch_queue *low, *high;
	struct orch_rig *rig;

	mock_need_time_travel(test);
	rig = rig_create(test, 1);
	high = rig_queue(rig, HIGH, 1);
	low = rig_queue(rig, LOW, 1);
	rig_submit(high, 1000, 3 * MS);
	rig_sleep_us(1 * MS);
	rig_submit(low, 1000, 1 * MS);
	rig_sleep_us(AGE - CLOCK);
	KUNIT_EXPECT_EQ(test, low->ring, -1);
	/* The bound: a job of 3 ms may just have begun, in fact it ends after 0 to 3. */
	rig_sleep_us(3 * MS + 2 * CLOCK);
	KUNIT_EXPECT_EQ(test, low->ring, 0);
	KUNIT_EXPECT_LE(test, max_wait_us(rig), AGE + 3 * MS + CLOCK);
	KUNIT_EXPECT_GE(test, max_wait_us(rig), AGE);
	jobq_orch_get_stats(rig->orch, &stats);
	KUNIT_EXPECT_EQ(test, stats.aged, 1);

	/* The high one doesn't get it back before the slice is over, then at once. */
	rig_sleep_us(AGE / 2);
	KUNIT_EXPECT_EQ(test, high->ring, 0);
	KUNIT_EXPECT_EQ(test, low->binds, 1);
	expect_busy(low, SLICE, 1 * MS + CLOCK);
	KUNIT_EXPECT_EQ(test, high->timeouts + low->timeouts, 0);
	rig_queue_end(low);
	rig_queue_end(high);
	rig_end(rig);
}

/* The bound that the header states, with all there is to make it longer. */
static void starvation_bound(struct kunit *test)
{
	const u64 job = 7 * MS, drain = 2 * job;
	struct orch_queue *queues[MAX_QUEUES];
	const unsigned int rings = 2, num = 8;
	struct orch_rig *rig;
	unsigned int i;
	u64 bound;

	mock_need_time_travel(test);
	rig = rig_create(test, rings);
	for (i = 0; i < num; i++)
		queues[i] = rig_queue(rig, i < 3 ? HIGH : i < 6 ? NORMAL : LOW, 2);
	for (i = 0; i < num; i++)
		rig_submit(queues[i], 500, job);
	rig_sleep_us(10 * AGE);
	/* At any time all but two wait. */
	bound = AGE + DIV_ROUND_UP(num - rings, rings) * (SLICE + drain);
	KUNIT_EXPECT_LE(test, max_wait_us(rig), bound + CLOCK);
	KUNIT_EXPECT_GE(test, max_wait_us(rig), AGE);
	for (i = 0; i < num; i++) {
		/* So often at least, also the lowest. */
		KUNIT_EXPECT_GE(test, queues[i]->binds, 10 * AGE / (bound + SLICE + drain));
		if (i >= 6)
			KUNIT_EXPECT_LT(test, rig_busy_us(queues[i]), rig_busy_us(queues[0]));
	}
	for (i = 0; i < num; i++)
		rig_queue_end(queues[i]);
	rig_end(rig);
}

/* A preempted queue's jobs in the ring go on, and no other comes to them. */
static void preemption_waits(struct kunit *test)
{
	struct orch_queue *a, *b;
	struct orch_rig *rig;

	mock_need_time_travel(test);
	rig = rig_create(test, 1);
	a = rig_queue(rig, NORMAL, 4);
	b = rig_queue(rig, HIGH, 4);
	rig_submit(a, 20, 5 * MS);
	rig_sleep_us(1 * MS);
	rig_submit(b, 1, 5 * MS);
	rig_sleep_us(17 * MS);
	rig_expect_state(a, JOBQ_ORCH_DRAINING);
	KUNIT_EXPECT_EQ(test, a->runs, 4);
	KUNIT_EXPECT_EQ(test, b->ring, -1);
	rig_sleep_us(3 * MS);
	KUNIT_EXPECT_EQ(test, b->ring, 0);
	KUNIT_EXPECT_EQ(test, atomic64_read(&a->signalled), 4);
	rig_wait_signalled(a, 20);
	KUNIT_EXPECT_EQ(test, a->error, 0);
	rig_queue_end(a);
	rig_queue_end(b);
	rig_end(rig);
}

/* If the one for whom a queue is being preempted doesn't want any more it goes on. */
static void preemption_undone(struct kunit *test)
{
	struct orch_queue *a, *b;
	struct orch_rig *rig;

	mock_need_time_travel(test);
	rig = rig_create(test, 1);
	a = rig_queue(rig, NORMAL, 2);
	b = rig_queue(rig, HIGH, 2);
	rig_submit(a, 20, 5 * MS);
	rig_sleep_us(1 * MS);
	rig_submit(b, 1, 1 * MS);
	rig_sleep_us(1 * MS);
	rig_expect_state(a, JOBQ_ORCH_DRAINING);
	jobq_kill(&b->q, -EIO);
	rig_wait_signalled(a, 20);
	KUNIT_EXPECT_EQ(test, a->binds, 1);
	/* Its ring never was empty in between. */
	expect_busy(a, 100 * MS, GRACE);
	rig_queue_end(a);
	rig_queue_end(b);
	rig_end(rig);
}

/* A ring that doesn't run empty in time isn't counted on: another one is taken. */
static void overdue(struct kunit *test)
{
	struct orch_queue *slow, *quick, *high;
	struct jobq_orch_stats stats;
	struct orch_rig *rig;

	mock_need_time_travel(test);
	rig = rig_create(test, 2);
	quick = rig_queue(rig, NORMAL, 1);
	slow = rig_queue(rig, LOW, 1);
	high = rig_queue(rig, HIGH, 1);
	rig_submit(slow, 3, 300 * MS);
	rig_submit(quick, 1000, 1 * MS);
	rig_sleep_us(1 * MS);
	rig_submit(high, 1000, 1 * MS);
	rig_sleep_us(GRACE - CLOCK);
	rig_expect_state(slow, JOBQ_ORCH_DRAINING);
	rig_expect_state(quick, JOBQ_ORCH_BOUND);
	rig_sleep_us(1 * MS + 2 * CLOCK);
	KUNIT_EXPECT_EQ(test, high->ring, 0);
	KUNIT_EXPECT_LE(test, max_wait_us(rig), GRACE + 1 * MS + CLOCK);
	jobq_orch_get_stats(rig->orch, &stats);
	KUNIT_EXPECT_EQ(test, stats.overdue, 1);
	KUNIT_EXPECT_EQ(test, stats.preempted, 2);
	/* Nothing happened to the slow one. */
	rig_wait_signalled(slow, 1);
	KUNIT_EXPECT_EQ(test, slow->error, 0);
	KUNIT_EXPECT_EQ(test, slow->timeouts, 0);
	rig_queue_end(slow);
	rig_queue_end(quick);
	rig_queue_end(high);
	rig_end(rig);
}

/* A job that never ends goes through the timeout of its queue, then the ring moves on. */
static void hang_while_draining(struct kunit *test)
{
	struct orch_rig *rig = rig_create(test, 1);
	struct orch_queue *a = rig_queue(rig, NORMAL, 3), *b = rig_queue(rig, NORMAL, 2);

	rig_submit(a, 1, 0);
	rig_submit(a, 2, 1 * MS);
	rig_submit(b, 2, 1 * MS);
	rig_wait_signalled(b, 2);
	KUNIT_EXPECT_EQ(test, a->timeouts, 1);
	/* The innocent ones ran before, in the same ring: others may have waited for them. */
	KUNIT_EXPECT_EQ(test, atomic64_read(&a->signalled), 3);
	KUNIT_EXPECT_EQ(test, a->runs, 5);
	KUNIT_EXPECT_EQ(test, a->binds, 1);
	KUNIT_EXPECT_EQ(test, a->error, 0);
	rig_queue_end(a);
	rig_queue_end(b);
	rig_end(rig);
}

static struct kunit_case orch_cases[] = {
	KUNIT_CASE(bad_args),
	KUNIT_CASE(add_in_flight),
	KUNIT_CASE(rings_suffice),
	KUNIT_CASE(returned_lazily),
	KUNIT_CASE(idle_longest_first),
	KUNIT_CASE(needs_none_for_blocked_job),
	KUNIT_CASE_PARAM_ATTR(fair_by_runtime, fair_gen_params, { .speed = KUNIT_SPEED_SLOW }),
	KUNIT_CASE_SLOW(latecomer),
	KUNIT_CASE_SLOW(alone_does_not_count),
	KUNIT_CASE(higher_first),
	KUNIT_CASE(lowest_goes_first),
	KUNIT_CASE(aging),
	KUNIT_CASE_SLOW(starvation_bound),
	KUNIT_CASE(preemption_waits),
	KUNIT_CASE(preemption_undone),
	KUNIT_CASE(overdue),
	KUNIT_CASE_SLOW(hang_while_draining),
	{}
};

static struct kunit_suite orch_suite = {
	.name = "jobq-orch",
	.test_cases = orch_cases,
};

kunit_test_suite(orch_suite);
