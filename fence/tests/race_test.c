// SPDX-License-Identifier: GPL-2.0
/*
 * Races, each operation against each: two threads do one operation each on the same
 * fence or timeline at the same time, in rounds, and after each round all that the
 * library promises is checked.
 *
 * All pairs of the operations in the table below are run, also each against itself.
 * Two of them are misuse that must be survived with exactly one report (dfence_signal()
 * and dfence_drop() don't expect to be second), and so is dfence_arm() against
 * dfence_ctx_shut() or dfence_ctx_close(), whatever comes first.
 *
 * These pairs aren't run, as a contract forbids them and nothing can be promised:
 *
 * ===================================  ===============================================
 * two of add, remove, detach on one    The owner of a registration serialises them.
 * &struct dfence_cb                    Here each side has one of its own.
 * arm, free, fini, drop of the same    Until dfence_arm() has returned nobody but
 * prepared fence                       its owner can know the fence.
 * put of the last reference against    Who uses a timeline or a fence has a reference
 * a use without a reference            to it. Here each side has one of its own.
 * arm and then get without RCU         An advance, shut or close that covers the new
 * against what may signal it           fence consumes the issuer's only reference.
 * anything in a callback of a fence    The fence's lock is held, which is of the same
 *                                      class for all fences.
 * close, synchronize in a finish       They would wait for themselves.
 * function or an RCU section
 * ===================================  ===============================================
 */

#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/wait.h>

#include <compat.h>
#include <tests/race.h>

#include "util.h"

static unsigned int race_rounds = 2 * RACE_BATCH;
module_param(race_rounds, uint, 0444);
MODULE_PARM_DESC(race_rounds, "Rounds of each pair of operations (default 16)");

/* What the rounds of all cases share: outlives the fences. */
static struct {
	/* The last rounds in which the timeline was closed. */
	int closed[2 * RACE_BATCH];
	/* Fences with a finish function: armed, and finished. */
	atomic_t to_finish;
	atomic_t finished;
	wait_queue_head_t wq;
	struct race *race;
	/* Rounds that overlapped, and all. */
	unsigned int overlaps;
	unsigned int rounds;
} all = { .wq = __WAIT_QUEUE_HEAD_INITIALIZER(all.wq) };

/* The fence that both sides are at. */
struct target {
	struct dfence f;
	/* Counted through all cases. */
	int round;
	/* What it answers when asked whether it's done. */
	bool done;
	/* Times that its finish function was called. */
	int finished;
};

struct scene;
struct hand;

enum op_flags {
	/* After it has returned the fence is signalled. */
	OP_SIGNALS = BIT(0),
	/* It says itself whether it was the one who signalled. */
	OP_KNOWS = BIT(1),
	/* It must have a reference to the timeline. */
	OP_HAS_CTX = BIT(2),
	/* Nobody may have asked for signalling before. */
	OP_ASKS = BIT(3),
	/* It begins with a callback that is registered. */
	OP_HAS_CB = BIT(4),
	/* It begins with a second fence that is prepared. */
	OP_HAS_SPARE = BIT(5),
	/* The timeline's other references go before the race. */
	OP_IS_LAST = BIT(6),
	/* It takes a grace period or more: fewer rounds. */
	OP_SLEEPS = BIT(7),
	/* It refuses new fences. */
	OP_SHUTS = BIT(8),
};

/* One of the operations. */
struct op {
	const char *name;
	void (*run)(struct scene *scene, struct hand *hand);
	unsigned int flags;
	/* The fence's status if this one signals it, unless it depends on the side. */
	int status;
};

/* What one side has. */
struct hand {
	struct scene *scene;
	const struct op *op;
	const struct hand *against;
	struct dfence_ctx *ctx;
	struct dfence *spare;
	struct dfence_cb cb;
	atomic_t calls;
	/* The callback must not run any more. */
	bool gone;
	/* Of the operation. */
	int ret;
	/* The operation says that it signalled the fence. */
	bool won;
	/* What the fence gets from this side: -errno, or 0 if it doesn't signal. */
	int error;
	/* What the fence's status tells if this side has signalled it. */
	int status;
};

/* The watch, one callback of each side, and an empty slot. */
#define SCENE_CALLS 4

/* One round. */
struct scene {
	struct race *race;
	struct target *target;
	struct dfence *f;
	struct dfence_ctx *ctx;
	int round;
	struct hand hand[2];
	/* Registered from the beginning, if the pair allows that. */
	struct dma_fence_cb watch;
	bool watched;
	atomic_t watch_calls;
	/* All callbacks, and the error that each saw. */
	atomic_t calls;
	int seen_error[SCENE_CALLS];
};

static struct target *to_target(struct dfence *f)
{
	return container_of(f, struct target, f);
}

/* No function of the issuer runs once the timeline has been closed. */
static void check_open(struct target *target)
{
	int closed = READ_ONCE(all.closed[target->round % ARRAY_SIZE(all.closed)]);

	RACE_CHECK(all.race, closed != target->round);
}

static int target_enable(struct dfence *f)
{
	check_open(to_target(f));
	return 0;
}

static bool target_signaled(struct dfence *f)
{
	check_open(to_target(f));
	return READ_ONCE(to_target(f)->done);
}

static void target_deadline(struct dfence *f, ktime_t deadline)
{
	check_open(to_target(f));
}

static void target_finish(struct dfence *f)
{
	struct target *target = to_target(f);

	if (target->finished++)
		WARN(1, "finish was called twice\n");
	atomic_inc(&all.finished);
	wake_up_all(&all.wq);
}

static const struct dfence_ops target_ops = {
	.enable_signaling = target_enable,
	.signaled = target_signaled,
	.set_deadline = target_deadline,
};

static const struct dfence_ops target_finish_ops = {
	.enable_signaling = target_enable,
	.signaled = target_signaled,
	.set_deadline = target_deadline,
	.finish = target_finish,
};

/* Whoever is called back sees a signalled fence that has its error already. */
static void note_call(struct scene *scene, struct dma_fence *fence)
{
	RACE_CHECK(scene->race, dma_fence_test_signaled_flag(fence));
	WRITE_ONCE(scene->seen_error[atomic_inc_return(&scene->calls) % SCENE_CALLS],
		   fence->error);
}

static void watch_called(struct dma_fence *fence, struct dma_fence_cb *base)
{
	struct scene *scene = container_of(base, struct scene, watch);

	note_call(scene, fence);
	atomic_inc(&scene->watch_calls);
}

static void hand_called(struct dfence_cb *cb, struct dma_fence *fence)
{
	struct hand *hand = container_of(cb, struct hand, cb);

	RACE_CHECK(hand->scene->race, !READ_ONCE(hand->gone));
	note_call(hand->scene, fence);
	atomic_inc(&hand->calls);
	RACE_CHECK(hand->scene->race, !READ_ONCE(hand->gone));
}

static void op_signal(struct scene *scene, struct hand *hand)
{
	dfence_signal(scene->f, hand->error);
}

static void op_try_signal(struct scene *scene, struct hand *hand)
{
	hand->won = dfence_try_signal(scene->f, hand->error);
}

static void op_drop(struct scene *scene, struct hand *hand)
{
	dfence_drop(scene->f);
}

static void op_advance(struct scene *scene, struct hand *hand)
{
	hand->ret = dfence_ctx_advance(hand->ctx, scene->f->base.seqno, hand->error);
	RACE_CHECK(scene->race, hand->ret == 0 || hand->ret == 1);
	hand->won = hand->ret;
	dfence_ctx_put(hand->ctx);
}

static void op_shut(struct scene *scene, struct hand *hand)
{
	dfence_ctx_declare_quiet(hand->ctx);
	hand->ret = dfence_ctx_shut(hand->ctx, hand->error);
	dfence_ctx_put(hand->ctx);
}

/* When it returns the timeline is as quiet as it is said to be. */
static void op_close(struct scene *scene, struct hand *hand)
{
	dfence_ctx_declare_quiet(hand->ctx);
	hand->ret = dfence_ctx_close(hand->ctx, hand->error);
	if (!hand->ret) {
		int round = scene->target->round;

		WRITE_ONCE(all.closed[round % ARRAY_SIZE(all.closed)], round);
		RACE_CHECK(scene->race, dma_fence_test_signaled_flag(&scene->f->base));
		RACE_CHECK(scene->race, !scene->watched || atomic_read(&scene->watch_calls));
	}
	dfence_ctx_put(hand->ctx);
}

static void op_cb_add(struct scene *scene, struct hand *hand)
{
	dfence_cb_init_func(&hand->cb, hand_called);
	hand->ret = dfence_cb_add(&hand->cb, &scene->f->base);
	if (hand->ret)
		RACE_CHECK(scene->race, dma_fence_test_signaled_flag(&scene->f->base));
}

static void op_cb_remove(struct scene *scene, struct hand *hand)
{
	hand->ret = dfence_cb_remove(&hand->cb);
	WRITE_ONCE(hand->gone, true);
	RACE_CHECK(scene->race, atomic_read(&hand->calls) == !hand->ret);
}

/* As SYNC_IOC_FILE_INFO does it. */
static void op_names(struct scene *scene, struct hand *hand)
{
	struct dma_fence *fence = &scene->f->base;
	const char *driver;
	const char *timeline;

	guard(rcu)();
	driver = (__force const char *)dma_fence_driver_name(fence);
	timeline = (__force const char *)dma_fence_timeline_name(fence);
	cpu_relax();
	if (strcmp(driver, "detached-driver")) {
		RACE_CHECK(scene->race, !strcmp(driver, "test-driver"));
		/* A reader of our name keeps close from returning. */
		check_open(scene->target);
	}
	if (strcmp(timeline, "signaled-timeline"))
		RACE_CHECK(scene->race, !strcmp(timeline, "test-timeline"));
}

static void op_ctx_put(struct scene *scene, struct hand *hand)
{
	dfence_ctx_put(hand->ctx);
}

static void op_deadline(struct scene *scene, struct hand *hand)
{
	dma_fence_set_deadline(&scene->f->base, 1);
}

static void op_enable(struct scene *scene, struct hand *hand)
{
	dma_fence_enable_signaling(&scene->f->base);
}

static void op_is_signaled(struct scene *scene, struct hand *hand)
{
	dma_fence_is_signaled(&scene->f->base);
}

/*
 * The issuer's memory says done before the issuer does. A dma_fence that is signalled
 * just when it's asked may deny it once, so look again.
 */
static void op_peek(struct scene *scene, struct hand *hand)
{
	WRITE_ONCE(scene->target->done, true);
	dma_fence_is_signaled(&scene->f->base);
	RACE_CHECK(scene->race, dma_fence_test_signaled_flag(&scene->f->base));
}

/* Until the other side signals; if it doesn't, the wait only begins and ends. */
static void op_wait(struct scene *scene, struct hand *hand)
{
	struct dma_fence *fence = &scene->f->base;
	bool ends = hand->against->op->flags & OP_SIGNALS;
	long left = dma_fence_wait_timeout(fence, false, ends ? MAX_SCHEDULE_TIMEOUT : 1);

	RACE_CHECK(scene->race, left >= 0);
	if (left)
		RACE_CHECK(scene->race, dma_fence_test_signaled_flag(fence));
}

/* In the RCU section, as a shut could consume the new fence before it's got. */
static void op_arm(struct scene *scene, struct hand *hand)
{
	guard(rcu)();
	dfence_arm(hand->spare);
	RACE_CHECK(scene->race, hand->spare->base.seqno > scene->f->base.seqno);
	if (!dma_fence_get_rcu(&hand->spare->base))
		hand->spare = NULL;
}

static void op_free(struct scene *scene, struct hand *hand)
{
	dfence_free(hand->spare);
	hand->spare = NULL;
}

/* An operation that doesn't say what status it leaves gets one of its own and side. */
#define STATUS_BASE 200

static const struct op ops[] = {
	{ "signal", op_signal, OP_SIGNALS },
	{ "try_signal", op_try_signal, OP_SIGNALS | OP_KNOWS },
	{ "drop", op_drop, OP_SIGNALS, -ECANCELED },
	{ "advance", op_advance, OP_SIGNALS | OP_KNOWS | OP_HAS_CTX },
	{ "shut", op_shut, OP_SIGNALS | OP_HAS_CTX | OP_SHUTS },
	{ "close", op_close, OP_SIGNALS | OP_HAS_CTX | OP_SHUTS | OP_SLEEPS },
	{ "peek", op_peek, OP_SIGNALS, 1 },
	{ "cb_add", op_cb_add, OP_ASKS },
	{ "cb_remove", op_cb_remove, OP_HAS_CB },
	{ "names", op_names },
	{ "ctx_put", op_ctx_put, OP_HAS_CTX | OP_IS_LAST },
	{ "set_deadline", op_deadline },
	{ "enable", op_enable, OP_ASKS },
	{ "is_signaled", op_is_signaled },
	{ "wait", op_wait, OP_ASKS },
	{ "arm", op_arm, OP_HAS_SPARE },
	{ "free", op_free, OP_HAS_SPARE },
};

/* All pairs, each once; an operation against itself included. */
struct pair {
	const struct op *op[2];
};

static struct pair pairs[ARRAY_SIZE(ops) * (ARRAY_SIZE(ops) + 1) / 2];

static const void *pair_gen_params(struct kunit *test, const void *prev, char *desc)
{
	const struct pair *pair = prev ? (const struct pair *)prev + 1 : pairs;
	unsigned int n = pair - pairs;
	unsigned int i = 0;

	if (n >= ARRAY_SIZE(pairs))
		return NULL;
	while (n >= ARRAY_SIZE(ops) - i)
		n -= ARRAY_SIZE(ops) - i++;
	pairs[pair - pairs].op[0] = &ops[i];
	pairs[pair - pairs].op[1] = &ops[i + n];
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s || %s", ops[i].name, ops[i + n].name);
	return pair;
}

static bool pair_has(const struct pair *pair, unsigned int flag)
{
	return (pair->op[0]->flags | pair->op[1]->flags) & flag;
}

static void hand_setup(struct kunit *test, struct scene *scene,
		       const struct pair *pair, int side)
{
	struct hand *hand = &scene->hand[side];
	unsigned int flags = pair->op[side]->flags;

	hand->scene = scene;
	hand->op = pair->op[side];
	hand->against = &scene->hand[!side];
	if (flags & OP_SIGNALS) {
		hand->status = hand->op->status ?: -(STATUS_BASE + 2 * (hand->op - ops) + side);
		hand->error = min(hand->status, 0);
	}
	if (flags & OP_HAS_CTX)
		hand->ctx = dfence_ctx_get(scene->ctx);
	if (flags & OP_HAS_SPARE) {
		hand->spare = dfence_alloc(scene->ctx, NULL, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, hand->spare);
	}
	if (flags & OP_HAS_CB) {
		dfence_cb_init_func(&hand->cb, hand_called);
		KUNIT_ASSERT_EQ(test, dfence_cb_add(&hand->cb, &scene->f->base), 0);
	}
}

static void scene_setup(struct scene *scene, struct race *race, const struct pair *pair)
{
	static int round;
	struct kunit *test = race->test;
	bool finish = round & 1;
	struct target *target;

	memset(scene, 0, sizeof(*scene));
	scene->race = race;
	scene->ctx = dfence_test_ctx(test, 0);
	target = dfence_alloc_type(scene->ctx, finish ? &target_finish_ops : &target_ops,
				   struct target, f, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, target);
	target->round = ++round;
	scene->target = target;
	scene->f = &target->f;
	dfence_arm(scene->f);
	dfence_get(scene->f);
	if (finish)
		atomic_inc(&all.to_finish);

	hand_setup(test, scene, pair, 0);
	hand_setup(test, scene, pair, 1);
	if (!pair_has(pair, OP_ASKS)) {
		scene->watched = true;
		KUNIT_ASSERT_EQ(test, dma_fence_add_callback(&scene->f->base, &scene->watch,
							     watch_called), 0);
	}
	if (pair_has(pair, OP_IS_LAST)) {
		dfence_ctx_put(scene->ctx);
		scene->ctx = NULL;
	}
}

/* Which side's status does the fence have? -1: neither's. */
static int scene_winner(struct scene *scene)
{
	int status = dma_fence_get_status(&scene->f->base);

	if (status && status == scene->hand[0].status)
		return 0;
	return status && status == scene->hand[1].status ? 1 : -1;
}

/* It's signalled once, with the status that the one who signalled it gave. */
static void check_winner(struct kunit *test, struct scene *scene, bool ends)
{
	int winner = scene_winner(scene);
	bool peeked = winner >= 0 && scene->hand[winner].status == 1;
	int i;

	if (ends)
		KUNIT_EXPECT_GE(test, winner, 0);
	KUNIT_EXPECT_FALSE(test, scene->hand[0].won && scene->hand[1].won);
	for (i = 0; i < 2; i++) {
		if (!(scene->hand[i].op->flags & OP_KNOWS))
			continue;
		/* A consumer that saw it done first takes the issuer's duty from nobody. */
		KUNIT_EXPECT_EQ(test, scene->hand[i].won, winner == i || peeked);
	}
}

/* How many reports of misuse has the round to cause? */
static unsigned int expected_reports(struct scene *scene)
{
	int winner = scene_winner(scene);
	bool peeked = winner >= 0 && scene->hand[winner].status == 1;
	unsigned int n = 0;
	int i;

	for (i = 0; i < 2; i++) {
		struct hand *hand = &scene->hand[i];
		bool claimed = hand->op->flags & OP_SIGNALS && hand->against->op->run != op_peek;

		/* In either case, as first or as second. */
		if (hand->op->run == op_drop)
			n++;
		/* Only as second. */
		if (hand->op->run == op_signal && winner != i && !peeked && claimed)
			n++;
		/* An arm took the declaration back. */
		if (hand->op->flags & OP_SHUTS && hand->ret == -EBUSY)
			n++;
		/* Armed too late: signalled on the spot, but not by a shut. */
		if (hand->op->run == op_arm && hand->spare &&
		    hand->spare->state == DFENCE_ARMED &&
		    dma_fence_test_signaled_flag(&hand->spare->base))
			n++;
	}
	return n;
}

/* Has one of the two signalled the fence for certain? */
static bool scene_ends(struct scene *scene)
{
	struct hand *hand;
	int i;

	for (i = 0; i < 2; i++) {
		hand = &scene->hand[i];
		if (hand->op->flags & OP_SHUTS && hand->ret == -EBUSY)
			RACE_CHECK(scene->race, hand->against->op->run == op_arm);
		else if (hand->op->flags & OP_SIGNALS)
			return true;
	}
	return false;
}

/* End the hand's registration, whose callback has run exactly if it says so. */
static void hand_end_cb(struct kunit *test, struct hand *hand)
{
	if (hand->op->run == op_cb_add) {
		KUNIT_EXPECT_TRUE(test, hand->ret == 0 || hand->ret == -ENOENT);
		KUNIT_EXPECT_EQ(test, atomic_read(&hand->calls), !hand->ret);
		KUNIT_EXPECT_FALSE(test, dfence_cb_remove(&hand->cb));
	} else if (hand->op->run == op_cb_remove) {
		KUNIT_EXPECT_EQ(test, atomic_read(&hand->calls), !hand->ret);
	}
}

/* Signal what a side armed, unless a shut did: nothing is armed and live after one. */
static void hand_end_spare(struct kunit *test, struct hand *hand)
{
	if (!hand->spare)
		return;
	if (hand->against->op->flags & OP_SHUTS && !hand->against->ret)
		KUNIT_EXPECT_NE(test, dma_fence_get_status(&hand->spare->base), 0);
	dfence_try_signal(hand->spare, 0);
	dfence_put(hand->spare);
}

static void scene_end(struct kunit *test, struct scene *scene)
{
	struct dma_fence *fence = &scene->f->base;
	int i;

	check_winner(test, scene, scene_ends(scene));
	if (!dma_fence_test_signaled_flag(fence))
		KUNIT_EXPECT_TRUE(test, dfence_try_signal(scene->f, -EREMOTEIO));
	else
		/* Early, by a peek; else no more than a question. */
		dfence_try_signal(scene->f, 0);

	for (i = 0; i < 2; i++) {
		hand_end_cb(test, &scene->hand[i]);
		hand_end_spare(test, &scene->hand[i]);
	}
	if (scene->watched)
		KUNIT_EXPECT_EQ(test, atomic_read(&scene->watch_calls), 1);
	for (i = 1; i <= atomic_read(&scene->calls); i++)
		KUNIT_EXPECT_EQ(test, scene->seen_error[i % SCENE_CALLS], fence->error);
	if (!scene->f->ops->finish) {
		KUNIT_EXPECT_EQ(test, kref_read(&fence->refcount), 1);
		if (scene->ctx)
			KUNIT_EXPECT_EQ(test, kref_read(&scene->ctx->ref), 1);
	}
	dfence_put(scene->f);
	dfence_ctx_put(scene->ctx);
}

static void run_side(void *arg, int side)
{
	struct scene *scene = arg;

	scene->hand[side].op->run(scene, &scene->hand[side]);
}

static void pair_run_batch(struct kunit *test, struct race *race, const struct pair *pair,
			   struct scene *scenes, unsigned int n)
{
	unsigned int reports = dfence_test_reports();
	unsigned int expected = 0;
	unsigned int i;

	for (i = 0; i < n; i++)
		scene_setup(&scenes[i], race, pair);
	race_run(race, run_side, run_side, scenes, sizeof(*scenes), n);
	for (i = 0; i < n; i++)
		expected += expected_reports(&scenes[i]);
	KUNIT_EXPECT_EQ(test, dfence_test_reports() - reports, expected);
}

static void pair(struct kunit *test)
{
	const struct pair *pair = test->param_value;
	unsigned int n = pair_has(pair, OP_SLEEPS) ? 2 : RACE_BATCH;
	unsigned int rounds = race_rounds / RACE_BATCH * n;
	struct race *race = race_start(test, dfence_test_reports);
	unsigned int won[3] = {};
	struct scene *scenes;
	unsigned int i;

	scenes = kunit_kcalloc(test, n, sizeof(*scenes), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, scenes);
	all.race = race;
	while (race_goes_on(race, rounds)) {
		pair_run_batch(test, race, pair, scenes, n);
		for (i = 0; i < n; i++) {
			won[scene_winner(&scenes[i]) + 1]++;
			scene_end(test, &scenes[i]);
		}
		KUNIT_ASSERT_NULL_MSG(test, race->broken, "%s", race->broken);
		KUNIT_ASSERT_EQ(test, (int)test->status, KUNIT_SUCCESS);
	}
	all.rounds += race->rounds;
	all.overlaps += race->overlaps;
	if (pair_has(pair, OP_SIGNALS))
		kunit_info(test, "signalled by %s %u, %s %u\n", pair->op[0]->name, won[1],
			   pair->op[1]->name, won[2]);
	race_end(race, pair->op[0]->name, pair->op[1]->name);
}

/* After all pairs: each fence that had a finish function got it called once. */
static void every_fence_was_finished(struct kunit *test)
{
	wait_event(all.wq, atomic_read(&all.finished) >= atomic_read(&all.to_finish));
	KUNIT_EXPECT_EQ(test, atomic_read(&all.finished), atomic_read(&all.to_finish));
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

static void race_suite_exit(struct kunit_suite *suite)
{
	kvfree_rcu_barrier();
}

static struct kunit_case race_cases[] = {
	KUNIT_CASE_PARAM_ATTR(pair, pair_gen_params, { .speed = KUNIT_SPEED_SLOW }),
	KUNIT_CASE(every_fence_was_finished),
	KUNIT_CASE(sides_have_met),
	{}
};

static struct kunit_suite race_suite = {
	.name = "dfence_race",
	.suite_exit = race_suite_exit,
	.test_cases = race_cases,
};

kunit_test_suite(race_suite);
