// SPDX-License-Identifier: GPL-2.0
/*
 * Runs benchmarks: each case some times unseen, so that it's warm, then between markers
 * that a plug-in of QEMU's counts by (bench/plugin/count.c), then with tracepoints of
 * slabs and the scheduler on. Numbers of regions and what the guest measured are in debugfs,
 * carillon_bench/PART:
 *
 *     case NUMBER MEASURE WHO OPERATIONS
 *     ns NUMBER TIME...
 *     allocs NUMBER ALLOCATIONS...
 *     frees NUMBER FREES...
 *     wakes NUMBER WAKE-UPS...
 *     switches NUMBER SWITCHES...
 *     interrupts NUMBER INTERRUPTS THAT BELONG TO IT
 *
 * A case that several tasks do is there once for each of them, without allocations.
 * One that is only timed, between no markers, looks like this:
 *
 *     timed NUMBER MEASURE WHO OPERATIONS
 *     ns NUMBER TIME...
 *     found NUMBER COUNT...
 */

#define pr_fmt(fmt) "carillon_bench: " fmt

#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "bench.h"

/* Runs before the measured ones. */
#define WARM_RUNS	10
#define WARM_RUNS_FEW	2

static struct dentry *bench_dir;
static unsigned int bench_regions;	/* numbers given out; parts are run one by one */

/* Tell the plug-in which region comes. */
static void mark_number(unsigned int number)
{
	int bit;

	for (bit = 31; bit >= 0; bit--) {
		if (number & BIT(bit))
			bench_mark(BENCH_MARK_BIT1);
		else
			bench_mark(BENCH_MARK_BIT0);
	}
}

/* Let each run find the same: nothing waits for a grace period any more. It takes a while. */
static void settle(const struct bench_case *c)
{
	if (c->runs)
		return;
	kvfree_rcu_barrier();
	rcu_barrier();
}

static int run_warm(const struct bench_case *c, struct bench_result *result, int turn)
{
	int ret = c->run(c);

	return ret < 0 ? ret : 0;
}

static int run_counted(const struct bench_case *c, struct bench_result *result, int turn)
{
	u64 start;
	int ret;

	mark_number(result->number);
	start = ktime_get_ns();
	if (c->marks) {
		ret = c->run(c);
	} else {
		bench_mark_start();
		ret = c->run(c);
		bench_mark_stop();
	}
	result->ns[turn] = ktime_get_ns() - start;
	return ret;
}

static int run_timed(const struct bench_case *c, struct bench_result *result, int turn)
{
	u64 start = ktime_get_ns();
	int ret;

	ret = c->run(c);
	result->ns[turn] = ktime_get_ns() - start;
	if (ret < 0)
		return ret;
	result->found[turn] = ret;
	return 0;
}

static int run_traced(const struct bench_case *c, struct bench_result *result, int turn)
{
	int ret;

	/* To attach allocates, and wakes others: not while anything is counted. */
	ret = bench_allocs_attach();
	if (ret)
		return ret;
	ret = bench_switches_attach();
	if (!ret) {
		bench_allocs_begin(c->everyone);
		bench_switches_begin();
		ret = c->run(c);
		bench_switches_end(&result->wakes[turn], &result->switches[turn]);
		bench_allocs_end(&result->allocs[turn], &result->frees[turn]);
		bench_switches_detach();
	}
	bench_allocs_detach();
	return ret;
}

/* @times runs of one kind, by the case's crew if @crew */
static int run_times(const struct bench_case *c, struct bench_result *results, int times,
		     bench_crew_fn fn, bool crew)
{
	int ret, turn;

	for (turn = 0; turn < times; turn++) {
		settle(c);
		ret = c->setup ? c->setup(c) : 0;
		if (ret)
			return ret;
		ret = crew ? bench_crew_run(c, results, turn, fn) : fn(c, results, turn);
		if (c->teardown)
			c->teardown(c);
		if (ret)
			return ret;
	}
	return 0;
}

static unsigned int case_runs(const struct bench_case *c)
{
	return c->runs ?: BENCH_RUNS;
}

static unsigned int case_alloc_runs(const struct bench_case *c)
{
	return c->runs ? 1 : BENCH_ALLOC_RUNS;
}

static int run_case(const struct bench_case *c, struct bench_result *results)
{
	bench_crew_fn run = run_counted;
	int ret;

	if (c->timed)
		run = run_timed;

	ret = run_times(c, results, c->runs ? WARM_RUNS_FEW : WARM_RUNS, run_warm, c->crew);
	if (ret)
		return ret;
	ret = run_times(c, results, case_runs(c), run, c->crew);
	/* Allocations are counted of the caller's task alone. */
	if (ret || c->timed || c->crew)
		return ret;
	return run_times(c, results, case_alloc_runs(c), run_traced, false);
}

/* How many tasks do the case. */
static unsigned int case_tasks(const struct bench_case *c)
{
	return max(c->crew, 1);
}

static void show_numbers(struct seq_file *m, const struct bench_result *result,
			 const char *what, const unsigned int *numbers, unsigned int count)
{
	unsigned int i;

	seq_printf(m, "\n%s %u", what, result->number);
	for (i = 0; i < count; i++)
		seq_printf(m, " %u", numbers[i]);
}

static void show_result(struct seq_file *m, const struct bench_case *c,
			const struct bench_result *result)
{
	unsigned int i, runs = case_runs(c);

	seq_printf(m, "%s %u %s %s %u\nns %u", c->timed ? "timed" : "case",
		   result->number, c->measure, c->who, c->ops, result->number);
	for (i = 0; i < runs; i++)
		seq_printf(m, " %llu", result->ns[i]);
	if (c->timed) {
		show_numbers(m, result, "found", result->found, runs);
	} else if (!c->crew) {
		show_numbers(m, result, "allocs", result->allocs, case_alloc_runs(c));
		show_numbers(m, result, "frees", result->frees, case_alloc_runs(c));
		show_numbers(m, result, "wakes", result->wakes, case_alloc_runs(c));
		show_numbers(m, result, "switches", result->switches, case_alloc_runs(c));
		show_numbers(m, result, "interrupts", &c->interrupts, 1);
	}
	seq_putc(m, '\n');
}

static int part_show(struct seq_file *m, void *data)
{
	struct bench_part *part = m->private;
	const struct bench_result *result = part->results;
	unsigned int i, task;

	for (i = 0; i < part->count; i++)
		for (task = 0; task < case_tasks(&part->cases[i]); task++)
			show_result(m, &part->cases[i], result++);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(part);

/**
 * bench_part_run() - run all cases of a part and show the results
 * @part: name, cases and their number
 *
 * Context: Process context, sleeps. One part at a time: in a module's init.
 * Return: 0, -ENOMEM, or what a case returned.
 */
int bench_part_run(struct bench_part *part)
{
	unsigned int i, task, results = 0;
	struct bench_result *result;
	int ret;

	for (i = 0; i < part->count; i++)
		results += case_tasks(&part->cases[i]);
	part->results = kvcalloc(results, sizeof(*part->results), GFP_KERNEL);
	if (!part->results)
		return -ENOMEM;

	result = part->results;
	for (i = 0; i < part->count; i++) {
		const struct bench_case *c = &part->cases[i];

		for (task = 0; task < case_tasks(c); task++)
			result[task].number = ++bench_regions;
		ret = run_case(c, result);
		if (ret) {
			pr_err("%s of %s failed: %pe\n", c->measure, c->who, ERR_PTR(ret));
			kvfree(part->results);
			return ret;
		}
		result += case_tasks(c);
	}
	part->file = debugfs_create_file(part->name, 0400, bench_dir, part, &part_fops);
	return 0;
}
EXPORT_SYMBOL_NS_GPL(bench_part_run, "CARILLON_BENCH");

/**
 * bench_part_remove() - forget a part
 * @part: part for which bench_part_run() has returned 0
 *
 * Context: Process context, may sleep.
 */
void bench_part_remove(struct bench_part *part)
{
	debugfs_remove(part->file);
	kvfree(part->results);
}
EXPORT_SYMBOL_NS_GPL(bench_part_remove, "CARILLON_BENCH");

static int __init bench_init(void)
{
	int ret;

	bench_dir = debugfs_create_dir("carillon_bench", NULL);
	ret = bench_part_run(&bench_self);
	if (ret)
		debugfs_remove(bench_dir);
	return ret;
}
module_init(bench_init);

static void __exit bench_exit(void)
{
	bench_part_remove(&bench_self);
	debugfs_remove(bench_dir);
}
module_exit(bench_exit);

MODULE_DESCRIPTION("Runs benchmarks for a counting plug-in of QEMU");
MODULE_AUTHOR("The Carillon maintainers");
MODULE_LICENSE("GPL");
