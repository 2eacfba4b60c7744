/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A sync_file that a process keeps while the driver that issued its fences goes.
 */
#ifndef CARILLON_TEST_HELD_H
#define CARILLON_TEST_HELD_H

#include <stdbool.h>

#include "client.h"
#include "syncfile.h"

#define HELD_MERGED_NAME	"held"

enum held_kind {
	HELD_DONE,	/* a job that was done long ago */
	HELD_FAILED,	/* the device has reported an error */
	HELD_CANCELLED,	/* its DRM file is closed before the job has run */
	HELD_GONE,	/* the device is unbound before the job has run */
	HELD_MERGED,	/* several fences of the last two kinds */
	HELD_FOREIGN,	/* the same, and one of another driver */
	HELD_KINDS,
};

/* Of the driver's life. */
enum held_stage {
	HELD_BEFORE,	/* it's there */
	HELD_AFTER,	/* it's gone, what can signal has */
	HELD_OVER,	/* also the other driver's fence */
};

struct held {
	int fd;
	enum held_kind kind;
	unsigned int num;		/* of fences in it */
	int status[SYNC_MEMBERS_MAX];	/* of each in the end, in the kernel's order */
};

/* What the sync_files are made with. */
struct held_source {
	struct client closed;	/* this one's DRM file is closed first, */
	struct client unbound;	/* under this one the device is unbound */
	int control;		/* the emulator's */
	int foreign;		/* a fence of another driver that waits, or -1 */
};

extern const char *const held_kind_names[HELD_KINDS];

enum held_kind held_kind_of(unsigned int index);
int held_make(struct held_source *s, struct held *held, unsigned int num);

/* What the kernel has to say of it. */
int held_status(const struct held *h, enum held_stage stage);

/* Whether it does, and polling too; says on stdout what's wrong. */
bool held_check(const struct held *h, enum held_stage stage);

#endif
