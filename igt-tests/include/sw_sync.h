/* SPDX-License-Identifier: MIT */
/* What these tests use of libigt's sync_file helpers; see igt.h. */
#ifndef SW_SYNC_H
#define SW_SYNC_H

int sync_fence_wait(int fd, int timeout_ms);
int sync_fence_status(int fd);
int sync_fence_merge(int fd1, int fd2);
int sync_fence_count(int fd);

#endif /* SW_SYNC_H */
