/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A mock device with rings, which run their jobs when the test says so, and wait at
 * semaphores.
 */
#ifndef _JOBQ_TESTS_MOCK_RING_H
#define _JOBQ_TESTS_MOCK_RING_H

#include <linux/types.h>

#include "mock.h"

#define MOCK_RING_WAITS	20

struct mock_ring;

/**
 * struct mock_ring_wait - a semaphore that a slot waits for
 */
struct mock_ring_wait {
	/** @on: whose */
	struct mock_ring *on;
	/** @seqno: until it's at least that */
	u64 seqno;
};

/**
 * struct mock_ring_slot - a job in a ring
 */
struct mock_ring_slot {
	/** @seqno: what its end sets the semaphore to */
	u64 seqno;
	/** @num_waits: members of @waits */
	unsigned int num_waits;
	/** @waits: what it waits for */
	struct mock_ring_wait waits[MOCK_RING_WAITS];
};

/**
 * struct mock_ring - a ring of the device, with its queue
 */
struct mock_ring {
	/** @mq: the queue */
	struct mock_queue *mq;
	/** @head: the next slot to be run */
	unsigned int head;
	/** @tail: the next slot to be filled */
	unsigned int tail;
	/** @slots: modulo %MOCK_LOG_MAX */
	struct mock_ring_slot slots[MOCK_LOG_MAX];
	/** @ended: the semaphore: seqno of the last job that ended */
	u64 ended;
	/** @prepare_ret: what hw_wait_prepare returns */
	int prepare_ret;
	/** @prepares: calls of it */
	unsigned int prepares;
	/** @fail_prepare: the one of them that fails with -ENOMEM, from 1 */
	unsigned int fail_prepare;
	/** @hw_waits: calls of hw_wait */
	unsigned int hw_waits;
	/** @hw_ended: calls of hw_ended */
	unsigned int hw_ended;
};

struct mock_ring *mock_ring(struct kunit *test, unsigned int flags);
unsigned int mock_ring_step(struct mock_ring *r);
void mock_ring_irq(struct mock_ring *r);
void mock_ring_clear(struct mock_ring *r);

#endif
