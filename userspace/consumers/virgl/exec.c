// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <virtgpu_drm.h>
#include <xf86drm.h>

#include "events.h"
#include "exec.h"

#define FIRST_RENDER	128
#define MAX_RENDERS	16

static int find_node(char *path, unsigned long size)
{
	for (int i = FIRST_RENDER; i < FIRST_RENDER + MAX_RENDERS; i++) {
		drmVersionPtr version;
		int found, fd;

		snprintf(path, size, "/dev/dri/renderD%d", i);
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd < 0)
			continue;
		version = drmGetVersion(fd);
		found = version && !strcmp(version->name, "virtio_gpu");
		drmFreeVersion(version);
		if (found)
			return fd;
		close(fd);
	}
	return -ENODEV;
}

static int has_opengl(int fd)
{
	uint32_t value = 0;
	struct drm_virtgpu_getparam param = {
		.param = VIRTGPU_PARAM_3D_FEATURES, .value = (uintptr_t)&value,
	};

	return !drmIoctl(fd, DRM_IOCTL_VIRTGPU_GETPARAM, &param) && value;
}

int exec_open(int *ret_fd, char *path, unsigned long size)
{
	int fd = find_node(path, size);

	if (fd < 0)
		return fd;
	if (!has_opengl(fd)) {
		close(fd);
		return -ENOTSUP;
	}
	*ret_fd = fd;
	return 0;
}

void exec_run(void *arg)
{
	/* Header of a command: no operation, nothing behind it. */
	const uint32_t command = 0;
	struct exec *exec = arg;
	struct drm_virtgpu_execbuffer buffer = {
		.flags = VIRTGPU_EXECBUF_FENCE_FD_OUT,
		.size = sizeof(command),
		.command = (uintptr_t)&command,
		.fence_fd = exec->in_fence,
	};

	if (exec->in_fence != -1)
		buffer.flags |= VIRTGPU_EXECBUF_FENCE_FD_IN;
	exec->begin_ns = now_ns();
	exec->ret = drmIoctl(exec->fd, DRM_IOCTL_VIRTGPU_EXECBUFFER, &buffer) ? -errno : 0;
	exec->end_ns = now_ns();
	exec->out_fence = exec->ret ? -1 : buffer.fence_fd;
}
