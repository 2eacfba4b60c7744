/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Jobs: what a queue runs, what they wait for, and how they are committed.
 *
 * The sequence in a driver's submit ioctl:
 *
 *	jobq_job_init()		state NEW
 *	jobq_job_add_dep*()	as many as needed
 *	jobq_job_add_signal*()	as many as needed (jobq_publish.h)
 *	jobq_job_prepare()	the last call that can fail; state PREPARED
 *	copy_to_user()		numbers of sync_file fds
 *	jobq_commit()		can't fail; state PENDING
 *	jobq_job_put()		the caller's reference
 *
 * jobq_job_put() instead of jobq_commit() rolls everything back without a trace.
 */
#ifndef _JOBQ_JOBQ_JOB_H
#define _JOBQ_JOBQ_JOB_H

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/compiler_attributes.h>
#include <linux/kref.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/types.h>

struct dfence;
struct dma_fence;
struct drm_file;
struct jobq;
struct jobq_dep;

/**
 * enum jobq_job_state - the life of a job
 * @JOBQ_JOB_NEW: being put together
 * @JOBQ_JOB_PREPARED: nothing left that can fail
 * @JOBQ_JOB_PENDING: committed, has a seqno and a published fence
 * @JOBQ_JOB_RUNNING: given to the hardware
 * @JOBQ_JOB_DONE: the hardware reported it complete; the fence signals
 * @JOBQ_JOB_CANCELLED: ended by the queue with an error; the fence signals once
 *	those of all earlier jobs of the queue have
 *
 * ::
 *
 *	NEW --> PREPARED --> PENDING --> RUNNING --> DONE
 *	 |         |            | ^         |
 *	 |         |            | +-replay--+
 *	 v         v            +-----------+------> CANCELLED
 *	freed: rolled back
 */
enum jobq_job_state {
	JOBQ_JOB_NEW,
	JOBQ_JOB_PREPARED,
	JOBQ_JOB_PENDING,
	JOBQ_JOB_RUNNING,
	JOBQ_JOB_DONE,
	JOBQ_JOB_CANCELLED,
};

/**
 * DOC: jobq job flags
 *
 * %JOBQ_JOB_DEP_ERRORS - if a dependency signals with an error the job doesn't
 * run and its fence gets that error. Without this flag errors of dependencies
 * are ignored: the job runs.
 */
#define JOBQ_JOB_DEP_ERRORS	BIT(0)

/**
 * struct jobq_job_args - arguments of jobq_job_init()
 */
struct jobq_job_args {
	/** @credits: Room that the job takes in the ring; 0 is allowed. */
	u32 credits;
	/** @limit_units: What it takes of &jobq_args.limit; 0 is allowed. */
	u32 limit_units;
	/** @flags: %JOBQ_JOB_DEP_ERRORS */
	unsigned int flags;
	/** @client_id: &drm_file.client_id, for tracepoints. */
	u64 client_id;
};

/**
 * struct jobq_job - one job
 *
 * Embedded in the driver's job object. All members are private to the library.
 * Legend: C: owned by the caller until jobq_commit(), read only afterwards; L:
 * &jobq.lock.
 */
struct jobq_job {
	/** @ref: References: the driver's, and one of the queue until retired. */
	struct kref ref;
	/** @q: C: counted reference. */
	struct jobq *q;
	/** @state: C, then L */
	enum jobq_job_state state;
	/** @flags: C */
	unsigned int flags;
	/** @credits: C */
	u32 credits;
	/** @limit_units: C: of &jobq.limit. */
	u32 limit_units;
	/** @has_units: L: it has them. */
	bool has_units;
	/** @client_id: C */
	u64 client_id;
	/** @fence: C: allocated by prepare; the issuer's reference until signalled. */
	struct dfence *fence;
	/** @base: C: consumers' view of the fence, counted; NULL before commit. */
	struct dma_fence *base;
	/** @deps: C: dependencies, @num_deps of them; gone once retired. */
	struct jobq_dep *deps;
	/** @num_deps: C */
	unsigned int num_deps;
	/** @max_deps: C: allocated size of @deps. */
	unsigned int max_deps;
	/** @num_lowered: C: how many of @deps the hardware can wait for. */
	unsigned int num_lowered;
	/** @deps_left: Dependencies that hold it back, and 1 until committed. */
	atomic_t deps_left;
	/** @dep_error: First error seen from a dependency. */
	int dep_error;
	/** @publish: C: list of &struct jobq_publish. */
	struct list_head publish;
	/** @waiters: L: dependencies of jobs that wait until this one is in its ring. */
	struct hlist_head waiters;
	/** @in_ring: L: on &jobq.in_ring, if it is and the first of @waiters wasn't told. */
	struct hlist_node in_ring;
	/** @node: L: on &jobq.pending, &jobq.inflight or &jobq.done. */
	struct list_head node;
	/** @seqno: C: set at commit. */
	u64 seqno;
	/** @committing: C, then L: jobq_commit() works on it. */
	bool committing;
	/** @awaited: Set once another job depends on it by jobq_job_add_dep_job(). */
	bool awaited;
	/** @left_ring: L: it was in the ring and taken out, by a reset or a kill. */
	bool left_ring;
	/** @error: L: valid in state CANCELLED; then owned by the signaller. */
	int error;
	/** @queued_at: L: time of commit. */
	ktime_t queued_at;
	/** @run_at: L: time of the latest run_job. */
	ktime_t run_at;
};

/*
 * The full contract of each function stands with its definition in sched/.
 * All may sleep, except where A stands for: any context.
 */

/*
 * Takes a reference to @q; the caller gets the first one of @job. -EINVAL; -E2BIG:
 * more credits than the ring has, or units than the limit; the queue's error if it
 * was killed. In error @job is as before: the caller frees it itself.
 */
int __must_check jobq_job_init(struct jobq_job *job, struct jobq *q,
			       const struct jobq_job_args *args);
/* A. Returns @job. */
struct jobq_job *jobq_job_get(struct jobq_job *job);
/* NULL is fine. The last one frees; without a commit it rolls back. */
void jobq_job_put(struct jobq_job *job);

/* Consumes @fence, in success and error. NULL means no dependency. -ENOMEM. */
int __must_check jobq_job_add_dep(struct jobq_job *job, struct dma_fence *fence);
/*
 * Wait for the fence that @earlier is going to have: committed before, or in the
 * same jobq_commit() at a lower index. Takes a reference. -EINVAL: @earlier is
 * @job; -ELOOP: another job depends on @job; -ENOMEM.
 */
int __must_check jobq_job_add_dep_job(struct jobq_job *job,
				      struct jobq_job *earlier);
/*
 * Binary (point 0) or timeline. -ENOENT: no such handle; -EINVAL: no fence or
 * point there yet; -ENOMEM.
 */
int __must_check jobq_job_add_dep_syncobj(struct jobq_job *job,
					  struct drm_file *file,
					  u32 handle, u64 point);
/* -EINVAL: not a sync_file; -ENOMEM. */
int __must_check jobq_job_add_dep_sync_file(struct jobq_job *job, int fd);

/* A. For drivers that find out late. -E2BIG; -EINVAL. */
int __must_check jobq_job_add_credits(struct jobq_job *job, u32 credits);
/*
 * -ENOMEM, or what hw_wait_prepare returned; in error the job stays NEW and may be
 * tried again or put.
 */
int __must_check jobq_job_prepare(struct jobq_job *job);
/*
 * All of @jobs (PREPARED, any queues, each once, none before one that it depends on)
 * get seqnos in this order, are published and queued; what can run runs, before this
 * returns unless run_job sleeps elsewhere. Takes its own references. Jobs of a killed queue are
 * cancelled: their fences signal with its error.
 */
void jobq_commit(struct jobq_job **jobs, unsigned int num_jobs);

/* A. The job's fence, borrowed from @job; NULL before commit. */
struct dma_fence *jobq_job_fence(struct jobq_job *job);
/* A. What the hardware reports when it is through; 0 before commit. */
u64 jobq_job_seqno(const struct jobq_job *job);
/* A. The queue that it is for, borrowed from @job. */
struct jobq *jobq_job_queue(const struct jobq_job *job);
/* A. A snapshot. */
enum jobq_job_state jobq_job_state(struct jobq_job *job);

#endif
