/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a benchmark module gives to carillon_bench.ko, which runs it.
 */
#ifndef BENCH_KERNEL_BENCH_H
#define BENCH_KERNEL_BENCH_H

#include <linux/types.h>

struct bench_case;
struct dentry;

/* Counted runs of a case; further ones count allocations. */
#define BENCH_RUNS		41
#define BENCH_ALLOC_RUNS	5

/**
 * struct bench_case - one thing to measure, done by one implementation
 *
 * One run is @setup, @run, @teardown; only @run is counted. Each of them may sleep.
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
	/** @setup: makes what @run needs; optional. 0 or -errno. */
	int (*setup)(const struct bench_case *c);
	/** @run: the operations. 0 or -errno; it leaves nothing if it fails. */
	int (*run)(const struct bench_case *c);
	/** @teardown: removes what @run has left; optional */
	void (*teardown)(const struct bench_case *c);
};

/**
 * struct bench_result - what the guest itself has measured of a case
 */
struct bench_result {
	/** @number: of its region, as the plug-in on the host knows it */
	unsigned int number;
	/** @ns: time of each counted run, in nanoseconds of the guest's clock */
	u64 ns[BENCH_RUNS];
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
	/** @results: bench_part_run()'s: array, as long */
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

#endif
