// SPDX-License-Identifier: MIT
/*
 * The vfio-user server: one client at a time, one message at a time.
 *
 * Each handler checks the size of what it got before it looks at it, and answers
 * with an errno what it can't do. Nothing in here waits for a job.
 */
#include "server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "device.h"
#include "keeper.h"
#include "log.h"
#include "region.h"
#include "util.h"
#include "vfio_user.h"

#define RESET_WAIT_NS	(2 * NSEC_PER_SEC)

typedef int (*handler_fn)(struct server *s);

static const char version_json[] =
	"{\"capabilities\":{\"max_msg_fds\":8,\"max_data_xfer_size\":1048576,"
	"\"max_dma_maps\":65535,\"pgsizes\":4096}}";

/**
 * server_listen() - a listening UNIX stream socket
 * @path: where; a socket left there is replaced
 *
 * Context: Process start.
 * Return: the descriptor or -errno.
 */
int server_listen(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd, err;

	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	strcpy(addr.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	unlink(path);
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) || listen(fd, 8)) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

/**
 * server_init() - listen
 * @s: the server
 * @dev: the device
 * @path: of the socket
 *
 * Context: Process start.
 * Return: 0 or -errno.
 */
int server_init(struct server *s, struct device *dev, const char *path)
{
	memset(s, 0, sizeof(*s));
	s->dev = dev;
	s->msg.payload = malloc(VFU_MSG_MAX);
	s->reply = malloc(VFU_MSG_MAX);
	s->msix = calloc(1, PCI_MSIX_BAR_SIZE);
	s->listen_fd = -ENOMEM;
	if (s->msg.payload && s->reply && s->msix)
		s->listen_fd = server_listen(path);
	if (s->listen_fd >= 0)
		return 0;
	free(s->msg.payload);
	free(s->reply);
	free(s->msix);
	return s->listen_fd;
}

/**
 * server_fini() - the opposite of server_init()
 * @s: the server
 *
 * Context: Process end.
 */
void server_fini(struct server *s)
{
	close(s->listen_fd);
	free(s->msg.payload);
	free(s->reply);
	free(s->msix);
}

static int reply(struct server *s, const void *payload, size_t len, int fd)
{
	return wire_reply(&s->dev->wire, &s->msg.hdr, payload, len, fd);
}

/* Copies the request's structure; false if the message is too short for it. */
static bool request(const struct server *s, void *buf, size_t len)
{
	if (s->msg.len < len)
		return false;
	memcpy(buf, s->msg.payload, len);
	return true;
}

static int take_fd(struct wire_msg *msg, unsigned int index)
{
	int fd = msg->fds[index];

	msg->fds[index] = -1;
	return fd;
}

static int handle_version(struct server *s)
{
	struct vfu_version v;
	uint8_t buf[sizeof(v) + sizeof(version_json)];

	if (!request(s, &v, sizeof(v)) || v.major != VFU_MAJOR)
		return -EINVAL;
	if (s->msg.len > sizeof(v) && s->msg.payload[s->msg.len - 1])
		return -EINVAL;
	v.minor = VFU_MINOR;	/* no client can propose less */
	memcpy(buf, &v, sizeof(v));
	memcpy(buf + sizeof(v), version_json, sizeof(version_json));
	s->negotiated = true;
	return reply(s, buf, sizeof(buf), -1);
}

static int handle_dma_map(struct server *s)
{
	struct dma_region want = { 0 };
	struct vfu_dma_map m;
	int err;

	if (!request(s, &m, sizeof(m)) || m.argsz < sizeof(m) || s->msg.num_fds > 1 ||
	    (m.flags & ~(VFU_DMA_FLAG_READ | VFU_DMA_FLAG_WRITE)))
		return -EINVAL;
	want.addr = m.addr;
	want.size = m.size;
	want.perm = ((m.flags & VFU_DMA_FLAG_READ) ? DMA_PERM_READ : 0) |
		    ((m.flags & VFU_DMA_FLAG_WRITE) ? DMA_PERM_WRITE : 0);
	err = dma_map_add(&s->dev->dma, &want, s->msg.num_fds ? s->msg.fds[0] : -1,
			  m.offset);
	log_debug("dma map %#llx + %#llx: %d", (unsigned long long)m.addr,
		  (unsigned long long)m.size, err);
	return err ? err : reply(s, NULL, 0, -1);
}

static int handle_dma_unmap(struct server *s)
{
	struct vfu_dma_unmap u;
	int err = 0;

	if (!request(s, &u, sizeof(u)) || u.argsz < sizeof(u) ||
	    (u.flags & ~VFU_UNMAP_FLAG_ALL))
		return -EINVAL;
	if (u.flags & VFU_UNMAP_FLAG_ALL)
		dma_map_clear(&s->dev->dma);
	else
		err = dma_map_remove(&s->dev->dma, u.addr, u.size);
	log_debug("dma unmap %#llx + %#llx: %d", (unsigned long long)u.addr,
		  (unsigned long long)u.size, err);
	return err ? err : reply(s, &u, sizeof(u), -1);
}

static int handle_get_info(struct server *s)
{
	struct vfu_device_info info;

	if (!request(s, &info, sizeof(info)) || info.argsz < sizeof(info))
		return -EINVAL;
	info = (struct vfu_device_info){
		.argsz = sizeof(info),
		.flags = VFU_DEVICE_FLAG_PCI | VFU_DEVICE_FLAG_RESET,
		.num_regions = VFU_NUM_REGIONS,
		.num_irqs = VFU_NUM_IRQS,
	};
	return reply(s, &info, sizeof(info), -1);
}

static int handle_get_region_info(struct server *s)
{
	struct vfu_region_info info;
	uint32_t index;
	int fd = -1;

	if (!request(s, &info, sizeof(info)) || info.argsz < sizeof(info) ||
	    info.index >= VFU_NUM_REGIONS)
		return -EINVAL;
	index = info.index;
	info = (struct vfu_region_info){ .argsz = sizeof(info), .index = index };
	info.size = region_size(s, index);
	if (info.size)
		info.flags = VFU_REGION_FLAG_READ | VFU_REGION_FLAG_WRITE;
	if (index == VFU_REGION_BAR2) {
		info.flags |= VFU_REGION_FLAG_MMAP;
		fd = s->dev->vram.fd;
	}
	return reply(s, &info, sizeof(info), fd);
}

/* Vectors of an interrupt type; 0 for those the device doesn't have. */
static uint32_t irq_count(const struct server *s, uint32_t index)
{
	if (index == VFU_IRQ_MSI && pci_has_irq(&s->dev->pci, PCI_IRQ_MSI))
		return CRLN_NUM_VECTORS;
	if (index == VFU_IRQ_MSIX && pci_has_irq(&s->dev->pci, PCI_IRQ_MSIX))
		return CRLN_NUM_VECTORS;
	return 0;
}

static int handle_get_irq_info(struct server *s)
{
	struct vfu_irq_info info;

	if (!request(s, &info, sizeof(info)) || info.argsz < sizeof(info) ||
	    info.index >= VFU_NUM_IRQS)
		return -EINVAL;
	info.argsz = sizeof(info);
	info.count = irq_count(s, info.index);
	info.flags = info.count ? VFU_IRQ_FLAG_EVENTFD : 0;
	return reply(s, &info, sizeof(info), -1);
}

/* New eventfds for a range, or none: the range's are taken away. */
static int set_eventfds(struct server *s, const struct vfu_set_irqs *q,
			enum irq_type type)
{
	if (s->msg.num_fds && s->msg.num_fds != q->count)
		return -EINVAL;
	for (uint32_t i = 0; i < q->count; i++) {
		int fd = s->msg.num_fds ? take_fd(&s->msg, i) : -1;

		irq_assign(&s->dev->irq, type, q->start + i, fd);
	}
	return 0;
}

static int trigger_irqs(struct server *s, const struct vfu_set_irqs *q)
{
	bool with_bools = q->flags & VFU_SET_DATA_BOOL;

	if (with_bools && s->msg.len < sizeof(*q) + q->count)
		return -EINVAL;
	for (uint32_t i = 0; i < q->count; i++)
		if (!with_bools || s->msg.payload[sizeof(*q) + i])
			irq_raise(&s->dev->irq, q->start + i);
	return 0;
}

static int set_irqs(struct server *s, const struct vfu_set_irqs *q)
{
	enum irq_type type = q->index == VFU_IRQ_MSI ? IRQ_TYPE_MSI : IRQ_TYPE_MSIX;
	uint32_t limit = irq_count(s, q->index);

	if ((q->flags & VFU_SET_ACTIONS) != VFU_SET_ACTION_TRIGGER)
		return -EINVAL;
	if ((q->flags & VFU_SET_DATA_MASK) == VFU_SET_DATA_NONE && !q->count) {
		if (limit)
			irq_drop_all(&s->dev->irq, type);
		return 0;
	}
	if (!q->count || q->start >= limit || q->count > limit - q->start)
		return -EINVAL;
	switch (q->flags & VFU_SET_DATA_MASK) {
	case VFU_SET_DATA_EVENTFD:
		return set_eventfds(s, q, type);
	case VFU_SET_DATA_NONE:
	case VFU_SET_DATA_BOOL:
		return trigger_irqs(s, q);
	default:
		return -EINVAL;
	}
}

static int handle_set_irqs(struct server *s)
{
	struct vfu_set_irqs q;
	int err;

	if (!request(s, &q, sizeof(q)) || q.argsz < sizeof(q) || q.index >= VFU_NUM_IRQS)
		return -EINVAL;
	err = set_irqs(s, &q);
	log_debug("set irqs %u: %u + %u flags %#x fds %u: %d", q.index, q.start, q.count,
		  q.flags, s->msg.num_fds, err);
	return err ? err : reply(s, NULL, 0, -1);
}

static int handle_region_read(struct server *s)
{
	struct vfu_region_access acc;
	int err;

	if (!request(s, &acc, sizeof(acc)) || acc.count > VFU_DATA_MAX)
		return -EINVAL;
	err = region_read(s, &acc, s->reply + sizeof(acc));
	if (err)
		return err;
	memcpy(s->reply, &acc, sizeof(acc));
	return reply(s, s->reply, sizeof(acc) + acc.count, -1);
}

static int handle_region_write(struct server *s)
{
	struct vfu_region_access acc;
	int err;

	if (!request(s, &acc, sizeof(acc)) || acc.count > VFU_DATA_MAX ||
	    s->msg.len - sizeof(acc) < acc.count)
		return -EINVAL;
	err = region_write(s, &acc, s->msg.payload + sizeof(acc));
	return err ? err : reply(s, &acc, sizeof(acc), -1);
}

static int handle_device_reset(struct server *s)
{
	region_function_reset(s);
	if (!device_reset_wait(s->dev, RESET_WAIT_NS))
		return -ETIMEDOUT;
	return reply(s, NULL, 0, -1);
}

static const handler_fn handlers[] = {
	[VFU_VERSION] = handle_version,
	[VFU_DMA_MAP] = handle_dma_map,
	[VFU_DMA_UNMAP] = handle_dma_unmap,
	[VFU_GET_INFO] = handle_get_info,
	[VFU_GET_REGION_INFO] = handle_get_region_info,
	[VFU_GET_IRQ_INFO] = handle_get_irq_info,
	[VFU_SET_IRQS] = handle_set_irqs,
	[VFU_REGION_READ] = handle_region_read,
	[VFU_REGION_WRITE] = handle_region_write,
	[VFU_DEVICE_RESET] = handle_device_reset,
};

static int handle_command(struct server *s)
{
	uint16_t cmd = s->msg.hdr.cmd;

	if (cmd >= ARRAY_SIZE(handlers) || !handlers[cmd])
		return -EOPNOTSUPP;
	if (s->negotiated == (cmd == VFU_VERSION))
		return -EINVAL;	/* first of all, and once */
	return handlers[cmd](s);
}

static void handle_message(struct server *s, int recv_err)
{
	struct vfu_hdr *hdr = &s->msg.hdr;
	int err = recv_err;

	if ((hdr->flags & VFU_TYPE_MASK) == VFU_TYPE_REPLY) {
		if (!err)
			wire_handle_reply(&s->dev->wire, &s->msg);
	} else {
		if ((hdr->flags & VFU_TYPE_MASK) != VFU_TYPE_COMMAND)
			err = -EINVAL;
		if (!err)
			err = handle_command(s);
		if (err) {
			log_debug("message %u: %s", hdr->cmd, strerror(-err));
			wire_reply_error(&s->dev->wire, hdr, err);
		}
	}
	wire_msg_close_fds(&s->msg);
}

static void serve_client(struct server *s, int fd)
{
	struct wire *w = &s->dev->wire;
	int err;

	wire_connect(w, fd);
	s->negotiated = false;
	for (;;) {
		err = wire_recv(w, &s->msg);
		if (err && err != -E2BIG)
			break;
		handle_message(s, err);
	}
	if (err == -EPROTO)
		wire_reply_error(w, &s->msg.hdr, -EINVAL);
	wire_disconnect(w);
}

/* As if the power had been off: nothing of a client is left for the next one. */
static void forget_client(struct server *s)
{
	region_function_reset(s);
	irq_drop_all(&s->dev->irq, IRQ_TYPE_MSI);
	irq_drop_all(&s->dev->irq, IRQ_TYPE_MSIX);
	while (!device_reset_wait(s->dev, NSEC_PER_SEC))
		log_msg("waiting for the engines to stop");
	dma_map_clear(&s->dev->dma);
	vram_clear(&s->dev->vram);
}

/**
 * server_run() - serve clients, one after the other, until server_quit()
 * @s: the server
 *
 * Context: Protocol thread. Sleeps.
 */
void server_run(struct server *s)
{
	while (!__atomic_load_n(&s->quit, __ATOMIC_ACQUIRE)) {
		struct keeper keeper;
		int fd = accept4(s->listen_fd, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0 && errno != EINTR && errno != ECONNABORTED)
			break;
		if (fd < 0)
			continue;
		log_debug("client connected");
		keeper_start(&keeper, fd);
		serve_client(s, fd);
		keeper_end(&keeper);
		forget_client(s);
		log_debug("client gone");
	}
}

/**
 * server_quit() - have server_run() return
 * @s: the server
 *
 * Context: Any thread.
 */
void server_quit(struct server *s)
{
	__atomic_store_n(&s->quit, true, __ATOMIC_RELEASE);
	shutdown(s->listen_fd, SHUT_RDWR);
	wire_shutdown(&s->dev->wire);
}
