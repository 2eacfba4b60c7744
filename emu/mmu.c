// SPDX-License-Identifier: MIT
/* Virtual addresses. */
#include "mmu.h"

#include <string.h>

#include "bus.h"
#include "device.h"

#define PTE_DEFINED	(CRLN_PTE_VALID | CRLN_PTE_WRITE | CRLN_PTE_VRAM | CRLN_PTE_ADDR)

/**
 * tlb_sync() - drop what is older than a generation
 * @tlb: the cache
 * @gen: the device's generation, as the access began
 *
 * Context: The engine that owns @tlb.
 */
void tlb_sync(struct tlb *tlb, uint64_t gen)
{
	if (tlb->gen == gen)
		return;
	memset(tlb->entries, 0, sizeof(tlb->entries));
	tlb->gen = gen;
}

/* The leaf entry for @va; on a fault @ret_pte is the bus address refused. */
static enum crln_status walk(struct device *dev, uint64_t root, uint64_t va,
			     uint64_t *ret_pte)
{
	uint64_t table = root, pte = 0;

	for (int level = CRLN_PT_LEVELS - 1; level >= 0; level--) {
		unsigned int shift = CRLN_PAGE_SHIFT + CRLN_PT_SHIFT * (unsigned int)level;
		uint64_t index = (va >> shift) & (CRLN_PT_ENTRIES - 1);

		if (!bus_load64(dev, table + index * sizeof(pte), &pte)) {
			*ret_pte = table + index * sizeof(pte);
			return CRLN_DMA_FAULT;
		}
		if (!(pte & CRLN_PTE_VALID) || (pte & ~PTE_DEFINED))
			return CRLN_PAGE_FAULT;
		table = pte & CRLN_PTE_ADDR;
	}
	*ret_pte = pte;
	return CRLN_OK;
}

static enum crln_status lookup(struct device *dev, struct tlb *tlb, uint64_t root,
			       uint64_t va, uint64_t *ret_pte)
{
	uint64_t page = va >> CRLN_PAGE_SHIFT;
	struct tlb_entry *e = &tlb->entries[page % TLB_ENTRIES];
	enum crln_status status;

	if (e->valid && e->root == root && e->page == page) {
		*ret_pte = e->pte;
		return CRLN_OK;
	}
	status = walk(dev, root, va, ret_pte);
	if (status != CRLN_OK)
		return status;
	e->valid = true;
	e->root = root;
	e->page = page;
	e->pte = *ret_pte;
	return CRLN_OK;
}

/**
 * mmu_translate() - find what is behind a virtual address
 * @dev: the device
 * @tlb: the engine's cache, synchronised
 * @root: bus address of the top table
 * @va: virtual address
 * @write: the access will write
 * @ret_target: the result; on CRLN_DMA_FAULT the bus address that was refused
 *
 * Context: The engine that owns @tlb, no lock held. May sleep.
 * Return: CRLN_OK, CRLN_PAGE_FAULT, CRLN_PROT_FAULT or CRLN_DMA_FAULT.
 */
enum crln_status mmu_translate(struct device *dev, struct tlb *tlb, uint64_t root,
			       uint64_t va, bool write, struct mmu_target *ret_target)
{
	enum crln_status status;
	uint64_t pte = 0;

	if (va >> CRLN_VA_BITS)
		return CRLN_PAGE_FAULT;
	status = lookup(dev, tlb, root, va, &pte);
	if (status == CRLN_DMA_FAULT)
		ret_target->addr = pte;
	if (status != CRLN_OK)
		return status;
	if (write && !(pte & CRLN_PTE_WRITE))
		return CRLN_PROT_FAULT;
	ret_target->in_vram = pte & CRLN_PTE_VRAM;
	ret_target->addr = (pte & CRLN_PTE_ADDR) | (va & (CRLN_PAGE_SIZE - 1));
	if (ret_target->in_vram && ret_target->addr >= dev->vram.size)
		return CRLN_PAGE_FAULT;
	return CRLN_OK;
}
