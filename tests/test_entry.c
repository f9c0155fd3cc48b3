// SPDX-License-Identifier: GPL-2.0-only
/*
 * The trampoline at function entries against its twin in C, which runs where a
 * tracer wants to know of the same function: what one records, the other does.
 */
#include "kcov_instances.h"
#include "kcov_neighbour.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define ENTERED		"/sys/kernel/debug/kcov_entered/"
#define HOOKED		TRACEFS "enabled_functions"

/* Words of the buffer, and calls that do not fit. */
#define SMALL		KCOV_PAGE_WORDS
#define CALLS		100UL
#define MANY_CALLS	(2 * SMALL)

/* What a state of the descriptor leaves of some calls. */
struct outcome {
	size_t count;
	unsigned long entries, others, changed, dropped;
};

/* Few, as hooking all of them, and reading which are hooked, takes seconds. */
#define COVERED		"=ksys_* +vfs_* +entered"

static unsigned long entry;

static int setup(void **state)
{
	(void)state;
	if (kcov_load("kcov_entered") || kcov_write_file(KCOV_FUNCTIONS, COVERED))
		return -1;
	entry = kcov_symbol("entered");
	return entry && kcov_disarm_late() ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	kcov_stop_tracer();
	if (kcov_write_file(KCOV_FUNCTIONS, "default"))
		return -1;
	return kcov_unload("kcov_entered") ? -1 : 0;
}

static bool is_of_entered(const char *line)
{
	return !strncmp(line, "entered [kcov_entered]", strlen("entered [kcov_entered]"));
}

static bool is_by_trampoline(const char *line)
{
	return is_of_entered(line) && strstr(line, "kcov_entry");
}

static int call(unsigned long times)
{
	return kcov_write_number(ENTERED "call", times);
}

/* Of the newest descriptor, the second. */
static unsigned long dropped(void)
{
	struct kcov_row last = { .dropped = "" };

	return kcov_read_rows(&last) == 2 ? strtoul(last.dropped, NULL, 10) : ULONG_MAX;
}

static bool is_entry(unsigned long pc)
{
	return pc == entry + KCOV_FENTRY || pc == entry + KCOV_ENDBR + KCOV_FENTRY;
}

static void sort_records(const struct kcov_test *t, struct outcome *outcome)
{
	const size_t count = kcov_count(t) < t->size - 1 ? kcov_count(t) : t->size - 1;

	outcome->count = kcov_count(t);
	for (size_t i = 0; i < count; i++) {
		if (is_entry(t->buffer[1 + i]))
			outcome->entries++;
		else
			outcome->others++;
	}
}

struct scene {
	unsigned long request, mode;	/* how it is enabled */
	unsigned long start;		/* the count before */
	unsigned long calls;
};

/* Some of the write's own functions are recorded as well. */
static void play(const struct scene *scene, struct outcome *outcome)
{
	struct kcov_test t;
	unsigned long before;

	memset(outcome, 0, sizeof(*outcome));
	assert_true(kcov_make(&t, SMALL));
	assert_int_equal(kcov_ioctl(t.fd, scene->request, scene->mode), 0);
	before = dropped();
	kcov_set_count(&t, scene->start);
	assert_int_equal(call(scene->calls), 0);
	if (scene->request == KCOV_ENABLE)
		sort_records(&t, outcome);
	assert_int_equal(kcov_disable(t.fd), 0);
	if (scene->request != KCOV_ENABLE)
		sort_records(&t, outcome);
	outcome->dropped = dropped() - before;
	outcome->changed = kcov_read_number(ENTERED "changed", "");
	kcov_release(&t);
}

/* By the trampoline, and by the twin. */
static void play_both(const struct scene *scene, struct outcome *fast, struct outcome *slow)
{
	assert_int_equal(kcov_count_lines(HOOKED, is_by_trampoline), 1);
	play(scene, fast);
	/* The twin is called as long as this is there. */
	assert_int_equal(kcov_start_tracer("function", "entered\n"), 0);
	assert_int_equal(kcov_count_lines(HOOKED, is_by_trampoline), 0);
	assert_int_equal(kcov_count_lines(HOOKED, is_of_entered), 1);
	play(scene, slow);
	assert_int_equal(kcov_stop_tracer(), 0);
	assert_int_equal(kcov_count_lines(HOOKED, is_by_trampoline), 1);
	assert_int_equal(fast->changed, 0);
	assert_int_equal(slow->changed, 0);
	assert_int_equal(fast->entries, slow->entries);
}

/* Somebody must have it armed while nobody records in these tests. */
static int setup_armed(void **state)
{
	static struct kcov_test keeper;

	*state = &keeper;
	return kcov_make(&keeper, SMALL) ? 0 : -1;
}

static int teardown_armed(void **state)
{
	kcov_stop_tracer();
	kcov_release(*state);
	return 0;
}

static void each_call_is_recorded_once(void **state)
{
	const struct scene scene = { KCOV_ENABLE, KCOV_TRACE_PC, 0, CALLS };
	struct outcome fast, slow;

	(void)state;
	play_both(&scene, &fast, &slow);
	assert_int_equal(fast.entries, CALLS);
	assert_int_equal(fast.dropped, 0);
	assert_true(fast.others > 0 && fast.others < CALLS);
}

static void full_buffer_counts_what_it_drops(void **state)
{
	const struct scene scene = { KCOV_ENABLE, KCOV_TRACE_PC, 0, MANY_CALLS };
	struct outcome fast, slow;

	(void)state;
	play_both(&scene, &fast, &slow);
	assert_int_equal(fast.count, SMALL - 1);
	assert_int_equal(slow.count, SMALL - 1);
	assert_true(fast.dropped > MANY_CALLS - SMALL);
	assert_true(fast.dropped < MANY_CALLS);
	assert_true(slow.dropped > MANY_CALLS - SMALL);
	assert_true(slow.dropped < MANY_CALLS);
}

static void any_count_is_left_alone(void **state)
{
	static const unsigned long counts[] = { SMALL - 1, SMALL, 1UL << 32, LONG_MAX, ULONG_MAX };
	struct outcome fast, slow;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		const struct scene scene = { KCOV_ENABLE, KCOV_TRACE_PC, counts[i], CALLS };

		play_both(&scene, &fast, &slow);
		assert_true(fast.count == counts[i] && slow.count == counts[i]);
		assert_int_equal(fast.entries, 0);
		assert_true(fast.dropped >= CALLS && slow.dropped >= CALLS);
	}
}

static void comparison_mode_records_nothing(void **state)
{
	const struct scene scene = { KCOV_ENABLE, KCOV_TRACE_CMP, 0, CALLS };
	struct outcome fast, slow;

	(void)state;
	play_both(&scene, &fast, &slow);
	assert_int_equal(fast.count, 0);
	assert_int_equal(slow.count, 0);
	assert_int_equal(fast.dropped, 0);
}

static void tree_has_it_once(void **state)
{
	const struct scene scene = { KCOV_TREE_ENABLE, 0, 0, CALLS };
	struct outcome fast, slow;

	(void)state;
	play_both(&scene, &fast, &slow);
	assert_int_equal(fast.entries, 1);
	assert_int_equal(fast.dropped, 0);
}

/* Nobody records, and somebody else does. */
static void registers_are_kept_where_nothing_is_recorded(void **state)
{
	(void)state;
	assert_int_equal(kcov_count_lines(HOOKED, is_by_trampoline), 1);
	assert_int_equal(call(CALLS), 0);
	assert_int_equal(kcov_read_number(ENTERED "changed", ""), 0);
}

/* What the test looks at is different where the trampoline does not come by: its control. */
static void without_it_no_call_is_seen(void **state)
{
	const struct scene scene = { KCOV_ENABLE, KCOV_TRACE_PC, 0, CALLS };
	struct outcome outcome;

	(void)state;
	assert_int_equal(kcov_write_file(KCOV_FUNCTIONS, "-entered"), 0);
	assert_int_equal(kcov_count_lines(HOOKED, is_of_entered), 0);
	play(&scene, &outcome);
	assert_int_equal(kcov_write_file(KCOV_FUNCTIONS, COVERED), 0);
	assert_int_equal(outcome.entries, 0);
	assert_true(outcome.others > 0);
}

#define ENTRY_TEST(name) cmocka_unit_test_setup_teardown(name, setup_armed, teardown_armed)

int main(void)
{
	const struct CMUnitTest entries[] = {
		ENTRY_TEST(each_call_is_recorded_once),
		ENTRY_TEST(full_buffer_counts_what_it_drops),
		ENTRY_TEST(any_count_is_left_alone),
		ENTRY_TEST(comparison_mode_records_nothing),
		ENTRY_TEST(tree_has_it_once),
		ENTRY_TEST(registers_are_kept_where_nothing_is_recorded),
		ENTRY_TEST(without_it_no_call_is_seen),
	};
	const int failed = cmocka_run_group_tests(entries, setup, teardown);

	return failed != 0;
}
