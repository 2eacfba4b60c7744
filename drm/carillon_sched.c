// SPDX-License-Identifier: GPL-2.0
/*
 * Which library keeps the jobs.
 */

#include <linux/array_size.h>
#include <linux/kconfig.h>
#include <linux/module.h>
#include <linux/string.h>

#include "carillon_sched.h"

static char *scheduler = "jobq";
module_param(scheduler, charp, 0444);
MODULE_PARM_DESC(scheduler, "What keeps and runs the jobs: jobq (default) or drm_sched");

static const struct carillon_sched_ops *const carillon_scheds[] = {
	&carillon_sched_jobq,
#if IS_ENABLED(CONFIG_DRM_SCHED)
	&carillon_sched_drm,
#endif
};

/**
 * carillon_sched_name() - what the module parameter asks for
 *
 * Context: Any.
 * Return: A name, maybe of nothing that there is.
 */
const char *carillon_sched_name(void)
{
	return scheduler;
}

/**
 * carillon_sched_find() - the library that the module parameter asks for
 *
 * Context: Any.
 * Return: Its functions, or NULL if there is no such library.
 */
const struct carillon_sched_ops *carillon_sched_find(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(carillon_scheds); i++)
		if (sysfs_streq(scheduler, carillon_scheds[i]->name))
			return carillon_scheds[i];
	return NULL;
}
