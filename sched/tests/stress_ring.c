// SPDX-License-Identifier: GPL-2.0
/*
 * The hardware of the stress test.
 */

#include <linux/cleanup.h>
#include <linux/compiler.h>
#include <linux/ktime.h>

#include <jobq/jobq.h>

#include "stress_ring.h"

/* One interrupt of so many is lost. */
#define LOSE_IRQ 41

static void stress_ring_start_timer(struct stress_ring *ring)
{
	/* Not the same for all, so that interrupts and submitters meet in all ways. */
	unsigned int us = 50 + 100 * (READ_ONCE(ring->ticks) % 16);

	if (!hrtimer_is_queued(&ring->irq))
		hrtimer_start(&ring->irq, us_to_ktime(us), HRTIMER_MODE_REL);
}

/* Some of the jobs in the ring. Returns whether there is something left to do. */
static bool stress_ring_execute_locked(struct stress_ring *ring)
{
	unsigned int num = 1 + ring->ticks % 8;
	struct stress_ring_entry *entry;

	for (; num && ring->head != ring->tail && !ring->hung; num--) {
		entry = &ring->entries[ring->head % STRESS_RING_SIZE];
		if (entry->hang) {
			ring->hung = true;
			break;
		}
		WRITE_ONCE(ring->executed, entry->seqno);
		ring->head++;
	}
	return ring->head != ring->tail && !ring->hung;
}

/* Both kinds of hardware: with all of the seqno, and with its low half. */
static void stress_ring_report(struct stress_ring *ring, u64 executed)
{
	int ret;

	if (executed & 1)
		ret = jobq_complete(ring->q, executed);
	else
		ret = jobq_complete32(ring->q, lower_32_bits(executed));
	if (ret)
		WRITE_ONCE(ring->broken, "a completion was refused");
}

static enum hrtimer_restart stress_ring_irq(struct hrtimer *timer)
{
	struct stress_ring *ring = container_of(timer, struct stress_ring, irq);
	bool more, stopping, lost;
	u64 executed;

	scoped_guard(spinlock_irqsave, &ring->lock) {
		if (ring->gone)
			return HRTIMER_NORESTART;
		ring->ticks++;
		lost = ring->ticks % LOSE_IRQ == LOSE_IRQ / 2;
		ring->lost += lost;
		more = stress_ring_execute_locked(ring);
		executed = ring->executed;
		stopping = ring->stopping;
		ring->gone = stopping;
	}
	if (stopping || !lost)
		stress_ring_report(ring, executed);
	if (stopping)
		jobq_stopped(ring->q);
	if (stopping || !more)
		return HRTIMER_NORESTART;
	/* Not if a doorbell was quicker. */
	stress_ring_start_timer(ring);
	return HRTIMER_NORESTART;
}

/**
 * stress_ring_init() - an empty ring
 * @ring: ring
 * @q: queue that feeds it
 * @first_seqno: of its first job
 *
 * Context: Process.
 */
void stress_ring_init(struct stress_ring *ring, struct jobq *q, u64 first_seqno)
{
	ring->q = q;
	ring->written = first_seqno - 1;
	ring->executed = first_seqno - 1;
	spin_lock_init(&ring->lock);
	hrtimer_setup(&ring->irq, stress_ring_irq, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
}

/**
 * stress_ring_write() - put a job into a ring
 * @ring: ring
 * @seqno: its number
 * @hang: the hardware won't get past it
 *
 * Context: Any.
 * Return: Whether there was room.
 */
bool stress_ring_write(struct stress_ring *ring, u64 seqno, bool hang)
{
	guard(spinlock_irqsave)(&ring->lock);
	if (seqno <= ring->written)
		ring->broken = "a job was run twice or out of order";
	if (ring->tail - ring->head == STRESS_RING_SIZE)
		return false;
	ring->entries[ring->tail % STRESS_RING_SIZE] = (struct stress_ring_entry) {
		.seqno = seqno,
		.hang = hang,
	};
	ring->tail++;
	ring->written = seqno;
	return true;
}

/**
 * stress_ring_doorbell() - tell a ring that there are jobs
 * @ring: ring
 *
 * Context: Any.
 */
void stress_ring_doorbell(struct stress_ring *ring)
{
	stress_ring_start_timer(ring);
}

/**
 * stress_ring_quiesce() - switch the interrupt off and report what it hadn't
 * @ring: ring of a queue that is stopped
 *
 * Context: Process, sleeps.
 * Return: Whether the ring hangs. If it doesn't a doorbell makes it go on.
 */
bool stress_ring_quiesce(struct stress_ring *ring)
{
	bool hung, gone;
	u64 executed;

	hrtimer_cancel(&ring->irq);
	scoped_guard(spinlock_irqsave, &ring->lock) {
		hung = ring->hung;
		gone = ring->gone;
		executed = ring->executed;
	}
	if (!gone)
		stress_ring_report(ring, executed);
	return hung && !gone;
}

static void stress_ring_clear_locked(struct stress_ring *ring)
{
	ring->head = ring->tail;
	ring->written = ring->executed;
	ring->hung = false;
}

/**
 * stress_ring_clear() - reset a ring
 * @ring: ring after stress_ring_quiesce()
 *
 * Context: Any.
 */
void stress_ring_clear(struct stress_ring *ring)
{
	guard(spinlock_irqsave)(&ring->lock);
	stress_ring_clear_locked(ring);
}

/**
 * stress_ring_ask_stop() - have a ring stop and say so in an interrupt
 * @ring: ring
 *
 * Context: Any.
 */
void stress_ring_ask_stop(struct stress_ring *ring)
{
	scoped_guard(spinlock_irqsave, &ring->lock)
		ring->stopping = true;
	stress_ring_start_timer(ring);
}

/**
 * stress_ring_freeze() - a ring gets stuck, whatever it is doing
 * @ring: ring
 *
 * Context: Any.
 */
void stress_ring_freeze(struct stress_ring *ring)
{
	guard(spinlock_irqsave)(&ring->lock);
	ring->hung = true;
}

/**
 * stress_ring_disable() - from now on a ring touches no memory
 * @ring: ring
 *
 * Context: Any. An interrupt may still be about to report something.
 */
void stress_ring_disable(struct stress_ring *ring)
{
	guard(spinlock_irqsave)(&ring->lock);
	stress_ring_clear_locked(ring);
	ring->gone = true;
}

/**
 * stress_ring_holds() - may a ring still touch the memory of a job?
 * @ring: ring
 * @seqno: of the job; earlier ones count, too
 *
 * Context: Any.
 * Return: Whether it may.
 */
bool stress_ring_holds(struct stress_ring *ring, u64 seqno)
{
	guard(spinlock_irqsave)(&ring->lock);
	return ring->head != ring->tail && !ring->gone &&
	       ring->entries[ring->head % STRESS_RING_SIZE].seqno <= seqno;
}

/**
 * stress_ring_executed() - how far is a ring?
 * @ring: ring
 *
 * Context: Any.
 * Return: The seqno of the last job that was executed.
 */
u64 stress_ring_executed(struct stress_ring *ring)
{
	return READ_ONCE(ring->executed);
}
