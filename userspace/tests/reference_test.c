// SPDX-License-Identifier: MIT
/* The CPU reference against values worked out by hand, or published. */

#include <stdint.h>
#include <string.h>

#include "reference.h"
#include "test.h"

static void test_crc32c(void)
{
	uint8_t bytes[32];
	uint32_t half;

	/* The check value, and those of RFC 3720, B.4. */
	CHECK_EQ(reference_crc32c("123456789", 9, 0), 0xe3069283);
	memset(bytes, 0, sizeof(bytes));
	CHECK_EQ(reference_crc32c(bytes, 32, 0), 0x8a9136aa);
	memset(bytes, 0xff, sizeof(bytes));
	CHECK_EQ(reference_crc32c(bytes, 32, 0), 0x62a8ab43);
	for (int i = 0; i < 32; i++)
		bytes[i] = i;
	CHECK_EQ(reference_crc32c(bytes, 32, 0), 0x46dd794e);
	/* In two parts. */
	half = reference_crc32c(bytes, 13, 0);
	CHECK_EQ(reference_crc32c(bytes + 13, 19, half), 0x46dd794e);
	CHECK_EQ(reference_crc32c(bytes, 0, 0), 0);
}

static void test_luma(void)
{
	CHECK_EQ(reference_luma(0, 0, 0), 0);
	CHECK_EQ(reference_luma(255, 255, 255), 255);
	CHECK_EQ(reference_luma(255, 0, 0), 77);	/* 76.7 + 0.5 */
	CHECK_EQ(reference_luma(0, 255, 0), 149);	/* 149.4 */
	CHECK_EQ(reference_luma(0, 0, 255), 29);
	CHECK_EQ(reference_luma(1, 1, 0), 1);		/* 227 + 128 = 355 */
	CHECK_EQ(reference_luma(1, 0, 0), 0);		/* 77 + 128 = 205 */
}

/* 3x2 pixels of one byte, rows 4 apart. */
static void convolve(const uint8_t *in, uint8_t *out, struct filter filter)
{
	struct plane src = { (uint8_t *)in, 3, 2, 1, 4 };
	struct plane dst = { out, 3, 2, 1, 4 };

	memset(out, 0xaa, 8);
	reference_convolve(&dst, &src, &filter);
	CHECK_EQ(out[3], 0xaa);
	CHECK_EQ(out[7], 0xaa);
}

static void test_convolve(void)
{
	static const uint8_t in[8] = { 10, 20, 30, 99, 40, 50, 60, 99 };
	uint8_t out[8];

	convolve(in, out, (struct filter){ .coeff = { [4] = 1 } });
	CHECK(out[0] == 10 && out[2] == 30 && out[4] == 40 && out[6] == 60);
	/* The pixel to the right; at the edge, the edge. */
	convolve(in, out, (struct filter){ .coeff = { [5] = 1 } });
	CHECK(out[0] == 20 && out[1] == 30 && out[2] == 30 && out[6] == 60);
	/* The pixel above. */
	convolve(in, out, (struct filter){ .coeff = { [1] = 1 } });
	CHECK(out[0] == 10 && out[4] == 10 && out[6] == 30);
	/* All nine of the corner: 4 * 10 + 2 * 20 + 2 * 40 + 50. */
	convolve(in, out, (struct filter){ .coeff = { 1, 1, 1, 1, 1, 1, 1, 1, 1 } });
	CHECK_EQ(out[0], 210);
	/* Clamped at both ends. */
	convolve(in, out, (struct filter){ .coeff = { [4] = 7 } });
	CHECK_EQ(out[4], 255);
	convolve(in, out, (struct filter){ .coeff = { [4] = -7 } });
	CHECK_EQ(out[4], 0);
}

/* Halves go up, towards plus infinity, on both sides of zero. */
static void test_rounding(void)
{
	static const uint8_t in[8] = { 1, 2, 3, 0, 5, 6, 7, 0 };
	uint8_t out[8];

	convolve(in, out, (struct filter){ .coeff = { [4] = 1 }, .shift = 1 });
	CHECK(out[0] == 1 && out[1] == 1 && out[2] == 2 && out[4] == 3);
	convolve(in, out, (struct filter){ .coeff = { [4] = -1 }, .shift = 1, .bias = 100 });
	CHECK_EQ(out[0], 100);		/* -0.5 -> 0 */
	CHECK_EQ(out[1], 99);		/* -1 */
	CHECK_EQ(out[2], 99);		/* -1.5 -> -1 */
	CHECK_EQ(out[4], 98);		/* -2.5 -> -2 */
	convolve(in, out, (struct filter){ .coeff = { [4] = -1 }, .shift = 2, .bias = 100 });
	CHECK_EQ(out[0], 100);		/* -0.25 -> 0 */
	CHECK_EQ(out[1], 100);		/* -0.5 -> 0 */
	CHECK_EQ(out[2], 99);		/* -0.75 -> -1 */
	CHECK_EQ(out[5], 99);		/* -1.5 -> -1 */
	/* No rounding, and so no half, without a shift. */
	convolve(in, out, (struct filter){ .coeff = { [4] = 1 }, .bias = -2 });
	CHECK(out[0] == 0 && out[1] == 0 && out[2] == 1);
}

/* Colours apart from each other, and the fourth byte as it was. */
static void test_colours(void)
{
	uint8_t in[8] = { 10, 20, 30, 40, 50, 60, 70, 80 }, out[8];
	struct plane src = { in, 2, 1, 4, 8 }, dst = { out, 2, 1, 4, 8 };
	const struct filter left = { .coeff = { [3] = 1 } };

	reference_convolve(&dst, &src, &left);
	CHECK(!memcmp(out, (uint8_t[]){ 10, 20, 30, 40, 10, 20, 30, 80 }, 8));
}

/* A picture of one colour is that colour everywhere, and has no edges. */
static void test_flat_picture(void)
{
	struct plane planes[PLANE_COUNT];
	struct picture pic;

	REQUIRE(!picture_alloc(&pic, 5, 3, "test"));
	for (int i = 0; i < 15; i++)
		memcpy(pic.bgr + 3 * i, (uint8_t[]){ 200, 100, 50 }, 3);
	REQUIRE(!reference_run(&pic, planes));
	for (int y = 0; y < 3; y++) {
		const uint8_t *rgb = planes[PLANE_RGB].data + planes[PLANE_RGB].pitch * y;
		const uint8_t *blur = planes[PLANE_BLUR].data + planes[PLANE_BLUR].pitch * y;

		for (int x = 0; x < 5; x++) {
			CHECK(!memcmp(rgb + 4 * x, (uint8_t[]){ 200, 100, 50, 255 }, 4));
			CHECK(!memcmp(blur + 4 * x, rgb + 4 * x, 4));
			CHECK_EQ(planes[PLANE_EDGES].data[planes[PLANE_EDGES].pitch * y + x], 0);
			CHECK_EQ(planes[PLANE_RELIEF].data[planes[PLANE_RELIEF].pitch * y + x], 128);
		}
		/* Between the rows nothing is written. */
		CHECK_EQ(rgb[20], 0);
	}
	CHECK_EQ(planes[PLANE_LUMA].data[0], 96);	/* 24778 / 256 */
	reference_free(planes);
	picture_free(&pic);
}

static void test_sizes(void)
{
	struct picture pic = { 0 };

	CHECK_EQ(picture_alloc(&pic, 0, 1, "test"), -22);
	CHECK_EQ(picture_alloc(&pic, 1, 0, "test"), -22);
	CHECK_EQ(picture_alloc(&pic, PICTURE_MAX + 1, 1, "test"), -27);
	CHECK_EQ(picture_alloc(&pic, 1, PICTURE_MAX + 1, "test"), -27);
	CHECK(!pic.bgr);
}

int main(void)
{
	test_crc32c();
	test_luma();
	test_convolve();
	test_rounding();
	test_colours();
	test_flat_picture();
	test_sizes();
	return test_result();
}
