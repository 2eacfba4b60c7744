/* SPDX-License-Identifier: MIT */
/*
 * What is on the display: a screendump by QEMU, so that it isn't the driver that is asked.
 */
#ifndef CONSUMERS_SCREEN_H
#define CONSUMERS_SCREEN_H

#include <stdbool.h>
#include <stdint.h>

#include "picture.h"

/** screen_available() - whether there is somebody to ask: in a guest of vm/run */
bool screen_available(void);

/**
 * screen_read() - take a picture of the display
 * @ret_pic: picture, to be given back with picture_free()
 *
 * Return: 0; -ETIME if none came, -errno.
 */
int screen_read(struct picture *ret_pic);

/**
 * screen_differs() - compare a picture with pixels of a framebuffer
 * @pic: picture
 * @xrgb: B, G, R, X bytes, rows without gaps
 * @width: pixels of a row of @xrgb
 * @height: its rows
 *
 * Return: number of pixels that differ; all of them if the sizes do.
 */
uint32_t screen_differs(const struct picture *pic, const uint8_t *xrgb,
			uint32_t width, uint32_t height);

#endif /* CONSUMERS_SCREEN_H */
