/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rings, for those files of carillon_pci.ko that they are made of.
 */
#ifndef _CARILLON_RING_PRIV_H
#define _CARILLON_RING_PRIV_H

#include <linux/types.h>

#include "carillon_ring.h"

struct carillon_core;
struct crln_cpl_head;
struct crln_desc;
struct crln_cmd_sem;

/**
 * struct carillon_ring - a ring
 *
 * Locking codes: I: set at creation; R: carillon_core.ring_mutex; O: the owner's
 * business: one caller at a time.
 */
struct carillon_ring {
	/** @core: I */
	struct carillon_core *core;
	/** @args: I */
	struct carillon_ring_args args;
	/** @index: I: number of the ring */
	unsigned int index;
	/** @vector: I: interrupt vector */
	unsigned int vector;
	/** @size_bytes: I: of @desc, completion area and @waits together */
	size_t size_bytes;
	/** @desc: I: the slots */
	struct crln_desc *desc;
	/** @desc_dma: I: their bus address, and that of the whole allocation */
	dma_addr_t desc_dma;
	/** @cpl: I: the completion area */
	struct crln_cpl_head *cpl;
	/** @waits: I: a command per slot, for those that wait */
	struct crln_cmd_sem *waits;
	/** @tail: O to write: slots written since the ring was enabled, free running */
	u32 tail;
	/** @first: O and R to write: position of the first of them: none has two */
	u32 first;
	/** @pushed: O: the last job's sequence number */
	u64 pushed;
	/** @enabled: R to write: enabled, and the device wasn't reset since */
	bool enabled;
	/** @told: R to write: the owner knows of a fault since the ring was enabled */
	bool told;
};

/*
 * What the device knows a job by: there is room for numbers before it, which are those of
 * the slots that wait.
 */
static inline u64 carillon_ring_to_hw(u64 seqno)
{
	return seqno * CARILLON_RING_NUMBERS;
}

#endif
