/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BOUND_BOUND_BAR_H_
#define _BOUND_BOUND_BAR_H_

#include <bound/bound_map.h>

struct pci_dev;

/**
 * struct bound_bar - a memory BAR of a PCI device: requested, mapped, owned by a gate
 *
 * Made by bound_bar_map(), accessed with a token of the gate it was mapped
 * through or of one of that gate's children. Members are private.
 */
struct bound_bar {
	/* private: */
	struct bound_map map;
	/* a reference */
	struct pci_dev *pdev;
	int index;
};

struct bound_bar * __must_check bound_bar_map(struct bound_gate *gate, struct pci_dev *pdev,
					      int index, u64 min_size, const char *name);
struct bound_bar * __must_check bound_bar_map_wc(struct bound_gate *gate, struct pci_dev *pdev,
						 int index, u64 min_size, const char *name);

/**
 * bound_bar_size() - size of a BAR
 * @bar: the BAR
 *
 * Context: Any, with a token.
 * Return: bytes; 0 once the mapping is gone.
 */
static inline u64 bound_bar_size(const struct bound_bar *bar)
{
	return bar->map.size;
}

/**
 * DOC: Access
 *
 * For each width of 8, 16, 32 and 64 bits, with a good token::
 *
 *	u32  bound_bar_read32(tok, bar, off);
 *	void bound_bar_write32(tok, bar, off, val);
 *	u32  bound_bar_read32_relaxed(tok, bar, off);
 *	void bound_bar_write32_relaxed(tok, bar, off, val);
 *	int  bound_bar_try_read32(tok, bar, off, &val);
 *	int  bound_bar_try_write32(tok, bar, off, val);
 *
 * The first four can't fail. They are for offsets that are known to lie inside:
 * constants below the minimum size that bound_bar_map() has checked, and what
 * was computed from checked parts. An access that lies outside after all, or is
 * misaligned, is a bug in the driver: it is reported once and doesn't happen; a
 * read gives all ones, as from a device that has gone. A misaligned constant
 * doesn't build.
 *
 * The two with try are for offsets that come from elsewhere: -ERANGE outside,
 * -EINVAL when misaligned; @val is untouched then.
 *
 * Ordering and byte order are those of readl(), writel() and their relaxed
 * forms: little endian on the bus. Where the CPU has no 64-bit access, one is
 * two of 32 bits, the lower half first.
 *
 * All may be called wherever the token may be used, hard interrupts included.
 */
#define bound_bar_read8(tok, bar, off) \
	bound_map_read8(tok, &(bar)->map, off)
#define bound_bar_write8(tok, bar, off, val) \
	bound_map_write8(tok, &(bar)->map, off, val)
#define bound_bar_read8_relaxed(tok, bar, off) \
	bound_map_read8_relaxed(tok, &(bar)->map, off)
#define bound_bar_write8_relaxed(tok, bar, off, val) \
	bound_map_write8_relaxed(tok, &(bar)->map, off, val)
#define bound_bar_try_read8(tok, bar, off, ret_val) \
	bound_map_try_read8(tok, &(bar)->map, off, ret_val)
#define bound_bar_try_write8(tok, bar, off, val) \
	bound_map_try_write8(tok, &(bar)->map, off, val)

#define bound_bar_read16(tok, bar, off) \
	bound_map_read16(tok, &(bar)->map, off)
#define bound_bar_write16(tok, bar, off, val) \
	bound_map_write16(tok, &(bar)->map, off, val)
#define bound_bar_read16_relaxed(tok, bar, off) \
	bound_map_read16_relaxed(tok, &(bar)->map, off)
#define bound_bar_write16_relaxed(tok, bar, off, val) \
	bound_map_write16_relaxed(tok, &(bar)->map, off, val)
#define bound_bar_try_read16(tok, bar, off, ret_val) \
	bound_map_try_read16(tok, &(bar)->map, off, ret_val)
#define bound_bar_try_write16(tok, bar, off, val) \
	bound_map_try_write16(tok, &(bar)->map, off, val)

#define bound_bar_read32(tok, bar, off) \
	bound_map_read32(tok, &(bar)->map, off)
#define bound_bar_write32(tok, bar, off, val) \
	bound_map_write32(tok, &(bar)->map, off, val)
#define bound_bar_read32_relaxed(tok, bar, off) \
	bound_map_read32_relaxed(tok, &(bar)->map, off)
#define bound_bar_write32_relaxed(tok, bar, off, val) \
	bound_map_write32_relaxed(tok, &(bar)->map, off, val)
#define bound_bar_try_read32(tok, bar, off, ret_val) \
	bound_map_try_read32(tok, &(bar)->map, off, ret_val)
#define bound_bar_try_write32(tok, bar, off, val) \
	bound_map_try_write32(tok, &(bar)->map, off, val)

#define bound_bar_read64(tok, bar, off) \
	bound_map_read64(tok, &(bar)->map, off)
#define bound_bar_write64(tok, bar, off, val) \
	bound_map_write64(tok, &(bar)->map, off, val)
#define bound_bar_read64_relaxed(tok, bar, off) \
	bound_map_read64_relaxed(tok, &(bar)->map, off)
#define bound_bar_write64_relaxed(tok, bar, off, val) \
	bound_map_write64_relaxed(tok, &(bar)->map, off, val)
#define bound_bar_try_read64(tok, bar, off, ret_val) \
	bound_map_try_read64(tok, &(bar)->map, off, ret_val)
#define bound_bar_try_write64(tok, bar, off, val) \
	bound_map_try_write64(tok, &(bar)->map, off, val)

/**
 * bound_bar_try_copy_from() - copy out of a BAR
 * @tok: a good token
 * @bar: the BAR
 * @off: offset in bytes, any alignment
 * @dst: where to
 * @len_bytes: how much; 0 is allowed
 *
 * Context: Any, with a token.
 * Return: 0, or -ERANGE, nothing copied, when any part is outside.
 */
static inline int __must_check bound_bar_try_copy_from(const struct bound_token *tok,
						       const struct bound_bar *bar, u64 off,
						       void *dst, size_t len_bytes)
{
	return bound_map_try_copy_from(tok, &bar->map, off, dst, len_bytes);
}

/**
 * bound_bar_try_copy_to() - copy into a BAR
 * @tok: a good token
 * @bar: the BAR
 * @off: offset in bytes, any alignment
 * @src: where from
 * @len_bytes: how much; 0 is allowed
 *
 * Context: Any, with a token.
 * Return: 0, or -ERANGE, nothing copied, when any part is outside.
 */
static inline int __must_check bound_bar_try_copy_to(const struct bound_token *tok,
						     const struct bound_bar *bar, u64 off,
						     const void *src, size_t len_bytes)
{
	return bound_map_try_copy_to(tok, &bar->map, off, src, len_bytes);
}

/**
 * bound_bar_try_fill() - fill a part of a BAR with one byte value
 * @tok: a good token
 * @bar: the BAR
 * @off: offset in bytes, any alignment
 * @value: the byte
 * @len_bytes: how much; 0 is allowed
 *
 * Context: Any, with a token.
 * Return: 0, or -ERANGE, nothing written, when any part is outside.
 */
static inline int __must_check bound_bar_try_fill(const struct bound_token *tok,
						  const struct bound_bar *bar, u64 off,
						  u8 value, size_t len_bytes)
{
	return bound_map_try_fill(tok, &bar->map, off, value, len_bytes);
}

#endif /* _BOUND_BOUND_BAR_H_ */
