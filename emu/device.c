// SPDX-License-Identifier: MIT
/* The device: putting the parts together, events, resets. */
#include "device.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "firmware.h"
#include "util.h"

/**
 * device_bug() - a state that can't be: say so and end the process
 * @fmt: printf format, without newline
 *
 * Never reached by what a guest or client does; a fuzz run would show it.
 *
 * Context: Any thread.
 */
void device_bug(const char *fmt, ...)
{
	va_list ap;

	fputs("carillon-emu: BUG: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	abort();
}

/**
 * device_cond_init() - a condition whose timeouts follow the device clock
 * @cond: the condition
 *
 * Context: Any thread.
 */
void device_cond_init(pthread_cond_t *cond)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(cond, &attr);
	pthread_condattr_destroy(&attr);
}

static void init_parts(struct device *dev, const struct device_options *opts)
{
	dev->num_rings = opts->num_rings;
	dev->num_engines = opts->num_engines;
	dev->ring_order_max = opts->ring_order_max;
	dev->status = CRLN_STATUS_READY;
	dev->tlb_gen = 1;
	wire_init(&dev->wire);
	irq_init(&dev->irq);
	faults_init(&dev->faults);
	pci_init(&dev->pci, opts->vram_size, opts->irq_types);
	pthread_mutex_init(&dev->lock, NULL);
	device_cond_init(&dev->engine_cond);
	device_cond_init(&dev->fw_cond);
	device_cond_init(&dev->reset_cond);
	for (unsigned int i = 0; i < CRLN_MAX_RINGS; i++)
		ring_init(&dev->rings[i], i);
}

/**
 * device_init() - a device that doesn't run yet
 * @dev: the device
 * @opts: its size
 *
 * Context: Process start.
 * Return: 0 or -errno.
 */
int device_init(struct device *dev, const struct device_options *opts)
{
	int err;

	memset(dev, 0, sizeof(*dev));
	err = vram_init(&dev->vram, opts->vram_size);
	if (err)
		return err;
	err = dma_init(&dev->dma);
	if (err)
		goto fini_vram;
	dev->engines = engines_alloc(dev, opts->num_engines);
	if (!dev->engines) {
		err = -ENOMEM;
		goto fini_dma;
	}
	init_parts(dev, opts);
	return 0;

fini_dma:
	dma_fini(&dev->dma);
fini_vram:
	vram_fini(&dev->vram);
	return err;
}

/**
 * device_start() - start firmware and engines
 * @dev: the device
 *
 * Context: Process start.
 * Return: 0 or -errno; then nothing runs.
 */
int device_start(struct device *dev)
{
	int err = engines_start(dev);

	if (err)
		return err;
	err = -pthread_create(&dev->fw_thread, NULL, firmware_thread, dev);
	if (err)
		engines_stop(dev);
	return err;
}

/**
 * device_stop() - end the threads that device_start() made
 * @dev: the device
 *
 * Context: Protocol thread, no lock held.
 */
void device_stop(struct device *dev)
{
	pthread_mutex_lock(&dev->lock);
	__atomic_store_n(&dev->resetting, true, __ATOMIC_RELAXED);
	dev->quit = true;
	pthread_cond_broadcast(&dev->fw_cond);
	pthread_mutex_unlock(&dev->lock);
	pthread_join(dev->fw_thread, NULL);
	engines_stop(dev);
}

/**
 * device_fini() - free all that device_init() made
 * @dev: the device, stopped
 *
 * Context: Process end.
 */
void device_fini(struct device *dev)
{
	engines_free(dev->engines, dev->num_engines);
	pthread_cond_destroy(&dev->reset_cond);
	pthread_cond_destroy(&dev->fw_cond);
	pthread_cond_destroy(&dev->engine_cond);
	pthread_mutex_destroy(&dev->lock);
	faults_fini(&dev->faults);
	irq_fini(&dev->irq);
	dma_fini(&dev->dma);
	vram_fini(&dev->vram);
	wire_fini(&dev->wire);
}

/**
 * device_reset_start() - begin a reset
 * @dev: the device
 * @kind: DEVICE_RESET_*
 *
 * READY goes off at once. Engines give up their jobs at the next chunk, then the
 * firmware does the reset.
 *
 * Context: Protocol thread. Takes the device lock.
 */
void device_reset_start(struct device *dev, unsigned int kind)
{
	pthread_mutex_lock(&dev->lock);
	dev->reset_pending |= kind;
	dev->status = 0;
	__atomic_store_n(&dev->resetting, true, __ATOMIC_RELAXED);
	for (unsigned int i = 0; i < dev->num_engines; i++)
		device_wake_engine_locked(dev, engine_at(dev, i));
	device_wake_firmware_locked(dev);
	pthread_mutex_unlock(&dev->lock);
}

/**
 * device_reset_wait() - wait for the end of a reset
 * @dev: the device
 * @timeout_ns: at most this long; an engine may wait for the client
 *
 * Context: Protocol thread, no lock held. Sleeps.
 * Return: whether it has ended.
 */
bool device_reset_wait(struct device *dev, uint64_t timeout_ns)
{
	struct timespec until = ns_to_timespec(now_ns() + timeout_ns);
	bool ended;
	int err = 0;

	pthread_mutex_lock(&dev->lock);
	while (dev->reset_pending && !err)
		err = pthread_cond_timedwait(&dev->reset_cond, &dev->lock, &until);
	ended = !dev->reset_pending;
	pthread_mutex_unlock(&dev->lock);
	return ended;
}

/**
 * device_resets() - resets since the start
 * @dev: the device
 *
 * Context: Any thread, no lock held. Takes the device lock.
 * Return: the number.
 */
uint64_t device_resets(struct device *dev)
{
	uint64_t resets;

	pthread_mutex_lock(&dev->lock);
	resets = dev->resets;
	pthread_mutex_unlock(&dev->lock);
	return resets;
}

/**
 * device_wake_engine_locked() - have an engine look whether it shall stop
 * @dev: the device
 * @engine: the engine, or NULL
 *
 * Context: Device lock held.
 */
void device_wake_engine_locked(struct device *dev, struct engine *engine)
{
	(void)dev;
	if (engine)
		engine_wake_locked(engine);
}

/**
 * device_wake_engines_locked() - something may be runnable
 * @dev: the device
 *
 * Context: Device lock held.
 */
void device_wake_engines_locked(struct device *dev)
{
	pthread_cond_signal(&dev->engine_cond);
}

/**
 * device_wake_firmware_locked() - there is something for the firmware to do
 * @dev: the device
 *
 * Context: Device lock held.
 */
void device_wake_firmware_locked(struct device *dev)
{
	pthread_cond_signal(&dev->fw_cond);
}

/**
 * device_firmware_runs_locked() - was the handshake done
 * @dev: the device
 *
 * Context: Device lock held.
 * Return: whether.
 */
bool device_firmware_runs_locked(const struct device *dev)
{
	return dev->status & CRLN_STATUS_FW_RUNNING;
}

/**
 * device_event() - set event bits and interrupt
 * @dev: the device
 * @events: CRLN_EVENT_*
 *
 * Context: Any thread, no lock held. Takes the device lock.
 */
void device_event(struct device *dev, uint32_t events)
{
	pthread_mutex_lock(&dev->lock);
	dev->event |= events;
	pthread_mutex_unlock(&dev->lock);
	irq_raise(&dev->irq, CRLN_VECTOR_EVENT);
}

/**
 * device_dma_fault() - the bus refused an access: tell the driver
 * @dev: the device
 * @ring: on whose behalf it was
 * @addr: the bus address
 *
 * Context: Any thread, no lock held. Takes the device lock.
 */
void device_dma_fault(struct device *dev, unsigned int ring, uint64_t addr)
{
	__atomic_add_fetch(&dev->dma_faults, 1, __ATOMIC_RELAXED);
	pthread_mutex_lock(&dev->lock);
	dev->fault_ring = ring;
	dev->fault_addr = addr;
	dev->event |= CRLN_EVENT_DMA_FAULT;
	pthread_mutex_unlock(&dev->lock);
	irq_raise(&dev->irq, CRLN_VECTOR_EVENT);
}

/**
 * device_sem_released() - jobs that wait for a semaphore shall look again
 * @dev: the device
 *
 * Context: Engine thread, no lock held. Takes the device lock.
 */
void device_sem_released(struct device *dev)
{
	pthread_mutex_lock(&dev->lock);
	device_sem_released_locked(dev);
	pthread_mutex_unlock(&dev->lock);
}

/**
 * device_sem_released_locked() - the same, with the lock held
 * @dev: the device
 *
 * Context: Engine thread, device lock held.
 */
void device_sem_released_locked(struct device *dev)
{
	__atomic_add_fetch(&dev->sem_gen, 1, __ATOMIC_RELEASE);
	/* Who is busy looks when he's through. */
	if (firmware_next_poll_locked(dev) != UINT64_MAX)
		pthread_cond_broadcast(&dev->engine_cond);
}

/**
 * device_drop_translations() - all translations made until now are stale
 * @dev: the device
 *
 * Pairs with engine_chunk_begin().
 *
 * Context: Any thread.
 */
void device_drop_translations(struct device *dev)
{
	__atomic_add_fetch(&dev->tlb_gen, 1, __ATOMIC_SEQ_CST);
}
