/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The ways to write a register of a device that may go at any moment.
 */
#ifndef BENCH_KERNEL_DEVRES_H
#define BENCH_KERNEL_DEVRES_H

#include <bound/bound_bar.h>
#include <linux/rwsem.h>
#include <linux/types.h>

struct bound_gate;
struct device;
struct drm_device;

/* The register: what is written to it, and how much of the BAR there has to be. */
#define DEVRES_REG	0x40
#define DEVRES_VALUE	0x600d
#define DEVRES_BAR_SIZE	0x1000

DECLARE_BOUND_BAR(devres_bar, DEVRES_BAR_SIZE);

/**
 * struct devres_regs - what those have to themselves who don't use a bound_bar
 */
struct devres_regs {
	/** @base: the same BAR, mapped once more */
	u8 __iomem *base;
	/** @sem: for the one with the semaphore: held by whoever uses @base */
	struct rw_semaphore sem;
	/** @gone: under @sem: @base isn't to be used any more */
	bool gone;
};

/*
 * Enters, writes DEVRES_VALUE to DEVRES_REG, leaves; returns 0, or -ENODEV without having
 * written. Each takes what it needs. Arguments are passed in registers, so each finds its
 * own there, and the others' cost it nothing.
 */
typedef int (*devres_op_fn)(struct devres_regs *regs, struct bound_gate *gate,
			    const struct device *dev, struct devres_bar *bar,
			    struct drm_device *drm);

/**
 * struct devres_op - an operation and its names
 */
struct devres_op {
	/** @measure: first part of what is measured, a word */
	const char *measure;
	/** @who: whose it is, a word */
	const char *who;
	/** @run: the operation */
	devres_op_fn run;
	/** @writes: whether it writes at all */
	bool writes;
};

extern const struct devres_op devres_ops[];
extern const unsigned int devres_ops_count;

#endif
