// SPDX-License-Identifier: GPL-2.0
/*
 * The listing: every kind of waiter, and its bounds.
 */

#include <linux/completion.h>
#include <linux/err.h>
#include <linux/irq_work.h>
#include <linux/kthread.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "util.h"

#define MANY_CALLBACKS 20
#define MANY_FENCES 70

static unsigned int count(const char *text, const char *part)
{
	unsigned int n = 0;

	while ((text = strstr(text, part))) {
		text += strlen(part);
		n++;
	}
	return n;
}

static void show_func(struct dfence_cb *cb, struct dma_fence *fence)
{
}

static void show_work(struct work_struct *work)
{
}

static void show_kthread_work(struct kthread_work *work)
{
}

static void show_irq_work(struct irq_work *work)
{
}

static void show_foreign(struct dma_fence *fence, struct dma_fence_cb *cb)
{
}

/* One of each kind. */
struct kinds {
	struct completion completion;
	wait_queue_head_t waitqueue;
	struct work_struct work;
	struct kthread_work kthread_work;
	struct kthread_worker *worker;
	struct irq_work irq_work;
	struct dma_fence_cb foreign;
	struct dfence_cb cbs[7];
};

static void init_kinds(struct kunit *test, struct kinds *k)
{
	init_completion(&k->completion);
	init_waitqueue_head(&k->waitqueue);
	INIT_WORK(&k->work, show_work);
	kthread_init_work(&k->kthread_work, show_kthread_work);
	init_irq_work(&k->irq_work, show_irq_work);
	k->worker = kthread_run_worker(0, "dfence-show");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, k->worker);

	dfence_cb_init_func(&k->cbs[0], show_func);
	dfence_cb_init_completion(&k->cbs[1], &k->completion);
	dfence_cb_init_task(&k->cbs[2], current);
	dfence_cb_init_waitqueue(&k->cbs[3], &k->waitqueue);
	dfence_cb_init_work(&k->cbs[4], system_dfl_wq, &k->work);
	dfence_cb_init_kthread_work(&k->cbs[5], k->worker, &k->kthread_work);
	dfence_cb_init_irq_work(&k->cbs[6], &k->irq_work);
}

static void expect_line(struct kunit *test, const char *text, const char *line)
{
	KUNIT_EXPECT_EQ_MSG(test, count(text, line), 1, "\"%s\" in\n%s", line, text);
}

static void every_kind_of_waiter(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct dfence *f = dfence_test_armed(test, t->ctx, NULL);
	struct kinds *k = kunit_kzalloc(test, sizeof(*k), GFP_KERNEL);
	const char *text;
	char line[64];
	int i;

	KUNIT_ASSERT_NOT_NULL(test, k);
	init_kinds(test, k);
	for (i = 0; i < ARRAY_SIZE(k->cbs); i++)
		KUNIT_EXPECT_EQ(test, dfence_cb_add(&k->cbs[i], &f->base), 0);
	KUNIT_EXPECT_EQ(test, dma_fence_add_callback(&f->base, &k->foreign, show_foreign), 0);

	text = dfence_test_listing(test);
	expect_line(test, text, "  fence 1 age_ms ");
	expect_line(test, text, "    waits func show_func");
	expect_line(test, text, "    waits completion\n");
	snprintf(line, sizeof(line), "    waits task %s pid %d\n", current->comm, current->pid);
	expect_line(test, text, line);
	expect_line(test, text, "    waits waitqueue\n");
	expect_line(test, text, "    waits work show_work");
	expect_line(test, text, "    waits kthread_work show_kthread_work");
	expect_line(test, text, "    waits irq_work show_irq_work");
	expect_line(test, text, "    waits foreign show_foreign");

	/* The fence is signalled, but its issuer hasn't claimed it: nobody waits any more. */
	for (i = 0; i < ARRAY_SIZE(k->cbs); i++)
		KUNIT_EXPECT_TRUE(test, dfence_cb_remove(&k->cbs[i]));
	dma_fence_signal(&f->base);
	text = dfence_test_listing(test);
	expect_line(test, text, " signalled\n");
	KUNIT_EXPECT_NULL(test, strstr(text, "    waits"));
	DFENCE_EXPECT_REPORT(test, "signalled by somebody else", dfence_signal(f, 0));
	KUNIT_EXPECT_NULL(test, strstr(dfence_test_listing(test), "  fence"));
	kthread_destroy_worker(k->worker);
}

/* The edges of a graph: on whose behalf somebody waits. */
static void waiter_of_another_timeline(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct dfence_ctx *other = dfence_test_ctx(test, 0);
	struct dfence *f = dfence_test_armed(test, t->ctx, NULL);
	struct dfence_cb cb;
	char line[64];

	dfence_cb_init_func(&cb, show_func);
	dfence_cb_set_waiter(&cb, other);
	snprintf(line, sizeof(line), " for context %llu\n", dfence_ctx_id(other));
	/* By number: it may be gone before the callback is. */
	dfence_ctx_put(other);
	KUNIT_EXPECT_EQ(test, dfence_cb_add(&cb, &f->base), 0);
	expect_line(test, dfence_test_listing(test), line);
	KUNIT_EXPECT_TRUE(test, dfence_cb_remove(&cb));

	/* Setting it up anew forgets it. */
	dfence_cb_init_func(&cb, show_func);
	KUNIT_EXPECT_EQ(test, dfence_cb_add(&cb, &f->base), 0);
	KUNIT_EXPECT_NULL(test, strstr(dfence_test_listing(test), " for context "));
	KUNIT_EXPECT_TRUE(test, dfence_cb_remove(&cb));
	dfence_signal(f, 0);
}

static void listing_is_bounded(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct dma_fence_cb *cbs = kunit_kcalloc(test, MANY_CALLBACKS, sizeof(*cbs), GFP_KERNEL);
	struct dfence *first = dfence_test_armed(test, t->ctx, NULL);
	const char *text;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, cbs);
	for (i = 0; i < 16; i++)
		dma_fence_add_callback(&first->base, &cbs[i], show_foreign);
	for (i = 1; i < DFENCE_SHOW_MAX; i++)
		dfence_test_armed(test, t->ctx, NULL);
	/* All that fits. */
	text = dfence_test_listing(test);
	KUNIT_EXPECT_EQ(test, count(text, "    waits foreign"), 16);
	KUNIT_EXPECT_EQ(test, count(text, "  fence "), DFENCE_SHOW_MAX);
	KUNIT_EXPECT_EQ(test, count(text, "...\n"), 0);

	for (; i < MANY_FENCES; i++)
		dfence_test_armed(test, t->ctx, NULL);
	for (i = 16; i < MANY_CALLBACKS; i++)
		dma_fence_add_callback(&first->base, &cbs[i], show_foreign);
	text = dfence_test_listing(test);
	KUNIT_EXPECT_EQ(test, count(text, "    waits foreign"), 16);
	KUNIT_EXPECT_EQ(test, count(text, "    ...\n"), 1);
	KUNIT_EXPECT_EQ(test, count(text, "  fence "), DFENCE_SHOW_MAX);
	KUNIT_EXPECT_EQ(test, count(text, "\n  ...\n"), 1);
	/* The references that were taken are back, or this would leave them. */
	KUNIT_EXPECT_EQ(test, kref_read(&first->base.refcount), 1);
	KUNIT_EXPECT_EQ(test, dfence_ctx_advance(t->ctx, MANY_FENCES, 0), MANY_FENCES);
}

static struct kunit_case show_cases[] = {
	KUNIT_CASE(every_kind_of_waiter),
	KUNIT_CASE(waiter_of_another_timeline),
	KUNIT_CASE(listing_is_bounded),
	{}
};

static struct kunit_suite show_suite = {
	.name = "dfence_show",
	.init = dfence_test_init,
	.exit = dfence_test_exit,
	.test_cases = show_cases,
};

kunit_test_suite(show_suite);
