// SPDX-License-Identifier: GPL-2.0
/*
 * The contract of each op: who calls it, in which context, in which order, and that
 * none is called when the queue has ended.
 */

#include <linux/atomic.h>
#include <linux/compiler.h>
#include <linux/delay.h>
#include <linux/irqflags.h>
#include <linux/preempt.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "mock.h"

#define LOG_MAX 64

/* A queue that writes down a letter for each call, and what was wrong with it. */
struct ops_queue {
	struct jobq q;
	struct kunit *test;
	char log[LOG_MAX];
	atomic_t len;
	const char *broken;
	bool released;
};

struct ops_job {
	struct jobq_job base;
	/* It is: otherwise a call came for something that was freed. */
	bool alive;
};

static struct ops_queue *to_ops_queue(struct jobq *q)
{
	return container_of(q, struct ops_queue, q);
}

static void note(struct jobq *q, char letter)
{
	struct ops_queue *oq = to_ops_queue(q);
	int len = atomic_inc_return(&oq->len);

	if (len < LOG_MAX)
		oq->log[len - 1] = letter;
}

static void must(struct jobq *q, bool ok, const char *what)
{
	if (!ok)
		to_ops_queue(q)->broken = what;
}

static bool may_sleep(void)
{
	return in_task() && !irqs_disabled();
}

/* PREEMPT_RT keeps interrupts enabled. */
static bool is_atomic(void)
{
	return irqs_disabled() || IS_ENABLED(CONFIG_PREEMPT_RT);
}

static int ops_run_job(struct jobq *q, struct jobq_job *job)
{
	note(q, 'r');
	must(q, q->flags & JOBQ_RUN_ATOMIC ? is_atomic() : may_sleep(), "context of run_job");
	must(q, container_of(job, struct ops_job, base)->alive, "job of run_job");
	must(q, jobq_job_seqno(job) && jobq_job_fence(job), "run_job before commit");
	return 0;
}

static void ops_doorbell(struct jobq *q)
{
	note(q, 'd');
	must(q, q->flags & JOBQ_RUN_ATOMIC ? is_atomic() : may_sleep(), "context of doorbell");
}

static int ops_job_error(struct jobq *q, struct jobq_job *job)
{
	note(q, 'e');
	must(q, is_atomic(), "context of job_error");
	must(q, jobq_job_state(job) == JOBQ_JOB_DONE, "state in job_error");
	must(q, !dma_fence_is_signaled(jobq_job_fence(job)), "job_error after signalling");
	return 0;
}

static void ops_job_free(struct jobq_job *base)
{
	struct ops_job *job = container_of(base, struct ops_job, base);

	note(base->q, 'f');
	must(base->q, may_sleep(), "context of job_free");
	job->alive = false;
	kfree(job);
}

static enum jobq_verdict ops_timedout(struct jobq *q, struct jobq_job *job)
{
	note(q, 't');
	must(q, may_sleep() && current_work() == &q->timeout_work.work, "context of timedout");
	must(q, jobq_state(q) == JOBQ_STOPPED, "timedout while running");
	return JOBQ_RESET;
}

static void ops_stop(struct jobq *q)
{
	note(q, 's');
	must(q, may_sleep() && current_work() == &q->kill_work.work, "context of stop");
	must(q, jobq_state(q) == JOBQ_KILLED, "stop without kill");
}

static void ops_force_stop(struct jobq *q)
{
	note(q, 'k');
	must(q, may_sleep() && current_work() == &q->kill_work.work, "context of force_stop");
	must(q, jobq_state(q) == JOBQ_KILLED, "force_stop without kill");
}

static void ops_release(struct jobq *q)
{
	note(q, 'l');
	must(q, may_sleep(), "context of release");
	must(q, jobq_state(q) == JOBQ_DEAD, "release before teardown");
	to_ops_queue(q)->released = true;
}

static const struct jobq_ops all_ops = {
	.run_job = ops_run_job,
	.doorbell = ops_doorbell,
	.job_error = ops_job_error,
	.job_free = ops_job_free,
	.timedout = ops_timedout,
	.stop = ops_stop,
	.force_stop = ops_force_stop,
	.release = ops_release,
};

/* Those that a queue can't do without. */
static const struct jobq_ops few_ops = {
	.run_job = ops_run_job,
	.job_free = ops_job_free,
	.force_stop = ops_force_stop,
	.release = ops_release,
};

static struct ops_queue *make_queue(struct kunit *test, const struct jobq_ops *ops,
				    unsigned int flags)
{
	const struct jobq_args args = {
		.ops = ops, .driver_name = "d", .name = "n", .flags = flags, .credits = 4,
		.timeout_ms = ops->timedout ? MOCK_TIMEOUT_MS : 0, .stop_timeout_ms = 10,
	};
	struct ops_queue *oq = kunit_kzalloc(test, sizeof(*oq), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, oq);
	oq->test = test;
	KUNIT_ASSERT_EQ(test, jobq_init(&oq->q, &args), 0);
	return oq;
}

static struct jobq_job *make_job(struct ops_queue *oq)
{
	const struct jobq_job_args args = { .credits = 1 };
	struct ops_job *job = kzalloc_obj(*job);

	KUNIT_ASSERT_NOT_NULL(oq->test, job);
	job->alive = true;
	KUNIT_ASSERT_EQ(oq->test, jobq_job_init(&job->base, &oq->q, &args), 0);
	KUNIT_ASSERT_EQ(oq->test, jobq_job_prepare(&job->base), 0);
	return &job->base;
}

static void submit(struct ops_queue *oq, unsigned int num)
{
	struct jobq_job *jobs[4];
	unsigned int i;

	for (i = 0; i < num; i++)
		jobs[i] = make_job(oq);
	jobq_commit(jobs, num);
	for (i = 0; i < num; i++)
		jobq_job_put(jobs[i]);
}

static void forget_log(struct ops_queue *oq)
{
	memset(oq->log, 0, sizeof(oq->log));
	atomic_set(&oq->len, 0);
}

static unsigned int times(struct ops_queue *oq, char letter)
{
	unsigned int i, num = 0;

	for (i = 0; i < LOG_MAX; i++)
		num += READ_ONCE(oq->log[i]) == letter;
	return num;
}

static void expect_log(struct ops_queue *oq, const char *log)
{
	flush_work(&oq->q.run_work);
	flush_delayed_work(&oq->q.free_work);
	KUNIT_EXPECT_STREQ(oq->test, oq->log, log);
	KUNIT_EXPECT_NULL_MSG(oq->test, oq->broken, "%s", oq->broken);
	forget_log(oq);
}

static void complete_two(void *arg)
{
	struct ops_queue *oq = arg;

	jobq_complete(&oq->q, 2);
}

static const unsigned int both_flags[] = { 0, JOBQ_RUN_ATOMIC };

static void flags_desc(const unsigned int *flags, char *desc)
{
	strscpy(desc, *flags ? "atomic" : "may sleep", KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(flags, both_flags, flags_desc);

/* All of them, in the life of a queue. */
static void contexts(struct kunit *test)
{
	struct ops_queue *oq;

	oq = make_queue(test, &all_ops, *(const unsigned int *)test->param_value);
	submit(oq, 4);
	expect_log(oq, "rrrrd");
	submit(oq, 2);
	expect_log(oq, "");
	mock_hardirq(test, complete_two, oq);
	/* Both errors are known before the first of the fences signals. */
	flush_work(&oq->q.run_work);
	flush_delayed_work(&oq->q.free_work);
	KUNIT_EXPECT_EQ(test, strncmp(oq->log, "ee", 2), 0);
	KUNIT_EXPECT_EQ(test, strlen(oq->log), 7);
	forget_log(oq);

	/* Four in the ring; the first hangs. */
	while (!times(oq, 'd'))
		msleep(20);
	flush_work(&oq->q.timeout_work.work);
	flush_delayed_work(&oq->q.free_work);
	jobq_kill(&oq->q, -ENODEV);
	while (!times(oq, 'k'))
		msleep(20);
	flush_work(&oq->q.kill_work.work);
	flush_delayed_work(&oq->q.free_work);
	KUNIT_EXPECT_EQ(test, oq->log[0], 't');
	KUNIT_EXPECT_EQ(test, times(oq, 'r'), 3);
	KUNIT_EXPECT_NOT_NULL(test, strstr(oq->log, "sk"));
	KUNIT_EXPECT_EQ(test, times(oq, 'f'), 4);
	forget_log(oq);

	jobq_teardown(&oq->q);
	expect_log(oq, "");
	jobq_put(&oq->q);
	expect_log(oq, "l");
	KUNIT_EXPECT_TRUE(test, oq->released);
}

/* Optional ones are left out. */
static void only_mandatory_ones(struct kunit *test)
{
	struct ops_queue *oq = make_queue(test, &few_ops, 0);

	submit(oq, 3);
	jobq_complete(&oq->q, 1);
	expect_log(oq, "rrrf");
	jobq_teardown(&oq->q);
	expect_log(oq, "kff");
	jobq_put(&oq->q);
	expect_log(oq, "l");
}

/* Whatever the driver still calls: a dead queue asks it for nothing but to free. */
static void none_after_teardown(struct kunit *test)
{
	struct ops_queue *oq = make_queue(test, &all_ops, JOBQ_RUN_ATOMIC);
	struct jobq_job *late = make_job(oq);

	jobq_teardown(&oq->q);
	KUNIT_EXPECT_EQ(test, jobq_complete(&oq->q, 0), 0);
	KUNIT_EXPECT_EQ(test, jobq_complete32(&oq->q, 0), 0);
	jobq_kick(&oq->q);
	jobq_kill(&oq->q, -EIO);
	jobq_stopped(&oq->q);
	jobq_timeout_suspend(&oq->q);
	jobq_timeout_resume(&oq->q);
	jobq_stop(&oq->q);
	jobq_reset(&oq->q, NULL);
	jobq_start(&oq->q);
	jobq_wait_signalled(&oq->q);
	jobq_commit(&late, 1);
	KUNIT_EXPECT_EQ(test, dma_fence_get_status(jobq_job_fence(late)), -ECANCELED);
	expect_log(oq, "");
	jobq_job_put(late);
	jobq_teardown(&oq->q);
	expect_log(oq, "f");
	jobq_put(&oq->q);
	expect_log(oq, "l");
}

/* Each call that can be refused says so, whatever state the queue is in. */
static void errnos_by_state(struct kunit *test)
{
	const struct jobq_job_args big = { .credits = 5 }, bad = { .flags = BIT(30) };
	const struct jobq_job_args good = { .credits = 4 };
	struct ops_queue *oq = make_queue(test, &all_ops, 0);
	struct jobq_job job;

	jobq_stop(&oq->q);
	KUNIT_EXPECT_EQ(test, jobq_job_init(&job, &oq->q, &big), -E2BIG);
	KUNIT_EXPECT_EQ(test, jobq_complete(&oq->q, 1), -ERANGE);
	KUNIT_EXPECT_EQ(test, jobq_error(&oq->q), 0);
	jobq_start(&oq->q);
	jobq_kill(&oq->q, -EIO);
	KUNIT_EXPECT_EQ(test, jobq_job_init(&job, &oq->q, &good), -EIO);
	KUNIT_EXPECT_EQ(test, jobq_job_init(&job, &oq->q, &big), -E2BIG);
	KUNIT_EXPECT_EQ(test, jobq_job_init(&job, &oq->q, &bad), -EINVAL);
	KUNIT_EXPECT_EQ(test, jobq_complete(&oq->q, 1), -ERANGE);
	jobq_teardown(&oq->q);
	KUNIT_EXPECT_EQ(test, jobq_job_init(&job, &oq->q, &good), -EIO);
	KUNIT_EXPECT_EQ(test, jobq_error(&oq->q), -EIO);
	KUNIT_EXPECT_EQ(test, jobq_complete32(&oq->q, 1), -ERANGE);
	expect_log(oq, "");
	jobq_put(&oq->q);
	expect_log(oq, "l");
}

static struct kunit_case ops_cases[] = {
	KUNIT_CASE_PARAM_ATTR(contexts, flags_gen_params, { .speed = KUNIT_SPEED_SLOW }),
	KUNIT_CASE(only_mandatory_ones),
	KUNIT_CASE(none_after_teardown),
	KUNIT_CASE(errnos_by_state),
	{}
};

static struct kunit_suite ops_suite = {
	.name = "jobq-ops",
	.test_cases = ops_cases,
};

kunit_test_suite(ops_suite);
