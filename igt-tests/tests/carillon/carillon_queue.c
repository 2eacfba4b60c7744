// SPDX-License-Identifier: MIT
/**
 * TEST: Queues: made, asked, hung, destroyed
 * Category: Core
 * Mega feature: General Core features
 * Sub-category: Command submission
 * Functionality: queues
 * Test category: functionality test
 * Description: Check that queues come and go, and that one that hangs hurts nobody else.
 *
 * SUBTEST: slots
 * Description: Check that queues of all sizes run jobs
 *
 * SUBTEST: priorities
 * Description: Check that queues of all priorities run jobs
 *
 * SUBTEST: all
 * Description: Check that there are as many queues as the device says
 *
 * SUBTEST: state
 * Description: Check that a queue counts its jobs
 *
 * SUBTEST: semaphore
 * Description: Check that two queues can wait for each other in memory
 *
 * SUBTEST: destroy-busy
 * Description: Check that jobs of a queue that goes are cancelled
 *
 * SUBTEST: destroy-waiting
 * Description: Check that a job that waits can be taken off
 *
 * SUBTEST: hang
 * Description: Check that a job that never ends is killed, and its queue guilty
 *
 * SUBTEST: hang-innocent
 * Description: Check that a hang doesn't hurt another queue
 *
 * SUBTEST: hang-dependents
 * Description: Check what becomes of jobs that wait for one that hangs
 *
 * SUBTEST: create-invalid-priority-limit
 * Description: Check that the first unknown priority is refused
 *
 * SUBTEST: create-invalid-slots-limits
 * Description: Check that slots beyond both limits are refused
 *
 * SUBTEST: foreign
 * Description: Check that VMs and queues of another file are refused
 *
 * SUBTEST: destroy-invalid
 * Description: Check that only queues that exist can be destroyed
 *
 * SUBTEST: state-invalid
 * Description: Check that only queues that exist can be asked
 *
 * SUBTEST: close-busy
 * Description: Check that fences signal when the file is closed
 *
 * SUBTEST: create-unprivileged
 * Description: Check that high priorities need privilege
 *
 * SUBTEST: create-invalid-vm-zero
 * Description: Check that there is no VM 0
 *
 * SUBTEST: create-invalid-vm
 * Description: Check that an unknown VM is refused
 *
 * SUBTEST: create-invalid-priority
 * Description: Check that unknown priorities are refused
 *
 * SUBTEST: create-invalid-priority-max
 * Description: Check that the highest number is no priority
 *
 * SUBTEST: create-invalid-slots-few
 * Description: Check that queues have some slots
 *
 * SUBTEST: create-invalid-slots-power
 * Description: Check that slots are a power of two
 *
 * SUBTEST: create-invalid-slots-many
 * Description: Check that more slots than the limit are refused
 *
 * SUBTEST: create-invalid-slots-max
 * Description: Check that the highest number of slots is refused
 *
 * SUBTEST: create-invalid-flags
 * Description: Check that unknown flags of queues are refused
 *
 * SUBTEST: create-invalid-flags-high
 * Description: Check that the highest flag is refused, too
 *
 * SUBTEST: create-invalid-pad
 * Description: Check that padding has to be zero
 */

#include <sys/types.h>

#include "igt.h"
#include "igt_carillon.h"
#include "sw_sync.h"

IGT_TEST_DESCRIPTION("Check that queues come and go, and that one that hangs hurts nobody else.");

#define MARK	0x5eed0003

static int create(int fd, struct drm_carillon_queue_create *args)
{
	return __carillon_ioctl(fd, DRM_IOCTL_CARILLON_QUEUE_CREATE, args);
}

static int destroy(int fd, uint32_t id, uint32_t pad)
{
	struct drm_carillon_queue_destroy args = { .id = id, .pad = pad };

	return __carillon_ioctl(fd, DRM_IOCTL_CARILLON_QUEUE_DESTROY, &args);
}

static int get_state(int fd, uint32_t id)
{
	struct drm_carillon_queue_get_state args = { .id = id };

	return __carillon_ioctl(fd, DRM_IOCTL_CARILLON_QUEUE_GET_STATE, &args);
}

/* A job that waits for word @index to become 1. */
static struct drm_carillon_job blocked_job(struct carillon_ws *ws, unsigned int index)
{
	*carillon_ws_word(ws, index) = 0;
	carillon_ws_sem_wait(ws, carillon_ws_va(ws, index), 1);
	return carillon_ws_job(ws);
}

static void run_one(struct carillon_ws *ws, uint32_t queue)
{
	struct drm_carillon_job job;

	*carillon_ws_word(ws, 9) = 0;
	carillon_ws_store(ws, carillon_ws_va(ws, 9), MARK);
	job = carillon_ws_job(ws);
	job.queue_id = queue;
	igt_assert_eq(carillon_fence_wait_close(carillon_submit_fd(ws->fd, job, -1)), 1);
	igt_assert_eq_u64(*carillon_ws_word(ws, 9), MARK);
}

/* --- What works ------------------------------------------------------------- */

static void test_slots(struct carillon_ws *ws)
{
	struct drm_carillon_device_info info;

	carillon_query_device(ws->fd, &info);
	for (uint32_t slots = info.queue_slots_min; slots <= info.queue_slots_max; slots *= 2) {
		struct drm_carillon_queue_create args = { .vm_id = ws->vm, .slots = slots };

		igt_assert_eq(create(ws->fd, &args), 0);
		run_one(ws, args.id);
		carillon_queue_destroy(ws->fd, args.id);
	}
}

static void test_priorities(struct carillon_ws *ws)
{
	struct drm_carillon_device_info info;

	carillon_query_device(ws->fd, &info);
	for (uint32_t prio = 0; prio < info.num_priorities; prio++) {
		struct drm_carillon_queue_create args = { .vm_id = ws->vm, .priority = prio };

		igt_assert_eq(create(ws->fd, &args), 0);
		run_one(ws, args.id);
		carillon_queue_destroy(ws->fd, args.id);
	}
}

/* As many as the device has; one more is refused, until one goes. */
static void test_all(struct carillon_ws *ws)
{
	struct drm_carillon_queue_create args;
	struct drm_carillon_device_info info;
	uint32_t *ids, num = 0;
	int err;

	carillon_query_device(ws->fd, &info);
	ids = calloc(info.num_queues, sizeof(*ids));
	igt_assert(ids);
	for (;;) {
		args = (struct drm_carillon_queue_create){ .vm_id = ws->vm };
		err = create(ws->fd, &args);
		if (err)
			break;
		igt_assert_lt(num, info.num_queues);
		ids[num++] = args.id;
	}
	igt_assert_eq(err, -ENOSPC);
	/* The workspace has one of its own. */
	igt_assert_eq_u32(num + 1, info.num_queues);
	run_one(ws, ids[num - 1]);
	carillon_queue_destroy(ws->fd, ids[0]);
	ids[0] = carillon_queue_create(ws->fd, ws->vm);
	run_one(ws, ids[0]);
	while (num--)
		carillon_queue_destroy(ws->fd, ids[num]);
	free(ids);
}

static void test_state(struct carillon_ws *ws)
{
	struct drm_carillon_queue_get_state state;
	struct crln_cmd bad = { 0 };
	int sync_file;

	carillon_queue_get_state(ws->fd, ws->queue, &state);
	igt_assert_eq_u32(state.state, 0);
	igt_assert_eq_u64(state.submitted, 0);
	igt_assert_eq_u64(state.completed, 0);
	igt_assert_eq_u64(state.failed, 0);
	igt_assert_eq_u32(state.resets, 0);

	run_one(ws, ws->queue);
	carillon_ws_cmd(ws, 0x7777, &bad, sizeof(bad));
	igt_assert_eq(carillon_fence_wait_close(carillon_submit_fd(ws->fd,
						carillon_ws_job(ws), -1)), -EIO);
	sync_file = carillon_submit_fd(ws->fd, blocked_job(ws, 0), -1);
	carillon_queue_get_state(ws->fd, ws->queue, &state);
	igt_assert_eq_u32(state.state, 0);
	igt_assert_eq_u64(state.submitted, 3);
	igt_assert_eq_u64(state.completed, 2);
	igt_assert_eq_u64(state.failed, 1);
	*carillon_ws_word(ws, 0) = 1;
	igt_assert_eq(carillon_fence_wait_close(sync_file), 1);
	carillon_queue_get_state(ws->fd, ws->queue, &state);
	igt_assert_eq_u64(state.completed, 3);
}

/* Two queues wait for each other through memory: both have to be on the device. */
static void test_semaphore(struct carillon_ws *ws)
{
	uint32_t other = carillon_queue_create(ws->fd, ws->vm);
	struct drm_carillon_job job;
	int a, b;

	carillon_ws_sem_wait(ws, carillon_ws_va(ws, 0), 1);
	carillon_ws_sem_release(ws, carillon_ws_va(ws, 1), 1);
	a = carillon_submit_fd(ws->fd, carillon_ws_job(ws), -1);
	carillon_ws_sem_release(ws, carillon_ws_va(ws, 0), 1);
	carillon_ws_sem_wait(ws, carillon_ws_va(ws, 1), 1);
	job = carillon_ws_job(ws);
	job.queue_id = other;
	b = carillon_submit_fd(ws->fd, job, -1);
	igt_assert_eq(carillon_fence_wait_close(a), 1);
	igt_assert_eq(carillon_fence_wait_close(b), 1);
	carillon_queue_destroy(ws->fd, other);
}

/* --- The end of queues -------------------------------------------------------- */

static void test_destroy_busy(struct carillon_ws *ws)
{
	uint32_t queue = carillon_queue_create(ws->fd, ws->vm);
	struct drm_carillon_job job = blocked_job(ws, 0);
	int running, waiting;

	job.queue_id = queue;
	running = carillon_submit_fd(ws->fd, job, -1);
	carillon_ws_store(ws, carillon_ws_va(ws, 1), MARK);
	job = carillon_ws_job(ws);
	job.queue_id = queue;
	waiting = carillon_submit_fd(ws->fd, job, -1);
	igt_assert_eq(sync_fence_status(running), 0);
	carillon_queue_destroy(ws->fd, queue);
	igt_assert_eq(carillon_fence_wait_close(running), -ECANCELED);
	igt_assert_eq(carillon_fence_wait_close(waiting), -ECANCELED);
	/* It never runs any more, and others do. */
	*carillon_ws_word(ws, 0) = 1;
	run_one(ws, ws->queue);
	igt_assert_eq_u64(*carillon_ws_word(ws, 1), 0);
}

/* A job that waits for a fence of another queue is taken off while it waits. */
static void test_destroy_waiting(struct carillon_ws *ws)
{
	uint32_t queue = carillon_queue_create(ws->fd, ws->vm);
	struct drm_carillon_job job;
	int blocker, waiting;

	blocker = carillon_submit_fd(ws->fd, blocked_job(ws, 0), -1);
	carillon_ws_store(ws, carillon_ws_va(ws, 1), MARK);
	job = carillon_ws_job(ws);
	job.queue_id = queue;
	waiting = carillon_submit_fd(ws->fd, job, blocker);
	/* A scheduler with a worker finds out there that the job has to wait. */
	usleep(100 * 1000);
	carillon_queue_destroy(ws->fd, queue);
	igt_assert_eq(carillon_fence_wait_close(waiting), -ECANCELED);
	igt_assert_eq(sync_fence_status(blocker), 0);
	*carillon_ws_word(ws, 0) = 1;
	igt_assert_eq(carillon_fence_wait_close(blocker), 1);
	igt_assert_eq_u64(*carillon_ws_word(ws, 1), 0);
}

/* Fences live on when the file and all that it made are gone. */
static void test_close_busy(int fd)
{
	int other = drm_reopen_driver(fd);
	struct carillon_ws ws;
	int sync_file;

	carillon_ws_init(&ws, other);
	sync_file = carillon_submit_fd(other, blocked_job(&ws, 0), -1);
	munmap(ws.map, CARILLON_WS_SIZE);
	drm_close_driver(other);
	igt_assert_eq(carillon_fence_wait_close(sync_file), -ECANCELED);
}

/* --- Hangs -------------------------------------------------------------------- */

/* A job that never ends is killed, its queue is guilty, and goes on. */
static void test_hang(struct carillon_ws *ws)
{
	struct drm_carillon_queue_get_state state;
	struct drm_carillon_device_info info;
	int sync_file;

	carillon_query_device(ws->fd, &info);
	sync_file = carillon_submit_fd(ws->fd, blocked_job(ws, 0), -1);
	igt_assert_eq(sync_fence_wait(sync_file, info.job_timeout_ms / 2), -ETIME);
	igt_assert_eq(sync_fence_wait(sync_file, info.job_timeout_ms + CARILLON_WAIT_MS), 0);
	igt_assert_eq(sync_fence_status(sync_file), -ETIME);
	close(sync_file);
	carillon_queue_get_state(ws->fd, ws->queue, &state);
	igt_assert_eq_u32(state.state, DRM_CARILLON_QUEUE_GUILTY);
	igt_assert_eq_u64(state.submitted, 1);
	igt_assert_eq_u64(state.completed, 1);
	igt_assert_eq_u64(state.failed, 1);
	igt_assert_eq_u32(state.resets, 1);
	run_one(ws, ws->queue);
}

/* Another queue's jobs run before, while and after one hangs. */
static void test_hang_innocent(struct carillon_ws *ws)
{
	uint32_t innocent = carillon_queue_create(ws->fd, ws->vm);
	struct drm_carillon_queue_get_state state;
	struct drm_carillon_device_info info;
	int sync_file, jobs = 0;

	carillon_query_device(ws->fd, &info);
	sync_file = carillon_submit_fd(ws->fd, blocked_job(ws, 0), -1);
	while (sync_fence_wait(sync_file, info.job_timeout_ms / 20)) {
		/* Commands of the workspace are used up otherwise. */
		ws->cmd_used = 4096;
		ws->cmd_start = 4096;
		run_one(ws, innocent);
		igt_assert_lt(jobs++, 1000);
	}
	igt_assert_eq(sync_fence_status(sync_file), -ETIME);
	close(sync_file);
	igt_assert_lt(3, jobs);
	run_one(ws, innocent);
	carillon_queue_get_state(ws->fd, innocent, &state);
	igt_assert_eq_u32(state.state & (DRM_CARILLON_QUEUE_GUILTY | DRM_CARILLON_QUEUE_DEAD), 0);
	igt_assert_eq_u64(state.failed, 0);
	carillon_queue_destroy(ws->fd, innocent);
}

/* Who waits for a job that hangs gets its error, or runs, as it asked. */
static void test_hang_dependents(struct carillon_ws *ws)
{
	uint32_t queue = carillon_queue_create(ws->fd, ws->vm);
	struct drm_carillon_job job;
	int hung, cancelled, run;

	hung = carillon_submit_fd(ws->fd, blocked_job(ws, 0), -1);
	carillon_ws_store(ws, carillon_ws_va(ws, 1), MARK);
	job = carillon_ws_job(ws);
	job.queue_id = queue;
	job.flags = DRM_CARILLON_JOB_CANCEL_ON_ERROR;
	cancelled = carillon_submit_fd(ws->fd, job, hung);
	carillon_ws_store(ws, carillon_ws_va(ws, 2), MARK);
	job = carillon_ws_job(ws);
	job.queue_id = queue;
	run = carillon_submit_fd(ws->fd, job, hung);
	igt_assert_eq(carillon_fence_wait_close(hung), -ETIME);
	igt_assert_eq(carillon_fence_wait_close(cancelled), -ETIME);
	igt_assert_eq(carillon_fence_wait_close(run), 1);
	igt_assert_eq_u64(*carillon_ws_word(ws, 1), 0);
	igt_assert_eq_u64(*carillon_ws_word(ws, 2), MARK);
	carillon_queue_destroy(ws->fd, queue);
}

/* --- What is refused ---------------------------------------------------------- */

#define BAD(member, val, err, name, what) \
	CARILLON_BAD(struct drm_carillon_queue_create, member, val, err, name, what)

static const struct carillon_bad bad_create[] = {
	BAD(vm_id, 0, ENOENT, "create-invalid-vm-zero", "there is no VM 0"),
	BAD(vm_id, 0x7fffffff, ENOENT, "create-invalid-vm", "an unknown VM is refused"),
	BAD(priority, 1000, EINVAL, "create-invalid-priority", "unknown priorities are refused"),
	BAD(priority, UINT32_MAX, EINVAL, "create-invalid-priority-max", "the highest number is no priority"),
	BAD(slots, 1, EINVAL, "create-invalid-slots-few", "queues have some slots"),
	BAD(slots, 12, EINVAL, "create-invalid-slots-power", "slots are a power of two"),
	BAD(slots, 1u << 31, EINVAL, "create-invalid-slots-many", "more slots than the limit are refused"),
	BAD(slots, UINT32_MAX, EINVAL, "create-invalid-slots-max", "the highest number of slots is refused"),
	BAD(flags, 1, EINVAL, "create-invalid-flags", "unknown flags of queues are refused"),
	BAD(flags, 1u << 31, EINVAL, "create-invalid-flags-high", "the highest flag is refused, too"),
	BAD(pad, 1, EINVAL, "create-invalid-pad", "padding has to be zero"),
};

static void test_bad(struct carillon_ws *ws, const struct carillon_bad *bad)
{
	struct drm_carillon_queue_create args = { .vm_id = ws->vm };

	igt_assert_eq(create(ws->fd, &args), 0);
	carillon_queue_destroy(ws->fd, args.id);
	args = (struct drm_carillon_queue_create){ .vm_id = ws->vm };
	carillon_poke(&args, bad);
	igt_assert_eq(create(ws->fd, &args), -bad->error);
	igt_assert_eq_u32(args.id, 0);
}

static void test_invalid_priority_limit(struct carillon_ws *ws)
{
	struct drm_carillon_queue_create args = { .vm_id = ws->vm };
	struct drm_carillon_device_info info;

	carillon_query_device(ws->fd, &info);
	args.priority = info.num_priorities;
	igt_assert_eq(create(ws->fd, &args), -EINVAL);
}

static void test_invalid_slots_limits(struct carillon_ws *ws)
{
	struct drm_carillon_queue_create args = { .vm_id = ws->vm };
	struct drm_carillon_device_info info;

	carillon_query_device(ws->fd, &info);
	args.slots = info.queue_slots_max * 2;
	igt_assert_eq(create(ws->fd, &args), -EINVAL);
	args.slots = info.queue_slots_min / 2;
	igt_require_f(args.slots, "fewest slots are 1\n");
	igt_assert_eq(create(ws->fd, &args), -EINVAL);
}

/* A render node's file without privilege: high priorities are not for it. */
static void test_unprivileged(int fd)
{
	igt_fork(child, 1) {
		struct drm_carillon_queue_create args = { 0 };
		struct drm_carillon_device_info info;
		int own = drm_reopen_driver(fd);

		carillon_query_device(own, &info);
		args.vm_id = carillon_vm_create(own);
		igt_assert_eq(setgid(65534), 0);
		igt_assert_eq(setuid(65534), 0);
		args.priority = info.num_priorities - 1;
		igt_assert_eq(create(own, &args), -EACCES);
		args.priority = 0;
		igt_assert_eq(create(own, &args), 0);
	}
	igt_waitchildren();
}

static void test_foreign(struct carillon_ws *ws)
{
	int fd = drm_reopen_driver(ws->fd);
	struct drm_carillon_queue_create args = { .vm_id = ws->vm };

	/* The other file has no VM and no queue at all. */
	igt_assert_eq(create(fd, &args), -ENOENT);
	igt_assert_eq(destroy(fd, ws->queue, 0), -ENOENT);
	igt_assert_eq(get_state(fd, ws->queue), -ENOENT);
	drm_close_driver(fd);
	run_one(ws, ws->queue);
}

static void test_invalid_destroy(struct carillon_ws *ws)
{
	uint32_t queue = carillon_queue_create(ws->fd, ws->vm);

	igt_assert_eq(destroy(ws->fd, 0, 0), -ENOENT);
	igt_assert_eq(destroy(ws->fd, 0x7fffffff, 0), -ENOENT);
	igt_assert_eq(destroy(ws->fd, UINT32_MAX, 0), -ENOENT);
	igt_assert_eq(destroy(ws->fd, queue, 1), -EINVAL);
	run_one(ws, queue);
	igt_assert_eq(destroy(ws->fd, queue, 0), 0);
	igt_assert_eq(destroy(ws->fd, queue, 0), -ENOENT);
	/* Destroying what isn't there has made no number 0 free. */
	for (int i = 0; i < 4; i++)
		carillon_queue_create(ws->fd, ws->vm);
}

static void test_invalid_state(struct carillon_ws *ws)
{
	uint32_t queue = carillon_queue_create(ws->fd, ws->vm);

	igt_assert_eq(get_state(ws->fd, 0), -ENOENT);
	igt_assert_eq(get_state(ws->fd, 0x7fffffff), -ENOENT);
	igt_assert_eq(get_state(ws->fd, UINT32_MAX), -ENOENT);
	carillon_queue_destroy(ws->fd, queue);
	igt_assert_eq(get_state(ws->fd, queue), -ENOENT);
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

	SUBTEST("slots", "Check that queues of all sizes run jobs", test_slots(&ws));
	SUBTEST("priorities", "Check that queues of all priorities run jobs",
		test_priorities(&ws));
	SUBTEST("all", "Check that there are as many queues as the device says", test_all(&ws));
	SUBTEST("state", "Check that a queue counts its jobs", test_state(&ws));
	SUBTEST("semaphore", "Check that two queues can wait for each other in memory",
		test_semaphore(&ws));
	SUBTEST("destroy-busy", "Check that jobs of a queue that goes are cancelled",
		test_destroy_busy(&ws));
	SUBTEST("destroy-waiting", "Check that a job that waits can be taken off",
		test_destroy_waiting(&ws));
	SUBTEST("hang", "Check that a job that never ends is killed, and its queue guilty",
		test_hang(&ws));
	SUBTEST("hang-innocent", "Check that a hang doesn't hurt another queue",
		test_hang_innocent(&ws));
	SUBTEST("hang-dependents", "Check what becomes of jobs that wait for one that hangs",
		test_hang_dependents(&ws));
	SUBTEST("create-invalid-priority-limit", "Check that the first unknown priority is refused",
		test_invalid_priority_limit(&ws));
	SUBTEST("create-invalid-slots-limits", "Check that slots beyond both limits are refused",
		test_invalid_slots_limits(&ws));
	SUBTEST("foreign", "Check that VMs and queues of another file are refused",
		test_foreign(&ws));
	SUBTEST("destroy-invalid", "Check that only queues that exist can be destroyed",
		test_invalid_destroy(&ws));
	SUBTEST("state-invalid", "Check that only queues that exist can be asked",
		test_invalid_state(&ws));

	igt_describe("Check that fences signal when the file is closed");
	igt_subtest("close-busy")
		test_close_busy(fd);

	igt_describe("Check that high priorities need privilege");
	igt_subtest("create-unprivileged")
		test_unprivileged(fd);

	for (int i = 0; i < ARRAY_SIZE(bad_create); i++) {
		igt_describe_f("Check that %s", bad_create[i].what);
		igt_subtest(bad_create[i].name) {
			carillon_ws_init(&ws, fd);
			test_bad(&ws, &bad_create[i]);
			carillon_ws_fini(&ws);
		}
	}

	igt_fixture()
		drm_close_driver(fd);
}
