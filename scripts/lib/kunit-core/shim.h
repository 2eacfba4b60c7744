/* SPDX-License-Identifier: GPL-2.0 */
/*
 * KUnit for a kernel that was configured without: included before all else into KUnit's own
 * files, and into our modules and suites. The kernel's structs are what that kernel has them
 * be; what KUnit would have added to them is elsewhere.
 */
#ifndef _KUNIT_SHIM_H
#define _KUNIT_SHIM_H

/* These two depend on the configuration: first, while KUnit is off. */
#include <linux/module.h>
#include <linux/sched.h>

#define CONFIG_KUNIT_MODULE 1
#define CONFIG_KUNIT_AUTORUN_ENABLED 1
#define CONFIG_KUNIT_DEFAULT_ENABLED 1
#define CONFIG_KUNIT_DEFAULT_FILTER ""
#define CONFIG_KUNIT_DEFAULT_FILTER_ACTION ""
#define CONFIG_KUNIT_DEFAULT_FILTER_GLOB ""
#define CONFIG_KUNIT_DEFAULT_TIMEOUT 300

/* A pointer of the task's own, for file systems; the threads that run tests write no file. */
#define kunit_test journal_info

#include <kunit/test.h>
#include <kunit/test-bug.h>

/* The module loader doesn't look for suites, suites.c does: by the names of these arrays. */
#define KUNIT_SHIM_SUITES "kunit_shim_suites_"
#undef __kunit_test_suites
#define __kunit_test_suites(unique_array, ...)					\
	static struct kunit_suite *__PASTE(kunit_shim_suites_, __COUNTER__)[]	\
	__used = { __VA_ARGS__ }

/*
 * struct kunit_shim_module - what struct module has for KUnit
 * @num_kunit_init_suites: 0
 * @kunit_init_suites: NULL
 * @num_kunit_suites: suites of the module
 * @kunit_suites: allocated
 * @module: which it is
 */
struct kunit_shim_module {
	int num_kunit_init_suites;
	struct kunit_suite **kunit_init_suites;
	int num_kunit_suites;
	struct kunit_suite **kunit_suites;
	struct module *module;
};

struct kunit_shim_module *kunit_shim_module(struct module *module, unsigned long state);
struct mm_struct *kunit_shim_get_mm(void);

/* A warning that a test expects isn't printed: the kernel would ask this itself. */
#define kunit_shim_warn(condition, warn) ({				\
	int __ret_warn_on = !!(condition);				\
	if (unlikely(__ret_warn_on) && !kunit_is_suppressed_warning(true))	\
		warn;							\
	unlikely(__ret_warn_on);					\
})

#undef WARN_ON
#define WARN_ON(condition)						\
	kunit_shim_warn(condition, __WARN_FLAGS(#condition, BUGFLAG_TAINT(TAINT_WARN)))
#undef WARN_ON_ONCE
#define WARN_ON_ONCE(condition)						\
	kunit_shim_warn(condition, __WARN_FLAGS(#condition,		\
						BUGFLAG_ONCE | BUGFLAG_TAINT(TAINT_WARN)))
#undef WARN
#define WARN(condition, format...)					\
	kunit_shim_warn(condition, __WARN_printf(TAINT_WARN, format))
#undef WARN_ONCE
#define WARN_ONCE(condition, format, arg...)				\
	kunit_shim_warn(condition,					\
			__WARN_print_arg(BUGFLAG_ONCE | BUGFLAG_TAINT(TAINT_WARN), format, ##arg))

#endif
