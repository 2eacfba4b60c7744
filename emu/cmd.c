// SPDX-License-Identifier: MIT
/* Commands: reading one and finding who carries it out. */
#include "cmd.h"

#include <endian.h>
#include <string.h>

#include "../hw/carillon_hw.h"
#include "engine.h"
#include "util.h"

/* The largest of all, aligned for each. */
union cmd_any {
	struct crln_cmd cmd;
	struct crln_cmd_fill fill;
	struct crln_cmd_copy copy;
	struct crln_cmd_blit blit;
	struct crln_cmd_conv3x3 conv3x3;
	struct crln_cmd_crc32c crc32c;
	struct crln_cmd_timestamp timestamp;
	struct crln_cmd_sem sem;
	struct crln_cmd_delay delay;
};

struct cmd_type {
	uint16_t size;
	int (*execute)(struct engine *e, const void *cmd);
};

static const struct cmd_type types[] = {
	[CRLN_CMD_NOP] = { sizeof(struct crln_cmd), cmd_nop },
	[CRLN_CMD_FILL] = { sizeof(struct crln_cmd_fill), cmd_fill },
	[CRLN_CMD_COPY] = { sizeof(struct crln_cmd_copy), cmd_copy },
	[CRLN_CMD_BLIT] = { sizeof(struct crln_cmd_blit), cmd_blit },
	[CRLN_CMD_CONV3X3] = { sizeof(struct crln_cmd_conv3x3), cmd_conv3x3 },
	[CRLN_CMD_CRC32C] = { sizeof(struct crln_cmd_crc32c), cmd_crc32c },
	[CRLN_CMD_TIMESTAMP] = { sizeof(struct crln_cmd_timestamp), cmd_timestamp },
	[CRLN_CMD_SEM_WAIT] = { sizeof(struct crln_cmd_sem), cmd_sem_wait },
	[CRLN_CMD_SEM_RELEASE] = { sizeof(struct crln_cmd_sem), cmd_sem_release },
	[CRLN_CMD_DELAY] = { sizeof(struct crln_cmd_delay), cmd_delay },
};

/*
 * Each structure is a multiple of 8 bytes, so that the next command is aligned.
 * Spelt out: these are the sizes on the bus, and they never change.
 */
_Static_assert(sizeof(struct crln_desc) == 64, "descriptor");
_Static_assert(sizeof(struct crln_cpl_head) == 64, "completion head");
_Static_assert(sizeof(struct crln_cpl_slot) == 32, "completion record");
_Static_assert(sizeof(struct crln_cmd) == 8, "command header");
_Static_assert(sizeof(struct crln_cmd_fill) == 32, "FILL");
_Static_assert(sizeof(struct crln_cmd_copy) == 32, "COPY");
_Static_assert(sizeof(struct crln_cmd_blit) == 40, "BLIT");
_Static_assert(sizeof(struct crln_cmd_conv3x3) == 64, "CONV3X3");
_Static_assert(sizeof(struct crln_cmd_crc32c) == 40, "CRC32C");
_Static_assert(sizeof(struct crln_cmd_timestamp) == 16, "TIMESTAMP");
_Static_assert(sizeof(struct crln_cmd_sem) == 24, "SEM_WAIT, SEM_RELEASE");
_Static_assert(sizeof(struct crln_cmd_delay) == 16, "DELAY");

static const struct cmd_type *cmd_type(const struct crln_cmd *hdr, uint32_t room)
{
	uint16_t opcode = le16toh(hdr->opcode);
	const struct cmd_type *type;

	if (opcode >= ARRAY_SIZE(types))
		return NULL;
	type = &types[opcode];
	if (le16toh(hdr->size) != type->size || type->size > room || hdr->flags)
		return NULL;
	return type;
}

/**
 * cmd_execute() - read one command and carry it out
 * @e: the engine
 * @va: where the command is
 * @room: bytes up to the end of the job's commands, 8 at least
 * @ret_used: bytes of the command, if it ended well; untouched otherwise
 *
 * Context: The engine's thread, no lock held. May sleep.
 * Return: enum crln_status, ENGINE_ABORTED, or ENGINE_WAITS: try it again later.
 */
int cmd_execute(struct engine *e, uint64_t va, uint32_t room, uint32_t *ret_used)
{
	const struct cmd_type *type;
	union cmd_any any;
	int res;

	res = engine_read(e, va, &any.cmd, sizeof(any.cmd));
	if (res != CRLN_OK)
		return res;
	type = cmd_type(&any.cmd, room);
	if (!type)
		return CRLN_BAD_CMD;
	res = engine_read(e, va + sizeof(any.cmd), (uint8_t *)&any + sizeof(any.cmd),
			  type->size - sizeof(any.cmd));
	if (res == CRLN_OK)
		res = type->execute(e, &any);
	if (res == CRLN_OK)
		*ret_used = type->size;
	return res;
}
