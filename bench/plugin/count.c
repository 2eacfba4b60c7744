// SPDX-License-Identifier: MIT
/*
 * A QEMU plug-in that counts what a guest's kernel executes between two markers.
 *
 * It writes a line for each region when that ends,
 *
 *     region NUMBER INSTRUCTIONS ATOMICS INTERRUPTS
 *
 * and with profile=on, before it, one for each instruction that was executed in it:
 *
 *     at ADDRESS TIMES
 *
 * What is counted: every instruction of the kernel, once, also if it has a REP prefix and
 * repeats. An atomic is an instruction with a LOCK prefix, or an XCHG with memory, which
 * is locked without one. An interrupt, or an exception, adds what its handler executes;
 * so a region that had one says so, and the reader had better not use it. The markers
 * themselves aren't counted.
 *
 * Each virtual CPU has regions of its own, and counts what it executes itself. So a
 * region begins and ends on one CPU, from its number on.
 *
 * Arguments: out=FILE, profile=on.
 */

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../marker.h"
#include "qemu_plugin.h"

#define EXPORT __attribute__((visibility("default")))

EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;
EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc,
			       char **argv);

/* What is known of an instruction travels in the upper bits of its callback's pointer. */
#define ADDRESS_BITS	48
#define INSN_ATOMIC	(1ULL << 48)
#define INSN_REPEATS	(1ULL << 49)
#define KERNEL_HALF	0xffff800000000000ULL

/* Instructions of one region that a profile can tell apart; a power of two. */
#define PROFILE_SLOTS	(1 << 16)

struct slot {
	uint64_t address;
	uint64_t times;
};

/* A virtual CPU; touched by its own thread alone. */
struct cpu {
	bool open;
	uint32_t number;		/* of the region that is open or comes next */
	uint64_t insns;
	uint64_t atomics;
	uint64_t interrupts;
	uint64_t last;			/* callback data of the last instruction */
	struct slot *slots;		/* a hash table by address; times 0: free */
	unsigned int slots_used;
};

#define CPUS_MAX	16

static struct {
	FILE *out;
	pthread_mutex_t lock;		/* taken to write the lines of one region */
	bool profile;
	qemu_plugin_u64 active;		/* is a region open? what callbacks depend on */
	struct cpu cpus[CPUS_MAX];
} count = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void profile_hit(struct cpu *cpu, uint64_t address)
{
	unsigned int i = (address * 0x9e3779b97f4a7c15ULL) >> 48;

	for (;; i++) {
		struct slot *slot = &cpu->slots[i % PROFILE_SLOTS];

		if (slot->times && slot->address != address)
			continue;
		if (!slot->times && ++cpu->slots_used == PROFILE_SLOTS) {
			fprintf(stderr, "count: too many instructions in a region to profile it\n");
			exit(1);
		}
		slot->address = address;
		slot->times++;
		return;
	}
}

static void profile_write(struct cpu *cpu)
{
	for (unsigned int i = 0; i < PROFILE_SLOTS; i++) {
		struct slot *slot = &cpu->slots[i];

		if (slot->times)
			fprintf(count.out, "at %016" PRIx64 " %" PRIu64 "\n", slot->address,
				slot->times);
		slot->times = 0;
	}
	cpu->slots_used = 0;
}

/* An instruction inside of a region. */
static void on_insn(unsigned int index, void *data)
{
	struct cpu *cpu = &count.cpus[index];
	uint64_t insn = (uintptr_t)data;

	/* QEMU comes by for each repetition; two of them in a row are one. */
	if ((insn & INSN_REPEATS) && insn == cpu->last)
		return;
	cpu->last = insn;
	cpu->insns++;
	if (insn & INSN_ATOMIC)
		cpu->atomics++;
	if (count.profile)
		profile_hit(cpu, insn | KERNEL_HALF | ~0ULL << ADDRESS_BITS);
}

static void on_start(unsigned int index, struct cpu *cpu)
{
	/* A region without a number is one that shall not be counted. */
	if (!cpu->number)
		return;
	if (count.profile && !cpu->slots)
		cpu->slots = calloc(PROFILE_SLOTS, sizeof(*cpu->slots));
	if (count.profile && !cpu->slots)
		exit(1);
	cpu->insns = 0;
	cpu->atomics = 0;
	cpu->interrupts = 0;
	cpu->last = 0;
	cpu->open = true;
	qemu_plugin_u64_set(count.active, index, 1);
}

static void on_stop(unsigned int index, struct cpu *cpu)
{
	qemu_plugin_u64_set(count.active, index, 0);
	if (cpu->open) {
		pthread_mutex_lock(&count.lock);
		if (count.profile)
			profile_write(cpu);
		fprintf(count.out, "region %" PRIu32 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
			cpu->number, cpu->insns, cpu->atomics, cpu->interrupts);
		/* The guest may be killed: what it has measured shall be there. */
		fflush(count.out);
		pthread_mutex_unlock(&count.lock);
	}
	cpu->open = false;
	cpu->number = 0;
}

static void on_marker(unsigned int index, void *data)
{
	struct cpu *cpu = &count.cpus[index];

	if (index >= CPUS_MAX) {
		fprintf(stderr, "count: CPU %u is one too many\n", index);
		exit(1);
	}
	switch ((uintptr_t)data) {
	case BENCH_MARK_BIT0:
	case BENCH_MARK_BIT1:
		cpu->number = cpu->number << 1 | ((uintptr_t)data & 1);
		break;
	case BENCH_MARK_START:
		on_start(index, cpu);
		break;
	case BENCH_MARK_STOP:
		on_stop(index, cpu);
		break;
	}
}

static void on_interrupt(unsigned int index, enum qemu_plugin_discon_type type, uint64_t from,
			 uint64_t to, void *data)
{
	(void)type, (void)from, (void)to, (void)data;
	if (index < CPUS_MAX && count.cpus[index].open)
		count.cpus[index].interrupts++;
}

/* Returns which marker the instruction is, or 0. */
static uint32_t marker(const uint8_t *code, size_t size)
{
	uint32_t where;

	if (size != 7 || code[0] != 0x0f || code[1] != 0x1f || code[2] != 0x80)
		return 0;
	memcpy(&where, code + 3, sizeof(where));
	return where >= BENCH_MARK_BIT0 && where <= BENCH_MARK_STOP ? where : 0;
}

/* Returns what kind of instruction it is, for the upper bits of the address. */
static uint64_t kind(const uint8_t *code, size_t size)
{
	uint64_t found = 0;
	bool rep = false;
	size_t i;

	for (i = 0; i < size; i++) {
		uint8_t byte = code[i];

		if (byte == 0xf0)
			found |= INSN_ATOMIC;
		else if (byte == 0xf2 || byte == 0xf3)
			rep = true;
		else if (byte != 0x66 && byte != 0x67 && byte != 0x2e && byte != 0x36 &&
			 byte != 0x3e && byte != 0x26 && byte != 0x64 && byte != 0x65 &&
			 (byte & 0xf0) != 0x40)
			break;
	}
	if (i < size) {
		uint8_t op = code[i];

		/* XCHG whose other operand isn't a register */
		if ((op == 0x86 || op == 0x87) && i + 1 < size && code[i + 1] < 0xc0)
			found |= INSN_ATOMIC;
		/* INS, OUTS, MOVS, CMPS, STOS, LODS, SCAS */
		if (rep && ((op >= 0x6c && op <= 0x6f) || (op >= 0xa4 && op <= 0xa7) ||
			    (op >= 0xaa && op <= 0xaf)))
			found |= INSN_REPEATS;
	}
	return found;
}

static void on_translation(struct qemu_plugin_tb *tb, void *data)
{
	size_t n = qemu_plugin_tb_n_insns(tb);

	(void)data;
	for (size_t i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint64_t address = qemu_plugin_insn_vaddr(insn);
		uint8_t code[16];
		uint32_t mark;
		size_t size;

		if (address < KERNEL_HALF)
			continue;
		size = qemu_plugin_insn_data(insn, code, sizeof(code));
		mark = marker(code, size);
		if (mark) {
			qemu_plugin_register_vcpu_insn_exec_cb(insn, on_marker,
							       QEMU_PLUGIN_CB_NO_REGS,
							       (void *)(uintptr_t)mark);
			continue;
		}
		address &= (1ULL << ADDRESS_BITS) - 1;
		address |= kind(code, size);
		qemu_plugin_register_vcpu_insn_exec_cond_cb(insn, on_insn, QEMU_PLUGIN_CB_NO_REGS,
							    QEMU_PLUGIN_COND_NE, count.active, 0,
							    (void *)(uintptr_t)address);
	}
}

static void on_end(void *data)
{
	(void)data;
	fclose(count.out);
}

/* Takes one argument; returns whether it is known. */
static bool argument(const char *arg)
{
	if (!strcmp(arg, "profile=on")) {
		count.profile = true;
		return true;
	}
	if (strncmp(arg, "out=", 4) || count.out)
		return false;
	count.out = fopen(arg + 4, "w");
	if (!count.out)
		fprintf(stderr, "count: %s: %s\n", arg + 4, strerror(errno));
	return count.out;
}

int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv)
{
	(void)info;
	for (int i = 0; i < argc; i++) {
		if (!argument(argv[i])) {
			fprintf(stderr, "count: no such argument, or not possible: %s\n", argv[i]);
			return 1;
		}
	}
	if (!count.out) {
		fprintf(stderr, "count: out=FILE is missing\n");
		return 1;
	}
	count.active.score = qemu_plugin_scoreboard_new(sizeof(uint64_t));
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation, NULL);
	qemu_plugin_register_vcpu_discon_cb(id, QEMU_PLUGIN_DISCON_INTERRUPT |
					    QEMU_PLUGIN_DISCON_EXCEPTION, on_interrupt,
					    NULL);
	qemu_plugin_register_atexit_cb(id, on_end, NULL);
	return 0;
}
