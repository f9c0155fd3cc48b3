// SPDX-License-Identifier: GPL-2.0-only
/*
 * kcovctl run and report: filters, words of a command, losses, and the command that is run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/files.h"
#include "tools/kcovctl.h"
#include "tools/kcovctl_child.h"
#include "tools/kcovctl_filter.h"
#include "tools/kcovctl_losses.h"
#include "tools/kcovctl_words.h"

static bool matches(const char *glob, const char *module, const char *function,
		    const char *file)
{
	struct filter filter = { 0 };
	bool result;

	filter_add(&filter, glob);
	result = filter_matches(&filter, module, function, file);
	filter_release(&filter);
	return result;
}

static void globs_match_as_documented(void **state)
{
	static const struct {
		const char *glob, *module, *function, *file;
		bool answer;
	} table[] = {
		{ "vfs_*", "vmlinux", "vfs_read", NULL, true },
		{ "vfs_*", "ext4", "vfs_read", NULL, true },
		{ "vfs_*", "vmlinux", "ksys_read", NULL, false },
		{ "vmlinux:*", "vmlinux", "ksys_read", NULL, true },
		{ "vmlinux:*", "ext4", "ext4_iget", NULL, false },
		{ "ext4:*", "ext4", "ext4_iget", NULL, true },
		{ "ext4:ext4_i*", "ext4", "ext4_readdir", NULL, false },
		{ "crc-itu-t:*", "crc_itu_t", "crc_itu_t", NULL, true },
		{ "fs/ext4/*", "ext4", "f", "fs/ext4/inode.c", true },
		{ "fs/ext4/*", "ext4", "f", "./fs/ext4/inode.c", true },
		{ "fs/ext4/*", "ext4", "f", "/src/fs/ext4/inode.c", true },
		{ "fs/ext4/*", "ext4", "f", "fs/ext2/inode.c", false },
		{ "fs/ext4/*", "ext4", "f", "xfs/ext4/inode.c", false },
		{ "fs/ext4/*", "ext4", "f", NULL, false },
		{ "fs/", "ext4", "f", "fs/ext4/inode.c", true },
		{ "fs/", "ext4", "f", "kernel/fork.c", false },
		{ "/src/fs/", "ext4", "f", "/src/fs/ext4/inode.c", true },
		{ "/fs/", "ext4", "f", "/src/fs/ext4/inode.c", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (matches(table[i].glob, table[i].module, table[i].function,
			    table[i].file) != table[i].answer)
			fail_msg("%s and %s:%s (%s)", table[i].glob, table[i].module,
				 table[i].function, table[i].file ? table[i].file : "-");
}

static void only_globs_of_paths_need_files(void **state)
{
	struct filter filter = { 0 };

	(void)state;
	filter_add(&filter, "ext4:*");
	assert_false(filter_has_paths(&filter));
	filter_add(&filter, "fs/");
	assert_true(filter_has_paths(&filter));
	filter_release(&filter);
}

static void no_glob_matches_all(void **state)
{
	const struct filter none = { 0 };

	(void)state;
	assert_true(filter_matches(&none, "m", "f", NULL));
}

static void print_words(FILE *out, void *words)
{
	words_print(words, out);
}

static void words_are_quoted_where_a_shell_needs_it(void **state)
{
	char *const words[] = { "sh", "-c", "echo 'a b' >$x", "", "a\nb", NULL };

	(void)state;
	assert_string_equal(printed(print_words, (void *)words),
			    "sh -c 'echo '\\''a b'\\'' >$x' '' $'a\\012b'");
}

static void losses_are_a_list(void **state)
{
	struct losses losses = { .count = 0 };

	(void)state;
	losses_count(&losses, 3, "sections_not_merged");
	losses_count(&losses, 0, "nothing");
	losses_count(&losses, 1, "records without room");
	assert_string_equal(losses_words(&losses).text,
			    "3 sections not merged, 1 records without room");
}

static void losses_are_read_again_and_add_up(void **state)
{
	struct losses losses = { .count = 0 };

	(void)state;
	assert_true(losses_parse(&losses, "3 remote sections, 1 records without room\n"));
	assert_true(losses_parse(&losses, "40 records without room"));
	assert_string_equal(losses_words(&losses).text,
			    "3 remote sections, 41 records without room");
	assert_false(losses_parse(&losses, "many\n"));
	assert_false(losses_parse(&losses, "3 remote sections, 1"));
}

/* Of somebody's file: neither more than there is room for, nor for a terminal to obey. */
static void losses_without_a_line_are_counted_as_others(void **state)
{
	struct losses losses = { .count = 0 };
	uint64_t sum = 0;
	char what[16];

	(void)state;
	for (int i = 0; i < 2 * LOSSES_MAX; i++) {
		snprintf(what, sizeof(what), "kind %d", i);
		losses_count(&losses, UINT64_MAX / 100, what);
	}
	for (size_t i = 0; i < losses.count; i++)
		sum += losses.loss[i].number;
	assert_int_equal(losses.count, LOSSES_MAX);
	assert_true(sum == UINT64_MAX / 100 * (2 * LOSSES_MAX));
	assert_non_null(strstr(losses_words(&losses).text, " others"));
	losses = (struct losses){ .count = 0 };
	assert_true(losses_parse(&losses, "1 \033[2J"));
	assert_string_equal(losses_words(&losses).text, "1 ?[2J");
}

static bool prepare_nothing(void *unused)
{
	(void)unused;
	return true;
}

/* As timeout(1) does it: to us, and to all, among whom we are. */
static void ask_twice_at_once(void)
{
	const struct timespec moment = { .tv_nsec = 20000000 };
	const pid_t run = getppid();

	nanosleep(&(struct timespec){ .tv_nsec = 200000000 }, NULL);
	kill(run, SIGTERM);
	nanosleep(&moment, NULL);
	kill(run, SIGTERM);
	_exit(0);
}

static void request_that_comes_twice_at_once_is_one(void **state)
{
	char *const command[] = {
		"sh", "-c", "trap 'sleep 0.3; exit 7' TERM; while :; do sleep 0.02; done", NULL
	};
	struct child child;

	(void)state;
	child_hold(&child);
	assert_int_equal(child_start(&child, command, prepare_nothing, NULL), 0);
	if (!fork())
		ask_twice_at_once();
	child_wait(&child, NULL, NULL);
	child_release(&child);
	assert_true(child.ended);
	assert_int_equal(child_exit_status(&child), 7);
}

int main(void)
{
	const struct CMUnitTest run[] = {
		cmocka_unit_test(globs_match_as_documented),
		cmocka_unit_test(only_globs_of_paths_need_files),
		cmocka_unit_test(no_glob_matches_all),
		cmocka_unit_test(words_are_quoted_where_a_shell_needs_it),
		cmocka_unit_test(losses_are_a_list),
		cmocka_unit_test(losses_are_read_again_and_add_up),
		cmocka_unit_test(losses_without_a_line_are_counted_as_others),
		cmocka_unit_test(request_that_comes_twice_at_once_is_one),
	};

	return cmocka_run_group_tests(run, NULL, NULL) != 0;
}
