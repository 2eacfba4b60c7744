// SPDX-License-Identifier: GPL-2.0
/*
 * bound_reader: who is inside a gate, for the report about who doesn't leave.
 */

/**
 * DOC: Stuck readers
 *
 * Closing a gate waits for its readers, however long that takes: the alternative is to
 * take the registers from under them. When it takes longer than the module parameter
 * drain_report_ms (5000; doubled after each report, up to a minute) the log says so.
 * With the module parameter track_readers the report has a line per reader: task, where it
 * entered, how long ago. It applies to gates that are created while it is set, and is the
 * default on kernels with CONFIG_PROVE_LOCKING, where speed doesn't matter.
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
#include <linux/seq_buf.h>
#include <linux/slab.h>
#include <linux/smp.h>

#include "bound_internal.h"

#define BOUND_READER_SLOTS 64

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
		struct task_struct *task;

		/* A task inside a section hasn't exited; its memory goes a grace period later. */
		guard(rcu)();
		task = READ_ONCE(reader->task);
		if (!task)
			continue;
		seq_buf_printf(out, "%s:%d entered at %pS %u ms ago; ", task->comm,
			       task_pid_nr(task), (void *)READ_ONCE(reader->ip),
			       jiffies_to_msecs(jiffies - READ_ONCE(reader->since)));
	}
}
EXPORT_SYMBOL_NS_GPL(bound_reader_describe, "BOUND");
