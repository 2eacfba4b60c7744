/* SPDX-License-Identifier: MIT */
/* An engine: a thread that runs jobs, and how they reach memory. */
#ifndef EMU_ENGINE_H
#define EMU_ENGINE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mmu.h"

struct device;
struct ring;

#define ENGINE_ROW_BYTES	(CRLN_IMAGE_MAX * 4)
#define ENGINE_NUM_ROWS		4

/* Results beside enum crln_status: the job didn't fail, but can't go on. */
#define ENGINE_ABORTED		(-1)
#define ENGINE_WAITS		(-2)

/**
 * struct engine - one engine
 * @dev: the device
 * @index: its number
 * @thread: runs its jobs
 * @cond: it sleeps here in a delay or a hang; with the device lock
 * @ring: whose job it runs, or NULL           [device lock]
 * @chunk_gen: generation of translations that the access under way uses, 0 if
 *	none is                                [atomic]
 * @sem_gen: semaphore releases seen before the last SEM_WAIT looked
 * @tlb: translations
 * @row: buffers, each of a page's or an image row's size
 */
struct engine {
	struct device *dev;
	unsigned int index;
	pthread_t thread;
	pthread_cond_t cond;
	struct ring *ring;
	uint64_t chunk_gen;
	uint64_t sem_gen;
	struct tlb tlb;
	uint8_t *row[ENGINE_NUM_ROWS];
};

struct engine *engines_alloc(struct device *dev, unsigned int num);
void engines_free(struct engine *engines, unsigned int num);
int engines_start(struct device *dev);
void engines_stop(struct device *dev);
struct engine *engine_at(struct device *dev, unsigned int index);
void engine_wake_locked(struct engine *e);
bool engine_aborted(const struct engine *e);
int engine_sleep(struct engine *e, uint64_t ns);
bool engine_uses_older(struct engine *e, uint64_t gen);

/* Memory by virtual address. Return enum crln_status or ENGINE_ABORTED. */
int engine_read(struct engine *e, uint64_t va, void *buf, uint64_t len);
int engine_write(struct engine *e, uint64_t va, const void *buf, uint64_t len);
int engine_load64(struct engine *e, uint64_t va, uint64_t *ret_val);
int engine_store64(struct engine *e, uint64_t va, uint64_t val);

#endif /* EMU_ENGINE_H */
