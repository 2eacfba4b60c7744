// SPDX-License-Identifier: GPL-2.0
/*
 * test_pci: a PCI bus with one device, made of software.
 */

#include <kunit/test.h>
#include <linux/err.h>
#include <linux/ioport.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/slab.h>

#ifdef CONFIG_X86
#include <asm/pci.h>
#endif

#include "test_pci.h"

/* QEMU's range for experiments */
#define TEST_PCI_VENDOR 0x1af4
#define TEST_PCI_DEVICE 0x10ff
#define TEST_PCI_BUS 0x40

/* What can be written to each BAR register, and what it always reads as. */
static const struct test_pci_bar {
	u32 writable;
	u32 fixed;
} test_pci_bars[PCI_STD_NUM_BARS] = {
	[TEST_PCI_REGS] = { ~(TEST_PCI_REGS_SIZE - 1), PCI_BASE_ADDRESS_MEM_TYPE_64 },
	[TEST_PCI_REGS + 1] = { ~0, 0 },
	[TEST_PCI_MEM] = { ~(TEST_PCI_MEM_SIZE - 1), PCI_BASE_ADDRESS_MEM_TYPE_64 },
	[TEST_PCI_MEM + 1] = { ~0, 0 },
	[TEST_PCI_PORTS] = { ~0xf, PCI_BASE_ADDRESS_SPACE_IO },
};

/* There is one bus at a time: config space has no pointer of ours in all architectures. */
static struct test_pci_state {
	struct test_pci pub;
	u32 config[64];
	struct pci_bus *bus;
	struct resource busn;
#ifdef CONFIG_X86
	struct pci_sysdata sysdata;
#endif
} *test_pci_state;

static int test_pci_config_read(struct pci_bus *bus, unsigned int devfn, int where, int size,
				u32 *val)
{
	if (devfn || bus->number != TEST_PCI_BUS) {
		*val = ~0;
		return PCIBIOS_DEVICE_NOT_FOUND;
	}
	*val = where < (int)sizeof(test_pci_state->config) ?
	       test_pci_state->config[where / 4] >> (where % 4 * 8) : 0;
	if (size < 4)
		*val &= (1U << (size * 8)) - 1;
	return PCIBIOS_SUCCESSFUL;
}

static int test_pci_config_write(struct pci_bus *bus, unsigned int devfn, int where, int size,
				 u32 val)
{
	u32 *word = &test_pci_state->config[where / 4];

	if (devfn || bus->number != TEST_PCI_BUS)
		return PCIBIOS_DEVICE_NOT_FOUND;
	if (where >= PCI_BASE_ADDRESS_0 && where <= PCI_BASE_ADDRESS_5 && size == 4) {
		const struct test_pci_bar *bar = &test_pci_bars[(where - PCI_BASE_ADDRESS_0) / 4];

		*word = (val & bar->writable) | bar->fixed;
	} else if (where == PCI_COMMAND) {
		*word = (*word & 0xffff0000) | (val & 0xffff);
	}
	/* the rest is read-only */
	return PCIBIOS_SUCCESSFUL;
}

static struct pci_ops test_pci_config_ops = {
	.read = test_pci_config_read,
	.write = test_pci_config_write,
};

static int test_pci_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	return pcim_enable_device(pdev);
}

static const struct pci_device_id test_pci_ids[] = {
	{ PCI_DEVICE(TEST_PCI_VENDOR, TEST_PCI_DEVICE) },
	{ }
};

static struct pci_driver test_pci_driver = {
	.name = "bound_test",
	.id_table = test_pci_ids,
	.probe = test_pci_probe,
};

static void test_pci_remove_bus(struct test_pci_state *state)
{
	struct pci_host_bridge *bridge;

	if (!state->bus)
		return;
	bridge = pci_find_host_bridge(state->bus);
	pci_lock_rescan_remove();
	pci_stop_root_bus(state->bus);
	pci_remove_root_bus(state->bus);
	pci_unlock_rescan_remove();
	/* the reference that pci_create_root_bus() started with */
	pci_free_host_bridge(bridge);
}

static void test_pci_destroy(void *data)
{
	struct test_pci_state *state = data;

	pci_dev_put(state->pub.pdev);
	test_pci_remove_bus(state);
	pci_unregister_driver(&test_pci_driver);
	test_window_fini(&state->pub.win);
	kfree(state);
	test_pci_state = NULL;
}

static struct pci_bus *test_pci_scan(struct test_pci_state *state)
{
	LIST_HEAD(windows);
	void *sysdata = NULL;
	struct pci_bus *bus;

#ifdef CONFIG_X86
	state->sysdata.node = NUMA_NO_NODE;
	sysdata = &state->sysdata;
#endif
	state->busn.name = "bound_test bus";
	state->busn.start = TEST_PCI_BUS;
	state->busn.end = TEST_PCI_BUS;
	state->busn.flags = IORESOURCE_BUS;
	pci_add_resource(&windows, state->pub.win.res);
	pci_add_resource(&windows, &state->busn);
	pci_lock_rescan_remove();
	bus = pci_scan_root_bus(NULL, TEST_PCI_BUS, &test_pci_config_ops, sysdata, &windows);
	if (bus) {
		pci_bus_assign_resources(bus);
		pci_bus_add_devices(bus);
	} else {
		pci_free_resource_list(&windows);
	}
	pci_unlock_rescan_remove();
	return bus;
}

/**
 * test_pci_create() - a PCI device for a test
 * @test: the test
 *
 * Context: The test's thread. Sleeps.
 * Return: the device, bound to a driver that does nothing; goes when @test ends.
 */
struct test_pci *test_pci_create(struct kunit *test)
{
	struct test_pci_state *state;
	unsigned int i;

	KUNIT_ASSERT_NULL(test, test_pci_state);
	KUNIT_ASSERT_EQ(test, pci_register_driver(&test_pci_driver), 0);
	/* not the test's memory: it has to be there until the very end */
	state = kzalloc_obj(*state);
	test_pci_state = state;
	if (!state)
		pci_unregister_driver(&test_pci_driver);
	KUNIT_ASSERT_NOT_NULL(test, state);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, test_pci_destroy, state), 0);

	state->config[0] = TEST_PCI_VENDOR | TEST_PCI_DEVICE << 16;
	/* class: other system peripheral */
	state->config[PCI_CLASS_REVISION / 4] = 0x08800000;
	for (i = 0; i < PCI_STD_NUM_BARS; i++)
		state->config[PCI_BASE_ADDRESS_0 / 4 + i] = test_pci_bars[i].fixed;
	test_window_init(test, &state->pub.win);
	state->bus = test_pci_scan(state);
	KUNIT_ASSERT_NOT_NULL(test, state->bus);
	state->pub.pdev = pci_get_slot(state->bus, 0);
	KUNIT_ASSERT_NOT_NULL(test, state->pub.pdev);
	KUNIT_ASSERT_PTR_EQ(test, state->pub.pdev->driver, &test_pci_driver);
	return &state->pub;
}

/**
 * test_pci_bar_mem() - what is behind a BAR
 * @pci: the device
 * @bar: which
 *
 * Context: Any.
 * Return: pointer into test_pci.mem.
 */
u8 *test_pci_bar_mem(struct test_pci *pci, int bar)
{
	return pci->win.mem + pci_resource_start(pci->pdev, bar) - pci->win.res->start;
}
