/* SPDX-License-Identifier: MIT */
/*
 * The device: everything that is there once.
 *
 * Threads: the protocol thread (the process's first one) answers the client; the
 * firmware thread does what takes time or touches memory on behalf of a ring; each
 * engine has a thread; the control thread serves the control socket.
 *
 * Lock order: device lock, then one of the leaves (interrupts, fault rules, log).
 * The lock of the DMA map is taken with none of the others held by those who
 * access memory; the protocol thread takes it for writing, with none held, too.
 */
#ifndef EMU_DEVICE_H
#define EMU_DEVICE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../hw/carillon_hw.h"
#include "dma.h"
#include "fault.h"
#include "irq.h"
#include "pci.h"
#include "ring.h"
#include "vram.h"
#include "wire.h"

#define DEVICE_ENGINES_MAX	16
#define DEVICE_RESET_REGISTER	1u	/* asked for by the RESET register */
#define DEVICE_RESET_FUNCTION	2u	/* FLR, or a new client */

struct engine;

/**
 * struct device_options - what the command line chooses
 * @num_engines: engines, 1 to DEVICE_ENGINES_MAX
 * @num_rings: rings, 1 to CRLN_MAX_RINGS
 * @ring_order_max: log2 of the slots of the largest ring
 * @vram_size: bytes of local memory, a power of two
 * @irq_types: PCI_IRQ_*
 */
struct device_options {
	unsigned int num_engines;
	unsigned int num_rings;
	unsigned int ring_order_max;
	uint64_t vram_size;
	unsigned int irq_types;
};

/**
 * struct device - the device
 * @wire: the client
 * @pci: configuration space; protocol thread only
 * @dma: the client's memory, has its own lock
 * @irq: interrupts, has its own lock
 * @vram: local memory
 * @faults: scripted faults, has its own lock
 * @num_rings: rings in use
 * @num_engines: engines in use
 * @ring_order_max: log2 of the slots of the largest ring
 * @tlb_gen: translations made before this generation are stale  [atomic]
 * @sem_gen: semaphore releases so far                           [atomic]
 * @resetting: engines shall give up what they do                [atomic]
 * @jobs_ok: jobs that ended well                                [atomic]
 * @jobs_failed: jobs that ended with another status             [atomic]
 * @dma_faults: accesses the bus refused                         [atomic]
 * @lock: protects all below
 * @engine_cond: idle engines sleep here
 * @fw_cond: the firmware sleeps here
 * @reset_cond: the protocol thread waits here for the end of a reset
 * @quit: threads shall end
 * @reset_pending: DEVICE_RESET_*
 * @resets: how many have ended
 * @status: CRLN_STATUS_*
 * @event: CRLN_EVENT_*
 * @fw_request: what the driver asked for
 * @fw_ack: what it was answered
 * @fw_asked: a request is to be answered
 * @fault_ring: ring of the last DMA fault
 * @fault_addr: its bus address
 * @tlb_tag: last invalidation asked for
 * @tlb_done: last invalidation that is through
 * @tlb_tag_gen: generation that @tlb_tag stands for
 * @time_hi: latched when TIME_LO was read
 * @scratch: keeps what is written
 * @turn: counts what engines began, for fairness
 * @rings: the rings
 * @engines: the engines
 * @fw_thread: the firmware
 */
struct device {
	struct wire wire;
	struct pci pci;
	struct dma_map dma;
	struct irq irq;
	struct vram vram;
	struct faults faults;
	unsigned int num_rings;
	unsigned int num_engines;
	unsigned int ring_order_max;

	uint64_t tlb_gen;
	uint64_t sem_gen;
	bool resetting;
	uint64_t jobs_ok;
	uint64_t jobs_failed;
	uint64_t dma_faults;

	pthread_mutex_t lock;
	pthread_cond_t engine_cond;
	pthread_cond_t fw_cond;
	pthread_cond_t reset_cond;
	bool quit;
	unsigned int reset_pending;
	uint64_t resets;
	uint32_t status;
	uint32_t event;
	uint32_t fw_request;
	uint32_t fw_ack;
	bool fw_asked;
	uint32_t fault_ring;
	uint64_t fault_addr;
	uint32_t tlb_tag;
	uint32_t tlb_done;
	uint64_t tlb_tag_gen;
	uint32_t time_hi;
	uint32_t scratch;
	uint64_t turn;
	struct ring rings[CRLN_MAX_RINGS];
	struct engine *engines;
	pthread_t fw_thread;
};

int device_init(struct device *dev, const struct device_options *opts);
int device_start(struct device *dev);
void device_stop(struct device *dev);
void device_fini(struct device *dev);

void device_reset_start(struct device *dev, unsigned int kind);
bool device_reset_wait(struct device *dev, uint64_t timeout_ns);
uint64_t device_resets(struct device *dev);

void device_wake_engine_locked(struct device *dev, struct engine *engine);
void device_wake_engines_locked(struct device *dev);
void device_wake_firmware_locked(struct device *dev);
bool device_firmware_runs_locked(const struct device *dev);

void device_event(struct device *dev, uint32_t events);
void device_dma_fault(struct device *dev, unsigned int ring, uint64_t addr);
void device_sem_released(struct device *dev);
void device_sem_released_locked(struct device *dev);
void device_drop_translations(struct device *dev);

void device_bug(const char *fmt, ...)
	__attribute__((noreturn, format(printf, 1, 2)));
void device_cond_init(pthread_cond_t *cond);

#endif /* EMU_DEVICE_H */
