// SPDX-License-Identifier: GPL-2.0
/*
 * The queue object: its life, its states, what can be asked of it.
 */

/**
 * DOC: jobq overview
 *
 * A &struct jobq feeds one hardware ring whose scheduling is done by firmware. It
 * takes jobs in groups, keeps them until what they depend on has signalled and the
 * ring has room, hands them to the driver in order, and signals their fences in
 * order when the hardware reports them complete.
 *
 * A submission has two halves. In the first, everything that allocates or fails
 * is done: jobq_job_init(), the dependencies, the out-fences, jobq_job_prepare().
 * The second is jobq_commit(), which can't fail: it takes the seqnos, publishes
 * the fences and queues the jobs, of one or several queues. Dropping the jobs
 * instead leaves no trace, not even a hole in the seqnos.
 *
 * A job that is ready, at the head of its queue and fits is run right there, in
 * the submitter's context, without a worker. Otherwise it is run by whoever
 * unblocks it: the completion interrupt or a signalled dependency (through
 * irq_work), if the driver's run_job is %JOBQ_RUN_ATOMIC; a worker, if it may
 * sleep.
 *
 * Every committed fence signals, whatever the hardware does: the oldest running
 * job has a timeout, jobq_kill() cancels and stops, jobq_teardown() ends the queue
 * in bounded time.
 */

/**
 * DOC: jobq lifetime
 *
 * ::
 *
 *	driver -----ref----> jobq <----ref---- jobq_job <----ref---- driver
 *	                      |                  ^  |  ^
 *	                      | pending, inflight|  |  | base: ref until freed
 *	                      | and done lists   |  |  v
 *	                      +-------ref--------+  |  dma_fence
 *	                                            +-> dependencies: until retired
 *
 * A job holds its queue. The queue holds a job from jobq_commit() until it is
 * retired: its fence has signalled, its dependency callbacks have been removed and
 * aren't running any more. Retiring and freeing happen in process context.
 *
 * The driver calls jobq_teardown() before it puts its last reference. After it
 * nothing of the library runs for the queue. The driver's own calls with the queue
 * (jobq_complete() from its interrupt handler) do no harm until they meet the last
 * put: the driver ends them before that, or covers them with a reference.
 * A jobq_commit() that loses the race against jobq_teardown() is fine: the jobs
 * are cancelled, and freed when the committer puts them.
 */

/**
 * DOC: jobq locking
 *
 * One spinlock per queue, &jobq.lock, interrupts disabled. Inside it only the
 * timeline's lock (dfence_arm()), a limit's, and those of wait and work queues are taken. No
 * op, no fence callback and no foreign function is called with it held; none of
 * them is called with the lock of another queue held either.
 *
 * A callback on our fence runs under that fence's lock. It may report completions
 * of the same queue or kill it: who signals is busy with it and does the rest when
 * the callback has returned (but run_job may be called right there). It must not
 * call anything that signals fences of another queue.
 *
 * Two jobs are done by one context at a time, for all others: running jobs (who
 * set &jobq.draining) and signalling fences (&jobq.signalling). Others make their
 * change under the lock and leave; the one looks again under the lock before it
 * leaves, so nothing is missed, order is kept and nobody waits. The one runs
 * with interrupts disabled unless run_job may sleep; after many jobs it lets them in,
 * or has the worker go on.
 *
 * &jobq.hw_lock is a mutex around the ops that take the ring away from its jobs:
 * timedout, stop, force_stop. It is taken in dma_fence signalling critical
 * sections, so nothing that allocates is called inside. &jobq.teardown_lock is
 * outside of all others.
 *
 * From the first published fence on everything is in a dma_fence signalling
 * critical section for lockdep: jobq_commit(), running, completing, timeout and
 * kill handling, but not the freeing of jobs.
 */

/**
 * DOC: jobq order
 *
 * The fences of a queue signal in seqno order, always. Consumers rely on it: those
 * who have fences 4 and 5 of a context keep 5 only, so if a cancelled job 5
 * signalled while job 4 runs, memory would be freed under job 4. A job that is
 * cancelled behind running ones therefore waits for its turn: until they are
 * complete, or the hardware has been stopped.
 *
 * The first jobs of all groups are pushed before later ones, in the order of the
 * array given to jobq_commit(), and a job can depend only on jobs pushed before, or the
 * commit is refused. So there is no circular wait among queues, however commits
 * interleave.
 */

/**
 * DOC: jobq errors
 *
 * What a fence's error says:
 *
 * - 0: the hardware completed the job, &jobq_ops.job_error had no objection;
 * - -ETIME: timed out, and its ring was reset for it (guilty);
 * - -ECANCELED: in a ring that was reset, not guilty, with %JOBQ_CANCEL_INNOCENT;
 * - the queue's error, from jobq_kill(): -ENODEV if the device is gone, -ECANCELED
 *   if the queue was just torn down;
 * - a dependency's error, with %JOBQ_JOB_DEP_ERRORS;
 * - what &jobq_ops.run_job or &jobq_ops.job_error returned.
 */

#include <kunit/visibility.h>
#include <linux/bug.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/jiffies.h>
#include <linux/limits.h>
#include <linux/lockdep.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <dfence/dfence_ctx.h>
#include <jobq/jobq_limit.h>

#include "jobq_internal.h"
#include "jobq_trace.h"

#define JOBQ_FLAGS		(JOBQ_RUN_ATOMIC | JOBQ_CANCEL_INNOCENT)
#define JOBQ_STOP_TIMEOUT_MS	100

/* Runs jobs that may sleep, and timeouts of queues without a wq of their own. */
struct workqueue_struct *jobq_run_wq;
/* Frees jobs, takes whatever locks the drivers' job_free takes. */
struct workqueue_struct *jobq_free_wq;

static const u8 jobq_moves[] = {
	[JOBQ_RUNNING] = BIT(JOBQ_STOPPED) | BIT(JOBQ_KILLED),
	[JOBQ_STOPPED] = BIT(JOBQ_RUNNING) | BIT(JOBQ_KILLED),
	[JOBQ_KILLED] = BIT(JOBQ_DEAD),
	[JOBQ_DEAD] = 0,
};

/**
 * jobq_set_state_locked() - the only way to change a queue's state
 * @q: queue
 * @state: new state
 *
 * Context: &jobq.lock held. An illegal move is reported and not made.
 */
void jobq_set_state_locked(struct jobq *q, enum jobq_state state)
{
	lockdep_assert_held(&q->lock);
	if (WARN(!(jobq_moves[q->state] & BIT(state)),
		 "jobq %s: state %d -> %d\n", q->name, q->state, state))
		return;
	trace_jobq_state(q, state);
	WRITE_ONCE(q->state, state);
	/* Others wait for what it won't use. */
	if (q->limit && state != JOBQ_RUNNING)
		jobq_limit_leave_locked(q);
}
EXPORT_SYMBOL_IF_KUNIT(jobq_set_state_locked);

/**
 * jobq_wake_locked() - something that &jobq.idle is for has changed
 * @q: queue
 *
 * Sleepers check under the lock, so they can't free @q before it is released, and
 * whoever begins to wait has either seen the change or is seen here.
 *
 * Context: &jobq.lock held.
 */
void jobq_wake_locked(struct jobq *q)
{
	lockdep_assert_held(&q->lock);
	/* The lock is the barrier: the sleeper's condition takes it, too. */
	if (waitqueue_active(&q->idle))
		wake_up_all(&q->idle);
}

static int jobq_check_args(const struct jobq_args *args)
{
	const struct jobq_ops *ops = args->ops;

	if (!ops || !ops->run_job || !ops->job_free || !ops->force_stop ||
	    !ops->release)
		return -EINVAL;
	if (!ops->hw_wait != !ops->hw_wait_prepare || !ops->hw_wait != !ops->hw_ended)
		return -EINVAL;
	if (!args->driver_name || !args->name || !args->credits)
		return -EINVAL;
	if (args->flags & ~JOBQ_FLAGS)
		return -EINVAL;
	if (args->timeout_ms && !ops->timedout)
		return -EINVAL;
	return 0;
}

static void jobq_init_state(struct jobq *q, const struct jobq_args *args)
{
	unsigned int stop_ms = args->stop_timeout_ms ?: JOBQ_STOP_TIMEOUT_MS;

	kref_init(&q->ref);
	q->ops = args->ops;
	q->flags = args->flags;
	q->credit_limit = args->credits;
	q->credits = args->credits;
	q->limit = args->limit ? jobq_limit_get(args->limit) : NULL;
	q->timeout = msecs_to_jiffies(args->timeout_ms);
	q->stop_timeout = msecs_to_jiffies(stop_ms);
	q->timeout_wq = args->timeout_wq ?: jobq_run_wq;
	q->run_worker = args->flags & JOBQ_RUN_ATOMIC ? NULL : args->run_worker;
	q->last_run = args->first_seqno ? args->first_seqno - 1 : 0;
	q->hw_done = q->last_run;

	spin_lock_init(&q->lock);
	INIT_LIST_HEAD(&q->pending);
	INIT_LIST_HEAD(&q->inflight);
	INIT_LIST_HEAD(&q->done);
	INIT_LIST_HEAD(&q->limit_node);
	init_waitqueue_head(&q->idle);
	mutex_init(&q->hw_lock);
	mutex_init(&q->teardown_lock);
	INIT_DELAYED_WORK(&q->free_work, jobq_free_fn);
	INIT_WORK(&q->run_work, jobq_run_work_fn);
	kthread_init_work(&q->run_kwork, jobq_run_kwork_fn);
	init_irq_work(&q->unblock_work, jobq_unblock_fn);
	timer_setup(&q->retry_timer, jobq_retry_fn, 0);
	INIT_DELAYED_WORK(&q->timeout_work, jobq_timeout_fn);
	INIT_DELAYED_WORK(&q->kill_work, jobq_kill_fn);
}

/**
 * jobq_init() - initialise a queue
 * @q: memory of the caller, usually embedded in the driver's queue object
 * @args: what it is for; not needed afterwards
 *
 * The caller gets the first reference; it goes with jobq_teardown() and
 * jobq_put(), the last one of which calls &jobq_ops.release.
 *
 * Context: Process, may sleep.
 * Return: 0; -EINVAL: @args lacks something mandatory or has an unknown flag;
 * -ENOMEM. In error @q is the caller's to free.
 */
int jobq_init(struct jobq *q, const struct jobq_args *args)
{
	struct dfence_ctx_args ctx_args = {
		.driver_name = args->driver_name,
		.timeline_name = args->name,
		.first_seqno = args->first_seqno,
	};
	int ret;

	ret = jobq_check_args(args);
	if (ret)
		return ret;

	memset(q, 0, sizeof(*q));
	q->name = kstrdup(args->name, GFP_KERNEL);
	if (!q->name)
		return -ENOMEM;

	q->fence_ctx = dfence_ctx_create(&ctx_args);
	if (IS_ERR_OR_NULL(q->fence_ctx)) {
		kfree(q->name);
		return q->fence_ctx ? PTR_ERR(q->fence_ctx) : -ENOMEM;
	}
	q->dev = get_device(args->dev);
	jobq_init_state(q, args);
	return 0;
}
EXPORT_SYMBOL_NS_GPL(jobq_init, "JOBQ");

/**
 * jobq_get() - take a reference to a queue
 * @q: queue to which the caller has, or is covered by, a reference
 *
 * Context: Any.
 * Return: @q.
 */
struct jobq *jobq_get(struct jobq *q)
{
	kref_get(&q->ref);
	return q;
}
EXPORT_SYMBOL_NS_GPL(jobq_get, "JOBQ");

static void jobq_release(struct kref *ref)
{
	struct jobq *q = container_of(ref, struct jobq, ref);
	unsigned int live;
	int ret;

	/* It has no jobs: they'd have references. But works may be about to run. */
	if (WARN(q->state != JOBQ_DEAD, "jobq %s: released without teardown\n",
		 q->name)) {
		/* Called from the very work that it would wait for: leak it. */
		if (current_work() == &q->free_work.work)
			return;
		jobq_teardown(q);
	}

	/* Every job had a reference to @q, and none ends without its fence. */
	live = dfence_ctx_live(q->fence_ctx);
	WARN(live, "jobq %s: %u fences were never signalled\n", q->name, live);
	dfence_ctx_declare_quiet(q->fence_ctx);
	ret = dfence_ctx_shut(q->fence_ctx, -ECANCELED);
	WARN_ON_ONCE(ret);
	dfence_ctx_put(q->fence_ctx);
	jobq_limit_put(q->limit);
	put_device(q->dev);
	kfree(q->name);
	q->ops->release(q);
}

/**
 * jobq_put() - give a reference to a queue back
 * @q: queue or NULL
 *
 * The last one calls &jobq_ops.release. The queue has to be dead by then, see
 * jobq_teardown().
 *
 * Context: Process, may sleep.
 */
void jobq_put(struct jobq *q)
{
	might_sleep();
	if (q)
		kref_put(&q->ref, jobq_release);
}
EXPORT_SYMBOL_NS_GPL(jobq_put, "JOBQ");

/**
 * jobq_put_many() - give several references to a queue back
 * @q: queue
 * @count: how many; may be 0
 *
 * Context: Like jobq_put().
 */
void jobq_put_many(struct jobq *q, unsigned int count)
{
	if (count && refcount_sub_and_test(count, &q->ref.refcount))
		jobq_release(&q->ref);
}

/**
 * jobq_state() - the state of a queue
 * @q: queue
 *
 * Context: Any.
 * Return: A snapshot.
 */
enum jobq_state jobq_state(struct jobq *q)
{
	guard(spinlock_irqsave)(&q->lock);
	return q->state;
}
EXPORT_SYMBOL_NS_GPL(jobq_state, "JOBQ");

/**
 * jobq_error() - what a queue was killed with
 * @q: queue
 *
 * Context: Any.
 * Return: 0, or the -errno of the first jobq_kill().
 */
int jobq_error(struct jobq *q)
{
	guard(spinlock_irqsave)(&q->lock);
	return q->error;
}
EXPORT_SYMBOL_NS_GPL(jobq_error, "JOBQ");

/**
 * jobq_get_stats() - the counters of a queue
 * @q: queue
 * @ret_stats: a consistent copy; the busy time includes the current busy period
 *
 * Context: Any.
 */
void jobq_get_stats(struct jobq *q, struct jobq_stats *ret_stats)
{
	guard(spinlock_irqsave)(&q->lock);
	*ret_stats = q->stats;
	if (q->num_running)
		ret_stats->busy_ns += ktime_to_ns(ktime_sub(ktime_get(), q->busy_since));
}
EXPORT_SYMBOL_NS_GPL(jobq_get_stats, "JOBQ");

/**
 * jobq_visit_running() - look at what is in the ring
 * @q: queue
 * @fn: called for each running job, oldest first; doesn't sleep, calls nothing of
 *	@q, keeps no pointer to the job without jobq_job_get()
 * @arg: for @fn
 *
 * Context: Any. @fn is called with &jobq.lock held.
 */
void jobq_visit_running(struct jobq *q, jobq_visit_func_t fn, void *arg)
{
	struct jobq_job *job;

	guard(spinlock_irqsave)(&q->lock);
	list_for_each_entry(job, &q->inflight, node)
		if (job->state == JOBQ_JOB_RUNNING)
			fn(job, arg);
}
EXPORT_SYMBOL_NS_GPL(jobq_visit_running, "JOBQ");

static int __init jobq_module_init(void)
{
	jobq_run_wq = alloc_workqueue("jobq_run", WQ_UNBOUND | WQ_HIGHPRI |
				      WQ_MEM_RECLAIM, 0);
	if (!jobq_run_wq)
		return -ENOMEM;
	jobq_free_wq = alloc_workqueue("jobq_free", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	if (!jobq_free_wq) {
		destroy_workqueue(jobq_run_wq);
		return -ENOMEM;
	}
	return 0;
}
module_init(jobq_module_init);

static void __exit jobq_module_exit(void)
{
	destroy_workqueue(jobq_free_wq);
	destroy_workqueue(jobq_run_wq);
}
module_exit(jobq_module_exit);

MODULE_DESCRIPTION("Job queues for hardware with firmware scheduling");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("DFENCE");
