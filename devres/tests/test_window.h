/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DEVRES_TESTS_TEST_WINDOW_H_
#define _DEVRES_TESTS_TEST_WINDOW_H_

#include <linux/ioport.h>
#include <linux/types.h>

struct kunit;

#define TEST_WINDOW_SIZE 0x20000

/**
 * struct test_window - a range of bus addresses for registers made of software
 *
 * On UML it is emulated: accesses end in @mem and are counted. Elsewhere it can be
 * mapped, but nothing answers there. There is one at a time.
 */
struct test_window {
	/** @res: the range; NULL when there is none */
	struct resource *res;
	/** @own_res: @res, but for UML */
	struct resource own_res;
	/** @mem: what is behind it, UML only */
	u8 *mem;
	/** @accesses: how many, UML only */
	unsigned int accesses;
	/** @last_width: bytes, of the last access */
	int last_width;
	/** @last_off: of the last access, from the start of the window */
	unsigned int last_off;
	/** @unmaps: how many mappings of it have gone, UML only */
	unsigned int unmaps;
	/** @refuses: it can't be mapped now, UML only */
	bool refuses;
};

void test_window_init(struct kunit *test, struct test_window *win);
void test_window_fini(struct test_window *win);
bool test_window_answers(void);

#endif /* _DEVRES_TESTS_TEST_WINDOW_H_ */
