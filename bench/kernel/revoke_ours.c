// SPDX-License-Identifier: GPL-2.0
/*
 * Revoking with a bound_gate.
 */

#include <bound/bound_gate.h>
#include <linux/err.h>

#include "revoke.h"

static int ours_open(struct revoke_dev *dev, struct device *parent)
{
	dev->gate = bound_gate_create(parent, NULL);
	return PTR_ERR_OR_ZERO(dev->gate);
}

static void ours_close(struct revoke_dev *dev)
{
	/* Goes with the device. */
}

static int ours_section(struct revoke_dev *dev, void (*inside)(void *arg), void *arg)
{
	ACQUIRE(bound, tok)(dev->gate);
	int ret = ACQUIRE_ERR(bound, &tok);

	if (ret)
		return ret;
	inside(arg);
	return 0;
}

static void ours_revoke(struct revoke_dev *dev)
{
	bound_gate_close(dev->gate);
}

const struct revoke_impl revoke_impl_ours = {
	.who = "ours",
	.open = ours_open,
	.close = ours_close,
	.section = ours_section,
	.revoke = ours_revoke,
};
