// SPDX-License-Identifier: GPL-2.0
/*
 * The driver of the stress test. It is written like a real one (interrupt, reset
 * lock, firmware that stops late or never), and checks each promise of the library
 * where it is made use of.
 */

#include <linux/cleanup.h>
#include <linux/dma-fence-unwrap.h>
#include <linux/errno.h>
#include <linux/irqflags.h>
#include <linux/kconfig.h>
#include <linux/limits.h>
#include <linux/slab.h>

#include <dfence/dfence.h>

#include "stress_queue.h"

#define STRESS_CREDITS		12
#define STRESS_TIMEOUT_MS	50
#define STRESS_STOP_MS		20
/* One call of run_job of so many finds no room, one reset fails. */
#define STRESS_NO_ROOM_EVERY	31
#define STRESS_GONE_EVERY	8

const char *const stress_names[STRESS_COUNTS] = {
	[STRESS_MADE] = "jobs made",
	[STRESS_FREED] = "jobs freed",
	[STRESS_COMMITTED] = "committed",
	[STRESS_SIGNALLED] = "signalled",
	[STRESS_ROLLED_BACK] = "rolled back",
	[STRESS_ERRORS] = "with an error",
	[STRESS_RUN] = "run_job",
	[STRESS_NO_ROOM] = "-EBUSY of run_job",
	[STRESS_RUN_ERRORS] = "errors of run_job",
	[STRESS_HANGS] = "timeouts of a ring that hangs",
	[STRESS_RESETS] = "resets",
	[STRESS_NO_HANGS] = "timeouts without hang",
	[STRESS_GONE] = "devices gone at a timeout",
	[STRESS_LOST_IRQS] = "interrupts lost",
	[STRESS_STOPS] = "stops asked for",
	[STRESS_FORCED_STOPS] = "stops forced",
	[STRESS_KILLS] = "kills",
	[STRESS_REMOVALS] = "surprise removals",
	[STRESS_TEARDOWNS] = "teardowns",
	[STRESS_HOLDS] = "stops and starts",
	[STRESS_BYSTANDER_RESETS] = "resets of bystanders",
	[STRESS_PAUSES] = "timeouts suspended",
	[STRESS_LATE_COMMITS] = "commits to dead queues",
	[STRESS_QUEUES] = "queues made",
	[STRESS_RELEASED] = "queues released",
};

static struct stress_queue *to_stress_queue(struct jobq *q)
{
	return container_of(q, struct stress_queue, q);
}

static struct stress_job *to_stress_job(struct jobq_job *job)
{
	return container_of(job, struct stress_job, base);
}

/**
 * stress_check() - note what is wrong
 * @world: where to
 * @ok: nothing is
 * @what: in words
 *
 * Context: Any.
 */
void stress_check(struct stress_world *world, bool ok, const char *what)
{
	if (!ok)
		cmpxchg(&world->broken, NULL, what);
}

static void stress_check_ready(struct stress_world *world, struct stress_job *job)
{
	u64 own = jobq_job_fence(&job->base)->context;
	struct dma_fence_unwrap iter;
	struct dma_fence *fence;
	unsigned int i;

	/* What the own queue has run before is still before it in the ring. */
	for (i = 0; i < job->num_deps; i++)
		dma_fence_unwrap_for_each(fence, &iter, job->deps[i])
			STRESS_CHECK(world, fence->context == own ||
				     dma_fence_is_signaled(fence));
	if (job->earlier)
		STRESS_CHECK(world, dma_fence_is_signaled(jobq_job_fence(job->earlier)));
}

static int stress_write(struct stress_queue *sq, struct stress_job *job)
{
	struct stress_world *world = sq->world;

	if (!(++sq->tries % STRESS_NO_ROOM_EVERY)) {
		stress_note(world, STRESS_NO_ROOM);
		return -EBUSY;
	}
	if (job->run_error) {
		stress_note(world, STRESS_RUN_ERRORS);
		return job->run_error;
	}
	if (!stress_ring_write(&sq->ring, jobq_job_seqno(&job->base), job->hang)) {
		stress_note(world, STRESS_NO_ROOM);
		return -EBUSY;
	}
	stress_note(world, STRESS_RUN);
	return 0;
}

static int stress_run_job(struct jobq *q, struct jobq_job *base)
{
	struct stress_queue *sq = to_stress_queue(q);
	struct stress_world *world = sq->world;
	int ret;

	STRESS_CHECK(world, atomic_inc_return(&sq->in_run) == 1);
	STRESS_CHECK(world, !atomic_read(&sq->in_hw_op));
	STRESS_CHECK(world, !READ_ONCE(sq->ended));
	if (q->flags & JOBQ_RUN_ATOMIC)
		STRESS_CHECK(world, irqs_disabled() || IS_ENABLED(CONFIG_PREEMPT_RT));
	else
		might_sleep();
	stress_check_ready(world, to_stress_job(base));
	ret = stress_write(sq, to_stress_job(base));
	atomic_dec(&sq->in_run);
	return ret;
}

static void stress_doorbell(struct jobq *q)
{
	struct stress_queue *sq = to_stress_queue(q);

	STRESS_CHECK(sq->world, atomic_inc_return(&sq->in_run) == 1);
	STRESS_CHECK(sq->world, !READ_ONCE(sq->ended));
	stress_ring_doorbell(&sq->ring);
	atomic_dec(&sq->in_run);
}

static int stress_job_error(struct jobq *q, struct jobq_job *base)
{
	struct stress_job *job = to_stress_job(base);
	struct stress_queue *sq = to_stress_queue(q);

	STRESS_CHECK(sq->world, jobq_job_seqno(base) <= stress_ring_executed(&sq->ring));
	STRESS_CHECK(sq->world, !atomic_read(&job->signals));
	return job->error;
}

static void stress_job_free(struct jobq_job *base)
{
	struct stress_world *world = to_stress_queue(base->q)->world;
	struct stress_job *job = to_stress_job(base);
	unsigned int i;

	might_sleep();
	STRESS_CHECK(world, atomic_read(&job->signals) == job->committed);
	for (i = 0; i < job->num_deps; i++)
		dma_fence_put(job->deps[i]);
	kfree(job);
	stress_note(world, STRESS_FREED);
}

/* Around the ops that take the ring away: one at a time, and nothing is run meanwhile. */
static void stress_hw_op_begin(struct stress_queue *sq)
{
	might_sleep();
	STRESS_CHECK(sq->world, atomic_inc_return(&sq->in_hw_op) == 1);
	STRESS_CHECK(sq->world, !atomic_read(&sq->in_run));
	STRESS_CHECK(sq->world, !READ_ONCE(sq->ended));
}

static void stress_hw_op_end(struct stress_queue *sq)
{
	STRESS_CHECK(sq->world, !atomic_read(&sq->in_run));
	atomic_dec(&sq->in_hw_op);
}

struct stress_visit {
	struct stress_world *world;
	u64 last;
};

static void stress_visit(struct jobq_job *job, void *arg)
{
	struct stress_visit *visit = arg;

	STRESS_CHECK(visit->world, jobq_job_seqno(job) > visit->last);
	visit->last = jobq_job_seqno(job);
}

/* The jobs in the ring, oldest first; the guilty one is what the hardware hangs at. */
static void stress_check_guilty(struct stress_queue *sq, struct jobq_job *job, bool hung)
{
	struct stress_visit visit = { .world = sq->world };
	u64 seqno = jobq_job_seqno(job);

	jobq_visit_running(&sq->q, stress_visit, &visit);
	if (hung && seqno > stress_ring_executed(&sq->ring))
		STRESS_CHECK(sq->world, to_stress_job(job)->hang);
}

static enum jobq_verdict stress_verdict(struct stress_queue *sq, struct jobq_job *job)
{
	bool hung;

	guard(mutex)(&sq->reset_lock);
	hung = stress_ring_quiesce(&sq->ring);
	stress_check_guilty(sq, job, hung);
	if (!hung) {
		/* Slow, or the interrupt was lost; the job may be done by now. */
		stress_note(sq->world, STRESS_NO_HANGS);
		stress_ring_doorbell(&sq->ring);
		return JOBQ_NO_HANG;
	}
	if (!(atomic_long_inc_return(&sq->world->count[STRESS_HANGS]) % STRESS_GONE_EVERY)) {
		stress_note(sq->world, STRESS_GONE);
		stress_ring_disable(&sq->ring);
		return JOBQ_GONE;
	}
	stress_note(sq->world, STRESS_RESETS);
	jobq_wait_signalled(&sq->q);
	stress_ring_clear(&sq->ring);
	return JOBQ_RESET;
}

static enum jobq_verdict stress_timedout(struct jobq *q, struct jobq_job *job)
{
	struct stress_queue *sq = to_stress_queue(q);
	enum jobq_verdict verdict;

	stress_hw_op_begin(sq);
	verdict = stress_verdict(sq, job);
	stress_hw_op_end(sq);
	return verdict;
}

/* The firmware answers at once, later, or not at all. */
static void stress_stop(struct jobq *q)
{
	struct stress_queue *sq = to_stress_queue(q);

	stress_hw_op_begin(sq);
	stress_note(sq->world, STRESS_STOPS);
	switch (sq->tries % 3) {
	case 0:
		stress_ring_disable(&sq->ring);
		jobq_stopped(q);
		break;
	case 1:
		stress_ring_ask_stop(&sq->ring);
		break;
	default:
		stress_ring_freeze(&sq->ring);
	}
	stress_hw_op_end(sq);
}

static void stress_force_stop(struct jobq *q)
{
	struct stress_queue *sq = to_stress_queue(q);

	stress_hw_op_begin(sq);
	stress_note(sq->world, STRESS_FORCED_STOPS);
	stress_ring_disable(&sq->ring);
	stress_hw_op_end(sq);
}

/* Everything of it has ended: what is left to look at is what it has counted. */
static void stress_release(struct jobq *q)
{
	struct stress_queue *sq = to_stress_queue(q);
	struct stress_world *world = sq->world;
	struct jobq_stats *stats = &q->stats;

	STRESS_CHECK(world, sq->ended);
	STRESS_CHECK(world, q->state == JOBQ_DEAD);
	STRESS_CHECK(world, q->credits == STRESS_CREDITS);
	STRESS_CHECK(world, !q->num_running && !q->num_pending);
	STRESS_CHECK(world, list_empty(&q->pending) && list_empty(&q->inflight));
	STRESS_CHECK(world, list_empty(&q->done));
	STRESS_CHECK(world, stats->queued == stats->done + stats->cancelled);
	STRESS_CHECK(world, !sq->ring.broken);
	atomic64_add(stats->queued, &world->total.queued);
	atomic64_add(stats->run, &world->total.run);
	atomic64_add(stats->done, &world->total.done);
	atomic64_add(stats->cancelled, &world->total.cancelled);
	atomic64_add(stats->errors, &world->total.errors);
	atomic64_add(stats->timeouts, &world->total.timeouts);
	atomic_long_add(sq->ring.lost, &world->count[STRESS_LOST_IRQS]);
	mutex_destroy(&sq->reset_lock);
	kfree(sq);
	stress_note(world, STRESS_RELEASED);
}

static const struct jobq_ops stress_ops = {
	.run_job = stress_run_job,
	.doorbell = stress_doorbell,
	.job_error = stress_job_error,
	.job_free = stress_job_free,
	.timedout = stress_timedout,
	.stop = stress_stop,
	.force_stop = stress_force_stop,
	.release = stress_release,
};

/**
 * stress_queue_create() - make a queue
 * @world: of which it is part
 * @kind: queues of different kinds have different flags, workers, first seqnos
 *
 * Context: Process.
 * Return: The queue, with a reference, or NULL.
 */
struct stress_queue *stress_queue_create(struct stress_world *world, unsigned int kind)
{
	const struct jobq_args args = {
		.ops = &stress_ops,
		.driver_name = "stress",
		.name = "stress",
		.flags = (kind & 1 ? JOBQ_RUN_ATOMIC : 0) |
			 (kind & 2 ? JOBQ_CANCEL_INNOCENT : 0),
		.credits = STRESS_CREDITS,
		.first_seqno = kind & 4 ? U32_MAX - 20ULL : 1,
		.timeout_ms = STRESS_TIMEOUT_MS,
		.stop_timeout_ms = STRESS_STOP_MS,
		.timeout_wq = kind & 8 ? world->timeout_wq : NULL,
		.run_worker = kind & 16 ? world->run_worker : NULL,
	};
	struct stress_queue *sq = kzalloc_obj(*sq);

	if (!sq)
		return NULL;
	sq->world = world;
	sq->signalled = args.first_seqno - 1;
	mutex_init(&sq->reset_lock);
	if (jobq_init(&sq->q, &args)) {
		kfree(sq);
		return NULL;
	}
	stress_ring_init(&sq->ring, &sq->q, args.first_seqno);
	stress_note(world, STRESS_QUEUES);
	return sq;
}

/**
 * stress_queue_end() - tear a queue down and put the reference of its creation
 * @sq: queue; others may go on using theirs
 *
 * Context: Process, sleeps.
 */
void stress_queue_end(struct stress_queue *sq)
{
	stress_note(sq->world, STRESS_TEARDOWNS);
	jobq_teardown(&sq->q);
	WRITE_ONCE(sq->ended, true);
	STRESS_CHECK(sq->world, jobq_state(&sq->q) == JOBQ_DEAD);
	/* Our own calls of the library have to end, too. */
	hrtimer_cancel(&sq->ring.irq);
	jobq_put(&sq->q);
}

/**
 * stress_queue_remove() - the device is gone all of a sudden
 * @sq: queue
 *
 * Context: Any.
 */
void stress_queue_remove(struct stress_queue *sq)
{
	stress_note(sq->world, STRESS_REMOVALS);
	stress_ring_disable(&sq->ring);
	jobq_kill(&sq->q, -ENODEV);
	jobq_stopped(&sq->q);
}

/**
 * stress_queue_bystander_reset() - reset a ring for no fault of its own
 * @sq: queue
 *
 * Context: Process, sleeps.
 */
void stress_queue_bystander_reset(struct stress_queue *sq)
{
	stress_note(sq->world, STRESS_BYSTANDER_RESETS);
	/* As in timedout, where the lock is taken inside. */
	guard(dfence_signalling)();
	guard(mutex)(&sq->reset_lock);
	jobq_stop(&sq->q);
	stress_ring_quiesce(&sq->ring);
	jobq_wait_signalled(&sq->q);
	stress_ring_clear(&sq->ring);
	jobq_reset(&sq->q, NULL);
	jobq_start(&sq->q);
}

static void stress_fired(struct dma_fence *fence, struct dma_fence_cb *cb)
{
	struct stress_job *job = container_of(cb, struct stress_job, cb);
	struct stress_queue *sq = to_stress_queue(job->base.q);
	struct stress_world *world = sq->world;

	STRESS_CHECK(world, atomic_inc_return(&job->signals) == 1);
	/* In order, and not while the hardware can write to the job's buffers. */
	STRESS_CHECK(world, fence->seqno == sq->signalled + 1);
	sq->signalled = fence->seqno;
	STRESS_CHECK(world, !stress_ring_holds(&sq->ring, fence->seqno));
	if (fence->error)
		stress_note(world, STRESS_ERRORS);
	else
		STRESS_CHECK(world, fence->seqno <= stress_ring_executed(&sq->ring));
	if (job->error || job->run_error || job->hang)
		STRESS_CHECK(world, fence->error);
	else if (!(job->base.flags & JOBQ_JOB_DEP_ERRORS))
		STRESS_CHECK(world, fence->error != -ETIME);
	stress_note(world, STRESS_SIGNALLED);
	if (atomic_dec_return(&world->open) == world->low)
		wake_up_all(&world->wq);
}

static void stress_publish(struct jobq_publish *p, struct dma_fence *fence)
{
	struct stress_job *job = container_of(p, struct stress_job, log);
	struct stress_world *world = to_stress_queue(job->base.q)->world;

	STRESS_CHECK(world, !job->committed);
	job->committed = true;
	/* None can have signalled before it was published. */
	STRESS_CHECK(world, !dma_fence_add_callback(fence, &job->cb, stress_fired));
}

static void stress_publish_free(struct jobq_publish *p)
{
	/* It is part of the job. */
}

static const struct jobq_publish_ops stress_publish_ops = {
	.publish = stress_publish,
	.free = stress_publish_free,
};

/**
 * stress_job_create() - make a job
 * @sq: its queue
 * @args: for jobq_job_init()
 * @ret_error: what that said, if it failed
 *
 * Context: Process.
 * Return: The job, which depends on nothing, or NULL.
 */
struct stress_job *stress_job_create(struct stress_queue *sq,
				     const struct jobq_job_args *args, int *ret_error)
{
	struct stress_job *job = kzalloc_obj(*job);

	*ret_error = job ? jobq_job_init(&job->base, &sq->q, args) : -ENOMEM;
	if (*ret_error) {
		kfree(job);
		return NULL;
	}
	stress_note(sq->world, STRESS_MADE);
	job->log.ops = &stress_publish_ops;
	jobq_job_add_publish(&job->base, &job->log);
	return job;
}
