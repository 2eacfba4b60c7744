// SPDX-License-Identifier: MIT
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "events.h"
#include "work.h"

struct work {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t cond;
	void (*func)(void *arg);
	void *arg;
	uint64_t begin_ns;
	uint64_t end_ns;	/* 0 as long as it runs; under lock */
};

static void *run(void *arg)
{
	struct work *w = arg;

	w->func(w->arg);
	pthread_mutex_lock(&w->lock);
	w->end_ns = now_ns();
	pthread_cond_signal(&w->cond);
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

struct work *work_start(void (*func)(void *arg), void *arg)
{
	struct work *w = calloc(1, sizeof(*w));
	pthread_condattr_t attr;

	if (!w)
		return NULL;
	w->func = func;
	w->arg = arg;
	pthread_mutex_init(&w->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&w->cond, &attr);
	pthread_condattr_destroy(&attr);
	w->begin_ns = now_ns();
	if (pthread_create(&w->thread, NULL, run, w)) {
		free(w);
		return NULL;
	}
	return w;
}

bool work_wait(struct work *w, unsigned int timeout_ms)
{
	uint64_t until = now_ns() + timeout_ms * 1000000ull;
	struct timespec ts = {
		.tv_sec = (time_t)(until / 1000000000u), .tv_nsec = (long)(until % 1000000000u),
	};
	bool done;

	pthread_mutex_lock(&w->lock);
	while (!w->end_ns && pthread_cond_timedwait(&w->cond, &w->lock, &ts) != ETIMEDOUT)
		;
	done = w->end_ns;
	pthread_mutex_unlock(&w->lock);
	return done;
}

uint64_t work_ns(const struct work *w)
{
	return w->end_ns - w->begin_ns;
}

void work_watch_longer(unsigned int *watch_ms, const struct work *control)
{
	unsigned int ms = 1000 + 4 * (unsigned int)(work_ns(control) / 1000000u);

	if (ms > *watch_ms)
		*watch_ms = ms;
}

void work_end(struct work *w)
{
	if (!w)
		return;
	pthread_join(w->thread, NULL);
	pthread_cond_destroy(&w->cond);
	pthread_mutex_destroy(&w->lock);
	free(w);
}
