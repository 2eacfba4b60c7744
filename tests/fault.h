/* SPDX-License-Identifier: GPL-2.0 */
/*
 * No memory: allocations of the running task that fail when a test wants them to.
 */
#ifndef _TESTS_FAULT_H
#define _TESTS_FAULT_H

#include <kunit/test.h>

/**
 * struct fault_sweep - something whose allocations fail, one after the other
 */
struct fault_sweep {
	/**
	 * @attempt: does it and undoes it. It says 0, -ENOMEM or @other; it may succeed
	 * although an allocation failed, as debug code allocates, too.
	 */
	int (*attempt)(void *arg);
	/** @check: looks whether all is as it should be after @ret; or NULL */
	void (*check)(struct kunit *test, void *arg, int ret);
	/** @arg: for both */
	void *arg;
	/** @other: what else it may say for want of memory, or 0 */
	int other;
};

void fault_need_injection(struct kunit *test);
void fault_sweep(struct kunit *test, const struct fault_sweep *sweep);
void fault_nth(unsigned int nth);
unsigned int fault_left(void);

/* Runs @statement with the next allocation failing: there must be none. */
#define FAULT_EXPECT_NO_ALLOCATION(test, statement) do {			\
	unsigned int __to_come;							\
										\
	fault_nth(1);								\
	statement;								\
	__to_come = fault_left();						\
	fault_nth(0);								\
	KUNIT_EXPECT_EQ_MSG(test, __to_come, 1, "memory was allocated: " #statement); \
} while (0)

#endif
