// SPDX-License-Identifier: GPL-2.0
/*
 * Module init and exit, and a self-check.
 */

#define pr_fmt(fmt) "dfence: " fmt

#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>

#include "internal.h"

/* One fence through its life. -EIO means that this kernel's dma_fence isn't ours. */
static int __init dfence_self_check(void)
{
	static const struct dfence_ctx_args args __initconst = {
		.driver_name = "dfence",
		.timeline_name = "self-check",
	};
	struct dfence_ctx *ctx __free(dfence_ctx_put) = NULL;
	struct dma_fence *fence;
	struct dfence *f;
	int ret = 0;

	ctx = dfence_ctx_create(&args);
	if (IS_ERR(ctx))
		return PTR_ERR(no_free_ptr(ctx));
	f = dfence_alloc(ctx, NULL, GFP_KERNEL);
	if (!f)
		return -ENOMEM;

	fence = dma_fence_get(dfence_arm(f));
	dfence_prime_locks(ctx, fence);
	/* A fence that keeps its ops would crash who asks for its name later on. */
	if (dfence_ctx_advance(ctx, 1, -ECANCELED) != 1 ||
	    dma_fence_get_status(fence) != -ECANCELED ||
	    rcu_access_pointer(fence->ops))
		ret = -EIO;
	dma_fence_put(fence);
	return ret;
}

static int __init dfence_module_init(void)
{
	int ret;

	ret = dfence_finish_init();
	if (ret)
		return ret;
	ret = rcubox_init();
	if (ret)
		goto finish_exit;
	ret = dfence_self_check();
	if (ret) {
		pr_err("self-check failed: %pe\n", ERR_PTR(ret));
		goto box_exit;
	}
	dfence_watch_init();
	dfence_debugfs_init();
	return 0;

box_exit:
	rcubox_exit();
finish_exit:
	dfence_finish_exit();
	return ret;
}
module_init(dfence_module_init);

static void __exit dfence_orphan(struct dfence_ctx *ctx, void *data)
{
	dfence_ctx_orphan(ctx);
}

static void __exit dfence_module_exit(void)
{
	dfence_debugfs_exit();
	dfence_watch_exit();
	rcubox_exit();
	dfence_finish_exit();
	/* Whoever uses this module has gone before, and the workers have put theirs. */
	dfence_ctx_for_each(dfence_orphan, NULL);
	/* Somebody may still be in a function of our dma_fence_ops. */
	synchronize_rcu();
}
module_exit(dfence_module_exit);

MODULE_DESCRIPTION("Driver fences: the issuer's side of dma_fence");
MODULE_AUTHOR("The Carillon maintainers");
MODULE_LICENSE("GPL");
