// SPDX-License-Identifier: MIT
#include <string.h>
#include <unistd.h>

#include "draw.h"
#include "events.h"

#define FEW_ROUNDS	64
#define MAX_ROUNDS	2000000
/* Less is too little to judge by. */
#define ENOUGH_MS	50

/*
 * A sum that nobody can foresee and that changes nothing: it is far smaller than half
 * a step of a colour.
 */
static const char slow[] =
	"#version 300 es\n"
	"precision highp float;\n"
	"uniform int rounds;\n"
	"out vec4 color;\n"
	"void main() {\n"
	"	float v = gl_FragCoord.x * 0.01;\n"
	"	for (int i = 0; i < rounds; i++)\n"
	"		v = sin(v + gl_FragCoord.y);\n"
	"	color = vec4(0.2, 0.4, 0.6, 1.0) + v * 0.0001;\n"
	"}\n";

static const char *wait_for(struct draw *draw)
{
	struct gl *gl = draw->painter->gl;
	EGLSyncKHR sync = gl_import_fence(gl, draw->in_fence);
	EGLint ok;

	if (sync == EGL_NO_SYNC_KHR)
		return "the fence can't be imported";
	ok = gl->server_wait(gl->dpy, sync, 0);
	gl->destroy_sync(gl->dpy, sync);
	return ok ? NULL : "eglWaitSyncKHR";
}

static const char *paint(struct draw *draw)
{
	struct painter *painter = draw->painter;
	const char *problem = NULL;
	GLuint target, fbo;

	glGenTextures(1, &target);
	glBindTexture(GL_TEXTURE_2D, target);
	glTexStorage2D(GL_TEXTURE_2D, 1, GL_RGBA8, DRAW_SIZE, DRAW_SIZE);
	glGenFramebuffers(1, &fbo);
	glBindFramebuffer(GL_FRAMEBUFFER, fbo);
	glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, target, 0);
	if (draw->in_fence != -1)
		problem = wait_for(draw);
	if (!problem) {
		glViewport(0, 0, DRAW_SIZE, DRAW_SIZE);
		glUseProgram(painter->program);
		glUniform1i(glGetUniformLocation(painter->program, "rounds"), draw->rounds);
		glDrawArrays(GL_TRIANGLES, 0, 3);
		draw->fence = gl_export_fence(painter->gl);
	}
	if (draw->finish && !problem)
		glReadPixels(0, 0, 1, 1, GL_RGBA, GL_UNSIGNED_BYTE, draw->pixel);
	if (!problem && draw->fence < 0)
		problem = "no fence for what was drawn";
	if (!problem && glGetError() != GL_NO_ERROR)
		problem = "glGetError";
	glDeleteFramebuffers(1, &fbo);
	glDeleteTextures(1, &target);
	return problem;
}

void draw_run(void *arg)
{
	struct draw *draw = arg;

	draw->fence = -1;
	draw->begin_ns = now_ns();
	if (gl_begin(draw->painter->gl)) {
		draw->problem = paint(draw);
		gl_end(draw->painter->gl);
	} else {
		draw->problem = "eglMakeCurrent";
	}
	draw->end_ns = now_ns();
}

/* How long a finished picture of so many rounds takes; 0: it failed. */
static uint64_t try_ns(struct painter *painter, GLint rounds)
{
	struct draw draw = {
		.painter = painter, .in_fence = -1, .rounds = rounds, .finish = 1,
	};

	draw_run(&draw);
	if (draw.fence >= 0)
		close(draw.fence);
	return draw.problem ? 0 : draw.end_ns - draw.begin_ns;
}

const char *painter_create(struct painter *painter, struct gl *gl)
{
	uint64_t none_ns, ns;

	memset(painter, 0, sizeof(*painter));
	painter->gl = gl;
	if (!gl_begin(gl))
		return "eglMakeCurrent";
	painter->program = gl_program(slow);
	gl_end(gl);
	if (!painter->program)
		return "a shader doesn't compile";
	/* The first one has things to set up. */
	if (!try_ns(painter, 1))
		return "nothing can be drawn";
	none_ns = try_ns(painter, 1);
	for (GLint rounds = FEW_ROUNDS; rounds < MAX_ROUNDS; rounds *= 4) {
		ns = try_ns(painter, rounds);
		if (!ns)
			return "nothing can be drawn";
		if (ns > none_ns + ENOUGH_MS * 1000000ull) {
			painter->rounds = (GLint)(rounds * (DRAW_LONG_MS * 1e6 / (ns - none_ns)));
			return NULL;
		}
	}
	return "drawing takes no time";
}
