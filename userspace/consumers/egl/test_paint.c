// SPDX-License-Identifier: MIT
/*
 * A buffer that a late job of ours writes is drawn into. Who doesn't wait for the job
 * draws first, and the job writes over it; who waits draws over what the job wrote.
 * What is left in the end, a checksum by our GPU tells.
 */
#include "draw.h"
#include "events.h"
#include "tap.h"

static uint32_t painted_crc(void)
{
	static uint8_t want[SIZE];

	for (uint32_t i = 0; i < SIZE; i++)
		want[i] = gl_painted(i, WIDTH);
	return crc32c(want, SIZE);
}

static uint32_t fresh_crc(const struct draw *draw)
{
	return crc32c(draw->late.fresh.map, SIZE);
}

/* The checksum by our GPU, which waits for Mesa's fence. */
static uint32_t buffer_crc(struct draw *draw)
{
	uint64_t begin = now_ns();
	uint32_t crc = 0;

	EXPECT_EQ(gpu_crc32c(draw->late.gpu, &draw->late.buf, draw->fence, &crc), 0);
	events_add("carillon", "checksum", begin, now_ns());
	events_fence("llvmpipe", draw->fence, "carillon", begin);
	return crc;
}

void test_ungated_paint(void *ctx)
{
	static struct draw draw;
	struct ctx *c = ctx;

	if (draw_begin(c, &c->gpu, &draw)) {
		draw.what = draw_painted;
		if (draw_start(&draw) && EXPECT(work_wait(draw.work, PATIENCE_MS))) {
			work_watch_longer(&c->watch_ms, draw.work);
			EXPECT(!draw.problem);
			EXPECT_EQ(buffer_crc(&draw), painted_crc());
		}
		EXPECT_EQ(late_release(&draw.late), 0);
		EXPECT_EQ(gpu_fence_status(draw.late.job.fence, PATIENCE_MS), 1);
		EXPECT_EQ(buffer_crc(&draw), fresh_crc(&draw));
	}
	draw_end(&draw);
}

void test_gated_paint(void *ctx)
{
	static struct draw draw;
	struct ctx *c = ctx;
	uint64_t begin = now_ns();

	if (draw_begin(c, &c->gpu, &draw)) {
		draw.what = draw_painted;
		draw.gated = 1;
		if (draw_start(&draw)) {
			EXPECT(!work_wait(draw.work, c->watch_ms));
			EXPECT(late_is_old(&draw.late));
			EXPECT_EQ(late_release(&draw.late), 0);
			EXPECT(work_wait(draw.work, PATIENCE_MS));
			events_add("llvmpipe", "gated drawing into our buffer", begin, now_ns());
			events_fence("carillon", draw.late.job.fence, "llvmpipe", begin);
			EXPECT(!draw.problem);
			tap_note("Mesa's sync_file: %s", draw.fence < 0 ? "none" :
				 gpu_fence_status(draw.fence, 0) == 1 ? "signalled" : "not signalled");
			EXPECT_EQ(buffer_crc(&draw), painted_crc());
		}
	}
	draw_end(&draw);
}
