// SPDX-License-Identifier: MIT
/*
 * A fence of ours signals with an error while OpenGL waits. A sync_file's error is
 * seen only by those who ask for it, and llvmpipe doesn't: its wait ends, and it draws
 * what there is.
 */
#include <errno.h>
#include <stdlib.h>

#include "draw.h"
#include "events.h"
#include "fault.h"
#include "tap.h"

/* How long a job may hang, and for how long the one who waits for it is watched. */
#define HANG_MS		4000
#define HANG_WATCH_MS	1000

static bool start(struct draw *draw)
{
	draw->what = draw_sampled;
	draw->gated = 1;
	return draw_start(draw);
}

/* What happens to the drawing that waits for a fence that signals with @status. */
static void expect_end(struct draw *draw, int status)
{
	EXPECT(work_wait(draw->work, PATIENCE_MS));
	EXPECT_EQ(gpu_fence_status(draw->late.job.fence, 0), status);
	EXPECT(!draw->problem);
}

/* What EGL says of a fence that has signalled with an error, asked afterwards. */
static void expect_ready(struct gl *gl, int sync_file)
{
	EGLSyncKHR sync;

	if (EXPECT(gl_begin(gl))) {
		sync = gl_import_fence(gl, sync_file);
		EXPECT(sync != EGL_NO_SYNC_KHR);
		EXPECT_EQ(gl->client_wait(gl->dpy, sync, 0, 0), EGL_CONDITION_SATISFIED_KHR);
		gl->destroy_sync(gl->dpy, sync);
	}
	gl_end(gl);
}

void test_hang(void *ctx)
{
	static struct draw draw;
	struct ctx *c = ctx;
	struct gpu gpu;
	uint64_t begin;

	if (!EXPECT_EQ(fault_set_job_timeout(HANG_MS), 0) || !EXPECT_EQ(gpu_open(&gpu), 0))
		return;
	EXPECT_EQ(fault_inject("hang ring=* job=* count=1"), 0);
	begin = now_ns();
	if (draw_begin(c, &gpu, &draw) && start(&draw)) {
		EXPECT(!work_wait(draw.work, HANG_WATCH_MS));
		expect_end(&draw, -ETIME);
		events_add("llvmpipe", "gated drawing, job hangs", begin, now_ns());
		events_fence("carillon", draw.late.job.fence, "llvmpipe", begin);
		EXPECT_EQ(draw.pixels[0], LATE_OLD);
		expect_ready(&c->gl, draw.late.job.fence);
	}
	draw_end(&draw);
	fault_inject("clear");
	EXPECT_EQ(fault_set_job_timeout(FAULT_JOB_TIMEOUT_MS), 0);
	gpu_close(&gpu);
}

/* The device goes; buffers that Mesa has can be touched all the same. */
void test_unplug(void *ctx)
{
	static struct draw draw;
	struct ctx *c = ctx;
	uint64_t begin = now_ns();

	if (draw_begin(c, &c->gpu, &draw) && start(&draw)) {
		EXPECT(!work_wait(draw.work, c->watch_ms));
		EXPECT_EQ(fault_unplug(), 0);
		expect_end(&draw, -ENODEV);
		events_add("llvmpipe", "gated drawing, device unplugged", begin, now_ns());
		events_fence("carillon", draw.late.job.fence, "llvmpipe", begin);
		EXPECT_EQ(draw.pixels[0], LATE_OLD);
	}
	draw_end(&draw);
	gpu_close(&c->gpu);
	EXPECT_EQ(fault_replug(), 0);
	if (!EXPECT_EQ(gpu_open(&c->gpu), 0))
		exit(tap_bail("the device doesn't come back"));
}
