// SPDX-License-Identifier: GPL-2.0
/*
 * A device without hardware. It does nothing with its jobs and reports them complete when
 * the benchmark tells it to, or from a timer's interrupt.
 */

#include <linux/hrtimer.h>
#include <linux/irqflags.h>
#include <linux/ktime.h>

#include "sched_null.h"

struct null_probe null_probe;

/* The device at work, on its own. */
static struct {
	struct hrtimer timer;
	struct null_ring **rings;
	unsigned int count;
	ktime_t period;
} busy;

/**
 * null_doorbell_probed() - what is done at a doorbell somebody has waited for
 *
 * Context: Any.
 */
noinline void null_doorbell_probed(void)
{
	if (null_probe.stop) {
		bench_mark_stop();
		null_probe.stop = false;
	}
	if (null_probe.take_time) {
		null_probe.time_ns = ktime_get_ns();
		null_probe.take_time = false;
	}
}

/**
 * null_ring_init() - make a ring empty
 * @ring: the benchmark's memory
 * @irq: the driver's interrupt handler
 *
 * Context: Any.
 */
void null_ring_init(struct null_ring *ring, null_irq_fn irq)
{
	*ring = (struct null_ring) { .irq = irq };
}

/* Interrupts are disabled. */
static void null_ring_finish(struct null_ring *ring)
{
	u64 rung = READ_ONCE(ring->doorbell);

	if (ring->done == rung)
		return;
	ring->done = rung;
	ring->irq(ring, rung);
}

/**
 * null_ring_interrupt() - have all jobs done that the device knows, and say so
 * @ring: ring
 *
 * The call stands for the interrupt. A real one costs the same for everybody, and the
 * counter couldn't tell it from others.
 *
 * Context: Any; one context at a time.
 */
void null_ring_interrupt(struct null_ring *ring)
{
	unsigned long flags;

	local_irq_save(flags);
	null_ring_finish(ring);
	local_irq_restore(flags);
}

static enum hrtimer_restart null_busy_fn(struct hrtimer *timer)
{
	unsigned int i;

	for (i = 0; i < busy.count; i++)
		null_ring_finish(busy.rings[i]);
	hrtimer_forward_now(timer, busy.period);
	return HRTIMER_RESTART;
}

/**
 * null_busy_begin() - have the device look at its rings from now on
 * @rings: rings, stay until null_busy_end(); nobody else calls null_ring_interrupt()
 * @count: how many
 * @period_us: how often there is an interrupt, which reports all jobs that it finds
 *
 * Context: Process.
 */
void null_busy_begin(struct null_ring **rings, unsigned int count, unsigned int period_us)
{
	busy.rings = rings;
	busy.count = count;
	busy.period = us_to_ktime(period_us);
	hrtimer_setup(&busy.timer, null_busy_fn, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
	hrtimer_start(&busy.timer, busy.period, HRTIMER_MODE_REL_HARD);
}

/**
 * null_busy_end() - end that
 *
 * Context: Process, sleeps.
 */
void null_busy_end(void)
{
	hrtimer_cancel(&busy.timer);
}
