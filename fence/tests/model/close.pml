/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Closing a timeline under everything else, and what its driver may rely on then.
 *
 * A submitter arms a fence, at any time before, during or after the closing, makes it
 * known to readers and signals it in the end. An interrupt advances the timeline. A
 * reader asks for a name, whether the fence is done and to be told of it, which all run
 * code of the issuer, and may find the fence to be done. A worker runs finish, which
 * ends the issuer's data. The closer declares the hardware quiet and closes, again if
 * that is refused, and the driver is gone.
 *
 * Bounds: one fence, four CPUs (without the reader's for the liveness) and a worker.
 *
 * Checks:
 *	safety
 *	ltl close_returns	-DWITHOUT_READER
 *
 * Mutants:
 *	CLOSE_WITHOUT_GRACE	safety	dfence_ctx_synchronize() without synchronize_rcu()
 *	CLOSE_FORGETS_FINISH	safety	nor does it wait for finish
 *	FINISH_WITHOUT_GRACE	safety	finish runs while readers may be in the issuer's code
 *	FINISH_COUNTED_LATE	safety	the worker says that finish is pending, not who signals
 *	SIGNAL_OUTSIDE_RCU	safety	claim and signal aren't in one RCU section
 *	OPS_KEPT		safety	the dma_fence keeps its ops, as with a .release
 *	ARM_IGNORES_CLOSED	safety	a fence can be armed when nobody looks after it any more
 *	GET_OUTSIDE_RCU		safety	the submitter takes its own reference too late
 *	FINISH_UNCOUNTED	ltl	finish doesn't say that it has ended
 */

#define NR_FENCES 1
#define NR_CPUS	4

/* Who is who, as a CPU. */
#define SUBMITTER	0
#define CLOSER		1
#define IRQ		2
#define READER		3

/* Of the submitter, the closer and the interrupt. */
#define CTX_REFS	3

#define ERROR_CLOSED	1
#define ERROR_DROP	1
#define ERROR_NONE	0

#define CLOSES
#define FINISH

#define callbacks(me, f)	skip
#define at_signal(f)		skip

#include "dfence.inc"

/* dfence_ctx_close() has returned. */
bool driver_gone;
/* finish has returned. */
bool data_gone;
/* The fence is where readers find it; and it never will be. */
bool published;
/* The fence was armed when the timeline was closed already. */
bool armed_late;

ltl close_returns { <> driver_gone }

/* Takes its time. */
inline issuer_code(f)
{
	assert(!driver_gone && !data_gone);
	assert(!driver_gone && !data_gone)
}

inline finish(f)
{
	assert(!driver_gone || armed_late);
	data_gone = true;
	assert(!driver_gone || armed_late)
}

active proctype end_of_all()
{
	_nr_pr == 1;
	assert(fence[0].signals == 1 && fence_freed(0) && !fence[0].lock);
	assert(ctx_freed() && !ctx.lock && ctx.finishing == 0);
	assert(empty(live) && empty(done) && !ctx.draining)
}

active proctype submitter()
{
	bool won;

	dfence_alloc(0);
#ifndef MUTANT_GET_OUTSIDE_RCU
	/* Else the closer may have signalled, and freed, the fence before the get. */
	rcu_read_lock(SUBMITTER);
#endif
	dfence_arm(SUBMITTER, 0, armed_late);
	dma_fence_get(0);		/* for itself */
	dma_fence_get(0);		/* for the place where readers find it */
#ifndef MUTANT_GET_OUTSIDE_RCU
	rcu_read_unlock(SUBMITTER);
#endif
	published = true;
	dfence_do_signal(SUBMITTER, 0, ERROR_NONE, won);
	dma_fence_put(0);
	d_step { published = false; dma_fence_put(0) };
	dfence_ctx_put()
}

active proctype interrupt()
{
	byte g;

	if
	:: ctx.next_seqno > 1 -> dfence_ctx_advance(IRQ, 1, ERROR_NONE, g)
	:: skip				/* the device is slower than all of this */
	fi;
	dfence_ctx_put()
}

active proctype closer()
{
	bool shut;
	byte g;

	do
	:: !shut ->
		ctx.quiet = true;	/* dfence_ctx_declare_quiet() */
		dfence_ctx_shut(CLOSER, ERROR_CLOSED, shut, g)
	:: shut -> break
	od;
	dfence_ctx_synchronize();
	driver_gone = true;
	assert(fence[0].state == NONE || fence[0].state == PREPARED || fence[0].signaled ||
	       armed_late);
	dfence_ctx_put()
}

#ifndef WITHOUT_READER
active proctype reader()
{
	bool has_ops;

	if
	:: atomic { published -> dma_fence_get(0) };	/* in steps in life.pml */
		if
		:: skip -> read_name(READER, 0, has_ops)
		:: skip -> dma_fence_is_signaled(READER, 0, has_ops)
		:: skip -> dma_fence_enable_signaling(READER, 0, has_ops)
		fi;
		dma_fence_put(0)
	:: skip						/* it never comes */
	fi
}
#endif

/* Of dfence_finish_wq. */
active proctype worker()
{
	dfence_finish_work(0)
}
