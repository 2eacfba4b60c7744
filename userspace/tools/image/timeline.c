// SPDX-License-Identifier: MIT

#include "timeline.h"

#include <stdio.h>
#include <string.h>

static void stretch(uint64_t *first, uint64_t *last, uint64_t t)
{
	if (!t)
		return;
	if (!*first || t < *first)
		*first = t;
	if (t > *last)
		*last = t;
}

static void limits(const struct timeline *tl, uint64_t *first, uint64_t *last)
{
	*first = 0;
	*last = 0;
	stretch(first, last, tl->poll_ns);
	stretch(first, last, tl->polled_ns);
	for (unsigned int i = 0; i < tl->num_jobs; i++) {
		stretch(first, last, tl->jobs[i].ioctl_ns);
		stretch(first, last, tl->jobs[i].submit_ns);
		stretch(first, last, tl->jobs[i].start_ns);
		stretch(first, last, tl->jobs[i].end_ns);
		stretch(first, last, tl->jobs[i].signal_ns);
	}
}

uint64_t timeline_origin(const struct timeline *tl)
{
	uint64_t first, last;

	limits(tl, &first, &last);
	return first;
}

uint64_t timeline_end(const struct timeline *tl)
{
	uint64_t first, last;

	limits(tl, &first, &last);
	return last;
}

uint64_t timeline_ready(const struct timeline *tl, const struct tl_job *job)
{
	uint64_t ready = 0;

	for (unsigned int i = 0; i < job->num_waits; i++)
		if (tl->jobs[job->waits[i]].signal_ns > ready)
			ready = tl->jobs[job->waits[i]].signal_ns;
	return ready;
}

const char *timeline_status(int status)
{
	if (status > 0)
		return "done";
	return status ? strerrorname_np(-status) : "not ended";
}

/* A difference in ms, or a dash if one end of it is missing or after the other. */
static const char *ms(char *buf, size_t size, uint64_t from, uint64_t to)
{
	if (!from || !to)
		snprintf(buf, size, "-");
	else
		snprintf(buf, size, "%.3f", to > from ? (to - from) / 1e6 : 0.0);
	return buf;
}

static void print_job(const struct timeline *tl, const struct tl_job *job)
{
	char waits[64] = "", wait[24], run[24], fence[24];
	size_t used = 0;

	for (unsigned int i = 0; i < job->num_waits; i++)
		used += snprintf(waits + used, sizeof(waits) - used, "%s%s",
				 i ? ", " : "", tl->jobs[job->waits[i]].name);
	printf("%-10s %-6s %-16s %10s %10s %10s  %s\n", job->name,
	       tl->queues[job->queue], used ? waits : "-",
	       ms(wait, sizeof(wait), job->ioctl_ns, job->start_ns),
	       ms(run, sizeof(run), job->start_ns, job->end_ns),
	       ms(fence, sizeof(fence), job->end_ns, job->signal_ns),
	       timeline_status(job->status));
}

void timeline_print(const struct timeline *tl)
{
	printf("%-10s %-6s %-16s %10s %10s %10s  %s\n", "job", "queue",
	       "waits for", "wait ms", "run ms", "fence ms", "status");
	for (unsigned int i = 0; i < tl->num_jobs; i++)
		print_job(tl, &tl->jobs[i]);
}
