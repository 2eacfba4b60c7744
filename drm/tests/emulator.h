/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the emulator is doing, from its control port.
 */
#ifndef CARILLON_TEST_EMULATOR_H
#define CARILLON_TEST_EMULATOR_H

/* Waits until all rules for jobs have fired: these jobs have begun. Returns 0 or -errno. */
int emulator_wait_fired(int control);

/* Waits until it has died. Returns 0 or -ETIMEDOUT. */
int emulator_wait_dead(int control);

#endif
