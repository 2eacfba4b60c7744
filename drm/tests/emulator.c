// SPDX-License-Identifier: GPL-2.0
/*
 * What the emulator is doing, from its control port.
 */
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "emulator.h"
#include "gpu.h"

#define PATIENCE_MS	60000

int emulator_wait_fired(int control)
{
	uint64_t end_ms = now_ms() + PATIENCE_MS;
	char reply[4096];
	int ret;

	do {
		ret = emu_ask(control, "status", reply, sizeof(reply));
		if (ret || strstr(reply, "\"rules\":0"))
			return ret;
		usleep(2000);
	} while (now_ms() < end_ms);
	return -ETIMEDOUT;
}

int emulator_wait_dead(int control)
{
	uint64_t end_ms = now_ms() + PATIENCE_MS;
	struct pollfd p = { .fd = control };

	while (now_ms() < end_ms) {
		if (poll(&p, 1, 0) == 1 && (p.revents & POLLHUP))
			return 0;
		usleep(2000);
	}
	return -ETIMEDOUT;
}
