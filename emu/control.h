/* SPDX-License-Identifier: MIT */
/* The control socket: lines of text in, one line of JSON out for each. */
#ifndef EMU_CONTROL_H
#define EMU_CONTROL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#define CONTROL_CLIENTS_MAX	16
#define CONTROL_LINE_MAX	1024
#define CONTROL_REPLY_MAX	4096

struct device;

/**
 * struct control_client - one connection
 * @fd: the socket, -1: free place
 * @skip: the rest of a line that was too long is being dropped
 * @in: a line as far as it has come
 * @in_len: bytes of it
 * @out: replies that didn't fit into the socket
 * @out_len: bytes of them
 */
struct control_client {
	int fd;
	bool skip;
	char in[CONTROL_LINE_MAX];
	size_t in_len;
	char out[CONTROL_REPLY_MAX * 2];
	size_t out_len;
};

/**
 * struct control - the control socket
 * @dev: the device
 * @listen_fd: where clients connect
 * @quit_fd: eventfd that ends the thread
 * @thread: serves all clients
 * @clients: the connections; only @thread uses them
 */
struct control {
	struct device *dev;
	int listen_fd;
	int quit_fd;
	pthread_t thread;
	struct control_client clients[CONTROL_CLIENTS_MAX];
};

int control_start(struct control *c, struct device *dev, const char *path);
void control_stop(struct control *c);

/* Answers one line; separate from the sockets so that tests reach it. */
void control_line(struct device *dev, char *line, char *reply, size_t size);

#endif /* EMU_CONTROL_H */
