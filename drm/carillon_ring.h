/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rings: where jobs are handed to the device.
 */
#ifndef _CARILLON_RING_H
#define _CARILLON_RING_H

#include <linux/compiler_attributes.h>
#include <linux/types.h>

struct address_space;
struct bound_token;
struct bound_window;
struct carillon_core;
struct carillon_ring;
struct seq_file;

/* What a job can have its ring wait for, each in a slot of its own. */
#define CARILLON_RING_WAITS	4
/* Sequence numbers of the device per job: a power of two, more than those. */
#define CARILLON_RING_NUMBERS	8

/**
 * struct carillon_ring_ops - what a ring's owner is told
 */
struct carillon_ring_ops {
	/**
	 * @interrupt: Something may have happened: look at
	 * carillon_ring_seqno() and carillon_ring_has_stopped().
	 *
	 * Context: Hard interrupt.
	 */
	void (*interrupt)(struct carillon_ring *ring, void *data);

	/**
	 * @fault: The device has given the ring up, or was made to consume slots
	 * without jobs; @fault is an enum crln_ring_fault. Once, until the ring is
	 * enabled again.
	 *
	 * Context: Process, ring_mutex held: it mustn't call functions that
	 * take it.
	 */
	void (*fault)(struct carillon_ring *ring, void *data, u32 fault);
};

/**
 * struct carillon_ring_args - what a ring is made from
 * @ops: owner's functions, both mandatory
 * @data: passed to them
 * @order: log2 of the slots, CRLN_RING_ORDER_MIN to &carillon_core_info.ring_order_max
 * @priority: 0 (first) to CRLN_PRIO_MAX
 * @pt_addr: bus address of the top page table; has to outlive the ring
 */
struct carillon_ring_args {
	const struct carillon_ring_ops *ops;
	void *data;
	unsigned int order;
	unsigned int priority;
	dma_addr_t pt_addr;
};

/**
 * struct carillon_ring_job - what goes into a slot
 * @cmd_addr: virtual address of the commands
 * @cmd_size: bytes of commands, 0: empty job
 * @seqno: reported when the job has ended
 */
struct carillon_ring_job {
	u64 cmd_addr;
	u32 cmd_size;
	u64 seqno;
};

/**
 * struct carillon_ring_wait - something that a ring waits for
 * @addr: virtual address of another ring's semaphore
 * @seqno: a job that was pushed there
 */
struct carillon_ring_wait {
	u64 addr;
	u64 seqno;
};

/**
 * struct carillon_ring_memory - what has to be mapped for rings to wait
 * @addr: bus address, that of a page; good until carillon_ring_destroy()
 * @size_bytes: whole pages of the device
 * @semaphore: offset of the ring's semaphore
 */
struct carillon_ring_memory {
	dma_addr_t addr;
	size_t size_bytes;
	size_t semaphore;
};

/**
 * struct carillon_ring_result - how a job has ended
 * @status: enum crln_status
 * @info: byte offset of the command that failed
 * @run_ns: time it took
 */
struct carillon_ring_result {
	u32 status;
	u32 info;
	u64 run_ns;
};

struct carillon_ring * __must_check carillon_ring_create(const struct bound_token *tok,
							 struct carillon_core *core,
							 const struct carillon_ring_args *args);
void carillon_ring_destroy(const struct bound_token *tok, struct carillon_ring *ring);

u32 carillon_ring_push(struct carillon_ring *ring, const struct carillon_ring_job *job);
void carillon_ring_push_waits(struct carillon_ring *ring, u64 addr,
			      const struct carillon_ring_wait *waits, unsigned int num,
			      u64 seqno);
void carillon_ring_raise(struct carillon_ring *ring, u64 seqno);
void carillon_ring_get_memory(const struct carillon_ring *ring,
			      struct carillon_ring_memory *ret_mem);
void carillon_ring_doorbell(const struct bound_token *tok, struct carillon_ring *ring);

u64 carillon_ring_seqno(const struct carillon_ring *ring);
bool carillon_ring_has_stopped(const struct carillon_ring *ring);
int __must_check carillon_ring_result(const struct carillon_ring *ring, u32 pos, u64 seqno,
				      struct carillon_ring_result *ret_result);
bool carillon_ring_may_have_begun(struct carillon_ring *ring, u32 pos);

void carillon_ring_request_stop(const struct bound_token *tok, struct carillon_ring *ring);
int __must_check carillon_ring_stop(const struct bound_token *tok, struct carillon_ring *ring);
int __must_check carillon_ring_restart(const struct bound_token *tok,
				       struct carillon_ring *ring);

struct bound_window * __must_check carillon_ring_window(const struct bound_token *tok,
							struct carillon_ring *ring,
							struct address_space *mapping,
							pgoff_t pgoff);
u32 carillon_ring_tail(const struct carillon_ring *ring);
void carillon_ring_check_overrun(struct carillon_ring *ring);

bool carillon_ring_is_enabled(const struct carillon_ring *ring);
unsigned int carillon_ring_index(const struct carillon_ring *ring);
void carillon_ring_show(const struct bound_token *tok, const struct carillon_ring *ring,
			struct seq_file *m);

/* The rest is for carillon_pci.ko alone. */
void carillon_ring_interrupt(struct carillon_ring *ring);
void carillon_rings_check_faults(const struct bound_token *tok, struct carillon_core *core);
void carillon_rings_were_reset(struct carillon_core *core);

#endif
