// SPDX-License-Identifier: MIT
/*
 * Writes the timeline of a made-up run as SVG and JSON, for timeline_test.py:
 *
 *	timeline_sample {done|failed|nothing} FILE.svg FILE.json
 */

#include <errno.h>
#include <string.h>

#include "test.h"
#include "timeline.h"

#define US	1000ull
#define T0	5000000000ull

/* Times in us after T0; 0 stays 0. */
static struct tl_job job(const char *name, const char *what, unsigned int queue,
			 const unsigned int times[5])
{
	struct tl_job j = { .name = name, .what = what, .queue = queue, .status = 1 };
	uint64_t *out[5] = { &j.ioctl_ns, &j.submit_ns, &j.start_ns, &j.end_ns,
			     &j.signal_ns };

	for (int i = 0; i < 5; i++)
		*out[i] = times[i] ? T0 + times[i] * US : 0;
	return j;
}

static void fill(struct timeline *tl)
{
	static const unsigned int times[7][5] = {
		{ 10, 90, 130, 1910, 1960 }, { 100, 180, 2040, 9300, 9350 },
		{ 190, 260, 1990, 3000, 3040 }, { 265, 330, 3030, 5200, 5260 },
		{ 340, 420, 9420, 12600, 12660 }, { 430, 500, 12730, 16100, 16150 },
		{ 510, 590, 16230, 18200, 18260 },
	};

	*tl = (struct timeline){
		.title = "made up: 720x480 pixels, 4 engines",
		.queues = { "A", "B" },
		.num_jobs = 7,
		.poll_ns = T0 + 600 * US,
		.polled_ns = T0 + 18300 * US,
	};
	tl->jobs[0] = job("convert", "RGB888 to XRGB8888", 0, times[0]);
	tl->jobs[1] = job("blur", "3x3 binomial, 6 passes", 1, times[1]);
	tl->jobs[2] = job("luma", "XRGB8888 to R8", 0, times[2]);
	tl->jobs[3] = job("relief", "3x3 relief", 0, times[3]);
	tl->jobs[4] = job("edges", "luma of blur, 3x3 edges", 0, times[4]);
	tl->jobs[5] = job("compose", "four blits to the sheet", 1, times[5]);
	tl->jobs[6] = job("check", "CRC32C of the sheet", 0, times[6]);
	for (int i = 0; i < 4; i++) {
		static const unsigned int links[4][2] = { { 0, 1 }, { 1, 4 }, { 4, 5 }, { 5, 6 } };

		tl->jobs[links[i][1]].num_waits = 1;
		tl->jobs[links[i][1]].waits[0] = links[i][0];
	}
}

/* The blur hangs: it is killed, and what depends on it is taken off. */
static void fail(struct timeline *tl)
{
	tl->jobs[1].status = -ETIME;
	for (int i = 4; i < 7; i++) {
		tl->jobs[i].status = -ECANCELED;
		tl->jobs[i].start_ns = 0;
		tl->jobs[i].end_ns = 0;
		tl->jobs[i].signal_ns = tl->jobs[1].signal_ns + 20 * US;
	}
}

int main(int argc, char **argv)
{
	struct timeline tl;

	REQUIRE(argc == 4);
	fill(&tl);
	if (!strcmp(argv[1], "failed")) {
		fail(&tl);
	} else if (!strcmp(argv[1], "nothing")) {
		for (int i = 0; i < 7; i++)
			tl.jobs[i] = (struct tl_job){ .name = "j", .what = "w" };
		tl.poll_ns = 0;
		tl.polled_ns = 0;
	}
	timeline_print(&tl);
	CHECK_EQ(timeline_write_svg(&tl, argv[2]), 0);
	CHECK_EQ(timeline_write_trace(&tl, argv[3]), 0);
	CHECK(timeline_write_svg(&tl, "/nonexistent/x") < 0);
	CHECK_EQ(timeline_write_trace(&tl, "/nonexistent/x"), -ENOENT);
	return test_result();
}
