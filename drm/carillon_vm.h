/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Address spaces.
 */
#ifndef _CARILLON_VM_H
#define _CARILLON_VM_H

#include <linux/compiler_attributes.h>
#include <linux/idr.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>

#include <drm/drm_gpuvm.h>

#include "carillon_pt.h"

struct bound_token;
struct carillon_device;
struct carillon_file;
struct drm_device;
struct drm_file;

/**
 * struct carillon_vm - an address space
 *
 * Two counts: @users, of the file's id and of queues; when it falls to 0 all
 * mappings go. Mappings in turn hold references to @base, whose last one frees
 * the memory.
 */
struct carillon_vm {
	/** @base: who is mapped where, under @mutex */
	struct drm_gpuvm base;
	/** @users: see above */
	struct kref users;
	/** @cdev: the device, a reference */
	struct carillon_device *cdev;
	/** @mutex: one bind at a time */
	struct mutex mutex;
	/**
	 * @pt: page tables. Written under @mutex; freed under
	 * carillon_device.vms_mutex, when nobody binds any more.
	 */
	struct carillon_pt pt;
	/** @windows: numbers of &carillon_semaphore.window in use */
	struct ida windows;
	/** @node: in carillon_device.vms, under its lock */
	struct list_head node;
};

/**
 * struct carillon_va - a mapping
 * @base: what is mapped where
 * @pte_flags: CRLN_PTE_WRITE or 0
 *
 * Under carillon_vm.mutex.
 */
struct carillon_va {
	struct drm_gpuva base;
	u64 pte_flags;
};

struct carillon_vm *carillon_vm_get(struct carillon_vm *vm);
void carillon_vm_put(struct carillon_vm *vm);
struct carillon_vm * __must_check carillon_vm_lookup(struct carillon_file *cfile, u32 id);
void carillon_vm_revoke_all(struct carillon_device *cdev);

int carillon_vm_ioctl_create(const struct bound_token *tok, struct carillon_file *cfile,
			     void *data);
int carillon_vm_ioctl_destroy(const struct bound_token *tok, struct carillon_file *cfile,
			      void *data);
int carillon_vm_ioctl_bind(struct drm_device *drm, void *data, struct drm_file *file);

/* From carillon_vm_bind.c. */
extern const struct drm_gpuvm_ops carillon_vm_ops;
void carillon_vm_unmap_all(struct carillon_vm *vm);
void carillon_vm_free(struct drm_gpuvm *gpuvm);

#endif
