// SPDX-License-Identifier: GPL-2.0-only
/*
 * kcovctl run: the file that keeps a run.
 */
#include "kcov_command.h"

#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define SELF		KCOV_COMMAND
#define DIRECTORY	KCOV_COMMAND_DIRECTORY
#define HERE		KCOV_COMMAND_HERE
#define SAVED		KCOV_COMMAND_DIRECTORY "/saved"
#define SMALL		KCOV_COMMAND_DIRECTORY "/small"
#define STICKY		KCOV_COMMAND_DIRECTORY "/sticky"
#define LINKS		"/proc/sys/fs/protected_symlinks"

static char links[16];

static void saved_run_has_the_pcs_that_are_listed(void **state)
{
	(void)state;
	assert_int_equal(kcov_command("--raw -o " SAVED " -- true >" DIRECTORY "/listed"), 0);
	assert_int_equal(kcov_shell("grep ^0x " DIRECTORY "/listed >" DIRECTORY "/pcs"), 0);
	assert_int_equal(kcov_shell("grep ^0x " SAVED " | cmp - " DIRECTORY "/pcs"), 0);
	assert_int_equal(kcov_shell("kcovctl symbolize <" SAVED), 0);
	assert_true(kcov_says("# command true\n"));
	assert_true(kcov_says(" __x64_sys_execve+"));
}

static void full_disk_leaves_nothing(void **state)
{
	(void)state;
	assert_int_equal(mkdir(SMALL, 0700), 0);
	assert_int_equal(mount("none", SMALL, "tmpfs", 0, "size=4k"), 0);
	assert_int_equal(kcov_command("-o " SMALL "/saved -- true"), 125);
	assert_true(kcov_says(SMALL "/saved: ENOSPC"));
	assert_int_equal(kcov_shell("ls -A " SMALL), 0);
	assert_string_equal(kcov_said, "");
}

static void full_disk_leaves_the_older_run(void **state)
{
	(void)state;
	assert_int_equal(mkdir(SMALL, 0700), 0);
	assert_int_equal(mount("none", SMALL, "tmpfs", 0, "size=8k"), 0);
	assert_int_equal(kcov_shell("echo older >" SMALL "/saved"), 0);
	assert_int_equal(kcov_command("-o " SMALL "/saved -- true"), 125);
	assert_int_equal(kcov_shell("cd " SMALL "; ls -A; cat saved"), 0);
	assert_string_equal(kcov_said, "saved\nolder\n");
}

/* A message, and what is listed, would be in the file that was opened first. */
static void without_standard_descriptors_no_file_is_damaged(void **state)
{
	(void)state;
	assert_int_equal(kcov_shell("kcovctl run --functions -o " SAVED " -- " SELF
				    " sysinfo <&- >&- 2>&-"), 125);
	assert_int_equal(kcov_shell("grep -v -E '^(# .*|0x[0-9a-f]{16})$' " SAVED), 1);
	assert_int_equal(kcov_shell("kcovctl report --functions " SAVED " 2>&1"), 0);
	assert_true(kcov_says("__x64_sys_sysinfo "));
}

static void command_has_the_standard_descriptors_of_its_caller(void **state)
{
	(void)state;
	assert_int_equal(kcov_shell("kcovctl run -- sh -c '[ ! -e /proc/$$/fd/0 ]' <&-"), 0);
	assert_int_equal(kcov_shell("kcovctl run -- sh -c '[ ! -e /proc/$$/fd/1 ]' >&-"), 0);
	assert_int_equal(kcov_shell("kcovctl run -- sh -c '[ ! -e /proc/$$/fd/2 ]' 2>&-"), 0);
	assert_int_equal(kcov_shell("kcovctl run -- sh -c '[ ! -e /proc/$$/fd/0 ]' </dev/null"), 1);
}

/* As in /tmp: it would be root's file that is written over. */
static void link_of_another_user_is_not_followed(void **state)
{
	(void)state;
	assert_int_equal(kcov_shell("mkdir " STICKY " && chmod 1777 " STICKY " && echo mine >" SAVED
				    " && su -s /bin/sh nobody -c 'ln -s " SAVED " " STICKY
				    "/link' && echo 1 >" LINKS), 0);
	assert_int_equal(kcov_command("-o " STICKY "/link -- touch " HERE), 125);
	assert_true(kcov_says(STICKY "/link: a link of another user's"));
	assert_int_equal(access(HERE, F_OK), -1);
	assert_int_equal(kcov_shell("cat " SAVED "; ls -A " STICKY), 0);
	assert_string_equal(kcov_said, "mine\nlink\n");
	assert_int_equal(kcov_shell("ln -s " SAVED " " STICKY "/own"), 0);
	assert_int_equal(kcov_command("-o " STICKY "/own -- true"), 0);
	assert_int_equal(kcov_shell("grep -q '^# end' " SAVED " && [ -L " STICKY "/own ]"), 0);
}

static int forget_links(void **state)
{
	return kcov_write_file(LINKS, links) || kcov_command_unload(state);
}

static int remember_links(void **state)
{
	if (kcov_run("cat " LINKS, links, sizeof(links)))
		return -1;
	return kcov_command_load(state);
}

int main(void)
{
	const struct CMUnitTest run_file[] = {
		KCOV_COMMAND_TEST(saved_run_has_the_pcs_that_are_listed),
		KCOV_COMMAND_TEST(full_disk_leaves_nothing),
		KCOV_COMMAND_TEST(full_disk_leaves_the_older_run),
		KCOV_COMMAND_TEST(without_standard_descriptors_no_file_is_damaged),
		KCOV_COMMAND_TEST(command_has_the_standard_descriptors_of_its_caller),
		KCOV_COMMAND_TEST(link_of_another_user_is_not_followed),
	};

	return cmocka_run_group_tests(run_file, remember_links, forget_links) != 0;
}
