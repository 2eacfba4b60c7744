// SPDX-License-Identifier: MIT
/*
 * Messages over the socket.
 *
 * One thread receives. Replies go out from there; requests of our own (DMA to
 * memory that came without a file) from engine and firmware threads, which then
 * sleep until the receiving thread hands them the reply. The receiving thread
 * itself must therefore never send a request.
 */
#include "wire.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "util.h"

#define REQUEST_TIMEOUT_NS	(2 * NSEC_PER_SEC)

/* On the stack of the thread that waits. */
struct wire_request {
	struct wire_request *next;
	pthread_cond_t cond;
	uint16_t id;
	uint16_t cmd;
	bool done;
	int error;
	uint64_t addr;
	void *buf;		/* for the data of a read */
	size_t len;
};

/**
 * wire_init() - not connected
 * @w: the connection
 *
 * Context: Process start.
 */
void wire_init(struct wire *w)
{
	memset(w, 0, sizeof(*w));
	w->fd = -1;
	pthread_mutex_init(&w->tx_lock, NULL);
	pthread_mutex_init(&w->req_lock, NULL);
}

/**
 * wire_fini() - after wire_disconnect(), when no thread waits any more
 * @w: the connection
 *
 * Context: Process end.
 */
void wire_fini(struct wire *w)
{
	pthread_mutex_destroy(&w->tx_lock);
	pthread_mutex_destroy(&w->req_lock);
}

/**
 * wire_connect() - use a new socket
 * @w: the connection, not connected now
 * @fd: the socket, consumed
 *
 * Context: Protocol thread.
 */
void wire_connect(struct wire *w, int fd)
{
	struct timeval tv = { .tv_sec = 5 };

	/* A client that doesn't read must not hold an engine for ever. */
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
	pthread_mutex_lock(&w->tx_lock);
	w->fd = fd;
	pthread_mutex_unlock(&w->tx_lock);
	pthread_mutex_lock(&w->req_lock);
	w->connected = true;
	pthread_mutex_unlock(&w->req_lock);
}

/**
 * wire_disconnect() - close the socket; requests under way fail with -ENOTCONN
 * @w: the connection
 *
 * Context: Protocol thread.
 */
void wire_disconnect(struct wire *w)
{
	struct wire_request *r;

	pthread_mutex_lock(&w->req_lock);
	w->connected = false;
	for (r = w->requests; r; r = r->next) {
		r->done = true;
		r->error = -ENOTCONN;
		pthread_cond_signal(&r->cond);
	}
	w->requests = NULL;
	pthread_mutex_unlock(&w->req_lock);

	if (w->fd >= 0)
		shutdown(w->fd, SHUT_RDWR);	/* wakes a sender */
	pthread_mutex_lock(&w->tx_lock);
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
	pthread_mutex_unlock(&w->tx_lock);
}

/**
 * wire_shutdown() - have the receiving thread see the end of the connection
 * @w: the connection, or none
 *
 * Context: Any thread.
 */
void wire_shutdown(struct wire *w)
{
	pthread_mutex_lock(&w->tx_lock);
	if (w->fd >= 0)
		shutdown(w->fd, SHUT_RDWR);
	pthread_mutex_unlock(&w->tx_lock);
}

/**
 * wire_msg_close_fds() - close what nobody took
 * @msg: the message
 *
 * Context: Protocol thread.
 */
void wire_msg_close_fds(struct wire_msg *msg)
{
	for (unsigned int i = 0; i < msg->num_fds; i++)
		if (msg->fds[i] >= 0)
			close(msg->fds[i]);
	msg->num_fds = 0;
}

static void collect_fds(struct wire_msg *msg, struct msghdr *mh, bool *overflow)
{
	struct cmsghdr *c;

	if (mh->msg_flags & MSG_CTRUNC)
		*overflow = true;
	for (c = CMSG_FIRSTHDR(mh); c; c = CMSG_NXTHDR(mh, c)) {
		size_t n;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
			if (msg->num_fds < VFU_MSG_FDS_MAX) {
				msg->fds[msg->num_fds++] = fd;
			} else {
				close(fd);
				*overflow = true;
			}
		}
	}
}

static int recv_all(struct wire *w, struct wire_msg *msg, void *buf, size_t len,
		    bool *overflow)
{
	union {
		char space[CMSG_SPACE((VFU_MSG_FDS_MAX + 8) * sizeof(int))];
		struct cmsghdr align;
	} control;
	uint8_t *p = buf;

	while (len) {
		struct iovec iov = { .iov_base = p, .iov_len = len };
		struct msghdr mh = {
			.msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = &control,
			.msg_controllen = sizeof(control),
		};
		ssize_t n = recvmsg(w->fd, &mh, MSG_CMSG_CLOEXEC);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		collect_fds(msg, &mh, overflow);
		if (!n)
			return -ENOTCONN;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

/**
 * wire_recv() - wait for a message
 * @w: the connection
 * @msg: filled in; its descriptors belong to the caller
 *
 * Context: Protocol thread. Sleeps.
 * Return: 0; -E2BIG: came whole, but with too many descriptors, all closed;
 * -EPROTO: its size can't be, the stream is lost; another -errno: so is the client.
 */
int wire_recv(struct wire *w, struct wire_msg *msg)
{
	bool overflow = false;
	int err;

	msg->num_fds = 0;
	msg->len = 0;
	err = recv_all(w, msg, &msg->hdr, sizeof(msg->hdr), &overflow);
	if (!err && (msg->hdr.size < sizeof(msg->hdr) || msg->hdr.size > VFU_MSG_MAX))
		err = -EPROTO;
	if (!err) {
		msg->len = msg->hdr.size - sizeof(msg->hdr);
		err = recv_all(w, msg, msg->payload, msg->len, &overflow);
	}
	if (!err && overflow)
		err = -E2BIG;
	if (err)
		wire_msg_close_fds(msg);
	return err;
}

static int send_iov_locked(struct wire *w, struct iovec *iov, size_t num, int fd)
{
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct msghdr mh = { .msg_iov = iov, .msg_iovlen = num };

	if (w->fd < 0)
		return -ENOTCONN;
	if (fd >= 0) {
		memset(&control, 0, sizeof(control));
		mh.msg_control = &control;
		mh.msg_controllen = sizeof(control);
		control.align.cmsg_level = SOL_SOCKET;
		control.align.cmsg_type = SCM_RIGHTS;
		control.align.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.align), &fd, sizeof(fd));
	}
	while (mh.msg_iovlen) {
		ssize_t n = sendmsg(w->fd, &mh, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			/* Half a message may be out: the stream is of no use. */
			shutdown(w->fd, SHUT_RDWR);
			return -errno;
		}
		mh.msg_control = NULL;
		mh.msg_controllen = 0;
		while (mh.msg_iovlen && (size_t)n >= mh.msg_iov->iov_len) {
			n -= (ssize_t)mh.msg_iov->iov_len;
			mh.msg_iov++;
			mh.msg_iovlen--;
		}
		if (mh.msg_iovlen) {
			mh.msg_iov->iov_base = (char *)mh.msg_iov->iov_base + n;
			mh.msg_iov->iov_len -= (size_t)n;
		}
	}
	return 0;
}

static int send_msg(struct wire *w, struct iovec *iov, size_t num, int fd)
{
	int err;

	pthread_mutex_lock(&w->tx_lock);
	err = send_iov_locked(w, iov, num, fd);
	pthread_mutex_unlock(&w->tx_lock);
	return err;
}

/**
 * wire_reply() - answer a command, unless it wants no answer
 * @w: the connection
 * @req: header of the command
 * @payload: what follows the header
 * @len: bytes of it
 * @fd: descriptor to go along, borrowed, or -1
 *
 * Context: Protocol thread.
 * Return: 0 or -errno.
 */
int wire_reply(struct wire *w, const struct vfu_hdr *req, const void *payload,
	       size_t len, int fd)
{
	struct vfu_hdr hdr = {
		.id = req->id,
		.cmd = req->cmd,
		.size = (uint32_t)(sizeof(hdr) + len),
		.flags = VFU_TYPE_REPLY,
	};
	struct iovec iov[] = {
		{ .iov_base = &hdr, .iov_len = sizeof(hdr) },
		{ .iov_base = (void *)(uintptr_t)payload, .iov_len = len },
	};

	if (req->flags & VFU_NO_REPLY)
		return 0;
	return send_msg(w, iov, len ? 2 : 1, fd);
}

/**
 * wire_reply_error() - answer a command with an error, unless it wants no answer
 * @w: the connection
 * @req: header of the command
 * @err: -errno
 *
 * Context: Protocol thread.
 * Return: 0 or -errno.
 */
int wire_reply_error(struct wire *w, const struct vfu_hdr *req, int err)
{
	struct vfu_hdr hdr = {
		.id = req->id,
		.cmd = req->cmd,
		.size = sizeof(hdr),
		.flags = VFU_TYPE_REPLY | VFU_ERROR,
		.error = (uint32_t)-err,
	};
	struct iovec iov = { .iov_base = &hdr, .iov_len = sizeof(hdr) };

	if (req->flags & VFU_NO_REPLY)
		return 0;
	return send_msg(w, &iov, 1, -1);
}

static int reply_result(const struct wire_request *r, const struct wire_msg *msg)
{
	struct vfu_dma_access acc;

	if (msg->hdr.flags & VFU_ERROR)
		return -EIO;
	if (msg->hdr.cmd != r->cmd || msg->len < sizeof(acc.addr))
		return -EPROTO;
	if (r->cmd == VFU_DMA_WRITE)
		return 0;
	if (msg->len != sizeof(acc) + r->len)
		return -EPROTO;
	memcpy(&acc, msg->payload, sizeof(acc));
	if (acc.addr != r->addr || acc.count != r->len)
		return -EPROTO;
	memcpy(r->buf, msg->payload + sizeof(acc), r->len);
	return 0;
}

/**
 * wire_handle_reply() - hand a reply to the thread that waits for it
 * @w: the connection
 * @msg: the reply; one that nobody waits for is dropped
 *
 * Context: Protocol thread.
 */
void wire_handle_reply(struct wire *w, const struct wire_msg *msg)
{
	struct wire_request **link;

	pthread_mutex_lock(&w->req_lock);
	for (link = &w->requests; *link; link = &(*link)->next) {
		struct wire_request *r = *link;

		if (r->id != msg->hdr.id)
			continue;
		*link = r->next;
		r->error = reply_result(r, msg);
		r->done = true;
		pthread_cond_signal(&r->cond);
		break;
	}
	pthread_mutex_unlock(&w->req_lock);
}

static void request_unlink_locked(struct wire *w, struct wire_request *req)
{
	struct wire_request **link;

	for (link = &w->requests; *link; link = &(*link)->next) {
		if (*link == req) {
			*link = req->next;
			return;
		}
	}
}

static int request_start(struct wire *w, struct wire_request *r)
{
	pthread_condattr_t attr;
	int err = 0;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&r->cond, &attr);
	pthread_condattr_destroy(&attr);

	pthread_mutex_lock(&w->req_lock);
	if (w->connected) {
		r->id = w->next_id++;
		r->next = w->requests;
		w->requests = r;
	} else {
		err = -ENOTCONN;
	}
	pthread_mutex_unlock(&w->req_lock);
	return err;
}

static int request_finish(struct wire *w, struct wire_request *r, int send_err)
{
	struct timespec until = ns_to_timespec(now_ns() + REQUEST_TIMEOUT_NS);
	int err = send_err;

	pthread_mutex_lock(&w->req_lock);
	while (!err && !r->done)
		err = -pthread_cond_timedwait(&r->cond, &w->req_lock, &until);
	if (r->done)
		err = r->error;
	else
		request_unlink_locked(w, r);
	pthread_mutex_unlock(&w->req_lock);
	return err;
}

static int wire_dma(struct wire *w, struct wire_request *r, const void *data)
{
	struct vfu_dma_access acc = { .addr = r->addr, .count = r->len };
	struct vfu_hdr hdr = {
		.cmd = r->cmd,
		.size = (uint32_t)(sizeof(hdr) + sizeof(acc) + (data ? r->len : 0)),
		.flags = VFU_TYPE_COMMAND,
	};
	struct iovec iov[] = {
		{ .iov_base = &hdr, .iov_len = sizeof(hdr) },
		{ .iov_base = &acc, .iov_len = sizeof(acc) },
		{ .iov_base = (void *)(uintptr_t)data, .iov_len = r->len },
	};
	int err = request_start(w, r);

	if (!err) {
		hdr.id = r->id;
		err = send_msg(w, iov, data ? 3 : 2, -1);
		err = request_finish(w, r, err);
	}
	pthread_cond_destroy(&r->cond);
	return err;
}

/**
 * wire_dma_read() - have the client read its memory for us
 * @w: the connection
 * @addr: bus address
 * @buf: destination
 * @len: bytes, a page at most
 *
 * Context: Engine and firmware threads, with no lock held. Sleeps 2 s at most.
 * Return: 0 or -errno.
 */
int wire_dma_read(struct wire *w, uint64_t addr, void *buf, size_t len)
{
	struct wire_request r = {
		.cmd = VFU_DMA_READ, .addr = addr, .buf = buf, .len = len,
	};

	return wire_dma(w, &r, NULL);
}

/**
 * wire_dma_write() - have the client write its memory for us
 * @w: the connection
 * @addr: bus address
 * @buf: source
 * @len: bytes, a page at most
 *
 * Context: Engine and firmware threads, with no lock held. Sleeps 2 s at most.
 * Return: 0 or -errno.
 */
int wire_dma_write(struct wire *w, uint64_t addr, const void *buf, size_t len)
{
	struct wire_request r = { .cmd = VFU_DMA_WRITE, .addr = addr, .len = len };

	return wire_dma(w, &r, buf);
}
