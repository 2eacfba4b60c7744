/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From commit to signalling: who runs, and who signals.
 *
 * One submitter commits two jobs, another one commits one. The ring has room for two. The
 * completion interrupt reports one job or several. The queue is of the kind whose run_job
 * is atomic, or of the other.
 *
 * Who takes a duty (draining, signalling) off the others must not leave with something to
 * do: nobody else would come, and the model would stand still with jobs in it, which the
 * verifier reports as an invalid end state.
 *
 * Bounds: three jobs, two submitters, credits for two jobs.
 *
 * Checks:
 *	safety
 *	ltl all_signal	-DSMALL
 *
 * Mutants:
 *	DRAIN_TOGETHER		safety	whoever finds something to run runs it
 *	DRAIN_ENDS_UNLOCKED	safety	"draining" is reset when the lock is released already
 *	SIGNAL_TOGETHER		safety	whoever finds something to signal signals it
 *	SIGNAL_ONCE		safety	the signaller doesn't look again
 *	RUN_WHILE_COMMITTING	safety	a job runs before all of its group are pushed
 *	CREDITS_UNUSED		safety	what the credits of ended jobs allow isn't run
 *	COMPLETE_WITHOUT_KICK	safety	nor is it by who reports a completion
 *	COMPLETE_WITHOUT_KICK	ltl	the same: a job isn't ever run
 */

#ifdef SMALL
#define NR_JOBS		2
#define CREDITS		1
#else
#define NR_JOBS		3
#define CREDITS		2
#endif
#define NR_CPUS	4

/* Who is who, as a CPU: the submitters are 0 and 1. */
#define IRQ	2
#define WORKER	3

#define at_run(j)	skip
#define answer(j)	RAN
#define over()		all_signalled()

#include "jobq.inc"

ltl all_signal { <> all_signalled() }

bool begun;

active proctype end_of_all()
{
	atomic {
		if
		:: q.run_atomic = true
		:: q.run_atomic = false
		fi;
		begun = true
	};
	_nr_pr == 1;
	assert_all_over()
}

active [2] proctype submitter()
{
	RUN_VARS;
	byte me;

	atomic { begun -> me = _pid - 1 };
	if
	:: me == 0 ->
		jobq_push(0);
#ifndef SMALL
		jobq_push(2);
		jobq_release_job(2);
#endif
		jobq_release_job(0)
	:: else ->
		jobq_push(1);
		jobq_release_job(1)
	fi;
	jobq_run(me, false)
}

active proctype interrupt()
{
	RUN_VARS;
	bool here;
	byte hw_seqno;

	do
	:: hardware_runs(hw_seqno); jobq_complete(IRQ, hw_seqno, here)
	:: all_signalled() -> break
	od
}

active proctype worker()
{
	RUN_VARS;

	jobq_worker(WORKER)
}
