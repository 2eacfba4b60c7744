// SPDX-License-Identifier: GPL-2.0
/*
 * bound_order: closes a gate before devres releases what its device's probe has made.
 *
 * devres goes backwards, so what was made after the gate would be released with readers
 * inside. Whoever is the last to add something is the first to be released: that is what the
 * notifier of a bus is good for, which says when a probe has ended. It only moves what was
 * allocated together with the gate; the waiting is done when devres gets there.
 *
 * The first gate on a bus makes the notifier known to it, under the lock of its chain. So it can't
 * be made by a driver that is probed from inside of another notifier of the same bus.
 */

#include <bound/bound_gate.h>
#include <linux/cleanup.h>
#include <linux/device.h>
#include <linux/device/bus.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "bound_internal.h"

/**
 * struct bound_order - closes a gate; the data of a devres node
 */
struct bound_order {
	/** @node: in bound_order_pending until probe has ended, then in no list */
	struct list_head node;
	/** @gate: a reference */
	struct bound_gate *gate;
};

/**
 * struct bound_order_bus - a bus type that has had a device with a gate
 *
 * Compared by address only: the bus may have gone. One that comes back to the same address
 * isn't listened to again, its devices are like those without a bus.
 */
struct bound_order_bus {
	/** @node: in bound_order_buses, never removed */
	struct list_head node;
	/** @bus: the bus type */
	const struct bus_type *bus;
	/** @nb: registered with @bus */
	struct notifier_block nb;
};

/* Leaf; taken with IRQs on only. */
static DEFINE_SPINLOCK(bound_order_lock);
/* bound_order_lock */
static LIST_HEAD(bound_order_pending);

/* Outside of the lock of the notifier chains, which don't take it. */
static DEFINE_MUTEX(bound_order_bus_mutex);
/* bound_order_bus_mutex */
static LIST_HEAD(bound_order_buses);

static void bound_order_release(struct device *dev, void *data)
{
	struct bound_order *order = data;

	bound_aux_unbind_all(order->gate);
	bound_gate_close(order->gate);
	bound_aux_unbind_all(order->gate);
	bound_gate_put(order->gate);
}

/* Takes an order that waits for @dev's probe to end, of @gate or, if that is NULL, the oldest. */
static struct bound_order *bound_order_take(const struct device *dev,
					    const struct bound_gate *gate)
{
	struct bound_order *order;

	guard(spinlock)(&bound_order_lock);
	list_for_each_entry(order, &bound_order_pending, node) {
		if (order->gate->dev != dev || (gate && order->gate != gate))
			continue;
		list_del(&order->node);
		return order;
	}
	return NULL;
}

static int bound_order_notify(struct notifier_block *nb, unsigned long action, void *data)
{
	struct device *dev = data;
	struct bound_order *order;

	if (action != BUS_NOTIFY_BOUND_DRIVER && action != BUS_NOTIFY_DRIVER_NOT_BOUND)
		return NOTIFY_DONE;
	while ((order = bound_order_take(dev, NULL)))
		devres_add(dev, order);
	return NOTIFY_OK;
}

/* Has us told of @bus's probes. */
static int bound_order_listen(const struct bus_type *bus)
{
	struct bound_order_bus *listener;
	int ret;

	guard(mutex)(&bound_order_bus_mutex);
	list_for_each_entry(listener, &bound_order_buses, node)
		if (listener->bus == bus)
			return 0;
	listener = kzalloc_obj(*listener);
	if (!listener)
		return -ENOMEM;
	listener->bus = bus;
	listener->nb.notifier_call = bound_order_notify;
	ret = bus_register_notifier(bus, &listener->nb);
	if (ret) {
		kfree(listener);
		return ret;
	}
	list_add(&listener->node, &bound_order_buses);
	return 0;
}

/**
 * bound_order_add() - have a gate closed before what its device's probe makes is released
 * @gate: a gate that isn't in devres yet
 *
 * Does nothing when nobody will say that probe has ended: for devices without a bus, and those
 * that are bound already.
 *
 * Context: Process context. Sleeps.
 * Return: 0, -ENOMEM, or what bus_register_notifier() says.
 */
int bound_order_add(struct bound_gate *gate)
{
	struct device *dev = gate->dev;
	struct bound_order *order;
	int ret;

	if (!dev->bus || device_is_bound(dev))
		return 0;
	ret = bound_order_listen(dev->bus);
	if (ret)
		return ret;
	order = devres_alloc(bound_order_release, sizeof(*order), GFP_KERNEL);
	if (!order)
		return -ENOMEM;
	order->gate = bound_gate_get(gate);
	guard(spinlock)(&bound_order_lock);
	list_add_tail(&order->node, &bound_order_pending);
	return 0;
}

/**
 * bound_order_cancel() - forget about a gate that goes before its device's probe has ended
 * @gate: the gate
 *
 * Context: Process context.
 */
void bound_order_cancel(struct bound_gate *gate)
{
	struct bound_order *order = bound_order_take(gate->dev, gate);

	if (!order)
		return;
	bound_gate_put(order->gate);
	devres_free(order);
}

/**
 * bound_order_exit() - stop listening
 *
 * Context: Process context, when there are no gates any more.
 */
void bound_order_exit(void)
{
	struct bound_order_bus *listener, *next;

	list_for_each_entry_safe(listener, next, &bound_order_buses, node) {
		bus_unregister_notifier(listener->bus, &listener->nb);
		kfree(listener);
	}
}
