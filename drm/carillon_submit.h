/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Submitting jobs.
 */
#ifndef _CARILLON_SUBMIT_H
#define _CARILLON_SUBMIT_H

struct drm_device;
struct drm_file;

int carillon_submit_ioctl(struct drm_device *drm, void *data, struct drm_file *file);

#endif
