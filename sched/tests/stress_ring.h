/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The hardware of the stress test: a ring that is emptied by a timer's interrupt, and
 * can hang, lose an interrupt, stop late or never, and disappear.
 */
#ifndef _JOBQ_TESTS_STRESS_RING_H
#define _JOBQ_TESTS_STRESS_RING_H

#include <linux/hrtimer.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct jobq;

/* Less than jobs without credits can want, so it's full at times. */
#define STRESS_RING_SIZE 16

/**
 * struct stress_ring_entry - a job as the hardware sees it
 */
struct stress_ring_entry {
	/** @seqno: what is reported when it is through */
	u64 seqno;
	/** @hang: it never will be */
	bool hang;
};

/**
 * struct stress_ring - one ring
 */
struct stress_ring {
	/** @q: queue that feeds it */
	struct jobq *q;
	/** @irq: the interrupt */
	struct hrtimer irq;
	/** @lock: protects what follows */
	spinlock_t lock;
	/** @entries: jobs from @head to @tail, which aren't reduced to indices */
	struct stress_ring_entry entries[STRESS_RING_SIZE];
	/** @head: the oldest one */
	unsigned int head;
	/** @tail: behind the youngest one */
	unsigned int tail;
	/** @written: the last seqno that was written, or that a reset went back to */
	u64 written;
	/** @executed: the last seqno that was executed */
	u64 executed;
	/** @ticks: number of interrupts */
	unsigned int ticks;
	/** @lost: how many of them the driver never saw */
	unsigned int lost;
	/** @hung: the job at @head hangs */
	bool hung;
	/** @stopping: the next interrupt says that it has stopped */
	bool stopping;
	/** @gone: it does nothing any more */
	bool gone;
	/** @broken: what was found wrong, or NULL */
	const char *broken;
};

void stress_ring_init(struct stress_ring *ring, struct jobq *q, u64 first_seqno);
bool stress_ring_write(struct stress_ring *ring, u64 seqno, bool hang);
void stress_ring_doorbell(struct stress_ring *ring);
bool stress_ring_quiesce(struct stress_ring *ring);
void stress_ring_clear(struct stress_ring *ring);
void stress_ring_ask_stop(struct stress_ring *ring);
void stress_ring_freeze(struct stress_ring *ring);
void stress_ring_disable(struct stress_ring *ring);
bool stress_ring_holds(struct stress_ring *ring, u64 seqno);
u64 stress_ring_executed(struct stress_ring *ring);

#endif
