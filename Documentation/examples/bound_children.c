// SPDX-License-Identifier: GPL-2.0
/*
 * A parent with two children, each with data of a type of its own.
 *
 * Documentation/devres.rst shows the parts between the markers; scripts/lint compiles it.
 */
#include <linux/auxiliary_bus.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/module.h>

#include <bound/bound_aux.h>
#include <bound/bound_bar.h>
#include <bound/bound_gate.h>

#define REG_FAN_DUTY	0x20

/* header: begin */

/* What both sides include. */
struct fan_data {
	struct bound_bar *bar;
	unsigned int max_percent;
};

struct led_data {
	const char *color;
};

extern const struct bound_aux_type fan_data_type, led_data_type;

/* header: end */
/* parent: begin */

/* Their addresses are what is compared; a parent in another module than its children exports them. */
DEFINE_BOUND_AUX_TYPE(fan_data_type, struct fan_data);
DEFINE_BOUND_AUX_TYPE(led_data_type, struct led_data);

static int parent_add_children(struct bound_gate *gate, struct fan_data *fan, struct led_data *led,
			       struct bound_aux *ret_children[2])
{
	struct bound_aux *child;

	child = bound_aux_register(gate, &(struct bound_aux_args){
		.name = "fan", .type = &fan_data_type, .data = fan });
	if (IS_ERR(child))
		return PTR_ERR(child);
	ret_children[0] = child;

	child = bound_aux_register(gate, &(struct bound_aux_args){
		.name = "led", .type = &led_data_type, .data = led });
	if (IS_ERR(child)) {
		bound_aux_unregister(ret_children[0]);
		return PTR_ERR(child);
	}
	ret_children[1] = child;
	return 0;
}

/* parent: end */
/* child: begin */

static int fan_probe(struct auxiliary_device *adev, const struct auxiliary_device_id *id)
{
	struct bound_gate *parent_gate = bound_aux_parent_gate(adev);
	struct bound_gate *gate;
	struct fan_data *fan;
	int ret;

	if (IS_ERR(parent_gate))
		return PTR_ERR(parent_gate);
	gate = bound_gate_create(&adev->dev, parent_gate);
	if (IS_ERR(gate))
		return PTR_ERR(gate);

	/* This is probe: bound for sure, so it costs nothing. */
	ACQUIRE(bound_assumed, tok)(gate, &adev->dev);
	ret = ACQUIRE_ERR(bound_assumed, &tok);
	if (ret)
		return ret;
	fan = bound_aux_data(&tok, adev, &fan_data_type);
	if (IS_ERR(fan))
		return PTR_ERR(fan);	/* -EINVAL: it's the LED's; -ENOENT: it has none */
	/* The child's token reaches the parent's registers. */
	bound_bar_write32(&tok, fan->bar, REG_FAN_DUTY, fan->max_percent);
	return 0;
}

/* child: end */
/* with: begin */

static int fan_get_max(void *data, void *arg)
{
	const struct fan_data *fan = data;
	unsigned int *ret_percent = arg;

	*ret_percent = fan->max_percent;
	return 0;
}

/* Called by anybody who has a reference to the device: -ENOENT once its parent is going. */
static int fan_max(struct auxiliary_device *adev, unsigned int *ret_percent)
{
	return bound_aux_with(adev, &fan_data_type, fan_get_max, ret_percent);
}

/* with: end */

static const struct auxiliary_device_id fan_ids[] = {
	{ .name = KBUILD_MODNAME ".fan" },
	{ }
};
MODULE_DEVICE_TABLE(auxiliary, fan_ids);

static struct auxiliary_driver fan_driver = {
	.name = "fan",
	.probe = fan_probe,
	.id_table = fan_ids,
};
module_auxiliary_driver(fan_driver);

/* What the rest of the drivers would refer to. */
static const struct children_uses {
	int (*add)(struct bound_gate *gate, struct fan_data *fan, struct led_data *led,
		   struct bound_aux *ret_children[2]);
	int (*max)(struct auxiliary_device *adev, unsigned int *ret_percent);
} children_uses __used = { parent_add_children, fan_max };

MODULE_DESCRIPTION("Carillon example: auxiliary devices with data of different types");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("BOUND");
