/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For the tests of libkcov beside it: a descriptor without a device. To be read behind
 * cmocka.h.
 *
 * Buffers are allocated exactly, so that a build with -fsanitize=address sees any access
 * outside of them.
 */
#ifndef TEST_BUFFER_H
#define TEST_BUFFER_H

#include <libkcov.h>
#include <stdlib.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* A test with a buffer. */
#define TEST(name) cmocka_unit_test_setup_teardown(name, make, release)

#define WORDS	18UL
#define PC	0xffffffff81234567UL

static inline int make(void **state)
{
	static struct kcov kcov;

	kcov = (struct kcov){ .fd = -1, .words = WORDS, .cover = malloc(WORDS * sizeof(uint64_t)) };
	if (!kcov.cover)
		return -1;
	kcov.cover[0] = 0;
	for (size_t i = 1; i < WORDS; i++)
		kcov.cover[i] = PC + i;
	*state = &kcov;
	return 0;
}

static inline int release(void **state)
{
	struct kcov *kcov = *state;

	free(kcov->cover);
	return 0;
}

#endif /* TEST_BUFFER_H */
