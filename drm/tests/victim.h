/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A process that uses the device while that is taken away.
 */
#ifndef CARILLON_TEST_VICTIM_H
#define CARILLON_TEST_VICTIM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "client.h"
#include "gpu.h"

#define VICTIM_COMM	"mx-victim"
#define VICTIM_QUEUE	1	/* of client.queues: idle, for steps */
#define VICTIM_SPARE	3	/* to be destroyed */
#define VICTIM_JOBS	4	/* on their way, or waiting for those that are */

struct event;
struct step;

/* What the process itself has. */
struct victim {
	const struct step *step;
	const struct event *event;
	const char *node;		/* as the device was found at first */
	struct client client;
	struct gpu_bo bo;		/* mapped; a command that takes for ever, at first */
	volatile uint32_t *doorbell;	/* mapped, or NULL */
	uint64_t offset;		/* to map it */
	int control;			/* the emulator's */
	int jobs[VICTIM_JOBS];		/* their sync_files */
	int fence;			/* of the step's job, or -1 */
	int extra;			/* a file that the step has opened, or -1 */
	uint32_t id;			/* of what the step is about */
};

/* What its parent has. */
struct victim_process {
	pid_t pid;
	int to;
	int from;
};

/*
 * Starts one, which makes itself ready. Its life has four parts: that, the step, a look at
 * what has become of its fences and files, closing them. Returns 0 or -errno.
 */
int victim_start(struct victim_process *p, const struct step *step, const struct event *event,
		 const char *node, int control);

/* It begins with the next part. */
void victim_go(struct victim_process *p);

/* Waits until a part is over; whether it lives and found everything right. */
bool victim_wait(struct victim_process *p);

/* Waits until it has ended by itself; whether it has. */
bool victim_end(struct victim_process *p);

#endif
