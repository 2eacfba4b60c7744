// SPDX-License-Identifier: GPL-2.0
/*
 * No memory: allocations of the running task that fail when a test wants them to.
 *
 * failslab does it, set up as scripts/lib/kunit-guest does. Leaks are kmemleak's to
 * find, after the suites.
 */

#include <linux/export.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "fault.h"

/* More allocations than anything makes, those of debug code included. */
#define FAULT_MAX 300

#ifdef CONFIG_FAILSLAB
static void fault_all_after(bool all)
{
	current->make_it_fail = all;
}

/**
 * fault_nth() - have one of the next allocations of this task fail
 * @nth: which, from 1; 0: none
 *
 * Context: Process context.
 */
void fault_nth(unsigned int nth)
{
	WRITE_ONCE(current->fail_nth, nth);
}
EXPORT_SYMBOL_NS_GPL(fault_nth, "CARILLON_KUNIT");

/**
 * fault_left() - how many allocations are to come until one fails
 *
 * Context: Process context.
 * Return: The number, 1 for the next one; 0: it has failed.
 */
unsigned int fault_left(void)
{
	return READ_ONCE(current->fail_nth);
}
EXPORT_SYMBOL_NS_GPL(fault_left, "CARILLON_KUNIT");
#else
static void fault_all_after(bool all)
{
}

void fault_nth(unsigned int nth)
{
}
EXPORT_SYMBOL_NS_GPL(fault_nth, "CARILLON_KUNIT");

unsigned int fault_left(void)
{
	return 0;
}
EXPORT_SYMBOL_NS_GPL(fault_left, "CARILLON_KUNIT");
#endif

/* Nothing can be injected unless this allocation fails. */
static bool fault_injection_works(void)
{
	void *memory;

	fault_all_after(true);
	memory = kmalloc(32, GFP_KERNEL);
	fault_all_after(false);
	kfree(memory);
	return !memory;
}

/**
 * fault_need_injection() - skip the test if its allocations can't be made to fail
 * @test: test
 *
 * Context: Process context, the test's thread.
 */
void fault_need_injection(struct kunit *test)
{
	if (!IS_ENABLED(CONFIG_FAILSLAB))
		kunit_skip(test, "this kernel has no failslab");
	if (!fault_injection_works())
		kunit_skip(test, "failslab isn't set up as scripts/lib/kunit-guest does it");
}
EXPORT_SYMBOL_NS_GPL(fault_need_injection, "CARILLON_KUNIT");

/* Returns false when the attempt doesn't allocate that often. */
static bool fault_attempt(const struct fault_sweep *sweep, unsigned int nth, bool all_after,
			  int *ret)
{
	unsigned int left;

	fault_nth(nth);
	fault_all_after(all_after);
	*ret = sweep->attempt(sweep->arg);
	fault_all_after(false);
	left = fault_left();
	fault_nth(0);
	return !left;
}

/* Until nothing fails any more. Returns how many failures were noticed. */
static unsigned int fault_sweep_once(struct kunit *test, const struct fault_sweep *sweep,
				     bool all_after)
{
	unsigned int failed = 0;
	unsigned int nth;
	bool injected;
	int ret;

	for (nth = 1; nth < FAULT_MAX; nth++) {
		injected = fault_attempt(sweep, nth, all_after, &ret);
		KUNIT_EXPECT_TRUE_MSG(test, !ret || ret == -ENOMEM || ret == sweep->other,
				      "allocation %u: %d", nth, ret);
		failed += ret < 0;
		if (sweep->check)
			sweep->check(test, sweep->arg, ret);
		if (!injected)
			break;
	}
	KUNIT_EXPECT_LT(test, nth, FAULT_MAX);
	KUNIT_EXPECT_EQ_MSG(test, ret, 0, "with nothing failing any more");
	kunit_info(test, "%u allocations failed%s, %u of them were noticed\n", nth - 1,
		   all_after ? " with all after them" : "", failed);
	return failed;
}

/**
 * fault_sweep() - make each allocation fail, alone and with all that follow
 * @test: test
 * @sweep: what is to be attempted
 *
 * With all that follow, a second try doesn't help: then failures have to be noticed.
 *
 * Context: Process context, the test's thread.
 */
void fault_sweep(struct kunit *test, const struct fault_sweep *sweep)
{
	fault_sweep_once(test, sweep, false);
	KUNIT_EXPECT_GT_MSG(test, fault_sweep_once(test, sweep, true), 0,
			    "no failure was injected");
}
EXPORT_SYMBOL_NS_GPL(fault_sweep, "CARILLON_KUNIT");
