/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An array of issuer handles: fences that wait for an answer, by index.
 */
#ifndef _DFENCE_DFENCE_XA_H
#define _DFENCE_DFENCE_XA_H

#include <linux/compiler_attributes.h>
#include <linux/types.h>
#include <linux/xarray.h>

struct dfence;

/**
 * struct dfence_xa - armed fences by index
 *
 * Caller's memory. The members belong to the library.
 */
struct dfence_xa {
	/** @xa: &struct dfence, each with a reference; its lock is IRQ-safe. */
	struct xarray xa;
};

void dfence_xa_init(struct dfence_xa *xa);
unsigned int dfence_xa_destroy(struct dfence_xa *xa);

int dfence_xa_insert(struct dfence_xa *xa, unsigned long index, struct dfence *f,
		     gfp_t gfp) __must_check;
int dfence_xa_reserve(struct dfence_xa *xa, unsigned long index, gfp_t gfp) __must_check;
void dfence_xa_unreserve(struct dfence_xa *xa, unsigned long index);
int dfence_xa_fill(struct dfence_xa *xa, unsigned long index, struct dfence *f) __must_check;

struct dfence *dfence_xa_take(struct dfence_xa *xa, unsigned long index) __must_check;
bool dfence_xa_signal(struct dfence_xa *xa, unsigned long index, int error);

struct dfence *dfence_xa_borrow(struct dfence_xa *xa, unsigned long index);
struct dfence *dfence_xa_get(struct dfence_xa *xa, unsigned long index) __must_check;

#endif
