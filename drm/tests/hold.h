/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Holding a call of a kernel function: carillon_hold.ko.
 */
#ifndef CARILLON_TEST_HOLD_H
#define CARILLON_TEST_HOLD_H

#include <stdbool.h>

/*
 * Arms it for the next call of @function; of tasks called @comm, if that isn't NULL. It's
 * held for @limit_ms at most. Returns 0 or -errno; -EINVAL: there's no such function.
 */
int hold_arm(const char *function, const char *comm, unsigned int limit_ms);

/* Whether somebody is held within that time. */
bool hold_wait(unsigned int timeout_ms);

/* Whether it was for too long, and he has gone on by himself. */
bool hold_expired(void);

/* He goes on. Returns 0 or -errno. */
int hold_release(void);
int hold_disarm(void);

#endif
