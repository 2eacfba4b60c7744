// SPDX-License-Identifier: GPL-2.0
/*
 * Rings: where jobs are handed to the device.
 */

/**
 * DOC: Ring
 *
 * A ring is one allocation of coherent memory, descriptors first, then the
 * completion area, then commands of slots that wait (carillon_ring_push_waits()), and a
 * block of registers. Its owner is the only one to push and to look at results; interrupts
 * reach the owner through an RCU-protected table.
 *
 * States are those of the device (enum crln_ring_state). The driver keeps one
 * bit beside: whether it has enabled the ring and nobody has reset the device
 * since. A ring without it is as good as stopped, and needs a
 * carillon_ring_restart() before it takes jobs.
 *
 * The owner isn't the only one who rings: user space may have mapped the doorbell page. The
 * hardware's rules make of that, in the worst case, slots that the device has consumed before a
 * job was in them, all with bad descriptors, or a ring that has faulted. Both are found by
 * carillon_rings_check_faults(), and end the owner's use of the ring. They concern no other
 * ring, and none of them makes the device read anything but this ring's slots.
 *
 * A ring's memory isn't freed before the device has said that the ring is
 * disabled, has been reset, or is off the bus.
 */

#include <linux/dma-mapping.h>
#include <linux/iopoll.h>
#include <linux/pci.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include <bound/bound_bar.h>
#include <bound/bound_window.h>

#include "carillon_core_priv.h"
#include "carillon_irq.h"
#include "carillon_ring.h"
#include "carillon_ring_priv.h"
#include "carillon_watch.h"

static u32 carillon_ring_read(const struct bound_token *tok, const struct carillon_ring *ring,
			      u32 reg)
{
	return bound_bar_read32(tok, ring->core->bar, CRLN_RING_REG(ring->index, reg));
}

static void carillon_ring_write(const struct bound_token *tok, const struct carillon_ring *ring,
				u32 reg, u32 val)
{
	bound_bar_write32(tok, ring->core->bar, CRLN_RING_REG(ring->index, reg), val);
}

static void carillon_ring_write64(const struct bound_token *tok, const struct carillon_ring *ring,
				  u32 reg, u64 val)
{
	carillon_ring_write(tok, ring, reg, lower_32_bits(val));
	carillon_ring_write(tok, ring, reg + 4, upper_32_bits(val));
}

/* Every state but those in which the device fetches jobs, or runs one. */
static bool carillon_ring_state_quiet(u32 state)
{
	return state == CRLN_RING_DISABLED || state == CRLN_RING_STOPPED ||
	       state == CRLN_RING_FAULTED;
}

/* A process that has mapped its doorbell can be faster than we are: that's its business. */
static bool carillon_ring_was_enabled(const struct bound_token *tok, struct carillon_ring *ring,
				      u32 state)
{
	return state == CRLN_RING_IDLE || state == CRLN_RING_RUNNING ||
	       carillon_ring_read(tok, ring, CRLN_RING_FAULT) == CRLN_FAULT_DOORBELL;
}

/*
 * The sequence number stays: other rings may be waiting for what ended. One that is
 * larger than what was ever pushed is the device's error.
 */
static void carillon_ring_clear(struct carillon_ring *ring)
{
	size_t cpl = (void *)ring->cpl - (void *)ring->desc;
	size_t behind = cpl + offsetofend(struct crln_cpl_head, seqno);

	memset(ring->desc, 0, cpl);
	memset((void *)ring->desc + behind, 0, ring->size_bytes - behind);
	if (le64_to_cpu(READ_ONCE(ring->cpl->seqno)) > carillon_ring_to_hw(ring->pushed))
		WRITE_ONCE(ring->cpl->seqno, 0);
}

static int carillon_ring_enable_locked(const struct bound_token *tok, struct carillon_ring *ring)
{
	u32 state;

	lockdep_assert_held(&ring->core->ring_mutex);

	if (ring->core->resetting)
		return -EAGAIN;
	carillon_ring_clear(ring);
	ring->first = ALIGN(ring->first + ring->tail, 1u << ring->args.order);
	ring->tail = 0;
	WRITE_ONCE(ring->told, false);
	carillon_ring_write64(tok, ring, CRLN_RING_BASE_LO, ring->desc_dma);
	carillon_ring_write64(tok, ring, CRLN_RING_CPL_LO,
			      ring->desc_dma + CRLN_RING_SIZE(ring->args.order));
	carillon_ring_write64(tok, ring, CRLN_RING_PT_LO, ring->args.pt_addr);
	carillon_ring_write(tok, ring, CRLN_RING_ORDER, ring->args.order);
	carillon_ring_write(tok, ring, CRLN_RING_PRIO, ring->args.priority);
	carillon_ring_write(tok, ring, CRLN_RING_VECTOR, ring->vector);
	carillon_ring_write(tok, ring, CRLN_RING_CTRL, CRLN_RING_CTRL_ENABLE);

	state = carillon_ring_read(tok, ring, CRLN_RING_STATE);
	if (carillon_ring_was_enabled(tok, ring, state)) {
		WRITE_ONCE(ring->enabled, true);
		return 0;
	}
	if (!carillon_core_check(tok, ring->core))
		return -ENODEV;
	dev_err(&ring->core->pdev->dev, "ring %u can't be enabled: state %u, fault %u\n",
		ring->index, state, carillon_ring_read(tok, ring, CRLN_RING_FAULT));
	return -EIO;
}

static int carillon_ring_stop_locked(const struct bound_token *tok, struct carillon_ring *ring)
{
	u32 state;
	int ret;

	lockdep_assert_held(&ring->core->ring_mutex);

	if (!ring->enabled || carillon_core_is_lost(ring->core))
		return 0;

	state = carillon_ring_read(tok, ring, CRLN_RING_STATE);
	if (carillon_ring_state_quiet(state))
		return 0;

	carillon_ring_write(tok, ring, CRLN_RING_CTRL, CRLN_RING_CTRL_STOP);
	ret = read_poll_timeout(carillon_ring_read, state,
				carillon_ring_state_quiet(state) || state == CARILLON_ALL_ONES,
				CARILLON_POLL_US, CARILLON_ANSWER_US, false,
				tok, ring, CRLN_RING_STATE);
	if (ret)
		dev_err(&ring->core->pdev->dev, "ring %u doesn't stop, state %u\n",
			ring->index, state);
	else if (state == CARILLON_ALL_ONES)
		carillon_core_mark_lost(ring->core);
	return ret;
}

/* The ring has stopped, or has faulted. */
static void carillon_ring_disable_locked(const struct bound_token *tok, struct carillon_ring *ring)
{
	lockdep_assert_held(&ring->core->ring_mutex);

	if (ring->enabled && !carillon_core_is_lost(ring->core))
		carillon_ring_write(tok, ring, CRLN_RING_CTRL, CRLN_RING_CTRL_DISABLE);
	WRITE_ONCE(ring->enabled, false);
}

static int carillon_ring_alloc_memory(struct carillon_ring *ring)
{
	unsigned int order = ring->args.order;
	size_t cpl_end = CRLN_RING_SIZE(order) + CRLN_CPL_SIZE(order);

	ring->size_bytes = cpl_end + (sizeof(*ring->waits) << order);
	ring->desc = dma_alloc_coherent(&ring->core->pdev->dev, ring->size_bytes,
					&ring->desc_dma, GFP_KERNEL);
	if (!ring->desc)
		return -ENOMEM;
	ring->cpl = (void *)ring->desc + CRLN_RING_SIZE(order);
	ring->waits = (void *)ring->desc + cpl_end;
	return 0;
}

static void carillon_ring_free(struct carillon_ring *ring)
{
	if (ring->desc)
		dma_free_coherent(&ring->core->pdev->dev, ring->size_bytes, ring->desc,
				  ring->desc_dma);
	kfree(ring);
}

static int carillon_ring_publish(const struct bound_token *tok, struct carillon_ring *ring)
{
	struct carillon_core *core = ring->core;
	int ret;

	guard(mutex)(&core->ring_mutex);

	if (carillon_core_is_lost(core))
		return -ENODEV;
	ring->index = find_first_zero_bit(core->ring_used, core->info.num_rings);
	if (ring->index >= core->info.num_rings)
		return -ENOSPC;
	ring->vector = carillon_irq_vector_of_ring(core, ring->index);

	ret = carillon_ring_enable_locked(tok, ring);
	if (ret)
		return ret;

	__set_bit(ring->index, core->ring_used);
	rcu_assign_pointer(core->rings[ring->index], ring);
	set_bit(ring->index, core->irqs[ring->vector].rings);
	return 0;
}

/**
 * carillon_ring_create() - make a ring and enable it
 * @tok: token of the PCI gate or a child of it
 * @core: the device
 * @args: what it is made from; copied
 *
 * Context: Process; takes ring_mutex, allocates.
 * Return: The ring, to be given to carillon_ring_destroy(); or an ERR_PTR: -ENOMEM,
 * -ENOSPC if all rings are in use, -ENODEV if the device is lost, -EIO if the
 * device doesn't want it, -EAGAIN in the middle of a function-level reset.
 */
struct carillon_ring *carillon_ring_create(const struct bound_token *tok,
					   struct carillon_core *core,
					   const struct carillon_ring_args *args)
{
	struct carillon_ring *ring;
	int ret;

	ring = kzalloc_obj(*ring);
	if (!ring)
		return ERR_PTR(-ENOMEM);
	ring->core = core;
	ring->args = *args;

	ret = carillon_ring_alloc_memory(ring);
	if (!ret)
		ret = carillon_ring_publish(tok, ring);
	if (ret) {
		carillon_ring_free(ring);
		return ERR_PTR(ret);
	}

	carillon_watch_start(core);
	return ring;
}
EXPORT_SYMBOL_NS_GPL(carillon_ring_create, "CARILLON_PCI");

static void carillon_ring_unpublish(struct carillon_ring *ring)
{
	struct carillon_core *core = ring->core;

	mutex_lock(&core->ring_mutex);
	clear_bit(ring->index, core->irqs[ring->vector].rings);
	RCU_INIT_POINTER(core->rings[ring->index], NULL);
	mutex_unlock(&core->ring_mutex);

	/* Pairs with rcu_read_lock() in carillon_irq_handler(). */
	synchronize_rcu();
}

/**
 * carillon_ring_destroy() - disable a ring and free it
 * @tok: token of the PCI gate or a child of it
 * @ring: consumed
 *
 * If the ring doesn't stop the device is reset.
 *
 * Context: Process, sleeps for a bounded time; takes ring_mutex. The owner's
 * functions don't run any more when it returns.
 */
void carillon_ring_destroy(const struct bound_token *tok, struct carillon_ring *ring)
{
	struct carillon_core *core = ring->core;
	int ret;

	carillon_ring_unpublish(ring);

	mutex_lock(&core->ring_mutex);
	ret = carillon_ring_stop_locked(tok, ring);
	if (!ret)
		carillon_ring_disable_locked(tok, ring);
	mutex_unlock(&core->ring_mutex);

	/* In success and in failure the device is away from the memory then. */
	if (ret)
		(void)!carillon_core_reset(tok, core);

	mutex_lock(&core->ring_mutex);
	__clear_bit(ring->index, core->ring_used);
	mutex_unlock(&core->ring_mutex);
	carillon_ring_free(ring);
}
EXPORT_SYMBOL_NS_GPL(carillon_ring_destroy, "CARILLON_PCI");

/**
 * carillon_ring_has_stopped() - whether the device says that the ring is quiet
 * @ring: the ring
 *
 * Context: Any.
 * Return: true if it has stopped, has faulted or isn't enabled at all.
 */
bool carillon_ring_has_stopped(const struct carillon_ring *ring)
{
	u32 state;

	if (carillon_core_is_lost(ring->core) || !READ_ONCE(ring->enabled))
		return true;
	/* Not DISABLED: the record is zero until the device writes it. */
	state = le32_to_cpu(READ_ONCE(ring->cpl->state));
	/* Who reads the sequence number next finds all that ended before. */
	dma_rmb();
	return state == CRLN_RING_STOPPED || state == CRLN_RING_FAULTED;
}
EXPORT_SYMBOL_NS_GPL(carillon_ring_has_stopped, "CARILLON_PCI");

/**
 * carillon_ring_request_stop() - ask the device to stop a ring
 * @tok: token of the PCI gate or a child of it
 * @ring: the ring
 *
 * The answer is an interrupt; carillon_ring_has_stopped() is true then.
 *
 * Context: Any.
 */
void carillon_ring_request_stop(const struct bound_token *tok, struct carillon_ring *ring)
{
	carillon_ring_write(tok, ring, CRLN_RING_CTRL, CRLN_RING_CTRL_STOP);
}
EXPORT_SYMBOL_NS_GPL(carillon_ring_request_stop, "CARILLON_PCI");

/**
 * carillon_ring_stop() - make the device stop a ring
 * @tok: token of the PCI gate or a child of it
 * @ring: the ring
 *
 * Context: Process, sleeps for a bounded time; takes ring_mutex. May be called on
 * the way to signalling a fence.
 * Return: 0: the device does nothing for this ring any more; or -ETIMEDOUT: it
 * didn't answer, try carillon_core_reset().
 */
int carillon_ring_stop(const struct bound_token *tok, struct carillon_ring *ring)
{
	int ret;

	mutex_lock(&ring->core->ring_mutex);
	ret = carillon_ring_stop_locked(tok, ring);
	mutex_unlock(&ring->core->ring_mutex);
	return ret;
}
EXPORT_SYMBOL_NS_GPL(carillon_ring_stop, "CARILLON_PCI");

/**
 * carillon_ring_restart() - make a ring that is quiet usable again, empty
 * @tok: token of the PCI gate or a child of it
 * @ring: ring after carillon_ring_stop(), a fault or a device reset
 *
 * Context: Process; takes ring_mutex. May be called on the way to signalling a
 * fence. Nobody pushes meanwhile.
 * Return: 0, -ENODEV if the device is lost, -EIO if it doesn't want the ring,
 * -EAGAIN in the middle of a function-level reset.
 */
int carillon_ring_restart(const struct bound_token *tok, struct carillon_ring *ring)
{
	int ret = -ENODEV;

	mutex_lock(&ring->core->ring_mutex);
	carillon_ring_disable_locked(tok, ring);
	if (!carillon_core_is_lost(ring->core))
		ret = carillon_ring_enable_locked(tok, ring);
	mutex_unlock(&ring->core->ring_mutex);
	return ret;
}
EXPORT_SYMBOL_NS_GPL(carillon_ring_restart, "CARILLON_PCI");

/**
 * carillon_ring_is_enabled() - whether a ring is good for jobs
 * @ring: the ring
 *
 * Context: Any.
 * Return: false after a device reset, until carillon_ring_restart(), and in the
 * middle of a function-level reset.
 */
bool carillon_ring_is_enabled(const struct carillon_ring *ring)
{
	return READ_ONCE(ring->enabled) && !READ_ONCE(ring->core->resetting);
}
EXPORT_SYMBOL_NS_GPL(carillon_ring_is_enabled, "CARILLON_PCI");

/**
 * carillon_ring_window() - let user space map a ring's doorbell page
 * @tok: token of the PCI gate or a child of it
 * @ring: the ring
 * @mapping: of the files that it's mapped through
 * @pgoff: page offset in them
 *
 * To be revoked before the ring is destroyed: the page is the next ring's then.
 *
 * Context: Process, may sleep.
 * Return: A new reference, or an ERR_PTR as of bound_window_create(); -EOPNOTSUPP if this
 * kernel's pages have room for more than one doorbell.
 */
struct bound_window *carillon_ring_window(const struct bound_token *tok,
					  struct carillon_ring *ring,
					  struct address_space *mapping, pgoff_t pgoff)
{
	const struct bound_window_args args = {
		.mapping = mapping,
		.pgoff = pgoff,
		.off = CRLN_DOORBELL(ring->index),
		.size_bytes = CRLN_DOORBELL_STRIDE,
	};

	if (PAGE_SIZE > CRLN_DOORBELL_STRIDE)
		return ERR_PTR(-EOPNOTSUPP);
	return bound_bar_window(tok, ring->core->bar, &args);
}
EXPORT_SYMBOL_NS_GPL(carillon_ring_window, "CARILLON_PCI");

/**
 * carillon_ring_index() - number of a ring
 * @ring: the ring
 *
 * Context: Any.
 * Return: 0 to &carillon_core_info.num_rings - 1.
 */
unsigned int carillon_ring_index(const struct carillon_ring *ring)
{
	return ring->index;
}
EXPORT_SYMBOL_NS_GPL(carillon_ring_index, "CARILLON_PCI");

/**
 * carillon_ring_show() - print a ring's state as the device sees it
 * @tok: token of the PCI gate or a child of it
 * @ring: the ring
 * @m: where to
 *
 * Context: Process.
 */
void carillon_ring_show(const struct bound_token *tok, const struct carillon_ring *ring,
			struct seq_file *m)
{
	seq_printf(m, "ring %u: state %u fault %u head %u tail %u pushed %u seqno %llu vector %u\n",
		   ring->index, carillon_ring_read(tok, ring, CRLN_RING_STATE),
		   carillon_ring_read(tok, ring, CRLN_RING_FAULT),
		   carillon_ring_read(tok, ring, CRLN_RING_HEAD),
		   carillon_ring_read(tok, ring, CRLN_RING_TAIL),
		   ring->tail, carillon_ring_seqno(ring), ring->vector);
}
EXPORT_SYMBOL_NS_GPL(carillon_ring_show, "CARILLON_PCI");

/**
 * carillon_ring_interrupt() - tell the owner that there was an interrupt
 * @ring: the ring
 *
 * Context: Hard interrupt, inside an RCU read-side section.
 */
void carillon_ring_interrupt(struct carillon_ring *ring)
{
	ring->args.ops->interrupt(ring, ring->args.data);
}

/*
 * Whether the device has consumed slots that were never filled. Only a guess where the ring could
 * be restarted meanwhile.
 */
static bool carillon_ring_overrun(const struct carillon_ring *ring, u32 head)
{
	/* First the device's number, then ours, which is larger if all is well. */
	dma_rmb();
	return (s32)(head - READ_ONCE(ring->tail)) > 0;
}

/**
 * carillon_ring_check_overrun() - look whether somebody else has rung, and too much
 * @ring: the ring
 *
 * If so, &carillon_ring_ops.fault is called soon, with CRLN_FAULT_DOORBELL; once.
 *
 * Context: Any, in the interrupt handler or with a token.
 */
void carillon_ring_check_overrun(struct carillon_ring *ring)
{
	/* What was told stays so, and other rings' interrupts come this way, too. */
	if (unlikely(carillon_ring_overrun(ring, le32_to_cpu(READ_ONCE(ring->cpl->head)))) &&
	    !READ_ONCE(ring->told))
		schedule_work(&ring->core->event_work);
}
EXPORT_SYMBOL_NS_GPL(carillon_ring_check_overrun, "CARILLON_PCI");

/* What the device holds against a ring that is enabled. */
static u32 carillon_ring_fault_locked(const struct bound_token *tok, struct carillon_ring *ring)
{
	u32 head, state;

	lockdep_assert_held(&ring->core->ring_mutex);

	/* In this order: a device that is gone by now isn't back for the state. */
	head = carillon_ring_read(tok, ring, CRLN_RING_HEAD);
	state = carillon_ring_read(tok, ring, CRLN_RING_STATE);
	if (state == CRLN_RING_FAULTED)
		return carillon_ring_read(tok, ring, CRLN_RING_FAULT);
	if (state != CARILLON_ALL_ONES && carillon_ring_overrun(ring, head))
		return CRLN_FAULT_DOORBELL;
	return CRLN_FAULT_NONE;
}

/**
 * carillon_rings_check_faults() - find the rings that have faulted, tell the owners
 * @tok: token of the PCI gate
 * @core: the device
 *
 * Context: Process; takes ring_mutex.
 */
void carillon_rings_check_faults(const struct bound_token *tok, struct carillon_core *core)
{
	unsigned int i;
	u32 fault;

	guard(mutex)(&core->ring_mutex);

	for (i = 0; i < core->info.num_rings; i++) {
		struct carillon_ring *ring =
			rcu_dereference_protected(core->rings[i],
						  lockdep_is_held(&core->ring_mutex));

		if (!ring || !ring->enabled || ring->told)
			continue;
		fault = carillon_ring_fault_locked(tok, ring);
		if (fault == CRLN_FAULT_NONE)
			continue;
		WRITE_ONCE(ring->told, true);
		ring->args.ops->fault(ring, ring->args.data, fault);
	}
}

/**
 * carillon_rings_were_reset() - note that no ring is enabled any more
 * @core: the device, after a reset
 *
 * Context: Process; the caller holds ring_mutex.
 */
void carillon_rings_were_reset(struct carillon_core *core)
{
	unsigned int i;

	lockdep_assert_held(&core->ring_mutex);

	for (i = 0; i < CRLN_MAX_RINGS; i++) {
		struct carillon_ring *ring =
			rcu_dereference_protected(core->rings[i],
						  lockdep_is_held(&core->ring_mutex));

		if (ring)
			WRITE_ONCE(ring->enabled, false);
	}
}
