// SPDX-License-Identifier: GPL-2.0
/*
 * Does lockdep know the order of locks from the start?
 */

#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "util.h"

#define LOCKDEP_SIZE (16 << 20)

/* All of /proc/lockdep, to be given back with vfree(); the test is skipped without. */
static char *read_lockdep(struct kunit *test)
{
	struct file *file = filp_open("/proc/lockdep", O_RDONLY, 0);
	loff_t pos = 0;
	ssize_t n;
	char *text;

	if (IS_ERR(file))
		kunit_skip(test, "no /proc/lockdep: a kernel without lockdep, or no /proc");
	text = vzalloc(LOCKDEP_SIZE);
	if (text) {
		do {
			n = kernel_read(file, text + pos, LOCKDEP_SIZE - 1 - pos, &pos);
		} while (n > 0);
	}
	fput(file);
	KUNIT_ASSERT_NOT_NULL(test, text);
	return text;
}

/*
 * A class is listed with those that were taken right after it:
 * "0123 FD: 4 BD: 5 ....: outer", " -> [0456] inner", ..., an empty line.
 */
static bool knows_order(const char *text, const char *outer, const char *inner)
{
	char head[64], follower[64];
	const char *block;
	const char *end;
	const char *hit;

	snprintf(head, sizeof(head), ": %s\n", outer);
	snprintf(follower, sizeof(follower), "] %s\n", inner);
	for (block = strstr(text, head); block; block = strstr(block + 1, head)) {
		end = strstr(block, "\n\n");
		hit = strstr(block, follower);
		if (hit && (!end || hit < end))
			return true;
	}
	return false;
}

/* Lockdep lists direct neighbours alone; in a wake-up RCU's map comes between. */
struct order_case {
	const char *outer;
	const char *inner;
};

static const struct order_case order_cases[] = {
	{ "dma_fence_map", "&fence->inline_lock" },
	{ "&fence->inline_lock", "dfence_ctx.lock" },
};

static void order_is_known(struct kunit *test)
{
	const struct order_case *c;
	char *text = read_lockdep(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(order_cases); i++) {
		c = &order_cases[i];
		KUNIT_EXPECT_TRUE_MSG(test, knows_order(text, c->outer, c->inner),
				      "lockdep doesn't know %s -> %s", c->outer, c->inner);
	}
	/* Not everything counts as known. */
	KUNIT_EXPECT_FALSE(test, knows_order(text, "dfence_ctx.lock", "&fence->inline_lock"));
	vfree(text);
}

static struct kunit_case prime_cases[] = {
	KUNIT_CASE(order_is_known),
	{}
};

static struct kunit_suite prime_suite = {
	.name = "dfence_prime",
	.test_cases = prime_cases,
};

kunit_test_suite(prime_suite);
