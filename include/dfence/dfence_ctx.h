/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Timelines: the contexts on which driver fences are armed and signalled.
 */
#ifndef _DFENCE_DFENCE_CTX_H
#define _DFENCE_DFENCE_CTX_H

#include <linux/cleanup.h>
#include <linux/compiler_attributes.h>
#include <linux/types.h>

struct dfence_ctx;
struct dma_fence;

/**
 * struct dfence_ctx_args - what a timeline is made from
 */
struct dfence_ctx_args {
	/**
	 * @driver_name: Name of the issuing driver, as user space sees it in
	 * SYNC_IOC_FILE_INFO. Copied. Mandatory.
	 */
	const char *driver_name;
	/** @timeline_name: Name of this timeline. Copied. Mandatory. */
	const char *timeline_name;
	/**
	 * @first_seqno: Sequence number of the first fence that gets armed.
	 * 0 means 1. A driver whose hardware counts in 32 bits can start just
	 * below the wrap to have it exercised.
	 */
	u64 first_seqno;
};

struct dfence_ctx *dfence_ctx_create(const struct dfence_ctx_args *args) __must_check;
struct dfence_ctx *dfence_ctx_get(struct dfence_ctx *ctx);
void dfence_ctx_put(struct dfence_ctx *ctx);

u64 dfence_ctx_id(const struct dfence_ctx *ctx);
u64 dfence_ctx_last_armed(struct dfence_ctx *ctx);
unsigned int dfence_ctx_live(struct dfence_ctx *ctx);
bool dfence_ctx_owns(const struct dfence_ctx *ctx, const struct dma_fence *fence);

int dfence_ctx_advance(struct dfence_ctx *ctx, u64 seqno, int error);
int dfence_ctx_advance32(struct dfence_ctx *ctx, u32 seqno, int error);

void dfence_ctx_declare_quiet(struct dfence_ctx *ctx);
int dfence_ctx_shut(struct dfence_ctx *ctx, int error) __must_check;
void dfence_ctx_synchronize(struct dfence_ctx *ctx);
int dfence_ctx_close(struct dfence_ctx *ctx, int error) __must_check;

DEFINE_FREE(dfence_ctx_put, struct dfence_ctx *, dfence_ctx_put(_T))

#endif
