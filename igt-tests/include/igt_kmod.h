/* SPDX-License-Identifier: MIT */
/* What these tests use of libigt's module helpers; see igt.h. */
#ifndef IGT_KMOD_H
#define IGT_KMOD_H

int igt_kmod_load(const char *mod_name, const char *opts);

#endif /* IGT_KMOD_H */
