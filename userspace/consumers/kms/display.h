/* SPDX-License-Identifier: MIT */
/*
 * A display by KMS: one CRTC, its primary plane, atomic commits. Functions return 0
 * or -errno, which is what the kernel said.
 */
#ifndef CONSUMERS_DISPLAY_H
#define CONSUMERS_DISPLAY_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct display - a display that is ours as long as it's open
 * @fd: DRM file
 * @connector: connector that has something connected
 * @crtc: CRTC for it
 * @plane: primary plane of that
 * @mode: blob of the mode
 * @width: pixels of the mode
 * @height: pixels of the mode
 * @prop: property ids
 */
struct display {
	int fd;
	uint32_t connector;
	uint32_t crtc;
	uint32_t plane;
	uint32_t mode;
	uint32_t width;
	uint32_t height;
	struct {
		uint32_t connector_crtc;
		uint32_t crtc_active, crtc_mode, crtc_out_fence;
		uint32_t plane_crtc, plane_fb, plane_in_fence;
		uint32_t plane_src_w, plane_src_h;
		uint32_t plane_crtc_w, plane_crtc_h;
	} prop;
};

/**
 * display_open() - take the first display of a driver
 * @driver: name of the DRM driver
 * @width: pixels of the mode to be used
 * @height: pixels of the mode to be used
 * @display: display
 *
 * Return: 0; -ENODEV if there is none; -ENXIO if it lacks the mode, or properties.
 */
int display_open(const char *driver, uint32_t width, uint32_t height,
		 struct display *display);

void display_close(struct display *display);

/** display_add_fb() - make a framebuffer (XRGB8888, rows without gaps) of a dma-buf */
int display_add_fb(struct display *display, int dmabuf, uint32_t *ret_fb);

/** display_remove_fb() - the end of a framebuffer that isn't shown; 0 is fine */
void display_remove_fb(struct display *display, uint32_t fb);

/** display_set_mode() - switch the display on; returns when it shows @fb */
int display_set_mode(struct display *display, uint32_t fb);

/**
 * struct flip - a nonblocking atomic commit
 * @fb: framebuffer to show
 * @in_fence: descriptor for IN_FENCE_FD; -1: none
 * @out_fence: sync_file that OUT_FENCE_PTR gave; the caller's
 * @commit_ns: when the commit returned
 */
struct flip {
	uint32_t fb;
	int in_fence;
	int out_fence;
	uint64_t commit_ns;
};

/** display_flip() - commit @flip; @flip->out_fence is -1 if that fails */
int display_flip(struct display *display, struct flip *flip);

/** display_wait_flip() - wait for the event of the last flip; -ETIME */
int display_wait_flip(struct display *display, unsigned int timeout_ms);

/** display_committed_fb() - what the last accepted commit is going to show, or shows */
uint32_t display_committed_fb(const struct display *display);

#endif /* CONSUMERS_DISPLAY_H */
