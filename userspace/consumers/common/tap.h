/* SPDX-License-Identifier: MIT */
/* Test cases of a consumer, reported as TAP on stdout. */
#ifndef CONSUMERS_TAP_H
#define CONSUMERS_TAP_H

#include <stdbool.h>
#include <stddef.h>

/**
 * struct tap_case - a test
 * @name: what holds if it passes
 * @run: the test; gets the context that tap_run() was given
 * @blocks: it says that somebody waits for our fence, so that it has to fail with a
 *	driver that signals at once; "[blocks]" in its name tells scripts/consumers
 */
struct tap_case {
	const char *name;
	void (*run)(void *ctx);
	bool blocks;
};

/**
 * tap_run() - run tests
 * @cases: the tests
 * @num: how many
 * @ctx: for them
 * @only: part of the names of those to run, or NULL for all
 *
 * A test that takes longer than a minute ends the program with "Bail out!", so that
 * a consumer that hangs is a failure with a name.
 *
 * Return: exit code: 0 if none has failed, else 1.
 */
int tap_run(const struct tap_case *cases, size_t num, void *ctx, const char *only);

/**
 * tap_skip_all() - there is nothing to test with
 * @why: reason
 *
 * Return: exit code: 0.
 */
int tap_skip_all(const char *why);

/**
 * tap_bail() - it should be there to test with, but isn't
 * @why: reason
 *
 * Return: exit code: 1.
 */
int tap_bail(const char *why);

/** tap_skip() - the running test can't run; it has to return then */
void tap_skip(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** tap_note() - a comment, on the running test or in general */
void tap_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The running test fails unless @cond. Returns @cond. For EXPECT() and EXPECT_EQ(). */
bool tap_expect(bool cond, const char *file, int line, const char *what);
bool tap_expect_eq(long long got, long long want, const char *file, int line,
		   const char *what);

/* Both give true if it holds; the test fails, but goes on, if not. */
#define EXPECT(cond)		tap_expect(cond, __FILE__, __LINE__, #cond)
#define EXPECT_EQ(got, want)	tap_expect_eq(got, want, __FILE__, __LINE__, #got)

#endif /* CONSUMERS_TAP_H */
