/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Taking a device away from its readers, by each implementation.
 */
#ifndef BENCH_KERNEL_REVOKE_H
#define BENCH_KERNEL_REVOKE_H

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/list.h>
#include <linux/types.h>

struct bound_gate;
struct device;
struct drm_device;
struct faux_device;
struct revoke_impl;
struct task_struct;

/**
 * struct revoke_dev - a device that is there to be revoked
 */
struct revoke_dev {
	/** @impl: how */
	const struct revoke_impl *impl;
	/** @faux: the device */
	struct faux_device *faux;
	/** @gate: ours */
	struct bound_gate *gate;
	/** @drm: drm_dev_unplug()'s */
	struct drm_device *drm;
};

/**
 * struct revoke_impl - an implementation
 */
struct revoke_impl {
	/** @who: a word */
	const char *who;
	/** @open: makes what belongs to a bound device. 0 or -errno */
	int (*open)(struct revoke_dev *dev, struct device *parent);
	/** @close: the opposite, after @revoke or without it; its readers have ended */
	void (*close)(struct revoke_dev *dev);
	/** @section: enters, calls @inside, leaves. 0, or -ENODEV when refused */
	int (*section)(struct revoke_dev *dev, void (*inside)(void *arg), void *arg);
	/** @revoke: lets nobody in any more and waits until all have left */
	void (*revoke)(struct revoke_dev *dev);
	/** @unregister: what @revoke does besides, alone; optional */
	void (*unregister)(struct revoke_dev *dev);
};

extern const struct revoke_impl revoke_impl_ours;
extern const struct revoke_impl revoke_impl_drm;

/**
 * struct revoke_reader - a task that is in and out of a device's sections
 */
struct revoke_reader {
	/** @dev: whose */
	struct revoke_dev *dev;
	/** @task: the task, a reference */
	struct task_struct *task;
	/** @inside_us: how long a section sleeps; 0: it doesn't, and is as short as can be */
	unsigned int inside_us;
	/** @outside_us: how long it sleeps between sections; 0: not at all */
	unsigned int outside_us;
	/** @delay_us: the first section is so much later */
	unsigned int delay_us;
	/** @seq: sections begun and ended; odd: inside of one. Written by the task. */
	unsigned int seq;
	/** @seen: what @seq was when the revoke began */
	unsigned int seen;
	/** @entered: inside for the first time */
	struct completion entered;
	/** @release: stay inside until this is completed, but for @inside_us at most */
	struct completion *release;
};

int revoke_reader_start(struct revoke_reader *reader);
void revoke_reader_stop(struct revoke_reader *reader);

#endif
