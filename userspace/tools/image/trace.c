// SPDX-License-Identifier: MIT
/*
 * The timeline in Chrome's trace event format, which Perfetto and
 * chrome://tracing open. Times are in us, with three decimals.
 */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "picture.h"
#include "timeline.h"

#define PID_CPU		1
#define PID_GPU		2

struct trace {
	FILE *file;
	uint64_t origin_ns;
	const char *comma;	/* what goes before the next event */
};

/* One event is one line; @format is what follows its phase, without braces. */
static void __attribute__((format(printf, 3, 4)))
event(struct trace *t, char phase, const char *format, ...)
{
	va_list args;

	fprintf(t->file, "%s{\"ph\":\"%c\",", t->comma, phase);
	va_start(args, format);
	vfprintf(t->file, format, args);
	va_end(args);
	fputc('}', t->file);
	t->comma = ",\n";
}

static double us(const struct trace *t, uint64_t ns)
{
	return ns > t->origin_ns ? (ns - t->origin_ns) / 1e3 : 0;
}

static double length(uint64_t from, uint64_t to)
{
	return to > from ? (to - from) / 1e3 : 0;
}

/* Strings are our own or checked by the caller: nothing needs an escape. */
static void name_tracks(struct trace *t, const struct timeline *tl)
{
	event(t, 'M', "\"pid\":%d,\"name\":\"process_name\",\"args\":{\"name\":\"CPU: carillon-image\"}",
	      PID_CPU);
	event(t, 'M', "\"pid\":%d,\"name\":\"process_name\",\"args\":{\"name\":\"GPU: carillon\"}",
	      PID_GPU);
	event(t, 'M', "\"pid\":%d,\"tid\":1,\"name\":\"thread_name\",\"args\":{\"name\":\"submit and poll\"}",
	      PID_CPU);
	for (int q = 0; q < TIMELINE_QUEUES; q++)
		event(t, 'M', "\"pid\":%d,\"tid\":%d,\"name\":\"thread_name\",\"args\":{\"name\":\"queue %s\"}",
		      PID_GPU, q + 1, tl->queues[q]);
}

static void write_cpu(struct trace *t, const struct timeline *tl)
{
	for (unsigned int i = 0; i < tl->num_jobs; i++) {
		const struct tl_job *job = &tl->jobs[i];

		if (!job->submit_ns)
			continue;
		event(t, 'X', "\"pid\":%d,\"tid\":1,\"cat\":\"cpu\",\"name\":\"submit %s\",\"ts\":%.3f,\"dur\":%.3f",
		      PID_CPU, job->name, us(t, job->ioctl_ns),
		      length(job->ioctl_ns, job->submit_ns));
	}
	if (tl->polled_ns)
		event(t, 'X', "\"pid\":%d,\"tid\":1,\"cat\":\"cpu\",\"name\":\"poll\",\"ts\":%.3f,\"dur\":%.3f",
		      PID_CPU, us(t, tl->poll_ns), length(tl->poll_ns, tl->polled_ns));
}

static void write_job(struct trace *t, const struct timeline *tl, unsigned int i)
{
	const struct tl_job *job = &tl->jobs[i];
	int tid = job->queue + 1;

	/* Waiting overlaps with other jobs of the queue: a track of its own. */
	if (job->submit_ns && job->start_ns > job->ioctl_ns) {
		event(t, 'b', "\"pid\":%d,\"tid\":%d,\"cat\":\"wait\",\"id\":%u,\"name\":\"%s waits\",\"ts\":%.3f",
		      PID_GPU, tid, i + 1, job->name, us(t, job->ioctl_ns));
		event(t, 'e', "\"pid\":%d,\"tid\":%d,\"cat\":\"wait\",\"id\":%u,\"name\":\"%s waits\",\"ts\":%.3f",
		      PID_GPU, tid, i + 1, job->name, us(t, job->start_ns));
	}
	if (job->end_ns)
		event(t, 'X', "\"pid\":%d,\"tid\":%d,\"cat\":\"job\",\"name\":\"%s\",\"ts\":%.3f,\"dur\":%.3f,"
		      "\"args\":{\"what\":\"%s\",\"status\":\"%s\"}",
		      PID_GPU, tid, job->name, us(t, job->start_ns),
		      length(job->start_ns, job->end_ns), job->what,
		      timeline_status(job->status));
	if (job->signal_ns)
		event(t, 'i', "\"pid\":%d,\"tid\":%d,\"cat\":\"fence\",\"name\":\"%s signals\",\"s\":\"t\",\"ts\":%.3f",
		      PID_GPU, tid, job->name, us(t, job->signal_ns));
}

/* A flow starts inside the slice that it comes from, hence 1 ns before its end. */
static void write_flows(struct trace *t, const struct timeline *tl)
{
	unsigned int id = 1;

	for (unsigned int i = 0; i < tl->num_jobs; i++) {
		const struct tl_job *to = &tl->jobs[i];

		for (unsigned int w = 0; w < to->num_waits; w++, id++) {
			const struct tl_job *from = &tl->jobs[to->waits[w]];

			if (!from->end_ns || !to->end_ns)
				continue;
			event(t, 's', "\"pid\":%d,\"tid\":%d,\"cat\":\"sync_file\",\"name\":\"sync_file\",\"id\":%u,\"ts\":%.3f",
			      PID_GPU, from->queue + 1, id, us(t, from->end_ns - 1));
			event(t, 'f', "\"pid\":%d,\"tid\":%d,\"cat\":\"sync_file\",\"name\":\"sync_file\",\"id\":%u,\"bp\":\"e\",\"ts\":%.3f",
			      PID_GPU, to->queue + 1, id, us(t, to->start_ns));
		}
	}
}

int timeline_write_trace(const struct timeline *tl, const char *path)
{
	struct trace t = { .origin_ns = timeline_origin(tl), .comma = "\n" };
	int err = 0;

	t.file = fopen(path, "we");
	if (!t.file) {
		err = -errno;
		complain("%s: can't be written: %s", path, strerror(-err));
		return err;
	}
	fputs("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[", t.file);
	name_tracks(&t, tl);
	write_cpu(&t, tl);
	for (unsigned int i = 0; i < tl->num_jobs; i++)
		write_job(&t, tl, i);
	write_flows(&t, tl);
	fputs("\n]}\n", t.file);
	if (ferror(t.file))
		err = -EIO;
	if (fclose(t.file))
		err = -errno;
	if (err) {
		complain("%s: can't be written: %s", path, strerror(-err));
		discard_file(path);
	}
	return err;
}
