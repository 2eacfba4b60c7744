/* SPDX-License-Identifier: MIT */
#ifndef LIB_H
#define LIB_H

#include <pthread.h>

#include <carillon.h>

#include "va.h"

/* What carillon.h declares is exported by libcarillon.map, all else is local. */

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

struct carillon_device {
	int fd;			/* owned */
	char *path;		/* owned */
	struct drm_carillon_device_info info;
	pthread_mutex_t bos_lock;
	struct carillon_bo *bos; /* all that there are; bos_lock */
};

struct carillon_bo {
	struct carillon_device *dev;
	struct carillon_bo *next; /* of dev->bos; bos_lock */
	struct carillon_bo **link; /* what points to this one; bos_lock */
	unsigned int refs;	/* how often it was created and imported; bos_lock */
	uint32_t handle;	/* owned */
	uint64_t size;		/* bytes */
	void *map;		/* owned; NULL: not mapped */
};

struct carillon_queue {
	struct carillon_device *dev;
	uint32_t id;		/* owned */
	void *doorbell;		/* owned; NULL: not mapped */
	size_t doorbell_size;	/* bytes */
};

/**
 * lib_ioctl() - an ioctl on a DRM file, restarted after signals
 * @fd: DRM file
 * @request: number
 * @arg: its structure
 *
 * Return: 0 or -errno.
 */
int lib_ioctl(int fd, unsigned long request, void *arg);

/**
 * lib_query() - DRM_IOCTL_CARILLON_QUERY into a structure of our size
 * @fd: DRM file
 * @type: enum drm_carillon_query_type
 * @answer: structure; what the kernel doesn't know becomes zero
 * @size: its bytes
 *
 * Return: 0 or -errno.
 */
int lib_query(int fd, uint32_t type, void *answer, size_t size);

#endif /* LIB_H */
