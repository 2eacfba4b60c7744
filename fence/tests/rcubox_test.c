// SPDX-License-Identifier: GPL-2.0
/*
 * RCU boxes: how long the content lasts, and where it ends.
 */

#include <linux/atomic.h>
#include <linux/delay.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/preempt.h>
#include <linux/slab.h>

#include <dfence/rcubox.h>

#include "util.h"

/* What a destructor has seen; each test starts with a new one. */
struct ends {
	atomic_t n;
	int sum;
	bool atomic;
};

struct part {
	struct ends *ends;
	int value;
};

static void part_destroy(struct part *part)
{
	part->ends->sum += part->value;
	/* Splats if it isn't so. */
	might_sleep();
	if (!in_task())
		part->ends->atomic = true;
	part->value = -1;
	atomic_inc(&part->ends->n);
}

/* Larger than kmalloc() gives. */
struct large {
	struct part part;
	u8 data[8 << 20];
};

static void large_destroy(struct large *large)
{
	part_destroy(&large->part);
}

DEFINE_RCUBOX(part, struct part, part_destroy);
DEFINE_RCUBOX(large, struct large, large_destroy);
DEFINE_RCUBOX_PLAIN(plain, int);
DEFINE_RCUBOX_PLAIN(plain_large, struct large);

/* A box whose destructor drops another. */
struct outer {
	struct part_box *inner;
};

static void outer_destroy(struct outer *outer)
{
	part_box_drop(outer->inner);
}

DEFINE_RCUBOX(outer, struct outer, outer_destroy);

static struct part_box *new_part(struct kunit *test, struct ends *ends, int value)
{
	struct part_box *box = part_box_alloc(GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, box);
	box->value.ends = ends;
	box->value.value = value;
	return box;
}

static void content_is_zeroed(struct kunit *test)
{
	struct plain_box *box = plain_box_alloc(GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, box);
	KUNIT_EXPECT_EQ(test, box->value, 0);
	plain_box_drop(box);
}

/* KASAN sees it if the memory goes too early, kmemleak if it doesn't go. */
static void readers_keep_plain_content(struct kunit *test)
{
	struct plain_large_box *large = plain_large_box_alloc(GFP_KERNEL);
	struct plain_box *box = plain_box_alloc(GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, box);
	KUNIT_ASSERT_NOT_NULL(test, large);
	KUNIT_EXPECT_TRUE(test, is_vmalloc_addr(large));
	KUNIT_EXPECT_FALSE(test, is_vmalloc_addr(box));
	box->value = 7;
	large->value.data[(8 << 20) - 1] = 8;

	scoped_guard(rcu) {
		plain_box_drop(box);
		plain_large_box_drop(large);
		mdelay(5);
		KUNIT_EXPECT_EQ(test, box->value, 7);
		KUNIT_EXPECT_EQ(test, large->value.data[(8 << 20) - 1], 8);
	}
}

static void readers_hold_destructor_up(struct kunit *test)
{
	struct ends ends = {};
	struct part_box *box = new_part(test, &ends, 3);

	scoped_guard(rcu) {
		part_box_drop(box);
		mdelay(5);
		KUNIT_EXPECT_EQ(test, box->value.value, 3);
		KUNIT_EXPECT_EQ(test, atomic_read(&ends.n), 0);
	}
	rcubox_drain();
	KUNIT_EXPECT_EQ(test, atomic_read(&ends.n), 1);
	KUNIT_EXPECT_EQ(test, ends.sum, 3);
	KUNIT_EXPECT_FALSE(test, ends.atomic);
}

static void large_content_is_destroyed(struct kunit *test)
{
	struct large_box *box = large_box_alloc(GFP_KERNEL);
	struct ends ends = {};

	KUNIT_ASSERT_NOT_NULL(test, box);
	KUNIT_EXPECT_TRUE(test, is_vmalloc_addr(box));
	box->value.part.ends = &ends;
	box->value.part.value = 4;
	large_box_drop(box);
	rcubox_drain();
	KUNIT_EXPECT_EQ(test, ends.sum, 4);
}

static void drop_of_nothing(struct kunit *test)
{
	plain_box_drop(NULL);
	part_box_drop(NULL);
	rcubox_drain();
}

static void drop_part(void *arg)
{
	part_box_drop(arg);
}

static void drop_large(void *arg)
{
	plain_large_box_drop(arg);
}

static void drop_in_hardirq(struct kunit *test)
{
	struct plain_large_box *large = plain_large_box_alloc(GFP_KERNEL);
	struct ends ends = {};

	KUNIT_ASSERT_NOT_NULL(test, large);
	dfence_test_hardirq(test, drop_large, large);
	dfence_test_hardirq(test, drop_part, new_part(test, &ends, 5));
	rcubox_drain();
	KUNIT_EXPECT_EQ(test, ends.sum, 5);
	KUNIT_EXPECT_FALSE(test, ends.atomic);
}

static void drain_waits_for_all(struct kunit *test)
{
	struct ends ends = {};
	int i;

	for (i = 0; i < 100; i++)
		part_box_drop(new_part(test, &ends, 1));
	rcubox_drain();
	KUNIT_EXPECT_EQ(test, atomic_read(&ends.n), 100);
}

static void drain_once_per_level(struct kunit *test)
{
	struct outer_box *box = outer_box_alloc(GFP_KERNEL);
	struct ends ends = {};

	KUNIT_ASSERT_NOT_NULL(test, box);
	box->value.inner = new_part(test, &ends, 6);
	outer_box_drop(box);
	rcubox_drain();
	rcubox_drain();
	KUNIT_EXPECT_EQ(test, ends.sum, 6);
}

static int leave_scope(struct kunit *test, struct ends *ends, struct part_box **ret_box,
		       int error)
{
	struct part_box *box __free(part_box) = new_part(test, ends, 9);

	if (error)
		return error;
	*ret_box = no_free_ptr(box);
	return 0;
}

static void scope_drops(struct kunit *test)
{
	struct part_box *box = NULL;
	struct ends ends = {};

	KUNIT_EXPECT_EQ(test, leave_scope(test, &ends, &box, -EINVAL), -EINVAL);
	rcubox_drain();
	KUNIT_EXPECT_EQ(test, atomic_read(&ends.n), 1);

	KUNIT_EXPECT_EQ(test, leave_scope(test, &ends, &box, 0), 0);
	rcubox_drain();
	KUNIT_EXPECT_EQ(test, atomic_read(&ends.n), 1);
	KUNIT_ASSERT_NOT_NULL(test, box);
	part_box_drop(box);
	rcubox_drain();
	KUNIT_EXPECT_EQ(test, atomic_read(&ends.n), 2);
}

static void publish_and_replace(struct kunit *test)
{
	struct part_box __rcu *slot = NULL;
	struct part_box *old;
	struct ends ends = {};
	struct part *seen;

	scoped_guard(rcu)
		KUNIT_EXPECT_NULL(test, part_box_deref(&slot));
	part_box_publish(&slot, new_part(test, &ends, 1));

	scoped_guard(rcu) {
		seen = part_box_deref(&slot);
		KUNIT_EXPECT_EQ(test, seen->value, 1);
		old = part_box_swap(&slot, NULL);
		KUNIT_EXPECT_PTR_EQ(test, &old->value, seen);
		KUNIT_EXPECT_NULL(test, part_box_deref(&slot));
		part_box_publish(&slot, old);
	}

	/* Replacing destroys the old one, and it alone. */
	part_box_publish(&slot, new_part(test, &ends, 2));
	rcubox_drain();
	KUNIT_EXPECT_EQ(test, ends.sum, 1);
	part_box_publish(&slot, NULL);
	rcubox_drain();
	KUNIT_EXPECT_EQ(test, ends.sum, 3);
}

static struct kunit_case rcubox_cases[] = {
	KUNIT_CASE(content_is_zeroed),
	KUNIT_CASE(readers_keep_plain_content),
	KUNIT_CASE(readers_hold_destructor_up),
	KUNIT_CASE(large_content_is_destroyed),
	KUNIT_CASE(drop_of_nothing),
	KUNIT_CASE(drop_in_hardirq),
	KUNIT_CASE(drain_waits_for_all),
	KUNIT_CASE(drain_once_per_level),
	KUNIT_CASE(scope_drops),
	KUNIT_CASE(publish_and_replace),
	{}
};

static struct kunit_suite rcubox_suite = {
	.name = "dfence_rcubox",
	.test_cases = rcubox_cases,
};

kunit_test_suite(rcubox_suite);
