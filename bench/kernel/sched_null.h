/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A device without hardware: rings in memory, doorbells, an interrupt.
 */
#ifndef BENCH_KERNEL_SCHED_NULL_H
#define BENCH_KERNEL_SCHED_NULL_H

#include <linux/compiler.h>
#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include "bench.h"

/* Jobs that fit into a ring; a power of two. */
#define NULL_SLOTS	256

struct null_ring;

/**
 * typedef null_irq_fn - a driver's interrupt handler
 * @ring: the ring whose jobs have ended
 * @done: up to this one; the first job of a ring is 1
 *
 * Context: interrupts are disabled, in an interrupt or not.
 */
typedef void (*null_irq_fn)(struct null_ring *ring, u64 done);

/**
 * struct null_ring - a ring of the device
 */
struct null_ring {
	/** @tail: jobs written so far; the driver's, one writer at a time */
	u64 tail;
	/** @doorbell: how many of them the device has been told about */
	u64 doorbell;
	/** @done: how many the device has reported; its interrupt's */
	u64 done;
	/** @irq: the driver's */
	null_irq_fn irq;
	/** @slots: what is to be done, by the lower bits of the job's number */
	u64 slots[NULL_SLOTS];
};

/**
 * struct null_probe - what is wanted from the next doorbell
 */
struct null_probe {
	/** @stop: it ends what the plug-in counts */
	bool stop;
	/** @take_time: when was it rung? */
	bool take_time;
	/** @time_ns: this is the answer; 0: not yet */
	u64 time_ns;
};

extern struct null_probe null_probe;

void null_doorbell_probed(void);

/* Write a job to a ring. */
static inline void null_ring_write(struct null_ring *ring, u64 command)
{
	u64 tail = ring->tail + 1;

	WRITE_ONCE(ring->slots[tail % NULL_SLOTS], command);
	ring->tail = tail;
}

/* Tell the device about all jobs that have been written. */
static inline void null_ring_doorbell(struct null_ring *ring)
{
	/* As for any device: the jobs before the doorbell. */
	wmb();
	WRITE_ONCE(ring->doorbell, ring->tail);
	if (unlikely(null_probe.stop || null_probe.take_time))
		null_doorbell_probed();
}

void null_ring_init(struct null_ring *ring, null_irq_fn irq);
void null_ring_interrupt(struct null_ring *ring);

void null_busy_begin(struct null_ring **rings, unsigned int count, unsigned int period_us);
void null_busy_end(void);

#endif
