// SPDX-License-Identifier: MIT
/* Rings: state machine, order, priorities, semaphores, stops, resets, lost memory. */
#include <linux/pci_regs.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "../util.h"
#include "gpu.h"
#include "tap.h"

#define LONG_NS		3600000000000ull

static const char *const one_engine[] = { "--engines", "1", NULL };

static uint64_t submit_delay(struct gpu_ring *r, uint64_t ns)
{
	struct crln_cmd_delay c = gpu_delay(ns);

	return gpu_submit_cmd(r, &c, sizeof(c), 0);
}

static uint64_t submit_sem(struct gpu_ring *r, uint16_t opcode, uint64_t word, uint64_t value)
{
	struct crln_cmd_sem c = gpu_sem(opcode, gpu_va(word), value);

	return gpu_submit_cmd(r, &c, sizeof(c), 0);
}

static void stop(struct gpu_ring *r)
{
	gpu_ring_wr(r, CRLN_RING_CTRL, CRLN_RING_CTRL_STOP);
	gpu_wait_state(r, CRLN_RING_STOPPED);
}

static void life(void)
{
	struct gpu_ring r;

	gpu_boot(NULL);
	r = gpu_ring_config(5, 0, 1);
	gpu_head(&r)->seqno = 41;
	r.seqno = 41;
	CHECK_EQ(gpu_ring_rd(&r, CRLN_RING_STATE), CRLN_RING_DISABLED);
	gpu_ring_wr(&r, CRLN_RING_CTRL, CRLN_RING_CTRL_STOP);
	gpu_ring_wr(&r, CRLN_RING_CTRL, CRLN_RING_CTRL_DISABLE);
	gpu_ring_wr(&r, CRLN_RING_CTRL, 77);
	CHECK_EQ(gpu_ring_rd(&r, CRLN_RING_STATE), CRLN_RING_DISABLED);
	gpu_ring_enable(&r);
	CHECK_EQ(gpu_ring_rd(&r, CRLN_RING_STATE), CRLN_RING_IDLE);
	gpu_wait(&r, gpu_submit(&r, 0, 0, CRLN_DESC_IRQ));
	CHECK(irq_wait(1, WAIT_MS));
	CHECK_EQ(gpu_ring_rd(&r, CRLN_RING_HEAD), 1);
	CHECK_EQ(gpu_ring_rd(&r, CRLN_RING_TAIL), 1);
	CHECK_EQ(gpu_head(&r)->seqno, 42);
	CHECK_EQ(gpu_head(&r)->head, 1);
	CHECK_EQ(gpu_head(&r)->state, CRLN_RING_IDLE);
	gpu_ring_wr(&r, CRLN_RING_CTRL, CRLN_RING_CTRL_DISABLE);	/* not from IDLE */
	gpu_ring_wr(&r, CRLN_RING_CTRL, CRLN_RING_CTRL_ENABLE);
	CHECK_EQ(gpu_ring_rd(&r, CRLN_RING_STATE), CRLN_RING_IDLE);
	stop(&r);
	CHECK_EQ(gpu_head(&r)->state, CRLN_RING_STOPPED);
	CHECK(irq_wait(1, WAIT_MS));
	gpu_ring_wr(&r, CRLN_RING_CTRL, CRLN_RING_CTRL_ENABLE);		/* not from STOPPED */
	CHECK_EQ(gpu_ring_rd(&r, CRLN_RING_STATE), CRLN_RING_STOPPED);
	gpu_ring_wr(&r, CRLN_RING_CTRL, CRLN_RING_CTRL_DISABLE);
	CHECK_EQ(gpu_ring_rd(&r, CRLN_RING_STATE), CRLN_RING_DISABLED);
	gpu_ring_enable(&r);
	CHECK_EQ(gpu_ring_rd(&r, CRLN_RING_HEAD), 0);
	CHECK_EQ(gpu_ring_rd(&r, CRLN_RING_TAIL), 0);
	gpu_wait(&r, gpu_submit(&r, 0, 0, 0));
	CHECK_EQ(gpu_head(&r)->seqno, 43);
}

static void needs_handshake(void)
{
	struct gpu_ring r;

	gpu_boot(NULL);
	wr32(CRLN_REG_RESET, CRLN_RESET_KEY);
	r = gpu_ring_config(0, 0, 1);
	gpu_ring_enable(&r);
	CHECK_EQ(gpu_ring_rd(&r, CRLN_RING_STATE), CRLN_RING_DISABLED);
}

static void expect_fault(struct gpu_ring *r, enum crln_ring_fault fault)
{
	gpu_wait_state(r, CRLN_RING_FAULTED);
	CHECK_EQ(gpu_ring_rd(r, CRLN_RING_FAULT), fault);
	CHECK(irq_wait(0, WAIT_MS));
	/* The interrupt may have been that of a DMA fault, which comes first. */
	wait32(CRLN_REG_EVENT, CRLN_EVENT_RING_FAULT, CRLN_EVENT_RING_FAULT);
	wr32(CRLN_REG_EVENT, 0xffffffff);
	gpu_ring_wr(r, CRLN_RING_CTRL, CRLN_RING_CTRL_DISABLE);
	CHECK_EQ(gpu_ring_rd(r, CRLN_RING_STATE), CRLN_RING_DISABLED);
}

static void bad_config(void)
{
	static const struct {
		uint32_t reg;
		uint32_t val;
	} bad[] = {
		{ CRLN_RING_ORDER, 1 }, { CRLN_RING_ORDER, 11 },
		{ CRLN_RING_ORDER, 0xffffffff }, { CRLN_RING_ORDER, 32 },
		{ CRLN_RING_PRIO, 4 }, { CRLN_RING_PRIO, 0xffffffff },
		{ CRLN_RING_VECTOR, 8 }, { CRLN_RING_VECTOR, 0xffffffff },
		{ CRLN_RING_BASE_LO, 32 }, { CRLN_RING_CPL_LO, 8 },
		{ CRLN_RING_PT_LO, 2048 },
	};
	struct gpu_ring r;

	gpu_boot(NULL);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		r = gpu_ring_config(0, 0, 1);
		gpu_ring_wr(&r, bad[i].reg, bad[i].val);
		gpu_ring_enable(&r);
		expect_fault(&r, CRLN_FAULT_CONFIG);
	}
	r = gpu_ring_config(0, 0, 1);
	gpu_ring_wr(&r, CRLN_RING_BASE_LO, 0xffffffc0);
	gpu_ring_wr(&r, CRLN_RING_BASE_HI, 0xffffffff);
	gpu_ring_enable(&r);
	expect_fault(&r, CRLN_FAULT_CONFIG);
	r = gpu_ring_new(0, 0, 1);
	gpu_wait(&r, gpu_submit(&r, 0, 0, 0));
}

/* Written while the ring is enabled: for the next time. */
static void config_latched(void)
{
	struct gpu_ring r;

	gpu_boot(NULL);
	r = gpu_ring_new(0, 0, 1);
	gpu_ring_wr(&r, CRLN_RING_BASE_LO, 0);
	gpu_ring_wr(&r, CRLN_RING_CPL_HI, 0xffff);
	gpu_ring_wr(&r, CRLN_RING_VECTOR, 2);
	gpu_wait(&r, gpu_submit(&r, 0, 0, CRLN_DESC_IRQ));
	CHECK(irq_wait(1, WAIT_MS));
	CHECK_EQ(gpu_ring_rd(&r, CRLN_RING_VECTOR), 2);
}

static void bad_doorbell(void)
{
	struct gpu_ring r;

	gpu_boot(NULL);
	r = gpu_ring_new(0, 0, 2);
	wr32(CRLN_DOORBELL(0), 65);
	expect_fault(&r, CRLN_FAULT_DOORBELL);
	CHECK_EQ(gpu_head(&r)->state, CRLN_RING_FAULTED);
	CHECK_EQ(gpu_head(&r)->fault, CRLN_FAULT_DOORBELL);
	CHECK(irq_wait(2, WAIT_MS));
	r = gpu_ring_new(0, 0, 2);
	wr32(CRLN_DOORBELL(0), 0x7fffffff);
	expect_fault(&r, CRLN_FAULT_DOORBELL);
	r = gpu_ring_new(0, 0, 2);
	submit_delay(&r, LONG_NS);		/* while an engine is at it */
	sleep_ms(20);
	wr32(CRLN_DOORBELL(0), 4711);
	expect_fault(&r, CRLN_FAULT_DOORBELL);
	CHECK_EQ(gpu_head(&r)->head, 0);
	r = gpu_ring_new(0, 0, 2);
	gpu_wait(&r, gpu_submit(&r, 0, 0, 0));
	gpu_wait_state(&r, CRLN_RING_IDLE);
	wr32(CRLN_DOORBELL(0) + 4, 4711);	/* not a doorbell */
	CHECK_EQ(gpu_ring_rd(&r, CRLN_RING_STATE), CRLN_RING_IDLE);
}

/* What isn't ahead of the last one accepted does nothing, whatever the ring is at. */
static void late_doorbell(void)
{
	static const uint32_t ahead[] = { 0, 1, 2, 0x80000003u, 0xffffffffu };
	struct gpu_ring r;

	gpu_boot(NULL);
	r = gpu_ring_new(0, 0, 2);
	gpu_submit(&r, 0, 0, 0);
	gpu_wait(&r, gpu_submit(&r, 0, 0, 0));
	submit_delay(&r, 30000000);		/* while an engine is at it */
	sleep_ms(5);
	for (size_t i = 0; i < ARRAY_SIZE(ahead); i++)
		wr32(CRLN_DOORBELL(0), ahead[i]);
	CHECK_EQ(gpu_ring_rd(&r, CRLN_RING_TAIL), 3);
	gpu_wait(&r, r.seqno);
	gpu_wait_state(&r, CRLN_RING_IDLE);
	for (size_t i = 0; i < ARRAY_SIZE(ahead); i++)
		wr32(CRLN_DOORBELL(0), ahead[i]);
	CHECK_EQ(gpu_ring_rd(&r, CRLN_RING_STATE), CRLN_RING_IDLE);
	CHECK_EQ(gpu_ring_rd(&r, CRLN_RING_HEAD), 3);
	gpu_wait(&r, gpu_submit(&r, 0, 0, 0));
}

/* Slots that were rung for, but never filled, or not since they were used. */
static void doorbell_ahead(void)
{
	struct gpu_ring r;

	gpu_boot(NULL);
	r = gpu_ring_new(0, 0, 1);
	gpu_wait(&r, gpu_submit(&r, 0, 0, 0));
	wr32(CRLN_DOORBELL(0), 1 + 64);		/* the last of them is the job's own */
	CHECK(irq_wait(1, WAIT_MS));
	gpu_wait_state(&r, CRLN_RING_IDLE);
	CHECK_EQ(gpu_head(&r)->head, 65);
	CHECK_EQ(gpu_head(&r)->seqno, 1);
	CHECK_EQ(gpu_record(&r, 1)->status, CRLN_BAD_DESC);
	CHECK_EQ(gpu_record(&r, 0)->status, CRLN_BAD_DESC);
}

static void lost_ring_memory(void)
{
	struct gpu_ring r;

	gpu_boot(NULL);
	r = gpu_ring_config(3, 0, 1);
	gpu_ring_wr(&r, CRLN_RING_BASE_LO, 0x1000);
	gpu_ring_wr(&r, CRLN_RING_BASE_HI, 0);
	gpu_ring_enable(&r);
	gpu_submit(&r, 0, 0, 0);
	gpu_wait_state(&r, CRLN_RING_FAULTED);
	CHECK(rd32(CRLN_REG_EVENT) & CRLN_EVENT_DMA_FAULT);
	CHECK_EQ(rd32(CRLN_REG_FAULT_RING), 3);
	CHECK_EQ(rd32(CRLN_REG_FAULT_ADDR_LO), 0x1000);
	expect_fault(&r, CRLN_FAULT_DMA_RING);
	CHECK_EQ(gpu_head(&r)->fault, CRLN_FAULT_DMA_RING);
	r = gpu_ring_config(3, 0, 1);
	gpu_ring_wr(&r, CRLN_RING_CPL_HI, 0);
	gpu_ring_enable(&r);
	expect_fault(&r, CRLN_FAULT_DMA_CPL);
}

static void wraps(void)
{
	struct gpu_ring r;

	gpu_boot(NULL);
	r = gpu_ring_new(63, 3, 1);
	for (int i = 0; i < 20; i++) {
		for (int k = 0; k < 64; k++)
			gpu_desc(&r);
		gpu_doorbell(&r);
		gpu_wait(&r, r.seqno);
	}
	CHECK_EQ(gpu_head(&r)->head, 1280);
	CHECK_EQ(gpu_record(&r, 1280)->status, CRLN_OK);
}

static void many_rings(void)
{
	static struct gpu_ring r[CRLN_MAX_RINGS];
	const char *args[] = { "--engines", "4", NULL };
	uint64_t word;

	gpu_boot(args);
	word = gpu_alloc(4096);
	for (unsigned int i = 0; i < CRLN_MAX_RINGS; i++)
		r[i] = gpu_ring_new(i, i % 4, i % 8);
	/* Each waits for the one after it: the last submission frees them all. */
	for (unsigned int i = 0; i + 1 < CRLN_MAX_RINGS; i++) {
		struct crln_cmd_sem c[2] = {
			gpu_sem(CRLN_CMD_SEM_WAIT, gpu_va(word) + 8 * (i + 1), 1),
			gpu_sem(CRLN_CMD_SEM_RELEASE, gpu_va(word) + 8 * i, 1),
		};

		gpu_submit_cmd(&r[i], c, sizeof(c), 0);
	}
	CHECK(!gpu_done(&r[0], 1));
	submit_sem(&r[63], CRLN_CMD_SEM_RELEASE, word + 8 * 63, 1);
	for (unsigned int i = 0; i < CRLN_MAX_RINGS; i++)
		gpu_wait(&r[i], 1);
}

/* A wait must give the engine up: here it is the only one. */
static void semaphores_on_one_engine(void)
{
	struct gpu_ring a, b;
	uint64_t ping, pong;

	gpu_boot(one_engine);
	ping = gpu_alloc(4096);
	pong = ping + 8;
	a = gpu_ring_new(0, 0, 1);
	b = gpu_ring_new(1, 3, 2);
	for (uint64_t i = 1; i <= 20; i++) {
		struct crln_cmd_sem ca[2] = {
			gpu_sem(CRLN_CMD_SEM_RELEASE, gpu_va(ping), i),
			gpu_sem(CRLN_CMD_SEM_WAIT, gpu_va(pong), i),
		};
		struct crln_cmd_sem cb[2] = {
			gpu_sem(CRLN_CMD_SEM_WAIT, gpu_va(ping), i),
			gpu_sem(CRLN_CMD_SEM_RELEASE, gpu_va(pong), i),
		};

		gpu_submit_cmd(&a, ca, sizeof(ca), 0);
		gpu_submit_cmd(&b, cb, sizeof(cb), 0);
	}
	gpu_wait(&a, 20);
	gpu_wait(&b, 20);
	CHECK_EQ(gpu_record(&a, 20)->status, CRLN_OK);
}

/* Written by a processor: nobody tells the device. */
static void semaphore_from_memory(void)
{
	struct gpu_ring r;
	uint64_t word, seqno;

	gpu_boot(one_engine);
	word = gpu_alloc(4096);
	r = gpu_ring_new(0, 0, 1);
	seqno = submit_sem(&r, CRLN_CMD_SEM_WAIT, word, 7);
	CHECK(!gpu_wait_ms(&r, seqno, 30));
	__atomic_store_n((uint64_t *)gpu_ptr(word), 6, __ATOMIC_RELEASE);
	CHECK(!gpu_wait_ms(&r, seqno, 30));
	__atomic_store_n((uint64_t *)gpu_ptr(word), 7, __ATOMIC_RELEASE);
	gpu_wait(&r, seqno);
}

/* A chain of jobs over two rings, each of which waits for the other one's last. */
static void semaphore_is_a_seqno(void)
{
	struct gpu_ring r[2];

	gpu_boot(one_engine);
	r[0] = gpu_ring_new(0, 0, 1);
	r[1] = gpu_ring_new(1, 3, 2);
	for (uint64_t i = 0; i < 20; i++) {
		struct gpu_ring *other = &r[!(i % 2)];
		uint64_t word = other->cpl + offsetof(struct crln_cpl_head, seqno);

		submit_sem(&r[i % 2], CRLN_CMD_SEM_WAIT, word, other->seqno);
	}
	gpu_wait(&r[0], 10);
	gpu_wait(&r[1], 10);
	CHECK_EQ(gpu_record(&r[1], 10)->status, CRLN_OK);
}

/* The page goes from under a ring that waits: the wait ends, and says so. */
static void semaphore_is_unmapped(void)
{
	uint64_t word, seqno;
	struct gpu_ring r;

	gpu_boot(one_engine);
	word = gpu_alloc(4096);
	r = gpu_ring_new(0, 0, 1);
	seqno = submit_sem(&r, CRLN_CMD_SEM_WAIT, word, 7);
	CHECK(!gpu_wait_ms(&r, seqno, 30));
	*gpu_pt_entry(gpu_pt, gpu_va(word), 0) = 0;
	wr32(CRLN_REG_TLB_REQUEST, 1);
	gpu_wait(&r, seqno);
	CHECK_EQ(gpu_record(&r, seqno)->status, CRLN_PAGE_FAULT);
}

static void priorities(void)
{
	struct gpu_ring gate, low, high;
	uint64_t i;

	gpu_boot(one_engine);
	gate = gpu_ring_new(0, 0, 1);
	low = gpu_ring_new(1, 3, 1);
	high = gpu_ring_new(2, 1, 1);
	submit_delay(&gate, LONG_NS);
	for (i = 0; i < 5; i++)
		submit_delay(&low, 1000000);
	for (i = 0; i < 5; i++)
		submit_delay(&high, 1000000);
	stop(&gate);
	gpu_wait(&low, 5);
	gpu_wait(&high, 5);
	CHECK(gpu_record(&high, 5)->end_ns <= gpu_record(&low, 1)->start_ns);
}

static void equals_take_turns(void)
{
	struct gpu_ring gate, a, b;

	gpu_boot(one_engine);
	gate = gpu_ring_new(0, 0, 1);
	a = gpu_ring_new(1, 2, 1);
	b = gpu_ring_new(2, 2, 1);
	submit_delay(&gate, LONG_NS);
	for (int i = 0; i < 4; i++)
		submit_delay(&a, 1000000);
	for (int i = 0; i < 4; i++)
		submit_delay(&b, 1000000);
	stop(&gate);
	gpu_wait(&a, 4);
	gpu_wait(&b, 4);
	for (uint64_t i = 1; i < 4; i++) {
		CHECK(gpu_record(&b, i)->start_ns <= gpu_record(&a, i + 1)->start_ns);
		CHECK(gpu_record(&a, i)->start_ns <= gpu_record(&b, i + 1)->start_ns);
	}
}

/* Tells that it began, then stays. */
static void submit_stay(struct gpu_ring *r, uint64_t word)
{
	struct {
		struct crln_cmd_sem begun;
		struct crln_cmd_delay stay;
	} c = {
		gpu_sem(CRLN_CMD_SEM_RELEASE, gpu_va(word), 1),
		gpu_delay(LONG_NS),
	};

	gpu_submit_cmd(r, &c, sizeof(c), 0);
}

static bool word_set(uint64_t word, int ms)
{
	uint64_t end = test_now_ns() + (uint64_t)ms * 1000000;

	while (!__atomic_load_n((uint64_t *)gpu_ptr(word), __ATOMIC_ACQUIRE)) {
		if (test_now_ns() > end)
			return false;
		sleep_ms(1);
	}
	return true;
}

static void as_many_as_engines(void)
{
	struct gpu_ring r[3];
	uint64_t words;

	gpu_boot(NULL);
	words = gpu_alloc(4096);
	for (unsigned int i = 0; i < 3; i++) {
		r[i] = gpu_ring_new(i, 0, 1);
		submit_stay(&r[i], words + 8 * i);
	}
	CHECK(word_set(words, WAIT_MS));
	CHECK(word_set(words + 8, WAIT_MS));
	CHECK(!word_set(words + 16, 30));
	stop(&r[0]);
	CHECK(word_set(words + 16, WAIT_MS));
	stop(&r[1]);
	stop(&r[2]);
}

/* Given up in a delay, in a wait, in a large fill, and before it began. */
static void stop_running(void)
{
	struct crln_cmd_copy c = { .cmd = gpu_cmd(CRLN_CMD_COPY, sizeof(c)),
				   .size_bytes = 8 << 20 };
	struct crln_cmd_copy copies[512];
	struct gpu_ring r, other;
	uint64_t word;

	gpu_boot(NULL);
	word = gpu_alloc(4096);
	r = gpu_ring_new(0, 0, 1);
	gpu_wait(&r, gpu_submit(&r, 0, 0, 0));
	submit_delay(&r, LONG_NS);
	gpu_submit(&r, 0, 0, 0);
	sleep_ms(20);
	CHECK_EQ(gpu_ring_rd(&r, CRLN_RING_STATE), CRLN_RING_RUNNING);
	stop(&r);
	CHECK_EQ(gpu_head(&r)->head, 1);
	CHECK_EQ(gpu_head(&r)->seqno, 1);
	CHECK_EQ(gpu_ring_rd(&r, CRLN_RING_HEAD), 1);
	CHECK_EQ(gpu_ring_rd(&r, CRLN_RING_TAIL), 3);
	wr32(CRLN_DOORBELL(0), 4);		/* dropped */
	CHECK_EQ(gpu_ring_rd(&r, CRLN_RING_TAIL), 3);

	r = gpu_ring_new(1, 0, 1);
	submit_sem(&r, CRLN_CMD_SEM_WAIT, word, 1);
	sleep_ms(20);
	stop(&r);

	r = gpu_ring_new(2, 0, 1);
	c.src = gpu_va(0) + (16 << 20);
	c.dst = gpu_va(0) + (24 << 20) - 4096;
	for (size_t i = 0; i < ARRAY_SIZE(copies); i++)
		copies[i] = c;
	gpu_submit_cmd(&r, copies, sizeof(copies), 0);
	sleep_ms(20);
	stop(&r);

	r = gpu_ring_new(3, 0, 1);
	other = gpu_ring_new(4, 0, 1);
	submit_delay(&other, LONG_NS);
	submit_delay(&r, LONG_NS);
	sleep_ms(20);
	stop(&r);
	stop(&other);
}

/* All engines busy for ever: the answer comes nevertheless. */
static void stop_needs_no_engine(void)
{
	struct gpu_ring a, b;

	gpu_boot(one_engine);
	a = gpu_ring_new(0, 0, 1);
	b = gpu_ring_new(1, 0, 2);
	submit_delay(&a, LONG_NS);
	sleep_ms(10);
	gpu_submit(&b, 0, 0, 0);
	stop(&b);
	CHECK_EQ(gpu_head(&b)->state, CRLN_RING_STOPPED);
	CHECK(irq_wait(2, WAIT_MS));
	CHECK_EQ(gpu_head(&b)->head, 0);
	stop(&a);
}

/* After a reset memory stays as it is, whatever ran before. */
static void check_quiet_after(void (*do_reset)(void))
{
	struct crln_cmd_fill f = { .cmd = gpu_cmd(CRLN_CMD_FILL, sizeof(f)),
				   .size_bytes = 1 << 20 };
	struct crln_cmd_fill many[4000];
	struct gpu_ring r[4];
	uint64_t buf, t;
	uint8_t *p;

	gpu_boot(NULL);
	buf = gpu_alloc(4 << 20);
	p = gpu_ptr(buf);
	for (unsigned int i = 0; i < 4; i++) {
		r[i] = gpu_ring_new(i, 0, 1);
		f.dst = gpu_va(buf) + ((uint64_t)i << 20);
		for (size_t k = 0; k < ARRAY_SIZE(many); k++) {
			f.pattern = (uint32_t)k * 0x01010101u;
			many[k] = f;
		}
		gpu_submit_cmd(&r[i], many, sizeof(many), 0);
	}
	sleep_ms(30);
	do_reset();
	cfg_wr(PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	t = test_now_ns() + WAIT_MS * 1000000ull;
	while (!(rd32(CRLN_REG_STATUS) & CRLN_STATUS_READY))
		CHECK(test_now_ns() < t);
	memset(p, 0xa5, 4 << 20);
	sleep_ms(30);
	for (unsigned int i = 0; i < 4 << 20; i++)
		CHECK_EQ(p[i], 0xa5);
	for (unsigned int i = 0; i < 4; i++) {
		CHECK_EQ(gpu_ring_rd(&r[i], CRLN_RING_STATE), CRLN_RING_DISABLED);
		CHECK_EQ(gpu_ring_rd(&r[i], CRLN_RING_BASE_LO), 0);
		CHECK_EQ(gpu_head(&r[i])->seqno, 0);
	}
}

static void by_register(void)
{
	wr32(CRLN_REG_RESET, CRLN_RESET_KEY);
}

static void by_flr(void)
{
	cfg_wr(cfg_cap(PCI_CAP_ID_EXP) + PCI_EXP_DEVCTL, 2, PCI_EXP_DEVCTL_BCR_FLR);
}

static void reset_while_running(void)
{
	check_quiet_after(by_register);
}

static void flr_while_running(void)
{
	check_quiet_after(by_flr);
}

static void bus_master_off(void)
{
	struct gpu_ring r;

	gpu_boot(NULL);
	r = gpu_ring_new(2, 0, 1);
	gpu_wait(&r, gpu_submit(&r, 0, 0, 0));
	cfg_wr(PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	gpu_submit(&r, 0, 0, 0);
	gpu_wait_state(&r, CRLN_RING_FAULTED);
	CHECK_EQ(gpu_ring_rd(&r, CRLN_RING_FAULT), CRLN_FAULT_DMA_RING);
	CHECK(rd32(CRLN_REG_EVENT) & CRLN_EVENT_DMA_FAULT);
	CHECK_EQ(irq_take(0) + irq_take(1), 0);
	CHECK_EQ(gpu_head(&r)->seqno, 1);
	CHECK_EQ(gpu_head(&r)->state, CRLN_RING_IDLE);
	cfg_wr(PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	CHECK(irq_wait(0, WAIT_MS));
}

/* Memory goes away under a job that uses it, again and again. */
static void unmap_while_running(void)
{
	const uint64_t bus = 0x4000000000ull, va = 0x7f00000000ull, size = 1 << 20;
	struct crln_cmd_fill f = { .cmd = gpu_cmd(CRLN_CMD_FILL, sizeof(f)),
				   .dst = va, .size_bytes = size };
	uint64_t part = TEST_MEM_SIZE - size;
	struct crln_cmd_fill many[200];
	struct gpu_ring r;

	gpu_boot(NULL);
	r = gpu_ring_new(0, 0, 1);
	for (uint64_t i = 0; i < size; i += 4096)
		gpu_pt_set(gpu_pt, va + i, (bus + i) | CRLN_PTE_VALID | CRLN_PTE_WRITE);
	for (size_t i = 0; i < ARRAY_SIZE(many); i++)
		many[i] = f;
	for (int round = 0; round < 30; round++) {
		uint64_t seqno;
		uint8_t *p = gpu_ptr(part);

		for (size_t i = 0; i < ARRAY_SIZE(many); i++)
			many[i].pattern = 0x01010101u * (uint32_t)(round + 1);
		CHECK_EQ(dma_map(bus, size, part, test_memfd, 3), 0);
		seqno = gpu_submit_cmd(&r, many, sizeof(many), 0);
		sleep_ms((unsigned int)round % 5);
		CHECK_EQ(dma_unmap(bus, size), 0);
		memset(p, 0xee, size);
		gpu_wait(&r, seqno);
		for (uint64_t i = 0; i < size; i++)
			CHECK_EQ(p[i], 0xee);
		CHECK(gpu_record(&r, seqno)->status == CRLN_DMA_FAULT ||
		      gpu_record(&r, seqno)->status == CRLN_OK);
	}
}

/* Without a descriptor memory is reached by messages, under jobs and rings alike. */
static void memory_by_messages(void)
{
	struct crln_cmd_copy c = { .cmd = gpu_cmd(CRLN_CMD_COPY, sizeof(c)) };
	struct gpu_ring r;
	uint64_t src, dst;

	gpu_boot(NULL);
	CHECK_EQ(dma_unmap(TEST_MEM_BUS, TEST_MEM_SIZE), 0);
	CHECK_EQ(dma_map(TEST_MEM_BUS, TEST_MEM_SIZE, 0, -1, 3), 0);
	r = gpu_ring_config(0, 0, 1);
	gpu_ring_enable(&r);
	src = gpu_alloc(20000);
	dst = gpu_alloc(20000);
	memset(gpu_ptr(src), 0x3c, 20000);
	c.src = gpu_va(src);
	c.dst = gpu_va(dst) + 1;
	c.size_bytes = 15000;
	CHECK_EQ(gpu_run(&r, &c, sizeof(c)), CRLN_OK);
	CHECK(!memcmp(gpu_ptr(src), gpu_ptr(dst + 1), 15000));
}

/* A client that doesn't answer: the device goes on, and gets away from it. */
static void messages_unanswered(void)
{
	uint64_t start = test_now_ns();
	struct gpu_ring r;

	gpu_boot(NULL);
	r = gpu_ring_new(0, 0, 1);
	gpu_wait(&r, gpu_submit(&r, 0, 0, 0));
	CHECK_EQ(dma_unmap(TEST_MEM_BUS, TEST_MEM_SIZE), 0);
	CHECK_EQ(dma_map(TEST_MEM_BUS, TEST_MEM_SIZE, 0, -1, 3), 0);
	gpu_submit(&r, 0, 0, 0);
	sleep_ms(20);
	client_disconnect();
	gpu_attach();				/* the next one is served */
	r = gpu_ring_new(0, 0, 1);
	gpu_wait(&r, gpu_submit(&r, 0, 0, 0));
	CHECK(test_now_ns() - start < 10000000000ull);
}

static void read_only_memory(void)
{
	struct crln_cmd_fill f = { .cmd = gpu_cmd(CRLN_CMD_FILL, sizeof(f)),
				   .size_bytes = 4 };
	const uint64_t bus = 0x8000000000ull, va = 0x7f00000000ull;
	struct gpu_ring r;

	gpu_boot(NULL);
	r = gpu_ring_new(0, 0, 1);
	CHECK_EQ(dma_map(bus, 4096, 0, test_memfd, 1), 0);
	gpu_pt_set(gpu_pt, va, bus | CRLN_PTE_VALID | CRLN_PTE_WRITE);
	f.dst = va;
	CHECK_EQ(gpu_run(&r, &f, sizeof(f)), CRLN_DMA_FAULT);
}

/* Translations are through only when a long chunk of another job is, too. */
static void tlb_while_running(void)
{
	struct crln_cmd_copy c = { .cmd = gpu_cmd(CRLN_CMD_COPY, sizeof(c)),
				   .size_bytes = 4 << 20 };
	struct crln_cmd_copy many[256];
	struct gpu_ring r;

	gpu_boot(NULL);
	r = gpu_ring_new(0, 0, 1);
	c.src = gpu_va(0) + (16 << 20);
	c.dst = gpu_va(0) + (20 << 20);
	for (size_t i = 0; i < ARRAY_SIZE(many); i++)
		many[i] = c;
	gpu_submit_cmd(&r, many, sizeof(many), 0);
	for (uint32_t tag = 1; tag <= 200; tag++) {
		uint64_t end = test_now_ns() + WAIT_MS * 1000000ull;

		wr32(CRLN_REG_TLB_REQUEST, tag);
		while (rd32(CRLN_REG_TLB_DONE) != tag)
			CHECK(test_now_ns() < end);
	}
	stop(&r);
}

static const struct tap_case cases[] = {
	{ "life", life },
	{ "needs-handshake", needs_handshake },
	{ "bad-config", bad_config },
	{ "config-latched", config_latched },
	{ "bad-doorbell", bad_doorbell },
	{ "late-doorbell", late_doorbell },
	{ "doorbell-ahead", doorbell_ahead },
	{ "lost-ring-memory", lost_ring_memory },
	{ "wraps", wraps },
	{ "many-rings", many_rings },
	{ "semaphores-on-one-engine", semaphores_on_one_engine },
	{ "semaphore-from-memory", semaphore_from_memory },
	{ "semaphore-is-a-seqno", semaphore_is_a_seqno },
	{ "semaphore-is-unmapped", semaphore_is_unmapped },
	{ "priorities", priorities },
	{ "equals-take-turns", equals_take_turns },
	{ "as-many-as-engines", as_many_as_engines },
	{ "stop-running", stop_running },
	{ "stop-needs-no-engine", stop_needs_no_engine },
	{ "reset-while-running", reset_while_running },
	{ "flr-while-running", flr_while_running },
	{ "bus-master-off", bus_master_off },
	{ "unmap-while-running", unmap_while_running },
	{ "memory-by-messages", memory_by_messages },
	{ "messages-unanswered", messages_unanswered },
	{ "read-only-memory", read_only_memory },
	{ "tlb-while-running", tlb_while_running },
};

int main(int argc, char **argv)
{
	return tap_main(cases, ARRAY_SIZE(cases), argc, argv);
}
