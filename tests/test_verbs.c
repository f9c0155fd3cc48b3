// SPDX-License-Identifier: GPL-2.0-only
/*
 * kcovctl: that a verb is found and explained, what one without rights says, and the
 * verb trace. The other verbs have groups of their own.
 */
#include "kcov_said.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INPUT	"/sys/kernel/debug/kcov_sample/input"
#define NAMES	"kcovctl symbolize -m /kcov"

static const char *const verbs[] = {
	"run", "report", "trace", "symbolize", "instrument", "load", "unload", "sites",
	"doctor", "instances", "functions", "vmlinux",
};

static bool shell(const char *command)
{
	return kcov_shell("%s", command) == 0;
}

/* --- words ---------------------------------------------------------------------------------- */

static void help_names_each_verb_and_no_other(void **state)
{
	char line[32];

	(void)state;
	assert_true(shell("kcovctl --help | grep -c '^  [a-z]'"));
	assert_int_equal(strtoul(kcov_said, NULL, 10), ARRAY_SIZE(verbs));
	assert_true(shell("kcovctl --help"));
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		snprintf(line, sizeof(line), "\n  %-12s ", verbs[i]);
		assert_non_null(strstr(kcov_said, line));
	}
}

static void each_verb_explains_itself(void **state)
{
	char command[128], usage[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		snprintf(usage, sizeof(usage), "usage: kcovctl %s ", verbs[i]);
		snprintf(command, sizeof(command), "help %s", verbs[i]);
		assert_true(kcov_ends(0, command, usage));
		snprintf(command, sizeof(command),
			 "kcovctl help %s >/tmp/1; kcovctl %s -h >/tmp/2; cmp /tmp/1 /tmp/2",
			 verbs[i], verbs[i]);
		assert_true(shell(command));
	}
}

static void what_is_no_verb_is_refused(void **state)
{
	(void)state;
	assert_true(kcov_ends(2, "trance", "no verb 'trance'; 'kcovctl --help' lists them"));
	assert_true(kcov_ends(2, "help trance", "no verb 'trance'"));
	assert_true(kcov_ends(2, "", "usage: kcovctl VERB"));
	assert_true(shell("kcovctl 2>/dev/null | cmp - /dev/null"));
}

static void version_is_said(void **state)
{
	(void)state;
	assert_true(kcov_ends(0, "--version", "kcovctl "));
	assert_true(shell("kcovctl -V | grep -x 'kcovctl [0-9.]*'"));
}

/* --- without rights -------------------------------------------------------------------------- */

static bool nobody_is_told(int failed, const char *arguments, const char *words)
{
	char command[256];
	int status;

	snprintf(command, sizeof(command), "su -s /bin/sh nobody -c \"kcovctl %s\" 2>&1",
		 arguments);
	status = kcov_shell("%s", command);
	if (status == failed && strstr(kcov_said, words))
		return true;
	print_error("%s: %d, or not '%s':\n%.2000s", command, status, words, kcov_said);
	return false;
}

/* A run's own failure is no status of a command's. Who needs no rights asks for none. */
static void who_has_no_rights_is_told_which(void **state)
{
	(void)state;
	assert_true(nobody_is_told(1, "trace", "root"));
	assert_true(nobody_is_told(125, "run -- true", "root"));
	assert_true(nobody_is_told(1, "load -d /swap crc_itu_t", "root"));
	assert_true(nobody_is_told(1, "unload crc_itu_t", "root"));
	assert_true(nobody_is_told(1, "instances", "root"));
	assert_true(nobody_is_told(1, "functions", "root"));
	assert_true(shell("su -s /bin/sh nobody -c 'kcovctl sites /kcov/kcov_plain.ko' 2>&1"));
}

/* --- trace ----------------------------------------------------------------------------------- */

/* The same records as those of a program that makes the call by itself. */
static void call_without_a_name_is_a_read_of_nothing(void **state)
{
	const struct kcov_test *t = *state;
	const ssize_t count = kcov_trace_read(t);
	char *line = kcov_said, expected[128];

	assert_true(count > 0);
	assert_true(shell("kcovctl trace 2>/tmp/1"));
	for (ssize_t i = 1; i <= count; i++) {
		assert_int_equal(strtoul(line, &line, 0), t->buffer[i]);
		assert_int_equal(*line++, '\n');
	}
	assert_string_equal(line, "");
	snprintf(expected, sizeof(expected),
		 "read(-1, 0, 0) = -1 EBADF (Bad file descriptor); %zd PCs\n", count);
	assert_int_equal(kcov_shell("cat /tmp/1"), 0);
	assert_string_equal(kcov_said, expected);
}

static void path_is_opened_before_the_call(void **state)
{
	(void)state;
	assert_true(shell("kcovctl trace read /dev/zero 2>/tmp/1 | " NAMES));
	assert_non_null(strstr(kcov_said, " read_"));
	assert_null(strstr(kcov_said, "do_sys_open"));
	assert_true(shell("grep '^read(3</dev/zero>, .*) = [0-9]*; [0-9]* PCs$' /tmp/1"));
	assert_true(shell("kcovctl trace openat -100 /dev/zero 0 2>/tmp/1 | " NAMES));
	assert_non_null(strstr(kcov_said, "do_sys_open"));
}

static void text_is_written_as_it_is(void **state)
{
	(void)state;
	assert_int_equal(kcov_load("kcov_sample"), 0);
	assert_true(shell("kcovctl trace write " INPUT " apple 2>/tmp/1 | " NAMES));
	assert_non_null(strstr(kcov_said, " sample_path_a+"));
	assert_true(shell("kcovctl trace write " INPUT " banana 2>/tmp/1 | " NAMES));
	assert_null(strstr(kcov_said, " sample_path_a+"));
	assert_true(shell("grep '\"banana\", 6) = 6; ' /tmp/1"));
	assert_int_equal(kcov_unload("kcov_sample"), 0);
}

static void full_buffer_is_said_with_its_cure(void **state)
{
	(void)state;
	assert_true(kcov_ends(0, "trace -s 512 fork", "; 511 PCs\n"));
	assert_non_null(strstr(kcov_said, "the buffer is full, the rest was dropped: --size"));
	assert_true(kcov_ends(0, "trace -s 512", " PCs\n"));
	assert_null(strstr(kcov_said, "the buffer is full"));
}

static void what_cannot_be_traced_is_refused(void **state)
{
	(void)state;
	assert_true(kcov_ends(2, "trace reed", "reed"));
	assert_true(kcov_ends(2, "trace -s 1", "--size 1: not a number from 2"));
	assert_true(kcov_ends(2, "trace --none", "kcovctl help trace"));
	assert_true(kcov_ends(1, "trace read /none", "ENOENT"));
	assert_false(shell("kcovctl trace 2>&1 >/dev/full"));
	assert_non_null(strstr(kcov_said, "ENOSPC"));
}

static int clean(void **state)
{
	(void)state;
	unlink("/tmp/1");
	unlink("/tmp/2");
	return kcov_is_loaded("kcov_sample") ? kcov_unload("kcov_sample") : 0;
}

#define EACH(name) cmocka_unit_test_teardown(name, clean)

int main(void)
{
	const struct CMUnitTest words[] = {
		EACH(help_names_each_verb_and_no_other),
		EACH(each_verb_explains_itself),
		EACH(what_is_no_verb_is_refused),
		EACH(version_is_said),
		EACH(who_has_no_rights_is_told_which),
		KCOV_TEST(call_without_a_name_is_a_read_of_nothing),
		EACH(path_is_opened_before_the_call),
		EACH(text_is_written_as_it_is),
		EACH(full_buffer_is_said_with_its_cure),
		EACH(what_cannot_be_traced_is_refused),
	};

	return cmocka_run_group_tests(words, NULL, NULL) != 0;
}
