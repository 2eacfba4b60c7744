// SPDX-License-Identifier: MIT
/*
 * A picture for those who bring none: five bells before an evening sky. It has
 * what the jobs show off: smooth gradients, sharp edges, fine rings and dots.
 * y runs from 0 at the top to 1 at the bottom, x from 0 to the aspect ratio.
 */

#include <math.h>

#include "picture.h"

struct rgb {
	double r, g, b;
};

struct scene {
	double aspect;
	double pixel;		/* size of a sample */
};

static const struct rgb gold = { 0.95, 0.72, 0.30 };

static struct rgb mix(struct rgb a, struct rgb b, double t)
{
	t = fmin(fmax(t, 0), 1);
	return (struct rgb){
		a.r + (b.r - a.r) * t,
		a.g + (b.g - a.g) * t,
		a.b + (b.b - a.b) * t,
	};
}

static struct rgb scale(struct rgb a, double t)
{
	return (struct rgb){ a.r * t, a.g * t, a.b * t };
}

/* Like hypot(), which takes care of ranges that don't occur here. */
static double distance(double x, double y)
{
	return sqrt(x * x + y * y);
}

/* A number from 0 to 1 that looks random, for a cell of a grid. */
static double hash(int x, int y, int salt)
{
	uint32_t h = x * 374761393u + y * 668265263u + salt * 2246822519u;

	h = (h ^ (h >> 13)) * 1274126177u;
	return ((h ^ (h >> 16)) & 0xffff) / 65535.0;
}

static struct rgb sky(double y)
{
	static const struct { double y; struct rgb c; } stops[] = {
		{ 0.00, { 0.04, 0.05, 0.17 } },
		{ 0.35, { 0.17, 0.13, 0.36 } },
		{ 0.60, { 0.52, 0.24, 0.44 } },
		{ 0.76, { 0.93, 0.47, 0.36 } },
		{ 0.88, { 0.99, 0.77, 0.45 } },
	};
	int i = 1;

	while (i < 4 && y > stops[i].y)
		i++;
	return mix(stops[i - 1].c, stops[i].c,
		   (y - stops[i - 1].y) / (stops[i].y - stops[i - 1].y));
}

static struct rgb stars(struct rgb c, double x, double y)
{
	int cx = x * 34, cy = y * 34;
	double dx, dy, size;

	if (y > 0.6 || hash(cx, cy, 1) < 0.72)
		return c;
	dx = x * 34 - cx - 0.2 - 0.6 * hash(cx, cy, 2);
	dy = y * 34 - cy - 0.2 - 0.6 * hash(cx, cy, 3);
	size = 0.03 + 0.05 * hash(cx, cy, 4);
	return mix(c, (struct rgb){ 1, 0.97, 0.88 },
		   fmax(0, 1 - distance(dx, dy) / size) * 2 * (1 - y / 0.6));
}

static struct rgb moon(struct rgb c, double x, double y, const struct scene *s)
{
	double dx = x - 0.885 * s->aspect, dy = y - 0.25, d = distance(dx, dy);
	static const struct rgb light = { 1.0, 0.93, 0.78 };

	if (d > 0.7)
		return c;
	c = mix(c, light, 0.35 * exp(-d * 9));
	if (d < 0.075 && distance(dx - 0.031, dy + 0.018) > 0.066)
		c = light;
	return c;
}

/* Sound goes out from the largest bell. */
static struct rgb rings(struct rgb c, double x, double y, const struct scene *s)
{
	double d = distance(x - 0.147 * s->aspect, y - 0.38);
	double wave = d / 0.055, off = fabs(wave - (int)(wave + 0.5));

	if (d < 0.20 || off > 0.072)
		return c;
	return mix(c, gold, 0.55 * exp(-(d - 0.2) * 1.7));
}

static struct rgb hills(struct rgb c, double x, double y)
{
	double far, near;

	if (y < 0.74)
		return c;
	far = 0.80 + 0.035 * sin(x * 4.1 + 0.6) + 0.015 * sin(x * 9.7);
	near = 0.89 + 0.030 * sin(x * 3.0 + 2.4) + 0.012 * sin(x * 13 + 1);
	if (y > far)
		c = mix((struct rgb){ 0.30, 0.15, 0.34 },
			(struct rgb){ 0.56, 0.26, 0.40 }, (y - far) * 8);
	if (y > near)
		c = mix((struct rgb){ 0.07, 0.05, 0.15 },
			(struct rgb){ 0.15, 0.09, 0.22 }, (y - near) * 9);
	return c;
}

/* Half the width of a bell at a height from 0, its top, to 1, its lip. */
static double profile(double t)
{
	double r = 0.50 + 0.12 * t + 0.38 * t * t * t * t * t;
	double up = 1 - t / 0.22;

	if (up > 0)
		r *= sqrt(fmax(0, 1 - up * up));
	return r * 0.52;
}

static struct rgb bell(struct rgb c, double x, double y, double cx, double top,
		       double size)
{
	static const struct rgb dark = { 0.30, 0.14, 0.06 };
	double t = (y - top) / size, dx = (x - cx) / size, half, n, light;

	/* None of it is that far away. */
	if (fabs(dx) > 0.6 || t > 1.2)
		return c;
	/* Hanger and clapper first: the bell covers part of them. */
	if (fabs(dx) < 0.05 && y > 0.13 && t < 0.1)
		c = dark;
	if (distance(dx, t - 1.03) < 0.10)
		c = mix(scale(dark, 0.8), gold, 0.3 - 2 * (dx + t - 1.03));
	if (t < 0 || t > 1)
		return c;
	half = profile(t);
	if (fabs(dx) > half)
		return c;
	n = dx / half;
	light = 0.62 - 0.50 * n - 0.25 * n * n;
	c = mix(dark, gold, light);
	c = mix(c, (struct rgb){ 1, 0.97, 0.85 }, 0.85 * exp(-36 * (n + 0.42) * (n + 0.42)));
	/* Turned bands on shoulder and lip. */
	if (fabs(t - 0.30) < 0.015 || fabs(t - 0.78) < 0.012 || t > 0.965)
		c = scale(c, 0.55);
	return c;
}

static struct rgb frame(struct rgb c, double x, double y, const struct scene *s)
{
	static const struct rgb wood = { 0.24, 0.13, 0.10 };
	double from = 0.035 * s->aspect, to = 0.785 * s->aspect;

	if (y > 0.10 && y < 0.15 && x > from && x < to)
		c = scale(wood, y < 0.11 ? 1.7 : 1.0 + 0.15 * sin(x * 160 + 9 * y));
	if (y >= 0.15 && (fabs(x - from - 0.018) < 0.011 || fabs(x - to + 0.018) < 0.011))
		c = scale(wood, 0.75);
	return c;
}

static struct rgb shade(double x, double y, const struct scene *s)
{
	static const struct { double x, size; } bells[] = {
		{ 0.147, 0.295 }, { 0.340, 0.240 }, { 0.496, 0.190 },
		{ 0.621, 0.155 }, { 0.722, 0.120 },
	};
	struct rgb c = sky(y);

	c = stars(c, x, y);
	c = moon(c, x, y, s);
	c = rings(c, x, y, s);
	c = frame(c, x, y, s);
	for (int i = 0; i < 5; i++) {
		/* A narrow picture gets smaller bells. */
		double size = bells[i].size * fmin(1, s->aspect / 1.5);

		c = bell(c, x, y, bells[i].x * s->aspect, 0.21, size);
	}
	return hills(c, x, y);
}

static uint8_t to_byte(double v)
{
	return lrint(fmin(fmax(v / 4, 0), 1) * 255);
}

void picture_generate(struct picture *pic)
{
	struct scene s = {
		.aspect = (double)pic->width / pic->height,
		.pixel = 1.0 / pic->height,
	};
	uint8_t *out = pic->bgr;

	for (uint32_t y = 0; y < pic->height; y++) {
		for (uint32_t x = 0; x < pic->width; x++) {
			struct rgb sum = { 0 };

			/* Four samples a pixel soften the edges. */
			for (int i = 0; i < 4; i++) {
				struct rgb c = shade((x + 0.25 + i % 2 * 0.5) * s.pixel,
						     (y + 0.25 + i / 2 * 0.5) * s.pixel,
						     &s);

				sum = (struct rgb){ sum.r + c.r, sum.g + c.g, sum.b + c.b };
			}
			*out++ = to_byte(sum.b);
			*out++ = to_byte(sum.g);
			*out++ = to_byte(sum.r);
		}
	}
}
