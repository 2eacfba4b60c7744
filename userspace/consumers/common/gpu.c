// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <linux/sync_file.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "gpu.h"

#define JOB_MEM		4096
#define JOB_END_MS	30000

int gpu_open(struct gpu *gpu)
{
	int ret;

	memset(gpu, 0, sizeof(*gpu));
	ret = carillon_device_open(NULL, &gpu->dev);
	if (!ret)
		ret = carillon_vm_create(gpu->dev, &gpu->vm);
	if (!ret)
		ret = carillon_queue_create(gpu->vm, CARILLON_PRIORITY_DEFAULT, 0, &gpu->queue);
	if (!ret)
		ret = carillon_queue_create(gpu->vm, CARILLON_PRIORITY_DEFAULT, 0, &gpu->side);
	if (ret)
		gpu_close(gpu);
	return ret;
}

void gpu_close(struct gpu *gpu)
{
	carillon_queue_destroy(gpu->side);
	carillon_queue_destroy(gpu->queue);
	carillon_vm_destroy(gpu->vm);
	carillon_device_close(gpu->dev);
	memset(gpu, 0, sizeof(*gpu));
}

int gpu_buf_create(struct gpu *gpu, uint64_t size, struct gpu_buf *ret_buf)
{
	struct gpu_buf buf = { .dmabuf = -1 };
	void *map;
	int ret;

	ret = carillon_bo_create(gpu->dev, size, &buf.bo);
	if (ret)
		return ret;
	buf.size = carillon_bo_size(buf.bo);
	ret = carillon_bo_map(buf.bo, &map);
	if (!ret)
		ret = carillon_bo_export(buf.bo, &buf.dmabuf);
	if (!ret)
		ret = carillon_vm_map(gpu->vm, buf.bo, 0, &buf.va);
	if (ret) {
		if (buf.dmabuf >= 0)
			close(buf.dmabuf);
		carillon_bo_destroy(buf.bo);
		return ret;
	}
	buf.map = map;
	*ret_buf = buf;
	return 0;
}

int gpu_buf_import(struct gpu *gpu, int dmabuf, struct gpu_buf *ret_buf)
{
	struct gpu_buf buf = { 0 };
	int ret;

	ret = carillon_bo_import(gpu->dev, dmabuf, &buf.bo);
	if (ret)
		return ret;
	buf.size = carillon_bo_size(buf.bo);
	buf.dmabuf = fcntl(dmabuf, F_DUPFD_CLOEXEC, 0);
	ret = buf.dmabuf < 0 ? -errno : carillon_vm_map(gpu->vm, buf.bo, 0, &buf.va);
	if (ret) {
		if (buf.dmabuf >= 0)
			close(buf.dmabuf);
		carillon_bo_destroy(buf.bo);
		return ret;
	}
	*ret_buf = buf;
	return 0;
}

void gpu_buf_destroy(struct gpu *gpu, struct gpu_buf *buf)
{
	if (!buf->bo)
		return;
	carillon_vm_unmap(gpu->vm, buf->va, buf->size);
	close(buf->dmabuf);
	carillon_bo_destroy(buf->bo);
	memset(buf, 0, sizeof(*buf));
}

int gpu_job_begin(struct gpu *gpu, struct gpu_job *job)
{
	int ret;

	memset(job, 0, sizeof(*job));
	job->fence = -1;
	ret = gpu_buf_create(gpu, JOB_MEM, &job->mem);
	if (ret)
		return ret;
	ret = carillon_cmdbuf_create(job->mem.map, GPU_JOB_RESULT, &job->cmds);
	if (ret)
		gpu_buf_destroy(gpu, &job->mem);
	return ret;
}

int gpu_job_submit(struct gpu *gpu, struct gpu_job *job, const struct carillon_queue *queue,
		   int wait_fd)
{
	struct carillon_submit *submit;
	int ret;

	ret = carillon_cmdbuf_error(job->cmds);
	if (!ret)
		ret = carillon_submit_create(gpu->dev, &submit);
	if (ret)
		return ret;
	carillon_submit_job(submit, queue, job->mem.va, carillon_cmdbuf_size(job->cmds), 0);
	if (wait_fd >= 0)
		carillon_submit_wait_fd(submit, wait_fd);
	carillon_submit_signal_fd(submit, &job->fence);
	ret = carillon_submit_run(submit);
	carillon_submit_destroy(submit);
	return ret;
}

void gpu_job_end(struct gpu *gpu, struct gpu_job *job)
{
	if (job->fence >= 0) {
		carillon_fence_wait(job->fence, JOB_END_MS * 1000000ll);
		close(job->fence);
	}
	carillon_cmdbuf_destroy(job->cmds);
	gpu_buf_destroy(gpu, &job->mem);
	job->cmds = NULL;
	job->fence = -1;
}

int gpu_fence_status(int fd, unsigned int timeout_ms)
{
	struct carillon_fence_info info;
	int ret;

	ret = carillon_fence_wait(fd, timeout_ms * 1000000ll);
	if (ret == -ETIME)
		return 0;
	if (!ret)
		ret = carillon_fence_info(fd, &info);
	return ret ? ret : info.status;
}

int gpu_fence_is_ours(int fd)
{
	struct sync_fence_info fences[16] = { 0 };
	struct sync_file_info info = {
		.num_fences = 16, .sync_fence_info = (uintptr_t)fences,
	};

	if (ioctl(fd, SYNC_IOC_FILE_INFO, &info))
		return -errno;
	for (uint32_t i = 0; i < info.num_fences; i++)
		if (strcmp(fences[i].driver_name, "carillon"))
			return 0;
	return info.num_fences > 0;
}

int gpu_crc32c(struct gpu *gpu, const struct gpu_buf *buf, int wait_fd, uint32_t *ret_crc)
{
	struct gpu_job job;
	int ret;

	ret = gpu_job_begin(gpu, &job);
	if (ret)
		return ret;
	carillon_cmd_crc32c(job.cmds, job.mem.va + GPU_JOB_RESULT, buf->va, buf->size, 0);
	ret = gpu_job_submit(gpu, &job, gpu->side, wait_fd);
	if (!ret)
		ret = gpu_fence_status(job.fence, JOB_END_MS) ?: -ETIME;
	if (ret == 1) {
		memcpy(ret_crc, job.mem.map + GPU_JOB_RESULT, sizeof(*ret_crc));
		ret = 0;
	}
	gpu_job_end(gpu, &job);
	return ret;
}

uint32_t crc32c(const void *data, size_t size)
{
	const uint8_t *byte = data;
	uint32_t crc = ~0u;

	while (size--) {
		crc ^= *byte++;
		for (int i = 0; i < 8; i++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	return ~crc;
}
