/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Threads that do with sync_files what can be done, while these signal.
 */
#ifndef CARILLON_TEST_WATCH_H
#define CARILLON_TEST_WATCH_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#define WATCH_FDS	64
#define WATCH_THREADS	3

struct watch {
	int fds[WATCH_FDS];	/* set by the caller; waiting fences of carillon */
	int want;		/* their status in the end */
	atomic_bool stop;
	pthread_t threads[WATCH_THREADS];
};

/* Returns 0 or -errno when all threads are at work. */
int watch_start(struct watch *w, int want);

/* Whether everything was right. The files are closed. */
bool watch_stop(struct watch *w);

#endif
