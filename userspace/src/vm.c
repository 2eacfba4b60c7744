// SPDX-License-Identifier: MIT

#include "vm.h"

#include <errno.h>
#include <stdlib.h>

int carillon_vm_create(struct carillon_device *dev, struct carillon_vm **ret_vm)
{
	struct drm_carillon_vm_create args = { 0 };
	struct carillon_vm *vm;
	int err;

	vm = calloc(1, sizeof(*vm));
	if (!vm)
		return -ENOMEM;
	err = va_heap_init(&vm->heap, dev->info.va_start, dev->info.va_end);
	if (!err)
		err = lib_ioctl(dev->fd, DRM_IOCTL_CARILLON_VM_CREATE, &args);
	if (err) {
		va_heap_fini(&vm->heap);
		free(vm);
		return err;
	}
	pthread_mutex_init(&vm->lock, NULL);
	vm->dev = dev;
	vm->id = args.id;
	*ret_vm = vm;
	return 0;
}

void carillon_vm_destroy(struct carillon_vm *vm)
{
	struct drm_carillon_vm_destroy args = { 0 };

	if (!vm)
		return;
	args.id = vm->id;
	lib_ioctl(vm->dev->fd, DRM_IOCTL_CARILLON_VM_DESTROY, &args);
	pthread_mutex_destroy(&vm->lock);
	va_heap_fini(&vm->heap);
	free(vm);
}

uint32_t carillon_vm_id(const struct carillon_vm *vm)
{
	return vm->id;
}

static int bind_one(struct carillon_vm *vm, struct drm_carillon_bind_op *op)
{
	struct drm_carillon_vm_bind args = {
		.vm_id = vm->id,
		.ops = DRM_CARILLON_OBJ_ARRAY(1, op),
	};

	return lib_ioctl(vm->dev->fd, DRM_IOCTL_CARILLON_VM_BIND, &args);
}

int carillon_vm_map(struct carillon_vm *vm, struct carillon_bo *bo,
		    uint32_t flags, uint64_t *ret_va)
{
	struct drm_carillon_bind_op op = {
		.type = DRM_CARILLON_BIND_MAP,
		.flags = flags,
		.handle = bo->handle,
		.size = bo->size,
	};
	uint64_t va;
	int err;

	pthread_mutex_lock(&vm->lock);
	err = va_heap_reserve(&vm->heap);
	if (!err)
		err = va_heap_find(&vm->heap, bo->size, &va);
	if (!err) {
		op.va = va;
		err = bind_one(vm, &op);
	}
	if (!err) {
		va_heap_take(&vm->heap, va, bo->size);
		*ret_va = va;
	}
	pthread_mutex_unlock(&vm->lock);
	return err;
}

int carillon_vm_map_at(struct carillon_vm *vm, struct carillon_bo *bo,
		       uint64_t offset, uint64_t size, uint64_t va,
		       uint32_t flags)
{
	struct drm_carillon_bind_op op = {
		.type = DRM_CARILLON_BIND_MAP,
		.flags = flags,
		.handle = bo->handle,
		.va = va,
		.size = size,
		.offset = offset,
	};
	int err;

	pthread_mutex_lock(&vm->lock);
	err = va_heap_reserve(&vm->heap);
	if (!err)
		err = bind_one(vm, &op);
	/* The kernel has checked the range. */
	if (!err)
		va_heap_take(&vm->heap, va, size);
	pthread_mutex_unlock(&vm->lock);
	return err;
}

int carillon_vm_unmap(struct carillon_vm *vm, uint64_t va, uint64_t size)
{
	struct drm_carillon_bind_op op = {
		.type = DRM_CARILLON_BIND_UNMAP,
		.va = va,
		.size = size,
	};
	int err;

	pthread_mutex_lock(&vm->lock);
	err = va_heap_reserve(&vm->heap);
	if (!err)
		err = bind_one(vm, &op);
	if (!err)
		va_heap_give(&vm->heap, va, size);
	pthread_mutex_unlock(&vm->lock);
	return err;
}
