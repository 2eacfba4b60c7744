// SPDX-License-Identifier: GPL-2.0
/*
 * bound_aux_test: a parent's data for its auxiliary children.
 */

#include <bound/bound_aux.h>
#include <bound/bound_gate.h>
#include <kunit/device.h>
#include <kunit/test.h>
#include <linux/auxiliary_bus.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/device/bus.h>
#include <linux/err.h>
#include <linux/notifier.h>
#include <linux/string.h>

#include "../bound_internal.h"
#include "test_gate.h"
#include "test_suites.h"
#include "test_thread.h"

struct alpha {
	int value;
	/* how often it was released */
	int released;
	/* order of events: what was next when this one came */
	int *clock;
	int released_at;
};

struct beta {
	const char *text;
};

static DEFINE_BOUND_AUX_TYPE(alpha_type, struct alpha);
static DEFINE_BOUND_AUX_TYPE(beta_type, struct beta);

struct aux_ctx {
	struct device *dev;
	/* a reference */
	struct bound_gate *gate;
	struct alpha alpha;
	struct beta beta;
	int clock;
	/* what the child driver saw */
	struct auxiliary_device *probed;
	struct bound_gate *child_gate;
	int probes;
	int removed_at;
	/* what the child gets from probe and in remove */
	void *probe_data;
	void *remove_data;
	/* what probe returns, after it has made its gate */
	int probe_error;
	/* a gate of the test's own for the child's device; what the release function gets */
	struct bound_gate *late_gate;
	void *release_data;
	int release_with;
	/* held when it has added the device, before that is probed */
	struct test_thread *adding;
	/* tells of added devices */
	struct notifier_block nb;
};

/* The child driver's callbacks have no other way to the running test. */
static struct aux_ctx *aux_ctx;

static int child_probe(struct auxiliary_device *adev, const struct auxiliary_device_id *id)
{
	struct bound_gate *parent = bound_aux_parent_gate(adev);
	struct bound_gate *gate;

	aux_ctx->probes++;
	if (IS_ERR(parent))
		parent = NULL;
	gate = bound_gate_create(&adev->dev, parent);
	if (IS_ERR(gate))
		return PTR_ERR(gate);
	scoped_cond_guard(bound_assumed, return -EIO, gate, &adev->dev)
		aux_ctx->probe_data = bound_aux_data(&scope, adev, &alpha_type);
	if (aux_ctx->probe_error)
		return aux_ctx->probe_error;
	bound_gate_put(aux_ctx->child_gate);
	aux_ctx->child_gate = bound_gate_get(gate);
	aux_ctx->probed = adev;
	auxiliary_set_drvdata(adev, gate);
	return 0;
}

static void child_remove(struct auxiliary_device *adev)
{
	struct bound_gate *gate = auxiliary_get_drvdata(adev);

	bound_gate_close(gate);
	scoped_cond_guard(bound_assumed, return, gate, &adev->dev)
		aux_ctx->remove_data = bound_aux_data(&scope, adev, &alpha_type);
	aux_ctx->removed_at = ++aux_ctx->clock;
}

static const struct auxiliary_device_id child_ids[] = {
	{ .name = KBUILD_MODNAME ".alpha" },
	{ .name = KBUILD_MODNAME ".bound-beta" },
	{ .name = KBUILD_MODNAME ".plain" },
	{ }
};

static struct auxiliary_driver child_driver = {
	.name = "child",
	.probe = child_probe,
	.remove = child_remove,
	.id_table = child_ids,
};

static void release_alpha(void *data)
{
	struct alpha *alpha = data;

	alpha->released++;
	alpha->released_at = ++*alpha->clock;
}

static void unregister_driver(void *unused)
{
	auxiliary_driver_unregister(&child_driver);
	bound_gate_put(aux_ctx->child_gate);
	bound_gate_put(aux_ctx->gate);
	aux_ctx = NULL;
}

static int aux_init(struct kunit *test)
{
	struct aux_ctx *ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);
	struct bound_gate *gate;

	KUNIT_ASSERT_NOT_NULL(test, ctx);
	ctx->alpha.value = 42;
	ctx->alpha.clock = &ctx->clock;
	ctx->beta.text = "beta";
	test->priv = ctx;
	KUNIT_ASSERT_EQ(test, auxiliary_driver_register(&child_driver), 0);
	aux_ctx = ctx;
	/* after the devices have gone, which are registered later */
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, unregister_driver, NULL), 0);
	ctx->dev = kunit_device_register(test, "parent");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, ctx->dev);
	gate = bound_gate_create(ctx->dev, NULL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, gate);
	ctx->gate = bound_gate_get(gate);
	return 0;
}

static struct bound_aux *register_alpha(struct kunit *test)
{
	struct aux_ctx *ctx = test->priv;
	struct bound_aux *aux;

	aux = bound_aux_register(ctx->gate, &(struct bound_aux_args){
		.name = "alpha",
		.id = 7,
		.type = &alpha_type,
		.data = &ctx->alpha,
		.release = release_alpha,
	});
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, aux);
	return aux;
}

static void put_adev(void *data)
{
	put_device(data);
}

/* The device of a registration, with a reference until the test ends. */
static struct auxiliary_device *hold_adev(struct kunit *test, struct bound_aux *aux)
{
	struct auxiliary_device *adev = bound_aux_device(aux);

	get_device(&adev->dev);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, put_adev, &adev->dev), 0);
	return adev;
}

static int get_value(void *data, void *arg)
{
	const struct alpha *alpha = data;

	*(int *)arg = alpha->value;
	return 5;
}

static void child_gets_the_data(struct kunit *test)
{
	struct aux_ctx *ctx = test->priv;
	struct bound_aux *aux = register_alpha(test);
	struct auxiliary_device *adev = bound_aux_device(aux);
	struct bound_token tok;
	int value = 0;

	/* probed before bound_aux_register() has returned, with the data there */
	KUNIT_ASSERT_PTR_EQ(test, ctx->probed, adev);
	KUNIT_EXPECT_PTR_EQ(test, ctx->probe_data, &ctx->alpha);
	KUNIT_EXPECT_STREQ(test, dev_name(&adev->dev), KBUILD_MODNAME ".alpha.7");
	KUNIT_EXPECT_PTR_EQ(test, bound_aux_parent_gate(adev), ctx->gate);

	KUNIT_ASSERT_EQ(test, bound_enter(ctx->child_gate, &tok), 0);
	KUNIT_EXPECT_PTR_EQ(test, bound_aux_data(&tok, adev, &alpha_type), &ctx->alpha);
	KUNIT_EXPECT_PTR_EQ(test, bound_aux_data(&tok, adev, &beta_type), ERR_PTR(-EINVAL));
	KUNIT_EXPECT_PTR_EQ(test, bound_aux_data(&tok, adev, NULL), ERR_PTR(-EINVAL));
	bound_exit(&tok);

	KUNIT_EXPECT_EQ(test, bound_aux_with(adev, &alpha_type, get_value, &value), 5);
	KUNIT_EXPECT_EQ(test, value, 42);
	value = 0;
	KUNIT_EXPECT_EQ(test, bound_aux_with(adev, &beta_type, get_value, &value), -EINVAL);
	KUNIT_EXPECT_EQ(test, value, 0);
}

static void register_checks_its_parameters(struct kunit *test)
{
	struct aux_ctx *ctx = test->priv;
	const struct bound_aux_args good = {
		.name = "alpha",
		.type = &alpha_type,
		.data = &ctx->alpha,
		.release = release_alpha,
	};
	struct bound_aux_args args = good;

	args.name = NULL;
	KUNIT_EXPECT_PTR_EQ(test, bound_aux_register(ctx->gate, &args), ERR_PTR(-EINVAL));
	args = good;
	args.type = NULL;
	KUNIT_EXPECT_PTR_EQ(test, bound_aux_register(ctx->gate, &args), ERR_PTR(-EINVAL));
	args = good;
	args.data = NULL;
	KUNIT_EXPECT_PTR_EQ(test, bound_aux_register(ctx->gate, &args), ERR_PTR(-EINVAL));
	KUNIT_EXPECT_PTR_EQ(test, __bound_aux_register(ctx->gate, &good, NULL), ERR_PTR(-EINVAL));

	bound_gate_close(ctx->gate);
	KUNIT_EXPECT_PTR_EQ(test, bound_aux_register(ctx->gate, &good), ERR_PTR(-ENODEV));
	KUNIT_EXPECT_EQ(test, ctx->probes, 0);
	/* still ours */
	KUNIT_EXPECT_EQ(test, ctx->alpha.released, 0);
}

static void data_needs_no_release(struct kunit *test)
{
	struct aux_ctx *ctx = test->priv;
	struct bound_aux *aux;

	aux = bound_aux_register(ctx->gate, &(struct bound_aux_args){
		.name = "beta",
		.type = &beta_type,
		.data = &ctx->beta,
	});
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, aux);
	/* no driver for it: nobody probes, the data is there all the same */
	KUNIT_EXPECT_EQ(test, ctx->probes, 0);
	bound_aux_unregister(aux);
}

static int get_text(void *data, void *arg)
{
	const struct beta *beta = data;

	*(const char **)arg = beta->text;
	return 0;
}

static int get_pointer(void *data, void *arg)
{
	*(void **)arg = data;
	return 0;
}

static void children_of_two_types(struct kunit *test)
{
	struct aux_ctx *ctx = test->priv;
	struct bound_aux *alpha = register_alpha(test), *beta;
	const char *text = NULL;
	int value = 0;

	beta = bound_aux_register(ctx->gate, &(struct bound_aux_args){
		.name = "beta",
		.type = &beta_type,
		.data = &ctx->beta,
	});
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, beta);
	KUNIT_EXPECT_EQ(test, bound_aux_with(bound_aux_device(alpha), &alpha_type, get_value,
					     &value), 5);
	KUNIT_EXPECT_EQ(test, bound_aux_with(bound_aux_device(beta), &beta_type, get_text,
					     &text), 0);
	KUNIT_EXPECT_EQ(test, value, 42);
	KUNIT_EXPECT_STREQ(test, text, "beta");
	KUNIT_EXPECT_EQ(test, bound_aux_with(bound_aux_device(beta), &alpha_type, get_value,
					     &value), -EINVAL);
	/* the one goes, the other stays */
	bound_aux_unregister(alpha);
	KUNIT_EXPECT_EQ(test, bound_aux_with(bound_aux_device(beta), &beta_type, get_text,
					     &text), 0);
}

/* What a child gets with a token of its own, and with a callback. */
static void expect_only(struct kunit *test, struct auxiliary_device *adev,
			struct bound_gate *gate, const struct bound_aux_type *type, void *data)
{
	const struct bound_aux_type *other = type == &alpha_type ? &beta_type : &alpha_type;
	struct bound_token tok;
	void *got = NULL;

	KUNIT_ASSERT_EQ(test, bound_enter(gate, &tok), 0);
	KUNIT_EXPECT_PTR_EQ(test, bound_aux_data(&tok, adev, type), data);
	KUNIT_EXPECT_PTR_EQ(test, bound_aux_data(&tok, adev, other), ERR_PTR(-EINVAL));
	bound_exit(&tok);
	KUNIT_EXPECT_EQ(test, bound_aux_with(adev, other, get_pointer, &got), -EINVAL);
	KUNIT_EXPECT_NULL(test, got);
	KUNIT_EXPECT_EQ(test, bound_aux_with(adev, type, get_pointer, &got), 0);
	KUNIT_EXPECT_PTR_EQ(test, got, data);
}

static void put_gate(void *data)
{
	bound_gate_put(data);
}

static void bound_children_of_two_types(struct kunit *test)
{
	struct aux_ctx *ctx = test->priv;
	struct auxiliary_device *alpha = bound_aux_device(register_alpha(test));
	struct bound_gate *gate = bound_gate_get(ctx->child_gate);
	struct bound_aux *aux;

	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, put_gate, gate), 0);
	aux = bound_aux_register(ctx->gate, &(struct bound_aux_args){
		.name = "bound-beta",
		.type = &beta_type,
		.data = &ctx->beta,
	});
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, aux);
	KUNIT_ASSERT_EQ(test, ctx->probes, 2);
	/* probe asked for the other's */
	KUNIT_EXPECT_PTR_EQ(test, ctx->probe_data, ERR_PTR(-EINVAL));
	KUNIT_ASSERT_PTR_NE(test, ctx->child_gate, gate);
	expect_only(test, alpha, gate, &alpha_type, &ctx->alpha);
	expect_only(test, bound_aux_device(aux), ctx->child_gate, &beta_type, &ctx->beta);
}

static void unregistering_takes_the_data(struct kunit *test)
{
	struct aux_ctx *ctx = test->priv;
	struct bound_aux *aux = register_alpha(test);
	struct auxiliary_device *adev = hold_adev(test, aux);
	struct bound_token tok;
	int value;

	bound_aux_unregister(aux);
	/* the child was unbound first, and had the data until then */
	KUNIT_EXPECT_PTR_EQ(test, ctx->remove_data, &ctx->alpha);
	KUNIT_EXPECT_EQ(test, ctx->alpha.released, 1);
	KUNIT_EXPECT_LT(test, ctx->removed_at, ctx->alpha.released_at);
	KUNIT_EXPECT_EQ(test, bound_enter(ctx->child_gate, &tok), -ENODEV);
	KUNIT_EXPECT_EQ(test, bound_aux_with(adev, &alpha_type, get_value, &value), -ENOENT);
	/* whoever still has the device finds the gate, closed or not */
	KUNIT_EXPECT_PTR_EQ(test, bound_aux_parent_gate(adev), ctx->gate);
	KUNIT_EXPECT_EQ(test, bound_enter(ctx->gate, &tok), 0);
	bound_exit(&tok);
}

static void release_and_look(void *data)
{
	struct aux_ctx *ctx = aux_ctx;
	struct bound_token tok;
	int value;

	release_alpha(data);
	ctx->release_with = bound_aux_with(ctx->probed, &alpha_type, get_value, &value);
	if (!bound_enter(ctx->late_gate, &tok))
		ctx->release_data = bound_aux_data(&tok, ctx->probed, &alpha_type);
	bound_exit(&tok);
}

static void drop_late_gate(void *data)
{
	bound_gate_revoke(data);
	bound_gate_put(data);
}

static void nobody_gets_what_is_released(struct kunit *test)
{
	struct aux_ctx *ctx = test->priv;
	struct bound_aux *aux;
	struct bound_gate *gate;

	aux = bound_aux_register(ctx->gate, &(struct bound_aux_args){
		.name = "alpha",
		.type = &alpha_type,
		.data = &ctx->alpha,
		.release = release_and_look,
	});
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, aux);
	KUNIT_ASSERT_PTR_EQ(test, hold_adev(test, aux), ctx->probed);
	/* the child's own gate is closed by then: one that isn't, as by a driver's mistake */
	gate = bound_gate_alloc(&ctx->probed->dev, NULL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, gate);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, drop_late_gate, gate), 0);
	ctx->late_gate = gate;
	bound_aux_unregister(aux);
	KUNIT_EXPECT_EQ(test, ctx->alpha.released, 1);
	/* the pointer has gone before the data does */
	KUNIT_EXPECT_EQ(test, ctx->release_with, -ENOENT);
	KUNIT_EXPECT_PTR_EQ(test, ctx->release_data, ERR_PTR(-ENOENT));
}

static void parents_unbind_takes_all(struct kunit *test)
{
	struct aux_ctx *ctx = test->priv;
	struct auxiliary_device *adev = hold_adev(test, register_alpha(test));
	struct bound_token tok;
	int value;

	device_release_driver(ctx->dev);
	KUNIT_EXPECT_PTR_EQ(test, ctx->remove_data, &ctx->alpha);
	KUNIT_EXPECT_EQ(test, ctx->alpha.released, 1);
	KUNIT_EXPECT_LT(test, ctx->removed_at, ctx->alpha.released_at);
	KUNIT_EXPECT_EQ(test, bound_aux_with(adev, &alpha_type, get_value, &value), -ENOENT);
	KUNIT_EXPECT_EQ(test, bound_enter(ctx->child_gate, &tok), -ENODEV);
	KUNIT_EXPECT_EQ(test, bound_enter(ctx->gate, &tok), -ENODEV);
}

static void closing_the_parent_closes_below(struct kunit *test)
{
	struct aux_ctx *ctx = test->priv;
	struct bound_aux *aux = register_alpha(test);
	struct bound_token tok;
	int value;

	bound_gate_close(ctx->gate);
	KUNIT_EXPECT_EQ(test, bound_enter(ctx->child_gate, &tok), -ENODEV);
	KUNIT_EXPECT_EQ(test, bound_aux_with(bound_aux_device(aux), &alpha_type, get_value,
					     &value), -ENOENT);
	/* still registered; the child's remove can get at the data */
	KUNIT_EXPECT_EQ(test, ctx->alpha.released, 0);
	bound_aux_unregister(aux);
	KUNIT_EXPECT_PTR_EQ(test, ctx->remove_data, &ctx->alpha);
}

static int child_reader_fn(struct test_thread *thread)
{
	struct aux_ctx *ctx = thread->arg;
	struct bound_token tok;
	struct alpha *alpha;
	int value;

	if (bound_enter(ctx->child_gate, &tok))
		return -ENODEV;
	alpha = bound_aux_data(&tok, ctx->probed, &alpha_type);
	test_thread_arrive(thread);
	value = IS_ERR(alpha) ? PTR_ERR(alpha) : alpha->value - alpha->released;
	bound_exit(&tok);
	return value;
}

static int unregister_fn(struct test_thread *thread)
{
	bound_aux_unregister(thread->arg);
	return 0;
}

static void unregistering_waits_for_tokens(struct kunit *test)
{
	struct aux_ctx *ctx = test->priv;
	struct bound_aux *aux = register_alpha(test);
	struct test_thread *reader = test_thread_start(test, "reader", child_reader_fn, ctx);
	struct test_thread *unregister;

	test_thread_wait_arrived(test, reader);
	unregister = test_thread_start(test, "unregister", unregister_fn, aux);
	KUNIT_EXPECT_TRUE(test, test_thread_is_blocked(unregister));
	KUNIT_EXPECT_EQ(test, ctx->alpha.released, 0);
	test_thread_let_go(reader);
	KUNIT_EXPECT_EQ(test, test_thread_join(test, reader), 42);
	test_thread_join(test, unregister);
	KUNIT_EXPECT_EQ(test, ctx->alpha.released, 1);
}

static int held_callback(void *data, void *arg)
{
	struct test_thread *thread = arg;
	const struct alpha *alpha = data;

	test_thread_arrive(thread);
	return alpha->value - alpha->released;
}

static int callback_fn(struct test_thread *thread)
{
	return bound_aux_with(thread->arg, &alpha_type, held_callback, thread);
}

static void unregistering_waits_for_callbacks(struct kunit *test)
{
	struct aux_ctx *ctx = test->priv;
	struct bound_aux *aux = register_alpha(test);
	struct auxiliary_device *adev = hold_adev(test, aux);
	struct test_thread *caller = test_thread_start(test, "caller", callback_fn, adev);
	struct test_thread *unregister;
	int tries, value, ret;

	test_thread_wait_arrived(test, caller);
	unregister = test_thread_start(test, "unregister", unregister_fn, aux);
	KUNIT_EXPECT_TRUE(test, test_thread_is_blocked(unregister));
	/* no new ones, while the old one goes on */
	for (tries = 0; tries < 1000; tries++) {
		ret = bound_aux_with(adev, &alpha_type, get_value, &value);
		if (ret == -ENOENT)
			break;
		msleep(20);
	}
	KUNIT_EXPECT_EQ(test, ret, -ENOENT);
	KUNIT_EXPECT_EQ(test, ctx->alpha.released, 0);
	test_thread_let_go(caller);
	KUNIT_EXPECT_EQ(test, test_thread_join(test, caller), 42);
	test_thread_join(test, unregister);
	KUNIT_EXPECT_EQ(test, ctx->alpha.released, 1);
}

static int hold_adding(struct notifier_block *nb, unsigned long action, void *dev)
{
	struct aux_ctx *ctx = container_of(nb, struct aux_ctx, nb);

	if (action == BUS_NOTIFY_ADD_DEVICE && ctx->adding && current == ctx->adding->task)
		test_thread_arrive(ctx->adding);
	return NOTIFY_DONE;
}

static void forget_adding(void *data)
{
	struct aux_ctx *ctx = data;

	bus_unregister_notifier(child_driver.driver.bus, &ctx->nb);
}

static int register_fn(struct test_thread *thread)
{
	struct aux_ctx *ctx = thread->arg;

	ctx->adding = thread;
	return PTR_ERR_OR_ZERO(bound_aux_register(ctx->gate, &(struct bound_aux_args){
		.name = "alpha",
		.id = 7,
		.type = &alpha_type,
		.data = &ctx->alpha,
		.release = release_alpha,
	}));
}

/* Registers, and is held where there is a device that nobody has probed yet. */
static struct test_thread *start_registering(struct kunit *test)
{
	struct aux_ctx *ctx = test->priv;
	struct test_thread *thread;

	ctx->nb.notifier_call = hold_adding;
	KUNIT_ASSERT_EQ(test, bus_register_notifier(child_driver.driver.bus, &ctx->nb), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, forget_adding, ctx), 0);
	thread = test_thread_start(test, "register", register_fn, ctx);
	test_thread_wait_arrived(test, thread);
	return thread;
}

static int unbind_fn(struct test_thread *thread)
{
	struct aux_ctx *ctx = thread->arg;

	device_release_driver(ctx->dev);
	return 0;
}

static void unbinding_waits_for_registering(struct kunit *test)
{
	struct aux_ctx *ctx = test->priv;
	struct test_thread *registers = start_registering(test);
	struct test_thread *unbinds;

	unbinds = test_thread_start(test, "unbind", unbind_fn, ctx);
	KUNIT_EXPECT_TRUE(test, test_thread_is_blocked(unbinds));
	test_thread_let_go(registers);
	KUNIT_EXPECT_EQ(test, test_thread_join(test, registers), 0);
	test_thread_join(test, unbinds);
	/* the child was there, and has gone before its data */
	KUNIT_EXPECT_PTR_EQ(test, ctx->remove_data, &ctx->alpha);
	KUNIT_EXPECT_LT(test, ctx->removed_at, ctx->alpha.released_at);
	KUNIT_EXPECT_EQ(test, ctx->alpha.released, 1);
}

static void hold_devres(void *thread)
{
	test_thread_arrive(thread);
}

static int unbind_held_fn(struct test_thread *thread)
{
	struct aux_ctx *ctx = thread->arg;
	int ret = devm_add_action(ctx->dev, hold_devres, thread);

	return ret ?: unbind_fn(thread);
}

static void registering_while_devres_is_released(struct kunit *test)
{
	struct aux_ctx *ctx = test->priv;
	struct test_thread *unbinds = test_thread_start(test, "unbind", unbind_held_fn, ctx);
	struct test_thread *registers;

	test_thread_wait_arrived(test, unbinds);
	registers = start_registering(test);
	test_thread_let_go(unbinds);
	test_gate_wait_closed(test, ctx->gate);
	KUNIT_EXPECT_TRUE(test, test_thread_is_blocked(unbinds));
	KUNIT_EXPECT_EQ(test, ctx->alpha.released, 0);
	test_thread_let_go(registers);
	KUNIT_EXPECT_EQ(test, test_thread_join(test, registers), 0);
	test_thread_join(test, unbinds);
	/* the parent's gate was closed when the child wanted one below it */
	KUNIT_EXPECT_EQ(test, ctx->probes, 1);
	KUNIT_EXPECT_NULL(test, ctx->probed);
	KUNIT_EXPECT_EQ(test, ctx->alpha.released, 1);
	/* or else it could never be bound again */
	KUNIT_EXPECT_TRUE(test, list_empty(&ctx->dev->devres_head));
}

static void failing_probe_leaves_nothing(struct kunit *test)
{
	struct aux_ctx *ctx = test->priv;
	struct bound_aux *aux;
	int value = 0;

	ctx->probe_error = -EBADE;
	aux = register_alpha(test);
	KUNIT_EXPECT_EQ(test, ctx->probes, 1);
	KUNIT_EXPECT_NULL(test, ctx->probed);
	/* the child's gate has gone; only the one for the data is below the parent's */
	KUNIT_EXPECT_TRUE(test, list_is_singular(&ctx->gate->children));
	KUNIT_EXPECT_EQ(test, bound_aux_with(bound_aux_device(aux), &alpha_type, get_value,
					     &value), 5);
	bound_aux_unregister(aux);
	KUNIT_EXPECT_TRUE(test, list_empty(&ctx->gate->children));
	KUNIT_EXPECT_EQ(test, ctx->alpha.released, 1);
}

static void childs_token_reaches_the_parent(struct kunit *test)
{
	struct aux_ctx *ctx = test->priv;
	struct bound_token tok;

	register_alpha(test);
	KUNIT_ASSERT_EQ(test, bound_enter(ctx->child_gate, &tok), 0);
	kunit_warning_suppress(test) {
		__bound_token_check(&tok, ctx->gate);
		KUNIT_EXPECT_SUPPRESSED_WARNING_COUNT(test, 0);
	}
	bound_exit(&tok);
}

static void other_tokens_get_nothing(struct kunit *test)
{
	struct aux_ctx *ctx = test->priv;
	struct auxiliary_device *adev = bound_aux_device(register_alpha(test));
	struct bound_token tok;

	/* being bound above doesn't mean being bound below */
	KUNIT_ASSERT_EQ(test, bound_enter(ctx->gate, &tok), 0);
	kunit_warning_suppress(test) {
		KUNIT_EXPECT_PTR_EQ(test, bound_aux_data(&tok, adev, &alpha_type),
				    ERR_PTR(-EINVAL));
		KUNIT_EXPECT_SUPPRESSED_WARNING_COUNT(test, 1);
	}
	bound_exit(&tok);
	kunit_warning_suppress(test)
		KUNIT_EXPECT_PTR_EQ(test, bound_aux_data(&tok, adev, &alpha_type),
				    ERR_PTR(-EINVAL));
}

static void other_devices_have_nothing(struct kunit *test)
{
	struct aux_ctx *ctx = test->priv;
	struct auxiliary_device *adev;
	struct bound_token tok;
	int value;

	adev = devm_auxiliary_device_create(ctx->dev, "plain", NULL);
	KUNIT_ASSERT_NOT_NULL(test, adev);
	/* what the child's probe was told */
	KUNIT_ASSERT_PTR_EQ(test, ctx->probed, adev);
	KUNIT_EXPECT_PTR_EQ(test, ctx->probe_data, ERR_PTR(-ENOENT));

	KUNIT_EXPECT_PTR_EQ(test, bound_aux_parent_gate(adev), ERR_PTR(-ENOENT));
	KUNIT_EXPECT_EQ(test, bound_aux_with(adev, &alpha_type, get_value, &value), -ENOENT);
	KUNIT_ASSERT_EQ(test, bound_enter(ctx->child_gate, &tok), 0);
	KUNIT_EXPECT_PTR_EQ(test, bound_aux_data(&tok, adev, &alpha_type), ERR_PTR(-ENOENT));
	bound_exit(&tok);
}

static void child_must_not_outlive_its_parent(struct kunit *test)
{
	struct aux_ctx *ctx = test->priv;
	struct auxiliary_device *adev;
	struct bound_token tok;
	struct bound_gate *gate;

	/* not managed: its parent's unbind doesn't take it along */
	adev = auxiliary_device_create(ctx->dev, KBUILD_MODNAME, "plain", NULL, 1);
	KUNIT_ASSERT_NOT_NULL(test, adev);
	gate = bound_gate_create(&adev->dev, ctx->gate);
	if (IS_ERR(gate))
		auxiliary_device_destroy(adev);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, gate);
	bound_gate_get(gate);
	kunit_warning_suppress(test) {
		device_release_driver(ctx->dev);
		KUNIT_EXPECT_SUPPRESSED_WARNING_COUNT(test, 1);
	}
	/* and yet nobody gets in any more */
	KUNIT_EXPECT_EQ(test, bound_enter(gate, &tok), -ENODEV);
	auxiliary_device_destroy(adev);
	bound_gate_put(gate);
}

static void closed_parent_has_no_new_children(struct kunit *test)
{
	struct aux_ctx *ctx = test->priv;
	struct auxiliary_device *adev;

	adev = devm_auxiliary_device_create(ctx->dev, "plain", NULL);
	KUNIT_ASSERT_NOT_NULL(test, adev);
	bound_gate_close(ctx->gate);
	KUNIT_EXPECT_PTR_EQ(test, bound_gate_create(&adev->dev, ctx->gate), ERR_PTR(-ENODEV));
	KUNIT_EXPECT_TRUE(test, list_empty(&ctx->gate->children));
}

static struct kunit_case aux_cases[] = {
	KUNIT_CASE(child_gets_the_data),
	KUNIT_CASE(register_checks_its_parameters),
	KUNIT_CASE(data_needs_no_release),
	KUNIT_CASE(children_of_two_types),
	KUNIT_CASE(bound_children_of_two_types),
	KUNIT_CASE(unregistering_takes_the_data),
	KUNIT_CASE(nobody_gets_what_is_released),
	KUNIT_CASE(parents_unbind_takes_all),
	KUNIT_CASE(closing_the_parent_closes_below),
	KUNIT_CASE(unregistering_waits_for_tokens),
	KUNIT_CASE(unregistering_waits_for_callbacks),
	KUNIT_CASE(unbinding_waits_for_registering),
	KUNIT_CASE(registering_while_devres_is_released),
	KUNIT_CASE(failing_probe_leaves_nothing),
	KUNIT_CASE(childs_token_reaches_the_parent),
	KUNIT_CASE(other_tokens_get_nothing),
	KUNIT_CASE(other_devices_have_nothing),
	KUNIT_CASE(child_must_not_outlive_its_parent),
	KUNIT_CASE(closed_parent_has_no_new_children),
	{ }
};

struct kunit_suite bound_aux_suite = {
	.name = "bound_aux",
	.init = aux_init,
	.test_cases = aux_cases,
};
