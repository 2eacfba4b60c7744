/* SPDX-License-Identifier: MIT */
/* The firmware: which ring runs next, and all that is answered later. */
#ifndef EMU_FIRMWARE_H
#define EMU_FIRMWARE_H

#include <stdint.h>

#include "../hw/carillon_hw.h"

struct device;
struct ring;

#define FIRMWARE_VERSION	CRLN_VERSION(1, 0)

void *firmware_thread(void *arg);
struct ring *firmware_pick_locked(struct device *dev);
uint64_t firmware_next_poll_locked(const struct device *dev);

#endif /* EMU_FIRMWARE_H */
