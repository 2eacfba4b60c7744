// SPDX-License-Identifier: MIT

#include "clocks.h"

#define READINGS	16

int clocks_read(struct carillon_device *dev,
		struct drm_carillon_timestamp_info *ret_pair)
{
	struct drm_carillon_timestamp_info best = { 0 }, pair;
	int err;

	for (int i = 0; i < READINGS; i++) {
		err = carillon_device_timestamp(dev, &pair);
		if (err)
			return err;
		if (!i || pair.uncertainty_ns < best.uncertainty_ns)
			best = pair;
	}
	*ret_pair = best;
	return 0;
}

uint64_t clocks_to_cpu(const struct clocks *clocks, uint64_t device_ns)
{
	const struct drm_carillon_timestamp_info *a = &clocks->before;
	const struct drm_carillon_timestamp_info *b = &clocks->after;
	long double rate = 1;

	if (b->device_ns > a->device_ns && b->cpu_ns > a->cpu_ns)
		rate = (long double)(b->cpu_ns - a->cpu_ns) /
		       (b->device_ns - a->device_ns);
	return a->cpu_ns + (int64_t)((int64_t)(device_ns - a->device_ns) * rate);
}
