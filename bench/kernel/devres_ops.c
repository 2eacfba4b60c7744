// SPDX-License-Identifier: GPL-2.0
/*
 * The operations: each enters as it does, writes one register and leaves.
 */

#include <bound/bound_bar.h>
#include <bound/bound_gate.h>
#include <drm/drm_drv.h>
#include <linux/io.h>
#include <linux/kernel.h>

#include "devres.h"

/* Nothing: what the loop and the call cost. */
static int op_loop(struct devres_regs *regs, struct bound_gate *gate,
		   const struct device *dev, struct devres_bar *bar,
		   struct drm_device *drm)
{
	return 0;
}

static int op_writel(struct devres_regs *regs, struct bound_gate *gate,
		     const struct device *dev, struct devres_bar *bar,
		     struct drm_device *drm)
{
	writel(DEVRES_VALUE, regs->base + DEVRES_REG);
	return 0;
}

static int op_assume(struct devres_regs *regs, struct bound_gate *gate,
		     const struct device *dev, struct devres_bar *bar,
		     struct drm_device *drm)
{
	ACQUIRE(bound_assumed, tok)(gate, dev);
	int ret = ACQUIRE_ERR(bound_assumed, &tok);

	if (ret)
		return ret;
	bound_bar_write32(&tok, bar, DEVRES_REG, DEVRES_VALUE);
	return 0;
}

static int op_enter(struct devres_regs *regs, struct bound_gate *gate,
		    const struct device *dev, struct devres_bar *bar,
		    struct drm_device *drm)
{
	ACQUIRE(bound, tok)(gate);
	int ret = ACQUIRE_ERR(bound, &tok);

	if (ret)
		return ret;
	bound_bar_write32(&tok, bar, DEVRES_REG, DEVRES_VALUE);
	return 0;
}

static int op_drm_dev_enter(struct devres_regs *regs, struct bound_gate *gate,
			    const struct device *dev, struct devres_bar *bar,
			    struct drm_device *drm)
{
	int idx;

	if (!drm_dev_enter(drm, &idx))
		return -ENODEV;
	writel(DEVRES_VALUE, regs->base + DEVRES_REG);
	drm_dev_exit(idx);
	return 0;
}

static int op_rwsem(struct devres_regs *regs, struct bound_gate *gate,
		    const struct device *dev, struct devres_bar *bar,
		    struct drm_device *drm)
{
	int ret = -ENODEV;

	down_read(&regs->sem);
	if (!regs->gone) {
		writel(DEVRES_VALUE, regs->base + DEVRES_REG);
		ret = 0;
	}
	up_read(&regs->sem);
	return ret;
}

const struct devres_op devres_ops[] = {
	{ "loop", "ours", op_loop, false },
	{ "assume", "ours", op_assume, true },
	{ "assume", "writel", op_writel, true },
	{ "enter", "ours", op_enter, true },
	{ "enter", "drm", op_drm_dev_enter, true },
	{ "enter", "rwsem", op_rwsem, true },
	{ "enter", "writel", op_writel, true },
};

const unsigned int devres_ops_count = ARRAY_SIZE(devres_ops);
