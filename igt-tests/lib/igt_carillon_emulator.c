// SPDX-License-Identifier: MIT

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "igt.h"
#include "igt_carillon_emulator.h"

#define PORT	"/dev/virtio-ports/carillon.ctl"

void carillon_emulator_ask(const char *line, char *reply, size_t size)
{
	size_t used = 0;
	ssize_t len;
	int fd = open(PORT, O_RDWR);

	igt_require_f(fd >= 0, "needs the emulator's control socket\n");
	igt_assert_eq(write(fd, line, strlen(line)), strlen(line));
	do {
		len = read(fd, reply + used, size - 1 - used);
		igt_assert_lt(0, len);
		used += len;
		reply[used] = 0;
	} while (!strchr(reply, '\n'));
	close(fd);
}

void carillon_emulator(const char *line)
{
	char reply[256];

	carillon_emulator_ask(line, reply, sizeof(reply));
	igt_assert_f(strstr(reply, "\"ok\":true"), "%s: %s\n", line, reply);
}

void carillon_emulator_settle(void)
{
	char reply[8192];

	for (;;) {
		carillon_emulator_ask("status\n", reply, sizeof(reply));
		if (strstr(reply, "\"rules\":0,"))
			return;
		usleep(2000);
	}
}
