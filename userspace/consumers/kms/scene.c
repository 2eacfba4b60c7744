// SPDX-License-Identifier: MIT
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "scene.h"

/*
 * Half a row higher each frame, a bit wider, a bit darker: the weights sum up to
 * 245/256, and -1 takes what rounding would leave for ever.
 */
static const struct carillon_conv fade = {
	.coeff = { 6, 12, 6, 22, 73, 22, 26, 52, 26 },
	.shift = 8,
	.bias = -1,
};

/* A row of pixels of one colour; all that is painted is made of these. */
struct bar {
	int32_t x, y, width;
	uint32_t xrgb;
};

struct bars {
	struct bar bar[1024];	/* about 800 are used */
	unsigned int num;
};

struct comet {
	unsigned int swing_x, swing_y;	/* in a period */
	double phase;
	uint32_t xrgb;
	int32_t radius;
};

static const struct comet comets[] = {
	{ 1, 2, 0.00, 0xffffb020, 15 },
	{ 2, 1, 0.40, 0xff20a0ff, 13 },
	{ 1, 3, 0.25, 0xffff4060, 12 },
	{ 3, 2, 0.70, 0xff40e080, 11 },
	{ 2, 3, 0.10, 0xffc060ff, 12 },
	{ 3, 1, 0.55, 0xfff8f8f0, 10 },
};

#define STEPS	4	/* places of a comet in a frame */
#define CELL	4	/* pixels of a dot of a digit */

/* Three dots wide, five high, a row an octal digit. */
static const uint16_t digits[10] = {
	075557, 026227, 071747, 071717, 055711, 074717, 074757, 071244, 075757, 075717,
};

static void add_bar(struct bars *bars, int32_t x, int32_t y, int32_t width, uint32_t xrgb)
{
	if (bars->num < sizeof(bars->bar) / sizeof(bars->bar[0]))
		bars->bar[bars->num++] = (struct bar){ x, y, width, xrgb };
}

/* Where it is at time @frame, which needn't be whole. */
static void add_comet(struct bars *bars, const struct scene *scene, double frame,
		      const struct comet *c)
{
	double turn = 2 * M_PI * frame / SCENE_PERIOD;
	int32_t x = (int32_t)lround(scene->width * (0.5 + 0.41 * sin(c->swing_x * turn +
								2 * M_PI * c->phase)));
	int32_t y = (int32_t)lround(scene->height * (0.52 + 0.38 * cos(c->swing_y * turn +
								 5 * c->phase)));

	for (int32_t dy = -c->radius; dy <= c->radius; dy++) {
		int32_t half = (int32_t)sqrt(c->radius * c->radius - dy * dy);

		add_bar(bars, x - half, y + dy, 2 * half + 1, c->xrgb);
	}
}

static void add_number(struct bars *bars, uint32_t number)
{
	const int32_t left = 3 * CELL, top = 3 * CELL;

	for (int32_t y = -CELL; y < 6 * CELL; y++)
		add_bar(bars, left - CELL, top + y, 13 * CELL, 0xff000000);
	for (int32_t pos = 2; pos >= 0; pos--, number /= 10) {
		uint16_t dots = digits[number % 10];

		for (int32_t i = 0; i < 15; i++) {
			int32_t x = left + (4 * pos + i % 3) * CELL;

			for (int32_t y = 0; dots >> (14 - i) & 1 && y < CELL; y++)
				add_bar(bars, x, top + i / 3 * CELL + y, CELL, 0xff90a0b0);
		}
	}
}

static void scene_bars(const struct scene *scene, uint32_t frame, struct bars *bars)
{
	bars->num = 0;
	/* Also where they were since the last frame: a trail, not beads. */
	for (int i = STEPS - 1; i >= 0; i--)
		for (size_t c = 0; c < sizeof(comets) / sizeof(comets[0]); c++)
			add_comet(bars, scene, frame - (double)i / STEPS, &comets[c]);
	add_number(bars, frame);
}

void scene_write(const struct scene *scene, uint32_t frame, struct carillon_cmdbuf *cmds,
		 uint64_t dst, uint64_t src)
{
	struct carillon_surface to = { dst, scene->width * 4, CRLN_FORMAT_XRGB8888 };
	struct carillon_surface from = { src, scene->width * 4, CRLN_FORMAT_XRGB8888 };
	struct bars bars;

	if (frame)
		carillon_cmd_conv3x3(cmds, &to, &from, scene->width, scene->height, &fade);
	else
		carillon_cmd_fill(cmds, dst, scene_bytes(scene), 0xff000000);
	scene_bars(scene, frame, &bars);
	for (unsigned int i = 0; i < bars.num; i++) {
		const struct bar *b = &bars.bar[i];

		carillon_cmd_fill(cmds, dst + 4ull * (b->y * scene->width + b->x),
				  4ull * b->width, b->xrgb);
	}
}

/* Row @y of @src, or the nearest, with its first and last pixel once more outside. */
static void widen_row(const struct scene *scene, const uint8_t *src, int64_t y, int32_t *row)
{
	size_t bytes = 4 * (size_t)scene->width;

	y = y < 0 ? 0 : y >= scene->height ? scene->height - 1 : y;
	src += bytes * (size_t)y;
	for (size_t i = 0; i < bytes; i++)
		row[4 + i] = src[i];
	for (size_t i = 0; i < 4; i++) {
		row[i] = src[i];
		row[4 + bytes + i] = src[bytes - 4 + i];
	}
}

static void dim_row(uint8_t *dst, const uint8_t *src, const int32_t *above, const int32_t *row,
		    const int32_t *below, size_t bytes)
{
	const int16_t *k = fade.coeff;

	for (size_t i = 0; i < bytes; i++) {
		int32_t sum = k[0] * above[i] + k[1] * above[i + 4] + k[2] * above[i + 8] +
			      k[3] * row[i] + k[4] * row[i + 4] + k[5] * row[i + 8] +
			      k[6] * below[i] + k[7] * below[i + 4] + k[8] * below[i + 8];

		/* No weight is negative: rounding has one direction. */
		sum = ((sum + 128) >> 8) - 1;
		dst[i] = (uint8_t)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
	}
	for (size_t i = 3; i < bytes; i += 4)
		dst[i] = src[i];
}

static void dim(const struct scene *scene, uint8_t *dst, const uint8_t *src)
{
	size_t bytes = 4 * (size_t)scene->width;
	int32_t *rows = malloc(3 * (bytes + 8) * sizeof(*rows));
	int32_t *row[3];

	if (!rows)
		abort();
	for (int i = 0; i < 3; i++) {
		row[i] = rows + i * (bytes + 8);
		widen_row(scene, src, i - 1, row[i]);
	}
	for (uint32_t y = 0; y < scene->height; y++) {
		int32_t *oldest = row[0];

		dim_row(dst + bytes * y, src + bytes * y, row[0], row[1], row[2], bytes);
		row[0] = row[1];
		row[1] = row[2];
		row[2] = oldest;
		widen_row(scene, src, (int64_t)y + 2, row[2]);
	}
	free(rows);
}

void scene_paint(const struct scene *scene, uint32_t frame, uint8_t *dst, const uint8_t *src)
{
	uint32_t black = 0xff000000;
	struct bars bars;

	if (frame)
		dim(scene, dst, src);
	else
		for (uint64_t i = 0; i < scene_bytes(scene); i += 4)
			memcpy(dst + i, &black, 4);
	scene_bars(scene, frame, &bars);
	for (unsigned int i = 0; i < bars.num; i++) {
		const struct bar *b = &bars.bar[i];

		for (int32_t x = 0; x < b->width; x++)
			memcpy(dst + 4 * ((size_t)b->y * scene->width + (size_t)(b->x + x)),
			       &b->xrgb, 4);
	}
}
