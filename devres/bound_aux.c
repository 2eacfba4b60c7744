// SPDX-License-Identifier: GPL-2.0
/*
 * bound_aux: an auxiliary device that carries data of a declared type.
 */

/**
 * DOC: Auxiliary data
 *
 * A parent registers an auxiliary device for its child driver to bind to, and with it data:
 * what the child needs of the parent. In C that is a void pointer in practice, and nothing
 * says what it points to nor until when. Here the type has a name, &struct bound_aux_type,
 * and the data is reached in one of two ways:
 *
 * bound_aux_data() takes a token of the child's gate. The child is bound, so the registration
 * stays; the pointer is good until the token is left.
 *
 * bound_aux_with() calls a function with the pointer, which is good until it returns. It needs
 * only a reference to the device, and says -ENOENT once the parent is going.
 *
 * Unregistering deletes the device first, so the child is unbound, with all it needs still
 * there. Then it refuses and waits for the callbacks, clears the pointer, and releases the data.
 */

#include <bound/bound_aux.h>
#include <bound/bound_gate.h>
#include <linux/auxiliary_bus.h>
#include <linux/bug.h>
#include <linux/completion.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/list.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "bound_internal.h"

/**
 * struct bound_aux - a registered auxiliary device and its data
 *
 * All but @data and @release is set before the device is added and doesn't change.
 */
struct bound_aux {
	/** @adev: the device; its release function frees all of this */
	struct auxiliary_device adev;
	/** @parent_gate: of the parent device; a reference */
	struct bound_gate *parent_gate;
	/** @node: in @parent_gate's auxes, under its lock, from before the device is added */
	struct list_head node;
	/** @settled: done for good when registering has ended, well or not */
	struct completion settled;
	/** @data_gate: readers of @data in bound_aux_with(); below @parent_gate; a reference */
	struct bound_gate *data_gate;
	/** @type: identity of @data's type */
	const struct bound_aux_type *type;
	/** @data: NULL once unregistered; read in a section of @data_gate or with @adev bound */
	void *data;
	/** @release: of &struct bound_aux_args; set last, once @data is ours to release */
	void (*release)(void *data);
	/** @free_work: frees this, in process context */
	struct work_struct free_work;
};

static void bound_aux_free_work(struct work_struct *work)
{
	struct bound_aux *aux = container_of(work, struct bound_aux, free_work);

	bound_gate_put(aux->data_gate);
	bound_gate_put(aux->parent_gate);
	kfree(aux->adev.name);
	kfree(aux);
	bound_live_dec();
}

static void bound_aux_dev_release(struct device *dev)
{
	struct bound_aux *aux = container_of(dev, struct bound_aux, adev.dev);

	bound_queue_free(&aux->free_work);
}

static struct bound_aux *to_bound_aux(struct auxiliary_device *adev)
{
	if (adev->dev.release != bound_aux_dev_release)
		return NULL;
	return container_of(adev, struct bound_aux, adev);
}

/* Everything but the device; bound_aux_free_work() is its opposite. */
static struct bound_aux *bound_aux_alloc(struct bound_gate *gate,
					 const struct bound_aux_args *args)
{
	struct bound_aux *aux = kzalloc_obj(*aux);
	int ret = -ENOMEM;

	if (!aux)
		return ERR_PTR(-ENOMEM);
	aux->adev.name = kstrdup(args->name, GFP_KERNEL);
	if (!aux->adev.name)
		goto free_aux;
	aux->data_gate = bound_gate_alloc(gate->dev, gate);
	if (IS_ERR(aux->data_gate)) {
		ret = PTR_ERR(aux->data_gate);
		goto free_name;
	}
	aux->parent_gate = bound_gate_get(gate);
	aux->type = args->type;
	aux->data = args->data;
	aux->adev.id = args->id;
	aux->adev.dev.parent = gate->dev;
	aux->adev.dev.release = bound_aux_dev_release;
	INIT_LIST_HEAD(&aux->node);
	init_completion(&aux->settled);
	INIT_WORK(&aux->free_work, bound_aux_free_work);
	bound_live_inc();
	return aux;

free_name:
	kfree(aux->adev.name);
free_aux:
	kfree(aux);
	return ERR_PTR(ret);
}

static void bound_aux_release_data(struct bound_aux *aux)
{
	void *data = aux->data;

	WRITE_ONCE(aux->data, NULL);
	if (aux->release)
		aux->release(data);
}

/* All of the end but for the memory, of a registration that isn't in its gate's list any more. */
static void bound_aux_unbind(struct bound_aux *aux)
{
	auxiliary_device_delete(&aux->adev);
	bound_gate_revoke(aux->data_gate);
	bound_aux_release_data(aux);
}

/* Has unbinding wait for @aux; fails when it has come too far for that. */
static int bound_aux_enlist(struct bound_aux *aux)
{
	struct bound_gate *gate = aux->parent_gate;

	guard(spinlock_irqsave)(&gate->lock);
	if (gate->closed)
		return -ENODEV;
	list_add(&aux->node, &gate->auxes);
	return 0;
}

/* Whether @aux was in its gate's list; whoever took it out unbinds it. */
static bool bound_aux_take(struct bound_aux *aux)
{
	guard(spinlock_irqsave)(&aux->parent_gate->lock);
	if (list_empty(&aux->node))
		return false;
	list_del_init(&aux->node);
	return true;
}

/* Registering may be under way, in a task that unbinding doesn't know. */
static void bound_aux_end(struct bound_aux *aux)
{
	wait_for_completion(&aux->settled);
	if (bound_aux_take(aux))
		bound_aux_unbind(aux);
}

static void bound_aux_remove(void *arg)
{
	struct bound_aux *aux = arg;

	bound_aux_end(aux);
	auxiliary_device_uninit(&aux->adev);
}

/* With a reference to its device. */
static struct bound_aux *bound_aux_newest(struct bound_gate *gate)
{
	struct bound_aux *aux;

	guard(spinlock_irqsave)(&gate->lock);
	aux = list_first_entry_or_null(&gate->auxes, struct bound_aux, node);
	if (aux)
		get_device(&aux->adev.dev);
	return aux;
}

/**
 * bound_aux_unbind_all() - remove the auxiliary devices that are left, the newest first
 * @gate: the parent's gate, about to be closed at unbind, or just closed
 *
 * Their children need the parent's registers to stop, so they go first. The registrations
 * are freed by devres, later. Done again when the gate is closed, it also gets those that were
 * registered at the same time, by somebody whom remove hasn't stopped.
 *
 * Context: Process context, at unbind. Sleeps.
 */
void bound_aux_unbind_all(struct bound_gate *gate)
{
	struct bound_aux *aux;

	while ((aux = bound_aux_newest(gate))) {
		bound_aux_end(aux);
		/* Found: it was added when devres had begun already, which won't see it. */
		if (!devm_remove_action_nowarn(gate->dev, bound_aux_remove, aux))
			auxiliary_device_uninit(&aux->adev);
		put_device(&aux->adev.dev);
	}
}

/* Devres gets the first reference to the device on success. */
static int bound_aux_add(struct bound_aux *aux, const char *modname)
{
	struct device *parent = aux->parent_gate->dev;
	int ret;

	/*
	 * Before the device is there: its driver may open a devres group of the
	 * parent in its probe, and this mustn't get into it.
	 */
	ret = devm_add_action(parent, bound_aux_remove, aux);
	if (ret)
		return ret;
	ret = __auxiliary_device_add(&aux->adev, modname);
	/* Not found: unbinding has got it, is waiting for us, and drops the reference. */
	if (ret && devm_remove_action_nowarn(parent, bound_aux_remove, aux))
		get_device(&aux->adev.dev);
	return ret;
}

/**
 * __bound_aux_register() - register an auxiliary device with data of a declared type
 * @gate: gate of the parent, which is being bound or is bound
 * @args: what to register; needed during the call only
 * @modname: first part of the device's name; bound_aux_register() gives KBUILD_MODNAME
 *
 * A driver that matches may be probed before this returns. The device goes when the
 * parent is unbound, before @gate closes, or with bound_aux_unregister().
 *
 * Unbinding at the same time waits for this, then takes the device away. So outside of probe it
 * needs only a reference to @gate; but what it returns, the caller may look at only if he knows
 * that the parent is still bound.
 *
 * Context: Process context. Sleeps.
 * Return: the registration, borrowed: good until it is unregistered.
 * ERR_PTR(-EINVAL) when name, type, data or @modname is NULL, ERR_PTR(-ENODEV) when @gate is
 * closed, ERR_PTR(-ENOMEM), or what device_add() says, -EEXIST for one. After an error the
 * data is the caller's still.
 */
struct bound_aux *__bound_aux_register(struct bound_gate *gate, const struct bound_aux_args *args,
				       const char *modname)
{
	struct bound_aux *aux;
	int ret;

	if (!args->name || !args->type || !args->data || !modname)
		return ERR_PTR(-EINVAL);
	aux = bound_aux_alloc(gate, args);
	if (IS_ERR(aux))
		return aux;
	/* Can only fail without a parent or a name. */
	ret = auxiliary_device_init(&aux->adev);
	if (WARN_ON_ONCE(ret)) {
		bound_gate_revoke(aux->data_gate);
		bound_queue_free(&aux->free_work);
		return ERR_PTR(ret);
	}
	ret = bound_aux_enlist(aux);
	if (!ret)
		ret = bound_aux_add(aux, modname);
	if (ret) {
		bound_gate_revoke(aux->data_gate);
		bound_aux_take(aux);
		complete_all(&aux->settled);
		auxiliary_device_uninit(&aux->adev);
		return ERR_PTR(ret);
	}
	aux->release = args->release;
	complete_all(&aux->settled);
	return aux;
}
EXPORT_SYMBOL_NS_GPL(__bound_aux_register, "BOUND");

/**
 * bound_aux_unregister() - remove an auxiliary device before its parent is unbound
 * @aux: the registration; gone on return
 *
 * The child driver has been unbound and the data released on return.
 *
 * Context: Process context, with the parent bound; outside of any section of the parent's or
 * the child's gate and of bound_aux_with()'s function. Sleeps.
 */
void bound_aux_unregister(struct bound_aux *aux)
{
	devm_release_action(aux->parent_gate->dev, bound_aux_remove, aux);
}
EXPORT_SYMBOL_NS_GPL(bound_aux_unregister, "BOUND");

/**
 * bound_aux_device() - the auxiliary device of a registration
 * @aux: the registration
 *
 * Context: Any.
 * Return: the device, borrowed from @aux.
 */
struct auxiliary_device *bound_aux_device(struct bound_aux *aux)
{
	return &aux->adev;
}
EXPORT_SYMBOL_NS_GPL(bound_aux_device, "BOUND");

/**
 * bound_aux_parent_gate() - the gate that a device was registered through
 * @adev: the device; the caller has a reference or is its driver
 *
 * What a child gives to bound_gate_create() as parent.
 *
 * Context: Any.
 * Return: the gate, borrowed from @adev; ERR_PTR(-ENOENT) when @adev wasn't registered with
 * bound_aux_register().
 */
struct bound_gate *bound_aux_parent_gate(struct auxiliary_device *adev)
{
	struct bound_aux *aux = to_bound_aux(adev);

	return aux ? aux->parent_gate : ERR_PTR(-ENOENT);
}
EXPORT_SYMBOL_NS_GPL(bound_aux_parent_gate, "BOUND");

/**
 * bound_aux_data() - the registration data, with the child's token
 * @tok: a good token of the gate that @adev's driver has created
 * @adev: the device
 * @type: the type that the caller expects
 *
 * Context: Any, with a token.
 * Return: the data, borrowed: good until @tok is left. ERR_PTR(-ENOENT) when @adev wasn't
 * registered with bound_aux_register(); ERR_PTR(-EINVAL) when its data is of another type, or,
 * with a warning, when @tok isn't of @adev's gate.
 */
void *bound_aux_data(const struct bound_token *tok, struct auxiliary_device *adev,
		     const struct bound_aux_type *type)
{
	struct bound_aux *aux = to_bound_aux(adev);
	void *data;

	if (WARN_ONCE(!tok->gate || tok->gate->dev != &adev->dev,
		      "bound: %s: data asked for with a token that isn't its own\n",
		      dev_name(&adev->dev)))
		return ERR_PTR(-EINVAL);
	if (!aux)
		return ERR_PTR(-ENOENT);
	if (IS_ENABLED(CONFIG_PROVE_LOCKING))
		__bound_token_check(tok, tok->gate);
	if (aux->type != type)
		return ERR_PTR(-EINVAL);
	data = READ_ONCE(aux->data);
	return data ?: ERR_PTR(-ENOENT);
}
EXPORT_SYMBOL_NS_GPL(bound_aux_data, "BOUND");

/**
 * bound_aux_with() - call a function with the registration data
 * @adev: the device; the caller has a reference
 * @type: the type that the caller expects
 * @fn: gets the data, which is good until it returns, and @arg; may sleep where the caller may
 * @arg: for @fn
 *
 * Context: Any but NMI.
 * Return: what @fn returned; -ENOENT when @adev wasn't registered with bound_aux_register(), or
 * isn't any more, or its parent is going; -EINVAL when its data is of another type.
 */
int bound_aux_with(struct auxiliary_device *adev, const struct bound_aux_type *type,
		   int (*fn)(void *data, void *arg), void *arg)
{
	struct bound_aux *aux = to_bound_aux(adev);

	if (!aux)
		return -ENOENT;
	scoped_cond_guard(bound, return -ENOENT, aux->data_gate) {
		if (aux->type != type)
			return -EINVAL;
		return fn(aux->data, arg);
	}
}
EXPORT_SYMBOL_NS_GPL(bound_aux_with, "BOUND");
