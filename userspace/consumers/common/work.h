/* SPDX-License-Identifier: MIT */
/* A call that may block, in a thread of its own, so that others see whether it does. */
#ifndef CONSUMERS_WORK_H
#define CONSUMERS_WORK_H

#include <stdbool.h>
#include <stdint.h>

struct work;

/**
 * work_start() - start a call
 * @func: the call
 * @arg: its argument
 *
 * Return: the work, or NULL; to be given back with work_end().
 */
struct work *work_start(void (*func)(void *arg), void *arg);

/** work_wait() - wait until @w has ended, or @timeout_ms is over; whether it has */
bool work_wait(struct work *w, unsigned int timeout_ms);

/** work_ns() - how long the call took that has ended */
uint64_t work_ns(const struct work *w);

/**
 * work_watch_longer() - learn how long to watch a call that must not end
 * @watch_ms: becomes much longer than @control took, if it isn't: who isn't through by
 *	then waits for something
 * @control: the same call, with nothing to wait for, has ended
 */
void work_watch_longer(unsigned int *watch_ms, const struct work *control);

/** work_end() - wait for the end of @w, however long it takes, and forget it; NULL is fine */
void work_end(struct work *w);

#endif /* CONSUMERS_WORK_H */
