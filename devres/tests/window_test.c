// SPDX-License-Identifier: GPL-2.0
/*
 * bound_window_test: pages of a device in user space, before and after it goes.
 *
 * The "device" is memory, so that a test can see what arrives there. The test's
 * thread has an address space of its own, which is where the mappings are.
 */

#include <bound/bound_bar.h>
#include <bound/bound_gate.h>
#include <bound/bound_window.h>
#include <kunit/device.h>
#include <kunit/test.h>
#include <linux/anon_inodes.h>
#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "test_pci.h"
#include "test_suites.h"
#include "test_thread.h"

/* of the device; a window has the two in the middle */
#define WINDOW_DEV_ORDER 2
#define WINDOW_DEV_PAGES BIT(WINDOW_DEV_ORDER)
#define WINDOW_FIRST 1
#define WINDOW_PAGES 2
#define WINDOW_SIZE (WINDOW_PAGES * PAGE_SIZE)
#define WINDOW_PGOFF 0x100
#define WINDOW_START ((unsigned long)WINDOW_PGOFF << PAGE_SHIFT)
#define WINDOW_RW (PROT_READ | PROT_WRITE)

struct window_ctx {
	struct device *dev;
	/* a reference */
	struct bound_gate *gate;
	struct bound_map map;
	struct page *memory;
	struct file *file;
	/* what mmap() of @file maps; a reference, or NULL */
	struct bound_window *win;
	/* an address in a mapping, for those who look at it later */
	unsigned long addr;
	struct mm_struct *mm;
	/* physical page there when the device's own mapping went; 0: none */
	unsigned long pfn_at_unmap;
	int unmaps;
	struct test_pci *pci;
};

static int window_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct window_ctx *ctx = file->private_data;

	return bound_window_mmap(ctx->win, vma);
}

static const struct file_operations window_fops = {
	.owner = THIS_MODULE,
	.mmap = window_mmap,
};

/* The page frame that is mapped at @addr, 0 if there is none. */
static unsigned long window_pfn(struct mm_struct *mm, unsigned long addr)
{
	struct follow_pfnmap_args args = { .address = addr };
	unsigned long pfn = 0;

	mmap_read_lock(mm);
	args.vma = vma_lookup(mm, addr);
	if (args.vma && !follow_pfnmap_start(&args)) {
		pfn = args.pfn;
		follow_pfnmap_end(&args);
	}
	mmap_read_unlock(mm);
	return pfn;
}

/* When the device's mapping goes nobody may see the device any more. */
static void window_unmap(struct bound_map *map)
{
	struct window_ctx *ctx = container_of(map, struct window_ctx, map);

	ctx->unmaps++;
	if (ctx->addr)
		ctx->pfn_at_unmap = window_pfn(ctx->mm, ctx->addr);
}

/* It's a part of the context, which KUnit frees. */
static void window_free(struct bound_map *map)
{
}

static struct file *window_file(struct kunit *test)
{
	struct file *file;

	file = anon_inode_create_getfile("bound_window_test", &window_fops, test->priv, O_RDWR,
					 NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(file));
	return file;
}

static struct bound_window *window_try(struct window_ctx *ctx, u64 off, u64 size_bytes,
				       pgoff_t pgoff)
{
	const struct bound_window_args args = {
		.mapping = ctx->file->f_mapping,
		.pgoff = pgoff,
		.off = off,
		.size_bytes = size_bytes,
	};

	ACQUIRE(bound, tok)(ctx->gate);
	if (ACQUIRE_ERR(bound, &tok))
		return ERR_PTR(-ESTALE);
	return bound_window_create(&tok, &ctx->map, &args);
}

static void window_make(struct kunit *test)
{
	struct window_ctx *ctx = test->priv;
	struct bound_window *win;

	win = window_try(ctx, WINDOW_FIRST * PAGE_SIZE, WINDOW_SIZE, WINDOW_PGOFF);
	KUNIT_ASSERT_FALSE(test, IS_ERR(win));
	ctx->win = win;
}

/* Maps all of it, or says why not. */
static unsigned long window_map(struct window_ctx *ctx)
{
	return vm_mmap(ctx->file, 0, WINDOW_SIZE, WINDOW_RW, MAP_SHARED, WINDOW_START);
}

static u8 __user *window_map_ok(struct kunit *test)
{
	struct window_ctx *ctx = test->priv;
	unsigned long addr = window_map(ctx);

	KUNIT_ASSERT_FALSE(test, IS_ERR_VALUE(addr));
	ctx->addr = addr;
	ctx->mm = current->mm;
	return (u8 __user *)addr;
}

/* The device's memory at a place in the window. */
static u8 *window_mem(struct window_ctx *ctx, unsigned long off)
{
	return page_address(ctx->memory) + WINDOW_FIRST * PAGE_SIZE + off;
}

static void expect_reads(struct kunit *test, const u8 __user *addr, u8 value)
{
	u8 got = ~value;

	KUNIT_EXPECT_EQ(test, get_user(got, addr), 0);
	KUNIT_EXPECT_EQ(test, got, value);
}

static void expect_writes(struct kunit *test, u8 __user *addr, u8 value)
{
	KUNIT_EXPECT_EQ(test, put_user(value, addr), 0);
}

/* The gate can be freed later than the context. */
static void window_unlist_map(struct window_ctx *ctx)
{
	list_del_init(&ctx->map.node);
}

static void window_unbind(struct window_ctx *ctx)
{
	device_release_driver(ctx->dev);
	window_unlist_map(ctx);
}

static void maps_the_device(struct kunit *test)
{
	struct window_ctx *ctx = test->priv;
	u8 __user *user;

	window_make(test);
	user = window_map_ok(test);
	/* not before the first access */
	KUNIT_EXPECT_EQ(test, window_pfn(current->mm, ctx->addr), 0);
	*window_mem(ctx, 7) = 0x17;
	expect_reads(test, user + 7, 0x17);
	expect_writes(test, user + PAGE_SIZE + 3, 0x42);
	KUNIT_EXPECT_EQ(test, *window_mem(ctx, PAGE_SIZE + 3), 0x42);
	KUNIT_EXPECT_EQ(test, window_pfn(current->mm, ctx->addr),
			page_to_pfn(ctx->memory) + WINDOW_FIRST);
}

static void maps_a_part(struct kunit *test)
{
	struct window_ctx *ctx = test->priv;
	unsigned long addr;

	window_make(test);
	addr = vm_mmap(ctx->file, 0, PAGE_SIZE, PROT_READ, MAP_SHARED, WINDOW_START + PAGE_SIZE);
	KUNIT_ASSERT_FALSE(test, IS_ERR_VALUE(addr));
	*window_mem(ctx, PAGE_SIZE) = 0x55;
	expect_reads(test, (u8 __user *)addr, 0x55);
	/* read-only is read-only */
	KUNIT_EXPECT_EQ(test, put_user(1, (u8 __user *)addr), -EFAULT);
	KUNIT_EXPECT_EQ(test, *window_mem(ctx, PAGE_SIZE), 0x55);
}

static void flags_are_those_of_a_device(struct kunit *test)
{
	const vm_flags_t want = VM_PFNMAP | VM_IO | VM_DONTEXPAND | VM_DONTDUMP | VM_SHARED;
	struct window_ctx *ctx = test->priv;
	struct vm_area_struct *vma;

	window_make(test);
	window_map_ok(test);
	mmap_read_lock(current->mm);
	vma = vma_lookup(current->mm, ctx->addr);
	KUNIT_EXPECT_EQ(test, vma->vm_flags & want, want);
	KUNIT_EXPECT_EQ(test, vma->vm_flags & (VM_EXEC | VM_MAYEXEC), 0);
	mmap_read_unlock(current->mm);
}

struct window_mmap_case {
	const char *desc;
	unsigned long pages;
	unsigned long pgoff;
	unsigned long prot;
	unsigned long flags;
	int error;
};

static const struct window_mmap_case window_mmap_cases[] = {
	{ "private", WINDOW_PAGES, WINDOW_PGOFF, WINDOW_RW, MAP_PRIVATE, -EINVAL },
	{ "private, read-only", 1, WINDOW_PGOFF, PROT_READ, MAP_PRIVATE, -EINVAL },
	{ "one page too many", WINDOW_PAGES + 1, WINDOW_PGOFF, WINDOW_RW, MAP_SHARED, -EINVAL },
	{ "one page too late", WINDOW_PAGES, WINDOW_PGOFF + 1, WINDOW_RW, MAP_SHARED, -EINVAL },
	{ "one page too early", 1, WINDOW_PGOFF - 1, WINDOW_RW, MAP_SHARED, -EINVAL },
	{ "around it", WINDOW_PAGES + 2, WINDOW_PGOFF - 1, WINDOW_RW, MAP_SHARED, -EINVAL },
	{ "behind it", 1, WINDOW_PGOFF + WINDOW_PAGES, WINDOW_RW, MAP_SHARED, -EINVAL },
	{ "at 0", 1, 0, WINDOW_RW, MAP_SHARED, -EINVAL },
};

KUNIT_ARRAY_PARAM_DESC(window_mmap, window_mmap_cases, desc);

static void mmap_checks_its_parameters(struct kunit *test)
{
	const struct window_mmap_case *c = test->param_value;
	struct window_ctx *ctx = test->priv;

	window_make(test);
	KUNIT_EXPECT_EQ(test, (long)vm_mmap(ctx->file, 0, c->pages << PAGE_SHIFT, c->prot,
					    c->flags, c->pgoff << PAGE_SHIFT), c->error);
}

/* On a file system from which nothing is executed mmap() doesn't get that far. */
static void mmap_refuses_execution(struct kunit *test)
{
	struct window_ctx *ctx = test->priv;
	struct vm_area_struct *vma = kunit_kzalloc(test, sizeof(*vma), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, vma);
	window_make(test);
	vma->vm_end = PAGE_SIZE;
	vma->vm_pgoff = WINDOW_PGOFF;
	vma->vm_file = ctx->file;
	vm_flags_init(vma, VM_SHARED | VM_MAYSHARE | VM_READ | VM_EXEC);
	KUNIT_EXPECT_EQ(test, bound_window_mmap(ctx->win, vma), -EPERM);
	KUNIT_EXPECT_NULL(test, vma->vm_ops);
}

static void mmap_wants_the_windows_inode(struct kunit *test)
{
	struct file *other = window_file(test);

	window_make(test);
	KUNIT_EXPECT_EQ(test, (long)vm_mmap(other, 0, WINDOW_SIZE, WINDOW_RW, MAP_SHARED,
					    WINDOW_START), -EINVAL);
	__fput_sync(other);
}

struct window_create_case {
	const char *desc;
	u64 off;
	u64 size_bytes;
	pgoff_t pgoff;
	int error;
};

static const struct window_create_case window_create_cases[] = {
	{ "all", 0, WINDOW_DEV_PAGES * PAGE_SIZE, 0, 0 },
	{ "last page, last offset", (WINDOW_DEV_PAGES - 1) * PAGE_SIZE, PAGE_SIZE,
	  ULONG_MAX - 1, 0 },
	{ "no size", 0, 0, 0, -EINVAL },
	{ "half a page", 0, PAGE_SIZE / 2, 0, -EINVAL },
	{ "from half a page", PAGE_SIZE / 2, PAGE_SIZE, 0, -EINVAL },
	{ "file offset overflows", 0, PAGE_SIZE, ULONG_MAX, -EINVAL },
	{ "too large", 0, (WINDOW_DEV_PAGES + 1) * PAGE_SIZE, 0, -ERANGE },
	{ "behind it", WINDOW_DEV_PAGES * PAGE_SIZE, PAGE_SIZE, 0, -ERANGE },
	{ "offset overflows", -(u64)PAGE_SIZE, 2 * PAGE_SIZE, 0, -ERANGE },
};

KUNIT_ARRAY_PARAM_DESC(window_create, window_create_cases, desc);

static void create_checks_its_parameters(struct kunit *test)
{
	const struct window_create_case *c = test->param_value;
	struct window_ctx *ctx = test->priv;
	struct bound_window *win;

	win = window_try(ctx, c->off, c->size_bytes, c->pgoff);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(win), c->error);
	if (!IS_ERR(win))
		ctx->win = win;
	else
		KUNIT_EXPECT_TRUE(test, list_empty(&ctx->gate->windows));
}

static void create_wants_a_mapping(struct kunit *test)
{
	const struct bound_window_args args = { .size_bytes = PAGE_SIZE };
	struct window_ctx *ctx = test->priv;

	scoped_cond_guard(bound, return, ctx->gate)
		KUNIT_EXPECT_PTR_EQ(test, bound_window_create(&scope, &ctx->map, &args),
				    ERR_PTR(-EINVAL));
}

/* Whoever still has a token, it's too late for new windows. */
static void create_refuses_a_closing_gate(struct kunit *test)
{
	struct window_ctx *ctx = test->priv;
	const struct bound_window_args args = {
		.mapping = ctx->file->f_mapping,
		.size_bytes = PAGE_SIZE,
	};

	bound_gate_close(ctx->gate);
	device_lock(ctx->dev);
	scoped_cond_guard(bound_assumed, {}, ctx->gate, ctx->dev)
		KUNIT_EXPECT_PTR_EQ(test, bound_window_create(&scope, &ctx->map, &args),
				    ERR_PTR(-ENODEV));
	device_unlock(ctx->dev);
	KUNIT_EXPECT_TRUE(test, list_empty(&ctx->gate->windows));
}

static void revoking_gives_memory_instead(struct kunit *test)
{
	struct window_ctx *ctx = test->priv;
	u8 __user *user;

	window_make(test);
	user = window_map_ok(test);
	memset(window_mem(ctx, 0), 0x11, WINDOW_SIZE);
	expect_reads(test, user, 0x11);

	bound_window_revoke(ctx->win);
	KUNIT_EXPECT_EQ(test, window_pfn(current->mm, ctx->addr), 0);
	expect_reads(test, user, 0);
	expect_reads(test, user + PAGE_SIZE, 0);
	expect_writes(test, user, 0x22);
	/* it's memory, for whatever that is worth; but not the device's */
	expect_reads(test, user, 0x22);
	KUNIT_EXPECT_EQ(test, *window_mem(ctx, 0), 0x11);
	KUNIT_EXPECT_EQ(test, *window_mem(ctx, PAGE_SIZE), 0x11);
	/* no new mappings; again is harmless */
	KUNIT_EXPECT_EQ(test, (long)window_map(ctx), -ENODEV);
	bound_window_revoke(ctx->win);
	expect_reads(test, user, 0x22);
}

/* One that wasn't touched before. */
static void first_fault_after_revoking(struct kunit *test)
{
	struct window_ctx *ctx = test->priv;
	u8 __user *user;

	window_make(test);
	user = window_map_ok(test);
	*window_mem(ctx, 0) = 0x11;
	bound_window_revoke(ctx->win);
	expect_writes(test, user, 0x22);
	KUNIT_EXPECT_EQ(test, *window_mem(ctx, 0), 0x11);
}

/* Another window of the same pages at the same offset, as when a queue's id is used again. */
static void a_new_window_is_another_one(struct kunit *test)
{
	struct window_ctx *ctx = test->priv;
	struct bound_window *old;
	u8 __user *first, *second;

	window_make(test);
	first = window_map_ok(test);
	*window_mem(ctx, 0) = 0x11;
	expect_reads(test, first, 0x11);
	old = ctx->win;
	bound_window_revoke(old);
	expect_writes(test, first, 0x22);

	window_make(test);
	second = window_map_ok(test);
	expect_reads(test, second, 0x11);
	expect_reads(test, first, 0x22);
	/* revoking one zaps both, which only costs faults */
	bound_window_revoke(old);
	bound_window_revoke(ctx->win);
	expect_reads(test, second, 0);
	expect_reads(test, first, 0x22);
	bound_window_put(old);
}

static void unbinding_revokes_first(struct kunit *test)
{
	struct window_ctx *ctx = test->priv;
	u8 __user *user;

	window_make(test);
	user = window_map_ok(test);
	*window_mem(ctx, 0) = 0x11;
	expect_reads(test, user, 0x11);
	ctx->pfn_at_unmap = 1;
	window_unbind(ctx);
	/* before the device's own mapping goes */
	KUNIT_EXPECT_EQ(test, ctx->unmaps, 1);
	KUNIT_EXPECT_EQ(test, ctx->pfn_at_unmap, 0);
	KUNIT_EXPECT_TRUE(test, list_empty(&ctx->gate->windows));
	expect_reads(test, user, 0);
	expect_writes(test, user, 0x22);
	KUNIT_EXPECT_EQ(test, *window_mem(ctx, 0), 0x11);
}

/* Between closing and revoking, which a reader makes long: no new pages of the device. */
static void closing_refuses_faults(struct kunit *test)
{
	struct window_ctx *ctx = test->priv;
	u8 __user *user;

	window_make(test);
	user = window_map_ok(test);
	*window_mem(ctx, 0) = 0x11;
	expect_reads(test, user, 0x11);
	bound_gate_close(ctx->gate);
	/* what is there stays until the gate is revoked */
	expect_reads(test, user, 0x11);
	expect_reads(test, user + PAGE_SIZE, 0);
	window_unbind(ctx);
	expect_reads(test, user, 0);
}

/* All who knew it have gone but the mapping. */
static void mapping_outlives_everything(struct kunit *test)
{
	struct window_ctx *ctx = test->priv;
	u8 __user *user;

	window_make(test);
	user = window_map_ok(test);
	*window_mem(ctx, 0) = 0x11;
	window_unbind(ctx);
	ctx->addr = 0;
	bound_window_put(ctx->win);
	ctx->win = NULL;
	bound_gate_put(ctx->gate);
	ctx->gate = NULL;
	__fput_sync(ctx->file);
	ctx->file = NULL;
	expect_reads(test, user, 0);
	expect_writes(test, user, 0x22);
	KUNIT_EXPECT_EQ(test, vm_munmap((unsigned long)user, WINDOW_SIZE), 0);
}

/* Unmapping the first page splits the mapping; each part has its reference. */
static void parts_outlive_each_other(struct kunit *test)
{
	struct window_ctx *ctx = test->priv;
	u8 __user *user;

	window_make(test);
	user = window_map_ok(test);
	*window_mem(ctx, PAGE_SIZE) = 0x33;
	KUNIT_ASSERT_EQ(test, vm_munmap((unsigned long)user, PAGE_SIZE), 0);
	bound_window_put(ctx->win);
	ctx->win = NULL;
	expect_reads(test, user + PAGE_SIZE, 0x33);
	ctx->addr = (unsigned long)user + PAGE_SIZE;
	window_unbind(ctx);
	expect_reads(test, user + PAGE_SIZE, 0);
	KUNIT_EXPECT_EQ(test, vm_munmap((unsigned long)user + PAGE_SIZE, PAGE_SIZE), 0);
	KUNIT_EXPECT_EQ(test, *window_mem(ctx, PAGE_SIZE), 0x33);
}

/* A window that its driver forgets stays, and goes with the gate. */
static void forgotten_window_is_revoked(struct kunit *test)
{
	struct window_ctx *ctx = test->priv;
	u8 __user *user;

	window_make(test);
	user = window_map_ok(test);
	bound_window_put(ctx->win);
	ctx->win = NULL;
	*window_mem(ctx, 0) = 0x11;
	expect_reads(test, user, 0x11);
	window_unbind(ctx);
	expect_reads(test, user, 0);
}

static void put_of_nothing_is_nothing(struct kunit *test)
{
	bound_window_put(NULL);
}

struct window_racer {
	struct window_ctx *ctx;
	u8 __user *user;
	bool stop;
};

/* Touches the mapping for as long as it can. */
static int toucher_fn(struct test_thread *thread)
{
	struct window_racer *racer = thread->arg;
	int faults = 0;
	u8 value;

	kthread_use_mm(racer->ctx->mm);
	complete(&thread->arrived);
	while (!READ_ONCE(racer->stop)) {
		faults += !!copy_from_user(&value, racer->user, sizeof(value));
		faults += !!put_user(0x77, racer->user + PAGE_SIZE);
		/* Time that's made of what the CPU does must go on. */
		fsleep(10);
	}
	kthread_unuse_mm(racer->ctx->mm);
	return faults;
}

static void touching_while_revoking(struct kunit *test)
{
	struct window_ctx *ctx = test->priv;
	struct window_racer racer = { .ctx = ctx };
	struct test_thread *thread;
	unsigned int i;

	for (i = 0; i < 50; i++) {
		window_make(test);
		racer.user = window_map_ok(test);
		racer.stop = false;
		thread = test_thread_start(test, "toucher", toucher_fn, &racer);
		test_thread_wait_arrived(test, thread);
		*window_mem(ctx, 0) = 0;
		bound_window_revoke(ctx->win);
		*window_mem(ctx, PAGE_SIZE) = 0x11;
		fsleep(1000);
		WRITE_ONCE(racer.stop, true);
		KUNIT_EXPECT_EQ(test, test_thread_join(test, thread), 0);
		/* nothing has arrived there after the revocation */
		KUNIT_EXPECT_EQ(test, *window_mem(ctx, PAGE_SIZE), 0x11);
		KUNIT_EXPECT_EQ(test, vm_munmap((unsigned long)racer.user, WINDOW_SIZE), 0);
		bound_window_put(ctx->win);
		ctx->win = NULL;
	}
}

static int revoker_fn(struct test_thread *thread)
{
	struct window_ctx *ctx = thread->arg;

	complete(&thread->arrived);
	bound_window_revoke(ctx->win);
	/* whoever was first, it's done now */
	return !!window_pfn(ctx->mm, ctx->addr);
}

static void revoking_while_unbinding(struct kunit *test)
{
	struct window_ctx *ctx = test->priv;
	struct test_thread *thread;
	u8 __user *user;

	window_make(test);
	user = window_map_ok(test);
	expect_reads(test, user, 0);
	thread = test_thread_start(test, "revoker", revoker_fn, ctx);
	test_thread_wait_arrived(test, thread);
	window_unbind(ctx);
	KUNIT_EXPECT_EQ(test, test_thread_join(test, thread), 0);
	KUNIT_EXPECT_EQ(test, ctx->pfn_at_unmap, 0);
}

/* A device with a real BAR, and its page number. Nothing is read there. */
static struct bound_gate *window_pci(struct kunit *test, unsigned long *ret_pfn)
{
	struct window_ctx *ctx = test->priv;
	struct bound_gate *gate;

	if (IS_ENABLED(CONFIG_UML))
		kunit_skip(test, "UML can't map into a process what isn't its memory");
	ctx->pci = test_pci_create(test);
	gate = bound_gate_create(&ctx->pci->pdev->dev, NULL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, gate);
	*ret_pfn = PHYS_PFN(pci_resource_start(ctx->pci->pdev, TEST_PCI_MEM));
	return gate;
}

/* Which page a fault finds, before and after unbinding. */
static void expect_maps_page(struct kunit *test, unsigned long pfn)
{
	struct window_ctx *ctx = test->priv;
	unsigned long addr;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, ctx->win);
	window_map_ok(test);
	addr = ctx->addr + PAGE_SIZE;
	mmap_read_lock(current->mm);
	KUNIT_EXPECT_EQ(test, fixup_user_fault(current->mm, addr, FAULT_FLAG_WRITE, NULL), 0);
	mmap_read_unlock(current->mm);
	KUNIT_EXPECT_EQ(test, window_pfn(current->mm, addr), pfn);

	device_release_driver(&ctx->pci->pdev->dev);
	KUNIT_EXPECT_EQ(test, window_pfn(current->mm, addr), 0);
	expect_reads(test, (u8 __user *)addr, 0);
	KUNIT_EXPECT_NE(test, window_pfn(current->mm, addr), pfn);
}

static void window_of_a_bar(struct kunit *test)
{
	struct window_ctx *ctx = test->priv;
	unsigned long pfn;
	struct bound_gate *gate = window_pci(test, &pfn);
	const struct bound_window_args args = {
		.mapping = ctx->file->f_mapping,
		.pgoff = WINDOW_PGOFF,
		.off = PAGE_SIZE,
		.size_bytes = WINDOW_SIZE,
	};
	struct bound_bar *bar;

	bar = bound_bar_map(gate, ctx->pci->pdev, TEST_PCI_MEM, TEST_PCI_MEM_SIZE, "test");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, bar);
	scoped_cond_guard(bound, return, gate)
		ctx->win = bound_bar_window(&scope, bar, &args);
	expect_maps_page(test, pfn + 2);
}

static void window_of_iomem(struct kunit *test)
{
	struct window_ctx *ctx = test->priv;
	unsigned long pfn;
	struct bound_gate *gate = window_pci(test, &pfn);
	const struct bound_window_args args = {
		.mapping = ctx->file->f_mapping,
		.pgoff = WINDOW_PGOFF,
		.off = 2 * PAGE_SIZE,
		.size_bytes = WINDOW_SIZE,
	};
	struct bound_iomem *io;

	io = bound_iomem_map_shared(gate, pci_resource_n(ctx->pci->pdev, TEST_PCI_MEM),
				    TEST_PCI_MEM_SIZE);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, io);
	scoped_cond_guard(bound, return, gate)
		ctx->win = bound_iomem_window(&scope, io, &args);
	expect_maps_page(test, pfn + 3);
}

static int window_init(struct kunit *test)
{
	struct window_ctx *ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);
	struct bound_gate *gate;

	KUNIT_ASSERT_NOT_NULL(test, ctx);
	KUNIT_ASSERT_EQ(test, kunit_attach_mm(), 0);
	ctx->memory = alloc_pages(GFP_KERNEL | __GFP_ZERO, WINDOW_DEV_ORDER);
	KUNIT_ASSERT_NOT_NULL(test, ctx->memory);
	test->priv = ctx;
	ctx->file = window_file(test);

	ctx->dev = kunit_device_register(test, "window");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, ctx->dev);
	gate = bound_gate_create(ctx->dev, NULL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, gate);
	ctx->gate = bound_gate_get(gate);
	ctx->map = (struct bound_map){
		.size = WINDOW_DEV_PAGES * PAGE_SIZE,
		.gate = gate,
		.unmap = window_unmap,
		.free = window_free,
		.phys = page_to_phys(ctx->memory),
	};
	list_add(&ctx->map.node, &gate->maps);
	return 0;
}

/* The first mapping of @file. Returns 0 if there is none. */
static size_t window_find(struct file *file, unsigned long *ret_addr)
{
	struct vm_area_struct *vma;
	struct vma_iterator vmi;
	size_t size = 0;

	mmap_read_lock(current->mm);
	vma_iter_init(&vmi, current->mm, 0);
	for_each_vma(vmi, vma) {
		if (vma->vm_file != file)
			continue;
		*ret_addr = vma->vm_start;
		size = vma->vm_end - vma->vm_start;
		break;
	}
	mmap_read_unlock(current->mm);
	return size;
}

/* It goes with the test's address space, but not with one that is lent: scripts/lib/kunit-core. */
static void window_unmap_rest(struct kunit *test, struct file *file)
{
	unsigned long addr;
	size_t size;

	if (kunit_attach_mm()) {
		KUNIT_FAIL(test, "nobody can unmap what the test has mapped");
		return;
	}
	while ((size = window_find(file, &addr)) && !vm_munmap(addr, size))
		;
}

static void window_exit(struct kunit *test)
{
	struct window_ctx *ctx = test->priv;

	if (!ctx)
		return;
	/* The test's address space is on its way out. */
	ctx->addr = 0;
	if (ctx->dev)
		kunit_device_unregister(test, ctx->dev);
	if (ctx->map.gate)
		window_unlist_map(ctx);
	bound_window_put(ctx->win);
	bound_gate_put(ctx->gate);
	if (ctx->file) {
		window_unmap_rest(test, ctx->file);
		/* Mappings have the file, which has this module. */
		while (file_count(ctx->file) > 1)
			fsleep(1000);
		__fput_sync(ctx->file);
	}
	flush_delayed_fput();
	__free_pages(ctx->memory, WINDOW_DEV_ORDER);
}

static struct kunit_case window_cases[] = {
	KUNIT_CASE(maps_the_device),
	KUNIT_CASE(maps_a_part),
	KUNIT_CASE(flags_are_those_of_a_device),
	KUNIT_CASE_PARAM(mmap_checks_its_parameters, window_mmap_gen_params),
	KUNIT_CASE(mmap_refuses_execution),
	KUNIT_CASE(mmap_wants_the_windows_inode),
	KUNIT_CASE_PARAM(create_checks_its_parameters, window_create_gen_params),
	KUNIT_CASE(create_wants_a_mapping),
	KUNIT_CASE(create_refuses_a_closing_gate),
	KUNIT_CASE(revoking_gives_memory_instead),
	KUNIT_CASE(first_fault_after_revoking),
	KUNIT_CASE(a_new_window_is_another_one),
	KUNIT_CASE(unbinding_revokes_first),
	KUNIT_CASE(closing_refuses_faults),
	KUNIT_CASE(mapping_outlives_everything),
	KUNIT_CASE(parts_outlive_each_other),
	KUNIT_CASE(forgotten_window_is_revoked),
	KUNIT_CASE(put_of_nothing_is_nothing),
	KUNIT_CASE(touching_while_revoking),
	KUNIT_CASE(revoking_while_unbinding),
	KUNIT_CASE(window_of_a_bar),
	KUNIT_CASE(window_of_iomem),
	{ }
};

struct kunit_suite bound_window_suite = {
	.name = "bound_window",
	.init = window_init,
	.exit = window_exit,
	.test_cases = window_cases,
};
