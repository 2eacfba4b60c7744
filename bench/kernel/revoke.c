// SPDX-License-Identifier: GPL-2.0
/*
 * Benchmark of how long it takes to revoke a device: with readers of its own, and with
 * other devices whose readers are none of its business.
 */

#include <linux/completion.h>
#include <linux/device.h>
#include <linux/device/faux.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/module.h>

#include "bench.h"
#include "revoke.h"

#define REVOKE_RUNS		21
#define REVOKE_OTHERS		8
#define REVOKE_OWN_MAX		64

/**
 * struct revoke_load - who reads while a device is revoked
 */
struct revoke_load {
	/** @measure: a word */
	const char *measure;
	/** @own: readers of the device */
	unsigned int own;
	/** @own_inside_us: how long one's section sleeps */
	unsigned int own_inside_us;
	/** @own_outside_us: how long one sleeps between sections */
	unsigned int own_outside_us;
	/** @others: devices that have one reader each */
	unsigned int others;
	/** @others_inside_us: how long one's section sleeps */
	unsigned int others_inside_us;
	/** @stay: one of the others' sections ends when the revoke has returned */
	bool stay;
	/** @unregister: not the revoke, but what it does besides */
	bool unregister;
	/** @runs: how many revokes */
	unsigned int runs;
};

static const struct revoke_load revoke_loads[] = {
	{ .measure = "revoke-0", .runs = REVOKE_RUNS },
	{ .measure = "unregister", .unregister = true, .runs = REVOKE_RUNS },
	{ .measure = "revoke-1", .own = 1, .runs = REVOKE_RUNS },
	{ .measure = "revoke-64", .own = 64, .own_outside_us = 1000, .runs = REVOKE_RUNS },
	{ .measure = "revoke-slow", .own = 1, .own_inside_us = 10000, .runs = REVOKE_RUNS },
	{ .measure = "revoke-others", .others = 8, .others_inside_us = 10000,
	  .runs = REVOKE_RUNS },
	{ .measure = "revoke-stay", .others = 1, .others_inside_us = 2000000, .stay = true,
	  .runs = 3 },
};

static const struct revoke_impl *const revoke_impls[] = {
	&revoke_impl_ours, &revoke_impl_drm,
};

/* What is of one run. */
static struct {
	struct revoke_dev dev;
	struct revoke_reader own[REVOKE_OWN_MAX];
	struct revoke_reader others[REVOKE_OTHERS];
	unsigned int owns_started;
	unsigned int others_started;
	struct completion returned;
} run;

static struct revoke_dev revoke_others[ARRAY_SIZE(revoke_impls)][REVOKE_OTHERS];

static void revoke_dev_close(struct revoke_dev *dev)
{
	dev->impl->close(dev);
	faux_device_destroy(dev->faux);
}

static int revoke_dev_open(struct revoke_dev *dev, const struct revoke_impl *impl)
{
	static unsigned int names;
	char name[32];
	int ret;

	snprintf(name, sizeof(name), "carillon_bench.%u", names++);
	dev->impl = impl;
	dev->faux = faux_device_create(name, NULL, NULL);
	if (!dev->faux)
		return -ENODEV;
	scoped_guard(device, &dev->faux->dev)
		ret = impl->open(dev, &dev->faux->dev);
	if (ret)
		faux_device_destroy(dev->faux);
	return ret;
}

static void revoke_stop(const struct bench_case *c)
{
	complete_all(&run.returned);
	while (run.others_started)
		revoke_reader_stop(&run.others[--run.others_started]);
	while (run.owns_started)
		revoke_reader_stop(&run.own[--run.owns_started]);
	revoke_dev_close(&run.dev);
}

static int revoke_start_own(const struct revoke_load *load)
{
	unsigned int i;
	int ret;

	for (i = 0; i < load->own; i++) {
		run.own[i] = (struct revoke_reader) {
			.dev = &run.dev,
			.inside_us = load->own_inside_us,
			.outside_us = load->own_outside_us,
			/* Not all at once. */
			.delay_us = load->own_outside_us * i / load->own,
		};
		ret = revoke_reader_start(&run.own[i]);
		if (ret)
			return ret;
		run.owns_started++;
	}
	return 0;
}

static int revoke_start_others(const struct revoke_load *load, struct revoke_dev *others)
{
	unsigned int i;
	int ret;

	for (i = 0; i < load->others; i++) {
		run.others[i] = (struct revoke_reader) {
			.dev = &others[i],
			.inside_us = load->others_inside_us,
			/* Somebody is always about to leave, somebody has just come. */
			.delay_us = load->stay ? 0 : load->others_inside_us * i / load->others,
			.release = load->stay ? &run.returned : NULL,
		};
		ret = revoke_reader_start(&run.others[i]);
		if (ret)
			return ret;
		run.others_started++;
	}
	return 0;
}

static int revoke_start(const struct bench_case *c)
{
	const struct revoke_load *load = c->impl;
	unsigned int i;
	int ret;

	init_completion(&run.returned);
	ret = revoke_dev_open(&run.dev, revoke_impls[c->arg]);
	if (ret)
		return ret;
	ret = revoke_start_others(load, revoke_others[c->arg]);
	ret = ret ?: revoke_start_own(load);
	if (ret) {
		revoke_stop(c);
		return ret;
	}
	for (i = 0; i < run.others_started; i++)
		wait_for_completion(&run.others[i].entered);
	for (i = 0; i < run.owns_started; i++)
		wait_for_completion(&run.own[i].entered);
	return 0;
}

/* Returns how many sections of other devices were open before the revoke and aren't after. */
static int revoke_run(const struct bench_case *c)
{
	const struct revoke_load *load = c->impl;
	unsigned int i, ended = 0;

	if (load->unregister) {
		run.dev.impl->unregister(&run.dev);
		return 0;
	}
	for (i = 0; i < run.others_started; i++)
		run.others[i].seen = READ_ONCE(run.others[i].seq);
	run.dev.impl->revoke(&run.dev);
	for (i = 0; i < run.others_started; i++)
		if ((run.others[i].seen & 1) && READ_ONCE(run.others[i].seq) != run.others[i].seen)
			ended++;
	return ended;
}

static void revoke_inside(void *arg)
{
	*(bool *)arg = true;
}

/* Stop, and see that what was to be measured has happened: nobody gets in any more. */
static void revoke_finish(const struct bench_case *c)
{
	const struct revoke_load *load = c->impl;
	bool inside = false;
	int ret = run.dev.impl->section(&run.dev, revoke_inside, &inside);

	WARN(inside != load->unregister || (ret != -ENODEV) != inside,
	     "%s of %s didn't revoke\n", c->measure, c->who);
	revoke_stop(c);
}

static struct bench_case revoke_cases[ARRAY_SIZE(revoke_impls) * ARRAY_SIZE(revoke_loads)];

static struct bench_part revoke_part = {
	.name = "revoke",
	.cases = revoke_cases,
};

static void revoke_fill_cases(void)
{
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(revoke_loads); i++) {
		for (j = 0; j < ARRAY_SIZE(revoke_impls); j++) {
			if (revoke_loads[i].unregister && !revoke_impls[j]->unregister)
				continue;
			revoke_cases[revoke_part.count++] = (struct bench_case) {
				.measure = revoke_loads[i].measure,
				.who = revoke_impls[j]->who,
				.ops = 1,
				.impl = &revoke_loads[i],
				.arg = j,
				.timed = true,
				.runs = revoke_loads[i].runs,
				.setup = revoke_start,
				.run = revoke_run,
				.teardown = revoke_finish,
			};
		}
	}
}

/* Closes the first @count of the devices that stay. */
static void revoke_close_others(unsigned int count)
{
	while (count--)
		revoke_dev_close(&revoke_others[count / REVOKE_OTHERS][count % REVOKE_OTHERS]);
}

static int __init revoke_init(void)
{
	unsigned int i;
	int ret;

	revoke_fill_cases();
	for (i = 0; i < ARRAY_SIZE(revoke_impls) * REVOKE_OTHERS; i++) {
		ret = revoke_dev_open(&revoke_others[i / REVOKE_OTHERS][i % REVOKE_OTHERS],
				      revoke_impls[i / REVOKE_OTHERS]);
		if (ret)
			goto err_close;
	}
	ret = bench_part_run(&revoke_part);
	if (ret)
		goto err_close;
	return 0;

err_close:
	revoke_close_others(i);
	return ret;
}
module_init(revoke_init);

static void __exit revoke_exit(void)
{
	bench_part_remove(&revoke_part);
	revoke_close_others(ARRAY_SIZE(revoke_impls) * REVOKE_OTHERS);
}
module_exit(revoke_exit);

MODULE_DESCRIPTION("Benchmark of revoking a device");
MODULE_AUTHOR("The Carillon maintainers");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("BOUND");
MODULE_IMPORT_NS("CARILLON_BENCH");
