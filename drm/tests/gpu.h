/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the programs in here share.
 */
#ifndef CARILLON_TEST_GPU_H
#define CARILLON_TEST_GPU_H

#include <stddef.h>
#include <stdint.h>

#include <linux/types.h>

struct gpu_bo {
	uint32_t handle;
	uint32_t size;
	uint8_t *map;
};

uint64_t now_ms(void);
int fail(const char *what, int err);

/* These return 0 or -errno. */
int xioctl(int fd, unsigned long req, void *arg);
int gpu_make_bo(int fd, uint32_t size, struct gpu_bo *ret_bo);
int gpu_bind(int fd, uint32_t vm, const struct gpu_bo *bo, uint64_t va);
int gpu_make_vm(int fd, uint32_t *ret_vm);
int gpu_make_queue(int fd, uint32_t vm, uint32_t slots, uint32_t *ret_queue);

/* Writes the command, returns its size. */
uint32_t put_cmd(uint8_t *at, uint16_t opcode, void *cmd, uint16_t size);

/* Returns the fence's status: 1, or -errno; -ETIMEDOUT after too long. */
int wait_fence(int fd, unsigned int timeout_ms);

/* Says @line to the emulator, whose control port is open, and takes its answer. */
int emu_ask(int control, const char *line, char *reply, size_t size);

/* Says @line to the emulator, whose control port is open. Returns 0 or -errno. */
int emu_control(int control, const char *line);

#endif
