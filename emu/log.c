// SPDX-License-Identifier: MIT
/* Messages on stderr, limited in rate. */
#include "log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include "util.h"

#define LOG_BURST	64	/* lines per second */

static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t window_start;
static unsigned int window_lines;
static unsigned int window_dropped;
static bool verbose;

static bool log_allowed_locked(void)
{
	uint64_t now = now_ns();

	if (now - window_start >= NSEC_PER_SEC) {
		if (window_dropped)
			fprintf(stderr, "carillon-emu: %u messages dropped\n",
				window_dropped);
		window_start = now;
		window_lines = 0;
		window_dropped = 0;
	}
	if (window_lines++ < LOG_BURST)
		return true;
	window_dropped++;
	return false;
}

static void log_vprint(const char *fmt, va_list ap)
{
	pthread_mutex_lock(&log_lock);
	if (log_allowed_locked()) {
		fputs("carillon-emu: ", stderr);
		vfprintf(stderr, fmt, ap);
		fputc('\n', stderr);
	}
	pthread_mutex_unlock(&log_lock);
}

/**
 * log_set_verbose() - show log_debug() messages too
 *
 * Context: Start of the program, one thread.
 */
void log_set_verbose(void)
{
	verbose = true;
}

/**
 * log_msg() - one line on stderr, dropped (and counted) past the rate limit
 * @fmt: printf format, without newline
 *
 * Context: Any thread. Takes the log lock, a leaf.
 */
void log_msg(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_vprint(fmt, ap);
	va_end(ap);
}

/**
 * log_debug() - like log_msg(), with --verbose only
 * @fmt: printf format, without newline
 *
 * Context: Any thread. Takes the log lock, a leaf.
 */
void log_debug(const char *fmt, ...)
{
	va_list ap;

	if (!verbose)
		return;
	va_start(ap, fmt);
	log_vprint(fmt, ap);
	va_end(ap);
}
