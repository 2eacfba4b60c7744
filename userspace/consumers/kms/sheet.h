/* SPDX-License-Identifier: MIT */
/* A contact sheet: frames, four times smaller, in rows. */
#ifndef CONSUMERS_SHEET_H
#define CONSUMERS_SHEET_H

#include <stdint.h>

struct sheet;

/**
 * sheet_create() - an empty sheet
 * @frames: how many it is for
 * @width: pixels of a frame
 * @height: pixels of a frame
 *
 * Return: the sheet, or NULL without memory.
 */
struct sheet *sheet_create(uint32_t frames, uint32_t width, uint32_t height);

/** sheet_add() - put frame number @frame on it: B, G, R, X bytes, rows without gaps */
void sheet_add(struct sheet *sheet, uint32_t frame, const uint8_t *xrgb);

/** sheet_save() - write it to $OUT/consumers/@name; 0 or -errno, 0 without $OUT */
int sheet_save(const struct sheet *sheet, const char *name);

void sheet_destroy(struct sheet *sheet);

#endif /* CONSUMERS_SHEET_H */
