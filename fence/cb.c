// SPDX-License-Identifier: GPL-2.0
/*
 * Callback registrations on any dma_fence.
 */

/**
 * DOC: dfence callbacks
 *
 * A raw dma_fence callback runs in atomic context under the fence's lock, leaves
 * the caller to keep the fence, and to find out whether it is still running after
 * it was removed. A &struct dfence_cb takes care of that:
 *
 * - The kinds other than the raw function do one thing that is known to be right in
 *   this context: complete, wake, queue.
 * - The registration holds a reference to the fence until it's ended.
 *   dfence_cb_add() takes one, dfence_cb_add_consume() is given the caller's.
 * - If the fence is signalled already, adding fails with -ENOENT and all that the
 *   caller had is still the caller's.
 * - dfence_cb_remove() says whether the callback has run, and when it returns the
 *   callback isn't running any more. What a callback has started (a work item, a
 *   wake-up) is the caller's to wait for.
 *
 * Every registration that succeeded is ended exactly once. A work function that was
 * queued by the callback can do that first and then free what the &struct dfence_cb
 * is embedded in. A raw function that wants to free it on the spot takes the
 * reference out with dfence_cb_detach().
 *
 * The functions on one &struct dfence_cb are to be serialised by its owner.
 */

#include <linux/completion.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/instruction_pointer.h>
#include <linux/irq_work.h>
#include <linux/kthread.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "internal.h"

static __always_inline void dfence_cb_init(struct dfence_cb *cb, enum dfence_cb_kind kind)
{
	memset(cb, 0, sizeof(*cb));
	INIT_LIST_HEAD(&cb->base.node);
	cb->kind = kind;
}

/**
 * dfence_cb_init_func() - set up a callback that calls a function
 * @cb: caller's memory
 * @func: function, called in atomic context under the fence's lock
 *
 * Context: Any.
 */
void dfence_cb_init_func(struct dfence_cb *cb, dfence_cb_func_t func)
{
	dfence_cb_init(cb, DFENCE_CB_FUNC);
	cb->target.func = func;
}
EXPORT_SYMBOL_NS_GPL(dfence_cb_init_func, "DFENCE");

/**
 * dfence_cb_init_completion() - set up a callback that completes a completion
 * @cb: caller's memory
 * @completion: gets complete_all()
 *
 * Context: Any.
 */
void dfence_cb_init_completion(struct dfence_cb *cb, struct completion *completion)
{
	dfence_cb_init(cb, DFENCE_CB_COMPLETION);
	cb->target.completion = completion;
}
EXPORT_SYMBOL_NS_GPL(dfence_cb_init_completion, "DFENCE");

/**
 * dfence_cb_init_task() - set up a callback that wakes a task
 * @cb: caller's memory
 * @task: gets wake_up_process(); has to stay while @cb is registered
 *
 * Context: Any.
 */
void dfence_cb_init_task(struct dfence_cb *cb, struct task_struct *task)
{
	dfence_cb_init(cb, DFENCE_CB_TASK);
	cb->target.task = task;
}
EXPORT_SYMBOL_NS_GPL(dfence_cb_init_task, "DFENCE");

/**
 * dfence_cb_init_waitqueue() - set up a callback that wakes a wait queue
 * @cb: caller's memory
 * @waitqueue: gets wake_up_all()
 *
 * Context: Any.
 */
void dfence_cb_init_waitqueue(struct dfence_cb *cb, struct wait_queue_head *waitqueue)
{
	dfence_cb_init(cb, DFENCE_CB_WAITQUEUE);
	cb->target.waitqueue = waitqueue;
}
EXPORT_SYMBOL_NS_GPL(dfence_cb_init_waitqueue, "DFENCE");

/**
 * dfence_cb_init_work() - set up a callback that queues a work item
 * @cb: caller's memory
 * @wq: work queue
 * @work: work item for queue_work()
 *
 * Context: Any.
 */
void dfence_cb_init_work(struct dfence_cb *cb, struct workqueue_struct *wq,
			 struct work_struct *work)
{
	dfence_cb_init(cb, DFENCE_CB_WORK);
	cb->target.work = work;
	cb->queue.wq = wq;
}
EXPORT_SYMBOL_NS_GPL(dfence_cb_init_work, "DFENCE");

/**
 * dfence_cb_init_kthread_work() - set up a callback that queues a kthread work
 * @cb: caller's memory
 * @worker: kthread worker
 * @work: work item for kthread_queue_work()
 *
 * Context: Any.
 */
void dfence_cb_init_kthread_work(struct dfence_cb *cb, struct kthread_worker *worker,
				 struct kthread_work *work)
{
	dfence_cb_init(cb, DFENCE_CB_KTHREAD_WORK);
	cb->target.kthread_work = work;
	cb->queue.worker = worker;
}
EXPORT_SYMBOL_NS_GPL(dfence_cb_init_kthread_work, "DFENCE");

/**
 * dfence_cb_init_irq_work() - set up a callback that queues an irq_work
 * @cb: caller's memory
 * @work: gets irq_work_queue()
 *
 * Context: Any.
 */
void dfence_cb_init_irq_work(struct dfence_cb *cb, struct irq_work *work)
{
	dfence_cb_init(cb, DFENCE_CB_IRQ_WORK);
	cb->target.irq_work = work;
}
EXPORT_SYMBOL_NS_GPL(dfence_cb_init_irq_work, "DFENCE");

/**
 * dfence_cb_set_waiter() - say on whose behalf somebody waits
 * @cb: callback, set up and not registered
 * @ctx: the timeline whose progress depends on it; borrowed for the call
 *
 * For the listing in debugfs alone: a fence of @ctx can't signal before what @cb
 * is added to. It holds until @cb is set up anew.
 *
 * Context: Any.
 */
void dfence_cb_set_waiter(struct dfence_cb *cb, const struct dfence_ctx *ctx)
{
	cb->context = ctx->id;
}
EXPORT_SYMBOL_NS_GPL(dfence_cb_set_waiter, "DFENCE");

static void dfence_cb_dispatch(struct dfence_cb *cb, struct dma_fence *fence)
{
	switch (cb->kind) {
	case DFENCE_CB_FUNC:
		cb->target.func(cb, fence);
		break;
	case DFENCE_CB_COMPLETION:
		complete_all(cb->target.completion);
		break;
	case DFENCE_CB_TASK:
		wake_up_process(cb->target.task);
		break;
	case DFENCE_CB_WAITQUEUE:
		wake_up_all(cb->target.waitqueue);
		break;
	case DFENCE_CB_WORK:
		queue_work(cb->queue.wq, cb->target.work);
		break;
	case DFENCE_CB_KTHREAD_WORK:
		kthread_queue_work(cb->queue.worker, cb->target.kthread_work);
		break;
	case DFENCE_CB_IRQ_WORK:
		irq_work_queue(cb->target.irq_work);
		break;
	}
}

static void dfence_cb_fire(struct dma_fence *fence, struct dma_fence_cb *base)
{
	struct dfence_cb *cb = container_of(base, struct dfence_cb, base);
	bool detached = false;

	if (cb->kind == DFENCE_CB_FUNC)
		cb->detached = &detached;
	dfence_cb_dispatch(cb, fence);
	if (detached)
		return; /* and cb may be freed */
	cb->detached = NULL;
	/* Pairs with the acquire in dfence_cb_remove(): last use of cb. */
	smp_store_release(&cb->fired, true);
}

/* Add @cb to a @fence whose lock isn't its own, and may be freed once it's signalled. */
static int dfence_cb_add_external(struct dfence_cb *cb, struct dma_fence *fence)
{
	/*
	 * The section keeps the lock, which dma_fence_add_callback() takes after it
	 * has seen that the fence isn't signalled: it may be now.
	 */
	guard(rcu)();
	return dma_fence_add_callback(fence, &cb->base, dfence_cb_fire);
}

static void dfence_cb_describe_task(struct task_struct *task, struct dfence_waiter *ret_waiter)
{
	ret_waiter->pid = task_pid_nr(task);
	get_task_comm(ret_waiter->comm, task);
}

/**
 * dfence_cb_describe() - say what a callback on a fence is
 * @base: callback of anybody, on the list of a fence
 * @ret_waiter: gets the description
 *
 * Context: Any, with the lock of the fence held.
 */
void dfence_cb_describe(struct dma_fence_cb *base, struct dfence_waiter *ret_waiter)
{
	struct dfence_cb *cb = container_of(base, struct dfence_cb, base);

	*ret_waiter = (struct dfence_waiter){ .kind = "foreign", .func = base->func };
	if (base->func != dfence_cb_fire)
		return;

	ret_waiter->func = NULL;
	ret_waiter->context = cb->context;
	switch (cb->kind) {
	case DFENCE_CB_FUNC:
		ret_waiter->kind = "func";
		ret_waiter->func = cb->target.func;
		break;
	case DFENCE_CB_COMPLETION:
		ret_waiter->kind = "completion";
		break;
	case DFENCE_CB_TASK:
		ret_waiter->kind = "task";
		dfence_cb_describe_task(cb->target.task, ret_waiter);
		break;
	case DFENCE_CB_WAITQUEUE:
		ret_waiter->kind = "waitqueue";
		break;
	case DFENCE_CB_WORK:
		ret_waiter->kind = "work";
		ret_waiter->func = cb->target.work->func;
		break;
	case DFENCE_CB_KTHREAD_WORK:
		ret_waiter->kind = "kthread_work";
		ret_waiter->func = cb->target.kthread_work->func;
		break;
	case DFENCE_CB_IRQ_WORK:
		ret_waiter->kind = "irq_work";
		ret_waiter->func = cb->target.irq_work->func;
		break;
	}
}

static int dfence_cb_register(struct dfence_cb *cb, struct dma_fence *fence,
			      unsigned long ip)
{
	int ret;

	if (!fence)
		return -EINVAL;
	if (cb->fence) {
		dfence_report("callback added twice at %pS", (void *)ip);
		return -EBUSY;
	}

	dfence_check_context(fence, ip);

	cb->fired = false;
	cb->detached = NULL;
	cb->fence = fence;
	if (likely(test_bit(DMA_FENCE_FLAG_INLINE_LOCK_BIT, &fence->flags)))
		ret = dma_fence_add_callback(fence, &cb->base, dfence_cb_fire);
	else
		ret = dfence_cb_add_external(cb, fence);
	/* On success it may have fired already, and cb be gone. */
	if (ret)
		cb->fence = NULL;
	return ret;
}

/**
 * dfence_cb_add_consume() - register a callback, giving a fence reference away
 * @cb: callback, set up and not registered
 * @fence: any dma_fence; the caller's reference is consumed on success only
 *
 * Context: Any but a fence's callback. Takes the fence's lock.
 * Return: 0; -ENOENT if @fence is signalled already: the callback won't run and
 * the reference is still the caller's; -EINVAL if @fence is NULL; -EBUSY, and a
 * warning, if @cb is registered.
 */
int dfence_cb_add_consume(struct dfence_cb *cb, struct dma_fence *fence)
{
	return dfence_cb_register(cb, fence, _RET_IP_);
}
EXPORT_SYMBOL_NS_GPL(dfence_cb_add_consume, "DFENCE");

/**
 * dfence_cb_add() - register a callback
 * @cb: callback, set up and not registered
 * @fence: any dma_fence, borrowed; @cb takes a reference of its own
 *
 * Context: Any but a fence's callback. Takes the fence's lock.
 * Return: 0; -ENOENT if @fence is signalled already: the callback won't run;
 * -EINVAL if @fence is NULL; -EBUSY, and a warning, if @cb is registered.
 */
int dfence_cb_add(struct dfence_cb *cb, struct dma_fence *fence)
{
	int ret;

	/* First, as the callback may run and end the registration before we return. */
	dma_fence_get(fence);
	ret = dfence_cb_register(cb, fence, _RET_IP_);
	if (ret)
		dma_fence_put(fence);
	return ret;
}
EXPORT_SYMBOL_NS_GPL(dfence_cb_add, "DFENCE");

/* Take @cb from a @fence whose lock isn't its own, and may be gone. */
static bool dfence_cb_remove_external(struct dfence_cb *cb, struct dma_fence *fence)
{
	/*
	 * The section keeps the lock: the fence either isn't signalled yet or its
	 * callbacks are being run now, by somebody who uses the lock.
	 */
	guard(rcu)();
	/* Pairs with the release in dfence_cb_fire(): it's done with cb. */
	if (smp_load_acquire(&cb->fired))
		return false;
	return dma_fence_remove_callback(fence, &cb->base);
}

/**
 * dfence_cb_remove() - end a registration
 * @cb: callback, set up; registered or not
 *
 * When it returns the callback isn't running and won't run, and the registration's
 * fence reference is gone. @cb can be freed or added again.
 *
 * Always takes the fence's lock, as that is what a running callback holds. The one
 * exception are fences with an external lock, which may be freed a grace period
 * after they were signalled: there the lock is left alone if the callback is known
 * to have returned.
 *
 * Context: Any but a fence's callback, be it on another fence: two that remove each
 * other's registration would wait for each other's lock.
 * Return: true if the callback was taken out before it ran; false if it has run, or
 * @cb wasn't registered.
 */
bool dfence_cb_remove(struct dfence_cb *cb)
{
	struct dma_fence *fence = cb->fence;
	bool removed;

	if (!fence)
		return false;

	if (likely(test_bit(DMA_FENCE_FLAG_INLINE_LOCK_BIT, &fence->flags)))
		removed = dma_fence_remove_callback(fence, &cb->base);
	else
		removed = dfence_cb_remove_external(cb, fence);
	cb->fence = NULL;
	dma_fence_put(fence);
	return removed;
}
EXPORT_SYMBOL_NS_GPL(dfence_cb_remove, "DFENCE");

/**
 * dfence_cb_detach() - end a registration from inside its function
 * @cb: callback of the raw kind that is running on this CPU
 *
 * Afterwards @cb is no longer touched by the library, so the function can free it.
 *
 * Context: Only in a &typedef dfence_cb_func_t, on its own @cb.
 * Return: The reference that the registration held, now the caller's: put it. (It
 * isn't the last one: whoever signals has one, too.) NULL, and a warning, if @cb
 * isn't running.
 */
struct dma_fence *dfence_cb_detach(struct dfence_cb *cb)
{
	struct dma_fence *fence = cb->fence;

	if (!cb->detached) {
		dfence_report("callback detached outside of its function at %pS",
			      (void *)_RET_IP_);
		return NULL;
	}

	*cb->detached = true;
	cb->detached = NULL;
	cb->fence = NULL;
	return fence;
}
EXPORT_SYMBOL_NS_GPL(dfence_cb_detach, "DFENCE");
