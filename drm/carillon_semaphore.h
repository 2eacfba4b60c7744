/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rings that wait for jobs of other rings.
 */
#ifndef _CARILLON_SEMAPHORE_H
#define _CARILLON_SEMAPHORE_H

#include <linux/compiler_attributes.h>
#include <linux/types.h>

struct bound_token;
struct carillon_queue;

/**
 * struct carillon_semaphore - a queue's place in the kernel's part of its VM
 * @window: its number, from carillon_vm.windows; valid if @has_window
 * @has_window: from the first use until the queue is freed
 * @addr: virtual address of the semaphore, valid once it was mapped
 * @mapped: the ring's memory is mapped there
 * @closed: it won't be mapped any more
 *
 * Under carillon_vm.mutex; but @window and @addr stay once they are there.
 */
struct carillon_semaphore {
	u32 window;
	bool has_window;
	u64 addr;
	bool mapped;
	bool closed;
};

int __must_check carillon_semaphore_prepare(struct carillon_queue *q,
					    struct carillon_queue *earlier);
u64 carillon_semaphore_window(const struct carillon_queue *q);
void carillon_semaphore_revoke(const struct bound_token *tok, struct carillon_queue *q);
void carillon_semaphore_fini(struct carillon_queue *q);

#endif
