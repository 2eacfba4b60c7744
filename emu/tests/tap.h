/* SPDX-License-Identifier: MIT */
/* TAP output; a failed check says where it stands and ends its test case. */
#ifndef EMU_TESTS_TAP_H
#define EMU_TESTS_TAP_H

#include <stddef.h>

struct tap_case {
	const char *name;
	void (*run)(void);
};

int tap_main(const struct tap_case *cases, size_t num, int argc, char **argv);
void tap_failed(const char *file, int line, const char *fmt, ...)
	__attribute__((noreturn, format(printf, 3, 4)));

#define CHECK(cond) do {						\
	if (!(cond))							\
		tap_failed(__FILE__, __LINE__, "%s", #cond);		\
} while (0)

#define CHECK_EQ(a, b) do {						\
	unsigned long long va_ = (unsigned long long)(a);		\
	unsigned long long vb_ = (unsigned long long)(b);		\
	if (va_ != vb_)							\
		tap_failed(__FILE__, __LINE__,				\
			   "%s is %#llx, expected %s = %#llx",		\
			   #a, va_, #b, vb_);				\
} while (0)

#endif /* EMU_TESTS_TAP_H */
