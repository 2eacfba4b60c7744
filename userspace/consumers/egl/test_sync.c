// SPDX-License-Identifier: MIT
/* A sync_file as EGLSync: for an application that waits itself. */
#include "events.h"
#include "late.h"
#include "tap.h"
#include "tests.h"

#define WATCH_NS	1000000000ull
#define PATIENCE_NS	(PATIENCE_MS * 1000000ull)

/* The import alone makes nobody wait: a fence that has signalled is ready. */
void test_ready_sync(void *ctx)
{
	struct gpu *gpu = &((struct ctx *)ctx)->gpu;
	struct gl *gl = &((struct ctx *)ctx)->gl;
	struct gpu_job job;
	EGLSyncKHR sync;

	if (!EXPECT_EQ(gpu_job_begin(gpu, &job), 0))
		return;
	carillon_cmd_nop(job.cmds);
	if (EXPECT(gl_begin(gl)) && EXPECT_EQ(gpu_job_submit(gpu, &job, gpu->queue, -1), 0) &&
	    EXPECT_EQ(gpu_fence_status(job.fence, PATIENCE_MS), 1)) {
		sync = gl_import_fence(gl, job.fence);
		EXPECT(sync != EGL_NO_SYNC_KHR);
		EXPECT_EQ(gl->client_wait(gl->dpy, sync, 0, 0), EGL_CONDITION_SATISFIED_KHR);
		gl->destroy_sync(gl->dpy, sync);
	}
	gl_end(gl);
	gpu_job_end(gpu, &job);
}

/* Of a held job: a wait runs into its limit; after the job it is ready. */
void test_held_sync(void *ctx)
{
	struct gpu *gpu = &((struct ctx *)ctx)->gpu;
	struct gl *gl = &((struct ctx *)ctx)->gl;
	uint64_t begin = now_ns();
	struct late late;
	EGLSyncKHR sync;

	if (!EXPECT_EQ(late_create(gpu, SIZE, &late), 0))
		return;
	if (EXPECT(gl_begin(gl)) && EXPECT_EQ(late_hold(&late), 0)) {
		sync = gl_import_fence(gl, late.job.fence);
		EXPECT(sync != EGL_NO_SYNC_KHR);
		EXPECT_EQ(gl->client_wait(gl->dpy, sync, 0, WATCH_NS), EGL_TIMEOUT_EXPIRED_KHR);
		EXPECT(late_is_old(&late));
		EXPECT_EQ(late_release(&late), 0);
		EXPECT_EQ(gl->client_wait(gl->dpy, sync, 0, PATIENCE_NS),
			  EGL_CONDITION_SATISFIED_KHR);
		EXPECT(late_is_fresh(&late));
		events_add("llvmpipe", "eglClientWaitSyncKHR", begin, now_ns());
		events_fence("carillon", late.job.fence, "llvmpipe", begin);
		gl->destroy_sync(gl->dpy, sync);
	}
	gl_end(gl);
	late_destroy(&late);
}
