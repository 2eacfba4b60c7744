// SPDX-License-Identifier: MIT

#include "planes.h"

/* Rows start at multiples of this, so that pitch and width differ. */
#define ROW_ALIGN	64

const struct filter filter_blur = {
	.coeff = { 1, 2, 1, 2, 4, 2, 1, 2, 1 },
	.shift = 4,
};

/* Light from the upper left; flat is mid-grey. */
const struct filter filter_relief = {
	.coeff = { -4, -2, 0, -2, 0, 2, 0, 2, 4 },
	.shift = 1,
	.bias = 128,
};

/* What differs from its eight neighbours, eightfold. */
const struct filter filter_edges = {
	.coeff = { -8, -8, -8, -8, 64, -8, -8, -8, -8 },
};

static const struct {
	const char *name;
	uint32_t pixel_bytes;
	uint32_t times;		/* as wide and high as the picture */
} kinds[PLANE_COUNT] = {
	[PLANE_SOURCE] = { "source", 3, 1 },
	[PLANE_RGB] = { "rgb", 4, 1 },
	[PLANE_BLUR] = { "blur", 4, 1 },
	[PLANE_LUMA] = { "luma", 1, 1 },
	[PLANE_RELIEF] = { "relief", 1, 1 },
	[PLANE_EDGES] = { "edges", 1, 1 },
	[PLANE_SHEET] = { "sheet", 4, 2 },
	[PLANE_SCRATCH] = { "scratch", 4, 1 },
};

void planes_layout(struct plane *planes, uint32_t width, uint32_t height)
{
	for (int i = 0; i < PLANE_COUNT; i++) {
		struct plane *p = &planes[i];
		uint32_t row;

		*p = (struct plane){
			.width = width * kinds[i].times,
			.height = height * kinds[i].times,
			.pixel_bytes = kinds[i].pixel_bytes,
		};
		row = p->width * p->pixel_bytes;
		p->pitch = (row + ROW_ALIGN - 1) / ROW_ALIGN * ROW_ALIGN;
	}
}

uint64_t planes_bytes(uint32_t width, uint32_t height)
{
	struct plane planes[PLANE_COUNT];
	uint64_t bytes = 0;

	planes_layout(planes, width, height);
	for (int i = 0; i < PLANE_COUNT; i++)
		bytes += plane_bytes(&planes[i]);
	return bytes;
}

const char *plane_name(enum plane_id id)
{
	return kinds[id].name;
}
