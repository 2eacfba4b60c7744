// SPDX-License-Identifier: MIT

#include "picture.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void complain(const char *format, ...)
{
	va_list args;

	fputs("carillon-image: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

int picture_alloc(struct picture *pic, uint32_t width, uint32_t height)
{
	uint8_t *bgr;

	if (!width || !height)
		return -EINVAL;
	if (width > PICTURE_MAX || height > PICTURE_MAX)
		return -EFBIG;
	bgr = calloc(height, 3 * (size_t)width);
	if (!bgr)
		return -ENOMEM;
	*pic = (struct picture){ width, height, bgr };
	return 0;
}

void picture_free(struct picture *pic)
{
	free(pic->bgr);
	memset(pic, 0, sizeof(*pic));
}

static int load_file(struct picture *pic, FILE *file, const char *path)
{
	static const uint8_t png_magic[8] = {
		0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n',
	};
	uint8_t magic[8] = { 0 };
	struct stat st;
	size_t got;

	if (!fstat(fileno(file), &st) && S_ISDIR(st.st_mode)) {
		complain("%s: is a directory", path);
		return -EISDIR;
	}
	got = fread(magic, 1, sizeof(magic), file);
	if (ferror(file) || fseek(file, 0, SEEK_SET)) {
		complain("%s: can't be read: %s", path, strerror(errno));
		return -EIO;
	}
	if (!got) {
		complain("%s: is empty", path);
		return -EINVAL;
	}
	if (got == sizeof(magic) && !memcmp(magic, png_magic, sizeof(magic)))
		return png_load(pic, file, path);
	if (magic[0] == 'P' && (magic[1] == '5' || magic[1] == '6'))
		return ppm_load(pic, file, path);
	complain("%s: is neither PNG nor binary PPM", path);
	return -EINVAL;
}

int picture_load(struct picture *pic, const char *path)
{
	FILE *file = fopen(path, "rbe");
	int err;

	if (!file) {
		err = -errno;
		complain("%s: can't be opened: %s", path, strerror(-err));
		return err;
	}
	err = load_file(pic, file, path);
	fclose(file);
	return err;
}
