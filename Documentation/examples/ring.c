// SPDX-License-Identifier: GPL-2.0
/*
 * The whole of a driver's job path, for a device with one ring of one slot.
 *
 * README.md shows the part between the markers; scripts/lint compares the two and
 * builds this file, so what the README says is what compiles. Probing is not
 * shown: see drm/ for a real driver.
 */
#include <linux/interrupt.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include <bound/bound_bar.h>
#include <bound/bound_gate.h>
#include <jobq/jobq.h>
#include <jobq/jobq_job.h>
#include <jobq/jobq_publish.h>

#define REG_COMMAND	0x0	/* what to do */
#define REG_START	0x4	/* write: start it, under this number */
#define REG_DONE	0x8	/* read: number of the last one that is done */

struct ring {
	struct jobq q;
	struct bound_gate *gate;
	struct bound_bar *bar;
};

struct ring_job {
	struct jobq_job base;
	u32 command;
};

/* README: begin */

static int ring_run_job(struct jobq *q, struct jobq_job *job)
{
	struct ring *ring = container_of(q, struct ring, q);

	scoped_cond_guard(bound, return -ENODEV, ring->gate) {
		bound_bar_write32(&scope, ring->bar, REG_COMMAND,
				  container_of(job, struct ring_job, base)->command);
		bound_bar_write32(&scope, ring->bar, REG_START, jobq_job_seqno(job));
	}
	return 0;
}

static irqreturn_t ring_interrupt(int irq, void *data)
{
	struct ring *ring = data;

	scoped_cond_guard(bound, return IRQ_NONE, ring->gate)
		jobq_complete32(&ring->q, bound_bar_read32(&scope, ring->bar, REG_DONE));
	return IRQ_HANDLED;
}

static int ring_commit(struct jobq_job *job, int wait_fd, int __user *signal_fd)
{
	int fd, ret;

	ret = jobq_job_add_dep_sync_file(job, wait_fd);
	if (!ret)
		ret = jobq_job_add_signal_sync_file(job, &fd);
	if (!ret)
		ret = jobq_job_prepare(job);	/* from here on nothing allocates or fails */
	if (!ret && put_user(fd, signal_fd))
		ret = -EFAULT;
	if (!ret)
		jobq_commit(&job, 1);		/* runs before this returns, if it can */
	return ret;
}

/* README: end */

static int ring_submit(struct ring *ring, u32 command, int wait_fd, int __user *signal_fd)
{
	struct ring_job *rj = kzalloc_obj(*rj);
	int ret;

	if (!rj)
		return -ENOMEM;
	rj->command = command;
	ret = jobq_job_init(&rj->base, &ring->q, &(struct jobq_job_args){ .credits = 1 });
	if (ret) {
		kfree(rj);
		return ret;
	}
	ret = ring_commit(&rj->base, wait_fd, signal_fd);
	jobq_job_put(&rj->base);	/* not committed: rolled back without a trace */
	return ret;
}

/* What the rest of the driver would refer to. */
static const struct ring_uses {
	struct jobq_ops ops;
	irq_handler_t interrupt;
	int (*submit)(struct ring *ring, u32 command, int wait_fd, int __user *signal_fd);
} ring_uses __used = {
	.ops = { .run_job = ring_run_job },
	.interrupt = ring_interrupt,
	.submit = ring_submit,
};

MODULE_DESCRIPTION("Carillon example: the job path of a driver");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("BOUND");
MODULE_IMPORT_NS("JOBQ");
