/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What each implementation of fences does in the benchmark.
 */
#ifndef BENCH_KERNEL_FENCE_H
#define BENCH_KERNEL_FENCE_H

/* Fences in one run, alive at the same time; callbacks on one fence. */
#define FENCES 1024

/**
 * struct fence_impl - an implementation
 *
 * All functions work on the implementation's own FENCES fences. A function that is
 * missing is something that it doesn't have.
 */
struct fence_impl {
	/** @who: a word */
	const char *who;
	/** @open: makes a timeline. 0 or -errno */
	int (*open)(void);
	/** @close: ends it; all its fences are gone */
	void (*close)(void);
	/** @alloc: allocates the fences. 0 or -ENOMEM: then there are none */
	int (*alloc)(void);
	/** @arm: gives them sequence numbers and makes them visible */
	void (*arm)(void);
	/** @signal: signals them one by one; the last reference goes with it */
	void (*signal)(void);
	/** @advance: the same, but @step of them at a time */
	void (*advance)(unsigned int step);
	/** @cb_prepare: makes the fence for the next two. 0 or -ENOMEM */
	int (*cb_prepare)(void);
	/** @cb_fire: FENCES callbacks: adds all, signals their fence, ends all */
	void (*cb_fire)(void);
	/** @cb_remove: FENCES times a callback is added and removed */
	void (*cb_remove)(void);
	/** @cb_finish: releases the fence; signals it if @cb_fire didn't */
	void (*cb_finish)(void);
};

extern const struct fence_impl fence_impl_ours;
extern const struct fence_impl fence_impl_raw;
extern const struct fence_impl fence_impl_bare;
extern const struct fence_impl fence_impl_drm_sched;

#endif
