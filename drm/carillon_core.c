// SPDX-License-Identifier: GPL-2.0
/*
 * The device as a whole: identification, firmware handshake, reset, TLB, loss.
 */

/**
 * DOC: Overview
 *
 * carillon_pci owns the PCI device: its registers, interrupts and rings. It has
 * no idea of files, buffers or jobs; that is the DRM driver, which binds to the
 * auxiliary device that carillon_pci registers and gets a &struct carillon_core
 * as registration data.
 *
 * Every exported function that touches a register wants a token of the PCI
 * binding's gate, or of a child of it: the proof that the registers are mapped.
 * Every wait for the device is bounded. One that runs out, and a register that
 * reads all ones, end in carillon_core_mark_lost(): bus mastering is switched
 * off, so that memory can be freed and fences can signal, and the DRM driver is
 * told.
 *
 * Lifetime: the carillon_core is allocated for the PCI binding. The auxiliary
 * device is unregistered before anything of it goes, so the DRM driver may use
 * its pointer for as long as it is bound.
 *
 * Locking: client_mutex, ring_mutex, tlb_mutex, in this order. The latter two are
 * taken on the way to signalling a fence; nothing is allocated under them.
 */

#include <linux/array_size.h>
#include <linux/iopoll.h>
#include <linux/pci.h>

#include <bound/bound_aux.h>
#include <bound/bound_bar.h>

#include "carillon_core.h"
#include "carillon_core_priv.h"
#include "carillon_irq.h"
#include "carillon_ring.h"
#include "carillon_watch.h"

/* A larger minor number only adds. */
#define CARILLON_HW_MAJOR	1

const struct bound_aux_type carillon_core_aux_type = { .name = "struct carillon_core" };
EXPORT_SYMBOL_NS_GPL(carillon_core_aux_type, "CARILLON_PCI");

/**
 * carillon_core_init() - set up what needs no device
 * @core: zeroed
 *
 * Context: Any.
 */
void carillon_core_init(struct carillon_core *core)
{
	mutex_init(&core->ring_mutex);
	mutex_init(&core->tlb_mutex);
	mutex_init(&core->client_mutex);
	spin_lock_init(&core->time_lock);
	carillon_watch_init(core);
}

/**
 * carillon_core_info() - what the device said about itself
 * @core: the device
 *
 * Context: Any.
 * Return: Borrowed; constant while the DRM driver is bound.
 */
const struct carillon_core_info *carillon_core_info(const struct carillon_core *core)
{
	return &core->info;
}
EXPORT_SYMBOL_NS_GPL(carillon_core_info, "CARILLON_PCI");

/**
 * carillon_core_dma_dev() - the device that does DMA
 * @core: the device
 *
 * Context: Any.
 * Return: Borrowed: the PCI device.
 */
struct device *carillon_core_dma_dev(const struct carillon_core *core)
{
	return &core->pdev->dev;
}
EXPORT_SYMBOL_NS_GPL(carillon_core_dma_dev, "CARILLON_PCI");

/**
 * carillon_core_set_client() - register for what happens to the device
 * @core: the device
 * @ops: functions; all are mandatory
 * @data: passed to them
 *
 * If the device is lost already @ops->lost is called soon.
 *
 * Context: Process; takes client_mutex.
 */
void carillon_core_set_client(struct carillon_core *core,
			      const struct carillon_core_client_ops *ops, void *data)
{
	mutex_lock(&core->client_mutex);
	core->client = ops;
	core->client_data = data;
	mutex_unlock(&core->client_mutex);

	if (carillon_core_is_lost(core))
		schedule_work(&core->lost_work);
}
EXPORT_SYMBOL_NS_GPL(carillon_core_set_client, "CARILLON_PCI");

/**
 * carillon_core_clear_client() - end what carillon_core_set_client() began
 * @core: the device
 *
 * Context: Process; takes client_mutex. None of the client's functions is
 * running or will be called when this returns.
 */
void carillon_core_clear_client(struct carillon_core *core)
{
	mutex_lock(&core->client_mutex);
	core->client = NULL;
	core->client_data = NULL;
	mutex_unlock(&core->client_mutex);
}
EXPORT_SYMBOL_NS_GPL(carillon_core_clear_client, "CARILLON_PCI");

/**
 * carillon_core_tell_reset_prepare() - tell the client that somebody resets the device
 * @core: the device
 *
 * Context: Process; takes client_mutex and keeps it, so that the client that is
 * told of the beginning is told of the end.
 */
void carillon_core_tell_reset_prepare(struct carillon_core *core)
{
	mutex_lock(&core->client_mutex);
	if (core->client)
		core->client->reset_prepare(core->client_data);
}

/**
 * carillon_core_tell_reset_done() - tell the client that the device is back
 * @core: the device
 *
 * Context: Process, after carillon_core_tell_reset_prepare() by the same task;
 * releases client_mutex.
 */
void carillon_core_tell_reset_done(struct carillon_core *core)
{
	if (core->client)
		core->client->reset_done(core->client_data);
	mutex_unlock(&core->client_mutex);
}

/**
 * carillon_core_set_resetting() - begin or end a function-level reset
 * @core: the device
 * @resetting: whether it begins
 *
 * In between no ring is enabled, and nobody minds what registers read.
 *
 * Rings that are enabled at the beginning go on until carillon_core_restart().
 *
 * Context: Process, the device's lock held; takes ring_mutex and tlb_mutex.
 */
void carillon_core_set_resetting(struct carillon_core *core, bool resetting)
{
	mutex_lock(&core->ring_mutex);
	mutex_lock(&core->tlb_mutex);
	WRITE_ONCE(core->resetting, resetting);
	core->quiet = false;
	mutex_unlock(&core->tlb_mutex);
	mutex_unlock(&core->ring_mutex);
}

/**
 * carillon_core_is_lost() - whether the device is known to be gone
 * @core: the device
 *
 * Context: Any.
 * Return: true once it is; that never changes back.
 */
bool carillon_core_is_lost(const struct carillon_core *core)
{
	return test_bit(0, &core->lost);
}
EXPORT_SYMBOL_NS_GPL(carillon_core_is_lost, "CARILLON_PCI");

/**
 * carillon_core_mark_lost() - give the device up
 * @core: the device
 *
 * Takes it off the bus, so that it can't touch memory even if it is only deaf,
 * and has the client told.
 *
 * Context: Any, with a token.
 */
void carillon_core_mark_lost(struct carillon_core *core)
{
	if (carillon_core_is_lost(core))
		return;
	/* First of all: who finds the bit set frees memory and signals fences. */
	pci_clear_master(core->pdev);
	if (test_and_set_bit(0, &core->lost))
		return;

	dev_err(&core->pdev->dev, "device is lost\n");
	schedule_work(&core->lost_work);
}
EXPORT_SYMBOL_NS_GPL(carillon_core_mark_lost, "CARILLON_PCI");

/* In the middle of a function-level reset it may read anything. */
static bool carillon_core_answers(const struct bound_token *tok, struct carillon_core *core)
{
	return READ_ONCE(core->resetting) ||
	       bound_bar_read32(tok, core->bar, CRLN_REG_MAGIC) == CRLN_MAGIC;
}

/**
 * carillon_core_check() - look whether the device is still there
 * @tok: token of the PCI gate or a child of it
 * @core: the device
 *
 * Context: Any.
 * Return: false if it is lost, which is marked then.
 */
bool carillon_core_check(const struct bound_token *tok, struct carillon_core *core)
{
	if (carillon_core_is_lost(core))
		return false;
	/* Twice: a reset may have begun between looking at the flag and at the register. */
	if (carillon_core_answers(tok, core) || carillon_core_answers(tok, core))
		return true;

	carillon_core_mark_lost(core);
	return false;
}
EXPORT_SYMBOL_NS_GPL(carillon_core_check, "CARILLON_PCI");

/* Wait until all of @bits are set. All ones are caught by the callers' check. */
static int carillon_core_wait_status(const struct bound_token *tok, struct carillon_core *core,
				     u32 bits)
{
	u32 val;

	return read_poll_timeout(bound_bar_read32, val, (val & bits) == bits,
				 CARILLON_POLL_US, CARILLON_ANSWER_US, false,
				 tok, core->bar, CRLN_REG_STATUS);
}

static int carillon_core_handshake(const struct bound_token *tok, struct carillon_core *core)
{
	u32 ack;
	int ret;

	bound_bar_write32(tok, core->bar, CRLN_REG_FW_REQUEST, CRLN_FW_INTERFACE);
	ret = read_poll_timeout(bound_bar_read32, ack, ack, CARILLON_POLL_US,
				CARILLON_ANSWER_US, false, tok, core->bar, CRLN_REG_FW_ACK);
	if (ret) {
		dev_err(&core->pdev->dev, "firmware doesn't answer\n");
		return ret;
	}
	/* REFUSED is all ones, so it takes a look at another register. */
	if (bound_bar_read32(tok, core->bar, CRLN_REG_MAGIC) != CRLN_MAGIC)
		return -ENODEV;
	if (ack == CRLN_FW_REFUSED ||
	    CRLN_VERSION_MAJOR(ack) != CRLN_VERSION_MAJOR(CRLN_FW_INTERFACE)) {
		dev_err(&core->pdev->dev, "firmware refuses interface %u.%u\n",
			CRLN_VERSION_MAJOR(CRLN_FW_INTERFACE),
			CRLN_VERSION_MINOR(CRLN_FW_INTERFACE));
		return -EPROTO;
	}
	core->info.fw_interface = ack;

	return carillon_core_wait_status(tok, core, CRLN_STATUS_FW_RUNNING);
}

/**
 * carillon_core_start() - reset the device and bring its firmware up
 * @tok: token of the PCI gate
 * @core: the device
 *
 * Context: Process, sleeps for a bounded time.
 * Return: 0; -ENODEV if the device isn't there; -ETIMEDOUT if it doesn't answer;
 * -EPROTO if the firmware speaks another language.
 */
int carillon_core_start(const struct bound_token *tok, struct carillon_core *core)
{
	int ret;

	if (bound_bar_read32(tok, core->bar, CRLN_REG_MAGIC) != CRLN_MAGIC)
		return -ENODEV;

	bound_bar_write32(tok, core->bar, CRLN_REG_RESET, CRLN_RESET_KEY);
	ret = carillon_core_wait_status(tok, core, CRLN_STATUS_READY);
	if (ret)
		return ret;
	core->tlb_tag = 0;
	bound_bar_write32(tok, core->bar, CRLN_REG_EVENT, CRLN_EVENT_RESET);

	return carillon_core_handshake(tok, core);
}

/**
 * carillon_core_probe_info() - read what the device says about itself
 * @tok: token of the PCI gate
 * @core: the device, started
 *
 * Context: Process.
 * Return: 0, or -ENODEV if the values make no sense to this driver.
 */
int carillon_core_probe_info(const struct bound_token *tok, struct carillon_core *core)
{
	struct carillon_core_info *info = &core->info;

	info->hw_version = bound_bar_read32(tok, core->bar, CRLN_REG_HW_VERSION);
	info->fw_version = bound_bar_read32(tok, core->bar, CRLN_REG_FW_VERSION);
	info->caps = bound_bar_read32(tok, core->bar, CRLN_REG_CAPS);
	info->num_rings = bound_bar_read32(tok, core->bar, CRLN_REG_NUM_RINGS);
	info->num_engines = bound_bar_read32(tok, core->bar, CRLN_REG_NUM_ENGINES);
	info->va_bits = bound_bar_read32(tok, core->bar, CRLN_REG_VA_BITS);
	info->ring_order_max = bound_bar_read32(tok, core->bar, CRLN_REG_RING_ORDER_MAX);

	if (CRLN_VERSION_MAJOR(info->hw_version) != CARILLON_HW_MAJOR) {
		dev_err(&core->pdev->dev, "unknown hardware version %u.%u\n",
			CRLN_VERSION_MAJOR(info->hw_version),
			CRLN_VERSION_MINOR(info->hw_version));
		return -ENODEV;
	}
	if (!info->num_rings || info->num_rings > CRLN_MAX_RINGS || !info->num_engines ||
	    info->va_bits != CRLN_VA_BITS || info->ring_order_max < CRLN_RING_ORDER_MIN ||
	    info->ring_order_max > CRLN_RING_ORDER_LIMIT) {
		dev_err(&core->pdev->dev,
			"impossible device: %u rings of 2^%u slots, %u engines, %u address bits\n",
			info->num_rings, info->ring_order_max, info->num_engines, info->va_bits);
		return -ENODEV;
	}
	return 0;
}

static int carillon_core_restart_locked(const struct bound_token *tok, struct carillon_core *core)
{
	int ret = -ENODEV;

	lockdep_assert_held(&core->ring_mutex);
	lockdep_assert_held(&core->tlb_mutex);

	if (!carillon_core_is_lost(core))
		ret = carillon_core_start(tok, core);
	/* Rings without reset or loss would be taken for stopped. */
	if (ret)
		carillon_core_mark_lost(core);
	carillon_rings_were_reset(core);
	core->quiet = core->resetting;
	return ret ? -ENODEV : 0;
}

/**
 * carillon_core_restart() - as carillon_core_reset(), also in a function-level reset
 * @tok: token of the PCI gate
 * @core: the device
 *
 * Context: Process, the device's lock held, sleeps for a bounded time; takes ring_mutex
 * and tlb_mutex.
 * Return: 0 or -ENODEV, as carillon_core_reset().
 */
int carillon_core_restart(const struct bound_token *tok, struct carillon_core *core)
{
	guard(mutex)(&core->ring_mutex);
	guard(mutex)(&core->tlb_mutex);
	return carillon_core_restart_locked(tok, core);
}

/**
 * carillon_core_reset() - reset the device and all its rings
 * @tok: token of the PCI gate or a child of it
 * @core: the device
 *
 * All rings are disabled then and have to be restarted. What was on them is lost. If a
 * function-level reset is under way that may have happened already.
 *
 * Context: Process, sleeps for a bounded time; takes ring_mutex and tlb_mutex. May
 * be called on the way to signalling a fence.
 * Return: 0, or -ENODEV: the device didn't come back and has been cut off. In
 * both cases it doesn't touch the memory of any job any more.
 */
int carillon_core_reset(const struct bound_token *tok, struct carillon_core *core)
{
	int ret;

	guard(mutex)(&core->ring_mutex);
	guard(mutex)(&core->tlb_mutex);
	/* All rings are disabled, and it may be away right now, which is no loss. */
	if (core->quiet)
		return carillon_core_is_lost(core) ? -ENODEV : 0;
	ret = carillon_core_restart_locked(tok, core);
	/* Otherwise whoever wants it knows. */
	if (!ret && !core->resetting)
		dev_warn(&core->pdev->dev, "device was reset\n");
	return ret;
}
EXPORT_SYMBOL_NS_GPL(carillon_core_reset, "CARILLON_PCI");

/**
 * carillon_core_flush_tlb() - make the device forget all translations
 * @tok: token of the PCI gate or a child of it
 * @core: the device
 *
 * When this returns, whatever it returns, the device doesn't use what was read
 * from page tables before the call: if it doesn't answer it is cut off.
 *
 * Context: Process, sleeps for a bounded time; takes tlb_mutex.
 * Return: 0, or -ENODEV: the device is lost.
 */
int carillon_core_flush_tlb(const struct bound_token *tok, struct carillon_core *core)
{
	u32 done, tag;
	int ret;

	if (carillon_core_is_lost(core))
		return -ENODEV;

	mutex_lock(&core->tlb_mutex);
	/* All rings are disabled, and translations are dropped when one is enabled. */
	if (core->quiet) {
		mutex_unlock(&core->tlb_mutex);
		return 0;
	}
	/* Neither the value after reset nor that of a device which is gone. */
	tag = core->tlb_tag + 1;
	if (tag == CARILLON_ALL_ONES)
		tag = 1;
	core->tlb_tag = tag;
	bound_bar_write32(tok, core->bar, CRLN_REG_TLB_REQUEST, tag);
	ret = read_poll_timeout(bound_bar_read32, done, done == tag || done == CARILLON_ALL_ONES,
				CARILLON_POLL_US, CARILLON_ANSWER_US, false,
				tok, core->bar, CRLN_REG_TLB_DONE);
	mutex_unlock(&core->tlb_mutex);

	if (!ret && done == tag)
		return 0;
	carillon_core_mark_lost(core);
	return -ENODEV;
}
EXPORT_SYMBOL_NS_GPL(carillon_core_flush_tlb, "CARILLON_PCI");

/**
 * carillon_core_time_ns() - read the device clock
 * @tok: token of the PCI gate or a child of it
 * @core: the device
 *
 * Context: Any; takes a spinlock, IRQ-safe.
 * Return: Nanoseconds; all ones if the device is gone.
 */
u64 carillon_core_time_ns(const struct bound_token *tok, struct carillon_core *core)
{
	u32 lo, hi;

	/* Reading the low half latches the high one. */
	scoped_guard(spinlock_irqsave, &core->time_lock) {
		lo = bound_bar_read32(tok, core->bar, CRLN_REG_TIME_LO);
		hi = bound_bar_read32(tok, core->bar, CRLN_REG_TIME_HI);
	}
	return (u64)hi << 32 | lo;
}
EXPORT_SYMBOL_NS_GPL(carillon_core_time_ns, "CARILLON_PCI");
