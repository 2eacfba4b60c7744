// SPDX-License-Identifier: GPL-2.0
/*
 * System sleep: the DRM driver's part.
 */

/**
 * DOC: System sleep
 *
 * User space is frozen by then, so no job comes and no queue is made; what was submitted
 * goes on. No job is lost, no fence gets an error because of it, and no process has to do
 * anything about it:
 *
 * 1. All queues are stopped: what isn't on a ring yet, because it waits for something or
 *    the ring is full, stays where it is. Then the rings are waited for. A job that
 *    hangs is timed out as ever, and those behind it on its ring are run after the sleep;
 *    if another ring waits for one of those (DOC: Semaphores) there's no sleep: -EBUSY.
 *    Jobs that may take longer than CARILLON_PM_DRAIN_MS keep the system awake: -EBUSY.
 * 2. The PCI driver, whose device is the parent, resets the device, so it has forgotten
 *    all addresses and does no DMA; nobody minds what registers read until it is back.
 *    The PCI core switches it off.
 * 3. The PCI core switches it on, the PCI driver resets it and starts its firmware.
 * 4. Rings are enabled again, empty, with the same memory, and the queues are started.
 *
 * Steps 2 and 3 are what happens at a function-level reset, too. Buffers and page tables
 * are in system memory, which keeps them. Doorbells that processes have mapped are at the
 * same place afterwards.
 *
 * If the sleep is called off after step 1, rings are still enabled, and step 4 leaves
 * them alone. If the device doesn't come back, it is lost: fences signal -ENODEV.
 */

#include <linux/cleanup.h>
#include <linux/device.h>
#include <linux/jiffies.h>
#include <linux/pm.h>

#include <drm/drm_print.h>

#include <bound/bound_gate.h>
#include <dfence/dfence.h>

#include "carillon_device.h"
#include "carillon_pm.h"
#include "carillon_queue.h"
#include "carillon_reset.h"
#include "carillon_ring.h"
#include "carillon_sched.h"

/* More than the usual job timeout and a device reset take. */
#define CARILLON_PM_DRAIN_MS	20000

static void carillon_pm_hold_queues(struct carillon_device *cdev)
{
	struct carillon_queue *q;

	guard(mutex)(&cdev->queues_mutex);
	list_for_each_entry(q, &cdev->queues, node)
		if (!test_and_set_bit(CARILLON_QUEUE_ASLEEP, &q->flags))
			cdev->sched->queue_hold(q);
}

/* Consumes @prev, or NULL, and returns the queue behind it, with a reference, or NULL. */
static struct carillon_queue *carillon_pm_next_queue(struct carillon_device *cdev,
						     struct carillon_queue *prev)
{
	struct carillon_queue *q;

	scoped_guard(mutex, &cdev->queues_mutex) {
		/* If it has gone meanwhile, begin again: those that are empty don't take time. */
		if (!prev || list_empty(&prev->node))
			q = list_first_entry_or_null(&cdev->queues, struct carillon_queue, node);
		else
			q = list_is_last(&prev->node, &cdev->queues) ? NULL :
				list_next_entry(prev, node);
		if (q)
			cdev->sched->queue_get(q);
	}
	carillon_queue_put(prev);
	return q;
}

/* With queues_mutex held none of them could be timed out. */
static int carillon_pm_drain_queues(struct carillon_device *cdev)
{
	unsigned long now, end = jiffies + msecs_to_jiffies(CARILLON_PM_DRAIN_MS);
	struct carillon_queue *q = NULL;
	int ret;

	while ((q = carillon_pm_next_queue(cdev, q))) {
		now = jiffies;
		ret = cdev->sched->queue_drain(q, time_before(now, end) ?
					       jiffies_to_msecs(end - now) : 0);
		if (ret) {
			carillon_queue_put(q);
			return -EBUSY;
		}
	}
	return 0;
}

static void carillon_pm_wake_queues(struct carillon_device *cdev)
{
	struct carillon_queue *q;

	guard(dfence_signalling)();
	guard(mutex)(&cdev->queues_mutex);
	scoped_cond_guard(bound, return, cdev->hw_gate) {
		list_for_each_entry(q, &cdev->queues, node) {
			if (!test_bit(CARILLON_QUEUE_ASLEEP, &q->flags))
				continue;
			/* If the sleep was called off it may still be enabled. */
			if (!carillon_ring_is_enabled(q->ring))
				(void)carillon_reset_revive_queue(&scope, q);
			clear_bit(CARILLON_QUEUE_ASLEEP, &q->flags);
			cdev->sched->queue_release(q);
		}
	}
}

static int carillon_pm_suspend(struct device *dev)
{
	struct carillon_device *cdev = dev_get_drvdata(dev);
	int ret;

	carillon_pm_hold_queues(cdev);
	ret = carillon_pm_drain_queues(cdev);
	if (ret) {
		drm_warn(&cdev->drm, "no sleep: jobs have been running for %u ms\n",
			 CARILLON_PM_DRAIN_MS);
		carillon_pm_wake_queues(cdev);
	}
	return ret;
}

static int carillon_pm_resume(struct device *dev)
{
	carillon_pm_wake_queues(dev_get_drvdata(dev));
	return 0;
}

DEFINE_SIMPLE_DEV_PM_OPS(carillon_pm_ops, carillon_pm_suspend, carillon_pm_resume);
