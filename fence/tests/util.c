// SPDX-License-Identifier: GPL-2.0
/*
 * Fixtures for the test suites of dfence.
 */

#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/kconfig.h>
#include <linux/magic.h>
#include <linux/minmax.h>
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/sprintf.h>
#include <linux/uaccess.h>

#include "util.h"

/**
 * dfence_test_ctx() - make a timeline or end the test
 * @test: test
 * @first_seqno: sequence number to begin with; 0 means 1
 *
 * Context: Process context.
 * Return: A new reference.
 */
struct dfence_ctx *dfence_test_ctx(struct kunit *test, u64 first_seqno)
{
	const struct dfence_ctx_args args = {
		.driver_name = "test-driver",
		.timeline_name = "test-timeline",
		.first_seqno = first_seqno,
	};
	struct dfence_ctx *ctx = dfence_ctx_create(&args);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, ctx);
	return ctx;
}

/**
 * dfence_test_armed() - make an armed fence or end the test
 * @test: test
 * @ctx: timeline
 * @ops: issuer's functions or NULL
 *
 * Context: Process context.
 * Return: A fence that has to be signalled.
 */
struct dfence *dfence_test_armed(struct kunit *test, struct dfence_ctx *ctx,
				 const struct dfence_ops *ops)
{
	struct dfence *f = dfence_alloc(ctx, ops, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	dfence_arm(f);
	return f;
}

/**
 * dfence_test_init() - begin a case: make its timeline
 * @test: test
 *
 * Context: Process context.
 * Return: 0 or -ENOMEM.
 */
int dfence_test_init(struct kunit *test)
{
	struct dfence_test *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	if (!t)
		return -ENOMEM;
	test->priv = t;
	t->ctx = dfence_test_ctx(test, 0);
	return 0;
}

/**
 * dfence_test_last_put() - put a timeline to which nobody else may have a reference
 * @test: test
 * @ctx: timeline that has been synchronized
 *
 * Context: Process context.
 */
void dfence_test_last_put(struct kunit *test, struct dfence_ctx *ctx)
{
	int i;

	/* A worker that has run a finish function puts the timeline as the last thing. */
	for (i = 0; i < 3000 && kref_read(&ctx->ref) > 1; i++)
		msleep(20);
	KUNIT_EXPECT_EQ_MSG(test, kref_read(&ctx->ref), 1, "timeline references left");
	dfence_ctx_put(ctx);
}

/**
 * dfence_test_exit() - end a case: nothing may be left of it
 * @test: test
 *
 * A case that puts the timeline itself sets its pointer to NULL.
 *
 * Context: Process context.
 */
void dfence_test_exit(struct kunit *test)
{
	struct dfence_test *t = test->priv;

	if (!t || !t->ctx)
		return;
	dfence_ctx_synchronize(t->ctx);
	KUNIT_EXPECT_EQ_MSG(test, dfence_ctx_live(t->ctx), 0, "fences left armed");
	dfence_test_last_put(test, t->ctx);
}

struct dfence_test_irq {
	struct hrtimer timer;
	struct tasklet_struct tasklet;
	void (*func)(void *arg);
	void *arg;
	bool in_hardirq;
	bool done;
};

static enum hrtimer_restart dfence_test_irq_fire(struct hrtimer *timer)
{
	struct dfence_test_irq *irq = container_of(timer, struct dfence_test_irq, timer);

	irq->in_hardirq = in_hardirq();
	irq->func(irq->arg);
	/* Pairs with the acquire in dfence_test_hardirq(). */
	smp_store_release(&irq->done, true);
	return HRTIMER_NORESTART;
}

static void dfence_test_irq_on_top(struct dfence_test_irq *irq)
{
	int i;

	hrtimer_setup_on_stack(&irq->timer, dfence_test_irq_fire, CLOCK_MONOTONIC,
			       HRTIMER_MODE_REL_PINNED);
	preempt_disable();
	hrtimer_start(&irq->timer, us_to_ktime(100), HRTIMER_MODE_REL_PINNED);
	/* Pairs with the release in dfence_test_irq_fire(). */
	for (i = 0; i < 2000 && !smp_load_acquire(&irq->done); i++)
		mdelay(1);
	preempt_enable();
	hrtimer_cancel(&irq->timer);
	destroy_hrtimer_on_stack(&irq->timer);
}

static void dfence_test_tasklet_fn(struct tasklet_struct *tasklet)
{
	struct dfence_test_irq *irq = from_tasklet(irq, tasklet, tasklet);

	irq->func(irq->arg);
	irq->done = true;
}

/* Softirqs run in the task that lets them in: nothing else is on top of a task and may lock. */
static void dfence_test_softirq_on_top(struct dfence_test_irq *irq)
{
	tasklet_setup(&irq->tasklet, dfence_test_tasklet_fn);
	local_bh_disable();
	tasklet_schedule(&irq->tasklet);
	local_bh_enable();
	tasklet_kill(&irq->tasklet);
}

/**
 * dfence_test_hardirq() - run a function in a hard IRQ that interrupts the test
 * @test: test
 * @func: function
 * @arg: its argument
 *
 * The test's task is the one that is interrupted, so the warnings it expects are
 * expected in the interrupt, too. On PREEMPT_RT it's a softirq: where spinlocks sleep,
 * fences can't be signalled in a hard IRQ, and handlers are threads.
 *
 * Context: Process context.
 */
void dfence_test_hardirq(struct kunit *test, void (*func)(void *arg), void *arg)
{
	struct dfence_test_irq irq = { .func = func, .arg = arg };

	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		dfence_test_softirq_on_top(&irq);
	else
		dfence_test_irq_on_top(&irq);

	KUNIT_ASSERT_TRUE_MSG(test, irq.done, "it didn't run");
	if (!IS_ENABLED(CONFIG_PREEMPT_RT))
		KUNIT_EXPECT_TRUE(test, irq.in_hardirq);
}

static bool dfence_test_has_debugfs(void)
{
	struct file *dir = filp_open("/sys/kernel/debug", O_RDONLY | O_DIRECTORY, 0);
	bool mounted;

	if (IS_ERR(dir))
		return false;
	mounted = file_inode(dir)->i_sb->s_magic == DEBUGFS_MAGIC;
	fput(dir);
	return mounted;
}

/* All of @file, by its read function and a page of user memory; its size, or -errno. */
static ssize_t dfence_test_read(struct kunit *test, struct file *file, char *buf, size_t size)
{
	unsigned long page = kunit_vm_mmap(test, NULL, 0, PAGE_SIZE, PROT_READ | PROT_WRITE,
					   MAP_ANONYMOUS | MAP_PRIVATE, 0);
	char __user *user = (char __user *)page;
	size_t got = 0;
	ssize_t n;

	if (!page)
		return -ENOMEM;
	while ((n = file->f_op->read(file, user, min(PAGE_SIZE, size - got), &file->f_pos)) > 0) {
		if (copy_from_user(buf + got, user, n))
			return -EFAULT;
		got += n;
	}
	return n < 0 ? n : got;
}

/**
 * dfence_test_debugfs() - what user space reads from a file of the library
 * @test: test; it's skipped if debugfs isn't mounted
 * @name: file in debugfs' folder dfence
 *
 * Context: Process context.
 * Return: The text, the test's memory.
 */
char *dfence_test_debugfs(struct kunit *test, const char *name)
{
	const size_t size = 16 * 1024;
	char *text = kunit_kzalloc(test, size, GFP_KERNEL);
	struct file *file;
	char path[64];
	ssize_t n;

	KUNIT_ASSERT_NOT_NULL(test, text);
	snprintf(path, sizeof(path), "/sys/kernel/debug/dfence/%s", name);
	if (!dfence_test_has_debugfs())
		kunit_skip(test, "debugfs isn't mounted");
	file = filp_open(path, O_RDONLY, 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, file);
	n = dfence_test_read(test, file, text, size - 1);
	fput(file);
	KUNIT_ASSERT_GT(test, n, 0);
	return text;
}

/**
 * dfence_test_reports() - how many misuses were reported so far
 *
 * Context: Any.
 * Return: The count.
 */
unsigned int dfence_test_reports(void)
{
	char text[4];

	return dfence_report_get(text, sizeof(text));
}

/**
 * dfence_test_reported() - does the last report say this?
 * @text: part of the report
 *
 * Context: Any.
 * Return: Whether it does.
 */
bool dfence_test_reported(const char *text)
{
	char last[256];

	dfence_report_get(last, sizeof(last));
	return strstr(last, text);
}

/**
 * dfence_test_listing() - what dfence/contexts would show
 * @test: test; the text is freed with it
 *
 * Context: Process context.
 * Return: The text.
 */
const char *dfence_test_listing(struct kunit *test)
{
	const size_t size = 64 * 1024;
	struct seq_file m = { .buf = kunit_kzalloc(test, size, GFP_KERNEL), .size = size };

	KUNIT_ASSERT_NOT_NULL(test, m.buf);
	KUNIT_EXPECT_EQ(test, dfence_show_all(&m), 0);
	KUNIT_ASSERT_LT(test, m.count, size);
	return m.buf;
}

MODULE_DESCRIPTION("KUnit tests of dfence");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("CARILLON_KUNIT");
MODULE_IMPORT_NS("DFENCE");
MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING");
