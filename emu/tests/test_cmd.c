// SPDX-License-Identifier: MIT
/* Commands, their errors, and the page tables they go through. */
#include <stdlib.h>
#include <string.h>

#include "../util.h"
#include "gpu.h"
#include "tap.h"

#define RUN(r, cmd)	gpu_run(&(r), &(cmd), sizeof(cmd))

static struct gpu_ring start(void)
{
	gpu_boot(NULL);
	return gpu_ring_new(0, 0, 1);
}

static struct crln_cmd_fill fill(uint64_t va, uint64_t size, uint32_t pattern)
{
	return (struct crln_cmd_fill){
		.cmd = gpu_cmd(CRLN_CMD_FILL, sizeof(struct crln_cmd_fill)),
		.dst = va, .size_bytes = size, .pattern = pattern,
	};
}

static struct crln_cmd_copy copy(uint64_t dst, uint64_t src, uint64_t size)
{
	return (struct crln_cmd_copy){
		.cmd = gpu_cmd(CRLN_CMD_COPY, sizeof(struct crln_cmd_copy)),
		.dst = dst, .src = src, .size_bytes = size,
	};
}

static void noise(uint64_t off, size_t size, uint32_t seed)
{
	uint8_t *p = gpu_ptr(off);

	for (size_t i = 0; i < size; i++) {
		seed = seed * 1664525 + 1013904223;
		p[i] = (uint8_t)(seed >> 24);
	}
}

static bool all_are(uint64_t off, size_t size, uint8_t byte)
{
	const uint8_t *p = gpu_ptr(off);

	for (size_t i = 0; i < size; i++)
		if (p[i] != byte)
			return false;
	return true;
}

static void test_nop(void)
{
	struct gpu_ring r = start();
	struct crln_cmd nops[16];

	for (size_t i = 0; i < ARRAY_SIZE(nops); i++)
		nops[i] = gpu_cmd(CRLN_CMD_NOP, sizeof(nops[i]));
	CHECK_EQ(RUN(r, nops), CRLN_OK);
}

static void test_fill(void)
{
	struct gpu_ring r = start();
	uint64_t buf = gpu_alloc(3 << 20);
	struct crln_cmd_fill c = fill(gpu_va(buf) + 4092, 2 << 20, 0x5a5a5a5a);

	CHECK_EQ(RUN(r, c), CRLN_OK);
	CHECK(all_are(buf, 4092, 0));
	CHECK(all_are(buf + 4092, 2 << 20, 0x5a));
	CHECK(all_are(buf + 4092 + (2 << 20), 8192, 0));
	c = fill(gpu_va(buf), 8, 0x04030201);
	CHECK_EQ(RUN(r, c), CRLN_OK);
	CHECK(!memcmp(gpu_ptr(buf), "\1\2\3\4\1\2\3\4\0", 9));
	c = fill(gpu_va(buf), 0, 1);
	CHECK_EQ(RUN(r, c), CRLN_OK);
}

static void fill_errors(void)
{
	struct gpu_ring r = start();
	uint64_t buf = gpu_va(gpu_alloc(4096));
	struct crln_cmd_fill c = fill(buf + 1, 4, 0);

	CHECK_EQ(RUN(r, c), CRLN_BAD_CMD);
	c = fill(buf, 6, 0);
	CHECK_EQ(RUN(r, c), CRLN_BAD_CMD);
	c = fill(buf, 4, 0);
	c.rsvd = 1;
	CHECK_EQ(RUN(r, c), CRLN_BAD_CMD);
	c = fill(buf, UINT64_MAX - 3, 0xffffffff);
	c.dst = GPU_VA + TEST_MEM_SIZE - 8;
	CHECK_EQ(RUN(r, c), CRLN_PAGE_FAULT);
	c = fill(UINT64_MAX - 3, 8, 0);		/* wraps */
	CHECK_EQ(RUN(r, c), CRLN_PAGE_FAULT);
	c = fill(1ull << CRLN_VA_BITS, 4, 0);
	CHECK_EQ(RUN(r, c), CRLN_PAGE_FAULT);
	c = fill(GPU_VA_RO, 4, 0);
	CHECK_EQ(RUN(r, c), CRLN_PROT_FAULT);
}

static void test_copy(void)
{
	struct gpu_ring r = start();
	uint64_t src = gpu_alloc(1 << 20), dst = gpu_alloc(1 << 20);
	struct crln_cmd_copy c = copy(gpu_va(dst) + 5, gpu_va(src) + 3, 700001);

	noise(src, 1 << 20, 1);
	CHECK_EQ(RUN(r, c), CRLN_OK);
	CHECK(!memcmp(gpu_ptr(dst + 5), gpu_ptr(src + 3), 700001));
	CHECK(all_are(dst, 5, 0) && all_are(dst + 5 + 700001, 4096, 0));
	/* To VRAM and back; then read-only memory as the source. */
	c = copy(GPU_VA_VRAM + 7, gpu_va(src), 100000);
	CHECK_EQ(RUN(r, c), CRLN_OK);
	memset(gpu_ptr(dst), 0, 1 << 20);
	c = copy(gpu_va(dst), GPU_VA_VRAM + 7, 100000);
	CHECK_EQ(RUN(r, c), CRLN_OK);
	CHECK(!memcmp(gpu_ptr(dst), gpu_ptr(src), 100000));
	c = copy(gpu_va(dst), GPU_VA_RO, 4096);
	CHECK_EQ(RUN(r, c), CRLN_OK);
	c = copy(gpu_va(dst), gpu_va(dst) + 100, 5000);		/* overlap: no crash */
	CHECK_EQ(RUN(r, c), CRLN_OK);
	c = copy(1, 2, 0);
	CHECK_EQ(RUN(r, c), CRLN_OK);
	c = copy(1, gpu_va(src), 1);
	CHECK_EQ(RUN(r, c), CRLN_PAGE_FAULT);
	c = copy(gpu_va(dst), 1, 1);
	CHECK_EQ(RUN(r, c), CRLN_PAGE_FAULT);
}

static uint32_t crc_reference(uint32_t crc, const uint8_t *p, size_t len)
{
	crc = ~crc;
	while (len--) {
		crc ^= *p++;
		for (int i = 0; i < 8; i++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	return ~crc;
}

static void test_crc32c(void)
{
	struct gpu_ring r = start();
	uint64_t src = gpu_alloc(1 << 18), dst = gpu_alloc(4096);
	struct crln_cmd_crc32c c = {
		.cmd = gpu_cmd(CRLN_CMD_CRC32C, sizeof(c)),
		.dst = gpu_va(dst), .src = gpu_va(src), .size_bytes = 9,
	};
	uint32_t *word = gpu_ptr(dst);

	memcpy(gpu_ptr(src), "123456789", 9);
	CHECK_EQ(RUN(r, c), CRLN_OK);
	CHECK_EQ(*word, 0xe3069283);
	noise(src, 1 << 18, 2);
	c.src++;
	c.size_bytes = 200003;
	CHECK_EQ(RUN(r, c), CRLN_OK);
	CHECK_EQ(*word, crc_reference(0, gpu_ptr(src + 1), 200003));
	c.seed = *word;
	c.src += c.size_bytes;
	c.size_bytes = 77;
	CHECK_EQ(RUN(r, c), CRLN_OK);
	CHECK_EQ(*word, crc_reference(0, gpu_ptr(src + 1), 200080));
	c.seed = 0x1234;
	c.size_bytes = 0;
	CHECK_EQ(RUN(r, c), CRLN_OK);
	CHECK_EQ(*word, 0x1234);
	c.dst += 2;
	CHECK_EQ(RUN(r, c), CRLN_BAD_CMD);
	c.dst -= 2;
	c.rsvd = 1;
	CHECK_EQ(RUN(r, c), CRLN_BAD_CMD);
	c.rsvd = 0;
	c.size_bytes = UINT64_MAX;
	CHECK_EQ(RUN(r, c), CRLN_PAGE_FAULT);
	c.size_bytes = 4;
	c.dst = GPU_VA_RO;
	CHECK_EQ(RUN(r, c), CRLN_PROT_FAULT);
}

static void test_timestamp(void)
{
	struct gpu_ring r = start();
	uint64_t dst = gpu_alloc(4096), seqno;
	struct crln_cmd_timestamp c = {
		.cmd = gpu_cmd(CRLN_CMD_TIMESTAMP, sizeof(c)), .dst = gpu_va(dst),
	};
	struct crln_cpl_slot *rec;
	uint64_t *word = gpu_ptr(dst);

	seqno = gpu_submit_cmd(&r, &c, sizeof(c), 0);
	gpu_wait(&r, seqno);
	rec = gpu_record(&r, seqno);
	CHECK_EQ(rec->status, CRLN_OK);
	CHECK(rec->start_ns <= *word && *word <= rec->end_ns);
	c.dst += 4;
	CHECK_EQ(RUN(r, c), CRLN_BAD_CMD);
	c.dst = GPU_VA_RO;
	CHECK_EQ(RUN(r, c), CRLN_PROT_FAULT);
	c.dst = 0;
	CHECK_EQ(RUN(r, c), CRLN_PAGE_FAULT);
}

static void test_delay(void)
{
	struct gpu_ring r = start();
	struct crln_cmd_delay c = gpu_delay(30000000);
	uint64_t seqno = gpu_submit_cmd(&r, &c, sizeof(c), 0);
	struct crln_cpl_slot *rec;

	gpu_wait(&r, seqno);
	rec = gpu_record(&r, seqno);
	CHECK_EQ(rec->status, CRLN_OK);
	CHECK(rec->end_ns - rec->start_ns >= 30000000);
}

/* An independent statement of the contract's arithmetic. */
struct rgbx {
	int r, g, b, x;
};

static const int format_size[] = { 0, 1, 2, 3, 4, 4 };

static struct rgbx ref_read(int format, const uint8_t *p)
{
	int w = p[0] | p[1] << 8;

	switch (format) {
	case CRLN_FORMAT_R8:
		return (struct rgbx){ p[0], p[0], p[0], 255 };
	case CRLN_FORMAT_RGB565:
		return (struct rgbx){ (w >> 11) * 8 + (w >> 13),
				      (w >> 5 & 63) * 4 + (w >> 9 & 3),
				      (w & 31) * 8 + (w >> 2 & 7), 255 };
	case CRLN_FORMAT_RGB888:
		return (struct rgbx){ p[2], p[1], p[0], 255 };
	case CRLN_FORMAT_XRGB8888:
		return (struct rgbx){ p[2], p[1], p[0], p[3] };
	default:
		return (struct rgbx){ p[0], p[1], p[2], p[3] };
	}
}

static bool ref_matches(int format, const uint8_t *p, struct rgbx c)
{
	switch (format) {
	case CRLN_FORMAT_R8:
		return p[0] == (77 * c.r + 150 * c.g + 29 * c.b + 128) / 256;
	case CRLN_FORMAT_RGB565:
		return (p[0] | p[1] << 8) == c.r / 8 * 2048 + c.g / 4 * 32 + c.b / 8;
	case CRLN_FORMAT_RGB888:
		return p[0] == c.b && p[1] == c.g && p[2] == c.r;
	case CRLN_FORMAT_XRGB8888:
		return p[0] == c.b && p[1] == c.g && p[2] == c.r && p[3] == c.x;
	default:
		return p[0] == c.r && p[1] == c.g && p[2] == c.b && p[3] == c.x;
	}
}

static struct crln_cmd_blit blit(uint64_t dst, uint64_t src, int width, int height,
				 int dst_format, int src_format)
{
	return (struct crln_cmd_blit){
		.cmd = gpu_cmd(CRLN_CMD_BLIT, sizeof(struct crln_cmd_blit)),
		.dst = dst, .src = src,
		.dst_pitch = (uint32_t)(width * format_size[dst_format]),
		.src_pitch = (uint32_t)(width * format_size[src_format]),
		.width = (uint16_t)width, .height = (uint16_t)height,
		.dst_format = (uint8_t)dst_format, .src_format = (uint8_t)src_format,
	};
}

static void blit_one(struct gpu_ring *r, uint64_t dst, uint64_t src, int df, int sf)
{
	struct crln_cmd_blit c = blit(gpu_va(dst) + 3, gpu_va(src) + 1, 301, 17, df, sf);
	const int ds = format_size[df], ss = format_size[sf];

	c.dst_pitch += 13;
	c.src_pitch += 5;
	memset(gpu_ptr(dst), 0xee, 64 << 10);
	CHECK_EQ(gpu_run(r, &c, sizeof(c)), CRLN_OK);
	for (unsigned int y = 0; y < 17; y++) {
		const uint8_t *s = gpu_ptr(src + 1 + y * c.src_pitch);
		const uint8_t *d = gpu_ptr(dst + 3 + y * c.dst_pitch);

		for (int x = 0; x < 301; x++)
			CHECK(ref_matches(df, d + x * ds, ref_read(sf, s + x * ss)));
		CHECK(all_are(dst + 3 + y * c.dst_pitch + (uint64_t)(301 * ds), 13, 0xee));
	}
}

static void test_blit(void)
{
	struct gpu_ring r = start();
	uint64_t src = gpu_alloc(64 << 10), dst = gpu_alloc(64 << 10);

	noise(src, 64 << 10, 3);
	for (int df = CRLN_FORMAT_R8; df <= CRLN_FORMAT_XBGR8888; df++)
		for (int sf = CRLN_FORMAT_R8; sf <= CRLN_FORMAT_XBGR8888; sf++)
			blit_one(&r, dst, src, df, sf);
}

/* 565 to 888 and back is exact, for each of the 65536 values. */
static void blit_565_exact(void)
{
	struct gpu_ring r = start();
	uint64_t a = gpu_alloc(128 << 10), b = gpu_alloc(192 << 10), c = gpu_alloc(128 << 10);
	struct crln_cmd_blit there = blit(gpu_va(b), gpu_va(a), 256, 256,
					  CRLN_FORMAT_RGB888, CRLN_FORMAT_RGB565);
	struct crln_cmd_blit back = blit(gpu_va(c), gpu_va(b), 256, 256,
					 CRLN_FORMAT_RGB565, CRLN_FORMAT_RGB888);

	for (unsigned int i = 0; i < 65536; i++)
		((uint16_t *)gpu_ptr(a))[i] = (uint16_t)i;
	CHECK_EQ(RUN(r, there), CRLN_OK);
	CHECK_EQ(RUN(r, back), CRLN_OK);
	CHECK(!memcmp(gpu_ptr(a), gpu_ptr(c), 128 << 10));
	CHECK(!memcmp(gpu_ptr(b + 65535 * 3), "\xff\xff\xff", 3));
}

static void blit_errors(void)
{
	struct gpu_ring r = start();
	uint64_t buf = gpu_va(gpu_alloc(1 << 20));
	const struct crln_cmd_blit good = blit(buf, buf + 65536, 16, 16,
					       CRLN_FORMAT_XRGB8888, CRLN_FORMAT_RGB565);
	struct crln_cmd_blit c;

#define BAD(change) do { c = good; c.change; CHECK_EQ(RUN(r, c), CRLN_BAD_CMD); } while (0)
	BAD(width = 0);
	BAD(height = 0);
	BAD(width = CRLN_IMAGE_MAX + 1);
	BAD(height = CRLN_IMAGE_MAX + 1);
	BAD(width = 0xffff);
	BAD(dst_pitch = 63);
	BAD(src_pitch = 31);
	BAD(dst_format = 0);
	BAD(src_format = 0);
	BAD(dst_format = 6);
	BAD(src_format = 255);
	BAD(rsvd = 1);
#undef BAD
	c = good;
	CHECK_EQ(RUN(r, c), CRLN_OK);
	c.dst_pitch = 0xffffffff;
	CHECK_EQ(RUN(r, c), CRLN_PAGE_FAULT);
	c = good;
	c.src = UINT64_MAX;
	CHECK_EQ(RUN(r, c), CRLN_PAGE_FAULT);
	c = good;
	c.dst = GPU_VA_RO;
	CHECK_EQ(RUN(r, c), CRLN_PROT_FAULT);
	c = blit(buf, buf + 131072, CRLN_IMAGE_MAX, 1, CRLN_FORMAT_XRGB8888,
		 CRLN_FORMAT_XBGR8888);
	CHECK_EQ(RUN(r, c), CRLN_OK);
}

static struct crln_cmd_conv3x3 conv(uint64_t dst, uint64_t src, int width, int height,
				    int format)
{
	return (struct crln_cmd_conv3x3){
		.cmd = gpu_cmd(CRLN_CMD_CONV3X3, sizeof(struct crln_cmd_conv3x3)),
		.dst = dst, .src = src,
		.dst_pitch = (uint32_t)(width * format_size[format]),
		.src_pitch = (uint32_t)(width * format_size[format]),
		.width = (uint16_t)width, .height = (uint16_t)height,
		.format = (uint8_t)format,
	};
}

static int clampi(int v, int lo, int hi)
{
	return v < lo ? lo : v > hi ? hi : v;
}

static int floor_shift(long v, int shift)
{
	long d = 1l << shift;

	return (int)(v >= 0 ? v / d : -((-v + d - 1) / d));
}

static int ref_conv(const struct crln_cmd_conv3x3 *c, const uint8_t *src, int x, int y,
		    int ch)
{
	int size = format_size[c->format];
	long sum = 0;

	for (int j = -1; j <= 1; j++)
		for (int i = -1; i <= 1; i++) {
			int sx = clampi(x + i, 0, c->width - 1);
			int sy = clampi(y + j, 0, c->height - 1);

			sum += src[(size_t)sy * c->src_pitch + (size_t)(sx * size + ch)] *
			       (long)(int16_t)c->coeff[(j + 1) * 3 + i + 1];
		}
	sum += c->shift ? 1 << (c->shift - 1) : 0;
	return clampi(floor_shift(sum, c->shift) + (int16_t)c->bias, 0, 255);
}

static void conv_check(struct gpu_ring *r, const struct crln_cmd_conv3x3 *c, uint64_t dst,
		       uint64_t src)
{
	int size = format_size[c->format];

	CHECK_EQ(gpu_run(r, c, sizeof(*c)), CRLN_OK);
	for (int y = 0; y < c->height; y++)
		for (int x = 0; x < c->width; x++)
			for (int ch = 0; ch < size; ch++) {
				size_t at = (size_t)(x * size + ch);
				const uint8_t *s = gpu_ptr(src);
				const uint8_t *d = gpu_ptr(dst);
				int want = ch == 3 ? s[(size_t)y * c->src_pitch + at] :
						     ref_conv(c, s, x, y, ch);

				CHECK_EQ(d[(size_t)y * c->dst_pitch + at], want);
			}
}

static void test_conv3x3(void)
{
	static const int formats[] = { CRLN_FORMAT_R8, CRLN_FORMAT_XRGB8888,
				       CRLN_FORMAT_XBGR8888 };
	static const int sizes[][2] = { { 1, 1 }, { 2, 1 }, { 1, 2 }, { 3, 3 }, { 61, 19 } };
	struct gpu_ring r = start();
	uint64_t src = gpu_alloc(64 << 10), dst = gpu_alloc(64 << 10);
	uint32_t seed = 4;

	noise(src, 64 << 10, 5);
	for (size_t f = 0; f < ARRAY_SIZE(formats); f++)
		for (size_t s = 0; s < ARRAY_SIZE(sizes); s++)
			for (uint8_t shift = 0; shift <= 15; shift += 3) {
				struct crln_cmd_conv3x3 c = conv(gpu_va(dst), gpu_va(src),
								 sizes[s][0], sizes[s][1],
								 formats[f]);

				for (int i = 0; i < 9; i++) {
					seed = seed * 1664525 + 1013904223;
					/* Small for small shifts, else all is clamped. */
					c.coeff[i] = (uint16_t)((int16_t)(seed >> 16) >>
								(15 - shift));
				}
				c.shift = shift;
				c.bias = (uint16_t)((int)(seed % 300) - 150);
				c.src_pitch += 7;
				c.dst_pitch += 2;
				conv_check(&r, &c, dst, src);
			}
}

static void conv_extremes(void)
{
	struct gpu_ring r = start();
	uint64_t src = gpu_alloc(4096), dst = gpu_alloc(4096);
	struct crln_cmd_conv3x3 c = conv(gpu_va(dst), gpu_va(src), 8, 8, CRLN_FORMAT_R8);

	memset(gpu_ptr(src), 255, 64);
	for (int i = 0; i < 9; i++)
		c.coeff[i] = 0x8000;
	c.bias = 0x8000;
	conv_check(&r, &c, dst, src);
	for (int i = 0; i < 9; i++)
		c.coeff[i] = 0x7fff;
	c.bias = 0x7fff;
	conv_check(&r, &c, dst, src);
	c.shift = 15;
	c.bias = 0;
	conv_check(&r, &c, dst, src);
}

static void conv_errors(void)
{
	struct gpu_ring r = start();
	uint64_t buf = gpu_va(gpu_alloc(64 << 10));
	const struct crln_cmd_conv3x3 good = conv(buf, buf + 32768, 16, 16,
						  CRLN_FORMAT_XRGB8888);
	struct crln_cmd_conv3x3 c;

#define BAD(change) do { c = good; c.change; CHECK_EQ(RUN(r, c), CRLN_BAD_CMD); } while (0)
	BAD(width = 0);
	BAD(height = 0);
	BAD(width = CRLN_IMAGE_MAX + 1);
	BAD(height = 0xffff);
	BAD(dst_pitch = 63);
	BAD(src_pitch = 63);
	BAD(format = 0);
	BAD(format = CRLN_FORMAT_RGB565);
	BAD(format = CRLN_FORMAT_RGB888);
	BAD(format = 6);
	BAD(shift = 16);
	BAD(rsvd[0] = 1);
	BAD(rsvd[2] = 1);
#undef BAD
	c = good;
	CHECK_EQ(RUN(r, c), CRLN_OK);
	c.src = GPU_VA + TEST_MEM_SIZE - 64 * 4;	/* ends in the middle */
	CHECK_EQ(RUN(r, c), CRLN_PAGE_FAULT);
	c = good;
	c.dst = GPU_VA_RO;
	CHECK_EQ(RUN(r, c), CRLN_PROT_FAULT);
}

static void semaphores(void)
{
	struct gpu_ring r = start();
	uint64_t word = gpu_alloc(4096);
	struct crln_cmd_sem rel = gpu_sem(CRLN_CMD_SEM_RELEASE, gpu_va(word), 5);
	struct crln_cmd_sem wait = gpu_sem(CRLN_CMD_SEM_WAIT, gpu_va(word), 5);

	CHECK_EQ(RUN(r, rel), CRLN_OK);
	CHECK_EQ(*(uint64_t *)gpu_ptr(word), 5);
	CHECK_EQ(RUN(r, wait), CRLN_OK);
	wait.value = 0;
	CHECK_EQ(RUN(r, wait), CRLN_OK);
	*(uint64_t *)gpu_ptr(word) = UINT64_MAX;	/* unsigned */
	wait.value = 1;
	CHECK_EQ(RUN(r, wait), CRLN_OK);
	wait.addr += 4;
	CHECK_EQ(RUN(r, wait), CRLN_BAD_CMD);
	rel.addr += 4;
	CHECK_EQ(RUN(r, rel), CRLN_BAD_CMD);
	rel.addr = GPU_VA_RO;
	CHECK_EQ(RUN(r, rel), CRLN_PROT_FAULT);
	wait.addr = 0;
	CHECK_EQ(RUN(r, wait), CRLN_PAGE_FAULT);
	rel.addr = GPU_VA_VRAM;
	wait.addr = GPU_VA_VRAM;
	wait.value = 5;
	CHECK_EQ(RUN(r, rel), CRLN_OK);
	CHECK_EQ(RUN(r, wait), CRLN_OK);
}

/* What is wrong before a command's own parameters; where it says it happened. */
static void bad_commands(void)
{
	struct gpu_ring r = start();
	struct {
		struct crln_cmd nop;
		struct crln_cmd bad;
		struct crln_cmd_fill fill;
	} c = { gpu_cmd(CRLN_CMD_NOP, 8), gpu_cmd(CRLN_CMD_NOP, 8),
		fill(gpu_va(gpu_alloc(4096)), 4, 1) };
	uint64_t seqno;

	CHECK_EQ(RUN(r, c), CRLN_OK);
	c.bad.opcode = 10;
	seqno = gpu_submit_cmd(&r, &c, sizeof(c), 0);
	gpu_wait(&r, seqno);
	CHECK_EQ(gpu_record(&r, seqno)->status, CRLN_BAD_CMD);
	CHECK_EQ(gpu_record(&r, seqno)->info, 8);
	c.bad.opcode = 0xffff;
	CHECK_EQ(RUN(r, c), CRLN_BAD_CMD);
	c.bad = gpu_cmd(CRLN_CMD_NOP, 0);
	CHECK_EQ(RUN(r, c), CRLN_BAD_CMD);
	c.bad = gpu_cmd(CRLN_CMD_NOP, 16);
	CHECK_EQ(RUN(r, c), CRLN_BAD_CMD);
	c.bad = gpu_cmd(CRLN_CMD_NOP, 8);
	c.bad.flags = 1;
	CHECK_EQ(RUN(r, c), CRLN_BAD_CMD);
	c.bad.flags = 0;
	seqno = gpu_submit_cmd(&r, &c, sizeof(c) - 8, 0);	/* FILL is cut off */
	gpu_wait(&r, seqno);
	CHECK_EQ(gpu_record(&r, seqno)->status, CRLN_BAD_CMD);
	CHECK_EQ(gpu_record(&r, seqno)->info, 16);
}

static void bad_descriptors(void)
{
	struct gpu_ring r = start();
	struct crln_cmd nop = gpu_cmd(CRLN_CMD_NOP, 8);
	uint64_t off = gpu_alloc(4096);
	struct crln_desc *d;

	memcpy(gpu_ptr(off), &nop, 8);
#define BAD(change) do {						\
	d = gpu_desc(&r);						\
	d->cmd_addr = gpu_va(off);					\
	d->cmd_size = 8;						\
	d->change;							\
	gpu_doorbell(&r);						\
	gpu_wait(&r, r.seqno);						\
	CHECK_EQ(gpu_record(&r, r.seqno)->status, CRLN_BAD_DESC);	\
	CHECK_EQ(gpu_record(&r, r.seqno)->info, 0);			\
	CHECK(irq_wait(1, WAIT_MS));	/* not asked for, but an error */ \
} while (0)
	BAD(cmd_addr += 4);
	BAD(cmd_size = 4);
	BAD(cmd_size = CRLN_CMD_SIZE_MAX + 8);
	BAD(cmd_size = 0xfffffff8);
	BAD(flags = 2);
	BAD(flags = 0x80000000);
	BAD(rsvd[0] = 1);
	BAD(rsvd[4] = 1);
#undef BAD
	CHECK_EQ(gpu_run(&r, &nop, 8), CRLN_OK);
}

static void seqno_must_rise(void)
{
	struct gpu_ring r = start();
	struct crln_desc *d;
	uint64_t end = test_now_ns() + WAIT_MS * 1000000ull;

	r.seqno = 99;
	gpu_wait(&r, gpu_submit(&r, 0, 0, 0));
	d = gpu_desc(&r);
	d->seqno = 100;
	gpu_doorbell(&r);
	while (__atomic_load_n(&gpu_head(&r)->head, __ATOMIC_ACQUIRE) < 2)
		CHECK(test_now_ns() < end);
	CHECK_EQ(gpu_head(&r)->seqno, 100);
	CHECK_EQ(((struct crln_cpl_slot *)gpu_ptr(r.cpl + CRLN_CPL_SLOT(1)))->status,
		 CRLN_BAD_DESC);
	r.seqno = 100;
	gpu_wait(&r, gpu_submit(&r, 0, 0, 0));
	CHECK_EQ(gpu_record(&r, 101)->status, CRLN_OK);
}

static void big_job(void)
{
	struct gpu_ring r = start();
	uint64_t off = gpu_alloc(CRLN_CMD_SIZE_MAX);
	struct crln_cmd *c = gpu_ptr(off);

	for (unsigned int i = 0; i < CRLN_CMD_SIZE_MAX / 8; i++)
		c[i] = gpu_cmd(CRLN_CMD_NOP, 8);
	gpu_wait(&r, gpu_submit(&r, gpu_va(off), CRLN_CMD_SIZE_MAX, 0));
	CHECK_EQ(gpu_record(&r, 1)->status, CRLN_OK);
}

static void flush_tlb(void)
{
	static uint32_t tag;
	uint64_t end = test_now_ns() + WAIT_MS * 1000000ull;

	wr32(CRLN_REG_TLB_REQUEST, ++tag);
	while (rd32(CRLN_REG_TLB_DONE) != tag)
		CHECK(test_now_ns() < end);
}

static uint32_t fill_at(struct gpu_ring *r, uint64_t va)
{
	struct crln_cmd_fill c = fill(va, 4, 0x77777777);

	return gpu_run(r, &c, sizeof(c));
}

static void page_tables(void)
{
	const uint64_t va = 0x7f00000000ull, rw = CRLN_PTE_VALID | CRLN_PTE_WRITE;
	struct gpu_ring r = start();
	uint64_t page = gpu_bus(gpu_alloc(4096));

	CHECK_EQ(fill_at(&r, va), CRLN_PAGE_FAULT);
	gpu_pt_set(gpu_pt, va, page | rw);		/* was invalid: no flush */
	CHECK_EQ(fill_at(&r, va), CRLN_OK);
	gpu_pt_set(gpu_pt, va, page | CRLN_PTE_VALID);
	flush_tlb();
	CHECK_EQ(fill_at(&r, va), CRLN_PROT_FAULT);
	for (int bit = 3; bit < 64; bit++) {
		if (CRLN_PTE_ADDR >> bit & 1)
			continue;
		gpu_pt_set(gpu_pt, va, page | rw | 1ull << bit);
		flush_tlb();
		CHECK_EQ(fill_at(&r, va), CRLN_PAGE_FAULT);
	}
	gpu_pt_set(gpu_pt, va, page | CRLN_PTE_WRITE);	/* not valid */
	flush_tlb();
	CHECK_EQ(fill_at(&r, va), CRLN_PAGE_FAULT);
	gpu_pt_set(gpu_pt, va, (64 << 20) | rw | CRLN_PTE_VRAM);	/* its end */
	flush_tlb();
	CHECK_EQ(fill_at(&r, va), CRLN_PAGE_FAULT);
	gpu_pt_set(gpu_pt, va, CRLN_PTE_ADDR | rw | CRLN_PTE_VRAM);
	flush_tlb();
	CHECK_EQ(fill_at(&r, va), CRLN_PAGE_FAULT);
	gpu_pt_set(gpu_pt, va, ((64 << 20) - 4096) | rw | CRLN_PTE_VRAM);
	flush_tlb();
	CHECK_EQ(fill_at(&r, va), CRLN_OK);
	*gpu_pt_entry(gpu_pt, va, 1) |= CRLN_PTE_WRITE | CRLN_PTE_VRAM;	/* ignored */
	flush_tlb();
	CHECK_EQ(fill_at(&r, va), CRLN_OK);
	*gpu_pt_entry(gpu_pt, va, 1) = 0;
	flush_tlb();
	CHECK_EQ(fill_at(&r, va), CRLN_PAGE_FAULT);
}

/* The bus refuses: the page itself, a table, the root. */
static void page_table_dma_faults(void)
{
	const uint64_t va = 0x7f00000000ull, rw = CRLN_PTE_VALID | CRLN_PTE_WRITE;
	const uint64_t nowhere = 0x10000000;
	struct gpu_ring r = start();

	gpu_pt_set(gpu_pt, va, nowhere | rw);
	CHECK_EQ(fill_at(&r, va + 8), CRLN_DMA_FAULT);
	CHECK_EQ(rd32(CRLN_REG_EVENT), CRLN_EVENT_DMA_FAULT);
	CHECK_EQ(rd32(CRLN_REG_FAULT_RING), 0);
	CHECK_EQ(rd32(CRLN_REG_FAULT_ADDR_LO), nowhere + 8);
	CHECK_EQ(rd32(CRLN_REG_FAULT_ADDR_HI), 0);
	CHECK(irq_wait(0, WAIT_MS));
	wr32(CRLN_REG_EVENT, CRLN_EVENT_DMA_FAULT);
	CHECK_EQ(rd32(CRLN_REG_EVENT), 0);
	*gpu_pt_entry(gpu_pt, va, 1) = (nowhere + 4096) | CRLN_PTE_VALID;
	flush_tlb();
	CHECK_EQ(fill_at(&r, va), CRLN_DMA_FAULT);
	CHECK_EQ(rd32(CRLN_REG_FAULT_ADDR_LO), nowhere + 4096);
	CHECK_EQ(rd32(CRLN_REG_EVENT), CRLN_EVENT_DMA_FAULT);
}

/* Until it is told the device may keep a translation, after that it must not. */
static void tlb_drops(void)
{
	const uint64_t va = 0x7f00000000ull, rw = CRLN_PTE_VALID | CRLN_PTE_WRITE;
	struct gpu_ring r = start();
	uint64_t a = gpu_alloc(4096), b = gpu_alloc(4096);

	for (int i = 0; i < 50; i++) {
		uint64_t now = i % 2 ? a : b, before = i % 2 ? b : a;

		gpu_pt_set(gpu_pt, va, gpu_bus(now) | rw);
		flush_tlb();
		memset(gpu_ptr(a), 0, 4);
		memset(gpu_ptr(b), 0, 4);
		CHECK_EQ(fill_at(&r, va), CRLN_OK);
		CHECK_EQ(*(uint32_t *)gpu_ptr(now), 0x77777777);
		CHECK_EQ(*(uint32_t *)gpu_ptr(before), 0);
	}
}

static const struct tap_case cases[] = {
	{ "nop", test_nop },
	{ "fill", test_fill },
	{ "fill-errors", fill_errors },
	{ "copy", test_copy },
	{ "crc32c", test_crc32c },
	{ "timestamp", test_timestamp },
	{ "delay", test_delay },
	{ "blit", test_blit },
	{ "blit-565-exact", blit_565_exact },
	{ "blit-errors", blit_errors },
	{ "conv3x3", test_conv3x3 },
	{ "conv-extremes", conv_extremes },
	{ "conv-errors", conv_errors },
	{ "semaphores", semaphores },
	{ "bad-commands", bad_commands },
	{ "bad-descriptors", bad_descriptors },
	{ "seqno-must-rise", seqno_must_rise },
	{ "big-job", big_job },
	{ "page-tables", page_tables },
	{ "page-table-dma-faults", page_table_dma_faults },
	{ "tlb-drops", tlb_drops },
};

int main(int argc, char **argv)
{
	return tap_main(cases, ARRAY_SIZE(cases), argc, argv);
}
