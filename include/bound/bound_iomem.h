/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BOUND_BOUND_IOMEM_H_
#define _BOUND_BOUND_IOMEM_H_

#include <bound/bound_map.h>
#include <linux/container_of.h>
#include <linux/err.h>

struct resource;

/**
 * struct bound_iomem - a device's memory resource: mapped, owned by a gate
 *
 * For devices of buses without BARs, like the platform bus. Made by bound_iomem_map() or
 * bound_iomem_map_shared(), accessed with a token of the gate it was mapped through or of one
 * of that gate's children. Members are private.
 */
struct bound_iomem {
	/* private: */
	__BOUND_HANDLE(struct bound_iomem *, 0);
	phys_addr_t start;
	/* stays when map.size has become 0 */
	u64 size_bytes;
	/* has requested the region, and will release it */
	bool exclusive;
};

/**
 * DECLARE_BOUND_IOMEM() - declare a type for resources of a known minimum size
 * @_tag: name of the type: struct @_tag
 * @_size: bytes, a constant: how many the driver relies on
 *
 * What DECLARE_BOUND_BAR() is to BARs.
 */
#define DECLARE_BOUND_IOMEM(_tag, _size) \
	struct _tag { __BOUND_HANDLE(struct bound_iomem *, _size); }

#define __bound_iomem_map(io) __bound_handle_map(struct bound_iomem *, io)
#define __bound_iomem_ref(io) __bound_ref(struct bound_iomem *, io)

/**
 * bound_iomem_plain() - a resource without its size in its type
 * @io: pointer to a struct of DECLARE_BOUND_IOMEM()
 *
 * For functions that take resources of any size.
 *
 * Return: the same resource, a &struct bound_iomem pointer.
 */
#define bound_iomem_plain(io) \
	container_of(__bound_iomem_map(io), struct bound_iomem, map)

/**
 * bound_iomem_map_sized() - request and map a resource of the size that its type says
 * @ret_io: address of a pointer to a struct of DECLARE_BOUND_IOMEM(); untouched on failure
 * @gate: gate of the device that has the resource
 * @res: the resource, or NULL
 * @name: who has the region
 *
 * As bound_iomem_map(), with @ret_io's type for the minimum size.
 *
 * Context: Process context, in probe. Sleeps.
 * Return: 0, or the error of bound_iomem_map().
 */
#define bound_iomem_map_sized(ret_io, gate, res, name)					\
({											\
	typeof(ret_io) __ret_io = (ret_io);						\
	struct bound_iomem *__io = bound_iomem_map(gate, res,				\
					__bound_min(typeof(*__ret_io)), name);		\
											\
	if (!IS_ERR(__io))								\
		*__ret_io = __bound_sized(__io, *__ret_io);				\
	PTR_ERR_OR_ZERO(__io);								\
})

/**
 * bound_iomem_map_shared_sized() - map a resource of the size that its type says, shared
 * @ret_io: address of a pointer to a struct of DECLARE_BOUND_IOMEM(); untouched on failure
 * @gate: gate of the device that has the resource
 * @res: the resource, or NULL
 *
 * As bound_iomem_map_shared(), with @ret_io's type for the minimum size.
 *
 * Context: Process context, in probe. Sleeps.
 * Return: 0, or the error of bound_iomem_map_shared().
 */
#define bound_iomem_map_shared_sized(ret_io, gate, res)					\
({											\
	typeof(ret_io) __ret_io = (ret_io);						\
	struct bound_iomem *__io = bound_iomem_map_shared(gate, res,			\
					__bound_min(typeof(*__ret_io)));		\
											\
	if (!IS_ERR(__io))								\
		*__ret_io = __bound_sized(__io, *__ret_io);				\
	PTR_ERR_OR_ZERO(__io);								\
})

struct bound_iomem * __must_check bound_iomem_map(struct bound_gate *gate,
						  const struct resource *res, u64 min_size,
						  const char *name);
struct bound_iomem * __must_check bound_iomem_map_shared(struct bound_gate *gate,
							 const struct resource *res,
							 u64 min_size);

/**
 * bound_iomem_size() - size of a resource
 * @io: the resource
 *
 * Context: Any, with a token.
 * Return: bytes, all that there are, not just the minimum; 0 once the mapping is gone.
 */
#define bound_iomem_size(io) (__bound_iomem_map(io)->size)

/* The accessors are those of bound_bar.h, see DOC: Access there. */
#define bound_iomem_read8(tok, io, off) \
	__bound_map_read8(tok, __bound_iomem_ref(io), off)
#define bound_iomem_write8(tok, io, off, val) \
	__bound_map_write8(tok, __bound_iomem_ref(io), off, val)
#define bound_iomem_read8_relaxed(tok, io, off) \
	__bound_map_read8_relaxed(tok, __bound_iomem_ref(io), off)
#define bound_iomem_write8_relaxed(tok, io, off, val) \
	__bound_map_write8_relaxed(tok, __bound_iomem_ref(io), off, val)
#define bound_iomem_try_read8(tok, io, off, ret_val) \
	__bound_map_try_read8(tok, __bound_iomem_map(io), off, ret_val)
#define bound_iomem_try_write8(tok, io, off, val) \
	__bound_map_try_write8(tok, __bound_iomem_map(io), off, val)

#define bound_iomem_read16(tok, io, off) \
	__bound_map_read16(tok, __bound_iomem_ref(io), off)
#define bound_iomem_write16(tok, io, off, val) \
	__bound_map_write16(tok, __bound_iomem_ref(io), off, val)
#define bound_iomem_read16_relaxed(tok, io, off) \
	__bound_map_read16_relaxed(tok, __bound_iomem_ref(io), off)
#define bound_iomem_write16_relaxed(tok, io, off, val) \
	__bound_map_write16_relaxed(tok, __bound_iomem_ref(io), off, val)
#define bound_iomem_try_read16(tok, io, off, ret_val) \
	__bound_map_try_read16(tok, __bound_iomem_map(io), off, ret_val)
#define bound_iomem_try_write16(tok, io, off, val) \
	__bound_map_try_write16(tok, __bound_iomem_map(io), off, val)

#define bound_iomem_read32(tok, io, off) \
	__bound_map_read32(tok, __bound_iomem_ref(io), off)
#define bound_iomem_write32(tok, io, off, val) \
	__bound_map_write32(tok, __bound_iomem_ref(io), off, val)
#define bound_iomem_read32_relaxed(tok, io, off) \
	__bound_map_read32_relaxed(tok, __bound_iomem_ref(io), off)
#define bound_iomem_write32_relaxed(tok, io, off, val) \
	__bound_map_write32_relaxed(tok, __bound_iomem_ref(io), off, val)
#define bound_iomem_try_read32(tok, io, off, ret_val) \
	__bound_map_try_read32(tok, __bound_iomem_map(io), off, ret_val)
#define bound_iomem_try_write32(tok, io, off, val) \
	__bound_map_try_write32(tok, __bound_iomem_map(io), off, val)

#define bound_iomem_read64(tok, io, off) \
	__bound_map_read64(tok, __bound_iomem_ref(io), off)
#define bound_iomem_write64(tok, io, off, val) \
	__bound_map_write64(tok, __bound_iomem_ref(io), off, val)
#define bound_iomem_read64_relaxed(tok, io, off) \
	__bound_map_read64_relaxed(tok, __bound_iomem_ref(io), off)
#define bound_iomem_write64_relaxed(tok, io, off, val) \
	__bound_map_write64_relaxed(tok, __bound_iomem_ref(io), off, val)
#define bound_iomem_try_read64(tok, io, off, ret_val) \
	__bound_map_try_read64(tok, __bound_iomem_map(io), off, ret_val)
#define bound_iomem_try_write64(tok, io, off, val) \
	__bound_map_try_write64(tok, __bound_iomem_map(io), off, val)

/**
 * bound_iomem_try_copy_from() - copy out of a resource
 * @tok: a good token
 * @io: the resource
 * @off: offset in bytes, any alignment
 * @dst: where to
 * @len_bytes: how much; 0 is allowed
 *
 * Context: Any, with a token.
 * Return: 0, or -ERANGE, nothing copied, when any part is outside.
 */
#define bound_iomem_try_copy_from(tok, io, off, dst, len_bytes) \
	bound_map_try_copy_from(tok, __bound_iomem_map(io), off, dst, len_bytes)

/**
 * bound_iomem_try_copy_to() - copy into a resource
 * @tok: a good token
 * @io: the resource
 * @off: offset in bytes, any alignment
 * @src: where from
 * @len_bytes: how much; 0 is allowed
 *
 * Context: Any, with a token.
 * Return: 0, or -ERANGE, nothing copied, when any part is outside.
 */
#define bound_iomem_try_copy_to(tok, io, off, src, len_bytes) \
	bound_map_try_copy_to(tok, __bound_iomem_map(io), off, src, len_bytes)

/**
 * bound_iomem_try_fill() - fill a part of a resource with one byte value
 * @tok: a good token
 * @io: the resource
 * @off: offset in bytes, any alignment
 * @value: the byte
 * @len_bytes: how much; 0 is allowed
 *
 * Context: Any, with a token.
 * Return: 0, or -ERANGE, nothing written, when any part is outside.
 */
#define bound_iomem_try_fill(tok, io, off, value, len_bytes) \
	bound_map_try_fill(tok, __bound_iomem_map(io), off, value, len_bytes)

#endif /* _BOUND_BOUND_IOMEM_H_ */
