// SPDX-License-Identifier: MIT

#include "lib.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xf86drm.h>

/*
 * A file has one handle of an object, however often it imports that, and closing it
 * once closes it for all: so there is one buffer per handle, with a count.
 */
static struct carillon_bo *find_bo_locked(struct carillon_device *dev, uint32_t handle)
{
	struct carillon_bo *bo = dev->bos;

	while (bo && bo->handle != handle)
		bo = bo->next;
	return bo;
}

static void add_bo_locked(struct carillon_device *dev, struct carillon_bo *bo,
			  uint32_t handle, uint64_t size)
{
	bo->dev = dev;
	bo->refs = 1;
	bo->handle = handle;
	bo->size = size;
	bo->next = dev->bos;
	bo->link = &dev->bos;
	if (bo->next)
		bo->next->link = &bo->next;
	dev->bos = bo;
}

int carillon_bo_create(struct carillon_device *dev, uint64_t size,
		       struct carillon_bo **ret_bo)
{
	struct drm_carillon_bo_create args = { .size = size };
	struct carillon_bo *bo;
	int err;

	bo = calloc(1, sizeof(*bo));
	if (!bo)
		return -ENOMEM;
	err = lib_ioctl(dev->fd, DRM_IOCTL_CARILLON_BO_CREATE, &args);
	if (err) {
		free(bo);
		return err;
	}
	pthread_mutex_lock(&dev->bos_lock);
	add_bo_locked(dev, bo, args.handle, args.size);
	pthread_mutex_unlock(&dev->bos_lock);
	*ret_bo = bo;
	return 0;
}

/* @new is added, or freed if the buffer is there already. */
static int import_locked(struct carillon_device *dev, int fd, uint64_t size,
			 struct carillon_bo *new, struct carillon_bo **ret_bo)
{
	struct carillon_bo *bo;
	uint32_t handle;
	int err;

	if (drmPrimeFDToHandle(dev->fd, fd, &handle)) {
		err = -errno;
		free(new);
		return err;
	}
	bo = find_bo_locked(dev, handle);
	if (bo) {
		bo->refs++;
		free(new);
	} else {
		add_bo_locked(dev, new, handle, size);
		bo = new;
	}
	*ret_bo = bo;
	return 0;
}

int carillon_bo_import(struct carillon_device *dev, int fd, struct carillon_bo **ret_bo)
{
	struct carillon_bo *new;
	off_t size;
	int err;

	/* A dma-buf tells its size so, and many other descriptors can't do that. */
	size = lseek(fd, 0, SEEK_END);
	if (size < 0)
		return errno == EBADF ? -EBADF : -EINVAL;
	new = calloc(1, sizeof(*new));
	if (!new)
		return -ENOMEM;
	pthread_mutex_lock(&dev->bos_lock);
	err = import_locked(dev, fd, (uint64_t)size, new, ret_bo);
	pthread_mutex_unlock(&dev->bos_lock);
	return err;
}

void carillon_bo_destroy(struct carillon_bo *bo)
{
	struct carillon_device *dev;

	if (!bo)
		return;
	dev = bo->dev;
	pthread_mutex_lock(&dev->bos_lock);
	if (!--bo->refs) {
		*bo->link = bo->next;
		if (bo->next)
			bo->next->link = bo->link;
		carillon_bo_unmap(bo);
		/* Before the lock goes: an import may be given this handle again. */
		drmCloseBufferHandle(dev->fd, bo->handle);
		free(bo);
	}
	pthread_mutex_unlock(&dev->bos_lock);
}

uint64_t carillon_bo_size(const struct carillon_bo *bo)
{
	return bo->size;
}

uint32_t carillon_bo_handle(const struct carillon_bo *bo)
{
	return bo->handle;
}

int carillon_bo_map(struct carillon_bo *bo, void **ret_ptr)
{
	struct drm_carillon_bo_mmap_offset args = { .handle = bo->handle };
	void *map;
	int err;

	if (!bo->map) {
		err = lib_ioctl(bo->dev->fd, DRM_IOCTL_CARILLON_BO_MMAP_OFFSET,
				&args);
		if (err)
			return err;
		map = mmap(NULL, bo->size, PROT_READ | PROT_WRITE, MAP_SHARED,
			   bo->dev->fd, args.offset);
		if (map == MAP_FAILED)
			return -errno;
		bo->map = map;
	}
	*ret_ptr = bo->map;
	return 0;
}

void carillon_bo_unmap(struct carillon_bo *bo)
{
	if (!bo->map)
		return;
	munmap(bo->map, bo->size);
	bo->map = NULL;
}

int carillon_bo_export(struct carillon_bo *bo, int *ret_fd)
{
	int fd;

	if (drmPrimeHandleToFD(bo->dev->fd, bo->handle,
			       DRM_CLOEXEC | DRM_RDWR, &fd))
		return -errno;
	*ret_fd = fd;
	return 0;
}
