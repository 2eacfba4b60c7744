// SPDX-License-Identifier: MIT
/**
 * TEST: What a process holds when the device goes
 * Category: Core
 * Mega feature: General Core features
 * Sub-category: Memory management tests
 * Functionality: driver unbind, mmap, doorbells
 * Test category: functionality test
 * Description: Check that mappings and fences outlive the device, and don't reach the next one.
 *
 * SUBTEST: storm-drm
 * Description: Check that mappings that are copied, moved and touched are safe when the DRM driver is unbound
 *
 * SUBTEST: storm-pci
 * Description: Check that mappings that are copied, moved and touched are safe when the PCI driver is unbound
 *
 * SUBTEST: hold-drm
 * Description: Check that a process with a doorbell, a buffer and a fence lives on when the DRM driver is unbound and bound
 *
 * SUBTEST: hold-pci
 * Description: Check that a process with a doorbell, a buffer and a fence lives on when the PCI driver is unbound and bound
 *
 * SUBTEST: hold-remove
 * Description: Check that a process with a doorbell, a buffer and a fence lives on when the PCI device is removed and found
 */

#include <sys/wait.h>

#include "igt.h"
#include "igt_carillon.h"
#include "igt_carillon_doorbell.h"
#include "igt_carillon_driver.h"
#include "sw_sync.h"

IGT_TEST_DESCRIPTION("Check that mappings and fences outlive the device, and don't reach the next one.");

#define PAGE		4096
#define MARK		0x5eed0008
#define NUM_WORDS	64

/* Jobs that there aren't, on rings of all sizes. */
static const uint32_t ahead[] = { 1, 2, 4, 63, 64, 65, 1024, 1025, 0x7fffffff };

static void touch(volatile uint32_t *doorbell)
{
	/* Never ahead: it mustn't matter whether it is the device still. */
	*doorbell = 0;
	(void)*doorbell;
}

static void touch_in_child(volatile uint32_t *doorbell)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		touch(doorbell);
		_exit(0);
	}
	igt_assert_lt(0, pid);
	igt_assert_eq(waitpid(pid, &status, 0), pid);
	igt_assert_eq(status, 0);
}

/* Does everything to the mapping that there is, in a process of its own. */
static void storm(int fd, uint64_t offset, volatile uint32_t *inherited,
		  volatile struct carillon_children *shared)
{
	bool begun = false;

	while (!shared->stop) {
		volatile uint32_t *own = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
					      fd, offset);

		igt_assert(own != MAP_FAILED || errno == ENODEV || errno == EINVAL);
		touch(inherited);
		inherited = carillon_map_move(inherited);
		igt_assert(inherited != MAP_FAILED);
		touch(inherited);
		if (own != MAP_FAILED) {
			touch(own);
			own = carillon_map_move(own);
			touch_in_child(own);
			carillon_doorbell_unmap(own);
		}
		touch_in_child(inherited);
		if (!begun)
			__sync_fetch_and_add(&shared->begun, 1);
		begun = true;
	}
}

/* Others write 0 to the same page all the time, so the mark isn't there for long. */
static void assert_shared_memory(volatile uint32_t *doorbell)
{
	bool memory = false;

	for (int i = 0; i < 1000 && !memory; i++) {
		*doorbell = MARK;
		memory = *doorbell == MARK;
	}
	igt_assert(memory);
}

static void run_storm(struct carillon_ws *ws, const char *driver)
{
	volatile uint32_t *doorbell = carillon_doorbell_map(ws->fd, ws->queue);
	volatile struct carillon_children *shared = carillon_children_page();
	uint64_t offset = carillon_doorbell_offset(ws->fd, ws->queue);
	struct carillon_ws next;
	int fd;

	carillon_doorbell_assert_device(doorbell);
	igt_fork(child, 4)
		storm(ws->fd, offset, doorbell, shared);
	carillon_children_wait(shared, 4);
	carillon_unbind(driver);
	assert_shared_memory(doorbell);
	shared->begun = 0;
	carillon_bind_again();
	/* The next user has ring 0, as we had, and isn't disturbed. */
	fd = drm_open_driver_render(DRIVER_ANY);
	carillon_ws_init(&next, fd);
	for (int i = 0; i < 20; i++) {
		*doorbell = ahead[i % ARRAY_SIZE(ahead)];
		carillon_ws_run_one(&next, next.queue);
	}
	igt_assert_eq_u32(carillon_ws_queue_state(&next, next.queue), 0);
	carillon_children_stop(shared);
	carillon_ws_fini(&next);
	drm_close_driver(fd);
	carillon_doorbell_unmap(doorbell);
}

static void run_storms(struct carillon_ws *ws, const char *driver)
{
	for (int i = 0; i < 3; i++) {
		run_storm(ws, driver);
		munmap(ws->map, CARILLON_WS_SIZE);
		drm_close_driver(ws->fd);
		carillon_ws_init(ws, drm_open_driver_render(DRIVER_ANY));
	}
}

static void test_storm_drm(struct carillon_ws *ws)
{
	run_storms(ws, CARILLON_AUX_DRIVER);
}

static void test_storm_pci(struct carillon_ws *ws)
{
	run_storms(ws, CARILLON_PCI_DRIVER);
}

static void check_words(struct carillon_ws *ws)
{
	for (int i = 0; i < NUM_WORDS; i++)
		igt_assert_eq_u64(*carillon_ws_word(ws, 100 + i), MARK + i);
}

/* An ioctl of each kind. */
static void check_ioctls_gone(struct carillon_ws *ws, uint64_t offset)
{
	struct drm_carillon_queue_mmap_offset mmap_offset = { .id = ws->queue };
	struct drm_carillon_queue_get_state state = { .id = ws->queue };
	struct drm_carillon_queue_create queue = { .vm_id = ws->vm };
	struct drm_carillon_bo_create bo = { .size = PAGE };
	struct drm_carillon_vm_create vm = { 0 };
	struct drm_carillon_job job = { .queue_id = ws->queue };
	struct drm_carillon_device_info info;
	uint32_t size = sizeof(info);

	igt_assert_eq(__carillon_query(ws->fd, DRM_CARILLON_QUERY_DEVICE, &info, &size), -ENODEV);
	igt_assert_eq(__carillon_ioctl(ws->fd, DRM_IOCTL_CARILLON_BO_CREATE, &bo), -ENODEV);
	igt_assert_eq(__carillon_ioctl(ws->fd, DRM_IOCTL_CARILLON_VM_CREATE, &vm), -ENODEV);
	igt_assert_eq(__carillon_ioctl(ws->fd, DRM_IOCTL_CARILLON_QUEUE_CREATE, &queue), -ENODEV);
	igt_assert_eq(__carillon_ioctl(ws->fd, DRM_IOCTL_CARILLON_QUEUE_GET_STATE, &state), -ENODEV);
	igt_assert_eq(__carillon_submit(ws->fd, &job, 1), -ENODEV);
	igt_assert_eq(__carillon_doorbell_offset(ws->fd, &mmap_offset), -ENODEV);
	igt_assert_eq(__carillon_map_at(ws->fd, offset, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED), -ENODEV);
}

/* What a process has that knew the device before it went. */
struct held {
	struct carillon_ws *ws;
	volatile uint32_t *doorbell;
	uint64_t offset;
	int fence;
};

static void hold(struct held *held, struct carillon_ws *ws)
{
	held->ws = ws;
	held->offset = carillon_doorbell_offset(ws->fd, ws->queue);
	held->doorbell = carillon_doorbell_map(ws->fd, ws->queue);
	carillon_doorbell_assert_device(held->doorbell);
	for (int i = 0; i < NUM_WORDS; i++)
		*carillon_ws_word(ws, 100 + i) = MARK + i;
	held->fence = carillon_submit_fd(ws->fd, carillon_ws_blocked_job(ws, ws->queue), -1);
	igt_assert_eq(sync_fence_status(held->fence), 0);
}

static void check_held(struct held *held)
{
	igt_assert_eq(sync_fence_wait(held->fence, CARILLON_WAIT_MS), 0);
	igt_assert_eq(sync_fence_status(held->fence), -ENODEV);
	check_words(held->ws);
	carillon_doorbell_assert_memory(held->doorbell);
	check_ioctls_gone(held->ws, held->offset);
}

/* The new device works, whatever is done to the old mapping meanwhile. */
static void check_new(struct held *held)
{
	volatile uint32_t *doorbell;
	struct carillon_ws ws;
	int fd = drm_open_driver_render(DRIVER_ANY);

	carillon_ws_init(&ws, fd);
	doorbell = carillon_doorbell_map(fd, ws.queue);
	carillon_doorbell_assert_device(doorbell);
	for (int i = 0; i < 2 * ARRAY_SIZE(ahead); i++) {
		*held->doorbell = ahead[i % ARRAY_SIZE(ahead)];
		carillon_ws_run_one(&ws, ws.queue);
		*doorbell = carillon_ws_ring_tail(&ws, ws.queue);
	}
	igt_assert_eq_u32(carillon_ws_queue_state(&ws, ws.queue), 0);
	check_held(held);
	carillon_doorbell_unmap(doorbell);
	carillon_ws_fini(&ws);
	drm_close_driver(fd);
}

/* Leaves the workspace without its device, for test_hold() to make a new one. */
static void let_go(struct held *held)
{
	struct carillon_ws *ws = held->ws;

	drm_close_driver(ws->fd);
	/* Mappings need no file. */
	check_words(ws);
	carillon_doorbell_assert_memory(held->doorbell);
	carillon_doorbell_unmap(held->doorbell);
	munmap(ws->map, CARILLON_WS_SIZE);
	close(held->fence);
	carillon_ws_init(ws, drm_open_driver_render(DRIVER_ANY));
	carillon_ws_run_one(ws, ws->queue);
}

static void test_hold(struct carillon_ws *ws, void (*take)(void))
{
	struct held held;

	hold(&held, ws);
	take();
	check_held(&held);
	carillon_bind_again();
	check_held(&held);
	check_new(&held);
	let_go(&held);
}

static void take_drm(void)
{
	carillon_unbind(CARILLON_AUX_DRIVER);
}

static void take_pci(void)
{
	carillon_unbind(CARILLON_PCI_DRIVER);
}

static void test_hold_drm(struct carillon_ws *ws)
{
	test_hold(ws, take_drm);
}

static void test_hold_pci(struct carillon_ws *ws)
{
	test_hold(ws, take_pci);
}

static void test_hold_remove(struct carillon_ws *ws)
{
	test_hold(ws, carillon_remove);
}

/* Each leaves a workspace that works. */
static const struct hold_test {
	const char *name;
	const char *what;
	void (*test)(struct carillon_ws *ws);
} tests[] = {
	{ "storm-drm", "Check that mappings that are copied, moved and touched are safe when the DRM driver is unbound", test_storm_drm },
	{ "storm-pci", "Check that mappings that are copied, moved and touched are safe when the PCI driver is unbound", test_storm_pci },
	{ "hold-drm", "Check that a process with a doorbell, a buffer and a fence lives on when the DRM driver is unbound and bound", test_hold_drm },
	{ "hold-pci", "Check that a process with a doorbell, a buffer and a fence lives on when the PCI driver is unbound and bound", test_hold_pci },
	{ "hold-remove", "Check that a process with a doorbell, a buffer and a fence lives on when the PCI device is removed and found", test_hold_remove },
};

int igt_main()
{
	static struct carillon_ws ws;

	for (unsigned int i = 0; i < ARRAY_SIZE(tests); i++) {
		igt_subtest_group() {
			igt_fixture() {
				carillon_bind_again();
				carillon_ws_init(&ws, drm_open_driver_render(DRIVER_ANY));
			}

			igt_describe(tests[i].what);
			igt_subtest(tests[i].name)
				tests[i].test(&ws);

			/* What a test has left open, closing ends. */
			igt_fixture() {
				drm_close_driver(ws.fd);
				munmap(ws.map, CARILLON_WS_SIZE);
				carillon_bind_again();
			}
		}
	}
}
