// SPDX-License-Identifier: GPL-2.0
/*
 * Jobs over drm_gpu_scheduler: from the ioctl to the scheduler and back.
 */

#include <linux/dma-fence.h>
#include <linux/err.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#include <dfence/dfence.h>
#include <jobq/jobq_publish.h>
#include <uapi/drm/carillon_drm.h>

#include "carillon_sched_drm.h"

/*
 * A job of an entity has to be armed and pushed under one lock, so that fences are in the
 * order of jobs, and a group can be for many entities. One lock for all of them also means
 * that groups are in one order, in which no two can wait for each other. Nothing is
 * allocated under it.
 */
static DEFINE_MUTEX(carillon_ds_commit_mutex);

static struct carillon_ds_job *from_drm_job(struct drm_sched_job *job)
{
	return container_of(job, struct carillon_ds_job, sched);
}

/**
 * carillon_ds_job_create() - &carillon_sched_ops.job_create
 * @base: the queue
 * @flags: DRM_CARILLON_JOB_*
 * @client_id: for tracepoints
 *
 * Context: Process.
 * Return: The job, or an ERR_PTR.
 */
struct carillon_job *carillon_ds_job_create(struct carillon_queue *base, u32 flags, u64 client_id)
{
	struct carillon_ds_queue *q = to_ds_queue(base);
	struct carillon_ds_job *job;
	int ret;

	ret = READ_ONCE(q->error);
	if (ret)
		return ERR_PTR(ret);
	job = kzalloc_obj(*job);
	if (!job)
		return ERR_PTR(-ENOMEM);
	/* Touches nothing of an entity that is torn down, but for a pointer. */
	ret = drm_sched_job_init(&job->sched, &q->entity, 1, NULL, client_id);
	if (ret) {
		kfree(job);
		return ERR_PTR(ret);
	}
	kref_init(&job->ref);
	carillon_ds_queue_get(base);
	job->q = q;
	job->cancel_on_error = flags & DRM_CARILLON_JOB_CANCEL_ON_ERROR;
	atomic_set(&job->deps_left, 1);
	INIT_LIST_HEAD(&job->publish);
	INIT_LIST_HEAD(&job->node);
	return &job->base;
}

static void carillon_ds_job_release(struct kref *ref)
{
	struct carillon_ds_job *job = container_of(ref, struct carillon_ds_job, ref);
	struct jobq_publish *p, *tmp;

	list_for_each_entry_safe(p, tmp, &job->publish, node) {
		list_del(&p->node);
		p->ops->free(p);
	}
	carillon_ds_deps_fini(job);
	if (!job->armed)
		drm_sched_job_cleanup(&job->sched);
	if (job->wait)
		dfence_free(job->wait);
	if (job->fence)
		dfence_free(job->fence);
	dma_fence_put(job->out);
	carillon_ds_queue_put(&job->q->base);
	kfree(job);
}

/**
 * carillon_ds_job_put() - &carillon_sched_ops.job_put
 * @base: the job, or NULL
 *
 * Context: Process, may sleep.
 */
void carillon_ds_job_put(struct carillon_job *base)
{
	if (base)
		kref_put(&to_ds_job(base)->ref, carillon_ds_job_release);
}

/**
 * carillon_ds_job_add_publish() - &carillon_sched_ops.job_add_publish
 * @base: the job
 * @p: consumed
 *
 * Context: Process.
 */
void carillon_ds_job_add_publish(struct carillon_job *base, struct jobq_publish *p)
{
	list_add_tail(&p->node, &to_ds_job(base)->publish);
}

/**
 * carillon_ds_job_prepare() - &carillon_sched_ops.job_prepare
 * @base: the job
 * @ret_ready: gets the job
 *
 * Context: Process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int carillon_ds_job_prepare(struct carillon_job *base, void **ret_ready)
{
	struct carillon_ds_job *job = to_ds_job(base);

	job->fence = dfence_alloc(job->q->ctx, NULL, GFP_KERNEL);
	if (!job->fence)
		return -ENOMEM;
	if (job->num_deps) {
		job->wait = dfence_alloc(job->q->wait_ctx, NULL, GFP_KERNEL);
		if (!job->wait)
			return -ENOMEM;
	}
	*ret_ready = job;
	return 0;
}

/* The fence gets its number, the job its place. A queue that is dead has none for it. */
static void carillon_ds_job_arm(struct carillon_ds_job *job)
{
	struct carillon_ds_queue *q = job->q;

	lockdep_assert_held(&carillon_ds_commit_mutex);
	scoped_guard(spinlock_irqsave, &q->lock) {
		job->out = dma_fence_get(dfence_arm(job->fence));
		job->seqno = job->out->seqno;
		q->stats.queued++;
		job->state = CARILLON_DS_QUEUED;
		if (q->dead) {
			q->stats.cancelled++;
			q->stats.errors++;
			carillon_ds_cancel_locked(job, q->error);
			return;
		}
		/* From here on it keeps the entity. */
		q->num_jobs++;
		if (q->error)
			carillon_ds_cancel_locked(job, q->error);
		list_add_tail(&job->node, q->error ? &q->inflight : &q->pending);
	}
	job->armed = true;
	/* The scheduler's reference. */
	kref_get(&job->ref);
	drm_sched_job_arm(&job->sched);
}

static void carillon_ds_job_publish(struct carillon_ds_job *job)
{
	struct jobq_publish *p;

	if (job->armed)
		carillon_ds_deps_register(job);
	list_for_each_entry(p, &job->publish, node)
		p->ops->publish(p, job->out);
}

/* After this the job can end and the scheduler's reference be gone at any time. */
static void carillon_ds_job_push(struct carillon_ds_job *job)
{
	struct dfence *fence = job->fence;

	atomic_dec(&job->deps_left);
	if (job->armed) {
		drm_sched_entity_push_job(&job->sched);
		return;
	}
	/* All that were before it have signalled when the queue died. */
	job->fence = NULL;
	dfence_signal(fence, job->error);
}

/**
 * carillon_ds_commit() - &carillon_sched_ops.commit
 * @ready: what carillon_ds_job_prepare() gave
 * @num: how many
 *
 * Context: Process. Enters a dma_fence signalling critical section.
 */
void carillon_ds_commit(void **ready, unsigned int num)
{
	struct carillon_ds_job **jobs = (struct carillon_ds_job **)ready;
	unsigned int i;

	guard(dfence_signalling)();
	scoped_guard(mutex, &carillon_ds_commit_mutex) {
		for (i = 0; i < num; i++)
			carillon_ds_job_arm(jobs[i]);
		for (i = 0; i < num; i++)
			carillon_ds_job_publish(jobs[i]);
		for (i = 0; i < num; i++)
			carillon_ds_job_push(jobs[i]);
	}
	/* Those that were cancelled; the caller's references keep the queues. */
	for (i = 0; i < num; i++)
		if (READ_ONCE(jobs[i]->q->error))
			carillon_ds_run(jobs[i]->q);
}

/**
 * carillon_ds_job_has_ended() - &carillon_sched_ops.job_has_ended
 * @base: the job
 *
 * Context: Any.
 * Return: Whether the ring has reported it.
 */
bool carillon_ds_job_has_ended(struct carillon_job *base)
{
	struct carillon_ds_job *job = to_ds_job(base);

	guard(spinlock_irqsave)(&job->q->lock);
	return job->state == CARILLON_DS_DONE;
}

static bool carillon_ds_must_wait_locked(struct carillon_ds_job *job)
{
	lockdep_assert_held(&job->q->lock);
	/* Pairs with the decrement in carillon_ds_dep_fired(): dep_error is valid. */
	return job->state == CARILLON_DS_QUEUED && atomic_read_acquire(&job->deps_left);
}

/**
 * carillon_ds_job_wait_fence() - &drm_sched_backend_ops.prepare_job
 * @sched_job: job at the entity's head
 * @entity: its entity
 *
 * One fence for all dependencies, armed when the job is at the head, so that those of a
 * queue signal in order.
 *
 * Context: Process, the scheduler's worker.
 * Return: A new reference to what has to signal before the job is run, or NULL.
 */
struct dma_fence *carillon_ds_job_wait_fence(struct drm_sched_job *sched_job,
					     struct drm_sched_entity *entity)
{
	struct carillon_ds_job *job = from_drm_job(sched_job);
	struct carillon_ds_queue *q = job->q;

	guard(dfence_signalling)();
	guard(spinlock_irqsave)(&q->lock);
	if (!carillon_ds_must_wait_locked(job))
		return NULL;
	/* The scheduler asks again when it has signalled: then there's nothing left. */
	if (WARN_ON_ONCE(q->waiting || !job->wait))
		return NULL;
	q->waiting = job;
	return dma_fence_get(dfence_arm(job->wait));
}

/**
 * carillon_ds_job_run() - &drm_sched_backend_ops.run_job
 * @sched_job: job that waits for nothing and for which there is room
 *
 * The fence is there since the commit. One that was cancelled signals in its turn, or has
 * signalled already.
 *
 * Context: Process, the scheduler's worker.
 * Return: A new reference to the job's fence.
 */
struct dma_fence *carillon_ds_job_run(struct drm_sched_job *sched_job)
{
	struct carillon_ds_job *job = from_drm_job(sched_job);
	struct carillon_ds_queue *q = job->q;

	guard(dfence_signalling)();
	scoped_guard(spinlock_irqsave, &q->lock) {
		if (job->state != CARILLON_DS_QUEUED)
			break;
		if (job->cancel_on_error && job->dep_error)
			carillon_ds_cancel_locked(job, job->dep_error);
		else
			job->state = CARILLON_DS_READY;
	}
	carillon_ds_run(q);
	return dma_fence_get(job->out);
}

/**
 * carillon_ds_job_free() - &drm_sched_backend_ops.free_job
 * @sched_job: job whose fence has signalled
 *
 * Context: Process, the scheduler's worker, which drm_sched_fini() waits for.
 */
void carillon_ds_job_free(struct drm_sched_job *sched_job)
{
	struct carillon_ds_job *job = from_drm_job(sched_job);
	struct carillon_ds_queue *q = job->q;

	drm_sched_job_cleanup(sched_job);
	carillon_ds_deps_fini(job);
	scoped_guard(spinlock_irqsave, &q->lock) {
		q->num_jobs--;
		wake_up_all(&q->idle);
	}
	carillon_ds_job_put(&job->base);
}
