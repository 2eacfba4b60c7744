// SPDX-License-Identifier: GPL-2.0
/*
 * The floor: what a careful driver writes with a raw dma_fence to do the same work.
 *
 * A timeline that its fences keep alive, whose names are freed a grace period after the
 * last of them has signalled; sequence numbers under its lock, taken when a fence gets
 * visible; a list of fences that somebody has to signal, by which it's noticed that a
 * fence is signalled twice; the error and the signal in one critical section, with a
 * reference held; no release op, so that the fence outlives the driver.
 * Callbacks hold a reference, and removing one takes the fence's lock.
 *
 * Everything is static, in one file and without options, as in a driver.
 */

#include <linux/dma-fence.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "fence.h"

struct raw_timeline {
	struct kref ref;
	spinlock_t lock;		/* next_seqno, pending */
	u64 context;
	u64 next_seqno;
	struct list_head pending;	/* armed fences, oldest first */
	struct rcu_head rcu;
	char driver_name[16];
	char name[16];
};

struct raw_fence {
	struct dma_fence base;
	struct raw_timeline *timeline;
	struct list_head node;
};

struct raw_cb {
	struct dma_fence_cb base;
	struct dma_fence *fence;
};

static struct raw_timeline *raw_timeline;
static struct raw_fence *raw_fences[FENCES];
static struct raw_cb raw_cbs[FENCES];
static struct raw_fence *raw_cb_fence;
static unsigned int raw_fired;

static struct raw_fence *to_raw_fence(struct dma_fence *fence)
{
	return container_of(fence, struct raw_fence, base);
}

static const char *raw_get_driver_name(struct dma_fence *fence)
{
	return to_raw_fence(fence)->timeline->driver_name;
}

static const char *raw_get_timeline_name(struct dma_fence *fence)
{
	return to_raw_fence(fence)->timeline->name;
}

static const struct dma_fence_ops raw_fence_ops = {
	.get_driver_name = raw_get_driver_name,
	.get_timeline_name = raw_get_timeline_name,
};

static void raw_timeline_release(struct kref *ref)
{
	struct raw_timeline *tl = container_of(ref, struct raw_timeline, ref);

	kfree_rcu(tl, rcu);
}

static struct raw_fence *raw_fence_alloc(struct raw_timeline *tl)
{
	struct raw_fence *f = kzalloc_obj(*f);

	if (!f)
		return NULL;
	kref_get(&tl->ref);
	f->timeline = tl;
	INIT_LIST_HEAD(&f->node);
	return f;
}

static void raw_fence_free(struct raw_fence *f)
{
	kref_put(&f->timeline->ref, raw_timeline_release);
	kfree(f);
}

static void raw_fence_arm(struct raw_fence *f)
{
	struct raw_timeline *tl = f->timeline;

	guard(spinlock_irqsave)(&tl->lock);
	dma_fence_init64(&f->base, &raw_fence_ops, NULL, tl->context, tl->next_seqno++);
	list_add_tail(&f->node, &tl->pending);
}

/* Consumes the reference of the list that the fence was on. */
static void raw_fence_signal_taken(struct raw_fence *f, int error)
{
	struct raw_timeline *tl = f->timeline;
	unsigned long flags;

	dma_fence_lock_irqsave(&f->base, flags);
	if (!dma_fence_test_signaled_flag(&f->base)) {
		if (error)
			dma_fence_set_error(&f->base, error);
		dma_fence_signal_locked(&f->base);
	}
	dma_fence_unlock_irqrestore(&f->base, flags);
	dma_fence_put(&f->base);
	kref_put(&tl->ref, raw_timeline_release);
}

static void raw_fence_signal(struct raw_fence *f, int error)
{
	bool taken = false;
	bool cookie;

	scoped_guard(spinlock_irqsave, &f->timeline->lock) {
		if (!list_empty(&f->node)) {
			list_del_init(&f->node);
			taken = true;
		}
	}
	if (WARN_ON_ONCE(!taken))
		return;

	cookie = dma_fence_begin_signalling();
	raw_fence_signal_taken(f, error);
	dma_fence_end_signalling(cookie);
}

static void raw_timeline_advance(struct raw_timeline *tl, u64 seqno, int error)
{
	struct raw_fence *f, *next;
	LIST_HEAD(done);
	bool cookie;

	cookie = dma_fence_begin_signalling();
	scoped_guard(spinlock_irqsave, &tl->lock) {
		list_for_each_entry_safe(f, next, &tl->pending, node) {
			if (f->base.seqno > seqno)
				break;
			list_move_tail(&f->node, &done);
		}
	}
	list_for_each_entry_safe(f, next, &done, node) {
		INIT_LIST_HEAD(&f->node);
		raw_fence_signal_taken(f, error);
	}
	dma_fence_end_signalling(cookie);
}

static int raw_cb_add(struct raw_cb *cb, struct dma_fence *fence, dma_fence_func_t func)
{
	int ret;

	cb->fence = dma_fence_get(fence);
	ret = dma_fence_add_callback(fence, &cb->base, func);
	if (ret) {
		cb->fence = NULL;
		dma_fence_put(fence);
	}
	return ret;
}

static bool raw_cb_end(struct raw_cb *cb)
{
	bool removed = dma_fence_remove_callback(cb->fence, &cb->base);

	dma_fence_put(cb->fence);
	cb->fence = NULL;
	return removed;
}

static int raw_open(void)
{
	raw_timeline = kzalloc_obj(*raw_timeline);
	if (!raw_timeline)
		return -ENOMEM;
	kref_init(&raw_timeline->ref);
	spin_lock_init(&raw_timeline->lock);
	raw_timeline->context = dma_fence_context_alloc(1);
	raw_timeline->next_seqno = 1;
	INIT_LIST_HEAD(&raw_timeline->pending);
	strscpy(raw_timeline->driver_name, "bench");
	strscpy(raw_timeline->name, "raw");
	return 0;
}

static void raw_close(void)
{
	kref_put(&raw_timeline->ref, raw_timeline_release);
}

static int raw_alloc(void)
{
	int i;

	for (i = 0; i < FENCES; i++) {
		raw_fences[i] = raw_fence_alloc(raw_timeline);
		if (!raw_fences[i])
			goto err_free;
	}
	return 0;

err_free:
	while (i--)
		raw_fence_free(raw_fences[i]);
	return -ENOMEM;
}

static void raw_arm(void)
{
	int i;

	for (i = 0; i < FENCES; i++)
		raw_fence_arm(raw_fences[i]);
}

static void raw_signal(void)
{
	int i;

	for (i = 0; i < FENCES; i++)
		raw_fence_signal(raw_fences[i], 0);
}

static void raw_advance(unsigned int step)
{
	u64 last = raw_timeline->next_seqno - 1;
	u64 seqno;

	for (seqno = last - FENCES + step; seqno <= last; seqno += step)
		raw_timeline_advance(raw_timeline, seqno, 0);
}

static void raw_fire(struct dma_fence *fence, struct dma_fence_cb *cb)
{
	raw_fired++;
}

static int raw_cb_prepare(void)
{
	raw_cb_fence = raw_fence_alloc(raw_timeline);
	if (!raw_cb_fence)
		return -ENOMEM;
	raw_fence_arm(raw_cb_fence);
	dma_fence_get(&raw_cb_fence->base);
	return 0;
}

static void raw_cb_fire(void)
{
	int i;

	for (i = 0; i < FENCES; i++) {
		if (raw_cb_add(&raw_cbs[i], &raw_cb_fence->base, raw_fire))
			return;
	}
	raw_fence_signal(raw_cb_fence, 0);
	for (i = 0; i < FENCES; i++)
		raw_cb_end(&raw_cbs[i]);
}

static void raw_cb_remove(void)
{
	int i;

	for (i = 0; i < FENCES; i++) {
		if (raw_cb_add(&raw_cbs[i], &raw_cb_fence->base, raw_fire))
			return;
		raw_cb_end(&raw_cbs[i]);
	}
}

static void raw_cb_finish(void)
{
	if (!dma_fence_test_signaled_flag(&raw_cb_fence->base))
		raw_fence_signal(raw_cb_fence, 0);
	dma_fence_put(&raw_cb_fence->base);
}

const struct fence_impl fence_impl_raw = {
	.who = "raw",
	.open = raw_open,
	.close = raw_close,
	.alloc = raw_alloc,
	.arm = raw_arm,
	.signal = raw_signal,
	.advance = raw_advance,
	.cb_prepare = raw_cb_prepare,
	.cb_fire = raw_cb_fire,
	.cb_remove = raw_cb_remove,
	.cb_finish = raw_cb_finish,
};
