// SPDX-License-Identifier: GPL-2.0
/*
 * Regions of which it is known what is in them: scripts/bench compares, and believes
 * no figure if the counter gets one of these wrong. What the frame around them costs is
 * in "empty", so the differences count.
 */

#include <linux/atomic.h>
#include <linux/kernel.h>
#include <linux/slab.h>

#include "bench.h"

#define SELF_RUNS 21

static int self_empty(const struct bench_case *c)
{
	barrier();
	return 0;
}

/*
 * 100 instructions, 7 of them locked: 31 in a loop, 62 that aren't locked though some
 * of them look like it, and those 7.
 */
static int self_known(const struct bench_case *c)
{
	static u32 word;

	asm volatile("movl	$10, %%ecx\n"
		     "1:	incl	%%eax\n"
		     "decl	%%ecx\n"
		     "jnz	1b\n"
		     "xchgl	%%eax, %%edx\n"
		     "xchgq	%%r8, %%rdx\n"
		     "cmpxchgl	%%edx, %0\n"
		     "xaddl	%%edx, %0\n"
		     ".rept	58\n"
		     "nop\n"
		     ".endr\n"
		     "lock incl	%0\n"
		     "lock orl	$1, %0\n"
		     "lock xaddl	%%eax, %0\n"
		     "lock cmpxchgl %%edx, %0\n"
		     "xchgl	%%eax, %0\n"
		     "xchgb	%%al, %0\n"
		     "xchgw	%%ax, %0\n"
		     : "+m" (word) : : "eax", "ecx", "edx", "r8", "cc", "memory");
	return 0;
}

/* 5 instructions, of which the last repeats 300 times: it counts once. */
static int self_repeat(const struct bench_case *c)
{
	static u8 bytes[300];

	asm volatile("movl	$300, %%ecx\n"
		     "leaq	%0, %%rdi\n"
		     "xorl	%%eax, %%eax\n"
		     "nop\n"
		     "rep stosb\n"
		     : "+m" (bytes) : : "rax", "rcx", "rdi", "cc", "memory");
	return 0;
}

/* 4 atomics of the kernel's own, which it strips of their LOCK on a single CPU. */
static int self_atomics(const struct bench_case *c)
{
	static atomic_t number;

	atomic_inc(&number);
	atomic_xchg(&number, 3);
	atomic_cmpxchg(&number, 3, 4);
	return atomic_dec_and_test(&number) ? -EINVAL : 0;
}

/* 2 allocations, freed at once. */
static int self_allocs(const struct bench_case *c)
{
	void *first = kmalloc(32, GFP_KERNEL);
	void *second = kmalloc(64, GFP_KERNEL);
	int ret = first && second ? 0 : -ENOMEM;

	kfree(first);
	kfree(second);
	return ret;
}

static const struct bench_case bench_self_cases[] = {
	{ .measure = "empty", .who = "self", .ops = 1, .runs = SELF_RUNS,
	  .run = self_empty },
	{ .measure = "known", .who = "self", .ops = 1, .runs = SELF_RUNS,
	  .run = self_known },
	{ .measure = "repeat", .who = "self", .ops = 1, .runs = SELF_RUNS,
	  .run = self_repeat },
	{ .measure = "atomics", .who = "self", .ops = 1, .runs = SELF_RUNS,
	  .run = self_atomics },
	{ .measure = "allocs", .who = "self", .ops = 1, .runs = SELF_RUNS,
	  .run = self_allocs },
};

struct bench_part bench_self = {
	.name = "self",
	.cases = bench_self_cases,
	.count = ARRAY_SIZE(bench_self_cases),
};
