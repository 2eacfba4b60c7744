// SPDX-License-Identifier: MIT

#include "lib.h"

#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct carillon_cmdbuf {
	uint8_t *mem;		/* borrowed */
	uint32_t room;		/* bytes */
	uint32_t used;		/* bytes */
	int error;		/* the first one; 0 or -errno */
};

/* 0: there is no such format. */
static const uint8_t format_bytes[] = {
	[CRLN_FORMAT_R8] = 1,
	[CRLN_FORMAT_RGB565] = 2,
	[CRLN_FORMAT_RGB888] = 3,
	[CRLN_FORMAT_XRGB8888] = 4,
	[CRLN_FORMAT_XBGR8888] = 4,
};

uint32_t carillon_format_bytes(uint32_t format)
{
	return format < ARRAY_SIZE(format_bytes) ? format_bytes[format] : 0;
}

int carillon_cmdbuf_create(void *mem, size_t size,
			   struct carillon_cmdbuf **ret_cmdbuf)
{
	struct carillon_cmdbuf *cmdbuf;

	if ((uintptr_t)mem % 8)
		return -EINVAL;
	cmdbuf = calloc(1, sizeof(*cmdbuf));
	if (!cmdbuf)
		return -ENOMEM;
	cmdbuf->mem = mem;
	cmdbuf->room = size < CRLN_CMD_SIZE_MAX ? size : CRLN_CMD_SIZE_MAX;
	*ret_cmdbuf = cmdbuf;
	return 0;
}

void carillon_cmdbuf_destroy(struct carillon_cmdbuf *cmdbuf)
{
	free(cmdbuf);
}

void carillon_cmdbuf_reset(struct carillon_cmdbuf *cmdbuf)
{
	cmdbuf->used = 0;
	cmdbuf->error = 0;
}

uint32_t carillon_cmdbuf_size(const struct carillon_cmdbuf *cmdbuf)
{
	return cmdbuf->used;
}

int carillon_cmdbuf_error(const struct carillon_cmdbuf *cmdbuf)
{
	return cmdbuf->error;
}

static int refuse(struct carillon_cmdbuf *cmdbuf)
{
	if (!cmdbuf->error)
		cmdbuf->error = -EINVAL;
	return cmdbuf->error;
}

/* Fills in the header of @cmd and copies it; its structures are multiples of 8. */
static int append(struct carillon_cmdbuf *cmdbuf, enum crln_opcode opcode,
		  struct crln_cmd *cmd, size_t size)
{
	if (cmdbuf->error)
		return cmdbuf->error;
	if (cmdbuf->room - cmdbuf->used < size) {
		cmdbuf->error = -ENOSPC;
		return cmdbuf->error;
	}
	cmd->opcode = htole16(opcode);
	cmd->size = htole16(size);
	cmd->flags = 0;
	memcpy(cmdbuf->mem + cmdbuf->used, cmd, size);
	cmdbuf->used += size;
	return 0;
}

#define APPEND(cmdbuf, opcode, c) append(cmdbuf, opcode, &(c)->cmd, sizeof(*(c)))

static bool range_ok(uint64_t va, uint64_t size)
{
	return va < 1ull << CRLN_VA_BITS &&
	       size <= (1ull << CRLN_VA_BITS) - va;
}

static bool overlaps(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
	return a_size && b_size && a < b + b_size && b < a + a_size;
}

static uint64_t surface_bytes(const struct carillon_surface *s,
			      uint32_t width, uint32_t height)
{
	return (uint64_t)s->pitch * (height - 1) +
	       (uint64_t)width * carillon_format_bytes(s->format);
}

static bool surface_ok(const struct carillon_surface *s,
		       uint32_t width, uint32_t height)
{
	uint32_t bytes = carillon_format_bytes(s->format);

	return bytes && width && width <= CRLN_IMAGE_MAX &&
	       height && height <= CRLN_IMAGE_MAX &&
	       s->pitch >= width * bytes &&
	       range_ok(s->va, surface_bytes(s, width, height));
}

int carillon_cmd_nop(struct carillon_cmdbuf *cmdbuf)
{
	struct crln_cmd cmd;

	return append(cmdbuf, CRLN_CMD_NOP, &cmd, sizeof(cmd));
}

int carillon_cmd_fill(struct carillon_cmdbuf *cmdbuf, uint64_t dst,
		      uint64_t size, uint32_t pattern)
{
	struct crln_cmd_fill cmd = {
		.dst = htole64(dst),
		.size_bytes = htole64(size),
		.pattern = htole32(pattern),
	};

	if (!range_ok(dst, size) || dst % 4 || size % 4)
		return refuse(cmdbuf);
	return APPEND(cmdbuf, CRLN_CMD_FILL, &cmd);
}

int carillon_cmd_copy(struct carillon_cmdbuf *cmdbuf, uint64_t dst,
		      uint64_t src, uint64_t size)
{
	struct crln_cmd_copy cmd = {
		.dst = htole64(dst),
		.src = htole64(src),
		.size_bytes = htole64(size),
	};

	if (!range_ok(dst, size) || !range_ok(src, size) ||
	    overlaps(dst, size, src, size))
		return refuse(cmdbuf);
	return APPEND(cmdbuf, CRLN_CMD_COPY, &cmd);
}

int carillon_cmd_blit(struct carillon_cmdbuf *cmdbuf,
		      const struct carillon_surface *dst,
		      const struct carillon_surface *src,
		      uint32_t width, uint32_t height)
{
	struct crln_cmd_blit cmd = {
		.dst = htole64(dst->va),
		.src = htole64(src->va),
		.dst_pitch = htole32(dst->pitch),
		.src_pitch = htole32(src->pitch),
		.width = htole16(width),
		.height = htole16(height),
		.dst_format = dst->format,
		.src_format = src->format,
	};

	if (!surface_ok(dst, width, height) || !surface_ok(src, width, height))
		return refuse(cmdbuf);
	return APPEND(cmdbuf, CRLN_CMD_BLIT, &cmd);
}

int carillon_cmd_conv3x3(struct carillon_cmdbuf *cmdbuf,
			 const struct carillon_surface *dst,
			 const struct carillon_surface *src,
			 uint32_t width, uint32_t height,
			 const struct carillon_conv *conv)
{
	struct crln_cmd_conv3x3 cmd = {
		.dst = htole64(dst->va),
		.src = htole64(src->va),
		.dst_pitch = htole32(dst->pitch),
		.src_pitch = htole32(src->pitch),
		.width = htole16(width),
		.height = htole16(height),
		.format = src->format,
		.shift = conv->shift,
		.bias = htole16(conv->bias),
	};

	for (size_t i = 0; i < ARRAY_SIZE(conv->coeff); i++)
		cmd.coeff[i] = htole16(conv->coeff[i]);
	if (!surface_ok(dst, width, height) || !surface_ok(src, width, height) ||
	    dst->format != src->format || conv->shift > 15 ||
	    src->format == CRLN_FORMAT_RGB565 ||
	    src->format == CRLN_FORMAT_RGB888 ||
	    overlaps(dst->va, surface_bytes(dst, width, height),
		     src->va, surface_bytes(src, width, height)))
		return refuse(cmdbuf);
	return APPEND(cmdbuf, CRLN_CMD_CONV3X3, &cmd);
}

int carillon_cmd_crc32c(struct carillon_cmdbuf *cmdbuf, uint64_t dst,
			uint64_t src, uint64_t size, uint32_t seed)
{
	struct crln_cmd_crc32c cmd = {
		.dst = htole64(dst),
		.src = htole64(src),
		.size_bytes = htole64(size),
		.seed = htole32(seed),
	};

	if (!range_ok(dst, 4) || dst % 4 || !range_ok(src, size))
		return refuse(cmdbuf);
	return APPEND(cmdbuf, CRLN_CMD_CRC32C, &cmd);
}

int carillon_cmd_timestamp(struct carillon_cmdbuf *cmdbuf, uint64_t dst)
{
	struct crln_cmd_timestamp cmd = { .dst = htole64(dst) };

	if (!range_ok(dst, 8) || dst % 8)
		return refuse(cmdbuf);
	return APPEND(cmdbuf, CRLN_CMD_TIMESTAMP, &cmd);
}

static int sem(struct carillon_cmdbuf *cmdbuf, enum crln_opcode opcode,
	       uint64_t addr, uint64_t value)
{
	struct crln_cmd_sem cmd = {
		.addr = htole64(addr),
		.value = htole64(value),
	};

	if (!range_ok(addr, 8) || addr % 8)
		return refuse(cmdbuf);
	return APPEND(cmdbuf, opcode, &cmd);
}

int carillon_cmd_sem_wait(struct carillon_cmdbuf *cmdbuf, uint64_t addr,
			  uint64_t value)
{
	return sem(cmdbuf, CRLN_CMD_SEM_WAIT, addr, value);
}

int carillon_cmd_sem_release(struct carillon_cmdbuf *cmdbuf, uint64_t addr,
			     uint64_t value)
{
	return sem(cmdbuf, CRLN_CMD_SEM_RELEASE, addr, value);
}

int carillon_cmd_delay(struct carillon_cmdbuf *cmdbuf, uint64_t ns)
{
	struct crln_cmd_delay cmd = { .delay_ns = htole64(ns) };

	return APPEND(cmdbuf, CRLN_CMD_DELAY, &cmd);
}
