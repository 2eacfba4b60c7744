// SPDX-License-Identifier: MIT
/*
 * The client's memory as it was offered for DMA.
 *
 * With a virtual IOMMU each 4 KiB page is a range of its own, all of them out of
 * the same file. A file is therefore mapped once, whole, and the ranges point into
 * it: one mapping per range would meet the kernel's limit on mappings.
 *
 * Whoever touches memory holds the lock for reading while it does, one page at
 * most. A writer that got the lock knows that no access is under way: this is
 * what makes the reply to an unmap, and switching off bus mastering, final.
 */
#include "dma.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "util.h"

struct dma_backing {
	struct dma_backing *next;
	dev_t dev;
	ino_t ino;
	int prot;
	uint8_t *base;
	size_t size;
	size_t refs;
};

/**
 * dma_init() - an empty map, bus mastering off
 * @map: the map
 *
 * Context: Process start.
 * Return: 0 or -errno.
 */
int dma_init(struct dma_map *map)
{
	pthread_rwlockattr_t attr;
	int err;

	memset(map, 0, sizeof(*map));
	pthread_rwlockattr_init(&attr);
	/* Engines read all the time: without this an unmap could wait for ever. */
	pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	err = pthread_rwlock_init(&map->lock, &attr);
	pthread_rwlockattr_destroy(&attr);
	return -err;
}

/**
 * dma_fini() - drop all ranges and the map
 * @map: the map
 *
 * Context: No other thread uses @map any more.
 */
void dma_fini(struct dma_map *map)
{
	dma_map_clear(map);
	free(map->regions);
	pthread_rwlock_destroy(&map->lock);
}

static struct dma_backing *backing_find(struct dma_map *map, const struct stat *st,
					int prot, uint64_t end)
{
	struct dma_backing *b;

	for (b = map->backings; b; b = b->next)
		if (b->dev == st->st_dev && b->ino == st->st_ino && b->prot == prot &&
		    b->size >= end)
			return b;
	return NULL;
}

static void backing_put(struct dma_map *map, struct dma_backing *b)
{
	struct dma_backing **link;

	if (!b || --b->refs)
		return;
	for (link = &map->backings; *link; link = &(*link)->next) {
		if (*link == b) {
			*link = b->next;
			break;
		}
	}
	munmap(b->base, b->size);
	free(b);
}

static struct dma_backing *backing_map(struct dma_map *map, int fd,
				       const struct stat *st, int prot)
{
	struct dma_backing *b = calloc(1, sizeof(*b));
	void *base;

	if (!b)
		return NULL;
	base = mmap(NULL, (size_t)st->st_size, prot, MAP_SHARED, fd, 0);
	if (base == MAP_FAILED) {
		free(b);
		return NULL;
	}
	b->dev = st->st_dev;
	b->ino = st->st_ino;
	b->prot = prot;
	b->base = base;
	b->size = (size_t)st->st_size;
	b->next = map->backings;
	map->backings = b;
	return b;
}

/*
 * A new reference to the mapping that holds bytes offset .. offset + size of @fd;
 * -ENODEV if it is a kind of file that has no pages of its own.
 */
static int backing_get(struct dma_map *map, int fd, const struct dma_region *want,
		       uint64_t offset, struct dma_backing **ret_backing)
{
	int prot = PROT_READ | ((want->perm & DMA_PERM_WRITE) ? PROT_WRITE : 0);
	struct dma_backing *b;
	struct stat st;
	uint64_t end;

	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -ENODEV;
	if (__builtin_add_overflow(offset, want->size, &end) ||
	    end > (uint64_t)st.st_size)
		return -EINVAL;
	b = backing_find(map, &st, prot, end);
	if (!b)
		b = backing_map(map, fd, &st, prot);
	if (!b)
		return -ENOMEM;
	b->refs++;
	*ret_backing = b;
	return 0;
}

/* Index of the first range that ends after @addr. */
static size_t region_index(const struct dma_map *map, uint64_t addr)
{
	size_t lo = 0, hi = map->count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const struct dma_region *r = &map->regions[mid];

		if (r->addr + (r->size - 1) < addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static int region_reserve(struct dma_map *map)
{
	size_t capacity = map->capacity ? map->capacity * 2 : 64;
	struct dma_region *regions;

	if (map->count >= DMA_REGIONS_MAX)
		return -ENOSPC;
	if (map->count < map->capacity)
		return 0;
	regions = realloc(map->regions, capacity * sizeof(*regions));
	if (!regions)
		return -ENOMEM;
	map->regions = regions;
	map->capacity = capacity;
	return 0;
}

static bool range_valid(uint64_t addr, uint64_t size)
{
	uint64_t last;

	if (!size || (addr | size) % DMA_PAGE_SIZE)
		return false;
	return !__builtin_add_overflow(addr, size - 1, &last);
}

static int map_add_locked(struct dma_map *map, const struct dma_region *want, int fd,
			  uint64_t offset)
{
	struct dma_region new = *want;
	size_t i = region_index(map, want->addr);
	int err;

	if (i < map->count && map->regions[i].addr <= want->addr + (want->size - 1))
		return -EEXIST;
	err = region_reserve(map);
	if (err)
		return err;
	new.ptr = NULL;
	new.backing = NULL;
	if (fd >= 0) {
		err = backing_get(map, fd, want, offset, &new.backing);
		if (err && err != -ENODEV)
			return err;
		if (!err)
			new.ptr = new.backing->base + offset;
	}
	memmove(&map->regions[i + 1], &map->regions[i],
		(map->count - i) * sizeof(new));
	map->regions[i] = new;
	map->count++;
	return 0;
}

/**
 * dma_map_add() - make a range known
 * @map: the map
 * @want: address, size and permissions; the rest is ignored
 * @fd: file that holds it, borrowed; -1: reached by messages only
 * @offset: of the range in the file
 *
 * Context: Protocol thread. Takes the map's lock for writing.
 * Return: 0; -EINVAL: empty, unaligned, wrapping or beyond the end of the file;
 * -EEXIST: overlaps a known range; -ENOSPC: too many; -ENOMEM.
 */
int dma_map_add(struct dma_map *map, const struct dma_region *want, int fd,
		uint64_t offset)
{
	int err;

	if (!range_valid(want->addr, want->size) || offset % DMA_PAGE_SIZE)
		return -EINVAL;
	pthread_rwlock_wrlock(&map->lock);
	err = map_add_locked(map, want, fd, offset);
	pthread_rwlock_unlock(&map->lock);
	return err;
}

static int map_remove_locked(struct dma_map *map, uint64_t addr, uint64_t last)
{
	size_t first = region_index(map, addr);
	size_t end = first;

	while (end < map->count && map->regions[end].addr <= last) {
		const struct dma_region *r = &map->regions[end];

		if (r->addr < addr || r->addr + (r->size - 1) > last)
			return -EINVAL;
		end++;
	}
	for (size_t i = first; i < end; i++)
		backing_put(map, map->regions[i].backing);
	if (end > first)
		memmove(&map->regions[first], &map->regions[end],
			(map->count - end) * sizeof(map->regions[0]));
	map->count -= end - first;
	return 0;
}

/**
 * dma_map_remove() - forget all ranges within an interval, be they many or none
 * @map: the map
 * @addr: first bus address
 * @size: bytes
 *
 * On return no access to these ranges is under way.
 *
 * Context: Protocol thread. Takes the map's lock for writing.
 * Return: 0; -EINVAL: empty, unaligned, wrapping, or a range would be cut in two.
 */
int dma_map_remove(struct dma_map *map, uint64_t addr, uint64_t size)
{
	int err;

	if (!range_valid(addr, size))
		return -EINVAL;
	pthread_rwlock_wrlock(&map->lock);
	err = map_remove_locked(map, addr, addr + (size - 1));
	pthread_rwlock_unlock(&map->lock);
	return err;
}

/**
 * dma_map_clear() - forget all ranges
 * @map: the map
 *
 * Context: Protocol thread. Takes the map's lock for writing.
 */
void dma_map_clear(struct dma_map *map)
{
	pthread_rwlock_wrlock(&map->lock);
	for (size_t i = 0; i < map->count; i++)
		backing_put(map, map->regions[i].backing);
	map->count = 0;
	pthread_rwlock_unlock(&map->lock);
}

/**
 * dma_set_enabled() - switch bus mastering
 * @map: the map
 * @enabled: whether accesses work; when switched off none is under way on return
 *
 * Context: Protocol thread. Takes the map's lock for writing.
 */
void dma_set_enabled(struct dma_map *map, bool enabled)
{
	pthread_rwlock_wrlock(&map->lock);
	map->enabled = enabled;
	pthread_rwlock_unlock(&map->lock);
}

/**
 * dma_map_count() - number of ranges known
 * @map: the map
 *
 * Context: Any thread. Takes the map's lock for reading.
 * Return: the number.
 */
size_t dma_map_count(struct dma_map *map)
{
	size_t count;

	pthread_rwlock_rdlock(&map->lock);
	count = map->count;
	pthread_rwlock_unlock(&map->lock);
	return count;
}

/* Where @len bytes at @addr are; they don't cross a page, so no range either. */
static enum dma_result locate(const struct dma_map *map, uint64_t addr, size_t len,
			      unsigned int perm, uint8_t **ret_ptr)
{
	const struct dma_region *r;
	size_t i;

	if (!map->enabled || addr % DMA_PAGE_SIZE + len > DMA_PAGE_SIZE)
		return DMA_REFUSED;
	i = region_index(map, addr);
	if (i == map->count)
		return DMA_REFUSED;
	r = &map->regions[i];
	if (r->addr > addr || !(r->perm & perm))
		return DMA_REFUSED;
	if (!r->ptr)
		return DMA_NEEDS_MESSAGE;
	*ret_ptr = r->ptr + (addr - r->addr);
	return DMA_OK;
}

/**
 * dma_read() - copy from the client's memory
 * @map: the map
 * @addr: bus address
 * @buf: destination
 * @len: bytes, all within one page
 *
 * Context: Any thread. Takes the map's lock for reading.
 * Return: enum dma_result; @buf is untouched unless DMA_OK.
 */
enum dma_result dma_read(struct dma_map *map, uint64_t addr, void *buf, size_t len)
{
	enum dma_result res;
	uint8_t *ptr;

	pthread_rwlock_rdlock(&map->lock);
	res = locate(map, addr, len, DMA_PERM_READ, &ptr);
	if (res == DMA_OK)
		memcpy(buf, ptr, len);
	pthread_rwlock_unlock(&map->lock);
	return res;
}

/**
 * dma_write() - copy to the client's memory
 * @map: the map
 * @addr: bus address
 * @buf: source
 * @len: bytes, all within one page
 *
 * Context: Any thread. Takes the map's lock for reading.
 * Return: enum dma_result.
 */
enum dma_result dma_write(struct dma_map *map, uint64_t addr, const void *buf,
			  size_t len)
{
	enum dma_result res;
	uint8_t *ptr;

	pthread_rwlock_rdlock(&map->lock);
	res = locate(map, addr, len, DMA_PERM_WRITE, &ptr);
	if (res == DMA_OK)
		memcpy(ptr, buf, len);
	pthread_rwlock_unlock(&map->lock);
	return res;
}

/**
 * dma_load64() - read a naturally aligned little-endian word, atomically, acquire
 * @map: the map
 * @addr: bus address, a multiple of 8
 * @ret_val: the word in host byte order; untouched unless DMA_OK
 *
 * Context: Any thread. Takes the map's lock for reading.
 * Return: enum dma_result.
 */
enum dma_result dma_load64(struct dma_map *map, uint64_t addr, uint64_t *ret_val)
{
	enum dma_result res;
	uint8_t *ptr;

	if (addr % 8)
		return DMA_REFUSED;
	pthread_rwlock_rdlock(&map->lock);
	res = locate(map, addr, 8, DMA_PERM_READ, &ptr);
	if (res == DMA_OK)
		*ret_val = le64toh(__atomic_load_n((uint64_t *)(void *)ptr,
						   __ATOMIC_ACQUIRE));
	pthread_rwlock_unlock(&map->lock);
	return res;
}

/**
 * dma_store64() - write a naturally aligned little-endian word, atomically, release
 * @map: the map
 * @addr: bus address, a multiple of 8
 * @val: the word in host byte order
 *
 * Context: Any thread. Takes the map's lock for reading.
 * Return: enum dma_result.
 */
enum dma_result dma_store64(struct dma_map *map, uint64_t addr, uint64_t val)
{
	enum dma_result res;
	uint8_t *ptr;

	if (addr % 8)
		return DMA_REFUSED;
	pthread_rwlock_rdlock(&map->lock);
	res = locate(map, addr, 8, DMA_PERM_WRITE, &ptr);
	if (res == DMA_OK)
		__atomic_store_n((uint64_t *)(void *)ptr, htole64(val), __ATOMIC_RELEASE);
	pthread_rwlock_unlock(&map->lock);
	return res;
}
