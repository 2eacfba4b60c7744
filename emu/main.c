// SPDX-License-Identifier: MIT
/* carillon-emu: options, and the life of the process. */
#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control.h"
#include "device.h"
#include "log.h"
#include "server.h"
#include "util.h"

#define VRAM_MB_MAX	4096

struct options {
	const char *socket;
	const char *control;
	const char *script;
	struct device_options device;
};

struct process {
	struct device dev;
	struct server server;
	struct control control;
	sigset_t signals;
};

static const char usage[] =
"Usage: carillon-emu --socket PATH [OPTION]...\n"
"A PCI GPU for QEMU's vfio-user-pci device.\n"
"\n"
"  --socket PATH     UNIX socket that QEMU connects to (also --socket-path)\n"
"  --control PATH    UNIX socket for faults and queries, a line of text each\n"
"  --script FILE     faults, as they are given to the control socket\n"
"  --engines N       jobs that run at a time, 1 to 16 (2)\n"
"  --rings N         rings, 1 to 64 (64)\n"
"  --vram-mb N       local memory, a power of two up to 4096 (64)\n"
"  --irq KIND        msi, msix or both: capabilities to offer (both)\n"
"  --verbose         report what the client asks for\n"
"  --help            this text\n";

enum {
	OPT_SOCKET = 256,
	OPT_CONTROL,
	OPT_SCRIPT,
	OPT_ENGINES,
	OPT_RINGS,
	OPT_VRAM,
	OPT_IRQ,
	OPT_VERBOSE,
	OPT_HELP,
};

static const struct option long_options[] = {
	{ "socket", required_argument, NULL, OPT_SOCKET },
	{ "socket-path", required_argument, NULL, OPT_SOCKET },
	{ "control", required_argument, NULL, OPT_CONTROL },
	{ "script", required_argument, NULL, OPT_SCRIPT },
	{ "engines", required_argument, NULL, OPT_ENGINES },
	{ "rings", required_argument, NULL, OPT_RINGS },
	{ "vram-mb", required_argument, NULL, OPT_VRAM },
	{ "irq", required_argument, NULL, OPT_IRQ },
	{ "verbose", no_argument, NULL, OPT_VERBOSE },
	{ "help", no_argument, NULL, OPT_HELP },
	{ NULL, 0, NULL, 0 },
};

static void bad_option(const char *what, const char *arg)
{
	fprintf(stderr, "carillon-emu: bad %s: %s\n", what, arg);
	exit(2);
}

static unsigned int parse_number(const char *what, const char *arg, unsigned int max)
{
	unsigned long v;
	char *end;

	errno = 0;
	v = strtoul(arg, &end, 10);
	if (errno || end == arg || *end || *arg == '-' || !v || v > max)
		bad_option(what, arg);
	return (unsigned int)v;
}

static uint64_t parse_vram(const char *arg)
{
	unsigned int mb = parse_number("--vram-mb", arg, VRAM_MB_MAX);

	if (mb & (mb - 1))
		bad_option("--vram-mb", arg);
	return (uint64_t)mb << 20;
}

static unsigned int parse_irq(const char *arg)
{
	if (!strcmp(arg, "msi"))
		return PCI_IRQ_MSI;
	if (!strcmp(arg, "msix"))
		return PCI_IRQ_MSIX;
	if (strcmp(arg, "both"))
		bad_option("--irq", arg);
	return PCI_IRQ_MSI | PCI_IRQ_MSIX;
}

static void parse_option(struct options *o, int opt, const char *arg)
{
	switch (opt) {
	case OPT_SOCKET:
		o->socket = arg;
		break;
	case OPT_CONTROL:
		o->control = arg;
		break;
	case OPT_SCRIPT:
		o->script = arg;
		break;
	case OPT_ENGINES:
		o->device.num_engines = parse_number("--engines", arg, DEVICE_ENGINES_MAX);
		break;
	case OPT_RINGS:
		o->device.num_rings = parse_number("--rings", arg, CRLN_MAX_RINGS);
		break;
	case OPT_VRAM:
		o->device.vram_size = parse_vram(arg);
		break;
	case OPT_IRQ:
		o->device.irq_types = parse_irq(arg);
		break;
	case OPT_VERBOSE:
		log_set_verbose();
		break;
	case OPT_HELP:
		fputs(usage, stdout);
		exit(0);
	default:
		fputs(usage, stderr);
		exit(2);
	}
}

static void parse_options(struct options *o, int argc, char **argv)
{
	int opt;

	while ((opt = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		parse_option(o, opt, optarg);
	if (!o->socket || optind != argc) {
		fputs(usage, stderr);
		exit(2);
	}
}

static void *signal_thread(void *arg)
{
	struct process *p = arg;
	int sig;

	while (sigwait(&p->signals, &sig))
		;
	server_quit(&p->server);
	return NULL;
}

/* Threads inherit the mask: only signal_thread() gets these. */
static void block_signals(struct process *p)
{
	sigemptyset(&p->signals);
	sigaddset(&p->signals, SIGTERM);
	sigaddset(&p->signals, SIGINT);
	sigaddset(&p->signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &p->signals, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static int fail(const char *what, int err)
{
	fprintf(stderr, "carillon-emu: %s: %s\n", what, strerror(-err));
	return 1;
}

static int serve(struct process *p, const struct options *o)
{
	pthread_t signals;
	int err;

	err = server_init(&p->server, &p->dev, o->socket);
	if (err)
		return fail(o->socket, err);
	if (o->control) {
		err = control_start(&p->control, &p->dev, o->control);
		if (err) {
			server_fini(&p->server);
			return fail(o->control, err);
		}
	}
	err = -pthread_create(&signals, NULL, signal_thread, p);
	if (!err) {
		server_run(&p->server);
		/* It may have ended for another reason than a signal. */
		pthread_kill(signals, SIGTERM);
		pthread_join(signals, NULL);
	}
	if (o->control) {
		control_stop(&p->control);
		unlink(o->control);
	}
	server_fini(&p->server);
	unlink(o->socket);
	return err ? fail("signal thread", err) : 0;
}

static int run(struct process *p, const struct options *o)
{
	int err = device_init(&p->dev, &o->device);
	int code = 1;

	if (err)
		return fail("device", err);
	if (o->script)
		err = faults_load_script(&p->dev.faults, o->script);
	if (err) {
		fail(o->script, err);
		goto fini;
	}
	err = device_start(&p->dev);
	if (err) {
		fail("threads", err);
		goto fini;
	}
	code = serve(p, o);
	device_stop(&p->dev);
fini:
	device_fini(&p->dev);
	return code;
}

int main(int argc, char **argv)
{
	static struct process process;
	struct options o = {
		.device = {
			.num_engines = 2,
			.num_rings = CRLN_MAX_RINGS,
			.ring_order_max = CRLN_RING_ORDER_LIMIT,
			.vram_size = 64ull << 20,
			.irq_types = PCI_IRQ_MSI | PCI_IRQ_MSIX,
		},
	};

	parse_options(&o, argc, argv);
	block_signals(&process);
	return run(&process, &o);
}
