/* SPDX-License-Identifier: GPL-2.0 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM jobq

#if !defined(_JOBQ_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _JOBQ_TRACE_H

#include <linux/device.h>
#include <linux/dma-fence.h>
#include <linux/tracepoint.h>

#include <jobq/jobq.h>
#include <jobq/jobq_job.h>
#include <jobq/jobq_orch.h>

#include "jobq_internal.h"

TRACE_DEFINE_ENUM(JOBQ_JOB_NEW);
TRACE_DEFINE_ENUM(JOBQ_JOB_PREPARED);
TRACE_DEFINE_ENUM(JOBQ_JOB_PENDING);
TRACE_DEFINE_ENUM(JOBQ_JOB_RUNNING);
TRACE_DEFINE_ENUM(JOBQ_JOB_DONE);
TRACE_DEFINE_ENUM(JOBQ_JOB_CANCELLED);
TRACE_DEFINE_ENUM(JOBQ_RUNNING);
TRACE_DEFINE_ENUM(JOBQ_STOPPED);
TRACE_DEFINE_ENUM(JOBQ_KILLED);
TRACE_DEFINE_ENUM(JOBQ_DEAD);
TRACE_DEFINE_ENUM(JOBQ_ORCH_IDLE);
TRACE_DEFINE_ENUM(JOBQ_ORCH_WAITING);
TRACE_DEFINE_ENUM(JOBQ_ORCH_BOUND);
TRACE_DEFINE_ENUM(JOBQ_ORCH_DRAINING);

#define jobq_show_job_state(s) __print_symbolic(s,	\
	{ JOBQ_JOB_NEW, "new" },			\
	{ JOBQ_JOB_PREPARED, "prepared" },		\
	{ JOBQ_JOB_PENDING, "pending" },		\
	{ JOBQ_JOB_RUNNING, "running" },		\
	{ JOBQ_JOB_DONE, "done" },			\
	{ JOBQ_JOB_CANCELLED, "cancelled" })

#define jobq_show_state(s) __print_symbolic(s,		\
	{ JOBQ_RUNNING, "running" },			\
	{ JOBQ_STOPPED, "stopped" },			\
	{ JOBQ_KILLED, "killed" },			\
	{ JOBQ_DEAD, "dead" })

#define jobq_show_orch_state(s) __print_symbolic(s,	\
	{ JOBQ_ORCH_IDLE, "idle" },			\
	{ JOBQ_ORCH_WAITING, "waiting" },		\
	{ JOBQ_ORCH_BOUND, "bound" },			\
	{ JOBQ_ORCH_DRAINING, "draining" })

/* The fields of the gpu_scheduler events, with their names and formats. */
DECLARE_EVENT_CLASS(jobq_job,
		    TP_PROTO(struct jobq_job *job),
		    TP_ARGS(job),
		    TP_STRUCT__entry(__string(name, job->q->name)
				     __field(u32, job_count)
				     __field(int, hw_job_count)
				     __string(dev, job->q->dev ? dev_name(job->q->dev) : "")
				     __field(u64, fence_context)
				     __field(u64, fence_seqno)
				     __field(u64, client_id)),
		    TP_fast_assign(__assign_str(name);
				   __entry->job_count = job->q->num_pending;
				   __entry->hw_job_count = job->q->num_running;
				   __assign_str(dev);
				   __entry->fence_context = job->base->context;
				   __entry->fence_seqno = job->base->seqno;
				   __entry->client_id = job->client_id;),
		    TP_printk("dev=%s, fence=%llu:%llu, ring=%s, job count:%u, hw job count:%d, client_id:%llu",
			      __get_str(dev),
			      __entry->fence_context, __entry->fence_seqno, __get_str(name),
			      __entry->job_count, __entry->hw_job_count, __entry->client_id));

DEFINE_EVENT(jobq_job, jobq_job_queue,
	     TP_PROTO(struct jobq_job *job),
	     TP_ARGS(job));

DEFINE_EVENT(jobq_job, jobq_job_run,
	     TP_PROTO(struct jobq_job *job),
	     TP_ARGS(job));

TRACE_EVENT(jobq_job_done,
	    TP_PROTO(struct jobq_job *job),
	    TP_ARGS(job),
	    TP_STRUCT__entry(__field(u64, fence_context)
			     __field(u64, fence_seqno)
			     __field(int, error)),
	    TP_fast_assign(__entry->fence_context = job->base->context;
			   __entry->fence_seqno = job->base->seqno;
			   __entry->error = job->error;),
	    TP_printk("fence=%llu:%llu signaled, error:%d",
		      __entry->fence_context, __entry->fence_seqno, __entry->error));

DECLARE_EVENT_CLASS(jobq_dep,
		    TP_PROTO(struct jobq_job *job, struct dma_fence *fence),
		    TP_ARGS(job, fence),
		    TP_STRUCT__entry(__field(u64, fence_context)
				     __field(u64, fence_seqno)
				     __field(u64, ctx)
				     __field(u64, seqno)),
		    TP_fast_assign(__entry->fence_context = job->base->context;
				   __entry->fence_seqno = job->base->seqno;
				   __entry->ctx = fence->context;
				   __entry->seqno = fence->seqno;),
		    TP_printk("fence=%llu:%llu depends on fence=%llu:%llu",
			      __entry->fence_context, __entry->fence_seqno,
			      __entry->ctx, __entry->seqno));

DEFINE_EVENT(jobq_dep, jobq_job_add_dep,
	     TP_PROTO(struct jobq_job *job, struct dma_fence *fence),
	     TP_ARGS(job, fence));

DEFINE_EVENT_PRINT(jobq_dep, jobq_job_hw_wait,
		   TP_PROTO(struct jobq_job *job, struct dma_fence *fence),
		   TP_ARGS(job, fence),
		   TP_printk("fence=%llu:%llu waits in hardware for fence=%llu:%llu",
			     __entry->fence_context, __entry->fence_seqno,
			     __entry->ctx, __entry->seqno));

TRACE_EVENT(jobq_job_state,
	    TP_PROTO(struct jobq_job *job, enum jobq_job_state to),
	    TP_ARGS(job, to),
	    TP_STRUCT__entry(__string(name, job->q->name)
			     __field(u64, seqno)
			     __field(int, from)
			     __field(int, to)),
	    TP_fast_assign(__assign_str(name);
			   __entry->seqno = job->seqno;
			   __entry->from = job->state;
			   __entry->to = to;),
	    TP_printk("ring=%s, seqno:%llu, %s -> %s", __get_str(name), __entry->seqno,
		      jobq_show_job_state(__entry->from),
		      jobq_show_job_state(__entry->to)));

TRACE_EVENT(jobq_state,
	    TP_PROTO(struct jobq *q, enum jobq_state to),
	    TP_ARGS(q, to),
	    TP_STRUCT__entry(__string(name, q->name)
			     __field(int, from)
			     __field(int, to)
			     __field(int, error)),
	    TP_fast_assign(__assign_str(name);
			   __entry->from = q->state;
			   __entry->to = to;
			   __entry->error = q->error;),
	    TP_printk("ring=%s, %s -> %s, error:%d", __get_str(name),
		      jobq_show_state(__entry->from), jobq_show_state(__entry->to),
		      __entry->error));

TRACE_EVENT(jobq_orch_state,
	    TP_PROTO(struct jobq_orch_member *m, enum jobq_orch_state to),
	    TP_ARGS(m, to),
	    TP_STRUCT__entry(__string(name, m->q->name)
			     __field(int, from)
			     __field(int, to)
			     __field(u32, hw_ring)
			     __field(u64, vruntime)),
	    TP_fast_assign(__assign_str(name);
			   __entry->from = m->state;
			   __entry->to = to;
			   __entry->hw_ring = m->ring;
			   __entry->vruntime = m->vruntime;),
	    TP_printk("ring=%s, %s -> %s, hw_ring:%u, vruntime:%llu", __get_str(name),
		      jobq_show_orch_state(__entry->from),
		      jobq_show_orch_state(__entry->to), __entry->hw_ring,
		      __entry->vruntime));

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE jobq_trace
#include <trace/define_trace.h>
