// SPDX-License-Identifier: GPL-2.0
/*
 * A driver of the null device that has a jobq for each ring.
 */

#include <jobq/jobq.h>
#include <jobq/jobq_job.h>
#include <linux/dma-fence.h>
#include <linux/slab.h>

#include "sched.h"
#include "sched_null.h"

struct ours_job {
	struct jobq_job base;
	u64 command;
};

static struct ours_queue {
	struct jobq base;
	struct null_ring ring;
} *ours_queues;

static struct jobq_job *ours_jobs[SCHED_JOBS];

static struct ours_queue *to_ours_queue(struct jobq *q)
{
	return container_of(q, struct ours_queue, base);
}

static int ours_run_job(struct jobq *q, struct jobq_job *job)
{
	null_ring_write(&to_ours_queue(q)->ring,
			container_of(job, struct ours_job, base)->command);
	return 0;
}

static void ours_doorbell(struct jobq *q)
{
	null_ring_doorbell(&to_ours_queue(q)->ring);
}

static void ours_irq(struct null_ring *ring, u64 done)
{
	/* Jobs are numbered alike. */
	jobq_complete(&container_of(ring, struct ours_queue, ring)->base, done);
}

static void ours_job_free(struct jobq_job *job)
{
	kfree(container_of(job, struct ours_job, base));
	sched_count_freed();
}

/* The null device never hangs. */
static enum jobq_verdict ours_timedout(struct jobq *q, struct jobq_job *job)
{
	return JOBQ_NO_HANG;
}

static void ours_force_stop(struct jobq *q)
{
}

static void ours_release(struct jobq *q)
{
}

static const struct jobq_ops ours_ops = {
	.run_job = ours_run_job,
	.doorbell = ours_doorbell,
	.job_free = ours_job_free,
	.timedout = ours_timedout,
	.force_stop = ours_force_stop,
	.release = ours_release,
};

/* Close the first @count. */
static void ours_close_queues(unsigned int count)
{
	while (count--) {
		jobq_teardown(&ours_queues[count].base);
		jobq_put(&ours_queues[count].base);
	}
	kvfree(ours_queues);
}

static int ours_open(void)
{
	const struct jobq_args args = {
		.ops = &ours_ops,
		.driver_name = "bench",
		.name = "ours",
		.flags = JOBQ_RUN_ATOMIC,
		.credits = NULL_SLOTS,
		.timeout_ms = SCHED_TIMEOUT_MS,
	};
	unsigned int i;
	int ret;

	ours_queues = kvcalloc(SCHED_QUEUES, sizeof(*ours_queues), GFP_KERNEL);
	if (!ours_queues)
		return -ENOMEM;
	for (i = 0; i < SCHED_QUEUES; i++) {
		null_ring_init(&ours_queues[i].ring, ours_irq);
		ret = jobq_init(&ours_queues[i].base, &args);
		if (ret) {
			ours_close_queues(i);
			return ret;
		}
	}
	return 0;
}

static void ours_close(void)
{
	ours_close_queues(SCHED_QUEUES);
}

static struct null_ring *ours_ring(unsigned int queue)
{
	return &ours_queues[queue].ring;
}

static int ours_add_deps(struct jobq_job *job, struct dma_fence **deps, unsigned int num_deps)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < num_deps && !ret; i++)
		ret = jobq_job_add_dep(job, dma_fence_get(deps[i]));
	return ret;
}

static int ours_prepare(unsigned int job, unsigned int queue, struct dma_fence **deps,
			unsigned int num_deps)
{
	const struct jobq_job_args args = { .credits = 1 };
	struct ours_job *j;
	int ret;

	j = kzalloc_obj(*j);
	if (!j)
		return -ENOMEM;
	ret = jobq_job_init(&j->base, &ours_queues[queue].base, &args);
	if (ret) {
		kfree(j);
		return ret;
	}
	j->command = job;
	ret = ours_add_deps(&j->base, deps, num_deps);
	ret = ret ?: jobq_job_prepare(&j->base);
	if (ret)
		jobq_job_put(&j->base);
	else
		ours_jobs[job] = &j->base;
	return ret;
}

static void ours_commit(unsigned int first, unsigned int count, struct dma_fence **ret_last)
{
	unsigned int i;

	jobq_commit(&ours_jobs[first], count);
	if (ret_last)
		*ret_last = dma_fence_get(jobq_job_fence(ours_jobs[first + count - 1]));
	for (i = first; i < first + count; i++)
		jobq_job_put(ours_jobs[i]);
}

const struct sched_impl sched_impl_ours = {
	.who = "ours",
	.dep_interrupts = 1,
	.open = ours_open,
	.close = ours_close,
	.ring = ours_ring,
	.prepare = ours_prepare,
	.commit = ours_commit,
};
