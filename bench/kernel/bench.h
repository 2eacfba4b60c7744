/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a benchmark module gives to carillon_bench.ko, which runs it.
 */
#ifndef BENCH_KERNEL_BENCH_H
#define BENCH_KERNEL_BENCH_H

#include <linux/types.h>

struct bench_case;
struct dentry;

/* Measured runs of a case, at most; further ones count allocations. */
#define BENCH_RUNS		41
#define BENCH_ALLOC_RUNS	5

/* Tasks that can do the same at the same time, each on a CPU of its own. */
#define BENCH_CREW_MAX		4

/**
 * struct bench_case - one thing to measure, done by one implementation
 *
 * One run is @setup, @run, @teardown; only @run is measured. Each of them may sleep.
 */
struct bench_case {
	/** @measure: what is measured, a word */
	const char *measure;
	/** @who: whose implementation it is, a word */
	const char *who;
	/** @ops: how many operations one @run does */
	unsigned int ops;
	/** @impl: the benchmark's own */
	const void *impl;
	/** @arg: the benchmark's own */
	unsigned int arg;
	/**
	 * @crew: so many tasks call @run at the same time, on CPUs 0 and up, each of
	 * them measured; 0: the caller alone does
	 */
	unsigned int crew;
	/** @timed: take the time and nothing else, outside of what the plug-in counts */
	bool timed;
	/**
	 * @runs: measured runs, BENCH_RUNS at most. 0: as many. Another number is for cases
	 * to which it is all the same what has been freed before them: there are few runs
	 * before these, one counts allocations, and nothing is waited for between them
	 */
	unsigned int runs;
	/** @setup: makes what @run needs; optional. 0 or -errno. */
	int (*setup)(const struct bench_case *c);
	/**
	 * @run: the operations. -errno, having left nothing; otherwise 0, or if
	 * @timed, what the benchmark has counted itself
	 */
	int (*run)(const struct bench_case *c);
	/** @teardown: removes what @run has left; optional */
	void (*teardown)(const struct bench_case *c);
};

/**
 * struct bench_result - what the guest itself has measured of a case, for one task
 */
struct bench_result {
	/** @number: of its region, as the plug-in on the host knows it */
	unsigned int number;
	/** @ns: time of each run, in nanoseconds of the guest's clock */
	u64 ns[BENCH_RUNS];
	/** @found: what timed runs have returned */
	unsigned int found[BENCH_RUNS];
	/** @allocs: slab allocations in each run that counted them */
	unsigned int allocs[BENCH_ALLOC_RUNS];
	/** @frees: slab objects freed at once in each of these runs */
	unsigned int frees[BENCH_ALLOC_RUNS];
};

/**
 * struct bench_part - the cases of a module
 */
struct bench_part {
	/** @name: name of the part and of its debugfs file */
	const char *name;
	/** @cases: array, stays until bench_part_remove() */
	const struct bench_case *cases;
	/** @count: its length */
	unsigned int count;
	/** @results: bench_part_run()'s: array, one for each task of each case */
	struct bench_result *results;
	/** @file: bench_part_run()'s: where results are read */
	struct dentry *file;
};

int bench_part_run(struct bench_part *part);
void bench_part_remove(struct bench_part *part);

/* Inside of carillon_bench.ko. */
extern struct bench_part bench_self;

int __must_check bench_allocs_begin(void);
void bench_allocs_end(unsigned int *ret_allocs, unsigned int *ret_frees);

/**
 * typedef bench_crew_fn - what each task of a crew does
 *
 * @c: the case
 * @result: the task's own
 * @turn: which run it is
 *
 * Returns 0 or -errno.
 */
typedef int (*bench_crew_fn)(const struct bench_case *c, struct bench_result *result, int turn);

int bench_crew_run(const struct bench_case *c, struct bench_result *results, int turn,
		   bench_crew_fn fn);

#endif
