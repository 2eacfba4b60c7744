// SPDX-License-Identifier: MIT
/*
 * virgl as a user of our fences, and we of its: virtio-gpu's commands are run by OpenGL
 * outside of the guest, so that its fences are unsignalled for as long as that takes.
 */
#include <errno.h>
#include <unistd.h>

#include "events.h"
#include "tap.h"
#include "tests.h"

/* Each that blocks has its control, which doesn't, before it. */
static const struct tap_case cases[] = {
	{ "EXECBUFFER refuses an in-fence that is no sync_file", test_bad_fences },
	{ "control: EXECBUFFER without an in-fence doesn't wait for our job", test_ungated_exec },
	{ "EXECBUFFER waits for our job", test_gated_exec, true },
	{ "control: Mesa draws while our job is held", test_ungated_draw },
	{ "Mesa draws after our job", test_gated_draw, true },
	{ "our job waits for Mesa's drawing", test_out_fence },
	{ "a job that faults doesn't hold EXECBUFFER", test_fault },
	{ "a job that hangs holds EXECBUFFER until its time is up", test_hang, true },
	{ "unplug while EXECBUFFER waits: it goes on", test_unplug, true },
};

static int run(struct virgl *v, const char *path, const char *only)
{
	int ret;

	v->why = gl_open(&v->gl, path);
	if (!v->why)
		v->why = painter_create(&v->painter, &v->gl);
	if (!v->why && gl_begin(&v->gl)) {
		tap_note("%s; %d rounds of its shader take %d ms", gl_name(), v->painter.rounds,
			 DRAW_LONG_MS);
		gl_end(&v->gl);
	}
	events_open("virgl");
	ret = tap_run(cases, sizeof(cases) / sizeof(cases[0]), v, only);
	events_close();
	gl_close(&v->gl);
	return ret;
}

int main(int argc, char **argv)
{
	struct virgl v = { 0 };
	char path[32];
	int ret;

	ret = exec_open(&v.fd, path, sizeof(path));
	if (ret)
		return tap_skip_all(ret == -ENODEV ? "no GPU of the driver virtio_gpu" :
				    "QEMU has no OpenGL for virtio-gpu");
	if (gpu_open(&v.gpu))
		return tap_bail("no Carillon device");
	ret = run(&v, path, argc > 1 ? argv[1] : NULL);
	gpu_close(&v.gpu);
	close(v.fd);
	return ret;
}
