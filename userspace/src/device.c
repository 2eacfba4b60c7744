// SPDX-License-Identifier: MIT

#include "lib.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xf86drm.h>

#define DRIVER_NAME	"carillon"
#define DRIVER_MAJOR	1

int lib_ioctl(int fd, unsigned long request, void *arg)
{
	return drmIoctl(fd, request, arg) ? -errno : 0;
}

int lib_query(int fd, uint32_t type, void *answer, size_t size)
{
	struct drm_carillon_query query = {
		.type = type,
		.size = size,
		.pointer = (uintptr_t)answer,
	};

	memset(answer, 0, size);
	return lib_ioctl(fd, DRM_IOCTL_CARILLON_QUERY, &query);
}

static int check_driver(int fd)
{
	drmVersionPtr version = drmGetVersion(fd);
	int err = 0;

	if (!version)
		return -ENODEV;
	if (strcmp(version->name, DRIVER_NAME))
		err = -ENODEV;
	else if (version->version_major != DRIVER_MAJOR)
		err = -EPROTO;
	drmFreeVersion(version);
	return err;
}

static int open_node(const char *path)
{
	int fd, err;

	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = check_driver(fd);
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}

/* Nodes of others, and those that we may not open, are passed by. */
static int find_node(char **ret_path)
{
	drmDevicePtr devices[64];
	int count, fd = -ENODEV, err = -ENODEV;

	count = drmGetDevices2(0, devices, ARRAY_SIZE(devices));
	if (count < 0)
		return -ENODEV;
	if (count > (int)ARRAY_SIZE(devices))
		count = ARRAY_SIZE(devices);
	for (int i = 0; i < count; i++) {
		if (!(devices[i]->available_nodes & (1 << DRM_NODE_RENDER)))
			continue;
		fd = open_node(devices[i]->nodes[DRM_NODE_RENDER]);
		if (fd >= 0) {
			*ret_path = strdup(devices[i]->nodes[DRM_NODE_RENDER]);
			break;
		}
		/* Of several errors, one of our own driver says most. */
		if (fd != -ENODEV)
			err = fd;
	}
	drmFreeDevices(devices, count);
	return fd >= 0 ? fd : err;
}

int carillon_device_open(const char *path, struct carillon_device **ret_dev)
{
	struct carillon_device *dev;
	int err;

	dev = calloc(1, sizeof(*dev));
	if (!dev)
		return -ENOMEM;
	pthread_mutex_init(&dev->bos_lock, NULL);
	if (path) {
		dev->path = strdup(path);
		dev->fd = open_node(path);
	} else {
		dev->fd = find_node(&dev->path);
	}
	if (dev->fd < 0) {
		err = dev->fd;
	} else if (!dev->path) {
		err = -ENOMEM;
	} else {
		err = lib_query(dev->fd, DRM_CARILLON_QUERY_DEVICE, &dev->info,
				sizeof(dev->info));
	}
	if (err) {
		carillon_device_close(dev);
		return err;
	}
	*ret_dev = dev;
	return 0;
}

void carillon_device_close(struct carillon_device *dev)
{
	if (!dev)
		return;
	if (dev->fd >= 0)
		close(dev->fd);
	pthread_mutex_destroy(&dev->bos_lock);
	free(dev->path);
	free(dev);
}

int carillon_device_fd(const struct carillon_device *dev)
{
	return dev->fd;
}

const char *carillon_device_path(const struct carillon_device *dev)
{
	return dev->path;
}

const struct drm_carillon_device_info *
carillon_device_info(const struct carillon_device *dev)
{
	return &dev->info;
}

int carillon_device_timestamp(struct carillon_device *dev,
			      struct drm_carillon_timestamp_info *ret_time)
{
	struct drm_carillon_timestamp_info time;
	int err;

	err = lib_query(dev->fd, DRM_CARILLON_QUERY_TIMESTAMP, &time,
			sizeof(time));
	if (!err)
		*ret_time = time;
	return err;
}
