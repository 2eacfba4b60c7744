// SPDX-License-Identifier: MIT
/* The header compiles alone, and twice; its initializer makes what it says. */

#include <carillon.h>
#include <carillon.h>

int main(void)
{
	const struct drm_carillon_sync syncs[3] = { { 0 } };
	const struct drm_carillon_obj_array array =
		DRM_CARILLON_OBJ_ARRAY(3, syncs);

	return array.stride == 24 && array.count == 3 &&
	       array.array == (uintptr_t)syncs ? 0 : 1;
}
