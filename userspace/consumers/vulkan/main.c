// SPDX-License-Identifier: MIT
/*
 * lavapipe, Mesa's Vulkan driver for CPUs, as a user of our fences and buffers.
 *
 * usage: carillon-consume-vulkan [PART-OF-A-TEST'S-NAME]
 */
#include <stdio.h>
#include <string.h>

#include "events.h"
#include "gpu.h"
#include "late.h"
#include "tap.h"
#include "vk.h"
#include "work.h"

#define WIDTH		64u
#define HEIGHT		64u
#define PITCH		(WIDTH * VK_PIXEL_BYTES)
#define SIZE		(PITCH * HEIGHT)

/* How long somebody is watched who must not go on; a control takes a small part of it. */
#define WATCH_MS	500
/* How long somebody may take who can go on. */
#define PATIENCE_MS	20000

struct ctx {
	struct gpu gpu;
	struct vk vk;
};

/* A late buffer of ours, and one that Vulkan copies it to. */
struct copy {
	struct late late;
	struct gpu_buf dst;
	struct vk_buf vk_src;
	struct vk_buf vk_dst;
	struct vk_submit submit;
};

static bool copy_begin(struct ctx *ctx, struct copy *copy)
{
	struct vk *vk = &ctx->vk;

	memset(copy, 0, sizeof(*copy));
	copy->submit.vk = vk;
	if (!EXPECT_EQ(late_create(&ctx->gpu, SIZE, &copy->late), 0) ||
	    !EXPECT_EQ(gpu_buf_create(&ctx->gpu, SIZE, &copy->dst), 0) ||
	    !EXPECT_EQ(vk_buf_import(vk, copy->late.buf.dmabuf, SIZE, &copy->vk_src), 0) ||
	    !EXPECT_EQ(vk_buf_import(vk, copy->dst.dmabuf, SIZE, &copy->vk_dst), 0))
		return false;
	copy->submit.cmds = vk_record_copy(vk, &copy->vk_dst, &copy->vk_src, SIZE);
	return EXPECT(copy->submit.cmds) && EXPECT_EQ(late_hold(&copy->late), 0) &&
	       EXPECT_EQ(gpu_fence_is_ours(copy->late.job.fence), 1);
}

static void copy_end(struct ctx *ctx, struct copy *copy)
{
	struct vk *vk = &ctx->vk;

	if (copy->submit.wait)
		vkDestroySemaphore(vk->dev, copy->submit.wait, NULL);
	if (copy->submit.cmds)
		vkFreeCommandBuffers(vk->dev, vk->pool, 1, &copy->submit.cmds);
	vk_buf_destroy(vk, &copy->vk_src);
	vk_buf_destroy(vk, &copy->vk_dst);
	late_destroy(&copy->late);
	gpu_buf_destroy(&ctx->gpu, &copy->dst);
}

static bool all_bytes(const struct gpu_buf *buf, uint8_t value)
{
	for (uint64_t i = 0; i < buf->size; i++)
		if (buf->map[i] != value)
			return false;
	return true;
}

/* The copy is done while our job is held, and has the old data. */
static void test_ungated(void *arg)
{
	struct ctx *ctx = arg;
	struct copy copy;

	if (copy_begin(ctx, &copy)) {
		struct work *work = work_start(vk_submit_run, &copy.submit);

		if (EXPECT(work_wait(work, PATIENCE_MS)))
			tap_note("a copy takes %llu us", (unsigned long long)work_ns(work) / 1000);
		EXPECT_EQ(gpu_fence_status(copy.late.job.fence, 0), -62);
		work_end(work);
		EXPECT_EQ(copy.submit.result, VK_SUCCESS);
		EXPECT(all_bytes(&copy.dst, LATE_OLD));
	}
	copy_end(ctx, &copy);
}

/* Nothing is copied before our job's fence says so. */
static void test_gated(void *arg)
{
	struct ctx *ctx = arg;
	struct copy copy;

	if (copy_begin(ctx, &copy) &&
	    EXPECT_EQ(vk_import_semaphore(&ctx->vk, copy.late.job.fence, &copy.submit.wait), 0)) {
		struct work *work = work_start(vk_submit_run, &copy.submit);
		uint64_t begin = now_ns();

		EXPECT(!work_wait(work, WATCH_MS));
		EXPECT(all_bytes(&copy.dst, 0));
		EXPECT_EQ(late_release(&copy.late), 0);
		EXPECT(work_wait(work, PATIENCE_MS));
		events_add("lavapipe", "gated copy", begin, now_ns());
		work_end(work);
		EXPECT_EQ(copy.submit.result, VK_SUCCESS);
		EXPECT(!memcmp(copy.dst.map, copy.late.fresh.map, SIZE));
	}
	copy_end(ctx, &copy);
}

static const struct tap_case cases[] = {
	{ "an ungated copy of a late buffer has old data", test_ungated },
	{ "a copy gated by a semaphore waits for our fence and has new data", test_gated, true },
};

int main(int argc, char **argv)
{
	struct ctx ctx;
	const char *why;
	int ret;

	if (gpu_open(&ctx.gpu))
		return tap_bail("no Carillon device");
	if (vk_open(&ctx.vk, &why)) {
		ret = tap_skip_all(why);
	} else {
		tap_note("%s", ctx.vk.name);
		events_open("vulkan");
		ret = tap_run(cases, sizeof(cases) / sizeof(cases[0]), &ctx,
			      argc > 1 ? argv[1] : NULL);
		events_close();
	}
	vk_close(&ctx.vk);
	gpu_close(&ctx.gpu);
	return ret;
}
