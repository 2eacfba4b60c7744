// SPDX-License-Identifier: MIT
/* A display without a screen: Mesa's software device, or a GPU. */
#include <string.h>

#include "gl.h"

#define MAX_DEVICES	16

static const char *const extensions[] = {
	"EGL_ANDROID_native_fence_sync",
	"EGL_EXT_image_dma_buf_import",
	"EGL_KHR_no_config_context",
	"EGL_KHR_surfaceless_context",
	"EGL_KHR_wait_sync",
};

static int has_word(const char *words, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = words; at && (at = strstr(at, word)); at += len)
		if ((at == words || at[-1] == ' ') && (!at[len] || at[len] == ' '))
			return 1;
	return 0;
}

/* Whether @device has the render node @node; NULL: is the software one. */
static int is_device(PFNEGLQUERYDEVICESTRINGEXTPROC query, EGLDeviceEXT device, const char *node)
{
	const char *words = query(device, EGL_EXTENSIONS);
	const char *path;

	if (!node)
		return has_word(words, "EGL_MESA_device_software");
	if (!has_word(words, "EGL_EXT_device_drm_render_node"))
		return 0;
	path = query(device, EGL_DRM_RENDER_NODE_FILE_EXT);
	return path && !strcmp(path, node);
}

static EGLDeviceEXT find_device(const char *node)
{
	PFNEGLQUERYDEVICESEXTPROC query_devices =
		(PFNEGLQUERYDEVICESEXTPROC)eglGetProcAddress("eglQueryDevicesEXT");
	PFNEGLQUERYDEVICESTRINGEXTPROC query_string =
		(PFNEGLQUERYDEVICESTRINGEXTPROC)eglGetProcAddress("eglQueryDeviceStringEXT");
	EGLDeviceEXT devices[MAX_DEVICES];
	EGLint num = 0;

	if (!query_devices || !query_string || !query_devices(MAX_DEVICES, devices, &num))
		return EGL_NO_DEVICE_EXT;
	for (EGLint i = 0; i < num; i++)
		if (is_device(query_string, devices[i], node))
			return devices[i];
	return EGL_NO_DEVICE_EXT;
}

static const char *open_display(struct gl *gl, const char *node)
{
	EGLDeviceEXT device = find_device(node);
	const char *has;

	if (device == EGL_NO_DEVICE_EXT)
		return node ? "EGL doesn't have the GPU" : "EGL has no software device";
	gl->dpy = eglGetPlatformDisplay(EGL_PLATFORM_DEVICE_EXT, device, NULL);
	if (gl->dpy == EGL_NO_DISPLAY || !eglInitialize(gl->dpy, NULL, NULL))
		return "EGL's device gives no display";
	has = eglQueryString(gl->dpy, EGL_EXTENSIONS);
	for (size_t i = 0; i < sizeof(extensions) / sizeof(extensions[0]); i++)
		if (!has_word(has, extensions[i]))
			return extensions[i];
	return NULL;
}

static void get_functions(struct gl *gl)
{
	gl->create_image = (PFNEGLCREATEIMAGEKHRPROC)eglGetProcAddress("eglCreateImageKHR");
	gl->destroy_image = (PFNEGLDESTROYIMAGEKHRPROC)eglGetProcAddress("eglDestroyImageKHR");
	gl->create_sync = (PFNEGLCREATESYNCKHRPROC)eglGetProcAddress("eglCreateSyncKHR");
	gl->destroy_sync = (PFNEGLDESTROYSYNCKHRPROC)eglGetProcAddress("eglDestroySyncKHR");
	gl->client_wait = (PFNEGLCLIENTWAITSYNCKHRPROC)eglGetProcAddress("eglClientWaitSyncKHR");
	gl->server_wait = (PFNEGLWAITSYNCKHRPROC)eglGetProcAddress("eglWaitSyncKHR");
	gl->dup_fence = (PFNEGLDUPNATIVEFENCEFDANDROIDPROC)
		eglGetProcAddress("eglDupNativeFenceFDANDROID");
	gl->image_texture = (PFNGLEGLIMAGETARGETTEXTURE2DOESPROC)
		eglGetProcAddress("glEGLImageTargetTexture2DOES");
}

static GLuint shader(GLenum type, const char *text)
{
	GLuint shader = glCreateShader(type);

	glShaderSource(shader, 1, &text, NULL);
	glCompileShader(shader);
	return shader;
}

/* One triangle that covers all. */
static const char everywhere[] =
	"#version 300 es\n"
	"void main() {\n"
	"	vec2 at = vec2(gl_VertexID == 1, gl_VertexID == 2);\n"
	"	gl_Position = vec4(at * 4.0 - 1.0, 0.0, 1.0);\n"
	"}\n";

/* Size and nearest filter make a pixel of each texel. */
static const char sampled[] =
	"#version 300 es\n"
	"precision highp float;\n"
	"uniform sampler2D image;\n"
	"out vec4 color;\n"
	"void main() {\n"
	"	color = texture(image, gl_FragCoord.xy / vec2(textureSize(image, 0)));\n"
	"}\n";

/* As gl_painted() has it. */
static const char painted[] =
	"#version 300 es\n"
	"precision highp float;\n"
	"out vec4 color;\n"
	"void main() {\n"
	"	vec2 at = floor(gl_FragCoord.xy);\n"
	"	color = vec4(at.x, at.y, at.x + at.y, 255.0) / 255.0;\n"
	"}\n";

uint8_t gl_painted(uint32_t i, int width)
{
	uint32_t x = i / GL_PIXEL_BYTES % (uint32_t)width;
	uint32_t y = i / GL_PIXEL_BYTES / (uint32_t)width;
	const uint8_t pixel[GL_PIXEL_BYTES] = { (uint8_t)x, (uint8_t)y, (uint8_t)(x + y), 255 };

	return pixel[i % GL_PIXEL_BYTES];
}

GLuint gl_program(const char *fragment)
{
	GLuint prog = glCreateProgram();
	GLint ok = 0;

	glAttachShader(prog, shader(GL_VERTEX_SHADER, everywhere));
	glAttachShader(prog, shader(GL_FRAGMENT_SHADER, fragment));
	glLinkProgram(prog);
	glGetProgramiv(prog, GL_LINK_STATUS, &ok);
	return ok ? prog : 0;
}

const char *gl_open(struct gl *gl, const char *node)
{
	const EGLint attribs[] = { EGL_CONTEXT_CLIENT_VERSION, 3, EGL_NONE };
	const char *why;

	memset(gl, 0, sizeof(*gl));
	why = open_display(gl, node);
	if (why)
		return why;
	get_functions(gl);
	eglBindAPI(EGL_OPENGL_ES_API);
	gl->context = eglCreateContext(gl->dpy, EGL_NO_CONFIG_KHR, EGL_NO_CONTEXT, attribs);
	if (gl->context == EGL_NO_CONTEXT || !gl_begin(gl))
		return "no context of OpenGL ES 3";
	if (!has_word((const char *)glGetString(GL_EXTENSIONS), "GL_OES_EGL_image"))
		why = "GL_OES_EGL_image";
	gl->sampler = gl_program(sampled);
	gl->painter = gl_program(painted);
	if (!gl->sampler || !gl->painter)
		why = "a shader doesn't compile";
	gl_end(gl);
	return why;
}

void gl_close(struct gl *gl)
{
	if (!gl->dpy)
		return;
	if (gl->context)
		eglDestroyContext(gl->dpy, gl->context);
	eglTerminate(gl->dpy);
}

EGLBoolean gl_begin(struct gl *gl)
{
	/* The API that is bound is the thread's. */
	return eglBindAPI(EGL_OPENGL_ES_API) &&
	       eglMakeCurrent(gl->dpy, EGL_NO_SURFACE, EGL_NO_SURFACE, gl->context);
}

void gl_end(struct gl *gl)
{
	eglMakeCurrent(gl->dpy, EGL_NO_SURFACE, EGL_NO_SURFACE, EGL_NO_CONTEXT);
}

const char *gl_name(void)
{
	return (const char *)glGetString(GL_RENDERER);
}
