// SPDX-License-Identifier: MIT
/**
 * TEST: Jobs: what they do, in which order, and what submit refuses
 * Category: Core
 * Mega feature: General Core features
 * Sub-category: Command submission
 * Functionality: job submission
 * Test category: functionality test
 * Description: Check that jobs do what their commands say, in order, all of an ioctl's or
 *	none.
 *
 * SUBTEST: basic
 * Description: Check that a job writes what it is told to
 *
 * SUBTEST: empty
 * Description: Check that an empty job waits for its turn
 *
 * SUBTEST: order
 * Description: Check that jobs of a queue run in order
 *
 * SUBTEST: many
 * Description: Check that more jobs than the ring has slots all run
 *
 * SUBTEST: batch
 * Description: Check that one ioctl takes as many jobs as it says
 *
 * SUBTEST: two-queues
 * Description: Check that a job waits for one before it in the same ioctl
 *
 * SUBTEST: bad-command
 * Description: Check that a command that is none fails its job only
 *
 * SUBTEST: page-fault
 * Description: Check that a store to nowhere fails its job only
 *
 * SUBTEST: unmapped-commands
 * Description: Check that commands that aren't there fail their job only
 *
 * SUBTEST: cancel-on-error
 * Description: Check that a job can be skipped if what it waits for fails
 *
 * SUBTEST: run-after-error
 * Description: Check that a job runs although what it waits for fails
 *
 * SUBTEST: all-or-nothing
 * Description: Check that a bad job keeps all of the ioctl from happening
 *
 * SUBTEST: larger-job
 * Description: Check that a larger job is fine if what is new is zero
 *
 * SUBTEST: larger-sync
 * Description: Check that a larger sync is fine if what is new is zero
 *
 * SUBTEST: foreign-queue
 * Description: Check that a queue of another file is refused
 *
 * SUBTEST: foreign-syncobj
 * Description: Check that a syncobj of another file is refused
 *
 * SUBTEST: destroyed-queue
 * Description: Check that a queue that was destroyed is refused
 *
 * SUBTEST: invalid-flags
 * Description: Check that unknown flags of the ioctl are refused
 *
 * SUBTEST: invalid-flags-high
 * Description: Check that the highest flag is refused, too
 *
 * SUBTEST: invalid-pad
 * Description: Check that padding of the ioctl has to be zero
 *
 * SUBTEST: invalid-jobs-count-zero
 * Description: Check that an ioctl without jobs is refused
 *
 * SUBTEST: invalid-jobs-count-huge
 * Description: Check that more jobs than the limit are refused
 *
 * SUBTEST: invalid-jobs-stride-zero
 * Description: Check that a job takes some bytes
 *
 * SUBTEST: invalid-jobs-stride-small
 * Description: Check that jobs can't be smaller than their first version
 *
 * SUBTEST: invalid-jobs-stride-unaligned
 * Description: Check that the size of a job is a multiple of 8
 *
 * SUBTEST: invalid-jobs-stride-huge
 * Description: Check that a job of a gigabyte is refused
 *
 * SUBTEST: invalid-jobs-pointer-null
 * Description: Check that jobs have to be in readable memory
 *
 * SUBTEST: invalid-jobs-pointer
 * Description: Check that a pointer that is none is refused
 *
 * SUBTEST: invalid-queue-zero
 * Description: Check that there is no queue 0
 *
 * SUBTEST: invalid-queue
 * Description: Check that an unknown queue is refused
 *
 * SUBTEST: invalid-queue-max
 * Description: Check that the highest number is no queue
 *
 * SUBTEST: invalid-job-flags
 * Description: Check that unknown flags of a job are refused
 *
 * SUBTEST: invalid-job-flags-high
 * Description: Check that the highest flag of a job is refused, too
 *
 * SUBTEST: invalid-cmd-va-unaligned
 * Description: Check that commands begin at a multiple of 8
 *
 * SUBTEST: invalid-cmd-va-zero
 * Description: Check that commands are in the range that can be mapped
 *
 * SUBTEST: invalid-cmd-va-end
 * Description: Check that commands don't begin behind the last address
 *
 * SUBTEST: invalid-cmd-va-over-end
 * Description: Check that commands don't end behind the last address
 *
 * SUBTEST: invalid-cmd-va-overflow
 * Description: Check that an address that overflows is refused
 *
 * SUBTEST: invalid-cmd-va-of-empty
 * Description: Check that an empty job has no address
 *
 * SUBTEST: invalid-cmd-size-unaligned
 * Description: Check that the size of commands is a multiple of 8
 *
 * SUBTEST: invalid-cmd-size-large
 * Description: Check that commands have a longest length
 *
 * SUBTEST: invalid-cmd-size-max
 * Description: Check that commands of 4 GiB are refused
 *
 * SUBTEST: invalid-job-pad
 * Description: Check that padding of a job has to be zero
 *
 * SUBTEST: invalid-syncs-count-huge
 * Description: Check that more syncs than the limit are refused
 *
 * SUBTEST: invalid-syncs-stride-zero
 * Description: Check that a sync takes some bytes
 *
 * SUBTEST: invalid-syncs-stride-small
 * Description: Check that syncs can't be smaller than their first version
 *
 * SUBTEST: invalid-syncs-stride-unaligned
 * Description: Check that the size of a sync is a multiple of 8
 *
 * SUBTEST: invalid-syncs-stride-huge
 * Description: Check that a sync of a gigabyte is refused
 *
 * SUBTEST: invalid-syncs-pointer-null
 * Description: Check that syncs have to be in readable memory
 *
 * SUBTEST: invalid-syncs-pointer
 * Description: Check that a pointer that is none is refused
 *
 * SUBTEST: invalid-sync-type
 * Description: Check that unknown types of sync are refused
 *
 * SUBTEST: invalid-sync-type-max
 * Description: Check that the highest type is none
 *
 * SUBTEST: invalid-sync-flags
 * Description: Check that unknown flags of a sync are refused
 *
 * SUBTEST: invalid-sync-flags-high
 * Description: Check that the highest flag of a sync is refused, too
 *
 * SUBTEST: invalid-syncobj-zero
 * Description: Check that there is no syncobj 0
 *
 * SUBTEST: invalid-syncobj
 * Description: Check that an unknown syncobj is refused
 *
 * SUBTEST: invalid-sync-pad
 * Description: Check that padding of a sync has to be zero
 *
 * SUBTEST: invalid-point-of-binary
 * Description: Check that a binary syncobj has no points
 */

#include "igt.h"
#include "igt_carillon.h"
#include "igt_syncobj.h"
#include "sw_sync.h"

IGT_TEST_DESCRIPTION("Check that jobs do what their commands say, in order, all of an ioctl's or none.");

#define MARK		0x5eed0001

/* --- What works ------------------------------------------------------------- */

static void test_store(struct carillon_ws *ws)
{
	carillon_ws_store(ws, carillon_ws_va(ws, 0), MARK);
	igt_assert_eq(carillon_fence_wait_close(carillon_submit_fd(ws->fd,
						carillon_ws_job(ws), -1)), 1);
	igt_assert_eq_u64(*carillon_ws_word(ws, 0), MARK);
}

static void test_empty(struct carillon_ws *ws)
{
	struct drm_carillon_job empty = { .queue_id = ws->queue };
	int first, second;

	/* An empty job ends after those before it. */
	carillon_ws_delay(ws, 20 * 1000 * 1000);
	first = carillon_submit_fd(ws->fd, carillon_ws_job(ws), -1);
	second = carillon_submit_fd(ws->fd, empty, -1);
	igt_assert_eq(carillon_fence_wait_close(second), 1);
	igt_assert_eq(sync_fence_status(first), 1);
	close(first);
}

/* Each job copies the word of the one before, so the order shows in the last. */
static void test_order(struct carillon_ws *ws)
{
	struct drm_carillon_job jobs[8];
	int last;

	carillon_ws_store(ws, carillon_ws_va(ws, 0), MARK);
	jobs[0] = carillon_ws_job(ws);
	for (int i = 1; i < ARRAY_SIZE(jobs); i++) {
		carillon_ws_copy(ws, carillon_ws_va(ws, i), carillon_ws_va(ws, i - 1), 8);
		jobs[i] = carillon_ws_job(ws);
	}
	carillon_submit(ws->fd, jobs, ARRAY_SIZE(jobs) - 1);
	last = carillon_submit_fd(ws->fd, jobs[ARRAY_SIZE(jobs) - 1], -1);
	igt_assert_eq(carillon_fence_wait_close(last), 1);
	igt_assert_eq_u64(*carillon_ws_word(ws, ARRAY_SIZE(jobs) - 1), MARK);
}

/* More jobs than a ring has slots. */
static void test_many(struct carillon_ws *ws)
{
	struct drm_carillon_queue_get_state state;
	struct drm_carillon_device_info info;
	struct drm_carillon_job job;
	int last = -1;
	uint32_t num;

	carillon_query_device(ws->fd, &info);
	num = 2 * info.queue_slots_max + 3;
	if (num > 3000)
		num = 3000;
	carillon_ws_store(ws, carillon_ws_va(ws, 0), MARK);
	job = carillon_ws_job(ws);
	for (uint32_t i = 0; i + 1 < num; i++)
		carillon_submit(ws->fd, &job, 1);
	last = carillon_submit_fd(ws->fd, job, -1);
	igt_assert_eq(carillon_fence_wait_close(last), 1);
	carillon_queue_get_state(ws->fd, ws->queue, &state);
	igt_assert_eq_u64(state.submitted, num);
	igt_assert_eq_u64(state.completed, num);
	igt_assert_eq_u64(state.failed, 0);
}

/* As many jobs in one ioctl as the device takes. */
static void test_batch(struct carillon_ws *ws)
{
	struct drm_carillon_queue_get_state state;
	struct drm_carillon_device_info info;
	struct drm_carillon_job *jobs;
	struct drm_carillon_sync sync = {
		.type = DRM_CARILLON_SYNC_FILE,
		.flags = DRM_CARILLON_SYNC_SIGNAL,
		.handle = -1,
	};

	carillon_query_device(ws->fd, &info);
	jobs = calloc(info.submit_jobs_max, sizeof(*jobs));
	igt_assert(jobs);
	carillon_ws_store(ws, carillon_ws_va(ws, 0), MARK);
	jobs[0] = carillon_ws_job(ws);
	for (uint32_t i = 1; i < info.submit_jobs_max; i++)
		jobs[i] = jobs[0];
	jobs[info.submit_jobs_max - 1].syncs = (struct drm_carillon_obj_array)
		DRM_CARILLON_OBJ_ARRAY(1, &sync);
	carillon_submit(ws->fd, jobs, info.submit_jobs_max);
	igt_assert_eq(carillon_fence_wait_close(sync.handle), 1);
	carillon_queue_get_state(ws->fd, ws->queue, &state);
	igt_assert_eq_u64(state.completed, info.submit_jobs_max);
	free(jobs);
}

/* One ioctl, two queues: the second waits for the first through a syncobj. */
static void test_two_queues(struct carillon_ws *ws)
{
	uint32_t syncobj = syncobj_create(ws->fd, 0);
	uint32_t other = carillon_queue_create(ws->fd, ws->vm);
	struct drm_carillon_sync signal = {
		.flags = DRM_CARILLON_SYNC_SIGNAL,
		.handle = syncobj,
	};
	struct drm_carillon_sync waits[2] = {
		{ .handle = syncobj },
		{
			.type = DRM_CARILLON_SYNC_FILE,
			.flags = DRM_CARILLON_SYNC_SIGNAL,
			.handle = -1,
		},
	};
	struct drm_carillon_job jobs[2];

	carillon_ws_delay(ws, 20 * 1000 * 1000);
	carillon_ws_store(ws, carillon_ws_va(ws, 0), MARK);
	jobs[0] = carillon_ws_job(ws);
	jobs[0].syncs = (struct drm_carillon_obj_array)DRM_CARILLON_OBJ_ARRAY(1, &signal);
	carillon_ws_copy(ws, carillon_ws_va(ws, 1), carillon_ws_va(ws, 0), 8);
	jobs[1] = carillon_ws_job(ws);
	jobs[1].queue_id = other;
	jobs[1].syncs = (struct drm_carillon_obj_array)DRM_CARILLON_OBJ_ARRAY(2, waits);
	carillon_submit(ws->fd, jobs, 2);
	igt_assert_eq(carillon_fence_wait_close(waits[1].handle), 1);
	igt_assert_eq_u64(*carillon_ws_word(ws, 1), MARK);
	carillon_queue_destroy(ws->fd, other);
	syncobj_destroy(ws->fd, syncobj);
}

/* --- Errors of jobs ----------------------------------------------------------- */

static void test_bad_command(struct carillon_ws *ws)
{
	struct crln_cmd cmd = { 0 };

	carillon_ws_cmd(ws, 0x7777, &cmd, sizeof(cmd));
	igt_assert_eq(carillon_fence_wait_close(carillon_submit_fd(ws->fd,
						carillon_ws_job(ws), -1)), -EIO);
	/* The queue goes on. */
	test_store(ws);
}

static void test_page_fault(struct carillon_ws *ws)
{
	carillon_ws_store(ws, ws->va + CARILLON_WS_SIZE, MARK);
	igt_assert_eq(carillon_fence_wait_close(carillon_submit_fd(ws->fd,
						carillon_ws_job(ws), -1)), -EIO);
	test_store(ws);
}

static void test_unmapped_commands(struct carillon_ws *ws)
{
	struct drm_carillon_job job = {
		.queue_id = ws->queue,
		.cmd_va = ws->va + CARILLON_WS_SIZE,
		.cmd_size = 8,
	};

	igt_assert_eq(carillon_fence_wait_close(carillon_submit_fd(ws->fd, job, -1)),
		      -EIO);
	test_store(ws);
}

/* The first job fails, the second waits for it with or without the flag. */
static void test_after_error(struct carillon_ws *ws, uint32_t flags)
{
	uint32_t other = carillon_queue_create(ws->fd, ws->vm);
	struct crln_cmd cmd = { 0 };
	struct drm_carillon_job job;
	int failed, status;

	carillon_ws_delay(ws, 20 * 1000 * 1000);
	carillon_ws_cmd(ws, 0x7777, &cmd, sizeof(cmd));
	failed = carillon_submit_fd(ws->fd, carillon_ws_job(ws), -1);
	carillon_ws_store(ws, carillon_ws_va(ws, 0), MARK);
	job = carillon_ws_job(ws);
	job.queue_id = other;
	job.flags = flags;
	status = carillon_fence_wait_close(carillon_submit_fd(ws->fd, job, failed));
	/* If the rings have waited for each other this one may signal a moment later. */
	igt_assert_eq(carillon_fence_wait_close(failed), -EIO);
	igt_assert_eq(status, flags ? -EIO : 1);
	igt_assert_eq_u64(*carillon_ws_word(ws, 0), flags ? 0 : MARK);
	carillon_queue_destroy(ws->fd, other);
}

/* --- What is refused ---------------------------------------------------------- */

/* Arguments that work, in which one field is made bad. */
struct args {
	struct drm_carillon_submit submit;
	struct drm_carillon_job job;
	struct drm_carillon_sync sync;
};

#define BAD(member, val, err, name, what) \
	CARILLON_BAD(struct args, member, val, err, name, what)

static const struct carillon_bad bad_args[] = {
	BAD(submit.flags, 1, EINVAL, "invalid-flags", "unknown flags of the ioctl are refused"),
	BAD(submit.flags, 1u << 31, EINVAL, "invalid-flags-high", "the highest flag is refused, too"),
	BAD(submit.pad, 1, EINVAL, "invalid-pad", "padding of the ioctl has to be zero"),
	BAD(submit.jobs.count, 0, EINVAL, "invalid-jobs-count-zero", "an ioctl without jobs is refused"),
	BAD(submit.jobs.count, UINT32_MAX, EINVAL, "invalid-jobs-count-huge", "more jobs than the limit are refused"),
	BAD(submit.jobs.stride, 0, EINVAL, "invalid-jobs-stride-zero", "a job takes some bytes"),
	BAD(submit.jobs.stride, sizeof(struct drm_carillon_job) - 8, EINVAL, "invalid-jobs-stride-small", "jobs can't be smaller than their first version"),
	BAD(submit.jobs.stride, sizeof(struct drm_carillon_job) + 4, EINVAL, "invalid-jobs-stride-unaligned", "the size of a job is a multiple of 8"),
	BAD(submit.jobs.stride, 1u << 30, E2BIG, "invalid-jobs-stride-huge", "a job of a gigabyte is refused"),
	BAD(submit.jobs.array, 0, EFAULT, "invalid-jobs-pointer-null", "jobs have to be in readable memory"),
	BAD(submit.jobs.array, 0xdead000000000000, EFAULT, "invalid-jobs-pointer", "a pointer that is none is refused"),
	BAD(job.queue_id, 0, ENOENT, "invalid-queue-zero", "there is no queue 0"),
	BAD(job.queue_id, 0x7fffffff, ENOENT, "invalid-queue", "an unknown queue is refused"),
	BAD(job.queue_id, UINT32_MAX, ENOENT, "invalid-queue-max", "the highest number is no queue"),
	BAD(job.flags, 1u << 1, EINVAL, "invalid-job-flags", "unknown flags of a job are refused"),
	BAD(job.flags, 1u << 31, EINVAL, "invalid-job-flags-high", "the highest flag of a job is refused, too"),
	BAD(job.cmd_va, 0x10008004, EINVAL, "invalid-cmd-va-unaligned", "commands begin at a multiple of 8"),
	BAD(job.cmd_va, 0, EINVAL, "invalid-cmd-va-zero", "commands are in the range that can be mapped"),
	BAD(job.cmd_va, 1ull << CRLN_VA_BITS, EINVAL, "invalid-cmd-va-end", "commands don't begin behind the last address"),
	BAD(job.cmd_va, (1ull << CRLN_VA_BITS) - 8, EINVAL, "invalid-cmd-va-over-end", "commands don't end behind the last address"),
	BAD(job.cmd_va, UINT64_MAX - 7, EINVAL, "invalid-cmd-va-overflow", "an address that overflows is refused"),
	BAD(job.cmd_size, 0, EINVAL, "invalid-cmd-va-of-empty", "an empty job has no address"),
	BAD(job.cmd_size, 12, EINVAL, "invalid-cmd-size-unaligned", "the size of commands is a multiple of 8"),
	BAD(job.cmd_size, CRLN_CMD_SIZE_MAX + 8, EINVAL, "invalid-cmd-size-large", "commands have a longest length"),
	BAD(job.cmd_size, 0xfffffff8, EINVAL, "invalid-cmd-size-max", "commands of 4 GiB are refused"),
	BAD(job.pad, 1, EINVAL, "invalid-job-pad", "padding of a job has to be zero"),
	BAD(job.syncs.count, UINT32_MAX, EINVAL, "invalid-syncs-count-huge", "more syncs than the limit are refused"),
	BAD(job.syncs.stride, 0, EINVAL, "invalid-syncs-stride-zero", "a sync takes some bytes"),
	BAD(job.syncs.stride, sizeof(struct drm_carillon_sync) - 8, EINVAL, "invalid-syncs-stride-small", "syncs can't be smaller than their first version"),
	BAD(job.syncs.stride, sizeof(struct drm_carillon_sync) + 4, EINVAL, "invalid-syncs-stride-unaligned", "the size of a sync is a multiple of 8"),
	BAD(job.syncs.stride, 1u << 30, E2BIG, "invalid-syncs-stride-huge", "a sync of a gigabyte is refused"),
	BAD(job.syncs.array, 0, EFAULT, "invalid-syncs-pointer-null", "syncs have to be in readable memory"),
	BAD(job.syncs.array, 0xdead000000000000, EFAULT, "invalid-syncs-pointer", "a pointer that is none is refused"),
	BAD(sync.type, 3, EINVAL, "invalid-sync-type", "unknown types of sync are refused"),
	BAD(sync.type, UINT32_MAX, EINVAL, "invalid-sync-type-max", "the highest type is none"),
	BAD(sync.flags, 1u << 1, EINVAL, "invalid-sync-flags", "unknown flags of a sync are refused"),
	BAD(sync.flags, 1u << 31, EINVAL, "invalid-sync-flags-high", "the highest flag of a sync is refused, too"),
	BAD(sync.handle, 0, ENOENT, "invalid-syncobj-zero", "there is no syncobj 0"),
	BAD(sync.handle, 0x7fffffff, ENOENT, "invalid-syncobj", "an unknown syncobj is refused"),
	BAD(sync.pad, 1, EINVAL, "invalid-sync-pad", "padding of a sync has to be zero"),
	BAD(sync.point, 1, EINVAL, "invalid-point-of-binary", "a binary syncobj has no points"),
};

static int submit_args(struct carillon_ws *ws, uint32_t syncobj,
		       const struct carillon_bad *bad)
{
	struct args args = {
		.sync = { .flags = DRM_CARILLON_SYNC_SIGNAL, .handle = syncobj },
	};
	struct crln_cmd nop = { 0 };

	/* Two of them: more than fits behind the last address but one. */
	carillon_ws_cmd(ws, CRLN_CMD_NOP, &nop, sizeof(nop));
	carillon_ws_cmd(ws, CRLN_CMD_NOP, &nop, sizeof(nop));
	args.job = carillon_ws_job(ws);
	args.job.syncs = (struct drm_carillon_obj_array)
		DRM_CARILLON_OBJ_ARRAY(1, &args.sync);
	args.submit.jobs = (struct drm_carillon_obj_array)
		DRM_CARILLON_OBJ_ARRAY(1, &args.job);
	if (bad)
		carillon_poke(&args, bad);
	return __carillon_ioctl(ws->fd, DRM_IOCTL_CARILLON_SUBMIT, &args.submit);
}

static void test_bad(struct carillon_ws *ws, const struct carillon_bad *bad)
{
	uint32_t syncobj = syncobj_create(ws->fd, 0);
	struct drm_carillon_queue_get_state state;

	/* The same without what is bad works, so that's what was refused. */
	igt_assert_eq(submit_args(ws, syncobj, NULL), 0);
	igt_assert_eq(submit_args(ws, syncobj, bad), -bad->error);
	carillon_queue_get_state(ws->fd, ws->queue, &state);
	igt_assert_eq_u64(state.submitted, 1);
	syncobj_destroy(ws->fd, syncobj);
}

static void test_foreign_queue(struct carillon_ws *ws)
{
	int fd = drm_reopen_driver(ws->fd);
	struct drm_carillon_job job = { 0 };
	struct carillon_ws other;

	/* More queues than this file has, so that the number isn't one of its own. */
	carillon_ws_init(&other, fd);
	job.queue_id = carillon_queue_create(fd, other.vm);
	igt_assert_neq_u32(job.queue_id, ws->queue);
	igt_assert_eq(__carillon_submit(ws->fd, &job, 1), -ENOENT);
	igt_assert_eq(__carillon_submit(fd, &job, 1), 0);
	carillon_ws_fini(&other);
	drm_close_driver(fd);
}

static void test_foreign_syncobj(struct carillon_ws *ws)
{
	int fd = drm_reopen_driver(ws->fd);
	uint32_t foreign = syncobj_create(fd, 1);
	struct drm_carillon_sync sync = { .handle = foreign };
	struct drm_carillon_job job = {
		.queue_id = ws->queue,
		.syncs = DRM_CARILLON_OBJ_ARRAY(1, &sync),
	};

	igt_assert_eq(__carillon_submit(ws->fd, &job, 1), -ENOENT);
	syncobj_destroy(fd, foreign);
	drm_close_driver(fd);
}

static void test_destroyed_queue(struct carillon_ws *ws)
{
	struct drm_carillon_job job = { .queue_id = carillon_queue_create(ws->fd, ws->vm) };

	carillon_submit(ws->fd, &job, 1);
	carillon_queue_destroy(ws->fd, job.queue_id);
	igt_assert_eq(__carillon_submit(ws->fd, &job, 1), -ENOENT);
}

/* A larger structure from the future: fine while all that is new is zero. */
static void test_larger_job(struct carillon_ws *ws)
{
	struct {
		struct drm_carillon_job job;
		uint64_t future;
	} jobs[2] = { 0 };
	struct drm_carillon_submit args = { .jobs = DRM_CARILLON_OBJ_ARRAY(2, jobs) };
	struct drm_carillon_queue_get_state state;

	jobs[0].job.queue_id = ws->queue;
	jobs[1].job.queue_id = ws->queue;
	igt_assert_eq(__carillon_ioctl(ws->fd, DRM_IOCTL_CARILLON_SUBMIT, &args), 0);
	jobs[1].future = 1;
	igt_assert_eq(__carillon_ioctl(ws->fd, DRM_IOCTL_CARILLON_SUBMIT, &args), -E2BIG);
	carillon_queue_get_state(ws->fd, ws->queue, &state);
	igt_assert_eq_u64(state.submitted, 2);
}

static void test_larger_sync(struct carillon_ws *ws)
{
	uint32_t syncobj = syncobj_create(ws->fd, 0);
	struct {
		struct drm_carillon_sync sync;
		uint64_t future;
	} sync = { .sync = { .flags = DRM_CARILLON_SYNC_SIGNAL, .handle = syncobj } };
	struct drm_carillon_job job = {
		.queue_id = ws->queue,
		.syncs = DRM_CARILLON_OBJ_ARRAY(1, &sync),
	};

	igt_assert_eq(__carillon_submit(ws->fd, &job, 1), 0);
	sync.future = 1ull << 63;
	igt_assert_eq(__carillon_submit(ws->fd, &job, 1), -E2BIG);
	syncobj_destroy(ws->fd, syncobj);
}

/* The second job is bad: the first doesn't run, its syncobj stays empty. */
static void test_all_or_nothing(struct carillon_ws *ws)
{
	uint32_t syncobj = syncobj_create(ws->fd, 0);
	struct drm_carillon_sync sync = {
		.flags = DRM_CARILLON_SYNC_SIGNAL,
		.handle = syncobj,
	};
	struct drm_carillon_queue_get_state state;
	struct drm_carillon_job jobs[2] = { 0 };

	carillon_ws_store(ws, carillon_ws_va(ws, 0), MARK);
	jobs[0] = carillon_ws_job(ws);
	jobs[0].syncs = (struct drm_carillon_obj_array)DRM_CARILLON_OBJ_ARRAY(1, &sync);
	igt_assert_eq(__carillon_submit(ws->fd, jobs, 2), -ENOENT);
	carillon_queue_get_state(ws->fd, ws->queue, &state);
	igt_assert_eq_u64(state.submitted, 0);
	/* Without a fence a wait is an error. */
	igt_assert_eq(syncobj_wait_err(ws->fd, &syncobj, 1, 0, 0), -EINVAL);
	/* Whatever comes later runs after it would have. */
	jobs[1].queue_id = ws->queue;
	igt_assert_eq(carillon_fence_wait_close(carillon_submit_fd(ws->fd, jobs[1], -1)), 1);
	igt_assert_eq_u64(*carillon_ws_word(ws, 0), 0);
	/* With a good second job all of it happens. */
	carillon_submit(ws->fd, jobs, 2);
	igt_assert_eq(syncobj_wait_err(ws->fd, &syncobj, 1, INT64_MAX, 0), 0);
	igt_assert_eq_u64(*carillon_ws_word(ws, 0), MARK);
	syncobj_destroy(ws->fd, syncobj);
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

	SUBTEST("basic", "Check that a job writes what it is told to", test_store(&ws));
	SUBTEST("empty", "Check that an empty job waits for its turn", test_empty(&ws));
	SUBTEST("order", "Check that jobs of a queue run in order", test_order(&ws));
	SUBTEST("many", "Check that more jobs than the ring has slots all run", test_many(&ws));
	SUBTEST("batch", "Check that one ioctl takes as many jobs as it says", test_batch(&ws));
	SUBTEST("two-queues", "Check that a job waits for one before it in the same ioctl",
		test_two_queues(&ws));
	SUBTEST("bad-command", "Check that a command that is none fails its job only",
		test_bad_command(&ws));
	SUBTEST("page-fault", "Check that a store to nowhere fails its job only",
		test_page_fault(&ws));
	SUBTEST("unmapped-commands", "Check that commands that aren't there fail their job only",
		test_unmapped_commands(&ws));
	SUBTEST("cancel-on-error", "Check that a job can be skipped if what it waits for fails",
		test_after_error(&ws, DRM_CARILLON_JOB_CANCEL_ON_ERROR));
	SUBTEST("run-after-error", "Check that a job runs although what it waits for fails",
		test_after_error(&ws, 0));
	SUBTEST("all-or-nothing", "Check that a bad job keeps all of the ioctl from happening",
		test_all_or_nothing(&ws));
	SUBTEST("larger-job", "Check that a larger job is fine if what is new is zero",
		test_larger_job(&ws));
	SUBTEST("larger-sync", "Check that a larger sync is fine if what is new is zero",
		test_larger_sync(&ws));
	SUBTEST("foreign-queue", "Check that a queue of another file is refused",
		test_foreign_queue(&ws));
	SUBTEST("foreign-syncobj", "Check that a syncobj of another file is refused",
		test_foreign_syncobj(&ws));
	SUBTEST("destroyed-queue", "Check that a queue that was destroyed is refused",
		test_destroyed_queue(&ws));

	for (int i = 0; i < ARRAY_SIZE(bad_args); i++) {
		igt_describe_f("Check that %s", bad_args[i].what);
		igt_subtest(bad_args[i].name) {
			carillon_ws_init(&ws, fd);
			test_bad(&ws, &bad_args[i]);
			carillon_ws_fini(&ws);
		}
	}

	igt_fixture()
		drm_close_driver(fd);
}
