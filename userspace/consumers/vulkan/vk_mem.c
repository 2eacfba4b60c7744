// SPDX-License-Identifier: MIT
/* Buffers and images in dma-bufs, and copies between them. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "vk.h"

#define DMA_BUF	VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT
#define LINEAR	0	/* DRM_FORMAT_MOD_LINEAR */

static uint32_t first_bit(uint32_t bits)
{
	return bits ? (uint32_t)__builtin_ctz(bits) : 0;
}

/* @dedicated says whose memory it is: drivers may insist for what is imported. */
static VkResult import_memory(struct vk *vk, int dmabuf, const VkMemoryRequirements *reqs,
			      const VkMemoryDedicatedAllocateInfo *dedicated,
			      VkDeviceMemory *ret_memory)
{
	VkMemoryFdPropertiesKHR props = {
		.sType = VK_STRUCTURE_TYPE_MEMORY_FD_PROPERTIES_KHR,
	};
	VkImportMemoryFdInfoKHR import = {
		.sType = VK_STRUCTURE_TYPE_IMPORT_MEMORY_FD_INFO_KHR, .pNext = dedicated,
		.handleType = DMA_BUF,
	};
	VkMemoryAllocateInfo alloc = {
		.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, .pNext = &import,
		.allocationSize = reqs->size,
	};
	VkResult res = vk->get_memory_props(vk->dev, DMA_BUF, dmabuf, &props);

	if (res)
		return res;
	alloc.memoryTypeIndex = first_bit(reqs->memoryTypeBits & props.memoryTypeBits);
	/* Success consumes the descriptor. */
	import.fd = fcntl(dmabuf, F_DUPFD_CLOEXEC, 0);
	res = vkAllocateMemory(vk->dev, &alloc, NULL, ret_memory);
	if (res)
		close(import.fd);
	return res;
}

static VkResult make_buffer(struct vk *vk, VkDeviceSize size, VkBuffer *ret_buffer)
{
	const VkExternalMemoryBufferCreateInfo external = {
		.sType = VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_BUFFER_CREATE_INFO,
		.handleTypes = DMA_BUF,
	};
	const VkBufferCreateInfo create = {
		.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO, .pNext = &external, .size = size,
		.usage = VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT,
	};

	return vkCreateBuffer(vk->dev, &create, NULL, ret_buffer);
}

VkResult vk_buf_import(struct vk *vk, int dmabuf, VkDeviceSize size, struct vk_buf *ret_buf)
{
	VkMemoryDedicatedAllocateInfo dedicated = {
		.sType = VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO,
	};
	struct vk_buf buf = { 0 };
	VkMemoryRequirements reqs;
	VkResult res = make_buffer(vk, size, &buf.buffer);

	if (res)
		return res;
	vkGetBufferMemoryRequirements(vk->dev, buf.buffer, &reqs);
	dedicated.buffer = buf.buffer;
	res = import_memory(vk, dmabuf, &reqs, &dedicated, &buf.memory);
	if (!res)
		res = vkBindBufferMemory(vk->dev, buf.buffer, buf.memory, 0);
	if (res)
		vk_buf_destroy(vk, &buf);
	else
		*ret_buf = buf;
	return res;
}

VkResult vk_buf_export(struct vk *vk, VkDeviceSize size, struct vk_buf *ret_buf, int *ret_dmabuf)
{
	const VkExportMemoryAllocateInfo export = {
		.sType = VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO, .handleTypes = DMA_BUF,
	};
	VkMemoryAllocateInfo alloc = {
		.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, .pNext = &export,
	};
	VkMemoryGetFdInfoKHR get = {
		.sType = VK_STRUCTURE_TYPE_MEMORY_GET_FD_INFO_KHR, .handleType = DMA_BUF,
	};
	struct vk_buf buf = { 0 };
	VkMemoryRequirements reqs;
	VkResult res = make_buffer(vk, size, &buf.buffer);

	if (res)
		return res;
	vkGetBufferMemoryRequirements(vk->dev, buf.buffer, &reqs);
	alloc.allocationSize = reqs.size;
	alloc.memoryTypeIndex = first_bit(reqs.memoryTypeBits);
	res = vkAllocateMemory(vk->dev, &alloc, NULL, &buf.memory);
	get.memory = buf.memory;
	if (!res)
		res = vkBindBufferMemory(vk->dev, buf.buffer, buf.memory, 0);
	if (!res)
		res = vk->get_memory(vk->dev, &get, ret_dmabuf);
	if (res)
		vk_buf_destroy(vk, &buf);
	else
		*ret_buf = buf;
	return res;
}

void vk_buf_destroy(struct vk *vk, struct vk_buf *buf)
{
	vkDestroyBuffer(vk->dev, buf->buffer, NULL);
	vkFreeMemory(vk->dev, buf->memory, NULL);
	memset(buf, 0, sizeof(*buf));
}

static VkResult make_image(struct vk *vk, VkDeviceSize pitch, struct vk_img *img)
{
	const VkSubresourceLayout layout = { .rowPitch = pitch };
	const VkImageDrmFormatModifierExplicitCreateInfoEXT modifier = {
		.sType = VK_STRUCTURE_TYPE_IMAGE_DRM_FORMAT_MODIFIER_EXPLICIT_CREATE_INFO_EXT,
		.drmFormatModifier = LINEAR,
		.drmFormatModifierPlaneCount = 1, .pPlaneLayouts = &layout,
	};
	const VkExternalMemoryImageCreateInfo external = {
		.sType = VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO,
		.pNext = &modifier, .handleTypes = DMA_BUF,
	};
	const VkImageCreateInfo create = {
		.sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO, .pNext = &external,
		.imageType = VK_IMAGE_TYPE_2D, .format = VK_PIXEL,
		.extent = { img->width, img->height, 1 },
		.mipLevels = 1, .arrayLayers = 1, .samples = VK_SAMPLE_COUNT_1_BIT,
		.tiling = VK_IMAGE_TILING_DRM_FORMAT_MODIFIER_EXT,
		.usage = VK_IMAGE_USAGE_TRANSFER_SRC_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT,
		.initialLayout = VK_IMAGE_LAYOUT_UNDEFINED,
	};

	return vkCreateImage(vk->dev, &create, NULL, &img->image);
}

VkResult vk_img_import(struct vk *vk, int dmabuf, VkDeviceSize pitch, struct vk_img *ret_img)
{
	VkMemoryDedicatedAllocateInfo dedicated = {
		.sType = VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO,
	};
	struct vk_img img = { .width = ret_img->width, .height = ret_img->height };
	VkMemoryRequirements reqs;
	VkResult res = make_image(vk, pitch, &img);

	if (res)
		return res;
	vkGetImageMemoryRequirements(vk->dev, img.image, &reqs);
	dedicated.image = img.image;
	res = import_memory(vk, dmabuf, &reqs, &dedicated, &img.memory);
	if (!res)
		res = vkBindImageMemory(vk->dev, img.image, img.memory, 0);
	if (res)
		vk_img_destroy(vk, &img);
	else
		*ret_img = img;
	return res;
}

void vk_img_destroy(struct vk *vk, struct vk_img *img)
{
	vkDestroyImage(vk->dev, img->image, NULL);
	vkFreeMemory(vk->dev, img->memory, NULL);
	memset(img, 0, sizeof(*img));
}

static VkCommandBuffer begin(struct vk *vk)
{
	const VkCommandBufferAllocateInfo alloc = {
		.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
		.commandPool = vk->pool, .commandBufferCount = 1,
	};
	const VkCommandBufferBeginInfo info = {
		.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
	};
	VkCommandBuffer cmds;

	if (vkAllocateCommandBuffers(vk->dev, &alloc, &cmds))
		return NULL;
	vkBeginCommandBuffer(cmds, &info);
	return cmds;
}

VkCommandBuffer vk_record_copy(struct vk *vk, const struct vk_buf *dst, const struct vk_buf *src,
			       VkDeviceSize size)
{
	const VkBufferCopy region = { .size = size };
	VkCommandBuffer cmds = begin(vk);

	if (!cmds)
		return NULL;
	vkCmdCopyBuffer(cmds, src->buffer, dst->buffer, 1, &region);
	vkEndCommandBuffer(cmds);
	return cmds;
}

/* From the driver that had the image to us: layout GENERAL keeps what is in it. */
static void acquire(struct vk *vk, VkCommandBuffer cmds, const struct vk_img *img)
{
	const VkImageMemoryBarrier barrier = {
		.sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
		.dstAccessMask = VK_ACCESS_TRANSFER_READ_BIT | VK_ACCESS_TRANSFER_WRITE_BIT,
		.oldLayout = VK_IMAGE_LAYOUT_GENERAL, .newLayout = VK_IMAGE_LAYOUT_GENERAL,
		.srcQueueFamilyIndex = VK_QUEUE_FAMILY_EXTERNAL,
		.dstQueueFamilyIndex = vk->family, .image = img->image,
		.subresourceRange = { VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1 },
	};

	vkCmdPipelineBarrier(cmds, VK_PIPELINE_STAGE_TOP_OF_PIPE_BIT,
			     VK_PIPELINE_STAGE_TRANSFER_BIT, 0, 0, NULL, 0, NULL, 1, &barrier);
}

static VkBufferImageCopy whole(const struct vk_img *img)
{
	return (VkBufferImageCopy) {
		.imageSubresource = { VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1 },
		.imageExtent = { img->width, img->height, 1 },
	};
}

VkCommandBuffer vk_record_from_image(struct vk *vk, const struct vk_buf *dst,
				     const struct vk_img *src)
{
	const VkBufferImageCopy region = whole(src);
	VkCommandBuffer cmds = begin(vk);

	if (!cmds)
		return NULL;
	acquire(vk, cmds, src);
	vkCmdCopyImageToBuffer(cmds, src->image, VK_IMAGE_LAYOUT_GENERAL, dst->buffer, 1, &region);
	vkEndCommandBuffer(cmds);
	return cmds;
}

VkCommandBuffer vk_record_to_image(struct vk *vk, const struct vk_img *dst,
				   const struct vk_buf *src)
{
	const VkBufferImageCopy region = whole(dst);
	VkCommandBuffer cmds = begin(vk);

	if (!cmds)
		return NULL;
	acquire(vk, cmds, dst);
	vkCmdCopyBufferToImage(cmds, src->buffer, dst->image, VK_IMAGE_LAYOUT_GENERAL, 1, &region);
	vkEndCommandBuffer(cmds);
	return cmds;
}
