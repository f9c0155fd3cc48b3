/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One system call as given on the command line: NAME [ARG...].
 */
#ifndef KCOVCTL_CALL_H
#define KCOVCTL_CALL_H

#include <stdio.h>

#include "kcovctl.h"

#define CALL_ARGS 6

struct call {
	const char *name;
	long number;
	unsigned int count;		/* arguments worth showing */
	unsigned long arg[CALL_ARGS];
	const char *text[CALL_ARGS];	/* what arg[i] points to, or NULL */
	const char *path;		/* what was opened for arg[0], or NULL */
};

/*
 * Resolve the name, turn the words into arguments and open the file that a
 * path as first argument names. No words at all: read(-1, NULL, 0). What
 * goes wrong is said on standard error, on behalf of @verb.
 */
enum kcovctl_exit call_parse(struct call *call,
			     const struct kcovctl_verb *verb, int argc,
			     char *const *argv);

/* write(3</dev/null>, "abc", 3) */
void call_print(const struct call *call, FILE *out);

#endif
