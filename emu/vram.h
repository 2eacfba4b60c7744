/* SPDX-License-Identifier: MIT */
/* Local memory: a file that clients map, too. */
#ifndef EMU_VRAM_H
#define EMU_VRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct vram - local memory
 * @fd: the file
 * @base: its mapping
 * @size: bytes, a power of two
 */
struct vram {
	int fd;
	uint8_t *base;
	uint64_t size;
};

int vram_init(struct vram *v, uint64_t size);
void vram_fini(struct vram *v);
void vram_clear(struct vram *v);
bool vram_read(const struct vram *v, uint64_t offset, void *buf, size_t len);
bool vram_write(struct vram *v, uint64_t offset, const void *buf, size_t len);
bool vram_load64(const struct vram *v, uint64_t offset, uint64_t *ret_val);
bool vram_store64(struct vram *v, uint64_t offset, uint64_t val);

#endif /* EMU_VRAM_H */
