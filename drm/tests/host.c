// SPDX-License-Identifier: GPL-2.0
/*
 * What the guest asks the host for: hot-plug, and the emulator's life (vm/README.md).
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host.h"

#define HOST_PORT	"/dev/virtio-ports/carillon.request"
#define HOST_MS		60000

/* Waits for the answer to the request @number; those to others were for somebody before us. */
static int take_answer(int fd, int number)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	size_t have = 0;
	char buf[300];
	char *text;

	for (;;) {
		if (poll(&p, 1, HOST_MS) != 1)
			return -ETIMEDOUT;
		/* A line at a time: what comes behind it is the next one's. */
		if (read(fd, buf + have, 1) != 1)
			return -EIO;
		if (buf[have] != '\n' && ++have < sizeof(buf) - 1)
			continue;
		buf[have] = 0;
		have = 0;
		if (strtol(buf, &text, 10) == number && !strcmp(text, " ok"))
			return 0;
		if (text == buf || strtol(buf, NULL, 10) != number)
			continue;
		printf("# the host says%s\n", text);
		return -EREMOTEIO;
	}
}

int host_ask(const char *request)
{
	static int last;
	int number = __atomic_add_fetch(&last, 1, __ATOMIC_RELAXED);
	int fd = open(HOST_PORT, O_RDWR | O_CLOEXEC);
	int ret;

	if (fd < 0)
		return -errno;
	ret = dprintf(fd, "%d %s\n", number, request) < 0 ? -errno : take_answer(fd, number);
	close(fd);
	return ret;
}
