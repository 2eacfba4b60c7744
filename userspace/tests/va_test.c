// SPDX-License-Identifier: MIT
/* The ranges of addresses of a VM: found, taken, given back, merged. */

#include <errno.h>

#include "test.h"
#include "va.h"

static void test_find_first(void)
{
	struct va_heap heap;
	uint64_t va = 1;

	REQUIRE(!va_heap_init(&heap, 0x1000, 0x9000));
	CHECK_EQ(va_heap_find(&heap, 0x8000, &va), 0);
	CHECK_EQ(va, 0x1000);
	va = 1;
	CHECK_EQ(va_heap_find(&heap, 0x8001, &va), -ENOSPC);
	CHECK_EQ(va, 1);
	va_heap_take(&heap, 0x1000, 0x1000);
	CHECK_EQ(va_heap_find(&heap, 0x1000, &va), 0);
	CHECK_EQ(va, 0x2000);
	va_heap_fini(&heap);
}

static void test_take_middle(void)
{
	struct va_heap heap;
	uint64_t va;

	REQUIRE(!va_heap_init(&heap, 0, 0x10000));
	va_heap_take(&heap, 0x4000, 0x4000);
	CHECK_EQ(heap.count, 2);
	CHECK_EQ(va_heap_find(&heap, 0x4000, &va), 0);
	CHECK_EQ(va, 0);
	CHECK_EQ(va_heap_find(&heap, 0x8000, &va), 0);
	CHECK_EQ(va, 0x8000);
	/* Over both edges of what is taken. */
	va_heap_take(&heap, 0x3000, 0x6000);
	CHECK_EQ(heap.count, 2);
	CHECK_EQ(heap.free[0].end, 0x3000);
	CHECK_EQ(heap.free[1].start, 0x9000);
	/* All of it. */
	va_heap_take(&heap, 0, 0x10000);
	CHECK_EQ(heap.count, 0);
	CHECK_EQ(va_heap_find(&heap, 1, &va), -ENOSPC);
	va_heap_fini(&heap);
}

static void test_give_merges(void)
{
	struct va_heap heap;

	REQUIRE(!va_heap_init(&heap, 0, 0x10000));
	va_heap_take(&heap, 0, 0x10000);
	va_heap_give(&heap, 0x2000, 0x1000);
	REQUIRE(!va_heap_reserve(&heap));
	va_heap_give(&heap, 0x4000, 0x1000);
	REQUIRE(!va_heap_reserve(&heap));
	CHECK_EQ(heap.count, 2);
	/* Touches both. */
	va_heap_give(&heap, 0x3000, 0x1000);
	CHECK_EQ(heap.count, 1);
	CHECK_EQ(heap.free[0].start, 0x2000);
	CHECK_EQ(heap.free[0].end, 0x5000);
	/* Covers what is free already, on both sides. */
	va_heap_give(&heap, 0x1000, 0x8000);
	CHECK_EQ(heap.count, 1);
	CHECK_EQ(heap.free[0].start, 0x1000);
	CHECK_EQ(heap.free[0].end, 0x9000);
	va_heap_fini(&heap);
}

/* Against a plain map of used pages, with a generator that always runs alike. */
static void test_against_map(void)
{
	unsigned char used[256] = { 0 };
	struct va_heap heap;
	uint32_t seed = 1;

	REQUIRE(!va_heap_init(&heap, 0, sizeof(used)));
	for (int round = 0; round < 20000; round++) {
		uint64_t start, size, free = 0, want = 0;

		seed = seed * 1664525 + 1013904223;
		start = seed >> 24;
		size = 1 + ((seed >> 16) & 15);
		if (start + size > sizeof(used))
			continue;
		REQUIRE(!va_heap_reserve(&heap));
		if (seed & 0x8000)
			va_heap_take(&heap, start, size);
		else
			va_heap_give(&heap, start, size);
		for (uint64_t i = 0; i < size; i++)
			used[start + i] = !!(seed & 0x8000);
		for (size_t i = 0; i < sizeof(used); i++)
			want += !used[i];
		for (size_t i = 0; i < heap.count; i++) {
			free += heap.free[i].end - heap.free[i].start;
			REQUIRE(heap.free[i].start < heap.free[i].end);
			REQUIRE(!i || heap.free[i - 1].end < heap.free[i].start);
			for (uint64_t a = heap.free[i].start; a < heap.free[i].end; a++)
				REQUIRE(!used[a]);
		}
		REQUIRE(free == want);
	}
	va_heap_fini(&heap);
}

int main(void)
{
	test_find_first();
	test_take_middle();
	test_give_merges();
	test_against_map();
	return test_result();
}
