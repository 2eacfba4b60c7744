/* SPDX-License-Identifier: MIT */
#ifndef CLOCKS_H
#define CLOCKS_H

#include <carillon.h>

/* struct clocks - the device's clock and the CPU's, before and after the work */
struct clocks {
	struct drm_carillon_timestamp_info before;
	struct drm_carillon_timestamp_info after;
};

/**
 * clocks_read() - read both clocks a few times, and take the surest pair
 * @dev: device
 * @ret_pair: the pair that took the shortest time
 *
 * Return: 0 or -errno.
 */
int clocks_read(struct carillon_device *dev,
		struct drm_carillon_timestamp_info *ret_pair);

/**
 * clocks_to_cpu() - convert a time
 * @clocks: pairs; between and beyond them the clocks are taken as even
 * @device_ns: on the device's clock
 *
 * Return: ns on CLOCK_MONOTONIC.
 */
uint64_t clocks_to_cpu(const struct clocks *clocks, uint64_t device_ns);

#endif /* CLOCKS_H */
