// SPDX-License-Identifier: GPL-2.0
/*
 * bound_gate: whether a device is still bound, decided once per entry point.
 */

/**
 * DOC: Overview
 *
 * A driver's code runs in two kinds of places. Some the driver core or the driver
 * itself waits for before the device is unbound: probe, remove, interrupt handlers,
 * works that remove cancels. Others it can't wait for: ioctls on files that stay open,
 * page faults, works that belong to somebody else. There the registers can be gone at
 * any moment.
 *
 * A &struct bound_gate makes both safe. There is one per binding of a driver to a
 * device. Code of the second kind passes it with bound_enter(), once per entry point;
 * that fails with -ENODEV when the device has gone, otherwise unbind waits until
 * bound_exit(). Code of the first kind calls bound_assume(), which costs a pointer
 * comparison. Both give a &struct bound_token, and what the token reaches, like the
 * registers in a &struct bound_bar, is accessed without any further check for the
 * device's presence and can't fail for its absence.
 *
 * An auxiliary driver's gate has its parent device's gate as parent. The parent is
 * bound for as long as the child is, so the child's tokens reach the parent's BARs too.
 * It doesn't work the other way round.
 */

/**
 * DOC: Lifetime
 *
 * ::
 *
 *	bound_gate_create()      open ──── bound_enter(), bound_assume()
 *	                          │
 *	bound_gate_close(),      closing ─ flag set, sleepers woken; bound_enter(): -ENODEV
 *	or unbind                 │         readers leave, children's too
 *	                         closed ── bound_assume() still reaches the registers
 *	                          │
 *	unbind (devres)          revoked ─ registers unmapped, regions released
 *	                          │
 *	last bound_gate_put()     ×        memory freed
 *
 * The gate owns what was mapped through it and unmaps it itself, after the last
 * reader has left. So the order in which a driver makes gate, BARs and other managed
 * resources doesn't matter to the mappings. Nor does it to what probe leaves to devres
 * otherwise: when probe has ended, well or not, the gate puts its closing on top of the
 * device's devres. So the gate is closed and drained before any of that is released.
 *
 * What remove releases itself is released before. A driver that frees things in remove that
 * readers use, or stops its hardware there, calls bound_gate_close() first thing in remove.
 * What is added to devres when the device is bound already, and devices without a bus, where
 * nobody says when probe has ended, have the order of devres: a gate closes before what was
 * made earlier is released, and after what was made later.
 *
 * Open files hold a reference, with bound_gate_get(); for them a revoked gate says -ENODEV,
 * for ever. A driver that is bound again gets a new gate.
 */

/**
 * DOC: Locking
 *
 * Readers take no lock: they are a section of the gate's own fast SRCU. Closing waits for a
 * grace period of that SRCU alone, not for readers of other gates.
 *
 * bound_gate.maps_lock (mutex) is held while registers are mapped and unmapped.
 * bound_gate.lock (spinlock, IRQs off) protects the lists of children, windows and
 * sleepers; under it only wait queue heads are locked, when sleepers are woken. Neither nests
 * in the other, nor in another gate's. Promises have a raw spinlock of their own, a leaf: they are
 * looked at in interrupts that not even PREEMPT_RT makes threads of.
 *
 * Closing waits for readers. Who closes, which is unbind with the device's lock held, must not
 * hold anything that a section takes; lockdep knows the section as a lock and reports it. It
 * also believes that gates are closed under mmap_lock. Nobody does that, but so a section that
 * takes it, be it by copying from or to user memory, is reported: a process could hold up unbind
 * by not serving the fault.
 */

/**
 * DOC: Errors
 *
 * -ENODEV: the gate is closed; the device is going or has gone. -EINVAL: wrong parameters.
 * -ENOMEM. Each function says what else there is.
 */

#include <bound/bound_gate.h>
#include <bound/bound_sleeper.h>
#include <kunit/visibility.h>
#include <linux/bug.h>
#include <linux/device.h>
#include <linux/export.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/printk.h>
#include <linux/seq_buf.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "bound_internal.h"

#define BOUND_REPORT_BYTES 800
#define BOUND_REPORT_MAX_MS 60000

static bool bound_gate_is_below(const struct device *dev, const struct device *ancestor)
{
	for (dev = dev->parent; dev; dev = dev->parent)
		if (dev == ancestor)
			return true;
	return false;
}

/*
 * A work item, so that closing can look at the time while it waits. Not call_srcu(), whose
 * grace period isn't expedited from the start: with nobody inside that takes two ticks, in
 * which other gates' sections come and go.
 */
static void bound_gate_drain_work(struct work_struct *work)
{
	struct bound_gate *gate = container_of(work, struct bound_gate, drain_work);

	synchronize_srcu_expedited(&gate->srcu);
	complete_all(&gate->drained);
}

static void bound_gate_free_work(struct work_struct *work)
{
	struct bound_gate *gate = container_of(work, struct bound_gate, free_work);

	WARN_ON_ONCE(!gate->revoked);
	/* It has completed @drained, but may not have returned. */
	flush_work(&gate->drain_work);
	cleanup_srcu_struct(&gate->srcu);
	bound_map_free_all(gate);
	mutex_destroy(&gate->maps_lock);
	put_device(gate->dev);
	bound_gate_put(gate->parent);
	kfree(gate->readers);
	kfree(gate);
	bound_live_dec();
}

static void bound_gate_release(struct kref *ref)
{
	struct bound_gate *gate = container_of(ref, struct bound_gate, ref);

	bound_queue_free(&gate->free_work);
}

/* Joins @gate to its parent's children, unless that is too late. */
static int bound_gate_adopt(struct bound_gate *gate)
{
	struct bound_gate *parent = gate->parent;

	if (!parent)
		return 0;
	guard(spinlock_irqsave)(&parent->lock);
	if (parent->closed)
		return -ENODEV;
	list_add_tail(&gate->sibling, &parent->children);
	return 0;
}

/* Lets go of children that outlive @gate's binding, which is a bug somewhere else. */
static void bound_gate_disown(struct bound_gate *gate)
{
	struct bound_gate *child, *next;

	guard(spinlock_irqsave)(&gate->lock);
	WARN_ONCE(!list_empty(&gate->children), "bound: %s is unbound before a device below it\n",
		  dev_name(gate->dev));
	list_for_each_entry_safe(child, next, &gate->children, sibling)
		list_del_init(&child->sibling);
}

static void bound_gate_orphan(struct bound_gate *gate)
{
	if (!gate->parent)
		return;
	guard(spinlock_irqsave)(&gate->parent->lock);
	list_del_init(&gate->sibling);
}

/**
 * bound_gate_alloc() - a gate that isn't tied to devres
 * @dev: the device; the gate takes a reference
 * @parent: parent gate or NULL; the gate takes a reference
 *
 * The caller has to call bound_gate_revoke() before the last bound_gate_put().
 *
 * Context: Process context. Sleeps.
 * Return: a new reference; ERR_PTR(-ENOMEM), ERR_PTR(-ENODEV) when @parent is closed.
 */
struct bound_gate *bound_gate_alloc(struct device *dev, struct bound_gate *parent)
{
	struct bound_gate *gate = kzalloc_obj(*gate);
	int ret;

	if (!gate)
		return ERR_PTR(-ENOMEM);
	ret = init_srcu_struct_fast(&gate->srcu);
	if (ret)
		goto free_gate;
	gate->readers = bound_readers_alloc();
	gate->dev = dev;
	gate->parent = parent;
	spin_lock_init(&gate->lock);
	INIT_LIST_HEAD(&gate->children);
	INIT_LIST_HEAD(&gate->sibling);
	INIT_LIST_HEAD(&gate->sleepers);
	raw_spin_lock_init(&gate->promises_lock);
	INIT_LIST_HEAD(&gate->promises);
	INIT_LIST_HEAD(&gate->auxes);
	INIT_LIST_HEAD(&gate->windows);
	INIT_LIST_HEAD(&gate->maps);
	mutex_init(&gate->maps_lock);
	bound_lockdep_init(gate);
	init_completion(&gate->drained);
	INIT_WORK(&gate->drain_work, bound_gate_drain_work);
	kref_init(&gate->ref);
	INIT_WORK(&gate->free_work, bound_gate_free_work);

	ret = bound_gate_adopt(gate);
	if (ret)
		goto cleanup_srcu;
	get_device(dev);
	if (parent)
		bound_gate_get(parent);
	bound_live_inc();
	return gate;

cleanup_srcu:
	cleanup_srcu_struct(&gate->srcu);
	mutex_destroy(&gate->maps_lock);
	kfree(gate->readers);
free_gate:
	kfree(gate);
	return ERR_PTR(ret);
}
EXPORT_SYMBOL_IF_KUNIT(bound_gate_alloc);

static void bound_gate_unbind(void *data)
{
	struct bound_gate *gate = data;

	bound_order_cancel(gate);
	bound_gate_revoke(gate);
	bound_gate_put(gate);
}

/**
 * bound_gate_create() - the gate of a device that is being bound
 * @dev: the device that is probed
 * @parent: gate of a device above @dev that stays bound for as long as @dev is, as an
 *	auxiliary device's parent does; or NULL
 *
 * The gate closes, and what was mapped through it goes, when @dev is unbound or its
 * probe fails. Make it early in probe, see DOC: Lifetime.
 *
 * Context: Process context, in @dev's probe. Sleeps.
 * Return: the gate, borrowed from @dev's devres: good until @dev is unbound; whoever
 * needs it longer calls bound_gate_get(). ERR_PTR(-EINVAL) when @dev is NULL or not
 * below @parent's device, ERR_PTR(-ENODEV) when @parent is closed, ERR_PTR(-ENOMEM).
 */
struct bound_gate *bound_gate_create(struct device *dev, struct bound_gate *parent)
{
	struct bound_gate *gate;
	int ret;

	if (!dev || (parent && !bound_gate_is_below(dev, parent->dev)))
		return ERR_PTR(-EINVAL);
	gate = bound_gate_alloc(dev, parent);
	if (IS_ERR(gate))
		return gate;
	ret = bound_order_add(gate);
	if (ret) {
		bound_gate_unbind(gate);
		return ERR_PTR(ret);
	}
	ret = devm_add_action_or_reset(dev, bound_gate_unbind, gate);
	return ret ? ERR_PTR(ret) : gate;
}
EXPORT_SYMBOL_NS_GPL(bound_gate_create, "BOUND");

static bool bound_gate_is_shut(struct bound_gate *gate)
{
	return bound_gate_closed(gate);
}

/* Refuses new readers and starts waiting for those inside; only the first call does. */
static void bound_gate_shut(struct bound_gate *gate)
{
	struct bound_sleeper *sleeper;

	scoped_guard(spinlock_irqsave, &gate->lock) {
		if (gate->closed)
			return;
		/* The grace period below orders this against bound_enter(). */
		WRITE_ONCE(gate->closed, true);
		list_for_each_entry(sleeper, &gate->sleepers, node)
			sleeper->wake(sleeper);
	}
	queue_work(system_dfl_wq, &gate->drain_work);
}

static void bound_gate_report(struct bound_gate *gate, unsigned long since)
{
	char *text = kmalloc(BOUND_REPORT_BYTES, GFP_KERNEL);
	struct seq_buf out;

	atomic_inc(&gate->reports);
	if (!text)
		return;
	seq_buf_init(&out, text, BOUND_REPORT_BYTES);
	bound_reader_describe(gate, &out);
	dev_err(gate->dev, "bound: closing has waited %u ms for: %s\n",
		jiffies_to_msecs(jiffies - since), seq_buf_str(&out));
	kfree(text);
	bound_reader_show_stacks(gate);
}

/* Waits for the readers of a gate that was shut, and says so when it takes long. */
static void bound_gate_drain(struct bound_gate *gate)
{
	unsigned int period_ms = clamp(READ_ONCE(bound_report_ms), 1, BOUND_REPORT_MAX_MS);
	unsigned long since = jiffies;

	/* A section that is held here waits for itself: lockdep says so. */
	bound_lockdep_sync(gate);
	while (!wait_for_completion_timeout(&gate->drained, msecs_to_jiffies(period_ms))) {
		bound_gate_report(gate, since);
		period_ms = min(period_ms * 2, BOUND_REPORT_MAX_MS);
	}
}

static bool bound_gate_is_quiet(struct bound_gate *gate)
{
	/* Pairs with the release in bound_gate_close(). */
	return smp_load_acquire(&gate->quiet);
}

/* The first child that isn't done yet, with a reference. */
static struct bound_gate *bound_gate_child_to_do(struct bound_gate *gate,
						 bool (*done)(struct bound_gate *gate))
{
	struct bound_gate *child;

	guard(spinlock_irqsave)(&gate->lock);
	list_for_each_entry(child, &gate->children, sibling)
		if (!done(child))
			return bound_gate_get(child);
	return NULL;
}

/* Goes as deep as devices with gates do. */
static void bound_gate_shut_all(struct bound_gate *gate)
{
	struct bound_gate *child;

	bound_gate_shut(gate);
	/* No new child from here on, so this ends. */
	while ((child = bound_gate_child_to_do(gate, bound_gate_is_shut))) {
		bound_gate_shut_all(child);
		bound_gate_put(child);
	}
}

/**
 * bound_gate_close() - let nobody in any more and wait until everybody has left
 * @gate: the gate
 *
 * From here on bound_enter() says -ENODEV, for @gate and the gates below it.
 * Registered sleepers are woken, then the readers are waited for; when that takes
 * long the log names them, see DOC: Stuck readers. Mappings stay until the device is
 * unbound, for bound_assume().
 *
 * Unbinding does this by itself. A driver calls it first thing in remove if remove stops
 * hardware, or frees things, that readers use. Calling it again just waits.
 *
 * Context: Process context, outside of any section of @gate. Sleeps.
 */
void bound_gate_close(struct bound_gate *gate)
{
	struct bound_gate *child;

	might_sleep();
	/* All at once, as a reader of one gate may be waiting for one of another. */
	bound_gate_shut_all(gate);
	while ((child = bound_gate_child_to_do(gate, bound_gate_is_quiet))) {
		bound_gate_close(child);
		bound_gate_put(child);
	}
	bound_gate_drain(gate);
	/* Pairs with the acquire in bound_gate_is_quiet(): what readers did is seen. */
	smp_store_release(&gate->quiet, true);
}
EXPORT_SYMBOL_NS_GPL(bound_gate_close, "BOUND");

/**
 * bound_gate_revoke() - close a gate and take away what was mapped through it
 * @gate: the gate
 *
 * Context: Process context, at unbind. Sleeps.
 */
void bound_gate_revoke(struct bound_gate *gate)
{
	bound_gate_close(gate);
	bound_aux_unbind_all(gate);
	bound_promise_report_broken(gate);
	bound_gate_disown(gate);
	bound_window_revoke_all(gate);
	bound_map_revoke_all(gate);
	bound_gate_orphan(gate);
}
EXPORT_SYMBOL_IF_KUNIT(bound_gate_revoke);

/**
 * bound_gate_get() - take a reference
 * @gate: a gate that the caller can rely on: it has a reference, or @gate's device
 *	can't be unbound right now
 *
 * Context: Any.
 * Return: @gate, a new reference.
 */
struct bound_gate *bound_gate_get(struct bound_gate *gate)
{
	kref_get(&gate->ref);
	return gate;
}
EXPORT_SYMBOL_NS_GPL(bound_gate_get, "BOUND");

/**
 * bound_gate_put() - drop a reference
 * @gate: the gate, or NULL
 *
 * Context: Any.
 */
void bound_gate_put(struct bound_gate *gate)
{
	if (gate)
		kref_put(&gate->ref, bound_gate_release);
}
EXPORT_SYMBOL_NS_GPL(bound_gate_put, "BOUND");

/**
 * bound_gate_dev() - the device of a gate
 * @gate: the gate
 *
 * Context: Any.
 * Return: the device, borrowed: it exists for as long as @gate, bound or not.
 */
struct device *bound_gate_dev(const struct bound_gate *gate)
{
	return gate->dev;
}
EXPORT_SYMBOL_NS_GPL(bound_gate_dev, "BOUND");

/**
 * bound_gate_covers() - whether being bound here means being bound there
 * @gate: gate of a token
 * @of: gate of a resource
 *
 * Context: Any.
 * Return: true when @of is @gate or above it.
 */
bool bound_gate_covers(const struct bound_gate *gate, const struct bound_gate *of)
{
	for (; gate; gate = gate->parent)
		if (gate == of)
			return true;
	return false;
}
