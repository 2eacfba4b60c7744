// SPDX-License-Identifier: MIT
/*
 * carillon-image: a picture through a graph of jobs on two queues, compared bit
 * by bit with the CPU.
 */

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph.h"
#include "picture.h"
#include "reference.h"
#include "timeline.h"

/* Exit codes: all verified; something wrong; bad command line; no device. */
#define EXIT_OK		0
#define EXIT_WRONG	1
#define EXIT_USAGE	2
#define EXIT_NO_DEVICE	3

struct options {
	const char *device;
	const char *in;
	const char *out;
	const char *svg;
	const char *trace;
	const char *size;	/* of a generated picture, as given */
	uint32_t width;
	uint32_t height;
	int64_t timeout_ns;
};

static const char usage[] =
"Usage: carillon-image [OPTION]... --out FILE\n"
"Runs a picture through a graph of jobs on two queues of a Carillon GPU and\n"
"compares every result with the CPU's, bit by bit. The output is a sheet: the\n"
"picture, blurred, its edges and its relief.\n"
"\n"
"  -i, --in FILE             picture to read: PNG, binary PPM or PGM\n"
"  -g, --generate WxH        without --in: paint one of this size (720x480)\n"
"  -o, --out FILE            PNG to write\n"
"  -s, --timeline-svg FILE   draw when jobs ran and fences signalled\n"
"  -j, --timeline-json FILE  the same for trace viewers (Perfetto and others)\n"
"  -d, --device PATH         device node; else the first Carillon GPU\n"
"  -t, --timeout SECONDS     longest wait for the last fence (60)\n"
"  -h, --help                print this\n"
"\n"
"Exit code: 0 if all was verified, 1 if not, 2 for a bad command line, 3 if\n"
"there is no device.\n";

static bool parse_number(const char *s, char end, unsigned long max,
			 uint32_t *ret_value, const char **ret_rest)
{
	char *rest;
	unsigned long value;

	if (*s < '0' || *s > '9')
		return false;
	errno = 0;
	value = strtoul(s, &rest, 10);
	if (errno || *rest != end || value > max)
		return false;
	*ret_value = value;
	if (ret_rest)
		*ret_rest = rest + 1;
	return true;
}

static bool parse_option(struct options *opt, int c)
{
	const char *rest;
	uint32_t seconds;

	switch (c) {
	case 'i':
		opt->in = optarg;
		return true;
	case 'o':
		opt->out = optarg;
		return true;
	case 's':
		opt->svg = optarg;
		return true;
	case 'j':
		opt->trace = optarg;
		return true;
	case 'd':
		opt->device = optarg;
		return true;
	case 'g':
		opt->size = optarg;
		if (parse_number(optarg, 'x', UINT32_MAX, &opt->width, &rest) &&
		    parse_number(rest, 0, UINT32_MAX, &opt->height, NULL))
			return true;
		complain("--generate wants WIDTHxHEIGHT, not \"%s\"", optarg);
		return false;
	case 't':
		if (parse_number(optarg, 0, 86400, &seconds, NULL)) {
			opt->timeout_ns = seconds * 1000000000ll;
			return true;
		}
		complain("--timeout wants seconds, 86400 at most, not \"%s\"", optarg);
		return false;
	default:
		return false;
	}
}

/* Leaves the program for --help and for a bad command line. */
static void parse_options(struct options *opt, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "in", required_argument, NULL, 'i' },
		{ "generate", required_argument, NULL, 'g' },
		{ "out", required_argument, NULL, 'o' },
		{ "timeline-svg", required_argument, NULL, 's' },
		{ "timeline-json", required_argument, NULL, 'j' },
		{ "device", required_argument, NULL, 'd' },
		{ "timeout", required_argument, NULL, 't' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	int c;

	while ((c = getopt_long(argc, argv, "i:g:o:s:j:d:t:h", longs, NULL)) != -1) {
		if (c == 'h') {
			fputs(usage, stdout);
			exit(EXIT_OK);
		}
		if (!parse_option(opt, c))
			exit(EXIT_USAGE);
	}
	if (optind < argc) {
		complain("what is \"%s\"? (--help tells the options)", argv[optind]);
		exit(EXIT_USAGE);
	}
	if (!opt->out) {
		complain("--out FILE is missing (--help tells the options)");
		exit(EXIT_USAGE);
	}
	if (opt->in && opt->size) {
		complain("--in and --generate exclude each other");
		exit(EXIT_USAGE);
	}
}

static int get_picture(struct picture *pic, const struct options *opt)
{
	int err;

	if (opt->in)
		return picture_load(pic, opt->in);
	err = picture_alloc(pic, opt->width, opt->height, "--generate");
	if (!err)
		picture_generate(pic);
	return err;
}

/* Prints the first difference; padding between rows counts as well. */
static bool same_bytes(const struct plane *got, const struct plane *want)
{
	size_t size = plane_bytes(want), i = 0;

	if (!memcmp(got->data, want->data, size))
		return true;
	while (got->data[i] == want->data[i])
		i++;
	printf("differs at x %zu, y %zu: byte %zu is %u, not %u\n",
	       i % want->pitch / want->pixel_bytes, i / want->pitch,
	       i % want->pitch % want->pixel_bytes, got->data[i], want->data[i]);
	return false;
}

static bool verify(const struct graph *graph, const struct picture *pic)
{
	static const enum plane_id results[] = {
		PLANE_RGB, PLANE_BLUR, PLANE_LUMA, PLANE_RELIEF, PLANE_EDGES,
		PLANE_SHEET,
	};
	struct plane planes[PLANE_COUNT] = { 0 };
	bool ok = true;

	if (reference_run(pic, planes)) {
		complain("no memory for the CPU reference");
		return false;
	}
	puts("\nresult     pixels        compared with the CPU");
	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
		const struct plane *want = &planes[results[i]];
		char size[32];

		snprintf(size, sizeof(size), "%ux%u", want->width, want->height);
		printf("%-10s %-13s ", plane_name(results[i]), size);
		if (same_bytes(graph_plane(graph, results[i]), want))
			puts("every bit equal");
		else
			ok = false;
	}
	for (int id = 0; id < CRC_COUNT; id++) {
		const struct plane *plane = &planes[graph_crc_plane(id)];
		uint32_t want = reference_crc32c(plane->data, plane_bytes(plane), 0);
		uint32_t got = graph_crc(graph, id);

		printf("%-10s %-13s %08x %s %08x\n", plane_name(graph_crc_plane(id)),
		       "CRC32C", got, got == want ? "=" : "is not", want);
		ok = ok && got == want;
	}
	reference_free(planes);
	return ok;
}

/* All files that were asked for are written, also if one of them can't be. */
static bool write_files(const struct graph *graph, const struct timeline *tl,
			const struct options *opt, bool with_picture)
{
	const struct plane *sheet = graph_plane(graph, PLANE_SHEET);
	bool ok = true;

	if (with_picture && png_save(opt->out, sheet->data, sheet->pitch,
				     sheet->width, sheet->height))
		ok = false;
	if (opt->svg && timeline_write_svg(tl, opt->svg))
		ok = false;
	if (opt->trace && timeline_write_trace(tl, opt->trace))
		ok = false;
	return ok;
}

static int run(struct carillon_device *dev, const struct picture *pic,
	       const struct options *opt)
{
	const struct drm_carillon_device_info *info = carillon_device_info(dev);
	struct timeline tl;
	struct graph *graph;
	char title[128];
	bool done, ok;

	if (graph_create(dev, pic, &graph))
		return EXIT_WRONG;
	done = !graph_run(graph, opt->timeout_ns);
	tl = *graph_timeline(graph);
	snprintf(title, sizeof(title),
		 "carillon-image, %ux%u pixels, %u engines, hardware %u.%u, firmware %u.%u",
		 pic->width, pic->height, info->num_engines,
		 CRLN_VERSION_MAJOR(info->hw_version), CRLN_VERSION_MINOR(info->hw_version),
		 CRLN_VERSION_MAJOR(info->fw_version), CRLN_VERSION_MINOR(info->fw_version));
	tl.title = title;
	timeline_print(&tl);
	/* A picture that is known to be wrong isn't written. */
	ok = done && verify(graph, pic);
	if (!write_files(graph, &tl, opt, ok))
		ok = false;
	graph_destroy(graph);
	puts(ok ? "\nall verified" : "\nNOT verified");
	return ok ? EXIT_OK : EXIT_WRONG;
}

int main(int argc, char **argv)
{
	struct options opt = {
		.width = 720,
		.height = 480,
		.timeout_ns = 60000000000ll,
	};
	struct carillon_device *dev;
	struct picture pic = { 0 };
	int err, code = EXIT_WRONG;

	parse_options(&opt, argc, argv);
	if (get_picture(&pic, &opt))
		return EXIT_WRONG;
	err = carillon_device_open(opt.device, &dev);
	if (err) {
		complain("%s: %s", opt.device ? opt.device : "no Carillon GPU",
			 strerror(-err));
		code = EXIT_NO_DEVICE;
	} else {
		code = run(dev, &pic, &opt);
		carillon_device_close(dev);
	}
	picture_free(&pic);
	return code;
}
