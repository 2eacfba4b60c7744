// SPDX-License-Identifier: GPL-2.0
/*
 * bound_race_test: gates, each operation against each: two threads do one operation each
 * on the same gates at the same time, in rounds, and during and after each round all that
 * the library promises is checked.
 *
 * There are two gates, one below the other, and each owns some registers. Whoever is inside
 * looks whether they are there, whoever has closed looks whether anybody is still inside.
 *
 * These pairs aren't run, as a contract forbids them and nothing can be promised:
 *
 * ===================================  ===============================================
 * revoke against revoke                Only devres does it, once for each gate.
 * revoke of the parent against a new   A device's gate is revoked after those of the
 * gate below it                        devices below it: they have been unbound.
 * revoke against a promise             Remove ends promises, before devres' turn.
 * close, revoke inside a section       They would wait for themselves.
 * put of the last reference against    Who uses a gate has a reference to it. Here each
 * a use without a reference            side has one of its own.
 * two that change nothing              They have nothing to do with each other.
 * ===================================  ===============================================
 */

#include <bound/bound_gate.h>
#include <bound/bound_map.h>
#include <bound/bound_promise.h>
#include <bound/bound_sleeper.h>
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/irq_work.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/processor.h>
#include <linux/sched.h>
#include <linux/seq_buf.h>

#include <tests/race.h>

#include "../bound_internal.h"
#include "test_gate.h"
#include "test_suites.h"

/* At once: to set up a round takes much longer than to run it. */
#define BATCH (RACE_BATCH / 2)

static unsigned int race_rounds = BATCH;
module_param(race_rounds, uint, 0444);
MODULE_PARM_DESC(race_rounds, "Rounds of each pair of operations (default 4)");

/* What the rounds of all cases share. */
static struct {
	struct device *dev;
	/* Rounds that overlapped, and all. */
	unsigned int overlaps;
	unsigned int rounds;
} all;

/* One of the two gates, with a reference. */
struct side_of_gate {
	struct bound_gate *gate;
	struct test_regs *regs;
	/* Sections that are under way. */
	atomic_t inside;
	bool revoked;
};

struct scene;
struct hand;

enum op_flags {
	/* It ends sleeps in a section of the child. */
	OP_ENDS = BIT(0),
	OP_REVOKES = BIT(1),
	/* It comes and goes, and the gates are as they were. */
	OP_READS = BIT(3),
	/* It isn't there any more when the parent is revoked. */
	OP_BEFORE_REVOKE = BIT(2),
};

/* One of the operations. */
struct op {
	const char *name;
	void (*run)(struct scene *scene, struct hand *hand);
	unsigned int flags;
};

/* What one side has. */
struct hand {
	struct scene *scene;
	const struct op *op;
	const struct hand *against;
	struct irq_work irq;
};

/* One round. */
struct scene {
	struct race *race;
	struct side_of_gate parent;
	struct side_of_gate child;
	/* Nobody wakes it but a closing gate. */
	wait_queue_head_t wq;
	struct hand hand[2];
};

/* NULL: refused. */
static struct test_regs *add_regs(struct race *race, struct bound_gate *gate)
{
	struct test_regs *regs = test_regs_add(gate, NULL);

	if (!IS_ERR(regs))
		return regs;
	RACE_CHECK(race, regs == ERR_PTR(-ENODEV));
	RACE_CHECK(race, bound_gate_closed(gate));
	return NULL;
}

/* Being inside of a gate, everything of it is there, and stays for a while. */
static void look(struct race *race, struct side_of_gate *at)
{
	int i;

	for (i = 0; i < 64; i++) {
		RACE_CHECK(race, READ_ONCE(at->regs->mapped));
		RACE_CHECK(race, bound_map_fits(&at->regs->map, 0, sizeof(u32)));
		cpu_relax();
	}
}

static bool go_in(struct race *race, struct side_of_gate *at, struct bound_token *tok)
{
	int ret = bound_enter(at->gate, tok);

	if (!ret) {
		atomic_inc(&at->inside);
		look(race, at);
		return true;
	}
	RACE_CHECK(race, ret == -ENODEV);
	RACE_CHECK(race, bound_gate_closed(at->gate));
	return false;
}

static void go_out(struct race *race, struct side_of_gate *at, struct bound_token *tok)
{
	look(race, at);
	atomic_dec(&at->inside);
	bound_exit(tok);
}

static void op_enter(struct scene *scene, struct hand *hand)
{
	struct bound_token tok;

	if (!go_in(scene->race, &scene->child, &tok))
		return;
	/* The parent is closed, but has its registers until the child's readers have left. */
	look(scene->race, &scene->parent);
	go_out(scene->race, &scene->child, &tok);
}

/* The outer section doesn't notice that an inner one is refused. */
static void op_nest(struct scene *scene, struct hand *hand)
{
	struct bound_token outer, inner, again;

	if (!go_in(scene->race, &scene->child, &outer))
		return;
	if (go_in(scene->race, &scene->parent, &inner)) {
		if (go_in(scene->race, &scene->child, &again))
			go_out(scene->race, &scene->child, &again);
		go_out(scene->race, &scene->parent, &inner);
	}
	go_out(scene->race, &scene->child, &outer);
}

/* From the top down: here the child's is the inner one. */
static void op_nest_down(struct scene *scene, struct hand *hand)
{
	struct bound_token outer, inner;

	if (!go_in(scene->race, &scene->parent, &outer))
		return;
	if (go_in(scene->race, &scene->child, &inner))
		go_out(scene->race, &scene->child, &inner);
	go_out(scene->race, &scene->parent, &outer);
}

static void enter_in_irq(struct irq_work *work)
{
	struct hand *hand = container_of(work, struct hand, irq);

	op_enter(hand->scene, hand);
}

static void op_irq(struct scene *scene, struct hand *hand)
{
	hand->irq = IRQ_WORK_INIT_HARD(enter_in_irq);
	irq_work_queue(&hand->irq);
	irq_work_sync(&hand->irq);
}

/* For as long as the other side takes to close; if it doesn't, a moment. */
static long sleep_limit(struct hand *hand)
{
	return hand->against->op->flags & OP_ENDS ? MAX_SCHEDULE_TIMEOUT : 1;
}

static void op_sleep(struct scene *scene, struct hand *hand)
{
	struct bound_token tok;
	long left;

	if (!go_in(scene->race, &scene->child, &tok))
		return;
	left = bound_wait_event_timeout(&tok, scene->wq, false, sleep_limit(hand));
	RACE_CHECK(scene->race, left == -ENODEV || !left);
	RACE_CHECK(scene->race, !left || bound_closing(&tok));
	go_out(scene->race, &scene->child, &tok);
}

static void op_sleep_intr(struct scene *scene, struct hand *hand)
{
	struct bound_token tok;
	long left;

	if (!go_in(scene->race, &scene->child, &tok))
		return;
	left = bound_wait_event_interruptible_timeout(&tok, scene->wq, false, sleep_limit(hand));
	RACE_CHECK(scene->race, left == -ENODEV || !left);
	go_out(scene->race, &scene->child, &tok);
}

struct fn_sleeper {
	struct bound_sleeper sleeper;
	struct completion event;
	atomic_t calls;
};

static void fn_sleeper_wake(struct bound_sleeper *sleeper)
{
	struct fn_sleeper *s = container_of(sleeper, struct fn_sleeper, sleeper);

	atomic_inc(&s->calls);
	complete(&s->event);
}

/* Either it was registered in time to be woken, or it sees that the gate is closing. */
static void op_sleep_fn(struct scene *scene, struct hand *hand)
{
	struct fn_sleeper s = { .calls = ATOMIC_INIT(0) };
	struct bound_token tok;

	init_completion(&s.event);
	if (!go_in(scene->race, &scene->child, &tok))
		return;
	bound_sleeper_add_fn(&tok, &s.sleeper, fn_sleeper_wake);
	if (!bound_closing(&tok))
		wait_for_completion_timeout(&s.event, sleep_limit(hand));
	RACE_CHECK(scene->race, !atomic_read(&s.calls) || bound_closing(&tok));
	bound_sleeper_del(&s.sleeper);
	RACE_CHECK(scene->race, atomic_read(&s.calls) <= 1);
	/* Nobody has it any more: the next one on this stack isn't touched. */
	memset(&s, 0x5a, sizeof(s));
	go_out(scene->race, &scene->child, &tok);
}

static void op_close(struct scene *scene, struct hand *hand)
{
	bound_gate_close(scene->child.gate);
	RACE_CHECK(scene->race, !atomic_read(&scene->child.inside));
}

static void op_close_parent(struct scene *scene, struct hand *hand)
{
	bound_gate_close(scene->parent.gate);
	RACE_CHECK(scene->race, bound_gate_closed(scene->child.gate));
	RACE_CHECK(scene->race, !atomic_read(&scene->child.inside));
	RACE_CHECK(scene->race, !atomic_read(&scene->parent.inside));
}

static void revoke(struct race *race, struct side_of_gate *at)
{
	bound_gate_revoke(at->gate);
	at->revoked = true;
	RACE_CHECK(race, !atomic_read(&at->inside));
	RACE_CHECK(race, !READ_ONCE(at->regs->mapped));
	RACE_CHECK(race, !bound_map_fits(&at->regs->map, 0, 1));
	RACE_CHECK(race, at->regs->unmaps == 1);
}

static void op_revoke(struct scene *scene, struct hand *hand)
{
	revoke(scene->race, &scene->child);
}

/* What unbinding a device with another one below it comes to. */
static void op_revoke_all(struct scene *scene, struct hand *hand)
{
	revoke(scene->race, &scene->child);
	revoke(scene->race, &scene->parent);
}

/* Probe and unbind of one more device below. */
static void op_adopt(struct scene *scene, struct hand *hand)
{
	struct bound_gate *gate = bound_gate_alloc(all.dev, scene->parent.gate);
	struct bound_token tok;

	if (IS_ERR(gate)) {
		RACE_CHECK(scene->race, gate == ERR_PTR(-ENODEV));
		RACE_CHECK(scene->race, bound_gate_closed(scene->parent.gate));
		return;
	}
	if (!bound_enter(gate, &tok)) {
		look(scene->race, &scene->parent);
		bound_exit(&tok);
	} else {
		RACE_CHECK(scene->race, bound_gate_closed(scene->parent.gate));
	}
	bound_gate_revoke(gate);
	bound_gate_put(gate);
}

static void op_promise(struct scene *scene, struct hand *hand)
{
	struct bound_promise promise;
	struct bound_token tok;

	bound_promise_task(&promise, scene->parent.gate, current);
	RACE_CHECK(scene->race, !bound_assume(scene->parent.gate, all.dev, &tok));
	/* Closed or not: it's unbind that the promise is about. */
	look(scene->race, &scene->parent);
	bound_exit(&tok);
	bound_promise_end(&promise);
}

/* Of what is mapped while the gate closes either nothing is left, or the gate has it. */
static void op_map(struct scene *scene, struct hand *hand)
{
	struct test_regs *regs = add_regs(scene->race, scene->parent.gate);
	struct bound_token tok;

	if (!regs || bound_enter(scene->parent.gate, &tok))
		return;
	RACE_CHECK(scene->race, READ_ONCE(regs->mapped));
	bound_exit(&tok);
}

static void op_get_put(struct scene *scene, struct hand *hand)
{
	struct bound_gate *gate = bound_gate_get(scene->child.gate);

	RACE_CHECK(scene->race, bound_gate_dev(gate) == all.dev);
	bound_gate_put(gate);
}

static void op_describe(struct scene *scene, struct hand *hand)
{
	char text[256];
	struct seq_buf out;

	seq_buf_init(&out, text, sizeof(text));
	bound_reader_describe(scene->child.gate, &out);
}

static const struct op ops[] = {
	{ "enter", op_enter, OP_READS },
	{ "nest", op_nest, OP_READS },
	{ "nest down", op_nest_down, OP_READS },
	{ "enter in hard IRQ", op_irq, OP_READS },
	{ "sleep", op_sleep, OP_READS },
	{ "sleep interruptibly", op_sleep_intr, OP_READS },
	{ "sleep on completion", op_sleep_fn, OP_READS },
	{ "close", op_close, OP_ENDS },
	{ "close parent", op_close_parent, OP_ENDS },
	{ "revoke", op_revoke, OP_ENDS | OP_REVOKES },
	{ "revoke all", op_revoke_all, OP_ENDS | OP_REVOKES },
	{ "new child", op_adopt, OP_BEFORE_REVOKE },
	{ "promise", op_promise, OP_BEFORE_REVOKE },
	{ "map", op_map },
	{ "get and put", op_get_put, OP_READS },
	{ "describe", op_describe, OP_READS },
};

/* All pairs that are allowed, each once; an operation against itself included. */
struct pair {
	const struct op *op[2];
};

static struct pair pairs[ARRAY_SIZE(ops) * (ARRAY_SIZE(ops) + 1) / 2];

static bool pair_is_allowed(const struct op *a, const struct op *b)
{
	if (a->flags & b->flags & (OP_REVOKES | OP_READS))
		return false;
	return !((a->run == op_revoke_all && b->flags & OP_BEFORE_REVOKE) ||
		 (b->run == op_revoke_all && a->flags & OP_BEFORE_REVOKE));
}

static unsigned int pairs_fill(void)
{
	unsigned int i, j, n = 0;

	for (i = 0; i < ARRAY_SIZE(ops); i++)
		for (j = i; j < ARRAY_SIZE(ops); j++)
			if (pair_is_allowed(&ops[i], &ops[j]))
				pairs[n++] = (struct pair){ { &ops[i], &ops[j] } };
	return n;
}

static const void *pair_gen_params(struct kunit *test, const void *prev, char *desc)
{
	const struct pair *pair = prev ? (const struct pair *)prev + 1 : pairs;

	if (pair - pairs >= pairs_fill())
		return NULL;
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s || %s", pair->op[0]->name, pair->op[1]->name);
	return pair;
}

static void gate_setup(struct kunit *test, struct race *race, struct side_of_gate *at,
		       struct bound_gate *parent)
{
	at->gate = bound_gate_alloc(all.dev, parent);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, at->gate);
	at->regs = add_regs(race, at->gate);
	KUNIT_ASSERT_NOT_NULL(test, at->regs);
}

static void scene_setup(struct kunit *test, struct scene *scene, struct race *race,
			const struct pair *pair)
{
	int i;

	memset(scene, 0, sizeof(*scene));
	scene->race = race;
	init_waitqueue_head(&scene->wq);
	gate_setup(test, race, &scene->parent, NULL);
	gate_setup(test, race, &scene->child, scene->parent.gate);
	for (i = 0; i < 2; i++) {
		scene->hand[i].scene = scene;
		scene->hand[i].op = pair->op[i];
		scene->hand[i].against = &scene->hand[!i];
	}
}

/* Nobody is inside, registered or below, whatever has happened. */
static void gate_check(struct kunit *test, struct side_of_gate *at)
{
	struct bound_map *map;
	char text[64];
	struct seq_buf out;

	KUNIT_EXPECT_TRUE(test, list_empty(&at->gate->sleepers));
	KUNIT_EXPECT_TRUE(test, list_empty(&at->gate->promises));
	KUNIT_EXPECT_TRUE(test, list_empty(&at->gate->children));
	list_for_each_entry(map, &at->gate->maps, node)
		KUNIT_EXPECT_EQ(test, container_of(map, struct test_regs, map)->unmaps, 1);
	if (!at->gate->readers || atomic_read(&at->gate->untracked))
		return;
	seq_buf_init(&out, text, sizeof(text));
	bound_reader_describe(at->gate, &out);
	KUNIT_EXPECT_STREQ(test, seq_buf_str(&out), "");
}

static void scene_end(struct kunit *test, struct scene *scene)
{
	if (!scene->child.revoked)
		revoke(scene->race, &scene->child);
	if (!scene->parent.revoked)
		revoke(scene->race, &scene->parent);
	gate_check(test, &scene->child);
	gate_check(test, &scene->parent);
	KUNIT_EXPECT_EQ(test, kref_read(&scene->child.gate->ref), 1);
	bound_gate_put(scene->child.gate);
	/* The child, which is freed by a worker, has another reference to it. */
	bound_gate_put(scene->parent.gate);
}

/* Each gate has a reference to the device until it is freed. */
static void expect_all_freed(struct kunit *test)
{
	int i;

	for (i = 0; i < 1000 && kref_read(&all.dev->kobj.kref) > 1; i++)
		msleep(20);
	KUNIT_EXPECT_EQ(test, kref_read(&all.dev->kobj.kref), 1);
}

static void run_side(void *arg, int side)
{
	struct scene *scene = arg;

	scene->hand[side].op->run(scene, &scene->hand[side]);
}

static void pair(struct kunit *test)
{
	const struct pair *pair = test->param_value;
	struct race *race = race_start(test, NULL);
	struct scene *scenes;
	unsigned int i;

	scenes = kunit_kcalloc(test, BATCH, sizeof(*scenes), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, scenes);
	while (race_goes_on(race, race_rounds)) {
		for (i = 0; i < BATCH; i++)
			scene_setup(test, &scenes[i], race, pair);
		race_run(race, run_side, run_side, scenes, sizeof(*scenes), BATCH);
		for (i = 0; i < BATCH; i++)
			scene_end(test, &scenes[i]);
		KUNIT_ASSERT_NULL_MSG(test, race->broken, "%s", race->broken);
		KUNIT_ASSERT_EQ(test, (int)test->status, KUNIT_SUCCESS);
	}
	all.rounds += race->rounds;
	all.overlaps += race->overlaps;
	race_end(race, pair->op[0]->name, pair->op[1]->name);
	expect_all_freed(test);
}

/* The last references to a gate, one of each side, in a task or in a hard IRQ. */
struct last {
	struct bound_gate *gate;
	struct irq_work irq[2];
	bool in_irq[2];
};

static void put_in_irq0(struct irq_work *work)
{
	bound_gate_put(container_of(work, struct last, irq[0])->gate);
}

static void put_in_irq1(struct irq_work *work)
{
	bound_gate_put(container_of(work, struct last, irq[1])->gate);
}

static void put_last(void *arg, int side)
{
	struct last *last = arg;
	struct bound_token tok;

	/* As long as there's a reference it can be asked. */
	if (!bound_enter(last->gate, &tok))
		bound_exit(&tok);
	if (!last->in_irq[side]) {
		bound_gate_put(last->gate);
		return;
	}
	last->irq[side] = side ? IRQ_WORK_INIT_HARD(put_in_irq1) : IRQ_WORK_INIT_HARD(put_in_irq0);
	irq_work_queue(&last->irq[side]);
	irq_work_sync(&last->irq[side]);
}

static struct bound_gate *revoked_gate(struct kunit *test)
{
	struct bound_gate *parent = bound_gate_alloc(all.dev, NULL);
	struct bound_gate *gate;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, parent);
	gate = bound_gate_alloc(all.dev, parent);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, gate);
	bound_gate_revoke(gate);
	bound_gate_revoke(parent);
	/* The last one but the child's. */
	bound_gate_put(parent);
	return gate;
}

struct last_way {
	const char *name;
	bool in_irq[2];
};

static const struct last_way last_ways[] = {
	{ "both in tasks", { false, false } },
	{ "one in a hard IRQ", { false, true } },
	{ "both in hard IRQs", { true, true } },
};

KUNIT_ARRAY_PARAM_DESC(last_way, last_ways, name);

/* It goes once, after the second of them, and its parent with it. */
static void last_references(struct kunit *test)
{
	const struct last_way *way = test->param_value;
	struct last *lasts = kunit_kcalloc(test, BATCH, sizeof(*lasts), GFP_KERNEL);
	struct race *race = race_start(test, NULL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, lasts);
	while (race_goes_on(race, 2 * race_rounds)) {
		for (i = 0; i < BATCH; i++) {
			lasts[i].gate = bound_gate_get(revoked_gate(test));
			memcpy(lasts[i].in_irq, way->in_irq, sizeof(way->in_irq));
		}
		race_run(race, put_last, put_last, lasts, sizeof(*lasts), BATCH);
	}
	race_end(race, "put", "put");
	expect_all_freed(test);
}

/* Races that never happen prove nothing. */
static void sides_have_met(struct kunit *test)
{
	if (num_online_cpus() < 2)
		kunit_skip(test, "needs two CPUs");
	if (!all.rounds)
		kunit_skip(test, "no pair was run");
	kunit_info(test, "%u of %u rounds overlapped\n", all.overlaps, all.rounds);
	KUNIT_EXPECT_NE(test, all.overlaps, 0);
}

static int race_suite_init(struct kunit_suite *suite)
{
	all.dev = root_device_register("bound-race");
	return PTR_ERR_OR_ZERO(all.dev);
}

static void race_suite_exit(struct kunit_suite *suite)
{
	if (!IS_ERR_OR_NULL(all.dev))
		root_device_unregister(all.dev);
}

static struct kunit_case race_cases[] = {
	KUNIT_CASE_PARAM_ATTR(pair, pair_gen_params, { .speed = KUNIT_SPEED_SLOW }),
	KUNIT_CASE_PARAM(last_references, last_way_gen_params),
	KUNIT_CASE(sides_have_met),
	{ }
};

struct kunit_suite bound_race_suite = {
	.name = "bound_race",
	.suite_init = race_suite_init,
	.suite_exit = race_suite_exit,
	.test_cases = race_cases,
};
