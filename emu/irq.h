/* SPDX-License-Identifier: MIT */
/* Interrupts: eventfds that the client gave, one per vector. */
#ifndef EMU_IRQ_H
#define EMU_IRQ_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "../hw/carillon_hw.h"

enum irq_type {
	IRQ_TYPE_MSI,
	IRQ_TYPE_MSIX,
	IRQ_NUM_TYPES,
};

/**
 * struct irq - where interrupts go
 * @lock: protects all below; a leaf
 * @fds: the client's eventfds, -1 for none
 * @pending: vectors raised while they could not be delivered
 * @enabled: bus mastering: interrupts are writes on the bus
 * @raised: interrupts delivered since the start
 */
struct irq {
	pthread_mutex_t lock;
	int fds[IRQ_NUM_TYPES][CRLN_NUM_VECTORS];
	uint32_t pending;
	bool enabled;
	uint64_t raised;
};

void irq_init(struct irq *irq);
void irq_fini(struct irq *irq);
void irq_raise(struct irq *irq, unsigned int vector);
void irq_assign(struct irq *irq, enum irq_type type, unsigned int vector, int fd);
void irq_drop_all(struct irq *irq, enum irq_type type);
void irq_set_enabled(struct irq *irq, bool enabled);
void irq_clear_pending(struct irq *irq);
uint64_t irq_raised(struct irq *irq);

#endif /* EMU_IRQ_H */
