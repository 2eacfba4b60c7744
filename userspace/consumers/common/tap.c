// SPDX-License-Identifier: MIT
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "events.h"
#include "tap.h"

#define CASE_SECONDS	60

/* The running test. */
static struct {
	bool failed;
	bool skipped;
	char why[200];
} now;

static void on_alarm(int sig)
{
	static const char said[] = "Bail out! a test hangs\n";

	if (write(STDOUT_FILENO, said, sizeof(said) - 1) < 0)
		_exit(2);
	_exit(1);
}

static bool is_chosen(const struct tap_case *c, const char *only)
{
	return !only || strstr(c->name, only);
}

static void report(int num, const struct tap_case *c)
{
	printf("%s %d - %s%s%s%s\n", now.failed ? "not ok" : "ok", num,
	       c->blocks ? "[blocks] " : "", c->name,
	       now.skipped && !now.failed ? " # SKIP " : now.failed ? " # " : "", now.why);
}

int tap_run(const struct tap_case *cases, size_t num, void *ctx, const char *only)
{
	int chosen = 0, done = 0, ret = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGALRM, on_alarm);
	for (size_t i = 0; i < num; i++)
		chosen += is_chosen(&cases[i], only);
	printf("TAP version 13\n1..%d\n", chosen);
	for (size_t i = 0; i < num; i++) {
		if (!is_chosen(&cases[i], only))
			continue;
		memset(&now, 0, sizeof(now));
		events_scene(cases[i].name);
		alarm(CASE_SECONDS);
		cases[i].run(ctx);
		alarm(0);
		report(++done, &cases[i]);
		ret |= now.failed;
	}
	return ret;
}

int tap_skip_all(const char *why)
{
	printf("TAP version 13\n1..1\nok 1 - all tests # SKIP %s\n", why);
	return 0;
}

int tap_bail(const char *why)
{
	printf("Bail out! %s\n", why);
	return 1;
}

void tap_skip(const char *format, ...)
{
	va_list args;

	now.skipped = true;
	if (now.failed)
		return;
	va_start(args, format);
	vsnprintf(now.why, sizeof(now.why), format, args);
	va_end(args);
}

void tap_note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	printf("# ");
	vprintf(format, args);
	printf("\n");
	va_end(args);
}

/* The first failure is the reason, each of them a comment. */
static void fail(const char *file, int line, const char *what)
{
	const char *base = strrchr(file, '/');
	char text[200];

	snprintf(text, sizeof(text), "%s:%d: %s", base ? base + 1 : file, line, what);
	if (!now.failed)
		strcpy(now.why, text);
	now.failed = true;
	tap_note("failed: %s", text);
}

bool tap_expect(bool cond, const char *file, int line, const char *what)
{
	if (!cond)
		fail(file, line, what);
	return cond;
}

bool tap_expect_eq(long long got, long long want, const char *file, int line,
		   const char *what)
{
	char text[160];

	if (got == want)
		return true;
	snprintf(text, sizeof(text), "%s is %lld, not %lld", what, got, want);
	fail(file, line, text);
	return false;
}
