/* SPDX-License-Identifier: MIT */
/* BAR 0: registers and doorbells. */
#ifndef EMU_REGS_H
#define EMU_REGS_H

#include <stdint.h>

struct device;

uint32_t regs_read(struct device *dev, uint32_t offset);
void regs_write(struct device *dev, uint32_t offset, uint32_t val);

#endif /* EMU_REGS_H */
