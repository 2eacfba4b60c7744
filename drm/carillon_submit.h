/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Submitting jobs.
 */
#ifndef _CARILLON_SUBMIT_H
#define _CARILLON_SUBMIT_H

struct bound_token;
struct carillon_file;

int carillon_submit_ioctl(const struct bound_token *tok, struct carillon_file *cfile, void *data);

#endif
