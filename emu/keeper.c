// SPDX-License-Identifier: MIT
/*
 * Hangs up for a server that was killed.
 *
 * A UNIX socket that is closed with something unread in it tells the other side
 * "connection reset", not "end of file", and QEMU 11.1 aborts on that (its
 * vfio_user_recv_hdr() sets an error that is set already). A server that is killed
 * while the guest uses the device leaves something unread more often than not.
 *
 * So a second process has the connection too. When the server is gone, it reads
 * what is left and then closes, and QEMU goes on with a device that reads all
 * ones. For the guest nothing else changes: what did DMA was the server.
 */
#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log.h"

/* Everything but those two; a child of threads may call no more than system calls. */
static void close_others(int fd, int leash)
{
	int low = fd < leash ? fd : leash, high = fd < leash ? leash : fd;

	if (low > 0)
		close_range(0, (unsigned int)low - 1, 0);
	if (high > low + 1)
		close_range((unsigned int)low + 1, (unsigned int)high - 1, 0);
	close_range((unsigned int)high + 1, ~0u, 0);
}

static void keep(int fd, int leash)
{
	char buf[4096];
	ssize_t n;

	prctl(PR_SET_NAME, "emu-keeper");
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	close_others(fd, leash);
	do
		n = read(leash, buf, sizeof(buf));
	while (n < 0 && errno == EINTR);

	/* Nothing comes in after this, so it ends. */
	shutdown(fd, SHUT_RDWR);
	do
		n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
	while (n > 0 || (n < 0 && errno == EINTR));
	_exit(0);
}

/**
 * keeper_start() - have a connection hung up when this process dies
 * @k: uninitialised
 * @fd: the connection, borrowed until keeper_end()
 *
 * If there can be none there is none: it only matters for a violent death.
 *
 * Context: Protocol thread.
 */
void keeper_start(struct keeper *k, int fd)
{
	int leash[2];

	k->pid = 0;
	if (pipe2(leash, O_CLOEXEC)) {
		log_msg("no keeper: no pipe");
		return;
	}
	k->pid = fork();
	if (!k->pid) {
		close(leash[1]);
		keep(fd, leash[0]);
	}
	close(leash[0]);
	if (k->pid < 0) {
		log_msg("no keeper: no process");
		close(leash[1]);
		k->pid = 0;
		return;
	}
	k->leash = leash[1];
}

/**
 * keeper_end() - end what keeper_start() began
 * @k: from keeper_start()
 *
 * Context: Protocol thread. The connection is shut down when it returns.
 */
void keeper_end(struct keeper *k)
{
	if (!k->pid)
		return;
	close(k->leash);
	while (waitpid(k->pid, NULL, 0) < 0 && errno == EINTR)
		;
}
