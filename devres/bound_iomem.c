// SPDX-License-Identifier: GPL-2.0
/*
 * bound_iomem: a device's memory resource, mapped through a gate.
 */

#include <bound/bound_iomem.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/slab.h>

#include "bound_internal.h"

/* What bound_iomem_make() needs. */
struct bound_iomem_request {
	const struct resource *res;
	u64 min_size_bytes;
	/* NULL: shared */
	const char *name;
};

static void bound_iomem_release(struct bound_iomem *io)
{
	if (io->exclusive)
		release_mem_region(io->start, io->size_bytes);
}

static void bound_iomem_unmap(struct bound_map *map)
{
	struct bound_iomem *io = container_of(map, struct bound_iomem, map);

	iounmap(map->base);
	bound_iomem_release(io);
}

static void bound_iomem_free(struct bound_map *map)
{
	kfree(container_of(map, struct bound_iomem, map));
}

static int bound_iomem_make(struct bound_map *map, void *arg)
{
	struct bound_iomem *io = container_of(map, struct bound_iomem, map);
	const struct bound_iomem_request *req = arg;

	if (io->size_bytes < req->min_size_bytes)
		return -ERANGE;
	if (req->name) {
		if (!request_mem_region(io->start, io->size_bytes, req->name))
			return -EBUSY;
		io->exclusive = true;
	}
	if (req->res->flags & IORESOURCE_MEM_NONPOSTED)
		map->base = ioremap_np(io->start, io->size_bytes);
	else
		map->base = ioremap(io->start, io->size_bytes);
	if (!map->base) {
		bound_iomem_release(io);
		return -ENOMEM;
	}
	map->size = io->size_bytes;
	map->phys = io->start;
	return 0;
}

static struct bound_iomem *bound_iomem_create(struct bound_gate *gate,
					      struct bound_iomem_request *req)
{
	struct bound_iomem *io;
	int ret;

	if (!req->res || resource_type(req->res) != IORESOURCE_MEM || !req->min_size_bytes)
		return ERR_PTR(-EINVAL);
	io = kzalloc_obj(*io);
	if (!io)
		return ERR_PTR(-ENOMEM);
	io->map.unmap = bound_iomem_unmap;
	io->map.free = bound_iomem_free;
	io->start = req->res->start;
	io->size_bytes = resource_size(req->res);
	ret = bound_map_add(&io->map, gate, bound_iomem_make, req);
	if (ret) {
		kfree(io);
		return ERR_PTR(ret);
	}
	return io;
}

/**
 * bound_iomem_map() - request and map a memory resource, uncached
 * @gate: gate of the device that has the resource
 * @res: the resource, as from platform_get_resource(); NULL if the device has none. Needed
 *	during the call only.
 * @min_size: bytes that the driver relies on
 * @name: who has the region, as /proc/iomem shows it; must stay valid while it is mapped
 *
 * Nobody else gets the region meanwhile. It goes when the device is unbound, after @gate's
 * readers have left. There is nothing to call for that.
 *
 * Context: Process context, in probe. Sleeps.
 * Return: the resource, borrowed from @gate: the struct is good for as long as a reference
 * to @gate, access needs a token. ERR_PTR(-EINVAL) when @res is NULL or no memory, @name is
 * NULL or @min_size is 0; ERR_PTR(-ERANGE) when @res is smaller than @min_size;
 * ERR_PTR(-EBUSY) when somebody else has requested a part of it, or there is no memory to note
 * that we have; ERR_PTR(-ENODEV) when @gate is closed; ERR_PTR(-ENOMEM) when it can't be mapped.
 */
struct bound_iomem *bound_iomem_map(struct bound_gate *gate, const struct resource *res,
				    u64 min_size, const char *name)
{
	struct bound_iomem_request req = {
		.res = res,
		.min_size_bytes = min_size,
		.name = name,
	};

	if (!name)
		return ERR_PTR(-EINVAL);
	return bound_iomem_create(gate, &req);
}
EXPORT_SYMBOL_NS_GPL(bound_iomem_map, "BOUND");

/**
 * bound_iomem_map_shared() - map a memory resource that others use too, uncached
 * @gate: gate of the device that has the resource
 * @res: the resource, as from platform_get_resource(); NULL if the device has none. Needed
 *	during the call only.
 * @min_size: bytes that the driver relies on
 *
 * As bound_iomem_map(), but the region isn't requested: for registers that several devices or
 * drivers share. Each has a mapping of its own, and what they do with it is theirs to arrange.
 *
 * Context: Process context, in probe. Sleeps.
 * Return: as bound_iomem_map(), but never ERR_PTR(-EBUSY).
 */
struct bound_iomem *bound_iomem_map_shared(struct bound_gate *gate, const struct resource *res,
					   u64 min_size)
{
	struct bound_iomem_request req = {
		.res = res,
		.min_size_bytes = min_size,
	};

	return bound_iomem_create(gate, &req);
}
EXPORT_SYMBOL_NS_GPL(bound_iomem_map_shared, "BOUND");
