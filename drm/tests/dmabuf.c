// SPDX-License-Identifier: GPL-2.0
/*
 * Buffers of nobody's driver, with fences that others put in.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/dma-buf.h>
#include <linux/udmabuf.h>

#include "dmabuf.h"

#define SIZE	4096

static int create_from(int udmabuf, int memfd)
{
	struct udmabuf_create create = {
		.memfd = (uint32_t)memfd, .flags = UDMABUF_FLAGS_CLOEXEC, .size = SIZE,
	};
	int fd;

	if (ftruncate(memfd, SIZE) || fcntl(memfd, F_ADD_SEALS, F_SEAL_SHRINK))
		return -errno;
	fd = ioctl(udmabuf, UDMABUF_CREATE, &create);
	return fd < 0 ? -errno : fd;
}

int dmabuf_create(void)
{
	int memfd = memfd_create("carillon-test", MFD_ALLOW_SEALING | MFD_CLOEXEC);
	int udmabuf = open("/dev/udmabuf", O_RDWR | O_CLOEXEC);
	int ret = memfd < 0 || udmabuf < 0 ? -errno : create_from(udmabuf, memfd);

	close(udmabuf);
	close(memfd);
	return ret;
}

int dmabuf_put_fence(int dmabuf, int sync_file)
{
	struct dma_buf_import_sync_file args = { .flags = DMA_BUF_SYNC_WRITE, .fd = sync_file };

	return ioctl(dmabuf, DMA_BUF_IOCTL_IMPORT_SYNC_FILE, &args) ? -errno : 0;
}

int dmabuf_get_fence(int dmabuf)
{
	struct dma_buf_export_sync_file args = { .flags = DMA_BUF_SYNC_READ, .fd = -1 };

	return ioctl(dmabuf, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &args) ? -errno : args.fd;
}
