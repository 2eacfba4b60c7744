/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DEVRES_TESTS_TEST_PCI_H_
#define _DEVRES_TESTS_TEST_PCI_H_

#include <linux/types.h>

#include "test_window.h"

struct kunit;
struct pci_dev;

/* The device's BARs. Memory is of 64 bits: on a PC nothing below 4 GiB is free. */
#define TEST_PCI_REGS 0
#define TEST_PCI_REGS_SIZE 0x1000
#define TEST_PCI_UPPER_HALF 1
#define TEST_PCI_MEM 2
#define TEST_PCI_MEM_SIZE 0x10000
#define TEST_PCI_PORTS 4
#define TEST_PCI_ABSENT 5

/**
 * struct test_pci - a PCI bus with one device, bound to a driver, made of software
 *
 * Its config space answers the PCI core as a device's would: the core finds it, sizes
 * its BARs and gives them addresses in a window of this bus, see &struct test_window.
 */
struct test_pci {
	/** @pdev: the device */
	struct pci_dev *pdev;
	/** @win: the window of the bus, where its BARs are */
	struct test_window win;
};

struct test_pci *test_pci_create(struct kunit *test);
u8 *test_pci_bar_mem(struct test_pci *pci, int bar);

#endif /* _DEVRES_TESTS_TEST_PCI_H_ */
