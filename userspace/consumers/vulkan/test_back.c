// SPDX-License-Identifier: MIT
/*
 * From our GPU to Vulkan and back: a late job of ours, a copy by Vulkan that waits for
 * its fence, a checksum by a job of ours that waits for Vulkan's.
 */
#include <unistd.h>

#include "copy.h"
#include "events.h"
#include "tap.h"

/* The submit signals a semaphore; its sync_file, to be asked for once it is submitted. */
static bool add_signal(struct copy *copy)
{
	const VkExportSemaphoreCreateInfo export = {
		.sType = VK_STRUCTURE_TYPE_EXPORT_SEMAPHORE_CREATE_INFO,
		.handleTypes = VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_SYNC_FD_BIT,
	};
	const VkSemaphoreCreateInfo create = {
		.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO, .pNext = &export,
	};

	return EXPECT_EQ(vkCreateSemaphore(copy->ctx->vk.dev, &create, NULL,
					   &copy->submit.signal), 0);
}

static bool get_signal(struct copy *copy, int *ret_fd)
{
	const VkSemaphoreGetFdInfoKHR get = {
		.sType = VK_STRUCTURE_TYPE_SEMAPHORE_GET_FD_INFO_KHR,
		.semaphore = copy->submit.signal,
		.handleType = VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_SYNC_FD_BIT,
	};

	return EXPECT_EQ(copy->ctx->vk.get_semaphore(copy->ctx->vk.dev, &get, ret_fd), 0);
}

/* The checksum of @result by our GPU is that of the fresh data. */
static void check(struct copy *copy, const struct gpu_buf *result)
{
	uint64_t begin = now_ns();
	uint32_t crc = 0;
	int fd = -1;

	if (!get_signal(copy, &fd))
		return;
	/* -1 is one that has signalled, too. */
	tap_note("Vulkan's sync_file: %s", fd < 0 ? "none" :
		 gpu_fence_status(fd, 0) == 1 ? "signalled" : "not signalled");
	EXPECT_EQ(gpu_crc32c(copy->gpu, result, fd, &crc), 0);
	EXPECT_EQ(crc, crc32c(copy->late.fresh.map, SIZE));
	events_add("carillon", "checksum", begin, now_ns());
	events_fence("lavapipe", fd, "carillon", begin);
	if (fd >= 0)
		close(fd);
}

static void run(struct copy *copy, const struct gpu_buf *result)
{
	uint64_t begin = now_ns();

	if (!add_signal(copy) || !copy_start(copy, true))
		return;
	EXPECT(!work_wait(copy->work, copy->ctx->watch_ms));
	EXPECT_EQ(late_release(&copy->late), 0);
	if (!EXPECT(work_wait(copy->work, PATIENCE_MS)))
		return;
	events_add("lavapipe", "gated copy", begin, now_ns());
	events_fence("carillon", copy->late.job.fence, "lavapipe", begin);
	EXPECT_EQ(copy->submit.result, VK_SUCCESS);
	check(copy, result);
}

/* Makes the submit of @copy one into memory of Vulkan's. */
static bool use_foreign(struct copy *copy, int *ret_dmabuf)
{
	struct vk *vk = &copy->ctx->vk;

	vk_buf_destroy(vk, &copy->vk_dst);
	if (!EXPECT_EQ(vk_buf_export(vk, SIZE, &copy->vk_dst, ret_dmabuf), 0))
		return false;
	vkFreeCommandBuffers(vk->dev, vk->pool, 1, &copy->submit.cmds);
	copy->submit.cmds = vk_record_copy(vk, &copy->vk_dst, &copy->vk_src, SIZE);
	return EXPECT(copy->submit.cmds);
}

/* The result is in a buffer of ours. */
void test_back_own(void *ctx)
{
	struct ctx *c = ctx;
	struct copy copy;

	if (copy_begin(c, &c->gpu, &copy))
		run(&copy, &copy.dst);
	copy_end(&copy);
}

/* The result is in memory of Vulkan's, which our GPU reads as a dma-buf. */
void test_back_foreign(void *ctx)
{
	struct gpu_buf result = { 0 };
	struct ctx *c = ctx;
	struct copy copy;
	int dmabuf = -1;

	if (copy_begin(c, &c->gpu, &copy) && use_foreign(&copy, &dmabuf) &&
	    EXPECT_EQ(gpu_buf_import(&c->gpu, dmabuf, &result), 0)) {
		/* Both round up to pages; the checksum is of all there is. */
		EXPECT_EQ(result.size, SIZE);
		run(&copy, &result);
	}
	gpu_buf_destroy(&c->gpu, &result);
	if (dmabuf >= 0)
		close(dmabuf);
	copy_end(&copy);
}
