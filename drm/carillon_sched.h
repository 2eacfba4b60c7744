/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is needed of the library that keeps the jobs.
 */
#ifndef _CARILLON_SCHED_H
#define _CARILLON_SCHED_H

#include <linux/compiler_attributes.h>
#include <linux/types.h>

struct carillon_device;
struct carillon_job;
struct carillon_queue;
struct dma_fence;
struct jobq_publish;

/* How long a ring that was asked to stop may take for it. */
#define CARILLON_STOP_TIMEOUT_MS	500

/**
 * enum carillon_verdict - what was done about a job that took too long
 * @CARILLON_NO_HANG: nothing: it lives, has ended, or its queue was killed
 * @CARILLON_RESET: its ring was reset and is empty: the job is to end with -ETIME,
 *	those behind it are to be run again
 * @CARILLON_GONE: the device isn't there: the queue is to be killed with -ENODEV
 */
enum carillon_verdict {
	CARILLON_NO_HANG,
	CARILLON_RESET,
	CARILLON_GONE,
};

/**
 * struct carillon_sched_stats - counters of a queue since it was made
 * @queued: jobs committed
 * @run: times that a job was put on the ring, again after a reset included
 * @done: jobs that the device reported complete
 * @cancelled: jobs that were ended without that
 * @errors: jobs among both whose fence has an error
 * @timeouts: times that a job was looked at because it took too long
 * @hw_waits: times that the ring was made to wait for a job of another one
 */
struct carillon_sched_stats {
	u64 queued;
	u64 run;
	u64 done;
	u64 cancelled;
	u64 errors;
	u64 timeouts;
	u64 hw_waits;
};

/**
 * struct carillon_sched_ops - a library between the ioctls and the rings
 *
 * It allocates queues and jobs, with our structs in them, and counts references to
 * them. It runs jobs with carillon_job_push() and carillon_job_doorbell(), finds out how
 * they ended with carillon_job_result(), calls carillon_reset_timedout(),
 * carillon_reset_stop() and carillon_reset_force_stop() on &carillon_device.reset_wq, and
 * carillon_queue_fini() when the last reference is gone.
 *
 * Fences of a queue signal in the order of its jobs.
 */
struct carillon_sched_ops {
	/** @name: as the module parameter has it */
	const char *name;

	/**
	 * @queue_create: A queue for @slots jobs on its ring, and the first
	 * reference to it. @name is what user space sees of its fences; copied.
	 *
	 * Context: Process.
	 * Return: The queue, zeroed what is ours; -ENOMEM.
	 */
	struct carillon_queue *(*queue_create)(struct carillon_device *cdev, const char *name,
					       u32 slots);
	/** @queue_get: Context: Any. */
	void (*queue_get)(struct carillon_queue *q);
	/** @queue_put: The last one comes after @queue_teardown. Context: Process. */
	void (*queue_put)(struct carillon_queue *q);

	/**
	 * @queue_kill: Cancel all jobs, now and from now on; those on the ring when
	 * it has been stopped, which is set off. The first @error counts.
	 *
	 * Context: Process; doesn't wait. ring_mutex, queues_mutex may be held.
	 */
	void (*queue_kill)(struct carillon_queue *q, int error);
	/**
	 * @queue_teardown: Kill the queue with -ECANCELED, unless it was killed, and
	 * wait for its end: all fences have signalled, nothing calls us.
	 *
	 * Context: Process, sleeps for a bounded time.
	 */
	void (*queue_teardown)(struct carillon_queue *q);
	/** @queue_error: What it was killed with, or 0. Context: Any. */
	int (*queue_error)(struct carillon_queue *q);
	/** @queue_stats: Context: Any. */
	void (*queue_stats)(struct carillon_queue *q, struct carillon_sched_stats *ret_stats);

	/**
	 * @queue_complete: The ring reports all jobs up to @seqno as ended.
	 *
	 * Context: Any, hard interrupts included.
	 * Return: 0; -ERANGE: no such job was run, nothing was done.
	 */
	int (*queue_complete)(struct carillon_queue *q, u64 seqno);
	/**
	 * @queue_stopped: The ring of a queue that was killed does nothing any more;
	 * what it had done was reported before.
	 *
	 * Context: Any, hard interrupts included.
	 */
	void (*queue_stopped)(struct carillon_queue *q);

	/** @queue_hold: Put nothing on the ring until @queue_release. Nests. Context: Process. */
	void (*queue_hold)(struct carillon_queue *q);
	/** @queue_release: Ends one @queue_hold. Context: Process. */
	void (*queue_release)(struct carillon_queue *q);
	/**
	 * @queue_settle: Wait until what was reported so far has signalled; nobody
	 * looks at results of the ring then.
	 *
	 * Context: Process; the queue is held, or in carillon_reset_timedout().
	 */
	void (*queue_settle)(struct carillon_queue *q);
	/**
	 * @queue_drain: Wait until the ring is empty, what was on it has signalled,
	 * and nobody is looking at a job that took too long. As long as the queue is
	 * held, that stays so.
	 *
	 * Context: Process; the queue is held, queues_mutex isn't.
	 * Return: 0, or -ETIMEDOUT after @timeout_ms.
	 */
	int (*queue_drain)(struct carillon_queue *q, unsigned int timeout_ms);
	/**
	 * @queue_oldest: Which of the jobs on the ring is the oldest: @ret_pos gets its
	 * &carillon_job.pos.
	 *
	 * Context: Any.
	 * Return: false if there is none.
	 */
	bool (*queue_oldest)(struct carillon_queue *q, u32 *ret_pos);
	/**
	 * @queue_replay: The ring was reset, and hadn't begun with any job: what was
	 * there is run again, in the same order.
	 *
	 * Context: Process; the queue is held, or in carillon_reset_timedout().
	 */
	void (*queue_replay)(struct carillon_queue *q);

	/**
	 * @job_create: A job for @q, to which it has a reference. @flags are those of
	 * &drm_carillon_job.
	 *
	 * Context: Process.
	 * Return: The job, zeroed what is ours; -ENOMEM, or why @q takes no jobs.
	 */
	struct carillon_job *(*job_create)(struct carillon_queue *q, u32 flags, u64 client_id);
	/** @job_put: Without @commit it rolls back. NULL is fine. Context: Process. */
	void (*job_put)(struct carillon_job *job);
	/**
	 * @job_add_dep: Consumes @fence in success and error. NULL is none.
	 *
	 * Context: Process.
	 * Return: 0 or -ENOMEM.
	 */
	int (*job_add_dep)(struct carillon_job *job, struct dma_fence *fence);
	/**
	 * @job_add_dep_job: As @job_add_dep, of a job that has no fence yet: it is
	 * committed together with @job, before it.
	 *
	 * Context: Process.
	 * Return: 0 or -ENOMEM.
	 */
	int (*job_add_dep_job)(struct carillon_job *job, struct carillon_job *earlier);
	/** @job_add_publish: Where the fence is to go; consumes @p. Context: Process. */
	void (*job_add_publish)(struct carillon_job *job, struct jobq_publish *p);
	/**
	 * @job_prepare: Do all that can fail. @ret_ready is what @commit needs.
	 *
	 * Context: Process.
	 * Return: 0 or -ENOMEM.
	 */
	int (*job_prepare)(struct carillon_job *job, void **ret_ready);
	/**
	 * @commit: Submit @num jobs, of any queues, in this order; can't fail. Those of
	 * queues that were killed are cancelled. Takes references of its own.
	 *
	 * Context: Process.
	 */
	void (*commit)(void **ready, unsigned int num);
	/** @job_has_ended: The device has reported it complete. Context: Any. */
	bool (*job_has_ended)(struct carillon_job *job);
};

extern const struct carillon_sched_ops carillon_sched_jobq;
extern const struct carillon_sched_ops carillon_sched_drm;

const char *carillon_sched_name(void);
const struct carillon_sched_ops *carillon_sched_find(void);

#endif
