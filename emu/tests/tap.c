// SPDX-License-Identifier: MIT
/* TAP output. */
#include "tap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "client.h"

static jmp_buf failed;

/**
 * tap_failed() - report a failed check and end the test case
 * @file: where
 * @line: where
 * @fmt: what, printf format
 *
 * Context: Within a case that tap_main() runs.
 */
void tap_failed(const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	printf("# %s:%d: ", file, line);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	longjmp(failed, 1);
}

/* A case passes if no check failed and its emulator ended as it should. */
static int run_case(const struct tap_case *c)
{
	volatile int ok = 0;

	if (!setjmp(failed)) {
		c->run();
		ok = 1;
	}
	if (!emu_cleanup()) {
		printf("# the emulator didn't end well\n");
		ok = 0;
	}
	return ok;
}

/**
 * tap_main() - run all cases, or those named on the command line
 * @cases: the cases
 * @num: how many
 * @argc: of main(); argv[1] is the emulator
 * @argv: of main()
 *
 * Context: main().
 * Return: exit code.
 */
int tap_main(const struct tap_case *cases, size_t num, int argc, char **argv)
{
	int bad = 0;

	if (argc < 2) {
		fprintf(stderr, "usage: %s EMULATOR [CASE]\n", argv[0]);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	emu_set_binary(argv[1]);
	printf("TAP version 13\n1..%zu\n", argc > 2 ? (size_t)1 : num);
	for (size_t i = 0; i < num; i++) {
		int ok;

		if (argc > 2 && strcmp(argv[2], cases[i].name))
			continue;
		ok = run_case(&cases[i]);
		printf("%sok %zu - %s\n", ok ? "" : "not ", argc > 2 ? 1 : i + 1,
		       cases[i].name);
		bad += !ok;
	}
	return bad ? 1 : 0;
}
