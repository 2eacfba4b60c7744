// SPDX-License-Identifier: GPL-2.0
/*
 * bound_promise: works, tasks and interrupts that have ended before their device is unbound.
 */

#include <bound/bound_gate.h>
#include <bound/bound_promise.h>
#include <kunit/visibility.h>
#include <linux/bug.h>
#include <linux/device.h>
#include <linux/export.h>
#include <linux/irq.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/sprintf.h>
#include <linux/string.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "bound_internal.h"

/*
 * All promises of a tree of gates are in one list: one with a gate is good for those above.
 * The root exists for as long as the gates below.
 */
static struct bound_gate *bound_promise_root(struct bound_gate *gate)
{
	while (gate->parent)
		gate = gate->parent;
	return gate;
}

static void bound_promise_link(struct bound_promise *promise, struct bound_gate *gate)
{
	struct bound_gate *root = bound_promise_root(gate);

	promise->gate = bound_gate_get(gate);
	guard(raw_spinlock_irqsave)(&root->promises_lock);
	list_add(&promise->node, &root->promises);
}

/**
 * bound_promise_work() - promise that a work item doesn't run once its device is unbound
 * @promise: filled in; in the driver's own struct
 * @gate: the device's gate
 * @work: the work item, which the driver cancels in remove; for a delayed work its
 *	&delayed_work.work. Compared, never dereferenced.
 *
 * Lets @work's function use bound_assume().
 *
 * Context: Any but NMI.
 */
void bound_promise_work(struct bound_promise *promise, struct bound_gate *gate,
			const struct work_struct *work)
{
	*promise = (struct bound_promise){ .work = work };
	bound_promise_link(promise, gate);
}
EXPORT_SYMBOL_NS_GPL(bound_promise_work, "BOUND");

/**
 * bound_promise_task() - promise that a task has ended once the device is unbound
 * @promise: filled in; in the driver's own struct
 * @gate: the device's gate
 * @task: the task, which the driver stops in remove. Compared, never dereferenced.
 *
 * Lets @task use bound_assume(). For kthreads and kthread workers.
 *
 * Context: Any but NMI.
 */
void bound_promise_task(struct bound_promise *promise, struct bound_gate *gate,
			const struct task_struct *task)
{
	*promise = (struct bound_promise){ .task = task };
	bound_promise_link(promise, gate);
}
EXPORT_SYMBOL_NS_GPL(bound_promise_task, "BOUND");

/**
 * bound_promise_irq() - promise that an interrupt isn't handled once its device is unbound
 * @promise: filled in; in the driver's own struct
 * @gate: the device's gate
 * @irq: the interrupt, which the driver frees in remove
 *
 * Lets @irq's handlers use bound_assume(), in hard interrupt context or in the interrupt's
 * thread, which is where the boot parameter threadirqs, and CONFIG_PREEMPT_RT, have them all.
 * Make the promise before requesting the interrupt and end it after freeing it. Interrupts
 * that each CPU has for itself can't be promised.
 *
 * Context: Any but NMI.
 */
void bound_promise_irq(struct bound_promise *promise, struct bound_gate *gate, unsigned int irq)
{
	*promise = (struct bound_promise){ .irq = irq };
	bound_promise_link(promise, gate);
}
EXPORT_SYMBOL_NS_GPL(bound_promise_irq, "BOUND");

/**
 * bound_promise_end() - the work, the task or the interrupt has been stopped
 * @promise: from bound_promise_work(), _task() or _irq(); ended only once
 *
 * Before @promise's memory is freed, and before the device is unbound.
 *
 * Context: Any but NMI.
 */
void bound_promise_end(struct bound_promise *promise)
{
	struct bound_gate *gate = promise->gate;

	scoped_guard(raw_spinlock_irqsave, &bound_promise_root(gate)->promises_lock)
		list_del_init(&promise->node);
	bound_gate_put(gate);
}
EXPORT_SYMBOL_NS_GPL(bound_promise_end, "BOUND");

/* That a thread is one of an interrupt, and of which, is told by nothing but its name. */
static bool bound_promise_is_irq_thread(const struct bound_promise *promise)
{
	char prefix[TASK_COMM_LEN];
	int len;

	if (!(current->flags & PF_KTHREAD))
		return false;
	len = scnprintf(prefix, sizeof(prefix), "irq/%u-", promise->irq);
	return !strncmp(current->comm, prefix, len);
}

/* Whether a promise is about what runs right now. */
static bool bound_promise_is_current(const struct bound_promise *promise)
{
	struct irq_data *irqd;

	if (in_hardirq()) {
		/* Perhaps on another CPU: nobody says which interrupt this is. */
		irqd = promise->irq ? irq_get_irq_data(promise->irq) : NULL;
		return irqd && irqd_irq_inprogress(irqd);
	}
	/* Softirqs and what else interrupts a task: whoever that is doesn't wait for them. */
	if (!in_task())
		return false;
	if (promise->irq)
		return bound_promise_is_irq_thread(promise);
	if (promise->work)
		return promise->work == current_work();
	return promise->task == current;
}

/**
 * bound_promise_covers_current() - whether the running work, task or interrupt has a promise
 * @gate: the gate
 *
 * Context: Any but NMI.
 * Return: true if it has one with @gate, or with a gate below it.
 */
bool bound_promise_covers_current(struct bound_gate *gate)
{
	struct bound_gate *root = bound_promise_root(gate);
	const struct bound_promise *promise;

	guard(raw_spinlock_irqsave)(&root->promises_lock);
	list_for_each_entry(promise, &root->promises, node)
		if (bound_gate_covers(promise->gate, gate) && bound_promise_is_current(promise))
			return true;
	return false;
}
EXPORT_SYMBOL_IF_KUNIT(bound_promise_covers_current);

static const char *bound_promise_what(const struct bound_promise *promise)
{
	if (promise->irq)
		return "an interrupt that";
	return promise->work ? "a work that" : "a task that";
}

/**
 * bound_promise_report_broken() - complain about promises that should have ended
 * @gate: a gate whose mappings are about to go
 *
 * Context: Process context.
 */
void bound_promise_report_broken(struct bound_gate *gate)
{
	struct bound_gate *root = bound_promise_root(gate);
	const struct bound_promise *promise;

	guard(raw_spinlock_irqsave)(&root->promises_lock);
	list_for_each_entry(promise, &root->promises, node)
		WARN(promise->gate == gate,
		     "bound: %s is unbound, %s was promised to have ended before\n",
		     dev_name(gate->dev), bound_promise_what(promise));
}
