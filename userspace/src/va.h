/* SPDX-License-Identifier: MIT */
#ifndef VA_H
#define VA_H

#include <stddef.h>
#include <stdint.h>

/* Ranges of addresses that nobody uses: sorted, with gaps between them. */

struct va_range {
	uint64_t start;
	uint64_t end;		/* first address behind it */
};

struct va_heap {
	struct va_range *free;	/* owned */
	size_t count;
	size_t room;		/* elements allocated */
};

/**
 * va_heap_init() - all of a range is free
 * @heap: uninitialised
 * @start: first address
 * @end: first address behind it
 *
 * Return: 0 or -ENOMEM.
 */
int va_heap_init(struct va_heap *heap, uint64_t start, uint64_t end);

/**
 * va_heap_fini() - forget everything
 * @heap: heap
 */
void va_heap_fini(struct va_heap *heap);

/**
 * va_heap_reserve() - make sure that the next call of take or give works
 * @heap: heap
 *
 * Return: 0 or -ENOMEM.
 */
int va_heap_reserve(struct va_heap *heap);

/**
 * va_heap_find() - look for a gap, without taking it
 * @heap: heap
 * @size: bytes, not 0
 * @ret_va: lowest address that is free for @size bytes
 *
 * Return: 0 or -ENOSPC.
 */
int va_heap_find(const struct va_heap *heap, uint64_t size, uint64_t *ret_va);

/**
 * va_heap_take() - a range is in use from now on; parts of it may be already
 * @heap: heap, after va_heap_reserve()
 * @va: first address
 * @size: bytes, not 0
 */
void va_heap_take(struct va_heap *heap, uint64_t va, uint64_t size);

/**
 * va_heap_give() - a range is free from now on; parts of it may be already
 * @heap: heap, after va_heap_reserve()
 * @va: first address
 * @size: bytes, not 0
 */
void va_heap_give(struct va_heap *heap, uint64_t va, uint64_t size);

#endif /* VA_H */
