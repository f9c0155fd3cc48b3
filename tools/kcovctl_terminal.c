// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is for eyes only: colours, the width, and how far something has come.
 * Nothing of it may get into a file or a pipe.
 */
#define _GNU_SOURCE 1
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "kcovctl_terminal.h"

/* Where the terminal does not know its width, as on a serial line. */
#define USUAL_WIDTH 80

/* Milliseconds: before the first sign of it, and from one to the next. */
#define PATIENCE 1000
#define PERIOD 200

/* What is under way. */
static struct {
	int64_t began, shown;	/* by the clock; 0: not yet */
	bool on_screen;
} progress;

static bool is_terminal(FILE *out)
{
	const char *kind = getenv("TERM");

	return isatty(fileno(out)) && (!kind || strcmp(kind, "dumb"));
}

const char *terminal_style(FILE *out, enum terminal_style style)
{
	static const char *const sequences[] = {
		[TERMINAL_PLAIN] = "\033[0m",
		[TERMINAL_BOLD] = "\033[1m",
		[TERMINAL_RED] = "\033[31m",
		[TERMINAL_GREEN] = "\033[32m",
		[TERMINAL_YELLOW] = "\033[33m",
	};
	const char *without = getenv("NO_COLOR");

	if ((without && *without) || !is_terminal(out))
		return "";
	return sequences[style];
}

unsigned int terminal_width(FILE *out)
{
	struct winsize size;

	if (!isatty(fileno(out)))
		return 0;
	if (ioctl(fileno(out), TIOCGWINSZ, &size) || !size.ws_col)
		return USUAL_WIDTH;
	return size.ws_col;
}

/* Not that of the day, which may be set meanwhile. Never 0. */
static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * INT64_C(1000) + time.tv_nsec / 1000000 + 1;
}

/* No line that wraps: only the last row of it could be taken back. */
static void print_line(const char *what, uint64_t done, uint64_t of)
{
	char line[256];

	if (of)
		snprintf(line, sizeof(line), "%s: %d %%", what,
			 (int)(done < of ? (double)done * 100 / of : 100));
	else
		snprintf(line, sizeof(line), "%s: %" PRIu64, what, done);
	fprintf(stderr, "\r%.*s\033[K", (int)terminal_width(stderr) - 1, line);
	progress.on_screen = true;
}

void progress_show(const char *what, uint64_t done, uint64_t of)
{
	const int64_t time = now();

	if (!progress.began)
		progress.began = time;
	if (time - progress.began <= PATIENCE || time - progress.shown < PERIOD ||
	    !is_terminal(stderr))
		return;
	progress.shown = time;
	print_line(what, done, of);
}

void progress_end(void)
{
	if (progress.on_screen)
		fputs("\r\033[K", stderr);
	memset(&progress, 0, sizeof(progress));
}
