/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Callback registrations (cb.c): adding and removing them while their fence signals.
 *
 * An owner allocates a registration, adds it, with a reference of its own or giving
 * one away, and removes it at any time; then it frees it. Or its function detaches and
 * frees it, or never gets to: in that case the owner has nothing to remove. A second
 * owner does the same on the same fence. The fence is signalled by its issuer, as
 * dfence_signal_claimed() does; or it is an old one with an external lock, which its
 * issuer frees a grace period after it was signalled.
 *
 * Bounds: one fence, two registrations, each added once; three CPUs.
 *
 * Checks:
 *	safety
 *	ltl added_is_ended
 *
 * Mutants:
 *	REMOVE_WITHOUT_LOCK	safety	looks whether the callback is listed, without the lock
 *	REMOVE_ALWAYS_LOCKS	safety	takes an external lock also when the callback has run
 *	FIRED_BEFORE_CALLBACK	safety	the callback is marked as fired when it begins
 *	FIRED_AFTER_DETACH	safety	... and when its function has freed it
 *	REMOVE_OUTSIDE_RCU	safety	nothing keeps an external lock while it's taken
 *	ADD_OUTSIDE_RCU		safety	nor while a callback is added
 *	REMOVE_PUTS_FIRST	safety	the reference is put before the lock is taken
 *	ADD_WITHOUT_GET		safety	the registration has no reference, but puts one
 *	ENOENT_LEAKS		safety	the reference isn't put when the fence is signalled
 *	ENOENT_CONSUMES		safety	a reference to be given away is put by who failed
 *	ADD_UNLOCKED_CHECK	safety	the fence isn't looked at again under its lock
 *	ADD_UNLOCKED_CHECK	ltl	the same: the callback never runs
 */

#define NR_CBS	2
#define NR_CPUS	3

/* Who is who, as a CPU; owners have the number of their registration. */
#define ISSUER	2

#define GP_FENCE	0
#define GP_LOCK		1

#include "kernel.inc"

/* struct dfence_cb */
typedef dfence_cb_t {
	bool listed;			/* on dma_fence.cb_list, or being run off it */
	bool has_fence;			/* dfence_cb.fence */
	bool fired;
	bool freed;			/* by its owner */
	/* What is to be shown: */
	bool running;
	bool removed;			/* dfence_cb_remove() has returned */
	bool wanted;			/* added, and neither removed nor run */
};

dfence_cb_t cb[NR_CBS];

/* struct dma_fence. The first references: the issuer's, and one of each owner. */
byte refs = 1 + NR_CBS;
bool fence_dead;
bool signaled;
bool inline_lock;
bool lock;
bool lock_dead;

/* What kind of callbacks these are: their function detaches and frees them. */
bool detaching;
bool begun;

#define fence_freed()	(fence_dead && gp_over(GP_FENCE))
#define lock_freed()	(fence_freed() || (lock_dead && gp_over(GP_LOCK)))
#define use_fence()	assert(!fence_freed())
#define use_cb(i)	assert(!cb[i].freed)

ltl added_is_ended {
	([] (cb[0].wanted -> <> !cb[0].wanted)) && ([] (cb[1].wanted -> <> !cb[1].wanted))
}

inline dma_fence_put()
{
	d_step {
		use_fence();
		assert(refs > 0);
		refs--;
		if
		:: refs == 0 ->
			assert(signaled);
			fence_dead = true;	/* kfree_rcu() */
			gp_begin(GP_FENCE)
		:: else
		fi
	}
}

/* dma_fence_add_callback(); added, a local variable: its answer */
inline dma_fence_add_callback(i, added)
{
	use_fence();
	if
	:: signaled -> added = false
	:: else ->
		spin_lock_irqsave(i, lock, lock_freed());
		d_step {
#ifdef MUTANT_ADD_UNLOCKED_CHECK
			added = true;
#else
			added = !signaled;	/* __dma_fence_enable_signaling() */
#endif
			cb[i].listed = added;
			cb[i].wanted = added
		};
		spin_unlock_irqrestore(i, lock, lock_freed())
	fi
}

/* dfence_cb_register() */
inline dfence_cb_register(i, added)
{
	d_step { cb[i].fired = false; cb[i].has_fence = true };
	if
#ifndef MUTANT_ADD_OUTSIDE_RCU
	:: !inline_lock ->		/* dfence_cb_add_external() */
		rcu_read_lock(i);
		dma_fence_add_callback(i, added);
		rcu_read_unlock(i)
#endif
	:: else -> dma_fence_add_callback(i, added)
	fi
}

/* dfence_cb_add() */
inline dfence_cb_add(i, added)
{
#ifndef MUTANT_ADD_WITHOUT_GET
	d_step { use_fence(); refs++ };
#endif
	dfence_cb_register(i, added);
	/* In success it may have been freed by its function. */
	if
	:: added
	:: else ->
		cb[i].has_fence = false;
#ifndef MUTANT_ENOENT_LEAKS
		dma_fence_put()
#endif
	fi
}

/* dfence_cb_add_consume() */
inline dfence_cb_add_consume(i, added)
{
	dfence_cb_register(i, added);
	if
	:: added
	:: else ->
		cb[i].has_fence = false;
#ifdef MUTANT_ENOENT_CONSUMES
		dma_fence_put()
#endif
	fi
}

/* dma_fence_remove_callback() */
inline dma_fence_remove_callback(i)
{
#ifdef MUTANT_REMOVE_WITHOUT_LOCK
	use_fence();
	if
	:: cb[i].listed -> d_step { cb[i].listed = false; cb[i].wanted = false }
	:: else
	fi
#else
	spin_lock_irqsave(i, lock, lock_freed());
	d_step { cb[i].listed = false; cb[i].wanted = false };
	spin_unlock_irqrestore(i, lock, lock_freed())
#endif
}

/* dfence_cb_remove(), dfence_cb_remove_external() */
inline dfence_cb_remove(i)
{
	assert(cb[i].has_fence);
#ifdef MUTANT_REMOVE_PUTS_FIRST
	dma_fence_put();
#endif
	use_fence();
	if
	:: inline_lock -> dma_fence_remove_callback(i)
	:: else ->
#ifndef MUTANT_REMOVE_OUTSIDE_RCU
		rcu_read_lock(i);
#endif
		if
#ifndef MUTANT_REMOVE_ALWAYS_LOCKS
		:: cb[i].fired		/* smp_load_acquire() */
#endif
		:: else -> dma_fence_remove_callback(i)
		fi;
#ifndef MUTANT_REMOVE_OUTSIDE_RCU
		rcu_read_unlock(i)
#endif
	fi;
	cb[i].has_fence = false;
#ifndef MUTANT_REMOVE_PUTS_FIRST
	dma_fence_put();
#endif
	d_step { assert(!cb[i].running); cb[i].removed = true }
}

/* dfence_cb_fire(), and the function that is registered */
inline dfence_cb_fire(i)
{
#ifdef MUTANT_FIRED_BEFORE_CALLBACK
	cb[i].fired = true;
#endif
	d_step { use_cb(i); assert(!cb[i].removed); cb[i].running = true; cb[i].wanted = false };
	if
	:: detaching ->
		/* dfence_cb_detach(), dma_fence_put(), kfree() */
		assert(cb[i].has_fence);
		cb[i].has_fence = false;
		dma_fence_put();
		d_step { cb[i].running = false; cb[i].freed = true };
#ifdef MUTANT_FIRED_AFTER_DETACH
		d_step { use_cb(i); cb[i].fired = true }
#endif
	:: else ->
		cb[i].running = false;
#ifndef MUTANT_FIRED_BEFORE_CALLBACK
		d_step { use_cb(i); cb[i].fired = true }	/* smp_store_release() */
#endif
	fi
}

/* dma_fence_signal_timestamp_locked() */
inline dma_fence_signal_locked()
{
	signaled = true;
	/* list_for_each_entry_safe(): nobody can be taken off while the lock is held. */
	i = 0;
	do
	:: i < NR_CBS ->
		if
		:: cb[i].listed ->
			d_step { use_cb(i); cb[i].listed = false };	/* INIT_LIST_HEAD() */
			dfence_cb_fire(i)
		:: else
		fi;
		i++
	:: else -> break
	od;
	i = 0
}

active proctype end_of_all()
{
	atomic {
		if
		:: inline_lock = true
		:: inline_lock = false
		fi;
		if
		:: detaching = true
		:: detaching = false
		fi;
		begun = true
	};
	_nr_pr == 1;
	assert(fence_freed() && lock_freed() && !lock && refs == 0);
	assert(cb[0].freed && cb[1].freed && !cb[0].wanted && !cb[1].wanted)
}

active proctype issuer()
{
	byte i;

	begun;
	if
	:: inline_lock ->		/* dfence_signal_claimed(), claimed before */
		rcu_read_lock(ISSUER);
		spin_lock_irqsave(ISSUER, lock, lock_freed());
		dma_fence_signal_locked();
		spin_unlock_irqrestore(ISSUER, lock, lock_freed());
		dma_fence_put();
		rcu_read_unlock(ISSUER)
	:: else ->			/* dma_fence_signal() of another driver */
		spin_lock_irqsave(ISSUER, lock, lock_freed());
		dma_fence_signal_locked();
		spin_unlock_irqrestore(ISSUER, lock, lock_freed());
		d_step { lock_dead = true; gp_begin(GP_LOCK) };	/* kfree_rcu() */
		dma_fence_put()
	fi
}

active [NR_CBS] proctype owner()
{
	byte me;
	bool added, consume;

	begun;
	me = _pid - 2;
	if
	:: consume = true; dfence_cb_add_consume(me, added)
	:: consume = false; dfence_cb_add(me, added)
	fi;
	if
	:: added && !detaching -> dfence_cb_remove(me); d_step { use_cb(me); cb[me].freed = true }
	:: added && detaching	/* the function frees it */
	:: !added -> cb[me].freed = true
	fi;
	/* Its own reference, if that isn't given away. */
	if
	:: added && consume
	:: else -> dma_fence_put()
	fi
}
