// SPDX-License-Identifier: GPL-2.0-only
/*
 * kcovctl run: whose code is shown, the command's status and signals, what is
 * switched on for a run and off again, and the file that keeps it.
 *
 * The commands are this program with a word: each makes a system call that no
 * other makes, whose function tells whose records are there.
 */
#include "kcov_remote.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SELF		"/tests/test_run"
#define DIRECTORY	"/tmp/run"
#define SMALL		DIRECTORY "/small"
#define HERE		DIRECTORY "/here"
#define TOLD		DIRECTORY "/told"
#define GO		DIRECTORY "/go"
#define SAMPLE		"/sys/kernel/debug/kcov_sample/input"
#define COMPARE		"-c --filter 'kcov_sample:*' -- /bin/busybox sh -c "

static char said[1 << 20];

/* --- the commands ------------------------------------------------------------------------ */

static void *call_getpriority(void *unused)
{
	getpriority(PRIO_PROCESS, 0);
	return unused;
}

static int in_a_thread(void)
{
	pthread_t thread;

	return pthread_create(&thread, NULL, call_getpriority, NULL) || pthread_join(thread, NULL);
}

static int call_getitimer(void *unused)
{
	struct itimerval value;

	(void)unused;
	return getitimer(ITIMER_REAL, &value);
}

static int in_a_grandchild(void *unused)
{
	(void)unused;
	return kcov_in_child(call_getitimer, NULL);
}

static void touch(const char *path)
{
	close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

static bool exists(void *path)
{
	return !access(path, F_OK);
}

static void tell(int signal)
{
	(void)signal;
	touch(TOLD);
}

/* Says that it is there, and goes on until somebody says so; SIGINT does not end it. */
static int stay(void)
{
	signal(SIGINT, tell);
	touch(HERE);
	return !kcov_wait_for(exists, GO);
}

static int act(const char *what)
{
	struct sysinfo info;

	if (!strcmp(what, "sysinfo"))
		return sysinfo(&info);
	if (!strcmp(what, "thread"))
		return in_a_thread();
	if (!strcmp(what, "grandchild"))
		return kcov_in_child(in_a_grandchild, NULL);
	if (!strcmp(what, "stay"))
		return stay();
	return 1;
}

/* --- running kcovctl --------------------------------------------------------------------- */

/* The status; what was said, on both streams, is in said. */
static int go(const char *arguments)
{
	char command[1024];

	snprintf(command, sizeof(command), "kcovctl run %s 2>&1", arguments);
	return kcov_run(command, said, sizeof(said));
}

static int shell(const char *command)
{
	return kcov_run(command, said, sizeof(said));
}

static bool says(const char *words)
{
	if (strstr(said, words))
		return true;
	print_error("no '%s' in: %.500s\n", words, said);
	return false;
}

/* In a group of its own, as a shell's jobs are; what it says is in the file. */
static pid_t start(const char *arguments, const char *output)
{
	char command[1024];
	pid_t pid;

	snprintf(command, sizeof(command), "exec kcovctl run %s >%s 2>&1", arguments, output);
	pid = fork();
	if (!pid) {
		setpgid(0, 0);
		execl("/bin/sh", "sh", "-c", command, NULL);
		_exit(1);
	}
	return pid;
}

static int status_of(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

static void read_said(const char *path)
{
	FILE *file = fopen(path, "re");

	said[file ? fread(said, 1, sizeof(said) - 1, file) : 0] = '\0';
	if (file)
		fclose(file);
}

static bool is_followed(void)
{
	char value = '?';
	FILE *file = fopen(KCOV_FOLLOW, "re");

	if (file && fread(&value, 1, 1, file) != 1)
		value = '?';
	if (file)
		fclose(file);
	return value == '1';
}

/* --- whose code -------------------------------------------------------------------------- */

static void code_of_the_command_is_listed(void **state)
{
	(void)state;
	assert_int_equal(go("--functions -- " SELF " sysinfo"), 0);
	assert_true(says("__x64_sys_sysinfo "));
	assert_null(strstr(said, "__x64_sys_getitimer"));
}

static void code_of_a_thread_is_listed(void **state)
{
	(void)state;
	assert_int_equal(go("--functions -- " SELF " thread"), 0);
	assert_true(says("__x64_sys_getpriority "));
	assert_null(strstr(said, "__x64_sys_sysinfo"));
}

static void code_of_a_grandchild_is_listed(void **state)
{
	(void)state;
	assert_int_equal(go("--functions -- " SELF " grandchild"), 0);
	assert_true(says("__x64_sys_getitimer "));
	assert_null(strstr(said, "__x64_sys_sysinfo"));
}

static void filter_shows_what_it_matches(void **state)
{
	(void)state;
	assert_int_equal(go("--functions --filter 'vmlinux:*sys_sysinfo' --filter 'kcov_*:*' -- "
			    SELF " sysinfo"), 0);
	assert_true(says("__x64_sys_sysinfo "));
	assert_null(strstr(said, "ksys_"));
	assert_int_equal(go("--functions --filter '*' -- " SELF " sysinfo"), 0);
	assert_true(says("vfs_open "));
}

static void lines_and_directories_are_those_of_the_driver(void **state)
{
	(void)state;
	assert_int_equal(go("--lines -m /kcov -- sh -c 'echo apple >" SAMPLE "'"), 0);
	assert_true(says("tests/sample/kcov_sample.c:32\n"));
	assert_null(strstr(said, "kcov_sample.c:38\n"));
	assert_int_equal(go("--tree -m /kcov -- sh -c 'echo apple >" SAMPLE "'"), 0);
	assert_true(says(" tests/sample/\n"));
	assert_true(says(" [vmlinux]\n"));
}

/* Which is gone when the command has ended, and something else may be there. */
static void initialisation_of_a_module_is_named(void **state)
{
	(void)state;
	assert_int_equal(kcov_unload("kcov_sample"), 0);
	assert_int_equal(go("--functions -m /kcov -- insmod /kcov/kcov_sample.ko"), 0);
	assert_true(strstr(said, "sample_init ") || says("init_module "));
	assert_null(strstr(said, "nobody knows"));
}

static void output_of_the_command_is_its_own(void **state)
{
	unsigned long pc;
	char *line;

	(void)state;
	assert_int_equal(shell("kcovctl run --raw -- echo hello 2>/dev/null"), 0);
	assert_memory_equal(said, "hello\n", 6);
	line = strtok(said + 6, "\n");
	assert_non_null(line);
	for (; line; line = strtok(NULL, "\n")) {
		pc = strtoul(line, &line, 16);
		assert_true(!*line && kcov_is_pc(pc));
	}
}

static void json_has_the_same_functions(void **state)
{
	(void)state;
	assert_int_equal(go("--json --filter '*sys_sysinfo' -- " SELF " sysinfo"), 0);
	assert_true(says("\"function\": \"__x64_sys_sysinfo\""));
	assert_true(says("\"command\": [\n"));
	assert_true(says("\"status\": 0"));
}

static void full_buffer_is_told_with_its_cure(void **state)
{
	(void)state;
	assert_int_equal(go("-s 2 -- sh -c 'ls -l / /dev; " SELF " grandchild; " SELF
			    " thread'"), 0);
	assert_true(says("--size takes more than 512 words"));
	assert_true(says("records without room"));
	assert_int_equal(go("-- " SELF " sysinfo"), 0);
	assert_null(strstr(said, "--size"));
}

/* --- comparisons, and work of others ----------------------------------------------------- */

static void operands_are_those_of_the_driver(void **state)
{
	(void)state;
	assert_int_equal(go(COMPARE "'echo -n apple >" SAMPLE "'"), 0);
	assert_true(says("sample_parse+"));
	assert_true(says("1 byte   0x61 (constant)  0x61\n"));
	assert_int_equal(go(COMPARE "'echo -n banana >" SAMPLE "'"), 0);
	assert_true(says("1 byte   0x61 (constant)  0x62\n"));
}

static void operands_are_of_the_first_thread_only(void **state)
{
	(void)state;
	assert_int_equal(go(COMPARE "'(echo -n apple) >" SAMPLE "; true'"), 0);
	assert_null(strstr(said, "sample_parse+"));
}

static void work_that_a_driver_marks_is_remote(void **state)
{
	(void)state;
	assert_int_equal(go("-r --functions -- sh -c 'echo work common >" KCOV_DEFERRED "'"), 0);
	assert_true(says("deferred_in_work "));
	assert_null(strstr(said, "deferred_outside "));
	assert_int_equal(go("--functions -- sh -c 'echo work common >" KCOV_DEFERRED "'"), 0);
	assert_null(strstr(said, "deferred_in_work "));
}

/* Handles have one owner each; that of our own choice is another one then. */
static void bus_of_another_run_is_refused(void **state)
{
	pid_t first;

	(void)state;
	first = start("--usb 7 -- " SELF " stay", "/dev/null");
	assert_true(kcov_wait_for(exists, HERE));
	assert_int_equal(go("--usb 7 -- true"), 125);
	assert_true(says("EEXIST"));
	assert_int_equal(go("--usb 8 -- true"), 0);
	touch(GO);
	assert_int_equal(status_of(first), 0);
	assert_int_equal(go("--usb 7 -- true"), 0);
}

static void work_is_followed_as_a_whole(void **state)
{
	(void)state;
	assert_int_equal(go("--follow --functions -- sh -c 'echo work common >" KCOV_DEFERRED "'"),
			 0);
	assert_true(says("deferred_in_work "));
	assert_true(says("deferred_outside "));
}

/* --- the switch -------------------------------------------------------------------------- */

static void follow_is_on_for_the_run_alone(void **state)
{
	(void)state;
	assert_false(is_followed());
	assert_int_equal(go("--follow -- cat " KCOV_FOLLOW), 0);
	assert_int_equal(said[0], '1');
	assert_false(is_followed());
}

static void follow_stays_on_if_it_was(void **state)
{
	(void)state;
	assert_int_equal(kcov_write_file(KCOV_FOLLOW, "1"), 0);
	assert_int_equal(go("--follow -- true"), 0);
	assert_true(is_followed());
	assert_int_equal(kcov_write_file(KCOV_FOLLOW, "0"), 0);
}

static void follow_is_off_when_the_command_is_not_found(void **state)
{
	(void)state;
	assert_int_equal(go("--follow -- /nowhere"), 127);
	assert_false(is_followed());
}

static void last_of_two_runs_switches_follow_off(void **state)
{
	pid_t first;

	(void)state;
	first = start("--follow -- " SELF " stay", "/dev/null");
	assert_true(kcov_wait_for(exists, HERE));
	assert_int_equal(go("--follow -- true"), 0);
	assert_true(is_followed());
	touch(GO);
	assert_int_equal(status_of(first), 0);
	assert_false(is_followed());
}

/* --- status and signals ------------------------------------------------------------------ */

static void status_is_that_of_the_command(void **state)
{
	(void)state;
	assert_int_equal(go("-- sh -c 'exit 7'"), 7);
	assert_int_equal(go("-- sh -c 'kill -9 $$'"), 128 + SIGKILL);
	assert_int_equal(go("-- /nowhere"), 127);
	assert_true(says("/nowhere: ENOENT"));
	assert_int_equal(go("-- /etc"), 126);
	assert_int_equal(go("--size 1 -- true"), 125);
	assert_int_equal(go(""), 125);
}

static void nobody_is_told_the_cure(void **state)
{
	(void)state;
	assert_int_equal(shell("su -s /bin/sh nobody -c 'kcovctl run true' 2>&1"), 125);
	assert_true(says("root"));
}

static void signal_is_passed_on_and_the_rest_is_shown(void **state)
{
	pid_t pid;

	(void)state;
	pid = start("--follow --functions -- " SELF " stay", DIRECTORY "/said");
	assert_true(kcov_wait_for(exists, HERE));
	kill(pid, SIGTERM);
	assert_int_equal(status_of(pid), 128 + SIGTERM);
	read_said(DIRECTORY "/said");
	assert_true(says("do_sys_openat2 "));
	assert_false(is_followed());
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
	pid = start("--follow --functions -- " SELF " stay", DIRECTORY "/said");
	assert_true(kcov_wait_for(exists, HERE));
	kill(pid, SIGINT);
	assert_true(kcov_wait_for(exists, TOLD));
	clock_gettime(CLOCK_MONOTONIC, &told);
	assert_true(kcov_wait_for(is_later, &told));
	kill(pid, SIGINT);
	assert_int_equal(status_of(pid), 128 + SIGINT);
	touch(GO);
	read_said(DIRECTORY "/said");
	assert_true(says("still runs: recorded until here"));
	assert_true(says("do_sys_openat2 "));
	assert_false(is_followed());
}

/* As the shell's job control has it. */
static void run_can_be_stopped(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	pid = start("-- " SELF " stay", "/dev/null");
	assert_true(kcov_wait_for(exists, HERE));
	kill(pid, SIGTSTP);
	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	assert_true(WIFSTOPPED(status));
	touch(GO);
	kill(pid, SIGCONT);
	assert_int_equal(status_of(pid), 0);
}

static void what_is_left_behind_is_counted(void **state)
{
	(void)state;
	assert_int_equal(go("-- sh -c '" SELF " stay >/dev/null 2>&1 & true'"), 0);
	touch(GO);
	assert_true(says("1 process the command left behind still runs"));
	assert_int_equal(go("-- sh -c 'true & wait'"), 0);
	assert_null(strstr(said, "left behind"));
}

/* --- the file ---------------------------------------------------------------------------- */

static void saved_run_has_the_pcs_that_are_listed(void **state)
{
	(void)state;
	assert_int_equal(go("--raw -o " DIRECTORY "/saved -- true >" DIRECTORY "/listed"), 0);
	assert_int_equal(shell("grep ^0x " DIRECTORY "/listed >" DIRECTORY "/pcs"), 0);
	assert_int_equal(shell("grep ^0x " DIRECTORY "/saved | cmp - " DIRECTORY "/pcs"), 0);
	assert_int_equal(shell("kcovctl symbolize <" DIRECTORY "/saved"), 0);
	assert_true(says("# command true\n"));
	assert_true(says(" __x64_sys_execve+"));
}

static void full_disk_leaves_nothing(void **state)
{
	(void)state;
	assert_int_equal(mkdir(SMALL, 0700), 0);
	assert_int_equal(mount("none", SMALL, "tmpfs", 0, "size=4k"), 0);
	assert_int_equal(go("-o " SMALL "/saved -- true"), 125);
	assert_true(says(SMALL "/saved: ENOSPC"));
	assert_int_equal(shell("ls -A " SMALL), 0);
	assert_string_equal(said, "");
}

static void full_disk_leaves_the_older_run(void **state)
{
	(void)state;
	assert_int_equal(mkdir(SMALL, 0700), 0);
	assert_int_equal(mount("none", SMALL, "tmpfs", 0, "size=8k"), 0);
	assert_int_equal(shell("echo older >" SMALL "/saved"), 0);
	assert_int_equal(go("-o " SMALL "/saved -- true"), 125);
	assert_int_equal(kcov_run("cd " SMALL "; ls -A; cat saved", said, sizeof(said)), 0);
	assert_string_equal(said, "saved\nolder\n");
}

/* --- fixture ----------------------------------------------------------------------------- */

static int make_directory(void **state)
{
	(void)state;
	return mkdir(DIRECTORY, 0755);
}

/* Whatever a test left behind, a command that stays, too. */
static int clean_up(void **state)
{
	(void)state;
	touch(GO);
	umount2(SMALL, MNT_DETACH);
	return shell("rm -rf " DIRECTORY);
}

static int load(void **state)
{
	return kcov_load_drivers(state) || kcov_load("kcov_sample");
}

static int unload(void **state)
{
	return kcov_unload("kcov_sample") || kcov_unload_drivers(state);
}

#define RUN(name) cmocka_unit_test_setup_teardown(name, make_directory, clean_up)

int main(int argc, char **argv)
{
	const struct CMUnitTest run[] = {
		RUN(code_of_the_command_is_listed),
		RUN(code_of_a_thread_is_listed),
		RUN(code_of_a_grandchild_is_listed),
		RUN(filter_shows_what_it_matches),
		RUN(lines_and_directories_are_those_of_the_driver),
		RUN(initialisation_of_a_module_is_named),
		RUN(output_of_the_command_is_its_own),
		RUN(json_has_the_same_functions),
		RUN(full_buffer_is_told_with_its_cure),
		RUN(operands_are_those_of_the_driver),
		RUN(operands_are_of_the_first_thread_only),
		RUN(work_that_a_driver_marks_is_remote),
		RUN(bus_of_another_run_is_refused),
		RUN(work_is_followed_as_a_whole),
		RUN(follow_is_on_for_the_run_alone),
		RUN(follow_stays_on_if_it_was),
		RUN(follow_is_off_when_the_command_is_not_found),
		RUN(last_of_two_runs_switches_follow_off),
		RUN(status_is_that_of_the_command),
		RUN(nobody_is_told_the_cure),
		RUN(signal_is_passed_on_and_the_rest_is_shown),
		RUN(second_signal_ends_the_recording),
		RUN(run_can_be_stopped),
		RUN(what_is_left_behind_is_counted),
		RUN(saved_run_has_the_pcs_that_are_listed),
		RUN(full_disk_leaves_nothing),
		RUN(full_disk_leaves_the_older_run),
	};

	if (argc > 1)
		return act(argv[1]);
	return cmocka_run_group_tests(run, load, unload) != 0;
}
