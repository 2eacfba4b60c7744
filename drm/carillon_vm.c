// SPDX-License-Identifier: GPL-2.0
/*
 * Address spaces: the object. carillon_vm_bind.c changes what is mapped.
 */

/**
 * DOC: Address spaces
 *
 * ::
 *
 *	file's id --users--> carillon_vm <--base-- drm_gpuvm_bo --ref--> buffer
 *	queue     --users-->      |                     ^
 *	                          +------ drm_gpuva ----+
 *
 * A VM's page tables are coherent memory of the device. When the driver is
 * unbound while files are open, they are freed then (carillon_vm_revoke_all());
 * the mappings, which keep buffers, go when the file does.
 *
 * Locking: carillon_vm.mutex, then a buffer's dma_resv lock or gpuva lock. A
 * ring that uses the tables has a reference to the VM, by way of its queue.
 */

#include <linux/slab.h>

#include <drm/drm_drv.h>
#include <drm/drm_file.h>

#include <hw/carillon_hw.h>
#include <uapi/drm/carillon_drm.h>

#include "carillon_bo.h"
#include "carillon_device.h"
#include "carillon_file.h"
#include "carillon_vm.h"

/* VMs of a file: each costs memory that nobody accounts. */
#define CARILLON_VMS_MAX	1024

static void carillon_vm_revoke_locked(struct carillon_vm *vm)
{
	lockdep_assert_held(&vm->cdev->vms_mutex);

	list_del_init(&vm->node);
	carillon_pt_fini(&vm->pt);
}

/**
 * carillon_vm_free() - &drm_gpuvm_ops.vm_free
 * @gpuvm: the base
 *
 * Context: Process.
 */
void carillon_vm_free(struct drm_gpuvm *gpuvm)
{
	struct carillon_vm *vm = container_of(gpuvm, struct carillon_vm, base);

	ida_destroy(&vm->windows);
	mutex_destroy(&vm->mutex);
	kfree(vm);
}

static void carillon_vm_release(struct kref *users)
{
	struct carillon_vm *vm = container_of(users, struct carillon_vm, users);
	struct drm_device *drm = &vm->cdev->drm;

	scoped_guard(mutex, &vm->cdev->vms_mutex)
		carillon_vm_revoke_locked(vm);
	carillon_vm_unmap_all(vm);
	drm_gpuvm_put(&vm->base);
	drm_dev_put(drm);
}

/**
 * carillon_vm_get() - take a user's reference
 * @vm: VM to which the caller has one
 *
 * Context: Any.
 * Return: @vm.
 */
struct carillon_vm *carillon_vm_get(struct carillon_vm *vm)
{
	kref_get(&vm->users);
	return vm;
}

/**
 * carillon_vm_put() - give a user's reference back
 * @vm: VM or NULL
 *
 * Context: Process, may sleep.
 */
void carillon_vm_put(struct carillon_vm *vm)
{
	if (vm)
		kref_put(&vm->users, carillon_vm_release);
}

/**
 * carillon_vm_lookup() - find a VM of a file
 * @cfile: the file
 * @id: its id
 *
 * Context: Process.
 * Return: A new user's reference, or NULL.
 */
struct carillon_vm *carillon_vm_lookup(struct carillon_file *cfile, u32 id)
{
	struct carillon_vm *vm;

	xa_lock(&cfile->vms);
	vm = xa_load(&cfile->vms, id);
	if (vm)
		carillon_vm_get(vm);
	xa_unlock(&cfile->vms);
	return vm;
}

/**
 * carillon_vm_revoke_all() - free the page tables of all VMs
 * @cdev: the device; all rings are destroyed, nobody is in the gate
 *
 * Context: Process, in remove; takes vms_mutex.
 */
void carillon_vm_revoke_all(struct carillon_device *cdev)
{
	struct carillon_vm *vm, *tmp;

	guard(mutex)(&cdev->vms_mutex);
	list_for_each_entry_safe(vm, tmp, &cdev->vms, node)
		carillon_vm_revoke_locked(vm);
}

static struct carillon_vm *carillon_vm_alloc(struct carillon_device *cdev)
{
	struct drm_gem_object *resv_obj;
	struct carillon_vm *vm;

	vm = kzalloc_obj(*vm);
	if (!vm)
		return ERR_PTR(-ENOMEM);
	if (carillon_pt_init(&vm->pt, cdev->dma_dev))
		goto err_free;
	resv_obj = drm_gpuvm_resv_object_alloc(&cdev->drm);
	if (!resv_obj)
		goto err_pt_fini;

	kref_init(&vm->users);
	mutex_init(&vm->mutex);
	ida_init(&vm->windows);
	vm->cdev = cdev;
	drm_dev_get(&cdev->drm);
	drm_gpuvm_init(&vm->base, "carillon", DRM_GPUVM_IMMEDIATE_MODE, &cdev->drm, resv_obj,
		       CARILLON_VA_START, CARILLON_VA_END - CARILLON_VA_START, 0, 0,
		       &carillon_vm_ops);
	/* The gpuvm has taken its own reference. */
	drm_gem_object_put(resv_obj);

	mutex_lock(&cdev->vms_mutex);
	list_add_tail(&vm->node, &cdev->vms);
	mutex_unlock(&cdev->vms_mutex);
	return vm;

err_pt_fini:
	carillon_pt_fini(&vm->pt);
err_free:
	kfree(vm);
	return ERR_PTR(-ENOMEM);
}

/**
 * carillon_vm_ioctl_create() - DRM_CARILLON_VM_CREATE
 * @tok: token of the DRM driver's gate
 * @cfile: the file
 * @data: &struct drm_carillon_vm_create
 *
 * Context: Process, may sleep.
 * Return: 0 or -errno, see the uAPI header.
 */
int carillon_vm_ioctl_create(const struct bound_token *tok, struct carillon_file *cfile,
			     void *data)
{
	struct drm_carillon_vm_create *args = data;
	struct carillon_vm *vm;
	u32 id;
	int ret;

	if (args->flags)
		return -EINVAL;

	vm = carillon_vm_alloc(cfile->cdev);
	if (IS_ERR(vm))
		return PTR_ERR(vm);
	ret = xa_alloc(&cfile->vms, &id, vm, XA_LIMIT(1, CARILLON_VMS_MAX), GFP_KERNEL);
	if (ret) {
		carillon_vm_put(vm);
		return ret == -EBUSY ? -ENOMEM : ret;
	}
	args->id = id;
	return 0;
}

/**
 * carillon_vm_ioctl_destroy() - DRM_CARILLON_VM_DESTROY
 * @tok: token of the DRM driver's gate
 * @cfile: the file
 * @data: &struct drm_carillon_vm_destroy
 *
 * Context: Process, may sleep.
 * Return: 0 or -errno, see the uAPI header.
 */
int carillon_vm_ioctl_destroy(const struct bound_token *tok, struct carillon_file *cfile,
			      void *data)
{
	struct drm_carillon_vm_destroy *args = data;
	struct carillon_vm *vm;

	if (args->pad)
		return -EINVAL;

	vm = xa_erase(&cfile->vms, args->id);
	if (!vm)
		return -ENOENT;
	carillon_vm_put(vm);
	return 0;
}
