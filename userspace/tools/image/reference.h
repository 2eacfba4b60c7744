/* SPDX-License-Identifier: MIT */
#ifndef REFERENCE_H
#define REFERENCE_H

#include "picture.h"
#include "planes.h"

/*
 * The device's arithmetic once more, on the CPU, written from its specification
 * and using nothing of the library.
 */

/**
 * reference_run() - make all planes on the CPU
 * @pic: picture
 * @planes: PLANE_COUNT planes, written
 *
 * Return: 0, and reference_free() frees the planes; or -ENOMEM.
 */
int reference_run(const struct picture *pic, struct plane *planes);

/**
 * reference_free() - free the planes
 * @planes: from reference_run(), or all zeros
 */
void reference_free(struct plane *planes);

/**
 * reference_crc32c() - CRC32C of some bytes
 * @data: bytes
 * @size: their number
 * @seed: 0, or the result for the bytes before
 *
 * Return: the check sum.
 */
uint32_t reference_crc32c(const void *data, size_t size, uint32_t seed);

/**
 * reference_convolve() - one filter over one plane
 * @dst: plane, of the size and kind of @src, not the same
 * @src: plane of 1 or 4 bytes a pixel; the fourth is copied
 * @filter: what to do
 */
void reference_convolve(const struct plane *dst, const struct plane *src,
			const struct filter *filter);

/** reference_luma() - brightness of a pixel, 0 to 255 */
uint8_t reference_luma(uint8_t r, uint8_t g, uint8_t b);

#endif /* REFERENCE_H */
