/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Buffers of nobody's driver, with fences that others put in.
 */
#ifndef CARILLON_TEST_DMABUF_H
#define CARILLON_TEST_DMABUF_H

#include <stdint.h>

/* These return a new descriptor, or 0, or -errno. */
int dmabuf_create(void);
int dmabuf_put_fence(int dmabuf, int sync_file);
int dmabuf_get_fence(int dmabuf);

#endif
