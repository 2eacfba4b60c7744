/* SPDX-License-Identifier: MIT */
#ifndef IGT_CARILLON_DRIVER_H
#define IGT_CARILLON_DRIVER_H

/* Drivers that the device can be taken from, as folders in sysfs. */
#define CARILLON_AUX_DRIVER	"/sys/bus/auxiliary/drivers/carillon.drm"
#define CARILLON_PCI_DRIVER	"/sys/bus/pci/drivers/carillon_pci"

/* Unbind @driver's device; one at a time. */
void carillon_unbind(const char *driver);

/* Remove the PCI device from its bus, with its drivers. */
void carillon_remove(void);

/* Bind it again, or have the bus look for it, if there is one. */
void carillon_bind_again(void);

/* How long jobs may take, in ms, of queues that are made from now on. */
void carillon_set_job_timeout(const char *ms);

/* As it was before the first carillon_set_job_timeout(); nothing if there was none. */
void carillon_restore_job_timeout(void);

#endif /* IGT_CARILLON_DRIVER_H */
