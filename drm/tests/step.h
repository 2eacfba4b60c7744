/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The steps of a submission, from probe to postclose, at which an event may come.
 */
#ifndef CARILLON_TEST_STEP_H
#define CARILLON_TEST_STEP_H

#include <stdbool.h>

struct victim;

struct step {
	const char *name;
	/* Of the kernel, called in the step (see step_function()); NULL: the device has the job */
	const char *function;
	bool probing;		/* a bind of the PCI driver: there's no file yet */
	bool others;		/* the function is called by others than the victim */
	/* These return 0 or -errno. */
	int (*prepare)(struct victim *v);	/* may be NULL */
	int (*run)(struct victim *v);
};

extern const struct step steps[];
extern const unsigned int num_steps;

/* With the scheduler that the driver has. */
const char *step_function(const struct step *s);
bool step_by_others(const struct step *s);

#endif
