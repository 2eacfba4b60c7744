// SPDX-License-Identifier: MIT
/* Commands about order and time: SEM_WAIT, SEM_RELEASE, DELAY. */
#include <endian.h>

#include "../hw/carillon_hw.h"
#include "cmd.h"
#include "device.h"
#include "engine.h"

/**
 * cmd_sem_wait() - go on only when a word has reached a value
 * @e: the engine
 * @cmd: struct crln_cmd_sem
 *
 * Context: The engine's thread.
 * Return: enum crln_status, ENGINE_ABORTED, or ENGINE_WAITS.
 */
int cmd_sem_wait(struct engine *e, const void *cmd)
{
	const struct crln_cmd_sem *c = cmd;
	uint64_t addr = le64toh(c->addr), val;
	int res;

	if (addr % 8)
		return CRLN_BAD_CMD;
	/* Before the look: a release after it makes us look again. */
	e->sem_gen = __atomic_load_n(&e->dev->sem_gen, __ATOMIC_ACQUIRE);
	res = engine_load64(e, addr, &val);
	if (res != CRLN_OK)
		return res;
	return val >= le64toh(c->value) ? CRLN_OK : ENGINE_WAITS;
}

/**
 * cmd_sem_release() - set a word, after all that the job wrote before
 * @e: the engine
 * @cmd: struct crln_cmd_sem
 *
 * Context: The engine's thread.
 * Return: enum crln_status or ENGINE_ABORTED.
 */
int cmd_sem_release(struct engine *e, const void *cmd)
{
	const struct crln_cmd_sem *c = cmd;
	uint64_t addr = le64toh(c->addr);
	int res;

	if (addr % 8)
		return CRLN_BAD_CMD;
	res = engine_store64(e, addr, le64toh(c->value));
	if (res == CRLN_OK)
		device_sem_released(e->dev);
	return res;
}

/**
 * cmd_delay() - keep the engine
 * @e: the engine
 * @cmd: struct crln_cmd_delay
 *
 * Context: The engine's thread. Sleeps.
 * Return: CRLN_OK or ENGINE_ABORTED.
 */
int cmd_delay(struct engine *e, const void *cmd)
{
	const struct crln_cmd_delay *c = cmd;

	return engine_sleep(e, le64toh(c->delay_ns));
}
