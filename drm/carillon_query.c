// SPDX-License-Identifier: GPL-2.0
/*
 * Asking about the device.
 */

#include <linux/ktime.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/uaccess.h>

#include <hw/carillon_hw.h>
#include <uapi/drm/carillon_drm.h>

#include "carillon_core.h"
#include "carillon_device.h"
#include "carillon_query.h"

/**
 * struct carillon_answer - what is made inside the gate and copied out outside
 * @size_bytes: of the member that is used
 * @device: for DRM_CARILLON_QUERY_DEVICE
 * @timestamp: for DRM_CARILLON_QUERY_TIMESTAMP
 */
struct carillon_answer {
	u32 size_bytes;
	union {
		struct drm_carillon_device_info device;
		struct drm_carillon_timestamp_info timestamp;
	};
};

static void carillon_query_device(struct carillon_device *cdev, struct carillon_answer *answer)
{
	const struct carillon_core_info *info = cdev->info;

	answer->size_bytes = sizeof(answer->device);
	answer->device = (struct drm_carillon_device_info){
		.hw_version = info->hw_version,
		.fw_version = info->fw_version,
		.fw_interface = info->fw_interface,
		.caps = info->caps,
		.num_queues = info->num_rings,
		.num_engines = info->num_engines,
		.queue_slots_min = 1u << CRLN_RING_ORDER_MIN,
		.queue_slots_max = 1u << info->ring_order_max,
		.num_priorities = CRLN_PRIO_MAX + 1,
		.page_size = PAGE_SIZE,
		.va_start = CARILLON_VA_START,
		.va_end = CARILLON_VA_END,
		.cmd_size_max = CRLN_CMD_SIZE_MAX,
		.submit_jobs_max = CARILLON_SUBMIT_JOBS_MAX,
		.job_syncs_max = CARILLON_JOB_SYNCS_MAX,
		.bind_ops_max = CARILLON_BIND_OPS_MAX,
		.job_timeout_ms = carillon_job_timeout_ms(),
	};
}

static int carillon_query_timestamp(const struct bound_token *tok, struct carillon_device *cdev,
				    const struct drm_carillon_query *args,
				    struct carillon_answer *answer)
{
	struct drm_carillon_timestamp_info *t = &answer->timestamp;

	answer->size_bytes = sizeof(*t);
	/* A size alone needs no reading. */
	if (!args->pointer)
		return 0;

	t->cpu_ns = ktime_get_ns();
	t->device_ns = carillon_core_time_ns(tok, cdev->core);
	t->uncertainty_ns = ktime_get_ns() - t->cpu_ns;
	if (!carillon_core_check(tok, cdev->core))
		return -ENODEV;
	/* There, but all ones: in the middle of a function-level reset. */
	if (upper_32_bits(t->device_ns) == U32_MAX)
		return -EAGAIN;
	return 0;
}

/* The part that is inside the gate. */
static int carillon_query_answer(struct carillon_device *cdev,
				 const struct drm_carillon_query *args,
				 struct carillon_answer *answer)
{
	ACQUIRE(carillon_entered, tok)(cdev);
	int ret = ACQUIRE_ERR(carillon_entered, &tok);

	if (ret)
		return ret;
	switch (args->type) {
	case DRM_CARILLON_QUERY_DEVICE:
		carillon_query_device(cdev, answer);
		return 0;
	case DRM_CARILLON_QUERY_TIMESTAMP:
		return carillon_query_timestamp(&tok, cdev, args, answer);
	default:
		return -EINVAL;
	}
}

/**
 * carillon_query_ioctl() - DRM_CARILLON_QUERY
 * @drm: the device
 * @data: &struct drm_carillon_query
 * @file: the file
 *
 * Context: Process, outside of the gate.
 * Return: 0 or -errno, see the uAPI header.
 */
int carillon_query_ioctl(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_carillon_query *args = data;
	struct carillon_answer answer = { };
	u32 size_bytes;
	int ret;

	ret = carillon_query_answer(to_carillon_device(drm), args, &answer);
	if (ret)
		return ret;

	size_bytes = answer.size_bytes;
	if (args->pointer) {
		size_bytes = min(size_bytes, args->size);
		if (copy_to_user(u64_to_user_ptr(args->pointer), &answer.device, size_bytes))
			return -EFAULT;
	}
	args->size = size_bytes;
	return 0;
}
