/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DEVRES_TESTS_TEST_THREAD_H_
#define _DEVRES_TESTS_TEST_THREAD_H_

#include <linux/completion.h>
#include <linux/list.h>
#include <linux/types.h>

struct kunit;
struct task_struct;

/**
 * struct test_thread - a second thread that a test moves step by step
 *
 * The thread runs fn(), which calls test_thread_arrive() at the point where it is to
 * be held; the test waits for that, looks around, and lets it go on.
 */
struct test_thread {
	/** @fn: what the thread does */
	int (*fn)(struct test_thread *thread);
	/** @arg: for @fn */
	void *arg;
	/** @node: among the threads of the test */
	struct list_head node;
	/** @task: the thread, with a reference */
	struct task_struct *task;
	/** @arrived: done when @fn is where it is to be held */
	struct completion arrived;
	/** @go: done when it may go on */
	struct completion go;
	/** @ended: done when @fn has returned */
	struct completion ended;
	/** @ret: what @fn returned; after @ended */
	int ret;
};

struct test_thread *test_thread_start(struct kunit *test, const char *name,
				      int (*fn)(struct test_thread *thread), void *arg);
void test_thread_arrive(struct test_thread *thread);
void test_thread_wait_arrived(struct kunit *test, struct test_thread *thread);
void test_thread_let_go(struct test_thread *thread);
int test_thread_join(struct kunit *test, struct test_thread *thread);
bool test_thread_is_blocked(struct test_thread *thread);

#endif /* _DEVRES_TESTS_TEST_THREAD_H_ */
