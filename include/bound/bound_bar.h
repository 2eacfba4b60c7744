/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BOUND_BOUND_BAR_H_
#define _BOUND_BOUND_BAR_H_

#include <bound/bound_map.h>
#include <linux/container_of.h>
#include <linux/err.h>

struct pci_dev;

/**
 * struct bound_bar - a memory BAR of a PCI device: requested, mapped, owned by a gate
 *
 * Made by bound_bar_map(), accessed with a token of the gate it was mapped
 * through or of one of that gate's children. Members are private.
 */
struct bound_bar {
	/* private: */
	__BOUND_HANDLE(struct bound_bar *, 0);
	/* a reference */
	struct pci_dev *pdev;
	int index;
};

/**
 * DECLARE_BOUND_BAR() - declare a type for BARs of a known minimum size
 * @_tag: name of the type: struct @_tag
 * @_size: bytes, a constant: how many the driver relies on
 *
 * A pointer to struct @_tag is a &struct bound_bar pointer that remembers in its type what
 * bound_bar_map_sized() has checked. All accessors take both. With this one a constant offset
 * is checked by the compiler: it costs nothing, and one that lies outside doesn't build.
 */
#define DECLARE_BOUND_BAR(_tag, _size) \
	struct _tag { __BOUND_HANDLE(struct bound_bar *, _size); }

#define __bound_bar_map(bar) __bound_handle_map(struct bound_bar *, bar)
#define __bound_bar_ref(bar) __bound_ref(struct bound_bar *, bar)

/**
 * bound_bar_plain() - a BAR without its size in its type
 * @bar: pointer to a struct of DECLARE_BOUND_BAR()
 *
 * For functions that take BARs of any size.
 *
 * Return: the same BAR, a &struct bound_bar pointer.
 */
#define bound_bar_plain(bar) \
	container_of(__bound_bar_map(bar), struct bound_bar, map)

/**
 * bound_bar_map_sized() - request and map a memory BAR of the size that its type says
 * @ret_bar: address of a pointer to a struct of DECLARE_BOUND_BAR(); untouched on failure
 * @gate: gate of @pdev
 * @pdev: the device, enabled
 * @index: which BAR, 0 to 5
 * @name: who has the region
 *
 * As bound_bar_map(), with @ret_bar's type for the minimum size.
 *
 * Context: Process context, in probe. Sleeps.
 * Return: 0, or the error of bound_bar_map().
 */
#define bound_bar_map_sized(ret_bar, gate, pdev, index, name)				\
({											\
	typeof(ret_bar) __ret_bar = (ret_bar);						\
	struct bound_bar *__bar = bound_bar_map(gate, pdev, index,			\
						__bound_min(typeof(*__ret_bar)), name);		\
											\
	if (!IS_ERR(__bar))								\
		*__ret_bar = __bound_sized(__bar, *__ret_bar);				\
	PTR_ERR_OR_ZERO(__bar);								\
})

struct bound_bar * __must_check bound_bar_map(struct bound_gate *gate, struct pci_dev *pdev,
					      int index, u64 min_size, const char *name);
struct bound_bar * __must_check bound_bar_map_wc(struct bound_gate *gate, struct pci_dev *pdev,
						 int index, u64 min_size, const char *name);

/**
 * bound_bar_size() - size of a BAR
 * @bar: the BAR
 *
 * Context: Any, with a token.
 * Return: bytes, all that there are, not just the minimum; 0 once the mapping is gone.
 */
#define bound_bar_size(bar) (__bound_bar_map(bar)->size)

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
 * @bar is a &struct bound_bar pointer, or a pointer to a type of DECLARE_BOUND_BAR().
 *
 * The first four can't fail. They are for offsets that are known to lie inside:
 * constants below the size that @bar's type declares, which are checked by the
 * compiler and by nobody else; constants below the minimum size that
 * bound_bar_map() has checked; and what was computed from checked parts. Of the
 * latter two an access that lies outside after all, or is misaligned, is a bug in
 * the driver: it is reported once and doesn't happen; a read gives all ones, as
 * from a device that has gone. A misaligned constant doesn't build, with @bar of
 * any type.
 *
 * With a good token the mapping is there. That the token is good is checked on each
 * access by kernels with CONFIG_PROVE_LOCKING only. On others an access after all,
 * when the mapping has gone, counts as outside; but a constant offset into a type that
 * declares a size isn't checked at all: it's an access near address 0, so an oops.
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
	__bound_map_read8(tok, __bound_bar_ref(bar), off)
#define bound_bar_write8(tok, bar, off, val) \
	__bound_map_write8(tok, __bound_bar_ref(bar), off, val)
#define bound_bar_read8_relaxed(tok, bar, off) \
	__bound_map_read8_relaxed(tok, __bound_bar_ref(bar), off)
#define bound_bar_write8_relaxed(tok, bar, off, val) \
	__bound_map_write8_relaxed(tok, __bound_bar_ref(bar), off, val)
#define bound_bar_try_read8(tok, bar, off, ret_val) \
	__bound_map_try_read8(tok, __bound_bar_map(bar), off, ret_val)
#define bound_bar_try_write8(tok, bar, off, val) \
	__bound_map_try_write8(tok, __bound_bar_map(bar), off, val)

#define bound_bar_read16(tok, bar, off) \
	__bound_map_read16(tok, __bound_bar_ref(bar), off)
#define bound_bar_write16(tok, bar, off, val) \
	__bound_map_write16(tok, __bound_bar_ref(bar), off, val)
#define bound_bar_read16_relaxed(tok, bar, off) \
	__bound_map_read16_relaxed(tok, __bound_bar_ref(bar), off)
#define bound_bar_write16_relaxed(tok, bar, off, val) \
	__bound_map_write16_relaxed(tok, __bound_bar_ref(bar), off, val)
#define bound_bar_try_read16(tok, bar, off, ret_val) \
	__bound_map_try_read16(tok, __bound_bar_map(bar), off, ret_val)
#define bound_bar_try_write16(tok, bar, off, val) \
	__bound_map_try_write16(tok, __bound_bar_map(bar), off, val)

#define bound_bar_read32(tok, bar, off) \
	__bound_map_read32(tok, __bound_bar_ref(bar), off)
#define bound_bar_write32(tok, bar, off, val) \
	__bound_map_write32(tok, __bound_bar_ref(bar), off, val)
#define bound_bar_read32_relaxed(tok, bar, off) \
	__bound_map_read32_relaxed(tok, __bound_bar_ref(bar), off)
#define bound_bar_write32_relaxed(tok, bar, off, val) \
	__bound_map_write32_relaxed(tok, __bound_bar_ref(bar), off, val)
#define bound_bar_try_read32(tok, bar, off, ret_val) \
	__bound_map_try_read32(tok, __bound_bar_map(bar), off, ret_val)
#define bound_bar_try_write32(tok, bar, off, val) \
	__bound_map_try_write32(tok, __bound_bar_map(bar), off, val)

#define bound_bar_read64(tok, bar, off) \
	__bound_map_read64(tok, __bound_bar_ref(bar), off)
#define bound_bar_write64(tok, bar, off, val) \
	__bound_map_write64(tok, __bound_bar_ref(bar), off, val)
#define bound_bar_read64_relaxed(tok, bar, off) \
	__bound_map_read64_relaxed(tok, __bound_bar_ref(bar), off)
#define bound_bar_write64_relaxed(tok, bar, off, val) \
	__bound_map_write64_relaxed(tok, __bound_bar_ref(bar), off, val)
#define bound_bar_try_read64(tok, bar, off, ret_val) \
	__bound_map_try_read64(tok, __bound_bar_map(bar), off, ret_val)
#define bound_bar_try_write64(tok, bar, off, val) \
	__bound_map_try_write64(tok, __bound_bar_map(bar), off, val)

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
#define bound_bar_try_copy_from(tok, bar, off, dst, len_bytes) \
	bound_map_try_copy_from(tok, __bound_bar_map(bar), off, dst, len_bytes)

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
#define bound_bar_try_copy_to(tok, bar, off, src, len_bytes) \
	bound_map_try_copy_to(tok, __bound_bar_map(bar), off, src, len_bytes)

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
#define bound_bar_try_fill(tok, bar, off, value, len_bytes) \
	bound_map_try_fill(tok, __bound_bar_map(bar), off, value, len_bytes)

#endif /* _BOUND_BOUND_BAR_H_ */
