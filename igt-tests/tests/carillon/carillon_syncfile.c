// SPDX-License-Identifier: MIT
/**
 * TEST: Fences of jobs, as sync_files and syncobjs, in and out
 * Category: Core
 * Mega feature: General Core features
 * Sub-category: Synchronization
 * Functionality: fences, sync_file, syncobj
 * Test category: functionality test
 * Description: Check that jobs wait for fences and give out fences that tell how they
 *	ended.
 *
 * SUBTEST: out
 * Description: Check that a job's fence signals when it ends, not before
 *
 * SUBTEST: out-poll
 * Description: Check that poll() waits for a job
 *
 * SUBTEST: out-cloexec
 * Description: Check that descriptors close at exec
 *
 * SUBTEST: out-info
 * Description: Check that a fence tells whose it is and when it signalled
 *
 * SUBTEST: out-error
 * Description: Check that a fence tells the error of its job
 *
 * SUBTEST: out-several
 * Description: Check that a job gives out its fence in several ways
 *
 * SUBTEST: in
 * Description: Check that a job waits for a fence of another queue
 *
 * SUBTEST: in-signalled
 * Description: Check that a job doesn't wait for what has signalled
 *
 * SUBTEST: in-closed
 * Description: Check that a job waits for a descriptor that was closed
 *
 * SUBTEST: in-foreign
 * Description: Check that a job waits for a fence of another file
 *
 * SUBTEST: in-merged
 * Description: Check that a job waits for all of a merged fence
 *
 * SUBTEST: in-many
 * Description: Check that a job has as many waits as the device says
 *
 * SUBTEST: ping-pong
 * Description: Check that two queues can take turns by fences
 *
 * SUBTEST: syncobj
 * Description: Check that jobs wait for and signal binary syncobjs
 *
 * SUBTEST: timeline
 * Description: Check that jobs wait for and signal points of timelines
 *
 * SUBTEST: timeline-cpu-signal
 * Description: Check that a job waits for a point that the CPU signals
 *
 * SUBTEST: invalid-fd
 * Description: Check that descriptors of nothing are refused
 *
 * SUBTEST: invalid-fd-kind
 * Description: Check that descriptors of something else are refused
 *
 * SUBTEST: invalid-fd-out
 * Description: Check that a descriptor to be given out has to be -1 before
 *
 * SUBTEST: invalid-syncobj-empty
 * Description: Check that there has to be something to wait for
 *
 * SUBTEST: invalid-points
 * Description: Check that points are for timelines, which start at 1
 *
 * SUBTEST: no-fd-left
 * Description: Check that a submit that fails leaves no descriptor open
 *
 * SUBTEST: readonly-syncs
 * Description: Check that descriptors need memory that can be written
 *
 * SUBTEST: outlives-file
 * Description: Check that a fence outlives the file of its job
 */

#include <dirent.h>
#include <fcntl.h>
#include <linux/sync_file.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <time.h>

#include "igt.h"
#include "igt_carillon.h"
#include "igt_syncobj.h"
#include "sw_sync.h"

IGT_TEST_DESCRIPTION("Check that jobs wait for fences and give out fences that tell how they ended.");

#define MARK	0x5eed0004

static struct drm_carillon_sync sync_of(uint32_t type, uint32_t flags, int handle,
					uint64_t point)
{
	return (struct drm_carillon_sync){
		.type = type,
		.flags = flags,
		.handle = handle,
		.point = point,
	};
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

static struct drm_carillon_job store_job(struct carillon_ws *ws, uint32_t queue)
{
	struct drm_carillon_job job;

	*carillon_ws_word(ws, 1) = 0;
	carillon_ws_store(ws, carillon_ws_va(ws, 1), MARK);
	job = carillon_ws_job(ws);
	job.queue_id = queue;
	return job;
}

static int submit_sync(struct carillon_ws *ws, struct drm_carillon_job job,
		       struct drm_carillon_sync *sync)
{
	job.syncs = (struct drm_carillon_obj_array)DRM_CARILLON_OBJ_ARRAY(1, sync);
	return __carillon_submit(ws->fd, &job, 1);
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static int count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int num = 0;

	igt_assert(dir);
	while (readdir(dir))
		num++;
	closedir(dir);
	return num;
}

/* --- Out ------------------------------------------------------------------------ */

static void test_out(struct carillon_ws *ws)
{
	int sync_file = carillon_submit_fd(ws->fd, blocked_job(ws), -1);

	igt_assert_eq(sync_fence_status(sync_file), 0);
	igt_assert_eq(sync_fence_wait(sync_file, 50), -ETIME);
	unblock(ws);
	igt_assert_eq(carillon_fence_wait_close(sync_file), 1);
}

static void test_poll(struct carillon_ws *ws)
{
	struct pollfd pfd = { .events = POLLIN };

	pfd.fd = carillon_submit_fd(ws->fd, blocked_job(ws), -1);
	igt_assert_eq(poll(&pfd, 1, 50), 0);
	unblock(ws);
	igt_assert_eq(poll(&pfd, 1, CARILLON_WAIT_MS), 1);
	igt_assert_eq(pfd.revents, POLLIN);
	igt_assert_eq(poll(&pfd, 1, 0), 1);
	close(pfd.fd);
}

static void test_cloexec(struct carillon_ws *ws)
{
	int sync_file = carillon_submit_fd(ws->fd, store_job(ws, ws->queue), -1);

	igt_assert_eq(fcntl(sync_file, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	igt_assert_eq(carillon_fence_wait_close(sync_file), 1);
}

/* Whose it is, which the kernel tells until it has signalled, and when that was. */
static void test_info(struct carillon_ws *ws)
{
	struct sync_fence_info fence = { 0 };
	struct sync_file_info info = {
		.num_fences = 1,
		.sync_fence_info = (uintptr_t)&fence,
	};
	int sync_file = carillon_submit_fd(ws->fd, blocked_job(ws), -1);
	uint64_t before = now_ns(), after;

	igt_assert_eq(ioctl(sync_file, SYNC_IOC_FILE_INFO, &info), 0);
	igt_assert_eq(info.num_fences, 1);
	igt_assert_eq(info.status, 0);
	igt_assert_eq(fence.status, 0);
	igt_assert(!strcmp(fence.driver_name, "carillon"));
	igt_assert_neq(fence.obj_name[0], 0);
	unblock(ws);
	igt_assert_eq(sync_fence_wait(sync_file, CARILLON_WAIT_MS), 0);
	after = now_ns();
	igt_assert_eq(ioctl(sync_file, SYNC_IOC_FILE_INFO, &info), 0);
	igt_assert_eq(info.status, 1);
	igt_assert_eq(fence.status, 1);
	igt_assert_lte_u64(before, fence.timestamp_ns);
	igt_assert_lte_u64(fence.timestamp_ns, after);
	close(sync_file);
}

static void test_error(struct carillon_ws *ws)
{
	struct sync_fence_info fence = { 0 };
	struct sync_file_info info = {
		.num_fences = 1,
		.sync_fence_info = (uintptr_t)&fence,
	};
	struct crln_cmd bad = { 0 };
	int sync_file;

	carillon_ws_cmd(ws, 0x7777, &bad, sizeof(bad));
	sync_file = carillon_submit_fd(ws->fd, carillon_ws_job(ws), -1);
	igt_assert_eq(sync_fence_wait(sync_file, CARILLON_WAIT_MS), 0);
	igt_assert_eq(ioctl(sync_file, SYNC_IOC_FILE_INFO, &info), 0);
	igt_assert_eq(info.status, -EIO);
	igt_assert_eq(fence.status, -EIO);
	close(sync_file);
}

/* Several ways out of one job. */
static void test_several_out(struct carillon_ws *ws)
{
	uint32_t syncobj = syncobj_create(ws->fd, 0);
	uint32_t flags = DRM_CARILLON_SYNC_SIGNAL;
	struct drm_carillon_sync syncs[3] = {
		sync_of(DRM_CARILLON_SYNC_FILE, flags, -1, 0),
		sync_of(DRM_CARILLON_SYNC_SYNCOBJ, flags, syncobj, 0),
		sync_of(DRM_CARILLON_SYNC_FILE, flags, -1, 0),
	};
	struct drm_carillon_job job = blocked_job(ws);

	job.syncs = (struct drm_carillon_obj_array)DRM_CARILLON_OBJ_ARRAY(3, syncs);
	carillon_submit(ws->fd, &job, 1);
	igt_assert_neq(syncs[0].handle, syncs[2].handle);
	igt_assert_eq(sync_fence_status(syncs[0].handle), 0);
	igt_assert_eq(sync_fence_status(syncs[2].handle), 0);
	unblock(ws);
	igt_assert_eq(carillon_fence_wait_close(syncs[0].handle), 1);
	igt_assert_eq(carillon_fence_wait_close(syncs[2].handle), 1);
	igt_assert_eq(syncobj_wait_err(ws->fd, &syncobj, 1, INT64_MAX, 0), 0);
	syncobj_destroy(ws->fd, syncobj);
}

/* The descriptor works where the GPU isn't open any more. */
static void test_outlives_file(int fd)
{
	int other = drm_reopen_driver(fd);
	struct carillon_ws ws;
	int sync_file;

	carillon_ws_init(&ws, other);
	sync_file = carillon_submit_fd(other, store_job(&ws, ws.queue), -1);
	igt_assert_eq(sync_fence_wait(sync_file, CARILLON_WAIT_MS), 0);
	carillon_ws_fini(&ws);
	drm_close_driver(other);
	igt_assert_eq(sync_fence_status(sync_file), 1);
	close(sync_file);
}

/* --- In ------------------------------------------------------------------------- */

static void test_in(struct carillon_ws *ws)
{
	uint32_t other = carillon_queue_create(ws->fd, ws->vm);
	int first = carillon_submit_fd(ws->fd, blocked_job(ws), -1);
	int second = carillon_submit_fd(ws->fd, store_job(ws, other), first);

	igt_assert_eq(sync_fence_wait(second, 50), -ETIME);
	igt_assert_eq_u64(*carillon_ws_word(ws, 1), 0);
	unblock(ws);
	igt_assert_eq(carillon_fence_wait_close(second), 1);
	igt_assert_eq_u64(*carillon_ws_word(ws, 1), MARK);
	igt_assert_eq(carillon_fence_wait_close(first), 1);
	carillon_queue_destroy(ws->fd, other);
}

static void test_in_signalled(struct carillon_ws *ws)
{
	int first = carillon_submit_fd(ws->fd, store_job(ws, ws->queue), -1);

	igt_assert_eq(sync_fence_wait(first, CARILLON_WAIT_MS), 0);
	igt_assert_eq(carillon_fence_wait_close(carillon_submit_fd(ws->fd,
						store_job(ws, ws->queue), first)), 1);
	igt_assert_eq_u64(*carillon_ws_word(ws, 1), MARK);
	close(first);
}

/* The caller may close it right away: the job has what it needs. */
static void test_in_closed(struct carillon_ws *ws)
{
	uint32_t other = carillon_queue_create(ws->fd, ws->vm);
	int first = carillon_submit_fd(ws->fd, blocked_job(ws), -1), second;

	second = carillon_submit_fd(ws->fd, store_job(ws, other), first);
	close(first);
	igt_assert_eq(sync_fence_wait(second, 50), -ETIME);
	unblock(ws);
	igt_assert_eq(carillon_fence_wait_close(second), 1);
	carillon_queue_destroy(ws->fd, other);
}

/* Between the queues of two files. */
static void test_in_foreign(struct carillon_ws *ws)
{
	int fd = drm_reopen_driver(ws->fd);
	struct carillon_ws other;
	int first, second;

	carillon_ws_init(&other, fd);
	first = carillon_submit_fd(fd, blocked_job(&other), -1);
	second = carillon_submit_fd(ws->fd, store_job(ws, ws->queue), first);
	igt_assert_eq(sync_fence_wait(second, 50), -ETIME);
	unblock(&other);
	igt_assert_eq(carillon_fence_wait_close(second), 1);
	close(first);
	carillon_ws_fini(&other);
	drm_close_driver(fd);
}

static void test_merged(struct carillon_ws *ws)
{
	uint32_t queues[2] = {
		carillon_queue_create(ws->fd, ws->vm),
		carillon_queue_create(ws->fd, ws->vm),
	};
	int fast, slow, merged, last;

	fast = carillon_submit_fd(ws->fd, store_job(ws, queues[0]), -1);
	slow = carillon_submit_fd(ws->fd, blocked_job(ws), -1);
	merged = sync_fence_merge(fast, slow);
	igt_assert_lte(0, merged);
	last = carillon_submit_fd(ws->fd, store_job(ws, queues[1]), merged);
	igt_assert_eq(sync_fence_wait(fast, CARILLON_WAIT_MS), 0);
	igt_assert_eq(sync_fence_wait(last, 50), -ETIME);
	unblock(ws);
	igt_assert_eq(carillon_fence_wait_close(last), 1);
	close(fast);
	close(slow);
	close(merged);
	for (int i = 0; i < 2; i++)
		carillon_queue_destroy(ws->fd, queues[i]);
}

/* A then B then A …: each job waits for the one before on the other queue. */
static void test_ping_pong(struct carillon_ws *ws)
{
	uint32_t queues[2] = { ws->queue, carillon_queue_create(ws->fd, ws->vm) };
	const int num = 40;
	int wait_fd = -1;

	carillon_ws_store(ws, carillon_ws_va(ws, 10), MARK);
	for (int i = 0; i < num; i++) {
		struct drm_carillon_job job;
		int sync_file;

		if (i)
			carillon_ws_copy(ws, carillon_ws_va(ws, 10 + i),
					 carillon_ws_va(ws, 9 + i), 8);
		job = carillon_ws_job(ws);
		job.queue_id = queues[i % 2];
		sync_file = carillon_submit_fd(ws->fd, job, wait_fd);
		if (wait_fd >= 0)
			close(wait_fd);
		wait_fd = sync_file;
	}
	igt_assert_eq(carillon_fence_wait_close(wait_fd), 1);
	igt_assert_eq_u64(*carillon_ws_word(ws, 9 + num), MARK);
	carillon_queue_destroy(ws->fd, queues[1]);
}

/* As many waits as a job may have. */
static void test_many_in(struct carillon_ws *ws)
{
	uint32_t other = carillon_queue_create(ws->fd, ws->vm);
	struct drm_carillon_device_info info;
	struct drm_carillon_sync *syncs;
	struct drm_carillon_job job;
	int blocker, last;

	carillon_query_device(ws->fd, &info);
	blocker = carillon_submit_fd(ws->fd, blocked_job(ws), -1);
	syncs = calloc(info.job_syncs_max + 1, sizeof(*syncs));
	igt_assert(syncs);
	for (uint32_t i = 0; i <= info.job_syncs_max; i++)
		syncs[i] = sync_of(DRM_CARILLON_SYNC_FILE, 0, blocker, 0);
	syncs[0] = sync_of(DRM_CARILLON_SYNC_FILE, DRM_CARILLON_SYNC_SIGNAL, -1, 0);
	job = store_job(ws, other);
	job.syncs = (struct drm_carillon_obj_array)
		DRM_CARILLON_OBJ_ARRAY(info.job_syncs_max + 1, syncs);
	igt_assert_eq(__carillon_submit(ws->fd, &job, 1), -EINVAL);
	syncs[0].handle = -1;
	job.syncs.count = info.job_syncs_max;
	carillon_submit(ws->fd, &job, 1);
	last = syncs[0].handle;
	igt_assert_eq(sync_fence_wait(last, 50), -ETIME);
	unblock(ws);
	igt_assert_eq(carillon_fence_wait_close(last), 1);
	close(blocker);
	free(syncs);
	carillon_queue_destroy(ws->fd, other);
}

/* --- Syncobjs ------------------------------------------------------------------- */

static void test_syncobj(struct carillon_ws *ws)
{
	uint32_t syncobj = syncobj_create(ws->fd, 0);
	uint32_t other = carillon_queue_create(ws->fd, ws->vm);
	struct drm_carillon_sync out = sync_of(DRM_CARILLON_SYNC_SYNCOBJ,
					       DRM_CARILLON_SYNC_SIGNAL, syncobj, 0);
	struct drm_carillon_sync in = sync_of(DRM_CARILLON_SYNC_SYNCOBJ, 0, syncobj, 0);

	igt_assert_eq(submit_sync(ws, blocked_job(ws), &out), 0);
	igt_assert_eq(submit_sync(ws, store_job(ws, other), &in), 0);
	usleep(50000);
	igt_assert_eq_u64(*carillon_ws_word(ws, 1), 0);
	/* The wait took the fence; what the syncobj gets later isn't waited for. */
	unblock(ws);
	igt_assert_eq(submit_sync(ws, store_job(ws, other), &out), 0);
	igt_assert_eq(syncobj_wait_err(ws->fd, &syncobj, 1, INT64_MAX, 0), 0);
	igt_assert_eq_u64(*carillon_ws_word(ws, 1), MARK);
	carillon_queue_destroy(ws->fd, other);
	syncobj_destroy(ws->fd, syncobj);
}

static void test_timeline(struct carillon_ws *ws)
{
	uint32_t syncobj = syncobj_create(ws->fd, 0);
	uint32_t other = carillon_queue_create(ws->fd, ws->vm);
	uint64_t points[2] = { 10, 1ull << 40 }, point;
	struct drm_carillon_sync sync;
	int last;

	for (int i = 0; i < 2; i++) {
		sync = sync_of(DRM_CARILLON_SYNC_TIMELINE, DRM_CARILLON_SYNC_SIGNAL,
			       syncobj, points[i]);
		igt_assert_eq(submit_sync(ws, i ? blocked_job(ws) :
					  store_job(ws, ws->queue), &sync), 0);
	}
	igt_assert(syncobj_timeline_wait(ws->fd, &syncobj, &points[0], 1, INT64_MAX, 0, NULL));
	igt_assert_eq_u64(*carillon_ws_word(ws, 1), MARK);
	syncobj_timeline_query(ws->fd, &syncobj, &point, 1);
	igt_assert_eq_u64(point, 10);
	/* A point in between is that of the next one. */
	sync = sync_of(DRM_CARILLON_SYNC_TIMELINE, 0, syncobj, 11);
	igt_assert_eq(submit_sync(ws, store_job(ws, other), &sync), 0);
	last = carillon_submit_fd(ws->fd, store_job(ws, other), -1);
	igt_assert_eq(sync_fence_wait(last, 50), -ETIME);
	unblock(ws);
	igt_assert_eq(carillon_fence_wait_close(last), 1);
	igt_assert(syncobj_timeline_wait(ws->fd, &syncobj, &points[1], 1, INT64_MAX, 0, NULL));
	syncobj_timeline_query(ws->fd, &syncobj, &point, 1);
	igt_assert_eq_u64(point, 1ull << 40);
	carillon_queue_destroy(ws->fd, other);
	syncobj_destroy(ws->fd, syncobj);
}

/* What the CPU signals, a job may wait for. */
static void test_cpu_signal(struct carillon_ws *ws)
{
	uint32_t syncobj = syncobj_create(ws->fd, 0);
	uint64_t point = 3;
	struct drm_carillon_sync sync = sync_of(DRM_CARILLON_SYNC_TIMELINE, 0, syncobj, 3);
	struct drm_carillon_job job = { .queue_id = ws->queue };

	igt_assert_eq(submit_sync(ws, store_job(ws, ws->queue), &sync), -EINVAL);
	syncobj_timeline_signal(ws->fd, &syncobj, &point, 1);
	igt_assert_eq(submit_sync(ws, store_job(ws, ws->queue), &sync), 0);
	igt_assert_eq(carillon_fence_wait_close(carillon_submit_fd(ws->fd, job, -1)), 1);
	igt_assert_eq_u64(*carillon_ws_word(ws, 1), MARK);
	syncobj_destroy(ws->fd, syncobj);
}

/* --- What is refused -------------------------------------------------------------- */

static void test_invalid_sync(struct carillon_ws *ws, struct drm_carillon_sync sync,
			      int error)
{
	struct drm_carillon_queue_get_state state;
	int before = count_fds();

	igt_assert_eq(submit_sync(ws, store_job(ws, ws->queue), &sync), -error);
	igt_assert_eq(count_fds(), before);
	carillon_queue_get_state(ws->fd, ws->queue, &state);
	igt_assert_eq_u64(state.submitted, 0);
}

static void test_not_a_sync_file(struct carillon_ws *ws)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	igt_assert_lte(0, null);
	test_invalid_sync(ws, sync_of(DRM_CARILLON_SYNC_FILE, 0, null, 0), EINVAL);
	test_invalid_sync(ws, sync_of(DRM_CARILLON_SYNC_FILE, 0, ws->fd, 0), EINVAL);
	close(null);
}

static void test_empty_syncobj(struct carillon_ws *ws)
{
	uint32_t syncobj = syncobj_create(ws->fd, 0);

	test_invalid_sync(ws, sync_of(DRM_CARILLON_SYNC_SYNCOBJ, 0, syncobj, 0), EINVAL);
	test_invalid_sync(ws, sync_of(DRM_CARILLON_SYNC_TIMELINE, 0, syncobj, 1), EINVAL);
	syncobj_destroy(ws->fd, syncobj);
}

static void test_invalid_points(struct carillon_ws *ws)
{
	uint32_t syncobj = syncobj_create(ws->fd, 1);
	uint32_t signal = DRM_CARILLON_SYNC_SIGNAL;
	int sync_file = carillon_submit_fd(ws->fd, (struct drm_carillon_job){
						   .queue_id = ws->queue }, -1);
	uint32_t other = carillon_queue_create(ws->fd, ws->vm), own = ws->queue;

	ws->queue = other;
	test_invalid_sync(ws, sync_of(DRM_CARILLON_SYNC_SYNCOBJ, 0, syncobj, 1), EINVAL);
	test_invalid_sync(ws, sync_of(DRM_CARILLON_SYNC_SYNCOBJ, signal, syncobj, 1), EINVAL);
	test_invalid_sync(ws, sync_of(DRM_CARILLON_SYNC_TIMELINE, signal, syncobj, 0), EINVAL);
	test_invalid_sync(ws, sync_of(DRM_CARILLON_SYNC_FILE, 0, sync_file, 1), EINVAL);
	test_invalid_sync(ws, sync_of(DRM_CARILLON_SYNC_FILE, signal, -1, 1), EINVAL);
	ws->queue = own;
	carillon_queue_destroy(ws->fd, other);
	close(sync_file);
	syncobj_destroy(ws->fd, syncobj);
}

/* A bad job behind one that gives out a descriptor: none is left open. */
static void test_no_fd_left(struct carillon_ws *ws)
{
	struct drm_carillon_sync sync = sync_of(DRM_CARILLON_SYNC_FILE,
						DRM_CARILLON_SYNC_SIGNAL, -1, 0);
	struct drm_carillon_job jobs[2] = { { .queue_id = ws->queue } };
	int before = count_fds();

	jobs[0].syncs = (struct drm_carillon_obj_array)DRM_CARILLON_OBJ_ARRAY(1, &sync);
	for (int i = 0; i < 100; i++) {
		sync.handle = -1;
		igt_assert_eq(__carillon_submit(ws->fd, jobs, 2), -ENOENT);
	}
	igt_assert_eq(count_fds(), before);
}

/* The descriptor can't be written back: nothing happens, and none is left open. */
static void test_readonly_syncs(struct carillon_ws *ws)
{
	struct drm_carillon_sync *sync = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
					      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct drm_carillon_queue_get_state state;
	int before = count_fds();

	igt_assert(sync != MAP_FAILED);
	*sync = sync_of(DRM_CARILLON_SYNC_FILE, DRM_CARILLON_SYNC_SIGNAL, -1, 0);
	igt_assert_eq(mprotect(sync, 4096, PROT_READ), 0);
	igt_assert_eq(submit_sync(ws, store_job(ws, ws->queue), sync), -EFAULT);
	igt_assert_eq(count_fds(), before);
	carillon_queue_get_state(ws->fd, ws->queue, &state);
	igt_assert_eq_u64(state.submitted, 0);
	munmap(sync, 4096);
}

int igt_main()
{
	const uint32_t file = DRM_CARILLON_SYNC_FILE, signal = DRM_CARILLON_SYNC_SIGNAL;
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

	SUBTEST("out", "Check that a job's fence signals when it ends, not before",
		test_out(&ws));
	SUBTEST("out-poll", "Check that poll() waits for a job", test_poll(&ws));
	SUBTEST("out-cloexec", "Check that descriptors close at exec", test_cloexec(&ws));
	SUBTEST("out-info", "Check that a fence tells whose it is and when it signalled",
		test_info(&ws));
	SUBTEST("out-error", "Check that a fence tells the error of its job", test_error(&ws));
	SUBTEST("out-several", "Check that a job gives out its fence in several ways",
		test_several_out(&ws));
	SUBTEST("in", "Check that a job waits for a fence of another queue", test_in(&ws));
	SUBTEST("in-signalled", "Check that a job doesn't wait for what has signalled",
		test_in_signalled(&ws));
	SUBTEST("in-closed", "Check that a job waits for a descriptor that was closed",
		test_in_closed(&ws));
	SUBTEST("in-foreign", "Check that a job waits for a fence of another file",
		test_in_foreign(&ws));
	SUBTEST("in-merged", "Check that a job waits for all of a merged fence",
		test_merged(&ws));
	SUBTEST("in-many", "Check that a job has as many waits as the device says",
		test_many_in(&ws));
	SUBTEST("ping-pong", "Check that two queues can take turns by fences",
		test_ping_pong(&ws));
	SUBTEST("syncobj", "Check that jobs wait for and signal binary syncobjs",
		test_syncobj(&ws));
	SUBTEST("timeline", "Check that jobs wait for and signal points of timelines",
		test_timeline(&ws));
	SUBTEST("timeline-cpu-signal", "Check that a job waits for a point that the CPU signals",
		test_cpu_signal(&ws));
	SUBTEST("invalid-fd", "Check that descriptors of nothing are refused",
		test_invalid_sync(&ws, sync_of(file, 0, -1, 0), EBADF);
		test_invalid_sync(&ws, sync_of(file, 0, 9999, 0), EBADF));
	SUBTEST("invalid-fd-kind", "Check that descriptors of something else are refused",
		test_not_a_sync_file(&ws));
	SUBTEST("invalid-fd-out", "Check that a descriptor to be given out has to be -1 before",
		test_invalid_sync(&ws, sync_of(file, signal, 0, 0), EINVAL);
		test_invalid_sync(&ws, sync_of(file, signal, -2, 0), EINVAL));
	SUBTEST("invalid-syncobj-empty", "Check that there has to be something to wait for",
		test_empty_syncobj(&ws));
	SUBTEST("invalid-points", "Check that points are for timelines, which start at 1",
		test_invalid_points(&ws));
	SUBTEST("no-fd-left", "Check that a submit that fails leaves no descriptor open",
		test_no_fd_left(&ws));
	SUBTEST("readonly-syncs", "Check that descriptors need memory that can be written",
		test_readonly_syncs(&ws));

	igt_describe("Check that a fence outlives the file of its job");
	igt_subtest("outlives-file")
		test_outlives_file(fd);

	igt_fixture()
		drm_close_driver(fd);
}
