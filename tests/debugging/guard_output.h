/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a reproducer prints, up to a limit.
 */
#ifndef GUARD_OUTPUT_H
#define GUARD_OUTPUT_H

#include <stdbool.h>

struct output {
	int fd;			/* -1: all other ends of it are closed */
	long room;
	bool in_line;
	unsigned long long dropped;
};

/* What there is now. */
void output_take(struct output *output);

/* Wait so long for some at most. */
void output_wait(struct output *output, int milliseconds);

/* For a line of ours, which begins where a line does. */
void output_end_line(struct output *output);

#endif
