/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BOUND_BOUND_SLEEPER_H_
#define _BOUND_BOUND_SLEEPER_H_

#include <bound/bound_gate.h>
#include <linux/list.h>
#include <linux/wait.h>

/**
 * struct bound_sleeper - somebody who sleeps inside a section
 *
 * Registered, the sleeper is woken when the gate begins to close, so that
 * unbind doesn't wait for an event that no longer comes. On the stack of the
 * sleeper; members are private.
 */
struct bound_sleeper {
	/* private: */
	/* bound_gate.sleepers, under bound_gate.lock */
	struct list_head node;
	struct bound_gate *gate;
	/* exactly one of the two */
	wait_queue_head_t *wq;
	void (*wake)(struct bound_sleeper *sleeper);
};

void bound_sleeper_add(const struct bound_token *tok, struct bound_sleeper *sleeper,
		       wait_queue_head_t *wq);
void bound_sleeper_add_fn(const struct bound_token *tok, struct bound_sleeper *sleeper,
			  void (*wake)(struct bound_sleeper *sleeper));
void bound_sleeper_del(struct bound_sleeper *sleeper);

/**
 * bound_wait_event_interruptible_timeout() - wait inside a section, but not past the closing
 * @tok: the section's token, &struct bound_token *
 * @wq_head: the wait queue head (the object, not a pointer)
 * @cond: C expression to wait for
 * @timeout_jiffies: at most that long
 *
 * Context: Process context, inside a section. Sleeps.
 * Return: the jiffies that were left, at least 1, when @cond came true (also if
 * the gate is closing); -ENODEV when the gate is closing; -ERESTARTSYS on a
 * signal; 0 after @timeout_jiffies.
 */
#define bound_wait_event_interruptible_timeout(tok, wq_head, cond, timeout_jiffies)		\
({												\
	const struct bound_token *__bound_tok = (tok);						\
	wait_queue_head_t *__bound_wq = &(wq_head);						\
	struct bound_sleeper __bound_sleeper;							\
	bool __bound_event = false;								\
	long __bound_left;									\
												\
	bound_sleeper_add(__bound_tok, &__bound_sleeper, __bound_wq);				\
	__bound_left = wait_event_interruptible_timeout(					\
		*__bound_wq, (__bound_event = (cond)) || bound_closing(__bound_tok),		\
		timeout_jiffies);								\
	bound_sleeper_del(&__bound_sleeper);							\
	__bound_left > 0 && !__bound_event ? -ENODEV : __bound_left;				\
})

/**
 * bound_wait_event_timeout() - the same, without being woken by signals
 * @tok: the section's token, &struct bound_token *
 * @wq_head: the wait queue head (the object, not a pointer)
 * @cond: C expression to wait for
 * @timeout_jiffies: at most that long
 *
 * Context: Process context, inside a section. Sleeps.
 * Return: the jiffies that were left, at least 1, when @cond came true (also if
 * the gate is closing); -ENODEV when the gate is closing; 0 after
 * @timeout_jiffies.
 */
#define bound_wait_event_timeout(tok, wq_head, cond, timeout_jiffies)				\
({												\
	const struct bound_token *__bound_tok = (tok);						\
	wait_queue_head_t *__bound_wq = &(wq_head);						\
	struct bound_sleeper __bound_sleeper;							\
	bool __bound_event = false;								\
	long __bound_left;									\
												\
	bound_sleeper_add(__bound_tok, &__bound_sleeper, __bound_wq);				\
	__bound_left = wait_event_timeout(							\
		*__bound_wq, (__bound_event = (cond)) || bound_closing(__bound_tok),		\
		timeout_jiffies);								\
	bound_sleeper_del(&__bound_sleeper);							\
	__bound_left > 0 && !__bound_event ? -ENODEV : __bound_left;				\
})

#endif /* _BOUND_BOUND_SLEEPER_H_ */
