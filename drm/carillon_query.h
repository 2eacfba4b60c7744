/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Asking about the device.
 */
#ifndef _CARILLON_QUERY_H
#define _CARILLON_QUERY_H

struct bound_token;
struct carillon_file;

int carillon_query_ioctl(const struct bound_token *tok, struct carillon_file *cfile, void *data);

#endif
