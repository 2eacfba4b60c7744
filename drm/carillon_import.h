/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Buffers of others.
 */
#ifndef _CARILLON_IMPORT_H
#define _CARILLON_IMPORT_H

struct carillon_bo;
struct carillon_device;
struct dma_buf;
struct dma_buf_attachment;
struct drm_device;
struct drm_gem_object;
struct sg_table;
struct vm_area_struct;

struct drm_gem_object *carillon_import_dma_buf(struct drm_device *drm, struct dma_buf *dma_buf);
struct drm_gem_object *carillon_import_sg_table(struct drm_device *drm,
						struct dma_buf_attachment *attach,
						struct sg_table *sgt);
int carillon_import_mmap(struct drm_gem_object *obj, struct vm_area_struct *vma);
void carillon_import_unmap(struct carillon_bo *bo);
void carillon_import_unmap_all(struct carillon_device *cdev);

#endif
