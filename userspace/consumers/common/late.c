// SPDX-License-Identifier: MIT
#include <string.h>

#include "events.h"
#include "late.h"

#define GATE		GPU_JOB_RESULT
#define END_NS		30000000000ll

int late_create(struct gpu *gpu, uint64_t size, struct late *late)
{
	int ret;

	memset(late, 0, sizeof(*late));
	late->gpu = gpu;
	late->job.fence = -1;
	ret = gpu_buf_create(gpu, size, &late->buf);
	if (!ret)
		ret = gpu_buf_create(gpu, size, &late->fresh);
	if (!ret)
		ret = gpu_job_begin(gpu, &late->job);
	if (ret) {
		late_destroy(late);
		return ret;
	}
	memset(late->buf.map, LATE_OLD, late->buf.size);
	for (uint64_t i = 0; i < late->fresh.size; i++)
		late->fresh.map[i] = (uint8_t)(i * 31 + (i >> 8) * 7);
	return 0;
}

int late_hold(struct late *late)
{
	struct gpu_job *job = &late->job;
	int ret;

	carillon_cmd_sem_wait(job->cmds, job->mem.va + GATE, 1);
	carillon_cmd_copy(job->cmds, late->buf.va, late->fresh.va, late->buf.size);
	late->held_ns = now_ns();
	ret = gpu_job_submit(late->gpu, job, late->gpu->queue, -1);
	late->held = !ret;
	return ret;
}

int late_release(struct late *late)
{
	struct gpu_job key;
	int ret;

	ret = gpu_job_begin(late->gpu, &key);
	if (ret)
		return ret;
	carillon_cmd_sem_release(key.cmds, late->job.mem.va + GATE, 1);
	ret = gpu_job_submit(late->gpu, &key, late->gpu->side, -1);
	gpu_job_end(late->gpu, &key);
	if (!ret)
		late->held = false;
	return ret;
}

bool late_is_old(const struct late *late)
{
	for (uint64_t i = 0; i < late->buf.size; i++)
		if (late->buf.map[i] != LATE_OLD)
			return false;
	return true;
}

bool late_is_fresh(const struct late *late)
{
	return !memcmp(late->buf.map, late->fresh.map, late->buf.size);
}

static void record(const struct late *late)
{
	struct carillon_fence_info info;

	if (late->job.fence < 0 || carillon_fence_wait(late->job.fence, END_NS) ||
	    carillon_fence_info(late->job.fence, &info))
		return;
	events_add("carillon", "late job, held", late->held_ns, info.signal_ns);
}

void late_destroy(struct late *late)
{
	if (late->held)
		late_release(late);
	record(late);
	if (late->job.cmds)
		gpu_job_end(late->gpu, &late->job);
	gpu_buf_destroy(late->gpu, &late->fresh);
	gpu_buf_destroy(late->gpu, &late->buf);
}
