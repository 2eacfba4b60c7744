// SPDX-License-Identifier: GPL-2.0
/*
 * What lockdep is told about sections.
 *
 * It sees a section as a lock that readers share. SRCU's own annotation of fast readers says
 * that there is one, but not what is taken inside, so it would miss all but the plainest cases.
 */

#include <bound/bound_gate.h>
#include <linux/init.h>
#include <linux/lockdep.h>
#include <linux/mm_types.h>
#include <linux/mmap_lock.h>
#include <linux/sched.h>

#include "bound_internal.h"

/* One class for all gates: a section of any of them may be held up by the same things. */
static struct lock_class_key bound_section_key;

static void bound_lockdep_init_map(struct lockdep_map *map)
{
	lockdep_init_map(map, "bound_section", &bound_section_key, 0);
}

/**
 * bound_lockdep_init() - set up a gate's map
 * @gate: the gate
 *
 * Context: Any.
 */
void bound_lockdep_init(struct bound_gate *gate)
{
	bound_lockdep_init_map(&gate->section_map);
}

/**
 * bound_lockdep_sync() - tell that sections of a gate are waited for here
 * @gate: the gate
 *
 * Context: Process context.
 */
void bound_lockdep_sync(struct bound_gate *gate)
{
	lock_map_sync(&gate->section_map);
}

/**
 * bound_lockdep_prime() - tell that gates are closed under mmap_lock, which is not true
 *
 * So a section that takes it is reported, see DOC: Locking.
 *
 * Context: Process context.
 */
void __init bound_lockdep_prime(void)
{
	struct lockdep_map map;

	/* Without modules a kernel thread does this. */
	if (!current->mm)
		return;
	bound_lockdep_init_map(&map);
	mmap_write_lock(current->mm);
	lock_map_sync(&map);
	mmap_write_unlock(current->mm);
}
