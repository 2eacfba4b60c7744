// SPDX-License-Identifier: MIT
/*
 * What the library itself refuses in a list of jobs, and how it hands lists to
 * the kernel. There is no device here: the file is /dev/null, which answers
 * every ioctl with -ENOTTY.
 */

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "lib.h"
#include "test.h"

static struct carillon_device dev = {
	.info = { .submit_jobs_max = 4, .job_syncs_max = 3 },
};
static struct carillon_device other_dev;
static struct carillon_queue queue = { .dev = &dev, .id = 1 };
static struct carillon_queue other_queue = { .dev = &other_dev, .id = 1 };

static struct carillon_submit *start(void)
{
	struct carillon_submit *s;

	REQUIRE(!carillon_submit_create(&dev, &s));
	return s;
}

static void test_bad_jobs(void)
{
	struct carillon_submit *s = start();

	CHECK_EQ(carillon_submit_run(s), -EINVAL);
	CHECK_EQ(carillon_submit_wait_fd(s, 0), -EINVAL);
	/* The error stays. */
	CHECK_EQ(carillon_submit_job(s, &queue, 0, 0, 0), -EINVAL);
	CHECK_EQ(carillon_submit_run(s), -EINVAL);
	carillon_submit_reset(s);
	CHECK_EQ(carillon_submit_job(s, &queue, 0x1004, 8, 0), -EINVAL);
	carillon_submit_reset(s);
	CHECK_EQ(carillon_submit_job(s, &queue, 0x1000, 9, 0), -EINVAL);
	carillon_submit_reset(s);
	CHECK_EQ(carillon_submit_job(s, &other_queue, 0, 0, 0), -EINVAL);
	carillon_submit_destroy(s);
	carillon_submit_destroy(NULL);
}

static void test_limits(void)
{
	struct carillon_submit *s = start();

	for (int i = 0; i < 4; i++)
		CHECK_EQ(carillon_submit_job(s, &queue, 0, 0, 0), 0);
	CHECK_EQ(carillon_submit_job(s, &queue, 0, 0, 0), -E2BIG);
	carillon_submit_reset(s);
	CHECK_EQ(carillon_submit_job(s, &queue, 0, 0, 0), 0);
	CHECK_EQ(carillon_submit_wait_syncobj(s, 1), 0);
	CHECK_EQ(carillon_submit_wait_point(s, 1, 2), 0);
	CHECK_EQ(carillon_submit_signal_point(s, 1, 3), 0);
	CHECK_EQ(carillon_submit_signal_syncobj(s, 1), -E2BIG);
	carillon_submit_destroy(s);
}

/* A run that fails keeps the list, and writes no descriptor. */
static void test_failed_run(void)
{
	struct carillon_submit *s = start();
	int fd = -7;

	CHECK_EQ(carillon_submit_job(s, &queue, 0x1000, 8, 0), 0);
	CHECK_EQ(carillon_submit_signal_fd(s, &fd), 0);
	CHECK_EQ(carillon_submit_run(s), -ENOTTY);
	CHECK_EQ(fd, -7);
	CHECK_EQ(carillon_submit_run(s), -ENOTTY);
	carillon_submit_destroy(s);
}

static void test_fences_of_others(void)
{
	struct carillon_fence_info info;
	int fds[2], merged = -7;

	REQUIRE(!pipe(fds));
	CHECK_EQ(carillon_fence_wait(-1, 0), -EBADF);
	CHECK_EQ(carillon_fence_wait(fds[0], -1), -EINVAL);
	CHECK_EQ(carillon_fence_info(-1, &info), -EBADF);
	CHECK_EQ(carillon_fence_info(fds[0], &info), -EINVAL);
	CHECK_EQ(carillon_fence_merge("x", fds[0], fds[1], &merged), -EINVAL);
	CHECK_EQ(carillon_fence_merge("x", -1, fds[1], &merged), -EBADF);
	CHECK_EQ(merged, -7);
	close(fds[0]);
	close(fds[1]);
}

static void test_open_errors(void)
{
	struct carillon_device *d = NULL;

	CHECK_EQ(carillon_device_open("/nonexistent/node", &d), -ENOENT);
	CHECK_EQ(carillon_device_open("/dev/null", &d), -ENODEV);
	CHECK(!d);
	carillon_device_close(NULL);
	carillon_bo_destroy(NULL);
	carillon_vm_destroy(NULL);
	carillon_queue_destroy(NULL);
}

int main(void)
{
	dev.fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	REQUIRE(dev.fd >= 0);
	test_bad_jobs();
	test_limits();
	test_failed_run();
	test_fences_of_others();
	test_open_errors();
	close(dev.fd);
	return test_result();
}
