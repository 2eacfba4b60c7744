/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Queues and jobs over drm_gpu_scheduler: what both halves share.
 */
#ifndef _CARILLON_SCHED_DRM_H
#define _CARILLON_SCHED_DRM_H

#include <linux/atomic.h>
#include <linux/compiler_attributes.h>
#include <linux/container_of.h>
#include <linux/irq_work.h>
#include <linux/kref.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include <drm/gpu_scheduler.h>

#include "carillon_job.h"
#include "carillon_queue.h"
#include "carillon_sched.h"

struct carillon_ds_dep;
struct carillon_ds_job;
struct dfence;
struct dfence_ctx;

/**
 * struct carillon_ds_queue - a queue over drm_gpu_scheduler
 *
 * Locking codes: I: set at creation; L: @lock.
 */
struct carillon_ds_queue {
	/** @base: ours */
	struct carillon_queue base;
	/** @ref: the queue's references, one of each job among them */
	struct kref ref;
	/** @sched: the scheduler of the one ring; gone once @dead */
	struct drm_gpu_scheduler sched;
	/** @entity: its one entity; gone once @dead */
	struct drm_sched_entity entity;
	/** @name: I: of @sched, which doesn't copy it */
	char name[TASK_COMM_LEN + 16];
	/** @ctx: I: timeline of the jobs' fences; their numbers are those on the ring */
	struct dfence_ctx *ctx;
	/** @wait_ctx: I: timeline of what @entity waits for: one fence at a time */
	struct dfence_ctx *wait_ctx;
	/** @reset_wq: I: the device's */
	struct workqueue_struct *reset_wq;
	/** @timeout_ms: I: how long a job may be the oldest on the ring */
	unsigned int timeout_ms;

	/** @lock: what is marked L. Taken with interrupts disabled. */
	spinlock_t lock;
	/** @error: L: what it was killed with, or 0 */
	int error;
	/** @dead: L: torn down: no job is armed on @entity any more */
	bool dead;
	/** @hw_stopped: L: killed, and the ring does nothing any more */
	bool hw_stopped;
	/** @feeding: L: somebody puts jobs on the ring and looks again before leaving */
	bool feeding;
	/** @signalling: L: somebody signals fences and looks again before leaving */
	bool signalling;
	/** @unblocking: L: how many are ending a wait of @entity right now */
	unsigned int unblocking;
	/** @hold: L: nesting of &carillon_sched_ops.queue_hold */
	unsigned int hold;
	/** @num_jobs: L: jobs that are @sched's: from arming them to its free_job */
	unsigned int num_jobs;
	/** @num_running: L: jobs on @inflight that are on the ring */
	unsigned int num_running;
	/** @pending: L: committed jobs that aren't on the ring yet, in order */
	struct list_head pending;
	/** @inflight: L: jobs on the ring, cancelled ones among them, in order */
	struct list_head inflight;
	/** @last_run: L: the highest number put on the ring */
	u64 last_run;
	/** @hw_done: L: the highest number that the ring has reported */
	u64 hw_done;
	/** @head_since: L: when the oldest job on the ring became that */
	ktime_t head_since;
	/** @stats: L */
	struct carillon_sched_stats stats;
	/** @waiting: L: the job that is @entity's head and waits, or NULL */
	struct carillon_ds_job *waiting;

	/** @idle: woken when @feeding, @signalling, @unblocking, @num_jobs or @hw_stopped change */
	wait_queue_head_t idle;
	/** @irq_work: the last dependency of a job has signalled, or there's more to signal */
	struct irq_work irq_work;
	/** @stop_work: stops the ring after the kill, on @reset_wq */
	struct delayed_work stop_work;
	/** @stop_sent: @stop_work's: the ring was asked */
	bool stop_sent;
};

/**
 * enum carillon_ds_state - the life of a job
 * @CARILLON_DS_NEW: not committed
 * @CARILLON_DS_QUEUED: with the scheduler
 * @CARILLON_DS_READY: the scheduler has called run_job, or it is to be run again
 * @CARILLON_DS_RUNNING: on the ring
 * @CARILLON_DS_DONE: the ring has reported it
 * @CARILLON_DS_CANCELLED: ends with an error when those before it have ended
 */
enum carillon_ds_state {
	CARILLON_DS_NEW,
	CARILLON_DS_QUEUED,
	CARILLON_DS_READY,
	CARILLON_DS_RUNNING,
	CARILLON_DS_DONE,
	CARILLON_DS_CANCELLED,
};

/**
 * struct carillon_ds_job - a job over drm_gpu_scheduler
 *
 * Locking codes: C: the submitter's until commit, constant afterwards;
 * L: &carillon_ds_queue.lock.
 */
struct carillon_ds_job {
	/** @base: ours */
	struct carillon_job base;
	/** @ref: the submitter's reference, and the scheduler's */
	struct kref ref;
	/** @sched: the scheduler's part */
	struct drm_sched_job sched;
	/** @q: C: a reference */
	struct carillon_ds_queue *q;
	/** @cancel_on_error: C: of a dependency */
	bool cancel_on_error;
	/** @armed: C: it was given to the scheduler, whose free_job will be called */
	bool armed;
	/** @state: C, then L */
	enum carillon_ds_state state;
	/** @error: L: in state CANCELLED */
	int error;
	/** @seqno: C: on the timeline and on the ring */
	u64 seqno;
	/** @fence: C: from prepare; the issuer's reference until it signals */
	struct dfence *fence;
	/** @out: C: the same, from commit: a consumer's reference */
	struct dma_fence *out;
	/** @wait: C: what the entity waits for, unless there are no dependencies */
	struct dfence *wait;
	/** @publish: C: struct jobq_publish */
	struct list_head publish;
	/** @node: L: on a list of the queue until the fence signals */
	struct list_head node;
	/** @deps: C: @num_deps of them */
	struct carillon_ds_dep *deps;
	/** @num_deps: C */
	unsigned int num_deps;
	/** @max_deps: C: size of @deps */
	unsigned int max_deps;
	/** @deps_left: dependencies that haven't signalled, and 1 until committed */
	atomic_t deps_left;
	/** @dep_error: first error of a dependency */
	int dep_error;
};

static inline struct carillon_ds_queue *to_ds_queue(struct carillon_queue *q)
{
	return container_of(q, struct carillon_ds_queue, base);
}

static inline struct carillon_ds_job *to_ds_job(struct carillon_job *job)
{
	return container_of(job, struct carillon_ds_job, base);
}

/* carillon_sched_drm.c */
void carillon_ds_queue_get(struct carillon_queue *base);
void carillon_ds_queue_put(struct carillon_queue *base);
void carillon_ds_cancel_locked(struct carillon_ds_job *job, int error);
void carillon_ds_run(struct carillon_ds_queue *q);
void carillon_ds_unblock(struct carillon_ds_queue *q);

/* carillon_sched_drm_job.c */
struct carillon_job *carillon_ds_job_create(struct carillon_queue *base, u32 flags,
					    u64 client_id);
void carillon_ds_job_put(struct carillon_job *base);
int carillon_ds_job_prepare(struct carillon_job *base, void **ret_ready);
void carillon_ds_job_add_publish(struct carillon_job *base, struct jobq_publish *p);
void carillon_ds_commit(void **ready, unsigned int num);
bool carillon_ds_job_has_ended(struct carillon_job *base);
struct dma_fence *carillon_ds_job_wait_fence(struct drm_sched_job *sched_job,
					     struct drm_sched_entity *entity);
struct dma_fence *carillon_ds_job_run(struct drm_sched_job *sched_job);
void carillon_ds_job_free(struct drm_sched_job *sched_job);

/* carillon_sched_drm_deps.c */
int carillon_ds_job_add_dep(struct carillon_job *base, struct dma_fence *fence);
int carillon_ds_job_add_dep_job(struct carillon_job *base, struct carillon_job *earlier);
void carillon_ds_deps_register(struct carillon_ds_job *job);
void carillon_ds_deps_fini(struct carillon_ds_job *job);

#endif
