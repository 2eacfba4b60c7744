// SPDX-License-Identifier: GPL-2.0
/*
 * Noticing that the device is gone, or that a ring has faulted.
 *
 * A device that vanishes sends no interrupt. Whoever waits for a fence would
 * have to wait for the job timeout; so while there are rings one register is
 * read every now and then.
 */

#include <linux/pci.h>

#include <bound/bound_gate.h>

#include "carillon_core_priv.h"
#include "carillon_ring.h"
#include "carillon_watch.h"

#define CARILLON_WATCH_MS	500

static void carillon_watch_lost_work(struct work_struct *work)
{
	struct carillon_core *core = container_of(work, struct carillon_core, lost_work);

	mutex_lock(&core->client_mutex);
	if (core->client)
		core->client->lost(core->client_data);
	mutex_unlock(&core->client_mutex);
}

static void carillon_watch_event_work(struct work_struct *work)
{
	struct carillon_core *core = container_of(work, struct carillon_core, event_work);

	scoped_cond_guard(bound, return, core->gate)
		carillon_rings_check_faults(&scope, core);
}

static void carillon_watch_work(struct work_struct *work)
{
	struct carillon_core *core = container_of(to_delayed_work(work), struct carillon_core,
						  watch_work);

	scoped_cond_guard(bound, return, core->gate) {
		/* ring_used is looked at without its lock: a ring made now starts us anew */
		if (!bitmap_empty(core->ring_used, CRLN_MAX_RINGS) &&
		    carillon_core_check(&scope, core))
			carillon_watch_start(core);
	}
}

/**
 * carillon_watch_init() - set up the works
 * @core: the device
 *
 * Context: Any.
 */
void carillon_watch_init(struct carillon_core *core)
{
	INIT_WORK(&core->lost_work, carillon_watch_lost_work);
	INIT_WORK(&core->event_work, carillon_watch_event_work);
	INIT_DELAYED_WORK(&core->watch_work, carillon_watch_work);
}

/**
 * carillon_watch_start() - look at the device now and then, while there are rings
 * @core: the device
 *
 * Context: Any, with a token: the gate isn't closed before it is left.
 */
void carillon_watch_start(struct carillon_core *core)
{
	schedule_delayed_work(&core->watch_work, msecs_to_jiffies(CARILLON_WATCH_MS));
}

/**
 * carillon_watch_stop() - end all works
 * @core: the device; no interrupt comes and no ring is made any more
 *
 * Context: Process, sleeps, in remove after the gate was closed.
 */
void carillon_watch_stop(struct carillon_core *core)
{
	cancel_delayed_work_sync(&core->watch_work);
	cancel_work_sync(&core->event_work);
	cancel_work_sync(&core->lost_work);
}
