// SPDX-License-Identifier: GPL-2.0
/*
 * Buffers: shmem GEM objects that are mapped for DMA when a VM wants them.
 */

/**
 * DOC: Buffers
 *
 * Pages, CPU mappings and PRIME export are those of the shmem helper and don't
 * know the device, so they go on working after it has gone. What belongs to the
 * device is the DMA mapping. All buffers that have one are on a list; unbind walks
 * it when the hardware is quiet. A buffer that is freed later finds itself off
 * the list. The list's lock decides who of the two unmaps.
 */

#include <linux/dma-mapping.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>

#include <drm/drm_prime.h>
#include <drm/drm_vma_manager.h>

#include <hw/carillon_hw.h>
#include <uapi/drm/carillon_drm.h>

#include "carillon_bo.h"
#include "carillon_device.h"
#include "carillon_file.h"
#include "carillon_import.h"

static void carillon_bo_unmap_locked(struct carillon_device *cdev, struct carillon_bo *bo)
{
	lockdep_assert_held(&cdev->bos_mutex);

	if (list_empty(&bo->node))
		return;
	list_del_init(&bo->node);
	dma_unmap_sgtable(cdev->dma_dev, bo->sgt, DMA_BIDIRECTIONAL, 0);
}

static void carillon_bo_free(struct drm_gem_object *obj)
{
	struct carillon_device *cdev = to_carillon_device(obj->dev);
	struct carillon_bo *bo = to_carillon_bo(obj);

	if (drm_gem_is_imported(obj))
		carillon_import_unmap(bo);
	if (bo->sgt) {
		scoped_guard(mutex, &cdev->bos_mutex)
			carillon_bo_unmap_locked(cdev, bo);
		sg_free_table(bo->sgt);
		kfree(bo->sgt);
		drm_gem_shmem_unpin(&bo->base);
	}
	drm_gem_shmem_free(&bo->base);
}

static int carillon_bo_mmap(struct drm_gem_object *obj, struct vm_area_struct *vma)
{
	if (drm_gem_is_imported(obj))
		return carillon_import_mmap(obj, vma);
	return drm_gem_shmem_object_mmap(obj, vma);
}

static const struct drm_gem_object_funcs carillon_bo_funcs = {
	.free = carillon_bo_free,
	.print_info = drm_gem_shmem_object_print_info,
	.pin = drm_gem_shmem_object_pin,
	.unpin = drm_gem_shmem_object_unpin,
	.get_sg_table = drm_gem_shmem_object_get_sg_table,
	.vmap = drm_gem_shmem_object_vmap,
	.vunmap = drm_gem_shmem_object_vunmap,
	.mmap = carillon_bo_mmap,
	.vm_ops = &drm_gem_shmem_vm_ops,
};

/**
 * carillon_bo_alloc() - &drm_driver.gem_create_object
 * @drm: the DRM device
 * @size_bytes: of the buffer
 *
 * Context: Process, may sleep.
 * Return: A new object for the shmem helper, or an ERR_PTR.
 */
struct drm_gem_object *carillon_bo_alloc(struct drm_device *drm, size_t size_bytes)
{
	struct carillon_bo *bo = kzalloc_obj(*bo);

	if (!bo)
		return ERR_PTR(-ENOMEM);
	INIT_LIST_HEAD(&bo->node);
	bo->base.base.funcs = &carillon_bo_funcs;
	return &bo->base.base;
}

static int carillon_bo_map_dma_locked(struct carillon_device *cdev, struct carillon_bo *bo)
{
	struct sg_table *sgt;
	int ret;

	dma_resv_assert_held(bo->base.base.resv);

	if (bo->sgt)
		return 0;
	ret = drm_gem_shmem_pin_locked(&bo->base);
	if (ret)
		return ret;

	sgt = drm_gem_shmem_get_sg_table(&bo->base);
	if (IS_ERR(sgt)) {
		ret = PTR_ERR(sgt);
		goto err_unpin;
	}
	ret = dma_map_sgtable(cdev->dma_dev, sgt, DMA_BIDIRECTIONAL, 0);
	if (ret)
		goto err_free_sgt;

	bo->sgt = sgt;
	mutex_lock(&cdev->bos_mutex);
	list_add_tail(&bo->node, &cdev->bos);
	mutex_unlock(&cdev->bos_mutex);
	return 0;

err_free_sgt:
	sg_free_table(sgt);
	kfree(sgt);
err_unpin:
	drm_gem_shmem_unpin_locked(&bo->base);
	return ret;
}

/**
 * carillon_bo_map_dma() - pin a buffer and map it for DMA
 * @tok: token of the DRM driver's gate
 * @bo: the buffer
 *
 * It stays so until it is freed or the driver is unbound. An import is mapped
 * already, by its exporter.
 *
 * Context: Process, may sleep; takes the buffer's dma_resv lock.
 * Return: Where the pages are, valid as long as the token, or ERR_PTR of -ENOMEM
 * or -EINTR.
 */
struct sg_table *carillon_bo_map_dma(const struct bound_token *tok, struct carillon_bo *bo)
{
	struct drm_gem_object *obj = &bo->base.base;
	int ret;

	if (drm_gem_is_imported(obj))
		return bo->base.sgt;

	ret = dma_resv_lock_interruptible(obj->resv, NULL);
	if (ret)
		return ERR_PTR(ret);
	ret = carillon_bo_map_dma_locked(to_carillon_device(obj->dev), bo);
	dma_resv_unlock(obj->resv);
	return ret ? ERR_PTR(ret) : bo->sgt;
}

/**
 * carillon_bo_unmap_all() - end the DMA mappings of all buffers
 * @cdev: the device, quiet
 *
 * Context: Process, in remove, nobody is in the gate any more; takes bos_mutex.
 */
void carillon_bo_unmap_all(struct carillon_device *cdev)
{
	struct carillon_bo *bo, *tmp;

	guard(mutex)(&cdev->bos_mutex);
	list_for_each_entry_safe(bo, tmp, &cdev->bos, node)
		carillon_bo_unmap_locked(cdev, bo);
}

/**
 * carillon_bo_ioctl_create() - DRM_CARILLON_BO_CREATE
 * @tok: token of the DRM driver's gate
 * @cfile: the file
 * @data: &struct drm_carillon_bo_create
 *
 * Context: Process, may sleep.
 * Return: 0 or -errno, see the uAPI header.
 */
int carillon_bo_ioctl_create(const struct bound_token *tok, struct carillon_file *cfile,
			     void *data)
{
	struct drm_carillon_bo_create *args = data;
	struct drm_gem_shmem_object *shmem;
	int ret;

	if (args->flags || !args->size || args->size > CARILLON_VA_END)
		return -EINVAL;
	/* The first touch allocates all of it. */
	if (args->size >> PAGE_SHIFT > totalram_pages())
		return -ENOMEM;

	shmem = drm_gem_shmem_create(&cfile->cdev->drm, PAGE_ALIGN(args->size));
	if (IS_ERR(shmem))
		return PTR_ERR(shmem);

	ret = drm_gem_handle_create(cfile->drm, &shmem->base, &args->handle);
	if (!ret)
		args->size = shmem->base.size;
	drm_gem_object_put(&shmem->base);
	return ret;
}

/**
 * carillon_bo_ioctl_mmap_offset() - DRM_CARILLON_BO_MMAP_OFFSET
 * @tok: token of the DRM driver's gate
 * @cfile: the file
 * @data: &struct drm_carillon_bo_mmap_offset
 *
 * Context: Process, may sleep.
 * Return: 0 or -errno, see the uAPI header.
 */
int carillon_bo_ioctl_mmap_offset(const struct bound_token *tok, struct carillon_file *cfile,
				  void *data)
{
	struct drm_carillon_bo_mmap_offset *args = data;
	struct drm_gem_object *obj;
	int ret;

	if (args->flags)
		return -EINVAL;

	obj = drm_gem_object_lookup(cfile->drm, args->handle);
	if (!obj)
		return -ENOENT;
	ret = drm_gem_create_mmap_offset(obj);
	if (!ret)
		args->offset = drm_vma_node_offset_addr(&obj->vma_node);
	drm_gem_object_put(obj);
	return ret;
}
