// SPDX-License-Identifier: MIT
/* DMA as the device sees it. */
#include "bus.h"

#include <endian.h>

#include "device.h"

/**
 * bus_read() - read the client's memory
 * @dev: the device
 * @addr: bus address
 * @buf: destination
 * @len: bytes, all within one page
 *
 * Context: Engine and firmware threads, no lock held. May sleep.
 * Return: false if the bus refused.
 */
bool bus_read(struct device *dev, uint64_t addr, void *buf, size_t len)
{
	enum dma_result res = dma_read(&dev->dma, addr, buf, len);

	if (res == DMA_NEEDS_MESSAGE)
		return !wire_dma_read(&dev->wire, addr, buf, len);
	return res == DMA_OK;
}

/**
 * bus_write() - write the client's memory
 * @dev: the device
 * @addr: bus address
 * @buf: source
 * @len: bytes, all within one page
 *
 * Context: Engine and firmware threads, no lock held. May sleep.
 * Return: false if the bus refused.
 */
bool bus_write(struct device *dev, uint64_t addr, const void *buf, size_t len)
{
	enum dma_result res = dma_write(&dev->dma, addr, buf, len);

	if (res == DMA_NEEDS_MESSAGE)
		return !wire_dma_write(&dev->wire, addr, buf, len);
	return res == DMA_OK;
}

/**
 * bus_load64() - read a word, atomically where the memory is mapped
 * @dev: the device
 * @addr: bus address, a multiple of 8
 * @ret_val: the word in host byte order
 *
 * Context: Engine and firmware threads, no lock held. May sleep.
 * Return: false if the bus refused.
 */
bool bus_load64(struct device *dev, uint64_t addr, uint64_t *ret_val)
{
	enum dma_result res = dma_load64(&dev->dma, addr, ret_val);
	uint64_t le;

	if (res != DMA_NEEDS_MESSAGE)
		return res == DMA_OK;
	if (wire_dma_read(&dev->wire, addr, &le, sizeof(le)))
		return false;
	*ret_val = le64toh(le);
	return true;
}

/**
 * bus_store64() - write a word, atomically where the memory is mapped
 * @dev: the device
 * @addr: bus address, a multiple of 8
 * @val: the word in host byte order
 *
 * Context: Engine and firmware threads, no lock held. May sleep.
 * Return: false if the bus refused.
 */
bool bus_store64(struct device *dev, uint64_t addr, uint64_t val)
{
	enum dma_result res = dma_store64(&dev->dma, addr, val);
	uint64_t le = htole64(val);

	if (res == DMA_NEEDS_MESSAGE)
		return !wire_dma_write(&dev->wire, addr, &le, sizeof(le));
	return res == DMA_OK;
}
