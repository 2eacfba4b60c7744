// SPDX-License-Identifier: GPL-2.0
/*
 * test_thread: a second thread that a test moves step by step.
 */

#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/sched/task.h>

#include "test_thread.h"

/* far more than anything takes, also on a busy machine */
#define TEST_THREAD_TIMEOUT (60 * HZ)
/* how long something has to be blocked to be called blocked */
#define TEST_THREAD_BLOCKED_MS 100

/* Threads of the test that runs; its thread alone touches the list. */
static LIST_HEAD(test_threads);

static int test_thread_main(void *data)
{
	struct test_thread *thread = data;

	thread->ret = thread->fn(thread);
	complete_all(&thread->ended);
	return 0;
}

/*
 * Also after a failed assertion: nothing of the test runs when it has ended. All are let
 * go, as this one may wait for another one.
 */
static void test_thread_cleanup(void *data)
{
	struct test_thread *thread = data, *other;

	list_for_each_entry(other, &test_threads, node)
		complete_all(&other->go);
	list_del(&thread->node);
	kthread_stop_put(thread->task);
}

/**
 * test_thread_start() - start a thread that the test's end waits for
 * @test: the test
 * @name: the task's name
 * @fn: what it does
 * @arg: for @fn, in test_thread.arg
 *
 * Context: The test's thread.
 * Return: the thread, owned by @test.
 */
struct test_thread *test_thread_start(struct kunit *test, const char *name,
				      int (*fn)(struct test_thread *thread), void *arg)
{
	struct test_thread *thread = kunit_kzalloc(test, sizeof(*thread), GFP_KERNEL);
	struct task_struct *task;

	KUNIT_ASSERT_NOT_NULL(test, thread);
	thread->fn = fn;
	thread->arg = arg;
	init_completion(&thread->arrived);
	init_completion(&thread->go);
	init_completion(&thread->ended);
	task = kthread_create(test_thread_main, thread, "%s", name);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	thread->task = get_task_struct(task);
	list_add(&thread->node, &test_threads);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, test_thread_cleanup, thread), 0);
	wake_up_process(task);
	return thread;
}

/**
 * test_thread_arrive() - tell the test that the thread is there, and wait to be let go
 * @thread: the calling thread
 *
 * Context: In test_thread.fn. Sleeps.
 */
void test_thread_arrive(struct test_thread *thread)
{
	complete(&thread->arrived);
	wait_for_completion(&thread->go);
}

/**
 * test_thread_wait_arrived() - wait until the thread is where it is to be held
 * @test: the test
 * @thread: the thread
 *
 * Context: The test's thread. Sleeps.
 */
void test_thread_wait_arrived(struct kunit *test, struct test_thread *thread)
{
	KUNIT_ASSERT_NE(test,
			wait_for_completion_timeout(&thread->arrived, TEST_THREAD_TIMEOUT), 0);
}

/**
 * test_thread_let_go() - let the thread go on
 * @thread: the thread
 *
 * Context: Any.
 */
void test_thread_let_go(struct test_thread *thread)
{
	complete_all(&thread->go);
}

/**
 * test_thread_join() - wait until the thread has ended
 * @test: the test
 * @thread: the thread
 *
 * Context: The test's thread. Sleeps.
 * Return: what test_thread.fn has returned.
 */
int test_thread_join(struct kunit *test, struct test_thread *thread)
{
	KUNIT_ASSERT_NE(test,
			wait_for_completion_timeout(&thread->ended, TEST_THREAD_TIMEOUT), 0);
	return thread->ret;
}

/**
 * test_thread_is_blocked() - whether the thread doesn't end by itself
 * @thread: the thread
 *
 * Context: The test's thread. Sleeps.
 * Return: true when it hasn't ended after some time.
 */
bool test_thread_is_blocked(struct test_thread *thread)
{
	return !wait_for_completion_timeout(&thread->ended,
					    msecs_to_jiffies(TEST_THREAD_BLOCKED_MS));
}
