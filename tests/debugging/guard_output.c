// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a reproducer prints, up to a limit: a "| " before each line, and no byte that
 * a terminal takes for something else.
 */
#include <ctype.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "guard_output.h"

/* None of its lines can be one of ours. */
static void put(struct output *output, const char *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char c = bytes[i] == '\r' ? '\n' : bytes[i];

		if (!output->in_line)
			fputs("| ", stdout);
		putchar(isprint((unsigned char)c) || c == '\n' || c == '\t' ? c : '?');
		output->in_line = c != '\n';
	}
}

void output_end_line(struct output *output)
{
	if (output->in_line)
		putchar('\n');
	output->in_line = false;
}

/* Read on, too, when there is no room: who prints is not to wait for ever. */
void output_take(struct output *output)
{
	char bytes[4096];
	ssize_t got = read(output->fd, bytes, sizeof(bytes));
	size_t kept;

	if (got <= 0) {
		close(output->fd);
		output->fd = -1;
		return;
	}
	kept = output->room < got ? (size_t)output->room : (size_t)got;
	put(output, bytes, kept);
	output->room -= (long)kept;
	output->dropped += (size_t)got - kept;
	fflush(stdout);
}

void output_wait(struct output *output, int milliseconds)
{
	struct pollfd poller = { .fd = output->fd, .events = POLLIN };

	if (poll(&poller, output->fd >= 0, milliseconds) > 0)
		output_take(output);
}
