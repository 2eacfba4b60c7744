// SPDX-License-Identifier: MIT
/* What a driver would have. */
#include "gpu.h"

#include <linux/pci_regs.h>
#include <string.h>

#include "tap.h"

#define WINDOW_PAGES	(TEST_MEM_SIZE / CRLN_PAGE_SIZE)

uint64_t gpu_pt;

static uint64_t mem_top;

void *gpu_ptr(uint64_t offset)
{
	return test_mem + offset;
}

uint64_t gpu_bus(uint64_t offset)
{
	return TEST_MEM_BUS + offset;
}

uint64_t gpu_va(uint64_t offset)
{
	return GPU_VA + offset;
}

uint64_t gpu_alloc(size_t size)
{
	uint64_t off = mem_top;

	mem_top += (size + CRLN_PAGE_SIZE - 1) & ~(uint64_t)(CRLN_PAGE_SIZE - 1);
	CHECK(mem_top <= TEST_MEM_SIZE);
	memset(gpu_ptr(off), 0, size);
	return off;
}

uint64_t gpu_mem_used(void)
{
	return mem_top;
}

uint64_t gpu_pt_new(void)
{
	return gpu_alloc(CRLN_PAGE_SIZE);
}

uint64_t *gpu_pt_entry(uint64_t pt, uint64_t va, int level)
{
	uint64_t *entry = NULL;

	for (int l = CRLN_PT_LEVELS - 1; l >= level; l--) {
		uint64_t index = va >> (CRLN_PAGE_SHIFT + CRLN_PT_SHIFT * l) &
				 (CRLN_PT_ENTRIES - 1);

		entry = (uint64_t *)gpu_ptr(pt) + index;
		if (l > level) {
			if (!*entry)
				*entry = gpu_bus(gpu_pt_new()) | CRLN_PTE_VALID;
			pt = (*entry & CRLN_PTE_ADDR) - TEST_MEM_BUS;
		}
	}
	return entry;
}

void gpu_pt_set(uint64_t pt, uint64_t va, uint64_t entry)
{
	__atomic_store_n(gpu_pt_entry(pt, va, 0), entry, __ATOMIC_RELEASE);
}

static void map_windows(void)
{
	gpu_pt = gpu_pt_new();
	for (uint64_t i = 0; i < WINDOW_PAGES; i++)
		gpu_pt_set(gpu_pt, GPU_VA + i * CRLN_PAGE_SIZE,
			   gpu_bus(i * CRLN_PAGE_SIZE) | CRLN_PTE_VALID | CRLN_PTE_WRITE);
	for (uint64_t i = 0; i < 256; i++) {
		gpu_pt_set(gpu_pt, GPU_VA_VRAM + i * CRLN_PAGE_SIZE,
			   i * CRLN_PAGE_SIZE | CRLN_PTE_VALID | CRLN_PTE_WRITE |
			   CRLN_PTE_VRAM);
		gpu_pt_set(gpu_pt, GPU_VA_RO + i * CRLN_PAGE_SIZE,
			   gpu_bus(i * CRLN_PAGE_SIZE) | CRLN_PTE_VALID);
	}
}

static void handshake(void)
{
	uint64_t end = test_now_ns() + WAIT_MS * 1000000ull;

	wr32(CRLN_REG_FW_REQUEST, CRLN_FW_INTERFACE);
	while (!rd32(CRLN_REG_FW_ACK))
		CHECK(test_now_ns() < end);
	CHECK_EQ(rd32(CRLN_REG_FW_ACK), CRLN_FW_INTERFACE);
}

void gpu_attach(void)
{
	client_hello();
	dma_map_test_mem();
	CHECK_EQ(irq_setup(VFU_IRQ_MSIX, 0, CRLN_NUM_VECTORS), 0);
	cfg_wr(PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	handshake();
	mem_top = 0;
	map_windows();
}

void gpu_boot(const char *const *args)
{
	emu_start(args);
	gpu_attach();
}

uint32_t gpu_ring_rd(struct gpu_ring *r, uint32_t reg)
{
	return rd32(CRLN_RING_REG(r->index, reg));
}

void gpu_ring_wr(struct gpu_ring *r, uint32_t reg, uint32_t val)
{
	wr32(CRLN_RING_REG(r->index, reg), val);
}

static void wr_addr(struct gpu_ring *r, uint32_t reg, uint64_t addr)
{
	gpu_ring_wr(r, reg, (uint32_t)addr);
	gpu_ring_wr(r, reg + 4, (uint32_t)(addr >> 32));
}

struct gpu_ring gpu_ring_config(unsigned int index, unsigned int prio, unsigned int vector)
{
	struct gpu_ring r = { .index = index, .order = 6 };

	r.slots = gpu_alloc(CRLN_RING_SIZE(r.order));
	r.cpl = gpu_alloc(CRLN_CPL_SIZE(r.order));
	wr_addr(&r, CRLN_RING_BASE_LO, gpu_bus(r.slots));
	wr_addr(&r, CRLN_RING_CPL_LO, gpu_bus(r.cpl));
	wr_addr(&r, CRLN_RING_PT_LO, gpu_bus(gpu_pt));
	gpu_ring_wr(&r, CRLN_RING_ORDER, r.order);
	gpu_ring_wr(&r, CRLN_RING_PRIO, prio);
	gpu_ring_wr(&r, CRLN_RING_VECTOR, vector);
	return r;
}

void gpu_ring_enable(struct gpu_ring *r)
{
	r->tail = 0;
	gpu_ring_wr(r, CRLN_RING_CTRL, CRLN_RING_CTRL_ENABLE);
}

struct gpu_ring gpu_ring_new(unsigned int index, unsigned int prio, unsigned int vector)
{
	struct gpu_ring r = gpu_ring_config(index, prio, vector);

	gpu_ring_enable(&r);
	CHECK_EQ(gpu_ring_rd(&r, CRLN_RING_STATE), CRLN_RING_IDLE);
	return r;
}

struct crln_desc *gpu_desc(struct gpu_ring *r)
{
	uint32_t slot = r->tail++ & ((1u << r->order) - 1);
	struct crln_desc *d = (struct crln_desc *)gpu_ptr(r->slots) + slot;

	memset(d, 0, sizeof(*d));
	d->seqno = ++r->seqno;
	return d;
}

void gpu_doorbell(struct gpu_ring *r)
{
	__atomic_thread_fence(__ATOMIC_RELEASE);
	wr32(CRLN_DOORBELL(r->index), r->tail);
}

uint64_t gpu_submit(struct gpu_ring *r, uint64_t cmd_va, uint32_t size, uint32_t flags)
{
	struct crln_desc *d = gpu_desc(r);

	d->cmd_addr = cmd_va;
	d->cmd_size = size;
	d->flags = flags;
	gpu_doorbell(r);
	return r->seqno;
}

uint64_t gpu_submit_cmd(struct gpu_ring *r, const void *cmd, uint32_t size, uint32_t flags)
{
	uint64_t off = gpu_alloc(size);

	memcpy(gpu_ptr(off), cmd, size);
	return gpu_submit(r, gpu_va(off), size, flags);
}

struct crln_cpl_head *gpu_head(struct gpu_ring *r)
{
	return gpu_ptr(r->cpl);
}

bool gpu_done(struct gpu_ring *r, uint64_t seqno)
{
	return __atomic_load_n(&gpu_head(r)->seqno, __ATOMIC_ACQUIRE) >= seqno;
}

bool gpu_wait_ms(struct gpu_ring *r, uint64_t seqno, int ms)
{
	uint64_t end = test_now_ns() + (uint64_t)ms * 1000000;

	while (!gpu_done(r, seqno)) {
		if (test_now_ns() > end)
			return false;
		client_pump(1);
	}
	return true;
}

void gpu_wait(struct gpu_ring *r, uint64_t seqno)
{
	CHECK(gpu_wait_ms(r, seqno, WAIT_MS));
}

/* Jobs are in slots in the order of their sequence numbers, from 1, unless the
 * ring was enabled again: then look by number. */
struct crln_cpl_slot *gpu_record(struct gpu_ring *r, uint64_t seqno)
{
	struct crln_cpl_slot *rec = gpu_ptr(r->cpl + sizeof(struct crln_cpl_head));

	for (unsigned int i = 0; i < 1u << r->order; i++)
		if (rec[i].seqno == seqno)
			return &rec[i];
	tap_failed(__FILE__, __LINE__, "no record of job %llu", (unsigned long long)seqno);
}

uint32_t gpu_run(struct gpu_ring *r, const void *cmd, uint32_t size)
{
	uint64_t seqno = gpu_submit_cmd(r, cmd, size, 0);

	gpu_wait(r, seqno);
	return gpu_record(r, seqno)->status;
}

void gpu_wait_state(struct gpu_ring *r, enum crln_ring_state state)
{
	uint64_t end = test_now_ns() + WAIT_MS * 1000000ull;
	uint32_t now;

	while ((now = gpu_ring_rd(r, CRLN_RING_STATE)) != state)
		if (test_now_ns() > end)
			tap_failed(__FILE__, __LINE__, "ring %u is in state %u, not %d",
				   r->index, now, state);
}

struct crln_cmd gpu_cmd(uint16_t opcode, size_t size)
{
	return (struct crln_cmd){ .opcode = opcode, .size = (uint16_t)size };
}

struct crln_cmd_delay gpu_delay(uint64_t ns)
{
	return (struct crln_cmd_delay){
		.cmd = gpu_cmd(CRLN_CMD_DELAY, sizeof(struct crln_cmd_delay)),
		.delay_ns = ns,
	};
}

struct crln_cmd_sem gpu_sem(uint16_t opcode, uint64_t va, uint64_t value)
{
	return (struct crln_cmd_sem){
		.cmd = gpu_cmd(opcode, sizeof(struct crln_cmd_sem)),
		.addr = va,
		.value = value,
	};
}
