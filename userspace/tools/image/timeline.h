/* SPDX-License-Identifier: MIT */
#ifndef TIMELINE_H
#define TIMELINE_H

#include <stdint.h>

/*
 * What happened when, of jobs on queues. All times are ns on CLOCK_MONOTONIC;
 * those of the device have been converted. 0: it didn't happen.
 */

#define TIMELINE_QUEUES		2
#define TIMELINE_JOBS_MAX	16
#define TIMELINE_WAITS_MAX	4

struct tl_job {
	const char *name;
	const char *what;	/* what it does, in few words */
	unsigned int queue;	/* 0 to TIMELINE_QUEUES - 1 */
	unsigned int num_waits;
	unsigned int waits[TIMELINE_WAITS_MAX];	/* jobs whose sync_file it waits for */
	uint64_t ioctl_ns;	/* the submit ioctl was called: the wait begins */
	uint64_t submit_ns;	/* and returned; the job may have started before */
	uint64_t start_ns;	/* the job's first command */
	uint64_t end_ns;	/* the job's last command */
	uint64_t signal_ns;	/* its fence signalled */
	int status;		/* 1: done; 0: not ended; -errno */
};

struct timeline {
	const char *title;
	const char *queues[TIMELINE_QUEUES];
	unsigned int num_jobs;
	struct tl_job jobs[TIMELINE_JOBS_MAX];	/* in the order of submission */
	uint64_t poll_ns;	/* poll() on the final sync_file was called */
	uint64_t polled_ns;	/* and returned */
};

/**
 * timeline_print() - a table of the jobs on stdout
 * @tl: timeline
 */
void timeline_print(const struct timeline *tl);

/**
 * timeline_write_svg() - draw the timeline
 * @tl: timeline
 * @path: file, replaced
 *
 * Says on stderr what went wrong.
 *
 * Return: 0 or -errno.
 */
int timeline_write_svg(const struct timeline *tl, const char *path);

/**
 * timeline_write_trace() - write the timeline for trace viewers
 * @tl: timeline
 * @path: file, replaced; Chrome's trace event format, as JSON
 *
 * Says on stderr what went wrong.
 *
 * Return: 0 or -errno.
 */
int timeline_write_trace(const struct timeline *tl, const char *path);

/** timeline_origin() - the earliest time in @tl */
uint64_t timeline_origin(const struct timeline *tl);

/** timeline_end() - the latest time in @tl */
uint64_t timeline_end(const struct timeline *tl);

/** timeline_ready() - when the last fence that @job waits for signalled; 0 without */
uint64_t timeline_ready(const struct timeline *tl, const struct tl_job *job);

/** timeline_status() - a job's status as a word */
const char *timeline_status(int status);

#endif /* TIMELINE_H */
