// SPDX-License-Identifier: MIT

#include "picture.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

struct ppm_header {
	uint32_t channels;	/* 1 or 3 */
	uint32_t width;
	uint32_t height;
	uint32_t max;		/* largest sample, 1 to 65535 */
};

/* A decimal number after white space and comments; -1 if there is none. */
static long read_number(FILE *file)
{
	long value = 0;
	int c = fgetc(file);

	while (isspace(c) || c == '#') {
		if (c == '#')
			while (c != '\n' && c != EOF)
				c = fgetc(file);
		c = fgetc(file);
	}
	if (!isdigit(c))
		return -1;
	while (isdigit(c)) {
		value = 10 * value + c - '0';
		if (value > 0x7fffffff)
			return -1;
		c = fgetc(file);
	}
	ungetc(c, file);
	return value;
}

static int read_header(struct ppm_header *header, FILE *file, const char *name)
{
	long width, height, max;
	int kind;

	fgetc(file);
	kind = fgetc(file);
	width = read_number(file);
	height = read_number(file);
	max = read_number(file);
	if (width < 0 || height < 0 || max < 1 || max > 65535 ||
	    !isspace(fgetc(file))) {
		complain("%s: bad PPM: broken header", name);
		return -EINVAL;
	}
	*header = (struct ppm_header){
		.channels = kind == '6' ? 3 : 1,
		.width = width,
		.height = height,
		.max = max,
	};
	return 0;
}

/* Samples above 255 take two bytes, the high one first. */
static uint8_t sample(const uint8_t *row, size_t i, uint32_t max)
{
	uint32_t v = max > 255 ? row[2 * i] << 8 | row[2 * i + 1] : row[i];

	if (v > max)
		v = max;
	return (v * 255 + max / 2) / max;
}

static int read_pixels(struct picture *pic, const struct ppm_header *header,
		       FILE *file, const char *name)
{
	size_t row_bytes = (size_t)header->width * header->channels *
			   (header->max > 255 ? 2 : 1);
	uint8_t *row, *out = pic->bgr;

	row = malloc(row_bytes);
	if (!row)
		return -ENOMEM;
	for (uint32_t y = 0; y < header->height; y++) {
		if (fread(row, 1, row_bytes, file) != row_bytes) {
			complain("%s: bad PPM: ends in row %u of %u", name, y,
				 header->height);
			free(row);
			return -EINVAL;
		}
		for (uint32_t x = 0; x < header->width; x++)
			for (int c = 2; c >= 0; c--)
				*out++ = sample(row, header->channels == 3 ?
						3 * x + c : x, header->max);
	}
	free(row);
	return 0;
}

int ppm_load(struct picture *pic, FILE *file, const char *name)
{
	struct ppm_header header;
	int err;

	err = read_header(&header, file, name);
	if (err)
		return err;
	err = picture_alloc(pic, header.width, header.height, name);
	if (err)
		return err;
	err = read_pixels(pic, &header, file, name);
	if (err)
		picture_free(pic);
	return err;
}
