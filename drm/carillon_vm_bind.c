// SPDX-License-Identifier: GPL-2.0
/*
 * Changing what is mapped in an address space.
 */

/**
 * DOC: Bind
 *
 * All operations of an ioctl are copied and checked before the gate is entered and the
 * first is done. An operation then prepares all that can fail: the buffer's pages, the page
 * tables, and the (at most three) mapping objects that it may need; after that
 * the drm_gpuvm steps only link, unlink and write entries.
 *
 * What was unmapped is let go of after the TLB flush at the end of the ioctl, not
 * before: buffers stay on drm_gpuvm's deferred list until then.
 */

#include <linux/cleanup.h>
#include <linux/overflow.h>
#include <linux/slab.h>

#include <drm/drm_gem.h>

#include <bound/bound_gate.h>
#include <hw/carillon_hw.h>
#include <uapi/drm/carillon_drm.h>

#include "carillon_array.h"
#include "carillon_bo.h"
#include "carillon_core.h"
#include "carillon_device.h"
#include "carillon_file.h"
#include "carillon_vm.h"

#define CARILLON_BIND_FLAGS	DRM_CARILLON_BIND_READONLY

/**
 * struct carillon_bind - one operation
 * @args: as user space gave it
 * @obj: the buffer, a reference, or NULL for UNMAP
 */
struct carillon_bind {
	struct drm_carillon_bind_op args;
	struct drm_gem_object *obj;
};

/**
 * struct carillon_bind_ctx - what an operation has prepared
 * @vm: where
 * @vm_bo: of the buffer to map, a reference, or NULL
 * @sgt: its pages
 * @pte_flags: of the new mapping
 * @vas: unused mapping objects, NULL when taken: one new, two remains
 */
struct carillon_bind_ctx {
	struct carillon_vm *vm;
	struct drm_gpuvm_bo *vm_bo;
	struct sg_table *sgt;
	u64 pte_flags;
	struct carillon_va *vas[3];
};

static struct carillon_va *to_carillon_va(struct drm_gpuva *va)
{
	return container_of(va, struct carillon_va, base);
}

static struct carillon_va *carillon_bind_take_va(struct carillon_bind_ctx *ctx)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ctx->vas); i++) {
		struct carillon_va *va = ctx->vas[i];

		if (va) {
			ctx->vas[i] = NULL;
			return va;
		}
	}
	WARN_ON_ONCE(1);
	return NULL;
}

static void carillon_bind_link(struct drm_gpuva *va, struct drm_gpuvm_bo *vm_bo)
{
	mutex_lock(&vm_bo->obj->gpuva.lock);
	drm_gpuva_link(va, vm_bo);
	mutex_unlock(&vm_bo->obj->gpuva.lock);
}

static int carillon_bind_step_map(struct drm_gpuva_op *op, void *priv)
{
	struct carillon_bind_ctx *ctx = priv;
	struct carillon_va *va = carillon_bind_take_va(ctx);
	const struct carillon_pt_range range = {
		.va = op->map.va.addr,
		.size_bytes = op->map.va.range,
		.sgt = ctx->sgt,
		.offset_bytes = op->map.gem.offset,
		.pte_flags = ctx->pte_flags,
	};

	if (!va)
		return -ENOMEM;
	va->pte_flags = ctx->pte_flags;
	drm_gpuva_map(&ctx->vm->base, &va->base, &op->map);
	carillon_bind_link(&va->base, ctx->vm_bo);
	carillon_pt_map(&ctx->vm->pt, &range);
	return 0;
}

static void carillon_bind_drop_va(struct drm_gpuva *va)
{
	drm_gpuva_unlink_defer(va);
	kfree(to_carillon_va(va));
}

static int carillon_bind_step_remap(struct drm_gpuva_op *op, void *priv)
{
	struct carillon_va *old = to_carillon_va(op->remap.unmap->va);
	struct carillon_va *prev = NULL, *next = NULL;
	struct carillon_bind_ctx *ctx = priv;
	u64 start, size_bytes;

	if (op->remap.prev)
		prev = carillon_bind_take_va(ctx);
	if (op->remap.next)
		next = carillon_bind_take_va(ctx);
	if ((op->remap.prev && !prev) || (op->remap.next && !next))
		return -ENOMEM;

	drm_gpuva_op_remap_to_unmap_range(&op->remap, &start, &size_bytes);
	drm_gpuva_remap(prev ? &prev->base : NULL, next ? &next->base : NULL, &op->remap);
	if (prev) {
		prev->pte_flags = old->pte_flags;
		carillon_bind_link(&prev->base, old->base.vm_bo);
	}
	if (next) {
		next->pte_flags = old->pte_flags;
		carillon_bind_link(&next->base, old->base.vm_bo);
	}
	carillon_pt_clear(&ctx->vm->pt, start, size_bytes);
	carillon_bind_drop_va(&old->base);
	return 0;
}

static int carillon_bind_step_unmap(struct drm_gpuva_op *op, void *priv)
{
	struct carillon_bind_ctx *ctx = priv;
	struct drm_gpuva *va = op->unmap.va;

	carillon_pt_clear(&ctx->vm->pt, va->va.addr, va->va.range);
	drm_gpuva_unmap(&op->unmap);
	carillon_bind_drop_va(va);
	return 0;
}

const struct drm_gpuvm_ops carillon_vm_ops = {
	.vm_free = carillon_vm_free,
	.sm_step_map = carillon_bind_step_map,
	.sm_step_remap = carillon_bind_step_remap,
	.sm_step_unmap = carillon_bind_step_unmap,
};

/**
 * carillon_vm_unmap_all() - forget all mappings
 * @vm: VM without users, its page tables are gone
 *
 * Context: Process, may sleep.
 */
void carillon_vm_unmap_all(struct carillon_vm *vm)
{
	struct drm_gpuva *va, *tmp;

	mutex_lock(&vm->mutex);
	drm_gpuvm_for_each_va_safe(va, tmp, &vm->base) {
		drm_gpuva_remove(va);
		carillon_bind_drop_va(va);
	}
	mutex_unlock(&vm->mutex);
	drm_gpuvm_bo_deferred_cleanup(&vm->base);
}

static void carillon_bind_finish(struct carillon_bind_ctx *ctx)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ctx->vas); i++)
		kfree(ctx->vas[i]);
	drm_gpuvm_bo_put_deferred(ctx->vm_bo);
}

static int carillon_bind_prepare_map(const struct bound_token *tok, struct carillon_bind_ctx *ctx,
				     struct carillon_bind *bind)
{
	struct drm_gpuvm_bo *vm_bo;
	int ret;

	ctx->sgt = carillon_bo_map_dma(tok, to_carillon_bo(bind->obj));
	if (IS_ERR(ctx->sgt))
		return PTR_ERR(ctx->sgt);
	if (!(bind->args.flags & DRM_CARILLON_BIND_READONLY))
		ctx->pte_flags = CRLN_PTE_WRITE;

	ret = carillon_pt_reserve(&ctx->vm->pt, bind->args.va, bind->args.size);
	if (ret)
		return ret;

	vm_bo = drm_gpuvm_bo_create(&ctx->vm->base, bind->obj);
	if (!vm_bo)
		return -ENOMEM;
	ctx->vm_bo = drm_gpuvm_bo_obtain_prealloc(vm_bo);
	return 0;
}

static int carillon_bind_prepare(const struct bound_token *tok, struct carillon_bind_ctx *ctx,
				 struct carillon_bind *bind)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ctx->vas); i++) {
		ctx->vas[i] = kzalloc_obj(*ctx->vas[i]);
		if (!ctx->vas[i])
			return -ENOMEM;
	}
	return bind->obj ? carillon_bind_prepare_map(tok, ctx, bind) : 0;
}

static int carillon_bind_do(const struct bound_token *tok, struct carillon_vm *vm,
			    struct carillon_bind *bind)
{
	const struct drm_gpuvm_map_req req = {
		.map = {
			.va.addr = bind->args.va,
			.va.range = bind->args.size,
			.gem.obj = bind->obj,
			.gem.offset = bind->args.offset,
		},
	};
	struct carillon_bind_ctx ctx = { .vm = vm };
	int ret;

	ret = carillon_bind_prepare(tok, &ctx, bind);
	if (!ret) {
		if (bind->obj)
			ret = drm_gpuvm_sm_map(&vm->base, &ctx, &req);
		else
			ret = drm_gpuvm_sm_unmap(&vm->base, &ctx, bind->args.va,
						 bind->args.size);
	}
	carillon_bind_finish(&ctx);
	return ret;
}

/*
 * Does the operations and makes the device see them; the VM is locked. What was
 * not mapped before isn't known to the TLB, but operations are rarely one or the
 * other only.
 */
static int carillon_bind_all(const struct bound_token *tok, struct carillon_vm *vm,
			     struct carillon_bind *binds, u32 *count)
{
	u32 i, num = *count;
	int flush, ret = 0;

	for (i = 0; i < num && !ret; i++) {
		if (bound_closing(tok))
			ret = -ENODEV;
		else
			ret = carillon_bind_do(tok, vm, &binds[i]);
		if (ret)
			break;
	}
	*count = i;

	flush = carillon_core_flush_tlb(tok, vm->cdev->core);
	return ret ?: flush;
}

static int carillon_bind_check_map(struct carillon_file *cfile, struct carillon_bind *bind)
{
	const struct drm_carillon_bind_op *op = &bind->args;
	u64 end;

	bind->obj = drm_gem_object_lookup(cfile->drm, op->handle);
	if (!bind->obj)
		return -ENOENT;
	if (check_add_overflow(op->offset, op->size, &end) || end > bind->obj->size)
		return -EINVAL;
	return 0;
}

static int carillon_bind_check(struct carillon_file *cfile, struct carillon_bind *bind)
{
	const struct drm_carillon_bind_op *op = &bind->args;
	u64 end;

	if (op->pad || !op->size ||
	    !IS_ALIGNED(op->va | op->size | op->offset, PAGE_SIZE))
		return -EINVAL;
	if (check_add_overflow(op->va, op->size, &end) || op->va < CARILLON_VA_START ||
	    end > CARILLON_VA_END)
		return -EINVAL;

	switch (op->type) {
	case DRM_CARILLON_BIND_MAP:
		if (op->flags & ~CARILLON_BIND_FLAGS)
			return -EINVAL;
		return carillon_bind_check_map(cfile, bind);
	case DRM_CARILLON_BIND_UNMAP:
		return op->flags || op->handle || op->offset ? -EINVAL : 0;
	default:
		return -EINVAL;
	}
}

static void carillon_binds_free(struct carillon_bind *binds, u32 count)
{
	u32 i;

	for (i = 0; i < count; i++)
		drm_gem_object_put(binds[i].obj);
	kvfree(binds);
}

static struct carillon_bind *carillon_binds_get(struct carillon_file *cfile,
						const struct drm_carillon_obj_array *ops)
{
	struct carillon_bind *binds;
	u32 i;
	int ret;

	binds = kvzalloc_objs(*binds, ops->count);
	if (!binds)
		return ERR_PTR(-ENOMEM);

	for (i = 0; i < ops->count; i++) {
		ret = carillon_array_get(ops, i, &binds[i].args, sizeof(binds[i].args));
		if (!ret)
			ret = carillon_bind_check(cfile, &binds[i]);
		if (ret) {
			carillon_binds_free(binds, ops->count);
			return ERR_PTR(ret);
		}
	}
	return binds;
}

static int carillon_bind_check_args(const struct drm_carillon_vm_bind *args)
{
	if (args->flags || !args->ops.count || args->syncs.count)
		return -EINVAL;
	return carillon_array_check(&args->ops, sizeof(struct drm_carillon_bind_op),
				    CARILLON_BIND_OPS_MAX);
}

/* The part that is inside the gate; @count: how many, becomes how many were done. */
static int carillon_bind_enter(struct carillon_vm *vm, struct carillon_bind *binds, u32 *count)
{
	u32 num = *count;
	int ret;

	/* On the way the count says what was done. */
	*count = 0;
	ACQUIRE(carillon_entered, tok)(vm->cdev);
	ret = ACQUIRE_ERR(carillon_entered, &tok);
	if (ret)
		return ret;

	ret = mutex_lock_interruptible(&vm->mutex);
	if (ret)
		return ret;
	*count = num;
	ret = carillon_bind_all(&tok, vm, binds, count);
	drm_gpuvm_bo_deferred_cleanup(&vm->base);
	mutex_unlock(&vm->mutex);
	return ret;
}

/**
 * carillon_vm_ioctl_bind() - DRM_CARILLON_VM_BIND
 * @drm: the device
 * @data: &struct drm_carillon_vm_bind
 * @file: the file
 *
 * Context: Process, may sleep, outside of the gate.
 * Return: 0 or -errno, see the uAPI header.
 */
int carillon_vm_ioctl_bind(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct carillon_file *cfile = file->driver_priv;
	struct drm_carillon_vm_bind *args = data;
	u32 num, count = args->ops.count;
	struct carillon_bind *binds;
	struct carillon_vm *vm;
	int ret;

	ret = carillon_bind_check_args(args);
	if (ret)
		return ret;
	vm = carillon_vm_lookup(cfile, args->vm_id);
	if (!vm)
		return -ENOENT;
	binds = carillon_binds_get(cfile, &args->ops);
	if (IS_ERR(binds)) {
		ret = PTR_ERR(binds);
		if (ret == -ENOMEM)
			args->ops.count = 0;
		goto out_put;
	}

	num = count;
	ret = carillon_bind_enter(vm, binds, &num);
	/* drmIoctl() repeats with what it finds in the struct: all of it then. */
	if (ret != -EINTR)
		args->ops.count = num;
	carillon_binds_free(binds, count);
out_put:
	carillon_vm_put(vm);
	return ret;
}
