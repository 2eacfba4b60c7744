// SPDX-License-Identifier: GPL-2.0
/*
 * The tracepoints of jobq.ko.
 */
#ifndef __CHECKER__
#define CREATE_TRACE_POINTS
#include "jobq_trace.h"
#endif
