// SPDX-License-Identifier: GPL-2.0
/*
 * Buffers of others: dma-bufs that the device uses by DMA.
 */

/**
 * DOC: Imports
 *
 * An import is a GEM object without pages of its own: an attachment of the PCI
 * device to a foreign dma-buf, and the exporter's table of where that is mapped for
 * the device. It is mapped while it exists, so VM_BIND takes it as it is. The dma-buf
 * is kept by the object; what the CPU sees of it is the exporter's business.
 *
 * The mapping belongs to the device and must not outlive the binding; the
 * object may. So unbind, when the hardware is quiet, unmaps all imports there are,
 * and leaves the attachments to whoever frees the objects. An attachment names the
 * PCI device, which the DRM device keeps a reference to: it is its parent.
 *
 * Unmapping takes the dma-buf's dma_resv lock. The lock that decides whether unbind
 * or the free unmaps is therefore not bos_mutex, which is taken inside of that one,
 * but imports_mutex, outside of it. It may be held over all of an unmap: dma-bufs
 * and what they keep are released by fput(), which never calls back from in there.
 *
 * An import that is under way is inside the gate, so unbind finds it on the list
 * or prevents it.
 *
 * Implicit fences are left to user space: it takes them out of a dma-buf, or puts one
 * in, as sync_files (DMA_BUF_IOCTL_EXPORT_SYNC_FILE, DMA_BUF_IOCTL_IMPORT_SYNC_FILE).
 */

#include <linux/dma-buf.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>

#include <drm/drm_prime.h>
#include <drm/drm_print.h>

#include <bound/bound_gate.h>
#include <hw/carillon_hw.h>

#include "carillon_bo.h"
#include "carillon_device.h"
#include "carillon_import.h"

static void carillon_import_unmap_locked(struct carillon_device *cdev, struct carillon_bo *bo)
{
	lockdep_assert_held(&cdev->imports_mutex);

	if (list_empty(&bo->node))
		return;
	list_del_init(&bo->node);
	dma_buf_unmap_attachment_unlocked(bo->base.base.import_attach, bo->base.sgt,
					  DMA_BIDIRECTIONAL);
	bo->base.sgt = NULL;
}

/**
 * carillon_import_unmap() - end an import's DMA mapping, if unbind hasn't yet
 * @bo: an import that nobody uses any more
 *
 * Context: Process, may sleep; takes imports_mutex and the dma-buf's dma_resv lock.
 */
void carillon_import_unmap(struct carillon_bo *bo)
{
	struct carillon_device *cdev = to_carillon_device(bo->base.base.dev);

	guard(mutex)(&cdev->imports_mutex);
	carillon_import_unmap_locked(cdev, bo);
}

/**
 * carillon_import_unmap_all() - end the DMA mappings of all imports
 * @cdev: the device, quiet
 *
 * Context: Process, in remove, nobody is in the gate any more; takes
 * imports_mutex and the dma_resv locks of the dma-bufs.
 */
void carillon_import_unmap_all(struct carillon_device *cdev)
{
	struct carillon_bo *bo, *tmp;

	guard(mutex)(&cdev->imports_mutex);
	list_for_each_entry_safe(bo, tmp, &cdev->imports, node)
		carillon_import_unmap_locked(cdev, bo);
}

/* The page tables take whole pages only, and as many as the buffer says it has. */
static int carillon_import_check(struct drm_device *drm, struct dma_buf *dma_buf,
				 struct sg_table *sgt)
{
	struct scatterlist *sg;
	u64 mapped_bytes = 0;
	unsigned int i;

	for_each_sgtable_dma_sg(sgt, sg, i) {
		u64 addr = sg_dma_address(sg);

		if (!PAGE_ALIGNED(addr | sg_dma_len(sg)) ||
		    (addr + sg_dma_len(sg) - 1) & ~(CRLN_PTE_ADDR | ~PAGE_MASK)) {
			drm_dbg_prime(drm, "%s: segment %u at %#llx, %u bytes: no whole pages\n",
				      dma_buf->exp_name, i, addr, sg_dma_len(sg));
			return -EINVAL;
		}
		mapped_bytes += sg_dma_len(sg);
	}
	if (mapped_bytes < dma_buf->size) {
		drm_dbg_prime(drm, "%s: %llu bytes are mapped of %zu\n", dma_buf->exp_name,
			      mapped_bytes, dma_buf->size);
		return -EINVAL;
	}
	return 0;
}

/**
 * carillon_import_sg_table() - &drm_driver.gem_prime_import_sg_table
 * @drm: the DRM device
 * @attach: its attachment
 * @sgt: the exporter's table; the object's if this succeeds, else the caller's
 *
 * Context: Process, may sleep, inside the gate.
 * Return: A new object; ERR_PTR of -EINVAL if it doesn't consist of whole pages,
 * or -ENOMEM.
 */
struct drm_gem_object *carillon_import_sg_table(struct drm_device *drm,
						struct dma_buf_attachment *attach,
						struct sg_table *sgt)
{
	int ret = carillon_import_check(drm, attach->dmabuf, sgt);

	return ret ? ERR_PTR(ret) : drm_gem_shmem_prime_import_sg_table(drm, attach, sgt);
}

/**
 * carillon_import_dma_buf() - &drm_driver.gem_prime_import
 * @drm: the DRM device
 * @dma_buf: a dma-buf, borrowed
 *
 * A buffer of this device that comes back is the object that it was.
 *
 * Context: Process, may sleep; takes the dma-buf's dma_resv lock.
 * Return: A new reference to the object; ERR_PTR of -ENODEV if the device is gone,
 * of -EINVAL if the buffer doesn't consist of whole pages, or of what the exporter
 * says.
 */
struct drm_gem_object *carillon_import_dma_buf(struct drm_device *drm, struct dma_buf *dma_buf)
{
	struct carillon_device *cdev = to_carillon_device(drm);
	struct drm_gem_object *obj;

	ACQUIRE(carillon_entered, tok)(cdev);
	int ret = ACQUIRE_ERR(carillon_entered, &tok);

	if (ret)
		return ERR_PTR(ret);

	obj = drm_gem_prime_import_dev(drm, dma_buf, cdev->dma_dev);
	if (IS_ERR(obj) || !drm_gem_is_imported(obj))
		return obj;
	scoped_guard(mutex, &cdev->imports_mutex)
		list_add_tail(&to_carillon_bo(obj)->node, &cdev->imports);
	return obj;
}

/**
 * carillon_import_mmap() - &drm_gem_object_funcs.mmap of an import
 * @obj: the import, a reference that is consumed on success
 * @vma: where
 *
 * The helper's looks at &drm_gem_object.dma_buf, which goes with the last handle,
 * maybe at this moment; the attachment's stays.
 *
 * Context: Process, mmap_lock held.
 * Return: 0, or what the exporter says.
 */
int carillon_import_mmap(struct drm_gem_object *obj, struct vm_area_struct *vma)
{
	int ret;

	/* From here on it is the exporter's mapping. */
	vma->vm_private_data = NULL;
	vma->vm_ops = NULL;
	ret = dma_buf_mmap(obj->import_attach->dmabuf, vma, 0);
	if (!ret)
		drm_gem_object_put(obj);
	return ret;
}
