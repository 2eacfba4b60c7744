/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of jobq.ko share.
 */
#ifndef _JOBQ_INTERNAL_H
#define _JOBQ_INTERNAL_H

#include <linux/irqflags.h>
#include <linux/kconfig.h>
#include <linux/ktime.h>
#include <linux/types.h>

#include <dfence/dfence_cb.h>
#include <jobq/jobq.h>
#include <jobq/jobq_job.h>

/**
 * struct jobq_dep - a dependency of a job
 *
 * The reference to the fence moves on from @fence to @cb when the callback is
 * registered. If there is @earlier only, commit finds its fence.
 */
struct jobq_dep {
	/** @cb: The registration, with a reference to the fence, if @registered. */
	struct dfence_cb cb;
	/** @job: The job that waits. Its retirement ends the registration. */
	struct jobq_job *job;
	/** @fence: Counted reference, or NULL. */
	struct dma_fence *fence;
	/** @earlier: Counted reference to the job whose fence is meant, or NULL. */
	struct jobq_job *earlier;
	/** @registered: @cb has to be removed. */
	bool registered;
	/** @lowered: The hardware can wait for @earlier, see jobq_hw_wait.c. */
	bool lowered;
	/** @over: If @lowered: it doesn't hold the job back any more. */
	atomic_t over;
	/**
	 * @waiter: If @lowered: on &jobq_job.waiters of @earlier, under the lock of its
	 * queue.
	 */
	struct hlist_node waiter;
};

/*
 * The one who runs jobs or signals fences for everybody else mustn't be
 * preempted in the middle of it: others, who may be interrupt handlers, leave
 * their work to him. On PREEMPT_RT the locks of fences sleep, so there it's the
 * priority of the (threaded) context that counts.
 */
static inline unsigned long jobq_irq_save(void)
{
	unsigned long flags = 0;

	if (!IS_ENABLED(CONFIG_PREEMPT_RT))
		local_irq_save(flags);
	return flags;
}

static inline void jobq_irq_restore(unsigned long flags)
{
	if (!IS_ENABLED(CONFIG_PREEMPT_RT))
		local_irq_restore(flags);
}

/*
 * Jobs that are run, dropped or signalled before interrupts get a chance: pending jobs
 * are as many as user space likes. Whoever can't let them in leaves the rest to the
 * worker, see jobq_go_on(). More than a ring usually has, so that's for kills.
 */
#define JOBQ_BUDGET	512

/* When a job that ended is freed at the latest, if the queue has nothing else to do. */
#define JOBQ_FREE_DELAY_MS	4

/* jobq_queue.c */
extern struct workqueue_struct *jobq_run_wq;
extern struct workqueue_struct *jobq_free_wq;
void jobq_set_state_locked(struct jobq *q, enum jobq_state state);
void jobq_wake_locked(struct jobq *q);
void jobq_put_many(struct jobq *q, unsigned int count);

/* jobq_job.c */
void jobq_job_set_state_locked(struct jobq_job *job, enum jobq_job_state state);
void jobq_job_retire(struct jobq_job *job, struct list_head *dead);
void jobq_job_retire_all(struct jobq *q, struct list_head *batch);
void jobq_job_drop(struct jobq_job *job, struct list_head *dead);
void jobq_job_free_dead(struct list_head *dead);
void jobq_job_put_later(struct jobq_job *job);

/* jobq_deps.c */
int jobq_deps_reserve(struct jobq_job *job, unsigned int num);
void jobq_deps_register(struct jobq_job *job);
void jobq_dep_over(struct jobq_dep *dep);
bool jobq_deps_ordered(struct jobq_job *job);
void jobq_deps_fini(struct jobq_job *job, struct list_head *dead);

/* jobq_hw_wait.c */
struct dfence *jobq_hw_wait_fence(struct jobq_job *job);
int jobq_hw_wait_prepare(struct jobq_job *job);
void jobq_hw_wait_begin(struct jobq_dep *dep);
void jobq_hw_wait_end(struct jobq_dep *dep);
void jobq_hw_wait_in_ring_locked(struct jobq_job *job);
void jobq_hw_wait_wake(struct jobq *q, unsigned int *budget);
void jobq_hw_wait_emit(struct jobq_job *job);
ktime_t jobq_hw_waits_until(struct jobq_job *job);

/* jobq_publish.c */
void jobq_publish_all(struct jobq_job *job);
void jobq_publish_fini(struct jobq_job *job);

/* jobq_run.c */
void jobq_run(struct jobq *q);
bool jobq_go_on(struct jobq *q, unsigned int *budget);
bool jobq_settled(struct jobq *q);
bool jobq_is_ready_locked(struct jobq *q);
bool jobq_is_replaying_locked(struct jobq *q);
bool jobq_kick_locked(struct jobq *q);
void jobq_run_later(struct jobq *q);
void jobq_unblocked(struct jobq *q);
void jobq_cancel_locked(struct jobq_job *job, int error);
void jobq_run_work_fn(struct work_struct *work);
void jobq_run_kwork_fn(struct kthread_work *work);
void jobq_unblock_fn(struct irq_work *work);
void jobq_retry_fn(struct timer_list *timer);

/* jobq_limit.c */
int jobq_limit_check(struct jobq *q, u32 units);
bool jobq_limit_take_locked(struct jobq_job *job);
void jobq_limit_return_locked(struct jobq_job *job);
void jobq_limit_leave_locked(struct jobq *q);

/* jobq_signal.c */
bool jobq_can_signal_locked(struct jobq *q);
bool jobq_signal(struct jobq *q, unsigned int *budget);
void jobq_signal_all(struct jobq *q);
bool jobq_is_empty_locked(struct jobq *q);
void jobq_running_add_locked(struct jobq_job *job);
void jobq_running_del_locked(struct jobq_job *job, ktime_t now);
void jobq_free_later_locked(struct jobq *q);
void jobq_retire_done(struct jobq *q);
bool jobq_is_retired(struct jobq *q);
void jobq_free_fn(struct work_struct *work);

/* jobq_timeout.c */
void jobq_timeout_arm_locked(struct jobq *q);
void jobq_timeout_fn(struct work_struct *work);

/* jobq_orch_pass.c */
void jobq_orch_notify_locked(struct jobq_orch_member *m);

/* jobq_kill.c */
void jobq_kill_fn(struct work_struct *work);
void jobq_wait_late(struct jobq *q);

#endif
