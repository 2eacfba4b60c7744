// SPDX-License-Identifier: MIT
/* carillon-info: the device, its firmware, queues and limits. */

#include <carillon.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xf86drm.h>

/* Exit codes: printed; went wrong; bad command line; no device. */
#define EXIT_OK		0
#define EXIT_WRONG	1
#define EXIT_USAGE	2
#define EXIT_NO_DEVICE	3

struct report {
	const char *path;
	const char *bus;
	drmVersionPtr driver;
	const struct drm_carillon_device_info *info;
	struct drm_carillon_timestamp_info time;
};

static const struct {
	uint32_t bit;
	const char *name;
} caps[] = {
	{ CRLN_CAP_FILL, "fill" },
	{ CRLN_CAP_COPY, "copy" },
	{ CRLN_CAP_BLIT, "blit" },
	{ CRLN_CAP_CONV3X3, "conv3x3" },
	{ CRLN_CAP_CRC32C, "crc32c" },
	{ CRLN_CAP_TIMESTAMP, "timestamp" },
	{ CRLN_CAP_SEMAPHORE, "semaphore" },
	{ CRLN_CAP_DELAY, "delay" },
};

#define NUM_CAPS	(sizeof(caps) / sizeof(caps[0]))

static const char usage[] =
"Usage: carillon-info [--json] [--device PATH]\n"
"Prints what a Carillon GPU is and can do.\n"
"\n"
"  -j, --json         as JSON: versions as strings, the rest as numbers\n"
"  -d, --device PATH  device node; else the first Carillon GPU\n"
"  -h, --help         print this\n"
"\n"
"Exit code: 0; 1 for an error; 2 for a bad command line; 3 if there is no device.\n";

static void print_version(const char *before, uint32_t version,
			  const char *after)
{
	printf("%s%u.%u%s", before, CRLN_VERSION_MAJOR(version),
	       CRLN_VERSION_MINOR(version), after);
}

static void print_caps(uint32_t bits, const char *between, const char *around)
{
	bool first = true;

	for (size_t i = 0; i < NUM_CAPS; i++) {
		if (!(bits & caps[i].bit))
			continue;
		printf("%s%s%s%s", first ? "" : between, around, caps[i].name,
		       around);
		first = false;
	}
}

static void print_text(const struct report *r)
{
	const struct drm_carillon_device_info *i = r->info;

	printf("device       %s (%s)\n", r->path, r->bus);
	printf("driver       %s %d.%d.%d\n", r->driver->name,
	       r->driver->version_major, r->driver->version_minor,
	       r->driver->version_patchlevel);
	print_version("hardware     ", i->hw_version, "\n");
	print_version("firmware     ", i->fw_version, "");
	print_version(", interface ", i->fw_interface, "\n");
	fputs("commands     ", stdout);
	print_caps(i->caps, " ", "");
	printf("\nqueues       %u, on %u engines, %u priorities\n", i->num_queues,
	       i->num_engines, i->num_priorities);
	printf("queue slots  %u to %u\n", i->queue_slots_min, i->queue_slots_max);
	printf("addresses    0x%" PRIx64 " to 0x%" PRIx64 ", pages of %u bytes\n",
	       (uint64_t)i->va_start, (uint64_t)i->va_end - 1, i->page_size);
	printf("submit       %u jobs, %u syncs a job, %u KiB of commands a job\n",
	       i->submit_jobs_max, i->job_syncs_max, i->cmd_size_max / 1024);
	printf("bind         %u operations\n", i->bind_ops_max);
	printf("job time     %u ms at most\n", i->job_timeout_ms);
	printf("clock        %.6f s, known to %.1f us\n",
	       r->time.device_ns / 1e9, r->time.uncertainty_ns / 1e3);
}

static void print_json(const struct report *r)
{
	const struct drm_carillon_device_info *i = r->info;

	printf("{\n  \"device\": \"%s\",\n  \"bus\": \"%s\",\n", r->path, r->bus);
	printf("  \"driver\": \"%s\",\n  \"driver_version\": \"%d.%d.%d\",\n",
	       r->driver->name, r->driver->version_major,
	       r->driver->version_minor, r->driver->version_patchlevel);
	print_version("  \"hw_version\": \"", i->hw_version, "\",\n");
	print_version("  \"fw_version\": \"", i->fw_version, "\",\n");
	print_version("  \"fw_interface\": \"", i->fw_interface, "\",\n");
	fputs("  \"commands\": [", stdout);
	print_caps(i->caps, ", ", "\"");
	printf("],\n  \"num_queues\": %u,\n  \"num_engines\": %u,\n"
	       "  \"num_priorities\": %u,\n", i->num_queues, i->num_engines,
	       i->num_priorities);
	printf("  \"queue_slots_min\": %u,\n  \"queue_slots_max\": %u,\n",
	       i->queue_slots_min, i->queue_slots_max);
	printf("  \"page_size\": %u,\n  \"va_start\": %" PRIu64 ",\n"
	       "  \"va_end\": %" PRIu64 ",\n", i->page_size,
	       (uint64_t)i->va_start, (uint64_t)i->va_end);
	printf("  \"cmd_size_max\": %u,\n  \"submit_jobs_max\": %u,\n"
	       "  \"job_syncs_max\": %u,\n  \"bind_ops_max\": %u,\n",
	       i->cmd_size_max, i->submit_jobs_max, i->job_syncs_max,
	       i->bind_ops_max);
	printf("  \"job_timeout_ms\": %u,\n  \"device_ns\": %" PRIu64 ",\n"
	       "  \"cpu_ns\": %" PRIu64 ",\n  \"uncertainty_ns\": %" PRIu64 "\n}\n",
	       i->job_timeout_ms, (uint64_t)r->time.device_ns,
	       (uint64_t)r->time.cpu_ns, (uint64_t)r->time.uncertainty_ns);
}

static void bus_name(int fd, char *name, size_t size)
{
	drmDevicePtr device;

	snprintf(name, size, "no bus");
	if (drmGetDevice2(fd, 0, &device))
		return;
	if (device->bustype == DRM_BUS_PCI)
		snprintf(name, size, "pci:%04x:%02x:%02x.%u",
			 device->businfo.pci->domain, device->businfo.pci->bus,
			 device->businfo.pci->dev, device->businfo.pci->func);
	drmFreeDevice(&device);
}

static int report(struct carillon_device *dev, bool json)
{
	struct report r = {
		.path = carillon_device_path(dev),
		.info = carillon_device_info(dev),
	};
	char bus[64];
	int err;

	err = carillon_device_timestamp(dev, &r.time);
	if (err) {
		fprintf(stderr, "carillon-info: %s: %s\n", r.path, strerror(-err));
		return EXIT_WRONG;
	}
	r.driver = drmGetVersion(carillon_device_fd(dev));
	if (!r.driver) {
		fprintf(stderr, "carillon-info: %s: no driver version\n", r.path);
		return EXIT_WRONG;
	}
	bus_name(carillon_device_fd(dev), bus, sizeof(bus));
	r.bus = bus;
	if (json)
		print_json(&r);
	else
		print_text(&r);
	drmFreeVersion(r.driver);
	return fflush(stdout) || ferror(stdout) ? EXIT_WRONG : EXIT_OK;
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "device", required_argument, NULL, 'd' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	struct carillon_device *dev;
	const char *path = NULL;
	bool json = false;
	int c, err;

	while ((c = getopt_long(argc, argv, "jd:h", longs, NULL)) != -1) {
		switch (c) {
		case 'j':
			json = true;
			break;
		case 'd':
			path = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			return EXIT_OK;
		default:
			return EXIT_USAGE;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "carillon-info: what is \"%s\"?\n", argv[optind]);
		return EXIT_USAGE;
	}
	err = carillon_device_open(path, &dev);
	if (err) {
		fprintf(stderr, "carillon-info: %s: %s\n",
			path ? path : "no Carillon GPU", strerror(-err));
		return EXIT_NO_DEVICE;
	}
	err = report(dev, json);
	carillon_device_close(dev);
	return err;
}
