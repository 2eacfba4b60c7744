/* SPDX-License-Identifier: MIT */
/*
 * What these tests use of libigt (2.4 or newer), declared by us: distributions
 * ship the library without its headers. In IGT's own tree this folder isn't
 * needed, its igt.h, igt_syncobj.h and sw_sync.h take over.
 */
#ifndef IGT_H
#define IGT_H

#include <errno.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xf86drm.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* --- Control flow: a test is a function full of for loops that run once. -- */

extern jmp_buf igt_subtest_jmpbuf;
extern const char *__igt_test_description __attribute__((weak));

bool __igt_fixture(void);
void __igt_fixture_complete(void);
bool __igt_run_subtest(const char *name, const char *file, const int line);
void __igt_subtest_group_save(int *save, int *desc);
void __igt_subtest_group_restore(int save, int desc);
void igt_describe_f(const char *format, ...) __attribute__((format(printf, 1, 2)));
void igt_success(void);
void igt_exit(void) __attribute__((noreturn));
int igt_subtest_init_parse_opts(int *argc, char **argv, const char *shorts,
				const void *longs, const char *help,
				int (*handler)(int, int, void *), void *data);

#define IGT_JOIN_(a, b)	a ## b
#define IGT_JOIN(a, b)	IGT_JOIN_(a, b)
#define IGT_NAME(a)	IGT_JOIN(igt_##a##_, __LINE__)

#define IGT_TEST_DESCRIPTION(s)	const char *__igt_test_description = (s)

#define igt_describe(s)	igt_describe_f("%s", s)

#define igt_fixture()							\
	for (volatile int IGT_NAME(once) = 1;				\
	     IGT_NAME(once) && __igt_fixture() &&			\
	     !sigsetjmp(igt_subtest_jmpbuf, 1);				\
	     IGT_NAME(once) = 0, __igt_fixture_complete())

#define igt_subtest(name)						\
	for (; __igt_run_subtest((name), __FILE__, __LINE__) &&		\
	       !sigsetjmp(igt_subtest_jmpbuf, 1); igt_success())

#define igt_subtest_f(...)						\
	for (char IGT_NAME(name)[256];					\
	     snprintf(IGT_NAME(name), sizeof(IGT_NAME(name)), __VA_ARGS__), \
	     __igt_run_subtest(IGT_NAME(name), __FILE__, __LINE__) &&	\
	     !sigsetjmp(igt_subtest_jmpbuf, 1); igt_success())

#define igt_subtest_group()						\
	for (int IGT_NAME(once) = 1, IGT_NAME(save) = 0, IGT_NAME(desc) = 0; \
	     IGT_NAME(once) &&						\
	     (__igt_subtest_group_save(&IGT_NAME(save), &IGT_NAME(desc)), 1); \
	     IGT_NAME(once) = 0,					\
	     __igt_subtest_group_restore(IGT_NAME(save), IGT_NAME(desc)))

#define igt_main()							\
	main(int argc, char **argv);					\
	static void igt_real_main(void);				\
	int main(int argc, char **argv)					\
	{								\
		igt_subtest_init_parse_opts(&argc, argv, NULL, NULL,	\
					    NULL, NULL, NULL);		\
		igt_real_main();					\
		igt_exit();						\
	}								\
	static void igt_real_main(void)

/* --- Results -------------------------------------------------------------- */

void __igt_fail_assert(const char *domain, const char *file, const int line,
		       const char *func, const char *assertion,
		       const char *format, ...)
	__attribute__((noreturn, format(printf, 6, 7)));
void __igt_skip_check(const char *file, const int line, const char *func,
		      const char *check, const char *format, ...)
	__attribute__((noreturn, format(printf, 5, 6)));

#define igt_assert_f(cond, ...) do {					\
	if (!(cond))							\
		__igt_fail_assert(NULL, __FILE__, __LINE__, __func__,	\
				  #cond, __VA_ARGS__);			\
} while (0)

#define igt_assert(cond)	igt_assert_f(cond, NULL)

#define IGT_COMPARE(type, fmt, a, op, b) do {				\
	type a_ = (a), b_ = (b);					\
	if (!(a_ op b_))						\
		__igt_fail_assert(NULL, __FILE__, __LINE__, __func__,	\
				  #a " " #op " " #b, "error: " fmt	\
				  " and " fmt "\n", a_, b_);		\
} while (0)

#define igt_assert_eq(a, b)	IGT_COMPARE(int, "%d", a, ==, b)
#define igt_assert_neq(a, b)	IGT_COMPARE(int, "%d", a, !=, b)
#define igt_assert_lte(a, b)	IGT_COMPARE(int, "%d", a, <=, b)
#define igt_assert_lt(a, b)	IGT_COMPARE(int, "%d", a, <, b)
#define igt_assert_eq_u32(a, b)	IGT_COMPARE(uint32_t, "%#x", a, ==, b)
#define igt_assert_neq_u32(a, b) IGT_COMPARE(uint32_t, "%#x", a, !=, b)
#define igt_assert_lte_u32(a, b) IGT_COMPARE(uint32_t, "%#x", a, <=, b)
#define igt_assert_eq_u64(a, b)	IGT_COMPARE(unsigned long long, "%#llx", a, ==, b)
#define igt_assert_lte_u64(a, b) IGT_COMPARE(unsigned long long, "%#llx", a, <=, b)
#define igt_assert_lt_u64(a, b)	IGT_COMPARE(unsigned long long, "%#llx", a, <, b)
#define igt_assert_eq_s64(a, b)	IGT_COMPARE(long long, "%lld", a, ==, b)

#define igt_require_f(cond, ...) do {					\
	if (!(cond))							\
		__igt_skip_check(__FILE__, __LINE__, __func__, #cond,	\
				 __VA_ARGS__);				\
} while (0)

#define igt_require(cond)	igt_require_f(cond, NULL)

/* --- Processes and devices ------------------------------------------------ */

struct igt_helper_process;

bool __igt_fork(void);
void igt_waitchildren(void);

#define igt_fork(child, num)						\
	for (int child = 0; child < (num); child++)			\
		for (; __igt_fork(); exit(0))

/* Any driver, or the one that IGT_FORCE_DRIVER names. */
#define DRIVER_ANY	(~((1 << 2) | (1 << 9) | (1 << 10)))

int drm_open_driver(int chipset);
int drm_open_driver_render(int chipset);
int drm_reopen_driver(int fd);
int drm_close_driver(int fd);
void gem_close(int fd, uint32_t handle);

/* --- System sleep: "freeze", and what of it, which is in /sys/power/pm_test -- */

enum igt_suspend_state {
	SUSPEND_STATE_FREEZE,
};

enum igt_suspend_test {
	SUSPEND_TEST_NONE,
	SUSPEND_TEST_FREEZER,
	SUSPEND_TEST_DEVICES,
	SUSPEND_TEST_PLATFORM,
};

void igt_system_suspend_autoresume(enum igt_suspend_state state, enum igt_suspend_test test);

#endif /* IGT_H */
