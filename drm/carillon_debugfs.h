/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Files in debugfs.
 */
#ifndef _CARILLON_DEBUGFS_H
#define _CARILLON_DEBUGFS_H

struct drm_minor;

void carillon_debugfs_init(struct drm_minor *minor);

#endif
