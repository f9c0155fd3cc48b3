// SPDX-License-Identifier: GPL-2.0-only
/*
 * 32-bit programs: the numbers and words are those of 64 bits. The calls are
 * made by compat/caller, which lies beside this program.
 */
#include "kcov_remote.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The descriptor's number in the caller. */
#define CALLER_FD	"9"

#define INIT_32BIT	"80046301"	/* of an unsigned long of 4 bytes */
#define INIT_64BIT	"80086301"
#define ENABLE		"6364"
#define DISABLE		"6365"
#define REMOTE_ENABLE	"40186366"

/* A call that nothing else here makes, and that is refused. */
#define MARK_FUNCTION	"__ia32_sys_sethostname"

/* What the caller is to do, and the descriptor it finds as number 9. */
struct order {
	const struct kcov_test *test;	/* NULL for none */
	const char *words[4];
	bool enabled;			/* by this thread, before it becomes the caller */
};

static bool find_caller(char *path, size_t room)
{
	const ssize_t length = readlink("/proc/self/exe", path, room);
	char *slash;

	if (length < 0 || (size_t)length >= room)
		return false;
	path[length] = '\0';
	slash = strrchr(path, '/');
	snprintf(slash, room - (slash - path), "/compat/caller");
	return true;
}

static int exec_caller(void *data)
{
	struct order *order = data;
	char path[4096];

	if (!find_caller(path, sizeof(path)))
		return 254;
	if (order->test && dup2(order->test->fd, 9) < 0)
		return 253;
	if (order->enabled && kcov_enable(9))
		return 252;
	execl(path, path, order->words[0], order->words[1], order->words[2], order->words[3],
	      NULL);
	return 251;
}

static int caller(struct order order)
{
	return kcov_in_child(exec_caller, &order);
}

/* The errno of an ioctl on the test's descriptor. */
static int caller_ioctl(const struct kcov_test *t, const char *request, const char *argument)
{
	return caller((struct order){ t, { "ioctl", CALLER_FD, request, argument }, false });
}

static int caller_map(const struct kcov_test *t, const char *bytes)
{
	return caller((struct order){ t, { "map", CALLER_FD, bytes }, false });
}

static int caller_trace(const char *request)
{
	return caller((struct order){ NULL, { "trace", request, "1000" }, false });
}

static bool has_mark(const struct kcov_test *t)
{
	const size_t count = kcov_count(t);	/* first: reading symbols makes calls */

	return kcov_reached(t, count, MARK_FUNCTION);
}

static void number_made_of_a_32_bit_long_is_enotty(void **state)
{
	assert_int_equal(caller_ioctl(*state, INIT_32BIT, "1000"), ENOTTY);
}

static void number_made_of_a_64_bit_long_initialises(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(caller_ioctl(t, INIT_64BIT, "1000"), 0);
	assert_int_equal(kcov_init(t->fd, KCOV_TEST_SIZE), EBUSY);
}

static void bad_sizes_are_einval(void **state)
{
	assert_int_equal(caller_ioctl(*state, INIT_64BIT, "1"), EINVAL);
	assert_int_equal(caller_ioctl(*state, INIT_64BIT, "10000000"), EINVAL);
	assert_int_equal(caller_ioctl(*state, INIT_64BIT, "ffffffff"), EINVAL);
}

static void size_counts_words_of_64_bits(void **state)
{
	assert_int_equal(caller_ioctl(*state, INIT_64BIT, "400"), 0);
	assert_int_equal(caller_map(*state, "1000"), EINVAL);
	assert_int_equal(caller_map(*state, "2000"), 0);
}

static void map_before_init_is_einval(void **state)
{
	assert_int_equal(caller_map(*state, "1000"), EINVAL);
}

static void enable_before_init_is_einval(void **state)
{
	assert_int_equal(caller_ioctl(*state, ENABLE, "0"), EINVAL);
}

static void unknown_modes_are_einval(void **state)
{
	assert_int_equal(caller_ioctl(*state, ENABLE, "2"), EINVAL);
	assert_int_equal(caller_ioctl(*state, ENABLE, "ffffffff"), EINVAL);
}

static void enable_works_and_the_exit_frees(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(caller_ioctl(t, ENABLE, "0"), 0);
	assert_int_equal(kcov_enable(t->fd), 0);
}

static void disable_of_what_another_has_enabled_is_einval(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_enable(t->fd), 0);
	assert_int_equal(caller_ioctl(t, DISABLE, "0"), EINVAL);
	assert_int_equal(kcov_disable(t->fd), 0);
}

static void unknown_ioctl_is_enotty(void **state)
{
	assert_int_equal(caller_ioctl(*state, "6363", "0"), ENOTTY);
}

/* The caller ends with the number of the step that went wrong. */
static void whole_trace_works(void **state)
{
	(void)state;
	assert_int_equal(caller_trace(INIT_64BIT), 0);
}

static void whole_trace_with_the_32_bit_number_fails_at_init(void **state)
{
	(void)state;
	assert_int_equal(caller_trace(INIT_32BIT), 2);
}

static void records_are_seen_by_a_64_bit_parent(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(caller((struct order){ t, { "record", CALLER_FD }, false }), 0);
	assert_true(kcov_in_range(t, kcov_count(t)));
	assert_true(has_mark(t));
}

/* The argument of the ioctl has one layout for both. */
static void sections_come_to_a_32_bit_owner(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(caller((struct order){ t, { "sections", CALLER_FD, "1a" }, false }), 0);
	assert_true(kcov_reached(t, kcov_count(t), "deferred_in_kthread"));
}

static void refusals_of_sections_are_those_of_64_bits(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_test other;

	assert_true(kcov_make(&other, KCOV_TEST_SIZE));
	assert_int_equal(kcov_enable_common(other.fd, KCOV_COMMON_A), 0);
	assert_int_equal(caller_ioctl(t, REMOTE_ENABLE, "0"), EFAULT);
	assert_int_equal(caller((struct order){ t, { "sections", CALLER_FD, "1a" }, false }),
			 EEXIST);
	kcov_release(&other);
}

static void trace_goes_on_through_exec_of_a_32_bit_program(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(caller((struct order){ t, { "call" }, true }), 0);
	assert_true(has_mark(t));
	assert_int_equal(kcov_enable(t->fd), 0);
}

/* The control of the two above. */
static void calls_of_a_32_bit_program_that_did_not_enable_leave_no_mark(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(caller((struct order){ t, { "call" }, false }), 0);
	assert_false(has_mark(t));
}

/* An exec enters far more functions than one call. */
static int setup_exec(void **state)
{
	static struct kcov_test test;

	*state = &test;
	return kcov_make(&test, 0x100000) ? 0 : -1;
}

#define EXEC_TEST(name) \
	cmocka_unit_test_setup_teardown(name, setup_exec, kcov_test_teardown)

int main(void)
{
	const struct CMUnitTest compat[] = {
		KCOV_TEST_NEW(number_made_of_a_32_bit_long_is_enotty),
		KCOV_TEST_NEW(number_made_of_a_64_bit_long_initialises),
		KCOV_TEST_NEW(bad_sizes_are_einval),
		KCOV_TEST_NEW(size_counts_words_of_64_bits),
		KCOV_TEST_NEW(map_before_init_is_einval),
		KCOV_TEST_NEW(enable_before_init_is_einval),
		KCOV_TEST(unknown_modes_are_einval),
		KCOV_TEST(enable_works_and_the_exit_frees),
		KCOV_TEST(disable_of_what_another_has_enabled_is_einval),
		KCOV_TEST(unknown_ioctl_is_enotty),
		cmocka_unit_test(whole_trace_works),
		cmocka_unit_test(whole_trace_with_the_32_bit_number_fails_at_init),
		EXEC_TEST(records_are_seen_by_a_64_bit_parent),
		KCOV_TEST(sections_come_to_a_32_bit_owner),
		KCOV_TEST(refusals_of_sections_are_those_of_64_bits),
		EXEC_TEST(trace_goes_on_through_exec_of_a_32_bit_program),
		EXEC_TEST(calls_of_a_32_bit_program_that_did_not_enable_leave_no_mark),
	};
	const int failed = cmocka_run_group_tests(compat, kcov_load_drivers,
						  kcov_unload_drivers);

	return failed != 0;
}
