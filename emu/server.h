/* SPDX-License-Identifier: MIT */
/* The vfio-user server: what each message of the protocol does to the device. */
#ifndef EMU_SERVER_H
#define EMU_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "pci.h"
#include "wire.h"

struct device;

/**
 * struct server - the vfio-user server
 * @dev: the device
 * @listen_fd: where clients connect
 * @negotiated: the client has said its version
 * @msg: the message at hand
 * @reply: buffer for what is answered
 * @msix: BAR 4, PCI_MSIX_BAR_SIZE bytes; clients keep table and pending bits
 *	themselves, this is for others
 * @quit: end                                                       [atomic]
 */
struct server {
	struct device *dev;
	int listen_fd;
	bool negotiated;
	struct wire_msg msg;
	uint8_t *reply;
	uint8_t *msix;
	bool quit;
};

int server_init(struct server *s, struct device *dev, const char *path);
void server_fini(struct server *s);
void server_run(struct server *s);
void server_quit(struct server *s);
int server_listen(const char *path);

#endif /* EMU_SERVER_H */
