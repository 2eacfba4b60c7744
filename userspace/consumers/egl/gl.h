/* SPDX-License-Identifier: MIT */
/* As much of EGL and OpenGL ES as it takes to draw from and into other drivers' buffers. */
#ifndef CONSUMERS_GL_H
#define CONSUMERS_GL_H

#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <GLES3/gl3.h>
#include <GLES2/gl2ext.h>

/** GL_PIXEL_BYTES - bytes of a pixel: R, G, B, A in memory */
#define GL_PIXEL_BYTES	4

/**
 * struct gl - a display without a screen, and a context
 * @dpy: display
 * @context: for one thread at a time, see gl_begin()
 * @sampler: program that draws what it samples from texture 0
 * @painter: program that draws a picture of its own, see gl_painted()
 * @create_image: eglCreateImageKHR, which libraries don't export; so are the rest
 */
struct gl {
	EGLDisplay dpy;
	EGLContext context;
	GLuint sampler;
	GLuint painter;
	PFNEGLCREATEIMAGEKHRPROC create_image;
	PFNEGLDESTROYIMAGEKHRPROC destroy_image;
	PFNEGLCREATESYNCKHRPROC create_sync;
	PFNEGLDESTROYSYNCKHRPROC destroy_sync;
	PFNEGLCLIENTWAITSYNCKHRPROC client_wait;
	PFNEGLWAITSYNCKHRPROC server_wait;
	PFNEGLDUPNATIVEFENCEFDANDROIDPROC dup_fence;
	PFNGLEGLIMAGETARGETTEXTURE2DOESPROC image_texture;
};

/**
 * gl_open() - open Mesa's software device, or a GPU
 * @gl: filled in
 * @node: render node of the GPU; NULL: the software device
 *
 * Return: NULL, or why it can't be used.
 */
const char *gl_open(struct gl *gl, const char *node);
void gl_close(struct gl *gl);

/** gl_begin() - the context is this thread's from here on; whether that worked */
EGLBoolean gl_begin(struct gl *gl);

/** gl_end() - until here */
void gl_end(struct gl *gl);

/** gl_name() - what draws; inside of gl_begin() */
const char *gl_name(void);

/** gl_program() - a program that draws one triangle over all, by a shader; or 0 */
GLuint gl_program(const char *fragment);

/** gl_import_fence() - an EGLSync with a duplicate of @sync_file; or EGL_NO_SYNC_KHR */
EGLSyncKHR gl_import_fence(struct gl *gl, int sync_file);

/** gl_export_fence() - a sync_file for all that was drawn up to now, or -1 */
int gl_export_fence(struct gl *gl);

/** gl_import_texture() - a texture in @dmabuf, rows @pitch bytes apart; or 0 */
GLuint gl_import_texture(struct gl *gl, int dmabuf, int width, int height, int pitch);

/** gl_draw_texture() - draw @texture into the framebuffer that is bound */
void gl_draw_texture(struct gl *gl, GLuint texture, int width, int height);

/** gl_draw_picture() - draw a picture into @texture, which was imported */
GLenum gl_draw_picture(struct gl *gl, GLuint texture, int width, int height);

/** gl_painted() - byte @i of that picture, with rows of @width pixels */
uint8_t gl_painted(uint32_t i, int width);

#endif /* CONSUMERS_GL_H */
