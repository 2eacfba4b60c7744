/* SPDX-License-Identifier: MIT */
/* The client's memory as it was offered for DMA: a map from bus addresses. */
#ifndef EMU_DMA_H
#define EMU_DMA_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DMA_REGIONS_MAX		65535	/* the protocol's default limit */
#define DMA_PAGE_SIZE		4096u

#define DMA_PERM_READ		1u
#define DMA_PERM_WRITE		2u

struct dma_backing;

/**
 * struct dma_region - one range of bus addresses
 * @addr: first bus address, page aligned
 * @size: bytes, a multiple of the page size
 * @ptr: where it is mapped here; NULL: reached by messages only
 * @perm: DMA_PERM_*
 * @backing: the file mapping that @ptr points into, a counted reference
 */
struct dma_region {
	uint64_t addr;
	uint64_t size;
	uint8_t *ptr;
	unsigned int perm;
	struct dma_backing *backing;
};

/**
 * struct dma_map - all ranges, sorted by address, none overlapping
 * @lock: readers access memory under it, so that a writer knows nobody does
 * @regions: sorted array
 * @count: used entries
 * @capacity: allocated entries
 * @backings: list of file mappings
 * @enabled: bus mastering; accesses fail without
 */
struct dma_map {
	pthread_rwlock_t lock;
	struct dma_region *regions;
	size_t count;
	size_t capacity;
	struct dma_backing *backings;
	bool enabled;
};

enum dma_result {
	DMA_OK,
	DMA_REFUSED,		/* no such memory, wrong permission, or disabled */
	DMA_NEEDS_MESSAGE,	/* nothing was done: ask the client to do it */
};

int dma_init(struct dma_map *map);
void dma_fini(struct dma_map *map);
int dma_map_add(struct dma_map *map, const struct dma_region *want, int fd,
		uint64_t offset);
int dma_map_remove(struct dma_map *map, uint64_t addr, uint64_t size);
void dma_map_clear(struct dma_map *map);
void dma_set_enabled(struct dma_map *map, bool enabled);
size_t dma_map_count(struct dma_map *map);

/* All of these access within one page only. */
enum dma_result dma_read(struct dma_map *map, uint64_t addr, void *buf, size_t len);
enum dma_result dma_write(struct dma_map *map, uint64_t addr, const void *buf,
			  size_t len);
enum dma_result dma_load64(struct dma_map *map, uint64_t addr, uint64_t *ret_val);
enum dma_result dma_store64(struct dma_map *map, uint64_t addr, uint64_t val);

#endif /* EMU_DMA_H */
