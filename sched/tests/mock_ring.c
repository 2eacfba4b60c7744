// SPDX-License-Identifier: GPL-2.0
/*
 * Rings of the mock device.
 */

#include <linux/minmax.h>

#include "mock_ring.h"

static struct mock_ring *to_ring(struct jobq *q)
{
	return to_mock_queue(q)->priv;
}

static int ring_wait_prepare(struct jobq_job *job, struct jobq_job *earlier)
{
	struct mock_ring *r = to_ring(jobq_job_queue(job));

	if (++r->prepares == r->fail_prepare)
		return -ENOMEM;
	return r->prepare_ret;
}

/* The next slot isn't filled before the job is run. */
static void ring_wait(struct jobq *q, struct jobq_job *job, struct jobq_job *earlier)
{
	struct mock_ring *r = to_ring(q);
	struct mock_ring_slot *slot = &r->slots[r->tail % MOCK_LOG_MAX];

	KUNIT_EXPECT_NE(r->mq->test, jobq_job_seqno(earlier), 0);
	KUNIT_EXPECT_EQ(r->mq->test, r->mq->run_ret, 0);
	r->hw_waits++;
	if (slot->num_waits < MOCK_RING_WAITS)
		slot->waits[slot->num_waits++] = (struct mock_ring_wait){
			to_ring(jobq_job_queue(earlier)), jobq_job_seqno(earlier)
		};
}

static void ring_run(struct mock_queue *mq, struct mock_job *job)
{
	struct mock_ring *r = mq->priv;

	if (mq->run_ret)
		return;
	r->slots[r->tail++ % MOCK_LOG_MAX].seqno = jobq_job_seqno(&job->base);
	r->slots[r->tail % MOCK_LOG_MAX].num_waits = 0;
}

static void ring_ended(struct jobq *q, struct jobq_job *job)
{
	struct mock_ring *r = to_ring(q);

	r->hw_ended++;
	r->ended = max(r->ended, jobq_job_seqno(job));
}

static bool ring_is_held(struct mock_ring_slot *slot)
{
	unsigned int i;

	for (i = 0; i < slot->num_waits; i++)
		if (slot->waits[i].on->ended < slot->waits[i].seqno)
			return true;
	return false;
}

/**
 * mock_ring_step() - the device runs all it can of a ring, and reports nothing
 * @r: ring
 *
 * Context: Any.
 * Return: How many jobs that was.
 */
unsigned int mock_ring_step(struct mock_ring *r)
{
	struct mock_ring_slot *slot;
	unsigned int num = 0;

	for (; r->head != r->tail; r->head++, num++) {
		slot = &r->slots[r->head % MOCK_LOG_MAX];
		if (ring_is_held(slot))
			break;
		r->ended = slot->seqno;
	}
	return num;
}

/**
 * mock_ring_irq() - the device reports what has ended
 * @r: ring
 *
 * Context: Process.
 */
void mock_ring_irq(struct mock_ring *r)
{
	KUNIT_EXPECT_EQ(r->mq->test, jobq_complete(&r->mq->q, r->ended), 0);
	mock_flush(r->mq);
}

/**
 * mock_ring_clear() - reset a ring
 * @r: ring; empty afterwards, the semaphore stays
 *
 * Context: Any.
 */
void mock_ring_clear(struct mock_ring *r)
{
	r->head = r->tail;
	r->slots[r->tail % MOCK_LOG_MAX].num_waits = 0;
}

static const struct jobq_ops *mock_ring_ops(void)
{
	static struct jobq_ops ops;

	/* One table, as it tells the library which queues are of the same kind. */
	ops = mock_ops;
	ops.hw_wait_prepare = ring_wait_prepare;
	ops.hw_wait = ring_wait;
	ops.hw_ended = ring_ended;
	return &ops;
}

/**
 * mock_ring() - make a queue with a ring or end the test
 * @test: test; frees it when it ends
 * @flags: for &jobq_args.flags
 *
 * Context: Process.
 * Return: The ring; its queue is like that of mock_queue().
 */
struct mock_ring *mock_ring(struct kunit *test, unsigned int flags)
{
	const struct jobq_args args = {
		.ops = mock_ring_ops(),
		.driver_name = "mock",
		.name = "mock-ring",
		.flags = flags,
		.credits = MOCK_CREDITS,
		.timeout_ms = MOCK_TIMEOUT_MS,
		.stop_timeout_ms = MOCK_STOP_MS,
	};
	struct mock_ring *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, r);
	r->mq = mock_queue_raw(test, &args);
	r->mq->priv = r;
	r->mq->on_run = ring_run;
	return r;
}
