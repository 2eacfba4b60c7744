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
#include "carillon_file.h"
#include "carillon_query.h"

static int carillon_query_copy(struct drm_carillon_query *args, const void *answer,
			       u32 size_bytes)
{
	if (args->pointer) {
		size_bytes = min(size_bytes, args->size);
		if (copy_to_user(u64_to_user_ptr(args->pointer), answer, size_bytes))
			return -EFAULT;
	}
	args->size = size_bytes;
	return 0;
}

static int carillon_query_device(struct carillon_device *cdev, struct drm_carillon_query *args)
{
	const struct carillon_core_info *info = cdev->info;
	const struct drm_carillon_device_info answer = {
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

	return carillon_query_copy(args, &answer, sizeof(answer));
}

static int carillon_query_timestamp(const struct bound_token *tok, struct carillon_device *cdev,
				    struct drm_carillon_query *args)
{
	struct drm_carillon_timestamp_info answer = { };

	/* A size alone needs no reading. */
	if (args->pointer) {
		answer.cpu_ns = ktime_get_ns();
		answer.device_ns = carillon_core_time_ns(tok, cdev->core);
		answer.uncertainty_ns = ktime_get_ns() - answer.cpu_ns;
		if (!carillon_core_check(tok, cdev->core))
			return -ENODEV;
		/* There, but all ones: in the middle of a function-level reset. */
		if (upper_32_bits(answer.device_ns) == U32_MAX)
			return -EAGAIN;
	}
	return carillon_query_copy(args, &answer, sizeof(answer));
}

/**
 * carillon_query_ioctl() - DRM_CARILLON_QUERY
 * @tok: token of the DRM driver's gate
 * @cfile: the file
 * @data: &struct drm_carillon_query
 *
 * Context: Process.
 * Return: 0 or -errno, see the uAPI header.
 */
int carillon_query_ioctl(const struct bound_token *tok, struct carillon_file *cfile, void *data)
{
	struct drm_carillon_query *args = data;

	switch (args->type) {
	case DRM_CARILLON_QUERY_DEVICE:
		return carillon_query_device(cfile->cdev, args);
	case DRM_CARILLON_QUERY_TIMESTAMP:
		return carillon_query_timestamp(tok, cfile->cdev, args);
	default:
		return -EINVAL;
	}
}
