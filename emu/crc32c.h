/* SPDX-License-Identifier: MIT */
/* CRC32C (Castagnoli), as iSCSI and ext4 have it. */
#ifndef EMU_CRC32C_H
#define EMU_CRC32C_H

#include <stddef.h>
#include <stdint.h>

uint32_t crc32c(uint32_t crc, const void *buf, size_t len);

#endif /* EMU_CRC32C_H */
