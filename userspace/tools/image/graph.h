/* SPDX-License-Identifier: MIT */
#ifndef GRAPH_H
#define GRAPH_H

#include <carillon.h>

#include "picture.h"
#include "planes.h"
#include "timeline.h"

struct graph;

/* Check sums that the device makes. */
enum crc_id {
	CRC_BLUR,
	CRC_RELIEF,
	CRC_EDGES,
	CRC_SHEET,
	CRC_COUNT,
};

/**
 * graph_create() - buffers, queues and commands for a picture
 * @dev: device, used until graph_destroy()
 * @pic: picture
 * @ret_graph: graph, ready to run
 *
 * Says on stderr what went wrong.
 *
 * Return: 0 or -errno.
 */
int graph_create(struct carillon_device *dev, const struct picture *pic,
		 struct graph **ret_graph);

/**
 * graph_destroy() - give everything back
 * @graph: graph or NULL
 */
void graph_destroy(struct graph *graph);

/**
 * graph_run() - submit all jobs and wait for the last one
 * @graph: graph
 * @timeout_ns: longest wait
 *
 * Says on stderr what went wrong. The timeline is there in any case.
 *
 * Return: 0 if all jobs are done; the first one's error; -ETIME if they took
 * longer than @timeout_ns; what submitting them said.
 */
int graph_run(struct graph *graph, int64_t timeout_ns);

/** graph_timeline() - what happened; valid as long as @graph */
const struct timeline *graph_timeline(const struct graph *graph);

/** graph_plane() - plane @id as the device wrote it; valid as long as @graph */
const struct plane *graph_plane(const struct graph *graph, enum plane_id id);

/** graph_crc() - check sum @id as the device made it */
uint32_t graph_crc(const struct graph *graph, enum crc_id id);

/** graph_crc_plane() - the plane that check sum @id is of */
enum plane_id graph_crc_plane(enum crc_id id);

#endif /* GRAPH_H */
