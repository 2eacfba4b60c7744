// SPDX-License-Identifier: GPL-2.0
/*
 * Doorbells: user space's way to a ring.
 */

/**
 * DOC: Doorbells
 *
 * A process may map the page that its queue's doorbell is on. The rings' memory isn't mapped,
 * so all that it can do is to ring: to say a number. What can come of that:
 *
 * - A number of jobs that the kernel has put on the ring, now or before: nothing, if the kernel
 *   has rung with it or with a later one; otherwise, what the kernel's ringing would have done.
 * - One that is more than a ring ahead: the ring faults, the device says so.
 * - One that is ahead by less: the device takes what is in the slots for jobs. There, it finds
 *   zeros, or jobs from before, which are bad descriptors since their sequence numbers don't
 *   rise, or a job that the kernel is just putting there, which it takes for bad or runs, as a
 *   whole and once. Then it has consumed more slots than there were jobs. That's noticed by the
 *   interrupt for the bad descriptor. If the kernel has filled as many slots meanwhile, the
 *   jobs in there never run and end with the job timeout; and if what was in there is a wait
 *   (DOC: Semaphores) the job behind it doesn't wait, for one of the same process.
 * - While the ring is being stopped, or the device is reset: nothing. Between the restart of a
 *   ring and the replay of its jobs: as above.
 *
 * In the second and third case the queue is killed with -EIO and is guilty. A fence is
 * signalled by sequence number, which the process can't touch, so none is signalled early.
 * Other rings have other pages.
 *
 * The mapping ends with the queue, or when the driver is unbound (carillon_queue_teardown()):
 * before the ring's index, hence the page, can be another queue's. A device that was lost is still
 * mapped, until the driver is unbound; accesses go where the kernel's go. A reset changes nothing.
 */

#include <linux/cleanup.h>
#include <linux/container_of.h>
#include <linux/limits.h>
#include <linux/mm.h>

#include <drm/drm_device.h>
#include <drm/drm_file.h>

#include <bound/bound_gate.h>
#include <bound/bound_window.h>
#include <uapi/drm/carillon_drm.h>

#include "carillon_device.h"
#include "carillon_doorbell.h"
#include "carillon_file.h"
#include "carillon_queue.h"
#include "carillon_ring.h"

static struct carillon_ring *carillon_doorbell_ring(struct carillon_doorbell *db)
{
	lockdep_assert_held(&db->lock);
	return container_of(db, struct carillon_queue, doorbell)->ring;
}

/**
 * carillon_doorbell_init() - a doorbell that nobody has mapped
 * @db: of a queue that is being made
 *
 * Context: Any.
 */
void carillon_doorbell_init(struct carillon_doorbell *db)
{
	mutex_init(&db->lock);
}

/**
 * carillon_doorbell_revoke() - take the doorbell away from user space, for good
 * @db: of a queue that is being torn down, whose ring is still there
 *
 * Context: Process, sleeps; not on the way to signalling a fence.
 */
void carillon_doorbell_revoke(struct carillon_doorbell *db)
{
	struct bound_window *win;

	scoped_guard(mutex, &db->lock) {
		db->revoked = true;
		win = db->window;
		db->window = NULL;
	}
	if (!win)
		return;
	bound_window_revoke(win);
	bound_window_put(win);
}

/**
 * carillon_doorbell_tail() - what may be written to the doorbell
 * @db: the doorbell
 *
 * Context: Process.
 * Return: How many jobs were put on the ring, or 0 if it is gone.
 */
u32 carillon_doorbell_tail(struct carillon_doorbell *db)
{
	guard(mutex)(&db->lock);
	return db->revoked ? 0 : carillon_ring_tail(carillon_doorbell_ring(db));
}

/* Makes the window, unless there is one. */
static int carillon_doorbell_open(const struct bound_token *tok, struct carillon_doorbell *db,
				  struct address_space *mapping, u32 id)
{
	struct bound_window *win;

	guard(mutex)(&db->lock);
	/* Somebody destroys the queue: it's as if the id had gone a moment before. */
	if (db->revoked)
		return -ENOENT;
	if (db->window)
		return 0;
	win = carillon_ring_window(tok, carillon_doorbell_ring(db), mapping,
				   CARILLON_DOORBELL_PGOFF + id);
	if (IS_ERR(win))
		return PTR_ERR(win);
	db->window = win;
	return 0;
}

/**
 * carillon_doorbell_ioctl_mmap_offset() - DRM_CARILLON_QUEUE_MMAP_OFFSET
 * @tok: token of the DRM driver's gate
 * @cfile: the file
 * @data: &struct drm_carillon_queue_mmap_offset
 *
 * Context: Process, may sleep.
 * Return: 0 or -errno, see the uAPI header.
 */
int carillon_doorbell_ioctl_mmap_offset(const struct bound_token *tok,
					struct carillon_file *cfile, void *data)
{
	struct drm_carillon_queue_mmap_offset *args = data;
	struct carillon_queue *q;
	int ret;

	if (args->flags)
		return -EINVAL;
	q = carillon_queue_lookup(cfile, args->id);
	if (!q)
		return -ENOENT;
	ret = carillon_doorbell_open(tok, &q->doorbell, cfile->cdev->drm.anon_inode->i_mapping,
				     args->id);
	carillon_queue_put(q);
	if (ret)
		return ret;
	args->offset = (u64)(CARILLON_DOORBELL_PGOFF + args->id) << PAGE_SHIFT;
	args->size = PAGE_SIZE;
	return 0;
}

static struct bound_window *carillon_doorbell_window(struct carillon_doorbell *db)
{
	guard(mutex)(&db->lock);
	return db->window ? bound_window_get(db->window) : NULL;
}

static int carillon_doorbell_map(struct carillon_file *cfile, struct vm_area_struct *vma)
{
	unsigned long id = vma->vm_pgoff - CARILLON_DOORBELL_PGOFF;
	struct bound_window *win;
	struct carillon_queue *q;
	int ret;

	q = id <= INT_MAX ? carillon_queue_lookup(cfile, id) : NULL;
	if (!q)
		return -EINVAL;
	win = carillon_doorbell_window(&q->doorbell);
	carillon_queue_put(q);
	if (!win)
		return -EINVAL;
	ret = bound_window_mmap(win, vma);
	bound_window_put(win);
	return ret;
}

/**
 * carillon_doorbell_mmap() - mmap() at an offset of a doorbell
 * @cfile: the file
 * @vma: what is to be mapped, and how
 *
 * Context: Process, mmap_lock held for writing.
 * Return: 0 or -errno, see the uAPI header.
 */
int carillon_doorbell_mmap(struct carillon_file *cfile, struct vm_area_struct *vma)
{
	ACQUIRE(carillon_entered, tok)(cfile->cdev);
	int ret = ACQUIRE_ERR(carillon_entered, &tok);

	return ret ?: carillon_doorbell_map(cfile, vma);
}
