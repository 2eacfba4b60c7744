// SPDX-License-Identifier: GPL-2.0
/*
 * A task that enters a device's sections and leaves them, until it's stopped or refused.
 */

#include <linux/delay.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/sched/task.h>

#include "revoke.h"

static void reader_sleep(unsigned int us)
{
	if (us)
		usleep_range_state(us, us, TASK_IDLE);
}

static void reader_inside(void *arg)
{
	struct revoke_reader *reader = arg;

	WRITE_ONCE(reader->seq, reader->seq + 1);
	complete(&reader->entered);
	if (reader->release)
		wait_for_completion_timeout(reader->release,
					    usecs_to_jiffies(reader->inside_us));
	else
		reader_sleep(reader->inside_us);
	WRITE_ONCE(reader->seq, reader->seq + 1);
}

static int reader_work(void *data)
{
	struct revoke_reader *reader = data;
	struct revoke_dev *dev = reader->dev;

	reader_sleep(reader->delay_us);
	while (!kthread_should_stop()) {
		if (dev->impl->section(dev, reader_inside, reader))
			break;
		reader_sleep(reader->outside_us);
		cond_resched();
	}
	/* Who is refused ends; the task's reference is the starter's. */
	return 0;
}

/**
 * revoke_reader_start() - start a reader, and wait until it's been inside
 * @reader: filled in, but for what is the task's own
 *
 * Context: Process context, sleeps.
 * Return: 0 or -errno.
 */
int revoke_reader_start(struct revoke_reader *reader)
{
	reader->seq = 0;
	init_completion(&reader->entered);
	reader->task = kthread_create(reader_work, reader, "bench-reader");
	if (IS_ERR(reader->task))
		return PTR_ERR(reader->task);
	get_task_struct(reader->task);
	wake_up_process(reader->task);
	return 0;
}

/**
 * revoke_reader_stop() - wait until a reader has ended
 * @reader: from revoke_reader_start()
 *
 * Context: Process context, sleeps.
 */
void revoke_reader_stop(struct revoke_reader *reader)
{
	kthread_stop_put(reader->task);
}
