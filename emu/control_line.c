// SPDX-License-Identifier: MIT
/* The language of the control socket. README.md is its manual. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "control.h"
#include "device.h"
#include "util.h"

static const char *const state_names[] = {
	[CRLN_RING_DISABLED] = "disabled",
	[CRLN_RING_IDLE] = "idle",
	[CRLN_RING_RUNNING] = "running",
	[CRLN_RING_STOPPING] = "stopping",
	[CRLN_RING_STOPPED] = "stopped",
	[CRLN_RING_FAULTED] = "faulted",
};

static void reply_error(char *reply, size_t size, const char *error)
{
	snprintf(reply, size, "{\"ok\":false,\"error\":\"%s\"}\n", error);
}

static void reply_ok(char *reply, size_t size)
{
	snprintf(reply, size, "{\"ok\":true}\n");
}

static void counters(struct device *dev, char *reply, size_t size)
{
	uint64_t fired[FAULT_NUM_KINDS];
	size_t n;

	faults_fired(&dev->faults, fired);
	n = (size_t)snprintf(reply, size,
			     "{\"ok\":true,\"jobs_ok\":%" PRIu64 ",\"jobs_failed\":%" PRIu64
			     ",\"interrupts\":%" PRIu64 ",\"dma_faults\":%" PRIu64
			     ",\"resets\":%" PRIu64 ",\"faults\":{",
			     __atomic_load_n(&dev->jobs_ok, __ATOMIC_RELAXED),
			     __atomic_load_n(&dev->jobs_failed, __ATOMIC_RELAXED),
			     irq_raised(&dev->irq),
			     __atomic_load_n(&dev->dma_faults, __ATOMIC_RELAXED),
			     device_resets(dev));
	for (int k = 0; k < FAULT_NUM_KINDS && n < size; k++)
		n += (size_t)snprintf(reply + n, size - n, "%s\"%s\":%" PRIu64, k ? "," : "",
				      fault_kind_name((enum fault_kind)k), fired[k]);
	if (n < size)
		snprintf(reply + n, size - n, "}}\n");
}

/* Rings that are not disabled, as many as fit. */
static size_t status_rings_locked(struct device *dev, char *reply, size_t size)
{
	const char *comma = "";
	size_t n = 0;

	for (unsigned int i = 0; i < dev->num_rings && size - n > 128; i++) {
		const struct ring *r = &dev->rings[i];

		if (r->state == CRLN_RING_DISABLED)
			continue;
		n += (size_t)snprintf(reply + n, size - n,
				      "%s{\"ring\":%u,\"state\":\"%s\",\"head\":%u,"
				      "\"tail\":%u,\"prio\":%u,\"jobs\":%" PRIu32 "}",
				      comma, i, state_names[r->state], r->head, r->tail,
				      r->cfg.prio, r->retired);
		comma = ",";
	}
	return n;
}

static void status(struct device *dev, char *reply, size_t size)
{
	size_t rules = faults_active(&dev->faults);
	size_t regions = dma_map_count(&dev->dma);
	size_t n;

	pthread_mutex_lock(&dev->lock);
	n = (size_t)snprintf(reply, size,
			     "{\"ok\":true,\"ready\":%s,\"firmware\":%s,\"engines\":%u,"
			     "\"dma_regions\":%zu,\"rules\":%zu,\"rings\":[",
			     (dev->status & CRLN_STATUS_READY) ? "true" : "false",
			     (dev->status & CRLN_STATUS_FW_RUNNING) ? "true" : "false",
			     dev->num_engines, regions, rules);
	n += status_rings_locked(dev, reply + n, size - n);
	pthread_mutex_unlock(&dev->lock);
	snprintf(reply + n, size - n, "]}\n");
}

/**
 * control_line() - carry out one line
 * @dev: the device
 * @line: the line, without its end; changed
 * @reply: one line of JSON
 * @size: of @reply, CONTROL_REPLY_MAX
 *
 * Context: Control thread. Takes the device lock and the leaves.
 */
void control_line(struct device *dev, char *line, char *reply, size_t size)
{
	const char *error = "";
	size_t len = strlen(line);

	while (len && strchr(" \t\r", line[len - 1]))
		line[--len] = '\0';
	line += strspn(line, " \t");
	if (!strcmp(line, "status")) {
		status(dev, reply, size);
	} else if (!strcmp(line, "counters")) {
		counters(dev, reply, size);
	} else if (!strcmp(line, "clear")) {
		faults_clear(&dev->faults);
		reply_ok(reply, size);
	} else if (!faults_add_line(&dev->faults, line, &error)) {
		reply_ok(reply, size);
	} else {
		reply_error(reply, size, error);
	}
}
