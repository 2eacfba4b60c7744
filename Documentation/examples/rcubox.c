// SPDX-License-Identifier: GPL-2.0
/*
 * A table of rates that is replaced as a whole while others look things up in it.
 *
 * Documentation/fence.rst shows the part between the markers; scripts/lint compiles it.
 */
#include <linux/cleanup.h>
#include <linux/module.h>
#include <linux/slab.h>

#include <dfence/rcubox.h>

struct rates {
	unsigned int num;
	u32 *hz;
};

/* begin */

static void rates_destroy(struct rates *rates)
{
	kvfree(rates->hz);	/* a worker calls this: it may sleep */
}
DEFINE_RCUBOX(rates, struct rates, rates_destroy);	/* struct rates_box */

static struct rates_box __rcu *current_rates;

static int rates_set(const u32 *hz, unsigned int num)
{
	struct rates_box *box __free(rates_box) = rates_box_alloc(GFP_KERNEL);

	if (!box)
		return -ENOMEM;
	box->value.hz = kvmemdup(hz, array_size(num, sizeof(*hz)), GFP_KERNEL);
	if (!box->value.hz)
		return -ENOMEM;			/* drops the box */
	box->value.num = num;
	rates_box_publish(&current_rates, no_free_ptr(box));	/* drops the old one */
	return 0;
}

static u32 rates_get(unsigned int i)
{
	struct rates *rates;

	guard(rcu)();
	rates = rates_box_deref(&current_rates);
	return rates && i < rates->num ? rates->hz[i] : 0;
}

static void __exit rates_exit(void)
{
	rates_box_publish(&current_rates, NULL);
	rcubox_drain();				/* rates_destroy() goes with us */
}

/* end */
module_exit(rates_exit);

/* What the rest of the driver would refer to. */
static const struct rates_uses {
	int (*set)(const u32 *hz, unsigned int num);
	u32 (*get)(unsigned int i);
} rates_uses __used = { rates_set, rates_get };

MODULE_DESCRIPTION("Carillon example: a table in an RCU box");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("DFENCE");
