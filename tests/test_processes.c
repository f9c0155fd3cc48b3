// SPDX-License-Identifier: GPL-2.0-only
/*
 * Descriptors across processes: fork, vfork, CLONE_VM, exec, signals that
 * kill. Run with an argument it is the program the tests exec.
 */
#include "kcov_mark.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* An exec enters far more functions than one call. */
#define EXEC_SIZE	0x100000UL

#define STACK_SIZE	65536

static void make_mark(void)
{
	kcov_make_mark(KCOV_MARK_HOSTNAME);
}

static bool has_mark(const struct kcov_test *t)
{
	const size_t count = kcov_count(t);	/* first: reading symbols makes calls */

	return kcov_has_mark(t, count, KCOV_MARK_HOSTNAME);
}

static int setup_exec(void **state)
{
	static struct kcov_test test;

	*state = &test;
	return kcov_make(&test, EXEC_SIZE) ? 0 : -1;
}

#define EXEC_TEST(name) \
	cmocka_unit_test_setup_teardown(name, setup_exec, kcov_test_teardown)

static int enable_here(void *data)
{
	const struct kcov_test *t = data;

	return kcov_enable(t->fd);
}

static int disable_here(void *data)
{
	const struct kcov_test *t = data;

	return kcov_disable(t->fd);
}

/* Without the page faults that a new process begins with: they would fill the buffer. */
static int enable_and_mark(void *data)
{
	const int result = enable_here(data);

	kcov_set_count(data, 0);
	make_mark();
	return result;
}

struct signs {
	atomic_bool go;
	atomic_bool done;
};

static void mark_between(struct signs *signs)
{
	while (!atomic_load(&signs->go))
		;
	for (int i = 0; i < 1000; i++)
		make_mark();
	atomic_store(&signs->done, true);
	_exit(0);
}

/* The parent, enabled since before the fork, makes no call meanwhile. */
static void child_is_not_traced(void **state)
{
	struct signs *signs = kcov_shared(sizeof(*signs));
	const struct kcov_test *t = *state;
	pid_t pid;

	assert_int_equal(kcov_enable(t->fd), 0);
	pid = fork();
	if (pid == 0)
		mark_between(signs);
	kcov_set_count(t, 0);
	atomic_store(&signs->go, true);
	while (!atomic_load(&signs->done))
		;
	kcov_disable(t->fd);
	waitpid(pid, NULL, 0);
	assert_true(kcov_count(t) < t->size - 1);
	assert_false(has_mark(t));
}

static void child_may_not_enable_what_the_parent_has_enabled(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_enable(t->fd), 0);
	assert_int_equal(kcov_in_child(enable_here, *state), EINVAL);
}

static void child_may_not_disable_what_the_parent_has_enabled(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_enable(t->fd), 0);
	assert_int_equal(kcov_in_child(disable_here, *state), EINVAL);
	kcov_set_count(t, 0);	/* what a fork takes may have filled the buffer */
	make_mark();
	assert_true(has_mark(t));
}

/* A child of a thread that is enabled is not enabled itself. */
static int trace_own(void *unused)
{
	struct kcov_test own;

	(void)unused;
	return kcov_make(&own, KCOV_TEST_SIZE) && kcov_trace_read(&own) > 0 ? 0 : 1;
}

static void child_of_an_enabled_thread_has_nothing_enabled(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_enable(t->fd), 0);
	assert_int_equal(kcov_in_child(trace_own, NULL), 0);
}

static void childs_records_are_seen_by_the_parent(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_in_child(enable_and_mark, *state), 0);
	assert_true(has_mark(t));
}

/* The positive control of the exit test is the mark, right before the exit. */
static void exit_is_not_recorded(void **state)
{
	const char *const parts[] = { "do_exit", "exit_files", "exit_mmap", "exit_signals" };
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_in_child(enable_and_mark, *state), 0);
	assert_true(has_mark(t));
	assert_true(kcov_count(t) < t->size - 1);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		assert_false(kcov_reached(t, kcov_count(t), parts[i]));
}

/* How often a wait was not followed by the child's records and its descriptor. */
static int lost_by_waiting(struct kcov_test *t, int rounds)
{
	int lost = 0;

	for (int i = 0; i < rounds; i++) {
		kcov_set_count(t, 0);
		if (kcov_in_child(enable_and_mark, t) || kcov_enable(t->fd) ||
		    kcov_disable(t->fd) || !has_mark(t))
			lost++;
	}
	return lost;
}

static void thousand_forks_lose_nothing(void **state)
{
	assert_int_equal(lost_by_waiting(*state, 1000), 0);
}

static void forks_on_one_cpu_lose_nothing(void **state)
{
	int lost;

	assert_true(kcov_pin(0));
	lost = lost_by_waiting(*state, 300);
	kcov_pin(-1);
	assert_int_equal(lost, 0);
}

/* While the grandchild traces, the child that opened nothing is gone. */
static int fork_and_mark(void *data)
{
	return kcov_in_child(enable_and_mark, data);
}

static void grandchilds_records_are_seen(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_in_child(fork_and_mark, *state), 0);
	assert_true(has_mark(t));
	assert_true(kcov_trace_read(t) > 0);
}

/* 1 if a child that was killed while enabled left its descriptor free. */
static bool killed_child_frees(const struct kcov_test *t)
{
	atomic_bool *enabled = kcov_shared(sizeof(*enabled));
	const pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		atomic_store(enabled, kcov_enable(t->fd) == 0);
		for (;;)
			make_mark();
	}
	while (!atomic_load(enabled))
		sched_yield();
	kill(pid, SIGKILL);
	return waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) &&
	       !kcov_enable(t->fd) && !kcov_disable(t->fd);
}

static void child_killed_while_enabled_frees_the_descriptor(void **state)
{
	int freed = 0;

	for (int i = 0; i < 100; i++)
		freed += killed_child_frees(*state);
	assert_int_equal(freed, 100);
}

/* All of this runs in the parent's memory, which the child must leave alone. */
static int vfork_and_enable(const struct kcov_test *t)
{
	const pid_t pid = vfork();
	int status = 0;

	if (pid == 0) {
		if (syscall(SYS_ioctl, t->fd, KCOV_ENABLE, KCOV_TRACE_PC))
			_exit(1);
		make_mark();
		_exit(0);
	}
	return waitpid(pid, &status, 0) == pid ? status : -1;
}

static void vforked_child_may_exit_enabled(void **state)
{
	const struct kcov_test *t = *state;

	for (int i = 0; i < 100; i++) {
		kcov_set_count(t, 0);
		assert_int_equal(vfork_and_enable(t), 0);
		assert_int_equal(kcov_enable(t->fd), 0);
		assert_int_equal(kcov_disable(t->fd), 0);
		assert_true(has_mark(t));
	}
}

static int clone_in_same_memory(void *data)
{
	static char stack[STACK_SIZE];
	int status = 0;
	const pid_t pid = clone(enable_and_mark, stack + STACK_SIZE, CLONE_VM | SIGCHLD, data);

	return pid > 0 && waitpid(pid, &status, 0) == pid ? status : -1;
}

static void child_in_the_same_memory_may_exit_enabled(void **state)
{
	const struct kcov_test *t = *state;

	for (int i = 0; i < 100; i++) {
		kcov_set_count(t, 0);
		assert_int_equal(clone_in_same_memory(*state), 0);
		assert_int_equal(kcov_enable(t->fd), 0);
		assert_int_equal(kcov_disable(t->fd), 0);
		assert_true(has_mark(t));
	}
}

static int exec_marker(void *unused)
{
	(void)unused;
	execl("/proc/self/exe", "mark", "mark", NULL);
	return 255;
}

static int enable_and_exec(void *data)
{
	return enable_here(data) ? 254 : exec_marker(NULL);
}

static void trace_goes_on_through_exec(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_in_child(enable_and_exec, *state), 0);
	assert_true(has_mark(t));
	assert_int_equal(kcov_enable(t->fd), 0);
}

static bool names_kcov(const char *line)
{
	return strstr(line, "/kcov\n");
}

static int exec_to_look(void *unused)
{
	(void)unused;
	execl("/proc/self/exe", "look", "look", NULL);
	return 255;
}

/* What the program that is run answers; the control is this one. */
static void mapping_goes_with_the_old_address_space(void **state)
{
	(void)state;
	assert_int_equal(kcov_count_lines("/proc/self/maps", names_kcov), 1);
	assert_int_equal(kcov_in_child(exec_to_look, NULL), 0);
}

/* The control: the program that is run makes the mark, the exec does not. */
static int enable_and_fail_to_exec(void *data)
{
	if (enable_here(data))
		return 254;
	kcov_read_nothing(NULL);
	execl("/proc/self/nothing", "mark", "mark", NULL);
	return 0;
}

static void failed_exec_leaves_no_mark(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_in_child(enable_and_fail_to_exec, *state), 0);
	assert_true(kcov_count(t) > 0 && !has_mark(t));
}

static void *exec_in_thread(void *data)
{
	_exit(enable_and_exec(data));
}

static int exec_beside_the_leader(void *data)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, exec_in_thread, data))
		return 253;
	pthread_join(thread, NULL);
	return 252;
}

static void trace_goes_on_through_a_threads_exec(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_in_child(exec_beside_the_leader, *state), 0);
	assert_true(has_mark(t));
	assert_int_equal(kcov_enable(t->fd), 0);
}

/* The exec of a sibling kills the thread that is enabled. */
static void *enable_and_wait(void *data)
{
	const struct kcov_test *t = data;

	if (enable_here(data))
		_exit(251);
	kcov_set_count(t, 0);
	for (;;)
		pause();
}

static int exec_over_an_enabled_sibling(void *data)
{
	const struct kcov_test *t = data;
	pthread_t thread;

	kcov_set_count(t, ~0UL);
	if (pthread_create(&thread, NULL, enable_and_wait, data))
		return 253;
	while (kcov_count(t) == ~0UL)
		sched_yield();
	return exec_marker(NULL);
}

static void siblings_exec_frees_the_descriptor(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_in_child(exec_over_an_enabled_sibling, *state), 0);
	assert_false(has_mark(t));
	assert_int_equal(kcov_enable(t->fd), 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest processes[] = {
		KCOV_TEST(child_is_not_traced),
		KCOV_TEST(child_may_not_enable_what_the_parent_has_enabled),
		KCOV_TEST(child_may_not_disable_what_the_parent_has_enabled),
		KCOV_TEST(child_of_an_enabled_thread_has_nothing_enabled),
		KCOV_TEST(childs_records_are_seen_by_the_parent),
		KCOV_TEST(exit_is_not_recorded),
		KCOV_TEST(thousand_forks_lose_nothing),
		KCOV_TEST(forks_on_one_cpu_lose_nothing),
		KCOV_TEST(grandchilds_records_are_seen),
		KCOV_TEST(child_killed_while_enabled_frees_the_descriptor),
		KCOV_TEST(vforked_child_may_exit_enabled),
		KCOV_TEST(child_in_the_same_memory_may_exit_enabled),
		EXEC_TEST(trace_goes_on_through_exec),
		KCOV_TEST(mapping_goes_with_the_old_address_space),
		EXEC_TEST(failed_exec_leaves_no_mark),
		EXEC_TEST(trace_goes_on_through_a_threads_exec),
		EXEC_TEST(siblings_exec_frees_the_descriptor),
	};
	int failed;

	if (argc > 1 && !strcmp(argv[1], "mark")) {
		make_mark();
		return 0;
	}
	if (argc > 1 && !strcmp(argv[1], "look"))
		return kcov_count_lines("/proc/self/maps", names_kcov);
	failed = cmocka_run_group_tests(processes, NULL, NULL);
	return failed != 0;
}
