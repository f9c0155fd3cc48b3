// SPDX-License-Identifier: GPL-2.0-only
/*
 * libkcov's sets of PCs, against what a plain array says.
 */
#define _GNU_SOURCE 1
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <libkcov.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* A test with an empty set. */
#define TEST(name) cmocka_unit_test_setup_teardown(name, make, release)

#define PC	0xffffffff81234567UL

static int make(void **state)
{
	*state = kcov_set_new();
	return *state ? 0 : -1;
}

static int release(void **state)
{
	kcov_set_free(*state);
	return 0;
}

static void pc_is_new_once(void **state)
{
	struct kcov_set *set = *state;

	assert_int_equal(kcov_set_count(set), 0);
	assert_int_equal(kcov_set_add(set, PC), 1);
	assert_int_equal(kcov_set_add(set, PC), 0);
	assert_int_equal(kcov_set_add(set, PC + 1), 1);
	assert_int_equal(kcov_set_count(set), 2);
}

static void odd_values_are_pcs_like_others(void **state)
{
	const uint64_t odd[] = { 0, 1, UINT64_MAX, 1UL << 63 };
	struct kcov_set *set = *state;

	for (size_t i = 0; i < ARRAY_SIZE(odd); i++) {
		assert_int_equal(kcov_set_add(set, odd[i]), 1);
		assert_int_equal(kcov_set_add(set, odd[i]), 0);
		assert_int_equal(kcov_set_count(set), i + 1);
	}
	assert_int_equal(kcov_set_sorted(set)[0], 0);
	assert_int_equal(kcov_set_sorted(set)[3], UINT64_MAX);
}

/* Far more than it has room for at first; each second one a second time. */
static void large_set_has_all_in_order(void **state)
{
	const uint64_t count = 100000;
	struct kcov_set *set = *state;
	const uint64_t *sorted;

	for (uint64_t i = 0; i < count; i++)
		assert_int_equal(kcov_set_add(set, PC + 5 * ((i * 7919) % count)), 1);
	for (uint64_t i = 0; i < count; i += 2)
		assert_int_equal(kcov_set_add(set, PC + 5 * i), 0);
	assert_int_equal(kcov_set_count(set), count);
	sorted = kcov_set_sorted(set);
	for (uint64_t i = 0; i < count; i++)
		assert_int_equal(sorted[i], PC + 5 * i);
}

/* All want the same place of the table, and the last one goes on at its start. */
static void colliding_pcs_are_told_apart(void **state)
{
	struct kcov_set *set = *state;

	for (uint64_t i = 1; i < 400; i++)
		assert_int_equal(kcov_set_add(set, i << 60 | i << 42), 1);
	for (uint64_t i = 1; i < 400; i++)
		assert_int_equal(kcov_set_add(set, i << 60 | i << 42), 0);
	assert_int_equal(kcov_set_count(set), 399);
}

static void sorted_is_made_anew_after_a_change(void **state)
{
	struct kcov_set *set = *state;
	const uint64_t *sorted = kcov_set_sorted(set);

	assert_non_null(sorted);
	kcov_set_add(set, PC);
	assert_int_equal(kcov_set_sorted(set)[0], PC);
	sorted = kcov_set_sorted(set);
	kcov_set_add(set, PC);
	assert_ptr_equal(kcov_set_sorted(set), sorted);
	kcov_set_add(set, 0);
	assert_int_equal(kcov_set_sorted(set)[0], 0);
	assert_int_equal(kcov_set_sorted(set)[1], PC);
}

static void trace_adds_what_it_has(void **state)
{
	uint64_t *cover = malloc(5 * sizeof(*cover));
	const struct kcov kcov = { .fd = -1, .words = 5, .cover = cover };
	const uint64_t records[] = { 3, PC, PC + 1, PC, PC + 2 };

	memcpy(cover, records, sizeof(records));
	assert_int_equal(kcov_set_add_trace(*state, &kcov), 2);
	assert_int_equal(kcov_set_add_trace(*state, &kcov), 0);
	cover[0] = UINT64_MAX;
	assert_int_equal(kcov_set_add_trace(*state, &kcov), 1);
	assert_int_equal(kcov_set_count(*state), 3);
	free(cover);
}

#ifndef __SANITIZE_ADDRESS__	/* whose own memory is more than any limit */
/* In a child: until there is no memory left. 0 if all is as the header has it. */
static int exhaust(struct kcov_set *set)
{
	const struct rlimit limit = { 64 << 20, 64 << 20 };
	uint64_t pc = PC;
	size_t count;

	if (setrlimit(RLIMIT_AS, &limit))
		return 1;
	while (kcov_set_add(set, pc) == 1)
		pc++;
	if (errno != ENOMEM || strncmp(kcov_error(), "malloc: ENOMEM (", 16))
		return 2;
	count = kcov_set_count(set);
	if (count != pc - PC || kcov_set_add(set, PC) || kcov_set_add(set, pc - 1))
		return 3;
	return kcov_set_add(set, pc) != -1 || kcov_set_count(set) != count ? 4 : 0;
}

static void set_without_memory_keeps_what_it_has(void **state)
{
	const pid_t child = fork();
	int status;

	if (!child)
		_exit(exhaust(*state));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(pc_is_new_once),
		TEST(odd_values_are_pcs_like_others),
		TEST(large_set_has_all_in_order),
		TEST(colliding_pcs_are_told_apart),
		TEST(sorted_is_made_anew_after_a_change),
		TEST(trace_adds_what_it_has),
#ifndef __SANITIZE_ADDRESS__
		TEST(set_without_memory_keeps_what_it_has),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
