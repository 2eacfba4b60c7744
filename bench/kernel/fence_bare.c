// SPDX-License-Identifier: GPL-2.0
/*
 * The least that a fence can cost: allocated, initialised, signalled, put. No timeline,
 * no error, nobody who cares how long names live; a callback holds no reference.
 */

#include <linux/dma-fence.h>
#include <linux/slab.h>

#include "fence.h"

static u64 bare_context;
static u64 bare_seqno;
static struct dma_fence *bare_fences[FENCES];
static struct dma_fence_cb bare_cbs[FENCES];
static struct dma_fence *bare_cb_fence;
static unsigned int bare_fired;

static const char *bare_get_name(struct dma_fence *fence)
{
	return "bare";
}

static const struct dma_fence_ops bare_fence_ops = {
	.get_driver_name = bare_get_name,
	.get_timeline_name = bare_get_name,
};

static int bare_open(void)
{
	bare_context = dma_fence_context_alloc(1);
	return 0;
}

static int bare_alloc(void)
{
	int i;

	for (i = 0; i < FENCES; i++) {
		bare_fences[i] = kzalloc_obj(*bare_fences[i]);
		if (!bare_fences[i])
			goto err_free;
	}
	return 0;

err_free:
	while (i--)
		kfree(bare_fences[i]);
	return -ENOMEM;
}

static void bare_arm(void)
{
	int i;

	for (i = 0; i < FENCES; i++)
		dma_fence_init(bare_fences[i], &bare_fence_ops, NULL, bare_context,
			       ++bare_seqno);
}

static void bare_signal(void)
{
	int i;

	for (i = 0; i < FENCES; i++) {
		dma_fence_signal(bare_fences[i]);
		dma_fence_put(bare_fences[i]);
	}
}

static void bare_fire(struct dma_fence *fence, struct dma_fence_cb *cb)
{
	bare_fired++;
}

static int bare_cb_prepare(void)
{
	bare_cb_fence = kzalloc_obj(*bare_cb_fence);
	if (!bare_cb_fence)
		return -ENOMEM;
	dma_fence_init(bare_cb_fence, &bare_fence_ops, NULL, bare_context, ++bare_seqno);
	return 0;
}

static void bare_cb_fire(void)
{
	int i;

	for (i = 0; i < FENCES; i++) {
		if (dma_fence_add_callback(bare_cb_fence, &bare_cbs[i], bare_fire))
			return;
	}
	dma_fence_signal(bare_cb_fence);
}

static void bare_cb_remove(void)
{
	int i;

	for (i = 0; i < FENCES; i++) {
		if (dma_fence_add_callback(bare_cb_fence, &bare_cbs[i], bare_fire))
			return;
		dma_fence_remove_callback(bare_cb_fence, &bare_cbs[i]);
	}
}

static void bare_cb_finish(void)
{
	dma_fence_signal(bare_cb_fence);
	dma_fence_put(bare_cb_fence);
}

const struct fence_impl fence_impl_bare = {
	.who = "bare",
	.open = bare_open,
	.alloc = bare_alloc,
	.arm = bare_arm,
	.signal = bare_signal,
	.cb_prepare = bare_cb_prepare,
	.cb_fire = bare_cb_fire,
	.cb_remove = bare_cb_remove,
	.cb_finish = bare_cb_finish,
};
