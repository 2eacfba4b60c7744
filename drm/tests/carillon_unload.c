// SPDX-License-Identifier: GPL-2.0
/*
 * The driver goes, with every module of ours, while a process has many of its
 * sync_files: of jobs that were done, that failed, that were waiting, and merged ones.
 * Everything that can be done with a sync_file is done afterwards. Then the same while
 * threads are at it all the time. TAP on stdout.
 *
 * usage: carillon_unload [--files N] [--rounds N] DEVICE CONTROL-PORT
 *
 * $KDIR is the folder with the modules.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"
#include "dmabuf.h"
#include "gpu.h"
#include "held.h"
#include "modules.h"
#include "syncfile.h"
#include "watch.h"

#define FILES_MIN	80	/* so that each queue has several jobs that wait */
#define FILES_MAX	20000
#define KEPT		10	/* of each kind, until the modules are back */
#define BUFFERS		10	/* of another driver, with the fences of those */
#define FDS_MAX		200	/* in a message: SCM_MAX_FD is 253 */
#define SIGNAL_MS	60000
#define NODE_MS		20000
#define JOB_TIMEOUT_MS	"600000"	/* a job that hangs has to hang until the driver goes */

struct test {
	const char *device;
	unsigned int files;
	unsigned int rounds;
	struct held_source source;
	struct held *held;
	unsigned int num;	/* of @held that are open */
	int sw_sync;		/* a timeline of another driver, or -1 */
	int buffers[BUFFERS];	/* each with the fence of the held file of that number */
};

static bool check_all(const struct test *t, enum held_stage stage)
{
	bool ok = true;

	for (unsigned int i = 0; i < t->num && ok; i++)
		ok = held_check(&t->held[i], stage);
	return ok;
}

static bool good(const char *what, int ret)
{
	return ret < 0 ? !fail(what, -ret) : true;
}

/* Not all kernels have it. After the queues, for the order of contexts. */
static void make_foreign(struct test *t)
{
	t->sw_sync = sw_sync_open();
	t->source.foreign = t->sw_sync < 0 ? -1 : sw_sync_fence(t->sw_sync, 1);
}

/* A buffer waits for what the fence waits for. */
static bool check_buffers(const struct test *t, enum held_stage stage)
{
	for (unsigned int i = 0; i < BUFFERS; i++)
		if (sync_poll(t->buffers[i], 0) != !!held_status(&t->held[i], stage))
			return !fail("poll of a buffer", EPROTO);
	return true;
}

static bool make_buffers(struct test *t)
{
	bool ok = true;

	for (unsigned int i = 0; i < BUFFERS && ok; i++) {
		t->buffers[i] = dmabuf_create();
		ok = good("udmabuf", t->buffers[i]) &&
		     good("DMA_BUF_IOCTL_IMPORT_SYNC_FILE",
			  dmabuf_put_fence(t->buffers[i], t->held[i].fd));
	}
	return ok && check_buffers(t, HELD_BEFORE);
}

static bool test_make(struct test *t)
{
	unsigned int count[HELD_KINDS] = { 0 };

	if (!good("open", client_open(&t->source.closed, t->device)) ||
	    !good("open", client_open(&t->source.unbound, t->device)))
		return false;
	make_foreign(t);
	if (!good("make", held_make(&t->source, t->held, t->files)))
		return false;
	t->num = t->files;
	for (unsigned int i = 0; i < t->num; i++)
		count[t->held[i].kind]++;
	for (int i = 0; i < HELD_KINDS; i++)
		printf("# %u %s\n", count[i], held_kind_names[i]);
	return check_all(t, HELD_BEFORE) && make_buffers(t);
}

/* One DRM file is closed under its jobs, the device is unbound under the other's. */
static bool test_remove(struct test *t)
{
	client_close(&t->source.closed);
	for (unsigned int i = 0; i < t->num; i++)
		if (t->held[i].kind == HELD_CANCELLED && !sync_poll(t->held[i].fd, SIGNAL_MS))
			return !fail("a fence of the closed file", ETIMEDOUT);
	if (!modules_unbind())
		return false;
	client_close(&t->source.unbound);
	return modules_remove();
}

static bool test_describe(struct test *t)
{
	return check_all(t, HELD_AFTER);
}

/* All at once: what the other driver's fences keep waiting waits for a while. */
static bool test_poll(struct test *t)
{
	struct pollfd *p = calloc(t->num, sizeof(*p));
	unsigned int want = 0, waiting = 0;
	bool ok;

	for (unsigned int i = 0; i < t->num; i++) {
		p[i] = (struct pollfd) { .fd = t->held[i].fd, .events = POLLIN };
		if (held_status(&t->held[i], HELD_AFTER))
			want++;
		else
			p[waiting++] = p[i];
	}
	/* poll() takes those in front, then all. */
	ok = !waiting || poll(p, waiting, 200) == 0;
	for (unsigned int i = 0; i < t->num; i++)
		p[i] = (struct pollfd) { .fd = t->held[i].fd, .events = POLLIN };
	ok = ok && poll(p, t->num, SIGNAL_MS) == (int)want;
	free(p);
	printf("# %u readable, %u not\n", want, waiting);
	return ok;
}

static bool test_deadline(struct test *t)
{
	bool ok = true;

	for (unsigned int i = 0; i < t->num && ok; i++)
		ok = good("SYNC_IOC_SET_DEADLINE",
			  sync_deadline(t->held[i].fd, now_ms() * 1000000));
	return ok;
}

/*
 * The kernel leaves out what has signalled, with its error. If nothing is left it
 * makes up a fence that has signalled when the last of them did.
 */
static bool check_merged(const struct held *a, const struct held *b, int fd)
{
	bool waits = !held_status(a, HELD_AFTER) || !held_status(b, HELD_AFTER);
	struct sync_desc of_a, of_b, desc;
	uint64_t last = 0;

	if (sync_describe(fd, &desc) || sync_describe(a->fd, &of_a) || sync_describe(b->fd, &of_b))
		return !fail("SYNC_IOC_FILE_INFO", errno);
	for (unsigned int i = 0; i < of_a.num; i++)
		if (of_a.members[i].timestamp_ns > last)
			last = of_a.members[i].timestamp_ns;
	for (unsigned int i = 0; i < of_b.num; i++)
		if (of_b.members[i].timestamp_ns > last)
			last = of_b.members[i].timestamp_ns;
	if (desc.num == 1 && desc.status == !waits && sync_poll(fd, 0) == !waits &&
	    !strcmp(desc.name, "late") &&
	    !strcmp(desc.members[0].driver_name, waits ? "sw_sync" : SYNC_GONE_DRIVER) &&
	    desc.members[0].timestamp_ns == (waits ? 0 : last))
		return true;
	printf("# \"%s\" of %u fences, status %d, the first of %s, time %" PRIu64 "\n", desc.name,
	       desc.num, desc.status, desc.members[0].driver_name,
	       (uint64_t)desc.members[0].timestamp_ns);
	return false;
}

static bool test_merge(struct test *t)
{
	bool ok = true;

	for (unsigned int i = 0; i < t->num && ok; i++) {
		const struct held *a = &t->held[i], *b = &t->held[(i * 7 + 3) % t->num];
		int fd = sync_merge(a->fd, b->fd, "late");

		ok = good("SYNC_IOC_MERGE", fd) && check_merged(a, b, fd);
		close(fd);
	}
	return ok;
}

/* A buffer keeps what is merged as its members, and gives out those that wait. */
static bool test_buffers(struct test *t)
{
	bool ok = check_buffers(t, HELD_AFTER);

	for (unsigned int i = 0; i < BUFFERS && ok; i++) {
		int want = held_status(&t->held[i], HELD_AFTER) ? 1 : 0;
		int fd = dmabuf_get_fence(t->buffers[i]);
		struct sync_desc desc;

		ok = good("DMA_BUF_IOCTL_EXPORT_SYNC_FILE", fd) && !sync_describe(fd, &desc) &&
		     (desc.status == want || !fail("status of a buffer's fence", EPROTO));
		close(fd);
	}
	return ok;
}

/* The last fence that some of the merged ones wait for. */
static bool test_foreign(struct test *t)
{
	return good("SW_SYNC_IOC_INC", sw_sync_advance(t->sw_sync, 1)) &&
	       check_all(t, HELD_OVER) && check_buffers(t, HELD_OVER);
}

static bool send_fds(int sock, const struct held *held, unsigned int num)
{
	union {
		char buf[CMSG_SPACE(FDS_MAX * sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec byte = { .iov_base = "", .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &byte, .msg_iovlen = 1, .msg_control = control.buf,
		.msg_controllen = CMSG_SPACE(num * sizeof(int)),
	};
	struct cmsghdr *head = CMSG_FIRSTHDR(&msg);
	int fds[FDS_MAX];

	for (unsigned int i = 0; i < num; i++)
		fds[i] = held[i].fd;
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(num * sizeof(int));
	memcpy(CMSG_DATA(head), fds, num * sizeof(int));
	return sendmsg(sock, &msg, 0) == 1 || !fail("sendmsg", errno);
}

static bool receive_fds(int sock, struct held *held, unsigned int num)
{
	union {
		char buf[CMSG_SPACE(FDS_MAX * sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	char byte;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.buf,
		.msg_controllen = sizeof(control.buf),
	};
	int fds[FDS_MAX];

	if (recvmsg(sock, &msg, MSG_CMSG_CLOEXEC) != 1 || (msg.msg_flags & MSG_CTRUNC) ||
	    msg.msg_controllen != CMSG_SPACE(num * sizeof(int)))
		return !fail("recvmsg", errno);
	memcpy(fds, CMSG_DATA(CMSG_FIRSTHDR(&msg)), num * sizeof(int));
	for (unsigned int i = 0; i < num; i++)
		held[i].fd = fds[i];
	return true;
}

/* Closes what it has by birth, so that the received ones are the last. */
static void receiver(struct test *t, int sock, unsigned int num)
{
	bool ok;

	for (unsigned int i = 0; i < t->num; i++)
		close(t->held[i].fd);
	ok = write(sock, "", 1) == 1;
	for (unsigned int i = 0; i < num && ok; i += FDS_MAX)
		ok = receive_fds(sock, t->held + i, num - i < FDS_MAX ? num - i : FDS_MAX);
	t->num = num;
	ok = ok && check_all(t, HELD_OVER);
	fflush(stdout);
	_exit(!ok);
}

/* Half of them go to another process, which looks at them and ends with them. */
static bool test_send(struct test *t)
{
	unsigned int num = t->num / 2;
	bool ok = true;
	int pair[2], status = -1;
	char byte;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		return !fail("socketpair", errno);
	fflush(stdout);
	pid = fork();
	if (pid < 0)
		return !fail("fork", errno);
	if (!pid) {
		close(pair[0]);
		receiver(t, pair[1], num);
	}
	close(pair[1]);
	ok = read(pair[0], &byte, 1) == 1;
	for (unsigned int i = 0; i < num && ok; i += FDS_MAX) {
		unsigned int n = num - i < FDS_MAX ? num - i : FDS_MAX;

		ok = send_fds(pair[0], t->held + i, n);
	}
	close(pair[0]);
	return waitpid(pid, &status, 0) == pid && !status && ok;
}

struct closer {
	struct held *held;
	unsigned int num;
	unsigned int seed;
};

/* In an order of chance. */
static void *close_all(void *arg)
{
	struct closer *c = arg;
	intptr_t bad = 0;

	for (unsigned int n = c->num; n; n--) {
		unsigned int i = (unsigned int)rand_r(&c->seed) % n;

		bad |= close(c->held[i].fd);
		c->held[i] = c->held[n - 1];
	}
	return (void *)bad;
}

static bool test_close(struct test *t)
{
	struct closer closers[2];
	unsigned int left = t->num - KEPT;
	pthread_t threads[2];
	bool ok = true;
	void *bad;

	closers[0] = (struct closer) { t->held + KEPT, left / 2, 1 };
	closers[1] = (struct closer) { t->held + KEPT + left / 2, left - left / 2, 2 };
	for (int i = 0; i < 2; i++)
		if (pthread_create(&threads[i], NULL, close_all, &closers[i]))
			return !fail("thread", EAGAIN);
	for (int i = 0; i < 2; i++) {
		pthread_join(threads[i], &bad);
		ok &= !bad;
	}
	t->num = KEPT;
	return ok && check_all(t, HELD_OVER);
}

static bool load(const struct test *t)
{
	uint64_t end_ms = now_ms() + NODE_MS;

	if (!modules_load("job_timeout_ms=" JOB_TIMEOUT_MS))
		return false;
	while (access(t->device, R_OK | W_OK)) {
		if (now_ms() > end_ms)
			return !fail(t->device, ETIMEDOUT);
		usleep(10000);
	}
	return good("control", emu_control(t->source.control, "clear"));
}

/* To jobs of the new driver the old one's fences are like any others. */
static bool test_load(struct test *t)
{
	struct client client;
	bool ok;

	if (!load(t))
		return false;
	ok = good("open", client_open(&client, t->device));
	for (unsigned int i = 0; i < t->num && ok; i++) {
		int fd, merged = -1;

		ok = good("submit", client_submit(&client, i % CLIENT_QUEUES, t->held[i].fd, &fd, 1));
		if (!ok)
			break;
		merged = sync_merge(t->held[i].fd, fd, "old and new");
		ok = good("SYNC_IOC_MERGE", merged) && wait_fence(fd, SIGNAL_MS) == 1 &&
		     wait_fence(merged, SIGNAL_MS) == 1;
		close(merged);
		close(fd);
	}
	client_close(&client);
	ok = ok && check_all(t, HELD_OVER);
	for (unsigned int i = 0; i < t->num; i++)
		close(t->held[i].fd);
	t->num = 0;
	for (unsigned int i = 0; i < BUFFERS; i++)
		close(t->buffers[i]);
	return ok;
}

/* @round even: the file is closed first; odd: the device is unbound first. */
static bool remove_watched(struct client *client, unsigned int round)
{
	unsigned int seed = round + 1;

	usleep((unsigned int)rand_r(&seed) % 30000);
	if (round % 2 == 0)
		client_close(client);
	if (!modules_unbind())
		return false;
	if (round % 2)
		client_close(client);
	return modules_remove();
}

static bool race_once(struct test *t, unsigned int round)
{
	struct client client;
	struct watch watch;
	bool ok;
	int ret;

	/* The round before has taken the modules away, and the last one leaves them so. */
	if (round && !load(t))
		return false;
	ret = emu_control(t->source.control, "hang ring=* job=* count=*");
	if (!ret)
		ret = client_open(&client, t->device);
	for (unsigned int i = 0; i < CLIENT_QUEUES && !ret; i++)
		ret = client_submit(&client, i, -1, watch.fds + i * WATCH_FDS / CLIENT_QUEUES,
				    WATCH_FDS / CLIENT_QUEUES);
	if (!ret)
		ret = watch_start(&watch, round % 2 ? -ENODEV : -ECANCELED);
	if (ret)
		return good("race", ret);
	ok = remove_watched(&client, round);
	return watch_stop(&watch) && ok;
}

static bool test_race(struct test *t)
{
	bool ok = true;

	for (unsigned int i = 0; i < t->rounds && ok; i++)
		ok = race_once(t, i);
	return ok;
}

struct step {
	const char *name;
	bool (*func)(struct test *t);
	bool foreign;	/* needs the other driver's fence */
};

static const struct step steps[] = {
	{ "sync_files made and described", test_make, false },
	{ "device unbound, all modules unloaded", test_remove, false },
	{ "described without the modules", test_describe, false },
	{ "polled", test_poll, false },
	{ "given deadlines", test_deadline, false },
	{ "merged with each other", test_merge, false },
	{ "waited for and asked for through buffers", test_buffers, false },
	{ "another driver's fence ends what waits for it, too", test_foreign, true },
	{ "half of them sent to another process", test_send, false },
	{ "closed by two threads in any order", test_close, false },
	{ "modules loaded, new jobs wait for old fences", test_load, false },
	{ "modules unloaded while threads poll, describe and merge", test_race, false },
};

#define NUM_STEPS	(sizeof(steps) / sizeof(steps[0]))

/* One needs the other before it: the first failure ends it. */
static int run(struct test *t)
{
	printf("1..%zu\n", NUM_STEPS);
	for (size_t i = 0; i < NUM_STEPS; i++) {
		uint64_t start_ms = now_ms();
		bool skip = steps[i].foreign && t->sw_sync < 0;
		bool ok = skip || steps[i].func(t);

		printf("# %" PRIu64 " ms\n%s %zu - %u files: %s%s\n", now_ms() - start_ms,
		       ok ? "ok" : "not ok", i + 1, t->files, steps[i].name,
		       skip ? " # SKIP this kernel has no sw_sync" : "");
		if (!ok)
			return 1;
	}
	return 0;
}

static int setup(struct test *t, const char *control)
{
	rlim_t files = t->files + 1000;
	struct rlimit limit = { .rlim_cur = files, .rlim_max = files };

	t->source.foreign = -1;
	t->sw_sync = -1;
	t->held = calloc(t->files, sizeof(*t->held));
	t->source.control = open(control, O_RDWR | O_CLOEXEC);
	if (!t->held || t->source.control < 0 || setrlimit(RLIMIT_NOFILE, &limit))
		return -errno;
	return 0;
}

int main(int argc, char **argv)
{
	struct test t = { .files = 1000, .rounds = 2 };
	int i, ret;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (i = 1; i + 1 < argc && !strncmp(argv[i], "--", 2); i += 2) {
		if (!strcmp(argv[i], "--files"))
			t.files = (unsigned int)atoi(argv[i + 1]);
		else if (!strcmp(argv[i], "--rounds"))
			t.rounds = (unsigned int)atoi(argv[i + 1]);
		else
			break;
	}
	if (argc - i != 2 || t.files < FILES_MIN || t.files > FILES_MAX) {
		fprintf(stderr, "usage: carillon_unload [--files N] [--rounds N] DEVICE CONTROL-PORT\n");
		return 2;
	}
	t.device = argv[i];
	ret = setup(&t, argv[i + 1]);
	if (ret) {
		printf("Bail out! setup: %s\n", strerror(-ret));
		return 1;
	}
	return run(&t);
}
