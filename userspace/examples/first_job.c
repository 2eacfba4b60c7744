// SPDX-License-Identifier: MIT
/*
 * The shortest way to a result: a job that copies a greeting, a sync_file to wait
 * for it.
 *
 *	cc first_job.c $(pkg-config --cflags --libs libcarillon) -o first_job
 */

#include <carillon.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Every call of the library gives 0 or an errno, negated. */
static void must(int err, const char *what)
{
	if (!err)
		return;
	fprintf(stderr, "%s: %s\n", what, strerror(-err));
	exit(1);
}

int main(void)
{
	struct carillon_fence_info info;
	struct carillon_submit *submit;
	struct carillon_device *dev;
	struct carillon_queue *queue;
	struct carillon_cmdbuf *cmds;
	struct carillon_vm *vm;
	struct carillon_bo *bo;
	int sync_file;
	uint64_t va;
	void *map;

	must(carillon_device_open(NULL, &dev), "no GPU");
	must(carillon_vm_create(dev, &vm), "VM");
	must(carillon_queue_create(vm, CARILLON_PRIORITY_DEFAULT, 0, &queue), "queue");
	must(carillon_bo_create(dev, 4096, &bo), "buffer");
	must(carillon_bo_map(bo, &map), "mapping for the CPU");
	must(carillon_vm_map(vm, bo, 0, &va), "mapping for the GPU");

	/* Data in front, commands in the second half. */
	strcpy(map, "hello from the GPU");
	must(carillon_cmdbuf_create((char *)map + 2048, 2048, &cmds), "commands");
	carillon_cmd_copy(cmds, va + 1024, va, 32);
	must(carillon_cmdbuf_error(cmds), "commands");

	must(carillon_submit_create(dev, &submit), "list of jobs");
	carillon_submit_job(submit, queue, va + 2048, carillon_cmdbuf_size(cmds), 0);
	carillon_submit_signal_fd(submit, &sync_file);
	must(carillon_submit_run(submit), "submit");

	must(carillon_fence_wait(sync_file, -1), "wait");
	must(carillon_fence_info(sync_file, &info), "fence");
	must(info.status > 0 ? 0 : info.status, "job");
	puts((char *)map + 1024);

	/* The opposite order; close() of the sync_file is left to exit(). */
	carillon_submit_destroy(submit);
	carillon_cmdbuf_destroy(cmds);
	carillon_queue_destroy(queue);
	carillon_vm_destroy(vm);
	carillon_bo_destroy(bo);
	carillon_device_close(dev);
	return 0;
}
