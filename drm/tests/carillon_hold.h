/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Between the assembly and the C of carillon_hold.c.
 */
#ifndef _CARILLON_HOLD_H
#define _CARILLON_HOLD_H

void hold_here(void);
void hold_trampoline(void);

#endif
