// SPDX-License-Identifier: GPL-2.0
/*
 * Page tables: three levels in coherent memory.
 */

/**
 * DOC: Page tables
 *
 * Each table is a page that the device reads, and beside it, but for the lowest
 * level, an array with the tables below. Tables are only ever added while the
 * address space lives, so the device never follows a pointer to a table that is
 * gone; all are freed when no ring uses them.
 *
 * What can fail, allocating tables, is carillon_pt_reserve(). Writing entries
 * can't. An entry is one 64-bit store: the device sees the old one or the new.
 */

#include <linux/bug.h>
#include <linux/dma-mapping.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>

#include <hw/carillon_hw.h>

#include "carillon_pt.h"

/**
 * struct carillon_pt_table - one table
 * @entries: what the device sees
 * @dma: its bus address
 * @below: the next level's tables, or NULL in the lowest level
 */
struct carillon_pt_table {
	__le64 *entries;
	dma_addr_t dma;
	struct carillon_pt_table **below;
};

static unsigned int carillon_pt_shift(unsigned int level)
{
	return CRLN_PAGE_SHIFT + level * CRLN_PT_SHIFT;
}

static unsigned int carillon_pt_index(u64 va, unsigned int level)
{
	return (va >> carillon_pt_shift(level)) & (CRLN_PT_ENTRIES - 1);
}

/* The first address behind the entry that @va is in. */
static u64 carillon_pt_next(u64 va, unsigned int level)
{
	u64 span = 1ull << carillon_pt_shift(level);

	return (va | (span - 1)) + 1;
}

static void carillon_pt_write(struct carillon_pt_table *table, unsigned int index, u64 pte)
{
	WRITE_ONCE(table->entries[index], cpu_to_le64(pte));
}

static struct carillon_pt_table *carillon_pt_table_alloc(struct device *dev, unsigned int level)
{
	struct carillon_pt_table *table = kzalloc_obj(*table);

	if (!table)
		return NULL;
	if (level) {
		table->below = kcalloc(CRLN_PT_ENTRIES, sizeof(*table->below), GFP_KERNEL);
		if (!table->below)
			goto err_free;
	}
	table->entries = dma_alloc_coherent(dev, CRLN_PAGE_SIZE, &table->dma, GFP_KERNEL);
	if (!table->entries)
		goto err_free_below;
	return table;

err_free_below:
	kfree(table->below);
err_free:
	kfree(table);
	return NULL;
}

static void carillon_pt_table_free(struct device *dev, struct carillon_pt_table *table)
{
	dma_free_coherent(dev, CRLN_PAGE_SIZE, table->entries, table->dma);
	kfree(table->below);
	kfree(table);
}

/**
 * carillon_pt_init() - make an empty address space
 * @pt: memory of the caller
 * @dev: the device that does the DMA
 *
 * Context: Process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int carillon_pt_init(struct carillon_pt *pt, struct device *dev)
{
	pt->dev = dev;
	pt->root = carillon_pt_table_alloc(dev, CRLN_PT_LEVELS - 1);
	return pt->root ? 0 : -ENOMEM;
}

/**
 * carillon_pt_fini() - free all tables
 * @pt: tables that no enabled ring uses; may be finished already
 *
 * Context: Process, while the device is bound.
 */
void carillon_pt_fini(struct carillon_pt *pt)
{
	unsigned int i, j;

	if (!pt->root)
		return;
	for (i = 0; i < CRLN_PT_ENTRIES; i++) {
		struct carillon_pt_table *mid = pt->root->below[i];

		if (!mid)
			continue;
		for (j = 0; j < CRLN_PT_ENTRIES; j++)
			if (mid->below[j])
				carillon_pt_table_free(pt->dev, mid->below[j]);
		carillon_pt_table_free(pt->dev, mid);
	}
	carillon_pt_table_free(pt->dev, pt->root);
	pt->root = NULL;
}

/**
 * carillon_pt_addr() - what a ring needs to know
 * @pt: the tables
 *
 * Context: Any.
 * Return: Bus address of the top table.
 */
dma_addr_t carillon_pt_addr(const struct carillon_pt *pt)
{
	return pt->root->dma;
}

/* The table for @va on @level, or NULL. */
static struct carillon_pt_table *carillon_pt_find(const struct carillon_pt *pt, u64 va,
						  unsigned int level)
{
	struct carillon_pt_table *table = pt->root;
	unsigned int l;

	for (l = CRLN_PT_LEVELS - 1; table && l > level; l--)
		table = table->below[carillon_pt_index(va, l)];
	return table;
}

static int carillon_pt_reserve_one(struct carillon_pt *pt, u64 va)
{
	struct carillon_pt_table *table = pt->root;
	unsigned int level;

	for (level = CRLN_PT_LEVELS - 1; level; level--) {
		unsigned int index = carillon_pt_index(va, level);

		if (!table->below[index]) {
			struct carillon_pt_table *below;

			below = carillon_pt_table_alloc(pt->dev, level - 1);
			if (!below)
				return -ENOMEM;
			table->below[index] = below;
			/* The device finds the new table empty, not as it was. */
			dma_wmb();
			carillon_pt_write(table, index, below->dma | CRLN_PTE_VALID);
		}
		table = table->below[index];
	}
	return 0;
}

/**
 * carillon_pt_reserve() - make sure that a range can be mapped
 * @pt: the tables
 * @va: first address
 * @size_bytes: length
 *
 * Context: Process, may sleep.
 * Return: 0 or -ENOMEM; what was allocated then stays, empty.
 */
int carillon_pt_reserve(struct carillon_pt *pt, u64 va, u64 size_bytes)
{
	u64 end = va + size_bytes;

	for (; va < end; va = carillon_pt_next(va, 1)) {
		int ret = carillon_pt_reserve_one(pt, va);

		if (ret)
			return ret;
		cond_resched();
	}
	return 0;
}

/* The entries of addresses in a row; @pte is the first one. */
static void carillon_pt_map_run(struct carillon_pt *pt, u64 va, u64 size_bytes, u64 pte)
{
	u64 end = va + size_bytes;
	struct carillon_pt_table *table = NULL;

	for (; va < end; va += CRLN_PAGE_SIZE, pte += CRLN_PAGE_SIZE) {
		if (!table || !carillon_pt_index(va, 0))
			table = carillon_pt_find(pt, va, 0);
		if (WARN_ON_ONCE(!table))
			return;
		carillon_pt_write(table, carillon_pt_index(va, 0), pte);
	}
}

/**
 * carillon_pt_map() - write the entries of a range
 * @pt: the tables, reserved for the range
 * @range: what to map where
 *
 * Only what the device sees of the pages is looked at: addresses that were
 * merged by an IOMMU have nothing to do with the CPU's pages in the same table.
 *
 * Context: Process.
 */
void carillon_pt_map(struct carillon_pt *pt, const struct carillon_pt_range *range)
{
	u64 va = range->va, left = range->size_bytes, skip = range->offset_bytes;
	struct scatterlist *sg;
	unsigned int i;

	for_each_sgtable_dma_sg(range->sgt, sg, i) {
		u64 size_bytes = sg_dma_len(sg);

		if (skip >= size_bytes) {
			skip -= size_bytes;
			continue;
		}
		size_bytes = min(size_bytes - skip, left);
		carillon_pt_map_run(pt, va, size_bytes, (sg_dma_address(sg) + skip) |
				    range->pte_flags | CRLN_PTE_VALID);
		va += size_bytes;
		left -= size_bytes;
		skip = 0;
		if (!left)
			return;
	}
	WARN_ON_ONCE(1);
}

/**
 * carillon_pt_map_dma() - write the entries of coherent memory, read only
 * @pt: the tables, reserved for the range
 * @va: first address
 * @size_bytes: length, whole pages of the device
 * @addr: bus address
 *
 * Context: Process.
 */
void carillon_pt_map_dma(struct carillon_pt *pt, u64 va, u64 size_bytes, dma_addr_t addr)
{
	carillon_pt_map_run(pt, va, size_bytes, addr | CRLN_PTE_VALID);
}

/**
 * carillon_pt_clear() - take the entries of a range out
 * @pt: the tables
 * @va: first address
 * @size_bytes: length
 *
 * The device may know the old ones until its TLB is flushed.
 *
 * Context: Process.
 */
void carillon_pt_clear(struct carillon_pt *pt, u64 va, u64 size_bytes)
{
	u64 end = va + size_bytes;

	while (va < end) {
		struct carillon_pt_table *mid = carillon_pt_find(pt, va, 1);
		struct carillon_pt_table *table = carillon_pt_find(pt, va, 0);

		if (!table) {
			va = carillon_pt_next(va, mid ? 1 : 2);
			continue;
		}
		carillon_pt_write(table, carillon_pt_index(va, 0), 0);
		va += CRLN_PAGE_SIZE;
	}
}
