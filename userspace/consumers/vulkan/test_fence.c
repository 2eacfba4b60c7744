// SPDX-License-Identifier: MIT
/* A sync_file as VkFence: for an application that waits itself. */
#include "events.h"
#include "late.h"
#include "tap.h"
#include "tests.h"

#define WATCH_NS	1000000000ull
#define PATIENCE_NS	(PATIENCE_MS * 1000000ull)

/* The import alone makes nobody wait: a fence that has signalled is ready. */
void test_ready_fence(void *ctx)
{
	struct vk *vk = &((struct ctx *)ctx)->vk;
	struct gpu *gpu = &((struct ctx *)ctx)->gpu;
	struct gpu_job job;
	VkFence fence;

	if (!EXPECT_EQ(gpu_job_begin(gpu, &job), 0))
		return;
	carillon_cmd_nop(job.cmds);
	if (EXPECT_EQ(gpu_job_submit(gpu, &job, gpu->queue, -1), 0) &&
	    EXPECT_EQ(gpu_fence_status(job.fence, PATIENCE_MS), 1) &&
	    EXPECT_EQ(vk_import_fence(vk, job.fence, &fence), 0)) {
		EXPECT_EQ(vkGetFenceStatus(vk->dev, fence), VK_SUCCESS);
		EXPECT_EQ(vkWaitForFences(vk->dev, 1, &fence, VK_TRUE, 0), VK_SUCCESS);
		vkDestroyFence(vk->dev, fence, NULL);
	}
	gpu_job_end(gpu, &job);
}

/* Of a held job: it isn't, and a wait runs into its limit; after the job it is. */
void test_held_fence(void *ctx)
{
	struct vk *vk = &((struct ctx *)ctx)->vk;
	struct gpu *gpu = &((struct ctx *)ctx)->gpu;
	uint64_t begin = now_ns();
	struct late late;
	VkFence fence;

	if (!EXPECT_EQ(late_create(gpu, SIZE, &late), 0))
		return;
	if (EXPECT_EQ(late_hold(&late), 0) &&
	    EXPECT_EQ(vk_import_fence(vk, late.job.fence, &fence), 0)) {
		EXPECT_EQ(gpu_fence_is_ours(late.job.fence), 1);
		EXPECT_EQ(vkGetFenceStatus(vk->dev, fence), VK_NOT_READY);
		EXPECT_EQ(vkWaitForFences(vk->dev, 1, &fence, VK_TRUE, WATCH_NS), VK_TIMEOUT);
		EXPECT(late_is_old(&late));
		EXPECT_EQ(late_release(&late), 0);
		EXPECT_EQ(vkWaitForFences(vk->dev, 1, &fence, VK_TRUE, PATIENCE_NS), VK_SUCCESS);
		EXPECT(late_is_fresh(&late));
		EXPECT_EQ(vkGetFenceStatus(vk->dev, fence), VK_SUCCESS);
		events_add("lavapipe", "vkWaitForFences", begin, now_ns());
		events_fence("carillon", late.job.fence, "lavapipe", begin);
		vkDestroyFence(vk->dev, fence, NULL);
	}
	late_destroy(&late);
}
