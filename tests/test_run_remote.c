// SPDX-License-Identifier: GPL-2.0-only
/*
 * kcovctl run: work that others do for the command, and the switch that makes it followed,
 * which is on for a run and off again.
 */
#include "kcov_command.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "kcov_remote.h"

#define HAND_OVER	"sh -c 'echo work common >" KCOV_DEFERRED "'"
#define SELF		KCOV_COMMAND
#define DIRECTORY	KCOV_COMMAND_DIRECTORY
#define HERE		KCOV_COMMAND_HERE
#define GO		KCOV_COMMAND_GO

static void work_that_a_driver_marks_is_remote(void **state)
{
	(void)state;
	assert_int_equal(kcov_command("-r --functions -- " HAND_OVER), 0);
	assert_true(kcov_says("deferred_in_work "));
	assert_null(strstr(kcov_said, "deferred_outside "));
	assert_int_equal(kcov_command("--functions -- " HAND_OVER), 0);
	assert_null(strstr(kcov_said, "deferred_in_work "));
}

/* Handles have one owner each; that of our own choice is another one then. */
static void bus_of_another_run_is_refused(void **state)
{
	pid_t first;

	(void)state;
	first = kcov_command_start("--usb 7 -- " SELF " stay", "/dev/null");
	assert_true(kcov_wait_for(kcov_command_exists, HERE));
	assert_int_equal(kcov_command("--usb 7 -- true"), 125);
	assert_true(kcov_says("EEXIST"));
	assert_int_equal(kcov_command("--usb 8 -- true"), 0);
	kcov_command_touch(GO);
	assert_int_equal(kcov_command_status(first), 0);
	assert_int_equal(kcov_command("--usb 7 -- true"), 0);
}

static void work_is_followed_as_a_whole(void **state)
{
	(void)state;
	assert_int_equal(kcov_command("--follow --functions -- " HAND_OVER), 0);
	assert_true(kcov_says("deferred_in_work "));
	assert_true(kcov_says("deferred_outside "));
}

/* The left child writes that when the command has ended, and the tree is disabled. */
static void late_work_is_waited_for(void **state)
{
	(void)state;
	assert_int_equal(kcov_command("-r --drain 3600 --functions -- " SELF " late"), 0);
	assert_true(kcov_says("deferred_in_timer "));
}

static void signal_ends_the_waiting(void **state)
{
	pid_t pid;

	(void)state;
	pid = kcov_command_start("-r --drain 3600 --functions -- " SELF " endless",
				 DIRECTORY "/said");
	assert_true(kcov_wait_for(kcov_command_exists, HERE));
	kill(pid, SIGINT);
	assert_int_equal(kcov_command_status(pid), 0);
	kcov_read_said(DIRECTORY "/said");
	assert_true(kcov_says("deferred_in_work "));
	assert_true(kcov_says("1 process the command left behind still runs"));
}

/* Which has not seen yet that the command has ended, as it stood still. */
static void signal_behind_the_command_ends_the_waiting(void **state)
{
	pid_t pid;

	(void)state;
	pid = kcov_command_start("-r --drain 3600 -- sh -c 'kill -STOP $PPID; exec " SELF
				 " endless'", DIRECTORY "/said");
	assert_true(kcov_wait_for(kcov_command_exists, HERE));
	kill(pid, SIGINT);
	kill(pid, SIGCONT);
	assert_int_equal(kcov_command_status(pid), 0);
	kcov_read_said(DIRECTORY "/said");
	assert_true(kcov_says("1 process the command left behind still runs"));
}

static void time_to_wait_is_a_number(void **state)
{
	(void)state;
	assert_int_equal(kcov_command("-r --drain soon -- true"), 125);
	assert_true(kcov_says("--drain soon: not a number from 0 to 3600"));
	assert_int_equal(kcov_command("-r --drain 3601 -- true"), 125);
	assert_int_equal(kcov_command("-r --drain 0 -- true"), 0);
}

static void follow_is_on_for_the_run_alone(void **state)
{
	(void)state;
	assert_false(kcov_is_followed());
	assert_int_equal(kcov_command("--follow -- cat " KCOV_FOLLOW), 0);
	assert_int_equal(kcov_said[0], '1');
	assert_false(kcov_is_followed());
}

static void follow_stays_on_if_it_was(void **state)
{
	(void)state;
	assert_int_equal(kcov_write_file(KCOV_FOLLOW, "1"), 0);
	assert_int_equal(kcov_command("--follow -- true"), 0);
	assert_true(kcov_is_followed());
	assert_int_equal(kcov_write_file(KCOV_FOLLOW, "0"), 0);
}

static void follow_is_off_when_the_command_is_not_found(void **state)
{
	(void)state;
	assert_int_equal(kcov_command("--follow -- /nowhere"), 127);
	assert_false(kcov_is_followed());
}

static void last_of_two_runs_switches_follow_off(void **state)
{
	pid_t first;

	(void)state;
	first = kcov_command_start("--follow -- " SELF " stay", "/dev/null");
	assert_true(kcov_wait_for(kcov_command_exists, HERE));
	assert_int_equal(kcov_command("--follow -- true"), 0);
	assert_true(kcov_is_followed());
	kcov_command_touch(GO);
	assert_int_equal(kcov_command_status(first), 0);
	assert_false(kcov_is_followed());
}

/* From here on no single byte is written by this task and its children. */
static bool refuse_a_byte(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_write, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EIO),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { ARRAY_SIZE(filter), filter };

	return !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) &&
	       !prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static int run_without_the_switch(void *unused)
{
	(void)unused;
	return refuse_a_byte() && kcov_command("--follow -- true") == 125 &&
	       kcov_says(KCOV_FOLLOW ": EIO") ? 0 : 1;
}

/* A run that has not switched it on does not say that it has: who has it on keeps it. */
static void follow_that_cannot_be_switched_on_is_forgotten(void **state)
{
	(void)state;
	assert_int_equal(kcov_in_child(run_without_the_switch, NULL), 0);
	assert_false(kcov_is_followed());
	follow_stays_on_if_it_was(state);
}

int main(void)
{
	const struct CMUnitTest run_remote[] = {
		KCOV_COMMAND_TEST(work_that_a_driver_marks_is_remote),
		KCOV_COMMAND_TEST(bus_of_another_run_is_refused),
		KCOV_COMMAND_TEST(work_is_followed_as_a_whole),
		KCOV_COMMAND_TEST(late_work_is_waited_for),
		KCOV_COMMAND_TEST(signal_ends_the_waiting),
		KCOV_COMMAND_TEST(signal_behind_the_command_ends_the_waiting),
		KCOV_COMMAND_TEST(time_to_wait_is_a_number),
		KCOV_COMMAND_TEST(follow_is_on_for_the_run_alone),
		KCOV_COMMAND_TEST(follow_stays_on_if_it_was),
		KCOV_COMMAND_TEST(follow_is_off_when_the_command_is_not_found),
		KCOV_COMMAND_TEST(last_of_two_runs_switches_follow_off),
		KCOV_COMMAND_TEST(follow_that_cannot_be_switched_on_is_forgotten),
	};

	return cmocka_run_group_tests(run_remote, kcov_command_load, kcov_command_unload) != 0;
}
