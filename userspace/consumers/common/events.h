/* SPDX-License-Identifier: MIT */
/*
 * What happened when, for a timeline across drivers: a line of JSON for each event in
 * $OUT/consumers/NAME.events,
 *
 *	{"scene":"IN_FENCE_FD: the flip waits for our job"}
 *	{"lane":"carillon","name":"late job","begin_ns":1,"end_ns":2}
 *	{"fence":"carillon","to":"bochs-drm","signal_ns":2,"taken_ns":2}
 *
 * Times are CLOCK_MONOTONIC, which sync_files' time stamps are, too. A lane is what
 * worked or waited: "carillon", "lavapipe", "bochs-drm". A scene lasts until the next;
 * tap_run() makes each test one.
 */
#ifndef CONSUMERS_EVENTS_H
#define CONSUMERS_EVENTS_H

#include <stdint.h>

/** events_open() - start the file of consumer @name; without $OUT nothing is recorded */
void events_open(const char *name);

/** events_add() - record what took from @begin_ns to @end_ns; the same for a moment */
void events_add(const char *lane, const char *name, uint64_t begin_ns, uint64_t end_ns);

/**
 * events_fence() - record that a fence crossed from one driver to another
 * @from: lane of the fence; a fence that has signalled doesn't know its driver any more
 * @sync_file: the fence, which has signalled
 * @to: lane of who waited for it
 * @since_ns: since when; may be later than the fence's end
 */
void events_fence(const char *from, int sync_file, const char *to, uint64_t since_ns);

/** events_scene() - what follows is about @name */
void events_scene(const char *name);

/** events_close() - end the file */
void events_close(void);

/** now_ns() - CLOCK_MONOTONIC */
uint64_t now_ns(void);

#endif /* CONSUMERS_EVENTS_H */
