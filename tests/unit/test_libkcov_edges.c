// SPDX-License-Identifier: GPL-2.0-only
/*
 * libkcov on the host: maps of edges, whatever the buffer says.
 */
#define _GNU_SOURCE 1
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/buffer.h"

#define MAP 64

static void fill(struct kcov *kcov, const char *places)
{
	kcov->cover[0] = strlen(places);
	for (size_t i = 0; places[i]; i++)
		kcov->cover[i + 1] = PC + 16 * places[i];
}

static void edges_of(struct kcov *kcov, const char *places, uint8_t map[MAP])
{
	memset(map, 0, MAP);
	fill(kcov, places);
	assert_int_equal(kcov_edges(kcov, map, MAP), strlen(places));
}

static void assert_edges(struct kcov *kcov, const char *a, const char *b, bool are_equal)
{
	uint8_t first[MAP], second[MAP];

	edges_of(kcov, a, first);
	edges_of(kcov, b, second);
	assert_int_equal(!memcmp(first, second, MAP), are_equal);
}

static void same_trace_has_the_same_edges(void **state)
{
	assert_edges(*state, "abcabd", "abcabd", true);
}

static void other_traces_have_other_edges(void **state)
{
	assert_edges(*state, "abc", "abd", false);
	assert_edges(*state, "abc", "acb", false);
	assert_edges(*state, "aab", "abb", false);
	assert_edges(*state, "ab", "ba", false);
	assert_edges(*state, "ab", "abab", false);
	assert_edges(*state, "a", "", false);
}

static unsigned int sum(const uint8_t map[MAP])
{
	unsigned int sum = 0;

	for (size_t i = 0; i < MAP; i++)
		sum += map[i];
	return sum;
}

static void each_record_counts_once(void **state)
{
	uint8_t map[MAP];

	edges_of(*state, "abcabd", map);
	assert_int_equal(sum(map), 6);
}

static void maps_hold_several_traces(void **state)
{
	struct kcov *kcov = *state;
	uint8_t map[MAP];

	edges_of(kcov, "abc", map);
	kcov_edges(kcov, map, MAP);
	assert_int_equal(sum(map), 6);
}

static void counters_never_wrap_to_0(void **state)
{
	struct kcov *kcov = *state;
	uint8_t map[MAP] = { 0 };
	unsigned int expected = 0;

	fill(kcov, "a");
	for (int i = 0; i < 600; i++) {
		expected = expected == 255 ? 1 : expected + 1;
		kcov_edges(kcov, map, MAP);
		assert_int_equal(sum(map), expected);
	}
}

/* Exactly as large as is said: what is behind is seen by ASan. */
static void maps_of_any_size_are_kept_to(void **state)
{
	const size_t sizes[] = { 1, 2, 3, 5, 8, 64, 100, 4095, 65536, 100001 };
	struct kcov *kcov = *state;

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		uint8_t *map = calloc(1, sizes[i]);

		for (uint64_t pc = 0; pc < 5000; pc++) {
			kcov->cover[0] = 2;
			kcov->cover[1] = pc * 0x123456789abcdef;
			kcov->cover[2] = ~pc;
			assert_int_equal(kcov_edges(kcov, map, sizes[i]), 2);
		}
		free(map);
	}
	assert_int_equal(kcov_edges(kcov, NULL, 0), 0);
}

static void edges_of_a_hostile_count_are_those_of_the_buffer(void **state)
{
	struct kcov *kcov = *state;
	uint8_t map[MAP] = { 0 };

	kcov->cover[0] = UINT64_MAX;
	assert_int_equal(kcov_edges(kcov, map, MAP), WORDS - 1);
	assert_int_equal(sum(map), WORDS - 1);
}

/* Calls follow each other by a few bytes: 4000 of them must not fall together. */
static void neighbouring_places_are_told_apart(void **state)
{
	const size_t size = 1 << 16;
	struct kcov *kcov = *state;
	uint8_t *map = calloc(1, size);
	size_t used = 0;

	for (uint64_t i = 0; i < 4000; i++) {
		kcov->cover[0] = 1;
		kcov->cover[1] = PC + 5 * i;
		kcov_edges(kcov, map, size);
	}
	for (size_t i = 0; i < size; i++)
		used += map[i] != 0;
	free(map);
	assert_true(used > 3600);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(same_trace_has_the_same_edges),
		TEST(other_traces_have_other_edges),
		TEST(each_record_counts_once),
		TEST(maps_hold_several_traces),
		TEST(counters_never_wrap_to_0),
		TEST(maps_of_any_size_are_kept_to),
		TEST(edges_of_a_hostile_count_are_those_of_the_buffer),
		TEST(neighbouring_places_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
