// SPDX-License-Identifier: GPL-2.0
/*
 * A process that uses the device while that is taken away.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "uapi/drm/carillon_drm.h"
#include "hw/carillon_hw.h"
#include "emulator.h"
#include "event.h"
#include "step.h"
#include "victim.h"

#define DELAY_VA	0x400000ull
#define DELAY_NS	600000000000ull	/* nobody waits until that is over */
#define DELAY_SIZE	0x1000
#define SIGNAL_MS	60000

/* A job of that delay, on the first queue. */
static int submit_delay(struct victim *v, int *ret_fd)
{
	struct crln_cmd_delay delay = { .delay_ns = DELAY_NS };
	struct drm_carillon_sync sync = {
		.type = DRM_CARILLON_SYNC_FILE, .flags = DRM_CARILLON_SYNC_SIGNAL, .handle = -1,
	};
	struct drm_carillon_job job = {
		.queue_id = v->client.queues[0], .cmd_va = DELAY_VA,
		.cmd_size = put_cmd(v->bo.map, CRLN_CMD_DELAY, &delay, sizeof(delay)),
		.syncs = { .stride = sizeof(sync), .count = 1, .array = (uintptr_t)&sync },
	};
	struct drm_carillon_submit sub = {
		.jobs = { .stride = sizeof(job), .count = 1, .array = (uintptr_t)&job },
	};
	int ret = xioctl(v->client.fd, DRM_IOCTL_CARILLON_SUBMIT, &sub);

	*ret_fd = (int)sync.handle;
	return ret;
}

/* One job runs, some are behind it on its ring, one of another queue waits for it. */
static int start_jobs(struct victim *v)
{
	/* It does nothing, but tells when the job begins. */
	int ret = emu_control(v->control, "slow ring=* job=* ns=1");

	if (!ret)
		ret = submit_delay(v, &v->jobs[0]);
	if (!ret)
		ret = emulator_wait_fired(v->control);
	if (!ret)
		ret = client_submit(&v->client, 0, -1, v->jobs + 1, VICTIM_JOBS - 2);
	if (!ret)
		ret = client_submit(&v->client, 2, v->jobs[0], v->jobs + VICTIM_JOBS - 1, 1);
	return ret;
}

static int prepare(struct victim *v)
{
	int ret = client_open(&v->client, v->node);

	if (!ret)
		ret = gpu_make_bo(v->client.fd, DELAY_SIZE, &v->bo);
	if (!ret)
		ret = gpu_bind(v->client.fd, v->client.vm, &v->bo, DELAY_VA);
	if (!ret)
		ret = start_jobs(v);
	if (!ret && v->step->prepare)
		ret = v->step->prepare(v);
	return ret;
}

/* What a call may say when the device is taken away in the middle of it. */
static bool check_step(const struct victim *v, int ret)
{
	bool ok = !ret;

	if (ret == -ENODEV)
		ok = v->step->probing ? v->event->dies : !v->event->stays;
	/* Of queue_create and query, which need the device. */
	if (ret == -EAGAIN)
		ok = v->event->stays;
	if (!ok)
		printf("# the step says: %s\n", strerror(-ret));
	return ok;
}

static bool check_fence(const char *what, int fd, const int *allowed, unsigned int num)
{
	int status = wait_fence(fd, SIGNAL_MS);

	for (unsigned int i = 0; i < num; i++)
		if (status == allowed[i])
			return true;
	printf("# %s: status %d\n", what, status);
	return false;
}

/* Those that can't have ended by themselves. */
static bool check_jobs(const struct victim *v)
{
	bool closed = v->client.fd < 0;
	int lost[] = { v->event->stays ? -ECANCELED : -ENODEV, -ECANCELED };
	/*
	 * What it waited for ends with an error, which is nothing to it: it runs if its queue
	 * is still there, which is stopped a moment after the other one, on a device that is.
	 */
	int waiter[] = { v->event->stays ? 1 : -ENODEV, v->event->dies ? -ENODEV : 1, -ECANCELED };
	bool ok = true;

	for (int i = 0; i < VICTIM_JOBS - 1; i++)
		ok &= check_fence("a job on its ring", v->jobs[i], lost, closed ? 2 : 1);
	return check_fence("a job that waited", v->jobs[VICTIM_JOBS - 1], waiter,
			   closed ? 3 : 2) && ok;
}

static bool check_own(const struct victim *v)
{
	int allowed[] = { 1, v->event->stays ? -ECANCELED : -ENODEV, -ETIME };

	if (v->fence < 0)
		return true;
	if (!strcmp(v->step->name, "flight"))
		return check_fence("the job that stays", v->fence, allowed + 1, 1);
	if (!strcmp(v->step->name, "timeout"))
		return check_fence("the job that hangs", v->fence, allowed + 1, 2);
	return check_fence("the step's job", v->fence, allowed, 2);
}

/* Whatever is asked of a device that has gone, even if it's nonsense. */
static bool check_ioctls(int fd)
{
	union {
		struct drm_carillon_query query;
		struct drm_carillon_bo_create bo_create;
		struct drm_carillon_bo_mmap_offset mmap_offset;
		struct drm_carillon_vm_create vm_create;
		struct drm_carillon_vm_destroy vm_destroy;
		struct drm_carillon_queue_create queue_create;
		struct drm_carillon_queue_destroy queue_destroy;
		struct drm_carillon_queue_get_state get_state;
		struct drm_carillon_queue_mmap_offset queue_mmap_offset;
	} arg;
	static const unsigned long requests[] = {
		DRM_IOCTL_CARILLON_QUERY, DRM_IOCTL_CARILLON_BO_CREATE,
		DRM_IOCTL_CARILLON_BO_MMAP_OFFSET, DRM_IOCTL_CARILLON_VM_CREATE,
		DRM_IOCTL_CARILLON_VM_DESTROY, DRM_IOCTL_CARILLON_QUEUE_CREATE,
		DRM_IOCTL_CARILLON_QUEUE_DESTROY, DRM_IOCTL_CARILLON_QUEUE_GET_STATE,
		DRM_IOCTL_CARILLON_QUEUE_MMAP_OFFSET,
	};
	bool ok = true;

	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		int ret;

		memset(&arg, 0, sizeof(arg));
		ret = xioctl(fd, requests[i], &arg);
		if (ret == -ENODEV)
			continue;
		printf("# ioctl %#lx says: %s\n", requests[i], strerror(-ret));
		ok = false;
	}
	return ok;
}

/* Those that look at what they were given first, so it has to be right. */
static bool check_arrays(struct victim *v)
{
	int fd, bind = gpu_bind(v->client.fd, v->client.vm, &v->bo, DELAY_VA);
	int submit = client_submit(&v->client, 2, -1, &fd, 1);

	if (bind == -ENODEV && submit == -ENODEV)
		return true;
	printf("# bind says %s, submit says %s\n", strerror(-bind), strerror(-submit));
	return false;
}

/* It goes on: what has no job on a ring hasn't lost anything. */
static bool check_goes_on(struct victim *v)
{
	int one = 1, fd;
	int ret = client_submit(&v->client, 2, -1, &fd, 1);

	if (ret)
		return !fail("submit after a reset", -ret);
	return check_fence("a job after a reset", fd, &one, 1);
}

/* Zeroes, or all ones of a device that is gone while its driver is still there. */
static bool check_doorbell(const struct victim *v)
{
	uint32_t val = *v->doorbell;

	if (!val || (v->event->dies && val == UINT32_MAX))
		return true;
	printf("# the doorbell reads %#x\n", val);
	return false;
}

static bool check_files(struct victim *v)
{
	bool ok = true;

	if (v->client.fd >= 0)
		ok = v->event->stays ? check_goes_on(v) :
				       check_ioctls(v->client.fd) & check_arrays(v);
	if (v->extra >= 0 && !v->event->stays)
		ok &= check_ioctls(v->extra);
	if (v->doorbell)
		ok &= check_doorbell(v);
	/* Buffers are mere memory then; touching them is safe. */
	if (v->bo.map)
		v->bo.map[v->bo.size - 1]++;
	return ok;
}

static bool check(struct victim *v)
{
	bool ok;

	if (v->step->probing)
		return true;
	ok = check_jobs(v);
	ok &= check_own(v);
	return check_files(v) && ok;
}

static void say(int fd, bool ok)
{
	fflush(stdout);
	if (write(fd, ok ? "y" : "n", 1) != 1)
		_exit(1);
}

static void wait_for_go(int fd)
{
	char byte;

	if (read(fd, &byte, 1) != 1)
		_exit(1);
}

/* Spins, if it's held where it can't sleep, on a CPU of which nobody else is in need. */
static void settle_down(void)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(1, &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
	prctl(PR_SET_NAME, VICTIM_COMM);
}

static void live(struct victim *v, int to, int from)
{
	int ret = 0;

	settle_down();
	if (!v->step->probing)
		ret = prepare(v);
	if (ret)
		fail("preparing", -ret);
	say(to, !ret);
	wait_for_go(from);
	say(to, check_step(v, v->step->run(v)));
	wait_for_go(from);
	say(to, check(v));
	wait_for_go(from);
	if (v->extra >= 0)
		close(v->extra);
	if (v->client.fd >= 0)
		client_close(&v->client);
	say(to, true);
	_exit(0);
}

int victim_start(struct victim_process *p, const struct step *step, const struct event *event,
		 const char *node, int control)
{
	struct victim v = {
		.step = step, .event = event, .node = node, .client.fd = -1,
		.control = control, .fence = -1, .extra = -1,
	};
	int to[2], from[2];

	if (pipe(to) || pipe(from))
		return -errno;
	fflush(stdout);
	p->pid = fork();
	if (p->pid < 0)
		return -errno;
	if (!p->pid) {
		close(to[1]);
		close(from[0]);
		live(&v, from[1], to[0]);
	}
	close(to[0]);
	close(from[1]);
	p->to = to[1];
	p->from = from[0];
	return 0;
}

void victim_go(struct victim_process *p)
{
	/* One that has died says so by victim_wait(). */
	if (write(p->to, "g", 1) != 1)
		fail("victim", errno);
}

bool victim_wait(struct victim_process *p)
{
	char byte;

	if (read(p->from, &byte, 1) != 1)
		return !fail("the process", ESRCH);
	return byte == 'y';
}

bool victim_end(struct victim_process *p)
{
	int status = -1;

	close(p->to);
	close(p->from);
	return waitpid(p->pid, &status, 0) == p->pid && !status;
}
