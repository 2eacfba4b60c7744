// SPDX-License-Identifier: GPL-2.0
/*
 * bound_window: pages of a BAR in user space, until the device goes.
 */

/**
 * DOC: Windows
 *
 * A process that has mapped a page of a BAR reaches the device without asking anybody, so
 * there is no entry point that could say -ENODEV. A &struct bound_window is what stands
 * there instead: the driver makes one for the pages, user space maps them through it, and
 * revoking it takes them out of every address space that has them.
 *
 * What the process sees then is a page of memory, zeroed, of this window alone. It can be
 * read and written, and nothing comes of it. SIGBUS would be more honest, but a library can't
 * handle it for the process that it's part of, which is why DRM asks for this. What was written to
 * one window can't be read through another, nor by another device's users.
 *
 * A window is revoked by its driver, when what it leads to is given to somebody else, or by
 * the gate of the BAR at unbind: after the last reader has left, before the BAR is
 * unmapped. That a device has been pulled out doesn't revoke anything by itself. Until it is
 * unbound reads give what the bus makes of them, as they do in the kernel.
 *
 * Mappings are shared, never private, and not executable, nor can they be made so. Beyond that
 * the process may do with them what it likes: read-only or not, part of them, fork(), mremap().
 */

/**
 * DOC: Lifetime of windows
 *
 * ::
 *
 *	references:	who made it ──┐
 *			each VMA ─────┼──> window ──> gate, dummy page
 *			the gate ─────┘      └──────> inode of the files
 *			  until revoked	               until revoked
 *
 * A VMA outlives the binding, the gate's last other user, even the window's revocation; so the
 * dummy page lives as long as the window, and a fault finds all it needs in there. Since the
 * gate's reference goes only by revoking, the last reference is one to a revoked window.
 *
 * The inode is needed to find the VMAs, so until then only. (A DRM device's inode must not
 * outlive the device. A VMA has the file, the file the device.)
 *
 * The functions in a VMA's vm_ops are code of this module. The VMA holds its file, the file the
 * module of its file_operations, and that is a driver which uses symbols of this module: it
 * can't be unloaded while there is a VMA.
 */

/**
 * DOC: Locking of windows
 *
 * bound_window.lock (mutex) is held while a fault installs a page of the BAR, and from the
 * setting of the flag to the end of the zapping. So each page that a fault has installed is
 * there when it's zapped, none is installed afterwards, and when bound_window_revoke() returns,
 * whoever called it first, no page table leads to the device. Page tables are allocated under
 * it; revoking a window therefore must not be part of memory reclaim, nor of signalling a
 * fence. Order: mmap_lock, section of the gate, bound_window.lock, i_mmap_rwsem, page table
 * locks. A fault doesn't wait for the gate, it asks.
 *
 * The zapping goes through the inode's tree of VMAs, and faults aren't the only ones to install
 * pages: fork() and mremap() copy page table entries from VMA to VMA, without asking anybody.
 * They can't carry one past the zapping:
 *
 * - A VMA that can have entries is in the tree. mmap() puts it there before a fault can run
 *   (the mmap_lock is held for writing; bound_window_mmap() itself installs nothing); munmap()
 *   clears the entries before it takes the VMA out; splitting takes out and puts back under
 *   i_mmap_rwsem.
 * - fork() puts the child's VMA into the tree before it copies entries, mremap() the new VMA
 *   before it moves them. They need i_mmap_rwsem for that, for writing, and zapping holds it for
 *   reading all along. If zapping was first the source is empty by the time of the copy.
 * - If the VMA was put there before the zapping, both are visited, the source first: the tree
 *   is walked in the order of offsets, among equal ones in that of insertion, and both put the
 *   new VMA behind the old one. An entry is copied under the page table locks of both sides, so
 *   before the source is zapped, and then it is zapped in the copy later, or not at all.
 *   (mremap() takes i_mmap_rwsem, for writing, where that order doesn't hold, after merging VMAs,
 *   which VMAs like these never are; and where it moves whole page tables. There the order
 *   wouldn't do: zapping that has reached a table by its old address clears the entries, but
 *   leaves what a TLB has got of them by the new one.)
 *
 * What they copy from a revoked window is the dummy page, and the VMA it's copied to has a
 * reference to the window.
 */

#include <bound/bound_window.h>
#include <linux/bug.h>
#include <linux/cleanup.h>
#include <linux/export.h>
#include <linux/fs.h>
#include <linux/kref.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/overflow.h>
#include <linux/pfn.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "bound_internal.h"

/**
 * struct bound_window - pages of a BAR for user space
 *
 * Locking codes: I: set at creation, never changes; L: @lock; G: bound_gate.lock.
 */
struct bound_window {
	/** @ref: see DOC: Lifetime of windows */
	struct kref ref;
	/** @gate: I: that of the BAR, a reference */
	struct bound_gate *gate;
	/** @node: G: in bound_gate.windows, with a reference; empty once it isn't */
	struct list_head node;
	/** @mapping: I: of the files; a reference to its inode until @revoked */
	struct address_space *mapping;
	/** @pgoff: I: where the window begins in the files, in pages */
	pgoff_t pgoff;
	/** @num_pages: I: its size */
	unsigned long num_pages;
	/** @pfn: I: first page of the BAR; good until @revoked */
	unsigned long pfn;
	/** @wc: I: write-combining, not uncached */
	bool wc;
	/** @revoked: L: set once */
	bool revoked;
	/** @lock: see DOC: Locking of windows */
	struct mutex lock;
	/** @dummy: I: what is there once it is revoked, for all of its pages */
	struct page *dummy;
	/** @free_work: frees it */
	struct work_struct free_work;
};

static void bound_window_free_work(struct work_struct *work)
{
	struct bound_window *win = container_of(work, struct bound_window, free_work);

	WARN_ON_ONCE(!win->revoked);
	__free_page(win->dummy);
	mutex_destroy(&win->lock);
	bound_gate_put(win->gate);
	kfree(win);
	bound_live_dec();
}

static void bound_window_release(struct kref *ref)
{
	struct bound_window *win = container_of(ref, struct bound_window, ref);

	bound_queue_free(&win->free_work);
}

/**
 * bound_window_get() - take a reference
 * @win: a window that the caller has, or borrows, a reference to
 *
 * Context: Any.
 * Return: @win, a new reference.
 */
struct bound_window *bound_window_get(struct bound_window *win)
{
	kref_get(&win->ref);
	return win;
}
EXPORT_SYMBOL_NS_GPL(bound_window_get, "BOUND");

/**
 * bound_window_put() - drop a reference
 * @win: the window, or NULL
 *
 * This doesn't revoke it: that is bound_window_revoke(), or else unbinding.
 *
 * Context: Any.
 */
void bound_window_put(struct bound_window *win)
{
	if (win)
		kref_put(&win->ref, bound_window_release);
}
EXPORT_SYMBOL_NS_GPL(bound_window_put, "BOUND");

static vm_fault_t bound_window_insert(struct bound_window *win, struct vm_fault *vmf)
{
	pgprot_t prot = vmf->vma->vm_page_prot;

	prot = win->wc ? pgprot_writecombine(prot) : pgprot_noncached(prot);
	/* Where memory is encrypted, a device isn't. */
	return vmf_insert_pfn_prot(vmf->vma, vmf->address, win->pfn + vmf->pgoff - win->pgoff,
				   pgprot_decrypted(prot));
}

static vm_fault_t bound_window_fault(struct vm_fault *vmf)
{
	struct bound_window *win = vmf->vma->vm_private_data;

	/* Refused: if it isn't revoked yet, it is about to be. */
	scoped_cond_guard(bound, {}, win->gate) {
		guard(mutex)(&win->lock);
		if (!win->revoked)
			return bound_window_insert(win, vmf);
	}
	return vmf_insert_pfn_prot(vmf->vma, vmf->address, page_to_pfn(win->dummy),
				   vmf->vma->vm_page_prot);
}

/* A VMA was copied: by fork(), mremap(), or to be split. */
static void bound_window_open(struct vm_area_struct *vma)
{
	bound_window_get(vma->vm_private_data);
}

static void bound_window_close(struct vm_area_struct *vma)
{
	bound_window_put(vma->vm_private_data);
}

/* No access(): a debugger has no business in a device. */
static const struct vm_operations_struct bound_window_vm_ops = {
	.open = bound_window_open,
	.close = bound_window_close,
	.fault = bound_window_fault,
};

static int bound_window_check_vma(const struct bound_window *win, const struct vm_area_struct *vma)
{
	unsigned long first = vma->vm_pgoff - win->pgoff;

	/* VM_SHARED isn't set in a file that was opened for reading. */
	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;
	if (vma->vm_flags & VM_EXEC)
		return -EPERM;
	if (vma->vm_pgoff < win->pgoff || first >= win->num_pages ||
	    vma_pages(vma) > win->num_pages - first)
		return -EINVAL;
	/* It wouldn't be found when it is to be zapped. */
	return vma->vm_file->f_mapping == win->mapping ? 0 : -EINVAL;
}

/**
 * bound_window_mmap() - map a window, or a part of it
 * @win: the window
 * @vma: from &file_operations.mmap, of a file with the window's mapping; the part is the one that
 *	its vm_pgoff and size say
 *
 * Nothing of the device is reached before the first fault.
 *
 * Context: Process context, mmap_lock held for writing. Takes bound_window.lock.
 * Return: 0, and @vma has a reference to @win; -EINVAL when @vma is private, goes beyond
 * the window or is of another inode; -EPERM when it is executable; -ENODEV when the window was
 * revoked.
 */
int bound_window_mmap(struct bound_window *win, struct vm_area_struct *vma)
{
	int ret = bound_window_check_vma(win, vma);

	if (ret)
		return ret;
	scoped_guard(mutex, &win->lock)
		if (win->revoked)
			return -ENODEV;

	vm_flags_mod(vma, VM_PFNMAP | VM_IO | VM_DONTEXPAND | VM_DONTDUMP, VM_MAYEXEC);
	vma->vm_ops = &bound_window_vm_ops;
	vma->vm_private_data = bound_window_get(win);
	return 0;
}
EXPORT_SYMBOL_NS_GPL(bound_window_mmap, "BOUND");

/* Takes it off the gate's list, and gives the list's reference back. */
static void bound_window_unlist(struct bound_window *win)
{
	scoped_guard(spinlock_irqsave, &win->gate->lock) {
		if (list_empty(&win->node))
			return;
		list_del_init(&win->node);
	}
	bound_window_put(win);
}

/**
 * bound_window_revoke() - take the pages out of every address space
 * @win: the window; the caller has a reference
 *
 * Nobody reaches the device through @win any more when this returns: its mappings have
 * become memory, zeroed at first. Calling it again just waits.
 *
 * Context: Process context, with or without a token. Takes bound_window.lock and i_mmap_rwsem; not
 * in memory reclaim, nor between publishing a fence and signalling it. Sleeps.
 */
void bound_window_revoke(struct bound_window *win)
{
	struct inode *inode = NULL;

	scoped_guard(mutex, &win->lock) {
		if (win->revoked)
			break;
		win->revoked = true;
		unmap_mapping_pages(win->mapping, win->pgoff, win->num_pages, true);
		inode = win->mapping->host;
	}
	if (!inode)
		return;
	iput(inode);
	bound_window_unlist(win);
}
EXPORT_SYMBOL_NS_GPL(bound_window_revoke, "BOUND");

static struct bound_window *bound_window_first(struct bound_gate *gate)
{
	struct bound_window *win;

	guard(spinlock_irqsave)(&gate->lock);
	win = list_first_entry_or_null(&gate->windows, struct bound_window, node);
	return win ? bound_window_get(win) : NULL;
}

/**
 * bound_window_revoke_all() - revoke all windows of a gate
 * @gate: a gate that is closed, without readers
 *
 * Context: Process context. Sleeps.
 */
void bound_window_revoke_all(struct bound_gate *gate)
{
	struct bound_window *win;

	while ((win = bound_window_first(gate))) {
		bound_window_revoke(win);
		/* Its driver may be revoking it right now, and not have got to this yet. */
		bound_window_unlist(win);
		bound_window_put(win);
	}
}

static int bound_window_check_args(const struct bound_map *map,
				   const struct bound_window_args *args)
{
	pgoff_t end;

	if (!args->mapping || !args->size_bytes ||
	    !PAGE_ALIGNED(args->size_bytes) || !PAGE_ALIGNED(map->phys + args->off) ||
	    check_add_overflow(args->pgoff, (pgoff_t)PHYS_PFN(args->size_bytes), &end))
		return -EINVAL;
	return bound_map_fits(map, args->off, args->size_bytes) ? 0 : -ERANGE;
}

static struct bound_window *bound_window_alloc(const struct bound_map *map,
					       const struct bound_window_args *args)
{
	struct bound_window *win = kzalloc_obj(*win, GFP_KERNEL_ACCOUNT);

	if (!win)
		return NULL;
	/* Now: a fault after the revocation can't fail. */
	win->dummy = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	if (!win->dummy) {
		kfree(win);
		return NULL;
	}
	kref_init(&win->ref);
	win->gate = bound_gate_get(map->gate);
	INIT_LIST_HEAD(&win->node);
	win->mapping = args->mapping;
	win->pgoff = args->pgoff;
	win->num_pages = PHYS_PFN(args->size_bytes);
	win->pfn = PHYS_PFN(map->phys + args->off);
	win->wc = map->wc;
	mutex_init(&win->lock);
	INIT_WORK(&win->free_work, bound_window_free_work);
	bound_live_inc();
	return win;
}

/* Fails only if the gate has begun to close. */
static int bound_window_enlist(struct bound_window *win)
{
	guard(spinlock_irqsave)(&win->gate->lock);
	if (win->gate->closed)
		return -ENODEV;
	list_add_tail(&bound_window_get(win)->node, &win->gate->windows);
	return 0;
}

/**
 * bound_window_create() - let user space map pages of a BAR, or of what else is mapped
 * @tok: a good token
 * @map: what they are a part of
 * @args: which pages, and where in which files
 *
 * The window is there until bound_window_revoke(), which the gate calls at the latest at unbind.
 *
 * Context: Process context. Sleeps.
 * Return: a new reference; ERR_PTR(-EINVAL) when @args has no mapping, no size, isn't made of
 * whole pages, or ends beyond the largest file offset; ERR_PTR(-ERANGE) when a part is outside
 * of @map; ERR_PTR(-ENODEV) when @map's gate is closed, or the inode is going;
 * ERR_PTR(-ENOMEM).
 */
struct bound_window *bound_window_create(const struct bound_token *tok,
					 const struct bound_map *map,
					 const struct bound_window_args *args)
{
	struct bound_window *win;
	int ret;

	if (IS_ENABLED(CONFIG_PROVE_LOCKING))
		__bound_token_check(tok, map->gate);
	ret = bound_window_check_args(map, args);
	if (ret)
		return ERR_PTR(ret);
	win = bound_window_alloc(map, args);
	if (!win)
		return ERR_PTR(-ENOMEM);

	ret = -ENODEV;
	if (!igrab(win->mapping->host))
		goto put_window;
	ret = bound_window_enlist(win);
	if (ret)
		goto put_inode;
	return win;

put_inode:
	iput(win->mapping->host);
put_window:
	/* Nobody has seen it, so there is nothing to zap. */
	win->revoked = true;
	bound_window_put(win);
	return ERR_PTR(ret);
}
EXPORT_SYMBOL_NS_GPL(bound_window_create, "BOUND");
