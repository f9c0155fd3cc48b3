// SPDX-License-Identifier: GPL-2.0-only
/*
 * How kcovctl words its errors.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <errno.h>
#include <libkcov.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "kcovctl.h"

/* The first one: what comes later may find an empty buffer and succeed. */
static int flush_error;

const char *error_text(int err)
{
	static char text[128];
	const char *name = strerrorname_np(err);

	if (name)
		snprintf(text, sizeof(text), "%s (%s)", name, strerror(err));
	else
		snprintf(text, sizeof(text), "errno %d", err);
	return text;
}

enum kcovctl_exit error_usage(const struct kcovctl_verb *verb,
			      const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	warnx("%s: %s; see 'kcovctl help %s'", verb->name, text, verb->name);
	return KCOVCTL_USAGE;
}

/* The cause and the cure stand below what failed. */
void error_libkcov(void)
{
	const char *line = kcov_error(), *indent = "";

	while (*line) {
		const int length = strcspn(line, "\n");

		warnx("%s%.*s", indent, length, line);
		line += length + (line[length] == '\n');
		indent = "  ";
	}
}

void error_output(int error)
{
	if (!flush_error)
		flush_error = error;
}

bool error_flush(void)
{
	if (!fflush(stdout))
		return !flush_error;
	error_output(errno);
	return false;
}

enum kcovctl_exit error_stdout(enum kcovctl_exit code)
{
	bool flushed = error_flush();

	if (flushed && !ferror(stdout) && !fclose(stdout))
		return code;
	warnx("standard output: %s", flush_error ? error_text(flush_error) :
	      "not all could be written");
	return code == KCOVCTL_OK ? KCOVCTL_FAILED : code;
}
