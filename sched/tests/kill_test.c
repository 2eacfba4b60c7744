// SPDX-License-Identifier: GPL-2.0
/*
 * Kill and teardown: everything signals, in order, whatever the hardware does.
 */

#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/workqueue.h>

#include <dfence/dfence.h>

#include "../jobq_internal.h"
#include "mock.h"

/* Pending jobs that never ran, on a dependency that never signals. */
static void pending_with_foreign_dep(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0);
	struct mock_foreign foreign;
	struct mock_job *job = mock_job(mq);

	mock_foreign_init(test, &foreign);
	mock_foreign_dep(test, &foreign, job);
	mock_commit(mq, job);
	mock_submit_many(mq, 2);
	KUNIT_EXPECT_EQ(test, mq->num_ran, 0);

	jobq_kill(&mq->q, -EOWNERDEAD);
	KUNIT_EXPECT_EQ(test, jobq_state(&mq->q), JOBQ_KILLED);
	mock_expect_signalled(mq, 0, 3, -EOWNERDEAD);
	mock_flush(mq);
	/* The callback is gone, and with it the reference. */
	KUNIT_EXPECT_TRUE(test, list_empty(&foreign.base->cb_list));
	KUNIT_EXPECT_EQ(test, kref_read(&foreign.base->refcount), 2);

	jobq_job_put(&job->base);
	mock_queue_end(mq);
	KUNIT_EXPECT_EQ(test, mq->tries, 0);
	KUNIT_EXPECT_EQ(test, mq->stops, 0);
	mock_foreign_end(&foreign);
}

/* Teardown alone, with the same. */
static void teardown_with_foreign_dep(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, JOBQ_RUN_ATOMIC);
	struct mock_foreign foreign;
	struct mock_job *job = mock_job(mq);

	mock_foreign_init(test, &foreign);
	mock_foreign_dep(test, &foreign, job);
	mock_commit(mq, job);
	jobq_job_put(&job->base);
	mock_queue_end(mq);
	mock_expect_signalled(mq, 0, 1, -ECANCELED);
	KUNIT_EXPECT_EQ(test, atomic_read(&mq->num_freed), 1);
	mock_foreign_end(&foreign);
}

/* Cancelled jobs behind running ones wait until the hardware has stopped. */
static void cancelled_wait_for_running(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, JOBQ_RUN_ATOMIC);

	mock_submit_many(mq, MOCK_CREDITS + 2);
	jobq_kill(&mq->q, -ENODEV);
	flush_work(&mq->q.kill_work.work);
	KUNIT_EXPECT_EQ(test, mq->num_signalled, 0);
	KUNIT_EXPECT_EQ(test, mq->stops, 1);

	/* One completes on its own, the others are stopped. */
	KUNIT_EXPECT_EQ(test, jobq_complete(&mq->q, 1), 0);
	mock_expect_signalled(mq, 0, 1, 0);
	KUNIT_EXPECT_EQ(test, mq->num_signalled, 1);
	jobq_stopped(&mq->q);
	mock_expect_signalled(mq, 1, MOCK_CREDITS + 1, -ENODEV);
	mock_queue_end(mq);
	KUNIT_EXPECT_EQ(test, mq->stops, 1);
	KUNIT_EXPECT_EQ(test, mq->force_stops, 0);
	KUNIT_EXPECT_EQ(test, mq->num_ran, MOCK_CREDITS);
}

static void answer_at_once(struct mock_queue *mq)
{
	jobq_stopped(&mq->q);
}

static void stop_answered_at_once(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0);

	mq->on_stop = answer_at_once;
	mock_submit_many(mq, 2);
	jobq_kill(&mq->q, -ENODEV);
	flush_work(&mq->q.kill_work.work);
	mock_expect_signalled(mq, 0, 2, -ENODEV);
	msleep(2 * MOCK_STOP_MS);
	KUNIT_EXPECT_EQ(test, mq->force_stops, 0);
	mock_queue_end(mq);
}

static void report_stopped(void *arg)
{
	struct mock_queue *mq = arg;

	jobq_stopped(&mq->q);
}

/* The answer is an interrupt that comes later. */
static void stop_answered_later(struct kunit *test)
{
	struct mock_queue *mq;

	mock_need_time_travel(test);
	mq = mock_queue(test, 0);
	mock_submit_many(mq, 2);
	jobq_kill(&mq->q, -ENODEV);
	msleep(MOCK_STOP_MS / 2);
	KUNIT_EXPECT_EQ(test, mq->num_signalled, 0);
	mock_hardirq(test, report_stopped, mq);
	mock_expect_signalled(mq, 0, 2, -ENODEV);
	msleep(2 * MOCK_STOP_MS);
	KUNIT_EXPECT_EQ(test, mq->force_stops, 0);
	mock_queue_end(mq);
}

/* There is no answer: force is used when the time is up, without teardown, too. */
static void stop_not_answered(struct kunit *test)
{
	struct mock_queue *mq;

	mock_need_time_travel(test);
	mq = mock_queue(test, 0);
	mock_submit_many(mq, 2);
	jobq_kill(&mq->q, -ENODEV);
	msleep(MOCK_STOP_MS / 2);
	KUNIT_EXPECT_EQ(test, mq->stops, 1);
	KUNIT_EXPECT_EQ(test, mq->force_stops, 0);
	KUNIT_EXPECT_EQ(test, mq->num_signalled, 0);
	msleep(MOCK_STOP_MS);
	KUNIT_EXPECT_EQ(test, mq->force_stops, 1);
	mock_expect_signalled(mq, 0, 2, -ENODEV);
	mock_queue_end(mq);
	KUNIT_EXPECT_EQ(test, mq->stops, 1);
	KUNIT_EXPECT_EQ(test, mq->force_stops, 1);
}

/* Teardown alone does all of it. */
static void teardown_not_answered(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0);

	mock_submit_many(mq, MOCK_CREDITS + 1);
	jobq_teardown(&mq->q);
	KUNIT_EXPECT_EQ(test, mq->stops, 1);
	KUNIT_EXPECT_EQ(test, mq->force_stops, 1);
	mock_expect_signalled(mq, 0, MOCK_CREDITS + 1, -ECANCELED);
	KUNIT_EXPECT_EQ(test, atomic_read(&mq->num_freed), MOCK_CREDITS + 1);
	jobq_teardown(&mq->q);
	mock_queue_end(mq);
	KUNIT_EXPECT_EQ(test, mq->force_stops, 1);
}

/* Without a stop op force is used straight away. */
static void no_stop_op(struct kunit *test)
{
	struct jobq_ops ops = mock_ops;
	const struct jobq_args args = {
		.ops = &ops, .driver_name = "d", .name = "n", .credits = 1,
	};
	struct mock_queue *mq;

	ops.stop = NULL;
	mq = mock_queue_raw(test, &args);
	mock_submit_many(mq, 1);
	jobq_kill(&mq->q, -ENODEV);
	flush_work(&mq->q.kill_work.work);
	KUNIT_EXPECT_EQ(test, mq->force_stops, 1);
	mock_expect_signalled(mq, 0, 1, -ENODEV);
	mock_queue_end(mq);
}

/* All jobs complete after the kill: nothing is left to be stopped. */
static void completes_after_kill(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0);

	mock_submit_many(mq, 2);
	jobq_kill(&mq->q, -ENODEV);
	flush_work(&mq->q.kill_work.work);
	jobq_complete(&mq->q, 2);
	mock_expect_signalled(mq, 0, 2, 0);
	mock_queue_end(mq);
	KUNIT_EXPECT_EQ(test, mq->stops, 1);
	KUNIT_EXPECT_EQ(test, mq->force_stops, 0);
}

static void kill_in_irq(void *arg)
{
	struct mock_queue *mq = arg;

	jobq_kill(&mq->q, -ENODEV);
	jobq_stopped(&mq->q);
}

/* Surprise removal, noticed by an interrupt. */
static void gone_in_irq(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0);

	mock_submit_many(mq, MOCK_CREDITS + 1);
	mock_hardirq(test, kill_in_irq, mq);
	mock_expect_signalled(mq, 0, MOCK_CREDITS + 1, -ENODEV);
	mock_queue_end(mq);
	/* Another CPU can be quicker than the handler that is about to answer. */
	KUNIT_EXPECT_LT(test, mq->stops, num_online_cpus());
	KUNIT_EXPECT_EQ(test, mq->force_stops, 0);
}

/* A softirq is what mock_hardirq() has on PREEMPT_RT, too. */
static void count_in_irq(struct mock_queue *mq, struct mock_job *job)
{
	mq->progress += in_hardirq() || in_serving_softirq();
}

static void (* const irqs[])(struct kunit *test, void (*fn)(void *arg), void *arg) = {
	mock_hardirq, mock_softirq,
};

static void irqs_desc(void (* const *irq)(struct kunit *test, void (*fn)(void *arg), void *arg),
		      char *desc)
{
	strscpy(desc, *irq == mock_hardirq ? "hard" : "soft", KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(irqs, irqs, irqs_desc);

/* Many jobs are cancelled by an interrupt: it doesn't signal all of them. */
static void many_killed_in_irq(struct kunit *test)
{
	typeof(*irqs) *irq = test->param_value;
	struct mock_queue *mq = mock_queue(test, JOBQ_RUN_ATOMIC);
	const unsigned int num = 5 * JOBQ_BUDGET;
	struct mock_foreign foreign;
	struct mock_job *job = mock_job(mq);

	mock_foreign_init(test, &foreign);
	mock_foreign_dep(test, &foreign, job);
	mock_commit(mq, job);
	mq->on_signal = count_in_irq;
	mock_submit_many(mq, num - 1);
	(*irq)(test, kill_in_irq, mq);
	mock_wait_for(test, &mq->num_signalled, num);
	/* It kills, then says that the hardware has stopped. */
	KUNIT_EXPECT_LE(test, mq->progress, 2 * JOBQ_BUDGET);

	mq->on_signal = NULL;
	jobq_job_put(&job->base);
	mock_queue_end(mq);
	mock_foreign_end(&foreign);
}

/* The same, by the one who tears the queue down. */
static void many_torn_down(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0);
	const unsigned int num = 5 * JOBQ_BUDGET;
	struct mock_foreign foreign;
	struct mock_job *job = mock_job(mq);

	mock_foreign_init(test, &foreign);
	mock_foreign_dep(test, &foreign, job);
	mock_commit(mq, job);
	mock_submit_many(mq, num - 1);
	jobq_job_put(&job->base);
	mock_queue_end(mq);
	KUNIT_EXPECT_EQ(test, mq->num_signalled, num);
	KUNIT_EXPECT_EQ(test, atomic_read(&mq->num_freed), num);
	mock_foreign_end(&foreign);
}

static void kill_from_run_job(struct mock_queue *mq, struct mock_job *job)
{
	if (mq->tries == 2)
		jobq_kill(&mq->q, -ENODEV);
}

/* The job that is in run_job at the kill is in the ring: it waits for the stop. */
static void kill_during_run_job(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, JOBQ_RUN_ATOMIC);

	mock_prepare_spare(mq, 4);
	mq->on_run = kill_from_run_job;
	mock_commit_spare(mq, 4);
	KUNIT_EXPECT_EQ(test, mq->num_ran, 2);
	KUNIT_EXPECT_EQ(test, mq->num_signalled, 0);
	mock_queue_end(mq);
	KUNIT_EXPECT_EQ(test, mq->num_ran, 2);
	KUNIT_EXPECT_EQ(test, mq->stops, 1);
	mock_expect_signalled(mq, 0, 4, -ENODEV);
}

static void kill_and_no_room(struct mock_queue *mq, struct mock_job *job)
{
	jobq_kill(&mq->q, -ENODEV);
	mq->run_ret = -EBUSY;
}

/* The same if there is no room: it ends instead of being retried. */
static void kill_during_busy_run_job(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0);

	mq->on_run = kill_and_no_room;
	mock_submit_many(mq, 1);
	mock_expect_signalled(mq, 0, 1, -ENODEV);
	mock_queue_end(mq);
	KUNIT_EXPECT_EQ(test, mq->tries, 1);
}

static void only_the_first_kill_counts(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0);

	jobq_kill(&mq->q, -ENODEV);
	jobq_kill(&mq->q, -EIO);
	KUNIT_EXPECT_EQ(test, jobq_error(&mq->q), -ENODEV);
	mock_queue_end(mq);
	KUNIT_EXPECT_EQ(test, jobq_error(&mq->q), -ENODEV);
}

static void misuse_is_reported(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0);

	MOCK_EXPECT_WARNING(test, jobq_stopped(&mq->q));
	KUNIT_EXPECT_EQ(test, jobq_state(&mq->q), JOBQ_RUNNING);
	MOCK_EXPECT_WARNING(test, jobq_kill(&mq->q, 0));
	KUNIT_EXPECT_EQ(test, jobq_error(&mq->q), -ECANCELED);
	mock_queue_end(mq);
}

/* Jobs prepared before the kill and committed after it, of two queues. */
static void commit_after_kill(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0), *alive = mock_queue(test, 0);
	struct mock_job *job = mock_job(mq), *other = mock_job(alive);
	struct jobq_job *group[] = { &job->base, &other->base };

	KUNIT_EXPECT_EQ(test, jobq_job_add_dep_job(&other->base, &job->base), 0);
	mock_prepare(mq, job);
	mock_prepare(alive, other);
	jobq_kill(&mq->q, -ENODEV);
	jobq_commit(group, 2);
	mock_flush(alive);
	mock_expect_signalled(mq, 0, 1, -ENODEV);
	KUNIT_EXPECT_EQ(test, mq->tries, 0);
	KUNIT_EXPECT_EQ(test, alive->num_ran, 1);
	jobq_job_put(&job->base);
	jobq_job_put(&other->base);
	mock_queue_end(alive);
	mock_queue_end(mq);
}

/* The same after a teardown: the committer does all of it. */
static void commit_after_teardown(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0);
	struct mock_foreign foreign;
	struct mock_job *job = mock_job(mq);

	mock_foreign_init(test, &foreign);
	mock_foreign_dep(test, &foreign, job);
	mock_prepare(mq, job);
	jobq_teardown(&mq->q);
	jobq_commit((struct jobq_job *[]){ &job->base }, 1);
	mock_expect_signalled(mq, 0, 1, -ECANCELED);
	/* No callback was put there, which could still run when the queue is gone. */
	KUNIT_EXPECT_FALSE(test, test_bit(DMA_FENCE_FLAG_ENABLE_SIGNAL_BIT,
					  &foreign.base->flags));
	KUNIT_EXPECT_EQ(test, kref_read(&job->base.ref), 1);
	jobq_job_put(&job->base);
	mock_queue_end(mq);
	KUNIT_EXPECT_EQ(test, mq->tries, 0);
	mock_foreign_end(&foreign);
}

struct teardown_thread {
	struct mock_queue *mq;
	struct completion done;
};

static int teardown_fn(void *arg)
{
	struct teardown_thread *thread = arg;

	jobq_teardown(&thread->mq->q);
	complete(&thread->done);
	return 0;
}

/* Two at once: both return when it is over, the hardware is stopped once. */
static void concurrent_teardown(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0);
	struct teardown_thread thread = { .mq = mq };
	struct task_struct *task;

	init_completion(&thread.done);
	mock_submit_many(mq, 1);
	task = kthread_run(teardown_fn, &thread, "teardown");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	jobq_teardown(&mq->q);
	KUNIT_EXPECT_EQ(test, jobq_state(&mq->q), JOBQ_DEAD);
	wait_for_completion(&thread.done);
	KUNIT_EXPECT_EQ(test, mq->force_stops, 1);
	mock_queue_end(mq);
}

static void kill_while_stopped(struct kunit *test)
{
	struct mock_queue *mq = mock_queue(test, 0);

	jobq_stop(&mq->q);
	mock_submit_many(mq, 2);
	jobq_kill(&mq->q, -ENODEV);
	mock_expect_signalled(mq, 0, 2, -ENODEV);
	jobq_start(&mq->q);
	KUNIT_EXPECT_EQ(test, jobq_state(&mq->q), JOBQ_KILLED);
	mock_queue_end(mq);
	KUNIT_EXPECT_EQ(test, mq->tries, 0);
}

/* Two queues that share an ordered workqueue: neither is held up by the other. */
static void teardown_with_shared_wq(struct kunit *test)
{
	struct workqueue_struct *wq = alloc_ordered_workqueue("mock", WQ_MEM_RECLAIM);
	struct jobq_args args = {
		.ops = &mock_ops, .driver_name = "d", .name = "n", .credits = 1,
		.timeout_ms = MOCK_TIMEOUT_MS, .timeout_wq = wq,
	};
	struct mock_queue *slow, *mq;

	KUNIT_ASSERT_NOT_NULL(test, wq);
	slow = mock_queue_raw(test, &args);
	mq = mock_queue_raw(test, &args);
	mock_submit_many(slow, 1);
	mock_submit_many(mq, 1);
	jobq_kill(&slow->q, -ENODEV);
	jobq_kill(&mq->q, -ENODEV);
	flush_work(&mq->q.kill_work.work);
	mock_queue_end(mq);
	mock_queue_end(slow);
	KUNIT_EXPECT_EQ(test, mq->force_stops, 1);
	KUNIT_EXPECT_EQ(test, slow->force_stops, 1);
	destroy_workqueue(wq);
}

static struct kunit_case kill_cases[] = {
	KUNIT_CASE(pending_with_foreign_dep),
	KUNIT_CASE(teardown_with_foreign_dep),
	KUNIT_CASE(cancelled_wait_for_running),
	KUNIT_CASE(stop_answered_at_once),
	KUNIT_CASE(stop_answered_later),
	KUNIT_CASE(stop_not_answered),
	KUNIT_CASE_SLOW(teardown_not_answered),
	KUNIT_CASE(no_stop_op),
	KUNIT_CASE(completes_after_kill),
	KUNIT_CASE(gone_in_irq),
	KUNIT_CASE_PARAM(many_killed_in_irq, irqs_gen_params),
	KUNIT_CASE(many_torn_down),
	KUNIT_CASE(kill_during_run_job),
	KUNIT_CASE(kill_during_busy_run_job),
	KUNIT_CASE(only_the_first_kill_counts),
	KUNIT_CASE(misuse_is_reported),
	KUNIT_CASE(commit_after_kill),
	KUNIT_CASE(commit_after_teardown),
	KUNIT_CASE(concurrent_teardown),
	KUNIT_CASE(kill_while_stopped),
	KUNIT_CASE(teardown_with_shared_wq),
	{}
};

static struct kunit_suite kill_suite = {
	.name = "jobq-kill",
	.test_cases = kill_cases,
};

kunit_test_suite(kill_suite);
