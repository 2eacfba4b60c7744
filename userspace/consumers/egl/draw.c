// SPDX-License-Identifier: MIT
#include <string.h>
#include <unistd.h>

#include "draw.h"
#include "tap.h"

bool draw_begin(struct ctx *ctx, struct gpu *gpu, struct draw *draw)
{
	memset(draw, 0, sizeof(*draw));
	draw->ctx = ctx;
	draw->fence = -1;
	return EXPECT_EQ(late_create(gpu, SIZE, &draw->late), 0) &&
	       EXPECT_EQ(late_hold(&draw->late), 0);
}

static const char *wait_for_late(struct draw *draw)
{
	struct gl *gl = &draw->ctx->gl;
	EGLSyncKHR sync = gl_import_fence(gl, draw->late.job.fence);
	EGLint ok;

	if (sync == EGL_NO_SYNC_KHR)
		return "our fence can't be imported";
	ok = gl->server_wait(gl->dpy, sync, 0);
	gl->destroy_sync(gl->dpy, sync);
	return ok ? NULL : "eglWaitSyncKHR";
}

static const char *draw_all(struct draw *draw)
{
	struct gl *gl = &draw->ctx->gl;
	const char *problem;
	GLuint texture;

	texture = gl_import_texture(gl, draw->late.buf.dmabuf, WIDTH, HEIGHT, PITCH);
	if (!texture)
		return "our buffer can't be imported";
	problem = draw->gated ? wait_for_late(draw) : NULL;
	if (!problem)
		problem = draw->what(draw, texture);
	if (!problem)
		draw->fence = gl_export_fence(gl);
	glFinish();
	glDeleteTextures(1, &texture);
	return problem;
}

static void run(void *arg)
{
	struct draw *draw = arg;
	struct gl *gl = &draw->ctx->gl;

	if (!gl_begin(gl)) {
		draw->problem = "eglMakeCurrent";
		return;
	}
	draw->problem = draw_all(draw);
	gl_end(gl);
}

bool draw_start(struct draw *draw)
{
	draw->work = work_start(run, draw);
	return EXPECT(draw->work);
}

/* Draws twice; the second time counts. */
static void warm_up(struct ctx *ctx, const char *(*what)(struct draw *draw, GLuint texture))
{
	static struct draw draw;

	for (int i = 0; i < 2; i++) {
		if (draw_begin(ctx, &ctx->gpu, &draw)) {
			draw.what = what;
			if (draw_start(&draw) && work_wait(draw.work, PATIENCE_MS) && i)
				work_watch_longer(&ctx->watch_ms, draw.work);
		}
		draw_end(&draw);
	}
}

void draw_warm_up(struct ctx *ctx)
{
	ctx->watch_ms = 0;
	warm_up(ctx, draw_sampled);
	warm_up(ctx, draw_painted);
	tap_note("who must not go on is watched for %u ms", ctx->watch_ms);
}

void draw_end(struct draw *draw)
{
	if (draw->late.held)
		late_release(&draw->late);
	work_end(draw->work);
	if (draw->problem)
		tap_note("drawing: %s", draw->problem);
	if (draw->fence >= 0)
		close(draw->fence);
	late_destroy(&draw->late);
}

const char *draw_sampled(struct draw *draw, GLuint texture)
{
	GLuint fbo, target;
	const char *problem = NULL;

	glGenTextures(1, &target);
	glBindTexture(GL_TEXTURE_2D, target);
	glTexStorage2D(GL_TEXTURE_2D, 1, GL_RGBA8, WIDTH, HEIGHT);
	glGenFramebuffers(1, &fbo);
	glBindFramebuffer(GL_FRAMEBUFFER, fbo);
	glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, target, 0);
	gl_draw_texture(&draw->ctx->gl, texture, WIDTH, HEIGHT);
	glReadPixels(0, 0, WIDTH, HEIGHT, GL_RGBA, GL_UNSIGNED_BYTE, draw->pixels);
	if (glGetError() != GL_NO_ERROR)
		problem = "an error of OpenGL";
	glBindFramebuffer(GL_FRAMEBUFFER, 0);
	glDeleteFramebuffers(1, &fbo);
	glDeleteTextures(1, &target);
	return problem;
}

const char *draw_painted(struct draw *draw, GLuint texture)
{
	return gl_draw_picture(&draw->ctx->gl, texture, WIDTH, HEIGHT) == GL_NO_ERROR ? NULL :
	       "our buffer can't be drawn into";
}
