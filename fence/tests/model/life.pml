/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The life of a fence: alloc, free, arm, signal, drop, advance; who reads its names;
 * and when it and its timeline are freed.
 *
 * An issuer prepares a fence, and frees it, or arms it and lets readers find it. Either
 * it is the only one who ends the fence, by dfence_signal() or dfence_drop(); or a
 * time-out (dfence_try_signal()) and an interrupt
 * (dfence_ctx_advance()) want to do it, too. A reader finds the fence under RCU, or
 * lists it for debugfs. All put their references as soon as they can.
 *
 * Bounds: one fence, four CPUs.
 *
 * Checks:
 *	safety
 *	ltl armed_is_signalled
 *
 * Mutants:
 *	CTX_FREED_AT_ONCE	safety	kfree() of the timeline instead of kfree_rcu()
 *	FENCE_FREED_AT_ONCE	safety	kfree() of the dma_fence instead of kfree_rcu()
 *	CLAIM_NOT_EXCLUSIVE	safety	no second look at the state under the lock
 *	CLAIM_TOUCHES_CTX	safety	a late claim takes the lock of a timeline that is gone
 *	SIGNAL_OUTSIDE_RCU	safety	the claim isn't in an RCU section
 *	ERROR_AFTER_SIGNAL	safety	who sees the signal doesn't see the error
 *	RETIRED_FIRST		safety	references are put before the fence is signalled
 *	DROP_WITHOUT_SIGNAL	ltl	dfence_drop() gives the reference back only
 *
 * Never reached:
 *	issuer: won = 0		(where it's alone; with others it is)
 */

#define NR_FENCES 1
#define NR_CPUS	4

/* Who is who, as a CPU. */
#define ISSUER	0
#define TIMEOUT	1
#define IRQ	2
#define READER	3

/* The driver's and the interrupt's references to the timeline. */
#define CTX_REFS	2

#define ERROR_CLOSED	1
#define ERROR_DROP	1
#define ERROR_ISSUER	2
#define ERROR_TIMEOUT	3
#define ERROR_IRQ	4

#define callbacks(me, f)	skip
#define at_signal(f)		skip
#define issuer_code(f)		skip

#include "dfence.inc"

/* How far the issuer has got: nothing to do for the others, alone, or contended. */
mtype:phase = { WAIT, FREED, ALONE, CONTENDED };
mtype:phase phase = WAIT;
/* The fence is where readers find it. */
bool published;

ltl armed_is_signalled { [] (fence[0].state == ARMED -> <> fence[0].signaled) }

/* When all have ended nothing is left. */
active proctype end_of_all()
{
	_nr_pr == 1;
	assert(ctx.refs == 0 && ctx_freed() && !ctx.lock);
	assert(fence_freed(0) && !fence[0].lock);
	assert(phase == FREED || (fence[0].refs == 0 && fence[0].signals == 1));
	assert(empty(live) && empty(done) && !ctx.draining)
}

active proctype issuer()
{
	bool won, late;

	dfence_alloc(0);
	if
	:: dfence_free_prepared(0); phase = FREED
	:: dfence_arm(ISSUER, 0, late);
		dma_fence_get(0);			/* for the place where readers find it */
		published = true;
		if
		:: phase = ALONE;
			if
			:: dfence_do_signal(ISSUER, 0, ERROR_ISSUER, won);
				assert(won)
			:: dfence_drop(ISSUER, 0, won)
			fi
		:: dma_fence_get(0); dma_fence_get(0);	/* for the time-out and itself */
			phase = CONTENDED;
			dfence_do_signal(ISSUER, 0, ERROR_ISSUER, won);
			dma_fence_put(0)
		fi;
		published = false;
		dma_fence_put(0)
	fi;
	dfence_ctx_put()
}

active proctype timeout_handler()
{
	bool won;

	if
	:: phase == FREED || phase == ALONE
	:: phase == CONTENDED ->
		dfence_do_signal(TIMEOUT, 0, ERROR_TIMEOUT, won);
		dma_fence_put(0)
	fi
}

active proctype interrupt()
{
	byte g;

	if
	:: phase == FREED || phase == ALONE
	:: phase == CONTENDED -> dfence_ctx_advance(IRQ, 1, ERROR_IRQ, g)
	fi;
	dfence_ctx_put()
}

/* As in dma_resv or a syncobj: found and referenced under RCU. */
inline find_published(got)
{
	rcu_read_lock(READER);
	if
	:: published -> dma_fence_get_rcu(0, got)
	:: !published
	fi;
	rcu_read_unlock(READER)
}

/* dfence_ctx_for_each(), dfence_show_get_fences() and the use of what they found */
inline list_fences()
{
	rcu_read_lock(READER);
	if
	:: !ctx.dead ->			/* still on the list of all timelines */
		spin_lock_irqsave(READER, ctx.lock, ctx_freed());
		if
		:: live??[0] -> dma_fence_get(0); shown = true
		:: else
		fi;
		spin_unlock_irqrestore(READER, ctx.lock, ctx_freed());
		if
		:: shown ->
			spin_lock_irqsave(READER, fence[0].lock, fence_freed(0));
			spin_unlock_irqrestore(READER, fence[0].lock, fence_freed(0));
			dma_fence_put(0)
		:: else
		fi
	:: ctx.dead
	fi;
	rcu_read_unlock(READER)
}

active proctype reader()
{
	bool has_ops, got, shown;

	if
	:: skip -> find_published(got)
	:: skip -> list_fences()
	fi;
	if
	:: got ->
		read_name(READER, 0, has_ops);
		use_fence(0);
		if
		/* A status without the lock, as sync_file and drivers read it. */
		:: fence[0].signaled -> assert(fence[0].error != 0)
		:: else
		fi;
		dma_fence_put(0)
	:: else
	fi
}
