// SPDX-License-Identifier: MIT
/* Mesa's virgl driver: OpenGL ES in the guest, run by OpenGL outside. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "events.h"
#include "late.h"
#include "tap.h"
#include "tests.h"
#include "work.h"

#define SIZE		65536
/* How much longer a drawing may be made. */
#define MOST_TIMES	4

static bool mesa_works(const struct virgl *v)
{
	if (v->why)
		tap_skip("Mesa has no virgl here: %s", v->why);
	return !v->why;
}

static void expect_drawn(const struct draw *draw)
{
	const uint8_t want[4] = DRAW_PIXEL;

	if (draw->problem)
		tap_note("drawing: %s", draw->problem);
	EXPECT(!draw->problem);
	EXPECT(!memcmp(draw->pixel, want, sizeof(want)));
}

/* A short picture while a job of ours is held; the GPU waits for that if @gated. */
static void draw_while_held(struct virgl *v, bool gated)
{
	struct draw draw = {
		.painter = &v->painter, .in_fence = -1, .rounds = 1, .finish = 1, .fence = -1,
	};
	struct work *work = NULL;
	struct late late;

	if (!mesa_works(v) || !EXPECT_EQ(late_create(&v->gpu, SIZE, &late), 0))
		return;
	if (EXPECT_EQ(late_hold(&late), 0)) {
		draw.in_fence = gated ? late.job.fence : -1;
		work = work_start(draw_run, &draw);
	}
	if (EXPECT(work)) {
		EXPECT_EQ(work_wait(work, gated ? HELD_MS : PATIENCE_MS), !gated);
		EXPECT_EQ(gpu_fence_status(late.job.fence, 0), 0);
		EXPECT_EQ(late_release(&late), 0);
		EXPECT(work_wait(work, PATIENCE_MS));
		expect_drawn(&draw);
		EXPECT_EQ(gpu_fence_status(late.job.fence, PATIENCE_MS), 1);
		events_add("virgl", gated ? "drawing waits" : "drawing", draw.begin_ns, draw.end_ns);
		if (gated)
			events_fence("carillon", late.job.fence, "virgl", draw.begin_ns);
	}
	if (late.held)
		late_release(&late);
	work_end(work);
	if (draw.fence >= 0)
		close(draw.fence);
	late_destroy(&late);
}

void test_ungated_draw(void *ctx)
{
	draw_while_held(ctx, false);
}

void test_gated_draw(void *ctx)
{
	draw_while_held(ctx, true);
}

static uint64_t signal_ns(int fence)
{
	struct carillon_fence_info info = { 0 };

	carillon_fence_info(fence, &info);
	return info.signal_ns;
}

/* A job that notes when it began, by the device's clock. */
static int submit_stamp(struct virgl *v, struct gpu_job *job, int wait_fd)
{
	int ret = gpu_job_begin(&v->gpu, job);

	if (ret)
		return ret;
	carillon_cmd_timestamp(job->cmds, job->mem.va + GPU_JOB_RESULT);
	return gpu_job_submit(&v->gpu, job, v->gpu.queue, wait_fd);
}

/* When it began, at the latest, by the CPU's clock. */
static uint64_t stamp_ns(struct virgl *v, const struct gpu_job *job)
{
	struct drm_carillon_timestamp_info clocks;
	uint64_t device_ns;

	if (!EXPECT_EQ(carillon_device_timestamp(v->gpu.dev, &clocks), 0))
		return 0;
	memcpy(&device_ns, job->mem.map + GPU_JOB_RESULT, sizeof(device_ns));
	return device_ns + clocks.cpu_ns - clocks.device_ns + clocks.uncertainty_ns;
}

/*
 * Mesa's drawing goes on; one job waits for it, one doesn't. On a busy machine the drawing may be
 * done before both have been looked at: then nothing is learned. Returns whether there was.
 */
static bool expect_wait(struct virgl *v, const struct draw *draw)
{
	struct gpu_job job = { .fence = -1 }, control = { .fence = -1 };
	uint64_t control_ns = now_ns(), submit_ns;
	bool in_time = false;
	int status;

	/* Its fence says when it ended, exactly: clocks that are read apart may not. */
	if (EXPECT_EQ(submit_stamp(v, &control, -1), 0))
		EXPECT_EQ(gpu_fence_status(control.fence, PATIENCE_MS), 1);
	submit_ns = now_ns();
	if (EXPECT_EQ(submit_stamp(v, &job, draw->fence), 0)) {
		status = gpu_fence_status(job.fence, 0);
		in_time = !gpu_fence_status(draw->fence, 0);
		EXPECT(!in_time || !status);
		EXPECT_EQ(gpu_fence_status(job.fence, PATIENCE_MS), 1);
		EXPECT_EQ(gpu_fence_status(draw->fence, 0), 1);
		EXPECT(stamp_ns(v, &job) >= signal_ns(draw->fence));
	}
	if (in_time) {
		EXPECT(signal_ns(control.fence) < signal_ns(draw->fence));
		tap_note("Mesa's fence took %.1f ms, our job began %.2f ms after it",
			 (signal_ns(draw->fence) - draw->begin_ns) / 1e6,
			 ((double)stamp_ns(v, &job) - (double)signal_ns(draw->fence)) / 1e6);
		events_add("virgl", "drawing", draw->begin_ns, signal_ns(draw->fence));
		events_add("carillon", "job without a fence", control_ns, signal_ns(control.fence));
		events_add("carillon", "job waits", submit_ns, signal_ns(job.fence));
		events_fence("virgl", draw->fence, "carillon", submit_ns);
	}
	gpu_job_end(&v->gpu, &control);
	gpu_job_end(&v->gpu, &job);
	return in_time;
}

void test_out_fence(void *ctx)
{
	struct virgl *v = ctx;
	bool learned = false;

	if (!mesa_works(v))
		return;
	for (int times = 1; !learned && times <= MOST_TIMES; times *= 2) {
		struct draw draw = {
			.painter = &v->painter, .in_fence = -1,
			.rounds = v->painter.rounds * times, .fence = -1,
		};

		draw_run(&draw);
		if (!EXPECT(!draw.problem)) {
			tap_note("drawing: %s", draw.problem);
			break;
		}
		learned = expect_wait(v, &draw);
		close(draw.fence);
	}
	EXPECT(learned);
}
