// SPDX-License-Identifier: GPL-2.0
/*
 * The listing of timelines: what is live, and who waits for it.
 */

/**
 * DOC: dfence listing
 *
 * ``/sys/kernel/debug/dfence/contexts`` has a line for each timeline, below it one for
 * each fence that is still to be signalled, oldest first, and below that one for
 * each callback that waits for the fence::
 *
 *     context 12 driver carillon timeline ring0 last 3 live 1
 *       fence 3 age_ms 42 overdue
 *         waits func jobq_dep_fired for context 14
 *         waits task weston pid 312
 *         waits foreign dma_fence_default_wait_cb
 *
 * A &struct dfence_cb tells what it wakes or queues, and on behalf of which timeline if
 * dfence_cb_set_waiter() said so: those lines are the edges of the graph of who waits
 * for whom. "foreign" are the callbacks of others, named by their function.
 *
 * The line of a timeline ends with ``quiet`` and ``closed`` if it is, and with
 * ``hw N back N overdue N`` if it was advanced, if the sequence numbers for that went
 * back, and if fences got overdue.
 *
 * References to the fences are taken under the timeline's lock; then each is looked at
 * under its own lock, as the order of locks demands. At most 64 fences of a timeline
 * and 16 callbacks of a fence are listed, to bound the time of both. Nothing is
 * printed under either.
 */

#include <linux/jiffies.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <kunit/visibility.h>

#include "internal.h"

#define DFENCE_SHOW_WAITERS_MAX 16

/* What a listing is collected in. */
struct dfence_show {
	struct seq_file *m;
	/* Of one timeline, with a reference each. */
	struct dfence *fences[DFENCE_SHOW_MAX];
	unsigned int num_fences;
	bool more_fences;
	/* Of one fence. */
	struct dfence_waiter waiters[DFENCE_SHOW_WAITERS_MAX];
	unsigned int num_waiters;
	bool more_waiters;
};

static void dfence_show_get_waiters(struct dfence_show *show, struct dma_fence *fence)
{
	struct dma_fence_cb *cb;
	unsigned long flags;

	show->num_waiters = 0;
	show->more_waiters = false;
	dma_fence_lock_irqsave(fence, flags);
	/* There is no accessor for the list; it's valid until the fence is signalled. */
	if (!dma_fence_test_signaled_flag(fence)) {
		list_for_each_entry(cb, &fence->cb_list, node) {
			show->more_waiters = show->num_waiters == DFENCE_SHOW_WAITERS_MAX;
			if (show->more_waiters)
				break;
			dfence_cb_describe(cb, &show->waiters[show->num_waiters++]);
		}
	}
	dma_fence_unlock_irqrestore(fence, flags);
}

static void dfence_show_waiter(struct seq_file *m, const struct dfence_waiter *w)
{
	seq_printf(m, "    waits %s", w->kind);
	if (w->pid)
		seq_printf(m, " %s pid %d", w->comm, w->pid);
	if (w->func)
		seq_printf(m, " %ps", w->func);
	if (w->context)
		seq_printf(m, " for context %llu", w->context);
	seq_putc(m, '\n');
}

static void dfence_show_fence(struct dfence_show *show, struct dfence *f)
{
	struct seq_file *m = show->m;
	unsigned int i;

	dfence_show_get_waiters(show, &f->base);
	seq_printf(m, "  fence %llu age_ms %u%s%s\n", f->base.seqno,
		   jiffies_to_msecs(jiffies - f->armed_jiffies),
		   dfence_is_overdue(f) ? " overdue" : "",
		   dma_fence_test_signaled_flag(&f->base) ? " signalled" : "");
	dfence_stack_show(m, f->stack);
	for (i = 0; i < show->num_waiters; i++)
		dfence_show_waiter(m, &show->waiters[i]);
	if (show->more_waiters)
		seq_puts(m, "    ...\n");
}

/* The line of the timeline, and references to its fences. */
static void dfence_show_get_fences(struct dfence_show *show, struct dfence_ctx *ctx)
{
	struct seq_file *m = show->m;
	u64 last, hw;
	unsigned int live, back, overdue;
	bool quiet, closed;
	struct dfence *f;

	show->num_fences = 0;
	show->more_fences = false;
	scoped_guard(spinlock_irqsave, &ctx->lock) {
		last = ctx->next_seqno - 1;
		live = ctx->nr_live;
		hw = ctx->hw_seqno;
		back = ctx->nr_back;
		overdue = ctx->nr_overdue;
		quiet = ctx->quiet;
		closed = ctx->closed;
		list_for_each_entry(f, &ctx->live, node) {
			show->more_fences = show->num_fences == DFENCE_SHOW_MAX;
			if (show->more_fences)
				break;
			/* It's live, so the issuer's reference is there. */
			show->fences[show->num_fences++] = dfence_get(f);
		}
	}
	seq_printf(m, "context %llu driver %s timeline %s last %llu live %u", ctx->id,
		   ctx->driver_name, ctx->timeline_name, last, live);
	if (hw)
		seq_printf(m, " hw %llu", hw);
	if (back)
		seq_printf(m, " back %u", back);
	if (overdue)
		seq_printf(m, " overdue %u", overdue);
	seq_printf(m, "%s%s\n", quiet ? " quiet" : "", closed ? " closed" : "");
}

static void dfence_show_ctx(struct dfence_ctx *ctx, void *data)
{
	struct dfence_show *show = data;
	unsigned int i;

	/* It will be asked for anew, with more room: don't disturb the others for nothing. */
	if (seq_has_overflowed(show->m))
		return;

	dfence_show_get_fences(show, ctx);
	for (i = 0; i < show->num_fences; i++) {
		dfence_show_fence(show, show->fences[i]);
		dfence_put(show->fences[i]);
	}
	if (show->more_fences)
		seq_puts(show->m, "  ...\n");
}

/**
 * dfence_show_all() - list all timelines, their live fences and who waits for them
 * @m: where to
 *
 * Context: Process context. Takes each timeline's and each fence's lock in turn.
 * Return: 0 or -ENOMEM.
 */
int dfence_show_all(struct seq_file *m)
{
	struct dfence_show *show __free(kfree) = kzalloc_obj(*show);

	if (!show)
		return -ENOMEM;
	show->m = m;
	dfence_ctx_for_each(dfence_show_ctx, show);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(dfence_show_all);
