// SPDX-License-Identifier: GPL-2.0
/*
 * What debugfs tells of timelines and reports, read as user space reads it.
 *
 * This suite comes first, so that it sees the library before anything was reported.
 */

#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kconfig.h>
#include <linux/slab.h>
#include <linux/sprintf.h>
#include <linux/stackdepot.h>
#include <linux/string.h>

#include "util.h"

/* A listing shows that many fences of a timeline and says that there are more. */
#define SHOWN 64

/* The lines on a timeline in a listing, from its own line on; NULL if it isn't listed. */
static const char *listed(struct kunit *test, u64 id)
{
	char *text = dfence_test_debugfs(test, "contexts");
	char head[40];
	char *own;
	char *next;

	snprintf(head, sizeof(head), "context %llu ", id);
	own = strstr(text, head);
	if (!own)
		return NULL;
	next = strstr(own + 1, "\ncontext ");
	if (next)
		next[1] = '\0';
	return own;
}

static void expect_listed(struct kunit *test, struct dfence_ctx *ctx, const char *what)
{
	const char *text = listed(test, dfence_ctx_id(ctx));

	KUNIT_ASSERT_NOT_NULL(test, text);
	KUNIT_EXPECT_TRUE_MSG(test, strstr(text, what), "no \"%s\" in:\n%s", what, text);
}

/* Before and after the first report of all. */
static void reports(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	unsigned int before = dfence_test_reports();
	char count[24];
	char *text;

	text = dfence_test_debugfs(test, "reports");
	snprintf(count, sizeof(count), "count %u\n", before);
	KUNIT_EXPECT_TRUE_MSG(test, strstarts(text, count), "%s", text);
	KUNIT_EXPECT_EQ(test, !!strstr(text, "last "), before > 0);

	DFENCE_EXPECT_REPORT(test, "no fence fits",
			     KUNIT_EXPECT_NULL(test, __dfence_alloc_size(t->ctx, NULL, 1,
									 GFP_KERNEL)));
	text = dfence_test_debugfs(test, "reports");
	snprintf(count, sizeof(count), "count %u\n", before + 1);
	KUNIT_EXPECT_TRUE_MSG(test, strstarts(text, count), "%s", text);
	KUNIT_EXPECT_TRUE_MSG(test, strstr(text, "last no fence fits in 1 bytes"), "%s", text);
}

/* A timeline's line follows it through its life. */
static void timeline_states(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct dfence *f;
	char head[80];

	snprintf(head, sizeof(head), "context %llu driver test-driver timeline test-timeline ",
		 dfence_ctx_id(t->ctx));
	expect_listed(test, t->ctx, head);
	expect_listed(test, t->ctx, " last 0 live 0 quiet\n");
	f = dfence_test_armed(test, t->ctx, NULL);
	expect_listed(test, t->ctx, " last 1 live 1\n");
	dfence_signal(f, 0);
	expect_listed(test, t->ctx, " last 1 live 0\n");
	dfence_ctx_declare_quiet(t->ctx);
	expect_listed(test, t->ctx, " last 1 live 0 quiet\n");
	KUNIT_EXPECT_EQ(test, dfence_ctx_close(t->ctx, -ENODEV), 0);
	expect_listed(test, t->ctx, " last 1 live 0 quiet closed\n");
}

static void released_timeline_is_gone(struct kunit *test)
{
	struct dfence_ctx *ctx = dfence_test_ctx(test, 0);
	u64 id = dfence_ctx_id(ctx);

	KUNIT_EXPECT_NOT_NULL(test, listed(test, id));
	dfence_ctx_put(ctx);
	KUNIT_EXPECT_NULL(test, listed(test, id));
}

/* Live fences with their age, oldest first; one that a consumer has signalled says so. */
static void live_fences(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	struct dfence *first = dfence_test_armed(test, t->ctx, NULL);
	struct dfence *second;
	unsigned int age[2];
	const char *text;
	int parsed;

	first->armed_jiffies -= 20 * HZ;
	second = dfence_test_armed(test, t->ctx, NULL);
	dma_fence_signal(&second->base);
	text = listed(test, dfence_ctx_id(t->ctx));
	KUNIT_ASSERT_NOT_NULL(test, text);
	text = strchr(text, '\n');
	KUNIT_ASSERT_NOT_NULL(test, text);
	parsed = sscanf(text, "\n  fence 1 age_ms %u\n  fence 2 age_ms %u", &age[0], &age[1]);
	KUNIT_ASSERT_EQ_MSG(test, parsed, 2, "%s", text);
	KUNIT_EXPECT_GE(test, age[0], age[1] + 10000);
	KUNIT_EXPECT_TRUE_MSG(test, strends(text, " signalled\n"), "%s", text);
	dfence_signal(first, 0);
	DFENCE_EXPECT_REPORT(test, "signalled by somebody else", dfence_signal(second, 0));
}

/* A timeline with very many fences doesn't keep its lock for as long. */
static void long_listing_is_cut(struct kunit *test)
{
	struct dfence_test *t = test->priv;
	char last[24];
	int i;

	snprintf(last, sizeof(last), "  fence %u ", SHOWN);
	for (i = 0; i < SHOWN; i++)
		dfence_test_armed(test, t->ctx, NULL);
	expect_listed(test, t->ctx, last);
	KUNIT_EXPECT_NULL(test, strstr(listed(test, dfence_ctx_id(t->ctx)), "..."));

	dfence_test_armed(test, t->ctx, NULL);
	expect_listed(test, t->ctx, last);
	expect_listed(test, t->ctx, "\n  ...\n");
	snprintf(last, sizeof(last), "  fence %u ", SHOWN + 1);
	KUNIT_EXPECT_NULL(test, strstr(listed(test, dfence_ctx_id(t->ctx)), last));
	dfence_ctx_advance(t->ctx, SHOWN + 1, 0);
}

/* A stack that was kept is shown, whether or not this kernel can make one. */
static void stack_is_listed(struct kunit *test)
{
	unsigned long entries[] = { (unsigned long)timeline_states };
	struct dfence_test *t = test->priv;
	struct dfence *f;

	if (!IS_ENABLED(CONFIG_STACKDEPOT))
		kunit_skip(test, "this kernel has no stack depot");
	KUNIT_ASSERT_EQ(test, dfence_debug_set(true), 0);
	KUNIT_EXPECT_EQ(test, dfence_debug_set(false), 0);
	f = dfence_test_armed(test, t->ctx, NULL);
	f->stack = stack_depot_save(entries, ARRAY_SIZE(entries), GFP_KERNEL);
	KUNIT_EXPECT_NE(test, f->stack, 0);
	expect_listed(test, t->ctx, "    by timeline_states+");
	dfence_signal(f, 0);
}

/* Write @value to the debug switch as the administrator does, and read what it is then. */
static ssize_t set_switch(struct kunit *test, const char *value, char *ret_now)
{
	struct file *file = filp_open("/sys/module/dfence/parameters/debug", O_RDWR, 0);
	loff_t pos = 0;
	ssize_t ret;

	if (IS_ERR(file))
		kunit_skip(test, "the module's parameter can't be opened");
	ret = kernel_write(file, value, strlen(value), &pos);
	pos = 0;
	KUNIT_EXPECT_EQ(test, kernel_read(file, ret_now, 1, &pos), 1);
	fput(file);
	return ret;
}

static void debug_switch(struct kunit *test)
{
	char now = 0;

	KUNIT_EXPECT_EQ(test, set_switch(test, "maybe", &now), -EINVAL);
	KUNIT_EXPECT_EQ(test, now, 'N');
	KUNIT_EXPECT_EQ(test, set_switch(test, "Y", &now), 1);
	KUNIT_EXPECT_EQ(test, now, 'Y');
	KUNIT_EXPECT_EQ(test, set_switch(test, "N", &now), 1);
	KUNIT_EXPECT_EQ(test, now, 'N');
}

static struct kunit_case debugfs_cases[] = {
	KUNIT_CASE(reports),
	KUNIT_CASE(timeline_states),
	KUNIT_CASE(released_timeline_is_gone),
	KUNIT_CASE(live_fences),
	KUNIT_CASE(long_listing_is_cut),
	KUNIT_CASE(stack_is_listed),
	KUNIT_CASE(debug_switch),
	{}
};

static struct kunit_suite debugfs_suite = {
	.name = "dfence_debugfs",
	.init = dfence_test_init,
	.exit = dfence_test_exit,
	.test_cases = debugfs_cases,
};

kunit_test_suite(debugfs_suite);
