// SPDX-License-Identifier: MIT
/* Linear images in our buffers. */
#include <string.h>

#include "copy.h"
#include "events.h"
#include "tap.h"

/* Makes the submit of @copy one from an image in the late buffer. */
static bool use_image(struct copy *copy, struct vk_img *img)
{
	struct vk *vk = &copy->ctx->vk;

	if (!EXPECT_EQ(vk_img_import(vk, copy->late.buf.dmabuf, PITCH, img), 0))
		return false;
	vkFreeCommandBuffers(vk->dev, vk->pool, 1, &copy->submit.cmds);
	copy->submit.cmds = vk_record_from_image(vk, &copy->vk_dst, img);
	return EXPECT(copy->submit.cmds);
}

void test_ungated_image(void *ctx)
{
	struct vk_img img = { .width = WIDTH, .height = HEIGHT };
	struct ctx *c = ctx;
	struct copy copy;

	if (copy_begin(c, &c->gpu, &copy) && use_image(&copy, &img) && copy_start(&copy, false)) {
		if (EXPECT(work_wait(copy.work, PATIENCE_MS)))
			work_watch_longer(&c->watch_ms, copy.work);
		EXPECT(copy.late.held && late_is_old(&copy.late));
		EXPECT_EQ(copy.submit.result, VK_SUCCESS);
		EXPECT(copy_has(&copy, LATE_OLD));
	}
	copy_end(&copy);
	vk_img_destroy(&c->vk, &img);
}

void test_gated_image(void *ctx)
{
	struct vk_img img = { .width = WIDTH, .height = HEIGHT };
	struct ctx *c = ctx;
	uint64_t begin = now_ns();
	struct copy copy;

	if (copy_begin(c, &c->gpu, &copy) && use_image(&copy, &img) && copy_start(&copy, true)) {
		EXPECT(!work_wait(copy.work, c->watch_ms));
		EXPECT(copy_has(&copy, 0));
		EXPECT_EQ(late_release(&copy.late), 0);
		EXPECT(work_wait(copy.work, PATIENCE_MS));
		events_add("lavapipe", "gated copy of an image", begin, now_ns());
		events_fence("carillon", copy.late.job.fence, "lavapipe", begin);
		EXPECT_EQ(copy.submit.result, VK_SUCCESS);
		EXPECT(copy_is_fresh(&copy));
	}
	copy_end(&copy);
	vk_img_destroy(&c->vk, &img);
}

/* Vulkan writes an image in a buffer of ours with rows that are longer than it needs. */
static void write_image(struct ctx *c, const struct gpu_buf *pixels, struct gpu_buf *room)
{
	struct vk_img img = { .width = WIDTH, .height = HEIGHT };
	struct vk_submit submit = { .vk = &c->vk };
	struct vk_buf src = { 0 };

	if (EXPECT_EQ(vk_buf_import(&c->vk, pixels->dmabuf, SIZE, &src), 0) &&
	    EXPECT_EQ(vk_img_import(&c->vk, room->dmabuf, 2 * PITCH, &img), 0)) {
		submit.cmds = vk_record_to_image(&c->vk, &img, &src);
		vk_submit_run(&submit);
		EXPECT_EQ(submit.result, VK_SUCCESS);
		vkFreeCommandBuffers(c->vk.dev, c->vk.pool, 1, &submit.cmds);
	}
	vk_img_destroy(&c->vk, &img);
	vk_buf_destroy(&c->vk, &src);
}

void test_image_written(void *ctx)
{
	struct gpu_buf pixels = { 0 }, room = { 0 };
	static uint8_t want[2 * SIZE];
	struct ctx *c = ctx;
	uint32_t crc = 0;

	if (EXPECT_EQ(gpu_buf_create(&c->gpu, SIZE, &pixels), 0) &&
	    EXPECT_EQ(gpu_buf_create(&c->gpu, 2 * SIZE, &room), 0)) {
		memset(want, LATE_OLD, sizeof(want));
		memset(room.map, LATE_OLD, room.size);
		for (uint32_t i = 0; i < SIZE; i++) {
			pixels.map[i] = (uint8_t)(i * 13 + i / 256);
			want[i / PITCH * 2 * PITCH + i % PITCH] = pixels.map[i];
		}
		write_image(c, &pixels, &room);
		EXPECT_EQ(gpu_crc32c(&c->gpu, &room, -1, &crc), 0);
		EXPECT_EQ(crc, crc32c(want, sizeof(want)));
	}
	gpu_buf_destroy(&c->gpu, &room);
	gpu_buf_destroy(&c->gpu, &pixels);
}
