/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BOUND_BOUND_WINDOW_H_
#define _BOUND_BOUND_WINDOW_H_

#include <bound/bound_bar.h>
#include <bound/bound_iomem.h>
#include <linux/types.h>

struct address_space;
struct bound_map;
struct bound_token;
struct bound_window;
struct vm_area_struct;

/**
 * struct bound_window_args - which pages user space can map, and where
 * @mapping: of the files that they are mapped through, &file.f_mapping. The window has a
 *	reference to its inode until it is revoked.
 * @pgoff: page offset in those files at which the window begins, as in mmap(). Windows that
 *	share one are all zapped when one is, which costs the others a fault and nothing else.
 * @off: first byte of the range in the mapped registers, a multiple of PAGE_SIZE
 * @size_bytes: a multiple of PAGE_SIZE, not 0
 */
struct bound_window_args {
	struct address_space *mapping;
	pgoff_t pgoff;
	u64 off;
	u64 size_bytes;
};

/**
 * bound_bar_window() - let user space map pages of a BAR
 * @tok: a good token
 * @bar: the BAR, with or without its size in its type
 * @args: pointer to &struct bound_window_args, needed during the call only
 *
 * Context: Process context. Sleeps.
 * Return: as bound_window_create().
 */
#define bound_bar_window(tok, bar, args) \
	bound_window_create(tok, __bound_bar_map(bar), args)

/**
 * bound_iomem_window() - let user space map pages of a memory resource
 * @tok: a good token
 * @io: the resource, with or without its size in its type
 * @args: pointer to &struct bound_window_args, needed during the call only
 *
 * Context: Process context. Sleeps.
 * Return: as bound_window_create().
 */
#define bound_iomem_window(tok, io, args) \
	bound_window_create(tok, __bound_iomem_map(io), args)

struct bound_window * __must_check
bound_window_create(const struct bound_token *tok, const struct bound_map *map,
		    const struct bound_window_args *args);
int __must_check bound_window_mmap(struct bound_window *win, struct vm_area_struct *vma);
void bound_window_revoke(struct bound_window *win);
struct bound_window *bound_window_get(struct bound_window *win);
void bound_window_put(struct bound_window *win);

#endif /* _BOUND_BOUND_WINDOW_H_ */
