/* SPDX-License-Identifier: GPL-2.0 */
/*
 * jobq: a queue of jobs for hardware whose firmware does the scheduling.
 *
 * One &struct jobq per ring. This header has the queue; jobq_job.h has jobs,
 * their dependencies and jobq_commit(); jobq_publish.h has out-fences;
 * jobq_limit.h has limits that several queues share.
 */
#ifndef _JOBQ_JOBQ_H
#define _JOBQ_JOBQ_H

#include <linux/bits.h>
#include <linux/compiler_attributes.h>
#include <linux/irq_work.h>
#include <linux/kref.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

struct device;
struct dfence_ctx;
struct jobq;
struct jobq_dep;
struct jobq_job;
struct jobq_limit;
struct jobq_orch_member;

/**
 * enum jobq_state - what a queue does with its jobs
 * @JOBQ_RUNNING: ready jobs are run
 * @JOBQ_STOPPED: jobs are accepted and kept, none is run (jobq_stop())
 * @JOBQ_KILLED: every job that doesn't run on the hardware yet is cancelled,
 *	also those committed from now on; the hardware is being stopped
 * @JOBQ_DEAD: all committed fences have signalled, nothing of the queue runs
 *
 * ::
 *
 *	RUNNING <-> STOPPED
 *	   |           |
 *	   +-----+-----+
 *	         v
 *	      KILLED --> DEAD
 */
enum jobq_state {
	JOBQ_RUNNING,
	JOBQ_STOPPED,
	JOBQ_KILLED,
	JOBQ_DEAD,
};

/**
 * enum jobq_verdict - a driver's answer to &jobq_ops.timedout
 * @JOBQ_NO_HANG: the job is alive, give it another timeout period
 * @JOBQ_RESET: the ring was reset: it is empty, and the hardware doesn't touch
 *	the memory of its jobs any more. The job that timed out gets -ETIME,
 *	the other ones are run again or cancelled (%JOBQ_CANCEL_INNOCENT)
 * @JOBQ_GONE: the device is gone and does no DMA any more: the queue is killed
 *	with -ENODEV
 */
enum jobq_verdict {
	JOBQ_NO_HANG,
	JOBQ_RESET,
	JOBQ_GONE,
};

/**
 * DOC: jobq flags
 *
 * %JOBQ_RUN_ATOMIC - &jobq_ops.run_job and &jobq_ops.doorbell don't sleep: they
 * are called with interrupts disabled (but not on PREEMPT_RT), from the
 * submitter, from irq_work and from the completion interrupt. Without this flag
 * they are called in process context: directly from the submitter, or from the
 * queue's worker.
 *
 * %JOBQ_CANCEL_INNOCENT - after a reset, jobs that were in the ring behind the
 * guilty one are cancelled with -ECANCELED instead of being run again.
 */
#define JOBQ_RUN_ATOMIC		BIT(0)
#define JOBQ_CANCEL_INNOCENT	BIT(1)

/**
 * struct jobq_ops - what a driver does for its queues
 *
 * No op is called with a spinlock of the queue held, &jobq_ops.job_error included.
 * @timedout, @stop and @force_stop of a queue are never called at the same time.
 * No op is called after jobq_teardown() has returned, but @job_free of jobs to
 * which the driver still has references, or a job of another queue has
 * (jobq_job_add_dep_job()), and @release, after the last of them.
 */
struct jobq_ops {
	/**
	 * @run_job: Mandatory. Write the job to the ring. The hardware shall
	 * report jobq_job_seqno() when it is through.
	 *
	 * Called once per job, in seqno order, one call at a time per queue; once
	 * more after each reset that finds the job in the ring. The caller holds
	 * a reference to @job. The job may be reported complete before this
	 * returns.
	 *
	 * Context: see %JOBQ_RUN_ATOMIC. In a dma_fence signalling critical
	 * section: no allocation that waits for reclaim, no dma_resv lock.
	 *
	 * Return: 0; -EBUSY if there is no room, the job then stays the queue's
	 * head and is tried again at the next completion, at jobq_kick(), or a
	 * little later if nothing is running; another -errno ends the job
	 * with this error.
	 */
	int (*run_job)(struct jobq *q, struct jobq_job *job);

	/**
	 * @doorbell: Optional. Tell the hardware about the jobs written since
	 * the last call. Called once after a batch of @run_job, in its context.
	 */
	void (*doorbell)(struct jobq *q);

	/**
	 * @job_error: Optional. How did this job end? Called for every job that
	 * jobq_complete() reports, before its fence signals. The job's credits
	 * return later, so no other job has taken its room yet.
	 *
	 * Context: atomic; interrupts disabled (but not on PREEMPT_RT).
	 *
	 * Return: 0 or a negative errno for the fence.
	 */
	int (*job_error)(struct jobq *q, struct jobq_job *job);

	/**
	 * @job_free: Mandatory. The last reference is gone: free the object that
	 * @job is embedded in. The library has put everything of its own but
	 * the queue reference, which it puts afterwards. Called by whoever puts a job of
	 * the queue, or by a worker: in any order, and for several jobs at a time.
	 *
	 * Context: process, may sleep.
	 */
	void (*job_free)(struct jobq_job *job);

	/**
	 * @hw_wait_prepare: With @hw_wait. Can the ring of @job wait for @earlier, a
	 * job of another queue with the same ops, which may be of another device?
	 * Called by jobq_job_prepare(), once for each such dependency, but again if
	 * that fails; can make room with jobq_job_add_credits().
	 *
	 * Context: process, may sleep.
	 *
	 * Return: 0; -EOPNOTSUPP if not: its fence is waited for; another -errno to
	 * have jobq_job_prepare() return it.
	 */
	int (*hw_wait_prepare)(struct jobq_job *job, struct jobq_job *earlier);

	/**
	 * @hw_wait: Optional. Make the ring of @q wait until @earlier has ended before
	 * it begins with @job, for which run_job is called next. Called for each
	 * dependency that @hw_wait_prepare accepted, unless its fence has signalled, and
	 * again with each further run_job of @job. @earlier has been given to its
	 * ring, and may have ended by now; its queue is kept by @job, but may be dead.
	 *
	 * Context: that of @run_job.
	 */
	void (*hw_wait)(struct jobq *q, struct jobq_job *job, struct jobq_job *earlier);

	/**
	 * @hw_ended: With @hw_wait. A job that was in the ring has ended, and the
	 * hardware won't report it, as the ring was reset or stopped. Jobs of other
	 * queues may be waiting for it in hardware, or be about to: let them go on.
	 * Called in seqno order, right before its fence signals.
	 *
	 * Context: that of @job_error.
	 */
	void (*hw_ended)(struct jobq *q, struct jobq_job *job);

	/**
	 * @timedout: The oldest running job (@job) has run for a timeout period.
	 * Mandatory if &jobq_args.timeout_ms isn't 0. No @run_job is running or
	 * will be started before this returns. jobq_complete(), jobq_kill(),
	 * jobq_reset(), and jobq_stop() on other queues are allowed;
	 * jobq_teardown() of this queue isn't. With a jobq_reset() of this queue, for
	 * no job, and %JOBQ_NO_HANG @job is run again, too, should the ring not have
	 * begun with it. The time during which the job waits for another queue in
	 * hardware doesn't count.
	 *
	 * Context: process, on &jobq_args.timeout_wq; dma_fence signalling
	 * critical section.
	 */
	enum jobq_verdict (*timedout)(struct jobq *q, struct jobq_job *job);

	/**
	 * @stop: Optional. The queue was killed while jobs run: ask the hardware
	 * to stop the ring, don't wait. The answer is jobq_stopped(), now or
	 * later. Without this op @force_stop is called straight away.
	 *
	 * Context: process; no @run_job is running or will ever be started;
	 * dma_fence signalling critical section.
	 */
	void (*stop)(struct jobq *q);

	/**
	 * @force_stop: Mandatory. No answer within &jobq_args.stop_timeout_ms:
	 * make sure that the hardware touches no memory of this queue's jobs any
	 * more, by whatever it takes (ring reset, device reset, bus mastering
	 * off). Can't fail: the fences signal when this returns.
	 *
	 * Context: process, may sleep; dma_fence signalling critical section.
	 */
	void (*force_stop)(struct jobq *q);

	/**
	 * @release: Mandatory. The last reference to the queue is gone: free the
	 * object that @q is embedded in.
	 *
	 * Context: process, may sleep.
	 */
	void (*release)(struct jobq *q);
};

/**
 * struct jobq_args - arguments of jobq_init()
 *
 * Members left zero mean: none, off or the default.
 */
struct jobq_args {
	/** @ops: Mandatory. Has to live as long as the queue. */
	const struct jobq_ops *ops;
	/** @dev: Device, for tracepoints and messages; a reference is taken. Optional. */
	struct device *dev;
	/** @driver_name: Mandatory. Copied; the fences' driver name. */
	const char *driver_name;
	/** @name: Mandatory. Copied; the fences' timeline name. */
	const char *name;
	/** @flags: %JOBQ_RUN_ATOMIC, %JOBQ_CANCEL_INNOCENT. */
	unsigned int flags;
	/** @credits: Mandatory. Room in the ring, in units of the driver's choice. */
	u32 credits;
	/**
	 * @limit: What the jobs of several queues may use together; a reference
	 * is taken. Optional.
	 */
	struct jobq_limit *limit;
	/**
	 * @first_seqno: Seqno of the first job; 0 means 1. Drivers of hardware
	 * that counts in 32 bits can start near the wrap.
	 */
	u64 first_seqno;
	/** @timeout_ms: How long a job may be the oldest running one; 0: for ever. */
	unsigned int timeout_ms;
	/**
	 * @stop_timeout_ms: How long after &jobq_ops.stop to wait for
	 * jobq_stopped() before &jobq_ops.force_stop; 0: 100 ms.
	 */
	unsigned int stop_timeout_ms;
	/**
	 * @timeout_wq: Where &jobq_ops.timedout, &jobq_ops.stop and
	 * &jobq_ops.force_stop run. An ordered one shared by all queues of a
	 * device keeps resets apart. Should be WQ_MEM_RECLAIM. Default:
	 * a workqueue of the library.
	 */
	struct workqueue_struct *timeout_wq;
	/**
	 * @run_worker: Who calls a &jobq_ops.run_job that may sleep when a queue
	 * is unblocked from atomic context; it can have a scheduling class to
	 * suit the queue. Default: a high-priority workqueue of the library.
	 * Unused with %JOBQ_RUN_ATOMIC.
	 */
	struct kthread_worker *run_worker;
};

/**
 * struct jobq_stats - counters of a queue since its jobq_init()
 * @queued: jobs committed
 * @run: successful calls of &jobq_ops.run_job, replays included
 * @done: jobs that the hardware reported complete, with or without error
 * @cancelled: jobs ended by the queue: kill, reset, run_job or dependency error
 * @errors: jobs among @done and @cancelled whose fence has an error
 * @timeouts: calls of &jobq_ops.timedout
 * @hw_waits: calls of &jobq_ops.hw_wait
 * @busy_ns: time with at least one job running
 * @pending_ns: sum over the jobs that ran, commit to run_job
 * @running_ns: sum over @done jobs, run_job to completion
 *
 * A job is counted in @done or @cancelled, and in @errors, right before its fence
 * signals: who has waited for it finds it there.
 */
struct jobq_stats {
	u64 queued;
	u64 run;
	u64 done;
	u64 cancelled;
	u64 errors;
	u64 timeouts;
	u64 hw_waits;
	u64 busy_ns;
	u64 pending_ns;
	u64 running_ns;
};

/**
 * struct jobq - a queue of jobs for one hardware ring
 *
 * Embedded in the driver's queue object. All members are private to the
 * library. Locking legend: L: @lock; I: set at init, then read only; D: owned by
 * the drainer (who set @draining); S: owned by the signaller (who set
 * @signalling).
 */
struct jobq {
	/** @ref: References: the driver's, and one of each job. */
	struct kref ref;
	/** @ops: I */
	const struct jobq_ops *ops;
	/** @dev: I: counted reference, or NULL. */
	struct device *dev;
	/** @name: I: owned copy. */
	const char *name;
	/** @fence_ctx: I: the timeline, owned by the queue. */
	struct dfence_ctx *fence_ctx;
	/** @flags: I: %JOBQ_RUN_ATOMIC, … */
	unsigned int flags;
	/** @credit_limit: I */
	u32 credit_limit;
	/** @limit: I: counted reference, or NULL. */
	struct jobq_limit *limit;
	/** @timeout: I: in jiffies, 0: none. */
	unsigned long timeout;
	/** @stop_timeout: I: in jiffies. */
	unsigned long stop_timeout;
	/** @timeout_wq: I */
	struct workqueue_struct *timeout_wq;
	/** @run_worker: I: or NULL. */
	struct kthread_worker *run_worker;

	/** @lock: Protects what is marked L. Taken with interrupts disabled. */
	spinlock_t lock;
	/** @state: L */
	enum jobq_state state;
	/** @error: L: what cancelled jobs signal, valid from %JOBQ_KILLED on. */
	int error;
	/** @stop_count: L: nesting of jobq_stop(). */
	unsigned int stop_count;
	/** @hw_stopped: L: killed, and the hardware does no DMA any more. */
	bool hw_stopped;
	/** @draining: L: somebody runs jobs and looks again before leaving. */
	bool draining;
	/** @signalling: L: somebody signals fences and looks again before leaving. */
	bool signalling;
	/** @orch: L: who has rings lent to this queue, or NULL (jobq_orch.h). */
	struct jobq_orch_member *orch;
	/** @kicks: L: counts whatever may have made room on the hardware. */
	unsigned int kicks;
	/** @retiring: L: how many are retiring jobs that were on @done. */
	unsigned int retiring;
	/** @committing: L: jobs between push and the end of their jobq_commit(). */
	unsigned int committing;
	/** @credits: L: free units. */
	u32 credits;
	/** @pending: L: committed jobs, seqno order; a reference each. */
	struct list_head pending;
	/**
	 * @inflight: L: jobs handed to the hardware, and cancelled ones whose
	 * fences wait for their turn; seqno order; a reference each.
	 */
	struct list_head inflight;
	/** @in_ring: L: jobs that were run, whose waiters are to be told by who drains. */
	struct hlist_head in_ring;
	/** @waking: L: the dependency that he is telling right now. */
	struct jobq_dep *waking;
	/** @last_run: L: highest seqno given to run_job and not turned down by it. */
	u64 last_run;
	/** @hw_done: L: highest seqno that the hardware reported. */
	u64 hw_done;
	/** @head_since: L: when the oldest running job became that. */
	ktime_t head_since;
	/** @busy_since: L: when @num_running left 0. */
	ktime_t busy_since;
	/** @num_pending: L: jobs on @pending. */
	unsigned int num_pending;
	/** @num_running: L: jobs on @inflight that are in the ring. */
	unsigned int num_running;
	/** @timeout_armed: L: @timeout_work is queued. */
	bool timeout_armed;
	/** @timeout_paused: L: nesting of jobq_timeout_suspend(). */
	unsigned int timeout_paused;
	/** @paused_at: L: when @timeout_paused left 0. */
	ktime_t paused_at;
	/** @stats: L */
	struct jobq_stats stats;
	/** @limit_node: &jobq_limit.lock: place in the line for units of @limit. */
	struct list_head limit_node;
	/** @limit_need: &jobq_limit.lock: units that the head is in line for, or was. */
	u32 limit_need;
	/** @limit_granted: &jobq_limit.lock: @limit_need units are set aside for it. */
	bool limit_granted;

	/**
	 * @idle: Woken when @draining, @signalling, @committing, @retiring, @hw_stopped or
	 * @waking change.
	 */
	wait_queue_head_t idle;
	/** @done: Ended jobs whose references @free_work puts. */
	struct list_head done;
	/** @free_work: Retires what is on @done, unless somebody puts a job before. */
	struct delayed_work free_work;
	/** @unblock_work: A dependency signalled, atomic-safe queue. */
	struct irq_work unblock_work;
	/** @run_work: Drains a queue that may sleep, no @run_worker; ends many jobs. */
	struct work_struct run_work;
	/** @run_kwork: Drains a queue that may sleep, on @run_worker. */
	struct kthread_work run_kwork;
	/** @retry_timer: run_job had no room and nothing is running. */
	struct timer_list retry_timer;
	/** @timeout_work: Looks at the age of the oldest running job. */
	struct delayed_work timeout_work;
	/** @kill_work: Stops the hardware after jobq_kill(). */
	struct delayed_work kill_work;
	/** @stop_sent: Under @hw_lock: ops->stop was called. */
	bool stop_sent;
	/**
	 * @hw_lock: Serialises what takes the ring away from its jobs: the ops
	 * timedout, stop and force_stop, with what follows from them.
	 */
	struct mutex hw_lock;
	/** @teardown_lock: Serialises jobq_teardown(). */
	struct mutex teardown_lock;
};

/**
 * typedef jobq_visit_func_t - called by jobq_visit_running()
 * @job: a running job
 * @arg: the caller's
 */
typedef void (*jobq_visit_func_t)(struct jobq_job *job, void *arg);

/*
 * The full contract of each function stands with its definition in sched/.
 * P: process context, may sleep. A: any context, hard interrupts included.
 */

/* P. The caller gets the first reference; -EINVAL, -ENOMEM. */
int __must_check jobq_init(struct jobq *q, const struct jobq_args *args);
/* A. Returns @q. */
struct jobq *jobq_get(struct jobq *q);
/* P. NULL is fine. The last one must come after jobq_teardown(). */
void jobq_put(struct jobq *q);

/*
 * A. All jobs up to hw_seqno (a jobq_job_seqno()) are complete: signal, return
 * credits, run what became possible. Old values are harmless; -ERANGE if nothing
 * that new was ever run (a device error: nothing is signalled).
 */
int jobq_complete(struct jobq *q, u64 hw_seqno);
/* A. The same for hardware that reports the low 32 bits. */
int jobq_complete32(struct jobq *q, u32 hw_seqno);
/* P. What was reported so far has signalled; job_error isn't running any more. */
void jobq_wait_signalled(struct jobq *q);
/* A. There may be room now: look again whether a job can be run. */
void jobq_kick(struct jobq *q);

/* P. Run no more jobs; when this returns no run_job is running. Nests. */
void jobq_stop(struct jobq *q);
/* A. Ends one jobq_stop(). */
void jobq_start(struct jobq *q);
/*
 * P. jobq_stop(), then wait until all jobs in the ring have signalled; after that no op
 * touches the hardware. -ETIMEDOUT: they haven't, and the queue is as before. Nests.
 */
int __must_check jobq_suspend(struct jobq *q, unsigned int timeout_ms);
/* A. Ends one jobq_suspend(). */
void jobq_resume(struct jobq *q);
/*
 * P. Between stop and start: the ring was reset and is empty. @guilty (or NULL)
 * gets -ETIME, the other running jobs are run again or cancelled.
 */
void jobq_reset(struct jobq *q, struct jobq_job *guilty);
/* A. Don't count the time until resume; nests. */
void jobq_timeout_suspend(struct jobq *q);
void jobq_timeout_resume(struct jobq *q);

/*
 * A. Cancel everything with @error (-errno), stop the hardware; doesn't wait.
 * Fences signal in seqno order: those of jobs that never ran come after those
 * that still run. The first error stays.
 */
void jobq_kill(struct jobq *q, int error);
/*
 * A. The hardware touches no memory of this queue's jobs any more: the answer to
 * jobq_ops.stop, or unasked (surprise removal) after jobq_kill(). Report
 * completed jobs with jobq_complete() first.
 */
void jobq_stopped(struct jobq *q);
/*
 * P. Kill (-ECANCELED unless killed before), wait, at most stop_timeout_ms plus
 * what force_stop takes and what else is on timeout_wq. Not from a work item
 * there. Afterwards every committed fence has signalled, no
 * callback, work or op of this queue runs. Any number of times.
 */
void jobq_teardown(struct jobq *q);

/* A. */
enum jobq_state jobq_state(struct jobq *q);
/* A. What it was killed with, else 0. */
int jobq_error(struct jobq *q);
/* A. A consistent snapshot. */
void jobq_get_stats(struct jobq *q, struct jobq_stats *ret_stats);
/* A. In ring order; fn is atomic and calls nothing of this queue. */
void jobq_visit_running(struct jobq *q, jobq_visit_func_t fn, void *arg);

#endif
