/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Doorbells: user space's way to a ring.
 */
#ifndef _CARILLON_DOORBELL_H
#define _CARILLON_DOORBELL_H

#include <linux/mutex.h>
#include <linux/pfn.h>
#include <linux/types.h>

struct bound_token;
struct bound_window;
struct carillon_file;
struct vm_area_struct;

/*
 * Where doorbells begin in a file, a page for each queue id. DRM's offsets of buffers end
 * far below, and 32-bit kernels have room for all ids above.
 */
#define CARILLON_DOORBELL_PGOFF		PHYS_PFN(1ull << 43)

/**
 * struct carillon_doorbell - what user space can map of a queue
 *
 * Embedded in &struct carillon_queue, good for as long as that.
 */
struct carillon_doorbell {
	/** @lock: @window, @revoked; while it is held and @revoked isn't set there is a ring */
	struct mutex lock;
	/** @window: made when it was first asked for; a reference, or NULL */
	struct bound_window *window;
	/** @revoked: set once: the ring is about to go */
	bool revoked;
};

void carillon_doorbell_init(struct carillon_doorbell *db);
void carillon_doorbell_revoke(struct carillon_doorbell *db);
u32 carillon_doorbell_tail(struct carillon_doorbell *db);

int carillon_doorbell_ioctl_mmap_offset(const struct bound_token *tok,
					struct carillon_file *cfile, void *data);
int carillon_doorbell_mmap(struct carillon_file *cfile, struct vm_area_struct *vma);

#endif
