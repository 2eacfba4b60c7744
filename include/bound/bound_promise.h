/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BOUND_BOUND_PROMISE_H_
#define _BOUND_BOUND_PROMISE_H_

#include <linux/list.h>

struct bound_gate;
struct task_struct;
struct work_struct;

/**
 * struct bound_promise - the driver's word that unbind waits for a work, a task or an interrupt
 *
 * What bound_assume() wants from code that doesn't run under the device's lock. The
 * driver stops the work or the task, or frees the interrupt, in its remove callback (or
 * by devres), then ends the promise. One that is still there
 * when the mappings go was broken: it is reported by name.
 *
 * Embedded in the driver's own struct; members are private.
 */
struct bound_promise {
	/* private: */
	/* bound_gate.promises of the topmost gate, under its promises_lock */
	struct list_head node;
	struct bound_gate *gate;
	/* exactly one of the three isn't 0 */
	const struct work_struct *work;
	const struct task_struct *task;
	unsigned int irq;
};

void bound_promise_work(struct bound_promise *promise, struct bound_gate *gate,
			const struct work_struct *work);
void bound_promise_task(struct bound_promise *promise, struct bound_gate *gate,
			const struct task_struct *task);
void bound_promise_irq(struct bound_promise *promise, struct bound_gate *gate, unsigned int irq);
void bound_promise_end(struct bound_promise *promise);

#endif /* _BOUND_BOUND_PROMISE_H_ */
