// SPDX-License-Identifier: GPL-2.0
/*
 * carillon_kunit.ko: what the KUnit suites of several libraries use.
 *
 * It has no test itself, and knows none of the libraries.
 */

#include <linux/module.h>

MODULE_DESCRIPTION("What Carillon's KUnit suites share");
MODULE_LICENSE("GPL");
