/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a benchmark module gives to carillon_bench.ko, which runs it.
 */
#ifndef BENCH_KERNEL_BENCH_H
#define BENCH_KERNEL_BENCH_H

#include <linux/limits.h>
#include <linux/types.h>

#include <bench/marker.h>

struct bench_case;
struct dentry;

/* Measured runs of a case, at most; further ones count allocations. */
#define BENCH_RUNS		41
#define BENCH_ALLOC_RUNS	5

#define BENCH_ANY_INTERRUPTS	UINT_MAX

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
	 * @marks: what counts is a part of @run, which says itself where it begins and
	 * ends, by bench_mark_start() and bench_mark_stop(); on one CPU, but in any task
	 */
	bool marks;
	/**
	 * @interrupts: so many interrupts belong to it: runs with fewer or more aren't
	 * used. BENCH_ANY_INTERRUPTS: it is too long to be without the timer's
	 */
	unsigned int interrupts;
	/** @everyone: also count what other tasks allocate: they do a part of the work */
	bool everyone;
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
	/** @wakes: wake-ups of other tasks, and irq_works, in each of these runs */
	unsigned int wakes[BENCH_ALLOC_RUNS];
	/** @switches: context switches in each of these runs */
	unsigned int switches[BENCH_ALLOC_RUNS];
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

/* @which: a constant */
static __always_inline void bench_mark(unsigned int which)
{
	asm volatile("nopl %c0(%%rax)" : : "i" (which) : "memory");
}

/* What counts begins here. */
static __always_inline void bench_mark_start(void)
{
	bench_mark(BENCH_MARK_START);
}

/* It ends here; does nothing if it has ended or not begun. */
static __always_inline void bench_mark_stop(void)
{
	bench_mark(BENCH_MARK_STOP);
}

int bench_part_run(struct bench_part *part);
void bench_part_remove(struct bench_part *part);

/* Inside of carillon_bench.ko. */
extern struct bench_part bench_self;

int __must_check bench_allocs_attach(void);
void bench_allocs_detach(void);
void bench_allocs_begin(bool everyone);
void bench_allocs_end(unsigned int *ret_allocs, unsigned int *ret_frees);

int __must_check bench_switches_attach(void);
void bench_switches_detach(void);
void bench_switches_begin(void);
void bench_switches_end(unsigned int *ret_wakes, unsigned int *ret_switches);

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
