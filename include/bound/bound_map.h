/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BOUND_BOUND_MAP_H_
#define _BOUND_BOUND_MAP_H_

#include <bound/bound_gate.h>
#include <linux/build_bug.h>
#include <linux/io-64-nonatomic-lo-hi.h>
#include <linux/io.h>
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

/*
 * Accessors of a mapping, and of a struct that has it as member "map":
 * read, read relaxed, and the read that answers instead of warning.
 */
#define __BOUND_DEFINE_READ(kind, type, bits, op)						\
static __always_inline u##bits kind##_read##bits(const struct bound_token *tok,		\
						 const type *from, u64 off)			\
{												\
	if (!__bound_map_access_ok(tok, __##kind##_map(from), off, sizeof(u##bits)))		\
		return (u##bits)~0ULL;								\
	return op(__##kind##_map(from)->base + off);						\
}												\
												\
static __always_inline u##bits kind##_read##bits##_relaxed(const struct bound_token *tok,	\
							   const type *from, u64 off)		\
{												\
	if (!__bound_map_access_ok(tok, __##kind##_map(from), off, sizeof(u##bits)))		\
		return (u##bits)~0ULL;								\
	return op##_relaxed(__##kind##_map(from)->base + off);					\
}												\
												\
static __always_inline int __must_check kind##_try_read##bits(const struct bound_token *tok,	\
							      const type *from, u64 off,	\
							      u##bits *ret_val)		\
{												\
	int ret = __bound_map_try(tok, __##kind##_map(from), off, sizeof(u##bits));		\
												\
	if (!ret)										\
		*ret_val = op(__##kind##_map(from)->base + off);				\
	return ret;										\
}

#define __BOUND_DEFINE_WRITE(kind, type, bits, op)						\
static __always_inline void kind##_write##bits(const struct bound_token *tok,			\
					       const type *to, u64 off, u##bits val)		\
{												\
	if (__bound_map_access_ok(tok, __##kind##_map(to), off, sizeof(u##bits)))		\
		op(val, __##kind##_map(to)->base + off);					\
}												\
												\
static __always_inline void kind##_write##bits##_relaxed(const struct bound_token *tok,	\
							 const type *to, u64 off, u##bits val)	\
{												\
	if (__bound_map_access_ok(tok, __##kind##_map(to), off, sizeof(u##bits)))		\
		op##_relaxed(val, __##kind##_map(to)->base + off);				\
}												\
												\
static __always_inline int __must_check kind##_try_write##bits(const struct bound_token *tok,	\
							       const type *to, u64 off,	\
							       u##bits val)			\
{												\
	int ret = __bound_map_try(tok, __##kind##_map(to), off, sizeof(u##bits));		\
												\
	if (!ret)										\
		op(val, __##kind##_map(to)->base + off);					\
	return ret;										\
}

#define __BOUND_DEFINE_ACCESSORS(kind, type)							\
	__BOUND_DEFINE_READ(kind, type, 8, readb)						\
	__BOUND_DEFINE_READ(kind, type, 16, readw)						\
	__BOUND_DEFINE_READ(kind, type, 32, readl)						\
	__BOUND_DEFINE_READ(kind, type, 64, readq)						\
	__BOUND_DEFINE_WRITE(kind, type, 8, writeb)						\
	__BOUND_DEFINE_WRITE(kind, type, 16, writew)						\
	__BOUND_DEFINE_WRITE(kind, type, 32, writel)						\
	__BOUND_DEFINE_WRITE(kind, type, 64, writeq)

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
