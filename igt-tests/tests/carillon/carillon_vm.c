// SPDX-License-Identifier: MIT
/**
 * TEST: Address spaces: what is mapped where, and what bind refuses
 * Category: Core
 * Mega feature: General Core features
 * Sub-category: Memory management tests
 * Functionality: address spaces
 * Test category: functionality test
 * Description: Check that jobs reach what is mapped, as it is mapped, and nothing else.
 *
 * SUBTEST: map
 * Description: Check that jobs reach a mapping from its first to its last byte
 *
 * SUBTEST: map-offset
 * Description: Check that a part of a buffer can be mapped
 *
 * SUBTEST: map-ends
 * Description: Check that the first and the last page can be mapped
 *
 * SUBTEST: map-several
 * Description: Check that operations are done in order
 *
 * SUBTEST: unmap
 * Description: Check that jobs don't reach what was unmapped
 *
 * SUBTEST: replace
 * Description: Check that a mapping replaces what was there
 *
 * SUBTEST: readonly
 * Description: Check that jobs can't write to a read-only mapping
 *
 * SUBTEST: closed-handle
 * Description: Check that a mapping keeps the memory of its buffer
 *
 * SUBTEST: two-vms
 * Description: Check that address spaces are apart
 *
 * SUBTEST: bad-second-op
 * Description: Check that a bad operation refuses those before it
 *
 * SUBTEST: larger-op
 * Description: Check that a larger operation is fine if what is new is zero
 *
 * SUBTEST: foreign
 * Description: Check that buffers and VMs of another file are refused
 *
 * SUBTEST: destroyed-under-queue
 * Description: Check that queues keep their address space
 *
 * SUBTEST: create-invalid-flags
 * Description: Check that unknown flags of VMs are refused
 *
 * SUBTEST: destroy-invalid
 * Description: Check that only VMs of this file can be destroyed, and once
 *
 * SUBTEST: bind-invalid-vm-zero
 * Description: Check that there is no VM 0
 *
 * SUBTEST: bind-invalid-vm
 * Description: Check that an unknown VM is refused
 *
 * SUBTEST: bind-invalid-flags
 * Description: Check that unknown flags of the ioctl are refused
 *
 * SUBTEST: bind-invalid-flags-high
 * Description: Check that the highest flag is refused, too
 *
 * SUBTEST: bind-invalid-ops-count-zero
 * Description: Check that an ioctl without operations is refused
 *
 * SUBTEST: bind-invalid-ops-count-huge
 * Description: Check that more operations than the limit are refused
 *
 * SUBTEST: bind-invalid-ops-stride-zero
 * Description: Check that an operation takes some bytes
 *
 * SUBTEST: bind-invalid-ops-stride-small
 * Description: Check that operations can't be smaller than their first version
 *
 * SUBTEST: bind-invalid-ops-stride-unaligned
 * Description: Check that the size of an operation is a multiple of 8
 *
 * SUBTEST: bind-invalid-ops-stride-huge
 * Description: Check that an operation of a gigabyte is refused
 *
 * SUBTEST: bind-invalid-ops-pointer-null
 * Description: Check that operations have to be in readable memory
 *
 * SUBTEST: bind-invalid-ops-pointer
 * Description: Check that a pointer that is none is refused
 *
 * SUBTEST: bind-invalid-syncs
 * Description: Check that binds can't wait or signal yet
 *
 * SUBTEST: bind-invalid-type
 * Description: Check that unknown operations are refused
 *
 * SUBTEST: bind-invalid-type-max
 * Description: Check that the highest operation is none
 *
 * SUBTEST: bind-invalid-op-flags
 * Description: Check that unknown flags of an operation are refused
 *
 * SUBTEST: bind-invalid-op-flags-high
 * Description: Check that the highest flag of an operation is refused, too
 *
 * SUBTEST: bind-invalid-handle-zero
 * Description: Check that there is no buffer 0
 *
 * SUBTEST: bind-invalid-handle
 * Description: Check that an unknown buffer is refused
 *
 * SUBTEST: bind-invalid-pad
 * Description: Check that padding of an operation has to be zero
 *
 * SUBTEST: bind-invalid-va-unaligned
 * Description: Check that addresses are multiples of the page size
 *
 * SUBTEST: bind-invalid-va-half
 * Description: Check that half a page isn't aligned
 *
 * SUBTEST: bind-invalid-va-zero
 * Description: Check that address 0 can't be mapped
 *
 * SUBTEST: bind-invalid-va-end
 * Description: Check that nothing is mapped behind the last address
 *
 * SUBTEST: bind-invalid-va-over-end
 * Description: Check that a mapping doesn't end behind the last address
 *
 * SUBTEST: bind-invalid-va-overflow
 * Description: Check that an address that overflows is refused
 *
 * SUBTEST: bind-invalid-size-zero
 * Description: Check that mappings have bytes
 *
 * SUBTEST: bind-invalid-size-unaligned
 * Description: Check that sizes are multiples of the page size
 *
 * SUBTEST: bind-invalid-size-large
 * Description: Check that a mapping isn't larger than its buffer
 *
 * SUBTEST: bind-invalid-size-overflow
 * Description: Check that a size that overflows is refused
 *
 * SUBTEST: bind-invalid-offset-unaligned
 * Description: Check that offsets are multiples of the page size
 *
 * SUBTEST: bind-invalid-offset-large
 * Description: Check that a mapping ends within its buffer
 *
 * SUBTEST: bind-invalid-offset-overflow
 * Description: Check that an offset that overflows is refused
 *
 * SUBTEST: unmap-invalid-flags
 * Description: Check that flags of mappings are none of unmapping
 *
 * SUBTEST: unmap-invalid-handle
 * Description: Check that unmapping names no buffer
 *
 * SUBTEST: unmap-invalid-pad
 * Description: Check that padding has to be zero when unmapping, too
 *
 * SUBTEST: unmap-invalid-va-unaligned
 * Description: Check that addresses to unmap are aligned
 *
 * SUBTEST: unmap-invalid-va-zero
 * Description: Check that address 0 can't be unmapped
 *
 * SUBTEST: unmap-invalid-va-over-end
 * Description: Check that unmapping ends at the last address
 *
 * SUBTEST: unmap-invalid-size-zero
 * Description: Check that unmapping nothing is refused
 *
 * SUBTEST: unmap-invalid-size-unaligned
 * Description: Check that sizes to unmap are aligned
 *
 * SUBTEST: unmap-invalid-size-overflow
 * Description: Check that a size that overflows is refused when unmapping, too
 *
 * SUBTEST: unmap-invalid-offset
 * Description: Check that unmapping has no offset
 */

#include "igt.h"
#include "igt_carillon.h"

IGT_TEST_DESCRIPTION("Check that jobs reach what is mapped, as it is mapped, and nothing else.");

#define MARK	0x5eed0002
#define PAGE	4096ull
#define VA	0x40000000ull	/* away from the workspace */

/* How a job ends that stores MARK at @va. */
static int store(struct carillon_ws *ws, uint64_t va)
{
	carillon_ws_store(ws, va, MARK);
	return carillon_fence_wait_close(carillon_submit_fd(ws->fd, carillon_ws_job(ws), -1));
}

static int load(struct carillon_ws *ws, uint64_t va)
{
	carillon_ws_copy(ws, carillon_ws_va(ws, 0), va, 4);
	return carillon_fence_wait_close(carillon_submit_fd(ws->fd, carillon_ws_job(ws), -1));
}

struct buffer {
	uint32_t handle;
	uint32_t *map;
};

static struct buffer buffer_create(int fd, uint64_t size)
{
	struct buffer buf = { .handle = carillon_bo_create(fd, size) };

	buf.map = carillon_bo_map(fd, buf.handle, size);
	return buf;
}

static void buffer_destroy(int fd, struct buffer *buf, uint64_t size)
{
	munmap(buf->map, size);
	gem_close(fd, buf->handle);
}

static void test_map(struct carillon_ws *ws)
{
	struct buffer buf = buffer_create(ws->fd, 4 * PAGE);

	carillon_vm_map(ws->fd, ws->vm, buf.handle, VA, 4 * PAGE, 0);
	igt_assert_eq(store(ws, VA + 3 * PAGE), 1);
	igt_assert_eq_u32(buf.map[3 * PAGE / 4], MARK);
	/* Not a byte further. */
	igt_assert_eq(store(ws, VA + 4 * PAGE), -EIO);
	igt_assert_eq(store(ws, VA - 4), -EIO);
	buffer_destroy(ws->fd, &buf, 4 * PAGE);
}

static void test_offset(struct carillon_ws *ws)
{
	struct buffer buf = buffer_create(ws->fd, 4 * PAGE);
	struct drm_carillon_bind_op op = {
		.type = DRM_CARILLON_BIND_MAP,
		.handle = buf.handle,
		.va = VA,
		.size = PAGE,
		.offset = 2 * PAGE,
	};

	igt_assert_eq(__carillon_vm_bind(ws->fd, ws->vm, &op, 1), 0);
	igt_assert_eq(store(ws, VA + 8), 1);
	igt_assert_eq_u32(buf.map[(2 * PAGE + 8) / 4], MARK);
	igt_assert_eq(store(ws, VA + PAGE), -EIO);
	buffer_destroy(ws->fd, &buf, 4 * PAGE);
}

static void test_unmap(struct carillon_ws *ws)
{
	struct buffer buf = buffer_create(ws->fd, 3 * PAGE);

	carillon_vm_map(ws->fd, ws->vm, buf.handle, VA, 3 * PAGE, 0);
	/* Translations are in use, and have to be forgotten. */
	igt_assert_eq(store(ws, VA), 1);
	igt_assert_eq(store(ws, VA + PAGE), 1);
	carillon_vm_unmap(ws->fd, ws->vm, VA + PAGE, PAGE);
	buf.map[0] = 0;
	buf.map[PAGE / 4] = 0;
	igt_assert_eq(store(ws, VA + PAGE), -EIO);
	igt_assert_eq_u32(buf.map[PAGE / 4], 0);
	/* Both sides of the hole are still there. */
	igt_assert_eq(store(ws, VA), 1);
	igt_assert_eq(store(ws, VA + 2 * PAGE), 1);
	/* All of it, and a range that never had anything. */
	carillon_vm_unmap(ws->fd, ws->vm, VA, 3 * PAGE);
	igt_assert_eq(store(ws, VA), -EIO);
	carillon_vm_unmap(ws->fd, ws->vm, VA, 1000 * PAGE);
	buffer_destroy(ws->fd, &buf, 3 * PAGE);
}

static void test_replace(struct carillon_ws *ws)
{
	struct buffer a = buffer_create(ws->fd, 3 * PAGE);
	struct buffer b = buffer_create(ws->fd, PAGE);

	carillon_vm_map(ws->fd, ws->vm, a.handle, VA, 3 * PAGE, 0);
	igt_assert_eq(store(ws, VA + PAGE), 1);
	igt_assert_eq_u32(a.map[PAGE / 4], MARK);
	a.map[PAGE / 4] = 0;
	carillon_vm_map(ws->fd, ws->vm, b.handle, VA + PAGE, PAGE, 0);
	igt_assert_eq(store(ws, VA + PAGE), 1);
	igt_assert_eq_u32(a.map[PAGE / 4], 0);
	igt_assert_eq_u32(b.map[0], MARK);
	igt_assert_eq(store(ws, VA + 2 * PAGE), 1);
	igt_assert_eq_u32(a.map[2 * PAGE / 4], MARK);
	buffer_destroy(ws->fd, &a, 3 * PAGE);
	buffer_destroy(ws->fd, &b, PAGE);
}

static void test_readonly(struct carillon_ws *ws)
{
	struct buffer buf = buffer_create(ws->fd, PAGE);

	buf.map[0] = MARK + 1;
	carillon_vm_map(ws->fd, ws->vm, buf.handle, VA, PAGE, DRM_CARILLON_BIND_READONLY);
	igt_assert_eq(store(ws, VA), -EIO);
	igt_assert_eq_u32(buf.map[0], MARK + 1);
	igt_assert_eq(load(ws, VA), 1);
	igt_assert_eq_u64((uint32_t)*carillon_ws_word(ws, 0), MARK + 1);
	/* Mapped again it can be written, and the other way round. */
	carillon_vm_map(ws->fd, ws->vm, buf.handle, VA, PAGE, 0);
	igt_assert_eq(store(ws, VA), 1);
	carillon_vm_map(ws->fd, ws->vm, buf.handle, VA, PAGE, DRM_CARILLON_BIND_READONLY);
	igt_assert_eq(store(ws, VA), -EIO);
	buffer_destroy(ws->fd, &buf, PAGE);
}

/* The mapping keeps the memory when the handle is gone. */
static void test_closed_handle(struct carillon_ws *ws)
{
	struct buffer buf = buffer_create(ws->fd, PAGE);

	carillon_vm_map(ws->fd, ws->vm, buf.handle, VA, PAGE, 0);
	buffer_destroy(ws->fd, &buf, PAGE);
	igt_assert_eq(store(ws, VA), 1);
	igt_assert_eq(load(ws, VA), 1);
	igt_assert_eq_u64((uint32_t)*carillon_ws_word(ws, 0), MARK);
}

/* The same address means something else in another VM. */
static void test_two_vms(struct carillon_ws *ws)
{
	struct buffer a = buffer_create(ws->fd, PAGE), b = buffer_create(ws->fd, PAGE);
	struct carillon_ws other;

	carillon_ws_init(&other, ws->fd);
	carillon_vm_map(ws->fd, ws->vm, a.handle, VA, PAGE, 0);
	igt_assert_eq(store(&other, VA), -EIO);
	carillon_vm_map(ws->fd, other.vm, b.handle, VA, PAGE, 0);
	igt_assert_eq(store(&other, VA), 1);
	igt_assert_eq_u32(a.map[0], 0);
	igt_assert_eq_u32(b.map[0], MARK);
	carillon_ws_fini(&other);
	buffer_destroy(ws->fd, &a, PAGE);
	buffer_destroy(ws->fd, &b, PAGE);
}

/* The first and the last page that can be mapped. */
static void test_ends(struct carillon_ws *ws)
{
	struct buffer buf = buffer_create(ws->fd, PAGE);
	struct drm_carillon_device_info info;

	carillon_query_device(ws->fd, &info);
	carillon_vm_map(ws->fd, ws->vm, buf.handle, info.va_start, PAGE, 0);
	igt_assert_eq(store(ws, info.va_start), 1);
	carillon_vm_map(ws->fd, ws->vm, buf.handle, info.va_end - PAGE, PAGE, 0);
	igt_assert_eq(store(ws, info.va_end - 4), 1);
	igt_assert_eq_u32(buf.map[PAGE / 4 - 1], MARK);
	buffer_destroy(ws->fd, &buf, PAGE);
}

/* Queues go on working when their VM's number is gone. */
static void test_destroyed_under_queue(int fd)
{
	struct carillon_ws ws;

	carillon_ws_init(&ws, fd);
	carillon_vm_destroy(fd, ws.vm);
	igt_assert_eq(store(&ws, carillon_ws_va(&ws, 5)), 1);
	igt_assert_eq_u64(*carillon_ws_word(&ws, 5), MARK);
	carillon_queue_destroy(fd, ws.queue);
	munmap(ws.map, CARILLON_WS_SIZE);
	gem_close(fd, ws.bo);
}

/* Several operations in one ioctl are done in order. */
static void test_several(struct carillon_ws *ws)
{
	struct buffer buf = buffer_create(ws->fd, 2 * PAGE);
	struct drm_carillon_bind_op ops[3] = {
		{ .handle = buf.handle, .va = VA, .size = 2 * PAGE },
		{ .type = DRM_CARILLON_BIND_UNMAP, .va = VA, .size = 2 * PAGE },
		{ .handle = buf.handle, .va = VA, .size = PAGE, .offset = PAGE },
	};

	igt_assert_eq(__carillon_vm_bind(ws->fd, ws->vm, ops, 3), 0);
	igt_assert_eq(store(ws, VA), 1);
	igt_assert_eq_u32(buf.map[PAGE / 4], MARK);
	igt_assert_eq(store(ws, VA + PAGE), -EIO);
	buffer_destroy(ws->fd, &buf, 2 * PAGE);
}

/* --- What is refused ---------------------------------------------------------- */

struct args {
	struct drm_carillon_vm_bind bind;
	struct drm_carillon_bind_op op;
};

#define BAD(member, val, err, name, what) \
	CARILLON_BAD(struct args, member, val, err, name, what)

/* In arguments that map two pages at VA. */
static const struct carillon_bad bad_map[] = {
	BAD(bind.vm_id, 0, ENOENT, "bind-invalid-vm-zero", "there is no VM 0"),
	BAD(bind.vm_id, 0x7fffffff, ENOENT, "bind-invalid-vm", "an unknown VM is refused"),
	BAD(bind.flags, 1, EINVAL, "bind-invalid-flags", "unknown flags of the ioctl are refused"),
	BAD(bind.flags, 1u << 31, EINVAL, "bind-invalid-flags-high", "the highest flag is refused, too"),
	BAD(bind.ops.count, 0, EINVAL, "bind-invalid-ops-count-zero", "an ioctl without operations is refused"),
	BAD(bind.ops.count, UINT32_MAX, EINVAL, "bind-invalid-ops-count-huge", "more operations than the limit are refused"),
	BAD(bind.ops.stride, 0, EINVAL, "bind-invalid-ops-stride-zero", "an operation takes some bytes"),
	BAD(bind.ops.stride, sizeof(struct drm_carillon_bind_op) - 8, EINVAL, "bind-invalid-ops-stride-small", "operations can't be smaller than their first version"),
	BAD(bind.ops.stride, sizeof(struct drm_carillon_bind_op) + 4, EINVAL, "bind-invalid-ops-stride-unaligned", "the size of an operation is a multiple of 8"),
	BAD(bind.ops.stride, 1u << 30, E2BIG, "bind-invalid-ops-stride-huge", "an operation of a gigabyte is refused"),
	BAD(bind.ops.array, 0, EFAULT, "bind-invalid-ops-pointer-null", "operations have to be in readable memory"),
	BAD(bind.ops.array, 0xdead000000000000, EFAULT, "bind-invalid-ops-pointer", "a pointer that is none is refused"),
	BAD(bind.syncs.count, 1, EINVAL, "bind-invalid-syncs", "binds can't wait or signal yet"),
	BAD(op.type, 2, EINVAL, "bind-invalid-type", "unknown operations are refused"),
	BAD(op.type, UINT32_MAX, EINVAL, "bind-invalid-type-max", "the highest operation is none"),
	BAD(op.flags, 1u << 1, EINVAL, "bind-invalid-op-flags", "unknown flags of an operation are refused"),
	BAD(op.flags, 1u << 31, EINVAL, "bind-invalid-op-flags-high", "the highest flag of an operation is refused, too"),
	BAD(op.handle, 0, ENOENT, "bind-invalid-handle-zero", "there is no buffer 0"),
	BAD(op.handle, 0x7fffffff, ENOENT, "bind-invalid-handle", "an unknown buffer is refused"),
	BAD(op.pad, 1, EINVAL, "bind-invalid-pad", "padding of an operation has to be zero"),
	BAD(op.va, VA + 1, EINVAL, "bind-invalid-va-unaligned", "addresses are multiples of the page size"),
	BAD(op.va, VA + PAGE / 2, EINVAL, "bind-invalid-va-half", "half a page isn't aligned"),
	BAD(op.va, 0, EINVAL, "bind-invalid-va-zero", "address 0 can't be mapped"),
	BAD(op.va, 1ull << CRLN_VA_BITS, EINVAL, "bind-invalid-va-end", "nothing is mapped behind the last address"),
	BAD(op.va, (1ull << CRLN_VA_BITS) - PAGE, EINVAL, "bind-invalid-va-over-end", "a mapping doesn't end behind the last address"),
	BAD(op.va, 0 - PAGE, EINVAL, "bind-invalid-va-overflow", "an address that overflows is refused"),
	BAD(op.size, 0, EINVAL, "bind-invalid-size-zero", "mappings have bytes"),
	BAD(op.size, PAGE + 1, EINVAL, "bind-invalid-size-unaligned", "sizes are multiples of the page size"),
	BAD(op.size, 3 * PAGE, EINVAL, "bind-invalid-size-large", "a mapping isn't larger than its buffer"),
	BAD(op.size, 0 - PAGE, EINVAL, "bind-invalid-size-overflow", "a size that overflows is refused"),
	BAD(op.offset, 1, EINVAL, "bind-invalid-offset-unaligned", "offsets are multiples of the page size"),
	BAD(op.offset, PAGE, EINVAL, "bind-invalid-offset-large", "a mapping ends within its buffer"),
	BAD(op.offset, 0 - PAGE, EINVAL, "bind-invalid-offset-overflow", "an offset that overflows is refused"),
};

/* In arguments that unmap two pages at VA. */
static const struct carillon_bad bad_unmap[] = {
	BAD(op.flags, DRM_CARILLON_BIND_READONLY, EINVAL, "unmap-invalid-flags", "flags of mappings are none of unmapping"),
	BAD(op.handle, 1, EINVAL, "unmap-invalid-handle", "unmapping names no buffer"),
	BAD(op.pad, 1, EINVAL, "unmap-invalid-pad", "padding has to be zero when unmapping, too"),
	BAD(op.va, VA + 1, EINVAL, "unmap-invalid-va-unaligned", "addresses to unmap are aligned"),
	BAD(op.va, 0, EINVAL, "unmap-invalid-va-zero", "address 0 can't be unmapped"),
	BAD(op.va, (1ull << CRLN_VA_BITS) - PAGE, EINVAL, "unmap-invalid-va-over-end", "unmapping ends at the last address"),
	BAD(op.size, 0, EINVAL, "unmap-invalid-size-zero", "unmapping nothing is refused"),
	BAD(op.size, PAGE + 1, EINVAL, "unmap-invalid-size-unaligned", "sizes to unmap are aligned"),
	BAD(op.size, 0 - PAGE, EINVAL, "unmap-invalid-size-overflow", "a size that overflows is refused when unmapping, too"),
	BAD(op.offset, PAGE, EINVAL, "unmap-invalid-offset", "unmapping has no offset"),
};

static int bind_args(struct carillon_ws *ws, uint32_t type, uint32_t handle,
		     const struct carillon_bad *bad)
{
	struct args args = {
		.bind = { .vm_id = ws->vm },
		.op = {
			.type = type,
			.handle = type == DRM_CARILLON_BIND_MAP ? handle : 0,
			.va = VA,
			.size = 2 * PAGE,
		},
	};

	args.bind.ops = (struct drm_carillon_obj_array)DRM_CARILLON_OBJ_ARRAY(1, &args.op);
	if (bad)
		carillon_poke(&args, bad);
	return __carillon_ioctl(ws->fd, DRM_IOCTL_CARILLON_VM_BIND, &args.bind);
}

/* Refused, and nothing has changed; without what is bad it works. */
static void test_bad(struct carillon_ws *ws, uint32_t type, const struct carillon_bad *bad)
{
	struct buffer buf = buffer_create(ws->fd, 2 * PAGE);
	bool map = type == DRM_CARILLON_BIND_MAP;

	if (!map)
		carillon_vm_map(ws->fd, ws->vm, buf.handle, VA, 2 * PAGE, 0);
	igt_assert_eq(bind_args(ws, type, buf.handle, bad), -bad->error);
	igt_assert_eq(store(ws, VA), map ? -EIO : 1);
	igt_assert_eq(bind_args(ws, type, buf.handle, NULL), 0);
	igt_assert_eq(store(ws, VA), map ? 1 : -EIO);
	buffer_destroy(ws->fd, &buf, 2 * PAGE);
}

/* A bad operation refuses the good one before it. */
static void test_bad_second(struct carillon_ws *ws)
{
	struct buffer buf = buffer_create(ws->fd, PAGE);
	struct drm_carillon_bind_op ops[2] = {
		{ .handle = buf.handle, .va = VA, .size = PAGE },
		{ .handle = buf.handle, .va = VA + PAGE, .size = PAGE, .pad = 1 },
	};

	igt_assert_eq(__carillon_vm_bind(ws->fd, ws->vm, ops, 2), -EINVAL);
	igt_assert_eq(store(ws, VA), -EIO);
	buffer_destroy(ws->fd, &buf, PAGE);
}

static void test_larger_op(struct carillon_ws *ws)
{
	struct buffer buf = buffer_create(ws->fd, PAGE);
	struct {
		struct drm_carillon_bind_op op;
		uint64_t future;
	} large = { .op = { .handle = buf.handle, .va = VA, .size = PAGE }, .future = 1 };
	struct drm_carillon_vm_bind args = {
		.vm_id = ws->vm,
		.ops = DRM_CARILLON_OBJ_ARRAY(1, &large),
	};

	igt_assert_eq(__carillon_ioctl(ws->fd, DRM_IOCTL_CARILLON_VM_BIND, &args), -E2BIG);
	igt_assert_eq(store(ws, VA), -EIO);
	large.future = 0;
	igt_assert_eq(__carillon_ioctl(ws->fd, DRM_IOCTL_CARILLON_VM_BIND, &args), 0);
	igt_assert_eq(store(ws, VA), 1);
	buffer_destroy(ws->fd, &buf, PAGE);
}

static void test_foreign(struct carillon_ws *ws)
{
	int fd = drm_reopen_driver(ws->fd);
	uint32_t handle = carillon_bo_create(fd, PAGE), vm = carillon_vm_create(fd), own;
	struct drm_carillon_bind_op op = { .handle = handle, .va = VA, .size = PAGE };

	/* Numbers of the other file that this one doesn't have. */
	gem_close(ws->fd, own = carillon_bo_create(ws->fd, PAGE));
	while (handle <= own)
		handle = carillon_bo_create(fd, PAGE);
	while (vm <= ws->vm)
		vm = carillon_vm_create(fd);
	op.handle = handle;
	igt_assert_eq(__carillon_vm_bind(ws->fd, ws->vm, &op, 1), -ENOENT);
	igt_assert_eq(__carillon_vm_bind(ws->fd, vm, &op, 1), -ENOENT);
	igt_assert_eq(__carillon_vm_bind(fd, vm, &op, 1), 0);
	drm_close_driver(fd);
}

static int create(int fd, uint32_t flags)
{
	struct drm_carillon_vm_create args = { .flags = flags };

	return __carillon_ioctl(fd, DRM_IOCTL_CARILLON_VM_CREATE, &args);
}

static int destroy(int fd, uint32_t id, uint32_t pad)
{
	struct drm_carillon_vm_destroy args = { .id = id, .pad = pad };

	return __carillon_ioctl(fd, DRM_IOCTL_CARILLON_VM_DESTROY, &args);
}

static void test_invalid_destroy(int fd)
{
	int other = drm_reopen_driver(fd);
	uint32_t vm = carillon_vm_create(fd);

	igt_assert_eq(destroy(fd, 0, 0), -ENOENT);
	igt_assert_eq(destroy(fd, 0x7fffffff, 0), -ENOENT);
	igt_assert_eq(destroy(fd, UINT32_MAX, 0), -ENOENT);
	igt_assert_eq(destroy(fd, vm, 1), -EINVAL);
	igt_assert_eq(destroy(other, vm, 0), -ENOENT);
	igt_assert_eq(destroy(fd, vm, 0), 0);
	igt_assert_eq(destroy(fd, vm, 0), -ENOENT);
	drm_close_driver(other);
}

int igt_main()
{
	struct carillon_ws ws;
	int fd = -1;

	igt_fixture()
		fd = drm_open_driver_render(DRIVER_ANY);

#define SUBTEST(name, what, call)				\
	igt_describe(what);					\
	igt_subtest(name) {					\
		carillon_ws_init(&ws, fd);			\
		call;						\
		carillon_ws_fini(&ws);				\
	}

	SUBTEST("map", "Check that jobs reach a mapping from its first to its last byte",
		test_map(&ws));
	SUBTEST("map-offset", "Check that a part of a buffer can be mapped", test_offset(&ws));
	SUBTEST("map-ends", "Check that the first and the last page can be mapped",
		test_ends(&ws));
	SUBTEST("map-several", "Check that operations are done in order", test_several(&ws));
	SUBTEST("unmap", "Check that jobs don't reach what was unmapped", test_unmap(&ws));
	SUBTEST("replace", "Check that a mapping replaces what was there", test_replace(&ws));
	SUBTEST("readonly", "Check that jobs can't write to a read-only mapping",
		test_readonly(&ws));
	SUBTEST("closed-handle", "Check that a mapping keeps the memory of its buffer",
		test_closed_handle(&ws));
	SUBTEST("two-vms", "Check that address spaces are apart", test_two_vms(&ws));
	SUBTEST("bad-second-op", "Check that a bad operation refuses those before it",
		test_bad_second(&ws));
	SUBTEST("larger-op", "Check that a larger operation is fine if what is new is zero",
		test_larger_op(&ws));
	SUBTEST("foreign", "Check that buffers and VMs of another file are refused",
		test_foreign(&ws));

	igt_describe("Check that queues keep their address space");
	igt_subtest("destroyed-under-queue")
		test_destroyed_under_queue(fd);

	igt_describe("Check that unknown flags of VMs are refused");
	igt_subtest("create-invalid-flags") {
		igt_assert_eq(create(fd, 1), -EINVAL);
		igt_assert_eq(create(fd, 1u << 31), -EINVAL);
	}

	igt_describe("Check that only VMs of this file can be destroyed, and once");
	igt_subtest("destroy-invalid")
		test_invalid_destroy(fd);

	for (int i = 0; i < ARRAY_SIZE(bad_map); i++) {
		igt_describe_f("Check that %s", bad_map[i].what);
		igt_subtest(bad_map[i].name) {
			carillon_ws_init(&ws, fd);
			test_bad(&ws, DRM_CARILLON_BIND_MAP, &bad_map[i]);
			carillon_ws_fini(&ws);
		}
	}
	for (int i = 0; i < ARRAY_SIZE(bad_unmap); i++) {
		igt_describe_f("Check that %s", bad_unmap[i].what);
		igt_subtest(bad_unmap[i].name) {
			carillon_ws_init(&ws, fd);
			test_bad(&ws, DRM_CARILLON_BIND_UNMAP, &bad_unmap[i]);
			carillon_ws_fini(&ws);
		}
	}

	igt_fixture()
		drm_close_driver(fd);
}
