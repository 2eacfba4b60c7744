// SPDX-License-Identifier: MIT
/*
 * A job.
 *
 * Its end shows in this order: slot record, consumed count, sequence number (with
 * release semantics), HEAD register, interrupt. A driver that has seen the sequence
 * number may use the slot again at once, so that the count which doorbells are
 * checked against moves before any of it.
 */
#include "job.h"

#include <endian.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>

#include "bus.h"
#include "cmd.h"
#include "device.h"
#include "engine.h"
#include "log.h"
#include "util.h"

/* Reads the next descriptor and begins its job; false if it can't be read. */
static bool job_begin(struct engine *e, struct ring *r)
{
	uint64_t addr = ring_desc_addr(r, r->head);
	struct job *job = &r->job;
	uint64_t seqno;

	memset(job, 0, sizeof(*job));
	if (!bus_load64(e->dev, addr + offsetof(struct crln_desc, seqno), &seqno) ||
	    !bus_read(e->dev, addr, &job->desc, sizeof(job->desc))) {
		if (!engine_aborted(e))
			device_dma_fault(e->dev, r->index, addr);
		return false;
	}
	/* The slot may just be being filled, and this is written last. */
	job->desc.seqno = htole64(seqno);
	job->active = true;
	job->start_ns = now_ns();
	faults_match(&e->dev->faults, r->index, ++r->jobs, le64toh(job->desc.seqno),
		     &job->plan);
	return true;
}

static bool desc_ok(const struct ring *r, const struct crln_desc *d)
{
	uint32_t size = le32toh(d->cmd_size);

	if (size % 8 || size > CRLN_CMD_SIZE_MAX || (le32toh(d->flags) & ~CRLN_DESC_IRQ))
		return false;
	if (size && le64toh(d->cmd_addr) % 8)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(d->rsvd); i++)
		if (d->rsvd[i])
			return false;
	return le64toh(d->seqno) > r->last_seqno;
}

static bool planned(const struct job *job, enum fault_kind kind)
{
	return job->plan.kinds & (1u << kind);
}

/* Until the ring is stopped, or, for a hard hang, only until a reset. */
static int job_hang(struct engine *e, const struct job *job)
{
	struct device *dev = e->dev;

	pthread_mutex_lock(&dev->lock);
	while (!__atomic_load_n(&dev->resetting, __ATOMIC_RELAXED) &&
	       (job->plan.hang_hard || !engine_aborted(e)))
		pthread_cond_wait(&e->cond, &dev->lock);
	pthread_mutex_unlock(&dev->lock);
	return ENGINE_ABORTED;
}

/* Faults that take the place of the job's own commands. */
static int job_planned(struct engine *e, struct ring *r)
{
	const struct job *job = &r->job;

	if (planned(job, FAULT_DIE)) {
		log_msg("dies at job %llu of ring %u", (unsigned long long)r->jobs,
			r->index);
		raise(SIGKILL);	/* as if somebody had: no clean-up, no exit code */
	}
	if (planned(job, FAULT_HANG))
		return job_hang(e, job);
	if (planned(job, FAULT_DMA)) {
		device_dma_fault(e->dev, r->index, le64toh(job->desc.cmd_addr));
		return CRLN_DMA_FAULT;
	}
	if (planned(job, FAULT_ERROR))
		return (int)job->plan.status;
	return CRLN_OK;
}

static int job_commands(struct engine *e, struct ring *r)
{
	struct job *job = &r->job;
	uint64_t addr = le64toh(job->desc.cmd_addr);
	uint32_t size = le32toh(job->desc.cmd_size);
	int res = CRLN_OK;

	while (res == CRLN_OK && job->offset < size) {
		uint32_t used = 0;

		res = cmd_execute(e, addr + job->offset, size - job->offset, &used);
		job->offset += used;
	}
	return res;
}

static int job_execute(struct engine *e, struct ring *r)
{
	struct job *job = &r->job;
	int res;

	if (!desc_ok(r, &job->desc))
		return CRLN_BAD_DESC;
	res = job_planned(e, r);
	if (res == CRLN_OK)
		res = job_commands(e, r);
	if (res == CRLN_OK && planned(job, FAULT_SLOW))
		res = engine_sleep(e, job->plan.slow_ns);
	return res;
}

/* Slot record, consumed count, sequence number. */
static bool write_completion(struct engine *e, struct ring *r, uint32_t status,
			     uint64_t *ret_addr)
{
	const struct job *job = &r->job;
	struct crln_cpl_slot rec = {
		.seqno = job->desc.seqno,
		.status = htole32(status),
		.info = htole32(status == CRLN_OK ? 0 : job->offset),
		.start_ns = htole64(job->start_ns),
		.end_ns = htole64(now_ns()),
	};
	__le32 head = htole32(r->head + 1);
	uint64_t seqno = le64toh(job->desc.seqno);

	*ret_addr = ring_record_addr(r, r->head);
	if (!bus_write(e->dev, *ret_addr, &rec, sizeof(rec)))
		return false;
	*ret_addr = r->cfg.cpl + offsetof(struct crln_cpl_head, head);
	if (!bus_write(e->dev, *ret_addr, &head, sizeof(head)))
		return false;
	if (seqno <= r->last_seqno)
		return true;	/* refused for just that: it never goes back */
	r->last_seqno = seqno;
	*ret_addr = r->cfg.cpl + offsetof(struct crln_cpl_head, seqno);
	return bus_store64(e->dev, *ret_addr, seqno);
}

static void job_complete(struct engine *e, struct ring *r, uint32_t status)
{
	struct device *dev = e->dev;
	struct job *job = &r->job;
	bool interrupt = status != CRLN_OK || (le32toh(job->desc.flags) & CRLN_DESC_IRQ);
	uint64_t addr;
	bool written;

	__atomic_add_fetch(status == CRLN_OK ? &dev->jobs_ok : &dev->jobs_failed, 1,
			   __ATOMIC_RELAXED);
	pthread_mutex_lock(&dev->lock);
	r->retired++;
	pthread_mutex_unlock(&dev->lock);

	written = write_completion(e, r, status, &addr);
	if (!written && !__atomic_load_n(&dev->resetting, __ATOMIC_RELAXED))
		device_dma_fault(dev, r->index, addr);

	pthread_mutex_lock(&dev->lock);
	job->active = false;
	if (written) {
		ring_job_ended_locked(dev, r);
		/* Other rings may be waiting for the sequence number. */
		device_sem_released_locked(dev);
	} else {
		ring_fault_locked(dev, r, CRLN_FAULT_DMA_CPL);
	}
	pthread_mutex_unlock(&dev->lock);
	if (written && interrupt && !planned(job, FAULT_LOST_IRQ))
		irq_raise(&dev->irq, r->cfg.vector);
}

static void job_not_ended(struct engine *e, struct ring *r, int res)
{
	struct device *dev = e->dev;

	pthread_mutex_lock(&dev->lock);
	if (res == ENGINE_WAITS)
		ring_sem_wait_locked(r, e->sem_gen);
	else
		ring_aborted_locked(dev, r);
	pthread_mutex_unlock(&dev->lock);
}

static void job_unreadable(struct engine *e, struct ring *r)
{
	pthread_mutex_lock(&e->dev->lock);
	ring_fault_locked(e->dev, r, CRLN_FAULT_DMA_RING);
	pthread_mutex_unlock(&e->dev->lock);
}

/**
 * job_run() - begin or go on with the oldest job of a ring
 * @e: the engine
 * @r: the ring, which @e serves
 *
 * Comes back when the job ended, waits for a semaphore, or was given up.
 *
 * Context: The engine's thread, no lock held. Sleeps.
 */
void job_run(struct engine *e, struct ring *r)
{
	int res;

	if (!r->job.active && !job_begin(e, r)) {
		job_unreadable(e, r);
		return;
	}
	res = job_execute(e, r);
	if (res < 0)
		job_not_ended(e, r, res);
	else
		job_complete(e, r, (uint32_t)res);
}
