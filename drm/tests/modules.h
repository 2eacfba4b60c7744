/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Taking the driver away with all that belongs to it, and bringing it back.
 */
#ifndef CARILLON_TEST_MODULES_H
#define CARILLON_TEST_MODULES_H

#include <stdbool.h>

/* Whether it worked; they say on stdout what went wrong. */
bool modules_unbind(void);
bool modules_remove(void);
bool modules_load(const char *params);	/* of carillon.ko */

#endif
