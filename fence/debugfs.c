// SPDX-License-Identifier: GPL-2.0
/*
 * debugfs: dfence/contexts lists all timelines with their live fences,
 * dfence/reports says what misuse was noticed.
 */

#include <linux/debugfs.h>
#include <linux/seq_file.h>

#include "internal.h"

static struct dentry *dfence_debugfs_dir;

static int contexts_show(struct seq_file *m, void *data)
{
	return dfence_show_all(m);
}
DEFINE_SHOW_ATTRIBUTE(contexts);

static int reports_show(struct seq_file *m, void *data)
{
	dfence_report_show(m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(reports);

/**
 * dfence_debugfs_init() - make the directory
 *
 * Not being able to is no error: nothing depends on it.
 *
 * Context: Process context, module init.
 */
void __init dfence_debugfs_init(void)
{
	dfence_debugfs_dir = debugfs_create_dir("dfence", NULL);
	debugfs_create_file("contexts", 0400, dfence_debugfs_dir, NULL, &contexts_fops);
	debugfs_create_file("reports", 0400, dfence_debugfs_dir, NULL, &reports_fops);
}

/**
 * dfence_debugfs_exit() - remove the directory
 *
 * Context: Process context, module exit.
 */
void dfence_debugfs_exit(void)
{
	debugfs_remove(dfence_debugfs_dir);
}
