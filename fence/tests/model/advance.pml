/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Order: advances of one timeline on two CPUs, and in an interrupt of one of them.
 *
 * All fences are armed. A task on each CPU and an interrupt of the first one report
 * progress, each to some number; the second CPU's second report covers all. The
 * interrupt comes at any time that the CPU has interrupts on, and the task that it has
 * hit stands still until it ends; or else, as on PREEMPT_RT, it is one more thread. A
 * callback calls back into the timeline, which takes its lock.
 *
 * Bounds: three fences (two for the liveness), two CPUs and one interrupt, four advances.
 *
 * Checks:
 *	safety
 *	ltl collected_is_signalled	-DNR_FENCES=2
 *
 * Mutants:
 *	DRAIN_TOGETHER		safety	whoever collects signals, also if somebody is at it
 *	DRAIN_ENDS_UNLOCKED	safety	"draining" is reset when the lock is released already
 *	DRAIN_ENDS_UNLOCKED	ltl	the same: what was left for the drainer stays there
 *	COLLECT_BACKWARDS	safety	list_move() instead of list_move_tail()
 *	LOCK_WITHOUT_IRQSAVE	safety	interrupts stay on: one spins on its own CPU's lock
 *	SIGNAL_UNDER_CTX_LOCK	safety	callbacks run under the lock of the timeline
 *
 * Never reached:
 *	task1: (!(ctx.lock))				(in the second advance: fence 0 was in the first)
 *	task1: assert(!((ctx.dead&&(gp[0]==0))))	(the same)
 *	task1: ctx.lock = 1				(the same)
 *	task1: irqs_off[1] = (irqs_off[1]+1)		(the same)
 */

#ifndef NR_FENCES
#define NR_FENCES 3
#endif
#define NR_CPUS	3

/* Who is who, as a CPU. The interrupt has a number of its own for its RCU sections. */
#define CPU0	0
#define CPU1	1
#define IRQ	2

/* One of each. */
#define CTX_REFS	3

#define ERROR_CLOSED	1
#define ERROR_DROP	1
#define ERROR_NONE	0

/* Whatever was collected before has signalled before; here that's all older ones. */
#define at_signal(f)	assert(f == 0 || fence[f - 1].signaled)
#define issuer_code(f)	skip

#include "dfence.inc"

/* dfence_ctx_last_armed(), as an example of what callbacks may call. */
inline callbacks(me, f)
{
	if
	:: f == 0 ->
		spin_lock_irqsave(me, ctx.lock, ctx_freed());
		spin_unlock_irqrestore(me, ctx.lock, ctx_freed())
	:: else
	fi
}

/* The interrupt is running on CPU 0: its task isn't. */
bool in_irq;
bool armed;

/* The first one is like this; that all are signalled in the end is checked there. */
ltl collected_is_signalled { [] (fence[1].collected -> <> fence[1].signaled) }

active proctype end_of_all()
{
	bool late;
	byte n;

	atomic {
		for (n : 0 .. NR_FENCES - 1) {
			dfence_alloc(n);
			dfence_arm(CPU0, n, late)
		}
		armed = true
	};
	_nr_pr == 1;
	d_step {
		assert(empty(live) && empty(done) && !ctx.draining && !ctx.lock);
		for (n : 0 .. NR_FENCES - 1) {
			assert(fence[n].signals == 1 && fence_freed(n))
		}
		assert(ctx_freed())
	}
}

active proctype task0() provided (!in_irq)
{
	byte g, seqno;

	atomic { armed -> select(seqno : 1 .. NR_FENCES) };
	dfence_ctx_advance(CPU0, seqno, ERROR_NONE, g);
	dfence_ctx_put()
}

active proctype task1()
{
	byte g, seqno;

	atomic { armed -> select(seqno : 1 .. NR_FENCES - 1) };
	dfence_ctx_advance(CPU1, seqno, ERROR_NONE, g);
	dfence_ctx_advance(CPU1, NR_FENCES, ERROR_NONE, g);
	dfence_ctx_put()
}

active proctype interrupt()
{
	byte g, seqno;

	atomic { armed -> select(seqno : 1 .. NR_FENCES) };
	if
	:: atomic { irqs_off[CPU0] == 0 -> in_irq = true }
	:: skip					/* a thread */
	fi;
	dfence_ctx_advance(IRQ, seqno, ERROR_NONE, g);
	dfence_ctx_put();
	in_irq = false
}
