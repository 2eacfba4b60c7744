/* SPDX-License-Identifier: MIT */
#ifndef IGT_CARILLON_EMULATOR_H
#define IGT_CARILLON_EMULATOR_H

#include <stddef.h>

/*
 * The emulator, which the device is, takes commands (emu/README.md) through a port of the guest.
 * Tests that have something to tell it are skipped where there is none.
 */

/* Give it one line and put its answer, a line, into @reply. */
void carillon_emulator_ask(const char *line, char *reply, size_t size);

/* Give it one line that it has to take. */
void carillon_emulator(const char *line);

/* Wait until all faults that it was told have happened. */
void carillon_emulator_settle(void);

#endif /* IGT_CARILLON_EMULATOR_H */
