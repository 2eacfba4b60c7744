// SPDX-License-Identifier: MIT

#include "vm.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

int carillon_queue_create(struct carillon_vm *vm, uint32_t priority,
			  uint32_t slots, struct carillon_queue **ret_queue)
{
	struct drm_carillon_queue_create args = {
		.vm_id = vm->id,
		.priority = priority,
		.slots = slots,
	};
	uint32_t levels = vm->dev->info.num_priorities;
	struct carillon_queue *queue;
	int err;

	/* The highest that needs no privilege. */
	if (priority == CARILLON_PRIORITY_DEFAULT)
		args.priority = levels ? (levels - 1) / 2 : 0;
	queue = calloc(1, sizeof(*queue));
	if (!queue)
		return -ENOMEM;
	err = lib_ioctl(vm->dev->fd, DRM_IOCTL_CARILLON_QUEUE_CREATE, &args);
	if (err) {
		free(queue);
		return err;
	}
	queue->dev = vm->dev;
	queue->id = args.id;
	*ret_queue = queue;
	return 0;
}

void carillon_queue_destroy(struct carillon_queue *queue)
{
	struct drm_carillon_queue_destroy args = { 0 };

	if (!queue)
		return;
	carillon_queue_unmap_doorbell(queue);
	args.id = queue->id;
	lib_ioctl(queue->dev->fd, DRM_IOCTL_CARILLON_QUEUE_DESTROY, &args);
	free(queue);
}

uint32_t carillon_queue_id(const struct carillon_queue *queue)
{
	return queue->id;
}

int carillon_queue_get_state(struct carillon_queue *queue,
			     struct drm_carillon_queue_get_state *ret_state)
{
	struct drm_carillon_queue_get_state args = { .id = queue->id };
	int err;

	err = lib_ioctl(queue->dev->fd, DRM_IOCTL_CARILLON_QUEUE_GET_STATE,
			&args);
	if (!err)
		*ret_state = args;
	return err;
}

int carillon_queue_map_doorbell(struct carillon_queue *queue,
				volatile uint32_t **ret_doorbell)
{
	struct drm_carillon_queue_mmap_offset args = { .id = queue->id };
	void *map;
	int err;

	if (!queue->doorbell) {
		err = lib_ioctl(queue->dev->fd,
				DRM_IOCTL_CARILLON_QUEUE_MMAP_OFFSET, &args);
		if (err)
			return err;
		map = mmap(NULL, args.size, PROT_READ | PROT_WRITE, MAP_SHARED,
			   queue->dev->fd, args.offset);
		if (map == MAP_FAILED)
			return -errno;
		queue->doorbell = map;
		queue->doorbell_size = args.size;
	}
	*ret_doorbell = queue->doorbell;
	return 0;
}

void carillon_queue_unmap_doorbell(struct carillon_queue *queue)
{
	if (!queue->doorbell)
		return;
	munmap(queue->doorbell, queue->doorbell_size);
	queue->doorbell = NULL;
}
