// SPDX-License-Identifier: MIT
/* The library on a device: each function once, and the errors of the kernel. */

#include <carillon.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xf86drm.h>

#include "test.h"

#define MARK		0x5eed0005
#define SECOND		1000000000ll
#define SIZE		0x10000
#define CMDS		0x8000		/* where commands begin in the buffer */

/* What most tests use. */
static struct carillon_device *dev;
static struct carillon_vm *vm;
static struct carillon_queue *queues[2];
static struct carillon_bo *bo;
static volatile uint64_t *words;
static uint64_t va;

static struct carillon_cmdbuf *commands(int slot)
{
	struct carillon_cmdbuf *cb;

	REQUIRE(!carillon_cmdbuf_create((uint8_t *)words + CMDS + 0x400 * slot, 0x400, &cb));
	return cb;
}

static void submit(struct carillon_submit *s, struct carillon_queue *queue, int slot,
		   struct carillon_cmdbuf *cb, uint32_t flags)
{
	CHECK_EQ(carillon_cmdbuf_error(cb), 0);
	CHECK_EQ(carillon_submit_job(s, queue, va + CMDS + 0x400 * slot,
				     carillon_cmdbuf_size(cb), flags), 0);
	carillon_cmdbuf_destroy(cb);
}

static int status_of(int fd)
{
	struct carillon_fence_info info;

	REQUIRE(!carillon_fence_wait(fd, 60 * SECOND));
	REQUIRE(!carillon_fence_info(fd, &info));
	return info.status;
}

static void test_device(void)
{
	const struct drm_carillon_device_info *info = carillon_device_info(dev);
	struct drm_carillon_timestamp_info time;
	struct carillon_device *same;

	CHECK(info->num_queues >= 2);
	CHECK(info->caps & CRLN_CAP_CRC32C);
	CHECK_EQ(carillon_device_timestamp(dev, &time), 0);
	CHECK(time.device_ns && time.cpu_ns);
	CHECK_EQ(carillon_device_open(carillon_device_path(dev), &same), 0);
	CHECK(carillon_device_fd(same) != carillon_device_fd(dev));
	carillon_device_close(same);
}

static void test_bo(void)
{
	struct carillon_bo *small;
	void *map, *again, *shared;
	int fd;

	CHECK_EQ(carillon_bo_create(dev, 0, &small), -EINVAL);
	REQUIRE(!carillon_bo_create(dev, 1, &small));
	CHECK_EQ(carillon_bo_size(small), 4096);
	CHECK(carillon_bo_handle(small));
	REQUIRE(!carillon_bo_map(small, &map));
	CHECK_EQ(carillon_bo_map(small, &again), 0);
	CHECK(map == again);
	strcpy(map, "hello");
	CHECK_EQ(carillon_bo_export(small, &fd), 0);
	CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	shared = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	CHECK(shared != MAP_FAILED && !strcmp(shared, "hello"));
	munmap(shared, 4096);
	close(fd);
	carillon_bo_unmap(small);
	carillon_bo_unmap(small);
	REQUIRE(!carillon_bo_map(small, &map));
	CHECK(!strcmp(map, "hello"));
	carillon_bo_destroy(small);
}

/* A buffer that comes back is the same one, and there until it is destroyed twice. */
static void test_import(void)
{
	struct carillon_bo *first, *again;
	uint64_t at;
	int fd;

	CHECK_EQ(carillon_bo_import(dev, -1, &again), -EBADF);
	fd = open("/dev/null", O_RDWR);
	CHECK_EQ(carillon_bo_import(dev, fd, &again), -EINVAL);
	close(fd);
	REQUIRE(!carillon_bo_create(dev, 1, &first));
	REQUIRE(!carillon_bo_export(first, &fd));
	REQUIRE(!carillon_bo_import(dev, fd, &again));
	CHECK(again == first);
	carillon_bo_destroy(first);
	CHECK_EQ(carillon_vm_map(vm, again, 0, &at), 0);
	CHECK_EQ(carillon_vm_unmap(vm, at, 4096), 0);
	carillon_bo_destroy(again);
	/* Now there's none with that handle any more. */
	REQUIRE(!carillon_bo_import(dev, fd, &again));
	CHECK_EQ(carillon_bo_size(again), 4096);
	carillon_bo_destroy(again);
	close(fd);
}

static void test_vm(void)
{
	const struct drm_carillon_device_info *info = carillon_device_info(dev);
	struct carillon_vm *own;
	uint64_t a, b, c;

	REQUIRE(!carillon_vm_create(dev, &own));
	CHECK(carillon_vm_id(own) != carillon_vm_id(vm));
	CHECK_EQ(carillon_vm_map(own, bo, 0, &a), 0);
	CHECK_EQ(carillon_vm_map(own, bo, DRM_CARILLON_BIND_READONLY, &b), 0);
	CHECK(a >= info->va_start && (a + SIZE <= b || b + SIZE <= a));
	CHECK_EQ(carillon_vm_map(own, bo, 1u << 31, &c), -EINVAL);
	/* Addresses that were taken by hand aren't given out, others are again. */
	CHECK_EQ(carillon_vm_map_at(own, bo, 0, SIZE, b + SIZE, 0), 0);
	CHECK_EQ(carillon_vm_map_at(own, bo, 1, SIZE, b + SIZE, 0), -EINVAL);
	CHECK_EQ(carillon_vm_map(own, bo, 0, &c), 0);
	CHECK(c >= b + 2 * SIZE || c + SIZE <= a);
	CHECK_EQ(carillon_vm_unmap(own, a, SIZE), 0);
	CHECK_EQ(carillon_vm_unmap(own, a + 1, SIZE), -EINVAL);
	CHECK_EQ(carillon_vm_map(own, bo, 0, &c), 0);
	CHECK_EQ(c, a);
	carillon_vm_destroy(own);
}

static void test_job(void)
{
	struct drm_carillon_queue_get_state before, after;
	struct carillon_submit *s;
	struct carillon_fence_info info;
	struct carillon_cmdbuf *cb = commands(0);
	int fd = -1;

	memset((void *)words, 0, 256);
	carillon_cmd_nop(cb);
	carillon_cmd_fill(cb, va + 8, 8, MARK);
	carillon_cmd_copy(cb, va + 16, va + 8, 8);
	carillon_cmd_crc32c(cb, va + 24, va + 8, 16, 0);
	carillon_cmd_timestamp(cb, va + 32);
	carillon_cmd_delay(cb, 1000000);
	carillon_cmd_timestamp(cb, va + 40);
	CHECK_EQ(carillon_queue_get_state(queues[0], &before), 0);
	REQUIRE(!carillon_submit_create(dev, &s));
	submit(s, queues[0], 0, cb, 0);
	CHECK_EQ(carillon_submit_signal_fd(s, &fd), 0);
	CHECK_EQ(carillon_submit_run(s), 0);
	CHECK(fd >= 0);
	/* The list is empty again. */
	CHECK_EQ(carillon_submit_run(s), -EINVAL);
	carillon_submit_destroy(s);
	CHECK_EQ(status_of(fd), 1);
	CHECK_EQ(carillon_fence_info(fd, &info), 0);
	CHECK_EQ(info.num_fences, 1);
	CHECK(info.signal_ns);
	close(fd);
	CHECK_EQ(words[1], (uint64_t)MARK << 32 | MARK);
	CHECK_EQ(words[2], words[1]);
	CHECK(words[3]);
	CHECK(words[5] - words[4] >= 1000000);
	CHECK_EQ(carillon_queue_get_state(queues[0], &after), 0);
	CHECK_EQ(after.completed - before.completed, 1);
	CHECK_EQ(after.state, 0);
}

/* Ringing with what the kernel has rung with, now or before, does nothing. */
static void test_doorbell(void)
{
	struct drm_carillon_queue_get_state state;
	volatile uint32_t *doorbell, *again;
	struct carillon_queue *queue;
	struct carillon_submit *s;
	int fd = -1;

	REQUIRE(!carillon_queue_create(vm, CARILLON_PRIORITY_DEFAULT, 0, &queue));
	REQUIRE(!carillon_queue_map_doorbell(queue, &doorbell));
	CHECK_EQ(carillon_queue_map_doorbell(queue, &again), 0);
	CHECK(doorbell == again);
	CHECK_EQ(*doorbell, 0);
	REQUIRE(!carillon_submit_create(dev, &s));
	for (unsigned int i = 1; i <= 3; i++) {
		CHECK_EQ(carillon_submit_job(s, queue, 0, 0, 0), 0);
		CHECK_EQ(carillon_submit_signal_fd(s, &fd), 0);
		CHECK_EQ(carillon_submit_run(s), 0);
		/* Not with every scheduler it's on the ring as soon as it was submitted. */
		for (int tries = 0; tries < 10000; tries++) {
			CHECK_EQ(carillon_queue_get_state(queue, &state), 0);
			if (state.ring_tail >= i)
				break;
			usleep(1000);
		}
		CHECK_EQ(state.ring_tail, i);
		*doorbell = state.ring_tail;
		*doorbell = 0;
		CHECK_EQ(status_of(fd), 1);
		close(fd);
		*doorbell = state.ring_tail - 1;
	}
	carillon_submit_destroy(s);
	CHECK_EQ(carillon_queue_get_state(queue, &state), 0);
	CHECK_EQ(state.state, 0);
	carillon_queue_unmap_doorbell(queue);
	carillon_queue_unmap_doorbell(queue);
	CHECK_EQ(carillon_queue_map_doorbell(queue, &doorbell), 0);
	/* Unmaps it, too. */
	carillon_queue_destroy(queue);
}

/* A job on one queue holds another back by each kind of sync. */
static void test_waits(void)
{
	uint32_t binary, timeline;
	struct carillon_submit *s;
	struct carillon_cmdbuf *cb;
	int first = -1, second = -1, merged = -1;

	REQUIRE(!drmSyncobjCreate(carillon_device_fd(dev), 0, &binary));
	REQUIRE(!drmSyncobjCreate(carillon_device_fd(dev), 0, &timeline));
	REQUIRE(!carillon_submit_create(dev, &s));
	words[0] = 0;
	cb = commands(0);
	carillon_cmd_sem_wait(cb, va, 1);
	submit(s, queues[0], 0, cb, 0);
	carillon_submit_signal_fd(s, &first);
	carillon_submit_signal_syncobj(s, binary);
	carillon_submit_signal_point(s, timeline, 7);
	CHECK_EQ(carillon_submit_run(s), 0);

	cb = commands(1);
	carillon_cmd_sem_release(cb, va + 8, 2);
	submit(s, queues[1], 1, cb, 0);
	carillon_submit_wait_fd(s, first);
	carillon_submit_wait_syncobj(s, binary);
	carillon_submit_wait_point(s, timeline, 7);
	carillon_submit_signal_fd(s, &second);
	CHECK_EQ(carillon_submit_run(s), 0);

	CHECK_EQ(carillon_fence_merge("both", first, second, &merged), 0);
	CHECK_EQ(carillon_fence_wait(second, SECOND / 20), -ETIME);
	CHECK_EQ(carillon_fence_wait(merged, 0), -ETIME);
	words[0] = 1;
	CHECK_EQ(status_of(merged), 1);
	CHECK_EQ(words[1], 2);
	close(first);
	close(second);
	close(merged);
	carillon_submit_destroy(s);
	drmSyncobjDestroy(carillon_device_fd(dev), binary);
	drmSyncobjDestroy(carillon_device_fd(dev), timeline);
}

/* A job's fence on a shared buffer: who asks finds it there, by what he wants to do. */
static void test_implicit(void)
{
	struct carillon_submit *s;
	struct carillon_cmdbuf *cb = commands(0);
	int dmabuf, job = -1, reader = -1, writer = -1;

	REQUIRE(!carillon_bo_export(bo, &dmabuf));
	REQUIRE(!carillon_fence_from_dmabuf(dmabuf, CARILLON_ACCESS_WRITE, &writer));
	CHECK_EQ(carillon_fence_wait(writer, 0), 0);
	close(writer);

	REQUIRE(!carillon_submit_create(dev, &s));
	words[0] = 0;
	carillon_cmd_sem_wait(cb, va, 1);
	submit(s, queues[0], 0, cb, 0);
	carillon_submit_signal_fd(s, &job);
	REQUIRE(!carillon_submit_run(s));
	CHECK_EQ(carillon_fence_to_dmabuf(dmabuf, CARILLON_ACCESS_READ, job), 0);
	CHECK_EQ(carillon_fence_from_dmabuf(dmabuf, CARILLON_ACCESS_READ, &reader), 0);
	CHECK_EQ(carillon_fence_wait(reader, 0), 0);
	close(reader);
	CHECK_EQ(carillon_fence_from_dmabuf(dmabuf, CARILLON_ACCESS_WRITE, &writer), 0);
	CHECK_EQ(carillon_fence_wait(writer, SECOND / 20), -ETIME);
	words[0] = 1;
	CHECK_EQ(status_of(writer), 1);

	CHECK_EQ(carillon_fence_to_dmabuf(dmabuf, 0, job), -EINVAL);
	CHECK_EQ(carillon_fence_to_dmabuf(dmabuf, 1u << 2, job), -EINVAL);
	CHECK_EQ(carillon_fence_to_dmabuf(dmabuf, CARILLON_ACCESS_READ, dmabuf), -EINVAL);
	CHECK_EQ(carillon_fence_to_dmabuf(job, CARILLON_ACCESS_READ, job), -EINVAL);
	CHECK_EQ(carillon_fence_to_dmabuf(-1, CARILLON_ACCESS_READ, job), -EBADF);
	CHECK_EQ(carillon_fence_from_dmabuf(dmabuf, 0, &reader), -EINVAL);
	CHECK_EQ(carillon_fence_from_dmabuf(job, CARILLON_ACCESS_READ, &reader), -EINVAL);
	close(writer);
	close(job);
	close(dmabuf);
	carillon_submit_destroy(s);
}

/* What the kernel refuses comes back, and the list can be mended and run again. */
static void test_errors(void)
{
	struct carillon_queue *none;
	struct carillon_submit *s;
	struct carillon_cmdbuf *cb;
	int fd = -1, fault;

	CHECK_EQ(carillon_queue_create(vm, 12345, 0, &none), -EINVAL);
	CHECK_EQ(carillon_queue_create(vm, 0, 3, &none), -EINVAL);
	REQUIRE(!carillon_submit_create(dev, &s));
	carillon_submit_job(s, queues[0], 0, 0, 0);
	carillon_submit_wait_fd(s, 9999);
	carillon_submit_signal_fd(s, &fd);
	CHECK_EQ(carillon_submit_run(s), -EBADF);
	CHECK_EQ(fd, -1);
	carillon_submit_reset(s);
	cb = commands(0);
	carillon_cmd_fill(cb, va + SIZE, 8, MARK);
	submit(s, queues[0], 0, cb, 0);
	carillon_submit_signal_fd(s, &fault);
	CHECK_EQ(carillon_submit_run(s), 0);
	carillon_submit_job(s, queues[1], 0, 0, DRM_CARILLON_JOB_CANCEL_ON_ERROR);
	carillon_submit_wait_fd(s, fault);
	carillon_submit_signal_fd(s, &fd);
	CHECK_EQ(carillon_submit_run(s), 0);
	CHECK_EQ(status_of(fd), -EIO);
	CHECK_EQ(status_of(fault), -EIO);
	close(fd);
	close(fault);
	carillon_submit_destroy(s);
}

static void set_up(void)
{
	void *map;

	REQUIRE(!carillon_vm_create(dev, &vm));
	for (int i = 0; i < 2; i++)
		REQUIRE(!carillon_queue_create(vm, CARILLON_PRIORITY_DEFAULT, 0, &queues[i]));
	CHECK(carillon_queue_id(queues[0]) != carillon_queue_id(queues[1]));
	REQUIRE(!carillon_bo_create(dev, SIZE, &bo));
	REQUIRE(!carillon_bo_map(bo, &map));
	words = map;
	REQUIRE(!carillon_vm_map(vm, bo, 0, &va));
}

static void tear_down(void)
{
	for (int i = 0; i < 2; i++)
		carillon_queue_destroy(queues[i]);
	carillon_vm_destroy(vm);
	carillon_bo_destroy(bo);
	carillon_device_close(dev);
}

int main(void)
{
	int err = carillon_device_open(NULL, &dev);

	if (err == -ENODEV) {
		fputs("there is no Carillon GPU (userspace/tests/guest has one)\n", stderr);
		return TEST_SKIP;
	}
	REQUIRE(!err);
	set_up();
	test_device();
	test_bo();
	test_import();
	test_vm();
	test_job();
	test_doorbell();
	test_waits();
	test_implicit();
	test_errors();
	tear_down();
	return test_result();
}
