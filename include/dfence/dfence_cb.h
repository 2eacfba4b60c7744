/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Callbacks on any dma_fence, as registrations that can be taken back.
 */
#ifndef _DFENCE_DFENCE_CB_H
#define _DFENCE_DFENCE_CB_H

#include <linux/dma-fence.h>
#include <linux/types.h>

struct completion;
struct dfence_cb;
struct dfence_ctx;
struct irq_work;
struct kthread_work;
struct kthread_worker;
struct task_struct;
struct wait_queue_head;
struct work_struct;
struct workqueue_struct;

/**
 * typedef dfence_cb_func_t - a callback of the raw kind
 * @cb: the registration
 * @fence: the fence that signals; its error is in @fence->error
 *
 * Context: Any, with the fence's lock held and IRQs off. Must not sleep, nor signal,
 * add or remove a callback of, or ask for the state of any fence: that takes locks
 * of the same kind.
 */
typedef void (*dfence_cb_func_t)(struct dfence_cb *cb, struct dma_fence *fence);

/**
 * enum dfence_cb_kind - what happens when the fence signals
 * @DFENCE_CB_FUNC: a function is called, in atomic context
 * @DFENCE_CB_COMPLETION: complete_all()
 * @DFENCE_CB_TASK: wake_up_process()
 * @DFENCE_CB_WAITQUEUE: wake_up_all()
 * @DFENCE_CB_WORK: queue_work()
 * @DFENCE_CB_KTHREAD_WORK: kthread_queue_work()
 * @DFENCE_CB_IRQ_WORK: irq_work_queue()
 */
enum dfence_cb_kind {
	DFENCE_CB_FUNC,
	DFENCE_CB_COMPLETION,
	DFENCE_CB_TASK,
	DFENCE_CB_WAITQUEUE,
	DFENCE_CB_WORK,
	DFENCE_CB_KTHREAD_WORK,
	DFENCE_CB_IRQ_WORK,
};

/**
 * struct dfence_cb - a callback registration
 *
 * Caller's memory, set up by one of the dfence_cb_init functions, which fix what
 * is done when the fence signals. dfence_cb_add() registers it; every successful
 * registration is ended with dfence_cb_remove() (or, from inside a raw function,
 * dfence_cb_detach()), whether or not the callback has run, and may then be
 * added again. The members belong to the library.
 */
struct dfence_cb {
	/** @base: Node on the fence's callback list, under the fence's lock. */
	struct dma_fence_cb base;
	/** @fence: The fence, with a reference, while registered; else NULL. */
	struct dma_fence *fence;
	/** @kind: Which member of @target is valid. */
	enum dfence_cb_kind kind;
	/** @fired: The callback has run and won't touch this struct again. */
	bool fired;
	/** @detached: While a raw function runs: where to note that it ended @fence's use. */
	bool *detached;
	/** @context: The timeline on whose behalf somebody waits, or 0. */
	u64 context;
	/** @target: What is called, woken or queued. */
	union {
		/** @target.func: for DFENCE_CB_FUNC */
		dfence_cb_func_t func;
		/** @target.completion: for DFENCE_CB_COMPLETION */
		struct completion *completion;
		/** @target.task: for DFENCE_CB_TASK */
		struct task_struct *task;
		/** @target.waitqueue: for DFENCE_CB_WAITQUEUE */
		struct wait_queue_head *waitqueue;
		/** @target.work: for DFENCE_CB_WORK */
		struct work_struct *work;
		/** @target.kthread_work: for DFENCE_CB_KTHREAD_WORK */
		struct kthread_work *kthread_work;
		/** @target.irq_work: for DFENCE_CB_IRQ_WORK */
		struct irq_work *irq_work;
	} target;
	/** @queue: Where @target is queued. */
	union {
		/** @queue.wq: for DFENCE_CB_WORK */
		struct workqueue_struct *wq;
		/** @queue.worker: for DFENCE_CB_KTHREAD_WORK */
		struct kthread_worker *worker;
	} queue;
};

void dfence_cb_init_func(struct dfence_cb *cb, dfence_cb_func_t func);
void dfence_cb_init_completion(struct dfence_cb *cb, struct completion *completion);
void dfence_cb_init_task(struct dfence_cb *cb, struct task_struct *task);
void dfence_cb_init_waitqueue(struct dfence_cb *cb, struct wait_queue_head *waitqueue);
void dfence_cb_init_work(struct dfence_cb *cb, struct workqueue_struct *wq,
			 struct work_struct *work);
void dfence_cb_init_kthread_work(struct dfence_cb *cb, struct kthread_worker *worker,
				 struct kthread_work *work);
void dfence_cb_init_irq_work(struct dfence_cb *cb, struct irq_work *work);
void dfence_cb_set_waiter(struct dfence_cb *cb, const struct dfence_ctx *ctx);

int dfence_cb_add(struct dfence_cb *cb, struct dma_fence *fence) __must_check;
int dfence_cb_add_consume(struct dfence_cb *cb, struct dma_fence *fence) __must_check;
bool dfence_cb_remove(struct dfence_cb *cb);
struct dma_fence *dfence_cb_detach(struct dfence_cb *cb) __must_check;

#endif
