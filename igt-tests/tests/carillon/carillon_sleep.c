// SPDX-License-Identifier: MIT
/**
 * TEST: System sleep with jobs on the rings and behind them
 * Category: Core
 * Mega feature: General Core features
 * Sub-category: Power management
 * Functionality: suspend, resume
 * Test category: functionality test
 * Description: Check that a process that submits jobs doesn't notice a system sleep.
 * Test requirement: a kernel with CONFIG_SUSPEND and CONFIG_PM_SLEEP_DEBUG
 *
 * SUBTEST: idle
 * Description: Check that queues, buffers and doorbells are as before when the devices have slept
 *
 * SUBTEST: running
 * Description: Check that jobs on rings, in line for one, and waiting end well when the devices sleep
 *
 * SUBTEST: hang
 * Description: Check that a job that hangs is timed out, and no other, when the devices are to sleep
 *
 * SUBTEST: again
 * Description: Check that the devices can sleep again and again
 *
 * SUBTEST: off
 * Description: Check that jobs on rings, in line for one, and waiting end well when the devices are switched off
 */

#include "igt.h"
#include "igt_carillon.h"
#include "igt_carillon_driver.h"
#include "igt_carillon_doorbell.h"
#include "sw_sync.h"

IGT_TEST_DESCRIPTION("Check that a process that submits jobs doesn't notice a system sleep.");

#define DELAY_PARAM	"/sys/module/suspend/parameters/pm_test_delay"

/* Two seconds of jobs, few of which have room on the ring. */
#define NUM_JOBS	100
#define JOB_NS		20000000
#define NUM_SLOTS	16

/* Word of the workspace with the time at which a job ended. */
#define TIME_WORD	256
#define SLEEP_NS	500000000ull

static void sleep_devices(void)
{
	igt_system_suspend_autoresume(SUSPEND_STATE_FREEZE, SUSPEND_TEST_DEVICES);
}

/* All but the CPUs: PCI devices are in D3. */
static void switch_devices_off(void)
{
	igt_system_suspend_autoresume(SUSPEND_STATE_FREEZE, SUSPEND_TEST_PLATFORM);
}

static struct drm_carillon_job slow_job(struct carillon_ws *ws, uint32_t queue,
					unsigned int word)
{
	struct drm_carillon_job job;

	*carillon_ws_word(ws, word) = 0;
	carillon_ws_delay(ws, JOB_NS);
	carillon_ws_store(ws, carillon_ws_va(ws, word), CARILLON_WS_MARK + word);
	carillon_ws_timestamp(ws, carillon_ws_va(ws, TIME_WORD + word));
	job = carillon_ws_job(ws);
	job.queue_id = queue;
	return job;
}

static uint32_t small_queue(struct carillon_ws *ws)
{
	struct drm_carillon_queue_create args = { .vm_id = ws->vm, .slots = NUM_SLOTS };

	igt_assert_eq(__carillon_ioctl(ws->fd, DRM_IOCTL_CARILLON_QUEUE_CREATE, &args), 0);
	return args.id;
}

/* Nothing ran for a while, and something did before and afterwards. */
static bool slept_meanwhile(struct carillon_ws *ws)
{
	for (unsigned int i = TIME_WORD + 1; i <= TIME_WORD + NUM_JOBS; i++)
		if (*carillon_ws_word(ws, i) - *carillon_ws_word(ws, i - 1) > SLEEP_NS)
			return true;
	return false;
}

static void test_idle(struct carillon_ws *ws)
{
	volatile uint32_t *doorbell = carillon_doorbell_map(ws->fd, ws->queue);

	carillon_ws_run_one(ws, ws->queue);
	*carillon_ws_word(ws, 1) = CARILLON_WS_MARK;
	sleep_devices();
	igt_assert_eq_u64(*carillon_ws_word(ws, 1), CARILLON_WS_MARK);
	carillon_doorbell_assert_device(doorbell);
	for (int i = 0; i < 128; i++)
		carillon_ws_run_one(ws, ws->queue);
	*doorbell = carillon_ws_ring_tail(ws, ws->queue);
	carillon_ws_run_one(ws, ws->queue);
	carillon_doorbell_unmap(doorbell);
}

/* Jobs on a ring, jobs that wait for room there, and one of another queue that waits for them. */
static void run_across(struct carillon_ws *ws, void (*sleep_now)(void))
{
	uint32_t first = small_queue(ws), second = small_queue(ws);
	int fences[NUM_JOBS + 1];

	for (int i = 0; i < NUM_JOBS; i++)
		fences[i] = carillon_submit_fd(ws->fd, slow_job(ws, first, i), -1);
	fences[NUM_JOBS] = carillon_submit_fd(ws->fd, slow_job(ws, second, NUM_JOBS),
					      fences[NUM_JOBS - 1]);
	sleep_now();
	for (int i = 0; i <= NUM_JOBS; i++) {
		igt_assert_eq(carillon_fence_wait_close(fences[i]), 1);
		igt_assert_eq_u64(*carillon_ws_word(ws, i), CARILLON_WS_MARK + i);
	}
	igt_assert_eq_u32(carillon_ws_queue_state(ws, first), 0);
	igt_assert_eq_u32(carillon_ws_queue_state(ws, second), 0);
	/* Rings have begun anew, but not what one of them waits for at the other. */
	igt_assert_lt_u64(*carillon_ws_word(ws, TIME_WORD + NUM_JOBS - 1),
			  *carillon_ws_word(ws, TIME_WORD + NUM_JOBS));
	igt_require_f(slept_meanwhile(ws), "all jobs had ended before it slept\n");
	carillon_ws_run_one(ws, first);
}

static void test_running(struct carillon_ws *ws)
{
	run_across(ws, sleep_devices);
}

static void test_off(struct carillon_ws *ws)
{
	run_across(ws, switch_devices_off);
}

static void test_hang(struct carillon_ws *ws)
{
	struct drm_carillon_queue_get_state state;
	int hung, behind;
	uint32_t queue;

	carillon_set_job_timeout("1000");
	queue = carillon_queue_create(ws->fd, ws->vm);
	carillon_restore_job_timeout();
	hung = carillon_submit_fd(ws->fd, carillon_ws_blocked_job(ws, queue), -1);
	behind = carillon_submit_fd(ws->fd, carillon_ws_store_job(ws, queue), -1);

	sleep_devices();
	igt_assert_eq(carillon_fence_wait_close(hung), -ETIME);
	igt_assert_eq(carillon_fence_wait_close(behind), 1);
	igt_assert_eq_u64(*carillon_ws_word(ws, 9), CARILLON_WS_MARK);
	carillon_queue_get_state(ws->fd, queue, &state);
	igt_assert_eq_u32(state.state, DRM_CARILLON_QUEUE_GUILTY);
	igt_assert_eq_u32(state.resets, 1);
	igt_assert_eq_u32(carillon_ws_queue_state(ws, ws->queue), 0);
	carillon_ws_run_one(ws, ws->queue);
	carillon_ws_run_one(ws, queue);
}

static void test_again(struct carillon_ws *ws)
{
	for (int i = 0; i < 3; i++) {
		sleep_devices();
		carillon_ws_run_one(ws, ws->queue);
	}
}

/* Between going to sleep and waking up: 5 s by default. */
static void shorten_test_delay(void)
{
	FILE *param = fopen(DELAY_PARAM, "w");

	igt_require_f(param, "needs CONFIG_PM_SLEEP_DEBUG: %s: %s\n", DELAY_PARAM,
		      strerror(errno));
	igt_assert_lt(0, fprintf(param, "1"));
	igt_assert_eq(fclose(param), 0);
}

static const struct sleep_test {
	const char *name;
	const char *what;
	void (*test)(struct carillon_ws *ws);
} tests[] = {
	{ "idle", "Check that queues, buffers and doorbells are as before when the devices have slept", test_idle },
	{ "running", "Check that jobs on rings, in line for one, and waiting end well when the devices sleep", test_running },
	{ "hang", "Check that a job that hangs is timed out, and no other, when the devices are to sleep", test_hang },
	{ "again", "Check that the devices can sleep again and again", test_again },
	{ "off", "Check that jobs on rings, in line for one, and waiting end well when the devices are switched off", test_off },
};

int igt_main()
{
	static struct carillon_ws ws;

	igt_fixture() {
		igt_require_f(!access("/sys/power/state", W_OK), "needs CONFIG_SUSPEND\n");
		shorten_test_delay();
	}

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
			}
		}
	}
}
