// SPDX-License-Identifier: GPL-2.0-only
/*
 * The buffer format on the host: where records go, when they are dropped, and
 * what a count from user space can do. No kernel, no root.
 *
 * The area is allocated exactly, so that a build with -fsanitize=address sees any access
 * outside of it.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kcov_record.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#define WORDS	8UL
#define EMPTY	0x5555555555555555UL
#define PC	0xffffffff81234567UL

struct area {
	struct kcov_recorder rec;
	u64 words;
};

static int make_area(struct area *area, u64 words)
{
	area->words = words;
	area->rec = (struct kcov_recorder){
		.area = malloc(words * sizeof(*area->rec.area)),
		.capacity = kcov_record_pc_capacity(words),
	};
	if (!area->rec.area)
		return -1;
	for (u64 i = 1; i < words; i++)
		area->rec.area[i] = EMPTY;
	area->rec.area[0] = 0;
	return 0;
}

static int setup(void **state)
{
	static struct area area;

	*state = &area;
	return make_area(&area, WORDS);
}

static int teardown(void **state)
{
	struct area *area = *state;

	free(area->rec.area);
	return 0;
}

static u64 words_changed(const struct area *area)
{
	u64 changed = 0;

	for (u64 i = 1; i < area->words; i++)
		changed += area->rec.area[i] != EMPTY;
	return changed;
}

static void capacity_is_all_but_word_0(void **state)
{
	const u64 table[][2] = {
		{ 2, 1 }, { 3, 2 }, { 512, 511 }, { 0xfffffff, 0xffffffe },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		assert_int_equal(kcov_record_pc_capacity(table[i][0]), table[i][1]);
}

static void first_record_is_word_1(void **state)
{
	struct area *area = *state;

	kcov_record_pc(&area->rec, PC);
	assert_int_equal(area->rec.area[0], 1);
	assert_int_equal(area->rec.area[1], PC);
	assert_int_equal(words_changed(area), 1);
}

static void records_stand_in_order(void **state)
{
	struct area *area = *state;

	for (u64 i = 1; i < WORDS; i++)
		kcov_record_pc(&area->rec, PC + i);
	for (u64 i = 1; i < WORDS; i++)
		assert_int_equal(area->rec.area[i], PC + i);
}

static void full_area_keeps_what_it_has(void **state)
{
	struct area *area = *state;

	for (u64 i = 1; i < 2 * WORDS; i++)
		kcov_record_pc(&area->rec, PC + i);
	assert_int_equal(area->rec.area[0], WORDS - 1);
	for (u64 i = 1; i < WORDS; i++)
		assert_int_equal(area->rec.area[i], PC + i);
}

static void every_record_is_kept_or_counted_as_dropped(void **state)
{
	struct area *area = *state;

	for (u64 i = 1; i <= 100; i++) {
		kcov_record_pc(&area->rec, PC);
		assert_int_equal(area->rec.area[0] + area->rec.dropped, i);
	}
}

static void smallest_area_holds_one_record(void **state)
{
	struct area area;

	(void)state;
	assert_int_equal(make_area(&area, 2), 0);
	kcov_record_pc(&area.rec, PC);
	kcov_record_pc(&area.rec, PC + 1);
	assert_int_equal(area.rec.area[0], 1);
	assert_int_equal(area.rec.area[1], PC);
	assert_int_equal(area.rec.dropped, 1);
	free(area.rec.area);
}

/* What user space may have stored in word 0, and what comes of it. */
static const struct {
	u64 stored;
	u64 left;		/* in word 0 after one record */
	u64 shown;		/* by kcov_record_count() before it */
	u64 dropped;
} counts[] = {
	{ 0, 1, 0, 0 },
	{ WORDS - 3, WORDS - 2, WORDS - 3, 0 },
	{ WORDS - 2, WORDS - 1, WORDS - 2, 0 },
	{ WORDS - 1, WORDS - 1, WORDS - 1, 1 },
	{ WORDS, WORDS, WORDS - 1, 1 },
	{ 2 * WORDS, 2 * WORDS, WORDS - 1, 1 },
	{ 1UL << 32, 1UL << 32, WORDS - 1, 1 },
	{ (1UL << 61) - 1, (1UL << 61) - 1, WORDS - 1, 1 },
	{ 1UL << 61, 1UL << 61, WORDS - 1, 1 },
	{ (1UL << 61) + 1, (1UL << 61) + 1, WORDS - 1, 1 },
	{ 1UL << 63, 1UL << 63, WORDS - 1, 1 },
	{ UINT64_MAX - 1, UINT64_MAX - 1, WORDS - 1, 1 },
	{ UINT64_MAX, UINT64_MAX, WORDS - 1, 1 },
};

static void any_count_is_safe(void **state)
{
	struct area area;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		assert_int_equal(make_area(&area, WORDS), 0);
		area.rec.area[0] = counts[i].stored;
		assert_int_equal(kcov_record_count(&area.rec), counts[i].shown);
		kcov_record_pc(&area.rec, PC);
		assert_int_equal(area.rec.area[0], counts[i].left);
		assert_int_equal(area.rec.dropped, counts[i].dropped);
		assert_int_equal(words_changed(&area), 1 - counts[i].dropped);
		free(area.rec.area);
	}
}

/* An area for comparisons: any number of words, whole records. */
static int make_cmp_area(struct area *area, u64 words)
{
	const int result = make_area(area, words);

	area->rec.capacity = kcov_record_cmp_capacity(words);
	return result;
}

static void capacity_for_comparisons_is_whole_records(void **state)
{
	(void)state;
	assert_int_equal(kcov_record_cmp_capacity(2), 0);
	assert_int_equal(kcov_record_cmp_capacity(4), 0);
	assert_int_equal(kcov_record_cmp_capacity(5), 1);
	assert_int_equal(kcov_record_cmp_capacity(8), 1);
	assert_int_equal(kcov_record_cmp_capacity(9), 2);
}

static void comparison_is_four_words(void **state)
{
	struct area area;

	(void)state;
	assert_int_equal(make_cmp_area(&area, 9), 0);
	for (u64 i = 0; i < 3; i++)
		kcov_record_cmp(&area.rec, 10 * i + 1, 10 * i + 2, 10 * i + 3, 10 * i + 4);
	assert_int_equal(area.rec.area[0], 2);
	for (u64 i = 0; i < 8; i++)
		assert_int_equal(area.rec.area[1 + i], 10 * (i / 4) + i % 4 + 1);
	assert_int_equal(area.rec.dropped, 1);
	free(area.rec.area);
}

static void comparison_is_written_whole_or_not_at_all(void **state)
{
	struct area area;

	(void)state;
	for (u64 words = 2; words < 20; words++) {
		const u64 whole = (words - 1) / 4;

		assert_int_equal(make_cmp_area(&area, words), 0);
		for (int i = 0; i < 10; i++)
			kcov_record_cmp(&area.rec, 1, 2, 3, 4);
		assert_int_equal(area.rec.area[0], whole);
		assert_int_equal(words_changed(&area), 4 * whole);
		assert_int_equal(area.rec.dropped, 10 - whole);
		free(area.rec.area);
	}
}

/* Multiplied by the length of a record each of them wraps to a small index. */
static void any_count_is_safe_for_comparisons(void **state)
{
	const u64 hostile[] = {
		1, 2, WORDS, 1UL << 32, 1UL << 59, (1UL << 61) - 1, 1UL << 61, 1UL << 62,
		(1UL << 62) + 1, 3UL << 62, 1UL << 63, UINT64_MAX - 1, UINT64_MAX,
	};
	struct area area;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(hostile); i++) {
		assert_int_equal(make_cmp_area(&area, WORDS), 0);
		area.rec.area[0] = hostile[i];
		kcov_record_cmp(&area.rec, 1, 2, 3, 4);
		assert_int_equal(area.rec.area[0], hostile[i]);
		assert_int_equal(words_changed(&area), 0);
		free(area.rec.area);
	}
}

static void forgetting_begins_at_the_first_slot(void **state)
{
	struct area *area = *state;

	kcov_record_pc(&area->rec, PC);
	kcov_record_forget(&area->rec);
	assert_int_equal(area->rec.area[0], 0);
	kcov_record_pc(&area->rec, PC + 1);
	assert_int_equal(area->rec.area[1], PC + 1);
}

static void record_after_a_reset_is_word_1_again(void **state)
{
	struct area *area = *state;

	for (u64 i = 0; i < 2 * WORDS; i++)
		kcov_record_pc(&area->rec, PC);
	area->rec.area[0] = 0;
	kcov_record_pc(&area->rec, PC + 1);
	assert_int_equal(area->rec.area[0], 1);
	assert_int_equal(area->rec.area[1], PC + 1);
	assert_int_equal(area->rec.area[2], PC);
}

static void count_is_read_without_changing_anything(void **state)
{
	struct area *area = *state;

	area->rec.area[0] = UINT64_MAX;
	assert_int_equal(kcov_record_count(&area->rec), WORDS - 1);
	assert_int_equal(area->rec.area[0], UINT64_MAX);
	assert_int_equal(words_changed(area), 0);
}

/* An area whose word 0 ends a page, so that the next store can be trapped. */
static struct kcov_recorder trapped;
static u64 count_when_trapped;

/* The interrupt between the two stores, which records something itself. */
static void interrupt_record(int unused)
{
	(void)unused;
	count_when_trapped = trapped.area[0];
	mprotect(&trapped.area[1], getpagesize(), PROT_READ | PROT_WRITE);
	kcov_record_pc(&trapped, PC + 1);
}

static void interrupt_between_count_and_record_takes_the_next_slot(void **state)
{
	const struct sigaction action = { .sa_handler = interrupt_record };
	const long page = getpagesize();
	char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct sigaction old;

	(void)state;
	assert_ptr_not_equal(pages, MAP_FAILED);
	trapped.area = (u64 *)(pages + page) - 1;
	trapped.capacity = WORDS - 1;
	mprotect(pages + page, page, PROT_NONE);
	sigaction(SIGSEGV, &action, &old);
	kcov_record_pc(&trapped, PC);
	sigaction(SIGSEGV, &old, NULL);
	assert_int_equal(count_when_trapped, 1);
	assert_int_equal(trapped.area[0], 2);
	assert_int_equal(trapped.area[1], PC);
	assert_int_equal(trapped.area[2], PC + 1);
	munmap(pages, 2 * page);
}

#define AREA_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest record[] = {
		cmocka_unit_test(capacity_is_all_but_word_0),
		AREA_TEST(first_record_is_word_1),
		AREA_TEST(records_stand_in_order),
		AREA_TEST(full_area_keeps_what_it_has),
		AREA_TEST(every_record_is_kept_or_counted_as_dropped),
		cmocka_unit_test(smallest_area_holds_one_record),
		cmocka_unit_test(any_count_is_safe),
		cmocka_unit_test(capacity_for_comparisons_is_whole_records),
		cmocka_unit_test(comparison_is_four_words),
		cmocka_unit_test(comparison_is_written_whole_or_not_at_all),
		cmocka_unit_test(any_count_is_safe_for_comparisons),
		AREA_TEST(forgetting_begins_at_the_first_slot),
		AREA_TEST(record_after_a_reset_is_word_1_again),
		AREA_TEST(count_is_read_without_changing_anything),
		cmocka_unit_test(interrupt_between_count_and_record_takes_the_next_slot),
	};
	const int failed = cmocka_run_group_tests(record, NULL, NULL);

	return failed != 0;
}
