// SPDX-License-Identifier: GPL-2.0-only
/*
 * KCOV_TREE_ENABLE: a task and all that it creates record together.
 *
 * Each task makes a system call that no other makes; its function tells whose
 * records are there.
 */
#include "kcov_instances.h"
#include "kcov_mark.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define BUFFER_WORDS	(64UL << 10)
#define PARAMETER	"/sys/module/kcov/parameters/tree_sets"
#define CHILDREN	200
#define BURST		50
#define PASSES		3
#define PASSES_MAX	50

static int tree_enable(int fd)
{
	return kcov_ioctl(fd, KCOV_TREE_ENABLE, 0);
}

static void call_sysinfo(void)
{
	kcov_make_mark(KCOV_MARK_SYSINFO);
}

static void call_getpriority(void)
{
	kcov_make_mark(KCOV_MARK_PRIORITY);
}

static void call_getitimer(void)
{
	kcov_make_mark(KCOV_MARK_ITIMER);
}

static bool has(const struct kcov_test *t, const char *function)
{
	return kcov_reached(t, kcov_count(t), function);
}

static bool has_sysinfo(const struct kcov_test *t)
{
	return kcov_has_mark(t, kcov_count(t), KCOV_MARK_SYSINFO);
}

static bool has_getpriority(const struct kcov_test *t)
{
	return kcov_has_mark(t, kcov_count(t), KCOV_MARK_PRIORITY);
}

static bool has_getitimer(const struct kcov_test *t)
{
	return kcov_has_mark(t, kcov_count(t), KCOV_MARK_ITIMER);
}

static void own_calls_are_recorded(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(tree_enable(t->fd), 0);
	call_sysinfo();
	assert_int_equal(kcov_disable(t->fd), 0);
	assert_true(has_sysinfo(t));
	assert_false(has_getpriority(t));
}

/* The entry of the task table was the remote descriptor's own, and stays with the tree. */
static void descriptor_that_leaves_before_the_tree_can_be_enabled(void **state)
{
	struct kcov_remote_arg argument = { .area_size = 64, .common_handle = 0x4b54 };
	const struct kcov_test *t = *state;
	struct kcov_test other;

	assert_true(kcov_make(&other, KCOV_TEST_SIZE));
	assert_int_equal(kcov_ioctl(other.fd, KCOV_REMOTE_ENABLE, (unsigned long)&argument), 0);
	assert_int_equal(tree_enable(t->fd), 0);
	assert_int_equal(kcov_disable(other.fd), 0);
	assert_int_equal(kcov_disable(t->fd), 0);
	assert_int_equal(kcov_enable(other.fd), 0);
	kcov_release(&other);
}

static int child_calls(void *unused)
{
	(void)unused;
	call_getpriority();
	return 0;
}

static void calls_of_a_child_are_recorded(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(tree_enable(t->fd), 0);
	assert_int_equal(kcov_in_child(child_calls, NULL), 0);
	assert_int_equal(kcov_disable(t->fd), 0);
	assert_true(has_getpriority(t));
	assert_false(has_sysinfo(t));
}

static void calls_of_a_thread_are_recorded(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(tree_enable(t->fd), 0);
	assert_int_equal(kcov_in_thread(child_calls, NULL), 0);
	assert_int_equal(kcov_disable(t->fd), 0);
	assert_true(has_getpriority(t));
}

static int grandchild_calls(void *unused)
{
	return kcov_in_thread(child_calls, unused) || kcov_in_child(child_calls, unused);
}

static void calls_of_grandchildren_are_recorded(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(tree_enable(t->fd), 0);
	assert_int_equal(kcov_in_child(grandchild_calls, NULL), 0);
	assert_int_equal(kcov_disable(t->fd), 0);
	assert_true(has_getpriority(t));
}

static void calls_of_a_command_are_recorded(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(tree_enable(t->fd), 0);
	assert_int_equal(system("true | cat"), 0);
	assert_int_equal(kcov_disable(t->fd), 0);
	assert_true(has(t, "__x64_sys_execve"));
	/* 7.3 has given it another name */
	assert_true(has(t, "pipe_read") || has(t, "anon_pipe_read"));
}

static void parents_calls_are_not_recorded(void **state)
{
	const struct kcov_test *t = *state;
	int go[2], done[2];
	char byte = 0;
	pid_t pid;

	assert_int_equal(pipe(go) | pipe(done), 0);
	pid = fork();
	if (pid == 0) {
		byte = !tree_enable(t->fd);
		call_sysinfo();
		_exit(write(done[1], &byte, 1) != 1 || read(go[0], &byte, 1) != 1);
	}
	assert_int_equal(read(done[0], &byte, 1), 1);
	call_getpriority();
	assert_int_equal(write(go[1], "", 1), 1);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(kcov_disable(t->fd), 0);
	assert_true(byte);
	assert_true(has_sysinfo(t));
	assert_false(has_getpriority(t));
}

/* The way of a tool that runs a command: the parent has the file and the buffer. */
static int enable_and_call(void *fd)
{
	const int result = tree_enable(*(int *)fd);

	call_getitimer();
	return result;
}

static void parent_may_disable_when_the_tree_is_gone(void **state)
{
	struct kcov_test *t = *state;

	assert_int_equal(kcov_in_child(enable_and_call, &t->fd), 0);
	assert_int_equal(kcov_disable(t->fd), 0);
	assert_true(has_getitimer(t));
	assert_int_equal(kcov_disable(t->fd), EINVAL);
}

static void task_that_still_runs_is_recorded_up_to_disable(void **state)
{
	const struct kcov_test *t = *state;
	int done[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(done), 0);
	assert_int_equal(tree_enable(t->fd), 0);
	pid = fork();
	if (pid == 0) {
		call_getitimer();
		if (write(done[1], "", 1) == 1)
			pause();
		_exit(1);
	}
	assert_int_equal(read(done[0], &byte, 1), 1);
	assert_int_equal(kcov_disable(t->fd), 0);
	assert_true(has_getitimer(t));
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static int by_value(const void *left, const void *right)
{
	const unsigned long a = *(const unsigned long *)left, b = *(const unsigned long *)right;

	return (a > b) - (a < b);
}

static void every_pc_is_there_once(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(tree_enable(t->fd), 0);
	for (int i = 0; i < 20; i++)
		assert_int_equal(kcov_in_child(grandchild_calls, NULL), 0);
	assert_int_equal(kcov_disable(t->fd), 0);
	assert_true(kcov_count(t) > 100);
	assert_true(kcov_in_range(t, kcov_count(t)));
	qsort(t->buffer + 1, kcov_count(t), sizeof(*t->buffer), by_value);
	for (size_t i = 1; i < kcov_count(t); i++)
		assert_true(t->buffer[i] != t->buffer[i + 1]);
}

static void no_child_of_a_burst_is_lost(void **state)
{
	const struct kcov_test *t = *state;
	const unsigned long before = kcov_lost("tasks_outside_of_their_tree");

	assert_int_equal(tree_enable(t->fd), 0);
	for (int i = 0; i < BURST; i++)
		if (fork() == 0)
			_exit(0);
	while (wait(NULL) > 0)
		;
	assert_int_equal(kcov_disable(t->fd), 0);
	assert_int_equal(kcov_lost("tasks_outside_of_their_tree"), before);
}

static void no_child_of_many_is_lost(void **state)
{
	const struct kcov_test *t = *state;
	const unsigned long before = kcov_lost("tasks_outside_of_their_tree");

	assert_int_equal(tree_enable(t->fd), 0);
	for (int i = 0; i < CHILDREN; i++)
		assert_int_equal(kcov_in_child(child_calls, NULL), 0);
	assert_int_equal(kcov_disable(t->fd), 0);
	assert_int_equal(kcov_lost("tasks_outside_of_their_tree"), before);
}

static bool set_online(int cpu, const char *online)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/online", cpu);
	return !kcov_write_file(path, online);
}

/* Nobody else runs, our workqueue neither, until the caller waits for something. */
static bool run_alone(bool alone)
{
	const struct sched_param priority = { .sched_priority = alone };
	const int cpus = sysconf(_SC_NPROCESSORS_CONF);

	for (int cpu = 1; cpu < cpus; cpu++)
		if (!set_online(cpu, alone ? "0" : "1"))
			return false;
	return !sched_setscheduler(0, alone ? SCHED_FIFO : SCHED_OTHER, &priority);
}

/* One set is kept ready, for the first. */
static void children_without_a_set_are_counted(void **state)
{
	const struct kcov_test *t = *state;
	const unsigned long before = kcov_lost("tasks_outside_of_their_tree");

	assert_int_equal(kcov_write_file(PARAMETER, "2"), 0);
	assert_int_equal(tree_enable(t->fd), 0);
	assert_true(run_alone(true));
	for (int i = 0; i < 5; i++)
		if (fork() == 0)
			_exit(0);
	assert_true(run_alone(false));
	while (wait(NULL) > 0)
		;
	assert_int_equal(kcov_disable(t->fd), 0);
	assert_int_equal(kcov_write_file(PARAMETER, "64"), 0);
	assert_int_equal(kcov_lost("tasks_outside_of_their_tree"), before + 4);
}

static void full_buffer_holds_what_fits(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_test small;

	(void)t;
	assert_true(kcov_make(&small, KCOV_PAGE_WORDS));
	assert_int_equal(tree_enable(small.fd), 0);
	assert_int_equal(system("ls / | sort >/dev/null"), 0);
	assert_int_equal(kcov_disable(small.fd), 0);
	assert_int_equal(kcov_count(&small), KCOV_PAGE_WORDS - 1);
	kcov_release(&small);
}

static void tree_before_init_is_einval(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(tree_enable(t->fd), EINVAL);
}

static void tree_with_an_argument_is_einval(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_ioctl(t->fd, KCOV_TREE_ENABLE, 1), EINVAL);
	assert_true(kcov_trace_read(t) > 0);
}

static void tree_twice_is_einval(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(tree_enable(t->fd), 0);
	assert_int_equal(tree_enable(t->fd), EINVAL);
	assert_int_equal(kcov_enable(t->fd), EINVAL);
	assert_int_equal(kcov_disable(t->fd), 0);
}

static void thread_that_records_is_busy(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_test second;

	assert_true(kcov_make(&second, KCOV_TEST_SIZE));
	assert_int_equal(kcov_enable(t->fd), 0);
	assert_int_equal(tree_enable(second.fd), EBUSY);
	assert_int_equal(kcov_disable(t->fd), 0);
	assert_int_equal(tree_enable(second.fd), 0);
	assert_int_equal(kcov_enable(t->fd), EBUSY);
	assert_int_equal(kcov_disable(second.fd), 0);
	assert_true(kcov_trace_read(t) > 0);
	kcov_release(&second);
}

static void descriptor_is_usable_after_a_tree(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(tree_enable(t->fd), 0);
	assert_int_equal(kcov_disable(t->fd), 0);
	assert_true(kcov_trace_read(t) > 0);
	assert_int_equal(tree_enable(t->fd), 0);
	kcov_set_count(t, 0);
	call_sysinfo();
	assert_int_equal(kcov_disable(t->fd), 0);
	assert_true(has_sysinfo(t));
}

static int enable_and_close(void *unused)
{
	struct kcov_test own;

	(void)unused;
	if (!kcov_make(&own, BUFFER_WORDS) || tree_enable(own.fd))
		return 1;
	kcov_unmap(own.buffer, own.size);
	close(own.fd);
	return fork() == 0 ? 0 : wait(NULL) < 0;
}

static void nobody_is_left_after_a_close(void **state)
{
	(void)state;
	assert_int_equal(kcov_in_child(enable_and_close, NULL), 0);
}

/* A script with pipes and background jobs, and what it runs. */
static const char script[] =
	"ls / | sort | head -n 3 >/dev/null;"
	"(uptime >/dev/null; true) & (cat /etc/passwd >/dev/null) & wait";

/*
 * Each has something behind it. A shell would become its last command, and then
 * is the last user of its own file, which in the script none is.
 */
static const char *const parts[] = {
	"ls / >/dev/null; true", "uptime >/dev/null; true", "cat /etc/passwd >/dev/null; true",
};

/* Behind what the buffer holds. */
static void run_tree(const struct kcov_test *t, const char *command)
{
	assert_int_equal(tree_enable(t->fd), 0);
	assert_int_equal(system(command), 0);
	assert_int_equal(kcov_disable(t->fd), 0);
	qsort(t->buffer + 1, kcov_count(t), sizeof(*t->buffer), by_value);
}

static bool is_sorted_in(const struct kcov_test *t, unsigned long pc)
{
	return bsearch(&pc, t->buffer + 1, kcov_count(t), sizeof(pc), by_value);
}

/* Leaves what this run has reached, too, and so follows from the command. */
static void keep_common(const struct kcov_test *part, const struct kcov_test *run)
{
	size_t kept = 0;

	for (size_t i = 1; i <= kcov_count(part); i++)
		if (is_sorted_in(run, part->buffer[i]))
			part->buffer[++kept] = part->buffer[i];
	kcov_set_count(part, kept);
}

/* A PC of the part that the whole has not; 0 if there is none. */
static unsigned long find_missing(const struct kcov_test *part, const struct kcov_test *whole)
{
	for (size_t i = 1; i <= kcov_count(part); i++)
		if (!is_sorted_in(whole, part->buffer[i]))
			return part->buffer[i];
	return 0;
}

/*
 * What depends on caches or the time is not in every run of the part, or comes
 * with another run of the script; what a tree misses stays missing.
 */
static void assert_contains(const struct kcov_test *whole, const char *command)
{
	unsigned long missing = 0;
	struct kcov_test part, run;

	assert_true(kcov_make(&part, BUFFER_WORDS) && kcov_make(&run, BUFFER_WORDS));
	run_tree(&part, command);
	for (int i = 0; i < PASSES || (missing && i < PASSES_MAX); i++) {
		if (missing)
			run_tree(whole, script);
		kcov_set_count(&run, 0);
		run_tree(&run, command);
		keep_common(&part, &run);
		missing = find_missing(&part, whole);
	}
	if (missing)
		fail_msg("%s: %s", command, kcov_symbol_at(missing));
	assert_true(kcov_count(&part) > 100);
	kcov_release(&part);
	kcov_release(&run);
}

static void compare_with_parts(const struct kcov_test *t)
{
	kcov_set_count(t, 0);
	/* all that it can reach: caches and timestamps are not always the same */
	for (int i = 0; i < PASSES; i++)
		run_tree(t, script);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		assert_contains(t, parts[i]);
}

static void script_reaches_what_its_parts_reach(void **state)
{
	for (int round = 0; round < kcov_rounds(); round++)
		compare_with_parts(*state);
}

static int setup_large(void **state)
{
	static struct kcov_test test;

	*state = &test;
	return kcov_make(&test, BUFFER_WORDS) ? 0 : -1;
}

#define TREE_TEST(name) cmocka_unit_test_setup_teardown(name, setup_large, kcov_test_teardown)

int main(void)
{
	const struct CMUnitTest tree[] = {
		TREE_TEST(own_calls_are_recorded),
		TREE_TEST(calls_of_a_child_are_recorded),
		TREE_TEST(calls_of_a_thread_are_recorded),
		TREE_TEST(calls_of_grandchildren_are_recorded),
		TREE_TEST(calls_of_a_command_are_recorded),
		TREE_TEST(descriptor_that_leaves_before_the_tree_can_be_enabled),
		TREE_TEST(parents_calls_are_not_recorded),
		TREE_TEST(parent_may_disable_when_the_tree_is_gone),
		TREE_TEST(task_that_still_runs_is_recorded_up_to_disable),
		TREE_TEST(every_pc_is_there_once),
		TREE_TEST(no_child_of_a_burst_is_lost),
		TREE_TEST(no_child_of_many_is_lost),
		TREE_TEST(children_without_a_set_are_counted),
		TREE_TEST(full_buffer_holds_what_fits),
		KCOV_TEST_NEW(tree_before_init_is_einval),
		TREE_TEST(tree_with_an_argument_is_einval),
		TREE_TEST(tree_twice_is_einval),
		TREE_TEST(thread_that_records_is_busy),
		TREE_TEST(descriptor_is_usable_after_a_tree),
		TREE_TEST(nobody_is_left_after_a_close),
		TREE_TEST(script_reaches_what_its_parts_reach),
	};
	const int failed = cmocka_run_group_tests(tree, NULL, NULL);

	return failed != 0;
}
