// SPDX-License-Identifier: GPL-2.0-only
/*
 * KCOV_RESET_TRACE: the count starts again without a store by the program.
 */
#include "kcov_mark.h"

#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static int reset(int fd)
{
	return kcov_ioctl(fd, KCOV_RESET_TRACE, 0);
}

static int enable_cmp(int fd)
{
	return kcov_ioctl(fd, KCOV_ENABLE, KCOV_TRACE_CMP);
}

static void reset_sets_the_count_to_0(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_enable(t->fd), 0);
	kcov_set_count(t, 300);
	assert_int_equal(reset(t->fd), 0);
	/* what the end of the system call itself was recorded as */
	assert_in_range(kcov_count(t), 0, 50);
	assert_int_equal(kcov_disable(t->fd), 0);
}

static void reset_sets_any_count_to_0(void **state)
{
	const unsigned long counts[] = { 1, KCOV_TEST_SIZE, 1UL << 32, 1UL << 61, ULONG_MAX };
	const struct kcov_test *t = *state;

	assert_int_equal(enable_cmp(t->fd), 0);
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		kcov_set_count(t, counts[i]);
		assert_int_equal(reset(t->fd), 0);
		assert_in_range(kcov_count(t), 0, 50);
	}
	assert_int_equal(kcov_disable(t->fd), 0);
}

/* The trace behind a reset, in a mapping that cannot be written. */
static void read_only_mapping_is_enough(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_test reader = *t;
	size_t count;

	reader.buffer = mmap(NULL, t->size * sizeof(*t->buffer), PROT_READ, MAP_SHARED, t->fd, 0);
	assert_ptr_not_equal(reader.buffer, MAP_FAILED);
	assert_int_equal(kcov_enable(t->fd), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(reset(t->fd), 0);
		kcov_read_nothing(NULL);
	}
	count = kcov_count(&reader);
	assert_int_equal(kcov_disable(t->fd), 0);
	assert_true(kcov_has_read(&reader, count));
	kcov_unmap(reader.buffer, t->size);
}

/* Three calls leave no more records than one. */
static void records_behind_a_reset_begin_at_the_first_slot(void **state)
{
	const struct kcov_test *t = *state;
	size_t once;

	assert_int_equal(kcov_enable(t->fd), 0);
	for (int i = 0; i < 2; i++) {
		reset(t->fd);
		kcov_read_nothing(NULL);
		once = kcov_count(t);
	}
	for (int i = 0; i < 3; i++) {
		reset(t->fd);
		kcov_read_nothing(NULL);
	}
	assert_int_equal(kcov_count(t), once);
	kcov_read_nothing(NULL);
	assert_true(kcov_count(t) > once);
	assert_int_equal(kcov_disable(t->fd), 0);
}

static void reset_before_init_is_einval(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(reset(t->fd), EINVAL);
}

static void reset_before_enable_is_einval(void **state)
{
	const struct kcov_test *t = *state;

	kcov_set_count(t, 3);
	assert_int_equal(reset(t->fd), EINVAL);
	assert_int_equal(kcov_count(t), 3);
}

static void reset_after_disable_is_einval(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_enable(t->fd), 0);
	assert_int_equal(kcov_disable(t->fd), 0);
	kcov_set_count(t, 3);
	assert_int_equal(reset(t->fd), EINVAL);
	assert_int_equal(kcov_count(t), 3);
}

static void reset_with_an_argument_is_einval(void **state)
{
	const unsigned long arguments[] = { 1, 104, 1UL << 32, ULONG_MAX };
	const struct kcov_test *t = *state;

	assert_int_equal(enable_cmp(t->fd), 0);
	kcov_set_count(t, 500);
	for (size_t i = 0; i < ARRAY_SIZE(arguments); i++)
		assert_int_equal(kcov_ioctl(t->fd, KCOV_RESET_TRACE, arguments[i]), EINVAL);
	assert_true(kcov_count(t) >= 500);
	assert_int_equal(kcov_disable(t->fd), 0);
}

static int reset_elsewhere(void *fd)
{
	return reset(*(int *)fd);
}

static void reset_by_a_sibling_is_einval(void **state)
{
	struct kcov_test *t = *state;

	assert_int_equal(enable_cmp(t->fd), 0);
	kcov_set_count(t, 500);
	assert_int_equal(kcov_in_thread(reset_elsewhere, &t->fd), EINVAL);
	assert_int_equal(kcov_in_child(reset_elsewhere, &t->fd), EINVAL);
	assert_true(kcov_count(t) >= 500);
	assert_int_equal(kcov_disable(t->fd), 0);
}

static void reset_of_another_descriptor_is_einval(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_test second;

	assert_true(kcov_make(&second, KCOV_TEST_SIZE));
	kcov_set_count(&second, 3);
	assert_int_equal(kcov_enable(t->fd), 0);
	assert_int_equal(reset(second.fd), EINVAL);
	assert_int_equal(kcov_disable(t->fd), 0);
	assert_int_equal(kcov_count(&second), 3);
	kcov_release(&second);
}

static void reset_keeps_the_mode(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_enable(t->fd), 0);
	assert_int_equal(reset(t->fd), 0);
	assert_int_equal(kcov_enable(t->fd), EINVAL);
	assert_int_equal(kcov_disable(t->fd), 0);
}

int main(void)
{
	const struct CMUnitTest reset_trace[] = {
		KCOV_TEST(reset_sets_the_count_to_0),
		KCOV_TEST(reset_sets_any_count_to_0),
		KCOV_TEST(read_only_mapping_is_enough),
		KCOV_TEST(records_behind_a_reset_begin_at_the_first_slot),
		KCOV_TEST_NEW(reset_before_init_is_einval),
		KCOV_TEST(reset_before_enable_is_einval),
		KCOV_TEST(reset_after_disable_is_einval),
		KCOV_TEST(reset_with_an_argument_is_einval),
		KCOV_TEST(reset_by_a_sibling_is_einval),
		KCOV_TEST(reset_of_another_descriptor_is_einval),
		KCOV_TEST(reset_keeps_the_mode),
	};
	const int failed = cmocka_run_group_tests(reset_trace, NULL, NULL);

	return failed != 0;
}
