/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The driver of the stress test: queues and jobs that check what is promised to them.
 */
#ifndef _JOBQ_TESTS_STRESS_QUEUE_H
#define _JOBQ_TESTS_STRESS_QUEUE_H

#include <linux/atomic.h>
#include <linux/dma-fence.h>
#include <linux/mutex.h>
#include <linux/stringify.h>
#include <linux/types.h>
#include <linux/wait.h>

#include <jobq/jobq.h>
#include <jobq/jobq_job.h>
#include <jobq/jobq_publish.h>

#include "stress_ring.h"

#define STRESS_DEPS 4

/* What is counted; stress_names says it in words. */
enum stress_count {
	STRESS_MADE,
	STRESS_FREED,
	STRESS_COMMITTED,
	STRESS_SIGNALLED,
	STRESS_ROLLED_BACK,
	STRESS_ERRORS,
	STRESS_RUN,
	STRESS_NO_ROOM,
	STRESS_RUN_ERRORS,
	STRESS_HANGS,
	STRESS_RESETS,
	STRESS_NO_HANGS,
	STRESS_GONE,
	STRESS_LOST_IRQS,
	STRESS_STOPS,
	STRESS_FORCED_STOPS,
	STRESS_KILLS,
	STRESS_REMOVALS,
	STRESS_TEARDOWNS,
	STRESS_HOLDS,
	STRESS_BYSTANDER_RESETS,
	STRESS_PAUSES,
	STRESS_LATE_COMMITS,
	STRESS_QUEUES,
	STRESS_RELEASED,
	STRESS_COUNTS,
};

extern const char *const stress_names[STRESS_COUNTS];

/**
 * struct stress_world - what all queues have in common
 */
struct stress_world {
	/** @count: how often what happened */
	atomic_long_t count[STRESS_COUNTS];
	/** @total: sums of the statistics of queues that were released */
	struct {
		atomic64_t queued;
		atomic64_t run;
		atomic64_t done;
		atomic64_t cancelled;
		atomic64_t errors;
		atomic64_t timeouts;
	} total;
	/** @open: committed jobs that haven't signalled */
	atomic_t open;
	/** @low: @open below which submitters are woken */
	int low;
	/** @wq: where they wait */
	wait_queue_head_t wq;
	/** @broken: the first thing that was found wrong, or NULL */
	const char *broken;
	/** @timeout_wq: shared by some of the queues */
	struct workqueue_struct *timeout_wq;
	/** @run_worker: likewise */
	struct kthread_worker *run_worker;
};

/**
 * struct stress_queue - a queue and its ring
 */
struct stress_queue {
	/** @q: what is tested */
	struct jobq q;
	/** @world: all others */
	struct stress_world *world;
	/** @ring: the hardware */
	struct stress_ring ring;
	/** @reset_lock: who may reset the ring */
	struct mutex reset_lock;
	/** @signalled: seqno of the last fence that signalled */
	u64 signalled;
	/** @tries: calls of run_job */
	unsigned int tries;
	/** @in_run: calls of run_job and doorbell that are running */
	atomic_t in_run;
	/** @in_hw_op: calls of timedout, stop and force_stop that are running */
	atomic_t in_hw_op;
	/** @ended: its teardown is over */
	bool ended;
};

/**
 * struct stress_job - a job that knows what should become of it
 */
struct stress_job {
	/** @base: what is tested */
	struct jobq_job base;
	/** @log: publishing it puts @cb on the fence */
	struct jobq_publish log;
	/** @cb: counts and checks */
	struct dma_fence_cb cb;
	/** @deps: what has to have signalled when it runs; counted */
	struct dma_fence *deps[STRESS_DEPS];
	/** @num_deps: how many of them */
	unsigned int num_deps;
	/** @earlier: the same with a job; NULL: none. The library has the reference */
	struct jobq_job *earlier;
	/** @error: what job_error says */
	int error;
	/** @run_error: what run_job says */
	int run_error;
	/** @hang: it hangs the ring */
	bool hang;
	/** @committed: its fence was published */
	bool committed;
	/** @signals: how often its fence signalled */
	atomic_t signals;
};

void stress_check(struct stress_world *world, bool ok, const char *what);
#define STRESS_CHECK(world, condition) \
	stress_check(world, condition, __stringify(condition))

struct stress_queue *stress_queue_create(struct stress_world *world, unsigned int kind);
void stress_queue_end(struct stress_queue *sq);
void stress_queue_remove(struct stress_queue *sq);
void stress_queue_bystander_reset(struct stress_queue *sq);

struct stress_job *stress_job_create(struct stress_queue *sq,
				     const struct jobq_job_args *args, int *ret_error);

static inline void stress_note(struct stress_world *world, enum stress_count what)
{
	atomic_long_inc(&world->count[what]);
}

#endif
