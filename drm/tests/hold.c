// SPDX-License-Identifier: GPL-2.0
/*
 * Holding a call of a kernel function: carillon_hold.ko.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gpu.h"
#include "hold.h"

#define HOLD_FILE	"/sys/kernel/debug/carillon_hold"

static int tell(const char *line)
{
	int fd = open(HOLD_FILE, O_WRONLY | O_CLOEXEC);
	int ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, line, strlen(line)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

static bool state_is(const char *state)
{
	char buf[64] = "";
	int fd = open(HOLD_FILE, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, buf, sizeof(buf) - 1);

	close(fd);
	return n > 0 && !strncmp(buf, state, strlen(state));
}

int hold_arm(const char *function, const char *comm, unsigned int limit_ms)
{
	char line[200];

	snprintf(line, sizeof(line), "arm %s 1 %u %s", function, limit_ms, comm ? comm : "");
	return tell(line);
}

bool hold_wait(unsigned int timeout_ms)
{
	uint64_t end_ms = now_ms() + timeout_ms;

	while (!state_is("held")) {
		if (state_is("expired"))
			return true;
		if (now_ms() > end_ms)
			return false;
		usleep(2000);
	}
	return true;
}

bool hold_expired(void)
{
	return state_is("expired");
}

int hold_release(void)
{
	return tell("release");
}

int hold_disarm(void)
{
	return tell("disarm");
}
