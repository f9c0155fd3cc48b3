// SPDX-License-Identifier: GPL-2.0-only
/*
 * KCOV_ENABLE and KCOV_DISABLE in one thread: every refusal with its errno
 * and the order of the checks, and what a disabled descriptor does.
 */
#include "kcov_test.h"

#include <limits.h>
#include <unistd.h>

#define ROUNDS	10000

static void enable_before_init_is_einval(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_enable(t->fd), EINVAL);
}

static void enable_needs_no_mapping(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_init(t->fd, KCOV_TEST_SIZE), 0);
	assert_int_equal(kcov_enable(t->fd), 0);
	assert_int_equal(kcov_disable(t->fd), 0);
}

static void unknown_modes_are_einval(void **state)
{
	const unsigned long modes[] = {
		2, 3, 4, 0x7fffffff, 0x80000000, ULONG_MAX, 1UL << 32, (1UL << 32) + 1, 1UL << 63,
	};
	const struct kcov_test *t = *state;

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		assert_int_equal(kcov_ioctl(t->fd, KCOV_ENABLE, modes[i]), EINVAL);
}

static void comparisons_are_a_mode_of_their_own(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_ioctl(t->fd, KCOV_ENABLE, KCOV_TRACE_CMP), 0);
	assert_int_equal(kcov_disable(t->fd), 0);
}

/* Words of four, the first of which is a type; a function entry would be one large word. */
static void comparison_mode_records_no_function_entry(void **state)
{
	const struct kcov_test *t = *state;
	size_t count;

	assert_int_equal(kcov_ioctl(t->fd, KCOV_ENABLE, KCOV_TRACE_CMP), 0);
	kcov_set_count(t, 0);
	kcov_read_nothing(NULL);
	count = kcov_count(t);
	assert_int_equal(kcov_disable(t->fd), 0);
	assert_true(count < t->size / 4);
	for (size_t i = 0; i < count; i++)
		assert_in_range(t->buffer[1 + 4 * i], 0, 7);
}

static void refused_mode_leaves_the_descriptor_usable(void **state)
{
	const struct kcov_test *t = *state;

	kcov_ioctl(t->fd, KCOV_ENABLE, 2);
	assert_int_equal(kcov_count(t), 0);
	assert_true(kcov_trace_read(t) > 0);
}

static void enable_twice_is_einval(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_enable(t->fd), 0);
	assert_int_equal(kcov_enable(t->fd), EINVAL);
	assert_int_equal(kcov_disable(t->fd), 0);
}

static void second_descriptor_in_a_thread_is_busy(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_test second;

	assert_true(kcov_make(&second, KCOV_TEST_SIZE));
	assert_int_equal(kcov_enable(t->fd), 0);
	assert_int_equal(kcov_enable(second.fd), EBUSY);
	assert_int_equal(kcov_count(&second), 0);
	assert_int_equal(kcov_disable(t->fd), 0);
	assert_true(kcov_trace_read(&second) > 0);
	kcov_release(&second);
}

static void busy_is_seen_before_the_mode(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_test second;

	assert_true(kcov_make(&second, KCOV_TEST_SIZE));
	assert_int_equal(kcov_enable(t->fd), 0);
	assert_int_equal(kcov_ioctl(second.fd, KCOV_ENABLE, ULONG_MAX), EBUSY);
	assert_int_equal(kcov_ioctl(second.fd, KCOV_ENABLE, KCOV_TRACE_CMP), EBUSY);
	kcov_release(&second);
}

static void uninitialised_is_seen_before_busy(void **state)
{
	const struct kcov_test *t = *state;
	const int second = kcov_open();

	assert_int_equal(kcov_enable(t->fd), 0);
	assert_int_equal(kcov_enable(second), EINVAL);
	close(second);
}

static void disable_before_init_is_einval(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_disable(t->fd), EINVAL);
}

static void disable_before_enable_is_einval(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_disable(t->fd), EINVAL);
}

static void disable_twice_is_einval(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_enable(t->fd), 0);
	assert_int_equal(kcov_disable(t->fd), 0);
	assert_int_equal(kcov_disable(t->fd), EINVAL);
}

static void disable_with_another_descriptor_is_einval(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_test second;

	assert_true(kcov_make(&second, KCOV_TEST_SIZE));
	assert_int_equal(kcov_enable(t->fd), 0);
	assert_int_equal(kcov_disable(second.fd), EINVAL);
	assert_int_equal(kcov_disable(t->fd), 0);
	kcov_release(&second);
}

static void disable_with_an_argument_keeps_it_on(void **state)
{
	const unsigned long arguments[] = { 1, 1UL << 32, ULONG_MAX };
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_enable(t->fd), 0);
	for (size_t i = 0; i < ARRAY_SIZE(arguments); i++)
		assert_int_equal(kcov_ioctl(t->fd, KCOV_DISABLE, arguments[i]), EINVAL);
	kcov_set_count(t, 0);
	kcov_read_nothing(NULL);
	assert_true(kcov_count(t) > 0);
}

static void disabled_descriptor_records_nothing(void **state)
{
	const struct kcov_test *t = *state;
	size_t count;

	assert_true(kcov_trace_read(t) > 0);
	count = kcov_count(t);
	for (int i = 0; i < 1000; i++)
		kcov_read_nothing(NULL);
	assert_int_equal(kcov_count(t), count);
}

static void never_enabled_descriptor_records_nothing(void **state)
{
	const struct kcov_test *t = *state;

	for (int i = 0; i < 1000; i++)
		kcov_read_nothing(NULL);
	assert_int_equal(kcov_count(t), 0);
}

/* The second trace lands behind what the first left, which stays as it was. */
static void enable_does_not_reset_the_count(void **state)
{
	const struct kcov_test *t = *state;
	unsigned long first, count;

	assert_true(kcov_trace_read(t) > 0);
	first = t->buffer[1];
	count = kcov_count(t);
	assert_int_equal(kcov_enable(t->fd), 0);
	kcov_read_nothing(NULL);
	assert_int_equal(kcov_disable(t->fd), 0);
	assert_true(kcov_count(t) > count);
	assert_int_equal(t->buffer[1], first);
}

static void ten_thousand_rounds_work(void **state)
{
	const struct kcov_test *t = *state;
	int good = 0;

	for (int i = 0; i < ROUNDS; i++)
		good += !kcov_enable(t->fd) && !kcov_disable(t->fd);
	assert_int_equal(good, ROUNDS);
	assert_true(kcov_trace_read(t) > 0);
}

int main(void)
{
	const struct CMUnitTest enable[] = {
		KCOV_TEST_NEW(enable_before_init_is_einval),
		KCOV_TEST_NEW(enable_needs_no_mapping),
		KCOV_TEST(unknown_modes_are_einval),
		KCOV_TEST(comparisons_are_a_mode_of_their_own),
		KCOV_TEST(comparison_mode_records_no_function_entry),
		KCOV_TEST(refused_mode_leaves_the_descriptor_usable),
		KCOV_TEST(enable_twice_is_einval),
		KCOV_TEST(second_descriptor_in_a_thread_is_busy),
		KCOV_TEST(busy_is_seen_before_the_mode),
		KCOV_TEST(uninitialised_is_seen_before_busy),
		KCOV_TEST_NEW(disable_before_init_is_einval),
		KCOV_TEST(disable_before_enable_is_einval),
		KCOV_TEST(disable_twice_is_einval),
		KCOV_TEST(disable_with_another_descriptor_is_einval),
		KCOV_TEST(disable_with_an_argument_keeps_it_on),
		KCOV_TEST(disabled_descriptor_records_nothing),
		KCOV_TEST(never_enabled_descriptor_records_nothing),
		KCOV_TEST(enable_does_not_reset_the_count),
		KCOV_TEST(ten_thousand_rounds_work),
	};
	const int failed = cmocka_run_group_tests(enable, NULL, NULL);

	return failed != 0;
}
