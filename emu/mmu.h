/* SPDX-License-Identifier: MIT */
/* Virtual addresses: the page-table walk and a cache of its results. */
#ifndef EMU_MMU_H
#define EMU_MMU_H

#include <stdbool.h>
#include <stdint.h>

#include "../hw/carillon_hw.h"

struct device;

#define TLB_ENTRIES	64

struct tlb_entry {
	bool valid;
	uint64_t root;
	uint64_t page;
	uint64_t pte;
};

/**
 * struct tlb - translations an engine remembers
 * @gen: generation they were made in; all are dropped when the device's is newer
 * @entries: by page number, one place for each
 */
struct tlb {
	uint64_t gen;
	struct tlb_entry entries[TLB_ENTRIES];
};

/**
 * struct mmu_target - where a virtual address leads
 * @in_vram: @addr is an offset in local memory, not a bus address
 * @addr: of the byte asked for
 */
struct mmu_target {
	bool in_vram;
	uint64_t addr;
};

void tlb_sync(struct tlb *tlb, uint64_t gen);
enum crln_status mmu_translate(struct device *dev, struct tlb *tlb, uint64_t root,
			       uint64_t va, bool write, struct mmu_target *ret_target);

#endif /* EMU_MMU_H */
