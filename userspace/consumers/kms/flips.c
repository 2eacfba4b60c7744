// SPDX-License-Identifier: MIT
/* Fences of ours that flips wait for, and flips that our jobs wait for. */
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "events.h"
#include "kms.h"
#include "late.h"
#include "tap.h"

/* Put a fence into a buffer, as that of one who writes or reads it. */
static int import_fence(int dmabuf, int fence, uint32_t access)
{
	struct dma_buf_import_sync_file import = { .flags = access, .fd = fence };

	return ioctl(dmabuf, DMA_BUF_IOCTL_IMPORT_SYNC_FILE, &import) ? -errno : 0;
}

/* A late job whose buffer is a framebuffer; home is on the display. */
struct gated {
	struct late late;
	struct flip flip;
};

static bool gated_begin(struct kms *kms, struct gated *g)
{
	memset(g, 0, sizeof(*g));
	g->flip.in_fence = -1;
	g->flip.out_fence = -1;
	if (!EXPECT_EQ(kms_go_home(kms), 0))
		return false;
	return EXPECT_EQ(late_create(&kms->gpu, kms_frame_bytes(kms), &g->late), 0) &&
	       EXPECT_EQ(display_add_fb(&kms->display, g->late.buf.dmabuf, &g->flip.fb), 0) &&
	       EXPECT_EQ(late_hold(&g->late), 0);
}

static void gated_end(struct kms *kms, struct gated *g)
{
	if (g->late.held)
		late_release(&g->late);
	kms_go_home(kms);
	if (g->flip.out_fence >= 0)
		close(g->flip.out_fence);
	display_remove_fb(&kms->display, g->flip.fb);
	late_destroy(&g->late);
}

static uint64_t signal_ns(int fence)
{
	struct carillon_fence_info info = { 0 };

	carillon_fence_info(fence, &info);
	return info.signal_ns;
}

/* For the timeline: who waited for whose fence. */
static void record(const struct gated *g, const char *what)
{
	events_add("bochs-drm", what, g->flip.commit_ns, signal_ns(g->flip.out_fence));
	events_fence("carillon", g->late.job.fence, "bochs-drm", g->flip.commit_ns);
}

/* The flip has been committed, the job is held: home stays, until the job has ended. */
static void expect_gated(struct kms *kms, struct gated *g)
{
	EXPECT(kms_flip_held(kms, g->flip.out_fence));
	EXPECT(late_is_old(&g->late));
	kms_shows(kms, kms->home.map, "the old frame while our job is held");
	EXPECT_EQ(late_release(&g->late), 0);
	EXPECT_EQ(display_wait_flip(&kms->display, KMS_FLIP_MS), 0);
	EXPECT_EQ(gpu_fence_status(g->flip.out_fence, KMS_FLIP_MS), 1);
	EXPECT_EQ(gpu_fence_status(g->late.job.fence, 0), 1);
	kms_shows(kms, g->late.fresh.map, "the new frame after our job");
}

/* Nothing holds the flip, but the job is: what is shown is what the job hasn't changed. */
static void expect_ungated(struct kms *kms, struct gated *g)
{
	EXPECT_EQ(display_wait_flip(&kms->display, KMS_FLIP_MS), 0);
	EXPECT_EQ(gpu_fence_status(g->flip.out_fence, KMS_FLIP_MS), 1);
	EXPECT_EQ(gpu_fence_status(g->late.job.fence, 0), 0);
	EXPECT(late_is_old(&g->late));
	kms_shows(kms, g->late.buf.map, "the old data of the new buffer");
}

void test_ungated(void *ctx)
{
	struct kms *kms = ctx;
	struct gated g;

	if (gated_begin(kms, &g) && EXPECT_EQ(display_flip(&kms->display, &g.flip), 0)) {
		expect_ungated(kms, &g);
		events_add("bochs-drm", "flip without a fence", g.flip.commit_ns,
			   signal_ns(g.flip.out_fence));
	}
	gated_end(kms, &g);
}

void test_in_fence(void *ctx)
{
	struct kms *kms = ctx;
	struct gated g;

	if (gated_begin(kms, &g)) {
		g.flip.in_fence = g.late.job.fence;
		if (EXPECT_EQ(display_flip(&kms->display, &g.flip), 0)) {
			expect_gated(kms, &g);
			record(&g, "flip waits");
		}
	}
	gated_end(kms, &g);
}

void test_implicit(void *ctx)
{
	struct kms *kms = ctx;
	struct gated g;

	if (gated_begin(kms, &g) &&
	    EXPECT_EQ(import_fence(g.late.buf.dmabuf, g.late.job.fence, DMA_BUF_SYNC_WRITE), 0) &&
	    EXPECT_EQ(display_flip(&kms->display, &g.flip), 0)) {
		expect_gated(kms, &g);
		record(&g, "flip waits");
	}
	gated_end(kms, &g);
}

void test_implicit_reader(void *ctx)
{
	struct kms *kms = ctx;
	struct gated g;

	if (gated_begin(kms, &g) &&
	    EXPECT_EQ(import_fence(g.late.buf.dmabuf, g.late.job.fence, DMA_BUF_SYNC_READ), 0) &&
	    EXPECT_EQ(display_flip(&kms->display, &g.flip), 0)) {
		expect_ungated(kms, &g);
		events_add("bochs-drm", "flip", g.flip.commit_ns, signal_ns(g.flip.out_fence));
	}
	gated_end(kms, &g);
}

/* An in-fence that has signalled, beside the implicit one of the job that is held. */
static void flip_with_both(struct kms *kms, struct gated *g)
{
	struct gpu_job job;

	if (!EXPECT_EQ(gpu_job_begin(&kms->gpu, &job), 0))
		return;
	if (EXPECT_EQ(gpu_job_submit(&kms->gpu, &job, kms->gpu.side, -1), 0) &&
	    EXPECT_EQ(gpu_fence_status(job.fence, KMS_FLIP_MS), 1)) {
		g->flip.in_fence = job.fence;
		if (EXPECT_EQ(display_flip(&kms->display, &g->flip), 0))
			expect_ungated(kms, g);
	}
	gpu_job_end(&kms->gpu, &job);
}

void test_explicit_alone(void *ctx)
{
	struct kms *kms = ctx;
	struct gated g;

	if (gated_begin(kms, &g) &&
	    EXPECT_EQ(import_fence(g.late.buf.dmabuf, g.late.job.fence, DMA_BUF_SYNC_WRITE), 0)) {
		flip_with_both(kms, &g);
		events_add("bochs-drm", "flip", g.flip.commit_ns, signal_ns(g.flip.out_fence));
	}
	gated_end(kms, &g);
}

/* A job that paints all of @buf, behind @wait_fd. */
static int paint(struct kms *kms, struct gpu_job *job, const struct carillon_queue *queue,
		 const struct gpu_buf *buf, uint32_t xrgb, int wait_fd)
{
	int ret = gpu_job_begin(&kms->gpu, job);

	if (ret)
		return ret;
	carillon_cmd_fill(job->cmds, buf->va, kms_frame_bytes(kms), xrgb);
	return gpu_job_submit(&kms->gpu, job, queue, wait_fd);
}

/*
 * Three in a row: the flip waits for our late job, our next job, which paints over the
 * frame that the flip replaces, waits for the flip.
 */
static void expect_chain(struct kms *kms, struct gated *g, struct gpu_job *next,
			 const struct carillon_queue *queue)
{
	struct gpu_buf *home = &kms->home;
	uint64_t submit_ns = now_ns();
	uint32_t before, after;

	memcpy(&before, home->map, 4);
	if (!EXPECT_EQ(paint(kms, next, queue, home, 0xff00ff00, g->flip.out_fence), 0))
		return;
	EXPECT_EQ(gpu_fence_status(next->fence, KMS_HELD_MS), 0);
	EXPECT(kms_flip_held(kms, g->flip.out_fence));
	memcpy(&after, home->map, 4);
	EXPECT_EQ(after, before);
	EXPECT_EQ(late_release(&g->late), 0);
	EXPECT_EQ(gpu_fence_status(next->fence, KMS_FLIP_MS), 1);
	EXPECT_EQ(gpu_fence_status(g->flip.out_fence, 0), 1);
	EXPECT(signal_ns(g->flip.out_fence) <= signal_ns(next->fence));
	memcpy(&after, home->map, 4);
	EXPECT_EQ(after, 0xff00ff00);
	EXPECT_EQ(display_wait_flip(&kms->display, KMS_FLIP_MS), 0);
	kms_shows(kms, g->late.fresh.map, "the new frame");
	record(g, "flip waits");
	events_add("carillon", "next job waits", submit_ns, signal_ns(next->fence));
	events_fence("bochs-drm", g->flip.out_fence, "carillon", submit_ns);
}

/* The same job without a fence to wait for doesn't wait. */
static void expect_no_chain(struct kms *kms, const struct carillon_queue *queue)
{
	struct gpu_job job = { .fence = -1 };
	struct gpu_buf buf = { 0 };

	if (EXPECT_EQ(gpu_buf_create(&kms->gpu, kms_frame_bytes(kms), &buf), 0)) {
		if (EXPECT_EQ(paint(kms, &job, queue, &buf, 0xff00ff00, -1), 0))
			EXPECT_EQ(gpu_fence_status(job.fence, KMS_FLIP_MS), 1);
		gpu_job_end(&kms->gpu, &job);
		gpu_buf_destroy(&kms->gpu, &buf);
	}
}

void test_out_fence(void *ctx)
{
	struct gpu_job next = { .fence = -1 };
	struct carillon_queue *queue = NULL;
	struct kms *kms = ctx;
	struct gated g;
	uint8_t *copy;

	copy = malloc(kms_frame_bytes(kms));
	if (!EXPECT(copy))
		return;
	memcpy(copy, kms->home.map, kms_frame_bytes(kms));
	if (gated_begin(kms, &g) &&
	    EXPECT_EQ(carillon_queue_create(kms->gpu.vm, CARILLON_PRIORITY_DEFAULT, 0, &queue), 0)) {
		g.flip.in_fence = g.late.job.fence;
		if (EXPECT_EQ(display_flip(&kms->display, &g.flip), 0)) {
			expect_no_chain(kms, queue);
			expect_chain(kms, &g, &next, queue);
		}
	}
	if (g.late.held)
		late_release(&g.late);
	if (next.cmds)
		gpu_job_end(&kms->gpu, &next);
	carillon_queue_destroy(queue);
	memcpy(kms->home.map, copy, kms_frame_bytes(kms));
	gated_end(kms, &g);
	free(copy);
}

static void expect_refused(struct kms *kms, int fence, const char *what)
{
	struct flip flip = { .fb = kms->home_fb, .in_fence = fence };

	tap_note("in-fence: %s", what);
	EXPECT_EQ(display_flip(&kms->display, &flip), -EINVAL);
	EXPECT_EQ(flip.out_fence, -1);
}

void test_bad_fences(void *ctx)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct kms *kms = ctx;

	EXPECT_EQ(kms_go_home(kms), 0);
	expect_refused(kms, null, "/dev/null");
	expect_refused(kms, kms->home.dmabuf, "a dma-buf");
	expect_refused(kms, carillon_device_fd(kms->gpu.dev), "a DRM file");
	close(null);
	expect_refused(kms, null, "a closed descriptor");
	expect_refused(kms, -2, "a negative number");
	EXPECT_EQ(display_wait_flip(&kms->display, 50), -ETIME);
	EXPECT_EQ(display_committed_fb(&kms->display), kms->home_fb);
}
