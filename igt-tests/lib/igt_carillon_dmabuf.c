// SPDX-License-Identifier: MIT

#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/dma-heap.h>
#include <linux/udmabuf.h>
#include <sys/ioctl.h>

#include "igt.h"
#include "igt_carillon.h"
#include "igt_carillon_dmabuf.h"
#include "igt_kmod.h"

#define PAGE	4096
#define WORDS	(PAGE / 4)

/*
 * A memfd that can't shrink: udmabuf insists. Its pages are allocated in its own order,
 * not in that of a dma-buf of them.
 */
static int memfd_create_sealed(size_t size)
{
	int memfd = memfd_create("carillon", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	igt_assert_lte(0, memfd);
	igt_assert_eq(ftruncate(memfd, size), 0);
	igt_assert_eq(fallocate(memfd, 0, 0, size), 0);
	igt_assert_eq(fcntl(memfd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	return memfd;
}

unsigned int carillon_udmabuf_piece(unsigned int place, unsigned int num)
{
	unsigned int a, b, rest, step = num * 3 / 8;

	/* The next one that has no divisor in common with num reaches each piece once. */
	do {
		step++;
		for (a = num, b = step; b; a = b, b = rest)
			rest = a % b;
	} while (a != 1);
	return (uint64_t)place * step % num;
}

/*
 * A dma-buf of all of a memfd, in pieces of @chunk bytes; or -errno. Neighbours have
 * been far from each other in the memfd: those that were near can be neighbours in
 * memory, upwards or downwards, and would be mapped as one.
 */
static int udmabuf_shuffled(int memfd, size_t size, size_t chunk)
{
	unsigned int num = size / chunk;
	struct udmabuf_create_list *args = calloc(1, sizeof(*args) + num * sizeof(args->list[0]));
	int dmabuf, fd = open("/dev/udmabuf", O_RDWR | O_CLOEXEC);

	if (fd < 0) {
		fd = -errno;
		free(args);
		return fd;
	}
	args->flags = UDMABUF_FLAGS_CLOEXEC;
	args->count = num;
	for (unsigned int i = 0; i < num; i++) {
		args->list[i].memfd = memfd;
		args->list[i].offset = carillon_udmabuf_piece(i, num) * chunk;
		args->list[i].size = chunk;
	}
	dmabuf = ioctl(fd, UDMABUF_CREATE_LIST, args);
	igt_assert_lte(0, dmabuf);
	close(fd);
	free(args);
	return dmabuf;
}

/*
 * Not in one piece: with CONFIG_DMA_API_DEBUG the kernel complains that udmabuf maps
 * more than 64 KiB in a row for its own device, on DMA_BUF_IOCTL_SYNC.
 */
static int udmabuf_create(size_t size)
{
	int memfd = memfd_create_sealed(size);
	int dmabuf = udmabuf_shuffled(memfd, size, 8 * PAGE);

	close(memfd);
	return dmabuf;
}

int carillon_udmabuf_shuffled(size_t size)
{
	int dmabuf, memfd = memfd_create_sealed(size);
	uint32_t *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, memfd, 0);

	igt_assert(map != MAP_FAILED);
	for (unsigned int i = 0; i < size / PAGE; i++)
		map[i * WORDS] = i;
	munmap(map, size);
	dmabuf = udmabuf_shuffled(memfd, size, PAGE);
	close(memfd);
	igt_require_f(dmabuf >= 0, "no /dev/udmabuf: %s\n", strerror(-dmabuf));
	return dmabuf;
}

static int vgem_open(void)
{
	char path[64];

	/* Built in, it's there already. */
	igt_kmod_load("vgem", NULL);
	for (int minor = 0; minor < 64; minor++) {
		drmVersionPtr version;
		bool found;
		int fd;

		snprintf(path, sizeof(path), "/dev/dri/card%d", minor);
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd < 0)
			continue;
		version = drmGetVersion(fd);
		found = version && !strcmp(version->name, "vgem");
		drmFreeVersion(version);
		if (found)
			return fd;
		close(fd);
	}
	return -ENODEV;
}

int carillon_vgem_open(void)
{
	int fd = vgem_open();

	igt_require_f(fd >= 0, "no vgem driver\n");
	return fd;
}

uint32_t carillon_vgem_create(int vgem, size_t size)
{
	struct drm_mode_create_dumb args = { .width = size / 4, .height = 1, .bpp = 32 };

	igt_assert_eq(drmIoctl(vgem, DRM_IOCTL_MODE_CREATE_DUMB, &args), 0);
	igt_assert_eq_u64(args.size, size);
	return args.handle;
}

/* Its file and handle go: only the dma-buf keeps the buffer. */
static int vgem_create(size_t size)
{
	int dmabuf, vgem = vgem_open();

	if (vgem < 0)
		return vgem;
	dmabuf = carillon_export(vgem, carillon_vgem_create(vgem, size));
	close(vgem);
	return dmabuf;
}

static int heap_create(size_t size)
{
	struct dma_heap_allocation_data args = { .len = size, .fd_flags = O_RDWR | O_CLOEXEC };
	int fd = open("/dev/dma_heap/system", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	igt_assert_eq(ioctl(fd, DMA_HEAP_IOCTL_ALLOC, &args), 0);
	close(fd);
	return args.fd;
}

const struct carillon_exporter carillon_exporters[] = {
	{ "udmabuf", "pages of a memfd", udmabuf_create },
	{ "vgem", "pages of another DRM driver", vgem_create },
	{ "heap", "pages of the system heap", heap_create },
};

const unsigned int carillon_num_exporters = ARRAY_SIZE(carillon_exporters);

int carillon_exporter_create(const struct carillon_exporter *exporter, size_t size)
{
	int dmabuf = exporter->create(size);

	igt_require_f(dmabuf >= 0, "no %s here: %s\n", exporter->what, strerror(-dmabuf));
	return dmabuf;
}

static void dmabuf_sync(int dmabuf, uint64_t flags)
{
	struct dma_buf_sync args = { .flags = flags | DMA_BUF_SYNC_RW };

	igt_assert_eq(drmIoctl(dmabuf, DMA_BUF_IOCTL_SYNC, &args), 0);
}

void *carillon_dmabuf_map(int dmabuf, size_t size)
{
	void *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, dmabuf, 0);

	igt_assert(map != MAP_FAILED);
	dmabuf_sync(dmabuf, DMA_BUF_SYNC_START);
	return map;
}

void carillon_dmabuf_unmap(int dmabuf, void *map, size_t size)
{
	dmabuf_sync(dmabuf, DMA_BUF_SYNC_END);
	munmap(map, size);
}

int carillon_dmabuf_export_fence(int dmabuf, uint32_t flags)
{
	struct dma_buf_export_sync_file args = { .flags = flags, .fd = -1 };

	igt_assert_eq(drmIoctl(dmabuf, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &args), 0);
	return args.fd;
}

void carillon_dmabuf_import_fence(int dmabuf, uint32_t flags, int sync_file)
{
	struct dma_buf_import_sync_file args = { .flags = flags, .fd = sync_file };

	igt_assert_eq(drmIoctl(dmabuf, DMA_BUF_IOCTL_IMPORT_SYNC_FILE, &args), 0);
}

int __carillon_import(int fd, int dmabuf, uint32_t *handle)
{
	return drmPrimeFDToHandle(fd, dmabuf, handle) ? -errno : 0;
}

uint32_t carillon_import(int fd, int dmabuf)
{
	uint32_t handle;

	igt_assert_eq(__carillon_import(fd, dmabuf, &handle), 0);
	igt_assert_neq_u32(handle, 0);
	return handle;
}

int carillon_export(int fd, uint32_t handle)
{
	int dmabuf;

	igt_assert_eq(drmPrimeHandleToFD(fd, handle, DRM_CLOEXEC | DRM_RDWR, &dmabuf), 0);
	return dmabuf;
}

uint32_t carillon_page_value(unsigned int page)
{
	return 0x5eed0005 + 0x10000 * page;
}

void carillon_fill_pages(uint32_t *map, size_t size)
{
	for (size_t i = 0; i < size / PAGE; i++)
		for (size_t j = 0; j < WORDS; j++)
			map[i * WORDS + j] = carillon_page_value(i) + j;
}

void carillon_check_pages(const uint32_t *map, size_t size)
{
	for (size_t i = 0; i < size / PAGE; i++)
		for (size_t j = 0; j < WORDS; j++)
			igt_assert_eq_u32(map[i * WORDS + j], carillon_page_value(i) + j);
}

void carillon_shared_init(struct carillon_shared *s, struct carillon_ws *ws, int dmabuf, size_t size)
{
	s->dmabuf = dmabuf;
	s->size = size;
	s->handle = carillon_import(ws->fd, dmabuf);
	s->map = carillon_dmabuf_map(dmabuf, size);
	carillon_vm_map(ws->fd, ws->vm, s->handle, CARILLON_SHARED_VA, size, 0);
}

void carillon_shared_fini(struct carillon_shared *s, struct carillon_ws *ws)
{
	carillon_vm_unmap(ws->fd, ws->vm, CARILLON_SHARED_VA, s->size);
	carillon_dmabuf_unmap(s->dmabuf, s->map, s->size);
	gem_close(ws->fd, s->handle);
	close(s->dmabuf);
}
