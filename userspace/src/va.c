// SPDX-License-Identifier: MIT

#include "va.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int va_heap_init(struct va_heap *heap, uint64_t start, uint64_t end)
{
	memset(heap, 0, sizeof(*heap));
	if (va_heap_reserve(heap))
		return -ENOMEM;
	if (start < end)
		heap->free[heap->count++] = (struct va_range){ start, end };
	return 0;
}

void va_heap_fini(struct va_heap *heap)
{
	free(heap->free);
	memset(heap, 0, sizeof(*heap));
}

int va_heap_reserve(struct va_heap *heap)
{
	struct va_range *more;
	size_t room;

	/* Both take and give add one range at most. */
	if (heap->count < heap->room)
		return 0;
	room = heap->room ? 2 * heap->room : 8;
	more = reallocarray(heap->free, room, sizeof(*more));
	if (!more)
		return -ENOMEM;
	heap->free = more;
	heap->room = room;
	return 0;
}

int va_heap_find(const struct va_heap *heap, uint64_t size, uint64_t *ret_va)
{
	for (size_t i = 0; i < heap->count; i++) {
		if (heap->free[i].end - heap->free[i].start >= size) {
			*ret_va = heap->free[i].start;
			return 0;
		}
	}
	return -ENOSPC;
}

static void remove_at(struct va_heap *heap, size_t i)
{
	heap->count--;
	memmove(&heap->free[i], &heap->free[i + 1],
		(heap->count - i) * sizeof(heap->free[0]));
}

static void insert_at(struct va_heap *heap, size_t i, struct va_range range)
{
	memmove(&heap->free[i + 1], &heap->free[i],
		(heap->count - i) * sizeof(heap->free[0]));
	heap->free[i] = range;
	heap->count++;
}

void va_heap_take(struct va_heap *heap, uint64_t va, uint64_t size)
{
	uint64_t end = va + size;
	size_t i = 0;

	while (i < heap->count) {
		struct va_range *r = &heap->free[i];

		if (r->end <= va || r->start >= end) {
			i++;
		} else if (r->start < va && r->end > end) {
			struct va_range behind = { end, r->end };

			r->end = va;
			insert_at(heap, i + 1, behind);
			return;
		} else if (r->start < va) {
			r->end = va;
			i++;
		} else if (r->end > end) {
			r->start = end;
			i++;
		} else {
			remove_at(heap, i);
		}
	}
}

void va_heap_give(struct va_heap *heap, uint64_t va, uint64_t size)
{
	struct va_range range = { va, va + size };
	size_t i = 0;

	while (i < heap->count && heap->free[i].end < range.start)
		i++;
	/* Swallow all that overlap or touch. */
	while (i < heap->count && heap->free[i].start <= range.end) {
		if (heap->free[i].start < range.start)
			range.start = heap->free[i].start;
		if (heap->free[i].end > range.end)
			range.end = heap->free[i].end;
		remove_at(heap, i);
	}
	insert_at(heap, i, range);
}
