/* SPDX-License-Identifier: MIT */
/* What the tests of this consumer share. */
#ifndef CONSUMERS_VIRGL_TESTS_H
#define CONSUMERS_VIRGL_TESTS_H

#include "draw.h"
#include "exec.h"
#include "gpu.h"

/* Far more than anything takes on a busy machine. */
#define PATIENCE_MS	20000
/* How long a call is watched that must not end. */
#define HELD_MS		300

/**
 * struct virgl - our GPU, and virtio's
 * @gpu: ours
 * @fd: render node of virtio-gpu
 * @gl: Mesa's driver for it
 * @painter: pictures by that; without a program, if @why
 * @why: why Mesa can't be used; NULL: it can
 */
struct virgl {
	struct gpu gpu;
	int fd;
	struct gl gl;
	struct painter painter;
	const char *why;
};

/* Tests, for tap_case.run; the context is the struct virgl. */
void test_bad_fences(void *ctx);
void test_ungated_exec(void *ctx);
void test_gated_exec(void *ctx);
void test_gated_draw(void *ctx);
void test_ungated_draw(void *ctx);
void test_out_fence(void *ctx);
void test_fault(void *ctx);
void test_hang(void *ctx);
void test_unplug(void *ctx);

#endif /* CONSUMERS_VIRGL_TESTS_H */
