/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the guest asks the host for: hot-plug, and the emulator's life (vm/README.md).
 */
#ifndef CARILLON_TEST_HOST_H
#define CARILLON_TEST_HOST_H

/* Asks and waits until it's done. Returns 0 or -errno; says on stdout what's wrong. */
int host_ask(const char *request);

#endif
