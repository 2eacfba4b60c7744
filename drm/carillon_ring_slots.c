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

static u64 carillon_ring_from_hw(u64 hw_seqno)
{
	return hw_seqno / CARILLON_RING_NUMBERS;
}

/* The slot at a position. */
static u32 carillon_ring_slot(const struct carillon_ring *ring, u32 pos)
{
	return pos & ((1u << ring->args.order) - 1);
}

static u32 carillon_ring_fill(struct carillon_ring *ring, const struct carillon_ring_job *job,
			      u64 hw_seqno, u32 flags)
{
	u32 pos = ring->first + ring->tail;
	struct crln_desc *desc = &ring->desc[carillon_ring_slot(ring, pos)];

	desc->cmd_addr = cpu_to_le64(job->cmd_addr);
	desc->cmd_size = cpu_to_le32(job->cmd_size);
	desc->flags = cpu_to_le32(flags);
	/* A process may have rung for it already: the device looks at this first. */
	dma_wmb();
	WRITE_ONCE(desc->seqno, cpu_to_le64(hw_seqno));
	WRITE_ONCE(ring->tail, ring->tail + 1);
	return pos;
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
	ring->pushed = job->seqno;
	return carillon_ring_fill(ring, job, carillon_ring_to_hw(job->seqno), CRLN_DESC_IRQ);
}
EXPORT_SYMBOL_NS_GPL(carillon_ring_push, "CARILLON_PCI");

/**
 * carillon_ring_push_waits() - have the ring wait before a job
 * @ring: ring with @num free slots beside that for the job
 * @addr: where the device finds the ring's memory, in the ring's page table
 * @waits: what it waits for
 * @num: how many, %CARILLON_RING_WAITS at most
 * @seqno: of the job, for which carillon_ring_push() is called next
 *
 * A slot for each of them, so that one that ends with an error doesn't take others with
 * it. Their end is no interrupt, unless it is an error.
 *
 * Context: Any; one caller at a time.
 */
void carillon_ring_push_waits(struct carillon_ring *ring, u64 addr,
			      const struct carillon_ring_wait *waits, unsigned int num,
			      u64 seqno)
{
	u64 hw_seqno = carillon_ring_to_hw(seqno) - num;
	unsigned int i;

	for (i = 0; i < num; i++) {
		struct crln_cmd_sem *cmd = &ring->waits[carillon_ring_slot(ring, ring->tail)];
		const struct carillon_ring_job job = {
			.cmd_addr = addr + ((void *)cmd - (void *)ring->desc),
			.cmd_size = sizeof(*cmd),
		};

		*cmd = (struct crln_cmd_sem){
			.cmd.opcode = cpu_to_le16(CRLN_CMD_SEM_WAIT),
			.cmd.size = cpu_to_le16(sizeof(*cmd)),
			.addr = cpu_to_le64(waits[i].addr),
			.value = cpu_to_le64(carillon_ring_to_hw(waits[i].seqno)),
		};
		carillon_ring_fill(ring, &job, hw_seqno + i, 0);
	}
}
EXPORT_SYMBOL_NS_GPL(carillon_ring_push_waits, "CARILLON_PCI");

/**
 * carillon_ring_raise() - note that a job has ended which the device doesn't report
 * @ring: ring that is empty, or has stopped for good
 * @seqno: the job's; all before it have ended, too
 *
 * Rings that wait for it go on.
 *
 * Context: Any; one caller at a time.
 */
void carillon_ring_raise(struct carillon_ring *ring, u64 seqno)
{
	u64 hw_seqno = carillon_ring_to_hw(seqno);

	if (le64_to_cpu(READ_ONCE(ring->cpl->seqno)) < hw_seqno)
		WRITE_ONCE(ring->cpl->seqno, cpu_to_le64(hw_seqno));
}
EXPORT_SYMBOL_NS_GPL(carillon_ring_raise, "CARILLON_PCI");

/**
 * carillon_ring_get_memory() - what has to be mapped for rings to wait
 * @ring: the ring
 * @ret_mem: filled in
 *
 * Context: Any.
 */
void carillon_ring_get_memory(const struct carillon_ring *ring,
			      struct carillon_ring_memory *ret_mem)
{
	ret_mem->addr = ring->desc_dma;
	ret_mem->size_bytes = ALIGN(ring->size_bytes, CRLN_PAGE_SIZE);
	ret_mem->semaphore = CRLN_RING_SIZE(ring->args.order) +
			     offsetof(struct crln_cpl_head, seqno);
}
EXPORT_SYMBOL_NS_GPL(carillon_ring_get_memory, "CARILLON_PCI");

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
 * What carillon_ring_result() says of it and of those before is valid then, if they
 * were pushed since the ring was enabled.
 *
 * Context: Any.
 * Return: Its sequence number, 0 if there was none.
 */
u64 carillon_ring_seqno(const struct carillon_ring *ring)
{
	u64 seqno = le64_to_cpu(READ_ONCE(ring->cpl->seqno));

	/* The device writes the slot's record before the sequence number. */
	dma_rmb();
	return carillon_ring_from_hw(seqno);
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

	if (le64_to_cpu(cpl->seqno) != carillon_ring_to_hw(seqno))
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
 * If not, the device hasn't looked at it: it was in slots before, those from
 * carillon_ring_push_waits(), say. A ring that was enabled again has forgotten that.
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
