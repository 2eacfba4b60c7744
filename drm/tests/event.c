// SPDX-License-Identifier: GPL-2.0
/*
 * Events that take the device away, and how it comes back.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "device.h"
#include "event.h"
#include "gpu.h"
#include "host.h"

#define PROBE_MS	60000
#define SETTLE_MS	3000	/* what isn't over by then is waiting for something */
#define DEATH_MS	15000	/* but not the emulator's death, which nothing can hold up */
#define LOOK_US		10000
#define LOOKS		30	/* asleep in so many of them, one after the other, is waiting */

/* While the device is being probed there's nothing to unbind yet: it's tried until there is. */
static int fire_unbind_drm(void)
{
	uint64_t end_ms = now_ms() + PROBE_MS;
	int ret;

	while ((ret = device_unbind_drm()) == -ENODEV && now_ms() < end_ms)
		usleep(1000);
	return ret;
}

static int fire_unplug(void)
{
	return host_ask("unplug");
}

static int fire_die(void)
{
	return host_ask("kill-emulator");
}

static int restore_nothing(void)
{
	return 0;
}

static int restore_plug(void)
{
	return host_ask("plug");
}

/* QEMU keeps the dead device until it's unplugged. */
static int restore_emulator(void)
{
	int ret = host_ask("unplug");

	if (!ret)
		ret = host_ask("restart-emulator");
	return ret ? ret : host_ask("plug");
}

const struct event events[] = {
	{ "unbind-drm", false, false, false, fire_unbind_drm, device_bind_drm },
	{ "unbind-pci", false, false, false, device_unbind_pci, device_bind_pci },
	{ "remove", false, false, false, device_remove, device_rescan },
	{ "reset", true, false, false, device_reset, restore_nothing },
	{ "unplug", false, false, true, fire_unplug, restore_plug },
	{ "die", false, true, true, fire_die, restore_emulator },
};

const unsigned int num_events = sizeof(events) / sizeof(events[0]);

static void *run_event(void *arg)
{
	struct event_run *run = arg;
	cpu_set_t cpus;

	/* Not where the call is held, nor where the test looks on. */
	CPU_ZERO(&cpus);
	CPU_SET(2, &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
	atomic_store(&run->tid, (int)syscall(SYS_gettid));
	run->ret = run->event->fire();
	atomic_store(&run->over, true);
	return NULL;
}

int event_start(struct event_run *run, const struct event *event)
{
	run->event = event;
	atomic_init(&run->tid, 0);
	atomic_init(&run->over, false);
	return -pthread_create(&run->thread, NULL, run_event, run);
}

static bool is_asleep(int tid)
{
	char path[64], line[256], *state;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	file = fopen(path, "re");
	if (!file)
		return false;
	state = fgets(line, sizeof(line), file) ? strrchr(line, ')') : NULL;
	fclose(file);
	return state && (state[2] == 'S' || state[2] == 'D');
}

bool event_has_begun(const struct event_run *run)
{
	if (atomic_load(&run->over) || !run->event->afar)
		return true;
	return !run->event->dies && !device_has_driver();
}

/* In a write to sysfs, that is, or when the kernel has heard of it. */
static bool is_waiting(const struct event_run *run)
{
	return event_has_begun(run) && is_asleep(atomic_load(&run->tid));
}

bool event_settle(struct event_run *run)
{
	uint64_t end_ms = now_ms() + (run->event->dies ? DEATH_MS : SETTLE_MS);
	unsigned int looks = 0;

	while (!atomic_load(&run->over) && looks < LOOKS && now_ms() < end_ms) {
		usleep(LOOK_US);
		looks = is_waiting(run) ? looks + 1 : 0;
	}
	return atomic_load(&run->over);
}

int event_join(struct event_run *run)
{
	pthread_join(run->thread, NULL);
	return run->ret;
}
