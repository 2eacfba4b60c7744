// SPDX-License-Identifier: MIT
/*
 * The timeline as a drawing: a row for the CPU, then one for each job, queue by
 * queue; time runs to the right. Lengths are in units of the drawing.
 */

#include <cairo-svg.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "picture.h"
#include "timeline.h"

#define WIDTH		1200.0
#define LEFT		262.0	/* where time begins */
#define RIGHT		1110.0	/* where it ends; a run's length is written behind it */
#define TOP		92.0	/* of the first row */
#define ROW		34.0
#define BAR		18.0
#define GAP		16.0	/* between groups of rows */

struct colour {
	double r, g, b;
};

static const struct colour ink = { 0.13, 0.15, 0.19 };
static const struct colour faint = { 0.45, 0.48, 0.54 };
static const struct colour grid = { 0.87, 0.89, 0.92 };
static const struct colour band = { 0.965, 0.972, 0.982 };
static const struct colour cpu = { 0.44, 0.48, 0.55 };
static const struct colour arrow = { 0.60, 0.14, 0.42 };
static const struct colour failed = { 0.80, 0.10, 0.12 };
static const struct colour queues[TIMELINE_QUEUES] = {
	{ 0.06, 0.46, 0.53 },
	{ 0.85, 0.44, 0.11 },
};

struct drawing {
	cairo_t *cr;
	const struct timeline *tl;
	uint64_t origin_ns;
	uint64_t span_ns;
	double rows[TIMELINE_JOBS_MAX];	/* y of the middle of each job's row */
	double cpu_row;
	double bottom;			/* of the last row */
};

static void set(struct drawing *d, struct colour c, double alpha)
{
	cairo_set_source_rgba(d->cr, c.r, c.g, c.b, alpha);
}

static double x_of(const struct drawing *d, uint64_t ns)
{
	if (ns < d->origin_ns)
		return LEFT;
	return LEFT + (RIGHT - LEFT) * (ns - d->origin_ns) / d->span_ns;
}

static void text(struct drawing *d, double x, double y, double size,
		 struct colour c, const char *s)
{
	set(d, c, 1);
	cairo_set_font_size(d->cr, size);
	cairo_move_to(d->cr, x, y);
	cairo_show_text(d->cr, s);
}

static double text_width(struct drawing *d, double size, const char *s)
{
	cairo_text_extents_t extents;

	cairo_set_font_size(d->cr, size);
	cairo_text_extents(d->cr, s, &extents);
	return extents.x_advance;
}

static void bold(struct drawing *d, cairo_font_weight_t weight)
{
	cairo_select_font_face(d->cr, "sans-serif", CAIRO_FONT_SLANT_NORMAL,
			       weight);
}

/* Nothing that happened is drawn thinner than can be seen. */
static void bar(struct drawing *d, double x0, double x1, double y, double height,
		struct colour c, double alpha)
{
	set(d, c, alpha);
	cairo_rectangle(d->cr, x0, y - height / 2, fmax(x1 - x0, 1.5), height);
	cairo_fill(d->cr);
}

static void hatched(struct drawing *d, double x0, double x1, double y,
		    double height, struct colour c)
{
	cairo_save(d->cr);
	cairo_rectangle(d->cr, x0, y - height / 2, fmax(x1 - x0, 1.5), height);
	cairo_clip_preserve(d->cr);
	set(d, c, 0.10);
	cairo_fill(d->cr);
	set(d, c, 0.45);
	cairo_set_line_width(d->cr, 1);
	for (double x = x0 - height; x < x1; x += 6) {
		cairo_move_to(d->cr, x, y + height / 2);
		cairo_line_to(d->cr, x + height, y - height / 2);
	}
	cairo_stroke(d->cr);
	cairo_restore(d->cr);
}

static void diamond(struct drawing *d, double x, double y, struct colour c)
{
	const double r = 5.5;

	cairo_move_to(d->cr, x, y - r);
	cairo_line_to(d->cr, x + r, y);
	cairo_line_to(d->cr, x, y + r);
	cairo_line_to(d->cr, x - r, y);
	cairo_close_path(d->cr);
	set(d, c, 1);
	cairo_fill_preserve(d->cr);
	cairo_set_source_rgb(d->cr, 1, 1, 1);
	cairo_set_line_width(d->cr, 1.2);
	cairo_stroke(d->cr);
}

static void set_rows(struct drawing *d)
{
	double y = TOP + ROW / 2;

	d->cpu_row = y;
	y += ROW + GAP;
	for (unsigned int q = 0; q < TIMELINE_QUEUES; q++) {
		for (unsigned int i = 0; i < d->tl->num_jobs; i++) {
			if (d->tl->jobs[i].queue != q)
				continue;
			d->rows[i] = y;
			y += ROW;
		}
		y += GAP;
	}
	d->bottom = y - ROW / 2 - GAP;
}

static void draw_title(struct drawing *d)
{
	bold(d, CAIRO_FONT_WEIGHT_BOLD);
	text(d, 24, 36, 19, ink, "Jobs and fences");
	bold(d, CAIRO_FONT_WEIGHT_NORMAL);
	text(d, 24, 58, 12.5, faint, d->tl->title);
}

/* 1, 2 or 5 times a power of ten, for 6 to 14 ticks. */
static double tick_step(double span)
{
	double step = pow(10, floor(log10(span / 6)));

	if (span / step >= 30)
		return 5 * step;
	return span / step >= 14 ? 2 * step : step;
}

static void draw_axis(struct drawing *d)
{
	int in_ms = d->span_ns >= 2000000;
	double unit = in_ms ? 1e6 : 1e3, span = d->span_ns / unit;
	double step = tick_step(span);
	char label[32];

	cairo_set_line_width(d->cr, 1);
	for (int i = 0; i * step <= span * 1.0001; i++) {
		double x = x_of(d, d->origin_ns + i * step * unit);

		set(d, grid, 1);
		cairo_move_to(d->cr, x, TOP - 4);
		cairo_line_to(d->cr, x, d->bottom + 8);
		cairo_stroke(d->cr);
		snprintf(label, sizeof(label), "%g", i * step);
		text(d, x - text_width(d, 11.5, label) / 2, d->bottom + 24, 11.5,
		     faint, label);
	}
	text(d, RIGHT + 30, d->bottom + 24, 11.5, faint, in_ms ? "ms" : "\302\265s");
}

static void draw_groups(struct drawing *d)
{
	double y = TOP + ROW + GAP;
	char label[32];

	bar(d, 16, WIDTH - 16, d->cpu_row, ROW, band, 1);
	bold(d, CAIRO_FONT_WEIGHT_BOLD);
	text(d, 24, d->cpu_row + 5, 13.5, cpu, "CPU");
	for (unsigned int q = 0; q < TIMELINE_QUEUES; q++) {
		double top = y;

		for (unsigned int i = 0; i < d->tl->num_jobs; i++)
			y += d->tl->jobs[i].queue == q ? ROW : 0;
		bar(d, 16, WIDTH - 16, (top + y) / 2, y - top, band, 1);
		snprintf(label, sizeof(label), "Queue %s", d->tl->queues[q]);
		text(d, 24, top + ROW / 2 + 5, 13.5, queues[q], label);
		y += GAP;
	}
	bold(d, CAIRO_FONT_WEIGHT_NORMAL);
}

static void draw_cpu(struct drawing *d)
{
	const struct timeline *tl = d->tl;

	text(d, 104, d->cpu_row + 5, 12.5, ink, "submit, then poll()");
	for (unsigned int i = 0; i < tl->num_jobs; i++)
		if (tl->jobs[i].submit_ns)
			bar(d, x_of(d, tl->jobs[i].ioctl_ns),
			    x_of(d, tl->jobs[i].submit_ns), d->cpu_row, BAR,
			    queues[tl->jobs[i].queue], 0.9);
	if (tl->polled_ns)
		bar(d, x_of(d, tl->poll_ns), x_of(d, tl->polled_ns), d->cpu_row,
		    6, cpu, 0.55);
}

static void draw_waits(struct drawing *d, const struct tl_job *job, double y)
{
	struct colour c = queues[job->queue];
	uint64_t own = timeline_ready(d->tl, job);

	if (!job->submit_ns || job->start_ns <= job->ioctl_ns)
		return;
	/* For the fences first, then for its turn. */
	if (own < job->ioctl_ns)
		own = job->ioctl_ns;
	if (own > job->start_ns)
		own = job->start_ns;
	if (own > job->ioctl_ns)
		hatched(d, x_of(d, job->ioctl_ns), x_of(d, own), y, BAR - 6, c);
	bar(d, x_of(d, own), x_of(d, job->start_ns), y, BAR - 6, c, 0.28);
}

static void draw_job(struct drawing *d, unsigned int i)
{
	const struct tl_job *job = &d->tl->jobs[i];
	double y = d->rows[i];

	bold(d, CAIRO_FONT_WEIGHT_BOLD);
	text(d, 104, y - 1, 12.5, ink, job->name);
	bold(d, CAIRO_FONT_WEIGHT_NORMAL);
	text(d, 104, y + 11.5, 9.5, faint, job->what);
	draw_waits(d, job, y);
	if (job->end_ns)
		bar(d, x_of(d, job->start_ns), x_of(d, job->end_ns), y, BAR,
		    job->status < 0 ? failed : queues[job->queue], 1);
}

/* How long it ran, or why not, where the row has ended; arrows pass behind it. */
static void draw_outcome(struct drawing *d, unsigned int i)
{
	const struct tl_job *job = &d->tl->jobs[i];
	struct colour c = job->status < 0 ? failed : faint;
	uint64_t end_ns = job->signal_ns > job->end_ns ? job->signal_ns : job->end_ns;
	double x = x_of(d, end_ns) + 11, y = d->rows[i] + 4;
	char label[64];

	if (!end_ns)
		return;
	if (job->status < 0)
		snprintf(label, sizeof(label), "%s", timeline_status(job->status));
	else
		snprintf(label, sizeof(label), "%.3f ms",
			 job->end_ns > job->start_ns ?
			 (job->end_ns - job->start_ns) / 1e6 : 0.0);
	bar(d, x - 2, x + text_width(d, 10.5, label) + 2, y - 4, 13, band, 0.85);
	text(d, x, y, 10.5, c, label);
}

/* From the fence of one job down or up to the start of another. */
static void draw_arrow(struct drawing *d, unsigned int from, unsigned int to)
{
	const struct tl_job *a = &d->tl->jobs[from], *b = &d->tl->jobs[to];
	double x0, y0, x1, y1, way;

	if (!a->signal_ns || !b->start_ns)
		return;
	x0 = x_of(d, a->signal_ns);
	y0 = d->rows[from];
	x1 = x_of(d, b->start_ns);
	way = d->rows[to] > y0 ? 1 : -1;
	y1 = d->rows[to] - way * (BAR / 2 + 1);
	set(d, arrow, 0.9);
	cairo_set_line_width(d->cr, 1.6);
	cairo_move_to(d->cr, x0, y0);
	cairo_curve_to(d->cr, x0, y0 + way * 26, x1, y1 - way * 34, x1, y1 - way * 7);
	cairo_stroke(d->cr);
	cairo_move_to(d->cr, x1, y1);
	cairo_line_to(d->cr, x1 - 4.5, y1 - way * 9);
	cairo_line_to(d->cr, x1 + 4.5, y1 - way * 9);
	cairo_close_path(d->cr);
	cairo_fill(d->cr);
}

static void draw_fences(struct drawing *d)
{
	const struct timeline *tl = d->tl;

	for (unsigned int i = 0; i < tl->num_jobs; i++)
		for (unsigned int w = 0; w < tl->jobs[i].num_waits; w++)
			draw_arrow(d, tl->jobs[i].waits[w], i);
	for (unsigned int i = 0; i < tl->num_jobs; i++)
		draw_outcome(d, i);
	for (unsigned int i = 0; i < tl->num_jobs; i++)
		if (tl->jobs[i].signal_ns)
			diamond(d, x_of(d, tl->jobs[i].signal_ns), d->rows[i],
				tl->jobs[i].status < 0 ? failed : ink);
}

static void draw_legend(struct drawing *d)
{
	double y = d->bottom + 56, x = 104;

	hatched(d, x, x + 30, y, BAR - 6, faint);
	text(d, x + 38, y + 4, 12, ink, "waits for a sync_file");
	x += 200;
	bar(d, x, x + 30, y, BAR - 6, faint, 0.35);
	text(d, x + 38, y + 4, 12, ink, "waits in its queue");
	x += 184;
	bar(d, x, x + 30, y, BAR, faint, 1);
	text(d, x + 38, y + 4, 12, ink, "runs");
	x += 104;
	diamond(d, x + 6, y, ink);
	text(d, x + 20, y + 4, 12, ink, "fence signals");
	x += 138;
	set(d, arrow, 1);
	cairo_set_line_width(d->cr, 1.6);
	cairo_move_to(d->cr, x, y);
	cairo_line_to(d->cr, x + 24, y);
	cairo_stroke(d->cr);
	cairo_move_to(d->cr, x + 32, y);
	cairo_line_to(d->cr, x + 23, y - 4.5);
	cairo_line_to(d->cr, x + 23, y + 4.5);
	cairo_close_path(d->cr);
	cairo_fill(d->cr);
	text(d, x + 40, y + 4, 12, ink, "sync_file from one queue to the other");
}

static void draw_all(struct drawing *d)
{
	cairo_set_source_rgb(d->cr, 1, 1, 1);
	cairo_paint(d->cr);
	draw_title(d);
	draw_groups(d);
	draw_axis(d);
	draw_cpu(d);
	for (unsigned int i = 0; i < d->tl->num_jobs; i++)
		draw_job(d, i);
	draw_fences(d);
	draw_legend(d);
}

int timeline_write_svg(const struct timeline *tl, const char *path)
{
	struct drawing d = { .tl = tl, .origin_ns = timeline_origin(tl) };
	cairo_surface_t *surface;
	cairo_status_t status;

	d.span_ns = timeline_end(tl) - d.origin_ns;
	if (!d.span_ns)
		d.span_ns = 1;
	set_rows(&d);
	surface = cairo_svg_surface_create(path, WIDTH, d.bottom + 84);
	cairo_svg_surface_set_document_unit(surface, CAIRO_SVG_UNIT_PX);
	d.cr = cairo_create(surface);
	draw_all(&d);
	cairo_destroy(d.cr);
	cairo_surface_finish(surface);
	status = cairo_surface_status(surface);
	cairo_surface_destroy(surface);
	if (status == CAIRO_STATUS_SUCCESS)
		return 0;
	complain("%s: can't be written: %s", path, cairo_status_to_string(status));
	discard_file(path);
	return -EIO;
}
