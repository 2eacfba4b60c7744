/* SPDX-License-Identifier: MIT */
#ifndef PLANES_H
#define PLANES_H

#include <stddef.h>
#include <stdint.h>

/*
 * The images that the jobs make, and the numbers that both the device and the
 * CPU reference take. What the jobs do with them is written twice: graph.c has
 * the device's commands, reference.c its own arithmetic.
 */
enum plane_id {
	PLANE_SOURCE,		/* B, G, R: the picture */
	PLANE_RGB,		/* B, G, R, X: the same, converted */
	PLANE_BLUR,		/* B, G, R, X: blurred */
	PLANE_LUMA,		/* 1 byte: brightness */
	PLANE_RELIEF,		/* 1 byte: brightness as relief */
	PLANE_EDGES,		/* 1 byte: edges of the blurred picture */
	PLANE_SHEET,		/* B, G, R, X: picture, blur, edges and relief, 2 by 2 */
	PLANE_SCRATCH,		/* B, G, R, X: in between */
	PLANE_COUNT,
};

/* struct plane - a rectangle of pixels */
struct plane {
	uint8_t *data;		/* first row */
	uint32_t width;		/* pixels */
	uint32_t height;
	uint32_t pixel_bytes;
	uint32_t pitch;		/* bytes from row to row; what is between is 0 */
};

/* struct filter - a 3x3 convolution, as carillon_hw.h says */
struct filter {
	int16_t coeff[9];
	uint8_t shift;
	int16_t bias;
};

extern const struct filter filter_blur;
extern const struct filter filter_relief;
extern const struct filter filter_edges;

/* Times that the blur is done; even, as it goes to and fro. */
#define BLUR_PASSES	6

/**
 * planes_layout() - sizes of all planes for a picture
 * @planes: PLANE_COUNT planes, written; data is NULL
 * @width: pixels
 * @height: pixels
 */
void planes_layout(struct plane *planes, uint32_t width, uint32_t height);

/**
 * planes_bytes() - memory that all planes for a picture take
 * @width: pixels
 * @height: pixels
 *
 * Return: bytes.
 */
uint64_t planes_bytes(uint32_t width, uint32_t height);

/** plane_name() - name of plane @id, for tables */
const char *plane_name(enum plane_id id);

/** plane_bytes() - bytes of all rows of @plane */
static inline uint64_t plane_bytes(const struct plane *plane)
{
	return (uint64_t)plane->pitch * plane->height;
}

#endif /* PLANES_H */
