// SPDX-License-Identifier: MIT
/* The vfio-user protocol: good messages, and bad ones of each kind. */
#include <errno.h>
#include <linux/pci_regs.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../util.h"
#include "gpu.h"
#include "tap.h"

static void start(void)
{
	emu_start(NULL);
	client_hello();
}

static void version(void)
{
	struct vfu_version v;

	start();
	memcpy(&v, reply.data, sizeof(v));
	CHECK_EQ(v.major, 0);
	CHECK_EQ(v.minor, 0);
	CHECK(strstr((char *)reply.data + sizeof(v), "\"capabilities\""));
	CHECK_EQ(reply.data[reply.len - 1], 0);
}

static void version_refused(void)
{
	struct vfu_version v = { .major = 1 };
	struct vfu_device_info info = { .argsz = sizeof(info) };
	char bad[] = "\0\0\0\0{}";	/* no NUL at the end */

	emu_start(NULL);
	client_connect();
	CHECK_EQ(client_request(VFU_GET_INFO, &info, sizeof(info), NULL, 0), EINVAL);
	CHECK_EQ(client_request(VFU_VERSION, &v, sizeof(v), NULL, 0), EINVAL);
	CHECK_EQ(client_request(VFU_VERSION, &v, 2, NULL, 0), EINVAL);
	CHECK_EQ(client_request(VFU_VERSION, bad, 6, NULL, 0), EINVAL);
	v.major = 0;
	v.minor = 7;
	CHECK_EQ(client_request(VFU_VERSION, &v, sizeof(v), NULL, 0), 0);
	memcpy(&v, reply.data, sizeof(v));
	CHECK_EQ(v.minor, 0);
	CHECK_EQ(client_request(VFU_VERSION, &v, sizeof(v), NULL, 0), EINVAL);
	CHECK_EQ(client_request(VFU_GET_INFO, &info, sizeof(info), NULL, 0), 0);
}

static void unknown_commands(void)
{
	static const uint16_t cmds[] = { 0, VFU_GET_REGION_IO_FDS, VFU_DMA_READ,
					 VFU_DMA_WRITE, 14, VFU_REGION_WRITE_MULTI, 16, 17,
					 18, 4711, 0xffff };

	start();
	for (size_t i = 0; i < ARRAY_SIZE(cmds); i++)
		CHECK_EQ(client_request(cmds[i], NULL, 0, NULL, 0), EOPNOTSUPP);
}

/* Each command, with each length that is too short for it. */
static void short_payloads(void)
{
	static const struct {
		uint16_t cmd;
		size_t need;
	} cmds[] = {
		{ VFU_DMA_MAP, sizeof(struct vfu_dma_map) },
		{ VFU_DMA_UNMAP, sizeof(struct vfu_dma_unmap) },
		{ VFU_GET_INFO, sizeof(struct vfu_device_info) },
		{ VFU_GET_REGION_INFO, sizeof(struct vfu_region_info) },
		{ VFU_GET_IRQ_INFO, sizeof(struct vfu_irq_info) },
		{ VFU_SET_IRQS, sizeof(struct vfu_set_irqs) },
		{ VFU_REGION_READ, sizeof(struct vfu_region_access) },
		{ VFU_REGION_WRITE, sizeof(struct vfu_region_access) },
	};
	uint8_t zero[64] = { 0 };

	start();
	for (size_t i = 0; i < ARRAY_SIZE(cmds); i++)
		for (size_t len = 0; len < cmds[i].need; len++)
			CHECK_EQ(client_request(cmds[i].cmd, zero, len, NULL, 0), EINVAL);
}

static void small_argsz(void)
{
	uint32_t words[16] = { 4 };	/* argsz comes first everywhere */

	start();
	CHECK_EQ(client_request(VFU_GET_INFO, words, 16, NULL, 0), EINVAL);
	CHECK_EQ(client_request(VFU_GET_REGION_INFO, words, 32, NULL, 0), EINVAL);
	CHECK_EQ(client_request(VFU_GET_IRQ_INFO, words, 16, NULL, 0), EINVAL);
	CHECK_EQ(client_request(VFU_SET_IRQS, words, 20, NULL, 0), EINVAL);
	CHECK_EQ(client_request(VFU_DMA_MAP, words, 32, NULL, 0), EINVAL);
	CHECK_EQ(client_request(VFU_DMA_UNMAP, words, 24, NULL, 0), EINVAL);
}

/* A message whose size can't be loses the stream; the next client is served. */
static void bad_sizes(void)
{
	static const uint32_t sizes[] = { 0, 15, VFU_MSG_MAX + 1, 0xffffffff };
	struct vfu_device_info info = { .argsz = sizeof(info) };

	emu_start(NULL);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct vfu_hdr hdr = { .cmd = VFU_GET_INFO, .size = sizes[i] };

		client_hello();
		client_send_raw(&hdr, sizeof(hdr), NULL, 0);
		client_recv_reply();
		CHECK_EQ(reply.hdr.flags, VFU_TYPE_REPLY | VFU_ERROR);
		CHECK_EQ(reply.hdr.error, EINVAL);
		CHECK(client_closed());
		client_disconnect();
	}
	client_hello();
	CHECK_EQ(client_request(VFU_GET_INFO, &info, sizeof(info), NULL, 0), 0);
}

static void truncated(void)
{
	struct vfu_hdr hdr = { .cmd = VFU_REGION_WRITE, .size = 4096 };
	struct vfu_device_info info = { .argsz = sizeof(info) };

	emu_start(NULL);
	for (size_t len = 1; len <= sizeof(hdr); len += 5) {
		client_hello();
		client_send_raw(&hdr, len, NULL, 0);
		client_disconnect();
	}
	client_hello();
	CHECK_EQ(client_request(VFU_GET_INFO, &info, sizeof(info), NULL, 0), 0);
}

/* Sent byte by byte, as a stream socket may deliver it. */
static void in_pieces(void)
{
	struct {
		struct vfu_hdr hdr;
		struct vfu_device_info info;
	} m = {
		.hdr = { .id = 77, .cmd = VFU_GET_INFO, .size = sizeof(m) },
		.info = { .argsz = sizeof(m.info) },
	};

	start();
	for (size_t i = 0; i < sizeof(m); i++)
		client_send_raw((char *)&m + i, 1, NULL, 0);
	client_recv_reply();
	CHECK_EQ(reply.hdr.id, 77);
	CHECK_EQ(reply.hdr.flags, VFU_TYPE_REPLY);
}

static void no_reply(void)
{
	struct {
		struct vfu_hdr hdr;
		struct vfu_device_info info;
	} m = {
		.hdr = { .id = 1, .cmd = VFU_GET_INFO, .size = sizeof(m),
			 .flags = VFU_NO_REPLY },
		.info = { .argsz = sizeof(m.info) },
	};

	start();
	client_send_raw(&m, sizeof(m), NULL, 0);
	m.hdr.cmd = 4711;		/* an error isn't answered either */
	client_send_raw(&m, sizeof(m), NULL, 0);
	CHECK_EQ(client_request(VFU_GET_INFO, &m.info, sizeof(m.info), NULL, 0), 0);
}

static void stray_replies(void)
{
	struct vfu_hdr hdr = { .id = 9, .cmd = VFU_DMA_READ, .size = sizeof(hdr),
			       .flags = VFU_TYPE_REPLY };
	struct vfu_device_info info = { .argsz = sizeof(info) };

	start();
	client_send_raw(&hdr, sizeof(hdr), NULL, 0);
	hdr.flags = 2;			/* neither command nor reply */
	client_send_raw(&hdr, sizeof(hdr), NULL, 0);
	client_recv_reply();
	CHECK_EQ(reply.hdr.error, EINVAL);
	CHECK_EQ(client_request(VFU_GET_INFO, &info, sizeof(info), NULL, 0), 0);
}

static void too_many_fds(void)
{
	int fds[12];
	struct vfu_device_info info = { .argsz = sizeof(info) };

	start();
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		fds[i] = test_memfd;
	CHECK_EQ(client_request(VFU_GET_INFO, &info, sizeof(info), fds, 12), E2BIG);
	CHECK_EQ(client_request(VFU_GET_INFO, &info, sizeof(info), fds, 8), 0);
}

static void device_info(void)
{
	struct vfu_device_info info = { .argsz = 4096 };

	start();
	CHECK_EQ(client_request(VFU_GET_INFO, &info, sizeof(info), NULL, 0), 0);
	CHECK_EQ(reply.len, sizeof(info));
	memcpy(&info, reply.data, sizeof(info));
	CHECK_EQ(info.argsz, sizeof(info));
	CHECK_EQ(info.flags, VFU_DEVICE_FLAG_PCI | VFU_DEVICE_FLAG_RESET);
	CHECK_EQ(info.num_regions, 9);
	CHECK_EQ(info.num_irqs, 5);
}

static int region_info(uint32_t index, struct vfu_region_info *info)
{
	int err;

	*info = (struct vfu_region_info){ .argsz = sizeof(*info), .index = index };
	err = client_request(VFU_GET_REGION_INFO, info, sizeof(*info), NULL, 0);
	if (!err)
		memcpy(info, reply.data, sizeof(*info));
	return err;
}

static void region_infos(void)
{
	static const uint64_t sizes[VFU_NUM_REGIONS] = {
		[VFU_REGION_BAR0] = CRLN_BAR0_SIZE, [VFU_REGION_BAR2] = 64 << 20,
		[VFU_REGION_BAR4] = 4096, [VFU_REGION_CONFIG] = 4096,
	};
	struct vfu_region_info info;

	start();
	for (uint32_t i = 0; i < VFU_NUM_REGIONS; i++) {
		CHECK_EQ(region_info(i, &info), 0);
		CHECK_EQ(info.index, i);
		CHECK_EQ(info.size, sizes[i]);
		CHECK_EQ(info.flags & 3, sizes[i] ? 3 : 0);
		CHECK_EQ(!!(info.flags & VFU_REGION_FLAG_MMAP), i == VFU_REGION_BAR2);
		CHECK_EQ(reply.fd >= 0, i == VFU_REGION_BAR2);
		if (reply.fd >= 0)
			close(reply.fd);
	}
	CHECK_EQ(region_info(VFU_NUM_REGIONS, &info), EINVAL);
	CHECK_EQ(region_info(0xffffffff, &info), EINVAL);
}

static void vram_mmap(void)
{
	struct vfu_region_info info;
	uint32_t val = 0x11223344, got;
	uint32_t *map;

	start();
	cfg_wr(PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	CHECK_EQ(region_info(VFU_REGION_BAR2, &info), 0);
	map = mmap(NULL, info.size, PROT_READ | PROT_WRITE, MAP_SHARED, reply.fd,
		   (off_t)info.offset);
	CHECK(map != MAP_FAILED);
	CHECK(ftruncate(reply.fd, 4096));	/* sealed */
	close(reply.fd);
	CHECK_EQ(region_wr(VFU_REGION_BAR2, 0x1000, &val, 4), 0);
	CHECK_EQ(map[0x400], val);
	map[0x401] = 0x55667788;
	CHECK_EQ(region_rd(VFU_REGION_BAR2, 0x1004, &got, 4), 0);
	CHECK_EQ(got, 0x55667788);
	munmap(map, info.size);
}

static void region_bounds(void)
{
	static const uint64_t ends[VFU_NUM_REGIONS] = {
		[VFU_REGION_BAR0] = CRLN_BAR0_SIZE, [VFU_REGION_BAR2] = 64 << 20,
		[VFU_REGION_BAR4] = 4096, [VFU_REGION_CONFIG] = 4096,
	};
	uint8_t buf[16] = { 0 };

	start();
	for (uint32_t i = 0; i < VFU_NUM_REGIONS; i++) {
		CHECK_EQ(region_rd(i, ends[i], buf, 4), EINVAL);
		CHECK_EQ(region_rd(i, ends[i] - 3, buf, 4), EINVAL);
		CHECK_EQ(region_rd(i, UINT64_MAX - 1, buf, 4), EINVAL);
		CHECK_EQ(region_wr(i, ends[i], buf, 4), EINVAL);
		CHECK_EQ(region_wr(i, UINT64_MAX - 1, buf, 4), EINVAL);
		CHECK_EQ(region_rd(i, 0, buf, 0), EINVAL);
	}
	CHECK_EQ(region_rd(VFU_NUM_REGIONS, 0, buf, 4), EINVAL);
	CHECK_EQ(region_rd(0xffffffff, 0, buf, 4), EINVAL);
}

static void region_counts(void)
{
	struct vfu_region_access acc = {
		.region = VFU_REGION_BAR2, .count = VFU_DATA_MAX + 1,
	};

	start();
	CHECK_EQ(client_request(VFU_REGION_READ, &acc, sizeof(acc), NULL, 0), EINVAL);
	acc.count = 0xffffffff;
	CHECK_EQ(client_request(VFU_REGION_READ, &acc, sizeof(acc), NULL, 0), EINVAL);
	CHECK_EQ(client_request(VFU_REGION_WRITE, &acc, sizeof(acc), NULL, 0), EINVAL);
	acc.count = 8;			/* more than comes along */
	CHECK_EQ(client_request(VFU_REGION_WRITE, &acc, sizeof(acc), NULL, 0), EINVAL);
	acc.count = VFU_DATA_MAX;
	CHECK_EQ(client_request(VFU_REGION_READ, &acc, sizeof(acc), NULL, 0), 0);
	CHECK_EQ(reply.len, sizeof(acc) + VFU_DATA_MAX);
}

static void dma_map_errors(void)
{
	struct vfu_dma_map m = { .argsz = sizeof(m), .flags = 4, .size = 4096 };
	int two[2];

	start();
	two[0] = test_memfd;
	two[1] = test_memfd;
	CHECK_EQ(dma_map(0, 0, 0, test_memfd, 3), EINVAL);
	CHECK_EQ(dma_map(0, 4095, 0, test_memfd, 3), EINVAL);
	CHECK_EQ(dma_map(1, 4096, 0, test_memfd, 3), EINVAL);
	CHECK_EQ(dma_map(0, 4096, 1, test_memfd, 3), EINVAL);
	CHECK_EQ(dma_map(UINT64_MAX - 4095, 8192, 0, test_memfd, 3), EINVAL);
	CHECK_EQ(dma_map(0, TEST_MEM_SIZE + 4096, 0, test_memfd, 3), EINVAL);
	CHECK_EQ(dma_map(0, 4096, TEST_MEM_SIZE, test_memfd, 3), EINVAL);
	CHECK_EQ(dma_map(0, 4096, UINT64_MAX - 4095, test_memfd, 3), EINVAL);
	CHECK_EQ(dma_map(0, 1ull << 63, 0, test_memfd, 3), EINVAL);
	CHECK_EQ(client_request(VFU_DMA_MAP, &m, sizeof(m), NULL, 0), EINVAL);
	m.flags = 3;
	CHECK_EQ(client_request(VFU_DMA_MAP, &m, sizeof(m), two, 2), EINVAL);
	CHECK_EQ(dma_map(0, 8192, 0, test_memfd, 3), 0);
	CHECK_EQ(dma_map(4096, 8192, 0, test_memfd, 3), EEXIST);
	CHECK_EQ(dma_map(0, 4096, 0, -1, 3), EEXIST);
	CHECK_EQ(dma_map(UINT64_MAX - 4095, 4096, 0, test_memfd, 3), 0);
}

static void dma_unmap_many(void)
{
	struct vfu_dma_unmap u = { .argsz = sizeof(u), .flags = VFU_UNMAP_FLAG_ALL };

	start();
	for (uint64_t i = 0; i < 16; i++)
		CHECK_EQ(dma_map(i * 8192, 4096, i * 4096, test_memfd, 3), 0);
	CHECK_EQ(dma_unmap(0x1000, 4096), 0);		/* none there */
	CHECK_EQ(dma_unmap(0, 5 * 8192), 0);		/* five */
	CHECK(strstr(control("status"), "\"dma_regions\":11"));
	CHECK_EQ(dma_unmap(0, 0), EINVAL);
	CHECK_EQ(dma_unmap(5, 4096), EINVAL);
	CHECK_EQ(dma_unmap(UINT64_MAX - 4095, 8192), EINVAL);
	CHECK_EQ(dma_map(1 << 20, 65536, 0, test_memfd, 3), 0);
	CHECK_EQ(dma_unmap(1 << 20, 4096), EINVAL);	/* would cut it in two */
	CHECK_EQ(client_request(VFU_DMA_UNMAP, &u, sizeof(u), NULL, 0), 0);
	CHECK(strstr(control("status"), "\"dma_regions\":0"));
}

/* As many as a virtual IOMMU makes; in no order. */
static void dma_map_thousands(void)
{
	const uint64_t pages = TEST_MEM_SIZE / 4096;

	start();
	for (uint64_t i = 0; i < pages; i++) {
		uint64_t page = i * 4093 % pages;

		CHECK_EQ(dma_map(page * 4096, 4096, page * 4096, test_memfd, 3), 0);
	}
	CHECK(strstr(control("status"), "\"dma_regions\":8192"));
	CHECK_EQ(dma_unmap(0, TEST_MEM_SIZE), 0);
	CHECK(strstr(control("status"), "\"dma_regions\":0"));
}

static void irq_infos(void)
{
	static const uint32_t counts[VFU_NUM_IRQS] = { [1] = 8, [2] = 8 };

	start();
	for (uint32_t i = 0; i <= VFU_NUM_IRQS; i++) {
		struct vfu_irq_info info = { .argsz = sizeof(info), .index = i };
		int err = client_request(VFU_GET_IRQ_INFO, &info, sizeof(info), NULL, 0);

		CHECK_EQ(err, i < VFU_NUM_IRQS ? 0 : EINVAL);
		if (err)
			continue;
		memcpy(&info, reply.data, sizeof(info));
		CHECK_EQ(info.count, counts[i]);
		CHECK_EQ(info.flags, counts[i] ? VFU_IRQ_FLAG_EVENTFD : 0);
	}
}

static void reconnect(void)
{
	uint32_t val = 0xdeadbeef;

	start();
	dma_map_test_mem();
	cfg_wr(PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	CHECK_EQ(region_wr(VFU_REGION_BAR2, 0, &val, 4), 0);
	wr32(CRLN_REG_SCRATCH, val);
	client_disconnect();
	client_hello();
	CHECK_EQ(cfg_rd(PCI_COMMAND, 2), 0);
	CHECK(strstr(control("status"), "\"dma_regions\":0"));
	cfg_wr(PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	CHECK_EQ(rd32(CRLN_REG_SCRATCH), 0);
	CHECK_EQ(region_rd(VFU_REGION_BAR2, 0, &val, 4), 0);
	CHECK_EQ(val, 0);
}

static const struct tap_case cases[] = {
	{ "version", version },
	{ "version-refused", version_refused },
	{ "unknown-commands", unknown_commands },
	{ "short-payloads", short_payloads },
	{ "small-argsz", small_argsz },
	{ "bad-sizes", bad_sizes },
	{ "truncated", truncated },
	{ "in-pieces", in_pieces },
	{ "no-reply", no_reply },
	{ "stray-replies", stray_replies },
	{ "too-many-fds", too_many_fds },
	{ "device-info", device_info },
	{ "region-infos", region_infos },
	{ "vram-mmap", vram_mmap },
	{ "region-bounds", region_bounds },
	{ "region-counts", region_counts },
	{ "dma-map-errors", dma_map_errors },
	{ "dma-unmap-many", dma_unmap_many },
	{ "dma-map-thousands", dma_map_thousands },
	{ "irq-infos", irq_infos },
	{ "reconnect", reconnect },
};

int main(int argc, char **argv)
{
	return tap_main(cases, ARRAY_SIZE(cases), argc, argv);
}
