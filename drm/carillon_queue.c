// SPDX-License-Identifier: GPL-2.0
/*
 * Queues: the object, its life, its ioctls. What the library makes of it is in
 * carillon_sched_jobq.c, what happens when something hangs in carillon_reset.c.
 */

/**
 * DOC: Queues
 *
 * A queue is one of the library's (see &struct carillon_sched_ops) and a ring. It comes
 * to its end in one order, whoever wants it gone (carillon_queue_teardown()):
 *
 * 1. It is killed: nothing is run any more, the ring is asked to stop.
 * 2. It is torn down: the ring has stopped, or was made to; every fence has
 *    signalled, the library doesn't call us any more.
 * 3. The ring is stopped if it was idle. User space's mappings of its doorbell are
 *    taken away. The queue leaves the device's list, its
 *    ring is destroyed: no interrupt reaches it any more. The list's reference goes.
 * 4. The last reference frees it.
 *
 * Teardown happens inside the gate, by the ioctl or by the file's postclose, or,
 * once the gate is closed, in the driver's remove. So it happens once, and never
 * at the same time as another teardown of the same queue.
 *
 * The device being lost only kills: fences signal, ioctls fail, and the rest
 * comes with close or unbind as ever.
 */

#include <linux/capability.h>
#include <linux/log2.h>
#include <linux/sched.h>
#include <linux/seq_file.h>

#include <drm/drm_auth.h>
#include <drm/drm_drv.h>
#include <drm/drm_file.h>

#include <bound/bound_gate.h>
#include <hw/carillon_hw.h>
#include <uapi/drm/carillon_drm.h>

#include "carillon_core.h"
#include "carillon_device.h"
#include "carillon_file.h"
#include "carillon_job.h"
#include "carillon_queue.h"
#include "carillon_reset.h"
#include "carillon_ring.h"
#include "carillon_sched.h"
#include "carillon_vm.h"

#define CARILLON_NUM_PRIORITIES		(CRLN_PRIO_MAX + 1)
#define CARILLON_PRIORITY_MIDDLE	(CRLN_PRIO_MAX / 2)
#define CARILLON_QUEUE_ORDER_DEFAULT	6

static const struct carillon_ring_ops carillon_queue_ring_ops = {
	.interrupt = carillon_job_interrupt,
	.fault = carillon_reset_fault,
};

/**
 * carillon_queue_lookup() - find a queue of a file
 * @cfile: the file
 * @id: its id
 *
 * Context: Process.
 * Return: A new reference, or NULL.
 */
struct carillon_queue *carillon_queue_lookup(struct carillon_file *cfile, u32 id)
{
	struct carillon_queue *q;

	xa_lock(&cfile->queues);
	q = xa_load(&cfile->queues, id);
	if (q)
		cfile->cdev->sched->queue_get(q);
	xa_unlock(&cfile->queues);
	return q;
}

/**
 * carillon_queue_put() - give a reference back
 * @q: queue or NULL
 *
 * Context: Process, may sleep.
 */
void carillon_queue_put(struct carillon_queue *q)
{
	if (q)
		q->cdev->sched->queue_put(q);
}

/**
 * carillon_queue_fini() - the last reference is gone
 * @q: the queue; the library frees it then
 *
 * Context: Process, may sleep.
 */
void carillon_queue_fini(struct carillon_queue *q)
{
	WARN_ON_ONCE(q->ring);
	carillon_semaphore_fini(q);
	carillon_vm_put(q->vm);
	drm_dev_put(&q->cdev->drm);
}

/**
 * carillon_queue_kill() - take no more jobs, cancel those there are
 * @q: the queue
 * @error: what their fences signal
 *
 * Context: Process. Doesn't wait. ring_mutex, queues_mutex may be held.
 */
void carillon_queue_kill(struct carillon_queue *q, int error)
{
	q->cdev->sched->queue_kill(q, error);
}

/*
 * Signals all fences, lets go of the ring, and of the list's reference. The
 * caller has another one, and a token with which the ring can be stopped.
 */
static void carillon_queue_teardown(const struct bound_token *tok, struct carillon_queue *q,
				    int error)
{
	struct carillon_device *cdev = q->cdev;

	carillon_queue_kill(q, error);
	cdev->sched->queue_teardown(q);

	/* An idle ring that doesn't answer would cost others their jobs unnoticed. */
	(void)carillon_reset_quiesce(tok, q);
	mutex_lock(&cdev->queues_mutex);
	list_del_init(&q->node);
	mutex_unlock(&cdev->queues_mutex);

	/* The page is the next queue's as soon as the ring is gone. */
	carillon_doorbell_revoke(&q->doorbell);
	carillon_semaphore_revoke(tok, q);
	carillon_ring_destroy(tok, q->ring);
	q->ring = NULL;
	/* The list's reference. */
	carillon_queue_put(q);
}

/**
 * carillon_queue_destroy() - end a queue whose id is gone
 * @q: the queue; the id's reference is consumed
 *
 * Context: Process, sleeps until the ring has stopped, for a bounded time.
 */
void carillon_queue_destroy(struct carillon_queue *q)
{
	set_bit(CARILLON_QUEUE_CLOSING, &q->flags);

	/* Refused: unbinding has torn it down, or is about to. */
	scoped_cond_guard(bound, {}, q->cdev->gate)
		carillon_queue_teardown(&scope, q, -ECANCELED);
	carillon_queue_put(q);
}

static struct carillon_queue *carillon_queue_first(struct carillon_device *cdev)
{
	struct carillon_queue *q;

	guard(mutex)(&cdev->queues_mutex);
	q = list_first_entry_or_null(&cdev->queues, struct carillon_queue, node);
	if (q)
		cdev->sched->queue_get(q);
	return q;
}

/**
 * carillon_queue_teardown_all() - end all queues because the driver goes
 * @cdev: the device; nobody is in the gate any more
 *
 * Context: Process, in remove; sleeps for a bounded time. All fences have
 * signalled and all rings are destroyed when it returns.
 */
void carillon_queue_teardown_all(struct carillon_device *cdev)
{
	struct carillon_queue *q;

	/* All at once first: they needn't wait for each other to stop. */
	scoped_guard(mutex, &cdev->queues_mutex)
		list_for_each_entry(q, &cdev->queues, node)
			carillon_queue_kill(q, -ENODEV);

	scoped_cond_guard(bound, return, cdev->hw_gate) {
		while ((q = carillon_queue_first(cdev))) {
			carillon_queue_teardown(&scope, q, -ENODEV);
			carillon_queue_put(q);
		}
	}
}

/**
 * carillon_queue_submit_error() - whether a queue takes jobs
 * @q: the queue
 *
 * Context: Any.
 * Return: 0, or what submit says: -ENODEV, -ECANCELED, -EIO.
 */
int carillon_queue_submit_error(struct carillon_queue *q)
{
	/* First: what killed it was noted before. */
	int error = q->cdev->sched->queue_error(q);

	if (READ_ONCE(q->cdev->lost))
		return -ENODEV;
	if (test_bit(CARILLON_QUEUE_CLOSING, &q->flags))
		return -ECANCELED;
	return error ? -EIO : 0;
}

/**
 * carillon_queue_busy_ns() - engine time spent on a queue
 * @q: the queue
 *
 * Context: Any.
 * Return: Nanoseconds.
 */
u64 carillon_queue_busy_ns(struct carillon_queue *q)
{
	return atomic64_read(&q->busy_ns);
}

static unsigned int carillon_queue_order(struct carillon_device *cdev, u32 slots)
{
	if (!slots)
		return min(CARILLON_QUEUE_ORDER_DEFAULT, cdev->info->ring_order_max);
	return ilog2(slots);
}

/*
 * The ring, and a place on the device's list. A device reset in between has
 * disabled the ring without finding the queue, so it is looked at again.
 */
static int carillon_queue_init_ring(const struct bound_token *tok, struct carillon_queue *q,
				    const struct carillon_ring_args *args)
{
	struct carillon_device *cdev = q->cdev;
	struct carillon_ring *ring;
	int ret = 0;

	ring = carillon_ring_create(tok, cdev->core, args);
	if (IS_ERR(ring))
		return PTR_ERR(ring);

	q->ring = ring;
	mutex_lock(&cdev->queues_mutex);
	if (!carillon_ring_is_enabled(ring))
		ret = carillon_ring_restart(tok, ring);
	if (!ret && READ_ONCE(cdev->lost))
		ret = -ENODEV;
	if (!ret) {
		/* So that unbind finds it also when the file goes meanwhile. */
		cdev->sched->queue_get(q);
		list_add_tail(&q->node, &cdev->queues);
	}
	mutex_unlock(&cdev->queues_mutex);

	if (ret) {
		q->ring = NULL;
		carillon_ring_destroy(tok, ring);
	}
	return ret;
}

static struct carillon_queue *
carillon_queue_create(const struct bound_token *tok, struct carillon_vm *vm,
		      const struct drm_carillon_queue_create *args)
{
	struct carillon_device *cdev = vm->cdev;
	struct carillon_ring_args ring_args = {
		.ops = &carillon_queue_ring_ops,
		.order = carillon_queue_order(cdev, args->slots),
		.priority = CRLN_PRIO_MAX - args->priority,
		.pt_addr = carillon_pt_addr(&vm->pt),
	};
	char name[TASK_COMM_LEN + 16];
	struct carillon_queue *q;
	int ret;

	snprintf(name, sizeof(name), "%s[%d]", current->comm, task_pid_nr(current));
	q = cdev->sched->queue_create(cdev, name, 1u << ring_args.order);
	if (IS_ERR(q))
		return q;
	ring_args.data = q;
	INIT_LIST_HEAD(&q->node);
	carillon_doorbell_init(&q->doorbell);
	q->cdev = cdev;
	q->vm = carillon_vm_get(vm);
	drm_dev_get(&cdev->drm);

	ret = carillon_queue_init_ring(tok, q, &ring_args);
	if (ret) {
		cdev->sched->queue_teardown(q);
		carillon_queue_put(q);
		return ERR_PTR(ret);
	}
	return q;
}

static int carillon_queue_check_create(struct carillon_file *cfile,
				       const struct drm_carillon_queue_create *args)
{
	const struct carillon_core_info *info = cfile->cdev->info;

	if (args->flags || args->pad || args->priority >= CARILLON_NUM_PRIORITIES)
		return -EINVAL;
	if (args->slots && (!is_power_of_2(args->slots) ||
			    args->slots < 1u << CRLN_RING_ORDER_MIN ||
			    args->slots > 1u << info->ring_order_max))
		return -EINVAL;
	if (args->priority > CARILLON_PRIORITY_MIDDLE && !capable(CAP_SYS_NICE) &&
	    !drm_is_current_master(cfile->drm))
		return -EACCES;
	return 0;
}

/**
 * carillon_queue_ioctl_create() - DRM_CARILLON_QUEUE_CREATE
 * @tok: token of the DRM driver's gate
 * @cfile: the file
 * @data: &struct drm_carillon_queue_create
 *
 * Context: Process, may sleep.
 * Return: 0 or -errno, see the uAPI header.
 */
int carillon_queue_ioctl_create(const struct bound_token *tok, struct carillon_file *cfile,
				void *data)
{
	struct drm_carillon_queue_create *args = data;
	struct carillon_queue *q;
	struct carillon_vm *vm;
	u32 id;
	int ret;

	ret = carillon_queue_check_create(cfile, args);
	if (ret)
		return ret;
	vm = carillon_vm_lookup(cfile, args->vm_id);
	if (!vm)
		return -ENOENT;
	q = carillon_queue_create(tok, vm, args);
	carillon_vm_put(vm);
	if (IS_ERR(q))
		return PTR_ERR(q);

	ret = xa_alloc(&cfile->queues, &id, q, XA_LIMIT(1, INT_MAX), GFP_KERNEL);
	if (ret) {
		carillon_queue_destroy(q);
		return ret;
	}
	args->id = id;
	return 0;
}

/**
 * carillon_queue_ioctl_destroy() - DRM_CARILLON_QUEUE_DESTROY
 * @tok: token of the DRM driver's gate
 * @cfile: the file
 * @data: &struct drm_carillon_queue_destroy
 *
 * Context: Process, sleeps until the ring has stopped, for a bounded time.
 * Return: 0 or -errno, see the uAPI header.
 */
int carillon_queue_ioctl_destroy(const struct bound_token *tok, struct carillon_file *cfile,
				 void *data)
{
	struct drm_carillon_queue_destroy *args = data;
	struct carillon_queue *q;

	if (args->pad)
		return -EINVAL;

	q = xa_erase(&cfile->queues, args->id);
	if (!q)
		return -ENOENT;
	atomic64_add(carillon_queue_busy_ns(q), &cfile->busy_ns);
	carillon_queue_destroy(q);
	return 0;
}

static u32 carillon_queue_state(struct carillon_queue *q)
{
	u32 state = 0;

	if (q->cdev->sched->queue_error(q))
		state |= DRM_CARILLON_QUEUE_DEAD;
	if (test_bit(CARILLON_QUEUE_GUILTY, &q->flags))
		state |= DRM_CARILLON_QUEUE_GUILTY;
	if (test_bit(CARILLON_QUEUE_INNOCENT, &q->flags))
		state |= DRM_CARILLON_QUEUE_INNOCENT;
	return state;
}

/**
 * carillon_queue_ioctl_get_state() - DRM_CARILLON_QUEUE_GET_STATE
 * @tok: token of the DRM driver's gate
 * @cfile: the file
 * @data: &struct drm_carillon_queue_get_state
 *
 * Context: Process.
 * Return: 0 or -errno, see the uAPI header.
 */
int carillon_queue_ioctl_get_state(const struct bound_token *tok, struct carillon_file *cfile,
				   void *data)
{
	struct drm_carillon_queue_get_state *args = data;
	struct carillon_queue *q;
	struct carillon_sched_stats stats;

	q = carillon_queue_lookup(cfile, args->id);
	if (!q)
		return -ENOENT;

	q->cdev->sched->queue_stats(q, &stats);
	args->state = carillon_queue_state(q);
	args->submitted = stats.queued;
	args->completed = stats.done + stats.cancelled;
	args->failed = stats.errors;
	args->resets = atomic_read(&q->resets);
	args->pad = 0;
	args->ring_tail = carillon_doorbell_tail(&q->doorbell);
	args->pad2 = 0;
	carillon_queue_put(q);
	return 0;
}

/**
 * carillon_queue_show() - print a queue
 * @q: the queue
 * @m: where to
 *
 * Context: Process.
 */
void carillon_queue_show(struct carillon_queue *q, struct seq_file *m)
{
	struct carillon_sched_stats stats;

	q->cdev->sched->queue_stats(q, &stats);
	seq_printf(m, "queue on ring %u: state %#x queued %llu run %llu done %llu cancelled %llu errors %llu timeouts %llu resets %d busy_ns %llu hw_waits %llu\n",
		   carillon_ring_index(q->ring), carillon_queue_state(q), stats.queued,
		   stats.run, stats.done, stats.cancelled, stats.errors, stats.timeouts,
		   atomic_read(&q->resets), carillon_queue_busy_ns(q), stats.hw_waits);
}
