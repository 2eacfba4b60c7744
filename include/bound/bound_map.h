/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BOUND_BOUND_MAP_H_
#define _BOUND_BOUND_MAP_H_

#include <bound/bound_gate.h>
#include <linux/build_bug.h>
#include <linux/io-64-nonatomic-lo-hi.h>
#include <linux/io.h>
#include <linux/limits.h>
#include <linux/list.h>
#include <linux/types.h>

/**
 * struct bound_map - mapped registers or memory that belong to a gate
 *
 * What &struct bound_bar is made of. The gate unmaps it after its last
 * reader has left; the struct itself stays until the gate's last reference goes.
 * So a pointer to it is good for as long as a reference to the gate. Drivers
 * know the struct around it; members are private.
 */
struct bound_map {
	/* private: */
	/* both 0 once the mapping is gone: no offset fits any more */
	void __iomem *base;
	u64 size;
	/* owner; outlives this struct */
	struct bound_gate *gate;
	/* bound_gate.maps, under bound_gate.maps_lock */
	struct list_head node;
	/* undoes the mapping; may sleep */
	void (*unmap)(struct bound_map *map);
	/* frees the struct around this one */
	void (*free)(struct bound_map *map);
};

void __bound_map_oob(const struct bound_map *map, u64 off, unsigned int width);

/**
 * bound_map_fits() - whether an access lies inside a mapping
 * @map: the mapping
 * @off: offset in bytes
 * @width: width in bytes
 *
 * One compare when @off is a constant.
 *
 * Context: Any, with a token.
 * Return: false when it doesn't, or when the mapping is gone.
 */
static __always_inline bool bound_map_fits(const struct bound_map *map, u64 off, u64 width)
{
	return off + width >= off && off + width <= map->size;
}

static __always_inline bool __bound_map_access_ok(const struct bound_token *tok,
						  const struct bound_map *map, u64 off,
						  unsigned int width)
{
	BUILD_BUG_ON_MSG(__builtin_constant_p(off) && (off & (width - 1)),
			 "bound: misaligned register offset");
	if (IS_ENABLED(CONFIG_PROVE_LOCKING))
		__bound_token_check(tok, map->gate);
	if (likely(bound_map_fits(map, off, width) && !(off & (width - 1))))
		return true;
	__bound_map_oob(map, off, width);
	return false;
}

static __always_inline int __bound_map_try(const struct bound_token *tok,
					   const struct bound_map *map, u64 off,
					   unsigned int width)
{
	if (IS_ENABLED(CONFIG_PROVE_LOCKING))
		__bound_token_check(tok, map->gate);
	if (off & (width - 1))
		return -EINVAL;
	return bound_map_fits(map, off, width) ? 0 : -ERANGE;
}

/* For each width: read, write, the relaxed forms, and those that answer instead of warning. */

static __always_inline u8
bound_map_read8(const struct bound_token *tok, const struct bound_map *map, u64 off)
{
	if (!__bound_map_access_ok(tok, map, off, sizeof(u8)))
		return U8_MAX;
	return readb(map->base + off);
}

static __always_inline void
bound_map_write8(const struct bound_token *tok, const struct bound_map *map, u64 off, u8 val)
{
	if (__bound_map_access_ok(tok, map, off, sizeof(u8)))
		writeb(val, map->base + off);
}

static __always_inline u8
bound_map_read8_relaxed(const struct bound_token *tok, const struct bound_map *map, u64 off)
{
	if (!__bound_map_access_ok(tok, map, off, sizeof(u8)))
		return U8_MAX;
	return readb_relaxed(map->base + off);
}

static __always_inline void
bound_map_write8_relaxed(const struct bound_token *tok, const struct bound_map *map, u64 off,
			 u8 val)
{
	if (__bound_map_access_ok(tok, map, off, sizeof(u8)))
		writeb_relaxed(val, map->base + off);
}

static __always_inline int __must_check
bound_map_try_read8(const struct bound_token *tok, const struct bound_map *map, u64 off,
		    u8 *ret_val)
{
	int ret = __bound_map_try(tok, map, off, sizeof(u8));

	if (!ret)
		*ret_val = readb(map->base + off);
	return ret;
}

static __always_inline int __must_check
bound_map_try_write8(const struct bound_token *tok, const struct bound_map *map, u64 off, u8 val)
{
	int ret = __bound_map_try(tok, map, off, sizeof(u8));

	if (!ret)
		writeb(val, map->base + off);
	return ret;
}

static __always_inline u16
bound_map_read16(const struct bound_token *tok, const struct bound_map *map, u64 off)
{
	if (!__bound_map_access_ok(tok, map, off, sizeof(u16)))
		return U16_MAX;
	return readw(map->base + off);
}

static __always_inline void
bound_map_write16(const struct bound_token *tok, const struct bound_map *map, u64 off, u16 val)
{
	if (__bound_map_access_ok(tok, map, off, sizeof(u16)))
		writew(val, map->base + off);
}

static __always_inline u16
bound_map_read16_relaxed(const struct bound_token *tok, const struct bound_map *map, u64 off)
{
	if (!__bound_map_access_ok(tok, map, off, sizeof(u16)))
		return U16_MAX;
	return readw_relaxed(map->base + off);
}

static __always_inline void
bound_map_write16_relaxed(const struct bound_token *tok, const struct bound_map *map, u64 off,
			  u16 val)
{
	if (__bound_map_access_ok(tok, map, off, sizeof(u16)))
		writew_relaxed(val, map->base + off);
}

static __always_inline int __must_check
bound_map_try_read16(const struct bound_token *tok, const struct bound_map *map, u64 off,
		     u16 *ret_val)
{
	int ret = __bound_map_try(tok, map, off, sizeof(u16));

	if (!ret)
		*ret_val = readw(map->base + off);
	return ret;
}

static __always_inline int __must_check
bound_map_try_write16(const struct bound_token *tok, const struct bound_map *map, u64 off, u16 val)
{
	int ret = __bound_map_try(tok, map, off, sizeof(u16));

	if (!ret)
		writew(val, map->base + off);
	return ret;
}

static __always_inline u32
bound_map_read32(const struct bound_token *tok, const struct bound_map *map, u64 off)
{
	if (!__bound_map_access_ok(tok, map, off, sizeof(u32)))
		return U32_MAX;
	return readl(map->base + off);
}

static __always_inline void
bound_map_write32(const struct bound_token *tok, const struct bound_map *map, u64 off, u32 val)
{
	if (__bound_map_access_ok(tok, map, off, sizeof(u32)))
		writel(val, map->base + off);
}

static __always_inline u32
bound_map_read32_relaxed(const struct bound_token *tok, const struct bound_map *map, u64 off)
{
	if (!__bound_map_access_ok(tok, map, off, sizeof(u32)))
		return U32_MAX;
	return readl_relaxed(map->base + off);
}

static __always_inline void
bound_map_write32_relaxed(const struct bound_token *tok, const struct bound_map *map, u64 off,
			  u32 val)
{
	if (__bound_map_access_ok(tok, map, off, sizeof(u32)))
		writel_relaxed(val, map->base + off);
}

static __always_inline int __must_check
bound_map_try_read32(const struct bound_token *tok, const struct bound_map *map, u64 off,
		     u32 *ret_val)
{
	int ret = __bound_map_try(tok, map, off, sizeof(u32));

	if (!ret)
		*ret_val = readl(map->base + off);
	return ret;
}

static __always_inline int __must_check
bound_map_try_write32(const struct bound_token *tok, const struct bound_map *map, u64 off, u32 val)
{
	int ret = __bound_map_try(tok, map, off, sizeof(u32));

	if (!ret)
		writel(val, map->base + off);
	return ret;
}

static __always_inline u64
bound_map_read64(const struct bound_token *tok, const struct bound_map *map, u64 off)
{
	if (!__bound_map_access_ok(tok, map, off, sizeof(u64)))
		return U64_MAX;
	return readq(map->base + off);
}

static __always_inline void
bound_map_write64(const struct bound_token *tok, const struct bound_map *map, u64 off, u64 val)
{
	if (__bound_map_access_ok(tok, map, off, sizeof(u64)))
		writeq(val, map->base + off);
}

static __always_inline u64
bound_map_read64_relaxed(const struct bound_token *tok, const struct bound_map *map, u64 off)
{
	if (!__bound_map_access_ok(tok, map, off, sizeof(u64)))
		return U64_MAX;
	return readq_relaxed(map->base + off);
}

static __always_inline void
bound_map_write64_relaxed(const struct bound_token *tok, const struct bound_map *map, u64 off,
			  u64 val)
{
	if (__bound_map_access_ok(tok, map, off, sizeof(u64)))
		writeq_relaxed(val, map->base + off);
}

static __always_inline int __must_check
bound_map_try_read64(const struct bound_token *tok, const struct bound_map *map, u64 off,
		     u64 *ret_val)
{
	int ret = __bound_map_try(tok, map, off, sizeof(u64));

	if (!ret)
		*ret_val = readq(map->base + off);
	return ret;
}

static __always_inline int __must_check
bound_map_try_write64(const struct bound_token *tok, const struct bound_map *map, u64 off, u64 val)
{
	int ret = __bound_map_try(tok, map, off, sizeof(u64));

	if (!ret)
		writeq(val, map->base + off);
	return ret;
}

int __must_check bound_map_try_copy_from(const struct bound_token *tok,
					 const struct bound_map *map, u64 off,
					 void *dst, size_t len_bytes);
int __must_check bound_map_try_copy_to(const struct bound_token *tok,
				       const struct bound_map *map, u64 off,
				       const void *src, size_t len_bytes);
int __must_check bound_map_try_fill(const struct bound_token *tok,
				    const struct bound_map *map, u64 off,
				    u8 value, size_t len_bytes);

#endif /* _BOUND_BOUND_MAP_H_ */
