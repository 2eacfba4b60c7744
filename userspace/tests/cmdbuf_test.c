// SPDX-License-Identifier: MIT
/* Commands as bytes, as carillon_hw.h lays them out, and what is refused. */

#include <carillon.h>
#include <errno.h>
#include <string.h>

#include "test.h"

static _Alignas(8) uint8_t mem[4096];

static struct carillon_cmdbuf *start(size_t size)
{
	struct carillon_cmdbuf *cb;

	memset(mem, 0xee, sizeof(mem));
	REQUIRE(!carillon_cmdbuf_create(mem, size, &cb));
	return cb;
}

/* Little-endian, whatever the machine. */
static uint64_t le(size_t offset, int bytes)
{
	uint64_t v = 0;

	while (bytes--)
		v = v << 8 | mem[offset + bytes];
	return v;
}

static void check_header(int opcode, size_t size)
{
	CHECK_EQ(le(0, 2), opcode);
	CHECK_EQ(le(2, 2), size);
	CHECK_EQ(le(4, 4), 0);
	/* Nothing behind it was touched. */
	CHECK_EQ(le(size, 8), 0xeeeeeeeeeeeeeeee);
}

static void test_small(void)
{
	struct carillon_cmdbuf *cb = start(sizeof(mem));

	CHECK_EQ(carillon_cmd_nop(cb), 0);
	check_header(0, 8);
	CHECK_EQ(carillon_cmdbuf_size(cb), 8);

	carillon_cmdbuf_reset(cb);
	CHECK_EQ(carillon_cmd_timestamp(cb, 0x7123456788), 0);
	check_header(6, 16);
	CHECK_EQ(le(8, 8), 0x7123456788);

	carillon_cmdbuf_reset(cb);
	memset(mem, 0xee, sizeof(mem));
	CHECK_EQ(carillon_cmd_sem_wait(cb, 0x1008, UINT64_MAX - 1), 0);
	check_header(7, 24);
	CHECK_EQ(le(8, 8), 0x1008);
	CHECK(le(16, 8) == UINT64_MAX - 1);

	carillon_cmdbuf_reset(cb);
	CHECK_EQ(carillon_cmd_sem_release(cb, 0x1010, 5), 0);
	check_header(8, 24);
	CHECK_EQ(le(16, 8), 5);

	carillon_cmdbuf_reset(cb);
	memset(mem, 0xee, sizeof(mem));
	CHECK_EQ(carillon_cmd_delay(cb, 1000000007), 0);
	check_header(9, 16);
	CHECK_EQ(le(8, 8), 1000000007);
	carillon_cmdbuf_destroy(cb);
}

static void test_memory(void)
{
	struct carillon_cmdbuf *cb = start(sizeof(mem));

	CHECK_EQ(carillon_cmd_fill(cb, 0x2004, 0x100000000, 0xdeadbeef), 0);
	check_header(1, 32);
	CHECK_EQ(le(8, 8), 0x2004);
	CHECK_EQ(le(16, 8), 0x100000000);
	CHECK_EQ(le(24, 4), 0xdeadbeef);
	CHECK_EQ(le(28, 4), 0);

	carillon_cmdbuf_reset(cb);
	CHECK_EQ(carillon_cmd_copy(cb, 0x3001, 0x5003, 7), 0);
	check_header(2, 32);
	CHECK_EQ(le(8, 8), 0x3001);
	CHECK_EQ(le(16, 8), 0x5003);
	CHECK_EQ(le(24, 8), 7);

	carillon_cmdbuf_reset(cb);
	memset(mem, 0xee, sizeof(mem));
	CHECK_EQ(carillon_cmd_crc32c(cb, 0x1004, 0x20001, 99, 0x12345678), 0);
	check_header(5, 40);
	CHECK_EQ(le(8, 8), 0x1004);
	CHECK_EQ(le(16, 8), 0x20001);
	CHECK_EQ(le(24, 8), 99);
	CHECK_EQ(le(32, 4), 0x12345678);
	CHECK_EQ(le(36, 4), 0);
	carillon_cmdbuf_destroy(cb);
}

static void test_images(void)
{
	const struct carillon_surface rgb = { 0x10000, 300, CRLN_FORMAT_RGB888 };
	const struct carillon_surface xrgb = { 0x40000, 400, CRLN_FORMAT_XRGB8888 };
	const struct carillon_surface out = { 0x80000, 500, CRLN_FORMAT_XRGB8888 };
	const struct carillon_conv conv = {
		.coeff = { 1, -2, 3, -4, 5, -6, 7, -8, -32768 },
		.shift = 15,
		.bias = -300,
	};
	struct carillon_cmdbuf *cb = start(sizeof(mem));

	CHECK_EQ(carillon_cmd_blit(cb, &xrgb, &rgb, 100, 50), 0);
	check_header(3, 40);
	CHECK_EQ(le(8, 8), 0x40000);
	CHECK_EQ(le(16, 8), 0x10000);
	CHECK_EQ(le(24, 4), 400);
	CHECK_EQ(le(28, 4), 300);
	CHECK_EQ(le(32, 2), 100);
	CHECK_EQ(le(34, 2), 50);
	CHECK_EQ(le(36, 1), 4);
	CHECK_EQ(le(37, 1), 3);
	CHECK_EQ(le(38, 2), 0);

	carillon_cmdbuf_reset(cb);
	memset(mem, 0xee, sizeof(mem));
	CHECK_EQ(carillon_cmd_conv3x3(cb, &out, &xrgb, 100, 50, &conv), 0);
	check_header(4, 64);
	CHECK_EQ(le(8, 8), 0x80000);
	CHECK_EQ(le(16, 8), 0x40000);
	CHECK_EQ(le(24, 4), 500);
	CHECK_EQ(le(28, 4), 400);
	CHECK_EQ(le(32, 2), 100);
	CHECK_EQ(le(34, 2), 50);
	CHECK_EQ(le(36, 1), 4);
	CHECK_EQ(le(37, 1), 15);
	CHECK_EQ((int16_t)le(38, 2), -300);
	for (int i = 0; i < 9; i++)
		CHECK_EQ((int16_t)le(40 + 2 * i, 2), conv.coeff[i]);
	CHECK_EQ(le(58, 6), 0);
	carillon_cmdbuf_destroy(cb);
}

/* A refused command writes nothing, and the error stays. */
#define REFUSED(call) do {						\
	struct carillon_cmdbuf *cb = start(sizeof(mem));		\
	CHECK_EQ(call, -EINVAL);					\
	CHECK_EQ(carillon_cmdbuf_error(cb), -EINVAL);			\
	CHECK_EQ(carillon_cmd_nop(cb), -EINVAL);			\
	CHECK_EQ(carillon_cmdbuf_size(cb), 0);				\
	CHECK_EQ(le(0, 8), 0xeeeeeeeeeeeeeeee);				\
	carillon_cmdbuf_destroy(cb);					\
} while (0)

static void test_refused_memory(void)
{
	const uint64_t top = 1ull << CRLN_VA_BITS;

	REFUSED(carillon_cmd_fill(cb, 0x1002, 4, 0));
	REFUSED(carillon_cmd_fill(cb, 0x1000, 6, 0));
	REFUSED(carillon_cmd_fill(cb, top, 4, 0));
	REFUSED(carillon_cmd_fill(cb, 0x1000, top, 0));
	REFUSED(carillon_cmd_copy(cb, 0x1000, 0x1fff, 0x1000));
	REFUSED(carillon_cmd_copy(cb, 0x1000, 0x1000, 1));
	REFUSED(carillon_cmd_copy(cb, 0x1000, UINT64_MAX, 1));
	REFUSED(carillon_cmd_crc32c(cb, 0x1002, 0x2000, 1, 0));
	REFUSED(carillon_cmd_crc32c(cb, top, 0x2000, 1, 0));
	REFUSED(carillon_cmd_timestamp(cb, 0x1004));
	REFUSED(carillon_cmd_timestamp(cb, top));
	REFUSED(carillon_cmd_sem_wait(cb, 0x1004, 1));
	REFUSED(carillon_cmd_sem_release(cb, 0x1001, 1));
}

static struct carillon_surface surface(uint64_t va, uint32_t pitch, uint32_t format)
{
	return (struct carillon_surface){ va, pitch, format };
}

static void test_refused_images(void)
{
	const struct carillon_surface a = surface(0x10000, 400, CRLN_FORMAT_XRGB8888);
	const struct carillon_surface b = surface(0x80000, 400, CRLN_FORMAT_XRGB8888);
	const struct carillon_conv conv = { .coeff = { 1 } };
	struct carillon_conv shift = { .shift = 16 };
	struct carillon_surface s;

	REFUSED(carillon_cmd_blit(cb, &b, &a, 0, 1));
	REFUSED(carillon_cmd_blit(cb, &b, &a, 1, 0));
	REFUSED(carillon_cmd_blit(cb, &b, &a, 101, 1));
	s = surface(0x10000, 0xffffffff, CRLN_FORMAT_R8);
	REFUSED(carillon_cmd_blit(cb, &b, &s, CRLN_IMAGE_MAX + 1, 1));
	REFUSED(carillon_cmd_blit(cb, &b, &s, 1, CRLN_IMAGE_MAX + 1));
	REFUSED(carillon_cmd_blit(cb, &b, &s, 1, 1000));
	s = surface(0x10000, 400, 0);
	REFUSED(carillon_cmd_blit(cb, &b, &s, 1, 1));
	s = surface(0x10000, 400, 6);
	REFUSED(carillon_cmd_blit(cb, &s, &a, 1, 1));
	REFUSED(carillon_cmd_conv3x3(cb, &b, &a, 100, 50, &shift));
	s = surface(0x10000 + 400 * 49, 400, CRLN_FORMAT_XRGB8888);
	REFUSED(carillon_cmd_conv3x3(cb, &s, &a, 100, 50, &conv));
	s = surface(0x80000, 400, CRLN_FORMAT_XBGR8888);
	REFUSED(carillon_cmd_conv3x3(cb, &s, &a, 100, 50, &conv));
	s = surface(0x100000, 400, CRLN_FORMAT_RGB888);
	REFUSED(carillon_cmd_conv3x3(cb, &s, &s, 100, 50, &conv));
}

/* The device takes sizes of 0, and does nothing. */
static void test_size_zero(void)
{
	struct carillon_cmdbuf *cb = start(sizeof(mem));

	CHECK_EQ(carillon_cmd_fill(cb, 0x1000, 0, 0), 0);
	CHECK_EQ(carillon_cmd_copy(cb, 0x1000, 0x1000, 0), 0);
	CHECK_EQ(carillon_cmd_crc32c(cb, 0x1000, 0x1000, 0, 0), 0);
	CHECK_EQ(carillon_cmdbuf_size(cb), 32 + 32 + 40);
	carillon_cmdbuf_destroy(cb);
}

static void test_full(void)
{
	struct carillon_cmdbuf *cb = start(20);

	CHECK_EQ(carillon_cmd_nop(cb), 0);
	CHECK_EQ(carillon_cmd_timestamp(cb, 8), -ENOSPC);
	CHECK_EQ(carillon_cmdbuf_size(cb), 8);
	CHECK_EQ(carillon_cmd_nop(cb), -ENOSPC);
	carillon_cmdbuf_reset(cb);
	CHECK_EQ(carillon_cmdbuf_error(cb), 0);
	CHECK_EQ(carillon_cmd_nop(cb), 0);
	carillon_cmdbuf_destroy(cb);
	CHECK_EQ(carillon_cmdbuf_create(mem + 4, 8, &cb), -EINVAL);
	carillon_cmdbuf_destroy(NULL);
}

/* More than a job may have isn't used, though it is there. */
static void test_limit(void)
{
	struct carillon_cmdbuf *cb;
	void *large;
	uint32_t count = 0;

	large = aligned_alloc(8, CRLN_CMD_SIZE_MAX + 64);
	REQUIRE(large);
	REQUIRE(!carillon_cmdbuf_create(large, CRLN_CMD_SIZE_MAX + 64, &cb));
	while (!carillon_cmd_nop(cb))
		count++;
	CHECK_EQ(carillon_cmdbuf_error(cb), -ENOSPC);
	CHECK_EQ(count, CRLN_CMD_SIZE_MAX / 8);
	CHECK_EQ(carillon_cmdbuf_size(cb), CRLN_CMD_SIZE_MAX);
	carillon_cmdbuf_destroy(cb);
	free(large);
}

static void test_formats(void)
{
	CHECK_EQ(carillon_format_bytes(0), 0);
	CHECK_EQ(carillon_format_bytes(CRLN_FORMAT_R8), 1);
	CHECK_EQ(carillon_format_bytes(CRLN_FORMAT_RGB565), 2);
	CHECK_EQ(carillon_format_bytes(CRLN_FORMAT_RGB888), 3);
	CHECK_EQ(carillon_format_bytes(CRLN_FORMAT_XRGB8888), 4);
	CHECK_EQ(carillon_format_bytes(CRLN_FORMAT_XBGR8888), 4);
	CHECK_EQ(carillon_format_bytes(6), 0);
}

int main(void)
{
	test_small();
	test_memory();
	test_images();
	test_refused_memory();
	test_refused_images();
	test_size_zero();
	test_full();
	test_limit();
	test_formats();
	return test_result();
}
