/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A DRM file with queues, whose jobs are small and give out sync_files.
 */
#ifndef CARILLON_TEST_CLIENT_H
#define CARILLON_TEST_CLIENT_H

#include <stdint.h>

#define CLIENT_QUEUES	4

struct client {
	int fd;
	uint32_t cmd_size;
	uint32_t vm;
	uint32_t queues[CLIENT_QUEUES];
};

/* These return 0 or -errno. */
int client_open(struct client *c, const char *device);
int client_submit(struct client *c, unsigned int queue, int wait_fd, int *ret_fds,
		  unsigned int num);

/* Nothing of @c holds the driver any more, but the sync_files, which mustn't. */
void client_close(struct client *c);

#endif
