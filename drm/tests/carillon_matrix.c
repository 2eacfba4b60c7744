// SPDX-License-Identifier: GPL-2.0
/*
 * Takes the device away at each step of a submission, in each way there is: a cell of the
 * matrix. Whoever takes the step is held in the middle of it, the event is started, and
 * either ends while he is held ("passed by") or is found waiting, for him presumably; then
 * he goes on, and both have to end. Afterwards the process has to live, each of its fences to
 * have signalled as it should, each ioctl to say -ENODEV, and the device to come back and work.
 * TAP on stdout, a line a cell; the file $OUT/cells has them, too.
 *
 * usage: carillon_matrix [--rounds N] [--event NAME] [--step NAME] [--diagonal] CONTROL-PORT
 *
 * carillon_hold.ko has to be loaded. CPU 0 is the test's, CPU 1 that of who is held: what
 * ACPI has to do for hot-unplug, it does on CPU 0.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "device.h"
#include "emulator.h"
#include "event.h"
#include "gpu.h"
#include "hold.h"
#include "step.h"
#include "victim.h"

#define HOLD_MS		20000
#define REACH_MS	60000
#define SIGNAL_MS	60000
#define WARNED		(1 << 9)
#define MISSES_MAX	10

struct matrix {
	unsigned int rounds;
	const char *event;	/* only this one, or NULL */
	const char *step;
	bool diagonal;		/* each event and each step, but not each with each */
	int control;		/* the emulator's port */
	FILE *cells;
};

struct cell {
	const struct step *step;
	const struct event *event;
	unsigned int waited;	/* rounds in which the event did */
	unsigned int passed;	/* rounds in which all was right */
	unsigned int missed;	/* rounds in which it was, but event and step didn't meet */
	bool waits;		/* in this round: the event has */
	bool late;		/* in this round: they haven't met */
	bool lost;		/* the device hasn't come back: nothing can go on */
};

static bool good(const char *what, int ret)
{
	return !ret || !fail(what, -ret);
}

static void note(const char *text)
{
	int fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);

	dprintf(fd, "carillon_matrix: %s\n", text);
	close(fd);
}

static unsigned long read_taint(void)
{
	FILE *file = fopen("/proc/sys/kernel/tainted", "re");
	unsigned long taint = 0;

	if (file && fscanf(file, "%lu", &taint) != 1)
		taint = 0;
	if (file)
		fclose(file);
	return taint;
}

/* Whether somebody is in the middle of the step, to stay there. */
static bool reach(const struct matrix *m, const struct cell *c, struct victim_process *p)
{
	if (c->step->function)
		return hold_wait(REACH_MS) || !fail("the step wasn't reached", ETIME);
	/* The device has the job, and keeps it. */
	return victim_wait(p) &&
	       good("the job didn't begin", c->event->dies ? emulator_wait_dead(m->control) :
							     emulator_wait_fired(m->control));
}

/* Whether the event has come after the step, as far as can be seen: the host may be busy. */
static bool is_late(const struct cell *c, const struct event_run *run)
{
	if (c->step->function && hold_expired())
		return true;
	/* While the device is being probed everything waits for its lock, unseen. */
	return !c->step->probing && !event_has_begun(run);
}

/* The event, at the step; both are over in the end. */
static bool collide(const struct matrix *m, struct cell *c, struct victim_process *p)
{
	struct event_run run;
	bool ok;

	if (!good("no hold", c->step->function ?
		  hold_arm(step_function(c->step), step_by_others(c->step) ? NULL : VICTIM_COMM,
			   HOLD_MS) : 0))
		return false;
	victim_go(p);
	ok = reach(m, c, p);
	if (!good("thread", event_start(&run, c->event)))
		return false;
	c->waits = !event_settle(&run);
	c->late = is_late(c, &run);
	if (c->step->function) {
		ok &= good("release", hold_release());
		ok &= victim_wait(p);
	}
	ok &= good(c->event->name, event_join(&run));
	return good("disarm", hold_disarm()) && ok;
}

/* A new file gets the device as it is now, and a job runs. */
static bool works(const char *node)
{
	struct client client;
	int fd, status;

	if (!good("open anew", client_open(&client, node)))
		return false;
	if (!good("submit anew", client_submit(&client, 0, -1, &fd, 1)))
		return false;
	status = wait_fence(fd, SIGNAL_MS);
	if (status != 1)
		printf("# a job of the new device: status %d\n", status);
	close(fd);
	client_close(&client);
	return status == 1;
}

static bool come_back(const struct matrix *m, struct cell *c)
{
	char node[DEVICE_NODE_MAX];

	if (good("bringing it back", c->event->restore()) &&
	    good("no device", device_wait(node)) &&
	    good("rules", emu_control(m->control, "clear")) && works(node))
		return true;
	c->lost = true;
	return false;
}

static bool run_round(const struct matrix *m, struct cell *c)
{
	unsigned long taint = read_taint();
	char node[DEVICE_NODE_MAX];
	struct victim_process p;
	bool ok;

	if (!good("no device", device_wait(node)) ||
	    !good("interrupts", device_route_interrupts()) ||
	    !good("unbind", c->step->probing ? device_unbind_pci() : 0) ||
	    !good("victim", victim_start(&p, c->step, c->event, node, m->control)))
		return false;
	ok = victim_wait(&p) && collide(m, c, &p);
	victim_go(&p);
	ok &= victim_wait(&p);
	ok &= come_back(m, c);
	victim_go(&p);
	ok &= victim_wait(&p);
	ok &= victim_end(&p);
	if (read_taint() & ~taint & WARNED)
		ok = !fail("the kernel has warned", EUCLEAN);
	return ok;
}

static bool run_cell(const struct matrix *m, struct cell *c)
{
	char name[80];

	snprintf(name, sizeof(name), "%s at %s", c->event->name, c->step->name);
	for (unsigned int i = 0; i < m->rounds && !c->lost;) {
		bool ok;

		note(name);
		c->waits = false;
		c->late = false;
		ok = run_round(m, c);
		/* It showed nothing, so it doesn't count, but it can't be always so. */
		if (ok && c->late && c->missed++ < MISSES_MAX)
			continue;
		i++;
		c->passed += ok && !c->late;
		c->waited += ok && c->waits;
		if (!ok || c->late)
			printf("# round %u of %s has failed%s\n", i, name,
			       c->late ? ": the event came late" : "");
	}
	if (c->missed)
		printf("# %s: event and step didn't meet %u times\n", name, c->missed);
	fprintf(m->cells, "%s %s %u %u %u\n", c->event->name, c->step->name, m->rounds, c->passed,
		c->waited);
	fflush(m->cells);
	return c->passed == m->rounds;
}

static bool is_chosen(const struct matrix *m, unsigned int e, unsigned int s)
{
	if (m->diagonal && s % num_events != e)
		return false;
	return (!m->event || !strcmp(m->event, events[e].name)) &&
	       (!m->step || !strcmp(m->step, steps[s].name));
}

static int run_all(const struct matrix *m, bool count_only)
{
	unsigned int num = 0;
	int bad = 0;

	for (unsigned int e = 0; e < num_events; e++) {
		for (unsigned int s = 0; s < num_steps; s++) {
			struct cell c = { .step = &steps[s], .event = &events[e] };
			bool ok;

			if (!is_chosen(m, e, s) || (num++, count_only))
				continue;
			ok = run_cell(m, &c);
			printf("%s %u - %s at %s, %u rounds: waited in %u, passed by in %u\n",
			       ok ? "ok" : "not ok", num, c.event->name, c.step->name,
			       m->rounds, c.waited, m->rounds - c.waited);
			bad |= !ok;
			if (c.lost) {
				printf("Bail out! the device hasn't come back\n");
				return 1;
			}
		}
	}
	return count_only ? (int)num : bad;
}

static bool keep_to_cpus(const char *file, const char *mask)
{
	int fd = open(file, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write(fd, mask, 1) == 1;

	if (fd >= 0)
		close(fd);
	return ok;
}

/*
 * Calls are held on CPU 1, so nothing that the test needs happens there. Who takes the
 * device away is on CPU 2, workers included: he may wait with preemption off until CPU 1
 * takes an interrupt, which it does when the call is released. The test looks on from
 * CPU 0, whose timers depend on no other one.
 */
static void settle_down(void)
{
	DIR *dir = opendir("/proc/irq");
	struct dirent *entry;
	cpu_set_t cpus;

	while (dir && (entry = readdir(dir))) {
		char path[64];

		snprintf(path, sizeof(path), "/proc/irq/%.20s/smp_affinity", entry->d_name);
		/* Some can't be moved, such as the timer's. */
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.' && !keep_to_cpus(path, "1"))
			printf("# interrupt %s stays\n", entry->d_name);
	}
	if (dir)
		closedir(dir);
	/* What ACPI leaves to a worker, one that is woken on CPU 1 would do late. */
	if (!keep_to_cpus("/sys/devices/virtual/workqueue/cpumask", "4"))
		fail("workers", errno);
	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		fail("three CPUs", errno);
}

static int parse(struct matrix *m, int argc, char **argv)
{
	static const struct option options[] = {
		{ "rounds", required_argument, NULL, 'r' },
		{ "event", required_argument, NULL, 'e' },
		{ "step", required_argument, NULL, 's' },
		{ "diagonal", no_argument, NULL, 'd' },
		{ 0 },
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == 'r')
			m->rounds = (unsigned int)strtoul(optarg, NULL, 10);
		else if (opt == 'e')
			m->event = optarg;
		else if (opt == 's')
			m->step = optarg;
		else if (opt == 'd')
			m->diagonal = true;
		else
			return -EINVAL;
	}
	return optind == argc - 1 && m->rounds ? 0 : -EINVAL;
}

static int setup(struct matrix *m, const char *port)
{
	const char *out = getenv("OUT");
	char path[256];

	snprintf(path, sizeof(path), "%s/cells", out ? out : ".");
	m->cells = fopen(path, "we");
	m->control = open(port, O_RDWR | O_CLOEXEC);
	if (!m->cells || m->control < 0)
		return -errno;
	settle_down();
	return device_find();
}

int main(int argc, char **argv)
{
	struct matrix m = { .rounds = 1 };
	int num, ret;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (parse(&m, argc, argv)) {
		fprintf(stderr, "usage: carillon_matrix [--rounds N] [--event NAME] [--step NAME] "
			"[--diagonal] CONTROL-PORT\n");
		return 2;
	}
	num = run_all(&m, true);
	if (!num) {
		fprintf(stderr, "carillon_matrix: there's no such event or step\n");
		return 2;
	}
	printf("1..%d\n", num);
	ret = setup(&m, argv[optind]);
	if (ret) {
		printf("Bail out! setup: %s\n", strerror(-ret));
		return 1;
	}
	return run_all(&m, false);
}
