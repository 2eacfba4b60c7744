// SPDX-License-Identifier: GPL-2.0
/*
 * Processes that submit jobs as fast as they can, until the device goes or time
 * is up. Then everything is checked that has to hold afterwards.
 *
 * While it lasts each process has two threads. One submits to two queues that wait
 * for each other's fences and keeps the last sync_files; the other makes VMs and
 * queues, submits to them and destroys them while jobs are on the ring.
 *
 * --gone: the run ends with an ioctl that says ENODEV. Then all other ioctls have
 * to say so, all fences have to be signalled in time, each with 0 or a plausible
 * error, and CPU mappings of buffers have to be usable.
 * --resets: somebody resets the device now and then. Queues may die of that, and are
 * made anew; their fences may signal with -ECANCELED. In the end a new queue has to
 * work. Nothing else may happen.
 * Otherwise: no ioctl may fail and all fences have to signal with 0.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <xf86drm.h>

#include "uapi/drm/carillon_drm.h"
#include "hw/carillon_hw.h"
#include "gpu.h"

#define NUM_QUEUES	2
#define QUEUE_SLOTS	16
#define NUM_FDS		32	/* sync_files that a process keeps */
#define BATCH		4	/* jobs in a submit */
#define BO_SIZE		0x10000
#define BO_VA		0x100000
#define DATA_OFFSET	0x1000
#define DELAY_NS	200000	/* so that there is always a job on a ring */

struct options {
	const char *device;
	unsigned int procs;
	unsigned int seconds;
	unsigned int signal_seconds;
	bool gone;
	bool resets;
	int ready;	/* a byte in here from each process that submits */
};

/* What one thread of a process works with. */
struct ctx {
	const struct options *opt;
	int fd;
	struct gpu_bo bo;
	int dmabuf;
	volatile uint8_t *dmabuf_map;
	uint32_t vm;
	uint32_t queues[NUM_QUEUES];
	uint32_t cmd_size;
	uint32_t timeline;
	uint64_t point;
	int fds[NUM_FDS];
	uint64_t jobs;
	unsigned int deaths;	/* of queues, that is of pairs of them */
};

static uint32_t write_commands(uint8_t *map)
{
	struct crln_cmd_fill fill = {
		.dst = BO_VA + DATA_OFFSET, .size_bytes = 4096, .pattern = 0xc0ffee,
	};
	struct crln_cmd_copy copy = {
		.dst = BO_VA + DATA_OFFSET + 4096, .src = BO_VA + DATA_OFFSET, .size_bytes = 4096,
	};
	struct crln_cmd_delay delay = { .delay_ns = DELAY_NS };
	uint32_t n = 0;

	n += put_cmd(map + n, CRLN_CMD_FILL, &fill, sizeof(fill));
	n += put_cmd(map + n, CRLN_CMD_COPY, &copy, sizeof(copy));
	n += put_cmd(map + n, CRLN_CMD_DELAY, &delay, sizeof(delay));
	return n;
}

static int make_vm(struct ctx *c, uint32_t *vm)
{
	int ret = gpu_make_vm(c->fd, vm);

	return ret ? ret : gpu_bind(c->fd, *vm, &c->bo, BO_VA);
}

/* The buffer once more, mapped as a DMA-BUF. */
static int export(struct ctx *c)
{
	void *map;

	if (drmPrimeHandleToFD(c->fd, c->bo.handle, DRM_CLOEXEC | DRM_RDWR, &c->dmabuf))
		return -errno;
	map = mmap(NULL, BO_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, c->dmabuf, 0);
	c->dmabuf_map = map;
	return map == MAP_FAILED ? -errno : 0;
}

static int setup(struct ctx *c)
{
	int ret;

	for (int i = 0; i < NUM_FDS; i++)
		c->fds[i] = -1;
	ret = gpu_make_bo(c->fd, BO_SIZE, &c->bo);
	if (ret)
		return ret;
	c->cmd_size = write_commands(c->bo.map);
	ret = export(c);
	if (!ret)
		ret = make_vm(c, &c->vm);
	for (int i = 0; i < NUM_QUEUES && !ret; i++)
		ret = gpu_make_queue(c->fd, c->vm, QUEUE_SLOTS, &c->queues[i]);
	if (!ret && drmSyncobjCreate(c->fd, 0, &c->timeline))
		ret = -errno;
	return ret;
}

/*
 * A chain of jobs over both queues: each waits for a timeline point that the one
 * before signals in the same submit; the last gives a sync_file out.
 */
static int submit_chain(struct ctx *c, int *ret_fd)
{
	struct drm_carillon_sync syncs[BATCH][3] = { 0 };
	struct drm_carillon_job jobs[BATCH] = { 0 };
	struct drm_carillon_submit sub = {
		.jobs = { .stride = sizeof(jobs[0]), .count = BATCH, .array = (uintptr_t)jobs },
	};
	uint64_t point = c->point;
	int ret;

	for (int i = 0; i < BATCH; i++) {
		struct drm_carillon_sync *s = syncs[i];
		unsigned int n = 0;

		if (point)
			s[n++] = (struct drm_carillon_sync) {
				.type = DRM_CARILLON_SYNC_TIMELINE,
				.handle = (int32_t)c->timeline, .point = point,
			};
		s[n++] = (struct drm_carillon_sync) {
			.type = DRM_CARILLON_SYNC_TIMELINE, .flags = DRM_CARILLON_SYNC_SIGNAL,
			.handle = (int32_t)c->timeline, .point = ++point,
		};
		if (i == BATCH - 1)
			s[n++] = (struct drm_carillon_sync) {
				.type = DRM_CARILLON_SYNC_FILE, .flags = DRM_CARILLON_SYNC_SIGNAL,
				.handle = -1,
			};
		jobs[i] = (struct drm_carillon_job) {
			.queue_id = c->queues[i % NUM_QUEUES], .cmd_va = BO_VA,
			.cmd_size = c->cmd_size,
			.syncs = { .stride = sizeof(s[0]), .count = n, .array = (uintptr_t)s },
		};
	}

	ret = xioctl(c->fd, DRM_IOCTL_CARILLON_SUBMIT, &sub);
	if (ret)
		return ret;
	c->point = point;
	c->jobs += BATCH;
	*ret_fd = syncs[BATCH - 1][BATCH > 1 || point > 1 ? 2 : 1].handle;
	return 0;
}

static int submit_one(struct ctx *c, uint32_t queue, int *ret_fd)
{
	struct drm_carillon_sync sync = {
		.type = DRM_CARILLON_SYNC_FILE, .flags = DRM_CARILLON_SYNC_SIGNAL, .handle = -1,
	};
	struct drm_carillon_job job = {
		.queue_id = queue, .cmd_va = BO_VA, .cmd_size = c->cmd_size,
		.syncs = { .stride = sizeof(sync), .count = 1, .array = (uintptr_t)&sync },
	};
	struct drm_carillon_submit sub = {
		.jobs = { .stride = sizeof(job), .count = 1, .array = (uintptr_t)&job },
	};
	int ret = xioctl(c->fd, DRM_IOCTL_CARILLON_SUBMIT, &sub);

	*ret_fd = sync.handle;
	return ret;
}

/* A status that a fence may have when the device has gone, or the queue. */
static bool status_plausible(const struct options *opt, int status, bool destroyed)
{
	if (status == 1)
		return true;
	if ((destroyed || opt->resets) && status == -ECANCELED)
		return true;
	return opt->gone && (status == -ENODEV || status == -ECANCELED);
}

static int check_fence(const struct ctx *c, int fd, bool destroyed)
{
	int status = wait_fence(fd, c->opt->signal_seconds * 1000);

	if (status_plausible(c->opt, status, destroyed))
		return 0;
	printf("# pid %d: a fence has status %d\n", getpid(), status);
	return 1;
}

/* A queue that died in a reset takes no more jobs. */
static int replace_queues(struct ctx *c)
{
	int ret = 0;

	c->deaths++;
	for (int i = 0; i < NUM_QUEUES && !ret; i++) {
		struct drm_carillon_queue_destroy qd = { .id = c->queues[i] };

		ret = xioctl(c->fd, DRM_IOCTL_CARILLON_QUEUE_DESTROY, &qd);
		if (!ret)
			ret = gpu_make_queue(c->fd, c->vm, QUEUE_SLOTS, &c->queues[i]);
	}
	return ret;
}

/* Until an ioctl fails, or time is up. */
static int storm(struct ctx *c, uint64_t end_ms)
{
	unsigned int n = 0;
	int ret, fd;

	while (now_ms() < end_ms) {
		ret = submit_chain(c, &fd);
		if (ret == -EIO && c->opt->resets) {
			ret = replace_queues(c);
			if (!ret)
				continue;
		}
		if (ret)
			return ret;
		if (c->fds[n] >= 0) {
			if (check_fence(c, c->fds[n], false))
				return -EPROTO;
			close(c->fds[n]);
		}
		c->fds[n] = fd;
		n = (n + 1) % NUM_FDS;
	}
	return 0;
}

static int churn_once(struct ctx *c)
{
	struct drm_carillon_queue_destroy qd = { 0 };
	struct drm_carillon_vm_destroy vd = { 0 };
	int ret, fds[4], num = 0, bad = 0;
	uint32_t vm, queue;

	ret = make_vm(c, &vm);
	if (ret)
		return ret;
	ret = gpu_make_queue(c->fd, vm, QUEUE_SLOTS, &queue);
	vd.id = vm;
	if (!ret)
		ret = xioctl(c->fd, DRM_IOCTL_CARILLON_VM_DESTROY, &vd);
	for (; num < 4 && !ret; num++) {
		ret = submit_one(c, queue, &fds[num]);
		if (ret)
			break;
	}
	if (ret == -EIO && c->opt->resets)
		ret = 0;
	qd.id = queue;
	if (!ret)
		ret = xioctl(c->fd, DRM_IOCTL_CARILLON_QUEUE_DESTROY, &qd);
	while (num--) {
		bad |= check_fence(c, fds[num], true);
		close(fds[num]);
	}
	return bad ? -EPROTO : ret;
}

static void *churn(void *arg)
{
	struct ctx *c = arg;
	uint64_t end_ms = now_ms() + c->opt->seconds * 1000ull;
	int ret = 0;

	while (!ret && now_ms() < end_ms)
		ret = churn_once(c);
	return (void *)(intptr_t)ret;
}

/* All of them, with arguments that would be good or bad otherwise. */
static int check_all_enodev(struct ctx *c)
{
	struct drm_carillon_query query = { 0 };
	struct drm_carillon_bo_create bo = { .size = 4096 };
	struct drm_carillon_bo_mmap_offset offset = { .handle = c->bo.handle };
	struct drm_carillon_vm_create vc = { 0 };
	struct drm_carillon_vm_destroy vd = { .id = c->vm };
	struct drm_carillon_queue_create qc = { .vm_id = c->vm };
	struct drm_carillon_queue_destroy qd = { .id = c->queues[0] };
	struct drm_carillon_queue_get_state qs = { .id = c->queues[0] };
	const struct {
		const char *name;
		unsigned long req;
		void *arg;
	} ioctls[] = {
		{ "query", DRM_IOCTL_CARILLON_QUERY, &query },
		{ "bo_create", DRM_IOCTL_CARILLON_BO_CREATE, &bo },
		{ "bo_mmap_offset", DRM_IOCTL_CARILLON_BO_MMAP_OFFSET, &offset },
		{ "vm_create", DRM_IOCTL_CARILLON_VM_CREATE, &vc },
		{ "queue_create", DRM_IOCTL_CARILLON_QUEUE_CREATE, &qc },
		{ "queue_get_state", DRM_IOCTL_CARILLON_QUEUE_GET_STATE, &qs },
		{ "queue_destroy", DRM_IOCTL_CARILLON_QUEUE_DESTROY, &qd },
		{ "vm_destroy", DRM_IOCTL_CARILLON_VM_DESTROY, &vd },
	};
	int bad = 0, fd;

	for (size_t i = 0; i < sizeof(ioctls) / sizeof(ioctls[0]); i++) {
		int ret = xioctl(c->fd, ioctls[i].req, ioctls[i].arg);

		if (ret != -ENODEV)
			bad |= fail(ioctls[i].name, -ret);
	}
	if (submit_one(c, c->queues[0], &fd) != -ENODEV)
		bad |= fail("submit", EPROTO);
	if (gpu_bind(c->fd, c->vm, &c->bo, BO_VA) != -ENODEV)
		bad |= fail("vm_bind", EPROTO);
	return bad;
}

/* Both ways to the memory are open, and lead to the same. */
static int check_mapping(struct ctx *c)
{
	volatile uint8_t *map = c->bo.map;

	map[BO_SIZE - 1]++;
	return map[BO_SIZE - 1] == c->dmabuf_map[BO_SIZE - 1] ? 0 : fail("mapping", EIO);
}

static int try_new_queue(struct ctx *c)
{
	struct drm_carillon_queue_destroy qd = { 0 };
	int ret, fd;

	ret = gpu_make_queue(c->fd, c->vm, QUEUE_SLOTS, &qd.id);
	if (ret)
		return ret;
	ret = submit_one(c, qd.id, &fd);
	if (!ret) {
		ret = wait_fence(fd, c->opt->signal_seconds * 1000);
		close(fd);
	}
	xioctl(c->fd, DRM_IOCTL_CARILLON_QUEUE_DESTROY, &qd);
	return ret;
}

/* Whatever became of the queues, a new one works, unless it's reset, too. */
static int check_new_queue(struct ctx *c)
{
	uint64_t end_ms = now_ms() + c->opt->signal_seconds * 1000ull;
	int ret;

	do {
		ret = try_new_queue(c);
	} while ((ret == -EIO || ret == -ECANCELED) && now_ms() < end_ms);
	return ret == 1 ? 0 : fail("new queue", -ret);
}

static int check_after(struct ctx *c)
{
	int bad = 0;

	for (int i = 0; i < NUM_FDS; i++) {
		if (c->fds[i] < 0)
			continue;
		bad |= check_fence(c, c->fds[i], false);
		close(c->fds[i]);
	}
	bad |= check_mapping(c);
	if (c->opt->gone)
		bad |= check_all_enodev(c);
	if (c->opt->resets)
		bad |= check_new_queue(c);
	return bad;
}

static int process(const struct options *opt)
{
	struct ctx c = { .opt = opt }, churner;
	uint64_t end_ms = now_ms() + opt->seconds * 1000ull;
	int want = opt->gone ? -ENODEV : 0;
	pthread_t thread;
	void *churn_ret;
	int ret, bad = 0;

	c.fd = open(opt->device, O_RDWR | O_CLOEXEC);
	if (c.fd < 0)
		return fail(opt->device, errno);
	ret = setup(&c);
	if (ret)
		return fail("setup", -ret);
	if (write(opt->ready, "", 1) != 1)
		return fail("ready", errno);
	churner = c;
	if (pthread_create(&thread, NULL, churn, &churner))
		return fail("thread", EAGAIN);

	close(opt->ready);
	ret = storm(&c, end_ms);
	pthread_join(thread, &churn_ret);
	if (ret != want)
		bad |= fail("storm ended with", -ret);
	if ((intptr_t)churn_ret != want)
		bad |= fail("churn ended with", (int)-(intptr_t)churn_ret);
	bad |= check_after(&c);
	printf("# pid %d: %" PRIu64 " jobs, %u times new queues\n", getpid(), c.jobs, c.deaths);
	close(c.fd);
	/* Nothing of the driver is behind it any more, but it can be touched. */
	return bad | check_mapping(&c);
}

/* Says "storm" when all processes submit, or one has given up. */
static void announce(int fd, unsigned int procs)
{
	char byte;

	while (procs && read(fd, &byte, 1) == 1)
		procs--;
	printf("# storm\n");
	fflush(stdout);
}

static int run(struct options *opt)
{
	int status, bad = 0, ready[2];

	if (pipe(ready))
		return fail("pipe", errno);
	opt->ready = ready[1];
	fflush(stdout);
	for (unsigned int i = 0; i < opt->procs; i++) {
		pid_t pid = fork();

		if (pid < 0)
			return fail("fork", errno);
		if (!pid) {
			bad = process(opt);
			fflush(stdout);
			_exit(bad);
		}
	}
	close(ready[1]);
	announce(ready[0], opt->procs);
	while (wait(&status) > 0)
		if (!WIFEXITED(status) || WEXITSTATUS(status))
			bad = 1;
	return bad;
}

static void usage(void)
{
	fprintf(stderr, "usage: carillon_storm [--gone | --resets] [--procs N] [--seconds S] [--signal-seconds S] DEVICE\n");
	exit(2);
}

int main(int argc, char **argv)
{
	struct options opt = { .procs = 4, .seconds = 5, .signal_seconds = 60 };
	int i;

	for (i = 1; i < argc && !strncmp(argv[i], "--", 2); i++) {
		unsigned int *num = NULL;

		if (!strcmp(argv[i], "--gone"))
			opt.gone = true;
		else if (!strcmp(argv[i], "--resets"))
			opt.resets = true;
		else if (!strcmp(argv[i], "--procs"))
			num = &opt.procs;
		else if (!strcmp(argv[i], "--seconds"))
			num = &opt.seconds;
		else if (!strcmp(argv[i], "--signal-seconds"))
			num = &opt.signal_seconds;
		else
			usage();
		if (num && ++i < argc)
			*num = (unsigned int)atoi(argv[i]);
	}
	if (i != argc - 1)
		usage();
	opt.device = argv[i];
	return run(&opt);
}
