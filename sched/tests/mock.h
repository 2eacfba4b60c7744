/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A device that does nothing but what a test tells it to, and writes down what it
 * is asked for.
 */
#ifndef _JOBQ_TESTS_MOCK_H
#define _JOBQ_TESTS_MOCK_H

#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/dma-fence.h>
#include <linux/types.h>

#include <jobq/jobq.h>
#include <jobq/jobq_job.h>
#include <jobq/jobq_publish.h>

struct dfence;
struct dfence_ctx;

#define MOCK_LOG_MAX	64
#define MOCK_CREDITS	8
#define MOCK_SPARE	4
/* With time travel these cost nothing. */
#define MOCK_TIMEOUT_MS	(IS_ENABLED(CONFIG_UML) ? 10000 : 1000)
#define MOCK_STOP_MS	2000

struct mock_job;

/**
 * struct mock_queue - a queue of the mock device
 */
struct mock_queue {
	/** @q: what is tested */
	struct jobq q;
	/** @test: to which it belongs */
	struct kunit *test;
	/** @released: ops->release was called */
	struct completion released;
	/** @num_ran: calls of run_job that returned 0 */
	unsigned int num_ran;
	/** @ran: seqnos in the order of these calls */
	u64 ran[MOCK_LOG_MAX];
	/** @num_signalled: fences that signalled, of jobs made with mock_job() */
	unsigned int num_signalled;
	/** @signalled: their seqnos, in order */
	u64 signalled[MOCK_LOG_MAX];
	/** @errors: their errors */
	int errors[MOCK_LOG_MAX];
	/** @num_freed: jobs freed */
	atomic_t num_freed;
	/** @freed_by_timeout: one of them by the work that looks for timeouts */
	bool freed_by_timeout;
	/** @freed_by: who freed the last one */
	struct task_struct *freed_by;
	/** @tries: calls of run_job */
	unsigned int tries;
	/** @doorbells: calls of doorbell */
	unsigned int doorbells;
	/** @stops: calls of stop */
	unsigned int stops;
	/** @force_stops: calls of force_stop */
	unsigned int force_stops;
	/** @timeouts: calls of timedout */
	unsigned int timeouts;
	/** @run_ret: what run_job returns */
	int run_ret;
	/** @run_atomic: run_job was called with interrupts off */
	bool run_atomic;
	/** @run_task: who called it last */
	struct task_struct *run_task;
	/** @verdict: what timedout returns */
	enum jobq_verdict verdict;
	/** @progress: for tests with threads */
	int progress;
	/** @spare: prepared jobs for tests that commit in ops */
	struct mock_job *spare[MOCK_SPARE];
	/** @num_spare: how many of them are left */
	unsigned int num_spare;
	/** @on_run: called in run_job, if set */
	void (*on_run)(struct mock_queue *mq, struct mock_job *job);
	/** @on_signal: called in the fences' callbacks, if set */
	void (*on_signal)(struct mock_queue *mq, struct mock_job *job);
	/** @on_timedout: called in timedout, if set */
	void (*on_timedout)(struct mock_queue *mq, struct jobq_job *job);
	/** @priv: for a test that makes more of the device */
	void *priv;
	/** @on_stop: called in stop, if set */
	void (*on_stop)(struct mock_queue *mq);
};

/**
 * struct mock_job - a job of the mock device
 */
struct mock_job {
	/** @base: what is tested */
	struct jobq_job base;
	/** @log: publishing it puts a callback on the fence */
	struct jobq_publish log;
	/** @cb: the callback */
	struct dma_fence_cb cb;
	/** @error: what job_error returns */
	int error;
	/** @runs: calls of run_job that returned 0 */
	unsigned int runs;
};

/**
 * struct mock_foreign - a timeline of somebody else
 */
struct mock_foreign {
	/** @ctx: timeline */
	struct dfence_ctx *ctx;
	/** @fence: the issuer's side of its only fence */
	struct dfence *fence;
	/** @base: the consumers' side, counted */
	struct dma_fence *base;
};

extern const struct jobq_ops mock_ops;

static inline struct mock_queue *to_mock_queue(struct jobq *q)
{
	return container_of(q, struct mock_queue, q);
}

static inline struct mock_job *to_mock_job(struct jobq_job *job)
{
	return container_of(job, struct mock_job, base);
}

struct mock_queue *mock_queue_raw(struct kunit *test, const struct jobq_args *args);
struct mock_queue *mock_queue(struct kunit *test, unsigned int flags);
void mock_need_time_travel(struct kunit *test);
void mock_wait_for(struct kunit *test, const unsigned int *count, unsigned int num);
void mock_wait_timeout(struct mock_queue *mq, unsigned int num);
void mock_queue_end(struct mock_queue *mq);
void mock_flush(struct mock_queue *mq);

struct mock_job *mock_job_args(struct mock_queue *mq, const struct jobq_job_args *args);
struct mock_job *mock_job(struct mock_queue *mq);
void mock_prepare(struct mock_queue *mq, struct mock_job *job);
void mock_commit(struct mock_queue *mq, struct mock_job *job);
struct mock_job *mock_submit(struct mock_queue *mq);
void mock_submit_many(struct mock_queue *mq, unsigned int num);
void mock_prepare_spare(struct mock_queue *mq, unsigned int num);
void mock_commit_spare(struct mock_queue *mq, unsigned int num);

void mock_foreign_init(struct kunit *test, struct mock_foreign *foreign);
void mock_foreign_dep(struct kunit *test, struct mock_foreign *foreign,
		      struct mock_job *job);
void mock_foreign_signal(struct mock_foreign *foreign, int error);
void mock_foreign_end(struct mock_foreign *foreign);

void mock_hardirq(struct kunit *test, void (*fn)(void *arg), void *arg);
void mock_softirq(struct kunit *test, void (*fn)(void *arg), void *arg);
void mock_expect_signalled(struct mock_queue *mq, unsigned int first, unsigned int num,
			   int error);

/* Run a statement that has to cause exactly one warning, kept out of the log. */
#define MOCK_EXPECT_WARNING(test, statement) do {			\
	struct kunit *__test = (test);					\
									\
	kunit_warning_suppress(__test) {				\
		statement;						\
		KUNIT_EXPECT_SUPPRESSED_WARNING_COUNT(__test, 1);	\
	}								\
} while (0)

#endif
