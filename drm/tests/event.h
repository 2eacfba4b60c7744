/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Events that take the device away, and how it comes back.
 */
#ifndef CARILLON_TEST_EVENT_H
#define CARILLON_TEST_EVENT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

struct event {
	const char *name;
	bool stays;		/* the driver: what was on a ring is lost, no more */
	bool dies;		/* the emulator, which waits for nobody */
	bool afar;		/* by the host: our waiting for it isn't its waiting for us */
	int (*fire)(void);	/* 0 or -errno, once it's over */
	int (*restore)(void);	/* the device is bound again, or about to be */
};

extern const struct event events[];
extern const unsigned int num_events;

/* An event under way, in a thread of its own. */
struct event_run {
	const struct event *event;
	pthread_t thread;
	atomic_int tid;
	atomic_bool over;
	int ret;
};

int event_start(struct event_run *run, const struct event *event);

/* Returns when it's over (true), or has been waiting for something for a while (false). */
bool event_settle(struct event_run *run);

/* Whether it has got to where it may have to wait, or further. */
bool event_has_begun(const struct event_run *run);

/* Waits until it's over; returns 0 or -errno. */
int event_join(struct event_run *run);

#endif
