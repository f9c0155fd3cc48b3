// SPDX-License-Identifier: GPL-2.0-only
/*
 * Records stand in the order of the calls, once a call, wherever they come
 * from: function entries of the kernel, those of a stock module (cpuid), and
 * the blocks of an instrumented one (kcov_sample).
 */
#include "kcov_test.h"

#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define SAMPLE_INPUT	"/sys/kernel/debug/kcov_sample/input"
#define CPUID_DEVICE	"/dev/cpu/0/cpuid"
#define CPUID_LEAF	16	/* bytes that one leaf is read in */

/*
 * A list of names ends with NULL. One behind a ? may be missing: the way back into
 * a function is a block where gcc has compiled it, and none where clang has.
 */
#define CALLS(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* What a write to the sample calls, but for the path that it takes. */
#define SAMPLE_WRITE(path) \
	"full_proxy_write", debugfs_get(), \
	"input_write", "__check_object_size", "input_write", \
	"sample_parse", path, "?sample_parse", "?input_write", \
	"debugfs_file_put"

static int input, cpuid;

/* 7.3 goes to another function of debugfs, and calls the module's by another name. */
static const char *debugfs_get(void)
{
	return kcov_symbol("__debugfs_file_get") ? "__debugfs_file_get" : "debugfs_file_get";
}

static const char *cpuid_read(void)
{
	return kcov_symbol("cpuid_read") ? "cpuid_read" : "cpuid_read_f";
}

static void write_two_letters(void *unused)
{
	struct iovec letters[] = { { "a", 1 }, { "bb", 2 } };

	(void)unused;
	syscall(SYS_writev, input, letters, ARRAY_SIZE(letters));
}

static void read_two_leaves(void *unused)
{
	char leaves[2 * CPUID_LEAF];

	(void)unused;
	syscall(SYS_read, cpuid, leaves, sizeof(leaves));
}

static void write_and_read(void *unused)
{
	write_two_letters(unused);
	read_two_leaves(unused);
}

static bool is_optional(const char *expected)
{
	return expected && expected[0] == '?';
}

static bool is_named(const char *expected, const char *name)
{
	return expected && !strcmp(expected + is_optional(expected), name);
}

static bool is_among(const char *const *names, const char *name)
{
	for (; *names; names++)
		if (is_named(*names, name))
			return true;
	return false;
}

/* Whether this is one more block of the function that the record before is of. */
static bool continues(const unsigned long *record)
{
	return !kcov_is_entry(record[0]) && !kcov_is_entry(record[-1]) &&
	       record[0] != record[-1] &&
	       !strcmp(kcov_symbol_at(record[0]), kcov_symbol_at(record[-1]));
}

/* The first call is waited for; the others may have been made before it, too. */
static bool is_wanted(const char *const *next, const char *const *expected, const char *name)
{
	return next == expected ? is_named(*next, name) : is_among(expected, name);
}

/*
 * Whether the trace, from the first of these calls on, has them in this order
 * and none of them once more.
 */
static bool calls_are(const struct kcov_test *t, size_t count, const char *const *expected)
{
	const char *const *next = expected;

	for (size_t i = 1; i <= count; i++) {
		const char *name = kcov_symbol_at(t->buffer[i]);

		if (!is_wanted(next, expected, name) ||
		    (i > 1 && continues(&t->buffer[i])))
			continue;
		while (is_optional(*next) && !is_named(*next, name))
			next++;
		if (!is_named(*next, name)) {
			print_error("record %zu: %s, not %s\n", i, name, *next ? *next : "the end");
			return false;
		}
		next++;
	}
	if (*next)
		print_error("%s is missing\n", *next);
	return !*next;
}

static void blocks_stand_between_the_kernel_functions_around_them(void **state)
{
	const struct kcov_test *t = *state;
	const ssize_t count = kcov_trace(t, write_two_letters, NULL);

	assert_true(count > 0);
	assert_true(calls_are(t, count, CALLS(SAMPLE_WRITE("sample_path_a"),
					      SAMPLE_WRITE("sample_path_b"))));
}

static void entries_of_a_stock_module_stand_among_those_of_the_kernel(void **state)
{
	const struct kcov_test *t = *state;
	const ssize_t count = kcov_trace(t, read_two_leaves, NULL);

	assert_true(count > 0);
	assert_true(calls_are(t, count, CALLS("__x64_sys_read", "vfs_read", cpuid_read(),
					      "smp_call_function_single_async", "cpuid_smp_cpuid",
					      "smp_call_function_single_async",
					      "cpuid_smp_cpuid")));
}

static void all_three_share_one_order(void **state)
{
	const struct kcov_test *t = *state;
	const ssize_t count = kcov_trace(t, write_and_read, NULL);

	assert_true(count > 0);
	assert_true(calls_are(t, count, CALLS("__x64_sys_writev", "sample_path_a", "sample_path_b",
					      "__x64_sys_read", cpuid_read(), "cpuid_smp_cpuid",
					      "cpuid_smp_cpuid")));
}

/* Some rounds, so that neither the first nor an even number of them is special. */
static void each_call_is_recorded_once(void **state)
{
	const struct kcov_test *t = *state;
	size_t seen = 0;

	assert_int_equal(kcov_enable(t->fd), 0);
	kcov_set_count(t, 0);
	for (int i = 0; i < 7; i++)
		write_two_letters(NULL);
	assert_int_equal(kcov_disable(t->fd), 0);
	for (size_t i = 1; i <= kcov_count(t); i++)
		seen += !strcmp(kcov_symbol_at(t->buffer[i]), "sample_path_a");
	assert_int_equal(seen, 7);
}

/* The control: the same comparison tells another order, and one call more or less. */
static void another_order_is_told(void **state)
{
	const struct kcov_test *t = *state;
	const ssize_t count = kcov_trace(t, write_two_letters, NULL);

	assert_true(count > 0);
	assert_true(calls_are(t, count, CALLS("sample_path_a", "sample_path_b")));
	assert_false(calls_are(t, count, CALLS("sample_path_b", "sample_path_a")));
	assert_false(calls_are(t, count, CALLS("sample_path_a", "sample_path_a", "sample_path_b")));
	assert_false(calls_are(t, count, CALLS("full_proxy_write", "sample_path_a")));
}

/* On the CPU that cpuid asks, so that its answer is computed in this task. */
static int start(void **state)
{
	(void)state;
	if (kcov_load("kcov_sample") || kcov_load_stock("arch/x86/kernel/cpuid.ko"))
		return -1;
	input = open(SAMPLE_INPUT, O_WRONLY | O_CLOEXEC);
	cpuid = open(CPUID_DEVICE, O_RDONLY | O_CLOEXEC);
	return input < 0 || cpuid < 0 || !kcov_pin(0) ? -1 : 0;
}

static int stop(void **state)
{
	(void)state;
	close(input);
	close(cpuid);
	return kcov_unload("cpuid") || kcov_unload("kcov_sample") ? -1 : 0;
}

int main(void)
{
	const struct CMUnitTest order[] = {
		KCOV_TEST(blocks_stand_between_the_kernel_functions_around_them),
		KCOV_TEST(entries_of_a_stock_module_stand_among_those_of_the_kernel),
		KCOV_TEST(all_three_share_one_order),
		KCOV_TEST(each_call_is_recorded_once),
		KCOV_TEST(another_order_is_told),
	};
	const int failed = cmocka_run_group_tests(order, start, stop);

	return failed != 0;
}
