/* SPDX-License-Identifier: MIT */
/*
 * A vfio-user client for tests: starts an emulator and talks to it.
 *
 * There is one emulator and one client at a time, in global state: cases are short
 * and end with a failed check anywhere.
 */
#ifndef EMU_TESTS_CLIENT_H
#define EMU_TESTS_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../hw/carillon_hw.h"
#include "../vfio_user.h"

#define TEST_MEM_SIZE	(32u << 20)
#define TEST_MEM_BUS	0x140000000ull	/* bus address of the memory */
#define WAIT_MS		20000		/* until something that must happen did */

/* The memory that the client offers for DMA, as the client sees it. */
extern uint8_t *test_mem;
extern int test_memfd;

void emu_set_binary(const char *path);
void emu_start(const char *const *args);	/* NULL-terminated, or NULL */
bool emu_cleanup(void);
bool emu_wait_exit(int *ret_status);
const char *emu_path(const char *name);		/* a file in the case's folder */
void emu_expect_exit(void);
int emu_run_to_exit(const char *const *args);	/* exit code of a bad start */

void client_connect(void);			/* socket only */
void client_hello(void);			/* and version */
void client_disconnect(void);
void client_send_raw(const void *buf, size_t len, const int *fds, unsigned int num_fds);
bool client_closed(void);			/* the server has hung up */

struct reply {
	struct vfu_hdr hdr;
	uint8_t data[VFU_DATA_MAX + 4096];
	size_t len;
	int fd;
};

extern struct reply reply;	/* to the last request */

/* Returns 0 or the errno of the reply. */
int client_request(uint16_t cmd, const void *payload, size_t len, const int *fds,
		   unsigned int num_fds);
void client_recv_reply(void);
bool client_pump(int timeout_ms);		/* serves DMA messages */

int dma_map(uint64_t addr, uint64_t size, uint64_t offset, int fd, uint32_t flags);
int dma_unmap(uint64_t addr, uint64_t size);
void dma_map_test_mem(void);

int region_rd(uint32_t region, uint64_t offset, void *buf, uint32_t count);
int region_wr(uint32_t region, uint64_t offset, const void *buf, uint32_t count);
uint32_t rd32(uint64_t offset);			/* BAR 0 */
uint32_t wait32(uint64_t offset, uint32_t mask, uint32_t value);	/* what it is then */
void wr32(uint64_t offset, uint32_t val);
uint32_t cfg_rd(unsigned int offset, unsigned int size);
void cfg_wr(unsigned int offset, unsigned int size, uint32_t val);
unsigned int cfg_cap(uint8_t id);		/* 0 if there is none */

int irq_setup(uint32_t index, unsigned int start, unsigned int count);
int irq_teardown(uint32_t index);
bool irq_wait(unsigned int vector, int timeout_ms);
uint64_t irq_take(unsigned int vector);		/* how often, without waiting */

int control_open(void);
const char *control_ask(int fd, const char *line);
const char *control(const char *line);		/* over a connection of its own */

uint64_t test_now_ns(void);
void sleep_ms(unsigned int ms);

#endif /* EMU_TESTS_CLIENT_H */
