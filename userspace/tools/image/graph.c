// SPDX-License-Identifier: MIT
/*
 * The graph of jobs. Arrows between the queues are sync_files, along a queue
 * its order is enough:
 *
 *   queue A:  convert ── luma ── relief ──────────── edges ─── sums ── check
 *                │                                   ▲    │             ▲
 *                └──────┐                    ┌───────┘    └───┐     ┌───┘
 *                       ▼                    │                ▼     │
 *   queue B:           blur ─────────────────┴─── blursum ─── compose
 */

#include "graph.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clocks.h"

enum job_id {
	JOB_CONVERT,
	JOB_BLUR,
	JOB_LUMA,
	JOB_RELIEF,
	JOB_EDGES,
	JOB_BLURSUM,
	JOB_SUMS,
	JOB_COMPOSE,
	JOB_CHECK,
	JOB_COUNT,
};

#define CMD_BYTES	4096	/* room for one job's commands */
#define RESULT_BYTES	4096

/* What jobs write besides pixels. */
struct results {
	uint64_t start_ns[JOB_COUNT];	/* device clock */
	uint64_t end_ns[JOB_COUNT];
	uint32_t crc[CRC_COUNT];
};

struct buffer {
	struct carillon_bo *bo;
	void *map;
	uint64_t va;
};

struct graph {
	struct carillon_device *dev;	/* borrowed */
	struct carillon_vm *vm;
	struct carillon_queue *queues[TIMELINE_QUEUES];
	struct plane planes[PLANE_COUNT];
	struct buffer plane_bufs[PLANE_COUNT];
	struct buffer result_buf;
	struct buffer cmd_buf;
	uint32_t cmd_size[JOB_COUNT];	/* bytes */
	int fds[JOB_COUNT];		/* sync_files; -1: none */
	struct timeline timeline;
};

/* The first half of what a timeline knows of a job; times come later. */
static const struct tl_job job_table[JOB_COUNT] = {
	[JOB_CONVERT] = { .name = "convert", .what = "RGB888 to XRGB8888", .queue = 0 },
	[JOB_BLUR] = { .name = "blur", .what = "3x3 binomial, 6 passes", .queue = 1,
		       .num_waits = 1, .waits = { JOB_CONVERT } },
	[JOB_LUMA] = { .name = "luma", .what = "XRGB8888 to R8", .queue = 0 },
	[JOB_RELIEF] = { .name = "relief", .what = "3x3 relief", .queue = 0 },
	[JOB_EDGES] = { .name = "edges", .what = "luma of blur, 3x3 edges", .queue = 0,
			.num_waits = 1, .waits = { JOB_BLUR } },
	[JOB_BLURSUM] = { .name = "blursum", .what = "CRC32C of blur", .queue = 1 },
	[JOB_SUMS] = { .name = "sums", .what = "CRC32C of relief and edges", .queue = 0 },
	[JOB_COMPOSE] = { .name = "compose", .what = "four blits to the sheet", .queue = 1,
			  .num_waits = 1, .waits = { JOB_EDGES } },
	[JOB_CHECK] = { .name = "check", .what = "CRC32C of the sheet", .queue = 0,
			.num_waits = 1, .waits = { JOB_COMPOSE } },
};

static const enum plane_id crc_planes[CRC_COUNT] = {
	[CRC_BLUR] = PLANE_BLUR,
	[CRC_RELIEF] = PLANE_RELIEF,
	[CRC_EDGES] = PLANE_EDGES,
	[CRC_SHEET] = PLANE_SHEET,
};

static struct carillon_surface surface(const struct graph *g, enum plane_id id)
{
	static const uint8_t formats[] = {
		[1] = CRLN_FORMAT_R8,
		[3] = CRLN_FORMAT_RGB888,
		[4] = CRLN_FORMAT_XRGB8888,
	};

	return (struct carillon_surface){
		.va = g->plane_bufs[id].va,
		.pitch = g->planes[id].pitch,
		.format = formats[g->planes[id].pixel_bytes],
	};
}

static void blit(struct graph *g, struct carillon_cmdbuf *cb,
		 enum plane_id dst, enum plane_id src)
{
	struct carillon_surface to = surface(g, dst), from = surface(g, src);

	carillon_cmd_blit(cb, &to, &from, g->planes[src].width,
			  g->planes[src].height);
}

static void convolve(struct graph *g, struct carillon_cmdbuf *cb,
		     enum plane_id dst, enum plane_id src,
		     const struct filter *filter)
{
	struct carillon_surface to = surface(g, dst), from = surface(g, src);
	struct carillon_conv conv = { .shift = filter->shift, .bias = filter->bias };

	memcpy(conv.coeff, filter->coeff, sizeof(conv.coeff));
	carillon_cmd_conv3x3(cb, &to, &from, g->planes[src].width,
			     g->planes[src].height, &conv);
}

static void checksum(struct graph *g, struct carillon_cmdbuf *cb, enum crc_id id)
{
	carillon_cmd_crc32c(cb, g->result_buf.va + offsetof(struct results, crc[id]),
			    g->plane_bufs[crc_planes[id]].va,
			    plane_bytes(&g->planes[crc_planes[id]]), 0);
}

static void write_blur(struct graph *g, struct carillon_cmdbuf *cb)
{
	convolve(g, cb, PLANE_SCRATCH, PLANE_RGB, &filter_blur);
	for (int i = 1; i < BLUR_PASSES; i++)
		convolve(g, cb, i % 2 ? PLANE_BLUR : PLANE_SCRATCH,
			 i % 2 ? PLANE_SCRATCH : PLANE_BLUR, &filter_blur);
}

/* The scratch plane is free after the blur: it takes the luma for a while. */
static void write_edges(struct graph *g, struct carillon_cmdbuf *cb)
{
	uint32_t pixel_bytes = g->planes[PLANE_SCRATCH].pixel_bytes;

	g->planes[PLANE_SCRATCH].pixel_bytes = 1;
	blit(g, cb, PLANE_SCRATCH, PLANE_BLUR);
	convolve(g, cb, PLANE_EDGES, PLANE_SCRATCH, &filter_edges);
	g->planes[PLANE_SCRATCH].pixel_bytes = pixel_bytes;
}

static void write_compose(struct graph *g, struct carillon_cmdbuf *cb)
{
	static const enum plane_id quarters[4] = {
		PLANE_RGB, PLANE_BLUR, PLANE_EDGES, PLANE_RELIEF,
	};
	const struct plane *sheet = &g->planes[PLANE_SHEET];
	uint32_t width = sheet->width / 2, height = sheet->height / 2;

	for (int i = 0; i < 4; i++) {
		struct carillon_surface to = surface(g, PLANE_SHEET);
		struct carillon_surface from = surface(g, quarters[i]);

		to.va += (uint64_t)sheet->pitch * height * (i / 2) +
			 (uint64_t)sheet->pixel_bytes * width * (i % 2);
		carillon_cmd_blit(cb, &to, &from, width, height);
	}
}

static void write_work(struct graph *g, struct carillon_cmdbuf *cb, enum job_id id)
{
	switch (id) {
	case JOB_CONVERT:
		blit(g, cb, PLANE_RGB, PLANE_SOURCE);
		break;
	case JOB_BLUR:
		write_blur(g, cb);
		break;
	case JOB_LUMA:
		blit(g, cb, PLANE_LUMA, PLANE_RGB);
		break;
	case JOB_RELIEF:
		convolve(g, cb, PLANE_RELIEF, PLANE_LUMA, &filter_relief);
		break;
	case JOB_EDGES:
		write_edges(g, cb);
		break;
	case JOB_BLURSUM:
		checksum(g, cb, CRC_BLUR);
		break;
	case JOB_SUMS:
		checksum(g, cb, CRC_RELIEF);
		checksum(g, cb, CRC_EDGES);
		break;
	case JOB_COMPOSE:
		write_compose(g, cb);
		break;
	case JOB_CHECK:
		checksum(g, cb, CRC_SHEET);
		break;
	case JOB_COUNT:
		break;
	}
}

static int write_commands(struct graph *g)
{
	int err = 0;

	for (int id = 0; !err && id < JOB_COUNT; id++) {
		struct carillon_cmdbuf *cb;

		err = carillon_cmdbuf_create((uint8_t *)g->cmd_buf.map + CMD_BYTES * id,
					     CMD_BYTES, &cb);
		if (err)
			break;
		carillon_cmd_timestamp(cb, g->result_buf.va +
				       offsetof(struct results, start_ns[id]));
		write_work(g, cb, id);
		carillon_cmd_timestamp(cb, g->result_buf.va +
				       offsetof(struct results, end_ns[id]));
		err = carillon_cmdbuf_error(cb);
		g->cmd_size[id] = carillon_cmdbuf_size(cb);
		carillon_cmdbuf_destroy(cb);
	}
	if (err)
		complain("commands can't be written: %s", strerror(-err));
	return err;
}

static int create_buffer(struct graph *g, uint64_t size, const char *name,
			 struct buffer *buf)
{
	int err;

	err = carillon_bo_create(g->dev, size, &buf->bo);
	if (!err)
		err = carillon_bo_map(buf->bo, &buf->map);
	if (!err)
		err = carillon_vm_map(g->vm, buf->bo, 0, &buf->va);
	if (err)
		complain("no buffer of %.1f MiB for %s: %s", size / 1048576.0,
			 name, strerror(-err));
	return err;
}

static int create_buffers(struct graph *g)
{
	int err;

	err = create_buffer(g, RESULT_BYTES, "results", &g->result_buf);
	if (!err)
		err = create_buffer(g, CMD_BYTES * JOB_COUNT, "commands",
				    &g->cmd_buf);
	for (int i = 0; !err && i < PLANE_COUNT; i++) {
		struct plane *plane = &g->planes[i];

		err = create_buffer(g, plane_bytes(plane), plane_name(i),
				    &g->plane_bufs[i]);
		plane->data = g->plane_bufs[i].map;
	}
	return err;
}

static int create_queues(struct graph *g)
{
	int err;

	err = carillon_vm_create(g->dev, &g->vm);
	if (err) {
		complain("no address space: %s", strerror(-err));
		return err;
	}
	for (int i = 0; i < TIMELINE_QUEUES; i++) {
		err = carillon_queue_create(g->vm, CARILLON_PRIORITY_DEFAULT, 0,
					    &g->queues[i]);
		if (err) {
			complain("no queue: %s", strerror(-err));
			return err;
		}
	}
	return 0;
}

static void upload(struct graph *g, const struct picture *pic)
{
	const struct plane *source = &g->planes[PLANE_SOURCE];
	size_t row = 3 * (size_t)pic->width;

	for (uint32_t y = 0; y < pic->height; y++)
		memcpy(source->data + (size_t)source->pitch * y,
		       pic->bgr + row * y, row);
}

int graph_create(struct carillon_device *dev, const struct picture *pic,
		 struct graph **ret_graph)
{
	struct graph *g;
	int err;

	_Static_assert(sizeof(struct results) <= RESULT_BYTES, "room for results");
	g = calloc(1, sizeof(*g));
	if (!g)
		return -ENOMEM;
	g->dev = dev;
	planes_layout(g->planes, pic->width, pic->height);
	g->timeline = (struct timeline){ .queues = { "A", "B" }, .num_jobs = JOB_COUNT };
	memcpy(g->timeline.jobs, job_table, sizeof(job_table));
	for (int i = 0; i < JOB_COUNT; i++)
		g->fds[i] = -1;
	err = create_queues(g);
	if (!err)
		err = create_buffers(g);
	if (!err)
		err = write_commands(g);
	if (err) {
		graph_destroy(g);
		return err;
	}
	upload(g, pic);
	*ret_graph = g;
	return 0;
}

void graph_destroy(struct graph *g)
{
	if (!g)
		return;
	for (int i = 0; i < JOB_COUNT; i++)
		if (g->fds[i] >= 0)
			close(g->fds[i]);
	for (int i = 0; i < TIMELINE_QUEUES; i++)
		carillon_queue_destroy(g->queues[i]);
	carillon_vm_destroy(g->vm);
	carillon_bo_destroy(g->result_buf.bo);
	carillon_bo_destroy(g->cmd_buf.bo);
	for (int i = 0; i < PLANE_COUNT; i++)
		carillon_bo_destroy(g->plane_bufs[i].bo);
	free(g);
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

/* A sync_file exists only after its job's submit: one ioctl for each job. */
static int submit_all(struct graph *g, struct carillon_submit *submit)
{
	for (int id = 0; id < JOB_COUNT; id++) {
		struct tl_job *job = &g->timeline.jobs[id];
		int err;

		carillon_submit_job(submit, g->queues[job->queue],
				    g->cmd_buf.va + CMD_BYTES * id,
				    g->cmd_size[id],
				    DRM_CARILLON_JOB_CANCEL_ON_ERROR);
		for (unsigned int i = 0; i < job->num_waits; i++)
			carillon_submit_wait_fd(submit, g->fds[job->waits[i]]);
		carillon_submit_signal_fd(submit, &g->fds[id]);
		job->ioctl_ns = now_ns();
		err = carillon_submit_run(submit);
		if (err) {
			complain("job %s can't be submitted: %s", job->name,
				 strerror(-err));
			return err;
		}
		job->submit_ns = now_ns();
	}
	return 0;
}

/* The check is the last of all: it is behind each other job, by order or by fence. */
static int wait_all(struct graph *g, int64_t timeout_ns)
{
	struct timeline *tl = &g->timeline;
	int err;

	tl->poll_ns = now_ns();
	err = carillon_fence_wait(g->fds[JOB_CHECK], timeout_ns);
	tl->polled_ns = now_ns();
	if (err)
		complain("waiting for the last fence: %s", strerror(-err));
	return err;
}

/* Without both ends of the job in memory it hasn't run. */
static void read_job(struct graph *g, int id, const struct clocks *clocks)
{
	const volatile struct results *results = g->result_buf.map;
	struct tl_job *job = &g->timeline.jobs[id];
	struct carillon_fence_info info;

	if (results->start_ns[id] && results->end_ns[id]) {
		job->start_ns = clocks_to_cpu(clocks, results->start_ns[id]);
		job->end_ns = clocks_to_cpu(clocks, results->end_ns[id]);
	}
	if (g->fds[id] >= 0 && !carillon_fence_info(g->fds[id], &info)) {
		job->status = info.status;
		job->signal_ns = info.signal_ns;
	}
}

/* The first job that isn't done gives the error. */
static int check_jobs(struct graph *g)
{
	int err = 0;

	for (int id = 0; id < JOB_COUNT; id++) {
		const struct tl_job *job = &g->timeline.jobs[id];

		if (job->status > 0 || g->fds[id] < 0)
			continue;
		complain("job %s on queue %s: %s", job->name,
			 g->timeline.queues[job->queue],
			 job->status ? strerror(-job->status) : "has not ended");
		if (!err)
			err = job->status ? job->status : -ETIME;
	}
	return err;
}

int graph_run(struct graph *g, int64_t timeout_ns)
{
	struct carillon_submit *submit = NULL;
	struct clocks clocks = { 0 };
	int err, bad;

	err = carillon_submit_create(g->dev, &submit);
	if (!err)
		err = clocks_read(g->dev, &clocks.before);
	if (err) {
		complain("the device's clock can't be read: %s", strerror(-err));
		carillon_submit_destroy(submit);
		return err;
	}
	err = submit_all(g, submit);
	if (!err)
		err = wait_all(g, timeout_ns);
	carillon_submit_destroy(submit);
	/* If the device is gone now, one reading has to do. */
	if (clocks_read(g->dev, &clocks.after))
		clocks.after = clocks.before;
	for (int id = 0; id < JOB_COUNT; id++)
		read_job(g, id, &clocks);
	bad = check_jobs(g);
	return err ? err : bad;
}

const struct timeline *graph_timeline(const struct graph *g)
{
	return &g->timeline;
}

const struct plane *graph_plane(const struct graph *g, enum plane_id id)
{
	return &g->planes[id];
}

uint32_t graph_crc(const struct graph *g, enum crc_id id)
{
	const struct results *results = g->result_buf.map;

	return results->crc[id];
}

enum plane_id graph_crc_plane(enum crc_id id)
{
	return crc_planes[id];
}
