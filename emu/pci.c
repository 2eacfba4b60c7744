// SPDX-License-Identifier: MIT
/*
 * PCI configuration space.
 *
 * A byte array with a mask of writable bits does nearly all of it. The registers
 * that do something are the command register, the power state and the FLR bit.
 */
#include "pci.h"

#include <endian.h>
#include <linux/pci_regs.h>
#include <string.h>

#include "../hw/carillon_hw.h"

#define CAP_PM		0x40
#define CAP_MSI		0x50
#define CAP_MSIX	0x70
#define CAP_EXP		0x80

#define SUBSYSTEM_VENDOR	0x1af4
#define SUBSYSTEM_ID		0x1100
#define MSI_VECTORS_LOG2	3	/* CRLN_NUM_VECTORS */
#define MSIX_PBA_OFFSET		0x800

_Static_assert(1 << MSI_VECTORS_LOG2 == CRLN_NUM_VECTORS, "MSI vector count");

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, (uint16_t)v);
	put16(p + 2, (uint16_t)(v >> 16));
}

static void init_header(struct pci *pci)
{
	uint8_t *c = pci->initial, *w = pci->writable;

	put16(c + PCI_VENDOR_ID, CRLN_PCI_VENDOR_ID);
	put16(c + PCI_DEVICE_ID, CRLN_PCI_DEVICE_ID);
	put16(c + PCI_STATUS, PCI_STATUS_CAP_LIST);
	put32(c + PCI_CLASS_REVISION, CRLN_PCI_CLASS << 8 | 1);
	put16(c + PCI_SUBSYSTEM_VENDOR_ID, SUBSYSTEM_VENDOR);
	put16(c + PCI_SUBSYSTEM_ID, SUBSYSTEM_ID);
	put16(w + PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER |
	      PCI_COMMAND_PARITY | PCI_COMMAND_SERR | PCI_COMMAND_INTX_DISABLE);
	w[PCI_CACHE_LINE_SIZE] = 0xff;
	w[PCI_INTERRUPT_LINE] = 0xff;
}

/* Sizes are powers of two; the address bits above the size are writable. */
static void init_bars(struct pci *pci, uint64_t vram_size)
{
	uint8_t *c = pci->initial, *w = pci->writable;
	uint64_t vram_mask = ~(vram_size - 1);

	put32(w + PCI_BASE_ADDRESS_0, ~(uint32_t)(CRLN_BAR0_SIZE - 1));
	put32(c + PCI_BASE_ADDRESS_2, PCI_BASE_ADDRESS_MEM_TYPE_64 |
	      PCI_BASE_ADDRESS_MEM_PREFETCH);
	put32(w + PCI_BASE_ADDRESS_2, (uint32_t)vram_mask);
	put32(w + PCI_BASE_ADDRESS_3, (uint32_t)(vram_mask >> 32));
	put32(w + PCI_BASE_ADDRESS_4, ~(uint32_t)(PCI_MSIX_BAR_SIZE - 1));
}

/* Puts capability @id at @pos in front of the list. */
static void add_cap(struct pci *pci, uint8_t id, uint8_t pos)
{
	pci->initial[pos] = id;
	pci->initial[pos + 1] = pci->initial[PCI_CAPABILITY_LIST];
	pci->initial[PCI_CAPABILITY_LIST] = pos;
}

static void init_pm(struct pci *pci)
{
	add_cap(pci, PCI_CAP_ID_PM, CAP_PM);
	put16(pci->initial + CAP_PM + PCI_PM_PMC, 3);	/* version 1.2 */
	put16(pci->initial + CAP_PM + PCI_PM_CTRL, PCI_PM_CTRL_NO_SOFT_RESET);
	put16(pci->writable + CAP_PM + PCI_PM_CTRL, PCI_PM_CTRL_STATE_MASK);
}

static void init_msi(struct pci *pci)
{
	uint8_t *w = pci->writable + CAP_MSI;

	add_cap(pci, PCI_CAP_ID_MSI, CAP_MSI);
	put16(pci->initial + CAP_MSI + PCI_MSI_FLAGS,
	      PCI_MSI_FLAGS_64BIT | MSI_VECTORS_LOG2 << 1);
	put16(w + PCI_MSI_FLAGS, PCI_MSI_FLAGS_ENABLE | PCI_MSI_FLAGS_QSIZE);
	put32(w + PCI_MSI_ADDRESS_LO, 0xfffffffc);
	put32(w + PCI_MSI_ADDRESS_HI, 0xffffffff);
	put16(w + PCI_MSI_DATA_64, 0xffff);
}

static void init_msix(struct pci *pci)
{
	uint8_t *c = pci->initial + CAP_MSIX;

	add_cap(pci, PCI_CAP_ID_MSIX, CAP_MSIX);
	put16(c + PCI_MSIX_FLAGS, CRLN_NUM_VECTORS - 1);
	put32(c + PCI_MSIX_TABLE, CRLN_BAR_MSIX);
	put32(c + PCI_MSIX_PBA, CRLN_BAR_MSIX | MSIX_PBA_OFFSET);
	put16(pci->writable + CAP_MSIX + PCI_MSIX_FLAGS,
	      PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
}

static void init_express(struct pci *pci)
{
	uint8_t *c = pci->initial + CAP_EXP, *w = pci->writable + CAP_EXP;

	add_cap(pci, PCI_CAP_ID_EXP, CAP_EXP);
	put16(c + PCI_EXP_FLAGS, 2);			/* version 2, endpoint */
	put32(c + PCI_EXP_DEVCAP, PCI_EXP_DEVCAP_RBER | PCI_EXP_DEVCAP_FLR);
	put16(w + PCI_EXP_DEVCTL, 0x7fff);		/* FLR reads as zero */
	put32(c + PCI_EXP_LNKCAP, PCI_EXP_LNKCAP_SLS_2_5GB | 1 << 4);
	put16(c + PCI_EXP_LNKSTA, PCI_EXP_LNKSTA_CLS_2_5GB | PCI_EXP_LNKSTA_NLW_X1);
	put16(w + PCI_EXP_LNKCTL, PCI_EXP_LNKCTL_ASPMC | PCI_EXP_LNKCTL_CCC);
}

/**
 * pci_init() - set up configuration space
 * @pci: configuration space
 * @vram_size: bytes of BAR 2, a power of two
 * @irq_types: PCI_IRQ_*, which capabilities to offer
 *
 * Context: Process start.
 */
void pci_init(struct pci *pci, uint64_t vram_size, unsigned int irq_types)
{
	memset(pci, 0, sizeof(*pci));
	pci->irq_types = irq_types;
	init_header(pci);
	init_bars(pci, vram_size);
	init_express(pci);
	if (irq_types & PCI_IRQ_MSIX)
		init_msix(pci);
	if (irq_types & PCI_IRQ_MSI)
		init_msi(pci);
	init_pm(pci);
	pci_reset(pci);
}

/**
 * pci_reset() - what a function level reset does to configuration space
 * @pci: configuration space
 *
 * Context: Protocol thread.
 */
void pci_reset(struct pci *pci)
{
	memcpy(pci->config, pci->initial, sizeof(pci->config));
}

static bool range_ok(uint64_t offset, size_t len)
{
	return len && len <= PCI_CONFIG_SIZE && offset <= PCI_CONFIG_SIZE - len;
}

/**
 * pci_read() - read configuration space
 * @pci: configuration space
 * @offset: byte offset
 * @buf: destination
 * @len: bytes
 *
 * Context: Protocol thread.
 * Return: false if out of range.
 */
bool pci_read(const struct pci *pci, uint64_t offset, void *buf, size_t len)
{
	if (!range_ok(offset, len))
		return false;
	memcpy(buf, pci->config + offset, len);
	return true;
}

static bool flr_written(uint64_t offset, const uint8_t *buf, size_t len)
{
	const uint64_t pos = CAP_EXP + PCI_EXP_DEVCTL + 1;

	if (pos < offset || pos - offset >= len)
		return false;
	return buf[pos - offset] & (PCI_EXP_DEVCTL_BCR_FLR >> 8);
}

/**
 * pci_write() - write configuration space
 * @pci: configuration space
 * @offset: byte offset
 * @buf: source
 * @len: bytes
 * @ret_effects: PCI_EFFECT_*: what the caller has to do now
 *
 * Context: Protocol thread.
 * Return: false if out of range, then nothing was written.
 */
bool pci_write(struct pci *pci, uint64_t offset, const void *buf, size_t len,
	       unsigned int *ret_effects)
{
	bool memory = pci_memory_enabled(pci), master = pci_bus_master(pci);
	const uint8_t *in = buf;
	unsigned int effects = 0;

	if (!range_ok(offset, len))
		return false;
	for (size_t i = 0; i < len; i++) {
		uint8_t mask = pci->writable[offset + i];
		uint8_t *c = &pci->config[offset + i];

		*c = (uint8_t)((*c & ~mask) | (in[i] & mask));
	}
	if (memory != pci_memory_enabled(pci) || master != pci_bus_master(pci))
		effects |= PCI_EFFECT_BUS;
	if (flr_written(offset, in, len))
		effects |= PCI_EFFECT_FLR;
	*ret_effects = effects;
	return true;
}

static bool command_set(const struct pci *pci, uint16_t bit)
{
	uint16_t power = get16(pci->config + CAP_PM + PCI_PM_CTRL);

	return !(power & PCI_PM_CTRL_STATE_MASK) &&
	       (get16(pci->config + PCI_COMMAND) & bit);
}

/**
 * pci_memory_enabled() - do the BARs answer: enabled, and in D0
 * @pci: configuration space
 *
 * Context: Protocol thread.
 * Return: whether.
 */
bool pci_memory_enabled(const struct pci *pci)
{
	return command_set(pci, PCI_COMMAND_MEMORY);
}

/**
 * pci_bus_master() - may the device start DMA: enabled, and in D0
 * @pci: configuration space
 *
 * Context: Protocol thread.
 * Return: whether.
 */
bool pci_bus_master(const struct pci *pci)
{
	return command_set(pci, PCI_COMMAND_MASTER);
}

/**
 * pci_has_irq() - is an interrupt capability offered
 * @pci: configuration space
 * @type: one of PCI_IRQ_*
 *
 * Context: Protocol thread.
 * Return: whether.
 */
bool pci_has_irq(const struct pci *pci, unsigned int type)
{
	return pci->irq_types & type;
}
