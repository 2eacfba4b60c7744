/* SPDX-License-Identifier: MIT */
/* virtio-gpu's own ioctl for commands, without Mesa before it. Functions return 0 or -errno. */
#ifndef CONSUMERS_EXEC_H
#define CONSUMERS_EXEC_H

#include <stdint.h>

/**
 * struct exec - a DRM_IOCTL_VIRTGPU_EXECBUFFER of one command that does nothing
 * @fd: render node
 * @in_fence: what it is to wait for; -1: nothing
 * @ret: afterwards: what the ioctl said
 * @out_fence: afterwards: its own fence, or -1; the caller's
 * @begin_ns: afterwards: when it was called
 * @end_ns: afterwards: when it came back
 */
struct exec {
	int fd;
	int in_fence;
	int ret;
	int out_fence;
	uint64_t begin_ns;
	uint64_t end_ns;
};

/**
 * exec_open() - open the render node of virtio-gpu
 * @ret_fd: render node
 * @path: becomes its path
 * @size: room in @path
 *
 * Return: 0; -ENODEV: there is none; -ENOTSUP: it has no OpenGL behind it.
 */
int exec_open(int *ret_fd, char *path, unsigned long size);

/** exec_run() - do it; takes a struct exec, for work_start() */
void exec_run(void *exec);

#endif /* CONSUMERS_EXEC_H */
