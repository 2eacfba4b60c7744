/* SPDX-License-Identifier: MIT */
/* Accesses to BARs and configuration space, as clients ask for them. */
#ifndef EMU_REGION_H
#define EMU_REGION_H

#include <stdint.h>

#include "vfio_user.h"

struct server;

uint64_t region_size(const struct server *s, uint32_t index);
int region_read(struct server *s, const struct vfu_region_access *acc, void *buf);
int region_write(struct server *s, const struct vfu_region_access *acc, const void *buf);
void region_function_reset(struct server *s);

#endif /* EMU_REGION_H */
