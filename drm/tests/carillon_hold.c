// SPDX-License-Identifier: GPL-2.0
/*
 * Holds whoever calls a function, as it begins, until told otherwise.
 */

/**
 * DOC: Holding a call
 *
 * A test that wants something to happen at one step of another thread needs that
 * thread to stay there. This module makes it stay: it puts a call of its own in
 * front of a function, by ftrace, so that nothing of it is in the code under test.
 *
 * One call is held at a time, by writing a line to carillon_hold in debugfs:
 *
 * arm FUNCTION NUMBER MS [COMM]
 *	The NUMBER-th call from now on, of tasks called COMM if that's given, is
 *	held: it sleeps where it may, or spins. MS milliseconds at most, so that
 *	whoever waits for the thread that is held doesn't for ever.
 * release
 *	It goes on.
 * disarm
 *	It goes on, and nothing is in front of the function any more.
 *
 * Reading tells the state: "idle", "armed", "held asleep", "held spinning",
 * "released" or "expired", and how many calls there were.
 */

#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/ftrace.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#include <asm/ibt.h>
#include <asm/nospec-branch.h>

#include "carillon_hold.h"

#define HOLD_SLEEP_MAX_MS	60000	/* well before a task counts as hung */
#define HOLD_LINE_MAX		512
#define HOLD_SPIN_MAX_MS	6000	/* well before a CPU counts as stalled */
#define HOLD_SPIN_LOOPS		10000	/* from one look at the time to the next */

enum hold_state {
	HOLD_IDLE,
	HOLD_ARMED,
	HOLD_ASLEEP,
	HOLD_SPINNING,
	HOLD_RELEASED,
	HOLD_EXPIRED,
};

static const char * const hold_state_names[] = {
	[HOLD_IDLE] = "idle",
	[HOLD_ARMED] = "armed",
	[HOLD_ASLEEP] = "held asleep",
	[HOLD_SPINNING] = "held spinning",
	[HOLD_RELEASED] = "released",
	[HOLD_EXPIRED] = "expired",
};

/**
 * struct hold - the one there is
 *
 * Locking: @mutex for whoever writes commands. The function's callers take nothing:
 * what they read is set before @state becomes armed.
 */
struct hold {
	/** @mutex: one command at a time */
	struct mutex mutex;
	/** @ops: what ftrace knows it by */
	struct ftrace_ops ops;
	/** @armed: whether it does */
	bool armed;
	/** @number: which call is held, from 1 */
	int number;
	/** @limit_ms: how long, at most */
	unsigned int limit_ms;
	/** @comm: only tasks of this name count; empty: all */
	char comm[TASK_COMM_LEN];
	/** @state: enum hold_state */
	atomic_t state;
	/** @calls: that counted, since it was armed */
	atomic_t calls;
	/** @inside: who has called and isn't back in the function yet */
	atomic_t inside;
	/** @wait: who sleeps in here */
	wait_queue_head_t wait;
};

static struct hold hold = {
	.mutex = __MUTEX_INITIALIZER(hold.mutex),
	.wait = __WAIT_QUEUE_HEAD_INITIALIZER(hold.wait),
};

/* Keeps the function's arguments. */
asm("	.pushsection .text, \"ax\", @progbits\n"
"	.type hold_trampoline, @function\n"
"	.globl hold_trampoline\n"
"hold_trampoline:\n"
	ASM_ENDBR
"	pushq %rbp\n"
"	movq %rsp, %rbp\n"
	CALL_DEPTH_ACCOUNT
"	pushq %rax\n"
"	pushq %rdi\n"
"	pushq %rsi\n"
"	pushq %rdx\n"
"	pushq %rcx\n"
"	pushq %r8\n"
"	pushq %r9\n"
"	call hold_here\n"
"	popq %r9\n"
"	popq %r8\n"
"	popq %rcx\n"
"	popq %rdx\n"
"	popq %rsi\n"
"	popq %rdi\n"
"	popq %rax\n"
"	leave\n"
	ASM_RET
"	.size hold_trampoline, .-hold_trampoline\n"
"	.popsection\n"
);

static bool hold_may_sleep(void)
{
	return preemptible() && !rcu_preempt_depth();
}

static bool hold_ended(int held)
{
	return atomic_read(&hold.state) != held;
}

static void hold_sleep(void)
{
	if (atomic_cmpxchg(&hold.state, HOLD_ARMED, HOLD_ASLEEP) != HOLD_ARMED)
		return;
	wait_event_timeout(hold.wait, hold_ended(HOLD_ASLEEP), msecs_to_jiffies(hold.limit_ms));
	atomic_cmpxchg(&hold.state, HOLD_ASLEEP, HOLD_EXPIRED);
}

/*
 * Without cpu_relax(), and not looking at the time all along: the processors of an emulator
 * take a lock for each, which the test on the other one needs.
 */
static void hold_spin_for_a_moment(void)
{
	int i;

	for (i = 0; i < HOLD_SPIN_LOOPS && !hold_ended(HOLD_SPINNING); i++)
		barrier();
}

static void hold_spin(void)
{
	unsigned int limit_ms = min(hold.limit_ms, HOLD_SPIN_MAX_MS);
	u64 end_ns = ktime_get_mono_fast_ns() + (u64)limit_ms * NSEC_PER_MSEC;

	if (atomic_cmpxchg(&hold.state, HOLD_ARMED, HOLD_SPINNING) != HOLD_ARMED)
		return;
	while (!hold_ended(HOLD_SPINNING) && ktime_get_mono_fast_ns() < end_ns)
		hold_spin_for_a_moment();
	atomic_cmpxchg(&hold.state, HOLD_SPINNING, HOLD_EXPIRED);
}

/* Whether the caller is the one. */
static bool hold_chosen(void)
{
	if (atomic_read_acquire(&hold.state) != HOLD_ARMED)
		return false;
	if (hold.comm[0] && strncmp(hold.comm, current->comm, TASK_COMM_LEN))
		return false;
	return atomic_inc_return(&hold.calls) == hold.number;
}

/* Called by the trampoline, in whatever context the function is. */
__visible notrace void hold_here(void)
{
	atomic_inc(&hold.inside);
	if (hold_chosen()) {
		if (hold_may_sleep())
			hold_sleep();
		else
			hold_spin();
	}
	atomic_dec(&hold.inside);
}

static void hold_release(void)
{
	if (atomic_cmpxchg(&hold.state, HOLD_ASLEEP, HOLD_RELEASED) != HOLD_ASLEEP)
		atomic_cmpxchg(&hold.state, HOLD_SPINNING, HOLD_RELEASED);
	wake_up_all(&hold.wait);
}

static void hold_disarm(void)
{
	if (!hold.armed)
		return;
	atomic_cmpxchg(&hold.state, HOLD_ARMED, HOLD_IDLE);
	hold_release();
	WARN_ON(unregister_ftrace_direct(&hold.ops, (unsigned long)hold_trampoline, true));
	while (atomic_read(&hold.inside))
		usleep_range(1000, 2000);
	atomic_set(&hold.state, HOLD_IDLE);
	hold.armed = false;
}

static int hold_arm(char *args)
{
	char function[KSYM_NAME_LEN], comm[TASK_COMM_LEN] = "";
	unsigned int number, limit_ms;
	int ret;

	if (sscanf(args, "%255s %u %u %15s", function, &number, &limit_ms, comm) < 3 ||
	    !number || number > INT_MAX || !limit_ms || limit_ms > HOLD_SLEEP_MAX_MS)
		return -EINVAL;

	hold_disarm();
	hold.number = number;
	hold.limit_ms = limit_ms;
	strscpy(hold.comm, comm);
	atomic_set(&hold.calls, 0);
	ret = ftrace_set_filter(&hold.ops, function, strlen(function), true);
	if (!ret)
		ret = register_ftrace_direct(&hold.ops, (unsigned long)hold_trampoline);
	if (ret) {
		ftrace_free_filter(&hold.ops);
		return ret;
	}
	hold.armed = true;
	atomic_set_release(&hold.state, HOLD_ARMED);
	return 0;
}

static ssize_t hold_write(struct file *file, const char __user *from, size_t size, loff_t *pos)
{
	char *line, *args;
	int ret = 0;

	line = memdup_user_nul(from, min_t(size_t, size, HOLD_LINE_MAX));
	if (IS_ERR(line))
		return PTR_ERR(line);
	args = strim(line);
	mutex_lock(&hold.mutex);
	if (str_has_prefix(args, "arm "))
		ret = hold_arm(args + strlen("arm "));
	else if (!strcmp(args, "release"))
		hold_release();
	else if (!strcmp(args, "disarm"))
		hold_disarm();
	else
		ret = -EINVAL;
	mutex_unlock(&hold.mutex);
	kfree(line);
	return ret ? ret : (ssize_t)size;
}

static int hold_show(struct seq_file *m, void *data)
{
	seq_printf(m, "%s, %d calls\n", hold_state_names[atomic_read(&hold.state)],
		   atomic_read(&hold.calls));
	return 0;
}

static int hold_open(struct inode *inode, struct file *file)
{
	return single_open(file, hold_show, NULL);
}

static const struct file_operations hold_fops = {
	.owner = THIS_MODULE,
	.open = hold_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.write = hold_write,
	.release = single_release,
};

static struct dentry *hold_file;

static int __init hold_init(void)
{
	hold_file = debugfs_create_file("carillon_hold", 0600, NULL, NULL, &hold_fops);
	return PTR_ERR_OR_ZERO(hold_file);
}

static void __exit hold_exit(void)
{
	debugfs_remove(hold_file);
	mutex_lock(&hold.mutex);
	hold_disarm();
	mutex_unlock(&hold.mutex);
	/* Nobody has counted himself in any more, but may be on the way out. */
	synchronize_rcu_tasks();
}

module_init(hold_init);
module_exit(hold_exit);

MODULE_DESCRIPTION("Holds a call of a function, for tests");
MODULE_LICENSE("GPL");
