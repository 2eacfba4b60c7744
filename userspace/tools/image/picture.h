/* SPDX-License-Identifier: MIT */
#ifndef PICTURE_H
#define PICTURE_H

#include <stdint.h>
#include <stdio.h>

/* Widest and highest picture: the device's limit, CRLN_IMAGE_MAX. */
#define PICTURE_MAX	16384

/* struct picture - rows of B, G, R bytes without gaps */
struct picture {
	uint32_t width;		/* pixels */
	uint32_t height;
	uint8_t *bgr;		/* owned */
};

/**
 * picture_alloc() - a black picture
 * @pic: picture, written on success
 * @width: pixels, 1 to PICTURE_MAX
 * @height: pixels, 1 to PICTURE_MAX
 * @name: where the size comes from, for messages
 *
 * Says on stderr what is wrong with a size: also that all that the jobs and the
 * reference are going to need doesn't fit into memory.
 *
 * Return: 0; -EINVAL for a size of 0; -EFBIG for one too large; -ENOMEM.
 */
int picture_alloc(struct picture *pic, uint32_t width, uint32_t height,
		  const char *name);

/**
 * picture_free() - free the pixels
 * @pic: picture; all zeros is fine
 */
void picture_free(struct picture *pic);

/**
 * picture_load() - read a PNG or PPM file
 * @pic: picture, written on success
 * @path: file; what it is, its first bytes say
 *
 * Says on stderr what is wrong with a file that it refuses.
 *
 * Return: 0 or -errno.
 */
int picture_load(struct picture *pic, const char *path);

/**
 * picture_generate() - paint bells at dusk; the same pixels each time
 * @pic: picture to paint over
 */
void picture_generate(struct picture *pic);

/**
 * png_load() - read a PNG
 * @pic: picture, written on success
 * @file: at its first byte
 * @name: for messages
 *
 * Transparent pixels are laid on white. 16-bit samples are scaled to 8.
 *
 * Return: 0 or -errno.
 */
int png_load(struct picture *pic, FILE *file, const char *name);

/**
 * png_save() - write a PNG
 * @path: file, replaced; removed again on an error
 * @xrgb: rows of B, G, R, X bytes
 * @pitch: bytes from row to row
 * @width: pixels
 * @height: pixels
 *
 * Says on stderr what went wrong.
 *
 * Return: 0 or -errno.
 */
int png_save(const char *path, const uint8_t *xrgb, size_t pitch,
	     uint32_t width, uint32_t height);

/**
 * ppm_load() - read a binary PPM (P6) or PGM (P5)
 * @pic: picture, written on success
 * @file: at its first byte
 * @name: for messages
 *
 * Return: 0 or -errno.
 */
int ppm_load(struct picture *pic, FILE *file, const char *name);

/**
 * discard_file() - remove what was half written
 * @path: file; what is no regular file, such as /dev/full, stays
 */
void discard_file(const char *path);

/**
 * complain() - a line on stderr, with the program's name before it
 * @format: as printf()
 */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif /* PICTURE_H */
