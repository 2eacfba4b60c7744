// SPDX-License-Identifier: MIT
/*
 * BAR 0.
 *
 * Only the protocol thread comes here. Each access takes the device lock for a
 * short time; only a reset makes it wait for more than that.
 */
#include "regs.h"

#include "device.h"
#include "engine.h"
#include "firmware.h"
#include "util.h"

/* A reset is over in far less, unless an engine waits for the client. */
#define RESET_WAIT_NS	(200 * NSEC_PER_MSEC)

#define RINGS_END	(CRLN_RING_BLOCK + CRLN_MAX_RINGS * CRLN_RING_STRIDE)
#define ALL_CAPS	(CRLN_CAP_FILL | CRLN_CAP_COPY | CRLN_CAP_BLIT | \
			 CRLN_CAP_CONV3X3 | CRLN_CAP_CRC32C | CRLN_CAP_TIMESTAMP | \
			 CRLN_CAP_SEMAPHORE | CRLN_CAP_DELAY)
#define HW_VERSION	CRLN_VERSION(1, 0)

/* Looked up, not announced: nobody has to wait for the engines. */
static uint32_t tlb_done_locked(struct device *dev)
{
	for (unsigned int i = 0; i < dev->num_engines; i++)
		if (engine_uses_older(engine_at(dev, i), dev->tlb_tag_gen))
			return dev->tlb_done;
	dev->tlb_done = dev->tlb_tag;
	return dev->tlb_done;
}

static void tlb_request_locked(struct device *dev, uint32_t tag)
{
	device_drop_translations(dev);
	dev->tlb_tag_gen = __atomic_load_n(&dev->tlb_gen, __ATOMIC_SEQ_CST);
	dev->tlb_tag = tag;
}

static uint32_t time_lo_locked(struct device *dev)
{
	uint64_t now = now_ns();

	dev->time_hi = (uint32_t)(now >> 32);
	return (uint32_t)now;
}

static uint32_t read_state_locked(struct device *dev, uint32_t offset)
{
	switch (offset) {
	case CRLN_REG_STATUS:
		return dev->status;
	case CRLN_REG_FW_REQUEST:
		return dev->fw_request;
	case CRLN_REG_FW_ACK:
		return dev->fw_ack;
	case CRLN_REG_EVENT:
		return dev->event;
	case CRLN_REG_FAULT_RING:
		return dev->fault_ring;
	case CRLN_REG_FAULT_ADDR_LO:
		return (uint32_t)dev->fault_addr;
	case CRLN_REG_FAULT_ADDR_HI:
		return (uint32_t)(dev->fault_addr >> 32);
	case CRLN_REG_TLB_DONE:
		return tlb_done_locked(dev);
	case CRLN_REG_TIME_LO:
		return time_lo_locked(dev);
	case CRLN_REG_TIME_HI:
		return dev->time_hi;
	case CRLN_REG_SCRATCH:
		return dev->scratch;
	default:
		return 0;
	}
}

static uint32_t read_global_locked(struct device *dev, uint32_t offset)
{
	switch (offset) {
	case CRLN_REG_MAGIC:
		return CRLN_MAGIC;
	case CRLN_REG_HW_VERSION:
		return HW_VERSION;
	case CRLN_REG_FW_VERSION:
		return FIRMWARE_VERSION;
	case CRLN_REG_CAPS:
		return ALL_CAPS;
	case CRLN_REG_NUM_RINGS:
		return dev->num_rings;
	case CRLN_REG_NUM_ENGINES:
		return dev->num_engines;
	case CRLN_REG_VA_BITS:
		return CRLN_VA_BITS;
	case CRLN_REG_RING_ORDER_MAX:
		return dev->ring_order_max;
	case CRLN_REG_VRAM_SIZE_MB:
		return (uint32_t)(dev->vram.size >> 20);
	default:
		return read_state_locked(dev, offset);
	}
}

/* The ring whose register or doorbell is meant; NULL if there is no such ring. */
static struct ring *ring_at(struct device *dev, uint32_t index)
{
	return index < dev->num_rings ? &dev->rings[index] : NULL;
}

/**
 * regs_read() - read a register
 * @dev: the device
 * @offset: in BAR 0, a multiple of 4
 *
 * Context: Protocol thread, no lock held. Takes the device lock.
 * Return: the value; 0 where there is no register.
 */
uint32_t regs_read(struct device *dev, uint32_t offset)
{
	uint32_t val = 0;

	pthread_mutex_lock(&dev->lock);
	if (offset < CRLN_RING_BLOCK) {
		val = read_global_locked(dev, offset);
	} else if (offset < RINGS_END) {
		uint32_t rel = offset - CRLN_RING_BLOCK;
		struct ring *r = ring_at(dev, rel / CRLN_RING_STRIDE);

		if (r)
			val = ring_read_locked(r, rel % CRLN_RING_STRIDE);
	}
	pthread_mutex_unlock(&dev->lock);
	return val;
}

static void write_global_locked(struct device *dev, uint32_t offset, uint32_t val)
{
	switch (offset) {
	case CRLN_REG_FW_REQUEST:
		dev->fw_request = val;
		dev->fw_ack = 0;
		dev->fw_asked = true;
		device_wake_firmware_locked(dev);
		break;
	case CRLN_REG_EVENT:
		dev->event &= ~val;
		break;
	case CRLN_REG_TLB_REQUEST:
		tlb_request_locked(dev, val);
		break;
	case CRLN_REG_SCRATCH:
		dev->scratch = val;
		break;
	default:
		break;
	}
}

static void write_ring_locked(struct device *dev, uint32_t offset, uint32_t val)
{
	uint32_t rel = offset - CRLN_RING_BLOCK;
	struct ring *r = ring_at(dev, rel / CRLN_RING_STRIDE);

	if (r)
		ring_write_locked(dev, r, rel % CRLN_RING_STRIDE, val);
}

static void write_doorbell_locked(struct device *dev, uint32_t offset, uint32_t val)
{
	uint32_t rel = offset - CRLN_DOORBELL_BLOCK;
	struct ring *r = ring_at(dev, rel / CRLN_DOORBELL_STRIDE);

	if (r && rel % CRLN_DOORBELL_STRIDE == 0)
		ring_doorbell_locked(dev, r, val);
}

static void write_locked(struct device *dev, uint32_t offset, uint32_t val)
{
	/* Until a reset is through there is nothing to talk to. */
	if (!(dev->status & CRLN_STATUS_READY))
		return;
	if (offset < CRLN_RING_BLOCK)
		write_global_locked(dev, offset, val);
	else if (offset < RINGS_END)
		write_ring_locked(dev, offset, val);
	else if (offset >= CRLN_DOORBELL_BLOCK)
		write_doorbell_locked(dev, offset, val);
}

/**
 * regs_write() - write a register
 * @dev: the device
 * @offset: in BAR 0, a multiple of 4; where there is no register nothing happens
 * @val: the value
 *
 * Context: Protocol thread, no lock held. Takes the device lock. Sleeps for a reset.
 */
void regs_write(struct device *dev, uint32_t offset, uint32_t val)
{
	if (offset == CRLN_REG_RESET) {
		if (val != CRLN_RESET_KEY)
			return;
		device_reset_start(dev, DEVICE_RESET_REGISTER);
		device_reset_wait(dev, RESET_WAIT_NS);
		return;
	}
	pthread_mutex_lock(&dev->lock);
	write_locked(dev, offset, val);
	pthread_mutex_unlock(&dev->lock);
}
