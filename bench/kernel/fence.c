// SPDX-License-Identifier: GPL-2.0
/*
 * Benchmark of fences: the same steps for each implementation.
 */

#include <linux/kernel.h>
#include <linux/module.h>

#include "bench.h"
#include "fence.h"

static const struct fence_impl *const fence_impls[] = {
	&fence_impl_ours, &fence_impl_raw, &fence_impl_bare, &fence_impl_drm_sched,
};

static int fence_alloc(const struct bench_case *c)
{
	const struct fence_impl *impl = c->impl;

	return impl->alloc();
}

static int fence_alloc_and_arm(const struct bench_case *c)
{
	const struct fence_impl *impl = c->impl;
	int ret;

	ret = impl->alloc();
	if (!ret)
		impl->arm();
	return ret;
}

static int fence_arm(const struct bench_case *c)
{
	const struct fence_impl *impl = c->impl;

	impl->arm();
	return 0;
}

static int fence_signal(const struct bench_case *c)
{
	const struct fence_impl *impl = c->impl;

	impl->signal();
	return 0;
}

static void fence_end(const struct bench_case *c)
{
	fence_signal(c);
}

static void fence_arm_and_end(const struct bench_case *c)
{
	fence_arm(c);
	fence_signal(c);
}

static int fence_life(const struct bench_case *c)
{
	int ret;

	ret = fence_alloc_and_arm(c);
	return ret ?: fence_signal(c);
}

static int fence_advance(const struct bench_case *c)
{
	const struct fence_impl *impl = c->impl;

	impl->advance(c->arg);
	return 0;
}

static int fence_cb_prepare(const struct bench_case *c)
{
	const struct fence_impl *impl = c->impl;

	return impl->cb_prepare();
}

static int fence_cb_fire(const struct bench_case *c)
{
	const struct fence_impl *impl = c->impl;

	impl->cb_fire();
	return 0;
}

static int fence_cb_remove(const struct bench_case *c)
{
	const struct fence_impl *impl = c->impl;

	impl->cb_remove();
	return 0;
}

static void fence_cb_finish(const struct bench_case *c)
{
	const struct fence_impl *impl = c->impl;

	impl->cb_finish();
}

/* What is measured of each implementation; who and impl are filled in. */
static const struct bench_case fence_measures[] = {
	{ .measure = "life", .run = fence_life },
	{ .measure = "alloc", .run = fence_alloc, .teardown = fence_arm_and_end },
	{ .measure = "arm", .setup = fence_alloc, .run = fence_arm, .teardown = fence_end },
	{ .measure = "signal", .setup = fence_alloc_and_arm, .run = fence_signal },
	{ .measure = "advance-1", .setup = fence_alloc_and_arm, .run = fence_advance, .arg = 1 },
	{ .measure = "advance-16", .setup = fence_alloc_and_arm, .run = fence_advance, .arg = 16 },
	{ .measure = "advance-256", .setup = fence_alloc_and_arm, .run = fence_advance,
	  .arg = 256 },
	{ .measure = "cb-fire", .setup = fence_cb_prepare, .run = fence_cb_fire,
	  .teardown = fence_cb_finish },
	{ .measure = "cb-remove", .setup = fence_cb_prepare, .run = fence_cb_remove,
	  .teardown = fence_cb_finish },
};

static struct bench_case fence_cases[ARRAY_SIZE(fence_impls) * ARRAY_SIZE(fence_measures)];

static struct bench_part fence_part = {
	.name = "fence",
	.cases = fence_cases,
};

static bool fence_can(const struct fence_impl *impl, const struct bench_case *c)
{
	return (c->run != fence_advance || impl->advance) &&
	       (c->setup != fence_cb_prepare || impl->cb_prepare);
}

static void fence_fill_cases(void)
{
	int i, j;

	for (i = 0; i < ARRAY_SIZE(fence_measures); i++) {
		for (j = 0; j < ARRAY_SIZE(fence_impls); j++) {
			struct bench_case *c = &fence_cases[fence_part.count];

			if (!fence_can(fence_impls[j], &fence_measures[i]))
				continue;
			*c = fence_measures[i];
			c->who = fence_impls[j]->who;
			c->impl = fence_impls[j];
			c->ops = FENCES;
			fence_part.count++;
		}
	}
}

/* Close the first @count implementations. */
static void fence_close(int count)
{
	while (count--) {
		if (fence_impls[count]->close)
			fence_impls[count]->close();
	}
}

static int __init fence_init(void)
{
	int ret, i;

	fence_fill_cases();
	for (i = 0; i < ARRAY_SIZE(fence_impls); i++) {
		ret = fence_impls[i]->open();
		if (ret)
			goto err_close;
	}
	ret = bench_part_run(&fence_part);
	if (ret)
		goto err_close;
	return 0;

err_close:
	fence_close(i);
	return ret;
}
module_init(fence_init);

static void __exit fence_exit(void)
{
	bench_part_remove(&fence_part);
	fence_close(ARRAY_SIZE(fence_impls));
}
module_exit(fence_exit);

MODULE_DESCRIPTION("Benchmark of fences");
MODULE_AUTHOR("The Carillon maintainers");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("CARILLON_BENCH");
MODULE_IMPORT_NS("DFENCE");
