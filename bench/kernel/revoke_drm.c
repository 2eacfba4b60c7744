// SPDX-License-Identifier: GPL-2.0
/*
 * Revoking with drm_dev_unplug(). It wants a registered device, and unregisters it when it
 * has waited for the readers.
 */

#include <drm/drm_device.h>
#include <drm/drm_drv.h>
#include <linux/err.h>

#include "revoke.h"

static const struct drm_driver revoke_drm_driver = {
	.name = "carillon_bench",
	.desc = "benchmark",
	.major = 1,
};

static int drm_open(struct revoke_dev *dev, struct device *parent)
{
	int ret;

	dev->drm = drm_dev_alloc(&revoke_drm_driver, parent);
	if (IS_ERR(dev->drm))
		return PTR_ERR(dev->drm);
	ret = drm_dev_register(dev->drm, 0);
	if (ret)
		drm_dev_put(dev->drm);
	return ret;
}

static void drm_close(struct revoke_dev *dev)
{
	if (!drm_dev_is_unplugged(dev->drm) && dev->drm->registered)
		drm_dev_unregister(dev->drm);
	drm_dev_put(dev->drm);
}

static int drm_section(struct revoke_dev *dev, void (*inside)(void *arg), void *arg)
{
	int idx;

	if (!drm_dev_enter(dev->drm, &idx))
		return -ENODEV;
	inside(arg);
	drm_dev_exit(idx);
	return 0;
}

static void drm_revoke(struct revoke_dev *dev)
{
	drm_dev_unplug(dev->drm);
}

static void drm_unregister(struct revoke_dev *dev)
{
	drm_dev_unregister(dev->drm);
}

const struct revoke_impl revoke_impl_drm = {
	.who = "drm",
	.open = drm_open,
	.close = drm_close,
	.section = drm_section,
	.revoke = drm_revoke,
	.unregister = drm_unregister,
};
