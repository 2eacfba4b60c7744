// SPDX-License-Identifier: GPL-2.0
/*
 * What has gone wrong in drm_gpu_scheduler, or still can, as tests: each is named after
 * the situation, and says what happened there.
 */

#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/string.h>
#include <linux/task_work.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include <drm/drm_file.h>
#include <drm/drm_syncobj.h>

#include <dfence/dfence.h>
#include <tests/race.h>

#include "mock.h"

/* Wait until the reference that one has, or is covered by, is the only one. */
static void wait_retired(struct jobq_job *job)
{
	while (kref_read(&job->ref) > 1)
		usleep_range(10, 20);
}

/* Complete what is in the ring, and have the queue forget it, inside of run_job. */
static void complete_and_retire_before(struct mock_queue *mq, struct mock_job *job)
{
	u64 seqno = jobq_job_seqno(&job->base);

	if (seqno == 1)
		return;
	KUNIT_EXPECT_EQ(mq->test, jobq_complete(&mq->q, seqno - 1), 0);
	/* The spare ones are committed from the last one to the first. */
	wait_retired(&mq->spare[4 - seqno]->base);
}

/*
 * drm_sched woke its worker after it had queued the job, and the submitter then asked
 * the head of the queue for its credits (drm_sched_can_queue()). A worker that was at it
 * already could have run that job meanwhile, to its end, and freed it; distributions saw
 * crashes in 6.9. What is left is the rule that a driver mustn't touch a job after
 * drm_sched_entity_push_job().
 *
 * Here the committer has his references until he puts them.
 */
static void job_ran_and_was_freed_while_the_submitter_looks(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0);

	mock_prepare_spare(mq, 3);
	mq->on_run = complete_and_retire_before;
	mock_commit_spare(mq, 3);
	/* Two have ended, and the queue has let go of them; one is in the ring. */
	KUNIT_EXPECT_EQ(test, mq->num_ran, 3);
	KUNIT_EXPECT_EQ(test, jobq_job_state(&mq->spare[2]->base), JOBQ_JOB_DONE);
	KUNIT_EXPECT_EQ(test, jobq_job_seqno(&mq->spare[1]->base), 2);
	KUNIT_EXPECT_EQ(test, kref_read(&mq->spare[1]->base.ref), 1);
	KUNIT_EXPECT_EQ(test, kref_read(&mq->spare[0]->base.ref), 2);
	KUNIT_EXPECT_EQ(test, atomic_read(&mq->num_freed), 0);
	mock_queue_end(mq);
	KUNIT_EXPECT_EQ(test, atomic_read(&mq->num_freed), 3);
}

static void answer_stop(struct mock_queue *mq)
{
	jobq_stopped(&mq->q);
}

/* A thread that tears the queue down when run_job says so. */
static struct closer {
	struct mock_queue *mq;
	struct completion go;
	struct completion done;
} closer;

static int teardown_and_put(void *arg)
{
	wait_for_completion(&closer.go);
	jobq_teardown(&closer.mq->q);
	jobq_put(&closer.mq->q);
	kthread_complete_and_exit(&closer.done, 0);
}

static void close_meanwhile(struct mock_queue *mq, struct mock_job *job)
{
	complete(&closer.go);
	while (jobq_state(&mq->q) < JOBQ_KILLED)
		usleep_range(10, 20);
}

/*
 * In drm_sched nothing keeps the entity and the scheduler while somebody is still in
 * drm_sched_entity_push_job(): a driver must have waited for all its submitters before
 * it ends them.
 *
 * Here the queue is torn down, and the driver's reference put, in the middle of a commit.
 */
static void queue_gone_while_the_submitter_looks(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0);
	struct task_struct *task;
	int i;

	closer.mq = mq;
	init_completion(&closer.go);
	init_completion(&closer.done);
	task = kthread_run(teardown_and_put, NULL, "closer");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	mock_prepare_spare(mq, 2);
	mq->on_run = close_meanwhile;
	mq->on_stop = answer_stop;
	mock_commit_spare(mq, 2);
	wait_for_completion(&closer.done);
	KUNIT_EXPECT_EQ(test, mq->num_ran, 1);
	mock_expect_signalled(mq, 0, 2, -ECANCELED);
	KUNIT_EXPECT_FALSE(test, completion_done(&mq->released));
	for (i = 0; i < 2; i++)
		jobq_job_put(&mq->spare[i]->base);
	KUNIT_EXPECT_TRUE(test, try_wait_for_completion(&mq->released));
}

/*
 * A drm_sched_fence reads its timeline's name from the scheduler, so fences that outlive
 * it (in a dma-buf, say) were a use after free for whoever printed them; and jobs point
 * to an entity that may be gone.
 *
 * Here jobs hold their queue, those that wait for one of another queue hold that one,
 * and a fence needs neither.
 */
static void queue_gone_before_its_jobs_and_fences(struct kunit *test)
{
	struct mock_queue *first = mock_queue(test, 0), *mq = mock_queue(test, 0);
	struct mock_job *earlier = mock_submit(first), *job = mock_job(mq);
	struct dma_fence *fence = dma_fence_get(jobq_job_fence(&earlier->base));
	struct mock_foreign foreign;

	mock_foreign_init(test, &foreign);
	mock_foreign_dep(test, &foreign, job);
	KUNIT_ASSERT_EQ(test, jobq_job_add_dep_job(&job->base, &earlier->base), 0);
	mock_commit(mq, job);
	jobq_job_put(&job->base);
	jobq_job_put(&earlier->base);

	first->on_stop = answer_stop;
	jobq_teardown(&first->q);
	jobq_put(&first->q);
	KUNIT_EXPECT_FALSE(test, completion_done(&first->released));
	mock_foreign_signal(&foreign, 0);
	mock_flush(mq);
	KUNIT_EXPECT_EQ(test, mq->num_ran, 1);
	jobq_complete(&mq->q, 1);
	mock_flush(mq);
	KUNIT_EXPECT_TRUE(test, try_wait_for_completion(&first->released));
	memset(&first->q, 0x5a, sizeof(first->q));

	KUNIT_EXPECT_EQ(test, dma_fence_get_status(fence), -ECANCELED);
	scoped_guard(rcu)
		KUNIT_EXPECT_NOT_NULL(test, (__force void *)dma_fence_timeline_name(fence));
	dma_fence_put(fence);
	mock_foreign_end(&foreign);
	mock_queue_end(mq);
}

/*
 * drm_sched_fini() stops the works that free jobs, so those still on the pending list
 * leaked; drivers waited for an empty list by themselves, or not at all. Since 2025 an
 * op (cancel_job) ends them, where a driver has one.
 *
 * Here a teardown ends jobs in each state: done but not freed, in the ring, waiting for
 * room, and waiting for a fence that never signals.
 */
static void teardown_with_jobs_in_each_state(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, JOBQ_RUN_ATOMIC);
	struct mock_foreign foreign;
	struct mock_job *job;
	const unsigned int num = MOCK_CREDITS + 4;

	mock_foreign_init(test, &foreign);
	mock_submit_many(mq, MOCK_CREDITS + 2);
	job = mock_job(mq);
	mock_foreign_dep(test, &foreign, job);
	mock_commit(mq, job);
	jobq_job_put(&job->base);
	mock_submit_many(mq, 1);
	jobq_complete(&mq->q, 1);
	jobq_teardown(&mq->q);

	KUNIT_EXPECT_EQ(test, mq->force_stops, 1);
	mock_expect_signalled(mq, 0, 1, 0);
	mock_expect_signalled(mq, 1, num - 1, -ECANCELED);
	KUNIT_EXPECT_EQ(test, mq->num_signalled, num);
	KUNIT_EXPECT_EQ(test, atomic_read(&mq->num_freed), num);
	KUNIT_EXPECT_EQ(test, kref_read(&foreign.base->refcount), 2);
	KUNIT_EXPECT_TRUE(test, list_empty(&foreign.base->cb_list));
	mock_queue_end(mq);
	mock_foreign_end(&foreign);
}

/* The job that is going to time out; the reference is the timeout's. */
static struct jobq_job *too_old;

static void run_until_timeout(struct mock_queue *mq, struct mock_job *job)
{
	if (jobq_job_seqno(&job->base) != 2)
		return;
	jobq_timeout_resume(&mq->q);
	/* Till the timeout's work waits for us to return. */
	while (jobq_state(&mq->q) != JOBQ_STOPPED)
		msleep(20);
	jobq_complete(&mq->q, 1);
	wait_retired(too_old);
}

/* On a slow machine the second job may be found too old before the test is through. */
static void not_about_the_first(struct mock_queue *mq, struct jobq_job *job)
{
	KUNIT_EXPECT_EQ(mq->test, jobq_job_seqno(job), 2);
}

/*
 * In drm_sched the work that times out takes the job off the list, so that it isn't
 * freed under it, while an interrupt may complete it and another work is about to free
 * it. Etnaviv, v3d and others had to put it back by hand, or leaked it.
 *
 * Here the job completes, and loses all references but the timeout's, after that has
 * found it too old and before the driver is asked: the driver isn't.
 */
static void completion_between_timer_and_timedout(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0);

	mq->verdict = JOBQ_NO_HANG;
	mq->on_run = run_until_timeout;
	mq->on_timedout = not_about_the_first;
	jobq_timeout_suspend(&mq->q);
	too_old = &mock_submit(mq)->base;
	jobq_job_put(too_old);
	mock_submit_many(mq, 1);
	flush_work(&mq->q.timeout_work.work);
	mock_expect_signalled(mq, 0, 1, 0);
	KUNIT_EXPECT_EQ(test, mq->num_signalled, 1);
	mock_flush(mq);
	KUNIT_EXPECT_EQ(test, atomic_read(&mq->num_freed), 1);
	jobq_complete(&mq->q, 2);
	flush_work(&mq->q.timeout_work.work);
	KUNIT_EXPECT_EQ(test, jobq_state(&mq->q), JOBQ_RUNNING);
	mock_queue_end(mq);
}

static void see_what_the_device_did(struct mock_queue *mq, struct jobq_job *job)
{
	u64 seqno = jobq_job_seqno(job);

	/* The other job has its own time, which a slow machine may see the end of. */
	mq->on_timedout = NULL;
	/* What completed is reported now; the interrupt for it never came. */
	KUNIT_EXPECT_EQ(mq->test, jobq_complete(&mq->q, seqno), 0);
	wait_retired(job);
	/* The job stays valid as long as the driver is being asked about it. */
	KUNIT_EXPECT_EQ(mq->test, jobq_job_seqno(job), seqno);
	KUNIT_EXPECT_EQ(mq->test, jobq_job_state(job), JOBQ_JOB_DONE);
	KUNIT_EXPECT_EQ(mq->test, atomic_read(&mq->num_freed), 0);
}

/*
 * With drm_sched a driver that found at a timeout that the job was complete, and only
 * its interrupt lost, had no good answer until DRM_GPU_SCHED_STAT_NO_HANG: the job had
 * been taken off the list, so nobody freed it, and the reset hit innocent jobs.
 */
static void timeout_of_a_complete_job_whose_interrupt_was_lost(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0);

	mock_submit_many(mq, 2);
	mq->verdict = JOBQ_NO_HANG;
	mq->on_timedout = see_what_the_device_did;
	mock_wait_timeout(mq, 1);
	mock_expect_signalled(mq, 0, 1, 0);
	KUNIT_EXPECT_EQ(test, mq->num_signalled, 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&mq->num_freed), 1);
	KUNIT_EXPECT_EQ(test, mq->num_ran, 2);
	jobq_complete(&mq->q, 2);
	mock_flush(mq);
	KUNIT_EXPECT_EQ(test, atomic_read(&mq->num_freed), 2);
	mock_queue_end(mq);
}

struct process {
	struct mock_queue *mq;
	struct mock_foreign *foreign;
	struct callback_head exit;
	struct completion exited;
	bool exiting;
	bool killed;
};

static void submit_pending_job(struct process *p)
{
	struct mock_job *job = mock_job(p->mq);

	mock_foreign_dep(p->mq->test, p->foreign, job);
	mock_commit(p->mq, job);
	jobq_job_put(&job->base);
}

/* Where the files of a process are closed. */
static void close_at_exit(struct callback_head *head)
{
	struct process *p = container_of(head, struct process, exit);

	p->exiting = current->flags & PF_EXITING;
	jobq_teardown(&p->mq->q);
	complete(&p->exited);
}

static int killed_process(void *arg)
{
	struct process *p = arg;

	submit_pending_job(p);
	allow_signal(SIGKILL);
	send_sig(SIGKILL, current, 1);
	p->killed = fatal_signal_pending(current);
	/* With the signal pending: neither submitting nor waiting is cut short by it. */
	submit_pending_job(p);
	init_task_work(&p->exit, close_at_exit);
	task_work_add(current, &p->exit, TWA_NONE);
	return 0;
}

static void run_process(struct kunit *test, int (*fn)(void *arg), struct process *p)
{
	struct task_struct *task = kthread_create(fn, p, "process");

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	get_task_struct(task);
	wake_up_process(task);
	/* Not only out of @fn. */
	while (!READ_ONCE(task->exit_state))
		msleep(20);
	put_task_struct(task);
}

/*
 * drm_sched_entity_flush() waits for the entity to drain when a file is closed, but kills
 * it if the process is dying from SIGKILL; which it tells from flags of the task that
 * happens to be the last to close. And the jobs it kills wait for their dependencies to
 * signal, in a chain of works, before they are freed.
 *
 * Here the driver says what it wants, and it is the same in a dying process: nothing
 * waits for the dependency, and all has ended when the file is closed.
 */
static void process_killed_with_jobs_queued(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0);
	struct mock_foreign foreign;
	struct process p = { .mq = mq, .foreign = &foreign };

	mock_foreign_init(test, &foreign);
	init_completion(&p.exited);
	mq->on_stop = answer_stop;
	mock_submit_many(mq, 1);
	run_process(test, killed_process, &p);
	KUNIT_EXPECT_TRUE(test, completion_done(&p.exited));
	KUNIT_EXPECT_TRUE(test, p.killed);
	KUNIT_EXPECT_TRUE(test, p.exiting);
	mock_expect_signalled(mq, 0, 3, -ECANCELED);
	KUNIT_EXPECT_EQ(test, atomic_read(&mq->num_freed), 3);
	mock_queue_end(mq);
	mock_foreign_end(&foreign);
}

static int short_lived_process(void *arg)
{
	submit_pending_job(arg);
	return 0;
}

/*
 * drm_sched keeps the last process that submitted to an entity (last_user), and a file
 * that is shared can be closed by another one than that: entities were left alive, or
 * killed under a process that still used them.
 *
 * Here jobs aren't tied to who committed them.
 */
static void submitter_gone_before_its_job_runs(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0);
	struct mock_foreign foreign;
	struct process p = { .mq = mq, .foreign = &foreign };

	mock_foreign_init(test, &foreign);
	run_process(test, short_lived_process, &p);
	KUNIT_EXPECT_EQ(test, mq->num_ran, 0);
	mock_foreign_signal(&foreign, 0);
	mock_flush(mq);
	KUNIT_EXPECT_EQ(test, mq->num_ran, 1);
	jobq_complete(&mq->q, 1);
	mock_expect_signalled(mq, 0, 1, 0);
	mock_queue_end(mq);
	mock_foreign_end(&foreign);
}

struct cycle {
	struct drm_file *file;
	struct drm_syncobj *syncobj[2];
	u32 handle[2];
};

static void make_cycle(struct kunit *test, struct cycle *c)
{
	int i;

	c->file = kunit_kzalloc(test, sizeof(*c->file), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, c->file);
	xa_init_flags(&c->file->syncobj_xa, XA_FLAGS_ALLOC1);
	for (i = 0; i < 2; i++) {
		KUNIT_ASSERT_EQ(test, drm_syncobj_create(&c->syncobj[i], 0, NULL), 0);
		KUNIT_ASSERT_EQ(test, drm_syncobj_get_handle(c->file, c->syncobj[i],
							     &c->handle[i]), 0);
	}
}

static void end_cycle(struct cycle *c)
{
	int i;

	for (i = 0; i < 2; i++) {
		drm_syncobj_put(c->syncobj[i]);
		drm_syncobj_put(c->syncobj[i]);
	}
	xa_destroy(&c->file->syncobj_xa);
}

/*
 * Two jobs of two queues of which each waits for what the other one is going to put into
 * a syncobj. If both could be queued neither would ever run.
 *
 * Here a dependency is on a fence that exists, so whoever comes first is refused; and on
 * syncobjs that have older fences they wait for those.
 */
static void dependency_cycle_through_syncobjs(struct kunit *test)
{
	struct mock_queue *mq[2] = { mock_queue(test, 0), mock_queue(test, 0) };
	struct mock_foreign foreign;
	struct mock_job *job[2];
	struct cycle c;
	int i;

	make_cycle(test, &c);
	mock_foreign_init(test, &foreign);
	job[0] = mock_job(mq[0]);
	KUNIT_EXPECT_EQ(test, jobq_job_add_dep_syncobj(&job[0]->base, c.file, c.handle[1], 0),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, jobq_job_add_dep_syncobj(&job[0]->base, c.file, c.handle[1], 5),
			-EINVAL);
	jobq_job_put(&job[0]->base);

	for (i = 0; i < 2; i++)
		drm_syncobj_replace_fence(c.syncobj[i], foreign.base);
	for (i = 0; i < 2; i++) {
		job[i] = mock_job(mq[i]);
		KUNIT_EXPECT_EQ(test, jobq_job_add_dep_syncobj(&job[i]->base, c.file,
							       c.handle[!i], 0), 0);
		KUNIT_EXPECT_EQ(test, jobq_job_add_signal_syncobj(&job[i]->base, c.file,
								  c.handle[i], 0), 0);
	}
	for (i = 0; i < 2; i++) {
		mock_commit(mq[i], job[i]);
		KUNIT_EXPECT_EQ(test, mq[i]->num_ran, 0);
	}
	mock_foreign_signal(&foreign, 0);
	for (i = 0; i < 2; i++) {
		mock_flush(mq[i]);
		KUNIT_EXPECT_EQ(test, mq[i]->num_ran, 1);
		jobq_complete(&mq[i]->q, 1);
		jobq_job_put(&job[i]->base);
		mock_queue_end(mq[i]);
	}
	mock_foreign_end(&foreign);
	end_cycle(&c);
}

static void commit_one_more(struct mock_queue *mq, struct jobq_job *job)
{
	mock_commit_spare(mq, 1);
	KUNIT_EXPECT_EQ(mq->test, mq->num_ran, 3);
}

/*
 * drm_sched_resubmit_jobs() reinitialises the fences of the jobs that run again: who
 * waits for one, or has its seqno, is left behind. The kernel's todo list asks for a
 * successor, and for a way to see which jobs are in the ring.
 */
static void reset_with_waiters_on_the_innocent(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0), *waiting = mock_queue(test, 0);
	struct mock_job *job[3], *waiter = mock_job(waiting);
	struct dma_fence *fence;
	int i;

	for (i = 0; i < 3; i++)
		job[i] = mock_submit(mq);
	fence = dma_fence_get(jobq_job_fence(&job[2]->base));
	KUNIT_ASSERT_EQ(test, jobq_job_add_dep(&waiter->base, dma_fence_get(fence)), 0);
	mock_commit(waiting, waiter);
	mock_prepare_spare(mq, 1);
	mq->verdict = JOBQ_RESET;
	mq->on_timedout = commit_one_more;
	mock_wait_timeout(mq, 1);

	KUNIT_EXPECT_FALSE(test, dma_fence_is_signaled(fence));
	KUNIT_EXPECT_EQ(test, fence->seqno, 3);
	KUNIT_EXPECT_PTR_EQ(test, jobq_job_fence(&job[2]->base), fence);
	jobq_complete(&mq->q, 3);
	KUNIT_EXPECT_EQ(test, dma_fence_get_status(fence), 1);
	mock_flush(waiting);
	KUNIT_EXPECT_EQ(test, waiting->num_ran, 1);

	dma_fence_put(fence);
	for (i = 0; i < 3; i++)
		jobq_job_put(&job[i]->base);
	jobq_job_put(&waiter->base);
	mock_queue_end(waiting);
	mock_queue_end(mq);
}

/* Two threads at a queue with one job; see run_duels(). */
struct duel {
	struct mock_queue *mq;
	struct mock_job *job;
	struct mock_foreign foreign;
};

static void signal_dependency(void *arg, int side)
{
	struct duel *duel = arg;

	mock_foreign_signal(&duel->foreign, 0);
}

static void kill_queue(void *arg, int side)
{
	struct duel *duel = arg;

	jobq_kill(&duel->mq->q, -ENODEV);
}

static void tear_down(void *arg, int side)
{
	struct duel *duel = arg;

	jobq_teardown(&duel->mq->q);
}

static void complete_job(void *arg, int side)
{
	struct duel *duel = arg;

	jobq_complete(&duel->mq->q, 1);
}

static void remove_device(void *arg, int side)
{
	struct duel *duel = arg;

	jobq_kill(&duel->mq->q, -ENODEV);
	jobq_stopped(&duel->mq->q);
}

static void commit_job(void *arg, int side)
{
	struct duel *duel = arg;

	jobq_commit((struct jobq_job *[]){ &duel->job->base }, 1);
}

static void put_job(void *arg, int side)
{
	struct duel *duel = arg;

	jobq_job_put(&duel->job->base);
	duel->job = NULL;
}

/* How far a job of a duel is when it begins. */
enum duel_start { PREPARED, PENDING, RUNNING };

static void make_duel(struct kunit *test, struct duel *duel, unsigned int flags,
		      enum duel_start start)
{
	duel->mq = mock_queue(test, flags);
	duel->mq->on_stop = answer_stop;
	mock_foreign_init(test, &duel->foreign);
	duel->job = mock_job(duel->mq);
	if (start != RUNNING)
		mock_foreign_dep(test, &duel->foreign, duel->job);
	mock_prepare(duel->mq, duel->job);
	if (start != PREPARED)
		jobq_commit((struct jobq_job *[]){ &duel->job->base }, 1);
}

/* Whatever happened, the fence has signalled once when the queue is torn down. */
static void end_duel(struct kunit *test, struct duel *duel)
{
	jobq_teardown(&duel->mq->q);
	KUNIT_EXPECT_EQ(test, duel->mq->num_signalled, 1);
	KUNIT_EXPECT_LE(test, duel->mq->num_ran, 1);
	if (duel->job)
		jobq_job_put(&duel->job->base);
	KUNIT_EXPECT_EQ(test, atomic_read(&duel->mq->num_freed), 1);
	mock_queue_end(duel->mq);
	KUNIT_EXPECT_TRUE(test, !duel->foreign.fence ||
			  list_empty(&duel->foreign.base->cb_list));
	mock_foreign_end(&duel->foreign);
}

#define DUELS 40

static void run_duels(struct kunit *test, unsigned int flags, enum duel_start start,
		      race_func_t one, race_func_t other)
{
	struct race *race = race_start(test, NULL);
	struct duel duels[RACE_BATCH];
	int i;

	while (race_goes_on(race, DUELS)) {
		for (i = 0; i < RACE_BATCH; i++)
			make_duel(test, &duels[i], flags, start);
		race_run(race, one, other, duels, sizeof(duels[0]), RACE_BATCH);
		for (i = 0; i < RACE_BATCH; i++)
			end_duel(test, &duels[i]);
	}
	race_end(race, "one", "other");
}

/*
 * drm_sched_entity_kill() races with the callback of the dependency that the entity is
 * waiting for: it takes the callback off, or waits, by a completion, for the worker that
 * the callback wakes; and a callback that was added for a killed job takes locks in
 * interrupts that others take without disabling them (lockdep, 2025).
 *
 * Here a callback that runs has its job until it has returned.
 */
static void kill_while_a_dependency_callback_runs(struct kunit *test)
{
	run_duels(test, 0, PENDING, signal_dependency, kill_queue);
	run_duels(test, JOBQ_RUN_ATOMIC, PENDING, signal_dependency, kill_queue);
}

/* The same, with all of the queue gone when the teardown returns. */
static void teardown_while_a_dependency_callback_runs(struct kunit *test)
{
	run_duels(test, 0, PENDING, signal_dependency, tear_down);
	run_duels(test, JOBQ_RUN_ATOMIC, PENDING, signal_dependency, tear_down);
}

/* A push to an entity that is being killed: its job was lost, its fence never signalled. */
static void teardown_while_a_job_is_committed(struct kunit *test)
{
	run_duels(test, 0, PREPARED, commit_job, tear_down);
	run_duels(test, JOBQ_RUN_ATOMIC, PREPARED, commit_job, tear_down);
}

/* The interrupt of a device that is taken away: complete, or cancelled; never both. */
static void removal_races_with_completion(struct kunit *test)
{
	run_duels(test, 0, RUNNING, complete_job, remove_device);
	run_duels(test, JOBQ_RUN_ATOMIC, RUNNING, complete_job, remove_device);
}

/* The last two references to a job are put at once: one of the two frees it. */
static void completion_races_with_the_last_put(struct kunit *test)
{
	run_duels(test, 0, RUNNING, complete_job, put_job);
}

static struct kunit_case history_cases[] = {
	KUNIT_CASE(job_ran_and_was_freed_while_the_submitter_looks),
	KUNIT_CASE_SLOW(queue_gone_while_the_submitter_looks),
	KUNIT_CASE(queue_gone_before_its_jobs_and_fences),
	KUNIT_CASE_SLOW(teardown_with_jobs_in_each_state),
	KUNIT_CASE_SLOW(completion_between_timer_and_timedout),
	KUNIT_CASE_SLOW(timeout_of_a_complete_job_whose_interrupt_was_lost),
	KUNIT_CASE_SLOW(process_killed_with_jobs_queued),
	KUNIT_CASE(submitter_gone_before_its_job_runs),
	KUNIT_CASE(dependency_cycle_through_syncobjs),
	KUNIT_CASE_SLOW(reset_with_waiters_on_the_innocent),
	KUNIT_CASE_SLOW(kill_while_a_dependency_callback_runs),
	KUNIT_CASE_SLOW(teardown_while_a_dependency_callback_runs),
	KUNIT_CASE_SLOW(teardown_while_a_job_is_committed),
	KUNIT_CASE_SLOW(removal_races_with_completion),
	KUNIT_CASE_SLOW(completion_races_with_the_last_put),
	{}
};

static struct kunit_suite history_suite = {
	.name = "jobq-history",
	.test_cases = history_cases,
};

kunit_test_suite(history_suite);
