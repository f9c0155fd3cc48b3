// SPDX-License-Identifier: GPL-2.0-only
/*
 * kcovctl run: whose code is shown, how it is listed, and what a command compared.
 */
#include "kcov_command.h"

#include <stdlib.h>
#include <string.h>

#define FILTERS		"--filter 'vmlinux:*sys_sysinfo' --filter 'kcov_*:*'"
#define SELF		KCOV_COMMAND
#define SAMPLE	"/sys/kernel/debug/kcov_sample/input"
#define COMPARE		"-c --filter 'kcov_sample:*' -- /bin/busybox sh -c "

static void code_of_the_command_is_listed(void **state)
{
	(void)state;
	assert_int_equal(kcov_command("--functions -- " SELF " sysinfo"), 0);
	assert_true(kcov_says("__x64_sys_sysinfo "));
	assert_null(strstr(kcov_said, "__x64_sys_getitimer"));
}

static void code_of_a_thread_is_listed(void **state)
{
	(void)state;
	assert_int_equal(kcov_command("--functions -- " SELF " thread"), 0);
	assert_true(kcov_says("__x64_sys_getpriority "));
	assert_null(strstr(kcov_said, "__x64_sys_sysinfo"));
}

static void code_of_a_grandchild_is_listed(void **state)
{
	(void)state;
	assert_int_equal(kcov_command("--functions -- " SELF " grandchild"), 0);
	assert_true(kcov_says("__x64_sys_getitimer "));
	assert_null(strstr(kcov_said, "__x64_sys_sysinfo"));
}

static void filter_shows_what_it_matches(void **state)
{
	(void)state;
	assert_int_equal(kcov_command("--functions " FILTERS " -- " SELF " sysinfo"), 0);
	assert_true(kcov_says("__x64_sys_sysinfo "));
	assert_null(strstr(kcov_said, "ksys_"));
	assert_int_equal(kcov_command("--functions --filter '*' -- " SELF " sysinfo"), 0);
	assert_true(kcov_says("vfs_open "));
}

static void lines_and_directories_are_those_of_the_driver(void **state)
{
	(void)state;
	assert_int_equal(kcov_command("--lines -m /kcov -- sh -c 'echo apple >" SAMPLE "'"), 0);
	assert_true(kcov_says("tests/sample/kcov_sample.c:32\n"));
	assert_null(strstr(kcov_said, "kcov_sample.c:38\n"));
	assert_int_equal(kcov_command("--tree -m /kcov -- sh -c 'echo apple >" SAMPLE "'"), 0);
	assert_true(kcov_says(" tests/sample/\n"));
	assert_true(kcov_says(" [vmlinux]\n"));
}

/* Which is gone when the command has ended, and something else may be there. */
static void initialisation_of_a_module_is_named(void **state)
{
	(void)state;
	assert_int_equal(kcov_unload("kcov_sample"), 0);
	assert_int_equal(kcov_command("--functions -m /kcov -- insmod /kcov/kcov_sample.ko"), 0);
	assert_true(strstr(kcov_said, "sample_init ") || kcov_says("init_module "));
	assert_null(strstr(kcov_said, "nobody knows"));
}

static void output_of_the_command_is_its_own(void **state)
{
	unsigned long pc;
	char *line;

	(void)state;
	assert_int_equal(kcov_shell("kcovctl run --raw -- echo hello 2>/dev/null"), 0);
	assert_memory_equal(kcov_said, "hello\n", 6);
	line = strtok(kcov_said + 6, "\n");
	assert_non_null(line);
	for (; line; line = strtok(NULL, "\n")) {
		pc = strtoul(line, &line, 16);
		assert_true(!*line && kcov_is_pc(pc));
	}
}

static void json_has_the_same_functions(void **state)
{
	(void)state;
	assert_int_equal(kcov_command("--json --filter '*sys_sysinfo' -- " SELF " sysinfo"), 0);
	assert_true(kcov_says("\"function\": \"__x64_sys_sysinfo\""));
	assert_true(kcov_says("\"command\": [\n"));
	assert_true(kcov_says("\"status\": 0"));
}

static void full_buffer_is_told_with_its_cure(void **state)
{
	(void)state;
	assert_int_equal(kcov_command("-s 2 -- sh -c 'ls -l / /dev; " SELF " grandchild; " SELF
			    " thread'"), 0);
	assert_true(kcov_says("--size takes more than 512 words"));
	assert_true(kcov_says("records without room"));
	assert_int_equal(kcov_command("-- " SELF " sysinfo"), 0);
	assert_null(strstr(kcov_said, "--size"));
}

static void operands_are_those_of_the_driver(void **state)
{
	(void)state;
	assert_int_equal(kcov_command(COMPARE "'echo -n apple >" SAMPLE "'"), 0);
	assert_true(kcov_says("sample_parse+"));
	assert_true(kcov_says("1 byte   0x61 (constant)  0x61\n"));
	assert_int_equal(kcov_command(COMPARE "'echo -n banana >" SAMPLE "'"), 0);
	assert_true(kcov_says("1 byte   0x61 (constant)  0x62\n"));
}

static void operands_are_of_the_first_thread_only(void **state)
{
	(void)state;
	assert_int_equal(kcov_command(COMPARE "'(echo -n apple) >" SAMPLE "; true'"), 0);
	assert_null(strstr(kcov_said, "sample_parse+"));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest run[] = {
		KCOV_COMMAND_TEST(code_of_the_command_is_listed),
		KCOV_COMMAND_TEST(code_of_a_thread_is_listed),
		KCOV_COMMAND_TEST(code_of_a_grandchild_is_listed),
		KCOV_COMMAND_TEST(filter_shows_what_it_matches),
		KCOV_COMMAND_TEST(lines_and_directories_are_those_of_the_driver),
		KCOV_COMMAND_TEST(initialisation_of_a_module_is_named),
		KCOV_COMMAND_TEST(output_of_the_command_is_its_own),
		KCOV_COMMAND_TEST(json_has_the_same_functions),
		KCOV_COMMAND_TEST(full_buffer_is_told_with_its_cure),
		KCOV_COMMAND_TEST(operands_are_those_of_the_driver),
		KCOV_COMMAND_TEST(operands_are_of_the_first_thread_only),
	};

	if (argc > 1)
		return kcov_command_act(argv[1]);
	return cmocka_run_group_tests(run, kcov_command_load, kcov_command_unload) != 0;
}
