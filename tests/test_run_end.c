// SPDX-License-Identifier: GPL-2.0-only
/*
 * kcovctl run: the command's status and signals, and what is told of a run that ended as nobody
 * wanted.
 */
#include "kcov_command.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#define SELF		KCOV_COMMAND
#define DIRECTORY	KCOV_COMMAND_DIRECTORY
#define HERE		KCOV_COMMAND_HERE
#define TOLD		KCOV_COMMAND_TOLD
#define GO		KCOV_COMMAND_GO
#define SAVED		KCOV_COMMAND_DIRECTORY "/saved"
#define RESTRICT	"/proc/sys/kernel/kptr_restrict"

static void status_is_that_of_the_command(void **state)
{
	(void)state;
	assert_int_equal(kcov_command("-- sh -c 'exit 7'"), 7);
	assert_int_equal(kcov_command("-- sh -c 'kill -9 $$'"), 128 + SIGKILL);
	assert_int_equal(kcov_command("-- /nowhere"), 127);
	assert_true(kcov_says("/nowhere: ENOENT"));
	assert_int_equal(kcov_command("-- /etc"), 126);
	assert_int_equal(kcov_command("--size 1 -- true"), 125);
	assert_int_equal(kcov_command(""), 125);
}

static void nobody_is_told_the_cure(void **state)
{
	(void)state;
	assert_int_equal(kcov_shell("su -s /bin/sh nobody -c 'kcovctl run true' 2>&1"), 125);
	assert_true(kcov_says("root"));
}

static void signal_is_passed_on_and_the_rest_is_shown(void **state)
{
	pid_t pid;

	(void)state;
	pid = kcov_command_start("--follow --functions -- " SELF " stay", DIRECTORY "/said");
	assert_true(kcov_wait_for(kcov_command_exists, HERE));
	kill(pid, SIGTERM);
	assert_int_equal(kcov_command_status(pid), 128 + SIGTERM);
	kcov_read_said(DIRECTORY "/said");
	assert_true(kcov_says("do_sys_openat2 "));
	assert_false(kcov_is_followed());
}

/* One that follows within a fraction of a second is of the same request. */
static bool is_later(void *data)
{
	const struct timespec *then = data;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec > then->tv_sec + 1;
}

/* The command gets the first one, too, and takes it. */
static void second_signal_ends_the_recording(void **state)
{
	struct timespec told;
	pid_t pid;

	(void)state;
	pid = kcov_command_start("--follow --functions -- " SELF " stay", DIRECTORY "/said");
	assert_true(kcov_wait_for(kcov_command_exists, HERE));
	kill(pid, SIGINT);
	assert_true(kcov_wait_for(kcov_command_exists, TOLD));
	clock_gettime(CLOCK_MONOTONIC, &told);
	assert_true(kcov_wait_for(is_later, &told));
	kill(pid, SIGINT);
	assert_int_equal(kcov_command_status(pid), 128 + SIGINT);
	kcov_command_touch(GO);
	kcov_read_said(DIRECTORY "/said");
	assert_true(kcov_says("still runs: recorded until here"));
	assert_true(kcov_says("do_sys_openat2 "));
	assert_false(kcov_is_followed());
}

/* As the shell's job control has it. */
static void run_can_be_stopped(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	pid = kcov_command_start("-- " SELF " stay", "/dev/null");
	assert_true(kcov_wait_for(kcov_command_exists, HERE));
	kill(pid, SIGTSTP);
	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	assert_true(WIFSTOPPED(status));
	kcov_command_touch(GO);
	kill(pid, SIGCONT);
	assert_int_equal(kcov_command_status(pid), 0);
}

static void what_is_left_behind_is_counted(void **state)
{
	(void)state;
	assert_int_equal(kcov_command("-- sh -c '" SELF " stay >/dev/null 2>&1 & true'"), 0);
	kcov_command_touch(GO);
	assert_true(kcov_says("1 process the command left behind still runs"));
	assert_int_equal(kcov_command("-- sh -c 'true & wait'"), 0);
	assert_null(strstr(kcov_said, "left behind"));
}

/* --- ends that nobody wanted --------------------------------------------------------------- */

static void recording_that_cannot_be_ended_is_reported(void **state)
{
	(void)state;
	assert_int_equal(kcov_command("--functions -o " SAVED " -- " SELF " disable"), 125);
	assert_true(kcov_says("KCOV_DISABLE: EINVAL"));
	assert_true(kcov_says("what was recorded until here is reported"));
	assert_true(kcov_says("__x64_sys_pidfd_getfd "));
	assert_int_equal(kcov_shell("kcovctl report --functions " SAVED " 2>&1"), 0);
	assert_true(kcov_says("__x64_sys_pidfd_getfd "));
	assert_true(kcov_says("lost: 1 ends of a recording"));
}

/* Where code lay before is known, and where that of modules lies does not change. */
static void addresses_that_are_hidden_meanwhile_are_those_of_before(void **state)
{
	int status, reported;

	(void)state;
	status = kcov_command("--functions -o " SAVED " -- sh -c 'echo 2 >" RESTRICT "'");
	assert_int_equal(kcov_write_file(RESTRICT, "0"), 0);
	assert_int_equal(status, 125);
	assert_true(kcov_says("taken to lie where it did before the command"));
	assert_true(kcov_says(" blocks: "));
	reported = kcov_shell("kcovctl report --functions " SAVED " 2>&1");
	assert_int_equal(reported, 0);
	assert_true(kcov_says("vfs_write "));
}

/* Who is recorded already belongs to that run, with all it starts. */
static void run_within_a_run_is_refused(void **state)
{
	(void)state;
	assert_int_equal(kcov_command("-- kcovctl run -- " SELF " sysinfo"), 125);
	assert_true(kcov_says("KCOV_TREE_ENABLE: EBUSY"));
	assert_true(kcov_says("it comes from kcovctl run above"));
	assert_int_equal(kcov_command("--functions -- sh -c 'kcovctl run -- true; " SELF
				      " sysinfo'"), 0);
	assert_true(kcov_says("__x64_sys_sysinfo "));
}

int main(void)
{
	const struct CMUnitTest run_end[] = {
		KCOV_COMMAND_TEST(status_is_that_of_the_command),
		KCOV_COMMAND_TEST(nobody_is_told_the_cure),
		KCOV_COMMAND_TEST(signal_is_passed_on_and_the_rest_is_shown),
		KCOV_COMMAND_TEST(second_signal_ends_the_recording),
		KCOV_COMMAND_TEST(run_can_be_stopped),
		KCOV_COMMAND_TEST(what_is_left_behind_is_counted),
		KCOV_COMMAND_TEST(recording_that_cannot_be_ended_is_reported),
		KCOV_COMMAND_TEST(addresses_that_are_hidden_meanwhile_are_those_of_before),
		KCOV_COMMAND_TEST(run_within_a_run_is_refused),
	};

	return cmocka_run_group_tests(run_end, kcov_command_load, kcov_command_unload) != 0;
}
