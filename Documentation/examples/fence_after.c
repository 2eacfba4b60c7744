// SPDX-License-Identifier: GPL-2.0
/*
 * The timeline of fence_before.c as a dfence_ctx.
 *
 * Documentation/fence-migration.rst shows the parts between the markers. scripts/lint
 * compiles them.
 */
#include <linux/dma-fence.h>
#include <linux/err.h>
#include <linux/interrupt.h>
#include <linux/module.h>
#include <linux/mutex.h>

#include <dfence/dfence.h>
#include <dfence/dfence_ctx.h>

#include "fence_buffer.h"

/* begin: types */

struct blit {
	void __iomem *regs;
	struct mutex submit_lock;	/* one submitter at a time */
	struct dfence_ctx *timeline;
};

struct blit_fence {
	struct dfence base;		/* first */
	struct blit_buffer *buf;
};

/* end: types */

/* begin: ops */

static void blit_fence_finish(struct dfence *f)
{
	blit_buffer_put(container_of(f, struct blit_fence, base)->buf);
}

static const struct dfence_ops blit_fence_ops = {
	.finish = blit_fence_finish,
};

/* end: ops */

/* begin: init */

static int blit_init(struct blit *blit, int index)
{
	char name[16];
	struct dfence_ctx_args args = { .driver_name = "blit", .timeline_name = name };

	snprintf(name, sizeof(name), "blit%d", index);
	mutex_init(&blit->submit_lock);
	blit->timeline = dfence_ctx_create(&args);
	return PTR_ERR_OR_ZERO(blit->timeline);
}

/* end: init */

/* begin: submit */

static struct dma_fence *blit_submit(struct blit *blit, struct blit_buffer *buf, u32 command)
{
	struct dma_fence *fence;
	struct blit_fence *f;
	int ret;

	guard(mutex)(&blit->submit_lock);
	f = dfence_alloc_type(blit->timeline, &blit_fence_ops, struct blit_fence, base,
			      GFP_KERNEL);
	if (!f)
		return ERR_PTR(-ENOMEM);
	ret = blit_wait_slot(blit->regs);
	if (ret) {
		dfence_free(&f->base);	/* never was: no number, no signal */
		return ERR_PTR(ret);
	}

	f->buf = blit_buffer_get(buf);
	/* Nothing fails or allocates any more. */
	guard(dfence_signalling)();
	fence = dma_fence_get(dfence_arm(&f->base));
	writel(command, blit->regs + REG_COMMAND);
	writel(lower_32_bits(fence->seqno), blit->regs + REG_START);
	return fence;
}

/* end: submit */

/* begin: irq */

static irqreturn_t blit_irq(int irq, void *data)
{
	struct blit *blit = data;
	u32 done = readl(blit->regs + REG_DONE);
	bool failed = readl(blit->regs + REG_FAILED) == done;

	if (failed)
		dfence_ctx_advance32(blit->timeline, done - 1, 0);
	dfence_ctx_advance32(blit->timeline, done, failed ? -EIO : 0);
	if (failed)
		writel(done, blit->regs + REG_FAILED);
	return IRQ_HANDLED;
}

/* end: irq */

/* begin: fini */

static void blit_fini(struct blit *blit)
{
	guard(mutex)(&blit->submit_lock);	/* nobody is arming a fence */
	writel(1, blit->regs + REG_STOP);
	dfence_ctx_declare_quiet(blit->timeline);
	WARN_ON(dfence_ctx_close(blit->timeline, -ENODEV));
	dfence_ctx_put(blit->timeline);
	/* Whoever still has a fence has nothing of ours. */
}

/* end: fini */

/* What the rest of the driver would refer to. */
static const struct blit_uses {
	int (*init)(struct blit *blit, int index);
	struct dma_fence *(*submit)(struct blit *blit, struct blit_buffer *buf, u32 command);
	irq_handler_t irq;
	void (*fini)(struct blit *blit);
} blit_uses __used = { blit_init, blit_submit, blit_irq, blit_fini };

MODULE_DESCRIPTION("Carillon example: a timeline that is a dfence_ctx");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("DFENCE");
