// SPDX-License-Identifier: GPL-2.0
/*
 * A device with few rings for many queues.
 */

#include <linux/delay.h>
#include <linux/err.h>
#include <linux/irqflags.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "mock.h"
#include "orch_rig.h"

static struct orch_queue *to_orch_queue(struct jobq *q)
{
	return container_of(q, struct orch_queue, q);
}

static struct orch_job *to_orch_job(struct jobq_job *job)
{
	return container_of(job, struct orch_job, base);
}

/* Asked in every op that touches the ring: is it ours? */
static void rig_check_ring(struct orch_queue *oq)
{
	int ring = READ_ONCE(oq->ring);

	if (ring < 0 || READ_ONCE(oq->rig->holders[ring]) != oq)
		atomic_inc(&oq->rig->bad);
}

/* The oldest job in the ring, if any, begins now. Returns whether it is going to end. */
static bool rig_begin_locked(struct orch_queue *oq)
{
	oq->ticking = oq->num_slots && oq->slots[0].ns;
	return oq->ticking;
}

static int rig_run_job(struct jobq *q, struct jobq_job *base)
{
	struct orch_queue *oq = to_orch_queue(q);
	struct orch_job *job = to_orch_job(base);

	rig_check_ring(oq);
	oq->runs++;
	oq->run_task = current;
	guard(spinlock_irqsave)(&oq->lock);
	if (oq->num_slots == RIG_CREDITS_MAX) {
		atomic_inc(&oq->rig->bad);
		return -EIO;
	}
	oq->slots[oq->num_slots++] = (struct orch_slot){ jobq_job_seqno(base), job->ns };
	if (oq->num_slots == 1 && rig_begin_locked(oq))
		hrtimer_start(&oq->timer, ns_to_ktime(job->ns), HRTIMER_MODE_REL);
	return 0;
}

/* The oldest job has ended, unless the ring was reset meanwhile. */
static enum hrtimer_restart rig_irq(struct hrtimer *timer)
{
	struct orch_queue *oq = container_of(timer, struct orch_queue, timer);
	u64 seqno;

	scoped_guard(spinlock_irqsave, &oq->lock) {
		if (!oq->ticking)
			return HRTIMER_NORESTART;
		seqno = oq->slots[0].seqno;
		oq->num_slots--;
		memmove(&oq->slots[0], &oq->slots[1], oq->num_slots * sizeof(oq->slots[0]));
		/* One that is added now begins below. */
		if (rig_begin_locked(oq))
			hrtimer_set_expires(timer, ktime_add_ns(hrtimer_get_expires(timer),
								oq->slots[0].ns));
		else
			seqno |= BIT_ULL(63);
	}
	/* The ring is the queue's until what it reported has signalled. */
	rig_check_ring(oq);
	if (jobq_complete(&oq->q, seqno & ~BIT_ULL(63)))
		atomic_inc(&oq->rig->bad);
	return seqno & BIT_ULL(63) ? HRTIMER_NORESTART : HRTIMER_RESTART;
}

static int rig_job_error(struct jobq *q, struct jobq_job *job)
{
	rig_check_ring(to_orch_queue(q));
	return 0;
}

static void rig_job_free(struct jobq_job *base)
{
	kfree(to_orch_job(base));
}

/* Takes what is in the ring out of it. */
static void rig_reset(struct orch_queue *oq)
{
	rig_check_ring(oq);
	scoped_guard(spinlock_irqsave, &oq->lock) {
		oq->num_slots = 0;
		oq->ticking = false;
	}
	hrtimer_cancel(&oq->timer);
}

static enum jobq_verdict rig_timedout(struct jobq *q, struct jobq_job *job)
{
	struct orch_queue *oq = to_orch_queue(q);

	oq->timeouts++;
	if (to_orch_job(job)->ns)
		return JOBQ_NO_HANG;
	rig_reset(oq);
	jobq_wait_signalled(q);
	return JOBQ_RESET;
}

static void rig_force_stop(struct jobq *q)
{
	rig_reset(to_orch_queue(q));
}

static void rig_release(struct jobq *q)
{
	complete(&to_orch_queue(q)->released);
}

static const struct jobq_ops rig_ops = {
	.run_job = rig_run_job,
	.job_error = rig_job_error,
	.job_free = rig_job_free,
	.timedout = rig_timedout,
	.force_stop = rig_force_stop,
	.release = rig_release,
};

static int rig_bind(struct jobq *q, unsigned int ring)
{
	struct orch_queue *oq = to_orch_queue(q);
	struct orch_rig *rig = oq->rig;
	int ret;

	might_sleep();
	complete(&oq->binding);
	ret = rig->on_bind ? rig->on_bind(oq, ring) : 0;
	if (ret)
		return ret;
	/* Never two on one ring, never one on two. */
	if (ring >= rig->num_rings || oq->ring >= 0 || oq->num_slots ||
	    cmpxchg(&rig->holders[ring], NULL, oq))
		atomic_inc(&rig->bad);
	WRITE_ONCE(oq->ring, ring);
	oq->binds++;
	oq->bound_at = ktime_get();
	rig->binds++;
	return 0;
}

static void rig_unbind(struct jobq *q, unsigned int ring)
{
	struct orch_queue *oq = to_orch_queue(q);

	might_sleep();
	/* The interrupt that reported the last job has returned. */
	hrtimer_cancel(&oq->timer);
	if (oq->ring != ring || oq->num_slots || cmpxchg(&oq->rig->holders[ring], oq, NULL) != oq)
		atomic_inc(&oq->rig->bad);
	WRITE_ONCE(oq->ring, -1);
}

static const struct jobq_orch_ops rig_orch_ops = {
	.bind = rig_bind,
	.unbind = rig_unbind,
};

/**
 * rig_create() - make a device or end the test
 * @test: test
 * @num_rings: how many rings it has
 *
 * Context: Process.
 * Return: The device.
 */
struct orch_rig *rig_create(struct kunit *test, unsigned int num_rings)
{
	const struct jobq_orch_args args = {
		.ops = &rig_orch_ops, .name = "orch-test", .num_rings = num_rings,
		.slice_ms = RIG_SLICE_MS, .grace_ms = RIG_GRACE_MS, .age_ms = RIG_AGE_MS,
	};
	struct orch_rig *rig = kunit_kzalloc(test, sizeof(*rig), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, rig);
	rig->test = test;
	rig->num_rings = num_rings;
	rig->orch = jobq_orch_create(&args);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, rig->orch);
	return rig;
}

/**
 * rig_end() - end a device all of whose queues have ended
 * @rig: device
 *
 * Context: Process.
 */
void rig_end(struct orch_rig *rig)
{
	struct jobq_orch_stats stats;
	unsigned int i;

	jobq_orch_get_stats(rig->orch, &stats);
	KUNIT_EXPECT_EQ(rig->test, stats.members, 0);
	KUNIT_EXPECT_EQ(rig->test, stats.binds, rig->binds);
	jobq_orch_put(rig->orch);
	for (i = 0; i < RIG_RINGS_MAX; i++)
		KUNIT_EXPECT_NULL(rig->test, rig->holders[i]);
	KUNIT_EXPECT_EQ_MSG(rig->test, atomic_read(&rig->bad), 0, "promises broken");
}

/**
 * rig_queue_alone() - make a queue or end the test, but don't have rings lent to it
 * @rig: device
 * @flags: for &jobq_args.flags
 * @credits: jobs that its ring has room for
 *
 * Context: Process.
 * Return: The queue.
 */
struct orch_queue *rig_queue_alone(struct orch_rig *rig, unsigned int flags, u32 credits)
{
	const struct jobq_args args = {
		.ops = &rig_ops, .driver_name = "rig", .name = "rig-queue",
		.flags = flags, .credits = credits, .timeout_ms = RIG_TIMEOUT_MS,
		.limit = rig->limit,
	};
	struct orch_queue *oq = kunit_kzalloc(rig->test, sizeof(*oq), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(rig->test, oq);
	oq->rig = rig;
	oq->ring = -1;
	spin_lock_init(&oq->lock);
	init_completion(&oq->binding);
	init_completion(&oq->released);
	hrtimer_setup(&oq->timer, rig_irq, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	KUNIT_ASSERT_EQ(rig->test, jobq_init(&oq->q, &args), 0);
	return oq;
}

/**
 * rig_queue() - make a queue that rings are lent to, or end the test
 * @rig: device
 * @priority: 0 is the highest
 * @credits: jobs that its ring has room for
 *
 * Context: Process.
 * Return: The queue.
 */
struct orch_queue *rig_queue(struct orch_rig *rig, unsigned int priority, u32 credits)
{
	struct orch_queue *oq = rig_queue_alone(rig, JOBQ_RUN_ATOMIC, credits);

	KUNIT_ASSERT_EQ(rig->test, jobq_orch_add(rig->orch, &oq->m, &oq->q, priority), 0);
	return oq;
}

/**
 * rig_queue_end() - tear a queue down, remove it, and check that nothing is left of it
 * @oq: queue
 *
 * Context: Process.
 */
void rig_queue_end(struct orch_queue *oq)
{
	struct kunit *test = oq->rig->test;

	jobq_teardown(&oq->q);
	jobq_orch_remove(&oq->m);
	KUNIT_EXPECT_EQ(test, atomic64_read(&oq->signalled), atomic_read(&oq->committed));
	KUNIT_EXPECT_EQ(test, oq->ring, -1);
	KUNIT_EXPECT_EQ(test, oq->q.credits, oq->q.credit_limit);
	KUNIT_EXPECT_EQ_MSG(test, kref_read(&oq->q.ref), 1, "references left");
	jobq_put(&oq->q);
	KUNIT_EXPECT_TRUE(test, try_wait_for_completion(&oq->released));
	oq->ended = true;
}

static void rig_fired(struct dma_fence *fence, struct dma_fence_cb *cb)
{
	struct orch_queue *oq = to_orch_queue(container_of(cb, struct orch_job, cb)->base.q);

	oq->error = fence->error;
	if (atomic64_xchg(&oq->signalled, fence->seqno) != fence->seqno - 1)
		atomic_inc(&oq->rig->bad);
}

static void rig_publish(struct jobq_publish *p, struct dma_fence *fence)
{
	struct orch_job *job = container_of(p, struct orch_job, log);
	struct orch_queue *oq = to_orch_queue(job->base.q);

	atomic_inc(&oq->committed);
	if (dma_fence_add_callback(fence, &job->cb, rig_fired))
		atomic_inc(&oq->rig->bad);
}

static void rig_publish_free(struct jobq_publish *p)
{
}

static const struct jobq_publish_ops rig_publish_ops = {
	.publish = rig_publish,
	.free = rig_publish_free,
};

/**
 * rig_job() - make a job
 * @oq: queue
 * @us: how long it takes; 0: for ever
 *
 * Context: Process.
 * Return: The job, not prepared, with one reference; NULL if the queue was killed.
 */
struct orch_job *rig_job(struct orch_queue *oq, u64 us)
{
	const struct jobq_job_args args = {
		.credits = 1, .limit_units = oq->rig->limit ? us % 4 : 0,
	};
	struct orch_job *job = kzalloc_obj(*job);

	if (!job || jobq_job_init(&job->base, &oq->q, &args)) {
		kfree(job);
		return NULL;
	}
	job->ns = us * NSEC_PER_USEC;
	job->log.ops = &rig_publish_ops;
	jobq_job_add_publish(&job->base, &job->log);
	return job;
}

/**
 * rig_submit() - make and commit some jobs, or end the test
 * @oq: queue
 * @num: how many
 * @us: how long each takes; 0: for ever
 *
 * Context: Process.
 */
void rig_submit(struct orch_queue *oq, unsigned int num, u64 us)
{
	struct kunit *test = oq->rig->test;
	struct jobq_job *base;
	struct orch_job *job;

	while (num--) {
		job = rig_job(oq, us);
		KUNIT_ASSERT_NOT_NULL(test, job);
		base = &job->base;
		KUNIT_ASSERT_EQ(test, jobq_job_prepare(base), 0);
		jobq_commit(&base, 1);
		jobq_job_put(base);
	}
}

/**
 * rig_sleep_us() - let time pass, not a tick more
 * @us: how much
 *
 * Context: Process.
 */
void rig_sleep_us(unsigned long us)
{
	ktime_t time = us_to_ktime(us);

	set_current_state(TASK_UNINTERRUPTIBLE);
	schedule_hrtimeout(&time, HRTIMER_MODE_REL);
}

/**
 * rig_busy_us() - how long a queue has had jobs in its ring
 * @oq: queue
 *
 * Context: Any.
 * Return: Microseconds.
 */
u64 rig_busy_us(struct orch_queue *oq)
{
	struct jobq_stats stats;

	jobq_get_stats(&oq->q, &stats);
	return div_u64(stats.busy_ns, NSEC_PER_USEC);
}

/**
 * rig_wait_signalled() - wait until a fence has signalled; fails after a minute
 * @oq: queue
 * @seqno: of its fence
 *
 * Context: Process.
 */
void rig_wait_signalled(struct orch_queue *oq, u64 seqno)
{
	int i;

	for (i = 0; i < 6000 && atomic64_read(&oq->signalled) < seqno; i++)
		usleep_range(5000, 10000);
	KUNIT_EXPECT_GE(oq->rig->test, atomic64_read(&oq->signalled), seqno);
	/* Only then a queue without jobs is idle. */
	jobq_wait_signalled(&oq->q);
}

static enum jobq_orch_state rig_state(struct orch_queue *oq)
{
	guard(spinlock_irqsave)(&oq->q.lock);
	return oq->m.state;
}

/**
 * rig_wait_state() - wait until a queue has what it should have; fails after a minute
 * @oq: queue
 * @state: a state that it stays in
 *
 * Context: Process.
 */
void rig_wait_state(struct orch_queue *oq, enum jobq_orch_state state)
{
	int i;

	for (i = 0; i < 6000 && rig_state(oq) != state; i++)
		usleep_range(5000, 10000);
	KUNIT_EXPECT_EQ(oq->rig->test, rig_state(oq), state);
}

/**
 * rig_expect_state() - check what a queue has
 * @oq: queue
 * @state: what it should have
 *
 * Context: Process.
 */
void rig_expect_state(struct orch_queue *oq, enum jobq_orch_state state)
{
	KUNIT_EXPECT_EQ(oq->rig->test, rig_state(oq), state);
}
