/* SPDX-License-Identifier: MIT */
/* Our GPU: buffers that others can have, jobs, checksums. Functions return 0 or -errno. */
#ifndef CONSUMERS_GPU_H
#define CONSUMERS_GPU_H

#include <carillon.h>

/**
 * struct gpu - our GPU
 * @dev: device
 * @vm: address space of all jobs
 * @queue: for the jobs that others wait for
 * @side: for jobs that have to run while those don't
 */
struct gpu {
	struct carillon_device *dev;
	struct carillon_vm *vm;
	struct carillon_queue *queue;
	struct carillon_queue *side;
};

int gpu_open(struct gpu *gpu);
void gpu_close(struct gpu *gpu);

/**
 * struct gpu_buf - a buffer that everybody can reach
 * @bo: buffer
 * @size: bytes
 * @va: address for our GPU
 * @map: address for the CPU, or NULL
 * @dmabuf: descriptor for other drivers
 */
struct gpu_buf {
	struct carillon_bo *bo;
	uint64_t size;
	uint64_t va;
	uint8_t *map;
	int dmabuf;
};

int gpu_buf_create(struct gpu *gpu, uint64_t size, struct gpu_buf *ret_buf);

/** gpu_buf_import() - another driver's @dmabuf, borrowed; there's no gpu_buf.map */
int gpu_buf_import(struct gpu *gpu, int dmabuf, struct gpu_buf *ret_buf);
void gpu_buf_destroy(struct gpu *gpu, struct gpu_buf *buf);

/**
 * struct gpu_job - a job: begin, add commands to @cmds, submit, end
 * @mem: its commands, and in the last bytes room for results
 * @cmds: commands
 * @fence: after the submit: a sync_file, the job's; before: -1
 */
struct gpu_job {
	struct gpu_buf mem;
	struct carillon_cmdbuf *cmds;
	int fence;
};

/** GPU_JOB_RESULT - offset in gpu_job.mem of GPU_JOB_RESULT_SIZE bytes for results */
#define GPU_JOB_RESULT		0xf00
#define GPU_JOB_RESULT_SIZE	0x100

int gpu_job_begin(struct gpu *gpu, struct gpu_job *job);

/** gpu_job_submit() - submit @job to @queue; it waits for the sync_file @wait_fd, if not -1 */
int gpu_job_submit(struct gpu *gpu, struct gpu_job *job, const struct carillon_queue *queue,
		   int wait_fd);

/** gpu_job_end() - wait for the end of @job, if it was submitted, and forget it */
void gpu_job_end(struct gpu *gpu, struct gpu_job *job);

/**
 * gpu_fence_status() - wait up to @timeout_ms for sync_file @fd
 *
 * Return: 1 or an error of the fence; 0 if it hasn't signalled, which isn't -ETIME: that
 * is the error of a job that hangs.
 */
int gpu_fence_status(int fd, unsigned int timeout_ms);

/** gpu_fence_is_ours() - whether the driver of all fences in sync_file @fd is carillon */
int gpu_fence_is_ours(int fd);

/** gpu_crc32c() - checksum of @buf by a job of the GPU, which waits for @wait_fd, if not -1 */
int gpu_crc32c(struct gpu *gpu, const struct gpu_buf *buf, int wait_fd, uint32_t *ret_crc);

/** crc32c() - the same by the CPU */
uint32_t crc32c(const void *data, size_t size);

#endif /* CONSUMERS_GPU_H */
