/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Arrays in user memory whose elements may grow.
 */
#ifndef _CARILLON_ARRAY_H
#define _CARILLON_ARRAY_H

#include <linux/compiler_attributes.h>
#include <linux/types.h>
#include <linux/uaccess.h>

#include <uapi/drm/carillon_drm.h>

int __must_check carillon_array_check(const struct drm_carillon_obj_array *array,
				      size_t min_stride, u32 max_count);

/**
 * carillon_array_element() - where an element is
 * @array: checked array
 * @index: below its count
 *
 * Context: Any.
 * Return: User pointer.
 */
static inline void __user *carillon_array_element(const struct drm_carillon_obj_array *array,
						  u32 index)
{
	return u64_to_user_ptr(array->array + (u64)index * array->stride);
}

/**
 * carillon_array_get() - copy an element from user memory
 * @array: checked array
 * @index: below its count
 * @elem: where it goes
 * @size_bytes: size of the element as the kernel knows it
 *
 * Context: Process, may fault.
 * Return: 0, -EFAULT, or -E2BIG: there is something behind what we know.
 */
static __always_inline int __must_check
carillon_array_get(const struct drm_carillon_obj_array *array, u32 index, void *elem,
		   size_t size_bytes)
{
	return copy_struct_from_user(elem, size_bytes, carillon_array_element(array, index),
				     array->stride);
}

#endif
