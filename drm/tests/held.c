// SPDX-License-Identifier: GPL-2.0
/*
 * A sync_file that a process keeps while the driver that issued its fences goes.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gpu.h"
#include "held.h"

#define QUEUES		(2 * CLIENT_QUEUES)	/* of both clients */
#define SIGNAL_MS	60000

const char *const held_kind_names[HELD_KINDS] = {
	"done", "failed", "cancelled", "gone", "merged", "merged with a foreign one",
};

/* Of ten: three, two, two, one, one, one; each kind is among any ten in a row. */
enum held_kind held_kind_of(unsigned int index)
{
	static const enum held_kind kinds[10] = {
		HELD_DONE, HELD_CANCELLED, HELD_FAILED, HELD_MERGED, HELD_DONE,
		HELD_GONE, HELD_CANCELLED, HELD_FAILED, HELD_FOREIGN, HELD_DONE,
	};

	return kinds[index % 10];
}

/*
 * Each of @kind gets the sync_file of a job of @c, its @status in the end. Queues
 * take turns: the n-th is on queue n modulo CLIENT_QUEUES.
 */
static int make_plain(struct client *c, struct held *held, unsigned int num,
		      enum held_kind kind, int status)
{
	unsigned int n = 0;
	int ret = 0;

	for (unsigned int i = 0; i < num && !ret; i++) {
		if (held_kind_of(i) != kind)
			continue;
		held[i] = (struct held) { .kind = kind, .num = 1, .status = { status } };
		ret = client_submit(c, n++ % CLIENT_QUEUES, -1, &held[i].fd, 1);
	}
	return ret;
}

static int wait_for_kind(const struct held *held, unsigned int num, enum held_kind kind)
{
	for (unsigned int i = 0; i < num; i++)
		if (held[i].kind == kind && !sync_poll(held[i].fd, SIGNAL_MS))
			return -ETIMEDOUT;
	return 0;
}

/* The @n-th sync_file on the queue @queue of those of both clients that wait. */
static int pending_fd(const struct held *held, unsigned int num, unsigned int queue,
		      unsigned int n)
{
	enum held_kind kind = queue < CLIENT_QUEUES ? HELD_CANCELLED : HELD_GONE;
	unsigned int count = 0, first = 0;
	int fd = -1;

	for (unsigned int i = 0; i < num; i++) {
		if (held[i].kind != kind || count++ % CLIENT_QUEUES != queue % CLIENT_QUEUES)
			continue;
		fd = held[i].fd;
		if (first++ == n)
			break;
	}
	return fd;
}

/* @fd becomes the merger of itself and @with. */
static int merge_into(int *fd, int with)
{
	int merged = *fd < 0 ? dup(with) : sync_merge(*fd, with, HELD_MERGED_NAME);

	if (*fd >= 0)
		close(*fd);
	*fd = merged;
	return merged < 0 ? -errno : 0;
}

/*
 * From two to all of the queues are in the n-th, at varying places. The kernel sorts
 * by contexts, which are numbered as they are made: first the queues of the client
 * that's closed, then the other's, then the foreign one's.
 */
static int make_merged(struct held_source *s, struct held *held, unsigned int num,
		       struct held *h, unsigned int n)
{
	unsigned int members = 2 + n % (QUEUES - 1);
	unsigned int begin = n % (QUEUES - members + 1);
	int ret = 0;

	h->fd = -1;
	for (unsigned int q = begin; q < begin + members && !ret; q++) {
		h->status[h->num++] = q < CLIENT_QUEUES ? -ECANCELED : -ENODEV;
		ret = merge_into(&h->fd, pending_fd(held, num, q, n));
	}
	if (h->kind == HELD_FOREIGN && !ret) {
		h->status[h->num++] = 1;
		ret = merge_into(&h->fd, s->foreign);
	}
	return ret;
}

static int make_all_merged(struct held_source *s, struct held *held, unsigned int num)
{
	unsigned int n = 0;
	int ret = 0;

	for (unsigned int i = 0; i < num && !ret; i++) {
		enum held_kind kind = held_kind_of(i);

		if (kind != HELD_MERGED && kind != HELD_FOREIGN)
			continue;
		held[i] = (struct held) { .kind = s->foreign < 0 ? HELD_MERGED : kind };
		ret = make_merged(s, held, num, &held[i], n++);
	}
	return ret;
}

int held_make(struct held_source *s, struct held *held, unsigned int num)
{
	int ret;

	ret = make_plain(&s->closed, held, num, HELD_DONE, 1);
	if (!ret)
		ret = wait_for_kind(held, num, HELD_DONE);
	if (!ret)
		ret = emu_control(s->control, "error ring=* job=* count=* status=6");
	if (!ret)
		ret = make_plain(&s->unbound, held, num, HELD_FAILED, -EIO);
	if (!ret)
		ret = wait_for_kind(held, num, HELD_FAILED);
	if (!ret)
		ret = emu_control(s->control, "clear");
	/* What comes now waits behind jobs that don't end. */
	if (!ret)
		ret = emu_control(s->control, "hang ring=* job=* count=*");
	if (!ret)
		ret = make_plain(&s->closed, held, num, HELD_CANCELLED, -ECANCELED);
	if (!ret)
		ret = make_plain(&s->unbound, held, num, HELD_GONE, -ENODEV);
	if (!ret)
		ret = make_all_merged(s, held, num);
	return ret;
}

static int member_status(const struct held *h, unsigned int member, enum held_stage stage)
{
	if (h->kind == HELD_DONE || h->kind == HELD_FAILED)
		return h->status[member];
	if (stage == HELD_BEFORE)
		return 0;
	if (h->kind == HELD_FOREIGN && member == h->num - 1)
		return stage == HELD_OVER;
	return h->status[member];
}

/* A merged fence signals with the error that was there first, as does the list. */
int held_status(const struct held *h, enum held_stage stage)
{
	int status = 1;

	for (unsigned int i = 0; i < h->num; i++) {
		int member = member_status(h, i, stage);

		if (!member)
			return 0;
		if (status > 0)
			status = member;
	}
	return status;
}

/* A fence's names are its driver's as long as it waits. */
static bool check_names(const struct held *h, unsigned int member,
			const struct sync_fence_info *info)
{
	bool foreign = h->kind == HELD_FOREIGN && member == h->num - 1;

	if (info->status)
		return !strcmp(info->driver_name, SYNC_GONE_DRIVER) &&
		       !strcmp(info->obj_name, SYNC_GONE_TIMELINE);
	/* carillon names timelines after the process, sw_sync too. */
	return !strcmp(info->driver_name, foreign ? "sw_sync" : "carillon") &&
	       !strncmp(info->obj_name, "carillon_unload", 15);
}

static bool check_whole_name(const struct held *h, const struct sync_desc *desc)
{
	const char *driver = desc->status ? SYNC_GONE_DRIVER : "carillon";

	if (h->kind == HELD_MERGED || h->kind == HELD_FOREIGN)
		return !strcmp(desc->name, HELD_MERGED_NAME);
	return !strncmp(desc->name, driver, strlen(driver)) && desc->name[strlen(driver)] == '-';
}

static bool complain(const struct held *h, const struct sync_desc *desc, const char *what)
{
	printf("# %s (%s, %u fences): %s; status %d, name \"%s\"\n", what,
	       held_kind_names[h->kind], h->num, "not as it should be", desc->status, desc->name);
	for (unsigned int i = 0; i < desc->num; i++)
		printf("#   %s %s: status %d\n", desc->members[i].driver_name,
		       desc->members[i].obj_name, desc->members[i].status);
	return false;
}

bool held_check(const struct held *h, enum held_stage stage)
{
	int want = held_status(h, stage);
	struct sync_desc desc;
	int ret;

	ret = sync_describe(h->fd, &desc);
	if (ret)
		return !fail("SYNC_IOC_FILE_INFO", -ret);
	if (desc.num != h->num || !check_whole_name(h, &desc))
		return complain(h, &desc, "number or name");
	if (desc.status != want)
		return complain(h, &desc, "status");
	for (unsigned int i = 0; i < h->num; i++) {
		const struct sync_fence_info *info = &desc.members[i];

		if (info->status != member_status(h, i, stage))
			return complain(h, &desc, "a member's status");
		if (!check_names(h, i, info))
			return complain(h, &desc, "a member's names");
		if (!info->timestamp_ns != !info->status)
			return complain(h, &desc, "a member's time");
	}
	if (sync_poll(h->fd, 0) != !!want)
		return complain(h, &desc, "poll");
	return true;
}
