/* SPDX-License-Identifier: MIT */
/* The tests, by file; and what they work with. */
#ifndef CONSUMERS_EGL_TESTS_H
#define CONSUMERS_EGL_TESTS_H

#include "gl.h"
#include "gpu.h"

#define WIDTH		64
#define HEIGHT		64
#define PITCH		(WIDTH * GL_PIXEL_BYTES)
#define SIZE		(PITCH * HEIGHT)

/* How long somebody may take who can go on. */
#define PATIENCE_MS	30000

/**
 * struct ctx - what the tests work with
 * @gpu: our GPU
 * @gl: EGL and OpenGL ES
 * @watch_ms: how long somebody is watched who must not go on: longer than any control took
 */
struct ctx {
	struct gpu gpu;
	struct gl gl;
	unsigned int watch_ms;
};

/* test_sync.c */
void test_ready_sync(void *ctx);
void test_held_sync(void *ctx);

/* test_sample.c */
void test_ungated_sample(void *ctx);
void test_gated_sample(void *ctx);

/* test_paint.c */
void test_ungated_paint(void *ctx);
void test_gated_paint(void *ctx);

/* test_error.c */
void test_hang(void *ctx);
void test_unplug(void *ctx);

#endif /* CONSUMERS_EGL_TESTS_H */
