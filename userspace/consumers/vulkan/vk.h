/* SPDX-License-Identifier: MIT */
/* As much of Vulkan as it takes to copy from and to other drivers' buffers. */
#ifndef CONSUMERS_VK_H
#define CONSUMERS_VK_H

#include <vulkan/vulkan.h>

/** VK_PIXEL, VK_PIXEL_BYTES - the format of images: B, G, R, A in memory */
#define VK_PIXEL	VK_FORMAT_B8G8R8A8_UNORM
#define VK_PIXEL_BYTES	4

/**
 * struct vk - a device of Vulkan, and one queue
 * @instance: instance
 * @phys: physical device
 * @dev: device
 * @family: queue family of @queue
 * @queue: used by one thread at a time
 * @pool: command buffers
 * @name: device name, for people
 * @import_semaphore: vkImportSemaphoreFdKHR, which loaders don't export; so are the rest
 */
struct vk {
	VkInstance instance;
	VkPhysicalDevice phys;
	VkDevice dev;
	uint32_t family;
	VkQueue queue;
	VkCommandPool pool;
	char name[VK_MAX_PHYSICAL_DEVICE_NAME_SIZE];
	PFN_vkImportSemaphoreFdKHR import_semaphore;
	PFN_vkGetSemaphoreFdKHR get_semaphore;
	PFN_vkImportFenceFdKHR import_fence;
	PFN_vkGetMemoryFdKHR get_memory;
	PFN_vkGetMemoryFdPropertiesKHR get_memory_props;
};

/**
 * vk_open() - open the first device of the loader
 * @vk: filled in
 * @ret_why: if it can't be used: what is missing
 *
 * Return: VK_SUCCESS or an error.
 */
VkResult vk_open(struct vk *vk, const char **ret_why);
void vk_close(struct vk *vk);

/** vk_import_semaphore() - a semaphore with the fence of @sync_file, temporarily */
VkResult vk_import_semaphore(struct vk *vk, int sync_file, VkSemaphore *ret_semaphore);

/** vk_import_fence() - a fence with that of @sync_file, temporarily; -1: a signalled one */
VkResult vk_import_fence(struct vk *vk, int sync_file, VkFence *ret_fence);

/**
 * struct vk_buf - a buffer whose memory is a dma-buf
 * @buffer: buffer
 * @memory: its memory
 */
struct vk_buf {
	VkBuffer buffer;
	VkDeviceMemory memory;
};

/** vk_buf_import() - a buffer of @size bytes in @dmabuf, which is borrowed */
VkResult vk_buf_import(struct vk *vk, int dmabuf, VkDeviceSize size, struct vk_buf *ret_buf);

/** vk_buf_export() - a buffer in new memory, and that as dma-buf */
VkResult vk_buf_export(struct vk *vk, VkDeviceSize size, struct vk_buf *ret_buf, int *ret_dmabuf);
void vk_buf_destroy(struct vk *vk, struct vk_buf *buf);

/**
 * struct vk_img - a linear image whose memory is a dma-buf
 * @image: image
 * @memory: its memory
 * @width: pixels
 * @height: pixels
 */
struct vk_img {
	VkImage image;
	VkDeviceMemory memory;
	uint32_t width;
	uint32_t height;
};

/** vk_img_import() - an image of @ret_img's size, rows @pitch bytes apart, in @dmabuf */
VkResult vk_img_import(struct vk *vk, int dmabuf, VkDeviceSize pitch, struct vk_img *ret_img);
void vk_img_destroy(struct vk *vk, struct vk_img *img);

/* Recording of a command buffer with one copy in it. */
VkCommandBuffer vk_record_copy(struct vk *vk, const struct vk_buf *dst, const struct vk_buf *src,
			       VkDeviceSize size);
VkCommandBuffer vk_record_from_image(struct vk *vk, const struct vk_buf *dst,
				     const struct vk_img *src);
VkCommandBuffer vk_record_to_image(struct vk *vk, const struct vk_img *dst,
				   const struct vk_buf *src);

/**
 * struct vk_submit - a submit to be done by a thread, vk_submit_run()
 * @vk: device
 * @cmds: what to run
 * @wait: semaphore to wait for, or NULL
 * @signal: semaphore to signal, or NULL
 * @result: VK_SUCCESS when all has been done
 */
struct vk_submit {
	struct vk *vk;
	VkCommandBuffer cmds;
	VkSemaphore wait;
	VkSemaphore signal;
	VkResult result;
};

/** vk_submit_run() - submit, and wait until the commands have been run */
void vk_submit_run(void *submit);

#endif /* CONSUMERS_VK_H */
