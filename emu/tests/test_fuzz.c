// SPDX-License-Identifier: MIT
/*
 * Random input from a seed: messages, registers, ring memory, commands, page tables.
 *
 * What is checked is that the emulator goes on answering and ends well, with the
 * sanitizers on. CARILLON_FUZZ_SEED and CARILLON_FUZZ_ROUNDS in the environment make
 * a long run of it; the seed of a round that fails is printed.
 */
#include <linux/pci_regs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../util.h"
#include "gpu.h"
#include "tap.h"

static uint64_t state;

/* splitmix64: good enough, and the same everywhere. */
static uint64_t rnd(void)
{
	uint64_t z = (state += 0x9e3779b97f4a7c15ull);

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static uint64_t below(uint64_t n)
{
	return rnd() % n;
}

/* Values that break things more often than others. */
static uint64_t nasty(void)
{
	static const uint64_t values[] = {
		0, 1, 2, 3, 4, 7, 8, 63, 64, 65, 255, 256, 4095, 4096, 4097, 65535, 65536,
		0x7fffffff, 0x80000000, 0xfffff000, 0xffffffff, 0x100000000,
		1ull << 39, (1ull << 39) - 1, INT64_MAX, 1ull << 63, UINT64_MAX - 4095,
		UINT64_MAX - 7, UINT64_MAX,
	};

	switch (below(4)) {
	case 0:
		return values[below(ARRAY_SIZE(values))];
	case 1:
		return TEST_MEM_BUS + (below(TEST_MEM_SIZE) & ~63ull);
	case 2:
		return GPU_VA + below(TEST_MEM_SIZE);
	default:
		return rnd() >> below(64);
	}
}

static unsigned int rounds(unsigned int by_default)
{
	const char *s = getenv("CARILLON_FUZZ_ROUNDS");

	return s ? (unsigned int)strtoul(s, NULL, 0) : by_default;
}

static void seed_round(unsigned int round)
{
	const char *s = getenv("CARILLON_FUZZ_SEED");

	state = (s ? strtoull(s, NULL, 0) : 1) + round;
	printf("# seed %llu\n", (unsigned long long)state);
}

static void check_alive(void)
{
	struct vfu_device_info info = { .argsz = sizeof(info) };

	CHECK_EQ(client_request(VFU_GET_INFO, &info, sizeof(info), NULL, 0), 0);
}

/* Around the ends of the regions, where a wrong check lets something through. */
static void random_region_access(void)
{
	static const uint64_t sizes[] = { CRLN_BAR0_SIZE, 0, 64 << 20, 0, 4096, 0, 0, 4096, 0 };
	uint8_t buf[sizeof(struct vfu_region_access) + 64] = { 0 };
	struct vfu_region_access acc = { .region = (uint32_t)below(9) };
	uint16_t cmd = below(2) ? VFU_REGION_READ : VFU_REGION_WRITE;

	acc.offset = sizes[acc.region] - 32 + below(64);
	acc.count = (uint32_t)(below(4) ? below(65) : nasty());
	memcpy(buf, &acc, sizeof(acc));
	client_request(cmd, buf, sizeof(buf), NULL, 0);
}

static void random_request(void)
{
	uint8_t buf[256];
	uint32_t word;
	size_t len = below(4) ? 8 * below(9) : below(sizeof(buf));
	int fds[3];
	unsigned int num_fds = below(3) ? 0 : (unsigned int)below(4);
	uint16_t cmd = (uint16_t)(below(8) ? 2 + below(12) : rnd());

	for (size_t i = 0; i + 8 <= sizeof(buf); i += 8) {
		uint64_t v = nasty();

		memcpy(buf + i, &v, 8);
	}
	word = 64;			/* argsz, so that the rest is looked at */
	if (below(2))
		memcpy(buf, &word, 4);
	word = (uint32_t)below(10);	/* region, index */
	if (below(2))
		memcpy(buf + 8, &word, 4);
	word = (uint32_t)below(64);
	if (below(2))
		memcpy(buf + 12, &word, 4);
	for (unsigned int i = 0; i < num_fds; i++)
		fds[i] = test_memfd;
	client_request(cmd, buf, len, fds, num_fds);
	if (reply.fd >= 0)
		close(reply.fd);
}

static void protocol(void)
{
	emu_start(NULL);
	for (unsigned int round = 0; round < rounds(20); round++) {
		seed_round(round);
		client_hello();
		for (int i = 0; i < 300; i++) {
			/* Else all accesses to BARs end at the first test. */
			cfg_wr(PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
			if (below(4))
				random_request();
			else
				random_region_access();
		}
		check_alive();
		client_disconnect();
	}
}

/* Bytes that are no messages at all. */
static void garbage(void)
{
	uint8_t buf[512];

	emu_start(NULL);
	for (unsigned int round = 0; round < rounds(100); round++) {
		size_t len = 1 + below(sizeof(buf));

		seed_round(round);
		if (below(2))
			client_hello();
		else
			client_connect();
		for (size_t i = 0; i < sizeof(buf); i++)
			buf[i] = (uint8_t)rnd();
		buf[6] = 0;		/* sizes that can be, mostly */
		buf[7] = 0;
		client_send_raw(buf, len, NULL, 0);
		client_disconnect();
	}
	client_hello();
	check_alive();
}

static uint64_t random_register(void)
{
	switch (below(4)) {
	case 0:
		return below(0x60) & ~3ull;
	case 1:
		return CRLN_DOORBELL(below(4));
	case 2:
		return below(CRLN_BAR0_SIZE) & ~3ull;
	default:
		return CRLN_RING_REG(below(4), below(0x38) & ~3ull);
	}
}

static uint32_t random_value(uint64_t reg)
{
	if (reg >= CRLN_RING_BLOCK && reg < CRLN_DOORBELL_BLOCK && below(2))
		return (uint32_t)below(12);
	if (reg == CRLN_REG_RESET)
		return below(4) ? 0 : CRLN_RESET_KEY;
	if (reg == CRLN_REG_FW_REQUEST)
		return CRLN_FW_INTERFACE;
	return (uint32_t)nasty();
}

static void random_config_write(void)
{
	unsigned int off = (unsigned int)below(256), size = 1u << below(3);

	cfg_wr(off, size, (uint32_t)rnd());
	cfg_wr(PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	cfg_wr(cfg_cap(PCI_CAP_ID_PM) + PCI_PM_CTRL, 2, 0);
}

static void registers(void)
{
	emu_start(NULL);
	for (unsigned int round = 0; round < rounds(15); round++) {
		seed_round(round);
		gpu_attach();
		for (int i = 0; i < 500; i++) {
			uint64_t reg = random_register();

			wr32(reg, random_value(reg));
			rd32(random_register());
			if (!below(50))
				random_config_write();
		}
		check_alive();
		client_disconnect();
	}
}

static size_t random_command(uint8_t *p)
{
	static const uint16_t sizes[] = { 8, 32, 32, 40, 64, 40, 16, 24, 24, 16 };
	uint16_t op = (uint16_t)below(10);
	size_t size = sizes[op];
	struct crln_cmd hdr = gpu_cmd(op, size);

	for (size_t i = 8; i < size; i += 8) {
		uint64_t v = nasty();

		memcpy(p + i, &v, 8);
	}
	if (op == CRLN_CMD_BLIT || op == CRLN_CMD_CONV3X3) {
		uint32_t pitches[2] = { (uint32_t)nasty(), (uint32_t)below(70000) };
		uint16_t dims[2] = { (uint16_t)below(300), (uint16_t)below(300) };
		uint8_t formats[2] = { (uint8_t)below(7), (uint8_t)below(7) };

		memcpy(p + 24, pitches, 8);
		memcpy(p + 32, dims, 4);
		memcpy(p + 36, formats, 2);
		memset(p + 38, 0, 2);
		if (op == CRLN_CMD_CONV3X3)
			memset(p + 58, 0, 6);
	}
	if (!below(20))
		hdr.size = (uint16_t)nasty();
	if (!below(20))
		hdr.flags = (uint32_t)nasty();
	memcpy(p, &hdr, sizeof(hdr));
	return size;
}

static void random_job(struct gpu_ring *r)
{
	uint64_t off = (below(TEST_MEM_SIZE - 8192)) & ~7ull;
	struct crln_desc *d = gpu_desc(r);
	size_t size = 0;

	for (uint64_t n = 1 + below(8); n; n--)
		size += random_command((uint8_t *)gpu_ptr(off) + size);
	d->cmd_addr = gpu_va(off);
	d->cmd_size = (uint32_t)size;
	if (!below(20))
		d->cmd_size = (uint32_t)nasty();
	if (!below(20))
		d->cmd_addr = nasty();
	if (!below(20))
		d->flags = (uint32_t)nasty();
	if (!below(50))
		d->seqno = nasty();
}

/* Somewhere in memory, so also in page tables, slots and completions. */
static void random_scribble(void)
{
	uint64_t v = nasty();

	if (below(2))
		v = v << 12 | below(8);
	memcpy(gpu_ptr(below(gpu_mem_used() - 8) & ~7ull), &v, 8);
}

static void jobs(void)
{
	emu_start(NULL);
	for (unsigned int round = 0; round < rounds(20); round++) {
		struct gpu_ring r[3];

		seed_round(round);
		gpu_attach();
		for (unsigned int i = 0; i < 3; i++)
			r[i] = gpu_ring_new(i, i, i);
		for (int i = 0; i < 60; i++) {
			struct gpu_ring *one = &r[below(3)];

			random_job(one);
			gpu_doorbell(one);
			if (!below(4))
				random_scribble();
			if (!below(20)) {
				gpu_ring_wr(one, CRLN_RING_CTRL, 1 + (uint32_t)below(3));
				wr32(CRLN_REG_TLB_REQUEST, (uint32_t)i);
				rd32(CRLN_REG_TLB_DONE);
			}
		}
		sleep_ms(5);
		check_alive();
		client_disconnect();
	}
}

static const struct tap_case cases[] = {
	{ "protocol", protocol },
	{ "garbage", garbage },
	{ "registers", registers },
	{ "jobs", jobs },
};

int main(int argc, char **argv)
{
	return tap_main(cases, ARRAY_SIZE(cases), argc, argv);
}
