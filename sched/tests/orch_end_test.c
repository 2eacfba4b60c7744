// SPDX-License-Identifier: GPL-2.0
/*
 * The orchestrator: what is lent comes back, whatever happens to queues, rings and the device.
 */

#include <linux/delay.h>
#include <linux/err.h>

#include "mock.h"
#include "orch_rig.h"

#define MS		1000
/* Of the priorities; 0 is the highest. */
#define HIGH		1
#define NORMAL		2
#define LOW		3

/* A waiting queue that is killed, or torn down and removed, doesn't wait any more. */
static void ends_while_waiting(struct kunit *test)
{
	struct orch_rig *rig = rig_create(test, 1);
	struct orch_queue *a = rig_queue(rig, NORMAL, 1), *b = rig_queue(rig, NORMAL, 1);
	struct orch_queue *c = rig_queue(rig, NORMAL, 1);
	struct jobq_orch_stats stats;

	rig_submit(a, 1, 0);
	rig_submit(b, 2, 1 * MS);
	rig_submit(c, 2, 1 * MS);
	rig_wait_state(b, JOBQ_ORCH_WAITING);
	rig_wait_state(c, JOBQ_ORCH_WAITING);
	jobq_orch_get_stats(rig->orch, &stats);
	KUNIT_EXPECT_EQ(test, stats.waiting, 2);
	jobq_kill(&b->q, -EIO);
	rig_wait_signalled(b, 2);
	KUNIT_EXPECT_EQ(test, b->error, -EIO);
	rig_queue_end(c);
	KUNIT_EXPECT_EQ(test, c->error, -ECANCELED);
	rig_queue_end(a);
	KUNIT_EXPECT_EQ(test, rig->binds, 1);
	rig_queue_end(b);
	rig_end(rig);
}

/* The ring of a killed queue is lent on as soon as its jobs have been stopped. */
static void killed_while_bound(struct kunit *test)
{
	struct orch_rig *rig = rig_create(test, 1);
	struct orch_queue *a = rig_queue(rig, HIGH, 2), *b = rig_queue(rig, LOW, 1);

	rig_submit(a, 5, 0);
	rig_submit(b, 1, 1 * MS);
	jobq_kill(&a->q, -EIO);
	rig_wait_signalled(b, 1);
	KUNIT_EXPECT_EQ(test, a->error, -EIO);
	KUNIT_EXPECT_EQ(test, a->ring, -1);
	KUNIT_EXPECT_EQ(test, atomic64_read(&a->signalled), 5);
	rig_queue_end(a);
	rig_queue_end(b);
	rig_end(rig);
}

static void torn_down_while_draining(struct kunit *test)
{
	struct orch_rig *rig = rig_create(test, 1);
	struct orch_queue *a = rig_queue(rig, LOW, 2), *b = rig_queue(rig, HIGH, 1);

	rig_submit(a, 5, 0);
	rig_submit(b, 1, 1 * MS);
	rig_wait_state(a, JOBQ_ORCH_DRAINING);
	rig_queue_end(a);
	rig_wait_signalled(b, 1);
	rig_queue_end(b);
	rig_end(rig);
}

/* Removing a queue that lives is a mistake of the driver. */
static void removed_alive(struct kunit *test)
{
	struct orch_rig *rig = rig_create(test, 1);
	struct orch_queue *a = rig_queue(rig, NORMAL, 1);

	rig_submit(a, 2, 0);
	MOCK_EXPECT_WARNING(test, jobq_orch_remove(&a->m));
	KUNIT_EXPECT_EQ(test, jobq_state(&a->q), JOBQ_DEAD);
	rig_queue_end(a);
	rig_end(rig);
}

static int bind_until_killed(struct orch_queue *oq, unsigned int ring)
{
	while (jobq_state(&oq->q) < JOBQ_KILLED)
		msleep(20);
	msleep(100);
	return 0;
}

/* Teardown doesn't wait for a bind, remove does. */
static void torn_down_while_binding(struct kunit *test)
{
	struct orch_rig *rig = rig_create(test, 1);
	struct orch_queue *a = rig_queue(rig, NORMAL, 1), *b = rig_queue(rig, NORMAL, 1);

	rig->on_bind = bind_until_killed;
	rig_submit(b, 1, 1 * MS);
	wait_for_completion(&b->binding);
	jobq_teardown(&b->q);
	KUNIT_EXPECT_EQ(test, b->error, -ECANCELED);
	if (IS_ENABLED(CONFIG_UML))
		KUNIT_EXPECT_EQ(test, b->binds, 0);
	rig_queue_end(b);
	KUNIT_EXPECT_EQ(test, b->binds, 1);
	KUNIT_EXPECT_EQ(test, b->runs, 0);
	rig->on_bind = NULL;
	rig_submit(a, 1, 1 * MS);
	rig_wait_signalled(a, 1);
	rig_queue_end(a);
	rig_end(rig);
}

static int bind_kills(struct orch_queue *oq, unsigned int ring)
{
	jobq_kill(&oq->q, -EIO);
	return 0;
}

static void killed_while_binding(struct kunit *test)
{
	struct orch_rig *rig = rig_create(test, 1);
	struct orch_queue *a = rig_queue(rig, NORMAL, 1), *b = rig_queue(rig, NORMAL, 1);

	rig->on_bind = bind_kills;
	rig_submit(b, 1, 1 * MS);
	rig_wait_signalled(b, 1);
	KUNIT_EXPECT_EQ(test, b->error, -EIO);
	KUNIT_EXPECT_EQ(test, b->runs, 0);
	rig->on_bind = NULL;
	rig_submit(a, 1, 1 * MS);
	rig_wait_signalled(a, 1);
	KUNIT_EXPECT_EQ(test, a->error, 0);
	rig_queue_end(b);
	rig_queue_end(a);
	rig_end(rig);
}

/* One queue has no luck with ring 0, and none at all until it has been tried thrice. */
static int bind_is_picky(struct orch_queue *oq, unsigned int ring)
{
	if (oq->m.priority != HIGH)
		return 0;
	return oq->m.tries < 3 ? -EAGAIN : ring == 0 ? -EBUSY : 0;
}

static void bind_tried_again(struct kunit *test)
{
	struct orch_rig *rig = rig_create(test, 2);
	struct orch_queue *a, *b = rig_queue(rig, NORMAL, 1);
	struct jobq_orch_stats stats;

	rig->on_bind = bind_is_picky;
	a = rig_queue(rig, HIGH, 1);
	/* Adding works without a ring, too. */
	rig_expect_state(a, JOBQ_ORCH_IDLE);
	rig_submit(a, 1, 1 * MS);
	rig_submit(b, 1, 1 * MS);
	rig_wait_signalled(b, 1);
	rig_wait_signalled(a, 1);
	KUNIT_EXPECT_EQ(test, a->error, 0);
	KUNIT_EXPECT_EQ(test, a->ring, 1);
	jobq_orch_get_stats(rig->orch, &stats);
	KUNIT_EXPECT_EQ(test, stats.bind_errors, 4);
	rig_queue_end(a);
	rig_queue_end(b);
	rig_end(rig);
}

static int bind_busy(struct orch_queue *oq, unsigned int ring)
{
	return oq->m.priority == HIGH ? -EBUSY : 0;
}

/* Not for ever; and others aren't held up. */
static void bind_given_up(struct kunit *test)
{
	struct orch_rig *rig = rig_create(test, 1);
	struct jobq_orch_stats stats;
	struct orch_queue *a, *b;

	rig->on_bind = bind_busy;
	a = rig_queue(rig, HIGH, 1);
	b = rig_queue(rig, NORMAL, 1);
	rig_submit(a, 2, 1 * MS);
	rig_submit(b, 1, 1 * MS);
	rig_wait_signalled(b, 1);
	KUNIT_EXPECT_EQ(test, b->error, 0);
	KUNIT_EXPECT_EQ(test, jobq_error(&a->q), 0);
	rig_wait_signalled(a, 2);
	KUNIT_EXPECT_EQ(test, a->error, -EBUSY);
	KUNIT_EXPECT_EQ(test, jobq_error(&a->q), -EBUSY);
	jobq_orch_get_stats(rig->orch, &stats);
	/* Once more when it was added. */
	KUNIT_EXPECT_EQ(test, stats.bind_errors, JOBQ_ORCH_BIND_TRIES + 1);
	KUNIT_EXPECT_EQ(test, stats.waiting, 0);
	rig_queue_end(a);
	rig_queue_end(b);
	rig_end(rig);
}

static int bind_fails(struct orch_queue *oq, unsigned int ring)
{
	return -EIO;
}

static int bind_is_strange(struct orch_queue *oq, unsigned int ring)
{
	return 1;
}

static void bind_impossible(struct kunit *test)
{
	struct orch_rig *rig = rig_create(test, 1);
	struct orch_queue *a, *b;

	rig->on_bind = bind_fails;
	a = rig_queue(rig, NORMAL, 1);
	/* One: it's killed as soon as it has a job. */
	rig_submit(a, 1, 1 * MS);
	rig_wait_signalled(a, 1);
	KUNIT_EXPECT_EQ(test, a->error, -EIO);
	rig->on_bind = bind_is_strange;
	MOCK_EXPECT_WARNING(test, b = rig_queue(rig, NORMAL, 1));
	rig->on_bind = NULL;
	rig_submit(b, 1, 1 * MS);
	rig_wait_signalled(b, 1);
	KUNIT_EXPECT_EQ(test, b->error, 0);
	rig_queue_end(a);
	rig_queue_end(b);
	rig_end(rig);
}

/* The device goes: all are killed, and nothing is bound any more. */
static void shut_down(struct kunit *test)
{
	struct orch_rig *rig = rig_create(test, 1);
	struct orch_queue *a = rig_queue(rig, NORMAL, 1), *b = rig_queue(rig, NORMAL, 1);
	struct orch_queue *c;

	rig_submit(a, 2, 0);
	rig_submit(b, 2, 1 * MS);
	rig_sleep_us(1 * MS);
	jobq_orch_shutdown(rig->orch, -ENODEV);
	jobq_orch_shutdown(rig->orch, -EIO);
	KUNIT_EXPECT_EQ(test, atomic64_read(&b->signalled), 2);
	rig_wait_signalled(a, 2);
	KUNIT_EXPECT_EQ(test, a->error, -ENODEV);
	KUNIT_EXPECT_EQ(test, b->error, -ENODEV);
	KUNIT_EXPECT_EQ(test, jobq_orch_pin(&b->m), -ENODEV);
	rig_sleep_us(50 * MS);
	KUNIT_EXPECT_EQ(test, rig->binds, 1);

	c = rig_queue_alone(rig, JOBQ_RUN_ATOMIC, 1);
	KUNIT_EXPECT_EQ(test, jobq_orch_add(rig->orch, &c->m, &c->q, 0), -ENODEV);
	rig_queue_end(a);
	rig_queue_end(b);
	rig_queue_end(c);
	MOCK_EXPECT_WARNING(test, jobq_orch_shutdown(rig->orch, 1));
	rig_end(rig);
}

/* The orchestrator lives as long as its members. */
static void put_before_members(struct kunit *test)
{
	struct orch_rig *rig = rig_create(test, 1);
	struct orch_queue *a = rig_queue(rig, NORMAL, 1), *b = rig_queue(rig, NORMAL, 1);

	rig_submit(a, 30, 1 * MS);
	rig_submit(b, 30, 1 * MS);
	jobq_orch_put(rig->orch);
	rig_wait_signalled(a, 30);
	rig_wait_signalled(b, 30);
	rig_queue_end(a);
	rig_queue_end(b);
	jobq_orch_put(NULL);
	KUNIT_EXPECT_EQ(test, atomic_read(&rig->bad), 0);
	KUNIT_EXPECT_NULL(test, rig->holders[0]);
}

/* A pinned queue keeps its ring; one is always left for the others. */
static void pinned(struct kunit *test)
{
	struct orch_rig *rig = rig_create(test, 2);
	struct orch_queue *a = rig_queue(rig, LOW, 1), *b = rig_queue(rig, NORMAL, 1);
	struct orch_queue *c = rig_queue(rig, HIGH, 1), *d = rig_queue(rig, HIGH, 1);

	KUNIT_EXPECT_EQ(test, jobq_orch_pin(&a->m), 0);
	KUNIT_EXPECT_EQ(test, jobq_orch_pin(&a->m), 0);
	KUNIT_EXPECT_EQ(test, jobq_orch_pin(&b->m), -EBUSY);
	rig_submit(c, 5, 1 * MS);
	rig_submit(d, 5, 1 * MS);
	rig_wait_signalled(c, 5);
	rig_wait_signalled(d, 5);
	KUNIT_EXPECT_EQ(test, a->ring, 0);
	KUNIT_EXPECT_EQ(test, b->ring, -1);

	jobq_orch_unpin(&a->m);
	KUNIT_EXPECT_EQ(test, jobq_orch_pin(&b->m), -EBUSY);
	jobq_orch_unpin(&a->m);
	/* Both rings are idle: it gets one of them. */
	KUNIT_EXPECT_EQ(test, jobq_orch_pin(&b->m), 0);
	KUNIT_EXPECT_GE(test, b->ring, 0);
	jobq_orch_unpin(&b->m);
	MOCK_EXPECT_WARNING(test, jobq_orch_unpin(&b->m));
	jobq_kill(&b->q, -EIO);
	KUNIT_EXPECT_EQ(test, jobq_orch_pin(&b->m), -EIO);
	rig_queue_end(a);
	rig_queue_end(b);
	rig_queue_end(c);
	rig_queue_end(d);
	rig_end(rig);
}

/* Pinning doesn't wait, and what it gives it gives at once. */
static void pinned_while_waiting(struct kunit *test)
{
	struct orch_rig *rig = rig_create(test, 2);
	struct orch_queue *a = rig_queue(rig, NORMAL, 1), *b = rig_queue(rig, NORMAL, 1);
	struct orch_queue *c = rig_queue(rig, HIGH, 1);
	u64 us = (IS_ENABLED(CONFIG_UML) ? 500 : 3000) * MS;

	/* So long that all that follows happens before they end. */
	rig_submit(a, 2, us);
	rig_submit(b, 2, us);
	KUNIT_EXPECT_EQ(test, jobq_orch_pin(&c->m), -EBUSY);
	rig_submit(c, 1, 1 * MS);
	rig_wait_state(c, JOBQ_ORCH_WAITING);
	KUNIT_EXPECT_EQ(test, jobq_orch_pin(&c->m), -EBUSY);
	/* The one that has to make room for it doesn't any more. */
	KUNIT_EXPECT_EQ(test, jobq_orch_pin(&a->m), 0);
	KUNIT_EXPECT_EQ(test, a->binds, 1);
	rig_wait_signalled(a, 2);
	rig_wait_signalled(b, 2);
	rig_wait_signalled(c, 1);
	/* The other one did instead. */
	KUNIT_EXPECT_EQ(test, a->binds, 1);
	KUNIT_EXPECT_EQ(test, b->binds, 2);
	KUNIT_EXPECT_EQ(test, c->binds, 1);
	rig_queue_end(a);
	rig_queue_end(b);
	rig_queue_end(c);
	rig_end(rig);
}

/* While suspended all rings stay where they are. */
static void suspended(struct kunit *test)
{
	struct orch_rig *rig = rig_create(test, 2);
	struct orch_queue *a = rig_queue(rig, LOW, 1), *b, *c;

	jobq_orch_suspend(rig->orch);
	jobq_orch_suspend(rig->orch);
	b = rig_queue(rig, HIGH, 1);
	c = rig_queue(rig, HIGH, 1);
	KUNIT_EXPECT_EQ(test, b->ring, -1);
	rig_submit(a, 3, 1 * MS);
	rig_submit(b, 1, 1 * MS);
	rig_submit(c, 1, 1 * MS);
	KUNIT_EXPECT_EQ(test, jobq_orch_pin(&b->m), -EBUSY);
	KUNIT_EXPECT_EQ(test, jobq_orch_pin(&a->m), 0);
	jobq_orch_unpin(&a->m);
	rig_wait_signalled(a, 3);
	jobq_orch_resume(rig->orch);
	rig_sleep_us(20 * MS);
	KUNIT_EXPECT_EQ(test, rig->binds, 1);
	jobq_orch_resume(rig->orch);
	rig_wait_signalled(b, 1);
	rig_wait_signalled(c, 1);
	MOCK_EXPECT_WARNING(test, jobq_orch_resume(rig->orch));
	rig_queue_end(a);
	rig_queue_end(b);
	rig_queue_end(c);
	rig_end(rig);
}

/* Who has been stopped by somebody else couldn't use a ring: it's for the others. */
static void stopped_by_others(struct kunit *test)
{
	struct orch_rig *rig = rig_create(test, 1);
	struct orch_queue *a = rig_queue(rig, HIGH, 1), *b = rig_queue(rig, LOW, 1);

	KUNIT_EXPECT_EQ(test, jobq_suspend(&a->q, 0), 0);
	rig_submit(a, 2, 1 * MS);
	rig_submit(b, 1, 1 * MS);
	rig_wait_signalled(b, 1);
	/* It doesn't want it back either, and another jobq_stop() changes nothing. */
	jobq_stop(&a->q);
	rig_sleep_us(20 * MS);
	jobq_start(&a->q);
	rig_submit(b, 1, 1 * MS);
	rig_wait_signalled(b, 2);
	rig_expect_state(a, JOBQ_ORCH_IDLE);
	KUNIT_EXPECT_EQ(test, a->binds, 1);
	KUNIT_EXPECT_EQ(test, b->binds, 1);

	jobq_resume(&a->q);
	rig_wait_signalled(a, 2);
	KUNIT_EXPECT_EQ(test, a->binds, 2);
	rig_queue_end(a);
	rig_queue_end(b);
	rig_end(rig);
}

static struct kunit_case orch_end_cases[] = {
	KUNIT_CASE(ends_while_waiting),
	KUNIT_CASE(killed_while_bound),
	KUNIT_CASE(torn_down_while_draining),
	KUNIT_CASE(removed_alive),
	KUNIT_CASE(torn_down_while_binding),
	KUNIT_CASE(killed_while_binding),
	KUNIT_CASE(bind_tried_again),
	KUNIT_CASE_SLOW(bind_given_up),
	KUNIT_CASE(bind_impossible),
	KUNIT_CASE(shut_down),
	KUNIT_CASE(put_before_members),
	KUNIT_CASE(pinned),
	KUNIT_CASE(pinned_while_waiting),
	KUNIT_CASE(suspended),
	KUNIT_CASE(stopped_by_others),
	{}
};

static struct kunit_suite orch_end_suite = {
	.name = "jobq-orch-end",
	.test_cases = orch_end_cases,
};

kunit_test_suite(orch_end_suite);
