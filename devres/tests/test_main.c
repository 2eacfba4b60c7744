// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suites of bound.ko, as one module.
 */

#include <kunit/test.h>
#include <linux/module.h>

#include "test_suites.h"

kunit_test_suites(&bound_gate_suite, &bound_reader_suite, &bound_close_suite,
		  &bound_assume_suite, &bound_bar_suite, &bound_sized_suite, &bound_iomem_suite,
		  &bound_aux_suite, &bound_fail_suite, &bound_order_suite, &bound_race_suite,
		  &bound_race_aux_suite, &bound_window_suite);

MODULE_DESCRIPTION("KUnit tests of bound.ko");
MODULE_IMPORT_NS("BOUND");
MODULE_IMPORT_NS("CARILLON_KUNIT");
MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING");
MODULE_LICENSE("GPL");
