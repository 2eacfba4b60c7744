// SPDX-License-Identifier: GPL-2.0
/*
 * Benchmark of what it costs to write a register of a device that may go: a driver of
 * QEMU's ivshmem device, whose BAR is memory, so that the write goes straight there.
 */

#include <bound/bound_bar.h>
#include <bound/bound_gate.h>
#include <drm/drm_drv.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include "bench.h"
#include "devres.h"

/* What QEMU's -device ivshmem-plain is. */
#define DEVRES_PCI_VENDOR	0x1af4
#define DEVRES_PCI_DEVICE	0x1110
#define DEVRES_BAR		2

/*
 * Operations in a run: the shorter it is, the fewer have an interrupt in them; the longer,
 * the more of it the tasks of a crew are really at it at the same time.
 */
#define DEVRES_OPS		1024
#define DEVRES_CREW_OPS		256
#define DEVRES_TIMED_OPS	32768
#define DEVRES_RUNS		21

#define DEVRES_MEASURES		3
#define DEVRES_OPS_MAX		7

static bool crew;
module_param(crew, bool, 0400);
MODULE_PARM_DESC(crew, "also by several tasks at the same time, and on the clock (default: no)");

/* Who is measured; set while the device is bound. */
static struct devres_bench {
	struct pci_dev *pdev;
	struct bound_gate *gate;
	struct devres_bar *bar;
	struct drm_device *drm;
	struct devres_regs regs;
} devres;

static const struct drm_driver devres_drm_driver = {
	.name = "carillon_bench",
	.desc = "benchmark",
	.major = 1,
};

static int devres_prepare(const struct bench_case *c)
{
	writel(0, devres.regs.base + DEVRES_REG);
	return 0;
}

/* The loop that all operations are in. */
static int devres_run(const struct bench_case *c)
{
	const struct devres_op *op = c->impl;
	devres_op_fn run = op->run;
	unsigned int i;
	int ret;

	for (i = 0; i < c->ops; i++) {
		ret = run(&devres.regs, devres.gate, &devres.pdev->dev, devres.bar, devres.drm);
		if (ret)
			return ret;
	}
	return 0;
}

/* What is believed to have been written has been. */
static void devres_check(const struct bench_case *c)
{
	const struct devres_op *op = c->impl;
	u32 want = op->writes ? DEVRES_VALUE : 0;
	u32 got = readl(devres.regs.base + DEVRES_REG);

	WARN(got != want, "%s of %s left %#x, not %#x\n", c->measure, c->who, got, want);
}

static struct bench_case devres_cases[DEVRES_MEASURES * DEVRES_OPS_MAX];
static char devres_names[DEVRES_MEASURES * DEVRES_OPS_MAX][32];

static struct bench_part devres_part = {
	.name = "devres",
	.cases = devres_cases,
};

static void devres_add_case(const struct devres_op *op, const char *suffix, unsigned int tasks,
			    bool timed)
{
	struct bench_case *c = &devres_cases[devres_part.count];
	char *name = devres_names[devres_part.count++];

	snprintf(name, sizeof(devres_names[0]), "%s%s", op->measure, suffix);
	*c = (struct bench_case) {
		.measure = name,
		.who = op->who,
		.ops = timed ? DEVRES_TIMED_OPS : tasks ? DEVRES_CREW_OPS : DEVRES_OPS,
		.impl = op,
		.crew = tasks,
		.timed = timed,
		.runs = DEVRES_RUNS,
		.setup = devres_prepare,
		.run = devres_run,
		.teardown = devres_check,
	};
}

static void devres_fill_cases(void)
{
	unsigned int i;

	for (i = 0; i < devres_ops_count; i++) {
		if (!crew) {
			devres_add_case(&devres_ops[i], "-1", 0, false);
			continue;
		}
		devres_add_case(&devres_ops[i], "-4", 4, false);
		devres_add_case(&devres_ops[i], "-clock-1", 1, true);
		devres_add_case(&devres_ops[i], "-clock-4", 4, true);
	}
}

static int devres_pci_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	int ret;

	if (devres.pdev)
		return -EBUSY;
	ret = pcim_enable_device(pdev);
	if (ret)
		return ret;
	devres.gate = bound_gate_create(&pdev->dev, NULL);
	if (IS_ERR(devres.gate))
		return PTR_ERR(devres.gate);
	ret = bound_bar_map_sized(&devres.bar, devres.gate, pdev, DEVRES_BAR, "bench");
	if (ret)
		return ret;
	/* The BAR is ours already: the others' mapping needs no request of its own. */
	devres.regs.base = pcim_iomap(pdev, DEVRES_BAR, DEVRES_BAR_SIZE);
	if (!devres.regs.base)
		return -ENOMEM;
	devres.drm = drm_dev_alloc(&devres_drm_driver, &pdev->dev);
	if (IS_ERR(devres.drm))
		return PTR_ERR(devres.drm);
	devres.pdev = pdev;
	return 0;
}

static void devres_pci_remove(struct pci_dev *pdev)
{
	drm_dev_put(devres.drm);
	devres.pdev = NULL;
}

static const struct pci_device_id devres_pci_ids[] = {
	{ PCI_DEVICE(DEVRES_PCI_VENDOR, DEVRES_PCI_DEVICE) },
	{ }
};

static struct pci_driver devres_pci_driver = {
	.name = "carillon_bench",
	.id_table = devres_pci_ids,
	.probe = devres_pci_probe,
	.remove = devres_pci_remove,
};

static int __init devres_init(void)
{
	int ret;

	init_rwsem(&devres.regs.sem);
	ret = pci_register_driver(&devres_pci_driver);
	if (ret)
		return ret;
	ret = -ENODEV;
	if (!devres.pdev)
		goto err_unregister;
	devres_fill_cases();
	ret = bench_part_run(&devres_part);
	if (ret)
		goto err_unregister;
	return 0;

err_unregister:
	pci_unregister_driver(&devres_pci_driver);
	return ret;
}
module_init(devres_init);

static void __exit devres_exit(void)
{
	bench_part_remove(&devres_part);
	pci_unregister_driver(&devres_pci_driver);
}
module_exit(devres_exit);

MODULE_DESCRIPTION("Benchmark of writing a register of a device that may go");
MODULE_AUTHOR("The Carillon maintainers");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("BOUND");
MODULE_IMPORT_NS("CARILLON_BENCH");
