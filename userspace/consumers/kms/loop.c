// SPDX-License-Identifier: MIT
/*
 * The frame loop: our GPU draws a moving picture into three buffers, the display shows
 * them, and only fences keep them apart:
 *
 *   GPU:      draw n ──────┐        ┌── draw n+2: behind flip n, into the buffer of n-1
 *                          ▼        │
 *   display:  flip n-1    flip n ───┘
 *
 * Flip n has the fence of draw n as its in-fence. It replaces frame n-1, so its out-fence
 * lets draw n+2 begin, whose buffer that was: nothing is drawn into a buffer that is shown
 * or about to be. The same job first sums up frame n, which is on the display then.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "events.h"
#include "kms.h"
#include "reference.h"
#include "scene.h"
#include "screen.h"
#include "sheet.h"
#include "tap.h"

#define BUFFERS		3
#define LOOP_SECONDS	280
/* Drawing then takes longer than the display shows a frame: flips have to wait for it. */
#define DRAW_DELAY_NS	20000000
/* A screendump each so many frames. */
#define DUMP_EVERY	10
/* Frames that go into the timeline: enough to see how they mesh, none with a screendump. */
#define RECORD_FIRST	12
#define RECORD_LAST	17

/* What a job writes beside pixels. */
struct result {
	uint64_t begin_ns;	/* device clock */
	uint64_t end_ns;
	uint32_t crc;
	uint32_t pad;
};

struct frame {
	int drawn;		/* sync_file of the job, -1: none */
	bool gated;		/* the flip was committed before the job's end */
	uint64_t submit_ns;
	struct flip flip;
	uint64_t shown_ns;	/* when its event came; vblanks' own times may be a bit early */
	struct picture dump;	/* what the display showed; empty: not asked */
};

struct loop {
	struct kms *kms;
	struct scene scene;
	struct carillon_submit *submit;
	struct gpu_buf buf[BUFFERS];
	uint32_t fb[BUFFERS];
	struct gpu_buf cmds[BUFFERS];
	struct gpu_buf results;
	struct sheet *sheet;
	struct frame *frames;	/* two more than are shown */
	unsigned int num;
};

/* fence → flip, in ns, sorted. */
struct delays {
	uint64_t *ns;
	unsigned int num;
};

static uint64_t result_va(const struct loop *l, unsigned int n, size_t member)
{
	return l->results.va + n * sizeof(struct result) + member;
}

static const struct result *result_of(const struct loop *l, unsigned int n)
{
	return (const struct result *)l->results.map + n;
}

/* Sum up what is shown, then draw @n; the last two jobs only do the first. */
static int write_job(struct loop *l, unsigned int n, uint32_t *ret_size)
{
	struct carillon_cmdbuf *cmds;
	int ret;

	ret = carillon_cmdbuf_create(l->cmds[n % BUFFERS].map, SCENE_CMD_BYTES, &cmds);
	if (ret)
		return ret;
	if (n >= 2)
		carillon_cmd_crc32c(cmds, result_va(l, n - 2, offsetof(struct result, crc)),
				    l->buf[(n - 2) % BUFFERS].va, scene_bytes(&l->scene), 0);
	carillon_cmd_timestamp(cmds, result_va(l, n, offsetof(struct result, begin_ns)));
	carillon_cmd_delay(cmds, DRAW_DELAY_NS);
	if (n < l->num)
		scene_write(&l->scene, n, cmds, l->buf[n % BUFFERS].va,
			    n ? l->buf[(n - 1) % BUFFERS].va : 0);
	carillon_cmd_timestamp(cmds, result_va(l, n, offsetof(struct result, end_ns)));
	*ret_size = carillon_cmdbuf_size(cmds);
	ret = carillon_cmdbuf_error(cmds);
	carillon_cmdbuf_destroy(cmds);
	return ret;
}

static int submit(struct loop *l, unsigned int n)
{
	struct frame *frame = &l->frames[n];
	uint32_t size;
	int ret;

	ret = write_job(l, n, &size);
	if (ret)
		return ret;
	carillon_submit_job(l->submit, l->kms->gpu.queue, l->cmds[n % BUFFERS].va, size,
			    DRM_CARILLON_JOB_CANCEL_ON_ERROR);
	if (n >= 2)
		carillon_submit_wait_fd(l->submit, l->frames[n - 2].flip.out_fence);
	carillon_submit_signal_fd(l->submit, &frame->drawn);
	frame->submit_ns = now_ns();
	return carillon_submit_run(l->submit);
}

/* Show frame @n; when this returns, it is on the display. */
static int show(struct loop *l, unsigned int n)
{
	struct display *display = &l->kms->display;
	struct frame *frame = &l->frames[n];
	int ret;

	frame->flip.fb = l->fb[n % BUFFERS];
	frame->flip.in_fence = frame->drawn;
	ret = display_flip(display, &frame->flip);
	if (ret)
		return ret;
	frame->gated = !gpu_fence_status(frame->drawn, 0);
	/* Behind the flip, so as not to keep it waiting, but before its buffer can change. */
	if (n)
		sheet_add(l->sheet, n - 1, l->buf[(n - 1) % BUFFERS].map);
	ret = submit(l, n + 2);
	if (!ret)
		ret = display_wait_flip(display, KMS_FLIP_MS);
	frame->shown_ns = now_ns();
	if (!ret)
		EXPECT_EQ(gpu_fence_status(frame->drawn, 0), 1);
	if (!ret && n % DUMP_EVERY == DUMP_EVERY - 1 && screen_available())
		ret = screen_read(&frame->dump);
	return ret;
}

static bool play(struct loop *l)
{
	if (!EXPECT_EQ(submit(l, 0), 0) || !EXPECT_EQ(submit(l, 1), 0))
		return false;
	for (unsigned int n = 0; n < l->num; n++) {
		if (!EXPECT_EQ(show(l, n), 0)) {
			tap_note("frame %u", n);
			return false;
		}
	}
	sheet_add(l->sheet, l->num - 1, l->buf[(l->num - 1) % BUFFERS].map);
	return EXPECT_EQ(gpu_fence_status(l->frames[l->num + 1].drawn, KMS_FLIP_MS), 1);
}

/* Whether frame @n is what the CPU paints: in memory, and on the display where that was asked. */
static bool frame_is_right(const struct loop *l, unsigned int n, const uint8_t *want)
{
	uint32_t crc = reference_crc32c(want, scene_bytes(&l->scene), 0);
	const struct picture *dump = &l->frames[n].dump;
	uint32_t pixels = 0;

	if (dump->bgr)
		pixels = screen_differs(dump, want, l->scene.width, l->scene.height);
	if (crc == result_of(l, n)->crc && !pixels)
		return true;
	tap_note("frame %u: checksum %08x, expected %08x; %u pixels on the display differ",
		 n, result_of(l, n)->crc, crc, pixels);
	return false;
}

/* Paints all frames again and compares; returns how many are wrong. */
static unsigned int count_wrong(const struct loop *l)
{
	uint8_t *want[2] = { malloc(scene_bytes(&l->scene)), malloc(scene_bytes(&l->scene)) };
	unsigned int wrong = 0;

	if (!want[0] || !want[1])
		wrong = l->num;
	for (unsigned int n = 0; n < l->num && want[0] && want[1]; n++) {
		scene_paint(&l->scene, n, want[n % 2], want[(n + 1) % 2]);
		wrong += !frame_is_right(l, n, want[n % 2]);
	}
	free(want[0]);
	free(want[1]);
	return wrong;
}

static uint64_t signal_ns(int fence)
{
	struct carillon_fence_info info = { 0 };

	carillon_fence_info(fence, &info);
	return info.signal_ns;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Of the flips that waited for their fence. */
static bool measure(const struct loop *l, struct delays *delays)
{
	delays->num = 0;
	delays->ns = calloc(l->num, sizeof(*delays->ns));
	for (unsigned int n = 0; delays->ns && n < l->num; n++) {
		const struct frame *frame = &l->frames[n];

		if (frame->gated)
			delays->ns[delays->num++] = frame->shown_ns - signal_ns(frame->drawn);
	}
	if (delays->ns)
		qsort(delays->ns, delays->num, sizeof(*delays->ns), compare);
	return delays->ns && delays->num;
}

static void report(const struct loop *l, unsigned int wrong)
{
	uint64_t took = l->frames[l->num - 1].shown_ns - l->frames[0].submit_ns;
	const char *out = getenv("OUT");
	struct delays delays;
	char path[4096];
	FILE *file;

	tap_note("%u frames, %u wrong, %.1f per second", l->num, wrong, l->num * 1e9 / took);
	if (!EXPECT(measure(l, &delays))) {
		tap_note("no flip was committed before its fence signalled");
		free(delays.ns);
		return;
	}
	tap_note("fence to flip, of the %u that waited: min %.2f ms, median %.2f ms, max %.2f ms",
		 delays.num, delays.ns[0] / 1e6, delays.ns[delays.num / 2] / 1e6,
		 delays.ns[delays.num - 1] / 1e6);
	snprintf(path, sizeof(path), "%s/consumers/kms-timings.json", out ? out : ".");
	file = out ? fopen(path, "w") : NULL;
	if (file) {
		fprintf(file, "{\"frames\": %u, \"wrong\": %u, \"waited\": %u, \"took_ns\": %" PRIu64
			", \"fence_to_flip_ns\": {\"min\": %" PRIu64 ", \"median\": %" PRIu64
			", \"max\": %" PRIu64 "}}\n", l->num, wrong, delays.num, took, delays.ns[0],
			delays.ns[delays.num / 2], delays.ns[delays.num - 1]);
		fclose(file);
	}
	free(delays.ns);
}

/* Some frames for the timeline; the device's clock comes with the CPU's. */
static void record(const struct loop *l)
{
	struct drm_carillon_timestamp_info clocks;

	if (carillon_device_timestamp(l->kms->gpu.dev, &clocks))
		return;
	for (unsigned int n = RECORD_FIRST; n <= RECORD_LAST && n < l->num; n++) {
		const struct frame *frame = &l->frames[n];
		uint64_t to_cpu = clocks.cpu_ns - clocks.device_ns;
		char name[32];

		snprintf(name, sizeof(name), "draw %u", n);
		events_add("carillon", name, result_of(l, n)->begin_ns + to_cpu,
			   signal_ns(frame->drawn));
		snprintf(name, sizeof(name), "flip %u", n);
		events_add("bochs-drm", name, frame->flip.commit_ns, frame->shown_ns);
		events_fence("carillon", frame->drawn, "bochs-drm", frame->flip.commit_ns);
		if (n > RECORD_FIRST + 1)
			events_fence("bochs-drm", l->frames[n - 2].flip.out_fence, "carillon",
				     result_of(l, n)->begin_ns + to_cpu);
		if (n < RECORD_LAST && n + 1 < l->num) {
			snprintf(name, sizeof(name), "frame %u", n);
			events_add("display", name, frame->shown_ns, frame[1].shown_ns);
		}
	}
}

static int loop_create(struct kms *kms, struct loop *l)
{
	struct gpu *gpu = &kms->gpu;
	int ret;

	memset(l, 0, sizeof(*l));
	l->kms = kms;
	l->num = kms->frames;
	l->scene = (struct scene){ kms->display.width, kms->display.height };
	l->frames = calloc(l->num + 2, sizeof(*l->frames));
	l->sheet = sheet_create(l->num, l->scene.width, l->scene.height);
	if (!l->frames || !l->sheet)
		return -ENOMEM;
	for (unsigned int n = 0; n < l->num + 2; n++) {
		l->frames[n].drawn = -1;
		l->frames[n].flip.out_fence = -1;
	}
	ret = carillon_submit_create(gpu->dev, &l->submit);
	if (!ret)
		ret = gpu_buf_create(gpu, (l->num + 2) * sizeof(struct result), &l->results);
	for (int i = 0; !ret && i < BUFFERS; i++) {
		ret = gpu_buf_create(gpu, SCENE_CMD_BYTES, &l->cmds[i]);
		if (!ret)
			ret = gpu_buf_create(gpu, scene_bytes(&l->scene), &l->buf[i]);
		if (!ret)
			ret = display_add_fb(&kms->display, l->buf[i].dmabuf, &l->fb[i]);
	}
	return ret;
}

static void loop_destroy(struct loop *l)
{
	kms_go_home(l->kms);
	for (unsigned int n = 0; l->frames && n < l->num + 2; n++) {
		struct frame *frame = &l->frames[n];

		if (frame->drawn >= 0) {
			gpu_fence_status(frame->drawn, KMS_FLIP_MS);
			close(frame->drawn);
		}
		if (frame->flip.out_fence >= 0)
			close(frame->flip.out_fence);
		picture_free(&frame->dump);
	}
	for (int i = 0; i < BUFFERS; i++) {
		display_remove_fb(&l->kms->display, l->fb[i]);
		gpu_buf_destroy(&l->kms->gpu, &l->buf[i]);
		gpu_buf_destroy(&l->kms->gpu, &l->cmds[i]);
	}
	gpu_buf_destroy(&l->kms->gpu, &l->results);
	carillon_submit_destroy(l->submit);
	sheet_destroy(l->sheet);
	free(l->frames);
}

void test_loop(void *ctx)
{
	struct kms *kms = ctx;
	unsigned int wrong;
	struct loop l;

	/* All frames are painted twice, and by an emulated CPU. */
	alarm(LOOP_SECONDS);
	EXPECT_EQ(kms_go_home(kms), 0);
	if (EXPECT_EQ(loop_create(kms, &l), 0) && play(&l)) {
		record(&l);
		wrong = count_wrong(&l);
		EXPECT_EQ(wrong, 0);
		report(&l, wrong);
		EXPECT_EQ(sheet_save(l.sheet, "kms-frames.png"), 0);
	}
	loop_destroy(&l);
}
