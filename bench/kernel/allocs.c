// SPDX-License-Identifier: GPL-2.0
/*
 * Counts what a task allocates from slab caches, and frees, by tracepoints.
 */

#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#include <trace/events/kmem.h>

#include "bench.h"

/*
 * Written by @task alone, or with @everyone by all tasks of the only CPU, with interrupts
 * on: those aren't counted.
 */
static struct {
	struct task_struct *task;
	bool everyone;
	unsigned int allocs;
	unsigned int frees;
} count;

static bool is_counted(void)
{
	struct task_struct *task = READ_ONCE(count.task);

	return task && (current == task || count.everyone) && in_task();
}

/*
 * Does the allocator allocate for itself? Sheaves are what it collects objects in, in freeing
 * them too.
 */
static bool is_own(unsigned long site)
{
	static const char *const own[] = { "__pcs_", "__kfree_rcu_sheaf" };
	char name[64];
	unsigned int i;

	snprintf(name, sizeof(name), "%ps", (void *)site);
	for (i = 0; i < ARRAY_SIZE(own); i++)
		if (str_has_prefix(name, own[i]))
			return true;
	return false;
}

static void on_kmalloc(void *data, unsigned long site, const void *ptr, size_t want,
		       size_t got, gfp_t gfp, int node)
{
	if (is_counted() && !is_own(site))
		count.allocs++;
}

static void on_cache_alloc(void *data, unsigned long site, const void *ptr,
			   struct kmem_cache *cache, gfp_t gfp, int node)
{
	if (is_counted())
		count.allocs++;
}

static void on_kfree(void *data, unsigned long site, const void *ptr)
{
	if (is_counted() && ptr)
		count.frees++;
}

static void on_cache_free(void *data, unsigned long site, const void *ptr,
			  const struct kmem_cache *cache)
{
	if (is_counted())
		count.frees++;
}

/**
 * bench_allocs_detach() - end bench_allocs_attach()
 *
 * Context: Process context, sleeps.
 */
void bench_allocs_detach(void)
{
	unregister_trace_kmem_cache_free(on_cache_free, NULL);
	unregister_trace_kfree(on_kfree, NULL);
	unregister_trace_kmem_cache_alloc(on_cache_alloc, NULL);
	unregister_trace_kmalloc(on_kmalloc, NULL);
	tracepoint_synchronize_unregister();
}

/**
 * bench_allocs_attach() - attach to the tracepoints
 *
 * It makes allocations longer: not to be left on while instructions are counted.
 *
 * Context: Process context, sleeps.
 * Return: 0 or -errno.
 */
int bench_allocs_attach(void)
{
	int ret;

	ret = register_trace_kmalloc(on_kmalloc, NULL);
	if (!ret)
		ret = register_trace_kmem_cache_alloc(on_cache_alloc, NULL);
	if (!ret)
		ret = register_trace_kfree(on_kfree, NULL);
	if (!ret)
		ret = register_trace_kmem_cache_free(on_cache_free, NULL);
	if (ret)
		bench_allocs_detach();
	return ret;
}

/**
 * bench_allocs_begin() - count what the current task allocates and frees
 * @everyone: and all others, too; with one CPU
 *
 * Context: Process context, between bench_allocs_attach() and bench_allocs_detach().
 */
void bench_allocs_begin(bool everyone)
{
	count.allocs = 0;
	count.frees = 0;
	count.everyone = everyone;
	WRITE_ONCE(count.task, current);
}

/**
 * bench_allocs_end() - end counting
 * @ret_allocs: gets the number of allocations
 * @ret_frees: gets the number of objects freed
 *
 * What is freed after a grace period isn't among these: others do it.
 *
 * Context: Process context. After bench_allocs_begin(), by the same task.
 */
void bench_allocs_end(unsigned int *ret_allocs, unsigned int *ret_frees)
{
	WRITE_ONCE(count.task, NULL);
	*ret_allocs = count.allocs;
	*ret_frees = count.frees;
}
