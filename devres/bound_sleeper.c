// SPDX-License-Identifier: GPL-2.0
/*
 * bound_sleeper: sleeping inside a section without holding up unbind.
 */

/**
 * DOC: Sleeping
 *
 * A section may sleep for as long as it takes to do its work, but a wait for something that
 * the device does might never end once the device is going: unbind waits for the section, the
 * section for the device. So such a wait is registered, and ends when the gate begins to close.
 *
 * bound_wait_event_interruptible_timeout() does all of it. By hand: bound_sleeper_add(),
 * sleep until the event or bound_closing(), bound_sleeper_del(). Whoever registers while the
 * gate is closing isn't woken: bound_closing() is already true then.
 */

#include <bound/bound_sleeper.h>
#include <linux/export.h>
#include <linux/spinlock.h>

#include "bound_internal.h"

static void bound_sleeper_wake_wq(struct bound_sleeper *sleeper)
{
	wake_up_all(sleeper->wq);
}

static void bound_sleeper_link(const struct bound_token *tok, struct bound_sleeper *sleeper)
{
	struct bound_gate *gate = tok->gate;

	sleeper->gate = gate;
	guard(spinlock_irqsave)(&gate->lock);
	list_add(&sleeper->node, &gate->sleepers);
}

/**
 * bound_sleeper_add() - have a wait queue woken when the gate begins to close
 * @tok: token of the section that is going to sleep
 * @sleeper: filled in; on the caller's stack
 * @wq: the wait queue that the caller sleeps on
 *
 * Context: Process context, inside the section.
 */
void bound_sleeper_add(const struct bound_token *tok, struct bound_sleeper *sleeper,
		       wait_queue_head_t *wq)
{
	sleeper->wq = wq;
	sleeper->wake = bound_sleeper_wake_wq;
	bound_sleeper_link(tok, sleeper);
}
EXPORT_SYMBOL_NS_GPL(bound_sleeper_add, "BOUND");

/**
 * bound_sleeper_add_fn() - have a function called when the gate begins to close
 * @tok: token of the section that is going to sleep
 * @sleeper: filled in; on the caller's stack
 * @wake: makes the sleep end; called with the gate's lock held and IRQs off: it doesn't
 *	sleep, nor call back into this gate
 *
 * For sleeps on something else than a wait queue, like a completion.
 *
 * Context: Process context, inside the section.
 */
void bound_sleeper_add_fn(const struct bound_token *tok, struct bound_sleeper *sleeper,
			  void (*wake)(struct bound_sleeper *sleeper))
{
	sleeper->wq = NULL;
	sleeper->wake = wake;
	bound_sleeper_link(tok, sleeper);
}
EXPORT_SYMBOL_NS_GPL(bound_sleeper_add_fn, "BOUND");

/**
 * bound_sleeper_del() - the sleep is over
 * @sleeper: from bound_sleeper_add() or bound_sleeper_add_fn()
 *
 * On return nobody touches @sleeper any more.
 *
 * Context: Process context, inside the section.
 */
void bound_sleeper_del(struct bound_sleeper *sleeper)
{
	guard(spinlock_irqsave)(&sleeper->gate->lock);
	list_del(&sleeper->node);
}
EXPORT_SYMBOL_NS_GPL(bound_sleeper_del, "BOUND");
