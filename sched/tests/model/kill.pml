/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The end of a queue, under everything else.
 *
 * A submitter commits two jobs, at any time before, during or after the teardown. The
 * second one may wait for a foreign fence, which may never signal. The hardware works, or
 * it hangs, and then it has no way to be asked to stop, or answers in time, or doesn't.
 *
 * When the teardown has returned no op is called, no callback of a dependency and no work
 * runs; and in the end all jobs have signalled, in order, and are freed. What a killed
 * queue does isn't tied to who killed it: the driver does, in the teardown.
 *
 * Bounds: two jobs, credits for one.
 *
 * Checks:
 *	safety
 *	ltl teardown_ends	-DSMALL
 *
 * Mutants:
 *	KILL_WITHOUT_SETTLING	safety	the hardware is stopped under a running run_job
 *	CANCELLED_OVERTAKES	safety	the jobs that didn't run signal before those that do
 *	RUN_WHEN_KILLED		safety	a job is run when the queue has been killed
 *	DIE_WHILE_SIGNALLING	safety	a fence is about to signal when the queue dies
 *	PUT_WITHOUT_RETIRING	safety	a job is freed when its callback can still come
 *	TEARDOWN_FORGETS_RETIRING	safety	teardown leaves that to free_work
 *	TEARDOWN_FORGETS_WORKS	safety	teardown doesn't wait for works
 *	TEARDOWN_FORGETS_PUTTERS	safety	nor for who frees jobs as he puts his own
 *	LATE_JOBS_UNAWAITED	safety	a late committer puts a job that is being signalled
 *	NOBODY_IS_WOKEN		safety	the last one doesn't wake the teardown
 *	STOP_WITHOUT_LIMIT	ltl	the firmware is asked to stop, and waited for
 */

#define NR_JOBS	2
#define CREDITS	1
#define NR_CPUS	7
#define DEP_JOB	1
#define FREES
#define TEARDOWN

/* Who is who, as a CPU. */
#define SUBMITTER	0
#define IRQ		2
#define WORKER		3
#define KILL_WORKER	4
#define FREE_WORKER	5
#define DRIVER		6

bool answers;
bool frees;

#define at_run(j)	assert(!force_stopped)
#define answer(j)	RAN
#define over()		torn_down

#include "jobq.inc"

ltl teardown_ends { <> torn_down }

bool begun;

active proctype end_of_all()
{
	atomic {
		/* All combinations would be too many states. */
		if
#ifdef SMALL
		:: has_stop = true; dep_signalled = true; hangs = true
#else
		:: q.run_atomic = true; dep_signalled = true
		:: has_stop = true; dep_signalled = true; answers = true; hangs = true
		:: q.run_atomic = true; hangs = true; frees = true
#endif
		fi;
		begun = true
	};
	_nr_pr == 1;
	assert_all_over();
	assert(q.state == DEAD && job[0].freed && job[1].freed);
	assert(!kill_work && !free_work && !q.unblock_work && !q.run_work)
}

active proctype submitter()
{
	RUN_VARS;
	bool ok;

	begun;
	jobq_push(0);
	jobq_push(1);
	jobq_deps_register(1);
	jobq_release_job(0);
	jobq_release_job(1);
	jobq_run(SUBMITTER, false);
	if
#ifndef MUTANT_LATE_JOBS_UNAWAITED
	:: q.state == DEAD -> wait_for_death(SUBMITTER, ok)	/* jobq_wait_late() */
#endif
	:: else
	fi;
	/* jobq_job_put(): a job is freed by who puts one, or by free_work. */
	if
	:: frees -> jobq_retire_done(SUBMITTER, l)
	:: else
	fi;
	d_step { job_put(0); job_put(1) }
}

active proctype interrupt()
{
	RUN_VARS;
	bool here;
	byte hw_seqno;

	do
	:: hardware_runs(hw_seqno); jobq_complete(IRQ, hw_seqno, here)
	:: atomic { (stop_sent || q.state == DEAD) && answers -> answers = false; hardware_off(l) };
		jobq_stopped(IRQ)	/* in time, or as late as can be */
	:: torn_down -> break
	od
}

active proctype foreign()
{
	bool last;

	if
	:: begun && !dep_signalled -> dep_signal(last)
	:: begun
	fi
}

active proctype worker()
{
	RUN_VARS;

	jobq_worker(WORKER)
}

active proctype kill_worker()
{
	RUN_VARS;
	bool ok;

	do
	:: atomic { kill_work -> assert(!torn_down); kill_work = false; kill_runs = true };
		jobq_kill_fn(KILL_WORKER, ok);
		kill_runs = false
	:: torn_down && !kill_work -> break
	od
}

active proctype free_worker()
{
	byte l;

	do
	:: atomic { free_work && frees -> assert(!torn_down); free_work = false; free_runs = true };
		jobq_retire_done(FREE_WORKER, l);
		free_runs = false
	:: torn_down && !free_work -> break
	od
}

active proctype driver()
{
	RUN_VARS;
	bool here, ok;

	begun;
	jobq_teardown(DRIVER, here, ok)
}
