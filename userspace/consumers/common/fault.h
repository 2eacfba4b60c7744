/* SPDX-License-Identifier: MIT */
/* Our GPU misbehaves, or goes. As root, in the guest. Functions return 0 or -errno. */
#ifndef CONSUMERS_FAULT_H
#define CONSUMERS_FAULT_H

/** fault_inject() - say @line to the emulator: "hang ring=* job=* count=1", "clear" */
int fault_inject(const char *line);

/**
 * FAULT_JOB_TIMEOUT_MS - the time limit of jobs that scripts/consumers sets: longer than
 *	a held job waits for the slowest consumer
 */
#define FAULT_JOB_TIMEOUT_MS	60000

/** fault_set_job_timeout() - time limit of the jobs of queues that are created from now on */
int fault_set_job_timeout(unsigned int ms);

/** fault_unplug() - remove the PCI device from the kernel, as if it had been pulled out */
int fault_unplug(void);

/** fault_replug() - let the kernel find it again; returns when it can be opened */
int fault_replug(void);

#endif /* CONSUMERS_FAULT_H */
