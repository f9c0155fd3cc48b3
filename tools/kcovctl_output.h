/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A file that is written whole or not at all.
 */
#ifndef KCOVCTL_OUTPUT_H
#define KCOVCTL_OUTPUT_H

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>

struct output {
	FILE *file;
	char *path;
	char *temporary;	/* NULL: a device, a pipe: written as it is */
	sigset_t signals;
};

/*
 * Until it is closed the name has what it had before, and signals wait. "-" is
 * standard output. False: said why.
 */
bool output_open(struct output *output, const char *path);

/* Before long work: whether it could be opened then. False: said why. */
bool output_check(const char *path);

/* False, with the reason: not all could be written, and nothing is left of it. */
bool output_close(struct output *output);

/* Has a signal come that would end us? For who writes for long: then output_discard(). */
bool output_is_interrupted(const struct output *output);

/* Instead of a close: nothing is left of it. The signals that wait are let in. */
void output_discard(struct output *output);

/* Those that end a program wait, until the caller sets the usual ones again. */
void output_hold_signals(sigset_t *usual);

#endif
