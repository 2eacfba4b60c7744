/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fences of a submit: what its jobs wait for, what they give out.
 */
#ifndef _CARILLON_SYNC_H
#define _CARILLON_SYNC_H

#include <linux/compiler_attributes.h>
#include <linux/list.h>

struct carillon_job;
struct drm_carillon_sync;
struct drm_file;

/**
 * struct carillon_syncs - syncobjs that earlier jobs of a submit are going to signal
 * @file: the file whose handles are used
 * @signals: struct carillon_signal, in the order in which they'll happen
 */
struct carillon_syncs {
	struct drm_file *file;
	struct list_head signals;
};

void carillon_syncs_init(struct carillon_syncs *syncs, struct drm_file *file);
void carillon_syncs_fini(struct carillon_syncs *syncs);

int __must_check carillon_sync_check(const struct drm_carillon_sync *sync);
int __must_check carillon_syncs_wait(struct carillon_syncs *syncs, struct carillon_job *job,
				     const struct drm_carillon_sync *sync);
int __must_check carillon_syncs_signal(struct carillon_syncs *syncs, struct carillon_job *job,
				       const struct drm_carillon_sync *sync, int *ret_fd);

#endif
