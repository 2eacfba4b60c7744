/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Interrupt vectors.
 */
#ifndef _CARILLON_IRQ_H
#define _CARILLON_IRQ_H

#include <linux/compiler_attributes.h>

struct carillon_core;

int __must_check carillon_irq_init(struct carillon_core *core);
void carillon_irq_fini(struct carillon_core *core);
unsigned int carillon_irq_vector_of_ring(const struct carillon_core *core, unsigned int ring);

#endif
