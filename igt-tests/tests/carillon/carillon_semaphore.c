// SPDX-License-Identifier: MIT
/**
 * TEST: Semaphores: rings that wait for jobs of other rings
 * Category: Core
 * Mega feature: General Core features
 * Sub-category: Command submission
 * Functionality: dependencies
 * Test category: functionality test
 * Description: Check that rings wait for jobs of other rings: not too short, not for ever.
 *
 * SUBTEST: in-ring
 * Description: Check that a job is on its ring while the one it waits for runs
 *
 * SUBTEST: lost-interrupt
 * Description: Check that no interrupt is needed from one queue to the next
 *
 * SUBTEST: chain
 * Description: Check the order of a long chain of jobs over three queues
 *
 * SUBTEST: many
 * Description: Check that a job waits for more queues than its ring can
 *
 * SUBTEST: full
 * Description: Check that jobs that wait fill the smallest ring, and no more
 *
 * SUBTEST: not-ready
 * Description: Check that a ring doesn't wait for a job that isn't on its own
 *
 * SUBTEST: cancel-on-error
 * Description: Check that who wants to know of an error waits for it
 *
 * SUBTEST: other-vm
 * Description: Check that a job of another VM is waited for, too
 *
 * SUBTEST: hang
 * Description: Check that a reset of the first queue lets the second one go on
 *
 * SUBTEST: replay
 * Description: Check that a job that's run again after a reset is waited for
 *
 * SUBTEST: device-reset
 * Description: Check that a queue whose ring only waits loses nothing when the device is reset
 *
 * SUBTEST: device-reset-chain
 * Description: Check that jobs wait for each other again when the device was reset
 *
 * SUBTEST: lost-doorbell
 * Description: Check that a job isn't guilty with which its ring hasn't begun
 *
 * SUBTEST: destroy-first
 * Description: Check that the end of the first queue lets the second one go on
 *
 * SUBTEST: destroy-one
 * Description: Check that the end of one queue doesn't end the wait for another one
 *
 * SUBTEST: destroy-second
 * Description: Check that a queue whose ring waits can be destroyed
 *
 * SUBTEST: come-and-go
 * Description: Check that queues that come and go don't wait for those before
 *
 * SUBTEST: read-only
 * Description: Check that jobs can't write to the kernel's part of a VM
 *
 * SUBTEST: bind-reserved
 * Description: Check that nothing can be mapped in the kernel's part of a VM
 */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "igt.h"
#include "igt_carillon.h"
#include "igt_carillon_doorbell.h"
#include "igt_carillon_driver.h"
#include "igt_carillon_emulator.h"
#include "sw_sync.h"

IGT_TEST_DESCRIPTION("Check that rings wait for jobs of other rings: not too short, not for ever.");

#define SCHED_PARAM	"/sys/module/carillon/parameters/scheduler"
#define PAGE		4096ull
#define MARK		0x5eed0009

/* Only the driver's own job library makes rings wait. */
static bool can_wait(void)
{
	char name[16] = "";
	int fd = open(SCHED_PARAM, O_RDONLY);

	if (fd < 0)
		return true;
	igt_assert_lt(0, read(fd, name, sizeof(name) - 1));
	close(fd);
	return !strncmp(name, "jobq", 4);
}

/* A job that copies word @from to word @to. */
static struct drm_carillon_job copy_job(struct carillon_ws *ws, uint32_t queue,
					unsigned int to, unsigned int from)
{
	struct drm_carillon_job job;

	carillon_ws_copy(ws, carillon_ws_va(ws, to), carillon_ws_va(ws, from), 8);
	job = carillon_ws_job(ws);
	job.queue_id = queue;
	return job;
}

/* Waits for word 0, says so in word 5, and has MARK in word 1 when it's through. */
static int submit_blocked(struct carillon_ws *ws, uint32_t queue)
{
	struct drm_carillon_job job;

	*carillon_ws_word(ws, 0) = 0;
	*carillon_ws_word(ws, 1) = 0;
	*carillon_ws_word(ws, 5) = 0;
	carillon_ws_sem_release(ws, carillon_ws_va(ws, 5), 1);
	carillon_ws_sem_wait(ws, carillon_ws_va(ws, 0), 1);
	carillon_ws_store(ws, carillon_ws_va(ws, 1), MARK);
	job = carillon_ws_job(ws);
	job.queue_id = queue;
	return carillon_submit_fd(ws->fd, job, -1);
}

static void unblock(struct carillon_ws *ws)
{
	__atomic_store_n(carillon_ws_word(ws, 0), 1, __ATOMIC_RELEASE);
}

/* What the ring has of one job of @queue, the first, that waits in hardware. */
static void assert_in_ring(struct carillon_ws *ws, uint32_t queue)
{
	igt_assert_eq_u32(carillon_ws_ring_tail(ws, queue), can_wait() ? 2 : 0);
}

/* The workspace's queue is blocked, and a job of @queue waits for that. */
static void submit_pair(struct carillon_ws *ws, uint32_t queue, int *first, int *second)
{
	*first = submit_blocked(ws, ws->queue);
	*carillon_ws_word(ws, 2) = 0;
	*second = carillon_submit_fd(ws->fd, copy_job(ws, queue, 2, 1), *first);
	assert_in_ring(ws, queue);
	igt_assert_eq(sync_fence_status(*second), 0);
}

static void assert_second(struct carillon_ws *ws, int second, uint64_t value)
{
	igt_assert_eq(carillon_fence_wait_close(second), 1);
	igt_assert_eq_u64(*carillon_ws_word(ws, 2), value);
}

static void test_in_ring(struct carillon_ws *ws)
{
	uint32_t queue = carillon_queue_create(ws->fd, ws->vm);
	int first, second;

	submit_pair(ws, queue, &first, &second);
	unblock(ws);
	assert_second(ws, second, MARK);
	igt_assert_eq(carillon_fence_wait_close(first), 1);
	carillon_queue_destroy(ws->fd, queue);
}

/* Nobody tells software that the first job is complete. */
static void test_lost_interrupt(struct carillon_ws *ws)
{
	uint32_t queues[2];
	int first, second;

	igt_require_f(can_wait(), "this scheduler waits for interrupts\n");
	carillon_set_job_timeout("3600000");
	for (int i = 0; i < 2; i++)
		queues[i] = carillon_queue_create(ws->fd, ws->vm);
	carillon_emulator("lost-irq\n");
	first = submit_blocked(ws, queues[0]);
	while (!*carillon_ws_word(ws, 5))
		usleep(1000);
	*carillon_ws_word(ws, 2) = 0;
	second = carillon_submit_fd(ws->fd, copy_job(ws, queues[1], 2, 1), first);
	unblock(ws);
	assert_second(ws, second, MARK);

	/* The next interrupt of its ring makes up for it. */
	carillon_ws_run_one(ws, queues[0]);
	igt_assert_eq(carillon_fence_wait_close(first), 1);
	for (int i = 0; i < 2; i++)
		carillon_queue_destroy(ws->fd, queues[i]);
}

#define CHAIN	96

/* Each job hands on the word of the one before. */
static void test_chain(struct carillon_ws *ws)
{
	uint32_t queues[3];
	int fence, next;

	for (int i = 0; i < 3; i++)
		queues[i] = carillon_queue_create(ws->fd, ws->vm);
	fence = submit_blocked(ws, ws->queue);
	for (int i = 0; i < CHAIN; i++) {
		*carillon_ws_word(ws, 11 + i) = 0;
		next = carillon_submit_fd(ws->fd, copy_job(ws, queues[i % 3], 11 + i,
							   i ? 10 + i : 1), fence);
		close(fence);
		fence = next;
	}
	unblock(ws);
	igt_assert_eq(carillon_fence_wait_close(fence), 1);
	for (int i = 0; i < CHAIN; i++)
		igt_assert_eq_u64(*carillon_ws_word(ws, 11 + i), MARK);
	for (int i = 0; i < 3; i++)
		carillon_queue_destroy(ws->fd, queues[i]);
}

#define MANY	7

/* Some in hardware, the others in software: the job isn't on its ring before those are over. */
static void test_many(struct carillon_ws *ws)
{
	uint32_t queues[MANY], last = carillon_queue_create(ws->fd, ws->vm);
	struct drm_carillon_job job;
	int merged = -1, fence, sum;

	for (int i = 0; i < MANY; i++) {
		queues[i] = carillon_queue_create(ws->fd, ws->vm);
		*carillon_ws_word(ws, 20 + i) = 0;
		*carillon_ws_word(ws, 30 + i) = 0;
		carillon_ws_sem_wait(ws, carillon_ws_va(ws, 20 + i), 1);
		carillon_ws_store(ws, carillon_ws_va(ws, 30 + i), MARK);
		job = carillon_ws_job(ws);
		job.queue_id = queues[i];
		fence = carillon_submit_fd(ws->fd, job, -1);
		sum = merged < 0 ? dup(fence) : sync_fence_merge(merged, fence);
		close(fence);
		if (merged >= 0)
			close(merged);
		merged = sum;
	}
	carillon_ws_copy(ws, carillon_ws_va(ws, 40), carillon_ws_va(ws, 30), 8 * MANY);
	job = carillon_ws_job(ws);
	job.queue_id = last;
	fence = carillon_submit_fd(ws->fd, job, merged);
	for (int i = 0; i < MANY; i++) {
		igt_assert_eq(sync_fence_status(fence), 0);
		*carillon_ws_word(ws, 20 + i) = 1;
	}
	igt_assert_eq(carillon_fence_wait_close(fence), 1);
	for (int i = 0; i < MANY; i++)
		igt_assert_eq_u64(*carillon_ws_word(ws, 40 + i), MARK);
	close(merged);
	for (int i = 0; i < MANY; i++)
		carillon_queue_destroy(ws->fd, queues[i]);
	carillon_queue_destroy(ws->fd, last);
}

/* Each of them takes two slots. */
static void test_full(struct carillon_ws *ws)
{
	struct drm_carillon_queue_create args = { .vm_id = ws->vm };
	struct drm_carillon_device_info info;
	int first, fence = -1;
	uint32_t num;

	carillon_query_device(ws->fd, &info);
	args.slots = info.queue_slots_min;
	igt_assert_eq(__carillon_ioctl(ws->fd, DRM_IOCTL_CARILLON_QUEUE_CREATE, &args), 0);
	first = submit_blocked(ws, ws->queue);
	num = 3 * args.slots;
	for (uint32_t i = 0; i < num; i++) {
		if (fence >= 0)
			close(fence);
		fence = carillon_submit_fd(ws->fd, copy_job(ws, args.id, 2 + (i % 2), 1), first);
	}
	if (can_wait())
		igt_assert_eq_u32(carillon_ws_ring_tail(ws, args.id), args.slots);
	unblock(ws);
	igt_assert_eq(carillon_fence_wait_close(fence), 1);
	igt_assert_eq_u64(*carillon_ws_word(ws, 2), MARK);
	igt_assert_eq(carillon_fence_wait_close(first), 1);
	carillon_queue_destroy(ws->fd, args.id);
}

/* The job in the middle waits in software for what may never come. */
static void test_not_ready(struct carillon_ws *ws)
{
	uint32_t queue = carillon_queue_create(ws->fd, ws->vm);
	int blocker, first, second;
	struct carillon_ws other;

	/* What's of another VM is waited for in software. */
	carillon_ws_init(&other, ws->fd);
	blocker = submit_blocked(&other, other.queue);
	*carillon_ws_word(ws, 1) = MARK;
	*carillon_ws_word(ws, 2) = 0;
	first = carillon_submit_fd(ws->fd, copy_job(ws, ws->queue, 2, 1), blocker);
	second = carillon_submit_fd(ws->fd, copy_job(ws, queue, 3, 2), first);
	igt_assert_eq_u32(carillon_ws_ring_tail(ws, queue), 0);
	unblock(&other);
	igt_assert_eq(carillon_fence_wait_close(second), 1);
	igt_assert_eq_u64(*carillon_ws_word(ws, 3), MARK);
	igt_assert_eq(carillon_fence_wait_close(first), 1);
	igt_assert_eq(carillon_fence_wait_close(blocker), 1);
	carillon_ws_fini(&other);
	carillon_queue_destroy(ws->fd, queue);
}

static void test_cancel_on_error(struct carillon_ws *ws)
{
	uint32_t queue = carillon_queue_create(ws->fd, ws->vm);
	struct drm_carillon_job job;
	int first, second;

	first = submit_blocked(ws, ws->queue);
	job = copy_job(ws, queue, 2, 1);
	job.flags = DRM_CARILLON_JOB_CANCEL_ON_ERROR;
	second = carillon_submit_fd(ws->fd, job, first);
	igt_assert_eq_u32(carillon_ws_ring_tail(ws, queue), 0);
	unblock(ws);
	assert_second(ws, second, MARK);
	igt_assert_eq(carillon_fence_wait_close(first), 1);
	carillon_queue_destroy(ws->fd, queue);
}

static void test_other_vm(struct carillon_ws *ws)
{
	struct carillon_ws other;
	int first, second;

	carillon_ws_init(&other, ws->fd);
	first = submit_blocked(ws, ws->queue);
	second = carillon_submit_fd(ws->fd, carillon_ws_store_job(&other, other.queue), first);
	igt_assert_eq_u32(carillon_ws_ring_tail(&other, other.queue), 0);
	unblock(ws);
	igt_assert_eq(carillon_fence_wait_close(second), 1);
	igt_assert_eq(carillon_fence_wait_close(first), 1);
	carillon_ws_fini(&other);
}

/* The first job never ends: it's that one which is guilty, and the other one goes on. */
static void test_hang(struct carillon_ws *ws)
{
	uint32_t queue = carillon_queue_create(ws->fd, ws->vm);
	int first, second;

	submit_pair(ws, queue, &first, &second);
	igt_assert_eq(carillon_fence_wait_close(first), -ETIME);
	assert_second(ws, second, 0);
	igt_assert_eq_u32(carillon_ws_queue_state(ws, ws->queue), DRM_CARILLON_QUEUE_GUILTY);
	igt_assert_eq_u32(carillon_ws_queue_state(ws, queue), 0);
	carillon_ws_run_one(ws, ws->queue);
	carillon_ws_run_one(ws, queue);
	carillon_queue_destroy(ws->fd, queue);
}

/* Behind the one that hangs there's another one, which is run again, and waited for. */
static void test_replay(struct carillon_ws *ws)
{
	uint32_t queue = carillon_queue_create(ws->fd, ws->vm);
	struct drm_carillon_job job;
	int hung, first, second;

	hung = submit_blocked(ws, ws->queue);
	*carillon_ws_word(ws, 6) = 0;
	*carillon_ws_word(ws, 2) = 0;
	/* So long that it's not complete by chance. */
	carillon_ws_delay(ws, 50000000);
	carillon_ws_store(ws, carillon_ws_va(ws, 6), MARK);
	job = carillon_ws_job(ws);
	first = carillon_submit_fd(ws->fd, job, -1);
	second = carillon_submit_fd(ws->fd, copy_job(ws, queue, 2, 6), first);
	assert_in_ring(ws, queue);
	igt_assert_eq(carillon_fence_wait_close(hung), -ETIME);
	assert_second(ws, second, MARK);
	igt_assert_eq(carillon_fence_wait_close(first), 1);
	igt_assert_eq_u32(carillon_ws_queue_state(ws, queue), 0);
	carillon_queue_destroy(ws->fd, queue);
}

/* Of a new queue, which takes a reset of the device with it when it's destroyed. */
static int submit_hung(struct carillon_ws *ws, uint32_t *ret_queue)
{
	int fence;

	*ret_queue = carillon_queue_create(ws->fd, ws->vm);
	carillon_emulator("hang hard=1\n");
	fence = carillon_submit_fd(ws->fd, carillon_ws_store_job(ws, *ret_queue), -1);
	carillon_emulator_settle();
	return fence;
}

/* The one that's waited for is half done, and lost; the other one hasn't begun. */
static void test_device_reset(struct carillon_ws *ws)
{
	uint32_t hung_queue, queue;
	int hung, first, second;

	carillon_set_job_timeout("3600000");
	hung = submit_hung(ws, &hung_queue);
	queue = carillon_queue_create(ws->fd, ws->vm);
	submit_pair(ws, queue, &first, &second);
	while (!*carillon_ws_word(ws, 5))
		usleep(1000);
	carillon_queue_destroy(ws->fd, hung_queue);
	igt_assert_eq(carillon_fence_wait_close(hung), -ECANCELED);
	igt_assert_eq(carillon_fence_wait_close(first), -ECANCELED);
	assert_second(ws, second, 0);
	igt_assert_eq_u32(carillon_ws_queue_state(ws, ws->queue),
			  DRM_CARILLON_QUEUE_DEAD | DRM_CARILLON_QUEUE_INNOCENT);
	igt_assert_eq_u32(carillon_ws_queue_state(ws, queue), 0);
	carillon_ws_run_one(ws, queue);
	carillon_queue_destroy(ws->fd, queue);
}

/* The second waits for the first, which waits for the one that hangs: both are run again. */
static void test_device_reset_chain(struct carillon_ws *ws)
{
	uint32_t hung_queue, queue;
	int hung, first, second;

	carillon_set_job_timeout("3600000");
	hung = submit_hung(ws, &hung_queue);
	queue = carillon_queue_create(ws->fd, ws->vm);
	*carillon_ws_word(ws, 6) = 0;
	*carillon_ws_word(ws, 2) = 0;
	/* Time for a second one that doesn't wait. */
	carillon_ws_delay(ws, 50000000);
	carillon_ws_store(ws, carillon_ws_va(ws, 6), MARK);
	first = carillon_submit_fd(ws->fd, carillon_ws_job(ws), hung);
	second = carillon_submit_fd(ws->fd, copy_job(ws, queue, 2, 6), first);
	assert_in_ring(ws, ws->queue);
	assert_in_ring(ws, queue);
	carillon_queue_destroy(ws->fd, hung_queue);
	igt_assert_eq(carillon_fence_wait_close(hung), -ECANCELED);
	igt_assert_eq(carillon_fence_wait_close(first), 1);
	assert_second(ws, second, MARK);
	igt_assert_eq_u32(carillon_ws_queue_state(ws, ws->queue), 0);
	igt_assert_eq_u32(carillon_ws_queue_state(ws, queue), 0);
	carillon_queue_destroy(ws->fd, queue);
}

/* What it waits for is over, but its ring hasn't been told of it. */
static void test_lost_doorbell(struct carillon_ws *ws)
{
	uint32_t queue = carillon_queue_create(ws->fd, ws->vm);
	struct drm_carillon_queue_get_state state;
	int first, second;

	igt_require_f(can_wait(), "with this scheduler the ring isn't known to wait\n");
	first = submit_blocked(ws, ws->queue);
	*carillon_ws_word(ws, 2) = 0;
	carillon_emulator("lost-doorbell job=1\n");
	second = carillon_submit_fd(ws->fd, copy_job(ws, queue, 2, 1), first);
	assert_in_ring(ws, queue);
	unblock(ws);
	assert_second(ws, second, MARK);
	igt_assert_eq(carillon_fence_wait_close(first), 1);
	carillon_queue_get_state(ws->fd, queue, &state);
	igt_assert_eq_u32(state.state, 0);
	igt_assert_eq_u32(state.resets, 0);
	carillon_queue_destroy(ws->fd, queue);
}

/* A queue goes on which another one's ring waits. */
static void destroy_first(struct carillon_ws *ws, uint32_t second_queue, uint32_t tail)
{
	uint32_t queue = carillon_queue_create(ws->fd, ws->vm);
	int first, second;

	first = submit_blocked(ws, queue);
	*carillon_ws_word(ws, 2) = MARK;
	second = carillon_submit_fd(ws->fd, copy_job(ws, second_queue, 2, 1), first);
	igt_assert_eq_u32(carillon_ws_ring_tail(ws, second_queue), can_wait() ? tail + 2 : tail);
	carillon_queue_destroy(ws->fd, queue);
	igt_assert_eq(carillon_fence_wait_close(first), -ECANCELED);
	assert_second(ws, second, 0);
}

static void test_destroy_first(struct carillon_ws *ws)
{
	destroy_first(ws, ws->queue, 0);
	carillon_ws_run_one(ws, ws->queue);
}

/* The third queue's ring waits for two others, of which one goes. */
static void destroy_one(struct carillon_ws *ws)
{
	uint32_t queues[3];
	int gone, stays, both, last;

	for (int i = 0; i < 3; i++)
		queues[i] = carillon_queue_create(ws->fd, ws->vm);
	gone = submit_blocked(ws, queues[0]);
	stays = submit_blocked(ws, queues[1]);
	both = sync_fence_merge(gone, stays);
	*carillon_ws_word(ws, 2) = 0;
	last = carillon_submit_fd(ws->fd, copy_job(ws, queues[2], 2, 1), both);
	igt_assert_eq_u32(carillon_ws_ring_tail(ws, queues[2]), can_wait() ? 3 : 0);

	carillon_queue_destroy(ws->fd, queues[0]);
	igt_assert_eq(carillon_fence_wait_close(gone), -ECANCELED);
	/* Time for a ring that doesn't wait. */
	usleep(20000);
	igt_assert_eq(sync_fence_status(last), 0);
	unblock(ws);
	assert_second(ws, last, MARK);
	igt_assert_eq(carillon_fence_wait_close(stays), 1);
	close(both);
	for (int i = 1; i < 3; i++)
		carillon_queue_destroy(ws->fd, queues[i]);
}

static void test_destroy_one(struct carillon_ws *ws)
{
	for (int i = 0; i < 10; i++) {
		ws->cmd_used = ws->cmd_start = 0;
		destroy_one(ws);
	}
}

static void test_destroy_second(struct carillon_ws *ws)
{
	uint32_t queue = carillon_queue_create(ws->fd, ws->vm);
	int first, second;

	submit_pair(ws, queue, &first, &second);
	carillon_queue_destroy(ws->fd, queue);
	igt_assert_eq(carillon_fence_wait_close(second), -ECANCELED);
	igt_assert_eq(sync_fence_status(first), 0);
	unblock(ws);
	igt_assert_eq(carillon_fence_wait_close(first), 1);
	igt_assert_eq_u64(*carillon_ws_word(ws, 2), 0);
	carillon_ws_run_one(ws, ws->queue);
}

/* The same addresses are used again and again, for queues that count from 1. */
static void test_come_and_go(struct carillon_ws *ws)
{
	for (int i = 0; i < 20; i++) {
		uint32_t queue = carillon_queue_create(ws->fd, ws->vm);

		ws->cmd_used = ws->cmd_start = 0;
		destroy_first(ws, queue, 0);
		carillon_queue_destroy(ws->fd, queue);
	}
	test_in_ring(ws);
}

static void test_read_only(struct carillon_ws *ws)
{
	struct drm_carillon_device_info info;

	carillon_query_device(ws->fd, &info);
	/* Once there is something. */
	test_in_ring(ws);
	for (uint64_t va = info.va_end; va < info.va_end + 8 * PAGE; va += PAGE) {
		struct crln_cmd_fill fill = { .dst = va, .size_bytes = PAGE, .pattern = MARK };

		carillon_ws_cmd(ws, CRLN_CMD_FILL, &fill, sizeof(fill));
		igt_assert_eq(carillon_fence_wait_close(carillon_submit_fd(ws->fd,
							carillon_ws_job(ws), -1)), -EIO);
	}
	carillon_ws_run_one(ws, ws->queue);
}

static int bind(struct carillon_ws *ws, uint32_t type, uint64_t va, uint64_t size)
{
	struct drm_carillon_bind_op op = {
		.type = type, .va = va, .size = size,
		.handle = type == DRM_CARILLON_BIND_MAP ? ws->bo : 0,
	};

	return __carillon_vm_bind(ws->fd, ws->vm, &op, 1);
}

static void test_bind_reserved(struct carillon_ws *ws)
{
	struct drm_carillon_device_info info;

	carillon_query_device(ws->fd, &info);
	igt_assert_lt_u64(info.va_end, 1ull << CRLN_VA_BITS);
	test_in_ring(ws);
	for (uint32_t type = DRM_CARILLON_BIND_MAP; type <= DRM_CARILLON_BIND_UNMAP; type++) {
		igt_assert_eq(bind(ws, type, info.va_end - PAGE, PAGE), 0);
		igt_assert_eq(bind(ws, type, info.va_end - PAGE, 2 * PAGE), -EINVAL);
		igt_assert_eq(bind(ws, type, info.va_end, PAGE), -EINVAL);
		igt_assert_eq(bind(ws, type, (1ull << CRLN_VA_BITS) - PAGE, PAGE), -EINVAL);
	}
	test_in_ring(ws);
}

static const struct {
	const char *name;
	const char *what;
	void (*test)(struct carillon_ws *ws);
} tests[] = {
	{ "in-ring", "Check that a job is on its ring while the one it waits for runs", test_in_ring },
	{ "lost-interrupt", "Check that no interrupt is needed from one queue to the next", test_lost_interrupt },
	{ "chain", "Check the order of a long chain of jobs over three queues", test_chain },
	{ "many", "Check that a job waits for more queues than its ring can", test_many },
	{ "full", "Check that jobs that wait fill the smallest ring, and no more", test_full },
	{ "not-ready", "Check that a ring doesn't wait for a job that isn't on its own", test_not_ready },
	{ "cancel-on-error", "Check that who wants to know of an error waits for it", test_cancel_on_error },
	{ "other-vm", "Check that a job of another VM is waited for, too", test_other_vm },
	{ "hang", "Check that a reset of the first queue lets the second one go on", test_hang },
	{ "replay", "Check that a job that's run again after a reset is waited for", test_replay },
	{ "device-reset", "Check that a queue whose ring only waits loses nothing when the device is reset", test_device_reset },
	{ "device-reset-chain", "Check that jobs wait for each other again when the device was reset", test_device_reset_chain },
	{ "lost-doorbell", "Check that a job isn't guilty with which its ring hasn't begun", test_lost_doorbell },
	{ "destroy-first", "Check that the end of the first queue lets the second one go on", test_destroy_first },
	{ "destroy-one", "Check that the end of one queue doesn't end the wait for another one", test_destroy_one },
	{ "destroy-second", "Check that a queue whose ring waits can be destroyed", test_destroy_second },
	{ "come-and-go", "Check that queues that come and go don't wait for those before", test_come_and_go },
	{ "read-only", "Check that jobs can't write to the kernel's part of a VM", test_read_only },
	{ "bind-reserved", "Check that nothing can be mapped in the kernel's part of a VM", test_bind_reserved },
};

int igt_main()
{
	struct carillon_ws ws;
	int fd = -1;

	igt_fixture()
		fd = drm_open_driver_render(DRIVER_ANY);

	for (int i = 0; i < ARRAY_SIZE(tests); i++) {
		igt_describe(tests[i].what);
		igt_subtest(tests[i].name) {
			carillon_ws_init(&ws, fd);
			tests[i].test(&ws);
			carillon_ws_fini(&ws);
		}
		igt_fixture()
			carillon_restore_job_timeout();
	}

	igt_fixture()
		drm_close_driver(fd);
}
