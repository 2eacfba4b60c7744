// SPDX-License-Identifier: MIT
/*
 * Interrupts.
 *
 * The client registers an eventfd per vector, for MSI or MSI-X. A vector that has
 * none, because the driver got fewer than it asked for, goes to vector 0. If that
 * has none either, or bus mastering is off, the interrupt stays pending, as an
 * MSI-X pending bit does: clients take eventfds away while they change others.
 */
#include "irq.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

/**
 * irq_init() - no eventfds
 * @irq: the interrupts
 *
 * Context: Process start.
 */
void irq_init(struct irq *irq)
{
	memset(irq, 0, sizeof(*irq));
	for (int type = 0; type < IRQ_NUM_TYPES; type++)
		for (int v = 0; v < CRLN_NUM_VECTORS; v++)
			irq->fds[type][v] = -1;
	pthread_mutex_init(&irq->lock, NULL);
}

/**
 * irq_fini() - close all eventfds
 * @irq: the interrupts
 *
 * Context: No other thread uses @irq any more.
 */
void irq_fini(struct irq *irq)
{
	for (int type = 0; type < IRQ_NUM_TYPES; type++)
		irq_drop_all(irq, (enum irq_type)type);
	pthread_mutex_destroy(&irq->lock);
}

static int vector_fd(const struct irq *irq, unsigned int vector)
{
	for (int type = 0; type < IRQ_NUM_TYPES; type++)
		if (irq->fds[type][vector] >= 0)
			return irq->fds[type][vector];
	return -1;
}

/* It may be any descriptor, even a full pipe: never block on it. */
static void signal_fd(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLOUT };
	const uint64_t one = 1;
	ssize_t n;

	if (poll(&pfd, 1, 0) == 1 && (pfd.revents & POLLOUT)) {
		n = write(fd, &one, sizeof(one));
		(void)n;	/* an eventfd at its limit has been signalled */
	}
}

static void raise_locked(struct irq *irq, unsigned int vector)
{
	int fd = irq->enabled ? vector_fd(irq, vector) : -1;

	if (irq->enabled && fd < 0)
		fd = vector_fd(irq, CRLN_VECTOR_EVENT);
	if (fd < 0) {
		irq->pending |= 1u << vector;
		return;
	}
	signal_fd(fd);
	irq->raised++;
}

static void flush_pending_locked(struct irq *irq)
{
	uint32_t pending = irq->pending;

	irq->pending = 0;
	for (unsigned int v = 0; v < CRLN_NUM_VECTORS; v++)
		if (pending & (1u << v))
			raise_locked(irq, v);
}

/**
 * irq_raise() - interrupt
 * @irq: the interrupts
 * @vector: one that the device doesn't have goes to CRLN_VECTOR_EVENT
 *
 * Context: Any thread. Takes the interrupt lock, a leaf.
 */
void irq_raise(struct irq *irq, unsigned int vector)
{
	pthread_mutex_lock(&irq->lock);
	raise_locked(irq, vector < CRLN_NUM_VECTORS ? vector : CRLN_VECTOR_EVENT);
	pthread_mutex_unlock(&irq->lock);
}

/**
 * irq_assign() - use an eventfd for a vector
 * @irq: the interrupts
 * @type: MSI or MSI-X
 * @vector: less than CRLN_NUM_VECTORS
 * @fd: consumed; -1: take the vector's away
 *
 * Context: Protocol thread. Takes the interrupt lock.
 */
void irq_assign(struct irq *irq, enum irq_type type, unsigned int vector, int fd)
{
	pthread_mutex_lock(&irq->lock);
	if (irq->fds[type][vector] >= 0)
		close(irq->fds[type][vector]);
	irq->fds[type][vector] = fd;
	flush_pending_locked(irq);
	pthread_mutex_unlock(&irq->lock);
}

/**
 * irq_drop_all() - forget all eventfds of a type
 * @irq: the interrupts
 * @type: MSI or MSI-X
 *
 * Context: Protocol thread. Takes the interrupt lock.
 */
void irq_drop_all(struct irq *irq, enum irq_type type)
{
	pthread_mutex_lock(&irq->lock);
	for (unsigned int v = 0; v < CRLN_NUM_VECTORS; v++) {
		if (irq->fds[type][v] >= 0)
			close(irq->fds[type][v]);
		irq->fds[type][v] = -1;
	}
	pthread_mutex_unlock(&irq->lock);
}

/**
 * irq_set_enabled() - follow the bus master bit; what is pending goes out
 * @irq: the interrupts
 * @enabled: whether interrupts can be sent
 *
 * Context: Protocol thread. Takes the interrupt lock.
 */
void irq_set_enabled(struct irq *irq, bool enabled)
{
	pthread_mutex_lock(&irq->lock);
	irq->enabled = enabled;
	flush_pending_locked(irq);
	pthread_mutex_unlock(&irq->lock);
}

/**
 * irq_clear_pending() - a reset forgets interrupts that were not delivered
 * @irq: the interrupts
 *
 * Context: Any thread. Takes the interrupt lock.
 */
void irq_clear_pending(struct irq *irq)
{
	pthread_mutex_lock(&irq->lock);
	irq->pending = 0;
	pthread_mutex_unlock(&irq->lock);
}

/**
 * irq_raised() - interrupts delivered since the start
 * @irq: the interrupts
 *
 * Context: Any thread. Takes the interrupt lock.
 * Return: the number.
 */
uint64_t irq_raised(struct irq *irq)
{
	uint64_t raised;

	pthread_mutex_lock(&irq->lock);
	raised = irq->raised;
	pthread_mutex_unlock(&irq->lock);
	return raised;
}
