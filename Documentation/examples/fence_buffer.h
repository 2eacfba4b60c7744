/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What both versions of the example have in common: the hardware, and a buffer.
 */
#ifndef _FENCE_BUFFER_H
#define _FENCE_BUFFER_H

#include <linux/io.h>
#include <linux/iopoll.h>
#include <linux/kref.h>
#include <linux/slab.h>

#define REG_COMMAND	0x0	/* what to do */
#define REG_START	0x4	/* write: start it, under this number */
#define REG_DONE	0x8	/* read: number of the last one that has ended */
#define REG_FAILED	0xc	/* read: number of one that has failed; write: go on behind it */
#define REG_FULL	0x10	/* read: there's no room for another one */
#define REG_STOP	0x14	/* write: stop; nothing runs when the write has returned */

#define SLOT_TIMEOUT_US	1000000

struct blit_buffer {
	struct kref ref;
	void *pages;
};

static inline struct blit_buffer *blit_buffer_get(struct blit_buffer *buf)
{
	kref_get(&buf->ref);
	return buf;
}

static inline void blit_buffer_release(struct kref *ref)
{
	struct blit_buffer *buf = container_of(ref, struct blit_buffer, ref);

	kvfree(buf->pages);	/* may sleep */
	kfree(buf);
}

static inline void blit_buffer_put(struct blit_buffer *buf)
{
	kref_put(&buf->ref, blit_buffer_release);
}

/* Waits until the ring has room. */
static inline int blit_wait_slot(void __iomem *regs)
{
	u32 full;

	return readl_poll_timeout(regs + REG_FULL, full, !full, 100, SLOT_TIMEOUT_US);
}

#endif
