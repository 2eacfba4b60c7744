// SPDX-License-Identifier: MIT
/* A copy of a late buffer, with a semaphore and without. */
#include "copy.h"
#include "events.h"
#include "tap.h"

/* Without: done while our job is held, with the old data. */
void test_ungated_copy(void *ctx)
{
	struct ctx *c = ctx;
	struct copy copy;

	if (copy_begin(c, &c->gpu, &copy) && copy_start(&copy, false)) {
		if (EXPECT(work_wait(copy.work, PATIENCE_MS)))
			work_watch_longer(&c->watch_ms, copy.work);
		EXPECT(copy.late.held && late_is_old(&copy.late));
		EXPECT_EQ(copy.submit.result, VK_SUCCESS);
		EXPECT(copy_has(&copy, LATE_OLD));
	}
	copy_end(&copy);
}

/* With: nothing is copied before our job's fence says so. */
void test_gated_copy(void *ctx)
{
	struct ctx *c = ctx;
	uint64_t begin = now_ns();
	struct copy copy;

	if (copy_begin(c, &c->gpu, &copy) && copy_start(&copy, true)) {
		EXPECT(!work_wait(copy.work, c->watch_ms));
		EXPECT(copy_has(&copy, 0));
		EXPECT_EQ(late_release(&copy.late), 0);
		EXPECT(work_wait(copy.work, PATIENCE_MS));
		events_add("lavapipe", "gated copy", begin, now_ns());
		events_fence("carillon", copy.late.job.fence, "lavapipe", begin);
		EXPECT_EQ(copy.submit.result, VK_SUCCESS);
		EXPECT(copy_is_fresh(&copy));
	}
	copy_end(&copy);
}
