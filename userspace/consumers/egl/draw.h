/* SPDX-License-Identifier: MIT */
/* A late buffer of ours, and somebody who draws from it, or into it, in a thread. */
#ifndef CONSUMERS_EGL_DRAW_H
#define CONSUMERS_EGL_DRAW_H

#include "late.h"
#include "tests.h"
#include "work.h"

/**
 * struct draw - the buffer and the drawing
 * @ctx: borrowed
 * @late: the buffer and the late job
 * @gated: the drawing waits for the late job's fence, by eglWaitSyncKHR()
 * @what: draws, between the wait and the end; the thread has the context
 * @work: the thread
 * @problem: what went wrong in there, or NULL
 * @pixels: what was read back, if @what does
 * @fence: sync_file of Mesa for what was drawn, or -1
 */
struct draw {
	struct ctx *ctx;
	struct late late;
	int gated;
	const char *(*what)(struct draw *draw, GLuint texture);
	struct work *work;
	const char *problem;
	uint8_t pixels[SIZE];
	int fence;
};

/* These fail the running test, and return false, if something goes wrong. */

/** draw_begin() - make all of it, and submit the late job, held */
bool draw_begin(struct ctx *ctx, struct gpu *gpu, struct draw *draw);

/** draw_start() - start to draw */
bool draw_start(struct draw *draw);

/**
 * draw_warm_up() - let the compiler of shaders do its work, and set ctx.watch_ms
 * @ctx: context
 *
 * Drawing for the first time takes seconds: who is late then need not be waiting.
 */
void draw_warm_up(struct ctx *ctx);

/** draw_end() - open the gate if it's shut, wait for the thread, forget it all */
void draw_end(struct draw *draw);

/** draw_sampled() - a draw.what: draw what is in the late buffer, and read that back */
const char *draw_sampled(struct draw *draw, GLuint texture);

/** draw_painted() - a draw.what: draw a picture into the late buffer */
const char *draw_painted(struct draw *draw, GLuint texture);

#endif /* CONSUMERS_EGL_DRAW_H */
