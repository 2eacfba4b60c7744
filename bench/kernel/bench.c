// SPDX-License-Identifier: GPL-2.0
/*
 * Runs benchmarks: each case some times unseen, so that it's warm, then between markers
 * that a plug-in of QEMU's counts by (bench/plugin/count.c), then with slab tracepoints
 * on. Numbers of regions and what the guest measured are in debugfs,
 * carillon_bench/PART:
 *
 *     case NUMBER MEASURE WHO OPERATIONS
 *     ns NUMBER TIME...
 *     allocs NUMBER ALLOCATIONS...
 *     frees NUMBER FREES...
 */

#define pr_fmt(fmt) "carillon_bench: " fmt

#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/module.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include <bench/marker.h>

#include "bench.h"

/* Runs before the counted ones. */
#define WARM_RUNS 10

static struct dentry *bench_dir;
static unsigned int bench_regions;	/* numbers given out; parts are run one by one */

/* @which: a constant */
static __always_inline void mark(unsigned int which)
{
	asm volatile("nopl %c0(%%rax)" : : "i" (which) : "memory");
}

/* Tell the plug-in which region comes. */
static void mark_number(unsigned int number)
{
	int bit;

	for (bit = 31; bit >= 0; bit--) {
		if (number & BIT(bit))
			mark(BENCH_MARK_BIT1);
		else
			mark(BENCH_MARK_BIT0);
	}
}

/* Let each run find the same: nothing waits for a grace period any more. */
static void settle(void)
{
	kvfree_rcu_barrier();
	rcu_barrier();
}

static int run_warm(const struct bench_case *c)
{
	return c->run(c);
}

static int run_counted(const struct bench_case *c, unsigned int number, u64 *ret_ns)
{
	u64 start;
	int ret;

	mark_number(number);
	start = ktime_get_ns();
	mark(BENCH_MARK_START);
	ret = c->run(c);
	mark(BENCH_MARK_STOP);
	*ret_ns = ktime_get_ns() - start;
	return ret;
}

static int run_allocs(const struct bench_case *c, unsigned int *ret_allocs,
		      unsigned int *ret_frees)
{
	int ret;

	ret = bench_allocs_begin();
	if (ret)
		return ret;
	ret = c->run(c);
	bench_allocs_end(ret_allocs, ret_frees);
	return ret;
}

/* One run of any kind: @turn counts through them. */
static int run_turn(const struct bench_case *c, struct bench_result *result, int turn)
{
	int ret;

	settle();
	ret = c->setup ? c->setup(c) : 0;
	if (ret)
		return ret;

	if (turn < WARM_RUNS)
		ret = run_warm(c);
	else if (turn < WARM_RUNS + BENCH_RUNS)
		ret = run_counted(c, result->number, &result->ns[turn - WARM_RUNS]);
	else
		ret = run_allocs(c, &result->allocs[turn - WARM_RUNS - BENCH_RUNS],
				 &result->frees[turn - WARM_RUNS - BENCH_RUNS]);
	if (c->teardown)
		c->teardown(c);
	return ret;
}

static void show_case(struct seq_file *m, const struct bench_case *c,
		      const struct bench_result *result)
{
	int i;

	seq_printf(m, "case %u %s %s %u\nns %u", result->number, c->measure, c->who,
		   c->ops, result->number);
	for (i = 0; i < BENCH_RUNS; i++)
		seq_printf(m, " %llu", result->ns[i]);
	seq_printf(m, "\nallocs %u", result->number);
	for (i = 0; i < BENCH_ALLOC_RUNS; i++)
		seq_printf(m, " %u", result->allocs[i]);
	seq_printf(m, "\nfrees %u", result->number);
	for (i = 0; i < BENCH_ALLOC_RUNS; i++)
		seq_printf(m, " %u", result->frees[i]);
	seq_putc(m, '\n');
}

static int part_show(struct seq_file *m, void *data)
{
	struct bench_part *part = m->private;
	unsigned int i;

	for (i = 0; i < part->count; i++)
		show_case(m, &part->cases[i], &part->results[i]);
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
	unsigned int i;
	int ret, turn;

	part->results = kvcalloc(part->count, sizeof(*part->results), GFP_KERNEL);
	if (!part->results)
		return -ENOMEM;

	for (i = 0; i < part->count; i++) {
		const struct bench_case *c = &part->cases[i];

		part->results[i].number = ++bench_regions;
		for (turn = 0; turn < WARM_RUNS + BENCH_RUNS + BENCH_ALLOC_RUNS; turn++) {
			ret = run_turn(c, &part->results[i], turn);
			if (ret) {
				pr_err("%s of %s failed: %pe\n", c->measure, c->who, ERR_PTR(ret));
				kvfree(part->results);
				return ret;
			}
		}
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
