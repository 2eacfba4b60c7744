/* SPDX-License-Identifier: MIT */
#ifndef IGT_CARILLON_DMABUF_H
#define IGT_CARILLON_DMABUF_H

#include <stddef.h>
#include <stdint.h>

/*
 * Those who make dma-bufs for us to import. create() returns a descriptor or
 * -errno; it is open for reading and writing, and nobody else has the buffer.
 */
struct carillon_exporter {
	const char *name;	/* in the names of subtests */
	const char *what;	/* for igt_describe() */
	int (*create)(size_t size);
};

extern const struct carillon_exporter carillon_exporters[];
extern const unsigned int carillon_num_exporters;

/* From the exporter, or skip if this kernel doesn't have it. */
int carillon_exporter_create(const struct carillon_exporter *exporter, size_t size);

/* A dma-buf of a memfd's pages in a mixed order; page i of the memfd holds i. */
int carillon_udmabuf_shuffled(size_t size);
/* Which piece of the memfd is at the place @place of a dma-buf of @num pieces. */
unsigned int carillon_udmabuf_piece(unsigned int place, unsigned int num);

/* A file of the vgem driver, or skip; and its buffers. */
int carillon_vgem_open(void);
uint32_t carillon_vgem_create(int vgem, size_t size);

/* Map a dma-buf, between the calls that CPU accesses have to be bracketed with. */
void *carillon_dmabuf_map(int dmabuf, size_t size);
void carillon_dmabuf_unmap(int dmabuf, void *map, size_t size);

/* Implicit fences; @flags: DMA_BUF_SYNC_READ, _WRITE: what the fence is for. */
int carillon_dmabuf_export_fence(int dmabuf, uint32_t flags);
void carillon_dmabuf_import_fence(int dmabuf, uint32_t flags, int sync_file);

/* PRIME; the first one returns 0 or -errno. */
int __carillon_import(int fd, int dmabuf, uint32_t *handle);
uint32_t carillon_import(int fd, int dmabuf);
int carillon_export(int fd, uint32_t handle);

/* 32-bit words that tell the pages of a buffer, and places in them, apart. */
uint32_t carillon_page_value(unsigned int page);
void carillon_fill_pages(uint32_t *map, size_t size);
void carillon_check_pages(const uint32_t *map, size_t size);

/* A dma-buf that is imported, and bound in a workspace at this address. */
#define CARILLON_SHARED_VA	0x40000000ull

struct carillon_ws;

struct carillon_shared {
	int dmabuf;
	uint32_t handle;
	size_t size;
	uint32_t *map;		/* the exporter's */
};

/* Takes the descriptor over. */
void carillon_shared_init(struct carillon_shared *s, struct carillon_ws *ws, int dmabuf,
			  size_t size);
void carillon_shared_fini(struct carillon_shared *s, struct carillon_ws *ws);

#endif /* IGT_CARILLON_DMABUF_H */
