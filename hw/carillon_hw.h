/* SPDX-License-Identifier: MIT */
/*
 * The device contract: registers, rings, page tables, interrupts, commands.
 *
 * Included by the driver, the emulator and user space alike; carillon-hw.rst
 * says in prose what each part means. All structures live in memory that the
 * device reaches by DMA, are little-endian and naturally aligned.
 *
 * A "bus address" is what the device puts on the bus (a dma_addr_t of the
 * driver). A "virtual address" goes through a ring's page table.
 */
#ifndef CARILLON_HW_H
#define CARILLON_HW_H

#include <linux/types.h>

/* --- PCI ---------------------------------------------------------------- */

#define CRLN_PCI_VENDOR_ID		0x1af4
#define CRLN_PCI_DEVICE_ID		0x10f0	/* QEMU's range for experiments */
#define CRLN_PCI_CLASS			0x120000	/* processing accelerator */

#define CRLN_BAR_REGS			0	/* 32-bit registers and doorbells */
#define CRLN_BAR_VRAM			2	/* local memory, prefetchable */
#define CRLN_BAR_MSIX			4	/* MSI-X table and PBA */

/* Vectors, MSI-X and MSI alike. With fewer than asked for, all go to 0. */
#define CRLN_NUM_VECTORS		8
#define CRLN_VECTOR_EVENT		0	/* device events; see CRLN_REG_EVENT */

/* --- BAR 0 -------------------------------------------------------------- */

#define CRLN_BAR0_SIZE			0x80000

/* Global registers. 32-bit accesses only; others read ones and write nothing. */
#define CRLN_REG_MAGIC			0x0000	/* RO: CRLN_MAGIC */
#define CRLN_REG_HW_VERSION		0x0004	/* RO: CRLN_VERSION(major, minor) */
#define CRLN_REG_FW_VERSION		0x0008	/* RO: CRLN_VERSION(major, minor) */
#define CRLN_REG_CAPS			0x000c	/* RO: CRLN_CAP_* */
#define CRLN_REG_NUM_RINGS		0x0010	/* RO: rings implemented */
#define CRLN_REG_NUM_ENGINES		0x0014	/* RO: jobs that run at a time */
#define CRLN_REG_VA_BITS		0x0018	/* RO: width of a virtual address */
#define CRLN_REG_RING_ORDER_MAX		0x001c	/* RO: log2 of slots, largest ring */
#define CRLN_REG_VRAM_SIZE_MB		0x0020	/* RO: local memory, MiB */
#define CRLN_REG_STATUS			0x0024	/* RO: CRLN_STATUS_* */
#define CRLN_REG_RESET			0x0028	/* WO: CRLN_RESET_KEY resets all */
#define CRLN_REG_FW_REQUEST		0x002c	/* RW: interface version wanted */
#define CRLN_REG_FW_ACK			0x0030	/* RO: 0 busy, version, or _REFUSED */
#define CRLN_REG_EVENT			0x0034	/* R/W1C: CRLN_EVENT_* */
#define CRLN_REG_FAULT_RING		0x0038	/* RO: ring of the last DMA fault */
#define CRLN_REG_FAULT_ADDR_LO		0x003c	/* RO: its bus address */
#define CRLN_REG_FAULT_ADDR_HI		0x0040
#define CRLN_REG_TLB_REQUEST		0x0044	/* WO: drop translations, tag n */
#define CRLN_REG_TLB_DONE		0x0048	/* RO: last tag that is through */
#define CRLN_REG_TIME_LO		0x004c	/* RO: device clock, ns; latches HI */
#define CRLN_REG_TIME_HI		0x0050
#define CRLN_REG_SCRATCH		0x0054	/* RW: for whoever tests access */

#define CRLN_MAGIC			0x4e4c5243	/* "CRLN" */
#define CRLN_VERSION(major, minor)	(((major) << 16) | (minor))
#define CRLN_VERSION_MAJOR(v)		((v) >> 16)
#define CRLN_VERSION_MINOR(v)		((v) & 0xffff)
#define CRLN_FW_INTERFACE		CRLN_VERSION(1, 0)	/* this header's */
#define CRLN_FW_REFUSED			0xffffffffu
#define CRLN_RESET_KEY			0x52535421
#define CRLN_TIME_HZ			1000000000u

#define CRLN_CAP_FILL			(1u << 0)
#define CRLN_CAP_COPY			(1u << 1)
#define CRLN_CAP_BLIT			(1u << 2)
#define CRLN_CAP_CONV3X3		(1u << 3)
#define CRLN_CAP_CRC32C			(1u << 4)
#define CRLN_CAP_TIMESTAMP		(1u << 5)
#define CRLN_CAP_SEMAPHORE		(1u << 6)
#define CRLN_CAP_DELAY			(1u << 7)

#define CRLN_STATUS_READY		(1u << 0)	/* out of reset */
#define CRLN_STATUS_FW_RUNNING		(1u << 1)	/* handshake done, rings run */

#define CRLN_EVENT_DMA_FAULT		(1u << 0)	/* a DMA access was refused */
#define CRLN_EVENT_RING_FAULT		(1u << 1)	/* some ring is in FAULT */
#define CRLN_EVENT_RESET		(1u << 2)	/* a reset has ended */

/* Ring registers, one block per ring. */
#define CRLN_MAX_RINGS			64
#define CRLN_RING_BLOCK			0x10000
#define CRLN_RING_STRIDE		0x100
#define CRLN_RING_REG(ring, reg)	(CRLN_RING_BLOCK + (ring) * CRLN_RING_STRIDE + (reg))

#define CRLN_RING_BASE_LO		0x00	/* RW: bus address of the slots */
#define CRLN_RING_BASE_HI		0x04
#define CRLN_RING_CPL_LO		0x08	/* RW: bus address of crln_cpl_area */
#define CRLN_RING_CPL_HI		0x0c
#define CRLN_RING_PT_LO			0x10	/* RW: bus address of the top table */
#define CRLN_RING_PT_HI			0x14
#define CRLN_RING_ORDER			0x18	/* RW: log2 of slots */
#define CRLN_RING_PRIO			0x1c	/* RW: 0 (first) to CRLN_PRIO_MAX */
#define CRLN_RING_VECTOR		0x20	/* RW: vector of this ring */
#define CRLN_RING_CTRL			0x24	/* WO: CRLN_RING_CTRL_* */
#define CRLN_RING_STATE			0x28	/* RO: enum crln_ring_state */
#define CRLN_RING_HEAD			0x2c	/* RO: slots consumed, free running */
#define CRLN_RING_TAIL			0x30	/* RO: last doorbell value accepted */
#define CRLN_RING_FAULT			0x34	/* RO: enum crln_ring_fault */

#define CRLN_RING_ORDER_MIN		2
#define CRLN_RING_ORDER_LIMIT		10
#define CRLN_PRIO_MAX			3

#define CRLN_RING_CTRL_ENABLE		1	/* DISABLED -> IDLE; head = tail = 0 */
#define CRLN_RING_CTRL_STOP		2	/* answered by state STOPPED */
#define CRLN_RING_CTRL_DISABLE		3	/* STOPPED, FAULT -> DISABLED */

/* Doorbells: one page each, so that one can be mapped on its own. */
#define CRLN_DOORBELL_BLOCK		0x40000
#define CRLN_DOORBELL_STRIDE		0x1000
#define CRLN_DOORBELL(ring)		(CRLN_DOORBELL_BLOCK + (ring) * CRLN_DOORBELL_STRIDE)

enum crln_ring_state {
	CRLN_RING_DISABLED = 0,
	CRLN_RING_IDLE = 1,
	CRLN_RING_RUNNING = 2,
	CRLN_RING_STOPPING = 3,
	CRLN_RING_STOPPED = 4,
	CRLN_RING_FAULTED = 5,
};

enum crln_ring_fault {
	CRLN_FAULT_NONE = 0,
	CRLN_FAULT_CONFIG = 1,		/* enabled with impossible settings */
	CRLN_FAULT_DOORBELL = 2,	/* more than a ring ahead of head */
	CRLN_FAULT_DMA_RING = 3,	/* slots could not be read */
	CRLN_FAULT_DMA_CPL = 4,		/* completion could not be written */
};

/* --- Ring memory -------------------------------------------------------- */

/**
 * struct crln_desc - one slot of a ring: a job
 * @cmd_addr: virtual address of the commands, 8-byte aligned; unused if @cmd_size is 0
 * @cmd_size: bytes of commands, a multiple of 8, at most CRLN_CMD_SIZE_MAX; 0: empty job
 * @flags: CRLN_DESC_*
 * @seqno: goes to the completion record; must rise from slot to slot
 * @rsvd: zero
 */
struct crln_desc {
	__le64 cmd_addr;
	__le32 cmd_size;
	__le32 flags;
	__le64 seqno;
	__le64 rsvd[5];
};

#define CRLN_DESC_IRQ			(1u << 0)	/* interrupt at the end */
#define CRLN_CMD_SIZE_MAX		0x100000

/**
 * struct crln_cpl_head - what happened last on a ring
 * @seqno: of the last job that ended; written after its slot record, atomically;
 *	left alone by enable
 * @head: slots consumed, free running
 * @state: enum crln_ring_state; written on entry to STOPPED and FAULTED, and at enable
 * @fault: enum crln_ring_fault
 * @rsvd: zero
 */
struct crln_cpl_head {
	__le64 seqno;
	__le32 head;
	__le32 state;
	__le32 fault;
	__le32 rsvd[11];
};

/**
 * struct crln_cpl_slot - how one job ended; same index as its descriptor
 * @seqno: the job's
 * @status: enum crln_status
 * @info: byte offset in the commands of the one that failed
 * @start_ns: device clock when the first command began
 * @end_ns: device clock when the last one ended
 */
struct crln_cpl_slot {
	__le64 seqno;
	__le32 status;
	__le32 info;
	__le64 start_ns;
	__le64 end_ns;
};

/* The completion area: a head, then one slot record per ring slot. */
#define CRLN_CPL_SLOT(index)		(sizeof(struct crln_cpl_head) + \
					 (index) * sizeof(struct crln_cpl_slot))
#define CRLN_CPL_SIZE(order)		CRLN_CPL_SLOT(1u << (order))
#define CRLN_RING_SIZE(order)		(sizeof(struct crln_desc) << (order))

enum crln_status {
	CRLN_OK = 0,
	CRLN_BAD_DESC = 1,	/* descriptor: alignment, size, flags */
	CRLN_BAD_CMD = 2,	/* unknown opcode, wrong size or parameter */
	CRLN_PAGE_FAULT = 3,	/* no translation */
	CRLN_PROT_FAULT = 4,	/* write to a read-only page */
	CRLN_DMA_FAULT = 5,	/* translated, but refused by the bus */
	CRLN_ENGINE_ERROR = 6,	/* the engine failed; nothing known of the data */
};

/* --- Page tables -------------------------------------------------------- */

/*
 * Three levels of 512 64-bit entries, 4 KiB pages, 39-bit virtual addresses.
 * Tables are in system memory. The device may keep translations until told
 * not to (CRLN_REG_TLB_REQUEST).
 */
#define CRLN_VA_BITS			39
#define CRLN_PAGE_SHIFT			12
#define CRLN_PAGE_SIZE			(1u << CRLN_PAGE_SHIFT)
#define CRLN_PT_LEVELS			3
#define CRLN_PT_SHIFT			9
#define CRLN_PT_ENTRIES			(1u << CRLN_PT_SHIFT)

#define CRLN_PTE_VALID			(1ull << 0)
#define CRLN_PTE_WRITE			(1ull << 1)	/* leaf only */
#define CRLN_PTE_VRAM			(1ull << 2)	/* leaf only: address is a VRAM offset */
#define CRLN_PTE_ADDR			0x000ffffffffff000ull

/* --- Commands ----------------------------------------------------------- */

enum crln_opcode {
	CRLN_CMD_NOP = 0,
	CRLN_CMD_FILL = 1,
	CRLN_CMD_COPY = 2,
	CRLN_CMD_BLIT = 3,
	CRLN_CMD_CONV3X3 = 4,
	CRLN_CMD_CRC32C = 5,
	CRLN_CMD_TIMESTAMP = 6,
	CRLN_CMD_SEM_WAIT = 7,
	CRLN_CMD_SEM_RELEASE = 8,
	CRLN_CMD_DELAY = 9,
};

enum crln_format {
	CRLN_FORMAT_R8 = 1,		/* luma, 1 byte */
	CRLN_FORMAT_RGB565 = 2,		/* 2 bytes, red in the high bits */
	CRLN_FORMAT_RGB888 = 3,		/* 3 bytes: B, G, R in memory */
	CRLN_FORMAT_XRGB8888 = 4,	/* 4 bytes: B, G, R, X in memory */
	CRLN_FORMAT_XBGR8888 = 5,	/* 4 bytes: R, G, B, X in memory */
};

#define CRLN_IMAGE_MAX			16384	/* pixels, width and height */

/**
 * struct crln_cmd - header of each command
 * @opcode: enum crln_opcode
 * @size: bytes of the command with this header, exactly that of its structure
 * @flags: zero
 */
struct crln_cmd {
	__le16 opcode;
	__le16 size;
	__le32 flags;
};

/** struct crln_cmd_fill - @size_bytes of @pattern from @dst on; all multiples of 4 */
struct crln_cmd_fill {
	struct crln_cmd cmd;
	__le64 dst;
	__le64 size_bytes;
	__le32 pattern;
	__le32 rsvd;
};

/** struct crln_cmd_copy - @size_bytes from @src to @dst; overlap gives undefined data */
struct crln_cmd_copy {
	struct crln_cmd cmd;
	__le64 dst;
	__le64 src;
	__le64 size_bytes;
};

/** struct crln_cmd_blit - copy a rectangle, converting from @src_format to @dst_format */
struct crln_cmd_blit {
	struct crln_cmd cmd;
	__le64 dst;
	__le64 src;
	__le32 dst_pitch;	/* bytes from row to row */
	__le32 src_pitch;
	__le16 width;		/* pixels */
	__le16 height;
	__u8 dst_format;	/* enum crln_format */
	__u8 src_format;
	__le16 rsvd;
};

/**
 * struct crln_cmd_conv3x3 - 3x3 convolution of each colour channel
 *
 * out = clamp(((sum(in * coeff) + round) >> shift) + bias, 0, 255), where round
 * is half of 1 << shift (0 for shift 0) and >> rounds towards minus infinity.
 * Pixels outside are those of the nearest edge. The X byte is copied.
 * @dst and @src must not overlap. @format is R8, XRGB8888 or XBGR8888.
 */
struct crln_cmd_conv3x3 {
	struct crln_cmd cmd;
	__le64 dst;
	__le64 src;
	__le32 dst_pitch;
	__le32 src_pitch;
	__le16 width;
	__le16 height;
	__u8 format;
	__u8 shift;		/* 0 to 15 */
	__le16 bias;		/* two's complement */
	__le16 coeff[9];	/* two's complement, row by row */
	__le16 rsvd[3];
};

/** struct crln_cmd_crc32c - CRC32C of @size_bytes at @src, as a 32-bit word to @dst */
struct crln_cmd_crc32c {
	struct crln_cmd cmd;
	__le64 dst;		/* multiple of 4 */
	__le64 src;
	__le64 size_bytes;
	__le32 seed;		/* 0, or the result for the bytes before */
	__le32 rsvd;
};

/** struct crln_cmd_timestamp - device clock in ns, 64-bit, to @dst (multiple of 8) */
struct crln_cmd_timestamp {
	struct crln_cmd cmd;
	__le64 dst;
};

/**
 * struct crln_cmd_sem - memory semaphore, for SEM_WAIT and SEM_RELEASE
 *
 * WAIT gives the engine to other rings until the 64-bit word at @addr, taken
 * as unsigned, is at least @value. RELEASE makes all earlier writes of the job
 * visible, then stores @value.
 */
struct crln_cmd_sem {
	struct crln_cmd cmd;
	__le64 addr;		/* multiple of 8 */
	__le64 value;
};

/** struct crln_cmd_delay - keep the engine busy for @delay_ns */
struct crln_cmd_delay {
	struct crln_cmd cmd;
	__le64 delay_ns;
};

#endif /* CARILLON_HW_H */
