// SPDX-License-Identifier: MIT
/*
 * Image commands: BLIT, CONV3X3.
 *
 * They work row by row in the engine's buffers: reads the source row, writes the
 * result. The arithmetic is the contract's, to the bit.
 */
#include <endian.h>
#include <stdbool.h>
#include <string.h>

#include "../hw/carillon_hw.h"
#include "cmd.h"
#include "engine.h"

struct pixel {
	uint8_t r, g, b, x;
};

static unsigned int format_bytes(uint8_t format)
{
	switch (format) {
	case CRLN_FORMAT_R8:
		return 1;
	case CRLN_FORMAT_RGB565:
		return 2;
	case CRLN_FORMAT_RGB888:
		return 3;
	case CRLN_FORMAT_XRGB8888:
	case CRLN_FORMAT_XBGR8888:
		return 4;
	default:
		return 0;
	}
}

static struct pixel unpack565(const uint8_t *p)
{
	unsigned int v = p[0] | (unsigned int)p[1] << 8;
	unsigned int r = v >> 11, g = v >> 5 & 0x3f, b = v & 0x1f;

	/* The high bits again below: 0 stays 0, all ones becomes 255. */
	return (struct pixel){
		.r = (uint8_t)(r << 3 | r >> 2),
		.g = (uint8_t)(g << 2 | g >> 4),
		.b = (uint8_t)(b << 3 | b >> 2),
		.x = 0xff,
	};
}

static struct pixel unpack(uint8_t format, const uint8_t *p)
{
	switch (format) {
	case CRLN_FORMAT_R8:
		return (struct pixel){ p[0], p[0], p[0], 0xff };
	case CRLN_FORMAT_RGB565:
		return unpack565(p);
	case CRLN_FORMAT_RGB888:
		return (struct pixel){ p[2], p[1], p[0], 0xff };
	case CRLN_FORMAT_XRGB8888:
		return (struct pixel){ p[2], p[1], p[0], p[3] };
	default:
		return (struct pixel){ p[0], p[1], p[2], p[3] };
	}
}

static uint8_t luma(struct pixel px)
{
	return (uint8_t)((77u * px.r + 150u * px.g + 29u * px.b + 128u) >> 8);
}

static void pack565(struct pixel px, uint8_t *p)
{
	unsigned int v = (px.r >> 3u) << 11 | (px.g >> 2u) << 5 | px.b >> 3u;

	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static void pack(uint8_t format, struct pixel px, uint8_t *p)
{
	switch (format) {
	case CRLN_FORMAT_R8:
		p[0] = luma(px);
		break;
	case CRLN_FORMAT_RGB565:
		pack565(px, p);
		break;
	case CRLN_FORMAT_XRGB8888:
		p[3] = px.x;
		/* fallthrough */
	case CRLN_FORMAT_RGB888:
		p[0] = px.b;
		p[1] = px.g;
		p[2] = px.r;
		break;
	default:
		p[0] = px.r;
		p[1] = px.g;
		p[2] = px.b;
		p[3] = px.x;
		break;
	}
}

/* Rows must not overlap each other; that a pitch is larger is fine. */
static bool rect_ok(uint16_t width, uint16_t height, uint32_t pitch, uint8_t format)
{
	unsigned int bytes = format_bytes(format);

	return width && width <= CRLN_IMAGE_MAX && height && height <= CRLN_IMAGE_MAX &&
	       bytes && pitch >= width * bytes;
}

/**
 * cmd_blit() - copy a rectangle, converting its format
 * @e: the engine
 * @cmd: struct crln_cmd_blit
 *
 * Context: The engine's thread.
 * Return: enum crln_status or ENGINE_ABORTED.
 */
int cmd_blit(struct engine *e, const void *cmd)
{
	const struct crln_cmd_blit *c = cmd;
	uint16_t width = le16toh(c->width), height = le16toh(c->height);
	uint32_t dst_pitch = le32toh(c->dst_pitch), src_pitch = le32toh(c->src_pitch);
	unsigned int src_bytes = format_bytes(c->src_format);
	unsigned int dst_bytes = format_bytes(c->dst_format);
	int res = CRLN_OK;

	if (!rect_ok(width, height, dst_pitch, c->dst_format) ||
	    !rect_ok(width, height, src_pitch, c->src_format) || c->rsvd)
		return CRLN_BAD_CMD;
	for (uint64_t y = 0; y < height && res == CRLN_OK; y++) {
		res = engine_read(e, le64toh(c->src) + y * src_pitch, e->row[0],
				  (uint64_t)width * src_bytes);
		if (res != CRLN_OK)
			break;
		for (unsigned int x = 0; x < width; x++)
			pack(c->dst_format,
			     unpack(c->src_format, e->row[0] + x * src_bytes),
			     e->row[1] + x * dst_bytes);
		res = engine_write(e, le64toh(c->dst) + y * dst_pitch, e->row[1],
				   (uint64_t)width * dst_bytes);
	}
	return res;
}

/* A convolution with its numbers in host byte order. */
struct conv {
	int32_t coeff[9];
	int32_t round;
	int32_t bias;
	unsigned int shift;
	unsigned int width;
	unsigned int bytes;	/* of a pixel */
	unsigned int channels;	/* that are convolved; the rest is copied */
};

static uint8_t clamp_u8(int32_t v)
{
	return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

/* Rows above, at and below; @left, @mid, @right are byte offsets in them. */
static uint8_t conv_channel(const struct conv *k, const uint8_t *const rows[3],
			    size_t left, size_t mid, size_t right)
{
	int32_t sum = 0;

	for (int i = 0; i < 3; i++)
		sum += rows[i][left] * k->coeff[i * 3] +
		       rows[i][mid] * k->coeff[i * 3 + 1] +
		       rows[i][right] * k->coeff[i * 3 + 2];
	return clamp_u8(((sum + k->round) >> k->shift) + k->bias);
}

static void conv_row(const struct conv *k, const uint8_t *const rows[3], uint8_t *out)
{
	for (unsigned int x = 0; x < k->width; x++) {
		size_t left = (size_t)(x ? x - 1 : 0) * k->bytes;
		size_t mid = (size_t)x * k->bytes;
		size_t right = (size_t)(x + 1 < k->width ? x + 1 : x) * k->bytes;

		for (unsigned int ch = 0; ch < k->channels; ch++)
			out[mid + ch] = conv_channel(k, rows, left + ch, mid + ch,
						     right + ch);
		for (unsigned int ch = k->channels; ch < k->bytes; ch++)
			out[mid + ch] = rows[1][mid + ch];
	}
}

static bool conv_init(struct conv *k, const struct crln_cmd_conv3x3 *c)
{
	uint16_t width = le16toh(c->width), height = le16toh(c->height);

	if (c->format != CRLN_FORMAT_R8 && c->format != CRLN_FORMAT_XRGB8888 &&
	    c->format != CRLN_FORMAT_XBGR8888)
		return false;
	if (!rect_ok(width, height, le32toh(c->dst_pitch), c->format) ||
	    !rect_ok(width, height, le32toh(c->src_pitch), c->format))
		return false;
	if (c->shift > 15 || c->rsvd[0] || c->rsvd[1] || c->rsvd[2])
		return false;
	for (int i = 0; i < 9; i++)
		k->coeff[i] = (int16_t)le16toh(c->coeff[i]);
	k->shift = c->shift;
	k->round = c->shift ? 1 << (c->shift - 1) : 0;
	k->bias = (int16_t)le16toh(c->bias);
	k->width = width;
	k->bytes = format_bytes(c->format);
	k->channels = k->bytes == 1 ? 1 : 3;
	return true;
}

/**
 * cmd_conv3x3() - convolution of each colour channel
 * @e: the engine
 * @cmd: struct crln_cmd_conv3x3
 *
 * Source rows are read once each and move through three buffers.
 *
 * Context: The engine's thread.
 * Return: enum crln_status or ENGINE_ABORTED.
 */
int cmd_conv3x3(struct engine *e, const void *cmd)
{
	const struct crln_cmd_conv3x3 *c = cmd;
	uint64_t src = le64toh(c->src), dst = le64toh(c->dst);
	unsigned int height = le16toh(c->height);
	uint64_t row_bytes;
	struct conv k;
	int res;

	if (!conv_init(&k, c))
		return CRLN_BAD_CMD;
	row_bytes = (uint64_t)k.width * k.bytes;
	res = engine_read(e, src, e->row[0], row_bytes);
	for (unsigned int y = 0; y < height && res == CRLN_OK; y++) {
		/* Row y is in buffer y % 3; the edge rows stand in for those outside. */
		const uint8_t *rows[3] = {
			e->row[(y ? y - 1 : 0) % 3],
			e->row[y % 3],
			e->row[(y + 1 < height ? y + 1 : y) % 3],
		};

		if (y + 1 < height)
			res = engine_read(e, src + (uint64_t)(y + 1) * le32toh(c->src_pitch),
					  e->row[(y + 1) % 3], row_bytes);
		if (res != CRLN_OK)
			break;
		conv_row(&k, rows, e->row[3]);
		res = engine_write(e, dst + (uint64_t)y * le32toh(c->dst_pitch),
				   e->row[3], row_bytes);
	}
	return res;
}
