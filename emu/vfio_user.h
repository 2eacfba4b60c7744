/* SPDX-License-Identifier: MIT */
/*
 * The vfio-user protocol: what this server uses of it.
 *
 * Messages are in host byte order, on a stream socket between processes of one
 * machine. Structures that mirror <linux/vfio.h> are spelt out here because their
 * size on the wire is that of the protocol, not that of the newest kernel header.
 */
#ifndef EMU_VFIO_USER_H
#define EMU_VFIO_USER_H

#include <stdint.h>

#define VFU_MAJOR		0
#define VFU_MINOR		0
#define VFU_MSG_FDS_MAX		8
#define VFU_DATA_MAX		(1024 * 1024)
#define VFU_MSG_MAX		(VFU_DATA_MAX + 4096)

enum vfu_cmd {
	VFU_VERSION = 1,
	VFU_DMA_MAP = 2,
	VFU_DMA_UNMAP = 3,
	VFU_GET_INFO = 4,
	VFU_GET_REGION_INFO = 5,
	VFU_GET_REGION_IO_FDS = 6,
	VFU_GET_IRQ_INFO = 7,
	VFU_SET_IRQS = 8,
	VFU_REGION_READ = 9,
	VFU_REGION_WRITE = 10,
	VFU_DMA_READ = 11,
	VFU_DMA_WRITE = 12,
	VFU_DEVICE_RESET = 13,
	VFU_REGION_WRITE_MULTI = 15,
};

#define VFU_TYPE_MASK		0xfu
#define VFU_TYPE_COMMAND	0x0u
#define VFU_TYPE_REPLY		0x1u
#define VFU_NO_REPLY		0x10u
#define VFU_ERROR		0x20u

struct vfu_hdr {
	uint16_t id;
	uint16_t cmd;
	uint32_t size;		/* with this header */
	uint32_t flags;
	uint32_t error;
};

struct vfu_version {
	uint16_t major;
	uint16_t minor;
	/* JSON text with a terminating NUL follows, or nothing */
};

#define VFU_DMA_FLAG_READ	1u
#define VFU_DMA_FLAG_WRITE	2u
#define VFU_UNMAP_FLAG_ALL	2u

struct vfu_dma_map {
	uint32_t argsz;
	uint32_t flags;
	uint64_t offset;
	uint64_t addr;
	uint64_t size;
};

struct vfu_dma_unmap {
	uint32_t argsz;
	uint32_t flags;
	uint64_t addr;
	uint64_t size;
};

#define VFU_DEVICE_FLAG_RESET	1u
#define VFU_DEVICE_FLAG_PCI	2u

struct vfu_device_info {
	uint32_t argsz;
	uint32_t flags;
	uint32_t num_regions;
	uint32_t num_irqs;
};

#define VFU_REGION_FLAG_READ	1u
#define VFU_REGION_FLAG_WRITE	2u
#define VFU_REGION_FLAG_MMAP	4u

struct vfu_region_info {
	uint32_t argsz;
	uint32_t flags;
	uint32_t index;
	uint32_t cap_offset;
	uint64_t size;
	uint64_t offset;
};

enum vfu_region {
	VFU_REGION_BAR0 = 0,
	VFU_REGION_BAR2 = 2,
	VFU_REGION_BAR4 = 4,
	VFU_REGION_CONFIG = 7,
	VFU_NUM_REGIONS = 9,
};

enum vfu_irq {
	VFU_IRQ_INTX = 0,
	VFU_IRQ_MSI = 1,
	VFU_IRQ_MSIX = 2,
	VFU_NUM_IRQS = 5,
};

#define VFU_IRQ_FLAG_EVENTFD	1u
#define VFU_IRQ_FLAG_NORESIZE	8u

struct vfu_irq_info {
	uint32_t argsz;
	uint32_t flags;
	uint32_t index;
	uint32_t count;
};

#define VFU_SET_DATA_NONE	1u
#define VFU_SET_DATA_BOOL	2u
#define VFU_SET_DATA_EVENTFD	4u
#define VFU_SET_DATA_MASK	7u
#define VFU_SET_ACTION_MASK	8u
#define VFU_SET_ACTION_UNMASK	16u
#define VFU_SET_ACTION_TRIGGER	32u
#define VFU_SET_ACTIONS		56u

struct vfu_set_irqs {
	uint32_t argsz;
	uint32_t flags;
	uint32_t index;
	uint32_t start;
	uint32_t count;
};

struct vfu_region_access {
	uint64_t offset;
	uint32_t region;
	uint32_t count;
	/* data follows */
};

struct vfu_dma_access {
	uint64_t addr;
	uint64_t count;
	/* data follows */
};

#endif /* EMU_VFIO_USER_H */
