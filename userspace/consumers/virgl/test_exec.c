// SPDX-License-Identifier: MIT
/* EXECBUFFER itself. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "events.h"
#include "fault.h"
#include "late.h"
#include "tap.h"
#include "tests.h"
#include "work.h"

#define SIZE		65536
#define HANG_LIMIT_MS	3000

static void refused(struct virgl *v, int fence, const char *what)
{
	struct exec exec = { .fd = v->fd, .in_fence = fence };

	tap_note("in-fence: %s", what);
	exec_run(&exec);
	EXPECT_EQ(exec.ret, -EINVAL);
}

void test_bad_fences(void *ctx)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct virgl *v = ctx;

	refused(v, null, "/dev/null");
	refused(v, carillon_device_fd(v->gpu.dev), "a DRM file");
	close(null);
	refused(v, null, "a closed descriptor");
	refused(v, -2, "a negative number");
}

static void expect_done(const struct exec *exec)
{
	EXPECT_EQ(exec->ret, 0);
	EXPECT_EQ(gpu_fence_status(exec->out_fence, PATIENCE_MS), 1);
}

static void record(const struct exec *exec, const struct late *late)
{
	events_add("virgl", exec->in_fence == -1 ? "EXECBUFFER" : "EXECBUFFER waits",
		   exec->begin_ns, exec->end_ns);
	if (exec->in_fence != -1)
		events_fence("carillon", late->job.fence, "virgl", exec->begin_ns);
}

/* One EXECBUFFER while a job of ours is held; it waits for it if @gated. */
static void exec_while_held(struct virgl *v, bool gated)
{
	struct exec exec = { .fd = v->fd, .in_fence = -1, .out_fence = -1 };
	struct work *work = NULL;
	struct late late;

	if (!EXPECT_EQ(late_create(&v->gpu, SIZE, &late), 0))
		return;
	if (EXPECT_EQ(late_hold(&late), 0)) {
		exec.in_fence = gated ? late.job.fence : -1;
		work = work_start(exec_run, &exec);
	}
	if (EXPECT(work)) {
		EXPECT_EQ(work_wait(work, gated ? HELD_MS : PATIENCE_MS), !gated);
		EXPECT_EQ(gpu_fence_status(late.job.fence, 0), 0);
		EXPECT(late_is_old(&late));
		EXPECT_EQ(late_release(&late), 0);
		EXPECT(work_wait(work, PATIENCE_MS));
		expect_done(&exec);
		EXPECT_EQ(gpu_fence_status(late.job.fence, PATIENCE_MS), 1);
		EXPECT(late_is_fresh(&late));
		record(&exec, &late);
	}
	if (late.held)
		late_release(&late);
	work_end(work);
	if (exec.out_fence >= 0)
		close(exec.out_fence);
	late_destroy(&late);
}

void test_ungated_exec(void *ctx)
{
	exec_while_held(ctx, false);
}

void test_gated_exec(void *ctx)
{
	exec_while_held(ctx, true);
}

/* An EXECBUFFER that waits for @job, which ends with @error. */
static void exec_after(struct virgl *v, const struct gpu_job *job, int error)
{
	struct exec exec = { .fd = v->fd, .in_fence = job->fence, .out_fence = -1 };
	struct work *work = work_start(exec_run, &exec);

	if (!EXPECT(work))
		return;
	if (error == -ETIME)
		EXPECT(!work_wait(work, HELD_MS));
	EXPECT(work_wait(work, PATIENCE_MS));
	work_end(work);
	EXPECT_EQ(gpu_fence_status(job->fence, 0), error);
	expect_done(&exec);
	events_add("virgl", "EXECBUFFER waits", exec.begin_ns, exec.end_ns);
	events_fence("carillon", job->fence, "virgl", exec.begin_ns);
	close(exec.out_fence);
}

/* The job writes where nothing is: addresses are given out from the start. */
void test_fault(void *ctx)
{
	struct virgl *v = ctx;
	struct gpu_job job;

	if (!EXPECT_EQ(gpu_job_begin(&v->gpu, &job), 0))
		return;
	carillon_cmd_fill(job.cmds, carillon_device_info(v->gpu.dev)->va_end - 4096, 4096, 0);
	if (EXPECT_EQ(gpu_job_submit(&v->gpu, &job, v->gpu.queue, -1), 0))
		exec_after(v, &job, -EIO);
	gpu_job_end(&v->gpu, &job);
}

static void hang(struct virgl *v, const struct carillon_queue *queue)
{
	struct gpu_job job;

	if (!EXPECT_EQ(gpu_job_begin(&v->gpu, &job), 0))
		return;
	carillon_cmd_nop(job.cmds);
	if (EXPECT_EQ(fault_inject("hang"), 0) &&
	    EXPECT_EQ(gpu_job_submit(&v->gpu, &job, queue, -1), 0))
		exec_after(v, &job, -ETIME);
	EXPECT_EQ(fault_inject("clear"), 0);
	gpu_job_end(&v->gpu, &job);
}

void test_hang(void *ctx)
{
	struct carillon_queue *queue = NULL;
	struct virgl *v = ctx;
	unsigned int before_ms = carillon_device_info(v->gpu.dev)->job_timeout_ms;

	if (!EXPECT_EQ(fault_set_job_timeout(HANG_LIMIT_MS), 0))
		return;
	if (EXPECT_EQ(carillon_queue_create(v->gpu.vm, CARILLON_PRIORITY_DEFAULT, 0, &queue), 0))
		hang(v, queue);
	carillon_queue_destroy(queue);
	EXPECT_EQ(fault_set_job_timeout(before_ms), 0);
}

void test_unplug(void *ctx)
{
	struct exec exec = { .out_fence = -1 };
	struct work *work = NULL;
	struct virgl *v = ctx;
	struct late late;

	if (!EXPECT_EQ(late_create(&v->gpu, SIZE, &late), 0))
		return;
	if (EXPECT_EQ(late_hold(&late), 0)) {
		exec.fd = v->fd;
		exec.in_fence = late.job.fence;
		work = work_start(exec_run, &exec);
	}
	if (EXPECT(work)) {
		EXPECT(!work_wait(work, HELD_MS));
		EXPECT_EQ(fault_unplug(), 0);
		EXPECT(work_wait(work, PATIENCE_MS));
		EXPECT_EQ(gpu_fence_status(late.job.fence, 0), -ENODEV);
		expect_done(&exec);
		record(&exec, &late);
		late.held = false;
	}
	work_end(work);
	if (exec.out_fence >= 0)
		close(exec.out_fence);
	late_destroy(&late);
	EXPECT_EQ(fault_replug(), 0);
}
