// SPDX-License-Identifier: GPL-2.0
/*
 * Rings that wait for jobs of other rings.
 */

/**
 * DOC: Semaphores
 *
 * Each ring has a word in memory that grows: the sequence number in its completion head.
 * A ring that is to wait for a job of another one gets a slot with a SEM_WAIT command
 * before the job that waits. It needs a number, too, so a job is 8 × n to the device, and
 * slots before it are 8 × n − 1 and less (see carillon_ring_push_waits()). Such a slot asks
 * for no interrupt.
 *
 * Commands and semaphores are reached through page tables. For this the VM has a part
 * above %CARILLON_VA_END, where user space can't map anything, with a window per queue;
 * the whole memory of the queue's ring is mapped there, read only. Both queues have to be
 * of one VM. The window is made when it's needed for the first time: a VM with one queue
 * pays nothing. Commands of user space that use these addresses can read there what it has
 * submitted itself, and how that has ended, but not write.
 *
 * ::
 *
 *	va_start                     CARILLON_VA_END             1 << CRLN_VA_BITS
 *	|  what user space maps      |  window 0  |  window 1  | …           |
 *	                             |slots|head,results|waits|
 *
 * The word is never less than the number of what has ended, also not when the ring is
 * reset; what ended then, but not by itself, is noted there by us (carillon_ring_raise()).
 * So a ring that waits goes on. Nor does it reach the number of a job that is to be run again.
 *
 * A queue that is torn down takes its window out of the page tables before its ring's
 * memory is freed. All its jobs have ended by then, and rings that waited for them go on:
 * if they haven't seen the last value yet they run into a page fault, which ends the slot
 * with the wait, but with no other one: each has its own. That isn't the job's fault, and
 * nobody looks at it. The window's number is used again when nobody knows it any more: a
 * job that waits holds the queue that it waits for.
 *
 * What becomes of a ring that waits, which is queue B's and waits for a job of queue A:
 *
 * - A's ring is reset, A is killed or destroyed: the job ends with an error, which is noted in
 *   the word. Or it's run again, and B's ring waits until it has ended then.
 * - B is killed or destroyed: its ring is stopped, like one with any job.
 * - B's ring, or the device, is reset: nothing of B's job had begun, so it's run again, with
 *   slots for what it still has to wait for. That's so, too, if what it waited for is over
 *   and its ring hasn't noticed for as long as a job may take. See DOC: Hangs.
 * - The interrupt at the end of the job is lost: B's ring doesn't need it. B's clock stands
 *   still until A has found out.
 * - The device is lost: both queues are killed, and no ring is looked at any more.
 * - The system is to sleep: all rings are emptied, so B's goes on when A's job has ended.
 *   There's one case in which it doesn't: see DOC: System sleep.
 */

#include <linux/idr.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>

#include <hw/carillon_hw.h>

#include "carillon_core.h"
#include "carillon_device.h"
#include "carillon_pt.h"
#include "carillon_queue.h"
#include "carillon_ring.h"
#include "carillon_semaphore.h"
#include "carillon_vm.h"

/**
 * carillon_semaphore_window() - where the device finds the memory of a queue's ring
 * @q: queue for which carillon_semaphore_prepare() has succeeded
 *
 * Context: Any.
 * Return: Virtual address in the queue's VM.
 */
u64 carillon_semaphore_window(const struct carillon_queue *q)
{
	return CARILLON_VA_END + (u64)q->semaphore.window * CARILLON_WINDOW_SIZE;
}

static int carillon_semaphore_map_locked(struct carillon_queue *q)
{
	struct carillon_semaphore *sem = &q->semaphore;
	struct carillon_vm *vm = q->vm;
	struct carillon_ring_memory mem;
	int ret;

	lockdep_assert_held(&vm->mutex);

	if (sem->mapped || sem->closed)
		return sem->closed ? -EOPNOTSUPP : 0;
	if (!sem->has_window) {
		ret = ida_alloc_max(&vm->windows, CARILLON_WINDOWS - 1, GFP_KERNEL);
		if (ret < 0)
			return ret;
		sem->window = ret;
		sem->has_window = true;
	}
	carillon_ring_get_memory(q->ring, &mem);
	if (WARN_ON_ONCE(mem.size_bytes > CARILLON_WINDOW_SIZE))
		return -E2BIG;
	ret = carillon_pt_reserve(&vm->pt, carillon_semaphore_window(q), mem.size_bytes);
	if (ret)
		return ret;
	/* Nothing was there before that the device could remember. */
	carillon_pt_map_dma(&vm->pt, carillon_semaphore_window(q), mem.size_bytes, mem.addr);
	sem->addr = carillon_semaphore_window(q) + mem.semaphore;
	sem->mapped = true;
	return 0;
}

/**
 * carillon_semaphore_prepare() - get ready for the ring of one queue to wait for another
 * @q: queue that is to wait
 * @earlier: queue that is waited for
 *
 * Context: Process, may sleep; takes the VM's mutex. A reference to both is held.
 * Return: 0, or -EOPNOTSUPP: it has to be done in software.
 */
int carillon_semaphore_prepare(struct carillon_queue *q, struct carillon_queue *earlier)
{
	int ret;

	if (q->vm != earlier->vm || !(q->cdev->info->caps & CRLN_CAP_SEMAPHORE))
		return -EOPNOTSUPP;

	guard(mutex)(&q->vm->mutex);
	ret = carillon_semaphore_map_locked(earlier);
	if (!ret)
		ret = carillon_semaphore_map_locked(q);
	/* There is a way without: no reason to fail for want of memory. */
	return ret ? -EOPNOTSUPP : 0;
}

/**
 * carillon_semaphore_revoke() - take a queue's ring out of its VM
 * @tok: token of a gate of the device
 * @q: queue whose jobs have ended, and whose ring has stopped
 *
 * Context: Process, may sleep; takes the VM's mutex.
 */
void carillon_semaphore_revoke(const struct bound_token *tok, struct carillon_queue *q)
{
	struct carillon_ring_memory mem;

	guard(mutex)(&q->vm->mutex);
	q->semaphore.closed = true;
	if (!q->semaphore.mapped)
		return;
	q->semaphore.mapped = false;
	carillon_ring_get_memory(q->ring, &mem);
	carillon_pt_clear(&q->vm->pt, carillon_semaphore_window(q), mem.size_bytes);
	/* Refused: the device is lost, and looks at nothing any more. */
	(void)!carillon_core_flush_tlb(tok, q->cdev->core);
}

/**
 * carillon_semaphore_fini() - give the window back
 * @q: queue that is being freed
 *
 * Context: Process.
 */
void carillon_semaphore_fini(struct carillon_queue *q)
{
	if (q->semaphore.has_window)
		ida_free(&q->vm->windows, q->semaphore.window);
}
