// SPDX-License-Identifier: MIT
/*
 * The firmware.
 *
 * Scheduling: of the rings that have something to do and are on no engine, the one
 * of the highest priority that ran longest ago. Engines ask at the end of each job
 * and whenever a job waits for a semaphore; a job is never taken off an engine
 * for another one.
 *
 * A thread of its own does the handshake, answers to enable, stop and faults, and
 * resets: all that touches memory or has to wait, while engines may be hung.
 */
#include "firmware.h"

#include <endian.h>
#include <pthread.h>

#include "bus.h"
#include "device.h"
#include "engine.h"
#include "util.h"

/**
 * firmware_pick_locked() - which ring shall an engine serve now
 * @dev: the device
 *
 * Context: Device lock held.
 * Return: a ring, which no other engine serves, or NULL.
 */
struct ring *firmware_pick_locked(struct device *dev)
{
	uint64_t sem_gen = __atomic_load_n(&dev->sem_gen, __ATOMIC_ACQUIRE);
	uint64_t now = now_ns();
	struct ring *best = NULL;

	if (dev->reset_pending)
		return NULL;
	for (unsigned int i = 0; i < dev->num_rings; i++) {
		struct ring *r = &dev->rings[i];

		if (!ring_runnable_locked(r, now, sem_gen))
			continue;
		if (!best || r->cfg.prio < best->cfg.prio ||
		    (r->cfg.prio == best->cfg.prio && r->last_run < best->last_run))
			best = r;
	}
	if (best)
		best->last_run = ++dev->turn;
	return best;
}

/**
 * firmware_next_poll_locked() - when the next semaphore is to be looked at
 * @dev: the device
 *
 * Context: Device lock held.
 * Return: device clock; UINT64_MAX: none waits.
 */
uint64_t firmware_next_poll_locked(const struct device *dev)
{
	uint64_t at = UINT64_MAX;

	if (dev->reset_pending)
		return at;
	for (unsigned int i = 0; i < dev->num_rings; i++) {
		const struct ring *r = &dev->rings[i];

		if (r->waiting && !r->engine && r->state == CRLN_RING_RUNNING)
			at = min_u64(at, r->poll_at);
	}
	return at;
}

static void handshake_locked(struct device *dev)
{
	uint32_t want = dev->fw_request;
	uint32_t minor = CRLN_VERSION_MINOR(CRLN_FW_INTERFACE);

	dev->fw_asked = false;
	if (CRLN_VERSION_MAJOR(want) != CRLN_VERSION_MAJOR(CRLN_FW_INTERFACE)) {
		dev->fw_ack = CRLN_FW_REFUSED;
		return;
	}
	if (CRLN_VERSION_MINOR(want) < minor)
		minor = CRLN_VERSION_MINOR(want);
	dev->fw_ack = CRLN_VERSION(CRLN_VERSION_MAJOR(want), minor);
	dev->status |= CRLN_STATUS_FW_RUNNING;
}

static bool engines_idle_locked(const struct device *dev)
{
	for (unsigned int i = 0; i < dev->num_engines; i++)
		if (dev->engines[i].ring)
			return false;
	return true;
}

static void reset_registers_locked(struct device *dev)
{
	dev->event = 0;
	dev->fw_request = 0;
	dev->fw_ack = 0;
	dev->fw_asked = false;
	dev->fault_ring = 0;
	dev->fault_addr = 0;
	dev->tlb_tag = 0;
	dev->tlb_done = 0;
	dev->time_hi = 0;
	dev->scratch = 0;
}

static void reset_locked(struct device *dev)
{
	unsigned int kind = dev->reset_pending;

	for (unsigned int i = 0; i < CRLN_MAX_RINGS; i++)
		ring_reset_locked(&dev->rings[i]);
	reset_registers_locked(dev);
	device_drop_translations(dev);
	irq_clear_pending(&dev->irq);
	dev->reset_pending = 0;
	dev->resets++;
	__atomic_store_n(&dev->resetting, false, __ATOMIC_RELAXED);
	dev->status = CRLN_STATUS_READY;
	/* After a function reset nobody has set up interrupts yet. */
	if (!(kind & DEVICE_RESET_FUNCTION)) {
		dev->event = CRLN_EVENT_RESET;
		irq_raise(&dev->irq, CRLN_VECTOR_EVENT);
	}
	pthread_cond_broadcast(&dev->reset_cond);
	pthread_cond_broadcast(&dev->engine_cond);
}

/* A ring that the firmware owes something, and that no engine is at. */
static struct ring *todo_ring_locked(struct device *dev)
{
	for (unsigned int i = 0; i < dev->num_rings; i++)
		if (dev->rings[i].todo && !dev->rings[i].engine)
			return &dev->rings[i];
	return NULL;
}

/* Head, state and fault; the sequence number stays as it is. */
static bool write_cpl_head(struct device *dev, const struct ring *r, uint32_t state,
			   uint32_t fault)
{
	struct {
		__le32 head;
		__le32 state;
		__le32 fault;
	} words = {
		.head = htole32(r->head),
		.state = htole32(state),
		.fault = htole32(fault),
	};
	uint64_t addr = r->cfg.cpl + offsetof(struct crln_cpl_head, head);

	if (bus_write(dev, addr, &words, sizeof(words)))
		return true;
	device_dma_fault(dev, r->index, addr);
	return false;
}

/*
 * What the state will be once the firmware is through with @todo. A fault comes
 * first, an enable only matters when nothing came after it.
 */
static uint32_t answer_state(unsigned int todo)
{
	if (todo & RING_TODO_FAULT)
		return CRLN_RING_FAULTED;
	if (todo & RING_TODO_STOP)
		return CRLN_RING_STOPPED;
	return CRLN_RING_IDLE;
}

static void answer_done_locked(struct device *dev, struct ring *r, unsigned int todo,
			       bool written)
{
	r->fw_busy = false;
	if (!written && !(todo & RING_TODO_FAULT))
		ring_fault_locked(dev, r, CRLN_FAULT_DMA_CPL);
	else if (answer_state(todo) == CRLN_RING_STOPPED &&
		 r->state == CRLN_RING_STOPPING)
		ring_set_state_locked(r, CRLN_RING_STOPPED);
	device_wake_engines_locked(dev);
}

static void answer_interrupts(struct device *dev, const struct ring *r,
			      unsigned int todo, bool written)
{
	if (todo & RING_TODO_FAULT)
		device_event(dev, CRLN_EVENT_RING_FAULT);
	if ((todo & RING_TODO_FAULT) || ((todo & RING_TODO_STOP) && written))
		irq_raise(&dev->irq, r->cfg.vector);
}

/*
 * Tells a ring's driver what happened to the ring: memory first, then the register,
 * then the interrupt. Drops the device lock while it writes: @fw_busy keeps engines
 * and the driver's DISABLE away.
 */
static void answer_ring_locked(struct device *dev, struct ring *r)
{
	uint32_t state = answer_state(r->todo);
	uint32_t fault = r->fault;
	unsigned int todo = r->todo;
	bool written = true;

	r->todo = 0;
	r->fw_busy = true;
	pthread_mutex_unlock(&dev->lock);
	/* With bad settings there is no telling what is at the address. */
	if (fault != CRLN_FAULT_CONFIG)
		written = write_cpl_head(dev, r, state, fault);
	pthread_mutex_lock(&dev->lock);
	answer_done_locked(dev, r, todo, written);
	pthread_mutex_unlock(&dev->lock);
	answer_interrupts(dev, r, todo, written);
	pthread_mutex_lock(&dev->lock);
}

/* Does one thing; false if there is none. */
static bool firmware_step_locked(struct device *dev)
{
	struct ring *r;

	if (dev->reset_pending) {
		if (!engines_idle_locked(dev))
			return false;
		reset_locked(dev);
		return true;
	}
	if (dev->fw_asked) {
		handshake_locked(dev);
		return true;
	}
	r = todo_ring_locked(dev);
	if (r)
		answer_ring_locked(dev, r);
	return r;
}

/**
 * firmware_thread() - the firmware's main loop
 * @arg: the device
 *
 * Context: A thread of its own.
 * Return: NULL.
 */
void *firmware_thread(void *arg)
{
	struct device *dev = arg;

	pthread_mutex_lock(&dev->lock);
	while (!dev->quit)
		if (!firmware_step_locked(dev))
			pthread_cond_wait(&dev->fw_cond, &dev->lock);
	pthread_mutex_unlock(&dev->lock);
	return NULL;
}
