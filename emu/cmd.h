/* SPDX-License-Identifier: MIT */
/* Commands: reading one, checking it, and the families that carry them out. */
#ifndef EMU_CMD_H
#define EMU_CMD_H

#include <stdint.h>

struct engine;

int cmd_execute(struct engine *e, uint64_t va, uint32_t room, uint32_t *ret_used);

/*
 * Each gets a copy of its command that the guest can't change any more, and returns
 * enum crln_status, ENGINE_ABORTED or ENGINE_WAITS.
 */
int cmd_nop(struct engine *e, const void *cmd);
int cmd_fill(struct engine *e, const void *cmd);
int cmd_copy(struct engine *e, const void *cmd);
int cmd_blit(struct engine *e, const void *cmd);
int cmd_conv3x3(struct engine *e, const void *cmd);
int cmd_crc32c(struct engine *e, const void *cmd);
int cmd_timestamp(struct engine *e, const void *cmd);
int cmd_sem_wait(struct engine *e, const void *cmd);
int cmd_sem_release(struct engine *e, const void *cmd);
int cmd_delay(struct engine *e, const void *cmd);

#endif /* EMU_CMD_H */
