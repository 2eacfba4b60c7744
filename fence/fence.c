// SPDX-License-Identifier: GPL-2.0
/*
 * The life of a driver fence: prepare, arm, signal or drop, finish.
 */

/**
 * DOC: dfence overview
 *
 * A &struct dfence is a &struct dma_fence as the driver that issues it holds it.
 * The driver prepares it where it may fail, arms it where it may not, and then
 * owes it exactly one signal, with an error code that has to be given. Everybody
 * else gets the &struct dma_fence only.
 *
 * What the library adds to a raw dma_fence:
 *
 * - Preparing and publishing are two steps. dfence_alloc() may sleep and fail;
 *   dfence_arm() can do neither, and takes the sequence number, so that a fence
 *   that was prepared in vain leaves no hole on the timeline.
 * - The error is set in the critical section that signals. Nobody sees a signalled
 *   fence whose error comes later.
 * - A fence that is dropped unsignalled signals with -ECANCELED, and a warning
 *   names it and the place that dropped it.
 * - Signalling twice, and signalling by somebody who isn't the issuer, is noticed.
 * - A timeline can be closed. Then the driver may go, while user space keeps its
 *   sync_files.
 */

/**
 * DOC: dfence lifetime
 *
 * ::
 *
 *     dfence_alloc()   PREPARED   ctx reference; no dma_fence yet
 *          |               \
 *          |                `---> dfence_free(), dfence_drop(): gone without trace
 *     dfence_arm()     ARMED      seqno; on the timeline's list; must be signalled
 *          |
 *     dfence_signal()  CLAIMED    taken by exactly one of signal, drop, advance
 *     dfence_drop()       |       and close, who also takes the issuer's reference
 *     ..._advance()       |
 *     ..._close()      signalled  the dma_fence has let go of the ops
 *                         |
 *                      retired    finish() ran, if there is one; issuer's reference
 *                         |       and ctx reference put
 *                      freed      kfree_rcu() after the consumers' last reference
 *
 * The claim is what makes "exactly once" true: it's a change of state under the
 * timeline's lock, and only who made it signals. An issuer whose dfence_signal()
 * can race with an advance or a close must have a reference of its own
 * (dfence_get()) and use dfence_try_signal(), which says who was first.
 *
 * Readers of the fence's names, and of whatever &struct dfence_ops reaches, run in
 * RCU read-side sections that began before the fence was signalled. The timeline's
 * memory is therefore freed with kfree_rcu() after the last reference, and none is
 * given back before the fence has signalled: whoever still reads has its grace
 * period. This needs no waiting, so all of it may happen in a hard IRQ.
 */

/**
 * DOC: dfence locking
 *
 * The order is: the lock of any dma_fence, then the lock of a timeline, which is
 * innermost. Both are IRQ-safe. No function of the library calls out with the
 * timeline's lock held; callbacks of consumers, &dfence_ops.enable_signaling and
 * at times &dfence_ops.signaled run under their fence's lock.
 *
 * All of them are ordinary spinlocks, like those of any dma_fence. So "hard IRQ" in
 * the descriptions means interrupt handlers that PREEMPT_RT runs in threads.
 *
 * From the claim until the last callback has returned the signalling CPU is in one
 * RCU read-side section. So synchronize_rcu() waits for all signalling that is
 * under way, which is how dfence_ctx_synchronize() works.
 */

/**
 * DOC: dfence errors
 *
 * A fence is signalled with 0 or a negative errno. Anything else is a bug of the
 * caller: it is reported, and a positive errno is negated (the error was most
 * likely meant), all else becomes -EINVAL. Misuse is reported by WARN(), always
 * with a safe way on; the debugfs file dfence/reports has the last report.
 */

#include <linux/err.h>
#include <linux/export.h>
#include <linux/instruction_pointer.h>
#include <linux/jiffies.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "internal.h"

/* Runs the finish functions. */
static struct workqueue_struct *dfence_finish_wq;

static const char *dfence_get_driver_name(struct dma_fence *fence)
{
	return to_dfence(fence)->ctx->driver_name;
}

static const char *dfence_get_timeline_name(struct dma_fence *fence)
{
	return to_dfence(fence)->ctx->timeline_name;
}

static bool dfence_op_enable_signaling(struct dma_fence *fence)
{
	struct dfence *f = to_dfence(fence);
	int ret;

	if (!f->ops->enable_signaling)
		return true;

	ret = f->ops->enable_signaling(f);
	if (!ret)
		return true;

	/* The fence's lock is held, and the caller signals before releasing it. */
	if (ret < 0)
		dma_fence_set_error(fence, dfence_check_error(ret, (unsigned long)
							      f->ops->enable_signaling));
	set_bit(DFENCE_FLAG_EARLY, &fence->flags);
	return false;
}

static bool dfence_op_signaled(struct dma_fence *fence)
{
	struct dfence *f = to_dfence(fence);

	if (!f->ops->signaled || !f->ops->signaled(f))
		return false;

	set_bit(DFENCE_FLAG_EARLY, &fence->flags);
	return true;
}

static void dfence_op_set_deadline(struct dma_fence *fence, ktime_t deadline)
{
	struct dfence *f = to_dfence(fence);

	if (f->ops->set_deadline)
		f->ops->set_deadline(f, deadline);
}

/*
 * Neither .release nor .wait: with one of them the dma_fence would keep its ops
 * when it is signalled, and this module couldn't go before the last sync_file.
 */
static const struct dma_fence_ops dfence_plain_ops = {
	.get_driver_name = dfence_get_driver_name,
	.get_timeline_name = dfence_get_timeline_name,
};

/* For issuers with functions of their own; the others don't pay for the calls. */
static const struct dma_fence_ops dfence_full_ops = {
	.get_driver_name = dfence_get_driver_name,
	.get_timeline_name = dfence_get_timeline_name,
	.enable_signaling = dfence_op_enable_signaling,
	.signaled = dfence_op_signaled,
	.set_deadline = dfence_op_set_deadline,
};

static const struct dma_fence_ops *dfence_base_ops(const struct dfence_ops *ops)
{
	if (ops && (ops->enable_signaling || ops->signaled || ops->set_deadline))
		return &dfence_full_ops;
	return &dfence_plain_ops;
}

/**
 * dfence_is_ours() - was a fence issued through this library?
 * @fence: any dma_fence
 *
 * Context: Any, in an RCU read-side section.
 * Return: Whether it was, or true if it can't be told any more: it's signalled.
 */
bool dfence_is_ours(const struct dma_fence *fence)
{
	const struct dma_fence_ops *ops = rcu_dereference(fence->ops);

	return !ops || ops == &dfence_plain_ops || ops == &dfence_full_ops;
}

/**
 * dfence_of() - the driver fence behind a dma_fence that came from anywhere
 * @fence: any dma_fence to which the caller has a reference
 * @ops: the issuer's functions, not NULL
 *
 * How an issuer recognises fences of its own, as long as that makes a difference: a
 * signalled one has forgotten what it was.
 *
 * Context: Any. The answer lasts as long as @fence can't signal: with its lock held,
 * which is inside the fence if this didn't return NULL.
 * Return: The driver fence, borrowed, if it was issued with @ops and hasn't signalled;
 * else NULL.
 */
struct dfence *dfence_of(struct dma_fence *fence, const struct dfence_ops *ops)
{
	const struct dma_fence_ops *base_ops;

	guard(rcu)();
	/* NULL once it has signalled: then there may be no dfence around it. */
	base_ops = rcu_dereference(fence->ops);
	if (base_ops != &dfence_plain_ops && base_ops != &dfence_full_ops)
		return NULL;
	return to_dfence(fence)->ops == ops ? to_dfence(fence) : NULL;
}
EXPORT_SYMBOL_NS_GPL(dfence_of, "DFENCE");

/* It can only change behind the caller's back once it isn't this any more. */
static bool dfence_is_prepared(const struct dfence *f)
{
	return READ_ONCE(f->state) == DFENCE_PREPARED;
}

/* Reports misuse of @f, whose context is alive. @ip: who did it. */
static noinline __cold void dfence_misuse(struct dfence *f, const char *what,
					  unsigned long ip)
{
	dfence_report("fence %llu of %s %s (context %llu) %s at %pS",
		      f->base.seqno, f->ctx->driver_name, f->ctx->timeline_name,
		      f->ctx->id, what, (void *)ip);
}

/**
 * dfence_report_misuse() - report what was done to a fence in the wrong state
 * @f: fence in any state; its reference to its timeline may be gone
 * @what: what happened to it
 * @ip: who did it
 *
 * Context: Any.
 */
noinline __cold void dfence_report_misuse(struct dfence *f, const char *what,
					  unsigned long ip)
{
	char names[DFENCE_NAMES_SIZE];

	if (dfence_is_prepared(f) && f->ctx) {
		dfence_report("fence without seqno of %s %s (context %llu) %s at %pS",
			      f->ctx->driver_name, f->ctx->timeline_name, f->ctx->id,
			      what, (void *)ip);
		return;
	}
	dfence_ctx_find_names(f->base.context, names, sizeof(names));
	dfence_report("fence %llu of %s (context %llu) %s at %pS", f->base.seqno, names,
		      f->base.context, what, (void *)ip);
}

/**
 * dfence_wrong_error() - report an error that is none
 * @error: neither 0 nor -errno
 * @ip: the caller, for the report
 *
 * Context: Any.
 * Return: What comes nearest to it.
 */
noinline __cold int dfence_wrong_error(int error, unsigned long ip)
{
	dfence_report("%d is neither 0 nor a negative errno, at %pS", error, (void *)ip);
	return error > 0 && error <= MAX_ERRNO ? -error : -EINVAL;
}

/* What is left to do if the memory is zeroed. */
static __always_inline void dfence_init_zeroed(struct dfence *f, struct dfence_ctx *ctx,
					       const struct dfence_ops *ops, gfp_t gfp)
{
	static_assert(DFENCE_PREPARED == 0);

	kref_get(&ctx->ref);
	f->ctx = ctx;
	f->ops = ops;
	INIT_LIST_HEAD(&f->node);
	dfence_stack_save(f, gfp);
}

/**
 * dfence_init() - prepare a fence in the caller's memory
 * @f: memory that kfree() can free at this address
 * @ctx: timeline; @f takes a reference
 * @ops: issuer's functions or NULL; must stay until @ctx is closed
 *
 * The memory now belongs to the fence: dfence_free() and, after dfence_arm(), the
 * last reference free it. dfence_fini() gives it back to the caller.
 *
 * Context: Any.
 */
void dfence_init(struct dfence *f, struct dfence_ctx *ctx, const struct dfence_ops *ops)
{
	memset(f, 0, sizeof(*f));
	dfence_init_zeroed(f, ctx, ops, 0);
}
EXPORT_SYMBOL_NS_GPL(dfence_init, "DFENCE");

/**
 * dfence_fini() - undo dfence_init()
 * @f: fence that isn't armed
 *
 * The memory is the caller's again.
 *
 * Context: Any.
 */
void dfence_fini(struct dfence *f)
{
	if (!dfence_is_prepared(f)) {
		dfence_report_misuse(f, "was taken back after it was armed", _RET_IP_);
		return;
	}
	dfence_ctx_put(f->ctx);
	f->ctx = NULL;
}
EXPORT_SYMBOL_NS_GPL(dfence_fini, "DFENCE");

/**
 * __dfence_alloc_size() - allocate a fence with room behind it
 * @ctx: timeline; the fence takes a reference
 * @ops: issuer's functions or NULL; must stay until @ctx is closed
 * @size: size of the struct that begins with the &struct dfence, in bytes
 * @gfp: allocation flags
 *
 * Use dfence_alloc_type().
 *
 * Context: As @gfp demands.
 * Return: A prepared fence, the rest zeroed; NULL if there is no memory or @size
 * is too small.
 */
void *__dfence_alloc_size(struct dfence_ctx *ctx, const struct dfence_ops *ops,
			  size_t size, gfp_t gfp)
{
	struct dfence *f;

	if (size < sizeof(*f)) {
		dfence_report("no fence fits in %zu bytes, at %pS", size, (void *)_RET_IP_);
		return NULL;
	}

	f = kzalloc(size, gfp);
	if (f)
		dfence_init_zeroed(f, ctx, ops, gfp);
	return f;
}
EXPORT_SYMBOL_NS_GPL(__dfence_alloc_size, "DFENCE");

/**
 * dfence_alloc() - allocate and prepare a fence
 * @ctx: timeline; the fence takes a reference
 * @ops: issuer's functions or NULL; must stay until @ctx is closed
 * @gfp: allocation flags
 *
 * The fence has no sequence number yet and nobody can wait for it. Release it with
 * dfence_free() or go on with dfence_arm().
 *
 * Context: As @gfp demands.
 * Return: A prepared fence, or NULL if there is no memory.
 */
struct dfence *dfence_alloc(struct dfence_ctx *ctx, const struct dfence_ops *ops, gfp_t gfp)
{
	/* Not __dfence_alloc_size(): a constant size saves the search for a slab. */
	struct dfence *f = kzalloc_obj(*f, gfp);

	if (f)
		dfence_init_zeroed(f, ctx, ops, gfp);
	return f;
}
EXPORT_SYMBOL_NS_GPL(dfence_alloc, "DFENCE");

/* Signal an @f whose timeline was closed, before anybody sees it. */
static noinline __cold void dfence_armed_late(struct dfence *f, unsigned long ip)
{
	dfence_misuse(f, "was armed after its timeline was closed", ip);
	set_bit(DFENCE_FLAG_EARLY, &f->base.flags);
	/* Nobody else knows the fence: setting the error first is no race. */
	dma_fence_set_error(&f->base, f->ctx->close_error);
	dma_fence_signal(&f->base);
}

/**
 * dfence_arm() - publish a prepared fence on its timeline
 * @f: fence from dfence_alloc() or dfence_init(), not armed yet
 *
 * Takes the next sequence number of @f's timeline; it is in @f->base.seqno. From
 * here on others can wait for @f, so it has to be signalled on every path. What
 * could fail was done by dfence_alloc().
 *
 * To arm a fence on a closed timeline is a bug, and is reported. As this function
 * can't fail, the fence is signalled on the spot with the error that the timeline
 * was closed with. The caller goes on as always and calls dfence_signal() in the
 * end, whose error is ignored.
 *
 * If the timeline may be closed by another thread meanwhile, @f can have signalled,
 * and be gone, when this returns. Then the caller arms it and takes a reference of
 * its own, by dfence_get(), in one RCU read-side section, or under a lock that the
 * closing thread takes.
 *
 * Context: Any. Takes and releases the timeline's lock, IRQ-safe. Doesn't allocate.
 * Return: @f's dma_fence, borrowed: valid as long as the caller's reference to @f.
 */
struct dma_fence *dfence_arm(struct dfence *f)
{
	struct dfence_ctx *ctx = f->ctx;
	bool closed;

	if (unlikely(!dfence_is_prepared(f) || !ctx)) {
		dfence_report_misuse(f, ctx ? "was armed twice" :
				     "was armed after it was taken back", _RET_IP_);
		return &f->base;
	}

	scoped_guard(spinlock_irqsave, &ctx->lock) {
		dma_fence_init64(&f->base, dfence_base_ops(f->ops), NULL,
				 ctx->id, ctx->next_seqno++);
		f->armed_jiffies = jiffies;
		WRITE_ONCE(f->state, DFENCE_ARMED);
		ctx->nr_live++;
		closed = ctx->closed;
		if (likely(!closed)) {
			list_add_tail(&f->node, &ctx->live);
			ctx->quiet = false;
		}
	}

	if (unlikely(closed))
		dfence_armed_late(f, _RET_IP_);
	return &f->base;
}
EXPORT_SYMBOL_NS_GPL(dfence_arm, "DFENCE");

/*
 * Take over the duty to signal @f and the issuer's reference. Only one can.
 *
 * The caller may be late and @f's reference to its timeline gone, so the state is
 * looked at first: as long as it's ARMED the timeline has the reference, and the
 * caller's RCU section keeps the memory from then on.
 */
static __always_inline bool dfence_claim(struct dfence *f)
{
	RCU_LOCKDEP_WARN(!rcu_read_lock_held(), "fence claimed outside of an RCU section");

	if (READ_ONCE(f->state) != DFENCE_ARMED)
		return false;

	guard(spinlock_irqsave)(&f->ctx->lock);
	if (f->state != DFENCE_ARMED)
		return false;
	WRITE_ONCE(f->state, DFENCE_CLAIMED);
	list_del_init(&f->node);
	f->ctx->nr_live--;
	return true;
}

static void dfence_finish_work(struct work_struct *work)
{
	struct dfence *f = container_of(to_rcu_work(work), struct dfence, finish_work);
	struct dfence_ctx *ctx = f->ctx;

	f->ops->finish(f);
	dma_fence_put(&f->base);
	/* After this a closer may go on; ctx is kept by the reference of f. */
	if (atomic_dec_and_test(&ctx->finishing))
		wake_up_all(&ctx->finish_wq);
	dfence_ctx_put(ctx);
}

/* Have what a signalled @f has given back by a worker, after a grace period. */
static noinline void dfence_finish_later(struct dfence *f)
{
	atomic_inc(&f->ctx->finishing);
	INIT_RCU_WORK(&f->finish_work, dfence_finish_work);
	queue_rcu_work(dfence_finish_wq, &f->finish_work);
}

/*
 * This and the next two are the path that each fence goes: inline, so that it's one
 * function.
 */
static __always_inline void dfence_retire(struct dfence *f)
{
	struct dfence_ctx *ctx = f->ctx;

	if (f->ops && f->ops->finish) {
		dfence_finish_later(f);
		return;
	}
	dma_fence_put(&f->base);
	dfence_ctx_unref(ctx);
}

static __always_inline void dfence_complete(struct dfence *f, int error, unsigned long ip)
{
	struct dma_fence *fence = &f->base;
	bool foreign = false;
	unsigned long flags;

	dma_fence_lock_irqsave(fence, flags);
	if (likely(!dma_fence_test_signaled_flag(fence))) {
		if (error)
			dma_fence_set_error(fence, error);
		dma_fence_signal_locked(fence);
	} else {
		foreign = !test_bit(DFENCE_FLAG_EARLY, &fence->flags);
	}
	dma_fence_unlock_irqrestore(fence, flags);

	if (unlikely(foreign))
		dfence_misuse(f, "had been signalled by somebody else; noticed", ip);
	dfence_retire(f);
}

/**
 * dfence_signal_claimed() - signal a fence that the caller has claimed
 * @f: claimed fence; its issuer's reference is consumed
 * @error: 0 or -errno, checked
 * @ip: who signals, for reports
 *
 * Context: Any, in the RCU read-side section in which @f was claimed.
 */
void dfence_signal_claimed(struct dfence *f, int error, unsigned long ip)
{
	dfence_complete(f, error, ip);
}

static __always_inline bool dfence_claim_and_signal(struct dfence *f, int error,
						    const char *what, unsigned long ip)
{
	error = dfence_check_error(error, ip);

	guard(dfence_signalling)();
	guard(rcu)();
	if (!dfence_claim(f))
		return false;
	if (what)
		dfence_misuse(f, what, ip);
	dfence_complete(f, error, ip);
	return true;
}

/**
 * dfence_do_signal() - claim and signal a fence
 * @f: fence that isn't prepared any more; the issuer's reference is consumed on success
 * @error: 0 or -errno, not checked yet
 * @what: if not NULL, what is reported about a fence that is signalled this way
 * @ip: who signals, for reports
 *
 * Context: Any. The caller has a reference, or the issuer's.
 * Return: false if somebody else has claimed the fence.
 */
bool dfence_do_signal(struct dfence *f, int error, const char *what, unsigned long ip)
{
	return dfence_claim_and_signal(f, error, what, ip);
}

/**
 * dfence_signal() - signal an armed fence
 * @f: armed fence; the issuer's reference is consumed
 * @error: 0, or the -errno with which the work failed
 *
 * The error is set and the fence signalled in one critical section. Callbacks run
 * before this returns.
 *
 * It's a bug, and reported, if @f isn't armed, was signalled before, or was
 * signalled behind the library's back with dma_fence_signal(). As the reference is
 * consumed, a second call on the same fence can only be noticed while somebody
 * else keeps its memory.
 *
 * Order on the timeline is up to the caller: of two fences signalled on two CPUs
 * at the same time either can be first. Where that matters serialise the calls or
 * use dfence_ctx_advance().
 *
 * Context: Any, hard IRQ included. Takes the timeline's lock, then the fence's,
 * not nested. The caller must not hold the lock of any dma_fence, hence not be one
 * of its callbacks.
 */
void dfence_signal(struct dfence *f, int error)
{
	if (likely(dfence_claim_and_signal(f, error, NULL, _RET_IP_)))
		return;
	dfence_report_misuse(f, dfence_is_prepared(f) ? "was signalled before it was armed" :
			     "was signalled twice", _RET_IP_);
}
EXPORT_SYMBOL_NS_GPL(dfence_signal, "DFENCE");

/**
 * dfence_try_signal() - signal a fence unless somebody else was faster
 * @f: armed fence, to which the caller has a reference besides the issuer's
 * @error: 0, or the -errno with which the work failed
 *
 * For issuers with several ways to end a fence (an interrupt, a timeout, the
 * closing of the timeline). Each of them holds a reference from dfence_get();
 * whoever comes first consumes the issuer's reference.
 *
 * When it returns false the fence has been claimed, but its signalling may still
 * be under way on another CPU.
 *
 * Context: Any, hard IRQ included. As dfence_signal().
 * Return: true if this call signalled @f, false if another one did or will.
 */
bool dfence_try_signal(struct dfence *f, int error)
{
	if (dfence_is_prepared(f)) {
		dfence_report_misuse(f, "was signalled before it was armed", _RET_IP_);
		return false;
	}
	return dfence_do_signal(f, error, NULL, _RET_IP_);
}
EXPORT_SYMBOL_NS_GPL(dfence_try_signal, "DFENCE");

/* Release a fence that was never armed. */
static void dfence_free_prepared(struct dfence *f, unsigned long ip)
{
	if (unlikely(!f->ctx)) {
		dfence_report_misuse(f, "was freed after it was taken back", ip);
		return;
	}
	dfence_ctx_put(f->ctx);
	kfree(f);
}

/**
 * dfence_free() - release a prepared fence
 * @f: fence that isn't armed, or NULL; consumed
 *
 * Nobody has seen the fence, and no sequence number was taken: no trace is left.
 * To call it on an armed fence is a bug; it then does what dfence_drop() does.
 *
 * Context: Any.
 */
void dfence_free(struct dfence *f)
{
	if (!f)
		return;
	if (likely(dfence_is_prepared(f))) {
		dfence_free_prepared(f, _RET_IP_);
		return;
	}
	if (!dfence_do_signal(f, -ECANCELED, "was freed while armed", _RET_IP_))
		dfence_report_misuse(f, "was freed after it was signalled", _RET_IP_);
}
EXPORT_SYMBOL_NS_GPL(dfence_free, "DFENCE");

/**
 * dfence_drop() - give a fence up
 * @f: prepared or armed fence, or NULL; consumed
 *
 * A prepared fence is released like with dfence_free(). An armed one should have
 * been signalled: a warning names it and the caller, and it signals with
 * -ECANCELED. This is what a variable with __free(dfence) does at the end of its
 * scope.
 *
 * Context: Any, hard IRQ included. As dfence_signal().
 */
void dfence_drop(struct dfence *f)
{
	if (!f)
		return;
	if (dfence_is_prepared(f)) {
		dfence_free_prepared(f, _RET_IP_);
		return;
	}
	if (!dfence_do_signal(f, -ECANCELED, "was dropped unsignalled", _RET_IP_))
		dfence_report_misuse(f, "was dropped after it was signalled", _RET_IP_);
}
EXPORT_SYMBOL_NS_GPL(dfence_drop, "DFENCE");

/**
 * dfence_finish_init() - make what finish functions need
 *
 * Context: Process context, module init.
 * Return: 0 or -ENOMEM.
 */
int __init dfence_finish_init(void)
{
	dfence_finish_wq = alloc_workqueue("dfence-finish", WQ_UNBOUND, 0);
	return dfence_finish_wq ? 0 : -ENOMEM;
}

/**
 * dfence_finish_exit() - wait for all finish functions
 *
 * And for the workers to have put the references to the timelines.
 *
 * Context: Process context, module exit: may sleep.
 */
void dfence_finish_exit(void)
{
	/* The work items still on their way through RCU get queued first. */
	rcu_barrier();
	destroy_workqueue(dfence_finish_wq);
}
