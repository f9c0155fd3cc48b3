// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tests that each neighbour has to pass: one that was there first, one
 * that comes and goes while kcov is armed, one that comes afterwards.
 *
 * A trace beside a neighbour has to equal the one that was taken alone.
 */
#include "kcov_neighbour.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DISARM_DELAY	"/sys/module/kcov/parameters/disarm_delay"
#define HOOKED		TRACEFS "enabled_functions"
#define TRACER		TRACEFS "current_tracer"
#define FILTER		TRACEFS "set_ftrace_filter"
#define ONLY_TASK	TRACEFS "set_ftrace_pid"
#define ALONE_MAX	256

static int null_fd = -1;
static unsigned long alone[ALONE_MAX];
static size_t alone_count;
static struct kcov_test test = { .fd = -1 };

static unsigned long read_hooks(void)
{
	const unsigned long hooks = kcov_read_number(HOOKED, "do_exit (");

	return hooks == ULONG_MAX ? 0 : hooks;
}

/*
 * How many hooks do_exit() has: kcov's is the last thing that it takes off.
 * The file is read in pieces, and once lines before do_exit's are gone, a next
 * piece misses it. That happens once; the second time around is true.
 */
static unsigned long hooks_on_exit(void)
{
	unsigned long hooks = read_hooks(), again;

	while ((again = read_hooks()) != hooks)
		hooks = again;
	return hooks;
}

static bool has_as_many_hooks(void *hooks)
{
	return hooks_on_exit() == *(unsigned long *)hooks;
}

/* Opens and truncates first, which is how tracefs is told to forget. It takes word by word. */
int kcov_rewrite_file(const char *path, const char *text)
{
	const int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	ssize_t written = 0;
	int result = 0;

	if (fd < 0)
		return errno;
	for (const char *end = text + strlen(text); text < end; text += written) {
		written = write(fd, text, end - text);
		if (written < 0)
			result = errno;
		if (written <= 0)
			break;
	}
	close(fd);
	return result;
}

/* Of the caller's calls alone; "\n" for all functions. */
int kcov_start_tracer(const char *tracer, const char *functions)
{
	char pid[16];
	int err;

	snprintf(pid, sizeof(pid), "%d", getpid());
	err = kcov_rewrite_file(ONLY_TASK, pid);
	if (!err)
		err = kcov_rewrite_file(FILTER, functions);
	if (!err)
		err = kcov_write_file(TRACER, tracer);
	return err;
}

int kcov_stop_tracer(void)
{
	int err = kcov_write_file(TRACER, "nop");

	if (!err)
		err = kcov_rewrite_file(FILTER, "\n");
	if (!err)
		err = kcov_rewrite_file(ONLY_TASK, "\n");
	return err;
}

static void release(void)
{
	kcov_release(&test);
	test.fd = -1;
}

static bool release_and_wait(unsigned long hooks)
{
	release();
	return kcov_wait_for(has_as_many_hooks, &hooks);
}

/*
 * From now on the last close disarms. What waits for the old delay is disarmed
 * by one more close; nobody else may hook do_exit() meanwhile.
 */
bool kcov_disarm_at_once(void)
{
	if (kcov_write_file(DISARM_DELAY, "0"))
		return false;
	if (!hooks_on_exit())
		return true;
	return kcov_make(&test, KCOV_TEST_SIZE) && release_and_wait(0);
}

bool kcov_disarm_late(void)
{
	return !kcov_write_file(DISARM_DELAY, "60");
}

static int enable_and_exit(void *t)
{
	return kcov_enable(((const struct kcov_test *)t)->fd);
}

/* The descriptor of a thread that exits is free again at once. */
bool kcov_sees_exits(const struct kcov_test *t)
{
	return !kcov_in_thread(enable_and_exit, (void *)t) &&
	       !kcov_enable(t->fd) && !kcov_disable(t->fd);
}

static void call_watched(void *unused)
{
	char byte;

	(void)unused;
	syscall(SYS_read, -1, NULL, 0);
	syscall(SYS_read, null_fd, &byte, 1);
}

static void print_records(const struct kcov_test *t, size_t count)
{
	print_error("%zu records, alone they were %zu:\n", count, alone_count);
	for (size_t i = 1; i <= count && i < t->size; i++)
		print_error("%#lx %s\n", t->buffer[i], kcov_symbol_at(t->buffer[i]));
}

static bool traces_as_alone(const struct kcov_test *t)
{
	const ssize_t count = kcov_trace(t, call_watched, NULL);

	if (count == (ssize_t)alone_count &&
	    !memcmp(t->buffer + 1, alone, count * sizeof(*alone)))
		return true;
	print_records(t, count);
	return false;
}

/* Every call once, and none that was not made. */
static void assert_sees_calls(const struct kcov_neighbour *neighbour)
{
	neighbour->calls();
	call_watched(NULL);
	assert_int_equal(neighbour->calls(), 1);
	assert_int_equal(neighbour->calls(), 0);
}

static void assert_undisturbed(const struct kcov_test *t, const struct kcov_neighbour *neighbour)
{
	neighbour->calls();
	assert_true(traces_as_alone(t));
	assert_int_equal(neighbour->calls(), 2);	/* kcov_trace() acts twice */
	assert_true(kcov_sees_exits(t));
}

int kcov_test_setup_neighbours(void **state)
{
	ssize_t count;

	(void)state;
	null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (null_fd < 0 || !kcov_disarm_late() || !kcov_make(&test, KCOV_TEST_SIZE))
		return -1;
	count = kcov_trace(&test, call_watched, NULL);
	if (count > 0 && count <= ALONE_MAX && kcov_reached(&test, count, "ksys_read") &&
	    kcov_reached(&test, count, "read_null")) {
		memcpy(alone, test.buffer + 1, count * sizeof(*alone));
		alone_count = count;
	}
	release();
	return alone_count ? 0 : -1;
}

int kcov_test_teardown_neighbours(void **state)
{
	(void)state;
	if (null_fd >= 0)
		close(null_fd);
	if (kcov_write_file(KCOV_FUNCTIONS, "default"))
		return -1;
	return kcov_write_file(DISARM_DELAY, "10") ? -1 : 0;
}

/*
 * Of all functions those of the trace: arming more takes seconds. Nothing to
 * do in a group that has taken none.
 */
static int cover_trace_only(void)
{
	char rules[ALONE_MAX * 16] = "none";

	if (!alone_count)
		return 0;
	for (size_t i = 0, end = strlen(rules); i < alone_count && end < sizeof(rules); i++)
		end += snprintf(rules + end, sizeof(rules) - end, " +%s",
				kcov_symbol_at(alone[i]));
	return kcov_write_file(KCOV_FUNCTIONS, rules);
}

int kcov_test_setup_disarmed(void **state)
{
	(void)state;
	return kcov_disarm_at_once() && !cover_trace_only() ? 0 : -1;
}

/* Arming takes longer than all the rest: once for all tests of this kind. */
int kcov_test_setup_stay_armed(void **state)
{
	(void)state;
	return kcov_disarm_late() ? 0 : -1;
}

/* A test that failed was left in the middle. */
int kcov_test_teardown_neighbour(void **state)
{
	const struct kcov_neighbour *neighbour = *state;

	if (test.fd >= 0)
		release();
	return neighbour->stop() ? -1 : 0;
}

void kcov_test_neighbour_before(void **state)
{
	const struct kcov_neighbour *neighbour = *state;
	unsigned long hooks;

	assert_int_equal(neighbour->start(), 0);
	assert_sees_calls(neighbour);
	hooks = hooks_on_exit();
	assert_true(kcov_make(&test, KCOV_TEST_SIZE));
	assert_undisturbed(&test, neighbour);
	assert_true(release_and_wait(hooks));
	assert_sees_calls(neighbour);
	assert_int_equal(neighbour->stop(), 0);
}

void kcov_test_neighbour_during(void **state)
{
	const struct kcov_neighbour *neighbour = *state;

	assert_true(kcov_make(&test, KCOV_TEST_SIZE));
	assert_int_equal(neighbour->start(), 0);
	assert_undisturbed(&test, neighbour);
	assert_int_equal(neighbour->stop(), 0);
	assert_true(traces_as_alone(&test));
	assert_true(kcov_sees_exits(&test));
	release();
}

void kcov_test_neighbour_after(void **state)
{
	const struct kcov_neighbour *neighbour = *state;

	assert_int_equal(neighbour->start(), 0);
	assert_sees_calls(neighbour);
	assert_int_equal(neighbour->stop(), 0);
}
