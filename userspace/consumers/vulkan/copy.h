/* SPDX-License-Identifier: MIT */
/* A late buffer of ours, and one that Vulkan copies it to. */
#ifndef CONSUMERS_VULKAN_COPY_H
#define CONSUMERS_VULKAN_COPY_H

#include "late.h"
#include "tests.h"
#include "work.h"

/**
 * struct copy - the two buffers and the submit
 * @ctx: borrowed
 * @gpu: GPU of both buffers, borrowed
 * @late: what is copied
 * @dst: where to; zeros before
 * @vk_src: Vulkan's view of @late.buf
 * @vk_dst: Vulkan's view of @dst
 * @submit: the copy, or what a test puts there
 * @work: the submit once it runs
 */
struct copy {
	struct ctx *ctx;
	struct gpu *gpu;
	struct late late;
	struct gpu_buf dst;
	struct vk_buf vk_src;
	struct vk_buf vk_dst;
	struct vk_submit submit;
	struct work *work;
};

/* These fail the running test, and return false, if something goes wrong. */

/** copy_begin() - make all of it, and submit the late job, held */
bool copy_begin(struct ctx *ctx, struct gpu *gpu, struct copy *copy);

/** copy_start() - start the submit; @gated: it waits for the late job's fence */
bool copy_start(struct copy *copy, bool gated);

/** copy_warm_up() - see how long a copy takes, and set ctx.watch_ms */
void copy_warm_up(struct ctx *ctx);

/** copy_has() - whether each byte of the destination is @value */
bool copy_has(const struct copy *copy, uint8_t value);

/** copy_is_fresh() - whether the destination has what the late job has written */
bool copy_is_fresh(const struct copy *copy);

/** copy_end() - open the gate if it's shut, wait for the submit, forget it all */
void copy_end(struct copy *copy);

#endif /* CONSUMERS_VULKAN_COPY_H */
