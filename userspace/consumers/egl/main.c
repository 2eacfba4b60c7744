// SPDX-License-Identifier: MIT
/*
 * llvmpipe, Mesa's OpenGL driver for CPUs, through EGL, as a user of our fences and
 * buffers.
 *
 * usage: carillon-consume-egl [PART-OF-A-TEST'S-NAME]
 */
#include "draw.h"
#include "events.h"
#include "tap.h"
#include "tests.h"

/* Each that blocks has its control, which doesn't, before it. */
static const struct tap_case cases[] = {
	{ "a sync of a job that has ended is ready", test_ready_sync },
	{ "a client wait for a held job times out, and ends after it", test_held_sync, true },
	{ "an ungated drawing of a late buffer has old data", test_ungated_sample },
	{ "a drawing after a server wait waits, and has new data", test_gated_sample, true },
	{ "an ungated drawing into a late buffer is written over", test_ungated_paint },
	{ "a gated drawing into a late buffer waits, and has our checksum", test_gated_paint, true },
	{ "a job of ours hangs: the wait ends with it", test_hang, true },
	{ "our device goes: the wait ends with it", test_unplug, true },
};

static void say_name(struct gl *gl)
{
	if (gl_begin(gl))
		tap_note("%s", gl_name());
	gl_end(gl);
}

int main(int argc, char **argv)
{
	struct ctx ctx = { 0 };
	const char *why;
	int ret;

	if (gpu_open(&ctx.gpu))
		return tap_bail("no Carillon device");
	why = gl_open(&ctx.gl, NULL);
	if (why) {
		ret = tap_skip_all(why);
	} else {
		say_name(&ctx.gl);
		draw_warm_up(&ctx);
		events_open("egl");
		ret = tap_run(cases, sizeof(cases) / sizeof(cases[0]), &ctx,
			      argc > 1 ? argv[1] : NULL);
		events_close();
	}
	gl_close(&ctx.gl);
	gpu_close(&ctx.gpu);
	return ret;
}
