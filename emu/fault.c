// SPDX-License-Identifier: MIT
/*
 * Scripted faults.
 *
 * A rule is a line: a kind, then key=value words in any order. Scripts and the
 * control socket, hence the guest, give the same lines: nothing in one may do
 * more than fail to parse.
 */
#include "fault.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../hw/carillon_hw.h"
#include "log.h"
#include "util.h"

#define LINE_MAX_LEN	512
#define SLOW_MAX_NS	(3600 * NSEC_PER_SEC)

static const char *const kind_names[FAULT_NUM_KINDS] = {
	[FAULT_HANG] = "hang",
	[FAULT_SLOW] = "slow",
	[FAULT_LOST_IRQ] = "lost-irq",
	[FAULT_LOST_DOORBELL] = "lost-doorbell",
	[FAULT_DMA] = "dma-fault",
	[FAULT_ERROR] = "error",
	[FAULT_DIE] = "die",
};

/**
 * faults_init() - no rules
 * @f: the rules
 *
 * Context: Process start.
 */
void faults_init(struct faults *f)
{
	memset(f, 0, sizeof(*f));
	pthread_mutex_init(&f->lock, NULL);
}

/**
 * faults_fini() - the opposite of faults_init()
 * @f: the rules
 *
 * Context: No other thread uses @f any more.
 */
void faults_fini(struct faults *f)
{
	pthread_mutex_destroy(&f->lock);
}

/**
 * fault_kind_name() - as it is spelt in scripts
 * @kind: a kind
 *
 * Context: Any thread.
 * Return: a constant string.
 */
const char *fault_kind_name(enum fault_kind kind)
{
	return kind_names[kind];
}

static bool parse_u64(const char *s, uint64_t max, uint64_t *ret_val)
{
	unsigned long long v;
	char *end;

	/* strtoull() takes signs and spaces; here they are mistakes. */
	if (*s < '0' || *s > '9')
		return false;
	errno = 0;
	v = strtoull(s, &end, 0);
	if (errno || *end || v > max)
		return false;
	*ret_val = v;
	return true;
}

static bool parse_ring(const char *s, int *ret_ring)
{
	uint64_t v;

	if (!strcmp(s, "*")) {
		*ret_ring = -1;
		return true;
	}
	if (!parse_u64(s, CRLN_MAX_RINGS - 1, &v))
		return false;
	*ret_ring = (int)v;
	return true;
}

/* A number from 1, or "*" for each. */
static bool parse_ordinal(const char *s, uint64_t *ret_val)
{
	if (!strcmp(s, "*")) {
		*ret_val = 0;
		return true;
	}
	return parse_u64(s, UINT64_MAX, ret_val) && *ret_val;
}

static bool parse_count(const char *s, struct fault_rule *rule)
{
	rule->forever = !strcmp(s, "*");
	return rule->forever || (parse_u64(s, UINT64_MAX, &rule->count) && rule->count);
}

static bool parse_flag(const char *s, bool *ret_val)
{
	uint64_t v;

	if (!parse_u64(s, 1, &v))
		return false;
	*ret_val = v;
	return true;
}

static bool parse_status(const char *s, uint32_t *ret_status)
{
	uint64_t v;

	if (!parse_u64(s, CRLN_ENGINE_ERROR, &v) || v == CRLN_OK)
		return false;
	*ret_status = (uint32_t)v;
	return true;
}

static const char *parse_word(char *word, struct fault_rule *rule)
{
	char *value = strchr(word, '=');
	bool ok;

	if (!value)
		return "expected key=value";
	*value++ = '\0';
	if (!strcmp(word, "ring"))
		ok = parse_ring(value, &rule->ring);
	else if (!strcmp(word, "job"))
		ok = parse_ordinal(value, &rule->job);
	else if (!strcmp(word, "seqno") && rule->kind != FAULT_LOST_DOORBELL)
		ok = parse_ordinal(value, &rule->seqno);
	else if (!strcmp(word, "count"))
		ok = parse_count(value, rule);
	else if (!strcmp(word, "hard") && rule->kind == FAULT_HANG)
		ok = parse_flag(value, &rule->plan.hang_hard);
	else if (!strcmp(word, "ns") && rule->kind == FAULT_SLOW)
		ok = parse_u64(value, SLOW_MAX_NS, &rule->plan.slow_ns);
	else if (!strcmp(word, "status") && rule->kind == FAULT_ERROR)
		ok = parse_status(value, &rule->plan.status);
	else
		return "unknown key";
	return ok ? NULL : "bad value";
}

static const char *parse_kind(const char *word, struct fault_rule *rule)
{
	for (int k = 0; k < FAULT_NUM_KINDS; k++) {
		if (!strcmp(word, kind_names[k])) {
			rule->kind = (enum fault_kind)k;
			rule->plan.kinds = 1u << k;
			return NULL;
		}
	}
	return "unknown fault";
}

static const char *parse_rule(char *line, struct fault_rule *rule)
{
	static const char blanks[] = " \t\r\n";
	const char *error;
	char *save, *word;

	word = strtok_r(line, blanks, &save);
	if (!word)
		return "empty line";
	error = parse_kind(word, rule);
	while (!error && (word = strtok_r(NULL, blanks, &save)))
		error = parse_word(word, rule);
	if (!error && rule->kind == FAULT_SLOW && !rule->plan.slow_ns)
		return "slow needs ns=";
	if (!error && rule->kind == FAULT_ERROR && !rule->plan.status)
		return "error needs status=";
	return error;
}

/* The oldest used-up rule makes place for a new one. */
static bool make_room_locked(struct faults *f)
{
	size_t kept = 0;

	if (f->num_rules < FAULT_RULES_MAX)
		return true;
	for (size_t i = 0; i < f->num_rules; i++)
		if (f->rules[i].forever || f->rules[i].count)
			f->rules[kept++] = f->rules[i];
	f->num_rules = kept;
	return kept < FAULT_RULES_MAX;
}

/**
 * faults_add_line() - parse one rule and put it in force
 * @f: the rules
 * @line: text, as README.md describes it
 * @ret_error: what is wrong with it, a constant string; untouched on success
 *
 * Context: Any thread. Takes the lock of the rules, a leaf.
 * Return: 0; -EINVAL: no rule; -ENOSPC: too many rules.
 */
int faults_add_line(struct faults *f, const char *line, const char **ret_error)
{
	struct fault_rule rule = { .ring = -1, .count = 1 };
	char copy[LINE_MAX_LEN];
	const char *error = "line too long";
	int err = 0;

	if (strlen(line) < sizeof(copy)) {
		strcpy(copy, line);
		error = parse_rule(copy, &rule);
	}
	if (error) {
		*ret_error = error;
		return -EINVAL;
	}
	pthread_mutex_lock(&f->lock);
	if (make_room_locked(f)) {
		f->rules[f->num_rules++] = rule;
	} else {
		*ret_error = "too many rules";
		err = -ENOSPC;
	}
	pthread_mutex_unlock(&f->lock);
	return err;
}

/**
 * faults_clear() - forget all rules
 * @f: the rules
 *
 * Context: Any thread. Takes the lock of the rules.
 */
void faults_clear(struct faults *f)
{
	pthread_mutex_lock(&f->lock);
	f->num_rules = 0;
	pthread_mutex_unlock(&f->lock);
}

static bool rule_matches(const struct fault_rule *r, unsigned int ring, uint64_t job,
			 uint64_t seqno)
{
	return (r->forever || r->count) && (r->ring < 0 || (unsigned int)r->ring == ring) &&
	       (!r->job || r->job == job) && (!r->seqno || r->seqno == seqno);
}

static void rule_fired_locked(struct faults *f, struct fault_rule *r)
{
	f->fired[r->kind]++;
	if (!r->forever)
		r->count--;
}

static void plan_merge(struct fault_plan *plan, const struct fault_plan *add)
{
	plan->kinds |= add->kinds;
	plan->hang_hard |= add->hang_hard;
	plan->slow_ns += add->slow_ns;
	if (add->status)
		plan->status = add->status;
}

/**
 * faults_match() - what shall happen to a job that begins now
 * @f: the rules
 * @ring: its ring
 * @job: its ordinal on the ring, from 1
 * @seqno: its sequence number
 * @ret_plan: all rules that apply, taken together
 *
 * Context: Any thread. Takes the lock of the rules.
 */
void faults_match(struct faults *f, unsigned int ring, uint64_t job, uint64_t seqno,
		  struct fault_plan *ret_plan)
{
	memset(ret_plan, 0, sizeof(*ret_plan));
	pthread_mutex_lock(&f->lock);
	for (size_t i = 0; i < f->num_rules; i++) {
		struct fault_rule *r = &f->rules[i];

		if (r->kind == FAULT_LOST_DOORBELL || !rule_matches(r, ring, job, seqno))
			continue;
		plan_merge(ret_plan, &r->plan);
		rule_fired_locked(f, r);
	}
	pthread_mutex_unlock(&f->lock);
}

/**
 * faults_lose_doorbell() - shall a doorbell get lost
 * @f: the rules
 * @ring: whose doorbell
 * @job: the first job that it announces, as an ordinal on the ring, from 1
 *
 * Context: Any thread. Takes the lock of the rules.
 * Return: whether.
 */
bool faults_lose_doorbell(struct faults *f, unsigned int ring, uint64_t job)
{
	bool lost = false;

	pthread_mutex_lock(&f->lock);
	for (size_t i = 0; i < f->num_rules && !lost; i++) {
		struct fault_rule *r = &f->rules[i];

		lost = r->kind == FAULT_LOST_DOORBELL && rule_matches(r, ring, job, 0);
		if (lost)
			rule_fired_locked(f, r);
	}
	pthread_mutex_unlock(&f->lock);
	return lost;
}

/**
 * faults_active() - how many rules can still fire
 * @f: the rules
 *
 * Context: Any thread. Takes the lock of the rules.
 * Return: the number.
 */
size_t faults_active(struct faults *f)
{
	size_t n = 0;

	pthread_mutex_lock(&f->lock);
	for (size_t i = 0; i < f->num_rules; i++)
		n += f->rules[i].forever || f->rules[i].count;
	pthread_mutex_unlock(&f->lock);
	return n;
}

/**
 * faults_fired() - how often rules fired since the start
 * @f: the rules
 * @fired: by kind
 *
 * Context: Any thread. Takes the lock of the rules.
 */
void faults_fired(struct faults *f, uint64_t fired[FAULT_NUM_KINDS])
{
	pthread_mutex_lock(&f->lock);
	memcpy(fired, f->fired, sizeof(f->fired));
	pthread_mutex_unlock(&f->lock);
}

static int script_line(struct faults *f, const char *path, unsigned int num, char *line)
{
	const char *error;
	char *hash = strchr(line, '#');

	if (hash)
		*hash = '\0';
	if (line[strspn(line, " \t\r\n")] == '\0')
		return 0;
	if (!faults_add_line(f, line, &error))
		return 0;
	log_msg("%s:%u: %s", path, num, error);
	return -EINVAL;
}

/**
 * faults_load_script() - rules from a file, one on each line, # for comments
 * @f: the rules
 * @path: of the file
 *
 * Context: Process start.
 * Return: 0; -EINVAL: a line is wrong, and was reported; -errno of opening it.
 */
int faults_load_script(struct faults *f, const char *path)
{
	char line[LINE_MAX_LEN];
	unsigned int num = 0;
	FILE *file = fopen(path, "r");
	int err = 0;

	if (!file)
		return -errno;
	while (!err && fgets(line, sizeof(line), file))
		err = script_line(f, path, ++num, line);
	fclose(file);
	return err;
}
