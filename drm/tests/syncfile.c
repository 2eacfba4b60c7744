// SPDX-License-Identifier: GPL-2.0
/*
 * What the kernel does with sync_files, and fences that a test signals by hand.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "syncfile.h"

/* The kernel has no header of it. */
struct sw_sync_create_fence_data {
	uint32_t value;
	char name[32];
	int32_t fence;
};

#define SW_SYNC_IOC_CREATE_FENCE	_IOWR('W', 0, struct sw_sync_create_fence_data)
#define SW_SYNC_IOC_INC			_IOW('W', 1, uint32_t)

int sync_describe(int fd, struct sync_desc *ret_desc)
{
	struct sync_file_info whole = { 0 };
	struct sync_file_info info = {
		.num_fences = SYNC_MEMBERS_MAX, .sync_fence_info = (uintptr_t)ret_desc->members,
	};

	/* Asked for its members, the kernel makes up the status from theirs. */
	if (ioctl(fd, SYNC_IOC_FILE_INFO, &info) || ioctl(fd, SYNC_IOC_FILE_INFO, &whole))
		return -errno;
	if (whole.num_fences != info.num_fences)
		return -EPROTO;
	ret_desc->status = whole.status;
	ret_desc->num = info.num_fences;
	memcpy(ret_desc->name, info.name, sizeof(info.name));
	return 0;
}

int sync_merge(int a, int b, const char *name)
{
	struct sync_merge_data merge = { .fd2 = b };

	snprintf(merge.name, sizeof(merge.name), "%s", name);
	return ioctl(a, SYNC_IOC_MERGE, &merge) ? -errno : merge.fence;
}

int sync_deadline(int fd, uint64_t deadline_ns)
{
	struct sync_set_deadline deadline = { .deadline_ns = deadline_ns };

	return ioctl(fd, SYNC_IOC_SET_DEADLINE, &deadline) ? -errno : 0;
}

bool sync_poll(int fd, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int ret;

	do
		ret = poll(&p, 1, timeout_ms);
	while (ret < 0 && errno == EINTR);
	return ret == 1 && p.revents == POLLIN;
}

int sw_sync_open(void)
{
	int fd = open("/sys/kernel/debug/sync/sw_sync", O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int sw_sync_fence(int timeline, uint32_t seqno)
{
	struct sw_sync_create_fence_data data = { .value = seqno, .name = "by hand" };

	return ioctl(timeline, SW_SYNC_IOC_CREATE_FENCE, &data) ? -errno : data.fence;
}

int sw_sync_advance(int timeline, uint32_t by)
{
	return ioctl(timeline, SW_SYNC_IOC_INC, &by) ? -errno : 0;
}
