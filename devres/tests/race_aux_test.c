// SPDX-License-Identifier: GPL-2.0
/*
 * bound_race_aux_test: a parent's data for its auxiliary child, used on one CPU while
 * another one unregisters, unbinds, binds again and closes; and BARs that are mapped by two,
 * or while the device is unbound.
 *
 * The data is freed when it is released, and says so. bound_aux_unregister() isn't run against
 * unbinding the parent: it wants it bound.
 */

#include <bound/bound_aux.h>
#include <bound/bound_bar.h>
#include <bound/bound_gate.h>
#include <kunit/device.h>
#include <kunit/test.h>
#include <linux/auxiliary_bus.h>
#include <linux/cpumask.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/irq_work.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/pci.h>
#include <linux/processor.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include <tests/race.h>

#include "test_pci.h"
#include "test_suites.h"

static unsigned int race_aux_rounds = 4;
module_param(race_aux_rounds, uint, 0444);
MODULE_PARM_DESC(race_aux_rounds, "Rounds of each pair of operations with a child (default 4)");

#define LIVE 0x600dda7a

struct aux_scene;

/* What the parent registers. */
struct shared {
	u32 live;
	struct aux_scene *scene;
};

static DEFINE_BOUND_AUX_TYPE(shared_type, struct shared);
static DEFINE_BOUND_AUX_TYPE(other_type, u32);

/* One case: a parent for all rounds, a child for each. */
struct aux_scene {
	struct race *race;
	struct device *dev;
	/* of the parent's binding, a reference */
	struct bound_gate *gate;
	struct bound_aux *aux;
	/* a reference */
	struct auxiliary_device *adev;
	/* of the child's first binding in this round, a reference */
	struct bound_gate *child_gate;
	struct irq_work irq;
	/* how often the data was released */
	atomic_t released;
	/* @aux has been unregistered, or its parent unbound */
	bool gone;
	const struct aux_pair *pair;
};

struct aux_op {
	const char *name;
	void (*run)(struct aux_scene *scene);
};

struct aux_pair {
	struct aux_op op[2];
};

/* The child driver's callbacks have no other way to the running case. */
static struct aux_scene *aux_scene;

static int race_child_probe(struct auxiliary_device *adev, const struct auxiliary_device_id *id)
{
	struct bound_gate *gate = bound_gate_create(&adev->dev, bound_aux_parent_gate(adev));
	struct shared *shared;

	if (IS_ERR(gate))
		return PTR_ERR(gate);
	if (!aux_scene->child_gate)
		aux_scene->child_gate = bound_gate_get(gate);
	scoped_cond_guard(bound_assumed, return -EIO, gate, &adev->dev) {
		shared = bound_aux_data(&scope, adev, &shared_type);
		RACE_CHECK(aux_scene->race, !IS_ERR(shared));
		RACE_CHECK(aux_scene->race, READ_ONCE(shared->live) == LIVE);
	}
	auxiliary_set_drvdata(adev, gate);
	return 0;
}

static void race_child_remove(struct auxiliary_device *adev)
{
	struct bound_gate *gate = auxiliary_get_drvdata(adev);
	struct shared *shared;

	bound_gate_close(gate);
	scoped_cond_guard(bound_assumed, return, gate, &adev->dev) {
		shared = bound_aux_data(&scope, adev, &shared_type);
		RACE_CHECK(aux_scene->race, !IS_ERR(shared));
		RACE_CHECK(aux_scene->race, READ_ONCE(shared->live) == LIVE);
	}
}

static const struct auxiliary_device_id race_child_ids[] = {
	{ .name = KBUILD_MODNAME ".raced" },
	{ }
};

static struct auxiliary_driver race_child_driver = {
	.name = "race_child",
	.probe = race_child_probe,
	.remove = race_child_remove,
	.id_table = race_child_ids,
};

static void release_shared(void *data)
{
	struct shared *shared = data;

	RACE_CHECK(shared->scene->race, shared->live == LIVE);
	atomic_inc(&shared->scene->released);
	WRITE_ONCE(shared->live, 0);
	kfree(shared);
}

/* For a while it stays what it is. */
static void look_at(struct race *race, const struct shared *shared)
{
	int i;

	for (i = 0; i < 64; i++) {
		RACE_CHECK(race, READ_ONCE(shared->live) == LIVE);
		cpu_relax();
	}
}

static int use_shared(void *data, void *arg)
{
	struct shared *shared = data;

	look_at(shared->scene->race, shared);
	return 5;
}

static int sleep_on_shared(void *data, void *arg)
{
	use_shared(data, arg);
	schedule_timeout_uninterruptible(1);
	return use_shared(data, arg);
}

static void op_with(struct aux_scene *scene)
{
	int ret = bound_aux_with(scene->adev, &shared_type, use_shared, NULL);

	RACE_CHECK(scene->race, ret == 5 || ret == -ENOENT);
}

static void op_with_sleeping(struct aux_scene *scene)
{
	int ret = bound_aux_with(scene->adev, &shared_type, sleep_on_shared, NULL);

	RACE_CHECK(scene->race, ret == 5 || ret == -ENOENT);
}

static void op_with_wrong_type(struct aux_scene *scene)
{
	int ret = bound_aux_with(scene->adev, &other_type, use_shared, NULL);

	RACE_CHECK(scene->race, ret == -EINVAL || ret == -ENOENT);
}

static void with_in_irq(struct irq_work *work)
{
	op_with(container_of(work, struct aux_scene, irq));
}

static void op_with_in_irq(struct aux_scene *scene)
{
	scene->irq = IRQ_WORK_INIT_HARD(with_in_irq);
	irq_work_queue(&scene->irq);
	irq_work_sync(&scene->irq);
}

/* The child being bound, the data is there: this can be refused at the door only. */
static void op_data(struct aux_scene *scene)
{
	struct bound_token tok;
	struct shared *shared;

	if (bound_enter(scene->child_gate, &tok))
		return;
	shared = bound_aux_data(&tok, scene->adev, &shared_type);
	RACE_CHECK(scene->race, !IS_ERR(shared));
	if (!IS_ERR(shared))
		look_at(scene->race, shared);
	bound_exit(&tok);
}

static void op_unregister(struct aux_scene *scene)
{
	bound_aux_unregister(scene->aux);
	scene->gone = true;
	RACE_CHECK(scene->race, atomic_read(&scene->released) == 1);
}

static void op_unbind_parent(struct aux_scene *scene)
{
	device_release_driver(scene->dev);
	scene->gone = true;
	RACE_CHECK(scene->race, atomic_read(&scene->released) == 1);
	RACE_CHECK(scene->race, bound_gate_closed(scene->gate));
}

static void op_unbind_child(struct aux_scene *scene)
{
	device_release_driver(&scene->adev->dev);
	RACE_CHECK(scene->race, bound_gate_closed(scene->child_gate));
}

/* It may be deleted in between. */
static void op_rebind_child(struct aux_scene *scene)
{
	device_release_driver(&scene->adev->dev);
	RACE_CHECK(scene->race, device_attach(&scene->adev->dev) >= 0);
}

/* Readers are let out, the data stays: remove has still to be run. */
static void op_close_parent(struct aux_scene *scene)
{
	bound_gate_close(scene->gate);
	RACE_CHECK(scene->race, bound_gate_closed(scene->child_gate));
}

static const struct aux_op changers[] = {
	{ "unregister", op_unregister },
	{ "unbind parent", op_unbind_parent },
	{ "unbind child", op_unbind_child },
	{ "rebind child", op_rebind_child },
	{ "close parent", op_close_parent },
};

static const struct aux_op readers[] = {
	{ "data", op_data },
	{ "with", op_with },
	{ "with, sleeping", op_with_sleeping },
	{ "with in hard IRQ", op_with_in_irq },
	{ "with wrong type", op_with_wrong_type },
};

/* Each of the changers against each of the others and of the readers. */
static struct aux_pair aux_pairs[ARRAY_SIZE(changers) *
				 (ARRAY_SIZE(changers) + ARRAY_SIZE(readers))];

static bool aux_pair_is_allowed(const struct aux_op *a, const struct aux_op *b)
{
	return !(a->run == op_unregister && b->run == op_unbind_parent);
}

static unsigned int aux_pairs_fill(void)
{
	unsigned int i, j, n = 0;

	for (i = 0; i < ARRAY_SIZE(changers); i++) {
		for (j = i + 1; j < ARRAY_SIZE(changers); j++)
			if (aux_pair_is_allowed(&changers[i], &changers[j]))
				aux_pairs[n++] = (struct aux_pair){ { changers[i], changers[j] } };
		for (j = 0; j < ARRAY_SIZE(readers); j++)
			aux_pairs[n++] = (struct aux_pair){ { changers[i], readers[j] } };
	}
	return n;
}

static const void *aux_pair_gen_params(struct kunit *test, const void *prev, char *desc)
{
	const struct aux_pair *pair = prev ? (const struct aux_pair *)prev + 1 : aux_pairs;

	if (pair - aux_pairs >= aux_pairs_fill())
		return NULL;
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s || %s", pair->op[0].name, pair->op[1].name);
	return pair;
}

/* A parent that is bound, with an open gate. */
static void aux_scene_bind(struct kunit *test, struct aux_scene *scene)
{
	struct bound_gate *gate;

	if (scene->gate && !bound_gate_closed(scene->gate))
		return;
	bound_gate_put(scene->gate);
	scene->gate = NULL;
	device_release_driver(scene->dev);
	KUNIT_ASSERT_EQ(test, device_attach(scene->dev), 1);
	gate = bound_gate_create(scene->dev, NULL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, gate);
	scene->gate = bound_gate_get(gate);
}

static void aux_scene_setup(struct kunit *test, struct aux_scene *scene)
{
	struct shared *shared = kzalloc_obj(*shared);

	KUNIT_ASSERT_NOT_NULL(test, shared);
	aux_scene_bind(test, scene);
	shared->live = LIVE;
	shared->scene = scene;
	atomic_set(&scene->released, 0);
	scene->gone = false;
	scene->aux = bound_aux_register(scene->gate, &(struct bound_aux_args){
		.name = "raced",
		.type = &shared_type,
		.data = shared,
		.release = release_shared,
	});
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, scene->aux);
	scene->adev = bound_aux_device(scene->aux);
	get_device(&scene->adev->dev);
	KUNIT_ASSERT_NOT_NULL(test, scene->child_gate);
}

static void aux_scene_end(struct kunit *test, struct aux_scene *scene)
{
	struct bound_token tok;

	if (!scene->gone)
		bound_aux_unregister(scene->aux);
	KUNIT_EXPECT_EQ(test, atomic_read(&scene->released), 1);
	KUNIT_EXPECT_EQ(test, bound_enter(scene->child_gate, &tok), -ENODEV);
	KUNIT_EXPECT_EQ(test, bound_aux_with(scene->adev, &shared_type, use_shared, NULL),
			-ENOENT);
	KUNIT_EXPECT_TRUE(test, list_empty(&scene->gate->children));
	bound_gate_put(scene->child_gate);
	scene->child_gate = NULL;
	put_device(&scene->adev->dev);
}

static void run_aux_side(void *arg, int side)
{
	struct aux_scene *scene = arg;

	scene->pair->op[side].run(scene);
}

static void unregister_race_child(void *unused)
{
	auxiliary_driver_unregister(&race_child_driver);
	bound_gate_put(aux_scene->gate);
}

static void aux_pair(struct kunit *test)
{
	struct aux_scene *scene = kunit_kzalloc(test, sizeof(*scene), GFP_KERNEL);
	struct race *race = race_start(test, NULL);

	KUNIT_ASSERT_NOT_NULL(test, scene);
	scene->race = race;
	scene->pair = test->param_value;
	aux_scene = scene;
	KUNIT_ASSERT_EQ(test, auxiliary_driver_register(&race_child_driver), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, unregister_race_child, NULL), 0);
	scene->dev = kunit_device_register(test, "raced-parent");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, scene->dev);
	while (race_goes_on(race, race_aux_rounds)) {
		aux_scene_setup(test, scene);
		race_run(race, run_aux_side, run_aux_side, scene, sizeof(*scene), 1);
		aux_scene_end(test, scene);
		KUNIT_ASSERT_NULL_MSG(test, race->broken, "%s", race->broken);
		KUNIT_ASSERT_EQ(test, (int)test->status, KUNIT_SUCCESS);
	}
	race_end(race, scene->pair->op[0].name, scene->pair->op[1].name);
}

/* Two sides that want the same BAR of a device, one of which may unbind it instead. */
struct bar_race {
	struct race *race;
	struct pci_dev *pdev;
	/* a reference */
	struct bound_gate *gate;
	struct bound_bar *bar[2];
};

static void map_bar(void *arg, int side)
{
	struct bar_race *b = arg;

	b->bar[side] = bound_bar_map(b->gate, b->pdev, TEST_PCI_REGS, 4, "race");
	if (IS_ERR(b->bar[side]))
		return;
	scoped_cond_guard(bound, return, b->gate)
		RACE_CHECK(b->race, bound_bar_size(b->bar[side]) == TEST_PCI_REGS_SIZE);
}

static void unbind_pci(void *arg, int side)
{
	struct bar_race *b = arg;

	device_release_driver(&b->pdev->dev);
	b->bar[side] = ERR_PTR(-ENOENT);
}

static void bind_pci(struct kunit *test, struct bar_race *b)
{
	struct bound_gate *gate;

	if (!b->pdev->dev.driver)
		KUNIT_ASSERT_EQ(test, device_attach(&b->pdev->dev), 1);
	gate = bound_gate_create(&b->pdev->dev, NULL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, gate);
	b->gate = bound_gate_get(gate);
}

/* Whatever came first, nobody has the region any more. */
static void release_pci(struct kunit *test, struct bar_race *b)
{
	device_release_driver(&b->pdev->dev);
	KUNIT_EXPECT_EQ(test, pci_request_region(b->pdev, TEST_PCI_REGS, "other"), 0);
	pci_release_region(b->pdev, TEST_PCI_REGS);
	bound_gate_put(b->gate);
}

static struct bar_race *bar_race_start(struct kunit *test)
{
	struct bar_race *b = kunit_kzalloc(test, sizeof(*b), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, b);
	b->pdev = test_pci_create(test)->pdev;
	b->race = race_start(test, NULL);
	return b;
}

static void one_of_two_gets_the_bar(struct kunit *test)
{
	struct bar_race *b = bar_race_start(test);
	int loser;

	while (race_goes_on(b->race, race_aux_rounds)) {
		bind_pci(test, b);
		race_run(b->race, map_bar, map_bar, b, sizeof(*b), 1);
		loser = IS_ERR(b->bar[0]) ? 0 : 1;
		KUNIT_EXPECT_PTR_EQ(test, b->bar[loser], ERR_PTR(-EBUSY));
		KUNIT_EXPECT_FALSE(test, IS_ERR(b->bar[!loser]));
		release_pci(test, b);
		KUNIT_ASSERT_NULL_MSG(test, b->race->broken, "%s", b->race->broken);
	}
	race_end(b->race, "map", "map");
}

static void bar_mapped_while_unbinding(struct kunit *test)
{
	struct bar_race *b = bar_race_start(test);

	while (race_goes_on(b->race, race_aux_rounds)) {
		bind_pci(test, b);
		race_run(b->race, map_bar, unbind_pci, b, sizeof(*b), 1);
		if (!IS_ERR(b->bar[0]))
			KUNIT_EXPECT_EQ(test, bound_bar_size(b->bar[0]), 0);
		else
			KUNIT_EXPECT_PTR_EQ(test, b->bar[0], ERR_PTR(-ENODEV));
		release_pci(test, b);
		KUNIT_ASSERT_NULL_MSG(test, b->race->broken, "%s", b->race->broken);
	}
	race_end(b->race, "map", "unbind");
}

static struct kunit_case race_aux_cases[] = {
	KUNIT_CASE_PARAM_ATTR(aux_pair, aux_pair_gen_params, { .speed = KUNIT_SPEED_SLOW }),
	KUNIT_CASE_SLOW(one_of_two_gets_the_bar),
	KUNIT_CASE_SLOW(bar_mapped_while_unbinding),
	{ }
};

struct kunit_suite bound_race_aux_suite = {
	.name = "bound_race_aux",
	.test_cases = race_aux_cases,
};
