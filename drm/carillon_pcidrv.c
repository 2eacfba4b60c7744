// SPDX-License-Identifier: GPL-2.0
/*
 * The PCI driver: probe, remove, function-level reset, system sleep.
 */

#include <linux/module.h>
#include <linux/pci.h>
#include <linux/pm.h>

#include <bound/bound_aux.h>
#include <bound/bound_bar.h>

#include "carillon_core_priv.h"
#include "carillon_irq.h"
#include "carillon_ring.h"
#include "carillon_watch.h"

/* What a PTE can hold. */
#define CARILLON_DMA_BITS	52

static int carillon_pci_setup(struct carillon_core *core)
{
	struct pci_dev *pdev = core->pdev;
	int ret;

	ret = pcim_enable_device(pdev);
	if (ret)
		return ret;
	ret = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(CARILLON_DMA_BITS));
	if (ret)
		return ret;
	dma_set_max_seg_size(&pdev->dev, UINT_MAX);

	core->gate = bound_gate_create(&pdev->dev, NULL);
	if (IS_ERR(core->gate))
		return PTR_ERR(core->gate);
	return bound_bar_map_sized(&core->bar, core->gate, pdev, CRLN_BAR_REGS, "carillon");
}

static int carillon_pci_bring_up(struct carillon_core *core)
{
	ACQUIRE(bound_assumed, tok)(core->gate, &core->pdev->dev);
	int ret = ACQUIRE_ERR(bound_assumed, &tok);

	if (ret)
		return ret;
	ret = carillon_core_start(&tok, core);
	if (ret)
		return ret;
	return carillon_core_probe_info(&tok, core);
}

static int carillon_pci_register(struct carillon_core *core)
{
	struct pci_dev *pdev = core->pdev;
	const struct bound_aux_args args = {
		.name = CARILLON_AUX_NAME,
		.id = pci_domain_nr(pdev->bus) << 16 | pci_dev_id(pdev),
		.type = &carillon_core_aux_type,
		.data = core,
	};

	core->aux = bound_aux_register(core->gate, &args);
	return PTR_ERR_OR_ZERO(core->aux);
}

static int carillon_pci_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct carillon_core *core;
	int ret;

	core = devm_kzalloc(&pdev->dev, sizeof(*core), GFP_KERNEL);
	if (!core)
		return -ENOMEM;
	core->pdev = pdev;
	carillon_core_init(core);
	pci_set_drvdata(pdev, core);

	ret = carillon_pci_setup(core);
	if (ret)
		return ret;

	pci_set_master(pdev);
	ret = carillon_pci_bring_up(core);
	if (ret)
		goto err_clear_master;
	ret = carillon_irq_init(core);
	if (ret)
		goto err_clear_master;
	ret = carillon_pci_register(core);
	if (ret)
		goto err_irq_fini;

	dev_info(&pdev->dev, "firmware %u.%u, %u rings on %u engines, %u vectors\n",
		 CRLN_VERSION_MAJOR(core->info.fw_version),
		 CRLN_VERSION_MINOR(core->info.fw_version),
		 core->info.num_rings, core->info.num_engines, core->num_vectors);
	return 0;

err_irq_fini:
	carillon_irq_fini(core);
err_clear_master:
	pci_clear_master(pdev);
	bound_gate_close(core->gate);
	carillon_watch_stop(core);
	return ret;
}

static void carillon_pci_remove(struct pci_dev *pdev)
{
	struct carillon_core *core = pci_get_drvdata(pdev);

	/* The DRM driver goes first: it needs the device to stop its rings. */
	bound_aux_unregister(core->aux);
	carillon_irq_fini(core);
	pci_clear_master(pdev);
	bound_gate_close(core->gate);
	carillon_watch_stop(core);
}

static void carillon_pci_shutdown(struct pci_dev *pdev)
{
	pci_clear_master(pdev);
}

/* Nobody minds what registers read from here on, and no ring can be enabled. */
static void carillon_pci_hide(struct carillon_core *core)
{
	carillon_core_set_resetting(core, true);
	cancel_delayed_work_sync(&core->watch_work);
}

/* Should it fail the device is lost, which the client is told. */
static void carillon_pci_reset(struct carillon_core *core)
{
	scoped_cond_guard(bound_assumed, return, core->gate, &core->pdev->dev)
		(void)!carillon_core_restart(&scope, core);
}

/*
 * The PCI core takes locks of its own between those two, so none of ours that are
 * needed to signal fences may be held: core->resetting stands for them. The device
 * is quiet from here on, because we reset it ourselves first.
 */
static void carillon_pci_reset_prepare(struct pci_dev *pdev)
{
	struct carillon_core *core = pci_get_drvdata(pdev);

	carillon_pci_hide(core);
	carillon_core_tell_reset_prepare(core);
	carillon_pci_reset(core);
}

static void carillon_pci_reset_done(struct pci_dev *pdev)
{
	struct carillon_core *core = pci_get_drvdata(pdev);

	carillon_pci_reset(core);
	carillon_core_set_resetting(core, false);
	carillon_core_tell_reset_done(core);
	if (!carillon_core_is_lost(core))
		carillon_watch_start(core);
}

/*
 * The DRM driver, whose device is a child of this one, has emptied the rings. Without
 * one there are none. A device that is lost keeps nobody awake.
 */
static int carillon_pci_suspend(struct device *dev)
{
	struct carillon_core *core = dev_get_drvdata(dev);

	carillon_pci_hide(core);
	carillon_pci_reset(core);
	return 0;
}

static int carillon_pci_resume(struct device *dev)
{
	struct carillon_core *core = dev_get_drvdata(dev);

	carillon_pci_reset(core);
	carillon_core_set_resetting(core, false);
	if (carillon_core_is_lost(core))
		return -ENODEV;
	carillon_watch_start(core);
	return 0;
}

static DEFINE_SIMPLE_DEV_PM_OPS(carillon_pci_pm_ops, carillon_pci_suspend, carillon_pci_resume);

static const struct pci_error_handlers carillon_pci_err_handlers = {
	.reset_prepare = carillon_pci_reset_prepare,
	.reset_done = carillon_pci_reset_done,
};

static const struct pci_device_id carillon_pci_ids[] = {
	{ PCI_DEVICE(CRLN_PCI_VENDOR_ID, CRLN_PCI_DEVICE_ID) },
	{ }
};
MODULE_DEVICE_TABLE(pci, carillon_pci_ids);

static struct pci_driver carillon_pci_driver = {
	.name = "carillon_pci",
	.id_table = carillon_pci_ids,
	.probe = carillon_pci_probe,
	.remove = carillon_pci_remove,
	.shutdown = carillon_pci_shutdown,
	.err_handler = &carillon_pci_err_handlers,
	.driver.pm = pm_sleep_ptr(&carillon_pci_pm_ops),
};
module_pci_driver(carillon_pci_driver);

MODULE_DESCRIPTION("Carillon GPU, PCI part");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("BOUND");
