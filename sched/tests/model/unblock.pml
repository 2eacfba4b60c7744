/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a job can be kept waiting for, besides those before it.
 *
 * Two jobs are committed, the second of which depends on a foreign fence. Either run_job
 * finds that the driver lacks something: it gets that at some time, and kicks the queue
 * then. Or it can't run the second job at all. Or a thread stops and starts the queue, and no job may be run in between. The queue is of the kind whose run_job is atomic, or of the other.
 *
 * Bounds: two jobs, one submitter.
 *
 * Checks:
 *	safety
 *	ltl all_signal	-DSMALL
 *
 * Mutants:
 *	BUSY_FORGETS_KICKS	safety	a kick that comes while run_job finds no room is lost
 *	KICKS_SAMPLED_LATE	safety	the same: they are counted from the end of run_job
 *	BUSY_FORGETS_DOORBELL	safety	who finds no room leaves without the doorbell
 *	BUSY_GOES_LAST		safety	list_add_tail() instead of list_add()
 *	START_WITHOUT_KICK	safety	jobq_start() lets jobs run, but nobody does
 *	RUN_WHEN_STOPPED	safety	a job runs between stop and start
 *	STOP_WITHOUT_WAIT	safety	jobq_stop() doesn't wait for the run_job that runs
 *	NOBODY_IS_WOKEN		safety	the drainer doesn't wake who waits for it
 *	BUSY_FORGETS_KICKS	ltl	the same: it never ends
 */

#define NR_JOBS	2
#define CREDITS	2
#define NR_CPUS	5
#define DEP_JOB	1

/* Who is who, as a CPU. */
#define SUBMITTER	0
#define IRQ		1
#define WORKER		2
#define STOPPER		3
#define DRIVER		4

bool has_room;
byte lacks;			/* first job that needs it */
bool fails;
bool stops;
bool stopped;

#define at_run(j)	assert(!stopped)
#define answer(j)	(!has_room && j >= lacks -> BUSY : (fails && j == 1 -> FAILED : RAN))
#define over()		all_signalled()

#include "jobq.inc"

ltl all_signal { <> all_signalled() }

bool begun;

active proctype end_of_all()
{
	atomic {
		/* All at once would be too many states. */
		has_room = true;
		if
#ifndef SMALL
		:: q.run_atomic = true; stops = true
		:: stops = true; dep_signalled = true
		:: skip
		:: q.run_atomic = true; fails = true
		:: fails = true; has_room = false; lacks = 1; dep_signalled = true
#endif
		:: q.run_atomic = true; has_room = false; dep_signalled = true
		:: has_room = false; dep_signalled = true
		fi;
		begun = true
	};
	_nr_pr == 1;
	assert_all_over()
}

active proctype submitter()
{
	RUN_VARS;

	begun;
	jobq_push(0);
	jobq_push(1);
	jobq_deps_register(1);
	jobq_release_job(0);
	jobq_release_job(1);
	jobq_run(SUBMITTER, false)
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

active proctype foreign()
{
	bool last;

	if
	:: begun && !dep_signalled -> dep_signal(last)
	:: begun && dep_signalled
	fi
}

active proctype worker()
{
	RUN_VARS;

	jobq_worker(WORKER)
}

active proctype stopper()
{
	RUN_VARS;
	bool ok, here;

	if
	:: begun && stops ->
		jobq_stop(STOPPER, ok);
		d_step { stopped = true; assert(!in_run_job) };
		stopped = false;
		jobq_start(STOPPER, here)
	:: begun && !stops
	fi
}

active proctype driver()
{
	RUN_VARS;
	bool here;

	if
	:: begun && !has_room -> has_room = true; jobq_kick(DRIVER, false, here)
	:: begun && has_room
	fi
}
