// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "vk.h"

static const char *const extensions[] = {
	VK_KHR_EXTERNAL_MEMORY_FD_EXTENSION_NAME,
	VK_KHR_EXTERNAL_SEMAPHORE_FD_EXTENSION_NAME,
	VK_KHR_EXTERNAL_FENCE_FD_EXTENSION_NAME,
	VK_EXT_EXTERNAL_MEMORY_DMA_BUF_EXTENSION_NAME,
	VK_EXT_IMAGE_DRM_FORMAT_MODIFIER_EXTENSION_NAME,
};

#define NUM_EXTENSIONS	(sizeof(extensions) / sizeof(extensions[0]))
#define MAX_FOUND	512

static const char *missing_extension(VkPhysicalDevice phys)
{
	static VkExtensionProperties found[MAX_FOUND];
	uint32_t num = MAX_FOUND;

	if (vkEnumerateDeviceExtensionProperties(phys, NULL, &num, found) < 0)
		num = 0;
	for (size_t i = 0; i < NUM_EXTENSIONS; i++) {
		uint32_t n = 0;

		while (n < num && strcmp(found[n].extensionName, extensions[i]))
			n++;
		if (n == num)
			return extensions[i];
	}
	return NULL;
}

static VkResult open_instance(struct vk *vk)
{
	const VkApplicationInfo app = {
		.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO, .apiVersion = VK_API_VERSION_1_2,
	};
	const VkInstanceCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO, .pApplicationInfo = &app,
	};

	return vkCreateInstance(&info, NULL, &vk->instance);
}

static VkResult open_device(struct vk *vk)
{
	const float priority = 1;
	const VkDeviceQueueCreateInfo queue = {
		.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
		.queueCount = 1, .pQueuePriorities = &priority,
	};
	const VkDeviceCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
		.queueCreateInfoCount = 1, .pQueueCreateInfos = &queue,
		.enabledExtensionCount = NUM_EXTENSIONS, .ppEnabledExtensionNames = extensions,
	};
	const VkCommandPoolCreateInfo pool = {
		.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
	};
	VkResult res = vkCreateDevice(vk->phys, &info, NULL, &vk->dev);

	if (res)
		return res;
	vkGetDeviceQueue(vk->dev, 0, 0, &vk->queue);
#define GET(name) (PFN_##name)vkGetDeviceProcAddr(vk->dev, #name)
	vk->import_semaphore = GET(vkImportSemaphoreFdKHR);
	vk->get_semaphore = GET(vkGetSemaphoreFdKHR);
	vk->import_fence = GET(vkImportFenceFdKHR);
	vk->get_memory = GET(vkGetMemoryFdKHR);
	vk->get_memory_props = GET(vkGetMemoryFdPropertiesKHR);
#undef GET
	return vkCreateCommandPool(vk->dev, &pool, NULL, &vk->pool);
}

VkResult vk_open(struct vk *vk, const char **ret_why)
{
	VkPhysicalDeviceProperties props;
	uint32_t num = 1;
	VkResult res;

	memset(vk, 0, sizeof(*vk));
	*ret_why = "no Vulkan driver";
	res = open_instance(vk);
	if (res)
		return res;
	res = vkEnumeratePhysicalDevices(vk->instance, &num, &vk->phys);
	if (res < 0 || !num)
		return res < 0 ? res : VK_ERROR_INITIALIZATION_FAILED;
	vkGetPhysicalDeviceProperties(vk->phys, &props);
	strcpy(vk->name, props.deviceName);
	*ret_why = missing_extension(vk->phys);
	if (*ret_why)
		return VK_ERROR_EXTENSION_NOT_PRESENT;
	*ret_why = "the driver makes no device";
	return open_device(vk);
}

void vk_close(struct vk *vk)
{
	if (vk->dev) {
		vkDestroyCommandPool(vk->dev, vk->pool, NULL);
		vkDestroyDevice(vk->dev, NULL);
	}
	if (vk->instance)
		vkDestroyInstance(vk->instance, NULL);
}

VkResult vk_import_semaphore(struct vk *vk, int sync_file, VkSemaphore *ret_semaphore)
{
	const VkSemaphoreCreateInfo create = {
		.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO,
	};
	VkImportSemaphoreFdInfoKHR import = {
		.sType = VK_STRUCTURE_TYPE_IMPORT_SEMAPHORE_FD_INFO_KHR,
		.flags = VK_SEMAPHORE_IMPORT_TEMPORARY_BIT,
		.handleType = VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_SYNC_FD_BIT,
	};
	VkSemaphore semaphore;
	VkResult res = vkCreateSemaphore(vk->dev, &create, NULL, &semaphore);

	if (res)
		return res;
	import.semaphore = semaphore;
	/* Success consumes the descriptor. */
	import.fd = fcntl(sync_file, F_DUPFD_CLOEXEC, 0);
	res = vk->import_semaphore(vk->dev, &import);
	if (res) {
		close(import.fd);
		vkDestroySemaphore(vk->dev, semaphore, NULL);
		return res;
	}
	*ret_semaphore = semaphore;
	return VK_SUCCESS;
}

VkResult vk_import_fence(struct vk *vk, int sync_file, VkFence *ret_fence)
{
	const VkFenceCreateInfo create = { .sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO };
	VkImportFenceFdInfoKHR import = {
		.sType = VK_STRUCTURE_TYPE_IMPORT_FENCE_FD_INFO_KHR,
		.flags = VK_FENCE_IMPORT_TEMPORARY_BIT,
		.handleType = VK_EXTERNAL_FENCE_HANDLE_TYPE_SYNC_FD_BIT,
		.fd = -1,
	};
	VkFence fence;
	VkResult res = vkCreateFence(vk->dev, &create, NULL, &fence);

	if (res)
		return res;
	import.fence = fence;
	if (sync_file >= 0)
		import.fd = fcntl(sync_file, F_DUPFD_CLOEXEC, 0);
	res = vk->import_fence(vk->dev, &import);
	if (res) {
		if (import.fd >= 0)
			close(import.fd);
		vkDestroyFence(vk->dev, fence, NULL);
		return res;
	}
	*ret_fence = fence;
	return VK_SUCCESS;
}

void vk_submit_run(void *submit)
{
	const VkPipelineStageFlags stage = VK_PIPELINE_STAGE_TRANSFER_BIT;
	const VkFenceCreateInfo create = { .sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO };
	struct vk_submit *s = submit;
	const VkSubmitInfo info = {
		.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
		.waitSemaphoreCount = s->wait ? 1 : 0,
		.pWaitSemaphores = &s->wait, .pWaitDstStageMask = &stage,
		.commandBufferCount = 1, .pCommandBuffers = &s->cmds,
		.signalSemaphoreCount = s->signal ? 1 : 0, .pSignalSemaphores = &s->signal,
	};
	VkFence fence;

	s->result = vkCreateFence(s->vk->dev, &create, NULL, &fence);
	if (s->result)
		return;
	s->result = vkQueueSubmit(s->vk->queue, 1, &info, fence);
	if (!s->result)
		s->result = vkWaitForFences(s->vk->dev, 1, &fence, VK_TRUE, UINT64_MAX);
	vkDestroyFence(s->vk->dev, fence, NULL);
}
