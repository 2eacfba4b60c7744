// SPDX-License-Identifier: GPL-2.0
/*
 * A timeline by hand, the way drivers have them, with the flaws that they have.
 *
 * Documentation/fence-migration.rst shows the parts between the markers beside those
 * of fence_after.c. scripts/lint compiles both.
 */
#include <linux/dma-fence.h>
#include <linux/err.h>
#include <linux/interrupt.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>

#include "fence_buffer.h"

/* begin: types */

struct blit {
	void __iomem *regs;
	struct mutex submit_lock;	/* one submitter at a time */
	spinlock_t fence_lock;		/* of all fences; protects the next two */
	struct list_head pending;
	u32 last_seqno;
	u64 fence_context;
	char name[16];
};

struct blit_fence {
	struct dma_fence base;
	struct list_head node;
	struct blit *blit;
	struct blit_buffer *buf;
};

/* end: types */

/* begin: ops */

static const char *blit_fence_driver_name(struct dma_fence *fence)
{
	return "blit";
}

static const char *blit_fence_timeline_name(struct dma_fence *fence)
{
	return container_of(fence, struct blit_fence, base)->blit->name;
}

static void blit_fence_release(struct dma_fence *fence)
{
	struct blit_fence *f = container_of(fence, struct blit_fence, base);

	blit_buffer_put(f->buf);
	dma_fence_free(fence);
}

static const struct dma_fence_ops blit_fence_ops = {
	.get_driver_name = blit_fence_driver_name,
	.get_timeline_name = blit_fence_timeline_name,
	.release = blit_fence_release,
};

/* end: ops */

/* begin: init */

static void blit_init(struct blit *blit, int index)
{
	mutex_init(&blit->submit_lock);
	spin_lock_init(&blit->fence_lock);
	INIT_LIST_HEAD(&blit->pending);
	blit->fence_context = dma_fence_context_alloc(1);
	snprintf(blit->name, sizeof(blit->name), "blit%d", index);
}

/* end: init */

/* begin: submit */

static struct blit_fence *blit_fence_create(struct blit *blit, struct blit_buffer *buf)
{
	struct blit_fence *f = kzalloc_obj(*f);

	if (!f)
		return NULL;
	f->blit = blit;
	f->buf = blit_buffer_get(buf);
	scoped_guard(spinlock_irqsave, &blit->fence_lock) {
		dma_fence_init(&f->base, &blit_fence_ops, &blit->fence_lock,
			       blit->fence_context, ++blit->last_seqno);
		dma_fence_get(&f->base);	/* for the list */
		list_add_tail(&f->node, &blit->pending);
	}
	return f;
}

/* The number is used up: the fence has to signal, before those that are older. */
static void blit_fence_cancel(struct blit *blit, struct blit_fence *f, int error)
{
	scoped_guard(spinlock_irqsave, &blit->fence_lock) {
		list_del_init(&f->node);
		dma_fence_set_error(&f->base, error);
		dma_fence_signal_locked(&f->base);
	}
	dma_fence_put(&f->base);
	dma_fence_put(&f->base);
}

static struct dma_fence *blit_submit(struct blit *blit, struct blit_buffer *buf, u32 command)
{
	struct blit_fence *f;
	int ret;

	guard(mutex)(&blit->submit_lock);
	f = blit_fence_create(blit, buf);
	if (!f)
		return ERR_PTR(-ENOMEM);
	ret = blit_wait_slot(blit->regs);
	if (ret) {
		blit_fence_cancel(blit, f, ret);
		return ERR_PTR(ret);
	}
	writel(command, blit->regs + REG_COMMAND);
	writel(lower_32_bits(f->base.seqno), blit->regs + REG_START);
	return &f->base;
}

/* end: submit */

/* begin: irq */

static irqreturn_t blit_irq(int irq, void *data)
{
	struct blit *blit = data;
	u32 done = readl(blit->regs + REG_DONE);
	bool failed = readl(blit->regs + REG_FAILED) == done;
	struct blit_fence *f, *next;

	guard(spinlock)(&blit->fence_lock);
	list_for_each_entry_safe(f, next, &blit->pending, node) {
		u32 seqno = lower_32_bits(f->base.seqno);

		if ((s32)(done - seqno) < 0)
			break;
		list_del_init(&f->node);
		if (failed && seqno == done)
			dma_fence_set_error(&f->base, -EIO);
		dma_fence_signal_locked(&f->base);
		dma_fence_put(&f->base);	/* the last one releases, in here */
	}
	if (failed)
		writel(done, blit->regs + REG_FAILED);
	return IRQ_HANDLED;
}

/* end: irq */

/* begin: fini */

static void blit_fini(struct blit *blit)
{
	struct blit_fence *f, *next;
	LIST_HEAD(list);

	writel(1, blit->regs + REG_STOP);
	scoped_guard(spinlock_irqsave, &blit->fence_lock) {
		list_splice_init(&blit->pending, &list);
		list_for_each_entry(f, &list, node) {
			dma_fence_set_error(&f->base, -ENODEV);
			dma_fence_signal_locked(&f->base);
		}
	}
	list_for_each_entry_safe(f, next, &list, node)
		dma_fence_put(&f->base);
	/* Whoever still has a fence uses the lock, the name and the ops. */
}

/* end: fini */

/* What the rest of the driver would refer to. */
static const struct blit_uses {
	void (*init)(struct blit *blit, int index);
	struct dma_fence *(*submit)(struct blit *blit, struct blit_buffer *buf, u32 command);
	irq_handler_t irq;
	void (*fini)(struct blit *blit);
} blit_uses __used = { blit_init, blit_submit, blit_irq, blit_fini };

MODULE_DESCRIPTION("Carillon example: a timeline by hand");
MODULE_LICENSE("GPL");
