// SPDX-License-Identifier: GPL-2.0
/*
 * Arrays in user memory whose elements may grow.
 */

#include <linux/align.h>
#include <linux/errno.h>
#include <linux/mm.h>

#include "carillon_array.h"

/**
 * carillon_array_check() - check an array's size and stride
 * @array: the array
 * @min_stride: size of the first version of the element, bytes
 * @max_count: most elements that are allowed
 *
 * Context: Any.
 * Return: 0; -EINVAL: too many, or a stride that is too small or no multiple of
 * 8; -E2BIG: a stride beyond reason. Of an empty array nothing is looked at.
 */
int carillon_array_check(const struct drm_carillon_obj_array *array, size_t min_stride,
			 u32 max_count)
{
	if (!array->count)
		return 0;
	if (array->count > max_count)
		return -EINVAL;
	if (array->stride < min_stride || !IS_ALIGNED(array->stride, 8))
		return -EINVAL;
	if (array->stride > PAGE_SIZE)
		return -E2BIG;
	return 0;
}
