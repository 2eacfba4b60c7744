/* SPDX-License-Identifier: MIT */
/* Messages over the socket: framing, file descriptors, requests of our own. */
#ifndef EMU_WIRE_H
#define EMU_WIRE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vfio_user.h"

/**
 * struct wire_msg - one message as received
 * @hdr: its header
 * @payload: what follows the header, in a buffer of VFU_MSG_MAX bytes
 * @len: bytes of @payload
 * @fds: descriptors that came with it; whoever takes one puts -1 there
 * @num_fds: how many
 */
struct wire_msg {
	struct vfu_hdr hdr;
	uint8_t *payload;
	size_t len;
	int fds[VFU_MSG_FDS_MAX];
	unsigned int num_fds;
};

struct wire_request;

/**
 * struct wire - the connection to a client, or none
 * @tx_lock: one message goes out at a time; protects @fd against closing
 * @req_lock: protects @requests, @next_id, @connected; never held while sending
 * @fd: the socket, -1 if not connected; only the protocol thread changes it
 * @connected: requests may be started
 * @next_id: of our next request
 * @requests: those waiting for their reply
 */
struct wire {
	pthread_mutex_t tx_lock;
	pthread_mutex_t req_lock;
	int fd;
	bool connected;
	uint16_t next_id;
	struct wire_request *requests;
};

void wire_init(struct wire *w);
void wire_fini(struct wire *w);
void wire_connect(struct wire *w, int fd);
void wire_disconnect(struct wire *w);
void wire_shutdown(struct wire *w);
int wire_recv(struct wire *w, struct wire_msg *msg);
void wire_msg_close_fds(struct wire_msg *msg);
int wire_reply(struct wire *w, const struct vfu_hdr *req, const void *payload,
	       size_t len, int fd);
int wire_reply_error(struct wire *w, const struct vfu_hdr *req, int err);
void wire_handle_reply(struct wire *w, const struct wire_msg *msg);
int wire_dma_read(struct wire *w, uint64_t addr, void *buf, size_t len);
int wire_dma_write(struct wire *w, uint64_t addr, const void *buf, size_t len);

#endif /* EMU_WIRE_H */
