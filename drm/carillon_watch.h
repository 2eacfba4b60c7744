/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Noticing that the device is gone, or that a ring has faulted.
 */
#ifndef _CARILLON_WATCH_H
#define _CARILLON_WATCH_H

struct carillon_core;

void carillon_watch_init(struct carillon_core *core);
void carillon_watch_start(struct carillon_core *core);
void carillon_watch_stop(struct carillon_core *core);

#endif
