/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Our device as sysfs has it: there or not, bound or not.
 */
#ifndef CARILLON_TEST_DEVICE_H
#define CARILLON_TEST_DEVICE_H

#include <stdbool.h>
#include <stddef.h>

#define DEVICE_NODE_MAX		64

/* Finds it, bound. These return 0 or -errno. */
int device_find(void);
int device_unbind_drm(void);
int device_bind_drm(void);
int device_unbind_pci(void);
int device_bind_pci(void);
int device_remove(void);
int device_rescan(void);
int device_reset(void);

bool device_is_present(void);

/* Until unbinding begins: the link goes first, then the driver is told. */
bool device_has_driver(void);

/* Waits until it has a render node, and gives its path. */
int device_wait(char *ret_node);

/* Has CPU 1 take its interrupts. */
int device_route_interrupts(void);

#endif
