/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The inside of carillon_pci.ko; the DRM driver doesn't include this.
 */
#ifndef _CARILLON_CORE_PRIV_H
#define _CARILLON_CORE_PRIV_H

#include <linux/bitmap.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include <bound/bound_bar.h>
#include <bound/bound_promise.h>
#include <hw/carillon_hw.h>

#include "carillon_core.h"

struct bound_aux;
struct carillon_ring;
struct pci_dev;

/* How long the device may take to answer, on a machine that emulates it. */
#define CARILLON_ANSWER_US	(2 * USEC_PER_SEC)
#define CARILLON_POLL_US	50

/* What a register reads once the device is gone. */
#define CARILLON_ALL_ONES	0xffffffffu

/* Registers and doorbells. */
DECLARE_BOUND_BAR(carillon_bar, CRLN_BAR0_SIZE);

/**
 * struct carillon_irq - one interrupt vector
 * @core: the device
 * @vector: number, from 0
 * @rings: rings that use it; bits set and cleared atomically
 * @name: for /proc/interrupts
 * @promise: that its handler doesn't run once the device is unbound
 */
struct carillon_irq {
	struct carillon_core *core;
	unsigned int vector;
	DECLARE_BITMAP(rings, CRLN_MAX_RINGS);
	char name[32];
	struct bound_promise promise;
};

/**
 * struct carillon_core - the device
 *
 * Allocated by devres of the PCI device, so it lives as long as that is bound.
 * Locking codes: I: set in probe, then constant; R: @ring_mutex; C: @client_mutex.
 */
struct carillon_core {
	/** @pdev: I */
	struct pci_dev *pdev;
	/** @gate: I: the PCI binding's gate */
	struct bound_gate *gate;
	/** @bar: I: registers and doorbells */
	struct carillon_bar *bar;
	/** @aux: I: the auxiliary device */
	struct bound_aux *aux;
	/** @info: I: what the device said about itself */
	struct carillon_core_info info;

	/** @num_vectors: I: interrupt vectors in use, 1 or CRLN_NUM_VECTORS */
	unsigned int num_vectors;
	/** @irqs: I, but for the bitmaps */
	struct carillon_irq irqs[CRLN_NUM_VECTORS];

	/**
	 * @ring_mutex: Serialises what changes the state of rings with each
	 * other and with device resets. In the signalling path: nothing is
	 * allocated under it.
	 */
	struct mutex ring_mutex;
	/** @rings: R to write, RCU to read: the rings in use */
	struct carillon_ring __rcu *rings[CRLN_MAX_RINGS];
	/** @ring_used: R: indices taken, also while the ring isn't in @rings */
	DECLARE_BITMAP(ring_used, CRLN_MAX_RINGS);

	/** @tlb_mutex: One flush at a time. After @ring_mutex. In the signalling path. */
	struct mutex tlb_mutex;
	/** @tlb_tag: tag of the last flush, under @tlb_mutex */
	u32 tlb_tag;
	/** @quiet: under @tlb_mutex: the device was reset while @resetting, no ring runs */
	bool quiet;

	/** @time_lock: TIME_LO and TIME_HI are read as a pair under it. Leaf. */
	spinlock_t time_lock;

	/** @lost: set once, never cleared: the device is gone */
	unsigned long lost;
	/** @resetting: R to write: a function-level reset is under way */
	bool resetting;
	/** @lost_work: tells the client */
	struct work_struct lost_work;
	/** @event_work: looks which ring has faulted */
	struct work_struct event_work;
	/** @watch_work: looks now and then whether the device is still there */
	struct delayed_work watch_work;

	/** @client_mutex: No client function runs when it is released. */
	struct mutex client_mutex;
	/** @client: C */
	const struct carillon_core_client_ops *client;
	/** @client_data: C */
	void *client_data;
};

int __must_check carillon_core_start(const struct bound_token *tok, struct carillon_core *core);
int __must_check carillon_core_restart(const struct bound_token *tok,
				       struct carillon_core *core);
int __must_check carillon_core_probe_info(const struct bound_token *tok,
					  struct carillon_core *core);
void carillon_core_init(struct carillon_core *core);
void carillon_core_set_resetting(struct carillon_core *core, bool resetting);
void carillon_core_tell_reset_prepare(struct carillon_core *core);
void carillon_core_tell_reset_done(struct carillon_core *core);

#endif
