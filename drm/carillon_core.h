/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The GPU as its PCI driver offers it to the DRM driver on the auxiliary bus.
 */
#ifndef _CARILLON_CORE_H
#define _CARILLON_CORE_H

#include <linux/compiler_attributes.h>
#include <linux/types.h>

struct bound_aux_type;
struct bound_gate;
struct bound_token;
struct carillon_core;
struct device;

/* Auxiliary device: "carillon_pci.gpu"; its registration data is a carillon_core. */
#define CARILLON_AUX_NAME	"gpu"
extern const struct bound_aux_type carillon_core_aux_type;

/**
 * struct carillon_core_info - what the device said about itself
 * @hw_version: CRLN_VERSION()
 * @fw_version: CRLN_VERSION()
 * @fw_interface: CRLN_VERSION() that the firmware agreed to
 * @caps: CRLN_CAP_*
 * @num_rings: rings, at most CRLN_MAX_RINGS
 * @num_engines: jobs that run at a time
 * @va_bits: width of a virtual address
 * @ring_order_max: log2 of the slots of the largest ring
 */
struct carillon_core_info {
	u32 hw_version;
	u32 fw_version;
	u32 fw_interface;
	u32 caps;
	u32 num_rings;
	u32 num_engines;
	u32 va_bits;
	u32 ring_order_max;
};

/**
 * struct carillon_core_client_ops - what the DRM driver wants to hear
 */
struct carillon_core_client_ops {
	/**
	 * @lost: The device is gone: its registers read all ones, or it didn't
	 * answer and was cut off the bus. It does no DMA any more. Once.
	 *
	 * Context: process, a worker; may sleep, but not wait for fences.
	 */
	void (*lost)(void *data);

	/**
	 * @reset_prepare: Somebody outside the driver is about to reset the
	 * device; jobs that are on a ring are lost.
	 *
	 * Context: process, the device's lock held; may sleep.
	 */
	void (*reset_prepare)(void *data);

	/**
	 * @reset_done: The device is back. All rings are disabled.
	 *
	 * Context: process, the device's lock held; may sleep.
	 */
	void (*reset_done)(void *data);
};

const struct carillon_core_info *carillon_core_info(const struct carillon_core *core);
struct device *carillon_core_dma_dev(const struct carillon_core *core);

void carillon_core_set_client(struct carillon_core *core,
			      const struct carillon_core_client_ops *ops, void *data);
void carillon_core_clear_client(struct carillon_core *core);

bool carillon_core_is_lost(const struct carillon_core *core);
void carillon_core_mark_lost(struct carillon_core *core);
bool carillon_core_check(const struct bound_token *tok, struct carillon_core *core);

int __must_check carillon_core_reset(const struct bound_token *tok, struct carillon_core *core);
int __must_check carillon_core_flush_tlb(const struct bound_token *tok,
					 struct carillon_core *core);
u64 carillon_core_time_ns(const struct bound_token *tok, struct carillon_core *core);

#endif
