// SPDX-License-Identifier: GPL-2.0-only
/*
 * Control of the covered functions: kcov_mod/functions and the switch.
 *
 * Each test starts with a set in force and armed, and leaves it so.
 */
#include "kcov_instances.h"
#include "kcov_test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define TRACEABLE	"/sys/kernel/tracing/available_filter_functions"
#define SWITCH		"/sys/module/kcov/parameters/function_entries"
#define REFUSE		"/sys/module/kcov_refuse/parameters/"
#define NOT_COVERED	"modules_without_function_entries"

/* The head of the file only: all of it takes a while. */
static bool rules_are_default(void)
{
	FILE *file = fopen(KCOV_FUNCTIONS, "re");
	char line[256] = "";

	if (!file)
		return false;
	for (int i = 0; i < 2; i++)
		if (!fgets(line, sizeof(line), file))
			line[0] = '\0';
	fclose(file);
	return !strcmp(line, "# rules: default\n");
}

/* Choosing and hooking all functions takes seconds: enough for a read. */
#define FEW		"=ksys_* +*fdget_pos"

static int setup_few(void **state)
{
	return kcov_write_file(KCOV_FUNCTIONS, FEW) ? -1 : kcov_test_setup_ready(state);
}

static int teardown_few(void **state)
{
	kcov_test_teardown(state);
	kcov_unload("kcov_sample");	/* there if a test has failed */
	return kcov_write_file(SWITCH, "Y") ? -1 : 0;
}

/* Only where a test has changed the set. */
static int teardown(void **state)
{
	kcov_test_teardown(state);
	if (kcov_write_file(SWITCH, "Y"))
		return -1;
	return rules_are_default() || !kcov_write_file(KCOV_FUNCTIONS, "default") ? 0 : -1;
}

static int teardown_group(void **state)
{
	(void)state;
	return kcov_write_file(KCOV_FUNCTIONS, "default") ? -1 : 0;
}

/* Starts with the default set. */
#define FUNCTIONS_TEST(name) cmocka_unit_test_setup_teardown(name, \
		kcov_test_setup_ready, teardown)
/* Starts with a few functions; stands behind all that start with the default. */
#define FUNCTIONS_TEST_FEW(name) cmocka_unit_test_setup_teardown(name, \
		setup_few, teardown_few)

/* A module of the stock kernel that nobody here uses. */
static int load_loop(void)
{
	return system("modprobe loop");
}

static bool is_function(const char *line)
{
	return line[0] != '#';
}

static bool is_of_tun(const char *line)
{
	return strstr(line, "[tun]");
}

static bool is_of_loop(const char *line)
{
	return strstr(line, "[loop]");
}

static bool is_ksys_read(const char *line)
{
	return !strcmp(line, "ksys_read\n") || !strcmp(line, "ksys_read");
}

static bool is_schedule(const char *line)
{
	return !strcmp(line, "schedule\n") || !strcmp(line, "schedule");
}

/* The size that the first line of the file tells. */
static long told_size(void)
{
	FILE *file = fopen(KCOV_FUNCTIONS, "re");
	long size = -1;

	if (!file)
		return -1;
	if (fscanf(file, "# %ld functions", &size) != 1)
		size = -1;
	fclose(file);
	return size;
}

static bool reads(const struct kcov_test *t, const char *function)
{
	const ssize_t count = kcov_trace_read(t);

	return count > 0 && kcov_reached(t, count, function);
}

static void set_is_shown_with_its_size(void **state)
{
	const long size = told_size();

	(void)state;
	assert_true(size > 10000);
	assert_int_equal(kcov_count_lines(KCOV_FUNCTIONS, is_function), size);
}

static void default_set_has_ksys_read(void **state)
{
	(void)state;
	assert_int_equal(kcov_count_lines(KCOV_FUNCTIONS, is_ksys_read), 1);
}

static void default_set_leaves_the_scheduler_out(void **state)
{
	(void)state;
	assert_int_equal(kcov_count_lines(KCOV_FUNCTIONS, is_schedule), 0);
}

static bool is_iterator(const char *line)
{
	return strstr(line, "__traceiter_");
}

/* One with two probes would be recorded, and one of them may be ours. */
static void default_set_leaves_iterators_of_tracepoints_out(void **state)
{
	(void)state;
	assert_true(kcov_count_lines(TRACEABLE, is_iterator) > 100);
	assert_int_equal(kcov_count_lines(KCOV_FUNCTIONS, is_iterator), 0);
}

static void minus_takes_functions_out(void **state)
{
	const struct kcov_test *t = *state;

	assert_true(reads(t, "ksys_read"));
	assert_int_equal(kcov_write_file(KCOV_FUNCTIONS, "-ksys_*"), 0);
	assert_false(reads(t, "ksys_read"));
	assert_true(reads(t, kcov_fdget_pos()));
}

static void plus_puts_them_back(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_write_file(KCOV_FUNCTIONS, "-ksys_*"), 0);
	assert_int_equal(kcov_write_file(KCOV_FUNCTIONS, "+ksys_read"), 0);
	assert_true(reads(t, "ksys_read"));
}

static void equals_leaves_nothing_else(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_write_file(KCOV_FUNCTIONS, "=ksys_read"), 0);
	assert_int_equal(kcov_trace_read(t), 1);
	assert_true(kcov_reached(t, 1, "ksys_read"));
	assert_int_equal(told_size(), 1);
}

static void rules_of_one_write_apply_in_order(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_write_file(KCOV_FUNCTIONS, "=ksys_* -ksys_read, +*fdget_pos"), 0);
	assert_int_equal(kcov_trace_read(t), 1);
	assert_true(kcov_reached(t, 1, kcov_fdget_pos()));
}

static void empty_set_records_nothing(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_write_file(KCOV_FUNCTIONS, "none"), 0);
	assert_int_equal(kcov_trace_read(t), 0);
	assert_int_equal(told_size(), 0);
}

static void wildcard_brings_in_nothing_left_out_by_default(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_write_file(KCOV_FUNCTIONS, "=schedul[e]"), ENOENT);
	assert_true(reads(t, "ksys_read"));
}

static void exact_name_brings_it_in(void **state)
{
	(void)state;
	assert_int_equal(kcov_write_file(KCOV_FUNCTIONS, "+schedule"), 0);
	assert_int_equal(kcov_count_lines(KCOV_FUNCTIONS, is_schedule), 1);
}

static void pattern_without_match_is_enoent_and_changes_nothing(void **state)
{
	const struct kcov_test *t = *state;
	const long size = told_size();

	assert_int_equal(kcov_write_file(KCOV_FUNCTIONS, "-ksys_read +no_such_function"), ENOENT);
	assert_int_equal(told_size(), size);
	assert_true(reads(t, "ksys_read"));
}

static void word_that_is_no_rule_is_einval_and_changes_nothing(void **state)
{
	static const char *const words[] = {
		"ksys_read", "+", "-", "=", "+loop:", "+:ksys_read", "-ksys_read x", "!ksys_read",
	};
	const struct kcov_test *t = *state;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		assert_int_equal(kcov_write_file(KCOV_FUNCTIONS, words[i]), EINVAL);
	assert_true(reads(t, "ksys_read"));
}

/* A function that exists but cannot be traced counts as none. */
static void function_without_fentry_is_enoent(void **state)
{
	(void)state;
	assert_int_equal(kcov_write_file(KCOV_FUNCTIONS, "+asm_exc_page_fault"), ENOENT);
}

static void too_many_rules_are_e2big_and_change_nothing(void **state)
{
	const struct kcov_test *t = *state;
	char text[65 * sizeof("-ksys_read ")] = "";

	for (int i = 0; i < 65; i++)
		strcat(text, "-ksys_read ");
	assert_int_equal(kcov_write_file(KCOV_FUNCTIONS, text), E2BIG);
	assert_true(reads(t, "ksys_read"));
}

static void write_of_a_page_is_e2big(void **state)
{
	char text[8192];

	(void)state;
	memset(text, ' ', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(kcov_write_file(KCOV_FUNCTIONS, text), E2BIG);
}

static void module_prefix_limits_the_pattern(void **state)
{
	(void)state;
	assert_int_equal(load_loop(), 0);
	assert_int_equal(kcov_write_file(KCOV_FUNCTIONS, "=loop:*"), 0);
	assert_true(told_size() > 10);
	assert_int_equal(kcov_count_lines(KCOV_FUNCTIONS, is_of_loop), told_size());
	assert_int_equal(kcov_write_file(KCOV_FUNCTIONS, "default -loop:*"), 0);
	assert_int_equal(kcov_count_lines(KCOV_FUNCTIONS, is_of_loop), 0);
	assert_int_equal(kcov_unload("loop"), 0);
}

static void vmlinux_is_the_kernel_without_modules(void **state)
{
	(void)state;
	assert_int_equal(load_loop(), 0);
	assert_int_equal(kcov_write_file(KCOV_FUNCTIONS, "=vmlinux:*"), 0);
	assert_int_equal(kcov_count_lines(KCOV_FUNCTIONS, is_of_loop), 0);
	assert_int_equal(kcov_count_lines(KCOV_FUNCTIONS, is_ksys_read), 1);
	assert_int_equal(kcov_unload("loop"), 0);
}

static void rules_hold_for_modules_that_come_later(void **state)
{
	long with, without;

	(void)state;
	assert_int_equal(load_loop(), 0);
	with = kcov_count_lines(KCOV_FUNCTIONS, is_of_loop);
	assert_int_equal(kcov_unload("loop"), 0);
	assert_int_equal(kcov_count_lines(KCOV_FUNCTIONS, is_of_loop), 0);
	assert_int_equal(kcov_write_file(KCOV_FUNCTIONS, "-lo_ioctl -lo_compat_ioctl"), ENOENT);
	assert_int_equal(load_loop(), 0);
	assert_int_equal(kcov_write_file(KCOV_FUNCTIONS, "-lo_ioctl -lo_compat_ioctl"), 0);
	assert_int_equal(kcov_unload("loop"), 0);
	assert_int_equal(load_loop(), 0);
	without = kcov_count_lines(KCOV_FUNCTIONS, is_of_loop);
	assert_int_equal(kcov_unload("loop"), 0);
	assert_int_equal(without, with - 2);
}

static bool is_yes(const char *line)
{
	return line[0] == 'Y';
}

static bool loop_is_coming(void *unused)
{
	(void)unused;
	return kcov_count_lines(REFUSE "waiting", is_yes) == 1;
}

/* The set is chosen anew while a module is coming; what its load answers. */
static int choose_while_loop_is_coming(const char *parameters)
{
	int status;
	pid_t pid;

	assert_int_equal(kcov_load_with("kcov_refuse", parameters), 0);
	pid = fork();
	if (pid == 0)
		_exit(kcov_load_stock("drivers/block/loop.ko"));
	assert_true(kcov_wait_for(loop_is_coming, NULL));
	assert_int_equal(kcov_write_file(KCOV_FUNCTIONS, "default"), 0);
	assert_int_equal(kcov_count_lines(KCOV_FUNCTIONS, is_of_loop), 0);
	assert_int_equal(kcov_write_file(REFUSE "module", "\n"), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(kcov_unload("kcov_refuse"), 0);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void module_that_failed_to_load_is_in_nobodys_way(void **state)
{
	const unsigned long before = kcov_lost(NOT_COVERED);
	long alone, all;

	(void)state;
	assert_int_equal(kcov_write_file(KCOV_FUNCTIONS, "default"), 0);
	all = kcov_count_lines(KCOV_FUNCTIONS, is_function);
	assert_int_equal(system("modprobe tun"), 0);
	alone = kcov_count_lines(KCOV_FUNCTIONS, is_of_tun);
	assert_true(alone > 0);
	assert_int_equal(kcov_unload("tun"), 0);
	assert_int_equal(choose_while_loop_is_coming("module=loop"), EBUSY);
	assert_int_equal(system("modprobe tun"), 0);
	assert_int_equal(kcov_count_lines(KCOV_FUNCTIONS, is_of_tun), alone);
	assert_int_equal(kcov_unload("tun"), 0);
	assert_int_equal(kcov_count_lines(KCOV_FUNCTIONS, is_function), all);
	assert_int_equal(kcov_lost(NOT_COVERED), before);
}

/* It is in no set yet when it comes, as the rules leave it out. */
static void module_that_was_coming_is_added_when_it_is_loaded(void **state)
{
	const unsigned long before = kcov_lost(NOT_COVERED);

	(void)state;
	assert_int_equal(choose_while_loop_is_coming("module=loop behind=1"), 0);
	assert_true(kcov_count_lines(KCOV_FUNCTIONS, is_of_loop) > 0);
	assert_int_equal(kcov_unload("loop"), 0);
	assert_int_equal(kcov_count_lines(KCOV_FUNCTIONS, is_of_loop), 0);
	assert_int_equal(kcov_lost(NOT_COVERED), before);
}

/* Its functions would appear twice, as entries and as blocks. */
static void module_with_callbacks_is_never_in_the_set(void **state)
{
	(void)state;
	assert_int_equal(kcov_load("kcov_sample"), 0);
	assert_int_equal(kcov_write_file(KCOV_FUNCTIONS, "+kcov_sample:*"), ENOENT);
	assert_int_equal(kcov_unload("kcov_sample"), 0);
}

static void own_module_is_never_in_the_set(void **state)
{
	(void)state;
	assert_int_equal(kcov_write_file(KCOV_FUNCTIONS, "+kcov:*"), ENOENT);
}

static void switch_turns_function_entries_off(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_write_file(SWITCH, "N"), 0);
	assert_int_equal(kcov_trace_read(t), 0);
	assert_int_equal(kcov_write_file(SWITCH, "Y"), 0);
	assert_true(reads(t, "ksys_read"));
}

static void callbacks_go_on_while_switched_off(void **state)
{
	const struct kcov_test *t = *state;
	int fd;

	assert_int_equal(kcov_load("kcov_sample"), 0);
	assert_int_equal(kcov_write_file(SWITCH, "N"), 0);
	fd = open("/sys/kernel/debug/kcov_sample/input", O_WRONLY | O_CLOEXEC);
	assert_int_equal(kcov_enable(t->fd), 0);
	kcov_set_count(t, 0);
	assert_int_equal(write(fd, "a", 1), 1);
	assert_true(kcov_count(t) > 3);
	assert_int_equal(kcov_disable(t->fd), 0);
	close(fd);
	assert_int_equal(kcov_unload("kcov_sample"), 0);
}

static void set_may_change_while_a_thread_records(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_enable(t->fd), 0);
	assert_int_equal(kcov_write_file(KCOV_FUNCTIONS, "=*fdget_pos"), 0);
	kcov_set_count(t, 0);
	kcov_read_nothing(NULL);
	assert_int_equal(kcov_count(t), 1);
	assert_int_equal(kcov_disable(t->fd), 0);
}

static void file_is_for_root_to_read_and_write(void **state)
{
	(void)state;
	assert_int_equal(kcov_read_number(KCOV_FUNCTIONS, "# "), told_size());
	assert_int_equal(access(KCOV_FUNCTIONS, R_OK | W_OK), 0);
}

static void seeking_a_file_open_for_writing_does_no_harm(void **state)
{
	const int fd = open(KCOV_FUNCTIONS, O_WRONLY | O_CLOEXEC);

	(void)state;
	assert_true(fd >= 0);
	lseek(fd, 100, SEEK_SET);
	assert_int_equal(write(fd, "none", 4), 4);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FUNCTIONS_TEST(set_is_shown_with_its_size),
		FUNCTIONS_TEST(default_set_has_ksys_read),
		FUNCTIONS_TEST(default_set_leaves_the_scheduler_out),
		FUNCTIONS_TEST(default_set_leaves_iterators_of_tracepoints_out),
		FUNCTIONS_TEST(module_prefix_limits_the_pattern),
		FUNCTIONS_TEST(vmlinux_is_the_kernel_without_modules),
		FUNCTIONS_TEST(rules_hold_for_modules_that_come_later),
		FUNCTIONS_TEST_FEW(minus_takes_functions_out),
		FUNCTIONS_TEST_FEW(plus_puts_them_back),
		FUNCTIONS_TEST_FEW(equals_leaves_nothing_else),
		FUNCTIONS_TEST_FEW(rules_of_one_write_apply_in_order),
		FUNCTIONS_TEST_FEW(empty_set_records_nothing),
		FUNCTIONS_TEST_FEW(wildcard_brings_in_nothing_left_out_by_default),
		FUNCTIONS_TEST_FEW(exact_name_brings_it_in),
		FUNCTIONS_TEST_FEW(pattern_without_match_is_enoent_and_changes_nothing),
		FUNCTIONS_TEST_FEW(word_that_is_no_rule_is_einval_and_changes_nothing),
		FUNCTIONS_TEST_FEW(function_without_fentry_is_enoent),
		FUNCTIONS_TEST_FEW(too_many_rules_are_e2big_and_change_nothing),
		FUNCTIONS_TEST_FEW(write_of_a_page_is_e2big),
		FUNCTIONS_TEST_FEW(module_that_failed_to_load_is_in_nobodys_way),
		FUNCTIONS_TEST_FEW(module_that_was_coming_is_added_when_it_is_loaded),
		FUNCTIONS_TEST_FEW(module_with_callbacks_is_never_in_the_set),
		FUNCTIONS_TEST_FEW(own_module_is_never_in_the_set),
		FUNCTIONS_TEST_FEW(switch_turns_function_entries_off),
		FUNCTIONS_TEST_FEW(callbacks_go_on_while_switched_off),
		FUNCTIONS_TEST_FEW(set_may_change_while_a_thread_records),
		FUNCTIONS_TEST_FEW(file_is_for_root_to_read_and_write),
		FUNCTIONS_TEST_FEW(seeking_a_file_open_for_writing_does_no_harm),
	};

	return cmocka_run_group_tests_name("functions", tests, NULL, teardown_group) != 0;
}
