/* SPDX-License-Identifier: MIT */
#ifndef VM_H
#define VM_H

#include <pthread.h>

#include "lib.h"

struct carillon_vm {
	struct carillon_device *dev;
	uint32_t id;		/* owned */
	pthread_mutex_t lock;	/* guards heap, and its agreement with the kernel */
	struct va_heap heap;
};

#endif /* VM_H */
