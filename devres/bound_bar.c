// SPDX-License-Identifier: GPL-2.0
/*
 * bound_bar: a PCI device's memory BAR, requested and mapped through a gate.
 */

#include <bound/bound_bar.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/ioport.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include "bound_internal.h"

/* What bound_bar_make() needs. */
struct bound_bar_request {
	const char *name;
	u64 min_size_bytes;
	bool wc;
};

static void bound_bar_unmap(struct bound_map *map)
{
	struct bound_bar *bar = container_of(map, struct bound_bar, map);

	pci_iounmap(bar->pdev, map->base);
	pci_release_region(bar->pdev, bar->index);
}

static void bound_bar_free(struct bound_map *map)
{
	struct bound_bar *bar = container_of(map, struct bound_bar, map);

	pci_dev_put(bar->pdev);
	kfree(bar);
}

static int bound_bar_check(struct pci_dev *pdev, int index, u64 min_size_bytes)
{
	unsigned long flags = pci_resource_flags(pdev, index);
	u64 size = pci_resource_len(pdev, index);

	if (!(flags & IORESOURCE_MEM) || (flags & IORESOURCE_UNSET) || !size)
		return -ENXIO;
	return size < min_size_bytes ? -ERANGE : 0;
}

static int bound_bar_make(struct bound_map *map, void *arg)
{
	struct bound_bar *bar = container_of(map, struct bound_bar, map);
	const struct bound_bar_request *req = arg;
	int ret;

	ret = bound_bar_check(bar->pdev, bar->index, req->min_size_bytes);
	if (ret)
		return ret;
	ret = pci_request_region(bar->pdev, bar->index, req->name);
	if (ret)
		return ret;
	map->base = req->wc ? pci_iomap_wc(bar->pdev, bar->index, 0) :
			      pci_iomap(bar->pdev, bar->index, 0);
	if (!map->base) {
		pci_release_region(bar->pdev, bar->index);
		return -ENOMEM;
	}
	map->size = pci_resource_len(bar->pdev, bar->index);
	map->phys = pci_resource_start(bar->pdev, bar->index);
	map->wc = req->wc;
	return 0;
}

static struct bound_bar *bound_bar_create(struct bound_gate *gate, struct pci_dev *pdev,
					  int index, struct bound_bar_request *req)
{
	struct bound_bar *bar;
	int ret;

	if (gate->dev != &pdev->dev || index < 0 || index >= PCI_STD_NUM_BARS ||
	    !req->min_size_bytes)
		return ERR_PTR(-EINVAL);
	bar = kzalloc_obj(*bar);
	if (!bar)
		return ERR_PTR(-ENOMEM);
	bar->map.unmap = bound_bar_unmap;
	bar->map.free = bound_bar_free;
	bar->pdev = pci_dev_get(pdev);
	bar->index = index;
	ret = bound_map_add(&bar->map, gate, bound_bar_make, req);
	if (ret) {
		bound_bar_free(&bar->map);
		return ERR_PTR(ret);
	}
	return bar;
}

/**
 * bound_bar_map() - request and map a memory BAR, uncached
 * @gate: gate of @pdev
 * @pdev: the device, enabled
 * @index: which BAR, 0 to 5
 * @min_size: bytes that the driver relies on: constant offsets below it need no check
 * @name: who has the region, as /proc/iomem shows it; must stay valid while it is mapped
 *
 * The BAR goes when the device is unbound, after @gate's readers have left. There is
 * nothing to call for that.
 *
 * Context: Process context, in probe. Sleeps.
 * Return: the BAR, borrowed from @gate: the struct is good for as long as a reference
 * to @gate, access needs a token. ERR_PTR(-EINVAL) when @gate isn't @pdev's, @index is
 * no BAR's or @min_size is 0; ERR_PTR(-ENXIO) when @pdev has no such memory BAR;
 * ERR_PTR(-ERANGE) when it is smaller than @min_size; ERR_PTR(-EBUSY) when somebody else
 * has it, or there is no memory to note that we have; ERR_PTR(-ENODEV) when @gate is closed;
 * ERR_PTR(-ENOMEM) when it can't be mapped.
 */
struct bound_bar *bound_bar_map(struct bound_gate *gate, struct pci_dev *pdev, int index,
				u64 min_size, const char *name)
{
	struct bound_bar_request req = {
		.name = name,
		.min_size_bytes = min_size,
	};

	return bound_bar_create(gate, pdev, index, &req);
}
EXPORT_SYMBOL_NS_GPL(bound_bar_map, "BOUND");

/**
 * bound_bar_map_wc() - request and map a memory BAR, write-combining
 * @gate: gate of @pdev
 * @pdev: the device, enabled
 * @index: which BAR, 0 to 5
 * @min_size: bytes that the driver relies on
 * @name: who has the region
 *
 * As bound_bar_map(), for memory behind a BAR: writes may be merged and reordered.
 *
 * Context: Process context, in probe. Sleeps.
 * Return: as bound_bar_map().
 */
struct bound_bar *bound_bar_map_wc(struct bound_gate *gate, struct pci_dev *pdev, int index,
				   u64 min_size, const char *name)
{
	struct bound_bar_request req = {
		.name = name,
		.min_size_bytes = min_size,
		.wc = true,
	};

	return bound_bar_create(gate, pdev, index, &req);
}
EXPORT_SYMBOL_NS_GPL(bound_bar_map_wc, "BOUND");
