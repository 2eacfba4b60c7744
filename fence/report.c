// SPDX-License-Identifier: GPL-2.0
/*
 * Reports of misuse: a warning each, and the last one kept for debugfs and tests.
 */

#include <linux/bug.h>
#include <linux/seq_file.h>
#include <linux/spinlock.h>
#include <linux/sprintf.h>
#include <linux/stdarg.h>
#include <linux/string.h>
#include <kunit/visibility.h>

#include "internal.h"

static DEFINE_RAW_SPINLOCK(dfence_report_lock);
static unsigned int dfence_report_count;	/* under dfence_report_lock */
static char dfence_report_last[256];		/* under dfence_report_lock */

/**
 * dfence_report() - report a misuse of the library
 * @fmt: printf format, without newline
 *
 * Context: Any, but not under a lock that printing could need.
 */
void dfence_report(const char *fmt, ...)
{
	char text[sizeof(dfence_report_last)];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);

	scoped_guard(raw_spinlock_irqsave, &dfence_report_lock) {
		dfence_report_count++;
		strscpy(dfence_report_last, text);
	}
	WARN(1, "dfence: %s\n", text);
}

/**
 * dfence_report_get() - look at the reports so far
 * @buf: gets the text of the last report
 * @size: its size in bytes
 *
 * Context: Any.
 * Return: How many misuses were reported since the module was loaded.
 */
unsigned int dfence_report_get(char *buf, size_t size)
{
	guard(raw_spinlock_irqsave)(&dfence_report_lock);
	strscpy(buf, dfence_report_last, size);
	return dfence_report_count;
}
EXPORT_SYMBOL_IF_KUNIT(dfence_report_get);

/**
 * dfence_report_show() - show the reports so far
 * @m: where to
 *
 * Context: Any.
 */
void dfence_report_show(struct seq_file *m)
{
	char text[sizeof(dfence_report_last)];
	unsigned int count = dfence_report_get(text, sizeof(text));

	seq_printf(m, "count %u\n", count);
	if (count)
		seq_printf(m, "last %s\n", text);
}
