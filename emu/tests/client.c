// SPDX-License-Identifier: MIT
/* A vfio-user client for tests. */
#include "client.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/pci_regs.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"

uint8_t *test_mem;
int test_memfd = -1;
struct reply reply;

static const char *binary;
static char dir[64];
static pid_t pid;
static bool exit_expected;
static int sock = -1;
static uint16_t next_id;
static int efds[CRLN_NUM_VECTORS] = { -1, -1, -1, -1, -1, -1, -1, -1 };

void emu_set_binary(const char *path)
{
	binary = path;
}

uint64_t test_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ull + (uint64_t)ts.tv_nsec;
}

void sleep_ms(unsigned int ms)
{
	usleep(ms * 1000);
}

const char *emu_path(const char *name)
{
	static char path[4][128];
	static unsigned int turn;

	turn = (turn + 1) % 4;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", dir, name);
	return path[turn];
}

static int try_connect(const char *name)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", emu_path(name));
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		close(fd);
		return -1;
	}
	return fd;
}

static int connect_wait(const char *name)
{
	uint64_t end = test_now_ns() + WAIT_MS * 1000000ull;
	int fd;

	while ((fd = try_connect(name)) < 0) {
		CHECK(test_now_ns() < end);
		CHECK(!pid || waitpid(pid, NULL, WNOHANG) == 0);
		sleep_ms(2);
	}
	return fd;
}

static void make_dir(void)
{
	if (dir[0])
		return;
	snprintf(dir, sizeof(dir), "/tmp/carillon-test.XXXXXX");
	CHECK(mkdtemp(dir));
}

static void make_mem(void)
{
	test_memfd = memfd_create("guest", MFD_CLOEXEC);
	CHECK(test_memfd >= 0);
	CHECK(!ftruncate(test_memfd, TEST_MEM_SIZE));
	test_mem = mmap(NULL, TEST_MEM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
			test_memfd, 0);
	CHECK(test_mem != MAP_FAILED);
}

static void emu_spawn(const char *const *args)
{
	const char *argv[32] = { binary, "--socket", NULL, "--control", NULL };
	unsigned int n = 5;

	make_dir();
	argv[2] = emu_path("sock");
	argv[4] = emu_path("ctl");
	for (; args && *args && n < 31; args++)
		argv[n++] = *args;
	exit_expected = false;
	pid = fork();
	CHECK(pid >= 0);
	if (!pid) {
		execv(binary, (char *const *)(uintptr_t)argv);
		perror(binary);
		_exit(127);
	}
}

void emu_start(const char *const *args)
{
	emu_spawn(args);
	if (!test_mem)
		make_mem();
	close(connect_wait("ctl"));
}

int emu_run_to_exit(const char *const *args)
{
	int status;

	emu_spawn(args);
	CHECK(emu_wait_exit(&status));
	CHECK(WIFEXITED(status));
	return WEXITSTATUS(status);
}

void emu_expect_exit(void)
{
	exit_expected = true;
}

bool emu_wait_exit(int *ret_status)
{
	uint64_t end = test_now_ns() + WAIT_MS * 1000000ull;

	while (test_now_ns() < end) {
		if (waitpid(pid, ret_status, WNOHANG) == pid) {
			pid = 0;
			return true;
		}
		sleep_ms(5);
	}
	return false;
}

static bool emu_end(void)
{
	int status = -1;

	if (!pid)
		return true;
	kill(pid, SIGTERM);
	if (!emu_wait_exit(&status)) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		pid = 0;
		return false;
	}
	return exit_expected || (WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

bool emu_cleanup(void)
{
	bool ok;

	client_disconnect();
	ok = emu_end();
	for (int i = 0; i < CRLN_NUM_VECTORS; i++) {
		if (efds[i] >= 0)
			close(efds[i]);
		efds[i] = -1;
	}
	if (test_mem)
		munmap(test_mem, TEST_MEM_SIZE);
	if (test_memfd >= 0)
		close(test_memfd);
	test_mem = NULL;
	test_memfd = -1;
	if (dir[0]) {
		unlink(emu_path("sock"));
		unlink(emu_path("ctl"));
		unlink(emu_path("script"));
		rmdir(dir);
	}
	dir[0] = '\0';
	return ok;
}

void client_connect(void)
{
	struct timeval tv = { .tv_sec = WAIT_MS / 1000 };

	sock = connect_wait("sock");
	setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
}

void client_disconnect(void)
{
	if (sock >= 0)
		close(sock);
	sock = -1;
}

void client_hello(void)
{
	static const struct {
		struct vfu_version v;
		char json[32];
	} hello = { { 0, 0 }, "{\"capabilities\":{}}" };

	client_connect();
	CHECK_EQ(client_request(VFU_VERSION, &hello, sizeof(hello), NULL, 0), 0);
}

void client_send_raw(const void *buf, size_t len, const int *fds, unsigned int num_fds)
{
	union {
		char space[CMSG_SPACE(16 * sizeof(int))];
		struct cmsghdr align;
	} ctl;
	struct iovec iov = { .iov_base = (void *)(uintptr_t)buf, .iov_len = len };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (num_fds) {
		memset(&ctl, 0, sizeof(ctl));
		mh.msg_control = &ctl;
		mh.msg_controllen = CMSG_SPACE(num_fds * sizeof(int));
		ctl.align.cmsg_level = SOL_SOCKET;
		ctl.align.cmsg_type = SCM_RIGHTS;
		ctl.align.cmsg_len = CMSG_LEN(num_fds * sizeof(int));
		memcpy(CMSG_DATA(&ctl.align), fds, num_fds * sizeof(int));
	}
	while (iov.iov_len) {
		ssize_t n = sendmsg(sock, &mh, MSG_NOSIGNAL);

		if (n < 0)
			return;	/* the server may hang up on what it can't parse */
		iov.iov_base = (char *)iov.iov_base + n;
		iov.iov_len -= (size_t)n;
		mh.msg_control = NULL;
		mh.msg_controllen = 0;
	}
}

static bool recv_exact(void *buf, size_t len, int *ret_fd)
{
	uint8_t *p = buf;

	while (len) {
		union {
			char space[CMSG_SPACE(sizeof(int))];
			struct cmsghdr align;
		} ctl;
		struct iovec iov = { .iov_base = p, .iov_len = len };
		struct msghdr mh = {
			.msg_iov = &iov, .msg_iovlen = 1,
			.msg_control = &ctl, .msg_controllen = sizeof(ctl),
		};
		ssize_t n = recvmsg(sock, &mh, MSG_CMSG_CLOEXEC);
		struct cmsghdr *c;

		if (n <= 0)
			return false;
		c = CMSG_FIRSTHDR(&mh);
		if (c && c->cmsg_type == SCM_RIGHTS && ret_fd)
			memcpy(ret_fd, CMSG_DATA(c), sizeof(int));
		p += n;
		len -= (size_t)n;
	}
	return true;
}

bool client_closed(void)
{
	char byte;

	return recv(sock, &byte, 1, 0) == 0 || errno == ECONNRESET;
}

/* A DMA message of the server: do it on the test memory. */
static void serve_dma(void)
{
	struct vfu_dma_access acc;
	struct {
		struct vfu_hdr hdr;
		struct vfu_dma_access acc;
		uint8_t data[4096];
	} out = { 0 };
	size_t len = sizeof(out.hdr) + sizeof(out.acc);
	uint64_t off;

	CHECK(reply.len >= sizeof(acc));
	memcpy(&acc, reply.data, sizeof(acc));
	off = acc.addr - TEST_MEM_BUS;
	out.hdr = reply.hdr;
	out.hdr.flags = VFU_TYPE_REPLY;
	out.acc = acc;
	CHECK(acc.count <= sizeof(out.data));
	CHECK(off <= TEST_MEM_SIZE - acc.count);
	if (reply.hdr.cmd == VFU_DMA_READ) {
		memcpy(out.data, test_mem + off, acc.count);
		len += acc.count;
	} else {
		CHECK_EQ(reply.hdr.cmd, VFU_DMA_WRITE);
		CHECK_EQ(reply.len, sizeof(acc) + acc.count);
		memcpy(test_mem + off, reply.data + sizeof(acc), acc.count);
	}
	out.hdr.size = (uint32_t)len;
	client_send_raw(&out, len, NULL, 0);
}

static void recv_message(void)
{
	reply.fd = -1;
	reply.len = 0;
	CHECK(recv_exact(&reply.hdr, sizeof(reply.hdr), &reply.fd));
	CHECK(reply.hdr.size >= sizeof(reply.hdr));
	reply.len = reply.hdr.size - sizeof(reply.hdr);
	CHECK(reply.len <= sizeof(reply.data));
	CHECK(recv_exact(reply.data, reply.len, &reply.fd));
}

bool client_pump(int timeout_ms)
{
	struct pollfd pfd = { .fd = sock, .events = POLLIN };

	if (poll(&pfd, 1, timeout_ms) != 1)
		return false;
	recv_message();
	CHECK_EQ(reply.hdr.flags & VFU_TYPE_MASK, VFU_TYPE_COMMAND);
	serve_dma();
	return true;
}

void client_recv_reply(void)
{
	recv_message();
	while ((reply.hdr.flags & VFU_TYPE_MASK) == VFU_TYPE_COMMAND) {
		serve_dma();
		recv_message();
	}
}

int client_request(uint16_t cmd, const void *payload, size_t len, const int *fds,
		   unsigned int num_fds)
{
	static uint8_t buf[VFU_DATA_MAX + 4096];
	struct vfu_hdr hdr = {
		.id = ++next_id, .cmd = cmd, .size = (uint32_t)(sizeof(hdr) + len),
	};

	memcpy(buf, &hdr, sizeof(hdr));
	if (len)
		memcpy(buf + sizeof(hdr), payload, len);
	client_send_raw(buf, sizeof(hdr) + len, fds, num_fds);
	client_recv_reply();
	CHECK_EQ(reply.hdr.id, hdr.id);
	CHECK_EQ(reply.hdr.cmd, cmd);
	if (reply.hdr.flags & VFU_ERROR) {
		CHECK_EQ(reply.len, 0);
		CHECK(reply.hdr.error != 0);
		return (int)reply.hdr.error;
	}
	return 0;
}

int dma_map(uint64_t addr, uint64_t size, uint64_t offset, int fd, uint32_t flags)
{
	struct vfu_dma_map m = {
		.argsz = sizeof(m), .flags = flags, .offset = offset, .addr = addr,
		.size = size,
	};

	return client_request(VFU_DMA_MAP, &m, sizeof(m), &fd, fd >= 0);
}

int dma_unmap(uint64_t addr, uint64_t size)
{
	struct vfu_dma_unmap u = { .argsz = sizeof(u), .addr = addr, .size = size };

	return client_request(VFU_DMA_UNMAP, &u, sizeof(u), NULL, 0);
}

void dma_map_test_mem(void)
{
	CHECK_EQ(dma_map(TEST_MEM_BUS, TEST_MEM_SIZE, 0, test_memfd, 3), 0);
}

int region_rd(uint32_t region, uint64_t offset, void *buf, uint32_t count)
{
	struct vfu_region_access acc = {
		.offset = offset, .region = region, .count = count,
	};
	int err = client_request(VFU_REGION_READ, &acc, sizeof(acc), NULL, 0);

	if (err)
		return err;
	CHECK_EQ(reply.len, sizeof(acc) + count);
	memcpy(buf, reply.data + sizeof(acc), count);
	return 0;
}

int region_wr(uint32_t region, uint64_t offset, const void *buf, uint32_t count)
{
	static uint8_t out[VFU_DATA_MAX + 64];
	struct vfu_region_access acc = {
		.offset = offset, .region = region, .count = count,
	};

	memcpy(out, &acc, sizeof(acc));
	memcpy(out + sizeof(acc), buf, count);
	return client_request(VFU_REGION_WRITE, out, sizeof(acc) + count, NULL, 0);
}

uint32_t rd32(uint64_t offset)
{
	uint32_t val;

	CHECK_EQ(region_rd(VFU_REGION_BAR0, offset, &val, 4), 0);
	return val;
}

uint32_t wait32(uint64_t offset, uint32_t mask, uint32_t value)
{
	uint64_t end = test_now_ns() + WAIT_MS * 1000000ull;
	uint32_t now;

	while (((now = rd32(offset)) & mask) != value)
		if (test_now_ns() > end)
			tap_failed(__FILE__, __LINE__, "register %#llx is %#x, not %#x",
				   (unsigned long long)offset, now, value);
	return now;
}

void wr32(uint64_t offset, uint32_t val)
{
	CHECK_EQ(region_wr(VFU_REGION_BAR0, offset, &val, 4), 0);
}

uint32_t cfg_rd(unsigned int offset, unsigned int size)
{
	uint32_t val = 0;

	CHECK_EQ(region_rd(VFU_REGION_CONFIG, offset, &val, size), 0);
	return val;
}

void cfg_wr(unsigned int offset, unsigned int size, uint32_t val)
{
	CHECK_EQ(region_wr(VFU_REGION_CONFIG, offset, &val, size), 0);
}

unsigned int cfg_cap(uint8_t id)
{
	unsigned int pos = cfg_rd(PCI_CAPABILITY_LIST, 1);

	for (int i = 0; pos && i < 48; i++) {
		if (cfg_rd(pos, 1) == id)
			return pos;
		pos = cfg_rd(pos + 1, 1);
	}
	return 0;
}

static int set_irqs(uint32_t flags, uint32_t index, unsigned int start,
		    unsigned int count, const int *fds, unsigned int num_fds)
{
	struct vfu_set_irqs q = {
		.argsz = sizeof(q), .flags = flags, .index = index, .start = start,
		.count = count,
	};

	return client_request(VFU_SET_IRQS, &q, sizeof(q), fds, num_fds);
}

int irq_setup(uint32_t index, unsigned int start, unsigned int count)
{
	for (unsigned int i = start; i < start + count; i++)
		if (efds[i] < 0)
			efds[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return set_irqs(VFU_SET_DATA_EVENTFD | VFU_SET_ACTION_TRIGGER, index, start, count,
			efds + start, count);
}

int irq_teardown(uint32_t index)
{
	return set_irqs(VFU_SET_DATA_NONE | VFU_SET_ACTION_TRIGGER, index, 0, 0, NULL, 0);
}

uint64_t irq_take(unsigned int vector)
{
	uint64_t n = 0;

	return read(efds[vector], &n, sizeof(n)) == sizeof(n) ? n : 0;
}

bool irq_wait(unsigned int vector, int timeout_ms)
{
	struct pollfd pfd = { .fd = efds[vector], .events = POLLIN };

	return poll(&pfd, 1, timeout_ms) == 1 && irq_take(vector);
}

int control_open(void)
{
	struct timeval tv = { .tv_sec = WAIT_MS / 1000 };
	int fd = connect_wait("ctl");

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	return fd;
}

const char *control_ask(int fd, const char *line)
{
	static char answer[8192];
	size_t n = 0;

	CHECK(send(fd, line, strlen(line), MSG_NOSIGNAL) == (ssize_t)strlen(line));
	CHECK(send(fd, "\n", 1, MSG_NOSIGNAL) == 1);
	do {
		CHECK(n + 1 < sizeof(answer));
		CHECK(recv(fd, answer + n, 1, 0) == 1);
	} while (answer[n++] != '\n');
	answer[n - 1] = '\0';
	return answer;
}

const char *control(const char *line)
{
	int fd = control_open();
	const char *answer = control_ask(fd, line);

	close(fd);
	return answer;
}
