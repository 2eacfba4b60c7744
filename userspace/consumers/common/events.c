// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <linux/sync_file.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>

#include "events.h"

static FILE *file;

void events_open(const char *name)
{
	const char *out = getenv("OUT");
	char path[4096];

	if (!out)
		return;
	snprintf(path, sizeof(path), "%s/consumers", out);
	mkdir(path, 0777);
	snprintf(path, sizeof(path), "%s/consumers/%s.events", out, name);
	file = fopen(path, "w");
	if (!file)
		perror(path);
}

void events_add(const char *lane, const char *name, uint64_t begin_ns, uint64_t end_ns)
{
	if (file)
		fprintf(file, "{\"lane\":\"%s\",\"name\":\"%s\",\"begin_ns\":%" PRIu64
			",\"end_ns\":%" PRIu64 "}\n", lane, name, begin_ns, end_ns);
}

void events_fence(const char *from, int sync_file, const char *to, uint64_t since_ns)
{
	struct sync_fence_info fence = { 0 };
	struct sync_file_info info = {
		.num_fences = 1, .sync_fence_info = (uintptr_t)&fence,
	};
	uint64_t signal_ns;

	if (!file || ioctl(sync_file, SYNC_IOC_FILE_INFO, &info) || !fence.status)
		return;
	signal_ns = fence.timestamp_ns;
	fprintf(file, "{\"fence\":\"%s\",\"to\":\"%s\",\"signal_ns\":%" PRIu64
		",\"taken_ns\":%" PRIu64 "}\n", from, to, signal_ns,
		signal_ns > since_ns ? signal_ns : since_ns);
}

void events_scene(const char *name)
{
	if (file)
		fprintf(file, "{\"scene\":\"%s\"}\n", name);
}

void events_close(void)
{
	if (file)
		fclose(file);
	file = NULL;
}

uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}
