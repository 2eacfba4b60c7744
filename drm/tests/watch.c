// SPDX-License-Identifier: GPL-2.0
/*
 * Threads that do with sync_files what can be done, while these signal.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gpu.h"
#include "syncfile.h"
#include "watch.h"

#define SIGNAL_MS	60000

/*
 * The kernel reads the names before the status. So who waits has its names; who has
 * signalled may have had them when they were read, one and not the other even.
 */
static bool check_member(const struct watch *w, const struct sync_fence_info *info)
{
	bool own_driver = !strcmp(info->driver_name, "carillon");
	bool own_timeline = !strncmp(info->obj_name, "carillon_unload", 15);

	if (!info->status)
		return own_driver && own_timeline;
	return info->status == w->want &&
	       (own_driver || !strcmp(info->driver_name, SYNC_GONE_DRIVER)) &&
	       (own_timeline || !strcmp(info->obj_name, SYNC_GONE_TIMELINE));
}

static bool check_one(const struct watch *w, int fd)
{
	struct sync_desc desc;

	if (sync_describe(fd, &desc))
		return !fail("SYNC_IOC_FILE_INFO", errno);
	if (desc.num == 1 && check_member(w, &desc.members[0]) &&
	    (!desc.members[0].status || desc.status == w->want) &&
	    (!desc.status || sync_poll(fd, 0)))
		return true;
	printf("# watched: %u fences, status %d, %s %s: status %d\n", desc.num, desc.status,
	       desc.members[0].driver_name, desc.members[0].obj_name, desc.members[0].status);
	return false;
}

/* What comes out depends on who has signalled; it mustn't do harm, nor wait for ever. */
static bool merge_some(const struct watch *w, unsigned int i)
{
	struct sync_desc desc;
	int fd;

	fd = sync_merge(w->fds[i], w->fds[(i + WATCH_FDS / 4) % WATCH_FDS], "watched");
	if (fd < 0)
		return !fail("SYNC_IOC_MERGE", -fd);
	sync_poll(fd, 0);
	if (sync_describe(fd, &desc) || desc.num > 2)
		return !fail("merged", EPROTO);
	close(fd);
	return true;
}

static void *look(void *arg)
{
	struct watch *w = arg;
	bool ok = true;

	for (unsigned int i = 0; ok && !atomic_load(&w->stop); i++) {
		ok = check_one(w, w->fds[i % WATCH_FDS]) && merge_some(w, i % WATCH_FDS);
		if (i % 16 == 0)
			ok = ok && !sync_deadline(w->fds[i % WATCH_FDS], now_ms() * 1000000);
	}
	return (void *)(intptr_t)!ok;
}

/* One waits until it's woken, by one fence after the other. */
static void *wait_for_all(void *arg)
{
	struct watch *w = arg;
	bool ok = true;

	for (unsigned int i = 0; i < WATCH_FDS && ok; i++)
		ok = wait_fence(w->fds[i], SIGNAL_MS) == w->want || !fail("waiting", ETIME);
	return (void *)(intptr_t)!ok;
}

int watch_start(struct watch *w, int want)
{
	w->want = want;
	atomic_init(&w->stop, false);
	for (int i = 0; i < WATCH_THREADS; i++)
		if (pthread_create(&w->threads[i], NULL, i ? look : wait_for_all, w))
			return -EAGAIN;
	return 0;
}

bool watch_stop(struct watch *w)
{
	bool ok = true;
	void *bad;

	atomic_store(&w->stop, true);
	for (int i = 0; i < WATCH_THREADS; i++) {
		pthread_join(w->threads[i], &bad);
		ok &= !bad;
	}
	for (int i = 0; i < WATCH_FDS; i++) {
		ok &= wait_fence(w->fds[i], 0) == w->want;
		close(w->fds[i]);
	}
	return ok;
}
