// SPDX-License-Identifier: GPL-2.0
/*
 * Every state of a fence against everything that can be done to one: what is legal
 * moves it on, what isn't is reported and does no harm.
 */

#include <linux/slab.h>

#include "util.h"

/* The states of &enum dfence_state, ARMED in three varieties. */
enum start {
	PREPARED,
	ARMED,
	/* Armed, and somebody who isn't the issuer has signalled the dma_fence. */
	FOREIGN,
	/* Armed, and the issuer's own &dfence_ops.signaled has said that it's done. */
	EARLY,
	/* Claimed and signalled with success; the issuer's reference is gone. */
	SIGNALLED,
};

static const char *const start_names[] = {
	[PREPARED] = "prepared",
	[ARMED] = "armed",
	[FOREIGN] = "signalled by somebody else",
	[EARLY] = "done early",
	[SIGNALLED] = "signalled",
};

enum action { ARM, SIGNAL, TRY_SIGNAL, DROP, FREE, FINI, ADVANCE, SHUT };

static const char *const action_names[] = {
	[ARM] = "arm",
	[SIGNAL] = "signal",
	[TRY_SIGNAL] = "try_signal",
	[DROP] = "drop",
	[FREE] = "free",
	[FINI] = "fini",
	[ADVANCE] = "advance",
	[SHUT] = "shut",
};

/* The error that signal, try_signal, advance and shut come with. */
#define ERROR (-EIO)

/* What a move's after says of a fence whose memory was given back or freed. */
#define GONE (-1)

/* What comes of an action in a state. */
struct move {
	enum start start;
	enum action action;
	/* Of &enum dfence_state, or GONE. */
	int after;
	/* Of the dma_fence, as dma_fence_get_status() has it. */
	int status;
	/* By try_signal, advance and shut. */
	int returns;
	/* How many there are, and what is in the last of them. */
	unsigned int reports;
	const char *text;
};

#define OTHER "had been signalled by somebody else"

static const struct move moves[] = {
	{ PREPARED, ARM, DFENCE_ARMED },
	{ PREPARED, SIGNAL, DFENCE_PREPARED, 0, 0, 1, "was signalled before it was armed" },
	{ PREPARED, TRY_SIGNAL, DFENCE_PREPARED, 0, 0, 1, "was signalled before it was armed" },
	{ PREPARED, DROP, GONE },
	{ PREPARED, FREE, GONE },
	{ PREPARED, FINI, GONE },
	{ PREPARED, ADVANCE, DFENCE_PREPARED },
	{ PREPARED, SHUT, DFENCE_PREPARED },

	{ ARMED, ARM, DFENCE_ARMED, 0, 0, 1, "was armed twice" },
	{ ARMED, SIGNAL, DFENCE_CLAIMED, ERROR },
	{ ARMED, TRY_SIGNAL, DFENCE_CLAIMED, ERROR, 1 },
	{ ARMED, DROP, DFENCE_CLAIMED, -ECANCELED, 0, 1, "was dropped unsignalled" },
	{ ARMED, FREE, DFENCE_CLAIMED, -ECANCELED, 0, 1, "was freed while armed" },
	{ ARMED, FINI, DFENCE_ARMED, 0, 0, 1, "was taken back after it was armed" },
	{ ARMED, ADVANCE, DFENCE_CLAIMED, ERROR, 1 },
	{ ARMED, SHUT, DFENCE_CLAIMED, ERROR },

	{ FOREIGN, ARM, DFENCE_ARMED, 1, 0, 1, "was armed twice" },
	{ FOREIGN, SIGNAL, DFENCE_CLAIMED, 1, 0, 1, OTHER },
	{ FOREIGN, TRY_SIGNAL, DFENCE_CLAIMED, 1, 1, 1, OTHER },
	{ FOREIGN, DROP, DFENCE_CLAIMED, 1, 0, 2, OTHER },
	{ FOREIGN, FREE, DFENCE_CLAIMED, 1, 0, 2, OTHER },
	{ FOREIGN, FINI, DFENCE_ARMED, 1, 0, 1, "was taken back after it was armed" },
	{ FOREIGN, ADVANCE, DFENCE_CLAIMED, 1, 1, 1, OTHER },
	{ FOREIGN, SHUT, DFENCE_CLAIMED, 1, 0, 1, OTHER },

	{ EARLY, ARM, DFENCE_ARMED, 1, 0, 1, "was armed twice" },
	{ EARLY, SIGNAL, DFENCE_CLAIMED, 1 },
	{ EARLY, TRY_SIGNAL, DFENCE_CLAIMED, 1, 1 },
	{ EARLY, DROP, DFENCE_CLAIMED, 1, 0, 1, "was dropped unsignalled" },
	{ EARLY, FREE, DFENCE_CLAIMED, 1, 0, 1, "was freed while armed" },
	{ EARLY, FINI, DFENCE_ARMED, 1, 0, 1, "was taken back after it was armed" },
	{ EARLY, ADVANCE, DFENCE_CLAIMED, 1, 1 },
	{ EARLY, SHUT, DFENCE_CLAIMED, 1 },

	{ SIGNALLED, ARM, DFENCE_CLAIMED, 1, 0, 1, "was armed twice" },
	{ SIGNALLED, SIGNAL, DFENCE_CLAIMED, 1, 0, 1, "was signalled twice" },
	{ SIGNALLED, TRY_SIGNAL, DFENCE_CLAIMED, 1 },
	{ SIGNALLED, DROP, DFENCE_CLAIMED, 1, 0, 1, "was dropped after it was signalled" },
	{ SIGNALLED, FREE, DFENCE_CLAIMED, 1, 0, 1, "was freed after it was signalled" },
	{ SIGNALLED, FINI, DFENCE_CLAIMED, 1, 0, 1, "was taken back after it was armed" },
	{ SIGNALLED, ADVANCE, DFENCE_CLAIMED, 1 },
	{ SIGNALLED, SHUT, DFENCE_CLAIMED, 1 },
};

static void move_desc(const struct move *m, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s: %s", start_names[m->start],
		 action_names[m->action]);
}

KUNIT_ARRAY_PARAM(move, moves, move_desc);

static bool say_done(struct dfence *f)
{
	return true;
}

static const struct dfence_ops early_ops = { .signaled = say_done };

/* A fence in a state; armed ones with a reference that the test keeps. */
static struct dfence *begin(struct kunit *test, struct dfence_ctx *ctx, enum start start)
{
	struct dfence *f = dfence_alloc(ctx, start == EARLY ? &early_ops : NULL, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	if (start == PREPARED)
		return f;
	dfence_arm(f);
	dfence_get(f);
	if (start == FOREIGN)
		dma_fence_signal(&f->base);
	else if (start == EARLY)
		KUNIT_EXPECT_TRUE(test, dma_fence_is_signaled(&f->base));
	else if (start == SIGNALLED)
		dfence_signal(f, 0);
	return f;
}

static int act(struct dfence_ctx *ctx, struct dfence *f, enum action action)
{
	switch (action) {
	case ARM:
		dfence_arm(f);
		break;
	case SIGNAL:
		dfence_signal(f, ERROR);
		break;
	case TRY_SIGNAL:
		return dfence_try_signal(f, ERROR);
	case DROP:
		dfence_drop(f);
		break;
	case FREE:
		dfence_free(f);
		break;
	case FINI:
		dfence_fini(f);
		break;
	case ADVANCE:
		return dfence_ctx_advance(ctx, dfence_ctx_last_armed(ctx), ERROR);
	case SHUT:
		dfence_ctx_declare_quiet(ctx);
		return dfence_ctx_shut(ctx, ERROR);
	}
	return 0;
}

/* What @m says of the fence, and of who holds what. */
static void expect_after(struct kunit *test, struct dfence_ctx *ctx, struct dfence *f,
			 const struct move *m)
{
	KUNIT_EXPECT_EQ(test, f->state, m->after);
	KUNIT_EXPECT_EQ(test, dfence_ctx_live(ctx), m->after == DFENCE_ARMED);
	/* The timeline's, and the fence's until it's claimed. */
	KUNIT_EXPECT_EQ(test, kref_read(&ctx->ref), m->after == DFENCE_CLAIMED ? 1 : 2);
	if (m->after == DFENCE_PREPARED)
		return;
	KUNIT_EXPECT_EQ(test, f->base.seqno, 1);
	KUNIT_EXPECT_EQ(test, dfence_ctx_last_armed(ctx), 1);
	KUNIT_EXPECT_EQ(test, dma_fence_get_status(&f->base), m->status);
	/* The issuer's until it's claimed, and the test's. */
	KUNIT_EXPECT_EQ(test, kref_read(&f->base.refcount),
			(m->after == DFENCE_ARMED) + (m->start != PREPARED));
}

/* Undo what is left, as an issuer would. */
static void end(struct dfence *f, const struct move *m)
{
	if (m->after == DFENCE_PREPARED)
		dfence_free(f);
	else if (m->after == DFENCE_ARMED)
		dfence_signal(f, 0);
	if (m->start != PREPARED)
		dfence_put(f);
}

static void action_in_state(struct kunit *test)
{
	const struct move *m = test->param_value;
	struct dfence_test *t = test->priv;
	struct dfence *f = begin(test, t->ctx, m->start);
	unsigned int before = dfence_test_reports();
	int ret;

	kunit_warning_suppress(test) {
		ret = act(t->ctx, f, m->action);
		KUNIT_EXPECT_SUPPRESSED_WARNING_COUNT(test, m->reports);
	}
	KUNIT_EXPECT_EQ(test, ret, m->returns);
	KUNIT_EXPECT_EQ(test, dfence_test_reports() - before, m->reports);
	if (m->reports)
		KUNIT_EXPECT_TRUE_MSG(test, dfence_test_reported(m->text), "not \"%s\"", m->text);

	if (m->after == GONE) {
		KUNIT_EXPECT_EQ(test, kref_read(&t->ctx->ref), 1);
		KUNIT_EXPECT_EQ(test, dfence_ctx_last_armed(t->ctx), 0);
		if (m->action == FINI)
			kfree(f);
		return;
	}
	expect_after(test, t->ctx, f, m);
	/* What somebody else has signalled is reported when it ends, too. */
	kunit_warning_suppress(test)
		end(f, m);
}

static struct kunit_case state_cases[] = {
	KUNIT_CASE_PARAM(action_in_state, move_gen_params),
	{}
};

static struct kunit_suite state_suite = {
	.name = "dfence_state",
	.init = dfence_test_init,
	.exit = dfence_test_exit,
	.test_cases = state_cases,
};

kunit_test_suite(state_suite);
