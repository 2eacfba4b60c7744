/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DEVRES_TESTS_TEST_SUITES_H_
#define _DEVRES_TESTS_TEST_SUITES_H_

#include <kunit/test.h>

extern struct kunit_suite bound_gate_suite;
extern struct kunit_suite bound_reader_suite;
extern struct kunit_suite bound_close_suite;
extern struct kunit_suite bound_assume_suite;
extern struct kunit_suite bound_bar_suite;
extern struct kunit_suite bound_sized_suite;
extern struct kunit_suite bound_iomem_suite;
extern struct kunit_suite bound_aux_suite;
extern struct kunit_suite bound_fail_suite;
extern struct kunit_suite bound_order_suite;
extern struct kunit_suite bound_race_suite;
extern struct kunit_suite bound_race_aux_suite;
extern struct kunit_suite bound_window_suite;

#endif /* _DEVRES_TESTS_TEST_SUITES_H_ */
