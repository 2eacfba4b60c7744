/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The one place for differences between the kernels that are supported.
 */
#ifndef _CARILLON_COMPAT_H
#define _CARILLON_COMPAT_H

#include <linux/version.h>

/*
 * 7.2 is where a dma_fence got its inline lock and lets go of its ops when it is
 * signalled, so that it can outlive the module that issued it.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 2, 0)
#error "Linux 7.2 or newer is needed: older dma_fences keep their ops after signalling"
#endif

/* 7.3 renamed it. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 3, 0)
#define dma_fence_enable_signaling dma_fence_enable_sw_signaling
#endif

/* 7.3 has it no more: each GEM object can have GPU mappings. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 3, 0)
#define DRIVER_GEM_GPUVA 0
#endif

#endif
