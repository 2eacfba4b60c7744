// SPDX-License-Identifier: GPL-2.0
/*
 * bound_promise: works and tasks that have ended before their device is unbound.
 */

#include <bound/bound_gate.h>
#include <bound/bound_promise.h>
#include <linux/bug.h>
#include <linux/device.h>
#include <linux/export.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "bound_internal.h"

static void bound_promise_link(struct bound_promise *promise, struct bound_gate *gate)
{
	promise->gate = bound_gate_get(gate);
	guard(spinlock_irqsave)(&gate->lock);
	list_add(&promise->node, &gate->promises);
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
	promise->work = work;
	promise->task = NULL;
	bound_promise_link(promise, gate);
}
EXPORT_SYMBOL_NS_GPL(bound_promise_work, "BOUND");

/**
 * bound_promise_task() - promise that a task has ended once the device is unbound
 * @promise: filled in; in the driver's own struct
 * @gate: the device's gate
 * @task: the task, which the driver stops in remove. Compared, never dereferenced.
 *
 * Lets @task use bound_assume(). For kthreads, kthread workers and the threads of
 * interrupts, which register themselves as current.
 *
 * Context: Any but NMI.
 */
void bound_promise_task(struct bound_promise *promise, struct bound_gate *gate,
			const struct task_struct *task)
{
	promise->work = NULL;
	promise->task = task;
	bound_promise_link(promise, gate);
}
EXPORT_SYMBOL_NS_GPL(bound_promise_task, "BOUND");

/**
 * bound_promise_end() - the work or the task has been stopped
 * @promise: from bound_promise_work() or bound_promise_task(); ended only once
 *
 * Before @promise's memory is freed, and before the device is unbound.
 *
 * Context: Any but NMI.
 */
void bound_promise_end(struct bound_promise *promise)
{
	struct bound_gate *gate = promise->gate;

	scoped_guard(spinlock_irqsave, &gate->lock)
		list_del_init(&promise->node);
	bound_gate_put(gate);
}
EXPORT_SYMBOL_NS_GPL(bound_promise_end, "BOUND");

/**
 * bound_promise_covers_current() - whether the running work or task has a promise
 * @gate: the gate
 *
 * Context: Any but NMI.
 * Return: true if it has one with @gate.
 */
bool bound_promise_covers_current(struct bound_gate *gate)
{
	const struct work_struct *work = in_task() ? current_work() : NULL;
	const struct bound_promise *promise;

	guard(spinlock_irqsave)(&gate->lock);
	list_for_each_entry(promise, &gate->promises, node)
		if ((promise->work && promise->work == work) ||
		    (promise->task && promise->task == current))
			return true;
	return false;
}

/**
 * bound_promise_report_broken() - complain about promises that should have ended
 * @gate: a gate whose mappings are about to go
 *
 * Context: Process context.
 */
void bound_promise_report_broken(struct bound_gate *gate)
{
	const struct bound_promise *promise;

	guard(spinlock_irqsave)(&gate->lock);
	promise = list_first_entry_or_null(&gate->promises, struct bound_promise, node);
	WARN_ONCE(promise, "bound: %s is unbound, %s was promised to have ended before\n",
		  dev_name(gate->dev), promise->work ? "a work that" : "a task that");
}
