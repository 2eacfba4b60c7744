// SPDX-License-Identifier: MIT

#include "reference.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* X of a pixel that was made from a format without one. */
#define X_BYTE	0xff

uint8_t reference_luma(uint8_t r, uint8_t g, uint8_t b)
{
	return (77 * r + 150 * g + 29 * b + 128) / 256;
}

/* Castagnoli's polynomial, reflected. */
static void make_table(uint32_t *table)
{
	for (uint32_t i = 0; i < 256; i++) {
		table[i] = i;
		for (int bit = 0; bit < 8; bit++)
			table[i] = table[i] & 1 ? table[i] >> 1 ^ 0x82f63b78 :
						  table[i] >> 1;
	}
}

uint32_t reference_crc32c(const void *data, size_t size, uint32_t seed)
{
	const uint8_t *p = data;
	uint32_t table[256];
	uint32_t crc = ~seed;

	make_table(table);
	while (size--)
		crc = table[(crc ^ *p++) & 0xff] ^ crc >> 8;
	return ~crc;
}

static uint8_t *pixel(const struct plane *p, uint32_t x, uint32_t y)
{
	return p->data + (size_t)p->pitch * y + (size_t)p->pixel_bytes * x;
}

static long clamp(long v, long low, long high)
{
	return v < low ? low : v > high ? high : v;
}

/* Division by 1 << shift, halves up, also for negative sums. */
static long divide(long sum, int shift)
{
	long by = 1l << shift, q;

	if (!shift)
		return sum;
	sum += by / 2;
	q = sum / by;
	return sum % by < 0 ? q - 1 : q;
}

/* A row of the source, or the nearest there is. */
static const uint8_t *source_row(const struct plane *src, long y)
{
	return pixel(src, 0, clamp(y, 0, src->height - 1));
}

/* One pixel: @rows are the three around it, @columns the offsets in them. */
static void convolve_pixel(uint8_t *out, const uint8_t *const rows[3],
			   const size_t columns[3], uint32_t colours,
			   const struct filter *filter)
{
	for (uint32_t c = 0; c < colours; c++) {
		long sum = 0;

		for (int i = 0; i < 9; i++)
			sum += filter->coeff[i] * (long)rows[i / 3][columns[i % 3] + c];
		out[c] = clamp(divide(sum, filter->shift) + filter->bias, 0, 255);
	}
	if (colours == 3)
		out[3] = rows[1][columns[1] + 3];
}

void reference_convolve(const struct plane *dst, const struct plane *src,
			const struct filter *filter)
{
	uint32_t bytes = src->pixel_bytes, colours = bytes == 4 ? 3 : 1;

	for (uint32_t y = 0; y < src->height; y++) {
		const uint8_t *const rows[3] = {
			source_row(src, (long)y - 1),
			source_row(src, y),
			source_row(src, (long)y + 1),
		};

		for (uint32_t x = 0; x < src->width; x++) {
			const size_t columns[3] = {
				bytes * clamp((long)x - 1, 0, src->width - 1),
				bytes * (size_t)x,
				bytes * clamp((long)x + 1, 0, src->width - 1),
			};

			convolve_pixel(pixel(dst, x, y), rows, columns, colours,
				       filter);
		}
	}
}

static void to_rgb(const struct plane *dst, const struct plane *src)
{
	for (uint32_t y = 0; y < src->height; y++) {
		for (uint32_t x = 0; x < src->width; x++) {
			memcpy(pixel(dst, x, y), pixel(src, x, y), 3);
			pixel(dst, x, y)[3] = X_BYTE;
		}
	}
}

static void to_luma(const struct plane *dst, const struct plane *src)
{
	for (uint32_t y = 0; y < src->height; y++) {
		for (uint32_t x = 0; x < src->width; x++) {
			const uint8_t *in = pixel(src, x, y);

			*pixel(dst, x, y) = reference_luma(in[2], in[1], in[0]);
		}
	}
}

/* A quarter of the sheet; grey becomes colour. */
static void paste(const struct plane *sheet, const struct plane *src,
		  uint32_t column, uint32_t row)
{
	for (uint32_t y = 0; y < src->height; y++) {
		for (uint32_t x = 0; x < src->width; x++) {
			const uint8_t *in = pixel(src, x, y);
			uint8_t *out = pixel(sheet, x + column * src->width,
					     y + row * src->height);

			if (src->pixel_bytes == 4) {
				memcpy(out, in, 4);
			} else {
				memset(out, *in, 3);
				out[3] = X_BYTE;
			}
		}
	}
}

static int alloc_planes(struct plane *planes, const struct picture *pic)
{
	planes_layout(planes, pic->width, pic->height);
	for (int i = 0; i < PLANE_COUNT; i++) {
		planes[i].data = calloc(1, plane_bytes(&planes[i]));
		if (!planes[i].data) {
			reference_free(planes);
			return -ENOMEM;
		}
	}
	return 0;
}

int reference_run(const struct picture *pic, struct plane *planes)
{
	struct plane *source = &planes[PLANE_SOURCE];
	struct plane *blur = &planes[PLANE_BLUR];
	struct plane *scratch = &planes[PLANE_SCRATCH];
	size_t row = 3 * (size_t)pic->width;

	if (alloc_planes(planes, pic))
		return -ENOMEM;
	for (uint32_t y = 0; y < pic->height; y++)
		memcpy(pixel(source, 0, y), pic->bgr + row * y, row);
	to_rgb(&planes[PLANE_RGB], source);
	for (int i = 0; i < BLUR_PASSES; i++)
		reference_convolve(i % 2 ? blur : scratch,
				   !i ? &planes[PLANE_RGB] : i % 2 ? scratch : blur,
				   &filter_blur);
	to_luma(&planes[PLANE_LUMA], &planes[PLANE_RGB]);
	reference_convolve(&planes[PLANE_RELIEF], &planes[PLANE_LUMA],
			   &filter_relief);
	/* The brightness of the blurred picture is no plane of its own. */
	scratch->pixel_bytes = 1;
	to_luma(scratch, blur);
	reference_convolve(&planes[PLANE_EDGES], scratch, &filter_edges);
	paste(&planes[PLANE_SHEET], &planes[PLANE_RGB], 0, 0);
	paste(&planes[PLANE_SHEET], blur, 1, 0);
	paste(&planes[PLANE_SHEET], &planes[PLANE_EDGES], 0, 1);
	paste(&planes[PLANE_SHEET], &planes[PLANE_RELIEF], 1, 1);
	return 0;
}

void reference_free(struct plane *planes)
{
	for (int i = 0; i < PLANE_COUNT; i++) {
		free(planes[i].data);
		planes[i].data = NULL;
	}
}
