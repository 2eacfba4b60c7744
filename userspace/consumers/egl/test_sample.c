// SPDX-License-Identifier: MIT
/* An image in a late buffer is sampled, with a server wait and without. */
#include <string.h>

#include "draw.h"
#include "events.h"
#include "tap.h"

static bool has_old(const struct draw *draw)
{
	for (int i = 0; i < SIZE; i++)
		if (draw->pixels[i] != LATE_OLD)
			return false;
	return true;
}

/* Without: drawn while our job is held, with the old data. */
void test_ungated_sample(void *ctx)
{
	static struct draw draw;
	struct ctx *c = ctx;

	if (draw_begin(c, &c->gpu, &draw)) {
		draw.what = draw_sampled;
		if (draw_start(&draw) && EXPECT(work_wait(draw.work, PATIENCE_MS)))
			work_watch_longer(&c->watch_ms, draw.work);
		EXPECT(draw.late.held && late_is_old(&draw.late));
		EXPECT(!draw.problem);
		EXPECT(has_old(&draw));
	}
	draw_end(&draw);
}

/* With: nothing is drawn before our job's fence says so. */
void test_gated_sample(void *ctx)
{
	static struct draw draw;
	struct ctx *c = ctx;
	uint64_t begin = now_ns();

	if (draw_begin(c, &c->gpu, &draw)) {
		draw.what = draw_sampled;
		draw.gated = 1;
		if (draw_start(&draw)) {
			EXPECT(!work_wait(draw.work, c->watch_ms));
			EXPECT_EQ(late_release(&draw.late), 0);
			EXPECT(work_wait(draw.work, PATIENCE_MS));
			events_add("llvmpipe", "gated drawing", begin, now_ns());
			events_fence("carillon", draw.late.job.fence, "llvmpipe", begin);
		}
		EXPECT(!draw.problem);
		EXPECT(!memcmp(draw.pixels, draw.late.fresh.map, SIZE));
	}
	draw_end(&draw);
}
