// SPDX-License-Identifier: MIT

#include "picture.h"
#include "planes.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void complain(const char *format, ...)
{
	va_list args;

	fputs("carillon-image: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

void discard_file(const char *path)
{
	struct stat st;

	if (!lstat(path, &st) && S_ISREG(st.st_mode))
		unlink(path);
}

/* What could be had without swapping, bytes; 0 if the kernel doesn't say. */
static uint64_t memory_available(void)
{
	FILE *file = fopen("/proc/meminfo", "re");
	unsigned long long kib = 0;
	char line[128];

	if (!file)
		return 0;
	while (!kib && fgets(line, sizeof(line), file))
		if (sscanf(line, "MemAvailable: %llu kB", &kib) != 1)
			kib = 0;
	fclose(file);
	return kib * 1024;
}

/*
 * Buffers are system memory, and the kernel would rather kill somebody than
 * refuse one. The reference takes as much again.
 */
static int check_memory(uint32_t width, uint32_t height, const char *name)
{
	uint64_t need = 3ull * width * height + 2 * planes_bytes(width, height);
	uint64_t have = memory_available();

	if (!have || need <= have - have / 8)
		return 0;
	complain("%s: %ux%u pixels take %.0f MiB, and only %.0f MiB of memory are free",
		 name, width, height, need / 1048576.0, have / 1048576.0);
	return -ENOMEM;
}

int picture_alloc(struct picture *pic, uint32_t width, uint32_t height,
		  const char *name)
{
	uint8_t *bgr;
	int err;

	if (!width || !height) {
		complain("%s: no pixels (%ux%u)", name, width, height);
		return -EINVAL;
	}
	if (width > PICTURE_MAX || height > PICTURE_MAX) {
		complain("%s: %ux%u pixels are too many, %ux%u is the limit",
			 name, width, height, PICTURE_MAX, PICTURE_MAX);
		return -EFBIG;
	}
	err = check_memory(width, height, name);
	if (err)
		return err;
	bgr = calloc(height, 3 * (size_t)width);
	if (!bgr) {
		complain("%s: no memory", name);
		return -ENOMEM;
	}
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
