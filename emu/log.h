/* SPDX-License-Identifier: MIT */
/* Messages on stderr, limited in rate: a guest must not fill the host's disk. */
#ifndef EMU_LOG_H
#define EMU_LOG_H

#include <stdbool.h>

void log_set_verbose(void);
void log_msg(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif /* EMU_LOG_H */
