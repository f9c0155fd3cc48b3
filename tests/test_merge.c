// SPDX-License-Identifier: GPL-2.0-only
/*
 * From a section's buffer to its owner's: what does not fit, many sections at once, the buffers
 * that are set aside, and user space that writes to the count.
 */
#include "kcov_instances.h"
#include "kcov_remote.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PARAMETERS	"/sys/module/kcov/parameters/"
#define NO_BUFFER	"sections_without_a_buffer"

#define ROUNDS		200
#define BIG		0x20000UL

static unsigned long dropped(void)
{
	struct kcov_row row;

	assert_true(kcov_read_rows(&row) > 0);
	return strtoul(row.dropped, NULL, 10);
}

static unsigned long lost(void)
{
	struct kcov_row row;

	assert_true(kcov_read_rows(&row) > 0);
	return strtoul(row.lost, NULL, 10);
}

static int enable_sized(int fd, __u32 mode, __u32 area_size)
{
	struct kcov_remote remote = kcov_usb(KCOV_USB_A);

	remote.trace_mode = mode;
	remote.area_size = area_size;
	return kcov_remote_enable(fd, &remote);
}

/* The records that a section with this many rounds has when there is room. */
static size_t whole(const struct kcov_test *t, const char *context, unsigned int rounds)
{
	size_t count;

	assert_int_equal(enable_sized(t->fd, KCOV_TRACE_PC, KCOV_TEST_AREA), 0);
	kcov_set_count(t, 0);
	assert_int_equal(kcov_deferred("%s %#llx %u", context, KCOV_USB_A, rounds), 0);
	count = kcov_count(t);
	kcov_set_count(t, 0);
	assert_int_equal(kcov_disable(t->fd), 0);
	return count;
}

static void section_larger_than_its_area_is_cut_and_the_rest_counted(void **state)
{
	const struct kcov_test *t = *state;
	const size_t count = whole(t, "kthread", 500);

	memset(t->buffer, 0, t->size * sizeof(t->buffer[0]));
	assert_int_equal(enable_sized(t->fd, KCOV_TRACE_PC, 64), 0);
	assert_int_equal(kcov_deferred("kthread %#llx 500", KCOV_USB_A), 0);
	assert_int_equal(kcov_count(t), 63);
	assert_true(kcov_in_range(t, 63));
	assert_int_equal(t->buffer[64], 0);
	assert_int_equal(dropped(), count - 63);
}

static void area_of_two_words_holds_one_record(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(enable_sized(t->fd, KCOV_TRACE_PC, 2), 0);
	assert_int_equal(kcov_deferred("kthread %#llx 500", KCOV_USB_A), 0);
	assert_int_equal(kcov_count(t), 1);
	assert_string_equal(kcov_symbol_at(t->buffer[1]), "deferred_in_kthread");
}

static void section_without_a_buffer_is_counted(void **state)
{
	const unsigned long before = kcov_lost(NO_BUFFER);
	const struct kcov_test *t = *state;

	for (__u32 words = 0; words < 2; words++) {
		assert_int_equal(enable_sized(t->fd, KCOV_TRACE_PC, words), 0);
		assert_int_equal(kcov_deferred("kthread %#llx", KCOV_USB_A), 0);
		assert_int_equal(kcov_disable(t->fd), 0);
	}
	assert_int_equal(kcov_count(t), 0);
	assert_int_equal(lost(), 2);
	assert_int_equal(kcov_lost(NO_BUFFER), before + 2);
}

static void comparisons_are_cut_at_whole_records(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(enable_sized(t->fd, KCOV_TRACE_CMP, 64), 0);
	assert_int_equal(kcov_deferred("kthread %#llx 500", KCOV_USB_A), 0);
	assert_int_equal(kcov_count(t), 15);
	for (int i = 0; i < 15; i++)
		assert_true(t->buffer[1 + 4 * i] < 8 && t->buffer[4 + 4 * i]);
	assert_int_equal(t->buffer[61], 0);
}

static void nearly_full_buffer_takes_what_fits(void **state)
{
	const struct kcov_test *t = *state;
	const size_t count = whole(t, "timer", 500);
	const unsigned long before = dropped();

	memset(&t->buffer[1], 0, (t->size - 1) * sizeof(t->buffer[0]));
	assert_int_equal(enable_sized(t->fd, KCOV_TRACE_PC, KCOV_TEST_AREA), 0);
	kcov_set_count(t, t->size - 1 - 3);
	assert_int_equal(kcov_deferred("timer %#llx 500", KCOV_USB_A), 0);
	assert_int_equal(kcov_count(t), t->size - 1);
	assert_int_equal(t->buffer[t->size - 4], 0);
	for (size_t i = t->size - 3; i < t->size; i++)
		assert_int_not_equal(t->buffer[i], 0);
	assert_int_equal(dropped(), before + count - 3);
}

/* 4095 words hold 1023 comparisons, and three words are left over. */
static void nearly_full_buffer_takes_whole_comparisons(void **state)
{
	const struct kcov_test *t = *state;
	unsigned long first[8];

	assert_int_equal(enable_sized(t->fd, KCOV_TRACE_CMP, KCOV_TEST_AREA), 0);
	assert_int_equal(kcov_deferred("kthread %#llx 500", KCOV_USB_A), 0);
	assert_true(kcov_count(t) > 2);
	assert_non_null(kcov_comparison_with(t, 0x7001));
	memcpy(first, &t->buffer[1], sizeof(first));
	memset(&t->buffer[1], 0, (t->size - 1) * sizeof(t->buffer[0]));
	kcov_set_count(t, 1021);
	assert_int_equal(kcov_deferred("kthread %#llx 500", KCOV_USB_A), 0);
	assert_int_equal(kcov_count(t), 1023);
	assert_int_equal(t->buffer[4 * 1021], 0);
	assert_memory_equal(&t->buffer[1 + 4 * 1021], first, sizeof(first));
	assert_int_not_equal(first[7], 0);
	for (size_t i = 1 + 4 * 1023; i < t->size; i++)
		assert_int_equal(t->buffer[i], 0);
}

static void any_count_is_safe(void **state)
{
	const struct kcov_test *t = *state;
	const unsigned long counts[] = {
		t->size - 1, t->size, 2 * t->size, 1UL << 59, 1UL << 61, 1UL << 62,
		1UL << 63, ~0UL,
	};

	for (__u32 mode = KCOV_TRACE_PC; mode <= KCOV_TRACE_CMP; mode++) {
		assert_int_equal(enable_sized(t->fd, mode, KCOV_TEST_AREA), 0);
		for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
			kcov_set_count(t, counts[i]);
			assert_int_equal(kcov_deferred("tasklet %#llx 500", KCOV_USB_A), 0);
			assert_int_equal(kcov_count(t), counts[i]);
		}
		assert_int_equal(kcov_disable(t->fd), 0);
	}
	for (size_t i = 1; i < t->size; i++)
		assert_int_equal(t->buffer[i], 0);
}

struct worker {
	pthread_t thread;
	const char *context;
	int cpu;
	int failed;
};

static void *work_on_cpu(void *data)
{
	struct worker *worker = data;

	worker->failed = !kcov_pin(worker->cpu);
	for (int i = 0; i < ROUNDS; i++)
		worker->failed += kcov_deferred("%s %#llx 50", worker->context, KCOV_USB_A) != 0;
	return NULL;
}

static int work_on_both(const char *first, const char *second)
{
	struct worker workers[] = { { .context = first, .cpu = 0 },
				    { .context = second, .cpu = 1 } };
	int failed = 0;

	for (int i = 0; i < 2; i++)
		pthread_create(&workers[i].thread, NULL, work_on_cpu, &workers[i]);
	for (int i = 0; i < 2; i++) {
		pthread_join(workers[i].thread, NULL);
		failed += workers[i].failed;
	}
	return failed;
}

/* What is shown of what should not be there. */
#define SHOWN	6

static size_t alike(const unsigned long *a, const unsigned long *b, size_t words)
{
	size_t i = 0;

	while (i < words && a[i] == b[i])
		i++;
	return i;
}

/* How many times the buffer holds one of the two sections, whole, with nothing between. */
static size_t count_whole(const struct kcov_test *t, const unsigned long *first,
			  const unsigned long *second, size_t each)
{
	size_t found = 0, end = kcov_count(t) + 1;

	for (size_t i = 1; i + each <= end; i += each, found++) {
		const size_t a = alike(&t->buffer[i], first, each);
		const size_t b = alike(&t->buffer[i], second, each);
		const size_t most = a > b ? a : b;

		if (most == each)
			continue;
		print_error("section %zu, record %zu of %zu, expected %s or %s:", found, most, each,
			    kcov_symbol_at(first[most]), kcov_symbol_at(second[most]));
		for (size_t j = i + most; j < i + most + SHOWN && j < end; j++)
			print_error(" %s", kcov_symbol_at(t->buffer[j]));
		print_error("\n");
		break;
	}
	return found;
}

/* The records of one section; answers how many. */
static size_t learn(const struct kcov_test *t, const char *context, unsigned long *records)
{
	const size_t each = whole(t, context, 50);

	assert_in_range(each, 50, 250);
	memcpy(records, &t->buffer[1], each * sizeof(records[0]));
	return each;
}

/* Sections of one descriptor on both CPUs: a lost one is counted, no other is missing. */
static void on_both_cpus(const char *first, const char *second)
{
	unsigned long records[2][256];
	struct kcov_test t;
	size_t each;

	assert_true(kcov_make(&t, BIG));
	each = learn(&t, first, records[0]);
	assert_int_equal(learn(&t, second, records[1]), each);
	assert_int_equal(enable_sized(t.fd, KCOV_TRACE_PC, KCOV_TEST_AREA), 0);
	assert_int_equal(work_on_both(first, second), 0);
	assert_int_equal(count_whole(&t, records[0], records[1], each), 2 * ROUNDS - lost());
	assert_int_equal(kcov_count(&t), (2 * ROUNDS - lost()) * each);
	assert_true(lost() < ROUNDS);
	kcov_release(&t);
}

static void kthreads_on_both_cpus_lose_and_tear_nothing(void **state)
{
	(void)state;
	on_both_cpus("kthread", "kthread");
}

static void tasklets_on_both_cpus_lose_and_tear_nothing(void **state)
{
	(void)state;
	on_both_cpus("tasklet", "tasklet");
}

static void works_and_timers_lose_and_tear_nothing(void **state)
{
	(void)state;
	on_both_cpus("work", "timer");
}

/* Begins this many sections of kthreads, ends all; answers how many were lost. */
static unsigned long lost_of(const struct kcov_test *t, unsigned int sections)
{
	const unsigned long before = lost();

	assert_int_equal(kcov_enable_usb(t->fd, KCOV_USB_A), 0);
	for (unsigned int i = 0; i < sections; i++)
		assert_int_equal(kcov_sections("begin %u %#llx", i, KCOV_USB_A), 0);
	for (unsigned int i = 0; i < sections; i++)
		assert_int_equal(kcov_sections("end %u", i), 0);
	assert_int_equal(kcov_disable(t->fd), 0);
	return lost() - before;
}

static void more_sections_than_buffers_are_counted(void **state)
{
	const unsigned long before = kcov_lost(NO_BUFFER);

	assert_int_equal(lost_of(*state, 4), 0);
	assert_int_equal(lost_of(*state, 7), 3);
	assert_int_equal(kcov_lost(NO_BUFFER), before + 3);
}

static void sections_that_found_a_buffer_are_recorded_beside_those_that_did_not(void **state)
{
	const struct kcov_test *t = *state;
	size_t inside = 0;

	assert_int_equal(lost_of(t, 7), 3);
	for (size_t i = 1; i <= kcov_count(t); i++)
		inside += !strcmp(kcov_symbol_at(t->buffer[i]), "sections_inside");
	assert_int_equal(inside, 4);
}

static void parameter_says_how_many_buffers(void **state)
{
	unsigned long lost_with[4];

	assert_int_equal(kcov_write_number(PARAMETERS "remote_areas", 2), 0);
	lost_with[0] = lost_of(*state, 5);
	kcov_write_number(PARAMETERS "remote_areas", 64);
	lost_with[1] = lost_of(*state, 64);
	kcov_write_number(PARAMETERS "remote_areas", 0);
	lost_with[2] = lost_of(*state, 3);
	kcov_write_number(PARAMETERS "remote_areas", 1000);
	lost_with[3] = lost_of(*state, 66);
	assert_int_equal(kcov_write_number(PARAMETERS "remote_areas", 4), 0);
	assert_int_equal(lost_with[0], 3);
	assert_int_equal(lost_with[1], 0);
	assert_int_equal(lost_with[2], 2);
	assert_int_equal(lost_with[3], 2);
}

/* A softirq on the other CPU is in its section meanwhile. */
static unsigned long lost_beside_a_held_softirq(const struct kcov_test *t)
{
	const unsigned long before = lost();

	assert_int_equal(kcov_enable_usb(t->fd, KCOV_USB_A), 0);
	kcov_pin(0);
	assert_int_equal(kcov_sections("hold %#llx", KCOV_USB_A), 0);
	assert_int_equal(kcov_deferred("tasklet %#llx", KCOV_USB_A), 0);
	assert_int_equal(kcov_sections("release"), 0);
	kcov_pin(-1);
	assert_int_equal(kcov_disable(t->fd), 0);
	return lost() - before;
}

static void parameter_says_how_many_softirqs(void **state)
{
	unsigned long lost_with_one;

	assert_int_equal(lost_beside_a_held_softirq(*state), 0);
	assert_int_equal(kcov_write_number(PARAMETERS "softirq_areas", 1), 0);
	lost_with_one = lost_beside_a_held_softirq(*state);
	assert_int_equal(kcov_write_number(PARAMETERS "softirq_areas", 0), 0);
	assert_int_equal(lost_with_one, 1);
}

static void parameter_says_how_long_a_softirqs_buffer_is(void **state)
{
	const struct kcov_test *t = *state;
	size_t count;

	assert_int_equal(kcov_write_number(PARAMETERS "softirq_area_size", 100), 0);
	count = whole(t, "tasklet", 500);
	assert_int_equal(kcov_write_number(PARAMETERS "softirq_area_size", 0), 0);
	assert_int_equal(whole(t, "tasklet", 500), 1);
	assert_int_equal(kcov_write_number(PARAMETERS "softirq_area_size", 0x40000), 0);
	assert_int_equal(count, 99);
	assert_true(whole(t, "tasklet", 500) > 500);
}

struct scribbler {
	const struct kcov_test *test;
	atomic_bool stop;
};

static void *scribble(void *data)
{
	struct scribbler *scribbler = data;
	const unsigned long size = scribbler->test->size;
	const unsigned long counts[] = { 0, 1, size / 2, size - 2, size, 1UL << 61, ~0UL };

	for (unsigned int i = 0; !atomic_load(&scribbler->stop); i++)
		kcov_set_count(scribbler->test, counts[i % ARRAY_SIZE(counts)]);
	return NULL;
}

static void count_that_is_written_all_the_time_does_no_harm(void **state)
{
	const struct kcov_test *t = *state;
	struct scribbler scribbler = { .test = t };
	pthread_t thread;
	int failed = 0;

	assert_int_equal(kcov_enable_usb(t->fd, KCOV_USB_A), 0);
	pthread_create(&thread, NULL, scribble, &scribbler);
	for (int i = 0; i < ROUNDS; i++)
		failed += kcov_deferred("%s %#llx 1000", i & 1 ? "kthread" : "tasklet", KCOV_USB_A);
	atomic_store(&scribbler.stop, true);
	pthread_join(thread, NULL);
	assert_int_equal(failed, 0);
	kcov_set_count(t, 0);
	assert_int_equal(kcov_deferred("kthread %#llx", KCOV_USB_A), 0);
	assert_true(kcov_reached(t, kcov_count(t), "deferred_in_kthread"));
}

int main(void)
{
	const struct CMUnitTest merge[] = {
		KCOV_TEST(section_larger_than_its_area_is_cut_and_the_rest_counted),
		KCOV_TEST(area_of_two_words_holds_one_record),
		KCOV_TEST(section_without_a_buffer_is_counted),
		KCOV_TEST(comparisons_are_cut_at_whole_records),
		KCOV_TEST(nearly_full_buffer_takes_what_fits),
		KCOV_TEST(nearly_full_buffer_takes_whole_comparisons),
		KCOV_TEST(any_count_is_safe),
		cmocka_unit_test(kthreads_on_both_cpus_lose_and_tear_nothing),
		cmocka_unit_test(tasklets_on_both_cpus_lose_and_tear_nothing),
		cmocka_unit_test(works_and_timers_lose_and_tear_nothing),
		KCOV_TEST(more_sections_than_buffers_are_counted),
		KCOV_TEST(sections_that_found_a_buffer_are_recorded_beside_those_that_did_not),
		KCOV_TEST(parameter_says_how_many_buffers),
		KCOV_TEST(parameter_says_how_many_softirqs),
		KCOV_TEST(parameter_says_how_long_a_softirqs_buffer_is),
		KCOV_TEST(count_that_is_written_all_the_time_does_no_harm),
	};
	const int failed = cmocka_run_group_tests(merge, kcov_load_drivers_exact,
						  kcov_unload_drivers_exact);

	return failed != 0;
}
