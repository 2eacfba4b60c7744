// SPDX-License-Identifier: GPL-2.0
/*
 * A driver on jobq, complete but for the hardware: its engine is a timer, which is through
 * with a job when the time that the job asks for is over, or fails, or hangs.
 *
 * Each open file of /dev/jobq-example has a queue with a ring of its own. There is one
 * ioctl, which submits a job and returns a sync_file.
 */
#include <linux/bits.h>
#include <linux/fs.h>
#include <linux/hrtimer.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/uaccess.h>

#include <jobq/jobq.h>
#include <jobq/jobq_job.h>
#include <jobq/jobq_publish.h>

/* uapi: begin */
#define JOBQ_EXAMPLE_FAIL	BIT(0)	/* the job ends with -EIO */
#define JOBQ_EXAMPLE_HANG	BIT(1)	/* it doesn't end */

struct jobq_example_submit {
	__u32 delay_us;		/* how long the job takes */
	__u32 flags;
	__s32 in_fence;		/* sync_file to wait for, or -1 */
	__s32 out_fence;	/* returned: a sync_file */
};

#define JOBQ_EXAMPLE_SUBMIT	_IOWR('j', 0x60, struct jobq_example_submit)
/* uapi: end */

/* objects: begin */
#define RING_SLOTS	8

struct example_job {
	struct jobq_job base;
	u32 delay_us;
	u32 flags;
};

struct example_queue {
	struct jobq base;
	struct hrtimer engine;		/* expires when the job at @tail is through */
	spinlock_t lock;		/* of what follows */
	struct example_job *ring[RING_SLOTS];
	unsigned int head, tail;	/* jobs put in, jobs through */
	bool busy;
};

static struct example_queue *to_queue(struct jobq *q)
{
	return container_of(q, struct example_queue, base);
}

static struct example_job *to_job(struct jobq_job *job)
{
	return container_of(job, struct example_job, base);
}

/* objects: end */

/* engine: begin */
static void engine_start_locked(struct example_queue *q)
{
	struct example_job *job = q->ring[q->tail % RING_SLOTS];

	if (q->busy || q->head == q->tail)
		return;
	q->busy = true;
	if (!(job->flags & JOBQ_EXAMPLE_HANG))
		hrtimer_start(&q->engine, us_to_ktime(job->delay_us), HRTIMER_MODE_REL);
}

/* What is an interrupt handler elsewhere. */
static enum hrtimer_restart engine_irq(struct hrtimer *timer)
{
	struct example_queue *q = container_of(timer, struct example_queue, engine);
	u64 seqno;

	scoped_guard(spinlock_irqsave, &q->lock) {
		seqno = jobq_job_seqno(&q->ring[q->tail++ % RING_SLOTS]->base);
		q->busy = false;
		engine_start_locked(q);
	}
	/* Not under the lock: it may call example_run_job(). */
	WARN_ON_ONCE(jobq_complete(&q->base, seqno));
	return HRTIMER_NORESTART;
}

/* When it returns what was complete is reported, and the ring is empty. */
static void engine_reset(struct example_queue *q)
{
	hrtimer_cancel(&q->engine);
	guard(spinlock_irqsave)(&q->lock);
	q->tail = q->head;
	q->busy = false;
}

/* engine: end */

/* ops: begin */
static int example_run_job(struct jobq *base, struct jobq_job *job)
{
	struct example_queue *q = to_queue(base);

	/* There is a free slot: credits are slots. */
	guard(spinlock_irqsave)(&q->lock);
	q->ring[q->head++ % RING_SLOTS] = to_job(job);
	return 0;
}

static void example_doorbell(struct jobq *base)
{
	struct example_queue *q = to_queue(base);

	guard(spinlock_irqsave)(&q->lock);
	engine_start_locked(q);
}

static int example_job_error(struct jobq *base, struct jobq_job *job)
{
	return to_job(job)->flags & JOBQ_EXAMPLE_FAIL ? -EIO : 0;
}

static void example_job_free(struct jobq_job *job)
{
	kfree(to_job(job));
}

/* No job is run meanwhile. The job is guilty, those behind it are run again. */
static enum jobq_verdict example_timedout(struct jobq *base, struct jobq_job *job)
{
	engine_reset(to_queue(base));
	return JOBQ_RESET;
}

static void example_force_stop(struct jobq *base)
{
	engine_reset(to_queue(base));
}

static void example_release(struct jobq *base)
{
	kfree(to_queue(base));
}

static const struct jobq_ops example_ops = {
	.run_job = example_run_job,
	.doorbell = example_doorbell,
	.job_error = example_job_error,
	.job_free = example_job_free,
	.timedout = example_timedout,
	.force_stop = example_force_stop,
	.release = example_release,
};

/* ops: end */

/* submit: begin */
static int example_prepare(struct example_job *job, struct jobq_example_submit *args)
{
	int ret = 0;

	job->delay_us = args->delay_us;
	job->flags = args->flags;
	if (args->in_fence != -1)
		ret = jobq_job_add_dep_sync_file(&job->base, args->in_fence);
	if (!ret)
		ret = jobq_job_add_signal_sync_file(&job->base, &args->out_fence);
	return ret ?: jobq_job_prepare(&job->base);
}

static int example_submit(struct example_queue *q, void __user *user)
{
	struct jobq_job_args job_args = { .credits = 1, .flags = JOBQ_JOB_DEP_ERRORS };
	struct jobq_example_submit args;
	struct example_job *job;
	struct jobq_job *group;
	int ret;

	if (copy_from_user(&args, user, sizeof(args)))
		return -EFAULT;
	if (args.flags & ~(JOBQ_EXAMPLE_FAIL | JOBQ_EXAMPLE_HANG))
		return -EINVAL;

	job = kzalloc_obj(*job);
	if (!job)
		return -ENOMEM;
	group = &job->base;
	ret = jobq_job_init(group, &q->base, &job_args);
	if (ret) {
		kfree(job);
		return ret;
	}

	ret = example_prepare(job, &args);
	/* The last thing that may fail; the sync_file appears with the commit. */
	if (!ret && copy_to_user(user, &args, sizeof(args)))
		ret = -EFAULT;
	if (!ret)
		jobq_commit(&group, 1);
	jobq_job_put(group);	/* undoes what wasn't committed */
	return ret;
}

/* submit: end */

/* file: begin */
static int example_open(struct inode *inode, struct file *file)
{
	struct miscdevice *misc = file->private_data;
	struct jobq_args args = {
		.ops = &example_ops,
		.dev = misc->this_device,
		.driver_name = "jobq-example",
		.name = "engine",
		.flags = JOBQ_RUN_ATOMIC,
		.credits = RING_SLOTS,
		.timeout_ms = 1000,
	};
	struct example_queue *q = kzalloc_obj(*q);
	int ret;

	if (!q)
		return -ENOMEM;
	spin_lock_init(&q->lock);
	hrtimer_setup(&q->engine, engine_irq, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	ret = jobq_init(&q->base, &args);
	if (ret) {
		kfree(q);
		return ret;
	}
	file->private_data = q;
	return stream_open(inode, file);
}

static int example_close(struct inode *inode, struct file *file)
{
	struct example_queue *q = file->private_data;

	jobq_teardown(&q->base);
	/* All fences have signalled, but its last call may not have returned. */
	hrtimer_cancel(&q->engine);
	jobq_put(&q->base);
	return 0;
}

/* file: end */

static long example_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	if (cmd != JOBQ_EXAMPLE_SUBMIT)
		return -ENOTTY;
	return example_submit(file->private_data, (void __user *)arg);
}

static const struct file_operations example_fops = {
	.owner = THIS_MODULE,
	.open = example_open,
	.release = example_close,
	.unlocked_ioctl = example_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice example_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "jobq-example",
	.fops = &example_fops,
};
module_misc_device(example_misc);

MODULE_DESCRIPTION("Carillon example: a driver on jobq");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("JOBQ");
