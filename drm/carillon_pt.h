/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Page tables.
 */
#ifndef _CARILLON_PT_H
#define _CARILLON_PT_H

#include <linux/compiler_attributes.h>
#include <linux/types.h>

struct carillon_pt_table;
struct device;
struct sg_table;

/**
 * struct carillon_pt - the page tables of an address space
 * @dev: the device that reads them
 * @root: top table; NULL after carillon_pt_fini()
 *
 * The owner sees to it that one function at a time works on it.
 */
struct carillon_pt {
	struct device *dev;
	struct carillon_pt_table *root;
};

/**
 * struct carillon_pt_range - what to map
 * @va: first address
 * @size_bytes: length
 * @sgt: pages, mapped for DMA, whole ones
 * @offset_bytes: of the first page to map, in @sgt
 * @pte_flags: CRLN_PTE_WRITE or 0
 *
 * Everything in multiples of CRLN_PAGE_SIZE.
 */
struct carillon_pt_range {
	u64 va;
	u64 size_bytes;
	struct sg_table *sgt;
	u64 offset_bytes;
	u64 pte_flags;
};

int __must_check carillon_pt_init(struct carillon_pt *pt, struct device *dev);
void carillon_pt_fini(struct carillon_pt *pt);
dma_addr_t carillon_pt_addr(const struct carillon_pt *pt);
int __must_check carillon_pt_reserve(struct carillon_pt *pt, u64 va, u64 size_bytes);
void carillon_pt_map(struct carillon_pt *pt, const struct carillon_pt_range *range);
void carillon_pt_map_dma(struct carillon_pt *pt, u64 va, u64 size_bytes, dma_addr_t addr);
void carillon_pt_clear(struct carillon_pt *pt, u64 va, u64 size_bytes);

#endif
