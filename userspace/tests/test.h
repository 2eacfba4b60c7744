/* SPDX-License-Identifier: MIT */
#ifndef TEST_H
#define TEST_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Exit codes of a test, as meson and others take them. */
#define TEST_PASS	0
#define TEST_FAIL	1
#define TEST_SKIP	77

static int test_failures;

/* CHECK() - note a failure and go on */
#define CHECK(cond) do {						\
	if (!(cond)) {							\
		fprintf(stderr, "%s:%d: failed: %s\n",			\
			__FILE__, __LINE__, #cond);			\
		test_failures++;					\
	}								\
} while (0)

/* CHECK_EQ() - compare two integers, and show them */
#define CHECK_EQ(got, want) do {					\
	long long got_ = (got), want_ = (want);				\
	if (got_ != want_) {						\
		fprintf(stderr, "%s:%d: failed: %s is %lld (0x%llx), "	\
			"not %lld (0x%llx)\n", __FILE__, __LINE__,	\
			#got, got_, got_, want_, want_);		\
		test_failures++;					\
	}								\
} while (0)

/* REQUIRE() - without this the test can't go on */
#define REQUIRE(cond) do {						\
	if (!(cond)) {							\
		fprintf(stderr, "%s:%d: failed: %s\n",			\
			__FILE__, __LINE__, #cond);			\
		exit(TEST_FAIL);					\
	}								\
} while (0)

static inline int test_result(void)
{
	return test_failures ? TEST_FAIL : TEST_PASS;
}

#endif /* TEST_H */
