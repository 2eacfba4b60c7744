// SPDX-License-Identifier: MIT
/**
 * TEST: Ioctls whose memory is late
 * Category: Core
 * Mega feature: General Core features
 * Sub-category: uapi
 * Functionality: driver unbind, user memory
 * Test category: functionality test
 * Test requirement: userfaultfd, of which a thread doesn't answer
 * Description: Check that an ioctl that waits for its user's memory holds up nobody.
 *
 * SUBTEST: bind-ops
 * Description: Check that all is well in the end when a bind waits for its operations
 *
 * SUBTEST: bind-ops-unbind
 * Description: Check that the driver can be unbound while a bind waits for its operations
 *
 * SUBTEST: bind-ops-unbind-pci
 * Description: Check that the PCI device can lose its driver while a bind waits for its operations
 *
 * SUBTEST: submit-jobs
 * Description: Check that all is well in the end when a submit waits for its jobs
 *
 * SUBTEST: submit-jobs-unbind
 * Description: Check that the driver can be unbound while a submit waits for its jobs
 *
 * SUBTEST: submit-jobs-unbind-pci
 * Description: Check that the PCI device can lose its driver while a submit waits for its jobs
 *
 * SUBTEST: submit-syncs
 * Description: Check that all is well in the end when a submit waits for its syncs
 *
 * SUBTEST: submit-syncs-unbind
 * Description: Check that the driver can be unbound while a submit waits for its syncs
 *
 * SUBTEST: submit-syncs-unbind-pci
 * Description: Check that the PCI device can lose its driver while a submit waits for its syncs
 *
 * SUBTEST: submit-fds
 * Description: Check that all is well in the end when a submit waits to write new descriptors
 *
 * SUBTEST: submit-fds-unbind
 * Description: Check that the driver can be unbound while a submit waits to write new descriptors
 *
 * SUBTEST: submit-fds-unbind-pci
 * Description: Check that the PCI device can lose its driver while a submit waits to write new descriptors
 *
 * SUBTEST: query
 * Description: Check that all is well in the end when a query waits to write its answer
 *
 * SUBTEST: query-unbind
 * Description: Check that the driver can be unbound while a query waits to write its answer
 *
 * SUBTEST: query-unbind-pci
 * Description: Check that the PCI device can lose its driver while a query waits to write its answer
 */

#include <dirent.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include "igt.h"
#include "igt_carillon.h"
#include "igt_carillon_driver.h"
#include "sw_sync.h"

IGT_TEST_DESCRIPTION("Check that an ioctl that waits for its user's memory holds up nobody.");

#define PAGE	4096

/* A page that whoever touches it has to wait for, until we say so. */
struct late_page {
	int uffd;
	uint8_t *map;
	/* What is going to be in there; or it is there, and can't be written yet. */
	uint8_t content[PAGE];
	bool protect;
};

/* An ioctl in a thread of its own. */
struct call {
	struct carillon_ws ws;
	struct late_page late;
	unsigned long request;
	union {
		struct drm_carillon_vm_bind bind;
		struct drm_carillon_submit submit;
		struct drm_carillon_query query;
	} args;
	/* For submit, what isn't late of it. */
	struct drm_carillon_job job;
	struct drm_carillon_sync sync;
	int num_fds;
	pthread_t thread;
	bool runs;
	/* An eventfd: the ioctl has returned @err. */
	int done;
	int err;
};

static struct call call;

static void late_register(struct late_page *late)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = {
		.range = { .start = (uintptr_t)late->map, .len = PAGE },
		.mode = late->protect ? UFFDIO_REGISTER_MODE_WP : UFFDIO_REGISTER_MODE_MISSING,
	};

	late->uffd = syscall(__NR_userfaultfd, O_CLOEXEC);
	igt_require_f(late->uffd >= 0, "userfaultfd: %s\n", strerror(errno));
	igt_assert_eq(ioctl(late->uffd, UFFDIO_API, &api), 0);
	igt_assert_eq(ioctl(late->uffd, UFFDIO_REGISTER, &reg), 0);
}

static void late_protect(struct late_page *late, uint64_t mode)
{
	struct uffdio_writeprotect wp = {
		.range = { .start = (uintptr_t)late->map, .len = PAGE },
		.mode = mode,
	};

	igt_assert_eq(ioctl(late->uffd, UFFDIO_WRITEPROTECT, &wp), 0);
}

/* Nobody has touched the page yet, its content is known. */
static void late_init(struct late_page *late)
{
	if (late->protect)
		memcpy(late->map, late->content, PAGE);
	late_register(late);
	if (late->protect)
		late_protect(late, UFFDIO_WRITEPROTECT_MODE_WP);
}

static void late_resolve(struct late_page *late)
{
	struct uffdio_copy copy = {
		.dst = (uintptr_t)late->map,
		.src = (uintptr_t)late->content,
		.len = PAGE,
	};

	if (late->protect)
		late_protect(late, 0);
	else
		igt_assert_eq(ioctl(late->uffd, UFFDIO_COPY, &copy), 0);
}

/* Whoever waits for the page finds it as it is. */
static void late_fini(struct late_page *late)
{
	if (late->uffd > 0)
		close(late->uffd);
	if (late->map)
		munmap(late->map, PAGE);
}

static int count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	igt_assert(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

static void *call_thread(void *data)
{
	struct call *c = data;
	uint64_t one = 1;

	c->err = __carillon_ioctl(c->ws.fd, c->request, &c->args);
	return write(c->done, &one, sizeof(one)) == sizeof(one) ? data : NULL;
}

static void call_init(struct call *c)
{
	c->late.map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	igt_assert(c->late.map != MAP_FAILED);
	carillon_ws_init(&c->ws, drm_open_driver_render(DRIVER_ANY));
}

/* Starts the ioctl and returns when it waits for the page. */
static void call_start(struct call *c)
{
	struct pollfd fds[2];
	struct uffd_msg msg;

	late_init(&c->late);
	c->done = eventfd(0, EFD_CLOEXEC);
	igt_assert_lte(0, c->done);
	c->num_fds = count_fds();
	igt_assert_eq(pthread_create(&c->thread, NULL, call_thread, c), 0);
	c->runs = true;

	fds[0] = (struct pollfd){ .fd = c->late.uffd, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = c->done, .events = POLLIN };
	igt_assert_lte(1, poll(fds, 2, -1));
	igt_assert_f(!fds[1].revents, "the ioctl has returned %d without its memory\n", c->err);
	igt_assert_eq(read(c->late.uffd, &msg, sizeof(msg)), sizeof(msg));
	igt_assert_eq(msg.event, UFFD_EVENT_PAGEFAULT);
	igt_assert_eq_u64(msg.arg.pagefault.address & ~(PAGE - 1ull), (uintptr_t)c->late.map);
}

static void call_join(struct call *c)
{
	if (c->runs)
		igt_assert_eq(pthread_join(c->thread, NULL), 0);
	c->runs = false;
}

/* Lets the ioctl have its page, and returns what it says. */
static int call_finish(struct call *c)
{
	struct pollfd done = { .fd = c->done, .events = POLLIN };

	igt_assert_eq(poll(&done, 1, 0), 0);
	late_resolve(&c->late);
	call_join(c);
	return c->err;
}

/* After a failure, too. */
static void call_fini(struct call *c)
{
	late_fini(&c->late);
	call_join(c);
	if (c->done > 0)
		close(c->done);
	if (c->ws.map)
		munmap(c->ws.map, CARILLON_WS_SIZE);
	if (c->ws.fd > 0)
		drm_close_driver(c->ws.fd);
	memset(c, 0, sizeof(*c));
}

static void prepare_bind(struct call *c)
{
	const struct drm_carillon_bind_op op = {
		.type = DRM_CARILLON_BIND_MAP,
		.handle = c->ws.bo,
		.va = 2 * c->ws.va,
		.size = CARILLON_WS_SIZE,
	};

	memcpy(c->late.content, &op, sizeof(op));
	c->request = DRM_IOCTL_CARILLON_VM_BIND;
	c->args.bind = (struct drm_carillon_vm_bind){
		.vm_id = c->ws.vm,
		.ops = DRM_CARILLON_OBJ_ARRAY(1, (struct drm_carillon_bind_op *)c->late.map),
	};
}

/* Where it is late is up to the caller. */
static void prepare_submit(struct call *c)
{
	c->sync = (struct drm_carillon_sync){
		.type = DRM_CARILLON_SYNC_FILE,
		.flags = DRM_CARILLON_SYNC_SIGNAL,
		.handle = -1,
	};
	carillon_ws_store(&c->ws, carillon_ws_va(&c->ws, 0), 1);
	c->job = carillon_ws_job(&c->ws);
	c->job.syncs = (struct drm_carillon_obj_array)DRM_CARILLON_OBJ_ARRAY(1, &c->sync);
	c->request = DRM_IOCTL_CARILLON_SUBMIT;
	c->args.submit = (struct drm_carillon_submit){
		.jobs = DRM_CARILLON_OBJ_ARRAY(1, &c->job),
	};
}

static void prepare_submit_jobs(struct call *c)
{
	prepare_submit(c);
	memcpy(c->late.content, &c->job, sizeof(c->job));
	c->args.submit.jobs.array = (uintptr_t)c->late.map;
}

static void prepare_submit_syncs(struct call *c)
{
	prepare_submit(c);
	memcpy(c->late.content, &c->sync, sizeof(c->sync));
	c->job.syncs.array = (uintptr_t)c->late.map;
}

static void prepare_submit_fds(struct call *c)
{
	prepare_submit_syncs(c);
	c->late.protect = true;
}

static void prepare_query(struct call *c)
{
	c->request = DRM_IOCTL_CARILLON_QUERY;
	c->args.query = (struct drm_carillon_query){
		.type = DRM_CARILLON_QUERY_DEVICE,
		.size = sizeof(struct drm_carillon_device_info),
		.pointer = (uintptr_t)c->late.map,
	};
}

static void check_bind(struct call *c)
{
	struct carillon_ws *ws = &c->ws;

	carillon_ws_store(ws, 2 * ws->va, 1);
	igt_assert_eq(carillon_fence_wait_close(carillon_submit_fd(ws->fd, carillon_ws_job(ws), -1)),
		      1);
	igt_assert_eq_u64(*carillon_ws_word(ws, 0), 1);
}

static void check_sync(struct call *c, const struct drm_carillon_sync *sync)
{
	igt_assert_eq(count_fds(), c->num_fds + 1);
	igt_assert_eq(carillon_fence_wait_close(sync->handle), 1);
	igt_assert_eq_u64(*carillon_ws_word(&c->ws, 0), 1);
}

static void check_submit_jobs(struct call *c)
{
	check_sync(c, &c->sync);
}

static void check_submit_syncs(struct call *c)
{
	check_sync(c, (const struct drm_carillon_sync *)c->late.map);
}

static void check_query(struct call *c)
{
	struct drm_carillon_device_info info;

	carillon_query_device(c->ws.fd, &info);
	igt_assert_eq_u32(c->args.query.size, sizeof(info));
	igt_assert_eq(memcmp(c->late.map, &info, sizeof(info)), 0);
}

/* Nothing was done, and the count says so. */
static void gone_bind(struct call *c)
{
	igt_assert_eq(c->err, -ENODEV);
	igt_assert_eq_u32(c->args.bind.ops.count, 0);
}

static void gone_submit(struct call *c)
{
	igt_assert_eq(c->err, -ENODEV);
	igt_assert_eq_u64(*carillon_ws_word(&c->ws, 0), 0);
}

/* What it tells it knew before. */
static void gone_query(struct call *c)
{
	const struct drm_carillon_device_info *info = (const void *)c->late.map;

	igt_assert_eq(c->err, 0);
	igt_assert_eq_u32(c->args.query.size, sizeof(*info));
	igt_assert_neq_u32(info->num_queues, 0);
}

/* An ioctl, and where its memory is late. */
struct late_ioctl {
	const char *name;
	const char *what;
	void (*prepare)(struct call *c);
	/* When it worked. */
	void (*check)(struct call *c);
	/* When the device went meanwhile. */
	void (*gone)(struct call *c);
};

static const struct late_ioctl late_ioctls[] = {
	{ "bind-ops", "a bind waits for its operations", prepare_bind, check_bind, gone_bind },
	{ "submit-jobs", "a submit waits for its jobs",
	  prepare_submit_jobs, check_submit_jobs, gone_submit },
	{ "submit-syncs", "a submit waits for its syncs",
	  prepare_submit_syncs, check_submit_syncs, gone_submit },
	{ "submit-fds", "a submit waits to write new descriptors",
	  prepare_submit_fds, check_submit_syncs, gone_submit },
	{ "query", "a query waits to write its answer", prepare_query, check_query, gone_query },
};

/* Others aren't held up, and in the end the ioctl works. */
static void test_late(const struct late_ioctl *late)
{
	struct carillon_ws other;

	call_init(&call);
	late->prepare(&call);
	call_start(&call);
	carillon_ws_init(&other, call.ws.fd);
	carillon_ws_fini(&other);
	igt_assert_eq(call_finish(&call), 0);
	late->check(&call);
}

/* An unbind that the ioctl holds up never ends; igt_runner then ends us. */
static void test_unbind(const struct late_ioctl *late, const char *driver)
{
	struct drm_carillon_device_info info;
	int fd;

	call_init(&call);
	late->prepare(&call);
	call_start(&call);
	carillon_unbind(driver);
	carillon_bind_again();

	/* A new device, as if nothing had been. */
	fd = drm_open_driver_render(DRIVER_ANY);
	carillon_query_device(fd, &info);
	drm_close_driver(fd);

	call_finish(&call);
	late->gone(&call);
	igt_assert_eq(count_fds(), call.num_fds);
}

int igt_main()
{
	for (unsigned int i = 0; i < ARRAY_SIZE(late_ioctls); i++) {
		const struct late_ioctl *late = &late_ioctls[i];

		igt_subtest_group() {
			igt_describe_f("Check that all is well in the end when %s", late->what);
			igt_subtest_f("%s", late->name)
				test_late(late);

			igt_fixture()
				call_fini(&call);

			igt_describe_f("Check that the driver can be unbound while %s", late->what);
			igt_subtest_f("%s-unbind", late->name)
				test_unbind(late, CARILLON_AUX_DRIVER);

			igt_fixture() {
				call_fini(&call);
				carillon_bind_again();
			}

			igt_describe_f("Check that the PCI device can lose its driver while %s",
				       late->what);
			igt_subtest_f("%s-unbind-pci", late->name)
				test_unbind(late, CARILLON_PCI_DRIVER);

			igt_fixture() {
				call_fini(&call);
				carillon_bind_again();
			}
		}
	}
}
