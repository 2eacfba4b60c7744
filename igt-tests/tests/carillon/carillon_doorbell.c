// SPDX-License-Identifier: MIT
/**
 * TEST: Doorbells of queues, mapped
 * Category: Core
 * Mega feature: General Core features
 * Sub-category: Command submission
 * Functionality: doorbells, mmap
 * Test category: functionality test
 * Description: Check that mapped doorbells ring, and hurt nobody but their owner.
 *
 * SUBTEST: basic
 * Description: Check that ringing again for jobs that the kernel has rung for does nothing
 *
 * SUBTEST: lost
 * Description: Check that user space can make up for a doorbell that got lost
 *
 * SUBTEST: read-only
 * Description: Check that a doorbell can be mapped for reading only
 *
 * SUBTEST: invalid-ioctl
 * Description: Check that the ioctl refuses unknown queues and flags
 *
 * SUBTEST: invalid-mmap
 * Description: Check that mmap() refuses what isn't a doorbell of this file
 *
 * SUBTEST: invalid-exec
 * Description: Check that a doorbell can't be made executable
 *
 * SUBTEST: late
 * Description: Check that numbers from before do nothing while jobs are submitted
 *
 * SUBTEST: ahead-idle
 * Description: Check that ringing for jobs that there aren't makes an idle queue guilty
 *
 * SUBTEST: ahead-busy
 * Description: Check that ringing for jobs that there aren't makes a busy queue guilty
 *
 * SUBTEST: garbage
 * Description: Check that random ringing while jobs are submitted hurts its own queue only
 *
 * SUBTEST: hang
 * Description: Check that random ringing while a ring is reset hurts its own queue only
 *
 * SUBTEST: destroyed
 * Description: Check that the mapping of a queue that is gone doesn't reach the next one
 *
 * SUBTEST: fork
 * Description: Check that a child's mapping doesn't reach the next queue
 *
 * SUBTEST: mremap
 * Description: Check that a mapping that was moved doesn't reach the next queue
 */

#include "igt.h"
#include "igt_carillon.h"
#include "igt_carillon_doorbell.h"
#include "igt_carillon_driver.h"
#include "igt_carillon_emulator.h"
#include "sw_sync.h"

IGT_TEST_DESCRIPTION("Check that mapped doorbells ring, and hurt nobody but their owner.");

#define PAGE		4096

static void wait_guilty(struct carillon_ws *ws, uint32_t queue)
{
	const uint32_t guilty = DRM_CARILLON_QUEUE_DEAD | DRM_CARILLON_QUEUE_GUILTY;
	int tries = 0;

	while (carillon_ws_queue_state(ws, queue) != guilty) {
		igt_assert_lt(tries++, CARILLON_WAIT_MS);
		usleep(1000);
	}
}

/* Not with every scheduler jobs are on the ring as soon as they were submitted. */
static void wait_pushed(struct carillon_ws *ws, uint32_t queue, uint32_t num)
{
	int tries = 0;

	while (carillon_ws_ring_tail(ws, queue) != num) {
		igt_assert_lt(tries++, CARILLON_WAIT_MS);
		usleep(1000);
	}
}

/* --- What works ------------------------------------------------------------- */

static void test_basic(struct carillon_ws *ws)
{
	volatile uint32_t *doorbell = carillon_doorbell_map(ws->fd, ws->queue);
	volatile uint32_t *second = carillon_doorbell_map(ws->fd, ws->queue);

	carillon_doorbell_assert_device(doorbell);
	/* More than the ring has slots. */
	for (uint32_t i = 1; i <= 128; i++) {
		carillon_ws_run_one(ws, ws->queue);
		igt_assert_eq_u32(carillon_ws_ring_tail(ws, ws->queue), i);
		*doorbell = i;
		*second = i;
	}
	igt_assert_eq_u32(carillon_ws_queue_state(ws, ws->queue), 0);
	carillon_doorbell_unmap(doorbell);
	carillon_doorbell_assert_device(second);
	carillon_doorbell_unmap(second);
}

static void test_lost(struct carillon_ws *ws)
{
	volatile uint32_t *doorbell = carillon_doorbell_map(ws->fd, ws->queue);
	int fence;

	carillon_ws_run_one(ws, ws->queue);
	carillon_emulator("lost-doorbell job=2\n");
	fence = carillon_submit_fd(ws->fd, carillon_ws_store_job(ws, ws->queue), -1);
	/* The device has no idea. */
	igt_assert_eq(sync_fence_wait(fence, 200), -ETIME);
	igt_assert_eq_u64(*carillon_ws_word(ws, 9), 0);
	/* Nor does it get one by what it knew already. */
	*doorbell = 1;
	igt_assert_eq(sync_fence_wait(fence, 100), -ETIME);
	*doorbell = carillon_ws_ring_tail(ws, ws->queue);
	igt_assert_eq(carillon_fence_wait_close(fence), 1);
	igt_assert_eq_u64(*carillon_ws_word(ws, 9), CARILLON_WS_MARK);
	igt_assert_eq_u32(carillon_ws_queue_state(ws, ws->queue), 0);
	carillon_doorbell_unmap(doorbell);
}

static void test_read_only(struct carillon_ws *ws)
{
	volatile uint32_t *map = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, ws->fd,
				      carillon_doorbell_offset(ws->fd, ws->queue));

	igt_assert(map != MAP_FAILED);
	igt_assert_eq_u32(*map, 0);
	igt_assert_eq(mprotect((void *)map, PAGE, PROT_READ | PROT_WRITE), 0);
	carillon_doorbell_assert_device(map);
	carillon_ws_run_one(ws, ws->queue);
	carillon_doorbell_unmap(map);
}

/* --- What doesn't ----------------------------------------------------------- */

static void test_invalid_ioctl(struct carillon_ws *ws)
{
	struct drm_carillon_queue_mmap_offset args = { .id = 0 };

	igt_assert_eq(__carillon_doorbell_offset(ws->fd, &args), -ENOENT);
	args.id = ws->queue + 1;
	igt_assert_eq(__carillon_doorbell_offset(ws->fd, &args), -ENOENT);
	args.id = UINT32_MAX;
	igt_assert_eq(__carillon_doorbell_offset(ws->fd, &args), -ENOENT);
	args.id = ws->queue;
	args.flags = 1;
	igt_assert_eq(__carillon_doorbell_offset(ws->fd, &args), -EINVAL);
	args.flags = 1u << 31;
	igt_assert_eq(__carillon_doorbell_offset(ws->fd, &args), -EINVAL);
}

static void test_invalid_mmap(struct carillon_ws *ws)
{
	const int rw = PROT_READ | PROT_WRITE;
	uint32_t queue = carillon_queue_create(ws->fd, ws->vm);
	uint64_t at = carillon_doorbell_offset(ws->fd, ws->queue);
	int other = drm_reopen_driver(ws->fd);
	struct carillon_ws theirs;

	igt_assert_eq(__carillon_map_at(ws->fd, at, PAGE, rw, MAP_SHARED), 0);
	igt_assert_eq(__carillon_map_at(ws->fd, at, PAGE, rw, MAP_PRIVATE), -EINVAL);
	igt_assert_eq(__carillon_map_at(ws->fd, at, PAGE, PROT_READ, MAP_PRIVATE), -EINVAL);
	igt_assert_eq(__carillon_map_at(ws->fd, at, 2 * PAGE, rw, MAP_SHARED), -EINVAL);
	igt_assert_eq(__carillon_map_at(ws->fd, at - PAGE, 2 * PAGE, rw, MAP_SHARED), -EINVAL);
	igt_assert_eq(__carillon_map_at(ws->fd, at - PAGE, PAGE, rw, MAP_SHARED), -EINVAL);
	igt_assert_eq(__carillon_map_at(ws->fd, at + (1ull << 44), PAGE, rw, MAP_SHARED), -EINVAL);
	igt_assert_eq(__carillon_map_at(ws->fd, at ^ (1ull << 43), PAGE, rw, MAP_SHARED), -EINVAL);
	/* A queue whose doorbell nobody has asked for. */
	igt_assert_eq(__carillon_map_at(ws->fd, at + (uint64_t)(queue - ws->queue) * PAGE, PAGE, rw,
			       MAP_SHARED), -EINVAL);
	/* Offsets belong to the file that they were given to. */
	igt_assert_eq(__carillon_map_at(other, at, PAGE, rw, MAP_SHARED), -EINVAL);
	carillon_ws_init(&theirs, other);
	igt_assert_eq(__carillon_map_at(other, at, PAGE, rw, MAP_SHARED), -EINVAL);
	carillon_ws_fini(&theirs);
	drm_close_driver(other);

	at = carillon_doorbell_offset(ws->fd, queue);
	igt_assert_eq(__carillon_map_at(ws->fd, at, PAGE, rw, MAP_SHARED), 0);
	carillon_queue_destroy(ws->fd, queue);
	igt_assert_eq(__carillon_map_at(ws->fd, at, PAGE, rw, MAP_SHARED), -EINVAL);
}

static void test_invalid_exec(struct carillon_ws *ws)
{
	volatile uint32_t *doorbell = carillon_doorbell_map(ws->fd, ws->queue);

	igt_assert_eq(__carillon_map_at(ws->fd, carillon_doorbell_offset(ws->fd, ws->queue), PAGE,
			       PROT_READ | PROT_EXEC, MAP_SHARED), -EPERM);
	igt_assert_eq(mprotect((void *)doorbell, PAGE, PROT_READ | PROT_EXEC), -1);
	igt_assert_eq(errno, EACCES);
	carillon_doorbell_assert_device(doorbell);
	carillon_doorbell_unmap(doorbell);
}

/* --- Ringing out of turn ---------------------------------------------------- */

static void test_late(struct carillon_ws *ws)
{
	volatile uint32_t *doorbell = carillon_doorbell_map(ws->fd, ws->queue);
	volatile struct carillon_children *shared = carillon_children_page();

	igt_fork(child, 2) {
		__sync_fetch_and_add(&shared->begun, 1);
		while (!shared->stop)
			*doorbell = shared->number - rand() % 64;
	}
	carillon_children_wait(shared, 2);
	for (int i = 0; i < 200; i++) {
		carillon_ws_run_one(ws, ws->queue);
		shared->number = carillon_ws_ring_tail(ws, ws->queue);
	}
	carillon_children_stop(shared);
	carillon_ws_run_one(ws, ws->queue);
	igt_assert_eq_u32(carillon_ws_queue_state(ws, ws->queue), 0);
	carillon_doorbell_unmap(doorbell);
}

/* The default size of a queue's ring is the first one that the device has for sure. */
static const uint32_t ahead[] = { 1, 2, 4, 63, 64, 65, 1024, 1025, 0x7fffffff };

static void test_ahead_idle(struct carillon_ws *ws)
{
	for (int i = 0; i < ARRAY_SIZE(ahead); i++) {
		uint32_t queue = carillon_queue_create(ws->fd, ws->vm);
		volatile uint32_t *doorbell = carillon_doorbell_map(ws->fd, queue);
		struct drm_carillon_job job;

		carillon_ws_run_one(ws, queue);
		*doorbell = carillon_ws_ring_tail(ws, queue) + ahead[i];
		wait_guilty(ws, queue);
		job = carillon_ws_store_job(ws, queue);
		igt_assert_eq(__carillon_submit(ws->fd, &job, 1), -EIO);
		carillon_ws_run_one(ws, ws->queue);
		carillon_queue_destroy(ws->fd, queue);
		carillon_doorbell_assert_memory(doorbell);
		carillon_doorbell_unmap(doorbell);
	}
	igt_assert_eq_u32(carillon_ws_queue_state(ws, ws->queue), 0);
}

/* With a job on the ring, and one behind it. */
static void test_ahead_busy(struct carillon_ws *ws)
{
	for (int i = 0; i < ARRAY_SIZE(ahead); i++) {
		uint32_t queue = carillon_queue_create(ws->fd, ws->vm);
		volatile uint32_t *doorbell = carillon_doorbell_map(ws->fd, queue);
		int first, second;

		ws->cmd_used = ws->cmd_start = 0;
		first = carillon_submit_fd(ws->fd, carillon_ws_blocked_job(ws, queue), -1);
		second = carillon_submit_fd(ws->fd, carillon_ws_store_job(ws, queue), -1);
		wait_pushed(ws, queue, 2);
		*doorbell = 2 + ahead[i];
		/* Less than a ring: nobody minds before the device gets there. */
		if (ahead[i] <= 62)
			*carillon_ws_word(ws, 0) = 1;
		else
			igt_assert_eq(sync_fence_wait(second, CARILLON_WAIT_MS), 0);
		wait_guilty(ws, queue);
		igt_assert_eq(carillon_fence_wait_close(first), ahead[i] <= 62 ? 1 : -EIO);
		igt_assert_eq(carillon_fence_wait_close(second), ahead[i] <= 62 ? 1 : -EIO);
		carillon_ws_run_one(ws, ws->queue);
		carillon_queue_destroy(ws->fd, queue);
		carillon_doorbell_unmap(doorbell);
	}
	igt_assert_eq_u32(carillon_ws_queue_state(ws, ws->queue), 0);
}

/* A job of a queue that is tampered with: it ends somehow, soon. */
static bool tampered_one(struct carillon_ws *ws, uint32_t queue)
{
	struct drm_carillon_job job = carillon_ws_store_job(ws, queue);
	int fence = __carillon_submit_fd(ws->fd, job, -1);
	int status;

	if (fence < 0) {
		igt_assert_eq(fence, -EIO);
		return false;
	}
	status = carillon_fence_wait_close(fence);
	igt_assert_f(status == 1 || status == -EIO || status == -ETIME, "fence: %d\n", status);
	return true;
}

static void test_garbage(struct carillon_ws *ws)
{
	struct carillon_ws innocent;
	int other = drm_reopen_driver(ws->fd);

	carillon_ws_init(&innocent, other);
	for (int round = 0; round < 10; round++) {
		volatile struct carillon_children *shared = carillon_children_page();
		uint32_t queue = carillon_queue_create(ws->fd, ws->vm);
		volatile uint32_t *doorbell = carillon_doorbell_map(ws->fd, queue);

		carillon_ws_run_one(ws, queue);
		igt_fork(child, 2) {
			srand(2 * round + child);
			__sync_fetch_and_add(&shared->begun, 1);
			while (!shared->stop)
				*doorbell = rand() % 2 ? rand() % 80 : rand() * 2u;
		}
		carillon_children_wait(shared, 2);
		while (tampered_one(ws, queue))
			carillon_ws_run_one(&innocent, innocent.queue);
		wait_guilty(ws, queue);
		/* Odd ones go while the children are at it, and the next has the same ring. */
		if (round % 2)
			carillon_children_stop(shared);
		carillon_queue_destroy(ws->fd, queue);
		carillon_ws_run_one(&innocent, innocent.queue);
		carillon_ws_run_one(ws, ws->queue);
		if (!(round % 2))
			carillon_children_stop(shared);
		carillon_doorbell_unmap(doorbell);
	}
	igt_assert_eq_u32(carillon_ws_queue_state(ws, ws->queue), 0);
	igt_assert_eq_u32(carillon_ws_queue_state(&innocent, innocent.queue), 0);
	carillon_ws_fini(&innocent);
	drm_close_driver(other);
}

/* The ring is stopped because of a job that hangs, and enabled again for the one behind it. */
static void test_hang(struct carillon_ws *ws)
{
	carillon_set_job_timeout("300");
	for (int round = 0; round < 4; round++) {
		volatile struct carillon_children *shared = carillon_children_page();
		uint32_t queue = carillon_queue_create(ws->fd, ws->vm);
		volatile uint32_t *doorbell = carillon_doorbell_map(ws->fd, queue);
		int first, second, status;

		ws->cmd_used = ws->cmd_start = 0;
		first = carillon_submit_fd(ws->fd, carillon_ws_blocked_job(ws, queue), -1);
		second = carillon_submit_fd(ws->fd, carillon_ws_store_job(ws, queue), -1);
		/* Far less than a ring ahead of 0, which is where it begins again. */
		igt_fork(child, 1) {
			__sync_fetch_and_add(&shared->begun, 1);
			while (!shared->stop)
				*doorbell = round % 2 ? rand() % 3 : 2 + rand() % 8;
		}
		carillon_children_wait(shared, 1);
		status = carillon_fence_wait_close(first);
		igt_assert_f(status == -ETIME || status == -EIO, "fence: %d\n", status);
		status = carillon_fence_wait_close(second);
		igt_assert_f(status == 1 || status == -EIO || status == -ETIME, "fence: %d\n", status);
		igt_assert(carillon_ws_queue_state(ws, queue) & DRM_CARILLON_QUEUE_GUILTY);
		carillon_ws_run_one(ws, ws->queue);
		carillon_children_stop(shared);
		carillon_queue_destroy(ws->fd, queue);
		carillon_doorbell_unmap(doorbell);
	}
	igt_assert_eq_u32(carillon_ws_queue_state(ws, ws->queue), 0);
}

/* --- Queues that are gone --------------------------------------------------- */

/*
 * A queue on the ring that a queue had before, whose doorbell is known here as @old: it isn't
 * reached by that.
 */
static void check_next(struct carillon_ws *ws, uint32_t queue, volatile uint32_t *old)
{
	volatile uint32_t *doorbell = carillon_doorbell_map(ws->fd, queue);

	carillon_doorbell_assert_device(doorbell);
	for (int i = 0; i < ARRAY_SIZE(ahead); i++)
		*old = ahead[i];
	igt_assert_eq_u32(*old, ahead[ARRAY_SIZE(ahead) - 1]);
	carillon_ws_run_one(ws, queue);
	*old = 2;
	carillon_ws_run_one(ws, queue);
	igt_assert_eq_u32(carillon_ws_queue_state(ws, queue), 0);
	carillon_doorbell_assert_memory(old);
	carillon_doorbell_unmap(doorbell);
}

/* The ring with the lowest number is given out first, so it has the same one. */
static uint32_t next_queue(struct carillon_ws *ws, uint32_t queue)
{
	carillon_queue_destroy(ws->fd, queue);
	return carillon_queue_create(ws->fd, ws->vm);
}

static void test_destroyed(struct carillon_ws *ws)
{
	uint32_t queue = carillon_queue_create(ws->fd, ws->vm);
	volatile uint32_t *touched = carillon_doorbell_map(ws->fd, queue);
	volatile uint32_t *fresh = carillon_doorbell_map(ws->fd, queue);

	carillon_doorbell_assert_device(touched);
	queue = next_queue(ws, queue);
	check_next(ws, queue, touched);
	check_next(ws, queue, fresh);
	queue = next_queue(ws, queue);
	check_next(ws, queue, touched);
	carillon_doorbell_unmap(touched);
	check_next(ws, queue, fresh);
	carillon_doorbell_unmap(fresh);
	carillon_queue_destroy(ws->fd, queue);
}

static void test_fork(struct carillon_ws *ws)
{
	uint32_t queue = carillon_queue_create(ws->fd, ws->vm);
	volatile uint32_t *doorbell = carillon_doorbell_map(ws->fd, queue);
	volatile struct carillon_children *shared = carillon_children_page();

	carillon_doorbell_assert_device(doorbell);
	igt_fork(child, 2) {
		/* One has touched it itself, the other has but inherited it. */
		if (child)
			carillon_doorbell_assert_device(doorbell);
		__sync_fetch_and_add(&shared->begun, 1);
		while (!shared->number)
			usleep(1000);
		for (int i = 0; i < ARRAY_SIZE(ahead); i++)
			*doorbell = ahead[i];
		igt_assert_neq_u32(*doorbell, 0);
		__sync_fetch_and_add(&shared->begun, 1);
		while (!shared->stop)
			usleep(1000);
	}
	carillon_children_wait(shared, 2);
	queue = next_queue(ws, queue);
	shared->number = 1;
	carillon_children_wait(shared, 4);
	/* What children write to the one page, we read. */
	igt_assert_eq_u32(*doorbell, ahead[ARRAY_SIZE(ahead) - 1]);
	check_next(ws, queue, doorbell);
	carillon_children_stop(shared);
	carillon_doorbell_unmap(doorbell);
	carillon_queue_destroy(ws->fd, queue);
}
static void test_mremap(struct carillon_ws *ws)
{
	uint32_t queue = carillon_queue_create(ws->fd, ws->vm);
	volatile uint32_t *moved = carillon_doorbell_map(ws->fd, queue);

	carillon_doorbell_assert_device(moved);
	/* It neither grows nor doubles. */
	igt_assert(mremap((void *)moved, PAGE, 2 * PAGE, MREMAP_MAYMOVE) == MAP_FAILED);
	igt_assert(mremap((void *)moved, 0, PAGE, MREMAP_MAYMOVE) == MAP_FAILED);
	moved = carillon_map_move(moved);
	igt_assert(moved != MAP_FAILED);
	carillon_doorbell_assert_device(moved);
	queue = next_queue(ws, queue);
	check_next(ws, queue, moved);
	moved = carillon_map_move(moved);
	igt_assert(moved != MAP_FAILED);
	check_next(ws, queue, moved);
	carillon_doorbell_unmap(moved);
	carillon_queue_destroy(ws->fd, queue);
}

/* Each leaves a workspace that works. */
static const struct doorbell_test {
	const char *name;
	const char *what;
	void (*test)(struct carillon_ws *ws);
} tests[] = {
	{ "basic", "Check that ringing again for jobs that the kernel has rung for does nothing", test_basic },
	{ "lost", "Check that user space can make up for a doorbell that got lost", test_lost },
	{ "read-only", "Check that a doorbell can be mapped for reading only", test_read_only },
	{ "invalid-ioctl", "Check that the ioctl refuses unknown queues and flags", test_invalid_ioctl },
	{ "invalid-mmap", "Check that mmap() refuses what isn't a doorbell of this file", test_invalid_mmap },
	{ "invalid-exec", "Check that a doorbell can't be made executable", test_invalid_exec },
	{ "late", "Check that numbers from before do nothing while jobs are submitted", test_late },
	{ "ahead-idle", "Check that ringing for jobs that there aren't makes an idle queue guilty", test_ahead_idle },
	{ "ahead-busy", "Check that ringing for jobs that there aren't makes a busy queue guilty", test_ahead_busy },
	{ "garbage", "Check that random ringing while jobs are submitted hurts its own queue only", test_garbage },
	{ "hang", "Check that random ringing while a ring is reset hurts its own queue only", test_hang },
	{ "destroyed", "Check that the mapping of a queue that is gone doesn't reach the next one", test_destroyed },
	{ "fork", "Check that a child's mapping doesn't reach the next queue", test_fork },
	{ "mremap", "Check that a mapping that was moved doesn't reach the next queue", test_mremap },
};

int igt_main()
{
	static struct carillon_ws ws;

	for (unsigned int i = 0; i < ARRAY_SIZE(tests); i++) {
		igt_subtest_group() {
			igt_fixture() {
				carillon_ws_init(&ws, drm_open_driver_render(DRIVER_ANY));
			}

			igt_describe(tests[i].what);
			igt_subtest(tests[i].name)
				tests[i].test(&ws);

			/* What a test has left open, closing ends. */
			igt_fixture() {
				drm_close_driver(ws.fd);
				munmap(ws.map, CARILLON_WS_SIZE);
				carillon_restore_job_timeout();
			}
		}
	}
}
