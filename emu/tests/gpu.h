/* SPDX-License-Identifier: MIT */
/* What a driver would have: memory, page tables, rings and command buffers. */
#ifndef EMU_TESTS_GPU_H
#define EMU_TESTS_GPU_H

#include "client.h"

/* Offsets in the test memory; a bus address is TEST_MEM_BUS + offset. */
struct gpu_ring {
	unsigned int index;
	unsigned int order;
	uint64_t slots;
	uint64_t cpl;
	uint32_t tail;
	uint64_t seqno;
};

/* One address space, with a window that maps the test memory at GPU_VA. */
#define GPU_VA		0x10000000ull
#define GPU_VA_VRAM	0x20000000ull	/* first 1 MiB of VRAM */
#define GPU_VA_RO	0x30000000ull	/* first 1 MiB of memory, read-only */

extern uint64_t gpu_pt;

void gpu_boot(const char *const *args);		/* to a driver's point of work */
void gpu_attach(void);				/* the same, the emulator runs */
uint64_t gpu_alloc(size_t size);		/* zeroed, page aligned; an offset */
uint64_t gpu_mem_used(void);
void *gpu_ptr(uint64_t offset);
uint64_t gpu_bus(uint64_t offset);
uint64_t gpu_va(uint64_t offset);
uint64_t gpu_pt_new(void);
void gpu_pt_set(uint64_t pt, uint64_t va, uint64_t entry);
uint64_t *gpu_pt_entry(uint64_t pt, uint64_t va, int level);

struct gpu_ring gpu_ring_config(unsigned int index, unsigned int prio, unsigned int vector);
struct gpu_ring gpu_ring_new(unsigned int index, unsigned int prio, unsigned int vector);
void gpu_ring_enable(struct gpu_ring *r);
uint64_t gpu_submit(struct gpu_ring *r, uint64_t cmd_va, uint32_t size, uint32_t flags);
uint64_t gpu_submit_cmd(struct gpu_ring *r, const void *cmd, uint32_t size, uint32_t flags);
struct crln_desc *gpu_desc(struct gpu_ring *r);	/* next slot, for special ones */
void gpu_doorbell(struct gpu_ring *r);
bool gpu_done(struct gpu_ring *r, uint64_t seqno);
bool gpu_wait_ms(struct gpu_ring *r, uint64_t seqno, int ms);
void gpu_wait(struct gpu_ring *r, uint64_t seqno);
struct crln_cpl_slot *gpu_record(struct gpu_ring *r, uint64_t seqno);
struct crln_cpl_head *gpu_head(struct gpu_ring *r);
uint32_t gpu_run(struct gpu_ring *r, const void *cmd, uint32_t size);	/* status */
void gpu_wait_state(struct gpu_ring *r, enum crln_ring_state state);
uint32_t gpu_ring_rd(struct gpu_ring *r, uint32_t reg);
void gpu_ring_wr(struct gpu_ring *r, uint32_t reg, uint32_t val);

struct crln_cmd gpu_cmd(uint16_t opcode, size_t size);
struct crln_cmd_delay gpu_delay(uint64_t ns);
struct crln_cmd_sem gpu_sem(uint16_t opcode, uint64_t va, uint64_t value);

#endif /* EMU_TESTS_GPU_H */
