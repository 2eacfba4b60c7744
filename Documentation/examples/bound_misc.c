// SPDX-License-Identifier: GPL-2.0
/*
 * A character device for a PCI device with a clock: what a driver does that has no
 * subsystem to tell it when its device goes.
 *
 * Documentation/devres.rst shows the parts between the markers; scripts/example loads it
 * and unbinds it while it's in use.
 */
#include <linux/fs.h>
#include <linux/kref.h>
#include <linux/jiffies.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#include <bound/bound_bar.h>
#include <bound/bound_gate.h>
#include <bound/bound_sleeper.h>

#define CLOCK_LO	0x4c	/* ns; latches HI */
#define CLOCK_HI	0x50

/* object: begin */

DECLARE_BOUND_BAR(clock_bar, 0x1000);

/* Lives on while files are open: the binding has a reference, and each file one. */
struct clock {
	struct kref ref;
	struct bound_gate *gate;	/* a reference */
	struct clock_bar *bar;		/* the gate's; for those who have a token */
	spinlock_t lock;		/* LO and HI are read as one */
	wait_queue_head_t wq;
	struct miscdevice misc;
};

static void clock_release_ref(struct kref *ref)
{
	struct clock *clock = container_of(ref, struct clock, ref);

	bound_gate_put(clock->gate);
	kfree(clock);
}

/* Has a token, so it can't fail. */
static u64 clock_now(const struct bound_token *tok, struct clock *clock)
{
	u32 lo, hi;

	guard(spinlock_irqsave)(&clock->lock);
	lo = bound_bar_read32(tok, clock->bar, CLOCK_LO);
	hi = bound_bar_read32(tok, clock->bar, CLOCK_HI);
	return (u64)hi << 32 | lo;
}

/* object: end */
/* file: begin */

/* misc_deregister() waits for this, so the clock is there. */
static int clock_open(struct inode *inode, struct file *file)
{
	struct clock *clock = container_of(file->private_data, struct clock, misc);

	kref_get(&clock->ref);
	file->private_data = clock;
	return stream_open(inode, file);
}

static int clock_release(struct inode *inode, struct file *file)
{
	struct clock *clock = file->private_data;

	kref_put(&clock->ref, clock_release_ref);
	return 0;
}

static ssize_t clock_read(struct file *file, char __user *buf, size_t len, loff_t *pos)
{
	struct clock *clock = file->private_data;
	u64 now;

	if (len < sizeof(now))
		return -EINVAL;
	scoped_cond_guard(bound, return -ENODEV, clock->gate)
		now = clock_now(&scope, clock);
	/* Outside: nobody knows how long that takes. */
	return copy_to_user(buf, &now, sizeof(now)) ? -EFAULT : sizeof(now);
}

/* Sleeps until the time that is written; unbind doesn't wait for that. */
static ssize_t clock_write(struct file *file, const char __user *buf, size_t len, loff_t *pos)
{
	struct clock *clock = file->private_data;
	u64 now, until;
	long left;
	int ret;

	if (len != sizeof(until))
		return -EINVAL;
	if (copy_from_user(&until, buf, sizeof(until)))
		return -EFAULT;

	ACQUIRE(bound, tok)(clock->gate);
	ret = ACQUIRE_ERR(bound, &tok);
	if (ret)
		return ret;
	while ((now = clock_now(&tok, clock)) < until) {
		left = min_t(u64, nsecs_to_jiffies64(until - now) + 1, HZ);
		left = bound_wait_event_interruptible_timeout(&tok, clock->wq, false, left);
		if (left < 0)
			return left;	/* -ENODEV: the device goes */
	}
	return sizeof(until);
}

static const struct file_operations clock_fops = {
	.owner = THIS_MODULE,
	.open = clock_open,
	.release = clock_release,
	.read = clock_read,
	.write = clock_write,
};

/* file: end */
/* probe: begin */

static void clock_put(void *clock)
{
	kref_put(&((struct clock *)clock)->ref, clock_release_ref);
}

static void clock_deregister(void *clock)
{
	misc_deregister(&((struct clock *)clock)->misc);
}

static int clock_map(struct pci_dev *pdev, struct clock *clock)
{
	struct bound_gate *gate;
	int ret;

	ret = pcim_enable_device(pdev);
	if (ret)
		return ret;
	gate = bound_gate_create(&pdev->dev, NULL);
	if (IS_ERR(gate))
		return PTR_ERR(gate);
	clock->gate = bound_gate_get(gate);
	return bound_bar_map_sized(&clock->bar, gate, pdev, 0, "clock");
}

static int clock_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct clock *clock = kzalloc_obj(*clock);
	int ret;

	if (!clock)
		return -ENOMEM;
	kref_init(&clock->ref);
	spin_lock_init(&clock->lock);
	init_waitqueue_head(&clock->wq);
	clock->misc.minor = MISC_DYNAMIC_MINOR;
	clock->misc.name = "bound_clock";
	clock->misc.parent = &pdev->dev;
	clock->misc.fops = &clock_fops;
	ret = devm_add_action_or_reset(&pdev->dev, clock_put, clock);
	if (ret)
		return ret;

	ret = clock_map(pdev, clock);
	if (ret)
		return ret;
	/* The last: from here on there can be files. */
	ret = misc_register(&clock->misc);
	if (ret)
		return ret;
	return devm_add_action_or_reset(&pdev->dev, clock_deregister, clock);
}

/* No remove: devres takes the name away, closes the gate, and unmaps the registers. */
static struct pci_driver clock_driver = {
	.name = "bound_clock",
	.probe = clock_probe,
};

/* probe: end */
module_pci_driver(clock_driver);

MODULE_DESCRIPTION("Carillon example: a character device over a bound BAR");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("BOUND");
