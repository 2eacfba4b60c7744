// SPDX-License-Identifier: MIT
/*
 * An engine: a thread that takes the job the firmware's rules put first.
 *
 * Memory is accessed in chunks of one page at most. Before each chunk the engine
 * looks whether it shall give up, and during a chunk it shows which generation of
 * translations it uses: so an invalidation can tell when it is through.
 */
#include "engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bus.h"
#include "device.h"
#include "firmware.h"
#include "job.h"
#include "util.h"

static bool alloc_rows(struct engine *e)
{
	for (int i = 0; i < ENGINE_NUM_ROWS; i++) {
		e->row[i] = malloc(ENGINE_ROW_BYTES);
		if (!e->row[i])
			return false;
	}
	return true;
}

/**
 * engines_alloc() - engines that don't run yet
 * @dev: the device
 * @num: how many
 *
 * Context: Process start.
 * Return: the engines, or NULL.
 */
struct engine *engines_alloc(struct device *dev, unsigned int num)
{
	struct engine *engines = calloc(num, sizeof(*engines));

	if (!engines)
		return NULL;
	for (unsigned int i = 0; i < num; i++) {
		engines[i].dev = dev;
		engines[i].index = i;
		device_cond_init(&engines[i].cond);
		if (!alloc_rows(&engines[i])) {
			engines_free(engines, num);
			return NULL;
		}
	}
	return engines;
}

/**
 * engines_free() - free what engines_alloc() made
 * @engines: the engines
 * @num: how many
 *
 * Context: No engine runs.
 */
void engines_free(struct engine *engines, unsigned int num)
{
	for (unsigned int i = 0; i < num; i++)
		for (int r = 0; r < ENGINE_NUM_ROWS; r++)
			free(engines[i].row[r]);
	free(engines);
}

/**
 * engine_at() - one of the engines
 * @dev: the device
 * @index: less than their number
 *
 * Context: Any.
 * Return: the engine.
 */
struct engine *engine_at(struct device *dev, unsigned int index)
{
	return &dev->engines[index];
}

/**
 * engine_wake_locked() - end its sleep, so that it looks whether to give up
 * @e: the engine
 *
 * Context: Device lock held.
 */
void engine_wake_locked(struct engine *e)
{
	pthread_cond_signal(&e->cond);
}

/**
 * engine_aborted() - shall the job be given up
 * @e: the engine, running a job
 *
 * Context: The engine's thread.
 * Return: whether.
 */
bool engine_aborted(const struct engine *e)
{
	return __atomic_load_n(&e->dev->resetting, __ATOMIC_RELAXED) ||
	       __atomic_load_n(&e->ring->stop, __ATOMIC_RELAXED);
}

/**
 * engine_sleep() - keep the engine busy without doing anything
 * @e: the engine, running a job
 * @ns: for so long
 *
 * Context: The engine's thread, no lock held. Sleeps.
 * Return: CRLN_OK or ENGINE_ABORTED.
 */
int engine_sleep(struct engine *e, uint64_t ns)
{
	uint64_t end = now_ns();
	struct timespec until;
	int err = 0;

	if (__builtin_add_overflow(end, ns, &end) || end > INT64_MAX)
		end = INT64_MAX;
	until = ns_to_timespec(end);
	pthread_mutex_lock(&e->dev->lock);
	while (!engine_aborted(e) && err != ETIMEDOUT)
		err = pthread_cond_timedwait(&e->cond, &e->dev->lock, &until);
	pthread_mutex_unlock(&e->dev->lock);
	return engine_aborted(e) ? ENGINE_ABORTED : CRLN_OK;
}

/*
 * Shows the generation first, then looks whether it is still the current one: an
 * invalidation in between either sees it shown or makes us see the new one.
 * Pairs with device_drop_translations() and engine_uses_older().
 */
static void engine_chunk_begin(struct engine *e)
{
	uint64_t gen = __atomic_load_n(&e->dev->tlb_gen, __ATOMIC_SEQ_CST);
	uint64_t seen;

	for (;;) {
		__atomic_store_n(&e->chunk_gen, gen, __ATOMIC_SEQ_CST);
		seen = __atomic_load_n(&e->dev->tlb_gen, __ATOMIC_SEQ_CST);
		if (seen == gen)
			break;
		gen = seen;
	}
	tlb_sync(&e->tlb, gen);
}

static void engine_chunk_end(struct engine *e)
{
	__atomic_store_n(&e->chunk_gen, 0, __ATOMIC_SEQ_CST);
}

/**
 * engine_uses_older() - is an access under way with translations from before
 * @e: the engine
 * @gen: the generation that counts
 *
 * Context: Any thread.
 * Return: whether.
 */
bool engine_uses_older(struct engine *e, uint64_t gen)
{
	uint64_t used = __atomic_load_n(&e->chunk_gen, __ATOMIC_SEQ_CST);

	return used && used < gen;
}

enum access {
	ACCESS_READ,
	ACCESS_WRITE,
	ACCESS_LOAD64,
	ACCESS_STORE64,
};

static bool access_vram(struct vram *v, uint64_t addr, void *buf, size_t len,
			enum access kind)
{
	switch (kind) {
	case ACCESS_READ:
		return vram_read(v, addr, buf, len);
	case ACCESS_WRITE:
		return vram_write(v, addr, buf, len);
	case ACCESS_LOAD64:
		return vram_load64(v, addr, buf);
	default:
		return vram_store64(v, addr, *(uint64_t *)buf);
	}
}

static bool access_bus(struct device *dev, uint64_t addr, void *buf, size_t len,
		       enum access kind)
{
	switch (kind) {
	case ACCESS_READ:
		return bus_read(dev, addr, buf, len);
	case ACCESS_WRITE:
		return bus_write(dev, addr, buf, len);
	case ACCESS_LOAD64:
		return bus_load64(dev, addr, buf);
	default:
		return bus_store64(dev, addr, *(uint64_t *)buf);
	}
}

/* One access within a page. */
static int access_chunk(struct engine *e, uint64_t va, void *buf, size_t len,
			enum access kind)
{
	bool write = kind == ACCESS_WRITE || kind == ACCESS_STORE64;
	struct mmu_target target = { 0 };
	enum crln_status status;

	if (engine_aborted(e))
		return ENGINE_ABORTED;
	engine_chunk_begin(e);
	status = mmu_translate(e->dev, &e->tlb, e->ring->cfg.pt, va, write, &target);
	if (status == CRLN_OK && target.in_vram &&
	    !access_vram(&e->dev->vram, target.addr, buf, len, kind))
		status = CRLN_PAGE_FAULT;
	else if (status == CRLN_OK && !target.in_vram &&
		 !access_bus(e->dev, target.addr, buf, len, kind))
		status = CRLN_DMA_FAULT;
	engine_chunk_end(e);
	/* A refusal because of a reset is none: the job is gone anyway. */
	if (status == CRLN_DMA_FAULT && !engine_aborted(e))
		device_dma_fault(e->dev, e->ring->index, target.addr);
	return (int)status;
}

static int access_range(struct engine *e, uint64_t va, void *buf, uint64_t len,
			enum access kind)
{
	uint8_t *p = buf;
	int res = CRLN_OK;

	while (len && res == CRLN_OK) {
		size_t room = CRLN_PAGE_SIZE - (size_t)(va & (CRLN_PAGE_SIZE - 1));
		size_t n = (size_t)min_u64(len, room);

		res = access_chunk(e, va, p, n, kind);
		va += n;
		p += n;
		len -= n;
	}
	return res;
}

/**
 * engine_read() - read memory of the job
 * @e: the engine, running a job
 * @va: virtual address
 * @buf: destination
 * @len: bytes
 *
 * Context: The engine's thread, no lock held. May sleep.
 * Return: enum crln_status or ENGINE_ABORTED.
 */
int engine_read(struct engine *e, uint64_t va, void *buf, uint64_t len)
{
	return access_range(e, va, buf, len, ACCESS_READ);
}

/**
 * engine_write() - write memory of the job
 * @e: the engine, running a job
 * @va: virtual address
 * @buf: source
 * @len: bytes
 *
 * Context: The engine's thread, no lock held. May sleep.
 * Return: enum crln_status or ENGINE_ABORTED; what comes before the page that
 * failed has been written.
 */
int engine_write(struct engine *e, uint64_t va, const void *buf, uint64_t len)
{
	return access_range(e, va, (void *)(uintptr_t)buf, len, ACCESS_WRITE);
}

/**
 * engine_load64() - read a word of the job's memory, atomically, acquire
 * @e: the engine, running a job
 * @va: virtual address, a multiple of 8
 * @ret_val: the word
 *
 * Context: The engine's thread, no lock held. May sleep.
 * Return: enum crln_status or ENGINE_ABORTED.
 */
int engine_load64(struct engine *e, uint64_t va, uint64_t *ret_val)
{
	return access_chunk(e, va, ret_val, sizeof(*ret_val), ACCESS_LOAD64);
}

/**
 * engine_store64() - write a word of the job's memory, atomically, release
 * @e: the engine, running a job
 * @va: virtual address, a multiple of 8
 * @val: the word
 *
 * Context: The engine's thread, no lock held. May sleep.
 * Return: enum crln_status or ENGINE_ABORTED.
 */
int engine_store64(struct engine *e, uint64_t va, uint64_t val)
{
	return access_chunk(e, va, &val, sizeof(val), ACCESS_STORE64);
}

/* Sleeps until something may be runnable: at the latest when a poll is due. */
static void engine_idle_locked(struct device *dev)
{
	uint64_t at = firmware_next_poll_locked(dev);
	struct timespec until;

	if (at == UINT64_MAX) {
		pthread_cond_wait(&dev->engine_cond, &dev->lock);
		return;
	}
	until = ns_to_timespec(at);
	pthread_cond_timedwait(&dev->engine_cond, &dev->lock, &until);
}

static void engine_run(struct engine *e, struct ring *r)
{
	e->ring = r;
	r->engine = e;
	pthread_mutex_unlock(&e->dev->lock);
	job_run(e, r);
	pthread_mutex_lock(&e->dev->lock);
	e->ring = NULL;
	r->engine = NULL;
	/* Others may wait for just this: a stop, a fault, a reset. */
	if (r->todo || e->dev->reset_pending)
		device_wake_firmware_locked(e->dev);
}

static void *engine_thread(void *arg)
{
	struct engine *e = arg;
	struct device *dev = e->dev;

	pthread_mutex_lock(&dev->lock);
	while (!dev->quit) {
		struct ring *r = firmware_pick_locked(dev);

		if (r)
			engine_run(e, r);
		else
			engine_idle_locked(dev);
	}
	pthread_mutex_unlock(&dev->lock);
	return NULL;
}

static void stop_threads(struct device *dev, unsigned int num)
{
	pthread_mutex_lock(&dev->lock);
	dev->quit = true;
	__atomic_store_n(&dev->resetting, true, __ATOMIC_RELAXED);
	pthread_cond_broadcast(&dev->engine_cond);
	for (unsigned int i = 0; i < num; i++)
		engine_wake_locked(&dev->engines[i]);
	pthread_mutex_unlock(&dev->lock);
	for (unsigned int i = 0; i < num; i++)
		pthread_join(dev->engines[i].thread, NULL);
}

/**
 * engines_start() - start all engines
 * @dev: the device
 *
 * Context: Process start.
 * Return: 0 or -errno; then none runs.
 */
int engines_start(struct device *dev)
{
	for (unsigned int i = 0; i < dev->num_engines; i++) {
		int err = pthread_create(&dev->engines[i].thread, NULL, engine_thread,
					 &dev->engines[i]);

		if (err) {
			stop_threads(dev, i);
			return -err;
		}
	}
	return 0;
}

/**
 * engines_stop() - end all engines
 * @dev: the device
 *
 * Context: Protocol thread, no lock held. Sleeps.
 */
void engines_stop(struct device *dev)
{
	stop_threads(dev, dev->num_engines);
}
