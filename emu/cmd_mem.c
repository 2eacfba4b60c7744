// SPDX-License-Identifier: MIT
/* Memory commands: NOP, FILL, COPY, TIMESTAMP. */
#include <endian.h>
#include <string.h>

#include "../hw/carillon_hw.h"
#include "cmd.h"
#include "engine.h"
#include "util.h"

/**
 * cmd_nop() - nothing
 * @e: the engine
 * @cmd: struct crln_cmd
 *
 * Context: The engine's thread.
 * Return: CRLN_OK, or ENGINE_ABORTED: a job of nothing else can be stopped, too.
 */
int cmd_nop(struct engine *e, const void *cmd)
{
	(void)cmd;
	return engine_aborted(e) ? ENGINE_ABORTED : CRLN_OK;
}

/**
 * cmd_fill() - a pattern over a range
 * @e: the engine
 * @cmd: struct crln_cmd_fill
 *
 * Context: The engine's thread.
 * Return: enum crln_status or ENGINE_ABORTED.
 */
int cmd_fill(struct engine *e, const void *cmd)
{
	const struct crln_cmd_fill *c = cmd;
	uint64_t dst = le64toh(c->dst), left = le64toh(c->size_bytes);
	int res = CRLN_OK;

	if (dst % 4 || left % 4 || c->rsvd)
		return CRLN_BAD_CMD;
	for (size_t i = 0; i < min_u64(left, ENGINE_ROW_BYTES); i += 4)
		memcpy(e->row[0] + i, &c->pattern, 4);
	while (left && res == CRLN_OK) {
		uint64_t n = min_u64(left, ENGINE_ROW_BYTES);

		res = engine_write(e, dst, e->row[0], n);
		dst += n;
		left -= n;
	}
	return res;
}

/**
 * cmd_copy() - bytes from one range to another
 * @e: the engine
 * @cmd: struct crln_cmd_copy
 *
 * Context: The engine's thread.
 * Return: enum crln_status or ENGINE_ABORTED.
 */
int cmd_copy(struct engine *e, const void *cmd)
{
	const struct crln_cmd_copy *c = cmd;
	uint64_t dst = le64toh(c->dst), src = le64toh(c->src);
	uint64_t left = le64toh(c->size_bytes);
	int res = CRLN_OK;

	while (left && res == CRLN_OK) {
		uint64_t n = min_u64(left, ENGINE_ROW_BYTES);

		res = engine_read(e, src, e->row[0], n);
		if (res == CRLN_OK)
			res = engine_write(e, dst, e->row[0], n);
		src += n;
		dst += n;
		left -= n;
	}
	return res;
}

/**
 * cmd_timestamp() - the device clock
 * @e: the engine
 * @cmd: struct crln_cmd_timestamp
 *
 * Context: The engine's thread.
 * Return: enum crln_status or ENGINE_ABORTED.
 */
int cmd_timestamp(struct engine *e, const void *cmd)
{
	const struct crln_cmd_timestamp *c = cmd;
	uint64_t dst = le64toh(c->dst);

	if (dst % 8)
		return CRLN_BAD_CMD;
	return engine_store64(e, dst, now_ns());
}
