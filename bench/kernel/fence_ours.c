// SPDX-License-Identifier: GPL-2.0
/*
 * Fences by this library.
 */

#include <linux/err.h>
#include <linux/gfp_types.h>

#include <dfence/dfence.h>
#include <dfence/dfence_cb.h>
#include <dfence/dfence_ctx.h>

#include "fence.h"

static struct dfence_ctx *ours_ctx;
static struct dfence *ours_fences[FENCES];
static struct dfence_cb ours_cbs[FENCES];
static struct dfence *ours_cb_fence;
static unsigned int ours_fired;

static int ours_open(void)
{
	const struct dfence_ctx_args args = {
		.driver_name = "bench",
		.timeline_name = "ours",
	};

	ours_ctx = dfence_ctx_create(&args);
	return PTR_ERR_OR_ZERO(ours_ctx);
}

static void ours_close(void)
{
	dfence_ctx_put(ours_ctx);
}

static int ours_alloc(void)
{
	int i;

	for (i = 0; i < FENCES; i++) {
		ours_fences[i] = dfence_alloc(ours_ctx, NULL, GFP_KERNEL);
		if (!ours_fences[i])
			goto err_free;
	}
	return 0;

err_free:
	while (i--)
		dfence_free(ours_fences[i]);
	return -ENOMEM;
}

static void ours_arm(void)
{
	int i;

	for (i = 0; i < FENCES; i++)
		dfence_arm(ours_fences[i]);
}

static void ours_signal(void)
{
	int i;

	for (i = 0; i < FENCES; i++)
		dfence_signal(ours_fences[i], 0);
}

static void ours_advance(unsigned int step)
{
	u64 last = dfence_ctx_last_armed(ours_ctx);
	u64 seqno;

	for (seqno = last - FENCES + step; seqno <= last; seqno += step)
		dfence_ctx_advance(ours_ctx, seqno, 0);
}

static void ours_fire(struct dfence_cb *cb, struct dma_fence *fence)
{
	ours_fired++;
}

static int ours_cb_prepare(void)
{
	ours_cb_fence = dfence_alloc(ours_ctx, NULL, GFP_KERNEL);
	if (!ours_cb_fence)
		return -ENOMEM;
	dfence_get(to_dfence(dfence_arm(ours_cb_fence)));
	return 0;
}

static void ours_cb_fire(void)
{
	int i;

	for (i = 0; i < FENCES; i++) {
		dfence_cb_init_func(&ours_cbs[i], ours_fire);
		if (dfence_cb_add(&ours_cbs[i], &ours_cb_fence->base))
			return;
	}
	dfence_signal(ours_cb_fence, 0);
	for (i = 0; i < FENCES; i++)
		dfence_cb_remove(&ours_cbs[i]);
}

static void ours_cb_remove(void)
{
	int i;

	for (i = 0; i < FENCES; i++) {
		dfence_cb_init_func(&ours_cbs[i], ours_fire);
		if (dfence_cb_add(&ours_cbs[i], &ours_cb_fence->base))
			return;
		dfence_cb_remove(&ours_cbs[i]);
	}
}

static void ours_cb_finish(void)
{
	dfence_try_signal(ours_cb_fence, 0);
	dfence_put(ours_cb_fence);
}

const struct fence_impl fence_impl_ours = {
	.who = "ours",
	.open = ours_open,
	.close = ours_close,
	.alloc = ours_alloc,
	.arm = ours_arm,
	.signal = ours_signal,
	.advance = ours_advance,
	.cb_prepare = ours_cb_prepare,
	.cb_fire = ours_cb_fire,
	.cb_remove = ours_cb_remove,
	.cb_finish = ours_cb_finish,
};
