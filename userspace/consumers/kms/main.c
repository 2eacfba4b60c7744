// SPDX-License-Identifier: MIT
/*
 * bochs, the kernel's driver for QEMU's plain display, as a user of our fences and
 * buffers: all that it shows are buffers of ours, and it shows them when our fences say so.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "events.h"
#include "kms.h"
#include "picture.h"
#include "screen.h"
#include "tap.h"

#define WIDTH		640
#define HEIGHT		480
#define FRAMES		120
#define SHORT_FRAMES	24
#define MAX_FRAMES	10000

static const struct tap_case cases[] = {
	{ "IN_FENCE_FD that is no sync_file is refused", test_bad_fences },
	{ "control: a flip without a fence happens while our job is held", test_ungated },
	{ "IN_FENCE_FD: the flip waits for our job", test_in_fence, true },
	{ "implicit fence of a writer: the flip waits for our job", test_implicit, true },
	{ "control: the implicit fence of a reader doesn't hold the flip", test_implicit_reader },
	{ "control: with an in-fence the implicit one doesn't count", test_explicit_alone },
	{ "OUT_FENCE_PTR: our job waits for the flip", test_out_fence, true },
	{ "frame loop", test_loop },
	{ "a job that faults doesn't hold the flip", test_fault },
	{ "a job that hangs holds the flip until its time is up", test_hang, true },
	{ "unplug while the flip waits: it happens, the buffers stay", test_unplug, true },
};

bool kms_flip_held(struct kms *kms, int out_fence)
{
	return display_wait_flip(&kms->display, KMS_HELD_MS) == -ETIME &&
	       !gpu_fence_status(out_fence, 0);
}

void kms_shows(const struct kms *kms, const uint8_t *xrgb, const char *what)
{
	struct picture pic = { 0 };

	if (!screen_available()) {
		tap_note("nobody to ask whether the display shows %s", what);
		return;
	}
	if (!EXPECT_EQ(screen_read(&pic), 0))
		return;
	if (!EXPECT_EQ(screen_differs(&pic, xrgb, kms->display.width, kms->display.height), 0))
		tap_note("the display doesn't show %s", what);
	picture_free(&pic);
}

int kms_go_home(struct kms *kms)
{
	struct flip flip = { .fb = kms->home_fb, .in_fence = -1 };
	int ret;

	/* One flip at a time: one that an earlier test left has to end before. */
	while ((ret = display_flip(&kms->display, &flip)) == -EBUSY) {
		ret = display_wait_flip(&kms->display, KMS_FLIP_MS);
		if (ret)
			return ret;
	}
	if (!ret)
		ret = display_wait_flip(&kms->display, KMS_FLIP_MS);
	if (flip.out_fence >= 0)
		close(flip.out_fence);
	return ret;
}

/* Colours that no other picture has. */
static void paint_home(const struct kms *kms)
{
	for (uint32_t y = 0; y < kms->display.height; y++) {
		for (uint32_t x = 0; x < kms->display.width; x++) {
			uint32_t xrgb = 0xff102030 + (x / 8 << 8) + y / 8;

			memcpy(kms->home.map + 4 * (y * kms->display.width + x), &xrgb, 4);
		}
	}
}

static int open_all(struct kms *kms)
{
	int ret;

	ret = gpu_open(&kms->gpu);
	if (ret) {
		fprintf(stderr, "our GPU: %s\n", strerror(-ret));
		return ret;
	}
	ret = gpu_buf_create(&kms->gpu, kms_frame_bytes(kms), &kms->home);
	if (ret)
		goto out;
	paint_home(kms);
	ret = display_add_fb(&kms->display, kms->home.dmabuf, &kms->home_fb);
	if (!ret)
		ret = display_set_mode(&kms->display, kms->home_fb);
	if (!ret)
		return 0;
	display_remove_fb(&kms->display, kms->home_fb);
	gpu_buf_destroy(&kms->gpu, &kms->home);
out:
	fprintf(stderr, "a buffer of ours on the display: %s\n", strerror(-ret));
	gpu_close(&kms->gpu);
	return ret;
}

static void close_all(struct kms *kms)
{
	display_remove_fb(&kms->display, kms->home_fb);
	display_close(&kms->display);
	gpu_buf_destroy(&kms->gpu, &kms->home);
	gpu_close(&kms->gpu);
}

static int usage(void)
{
	fprintf(stderr, "Usage: carillon-consume-kms [--short] [--frames N] [PART OF A TEST'S NAME]\n");
	return 2;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "short", no_argument, NULL, 's' },
		{ "frames", required_argument, NULL, 'f' },
		{ 0 },
	};
	struct kms kms = { .frames = FRAMES };
	int opt, ret;
	char *end;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == 's') {
			kms.frames = SHORT_FRAMES;
		} else if (opt == 'f') {
			kms.frames = (unsigned int)strtoul(optarg, &end, 10);
			if (*end || !kms.frames || kms.frames > MAX_FRAMES) {
				fprintf(stderr, "--frames: 1 to %d\n", MAX_FRAMES);
				return 2;
			}
		} else {
			return usage();
		}
	}
	if (argc > optind + 1)
		return usage();
	ret = display_open("bochs-drm", WIDTH, HEIGHT, &kms.display);
	if (ret == -ENODEV)
		return tap_skip_all("no display of the driver bochs-drm");
	if (ret) {
		fprintf(stderr, "bochs-drm: %s\n", strerror(-ret));
		return tap_bail("the display can't be used");
	}
	if (open_all(&kms)) {
		display_close(&kms.display);
		return tap_bail("our GPU can't be used, or not with the display");
	}
	events_open("kms");
	ret = tap_run(cases, sizeof(cases) / sizeof(cases[0]), &kms, argv[optind]);
	events_close();
	close_all(&kms);
	return ret;
}
