// SPDX-License-Identifier: GPL-2.0
/*
 * Stress: 8 threads submit groups of jobs to 64 queues, which depend on each other and
 * on foreign fences, fail, hang, lose their interrupts, are stopped, reset, killed, torn
 * down under load and replaced. What has to hold is checked where it has to
 * (stress_queue.c), and at the end nothing may be left.
 *
 * What a thread decides is a function of the seed; how the threads meet isn't.
 */

#include <linux/cleanup.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/prandom.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include <drm/drm_file.h>
#include <drm/drm_syncobj.h>

#include <kunit/test.h>

#include <dfence/dfence.h>
#include <dfence/dfence_ctx.h>

#include "stress_queue.h"

static unsigned int stress_jobs = 20000;
module_param_named(jobs, stress_jobs, uint, 0444);
MODULE_PARM_DESC(jobs, "Number of jobs (default 20000)");

static unsigned long stress_seed = 1;
module_param_named(seed, stress_seed, ulong, 0444);
MODULE_PARM_DESC(seed, "Of the random decisions; 0: another one each time (default 1)");

#define QUEUES		64
#define SUBMITTERS	8
#define FOREIGN		32
#define GROUP_MAX	8
/* Committed jobs that haven't signalled, at most. */
#define OPEN_MAX	1024
/* So many jobs are enough for everything to have happened. */
#define ALL_HAPPENS	10000

/* The latest fence of somebody else's timeline. */
struct stress_foreign {
	struct dfence_ctx *ctx;
	struct dfence *fence;
	struct dma_fence *base;
};

struct stress {
	struct kunit *test;
	struct stress_world world;
	/* Protects the slots; who takes a queue out gets a reference. */
	spinlock_t lock;
	struct stress_queue *queues[QUEUES];
	/* A file with nothing but syncobjs: one of each slot, a timeline of each submitter. */
	struct drm_file file;
	u32 binary[QUEUES];
	u32 timeline[SUBMITTERS];
	atomic64_t points[SUBMITTERS];
	/* Fences of others, each replaced by a new one when it's signalled. */
	struct mutex foreign_lock;
	struct stress_foreign foreign[FOREIGN];
	atomic_t jobs_left;
	u64 seed;
	bool end;
};

struct stress_thread {
	struct stress *stress;
	unsigned int nr;
	/* Of the last job. */
	unsigned int slot;
	struct rnd_state rnd;
	struct completion done;
};

/* A group of jobs on its way to jobq_commit(). */
struct stress_group {
	struct jobq_job *jobs[GROUP_MAX];
	unsigned int num;
	bool roll_back;
	u64 point;
};

static u32 below(struct stress_thread *t, u32 limit)
{
	return prandom_u32_state(&t->rnd) % limit;
}

static struct stress_queue *stress_get(struct stress *stress, unsigned int slot)
{
	guard(spinlock)(&stress->lock);
	jobq_get(&stress->queues[slot]->q);
	return stress->queues[slot];
}

/* Put a new queue in place of @sq and end that one, unless somebody else does. */
static void stress_replace(struct stress_thread *t, unsigned int slot,
			   struct stress_queue *sq)
{
	struct stress *stress = t->stress;
	struct stress_queue *new = stress_queue_create(&stress->world, below(t, 32));

	if (!new)
		return;
	scoped_guard(spinlock, &stress->lock)
		if (stress->queues[slot] == sq)
			swap(stress->queues[slot], new);
	stress_queue_end(new);
}

static void stress_kill(struct stress_thread *t, struct stress_queue *sq)
{
	stress_note(&t->stress->world, STRESS_KILLS);
	jobq_kill(&sq->q, -EOWNERDEAD);
}

static void stress_hold(struct stress_thread *t, struct stress_queue *sq)
{
	stress_note(&t->stress->world, STRESS_HOLDS);
	jobq_stop(&sq->q);
	usleep_range(10, 200);
	jobq_start(&sq->q);
}

static void stress_pause(struct stress_thread *t, struct stress_queue *sq)
{
	stress_note(&t->stress->world, STRESS_PAUSES);
	jobq_timeout_suspend(&sq->q);
	usleep_range(10, 200);
	jobq_timeout_resume(&sq->q);
}

/* Something that seldom happens to a queue; most often to one that is busy. */
static void stress_event(struct stress_thread *t)
{
	unsigned int slot = below(t, 4) ? t->slot : below(t, QUEUES);
	struct stress_queue *sq = stress_get(t->stress, slot);

	switch (below(t, 8)) {
	case 0:
		stress_replace(t, slot, sq);
		break;
	case 1:
		stress_kill(t, sq);
		break;
	case 2:
		/* Like the close of a file. */
		stress_kill(t, sq);
		stress_replace(t, slot, sq);
		break;
	case 3:
		stress_queue_remove(sq);
		break;
	case 4:
		stress_queue_bystander_reset(sq);
		break;
	case 5:
		stress_pause(t, sq);
		break;
	default:
		stress_hold(t, sq);
	}
	jobq_put(&sq->q);
}

/* The fence of something that was committed before, by whomever; NULL: there is none. */
static struct dma_fence *stress_find_dep(struct stress_thread *t)
{
	struct stress *stress = t->stress;
	unsigned int what = below(t, 16), who = below(t, SUBMITTERS);
	u64 point = atomic64_read(&stress->points[who]);
	struct dma_fence *fence = NULL;

	if (what < 2)
		scoped_guard(mutex, &stress->foreign_lock)
			fence = dma_fence_get(stress->foreign[below(t, FOREIGN)].base);
	else if (what == 2 && point)
		drm_syncobj_find_fence(&stress->file, stress->timeline[who], point, 0,
				       &fence);
	else
		drm_syncobj_find_fence(&stress->file, stress->binary[below(t, QUEUES)],
				       0, 0, &fence);
	return fence;
}

static int stress_add_deps(struct stress_thread *t, struct stress_job *job)
{
	unsigned int num = below(t, 4) ? below(t, 2) : below(t, STRESS_DEPS + 1);
	struct dma_fence *fence;
	int ret = 0;

	while (num-- && !ret) {
		fence = stress_find_dep(t);
		if (!fence)
			continue;
		job->deps[job->num_deps++] = fence;
		ret = jobq_job_add_dep(&job->base, dma_fence_get(fence));
	}
	return ret;
}

static int stress_add_earlier(struct stress_thread *t, struct stress_group *group,
			      struct stress_job *job)
{
	struct jobq_job *earlier;

	if (!group->num || below(t, 2))
		return 0;
	earlier = group->jobs[below(t, group->num)];
	/* Of the same queue: then the library needs no reference, and order says it all. */
	if (earlier->q != job->base.q)
		job->earlier = earlier;
	return jobq_job_add_dep_job(&job->base, earlier);
}

static int stress_add_signals(struct stress_thread *t, struct stress_group *group,
			      struct stress_job *job, unsigned int slot)
{
	struct stress *stress = t->stress;

	if (!below(t, 16) && !group->point) {
		group->point = atomic64_read(&stress->points[t->nr]) + 1;
		return jobq_job_add_signal_syncobj(&job->base, &stress->file,
						   stress->timeline[t->nr], group->point);
	}
	if (!below(t, 3))
		return jobq_job_add_signal_syncobj(&job->base, &stress->file,
						   stress->binary[slot], 0);
	return 0;
}

/* What will become of it. */
static void stress_decide_fate(struct stress_thread *t, struct stress_job *job)
{
	switch (below(t, 1200)) {
	case 0:
		job->hang = true;
		break;
	case 1 ... 20:
		job->run_error = -EIO;
		break;
	case 21 ... 40:
		job->error = -EFAULT;
		break;
	}
}

/* Returns false if the queue in that slot takes no more jobs. */
static bool stress_add_job(struct stress_thread *t, struct stress_group *group,
			   unsigned int slot)
{
	const struct jobq_job_args args = {
		.credits = below(t, 4),
		.flags = below(t, 4) ? 0 : JOBQ_JOB_DEP_ERRORS,
		.client_id = t->nr,
	};
	struct stress_queue *sq = stress_get(t->stress, slot);
	struct stress_job *job;
	int ret;

	job = stress_job_create(sq, &args, &ret);
	if (!job) {
		STRESS_CHECK(&t->stress->world, ret == jobq_error(&sq->q) || ret == -ENOMEM);
		stress_replace(t, slot, sq);
		jobq_put(&sq->q);
		return false;
	}
	stress_decide_fate(t, job);
	ret = stress_add_deps(t, job) ?: stress_add_earlier(t, group, job) ?:
	      stress_add_signals(t, group, job, slot) ?: jobq_job_prepare(&job->base);
	STRESS_CHECK(&t->stress->world, !ret);
	group->roll_back |= !!ret;
	group->jobs[group->num++] = &job->base;
	jobq_put(&sq->q);
	return true;
}

static void stress_commit(struct stress_thread *t, struct stress_group *group)
{
	struct stress_world *world = &t->stress->world;
	unsigned int i;

	wait_event(world->wq, atomic_read(&world->open) <= OPEN_MAX);
	atomic_add(group->num, &world->open);
	atomic_sub(group->num, &t->stress->jobs_left);
	atomic_long_add(group->num, &world->count[STRESS_COMMITTED]);
	jobq_commit(group->jobs, group->num);
	if (group->point)
		atomic64_set(&t->stress->points[t->nr], group->point);
	for (i = 0; i < group->num; i++)
		if (READ_ONCE(container_of(group->jobs[i]->q, struct stress_queue, q)->ended))
			stress_note(world, STRESS_LATE_COMMITS);
}

static void stress_submit(struct stress_thread *t)
{
	unsigned int num = 1 + below(t, GROUP_MAX), i;
	struct stress_group group = { };

	while (group.num < num) {
		/* Often some in a row for one queue. */
		if (below(t, 2))
			t->slot = below(t, QUEUES);
		if (!stress_add_job(t, &group, t->slot))
			num--;
	}
	/* Let the queues be killed meanwhile. */
	if (!below(t, 32))
		usleep_range(10, 300);
	group.roll_back |= !below(t, 16);
	if (!group.roll_back && group.num)
		stress_commit(t, &group);
	else
		atomic_long_add(group.num, &t->stress->world.count[STRESS_ROLLED_BACK]);
	for (i = 0; i < group.num; i++)
		jobq_job_put(group.jobs[i]);
}

static int stress_submitter(void *arg)
{
	struct stress_thread *t = arg;

	while (atomic_read(&t->stress->jobs_left) > 0) {
		stress_submit(t);
		if (!below(t, 12))
			stress_event(t);
		if (!below(t, 16))
			usleep_range(10, 100);
		cond_resched();
	}
	kthread_complete_and_exit(&t->done, 0);
}

/* Signal the fence of a timeline of others and put @next in its place. */
static void stress_foreign_next(struct stress *stress, struct stress_foreign *foreign,
				struct dfence *next, int error)
{
	struct dma_fence *base = dma_fence_get(dfence_arm(next));

	scoped_guard(mutex, &stress->foreign_lock) {
		swap(foreign->fence, next);
		swap(foreign->base, base);
	}
	dfence_signal(next, error);
	dma_fence_put(base);
}

/* Signals the fences of others, some with an error. */
static int stress_signaller(void *arg)
{
	struct stress_thread *t = arg;
	struct stress *stress = t->stress;
	struct stress_foreign *foreign;
	struct dfence *next;

	while (!READ_ONCE(stress->end)) {
		foreign = &stress->foreign[below(t, FOREIGN)];
		next = dfence_alloc(foreign->ctx, NULL, GFP_KERNEL);
		if (next)
			stress_foreign_next(stress, foreign, next,
					    below(t, 8) ? 0 : -EREMOTEIO);
		usleep_range(200, 400);
	}
	kthread_complete_and_exit(&t->done, 0);
}

static void stress_start_thread(struct stress *stress, struct stress_thread *t,
				unsigned int nr, int (*fn)(void *arg))
{
	struct task_struct *task;

	t->stress = stress;
	t->nr = nr;
	prandom_seed_state(&t->rnd, stress->seed + nr);
	init_completion(&t->done);
	task = kthread_run(fn, t, "jobq-stress/%u", nr);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(stress->test, task);
}

static u32 stress_make_syncobj(struct stress *stress)
{
	struct drm_syncobj *syncobj;
	u32 handle;

	KUNIT_ASSERT_EQ(stress->test, drm_syncobj_create(&syncobj, 0, NULL), 0);
	KUNIT_ASSERT_EQ(stress->test,
			drm_syncobj_get_handle(&stress->file, syncobj, &handle), 0);
	drm_syncobj_put(syncobj);
	return handle;
}

static void stress_make_foreign(struct stress *stress, struct stress_foreign *foreign)
{
	const struct dfence_ctx_args args = {
		.driver_name = "foreign",
		.timeline_name = "foreign",
	};

	foreign->ctx = dfence_ctx_create(&args);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(stress->test, foreign->ctx);
	foreign->fence = dfence_alloc(foreign->ctx, NULL, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(stress->test, foreign->fence);
	foreign->base = dma_fence_get(dfence_arm(foreign->fence));
}

static void stress_end_foreign(struct stress_foreign *foreign)
{
	dfence_signal(foreign->fence, 0);
	dma_fence_put(foreign->base);
	dfence_ctx_put(foreign->ctx);
}

static void stress_make_world(struct stress *stress)
{
	struct stress_world *world = &stress->world;

	world->low = OPEN_MAX / 2;
	init_waitqueue_head(&world->wq);
	world->timeout_wq = alloc_ordered_workqueue("jobq-stress", WQ_MEM_RECLAIM);
	KUNIT_ASSERT_NOT_NULL(stress->test, world->timeout_wq);
	world->run_worker = kthread_run_worker(0, "jobq-stress-run");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(stress->test, world->run_worker);
}

static struct stress *stress_make(struct kunit *test)
{
	struct stress *stress = kunit_kzalloc(test, sizeof(*stress), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, stress);
	stress->test = test;
	stress->seed = stress_seed ?: get_random_u32();
	spin_lock_init(&stress->lock);
	mutex_init(&stress->foreign_lock);
	atomic_set(&stress->jobs_left, stress_jobs);
	xa_init_flags(&stress->file.syncobj_xa, XA_FLAGS_ALLOC1);
	stress_make_world(stress);
	for (i = 0; i < QUEUES; i++) {
		stress->queues[i] = stress_queue_create(&stress->world, i);
		KUNIT_ASSERT_NOT_NULL(test, stress->queues[i]);
		stress->binary[i] = stress_make_syncobj(stress);
	}
	for (i = 0; i < SUBMITTERS; i++)
		stress->timeline[i] = stress_make_syncobj(stress);
	for (i = 0; i < FOREIGN; i++)
		stress_make_foreign(stress, &stress->foreign[i]);
	return stress;
}

/* All jobs have to end by themselves: hung ones by their timeouts. */
static void stress_wait(struct stress *stress, struct stress_thread *threads)
{
	struct stress_world *world = &stress->world;
	unsigned int i;

	for (i = 0; i < SUBMITTERS; i++)
		while (!wait_for_completion_timeout(&threads[i].done, 60 * HZ))
			pr_info("jobq-stress: %d jobs left\n",
				atomic_read(&stress->jobs_left));
	world->low = 0;
	/* Whoever has seen the old value has nobody to wake. */
	while (!wait_event_timeout(world->wq, !atomic_read(&world->open), HZ))
		;
}

static void stress_end(struct stress *stress)
{
	struct drm_syncobj *syncobj;
	unsigned long handle;
	unsigned int i;

	for (i = 0; i < QUEUES; i++)
		stress_queue_end(stress->queues[i]);
	xa_for_each(&stress->file.syncobj_xa, handle, syncobj)
		drm_syncobj_put(syncobj);
	xa_destroy(&stress->file.syncobj_xa);
	for (i = 0; i < FOREIGN; i++)
		stress_end_foreign(&stress->foreign[i]);
	kthread_destroy_worker(stress->world.run_worker);
	destroy_workqueue(stress->world.timeout_wq);
}

/* And not on how quick the machine is. */
static bool stress_depends_on_seed(enum stress_count what)
{
	switch (what) {
	case STRESS_NO_HANGS:
	case STRESS_GONE:
	case STRESS_LOST_IRQS:
	case STRESS_STOPS:
	case STRESS_FORCED_STOPS:
	case STRESS_LATE_COMMITS:
		return false;
	default:
		return true;
	}
}

static void stress_expect_sums(struct stress *stress)
{
	struct stress_world *world = &stress->world;
	struct kunit *test = stress->test;
	long count[STRESS_COUNTS];
	int i;

	for (i = 0; i < STRESS_COUNTS; i++)
		count[i] = atomic_long_read(&world->count[i]);

	KUNIT_EXPECT_NULL_MSG(test, world->broken, "%s", world->broken);
	KUNIT_EXPECT_EQ(test, count[STRESS_MADE], count[STRESS_FREED]);
	KUNIT_EXPECT_EQ(test, count[STRESS_MADE],
			count[STRESS_COMMITTED] + count[STRESS_ROLLED_BACK]);
	KUNIT_EXPECT_EQ(test, count[STRESS_COMMITTED], count[STRESS_SIGNALLED]);
	KUNIT_EXPECT_EQ(test, count[STRESS_QUEUES], count[STRESS_RELEASED]);
	KUNIT_EXPECT_EQ(test, atomic64_read(&world->total.queued), count[STRESS_COMMITTED]);
	KUNIT_EXPECT_EQ(test, atomic64_read(&world->total.queued),
			atomic64_read(&world->total.done) +
			atomic64_read(&world->total.cancelled));
	KUNIT_EXPECT_EQ(test, atomic64_read(&world->total.run), count[STRESS_RUN]);
	KUNIT_EXPECT_EQ(test, atomic64_read(&world->total.errors), count[STRESS_ERRORS]);
	KUNIT_EXPECT_EQ(test, atomic64_read(&world->total.timeouts),
			count[STRESS_RESETS] + count[STRESS_NO_HANGS] + count[STRESS_GONE]);
	for (i = 0; i < STRESS_COUNTS; i++) {
		kunit_info(test, "%-30s %ld\n", stress_names[i], count[i]);
		if (stress_jobs >= ALL_HAPPENS && stress_depends_on_seed(i))
			KUNIT_EXPECT_GT_MSG(test, count[i], 0, "%s", stress_names[i]);
	}
}

static void stress(struct kunit *test)
{
	struct stress *stress = stress_make(test);
	struct stress_thread *threads;
	ktime_t start = ktime_get();
	unsigned int i;

	threads = kunit_kcalloc(test, SUBMITTERS + 1, sizeof(*threads), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, threads);
	kunit_info(test, "%u jobs, seed %llu\n", stress_jobs, stress->seed);
	for (i = 0; i < SUBMITTERS; i++)
		stress_start_thread(stress, &threads[i], i, stress_submitter);
	stress_start_thread(stress, &threads[SUBMITTERS], SUBMITTERS, stress_signaller);

	stress_wait(stress, threads);
	WRITE_ONCE(stress->end, true);
	wait_for_completion(&threads[SUBMITTERS].done);
	stress_end(stress);
	kunit_info(test, "%u jobs, seed %llu: %lld s\n", stress_jobs, stress->seed,
		   ktime_divns(ktime_sub(ktime_get(), start), NSEC_PER_SEC));
	stress_expect_sums(stress);
}

static struct kunit_case stress_cases[] = {
	KUNIT_CASE_ATTR(stress, { .speed = KUNIT_SPEED_VERY_SLOW }),
	{}
};

static struct kunit_suite stress_suite = {
	.name = "jobq-stress",
	.test_cases = stress_cases,
};

kunit_test_suite(stress_suite);

MODULE_DESCRIPTION("Stress test of jobq");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("DFENCE");
MODULE_IMPORT_NS("JOBQ");
