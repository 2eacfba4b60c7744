// SPDX-License-Identifier: GPL-2.0
/*
 * What the module loader does for KUnit where it's configured: finds a module's suites.
 */

#include <linux/elf.h>
#include <linux/kallsyms.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/sched/mm.h>
#include <linux/string.h>

/* Modules that are loaded at a time, and have suites. */
#define MAX_MODULES	16
#define MAX_SUITES	64

static struct {
	struct kunit_shim_module base;
	struct kunit_suite *suites[MAX_SUITES];
} table[MAX_MODULES];

/* Of the process that loads a module, and so waits for its tests. */
static struct mm_struct *loader;

static void add_suites(struct kunit_shim_module *entry, const Elf_Sym *sym)
{
	unsigned int n = sym->st_size / sizeof(*entry->kunit_suites);

	if (WARN_ON(entry->num_kunit_suites + n > MAX_SUITES))
		return;
	memcpy(entry->kunit_suites + entry->num_kunit_suites, (void *)sym->st_value,
	       n * sizeof(*entry->kunit_suites));
	entry->num_kunit_suites += n;
}

/* The whole table of symbols is there until a moment after the module has become live. */
static void find_suites(struct kunit_shim_module *entry, struct module *module)
{
	struct mod_kallsyms *all = rcu_dereference_protected(module->kallsyms, true);
	unsigned int i;

	for (i = 1; i < all->num_symtab; i++)
		if (!strncmp(all->strtab + all->symtab[i].st_name, KUNIT_SHIM_SUITES,
			     strlen(KUNIT_SHIM_SUITES)))
			add_suites(entry, &all->symtab[i]);
}

/* With suites, or NULL. */
static struct kunit_shim_module *new_entry(struct module *module)
{
	struct kunit_shim_module *entry;
	unsigned int i;

	for (i = 0; i < MAX_MODULES && table[i].base.module; i++)
		;
	if (WARN_ON(i == MAX_MODULES))
		return NULL;
	entry = &table[i].base;
	*entry = (struct kunit_shim_module){ .kunit_suites = table[i].suites };
	find_suites(entry, module);
	if (!entry->num_kunit_suites)
		return NULL;
	entry->module = module;
	return entry;
}

/* For the last time. */
static struct kunit_shim_module *old_entry(struct module *module)
{
	unsigned int i;

	for (i = 0; i < MAX_MODULES; i++) {
		if (table[i].base.module == module) {
			table[i].base.module = NULL;
			return &table[i].base;
		}
	}
	return NULL;
}

/**
 * kunit_shim_module() - what KUnit wants to know of a module
 * @module: any module
 * @state: which it has come to
 *
 * Context: Process; by one at a time.
 * Return: never NULL; without suites if it has none.
 */
struct kunit_shim_module *kunit_shim_module(struct module *module, unsigned long state)
{
	static struct kunit_shim_module none;
	struct kunit_shim_module *entry = NULL;

	if (state == MODULE_STATE_LIVE) {
		loader = current->mm;
		entry = new_entry(module);
	} else if (state == MODULE_STATE_GOING) {
		entry = old_entry(module);
	}
	if (entry)
		return entry;
	none = (struct kunit_shim_module){};
	return &none;
}

/**
 * kunit_shim_get_mm() - an address space for a test
 *
 * Context: a thread that runs a test.
 * Return: a new reference to that of the process that has loaded the suite; or NULL.
 */
struct mm_struct *kunit_shim_get_mm(void)
{
	return loader && mmget_not_zero(loader) ? loader : NULL;
}
