// SPDX-License-Identifier: GPL-2.0
/*
 * Timelines: creation, lifetime, advancing, closing.
 */

/**
 * DOC: dfence timelines
 *
 * A &struct dfence_ctx is a sequence of fences that complete in order. It owns the
 * names that user space sees and the list of fences that are armed.
 *
 * dfence_ctx_advance() is for hardware that reports progress as a sequence number:
 * one call signals everything up to there, in order, from hard IRQ context. Fences
 * are collected under the timeline's lock and signalled without it.
 *
 * Order holds also when two CPUs advance the same timeline at the same time. What
 * has been collected goes through one queue per timeline, and only one CPU at a
 * time takes from it. The other one leaves its fences in the queue and returns;
 * the first one signals them when it gets there. Thus a fence is never signalled
 * before an older one that was collected earlier, nobody spins, and an interrupt
 * that hits the signalling CPU can't deadlock with it. The price: when
 * dfence_ctx_advance() returns its fences may still be on their way, on another
 * CPU, or on this one in the code that the interrupt has hit. Fences signalled one
 * by one with dfence_signal() don't take this way.
 */

/**
 * DOC: dfence closing
 *
 * Signalling the fence of a job whose DMA still runs lets others reuse memory that
 * the device is writing to. dfence_ctx_close() signals everything, so it wants to
 * hear first that the hardware does nothing any more for this timeline:
 * dfence_ctx_declare_quiet(). A new timeline is quiet; dfence_arm() ends that.
 *
 * When dfence_ctx_close() has returned:
 *
 * - every fence of the timeline is signalled and all callbacks have returned,
 * - nobody runs a function of a &struct dfence_ops or reads a name,
 * - every &dfence_ops.finish has returned,
 * - dfence_arm() refuses new fences.
 *
 * So the driver's module may go, and so may this one. References to the timeline
 * and to its signalled fences may outlive the closing.
 *
 * dfence_ctx_shut() is the half of this that doesn't sleep, for a driver that ends
 * its timelines in atomic context or wants all of them to have signalled before it
 * begins to wait. dfence_ctx_synchronize() is the other half.
 */

#include <linux/err.h>
#include <linux/export.h>
#include <linux/instruction_pointer.h>
#include <linux/jiffies.h>
#include <linux/limits.h>
#include <linux/lockdep.h>
#include <linux/overflow.h>
#include <linux/preempt.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/sprintf.h>
#include <linux/string.h>
#include <kunit/visibility.h>

#include "internal.h"

/* No more fences are cancelled in a row, to bound the time it's locked. */
#define DFENCE_SHUT_BATCH 256

/* An advance that is later than that doesn't come from an interrupt that was. */
#define DFENCE_HW_LATE_JIFFIES HZ

static struct lock_class_key dfence_ctx_lock_key;

static LIST_HEAD(dfence_all);
static DEFINE_SPINLOCK(dfence_all_lock);

/**
 * dfence_ctx_create() - make a timeline
 * @args: names and first sequence number; not needed after the call
 *
 * Context: Process context, may sleep.
 * Return: A new reference, to be given back with dfence_ctx_put(); or ERR_PTR():
 * -EINVAL if a name is missing or the first sequence number is in the upper half
 * of the 64-bit range, -ENOMEM.
 */
struct dfence_ctx *dfence_ctx_create(const struct dfence_ctx_args *args)
{
	struct dfence_ctx *ctx;
	size_t driver_len;
	size_t timeline_len;

	if (!args || !args->driver_name || !args->timeline_name ||
	    args->first_seqno > S64_MAX)
		return ERR_PTR(-EINVAL);

	driver_len = strlen(args->driver_name) + 1;
	timeline_len = strlen(args->timeline_name) + 1;
	ctx = kzalloc(struct_size(ctx, names, size_add(driver_len, timeline_len)),
		      GFP_KERNEL);
	if (!ctx)
		return ERR_PTR(-ENOMEM);

	kref_init(&ctx->ref);
	spin_lock_init(&ctx->lock);
	/* A name that no other library uses. */
	lockdep_set_class_and_name(&ctx->lock, &dfence_ctx_lock_key, "dfence_ctx.lock");
	ctx->id = dma_fence_context_alloc(1);
	ctx->next_seqno = args->first_seqno ?: 1;
	INIT_LIST_HEAD(&ctx->live);
	INIT_LIST_HEAD(&ctx->done);
	ctx->quiet = true;
	ctx->hw_mark_jiffies = jiffies;
	atomic_set(&ctx->finishing, 0);
	init_waitqueue_head(&ctx->finish_wq);
	memcpy(ctx->names, args->driver_name, driver_len);
	memcpy(ctx->names + driver_len, args->timeline_name, timeline_len);
	ctx->driver_name = ctx->names;
	ctx->timeline_name = ctx->names + driver_len;

	scoped_guard(spinlock_irqsave, &dfence_all_lock)
		list_add_tail_rcu(&ctx->all_node, &dfence_all);
	return ctx;
}
EXPORT_SYMBOL_NS_GPL(dfence_ctx_create, "DFENCE");

/**
 * dfence_ctx_get() - take a reference to a timeline
 * @ctx: timeline to which the caller has a reference
 *
 * Context: Any.
 * Return: @ctx.
 */
struct dfence_ctx *dfence_ctx_get(struct dfence_ctx *ctx)
{
	kref_get(&ctx->ref);
	return ctx;
}
EXPORT_SYMBOL_NS_GPL(dfence_ctx_get, "DFENCE");

/**
 * dfence_ctx_release() - what happens when the last reference to a timeline is gone
 * @ref: its reference count
 *
 * Context: Any.
 */
void dfence_ctx_release(struct kref *ref)
{
	struct dfence_ctx *ctx = container_of(ref, struct dfence_ctx, ref);

	if (ctx->nr_live || !list_empty(&ctx->done))
		dfence_report("%s %s (context %llu) released with %u live fences",
			      ctx->driver_name, ctx->timeline_name, ctx->id,
			      ctx->nr_live);

	scoped_guard(spinlock_irqsave, &dfence_all_lock)
		list_del_rcu(&ctx->all_node);
	/* Somebody may be reading a name of a fence that was signalled just now. */
	kfree_rcu(ctx, rcu);
}

/**
 * dfence_ctx_put() - give a reference to a timeline back
 * @ctx: timeline or NULL
 *
 * The memory is freed a grace period after the last reference. That is enough for
 * readers of names; a driver whose module may go calls dfence_ctx_close() first.
 *
 * Context: Any, hard IRQ included. Never waits.
 */
void dfence_ctx_put(struct dfence_ctx *ctx)
{
	if (ctx)
		dfence_ctx_unref(ctx);
}
EXPORT_SYMBOL_NS_GPL(dfence_ctx_put, "DFENCE");

/**
 * dfence_ctx_id() - the dma_fence context number of a timeline
 * @ctx: timeline
 *
 * Context: Any.
 * Return: What &dma_fence.context is in all of its fences.
 */
u64 dfence_ctx_id(const struct dfence_ctx *ctx)
{
	return ctx->id;
}
EXPORT_SYMBOL_NS_GPL(dfence_ctx_id, "DFENCE");

/**
 * dfence_ctx_last_armed() - the youngest sequence number of a timeline
 * @ctx: timeline
 *
 * Context: Any. Takes and releases the timeline's lock.
 * Return: Sequence number of the fence that was armed last; if there is none yet,
 * the one before the first.
 */
u64 dfence_ctx_last_armed(struct dfence_ctx *ctx)
{
	guard(spinlock_irqsave)(&ctx->lock);
	return ctx->next_seqno - 1;
}
EXPORT_SYMBOL_NS_GPL(dfence_ctx_last_armed, "DFENCE");

/**
 * dfence_ctx_live() - how many fences of a timeline are armed
 * @ctx: timeline
 *
 * Context: Any.
 * Return: Number of fences that somebody still has to signal; a snapshot.
 */
unsigned int dfence_ctx_live(struct dfence_ctx *ctx)
{
	guard(spinlock_irqsave)(&ctx->lock);
	return ctx->nr_live;
}
EXPORT_SYMBOL_NS_GPL(dfence_ctx_live, "DFENCE");

/**
 * dfence_ctx_owns() - was a fence issued on this timeline?
 * @ctx: timeline
 * @fence: any dma_fence, signalled or not
 *
 * Context: Any.
 * Return: Whether @fence belongs to @ctx.
 */
bool dfence_ctx_owns(const struct dfence_ctx *ctx, const struct dma_fence *fence)
{
	return fence->context == ctx->id;
}
EXPORT_SYMBOL_NS_GPL(dfence_ctx_owns, "DFENCE");

/* Claim at most @max live fences up to @seqno for @error. Returns their number. */
static int dfence_ctx_collect_locked(struct dfence_ctx *ctx, u64 seqno, int error, int max)
{
	struct dfence *f;
	struct dfence *next;
	int n = 0;

	lockdep_assert_held(&ctx->lock);

	list_for_each_entry_safe(f, next, &ctx->live, node) {
		if (f->base.seqno > seqno || n == max)
			break;
		f->error = error;
		WRITE_ONCE(f->state, DFENCE_CLAIMED);
		list_move_tail(&f->node, &ctx->done);
		n++;
	}
	ctx->nr_live -= n;
	return n;
}

/*
 * Signal what was collected, unless another CPU, or what an interrupt has hit on this
 * one, is at it: then that will do it. Called with the lock, with @flags from when it
 * was taken; returns without it.
 *
 * There are as many callbacks as there are fences, so IRQs aren't off for longer than
 * the caller has them off. But others, interrupt handlers among them, rely on whoever
 * drains: it mustn't be preempted half-way (but on PREEMPT_RT, where a fence's lock
 * sleeps).
 */
static void dfence_ctx_drain_unlock(struct dfence_ctx *ctx, unsigned long flags,
				    unsigned long ip)
	__releases(&ctx->lock)
{
	struct dfence *f;
	struct dfence *next;
	LIST_HEAD(batch);

	if (ctx->draining || list_empty(&ctx->done)) {
		spin_unlock_irqrestore(&ctx->lock, flags);
		return;
	}
	ctx->draining = true;
	if (!IS_ENABLED(CONFIG_PREEMPT_RT))
		preempt_disable();
	while (!list_empty(&ctx->done)) {
		list_splice_init(&ctx->done, &batch);
		spin_unlock_irqrestore(&ctx->lock, flags);

		/* Signalling may free f; nobody else looks at the batch. */
		list_for_each_entry_safe(f, next, &batch, node)
			dfence_signal_claimed(f, f->error, ip);
		INIT_LIST_HEAD(&batch);

		spin_lock_irqsave(&ctx->lock, flags);
	}
	ctx->draining = false;
	spin_unlock_irqrestore(&ctx->lock, flags);
	if (!IS_ENABLED(CONFIG_PREEMPT_RT))
		preempt_enable();
}

/*
 * The hardware has reported @seqno. Returns the number that it should at least have
 * been if it's beyond doubt that it went back, else 0. How late the one who reports
 * may be is looked at with debugging only.
 */
static u64 dfence_ctx_note_hw_locked(struct dfence_ctx *ctx, u64 seqno)
{
	bool back = seqno < ctx->hw_seqno;

	lockdep_assert_held(&ctx->lock);

	if (dfence_debug_on() &&
	    time_after(jiffies, ctx->hw_mark_jiffies + DFENCE_HW_LATE_JIFFIES)) {
		ctx->hw_settled = ctx->hw_mark;
		ctx->hw_mark = ctx->hw_seqno;
		ctx->hw_mark_jiffies = jiffies;
	}
	if (likely(!back)) {
		ctx->hw_seqno = seqno;
		return 0;
	}
	ctx->nr_back++;
	return dfence_debug_on() && seqno < ctx->hw_settled ? ctx->hw_settled : 0;
}

static noinline __cold void dfence_ctx_report_back(struct dfence_ctx *ctx, u64 seqno,
						   u64 settled, unsigned long ip)
{
	dfence_report("%s %s (context %llu) advanced to %llu, having been at %llu for long, at %pS",
		      ctx->driver_name, ctx->timeline_name, ctx->id, seqno, settled,
		      (void *)ip);
}

/* The number of which hardware has reported the lower half; U64_MAX if there is none. */
static u64 dfence_ctx_extend_locked(struct dfence_ctx *ctx, u32 seqno)
{
	u64 last = ctx->next_seqno - 1;
	u32 behind = lower_32_bits(last) - seqno;

	lockdep_assert_held(&ctx->lock);

	return behind > S32_MAX || behind > last ? U64_MAX : last - behind;
}

/* Common part of both kinds of advance; @bits is what @seqno has, a constant. */
static __always_inline int dfence_ctx_do_advance(struct dfence_ctx *ctx, u64 seqno,
						 unsigned int bits, int error,
						 unsigned long ip)
{
	unsigned long flags;
	u64 settled;
	int n;

	error = dfence_check_error(error, ip);

	guard(dfence_signalling)();
	guard(rcu)();
	spin_lock_irqsave(&ctx->lock, flags);
	if (bits == 32)
		seqno = dfence_ctx_extend_locked(ctx, lower_32_bits(seqno));
	if (seqno >= ctx->next_seqno) {
		spin_unlock_irqrestore(&ctx->lock, flags);
		return -ERANGE;
	}
	settled = dfence_ctx_note_hw_locked(ctx, seqno);
	n = dfence_ctx_collect_locked(ctx, seqno, error, INT_MAX);
	dfence_ctx_drain_unlock(ctx, flags, ip);
	if (unlikely(settled))
		dfence_ctx_report_back(ctx, seqno, settled, ip);
	return n;
}

/**
 * dfence_ctx_advance() - signal all fences of a timeline up to a sequence number
 * @ctx: timeline
 * @seqno: what the hardware has completed, at most dfence_ctx_last_armed()
 * @error: 0, or the -errno with which all these fences signal
 *
 * Consumes the issuer's references of the fences it signals, oldest first. A
 * sequence number that was reported before, or an older one, does nothing; older ones
 * are counted, and reported with debugging on if there is no excuse for them.
 *
 * If another CPU is in here for the same timeline, or the code that the calling
 * interrupt has hit, that signals the fences which this call has taken; see the
 * overview of timelines.
 *
 * Context: Any, hard IRQ included. Takes the timeline's lock and the fences' locks,
 * not nested. The caller must not hold the lock of any dma_fence.
 * Return: The number of fences this call has taken, or -ERANGE if @seqno was never
 * armed: a broken device, or the wrong timeline. Then nothing happens.
 */
int dfence_ctx_advance(struct dfence_ctx *ctx, u64 seqno, int error)
{
	return dfence_ctx_do_advance(ctx, seqno, 64, error, _RET_IP_);
}
EXPORT_SYMBOL_NS_GPL(dfence_ctx_advance, "DFENCE");

/**
 * dfence_ctx_advance32() - the same for hardware that counts in 32 bits
 * @ctx: timeline
 * @seqno: lower half of what the hardware has completed
 * @error: 0, or the -errno with which all these fences signal
 *
 * The upper half is that of the youngest armed fence, or one less. This is right
 * as long as the hardware is less than 2^31 fences behind.
 *
 * Context: As dfence_ctx_advance().
 * Return: As dfence_ctx_advance(); -ERANGE if @seqno is ahead of what was armed.
 */
int dfence_ctx_advance32(struct dfence_ctx *ctx, u32 seqno, int error)
{
	return dfence_ctx_do_advance(ctx, seqno, 32, error, _RET_IP_);
}
EXPORT_SYMBOL_NS_GPL(dfence_ctx_advance32, "DFENCE");

/**
 * dfence_ctx_declare_quiet() - the hardware does nothing any more for a timeline
 * @ctx: timeline
 *
 * The driver states that no DMA on behalf of this timeline runs or can start: the
 * ring is stopped, reset or gone. It holds until the next dfence_arm().
 *
 * Context: Any. Takes and releases the timeline's lock.
 */
void dfence_ctx_declare_quiet(struct dfence_ctx *ctx)
{
	guard(spinlock_irqsave)(&ctx->lock);
	ctx->quiet = true;
}
EXPORT_SYMBOL_NS_GPL(dfence_ctx_declare_quiet, "DFENCE");

/**
 * dfence_ctx_shut() - the part of closing that doesn't sleep
 * @ctx: timeline, declared quiet
 * @error: -errno with which what is still live signals
 *
 * From here on dfence_arm() refuses new fences. All live ones are signalled (by
 * somebody else who is in dfence_ctx_advance(), if there is), their issuer's
 * references are consumed. Go on with dfence_ctx_synchronize().
 *
 * Context: Any. As dfence_ctx_advance().
 * Return: 0, also if the timeline was shut before; -EINVAL if @error isn't a
 * negative errno; -EBUSY, and a warning, if it wasn't declared quiet: then nothing
 * happened.
 */
int dfence_ctx_shut(struct dfence_ctx *ctx, int error)
{
	unsigned long flags;
	bool busy;
	int n;

	if (error >= 0 || error < -MAX_ERRNO)
		return -EINVAL;

	guard(dfence_signalling)();
	guard(rcu)();
	scoped_guard(spinlock_irqsave, &ctx->lock) {
		busy = !ctx->closed && !ctx->quiet;
		if (!ctx->closed && !busy) {
			ctx->closed = true;
			ctx->close_error = error;
		}
	}
	if (busy) {
		dfence_report("%s %s (context %llu) closed while the hardware may be busy, at %pS",
			      ctx->driver_name, ctx->timeline_name, ctx->id,
			      (void *)_RET_IP_);
		return -EBUSY;
	}

	/* Nothing comes after what is there. In one RCU section, for those who synchronise. */
	do {
		spin_lock_irqsave(&ctx->lock, flags);
		n = dfence_ctx_collect_locked(ctx, U64_MAX, ctx->close_error,
					      DFENCE_SHUT_BATCH);
		dfence_ctx_drain_unlock(ctx, flags, _RET_IP_);
	} while (n);
	return 0;
}
EXPORT_SYMBOL_NS_GPL(dfence_ctx_shut, "DFENCE");

/**
 * dfence_ctx_synchronize() - wait for everything under way on a timeline
 * @ctx: timeline
 *
 * Waits until all signalling that began before has ended, with its callbacks, until
 * those who were reading names or running a function of a &struct dfence_ops are
 * done, and until no &dfence_ops.finish is pending. The last is bounded only if
 * nobody else keeps signalling on the timeline: normally it has been shut.
 *
 * Context: Process context, sleeps. Not in a signalling section, nor in a
 * &dfence_ops.finish.
 */
void dfence_ctx_synchronize(struct dfence_ctx *ctx)
{
	might_sleep();
	/*
	 * Whoever claimed a fence is in an RCU section until it has signalled it
	 * and accounted for its finish function.
	 */
	synchronize_rcu();
	/* Pairs with atomic_dec_and_test(): what finish functions did is seen. */
	wait_event(ctx->finish_wq, !atomic_read_acquire(&ctx->finishing));
}
EXPORT_SYMBOL_NS_GPL(dfence_ctx_synchronize, "DFENCE");

/**
 * dfence_ctx_close() - end a timeline
 * @ctx: timeline, declared quiet; the caller keeps its reference
 * @error: -errno with which what is still live signals
 *
 * dfence_ctx_shut() and dfence_ctx_synchronize(). After this nothing on the
 * timeline needs the driver any more; see the overview of closing.
 *
 * Context: Process context, sleeps for at least a grace period.
 * Return: As dfence_ctx_shut(). With 0 the timeline is closed.
 */
int dfence_ctx_close(struct dfence_ctx *ctx, int error)
{
	int ret;

	might_sleep();
	ret = dfence_ctx_shut(ctx, error);
	if (!ret)
		dfence_ctx_synchronize(ctx);
	return ret;
}
EXPORT_SYMBOL_NS_GPL(dfence_ctx_close, "DFENCE");

/**
 * dfence_ctx_for_each() - call a function for each timeline
 * @func: function, called in an RCU read-side section that keeps the memory of the
 *	timeline, which may have been released
 * @data: for @func
 *
 * Context: Any.
 */
void dfence_ctx_for_each(void (*func)(struct dfence_ctx *ctx, void *data), void *data)
{
	struct dfence_ctx *ctx;

	guard(rcu)();
	list_for_each_entry_rcu(ctx, &dfence_all, all_node)
		func(ctx, data);
}

/**
 * dfence_ctx_orphan() - see to a timeline whose driver has gone
 * @ctx: timeline of a module that has been unloaded
 *
 * The driver should have closed it and put its reference. Nobody is left to signal
 * its fences, and their names and functions are about to be unloaded, so they are
 * cancelled; the driver's own functions, which have gone already, aren't called.
 * The timeline itself is lost.
 *
 * Context: Any, in an RCU read-side section.
 */
void dfence_ctx_orphan(struct dfence_ctx *ctx)
{
	static const struct dfence_ops no_ops;
	unsigned long flags;
	struct dfence *f;
	unsigned int n;

	guard(dfence_signalling)();
	spin_lock_irqsave(&ctx->lock, flags);
	ctx->closed = true;
	ctx->close_error = -ECANCELED;
	list_for_each_entry(f, &ctx->live, node)
		f->ops = &no_ops;
	n = dfence_ctx_collect_locked(ctx, U64_MAX, -ECANCELED, INT_MAX);
	dfence_ctx_drain_unlock(ctx, flags, _RET_IP_);
	dfence_report("%s %s (context %llu) was left behind with %u live fences",
		      ctx->driver_name, ctx->timeline_name, ctx->id, n);
}
EXPORT_SYMBOL_IF_KUNIT(dfence_ctx_orphan);

/**
 * dfence_ctx_find_names() - get the names of a timeline from its number
 * @id: context number
 * @buf: gets driver and timeline name, or says that the timeline is gone
 * @size: size of @buf in bytes
 *
 * Slow: for reports about fences that have let go of their timeline.
 *
 * Context: Any.
 * Return: Whether there is such a timeline.
 */
bool dfence_ctx_find_names(u64 id, char *buf, size_t size)
{
	struct dfence_ctx *ctx;

	guard(rcu)();
	list_for_each_entry_rcu(ctx, &dfence_all, all_node) {
		if (ctx->id != id)
			continue;
		scnprintf(buf, size, "%s %s", ctx->driver_name, ctx->timeline_name);
		return true;
	}
	strscpy(buf, "a timeline that is gone", size);
	return false;
}
