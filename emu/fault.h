/* SPDX-License-Identifier: MIT */
/* Scripted faults: rules that say which job shall go wrong, and how. */
#ifndef EMU_FAULT_H
#define EMU_FAULT_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FAULT_RULES_MAX		256

enum fault_kind {
	FAULT_HANG,
	FAULT_SLOW,
	FAULT_LOST_IRQ,
	FAULT_LOST_DOORBELL,
	FAULT_DMA,
	FAULT_ERROR,
	FAULT_DIE,
	FAULT_NUM_KINDS,
};

/**
 * struct fault_plan - what shall happen to one job
 * @kinds: bit set of enum fault_kind
 * @hang_hard: a hang that only a reset ends
 * @slow_ns: time to add before the end
 * @status: for FAULT_ERROR, enum crln_status
 */
struct fault_plan {
	unsigned int kinds;
	bool hang_hard;
	uint64_t slow_ns;
	uint32_t status;
};

/**
 * struct fault_rule - one line of a script
 * @kind: what
 * @plan: its parameters
 * @ring: which ring, -1 for each
 * @job: n-th job since the ring was enabled, from 1; 0: each
 * @seqno: job with this sequence number; 0: each
 * @count: how often it still fires; 0: used up
 * @forever: fires always, whatever @count
 */
struct fault_rule {
	enum fault_kind kind;
	struct fault_plan plan;
	int ring;
	uint64_t job;
	uint64_t seqno;
	uint64_t count;
	bool forever;
};

/**
 * struct faults - the rules in force
 * @lock: protects all below; a leaf
 * @rules: in the order given
 * @num_rules: how many
 * @fired: how often a rule fired since the start, by kind
 */
struct faults {
	pthread_mutex_t lock;
	struct fault_rule rules[FAULT_RULES_MAX];
	size_t num_rules;
	uint64_t fired[FAULT_NUM_KINDS];
};

void faults_init(struct faults *f);
void faults_fini(struct faults *f);
int faults_add_line(struct faults *f, const char *line, const char **ret_error);
void faults_clear(struct faults *f);
void faults_match(struct faults *f, unsigned int ring, uint64_t job, uint64_t seqno,
		  struct fault_plan *ret_plan);
bool faults_lose_doorbell(struct faults *f, unsigned int ring, uint64_t job);
size_t faults_active(struct faults *f);
void faults_fired(struct faults *f, uint64_t fired[FAULT_NUM_KINDS]);
const char *fault_kind_name(enum fault_kind kind);
int faults_load_script(struct faults *f, const char *path);

#endif /* EMU_FAULT_H */
