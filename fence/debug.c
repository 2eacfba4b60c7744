// SPDX-License-Identifier: GPL-2.0
/*
 * The debug switch and what hangs on it.
 */

/**
 * DOC: dfence debug switch
 *
 * Most misuse is noticed always, as that costs next to nothing. What costs more is
 * behind the module parameter ``debug``, which can be changed at any time, and is a
 * branch that isn't there while it's off:
 *
 * - Where a fence was prepared is kept as a stack trace, and shown with it in
 *   debugfs/dfence/contexts and when it's overdue. The trace is taken when the fence
 *   is prepared, which is outside of the submission path, and has memory. Needs a
 *   kernel with a stack depot.
 * - A sequence number reported by dfence_ctx_advance() that went back is reported if
 *   it's beyond doubt: behind one that was reported more than a second ago. Two
 *   interrupt handlers on two CPUs may well report in the wrong order, but not that
 *   late. How often it went back at all is counted always.
 * - A fence of somebody else that uses the number of a timeline of ours is reported
 *   when a callback is added to it: then fences would be compared that have nothing
 *   to do with each other.
 */

#include <linux/jump_label.h>
#include <linux/kernel.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/stackdepot.h>
#include <linux/stacktrace.h>
#include <kunit/visibility.h>

#include "internal.h"

#define DFENCE_STACK_DEPTH 16

DEFINE_STATIC_KEY_FALSE(dfence_debug_key);

static DEFINE_MUTEX(dfence_debug_mutex);
static bool dfence_debug;	/* under dfence_debug_mutex */

/**
 * dfence_debug_set() - switch debugging on or off
 * @on: which
 *
 * Context: Process context, may sleep.
 * Return: 0 or -ENOMEM.
 */
int dfence_debug_set(bool on)
{
	int ret = 0;

	guard(mutex)(&dfence_debug_mutex);
	if (on == dfence_debug)
		return 0;
	if (IS_ENABLED(CONFIG_STACKDEPOT) && on)
		ret = stack_depot_init();
	if (ret)
		return ret;
	dfence_debug = on;
	if (on)
		static_branch_enable(&dfence_debug_key);
	else
		static_branch_disable(&dfence_debug_key);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(dfence_debug_set);

static int dfence_debug_param_set(const char *val, const struct kernel_param *kp)
{
	bool on = true;
	int ret = val ? kstrtobool(val, &on) : 0;

	return ret ?: dfence_debug_set(on);
}

static const struct kernel_param_ops dfence_debug_param_ops = {
	.flags = KERNEL_PARAM_OPS_FL_NOARG,
	.set = dfence_debug_param_set,
	.get = param_get_bool,
};

module_param_cb(debug, &dfence_debug_param_ops, &dfence_debug, 0644);
MODULE_PARM_DESC(debug, "Keep the issuers' stacks and check more (default: off)");

#if IS_ENABLED(CONFIG_STACKDEPOT)
/**
 * __dfence_stack_save() - note who prepares a fence
 * @f: fence that is being prepared
 * @gfp: allocation flags, 0 for a context where nothing may be allocated: then the
 *	trace is lost if the depot has no room
 *
 * Context: As @gfp demands.
 */
void __dfence_stack_save(struct dfence *f, gfp_t gfp)
{
	unsigned long entries[DFENCE_STACK_DEPTH];
	unsigned int n = stack_trace_save(entries, ARRAY_SIZE(entries), 1);

	f->stack = stack_depot_save_flags(entries, n, gfp,
					  gfp ? STACK_DEPOT_FLAG_CAN_ALLOC : 0);
}

/**
 * dfence_stack_show() - print who prepared a fence
 * @m: where to, or NULL for the kernel's log
 * @stack: handle from the fence; 0 prints nothing
 *
 * Context: Any.
 */
void dfence_stack_show(struct seq_file *m, u32 stack)
{
	unsigned long *entries;
	unsigned int n;
	unsigned int i;

	if (!stack)
		return;
	if (!m) {
		stack_depot_print(stack);
		return;
	}
	n = stack_depot_fetch(stack, &entries);
	for (i = 0; i < n; i++)
		seq_printf(m, "    by %pS\n", (void *)entries[i]);
}
#else
void __dfence_stack_save(struct dfence *f, gfp_t gfp)
{
}

void dfence_stack_show(struct seq_file *m, u32 stack)
{
}
#endif

/**
 * __dfence_check_context() - report a fence that uses a number that isn't its own
 * @fence: any dma_fence
 * @ip: who uses it
 *
 * Context: Any.
 */
void __dfence_check_context(struct dma_fence *fence, unsigned long ip)
{
	char names[DFENCE_NAMES_SIZE];
	const char __rcu *driver;

	guard(rcu)();
	if (dfence_is_ours(fence) ||
	    !dfence_ctx_find_names(fence->context, names, sizeof(names)))
		return;
	driver = dma_fence_driver_name(fence);
	dfence_report("fence %llu of %s has the context number of %s (context %llu), seen at %pS",
		      fence->seqno, rcu_dereference(driver), names,
		      fence->context, (void *)ip);
}
