// SPDX-License-Identifier: MIT
/*
 * lavapipe, Mesa's Vulkan driver for CPUs, as a user of our fences and buffers.
 *
 * usage: carillon-consume-vulkan [PART-OF-A-TEST'S-NAME]
 */
#include "copy.h"
#include "events.h"
#include "tap.h"
#include "tests.h"

/* Each that blocks has its control, which doesn't, before it. */
static const struct tap_case cases[] = {
	{ "an ungated copy of a late buffer has old data", test_ungated_copy },
	{ "a copy gated by a semaphore of ours waits, and has new data", test_gated_copy, true },
	{ "a fence of a job that has ended is ready", test_ready_fence },
	{ "a fence of a held job times out, and is ready after it", test_held_fence, true },
	{ "an ungated copy of a late linear image has old data", test_ungated_image },
	{ "a gated copy of a late linear image waits, and has new data", test_gated_image, true },
	{ "what is written into a linear image of ours has our checksum", test_image_written },
	{ "a result in our buffer comes back into a job of ours", test_back_own, true },
	{ "a result in Vulkan's memory comes back into a job of ours", test_back_foreign, true },
	{ "a job of ours hangs: the wait ends with it", test_hang, true },
	{ "our device goes: the wait ends with it", test_unplug, true },
};

int main(int argc, char **argv)
{
	struct ctx ctx = { 0 };
	const char *why;
	int ret;

	if (gpu_open(&ctx.gpu))
		return tap_bail("no Carillon device");
	if (vk_open(&ctx.vk, &why)) {
		ret = tap_skip_all(why);
	} else {
		tap_note("%s", ctx.vk.name);
		copy_warm_up(&ctx);
		events_open("vulkan");
		ret = tap_run(cases, sizeof(cases) / sizeof(cases[0]), &ctx,
			      argc > 1 ? argv[1] : NULL);
		events_close();
	}
	vk_close(&ctx.vk);
	gpu_close(&ctx.gpu);
	return ret;
}
