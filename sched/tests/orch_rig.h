/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A device with few rings for many queues. Its rings take time to run jobs, and check that
 * each is used by its holder only.
 */
#ifndef _JOBQ_TESTS_ORCH_RIG_H
#define _JOBQ_TESTS_ORCH_RIG_H

#include <kunit/test.h>
#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/dma-fence.h>
#include <linux/hrtimer.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include <jobq/jobq.h>
#include <jobq/jobq_job.h>
#include <jobq/jobq_orch.h>
#include <jobq/jobq_publish.h>

#define RIG_RINGS_MAX		4
#define RIG_CREDITS_MAX		4
#define RIG_SLICE_MS		10
/* Where time is real, tests that have to look before it's over need more of it. */
#define RIG_GRACE_MS		(IS_ENABLED(CONFIG_UML) ? 40 : 400)
#define RIG_AGE_MS		200
#define RIG_TIMEOUT_MS		(IS_ENABLED(CONFIG_UML) ? 500 : 5000)

struct jobq_limit;
struct orch_queue;

/**
 * struct orch_rig - the device
 */
struct orch_rig {
	/** @test: to which it belongs */
	struct kunit *test;
	/** @orch: what is tested */
	struct jobq_orch *orch;
	/** @num_rings: how many there are */
	unsigned int num_rings;
	/** @limit: of what jobs need besides rings, if set: units for &orch_job.ns in µs % 4 */
	struct jobq_limit *limit;
	/** @holders: whose ring each one is */
	struct orch_queue *holders[RIG_RINGS_MAX];
	/** @bad: promises broken */
	atomic_t bad;
	/** @binds: calls of bind that returned 0 */
	unsigned int binds;
	/** @on_bind: decides what bind returns, if set */
	int (*on_bind)(struct orch_queue *oq, unsigned int ring);
};

/** struct orch_slot - a job in a ring */
struct orch_slot {
	/** @seqno: what is reported */
	u64 seqno;
	/** @ns: how long it takes; 0: for ever */
	u64 ns;
};

/**
 * struct orch_queue - a queue of the device, with its ring if it has one
 */
struct orch_queue {
	/** @q: base */
	struct jobq q;
	/** @m: what is tested */
	struct jobq_orch_member m;
	/** @rig: device */
	struct orch_rig *rig;
	/** @ring: number of its ring, or -1 */
	int ring;
	/** @lock: protects what is in the ring */
	spinlock_t lock;
	/** @slots: jobs in the ring, oldest first */
	struct orch_slot slots[RIG_CREDITS_MAX];
	/** @num_slots: how many */
	unsigned int num_slots;
	/** @ticking: @timer is on its way */
	bool ticking;
	/** @timer: end of the oldest job */
	struct hrtimer timer;
	/** @binding: completed when it is about to get a ring */
	struct completion binding;
	/** @binds: how often it got a ring */
	unsigned int binds;
	/** @bound_at: when it got the last one */
	ktime_t bound_at;
	/** @runs: calls of run_job */
	unsigned int runs;
	/** @run_task: who called it last */
	struct task_struct *run_task;
	/** @timeouts: calls of timedout */
	unsigned int timeouts;
	/** @committed: jobs */
	atomic_t committed;
	/** @signalled: their fences that signalled: the last one's seqno */
	atomic64_t signalled;
	/** @error: that of the last one */
	int error;
	/** @ended: torn down and removed */
	bool ended;
	/** @released: ops->release was called */
	struct completion released;
};

/**
 * struct orch_job - a job that takes time
 */
struct orch_job {
	/** @base: base */
	struct jobq_job base;
	/** @log: puts @cb on the fence */
	struct jobq_publish log;
	/** @cb: notes that it signalled */
	struct dma_fence_cb cb;
	/** @ns: how long it takes; 0: for ever */
	u64 ns;
};

struct orch_rig *rig_create(struct kunit *test, unsigned int num_rings);
void rig_end(struct orch_rig *rig);
struct orch_queue *rig_queue(struct orch_rig *rig, unsigned int priority, u32 credits);
struct orch_queue *rig_queue_alone(struct orch_rig *rig, unsigned int flags, u32 credits);
void rig_queue_end(struct orch_queue *oq);
struct orch_job *rig_job(struct orch_queue *oq, u64 us);
void rig_submit(struct orch_queue *oq, unsigned int num, u64 us);
void rig_sleep_us(unsigned long us);
u64 rig_busy_us(struct orch_queue *oq);
void rig_wait_state(struct orch_queue *oq, enum jobq_orch_state state);
void rig_expect_state(struct orch_queue *oq, enum jobq_orch_state state);
void rig_wait_signalled(struct orch_queue *oq, u64 seqno);

#endif
