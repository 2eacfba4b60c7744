// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "screen.h"

#define PORT		"/dev/virtio-ports/carillon.request"
#define DUMP_TRIES	2000	/* of 10 ms */

static int request(const char *text)
{
	ssize_t size = (ssize_t)strlen(text);
	int fd = open(PORT, O_WRONLY | O_CLOEXEC);
	int ret;

	if (fd < 0)
		return -errno;
	ret = write(fd, text, (size_t)size) == size ? 0 : -EIO;
	close(fd);
	return ret;
}

bool screen_available(void)
{
	return getenv("OUT") && !access(PORT, W_OK);
}

/* The host gives the file its name when it is whole. */
static int wait_for_file(const char *path)
{
	for (int i = 0; i < DUMP_TRIES; i++) {
		if (!access(path, R_OK))
			return 0;
		usleep(10000);
	}
	return -ETIME;
}

int screen_read(struct picture *ret_pic)
{
	static unsigned int number;
	const char *out = getenv("OUT");
	char path[4096], text[64];
	int ret;

	if (!out)
		return -ENOENT;
	/* A new name each time: the directory may be remembered. */
	number++;
	snprintf(path, sizeof(path), "%s/screen-%u.ppm", out, number);
	snprintf(text, sizeof(text), "screendump bochs screen-%u\n", number);
	ret = request(text);
	if (!ret)
		ret = wait_for_file(path);
	if (ret)
		return ret;
	ret = picture_load(ret_pic, path);
	unlink(path);
	return ret;
}

uint32_t screen_differs(const struct picture *pic, const uint8_t *xrgb,
			uint32_t width, uint32_t height)
{
	uint32_t wrong = 0;

	if (pic->width != width || pic->height != height)
		return width * height;
	for (uint32_t i = 0; i < width * height; i++)
		wrong += memcmp(pic->bgr + 3 * i, xrgb + 4 * i, 3) != 0;
	return wrong;
}
