/* SPDX-License-Identifier: MIT */
/*
 * How the guest tells the counter where a region begins and ends: by no-ops with an
 * address that no compiler would make up. Included by the plug-in and by kernel modules.
 */
#ifndef BENCH_MARKER_H
#define BENCH_MARKER_H

/*
 * nopl DISPLACEMENT(%rax), seven bytes: 0f 1f 80, then the displacement. The number of
 * a region is shifted in bit by bit, as a plug-in sees instructions, not registers.
 */
#define BENCH_MARK_BIT0		0x62656e00
#define BENCH_MARK_BIT1		0x62656e01
#define BENCH_MARK_START	0x62656e02
#define BENCH_MARK_STOP		0x62656e03

#endif
