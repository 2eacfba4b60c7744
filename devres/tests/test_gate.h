/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DEVRES_TESTS_TEST_GATE_H_
#define _DEVRES_TESTS_TEST_GATE_H_

#include <bound/bound_map.h>
#include <linux/types.h>

struct bound_gate;
struct kunit;
struct test_thread;

/**
 * struct test_regs - what a gate owns, in place of a BAR
 *
 * There as long as there is a reference to the gate, mapped or not.
 */
struct test_regs {
	/** @map: 4 bytes, which nobody accesses */
	struct bound_map map;
	/** @mapped: from when it's made until it's unmapped */
	bool mapped;
	/** @unmaps: how often it was unmapped */
	int unmaps;
	/** @thread: whom the making stops; or NULL */
	struct test_thread *thread;
};

struct test_regs *test_regs_add(struct bound_gate *gate, struct test_thread *thread);

/* For test_thread_start(), with a gate as argument. */
int test_gate_reader(struct test_thread *thread);
int test_gate_closer(struct test_thread *thread);
int test_gate_revoker(struct test_thread *thread);

void test_gate_wait_closed(struct kunit *test, struct bound_gate *gate);

#endif /* _DEVRES_TESTS_TEST_GATE_H_ */
