// SPDX-License-Identifier: MIT

#include "lib.h"

#include <assert.h>
#include <errno.h>
#include <linux/dma-buf.h>
#include <linux/sync_file.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

static int sync_ioctl(int fd, unsigned long request, void *arg)
{
	int ret;

	do
		ret = ioctl(fd, request, arg);
	while (ret < 0 && (errno == EINTR || errno == EAGAIN));
	if (ret < 0)
		return errno == ENOTTY ? -EINVAL : -errno;
	return 0;
}

static struct timespec until(const struct timespec *now, int64_t end_ns)
{
	int64_t left = end_ns - (now->tv_sec * 1000000000ll + now->tv_nsec);
	struct timespec ts = { 0 };

	if (left > 0) {
		ts.tv_sec = left / 1000000000;
		ts.tv_nsec = left % 1000000000;
	}
	return ts;
}

int carillon_fence_wait(int fd, int64_t timeout_ns)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	struct sync_file_info info = { 0 };
	struct timespec now, left;
	int64_t end_ns = 0;
	int ret;

	/* Of other kinds of file, poll() would wait for something else. */
	ret = sync_ioctl(fd, SYNC_IOC_FILE_INFO, &info);
	if (ret)
		return ret;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (timeout_ns >= 0 &&
	    __builtin_add_overflow(now.tv_sec * 1000000000ll + now.tv_nsec,
				   timeout_ns, &end_ns))
		timeout_ns = -1;
	do {
		clock_gettime(CLOCK_MONOTONIC, &now);
		left = until(&now, end_ns);
		ret = ppoll(&pfd, 1, timeout_ns < 0 ? NULL : &left, NULL);
	} while (ret < 0 && (errno == EINTR || errno == EAGAIN));
	if (ret < 0)
		return -errno;
	return ret ? 0 : -ETIME;
}

int carillon_fence_info(int fd, struct carillon_fence_info *ret_info)
{
	struct sync_file_info info = { 0 };
	struct sync_fence_info *fences;
	struct carillon_fence_info out;
	int err;

	err = sync_ioctl(fd, SYNC_IOC_FILE_INFO, &info);
	if (err)
		return err;
	fences = calloc(info.num_fences + 1, sizeof(*fences));
	if (!fences)
		return -ENOMEM;
	info.sync_fence_info = (uintptr_t)fences;
	err = sync_ioctl(fd, SYNC_IOC_FILE_INFO, &info);
	if (!err) {
		out = (struct carillon_fence_info){
			.status = info.status,
			.num_fences = info.num_fences,
		};
		for (uint32_t i = 0; info.status && i < info.num_fences; i++)
			if (fences[i].timestamp_ns > out.signal_ns)
				out.signal_ns = fences[i].timestamp_ns;
		*ret_info = out;
	}
	free(fences);
	return err;
}

int carillon_fence_merge(const char *name, int fd1, int fd2, int *ret_fd)
{
	struct sync_merge_data data = { .fd2 = fd2 };
	int err;

	strncpy(data.name, name, sizeof(data.name) - 1);
	err = sync_ioctl(fd1, SYNC_IOC_MERGE, &data);
	if (err)
		return err;
	*ret_fd = data.fence;
	return 0;
}

static_assert(CARILLON_ACCESS_READ == DMA_BUF_SYNC_READ &&
	      CARILLON_ACCESS_WRITE == DMA_BUF_SYNC_WRITE, "passed on to the kernel");

int carillon_fence_from_dmabuf(int dmabuf, uint32_t access, int *ret_fd)
{
	struct dma_buf_export_sync_file args = { .flags = access, .fd = -1 };
	int err = sync_ioctl(dmabuf, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &args);

	if (err)
		return err;
	*ret_fd = args.fd;
	return 0;
}

int carillon_fence_to_dmabuf(int dmabuf, uint32_t access, int fd)
{
	struct dma_buf_import_sync_file args = { .flags = access, .fd = fd };

	return sync_ioctl(dmabuf, DMA_BUF_IOCTL_IMPORT_SYNC_FILE, &args);
}
