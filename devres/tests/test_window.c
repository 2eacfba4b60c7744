// SPDX-License-Identifier: GPL-2.0
/*
 * test_window: bus addresses for registers made of software.
 */

#include <kunit/test.h>
#include <linux/ioport.h>
#include <linux/logic_iomem.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "test_window.h"

/* where nothing else is on UML */
#define TEST_WINDOW_UML_START 0xe0000000
#define TEST_WINDOW_NAME "bound_test window"

#ifdef CONFIG_UML
/**
 * struct uml_window - an address range that stays when this module goes
 *
 * UML can't take back an emulated range, so the one of the first run is found again
 * by later ones. Without a run it can't be mapped.
 */
struct uml_window {
	/** @res: in iomem_resource */
	struct resource res;
	/** @ops: @ops.map is this module's, and only valid while there is a test_window */
	struct logic_iomem_region_ops ops;
};

/* The one there is: the map function gets no pointer of ours. */
static struct test_window *test_window;

static unsigned long test_window_read(void *priv, unsigned int offset, int size)
{
	struct test_window *win = priv;
	unsigned long val = 0;

	win->accesses++;
	win->last_width = size;
	win->last_off = offset;
	memcpy(&val, win->mem + offset, size);
	return val;
}

static void test_window_write(void *priv, unsigned int offset, int size, unsigned long val)
{
	struct test_window *win = priv;

	win->accesses++;
	win->last_width = size;
	win->last_off = offset;
	memcpy(win->mem + offset, &val, size);
}

static void test_window_unmap(void *priv)
{
	struct test_window *win = priv;

	win->unmaps++;
}

static const struct logic_iomem_ops test_window_ops = {
	.read = test_window_read,
	.write = test_window_write,
	.unmap = test_window_unmap,
};

static long test_window_map(unsigned long offset, size_t size,
			    const struct logic_iomem_ops **ops, void **priv)
{
	if (test_window->refuses)
		return -ENOMEM;
	*ops = &test_window_ops;
	*priv = test_window;
	return offset;
}

static struct uml_window *uml_window_find(void)
{
	struct resource *res;

	for (res = iomem_resource.child; res; res = res->sibling)
		if (res->name && !strcmp(res->name, TEST_WINDOW_NAME))
			return container_of(res, struct uml_window, res);
	return NULL;
}

static struct resource *test_window_get(struct test_window *win)
{
	struct uml_window *window = uml_window_find();

	if (!window) {
		window = kzalloc_obj(*window);
		if (!window)
			return NULL;
		window->res.name = kstrdup(TEST_WINDOW_NAME, GFP_KERNEL);
		window->res.start = TEST_WINDOW_UML_START;
		window->res.end = TEST_WINDOW_UML_START + TEST_WINDOW_SIZE - 1;
		window->res.flags = IORESOURCE_MEM;
		if (!window->res.name || logic_iomem_add_region(&window->res, &window->ops)) {
			kfree(window->res.name);
			kfree(window);
			return NULL;
		}
	}
	test_window = win;
	window->ops.map = test_window_map;
	return &window->res;
}

static void test_window_put(struct test_window *win)
{
	container_of(win->res, struct uml_window, res)->ops.map = NULL;
	test_window = NULL;
}
#else
static struct resource *test_window_get(struct test_window *win)
{
	struct resource *res = &win->own_res;

	res->name = TEST_WINDOW_NAME;
	res->flags = IORESOURCE_MEM;
	if (allocate_resource(&iomem_resource, res, TEST_WINDOW_SIZE, SZ_4G,
			      RESOURCE_SIZE_MAX, TEST_WINDOW_SIZE, NULL, NULL))
		return NULL;
	return res;
}

static void test_window_put(struct test_window *win)
{
	release_resource(win->res);
}
#endif

/**
 * test_window_init() - find addresses and memory for a window
 * @test: the test; fails without memory, is skipped without addresses
 * @win: zeroed; test_window_fini() is to be called in any case
 *
 * Context: The test's thread. Sleeps.
 */
void test_window_init(struct kunit *test, struct test_window *win)
{
	win->mem = vzalloc(TEST_WINDOW_SIZE);
	KUNIT_ASSERT_NOT_NULL(test, win->mem);
	win->res = test_window_get(win);
	if (!win->res)
		kunit_skip(test, "no address range is free for registers");
}

/**
 * test_window_fini() - give them back
 * @win: zeroed, or of test_window_init()
 *
 * Context: Process context. Sleeps.
 */
void test_window_fini(struct test_window *win)
{
	if (win->res)
		test_window_put(win);
	win->res = NULL;
	vfree(win->mem);
}

/**
 * test_window_answers() - whether there is something behind a window
 *
 * Context: Any.
 * Return: true if accesses end in test_window.mem.
 */
bool test_window_answers(void)
{
	return IS_ENABLED(CONFIG_UML);
}
