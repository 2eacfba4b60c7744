/* SPDX-License-Identifier: MIT */
/*
 * libcarillon: buffers, queues and jobs of a Carillon GPU from user space.
 *
 * Conventions that hold for every function:
 *
 * Errors. An int is 0, or an errno negated. The kernel's are passed on as
 * drm/carillon_drm.h lists them. ret_* are written on success only. Functions
 * that give nothing back can't fail. System calls are restarted after -EINTR.
 *
 * Ownership. What a _create, _open or ret_fd gives is the caller's, to be given
 * back with the _destroy, _close or close() that belongs to it. These accept
 * NULL. An object uses the device, and what else it was made from, until it is
 * destroyed: destroy in the opposite order. Arguments are borrowed for the
 * length of the call unless it says otherwise.
 *
 * Threads. A device and its VMs may be used by several threads at once. A
 * buffer, queue, cmdbuf or submit belongs to one thread at a time.
 *
 * Units. Sizes, offsets, pitches and addresses are bytes. Times are
 * nanoseconds, on CLOCK_MONOTONIC unless they are the device's. A "va" is an
 * address of a VM, as the GPU sees it.
 */
#ifndef CARILLON_H
#define CARILLON_H

#include <stddef.h>
#include <stdint.h>

#include <drm/carillon_drm.h>
#include <carillon_hw.h>

#ifdef __cplusplus
extern "C" {
#endif

struct carillon_device;
struct carillon_bo;
struct carillon_vm;
struct carillon_queue;
struct carillon_cmdbuf;
struct carillon_submit;

/* --- Device ------------------------------------------------------------- */

/**
 * carillon_device_open() - open a device
 * @path: device node, or NULL: the first render node whose driver is "carillon"
 * @ret_dev: device
 *
 * Return: 0; -ENODEV if there is none, or the driver of @path is another one;
 * -EPROTO if the driver is of an incompatible major version; what open() said.
 */
int carillon_device_open(const char *path, struct carillon_device **ret_dev);

/**
 * carillon_device_close() - close a device
 * @dev: device or NULL; everything made from it is destroyed already
 */
void carillon_device_close(struct carillon_device *dev);

/**
 * carillon_device_fd() - the DRM file of a device
 * @dev: device
 *
 * Return: descriptor, borrowed; for libdrm's own functions, such as drmSyncobj*().
 */
int carillon_device_fd(const struct carillon_device *dev);

/**
 * carillon_device_path() - the node that was opened
 * @dev: device
 *
 * Return: path, valid as long as @dev.
 */
const char *carillon_device_path(const struct carillon_device *dev);

/**
 * carillon_device_info() - the device and its limits
 * @dev: device
 *
 * Asked for once, at open. Members that the kernel doesn't know are zero.
 *
 * Return: information, valid as long as @dev.
 */
const struct drm_carillon_device_info *
carillon_device_info(const struct carillon_device *dev);

/**
 * carillon_device_timestamp() - read the device's clock and the CPU's together
 * @dev: device
 * @ret_time: both clocks
 *
 * Return: 0; -ENODEV if the device is gone.
 */
int carillon_device_timestamp(struct carillon_device *dev,
			      struct drm_carillon_timestamp_info *ret_time);

/* --- Buffers ------------------------------------------------------------ */

/**
 * carillon_bo_create() - create a buffer of zeros
 * @dev: device
 * @size: bytes, not 0; rounded up to pages
 * @ret_bo: buffer
 *
 * Return: 0; -EINVAL for a size of 0; -ENOMEM.
 */
int carillon_bo_create(struct carillon_device *dev, uint64_t size,
		       struct carillon_bo **ret_bo);

/**
 * carillon_bo_destroy() - let go of a buffer
 * @bo: buffer or NULL
 *
 * Once for each time that it was created or imported. Its CPU mapping goes. The memory stays
 * while a VM maps it or another process has it.
 */
void carillon_bo_destroy(struct carillon_bo *bo);

/** carillon_bo_size() - bytes of @bo, as rounded up by the kernel */
uint64_t carillon_bo_size(const struct carillon_bo *bo);

/** carillon_bo_handle() - GEM handle of @bo, borrowed */
uint32_t carillon_bo_handle(const struct carillon_bo *bo);

/**
 * carillon_bo_map() - map a buffer for the CPU
 * @bo: buffer
 * @ret_ptr: address, valid until carillon_bo_unmap() or _destroy()
 *
 * A second call gives the same address.
 *
 * Return: 0; -ENOMEM; -ENODEV.
 */
int carillon_bo_map(struct carillon_bo *bo, void **ret_ptr);

/**
 * carillon_bo_unmap() - remove the CPU mapping, if there is one
 * @bo: buffer
 */
void carillon_bo_unmap(struct carillon_bo *bo);

/**
 * carillon_bo_export() - give a buffer away as dma-buf
 * @bo: buffer
 * @ret_fd: descriptor, close-on-exec
 *
 * Return: 0; -EMFILE and the like.
 */
int carillon_bo_export(struct carillon_bo *bo, int *ret_fd);

/**
 * carillon_bo_import() - use a dma-buf as a buffer
 * @dev: device
 * @fd: dma-buf of any driver, borrowed
 * @ret_bo: buffer
 *
 * A dma-buf that @dev has as a buffer already gives that one, to be destroyed once
 * more. Buffers of others may have no carillon_bo_map(): mmap() of @fd is for those.
 *
 * Return: 0; -EBADF or -EINVAL for what is no dma-buf; what
 * DRM_IOCTL_PRIME_FD_TO_HANDLE says.
 */
int carillon_bo_import(struct carillon_device *dev, int fd,
		       struct carillon_bo **ret_bo);

/* --- Address spaces ----------------------------------------------------- */

/**
 * carillon_vm_create() - create an empty address space
 * @dev: device
 * @ret_vm: VM
 *
 * Return: 0; -ENOMEM.
 */
int carillon_vm_create(struct carillon_device *dev, struct carillon_vm **ret_vm);

/**
 * carillon_vm_destroy() - destroy an address space
 * @vm: VM or NULL
 *
 * Queues of it that still exist go on working; the kernel keeps it for them.
 */
void carillon_vm_destroy(struct carillon_vm *vm);

/** carillon_vm_id() - the kernel's number of @vm */
uint32_t carillon_vm_id(const struct carillon_vm *vm);

/**
 * carillon_vm_map() - map a whole buffer where there is room
 * @vm: VM
 * @bo: buffer; the mapping keeps its memory
 * @flags: DRM_CARILLON_BIND_READONLY or 0
 * @ret_va: address of its first byte
 *
 * Never overlaps what carillon_vm_map() or _map_at() mapped before.
 *
 * Return: 0; -ENOSPC if there is no gap that large; -EINVAL for other flags; -ENOMEM.
 */
int carillon_vm_map(struct carillon_vm *vm, struct carillon_bo *bo,
		    uint32_t flags, uint64_t *ret_va);

/**
 * carillon_vm_map_at() - map part of a buffer at a given address
 * @vm: VM
 * @bo: buffer; the mapping keeps its memory
 * @offset: first byte of @bo, multiple of the page size
 * @size: bytes, multiple of the page size
 * @va: address, multiple of the page size; what was there is replaced
 * @flags: DRM_CARILLON_BIND_READONLY or 0
 *
 * Return: 0; -EINVAL; -ENOMEM.
 */
int carillon_vm_map_at(struct carillon_vm *vm, struct carillon_bo *bo,
		       uint64_t offset, uint64_t size, uint64_t va,
		       uint32_t flags);

/**
 * carillon_vm_unmap() - unmap a range, and give the addresses back
 * @vm: VM
 * @va: address, multiple of the page size
 * @size: bytes, multiple of the page size
 *
 * Return: 0, also if nothing was mapped there; -EINVAL; -ENOMEM.
 */
int carillon_vm_unmap(struct carillon_vm *vm, uint64_t va, uint64_t size);

/* --- Queues ------------------------------------------------------------- */

/** CARILLON_PRIORITY_DEFAULT - the middle of the device's priorities */
#define CARILLON_PRIORITY_DEFAULT	UINT32_MAX

/**
 * carillon_queue_create() - create a queue
 * @vm: VM that its jobs use
 * @priority: 0 (low) to num_priorities - 1, or CARILLON_PRIORITY_DEFAULT
 * @slots: jobs on the ring at a time, a power of two; 0: the kernel's choice
 * @ret_queue: queue
 *
 * Return: 0; -EINVAL; -EACCES for a priority that needs privilege; -ENOSPC if
 * the device has no ring left.
 */
int carillon_queue_create(struct carillon_vm *vm, uint32_t priority,
			  uint32_t slots, struct carillon_queue **ret_queue);

/**
 * carillon_queue_destroy() - destroy a queue
 * @queue: queue or NULL
 *
 * Jobs that have not ended are taken off; their fences signal -ECANCELED.
 */
void carillon_queue_destroy(struct carillon_queue *queue);

/** carillon_queue_id() - the kernel's number of @queue */
uint32_t carillon_queue_id(const struct carillon_queue *queue);

/**
 * carillon_queue_get_state() - ask how a queue is
 * @queue: queue
 * @ret_state: counters, and DRM_CARILLON_QUEUE_* in its member state
 *
 * Return: 0; -ENODEV if the device is gone.
 */
int carillon_queue_get_state(struct carillon_queue *queue,
			     struct drm_carillon_queue_get_state *ret_state);

/**
 * carillon_queue_map_doorbell() - map a queue's doorbell
 * @queue: queue
 * @ret_doorbell: little-endian word, valid until carillon_queue_unmap_doorbell() or
 *	_destroy(); reads 0
 *
 * The kernel rings by itself. What can be written without harm is the ring_tail of
 * carillon_queue_get_state(), also an older one: more makes the queue guilty. When the
 * device is unbound the word becomes memory, and writing has no effect.
 *
 * A second call gives the same address.
 *
 * Return: 0; -ENOMEM; -ENODEV; -EOPNOTSUPP with pages too large for one doorbell.
 */
int carillon_queue_map_doorbell(struct carillon_queue *queue,
				volatile uint32_t **ret_doorbell);

/**
 * carillon_queue_unmap_doorbell() - remove that mapping, if there is one
 * @queue: queue
 */
void carillon_queue_unmap_doorbell(struct carillon_queue *queue);

/* --- Commands ----------------------------------------------------------- */

/**
 * struct carillon_surface - pixels in a VM
 * @va: address of the first row
 * @pitch: bytes from one row to the next
 * @format: CRLN_FORMAT_*
 */
struct carillon_surface {
	uint64_t va;
	uint32_t pitch;
	uint32_t format;
};

/**
 * struct carillon_conv - a 3x3 convolution
 * @coeff: weights, row by row
 * @shift: the sum is divided by 1 << @shift, rounded; 0 to 15
 * @bias: added afterwards
 */
struct carillon_conv {
	int16_t coeff[9];
	uint8_t shift;
	int16_t bias;
};

/**
 * carillon_format_bytes() - bytes of a pixel
 * @format: CRLN_FORMAT_*
 *
 * Return: 1 to 4; 0 for an unknown format.
 */
uint32_t carillon_format_bytes(uint32_t format);

/**
 * carillon_cmdbuf_create() - start writing commands
 * @mem: where they go, 8-byte aligned; usually a mapped buffer
 * @size: bytes there; more than the device takes for one job is not used
 * @ret_cmdbuf: command buffer
 *
 * @mem is borrowed until carillon_cmdbuf_destroy().
 *
 * Return: 0; -EINVAL for misaligned memory; -ENOMEM.
 */
int carillon_cmdbuf_create(void *mem, size_t size,
			   struct carillon_cmdbuf **ret_cmdbuf);

/**
 * carillon_cmdbuf_destroy() - end writing; what was written stays
 * @cmdbuf: command buffer or NULL
 */
void carillon_cmdbuf_destroy(struct carillon_cmdbuf *cmdbuf);

/** carillon_cmdbuf_reset() - start again at the first byte of @cmdbuf's memory */
void carillon_cmdbuf_reset(struct carillon_cmdbuf *cmdbuf);

/** carillon_cmdbuf_size() - bytes written to @cmdbuf, a multiple of 8 */
uint32_t carillon_cmdbuf_size(const struct carillon_cmdbuf *cmdbuf);

/**
 * carillon_cmdbuf_error() - the first error of a command
 * @cmdbuf: command buffer
 *
 * After an error nothing more is written, and every command returns the same
 * error, so that it's enough to ask once, here, at the end.
 *
 * Return: 0; -EINVAL for a parameter that the device would refuse, that can't be
 * an address, or that leaves the result undefined; -ENOSPC if the memory, or what
 * a job may have, is full.
 */
int carillon_cmdbuf_error(const struct carillon_cmdbuf *cmdbuf);

/*
 * The commands. Each returns carillon_cmdbuf_error(). What they do is said
 * with the structures of carillon_hw.h.
 */

/** carillon_cmd_nop() - do nothing */
int carillon_cmd_nop(struct carillon_cmdbuf *cmdbuf);

/** carillon_cmd_fill() - fill @size bytes at @dst with @pattern; multiples of 4 */
int carillon_cmd_fill(struct carillon_cmdbuf *cmdbuf, uint64_t dst,
		      uint64_t size, uint32_t pattern);

/** carillon_cmd_copy() - copy @size bytes; ranges that overlap are refused */
int carillon_cmd_copy(struct carillon_cmdbuf *cmdbuf, uint64_t dst,
		      uint64_t src, uint64_t size);

/** carillon_cmd_blit() - copy @width x @height pixels, converting the format */
int carillon_cmd_blit(struct carillon_cmdbuf *cmdbuf,
		      const struct carillon_surface *dst,
		      const struct carillon_surface *src,
		      uint32_t width, uint32_t height);

/** carillon_cmd_conv3x3() - convolve @width x @height pixels; both of one format */
int carillon_cmd_conv3x3(struct carillon_cmdbuf *cmdbuf,
			 const struct carillon_surface *dst,
			 const struct carillon_surface *src,
			 uint32_t width, uint32_t height,
			 const struct carillon_conv *conv);

/**
 * carillon_cmd_crc32c() - CRC32C of @size bytes at @src
 *
 * The 32-bit result goes to @dst, a multiple of 4. @seed is 0, or the result
 * for the bytes before.
 */
int carillon_cmd_crc32c(struct carillon_cmdbuf *cmdbuf, uint64_t dst,
			uint64_t src, uint64_t size, uint32_t seed);

/** carillon_cmd_timestamp() - the device's clock, 64 bits, to @dst, a multiple of 8 */
int carillon_cmd_timestamp(struct carillon_cmdbuf *cmdbuf, uint64_t dst);

/** carillon_cmd_sem_wait() - wait until the 64-bit word at @addr is at least @value */
int carillon_cmd_sem_wait(struct carillon_cmdbuf *cmdbuf, uint64_t addr,
			  uint64_t value);

/** carillon_cmd_sem_release() - store @value at @addr after all writes before */
int carillon_cmd_sem_release(struct carillon_cmdbuf *cmdbuf, uint64_t addr,
			     uint64_t value);

/** carillon_cmd_delay() - keep the engine busy for @ns */
int carillon_cmd_delay(struct carillon_cmdbuf *cmdbuf, uint64_t ns);

/* --- Submission --------------------------------------------------------- */

/**
 * carillon_submit_create() - start a list of jobs
 * @dev: device
 * @ret_submit: empty list
 *
 * Return: 0; -ENOMEM.
 */
int carillon_submit_create(struct carillon_device *dev,
			   struct carillon_submit **ret_submit);

/**
 * carillon_submit_destroy() - forget a list of jobs
 * @submit: list or NULL
 */
void carillon_submit_destroy(struct carillon_submit *submit);

/** carillon_submit_reset() - make @submit empty */
void carillon_submit_reset(struct carillon_submit *submit);

/**
 * carillon_submit_job() - append a job
 * @submit: list
 * @queue: queue that runs it
 * @cmd_va: address of its commands, multiple of 8
 * @cmd_size: bytes of commands; 0: an empty job, a sync point in its queue
 * @flags: DRM_CARILLON_JOB_*
 *
 * The waits and signals that follow are this job's. Of the functions that
 * build a list, the first error is kept and given by all, as with
 * carillon_cmdbuf_error(); carillon_submit_run() gives it too.
 *
 * Return: 0; -EINVAL; -E2BIG for more jobs than the device takes; -ENOMEM.
 */
int carillon_submit_job(struct carillon_submit *submit,
			const struct carillon_queue *queue,
			uint64_t cmd_va, uint32_t cmd_size, uint32_t flags);

/** carillon_submit_wait_syncobj() - the last job waits for a binary syncobj */
int carillon_submit_wait_syncobj(struct carillon_submit *submit, uint32_t handle);

/** carillon_submit_wait_point() - the last job waits for a point of a timeline */
int carillon_submit_wait_point(struct carillon_submit *submit, uint32_t handle,
			       uint64_t point);

/** carillon_submit_wait_fd() - the last job waits for sync_file @fd, used until _run() */
int carillon_submit_wait_fd(struct carillon_submit *submit, int fd);

/** carillon_submit_signal_syncobj() - the last job signals a binary syncobj */
int carillon_submit_signal_syncobj(struct carillon_submit *submit, uint32_t handle);

/** carillon_submit_signal_point() - the last job signals a point of a timeline */
int carillon_submit_signal_point(struct carillon_submit *submit, uint32_t handle,
				 uint64_t point);

/**
 * carillon_submit_signal_fd() - the last job gives out a sync_file
 * @submit: list
 * @ret_fd: written by a carillon_submit_run() that succeeds: a descriptor,
 *	close-on-exec, the caller's
 *
 * Return: 0, or the list's error.
 */
int carillon_submit_signal_fd(struct carillon_submit *submit, int *ret_fd);

/**
 * carillon_submit_run() - submit all jobs of the list
 * @submit: list; empty afterwards if this succeeds, else as it was
 *
 * Return: 0; an error of the list; -EINVAL if it is empty; what
 * DRM_IOCTL_CARILLON_SUBMIT says. On an error no job runs.
 */
int carillon_submit_run(struct carillon_submit *submit);

/* --- Fences ------------------------------------------------------------- */

/**
 * struct carillon_fence_info - how a sync_file is
 * @status: 1: signalled; 0: not yet; -errno: signalled with this error
 * @num_fences: fences in it
 * @signal_ns: when the last one signalled; 0 if not yet
 */
struct carillon_fence_info {
	int status;
	uint32_t num_fences;
	uint64_t signal_ns;
};

/**
 * carillon_fence_wait() - wait for a sync_file with poll()
 * @fd: sync_file, borrowed
 * @timeout_ns: longest wait; negative: no limit; 0: only look
 *
 * Return: 0 when it has signalled, whatever its error (see
 * carillon_fence_info()); -ETIME; -EBADF or -EINVAL for what is no sync_file.
 */
int carillon_fence_wait(int fd, int64_t timeout_ns);

/**
 * carillon_fence_info() - ask how a sync_file is
 * @fd: sync_file, borrowed
 * @ret_info: state
 *
 * Return: 0; -EBADF or -EINVAL for what is no sync_file; -ENOMEM.
 */
int carillon_fence_info(int fd, struct carillon_fence_info *ret_info);

/**
 * carillon_fence_merge() - one sync_file for two
 * @name: name of the new one, for debugfs; cut off after 31 bytes
 * @fd1: sync_file, borrowed
 * @fd2: sync_file, borrowed
 * @ret_fd: sync_file that signals after both, close-on-exec
 *
 * Return: 0; -EBADF or -EINVAL for what is no sync_file; -ENOMEM.
 */
int carillon_fence_merge(const char *name, int fd1, int fd2, int *ret_fd);

/*
 * Fences on a shared buffer. Drivers with implicit synchronisation look for them
 * there and put theirs there; carillon_submit_run() does neither. Before a job that
 * uses such a buffer: carillon_fence_from_dmabuf() and carillon_submit_wait_fd(). After:
 * carillon_submit_signal_fd() and carillon_fence_to_dmabuf().
 */

/** CARILLON_ACCESS_READ - a job reads: it waits for writers, and writers for it */
#define CARILLON_ACCESS_READ	(1u << 0)
/** CARILLON_ACCESS_WRITE - a job writes, or both: it waits for all, and all for it */
#define CARILLON_ACCESS_WRITE	(1u << 1)

/**
 * carillon_fence_from_dmabuf() - what a job has to wait for before it uses a buffer
 * @dmabuf: dma-buf, borrowed
 * @access: CARILLON_ACCESS_READ, CARILLON_ACCESS_WRITE, or both: what the job does
 * @ret_fd: sync_file, close-on-exec; signalled already if there is nothing to wait for
 *
 * Return: 0; -EINVAL for other values of @access or what is no dma-buf; -EBADF; -ENOMEM.
 */
int carillon_fence_from_dmabuf(int dmabuf, uint32_t access, int *ret_fd);

/**
 * carillon_fence_to_dmabuf() - have others wait before they use a buffer
 * @dmabuf: dma-buf, borrowed
 * @access: CARILLON_ACCESS_READ, CARILLON_ACCESS_WRITE, or both: what is done to it
 *	until @fd signals
 * @fd: sync_file, borrowed
 *
 * Return: 0; -EINVAL for other values of @access, what is no dma-buf or no sync_file;
 * -EBADF; -ENOMEM.
 */
int carillon_fence_to_dmabuf(int dmabuf, uint32_t access, int fd);

#ifdef __cplusplus
}
#endif

#endif /* CARILLON_H */
