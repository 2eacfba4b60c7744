// SPDX-License-Identifier: MIT

#include "lib.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <xf86drm.h>

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
	bo->dev = dev;
	bo->handle = args.handle;
	bo->size = args.size;
	*ret_bo = bo;
	return 0;
}

void carillon_bo_destroy(struct carillon_bo *bo)
{
	if (!bo)
		return;
	carillon_bo_unmap(bo);
	drmCloseBufferHandle(bo->dev->fd, bo->handle);
	free(bo);
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
