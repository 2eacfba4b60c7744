/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the kernel does with sync_files, and fences that a test signals by hand.
 */
#ifndef CARILLON_TEST_SYNCFILE_H
#define CARILLON_TEST_SYNCFILE_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/sync_file.h>

#define SYNC_MEMBERS_MAX	16

/* How a fence that has signalled is called, by the kernel: its driver may be gone. */
#define SYNC_GONE_DRIVER	"detached-driver"
#define SYNC_GONE_TIMELINE	"signaled-timeline"

/* All that SYNC_IOC_FILE_INFO says. */
struct sync_desc {
	int status;		/* of the whole: 0, 1 or -errno */
	unsigned int num;
	char name[32];
	struct sync_fence_info members[SYNC_MEMBERS_MAX];
};

/* These return 0 or -errno, or a new descriptor. */
int sync_describe(int fd, struct sync_desc *ret_desc);
int sync_merge(int a, int b, const char *name);
int sync_deadline(int fd, uint64_t deadline_ns);

/* Whether it has signalled within that time. */
bool sync_poll(int fd, int timeout_ms);

/* sw_sync: a timeline of which the n-th fence signals when it's been advanced by n. */
int sw_sync_open(void);
int sw_sync_fence(int timeline, uint32_t seqno);
int sw_sync_advance(int timeline, uint32_t by);

#endif
