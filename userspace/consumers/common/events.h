/* SPDX-License-Identifier: MIT */
/*
 * What happened when, for a timeline across drivers: a line of JSON for each event in
 * $OUT/consumers/NAME.events,
 *
 *	{"lane":"carillon","name":"late job","begin_ns":1,"end_ns":2}
 *
 * Times are CLOCK_MONOTONIC, which sync_files' time stamps are, too. A lane is what
 * worked or waited: "carillon", "lavapipe", "bochs".
 */
#ifndef CONSUMERS_EVENTS_H
#define CONSUMERS_EVENTS_H

#include <stdint.h>

/** events_open() - start the file of consumer @name; without $OUT nothing is recorded */
void events_open(const char *name);

/** events_add() - record what took from @begin_ns to @end_ns; the same for a moment */
void events_add(const char *lane, const char *name, uint64_t begin_ns, uint64_t end_ns);

/** events_close() - end the file */
void events_close(void);

/** now_ns() - CLOCK_MONOTONIC */
uint64_t now_ns(void);

#endif /* CONSUMERS_EVENTS_H */
