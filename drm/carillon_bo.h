/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Buffers.
 */
#ifndef _CARILLON_BO_H
#define _CARILLON_BO_H

#include <linux/container_of.h>
#include <linux/list.h>

#include <drm/drm_gem_shmem_helper.h>

struct carillon_device;
struct carillon_file;
struct bound_token;
struct sg_table;

/**
 * struct carillon_bo - a buffer in system memory, ours or an import
 */
struct carillon_bo {
	/**
	 * @base: the shmem object. Its own sg_table is that of an import, mapped
	 * for DMA; under carillon_device.imports_mutex, G to read. Else unused.
	 */
	struct drm_gem_shmem_object base;
	/**
	 * @sgt: not of an import: pages, pinned, mapped for DMA while on carillon_device.bos; made
	 * under the dma_resv lock when the buffer is first mapped into a VM,
	 * kept until it is freed
	 */
	struct sg_table *sgt;
	/**
	 * @node: in carillon_device.bos, or imports of an import, under its lock;
	 * empty if not mapped for DMA
	 */
	struct list_head node;
};

/**
 * to_carillon_bo() - from the GEM object
 * @obj: the base's base
 *
 * Context: Any.
 * Return: The buffer.
 */
static inline struct carillon_bo *to_carillon_bo(struct drm_gem_object *obj)
{
	return container_of(to_drm_gem_shmem_obj(obj), struct carillon_bo, base);
}

struct drm_gem_object *carillon_bo_alloc(struct drm_device *drm, size_t size_bytes);
struct sg_table *carillon_bo_map_dma(const struct bound_token *tok, struct carillon_bo *bo);
void carillon_bo_unmap_all(struct carillon_device *cdev);

int carillon_bo_ioctl_create(const struct bound_token *tok, struct carillon_file *cfile,
			     void *data);
int carillon_bo_ioctl_mmap_offset(const struct bound_token *tok, struct carillon_file *cfile,
				  void *data);

#endif
