// SPDX-License-Identifier: MIT
/**
 * TEST: Buffers: made, mapped, given away
 * Category: Core
 * Mega feature: General Core features
 * Sub-category: Memory management tests
 * Functionality: buffers
 * Test category: functionality test
 * Description: Check that buffers can be made, mapped and shared, and by whom.
 *
 * SUBTEST: rounded
 * Description: Check that sizes are rounded up to pages
 *
 * SUBTEST: zeroed
 * Description: Check that new buffers are zeros
 *
 * SUBTEST: map-after-close
 * Description: Check that a mapping outlives its handle
 *
 * SUBTEST: prime-mmap
 * Description: Check that a buffer can be given away and mapped
 *
 * SUBTEST: foreign-offset
 * Description: Check that another file can't map a buffer by its offset
 *
 * SUBTEST: foreign-handle
 * Description: Check that handles of another file are refused
 *
 * SUBTEST: mapping-too-long
 * Description: Check that a mapping can't be longer than its buffer
 *
 * SUBTEST: create-invalid-size-zero
 * Description: Check that buffers without bytes are refused
 *
 * SUBTEST: create-invalid-size-huge
 * Description: Check that buffers larger than all addresses are refused
 *
 * SUBTEST: create-invalid-flags
 * Description: Check that unknown flags of buffers are refused
 *
 * SUBTEST: mmap-invalid-flags
 * Description: Check that unknown flags of mappings are refused
 *
 * SUBTEST: mmap-invalid-handle
 * Description: Check that handles of nothing are refused
 */

#include <fcntl.h>

#include "igt.h"
#include "igt_carillon.h"

IGT_TEST_DESCRIPTION("Check that buffers can be made, mapped and shared, and by whom.");

#define PAGE	4096

static int create(int fd, uint64_t size, uint32_t flags, struct drm_carillon_bo_create *args)
{
	*args = (struct drm_carillon_bo_create){ .size = size, .flags = flags };
	return __carillon_ioctl(fd, DRM_IOCTL_CARILLON_BO_CREATE, args);
}

static int mmap_offset(int fd, uint32_t handle, uint32_t flags, uint64_t *offset)
{
	struct drm_carillon_bo_mmap_offset args = { .handle = handle, .flags = flags };
	int err = __carillon_ioctl(fd, DRM_IOCTL_CARILLON_BO_MMAP_OFFSET, &args);

	*offset = args.offset;
	return err;
}

static void test_rounded(int fd)
{
	struct drm_carillon_bo_create args;

	igt_assert_eq(create(fd, 1, 0, &args), 0);
	igt_assert_eq_u64(args.size, PAGE);
	gem_close(fd, args.handle);
	igt_assert_eq(create(fd, PAGE + 1, 0, &args), 0);
	igt_assert_eq_u64(args.size, 2 * PAGE);
	gem_close(fd, args.handle);
}

/* Memory that somebody else wrote to doesn't come back with its content. */
static void test_zeroed(int fd)
{
	const size_t size = 64 * PAGE;

	for (int round = 0; round < 4; round++) {
		uint32_t handle = carillon_bo_create(fd, size);
		uint8_t *map = carillon_bo_map(fd, handle, size);

		for (size_t i = 0; i < size; i++)
			igt_assert_eq(map[i], 0);
		memset(map, 0xa5, size);
		munmap(map, size);
		gem_close(fd, handle);
	}
}

/* A mapping outlives the handle. */
static void test_map_after_close(int fd)
{
	uint32_t handle = carillon_bo_create(fd, PAGE);
	uint8_t *map = carillon_bo_map(fd, handle, PAGE);

	map[7] = 7;
	gem_close(fd, handle);
	igt_assert_eq(map[7], 7);
	munmap(map, PAGE);
}

static void test_prime(int fd)
{
	uint32_t handle = carillon_bo_create(fd, PAGE);
	uint8_t *map = carillon_bo_map(fd, handle, PAGE), *shared;
	int dmabuf;

	igt_assert_eq(drmPrimeHandleToFD(fd, handle, DRM_CLOEXEC | DRM_RDWR, &dmabuf), 0);
	shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, dmabuf, 0);
	igt_assert(shared != MAP_FAILED);
	map[100] = 1;
	igt_assert_eq(shared[100], 1);
	shared[100] = 2;
	igt_assert_eq(map[100], 2);
	igt_assert_eq(lseek(dmabuf, 0, SEEK_END), PAGE);
	munmap(shared, PAGE);
	munmap(map, PAGE);
	close(dmabuf);
	gem_close(fd, handle);
}

/* Another file needs a handle of its own before it may map. */
static void test_foreign_offset(int fd)
{
	uint32_t handle = carillon_bo_create(fd, PAGE);
	int other = drm_reopen_driver(fd);
	uint64_t offset;

	igt_assert_eq(mmap_offset(fd, handle, 0, &offset), 0);
	igt_assert(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, other, offset) == MAP_FAILED);
	igt_assert_eq(errno, EACCES);
	drm_close_driver(other);
	gem_close(fd, handle);
}

static void test_foreign_handle(int fd)
{
	uint32_t handle = carillon_bo_create(fd, PAGE);
	int other = drm_reopen_driver(fd);
	uint64_t offset;

	igt_assert_eq(mmap_offset(other, handle, 0, &offset), -ENOENT);
	drm_close_driver(other);
	gem_close(fd, handle);
}

static void test_mapping_too_long(int fd)
{
	uint32_t handle = carillon_bo_create(fd, PAGE);
	uint64_t offset;

	igt_assert_eq(mmap_offset(fd, handle, 0, &offset), 0);
	igt_assert(mmap(NULL, 16 * PAGE, PROT_READ, MAP_SHARED, fd, offset) == MAP_FAILED);
	gem_close(fd, handle);
}

int igt_main()
{
	struct drm_carillon_bo_create args;
	uint64_t offset;
	int fd = -1;

	igt_fixture()
		fd = drm_open_driver_render(DRIVER_ANY);

	igt_describe("Check that sizes are rounded up to pages");
	igt_subtest("rounded")
		test_rounded(fd);

	igt_describe("Check that new buffers are zeros");
	igt_subtest("zeroed")
		test_zeroed(fd);

	igt_describe("Check that a mapping outlives its handle");
	igt_subtest("map-after-close")
		test_map_after_close(fd);

	igt_describe("Check that a buffer can be given away and mapped");
	igt_subtest("prime-mmap")
		test_prime(fd);

	igt_describe("Check that another file can't map a buffer by its offset");
	igt_subtest("foreign-offset")
		test_foreign_offset(fd);

	igt_describe("Check that handles of another file are refused");
	igt_subtest("foreign-handle")
		test_foreign_handle(fd);

	igt_describe("Check that a mapping can't be longer than its buffer");
	igt_subtest("mapping-too-long")
		test_mapping_too_long(fd);

	igt_describe("Check that buffers without bytes are refused");
	igt_subtest("create-invalid-size-zero")
		igt_assert_eq(create(fd, 0, 0, &args), -EINVAL);

	igt_describe("Check that buffers larger than all addresses are refused");
	igt_subtest("create-invalid-size-huge") {
		igt_assert_eq(create(fd, UINT64_MAX, 0, &args), -EINVAL);
		igt_assert_eq(create(fd, 1ull << 63, 0, &args), -EINVAL);
	}

	igt_describe("Check that unknown flags of buffers are refused");
	igt_subtest("create-invalid-flags") {
		igt_assert_eq(create(fd, PAGE, 1, &args), -EINVAL);
		igt_assert_eq(create(fd, PAGE, 1u << 31, &args), -EINVAL);
	}

	igt_describe("Check that unknown flags of mappings are refused");
	igt_subtest("mmap-invalid-flags") {
		uint32_t handle = carillon_bo_create(fd, PAGE);

		igt_assert_eq(mmap_offset(fd, handle, 1, &offset), -EINVAL);
		igt_assert_eq(mmap_offset(fd, handle, 1u << 31, &offset), -EINVAL);
		gem_close(fd, handle);
	}

	igt_describe("Check that handles of nothing are refused");
	igt_subtest("mmap-invalid-handle") {
		igt_assert_eq(mmap_offset(fd, 0, 0, &offset), -ENOENT);
		igt_assert_eq(mmap_offset(fd, 0x7fffffff, 0, &offset), -ENOENT);
	}

	igt_fixture()
		drm_close_driver(fd);
}
