/* SPDX-License-Identifier: MIT */
/* DMA as the device sees it: by mapping where there is one, else by message. */
#ifndef EMU_BUS_H
#define EMU_BUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct device;

/* All of these stay within one page. */
bool bus_read(struct device *dev, uint64_t addr, void *buf, size_t len);
bool bus_write(struct device *dev, uint64_t addr, const void *buf, size_t len);
bool bus_load64(struct device *dev, uint64_t addr, uint64_t *ret_val);
bool bus_store64(struct device *dev, uint64_t addr, uint64_t val);

#endif /* EMU_BUS_H */
