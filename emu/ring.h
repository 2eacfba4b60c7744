/* SPDX-License-Identifier: MIT */
/* A ring: its registers, its state machine, and the job it is at. */
#ifndef EMU_RING_H
#define EMU_RING_H

#include <stdbool.h>
#include <stdint.h>

#include "../hw/carillon_hw.h"
#include "fault.h"

struct device;
struct engine;

/* What the firmware owes a ring. */
#define RING_TODO_ENABLE	1u	/* write the completion head after enabling */
#define RING_TODO_STOP		2u	/* answer a stop */
#define RING_TODO_FAULT		4u	/* tell about a fault */

/**
 * struct ring_config - the settings of a ring
 * @base: bus address of the slots
 * @cpl: bus address of the completion area
 * @pt: bus address of the top page table
 * @order: log2 of the number of slots
 * @prio: 0 comes first
 * @vector: interrupt vector
 */
struct ring_config {
	uint64_t base;
	uint64_t cpl;
	uint64_t pt;
	uint32_t order;
	uint32_t prio;
	uint32_t vector;
};

/**
 * struct job - the job a ring is at
 * @active: begun, and not ended
 * @desc: its descriptor, as read once
 * @offset: bytes of commands behind it
 * @start_ns: when the first command began
 * @plan: what shall go wrong
 */
struct job {
	bool active;
	struct crln_desc desc;
	uint32_t offset;
	uint64_t start_ns;
	struct fault_plan plan;
};

/**
 * struct ring - one ring
 * @index: its number
 * @regs: settings as written                                       [D]
 * @cfg: settings latched when it was enabled    [D to write, then stable]
 * @state: enum crln_ring_state, changed by ring_set_state() only   [D]
 * @fault: enum crln_ring_fault                                     [D]
 * @head: jobs whose completion record is written                   [D]
 * @retired: jobs that ended, ahead of @head while the record is written [D]
 * @tail: last doorbell                                             [D]
 * @todo: RING_TODO_*                                               [D]
 * @fw_busy: the firmware is at it                                  [D]
 * @engine: that runs its job now, or NULL                          [D]
 * @waiting: its job waits for a semaphore                          [D]
 * @poll_at: when to look at the semaphore again, device clock      [D]
 * @poll_ns: the interval, doubles                                  [D]
 * @sem_gen: releases seen when it last looked                      [D]
 * @last_run: turn at which it ran last, for fairness               [D]
 * @stop: jobs shall end at the next chunk                     [atomic]
 * @job: the job it is at                                           [E]
 * @jobs: begun since it was enabled                                [E]
 * @last_seqno: of the last good descriptor                         [E]
 *
 * [D]: device lock. [E]: the engine in @engine; device lock if there is none.
 */
struct ring {
	unsigned int index;
	struct ring_config regs;
	struct ring_config cfg;
	enum crln_ring_state state;
	enum crln_ring_fault fault;
	uint32_t head;
	uint32_t retired;
	uint32_t tail;
	unsigned int todo;
	bool fw_busy;
	struct engine *engine;
	bool waiting;
	uint64_t poll_at;
	uint64_t poll_ns;
	uint64_t sem_gen;
	uint64_t last_run;
	bool stop;
	struct job job;
	uint64_t jobs;
	uint64_t last_seqno;
};

void ring_init(struct ring *r, unsigned int index);
void ring_reset_locked(struct ring *r);
uint32_t ring_read_locked(const struct ring *r, uint32_t reg);
void ring_write_locked(struct device *dev, struct ring *r, uint32_t reg, uint32_t val);
void ring_doorbell_locked(struct device *dev, struct ring *r, uint32_t tail);
void ring_set_state_locked(struct ring *r, enum crln_ring_state state);
void ring_fault_locked(struct device *dev, struct ring *r, enum crln_ring_fault fault);
bool ring_runnable_locked(const struct ring *r, uint64_t now, uint64_t sem_gen);
void ring_sem_wait_locked(struct ring *r, uint64_t sem_gen);
void ring_job_ended_locked(struct device *dev, struct ring *r);
void ring_aborted_locked(struct device *dev, struct ring *r);

/* Addresses in ring memory. */
static inline uint32_t ring_slot(const struct ring *r, uint32_t pos)
{
	return pos & ((1u << r->cfg.order) - 1);
}

static inline uint64_t ring_desc_addr(const struct ring *r, uint32_t pos)
{
	return r->cfg.base + (uint64_t)ring_slot(r, pos) * sizeof(struct crln_desc);
}

static inline uint64_t ring_record_addr(const struct ring *r, uint32_t pos)
{
	return r->cfg.cpl + CRLN_CPL_SLOT((uint64_t)ring_slot(r, pos));
}

#endif /* EMU_RING_H */
