// SPDX-License-Identifier: MIT
/* Configuration space, BAR 0 outside of rings, handshake, resets, interrupts. */
#include <errno.h>
#include <linux/pci_regs.h>
#include <string.h>
#include <unistd.h>

#include "../util.h"
#include "gpu.h"
#include "tap.h"

static void start(const char *irq)
{
	const char *args[] = { "--irq", irq, NULL };

	emu_start(irq ? args : NULL);
	client_hello();
}

static void ids(void)
{
	start(NULL);
	CHECK_EQ(cfg_rd(PCI_VENDOR_ID, 2), CRLN_PCI_VENDOR_ID);
	CHECK_EQ(cfg_rd(PCI_DEVICE_ID, 2), CRLN_PCI_DEVICE_ID);
	CHECK_EQ(cfg_rd(PCI_CLASS_REVISION, 4) >> 8, CRLN_PCI_CLASS);
	CHECK_EQ(cfg_rd(PCI_INTERRUPT_PIN, 1), 0);
	CHECK_EQ(cfg_rd(PCI_HEADER_TYPE, 1), 0);
	cfg_wr(PCI_VENDOR_ID, 4, 0);
	CHECK_EQ(cfg_rd(PCI_VENDOR_ID, 2), CRLN_PCI_VENDOR_ID);
	CHECK_EQ(cfg_rd(0x100, 4), 0);
}

static void bar_sizes(void)
{
	const char *args[] = { "--vram-mb", "256", NULL };

	emu_start(args);
	client_hello();
	for (unsigned int b = 0; b < 6; b++)
		cfg_wr(PCI_BASE_ADDRESS_0 + 4 * b, 4, 0xffffffff);
	CHECK_EQ(cfg_rd(PCI_BASE_ADDRESS_0, 4), ~(CRLN_BAR0_SIZE - 1u));
	CHECK_EQ(cfg_rd(PCI_BASE_ADDRESS_1, 4), 0);
	CHECK_EQ(cfg_rd(PCI_BASE_ADDRESS_2, 4), ~((256u << 20) - 1) | 0xc);
	CHECK_EQ(cfg_rd(PCI_BASE_ADDRESS_3, 4), 0xffffffff);
	CHECK_EQ(cfg_rd(PCI_BASE_ADDRESS_4, 4), ~4095u);
	CHECK_EQ(cfg_rd(PCI_BASE_ADDRESS_5, 4), 0);
}

static void capabilities(void)
{
	unsigned int msix, msi, exp;

	start("both");
	msix = cfg_cap(PCI_CAP_ID_MSIX);
	msi = cfg_cap(PCI_CAP_ID_MSI);
	exp = cfg_cap(PCI_CAP_ID_EXP);
	CHECK(msix && msi && exp && cfg_cap(PCI_CAP_ID_PM));
	CHECK_EQ(cfg_rd(msix + PCI_MSIX_FLAGS, 2) & PCI_MSIX_FLAGS_QSIZE, 7);
	CHECK_EQ(cfg_rd(msix + PCI_MSIX_TABLE, 4), CRLN_BAR_MSIX);
	CHECK_EQ(cfg_rd(msix + PCI_MSIX_PBA, 4), 0x800 | CRLN_BAR_MSIX);
	CHECK_EQ((cfg_rd(msi + PCI_MSI_FLAGS, 2) & PCI_MSI_FLAGS_QMASK) >> 1, 3);
	CHECK(cfg_rd(exp + PCI_EXP_DEVCAP, 4) & PCI_EXP_DEVCAP_FLR);
}

static void one_irq_kind(void)
{
	start("msi");
	CHECK(cfg_cap(PCI_CAP_ID_MSI) && !cfg_cap(PCI_CAP_ID_MSIX));
	CHECK_EQ(irq_setup(VFU_IRQ_MSIX, 0, 1), EINVAL);
	CHECK_EQ(irq_setup(VFU_IRQ_MSI, 0, 1), 0);
	CHECK(emu_cleanup());
	start("msix");
	CHECK(!cfg_cap(PCI_CAP_ID_MSI) && cfg_cap(PCI_CAP_ID_MSIX));
	CHECK_EQ(irq_setup(VFU_IRQ_MSI, 0, 1), EINVAL);
}

static void memory_enable(void)
{
	unsigned int pm;
	uint32_t val = 0;

	start(NULL);
	CHECK_EQ(rd32(CRLN_REG_MAGIC), 0xffffffff);
	wr32(CRLN_REG_SCRATCH, 1);
	CHECK_EQ(region_rd(VFU_REGION_BAR2, 0, &val, 4), 0);
	CHECK_EQ(val, 0xffffffff);
	cfg_wr(PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	CHECK_EQ(rd32(CRLN_REG_MAGIC), CRLN_MAGIC);
	CHECK_EQ(rd32(CRLN_REG_SCRATCH), 0);
	pm = cfg_cap(PCI_CAP_ID_PM);
	cfg_wr(pm + PCI_PM_CTRL, 2, 3);
	CHECK_EQ(rd32(CRLN_REG_MAGIC), 0xffffffff);
	cfg_wr(pm + PCI_PM_CTRL, 2, 0);
	CHECK_EQ(rd32(CRLN_REG_MAGIC), CRLN_MAGIC);
}

static void registers(void)
{
	const char *args[] = { "--engines", "3", "--rings", "9", NULL };

	emu_start(args);
	client_hello();
	cfg_wr(PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	CHECK_EQ(rd32(CRLN_REG_NUM_RINGS), 9);
	CHECK_EQ(rd32(CRLN_REG_NUM_ENGINES), 3);
	CHECK_EQ(rd32(CRLN_REG_VA_BITS), CRLN_VA_BITS);
	CHECK_EQ(rd32(CRLN_REG_VRAM_SIZE_MB), 64);
	CHECK_EQ(rd32(CRLN_REG_STATUS), CRLN_STATUS_READY);
	CHECK_EQ(rd32(CRLN_REG_CAPS), 0xff);
	wr32(CRLN_REG_MAGIC, 0);
	CHECK_EQ(rd32(CRLN_REG_MAGIC), CRLN_MAGIC);
	wr32(CRLN_REG_SCRATCH, 0x12345678);
	CHECK_EQ(rd32(CRLN_REG_SCRATCH), 0x12345678);
	for (uint64_t off = 0x58; off < 0x1000; off += 4)
		CHECK_EQ(rd32(off), 0);
	wr32(CRLN_RING_REG(8, CRLN_RING_ORDER), 5);
	CHECK_EQ(rd32(CRLN_RING_REG(8, CRLN_RING_ORDER)), 5);
	wr32(CRLN_RING_REG(9, CRLN_RING_ORDER), 5);
	CHECK_EQ(rd32(CRLN_RING_REG(9, CRLN_RING_ORDER)), 0);
	wr32(CRLN_DOORBELL(63), 5);
	CHECK_EQ(rd32(CRLN_DOORBELL(63)), 0);
}

static void access_widths(void)
{
	uint8_t ones[8], buf[8] = { 0 };

	start(NULL);
	memset(ones, 0xff, sizeof(ones));
	cfg_wr(PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	for (uint32_t n = 1; n <= 8; n++) {
		if (n == 4)
			continue;
		CHECK_EQ(region_rd(VFU_REGION_BAR0, CRLN_REG_SCRATCH, buf, n), 0);
		CHECK(!memcmp(buf, ones, n));
		CHECK_EQ(region_wr(VFU_REGION_BAR0, CRLN_REG_SCRATCH, buf, n), 0);
	}
	CHECK_EQ(region_rd(VFU_REGION_BAR0, CRLN_REG_SCRATCH + 2, buf, 4), 0);
	CHECK(!memcmp(buf, ones, 4));
	CHECK_EQ(rd32(CRLN_REG_SCRATCH), 0);
}

static void device_clock(void)
{
	uint64_t a, b;

	start(NULL);
	cfg_wr(PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	a = rd32(CRLN_REG_TIME_LO);
	a |= (uint64_t)rd32(CRLN_REG_TIME_HI) << 32;
	sleep_ms(20);
	b = rd32(CRLN_REG_TIME_LO);
	b |= (uint64_t)rd32(CRLN_REG_TIME_HI) << 32;
	CHECK(b - a >= 20000000 && b - a < 10000000000ull);
}

static uint32_t handshake(uint32_t version)
{
	uint64_t end = test_now_ns() + WAIT_MS * 1000000ull;
	uint32_t ack = 0;

	wr32(CRLN_REG_FW_REQUEST, version);
	while (!ack && test_now_ns() < end)
		ack = rd32(CRLN_REG_FW_ACK);
	return ack;
}

static void handshakes(void)
{
	start(NULL);
	cfg_wr(PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	CHECK_EQ(rd32(CRLN_REG_FW_ACK), 0);
	CHECK_EQ(handshake(CRLN_VERSION(2, 0)), CRLN_FW_REFUSED);
	CHECK_EQ(rd32(CRLN_REG_STATUS), CRLN_STATUS_READY);
	CHECK_EQ(handshake(0), CRLN_FW_REFUSED);
	CHECK_EQ(handshake(CRLN_VERSION(1, 9)), CRLN_VERSION(1, 0));
	CHECK_EQ(rd32(CRLN_REG_STATUS), CRLN_STATUS_READY | CRLN_STATUS_FW_RUNNING);
	CHECK_EQ(handshake(CRLN_VERSION(3, 0)), CRLN_FW_REFUSED);
	CHECK_EQ(rd32(CRLN_REG_STATUS), CRLN_STATUS_READY | CRLN_STATUS_FW_RUNNING);
}

static void register_reset(void)
{
	start(NULL);
	CHECK_EQ(irq_setup(VFU_IRQ_MSIX, 0, 1), 0);
	cfg_wr(PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	handshake(CRLN_FW_INTERFACE);
	wr32(CRLN_REG_SCRATCH, 7);
	wr32(CRLN_REG_RESET, 0x1234);
	CHECK_EQ(rd32(CRLN_REG_SCRATCH), 7);
	wr32(CRLN_REG_RESET, CRLN_RESET_KEY);
	wait32(CRLN_REG_STATUS, ~0u, CRLN_STATUS_READY);
	CHECK_EQ(rd32(CRLN_REG_SCRATCH), 0);
	CHECK_EQ(rd32(CRLN_REG_FW_ACK), 0);
	CHECK_EQ(rd32(CRLN_REG_EVENT), CRLN_EVENT_RESET);
	CHECK(irq_wait(0, WAIT_MS));
	wr32(CRLN_REG_EVENT, CRLN_EVENT_RESET);
	CHECK_EQ(rd32(CRLN_REG_EVENT), 0);
	CHECK_EQ(cfg_rd(PCI_COMMAND, 2), PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

static void function_reset(void)
{
	unsigned int exp;

	start(NULL);
	CHECK_EQ(irq_setup(VFU_IRQ_MSIX, 0, 1), 0);
	exp = cfg_cap(PCI_CAP_ID_EXP);
	cfg_wr(PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	wr32(CRLN_REG_SCRATCH, 7);
	cfg_wr(exp + PCI_EXP_DEVCTL, 2, 0x10);
	CHECK_EQ(cfg_rd(exp + PCI_EXP_DEVCTL, 2), 0x10);
	cfg_wr(exp + PCI_EXP_DEVCTL, 2, PCI_EXP_DEVCTL_BCR_FLR);
	CHECK_EQ(cfg_rd(exp + PCI_EXP_DEVCTL, 2), 0);
	CHECK_EQ(cfg_rd(PCI_COMMAND, 2), 0);
	cfg_wr(PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	wait32(CRLN_REG_STATUS, ~0u, CRLN_STATUS_READY);
	CHECK_EQ(rd32(CRLN_REG_SCRATCH), 0);
	CHECK_EQ(rd32(CRLN_REG_EVENT), 0);
	CHECK(!irq_wait(0, 20));
	/* The client's eventfds aren't part of the function. */
	wr32(CRLN_REG_RESET, CRLN_RESET_KEY);
	CHECK(irq_wait(0, WAIT_MS));
}

static void message_reset(void)
{
	start(NULL);
	cfg_wr(PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	wr32(CRLN_REG_SCRATCH, 7);
	CHECK_EQ(client_request(VFU_DEVICE_RESET, NULL, 0, NULL, 0), 0);
	CHECK_EQ(cfg_rd(PCI_COMMAND, 2), 0);
	cfg_wr(PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	CHECK_EQ(rd32(CRLN_REG_SCRATCH), 0);
}

/* The whole of an interrupt's way: a vector that isn't there goes to 0. */
static void vectors(uint32_t index)
{
	struct gpu_ring r;
	uint64_t seqno;

	gpu_boot(NULL);
	CHECK_EQ(irq_teardown(VFU_IRQ_MSIX), 0);
	CHECK_EQ(irq_setup(index, 0, 4), 0);
	r = gpu_ring_new(0, 0, 3);
	seqno = gpu_submit(&r, 0, 0, CRLN_DESC_IRQ);
	CHECK(irq_wait(3, WAIT_MS));
	CHECK(gpu_done(&r, seqno));	/* the record is there before */
	CHECK_EQ(irq_take(0), 0);
	r = gpu_ring_new(1, 0, 5);
	gpu_submit(&r, 0, 0, CRLN_DESC_IRQ);
	CHECK(irq_wait(0, WAIT_MS));
	CHECK_EQ(irq_take(3), 0);
	gpu_wait(&r, gpu_submit(&r, 0, 0, 0));
	sleep_ms(20);
	CHECK_EQ(irq_take(0), 0);
}

static void vectors_msix(void)
{
	vectors(VFU_IRQ_MSIX);
}

static void vectors_msi(void)
{
	vectors(VFU_IRQ_MSI);
}

/* Interrupts that nobody takes yet are kept. */
static void pending(void)
{
	struct gpu_ring r;

	gpu_boot(NULL);
	CHECK_EQ(irq_teardown(VFU_IRQ_MSIX), 0);
	r = gpu_ring_new(0, 0, 2);
	gpu_wait(&r, gpu_submit(&r, 0, 0, CRLN_DESC_IRQ));
	/* The ring's next job begins when the first one's interrupt has been raised. */
	gpu_wait(&r, gpu_submit(&r, 0, 0, 0));
	CHECK_EQ(irq_take(2), 0);
	CHECK_EQ(irq_setup(VFU_IRQ_MSIX, 0, 3), 0);
	/* Vector 0 came first, and took it: this is the vector for all. */
	CHECK(irq_take(0) + irq_take(2) == 1);
}

static int set_irqs(uint32_t flags, uint32_t index, uint32_t start_at, uint32_t count,
		    const uint8_t *bools, const int *fds, unsigned int num_fds)
{
	uint8_t buf[64] = { 0 };
	struct vfu_set_irqs q = {
		.argsz = sizeof(q), .flags = flags, .index = index, .start = start_at,
		.count = count,
	};
	size_t len = sizeof(q);

	memcpy(buf, &q, sizeof(q));
	if (bools) {
		memcpy(buf + len, bools, count);
		len += count;
	}
	return client_request(VFU_SET_IRQS, buf, len, fds, num_fds);
}

static void set_irqs_errors(void)
{
	const uint32_t efd = VFU_SET_DATA_EVENTFD | VFU_SET_ACTION_TRIGGER;
	const uint32_t none = VFU_SET_DATA_NONE | VFU_SET_ACTION_TRIGGER;
	int fds[2];

	start(NULL);
	fds[0] = test_memfd;
	fds[1] = test_memfd;
	CHECK_EQ(set_irqs(efd, VFU_IRQ_MSIX, 8, 1, NULL, fds, 1), EINVAL);
	CHECK_EQ(set_irqs(efd, VFU_IRQ_MSIX, 7, 2, NULL, fds, 2), EINVAL);
	CHECK_EQ(set_irqs(efd, VFU_IRQ_MSIX, 1, 0xffffffff, NULL, NULL, 0), EINVAL);
	CHECK_EQ(set_irqs(efd, VFU_IRQ_MSIX, 0xffffffff, 1, NULL, fds, 1), EINVAL);
	CHECK_EQ(set_irqs(efd, VFU_IRQ_MSIX, 0, 2, NULL, fds, 1), EINVAL);
	CHECK_EQ(set_irqs(efd, VFU_IRQ_MSIX, 0, 0, NULL, NULL, 0), EINVAL);
	CHECK_EQ(set_irqs(efd, VFU_IRQ_INTX, 0, 1, NULL, fds, 1), EINVAL);
	CHECK_EQ(set_irqs(efd, 4711, 0, 1, NULL, fds, 1), EINVAL);
	CHECK_EQ(set_irqs(VFU_SET_DATA_NONE, VFU_IRQ_MSIX, 0, 1, NULL, NULL, 0), EINVAL);
	CHECK_EQ(set_irqs(VFU_SET_DATA_NONE | VFU_SET_ACTION_MASK, VFU_IRQ_MSIX, 0, 1, NULL,
			  NULL, 0), EINVAL);
	CHECK_EQ(set_irqs(VFU_SET_ACTION_TRIGGER, VFU_IRQ_MSIX, 0, 1, NULL, NULL, 0), EINVAL);
	CHECK_EQ(set_irqs(VFU_SET_DATA_BOOL | VFU_SET_ACTION_TRIGGER, VFU_IRQ_MSIX, 0, 8,
			  NULL, NULL, 0), EINVAL);
	CHECK_EQ(set_irqs(none, VFU_IRQ_INTX, 0, 0, NULL, NULL, 0), 0);
	/* A descriptor that is no eventfd is the client's business. */
	CHECK_EQ(set_irqs(efd, VFU_IRQ_MSIX, 0, 2, NULL, fds, 2), 0);
	CHECK_EQ(set_irqs(none, VFU_IRQ_MSIX, 0, 1, NULL, NULL, 0), 0);
}

static void trigger(void)
{
	const uint8_t bools[4] = { 0, 1, 0, 1 };

	start(NULL);
	cfg_wr(PCI_COMMAND, 2, PCI_COMMAND_MASTER);
	CHECK_EQ(irq_setup(VFU_IRQ_MSIX, 0, 4), 0);
	CHECK_EQ(set_irqs(VFU_SET_DATA_BOOL | VFU_SET_ACTION_TRIGGER, VFU_IRQ_MSIX, 0, 4,
			  bools, NULL, 0), 0);
	CHECK_EQ(irq_take(0) + irq_take(2), 0);
	CHECK_EQ(irq_take(1), 1);
	CHECK_EQ(irq_take(3), 1);
	cfg_wr(PCI_COMMAND, 2, 0);	/* no bus master, no interrupts */
	CHECK_EQ(set_irqs(VFU_SET_DATA_NONE | VFU_SET_ACTION_TRIGGER, VFU_IRQ_MSIX, 1, 1,
			  NULL, NULL, 0), 0);
	CHECK_EQ(irq_take(1), 0);
	cfg_wr(PCI_COMMAND, 2, PCI_COMMAND_MASTER);
	CHECK_EQ(irq_take(1), 1);
}

/* A pipe that is full: the device must not block on it. */
static void full_pipe(void)
{
	struct gpu_ring r;
	char buf[4096] = { 0 };
	int p[2];

	gpu_boot(NULL);
	CHECK(!pipe(p));
	for (int i = 0; i < 16; i++)
		CHECK(write(p[1], buf, sizeof(buf)) == sizeof(buf));
	CHECK_EQ(set_irqs(VFU_SET_DATA_EVENTFD | VFU_SET_ACTION_TRIGGER, VFU_IRQ_MSIX, 2, 1,
			  NULL, &p[1], 1), 0);
	r = gpu_ring_new(0, 0, 2);
	gpu_wait(&r, gpu_submit(&r, 0, 0, CRLN_DESC_IRQ));
	gpu_wait(&r, gpu_submit(&r, 0, 0, CRLN_DESC_IRQ));
	close(p[0]);
	close(p[1]);
	gpu_wait(&r, gpu_submit(&r, 0, 0, CRLN_DESC_IRQ));
}

static const struct tap_case cases[] = {
	{ "ids", ids },
	{ "bar-sizes", bar_sizes },
	{ "capabilities", capabilities },
	{ "one-irq-kind", one_irq_kind },
	{ "memory-enable", memory_enable },
	{ "registers", registers },
	{ "access-widths", access_widths },
	{ "device-clock", device_clock },
	{ "handshakes", handshakes },
	{ "register-reset", register_reset },
	{ "function-reset", function_reset },
	{ "message-reset", message_reset },
	{ "vectors-msix", vectors_msix },
	{ "vectors-msi", vectors_msi },
	{ "pending", pending },
	{ "set-irqs-errors", set_irqs_errors },
	{ "trigger", trigger },
	{ "full-pipe", full_pipe },
};

int main(int argc, char **argv)
{
	return tap_main(cases, ARRAY_SIZE(cases), argc, argv);
}
