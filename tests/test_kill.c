// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a process leaves that is killed: nothing. At each end of its system calls, where a tracer
 * stops it, and at moments all over the calls that bind it, which nobody chooses.
 */
#include "kcov_remote.h"

#include <dirent.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kcov_instances.h"

/* --- at each call ----------------------------------------------------------------------- */

static bool run_sections(int fd)
{
	struct kcov_remote both = kcov_usb(KCOV_USB_A);

	both.common_handle = KCOV_COMMON_A;
	return !kcov_remote_enable(fd, &both) &&
	       !kcov_deferred("worker %#llx 2", (unsigned long long)KCOV_USB_A) &&
	       !kcov_sections("start %#llx", (unsigned long long)KCOV_USB_A) &&
	       !kcov_sections("stop") && !kcov_disable(fd);
}

static bool run_tree(int fd)
{
	pid_t pid;

	if (kcov_ioctl(fd, KCOV_TREE_ENABLE, 0))
		return false;
	pid = fork();
	if (!pid)
		_exit(0);
	return waitpid(pid, NULL, 0) == pid && !kcov_disable(fd);
}

/* All that binds a task; what it leaves enabled is left to the exit. */
static void use_all(void)
{
	struct kcov_test own, other;

	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	raise(SIGSTOP);
	if (!kcov_make(&own, KCOV_TEST_SIZE) || !kcov_make(&other, KCOV_TEST_SIZE))
		_exit(1);
	if (kcov_trace_read(&own) <= 0 || !run_sections(own.fd) || !run_tree(own.fd))
		_exit(2);
	kcov_unmap(other.buffer, other.size);
	if (kcov_enable(own.fd) || kcov_enable_common(other.fd, KCOV_COMMON_B))
		_exit(3);
	close(own.fd);
	syscall(SYS_getppid);
	_exit(0);
}

/* Goes from one end of a system call to the next; false if the child is no more. */
static bool go_on(pid_t pid, int *status)
{
	return !ptrace(PTRACE_SYSCALL, pid, NULL, NULL) && waitpid(pid, status, 0) == pid &&
	       WIFSTOPPED(*status);
}

/* Killed when it has entered or left that many calls; true if there are so many. */
static bool kill_after(unsigned int stops, int *status)
{
	const pid_t pid = fork();
	bool alive = true;

	if (!pid)
		use_all();
	waitpid(pid, status, 0);
	while (stops-- && alive)
		alive = go_on(pid, status);
	if (!alive)
		return false;
	kill(pid, SIGKILL);
	waitpid(pid, status, 0);
	return true;
}

/* The next one gets the same handles, and EEXIST if the one before has left them. */
static void process_killed_at_any_call_leaves_nothing(void **state)
{
	unsigned int stops = 0;
	int status = 0;

	(void)state;
	while (kill_after(stops, &status)) {
		assert_true(WIFSIGNALED(status));
		assert_true(kcov_wait_for(kcov_has_no_rows, NULL));
		stops++;
	}
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_true(stops > 60);
	assert_true(kcov_wait_for(kcov_has_no_rows, NULL));
	printf("# killed at %u places\n", stops);
}

/* --- at any moment ---------------------------------------------------------------------- */

/* Words of a buffer that takes a while to make. */
#define LARGE_SIZE	(8UL << 20)
#define HANDLES		256

/* What a victim tells its killer. */
static struct victim {
	unsigned long turn_ns;	/* how long a turn takes; 0: not known yet */
	bool is_ready;
	bool is_inside;		/* of what it is killed for */
} *victim;

static unsigned long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000UL + now.tv_nsec;
}

static void set_inside(bool is_inside)
{
	__atomic_store_n(&victim->is_inside, is_inside, __ATOMIC_RELAXED);
}

/* All handles that one descriptor can have, and a common one. */
static int enable_all_handles(int fd)
{
	struct kcov_remote all = kcov_common(KCOV_COMMON_A);

	all.num_handles = HANDLES;
	for (int i = 0; i < HANDLES; i++)
		all.handles[i] = KCOV_USB_A + i;
	return kcov_remote_enable(fd, &all);
}

/* Turns: what a victim does again and again. */

static bool make_large_buffer(void)
{
	const int fd = kcov_open();
	int result;

	set_inside(true);
	result = kcov_init(fd, LARGE_SIZE);
	set_inside(false);
	close(fd);
	return !result;
}

static bool get_sections(void)
{
	struct kcov_test t;
	int result;

	if (!kcov_make(&t, KCOV_TEST_SIZE))
		return false;
	set_inside(true);
	result = enable_all_handles(t.fd);
	set_inside(false);
	kcov_release(&t);
	return !result;
}

static bool grow_tree(void)
{
	struct kcov_test t;
	int result;

	if (!kcov_make(&t, KCOV_TEST_SIZE))
		return false;
	set_inside(true);
	result = kcov_ioctl(t.fd, KCOV_TREE_ENABLE, 0);
	for (int i = 0; i < 4; i++)
		if (!fork())
			_exit(0);
	set_inside(false);
	while (wait(NULL) > 0)
		;
	kcov_release(&t);
	return !result;
}

static bool record_itself(void)
{
	struct kcov_test t;
	bool done = true;

	if (!kcov_make(&t, KCOV_TEST_SIZE))
		return false;
	set_inside(true);
	for (int i = 0; i < 1000 && done; i++)
		done = kcov_trace_read(&t) > 0;
	set_inside(false);
	kcov_release(&t);
	return done;
}

static void take_turns(bool (*turn)(void))
{
	const unsigned long began = now_ns();

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!victim->turn_ns && turn())
		victim->turn_ns = now_ns() - began;
	__atomic_store_n(&victim->is_ready, true, __ATOMIC_RELEASE);
	while (turn())
		;
	_exit(1);
}

static bool is_ready(void *unused)
{
	(void)unused;
	return __atomic_load_n(&victim->is_ready, __ATOMIC_ACQUIRE);
}

/* Killed at the given part of a turn, of any; false if it ended by itself. */
static bool kill_at(bool (*turn)(void), int part, int parts)
{
	const pid_t pid = fork();
	unsigned long end;
	int status;

	if (!pid)
		take_turns(turn);
	if (pid < 0 || !kcov_wait_for(is_ready, NULL))
		return false;
	end = now_ns() + victim->turn_ns * part / parts;
	while (now_ns() < end)
		sched_yield();
	kill(pid, SIGKILL);
	return waitpid(pid, &status, 0) == pid && WIFSIGNALED(status);
}

static int count_entries(const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	int entries = 0;

	while (directory && (entry = readdir(directory)))
		entries += entry->d_name[0] != '.';
	if (directory)
		closedir(directory);
	return entries;
}

/* No descriptor is left, and nobody uses the module but the drivers that call it. */
static bool is_all_back(void *unused)
{
	const unsigned long drivers = count_entries("/sys/module/kcov/holders");

	return kcov_has_no_rows(unused) &&
	       kcov_read_number("/sys/module/kcov/refcnt", "") == drivers;
}

/* EEXIST if a handle has still an owner. */
static int take_all_handles(void)
{
	struct kcov_test fresh;
	int result;

	if (!kcov_make(&fresh, KCOV_TEST_SIZE))
		return errno;
	result = enable_all_handles(fresh.fd);
	kcov_release(&fresh);
	return result;
}

/* The first to take the handles arms, which would be most of a victim's turn. */
static void kill_at_any_moment(bool (*turn)(void))
{
	const int rounds = kcov_rounds() + kcov_rounds() / 4;
	int inside = 0;

	assert_int_equal(take_all_handles(), 0);
	*victim = (struct victim){ 0 };
	for (int i = 0; i < rounds; i++) {
		victim->is_ready = false;
		set_inside(false);
		assert_true(kill_at(turn, i, rounds));
		inside += victim->is_inside;
		assert_true(kcov_wait_for(is_all_back, NULL));
		assert_int_equal(take_all_handles(), 0);
		assert_true(kcov_wait_for(is_all_back, NULL));
	}
	printf("# %d of %d inside, of turns of %lu us\n", inside, rounds, victim->turn_ns / 1000);
	assert_true(inside > 0 || rounds < 20);
}

static void process_killed_while_it_makes_a_buffer_leaves_nothing(void **state)
{
	(void)state;
	kill_at_any_moment(make_large_buffer);
}

static void process_killed_while_it_gets_sections_leaves_nothing(void **state)
{
	(void)state;
	kill_at_any_moment(get_sections);
}

static void process_killed_while_its_tree_grows_leaves_nothing(void **state)
{
	(void)state;
	kill_at_any_moment(grow_tree);
}

static void process_killed_while_it_records_leaves_nothing(void **state)
{
	(void)state;
	kill_at_any_moment(record_itself);
}

static int load_drivers(void **state)
{
	victim = kcov_shared(sizeof(*victim));
	return victim && kcov_make_areas_small() ? kcov_load_drivers(state) : -1;
}

static int unload_drivers(void **state)
{
	return kcov_make_areas_usual() ? kcov_unload_drivers(state) : -1;
}

int main(void)
{
	const struct CMUnitTest kills[] = {
		cmocka_unit_test(process_killed_at_any_call_leaves_nothing),
		cmocka_unit_test(process_killed_while_it_makes_a_buffer_leaves_nothing),
		cmocka_unit_test(process_killed_while_it_gets_sections_leaves_nothing),
		cmocka_unit_test(process_killed_while_its_tree_grows_leaves_nothing),
		cmocka_unit_test(process_killed_while_it_records_leaves_nothing),
	};

	return cmocka_run_group_tests(kills, load_drivers, unload_drivers) != 0;
}
