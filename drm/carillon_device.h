/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The DRM device.
 */
#ifndef _CARILLON_DEVICE_H
#define _CARILLON_DEVICE_H

#include <linux/bits.h>
#include <linux/cleanup.h>
#include <linux/compiler.h>
#include <linux/container_of.h>
#include <linux/errno.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/sizes.h>
#include <linux/types.h>

#include <drm/drm_device.h>

#include <bound/bound_gate.h>
#include <hw/carillon_hw.h>

struct carillon_core;
struct carillon_core_info;
struct carillon_sched_ops;
struct device;
struct workqueue_struct;

/* Limits of the ioctls; see struct drm_carillon_device_info. */
#define CARILLON_SUBMIT_JOBS_MAX	256
#define CARILLON_JOB_SYNCS_MAX		256
#define CARILLON_BIND_OPS_MAX		1024
#define CARILLON_VA_START		0x1000
/* Behind it is the kernel's: windows for rings that wait; see DOC: Semaphores. */
#define CARILLON_WINDOWS		1024
#define CARILLON_WINDOW_SIZE		SZ_256K
#define CARILLON_VA_END			(BIT_ULL(CRLN_VA_BITS) - \
					 (u64)CARILLON_WINDOWS * CARILLON_WINDOW_SIZE)

/**
 * struct carillon_device - the DRM device
 *
 * Lives as long as the DRM core or one of its files, VMs or queues has a
 * reference, so it can outlive the binding. Locking codes: I: set in probe;
 * G: valid inside a section of @gate, or while a queue isn't torn down.
 */
struct carillon_device {
	/** @drm: base */
	struct drm_device drm;
	/** @gate: I: gate of the auxiliary binding, a reference; ioctls enter it */
	struct bound_gate *gate;
	/**
	 * @hw_gate: I: gate of the PCI binding, a reference. What the hardware
	 * needs until its rings have stopped goes through this one: it is still
	 * open while this driver is being unbound.
	 */
	struct bound_gate *hw_gate;
	/** @core: G */
	struct carillon_core *core;
	/** @dma_dev: I: the PCI device; for DMA it is good as G */
	struct device *dma_dev;
	/** @info: I, G: the device's properties */
	const struct carillon_core_info *info;
	/** @sched: I: the library that keeps the jobs */
	const struct carillon_sched_ops *sched;
	/** @reset_wq: G: timeouts and stops of all queues, one at a time */
	struct workqueue_struct *reset_wq;
	/** @lost: set once: the device is gone though the driver is still bound */
	bool lost;

	/**
	 * @queues_mutex: @queues; held over a device reset, so nothing is
	 * allocated under it.
	 */
	struct mutex queues_mutex;
	/** @queues: carillon_queue.node of all queues with a ring */
	struct list_head queues;
	/** @vms_mutex: @vms, and the life of their page tables */
	struct mutex vms_mutex;
	/** @vms: carillon_vm.node of all VMs with page tables */
	struct list_head vms;
	/** @bos_mutex: @bos. Leaf. */
	struct mutex bos_mutex;
	/** @bos: carillon_bo.node of all buffers of ours that are mapped for DMA */
	struct list_head bos;
	/** @imports_mutex: @imports. Before the dma_resv lock of any of them. */
	struct mutex imports_mutex;
	/** @imports: carillon_bo.node of all imports that are mapped for DMA */
	struct list_head imports;
};

/**
 * to_carillon_device() - from the DRM device
 * @drm: the base
 *
 * Context: Any.
 * Return: The device.
 */
static inline struct carillon_device *to_carillon_device(struct drm_device *drm)
{
	return container_of(drm, struct carillon_device, drm);
}

/**
 * carillon_enter() - enter the gate of a device that works
 * @cdev: the device
 * @tok: filled in; on the caller's stack
 *
 * No user memory is touched, nor waited for, until bound_exit(): a page of it can be
 * anybody's, who takes his time (userfaultfd, FUSE), and unbind waits for the section.
 *
 * Context: Process, mmap_lock held or not.
 * Return: 0, or -ENODEV, with nothing to exit.
 */
static __always_inline int __must_check carillon_enter(struct carillon_device *cdev,
						       struct bound_token *tok)
{
	int ret = bound_enter(cdev->gate, tok);

	if (!ret && READ_ONCE(cdev->lost)) {
		bound_exit(tok);
		ret = -ENODEV;
	}
	return ret;
}

/* The same as a scope: ACQUIRE(carillon_entered, tok)(cdev). */
static __always_inline struct bound_token __carillon_enter_token(struct carillon_device *cdev)
{
	struct bound_token tok;

	/* A refused token says so itself. */
	(void)!carillon_enter(cdev, &tok);
	return tok;
}

DEFINE_CLASS(carillon_entered, struct bound_token, bound_exit(&_T), __carillon_enter_token(cdev),
	     struct carillon_device *cdev)
__DEFINE_CLASS_IS_CONDITIONAL(carillon_entered, true);

static __always_inline void *class_carillon_entered_lock_ptr(class_carillon_entered_t *tok)
{
	return bound_ok(tok) ? tok : NULL;
}

static __always_inline int class_carillon_entered_lock_err(class_carillon_entered_t *tok)
{
	return bound_ok(tok) ? 0 : -ENODEV;
}

unsigned int carillon_job_timeout_ms(void);

#endif
