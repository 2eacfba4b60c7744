// SPDX-License-Identifier: MIT
/**
 * TEST: Unbinding the driver while it uses buffers of others
 * Category: Core
 * Mega feature: General Core features
 * Sub-category: Memory management tests
 * Functionality: driver unbind, dma-buf
 * Test category: functionality test
 * Description: Check that the driver can be unbound while it uses buffers of others.
 *
 * SUBTEST: udmabuf-idle
 * Description: Check that unbinding leaves to their exporter pages of a memfd
 *
 * SUBTEST: udmabuf-pci
 * Description: Check that the PCI device can lose its driver while it has mapped pages of a memfd
 *
 * SUBTEST: udmabuf-busy
 * Description: Check that unbinding ends a job's use of pages of a memfd
 *
 * SUBTEST: udmabuf-race
 * Description: Check that unbinding misses no import that comes or goes meanwhile, of pages of a memfd
 *
 * SUBTEST: vgem-idle
 * Description: Check that unbinding leaves to their exporter pages of another DRM driver
 *
 * SUBTEST: vgem-pci
 * Description: Check that the PCI device can lose its driver while it has mapped pages of another DRM driver
 *
 * SUBTEST: vgem-busy
 * Description: Check that unbinding ends a job's use of pages of another DRM driver
 *
 * SUBTEST: vgem-race
 * Description: Check that unbinding misses no import that comes or goes meanwhile, of pages of another DRM driver
 *
 * SUBTEST: heap-idle
 * Description: Check that unbinding leaves to their exporter pages of the system heap
 *
 * SUBTEST: heap-pci
 * Description: Check that the PCI device can lose its driver while it has mapped pages of the system heap
 *
 * SUBTEST: heap-busy
 * Description: Check that unbinding ends a job's use of pages of the system heap
 *
 * SUBTEST: heap-race
 * Description: Check that unbinding misses no import that comes or goes meanwhile, of pages of the system heap
 */

#include <linux/dma-buf.h>
#include <poll.h>

#include "igt.h"
#include "igt_carillon.h"
#include "igt_carillon_dmabuf.h"
#include "igt_carillon_driver.h"
#include "sw_sync.h"

IGT_TEST_DESCRIPTION("Check that the driver can be unbound while it uses buffers of others.");

#define PAGE		4096
#define SIZE		(16 * PAGE)
#define VA		CARILLON_SHARED_VA
#define MARK		0x5eed0006
#define NUM_RACERS	4

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

/* What is left to do with a workspace whose device is gone. */
static void gone_ws_fini(struct carillon_ws *ws)
{
	drm_close_driver(ws->fd);
	munmap(ws->map, CARILLON_WS_SIZE);
}

/* What an unbound driver's import still is: memory of its exporter. */
static void check_unbound(struct carillon_ws *ws, struct carillon_shared *s, uint32_t *map)
{
	struct pollfd pfd = { .fd = s->dmabuf, .events = POLLOUT };
	uint32_t handle;

	igt_assert_eq(bind_at(ws, s->handle, 0, SIZE), -ENODEV);
	igt_assert_eq(__carillon_import(ws->fd, s->dmabuf, &handle), -ENODEV);
	carillon_fill_pages(s->map, SIZE);
	carillon_check_pages(map, SIZE);
	carillon_dmabuf_unmap(s->dmabuf, s->map, SIZE);
	s->map = carillon_dmabuf_map(s->dmabuf, SIZE);
	carillon_check_pages(s->map, SIZE);

	/* Nobody has to wait for it. */
	igt_assert_eq(poll(&pfd, 1, 1000), 1);
}

static void unbind_idle(int fd, const struct carillon_exporter *exporter, const char *driver)
{
	struct carillon_ws ws;
	struct carillon_shared s;
	uint32_t *map;

	carillon_ws_init(&ws, fd);
	carillon_shared_init(&s, &ws, carillon_exporter_create(exporter, SIZE), SIZE);
	map = carillon_bo_map(fd, s.handle, SIZE);
	carillon_ws_store(&ws, VA, MARK);
	igt_assert_eq(run(&ws), 1);
	carillon_unbind(driver);
	igt_assert_eq_u32(s.map[0], MARK);
	check_unbound(&ws, &s, map);
	gone_ws_fini(&ws);
	carillon_check_pages(map, SIZE);
	carillon_check_pages(s.map, SIZE);
	munmap(map, SIZE);
	carillon_dmabuf_unmap(s.dmabuf, s.map, SIZE);
	close(s.dmabuf);
}

static void test_unbind(int fd, const struct carillon_exporter *exporter)
{
	unbind_idle(fd, exporter, CARILLON_AUX_DRIVER);
}

/* A kernel with CONFIG_DMA_API_DEBUG tells, then, what is still mapped for the device. */
static void test_unbind_pci(int fd, const struct carillon_exporter *exporter)
{
	unbind_idle(fd, exporter, CARILLON_PCI_DRIVER);
}

/* In the middle of a job that reads and writes an import. */
static void test_unbind_busy(int fd, const struct carillon_exporter *exporter)
{
	struct carillon_ws ws;
	struct carillon_shared s;
	uint32_t *map;
	int fence;

	carillon_ws_init(&ws, fd);
	carillon_shared_init(&s, &ws, carillon_exporter_create(exporter, SIZE), SIZE);
	map = carillon_bo_map(fd, s.handle, SIZE);
	for (int i = 0; i < 200; i++) {
		carillon_ws_copy(&ws, VA + SIZE / 2, VA, SIZE / 2);
		carillon_ws_delay(&ws, 1000000);
	}
	fence = carillon_submit_fd(fd, blocked_job(&ws), -1);
	carillon_dmabuf_import_fence(s.dmabuf, DMA_BUF_SYNC_WRITE, fence);
	igt_assert_eq(sync_fence_status(fence), 0);
	carillon_unbind(CARILLON_AUX_DRIVER);
	igt_assert_eq(carillon_fence_wait_close(fence), -ENODEV);
	check_unbound(&ws, &s, map);
	usleep(100000);
	carillon_check_pages(s.map, SIZE);
	munmap(map, SIZE);
	gone_ws_fini(&ws);
	carillon_dmabuf_unmap(s.dmabuf, s.map, SIZE);
	close(s.dmabuf);
}

/* Imports, binds and frees in a loop, until the device is gone; @begun hears of the first. */
static void import_until_gone(int fd, int dmabuf, int begun)
{
	uint32_t vm = carillon_vm_create(fd);
	struct drm_gem_close import = { 0 };
	struct drm_carillon_bind_op op = {
		.type = DRM_CARILLON_BIND_MAP,
		.va = VA,
		.size = SIZE,
	};
	bool told = false;
	int err;

	do {
		err = __carillon_import(fd, dmabuf, &import.handle);
		op.handle = import.handle;
		if (!err)
			err = __carillon_vm_bind(fd, vm, &op, 1);
		if (!err)
			err = __carillon_ioctl(fd, DRM_IOCTL_GEM_CLOSE, &import);
		if (!err && !told) {
			igt_assert_eq(write(begun, "", 1), 1);
			close(begun);
			told = true;
		}
	} while (!err);
	igt_assert_eq(err, -ENODEV);
}

/* Processes with files of their own, two of them on one buffer each. */
static void test_unbind_race(int fd, const struct carillon_exporter *exporter)
{
	int dmabufs[2], begun[2];
	char nothing;

	igt_assert_eq(pipe(begun), 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(dmabufs); i++)
		dmabufs[i] = carillon_exporter_create(exporter, SIZE);
	igt_fork(child, NUM_RACERS) {
		int own = drm_reopen_driver(fd);

		import_until_gone(own, dmabufs[child / 2], begun[1]);
		drm_close_driver(own);
	}
	/* All of them are at it, however long that takes. The pipe ends if one has failed. */
	close(begun[1]);
	for (int i = 0; i < NUM_RACERS; i++)
		igt_assert_eq(read(begun[0], &nothing, 1), 1);
	close(begun[0]);
	carillon_unbind(CARILLON_AUX_DRIVER);
	igt_waitchildren();
	for (unsigned int i = 0; i < ARRAY_SIZE(dmabufs); i++)
		close(dmabufs[i]);
	drm_close_driver(fd);
}

/* A test that takes the device from under a file, and closes it. */
struct unbind_test {
	const char *name;
	const char *what;
	void (*test)(int fd, const struct carillon_exporter *exporter);
};

static const struct unbind_test unbind_tests[] = {
	{ "idle", "Check that unbinding leaves to their exporter %s", test_unbind },
	{ "pci", "Check that the PCI device can lose its driver while it has mapped %s", test_unbind_pci },
	{ "busy", "Check that unbinding ends a job's use of %s", test_unbind_busy },
	{ "race", "Check that unbinding misses no import that comes or goes meanwhile, of %s", test_unbind_race },
};

static void unbind_subtests(const struct carillon_exporter *exporter)
{
	int fd = -1;

	for (unsigned int i = 0; i < ARRAY_SIZE(unbind_tests); i++) {
		igt_subtest_group() {
			igt_fixture() {
				carillon_bind_again();
				fd = drm_open_driver_render(DRIVER_ANY);
			}

			igt_describe_f(unbind_tests[i].what, exporter->what);
			igt_subtest_f("%s-%s", exporter->name, unbind_tests[i].name)
				unbind_tests[i].test(fd, exporter);

			igt_fixture()
				carillon_bind_again();
		}
	}
}

int igt_main()
{
	for (unsigned int i = 0; i < carillon_num_exporters; i++)
		unbind_subtests(&carillon_exporters[i]);
}
