/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the test suites of dfence share.
 */
#ifndef _DFENCE_TESTS_UTIL_H
#define _DFENCE_TESTS_UTIL_H

#include <kunit/test.h>
#include <linux/string.h>

#include "../internal.h"

/**
 * struct dfence_test - what every case starts with
 */
struct dfence_test {
	/** @ctx: a new timeline */
	struct dfence_ctx *ctx;
};

int dfence_test_init(struct kunit *test);
void dfence_test_exit(struct kunit *test);
void dfence_test_last_put(struct kunit *test, struct dfence_ctx *ctx);

struct dfence_ctx *dfence_test_ctx(struct kunit *test, u64 first_seqno);
struct dfence *dfence_test_armed(struct kunit *test, struct dfence_ctx *ctx,
				 const struct dfence_ops *ops);

void dfence_test_hardirq(struct kunit *test, void (*func)(void *arg), void *arg);

char *dfence_test_debugfs(struct kunit *test, const char *name);

unsigned int dfence_test_reports(void);
bool dfence_test_reported(const char *text);
const char *dfence_test_listing(struct kunit *test);

/*
 * Run a statement that has to cause exactly one report, which contains a text. The
 * warning that comes with the report is taken out of the log.
 */
#define DFENCE_EXPECT_REPORT(test, text, statement) do {			\
	unsigned int __before = dfence_test_reports();				\
	struct kunit *__test = (test);						\
	const char *__text = (text);						\
										\
	kunit_warning_suppress(__test) {					\
		statement;							\
		KUNIT_EXPECT_SUPPRESSED_WARNING_COUNT(__test, 1);		\
	}									\
	KUNIT_EXPECT_EQ(__test, dfence_test_reports() - __before, 1);		\
	KUNIT_EXPECT_TRUE_MSG(__test, dfence_test_reported(__text),		\
			      "the report doesn't say \"%s\"", __text);		\
} while (0)

#endif
