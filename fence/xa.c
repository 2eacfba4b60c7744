// SPDX-License-Identifier: GPL-2.0
/*
 * Arrays of issuer handles.
 */

/**
 * DOC: dfence arrays
 *
 * Hardware and firmware that answer with a cookie rather than with a sequence
 * number need a way from the cookie to the fence. A &struct dfence_xa is that: an
 * XArray that owns issuer handles. What is put in has to be armed. From then on the
 * array owes the signal; whoever takes the handle out again owes it in turn, and
 * what is left when the array is destroyed is dropped like any other forgotten
 * fence: it signals with -ECANCELED, and a warning names it and the place.
 *
 * Storing can need memory, and a fence is stored when it has been armed, where one
 * can't wait for memory any more. So an index can be reserved beforehand;
 * dfence_xa_fill() then neither fails nor allocates.
 *
 * The array holds a reference of its own to each fence. So an entry can't dangle
 * when its fence is signalled by somebody who doesn't know about the array: an
 * advance or the closing of the timeline. Such an entry stays, and keeps its index
 * busy, until it's taken out, which then yields nothing, or the array is destroyed.
 *
 * Looking at a fence without taking it is possible in two ways. dfence_xa_borrow()
 * gives a pointer for the length of an RCU read-side section. Fences are freed by
 * kfree_rcu() and &dfence_ops.finish runs a grace period after the claim, so the fence
 * and the issuer's data around it last, even if another CPU takes, signals and puts
 * it in the meantime. A fence that was claimed before isn't given: its finish may have
 * run. dfence_xa_get() gives a reference, which keeps the fence, but not what finish
 * destroys. It need not look twice, as
 * one has to with memory that can be reused within a grace period: within the
 * section the pointer can't come to mean another fence. If the reference can't be
 * had the fence was removed after it was found, so there was a moment without one.
 */

#include <linux/export.h>
#include <linux/instruction_pointer.h>
#include <linux/rcupdate.h>
#include <linux/xarray.h>

#include <dfence/dfence_xa.h>

#include "internal.h"

/**
 * dfence_xa_init() - set up an array
 * @xa: caller's memory
 *
 * Doesn't allocate. To be undone with dfence_xa_destroy().
 *
 * Context: Any.
 */
void dfence_xa_init(struct dfence_xa *xa)
{
	xa_init_flags(&xa->xa, XA_FLAGS_LOCK_IRQ);
}
EXPORT_SYMBOL_NS_GPL(dfence_xa_init, "DFENCE");

/*
 * Put @new where @old is. The functions of the XArray that allocate under the lock
 * enable IRQs on the way, as they can't know whether they were on; this doesn't.
 * Returns 0, -EBUSY if something else is there, -ENOMEM or -EINVAL.
 */
static int dfence_xa_replace(struct dfence_xa *xa, unsigned long index, void *old,
			     void *new, gfp_t gfp)
{
	XA_STATE(xas, &xa->xa, index);
	unsigned long flags;
	void *curr;

	do {
		xas_lock_irqsave(&xas, flags);
		curr = xas_load(&xas);
		if (curr == old)
			xas_store(&xas, new);
		xas_unlock_irqrestore(&xas, flags);
	} while (xas_nomem(&xas, gfp));

	return xas_error(&xas) ?: (curr == old ? 0 : -EBUSY);
}

/* Can @f be stored? Returns 0, -EINVAL with a report, or -ENOENT. */
static int dfence_xa_check(struct dfence *f, unsigned long ip)
{
	if (!f)
		return -EINVAL;

	switch (READ_ONCE(f->state)) {
	case DFENCE_ARMED:
		return 0;
	case DFENCE_CLAIMED:
		return -ENOENT;
	case DFENCE_PREPARED:
		break;
	}
	dfence_report_misuse(f, "was stored before it was armed", ip);
	return -EINVAL;
}

/* As dfence_xa_replace(), with a reference for the array. */
static int dfence_xa_store(struct dfence_xa *xa, unsigned long index, void *old,
			   struct dfence *f, gfp_t gfp)
{
	int ret;

	/* Before, as somebody may take and put it before we return. */
	dfence_get(f);
	ret = dfence_xa_replace(xa, index, old, f, gfp);
	if (ret)
		dfence_put(f);
	return ret;
}

/**
 * dfence_xa_insert() - move an issuer's handle into an array
 * @xa: array
 * @index: where to
 * @f: armed fence; on success the array owes its signal, on failure still the caller
 * @gfp: allocation flags; after dfence_arm() nothing that waits for memory
 *
 * Use dfence_xa_reserve() and dfence_xa_fill() where failing isn't possible.
 *
 * Context: As @gfp demands, hard IRQ included. Takes and releases the array's lock.
 * Return: 0; -EBUSY if there is a fence or a reservation at @index; -ENOMEM; -ENOENT
 * if @f has been signalled in the meantime (by somebody like dfence_ctx_close(), the
 * caller having a reference of its own); -EINVAL if @f is NULL or, with a warning,
 * not armed yet.
 */
int dfence_xa_insert(struct dfence_xa *xa, unsigned long index, struct dfence *f, gfp_t gfp)
{
	return dfence_xa_check(f, _RET_IP_) ?: dfence_xa_store(xa, index, NULL, f, gfp);
}
EXPORT_SYMBOL_NS_GPL(dfence_xa_insert, "DFENCE");

/**
 * dfence_xa_reserve() - make sure that an index can be filled
 * @xa: array
 * @index: what to reserve
 * @gfp: allocation flags
 *
 * Followed by dfence_xa_fill() or dfence_xa_unreserve(). A reserved index looks
 * empty to those who search.
 *
 * Context: As @gfp demands. Takes and releases the array's lock.
 * Return: 0; -EBUSY if there is a fence or a reservation at @index; -ENOMEM.
 */
int dfence_xa_reserve(struct dfence_xa *xa, unsigned long index, gfp_t gfp)
{
	return dfence_xa_replace(xa, index, NULL, XA_ZERO_ENTRY, gfp);
}
EXPORT_SYMBOL_NS_GPL(dfence_xa_reserve, "DFENCE");

/**
 * dfence_xa_unreserve() - give a reservation back
 * @xa: array
 * @index: what was reserved
 *
 * Does nothing if there is no reservation, in particular if it was filled.
 *
 * Context: Any. Takes and releases the array's lock.
 */
void dfence_xa_unreserve(struct dfence_xa *xa, unsigned long index)
{
	/* Storing NULL needs no memory. */
	dfence_xa_replace(xa, index, XA_ZERO_ENTRY, NULL, 0);
}
EXPORT_SYMBOL_NS_GPL(dfence_xa_unreserve, "DFENCE");

/**
 * dfence_xa_fill() - move an issuer's handle to a reserved index
 * @xa: array
 * @index: what was reserved
 * @f: armed fence; on success the array owes its signal, on failure still the caller
 *
 * Context: Any, hard IRQ included. Takes and releases the array's lock. Doesn't
 * allocate.
 * Return: 0; -ENOENT if @f has been signalled in the meantime; both are as with
 * dfence_xa_insert(). -EINVAL, and a warning, if @index wasn't reserved or @f isn't
 * armed yet.
 */
int dfence_xa_fill(struct dfence_xa *xa, unsigned long index, struct dfence *f)
{
	int ret = dfence_xa_check(f, _RET_IP_);

	if (ret)
		return ret;
	if (!dfence_xa_store(xa, index, XA_ZERO_ENTRY, f, 0))
		return 0;
	dfence_report_misuse(f, "was stored where nothing is reserved", _RET_IP_);
	return -EINVAL;
}
EXPORT_SYMBOL_NS_GPL(dfence_xa_fill, "DFENCE");

/* Take out what is at @index, be it signalled. Returns it with the array's reference. */
static struct dfence *dfence_xa_remove(struct dfence_xa *xa, unsigned long index)
{
	XA_STATE(xas, &xa->xa, index);
	unsigned long flags;
	struct dfence *f;

	xas_lock_irqsave(&xas, flags);
	f = xas_load(&xas);
	/* A reservation isn't ours to take. */
	if (xa_is_zero(f))
		f = NULL;
	if (f)
		xas_store(&xas, NULL);
	xas_unlock_irqrestore(&xas, flags);
	return f;
}

/**
 * dfence_xa_take() - take an issuer's handle out of an array
 * @xa: array
 * @index: where it is
 *
 * The index is free afterwards. If the timeline can be advanced or closed at the
 * same time the handle is as fleeting as any: use dfence_xa_signal() then, or call
 * this and dfence_try_signal() in one RCU read-side section.
 *
 * Context: Any, hard IRQ included. Takes and releases the array's lock.
 * Return: The fence, which the caller now owes the signal; NULL if there is none at
 * @index, or it has been signalled already.
 */
struct dfence *dfence_xa_take(struct dfence_xa *xa, unsigned long index)
{
	struct dfence *f = dfence_xa_remove(xa, index);
	bool armed;

	if (!f)
		return NULL;
	armed = READ_ONCE(f->state) == DFENCE_ARMED;
	dfence_put(f);
	return armed ? f : NULL;
}
EXPORT_SYMBOL_NS_GPL(dfence_xa_take, "DFENCE");

/**
 * dfence_xa_signal() - take a fence out of an array and signal it
 * @xa: array
 * @index: where it is; free afterwards
 * @error: 0, or the -errno with which the work failed
 *
 * It doesn't matter who else signals the fence at the same time, nor whether somebody
 * else takes it.
 *
 * Context: Any, hard IRQ included. Takes the array's lock, then as dfence_signal().
 * Return: true if this call signalled a fence, false if there is none at @index or
 * somebody else was faster.
 */
bool dfence_xa_signal(struct dfence_xa *xa, unsigned long index, int error)
{
	struct dfence *f = dfence_xa_remove(xa, index);
	bool signalled;

	if (!f)
		return false;
	signalled = dfence_do_signal(f, error, NULL, _RET_IP_);
	dfence_put(f);
	return signalled;
}
EXPORT_SYMBOL_NS_GPL(dfence_xa_signal, "DFENCE");

/**
 * dfence_xa_borrow() - look at a fence in an array
 * @xa: array
 * @index: where it is
 *
 * The fence may be taken, signalled and put by others at any time; its memory and the
 * issuer's data stay as they are until the end of the caller's RCU read-side section.
 *
 * Context: Any, in an RCU read-side section.
 * Return: The fence, borrowed for the length of the section; NULL if there is none, or
 * it has been signalled already.
 */
struct dfence *dfence_xa_borrow(struct dfence_xa *xa, unsigned long index)
{
	struct dfence *f;

	RCU_LOCKDEP_WARN(!rcu_read_lock_held(), "fence borrowed outside of an RCU section");

	f = xa_load(&xa->xa, index);
	/* Claimed in this section at the earliest: finish has to wait for its end. */
	return f && READ_ONCE(f->state) == DFENCE_ARMED ? f : NULL;
}
EXPORT_SYMBOL_NS_GPL(dfence_xa_borrow, "DFENCE");

/**
 * dfence_xa_get() - get a reference to a fence in an array
 * @xa: array
 * @index: where it is
 *
 * The duty to signal stays with the array. The reference keeps @f's memory; if it's
 * signalled, what &dfence_ops.finish destroys may be gone.
 *
 * Context: Any.
 * Return: The fence that is at @index, or was there a moment ago; a new reference, to
 * be given back with dfence_put(). NULL if there is none.
 */
struct dfence *dfence_xa_get(struct dfence_xa *xa, unsigned long index)
{
	struct dfence *f;

	guard(rcu)();
	f = xa_load(&xa->xa, index);
	/* The array has one: no reference left means that the index has been empty since. */
	return f && dma_fence_get_rcu(&f->base) ? f : NULL;
}
EXPORT_SYMBOL_NS_GPL(dfence_xa_get, "DFENCE");

/**
 * dfence_xa_destroy() - give up what is left in an array
 * @xa: array; empty afterwards, and need not be initialised anew
 *
 * Fences that wait to be signalled are dropped: each signals with -ECANCELED, and a
 * warning names it and the caller. Reservations go silently. Nobody may put fences in
 * at the same time.
 *
 * Context: Any. As dfence_signal().
 * Return: How many fences were dropped.
 */
unsigned int dfence_xa_destroy(struct dfence_xa *xa)
{
	unsigned int dropped = 0;
	unsigned long index;
	struct dfence *f;

	xa_for_each(&xa->xa, index, f) {
		f = dfence_xa_remove(xa, index);
		if (!f)
			continue;
		if (dfence_do_signal(f, -ECANCELED, "was left in an array, destroyed",
				     _RET_IP_))
			dropped++;
		dfence_put(f);
	}
	xa_destroy(&xa->xa);
	return dropped;
}
EXPORT_SYMBOL_NS_GPL(dfence_xa_destroy, "DFENCE");
