/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Open files.
 */
#ifndef _CARILLON_FILE_H
#define _CARILLON_FILE_H

#include <linux/atomic.h>
#include <linux/xarray.h>

struct carillon_device;
struct carillon_queue;
struct carillon_vm;
struct drm_device;
struct drm_file;
struct drm_printer;

/**
 * struct carillon_file - an open file
 *
 * Lives from open to postclose.
 */
struct carillon_file {
	/** @cdev: the device; the DRM file keeps it */
	struct carillon_device *cdev;
	/** @drm: the DRM file */
	struct drm_file *drm;
	/** @vms: struct carillon_vm, a reference each; ids start at 1 */
	struct xarray vms;
	/** @queues: struct carillon_queue, a reference each; ids start at 1 */
	struct xarray queues;
	/** @busy_ns: engine time of the queues that are gone */
	atomic64_t busy_ns;
};

int carillon_file_open(struct drm_device *drm, struct drm_file *file);
void carillon_file_postclose(struct drm_device *drm, struct drm_file *file);
void carillon_file_show_fdinfo(struct drm_printer *p, struct drm_file *file);

#endif
