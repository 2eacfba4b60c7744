// SPDX-License-Identifier: MIT
/* Jobs that fail, and a GPU that goes, while a flip waits: nobody hangs. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "events.h"
#include "fault.h"
#include "kms.h"
#include "late.h"
#include "tap.h"

#define HANG_LIMIT_MS	3000

/* For the timeline: it waited for a job of ours. */
static void record(const struct flip *flip)
{
	struct carillon_fence_info shown;

	if (carillon_fence_info(flip->out_fence, &shown))
		return;
	events_add("bochs-drm", "flip waits", flip->commit_ns, shown.signal_ns);
	events_fence("carillon", flip->in_fence, "bochs-drm", flip->commit_ns);
}

/* A flip back to the frame that is shown, behind @job, which ends with @error. */
static void expect_flip(struct kms *kms, const struct gpu_job *job, int error)
{
	struct flip flip = { .fb = kms->home_fb, .in_fence = job->fence };

	if (!EXPECT_EQ(display_flip(&kms->display, &flip), 0))
		return;
	if (error == -ETIME)
		EXPECT(kms_flip_held(kms, flip.out_fence));
	EXPECT_EQ(display_wait_flip(&kms->display, KMS_FLIP_MS), 0);
	EXPECT_EQ(gpu_fence_status(job->fence, 0), error);
	/* KMS doesn't pass errors on: the flip has happened, and says so. */
	EXPECT_EQ(gpu_fence_status(flip.out_fence, KMS_FLIP_MS), 1);
	record(&flip);
	close(flip.out_fence);
	kms_shows(kms, kms->home.map, "the frame");
	EXPECT_EQ(kms_go_home(kms), 0);
}

void test_fault(void *ctx)
{
	struct kms *kms = ctx;
	struct gpu_job job;
	uint64_t nowhere;

	EXPECT_EQ(kms_go_home(kms), 0);
	if (!EXPECT_EQ(gpu_job_begin(&kms->gpu, &job), 0))
		return;
	/* Addresses are given out from the start: at the end there is nothing. */
	nowhere = carillon_device_info(kms->gpu.dev)->va_end - 4096;
	carillon_cmd_fill(job.cmds, nowhere, 4096, 0);
	if (EXPECT_EQ(gpu_job_submit(&kms->gpu, &job, kms->gpu.queue, -1), 0))
		expect_flip(kms, &job, -EIO);
	gpu_job_end(&kms->gpu, &job);
}

static void hang(struct kms *kms, const struct carillon_queue *queue)
{
	struct gpu_job job;

	if (!EXPECT_EQ(gpu_job_begin(&kms->gpu, &job), 0))
		return;
	carillon_cmd_nop(job.cmds);
	if (EXPECT_EQ(fault_inject("hang"), 0) &&
	    EXPECT_EQ(gpu_job_submit(&kms->gpu, &job, queue, -1), 0))
		expect_flip(kms, &job, -ETIME);
	EXPECT_EQ(fault_inject("clear"), 0);
	gpu_job_end(&kms->gpu, &job);
}

void test_hang(void *ctx)
{
	unsigned int before_ms = carillon_device_info(((struct kms *)ctx)->gpu.dev)->job_timeout_ms;
	struct carillon_queue *queue = NULL;
	struct kms *kms = ctx;

	EXPECT_EQ(kms_go_home(kms), 0);
	if (!EXPECT_EQ(fault_set_job_timeout(HANG_LIMIT_MS), 0))
		return;
	if (EXPECT_EQ(carillon_queue_create(kms->gpu.vm, CARILLON_PRIORITY_DEFAULT, 0, &queue), 0))
		hang(kms, queue);
	carillon_queue_destroy(queue);
	EXPECT_EQ(fault_set_job_timeout(before_ms), 0);
}

/* The GPU goes while the display waits for its fence and shows its buffer. */
static void unplug(struct kms *kms, struct late *late, uint32_t fb)
{
	struct flip flip = { .fb = fb, .in_fence = late->job.fence };

	if (!EXPECT_EQ(display_flip(&kms->display, &flip), 0))
		return;
	EXPECT(kms_flip_held(kms, flip.out_fence));
	if (EXPECT_EQ(fault_unplug(), 0)) {
		EXPECT_EQ(display_wait_flip(&kms->display, KMS_FLIP_MS), 0);
		EXPECT_EQ(gpu_fence_status(flip.out_fence, KMS_FLIP_MS), 1);
		EXPECT_EQ(gpu_fence_status(late->job.fence, 0), -ENODEV);
		EXPECT(late_is_old(late));
		kms_shows(kms, late->buf.map, "a buffer of a GPU that is gone");
		EXPECT_EQ(kms_go_home(kms), 0);
		kms_shows(kms, kms->home.map, "another buffer of a GPU that is gone");
		late->held = false;
		record(&flip);
	}
	close(flip.out_fence);
}

void test_unplug(void *ctx)
{
	struct kms *kms = ctx;
	struct late late;
	uint32_t fb = 0;

	EXPECT_EQ(kms_go_home(kms), 0);
	if (!EXPECT_EQ(late_create(&kms->gpu, kms_frame_bytes(kms), &late), 0))
		return;
	if (EXPECT_EQ(display_add_fb(&kms->display, late.buf.dmabuf, &fb), 0) &&
	    EXPECT_EQ(late_hold(&late), 0))
		unplug(kms, &late, fb);
	display_remove_fb(&kms->display, fb);
	late_destroy(&late);
	EXPECT_EQ(fault_replug(), 0);
}
