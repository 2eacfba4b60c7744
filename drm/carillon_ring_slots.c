// SPDX-License-Identifier: GPL-2.0
/*
 * The slots of a ring: jobs go in, results come out.
 */

#include <asm/barrier.h>
#include <linux/compiler.h>
#include <linux/export.h>
#include <linux/mutex.h>

#include <bound/bound_bar.h>
#include <hw/carillon_hw.h>

#include "carillon_core_priv.h"
#include "carillon_ring.h"
#include "carillon_ring_priv.h"

static const struct crln_cpl_slot *carillon_ring_cpl_slot(const struct carillon_ring *ring,
							  u32 slot)
{
	return (void *)ring->cpl + CRLN_CPL_SLOT(slot);
}

/* The slot at a position. */
static u32 carillon_ring_slot(const struct carillon_ring *ring, u32 pos)
{
	return pos & ((1u << ring->args.order) - 1);
}

/**
 * carillon_ring_push() - write a job into the next slot
 * @ring: ring with a free slot, which is the owner's to know
 * @job: the job
 *
 * The device doesn't look before carillon_ring_doorbell(), but for a process that rings
 * by itself: then it finds a bad descriptor, or the whole job.
 *
 * Context: Any; one caller at a time.
 * Return: Its position: one more for each slot that was written, free running.
 */
u32 carillon_ring_push(struct carillon_ring *ring, const struct carillon_ring_job *job)
{
	u32 pos = ring->first + ring->tail;
	struct crln_desc *desc = &ring->desc[carillon_ring_slot(ring, pos)];

	desc->cmd_addr = cpu_to_le64(job->cmd_addr);
	desc->cmd_size = cpu_to_le32(job->cmd_size);
	desc->flags = cpu_to_le32(CRLN_DESC_IRQ);
	/* A process may have rung for it already: the device looks at this first. */
	dma_wmb();
	WRITE_ONCE(desc->seqno, cpu_to_le64(job->seqno));
	WRITE_ONCE(ring->tail, ring->tail + 1);
	return pos;
}
EXPORT_SYMBOL_NS_GPL(carillon_ring_push, "CARILLON_PCI");

/**
 * carillon_ring_doorbell() - tell the device of the jobs that were pushed
 * @tok: token of the PCI gate or a child of it
 * @ring: the ring
 *
 * Context: Any; one caller at a time.
 */
void carillon_ring_doorbell(const struct bound_token *tok, struct carillon_ring *ring)
{
	/* The write orders itself behind the descriptors. */
	bound_bar_write32(tok, ring->core->bar, CRLN_DOORBELL(ring->index), ring->tail);
}
EXPORT_SYMBOL_NS_GPL(carillon_ring_doorbell, "CARILLON_PCI");

/**
 * carillon_ring_seqno() - which job has ended last
 * @ring: the ring
 *
 * What carillon_ring_result() says of it and of those before is valid then.
 *
 * Context: Any.
 * Return: Its sequence number, 0 if there was none since the ring was enabled.
 */
u64 carillon_ring_seqno(const struct carillon_ring *ring)
{
	u64 seqno = le64_to_cpu(READ_ONCE(ring->cpl->seqno));

	/* The device writes the slot's record before the sequence number. */
	dma_rmb();
	return seqno;
}
EXPORT_SYMBOL_NS_GPL(carillon_ring_seqno, "CARILLON_PCI");

/**
 * carillon_ring_result() - ask how a job has ended
 * @ring: the ring
 * @pos: from carillon_ring_push()
 * @seqno: the job's, not after carillon_ring_seqno()
 * @ret_result: the answer
 *
 * Context: Any, before the slot is used again.
 * Return: 0, or -EBADMSG if the record isn't about this job.
 */
int carillon_ring_result(const struct carillon_ring *ring, u32 pos, u64 seqno,
			 struct carillon_ring_result *ret_result)
{
	const struct crln_cpl_slot *cpl;

	cpl = carillon_ring_cpl_slot(ring, carillon_ring_slot(ring, pos));

	if (le64_to_cpu(cpl->seqno) != seqno)
		return -EBADMSG;
	ret_result->status = le32_to_cpu(cpl->status);
	ret_result->info = le32_to_cpu(cpl->info);
	ret_result->run_ns = le64_to_cpu(cpl->end_ns) - le64_to_cpu(cpl->start_ns);
	return 0;
}
EXPORT_SYMBOL_NS_GPL(carillon_ring_result, "CARILLON_PCI");

/**
 * carillon_ring_may_have_begun() - whether the device got as far as to a job
 * @ring: ring that is quiet: after carillon_ring_stop() or a device reset
 * @pos: the job's, from carillon_ring_push()
 *
 * If not, the device hasn't looked at it: it was at slots before. A ring that was enabled
 * again has forgotten that.
 *
 * Context: Process; takes ring_mutex.
 * Return: false if it certainly hasn't begun.
 */
bool carillon_ring_may_have_begun(struct carillon_ring *ring, u32 pos)
{
	u32 at;

	mutex_lock(&ring->core->ring_mutex);
	at = ring->first + le32_to_cpu(READ_ONCE(ring->cpl->head));
	mutex_unlock(&ring->core->ring_mutex);
	return (s32)(at - pos) >= 0;
}
EXPORT_SYMBOL_NS_GPL(carillon_ring_may_have_begun, "CARILLON_PCI");

/**
 * carillon_ring_tail() - how many slots were filled
 * @ring: the ring
 *
 * Context: Any.
 * Return: Since the ring was enabled, modulo 2^32: what the doorbell takes.
 */
u32 carillon_ring_tail(const struct carillon_ring *ring)
{
	return READ_ONCE(ring->tail);
}
EXPORT_SYMBOL_NS_GPL(carillon_ring_tail, "CARILLON_PCI");
