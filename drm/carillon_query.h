/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Asking about the device.
 */
#ifndef _CARILLON_QUERY_H
#define _CARILLON_QUERY_H

struct drm_device;
struct drm_file;

int carillon_query_ioctl(struct drm_device *drm, void *data, struct drm_file *file);

#endif
