// SPDX-License-Identifier: MIT
/* Local memory. Sealed against shrinking: clients get the descriptor. */
#include "vram.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/**
 * vram_init() - make zeroed local memory
 * @v: the memory
 * @size: bytes, a power of two
 *
 * Context: Process start.
 * Return: 0 or -errno.
 */
int vram_init(struct vram *v, uint64_t size)
{
	int err;

	v->size = size;
	v->base = NULL;
	v->fd = memfd_create("carillon-vram", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (v->fd < 0)
		return -errno;
	if (ftruncate(v->fd, (off_t)size) ||
	    fcntl(v->fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
		goto close;
	v->base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, v->fd, 0);
	if (v->base == MAP_FAILED)
		goto close;
	return 0;

close:
	err = -errno;
	close(v->fd);
	v->fd = -1;
	v->base = NULL;
	return err;
}

/**
 * vram_fini() - the opposite of vram_init()
 * @v: the memory
 *
 * Context: No other thread uses @v any more.
 */
void vram_fini(struct vram *v)
{
	if (v->base)
		munmap(v->base, v->size);
	if (v->fd >= 0)
		close(v->fd);
}

/**
 * vram_clear() - zero all, as for a new client
 * @v: the memory
 *
 * Context: No engine runs.
 */
void vram_clear(struct vram *v)
{
	if (fallocate(v->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, (off_t)v->size))
		memset(v->base, 0, v->size);
}

static bool in_range(const struct vram *v, uint64_t offset, size_t len)
{
	return len <= v->size && offset <= v->size - len;
}

/**
 * vram_read() - copy out of local memory
 * @v: the memory
 * @offset: in bytes
 * @buf: destination
 * @len: bytes
 *
 * Context: Any thread.
 * Return: false if out of range.
 */
bool vram_read(const struct vram *v, uint64_t offset, void *buf, size_t len)
{
	if (!in_range(v, offset, len))
		return false;
	memcpy(buf, v->base + offset, len);
	return true;
}

/**
 * vram_write() - copy into local memory
 * @v: the memory
 * @offset: in bytes
 * @buf: source
 * @len: bytes
 *
 * Context: Any thread.
 * Return: false if out of range.
 */
bool vram_write(struct vram *v, uint64_t offset, const void *buf, size_t len)
{
	if (!in_range(v, offset, len))
		return false;
	memcpy(v->base + offset, buf, len);
	return true;
}

/**
 * vram_load64() - read a naturally aligned word, atomically, acquire
 * @v: the memory
 * @offset: in bytes, a multiple of 8
 * @ret_val: the word in host byte order
 *
 * Context: Any thread.
 * Return: false if out of range or unaligned.
 */
bool vram_load64(const struct vram *v, uint64_t offset, uint64_t *ret_val)
{
	if (offset % 8 || !in_range(v, offset, 8))
		return false;
	*ret_val = le64toh(__atomic_load_n((uint64_t *)(void *)(v->base + offset),
					   __ATOMIC_ACQUIRE));
	return true;
}

/**
 * vram_store64() - write a naturally aligned word, atomically, release
 * @v: the memory
 * @offset: in bytes, a multiple of 8
 * @val: the word in host byte order
 *
 * Context: Any thread.
 * Return: false if out of range or unaligned.
 */
bool vram_store64(struct vram *v, uint64_t offset, uint64_t val)
{
	if (offset % 8 || !in_range(v, offset, 8))
		return false;
	__atomic_store_n((uint64_t *)(void *)(v->base + offset), htole64(val),
			 __ATOMIC_RELEASE);
	return true;
}
