// SPDX-License-Identifier: GPL-2.0
/*
 * bound_token: what kernels with CONFIG_PROVE_LOCKING check of tokens.
 */

#include <bound/bound_gate.h>
#include <linux/bug.h>
#include <linux/device.h>
#include <linux/export.h>
#include <linux/lockdep.h>
#include <linux/preempt.h>
#include <linux/sched.h>

#include "bound_internal.h"

/**
 * __bound_token_check() - complain about a token that is no proof
 * @tok: the token
 * @gate: gate of the resource that is accessed with it
 *
 * Called for each access by kernels with CONFIG_PROVE_LOCKING.
 *
 * Context: Any.
 */
void __bound_token_check(const struct bound_token *tok, const struct bound_gate *gate)
{
	if (WARN_ONCE(!tok->gate, "bound: access to %s with a dead token\n", dev_name(gate->dev)))
		return;
	WARN_ONCE(!bound_gate_covers(tok->gate, gate), "bound: token of %s used for %s\n",
		  dev_name(tok->gate->dev), dev_name(gate->dev));
#ifdef CONFIG_PROVE_LOCKING
	WARN_ONCE(tok->task != current, "bound: token for %s used by another task\n",
		  dev_name(gate->dev));
#endif
}
EXPORT_SYMBOL_NS_GPL(__bound_token_check, "BOUND");

/**
 * __bound_assume_wrong() - complain about bound_assume() with another device's gate
 * @gate: the gate
 * @dev: the device that it isn't for
 *
 * Context: Any.
 */
void __bound_assume_wrong(const struct bound_gate *gate, const struct device *dev)
{
	WARN_ONCE(1, "bound: gate of %s isn't that of %s\n", dev_name(gate->dev),
		  dev ? dev_name(dev) : "(no device)");
}
EXPORT_SYMBOL_NS_GPL(__bound_assume_wrong, "BOUND");

/**
 * __bound_assume_prove() - complain when nothing shows that bound_assume() is right
 * @gate: the gate
 *
 * Called by kernels with CONFIG_PROVE_LOCKING.
 *
 * Context: Any but NMI.
 */
void __bound_assume_prove(struct bound_gate *gate)
{
	if (WARN_ONCE(READ_ONCE(gate->revoked), "bound: %s isn't bound any more\n",
		      dev_name(gate->dev)))
		return;
#ifdef CONFIG_PROVE_LOCKING
	/* The locks held there are those of the task that is interrupted. */
	if (in_hardirq())
		WARN_ONCE(!bound_promise_covers_current(gate),
			  "bound: no interrupt that is being handled has a promise with %s\n",
			  dev_name(gate->dev));
	else if (!in_task() || !lockdep_is_held(&gate->dev->mutex))
		WARN_ONCE(!bound_promise_covers_current(gate),
			  "bound: nothing shows that %s is bound here\n", dev_name(gate->dev));
#endif
}
EXPORT_SYMBOL_NS_GPL(__bound_assume_prove, "BOUND");
