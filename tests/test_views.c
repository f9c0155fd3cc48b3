// SPDX-License-Identifier: GPL-2.0-only
/*
 * kcovctl instances and functions: the module's state for people and for programs,
 * and what can be changed of it.
 */
#include "kcov_instances.h"
#include "kcov_remote.h"
#include "kcov_said.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* So that a watch that nobody can interrupt is no end of all tests. */
#define WATCH		"timeout -s KILL 60 kcovctl instances -w"

/* In the background, by its output; empty first, lest what an earlier one said be taken for its. */
#define WATCH_INTO_FILE(options) \
	": >/tmp/watch; " WATCH options " >>/tmp/watch & w=$!; "

#define NO_HANDLE	0xff00000000000001ULL

static bool has_own_kcov(void)
{
	return access("/sys/module/kcov/refcnt", F_OK);
}

static unsigned long lines_said(void)
{
	unsigned long lines = 0;

	for (const char *at = kcov_said; (at = strchr(at, '\n')); at++)
		lines++;
	return lines;
}

/* --- instances ---------------------------------------------------------------------------- */

static void nobody_has_a_descriptor(void **state)
{
	(void)state;
	assert_true(kcov_wait_for(kcov_has_no_rows, NULL));
	assert_true(kcov_ends(0, "instances", "0 descriptors, 0 KiB of buffers"));
}

static void who_records_is_shown(void **state)
{
	const struct kcov_test *t = *state;
	char row[64];

	snprintf(row, sizeof(row), "%8d %-16s %-10s %8s ", getpid(), "test_views", "pc", "32 KiB");
	assert_int_equal(kcov_enable(t->fd), 0);
	kcov_set_count(t, 0);
	kcov_read_nothing(NULL);
	assert_true(kcov_ends(0, "instances", row));
	assert_int_equal(kcov_disable(t->fd), 0);
	assert_non_null(strstr(kcov_said, "1 descriptor, 32 KiB of buffers"));
	assert_true(kcov_ends(0, "instances", " - -                ready"));
}

static void records_that_were_dropped_are_shown(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_row row;
	char text[64];

	assert_int_equal(kcov_enable(t->fd), 0);
	kcov_set_count(t, t->size - 1);
	kcov_read_nothing(NULL);
	assert_int_equal(kcov_disable(t->fd), 0);
	assert_int_equal(kcov_read_rows(&row), 1);
	assert_true(strtoul(row.dropped, NULL, 10) > 0);
	snprintf(text, sizeof(text), "%9lu 100%% %8s     0\n", t->size - 1, row.dropped);
	assert_true(kcov_ends(0, "instances", text));
}

static void json_has_the_same(void **state)
{
	const struct kcov_test *t = *state;
	char pid[32];

	snprintf(pid, sizeof(pid), "\"pid\":%d,", getpid());
	assert_int_equal(kcov_enable(t->fd), 0);
	assert_true(kcov_ends(0, "instances --json", pid));
	assert_int_equal(kcov_disable(t->fd), 0);
	assert_non_null(strstr(kcov_said, "\"command\":\"test_views\""));
	assert_non_null(strstr(kcov_said, "\"capacity\":4095"));
	assert_non_null(strstr(kcov_said, "\"sections_without_a_buffer\":"));
	assert_non_null(strstr(kcov_said, "\"follow\":false"));
}

static void what_was_lost_is_said_in_words(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_enable_usb(t->fd, KCOV_USB_A), 0);
	assert_int_equal(kcov_deferred("kthread %#llx", NO_HANDLE), 0);
	assert_true(kcov_ends(0, "instances", "lost since the module was loaded:"));
	assert_true(kcov_says("sections that a driver began with something that is no"));
	assert_true(kcov_says("a mistake in the driver: dmesg names it"));
}

/* As if a module of another version had no such file. */
static void losses_that_nobody_knows_are_not_none(void **state)
{
	char text[2048];

	(void)state;
	kcov_run("mount -o bind /dev/null " KCOV_LOST " && kcovctl instances 2>&1; umount "
		 KCOV_LOST, text, sizeof(text));
	assert_non_null(strstr(text, "what else was lost is not known"));
	assert_null(strstr(text, "nothing else was lost"));
}

static void follow_is_switched(void **state)
{
	(void)state;
	assert_true(kcov_ends(0, "instances --follow on", ""));
	assert_int_equal(kcov_read_number(KCOV_FOLLOW, ""), 1);
	assert_true(kcov_ends(0, "instances", "deferred work follows its task"));
	assert_true(kcov_ends(0, "instances --follow off", ""));
	assert_int_equal(kcov_read_number(KCOV_FOLLOW, ""), 0);
	assert_true(kcov_ends(0, "instances", "deferred work does not follow its task"));
}

/* Until SIGINT, which ends it well. */
static void watch_goes_on_until_it_is_interrupted(void **state)
{
	(void)state;
	assert_int_equal(kcov_shell(WATCH_INTO_FILE("")
				    "until [ -s /tmp/watch ]; do :; done; "
				    "kill -0 $w && kill -INT $w; wait $w"), 0);
	assert_int_equal(kcov_shell("grep -c descriptors /tmp/watch"), 0);
}

static void watch_as_json_is_an_object_a_line(void **state)
{
	(void)state;
	assert_int_equal(kcov_shell(WATCH_INTO_FILE(" --json")
				    "until [ \"$(wc -l </tmp/watch)\" -ge 2 ]; do :; done; "
				    "kill -INT $w; wait $w; "
				    "! grep -v '^{.*}$' /tmp/watch"), 0);
}

/* --- functions ---------------------------------------------------------------------------- */

static unsigned long covered(void)
{
	return kcov_read_number(KCOV_FUNCTIONS, "# ");
}

static void summary_has_number_and_rules(void **state)
{
	char first[64];

	(void)state;
	snprintf(first, sizeof(first), "%lu functions, ", covered());
	assert_true(kcov_ends(0, "functions", first));
	assert_non_null(strstr(kcov_said, "\nrules: default\n"));
	assert_non_null(strstr(kcov_said, " the kernel itself\n"));
}

static void pattern_lists_what_matches(void **state)
{
	(void)state;
	assert_true(kcov_ends(0, "functions 'ksys_rea*'", "ksys_readahead\n"));
	assert_non_null(strstr(kcov_said, "ksys_read\n"));
	assert_int_equal(lines_said(), 2);
	assert_true(kcov_ends(0, "functions 'vmlinux:ksys_read'", "ksys_read\n"));
	assert_true(kcov_ends(1, "functions 'no_module:*'", "no function that is covered matches"));
}

static void functions_of_modules_have_its_name(void **state)
{
	(void)state;
	assert_int_equal(kcov_load_stock("arch/x86/kernel/msr.ko"), 0);
	assert_true(kcov_ends(0, "functions 'msr:*'", "msr_open [msr]\n"));
	assert_true(kcov_ends(0, "functions --json", "\"msr\":"));
	assert_int_equal(kcov_unload("msr"), 0);
}

static void rules_change_the_set_and_default_brings_it_back(void **state)
{
	const unsigned long before = covered();

	(void)state;
	assert_true(kcov_ends(0, "functions '=ksys_rea*' +vfs_read",
			      "rules: none +ksys_rea* +vfs_read\n"));
	assert_int_equal(covered(), 3);
	assert_true(kcov_ends(0, "functions -ksys_*",
			      "\nrules: none +ksys_rea* +vfs_read -ksys_*\n"));
	assert_int_equal(covered(), 1);
	assert_true(kcov_ends(0, "functions default", "rules: default\n"));
	assert_int_equal(covered(), before);
}

static void json_of_functions(void **state)
{
	(void)state;
	assert_true(kcov_ends(0, "functions --json ksys_read", "\"rules\":\"default\""));
	assert_non_null(strstr(kcov_said, "\"name\":\"ksys_read\""));
	assert_non_null(strstr(kcov_said, "\"module\":null"));
}

static void rule_that_matches_nothing_is_explained(void **state)
{
	const unsigned long before = covered();

	(void)state;
	assert_true(kcov_ends(1, "functions '+no_such_*'", "a rule matches no function"));
	assert_non_null(strstr(kcov_said, "ENOENT"));
	assert_non_null(strstr(kcov_said, "kernel log: kcov: no function matches 'no_such_*'"));
	assert_int_equal(covered(), before);
}

static void what_is_no_rule_is_explained(void **state)
{
	(void)state;
	assert_true(kcov_ends(1, "functions '+:x'", "EINVAL"));
	assert_non_null(strstr(kcov_said, "a rule is +GLOB, -GLOB or =GLOB"));
}

static void too_many_rules_are_explained(void **state)
{
	(void)state;
	assert_true(kcov_ends(1, "functions $(yes +ksys_read | head -n 65)", "too many rules"));
	assert_true(kcov_ends(0, "functions", "rules: default\n"));
}

static void entries_are_switched(void **state)
{
	(void)state;
	assert_true(kcov_ends(0, "functions --off", "switched off: no function entry is covered"));
	assert_true(kcov_ends(0, "functions --on", "\nrules: default\n"));
	assert_null(strstr(kcov_said, "switched off"));
}

/* --- refusals --------------------------------------------------------------------------------- */

static void arguments_that_do_not_go_together_are_refused(void **state)
{
	static const char *const wrong[] = {
		"instances me", "instances --follow", "instances --follow perhaps",
		"instances --follow on -w", "functions a b", "functions --on a",
		"functions default a", "functions --all", "functions ''",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_true(kcov_ends(2, wrong[i], "see 'kcovctl help"));
}

static void who_is_not_root_is_told(void **state)
{
	(void)state;
	assert_int_equal(kcov_shell("su -s /bin/sh nobody -c 'kcovctl instances' 2>&1"), 1);
	assert_non_null(strstr(kcov_said, "run as root"));
	assert_int_equal(kcov_shell("su -s /bin/sh nobody -c 'kcovctl functions default' 2>&1"), 1);
	assert_non_null(strstr(kcov_said, "run as root"));
}

static void where_there_are_no_such_files_it_says_why(void **state)
{
	bool told;

	(void)state;
	if (has_own_kcov()) {
		assert_true(kcov_ends(1, "instances", "this kernel has its own kcov"));
		return;
	}
	assert_int_equal(kcov_unload("kcov_deferred"), 0);
	assert_int_equal(kcov_unload("kcov_sections"), 0);
	assert_true(kcov_wait_for(kcov_is_unused, "kcov"));
	assert_int_equal(kcov_unload("kcov"), 0);
	told = kcov_ends(1, "instances", "the module is not loaded") &&
	       kcov_ends(1, "functions", "the module is not loaded");
	assert_int_equal(kcov_load("kcov"), 0);
	assert_int_equal(kcov_load_drivers(state), 0);
	assert_true(told);
}

int main(void)
{
	const struct CMUnitTest views[] = {
		cmocka_unit_test(nobody_has_a_descriptor),
		KCOV_TEST(who_records_is_shown),
		KCOV_TEST(records_that_were_dropped_are_shown),
		KCOV_TEST(json_has_the_same),
		KCOV_TEST(what_was_lost_is_said_in_words),
		cmocka_unit_test(losses_that_nobody_knows_are_not_none),
		cmocka_unit_test(follow_is_switched),
		cmocka_unit_test(watch_goes_on_until_it_is_interrupted),
		cmocka_unit_test(watch_as_json_is_an_object_a_line),

		cmocka_unit_test(summary_has_number_and_rules),
		cmocka_unit_test(pattern_lists_what_matches),
		cmocka_unit_test(functions_of_modules_have_its_name),
		cmocka_unit_test(rules_change_the_set_and_default_brings_it_back),
		cmocka_unit_test(json_of_functions),
		cmocka_unit_test(rule_that_matches_nothing_is_explained),
		cmocka_unit_test(what_is_no_rule_is_explained),
		cmocka_unit_test(too_many_rules_are_explained),
		cmocka_unit_test(entries_are_switched),

		cmocka_unit_test(arguments_that_do_not_go_together_are_refused),
		cmocka_unit_test(who_is_not_root_is_told),
		cmocka_unit_test(where_there_are_no_such_files_it_says_why),
	};

	return cmocka_run_group_tests(views, kcov_load_drivers, kcov_unload_drivers) != 0;
}
