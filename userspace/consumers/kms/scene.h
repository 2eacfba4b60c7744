/* SPDX-License-Identifier: MIT */
/*
 * A moving picture: comets that swing like bells and leave trails of light.
 *
 * A frame is the one before, blurred, dimmed and drifting upwards by one convolution,
 * with some bars painted over it: the comets and the number of the frame. So each
 * frame depends on all before it. What is painted where is said once (scene_bars());
 * how, twice: as commands for our GPU, and for the CPU, to compare with.
 */
#ifndef CONSUMERS_SCENE_H
#define CONSUMERS_SCENE_H

#include <carillon.h>

/* Frames until it repeats, trails aside. */
#define SCENE_PERIOD	120

/**
 * struct scene - size of the picture
 * @width: pixels, without gaps between the rows
 * @height: pixels
 */
struct scene {
	uint32_t width;
	uint32_t height;
};

/** scene_bytes() - bytes of a frame */
static inline uint64_t scene_bytes(const struct scene *scene)
{
	return 4ull * scene->width * scene->height;
}

/* Bytes of commands that a frame takes at most. */
#define SCENE_CMD_BYTES	65536

/**
 * scene_write() - write the commands for a frame
 * @scene: size
 * @frame: number, from 0
 * @cmds: where they go; an error stays there
 * @dst: address of the frame
 * @src: address of the frame before, not used for 0
 */
void scene_write(const struct scene *scene, uint32_t frame, struct carillon_cmdbuf *cmds,
		 uint64_t dst, uint64_t src);

/**
 * scene_paint() - paint a frame by the CPU
 * @scene: size
 * @frame: number, from 0
 * @dst: the frame
 * @src: the frame before, not used for 0
 */
void scene_paint(const struct scene *scene, uint32_t frame, uint8_t *dst,
		 const uint8_t *src);

#endif /* CONSUMERS_SCENE_H */
