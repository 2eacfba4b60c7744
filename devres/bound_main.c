// SPDX-License-Identifier: GPL-2.0
/*
 * bound.ko: the module around gates, maps and auxiliary registrations.
 *
 * Gates and registrations are freed by work items of the module's own queue, so
 * that their last reference may be put in any context. Unloading waits for them:
 * at that point no module that could make new ones is loaded any more.
 */

#include <compat.h>
#include <linux/atomic.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "bound_internal.h"

#define BOUND_UNLOAD_REPORT (10 * HZ)

/* objects whose memory is still allocated */
static atomic_t bound_live = ATOMIC_INIT(0);
static DECLARE_WAIT_QUEUE_HEAD(bound_live_wq);
static struct workqueue_struct *bound_free_wq;

/**
 * bound_live_inc() - count an object that unloading has to wait for
 *
 * Context: Any.
 */
void bound_live_inc(void)
{
	atomic_inc(&bound_live);
}

/**
 * bound_live_dec() - the object is freed
 *
 * Context: In a work item of bound_queue_free(), or before the object was ever
 * handed out. Unloading flushes the queue, so the caller's code stays.
 */
void bound_live_dec(void)
{
	if (atomic_dec_and_test(&bound_live))
		wake_up_all(&bound_live_wq);
}

/**
 * bound_queue_free() - free an object in process context
 * @work: initialised work item, embedded in the object
 *
 * Context: Any.
 */
void bound_queue_free(struct work_struct *work)
{
	queue_work(bound_free_wq, work);
}

static int __init bound_init(void)
{
	bound_lockdep_prime();
	bound_free_wq = alloc_workqueue("bound", WQ_UNBOUND, 0);
	return bound_free_wq ? 0 : -ENOMEM;
}
module_init(bound_init);

static void __exit bound_fini(void)
{
	while (!wait_event_timeout(bound_live_wq, !atomic_read(&bound_live),
				   BOUND_UNLOAD_REPORT))
		pr_err("bound: unloading waits for %d leaked references\n",
		       atomic_read(&bound_live));
	bound_order_exit();
	destroy_workqueue(bound_free_wq);
}
module_exit(bound_fini);

MODULE_DESCRIPTION("Device resources that are safe to touch, or safely refused, after unbind");
MODULE_LICENSE("GPL");
