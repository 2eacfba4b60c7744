// SPDX-License-Identifier: MIT
/* Fences and buffers of others. */
#include <fcntl.h>
#include <unistd.h>

#include <drm_fourcc.h>

#include "gl.h"

EGLSyncKHR gl_import_fence(struct gl *gl, int sync_file)
{
	const EGLint attribs[] = {
		EGL_SYNC_NATIVE_FENCE_FD_ANDROID, fcntl(sync_file, F_DUPFD_CLOEXEC, 0), EGL_NONE,
	};
	EGLSyncKHR sync = gl->create_sync(gl->dpy, EGL_SYNC_NATIVE_FENCE_ANDROID, attribs);

	/* Success consumes the descriptor. */
	if (sync == EGL_NO_SYNC_KHR)
		close(attribs[1]);
	return sync;
}

int gl_export_fence(struct gl *gl)
{
	EGLSyncKHR sync = gl->create_sync(gl->dpy, EGL_SYNC_NATIVE_FENCE_ANDROID, NULL);
	int fd = -1;

	if (sync == EGL_NO_SYNC_KHR)
		return -1;
	/* The descriptor is made by the flush. */
	glFlush();
	fd = gl->dup_fence(gl->dpy, sync);
	gl->destroy_sync(gl->dpy, sync);
	return fd;
}

GLuint gl_import_texture(struct gl *gl, int dmabuf, int width, int height, int pitch)
{
	const EGLint attribs[] = {
		EGL_WIDTH, width, EGL_HEIGHT, height,
		EGL_LINUX_DRM_FOURCC_EXT, (EGLint)DRM_FORMAT_ABGR8888,
		EGL_DMA_BUF_PLANE0_FD_EXT, dmabuf,
		EGL_DMA_BUF_PLANE0_OFFSET_EXT, 0,
		EGL_DMA_BUF_PLANE0_PITCH_EXT, pitch,
		EGL_NONE,
	};
	EGLImageKHR image = gl->create_image(gl->dpy, EGL_NO_CONTEXT, EGL_LINUX_DMA_BUF_EXT,
					     NULL, attribs);
	GLuint texture;

	if (image == EGL_NO_IMAGE_KHR)
		return 0;
	glGenTextures(1, &texture);
	glBindTexture(GL_TEXTURE_2D, texture);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
	gl->image_texture(GL_TEXTURE_2D, image);
	/* The texture keeps what it needs. */
	gl->destroy_image(gl->dpy, image);
	if (glGetError() == GL_NO_ERROR)
		return texture;
	glDeleteTextures(1, &texture);
	return 0;
}

void gl_draw_texture(struct gl *gl, GLuint texture, int width, int height)
{
	glViewport(0, 0, width, height);
	glUseProgram(gl->sampler);
	glActiveTexture(GL_TEXTURE0);
	glBindTexture(GL_TEXTURE_2D, texture);
	glDrawArrays(GL_TRIANGLES, 0, 3);
}

GLenum gl_draw_picture(struct gl *gl, GLuint texture, int width, int height)
{
	GLuint fbo;
	GLenum status;

	glGenFramebuffers(1, &fbo);
	glBindFramebuffer(GL_FRAMEBUFFER, fbo);
	glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, texture, 0);
	status = glCheckFramebufferStatus(GL_FRAMEBUFFER);
	if (status == GL_FRAMEBUFFER_COMPLETE) {
		glViewport(0, 0, width, height);
		glUseProgram(gl->painter);
		glDrawArrays(GL_TRIANGLES, 0, 3);
		status = glGetError();
	}
	glBindFramebuffer(GL_FRAMEBUFFER, 0);
	glDeleteFramebuffers(1, &fbo);
	return status;
}
