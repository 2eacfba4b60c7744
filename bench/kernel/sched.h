/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What each driver of the null device does in the benchmark.
 */
#ifndef BENCH_KERNEL_SCHED_H
#define BENCH_KERNEL_SCHED_H

#include <linux/types.h>

#include "bench.h"

struct dma_fence;
struct null_ring;

/* Queues, each with a ring; jobs that exist at the same time. */
#define SCHED_QUEUES		64
#define SCHED_JOBS		1024

#define SCHED_TIMEOUT_MS	10000

/* Dependencies of a job, and of all jobs of a run together. */
#define SCHED_DEPS_MAX		64

/* Tasks that submit at the same time, and jobs of each. */
#define SCHED_SUBMITTERS	8
#define SCHED_SUBMITTER_JOBS	1024

/**
 * struct sched_impl - a driver of the null device
 *
 * Jobs are numbers below SCHED_JOBS, which the benchmark gives out. Each is prepared,
 * committed once, and gone when its fence has signalled and it is freed.
 */
struct sched_impl {
	/** @who: a word */
	const char *who;
	/** @dep_interrupts: interrupts of its own that a job with dependencies costs */
	unsigned int dep_interrupts;
	/** @floor: no queue, so no dependencies and none who are in each other's way */
	bool floor;
	/** @open: makes SCHED_QUEUES queues. 0 or -errno */
	int (*open)(void);
	/** @close: ends them; all jobs have been freed */
	void (*close)(void);
	/** @ring: of a queue */
	struct null_ring *(*ring)(unsigned int queue);
	/**
	 * @prepare: all that may fail, of a job for @queue. With dependencies on @num_deps
	 * fences in @deps, which are borrowed. 0 or -errno
	 */
	int (*prepare)(unsigned int job, unsigned int queue, struct dma_fence **deps,
		       unsigned int num_deps);
	/**
	 * @commit: submits jobs @first and up, sorted by queue. No other task does that
	 * for one of their queues. If @ret_last isn't NULL it gets the last one's fence,
	 * with a reference
	 */
	void (*commit)(unsigned int first, unsigned int count, struct dma_fence **ret_last);
};

extern const struct sched_impl sched_impl_ours;
extern const struct sched_impl sched_impl_peer;
extern const struct sched_impl sched_impl_floor;

/**
 * struct sched_measure - what is measured of each implementation
 */
struct sched_measure {
	/** @ops: jobs in a run */
	unsigned int ops;
	/** @batch: jobs in a commit */
	unsigned int batch;
	/** @queues: on which these are, in equal parts */
	unsigned int queues;
	/** @deps: of each job */
	unsigned int deps;
	/** @hog_ms: how long others keep the CPU */
	unsigned int hog_ms;
	/** @hogs: so many others */
	unsigned int hogs;
	/** @fifo: they are real-time tasks */
	bool fifo;
	/** @no_floor: not of the floor, which can't do that */
	bool no_floor;
	/** @like: its name, the functions, and how the bench is to run them */
	struct bench_case like;
};

/* sched.c */
const struct sched_measure *sched_measure_of(const struct bench_case *c);
void sched_count_freed(void);
unsigned long sched_freed(void);
void sched_let_run(void);
int sched_prepare(const struct bench_case *c, struct dma_fence **deps);
int sched_submit(const struct bench_case *c, struct dma_fence **deps,
		 struct dma_fence **ret_last);
void sched_interrupt(const struct bench_case *c);
void sched_add_submitted(unsigned int jobs);
void sched_settle(const struct bench_case *c);

/* sched_deps.c */
int sched_deps_create(struct dma_fence **fences, unsigned int count);
void sched_deps_put(struct dma_fence **fences, unsigned int count);

/* sched_life.c */
int sched_life_setup(const struct bench_case *c);
int sched_life_run(const struct bench_case *c);
int sched_commit_setup(const struct bench_case *c);
int sched_commit_run(const struct bench_case *c);
int sched_deps_setup(const struct bench_case *c);
int sched_deps_run(const struct bench_case *c);
void sched_deps_teardown(const struct bench_case *c);

/* sched_latency.c */
int sched_doorbell_run(const struct bench_case *c);
int sched_doorbell_setup(const struct bench_case *c);
int sched_dep_setup(const struct bench_case *c);
int sched_dep_run(const struct bench_case *c);
struct dma_fence *sched_last_dep(const struct bench_case *c);
void sched_dep_teardown(const struct bench_case *c);
int sched_waiter_run(const struct bench_case *c);

/* sched_load.c */
int sched_load_submit_run(const struct bench_case *c);
int sched_load_dep_run(const struct bench_case *c);

/* sched_throughput.c */
int sched_throughput_run(const struct bench_case *c);

#endif
