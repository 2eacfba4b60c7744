// SPDX-License-Identifier: MIT
/* Checksums: CRC32C. */
#include <endian.h>
#include <pthread.h>

#include "../hw/carillon_hw.h"
#include "cmd.h"
#include "crc32c.h"
#include "engine.h"
#include "util.h"

#define POLY_REFLECTED	0x82f63b78u

/* table[k][b]: the effect of byte b with k zero bytes behind it. */
static uint32_t table[8][256];
static pthread_once_t table_once = PTHREAD_ONCE_INIT;

static void table_init(void)
{
	for (uint32_t b = 0; b < 256; b++) {
		uint32_t crc = b;

		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? POLY_REFLECTED : 0);
		table[0][b] = crc;
	}
	for (uint32_t b = 0; b < 256; b++)
		for (int k = 1; k < 8; k++)
			table[k][b] = table[k - 1][b] >> 8 ^
				      table[0][table[k - 1][b] & 0xff];
}

/* Eight bytes at a time: each table moves one of them to the end. */
static uint32_t crc_step8(uint32_t crc, const uint8_t *p)
{
	uint32_t lo = crc ^ ((uint32_t)p[0] | (uint32_t)p[1] << 8 |
			     (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24);

	return table[7][lo & 0xff] ^ table[6][lo >> 8 & 0xff] ^
	       table[5][lo >> 16 & 0xff] ^ table[4][lo >> 24] ^
	       table[3][p[4]] ^ table[2][p[5]] ^ table[1][p[6]] ^ table[0][p[7]];
}

/**
 * crc32c() - go on with a CRC32C
 * @crc: result for the bytes before, 0 at the start
 * @buf: bytes
 * @len: how many
 *
 * Context: Any thread.
 * Return: the CRC of all bytes so far.
 */
uint32_t crc32c(uint32_t crc, const void *buf, size_t len)
{
	const uint8_t *p = buf;

	pthread_once(&table_once, table_init);
	crc = ~crc;
	for (; len >= 8; len -= 8, p += 8)
		crc = crc_step8(crc, p);
	for (; len; len--, p++)
		crc = crc >> 8 ^ table[0][(crc ^ *p) & 0xff];
	return ~crc;
}

/**
 * cmd_crc32c() - checksum of a range
 * @e: the engine
 * @cmd: struct crln_cmd_crc32c
 *
 * Context: The engine's thread.
 * Return: enum crln_status or ENGINE_ABORTED.
 */
int cmd_crc32c(struct engine *e, const void *cmd)
{
	const struct crln_cmd_crc32c *c = cmd;
	uint64_t dst = le64toh(c->dst), src = le64toh(c->src);
	uint64_t left = le64toh(c->size_bytes);
	uint32_t crc = le32toh(c->seed);
	__le32 word;

	if (dst % 4 || c->rsvd)
		return CRLN_BAD_CMD;
	while (left) {
		uint64_t n = min_u64(left, ENGINE_ROW_BYTES);
		int res = engine_read(e, src, e->row[0], n);

		if (res != CRLN_OK)
			return res;
		crc = crc32c(crc, e->row[0], n);
		src += n;
		left -= n;
	}
	word = htole32(crc);
	return engine_write(e, dst, &word, sizeof(word));
}
