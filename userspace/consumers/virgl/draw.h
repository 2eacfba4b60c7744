/* SPDX-License-Identifier: MIT */
/* Drawing by Mesa's virgl driver, in a thread of its own, as it may block. */
#ifndef CONSUMERS_VIRGL_DRAW_H
#define CONSUMERS_VIRGL_DRAW_H

#include <stdint.h>

#include "gl.h"

/* Width and height of what is drawn, pixels. */
#define DRAW_SIZE	256

/**
 * struct painter - draws pictures that take long
 * @gl: context
 * @program: shader; the host computes each pixel by a loop
 * @rounds: rounds of the loop that take about DRAW_LONG_MS
 */
struct painter {
	struct gl *gl;
	GLuint program;
	GLint rounds;
};

#define DRAW_LONG_MS	1000

/** painter_create() - compile the shader, and find out how long a round takes; NULL, or why not */
const char *painter_create(struct painter *painter, struct gl *gl);

/**
 * struct draw - a picture
 * @painter: who draws
 * @in_fence: what the GPU is to wait for first; -1: nothing
 * @rounds: how long it takes, see struct painter
 * @finish: whether to wait for its end
 * @begin_ns: afterwards: when it began
 * @end_ns: afterwards: when it was done or, without @finish, on its way
 * @fence: afterwards: a sync_file, Mesa's; the caller's
 * @problem: afterwards: NULL, or what went wrong
 * @pixel: afterwards, with @finish: one of it
 */
struct draw {
	struct painter *painter;
	int in_fence;
	GLint rounds;
	int finish;
	uint64_t begin_ns;
	uint64_t end_ns;
	int fence;
	const char *problem;
	uint8_t pixel[4];
};

/* What @pixel is. */
#define DRAW_PIXEL	{ 51, 102, 153, 255 }

/** draw_run() - draw; takes a struct draw, for work_start() */
void draw_run(void *draw);

#endif /* CONSUMERS_VIRGL_DRAW_H */
