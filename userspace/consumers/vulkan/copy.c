// SPDX-License-Identifier: MIT
#include <string.h>

#include "copy.h"
#include "tap.h"

bool copy_begin(struct ctx *ctx, struct gpu *gpu, struct copy *copy)
{
	struct vk *vk = &ctx->vk;

	memset(copy, 0, sizeof(*copy));
	copy->ctx = ctx;
	copy->gpu = gpu;
	copy->submit.vk = vk;
	if (!EXPECT_EQ(late_create(gpu, SIZE, &copy->late), 0) ||
	    !EXPECT_EQ(gpu_buf_create(gpu, SIZE, &copy->dst), 0) ||
	    !EXPECT_EQ(vk_buf_import(vk, copy->late.buf.dmabuf, SIZE, &copy->vk_src), 0) ||
	    !EXPECT_EQ(vk_buf_import(vk, copy->dst.dmabuf, SIZE, &copy->vk_dst), 0))
		return false;
	copy->submit.cmds = vk_record_copy(vk, &copy->vk_dst, &copy->vk_src, SIZE);
	return EXPECT(copy->submit.cmds) && EXPECT_EQ(late_hold(&copy->late), 0);
}

bool copy_start(struct copy *copy, bool gated)
{
	if (gated && !EXPECT_EQ(vk_import_semaphore(&copy->ctx->vk, copy->late.job.fence,
						    &copy->submit.wait), 0))
		return false;
	copy->work = work_start(vk_submit_run, &copy->submit);
	return EXPECT(copy->work);
}

void copy_warm_up(struct ctx *ctx)
{
	struct copy copy;

	if (copy_begin(ctx, &ctx->gpu, &copy) && copy_start(&copy, false) &&
	    work_wait(copy.work, PATIENCE_MS))
		work_watch_longer(&ctx->watch_ms, copy.work);
	copy_end(&copy);
	tap_note("who must not go on is watched for %u ms", ctx->watch_ms);
}

bool copy_has(const struct copy *copy, uint8_t value)
{
	for (uint64_t i = 0; i < SIZE; i++)
		if (copy->dst.map[i] != value)
			return false;
	return true;
}

bool copy_is_fresh(const struct copy *copy)
{
	return !memcmp(copy->dst.map, copy->late.fresh.map, SIZE);
}

void copy_end(struct copy *copy)
{
	struct vk *vk = &copy->ctx->vk;

	if (copy->late.held)
		late_release(&copy->late);
	work_end(copy->work);
	vkDestroySemaphore(vk->dev, copy->submit.wait, NULL);
	vkDestroySemaphore(vk->dev, copy->submit.signal, NULL);
	if (copy->submit.cmds)
		vkFreeCommandBuffers(vk->dev, vk->pool, 1, &copy->submit.cmds);
	vk_buf_destroy(vk, &copy->vk_src);
	vk_buf_destroy(vk, &copy->vk_dst);
	late_destroy(&copy->late);
	gpu_buf_destroy(copy->gpu, &copy->dst);
}
