/* SPDX-License-Identifier: MIT */
/* The tests, by file; and what they work with. */
#ifndef CONSUMERS_VULKAN_TESTS_H
#define CONSUMERS_VULKAN_TESTS_H

#include "gpu.h"
#include "vk.h"

#define WIDTH		64u
#define HEIGHT		64u
#define PITCH		(WIDTH * VK_PIXEL_BYTES)
#define SIZE		(PITCH * HEIGHT)

/* How long somebody may take who can go on. */
#define PATIENCE_MS	20000

/**
 * struct ctx - what the tests work with
 * @gpu: our GPU
 * @vk: Vulkan's
 * @watch_ms: how long somebody is watched who must not go on: longer than any control took
 */
struct ctx {
	struct gpu gpu;
	struct vk vk;
	unsigned int watch_ms;
};

/* test_copy.c */
void test_ungated_copy(void *ctx);
void test_gated_copy(void *ctx);

/* test_fence.c */
void test_ready_fence(void *ctx);
void test_held_fence(void *ctx);

/* test_image.c */
void test_ungated_image(void *ctx);
void test_gated_image(void *ctx);
void test_image_written(void *ctx);

/* test_back.c */
void test_back_own(void *ctx);
void test_back_foreign(void *ctx);

/* test_error.c */
void test_hang(void *ctx);
void test_unplug(void *ctx);

#endif /* CONSUMERS_VULKAN_TESTS_H */
