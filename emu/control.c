// SPDX-License-Identifier: MIT
/*
 * The control socket.
 *
 * One of its clients may be a virtual serial port, that is, the guest: lines of any
 * length and content arrive, and replies may never be read. A client whose replies
 * don't fit any more isn't read from until they do.
 */
#include "control.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server.h"

static void client_drop(struct control_client *cl)
{
	close(cl->fd);
	cl->fd = -1;
}

static void client_accept(struct control *c)
{
	int fd = accept4(c->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	for (int i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		struct control_client *cl = &c->clients[i];

		if (cl->fd >= 0)
			continue;
		memset(cl, 0, sizeof(*cl));
		cl->fd = fd;
		return;
	}
	close(fd);
}

static void client_flush(struct control_client *cl)
{
	ssize_t n;

	if (!cl->out_len)
		return;
	n = send(cl->fd, cl->out, cl->out_len, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		client_drop(cl);
		return;
	}
	if (n > 0) {
		cl->out_len -= (size_t)n;
		memmove(cl->out, cl->out + n, cl->out_len);
	}
}

/* There is room for a reply whenever a line is read. */
static bool client_has_room(const struct control_client *cl)
{
	return sizeof(cl->out) - cl->out_len >= CONTROL_REPLY_MAX;
}

static void client_answer(struct control *c, struct control_client *cl)
{
	char reply[CONTROL_REPLY_MAX];
	size_t len;

	if (strlen(cl->in) != cl->in_len)
		strcpy(cl->in, "\001");	/* a NUL in it: no valid line */
	control_line(c->dev, cl->in, reply, sizeof(reply));
	len = strlen(reply);
	memcpy(cl->out + cl->out_len, reply, len);
	cl->out_len += len;
	client_flush(cl);
}

static void client_byte(struct control *c, struct control_client *cl, char byte)
{
	if (byte == '\n') {
		cl->in[cl->in_len] = '\0';
		if (cl->skip)
			strcpy(cl->in, "\001"), cl->in_len = 1;
		if (cl->in_len)
			client_answer(c, cl);
		cl->in_len = 0;
		cl->skip = false;
	} else if (cl->in_len + 1 < sizeof(cl->in)) {
		cl->in[cl->in_len++] = byte;
	} else {
		cl->skip = true;
	}
}

/* Byte by byte from the socket's queue: what there is no room to answer stays. */
static void client_read(struct control *c, struct control_client *cl)
{
	char buf[256];
	ssize_t n = recv(cl->fd, buf, sizeof(buf), MSG_PEEK | MSG_DONTWAIT);
	ssize_t used = 0;

	if (!n || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		client_drop(cl);
		return;
	}
	while (used < n && cl->fd >= 0 && client_has_room(cl))
		client_byte(c, cl, buf[used++]);
	if (used > 0 && cl->fd >= 0)
		(void)!recv(cl->fd, buf, (size_t)used, MSG_DONTWAIT);
}

static void client_serve(struct control *c, struct control_client *cl, short revents)
{
	if (revents & POLLOUT)
		client_flush(cl);
	if (cl->fd >= 0 && (revents & (POLLIN | POLLHUP | POLLERR)))
		client_read(c, cl);
}

static short client_events(const struct control_client *cl)
{
	short events = 0;

	if (cl->out_len)
		events |= POLLOUT;
	if (client_has_room(cl))
		events |= POLLIN;
	return events;
}

static void *control_thread(void *arg)
{
	struct control *c = arg;
	struct pollfd pfd[CONTROL_CLIENTS_MAX + 2];

	for (;;) {
		pfd[0] = (struct pollfd){ .fd = c->quit_fd, .events = POLLIN };
		pfd[1] = (struct pollfd){ .fd = c->listen_fd, .events = POLLIN };
		for (int i = 0; i < CONTROL_CLIENTS_MAX; i++)
			pfd[i + 2] = (struct pollfd){
				.fd = c->clients[i].fd,
				.events = client_events(&c->clients[i]),
			};
		if (poll(pfd, CONTROL_CLIENTS_MAX + 2, -1) < 0 && errno != EINTR)
			break;
		if (pfd[0].revents)
			break;
		for (int i = 0; i < CONTROL_CLIENTS_MAX; i++)
			if (pfd[i + 2].fd >= 0 && pfd[i + 2].revents)
				client_serve(c, &c->clients[i], pfd[i + 2].revents);
		if (pfd[1].revents)
			client_accept(c);
	}
	return NULL;
}

/**
 * control_start() - listen and serve in a thread
 * @c: the control socket
 * @dev: the device
 * @path: of the socket
 *
 * Context: Process start.
 * Return: 0 or -errno.
 */
int control_start(struct control *c, struct device *dev, const char *path)
{
	int err;

	memset(c, 0, sizeof(*c));
	c->dev = dev;
	for (int i = 0; i < CONTROL_CLIENTS_MAX; i++)
		c->clients[i].fd = -1;
	c->listen_fd = server_listen(path);
	if (c->listen_fd < 0)
		return c->listen_fd;
	c->quit_fd = eventfd(0, EFD_CLOEXEC);
	if (c->quit_fd < 0) {
		err = -errno;
		goto close_listen;
	}
	err = -pthread_create(&c->thread, NULL, control_thread, c);
	if (err)
		goto close_quit;
	return 0;

close_quit:
	close(c->quit_fd);
close_listen:
	close(c->listen_fd);
	return err;
}

/**
 * control_stop() - end the thread and close all
 * @c: the control socket
 *
 * Context: Process end. Sleeps.
 */
void control_stop(struct control *c)
{
	eventfd_write(c->quit_fd, 1);
	pthread_join(c->thread, NULL);
	for (int i = 0; i < CONTROL_CLIENTS_MAX; i++)
		if (c->clients[i].fd >= 0)
			close(c->clients[i].fd);
	close(c->quit_fd);
	close(c->listen_fd);
}
