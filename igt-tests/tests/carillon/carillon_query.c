// SPDX-License-Identifier: MIT
/**
 * TEST: What the device tells about itself
 * Category: Core
 * Mega feature: General Core features
 * Sub-category: Driver information
 * Functionality: device query
 * Test category: functionality test
 * Description: Check that the device says what it is, and that its clock runs.
 *
 * SUBTEST: device
 * Description: Check that limits and versions make sense
 *
 * SUBTEST: timestamp
 * Description: Check that the device's clock runs like the CPU's
 *
 * SUBTEST: timestamp-of-job
 * Description: Check that jobs write times of the same clock
 *
 * SUBTEST: size
 * Description: Check that the size of each answer can be asked for
 *
 * SUBTEST: short
 * Description: Check that an answer is cut to the size that was given
 *
 * SUBTEST: long
 * Description: Check that more room than needed isn't filled
 *
 * SUBTEST: invalid-type
 * Description: Check that unknown questions are refused
 *
 * SUBTEST: invalid-pointer
 * Description: Check that the answer needs memory that can be written
 */

#include "igt.h"
#include "igt_carillon.h"

IGT_TEST_DESCRIPTION("Check that the device says what it is, and that its clock runs.");

static void test_device(int fd)
{
	struct drm_carillon_device_info info;

	carillon_query_device(fd, &info);
	igt_assert_eq_u32(CRLN_VERSION_MAJOR(info.fw_interface),
			  CRLN_VERSION_MAJOR(CRLN_FW_INTERFACE));
	igt_assert_neq_u32(info.hw_version, 0);
	igt_assert_neq_u32(info.fw_version, 0);
	igt_assert_neq_u32(info.caps, 0);
	igt_assert_lte_u32(1, info.num_queues);
	igt_assert_lte_u32(1, info.num_engines);
	igt_assert_lte_u32(1, info.num_priorities);
	igt_assert_lte_u32(1, info.queue_slots_min);
	igt_assert_lte_u32(info.queue_slots_min, info.queue_slots_max);
	igt_assert_eq_u32(info.page_size & (info.page_size - 1), 0);
	igt_assert_lte_u32(4096, info.page_size);
	igt_assert_lt_u64(0, info.va_start);
	igt_assert_lt_u64(info.va_start, info.va_end);
	igt_assert_lte_u64(info.va_end, 1ull << CRLN_VA_BITS);
	igt_assert_lte_u32(8, info.cmd_size_max);
	igt_assert_lte_u32(1, info.submit_jobs_max);
	igt_assert_lte_u32(1, info.job_syncs_max);
	igt_assert_lte_u32(1, info.bind_ops_max);
	igt_assert_lte_u32(1, info.job_timeout_ms);
	igt_assert_eq_u32(info.pad, 0);
}

/* Asks again if something has come between the two readings. */
static void query_clocks(int fd, struct drm_carillon_timestamp_info *info)
{
	uint32_t size = sizeof(*info);

	do {
		igt_assert_eq(__carillon_query(fd, DRM_CARILLON_QUERY_TIMESTAMP, info, &size), 0);
		igt_assert_eq_u32(size, sizeof(*info));
	} while (info->uncertainty_ns > 50000000);
}

/* Both clocks go on, and nearly as fast as each other. */
static void test_timestamp(int fd)
{
	struct drm_carillon_timestamp_info a, b;
	double rate;

	query_clocks(fd, &a);
	usleep(500000);
	query_clocks(fd, &b);
	igt_assert_lt_u64(a.device_ns, b.device_ns);
	igt_assert_lt_u64(a.cpu_ns, b.cpu_ns);
	rate = (double)(b.device_ns - a.device_ns) / (b.cpu_ns - a.cpu_ns);
	igt_assert_f(rate > 0.5 && rate < 2, "device clock at %g of the CPU's\n", rate);
}

/* What a job writes is of the clock that the query reads. */
static void test_timestamp_of_job(int fd)
{
	struct drm_carillon_timestamp_info before, after;
	uint32_t size = sizeof(before);
	struct carillon_ws ws;
	uint64_t job_ns;

	carillon_ws_init(&ws, fd);
	igt_assert_eq(__carillon_query(fd, DRM_CARILLON_QUERY_TIMESTAMP, &before, &size), 0);
	carillon_ws_timestamp(&ws, carillon_ws_va(&ws, 0));
	igt_assert_eq(carillon_fence_wait_close(carillon_submit_fd(fd,
						carillon_ws_job(&ws), -1)), 1);
	igt_assert_eq(__carillon_query(fd, DRM_CARILLON_QUERY_TIMESTAMP, &after, &size), 0);
	job_ns = *carillon_ws_word(&ws, 0);
	igt_assert_lte_u64(before.device_ns, job_ns);
	igt_assert_lte_u64(job_ns, after.device_ns);
	carillon_ws_fini(&ws);
}

static void test_size(int fd, uint32_t type, uint32_t want)
{
	struct drm_carillon_query query = { .type = type };

	igt_assert_eq(__carillon_ioctl(fd, DRM_IOCTL_CARILLON_QUERY, &query), 0);
	igt_assert_lte_u32(want, query.size);
}

/* No byte behind the size that was given is touched. */
static void test_short(int fd)
{
	struct drm_carillon_device_info whole;
	uint8_t part[sizeof(whole)];
	uint32_t size = 12;

	carillon_query_device(fd, &whole);
	memset(part, 0xee, sizeof(part));
	igt_assert_eq(__carillon_query(fd, DRM_CARILLON_QUERY_DEVICE, part, &size), 0);
	igt_assert_eq_u32(size, 12);
	igt_assert(!memcmp(part, &whole, 12));
	for (int i = 12; i < sizeof(part); i++)
		igt_assert_eq(part[i], 0xee);
}

static void test_long(int fd)
{
	uint8_t more[sizeof(struct drm_carillon_device_info) + 4096];
	struct drm_carillon_query query = { .type = DRM_CARILLON_QUERY_DEVICE };
	uint32_t size = sizeof(more);

	igt_assert_eq(__carillon_ioctl(fd, DRM_IOCTL_CARILLON_QUERY, &query), 0);
	memset(more, 0xee, sizeof(more));
	igt_assert_eq(__carillon_query(fd, DRM_CARILLON_QUERY_DEVICE, more, &size), 0);
	igt_assert_eq_u32(size, query.size);
	igt_assert_eq(more[size], 0xee);
}

static void test_bad(int fd, uint32_t type, uint64_t pointer, int error)
{
	struct drm_carillon_query query = {
		.type = type,
		.size = sizeof(struct drm_carillon_timestamp_info),
		.pointer = pointer,
	};

	igt_assert_eq(__carillon_ioctl(fd, DRM_IOCTL_CARILLON_QUERY, &query), -error);
}

int igt_main()
{
	uint64_t answer[32];
	int fd = -1;

	igt_fixture()
		fd = drm_open_driver_render(DRIVER_ANY);

	igt_describe("Check that limits and versions make sense");
	igt_subtest("device")
		test_device(fd);

	igt_describe("Check that the device's clock runs like the CPU's");
	igt_subtest("timestamp")
		test_timestamp(fd);

	igt_describe("Check that jobs write times of the same clock");
	igt_subtest("timestamp-of-job")
		test_timestamp_of_job(fd);

	igt_describe("Check that the size of each answer can be asked for");
	igt_subtest("size") {
		test_size(fd, DRM_CARILLON_QUERY_DEVICE,
			  sizeof(struct drm_carillon_device_info));
		test_size(fd, DRM_CARILLON_QUERY_TIMESTAMP,
			  sizeof(struct drm_carillon_timestamp_info));
	}

	igt_describe("Check that an answer is cut to the size that was given");
	igt_subtest("short")
		test_short(fd);

	igt_describe("Check that more room than needed isn't filled");
	igt_subtest("long")
		test_long(fd);

	igt_describe("Check that unknown questions are refused");
	igt_subtest("invalid-type") {
		test_bad(fd, 2, (uintptr_t)answer, EINVAL);
		test_bad(fd, UINT32_MAX, (uintptr_t)answer, EINVAL);
		test_bad(fd, 2, 0, EINVAL);
	}

	igt_describe("Check that the answer needs memory that can be written");
	igt_subtest("invalid-pointer") {
		test_bad(fd, DRM_CARILLON_QUERY_DEVICE, 8, EFAULT);
		test_bad(fd, DRM_CARILLON_QUERY_TIMESTAMP, 0xdead000000000000, EFAULT);
	}

	igt_fixture()
		drm_close_driver(fd);
}
