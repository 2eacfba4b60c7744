// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "picture.h"
#include "sheet.h"

#define SMALLER		4
#define GAP		6	/* pixels around each frame */
#define PAPER		0xff1c2026

struct sheet {
	uint32_t width, height;		/* pixels of a frame on the sheet */
	uint32_t columns, rows;
	uint32_t pitch;			/* pixels of a row of the sheet */
	uint8_t pixels[];
};

/* About as wide as high, in frames; with a divisor of their number, if one is near. */
static uint32_t choose_columns(uint32_t frames)
{
	uint32_t root = 1, columns;

	while (root * root < frames)
		root++;
	for (columns = root; columns < root + root / 2; columns++)
		if (frames % columns == 0)
			return columns;
	return root;
}

static uint32_t sheet_height(const struct sheet *s)
{
	return GAP + s->rows * (s->height + GAP);
}

struct sheet *sheet_create(uint32_t frames, uint32_t width, uint32_t height)
{
	struct sheet shape = { width / SMALLER, height / SMALLER, choose_columns(frames) };
	const uint32_t paper = PAPER;
	struct sheet *s;
	size_t bytes;

	shape.rows = (frames + shape.columns - 1) / shape.columns;
	shape.pitch = GAP + shape.columns * (shape.width + GAP);
	bytes = 4 * (size_t)shape.pitch * sheet_height(&shape);
	s = malloc(sizeof(*s) + bytes);
	if (!s)
		return NULL;
	memcpy(s, &shape, sizeof(shape));
	for (size_t i = 0; i < bytes; i += 4)
		memcpy(s->pixels + i, &paper, 4);
	return s;
}

void sheet_add(struct sheet *s, uint32_t frame, const uint8_t *xrgb)
{
	size_t pitch = 4 * (size_t)s->width * SMALLER;
	uint32_t left = GAP + frame % s->columns * (s->width + GAP);
	uint32_t top = GAP + frame / s->columns * (s->height + GAP);

	for (uint32_t y = 0; y < s->height; y++) {
		uint8_t *to = s->pixels + 4 * ((size_t)(top + y) * s->pitch + left);

		for (uint32_t i = 0; i < 4 * s->width; i++) {
			const uint8_t *from = xrgb + pitch * SMALLER * y +
					      4 * SMALLER * (i / 4) + i % 4;
			unsigned int sum = 0;

			for (size_t j = 0; j < SMALLER * SMALLER; j++)
				sum += from[pitch * (j / SMALLER) + 4 * (j % SMALLER)];
			to[i] = (uint8_t)(sum / (SMALLER * SMALLER));
		}
	}
}

int sheet_save(const struct sheet *s, const char *name)
{
	const char *out = getenv("OUT");
	char path[4096];

	if (!out)
		return 0;
	snprintf(path, sizeof(path), "%s/consumers", out);
	mkdir(path, 0777);
	snprintf(path, sizeof(path), "%s/consumers/%s", out, name);
	return png_save(path, s->pixels, 4 * (size_t)s->pitch, s->pitch, sheet_height(s));
}

void sheet_destroy(struct sheet *s)
{
	free(s);
}
