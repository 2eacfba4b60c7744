/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BOUND_BOUND_MAP_H_
#define _BOUND_BOUND_MAP_H_

#include <bound/bound_gate.h>
#include <linux/build_bug.h>
#include <linux/compiler_types.h>
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
	/* physical address, for windows; not looked at without a token */
	phys_addr_t phys;
	/* user space maps it as the kernel did: write-combining, or uncached */
	bool wc;
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

/*
 * What the handles of a resource have first: &struct bound_bar, &struct bound_iomem, and the
 * types that carry a size. The latter two members are there for their types alone: which
 * resource it is, and how many bytes are known to be there, 0 if nothing is known.
 */
#define __BOUND_HANDLE(_plain_ptr, _min_size)						\
	union {										\
		struct bound_map map;							\
		_plain_ptr __plain;							\
		char (*__min)[_min_size];						\
	}

/* What the type of a handle says of its size, in bytes. */
#define __bound_min(_handle_type) ((u64)sizeof(*((_handle_type)NULL)->__min))

/* The mapping of a handle that has to be one of a _plain_ptr's. */
#define __bound_handle_map(_plain_ptr, handle)						\
	(&(handle)->map +								\
	 BUILD_BUG_ON_ZERO(!__same_type(((typeof(handle))NULL)->__plain, _plain_ptr),	\
			   "bound: a handle of another kind of resource"))

/* @plain as a handle of the type of @like, of which only the type is looked at. */
#define __bound_sized(plain, like)							\
	((typeof(like))__bound_handle_map(typeof(((typeof(like))NULL)->__plain), plain))

/* A mapping and what the compiler knows of its size. */
struct __bound_ref {
	const struct bound_map *map;
	u64 min;
};

#define __bound_ref(_plain_ptr, handle)							\
	((struct __bound_ref){								\
		.map = __bound_handle_map(_plain_ptr, handle),				\
		.min = __bound_min(typeof(handle)),					\
	})

/* Whether the compiler knows that an access lies inside; it objects if it knows the contrary. */
static __always_inline bool __bound_map_known(u64 min, u64 off, unsigned int width)
{
	BUILD_BUG_ON_MSG(__builtin_constant_p(off) && (off & (width - 1)),
			 "bound: misaligned register offset");
	BUILD_BUG_ON_MSG(min && __builtin_constant_p(off) && (off >= min || width > min - off),
			 "bound: register offset outside of the handle's size");
	return min && __builtin_constant_p(off);
}

static __always_inline bool __bound_map_access_ok(const struct bound_token *tok,
						  struct __bound_ref ref, u64 off,
						  unsigned int width)
{
	bool known = __bound_map_known(ref.min, off, width);

	if (IS_ENABLED(CONFIG_PROVE_LOCKING))
		__bound_token_check(tok, ref.map->gate);
	else if (known)
		return true;
	if (likely(bound_map_fits(ref.map, off, width) && !(off & (width - 1))))
		return true;
	__bound_map_oob(ref.map, off, width);
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
#define __BOUND_MAP_ACCESSORS(_bits, _suffix)							\
static __always_inline u##_bits									\
__bound_map_read##_bits(const struct bound_token *tok, struct __bound_ref ref, u64 off)		\
{												\
	if (!__bound_map_access_ok(tok, ref, off, sizeof(u##_bits)))				\
		return U##_bits##_MAX;								\
	return read##_suffix(ref.map->base + off);						\
}												\
												\
static __always_inline u##_bits									\
__bound_map_read##_bits##_relaxed(const struct bound_token *tok, struct __bound_ref ref,	\
				  u64 off)							\
{												\
	if (!__bound_map_access_ok(tok, ref, off, sizeof(u##_bits)))				\
		return U##_bits##_MAX;								\
	return read##_suffix##_relaxed(ref.map->base + off);					\
}												\
												\
static __always_inline void									\
__bound_map_write##_bits(const struct bound_token *tok, struct __bound_ref ref, u64 off,	\
			 u##_bits val)								\
{												\
	if (__bound_map_access_ok(tok, ref, off, sizeof(u##_bits)))				\
		write##_suffix(val, ref.map->base + off);					\
}												\
												\
static __always_inline void									\
__bound_map_write##_bits##_relaxed(const struct bound_token *tok, struct __bound_ref ref,	\
				   u64 off, u##_bits val)					\
{												\
	if (__bound_map_access_ok(tok, ref, off, sizeof(u##_bits)))				\
		write##_suffix##_relaxed(val, ref.map->base + off);				\
}												\
												\
static __always_inline int __must_check								\
__bound_map_try_read##_bits(const struct bound_token *tok, const struct bound_map *map,		\
			    u64 off, typeof(u##_bits) *ret_val)					\
{												\
	int ret = __bound_map_try(tok, map, off, sizeof(u##_bits));				\
												\
	if (!ret)										\
		*ret_val = read##_suffix(map->base + off);					\
	return ret;										\
}												\
												\
static __always_inline int __must_check								\
__bound_map_try_write##_bits(const struct bound_token *tok, const struct bound_map *map,	\
			     u64 off, u##_bits val)						\
{												\
	int ret = __bound_map_try(tok, map, off, sizeof(u##_bits));				\
												\
	if (!ret)										\
		write##_suffix(val, map->base + off);						\
	return ret;										\
}

__BOUND_MAP_ACCESSORS(8, b)
__BOUND_MAP_ACCESSORS(16, w)
__BOUND_MAP_ACCESSORS(32, l)
__BOUND_MAP_ACCESSORS(64, q)

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
