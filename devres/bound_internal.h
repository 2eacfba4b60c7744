/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DEVRES_BOUND_INTERNAL_H_
#define _DEVRES_BOUND_INTERNAL_H_

/* What the files of bound.ko share, and what its test looks at. */

#include <linux/types.h>

struct bound_gate;
struct bound_map;
struct bound_promise;
struct bound_reader;
struct bound_token;
struct device;
struct seq_buf;
struct work_struct;

/* bound_main.c */
void bound_live_inc(void);
void bound_live_dec(void);
void bound_queue_free(struct work_struct *work);

/* bound_gate.c */
struct bound_gate *bound_gate_alloc(struct device *dev, struct bound_gate *parent);
void bound_gate_revoke(struct bound_gate *gate);
bool bound_gate_covers(const struct bound_gate *gate, const struct bound_gate *of);

/* bound_aux.c */
void bound_aux_unbind_all(struct bound_gate *gate);

/* bound_order.c */
int bound_order_add(struct bound_gate *gate);
void bound_order_cancel(struct bound_gate *gate);
void bound_order_exit(void);

/* bound_reader.c */
extern unsigned int bound_report_ms;
struct bound_reader *bound_readers_alloc(void);
void bound_reader_describe(struct bound_gate *gate, struct seq_buf *out);
void bound_reader_show_stacks(struct bound_gate *gate);

/* bound_lockdep.c */
#ifdef CONFIG_PROVE_LOCKING
void bound_lockdep_init(struct bound_gate *gate);
void bound_lockdep_sync(struct bound_gate *gate);
void bound_lockdep_prime(void);
#else
static inline void bound_lockdep_init(struct bound_gate *gate) { }
static inline void bound_lockdep_sync(struct bound_gate *gate) { }
static inline void bound_lockdep_prime(void) { }
#endif

/* bound_promise.c */
bool bound_promise_covers_current(struct bound_gate *gate);
void bound_promise_report_broken(struct bound_gate *gate);

/* bound_map.c */
int bound_map_add(struct bound_map *map, struct bound_gate *gate,
		  int (*make)(struct bound_map *map, void *arg), void *arg);
void bound_map_revoke_all(struct bound_gate *gate);
void bound_map_free_all(struct bound_gate *gate);

/* bound_window.c */
void bound_window_revoke_all(struct bound_gate *gate);

#endif /* _DEVRES_BOUND_INTERNAL_H_ */
