/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BOUND_BOUND_GATE_H_
#define _BOUND_BOUND_GATE_H_

#include <linux/cleanup.h>
#include <linux/compiler.h>
#include <linux/completion.h>
#include <linux/errno.h>
#include <linux/instruction_pointer.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/srcu.h>
#include <linux/types.h>
#include <linux/workqueue_types.h>

struct bound_gate;
struct bound_reader;
struct device;
struct task_struct;

/**
 * struct bound_gate - what stands between a device's resources and their users
 *
 * One per binding of a driver to a device. Read DOC: Overview in
 * devres/bound_gate.c first. The struct is visible only so that bound_enter()
 * can be inline; drivers touch none of its members.
 *
 * Locking codes: I - set at creation, never changes; L - @lock;
 * W - written under @lock, read with READ_ONCE() anywhere.
 */
struct bound_gate {
	/* private: */
	/* readers' cache line: I, but for closed: W, set once, under SRCU */
	struct device *dev;
	struct bound_gate *parent;
	struct bound_reader *readers;
	bool closed;
	struct srcu_struct srcu;

	/* W: the mappings are gone */
	bool revoked;
	/* set once the readers have left, those of the gates below included */
	bool quiet;
	/* protects what is marked L; taken with IRQs off; leaf but for wait queue heads */
	spinlock_t lock;
	/* L: bound_gate.sibling of the children that aren't revoked yet */
	struct list_head children;
	/* L of @parent: empty when not on its list */
	struct list_head sibling;
	/* L: bound_sleeper.node */
	struct list_head sleepers;
	/* protects promises; leaf, raw for interrupts that are never threads and prove theirs */
	raw_spinlock_t promises_lock;
	/* bound_promise.node, of this gate and those below; empty unless it's the topmost */
	struct list_head promises;
	/* L: bound_aux.node, the newest first */
	struct list_head auxes;
	/* L: bound_window.node, a reference each: the windows that aren't revoked yet */
	struct list_head windows;
	/* maps_lock: bound_map.node, the newest first */
	struct list_head maps;
	/* serialises mapping and revoking; may be held while ioremap() sleeps */
	struct mutex maps_lock;
	/* done for good once the last reader from before the closing has left */
	struct completion drained;
	struct work_struct drain_work;
	/* readers that found no slot in @readers, for the report */
	atomic_t untracked;
	/* how often closing has complained about readers that don't leave */
	atomic_t reports;
	struct kref ref;
	struct work_struct free_work;
#ifdef CONFIG_PROVE_LOCKING
	/* sections, as lockdep sees them; SRCU's own map doesn't record what is taken inside */
	struct lockdep_map section_map;
#endif
};

/**
 * struct bound_token - the proof that a device is bound, for one scope
 *
 * Lives on the stack of whoever called bound_enter() or bound_assume() and goes
 * no further: it isn't stored, nor handed to another task. Kernels with
 * CONFIG_PROVE_LOCKING check that on each access.
 *
 * Members are private; ask bound_ok() and bound_closing().
 */
struct bound_token {
	/* private: */
	/* NULL: refused, or left */
	struct bound_gate *gate;
	/* only if @entered */
	struct srcu_ctr __percpu *scp;
	/* slot in gate->readers; NULL when readers aren't tracked */
	struct bound_reader *reader;
#ifdef CONFIG_PROVE_LOCKING
	struct task_struct *task;
#endif
	/* @gate isn't NULL: the compiler knows this one on each path, and so needs no test */
	bool good;
	/* by bound_enter(), not bound_assume(): there is a section to leave */
	bool entered;
};

struct bound_gate * __must_check bound_gate_create(struct device *dev,
						   struct bound_gate *parent);
void bound_gate_close(struct bound_gate *gate);
struct bound_gate *bound_gate_get(struct bound_gate *gate);
void bound_gate_put(struct bound_gate *gate);
struct device *bound_gate_dev(const struct bound_gate *gate);

DEFINE_FREE(bound_gate_put, struct bound_gate *, bound_gate_put(_T))

/* Out-of-line halves of the inline functions below; not for drivers. */
struct bound_reader *__bound_reader_add(struct bound_gate *gate, unsigned long ip);
void __bound_reader_del(struct bound_gate *gate, struct bound_reader *reader);
void __bound_assume_wrong(const struct bound_gate *gate, const struct device *dev);
void __bound_assume_prove(struct bound_gate *gate);
void __bound_token_check(const struct bound_token *tok, const struct bound_gate *gate);

/**
 * bound_gate_closed() - whether a gate has been closed
 * @gate: the gate
 *
 * A hint for code that holds no token: false may be out of date by the time it
 * is looked at. bound_enter() is what decides.
 *
 * Context: Any.
 * Return: true once closing has begun.
 */
static inline bool bound_gate_closed(const struct bound_gate *gate)
{
	return READ_ONCE(gate->closed);
}

/**
 * bound_enter() - enter a section in which a gate's device stays bound
 * @gate: the gate; the caller has a reference
 * @tok: filled in; on the caller's stack
 *
 * Once per entry point: an ioctl, a work item, a fault handler. Until
 * bound_exit() unbinding the device waits, so everything reached with @tok
 * can't fail for the reason that the device has gone. Sections nest, also of
 * the same gate; a nested one can be refused while the outer one is still good.
 *
 * A section may sleep, but unbind waits for it: a long sleep is one with a
 * &struct bound_sleeper. User memory isn't touched inside, nor is mmap_lock taken:
 * a page can belong to a userfaultfd or a FUSE file, whose owner lets unbind wait
 * for as long as he likes. Copy in before, copy out after; lockdep reports who
 * doesn't. Don't unbind the device, nor close its gate, from inside: that waits
 * for itself.
 *
 * Context: Any but NMI. Leave it in the same context, by the same task.
 * Return: 0, or -ENODEV when the gate is closed; then there is nothing to exit
 * (calling bound_exit() is harmless).
 */
static __always_inline int __must_check bound_enter(struct bound_gate *gate,
						    struct bound_token *tok)
{
	struct srcu_ctr __percpu *scp = srcu_read_lock_fast(&gate->srcu);

	/* Pairs with the grace period that bound_gate_close() waits for. */
	if (unlikely(READ_ONCE(gate->closed))) {
		srcu_read_unlock_fast(&gate->srcu, scp);
		*tok = (struct bound_token){ };
		return -ENODEV;
	}

	*tok = (struct bound_token){
		.gate = gate,
		.scp = scp,
		.good = true,
		.entered = true,
#ifdef CONFIG_PROVE_LOCKING
		.task = current,
#endif
	};
	if (unlikely(gate->readers))
		tok->reader = __bound_reader_add(gate, _THIS_IP_);
#ifdef CONFIG_PROVE_LOCKING
	/* As a try: whatever the caller holds, entering waits for nobody. */
	lock_acquire(&gate->section_map, 0, 1, 2, 1, NULL, _THIS_IP_);
#endif
	return 0;
}

/**
 * bound_exit() - leave the section that a token stands for
 * @tok: from bound_enter() or bound_assume(); dead afterwards
 *
 * Does nothing to a token that was refused, that was already left, or that came
 * from bound_assume().
 *
 * Context: That of bound_enter().
 */
static __always_inline void bound_exit(struct bound_token *tok)
{
	struct bound_gate *gate = tok->gate;
	bool good = tok->good;

	tok->gate = NULL;
	tok->good = false;
	if (!good || !tok->entered)
		return;
#ifdef CONFIG_PROVE_LOCKING
	lock_release(&gate->section_map, _THIS_IP_);
#endif
	if (unlikely(tok->reader))
		__bound_reader_del(gate, tok->reader);
	srcu_read_unlock_fast(&gate->srcu, tok->scp);
}

/**
 * bound_assume() - a token for code that unbind waits for anyway
 * @gate: the gate
 * @dev: the device that the caller was called for, which is bound
 * @tok: filled in; on the caller's stack
 *
 * The free way in, for probe and remove, and for the interrupts, works and threads that
 * the driver stops before its device is unbound. It also works after bound_gate_close() in
 * remove, until devres takes the mappings away: that is how a driver quiesces its hardware.
 *
 * It costs one pointer comparison, which catches a @dev that isn't the gate's.
 * Kernels with CONFIG_PROVE_LOCKING want the proof too and warn without it: the
 * device's lock is held, or the interrupt being handled, or the running work item
 * or task, has a &struct bound_promise with the gate or one below it. An irq_work or a timer
 * can't have one: nothing tells which of them runs. They use bound_enter().
 *
 * Context: Any but NMI.
 * Return: 0, or -EINVAL with a warning when @gate isn't @dev's.
 */
static __always_inline int __must_check bound_assume(struct bound_gate *gate,
						     const struct device *dev,
						     struct bound_token *tok)
{
	if (unlikely(gate->dev != dev)) {
		__bound_assume_wrong(gate, dev);
		*tok = (struct bound_token){ };
		return -EINVAL;
	}
	if (IS_ENABLED(CONFIG_PROVE_LOCKING))
		__bound_assume_prove(gate);

	*tok = (struct bound_token){
		.gate = gate,
		.good = true,
#ifdef CONFIG_PROVE_LOCKING
		.task = current,
#endif
	};
	return 0;
}

/**
 * bound_ok() - whether a token is good
 * @tok: from bound_enter() or bound_assume()
 *
 * Context: Any.
 * Return: false when the token was refused or has been left.
 */
static inline bool bound_ok(const struct bound_token *tok)
{
	return tok->good;
}

/**
 * bound_closing() - whether somebody waits for this section to end
 * @tok: a good token
 *
 * For loops and waits inside a section. The device stays bound until the token
 * is left, whatever this says.
 *
 * Context: Any.
 * Return: true once the token's gate is being closed.
 */
static inline bool bound_closing(const struct bound_token *tok)
{
	return READ_ONCE(tok->gate->closed);
}

/*
 * Scopes. With ACQUIRE() the token has a name of the caller's choice and is
 * left at the end of the block:
 *
 *	ACQUIRE(bound, tok)(gate);
 *	ret = ACQUIRE_ERR(bound, &tok);
 *	if (ret)
 *		return ret;
 *	val = bound_bar_read32(&tok, bar, REG_STATUS);
 *
 * With scoped_cond_guard() the token is called scope:
 *
 *	scoped_cond_guard(bound, return -ENODEV, gate)
 *		bound_bar_write32(&scope, bar, REG_DOORBELL, 1);
 *
 * The class bound_assumed is the same for bound_assume(), with (gate, dev).
 */
static __always_inline struct bound_token __bound_enter_token(struct bound_gate *gate)
{
	struct bound_token tok;

	/* A refused token says so itself, in gate. */
	(void)!bound_enter(gate, &tok);
	return tok;
}

static __always_inline struct bound_token __bound_assume_token(struct bound_gate *gate,
							       const struct device *dev)
{
	struct bound_token tok;

	(void)!bound_assume(gate, dev, &tok);
	return tok;
}

DEFINE_CLASS(bound, struct bound_token, bound_exit(&_T), __bound_enter_token(gate),
	     struct bound_gate *gate)
__DEFINE_CLASS_IS_CONDITIONAL(bound, true);

static __always_inline void *class_bound_lock_ptr(class_bound_t *tok)
{
	return tok->gate;
}

static __always_inline int class_bound_lock_err(class_bound_t *tok)
{
	return tok->good ? 0 : -ENODEV;
}

DEFINE_CLASS(bound_assumed, struct bound_token, bound_exit(&_T), __bound_assume_token(gate, dev),
	     struct bound_gate *gate, const struct device *dev)
__DEFINE_CLASS_IS_CONDITIONAL(bound_assumed, true);

static __always_inline void *class_bound_assumed_lock_ptr(class_bound_assumed_t *tok)
{
	return tok->gate;
}

static __always_inline int class_bound_assumed_lock_err(class_bound_assumed_t *tok)
{
	return tok->good ? 0 : -EINVAL;
}

#endif /* _BOUND_BOUND_GATE_H_ */
