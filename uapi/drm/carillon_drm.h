/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
#ifndef CARILLON_DRM_H
#define CARILLON_DRM_H

/* libdrm installs drm.h beside this file; the kernel keeps it in drm/. */
#ifdef __KERNEL__
#include <drm/drm.h>
#else
#include "drm.h"
#endif

#if defined(__cplusplus)
extern "C" {
#endif

/**
 * DOC: ABI rules
 *
 * - A structure only ever grows at its end; zero in a new member means what
 *   happened before there was such a member. Arrays carry the element size.
 * - Identifiers, types and flags are only appended, never given a new meaning.
 * - Padding must be zero; flags and types that the kernel doesn't know are
 *   refused with -EINVAL, also in elements that an error elsewhere would have
 *   kept the kernel from using.
 * - An ioctl that fails has changed nothing but what its description names.
 * - Commands are those of hw/carillon_hw.h; the kernel doesn't look into them.
 *
 * Errors common to all ioctls:
 *
 * - -EINVAL: unknown flag or type, padding not zero, value out of range or
 *   misaligned, array stride smaller than the first version of its element
 * - -EFAULT: a pointer that can't be read or written
 * - -ENOENT: no such buffer, VM, queue or syncobj in this file
 * - -ENOMEM: no memory
 * - -ENODEV: the device is gone, or was gone before the ioctl had an effect
 * - -EINTR: a signal came while the ioctl waited; repeat it
 * - -EAGAIN: somebody is resetting the device; repeat it (drmIoctl() does)
 */

/**
 * DOC: Objects
 *
 * A *VM* is an address space of the GPU, a *queue* a ring on which jobs of one
 * VM run in order. Both belong to the file that made them and go with it. A
 * *buffer* is a GEM object, system memory, mapped into a VM by VM_BIND and kept
 * by that mapping until UNMAP or until the VM goes. Jobs do not keep buffers or
 * mappings: unmapping what a job still uses gives it a page fault.
 *
 * A dma-buf of another driver that is imported (DRM_IOCTL_PRIME_FD_TO_HANDLE) is a
 * buffer like others; it is refused with -EINVAL if it doesn't consist of whole
 * pages. Submit doesn't look at the fences on a shared buffer: take them out with
 * DMA_BUF_IOCTL_EXPORT_SYNC_FILE for a job to wait for, and put a job's own in with
 * DMA_BUF_IOCTL_IMPORT_SYNC_FILE.
 *
 * A job's fence is signalled when the job has ended, whatever happens: with 0;
 * with -EIO if the device reported an error (bad command, page fault), -ETIME
 * if it was killed for taking too long, -ECANCELED if it was never run or was
 * taken off with its queue, -ENODEV if the device went.
 */

/**
 * enum drm_carillon_ioctl_id - ioctl numbers, from DRM_COMMAND_BASE
 */
enum drm_carillon_ioctl_id {
	/** @DRM_CARILLON_QUERY: ask about the device */
	DRM_CARILLON_QUERY = 0,
	/** @DRM_CARILLON_BO_CREATE: create a buffer */
	DRM_CARILLON_BO_CREATE,
	/** @DRM_CARILLON_BO_MMAP_OFFSET: get the offset that mmap() takes */
	DRM_CARILLON_BO_MMAP_OFFSET,
	/** @DRM_CARILLON_VM_CREATE: create an address space */
	DRM_CARILLON_VM_CREATE,
	/** @DRM_CARILLON_VM_DESTROY: destroy an address space */
	DRM_CARILLON_VM_DESTROY,
	/** @DRM_CARILLON_VM_BIND: change mappings of an address space */
	DRM_CARILLON_VM_BIND,
	/** @DRM_CARILLON_QUEUE_CREATE: create a queue */
	DRM_CARILLON_QUEUE_CREATE,
	/** @DRM_CARILLON_QUEUE_DESTROY: destroy a queue */
	DRM_CARILLON_QUEUE_DESTROY,
	/** @DRM_CARILLON_QUEUE_GET_STATE: ask how a queue is */
	DRM_CARILLON_QUEUE_GET_STATE,
	/** @DRM_CARILLON_SUBMIT: submit jobs */
	DRM_CARILLON_SUBMIT,
	/** @DRM_CARILLON_QUEUE_MMAP_OFFSET: get the offset of a queue's doorbell */
	DRM_CARILLON_QUEUE_MMAP_OFFSET,
};

/**
 * struct drm_carillon_obj_array - an array in user memory
 *
 * Elements smaller than the kernel's are taken as if followed by zeros; the
 * excess of larger ones must be zero (-E2BIG).
 */
struct drm_carillon_obj_array {
	/** @stride: bytes from one element to the next; a multiple of 8 */
	__u32 stride;
	/** @count: elements */
	__u32 count;
	/** @array: user pointer; ignored if @count is 0 */
	__u64 array;
};

/**
 * DRM_CARILLON_OBJ_ARRAY() - initializer for struct drm_carillon_obj_array
 * @cnt: elements
 * @ptr: pointer to the first one
 */
#define DRM_CARILLON_OBJ_ARRAY(cnt, ptr) \
	{ .stride = sizeof((ptr)[0]), .count = (cnt), .array = (__u64)(uintptr_t)(ptr) }

/**
 * enum drm_carillon_query_type - what to ask
 */
enum drm_carillon_query_type {
	/** @DRM_CARILLON_QUERY_DEVICE: struct drm_carillon_device_info */
	DRM_CARILLON_QUERY_DEVICE = 0,
	/** @DRM_CARILLON_QUERY_TIMESTAMP: struct drm_carillon_timestamp_info */
	DRM_CARILLON_QUERY_TIMESTAMP,
};

/**
 * struct drm_carillon_device_info - the device and its limits
 */
struct drm_carillon_device_info {
	/** @hw_version: hardware version, major << 16 | minor */
	__u32 hw_version;
	/** @fw_version: firmware version, major << 16 | minor */
	__u32 fw_version;
	/** @fw_interface: interface agreed on with the firmware, major << 16 | minor */
	__u32 fw_interface;
	/** @caps: CRLN_CAP_* of hw/carillon_hw.h: the commands it has */
	__u32 caps;
	/** @num_queues: queues that can exist at a time, in all files together */
	__u32 num_queues;
	/** @num_engines: jobs that run at a time */
	__u32 num_engines;
	/** @queue_slots_min: fewest job slots of a queue */
	__u32 queue_slots_min;
	/** @queue_slots_max: most job slots of a queue */
	__u32 queue_slots_max;
	/** @num_priorities: priorities of queues, 0 (low) to @num_priorities - 1 */
	__u32 num_priorities;
	/** @page_size: bytes; granularity of buffers and mappings */
	__u32 page_size;
	/** @va_start: first address that can be mapped */
	__u64 va_start;
	/** @va_end: first address behind those */
	__u64 va_end;
	/** @cmd_size_max: bytes of commands in a job, at most */
	__u32 cmd_size_max;
	/** @submit_jobs_max: jobs in a submit, at most */
	__u32 submit_jobs_max;
	/** @job_syncs_max: syncs of a job, at most */
	__u32 job_syncs_max;
	/** @bind_ops_max: operations in a bind, at most */
	__u32 bind_ops_max;
	/** @job_timeout_ms: milliseconds that a job may take on its ring */
	__u32 job_timeout_ms;
	/** @pad: zero */
	__u32 pad;
};

/**
 * struct drm_carillon_timestamp_info - the two clocks at one moment
 */
struct drm_carillon_timestamp_info {
	/** @device_ns: device clock in ns, as TIMESTAMP commands write it */
	__u64 device_ns;
	/** @cpu_ns: CLOCK_MONOTONIC in ns, read right before the device's */
	__u64 cpu_ns;
	/** @uncertainty_ns: how long the reading took */
	__u64 uncertainty_ns;
};

/**
 * struct drm_carillon_query - DRM_CARILLON_QUERY
 *
 * With @pointer 0, @size becomes the size of the answer. Otherwise at most
 * @size bytes of it are written and @size becomes their number.
 */
struct drm_carillon_query {
	/** @type: enum drm_carillon_query_type */
	__u32 type;
	/** @size: bytes, in and out */
	__u32 size;
	/** @pointer: user pointer */
	__u64 pointer;
};

/**
 * struct drm_carillon_bo_create - DRM_CARILLON_BO_CREATE
 *
 * New buffers are zeroed.
 */
struct drm_carillon_bo_create {
	/** @size: bytes, not 0; out: rounded up to pages */
	__u64 size;
	/** @flags: must be 0: system memory, cached by the CPU */
	__u32 flags;
	/** @handle: out: GEM handle */
	__u32 handle;
};

/**
 * struct drm_carillon_bo_mmap_offset - DRM_CARILLON_BO_MMAP_OFFSET
 */
struct drm_carillon_bo_mmap_offset {
	/** @handle: GEM handle */
	__u32 handle;
	/** @flags: must be 0 */
	__u32 flags;
	/** @offset: out: offset for mmap() of the DRM file */
	__u64 offset;
};

/**
 * struct drm_carillon_vm_create - DRM_CARILLON_VM_CREATE
 */
struct drm_carillon_vm_create {
	/** @flags: must be 0 */
	__u32 flags;
	/** @id: out: VM, not 0 */
	__u32 id;
};

/**
 * struct drm_carillon_vm_destroy - DRM_CARILLON_VM_DESTROY
 *
 * Queues of the VM go on working; it ends with the last of them.
 */
struct drm_carillon_vm_destroy {
	/** @id: VM */
	__u32 id;
	/** @pad: zero */
	__u32 pad;
};

/**
 * enum drm_carillon_bind_op_type - what to do with a range
 */
enum drm_carillon_bind_op_type {
	/** @DRM_CARILLON_BIND_MAP: map a buffer; replaces what was there */
	DRM_CARILLON_BIND_MAP = 0,
	/** @DRM_CARILLON_BIND_UNMAP: unmap all there is; nothing there is no error */
	DRM_CARILLON_BIND_UNMAP,
};

/** @DRM_CARILLON_BIND_READONLY: writes of jobs to the range are faults; MAP only */
#define DRM_CARILLON_BIND_READONLY	(1 << 0)

/**
 * struct drm_carillon_bind_op - one operation of a bind
 */
struct drm_carillon_bind_op {
	/** @type: enum drm_carillon_bind_op_type */
	__u32 type;
	/** @flags: DRM_CARILLON_BIND_* */
	__u32 flags;
	/** @handle: GEM handle for MAP, else 0 */
	__u32 handle;
	/** @pad: zero */
	__u32 pad;
	/** @va: address in the VM, bytes, multiple of the page size */
	__u64 va;
	/** @size: bytes, not 0, multiple of the page size */
	__u64 size;
	/** @offset: first byte of the buffer, multiple of the page size; 0 for UNMAP */
	__u64 offset;
};

/**
 * struct drm_carillon_vm_bind - DRM_CARILLON_VM_BIND
 *
 * All operations are checked first; a bad one refuses all. They are then done
 * in order and have taken effect on the device when the ioctl returns. If one
 * fails on the way (-ENOMEM, -ENODEV), those before it stay done and
 * @ops.count tells their number. -EINTR leaves @ops.count as it was: repeating
 * all of it has the effect of doing it once.
 */
struct drm_carillon_vm_bind {
	/** @vm_id: VM */
	__u32 vm_id;
	/** @flags: must be 0 */
	__u32 flags;
	/** @ops: array of struct drm_carillon_bind_op, at least one */
	struct drm_carillon_obj_array ops;
	/** @syncs: for asynchronous binds to come; count must be 0 */
	struct drm_carillon_obj_array syncs;
};

/**
 * struct drm_carillon_queue_create - DRM_CARILLON_QUEUE_CREATE
 *
 * -ENOSPC: the device has no ring left. -EACCES: a priority above the middle
 * one needs CAP_SYS_NICE or DRM master.
 */
struct drm_carillon_queue_create {
	/** @vm_id: VM that its jobs use */
	__u32 vm_id;
	/** @priority: 0 (low) to num_priorities - 1 */
	__u32 priority;
	/** @slots: jobs on the ring at a time, a power of two; 0: the kernel's choice */
	__u32 slots;
	/** @flags: must be 0 */
	__u32 flags;
	/** @id: out: queue, not 0 */
	__u32 id;
	/** @pad: zero */
	__u32 pad;
};

/**
 * struct drm_carillon_queue_destroy - DRM_CARILLON_QUEUE_DESTROY
 *
 * Jobs that have not ended are taken off; their fences signal -ECANCELED.
 */
struct drm_carillon_queue_destroy {
	/** @id: queue */
	__u32 id;
	/** @pad: zero */
	__u32 pad;
};

/** @DRM_CARILLON_QUEUE_DEAD: takes no more jobs: submit gives -EIO, or -ENODEV */
#define DRM_CARILLON_QUEUE_DEAD		(1 << 0)
/** @DRM_CARILLON_QUEUE_GUILTY: a job of this queue hung or broke the ring */
#define DRM_CARILLON_QUEUE_GUILTY	(1 << 1)
/** @DRM_CARILLON_QUEUE_INNOCENT: jobs were lost to the fault of another queue */
#define DRM_CARILLON_QUEUE_INNOCENT	(1 << 2)

/**
 * struct drm_carillon_queue_get_state - DRM_CARILLON_QUEUE_GET_STATE
 */
struct drm_carillon_queue_get_state {
	/** @id: queue */
	__u32 id;
	/** @state: out: DRM_CARILLON_QUEUE_DEAD, _GUILTY, _INNOCENT; 0: all is well */
	__u32 state;
	/** @submitted: out: jobs taken by submit */
	__u64 submitted;
	/** @completed: out: jobs whose fence has signalled */
	__u64 completed;
	/** @failed: out: those of @completed with an error */
	__u64 failed;
	/** @resets: out: times the ring was reset because a job hung */
	__u32 resets;
	/** @pad: out: zero */
	__u32 pad;
	/**
	 * @ring_tail: out: slots that the kernel has filled on the ring since it was last made
	 * or reset, one per job and one per job of another queue that it waits for there,
	 * modulo 2^32: what can be written to the doorbell; 0 when the queue has no ring any
	 * more
	 */
	__u32 ring_tail;
	/** @pad2: out: zero */
	__u32 pad2;
};

/**
 * struct drm_carillon_queue_mmap_offset - DRM_CARILLON_QUEUE_MMAP_OFFSET
 *
 * The page of the device with the queue's doorbell, a 32-bit word at its start, for mmap() of
 * this file: with MAP_SHARED (else -EINVAL) and without PROT_EXEC (-EPERM). It can be mapped
 * several times, and for reading only, though it reads 0. The file's queues only: mmap() gives
 * -EINVAL for what isn't an offset that this ioctl has given, or the queue's end, -ENODEV
 * when the device is gone.
 *
 * The kernel rings by itself for each job that was submitted. Ringing again with a number that
 * &drm_carillon_queue_get_state.ring_tail has, or had, does nothing that it wouldn't have done,
 * and makes up for a doorbell that got lost. One ahead of that makes the device look for jobs
 * that there aren't: the queue is guilty then and its jobs end with -EIO (or -ETIME); no other
 * queue notices.
 *
 * Once the queue was destroyed, or the driver unbound, the mapping is memory: zeroed, of
 * no meaning, good until it is unmapped. The same is true of what children inherited.
 * A device that is gone while the driver is still bound reads all ones.
 *
 * -EOPNOTSUPP: pages of this kernel have room for several doorbells.
 */
struct drm_carillon_queue_mmap_offset {
	/** @id: queue */
	__u32 id;
	/** @flags: must be 0 */
	__u32 flags;
	/** @offset: out: offset for mmap() of the DRM file */
	__u64 offset;
	/** @size: out: bytes to map, a page */
	__u64 size;
};

/**
 * enum drm_carillon_sync_type - what carries the fence
 */
enum drm_carillon_sync_type {
	/** @DRM_CARILLON_SYNC_SYNCOBJ: binary syncobj */
	DRM_CARILLON_SYNC_SYNCOBJ = 0,
	/** @DRM_CARILLON_SYNC_TIMELINE: point of a timeline syncobj */
	DRM_CARILLON_SYNC_TIMELINE,
	/** @DRM_CARILLON_SYNC_FILE: sync_file */
	DRM_CARILLON_SYNC_FILE,
};

/** @DRM_CARILLON_SYNC_SIGNAL: the job signals it; otherwise the job waits for it */
#define DRM_CARILLON_SYNC_SIGNAL	(1 << 0)

/**
 * struct drm_carillon_sync - a fence that a job waits for, or gives out
 */
struct drm_carillon_sync {
	/** @type: enum drm_carillon_sync_type */
	__u32 type;
	/** @flags: DRM_CARILLON_SYNC_SIGNAL or 0 */
	__u32 flags;
	/**
	 * @handle: syncobj, or file descriptor. For a sync_file to be given
	 * out it must be -1 and becomes the new, close-on-exec descriptor.
	 */
	__s32 handle;
	/** @pad: zero */
	__u32 pad;
	/** @point: timeline: point, not 0 to signal; else 0 */
	__u64 point;
};

/** @DRM_CARILLON_JOB_CANCEL_ON_ERROR: if what it waits for fails, don't run: same error */
#define DRM_CARILLON_JOB_CANCEL_ON_ERROR	(1 << 0)

/**
 * struct drm_carillon_job - one job of a submit
 */
struct drm_carillon_job {
	/** @queue_id: queue */
	__u32 queue_id;
	/** @flags: DRM_CARILLON_JOB_* */
	__u32 flags;
	/** @cmd_va: address of the commands in the VM, multiple of 8; 0 without */
	__u64 cmd_va;
	/** @cmd_size: bytes, multiple of 8; 0: an empty job, a sync point in its queue */
	__u32 cmd_size;
	/** @pad: zero */
	__u32 pad;
	/** @syncs: array of struct drm_carillon_sync */
	struct drm_carillon_obj_array syncs;
};

/**
 * struct drm_carillon_submit - DRM_CARILLON_SUBMIT
 *
 * All jobs are taken, or none is: on an error no job runs, no syncobj changes
 * and no descriptor is left open (descriptors in sync arrays are undefined
 * then). A job may wait for what an earlier one of the same array signals
 * through a syncobj. -EIO: a queue is dead. -ECANCELED: a queue is being
 * destroyed. -EBADF: not a descriptor; -EINVAL: not a sync_file, or a syncobj
 * without a fence.
 *
 * Fences of one queue signal in order. A job that waits for one of another queue
 * begins when that one is over, but its fence may signal first.
 */
struct drm_carillon_submit {
	/** @flags: must be 0 */
	__u32 flags;
	/** @pad: zero */
	__u32 pad;
	/** @jobs: array of struct drm_carillon_job, at least one */
	struct drm_carillon_obj_array jobs;
};

#define DRM_IOCTL_CARILLON_QUERY \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_CARILLON_QUERY, struct drm_carillon_query)
#define DRM_IOCTL_CARILLON_BO_CREATE \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_CARILLON_BO_CREATE, struct drm_carillon_bo_create)
#define DRM_IOCTL_CARILLON_BO_MMAP_OFFSET \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_CARILLON_BO_MMAP_OFFSET, struct drm_carillon_bo_mmap_offset)
#define DRM_IOCTL_CARILLON_VM_CREATE \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_CARILLON_VM_CREATE, struct drm_carillon_vm_create)
#define DRM_IOCTL_CARILLON_VM_DESTROY \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_CARILLON_VM_DESTROY, struct drm_carillon_vm_destroy)
#define DRM_IOCTL_CARILLON_VM_BIND \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_CARILLON_VM_BIND, struct drm_carillon_vm_bind)
#define DRM_IOCTL_CARILLON_QUEUE_CREATE \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_CARILLON_QUEUE_CREATE, struct drm_carillon_queue_create)
#define DRM_IOCTL_CARILLON_QUEUE_DESTROY \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_CARILLON_QUEUE_DESTROY, struct drm_carillon_queue_destroy)
#define DRM_IOCTL_CARILLON_QUEUE_GET_STATE \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_CARILLON_QUEUE_GET_STATE,	\
		 struct drm_carillon_queue_get_state)
#define DRM_IOCTL_CARILLON_SUBMIT \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_CARILLON_SUBMIT, struct drm_carillon_submit)
#define DRM_IOCTL_CARILLON_QUEUE_MMAP_OFFSET \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_CARILLON_QUEUE_MMAP_OFFSET,	\
		 struct drm_carillon_queue_mmap_offset)

#if defined(__cplusplus)
}
#endif

#endif /* CARILLON_DRM_H */
