// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupt vectors: MSI-X or MSI, and who is told what.
 */

#include <linux/interrupt.h>
#include <linux/pci.h>

#include <bound/bound_bar.h>

#include "carillon_core_priv.h"
#include "carillon_irq.h"
#include "carillon_ring.h"

/* Returns whether there was one. */
static bool carillon_irq_events(const struct bound_token *tok, struct carillon_core *core)
{
	u32 events = bound_bar_read32(tok, core->bar, CRLN_REG_EVENT);

	if (events == CARILLON_ALL_ONES)
		return !carillon_core_check(tok, core);
	if (!events)
		return false;

	bound_bar_write32(tok, core->bar, CRLN_REG_EVENT, events);
	if (events & CRLN_EVENT_DMA_FAULT)
		dev_err_ratelimited(&core->pdev->dev, "DMA fault of ring %u at %#x%08x\n",
				    bound_bar_read32(tok, core->bar, CRLN_REG_FAULT_RING),
				    bound_bar_read32(tok, core->bar, CRLN_REG_FAULT_ADDR_HI),
				    bound_bar_read32(tok, core->bar, CRLN_REG_FAULT_ADDR_LO));
	if (events & CRLN_EVENT_RING_FAULT)
		schedule_work(&core->event_work);
	return true;
}

static irqreturn_t carillon_irq_handler(int irq, void *data)
{
	struct carillon_irq *vec = data;
	struct carillon_core *core = vec->core;
	irqreturn_t ret = IRQ_NONE;
	struct bound_token tok;
	unsigned int i;

	if (bound_assume(core->gate, &core->pdev->dev, &tok))
		return IRQ_NONE;

	if (vec->vector == CRLN_VECTOR_EVENT && carillon_irq_events(&tok, core))
		ret = IRQ_HANDLED;

	/* Pairs with synchronize_rcu() in carillon_ring_unpublish(). */
	rcu_read_lock();
	for_each_set_bit(i, vec->rings, CRLN_MAX_RINGS) {
		struct carillon_ring *ring = rcu_dereference(core->rings[i]);

		if (ring) {
			carillon_ring_interrupt(ring);
			ret = IRQ_HANDLED;
		}
	}
	rcu_read_unlock();

	bound_exit(&tok);
	return ret;
}

/**
 * carillon_irq_vector_of_ring() - which vector a ring should use
 * @core: the device
 * @ring: index of the ring
 *
 * Context: Any.
 * Return: 0 if there is but one vector, else one of the others, in turn.
 */
unsigned int carillon_irq_vector_of_ring(const struct carillon_core *core, unsigned int ring)
{
	if (core->num_vectors == 1)
		return CRLN_VECTOR_EVENT;
	return 1 + ring % (core->num_vectors - 1);
}

static void carillon_irq_free(struct carillon_core *core, unsigned int num)
{
	while (num--) {
		free_irq(pci_irq_vector(core->pdev, num), &core->irqs[num]);
		bound_promise_end(&core->irqs[num].promise);
	}
	pci_free_irq_vectors(core->pdev);
}

/**
 * carillon_irq_init() - allocate and request the vectors
 * @core: the device, bus mastering on
 *
 * All of them, or one: with any number in between the device uses vector 0 only.
 *
 * Context: Process, in probe.
 * Return: 0 or -errno.
 */
int carillon_irq_init(struct carillon_core *core)
{
	struct pci_dev *pdev = core->pdev;
	unsigned int i;
	int ret;

	ret = pci_alloc_irq_vectors(pdev, CRLN_NUM_VECTORS, CRLN_NUM_VECTORS,
				    PCI_IRQ_MSIX | PCI_IRQ_MSI);
	if (ret < 0)
		ret = pci_alloc_irq_vectors(pdev, 1, 1, PCI_IRQ_MSIX | PCI_IRQ_MSI);
	if (ret < 0)
		return ret;
	core->num_vectors = ret;

	for (i = 0; i < core->num_vectors; i++) {
		struct carillon_irq *vec = &core->irqs[i];

		vec->core = core;
		vec->vector = i;
		snprintf(vec->name, sizeof(vec->name), "carillon-%s-%u",
			 i == CRLN_VECTOR_EVENT ? "event" : "ring", i);
		bound_promise_irq(&vec->promise, core->gate, pci_irq_vector(pdev, i));
		ret = request_irq(pci_irq_vector(pdev, i), carillon_irq_handler, 0,
				  vec->name, vec);
		if (ret) {
			bound_promise_end(&vec->promise);
			carillon_irq_free(core, i);
			return ret;
		}
	}
	return 0;
}

/**
 * carillon_irq_fini() - free the vectors
 * @core: the device
 *
 * Context: Process, in remove. No handler runs when it returns.
 */
void carillon_irq_fini(struct carillon_core *core)
{
	carillon_irq_free(core, core->num_vectors);
}
