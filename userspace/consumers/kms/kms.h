/* SPDX-License-Identifier: MIT */
/* What the tests of this consumer share. */
#ifndef CONSUMERS_KMS_H
#define CONSUMERS_KMS_H

#include <stdint.h>

#include "display.h"
#include "gpu.h"

/* Far more than a flip takes on a busy machine. */
#define KMS_FLIP_MS	20000
/* How long it is watched that a flip doesn't happen: some frames. */
#define KMS_HELD_MS	200

/**
 * struct kms - our GPU, somebody else's display
 * @gpu: GPU
 * @display: display
 * @home: what it shows at the beginning of each test
 * @home_fb: its framebuffer
 * @frames: how many the frame loop is to show
 */
struct kms {
	struct gpu gpu;
	struct display display;
	struct gpu_buf home;
	uint32_t home_fb;
	unsigned int frames;
};

/** kms_frame_bytes() - bytes of a framebuffer */
static inline uint64_t kms_frame_bytes(const struct kms *kms)
{
	return 4ull * kms->display.width * kms->display.height;
}

/** kms_go_home() - show @kms->home, behind whatever is still going on; 0 or -errno */
int kms_go_home(struct kms *kms);

/** kms_flip_held() - whether no flip happens for KMS_HELD_MS, nor @out_fence signals */
bool kms_flip_held(struct kms *kms, int out_fence);

/** kms_shows() - the running test fails unless the display shows @xrgb */
void kms_shows(const struct kms *kms, const uint8_t *xrgb, const char *what);

/* Tests, for tap_case.run; the context is the struct kms. */
void test_bad_fences(void *ctx);
void test_ungated(void *ctx);
void test_in_fence(void *ctx);
void test_implicit(void *ctx);
void test_implicit_reader(void *ctx);
void test_explicit_alone(void *ctx);
void test_out_fence(void *ctx);
void test_loop(void *ctx);
void test_fault(void *ctx);
void test_hang(void *ctx);
void test_unplug(void *ctx);

#endif /* CONSUMERS_KMS_H */
