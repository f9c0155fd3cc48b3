// SPDX-License-Identifier: GPL-2.0-only
/*
 * What kcovctl has for eyes only: on a terminal, and nowhere else.
 *
 * Standard error becomes a pseudo-terminal or a pipe in turn, and the clock is
 * that of the test.
 */
#define _GNU_SOURCE 1
#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "tools/kcovctl_terminal.h"

#define COLUMNS 30
#define LAST	1	/* the mark: a character that is in no line */

static int other_end, before;

/* In the place of the library's: milliseconds that the tests choose. */
static long clock_now;

int clock_gettime(clockid_t id, struct timespec *time)
{
	(void)id;
	time->tv_sec = clock_now / 1000;
	time->tv_nsec = clock_now % 1000 * 1000000;
	return 0;
}

static int begin(int reader, int writer)
{
	before = dup(STDERR_FILENO);
	other_end = reader;
	dup2(writer, STDERR_FILENO);
	close(writer);
	setenv("TERM", "xterm", 1);
	unsetenv("NO_COLOR");
	clock_now = 1;
	return 0;
}

static int begin_on_terminal(void **state)
{
	const struct winsize size = { .ws_row = 24, .ws_col = COLUMNS };
	int reader, writer;

	(void)state;
	return openpty(&reader, &writer, NULL, NULL, &size) ? -1 : begin(reader, writer);
}

static int begin_on_pipe(void **state)
{
	int ends[2];

	(void)state;
	return pipe(ends) ? -1 : begin(ends[0], ends[1]);
}

static int end(void **state)
{
	(void)state;
	progress_end();
	fflush(stderr);
	dup2(before, STDERR_FILENO);
	close(before);
	close(other_end);
	return 0;
}

/*
 * What has come to standard error since it was asked last. A terminal's other end has it
 * later, when the kernel's worker has run: all is there when what we write behind it is.
 */
static const char *shown(void)
{
	static char text[512];
	struct pollfd end = { .fd = other_end, .events = POLLIN };
	size_t length = 0;
	ssize_t got;

	fputc(LAST, stderr);
	fflush(stderr);
	while (!length || text[length - 1] != LAST) {
		assert_int_equal(poll(&end, 1, -1), 1);
		got = read(other_end, text + length, sizeof(text) - length);
		assert_true(got > 0);
		length += (size_t)got;
	}
	text[length - 1] = '\0';
	return text;
}

static void show_at(long time, uint64_t done)
{
	clock_now = time;
	progress_show("reading", done, 200);
}

static void terminal_has_colours(void **state)
{
	(void)state;
	assert_string_equal(terminal_style(stderr, TERMINAL_GREEN), "\033[32m");
	assert_string_equal(terminal_style(stderr, TERMINAL_RED), "\033[31m");
	assert_string_equal(terminal_style(stderr, TERMINAL_YELLOW), "\033[33m");
	assert_string_equal(terminal_style(stderr, TERMINAL_BOLD), "\033[1m");
	assert_string_equal(terminal_style(stderr, TERMINAL_PLAIN), "\033[0m");
}

static void no_color_is_heard(void **state)
{
	(void)state;
	setenv("NO_COLOR", "1", 1);
	assert_string_equal(terminal_style(stderr, TERMINAL_GREEN), "");
	assert_string_equal(terminal_style(stderr, TERMINAL_PLAIN), "");
}

/* As its authors have it: set, but to nothing, it is not set. */
static void empty_no_color_is_none(void **state)
{
	(void)state;
	setenv("NO_COLOR", "", 1);
	assert_string_equal(terminal_style(stderr, TERMINAL_GREEN), "\033[32m");
}

static void dumb_terminal_has_no_colours(void **state)
{
	(void)state;
	setenv("TERM", "dumb", 1);
	assert_string_equal(terminal_style(stderr, TERMINAL_GREEN), "");
	show_at(1, 0);
	show_at(5000, 100);
	assert_string_equal(shown(), "");
}

static void pipe_has_no_colours(void **state)
{
	(void)state;
	assert_string_equal(terminal_style(stderr, TERMINAL_GREEN), "");
}

static void width_is_the_terminals(void **state)
{
	const struct winsize unknown = { 0 };

	(void)state;
	assert_int_equal(terminal_width(stderr), COLUMNS);
	assert_int_equal(ioctl(STDERR_FILENO, TIOCSWINSZ, &unknown), 0);
	assert_int_equal(terminal_width(stderr), 80);
}

static void pipe_has_no_width(void **state)
{
	(void)state;
	assert_int_equal(terminal_width(stderr), 0);
}

static void what_is_quick_shows_nothing(void **state)
{
	(void)state;
	show_at(1, 0);
	show_at(1001, 100);
	progress_end();
	assert_string_equal(shown(), "");
}

static void what_takes_long_is_shown_and_wiped(void **state)
{
	(void)state;
	show_at(1, 0);
	show_at(1002, 100);
	assert_string_equal(shown(), "\rreading: 50 %\033[K");
	progress_end();
	assert_string_equal(shown(), "\r\033[K");
	progress_end();
	assert_string_equal(shown(), "");
}

static void what_comes_next_has_its_own_second(void **state)
{
	(void)state;
	show_at(1, 0);
	show_at(5000, 100);
	progress_end();
	shown();
	show_at(5001, 0);
	show_at(6001, 100);
	assert_string_equal(shown(), "");
	show_at(6002, 100);
	assert_string_not_equal(shown(), "");
}

static void it_is_shown_some_times_a_second(void **state)
{
	int times = 0;

	(void)state;
	for (long time = 1; time <= 3001; time++) {
		show_at(time, 0);
		times += *shown() != '\0';
	}
	assert_in_range(times, 8, 12);
}

static void pipe_shows_no_progress(void **state)
{
	(void)state;
	show_at(1, 0);
	show_at(5000, 100);
	progress_end();
	assert_string_equal(shown(), "");
}

static void no_line_is_wider_than_the_terminal(void **state)
{
	(void)state;
	clock_now = 1;
	progress_show("", 0, 0);
	clock_now = 5000;
	progress_show("a name that is longer than that terminal is wide", 1, 0);
	assert_string_equal(shown(), "\ra name that is longer than th\033[K");
}

static void more_than_all_is_all(void **state)
{
	(void)state;
	show_at(1, 0);
	show_at(5000, 900);
	assert_string_equal(shown(), "\rreading: 100 %\033[K");
}

static void what_has_no_end_is_counted(void **state)
{
	(void)state;
	progress_show("lines", 0, 0);
	clock_now = 5000;
	progress_show("lines", 12345, 0);
	assert_string_equal(shown(), "\rlines: 12345\033[K");
}

#define ON_TERMINAL(name) cmocka_unit_test_setup_teardown(name, begin_on_terminal, end)
#define ON_PIPE(name) cmocka_unit_test_setup_teardown(name, begin_on_pipe, end)

int main(void)
{
	const struct CMUnitTest terminal[] = {
		ON_TERMINAL(terminal_has_colours),
		ON_TERMINAL(no_color_is_heard),
		ON_TERMINAL(empty_no_color_is_none),
		ON_TERMINAL(dumb_terminal_has_no_colours),
		ON_PIPE(pipe_has_no_colours),
		ON_TERMINAL(width_is_the_terminals),
		ON_PIPE(pipe_has_no_width),
		ON_TERMINAL(what_is_quick_shows_nothing),
		ON_TERMINAL(what_takes_long_is_shown_and_wiped),
		ON_TERMINAL(what_comes_next_has_its_own_second),
		ON_TERMINAL(it_is_shown_some_times_a_second),
		ON_PIPE(pipe_shows_no_progress),
		ON_TERMINAL(no_line_is_wider_than_the_terminal),
		ON_TERMINAL(more_than_all_is_all),
		ON_TERMINAL(what_has_no_end_is_counted),
	};

	return cmocka_run_group_tests(terminal, NULL, NULL) != 0;
}
