/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Boxes whose content lasts a grace period longer than their owner wants it.
 */
#ifndef _DFENCE_RCUBOX_H
#define _DFENCE_RCUBOX_H

#include <linux/cleanup.h>
#include <linux/compiler_attributes.h>
#include <linux/container_of.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/types.h>
#include <linux/workqueue.h>

void rcubox_queue(struct rcu_work *work);
void rcubox_drain(void);

/*
 * What boxes with and without destructor have in common. The drop function
 * is defined by the macros below.
 */
#define __DEFINE_RCUBOX(name, type)						\
static inline void name##_box_drop(struct name##_box *box);			\
										\
static inline __must_check struct name##_box *name##_box_alloc(gfp_t gfp)	\
{										\
	return kvzalloc(sizeof(struct name##_box), gfp);			\
}										\
										\
static inline struct name##_box *						\
name##_box_swap(struct name##_box __rcu **slot, struct name##_box *new)		\
{										\
	return unrcu_pointer(xchg(slot, RCU_INITIALIZER(new)));			\
}										\
										\
static inline void								\
name##_box_publish(struct name##_box __rcu **slot, struct name##_box *new)	\
{										\
	name##_box_drop(name##_box_swap(slot, new));				\
}										\
										\
static inline type *name##_box_deref(struct name##_box __rcu **slot)		\
{										\
	struct name##_box *box = rcu_dereference(*slot);			\
										\
	return box ? &box->value : NULL;					\
}										\
										\
DEFINE_FREE(name##_box, struct name##_box *, name##_box_drop(_T))

/**
 * DEFINE_RCUBOX_PLAIN() - define a type of box that needs no destructor
 * @name: prefix: the struct is called ``struct name_box``, its functions ``name_box_...``
 * @type: what is in it
 *
 * Defines ``struct name_box`` with a member ``value`` of @type, and ::
 *
 *     struct name_box *name_box_alloc(gfp_t gfp);    zeroed, or NULL
 *     void name_box_drop(struct name_box *box);      consumes; freed after a grace period
 *     struct name_box *name_box_swap(struct name_box __rcu **slot, struct name_box *new);
 *     void name_box_publish(struct name_box __rcu **slot, struct name_box *new);
 *     type *name_box_deref(struct name_box __rcu **slot);
 *     __free(name_box)                               drops at the end of the scope
 *
 * See the overview of RCU boxes for what they do.
 */
#define DEFINE_RCUBOX_PLAIN(name, type)						\
struct name##_box {								\
	struct rcu_head rcu;							\
	type value;								\
};										\
										\
__DEFINE_RCUBOX(name, type)							\
										\
static inline void name##_box_drop(struct name##_box *box)			\
{										\
	kvfree_rcu(box, rcu);							\
}

/**
 * DEFINE_RCUBOX() - define a type of box with a destructor
 * @name: prefix: the struct is called ``struct name_box``, its functions ``name_box_...``
 * @type: what is in it
 * @destroy: ``void destroy(type *value)``, called a grace period after the drop, in
 *	process context: it may sleep. It doesn't free @value itself.
 *
 * As DEFINE_RCUBOX_PLAIN() in all else. A module that uses it calls rcubox_drain()
 * on its way out, so that @destroy is still there when it's called.
 */
#define DEFINE_RCUBOX(name, type, destroy)					\
struct name##_box {								\
	struct rcu_work work;							\
	type value;								\
};										\
										\
__DEFINE_RCUBOX(name, type)							\
										\
static inline void name##_box_destroy_work(struct work_struct *work)		\
{										\
	struct name##_box *box = container_of(to_rcu_work(work), struct name##_box, work); \
	void (*__destroy)(type *value) = destroy;				\
										\
	__destroy(&box->value);							\
	kvfree(box);								\
}										\
										\
static inline void name##_box_drop(struct name##_box *box)			\
{										\
	if (!box)								\
		return;								\
	INIT_RCU_WORK(&box->work, name##_box_destroy_work);			\
	rcubox_queue(&box->work);						\
}

#endif
