// SPDX-License-Identifier: GPL-2.0
/*
 * Fences of somebody else, for jobs to depend on.
 */

#include <linux/dma-fence.h>
#include <linux/slab.h>

#include "sched.h"

static const char *deps_get_name(struct dma_fence *fence)
{
	return "foreign";
}

static const struct dma_fence_ops deps_fence_ops = {
	.get_driver_name = deps_get_name,
	.get_timeline_name = deps_get_name,
};

/**
 * sched_deps_create() - make fences, each of a context of its own
 * @fences: array for them
 * @count: how many
 *
 * Context: Process, sleeps.
 * Return: 0, or -ENOMEM: then there are none.
 */
int sched_deps_create(struct dma_fence **fences, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		fences[i] = kzalloc_obj(*fences[i]);
		if (!fences[i]) {
			sched_deps_put(fences, i);
			return -ENOMEM;
		}
		dma_fence_init64(fences[i], &deps_fence_ops, NULL, dma_fence_context_alloc(1), 1);
	}
	return 0;
}

/**
 * sched_deps_put() - signal fences that haven't been, and put them
 * @fences: array
 * @count: its length
 *
 * Context: Any.
 */
void sched_deps_put(struct dma_fence **fences, unsigned int count)
{
	while (count--) {
		dma_fence_signal(fences[count]);
		dma_fence_put(fences[count]);
	}
}
