// SPDX-License-Identifier: MIT
/*
 * A fence of ours signals with an error while Vulkan waits. A sync_file's error is
 * seen only by those who ask for it, and lavapipe doesn't: its wait ends, its work is
 * done on the old data, and it says VK_SUCCESS.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "copy.h"
#include "events.h"
#include "fault.h"
#include "tap.h"

/* How long a job may hang, and for how long the one who waits for it is watched. */
#define HANG_MS		4000
#define HANG_WATCH_MS	1000

/* What happens to the copy that waits for a fence that signals with @status. */
static void expect_end(struct copy *copy, int status)
{
	EXPECT(work_wait(copy->work, PATIENCE_MS));
	EXPECT_EQ(gpu_fence_status(copy->late.job.fence, 0), status);
	tap_note("lavapipe says %d", copy->submit.result);
	EXPECT_EQ(copy->submit.result, VK_SUCCESS);
}

/* What Vulkan says of a fence that has signalled with an error, asked afterwards. */
static void expect_ready(struct vk *vk, int sync_file)
{
	VkFence fence;

	if (!EXPECT_EQ(vk_import_fence(vk, sync_file, &fence), 0))
		return;
	EXPECT_EQ(vkWaitForFences(vk->dev, 1, &fence, VK_TRUE, 0), VK_SUCCESS);
	vkDestroyFence(vk->dev, fence, NULL);
}

void test_hang(void *ctx)
{
	struct ctx *c = ctx;
	struct copy copy;
	struct gpu gpu;
	uint64_t begin;

	if (!EXPECT_EQ(fault_set_job_timeout(HANG_MS), 0) || !EXPECT_EQ(gpu_open(&gpu), 0))
		return;
	EXPECT_EQ(fault_inject("hang ring=* job=* count=1"), 0);
	begin = now_ns();
	if (copy_begin(c, &gpu, &copy) && copy_start(&copy, true)) {
		EXPECT(!work_wait(copy.work, HANG_WATCH_MS));
		expect_end(&copy, -ETIME);
		events_add("lavapipe", "gated copy, job hangs", begin, now_ns());
		events_fence("carillon", copy.late.job.fence, "lavapipe", begin);
		EXPECT(copy_has(&copy, LATE_OLD));
		expect_ready(&c->vk, copy.late.job.fence);
	}
	copy_end(&copy);
	fault_inject("clear");
	EXPECT_EQ(fault_set_job_timeout(FAULT_JOB_TIMEOUT_MS), 0);
	gpu_close(&gpu);
}

/* The device goes; buffers that Vulkan has can be touched all the same. */
void test_unplug(void *ctx)
{
	struct ctx *c = ctx;
	uint64_t begin = now_ns();
	struct copy copy;

	if (copy_begin(c, &c->gpu, &copy) && copy_start(&copy, true)) {
		EXPECT(!work_wait(copy.work, c->watch_ms));
		EXPECT_EQ(fault_unplug(), 0);
		expect_end(&copy, -ENODEV);
		EXPECT(copy_has(&copy, LATE_OLD));
		events_add("lavapipe", "gated copy, device unplugged", begin, now_ns());
		events_fence("carillon", copy.late.job.fence, "lavapipe", begin);
	}
	copy_end(&copy);
	gpu_close(&c->gpu);
	EXPECT_EQ(fault_replug(), 0);
	if (!EXPECT_EQ(gpu_open(&c->gpu), 0))
		exit(tap_bail("the device doesn't come back"));
}
