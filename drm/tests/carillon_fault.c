// SPDX-License-Identifier: GPL-2.0
/*
 * What becomes of jobs when the device misbehaves. The emulator is told to, through
 * its control port. TAP on stdout.
 *
 * usage: carillon_fault DEVICE CONTROL-PORT
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xf86drm.h>

#include "uapi/drm/carillon_drm.h"
#include "hw/carillon_hw.h"
#include "gpu.h"

#define NUM_JOBS	4
#define BO_VA		0x100000
#define BO_SIZE		0x2000
#define DATA_OFFSET	0x1000
#define WAIT_MS		60000
#define TIMEOUT_MS	"3000"		/* of jobs, in tests that wait for it */

/* A job that says when it has begun, and doesn't end while anybody looks. */
#define LONG_OFFSET	0xc00
#define BEGUN_OFFSET	(DATA_OFFSET + 0x100)
#define LONG_NS		3000000000000ull
#define LONG_TIMEOUT_MS	"3600000"

struct gpu {
	int fd;
	int control;
	uint32_t vm;
	struct gpu_bo bo;
	uint32_t fill_size;
	uint32_t long_size;
};

static void write_commands(struct gpu *g)
{
	struct crln_cmd_fill fill = {
		.dst = BO_VA + DATA_OFFSET, .size_bytes = 64, .pattern = 0xc0ffee,
	};
	struct crln_cmd_delay delay = { .delay_ns = LONG_NS };

	g->fill_size = put_cmd(g->bo.map, CRLN_CMD_FILL, &fill, sizeof(fill));
	fill.dst = BO_VA + BEGUN_OFFSET;
	g->long_size = put_cmd(g->bo.map + LONG_OFFSET, CRLN_CMD_FILL, &fill, sizeof(fill));
	g->long_size += put_cmd(g->bo.map + LONG_OFFSET + g->long_size, CRLN_CMD_DELAY, &delay,
				sizeof(delay));
}

static int setup(struct gpu *g, const char *device, const char *port)
{
	int ret;

	g->fd = open(device, O_RDWR | O_CLOEXEC);
	g->control = open(port, O_RDWR | O_CLOEXEC);
	if (g->fd < 0 || g->control < 0)
		return -errno;
	ret = gpu_make_bo(g->fd, BO_SIZE, &g->bo);
	if (!ret)
		ret = gpu_make_vm(g->fd, &g->vm);
	if (!ret)
		ret = gpu_bind(g->fd, g->vm, &g->bo, BO_VA);
	if (!ret)
		write_commands(g);
	return ret;
}

static struct drm_carillon_job fill_job(const struct gpu *g, uint32_t queue)
{
	return (struct drm_carillon_job) {
		.queue_id = queue, .cmd_va = BO_VA, .cmd_size = g->fill_size,
	};
}

/* Submits jobs at once, with a sync_file for each. */
static int submit(struct gpu *g, struct drm_carillon_job *jobs, unsigned int num, int *fds)
{
	struct drm_carillon_sync syncs[NUM_JOBS];
	struct drm_carillon_submit sub = {
		.jobs = { .stride = sizeof(*jobs), .count = num, .array = (uintptr_t)jobs },
	};
	int ret;

	for (unsigned int i = 0; i < num; i++) {
		syncs[i] = (struct drm_carillon_sync) {
			.type = DRM_CARILLON_SYNC_FILE, .flags = DRM_CARILLON_SYNC_SIGNAL,
			.handle = -1,
		};
		jobs[i].syncs = (struct drm_carillon_obj_array) {
			.stride = sizeof(syncs[i]), .count = 1, .array = (uintptr_t)&syncs[i],
		};
	}
	ret = xioctl(g->fd, DRM_IOCTL_CARILLON_SUBMIT, &sub);
	for (unsigned int i = 0; i < num && !ret; i++)
		fds[i] = syncs[i].handle;
	return ret;
}

static bool expect(const char *what, long got, long want)
{
	if (got != want)
		printf("# %s: %ld, not %ld\n", what, got, want);
	return got == want;
}

static bool expect_status(int fd, int want)
{
	int got = wait_fence(fd, WAIT_MS);

	close(fd);
	return expect("status of a fence", got, want);
}

static bool expect_state(struct gpu *g, uint32_t queue, uint32_t state, uint32_t resets)
{
	struct drm_carillon_queue_get_state st = { .id = queue };

	return expect("get_state", xioctl(g->fd, DRM_IOCTL_CARILLON_QUEUE_GET_STATE, &st), 0) &
	       expect("state", st.state, state) & expect("resets", st.resets, resets);
}

static bool set_timeout(const char *ms)
{
	int fd = open("/sys/module/carillon/parameters/job_timeout_ms", O_WRONLY);
	bool ok = expect("job_timeout_ms", write(fd, ms, strlen(ms)), strlen(ms));

	close(fd);
	return ok;
}

/* Submits a job and waits until it has begun. */
static bool begin_long_job(struct gpu *g, uint32_t queue, int *fd)
{
	volatile uint32_t *begun = (void *)(g->bo.map + BEGUN_OFFSET);
	struct drm_carillon_job job = {
		.queue_id = queue, .cmd_va = BO_VA + LONG_OFFSET, .cmd_size = g->long_size,
	};

	*begun = 0;
	if (!expect("submit", submit(g, &job, 1, fd), 0))
		return false;
	while (!*begun)
		usleep(1000);
	return true;
}

/* Four jobs on a new queue, after @line; then one more, which has to work. */
static bool run_four(struct gpu *g, const char *line, const int want[NUM_JOBS], uint32_t state,
		     uint32_t resets)
{
	struct drm_carillon_queue_destroy destroy = { 0 };
	struct drm_carillon_job jobs[NUM_JOBS];
	int fds[NUM_JOBS];
	uint32_t queue;
	bool ok;

	if (!expect("queue_create", gpu_make_queue(g->fd, g->vm, 16, &queue), 0) ||
	    !expect("control", emu_control(g->control, line), 0))
		return false;
	for (int i = 0; i < NUM_JOBS; i++)
		jobs[i] = fill_job(g, queue);
	if (!expect("submit", submit(g, jobs, NUM_JOBS, fds), 0))
		return false;
	ok = true;
	for (int i = 0; i < NUM_JOBS; i++)
		ok &= expect_status(fds[i], want[i]);
	ok &= expect_state(g, queue, state, resets);
	ok &= expect("submit again", submit(g, jobs, 1, fds), 0) && expect_status(fds[0], 1);
	destroy.id = queue;
	xioctl(g->fd, DRM_IOCTL_CARILLON_QUEUE_DESTROY, &destroy);
	emu_control(g->control, "clear");
	return ok;
}

static bool test_lost_irq(struct gpu *g)
{
	return run_four(g, "lost-irq ring=* job=4 count=1", (int[]){ 1, 1, 1, 1 }, 0, 0);
}

static bool test_error(struct gpu *g)
{
	return run_four(g, "error ring=* job=2 count=1 status=6", (int[]){ 1, -EIO, 1, 1 }, 0, 0);
}

static bool test_dma_fault(struct gpu *g)
{
	return run_four(g, "dma-fault ring=* job=3 count=1", (int[]){ 1, 1, -EIO, 1 }, 0, 0);
}

static bool test_hang(struct gpu *g)
{
	return run_four(g, "hang ring=* job=2 count=1", (int[]){ 1, -ETIME, 1, 1 },
			DRM_CARILLON_QUEUE_GUILTY, 1);
}

/*
 * The device has to be reset. Another queue has a job on its ring, which is lost;
 * a third one hasn't and goes on. Only the guilty job can time out.
 */
static bool test_hard_hang(struct gpu *g)
{
	uint32_t guilty, busy, idle;
	struct drm_carillon_job job;
	int guilty_fd, busy_fd, fd;
	bool ok;

	if (gpu_make_queue(g->fd, g->vm, 16, &busy) || gpu_make_queue(g->fd, g->vm, 16, &idle) ||
	    !set_timeout(TIMEOUT_MS) || gpu_make_queue(g->fd, g->vm, 16, &guilty))
		return expect("queue_create", -1, 0);
	if (!begin_long_job(g, busy, &busy_fd) ||
	    !expect("control", emu_control(g->control, "hang ring=* job=1 count=1 hard=1"), 0))
		return false;
	job = fill_job(g, guilty);
	if (!expect("submit", submit(g, &job, 1, &guilty_fd), 0))
		return false;

	ok = expect_status(guilty_fd, -ETIME);
	ok &= expect_status(busy_fd, -ECANCELED);
	ok &= expect_state(g, guilty, DRM_CARILLON_QUEUE_GUILTY, 1);
	ok &= expect_state(g, busy, DRM_CARILLON_QUEUE_DEAD | DRM_CARILLON_QUEUE_INNOCENT, 0);
	ok &= expect_state(g, idle, 0, 0);
	job = fill_job(g, busy);
	ok &= expect("submit to the dead", submit(g, &job, 1, &fd), -EIO);
	job = fill_job(g, idle);
	ok &= expect("submit to the idle", submit(g, &job, 1, &fd), 0) && expect_status(fd, 1);
	job = fill_job(g, guilty);
	ok &= expect("submit to the guilty", submit(g, &job, 1, &fd), 0) && expect_status(fd, 1);
	emu_control(g->control, "clear");
	return ok;
}

/* A queue that hangs hard is destroyed before anybody has noticed. */
static bool test_destroy_hung(struct gpu *g)
{
	struct drm_carillon_queue_destroy destroy = { 0 };
	struct drm_carillon_job job;
	uint32_t queue;
	int fd;
	bool ok;

	if (!expect("queue_create", gpu_make_queue(g->fd, g->vm, 16, &queue), 0) ||
	    !expect("control", emu_control(g->control, "hang ring=* job=1 count=1 hard=1"), 0))
		return false;
	job = fill_job(g, queue);
	if (!expect("submit", submit(g, &job, 1, &fd), 0))
		return false;
	usleep(100000);
	destroy.id = queue;
	ok = expect("queue_destroy", xioctl(g->fd, DRM_IOCTL_CARILLON_QUEUE_DESTROY, &destroy), 0);
	ok &= expect("signalled by then", wait_fence(fd, 0), -ECANCELED);
	close(fd);
	emu_control(g->control, "clear");
	return ok;
}

/* What a thread needs that submits until its queue is gone. */
struct racer {
	struct gpu *gpu;
	uint32_t queue;
	int last_fd;
	int ret;
};

static void *race(void *arg)
{
	struct racer *r = arg;
	int fd;

	do {
		struct drm_carillon_job job = fill_job(r->gpu, r->queue);

		r->ret = submit(r->gpu, &job, 1, &fd);
		if (!r->ret) {
			if (r->last_fd >= 0)
				close(r->last_fd);
			r->last_fd = fd;
		}
	} while (!r->ret);
	return NULL;
}

/* Returns whether a round went as it should. */
static bool race_once(struct gpu *g, unsigned int delay_us)
{
	struct drm_carillon_queue_destroy destroy = { 0 };
	struct racer r = { .gpu = g, .last_fd = -1 };
	pthread_t thread;
	int status = 1;

	if (!expect("queue_create", gpu_make_queue(g->fd, g->vm, 4, &r.queue), 0))
		return false;
	if (pthread_create(&thread, NULL, race, &r))
		return false;
	usleep(delay_us);
	destroy.id = r.queue;
	if (!expect("queue_destroy", xioctl(g->fd, DRM_IOCTL_CARILLON_QUEUE_DESTROY, &destroy), 0))
		return false;
	pthread_join(thread, NULL);
	if (r.last_fd >= 0) {
		status = wait_fence(r.last_fd, WAIT_MS);
		close(r.last_fd);
	}
	return (r.ret == -ENOENT || expect("submit", r.ret, -ECANCELED)) &&
	       (status == 1 || expect("status of a fence", status, -ECANCELED));
}

/* A queue is destroyed while another thread submits to it. */
static bool test_destroy_race(struct gpu *g)
{
	bool ok = true;

	for (unsigned int i = 0; i < 100 && ok; i++)
		ok = race_once(g, i * 37 % 5000);
	return ok;
}

static bool reset_function(struct gpu *g, uint32_t busy, uint32_t idle)
{
	struct drm_carillon_job job;
	int busy_fd, fd, sys;
	bool ok;

	if (!begin_long_job(g, busy, &busy_fd))
		return false;
	sys = open("/sys/bus/pci/drivers/carillon_pci/0000:01:00.0/reset", O_WRONLY);
	ok = expect("reset", write(sys, "1", 1), 1);
	close(sys);
	ok &= expect_status(busy_fd, -ECANCELED);
	ok &= expect_state(g, busy, DRM_CARILLON_QUEUE_DEAD | DRM_CARILLON_QUEUE_INNOCENT, 0);
	job = fill_job(g, idle);
	ok &= expect("submit to the idle", submit(g, &job, 1, &fd), 0) && expect_status(fd, 1);
	return ok;
}

/* The function is reset under a job. */
static bool test_function_reset(struct gpu *g)
{
	uint32_t busy, idle;

	return expect("queue_create", gpu_make_queue(g->fd, g->vm, 16, &busy), 0) &&
	       expect("queue_create", gpu_make_queue(g->fd, g->vm, 16, &idle), 0) &&
	       reset_function(g, busy, idle);
}

int main(int argc, char **argv)
{
	/* However slow the machine is, no job times out but those that hang. */
	static const struct {
		const char *name;
		bool (*func)(struct gpu *g);
		const char *timeout_ms;
	} tests[] = {
		{ "a lost interrupt costs time, nothing else", test_lost_irq, TIMEOUT_MS },
		{ "an engine error is the job's", test_error, LONG_TIMEOUT_MS },
		{ "a DMA fault is the job's", test_dma_fault, LONG_TIMEOUT_MS },
		{ "a hang is the job's, those behind run again", test_hang, TIMEOUT_MS },
		{ "a hard hang costs others what is on their rings", test_hard_hang,
		  LONG_TIMEOUT_MS },
		{ "a queue that hangs hard can be destroyed", test_destroy_hung, LONG_TIMEOUT_MS },
		{ "a queue can be destroyed while jobs are submitted to it", test_destroy_race,
		  LONG_TIMEOUT_MS },
		{ "a function reset costs what is on rings", test_function_reset, LONG_TIMEOUT_MS },
	};
	const size_t num = sizeof(tests) / sizeof(tests[0]);
	struct gpu g = { 0 };
	int bad = 0, ret;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc != 3) {
		fprintf(stderr, "usage: carillon_fault DEVICE CONTROL-PORT\n");
		return 2;
	}
	printf("1..%zu\n", num);
	ret = setup(&g, argv[1], argv[2]);
	if (ret) {
		printf("Bail out! setup: %s\n", strerror(-ret));
		return 1;
	}
	for (size_t i = 0; i < num; i++) {
		bool ok = set_timeout(tests[i].timeout_ms) && tests[i].func(&g);

		printf("%s %zu - %s\n", ok ? "ok" : "not ok", i + 1, tests[i].name);
		bad |= !ok;
	}
	return bad;
}
