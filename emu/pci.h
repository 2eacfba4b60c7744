/* SPDX-License-Identifier: MIT */
/* PCI configuration space and the few capabilities the device has. */
#ifndef EMU_PCI_H
#define EMU_PCI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PCI_CONFIG_SIZE		4096
#define PCI_MSIX_BAR_SIZE	4096

#define PCI_IRQ_MSI		1u
#define PCI_IRQ_MSIX		2u

/* What a write to configuration space asks the device to do. */
#define PCI_EFFECT_BUS		1u	/* memory decoding or bus mastering changed */
#define PCI_EFFECT_FLR		2u	/* function level reset */

/**
 * struct pci - configuration space
 * @config: what is read
 * @writable: which bits a write changes
 * @initial: @config after a reset
 * @irq_types: PCI_IRQ_*
 *
 * Only the protocol thread uses it.
 */
struct pci {
	uint8_t config[PCI_CONFIG_SIZE];
	uint8_t writable[PCI_CONFIG_SIZE];
	uint8_t initial[PCI_CONFIG_SIZE];
	unsigned int irq_types;
};

void pci_init(struct pci *pci, uint64_t vram_size, unsigned int irq_types);
void pci_reset(struct pci *pci);
bool pci_read(const struct pci *pci, uint64_t offset, void *buf, size_t len);
bool pci_write(struct pci *pci, uint64_t offset, const void *buf, size_t len,
	       unsigned int *ret_effects);
bool pci_memory_enabled(const struct pci *pci);
bool pci_bus_master(const struct pci *pci);
bool pci_has_irq(const struct pci *pci, unsigned int type);

#endif /* EMU_PCI_H */
