/* SPDX-License-Identifier: GPL-2.0 */
/*
 * System sleep.
 */
#ifndef _CARILLON_PM_H
#define _CARILLON_PM_H

struct dev_pm_ops;

/* Of the auxiliary driver. The sleep of the PCI device is in carillon_pcidrv.c. */
extern const struct dev_pm_ops carillon_pm_ops;

#endif
