/* SPDX-License-Identifier: MIT */
/* Hangs up for a server that was killed. */
#ifndef EMU_KEEPER_H
#define EMU_KEEPER_H

#include <sys/types.h>

/**
 * struct keeper - a process that outlives the server by a moment
 * @pid: its id, 0 if there is none
 * @leash: its end of file is the server's death
 */
struct keeper {
	pid_t pid;
	int leash;
};

void keeper_start(struct keeper *k, int fd);
void keeper_end(struct keeper *k);

#endif /* EMU_KEEPER_H */
