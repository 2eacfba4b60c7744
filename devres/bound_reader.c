// SPDX-License-Identifier: GPL-2.0
/*
 * bound_reader: who is inside a gate, for the report about who doesn't leave.
 */

/**
 * DOC: Stuck readers
 *
 * Closing a gate waits for its readers, however long that takes, and is never cut short:
 * a reader was told that the registers and the driver's data stay until it leaves. To take
 * them from under it would turn a slow unbind into an oops, or a write to freed memory. What
 * bounds the wait is what sections may do:
 *
 * - The grace period is that of the gate's own SRCU, expedited: with nobody inside, or once
 *   the last reader has left, it's over at once, whatever other gates' readers do.
 * - Sleeps are registered, see DOC: Sleeping, and end when the gate begins to close.
 * - User memory is touched before and after a section, not inside: a page fault can last as
 *   long as whoever serves it likes, with userfaultfd or FUSE.
 * - Waits for the device itself, like polling a register, have a time limit, the driver's own:
 *   no device has to answer when it's going.
 *
 * A driver that breaks one of these can make unbind hang, with the device's lock held. When
 * closing takes longer than the module parameter drain_report_ms (5000; doubled after each
 * report, up to a minute) the log says so, with the device whose gate it is: the child's, when
 * closing the parent waits for the child's readers. With the module parameter track_readers the
 * report names the readers: task, where it entered, how long ago; and it has the stacks of the
 * first eight, which tell what they wait for. Without it the report says that they are unknown.
 * The parameter applies to gates that are created while it is set, and is the default on
 * kernels with CONFIG_PROVE_LOCKING, where speed doesn't matter.
 *
 * Each gate then has 64 slots, claimed with one compare-and-exchange, so that entering never
 * allocates nor takes a lock. Readers that find no slot are only counted.
 */

#include <bound/bound_gate.h>
#include <linux/atomic.h>
#include <linux/export.h>
#include <linux/jiffies.h>
#include <linux/moduleparam.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/debug.h>
#include <linux/sched/task.h>
#include <linux/seq_buf.h>
#include <linux/slab.h>
#include <linux/smp.h>

#include "bound_internal.h"

#define BOUND_READER_SLOTS 64
/* a screen or two; the same driver's readers tend to be stuck at the same place */
#define BOUND_READER_STACKS 8

/**
 * struct bound_reader - one reader that is inside
 */
struct bound_reader {
	/** @task: claims the slot by cmpxchg, frees it by release; NULL: free */
	struct task_struct *task;
	/** @ip: where it called bound_enter(); written by the claimer */
	unsigned long ip;
	/** @since: jiffies; written by the claimer */
	unsigned long since;
};

static bool track_readers = IS_ENABLED(CONFIG_PROVE_LOCKING);
module_param(track_readers, bool, 0644);
MODULE_PARM_DESC(track_readers, "Remember who is inside a gate, to name who blocks unbind");

unsigned int bound_report_ms = 5000;
module_param_named(drain_report_ms, bound_report_ms, uint, 0644);
/* For the test, which doesn't want to wait that long. */
EXPORT_SYMBOL_NS_GPL(bound_report_ms, "BOUND");
MODULE_PARM_DESC(drain_report_ms, "Report readers that block unbind after that many ms");

/**
 * bound_readers_alloc() - the slots of a gate
 *
 * Context: Process context. Sleeps.
 * Return: the slots, for kfree(); NULL when readers aren't tracked, or for want of memory.
 */
struct bound_reader *bound_readers_alloc(void)
{
	if (!READ_ONCE(track_readers))
		return NULL;
	return kcalloc(BOUND_READER_SLOTS, sizeof(struct bound_reader), GFP_KERNEL);
}

/**
 * __bound_reader_add() - note that the current task is inside
 * @gate: a gate with slots
 * @ip: where it entered
 *
 * Context: Any.
 * Return: the slot, or NULL when all are taken.
 */
struct bound_reader *__bound_reader_add(struct bound_gate *gate, unsigned long ip)
{
	unsigned int first = raw_smp_processor_id() * 8;
	unsigned int i;

	for (i = 0; i < BOUND_READER_SLOTS; i++) {
		struct bound_reader *reader = &gate->readers[(first + i) % BOUND_READER_SLOTS];

		if (READ_ONCE(reader->task) || cmpxchg(&reader->task, NULL, current))
			continue;
		WRITE_ONCE(reader->ip, ip);
		WRITE_ONCE(reader->since, jiffies);
		return reader;
	}
	atomic_inc(&gate->untracked);
	return NULL;
}
EXPORT_SYMBOL_NS_GPL(__bound_reader_add, "BOUND");

/**
 * __bound_reader_del() - note that a reader has left
 * @gate: the gate
 * @reader: its slot
 *
 * Context: Any.
 */
void __bound_reader_del(struct bound_gate *gate, struct bound_reader *reader)
{
	/* Pairs with cmpxchg() in __bound_reader_add(): the slot's next user sees it empty. */
	smp_store_release(&reader->task, NULL);
}
EXPORT_SYMBOL_NS_GPL(__bound_reader_del, "BOUND");

/* Who is in a slot, with a reference; NULL when it's free. */
static struct task_struct *bound_reader_task(struct bound_reader *reader)
{
	struct task_struct *task;

	/* A task inside a section hasn't exited; its memory goes a grace period later. */
	guard(rcu)();
	task = READ_ONCE(reader->task);
	return task ? get_task_struct(task) : NULL;
}

/**
 * bound_reader_describe() - who is inside, in words
 * @gate: the gate
 * @out: gets one clause per reader
 *
 * A snapshot: readers come and go meanwhile.
 *
 * Context: Process context.
 */
void bound_reader_describe(struct bound_gate *gate, struct seq_buf *out)
{
	int untracked = atomic_read(&gate->untracked);
	unsigned int i;

	if (!gate->readers) {
		seq_buf_puts(out, "readers unknown (bound.track_readers is off)");
		return;
	}
	if (untracked)
		seq_buf_printf(out, "%d readers so far found no slot; ", untracked);
	for (i = 0; i < BOUND_READER_SLOTS; i++) {
		struct bound_reader *reader = &gate->readers[i];
		struct task_struct *task __free(put_task) = bound_reader_task(reader);

		if (!task)
			continue;
		seq_buf_printf(out, "%s:%d entered at %pS %u ms ago; ", task->comm,
			       task_pid_nr(task), (void *)READ_ONCE(reader->ip),
			       jiffies_to_msecs(jiffies - READ_ONCE(reader->since)));
	}
}
EXPORT_SYMBOL_NS_GPL(bound_reader_describe, "BOUND");

/**
 * bound_reader_show_stacks() - what readers who are inside are doing, to the log
 * @gate: the gate
 *
 * Stacks of the first readers, each as sched_show_task() shows it. One that runs meanwhile
 * may be shown with an old stack, or none.
 *
 * Context: Process context.
 */
void bound_reader_show_stacks(struct bound_gate *gate)
{
	unsigned int i, shown = 0;

	if (!gate->readers)
		return;
	for (i = 0; i < BOUND_READER_SLOTS && shown < BOUND_READER_STACKS; i++) {
		struct task_struct *task __free(put_task) = bound_reader_task(&gate->readers[i]);

		if (!task)
			continue;
		sched_show_task(task);
		shown++;
	}
}
