// SPDX-License-Identifier: MIT
#include <drm_fourcc.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <xf86drm.h>
#include <xf86drmMode.h>

#include "display.h"
#include "events.h"

#define MAX_CARDS	16

static int open_driver(const char *driver)
{
	for (int i = 0; i < MAX_CARDS; i++) {
		drmVersionPtr version;
		char path[32];
		bool found;
		int fd;

		snprintf(path, sizeof(path), "/dev/dri/card%d", i);
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd < 0)
			continue;
		version = drmGetVersion(fd);
		found = version && !strcmp(version->name, driver);
		drmFreeVersion(version);
		if (found)
			return fd;
		close(fd);
	}
	return -ENODEV;
}

/* The first connector with a mode of that size. */
static int choose_mode(struct display *d, drmModeRes *res)
{
	for (int i = 0; !d->mode && i < res->count_connectors; i++) {
		drmModeConnector *con = drmModeGetConnector(d->fd, res->connectors[i]);

		if (!con)
			continue;
		for (int m = 0; !d->mode && m < con->count_modes; m++) {
			drmModeModeInfo *mode = &con->modes[m];

			if (mode->hdisplay != d->width || mode->vdisplay != d->height)
				continue;
			d->connector = con->connector_id;
			if (drmModeCreatePropertyBlob(d->fd, mode, sizeof(*mode), &d->mode))
				d->mode = 0;
		}
		drmModeFreeConnector(con);
	}
	return d->mode ? 0 : -ENXIO;
}

/* The id of a property; if @ret_value is given, also what it is now. */
static uint32_t property(const struct display *d, uint32_t object, uint32_t type,
			 const char *name, uint64_t *ret_value)
{
	drmModeObjectProperties *props = drmModeObjectGetProperties(d->fd, object, type);
	uint32_t id = 0;

	for (uint32_t i = 0; props && !id && i < props->count_props; i++) {
		drmModePropertyRes *prop = drmModeGetProperty(d->fd, props->props[i]);

		if (prop && !strcmp(prop->name, name)) {
			id = prop->prop_id;
			if (ret_value)
				*ret_value = props->prop_values[i];
		}
		drmModeFreeProperty(prop);
	}
	drmModeFreeObjectProperties(props);
	return id;
}

static int find_plane(struct display *d)
{
	drmModePlaneRes *res = drmModeGetPlaneResources(d->fd);

	for (uint32_t i = 0; res && !d->plane && i < res->count_planes; i++) {
		uint64_t type = 0;

		property(d, res->planes[i], DRM_MODE_OBJECT_PLANE, "type", &type);
		if (type == DRM_PLANE_TYPE_PRIMARY)
			d->plane = res->planes[i];
	}
	drmModeFreePlaneResources(res);
	return d->plane ? 0 : -ENXIO;
}

static int find_properties(struct display *d)
{
	const struct {
		uint32_t *id, object, type;
		const char *name;
	} wanted[] = {
		{ &d->prop.connector_crtc, d->connector, DRM_MODE_OBJECT_CONNECTOR, "CRTC_ID" },
		{ &d->prop.crtc_active, d->crtc, DRM_MODE_OBJECT_CRTC, "ACTIVE" },
		{ &d->prop.crtc_mode, d->crtc, DRM_MODE_OBJECT_CRTC, "MODE_ID" },
		{ &d->prop.crtc_out_fence, d->crtc, DRM_MODE_OBJECT_CRTC, "OUT_FENCE_PTR" },
		{ &d->prop.plane_crtc, d->plane, DRM_MODE_OBJECT_PLANE, "CRTC_ID" },
		{ &d->prop.plane_fb, d->plane, DRM_MODE_OBJECT_PLANE, "FB_ID" },
		{ &d->prop.plane_in_fence, d->plane, DRM_MODE_OBJECT_PLANE, "IN_FENCE_FD" },
		{ &d->prop.plane_src_w, d->plane, DRM_MODE_OBJECT_PLANE, "SRC_W" },
		{ &d->prop.plane_src_h, d->plane, DRM_MODE_OBJECT_PLANE, "SRC_H" },
		{ &d->prop.plane_crtc_w, d->plane, DRM_MODE_OBJECT_PLANE, "CRTC_W" },
		{ &d->prop.plane_crtc_h, d->plane, DRM_MODE_OBJECT_PLANE, "CRTC_H" },
	};

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		*wanted[i].id = property(d, wanted[i].object, wanted[i].type,
					 wanted[i].name, NULL);
		if (!*wanted[i].id)
			return -ENXIO;
	}
	return 0;
}

int display_open(const char *driver, uint32_t width, uint32_t height,
		 struct display *display)
{
	struct display d = { .width = width, .height = height };
	drmModeRes *res;
	int ret;

	d.fd = open_driver(driver);
	if (d.fd < 0)
		return d.fd;
	ret = drmSetClientCap(d.fd, DRM_CLIENT_CAP_ATOMIC, 1);
	res = drmModeGetResources(d.fd);
	if (!ret)
		ret = res && res->count_crtcs ? choose_mode(&d, res) : -ENXIO;
	if (!ret) {
		d.crtc = res->crtcs[0];
		ret = find_plane(&d);
	}
	if (!ret)
		ret = find_properties(&d);
	drmModeFreeResources(res);
	if (ret)
		close(d.fd);
	else
		*display = d;
	return ret;
}

void display_close(struct display *display)
{
	drmModeDestroyPropertyBlob(display->fd, display->mode);
	close(display->fd);
}

int display_add_fb(struct display *display, int dmabuf, uint32_t *ret_fb)
{
	uint32_t handles[4] = { 0 }, pitches[4] = { display->width * 4 }, offsets[4] = { 0 };
	int ret;

	ret = drmPrimeFDToHandle(display->fd, dmabuf, &handles[0]);
	if (ret)
		return -errno;
	ret = drmModeAddFB2(display->fd, display->width, display->height,
			    DRM_FORMAT_XRGB8888, handles, pitches, offsets, ret_fb, 0);
	if (ret)
		ret = -errno;
	/* The framebuffer has the buffer now. */
	drmCloseBufferHandle(display->fd, handles[0]);
	return ret;
}

void display_remove_fb(struct display *display, uint32_t fb)
{
	if (fb)
		drmModeRmFB(display->fd, fb);
}

int display_set_mode(struct display *display, uint32_t fb)
{
	drmModeAtomicReq *req = drmModeAtomicAlloc();
	const struct {
		uint32_t object, prop;
		uint64_t value;
	} set[] = {
		{ display->connector, display->prop.connector_crtc, display->crtc },
		{ display->crtc, display->prop.crtc_active, 1 },
		{ display->crtc, display->prop.crtc_mode, display->mode },
		{ display->plane, display->prop.plane_crtc, display->crtc },
		{ display->plane, display->prop.plane_fb, fb },
		{ display->plane, display->prop.plane_src_w, (uint64_t)display->width << 16 },
		{ display->plane, display->prop.plane_src_h, (uint64_t)display->height << 16 },
		{ display->plane, display->prop.plane_crtc_w, display->width },
		{ display->plane, display->prop.plane_crtc_h, display->height },
	};
	int ret = 0;

	if (!req)
		return -ENOMEM;
	for (size_t i = 0; i < sizeof(set) / sizeof(set[0]); i++)
		drmModeAtomicAddProperty(req, set[i].object, set[i].prop, set[i].value);
	if (drmModeAtomicCommit(display->fd, req, DRM_MODE_ATOMIC_ALLOW_MODESET, NULL))
		ret = -errno;
	drmModeAtomicFree(req);
	return ret;
}

int display_flip(struct display *display, struct flip *flip)
{
	const uint32_t flags = DRM_MODE_ATOMIC_NONBLOCK | DRM_MODE_PAGE_FLIP_EVENT;
	drmModeAtomicReq *req = drmModeAtomicAlloc();
	int ret = 0;

	flip->out_fence = -1;
	if (!req)
		return -ENOMEM;
	drmModeAtomicAddProperty(req, display->plane, display->prop.plane_fb, flip->fb);
	if (flip->in_fence != -1)
		drmModeAtomicAddProperty(req, display->plane, display->prop.plane_in_fence,
					 (uint64_t)flip->in_fence);
	drmModeAtomicAddProperty(req, display->crtc, display->prop.crtc_out_fence,
				 (uintptr_t)&flip->out_fence);
	if (drmModeAtomicCommit(display->fd, req, flags, NULL))
		ret = -errno;
	flip->commit_ns = now_ns();
	drmModeAtomicFree(req);
	return ret;
}

static void on_flip(int fd, unsigned int sequence, unsigned int sec, unsigned int usec,
		    unsigned int crtc, void *data)
{
	/* There is one CRTC and one flip at a time: that it came is all there is to know. */
}

int display_wait_flip(struct display *display, unsigned int timeout_ms)
{
	drmEventContext context = {
		.version = 3, .page_flip_handler2 = on_flip,
	};
	struct pollfd pfd = { .fd = display->fd, .events = POLLIN };
	int ret;

	do
		ret = poll(&pfd, 1, (int)timeout_ms);
	while (ret < 0 && errno == EINTR);
	if (ret < 0)
		return -errno;
	if (!ret)
		return -ETIME;
	if (drmHandleEvent(display->fd, &context))
		return -EIO;
	return 0;
}

uint32_t display_committed_fb(const struct display *display)
{
	uint64_t fb = 0;

	property(display, display->plane, DRM_MODE_OBJECT_PLANE, "FB_ID", &fb);
	return (uint32_t)fb;
}
