// SPDX-License-Identifier: GPL-2.0
/*
 * The part of RCU boxes that isn't typed: the workers that run destructors.
 */

/**
 * DOC: rcubox overview
 *
 * Data that others read under RCU, like what the functions of a &struct dfence_ops
 * reach from a fence, has to outlive its owner's interest by a grace period. A box
 * makes that a property of the type instead of something to remember wherever it is
 * given up.
 *
 * The memory comes from kvzalloc(): kmalloc() for what is small, vmalloc() for what
 * is large.
 *
 * - ``_drop()`` consumes a box, or NULL. Its content stays as it is for a grace
 *   period; then it is destroyed, if there is a destructor, and freed. It may be called
 *   in any context, hard IRQ included, never waits and allocates nothing. Whoever
 *   drops a box must have made it unreachable for new readers.
 * - ``_swap()`` puts a box, or NULL, into a slot and returns what was there, now the
 *   caller's. It's atomic: those who write need no lock among each other.
 * - ``_publish()`` drops what was there.
 * - ``_deref()`` gives readers the content, for the length of their RCU read-side
 *   section; NULL if the slot is empty.
 *
 * A box can also be kept in an XArray or a list; then ``_drop()`` comes after taking
 * it out, and readers use the access functions of that for RCU.
 *
 * Destructors run in process context, by workers, in no particular order.
 */

#include <linux/errno.h>
#include <linux/export.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/rcupdate.h>
#include <linux/workqueue.h>

#include <dfence/rcubox.h>

#include "internal.h"

static struct workqueue_struct *rcubox_wq;

/**
 * rcubox_queue() - have a box destroyed after a grace period
 * @work: initialised work in the box
 *
 * For the functions that DEFINE_RCUBOX() makes.
 *
 * Context: Any, hard IRQ included.
 */
void rcubox_queue(struct rcu_work *work)
{
	queue_rcu_work(rcubox_wq, work);
}
EXPORT_SYMBOL_NS_GPL(rcubox_queue, "DFENCE");

/**
 * rcubox_drain() - wait for destructors
 *
 * When it returns the destructors of all boxes that were dropped before have returned.
 * For a module's exit function. Boxes that a destructor dropped are new ones: a
 * module that nests them calls this once per level.
 *
 * Context: Process context, sleeps. Not in a destructor, nor with a lock that one takes.
 */
void rcubox_drain(void)
{
	might_sleep();
	/* Those that wait for their grace period get queued. */
	rcu_barrier();
	flush_workqueue(rcubox_wq);
}
EXPORT_SYMBOL_NS_GPL(rcubox_drain, "DFENCE");

/**
 * rcubox_init() - make what destructors need
 *
 * Context: Process context, module init.
 * Return: 0 or -ENOMEM.
 */
int __init rcubox_init(void)
{
	rcubox_wq = alloc_workqueue("rcubox", WQ_UNBOUND, 0);
	return rcubox_wq ? 0 : -ENOMEM;
}

/**
 * rcubox_exit() - wait for all destructors
 *
 * Context: Process context, module exit: may sleep.
 */
void rcubox_exit(void)
{
	rcubox_drain();
	destroy_workqueue(rcubox_wq);
}
