// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel log, from a moment on.
 */
#include "kcov_log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* From the oldest line that is left; -1 with errno. The caller closes it. */
int kcov_log_open(void)
{
	return open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

/* What was logged until now is not looked at. */
void kcov_log_forget(int log)
{
	lseek(log, 0, SEEK_END);
}

/* The length of the next line, -1 if there is none yet. */
ssize_t kcov_log_next(int log, char line[KCOV_LOG_LINE])
{
	ssize_t length;

	do
		length = read(log, line, KCOV_LOG_LINE - 1);
	while (length < 0 && errno == EPIPE);	/* overwritten meanwhile: go on behind it */
	if (length >= 0)
		line[length] = '\0';
	return length;
}

static bool holds(const char *line, const char *const *parts)
{
	while (*parts && strstr(line, *parts))
		parts++;
	return !*parts;
}

/* Whether one line holds all of these, of which NULL is the end. */
bool kcov_log_says(int log, const char *const *parts)
{
	char line[KCOV_LOG_LINE];

	while (kcov_log_next(log, line) >= 0)
		if (holds(line, parts))
			return true;
	return false;
}
