// SPDX-License-Identifier: MIT
/*
 * The state machine of a ring.
 *
 *                 ENABLE             doorbell
 *   DISABLED ─────────────> IDLE <───────────> RUNNING
 *     ^  │                   │ ring empty          │
 *     │  │ bad settings      │ STOP                │ STOP
 *     │  v                   v                     v
 *     │ FAULTED <──── any   STOPPING <─────────────┘
 *     │  │          active   │ engine and firmware are through
 *     └──┴─ DISABLE ── STOPPED
 *
 * All of it happens under the device lock. What has to be written to memory, the
 * firmware thread does: an engine may be hung, and the protocol thread must not
 * wait for a client that waits for it.
 */
#include "ring.h"

#include <string.h>

#include "device.h"
#include "util.h"

#define POLL_MIN_NS	(50 * NSEC_PER_USEC)
#define POLL_MAX_NS	(1 * NSEC_PER_MSEC)
#define RING_ALIGN	64u

/**
 * ring_init() - a disabled ring
 * @r: the ring
 * @index: its number
 *
 * Context: Process start.
 */
void ring_init(struct ring *r, unsigned int index)
{
	memset(r, 0, sizeof(*r));
	r->index = index;
}

/**
 * ring_reset_locked() - back to how it was at power-on
 * @r: the ring, with no engine and no firmware at it
 *
 * Context: Device lock held.
 */
void ring_reset_locked(struct ring *r)
{
	ring_init(r, r->index);
}

static bool move_legal(enum crln_ring_state from, enum crln_ring_state to)
{
	static const unsigned int legal[] = {
		[CRLN_RING_DISABLED] = 1u << CRLN_RING_IDLE | 1u << CRLN_RING_FAULTED,
		[CRLN_RING_IDLE] = 1u << CRLN_RING_RUNNING | 1u << CRLN_RING_STOPPING |
				   1u << CRLN_RING_FAULTED,
		[CRLN_RING_RUNNING] = 1u << CRLN_RING_IDLE | 1u << CRLN_RING_STOPPING |
				      1u << CRLN_RING_FAULTED,
		[CRLN_RING_STOPPING] = 1u << CRLN_RING_STOPPED | 1u << CRLN_RING_FAULTED,
		[CRLN_RING_STOPPED] = 1u << CRLN_RING_DISABLED,
		[CRLN_RING_FAULTED] = 1u << CRLN_RING_DISABLED,
	};

	return legal[from] & (1u << to);
}

/**
 * ring_set_state_locked() - the one place where the state changes
 * @r: the ring
 * @state: the new state; a move the diagram doesn't have is a bug of ours
 *
 * Context: Device lock held.
 */
void ring_set_state_locked(struct ring *r, enum crln_ring_state state)
{
	if (!move_legal(r->state, state))
		device_bug("ring %u: %d -> %d", r->index, r->state, state);
	r->state = state;
}

/**
 * ring_fault_locked() - stop using a ring; the firmware will tell the driver
 * @dev: the device
 * @r: the ring, in any state but STOPPED
 * @fault: why
 *
 * Context: Device lock held.
 */
void ring_fault_locked(struct device *dev, struct ring *r, enum crln_ring_fault fault)
{
	if (r->state == CRLN_RING_FAULTED)
		return;
	ring_set_state_locked(r, CRLN_RING_FAULTED);
	r->fault = fault;
	r->waiting = false;
	__atomic_store_n(&r->stop, true, __ATOMIC_RELAXED);
	r->todo = RING_TODO_FAULT;
	device_wake_engine_locked(dev, r->engine);
	device_wake_firmware_locked(dev);
}

static bool config_ok(const struct device *dev, const struct ring_config *c)
{
	uint64_t end;

	if (c->order < CRLN_RING_ORDER_MIN || c->order > dev->ring_order_max ||
	    c->prio > CRLN_PRIO_MAX || c->vector >= CRLN_NUM_VECTORS)
		return false;
	if (c->base % RING_ALIGN || c->cpl % RING_ALIGN || c->pt % CRLN_PAGE_SIZE)
		return false;
	return !__builtin_add_overflow(c->base, CRLN_RING_SIZE(c->order), &end) &&
	       !__builtin_add_overflow(c->cpl, CRLN_CPL_SIZE((uint64_t)c->order), &end);
}

static void ring_enable_locked(struct device *dev, struct ring *r)
{
	if (r->state != CRLN_RING_DISABLED || !device_firmware_runs_locked(dev))
		return;
	r->cfg = r->regs;
	r->head = 0;
	r->retired = 0;
	r->tail = 0;
	r->fault = CRLN_FAULT_NONE;
	r->waiting = false;
	r->jobs = 0;
	r->last_seqno = 0;
	memset(&r->job, 0, sizeof(r->job));
	if (!config_ok(dev, &r->cfg)) {
		ring_fault_locked(dev, r, CRLN_FAULT_CONFIG);
		return;
	}
	__atomic_store_n(&r->stop, false, __ATOMIC_RELAXED);
	/* The table's address may have been another table's before. */
	device_drop_translations(dev);
	ring_set_state_locked(r, CRLN_RING_IDLE);
	r->todo = RING_TODO_ENABLE;
	device_wake_firmware_locked(dev);
}

static void ring_stop_locked(struct device *dev, struct ring *r)
{
	if (r->state != CRLN_RING_IDLE && r->state != CRLN_RING_RUNNING)
		return;
	ring_set_state_locked(r, CRLN_RING_STOPPING);
	r->waiting = false;
	__atomic_store_n(&r->stop, true, __ATOMIC_RELAXED);
	r->todo |= RING_TODO_STOP;
	device_wake_engine_locked(dev, r->engine);
	device_wake_firmware_locked(dev);
}

static void ring_disable_locked(struct ring *r)
{
	/* Not while an engine or the firmware may still write for it. */
	if (r->engine || r->fw_busy || r->todo)
		return;
	if (r->state == CRLN_RING_STOPPED || r->state == CRLN_RING_FAULTED)
		ring_set_state_locked(r, CRLN_RING_DISABLED);
}

static void ring_control_locked(struct device *dev, struct ring *r, uint32_t val)
{
	switch (val) {
	case CRLN_RING_CTRL_ENABLE:
		ring_enable_locked(dev, r);
		break;
	case CRLN_RING_CTRL_STOP:
		ring_stop_locked(dev, r);
		break;
	case CRLN_RING_CTRL_DISABLE:
		ring_disable_locked(r);
		break;
	default:
		break;
	}
}

static uint32_t lo32(uint64_t v)
{
	return (uint32_t)v;
}

static uint32_t hi32(uint64_t v)
{
	return (uint32_t)(v >> 32);
}

static void set_lo32(uint64_t *v, uint32_t val)
{
	*v = (*v & ~0xffffffffull) | val;
}

static void set_hi32(uint64_t *v, uint32_t val)
{
	*v = (*v & 0xffffffffull) | (uint64_t)val << 32;
}

/* A fault shows when it is told: a driver may then disable the ring at once. */
static uint32_t visible_state(const struct ring *r)
{
	if (r->state == CRLN_RING_FAULTED && (r->engine || r->todo || r->fw_busy))
		return CRLN_RING_STOPPING;
	return r->state;
}

/**
 * ring_read_locked() - read a ring register
 * @r: the ring
 * @reg: offset in its block; an unknown one reads 0
 *
 * Context: Device lock held.
 * Return: the value.
 */
uint32_t ring_read_locked(const struct ring *r, uint32_t reg)
{
	switch (reg) {
	case CRLN_RING_BASE_LO:
		return lo32(r->regs.base);
	case CRLN_RING_BASE_HI:
		return hi32(r->regs.base);
	case CRLN_RING_CPL_LO:
		return lo32(r->regs.cpl);
	case CRLN_RING_CPL_HI:
		return hi32(r->regs.cpl);
	case CRLN_RING_PT_LO:
		return lo32(r->regs.pt);
	case CRLN_RING_PT_HI:
		return hi32(r->regs.pt);
	case CRLN_RING_ORDER:
		return r->regs.order;
	case CRLN_RING_PRIO:
		return r->regs.prio;
	case CRLN_RING_VECTOR:
		return r->regs.vector;
	case CRLN_RING_STATE:
		return visible_state(r);
	case CRLN_RING_HEAD:
		return r->head;
	case CRLN_RING_TAIL:
		return r->tail;
	case CRLN_RING_FAULT:
		return r->fault;
	default:
		return 0;
	}
}

/**
 * ring_write_locked() - write a ring register
 * @dev: the device
 * @r: the ring
 * @reg: offset in its block; a write to an unknown one is dropped
 * @val: the value
 *
 * Context: Device lock held.
 */
void ring_write_locked(struct device *dev, struct ring *r, uint32_t reg, uint32_t val)
{
	switch (reg) {
	case CRLN_RING_BASE_LO:
		set_lo32(&r->regs.base, val);
		break;
	case CRLN_RING_BASE_HI:
		set_hi32(&r->regs.base, val);
		break;
	case CRLN_RING_CPL_LO:
		set_lo32(&r->regs.cpl, val);
		break;
	case CRLN_RING_CPL_HI:
		set_hi32(&r->regs.cpl, val);
		break;
	case CRLN_RING_PT_LO:
		set_lo32(&r->regs.pt, val);
		break;
	case CRLN_RING_PT_HI:
		set_hi32(&r->regs.pt, val);
		break;
	case CRLN_RING_ORDER:
		r->regs.order = val;
		break;
	case CRLN_RING_PRIO:
		r->regs.prio = val;
		break;
	case CRLN_RING_VECTOR:
		r->regs.vector = val;
		break;
	case CRLN_RING_CTRL:
		ring_control_locked(dev, r, val);
		break;
	default:
		break;
	}
}

/**
 * ring_doorbell_locked() - new jobs are in the slots
 * @dev: the device
 * @r: the ring; the doorbell is dropped unless it is IDLE or RUNNING
 * @tail: free-running count of slots filled
 *
 * Context: Device lock held.
 */
void ring_doorbell_locked(struct device *dev, struct ring *r, uint32_t tail)
{
	if (r->state != CRLN_RING_IDLE && r->state != CRLN_RING_RUNNING)
		return;
	/* Late: there are several who may ring, and don't agree on an order. */
	if ((int32_t)(tail - r->tail) <= 0)
		return;
	if (faults_lose_doorbell(&dev->faults, r->index, r->tail + 1ull))
		return;
	if (tail - r->retired > 1u << r->cfg.order) {
		ring_fault_locked(dev, r, CRLN_FAULT_DOORBELL);
		return;
	}
	r->tail = tail;
	if (r->state == CRLN_RING_IDLE) {
		ring_set_state_locked(r, CRLN_RING_RUNNING);
		device_wake_engines_locked(dev);
	}
}

/**
 * ring_runnable_locked() - could an engine do something for this ring
 * @r: the ring
 * @now: device clock
 * @sem_gen: semaphore releases so far
 *
 * Context: Device lock held.
 * Return: whether.
 */
bool ring_runnable_locked(const struct ring *r, uint64_t now, uint64_t sem_gen)
{
	if (r->state != CRLN_RING_RUNNING || r->engine || r->todo || r->fw_busy)
		return false;
	return !r->waiting || now >= r->poll_at || sem_gen != r->sem_gen;
}

/**
 * ring_sem_wait_locked() - the job waits for a semaphore: look again later
 * @r: the ring
 * @sem_gen: semaphore releases before the value was read
 *
 * Context: Device lock held.
 */
void ring_sem_wait_locked(struct ring *r, uint64_t sem_gen)
{
	if (r->state != CRLN_RING_RUNNING)
		return;
	/* A processor may write the value, too, and tells nobody: poll. */
	r->poll_ns = r->waiting ? min_u64(r->poll_ns * 2, POLL_MAX_NS) : POLL_MIN_NS;
	r->poll_at = now_ns() + r->poll_ns;
	r->sem_gen = sem_gen;
	r->waiting = true;
}

/**
 * ring_job_ended_locked() - the record of the oldest job is written
 * @dev: the device
 * @r: the ring
 *
 * Context: Device lock held, by the engine that ran the job.
 */
void ring_job_ended_locked(struct device *dev, struct ring *r)
{
	r->head++;
	r->waiting = false;
	if (r->state == CRLN_RING_RUNNING && r->head == r->tail)
		ring_set_state_locked(r, CRLN_RING_IDLE);
	if (r->todo)
		device_wake_firmware_locked(dev);
}

/**
 * ring_aborted_locked() - an engine gave up the job because it was told to
 * @dev: the device
 * @r: the ring
 *
 * Context: Device lock held, by the engine that ran the job.
 */
void ring_aborted_locked(struct device *dev, struct ring *r)
{
	r->job.active = false;
	if (r->todo)
		device_wake_firmware_locked(dev);
}
