/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Queues.
 */
#ifndef _CARILLON_QUEUE_H
#define _CARILLON_QUEUE_H

#include <linux/atomic.h>
#include <linux/compiler_attributes.h>
#include <linux/list.h>
#include <linux/types.h>

#include "carillon_doorbell.h"
#include "carillon_semaphore.h"

struct bound_token;
struct carillon_device;
struct carillon_file;
struct carillon_ring;
struct carillon_vm;
struct seq_file;

/**
 * enum carillon_queue_flag - what has happened to a queue
 * @CARILLON_QUEUE_GUILTY: a job hung, or the ring broke
 * @CARILLON_QUEUE_INNOCENT: killed because of another queue
 * @CARILLON_QUEUE_CLOSING: being destroyed by its file
 * @CARILLON_QUEUE_STOPPING: the library waits for &carillon_sched_ops.queue_stopped
 * @CARILLON_QUEUE_HELD: stopped by us over a device reset
 * @CARILLON_QUEUE_ASLEEP: stopped by us over a system sleep
 *
 * Bits of &carillon_queue.flags. Only the last two are ever cleared.
 */
enum carillon_queue_flag {
	CARILLON_QUEUE_GUILTY,
	CARILLON_QUEUE_INNOCENT,
	CARILLON_QUEUE_CLOSING,
	CARILLON_QUEUE_STOPPING,
	CARILLON_QUEUE_HELD,
	CARILLON_QUEUE_ASLEEP,
};

/**
 * struct carillon_queue - a ring, and the jobs for it
 *
 * Embedded in the library's queue, which has the reference count. The file's id holds
 * one reference, the device's list one, each job one.
 */
struct carillon_queue {
	/** @cdev: the device, a reference */
	struct carillon_device *cdev;
	/** @vm: a user's reference */
	struct carillon_vm *vm;
	/**
	 * @ring: set at creation, destroyed by carillon_queue_teardown() when
	 * the library uses it no more
	 */
	struct carillon_ring *ring;
	/** @doorbell: user space's way to @ring */
	struct carillon_doorbell doorbell;
	/** @semaphore: what other rings wait at */
	struct carillon_semaphore semaphore;
	/** @node: in carillon_device.queues, under its lock, until torn down */
	struct list_head node;
	/** @flags: bits of enum carillon_queue_flag */
	unsigned long flags;
	/** @resets: times the ring was reset because a job hung */
	atomic_t resets;
	/** @busy_ns: time that the engines spent on it, by the device's clock */
	atomic64_t busy_ns;
};

struct carillon_queue * __must_check carillon_queue_lookup(struct carillon_file *cfile, u32 id);
void carillon_queue_put(struct carillon_queue *q);
void carillon_queue_fini(struct carillon_queue *q);
void carillon_queue_kill(struct carillon_queue *q, int error);
void carillon_queue_destroy(struct carillon_queue *q);
void carillon_queue_teardown_all(struct carillon_device *cdev);
int __must_check carillon_queue_submit_error(struct carillon_queue *q);
u64 carillon_queue_busy_ns(struct carillon_queue *q);
void carillon_queue_show(struct carillon_queue *q, struct seq_file *m);

int carillon_queue_ioctl_create(const struct bound_token *tok, struct carillon_file *cfile,
				void *data);
int carillon_queue_ioctl_destroy(const struct bound_token *tok, struct carillon_file *cfile,
				 void *data);
int carillon_queue_ioctl_get_state(const struct bound_token *tok, struct carillon_file *cfile,
				   void *data);

#endif
