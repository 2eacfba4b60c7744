// SPDX-License-Identifier: GPL-2.0
/*
 * Counts wake-ups and context switches by tracepoints. The scheduler's aren't exported, so
 * they are looked up by name.
 */

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/tracepoint.h>

#include "bench.h"

/* Not counted: it wakes up because its benchmark has something to do for it. */
static struct task_struct *counter;
static DEFINE_PER_CPU(unsigned int, wakes);
static DEFINE_PER_CPU(unsigned int, switches);

static void on_wakeup(void *data, struct task_struct *task)
{
	if (task != counter)
		this_cpu_inc(wakes);
}

/* What wakes a function, not a task. */
static void on_irq_work(void *data, int vector)
{
	this_cpu_inc(wakes);
}

static void on_switch(void *data, bool preempt, struct task_struct *prev,
		      struct task_struct *next, unsigned int prev_state)
{
	this_cpu_inc(switches);
}

static struct {
	const char *name;
	void *probe;
	struct tracepoint *point;
} points[] = {
	{ .name = "sched_wakeup", .probe = on_wakeup },
	{ .name = "irq_work_entry", .probe = on_irq_work },
	{ .name = "sched_switch", .probe = on_switch },
};

static void find_point(struct tracepoint *point, void *data)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(points); i++)
		if (!strcmp(point->name, points[i].name))
			points[i].point = point;
}

static void detach(unsigned int attached)
{
	while (attached--)
		tracepoint_probe_unregister(points[attached].point, points[attached].probe, NULL);
	tracepoint_synchronize_unregister();
}

static unsigned int take(unsigned int __percpu *numbers)
{
	unsigned int sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += xchg(per_cpu_ptr(numbers, cpu), 0);
	return sum;
}

/**
 * bench_switches_attach() - attach to the tracepoints
 *
 * Context: Process context, sleeps.
 * Return: 0; -ENOENT: the kernel hasn't got these tracepoints; -ENOMEM.
 */
int bench_switches_attach(void)
{
	unsigned int i;
	int ret;

	for_each_kernel_tracepoint(find_point, NULL);
	for (i = 0; i < ARRAY_SIZE(points); i++) {
		ret = -ENOENT;
		if (points[i].point)
			ret = tracepoint_probe_register(points[i].point, points[i].probe, NULL);
		if (ret) {
			detach(i);
			return ret;
		}
	}
	return 0;
}

/**
 * bench_switches_detach() - end bench_switches_attach()
 *
 * Context: Process context, sleeps.
 */
void bench_switches_detach(void)
{
	detach(ARRAY_SIZE(points));
}

/**
 * bench_switches_begin() - count wake-ups and context switches from here on
 *
 * Of all tasks and CPUs, but no wake-ups of the caller.
 *
 * Context: Process context, between bench_switches_attach() and bench_switches_detach().
 */
void bench_switches_begin(void)
{
	counter = current;
	take(&wakes);
	take(&switches);
}

/**
 * bench_switches_end() - what has been counted since bench_switches_begin()
 * @ret_wakes: gets the number of wake-ups, irq_works included
 * @ret_switches: gets the number of context switches
 *
 * Context: Process context, by the task that began.
 */
void bench_switches_end(unsigned int *ret_wakes, unsigned int *ret_switches)
{
	*ret_wakes = take(&wakes);
	*ret_switches = take(&switches);
}
