// SPDX-License-Identifier: MIT

#include "picture.h"

#include <errno.h>
#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

/* What an error needs to know; libpng leaves by longjmp(). */
struct png_user {
	const char *name;
	int err;
};

static void on_error(png_structp png, png_const_charp message)
{
	struct png_user *user = png_get_error_ptr(png);

	complain("%s: bad PNG: %s", user->name, message);
	user->err = -EINVAL;
	longjmp(png_jmpbuf(png), 1);
}

static void on_warning(png_structp png, png_const_charp message)
{
	/* Odd but harmless chunks are none of the user's business. */
}

static void on_write_error(png_structp png, png_const_charp message)
{
	struct png_user *user = png_get_error_ptr(png);

	complain("%s: can't be written: %s", user->name, message);
	user->err = -EIO;
	longjmp(png_jmpbuf(png), 1);
}

/* Whatever the file has, become 8-bit B, G, R without alpha. */
static void ask_for_bgr(png_structp png, png_infop info)
{
	static const png_color_16 white = {
		.red = 255, .green = 255, .blue = 255, .gray = 255,
	};

	png_set_expand(png);
	png_set_scale_16(png);
	png_set_gray_to_rgb(png);
	png_set_bgr(png);
	if (png_get_color_type(png, info) & PNG_COLOR_MASK_ALPHA ||
	    png_get_valid(png, info, PNG_INFO_tRNS))
		png_set_background(png, &white, PNG_BACKGROUND_GAMMA_SCREEN, 0, 1.0);
	png_set_interlace_handling(png);
	png_read_update_info(png, info);
}

static int read_rows(struct picture *pic, png_structp png, png_infop info)
{
	size_t row_bytes = 3 * (size_t)pic->width;
	png_bytep *rows;

	rows = calloc(pic->height, sizeof(*rows));
	if (!rows)
		return -ENOMEM;
	for (uint32_t y = 0; y < pic->height; y++)
		rows[y] = pic->bgr + row_bytes * y;
	if (setjmp(png_jmpbuf(png))) {
		free(rows);
		return -EINVAL;
	}
	ask_for_bgr(png, info);
	if (png_get_rowbytes(png, info) != row_bytes)
		png_error(png, "samples of an unknown kind");
	png_read_image(png, rows);
	png_read_end(png, NULL);
	free(rows);
	return 0;
}

int png_load(struct picture *pic, FILE *file, const char *name)
{
	struct png_user user = { .name = name };
	uint32_t width, height;
	png_structp png;
	png_infop info;
	int err;

	png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &user, on_error,
				     on_warning);
	info = png ? png_create_info_struct(png) : NULL;
	if (!info) {
		png_destroy_read_struct(&png, NULL, NULL);
		return -ENOMEM;
	}
	if (setjmp(png_jmpbuf(png))) {
		png_destroy_read_struct(&png, &info, NULL);
		return user.err;
	}
	png_init_io(png, file);
	/* picture_alloc() checks sizes. */
	png_set_user_limits(png, 0x7fffffff, 0x7fffffff);
	png_read_info(png, info);
	width = png_get_image_width(png, info);
	height = png_get_image_height(png, info);
	err = picture_alloc(pic, width, height, name);
	if (!err) {
		err = read_rows(pic, png, info);
		if (err)
			picture_free(pic);
	}
	png_destroy_read_struct(&png, &info, NULL);
	return err;
}

static int write_rows(png_structp png, png_infop info, FILE *file,
		      const uint8_t *xrgb, size_t pitch,
		      uint32_t width, uint32_t height)
{
	struct png_user *user = png_get_error_ptr(png);

	if (setjmp(png_jmpbuf(png)))
		return user->err;
	png_init_io(png, file);
	png_set_user_limits(png, 0x7fffffff, 0x7fffffff);
	png_set_IHDR(png, info, width, height, 8, PNG_COLOR_TYPE_RGB,
		     PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
		     PNG_FILTER_TYPE_DEFAULT);
	png_write_info(png, info);
	png_set_bgr(png);
	png_set_filler(png, 0, PNG_FILLER_AFTER);
	for (uint32_t y = 0; y < height; y++)
		png_write_row(png, (png_bytep)(xrgb + pitch * y));
	png_write_end(png, NULL);
	return 0;
}

int png_save(const char *path, const uint8_t *xrgb, size_t pitch,
	     uint32_t width, uint32_t height)
{
	struct png_user user = { .name = path };
	png_structp png;
	png_infop info;
	FILE *file;
	int err;

	png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &user,
				      on_write_error, on_warning);
	info = png ? png_create_info_struct(png) : NULL;
	if (!info) {
		png_destroy_write_struct(&png, NULL);
		return -ENOMEM;
	}
	file = fopen(path, "wbe");
	if (!file) {
		err = -errno;
		complain("%s: can't be written: %s", path, strerror(-err));
	} else {
		err = write_rows(png, info, file, xrgb, pitch, width, height);
		if (fclose(file) && !err) {
			err = -errno;
			complain("%s: can't be written: %s", path, strerror(-err));
		}
		if (err)
			discard_file(path);
	}
	png_destroy_write_struct(&png, &info);
	return err;
}
