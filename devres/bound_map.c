// SPDX-License-Identifier: GPL-2.0
/*
 * bound_map: mapped registers or memory, owned by a gate.
 */

#include <bound/bound_map.h>
#include <kunit/visibility.h>
#include <linux/bug.h>
#include <linux/cleanup.h>
#include <linux/device.h>
#include <linux/export.h>
#include <linux/mutex.h>

#include "bound_internal.h"

/**
 * bound_map_add() - make a mapping and give it to a gate
 * @map: zeroed but for its unmap and free members
 * @gate: the gate; owns @map on success
 * @make: fills in base and size, or returns an error and leaves nothing behind
 * @arg: for @make
 *
 * Context: Process context. Takes bound_gate.maps_lock; @make is called under it.
 * Return: 0; -ENODEV when @gate is closed; what @make returned. @map is the caller's
 * on error.
 */
int bound_map_add(struct bound_map *map, struct bound_gate *gate,
		  int (*make)(struct bound_map *map, void *arg), void *arg)
{
	int ret;

	guard(mutex)(&gate->maps_lock);
	if (bound_gate_closed(gate))
		return -ENODEV;
	ret = make(map, arg);
	if (ret)
		return ret;
	map->gate = gate;
	list_add(&map->node, &gate->maps);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(bound_map_add);

/**
 * bound_map_revoke_all() - unmap what was mapped through a gate, the newest first
 * @gate: a gate without readers
 *
 * Context: Process context. Sleeps.
 */
void bound_map_revoke_all(struct bound_gate *gate)
{
	struct bound_map *map;

	guard(mutex)(&gate->maps_lock);
	WRITE_ONCE(gate->revoked, true);
	list_for_each_entry(map, &gate->maps, node) {
		/* First, so that a stale pointer finds nothing instead of something else. */
		WRITE_ONCE(map->size, 0);
		map->unmap(map);
		map->base = NULL;
	}
}

/**
 * bound_map_free_all() - free the structs of revoked mappings
 * @gate: a gate without references
 *
 * Context: Process context.
 */
void bound_map_free_all(struct bound_gate *gate)
{
	struct bound_map *map, *next;

	list_for_each_entry_safe(map, next, &gate->maps, node)
		map->free(map);
}

/**
 * __bound_map_oob() - complain about an access that lies outside
 * @map: the mapping
 * @off: offset in bytes
 * @width: width in bytes
 *
 * Context: Any.
 */
void __bound_map_oob(const struct bound_map *map, u64 off, unsigned int width)
{
	WARN_ONCE(1, "bound: %u bytes at 0x%llx of %s: outside of its 0x%llx bytes, or misaligned\n",
		  width, off, dev_name(map->gate->dev), map->size);
}
EXPORT_SYMBOL_NS_GPL(__bound_map_oob, "BOUND");

static int bound_map_range(const struct bound_token *tok, const struct bound_map *map, u64 off,
			   size_t len_bytes)
{
	if (IS_ENABLED(CONFIG_PROVE_LOCKING))
		__bound_token_check(tok, map->gate);
	return bound_map_fits(map, off, len_bytes) ? 0 : -ERANGE;
}

/**
 * bound_map_try_copy_from() - copy out of a mapping
 * @tok: a good token
 * @map: the mapping
 * @off: offset in bytes, any alignment
 * @dst: where to
 * @len_bytes: how much; 0 is allowed
 *
 * Context: Any, with a token.
 * Return: 0, or -ERANGE, nothing copied, when any part is outside.
 */
int bound_map_try_copy_from(const struct bound_token *tok, const struct bound_map *map, u64 off,
			    void *dst, size_t len_bytes)
{
	int ret = bound_map_range(tok, map, off, len_bytes);

	if (!ret && len_bytes)
		memcpy_fromio(dst, map->base + off, len_bytes);
	return ret;
}
EXPORT_SYMBOL_NS_GPL(bound_map_try_copy_from, "BOUND");

/**
 * bound_map_try_copy_to() - copy into a mapping
 * @tok: a good token
 * @map: the mapping
 * @off: offset in bytes, any alignment
 * @src: where from
 * @len_bytes: how much; 0 is allowed
 *
 * Context: Any, with a token.
 * Return: 0, or -ERANGE, nothing copied, when any part is outside.
 */
int bound_map_try_copy_to(const struct bound_token *tok, const struct bound_map *map, u64 off,
			  const void *src, size_t len_bytes)
{
	int ret = bound_map_range(tok, map, off, len_bytes);

	if (!ret && len_bytes)
		memcpy_toio(map->base + off, src, len_bytes);
	return ret;
}
EXPORT_SYMBOL_NS_GPL(bound_map_try_copy_to, "BOUND");

/**
 * bound_map_try_fill() - fill a part of a mapping with one byte value
 * @tok: a good token
 * @map: the mapping
 * @off: offset in bytes, any alignment
 * @value: the byte
 * @len_bytes: how much; 0 is allowed
 *
 * Context: Any, with a token.
 * Return: 0, or -ERANGE, nothing written, when any part is outside.
 */
int bound_map_try_fill(const struct bound_token *tok, const struct bound_map *map, u64 off,
		       u8 value, size_t len_bytes)
{
	int ret = bound_map_range(tok, map, off, len_bytes);

	if (!ret && len_bytes)
		memset_io(map->base + off, value, len_bytes);
	return ret;
}
EXPORT_SYMBOL_NS_GPL(bound_map_try_fill, "BOUND");
