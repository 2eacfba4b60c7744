// SPDX-License-Identifier: MIT
/**
 * TEST: Buffers shared with others: imported, exported, and the fences on them
 * Category: Core
 * Mega feature: General Core features
 * Sub-category: Memory management tests
 * Functionality: buffers, dma-buf, fences
 * Test category: functionality test
 * Description: Check that jobs use buffers of others, and others buffers of ours, with fences in between.
 *
 * SUBTEST: udmabuf-scattered
 * Description: Check that pages in any order are seen in the buffer's order
 *
 * SUBTEST: self-import
 * Description: Check that a buffer of ours that comes back is the one it was
 *
 * SUBTEST: export-to-vgem
 * Description: Check that another driver can have a buffer of ours, and keeps it
 *
 * SUBTEST: vgem-fence-out-busy
 * Description: Check that another driver finds the fence of our job on its buffer
 *
 * SUBTEST: vgem-fence-in
 * Description: Check that a job waits for the fence of another driver on its buffer
 *
 * SUBTEST: import-invalid-fd
 * Description: Check that what is no descriptor can't be imported
 *
 * SUBTEST: import-invalid-file
 * Description: Check that a descriptor of something else can't be imported
 *
 * SUBTEST: udmabuf-write
 * Description: Check that jobs write pages of a memfd
 *
 * SUBTEST: udmabuf-read
 * Description: Check that jobs read pages of a memfd
 *
 * SUBTEST: udmabuf-large
 * Description: Check that jobs see each of thousands of pages of a memfd where it belongs
 *
 * SUBTEST: udmabuf-offset
 * Description: Check that a part can be bound of pages of a memfd
 *
 * SUBTEST: udmabuf-readonly
 * Description: Check that jobs can't write where only reading was asked for in pages of a memfd
 *
 * SUBTEST: udmabuf-exporter-closed
 * Description: Check that a VM alone keeps pages of a memfd
 *
 * SUBTEST: udmabuf-mmap
 * Description: Check that the CPU can map, by our handle, pages of a memfd
 *
 * SUBTEST: udmabuf-twice
 * Description: Check that a file has one handle, and two files can have one each, of pages of a memfd
 *
 * SUBTEST: udmabuf-reexport
 * Description: Check that exporting again what was imported gives the same pages of a memfd
 *
 * SUBTEST: udmabuf-fence-out
 * Description: Check that others wait for the fence of our job on pages of a memfd
 *
 * SUBTEST: udmabuf-fence-out-read
 * Description: Check that readers don't wait for a job that reads pages of a memfd
 *
 * SUBTEST: udmabuf-beyond-size
 * Description: Check that nothing can be bound beyond the end of pages of a memfd
 *
 * SUBTEST: vgem-write
 * Description: Check that jobs write pages of another DRM driver
 *
 * SUBTEST: vgem-read
 * Description: Check that jobs read pages of another DRM driver
 *
 * SUBTEST: vgem-large
 * Description: Check that jobs see each of thousands of pages of another DRM driver where it belongs
 *
 * SUBTEST: vgem-offset
 * Description: Check that a part can be bound of pages of another DRM driver
 *
 * SUBTEST: vgem-readonly
 * Description: Check that jobs can't write where only reading was asked for in pages of another DRM driver
 *
 * SUBTEST: vgem-exporter-closed
 * Description: Check that a VM alone keeps pages of another DRM driver
 *
 * SUBTEST: vgem-mmap
 * Description: Check that the CPU can map, by our handle, pages of another DRM driver
 *
 * SUBTEST: vgem-twice
 * Description: Check that a file has one handle, and two files can have one each, of pages of another DRM driver
 *
 * SUBTEST: vgem-reexport
 * Description: Check that exporting again what was imported gives the same pages of another DRM driver
 *
 * SUBTEST: vgem-fence-out
 * Description: Check that others wait for the fence of our job on pages of another DRM driver
 *
 * SUBTEST: vgem-fence-out-read
 * Description: Check that readers don't wait for a job that reads pages of another DRM driver
 *
 * SUBTEST: vgem-beyond-size
 * Description: Check that nothing can be bound beyond the end of pages of another DRM driver
 *
 * SUBTEST: heap-write
 * Description: Check that jobs write pages of the system heap
 *
 * SUBTEST: heap-read
 * Description: Check that jobs read pages of the system heap
 *
 * SUBTEST: heap-large
 * Description: Check that jobs see each of thousands of pages of the system heap where it belongs
 *
 * SUBTEST: heap-offset
 * Description: Check that a part can be bound of pages of the system heap
 *
 * SUBTEST: heap-readonly
 * Description: Check that jobs can't write where only reading was asked for in pages of the system heap
 *
 * SUBTEST: heap-exporter-closed
 * Description: Check that a VM alone keeps pages of the system heap
 *
 * SUBTEST: heap-mmap
 * Description: Check that the CPU can map, by our handle, pages of the system heap
 *
 * SUBTEST: heap-twice
 * Description: Check that a file has one handle, and two files can have one each, of pages of the system heap
 *
 * SUBTEST: heap-reexport
 * Description: Check that exporting again what was imported gives the same pages of the system heap
 *
 * SUBTEST: heap-fence-out
 * Description: Check that others wait for the fence of our job on pages of the system heap
 *
 * SUBTEST: heap-fence-out-read
 * Description: Check that readers don't wait for a job that reads pages of the system heap
 *
 * SUBTEST: heap-beyond-size
 * Description: Check that nothing can be bound beyond the end of pages of the system heap
 */

#include <drm/vgem_drm.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <poll.h>
#include <sys/stat.h>

#include "igt.h"
#include "igt_carillon.h"
#include "igt_carillon_dmabuf.h"
#include "sw_sync.h"

IGT_TEST_DESCRIPTION("Check that jobs use buffers of others, and others buffers of ours, with fences in between.");

#define PAGE		4096
#define WORDS		(PAGE / 4)
#define SIZE		(16 * PAGE)
/* Under an IOMMU each of its pages is mapped by itself. */
#define LARGE		(16 << 20)
#define VA		CARILLON_SHARED_VA
#define MARK		0x5eed0005

static int run(struct carillon_ws *ws)
{
	return carillon_fence_wait_close(carillon_submit_fd(ws->fd, carillon_ws_job(ws), -1));
}

/* A job that waits for word 0 to become 1. */
static struct drm_carillon_job blocked_job(struct carillon_ws *ws)
{
	*carillon_ws_word(ws, 0) = 0;
	carillon_ws_sem_wait(ws, carillon_ws_va(ws, 0), 1);
	return carillon_ws_job(ws);
}

static void unblock(struct carillon_ws *ws)
{
	*carillon_ws_word(ws, 0) = 1;
}

static ino_t inode_of(int dmabuf)
{
	struct stat st;

	igt_assert_eq(fstat(dmabuf, &st), 0);
	return st.st_ino;
}

static int bind_at(struct carillon_ws *ws, uint32_t handle, uint64_t offset, uint64_t size)
{
	struct drm_carillon_bind_op op = {
		.type = DRM_CARILLON_BIND_MAP,
		.handle = handle,
		.va = VA,
		.size = size,
		.offset = offset,
	};

	return __carillon_vm_bind(ws->fd, ws->vm, &op, 1);
}

/* --- Jobs and buffers of others --------------------------------------------------- */

static void test_write(struct carillon_ws *ws, const struct carillon_exporter *exporter)
{
	struct carillon_shared s;

	carillon_shared_init(&s, ws, carillon_exporter_create(exporter, SIZE), SIZE);
	memset(s.map, 0, SIZE);
	for (int i = 0; i < SIZE / PAGE; i++)
		carillon_ws_store(ws, VA + i * PAGE + 4 * i, carillon_page_value(i));
	igt_assert_eq(run(ws), 1);
	for (int i = 0; i < SIZE / 4; i++)
		igt_assert_eq_u32(s.map[i], i % (WORDS + 1) ? 0 : carillon_page_value(i / WORDS));
	carillon_shared_fini(&s, ws);
}

static void test_read(struct carillon_ws *ws, const struct carillon_exporter *exporter)
{
	uint32_t own = carillon_bo_create(ws->fd, SIZE);
	uint32_t *copy = carillon_bo_map(ws->fd, own, SIZE);
	struct carillon_shared s;

	carillon_shared_init(&s, ws, carillon_exporter_create(exporter, SIZE), SIZE);
	carillon_fill_pages(s.map, SIZE);
	carillon_vm_map(ws->fd, ws->vm, own, VA + SIZE, SIZE, 0);
	carillon_ws_copy(ws, VA + SIZE, VA, SIZE);
	igt_assert_eq(run(ws), 1);
	carillon_check_pages(copy, SIZE);
	carillon_vm_unmap(ws->fd, ws->vm, VA + SIZE, SIZE);
	carillon_shared_fini(&s, ws);
	munmap(copy, SIZE);
	gem_close(ws->fd, own);
}

/* From one import to another; no page is somebody else's. */
static void test_large(struct carillon_ws *ws, const struct carillon_exporter *exporter)
{
	int dmabuf = carillon_exporter_create(exporter, LARGE);
	uint32_t handle = carillon_import(ws->fd, dmabuf);
	uint32_t *copy = carillon_dmabuf_map(dmabuf, LARGE);
	struct carillon_shared s;

	carillon_shared_init(&s, ws, carillon_exporter_create(exporter, LARGE), LARGE);
	carillon_fill_pages(s.map, LARGE);
	carillon_vm_map(ws->fd, ws->vm, handle, VA + LARGE, LARGE, 0);
	carillon_ws_copy(ws, VA + LARGE, VA, LARGE);
	igt_assert_eq(run(ws), 1);
	carillon_check_pages(copy, LARGE);
	carillon_vm_unmap(ws->fd, ws->vm, VA + LARGE, LARGE);
	carillon_shared_fini(&s, ws);
	carillon_dmabuf_unmap(dmabuf, copy, LARGE);
	gem_close(ws->fd, handle);
	close(dmabuf);
}

/* Two pages out of the middle. */
static void test_offset(struct carillon_ws *ws, const struct carillon_exporter *exporter)
{
	int dmabuf = carillon_exporter_create(exporter, SIZE);
	uint32_t handle = carillon_import(ws->fd, dmabuf);
	uint32_t *map = carillon_dmabuf_map(dmabuf, SIZE);

	carillon_fill_pages(map, SIZE);
	igt_assert_eq(bind_at(ws, handle, 5 * PAGE, 2 * PAGE), 0);
	carillon_ws_copy(ws, carillon_ws_va(ws, 8), VA, 8);
	carillon_ws_copy(ws, carillon_ws_va(ws, 9), VA + PAGE, 8);
	igt_assert_eq(run(ws), 1);
	igt_assert_eq_u32(*carillon_ws_word(ws, 8), carillon_page_value(5));
	igt_assert_eq_u32(*carillon_ws_word(ws, 9), carillon_page_value(6));
	carillon_check_pages(map, SIZE);

	/* And the page behind them isn't there. */
	carillon_ws_store(ws, VA + 2 * PAGE, 0);
	igt_assert_eq(run(ws), -EIO);
	carillon_check_pages(map, SIZE);
	carillon_vm_unmap(ws->fd, ws->vm, VA, 2 * PAGE);
	carillon_dmabuf_unmap(dmabuf, map, SIZE);
	gem_close(ws->fd, handle);
	close(dmabuf);
}

/* Nobody but the mapping in the VM keeps it. */
static void test_exporter_closed(struct carillon_ws *ws, const struct carillon_exporter *exporter)
{
	int dmabuf = carillon_exporter_create(exporter, SIZE);
	uint32_t handle = carillon_import(ws->fd, dmabuf);
	uint32_t *map = carillon_dmabuf_map(dmabuf, SIZE);

	carillon_fill_pages(map, SIZE);
	carillon_dmabuf_unmap(dmabuf, map, SIZE);
	close(dmabuf);
	carillon_vm_map(ws->fd, ws->vm, handle, VA, SIZE, 0);
	gem_close(ws->fd, handle);
	for (int i = 0; i < SIZE / PAGE; i++)
		carillon_ws_copy(ws, carillon_ws_va(ws, 8 + i), VA + i * PAGE, 8);
	igt_assert_eq(run(ws), 1);
	for (int i = 0; i < SIZE / PAGE; i++)
		igt_assert_eq_u32(*carillon_ws_word(ws, 8 + i), carillon_page_value(i));
	carillon_vm_unmap(ws->fd, ws->vm, VA, SIZE);
}

static void test_mmap(struct carillon_ws *ws, const struct carillon_exporter *exporter)
{
	struct carillon_shared s;
	uint32_t *map;

	carillon_shared_init(&s, ws, carillon_exporter_create(exporter, SIZE), SIZE);
	map = carillon_bo_map(ws->fd, s.handle, SIZE);
	carillon_fill_pages(s.map, SIZE);
	carillon_check_pages(map, SIZE);
	memset(map, 0, SIZE);
	carillon_shared_fini(&s, ws);
	/* It outlives handle and descriptor. */
	for (int i = 0; i < SIZE / 4; i++)
		igt_assert_eq_u32(map[i], 0);
	munmap(map, SIZE);
}

static void test_readonly(struct carillon_ws *ws, const struct carillon_exporter *exporter)
{
	int dmabuf = carillon_exporter_create(exporter, SIZE);
	uint32_t handle = carillon_import(ws->fd, dmabuf);
	uint32_t *map = carillon_dmabuf_map(dmabuf, SIZE);

	carillon_fill_pages(map, SIZE);
	carillon_vm_map(ws->fd, ws->vm, handle, VA, SIZE, DRM_CARILLON_BIND_READONLY);
	carillon_ws_store(ws, VA, 0);
	igt_assert_eq(run(ws), -EIO);
	carillon_check_pages(map, SIZE);
	carillon_vm_unmap(ws->fd, ws->vm, VA, SIZE);
	carillon_dmabuf_unmap(dmabuf, map, SIZE);
	gem_close(ws->fd, handle);
	close(dmabuf);
}

/* Single pages in a mixed order: each has an entry of its own in the table. */
static void test_scattered(struct carillon_ws *ws)
{
	const unsigned int num = 512;
	uint32_t own = carillon_bo_create(ws->fd, num * PAGE);
	uint32_t *copy = carillon_bo_map(ws->fd, own, num * PAGE);
	struct carillon_shared s;

	carillon_shared_init(&s, ws, carillon_udmabuf_shuffled(num * PAGE), num * PAGE);
	carillon_vm_map(ws->fd, ws->vm, own, VA + LARGE, num * PAGE, 0);
	carillon_ws_copy(ws, VA + LARGE, VA, num * PAGE);
	igt_assert_eq(run(ws), 1);
	for (unsigned int i = 0; i < num; i++)
		igt_assert_eq_u32(copy[i * WORDS], carillon_udmabuf_piece(i, num));
	carillon_vm_unmap(ws->fd, ws->vm, VA + LARGE, num * PAGE);
	carillon_shared_fini(&s, ws);
	munmap(copy, num * PAGE);
	gem_close(ws->fd, own);
}

/* --- Handles ---------------------------------------------------------------------- */

static void test_self_import(struct carillon_ws *ws)
{
	int dmabuf = carillon_export(ws->fd, ws->bo), other = drm_reopen_driver(ws->fd);
	uint32_t handle = carillon_import(other, dmabuf);
	uint8_t *map = carillon_bo_map(other, handle, CARILLON_WS_SIZE);

	igt_assert_eq_u32(carillon_import(ws->fd, dmabuf), ws->bo);
	*carillon_ws_word(ws, 3) = MARK;
	igt_assert_eq_u64(((uint64_t *)map)[3], MARK);
	munmap(map, CARILLON_WS_SIZE);
	drm_close_driver(other);
	close(dmabuf);
}

static void test_import_twice(struct carillon_ws *ws, const struct carillon_exporter *exporter)
{
	int other = drm_reopen_driver(ws->fd);
	struct carillon_ws ws2;
	struct carillon_shared s, s2;

	carillon_ws_init(&ws2, other);
	carillon_shared_init(&s, ws, carillon_exporter_create(exporter, SIZE), SIZE);
	igt_assert_eq_u32(carillon_import(ws->fd, s.dmabuf), s.handle);
	carillon_shared_init(&s2, &ws2, dup(s.dmabuf), SIZE);
	carillon_ws_store(&ws2, VA, MARK);
	igt_assert_eq(run(&ws2), 1);
	carillon_ws_copy(ws, carillon_ws_va(ws, 8), VA, 8);
	igt_assert_eq(run(ws), 1);
	igt_assert_eq_u32(*carillon_ws_word(ws, 8), MARK);
	carillon_shared_fini(&s2, &ws2);
	carillon_ws_fini(&ws2);
	drm_close_driver(other);
	carillon_ws_store(ws, VA, MARK + 1);
	igt_assert_eq(run(ws), 1);
	igt_assert_eq_u32(s.map[0], MARK + 1);
	carillon_shared_fini(&s, ws);
}

static void test_reexport(struct carillon_ws *ws, const struct carillon_exporter *exporter)
{
	int dmabuf = carillon_exporter_create(exporter, SIZE), again;
	uint32_t handle = carillon_import(ws->fd, dmabuf);

	again = carillon_export(ws->fd, handle);
	igt_assert(inode_of(again) == inode_of(dmabuf));
	close(again);
	gem_close(ws->fd, handle);
	close(dmabuf);
}

/* A buffer of ours that only another driver keeps. */
static void test_export_to_vgem(int fd)
{
	int vgem = carillon_vgem_open(), dmabuf;
	struct carillon_ws ws;
	uint32_t handle, *map;

	carillon_ws_init(&ws, fd);
	dmabuf = carillon_export(fd, ws.bo);
	handle = carillon_import(vgem, dmabuf);
	close(dmabuf);
	carillon_ws_store(&ws, carillon_ws_va(&ws, 5), MARK);
	igt_assert_eq(run(&ws), 1);
	carillon_ws_fini(&ws);

	dmabuf = carillon_export(vgem, handle);
	map = carillon_dmabuf_map(dmabuf, CARILLON_WS_SIZE);
	igt_assert_eq_u32(map[2 * 5], MARK);
	carillon_dmabuf_unmap(dmabuf, map, CARILLON_WS_SIZE);
	close(dmabuf);
	close(vgem);
}

/* --- Implicit fences -------------------------------------------------------------- */

static int poll_ms(int dmabuf, short events, int timeout_ms)
{
	struct pollfd pfd = { .fd = dmabuf, .events = events };
	int num = poll(&pfd, 1, timeout_ms);

	igt_assert_lte(0, num);
	return num;
}

static void test_fence_out(struct carillon_ws *ws, const struct carillon_exporter *exporter)
{
	int fence, seen;
	struct carillon_shared s;

	carillon_shared_init(&s, ws, carillon_exporter_create(exporter, SIZE), SIZE);
	/* Without a fence there is nothing to wait for. */
	igt_assert_eq(poll_ms(s.dmabuf, POLLIN, 0), 1);
	igt_assert_eq(carillon_fence_wait_close(carillon_dmabuf_export_fence(s.dmabuf,
								DMA_BUF_SYNC_RW)), 1);
	s.map[0] = 0;
	*carillon_ws_word(ws, 0) = 0;
	carillon_ws_sem_wait(ws, carillon_ws_va(ws, 0), 1);
	carillon_ws_store(ws, VA, MARK);
	fence = carillon_submit_fd(ws->fd, carillon_ws_job(ws), -1);
	igt_assert_eq(poll_ms(s.dmabuf, POLLIN, 0), 1);
	carillon_dmabuf_import_fence(s.dmabuf, DMA_BUF_SYNC_WRITE, fence);
	close(fence);

	igt_assert_eq(poll_ms(s.dmabuf, POLLIN, 50), 0);
	seen = carillon_dmabuf_export_fence(s.dmabuf, DMA_BUF_SYNC_READ);
	igt_assert_eq(sync_fence_status(seen), 0);
	igt_assert_eq_u32(s.map[0], 0);
	unblock(ws);
	igt_assert_eq(poll_ms(s.dmabuf, POLLIN, CARILLON_WAIT_MS), 1);
	igt_assert_eq_u32(s.map[0], MARK);
	igt_assert_eq(carillon_fence_wait_close(seen), 1);
	carillon_shared_fini(&s, ws);
}

/* A job that only reads keeps others from writing, but not from reading. */
static void test_fence_out_read(struct carillon_ws *ws, const struct carillon_exporter *exporter)
{
	int fence, seen;
	struct carillon_shared s;

	carillon_shared_init(&s, ws, carillon_exporter_create(exporter, SIZE), SIZE);
	fence = carillon_submit_fd(ws->fd, blocked_job(ws), -1);
	carillon_dmabuf_import_fence(s.dmabuf, DMA_BUF_SYNC_READ, fence);
	close(fence);
	igt_assert_eq(poll_ms(s.dmabuf, POLLIN, 0), 1);
	igt_assert_eq(poll_ms(s.dmabuf, POLLOUT, 50), 0);
	seen = carillon_dmabuf_export_fence(s.dmabuf, DMA_BUF_SYNC_READ);
	igt_assert_eq(sync_fence_status(seen), 1);
	close(seen);
	unblock(ws);
	igt_assert_eq(poll_ms(s.dmabuf, POLLOUT, CARILLON_WAIT_MS), 1);
	carillon_shared_fini(&s, ws);
}

/* Another driver finds our fence where it looks for fences. */
static void test_fence_out_vgem(struct carillon_ws *ws)
{
	int vgem = carillon_vgem_open(), fence;
	struct drm_vgem_fence_attach attach = { .flags = VGEM_FENCE_WRITE };
	struct carillon_shared s;

	attach.handle = carillon_vgem_create(vgem, SIZE);
	carillon_shared_init(&s, ws, carillon_export(vgem, attach.handle), SIZE);
	fence = carillon_submit_fd(ws->fd, blocked_job(ws), -1);
	carillon_dmabuf_import_fence(s.dmabuf, DMA_BUF_SYNC_WRITE, fence);
	igt_assert_eq(__carillon_ioctl(vgem, DRM_IOCTL_VGEM_FENCE_ATTACH, &attach), -EBUSY);
	unblock(ws);
	igt_assert_eq(carillon_fence_wait_close(fence), 1);
	igt_assert_eq(__carillon_ioctl(vgem, DRM_IOCTL_VGEM_FENCE_ATTACH, &attach), 0);
	carillon_shared_fini(&s, ws);
	close(vgem);
}

/* The fence of another driver holds our job up, and only the one that waits. */
static void test_fence_in(struct carillon_ws *ws)
{
	struct drm_vgem_fence_attach attach = { .flags = VGEM_FENCE_WRITE };
	uint32_t other = carillon_queue_create(ws->fd, ws->vm);
	int vgem = carillon_vgem_open(), fence, gated;
	struct drm_vgem_fence_signal signal = { 0 };
	struct drm_carillon_job job;
	struct carillon_shared s;

	attach.handle = carillon_vgem_create(vgem, SIZE);
	carillon_shared_init(&s, ws, carillon_export(vgem, attach.handle), SIZE);
	igt_assert_eq(__carillon_ioctl(vgem, DRM_IOCTL_VGEM_FENCE_ATTACH, &attach), 0);
	fence = carillon_dmabuf_export_fence(s.dmabuf, DMA_BUF_SYNC_WRITE);

	s.map[0] = 0;
	carillon_ws_copy(ws, carillon_ws_va(ws, 8), VA, 8);
	gated = carillon_submit_fd(ws->fd, carillon_ws_job(ws), fence);
	carillon_ws_copy(ws, carillon_ws_va(ws, 9), VA, 8);
	job = carillon_ws_job(ws);
	job.queue_id = other;
	*carillon_ws_word(ws, 9) = 1;
	igt_assert_eq(carillon_fence_wait_close(carillon_submit_fd(ws->fd, job, -1)), 1);
	igt_assert_eq_u32(*carillon_ws_word(ws, 9), 0);
	igt_assert_eq(sync_fence_wait(gated, 50), -ETIME);

	s.map[0] = MARK;
	signal.fence = attach.out_fence;
	igt_assert_eq(__carillon_ioctl(vgem, DRM_IOCTL_VGEM_FENCE_SIGNAL, &signal), 0);
	igt_assert_eq(carillon_fence_wait_close(gated), 1);
	igt_assert_eq_u32(*carillon_ws_word(ws, 8), MARK);
	close(fence);
	carillon_shared_fini(&s, ws);
	close(vgem);
	carillon_queue_destroy(ws->fd, other);
}

/* --- What can't be imported, or bound --------------------------------------------- */

static void test_not_a_dmabuf(int fd)
{
	int memfd = memfd_create("carillon", MFD_CLOEXEC);
	uint32_t handle;

	igt_assert_eq(__carillon_import(fd, memfd, &handle), -EINVAL);
	igt_assert_eq(__carillon_import(fd, fd, &handle), -EINVAL);
	close(memfd);
}

static void test_beyond_size(struct carillon_ws *ws, const struct carillon_exporter *exporter)
{
	int dmabuf = carillon_exporter_create(exporter, SIZE);
	uint32_t handle = carillon_import(ws->fd, dmabuf);

	igt_assert_eq(bind_at(ws, handle, 0, SIZE), 0);
	igt_assert_eq(bind_at(ws, handle, 0, SIZE + PAGE), -EINVAL);
	igt_assert_eq(bind_at(ws, handle, SIZE, PAGE), -EINVAL);
	igt_assert_eq(bind_at(ws, handle, PAGE, SIZE), -EINVAL);
	igt_assert_eq(bind_at(ws, handle, -(uint64_t)PAGE, 2 * PAGE), -EINVAL);
	carillon_vm_unmap(ws->fd, ws->vm, VA, SIZE);
	gem_close(ws->fd, handle);
	igt_assert_eq(bind_at(ws, handle, 0, SIZE), -ENOENT);
	close(dmabuf);
}

/* --- The list --------------------------------------------------------------------- */

struct exporter_test {
	const char *name;
	const char *what;
	void (*test)(struct carillon_ws *ws, const struct carillon_exporter *exporter);
};

static const struct exporter_test exporter_tests[] = {
	{ "write", "Check that jobs write %s", test_write },
	{ "read", "Check that jobs read %s", test_read },
	{ "large", "Check that jobs see each of thousands of %s where it belongs", test_large },
	{ "offset", "Check that a part can be bound of %s", test_offset },
	{ "readonly", "Check that jobs can't write where only reading was asked for in %s", test_readonly },
	{ "exporter-closed", "Check that a VM alone keeps %s", test_exporter_closed },
	{ "mmap", "Check that the CPU can map, by our handle, %s", test_mmap },
	{ "twice", "Check that a file has one handle, and two files can have one each, of %s", test_import_twice },
	{ "reexport", "Check that exporting again what was imported gives the same %s", test_reexport },
	{ "fence-out", "Check that others wait for the fence of our job on %s", test_fence_out },
	{ "fence-out-read", "Check that readers don't wait for a job that reads %s", test_fence_out_read },
	{ "beyond-size", "Check that nothing can be bound beyond the end of %s", test_beyond_size },
};

static void exporter_subtests(struct carillon_ws *ws, const struct carillon_exporter *exporter)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(exporter_tests); i++) {
		igt_describe_f(exporter_tests[i].what, exporter->what);
		igt_subtest_f("%s-%s", exporter->name, exporter_tests[i].name) {
			carillon_ws_init(ws, ws->fd);
			exporter_tests[i].test(ws, exporter);
			carillon_ws_fini(ws);
		}
	}
}

static void own_subtests(struct carillon_ws *ws)
{
	uint32_t handle;

	igt_describe("Check that pages in any order are seen in the buffer's order");
	igt_subtest("udmabuf-scattered")
		test_scattered(ws);

	igt_describe("Check that a buffer of ours that comes back is the one it was");
	igt_subtest("self-import")
		test_self_import(ws);

	igt_describe("Check that another driver can have a buffer of ours, and keeps it");
	igt_subtest("export-to-vgem")
		test_export_to_vgem(ws->fd);

	igt_describe("Check that another driver finds the fence of our job on its buffer");
	igt_subtest("vgem-fence-out-busy")
		test_fence_out_vgem(ws);

	igt_describe("Check that a job waits for the fence of another driver on its buffer");
	igt_subtest("vgem-fence-in")
		test_fence_in(ws);

	igt_describe("Check that what is no descriptor can't be imported");
	igt_subtest("import-invalid-fd") {
		igt_assert_eq(__carillon_import(ws->fd, -1, &handle), -EBADF);
		igt_assert_eq(__carillon_import(ws->fd, 0x7fffffff, &handle), -EBADF);
	}

	igt_describe("Check that a descriptor of something else can't be imported");
	igt_subtest("import-invalid-file")
		test_not_a_dmabuf(ws->fd);
}

int igt_main()
{
	struct carillon_ws ws = { .fd = -1 };
	int fd = -1;

	igt_subtest_group() {
		igt_fixture() {
			fd = drm_open_driver_render(DRIVER_ANY);
			carillon_ws_init(&ws, fd);
		}

		own_subtests(&ws);

		igt_fixture()
			carillon_ws_fini(&ws);

		for (unsigned int i = 0; i < carillon_num_exporters; i++)
			exporter_subtests(&ws, &carillon_exporters[i]);

		igt_fixture()
			drm_close_driver(fd);
	}
}
