// SPDX-License-Identifier: GPL-2.0
/*
 * Callback registrations: every kind, their references, removal.
 */

#include <linux/completion.h>
#include <linux/dma-fence-array.h>
#include <linux/err.h>
#include <linux/irq_work.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "util.h"

#define WAIT_JIFFIES (10 * HZ)

/* One target of each kind. All but the first tell through @reached. */
struct targets {
	struct completion reached;
	struct completion other;
	struct work_struct work;
	struct kthread_work kthread_work;
	struct irq_work irq_work;
	int calls;
	struct dma_fence *fence;
};

static void work_reached(struct work_struct *work)
{
	complete(&container_of(work, struct targets, work)->reached);
}

static void kthread_work_reached(struct kthread_work *work)
{
	complete(&container_of(work, struct targets, kthread_work)->reached);
}

static void irq_work_reached(struct irq_work *work)
{
	complete(&container_of(work, struct targets, irq_work)->reached);
}

struct func_cb {
	struct dfence_cb cb;
	struct targets *targets;
};

static void func_reached(struct dfence_cb *cb, struct dma_fence *fence)
{
	struct targets *targets = container_of(cb, struct func_cb, cb)->targets;

	targets->calls++;
	targets->fence = fence;
	complete(&targets->reached);
}

static void init_targets(struct targets *targets)
{
	memset(targets, 0, sizeof(*targets));
	init_completion(&targets->reached);
	init_completion(&targets->other);
	INIT_WORK_ONSTACK(&targets->work, work_reached);
	kthread_init_work(&targets->kthread_work, kthread_work_reached);
	init_irq_work(&targets->irq_work, irq_work_reached);
}

/* Register @cb, signal, see that the target is reached, and end the registration. */
static void fire(struct kunit *test, struct dfence_cb *cb, struct targets *targets)
{
	struct dfence_test *t = test->priv;
	struct dfence *f = dfence_get(dfence_test_armed(test, t->ctx, NULL));

	KUNIT_EXPECT_EQ(test, dfence_cb_add(cb, &f->base), 0);
	KUNIT_EXPECT_EQ(test, kref_read(&f->base.refcount), 3);
	KUNIT_EXPECT_FALSE(test, completion_done(&targets->reached));
	dfence_signal(f, 0);
	KUNIT_EXPECT_NE(test, wait_for_completion_timeout(&targets->reached, WAIT_JIFFIES), 0);
	KUNIT_EXPECT_EQ(test, kref_read(&f->base.refcount), 2);
	KUNIT_EXPECT_FALSE(test, dfence_cb_remove(cb));
	KUNIT_EXPECT_EQ(test, kref_read(&f->base.refcount), 1);
	dfence_put(f);
}

static void kind_func(struct kunit *test)
{
	struct targets targets;
	struct func_cb func = { .targets = &targets };

	init_targets(&targets);
	dfence_cb_init_func(&func.cb, func_reached);
	fire(test, &func.cb, &targets);
	KUNIT_EXPECT_EQ(test, targets.calls, 1);
	KUNIT_EXPECT_NOT_NULL(test, targets.fence);
	destroy_work_on_stack(&targets.work);
}

static void kind_completion(struct kunit *test)
{
	struct targets targets;
	struct dfence_cb cb;

	init_targets(&targets);
	dfence_cb_init_completion(&cb, &targets.reached);
	fire(test, &cb, &targets);
	destroy_work_on_stack(&targets.work);
}

static void kind_work(struct kunit *test)
{
	struct targets targets;
	struct dfence_cb cb;

	init_targets(&targets);
	dfence_cb_init_work(&cb, system_percpu_wq, &targets.work);
	fire(test, &cb, &targets);
	flush_work(&targets.work);
	destroy_work_on_stack(&targets.work);
}

static void kind_kthread_work(struct kunit *test)
{
	struct kthread_worker *worker = kthread_run_worker(0, "dfence-test");
	struct targets targets;
	struct dfence_cb cb;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, worker);
	init_targets(&targets);
	dfence_cb_init_kthread_work(&cb, worker, &targets.kthread_work);
	fire(test, &cb, &targets);
	kthread_destroy_worker(worker);
	destroy_work_on_stack(&targets.work);
}

static void kind_irq_work(struct kunit *test)
{
	struct targets targets;
	struct dfence_cb cb;

	init_targets(&targets);
	dfence_cb_init_irq_work(&cb, &targets.irq_work);
	fire(test, &cb, &targets);
	irq_work_sync(&targets.irq_work);
	destroy_work_on_stack(&targets.work);
}

static void signal_it(void *arg)
{
	dfence_signal(arg, 0);
}

/* A timer's worth of delay until the fence signals, so that the test can sleep. */
struct later {
	struct delayed_work work;
	struct dfence *f;
};

static void signal_later(struct work_struct *work)
{
	dfence_signal(container_of(to_delayed_work(work), struct later, work)->f, 0);
}

static void kind_task(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct later later = { .f = dfence_test_armed(test, t->ctx, NULL) };
	struct dma_fence *fence = dma_fence_get(&later.f->base);
	long left = WAIT_JIFFIES;
	struct dfence_cb cb;

	INIT_DELAYED_WORK_ONSTACK(&later.work, signal_later);
	dfence_cb_init_task(&cb, current);
	KUNIT_EXPECT_EQ(test, dfence_cb_add(&cb, fence), 0);
	schedule_delayed_work(&later.work, 2);
	while (left) {
		set_current_state(TASK_UNINTERRUPTIBLE);
		if (dma_fence_is_signaled(fence))
			break;
		left = schedule_timeout(left);
	}
	__set_current_state(TASK_RUNNING);
	/* Not woken, the loop would have slept until its time-out. */
	KUNIT_EXPECT_GT(test, left, WAIT_JIFFIES / 2);
	KUNIT_EXPECT_FALSE(test, dfence_cb_remove(&cb));
	flush_delayed_work(&later.work);
	destroy_delayed_work_on_stack(&later.work);
	dma_fence_put(fence);
}

static void kind_waitqueue(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct later later = { .f = dfence_test_armed(test, t->ctx, NULL) };
	struct dma_fence *fence = dma_fence_get(&later.f->base);
	DECLARE_WAIT_QUEUE_HEAD_ONSTACK(wq);
	struct dfence_cb cb;
	long left;

	INIT_DELAYED_WORK_ONSTACK(&later.work, signal_later);
	dfence_cb_init_waitqueue(&cb, &wq);
	KUNIT_EXPECT_EQ(test, dfence_cb_add(&cb, fence), 0);
	schedule_delayed_work(&later.work, 2);
	left = wait_event_timeout(wq, dma_fence_is_signaled(fence), WAIT_JIFFIES);
	KUNIT_EXPECT_GT(test, left, WAIT_JIFFIES / 2);
	KUNIT_EXPECT_FALSE(test, dfence_cb_remove(&cb));
	flush_delayed_work(&later.work);
	destroy_delayed_work_on_stack(&later.work);
	dma_fence_put(fence);
}

/* On a signalled fence nothing happens and all stays with the caller. */
static void add_to_signalled(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct dfence *f = dfence_get(dfence_test_armed(test, t->ctx, NULL));
	struct completion done;
	struct dfence_cb cb;

	init_completion(&done);
	dfence_cb_init_completion(&cb, &done);
	dfence_signal(f, 0);
	KUNIT_EXPECT_EQ(test, dfence_cb_add(&cb, &f->base), -ENOENT);
	KUNIT_EXPECT_EQ(test, dfence_cb_add_consume(&cb, &f->base), -ENOENT);
	KUNIT_EXPECT_EQ(test, kref_read(&f->base.refcount), 1);
	KUNIT_EXPECT_NULL(test, cb.fence);
	KUNIT_EXPECT_FALSE(test, dfence_cb_remove(&cb));
	KUNIT_EXPECT_FALSE(test, completion_done(&done));
	dfence_put(f);
}

static void add_to_nothing(struct kunit *test)
{
	struct completion done;
	struct dfence_cb cb;

	init_completion(&done);
	dfence_cb_init_completion(&cb, &done);
	KUNIT_EXPECT_EQ(test, dfence_cb_add(&cb, NULL), -EINVAL);
	KUNIT_EXPECT_EQ(test, dfence_cb_add_consume(&cb, NULL), -EINVAL);
	KUNIT_EXPECT_FALSE(test, dfence_cb_remove(&cb));
}

static void add_twice_is_reported(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct dfence *f = dfence_test_armed(test, t->ctx, NULL);
	struct completion done;
	struct dfence_cb cb;

	init_completion(&done);
	dfence_cb_init_completion(&cb, &done);
	KUNIT_EXPECT_EQ(test, dfence_cb_add(&cb, &f->base), 0);
	DFENCE_EXPECT_REPORT(test, "callback added twice",
			     KUNIT_EXPECT_EQ(test, dfence_cb_add(&cb, &f->base), -EBUSY));
	DFENCE_EXPECT_REPORT(test, "callback added twice",
			     KUNIT_EXPECT_EQ(test, dfence_cb_add_consume(&cb, &f->base), -EBUSY));
	KUNIT_EXPECT_EQ(test, kref_read(&f->base.refcount), 2);
	KUNIT_EXPECT_TRUE(test, dfence_cb_remove(&cb));
	dfence_signal(f, 0);
}

/* Taken out in time it doesn't run; the struct can be used again. */
static void remove_before(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct dfence *f = dfence_get(dfence_test_armed(test, t->ctx, NULL));
	struct targets targets;
	struct func_cb func = { .targets = &targets };

	init_targets(&targets);
	dfence_cb_init_func(&func.cb, func_reached);
	KUNIT_EXPECT_EQ(test, dfence_cb_add(&func.cb, &f->base), 0);
	KUNIT_EXPECT_TRUE(test, dfence_cb_remove(&func.cb));
	KUNIT_EXPECT_FALSE(test, dfence_cb_remove(&func.cb));
	KUNIT_EXPECT_EQ(test, kref_read(&f->base.refcount), 2);

	KUNIT_EXPECT_EQ(test, dfence_cb_add(&func.cb, &f->base), 0);
	KUNIT_EXPECT_TRUE(test, dfence_cb_remove(&func.cb));
	dfence_signal(f, 0);
	KUNIT_EXPECT_EQ(test, targets.calls, 0);
	dfence_put(f);
	destroy_work_on_stack(&targets.work);
}

/* A reference that is given away is the registration's, and goes with it. */
static void consume(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct dfence *f = dfence_test_armed(test, t->ctx, NULL);
	struct completion done;
	struct dfence_cb cb;

	init_completion(&done);
	dfence_cb_init_completion(&cb, &done);
	KUNIT_EXPECT_EQ(test, dfence_cb_add_consume(&cb, dma_fence_get(&f->base)), 0);
	KUNIT_EXPECT_EQ(test, kref_read(&f->base.refcount), 2);
	KUNIT_EXPECT_TRUE(test, dfence_cb_remove(&cb));
	KUNIT_EXPECT_EQ(test, kref_read(&f->base.refcount), 1);

	/* The registration's reference is the last one here. */
	KUNIT_EXPECT_EQ(test, dfence_cb_add_consume(&cb, dma_fence_get(&f->base)), 0);
	dfence_signal(f, 0);
	KUNIT_EXPECT_TRUE(test, completion_done(&done));
	KUNIT_EXPECT_EQ(test, kref_read(&cb.fence->refcount), 1);
	KUNIT_EXPECT_FALSE(test, dfence_cb_remove(&cb));
}

struct fired_cb {
	struct dfence_cb cb;
	bool fired_inside;
};

static void look_at_fired(struct dfence_cb *cb, struct dma_fence *fence)
{
	container_of(cb, struct fired_cb, cb)->fired_inside = cb->fired;
}

/*
 * With an external lock, removal doesn't wait for a callback that is marked as fired:
 * it mustn't be before its function has returned.
 */
static void fired_when_returned(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct dfence *f = dfence_test_armed(test, t->ctx, NULL);
	struct fired_cb fired = {};

	dfence_cb_init_func(&fired.cb, look_at_fired);
	KUNIT_EXPECT_EQ(test, dfence_cb_add(&fired.cb, &f->base), 0);
	dfence_signal(f, 0);
	KUNIT_EXPECT_FALSE(test, fired.fired_inside);
	KUNIT_EXPECT_TRUE(test, fired.cb.fired);
	KUNIT_EXPECT_FALSE(test, dfence_cb_remove(&fired.cb));
}

struct heap_cb {
	struct dfence_cb cb;
	int *calls;
};

static void free_self(struct dfence_cb *cb, struct dma_fence *fence)
{
	struct heap_cb *heap = container_of(cb, struct heap_cb, cb);

	(*heap->calls)++;
	dma_fence_put(dfence_cb_detach(cb));
	kfree(heap);
}

/* A raw function can free its registration on the spot. */
static void detach_frees(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct dfence *f = dfence_get(dfence_test_armed(test, t->ctx, NULL));
	struct heap_cb *heap = kmalloc(sizeof(*heap), GFP_KERNEL);
	int calls = 0;

	KUNIT_ASSERT_NOT_NULL(test, heap);
	heap->calls = &calls;
	dfence_cb_init_func(&heap->cb, free_self);
	KUNIT_EXPECT_EQ(test, dfence_cb_add(&heap->cb, &f->base), 0);
	dfence_signal(f, 0);
	KUNIT_EXPECT_EQ(test, calls, 1);
	KUNIT_EXPECT_EQ(test, kref_read(&f->base.refcount), 1);
	dfence_put(f);
}

static void detach_outside_is_reported(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct dfence *f = dfence_test_armed(test, t->ctx, NULL);
	struct completion done;
	struct dfence_cb cb;

	init_completion(&done);
	dfence_cb_init_completion(&cb, &done);
	KUNIT_EXPECT_EQ(test, dfence_cb_add(&cb, &f->base), 0);
	DFENCE_EXPECT_REPORT(test, "detached outside of its function",
			     KUNIT_EXPECT_NULL(test, dfence_cb_detach(&cb)));
	KUNIT_EXPECT_TRUE(test, dfence_cb_remove(&cb));
	dfence_signal(f, 0);
}

static const char *old_name(struct dma_fence *fence)
{
	return "old";
}

static const struct dma_fence_ops old_ops = {
	.get_driver_name = old_name,
	.get_timeline_name = old_name,
};

/* A fence of an older driver, whose lock is freed after it was signalled. */
static void remove_with_external_lock(struct kunit *test)
{
	struct dma_fence *fence = kzalloc(sizeof(*fence), GFP_KERNEL);
	spinlock_t *lock = kmalloc(sizeof(*lock), GFP_KERNEL);
	struct completion done;
	struct dfence_cb cb;

	if (!fence || !lock) {
		kfree(fence);
		kfree(lock);
		KUNIT_FAIL_AND_ABORT(test, "no memory");
	}
	spin_lock_init(lock);
	dma_fence_init(fence, &old_ops, lock, dma_fence_context_alloc(1), 1);
	init_completion(&done);
	dfence_cb_init_completion(&cb, &done);
	KUNIT_EXPECT_EQ(test, dfence_cb_add(&cb, fence), 0);
	KUNIT_EXPECT_TRUE(test, dfence_cb_remove(&cb));
	KUNIT_EXPECT_EQ(test, dfence_cb_add(&cb, fence), 0);
	dma_fence_signal(fence);
	synchronize_rcu();
	kfree(lock);
	KUNIT_EXPECT_TRUE(test, completion_done(&done));
	KUNIT_EXPECT_FALSE(test, dfence_cb_remove(&cb));
	dma_fence_put(fence);
}

/* One of each kind on one fence, which an interrupt signals. */
static void fires_in_hardirq(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct dfence *f = dfence_get(dfence_test_armed(test, t->ctx, NULL));
	DECLARE_WAIT_QUEUE_HEAD_ONSTACK(wq);
	struct kthread_worker *worker = kthread_run_worker(0, "dfence-test");
	struct dfence_cb cb[7];
	struct targets targets;
	struct func_cb func = { .targets = &targets };
	unsigned long left;
	int i;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, worker);
	init_targets(&targets);
	dfence_cb_init_func(&func.cb, func_reached);
	dfence_cb_init_completion(&cb[1], &targets.other);
	dfence_cb_init_task(&cb[2], current);
	dfence_cb_init_waitqueue(&cb[3], &wq);
	dfence_cb_init_work(&cb[4], system_percpu_wq, &targets.work);
	dfence_cb_init_kthread_work(&cb[5], worker, &targets.kthread_work);
	dfence_cb_init_irq_work(&cb[6], &targets.irq_work);
	KUNIT_EXPECT_EQ(test, dfence_cb_add(&func.cb, &f->base), 0);
	for (i = 1; i < ARRAY_SIZE(cb); i++)
		KUNIT_EXPECT_EQ(test, dfence_cb_add(&cb[i], &f->base), 0);

	dfence_test_hardirq(test, signal_it, f);
	/* The function, and the three that are queued. */
	for (i = 0; i < 4; i++) {
		left = wait_for_completion_timeout(&targets.reached, WAIT_JIFFIES);
		KUNIT_EXPECT_NE(test, left, 0);
	}
	KUNIT_EXPECT_TRUE(test, completion_done(&targets.other));
	KUNIT_EXPECT_EQ(test, targets.calls, 1);

	KUNIT_EXPECT_FALSE(test, dfence_cb_remove(&func.cb));
	for (i = 1; i < ARRAY_SIZE(cb); i++)
		KUNIT_EXPECT_FALSE(test, dfence_cb_remove(&cb[i]));
	KUNIT_EXPECT_EQ(test, kref_read(&f->base.refcount), 1);
	dfence_put(f);
	irq_work_sync(&targets.irq_work);
	flush_work(&targets.work);
	kthread_destroy_worker(worker);
	destroy_work_on_stack(&targets.work);
}

/* What has fired and was removed can be added to the next fence. */
static void used_again(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct targets targets;
	struct func_cb func = { .targets = &targets };
	struct dfence *f;
	int i;

	init_targets(&targets);
	dfence_cb_init_func(&func.cb, func_reached);
	for (i = 1; i <= 3; i++) {
		f = dfence_test_armed(test, t->ctx, NULL);
		KUNIT_EXPECT_EQ(test, dfence_cb_add(&func.cb, &f->base), 0);
		dfence_signal(f, 0);
		KUNIT_EXPECT_EQ(test, targets.calls, i);
		KUNIT_EXPECT_FALSE(test, dfence_cb_remove(&func.cb));
	}
	destroy_work_on_stack(&targets.work);
}

static void note_error(struct dfence_cb *cb, struct dma_fence *fence)
{
	container_of(cb, struct func_cb, cb)->targets->calls = fence->error;
}

static void function_sees_error(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct dfence *f = dfence_test_armed(test, t->ctx, NULL);
	struct targets targets;
	struct func_cb func = { .targets = &targets };

	init_targets(&targets);
	dfence_cb_init_func(&func.cb, note_error);
	KUNIT_EXPECT_EQ(test, dfence_cb_add(&func.cb, &f->base), 0);
	dfence_signal(f, -ETIME);
	KUNIT_EXPECT_EQ(test, targets.calls, -ETIME);
	KUNIT_EXPECT_FALSE(test, dfence_cb_remove(&func.cb));
	destroy_work_on_stack(&targets.work);
}

/* Any dma_fence will do: here an array, which is done when both of its fences are. */
static void container_fence(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct dfence *first = dfence_test_armed(test, t->ctx, NULL);
	struct dfence *second = dfence_test_armed(test, t->ctx, NULL);
	struct dma_fence **fences = kmalloc_array(2, sizeof(*fences), GFP_KERNEL);
	struct completion done;
	struct dma_fence *both;
	struct dfence_cb cb;

	KUNIT_ASSERT_NOT_NULL(test, fences);
	fences[0] = dma_fence_get(&first->base);
	fences[1] = dma_fence_get(&second->base);
	both = &dma_fence_array_create(2, fences, dma_fence_context_alloc(1), 1)->base;
	KUNIT_ASSERT_NOT_NULL(test, both);
	init_completion(&done);
	dfence_cb_init_completion(&cb, &done);
	KUNIT_EXPECT_EQ(test, dfence_cb_add(&cb, both), 0);
	dfence_signal(second, 0);
	KUNIT_EXPECT_FALSE(test, completion_done(&done));
	dfence_signal(first, -EIO);
	KUNIT_EXPECT_NE(test, wait_for_completion_timeout(&done, WAIT_JIFFIES), 0);
	KUNIT_EXPECT_FALSE(test, dfence_cb_remove(&cb));
	KUNIT_EXPECT_EQ(test, dma_fence_get_status(both), -EIO);
	dma_fence_put(both);
}

static struct kunit_case cb_cases[] = {
	KUNIT_CASE(kind_func),
	KUNIT_CASE(kind_completion),
	KUNIT_CASE(kind_task),
	KUNIT_CASE(kind_waitqueue),
	KUNIT_CASE(kind_work),
	KUNIT_CASE(kind_kthread_work),
	KUNIT_CASE(kind_irq_work),
	KUNIT_CASE(fires_in_hardirq),
	KUNIT_CASE(used_again),
	KUNIT_CASE(function_sees_error),
	KUNIT_CASE(container_fence),
	KUNIT_CASE(add_to_signalled),
	KUNIT_CASE(add_to_nothing),
	KUNIT_CASE(add_twice_is_reported),
	KUNIT_CASE(remove_before),
	KUNIT_CASE(consume),
	KUNIT_CASE(fired_when_returned),
	KUNIT_CASE(detach_frees),
	KUNIT_CASE(detach_outside_is_reported),
	KUNIT_CASE(remove_with_external_lock),
	{}
};

static struct kunit_suite cb_suite = {
	.name = "dfence_cb",
	.init = dfence_test_init,
	.exit = dfence_test_exit,
	.test_cases = cb_cases,
};

kunit_test_suite(cb_suite);
