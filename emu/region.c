// SPDX-License-Identifier: MIT
/*
 * Accesses to BARs and configuration space.
 *
 * What lies outside of a region is the client's mistake and gets an errno. What the
 * guest does wrong within one gets what real hardware would give: a read all ones,
 * a write no effect. An errno there would let a guest flood the client's log.
 */
#include "region.h"

#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "device.h"
#include "regs.h"
#include "server.h"
#include "util.h"

/* A guest waits 100 ms after it asked for an FLR; most end within one. */
#define FLR_WAIT_NS	(200 * NSEC_PER_MSEC)

/**
 * region_size() - bytes of a region
 * @s: the server
 * @index: enum vfu_region
 *
 * Context: Protocol thread.
 * Return: the size, 0 if there is no such region.
 */
uint64_t region_size(const struct server *s, uint32_t index)
{
	switch (index) {
	case VFU_REGION_BAR0:
		return CRLN_BAR0_SIZE;
	case VFU_REGION_BAR2:
		return s->dev->vram.size;
	case VFU_REGION_BAR4:
		return PCI_MSIX_BAR_SIZE;
	case VFU_REGION_CONFIG:
		return PCI_CONFIG_SIZE;
	default:
		return 0;
	}
}

static bool access_ok(const struct server *s, const struct vfu_region_access *acc)
{
	uint64_t size = region_size(s, acc->region);

	return acc->count && acc->count <= size && acc->offset <= size - acc->count;
}

static bool register_access(const struct vfu_region_access *acc)
{
	return acc->count == 4 && acc->offset % 4 == 0;
}

/* The function stops DMA first, so that nothing happens while it resets. */
static void bus_changed(struct server *s)
{
	bool master = pci_bus_master(&s->dev->pci);

	dma_set_enabled(&s->dev->dma, master);
	irq_set_enabled(&s->dev->irq, master);
}

/**
 * region_function_reset() - begin a function level reset
 * @s: the server
 *
 * Context: Protocol thread, no lock held.
 */
void region_function_reset(struct server *s)
{
	device_reset_start(s->dev, DEVICE_RESET_FUNCTION);
	pci_reset(&s->dev->pci);
	bus_changed(s);
	memset(s->msix, 0, PCI_MSIX_BAR_SIZE);
}

/**
 * region_read() - read from a region
 * @s: the server
 * @acc: where and how much
 * @buf: destination, acc->count bytes
 *
 * Context: Protocol thread, no lock held.
 * Return: 0; -EINVAL: outside of the region.
 */
int region_read(struct server *s, const struct vfu_region_access *acc, void *buf)
{
	uint32_t val;

	if (!access_ok(s, acc))
		return -EINVAL;
	if (acc->region == VFU_REGION_CONFIG) {
		pci_read(&s->dev->pci, acc->offset, buf, acc->count);
		return 0;
	}
	memset(buf, 0xff, acc->count);
	if (!pci_memory_enabled(&s->dev->pci))
		return 0;
	switch (acc->region) {
	case VFU_REGION_BAR0:
		if (!register_access(acc))
			break;
		val = htole32(regs_read(s->dev, (uint32_t)acc->offset));
		memcpy(buf, &val, sizeof(val));
		break;
	case VFU_REGION_BAR2:
		vram_read(&s->dev->vram, acc->offset, buf, acc->count);
		break;
	default:
		memcpy(buf, s->msix + acc->offset, acc->count);
		break;
	}
	return 0;
}

static void config_write(struct server *s, const struct vfu_region_access *acc,
			 const void *buf)
{
	unsigned int effects = 0;

	pci_write(&s->dev->pci, acc->offset, buf, acc->count, &effects);
	if (effects & PCI_EFFECT_BUS)
		bus_changed(s);
	if (effects & PCI_EFFECT_FLR) {
		region_function_reset(s);
		device_reset_wait(s->dev, FLR_WAIT_NS);
	}
}

/**
 * region_write() - write to a region
 * @s: the server
 * @acc: where and how much
 * @buf: source, acc->count bytes
 *
 * Context: Protocol thread, no lock held. A reset makes it sleep for a while.
 * Return: 0; -EINVAL: outside of the region.
 */
int region_write(struct server *s, const struct vfu_region_access *acc, const void *buf)
{
	uint32_t val;

	if (!access_ok(s, acc))
		return -EINVAL;
	if (acc->region == VFU_REGION_CONFIG) {
		config_write(s, acc, buf);
		return 0;
	}
	if (!pci_memory_enabled(&s->dev->pci))
		return 0;
	switch (acc->region) {
	case VFU_REGION_BAR0:
		if (!register_access(acc))
			break;
		memcpy(&val, buf, sizeof(val));
		regs_write(s->dev, (uint32_t)acc->offset, le32toh(val));
		break;
	case VFU_REGION_BAR2:
		vram_write(&s->dev->vram, acc->offset, buf, acc->count);
		break;
	default:
		memcpy(s->msix + acc->offset, buf, acc->count);
		break;
	}
	return 0;
}
