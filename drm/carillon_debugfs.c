// SPDX-License-Identifier: GPL-2.0
/*
 * Files in debugfs: queues and rings as the driver and the device see them.
 */

#include <linux/array_size.h>
#include <linux/seq_file.h>

#include <drm/drm_debugfs.h>
#include <drm/drm_file.h>

#include <bound/bound_gate.h>

#include "carillon_debugfs.h"
#include "carillon_device.h"
#include "carillon_queue.h"
#include "carillon_ring.h"

static struct carillon_device *carillon_debugfs_device(struct seq_file *m)
{
	struct drm_debugfs_entry *entry = m->private;

	return to_carillon_device(entry->dev);
}

static int carillon_debugfs_queues(struct seq_file *m, void *data)
{
	struct carillon_device *cdev = carillon_debugfs_device(m);
	struct carillon_queue *q;

	guard(mutex)(&cdev->queues_mutex);
	list_for_each_entry(q, &cdev->queues, node)
		carillon_queue_show(q, m);
	return 0;
}

static int carillon_debugfs_rings(struct seq_file *m, void *data)
{
	struct carillon_device *cdev = carillon_debugfs_device(m);
	struct carillon_queue *q;

	scoped_cond_guard(bound, return -ENODEV, cdev->gate) {
		guard(mutex)(&cdev->queues_mutex);
		list_for_each_entry(q, &cdev->queues, node)
			carillon_ring_show(&scope, q->ring, m);
	}
	return 0;
}

static const struct drm_debugfs_info carillon_debugfs_files[] = {
	{ "queues", carillon_debugfs_queues },
	{ "rings", carillon_debugfs_rings },
};

/**
 * carillon_debugfs_init() - &drm_driver.debugfs_init
 * @minor: the minor
 *
 * Context: Process.
 */
void carillon_debugfs_init(struct drm_minor *minor)
{
	drm_debugfs_add_files(minor->dev, carillon_debugfs_files,
			      ARRAY_SIZE(carillon_debugfs_files));
}
