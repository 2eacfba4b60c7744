// SPDX-License-Identifier: GPL-2.0
/*
 * Open files: the ids of VMs and queues.
 */

#include <linux/slab.h>

#include <drm/drm_file.h>
#include <drm/drm_print.h>

#include <hw/carillon_hw.h>

#include "carillon_device.h"
#include "carillon_file.h"
#include "carillon_queue.h"
#include "carillon_vm.h"

/**
 * carillon_file_open() - &drm_driver.open
 * @drm: the DRM device
 * @file: the new file
 *
 * Context: Process.
 * Return: 0 or -ENOMEM.
 */
int carillon_file_open(struct drm_device *drm, struct drm_file *file)
{
	struct carillon_file *cfile = kzalloc_obj(*cfile);

	if (!cfile)
		return -ENOMEM;
	cfile->cdev = to_carillon_device(drm);
	cfile->drm = file;
	xa_init_flags(&cfile->vms, XA_FLAGS_ALLOC1);
	xa_init_flags(&cfile->queues, XA_FLAGS_ALLOC1);
	file->driver_priv = cfile;
	return 0;
}

/**
 * carillon_file_postclose() - &drm_driver.postclose
 * @drm: the DRM device, possibly unbound long ago
 * @file: the file; no ioctl of it runs any more
 *
 * Context: Process, sleeps.
 */
void carillon_file_postclose(struct drm_device *drm, struct drm_file *file)
{
	struct carillon_file *cfile = file->driver_priv;
	struct carillon_queue *q;
	struct carillon_vm *vm;
	unsigned long id;

	/* All at once first: they needn't wait for each other to stop. */
	xa_for_each(&cfile->queues, id, q)
		carillon_queue_kill(q, -ECANCELED);
	xa_for_each(&cfile->queues, id, q)
		carillon_queue_destroy(q);
	xa_for_each(&cfile->vms, id, vm)
		carillon_vm_put(vm);

	xa_destroy(&cfile->queues);
	xa_destroy(&cfile->vms);
	kfree(cfile);
}

/**
 * carillon_file_show_fdinfo() - &drm_driver.show_fdinfo
 * @p: where to
 * @file: the file
 *
 * Context: Process.
 */
void carillon_file_show_fdinfo(struct drm_printer *p, struct drm_file *file)
{
	struct carillon_file *cfile = file->driver_priv;
	u64 busy_ns = atomic64_read(&cfile->busy_ns);
	struct carillon_queue *q;
	unsigned long id;

	xa_lock(&cfile->queues);
	xa_for_each(&cfile->queues, id, q)
		busy_ns += carillon_queue_busy_ns(q);
	xa_unlock(&cfile->queues);

	drm_printf(p, "drm-engine-gpu:\t%llu ns\n", busy_ns);
}
