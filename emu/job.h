/* SPDX-License-Identifier: MIT */
/* A job from its descriptor to its completion record. */
#ifndef EMU_JOB_H
#define EMU_JOB_H

struct engine;
struct ring;

void job_run(struct engine *e, struct ring *r);

#endif /* EMU_JOB_H */
