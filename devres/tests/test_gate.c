// SPDX-License-Identifier: GPL-2.0
/*
 * test_gate: readers and closers of gates, and something that a gate can own.
 */

#include <bound/bound_gate.h>
#include <bound/bound_map.h>
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/slab.h>

#include "../bound_internal.h"
#include "test_gate.h"
#include "test_thread.h"

static void test_regs_unmap(struct bound_map *map)
{
	struct test_regs *regs = container_of(map, struct test_regs, map);

	WRITE_ONCE(regs->mapped, false);
	regs->unmaps++;
}

static void test_regs_free(struct bound_map *map)
{
	kfree(container_of(map, struct test_regs, map));
}

static int test_regs_make(struct bound_map *map, void *arg)
{
	struct test_regs *regs = container_of(map, struct test_regs, map);

	if (regs->thread)
		test_thread_arrive(regs->thread);
	map->size = sizeof(u32);
	WRITE_ONCE(regs->mapped, true);
	return 0;
}

/**
 * test_regs_add() - map registers through a gate
 * @gate: the gate
 * @thread: stopped on the way; or NULL
 *
 * Context: Process context. Sleeps.
 * Return: the registers, borrowed from @gate; what bound_map_add() says, ERR_PTR(-ENOMEM).
 */
struct test_regs *test_regs_add(struct bound_gate *gate, struct test_thread *thread)
{
	struct test_regs *regs = kzalloc_obj(*regs);
	int ret;

	if (!regs)
		return ERR_PTR(-ENOMEM);
	regs->map.unmap = test_regs_unmap;
	regs->map.free = test_regs_free;
	regs->thread = thread;
	ret = bound_map_add(&regs->map, gate, test_regs_make, NULL);
	if (!ret)
		return regs;
	kfree(regs);
	return ERR_PTR(ret);
}

/**
 * test_gate_reader() - enter, be held inside, leave
 * @thread: the thread; its argument is a gate
 *
 * Context: A thread of test_thread_start(). Sleeps.
 * Return: what a nested bound_enter() said at the end.
 */
int test_gate_reader(struct test_thread *thread)
{
	struct bound_gate *gate = thread->arg;
	struct bound_token tok, inner;
	int ret;

	ret = bound_enter(gate, &tok);
	if (ret)
		return ret;
	test_thread_arrive(thread);
	ret = bound_enter(gate, &inner);
	bound_exit(&inner);
	bound_exit(&tok);
	return ret;
}

/**
 * test_gate_closer() - close a gate
 * @thread: the thread; its argument is a gate
 *
 * Context: A thread of test_thread_start(). Sleeps.
 * Return: 0.
 */
int test_gate_closer(struct test_thread *thread)
{
	bound_gate_close(thread->arg);
	return 0;
}

/**
 * test_gate_revoker() - do to a gate what unbinding its device does
 * @thread: the thread; its argument is a gate from bound_gate_alloc()
 *
 * Context: A thread of test_thread_start(). Sleeps.
 * Return: 0.
 */
int test_gate_revoker(struct test_thread *thread)
{
	bound_gate_revoke(thread->arg);
	return 0;
}

/**
 * test_gate_wait_closed() - wait until closing has begun
 * @test: the test, which fails if it doesn't
 * @gate: the gate
 *
 * Context: The test's thread. Sleeps.
 */
void test_gate_wait_closed(struct kunit *test, struct bound_gate *gate)
{
	int tries;

	for (tries = 0; tries < 1000 && !bound_gate_closed(gate); tries++)
		msleep(20);
	KUNIT_ASSERT_TRUE(test, bound_gate_closed(gate));
}
