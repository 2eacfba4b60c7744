// SPDX-License-Identifier: GPL-2.0
/*
 * The DRM driver: probe, remove, ioctls.
 */

/**
 * DOC: Overview
 *
 * carillon binds to the auxiliary device of carillon_pci and is the DRM driver.
 *
 * An ioctl enters the gate of the auxiliary binding with carillon_enter() and passes
 * the token on. That is all there is of "is the device still there": drm_dev_enter()
 * isn't used, since its one SRCU for all DRM devices would make this driver's unbind
 * wait for others' ioctls. The DRM core's own ioctls on syncobjs touch no device and
 * may sleep in there for ever, so they stay outside.
 */

/**
 * DOC: Ioctls
 *
 * Unbind waits for everybody who is inside, so nobody is held up in there by a
 * process. Memory of one is not touched: behind it can be a userfaultfd or a file
 * system in user space, which answers late or never. Where it is accessed is
 * outside, before or after:
 *
 * - Most ioctls have nothing but their struct, which the DRM core copies in before
 *   and out after. They run inside as a whole (CARILLON_IOCTL_INSIDE()).
 * - VM_BIND copies its operations, enters, does them.
 * - QUERY enters, makes the answer, leaves, copies it out. An answer from before an
 *   unbind is right, so the ioctl succeeds also if the device went meanwhile.
 * - SUBMIT copies its jobs, enters and prepares them, leaves to write the numbers of
 *   new descriptors, and enters again to commit, which can't fail. If the device
 *   went in between it is rolled back, as if it had been refused at first.
 *
 * Waiting for the device inside is bounded by its timeouts, and for each other's
 * mutexes by that: who holds one is in the gate, too, or needs no user memory, which
 * lockdep knows of dma_resv locks. What is done many times (operations of a bind,
 * waits of a submit) looks for bound_closing() between one and the next.
 */

/**
 * DOC: Unbind
 *
 * In this order, whether the auxiliary or the PCI driver is unbound, or the
 * device was pulled out:
 *
 * 1. drm_dev_unplug(): no new opens; CPU mappings of buffers fault again, and
 *    find the pages where they were.
 * 2. The gate is closed: who is in an ioctl finishes it, who comes gets -ENODEV.
 * 3. The core stops calling us.
 * 4. All queues are torn down: rings stopped, fences signalled with -ENODEV, mappings
 *    of doorbells made memory.
 * 5. Page tables are freed, DMA mappings of buffers, ours and others', ended.
 *
 * The gate of the PCI binding is open all along, so that rings can be stopped
 * and timeouts that are being handled end regularly. Files, VMs, queues and
 * buffers stay as mere memory until their files are closed; a sync_file may
 * even stay when the module has gone.
 */

#include <linux/auxiliary_bus.h>
#include <linux/module.h>
#include <linux/pm.h>
#include <linux/workqueue.h>

#include <drm/drm_drv.h>
#include <drm/drm_gem.h>
#include <drm/drm_ioctl.h>
#include <drm/drm_managed.h>

#include <bound/bound_aux.h>
#include <bound/bound_gate.h>
#include <compat.h>
#include <hw/carillon_hw.h>
#include <uapi/drm/carillon_drm.h>

#include "carillon_bo.h"
#include "carillon_core.h"
#include "carillon_debugfs.h"
#include "carillon_device.h"
#include "carillon_doorbell.h"
#include "carillon_file.h"
#include "carillon_import.h"
#include "carillon_pm.h"
#include "carillon_query.h"
#include "carillon_queue.h"
#include "carillon_reset.h"
#include "carillon_sched.h"
#include "carillon_submit.h"
#include "carillon_vm.h"

static unsigned int job_timeout_ms = 10000;
module_param(job_timeout_ms, uint, 0644);
MODULE_PARM_DESC(job_timeout_ms,
		 "Milliseconds a job may take on its ring, for new queues (0: 10000)");

#define CARILLON_JOB_TIMEOUT_MS		10000
#define CARILLON_JOB_TIMEOUT_MAX_MS	(3600 * 1000)

/**
 * carillon_job_timeout_ms() - how long a job may take
 *
 * Context: Any.
 * Return: Milliseconds, not 0.
 */
unsigned int carillon_job_timeout_ms(void)
{
	unsigned int ms = READ_ONCE(job_timeout_ms);

	return ms ? min(ms, CARILLON_JOB_TIMEOUT_MAX_MS) : CARILLON_JOB_TIMEOUT_MS;
}

typedef int (*carillon_ioctl_t)(const struct bound_token *tok, struct carillon_file *cfile,
				void *data);

static __always_inline int carillon_ioctl_inside(struct drm_device *drm, struct drm_file *file,
						 void *data, carillon_ioctl_t func)
{
	ACQUIRE(carillon_entered, tok)(to_carillon_device(drm));
	int ret = ACQUIRE_ERR(carillon_entered, &tok);

	return ret ?: func(&tok, file->driver_priv, data);
}

#define CARILLON_IOCTL_INSIDE(func)							\
static int func##_inside(struct drm_device *drm, void *data, struct drm_file *file)	\
{											\
	return carillon_ioctl_inside(drm, file, data, func);				\
}

CARILLON_IOCTL_INSIDE(carillon_bo_ioctl_create)
CARILLON_IOCTL_INSIDE(carillon_bo_ioctl_mmap_offset)
CARILLON_IOCTL_INSIDE(carillon_vm_ioctl_create)
CARILLON_IOCTL_INSIDE(carillon_vm_ioctl_destroy)
CARILLON_IOCTL_INSIDE(carillon_queue_ioctl_create)
CARILLON_IOCTL_INSIDE(carillon_queue_ioctl_destroy)
CARILLON_IOCTL_INSIDE(carillon_queue_ioctl_get_state)
CARILLON_IOCTL_INSIDE(carillon_doorbell_ioctl_mmap_offset)

#define CARILLON_IOCTL_DEF(name, func)	\
	DRM_IOCTL_DEF_DRV(CARILLON_##name, func, DRM_RENDER_ALLOW)

static const struct drm_ioctl_desc carillon_ioctls[] = {
	CARILLON_IOCTL_DEF(QUERY, carillon_query_ioctl),
	CARILLON_IOCTL_DEF(BO_CREATE, carillon_bo_ioctl_create_inside),
	CARILLON_IOCTL_DEF(BO_MMAP_OFFSET, carillon_bo_ioctl_mmap_offset_inside),
	CARILLON_IOCTL_DEF(VM_CREATE, carillon_vm_ioctl_create_inside),
	CARILLON_IOCTL_DEF(VM_DESTROY, carillon_vm_ioctl_destroy_inside),
	CARILLON_IOCTL_DEF(VM_BIND, carillon_vm_ioctl_bind),
	CARILLON_IOCTL_DEF(QUEUE_CREATE, carillon_queue_ioctl_create_inside),
	CARILLON_IOCTL_DEF(QUEUE_DESTROY, carillon_queue_ioctl_destroy_inside),
	CARILLON_IOCTL_DEF(QUEUE_GET_STATE, carillon_queue_ioctl_get_state_inside),
	CARILLON_IOCTL_DEF(SUBMIT, carillon_submit_ioctl),
	CARILLON_IOCTL_DEF(QUEUE_MMAP_OFFSET, carillon_doorbell_ioctl_mmap_offset_inside),
};

/* Doorbells are where no buffer can be. */
static int carillon_mmap(struct file *filp, struct vm_area_struct *vma)
{
	const struct drm_file *file = filp->private_data;

	if (vma->vm_pgoff < CARILLON_DOORBELL_PGOFF)
		return drm_gem_mmap(filp, vma);
	return carillon_doorbell_mmap(file->driver_priv, vma);
}

static const struct file_operations carillon_fops = {
	.owner = THIS_MODULE,
	.open = drm_open,
	.release = drm_release,
	.unlocked_ioctl = drm_ioctl,
	.compat_ioctl = drm_compat_ioctl,
	.poll = drm_poll,
	.read = drm_read,
	.llseek = noop_llseek,
	.get_unmapped_area = drm_gem_get_unmapped_area,
	.mmap = carillon_mmap,
	.fop_flags = FOP_UNSIGNED_OFFSET,
	.show_fdinfo = drm_show_fdinfo,
};

static const struct drm_driver carillon_drm_driver = {
	.driver_features = DRIVER_GEM | DRIVER_GEM_GPUVA | DRIVER_RENDER | DRIVER_SYNCOBJ |
			   DRIVER_SYNCOBJ_TIMELINE,
	.open = carillon_file_open,
	.postclose = carillon_file_postclose,
	.show_fdinfo = carillon_file_show_fdinfo,
	.debugfs_init = carillon_debugfs_init,
	.gem_create_object = carillon_bo_alloc,
	.gem_prime_import = carillon_import_dma_buf,
	.gem_prime_import_sg_table = carillon_import_sg_table,
	.dumb_create = drm_gem_shmem_dumb_create,
	.ioctls = carillon_ioctls,
	.num_ioctls = ARRAY_SIZE(carillon_ioctls),
	.fops = &carillon_fops,
	.name = "carillon",
	.desc = "Carillon GPU",
	.major = 1,
	.minor = 0,
};

/**
 * DOC: Parent
 *
 * In sysfs the DRM device is a child of the PCI device, not of the auxiliary one
 * that this driver binds to: libdrm, and all who find devices with it, know
 * PCI but not the auxiliary bus. What releases it is this driver's binding all the
 * same, so devm_drm_dev_alloc() isn't for it. Nor is a devres group of the PCI device:
 * that one's probe may be ending right now, and its gate be adding to its devres.
 */

static void carillon_put_drm(void *data)
{
	struct carillon_device *cdev = data;

	drm_dev_put(&cdev->drm);
}

static struct carillon_device *carillon_alloc(struct auxiliary_device *adev, struct device *parent)
{
	struct carillon_device *cdev;
	int ret;

	cdev = __drm_dev_alloc(parent, &carillon_drm_driver, sizeof(*cdev),
			       offsetof(struct carillon_device, drm));
	if (IS_ERR(cdev))
		return cdev;
	cdev->dma_dev = parent;

	ret = devm_add_action_or_reset(&adev->dev, carillon_put_drm, cdev);
	return ret ? ERR_PTR(ret) : cdev;
}

static void carillon_put_gates(struct drm_device *drm, void *data)
{
	struct carillon_device *cdev = to_carillon_device(drm);

	bound_gate_put(cdev->gate);
	bound_gate_put(cdev->hw_gate);
}

static struct carillon_core *carillon_get_core(struct auxiliary_device *adev,
					       struct bound_gate *gate)
{
	ACQUIRE(bound_assumed, tok)(gate, &adev->dev);
	int ret = ACQUIRE_ERR(bound_assumed, &tok);

	if (ret)
		return ERR_PTR(ret);
	return bound_aux_data(&tok, adev, &carillon_core_aux_type);
}

/* The DRM device, with what it has from its parent. */
static struct carillon_device *carillon_setup(struct auxiliary_device *adev)
{
	const struct carillon_sched_ops *sched = carillon_sched_find();
	struct bound_gate *hw_gate = bound_aux_parent_gate(adev);
	struct carillon_device *cdev;
	struct carillon_core *core;
	struct bound_gate *gate;
	int ret;

	if (!sched) {
		dev_err(&adev->dev, "no scheduler '%s': jobq or drm_sched\n",
			carillon_sched_name());
		return ERR_PTR(-EINVAL);
	}
	if (IS_ERR(hw_gate))
		return ERR_CAST(hw_gate);
	gate = bound_gate_create(&adev->dev, hw_gate);
	if (IS_ERR(gate))
		return ERR_CAST(gate);
	core = carillon_get_core(adev, gate);
	if (IS_ERR(core))
		return ERR_CAST(core);
	cdev = carillon_alloc(adev, carillon_core_dma_dev(core));
	if (IS_ERR(cdev))
		return cdev;

	cdev->core = core;
	cdev->sched = sched;
	cdev->info = carillon_core_info(core);
	/* Until the last reference to the DRM device goes, the gates stay. */
	cdev->gate = bound_gate_get(gate);
	cdev->hw_gate = bound_gate_get(hw_gate);
	ret = drmm_add_action_or_reset(&cdev->drm, carillon_put_gates, NULL);
	return ret ? ERR_PTR(ret) : cdev;
}

static int carillon_setup_lists(struct carillon_device *cdev)
{
	int ret;

	INIT_LIST_HEAD(&cdev->queues);
	INIT_LIST_HEAD(&cdev->vms);
	INIT_LIST_HEAD(&cdev->bos);
	INIT_LIST_HEAD(&cdev->imports);
	ret = drmm_mutex_init(&cdev->drm, &cdev->queues_mutex);
	if (ret)
		return ret;
	ret = drmm_mutex_init(&cdev->drm, &cdev->vms_mutex);
	if (ret)
		return ret;
	ret = drmm_mutex_init(&cdev->drm, &cdev->bos_mutex);
	if (ret)
		return ret;
	return drmm_mutex_init(&cdev->drm, &cdev->imports_mutex);
}

/* Takes all back that ioctls have made; what user space still has is mere memory then. */
static void carillon_shutdown(struct carillon_device *cdev)
{
	bound_gate_close(cdev->gate);
	carillon_core_clear_client(cdev->core);

	carillon_queue_teardown_all(cdev);
	carillon_vm_revoke_all(cdev);
	carillon_bo_unmap_all(cdev);
	carillon_import_unmap_all(cdev);
	destroy_workqueue(cdev->reset_wq);
}

static int carillon_probe(struct auxiliary_device *adev, const struct auxiliary_device_id *id)
{
	struct carillon_device *cdev;
	int ret;

	cdev = carillon_setup(adev);
	if (IS_ERR(cdev))
		return PTR_ERR(cdev);
	auxiliary_set_drvdata(adev, cdev);

	ret = carillon_setup_lists(cdev);
	if (ret)
		return ret;
	cdev->reset_wq = alloc_ordered_workqueue("carillon_reset", WQ_MEM_RECLAIM);
	if (!cdev->reset_wq)
		return -ENOMEM;

	carillon_core_set_client(cdev->core, &carillon_reset_client_ops, cdev);
	ret = drm_dev_register(&cdev->drm, 0);
	/* A node may have been there for a moment, and somebody quick. */
	if (ret)
		carillon_shutdown(cdev);
	return ret;
}

static void carillon_remove(struct auxiliary_device *adev)
{
	struct carillon_device *cdev = auxiliary_get_drvdata(adev);

	drm_dev_unplug(&cdev->drm);
	carillon_shutdown(cdev);
}

static const struct auxiliary_device_id carillon_ids[] = {
	{ .name = "carillon_pci." CARILLON_AUX_NAME },
	{ }
};
MODULE_DEVICE_TABLE(auxiliary, carillon_ids);

static struct auxiliary_driver carillon_driver = {
	.name = "drm",
	.driver.pm = pm_sleep_ptr(&carillon_pm_ops),
	.id_table = carillon_ids,
	.probe = carillon_probe,
	.remove = carillon_remove,
};
module_auxiliary_driver(carillon_driver);

MODULE_DESCRIPTION("Carillon GPU, DRM driver");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("BOUND");
MODULE_IMPORT_NS("CARILLON_PCI");
MODULE_IMPORT_NS("DFENCE");
MODULE_IMPORT_NS("DMA_BUF");
MODULE_IMPORT_NS("JOBQ");
